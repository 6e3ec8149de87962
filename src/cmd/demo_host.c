#include "demo_host.h"

#include "demo_tree.h"
#include "demo_wave.h"

#define TICKS_PER_S   100
#define PAGE_BYTES    4096
#define PATH_SIZE     512
#define FIRST_USER    1000
#define UPTIME_MIN_S  (3 * 86400)  /* the machine started so long before its first tick, or up to */
#define UPTIME_SPAN_S (40 * 86400) /* so much earlier */
#define SWING         0.8
#define LOAD_MAX      0.55 /* with its swing this stays below 1 */
#define IOWAIT        0.004
#define IDLE_C        36.0
#define BUSY_C        78.0
#define RAPL_RANGE_UJ 262143328850u /* what Intel's counters wrap at */
#define MOUNT_MAJOR   3999 /* no real device: the tree's mounts must not be taken for real ones */

/* Seeds of the kinds of waves, so that none follows another. */
enum {
    SEED_START,
    SEED_CPU,
    SEED_PROCESS = SEED_CPU + DEMO_CPUS_MAX,
    SEED_MEMORY = 1 << 20,
};

struct demo_host {
    struct demo_host_spec spec;
    char dir[PATH_SIZE], procfs[PATH_SIZE], sysfs[PATH_SIZE], answers[PATH_SIZE];
    unsigned cpu_len;
    struct demo_wave *cpus;      /* share of time busy */
    struct demo_wave *processes; /* CPUs busy */
    struct demo_wave cache;      /* share of free memory that holds files */
    int64_t boot_ms, now_ms;     /* 0 before the first tick */
    struct demo_tree tree;
    struct demo_cards *cards; /* NULL: none */
};

static unsigned threads_of(const struct demo_host *h)
{
    return MAX(h->spec.threads_per_core, 1);
}

/* CPUs are numbered as Linux does it: first threads of all cores, then the second ones. */
static unsigned socket_of(const struct demo_host *h, unsigned cpu)
{
    return cpu % (h->cpu_len / threads_of(h)) / h->spec.cores_per_socket;
}

static unsigned core_of(const struct demo_host *h, unsigned cpu)
{
    return cpu % (h->cpu_len / threads_of(h)) % h->spec.cores_per_socket;
}

/* ---- what stays ---- */

static void put_cpus(struct demo_host *h)
{
    char path[PATH_SIZE];

    for (unsigned cpu = 0; cpu < h->cpu_len; cpu++) {
        const struct {
            const char *file;
            unsigned value;
        } files[] = {{"physical_package_id", socket_of(h, cpu)},
                     {"die_id", 0},
                     {"core_id", core_of(h, cpu)}};
        for (size_t i = 0; i < ARRAY_LEN(files); i++) {
            snprintf(path, sizeof(path), "sys/devices/system/cpu/cpu%u/topology/%s", cpu,
                     files[i].file);
            buf_printf(&h->tree.text, "%u\n", files[i].value);
            demo_tree_put(&h->tree, path);
        }
        char target[64];
        snprintf(path, sizeof(path), "sys/devices/system/cpu/cpu%u/cpufreq", cpu);
        snprintf(target, sizeof(target), "../cpufreq/policy%u", cpu);
        demo_tree_link(&h->tree, path, target);
    }
    buf_printf(&h->tree.text, "0-%u\n", h->cpu_len - 1);
    demo_tree_put(&h->tree, "sys/devices/system/cpu/online");
    for (unsigned cpu = 0; cpu < h->cpu_len; cpu++)
        buf_printf(&h->tree.text,
                   "processor\t: %u\nvendor_id\t: %s\nmodel name\t: %s\nphysical id\t: %u\n"
                   "core id\t\t: %u\nflags\t\t: fpu lm\n\n",
                   cpu, h->spec.cpu_vendor, h->spec.cpu_model, socket_of(h, cpu), core_of(h, cpu));
    demo_tree_put(&h->tree, "proc/cpuinfo");
}

static bool is_intel(const struct demo_host *h)
{
    return strcmp(h->spec.cpu_vendor, "GenuineIntel") == 0;
}

