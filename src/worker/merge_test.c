/* merge_test.c - numbers of accelerators, owners of processes, the busiest. */
#include "worker/merge.h"

#include "worker/fake_view.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

static struct {
    struct recycler *readings, *snapshots;
    struct inventory inventory;
    struct machine machine;
} room;

static int set_up(void **state)
{
    (void)state;
    room.readings = fake_recycler();
    room.snapshots = snapshot_recycler();
    room.machine = fake_machine();
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    inventory_fini(&room.inventory);
    recycler_close(room.readings);
    recycler_close(room.snapshots);
    return 0;
}

static struct snapshot *merged(struct collector_view *views, size_t len)
{
    struct snapshot *s = snapshot_take(room.snapshots, &room.machine);

    assert_non_null(s);
    assert_int_equal(merge(s, &room.inventory, views, len), 0);
    return s;
}

static struct collector_view silent(const char *name)
{
    return (struct collector_view){.name = name, .seen = true};
}

static struct collector_view gpus(const char *name, unsigned count, unsigned per_gpu)
{
    struct collector_view view = fake_view(room.readings, name);

    fake_accelerators(&view.held->reading, name, count, per_gpu);
    return view;
}

static struct collector_view host(unsigned count, int first, int step)
{
    struct collector_view view = fake_view(room.readings, "processes");

    fake_processes(&view.held->reading, count, first, step);
    return view;
}

static void accelerators_are_numbered_over_platforms_in_order(void **state)
{
    struct collector_view views[] = {gpus("nvidia", 2, 0), gpus("amdgpu", 3, 0)};
    struct snapshot *s = merged(views, 2);

    (void)state;
    assert_int_equal(snapshot_accelerators(s), 5);
    for (unsigned i = 0; i < 5; i++) {
        assert_int_equal(s->accelerators[i].number, i);
        assert_int_equal(s->accelerators[i].device.index, i < 2 ? i : i - 2);
        assert_string_equal(s->accelerators[i].device.platform, i < 2 ? "nvidia" : "amdgpu");
        assert_string_equal(s->accelerators[i].platform->driver_version, "580.65.06");
    }
    snapshot_release(s);
}

static void a_gap_in_the_indices_stays_one(void **state)
{
    struct collector_view views[] = {gpus("nvidia", 3, 0), gpus("amdgpu", 1, 0)};

    (void)state;
    views[0].held->reading.accelerators[1] = views[0].held->reading.accelerators[2];
    views[0].held->reading.accelerator_len = 2;
    struct snapshot *s = merged(views, 2);
    assert_int_equal(s->accelerators[0].number, 0);
    assert_int_equal(s->accelerators[1].number, 2);
    assert_int_equal(s->accelerators[2].number, 3);
    snapshot_release(s);
}

static void what_comes_later_moves_nobody_s_number(void **state)
{
    struct collector_view before[] = {gpus("amdgpu", 2, 0), gpus("npu", 2, 0)};

    (void)state;
    snapshot_release(merged(before, 2));
    struct collector_view grown[] = {gpus("amdgpu", 3, 0), gpus("npu", 2, 1)};
    struct snapshot *s = merged(grown, 2);
    assert_int_equal(snapshot_accelerators(s), 5);
    for (unsigned i = 0; i < 5; i++)
        assert_int_equal(s->accelerators[i].number, i);
    assert_string_equal(s->accelerators[2].device.platform, "npu");
    assert_string_equal(s->accelerators[4].device.uuid, "GPU-amdgpu-2"); /* behind all others */
    snapshot_release(s);
    struct collector_view shrunk[] = {gpus("amdgpu", 1, 0), gpus("npu", 3, 0)};
    s = merged(shrunk, 2);
    assert_int_equal(snapshot_accelerators(s), 4);
    assert_int_equal(s->accelerators[0].number, 0);
    assert_string_equal(s->accelerators[1].device.uuid, "GPU-npu-0");
    assert_int_equal(s->accelerators[1].number, 2);
    assert_int_equal(s->accelerators[3].number, 5); /* no number is given out twice */
    snapshot_release(s);
}

