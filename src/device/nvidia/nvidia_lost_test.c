/* Tests of GPUs that are lost, and found again. */
#include "device/nvidia/nvidia_rig.h"

/* ---- lost and found ---- */

static void a_lost_gpu_stays_with_its_identity_and_comes_back(void **state)
{
    struct rig *rig = *state;
    char uuid[96];

    rig_open(rig, "gpu 4 H200 profile=training\nfault lost gpu=2 from=10\n");
    snprintf(uuid, sizeof(uuid), "%s", rig_read(rig, 5)[2].uuid);
    for (int k = 10; k < 70; k += 10) {
        const struct accelerator *a = rig_read(rig, k);
        assert_int_equal(rig->r.accelerator_len, 4);
        assert_int_equal(a[2].state, ACCELERATOR_LOST);
        assert_string_equal(a[2].uuid, uuid);
        assert_string_equal(a[2].name, "NVIDIA H200");
        assert_true(isnan(a[2].utilization_ratio) && isnan(a[2].temperature_c));
        assert_true(a[2].mem_used_bytes == UNKNOWN_COUNT);
        assert_int_equal(a[3].state, ACCELERATOR_OK);
        assert_true(a[3].utilization_ratio > 0);
        for (size_t i = 0; i < rig->r.accelerator_process_len; i++)
            assert_int_not_equal(rig->r.accelerator_processes[i].accelerator, 2);
    }
    assert_int_equal(rig->inits(), 1); /* the others are left in peace for a minute */
    rig_read(rig, 80);
    assert_int_equal(rig->inits(), 2);
    assert_int_equal(rig->r.accelerators[2].state, ACCELERATOR_OK);
    assert_string_equal(rig->r.accelerators[2].uuid, uuid);
}

static void a_gpu_that_the_driver_no_longer_counts_keeps_its_number(void **state)
{
    struct rig *rig = *state;
    char last[96];

    rig_open(rig, "gpu 4 H200\nfault lost gpu=1 from=10 back=gone\n");
    snprintf(last, sizeof(last), "%s", rig_read(rig, 5)[3].uuid);
    rig_read(rig, 10);
    rig_read(rig, 15);
    rig_read(rig, 80);
    assert_int_equal(rig->inits(), 2);
    assert_int_equal(rig->r.accelerator_len, 4);
    assert_int_equal(rig->r.accelerators[1].state, ACCELERATOR_LOST);
    assert_string_equal(rig->r.accelerators[1].name, "NVIDIA H200");
    assert_string_equal(rig->r.accelerators[3].uuid, last);
    assert_int_equal(rig->r.accelerators[3].index, 3);
    assert_int_equal(rig->r.accelerators[3].state, ACCELERATOR_OK);
}

static void when_all_are_lost_the_library_is_opened_anew_with_growing_patience(void **state)
{
    struct rig *rig = *state;

    rig_open(rig, "gpu 2 H200\nfault lost from=4 until=100 back=never\n");
    rig_read(rig, 0);
    for (int k = 5; k < 100; k += 5) {
        rig_read(rig, k);
        assert_int_equal(rig->r.accelerator_len, 2);
        assert_int_equal(rig->r.accelerators[1].state, ACCELERATOR_LOST);
        assert_string_equal(rig->r.accelerators[1].name, "NVIDIA H200");
    }
    assert_in_range(rig->inits(), 4, 8);
    rig_read(rig, 165);
    assert_int_equal(rig->r.accelerators[0].state, ACCELERATOR_OK);
    assert_false(isnan(rig->r.accelerators[0].temperature_c));
}

static void a_gpu_lost_from_the_start_keeps_its_slot(void **state)
{
    struct rig *rig = *state;

    rig_file(rig, "proc/driver/nvidia/gpus/0000:17:00.0/information", "Model: \t A\n");
    rig_file(rig, "proc/driver/nvidia/gpus/0000:3b:00.0/information",
             "Model: \t\t NVIDIA H200\nIRQ:   \t\t 120\nGPU UUID: \t GPU-1-2-3\n"
             "Video BIOS: \t 96.00.a5\nDevice Minor: \t 7\n");
    rig_open(rig, "gpu 2 H200\nfault lost gpu=1 back=never\n");
    const struct accelerator *a = rig_read(rig, 1);
    assert_int_equal(rig->r.accelerator_len, 2);
    assert_int_equal(a[0].state, ACCELERATOR_OK);
    assert_int_equal(a[1].state, ACCELERATOR_LOST);
    assert_string_equal(a[1].pci_bus_id, "0000:3b:00.0"); /* as the driver's files have it */
    assert_string_equal(a[1].name, "NVIDIA H200");
    assert_string_equal(a[1].uuid, "GPU-1-2-3");
    assert_int_equal(a[1].minor, 7);
}

static void gpus_that_may_not_be_opened_keep_their_slot(void **state)
{
    struct rig *rig = *state;

    rig_open(rig, "gpu 3 H200\nfault code gpu=1 call=nvmlDeviceGetHandleByIndex_v2 code=17\n"
                  "fault code gpu=0 call=nvmlDeviceGetHandleByIndex_v2 code=4\n");
    const struct accelerator *a = rig_read(rig, 1);
    assert_int_equal(rig->r.accelerator_len, 3);
    assert_int_equal(a[0].state, ACCELERATOR_FORBIDDEN);
    assert_int_equal(a[1].state, ACCELERATOR_FORBIDDEN);
    assert_int_equal(a[2].state, ACCELERATOR_OK);
    assert_int_equal(a[2].index, 2);
    assert_string_equal(a[2].pci_bus_id, "0000:5d:00.0");
}

