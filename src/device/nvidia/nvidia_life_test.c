/* nvidia_life_test.c - the collector while the hardware or its driver comes, goes, sleeps, or is
 * wanted by somebody else. */
#include "device/nvidia/nvidia_rig.h"

#include <dirent.h>
#include <malloc.h>
#include <sys/stat.h>

/* Reads at `seconds` with the driver asked for by the operator. */
static const struct accelerator *read_released(struct rig *rig, double seconds)
{
    rig->release = true;
    const struct accelerator *a = rig_read(rig, seconds);
    rig->release = false;
    return a;
}

static void bind_to(struct rig *rig, const char *bus_id)
{
    char path[128];

    snprintf(path, sizeof(path), "sys/bus/pci/drivers/nvidia/%s", bus_id);
    rig_file(rig, path, "");
}

/* ---- let go ---- */

static void a_released_driver_is_closed_and_the_gpus_stay_listed(void **state)
{
    struct rig *rig = *state;
    char uuid[96];

    rig_open(rig, "gpu 2 H200 profile=training\nfault xid gpu=0 code=31 from=1\n");
    snprintf(uuid, sizeof(uuid), "%s", rig_read(rig, 5)[1].uuid);
    assert_false(rig->r.released);
    const struct accelerator *a = read_released(rig, 10);
    assert_true(rig->r.released);
    assert_int_equal(rig->r.accelerator_len, 2);
    assert_int_equal(a[1].state, ACCELERATOR_RELEASED);
    assert_string_equal(a[1].uuid, uuid);
    assert_string_equal(a[1].name, "NVIDIA H200");
    assert_true(isnan(a[1].temperature_c) && isnan(a[1].utilization_ratio));
    assert_int_equal(rig->r.accelerator_process_len, 0);
    uint64_t calls = rig->calls();
    for (int k = 15; k < 600; k += 5)
        assert_int_equal(read_released(rig, k)[0].state, ACCELERATOR_RELEASED);
    assert_true(rig->calls() == calls); /* not one */
    assert_int_equal(rig->inits(), 1);

    a = rig_read(rig, 600);
    assert_int_equal(rig->inits(), 2);
    assert_false(rig->r.released);
    assert_int_equal(a[0].state, ACCELERATOR_OK);
    assert_string_equal(a[1].uuid, uuid);
    assert_true(a[1].utilization_ratio > 0 && a[1].power_w > 0 && a[1].power_w < 701);
}

static void a_driver_that_is_gone_after_the_release_is_lost_until_it_is_back(void **state)
{
    struct rig *rig = *state;

    rig_open(rig, "gpu 2 H200\nfault code call=nvmlInit* code=9 from=8 until=60\n");
    rig_read(rig, 5);
    read_released(rig, 10);
    assert_int_not_equal(rig_try_read(rig, 20), 0);
    assert_non_null(strstr(rig->err.text, "driver not loaded"));
    assert_int_equal(rig->r.accelerators[1].state, ACCELERATOR_LOST);
    assert_string_equal(rig->r.accelerators[1].name, "NVIDIA H200");
    assert_false(rig->r.released);
    assert_int_equal(read_released(rig, 30)[0].state,
                     ACCELERATOR_LOST); /* and may be asked again */
    assert_true(rig->r.released);
    assert_int_equal(rig_read(rig, 70)->state, ACCELERATOR_OK);
}

static void instances_made_while_released_are_seen_afterwards(void **state)
{
    struct rig *rig = *state;

    rig_open(rig, "gpu 1 H200 mig=on instances=3g.71gb,2g.35gb,1g.18gb\n"
                  "fault mig-layout value=1 from=20\n");
    rig_read(rig, 5);
    assert_int_equal(rig->r.instance_len, 3);
    read_released(rig, 10);
    assert_int_equal(rig->r.instance_len, 0);
    rig_read(rig, 30);
    assert_int_equal(rig->r.instance_len, 1);
}

static void a_gpu_that_is_to_be_unbound_is_let_go_by_itself(void **state)
{
    struct rig *rig = *state;
    int k = 5;

    rig_open(rig, "gpu 2 H200\nfault unbind from=3\n");
    rig_read(rig, 0);
    /* The thread of events looks by itself: real time, a moment of it. */
    for (int tries = 0; tries < 2000 && !rig->r.released; tries++) {
        struct timespec step = {0, 5000000};
        nanosleep(&step, NULL);
        rig_read(rig, k);
    }
    assert_true(rig->r.released);
    assert_int_equal(rig->r.accelerators[0].state, ACCELERATOR_RELEASED);
    for (k = 10; k < 65; k += 5)
        assert_int_equal(rig_read(rig, k)->state, ACCELERATOR_RELEASED);
    assert_int_equal(rig->inits(), 1);
    assert_int_equal(rig_read(rig, 70)->state, ACCELERATOR_OK);
    assert_int_equal(rig->inits(), 2);
}

