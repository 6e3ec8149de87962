/* linux_cpu_test.c - CPUs, over recorded machines. */
#include "device/linux_test.h"

#include "device/linux_topology.h"

static bool has_core(const struct cpu *cpu, unsigned id)
{
    for (size_t i = 0; i < cpu->core_len; i++)
        if (cpu->cores[i].id == id)
            return true;
    return false;
}

static const struct cpu_core *core_of(const struct cpu *cpu, unsigned id)
{
    size_t at = 0;

    assert_true(has_core(cpu, id));
    while (cpu->cores[at].id != id)
        at++;
    return &cpu->cores[at];
}

static void the_first_reading_has_no_rates(void **state)
{
    struct bench *b = bench_new(&linux_cpu_collector, "host-intel/1");
    const struct cpu *cpu = &bench_read(b)->cpu;

    (void)state;
    assert_true(cpu->present);
    assert_string_equal(cpu->model, "Intel(R) Xeon(R) Gold 6430");
    assert_string_equal(cpu->architecture, "x86_64");
    assert_string_equal(cpu->platform, "Intel");
    assert_int_equal(cpu->socket_count, 2);
    assert_int_equal(cpu->core_count, 4);
    assert_int_equal(cpu->thread_count, 8);
    assert_int_equal(cpu->core_len, 8);
    assert_true(isnan(cpu->utilization_ratio) && isnan(cpu->iowait_ratio) && isnan(cpu->power_w));
    assert_true(isnan(core_of(cpu, 0)->utilization_ratio));
    assert_near(cpu->load5, 1.25);
    assert_near(cpu->uptime_s, 86400.25);
    assert_near(cpu->boot_time_s, 1700000000);
    assert_near(core_of(cpu, 3)->frequency_mhz, 2300);
    assert_near(cpu->sockets[1].frequency_mhz, 2550);
    assert_near(cpu->frequency_mhz, 2350);
    bench_free(b);
}

static void rates_are_over_what_went_by_and_an_offline_cpu_leaves(void **state)
{
    struct bench *b = bench_new(&linux_cpu_collector, "host-intel/1");

    (void)state;
    bench_read(b);
    tree_lay(&b->tree, "host-intel/2");
    const struct cpu *cpu = &bench_read(b)->cpu;
    assert_int_equal(cpu->thread_count, 7);
    assert_int_equal(cpu->core_len, 7);
    assert_false(has_core(cpu, 5));
    assert_int_equal(cpu->core_count, 4);
    assert_near(cpu->utilization_ratio, 350.0 / 4000);
    assert_near(core_of(cpu, 0)->utilization_ratio, 0.5);
    assert_near(core_of(cpu, 1)->utilization_ratio, 0.2); /* its iowait went back */
    assert_near(core_of(cpu, 7)->utilization_ratio, 0);
    assert_near(cpu->sockets[0].utilization_ratio, 0.7 / 4);
    assert_near(cpu->sockets[1].utilization_ratio, 0);
    bench_free(b);
}

static void a_cpu_that_comes_back_has_no_rate_at_first(void **state)
{
    struct bench *b = bench_new(&linux_cpu_collector, "host-intel/1");

    (void)state;
    bench_read(b);
    tree_lay(&b->tree, "host-intel/2");
    bench_read(b);
    tree_lay(&b->tree, "host-intel/2"); /* once more: no time went by */
    tree_write(&b->tree, "proc/stat",
               "cpu  9000 0 4000 85000 900 0 0 0\ncpu0 1300 0 500 10700 100 0 0 0\n"
               "cpu5 1500 0 500 10500 100 0 0 0\nintr 1\nbtime 1700000000\n");
    const struct cpu *cpu = &bench_read(b)->cpu;
    assert_int_equal(cpu->thread_count, 2);
    assert_near(core_of(cpu, 0)->utilization_ratio, 0.1);
    assert_true(isnan(core_of(cpu, 5)->utilization_ratio));
    assert_int_equal(core_of(cpu, 5)->socket, 1);
    bench_free(b);
}

