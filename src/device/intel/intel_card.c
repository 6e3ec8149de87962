/* intel_card.c - reads one card. The caller asked whether it is awake: hwmon and residencies of
 * i915 and everything of xe would wake it. */
#include "intel_card.h"

#include "intel_memory.h"
#include "intel_name.h"

#include "device/linux_file.h"
#include "device/linux_proc.h"

#include <limits.h>
#include <stdlib.h>

#define VENDOR       0x8086
#define ZONES_MAX    8
#define PACKAGES_MAX 2
#define HOTTEST_C    150
#define SMALL_BAR                                                                                  \
    (UINT64_C(512) << 20) /* a window of 256 MiB says nothing of the memory's size                 \
                           */

/* ---- finding ---- */

static bool sensor_text(const struct host_paths *paths, const struct linux_card *at, unsigned hwmon,
                        const char *file, char *to, size_t size)
{
    return linux_file_text(to, size, paths->sysfs, "%s/device/hwmon/hwmon%u/%s", at->folder, hwmon,
                           file) > 0;
}

static bool sensor(const struct host_paths *paths, const struct linux_card *at, unsigned hwmon,
                   const char *file, uint64_t *ret)
{
    return linux_file_u64(ret, paths->sysfs, "%s/device/hwmon/hwmon%u/%s", at->folder, hwmon, file);
}

/* i915 has one sensor of the chip and no label; xe labels "pkg", "vram", "mctrl", "pcie",
 * "vram_ch_0" and on. */
static enum intel_heat heat_of(bool xe, unsigned i, const char *label)
{
    if (!xe)
        return i == 1 ? INTEL_HEAT_CHIP : INTEL_HEAT_NONE;
    if (!strcmp(label, "pkg"))
        return INTEL_HEAT_CHIP;
    return !strncmp(label, "vram", 4) ? INTEL_HEAT_MEMORY : INTEL_HEAT_NONE;
}

/* Of two channels the first is the card's, the second the package's; some have one of them only. */
static void choose(const struct host_paths *paths, const struct linux_card *at, unsigned hwmon,
                   const char *format[2], char *to, size_t size)
{
    uint64_t value;

    for (size_t i = 0; i < 2 && !to[0]; i++)
        if (sensor(paths, at, hwmon, format[i], &value))
            str_copy(to, size, str_of(format[i]));
}

static void find_sensors(struct intel_card *c, const struct host_paths *paths,
                         const struct linux_card *at)
{
    char file[32], label[32];

    c->sensors_known = true;
    c->hwmon = linux_card_hwmon(paths->sysfs, at, c->xe ? "xe" : "i915");
    if (c->hwmon == UINT_MAX)
        return;
    for (unsigned i = 1; i < INTEL_SENSORS; i++) {
        snprintf(file, sizeof(file), "temp%u_label", i);
        if (!sensor_text(paths, at, c->hwmon, file, label, sizeof(label)))
            label[0] = '\0';
        c->heat[i] = heat_of(c->xe, i, label);
    }
    choose(paths, at, c->hwmon, (const char *[2]){"energy1_input", "energy2_input"}, c->energy,
           sizeof(c->energy));
    choose(paths, at, c->hwmon, (const char *[2]){"power1_max", "power2_max"}, c->limit,
           sizeof(c->limit));
    choose(paths, at, c->hwmon, (const char *[2]){"power1_rated_max", "power2_rated_max"}, c->peak,
           sizeof(c->peak));
}

/* The part of a processor has no meter of its own: the processor's counts what is outside of its
 * cores, which on these parts is the graphics. */
static void find_zone(struct intel_card *c, const struct host_paths *paths)
{
    char text[32];

    for (unsigned p = 0; p < PACKAGES_MAX; p++)
        for (unsigned k = 0; k < ZONES_MAX && !c->zone[0]; k++)
            if (linux_file_text(text, sizeof(text), paths->sysfs,
                                "class/powercap/intel-rapl:%u:%u/name", p, k) > 0 &&
                !strcmp(text, "uncore"))
                snprintf(c->zone, sizeof(c->zone), "intel-rapl:%u:%u", p, k);
}

