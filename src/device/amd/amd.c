/* amd.c - the collector: cards in bus order, and who is on them. */
#include "amd.h"

#include "amd_card.h"
#include "amd_kfd.h"
#include "amd_name.h"

#include "device/linux_card.h"
#include "device/linux_drm.h"
#include "device/linux_file.h"
#include "device/linux_proc.h"

#include <limits.h>
#include <stdlib.h>

#define TOPIC "amd"

#define RENEW_NS (10 * (uint64_t)NS_PER_S) /* how often new cards are looked for */

struct amd {
    struct host_paths paths;
    struct amd_card cards[AMD_CARDS], found[AMD_CARDS]; /* found: while new ones are looked for */
    size_t len;
    uint64_t renew_ns;
    struct amd_kfd kfd;
    struct linux_drm *drm;
    struct platform_info platform;
};

static bool detect(const struct host_paths *paths)
{
    struct amd_card cards[AMD_CARDS];

    return amd_card_list(paths, cards) > 0;
}

static void identify_platform(struct amd *d)
{
    struct platform_info *p = &d->platform;
    char text[128];

    p->platform = "amd";
    /* A version of its own has only the driver that AMD ships; the kernel's is the kernel's. */
    if (linux_file_text(text, sizeof(text), d->paths.sysfs, "module/amdgpu/version") > 0 ||
        linux_file_text(text, sizeof(text), d->paths.procfs, "sys/kernel/osrelease") > 0)
        linux_proc_clean(p->driver_version, sizeof(p->driver_version), str_of(text));
    if (linux_file_text(text, sizeof(text), d->paths.rootfs, "opt/rocm/.info/version") > 0) {
        linux_proc_clean(p->runtime_version, sizeof(p->runtime_version), str_of(text));
        str_copy(p->runtime_name, sizeof(p->runtime_name), STR("ROCm"));
    }
}

static void identify_targets(struct amd *d)
{
    for (size_t i = 0; i < d->len; i++) {
        struct accelerator *a = &d->cards[i].identity;
        const struct amd_kfd_node *n = amd_kfd_find(&d->kfd, d->cards[i].bus_id);
        if (!n)
            continue;
        str_copy(a->compute_capability, sizeof(a->compute_capability), str_of(n->target));
        str_copy(a->architecture, sizeof(a->architecture),
                 str_of(amd_name_architecture(n->target)));
        a->detail.cores = n->units ? n->units : UNKNOWN;
    }
}

static int amd_open(const struct host_paths *paths, void **ret, struct error *err)
{
    struct amd *d = xnew(struct amd);

    (void)err;
    d->paths = *paths;
    d->len = amd_card_list(paths, d->cards);
    amd_kfd_list(paths->sysfs, &d->kfd);
    identify_targets(d);
    identify_platform(d);
    d->drm = linux_drm_open(paths->procfs);
    *ret = d;
    return 0;
}

static bool is_ours(const struct linux_card *c)
{
    return !strcmp(c->driver, "amdgpu");
}

/* Whether a card is listed that is not one of ours, or under another number of the kernel. */
static bool has_new(const struct amd *d)
{
    struct linux_card now[LINUX_CARDS];
    size_t len = linux_card_list(d->paths.sysfs, "drm", is_ours, now);

    for (size_t i = 0; i < len; i++) {
        bool known = false;
        for (size_t k = 0; k < d->len && !known; k++)
            known =
                !strcmp(d->cards[k].bus_id, now[i].place) && d->cards[k].number == now[i].number;
        if (!known)
            return true;
    }
    return false;
}

