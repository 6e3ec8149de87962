/* jetson_test.c - the collector on trees of boards from Nano to Thor. */
#include "device/jetson/jetson.h"
#include "device/jetson/jetson_load.h"
#include "device/linux_test.h"

static const struct board_rail *rail_of(const struct board *b, const char *name)
{
    static const struct board_rail none;

    for (size_t i = 0; i < b->rail_len; i++)
        if (strcmp(b->rails[i].name, name) == 0)
            return &b->rails[i];
    return &none;
}

static const struct board_engine *engine_of(const struct board *b, const char *name)
{
    for (size_t i = 0; i < b->engine_len; i++)
        if (strcmp(b->engines[i].name, name) == 0)
            return &b->engines[i];
    fail_msg("no engine %s", name);
    return b->engines;
}

static bool has_zone(const struct board *b, const char *name)
{
    for (size_t i = 0; i < b->zone_len; i++)
        if (strcmp(b->zones[i].name, name) == 0)
            return true;
    return false;
}

static void agx_orin_is_read_whole(void **state)
{
    struct bench *b = bench_new(&jetson_collector, "jetson-orin-jp6");
    const struct reading *r = bench_read(b);
    const struct accelerator *a = r->accelerators;

    (void)state;
    assert_int_equal(r->accelerator_len, 1);
    assert_string_equal(a->name, "NVIDIA Jetson AGX Orin Developer Kit");
    assert_string_equal(a->uuid, "JetsonGPU");
    assert_string_equal(a->architecture, "Ampere");
    assert_string_equal(r->platforms[0].driver_version, "36.4.3");
    assert_string_equal(r->platforms[0].runtime_version, "12.6.11");
    assert_near(a->utilization_ratio, 0.573);
    assert_near(a->utilization_max_ratio, 0.573);
    assert_near(a->clock_graphics_mhz, 918);
    assert_near(a->clock_graphics_max_mhz, 1300.5);
    assert_near(a->temperature_c, 45.093);
    assert_near(a->power_w, 3.99); /* VDD_GPU_SOC: 19 V, 0.21 A */
    assert_near(a->fan_ratio, 0.4);
    assert_near(a->fan_rpm, 2410);
    assert_near(a->mem_shared, 1);
    assert_int_equal(a->mem_total_bytes, UINT64_C(1024) * 31433880);
    assert_int_equal(a->mem_used_bytes, UINT64_C(1024) * (31433880 - 25165824));
    assert_true(isnan(a->memory_utilization_ratio));

    const struct board *o = &r->board;
    assert_string_equal(o->soc, "tegra234");
    assert_string_equal(o->jetpack, "6.2");
    assert_string_equal(o->power_mode, "MAXN");
    assert_near(o->power_mode_id, 0);
    assert_int_equal(o->rail_len, 4); /* NC and the sum of shunts are none */
    assert_near(rail_of(o, "VIN_SYS_5V0")->power_w, 5.056 * 0.76);
    assert_true(o->power_is_sum);
    assert_near(o->power_w, 19 * (0.21 + 0.048 + 0.02) + 5.056 * 0.76);
    assert_int_equal(o->zone_len, 4);
    assert_false(has_zone(o, "cv0-thermal")); /* switched off */
    assert_near(engine_of(o, "nvdec")->running, 1);
    assert_near(engine_of(o, "nvdec")->clock_mhz, 1011.2);
    assert_near(engine_of(o, "nvenc")->running, 0);
    assert_near(engine_of(o, "dla0")->running, 1);
    assert_near(engine_of(o, "dla1")->running, 0);
    assert_near(o->memory_clock_mhz, 3199);
    assert_near(o->memory_controller_ratio, 0.03);
    bench_free(b);
}

static void processes_are_those_of_nvmap_each_once(void **state)
{
    struct bench *b = bench_new(&jetson_collector, "jetson-orin-jp6");
    const struct reading *r = bench_read(b);

    (void)state;
    assert_int_equal(r->accelerator_process_len, 2);
    assert_false(r->accelerators[0].processes_untold);
    assert_int_equal(r->accelerator_processes[0].pid, 2210);
    assert_int_equal(r->accelerator_processes[0].mem_used_bytes, UINT64_C(1024) * (4194304 + 1024));
    assert_int_equal(r->accelerator_processes[1].pid, 1650);
    assert_true(isnan(r->accelerator_processes[1].sm_ratio));
    bench_free(b);
}

static void energy_and_busy_time_are_integrals(void **state)
{
    struct bench *b = bench_new(&jetson_collector, "jetson-orin-jp6");

    (void)state;
    assert_near(bench_read(b)->accelerators[0].energy_j_total, 0);
    tree_write(&b->tree, "sys/bus/i2c/drivers/ina3221/1-0040/hwmon/hwmon3/curr1_input", "630\n");
    const struct accelerator *a = bench_read(b)->accelerators;
    assert_near(a->energy_j_total, 5 * 19 * (0.21 + 0.63) / 2); /* over TURN_NS */
    assert_near(a->detail.busy_s_total, 5 * 0.573);
    bench_free(b);
}

