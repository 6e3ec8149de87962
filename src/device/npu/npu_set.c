/* npu_set.c - the set, and small files of a card. */
#include "npu_set.h"

#include "device/linux_file.h"
#include "device/linux_proc.h"

#include <limits.h>
#include <stdlib.h>

#define RENEW_NS (30 * (uint64_t)NS_PER_S) /* how often new cards are looked for */

bool npu_set_detect(const struct npu_kind *kind, const struct host_paths *paths)
{
    struct linux_card cards[LINUX_CARDS];

    return kind->list(paths, cards) > 0;
}

static void meet(struct npu_set *s, size_t i, const struct linux_card *card)
{
    struct npu_device *d = &s->devices[i];
    void *own = d->own ? d->own : xcalloc(1, s->kind->own_size ? s->kind->own_size : 1);

    memset(own, 0, s->kind->own_size);
    *d = (struct npu_device){.card = *card, .own = own, .shared = s->shared};
    accelerator_init(&d->identity, s->kind->platform, (unsigned)i);
    d->identity.npu.present = true;
    str_copy(d->identity.pci_bus_id, sizeof(d->identity.pci_bus_id), str_of(card->bus_id));
    s->kind->identify(&s->paths, d);
}

struct npu_set *npu_set_open(const struct npu_kind *kind, const struct host_paths *paths)
{
    struct npu_set *s = xnew(struct npu_set);
    struct linux_card cards[LINUX_CARDS];

    s->kind = kind;
    s->paths = *paths;
    s->shared = xcalloc(1, kind->shared_size ? kind->shared_size : 1);
    s->len = kind->list(paths, cards);
    for (size_t i = 0; i < s->len; i++)
        meet(s, i, &cards[i]);
    s->platform.platform = kind->platform;
    kind->versions(paths, &s->platform);
    return s;
}

void npu_set_close(void *state)
{
    struct npu_set *s = state;

    if (!s)
        return;
    for (size_t i = 0; i < s->len; i++)
        free(s->devices[i].own);
    if (s->kind->end)
        s->kind->end(s->shared);
    free(s->shared);
    free(s);
}

static enum accelerator_state state_of(const struct npu_set *s, const struct linux_card *c)
{
    return s->kind->state ? s->kind->state(&s->paths, c) : linux_card_state(s->paths.sysfs, c);
}

/* Cards that came, and those that came back, perhaps under another number of the kernel. */
static void renew(struct npu_set *s, uint64_t mono_ns)
{
    struct linux_card cards[LINUX_CARDS], now[LINUX_CARDS];

    if (s->renew_ns && mono_ns - s->renew_ns < RENEW_NS)
        return;
    s->renew_ns = mono_ns;
    for (size_t i = 0; i < s->len; i++)
        cards[i] = s->devices[i].card;
    size_t len = linux_card_join(cards, s->len, now, s->kind->list(&s->paths, now));
    for (size_t i = 0; i < len; i++)
        if (i >= s->len || strcmp(cards[i].folder, s->devices[i].card.folder) != 0)
            meet(s, i, &cards[i]);
    s->len = len;
}

static int read_users(struct npu_set *s, struct reading *out)
{
    struct linux_node nodes[LINUX_NODES];
    size_t len = 0;

    nodes[0] = (struct linux_node){.device = 0};
    for (size_t i = 0; i < s->len; i++) {
        const struct npu_device *d = &s->devices[i];
        if (out->accelerators[i].state == ACCELERATOR_LOST)
            continue;
        int code = s->kind->users ? s->kind->users(&s->paths, d, out) : -ENOENT;
        if (code && code != -ENOENT)
            return code;
        if (code)
            len = s->kind->nodes(&d->card, (unsigned)i, nodes, len);
    }
    linux_node_look(&s->watch, s->paths.procfs, nodes, len, out->mono_ns);
    for (size_t i = 0; i < len; i++)
        out->accelerators[nodes[i].device].processes_untold = s->watch.unreadable > 0;
    return linux_node_take(s->watch.uses, s->watch.len, out);
}