/* Cards that came stand behind the others; one that comes back takes its place again. */
static void renew(struct amd *d, uint64_t mono_ns)
{
    if (mono_ns - d->renew_ns < RENEW_NS)
        return;
    d->renew_ns = mono_ns;
    if (!has_new(d))
        return;
    size_t len = amd_card_list(&d->paths, d->found);
    for (size_t i = 0; i < len; i++) {
        size_t k = 0;
        while (k < d->len && strcmp(d->cards[k].bus_id, d->found[i].bus_id) != 0)
            k++;
        if (k == AMD_CARDS || (k < d->len && d->cards[k].number == d->found[i].number))
            continue;
        d->cards[k] = d->found[i];
        d->cards[k].identity.index = (unsigned)k;
        d->len = MAX(d->len, k + 1);
    }
    amd_kfd_list(d->paths.sysfs, &d->kfd);
    identify_targets(d);
}

static void amd_close(void *state)
{
    struct amd *d = state;

    if (!d)
        return;
    linux_drm_close(d->drm);
    free(d);
}

/* ---- processes ---- */

static unsigned card_at(const struct amd *d, const char *bus_id)
{
    for (size_t i = 0; i < d->len; i++)
        if (!strcmp(d->cards[i].bus_id, bus_id))
            return (unsigned)i;
    return UINT_MAX;
}

static struct accelerator_process *process_of(struct reading *out, unsigned card, int pid)
{
    for (size_t i = 0; i < out->accelerator_process_len; i++) {
        struct accelerator_process *p = &out->accelerator_processes[i];
        if (p->accelerator == card && p->pid == pid)
            return p;
    }
    struct accelerator_process *p = &out->accelerator_processes[out->accelerator_process_len++];
    *p = (struct accelerator_process){.accelerator = card,
                                      .pid = pid,
                                      .type = 'C',
                                      .sm_ratio = UNKNOWN,
                                      .mem_ratio = UNKNOWN,
                                      .encoder_ratio = UNKNOWN,
                                      .decoder_ratio = UNKNOWN};
    return p;
}

static double greater(double a, double b)
{
    return isnan(a) || b > a ? b : a; /* a NAN is not greater */
}

/* A program of ROCm has its buffers in both lists: the larger counts, not the sum. */
static void take_kfd(const struct amd *d, const struct amd_kfd_use *uses, size_t len,
                     struct reading *out)
{
    for (size_t i = 0; i < len; i++) {
        unsigned card = card_at(d, uses[i].bus_id);
        if (card == UINT_MAX)
            continue;
        struct accelerator_process *p = process_of(out, card, uses[i].pid);
        p->mem_used_bytes = MAX(p->mem_used_bytes, uses[i].vram_bytes);
        p->sm_ratio = greater(p->sm_ratio, uses[i].occupancy);
    }
}

static void take_drm(const struct amd *d, const struct linux_drm_use *uses, size_t len,
                     struct reading *out)
{
    for (size_t i = 0; i < len; i++) {
        unsigned card = uses[i].device;
        struct accelerator_process *p = process_of(out, card, uses[i].pid);
        p->mem_used_bytes =
            MAX(p->mem_used_bytes,
                uses[i].vram_bytes + (d->cards[card].integrated ? uses[i].other_bytes : 0));
        if (uses[i].graphics > 0 && !(uses[i].compute > 0))
            p->type = 'G';
        double busy = uses[i].compute + uses[i].graphics;
        p->sm_ratio = greater(p->sm_ratio, busy > 1 ? 1 : busy);
        p->decoder_ratio = uses[i].decode;
        p->encoder_ratio = uses[i].encode;
    }
}