static void identify(const struct intel_card *c, const struct host_paths *paths,
                     const struct linux_card *at, struct accelerator *a)
{
    int64_t node;

    snprintf(a->uuid, sizeof(a->uuid), "GPU-%s", at->bus_id); /* it has no number of its own */
    str_copy(a->brand, sizeof(a->brand), STR("Intel"));
    intel_name(paths, at->device, a->name, sizeof(a->name), a->architecture,
               sizeof(a->architecture));
    a->mem_shared = c->integrated;
    if (at->virtual_function)
        a->detail.virtualization_mode = 2;
    else if (linux_file_i64(&node, paths->sysfs, "%s/device/sriov_numvfs", at->folder))
        a->detail.virtualization_mode = node > 0 ? 3 : 0;
}

void intel_card_open(struct intel_card *c, const struct host_paths *paths,
                     const struct linux_card *at, struct accelerator *identity)
{
    *c = (struct intel_card){.hwmon = UINT_MAX, .pmu_code = -ENOENT};
    c->xe = !strcmp(at->driver, "xe");
    c->integrated = strlen(at->bus_id) > 7 && !strncmp(at->bus_id + 4, ":00:02.", 7);
    identify(c, paths, at, identity);
    c->gt_len = intel_gt_list(paths->sysfs, at->folder, c->xe, c->gts);
    if (c->integrated)
        find_zone(c, paths);
    else if (!linux_card_slot(paths->sysfs, at, VENDOR, c->slot))
        c->slot[0] = '\0';
    if (!c->xe && !at->virtual_function)
        c->pmu_code = intel_pmu_open(&c->pmu, paths, at->bus_id, c->integrated);
}

void intel_card_close(struct intel_card *c)
{
    intel_pmu_close(&c->pmu);
}

/* ---- sensors ---- */

static double watts(const struct host_paths *paths, const struct linux_card *at,
                    const struct intel_card *c, const char *file)
{
    uint64_t uw;

    return file[0] && sensor(paths, at, c->hwmon, file, &uw) && uw /* 0: no limit is set */
               ? (double)uw / 1e6
               : UNKNOWN;
}

static void read_heat(const struct intel_card *c, const struct host_paths *paths,
                      const struct linux_card *at, struct accelerator *a)
{
    char file[32];
    uint64_t mc;

    for (unsigned i = 1; i < INTEL_SENSORS; i++) {
        snprintf(file, sizeof(file), "temp%u_input", i);
        if (c->heat[i] == INTEL_HEAT_NONE || !sensor(paths, at, c->hwmon, file, &mc) ||
            mc > HOTTEST_C * 1000)
            continue;
        double *to = c->heat[i] == INTEL_HEAT_CHIP ? &a->temperature_c : &a->memory_temperature_c;
        *to = fmax(*to, (double)mc / 1000); /* passes over NAN */
    }
}

static void read_fans(const struct intel_card *c, const struct host_paths *paths,
                      const struct linux_card *at, struct accelerator *a)
{
    char file[32];
    uint64_t rpm;

    for (unsigned i = 0; i < DEVICE_FANS; i++) {
        snprintf(file, sizeof(file), "fan%u_input", i + 1);
        if (!sensor(paths, at, c->hwmon, file, &rpm) || rpm > 100000)
            continue;
        a->detail.fan_rpm[i] = (double)rpm;
        a->fan_rpm = fmax(a->fan_rpm, (double)rpm);
    }
}

/* Both counters are of 64 bits and begin anew with the driver; the processor's wraps before. */
static void take_energy(struct intel_card *c, uint64_t uj, uint64_t range_uj, uint64_t mono_ns,
                        struct accelerator *a)
{
    uint64_t grown = uj >= c->energy_uj        ? uj - c->energy_uj
                     : range_uj > c->energy_uj ? range_uj - c->energy_uj + uj
                                               : 0;

    if (c->mono_ns && mono_ns > c->mono_ns && (uj >= c->energy_uj || range_uj)) {
        a->power_w = (double)grown * 1e3 / (double)(mono_ns - c->mono_ns);
        c->energy_j_total += (double)grown / 1e6;
    }
    a->energy_j_total = range_uj ? c->energy_j_total : (double)uj / 1e6;
    a->detail.energy_estimated = 0;
    c->energy_uj = uj;
    c->mono_ns = mono_ns;
}

