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

static size_t list(const struct linux_cards *all, struct linux_card *to)
{
    const struct npu_set *s = all->own;

    return s->kind->list(&all->paths, to);
}

static void meet(struct linux_cards *all, size_t i, bool again)
{
    struct npu_set *s = all->own;
    struct npu_device *d = &s->devices[i];
    void *own = again ? d->own : xcalloc(1, s->kind->own_size ? s->kind->own_size : 1);

    memset(own, 0, s->kind->own_size);
    *d = (struct npu_device){
        .card = &all->cards[i], .identity = &all->identity[i], .own = own, .shared = s->shared};
    d->identity->npu.present = true;
    s->kind->identify(&all->paths, d);
}

struct npu_set *npu_set_open(const struct npu_kind *kind, const struct host_paths *paths)
{
    struct npu_set *s = xnew(struct npu_set);

    s->kind = kind;
    s->shared = xcalloc(1, kind->shared_size ? kind->shared_size : 1);
    s->all = (struct linux_cards){.platform = kind->platform,
                                  .what = kind->what,
                                  .own = s,
                                  .list = list,
                                  .meet = meet,
                                  .state = kind->state,
                                  .renew_every_ns = RENEW_NS};
    linux_cards_open(&s->all, paths);
    kind->versions(paths, &s->all.platform_info);
    return s;
}

void npu_set_close(void *state)
{
    struct npu_set *s = state;

    if (!s)
        return;
    for (size_t i = 0; i < s->all.len; i++)
        free(s->devices[i].own);
    if (s->kind->end)
        s->kind->end(s->shared);
    free(s->shared);
    free(s);
}

static int read_users(struct npu_set *s, struct reading *out)
{
    struct linux_node nodes[LINUX_NODES];
    size_t len = 0;

    nodes[0] = (struct linux_node){.device = 0};
    for (size_t i = 0; i < s->all.len; i++) {
        const struct npu_device *d = &s->devices[i];
        if (out->accelerators[i].state == ACCELERATOR_LOST)
            continue;
        int code = s->kind->users ? s->kind->users(&s->all.paths, d, out) : -ENOENT;
        if (code && code != -ENOENT)
            return code;
        if (code)
            len = s->kind->nodes(d->card, (unsigned)i, nodes, len);
    }
    linux_node_look(&s->watch, s->all.paths.procfs, nodes, len, out->mono_ns);
    for (size_t i = 0; i < len; i++)
        out->accelerators[nodes[i].device].processes_untold = s->watch.unreadable > 0;
    return linux_node_take(s->watch.uses, s->watch.len, out);
}

int npu_set_read(void *state, struct reading *out, struct error *err)
{
    struct npu_set *s = state;
    int code = linux_cards_begin(&s->all, out, err);

    if (code && code != -ENODEV)
        return code;
    if (s->kind->begin && !code)
        s->kind->begin(&s->all.paths, s->devices, s->all.len, out->mono_ns, s->shared);
    for (size_t i = 0; i < s->all.len; i++) {
        struct npu_device *d = &s->devices[i];
        struct accelerator *a = &out->accelerators[i];
        if (a->state == ACCELERATOR_OK) {
            s->kind->read(&s->all.paths, d, out->mono_ns, a);
            d->mono_ns = out->mono_ns;
        } else {
            d->mono_ns = 0; /* what was counted before says nothing of after */
            npu_energy_rest(&d->energy);
        }
    }
    if (code)
        return code;
    code = read_users(s, out);
    return code ? error_errno(err, code, "processes on %s", s->kind->what) : 0;
}

void npu_set_diagnose(const struct npu_kind *kind, const struct host_paths *paths, struct arena *a,
                      struct finding **ret, size_t *ret_len)
{
    if (!npu_set_detect(kind, paths))
        return;
    struct npu_set *s = npu_set_open(kind, paths);
    for (size_t i = 0; i < s->all.len; i++) {
        const struct npu_device *d = &s->devices[i];
        bool awake = linux_cards_state(&s->all, i) == ACCELERATOR_OK;
        finding_add(a, ret, ret_len, FINDING_OK, kind->platform, "", "%s (%s)%s%s%s",
                    d->identity->name, d->card->place,
                    s->all.platform_info.driver_version[0] ? " by the driver " : "",
                    s->all.platform_info.driver_version, awake ? "" : ", asleep: it is left so");
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
    ssize_t n = linux_file_text(text, sizeof(text), paths->sysfs, "%s/%s", d->card->folder, file);

    to[0] = '\0';
    if (n > 0)
        linux_proc_clean(to, size, str_make(text, (size_t)n));
}

double npu_number(const struct host_paths *paths, const struct npu_device *d, const char *file,
                  double scale)
{
    int64_t value;

    return linux_file_i64(&value, paths->sysfs, "%s/%s", d->card->folder, file)
               ? (double)value * scale
               : UNKNOWN;
}

double npu_sensor(const struct host_paths *paths, const struct npu_device *d, const char *file,
                  double scale)
{
    unsigned chip = linux_card_hwmon(paths->sysfs, d->card, NULL);
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