/* A collector that is closed when its driver goes lists the cards anew when it comes back. */
static void a_driver_that_is_loaded_anew_moves_nobody_s_number(void **state)
{
    static const char *const uuids[] = {"new", "GPU-amdgpu-1", "GPU-amdgpu-0"};
    struct collector_view before[] = {gpus("amdgpu", 2, 0), gpus("npu", 1, 0)};

    (void)state;
    snapshot_release(merged(before, 2));
    struct collector_view away[] = {silent("amdgpu"), gpus("npu", 1, 0)};
    struct snapshot *s = merged(away, 2);
    assert_int_equal(snapshot_accelerators(s), 3);
    assert_int_equal(s->accelerators[1].device.state, ACCELERATOR_LOST);
    snapshot_release(s);
    struct collector_view again[] = {gpus("amdgpu", 3, 1), gpus("npu", 1, 0)};
    for (size_t i = 0; i < ARRAY_LEN(uuids); i++)
        str_copy(again[0].held->reading.accelerators[i].uuid,
                 sizeof(((struct accelerator *)0)->uuid), str_of(uuids[i]));
    int pid = again[0].held->reading.accelerator_processes[0].pid;
    s = merged(again, 2);
    assert_int_equal(snapshot_accelerators(s), 4);
    assert_string_equal(s->accelerators[0].device.uuid, "GPU-amdgpu-0");
    assert_string_equal(s->accelerators[1].device.uuid, "GPU-amdgpu-1");
    assert_string_equal(s->accelerators[2].device.platform, "npu");
    assert_string_equal(s->accelerators[3].device.uuid, "new");
    for (size_t i = 0; i < s->device_process_len; i++) /* processes go with their device */
        if (s->device_processes[i].use.pid == pid)
            assert_int_equal(s->device_processes[i].number, 3);
    snapshot_release(s);
    struct collector_view gone[] = {silent("amdgpu"), gpus("npu", 1, 0)};
    s = merged(gone, 2);
    assert_int_equal(snapshot_accelerators(s), 4);
    assert_string_equal(s->accelerators[3].device.uuid, "new");
    assert_int_equal(s->accelerators[3].device.state, ACCELERATOR_LOST);
    snapshot_release(s);
}

static void devices_that_say_they_are_the_same_one_have_a_number_each(void **state)
{
    (void)state;
    for (unsigned turn = 0; turn < 2; turn++) {
        struct collector_view views[] = {gpus("amdgpu", 3, 0)};
        struct accelerator *all = views[0].held->reading.accelerators;
        memcpy(all[1].uuid, all[0].uuid, sizeof(all[1].uuid));
        memset(all[2].uuid, 0, sizeof(all[2].uuid));
        struct snapshot *s = merged(views, 1);
        assert_int_equal(snapshot_accelerators(s), 3);
        for (unsigned i = 0; i < 3; i++) {
            assert_int_equal(s->accelerators[i].number, i);
            assert_int_equal(s->accelerators[i].device.index, i);
        }
        snapshot_release(s);
    }
}

