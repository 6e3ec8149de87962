/* apple_host.c - sysctl, and what mach counts. */
#include "apple_host.h"

#define LEVELS       3 /* of performance; 0 is the fastest */
#define PRESSURE_TOP 4

bool apple_host_text(const struct apple_calls *c, const char *name, char *to, size_t size)
{
    char text[256] = "";
    size_t len = sizeof(text) - 1;

    to[0] = '\0';
    if (c->sysctlbyname(name, text, &len, NULL, 0) != 0)
        return false;
    text[sizeof(text) - 1] = '\0';
    str_copy(to, size, str_trim(str_of(text)));
    return to[0] != '\0';
}

bool apple_host_number(const struct apple_calls *c, const char *name, uint64_t *ret)
{
    uint64_t value = 0;
    size_t len = sizeof(value);

    if (c->sysctlbyname(name, &value, &len, NULL, 0) != 0 || (len != 4 && len != 8))
        return false;
    *ret = len == 4 ? (uint32_t)value : value; /* the lower half comes first in memory */
    return true;
}

bool apple_host_is_ours(const struct apple_calls *c)
{
    uint64_t arm;

    return apple_host_number(c, "hw.optional.arm64", &arm) && arm == 1;
}

static unsigned small(const struct apple_calls *c, const char *name)
{
    uint64_t value;

    return apple_host_number(c, name, &value) && value <= 4096 ? (unsigned)value : 0;
}

/* Systems before 12 tell no names: their chips have a fast level and a slow one. */
static enum cpu_kind kind_of(unsigned level, const char *name)
{
    if (!strcmp(name, "Super"))
        return CPU_KIND_SUPER;
    if (!strcmp(name, "Efficiency"))
        return CPU_KIND_EFFICIENCY;
    return !name[0] && level > 0 ? CPU_KIND_EFFICIENCY : CPU_KIND_PERFORMANCE;
}

static void read_levels(struct apple_host *h)
{
    unsigned levels = small(h->calls, "hw.nperflevels");
    char key[40], name[32];

    for (unsigned i = 0; i < levels && i < LEVELS; i++) {
        snprintf(key, sizeof(key), "hw.perflevel%u.name", i);
        (void)apple_host_text(h->calls, key, name, sizeof(name));
        snprintf(key, sizeof(key), "hw.perflevel%u.physicalcpu", i);
        unsigned count = small(h->calls, key);
        double *to = &h->kind_cores[kind_of(i, name)];
        if (count)
            *to = isnan(*to) ? count : *to + count;
    }
}

void apple_host_open(struct apple_host *h, const struct apple_calls *c)
{
    uint64_t virtual = 0;

    *h = (struct apple_host){.calls = c, .host = c->mach_host_self(), .pressure = -1};
    for (size_t i = 0; i < CPU_KINDS; i++)
        h->kind_cores[i] = UNKNOWN;
    (void)apple_host_text(c, "machdep.cpu.brand_string", h->chip, sizeof(h->chip));
    (void)apple_host_text(c, "hw.model", h->model, sizeof(h->model));
    (void)apple_host_text(c, "kern.osproductversion", h->release, sizeof(h->release));
    if (!apple_host_number(c, "hw.memsize", &h->memory_bytes))
        h->memory_bytes = UNKNOWN_COUNT;
    if (!apple_host_number(c, "hw.pagesize", &h->page_bytes) || h->page_bytes > 1 << 20)
        h->page_bytes = 0;
    h->cores = small(c, "hw.physicalcpu");
    h->threads = small(c, "hw.logicalcpu");
    h->virtual = apple_host_number(c, "kern.hv_vmm_present", &virtual) && virtual;
    read_levels(h);
    apple_port expert = apple_service(c, "IOPlatformExpertDevice");
    if (expert) {
        (void)apple_property_text(c, expert, "IOPlatformUUID", h->uuid, sizeof(h->uuid));
        c->IOObjectRelease(expert);
    }
    if (c->notify && c->notify_register_check(APPLE_PRESSURE_KEY, &h->pressure) != 0)
        h->pressure = -1;
}

void apple_host_close(struct apple_host *h)
{
    if (h->calls && h->pressure >= 0)
        h->calls->notify_cancel(h->pressure);
    *h = (struct apple_host){.pressure = -1};
}

/* ---- processors ---- */

/* Share of the time between two counts in which it was not idle; the counts wrap at 32 bits. */
static double busy(const struct apple_ticks *then, const struct apple_ticks *now, uint64_t sums[2])
{
    uint64_t all = 0, idle = 0;

    for (unsigned i = 0; i < APPLE_CPU_STATES; i++) {
        uint32_t passed = now->state[i] - then->state[i];
        all += passed;
        idle += i == APPLE_CPU_IDLE ? passed : 0;
    }
    sums[0] += all - idle;
    sums[1] += all;
    return all ? (double)(all - idle) / (double)all : UNKNOWN;
}

static void take_loads(struct apple_host *h, const struct apple_ticks *now, size_t len,
                       struct reading *out)
{
    uint64_t sums[2] = {0, 0};