static int read_processes(struct amd *d, struct reading *out)
{
    struct linux_drm_node nodes[LINUX_DRM_NODES];
    struct linux_drm_reading drm;
    struct amd_kfd_use *kfd;
    size_t kfd_len, node_len = 0;
    int code = amd_kfd_read(d->paths.sysfs, &d->kfd, out->arena, &kfd, &kfd_len);

    for (size_t i = 0; i < d->len; i++)
        if (out->accelerators[i].state == ACCELERATOR_OK)
            node_len = amd_card_nodes(&d->cards[i], &d->paths, nodes, node_len);
    if (!code)
        code = linux_drm_read(d->drm, nodes, node_len, out->mono_ns, out->arena, &drm);
    if (code)
        return code;
    out->accelerator_processes =
        arena_calloc(out->arena, kfd_len + drm.use_len + 1, sizeof(*out->accelerator_processes));
    if (!out->accelerator_processes)
        return -ENOMEM;
    take_kfd(d, kfd, kfd_len, out);
    take_drm(d, drm.uses, drm.use_len, out);
    /* Files of others may not be looked at: that none is listed does not mean that there is none.
     */
    for (size_t i = 0; i < d->len; i++)
        out->accelerators[i].processes_untold = drm.unreadable > 0 && !d->kfd.len;
    return 0;
}

static int amd_read(void *state, struct reading *out, struct error *err)
{
    struct amd *d = state;

    if (!out->mono_ns)
        out->mono_ns = clock_mono_ns();
    renew(d, out->mono_ns);
    out->accelerators = arena_calloc(out->arena, d->len, sizeof(*out->accelerators));
    out->platforms = arena_new(out->arena, struct platform_info);
    if (!out->accelerators || !out->platforms)
        return error_errno(err, -ENOMEM, "reading of AMD GPUs");
    size_t gone = 0;
    for (size_t i = 0; i < d->len; i++) {
        amd_card_read(&d->cards[i], &d->paths, out, &out->accelerators[i]);
        gone += out->accelerators[i].state == ACCELERATOR_LOST;
    }
    out->accelerator_len = d->len;
    out->platforms[0] = d->platform;
    out->platform_len = 1;
    if (gone == d->len)
        return error_set(err, -ENODEV, "no AMD GPU is left: the driver amdgpu is gone");
    int code = read_processes(d, out);
    return code ? error_errno(err, code, "processes on AMD GPUs") : 0;
}

/* ---- what an operator should know ---- */

static void diagnose(const struct host_paths *paths, struct arena *a, struct finding **ret,
                     size_t *ret_len)
{
    struct amd_card cards[AMD_CARDS];
    struct amd d = {.paths = *paths};
    size_t len = amd_card_list(paths, cards);

    if (!len)
        return;
    identify_platform(&d);
    finding_add(a, ret, ret_len, FINDING_OK, TOPIC, "", "%zu GPU%s by the driver amdgpu%s%s%s%s",
                len, len == 1 ? "" : "s", d.platform.driver_version[0] ? " of " : "",
                d.platform.driver_version, d.platform.runtime_version[0] ? ", ROCm " : "",
                d.platform.runtime_version);
    for (size_t i = 0; i < len; i++) {
        char bytes[AMD_METRICS_BYTES + 1], path[LINUX_PATH_MAX];
        struct amd_metrics m;
        struct error err = {0};
        ssize_t n = linux_file_path(path, paths->sysfs, "class/drm/card%u/device/gpu_metrics",
                                    cards[i].number)
                        ? file_read_small(path, bytes, sizeof(bytes))
                        : -1;
        if (n > 0 && amd_metrics_parse(str_make(bytes, (size_t)n), &m, &err))
            finding_add(
                a, ret, ret_len, FINDING_NOTE, TOPIC,
                "Load, heat, power and memory are read from other files; what only the table "
                "tells is missing. A newer Algalon may know it.",
                "%s (%s): %s", cards[i].identity.name, cards[i].bus_id, err.text);
    }
    if (!linux_file_exists(paths->sysfs, "class/kfd/kfd/topology"))
        finding_add(
            a, ret, ret_len, FINDING_NOTE, TOPIC,
            "modprobe amdgpu with KFD, or a kernel with "
            "CONFIG_HSA_AMD.",
            "no compute side of the driver: programs of ROCm cannot run and are not listed");
}

const struct collector amd_collector = {
    .name = "amd",
    .detect = detect,
    .open = amd_open,
    .read = amd_read,
    .close = amd_close,
    .diagnose = diagnose,
};
