#include "worker/ledger.h"

#define IDLE_RATIO 0.005 /* less is what a driver tells of a device on which nothing runs */

const char *const holder_kinds[HOLDER_KINDS] = {
    [HOLDER_JOB] = "job",     [HOLDER_POD] = "pod",   [HOLDER_CONTAINER] = "container",
    [HOLDER_UNIT] = "unit",   [HOLDER_USER] = "user", [HOLDER_UNKNOWN] = "unknown",
    [HOLDER_OTHER] = "other", [HOLDER_NONE] = "none",
};

static struct str key_of(const struct account *a)
{
    return str_make((const char *)&a->hash, sizeof(a->hash));
}

void ledger_fini(struct ledger *l)
{
    struct map_entry *entry;

    for (size_t at = 0; (entry = map_next(&l->accounts, &at));)
        free(entry->value);
    map_fini(&l->accounts);
    free(l->meters);
    *l = (struct ledger){.turn = 0};
}

void ledger_begin(struct ledger *l)
{
    l->turn++;
}

/* ---- accounts ---- */

static uint64_t hash_text(uint64_t hash, const char *text)
{
    return hash_more(hash, text, strlen(text) + 1);
}

static uint64_t hash_of(const struct merged_accelerator *on, const struct holder *h)
{
    uint64_t hash = hash_bytes(&on->number, sizeof(on->number));

    hash = hash_text(hash, on->device.uuid);
    hash = hash_more(hash, &h->kind, sizeof(h->kind));
    hash = hash_text(hash, h->name);
    return hash_text(hash, h->container);
}

static size_t count_on(const struct ledger *l, unsigned number)
{
    struct map_entry *entry;
    size_t n = 0;

    for (size_t at = 0; (entry = map_next(&l->accounts, &at));)
        n += ((const struct account *)entry->value)->is.number == number;
    return n;
}

static struct account *open_account(struct ledger *l, const struct merged_accelerator *on,
                                    const struct holder *like, uint64_t hash, uint64_t mono_ns)
{
    struct account *a = xnew(struct account);

    a->hash = hash;
    a->active_ns = mono_ns;
    a->is = *like;
    a->is.number = on->number;
    a->is.energy_j_total = 0;
    a->is.held_s_total = like->kind == HOLDER_NONE ? UNKNOWN : 0;
    a->is.busy_s_total = UNKNOWN;
    str_copy(a->is.device_uuid, sizeof(a->is.device_uuid), str_of(on->device.uuid));
    str_copy(a->is.device_name, sizeof(a->is.device_name), str_of(on->device.name));
    if (map_put(&l->accounts, key_of(a), a, NULL) < 0) {
        free(a);
        return NULL;
    }
    return a;
}

/* The values of a turn, before anything is added. */
static void clear(struct account *a)
{
    a->active = a->told = false;
    a->sm_sum = a->turn_j = 0;
    a->is.processes = 0;
    a->is.mem_used_bytes = UNKNOWN_COUNT;
    a->is.sm_ratio = UNKNOWN;
    a->is.allocated = 0;
    a->is.idle_s = UNKNOWN;
}

struct account *ledger_hold(struct ledger *l, const struct merged_accelerator *on,
                            const struct holder *like, uint64_t mono_ns)
{
    static const struct holder other = {.kind = HOLDER_OTHER, .name = "other"};
    uint64_t hash = hash_of(on, like);
    struct account *a = map_get(&l->accounts, str_make((const char *)&hash, sizeof(hash)));

    if (!a && like->kind < HOLDER_OTHER && count_on(l, on->number) >= HOLDERS_PER_DEVICE)
        return ledger_hold(l, on, &other, mono_ns);
    if (!a)
        a = open_account(l, on, like, hash, mono_ns);
    if (!a)
        return NULL;
    if (a->turn != l->turn) {
        clear(a);
        if (!a->is.user[0]) /* of a container with several users: the first, for good */
            str_copy(a->is.user, sizeof(a->is.user), str_of(like->user));
    }
    a->turn = l->turn;
    a->seen_ns = mono_ns;
    return a;
}

/* ---- energy ---- */

static struct meter *meter_of(struct ledger *l, const struct merged_accelerator *on)
{
    uint64_t hash = hash_text(hash_bytes(&on->number, sizeof(on->number)), on->device.uuid);