static void energy_counters_become_watts_over_their_wrap(void **state)
{
    struct bench *b = bench_new(&linux_cpu_collector, "host-intel/1");

    (void)state;
    bench_read(b);
    tree_lay(&b->tree, "host-intel/2");
    const struct cpu *cpu = &bench_read(b)->cpu;
    assert_near(cpu->sockets[0].power_w, 120);
    assert_near(cpu->sockets[1].power_w, 40);
    assert_near(cpu->power_w, 160); /* not memory, not MMIO's double, not the platform */
    cpu = &bench_read(b)->cpu;
    assert_near(cpu->power_w, 0);
    bench_free(b);
}

static void an_energy_counter_that_starts_anew_gives_no_value(void **state)
{
    struct bench *b = bench_new(&linux_cpu_collector, "host-intel/1");

    (void)state;
    bench_read(b);
    tree_write(&b->tree, "sys/class/powercap/intel-rapl:0/energy_uj", "5\n");
    const struct cpu *cpu = &bench_read(b)->cpu;
    assert_true(isnan(cpu->sockets[0].power_w));
    bench_free(b);
}

static void temperatures_are_the_packages_and_no_others(void **state)
{
    struct bench *b = bench_new(&linux_cpu_collector, "host-intel/1");
    const struct cpu *cpu = &bench_read(b)->cpu;

    (void)state;
    assert_near(cpu->sockets[0].temperature_c, 54);
    assert_near(cpu->sockets[1].temperature_c, 61);
    assert_near(cpu->temperature_c, 61);
    tree_write(&b->tree, "sys/class/hwmon/hwmon2/temp1_input", "255000\n"); /* a lost sensor */
    cpu = &bench_read(b)->cpu;
    assert_true(isnan(cpu->sockets[1].temperature_c));
    assert_near(cpu->temperature_c, 54);
    bench_free(b);
}

static void without_the_cpus_own_sensor_there_is_no_temperature(void **state)
{
    struct bench *b = bench_new(&linux_cpu_collector, "host-intel/1");

    (void)state;
    tree_remove(&b->tree, "sys/class/hwmon/hwmon2");
    tree_remove(&b->tree, "sys/class/hwmon/hwmon3");
    assert_true(isnan(bench_read(b)->cpu.temperature_c));
    assert_int_equal(bench_finding(b, "cpu temperature")->level, FINDING_NOTE);
    bench_free(b);
}

static void epyc_sensors_stand_by_their_bus_and_the_die_is_preferred(void **state)
{
    struct bench *b = bench_new(&linux_cpu_collector, "host-epyc");
    const struct cpu *cpu = &bench_read(b)->cpu;

    (void)state;
    assert_string_equal(cpu->platform, "Amd");
    assert_near(cpu->sockets[0].temperature_c, 55.25);
    assert_near(cpu->sockets[1].temperature_c, 70);
    bench_free(b);
}

static void hybrid_cores_have_their_kind_and_share_a_clock(void **state)
{
    struct bench *b = bench_new(&linux_cpu_collector, "host-hybrid");
    const struct cpu *cpu = &bench_read(b)->cpu;

    (void)state;
    assert_int_equal(cpu->core_count, 4);
    assert_int_equal(cpu->thread_count, 6);
    for (unsigned id = 0; id < 6; id++) {
        assert_string_equal(core_of(cpu, id)->type, id < 4 ? "P" : "E");
        assert_near(core_of(cpu, id)->frequency_mhz, id < 4 ? 4700 : 3300);
    }
    assert_near(cpu->temperature_c, 48);
    bench_free(b);
}

static void the_mean_clock_is_preferred_where_the_kernel_has_it(void **state)
{
    struct bench *b = bench_new(&linux_cpu_collector, "host-hybrid");

    (void)state;
    tree_write(&b->tree, "sys/devices/system/cpu/cpufreq/policy0/cpuinfo_avg_freq", "1234000\n");
    tree_write(&b->tree, "sys/devices/system/cpu/cpufreq/policy1/cpuinfo_avg_freq", "");
    const struct cpu *cpu = &bench_read(b)->cpu;
    assert_near(core_of(cpu, 0)->frequency_mhz, 1234);
    assert_near(core_of(cpu, 1)->frequency_mhz, 4700); /* idle: nothing to average */
    bench_free(b);
}

