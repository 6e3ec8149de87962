/* Tests of what doctor is told about NVIDIA's GPUs. */
#include "device/nvidia/nvidia_rig.h"

#define PATIENCE_MS 3000

static struct finding *found;
static size_t found_len;

static void diagnose(struct rig *rig, int64_t patience_ms)
{
    arena_reset(&rig->arena);
    found = NULL;
    found_len = 0;
    nvidia_diagnose_within(&rig->paths, patience_ms, &rig->arena, &found, &found_len);
    for (size_t i = 0; i < found_len; i++) {
        assert_true(found[i].what[0]);
        assert_true(strlen(found[i].what) < sizeof(found[i].what) - 1);
        assert_true(strlen(found[i].advice) < sizeof(found[i].advice) - 1); /* not cut */
        assert_true(found[i].advice[0] || found[i].level < FINDING_ERROR);
    }
}

/* The finding that says `what` and advises `advice`; fails when there is none. */
static void assert_found(enum finding_level level, const char *what, const char *advice)
{
    for (size_t i = 0; i < found_len; i++)
        if (found[i].level == level && strstr(found[i].what, what) &&
            strstr(found[i].advice, advice))
            return;
    for (size_t i = 0; i < found_len; i++)
        print_error("[%d] %s: %s | %s\n", found[i].level, found[i].topic, found[i].what,
                    found[i].advice);
    fail_msg("nobody says \"%s\" with \"%s\"", what, advice);
}

static void a_machine_without_gpu_is_a_note(void **state)
{
    struct rig *rig = *state;

    rig->paths.nvml_library = NULL;
    diagnose(rig, PATIENCE_MS);
    assert_int_equal(found_len, 1);
    assert_found(FINDING_NOTE, "no NVIDIA GPU found", "");
}

static void healthy_gpus_are_one_line(void **state)
{
    struct rig *rig = *state;

    rig_load(rig, "driver 580.95.05\ncuda 13.0\ngpu 8 H200 profile=training\n");
    diagnose(rig, PATIENCE_MS);
    assert_int_equal(found_len, 1);
    assert_found(FINDING_OK, "8 GPUs, driver 580.95.05, CUDA 13.0", "");
}

static void the_drivers_verdict_and_past_xids_are_told_with_what_to_do(void **state)
{
    struct rig *rig = *state;

    rig_file(rig, "dev/kmsg",
             "4,1,1,-;NVRM: Xid (PCI:0000:17:00): 79, pid=1, GPU has fallen off the bus.\n"
             "4,2,2,-;NVRM: Xid (PCI:0000:17:00): 31, pid=2\n"
             "4,3,3,-;NVRM: Xid (PCI:0000:17:00): 31, pid=2\n");
    rig_load(rig, "gpu 2 H200\nfault value gpu=0 field=field_230 value=1\n"
                  "fault value gpu=1 field=field_144 value=1\n");
    diagnose(rig, PATIENCE_MS);
    assert_found(FINDING_ERROR, "GPU 0 (NVIDIA H200): the driver asks for recovery (action 1)",
                 "reset it");
    assert_found(FINDING_WARNING, "GPU 1 (NVIDIA H200): a row of its memory waits", "Reset it");
    assert_found(FINDING_WARNING, "GPU 0000:17:00.0: XID 79 (the GPU has fallen off the bus",
                 "reboot it");
    assert_found(FINDING_NOTE, "XID 31 (page fault in GPU memory; fault of: application), 2 times",
                 "program");
}

static void readings_that_contradict_each_other_are_named(void **state)
{
    struct rig *rig = *state;

    rig_load(rig, "gpu 1 H200\nfault value field=temperature value=110\n");
    diagnose(rig, PATIENCE_MS);
    assert_found(FINDING_WARNING, "is at 110 degrees, and switches itself off at 92",
                 "One of the two is wrong");
}

static void each_failure_to_initialise_has_its_own_advice(void **state)
{
    static const struct {
        int code;
        const char *what, *advice;
    } cases[] = {
        {9, "the driver is not loaded", "modprobe nvidia"},
        {18, "different versions", "Reboot"},
        {4, "/dev/nvidiactl (absent)", "runtimeClassName: nvidia"},
        {17, "no permission", "DeviceAllow=/dev/nvidiactl rw"},
        {999, "unknown error (code 999)", "recreate it"},
    };
    struct rig *rig = *state;

    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        char text[100];
        snprintf(text, sizeof(text), "gpu 1 H200\nfault code call=nvmlInit* code=%d\n",
                 cases[i].code);
        rig_load(rig, text);
        diagnose(rig, PATIENCE_MS);
        assert_found(FINDING_ERROR, cases[i].what, cases[i].advice);
    }
}

static void hardware_without_driver_or_library_is_told_apart(void **state)
{
    struct rig *rig = *state;

    rig_pci(rig, "0000:17:00.0", NULL);
    rig->paths.nvml_library = NULL;
    if (dlopen("libnvidia-ml.so.1", RTLD_NOW | RTLD_LOCAL))
        skip(); /* this machine has the real one */
    diagnose(rig, PATIENCE_MS);
    assert_found(FINDING_ERROR, "1 NVIDIA GPU here, but no driver", "Install NVIDIA's driver");
    rig_file(rig, "proc/driver/nvidia/version",
             "NVRM version: NVIDIA UNIX x86_64 Kernel Module  535.129.03  Thu Oct 19\n");
    diagnose(rig, PATIENCE_MS);
    assert_found(FINDING_ERROR, "driver 535.129.03 is loaded, but NVML is not found", "--gpus all");
}