static void drivers_without_system_events_do_without(void **state)
{
    struct rig *rig = *state;

    rig_open(rig, "gpu 1 H200\nfault missing call=nvmlSystemEventSetCreate\nfault unbind\n");
    for (int k = 0; k < 30; k += 5)
        assert_int_equal(rig_read(rig, k)->state, ACCELERATOR_OK);
}

/* ---- come and go ---- */

static void a_gpu_that_is_put_in_appears_and_one_taken_out_stays_as_lost(void **state)
{
    struct rig *rig = *state;
    char last[96];

    bind_to(rig, "0000:17:00.0");
    bind_to(rig, "0000:5d:00.0");
    rig_open(rig, "gpu 3 H200\nfault lost gpu=1 from=0 until=60 back=gone\n");
    rig_read(rig, 5);
    assert_int_equal(rig->r.accelerator_len, 2);
    snprintf(last, sizeof(last), "%s", rig->r.accelerators[1].uuid);
    rig_read(rig, 70); /* it is in, but its driver has not taken it yet */
    assert_int_equal(rig->inits(), 1);
    bind_to(rig, "0000:3b:00.0");
    rig_read(rig, 90);
    assert_int_equal(rig->inits(), 2);
    assert_int_equal(rig->r.accelerator_len, 3);
    assert_int_equal(rig->r.accelerators[1].state, ACCELERATOR_OK);
    assert_string_equal(rig->r.accelerators[2].uuid, last); /* in bus order, as NVML counts */
    assert_int_equal(rig->r.accelerators[2].index, 2);
    for (int k = 95; k < 400; k += 5)
        rig_read(rig, k);
    assert_int_equal(rig->inits(), 2); /* once for each change */
}

static void rights_that_are_withdrawn_are_said_and_come_back(void **state)
{
    struct rig *rig = *state;

    rig_open(rig, "gpu 2 H200\nfault code call=nvmlDevice* code=17 from=8 until=18\n");
    rig_read(rig, 5);
    const struct accelerator *a = rig_read(rig, 10);
    assert_int_equal(a[0].state, ACCELERATOR_FORBIDDEN);
    assert_int_equal(a[1].state, ACCELERATOR_FORBIDDEN);
    assert_string_equal(a[1].name, "NVIDIA H200");
    assert_true(isnan(a[1].temperature_c));
    rig_read(rig, 15);
    assert_true(rig->r.withdrawn);
    a = rig_read(rig, 20);
    for (int k = 25; k < 200 && a->state != ACCELERATOR_OK; k += 5)
        a = rig_read(rig, k);
    assert_int_equal(a[1].state, ACCELERATOR_OK);
    assert_false(isnan(a[0].temperature_c));
    assert_false(rig->r.withdrawn);
}

static void unknown_errors_behind_a_closed_device_file_are_withdrawn_rights(void **state)
{
    struct rig *rig = *state;
    char file[128];

    snprintf(file, sizeof(file), "%s/dev/nvidiactl", rig->root);
    rig_file(rig, "dev/nvidiactl", "");
    if (access("/dev/nvidiactl", F_OK) == 0 || geteuid() == 0)
        skip(); /* a real driver; or root, whom no mode stops */
    rig_open(rig, "gpu 2 H200\nfault code call=nvmlDevice* code=999 from=8 until=18\n");
    rig_read(rig, 5);
    assert_int_equal(chmod(file, 0), 0);
    assert_int_equal(rig_read(rig, 10)->state, ACCELERATOR_FORBIDDEN);
    assert_int_equal(rig_read(rig, 20)->state, ACCELERATOR_FORBIDDEN);
    assert_int_equal(chmod(file, 0600), 0);
    assert_int_equal(rig_read(rig, 25)->state, ACCELERATOR_OK); /* at once */
}

static void two_versions_of_the_driver_are_named(void **state)
{
    struct rig *rig = *state;

    rig_file(rig, "proc/driver/nvidia/version",
             "NVRM version: NVIDIA UNIX x86_64 Kernel Module  570.133.07  Fri Mar 14 2025\n");
    assert_int_equal(
        rig_try_open(rig, "driver 580.95.05\ngpu 1 H200\nfault code call=nvmlInit* code=18\n"),
        -EIO);
    assert_non_null(strstr(rig->err.text, "library is of version 580.95.05"));
    assert_non_null(strstr(rig->err.text, "kernel module of 570.133.07"));
}

/* ---- large machines ---- */

static void sixteen_gpus_cut_into_seven_each_are_all_read(void **state)
{
    struct rig *rig = *state;

    rig_open(rig, "gpu 16 \"H100 80GB HBM3\" profile=training mig=on instances=1g.10gb,1g.10gb,"
                  "1g.10gb,1g.10gb,1g.10gb,1g.10gb,1g.10gb\n");
    rig_read(rig, 0);
    const struct accelerator *a = rig_read(rig, 5);
    assert_int_equal(rig->r.accelerator_len, 16);
    assert_int_equal(rig->r.instance_len, 112);
    for (size_t i = 0; i < rig->r.instance_len; i++) {
        const struct accelerator_instance *one = &rig->r.instances[i];
        assert_int_equal(one->accelerator, i / 7);
        assert_int_equal(one->index, i % 7);
        assert_string_equal(one->profile_name, "1g.10gb");
        assert_int_equal(strncmp(one->uuid, "MIG-", 4), 0);
        assert_true(one->mem_total_bytes < UNKNOWN_COUNT);
        for (size_t k = 0; k < i; k++)
            assert_string_not_equal(one->uuid, rig->r.instances[k].uuid);
    }
    assert_true(isnan(a[15].utilization_ratio) && a[15].power_w > 0);
}

