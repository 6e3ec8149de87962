/* intel.c - the collector: cards in bus order, and who is on them. */
#include "intel.h"

#include "intel_card.h"
#include "intel_zes.h"

#include "device/linux_cards.h"
#include "device/linux_cgroup.h"
#include "device/linux_edge.h"
#include "device/linux_file.h"
#include "device/linux_proc.h"

#include <limits.h>
#include <stdlib.h>

#define TOPIC    "intel gpu"
#define RENEW_NS (10 * (uint64_t)NS_PER_S) /* how often new cards are looked for */

struct intel {
    struct linux_cards all;
    struct intel_card devices[LINUX_CARDS];
    struct linux_drm *drm;
    bool all_processes;    /* procfs shows those of the whole machine */
    struct intel_zes *zes; /* NULL: it is not there, or was not started yet */
    bool zes_tried;
};

static bool is_ours(const struct linux_card *c)
{
    return !strcmp(c->driver, "i915") || !strcmp(c->driver, "xe");
}

static bool detect(const struct host_paths *paths)
{
    struct linux_card cards[LINUX_CARDS];

    return linux_card_list(paths->sysfs, "drm", is_ours, cards) > 0;
}

static void identify_platform(const struct host_paths *paths, struct platform_info *p)
{
    char text[128];

    if (linux_file_text(text, sizeof(text), paths->procfs, "sys/kernel/osrelease") > 0)
        linux_proc_clean(p->driver_version, sizeof(p->driver_version), str_of(text));
}

static size_t list(const struct linux_cards *all, struct linux_card *to)
{
    return linux_card_list(all->paths.sysfs, "drm", is_ours, to);
}

static void meet(struct linux_cards *all, size_t i, bool again)
{
    struct intel *d = all->own;

    if (again)
        intel_card_close(&d->devices[i]);
    intel_zes_close(d->zes); /* it knows the boards of its start only */
    d->zes = NULL;
    d->zes_tried = false;
    intel_card_open(&d->devices[i], &all->paths, &all->cards[i], &all->identity[i]);
}

static int intel_open(const struct host_paths *paths, void **ret, struct error *err)
{
    struct intel *d = xnew(struct intel);
    struct linux_view view;

    (void)err;
    d->all = (struct linux_cards){.platform = "intel",
                                  .what = "Intel GPU",
                                  .own = d,
                                  .list = list,
                                  .meet = meet,
                                  .renew_every_ns = RENEW_NS};
    linux_cards_open(&d->all, paths);
    identify_platform(paths, &d->all.platform_info);
    linux_view_look(paths, &view);
    d->all_processes = !view.runtime[0] || view.host;
    d->drm = linux_drm_open(paths->procfs);
    *ret = d;
    return 0;
}

static void intel_close(void *state)
{
    struct intel *d = state;

    if (!d)
        return;
    for (size_t i = 0; i < d->all.len; i++)
        intel_card_close(&d->devices[i]);
    intel_zes_close(d->zes);
    linux_drm_close(d->drm);
    free(d);
}

/* ---- Level Zero ---- */

/* Of boards of their own, on this machine: files that are a copy of another's tell nothing of who
 * is here. */
static bool wants_zes(const struct host_paths *paths, const struct linux_card *cards,
                      const struct intel_card *devices, size_t len)
{
    bool here = paths->zes_library || linux_edge_is_sysfs(paths->sysfs);

    for (size_t i = 0; here && i < len; i++)
        if (!devices[i].integrated && !cards[i].virtual_function)
            return true;
    return false;
}

/* Its start looks at every board, and would wake those that sleep. */
static void start_zes(struct intel *d, const struct reading *r)
{
    if (d->zes_tried || !wants_zes(&d->all.paths, d->all.cards, d->devices, d->all.len))
        return;
    for (size_t i = 0; i < d->all.len; i++)
        if (r->accelerators[i].state == ACCELERATOR_SLEEPING)
            return;
    d->zes_tried = true;
    if (intel_zes_open(d->all.paths.zes_library, &d->zes, NULL))
        d->zes = NULL; /* doctor says why */
}

static bool never_sleeps(const struct intel *d, size_t i)
{
    char text[16];

    return linux_file_text(text, sizeof(text), d->all.paths.sysfs, "%s/device/power/control",
                           d->all.cards[i].folder) > 0 &&
           str_is(str_trim(str_of(text)), "on");
}

static void read_zes(const struct intel *d, size_t i, bool all, struct reading *out)
{
    if (!d->zes || d->devices[i].integrated)
        return;
    bool engines = !all && d->devices[i].pmu_code && never_sleeps(d, i);
    intel_zes_read(d->zes, d->all.cards[i].bus_id, engines, out, &out->accelerators[i]);
}

/* ---- processes ---- */

static double sum(double a, double b)
{
    return isnan(a) ? b : isnan(b) ? a : MIN(a + b, 1.0);
}

static int take_processes(const struct intel *d, const struct linux_drm_reading *drm,
                          struct reading *out)
{
    out->accelerator_processes =
        arena_calloc(out->arena, drm->use_len + 1, sizeof(*out->accelerator_processes));
    if (!out->accelerator_processes)
        return -ENOMEM;
    for (size_t i = 0; i < drm->use_len; i++) {
        const struct linux_drm_use *u = &drm->uses[i];
        bool shared = d->devices[u->device].integrated;
        out->accelerator_processes[out->accelerator_process_len++] = (struct accelerator_process){
            .accelerator = u->device,
            .pid = u->pid,
            .type = u->graphics > 0 && !(u->compute > 0) ? 'G' : 'C',
            .mem_used_bytes = u->vram_bytes + (shared ? u->other_bytes : 0),
            .sm_ratio = sum(u->compute, u->graphics),
            .mem_ratio = UNKNOWN,
            .encoder_ratio = UNKNOWN, /* its engines for video do both */
            .decoder_ratio = u->decode,
        };
    }
    return 0;
}

