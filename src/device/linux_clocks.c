/* linux_clocks.c - the clock of each CPU (linux_topology.h has the interface). */
#include "device/linux_proc.h"
#include "device/linux_topology.h"

/* Before Linux 5.18 each policy file of an x86 CPU that was not asked within a second sleeps for
 * 10 ms while it takes a sample; 128 of them hold a reading up. /proc/cpuinfo sleeps once. */
#define POLICIES_SLOW_NS (200 * (uint64_t)NS_PER_MS)
/* Making the text of cpuinfo costs the kernel about 20 us a CPU: at most a thousandth of the time
 * goes into it. On machines that have no policies (virtual ones) clocks hardly move anyway. */
#define CPUINFO_REST 1000
#define KHZ_PER_MHZ  1000.0

static double policy_mhz(const struct linux_clocks *c, const char *sysfs, unsigned policy)
{
    /* The mean over some milliseconds where the kernel has it (6.15), else what was asked for or
     * sampled last: also where the hardware had nothing to average. */
    static const char *const files[] = {"cpuinfo_avg_freq", "scaling_cur_freq"};

    for (size_t i = c->no_average; i < ARRAY_LEN(files); i++) {
        uint64_t khz;
        if (linux_file_u64(&khz, sysfs, "devices/system/cpu/cpufreq/policy%u/%s", policy,
                           files[i]) &&
            khz > 0)
            return (double)khz / KHZ_PER_MHZ;
    }
    return UNKNOWN;
}

/* False when there are none. */
static bool read_policies(struct linux_clocks *c, const char *sysfs, const struct linux_topology *t)
{
    bool any = false;

    for (size_t cpu = 0; cpu < t->cpu_len; cpu++) {
        const struct linux_place *place = &t->cpu[cpu];
        c->mhz[cpu] = UNKNOWN;
        if (place->policy == UINT16_MAX)
            continue;
        if (!any) /* what the first has not, none has */
            c->no_average = !linux_file_exists(
                sysfs, "devices/system/cpu/cpufreq/policy%u/cpuinfo_avg_freq", place->policy);
        any = true;
        c->mhz[cpu] =
            place->clock < cpu ? c->mhz[place->clock] : policy_mhz(c, sysfs, place->policy);
    }
    return any;
}

/* False when it names no clocks: Arm's does not. */
static bool read_cpuinfo(struct linux_clocks *c, const struct host_paths *paths, uint64_t mono_ns)
{
    struct linux_lines lines;
    struct str line, value;
    uint64_t begin = clock_mono_ns(), cpu = UINT64_MAX;
    bool any = false;

    if (!linux_lines_open(&lines, paths->procfs, "cpuinfo"))
        return false;
    while (linux_lines_next(&lines, &line)) {
        double mhz;
        if (linux_proc_cpuinfo(line, "processor", &value)) {
            if (!num_parse_u64(value, &cpu))
                cpu = UINT64_MAX;
        } else if (cpu < c->len && linux_proc_cpuinfo(line, "cpu MHz", &value) &&
                   num_parse(value, &mhz) && mhz > 0) {
            c->mhz[cpu] = mhz;
            any = true;
        }
    }
    linux_lines_close(&lines);
    c->next_ns = mono_ns + (clock_mono_ns() - begin) * CPUINFO_REST;
    return any;
}

void linux_clocks_read(struct linux_clocks *c, const struct host_paths *paths,
                       const struct linux_topology *t, uint64_t mono_ns)
{
    if (c->len != t->cpu_len) {
        linux_clocks_fini(c);
        c->mhz = xcalloc(t->cpu_len, sizeof(*c->mhz));
        c->len = t->cpu_len;
        for (size_t i = 0; i < c->len; i++)
            c->mhz[i] = UNKNOWN;
    }
    if (c->no_policies) {
        if (mono_ns >= c->next_ns)
            read_cpuinfo(c, paths, mono_ns);
        return;
    }
    uint64_t begin = clock_mono_ns();
    bool any = read_policies(c, paths->sysfs, t);
    if (!any || clock_mono_ns() - begin > POLICIES_SLOW_NS)
        c->no_policies = read_cpuinfo(c, paths, mono_ns) || !any;
}

void linux_clocks_fini(struct linux_clocks *c)
{
    free(c->mhz);
    *c = (struct linux_clocks){0};
}
