/* linux_nodes_test.c - which device nodes a container or job may use. */
#include "device/linux_nodes.h"

#include "device/linux_test.h"

#define ALL UINT64_MAX /* in a table: the list says nothing */

static void a_list_of_a_control_group_is_read(void **state)
{
    static const struct {
        const char *text;
        uint64_t wanted;
    } cases[] = {
        {"c 1:3 rwm\nc 195:2 rw\nc 195:3 rw\nc 195:255 rw\nc 195:254 rw\nb 195:5 rwm", 0xc},
        {"c 195:0 rwm", 1},
        {"c *:* m\nc 195:1 rwm", ALL},
        {"a *:* rwm", ALL},
        {"c 195:* rwm", ALL},
        {"b *:* m\nc 136:* rwm", 0},
        {"c 195:-1 rw\nc 195: rw\nc 195\nc", 0},
        {"", 0},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct device_minors got;
        bool known = linux_nodes_parse(str_of(cases[i].text), &got);
        assert_int_equal(known, cases[i].wanted != ALL);
        if (known)
            assert_int_equal(got.bits[0], cases[i].wanted);
    }
}

static const struct process_owner *owner_of(struct bench *b, int pid)
{
    struct reading *r = bench_read(b);

    for (size_t i = 0; i < r->process_len; i++)
        if (r->processes[i].pid == pid)
            return r->processes[i].owner;
    fail_msg("no process %d", pid);
    return NULL;
}

/* The same, once its container's /dev was looked through: a busy machine may not do that within the
 * time of one reading, and the next ones look again. */
static const struct process_owner *owner_with_nodes(struct bench *b, int pid)
{
    const struct process_owner *o = owner_of(b, pid);

    for (int i = 0; i < 2000 && !o->nodes_known; i++)
        o = owner_of(b, pid);
    assert_true(o->nodes_known);
    return o;
}

static void the_nodes_in_a_containers_dev_are_what_it_was_given(void **state)
{
    struct bench *b = bench_new(&linux_process_collector, "attribution-podman");

    (void)state;
    tree_write(&b->tree, "proc/550/root/dev/nvidia2", "");
    tree_write(&b->tree, "proc/550/root/dev/nvidia0", "");
    tree_write(&b->tree, "proc/550/root/dev/nvidiactl", "");
    tree_write(&b->tree, "proc/550/root/dev/nvidia-uvm", "");
    tree_write(&b->tree, "proc/550/root/dev/nvidia999", "");
    const struct process_owner *o = owner_with_nodes(b, 550);
    assert_int_equal(o->nodes.bits[0], 5);
    assert_int_equal(o->nodes.bits[1], 0);
    bench_free(b);
}

static void a_dev_that_may_not_be_read_says_nothing(void **state)
{
    struct bench *b = bench_new(&linux_process_collector, "attribution-podman");

    (void)state;
    assert_false(owner_of(b, 550)->nodes_known);
    bench_free(b);
}

static void a_job_is_known_by_the_list_of_its_control_group(void **state)
{
    struct bench *b = bench_new(&linux_process_collector, "attribution-slurm-v1");

    (void)state;
    tree_remove(&b->tree, "proc/590/environ");
    tree_write(&b->tree, "sys/fs/cgroup/devices/slurm/uid_1000/job_77/step_0/task_1/devices.list",
               "c 1:3 rwm\nc 195:255 rw\nc 195:3 rw\n");
    const struct process_owner *o = owner_of(b, 590);
    assert_string_equal(o->devices, "");
    assert_true(o->nodes_known);
    assert_int_equal(o->nodes.bits[0], 8);
    bench_free(b);
}

static void an_environment_that_names_devices_comes_first(void **state)
{
    struct bench *b = bench_new(&linux_process_collector, "attribution-docker-v2");

    (void)state;
    tree_write(&b->tree, "proc/530/root/dev/nvidia7", "");
    const struct process_owner *o = owner_of(b, 530);
    assert_string_not_equal(o->devices, "");
    assert_false(o->nodes_known);
    bench_free(b);
}

static void what_was_given_stays_known_while_a_process_waits(void **state)
{
    struct bench *b = bench_new(&linux_process_collector, "attribution-podman");

    (void)state;
    tree_write(&b->tree, "proc/550/root/dev/nvidia1", "");
    assert_int_equal(owner_with_nodes(b, 550)->nodes.bits[0], 2);
    tree_write(&b->tree, "proc/550/stat",
               "550 (renamed) D 1 1 1 0 -1 0 0 0 0 0 0 0 0 0 20 0 1 0 5000 0 9 0\n");
    tree_remove(&b->tree, "proc/550/root");
    assert_int_equal(owner_of(b, 550)->nodes.bits[0], 2);
    bench_free(b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_list_of_a_control_group_is_read),
        cmocka_unit_test(the_nodes_in_a_containers_dev_are_what_it_was_given),
        cmocka_unit_test(a_dev_that_may_not_be_read_says_nothing),
        cmocka_unit_test(a_job_is_known_by_the_list_of_its_control_group),
        cmocka_unit_test(an_environment_that_names_devices_comes_first),
        cmocka_unit_test(what_was_given_stays_known_while_a_process_waits),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
