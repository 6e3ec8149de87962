/* nvidia_record_test.c - what the driver answers, written down, answers the same again. */
#include "device/nvidia/nvidia_rig.h"

#define PATIENCE_MS 20000

/* Records what the library says now; the text is terminated. */
static struct driver_record record(struct rig *rig)
{
    struct driver_record r;

    assert_int_equal(driver_record(&rig->paths, PATIENCE_MS, &r, &rig->err), 0);
    buf_char(&r.scenario, '\0');
    return r;
}

static void forget(struct driver_record *r)
{
    buf_fini(&r->scenario);
    free(r->pids);
}

/* Plays a record at the time it was made. */
static void play(struct rig *rig, const struct driver_record *r)
{
    struct buf text;

    buf_init(&text, 0);
    buf_text(&text, "start 1800000000\n");
    buf_str_add(&text, buf_str(&r->scenario)); /* with its end */
    assert_int_equal(rig->load(text.ptr), 0);
    rig->set_time(RIG_START_US);
    buf_fini(&text);
}

static void what_is_played_back_is_recorded_alike(void **state)
{
    static const char *const machines[] = {
        "gpu 2 \"NVIDIA H100 80GB HBM3\" profile=training processes=3\n",
        "driver 535.43.02\ncuda 12.2\ngpu 1 V100-SXM2-32GB profile=training processes=3\n"
        "fault process-layout-r535\nfault missing call=nvmlDeviceGetMemoryInfo_v2\n",
        "gpu 1 \"NVIDIA GeForce RTX 4090\" profile=constant high=0.4\n"
        "process gpu=0 pid=7 type=G memory=unknown\n",
        "gpu 1 \"NVIDIA H200\" mig=on instances=3g.71gb,1g.18gb profile=training\n",
        "gpu 1 \"NVIDIA GH200 480GB\" profile=training\n",
        "gpu 1 L4\nfault code call=nvmlDeviceGetPowerUsage code=999\n"
        "fault value field=temperature value=4294967295\n",
        "gpu 2 L4\nfault code gpu=1 call=nvmlDeviceGetHandle* code=15\n",
        "fault code call=nvmlInit* code=18\n",
        "fault missing call=nvmlDeviceGetSamples\ngpu 1 T4\n",
    };
    struct rig *rig = *state;

    for (size_t i = 0; i < ARRAY_LEN(machines); i++) {
        rig_load(rig, machines[i]);
        rig->set_time(RIG_START_US);
        struct driver_record first = record(rig);
        play(rig, &first);
        struct driver_record second = record(rig);
        assert_string_equal(first.scenario.ptr, second.scenario.ptr);
        assert_int_equal(first.pid_len, second.pid_len);
        forget(&first);
        forget(&second);
    }
}

static void who_a_gpu_is_and_what_it_does_is_written_down(void **state)
{
    struct rig *rig = *state;

    rig_load(rig, "driver 570.1\ncuda 12.8\n"
                  "gpu 1 \"NVIDIA New Thing 2\" near=9/90000 pci=0001:a3:1f.0 uuid=GPU-1 serial=77 "
                  "vbios=1.2 profile=constant high=0.5 processes=2\n"
                  "value temperature=61 field_230_0=2 threshold_1=none\n");
    struct driver_record r = record(rig);
    assert_non_null(strstr(r.scenario.ptr, "driver 570.1\nlibrary 12.570.1\ncuda 12.8\n"));
    assert_non_null(strstr(r.scenario.ptr, "gpu 1 \"NVIDIA New Thing 2\" near=9/"));
    assert_non_null(strstr(r.scenario.ptr, " pci=0001:a3:1f.0 uuid=\"GPU-1\" serial=\"77\" "
                                           "vbios=\"1.2\" profile=constant"));
    assert_non_null(strstr(r.scenario.ptr, " temperature=61 "));
    assert_non_null(strstr(r.scenario.ptr, " field_230_0=2"));
    assert_non_null(strstr(r.scenario.ptr, " threshold_1=none"));
    assert_int_equal(r.gpus, 1);
    assert_int_equal(r.pid_len, 2);
    assert_int_equal(r.pids[0], 100000);
    forget(&r);
}

static void gpus_that_sleep_are_left_asleep(void **state)
{
    struct rig *rig = *state;

    rig_pci(rig, "0000:17:00.0", "nvidia");
    rig_pci(rig, "0000:3b:00.0", "nvidia");
    rig_power(rig, "0000:3b:00.0", "suspended\n");
    rig_load(rig, "gpu 2 \"NVIDIA GeForce RTX 4090\"\n"
                  "fault code gpu=1 call=nvmlDevice* code=999\n");
    struct driver_record r = record(rig);
    assert_int_equal(r.asleep, 1);
    assert_non_null(strstr(r.scenario.ptr, "pci=0000:17:00.0"));
    assert_null(strstr(r.scenario.ptr, "code=999"));
    forget(&r);
}

static void a_driver_that_hangs_or_is_absent_is_an_error(void **state)
{
    struct rig *rig = *state;
    struct driver_record r;

    rig->paths.nvml_library = "/nowhere/libnvidia-ml.so.1";
    assert_int_equal(driver_record(&rig->paths, PATIENCE_MS, &r, &rig->err), -ENODEV);
    assert_true(strstr(rig->err.text, "/nowhere"));
    assert_null(r.pids);
    rig->paths.nvml_library = RIG_LIBRARY;
    rig_load(rig, "gpu 1 L4\nfault hang call=nvmlDeviceGetName seconds=3 calls=1\n");
    assert_int_equal(driver_record(&rig->paths, 50, &r, &rig->err), -ETIMEDOUT);
    assert_true(strstr(rig->err.text, "did not answer"));
    assert_null(r.pids);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(what_is_played_back_is_recorded_alike, rig_setup,
                                        rig_teardown),
        cmocka_unit_test_setup_teardown(who_a_gpu_is_and_what_it_does_is_written_down, rig_setup,
                                        rig_teardown),
        cmocka_unit_test_setup_teardown(gpus_that_sleep_are_left_asleep, rig_setup, rig_teardown),
        cmocka_unit_test_setup_teardown(a_driver_that_hangs_or_is_absent_is_an_error, rig_setup,
                                        rig_teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
