/* linux_cpu.c - load, clocks, temperature and power of the CPUs. */
#include "device/linux.h"

#include "device/linux_cgroup.h"
#include "device/linux_hwmon.h"
#include "device/linux_proc.h"
#include "device/linux_rapl.h"
#include "device/linux_topology.h"

#include <unistd.h>

#define STAT_FIRST      4096 /* bytes of /proc/stat read at first; a CPU's line has about 90 */
#define STAT_MAX        (1u << 20)                 /* LINUX_CPU_MAX lines fit */
#define LOOK_AGAIN      (300 * (uint64_t)NS_PER_S) /* for sensors and counters that were not there */
#define BOOT_TIME_TURNS 64 /* it moves with the clock: not for ever what it was at the start */

/* What a CPU had done when it was last seen. */
struct slot {
    struct linux_ticks ticks;
    uint64_t turn; /* the reading in which; 0: never */
};

struct state {
    struct host_paths paths;
    int stat_fd, load_fd, uptime_fd;
    char *text; /* the head of /proc/stat */
    size_t text_size;
    uint64_t turn;
    struct slot all, *slots; /* by CPU number */
    size_t slot_len;
    struct linux_cpuset online;
    struct linux_topology topology;
    struct linux_clocks clocks;
    struct linux_cpu_sensors sensors;
    struct linux_rapl rapl;
    uint64_t look_ns; /* when to look for sensors again */
    struct linux_cpu_name name;
    struct linux_view view;
    struct linux_cgroup cgroup;
    double boot_time_s;
};

static bool cpu_detect(const struct host_paths *paths)
{
    return linux_file_exists(paths->procfs, "stat");
}

static void cpu_close(void *state)
{
    struct state *s = state;

    if (!s)
        return;
    linux_rapl_close(&s->rapl);
    linux_cpu_sensors_close(&s->sensors);
    linux_clocks_fini(&s->clocks);
    linux_topology_fini(&s->topology);
    const int fds[] = {s->stat_fd, s->load_fd, s->uptime_fd};
    for (size_t i = 0; i < ARRAY_LEN(fds); i++)
        if (fds[i] >= 0)
            close(fds[i]);
    free(s->slots);
    free(s->text);
    free(s);
}

static int cpu_open(const struct host_paths *paths, void **ret, struct error *err)
{
    int stat_fd = linux_file_hot_open(paths->procfs, "stat");

    if (stat_fd < 0)
        return error_errno(err, stat_fd, "%s/stat", paths->procfs);
    struct state *s = xnew(struct state);
    s->paths = *paths;
    s->stat_fd = stat_fd;
    s->load_fd = linux_file_hot_open(paths->procfs, "loadavg");
    s->uptime_fd = linux_file_hot_open(paths->procfs, "uptime");
    s->text_size = STAT_FIRST;
    s->text = xcalloc(1, s->text_size);
    linux_cpu_name_read(&s->name, paths);
    linux_view_look(paths, &s->view);
    linux_cgroup_find(paths, &s->cgroup);
    *ret = s;
    return 0;
}

/* Reads the CPU lines of /proc/stat; the rest of it, interrupt counts, may be far longer. */
static struct str read_stat(struct state *s)
{
    for (;;) {
        ssize_t n = linux_file_hot(s->stat_fd, s->text, s->text_size);
        struct str text = str_make(s->text, n > 0 ? (size_t)n : 0);
        bool full = text.len == s->text_size - 1;
        if (!full || s->text_size >= STAT_MAX || str_contains(text, STR("\nintr")))
            return text;
        free(s->text);
        s->text_size *= 2;
        s->text = xcalloc(1, s->text_size);
    }
}

/* What a CPU did since the turn before; unknown when it was not there then. */
static struct linux_load since(struct slot *slot, const struct linux_ticks *now, uint64_t turn)
{
    struct linux_load load = {UNKNOWN, UNKNOWN, UNKNOWN};

    if (slot->turn && slot->turn + 1 == turn)
        load = linux_proc_load(&slot->ticks, now);
    slot->ticks = *now;
    slot->turn = turn;
    return load;
}

static void look_at_sensors(struct state *s, uint64_t mono_ns)
{
    bool missing = !s->sensors.len || s->rapl.len == s->rapl.forbidden;

    if (s->look_ns && (!missing || mono_ns < s->look_ns))
        return;
    linux_cpu_sensors_close(&s->sensors);
    linux_cpu_sensors_open(&s->sensors, s->paths.sysfs, s->topology.package,
                           s->topology.socket_len);
    if (s->rapl.len == s->rapl.forbidden) {
        linux_rapl_close(&s->rapl);
        linux_rapl_open(&s->rapl, s->paths.sysfs);
    }
    s->look_ns = mono_ns + LOOK_AGAIN;
}