    for (size_t i = 0; i < l->meter_len; i++)
        if (l->meters[i].uuid_hash == hash)
            return &l->meters[i];
    struct meter *grown = array_grow(l->meters, &l->meter_cap, l->meter_len + 1, sizeof(*grown));
    if (!grown)
        return NULL;
    l->meters = grown;
    grown[l->meter_len] = (struct meter){.uuid_hash = hash, .energy_j = UNKNOWN, .idle_w = UNKNOWN};
    return &grown[l->meter_len++];
}

/* What the device used since the turn before, and in which time; NAN when that is not known. */
static double used_since(struct ledger *l, struct meter *m, const struct accelerator *a,
                         uint64_t mono_ns, double *ret_seconds)
{
    double used = UNKNOWN, seconds = (double)(mono_ns - m->mono_ns) / NS_PER_S;
    bool follows = m->turn && m->turn + 1 == l->turn && mono_ns > m->mono_ns;

    if (follows && a->energy_j_total >= m->energy_j)
        used = a->energy_j_total - m->energy_j;
    else if (follows && isnan(a->energy_j_total) && a->power_w >= 0)
        used = a->power_w * seconds;
    if (a->utilization_ratio < IDLE_RATIO && a->power_w >= 0 && !(a->power_w >= m->idle_w))
        m->idle_w = a->power_w;
    m->turn = l->turn;
    m->mono_ns = mono_ns;
    m->energy_j = a->energy_j_total;
    *ret_seconds = follows ? seconds : 0;
    return used;
}

static double sm_of(const struct account *a)
{
    return a->is.sm_ratio > 0 ? a->is.sm_ratio : 0;
}

static double memory_of(const struct account *a)
{
    return a->is.mem_used_bytes == UNKNOWN_COUNT ? 0 : (double)a->is.mem_used_bytes;
}

static double evenly(const struct account *a)
{
    (void)a;
    return 1;
}

static void share_out(struct account **list, size_t len, double joules, double idle_joules)
{
    double (*const weights[])(const struct account *) = {sm_of, memory_of, evenly};
    double sum = 0;
    size_t by = 0;

    for (; by < ARRAY_LEN(weights) && !(sum > 0); by++)
        for (size_t i = 0; i < len; i++)
            sum += weights[by](list[i]);
    double idle = MIN(MAX(idle_joules, 0), joules);
    for (size_t i = 0; i < len; i++) {
        list[i]->turn_j = idle / (double)len + (joules - idle) * weights[by - 1](list[i]) / sum;
        list[i]->is.energy_j_total += list[i]->turn_j;
    }
}

/* ---- the end of a turn ---- */

/* A driver that does not tell what each process does still tells whether the device works at all.
 */
static void set_idle(struct account *a, const struct accelerator *on, uint64_t mono_ns)
{
    bool knows = a->told || a->is.processes == 0 || !isnan(on->utilization_ratio);
    bool active = a->told ? a->active : on->utilization_ratio >= IDLE_RATIO && a->is.processes;

    if (active || !knows) /* of a chip that counts no load nobody can say that it is idle */
        a->active_ns = mono_ns;
    if (a->is.kind != HOLDER_NONE && knows)
        a->is.idle_s = (double)(mono_ns - a->active_ns) / NS_PER_S;
}

/* Where nobody tells what each process does, all that a device does is its only holder's. */
static void take_whole(struct account *a, const struct accelerator *on)
{
    if (!a->told && a->is.processes && !on->processes_untold)
        a->is.sm_ratio = on->utilization_ratio;
}

/* GPU-seconds: of holding, and of work. */
static void add_time(struct account *a, double seconds)
{
    struct holder *h = &a->is;

    h->held_s_total += seconds;
    if (!isnan(h->sm_ratio))
        h->busy_s_total = (isnan(h->busy_s_total) ? 0 : h->busy_s_total) + h->sm_ratio * seconds;
}