static void what_the_kernel_does_not_tell_of_the_machine_its_controller_does(void **state)
{
    struct collector_view views[] = {gpus("chassis", 0, 0), gpus("ipmi", 0, 0)};
    struct chassis *kernel = &views[0].held->reading.chassis;
    struct chassis *controller = &views[1].held->reading.chassis;

    (void)state;
    kernel->present = controller->present = true;
    str_copy(kernel->vendor, sizeof(kernel->vendor), STR("Maker"));
    kernel->inlet_temperature_c = 22;
    kernel->fan_rpm[0] = 900;
    str_copy(kernel->fan_name[0], sizeof(kernel->fan_name[0]), STR("cpu"));
    controller->inlet_temperature_c = 25;
    controller->power_w = 412;
    controller->fan_rpm[0] = 8400;
    str_copy(controller->fan_name[0], sizeof(controller->fan_name[0]), STR("FAN1"));
    struct snapshot *s = merged(views, 2);
    assert_string_equal(s->chassis->vendor, "Maker");
    assert_true(s->chassis->inlet_temperature_c == 22); /* the first that tells */
    assert_true(s->chassis->power_w == 412);
    assert_string_equal(s->chassis->fan_name[1], "FAN1");
    assert_true(s->chassis->fan_rpm[1] == 8400);
    snapshot_release(s);
}

static void a_platform_that_comes_late_is_put_in_its_place(void **state)
{
    struct collector_view before[] = {silent("nvidia"), gpus("amdgpu", 1, 0)};

    (void)state;
    struct snapshot *s = merged(before, 2);
    assert_int_equal(s->accelerators[0].number, 0);
    snapshot_release(s);
    struct collector_view after[] = {gpus("nvidia", 2, 0), gpus("amdgpu", 1, 0)};
    s = merged(after, 2);
    assert_string_equal(s->accelerators[0].device.platform, "nvidia");
    assert_string_equal(s->accelerators[2].device.platform, "amdgpu");
    assert_int_equal(s->accelerators[2].number, 2);
    snapshot_release(s);
}

static void devices_of_a_silent_driver_are_lost_under_their_last_identity(void **state)
{
    struct collector_view before[] = {gpus("nvidia", 2, 1), gpus("amdgpu", 1, 0)};

    (void)state;
    snapshot_release(merged(before, 2));
    struct collector_view after[] = {silent("nvidia"), gpus("amdgpu", 1, 0)};
    struct snapshot *s = merged(after, 2);
    assert_int_equal(s->accelerator_len, 3);
    const struct merged_accelerator *a = &s->accelerators[1];
    assert_int_equal(a->device.state, ACCELERATOR_LOST);
    assert_string_equal(a->device.uuid, "GPU-nvidia-1");
    assert_string_equal(a->device.name, "Board of nvidia");
    assert_string_equal(a->device.pci_bus_id, "0000:3b:00.0");
    assert_string_equal(a->platform->driver_version, "580.65.06");
    assert_true(isnan(a->device.utilization_ratio));
    assert_int_equal(a->device.mem_total_bytes, UNKNOWN_COUNT);
    assert_int_equal(a->processes, UNKNOWN_COUNT);
    assert_int_equal(s->accelerators[2].number, 2); /* the other platform's number stays */
    assert_int_equal(s->accelerators[2].device.state, ACCELERATOR_OK);
    snapshot_release(s);
}

static void a_partial_reading_loses_only_what_it_lacks(void **state)
{
    struct collector_view before[] = {gpus("nvidia", 2, 0)};

    (void)state;
    snapshot_release(merged(before, 1));
    struct collector_view after[] = {gpus("nvidia", 1, 0)};
    after[0].up = false;
    struct snapshot *s = merged(after, 1);
    assert_int_equal(s->accelerator_len, 2);
    assert_int_equal(s->accelerators[0].device.state, ACCELERATOR_OK);
    assert_int_equal(s->accelerators[1].device.state, ACCELERATOR_LOST);
    snapshot_release(s);
}

static void a_good_reading_with_fewer_devices_is_believed(void **state)
{
    struct collector_view before[] = {gpus("nvidia", 2, 0)};

    (void)state;
    snapshot_release(merged(before, 1));
    struct collector_view after[] = {gpus("nvidia", 1, 0)};
    struct snapshot *s = merged(after, 1);
    assert_int_equal(s->accelerator_len, 1);
    snapshot_release(s);
}