static void a_driver_that_shows_no_gpu_is_a_warning(void **state)
{
    struct rig *rig = *state;

    rig_load(rig, "seed 1\n");
    diagnose(rig, PATIENCE_MS);
    assert_found(FINDING_WARNING, "the driver shows no GPU", "--gpus all");
}

static void gpus_of_other_drivers_are_named(void **state)
{
    struct rig *rig = *state;

    rig_pci(rig, "0000:17:00.0", "nouveau");
    rig_pci(rig, "0000:3b:00.0", "vfio-pci");
    rig->paths.nvml_library = NULL;
    diagnose(rig, PATIENCE_MS);
    assert_int_equal(found_len, 2);
    assert_found(FINDING_WARNING, "nouveau", "reboot");
    assert_found(FINDING_NOTE, "virtual machines", "");
}

static void lost_and_forbidden_gpus_are_named_one_by_one(void **state)
{
    struct rig *rig = *state;

    rig_file(rig, "proc/driver/nvidia/gpus/0000:17:00.0/information", "Model: \t NVIDIA H200\n");
    rig_file(rig, "proc/driver/nvidia/gpus/0000:3b:00.0/information", "Model: \t NVIDIA H200\n");
    rig_file(rig, "proc/driver/nvidia/gpus/0000:5d:00.0/information", "Model: \t NVIDIA H200\n");
    rig_load(rig, "gpu 3 H200\nfault lost gpu=1 back=never\n"
                  "fault code call=nvmlDeviceGetHandleByIndex_v2 gpu=2 code=17\n");
    diagnose(rig, PATIENCE_MS);
    assert_found(FINDING_ERROR, "GPU 1 (NVIDIA H200, 0000:3b:00.0) is lost", "--gpu-reset");
    assert_found(FINDING_WARNING, "GPU 2 (NVIDIA H200, 0000:5d:00.0) may not be opened",
                 "DeviceAllow");
    assert_found(FINDING_WARNING, "3 GPUs, not all of which answer", "");
}

static void modes_that_ask_for_attention_are_found(void **state)
{
    struct rig *rig = *state;

    rig_load(rig, "gpu 2 \"A100-SXM4-80GB\" persistence=off ecc=on ecc_pending=off\n"
                  "gpu 1 \"RTX 4090\" persistence=off\n"
                  "fault value field=ecc_uncorrected value=3 gpu=1\n");
    diagnose(rig, PATIENCE_MS);
    assert_found(FINDING_WARNING, "GPU 0 (NVIDIA A100-SXM4-80GB): ECC is on and will be off",
                 "reset");
    assert_found(FINDING_WARNING, "persistence mode is off on 2 GPUs", "nvidia-persistenced");
    assert_found(FINDING_WARNING, "3 uncorrectable memory errors", "replace");
}

static void a_driver_that_hangs_is_said_so_in_time(void **state)
{
    struct rig *rig = *state;
    uint64_t begin = clock_mono_ns();

    rig_load(rig, "gpu 1 H200\nfault hang call=nvmlDeviceGetTemperature seconds=0.6 calls=1\n");
    diagnose(rig, 100);
    assert_found(FINDING_ERROR, "did not answer within 0.1 s", "dmesg");
    assert_true(clock_mono_ns() - begin < 500 * (uint64_t)NS_PER_MS);
    diagnose(rig, PATIENCE_MS); /* the thread left behind harms nobody */
    assert_found(FINDING_OK, "1 GPU, driver", "");
    while (clock_mono_ns() - begin < 800 * (uint64_t)NS_PER_MS)
        usleep(10000); /* it ends by itself: then nothing is lost */
}

static void the_windows_subsystem_is_recognised(void **state)
{
    struct rig *rig = *state;

    rig_file(rig, "proc/sys/kernel/osrelease", "6.6.87.2-microsoft-standard-WSL2\n");
    rig_load(rig, "gpu 1 \"RTX 3060\"\n");
    diagnose(rig, PATIENCE_MS);
    assert_found(FINDING_NOTE, "Windows subsystem", "");
}

static void a_sleeping_gpu_is_not_woken_to_be_diagnosed(void **state)
{
    struct rig *rig = *state;

    rig_pci(rig, "0000:17:00.0", "nvidia");
    rig_power(rig, "0000:17:00.0", "suspended\n");
    rig_load(rig, "gpu 1 \"RTX 3060\"\n"
                  "fault code call=nvmlDeviceGetHandle* code=999\n");
    diagnose(rig, PATIENCE_MS);
    assert_found(FINDING_NOTE, "sleeps and is left asleep", "");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, rig_setup, rig_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_machine_without_gpu_is_a_note),
        TEST(healthy_gpus_are_one_line),
        TEST(the_drivers_verdict_and_past_xids_are_told_with_what_to_do),
        TEST(readings_that_contradict_each_other_are_named),
        TEST(each_failure_to_initialise_has_its_own_advice),
        TEST(hardware_without_driver_or_library_is_told_apart),
        TEST(a_driver_that_shows_no_gpu_is_a_warning),
        TEST(gpus_of_other_drivers_are_named),
        TEST(lost_and_forbidden_gpus_are_named_one_by_one),
        TEST(modes_that_ask_for_attention_are_found),
        TEST(a_driver_that_hangs_is_said_so_in_time),
        TEST(the_windows_subsystem_is_recognised),
        TEST(a_sleeping_gpu_is_not_woken_to_be_diagnosed),
    };

    log_setup(LOG_ERROR, LOG_LOGFMT);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