    out->cpu.cores = arena_calloc(out->arena, len, sizeof(*out->cpu.cores));
    for (size_t i = 0; i < len; i++) {
        double ratio = i < h->before_len ? busy(&h->before[i], &now[i], sums) : UNKNOWN;
        h->before[i] = now[i];
        if (out->cpu.cores)
            out->cpu.cores[out->cpu.core_len++] = (struct cpu_core){.id = (unsigned)i,
                                                                    .type = "C",
                                                                    .utilization_ratio = ratio,
                                                                    .frequency_mhz = UNKNOWN};
    }
    h->before_len = len;
    out->cpu.utilization_ratio = sums[1] ? (double)sums[0] / (double)sums[1] : UNKNOWN;
}

static void read_loads(struct apple_host *h, struct reading *out)
{
    const struct apple_calls *c = h->calls;
    uint32_t cpus = 0, words = 0;
    int *list = NULL;

    if (c->host_processor_info(h->host, APPLE_CPU_LOAD, &cpus, &list, &words) != APPLE_OK || !list)
        return;
    if (words / APPLE_CPU_STATES >= cpus && cpus)
        take_loads(h, (const struct apple_ticks *)(const void *)list,
                   MIN((size_t)cpus, (size_t)APPLE_CPUS), out);
    (void)c->vm_deallocate(*c->mach_task_self, (uintptr_t)list, words * sizeof(int));
}

static void read_averages(const struct apple_calls *c, struct cpu *to)
{
    struct {
        uint32_t load[3], unused;
        int64_t scale;
    } averages = {0};
    size_t len = sizeof(averages);

    if (c->sysctlbyname("vm.loadavg", &averages, &len, NULL, 0) != 0 || len != sizeof(averages) ||
        averages.scale <= 0)
        return;
    to->load1 = averages.load[0] / (double)averages.scale;
    to->load5 = averages.load[1] / (double)averages.scale;
    to->load15 = averages.load[2] / (double)averages.scale;
}

void apple_host_cpu(struct apple_host *h, struct reading *out)
{
    struct apple_time boot = {0};
    struct cpu *to = &out->cpu;
    size_t len = sizeof(boot);

    to->present = true;
    str_copy(to->model, sizeof(to->model), str_of(h->chip));
    str_copy(to->architecture, sizeof(to->architecture), STR("aarch64"));
    str_copy(to->platform, sizeof(to->platform), STR("AppleSilicon"));
    to->socket_count = 1;
    to->core_count = h->cores;
    to->thread_count = h->threads;
    for (size_t i = 0; i < CPU_KINDS; i++)
        to->kinds[i].cores = h->kind_cores[i];
    read_loads(h, out);
    read_averages(h->calls, to);
    if (h->calls->sysctlbyname("kern.boottime", &boot, &len, NULL, 0) == 0 && len == sizeof(boot) &&
        boot.sec > 0) {
        to->boot_time_s = (double)boot.sec;
        to->uptime_s = (double)clock_now_ms() / 1000 - to->boot_time_s;
    }
}

/* ---- memory ---- */

static uint64_t minus(uint64_t a, uint64_t b)
{
    return a > b ? a - b : 0;
}

static void read_swap(const struct apple_calls *c, struct memory *ret)
{
    struct apple_swap swap = {0};
    size_t len = sizeof(swap);

    if (c->sysctlbyname(APPLE_SWAP, &swap, &len, NULL, 0) != 0 || len != sizeof(swap) ||
        swap.used > swap.total)
        return;
    ret->swap_total_bytes = swap.total;
    ret->swap_used_bytes = swap.used;
    ret->swap_free_bytes = swap.total - swap.used;
}

/* In use is what the Activity Monitor calls so: applications, wired and compressed. Pages of files
 * and those that their owner marked as worth nothing count as cached: they are given at once. */
void apple_host_memory(const struct apple_host *h, struct memory *ret)
{
    struct apple_vm vm = {0};
    uint32_t words = sizeof(vm) / sizeof(int);

    read_swap(h->calls, ret);
    ret->total_bytes = h->memory_bytes;
    ret->present = h->memory_bytes != UNKNOWN_COUNT;
    if (!ret->present || !h->page_bytes ||
        h->calls->host_statistics64(h->host, APPLE_VM_INFO64, (int *)(void *)&vm, &words) !=
            APPLE_OK ||
        words * sizeof(int) < offsetof(struct apple_vm, internal))
        return;
    uint64_t taken = (uint64_t)vm.active + vm.inactive + vm.wired + vm.speculative + vm.compressor;
    uint64_t given = (uint64_t)vm.purgeable + vm.external;
    uint64_t used = minus(taken, given) * h->page_bytes;
    ret->used_bytes = MIN(used, ret->total_bytes);
    ret->available_bytes = ret->total_bytes - ret->used_bytes;
    ret->cached_bytes = MIN(given * h->page_bytes, ret->total_bytes);
    ret->free_bytes = MIN(minus(vm.free, vm.speculative) * h->page_bytes, ret->total_bytes);
}

double apple_host_pressure(const struct apple_host *h)
{
    uint64_t level;

    if (h->pressure < 0 || h->calls->notify_get_state(h->pressure, &level) != 0 ||
        level > PRESSURE_TOP)
        return UNKNOWN;
    return (double)level;
}