static void processes_on_devices_know_their_owners(void **state)
{
    struct collector_view views[] = {gpus("nvidia", 2, 2), host(2, 1000, 100)};
    struct snapshot *s = merged(views, 2);

    (void)state;
    assert_int_equal(s->device_process_len, 4);
    const struct merged_process *p = s->device_processes;
    assert_int_equal(p[0].use.pid, 1000);
    assert_true(p[0].known);
    assert_string_equal(p[0].host.user, "alice");
    assert_string_equal(p[0].device_uuid, "GPU-nvidia-0");
    assert_int_equal(p[1].use.pid, 1001); /* not in the host's table */
    assert_false(p[1].known);
    assert_string_equal(p[1].host.name, "");
    assert_true(isnan(p[1].host.cpu_ratio));
    assert_int_equal(p[2].use.pid, 1100);
    assert_true(p[2].known);
    assert_int_equal(p[2].number, 1);
    assert_int_equal(s->accelerators[0].processes, 2);
    snapshot_release(s);
}

static void two_contexts_on_one_device_are_one_process(void **state)
{
    struct collector_view views[] = {gpus("nvidia", 1, 2)};
    struct accelerator_process *uses = views[0].held->reading.accelerator_processes;

    (void)state;
    uses[1].pid = uses[0].pid;
    uses[1].type = 'G';
    uses[0].sm_ratio = (double)NAN;
    uses[1].mem_used_bytes = UNKNOWN_COUNT;
    struct snapshot *s = merged(views, 1);
    assert_int_equal(s->device_process_len, 1);
    assert_int_equal(s->device_processes[0].use.mem_used_bytes, FAKE_GIB);
    assert_true(s->device_processes[0].use.sm_ratio > 0.2);
    assert_int_equal(s->accelerators[0].processes, 1);
    snapshot_release(s);
}

static void a_process_on_no_known_device_is_left_out(void **state)
{
    struct collector_view views[] = {gpus("nvidia", 1, 1)};

    (void)state;
    views[0].held->reading.accelerator_processes[0].accelerator = 9;
    struct snapshot *s = merged(views, 1);
    assert_int_equal(s->device_process_len, 0);
    snapshot_release(s);
}

static void the_busiest_are_shown_and_those_on_devices_always(void **state)
{
    /* pid 1000 to 1009, the later the busier; 1000 and 1001 hold a device */
    struct collector_view views[] = {gpus("nvidia", 1, 2), host(10, 1000, 1)};
    static const int wanted[] = {1000, 1001, 1007, 1008, 1009};
    struct snapshot *s = merged(views, 2);

    (void)state;
    assert_int_equal(s->process_count, 10);
    assert_int_equal(s->process_len, ARRAY_LEN(wanted));
    for (size_t i = 0; i < ARRAY_LEN(wanted); i++)
        assert_int_equal(s->processes[i].pid, wanted[i]);
    snapshot_release(s);
}

static void equal_shares_are_told_apart_by_memory_and_then_by_pid(void **state)
{
    struct collector_view view = host(6, 10, 1);
    struct process *p = view.held->reading.processes;

    (void)state;
    for (size_t i = 0; i < 6; i++) {
        p[i].cpu_ratio = i == 5 ? (double)NAN : 0;
        p[i].memory_bytes = i == 4 ? 900 : 100;
    }
    struct snapshot *s = merged(&view, 1);
    assert_int_equal(s->process_len, 3);
    assert_int_equal(s->processes[0].pid, 10);
    assert_int_equal(s->processes[1].pid, 11);
    assert_int_equal(s->processes[2].pid, 14);
    snapshot_release(s);
}

static int by_cpu_down(const void *a, const void *b)
{
    double x = ((const struct process *)a)->cpu_ratio, y = ((const struct process *)b)->cpu_ratio;
    return (x < y) - (x > y);
}