static void put_sensors(struct demo_host *h)
{
    char path[PATH_SIZE], target[64];

    for (unsigned socket = 0; socket < h->spec.sockets; socket++) {
        snprintf(path, sizeof(path), "sys/class/hwmon/hwmon%u/name", socket);
        buf_text(&h->tree.text, is_intel(h) ? "coretemp\n" : "k10temp\n");
        demo_tree_put(&h->tree, path);
        snprintf(path, sizeof(path), "sys/class/hwmon/hwmon%u/temp1_label", socket);
        if (is_intel(h))
            buf_printf(&h->tree.text, "Package id %u\n", socket);
        else
            buf_text(&h->tree.text, "Tctl\n");
        demo_tree_put(&h->tree, path);
        snprintf(path, sizeof(path), "sys/class/hwmon/hwmon%u/device", socket);
        snprintf(target, sizeof(target), "../../../0000:%02x:18.3", 0x20 * socket);
        demo_tree_link(&h->tree, path, target);
        snprintf(path, sizeof(path), "sys/class/powercap/intel-rapl:%u/name", socket);
        buf_printf(&h->tree.text, "package-%u\n", socket);
        demo_tree_put(&h->tree, path);
        snprintf(path, sizeof(path), "sys/class/powercap/intel-rapl:%u/max_energy_range_uj",
                 socket);
        buf_printf(&h->tree.text, "%llu\n", (unsigned long long)RAPL_RANGE_UJ);
        demo_tree_put(&h->tree, path);
    }
}

static void put_identity(struct demo_host *h)
{
    const struct {
        const char *path, *text;
    } files[] = {
        {"sys/class/dmi/id/sys_vendor", h->spec.vendor},
        {"sys/class/dmi/id/product_name", h->spec.product},
        {"proc/sys/kernel/hostname", h->spec.hostname},
        {"etc/hostname", h->spec.hostname},
        {"proc/sys/kernel/osrelease", h->spec.kernel ? h->spec.kernel : "6.8.0-87-generic"},
        {"proc/self/cgroup", "0::/system.slice/algalon.service"},
    };
    const unsigned long auxv[] = {6, PAGE_BYTES, 17, TICKS_PER_S, 0, 0}; /* AT_PAGESZ, AT_CLKTCK */

    for (size_t i = 0; i < ARRAY_LEN(files); i++) {
        buf_printf(&h->tree.text, "%s\n", files[i].text);
        demo_tree_put(&h->tree, files[i].path);
    }
    buf_add(&h->tree.text, auxv, sizeof(auxv));
    demo_tree_put(&h->tree, "proc/self/auxv");
}

static void put_mounts(struct demo_host *h)
{
    static const char *const files[] = {"proc/1/mountinfo", "proc/self/mountinfo"};
    char path[PATH_SIZE];

    for (size_t f = 0; f < ARRAY_LEN(files); f++) {
        buf_printf(&h->tree.text, "20 1 %d:0 / / rw - ext4 /dev/nvme0n1p2 rw\n", MOUNT_MAJOR);
        for (size_t i = 0; i < h->spec.mount_len; i++) {
            const struct demo_mount *m = &h->spec.mounts[i];
            buf_printf(&h->tree.text, "%zu 20 %d:%zu / %s rw - %s %s rw\n", 21 + i, MOUNT_MAJOR,
                       i + 1, m->mount_point, m->type, m->device);
        }
        demo_tree_put(&h->tree, files[f]);
    }
    for (size_t i = 0; i < h->spec.mount_len && !h->tree.code; i++) {
        snprintf(path, sizeof(path), "%s%s", h->dir, h->spec.mounts[i].mount_point);
        h->tree.code = file_mkdirs(path, NULL);
    }
}

/* The number of a user is his place among the processes that name him first. */
static unsigned user_number(const struct demo_host *h, const char *user)
{
    size_t i = 0;

    if (strcmp(user, "root") == 0)
        return 0;
    while (strcmp(h->spec.processes[i].user, user) != 0)
        i++;
    return FIRST_USER + (unsigned)i;
}

static void put_users(struct demo_host *h)
{
    buf_text(&h->tree.text, "root:x:0:0:root:/root:/bin/bash\n");
    for (size_t i = 0; i < h->spec.process_len; i++) {
        const char *user = h->spec.processes[i].user;
        unsigned number = user_number(h, user);
        if (number == FIRST_USER + i)
            buf_printf(&h->tree.text, "%s:x:%u:%u::/home/%s:/bin/bash\n", user, number, number,
                       user);
    }
    demo_tree_put(&h->tree, "etc/passwd");
}

