/* demo_host_test.c - the simulated machine, as our own collectors see it. */
#include "demo_host.h"

#include "demo_wave.h"

#include <setjmp.h>
#include <stdarg.h>
#include <unistd.h>

#include <cmocka.h>

#ifdef __linux__ /* only there are collectors that read such a tree */

#define NOW_MS ((int64_t)1770000000000)
#define GIB    ((uint64_t)1 << 30)

static const struct demo_process processes[] = {
    {4100, "python3", "ada", "python3 train.py --model x", 3.5, 40 * GIB, NULL},
    {4200, "VLLM::EngineCore", "bob", "VLLM::EngineCore", 1.2, 80 * GIB, NULL},
    {4300, "tensorboard", "ada", "tensorboard --logdir /data", 0.02, GIB, NULL},
};
static const struct demo_mount mounts[] = {{"/data", "/dev/nvme1n1", "xfs"}};

static const struct demo_host_spec spec = {
    .hostname = "gpu-01",
    .vendor = "Supermicro",
    .product = "SYS-421GE-TNRT",
    .cpu_vendor = "GenuineIntel",
    .cpu_model = "Intel(R) Xeon(R) Gold 6430",
    .sockets = 2,
    .cores_per_socket = 4,
    .threads_per_core = 2,
    .idle_mhz = 800,
    .max_mhz = 3400,
    .socket_idle_w = 70,
    .socket_max_w = 270,
    .load_ratio = 0.4,
    .memory_bytes = 512 * GIB,
    .mounts = mounts,
    .mount_len = ARRAY_LEN(mounts),
    .processes = processes,
    .process_len = ARRAY_LEN(processes),
    .seed = 7,
};

static const char *const names[] = {"cpu", "memory", "disk", "process", "chassis"};
enum {
    CPU,
    MEMORY,
    DISK,
    PROCESS,
    CHASSIS,
    KINDS
};

struct machine {
    char dir[64];
    struct demo_host *host;
    struct arena arena;
    const struct collector *collectors[KINDS];
    void *states[KINDS];
    struct reading readings[KINDS];
};

static const struct collector *collector_named(const char *name)
{
    for (size_t i = 0; collectors[i]; i++)
        if (strcmp(collectors[i]->name, name) == 0)
            return collectors[i];
    fail_msg("no collector %s", name);
    return collectors[0];
}

static void machine_read(struct machine *m, int64_t now_ms)
{
    struct error error;

    demo_host_tick(m->host, now_ms);
    arena_reset(&m->arena);
    for (int i = 0; i < KINDS; i++) {
        reading_init(&m->readings[i], &m->arena);
        m->readings[i].mono_ns = (uint64_t)(now_ms - NOW_MS + 1000) * NS_PER_MS;
        if (m->collectors[i]->read(m->states[i], &m->readings[i], &error))
            fail_msg("%s: %s", names[i], error.text);
    }
}

static void machine_open(struct machine *m, const struct demo_host_spec *s)
{
    struct error error;

    *m = (struct machine){.host = NULL};
    snprintf(m->dir, sizeof(m->dir), "%s/algalon-demo-XXXXXX",
             access("/dev/shm", W_OK | X_OK) ? "/tmp" : "/dev/shm"); /* in memory if possible */
    assert_non_null(mkdtemp(m->dir));
    if (demo_host_open(m->dir, s, &m->host, &error))
        fail_msg("%s", error.text);
    struct host_paths paths = demo_host_paths(m->host);
    arena_init(&m->arena, 0);
    demo_host_tick(m->host, NOW_MS - 5000);
    for (int i = 0; i < KINDS; i++) {
        m->collectors[i] = collector_named(names[i]);
        assert_true(m->collectors[i]->detect(&paths));
        if (m->collectors[i]->open(&paths, &m->states[i], &error))
            fail_msg("%s: %s", names[i], error.text);
    }
    machine_read(m, NOW_MS);
}

static void machine_close(struct machine *m)
{
    for (int i = 0; i < KINDS; i++)
        m->collectors[i]->close(m->states[i]);
    arena_fini(&m->arena);
    demo_host_close(m->host);
    assert_int_equal(file_remove_tree(m->dir), 0);
}

static bool within(double value, double low, double high)
{
    if (value >= low && value <= high)
        return true;
    print_error("%g is not within %g and %g\n", value, low, high);
    return false;
}