/* Counts the CPUs in /proc/stat and makes the tables fit when other ones are online than before. */
static size_t follow_cpus(struct state *s, struct str text)
{
    struct linux_cpuset online = {{0}};
    struct linux_ticks ticks;
    size_t count = 0, last = 0;
    int cpu;

    while (linux_proc_stat_next(&text, &cpu, &ticks)) {
        if (cpu < 0 || cpu >= LINUX_CPU_MAX)
            continue;
        online.bits[cpu / 64] |= (uint64_t)1 << (cpu % 64);
        last = MAX(last, (size_t)cpu);
        count++;
    }
    if (!memcmp(&online, &s->online, sizeof(online)))
        return count;
    s->online = online;
    linux_topology_read(&s->topology, s->paths.sysfs, &online);
    linux_clocks_fini(&s->clocks);
    s->look_ns = 0; /* sensors stand by socket */
    if (last >= s->slot_len) {
        struct slot *grown = xcalloc(last + 1, sizeof(*grown));
        if (s->slot_len)
            memcpy(grown, s->slots, s->slot_len * sizeof(*grown));
        free(s->slots);
        s->slots = grown;
        s->slot_len = last + 1;
    }
    return count;
}

/* A mean over values of which some may be unknown. */
struct mean {
    double sum;
    unsigned n;
};

static void mean_add(struct mean *m, double value)
{
    if (!isnan(value)) {
        m->sum += value;
        m->n++;
    }
}

static double mean_of(const struct mean *m)
{
    return m->n ? m->sum / m->n : UNKNOWN;
}

static void fill_cores(struct state *s, struct str text, struct cpu *cpu, size_t max)
{
    struct mean busy[LINUX_SOCKET_MAX] = {{0}}, mhz[LINUX_SOCKET_MAX] = {{0}}, all = {0};
    struct linux_ticks ticks;
    int number;

    while (linux_proc_stat_next(&text, &number, &ticks)) {
        if (number < 0) {
            struct linux_load load = since(&s->all, &ticks, s->turn);
            cpu->utilization_ratio = load.busy;
            cpu->iowait_ratio = load.iowait;
            cpu->steal_ratio = load.steal;
            continue;
        }
        if (number >= LINUX_CPU_MAX || cpu->core_len == max)
            continue;
        const struct linux_place *place = &s->topology.cpu[number];
        struct cpu_core *core = &cpu->cores[cpu->core_len++];
        core->id = (unsigned)number;
        core->socket = s->topology.socket_id[place->socket];
        memcpy(core->type, place->type, sizeof(core->type));
        core->utilization_ratio = since(&s->slots[number], &ticks, s->turn).busy;
        core->frequency_mhz = s->clocks.mhz[number];
        mean_add(&busy[place->socket], core->utilization_ratio);
        mean_add(&mhz[place->socket], core->frequency_mhz);
        mean_add(&all, core->frequency_mhz);
    }
    cpu->frequency_mhz = mean_of(&all);
    for (size_t i = 0; i < cpu->socket_len; i++) {
        cpu->sockets[i].utilization_ratio = mean_of(&busy[i]);
        cpu->sockets[i].frequency_mhz = mean_of(&mhz[i]);
    }
}

/* Power adds up over sockets and the dies of each; the whole shows the hottest socket. */
static void fill_sensors(struct state *s, struct cpu *cpu, uint64_t mono_ns)
{
    double celsius[LINUX_SOCKET_MAX];

    if (s->sensors.len && !linux_cpu_sensors_read(&s->sensors, celsius, cpu->socket_len))
        linux_cpu_sensors_close(&s->sensors); /* the driver went: look again later */
    for (size_t i = 0; i < cpu->socket_len; i++) {
        cpu->sockets[i].temperature_c = s->sensors.len ? celsius[i] : UNKNOWN;
        cpu->temperature_c = fmax(cpu->temperature_c, cpu->sockets[i].temperature_c);
    }
    for (size_t i = 0; i < s->rapl.len; i++) {
        double watts = linux_rapl_read(&s->rapl, i, mono_ns);
        for (size_t k = 0; k < cpu->socket_len && !isnan(watts); k++) {
            struct cpu_socket *socket = &cpu->sockets[k];
            if (s->topology.package[k] != s->rapl.zone[i].package)
                continue;
            socket->power_w = isnan(socket->power_w) ? watts : socket->power_w + watts;
            cpu->power_w = isnan(cpu->power_w) ? watts : cpu->power_w + watts;
        }
    }
}

static void fill_times(struct state *s, struct cpu *cpu)
{
    char text[128];
    struct linux_loadavg load;
    ssize_t n = linux_file_hot(s->load_fd, text, sizeof(text));

    if (n > 0 && linux_proc_loadavg(str_make(text, (size_t)n), &load)) {
        cpu->load1 = load.load1;
        cpu->load5 = load.load5;
        cpu->load15 = load.load15;
    }
    n = linux_file_hot(s->uptime_fd, text, sizeof(text));
    struct str rest = str_make(text, n > 0 ? (size_t)n : 0);
    double seconds;
    if (num_parse(str_cut(&rest, ' '), &seconds))
        cpu->uptime_s = seconds;
    if (s->turn % BOOT_TIME_TURNS == 1)
        s->boot_time_s = linux_file_boot_time(s->paths.procfs);
    cpu->boot_time_s = s->boot_time_s;
    if (s->view.limited)
        cpu->limit_cores = linux_cgroup_cpus(&s->cgroup);
}