static void read_energy(struct intel_card *c, const struct host_paths *paths,
                        const struct linux_card *at, uint64_t mono_ns, struct accelerator *a)
{
    uint64_t uj, range = 0;

    if (c->energy[0] && sensor(paths, at, c->hwmon, c->energy, &uj)) {
        take_energy(c, uj, 0, mono_ns, a);
        return;
    }
    if (c->zone[0] && linux_file_u64(&uj, paths->sysfs, "class/powercap/%s/energy_uj", c->zone) &&
        linux_file_u64(&range, paths->sysfs, "class/powercap/%s/max_energy_range_uj", c->zone) &&
        range)
        take_energy(c, uj, range, mono_ns, a);
    else
        c->mono_ns = 0;
}

/* ---- clocks ---- */

static void read_gts(struct intel_card *c, const struct host_paths *paths, struct reading *out,
                     struct accelerator *a)
{
    struct intel_gt_reading r;

    for (size_t i = 0; i < c->gt_len; i++) {
        intel_gt_read(&c->gts[i], paths->sysfs, out->mono_ns, &r);
        struct accelerator_part *p = reading_add_part(out, a->index, "gt", c->gts[i].name);
        if (p) {
            p->clock_mhz = r.clock_mhz;
            p->clock_max_mhz = r.clock_max_mhz;
            p->asleep_ratio = r.asleep_ratio;
            p->throttle_reasons = r.throttle_reasons;
        }
        /* The first computes and draws; of media GTs the clock says nothing about that. */
        if (i == 0) {
            a->clock_graphics_mhz = r.clock_mhz > 0 ? r.clock_mhz : UNKNOWN; /* 0: asleep */
            a->clock_graphics_max_mhz = r.clock_max_mhz;
        }
        if (!isnan(r.throttle_reasons))
            a->throttle_reasons =
                (double)((isnan(a->throttle_reasons) ? 0 : (unsigned)a->throttle_reasons) |
                         (unsigned)r.throttle_reasons);
    }
}

/* ---- memory ---- */

/* Host memory of a part of a processor. */
static void read_shared(const struct host_paths *paths, struct accelerator *a)
{
    char text[8192];
    uint64_t kb;
    ssize_t n = linux_file_text(text, sizeof(text), paths->procfs, "meminfo");

    if (n > 0 && linux_proc_key(str_make(text, (size_t)n), "MemTotal:", &kb) &&
        kb < UINT64_MAX / 1024)
        a->mem_total_bytes = kb * 1024;
}

/* The third line of `resource` is the window to the memory: where that can be resized it is as
 * large. "0x0000004000000000 0x00000043ffffffff 0x000000000014220c" */
static void read_window(const struct host_paths *paths, const struct linux_card *at,
                        struct accelerator *a)
{
    char text[2048];
    ssize_t n = linux_file_text(text, sizeof(text), paths->sysfs, "%s/device/resource", at->folder);
    struct str rest = str_make(text, n > 0 ? (size_t)n : 0);

    for (unsigned i = 0; i < 2; i++)
        (void)str_cut(&rest, '\n');
    struct str line = str_cut(&rest, '\n');
    if (!line.len || line.len >= sizeof(text))
        return;
    char *end = NULL;
    uint64_t from = strtoull(line.ptr, &end, 16), to = end ? strtoull(end, NULL, 16) : 0;
    if (from && to > from && to - from >= SMALL_BAR)
        a->mem_total_bytes = to - from + 1;
}

static bool is_render(const char *path)
{
    return strncmp(path, "/dev/dri/renderD", 16) == 0;
}

static void take_regions(const struct intel_memory *m, struct reading *out, struct accelerator *a)
{
    uint64_t total = 0, used = 0;
    bool known = true;
    char name[24];

    for (size_t i = 0; i < m->len; i++) {
        const struct intel_region *r = &m->regions[i];
        if (!r->vram)
            continue;
        snprintf(name, sizeof(name), "vram%u", r->instance);
        struct accelerator_part *p = reading_add_part(out, a->index, "memory", name);
        if (p) {
            p->mem_total_bytes = r->total_bytes;
            p->mem_used_bytes = r->used_bytes;
        }
        total += MIN(r->total_bytes, UINT64_MAX - 1 - total);
        known = known && r->used_bytes != UNKNOWN_COUNT;
        used += known ? MIN(r->used_bytes, UINT64_MAX - 1 - used) : 0;
    }
    if (!total)
        return;
    a->mem_total_bytes = total;
    if (known) {
        a->mem_used_bytes = used;
        a->mem_free_bytes = total - used;
    }
}