/* ---- sleep ---- */

static void not_one_call_reaches_a_driver_whose_gpus_sleep(void **state)
{
    struct rig *rig = *state;

    rig_pci(rig, "0000:17:00.0", "nvidia");
    rig_power(rig, "0000:17:00.0", "suspended\n");
    rig_open(rig, "gpu 1 \"RTX 3060\"\n");
    for (int k = 0; k < 100; k++)
        assert_int_equal(rig_read(rig, 5 * k)->state, ACCELERATOR_SLEEPING);
    assert_int_equal(read_released(rig, 500)->state, ACCELERATOR_SLEEPING);
    assert_true(rig->r.released);
    rig_read(rig, 505);
    assert_true(rig->calls() == 0);
    rig_power(rig, "0000:17:00.0", "active\n");
    assert_int_equal(rig_read(rig, 510)->state, ACCELERATOR_OK);
    assert_true(rig->calls() > 20);
}

static void a_gpu_let_go_to_sleep_is_not_called_until_somebody_wakes_it(void **state)
{
    struct rig *rig = *state;

    rig_pci(rig, "0000:17:00.0", "nvidia");
    rig_power(rig, "0000:17:00.0", "active\n");
    rig_file(rig, "proc/driver/nvidia/gpus/0000:17:00.0/power",
             "Runtime D3 status:          Enabled (fine-grained)\nVideo Memory: Active\n");
    rig_open(rig, "gpu 1 \"RTX 3060\"\n");
    for (int k = 0; k <= 300; k += 5)
        rig_read(rig, k);
    assert_int_equal(rig_read(rig, 305)->state, ACCELERATOR_SLEEPING);
    uint64_t calls = rig->calls();
    rig_power(rig, "0000:17:00.0", "suspended\n");
    for (int k = 310; k < 5000; k += 5)
        assert_int_equal(rig_read(rig, k)->state, ACCELERATOR_SLEEPING);
    assert_true(rig->calls() == calls);
    assert_int_equal(rig->inits(), 1);
}

/* ---- the long run ---- */

static size_t open_files(void)
{
    size_t n = 0;
    DIR *dir = opendir("/proc/self/fd");

    while (dir && readdir(dir))
        n++;
    closedir(dir);
    return n;
}

static void ten_thousand_readings_leave_files_and_memory_as_they_were(void **state)
{
    struct rig *rig = *state;
    size_t files = 0, bytes = 0, heap = 0;

    rig_open(rig, "gpu 2 H200 profile=inference processes=4\n"
                  "gpu 1 H200 mig=on instances=3g.71gb,1g.18gb\n"
                  "fault samples-unordered gpu=1\nfault reload from=2500\nfault reload from=30000\n"
                  "fault lost gpu=1 from=35000 until=35100\n");
    for (int k = 0; k < 10000; k++) {
        if (k % 1000 == 900) /* ten times let go, each time differently */
            read_released(rig, 5 * k);
        else
            rig_read(rig, 5 * k);
        if (k == 2000) { /* a reload and two releases are over, the rest is to come */
            files = open_files();
            bytes = arena_bytes(&rig->arena);
            heap = mallinfo2().uordblks;
        }
    }
    assert_in_range(rig->inits(), 12, 20);
    assert_int_equal(open_files(), files);
    assert_in_range(arena_bytes(&rig->arena), 0, bytes);
    assert_in_range(mallinfo2().uordblks, 0, heap + 1024);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, rig_setup, rig_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_released_driver_is_closed_and_the_gpus_stay_listed),
        TEST(a_driver_that_is_gone_after_the_release_is_lost_until_it_is_back),
        TEST(instances_made_while_released_are_seen_afterwards),
        TEST(a_gpu_that_is_to_be_unbound_is_let_go_by_itself),
        TEST(drivers_without_system_events_do_without),
        TEST(a_gpu_that_is_put_in_appears_and_one_taken_out_stays_as_lost),
        TEST(rights_that_are_withdrawn_are_said_and_come_back),
        TEST(unknown_errors_behind_a_closed_device_file_are_withdrawn_rights),
        TEST(two_versions_of_the_driver_are_named),
        TEST(sixteen_gpus_cut_into_seven_each_are_all_read),
        TEST(not_one_call_reaches_a_driver_whose_gpus_sleep),
        TEST(a_gpu_let_go_to_sleep_is_not_called_until_somebody_wakes_it),
        TEST(ten_thousand_readings_leave_files_and_memory_as_they_were),
    };

    log_setup(LOG_ERROR, LOG_LOGFMT);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