int npu_set_read(void *state, struct reading *out, struct error *err)
{
    struct npu_set *s = state;
    size_t gone = 0;

    if (!out->mono_ns)
        out->mono_ns = clock_mono_ns();
    renew(s, out->mono_ns);
    out->accelerators = arena_calloc(out->arena, s->len, sizeof(*out->accelerators));
    out->platforms = arena_new(out->arena, struct platform_info);
    if (!out->accelerators || !out->platforms)
        return error_errno(err, -ENOMEM, "reading of %s", s->kind->what);
    if (s->kind->begin)
        s->kind->begin(&s->paths, s->devices, s->len, out->mono_ns, s->shared);
    for (size_t i = 0; i < s->len; i++) {
        struct npu_device *d = &s->devices[i];
        struct accelerator *a = &out->accelerators[i];
        *a = d->identity;
        a->state = state_of(s, &d->card);
        gone += a->state == ACCELERATOR_LOST;
        if (a->state == ACCELERATOR_OK) {
            s->kind->read(&s->paths, d, out->mono_ns, a);
            d->mono_ns = out->mono_ns;
        } else {
            d->mono_ns = 0; /* what was counted before says nothing of after */
            npu_energy_rest(&d->energy);
        }
    }
    out->accelerator_len = s->len;
    out->platforms[0] = s->platform;
    out->platform_len = 1;
    if (gone == s->len)
        return error_set(err, -ENODEV, "no %s is left: its driver is gone", s->kind->what);
    int code = read_users(s, out);
    return code ? error_errno(err, code, "processes on %s", s->kind->what) : 0;
}

void npu_set_diagnose(const struct npu_kind *kind, const struct host_paths *paths, struct arena *a,
                      struct finding **ret, size_t *ret_len)
{
    if (!npu_set_detect(kind, paths))
        return;
    struct npu_set *s = npu_set_open(kind, paths);
    for (size_t i = 0; i < s->len; i++) {
        const struct npu_device *d = &s->devices[i];
        bool awake = state_of(s, &d->card) == ACCELERATOR_OK;
        finding_add(a, ret, ret_len, FINDING_OK, kind->platform, "", "%s (%s)%s%s%s",
                    d->identity.name, d->card.place,
                    s->platform.driver_version[0] ? " by the driver " : "",
                    s->platform.driver_version, awake ? "" : ", asleep: it is left so");
        if (awake && kind->advise)
            kind->advise(paths, d, a, ret, ret_len);
    }
    npu_set_close(s);
}

/* ---- files of a card ---- */

void npu_text(const struct host_paths *paths, const struct npu_device *d, const char *file,
              char *to, size_t size)
{
    char text[256];
    ssize_t n = linux_file_text(text, sizeof(text), paths->sysfs, "%s/%s", d->card.folder, file);

    to[0] = '\0';
    if (n > 0)
        linux_proc_clean(to, size, str_make(text, (size_t)n));
}

double npu_number(const struct host_paths *paths, const struct npu_device *d, const char *file,
                  double scale)
{
    int64_t value;

    return linux_file_i64(&value, paths->sysfs, "%s/%s", d->card.folder, file)
               ? (double)value * scale
               : UNKNOWN;
}

double npu_sensor(const struct host_paths *paths, const struct npu_device *d, const char *file,
                  double scale)
{
    unsigned chip = linux_card_hwmon(paths->sysfs, &d->card, NULL);
    char path[64];

    if (chip == UINT_MAX)
        return UNKNOWN;
    snprintf(path, sizeof(path), "device/hwmon/hwmon%u/%s", chip, file);
    return npu_number(paths, d, path, scale);
}

void npu_energy(struct npu_energy *e, uint64_t mono_ns, struct accelerator *a)
{
    double seconds =
        e->mono_ns && mono_ns > e->mono_ns ? (double)(mono_ns - e->mono_ns) / NS_PER_S : 0;

    if (!isnan(a->power_w)) {
        e->total_j +=
            (seconds > 0 && !isnan(e->power_w) ? (a->power_w + e->power_w) / 2 : a->power_w) *
            seconds;
        a->energy_j_total = e->total_j;
        a->detail.energy_estimated = 1;
    }
    e->power_w = a->power_w;
    e->mono_ns = mono_ns;
}

void npu_energy_rest(struct npu_energy *e)
{
    e->mono_ns = 0;
    e->power_w = UNKNOWN;
}
