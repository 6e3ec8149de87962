/* Tests of GPUs that sleep. */
#include "device/nvidia/nvidia_rig.h"

/* ---- sleep ---- */

static void sleeping_gpus_are_left_asleep_and_read_when_somebody_wakes_them(void **state)
{
    struct rig *rig = *state;

    rig_pci(rig, "0000:17:00.0", "nvidia");
    rig_power(rig, "0000:17:00.0", "suspended\n");
    rig_file(rig, "proc/driver/nvidia/gpus/0000:17:00.0/information",
             "Model: \t NVIDIA GeForce RTX 3060\nGPU UUID: \t GPU-?"
             "?"
             "?"
             "?-?"
             "?\n");
    rig_open(rig, "gpu 1 \"RTX 3060\"\n");
    for (int k = 0; k < 3; k++) {
        const struct accelerator *a = rig_read(rig, 5 * k);
        assert_int_equal(rig->r.accelerator_len, 1);
        assert_int_equal(a->state, ACCELERATOR_SLEEPING);
        assert_string_equal(a->name, "NVIDIA GeForce RTX 3060");
        assert_string_equal(a->uuid, "");
        assert_true(isnan(a->temperature_c));
    }
    assert_int_equal(rig->inits(), 0);
    rig_power(rig, "0000:17:00.0", "active\n");
    assert_int_equal(rig_read(rig, 15)->state, ACCELERATOR_OK);
    assert_int_equal(rig->inits(), 1);
    assert_false(isnan(rig->r.accelerators->temperature_c));
}

static void gpus_of_other_drivers_are_left_out_asleep_or_not(void **state)
{
    struct rig *rig = *state;

    rig_pci(rig, "0000:17:00.0", "vfio-pci");
    rig_pci(rig, "0000:3b:00.0", "nvidia");
    rig_pci(rig, "0000:5d:00.0", "nvidia");
    rig_power(rig, "0000:17:00.0", "suspended\n");
    rig_power(rig, "0000:5d:00.0", "suspended\n");
    rig_open(rig, "gpu 3 \"RTX 3060\"\n");
    const struct accelerator *a = rig_read(rig, 1);
    assert_int_equal(rig->r.accelerator_len, 2);
    assert_string_equal(a[0].pci_bus_id, "0000:3b:00.0");
    assert_int_equal(a[0].state, ACCELERATOR_OK);
    assert_int_equal(a[1].state, ACCELERATOR_SLEEPING);
}

static void beside_a_sleeping_gpu_the_others_are_read(void **state)
{
    struct rig *rig = *state;

    rig_pci(rig, "0000:17:00.0", "nvidia");
    rig_pci(rig, "0000:3b:00.0", "nvidia");
    rig_power(rig, "0000:17:00.0", "suspended\n");
    rig_power(rig, "0000:3b:00.0", "active\n");
    rig_open(rig, "gpu 2 \"RTX 3060\" profile=constant\n");
    const struct accelerator *a = rig_read(rig, 1);
    assert_int_equal(rig->r.accelerator_len, 2);
    assert_int_equal(a[0].state, ACCELERATOR_SLEEPING);
    assert_int_equal(a[1].state, ACCELERATOR_OK);
    assert_near(a[1].utilization_ratio, 1, 0);
    rig_power(rig, "0000:17:00.0", "active\n");
    a = rig_read(rig, 6);
    assert_int_equal(a[0].state, ACCELERATOR_OK);
    assert_int_equal(a[0].index, 0);
}

static void an_idle_gpu_that_could_sleep_is_let_go_and_taken_back(void **state)
{
    struct rig *rig = *state;

    rig_pci(rig, "0000:17:00.0", "nvidia");
    rig_power(rig, "0000:17:00.0", "active\n");
    rig_file(rig, "proc/driver/nvidia/gpus/0000:17:00.0/power",
             "Runtime D3 status:          Enabled (fine-grained)\nVideo Memory: Active\n");
    rig_open(rig, "gpu 1 \"RTX 3060\"\n");
    for (int k = 0; k <= 300; k += 5)
        assert_int_equal(rig_read(rig, k)->state, ACCELERATOR_OK);
    assert_int_equal(rig_read(rig, 305)->state, ACCELERATOR_SLEEPING);
    assert_string_equal(rig->r.accelerators->name, "NVIDIA GeForce RTX 3060");
    assert_int_equal(strlen(rig->r.accelerators->uuid), 40);
    rig_power(rig, "0000:17:00.0", "suspended\n");
    assert_int_equal(rig_read(rig, 315)->state, ACCELERATOR_SLEEPING);
    assert_int_equal(rig_read(rig, 900)->state, ACCELERATOR_SLEEPING);
    assert_int_equal(rig->inits(), 1);
    rig_power(rig, "0000:17:00.0", "active\n");
    assert_int_equal(rig_read(rig, 905)->state, ACCELERATOR_OK);
    /* Let go again, but somebody else keeps it awake: then it is read again, and left in peace. */
    for (int k = 910; k <= 1205; k += 5)
        rig_read(rig, k);
    assert_int_equal(rig_read(rig, 1215)->state, ACCELERATOR_SLEEPING);
    for (int k = 1245; k < 2500; k += 5)
        assert_int_equal(rig_read(rig, k)->state, ACCELERATOR_OK);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, rig_setup, rig_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(sleeping_gpus_are_left_asleep_and_read_when_somebody_wakes_them),
        TEST(gpus_of_other_drivers_are_left_out_asleep_or_not),
        TEST(beside_a_sleeping_gpu_the_others_are_read),
        TEST(an_idle_gpu_that_could_sleep_is_let_go_and_taken_back),
    };

    log_setup(LOG_ERROR, LOG_LOGFMT);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