static void arm_parts_have_names_and_grace_its_power_meters(void **state)
{
    struct bench *b = bench_new(&linux_cpu_collector, "host-grace");
    const struct cpu *cpu = &bench_read(b)->cpu;

    (void)state;
    assert_string_equal(cpu->model, "Arm Neoverse V2");
    assert_string_equal(cpu->architecture, "aarch64");
    assert_string_equal(cpu->platform, "Arm");
    assert_int_equal(cpu->socket_count, 2);
    assert_near(cpu->sockets[0].power_w, 142);
    assert_near(cpu->power_w, 275.5);
    assert_string_equal(core_of(cpu, 0)->type, "C");
    assert_true(isnan(cpu->frequency_mhz) && isnan(cpu->temperature_c));
    bench_free(b);
}

static void arm_capacities_tell_big_from_little(void **state)
{
    struct bench *b = bench_new(&linux_cpu_collector, "host-grace");

    (void)state;
    for (unsigned id = 0; id < 4; id++) {
        char path[64];
        snprintf(path, sizeof(path), "sys/devices/system/cpu/cpu%u/cpu_capacity", id);
        tree_write(&b->tree, path, id < 2 ? "446\n" : "1024\n");
    }
    tree_write(&b->tree, "proc/cpuinfo",
               "processor\t: 0\nCPU implementer\t: 0x41\nCPU part\t: 0xd05\n\n"
               "processor\t: 2\nCPU implementer\t: 0x41\nCPU part\t: 0xd0b\n\n"
               "processor\t: 3\nCPU implementer\t: 0x41\nCPU part\t: 0xfff\n\n");
    const struct cpu *cpu = &bench_read(b)->cpu;
    assert_string_equal(cpu->model, "Arm Cortex-A55 + Cortex-A76 + part 0xfff");
    assert_string_equal(core_of(cpu, 1)->type, "E");
    assert_string_equal(core_of(cpu, 2)->type, "P");
    bench_free(b);
}

static void package_numbers_that_are_table_offsets_become_small(void **state)
{
    struct bench *b = bench_new(&linux_cpu_collector, "host-grace");

    (void)state;
    for (unsigned id = 0; id < 4; id++) {
        char path[80];
        snprintf(path, sizeof(path), "sys/devices/system/cpu/cpu%u/topology/physical_package_id",
                 id);
        tree_write(&b->tree, path, id < 2 ? "5418\n" : "36\n");
    }
    const struct cpu *cpu = &bench_read(b)->cpu;
    assert_int_equal(cpu->socket_count, 2);
    assert_int_equal(core_of(cpu, 0)->socket, 1);
    assert_int_equal(core_of(cpu, 3)->socket, 0);
    bench_free(b);
}

static void a_guest_shows_stolen_time_and_clocks_of_cpuinfo(void **state)
{
    struct bench *b = bench_new(&linux_cpu_collector, "host-vm/1");
    const struct cpu *cpu = &bench_read(b)->cpu;

    (void)state;
    assert_near(cpu->frequency_mhz, 2594.4);
    tree_lay(&b->tree, "host-vm/2");
    cpu = &bench_read(b)->cpu;
    assert_near(cpu->steal_ratio, 0.5);
    assert_near(cpu->iowait_ratio, 0.1);
    assert_near(cpu->utilization_ratio, 0.6);
    assert_true(isnan(cpu->power_w) && isnan(cpu->temperature_c) && isnan(cpu->limit_cores));
    assert_non_null(strstr(bench_finding(b, "cpu power")->what, "virtual"));
    bench_free(b);
}

static void quotas_bind_in_containers_only(void **state)
{
    static const struct {
        const char *fixture;
        double limit;
    } cases[] = {
        {"host-docker-v2", 1.5}, /* of the groups above, one has 4 and one none */
        {"host-docker-v1", 0.5}, /* the parent's; cpu.shares = 2 is no limit */
        {"host-lxc", 2},
        {"host-intel/1", 0}, /* a service's own quota is not the machine's */
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct bench *b = bench_new(&linux_cpu_collector, cases[i].fixture);
        double limit = bench_read(b)->cpu.limit_cores;
        if (cases[i].limit > 0)
            assert_near(limit, cases[i].limit);
        else
            assert_true(isnan(limit));
        bench_free(b);
    }
}