static void nano_has_the_older_files(void **state)
{
    struct bench *b = bench_new(&jetson_collector, "jetson-nano-jp4");
    const struct reading *r = bench_read(b);
    const struct accelerator *a = r->accelerators;

    (void)state;
    assert_string_equal(a->architecture, "Maxwell");
    assert_string_equal(r->board.jetpack, "4.6");
    assert_near(a->utilization_ratio, 0.995);
    assert_near(a->power_w, 1.45);
    assert_near(a->temperature_c, 37.5);
    assert_near(a->fan_ratio, 80 / 255.0);
    assert_true(isnan(a->fan_rpm));
    assert_near(r->board.power_w, 5.12);
    assert_false(r->board.power_is_sum);
    assert_near(rail_of(&r->board, "POM_5V_CPU")->current_a, 0.177);
    assert_false(has_zone(&r->board, "PMIC-Die"));
    assert_near(engine_of(&r->board, "nvenc")->running, 0); /* its clock is called msenc */
    assert_near(r->board.memory_controller_ratio, 0.25);
    bench_free(b);
}

static void xavier_adds_up_two_chips(void **state)
{
    struct bench *b = bench_new(&jetson_collector, "jetson-xavier-jp4");
    const struct reading *r = bench_read(b);

    (void)state;
    assert_near(r->accelerators[0].power_w, 1.5);
    assert_int_equal(r->board.rail_len, 6);
    assert_true(r->board.power_is_sum);
    assert_near(r->board.power_w, 1.5 + 1.2 + 2.1 + 0 + 0.6 + 1.9);
    assert_false(has_zone(&r->board, "Tdiode_tegra"));
    assert_near(r->accelerators[0].fan_rpm, 1830);
    assert_near(engine_of(&r->board, "dla0")->running, 1);
    assert_string_equal(r->board.power_mode, "MODE_15W");
    assert_int_equal(r->accelerator_process_len, 2); /* the lines of mappings are passed over */
    bench_free(b);
}

static void a_rail_shared_with_the_cpu_is_no_power_of_the_gpu(void **state)
{
    struct bench *b = bench_new(&jetson_collector, "jetson-orin-nx-jp5");
    const struct reading *r = bench_read(b);

    (void)state;
    assert_true(isnan(r->accelerators[0].power_w));
    assert_true(isnan(r->accelerators[0].energy_j_total));
    assert_near(r->board.power_w, 5.072 * 0.912);
    assert_false(r->board.power_is_sum);
    assert_near(r->accelerators[0].utilization_ratio, 0); /* railgated: idle */
    assert_int_equal(r->accelerators[0].state, ACCELERATOR_OK);
    assert_int_equal(r->accelerator_process_len, 0); /* no debugfs */
    assert_true(r->accelerators[0].processes_untold);
    assert_int_equal(r->board.engine_len, 0);
    assert_true(isnan(r->board.memory_clock_mhz));
    bench_free(b);
}

static void a_container_sees_the_gpu_by_its_address(void **state)
{
    struct bench *b = bench_new(&jetson_collector, "jetson-container");
    const struct reading *r = bench_read(b);

    (void)state;
    assert_int_equal(r->accelerator_len, 1);
    assert_string_equal(r->accelerators[0].name, "NVIDIA Jetson Orin");
    assert_string_equal(r->board.soc, "tegra234");
    assert_string_equal(r->board.l4t, "");
    assert_near(r->accelerators[0].utilization_ratio, 0.041);
    assert_near(r->board.power_w, 6);
    assert_true(isnan(r->board.power_mode_id));
    bench_free(b);
}

static void thor_leaves_its_gpu_to_nvml(void **state)
{
    struct bench *b = bench_new(&jetson_collector, "jetson-thor-jp7");
    const struct reading *r = bench_read(b);

    (void)state;
    assert_false(jetson_has_nvgpu(&b->tree.paths));
    assert_int_equal(r->accelerator_len, 0);
    assert_string_equal(r->board.jetpack, "7.0");
    assert_true(r->board.power_is_sum);

    struct jetson_gpu *gpu = jetson_gpu_open(&b->tree.paths);
    struct accelerator a;
    accelerator_init(&a, "nvidia", 0);
    a.temperature_c = 51; /* what NVML told stands */
    assert_non_null(gpu);
    jetson_gpu_fill(gpu, &a, b->mono_ns);
    assert_near(a.temperature_c, 51);
    assert_near(a.clock_graphics_mhz, 1386);
    assert_near(a.power_w, 10.8);
    assert_near(a.mem_shared, 1);
    assert_true(isnan(a.utilization_ratio)); /* this board has no such file */
    jetson_gpu_close(gpu);
    bench_free(b);
}

static void thor_without_its_driver_is_still_read(void **state)
{
    struct bench *b = bench_new(&jetson_collector, "jetson-thor-jp7");

    (void)state;
    tree_remove(&b->tree, "proc/driver");
    const struct reading *r = bench_read(b);
    assert_int_equal(r->accelerator_len, 1);
    assert_string_equal(r->accelerators[0].architecture, "Blackwell");
    assert_near(r->accelerators[0].temperature_c, 46.25);
    bench_free(b);
}

