#include "worker/presence.h"

#include <limits.h>

#define MAGIC       "# algalon gpus 1"
#define FILE_MAX    ((size_t)1 << 20)
#define WRITE_AGAIN 3600 /* seconds: so that "seen" is known to an hour */

const char *const presence_names[PRESENCE_STATES] = {
    "present", "asleep", "released", "forbidden",    "not_given", "missing_from_driver",
    "off_bus", "vfio",   "nouveau",  "other_driver", "no_driver"};

const char *presence_meaning(enum presence_state state)
{
    static const char *const meanings[PRESENCE_STATES] = {
        [PRESENCE_FORBIDDEN] = "may not be opened by this program",
        [PRESENCE_NOT_GIVEN] = "is not given to this container, or is excluded from the driver",
        [PRESENCE_MISSING] = "is on the bus, but its driver does not answer for it",
        [PRESENCE_OFF_BUS] = "was here and has fallen off the bus",
        [PRESENCE_VFIO] = "is handed to virtual machines",
        [PRESENCE_NOUVEAU] = "runs with nouveau, which tells no metrics",
        [PRESENCE_OTHER_DRIVER] = "is bound to another driver",
        [PRESENCE_NO_DRIVER] = "has no driver",
    };

    return meanings[state] ? meanings[state] : "";
}

const char *presence_advice(enum presence_state state)
{
    static const char *const advice[PRESENCE_STATES] = {
        [PRESENCE_FORBIDDEN] = "Give the device file to the worker: see algalon doctor.",
        [PRESENCE_MISSING] = "dmesg | grep -i xid tells why. Reset it (nvidia-smi --gpu-reset), "
                             "else restart the machine.",
        [PRESENCE_OFF_BUS] =
            "Power the machine off and on; if it comes again, check seat, power cable and cooling, "
            "and replace the board. Taken out on purpose: delete its line from the file of "
            "--gpu-inventory and restart the worker, or wait for seven days.",
        [PRESENCE_VFIO] = "Run a worker inside those machines.",
        [PRESENCE_NOUVEAU] = "Install NVIDIA's driver and restart the machine.",
        [PRESENCE_OTHER_DRIVER] = "Bind it to NVIDIA's driver to see it here.",
        [PRESENCE_NO_DRIVER] = "modprobe nvidia, then dmesg | grep -i nvrm.",
    };

    return advice[state] ? advice[state] : "";
}

/* ---- the file ----
 *
 *     # algalon gpus 1 <TAB> index changes <TAB> replacements
 *     bus id <TAB> UUID <TAB> serial <TAB> number <TAB> seen, Unix seconds <TAB> name
 *
 * A line a GPU. Texts hold neither tabs nor ends of lines; serial and name may be empty. */

static bool copy_field(char *to, size_t size, struct str field)
{
    if (field.len >= size || !str_is_utf8(field))
        return false;
    for (size_t i = 0; i < field.len; i++)
        if ((unsigned char)field.ptr[i] < ' ' || field.ptr[i] == 0x7f)
            return false;
    str_copy(to, size, field);
    return true;
}

static bool parse_line(struct str line, struct presence_known *ret)
{
    struct str fields[6];
    uint64_t number;

    for (size_t i = 0; i < ARRAY_LEN(fields); i++) {
        if (!line.ptr)
            return false;
        fields[i] = str_cut(&line, '\t');
    }
    *ret = (struct presence_known){.seen_s = 0};
    if (line.ptr || !fields[0].len || !fields[1].len ||
        !copy_field(ret->bus_id, sizeof(ret->bus_id), fields[0]) ||
        !copy_field(ret->uuid, sizeof(ret->uuid), fields[1]) ||
        !copy_field(ret->serial, sizeof(ret->serial), fields[2]) ||
        !num_parse_u64(fields[3], &number) || number >= UINT_MAX ||
        !num_parse_i64(fields[4], &ret->seen_s) || ret->seen_s < 0 ||
        !copy_field(ret->name, sizeof(ret->name), fields[5]))
        return false;
    ret->number = (unsigned)number;
    return true;
}

/* Room for one more; NULL when there are as many as may be, or memory is out. */
static struct presence_known *grow(struct presence *p)
{
    struct presence_known *known =
        p->len < PRESENCE_MAX ? array_grow(p->known, &p->cap, p->len + 1, sizeof(*known)) : NULL;

