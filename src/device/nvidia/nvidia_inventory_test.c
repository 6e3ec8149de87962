/* nvidia_inventory_test.c - what the kernel shows of GPUs without a word of the driver. */
#include "device/nvidia/nvidia_pci.h"
#include "device/nvidia/nvidia_rig.h"

/* The inventory of the rig's machine, read anew. */
static const struct gpu_slot *slots(struct rig *rig, size_t wanted)
{
    void *v = NULL;

    assert_int_equal(nvidia_inventory_collector.open(&rig->paths, &v, &rig->err), 0);
    arena_reset(&rig->arena);
    reading_init(&rig->r, &rig->arena);
    assert_int_equal(nvidia_inventory_collector.read(v, &rig->r, &rig->err), 0);
    nvidia_inventory_collector.close(v);
    assert_true(rig->r.slots_read);
    assert_int_equal(rig->r.slot_len, wanted);
    return rig->r.slots;
}

static void config(struct rig *rig, const char *bus_id, const char *bytes)
{
    char path[128];

    snprintf(path, sizeof(path), "sys/bus/pci/devices/%s/config", bus_id);
    rig_file(rig, path, bytes);
}

static void slots_tell_their_driver_and_whether_they_answer(void **state)
{
    struct rig *rig = *state;

    rig_pci(rig, "0000:01:00.0", "nvidia");
    config(rig, "0000:01:00.0", "\xde\x10\x31\x23 and the rest");
    rig_pci(rig, "0000:02:00.0", "nvidia");
    config(rig, "0000:02:00.0", "\xff\xff\xff\xff\xff\xff");
    rig_pci(rig, "0000:03:00.0", "vfio-pci");
    rig_pci(rig, "0000:04:00.0", NULL);
    rig_file(rig, "proc/driver/nvidia/gpus/0000:01:00.0/information",
             "Model: \t\t NVIDIA H100\nGPU UUID: \t GPU-1\nDevice Minor: \t 0\n");
    rig_file(rig, "sys/bus/pci/devices/0000:00:02.0/class", "0x030000\n"); /* another maker's */
    rig_file(rig, "sys/bus/pci/devices/0000:00:02.0/vendor", "0x8086\n");
    const struct gpu_slot *s = slots(rig, 4);
    assert_true(s[0].ours && s[0].given && !s[0].silent && !s[0].asleep);
    assert_string_equal(s[0].name, "NVIDIA H100");
    assert_string_equal(s[0].uuid, "GPU-1");
    assert_true(s[1].silent && !s[1].given); /* the driver's folder has the first alone */
    assert_false(s[2].ours);
    assert_string_equal(s[2].driver, "vfio-pci");
    assert_true(s[2].given);
    assert_string_equal(s[3].driver, "");
}

static void one_that_sleeps_or_may_sleep_is_not_touched(void **state)
{
    struct rig *rig = *state;

    rig_pci(rig, "0000:01:00.0", "nvidia");
    config(rig, "0000:01:00.0", "\xff\xff\xff\xff");
    rig_power(rig, "0000:01:00.0", "suspended\n");
    rig_pci(rig, "0000:02:00.0", "nvidia");
    config(rig, "0000:02:00.0", "\xff\xff\xff\xff");
    rig_file(rig, "proc/driver/nvidia/gpus/0000:02:00.0/power",
             "Runtime D3 status:          Enabled (fine-grained)\n");
    const struct gpu_slot *s = slots(rig, 2);
    assert_true(s[0].asleep && !s[0].silent);
    assert_false(s[1].silent);
}

static void a_bus_that_cannot_be_seen_is_no_empty_bus(void **state)
{
    struct rig *rig = *state;
    void *v = NULL;

    assert_false(nvidia_inventory_collector.detect(&rig->paths));
    assert_int_equal(nvidia_inventory_collector.open(&rig->paths, &v, &rig->err), 0);
    reading_init(&rig->r, &rig->arena);
    assert_int_equal(nvidia_inventory_collector.read(v, &rig->r, &rig->err), -ENODEV);
    assert_false(rig->r.slots_read);
    nvidia_inventory_collector.close(v);
    rig_file(rig, "sys/bus/pci/devices/0000:00:00.0/class", "0x060000\n");
    assert_true(nvidia_inventory_collector.detect(&rig->paths));
    slots(rig, 0);
}

static void doctor_names_slots_without_driver_and_silent_ones(void **state)
{
    struct rig *rig = *state;
    struct finding *list = NULL;
    size_t len = 0;

    rig_pci(rig, "0000:01:00.0", NULL);
    rig_pci(rig, "0000:02:00.0", "nvidia");
    config(rig, "0000:02:00.0", "\xff\xff\xff\xff");
    nvidia_inventory_collector.diagnose(&rig->paths, &rig->arena, &list, &len);
    assert_int_equal(len, 2);
    assert_int_equal(list[0].level, FINDING_WARNING);
    assert_non_null(strstr(list[0].what, "0000:01:00.0 has no driver"));
    assert_int_equal(list[1].level, FINDING_ERROR);
    assert_non_null(strstr(list[1].what, "fallen off the bus"));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, rig_setup, rig_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(slots_tell_their_driver_and_whether_they_answer),
        TEST(one_that_sleeps_or_may_sleep_is_not_touched),
        TEST(a_bus_that_cannot_be_seen_is_no_empty_bus),
        TEST(doctor_names_slots_without_driver_and_silent_ones),
    };

    log_setup(LOG_ERROR, LOG_LOGFMT);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