static int cpu_read(void *state, struct reading *out, struct error *err)
{
    struct state *s = state;
    struct cpu *cpu = &out->cpu;

    if (!out->mono_ns)
        out->mono_ns = clock_mono_ns();
    struct str text = read_stat(s);
    size_t count = follow_cpus(s, text);
    if (!count)
        return error_set(err, -EIO, "%s/stat names no CPU", s->paths.procfs);
    s->turn++;
    cpu->cores = arena_calloc(out->arena, count, sizeof(*cpu->cores));
    cpu->sockets = arena_calloc(out->arena, s->topology.socket_len, sizeof(*cpu->sockets));
    if (!cpu->cores || !cpu->sockets)
        return error_errno(err, -ENOMEM, "reading of %zu CPUs", count);
    cpu->present = true;
    memcpy(cpu->model, s->name.model, sizeof(cpu->model));
    memcpy(cpu->architecture, s->name.architecture, sizeof(cpu->architecture));
    memcpy(cpu->platform, s->name.platform, sizeof(cpu->platform));
    cpu->socket_count = (unsigned)s->topology.socket_len;
    cpu->core_count = s->topology.core_count;
    cpu->thread_count = s->topology.thread_count;
    cpu->socket_len = s->topology.socket_len;
    for (size_t i = 0; i < cpu->socket_len; i++)
        cpu->sockets[i] = (struct cpu_socket){.id = s->topology.socket_id[i], .power_w = UNKNOWN};
    look_at_sensors(s, out->mono_ns);
    fill_sensors(s, cpu, out->mono_ns); /* before clocks, which may take their time */
    linux_clocks_read(&s->clocks, &s->paths, &s->topology, out->mono_ns);
    fill_cores(s, text, cpu, count);
    fill_times(s, cpu);
    return 0;
}

static void diagnose_power(const struct linux_rapl *rapl, const struct linux_view *view,
                           bool virtual_cpu, struct arena *a, struct finding **ret, size_t *ret_len)
{
    if (rapl->forbidden)
        finding_add(a, ret, ret_len, FINDING_WARNING, "cpu power",
                    "Run as root, or let a group read it: put the line 'z "
                    "/sys/devices/virtual/powercap/intel-rapl/intel-rapl:*/energy_uj 0440 root "
                    "algalon' into /etc/tmpfiles.d/algalon.conf, then systemd-tmpfiles --create.",
                    "%zu of %zu energy counters of CPU packages may not be read by this user",
                    rapl->forbidden, rapl->len);
    else if (rapl->len)
        finding_add(a, ret, ret_len, FINDING_OK, "cpu power", "",
                    "%zu CPU packages report their power", rapl->len);
    else if (virtual_cpu)
        finding_add(a, ret, ret_len, FINDING_NOTE, "cpu power", "",
                    "a virtual machine has no energy counters of its CPUs");
    else
        finding_add(a, ret, ret_len, FINDING_NOTE, "cpu power",
                    view->runtime[0]
                        ? "Mount the host's /sys and give its place with --path.sysfs: container "
                          "runtimes hide the energy counters in their own."
                        : "",
                    "no energy counters of CPU packages (powercap)");
}

static void cpu_diagnose(const struct host_paths *paths, struct arena *a, struct finding **ret,
                         size_t *ret_len)
{
    struct reading reading;
    struct error error;
    void *state;

    reading_init(&reading, a);
    if (cpu_open(paths, &state, &error)) {
        finding_add(a, ret, ret_len, FINDING_ERROR, "cpu",
                    "Mount the host's /proc, or correct --path.procfs.", "%s", error.text);
        return;
    }
    struct state *s = state;
    const struct cpu *cpu = &reading.cpu;
    if (cpu_read(state, &reading, &error))
        finding_add(a, ret, ret_len, FINDING_ERROR, "cpu", "", "%s", error.text);
    else
        finding_add(a, ret, ret_len, FINDING_OK, "cpu", "", "%s: sockets %u, cores %u, threads %u",
                    cpu->model[0] ? cpu->model : "CPU", cpu->socket_count, cpu->core_count,
                    cpu->thread_count);
    if (s->sensors.len)
        finding_add(a, ret, ret_len, FINDING_OK, "cpu temperature", "", "%zu sensors of the CPU",
                    s->sensors.len);
    else
        finding_add(a, ret, ret_len, FINDING_NOTE, "cpu temperature",
                    s->name.hypervisor ? "" : "Load the driver: modprobe coretemp or k10temp.",
                    "no sensor of the CPU itself (coretemp, k10temp, zenpower, cpu_thermal)");
    diagnose_power(&s->rapl, &s->view, s->name.hypervisor, a, ret, ret_len);
    if (!isnan(cpu->limit_cores))
        finding_add(a, ret, ret_len, FINDING_NOTE, "cpu limit", "",
                    "this container may use %.2f CPUs", cpu->limit_cores);
    cpu_close(state);
}

const struct collector linux_cpu_collector = {
    .name = "cpu",
    .detect = cpu_detect,
    .open = cpu_open,
    .read = cpu_read,
    .close = cpu_close,
    .diagnose = cpu_diagnose,
};