static void a_container_that_watches_the_host_has_no_limits(void **state)
{
    struct bench *b = bench_new(&linux_cpu_collector, "host-docker-v2");

    (void)state;
    tree_write(&b->tree, "proc/2/stat",
               "2 (kthreadd) S 0 0 0 0 -1 2129984 0 0 0 0 0 6 0 0 20 0 1 0 5 0 0 0\n");
    assert_true(isnan(bench_read(b)->cpu.limit_cores));
    bench_free(b);
}

static void counters_that_may_not_be_read_are_reported_with_a_remedy(void **state)
{
    struct bench *b = bench_new(&linux_cpu_collector, "host-intel/1");

    (void)state;
    assert_int_equal(bench_finding(b, "cpu power")->level, FINDING_OK);
    tree_remove(&b->tree, "sys/class/powercap/intel-rapl:0/energy_uj");
    tree_remove(&b->tree, "sys/class/powercap/intel-rapl:1/energy_uj");
    const struct finding *f = bench_finding(b, "cpu power");
    assert_int_equal(f->level, FINDING_WARNING);
    assert_non_null(strstr(f->advice, "tmpfiles"));
    assert_non_null(strstr(f->advice, "--create.")); /* not cut */
    assert_true(isnan(bench_read(b)->cpu.power_w));
    bench_free(b);
}

static void a_thousand_cpus_fit(void **state)
{
    struct bench *b = bench_new(&linux_cpu_collector, "host-hidepid");
    struct buf text;

    (void)state;
    buf_init(&text, 0);
    buf_text(&text, "cpu  1 0 0 1 0 0 0 0 0 0\n");
    for (unsigned id = 0; id < 1024; id++)
        buf_printf(&text, "cpu%u 123456789 1234567 12345678 1234567890 12345 1 2 3 4 5\n", id);
    for (int i = 0; i < 20000; i++)
        buf_text(&text, i ? " 0" : "intr");
    buf_text(&text, "\nbtime 5\n");
    tree_write_bytes(&b->tree, "proc/stat", text.ptr, text.len);
    const struct cpu *cpu = &bench_read(b)->cpu;
    assert_int_equal(cpu->core_len, 1024);
    assert_int_equal(cpu->thread_count, 1024);
    assert_near(cpu->boot_time_s, 5);
    buf_fini(&text);
    bench_free(b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_first_reading_has_no_rates),
        cmocka_unit_test(rates_are_over_what_went_by_and_an_offline_cpu_leaves),
        cmocka_unit_test(a_cpu_that_comes_back_has_no_rate_at_first),
        cmocka_unit_test(energy_counters_become_watts_over_their_wrap),
        cmocka_unit_test(an_energy_counter_that_starts_anew_gives_no_value),
        cmocka_unit_test(temperatures_are_the_packages_and_no_others),
        cmocka_unit_test(without_the_cpus_own_sensor_there_is_no_temperature),
        cmocka_unit_test(epyc_sensors_stand_by_their_bus_and_the_die_is_preferred),
        cmocka_unit_test(hybrid_cores_have_their_kind_and_share_a_clock),
        cmocka_unit_test(the_mean_clock_is_preferred_where_the_kernel_has_it),
        cmocka_unit_test(arm_parts_have_names_and_grace_its_power_meters),
        cmocka_unit_test(arm_capacities_tell_big_from_little),
        cmocka_unit_test(package_numbers_that_are_table_offsets_become_small),
        cmocka_unit_test(a_guest_shows_stolen_time_and_clocks_of_cpuinfo),
        cmocka_unit_test(quotas_bind_in_containers_only),
        cmocka_unit_test(a_container_that_watches_the_host_has_no_limits),
        cmocka_unit_test(counters_that_may_not_be_read_are_reported_with_a_remedy),
        cmocka_unit_test(a_thousand_cpus_fit),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