    if (!known)
        return NULL;
    p->known = known;
    return &known[p->len];
}

int presence_parse(struct str text, struct presence *ret, struct error *err)
{
    struct str head = str_cut(&text, '\n'), magic = str_cut(&head, '\t');
    struct str changes = head.ptr ? str_cut(&head, '\t') : head;
    unsigned number = 1;

    if (!str_is(magic, MAGIC) || !num_parse_u64(changes, &ret->index_changes) ||
        !num_parse_u64(head, &ret->replacements)) {
        ret->index_changes = ret->replacements = 0;
        return error_set(err, -EINVAL, "line 1: not a list of GPUs of this version");
    }
    while (text.ptr) {
        struct str line = str_cut(&text, '\n');
        number++;
        if (!line.len)
            continue;
        struct presence_known *k = grow(ret);
        if (!k || !parse_line(line, k)) {
            ret->len = 0;
            ret->index_changes = ret->replacements = 0;
            return error_set(err, -EINVAL, "line %u: not a GPU, or one too many", number);
        }
        ret->len++;
    }
    return 0;
}

void presence_print(const struct presence *p, struct buf *to)
{
    buf_printf(to, "%s\t%" PRIu64 "\t%" PRIu64 "\n", MAGIC, p->index_changes, p->replacements);
    for (size_t i = 0; i < p->len; i++) {
        const struct presence_known *k = &p->known[i];
        buf_printf(to, "%s\t%s\t%s\t%u\t%lld\t%s\n", k->bus_id, k->uuid, k->serial, k->number,
                   (long long)k->seen_s, k->name);
    }
}

void presence_init(struct presence *p, const char *file)
{
    struct error err;
    struct buf text;

    *p = (struct presence){.file = file};
    if (file) {
        buf_init(&text, FILE_MAX);
        int code = file_read(file, FILE_MAX, &text, &err);
        if (!code)
            code = presence_parse(buf_str(&text), p, &err);
        if (code && code != -ENOENT)
            log_warn("what GPUs there were is not known", "file", file, "error", err.text);
        p->read = !code;
        buf_fini(&text);
    }
}

void presence_fini(struct presence *p)
{
    free(p->known);
    p->known = NULL;
    p->len = p->cap = 0;
}

/* A full disk must not stop the readings: it is said once, and tried again. */
static void save(struct presence *p, int64_t now_s)
{
    struct error err;
    struct buf text;

    if (!p->file || (!p->changed && now_s - p->written_s < WRITE_AGAIN))
        return;
    buf_init(&text, FILE_MAX);
    presence_print(p, &text);
    int code = text.failed ? error_errno(&err, -ENOMEM, "list of GPUs")
                           : file_replace(p->file, text.ptr, text.len, &err);
    if (code && !p->write_failed)
        log_warn("which GPUs there are cannot be kept", "file", p->file, "error", err.text);
    p->write_failed = code != 0;
    p->changed = p->changed && code;
    p->written_s = now_s;
    buf_fini(&text);
}

/* ---- what was there ---- */

static struct presence_known *find_uuid(struct presence *p, const char *uuid)
{
    for (size_t i = 0; i < p->len; i++)
        if (strcmp(p->known[i].uuid, uuid) == 0)
            return &p->known[i];
    return NULL;
}

static const struct gpu_slot *find_slot(const struct snapshot *s, const char *bus_id)
{
    for (size_t i = 0; i < s->slot_len; i++)
        if (strcmp(s->slots[i].bus_id, bus_id) == 0)
            return &s->slots[i];
    return NULL;
}

static void forget(struct presence *p, size_t i)
{
    memmove(&p->known[i], &p->known[i + 1], (p->len - i - 1) * sizeof(*p->known));
    p->len--;
    p->changed = true;
}

/* Boards whose place another has taken are gone; so are those not seen for long. */
static void clear_up(struct presence *p, const struct presence_known *newest, int64_t now_s)
{
    for (size_t i = p->len; i--;) {
        struct presence_known *k = &p->known[i];
        bool replaced = newest && k != newest && strcmp(k->bus_id, newest->bus_id) == 0;
        if (replaced) {
            log_warn("another GPU is in this slot", "bus", k->bus_id, "was", k->uuid, "is",
                     newest->uuid);
            p->replacements++;
        }
        if (replaced || now_s - k->seen_s > PRESENCE_FORGET_S) {
            forget(p, i);
            newest = newest > k ? newest - 1 : newest; /* it moved up */
        }
    }
}

