/* json_test.c - a snapshot as JSON and CSV: complete, typed, null for the unknown. */
#include "worker/merge.h"

#include "worker/fake_view.h"
#include "worker/fields.h"

#include <jansson.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

static struct {
    struct recycler *readings, *snapshots;
    struct inventory inventory;
    struct machine machine;
    struct buf out;
} room;

static int set_up(void **state)
{
    (void)state;
    memset(&room, 0, sizeof(room));
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
    buf_fini(&room.out);
    return 0;
}

static struct snapshot *merged(struct collector_view *views, size_t len)
{
    struct snapshot *s = snapshot_take(room.snapshots, &room.machine);

    s->ts_ms = 1700000000123;
    assert_int_equal(merge(s, &room.inventory, views, len), 0);
    return s;
}

static struct snapshot *full(void)
{
    struct collector_view views[] = {fake_view(room.readings, "nvidia"),
                                     fake_view(room.readings, "host")};

    fake_accelerators(&views[0].held->reading, "nvidia", 2, 2);
    fake_host(&views[1].held->reading, 4);
    fake_processes(&views[1].held->reading, 10, 1000, 1);
    return merged(views, ARRAY_LEN(views));
}

static json_t *as_json(struct snapshot *s)
{
    json_error_t error;

    snapshot_json(s, &room.out);
    assert_false(room.out.failed);
    json_t *root = json_loadb(room.out.ptr, room.out.len, JSON_REJECT_DUPLICATES, &error);
    if (!root)
        fail_msg("%s at %d in %.*s", error.text, error.position, STR_ARG(buf_str(&room.out)));
    snapshot_release(s);
    return root;
}

static json_t *at(json_t *root, const char *list, size_t i)
{
    json_t *item = json_array_get(json_object_get(root, list), i);

    assert_non_null(item);
    return item;
}

static const char *text_of(json_t *object, const char *key)
{
    const char *text = json_string_value(json_object_get(object, key));

    if (!text)
        fail_msg("%s is no text", key);
    return text;
}

static double number_of(json_t *object, const char *key)
{
    json_t *value = json_object_get(object, key);

    if (!json_is_number(value))
        fail_msg("%s is no number", key);
    return json_number_value(value);
}

static void everything_has_a_place_and_a_type(void **state)
{
    json_t *root = as_json(full());
    json_t *gpu = at(root, "gpus", 1), *cpu = at(root, "cpus", 0), *disk = at(root, "storage", 1);

    (void)state;
    assert_string_equal(text_of(root, "timestamp"), "2023-11-14T22:13:20.123Z");
    assert_true(number_of(root, "timestamp_ms") == 1700000000123.0);
    assert_string_equal(text_of(root, "hostname"), "node1");
    assert_int_equal(json_array_size(json_object_get(root, "gpus")), 2);
    assert_true(number_of(gpu, "gpu_index") == 1);
    assert_string_equal(text_of(gpu, "platform"), "nvidia");
    assert_string_equal(text_of(gpu, "state"), "ok");
    assert_string_equal(text_of(gpu, "name"), "Board of nvidia");
    assert_true(number_of(gpu, "utilization_percent") == 12.34);
    assert_true(number_of(gpu, "memory_total_bytes") == 80.0 * FAKE_GIB);
    assert_true(number_of(gpu, "power_watts") == 512.346);
    assert_true(json_is_true(json_object_get(gpu, "ecc_enabled")));
    assert_true(json_is_false(json_object_get(gpu, "mig_enabled")));
    assert_true(json_is_null(json_object_get(gpu, "fan_speed_rpm")));
    assert_string_equal(text_of(gpu, "serial"), "1651");
    assert_true(json_is_null(json_object_get(gpu, "minor_number")));
    assert_true(number_of(gpu, "processes") == 2);
    assert_true(json_is_number(json_object_get(gpu, "utilization_now_percent")));
    assert_true(json_is_number(json_object_get(gpu, "power_now_watts")));
    json_t *part = at(root, "mig_instances", 0), *xid = at(root, "xids", 0);
    assert_true(number_of(part, "gpu_index") == 1);
    assert_string_equal(text_of(part, "profile"), "3g.40gb");
    assert_true(number_of(part, "sm_active_percent") == 25);
    assert_true(number_of(xid, "xid") == 79);
    assert_string_equal(text_of(xid, "meaning"), "gone");
    assert_true(number_of(xid, "count") == 2);
    assert_string_equal(text_of(cpu, "model"), "Xeon \"X\"");
    assert_true(number_of(at(cpu, "cores", 3), "frequency_mhz") == 2003);
    assert_true(number_of(at(cpu, "sockets", 1), "temperature_celsius") == 55.5);
    assert_true(number_of(at(root, "memory", 0), "used_bytes") == (double)FAKE_GIB);
    assert_string_equal(text_of(disk, "mount_point"), "/srv");
    assert_string_equal(text_of(at(root, "chassis", 0), "virtualization"), "kvm");
    assert_string_equal(text_of(at(root, "platforms", 0), "runtime_version"), "13.0");
    assert_true(json_is_true(json_object_get(at(root, "collectors", 0), "up")));
    assert_true(number_of(root, "process_count") == 10);
    json_decref(root);
}

