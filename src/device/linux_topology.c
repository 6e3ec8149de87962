#include "device/linux_topology.h"

#include <limits.h>
#include <unistd.h>

#define SANE_PACKAGE 255 /* larger numbers are offsets into a firmware table (Arm's PPTT) */

/* A core is known by its package, die and number together. */
static int by_key(const void *a, const void *b)
{
    uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;
    return (x > y) - (x < y);
}

static unsigned count_distinct(uint64_t *keys, size_t n)
{
    unsigned distinct = 0;

    qsort(keys, n, sizeof(*keys), by_key);
    for (size_t i = 0; i < n; i++)
        distinct += i == 0 || keys[i] != keys[i - 1];
    return distinct;
}

static uint64_t topology_number(const char *sysfs, unsigned cpu, const char *file,
                                uint64_t otherwise)
{
    int64_t value; /* -1 where the platform does not know */

    return linux_file_i64(&value, sysfs, "devices/system/cpu/cpu%u/topology/%s", cpu, file) &&
                   value >= 0
               ? (uint64_t)value
               : otherwise;
}

static void add_package(struct linux_topology *t, unsigned package)
{
    size_t at = 0;

    while (at < t->socket_len && t->package[at] < package)
        at++;
    if ((at < t->socket_len && t->package[at] == package) || t->socket_len == LINUX_SOCKET_MAX)
        return;
    memmove(&t->package[at + 1], &t->package[at], (t->socket_len - at) * sizeof(t->package[0]));
    t->package[at] = package;
    t->socket_len++;
}

static uint16_t socket_of(const struct linux_topology *t, unsigned package)
{
    for (size_t i = 0; i < t->socket_len; i++)
        if (t->package[i] == package)
            return (uint16_t)i;
    return 0;
}

/* cpu<N>/cpufreq links to the policy it shares; policy<N> is named after its first CPU. */
static uint16_t policy_of(const char *sysfs, unsigned cpu)
{
    char path[LINUX_PATH_MAX], target[LINUX_PATH_MAX];
    uint64_t number;

    if (!linux_file_path(path, sysfs, "devices/system/cpu/cpu%u/cpufreq", cpu))
        return UINT16_MAX;
    ssize_t n = readlink(path, target, sizeof(target));
    struct str link = str_make(target, n > 0 ? (size_t)n : 0);
    const char *at = link.len ? memrchr(link.ptr, '/', link.len) : NULL;
    struct str last = at ? str_make(at + 1, (size_t)(link.ptr + link.len - at - 1)) : link;
    if (!str_starts(last, STR("policy")) ||
        !num_parse_u64(str_make(last.ptr + 6, last.len - 6), &number) || number >= LINUX_CPU_MAX)
        return UINT16_MAX;
    return (uint16_t)number;
}

/* A policy is named after its first CPU, which may be offline now. */
static void set_clocks(struct linux_topology *t)
{
    uint16_t *first = xcalloc(LINUX_CPU_MAX, sizeof(*first)); /* by policy; CPU number + 1 */

    for (size_t cpu = 0; cpu < t->cpu_len; cpu++) {
        unsigned policy = t->cpu[cpu].policy;
        t->cpu[cpu].clock = (uint16_t)cpu;
        if (policy == UINT16_MAX)
            continue;
        if (!first[policy])
            first[policy] = (uint16_t)(cpu + 1);
        t->cpu[cpu].clock = (uint16_t)(first[policy] - 1);
    }
    free(first);
}

/* Intel's hybrid parts list their kinds as event sources; Arm gives each CPU a capacity. */
static void set_types(struct linux_topology *t, const char *sysfs,
                      const struct linux_cpuset *online)
{
    static const struct {
        const char *list;
        char type;
    } intel[] = {{"devices/cpu_core/cpus", 'P'},
                 {"devices/cpu_atom/cpus", 'E'},
                 {"devices/cpu_lowpower/cpus", 'E'}};
    struct linux_cpuset set;
    bool hybrid = linux_cpuset_read(&set, sysfs, "devices/cpu_atom/cpus");
    uint64_t biggest = 0, smallest = UINT64_MAX;

    for (size_t i = 0; hybrid && i < ARRAY_LEN(intel); i++) {
        if (!linux_cpuset_read(&set, sysfs, "%s", intel[i].list))
            continue;
        for (unsigned cpu = 0; cpu < t->cpu_len; cpu++)
            if (linux_cpuset_has(&set, cpu))
                t->cpu[cpu].type[0] = intel[i].type;
    }
    if (hybrid)
        return;
    for (int pass = 0; pass < 2; pass++) {
        for (unsigned cpu = 0; cpu < t->cpu_len; cpu++) {
            uint64_t capacity;
            if (!linux_cpuset_has(online, cpu) ||
                !linux_file_u64(&capacity, sysfs, "devices/system/cpu/cpu%u/cpu_capacity", cpu))
                continue;
            if (pass)
                t->cpu[cpu].type[0] = capacity == biggest ? 'P' : 'E';
            biggest = MAX(biggest, capacity);
            smallest = MIN(smallest, capacity);
        }
        if (smallest >= biggest)
            return; /* all alike, or none told */
    }
}

void linux_topology_read(struct linux_topology *t, const char *sysfs,
                         const struct linux_cpuset *online)
{
    unsigned last = 0, count = 0;

    linux_topology_fini(t);
    for (unsigned cpu = linux_cpuset_next(online, 0); cpu < LINUX_CPU_MAX;
         cpu = linux_cpuset_next(online, cpu + 1)) {
        last = cpu;
        count++;
    }
    t->thread_count = count;
    t->cpu_len = last + 1;
    t->cpu = xcalloc(t->cpu_len, sizeof(*t->cpu));
    uint64_t *keys = xcalloc(t->cpu_len, sizeof(*keys));
    unsigned *packages = xcalloc(t->cpu_len, sizeof(*packages));
    size_t n = 0;
    for (unsigned cpu = 0; cpu < t->cpu_len; cpu++) {
        t->cpu[cpu] = (struct linux_place){.policy = UINT16_MAX, .type = "C"};
        if (!linux_cpuset_has(online, cpu))
            continue;
        uint64_t package = topology_number(sysfs, cpu, "physical_package_id", 0);
        uint64_t die = topology_number(sysfs, cpu, "die_id", 0);
        uint64_t core = topology_number(sysfs, cpu, "core_id", cpu);
        packages[cpu] = (unsigned)MIN(package, (uint64_t)UINT_MAX);
        keys[n++] = (package & 0xffffff) << 40 | (die & 0xffff) << 24 | (core & 0xffffff);
        add_package(t, packages[cpu]);
        t->cpu[cpu].policy = policy_of(sysfs, cpu);
    }
    t->core_count = count_distinct(keys, n);
    for (unsigned cpu = 0; cpu < t->cpu_len; cpu++)
        t->cpu[cpu].socket = socket_of(t, packages[cpu]);
    for (size_t i = 0; i < t->socket_len; i++)
        t->socket_id[i] =
            t->package[t->socket_len - 1] > SANE_PACKAGE ? (unsigned)i : t->package[i];
    set_types(t, sysfs, online);
    set_clocks(t);
    free(packages);
    free(keys);
}

void linux_topology_fini(struct linux_topology *t)
{
    free(t->cpu);
    *t = (struct linux_topology){0};
}