static void take(struct presence *p, const struct merged_accelerator *a, int64_t now_s)
{
    struct presence_known *k = find_uuid(p, a->device.uuid);

    if (!k) {
        k = grow(p);
        if (!k)
            return;
        p->len++;
        *k = (struct presence_known){.number = a->number};
        p->changed = true;
    }
    if (k->number != a->number) {
        log_warn("GPU has another number", "uuid", k->uuid, "was", LOG_NUM(k->number), "is",
                 LOG_NUM(a->number));
        p->index_changes++;
        p->changed = true;
    }
    p->changed = p->changed || strcmp(k->bus_id, a->device.pci_bus_id) != 0;
    k->number = a->number;
    k->seen_s = now_s;
    memcpy(k->bus_id, a->device.pci_bus_id, sizeof(k->bus_id));
    memcpy(k->uuid, a->device.uuid, sizeof(k->uuid));
    memcpy(k->name, a->device.name, sizeof(k->name));
    memcpy(k->serial, a->device.serial, sizeof(k->serial));
}

/* A machine that was switched off for weeks has not missed anything meanwhile: the time since its
 * worker saw a GPU last is taken off. */
static void catch_up(struct presence *p, int64_t now_s)
{
    int64_t newest = 0;

    for (size_t i = 0; i < p->len; i++)
        newest = MAX(newest, p->known[i].seen_s);
    for (size_t i = 0; i < p->len && newest < now_s; i++)
        p->known[i].seen_s += now_s - newest;
    p->read = false;
}

/* Takes note of those that answer and stand on the bus. */
static void remember(struct presence *p, const struct snapshot *s, int64_t now_s)
{
    if (p->read)
        catch_up(p, now_s);
    for (size_t i = 0; i < s->accelerator_len; i++) {
        const struct merged_accelerator *a = &s->accelerators[i];
        if (a->device.state == ACCELERATOR_OK && a->device.uuid[0] &&
            find_slot(s, a->device.pci_bus_id))
            take(p, a, now_s);
    }
    /* After all were taken: two boards may have changed places. */
    for (size_t i = 0; i < s->accelerator_len; i++)
        if (s->accelerators[i].device.state == ACCELERATOR_OK && s->accelerators[i].device.uuid[0])
            clear_up(p, find_uuid(p, s->accelerators[i].device.uuid), now_s);
    clear_up(p, NULL, now_s);
}

/* ---- states ---- */

/* True when the collector of `platform` has had its turn, well or not: before that nothing is
 * missing. */
static bool was_asked(const struct snapshot *s, const char *platform)
{
    for (size_t i = 0; i < s->collector_len; i++)
        if (strcmp(s->collectors[i].name, platform) == 0)
            return s->collectors[i].readings + s->collectors[i].errors > 0;
    return false;
}

static enum presence_state by_driver(const struct gpu_slot *slot)
{
    if (!slot->driver[0])
        return PRESENCE_NO_DRIVER;
    if (str_starts(str_of(slot->driver), STR("vfio")))
        return PRESENCE_VFIO;
    return strcmp(slot->driver, "nouveau") == 0 ? PRESENCE_NOUVEAU : PRESENCE_OTHER_DRIVER;
}

static struct gpu_presence *add(struct snapshot *s, const char *bus_id, enum presence_state state)
{
    struct gpu_presence *g = &s->presences[s->presence_len++];

    *g = (struct gpu_presence){.state = state, .number = UINT_MAX};
    str_copy(g->bus_id, sizeof(g->bus_id), str_of(bus_id));
    return g;
}

static void add_identity(struct gpu_presence *g, struct presence *p, const char *bus_id)
{
    for (size_t i = 0; i < p->len; i++) {
        if (strcmp(p->known[i].bus_id, bus_id) != 0)
            continue;
        memcpy(g->uuid, p->known[i].uuid, sizeof(g->uuid));
        memcpy(g->name, p->known[i].name, sizeof(g->name));
        memcpy(g->serial, p->known[i].serial, sizeof(g->serial));
    }
}