static void processes_name_their_devices_and_hide_their_command(void **state)
{
    static const struct {
        int pid;
        size_t devices;
    } wanted[] = {{1000, 1}, {1001, 1}, {1007, 0}, {1008, 0}, {1009, 0}, {1100, 1}, {1101, 1}};
    json_t *root = as_json(full());

    (void)state;
    assert_int_equal(json_array_size(json_object_get(root, "processes")), ARRAY_LEN(wanted));
    for (size_t i = 0; i < ARRAY_LEN(wanted); i++) {
        json_t *p = at(root, "processes", i);
        assert_true(number_of(p, "pid") == wanted[i].pid);
        assert_int_equal(json_array_size(json_object_get(p, "devices")), wanted[i].devices);
        assert_true(json_is_null(json_object_get(p, "command")));
    }
    json_t *use = at(at(root, "processes", 1), "devices", 0);
    assert_true(number_of(use, "memory_used_bytes") == (double)FAKE_GIB + 1);
    assert_true(number_of(use, "utilization_percent") == 25);
    assert_string_equal(text_of(use, "type"), "C");
    assert_true(json_is_null(json_object_get(use, "encoder_utilization_percent")));
    json_t *stranger = at(root, "processes", 6); /* on a device, not in the host's table */
    assert_true(json_is_null(json_object_get(stranger, "name")));
    assert_true(json_is_null(json_object_get(stranger, "cpu_percent")));
    assert_true(json_is_null(json_object_get(stranger, "threads")));
    json_decref(root);
}

static void commands_are_shown_when_asked_for(void **state)
{
    (void)state;
    room.machine.process_command = PROCESS_COMMAND_FULL;
    json_t *root = as_json(full());
    assert_string_equal(text_of(at(root, "processes", 0), "command"), "python train.py --rank 0");
    json_decref(root);
}

static void a_machine_of_which_nothing_is_known_is_whole_json(void **state)
{
    static const char *const lists[] = {"gpus",    "cpus",      "memory",     "storage", "chassis",
                                        "holders", "processes", "collectors", "rejected"};
    json_t *root = as_json(merged(NULL, 0));

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(lists); i++) {
        assert_true(json_is_array(json_object_get(root, lists[i])));
        assert_int_equal(json_array_size(json_object_get(root, lists[i])), 0);
    }
    assert_true(json_is_null(json_object_get(root, "process_count")));
    json_decref(root);
}

static size_t columns(struct str line)
{
    size_t count = 1;
    bool quoted = false;

    for (size_t i = 0; i < line.len; i++) {
        quoted ^= line.ptr[i] == '"';
        count += line.ptr[i] == ',' && !quoted;
    }
    return count;
}

static void csv_has_a_header_and_a_row_per_accelerator(void **state)
{
    struct collector_view view = fake_view(room.readings, "nvidia");

    (void)state;
    fake_accelerators(&view.held->reading, "nvidia", 2, 0);
    str_copy(view.held->reading.accelerators[0].name,
             sizeof(view.held->reading.accelerators[0].name), STR("a \"b\", c"));
    struct snapshot *s = merged(&view, 1);
    snapshot_csv(s, &room.out);
    struct str rest = buf_str(&room.out);
    struct str header = str_cut(&rest, '\n'), first = str_cut(&rest, '\n');
    struct str second = str_cut(&rest, '\n');
    assert_int_equal(rest.len, 0);
    assert_true(str_starts(header, STR("timestamp_ms,hostname,gpu_index,platform,")));
    assert_true(str_starts(
        first, STR("1700000000123,node1,0,nvidia,0,ok,GPU-nvidia-0,\"a \"\"b\"\", c\",")));
    assert_int_equal(columns(header), fields_accelerator.len + 2);
    assert_int_equal(columns(first), columns(header));
    assert_int_equal(columns(second), columns(header));
    assert_true(str_contains(second, STR(",12.34,")));
    snapshot_release(s);
}

static void csv_without_accelerators_is_a_header(void **state)
{
    struct snapshot *s = merged(NULL, 0);
    struct str rest;

    (void)state;
    snapshot_csv(s, &room.out);
    rest = buf_str(&room.out);
    str_cut(&rest, '\n');
    assert_int_equal(rest.len, 0);
    snapshot_release(s);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(everything_has_a_place_and_a_type),
        TEST(processes_name_their_devices_and_hide_their_command),
        TEST(commands_are_shown_when_asked_for),
        TEST(a_machine_of_which_nothing_is_known_is_whole_json),
        TEST(csv_has_a_header_and_a_row_per_accelerator),
        TEST(csv_without_accelerators_is_a_header),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