static void a_gpu_whose_every_call_fails_is_lost_until_it_answers(void **state)
{
    struct rig *rig = *state;

    /* What a container sees after "systemctl daemon-reload" took its device rights away. */
    rig_open(rig, "gpu 2 H200\nfault code call=nvmlDevice* code=999 from=8 until=18\n");
    rig_read(rig, 5);
    rig_try_read(rig, 10);
    assert_int_equal(rig->r.accelerators[0].state, ACCELERATOR_LOST);
    assert_string_equal(rig->r.accelerators[0].name, "NVIDIA H200");
    rig_try_read(rig, 15);
    assert_int_equal(rig->r.accelerators[1].state, ACCELERATOR_LOST);
    assert_int_equal(rig_read(rig, 40)->state, ACCELERATOR_OK);
    assert_false(isnan(rig->r.accelerators[0].temperature_c));
}

static void a_reloaded_driver_is_opened_anew_within_the_reading(void **state)
{
    struct rig *rig = *state;

    rig_open(rig, "driver 570.10\ngpu 2 H200 profile=training\n"
                  "fault reload from=8 driver=580.95.05\n");
    rig_read(rig, 0);
    assert_string_equal(rig->r.platforms[0].driver_version, "570.10");
    rig_read(rig, 5);
    const struct accelerator *a = rig_read(rig, 10);
    assert_int_equal(rig->inits(), 2);
    assert_string_equal(rig->r.platforms[0].driver_version, "580.95.05");
    assert_int_equal(a[0].state, ACCELERATOR_OK);
    assert_true(a[1].utilization_ratio > 0);
    assert_true(a[0].power_w > 0 && a[0].power_w < 701); /* although its counter began again */
    rig_read(rig, 15);
    assert_int_equal(rig->inits(), 2);
}

static void a_driver_that_stays_away_is_an_error_with_the_gpus_still_listed(void **state)
{
    struct rig *rig = *state;

    rig_open(rig, "gpu 2 H200\nfault reload from=8\nfault code call=nvmlInit* code=9 from=8 "
                  "until=100\n");
    rig_read(rig, 5);
    for (int k = 10; k < 100; k += 5) {
        assert_int_not_equal(rig_try_read(rig, k), 0);
        assert_int_equal(rig->r.accelerator_len, 2);
        assert_int_equal(rig->r.accelerators[0].state, ACCELERATOR_LOST);
        assert_string_equal(rig->r.accelerators[0].name, "NVIDIA H200");
        assert_string_equal(rig->r.accelerators[1].pci_bus_id, "0000:3b:00.0");
    }
    assert_non_null(strstr(rig->err.text, "NVML"));
    const struct accelerator *a = rig_read(rig, 165);
    assert_int_equal(a[0].state, ACCELERATOR_OK);
}

static void hardware_that_is_gone_altogether_is_said_so(void **state)
{
    struct rig *rig = *state;
    char library[128], scenario[128];
    struct buf bytes;

    /* A library of its own, that really goes away. */
    buf_init(&bytes, 0);
    assert_int_equal(file_read(RIG_LIBRARY, (size_t)64 << 20, &bytes, NULL), 0);
    snprintf(library, sizeof(library), "%s/libnvidia-ml.so.1", rig->root);
    assert_int_equal(file_replace(library, bytes.ptr, bytes.len, NULL), 0);
    buf_fini(&bytes);
    snprintf(scenario, sizeof(scenario), "%s/one.scn", rig->root);
    rig_file(rig, "one.scn", "gpu 1 H200\nfault code call=nvmlDeviceGetTemperature code=9\n");
    assert_int_equal(setenv("ALGALON_NVML_SIM", scenario, 1), 0);
    rig->paths.nvml_library = library;
    assert_int_equal(nvidia_collector.open(&rig->paths, &rig->state, &rig->err), 0);
    assert_int_equal(unlink(library), 0);
    assert_int_equal(rig_try_read(rig, 10), -ENODEV);
    assert_int_equal(rig->r.accelerators[0].state, ACCELERATOR_LOST);
    assert_string_equal(rig->r.accelerators[0].name, "NVIDIA H200");
    assert_int_equal(unsetenv("ALGALON_NVML_SIM"), 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, rig_setup, rig_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_lost_gpu_stays_with_its_identity_and_comes_back),
        TEST(a_gpu_that_the_driver_no_longer_counts_keeps_its_number),
        TEST(when_all_are_lost_the_library_is_opened_anew_with_growing_patience),
        TEST(a_gpu_lost_from_the_start_keeps_its_slot),
        TEST(gpus_that_may_not_be_opened_keep_their_slot),
        TEST(a_gpu_whose_every_call_fails_is_lost_until_it_answers),
        TEST(a_reloaded_driver_is_opened_anew_within_the_reading),
        TEST(a_driver_that_stays_away_is_an_error_with_the_gpus_still_listed),
        TEST(hardware_that_is_gone_altogether_is_said_so),
    };

    log_setup(LOG_ERROR, LOG_LOGFMT);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