static int settle(struct ledger *l, struct merged_accelerator *on, struct account **list,
                  size_t len, uint64_t mono_ns)
{
    static const struct holder nobody = {.kind = HOLDER_NONE, .name = "none"};
    struct meter *m = meter_of(l, on);
    double seconds, used;
    struct account *none[1];

    if (!m)
        return -ENOMEM;
    on->held = len > 0;
    used = used_since(l, m, &on->device, mono_ns, &seconds);
    for (size_t i = 0; i < len; i++)
        set_idle(list[i], &on->device, mono_ns);
    if (len == 1)
        take_whole(list[0], &on->device);
    for (size_t i = 0; i < len; i++)
        add_time(list[i], seconds);
    if (!len) {
        none[0] = ledger_hold(l, on, &nobody, mono_ns);
        if (!none[0])
            return -ENOMEM;
        none[0]->is.processes = UNKNOWN_COUNT;
        none[0]->is.allocated = UNKNOWN;
        list = none;
        len = 1;
    }
    if (!isnan(used))
        share_out(list, len, used, isnan(m->idle_w) ? 0 : m->idle_w * seconds);
    return 0;
}

static int by_place(const void *a, const void *b)
{
    const struct account *x = *(struct account *const *)a, *y = *(struct account *const *)b;
    int order = (x->is.number > y->is.number) - (x->is.number < y->is.number);

    order = order ? order : (int)x->is.kind - (int)y->is.kind;
    order = order ? order : strcmp(x->is.name, y->is.name);
    return order ? order : strcmp(x->is.container, y->is.container);
}

/* All accounts that are left, in the snapshot's arena, by device and holder. */
static int list_accounts(const struct ledger *l, struct snapshot *s, struct account ***ret,
                         size_t *ret_len)
{
    struct account **list =
        arena_calloc(&s->arena, MAX(l->accounts.len, (size_t)1), sizeof(struct account *));
    struct map_entry *entry;
    size_t len = 0;

    if (!list)
        return -ENOMEM;
    for (size_t at = 0; len < l->accounts.len && (entry = map_next(&l->accounts, &at));)
        list[len++] = entry->value;
    if (len)
        qsort(list, len, sizeof(struct account *), by_place);
    *ret = list;
    *ret_len = len;
    return 0;
}

/* Those of the turn come first among those of `number`; returns how many. */
static size_t live_on(struct account *const *list, size_t len, unsigned number, uint64_t turn,
                      struct account **to)
{
    size_t n = 0;

    for (size_t i = 0; i < len; i++)
        if (list[i]->is.number == number && list[i]->turn == turn &&
            list[i]->is.kind != HOLDER_NONE)
            to[n++] = list[i];
    return n;
}

/* A holder that went keeps its energy in sight for a while, so that the last of it is scraped. */
static void forget_gone(struct ledger *l, uint64_t mono_ns)
{
    struct map_entry *entry;

    for (size_t at = 0; (entry = map_next(&l->accounts, &at));) {
        struct account *a = entry->value;
        if (a->turn == l->turn)
            continue;
        clear(a);
        a->is.processes = UNKNOWN_COUNT;
        a->is.allocated = UNKNOWN;
        if (a->is.kind == HOLDER_NONE || mono_ns - a->seen_ns < LEDGER_LINGER_NS)
            continue;
        map_take(&l->accounts, entry->key);
        free(a);
    }
}

int ledger_end(struct ledger *l, struct snapshot *s, uint64_t mono_ns)
{
    struct account **list, **live;
    size_t len;
    int code = list_accounts(l, s, &list, &len);

    live = code ? NULL : arena_calloc(&s->arena, len + 1, sizeof(struct account *));
    if (!live)
        return -ENOMEM;
    for (size_t i = 0; i < s->accelerator_len; i++) {
        struct merged_accelerator *on = &s->accelerators[i];
        if (on->processes == UNKNOWN_COUNT)
            continue;
        size_t n = live_on(list, len, on->number, l->turn, live);
        int next = settle(l, on, live, n, mono_ns);
        code = code ? code : next;
    }
    forget_gone(l, mono_ns);
    int next = list_accounts(l, s, &list, &len);
    if (next)
        return next;
    s->holders = arena_calloc(&s->arena, len + 1, sizeof(*s->holders));
    if (!s->holders)
        return -ENOMEM;
    for (size_t i = 0; i < len; i++)
        s->holders[i] = list[i]->is;
    s->holder_len = len;
    return code;
}