static void the_machine_is_what_was_asked_for(void **state)
{
    struct machine m;

    (void)state;
    machine_open(&m, &spec);
    const struct cpu *cpu = &m.readings[CPU].cpu;
    assert_string_equal(cpu->model, spec.cpu_model);
    assert_string_equal(cpu->platform, "Intel");
    assert_int_equal(cpu->socket_count, 2);
    assert_int_equal(cpu->core_count, 8);
    assert_int_equal(cpu->thread_count, 16);
    assert_true(isnan(cpu->limit_cores));
    assert_true(within(cpu->boot_time_s, NOW_MS / 1000.0 - 44 * 86400, NOW_MS / 1000.0 - 86400));
    assert_true(m.readings[MEMORY].memory.total_bytes == spec.memory_bytes);
    assert_false(m.readings[MEMORY].memory.limited);
    const struct chassis *chassis = &m.readings[CHASSIS].chassis;
    assert_string_equal(chassis->product, spec.product);
    assert_string_equal(chassis->virtualization, "");
    assert_string_equal(chassis->container, "");
    assert_int_equal(m.readings[DISK].filesystem_len, 2);
    assert_string_equal(m.readings[DISK].filesystems[1].mount_point, "/data");
    assert_true(m.readings[DISK].filesystems[1].total_bytes > 0);
    machine_close(&m);
}

static void processes_have_their_users_and_their_work(void **state)
{
    struct machine m;

    (void)state;
    machine_open(&m, &spec);
    machine_read(&m, NOW_MS + 5000);
    const struct reading *r = &m.readings[PROCESS];
    assert_int_equal(r->process_len, ARRAY_LEN(processes) + 2);
    assert_int_equal(r->processes_hidden, 0);
    for (size_t i = 0; i < ARRAY_LEN(processes); i++) {
        const struct process *p = &r->processes[2 + i]; /* by pid, behind systemd and kthreadd */
        double mean = processes[i].cpu_ratio;
        assert_int_equal(p->pid, processes[i].pid);
        assert_string_equal(p->name, processes[i].name);
        assert_string_equal(p->user, processes[i].user);
        assert_string_equal(p->command, processes[i].command);
        assert_true(within(p->cpu_ratio, mean * 0.6 - 0.01, mean * 1.4 + 0.01));
        assert_true(within((double)p->memory_bytes, 0.97 * (double)processes[i].memory_bytes,
                           1.03 * (double)processes[i].memory_bytes));
        assert_true(p->start_time_s < NOW_MS / 1000.0);
    }
    machine_close(&m);
}

/* The extremes over an hour say that values move, and that they stay where values belong. */
static void all_that_moves_stays_plausible_for_an_hour(void **state)
{
    struct machine m;
    double busy_min = 1, busy_max = 0, watts_min = 1e9, watts_max = 0, used_min = 1e18,
           used_max = 0;

    (void)state;
    machine_open(&m, &spec);
    for (int64_t t = 5000; t <= 3600000; t += 5000) {
        machine_read(&m, NOW_MS + t);
        const struct cpu *cpu = &m.readings[CPU].cpu;
        const struct memory *memory = &m.readings[MEMORY].memory;
        assert_true(within(cpu->utilization_ratio, 0.05, 0.95));
        assert_true(within(cpu->iowait_ratio, 0, 0.02));
        assert_true(within(cpu->power_w, 2 * 70, 2 * 270));
        assert_true(within(cpu->temperature_c, 36, 78));
        assert_true(within(cpu->frequency_mhz, 800, 3400));
        assert_true(within(cpu->load1, 16 * 0.05, 16));
        assert_true(within(cpu->uptime_s + cpu->boot_time_s, (double)(NOW_MS + t) / 1000 - 1,
                           (double)(NOW_MS + t) / 1000 + 1));
        for (size_t i = 0; i < cpu->core_len; i++)
            assert_true(within(cpu->cores[i].utilization_ratio, 0, 1));
        assert_true(memory->used_bytes < memory->total_bytes);
        assert_true(memory->cached_bytes + memory->free_bytes <= memory->total_bytes);
        busy_min = fmin(busy_min, cpu->utilization_ratio);
        busy_max = fmax(busy_max, cpu->utilization_ratio);
        watts_min = fmin(watts_min, cpu->power_w);
        watts_max = fmax(watts_max, cpu->power_w);
        used_min = fmin(used_min, (double)memory->used_bytes);
        used_max = fmax(used_max, (double)memory->used_bytes);
    }
    assert_true(busy_max - busy_min > 0.05);
    assert_true(watts_max - watts_min > 10);
    assert_true(used_max - used_min > (double)(GIB / 8));
    machine_close(&m);
}