static void a_gpu_of_another_maker_is_none_of_ours(void **state)
{
    struct tree t;

    (void)state;
    tree_open(&t, "host-epyc");
    tree_write(&t, "sys/class/devfreq/fb000000.gpu/device/load", "0@300000000Hz\n");
    tree_write(&t, "sys/class/devfreq/fb000000.gpu/cur_freq", "300000000\n");
    assert_false(jetson_collector.detect(&t.paths));
    assert_null(jetson_gpu_open(&t.paths));
    tree_close(&t);
}

static void values_that_cannot_be_are_left_out(void **state)
{
    struct bench *b = bench_new(&jetson_collector, "jetson-orin-jp6");

    (void)state;
    tree_write(&b->tree, "sys/class/devfreq/17000000.gpu/device/load", "5730\n");
    tree_write(&b->tree, "sys/class/devfreq/17000000.gpu/cur_freq", "-1\n");
    tree_write(&b->tree, "sys/class/thermal/thermal_zone1/temp", "\n");
    tree_write(&b->tree, "sys/bus/i2c/drivers/ina3221/1-0040/hwmon/hwmon3/in1_input", "-19000\n");
    tree_write(&b->tree, "sys/class/hwmon/hwmon0/pwm1", "300\n");
    tree_write(&b->tree, "sys/kernel/debug/cactmon/mc_all", "99999999\n");
    tree_write(&b->tree, "root/var/lib/nvpmodel/status", "pmode:zzz\n");
    tree_write(&b->tree, "proc/meminfo", "MemTotal: 10 kB\nMemAvailable: 20 kB\n");
    const struct reading *r = bench_read(b);
    const struct accelerator *a = r->accelerators;
    assert_true(isnan(a->utilization_ratio));
    assert_true(isnan(a->clock_graphics_mhz));
    assert_true(isnan(a->temperature_c));
    assert_true(isnan(a->power_w));
    assert_true(isnan(a->fan_ratio));
    assert_true(isnan(a->mem_shared));
    assert_int_equal(a->mem_total_bytes, UNKNOWN_COUNT);
    assert_true(isnan(r->board.memory_controller_ratio));
    assert_true(isnan(r->board.power_mode_id));
    assert_string_equal(rail_of(&r->board, "VDD_GPU_SOC")->name, "");
    bench_free(b);
}

static void the_load_is_the_mean_of_its_samples(void **state)
{
    struct tree t;
    struct jetson_load l;
    static const char *const loads[] = {"100\n", "900\n", "junk\n", "200\n"};

    (void)state;
    tree_open(&t, "jetson-orin-jp6");
    jetson_load_open(&l, -1); /* without its thread: this test is the clock */
    l.fd = linux_file_hot_open(t.sysfs, "class/devfreq/17000000.gpu/device/load");
    for (size_t i = 0; i < ARRAY_LEN(loads); i++) {
        tree_write(&t, "sys/class/devfreq/17000000.gpu/device/load", loads[i]);
        if (i + 1 < ARRAY_LEN(loads))
            jetson_load_sample(&l);
    }
    struct jetson_load_summary s = jetson_load_take(&l);
    assert_near(s.mean, 0.4);
    assert_near(s.low, 0.1);
    assert_near(s.high, 0.9);
    assert_near(jetson_load_take(&l).high, 0.2); /* begun anew */
    jetson_load_close(&l);
    tree_close(&t);
}

static void doctor_says_what_it_is_and_what_it_lacks(void **state)
{
    struct bench *b = bench_new(&jetson_collector, "jetson-container");
    const struct finding *f = bench_finding(b, "jetson");

    (void)state;
    assert_int_equal(f->level, FINDING_OK);
    assert_non_null(strstr(f->what, "tegra234"));
    struct finding *list = NULL;
    size_t len = 0;
    b->collector->diagnose(&b->tree.paths, &b->arena, &list, &len);
    assert_int_equal(len, 3); /* and: no release, no debugfs */
    assert_non_null(strstr(list[2].advice, "debugfs"));
    bench_free(b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(agx_orin_is_read_whole),
        cmocka_unit_test(processes_are_those_of_nvmap_each_once),
        cmocka_unit_test(energy_and_busy_time_are_integrals),
        cmocka_unit_test(nano_has_the_older_files),
        cmocka_unit_test(xavier_adds_up_two_chips),
        cmocka_unit_test(a_rail_shared_with_the_cpu_is_no_power_of_the_gpu),
        cmocka_unit_test(a_container_sees_the_gpu_by_its_address),
        cmocka_unit_test(thor_leaves_its_gpu_to_nvml),
        cmocka_unit_test(thor_without_its_driver_is_still_read),
        cmocka_unit_test(a_gpu_of_another_maker_is_none_of_ours),
        cmocka_unit_test(values_that_cannot_be_are_left_out),
        cmocka_unit_test(the_load_is_the_mean_of_its_samples),
        cmocka_unit_test(doctor_says_what_it_is_and_what_it_lacks),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