static void read_memory(const struct intel_card *c, const struct host_paths *paths,
                        const struct linux_card *at, struct reading *out, struct accelerator *a)
{
    struct linux_drm_node nodes[LINUX_DRM_NODES];
    struct intel_memory m;

    if (c->integrated) {
        read_shared(paths, a);
        return;
    }
    read_window(paths, at, a);
    size_t len = linux_card_nodes(paths->sysfs, at, 0, nodes, 0);
    for (size_t i = 0; i < len; i++)
        if (is_render(nodes[i].path) &&
            !intel_memory_read(linux_edge_of(paths), paths->rootfs, nodes[i].path + 1, c->xe, &m)) {
            take_regions(&m, out, a);
            return;
        }
}

/* ---- all of it ---- */

void intel_card_read(struct intel_card *c, const struct host_paths *paths,
                     const struct linux_card *at, struct reading *out, struct accelerator *a)
{
    if (!c->sensors_known)
        find_sensors(c, paths, at);
    if (c->hwmon != UINT_MAX) {
        read_heat(c, paths, at, a);
        read_fans(c, paths, at, a);
        a->power_limit_w = watts(paths, at, c, c->limit);
        a->power_limit_default_w = watts(paths, at, c, c->peak);
    }
    read_energy(c, paths, at, out->mono_ns, a);
    read_gts(c, paths, out, a);
    read_memory(c, paths, at, out, a);
    if (c->slot[0])
        linux_card_link(paths->sysfs, c->slot, a);
}

static void add_engine(struct reading *out, struct accelerator *a, const char *name, double busy)
{
    struct accelerator_part *p = reading_add_part(out, a->index, "engine", name);

    if (p)
        p->utilization_ratio = busy;
    a->utilization_ratio = fmax(a->utilization_ratio, busy); /* passes over NAN */
    if (!strcmp(name, "video"))
        a->decoder_ratio = busy;
}

/* How long the GT that works longest was awake. */
static double awake(const struct reading *out, unsigned accelerator)
{
    double ratio = UNKNOWN;

    for (size_t i = 0; i < out->part_len; i++)
        if (out->parts[i].accelerator == accelerator && !isnan(out->parts[i].asleep_ratio))
            ratio = fmax(ratio, 1 - out->parts[i].asleep_ratio);
    return ratio;
}

static bool is_used(const struct linux_drm_reading *drm, unsigned device)
{
    for (size_t i = 0; i < drm->use_len; i++)
        if (drm->uses[i].device == device)
            return true;
    return false;
}

void intel_card_load(struct intel_card *c, const struct linux_drm_reading *drm, bool complete,
                     struct reading *out, struct accelerator *a)
{
    struct intel_pmu_load loads[INTEL_PMU_ENGINES];
    uint64_t before = c->pmu.mono_ns, vram, other;
    size_t len = intel_pmu_read(&c->pmu, out->mono_ns, loads);
    char name[24];

    for (size_t i = 0; i < len; i++)
        add_engine(out, a, loads[i].name, loads[i].busy_ratio);
    for (size_t i = 0; !len && complete && i < drm->load_len; i++) {
        if (drm->loads[i].device != a->index)
            continue;
        intel_pmu_class(drm->loads[i].name, name);
        add_engine(out, a, name, drm->loads[i].busy_ratio);
    }
    if (isnan(a->utilization_ratio))
        a->utilization_ratio = complete && !is_used(drm, a->index) ? 0 : awake(out, a->index);
    if (before && out->mono_ns > before && !isnan(a->utilization_ratio)) {
        c->busy_s_total +=
            a->utilization_ratio * (double)(out->mono_ns - before) / (double)NS_PER_S;
        a->detail.busy_s_total = c->busy_s_total;
    }
    linux_drm_memory(drm, a->index, &vram, &other);
    if (a->mem_used_bytes == UNKNOWN_COUNT && complete)
        a->mem_used_bytes = c->integrated ? other : vram;
    if (a->mem_used_bytes != UNKNOWN_COUNT && a->mem_total_bytes != UNKNOWN_COUNT &&
        a->mem_used_bytes > a->mem_total_bytes)
        a->mem_used_bytes = UNKNOWN_COUNT; /* buffers that processes share count for each */
}

void intel_card_rest(struct intel_card *c)
{
    c->mono_ns = 0;
    c->pmu.mono_ns = 0;
    for (size_t i = 0; i < c->gt_len; i++)
        c->gts[i].mono_ns = 0;
}