static void the_same_seed_gives_the_same_machine_and_another_another(void **state)
{
    struct machine a, b, c;
    struct demo_host_spec other = spec;

    (void)state;
    other.seed = 8;
    machine_open(&a, &spec);
    machine_open(&b, &spec);
    machine_open(&c, &other);
    machine_read(&a, NOW_MS + 5000);
    machine_read(&b, NOW_MS + 2000); /* on another path to the same time */
    machine_read(&b, NOW_MS + 5000);
    machine_read(&c, NOW_MS + 5000);
    assert_true(a.readings[CPU].cpu.uptime_s == b.readings[CPU].cpu.uptime_s);
    assert_true(a.readings[CPU].cpu.load5 == b.readings[CPU].cpu.load5);
    assert_true(a.readings[MEMORY].memory.used_bytes == b.readings[MEMORY].memory.used_bytes);
    assert_true(a.readings[CPU].cpu.load5 != c.readings[CPU].cpu.load5);
    assert_true(a.readings[CPU].cpu.uptime_s != c.readings[CPU].cpu.uptime_s);
    machine_close(&a);
    machine_close(&b);
    machine_close(&c);
}

static void time_that_goes_back_stands_still(void **state)
{
    struct machine m;

    (void)state;
    machine_open(&m, &spec);
    machine_read(&m, NOW_MS + 60000);
    double uptime_s = m.readings[CPU].cpu.uptime_s;
    machine_read(&m, NOW_MS + 30000);
    assert_true(m.readings[CPU].cpu.uptime_s == uptime_s);
    machine_close(&m);
}

static void an_amd_machine_has_amds_sensors(void **state)
{
    struct machine m;
    struct demo_host_spec amd = spec;

    (void)state;
    amd.cpu_vendor = "AuthenticAMD";
    amd.cpu_model = "AMD EPYC 9654 96-Core Processor";
    machine_open(&m, &amd);
    const struct cpu *cpu = &m.readings[CPU].cpu;
    assert_string_equal(cpu->platform, "Amd");
    assert_true(within(cpu->sockets[0].temperature_c, 36, 78));
    assert_true(within(cpu->sockets[1].temperature_c, 36, 78));
    machine_close(&m);
}

static void what_cannot_be_is_refused(void **state)
{
    struct demo_host *host;
    struct demo_host_spec bad = spec;
    struct error error;

    (void)state;
    bad.sockets = 0;
    assert_int_equal(demo_host_open("/tmp/algalon-demo-none", &bad, &host, &error), -EINVAL);
    bad.sockets = 1000000;
    assert_int_equal(demo_host_open("/tmp/algalon-demo-none", &bad, &host, &error), -EINVAL);
    assert_true(demo_host_open("/dev/null/x", &spec, &host, &error) < 0);
    demo_host_close(NULL);
}

static void a_wave_is_never_negative_and_its_sum_is_its_integral(void **state)
{
    struct demo_wave w;
    double sum = 0, step = 0.01;

    (void)state;
    demo_wave_init(&w, 3, 0.5, 0.8);
    for (double t = 0; t < 600; t += step) {
        double value = demo_wave_at(&w, t + step / 2);
        assert_true(within(value, 0.5 * 0.2 - 1e-9, 0.5 * 1.8 + 1e-9));
        sum += value * step;
    }
    assert_true(within(demo_wave_sum(&w, 600) - sum, -0.01, 0.01));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_machine_is_what_was_asked_for),
        cmocka_unit_test(processes_have_their_users_and_their_work),
        cmocka_unit_test(all_that_moves_stays_plausible_for_an_hour),
        cmocka_unit_test(the_same_seed_gives_the_same_machine_and_another_another),
        cmocka_unit_test(time_that_goes_back_stands_still),
        cmocka_unit_test(an_amd_machine_has_amds_sensors),
        cmocka_unit_test(what_cannot_be_is_refused),
        cmocka_unit_test(a_wave_is_never_negative_and_its_sum_is_its_integral),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

#else

int main(void)
{
    return 0;
}

#endif