static int intel_read(void *state, struct reading *out, struct error *err)
{
    struct linux_drm_node nodes[LINUX_DRM_NODES];
    struct linux_drm_reading drm;
    struct intel *d = state;
    size_t node_len = 0;
    int code = linux_cards_begin(&d->all, out, err);

    if (code && code != -ENODEV)
        return code;
    for (size_t i = 0; i < d->all.len; i++) {
        struct accelerator *a = &out->accelerators[i];
        const struct linux_card *at = &d->all.cards[i];
        if (a->state != ACCELERATOR_OK) {
            intel_card_rest(&d->devices[i]);
            intel_zes_rest(d->zes, at->bus_id);
            continue;
        }
        intel_card_read(&d->devices[i], &d->all.paths, at, out, a);
        node_len = linux_card_nodes(d->all.paths.sysfs, at, (unsigned)i, nodes, node_len);
    }
    if (code)
        return code;
    code = linux_drm_read(d->drm, nodes, node_len, out->mono_ns, out->arena, &drm);
    if (!code)
        code = take_processes(d, &drm, out);
    if (code)
        return error_errno(err, code, "processes on Intel GPUs");
    start_zes(d, out);
    bool complete = d->all_processes && !drm.unreadable && !drm.untold;
    for (size_t i = 0; i < d->all.len; i++) {
        struct accelerator *a = &out->accelerators[i];
        a->processes_untold = !complete || a->state == ACCELERATOR_SLEEPING;
        /* What guests do on virtual functions, no process here does. */
        bool all = complete && !(a->detail.virtualization_mode > 0);
        if (a->state != ACCELERATOR_OK)
            continue;
        read_zes(d, i, all, out);
        intel_card_load(&d->devices[i], &drm, all, out, a);
    }
    return 0;
}

/* ---- what an operator should know ---- */

static void diagnose_load(const struct linux_card *at, const struct intel_card *c, const char *name,
                          struct arena *a, struct finding **ret, size_t *ret_len)
{
    if (at->virtual_function)
        finding_add(a, ret, ret_len, FINDING_NOTE, TOPIC,
                    "Watch the physical function of the board for its load.",
                    "%s (%s) is a virtual function: its driver counts no engines", name,
                    at->bus_id);
    else if (c->pmu_code == -EACCES || c->pmu_code == -EPERM)
        finding_add(
            a, ret, ret_len, FINDING_NOTE, TOPIC,
            "Give the service CAP_PERFMON (systemd: the drop-in gpu-counters.conf). Without "
            "it the load is how long the GPU was awake, unless the files of all processes "
            "may be looked at.",
            "%s (%s): its counters of perf may not be opened", name, at->bus_id);
}

/* Whether it is there; it is not started, which could wake boards. */
static void diagnose_zes(const struct host_paths *paths, struct arena *a, struct finding **ret,
                         size_t *ret_len)
{
    static const char what[] = "errors of memory, its bandwidth and clock, bytes over PCI Express "
                               "and Xe-Link";
    struct error err = {0};
    struct zes z;

    if (!zes_open(&z, paths->zes_library, &err))
        finding_add(a, ret, ret_len, FINDING_OK, "level zero", "",
                    "its loader is there: %s, while all boards are awake", what);
    else
        finding_add(a, ret, ret_len, FINDING_NOTE, "level zero",
                    "Install level-zero 1.10 or newer and Intel's driver for it "
                    "(intel-level-zero-gpu), where these are wanted.",
                    "%s: no %s", err.text, what);
    zes_close(&z);
}

static void diagnose(const struct host_paths *paths, struct arena *a, struct finding **ret,
                     size_t *ret_len)
{
    struct linux_card cards[LINUX_CARDS];
    size_t len = linux_card_list(paths->sysfs, "drm", is_ours, cards);
    bool zes = false;

    for (size_t i = 0; i < len; i++) {
        struct intel_card *c = xnew(struct intel_card);
        struct accelerator identity;
        bool awake = linux_card_state(paths->sysfs, &cards[i]) == ACCELERATOR_OK;
        accelerator_init(&identity, "intel", (unsigned)i);
        intel_card_open(c, paths, &cards[i], &identity);
        finding_add(a, ret, ret_len, FINDING_OK, TOPIC, "", "%s (%s) by the driver %s%s",
                    identity.name, cards[i].bus_id, cards[i].driver,
                    awake ? "" : ", asleep: it is left so");
        diagnose_load(&cards[i], c, identity.name, a, ret, ret_len);
        if (!c->integrated && awake && linux_card_hwmon(paths->sysfs, &cards[i], NULL) == UINT_MAX)
            finding_add(a, ret, ret_len, FINDING_NOTE, TOPIC,
                        "Power needs Linux 6.2, heat and fans 6.12 (i915) or 6.15 (xe).",
                        "%s (%s): its driver shows no sensors", identity.name, cards[i].bus_id);
        zes = zes || wants_zes(paths, &cards[i], c, 1);
        intel_card_close(c);
        free(c);
    }
    if (zes)
        diagnose_zes(paths, a, ret, ret_len);
}

const struct collector intel_collector = {
    .name = "intel",
    .detect = detect,
    .open = intel_open,
    .read = intel_read,
    .close = intel_close,
    .diagnose = diagnose,
};