static void picking_the_busiest_agrees_with_sorting(void **state)
{
    (void)state;
    for (unsigned round = 0; round < 50; round++) {
        struct collector_view view = host(200, 1, 1);
        struct process *p = view.held->reading.processes, sorted[200];
        for (unsigned i = 0; i < 200; i++) {
            unsigned key = round * 1000 + i;
            p[i].cpu_ratio = (double)hash_bytes(&key, sizeof(key)) / 0x1p64;
        }
        memcpy(sorted, p, sizeof(sorted));
        qsort(sorted, 200, sizeof(*sorted), by_cpu_down);
        room.machine.process_limit = 1 + round;
        struct snapshot *s = merged(&view, 1);
        assert_int_equal(s->process_len, 1 + round);
        for (size_t i = 0; i < s->process_len; i++) {
            assert_true(s->processes[i].cpu_ratio >= sorted[round].cpu_ratio);
            assert_true(!i || s->processes[i].pid > s->processes[i - 1].pid);
        }
        snapshot_release(s);
    }
}

static void no_processes_are_shown_when_none_are_wanted(void **state)
{
    struct collector_view view = host(5, 1, 1);

    (void)state;
    room.machine.process_limit = 0;
    struct snapshot *s = merged(&view, 1);
    assert_int_equal(s->process_len, 0);
    assert_int_equal(s->process_count, 5);
    snapshot_release(s);
}

static void parts_of_the_host_come_from_whoever_read_them(void **state)
{
    struct collector_view views[] = {silent("cpu"), fake_view(room.readings, "host"),
                                     host(2, 1, 1)};

    (void)state;
    fake_host(&views[1].held->reading, 4);
    views[0].stale = 2;
    views[2].seen = false;
    struct snapshot *s = merged(views, 3);
    assert_int_equal(s->cpu->core_len, 4);
    assert_true(s->memory->present);
    assert_string_equal(s->chassis->vendor, "Maker");
    assert_string_equal(s->filesystems[0].mount_point, "/");
    assert_string_equal(s->filesystems[1].mount_point, "/srv");
    assert_int_equal(s->processes_hidden, 0);
    assert_int_equal(s->collector_len, 2);
    assert_int_equal(s->reject_len, 1);
    assert_string_equal(s->rejects[0].field, "cpu");
    assert_string_equal(s->rejects[0].reason, "stale");
    assert_int_equal(s->rejects[0].count, 2);
    snapshot_release(s);
}

static void a_machine_of_which_nothing_is_known_is_empty(void **state)
{
    struct collector_view view = silent("nvidia");
    struct snapshot *s = merged(&view, 1);

    (void)state;
    assert_null(s->cpu);
    assert_null(s->memory);
    assert_null(s->chassis);
    assert_int_equal(s->accelerator_len, 0);
    assert_int_equal(s->process_count, UNKNOWN_COUNT);
    snapshot_release(s);
}

static void servers_of_the_multi_process_service_are_told_by_their_name(void **state)
{
    struct collector_view views[] = {gpus("nvidia", 2, 2), host(3, 1000, 1)};

    (void)state;
    snprintf(views[1].held->reading.processes[1].name,
             sizeof(views[1].held->reading.processes[1].name), "nvidia-cuda-mps");
    struct snapshot *s = merged(views, ARRAY_LEN(views));
    assert_int_equal(s->accelerators[0].mps_servers, 1);
    assert_int_equal(s->accelerators[1].mps_servers, 0);
    snapshot_release(s);

    struct collector_view alone = gpus("nvidia", 1, 2); /* who they are is not known */
    s = merged(&alone, 1);
    assert_true(s->accelerators[0].mps_servers == UNKNOWN_COUNT);
    snapshot_release(s);
}