static void put_process(struct demo_host *h, const struct demo_process *p)
{
    char path[PATH_SIZE];
    unsigned uid = user_number(h, p->user);

    snprintf(path, sizeof(path), "proc/%d/status", p->pid);
    buf_printf(&h->tree.text, "Name:\t%s\nPid:\t%d\nUid:\t%u\t%u\t%u\t%u\n", p->name, p->pid, uid,
               uid, uid, uid);
    demo_tree_put(&h->tree, path);
    snprintf(path, sizeof(path), "proc/%d/cmdline", p->pid);
    buf_text(&h->tree.text, p->command);
    for (size_t i = 0; i < h->tree.text.len; i++) /* arguments end with NUL there */
        if (h->tree.text.ptr[i] == ' ')
            h->tree.text.ptr[i] = '\0';
    demo_tree_put(&h->tree, path);
    snprintf(path, sizeof(path), "proc/%d/cgroup", p->pid);
    buf_printf(&h->tree.text, "0::/%s\n",
               p->cgroup ? p->cgroup : (uid ? "user.slice" : "system.slice"));
    demo_tree_put(&h->tree, path);
}

static const struct demo_process systemd = {
    .pid = 1, .name = "systemd", .user = "root", .command = "/sbin/init", .memory_bytes = 14 << 20};

/* ---- what moves ---- */

static uint64_t ticks(double seconds)
{
    return seconds > 0 ? (uint64_t)(seconds * TICKS_PER_S) : 0;
}

/* Shares of busy time as a machine that computes has them. */
static void put_stat(struct demo_host *h, double t_s)
{
    enum {
        USER,
        NICE,
        SYSTEM,
        IDLE,
        WAIT,
        IRQ,
        SOFTIRQ,
        FIELDS
    };
    static const double share[FIELDS] = {
        [USER] = 0.80, [SYSTEM] = 0.16, [IRQ] = 0.01, [SOFTIRQ] = 0.03};
    uint64_t all[FIELDS] = {0};
    struct buf lines;

    buf_init(&lines, 0);
    for (unsigned cpu = 0; cpu < h->cpu_len; cpu++) {
        double busy_s = demo_wave_sum(&h->cpus[cpu], t_s);
        uint64_t field[FIELDS];
        for (int i = 0; i < FIELDS; i++)
            field[i] = ticks(busy_s * share[i]);
        field[WAIT] = ticks(t_s * IOWAIT);
        field[IDLE] = ticks(t_s * (1 - IOWAIT) - busy_s);
        buf_printf(&lines, "cpu%u", cpu);
        for (int i = 0; i < FIELDS; i++) {
            buf_char(&lines, ' ');
            buf_u64(&lines, field[i]);
            all[i] += field[i];
        }
        buf_text(&lines, " 0 0 0\n");
    }
    buf_text(&h->tree.text, "cpu ");
    for (int i = 0; i < FIELDS; i++) {
        buf_char(&h->tree.text, ' ');
        buf_u64(&h->tree.text, all[i]);
    }
    buf_text(&h->tree.text, " 0 0 0\n");
    buf_str_add(&h->tree.text, buf_str(&lines));
    h->tree.text.failed = h->tree.text.failed || lines.failed;
    buf_fini(&lines);
    buf_printf(&h->tree.text, "intr 0\nctxt 0\nbtime %lld\n", (long long)(h->boot_ms / 1000));
    demo_tree_put(&h->tree, "proc/stat");
}

static double mean_load(const struct demo_host *h, unsigned socket, double t_s, double over_s)
{
    double sum = 0;
    unsigned n = 0;

    for (unsigned cpu = 0; cpu < h->cpu_len; cpu++) {
        if (socket != UINT32_MAX && socket_of(h, cpu) != socket)
            continue;
        const struct demo_wave *w = &h->cpus[cpu];
        sum += over_s > 0 ? (demo_wave_sum(w, t_s) - demo_wave_sum(w, t_s - over_s)) / over_s
                          : demo_wave_at(w, t_s);
        n++;
    }
    return n ? sum / n : 0;
}

static void put_load(struct demo_host *h, double t_s)
{
    static const double minutes[] = {1, 5, 15};

    for (size_t i = 0; i < ARRAY_LEN(minutes); i++)
        buf_printf(&h->tree.text, "%.2f ",
                   mean_load(h, UINT32_MAX, t_s, minutes[i] * 60) * h->cpu_len);
    buf_printf(&h->tree.text, "2/%zu 4242\n", 300 + h->spec.process_len);
    demo_tree_put(&h->tree, "proc/loadavg");
    buf_printf(&h->tree.text, "%.2f %.2f\n", t_s, t_s * h->cpu_len / 2);
    demo_tree_put(&h->tree, "proc/uptime");
}

static uint64_t resident(const struct demo_process *p, const struct demo_wave *w, double t_s)
{
    /* Grows and shrinks by up to a fiftieth with its work. */
    double part = w->mean > 0 ? demo_wave_at(w, t_s) / w->mean - 1 : 0;
    return (uint64_t)((double)p->memory_bytes * (1 + part / 50));
}

