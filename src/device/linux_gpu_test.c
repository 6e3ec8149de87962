/* linux_gpu_test.c - GPUs of drivers that tell little, on trees of machines. */
#include "device/linux_gpu.h"
#include "device/linux_test.h"

static const struct accelerator_part *part_of(const struct reading *r, unsigned card,
                                              const char *name)
{
    for (size_t i = 0; i < r->part_len; i++)
        if (r->parts[i].accelerator == card && !strcmp(r->parts[i].name, name))
            return &r->parts[i];
    fail_msg("no part %s of card %u", name, card);
    return r->parts;
}

static void a_board_s_gpu_is_read_by_its_clients(void **state)
{
    struct bench *b = bench_new(&linux_gpu_collector, "drm-rpi5");
    const struct reading *r = bench_read(b);

    (void)state;
    assert_int_equal(r->accelerator_len, 1); /* what only shows pictures is none */
    assert_string_equal(r->accelerators[0].name, "Broadcom VideoCore VII");
    assert_string_equal(r->accelerators[0].uuid, "GPU-gpu@1002000000");
    assert_near(r->accelerators[0].mem_shared, 1);
    assert_int_equal(r->accelerators[0].mem_total_bytes, UINT64_C(8000000) * 1024);
    assert_int_equal(r->accelerators[0].mem_used_bytes, UINT64_C(48) << 20);
    assert_true(isnan(r->accelerators[0].temperature_c)); /* the CPU's zone is not its */
    assert_int_equal(r->accelerator_processes[0].pid, 800);
    tree_write(&b->tree, "proc/800/fdinfo/11",
               "drm-driver:\tv3d\ndrm-client-id:\t5\ndrm-engine-bin:\t1500000000 ns\n"
               "drm-engine-render:\t4000000000 ns\ndrm-engine-csd:\t500000000 ns\n"
               "drm-resident-memory:\t48 MiB\n");
    r = bench_read(b);
    assert_near(r->accelerators[0].utilization_ratio, 0.4); /* 2 s of 5 */
    assert_near(part_of(r, 0, "bin")->utilization_ratio, 0.1);
    assert_near(part_of(r, 0, "csd")->utilization_ratio, 0);
    assert_near(r->accelerator_processes[0].sm_ratio, 0.5);
    bench_free(b);
}

static void clocks_and_heat_come_from_where_the_kernel_has_them(void **state)
{
    struct bench *b = bench_new(&linux_gpu_collector, "drm-rk3588");
    const struct accelerator *a = bench_read(b)->accelerators;

    (void)state;
    assert_string_equal(a->name, "Arm Mali (rk3588)");
    assert_near(a->clock_graphics_mhz, 300);
    assert_near(a->clock_graphics_max_mhz, 1000);
    assert_near(a->temperature_c, 47); /* by the zone's type, not its number */
    assert_int_equal(a->mem_used_bytes, UINT64_C(180) << 20);

    /* Cycles alone, at a highest clock of 1 GHz: 2.5 of 5 s. */
    tree_write(&b->tree, "proc/900/fdinfo/6",
               "drm-driver:\tpanfrost\ndrm-client-id:\t8\ndrm-cycles-fragment:\t1000000000\n"
               "drm-maxfreq-fragment:\t1000 MHz\n");
    (void)bench_read(b);
    tree_write(&b->tree, "proc/900/fdinfo/6",
               "drm-driver:\tpanfrost\ndrm-client-id:\t8\ndrm-cycles-fragment:\t3500000000\n"
               "drm-maxfreq-fragment:\t1000 MHz\n");
    assert_near(bench_read(b)->accelerators[0].utilization_ratio, 0.5);
    tree_write(&b->tree, "sys/class/drm/card0/device/profiling", "0\n");
    struct finding *list = NULL;
    size_t len = 0, about = 0;
    b->collector->diagnose(&b->tree.paths, &b->arena, &list, &len);
    for (size_t i = 0; i < len; i++)
        about += strstr(list[i].what, "counts no engines until") != NULL;
    assert_int_equal(about, 1);
    bench_free(b);
}

static void a_driver_that_tells_nothing_has_no_load_and_no_memory(void **state)
{
    struct bench *b = bench_new(&linux_gpu_collector, "drm-nouveau");

    (void)state;
    (void)bench_read(b);
    const struct accelerator *a = bench_read(b)->accelerators;
    assert_int_equal(b->reading.accelerator_len, 1);
    assert_string_equal(a->name, "GeForce GTX 1050 Ti"); /* of its own vendor in the list */
    assert_near(a->temperature_c, 44);
    assert_near(a->power_w, 21);
    assert_near(a->fan_rpm, 1300);
    assert_near(a->pcie_width, 16);
    assert_true(isnan(a->utilization_ratio));
    assert_int_equal(a->mem_used_bytes, UNKNOWN_COUNT);
    assert_int_equal(b->reading.accelerator_process_len, 1); /* who it is, is known */
    assert_true(isnan(b->reading.accelerator_processes[0].sm_ratio));

    tree_write(&b->tree, "sys/class/drm/card1/device/power/runtime_status", "suspended\n");
    a = bench_read(b)->accelerators;
    assert_int_equal(a->state, ACCELERATOR_SLEEPING);
    assert_true(isnan(a->temperature_c) && isnan(a->pcie_width));
    assert_int_equal(b->reading.accelerator_process_len, 0);
    bench_free(b);
}

static void gpus_with_a_collector_of_their_own_are_left_to_it(void **state)
{
    static const char *const trees[] = {"amd-workstation", "intel-arc-xe", "jetson-orin-jp6"};
    struct tree t;

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(trees); i++) {
        tree_open(&t, trees[i]);
        assert_false(linux_gpu_collector.detect(&t.paths));
        tree_close(&t);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_board_s_gpu_is_read_by_its_clients),
        cmocka_unit_test(clocks_and_heat_come_from_where_the_kernel_has_them),
        cmocka_unit_test(a_driver_that_tells_nothing_has_no_load_and_no_memory),
        cmocka_unit_test(gpus_with_a_collector_of_their_own_are_left_to_it),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