static void errors_of_the_kernels_log_join_those_of_the_driver(void **state)
{
    struct logged_xid logged[] = {
        {"0000:3a:00.0", 31, 3, 2, 1700000002, "page fault"}, /* the driver told of one of three */
        {"0000:3a:00.0", 119, 1, 1, 1700000009, "no answer"}, /* and of this not */
        {"0000:3b:00.0", 79, 1, 0, 1600000000, "gone"},       /* the log begins behind the first */
        {"0000:99:00.0", 79, 1, 0, 1700000000, "gone"},       /* of no GPU of ours */
    };
    struct collector_view views[] = {gpus("nvidia", 2, 0), fake_view(room.readings, "kmsg")};

    (void)state;
    views[1].held->reading.logged_xids = logged;
    views[1].held->reading.logged_xid_len = ARRAY_LEN(logged);
    struct snapshot *s = merged(views, ARRAY_LEN(views));
    assert_int_equal(s->xid_len, 5);
    for (size_t i = 0; i < s->xid_len; i++) {
        const struct accelerator_xid *x = &s->xids[i].xid;
        bool first = s->xids[i].on->number == 0;
        assert_int_equal(x->count, x->xid == 31 && first ? 3 : x->xid == 79 ? 2 : 1);
        assert_int_equal(x->latest, first ? x->xid == 119 : x->xid == 31);
    }
    assert_true(s->accelerators[0].device.detail.xid_events_total == 6);
    snapshot_release(s);

    struct collector_view later[] = {silent("nvidia"), fake_view(room.readings, "kmsg")};
    later[1].held->reading.logged_xids = logged;
    later[1].held->reading.logged_xid_len = ARRAY_LEN(logged);
    s = merged(later, ARRAY_LEN(later)); /* the driver hangs, the kernel goes on telling */
    assert_int_equal(s->xid_len, 3);
    assert_int_equal(s->xids[1].xid.xid, 119);
    assert_int_equal(s->xids[1].on->device.state, ACCELERATOR_LOST);
    snapshot_release(s);
}

static void peers_are_joined_by_number(void **state)
{
    struct collector_view views[] = {gpus("amdgpu", 1, 0), gpus("nvidia", 2, 0)};

    (void)state;
    struct snapshot *s = merged(views, ARRAY_LEN(views));
    assert_int_equal(s->peer_len, 2);
    for (size_t i = 0; i < s->peer_len; i++) {
        assert_int_equal(s->peers[i].on->device.index, s->peers[i].peer.accelerator);
        assert_int_equal(s->peers[i].other->device.index, s->peers[i].peer.peer);
        assert_string_equal(s->peers[i].other->device.platform, "nvidia");
    }
    snapshot_release(s);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(accelerators_are_numbered_over_platforms_in_order),
        TEST(a_gap_in_the_indices_stays_one),
        TEST(what_comes_later_moves_nobody_s_number),
        TEST(a_driver_that_is_loaded_anew_moves_nobody_s_number),
        TEST(devices_that_say_they_are_the_same_one_have_a_number_each),
        TEST(a_platform_that_comes_late_is_put_in_its_place),
        TEST(what_the_kernel_does_not_tell_of_the_machine_its_controller_does),
        TEST(devices_of_a_silent_driver_are_lost_under_their_last_identity),
        TEST(a_partial_reading_loses_only_what_it_lacks),
        TEST(a_good_reading_with_fewer_devices_is_believed),
        TEST(processes_on_devices_know_their_owners),
        TEST(two_contexts_on_one_device_are_one_process),
        TEST(a_process_on_no_known_device_is_left_out),
        TEST(the_busiest_are_shown_and_those_on_devices_always),
        TEST(equal_shares_are_told_apart_by_memory_and_then_by_pid),
        TEST(picking_the_busiest_agrees_with_sorting),
        TEST(no_processes_are_shown_when_none_are_wanted),
        TEST(parts_of_the_host_come_from_whoever_read_them),
        TEST(a_machine_of_which_nothing_is_known_is_empty),
        TEST(servers_of_the_multi_process_service_are_told_by_their_name),
        TEST(errors_of_the_kernels_log_join_those_of_the_driver),
        TEST(peers_are_joined_by_number),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