static void put_memory(struct demo_host *h, double t_s)
{
    uint64_t used = h->spec.memory_bytes / 25; /* the kernel and all that is not listed */

    for (size_t i = 0; i < h->spec.process_len; i++)
        used += resident(&h->spec.processes[i], &h->processes[i], t_s);
    uint64_t total = h->spec.memory_bytes, available = total - MIN(used, total);
    uint64_t cached = (uint64_t)((double)available * demo_wave_at(&h->cache, t_s));
    const struct {
        const char *key;
        uint64_t bytes;
    } lines[] = {{"MemTotal", total},
                 {"MemFree", available - cached},
                 {"MemAvailable", available},
                 {"Buffers", cached / 20},
                 {"Cached", cached - cached / 20},
                 {"Shmem", 0},
                 {"SwapTotal", 0},
                 {"SwapFree", 0}};
    for (size_t i = 0; i < ARRAY_LEN(lines); i++)
        buf_printf(&h->tree.text, "%s: %15llu kB\n", lines[i].key,
                   (unsigned long long)(lines[i].bytes / 1024));
    demo_tree_put(&h->tree, "proc/meminfo");
}

static void put_sockets(struct demo_host *h, double t_s)
{
    char path[PATH_SIZE];

    for (unsigned socket = 0; socket < h->spec.sockets; socket++) {
        double load = mean_load(h, socket, t_s, 30); /* metal warms slowly */
        double work_s = mean_load(h, socket, t_s, t_s) * t_s;
        double joules =
            h->spec.socket_idle_w * t_s + (h->spec.socket_max_w - h->spec.socket_idle_w) * work_s;
        snprintf(path, sizeof(path), "sys/class/hwmon/hwmon%u/temp1_input", socket);
        buf_printf(&h->tree.text, "%d\n", (int)((IDLE_C + (BUSY_C - IDLE_C) * load) * 4) * 250);
        demo_tree_put(&h->tree, path);
        snprintf(path, sizeof(path), "sys/class/powercap/intel-rapl:%u/energy_uj", socket);
        buf_printf(&h->tree.text, "%llu\n",
                   (unsigned long long)((uint64_t)(joules * 1e6) % RAPL_RANGE_UJ));
        demo_tree_put(&h->tree, path);
    }
    for (unsigned cpu = 0; cpu < h->cpu_len; cpu++) {
        double load = demo_wave_at(&h->cpus[cpu], t_s);
        double mhz = h->spec.idle_mhz + (h->spec.max_mhz - h->spec.idle_mhz) * MIN(1.5 * load, 1);
        snprintf(path, sizeof(path), "sys/devices/system/cpu/cpufreq/policy%u/scaling_cur_freq",
                 cpu);
        buf_printf(&h->tree.text, "%u\n", (unsigned)mhz * 1000);
        demo_tree_put(&h->tree, path);
    }
}

static void put_process_stat(struct demo_host *h, const struct demo_process *p,
                             const struct demo_wave *w, uint64_t start_ticks, double t_s)
{
    char path[PATH_SIZE];
    double busy_s = demo_wave_sum(w, t_s);

    snprintf(path, sizeof(path), "proc/%d/stat", p->pid);
    buf_printf(&h->tree.text,
               "%d (%.15s) %c 1 %d %d 0 -1 4194304 0 0 0 0 %llu %llu 0 0 20 0 %d 0 %llu 0 %llu 0\n",
               p->pid, p->name, p->cpu_ratio > 0.5 ? 'R' : 'S', p->pid, p->pid,
               (unsigned long long)ticks(busy_s * 0.85), (unsigned long long)ticks(busy_s * 0.15),
               1 + (int)p->cpu_ratio, (unsigned long long)start_ticks,
               (unsigned long long)(resident(p, w, t_s) / PAGE_BYTES));
    demo_tree_put(&h->tree, path);
}

static void put_processes(struct demo_host *h, double t_s)
{
    static const struct demo_wave rest = {.omega = {1, 1, 1}};

    put_process_stat(h, &systemd, &rest, TICKS_PER_S, t_s);
    buf_text(&h->tree.text,
             "2 (kthreadd) S 0 0 0 0 -1 2129984 0 0 0 0 0 0 0 0 20 0 1 0 100 0 0 0\n");
    demo_tree_put(&h->tree, "proc/2/stat");
    for (size_t i = 0; i < h->spec.process_len; i++) /* one after the other, soon after the start */
        put_process_stat(h, &h->spec.processes[i], &h->processes[i],
                         (uint64_t)(60 + i) * TICKS_PER_S, t_s);
}