static void add_accelerator(struct snapshot *s, struct presence *p,
                            const struct merged_accelerator *a)
{
    static const enum presence_state states[] = {[ACCELERATOR_OK] = PRESENCE_PRESENT,
                                                 [ACCELERATOR_LOST] = PRESENCE_MISSING,
                                                 [ACCELERATOR_FORBIDDEN] = PRESENCE_FORBIDDEN,
                                                 [ACCELERATOR_SLEEPING] = PRESENCE_ASLEEP,
                                                 [ACCELERATOR_RELEASED] = PRESENCE_RELEASED};
    const struct gpu_slot *slot = find_slot(s, a->device.pci_bus_id);
    const struct presence_known *known = find_uuid(p, a->device.uuid);
    enum presence_state state = states[a->device.state];

    /* One that stood on the bus and does not any more. Where none ever did (Windows' subsystem) the
     * bus tells nothing. */
    if (s->slots_read && state == PRESENCE_MISSING && (slot ? slot->silent : known != NULL))
        state = PRESENCE_OFF_BUS;
    if (state == PRESENCE_RELEASED && slot && !slot->ours && slot->driver[0])
        state = by_driver(slot); /* that is what it was released for */
    struct gpu_presence *g = add(s, a->device.pci_bus_id, state);
    g->number = a->number;
    memcpy(g->uuid, a->device.uuid, sizeof(g->uuid));
    memcpy(g->name, a->device.name, sizeof(g->name));
    memcpy(g->serial, a->device.serial, sizeof(g->serial));
    if (slot)
        memcpy(g->driver, slot->driver, sizeof(g->driver));
}

static bool has(const struct snapshot *s, const char *bus_id, const char *uuid)
{
    for (size_t i = 0; i < s->presence_len; i++)
        if ((*bus_id && strcmp(s->presences[i].bus_id, bus_id) == 0) ||
            (*uuid && strcmp(s->presences[i].uuid, uuid) == 0))
            return true;
    return false;
}

static void add_slot(struct snapshot *s, struct presence *p, const struct gpu_slot *slot)
{
    enum presence_state state = slot->silent   ? PRESENCE_OFF_BUS
                                : !slot->ours  ? by_driver(slot)
                                : slot->asleep ? PRESENCE_ASLEEP
                                : slot->given  ? PRESENCE_MISSING
                                               : PRESENCE_NOT_GIVEN;

    if (has(s, slot->bus_id, "") || (state == PRESENCE_MISSING && !was_asked(s, slot->platform)))
        return;
    struct gpu_presence *g = add(s, slot->bus_id, state);
    add_identity(g, p, slot->bus_id);
    memcpy(g->driver, slot->driver, sizeof(g->driver));
    if (!g->name[0])
        memcpy(g->name, slot->name, sizeof(g->name));
    if (!g->uuid[0])
        memcpy(g->uuid, slot->uuid, sizeof(g->uuid));
}

static int by_bus(const void *a, const void *b)
{
    const struct gpu_presence *x = a, *y = b;
    bool none_x = !x->bus_id[0], none_y = !y->bus_id[0];
    int order = none_x != none_y ? (int)none_x - (int)none_y : strcmp(x->bus_id, y->bus_id);

    return order ? order : (x->number > y->number) - (x->number < y->number);
}

int presence_update(struct presence *p, struct snapshot *s)
{
    int64_t now_s = s->ts_ms / 1000;

    if (s->slots_read) {
        remember(p, s, now_s);
        s->index_changes = p->index_changes;
        s->replacements = p->replacements;
        save(p, now_s);
    }
    size_t most = s->accelerator_len + s->slot_len + p->len;
    s->presences = arena_calloc(&s->arena, MAX(most, (size_t)1), sizeof(*s->presences));
    if (!s->presences)
        return -ENOMEM;
    for (size_t i = 0; i < s->accelerator_len; i++)
        if (s->accelerators[i].device.pci_bus_id[0] || s->accelerators[i].device.uuid[0])
            add_accelerator(s, p, &s->accelerators[i]);
    for (size_t i = 0; i < s->slot_len; i++)
        add_slot(s, p, &s->slots[i]);
    for (size_t i = 0; s->slots_read && i < p->len; i++)
        if (!has(s, p->known[i].bus_id, p->known[i].uuid) && !find_slot(s, p->known[i].bus_id))
            add_identity(add(s, p->known[i].bus_id, PRESENCE_OFF_BUS), p, p->known[i].bus_id);
    if (s->presence_len)
        qsort(s->presences, s->presence_len, sizeof(*s->presences), by_bus);
    return 0;
}
