/* intel_gt.c - clocks, idle time and throttling of GTs. */
#include "intel_gt.h"

#include "device/linux_file.h"

#include <dirent.h>

#define TILES_MAX 4
#define GTS_MAX   8 /* looked for on a card; numbers go on over its tiles */

static bool add(struct intel_gt *to, size_t *len, enum intel_gt_layout layout, const char *sysfs,
                const char *folder, const char *name)
{
    if (*len == INTEL_GTS || !linux_file_exists(sysfs, "%s", folder))
        return false;
    struct intel_gt *g = &to[(*len)++];
    *g = (struct intel_gt){.layout = layout};
    str_copy(g->folder, sizeof(g->folder), str_of(folder));
    str_copy(g->name, sizeof(g->name), str_of(name));
    return true;
}

size_t intel_gt_list(const char *sysfs, const char *folder, bool xe, struct intel_gt *to)
{
    char path[128], name[24];
    size_t len = 0;

    for (unsigned t = 0; xe && t < TILES_MAX; t++)
        for (unsigned g = 0; g < GTS_MAX; g++) {
            snprintf(path, sizeof(path), "%s/device/tile%u/gt%u", folder, t, g);
            snprintf(name, sizeof(name), "tile%u/gt%u", t, g);
            (void)add(to, &len, INTEL_GT_XE, sysfs, path, name);
        }
    for (unsigned g = 0; !xe && g < GTS_MAX; g++) {
        snprintf(path, sizeof(path), "%s/gt/gt%u", folder, g);
        snprintf(name, sizeof(name), "gt%u", g);
        (void)add(to, &len, INTEL_GT_I915, sysfs, path, name);
    }
    snprintf(path, sizeof(path), "%s/gt_act_freq_mhz", folder);
    if (!xe && !len && linux_file_exists(sysfs, "%s", path))
        (void)add(to, &len, INTEL_GT_LEGACY, sysfs, folder, "gt0");
    return len;
}

unsigned intel_gt_reason(const char *name)
{
    static const char *const hardware[] = {"prochot", "vr_therm"};
    static const char *const power[] = {"pl1",  "pl2",  "pl4",    "tdc",
                                        "ratl", "psys", "iccmax", "fastv"};

    for (size_t i = 0; i < ARRAY_LEN(hardware); i++)
        if (strstr(name, hardware[i]))
            return 0x40;
    if (strstr(name, "therm"))
        return 0x20;
    for (size_t i = 0; i < ARRAY_LEN(power); i++)
        if (strstr(name, power[i]))
            return 0x4;
    return 0;
}

/* A file per reason, 0 or 1; which there are differs by generation, so the folder is asked. */
static double read_reasons(const struct intel_gt *g, const char *sysfs)
{
    bool xe = g->layout == INTEL_GT_XE;
    const char *below = xe ? "freq0/throttle/" : "";
    const char *prefix = xe ? "reason_" : "throttle_reason_";
    char path[LINUX_PATH_MAX];
    unsigned reasons = 0;
    uint64_t on;

    if (g->layout == INTEL_GT_LEGACY ||
        !linux_file_u64(&on, sysfs, "%s/%s%sstatus", g->folder, below, xe ? "" : prefix))
        return UNKNOWN;
    if (!on)
        return 0;
    DIR *dir = linux_file_path(path, sysfs, "%s/%s", g->folder, below) ? opendir(path) : NULL;
    for (struct dirent *e; dir && (e = readdir(dir));)
        if (!strncmp(e->d_name, prefix, strlen(prefix)) &&
            linux_file_u64(&on, sysfs, "%s/%s%s", g->folder, below, e->d_name) && on)
            reasons |= intel_gt_reason(e->d_name + strlen(prefix));
    if (dir)
        closedir(dir);
    return reasons;
}

static double read_mhz(const struct intel_gt *g, const char *sysfs, const char *i915,
                       const char *legacy, const char *xe)
{
    const char *const files[] = {i915, legacy, xe};
    uint64_t mhz;

    /* 0 is the clock of a GT that sleeps. */
    return linux_file_u64(&mhz, sysfs, "%s/%s", g->folder, files[g->layout]) && mhz < 100000
               ? (double)mhz
               : UNKNOWN;
}

static double read_asleep(struct intel_gt *g, const char *sysfs, uint64_t mono_ns)
{
    static const char *const files[] = {"rc6_residency_ms", "power/rc6_residency_ms",
                                        "gtidle/idle_residency_ms"};
    uint64_t ms, before_ms = g->idle_ms, before_ns = g->mono_ns;

    if (!linux_file_u64(&ms, sysfs, "%s/%s", g->folder, files[g->layout])) {
        g->mono_ns = 0;
        return UNKNOWN;
    }
    g->idle_ms = ms;
    g->mono_ns = mono_ns;
    if (!before_ns || mono_ns <= before_ns || ms < before_ms)
        return UNKNOWN;
    double ratio = (double)(ms - before_ms) * 1e6 / (double)(mono_ns - before_ns);
    return MIN(ratio, 1.0);
}

void intel_gt_read(struct intel_gt *g, const char *sysfs, uint64_t mono_ns,
                   struct intel_gt_reading *ret)
{
    *ret = (struct intel_gt_reading){
        .clock_mhz = read_mhz(g, sysfs, "rps_act_freq_mhz", "gt_act_freq_mhz", "freq0/act_freq"),
        .clock_max_mhz =
            read_mhz(g, sysfs, "rps_RP0_freq_mhz", "gt_RP0_freq_mhz", "freq0/rp0_freq"),
        .asleep_ratio = read_asleep(g, sysfs, mono_ns),
        .throttle_reasons = read_reasons(g, sysfs),
    };
}