/* ---- the outside ---- */

static void init_waves(struct demo_host *h)
{
    uint64_t seed = hash_more(h->spec.seed, "host", 4);
    double load = MIN(MAX(h->spec.load_ratio, 0.005), LOAD_MAX);

    h->cpus = xcalloc(h->cpu_len, sizeof(*h->cpus));
    for (unsigned cpu = 0; cpu < h->cpu_len; cpu++) {
        /* CPUs are unlike: some have twice the load of others. */
        double part = 2.0 / 3 + 2.0 / 3 * demo_random(seed, SEED_CPU + cpu);
        demo_wave_init(&h->cpus[cpu], hash_more(seed, &cpu, sizeof(cpu)),
                       MIN(load * part, LOAD_MAX), SWING);
    }
    h->processes = xcalloc(MAX(h->spec.process_len, 1), sizeof(*h->processes));
    for (size_t i = 0; i < h->spec.process_len; i++)
        demo_wave_init(&h->processes[i], seed + SEED_PROCESS + i, h->spec.processes[i].cpu_ratio,
                       SWING / 2);
    demo_wave_init(&h->cache, seed + SEED_MEMORY, 0.35, SWING / 2);
}

int demo_host_open(const char *dir, const struct demo_host_spec *spec, struct demo_host **ret,
                   struct error *err)
{
    uint64_t cpus =
        (uint64_t)spec->sockets * spec->cores_per_socket * MAX(spec->threads_per_core, 1);
    int code = 0;

    if (!cpus || cpus > DEMO_CPUS_MAX)
        return error_set(err, -EINVAL, "a machine has 1 to %d CPUs", DEMO_CPUS_MAX);
    struct demo_host *h = xnew(struct demo_host);
    h->spec = *spec;
    h->cpu_len = (unsigned)cpus;
    demo_tree_init(&h->tree, h->dir);
    int n = snprintf(h->answers, sizeof(h->answers), "%s/answers", dir);
    if (n < 0 || (size_t)n >= sizeof(h->answers))
        code = -ENAMETOOLONG;
    str_copy(h->dir, sizeof(h->dir), str_of(dir));
    snprintf(h->procfs, sizeof(h->procfs), "%.*s/proc", (int)sizeof(h->procfs) - 6, dir);
    snprintf(h->sysfs, sizeof(h->sysfs), "%.*s/sys", (int)sizeof(h->sysfs) - 5, dir);
    init_waves(h);
    if (!code)
        code = file_mkdirs(h->answers, NULL);
    if (!code) {
        put_cpus(h);
        put_sensors(h);
        put_identity(h);
        put_mounts(h);
        put_users(h);
        put_process(h, &systemd);
        for (size_t i = 0; i < h->spec.process_len; i++)
            put_process(h, &h->spec.processes[i]);
        h->cards = demo_cards_new(spec->cards, spec->card_len, spec->seed, &h->tree);
        code = h->tree.code;
    }
    if (code) {
        demo_host_close(h);
        return error_errno(err, code, "simulated machine in %s", dir);
    }
    *ret = h;
    return 0;
}

/* A file that cannot be written keeps its old value: for a demonstration that will do. */
void demo_host_tick(struct demo_host *h, int64_t now_ms)
{
    if (!h->boot_ms) {
        double up_s = UPTIME_MIN_S + UPTIME_SPAN_S * demo_random(h->spec.seed, SEED_START);
        h->boot_ms = (now_ms / 1000 - (int64_t)up_s) * 1000;
    }
    h->now_ms = MAX(h->now_ms, now_ms);
    double t_s = (double)(h->now_ms - h->boot_ms) / 1000;
    put_stat(h, t_s);
    put_load(h, t_s);
    put_memory(h, t_s);
    put_sockets(h, t_s);
    put_processes(h, t_s);
    demo_cards_move(h->cards, t_s, &h->tree);
}

const char *demo_host_answers(const struct demo_host *h)
{
    return h->answers;
}

struct host_paths demo_host_paths(const struct demo_host *h)
{
    return (struct host_paths){.procfs = h->procfs, .sysfs = h->sysfs, .rootfs = h->dir};
}

void demo_host_close(struct demo_host *h)
{
    if (!h)
        return;
    free(h->cpus);
    free(h->processes);
    demo_cards_free(h->cards);
    demo_tree_fini(&h->tree);
    free(h);
}
