/* system.c - what the C library of macOS tells: sysctl, mach, notify, file systems, processes. */
#include "sim.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

apple_port mach_task_self_ = 259;

static int give(const void *bytes, size_t len, void *to, size_t *size)
{
    if (*size < len) {
        errno = ENOMEM;
        return -1;
    }
    memcpy(to, bytes, len);
    *size = len;
    return 0;
}

static int give_text(const char *text, void *to, size_t *size)
{
    return text ? give(text, strlen(text) + 1, to, size) : -1;
}

static int give_number(uint64_t value, size_t width, void *to, size_t *size)
{
    return give(&value, width, to, size);
}

static int give_level(const char *name, void *to, size_t *size)
{
    unsigned level = (unsigned)(name[strlen("hw.perflevel")] - '0');
    const char *rest = name + strlen("hw.perflevel0.");

    if (level >= apple_sim.level_len)
        return -1;
    if (!strcmp(rest, "name"))
        return give_text(apple_sim.levels[level].name, to, size);
    return give_number(apple_sim.levels[level].cores, 4, to, size);
}

int sysctlbyname(const char *name, void *to, size_t *size, void *from, size_t from_size)
{
    const struct apple_sim *s = &apple_sim;
    const struct {
        uint32_t load[3], unused;
        int64_t scale;
    } loads = {{4096, 3072, 2048}, 0, 2048};
    const struct apple_time boot = {.sec = clock_now_ms() / 1000 - 86400};

    (void)from;
    (void)from_size;
    if (sim_refused("sysctlbyname") || sim_refused(name))
        return -1;
    if (!strncmp(name, "hw.perflevel", 12))
        return give_level(name, to, size);
    if (!strcmp(name, "vm.loadavg"))
        return give(&loads, sizeof(loads), to, size);
    if (!strcmp(name, "kern.boottime"))
        return give(&boot, sizeof(boot), to, size);
    if (!strcmp(name, APPLE_SWAP))
        return give(&s->swap, sizeof(s->swap), to, size);
    const struct {
        const char *name, *text;
        uint64_t value;
        size_t width;
    } all[] = {
        {"hw.optional.arm64", NULL, s->arm, 4},
        {"machdep.cpu.brand_string", s->chip, 0, 0},
        {"hw.model", s->model, 0, 0},
        {"kern.osproductversion", s->release, 0, 0},
        {"hw.memsize", NULL, s->memory, 8},
        {"hw.pagesize", NULL, s->page, 8},
        {"hw.physicalcpu", NULL, s->cpus, 4},
        {"hw.logicalcpu", NULL, s->cpus, 4},
        {"hw.nperflevels", NULL, s->level_len, 4},
        {"kern.hv_vmm_present", NULL, s->virtual, 4},
    };
    for (size_t i = 0; i < ARRAY_LEN(all); i++)
        if (!strcmp(name, all[i].name))
            return all[i].width ? give_number(all[i].value, all[i].width, to, size)
                                : give_text(all[i].text, to, size);
    return -1;
}

/* Of a machine that goes on by itself, as much as went by since it was asked last. */
static void go_on(void)
{
    static uint64_t last_ns;
    uint64_t now_ns = clock_mono_ns();

    if (apple_sim.live && last_ns)
        sim_pass((double)(now_ns - last_ns) / NS_PER_S);
    last_ns = now_ns;
}

uint64_t mach_continuous_time(void)
{
    go_on();
    return apple_sim.mach_ticks;
}

int mach_timebase_info(struct apple_timebase *ret)
{
    *ret = (struct apple_timebase){125, 3};
    return sim_refused("mach_timebase_info") ? 5 : APPLE_OK;
}

apple_port mach_host_self(void)
{
    return 515;
}

int host_statistics64(apple_port host, int flavour, int *to, uint32_t *words)
{
    uint32_t given = MIN(*words, (uint32_t)(sizeof(apple_sim.vm) / sizeof(int)));

    if (host != mach_host_self() || flavour != APPLE_VM_INFO64 || sim_refused("host_statistics64"))
        return 4;
    memcpy(to, &apple_sim.vm, given * sizeof(int));
    *words = given;
    return APPLE_OK;
}

int host_processor_info(apple_port host, int flavour, uint32_t *cpus, int **ret, uint32_t *words)
{
    if (host != mach_host_self() || flavour != APPLE_CPU_LOAD || sim_refused("host_processor_info"))
        return 4;
    *cpus = apple_sim.cpus;
    *words = apple_sim.cpus * APPLE_CPU_STATES;
    *ret = xcalloc(*words, sizeof(int));
    memcpy(*ret, apple_sim.ticks, *words * sizeof(int));
    apple_sim.buffers++;
    return APPLE_OK;
}

int vm_deallocate(apple_port task, uintptr_t address, uintptr_t size)
{
    if (task != mach_task_self_ || size != apple_sim.cpus * APPLE_CPU_STATES * sizeof(int))
        sim_die("memory is given back that was not given");
    free((void *)address);
    apple_sim.buffers--;
    return APPLE_OK;
}

uint32_t notify_register_check(const char *name, int *ret)
{
    if (strcmp(name, APPLE_PRESSURE_KEY) != 0 || sim_refused("notify_register_check"))
        return 1;
    *ret = 3;
    apple_sim.tokens++;
    return 0;
}

uint32_t notify_get_state(int token, uint64_t *ret)
{
    *ret = apple_sim.pressure;
    return token != 3 || sim_refused("notify_get_state");
}

uint32_t notify_cancel(int token)
{
    if (token != 3)
        sim_die("a token is given back that was not given");
    apple_sim.tokens--;
    return 0;
}

int getfsstat(struct apple_statfs *to, int size, int flags)
{
    if (flags != APPLE_NOWAIT)
        sim_die("file systems are asked for in a way that may wait for a server");
    if (sim_refused("getfsstat"))
        return -1;
    if (!to)
        return apple_sim.mount_len;
    int len = MIN(size / (int)sizeof(*to), apple_sim.mount_len);
    memcpy(to, apple_sim.mounts, (size_t)len * sizeof(*to));
    return len;
}

int proc_listallpids(void *to, int size)
{
    int len = MIN(size / (int)sizeof(int), apple_sim.process_len);

    if (sim_refused("proc_listallpids"))
        return -1;
    if (!to)
        return apple_sim.process_len;
    for (int i = 0; i < len; i++)
        ((int *)to)[i] = (int)apple_sim.processes[i].pid;
    return len;
}

int proc_pidinfo(int pid, int flavour, uint64_t argument, void *to, int size)
{
    (void)argument;
    if (flavour != APPLE_TASKALLINFO || size != sizeof(struct apple_process) ||
        sim_refused("proc_pidinfo"))
        return 0;
    for (int i = 0; i < apple_sim.process_len; i++) {
        if ((int)apple_sim.processes[i].pid != pid || apple_sim.others[i])
            continue;
        memcpy(to, &apple_sim.processes[i], sizeof(struct apple_process));
        return size;
    }
    return 0;
}

bool sim_refused(const char *call)
{
    return apple_sim.refuse && !strcmp(apple_sim.refuse, call);
}
