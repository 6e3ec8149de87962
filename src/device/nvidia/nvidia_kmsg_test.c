/* nvidia_kmsg_test.c - lines of the kernel's log, good and bad. */
#include "device/nvidia/nvidia_rig.h"

#include "device/nvidia/nvidia_kmsg.h"

#include <fcntl.h>

static void lines_of_xids_are_read_and_others_are_not(void **state)
{
    static const struct {
        const char *line, *bus; /* NULL: none */
        unsigned xid;
    } cases[] = {
        {"4,1,2,-;NVRM: Xid (PCI:0000:3b:00): 79, pid=1, GPU has fallen", "0000:3b:00.0", 79},
        {"NVRM: Xid (PCI:0001:AB:00): 31", "0001:ab:00.0", 31},
        {"[1.5] NVRM: Xid (PCI:0000:17:00): 119, pid=3", "0000:17:00.0", 119},
        {"4,1,2,-;NVRM: Xid (PCI:0000:3b:00 GPU-I:05): 43, pid=1", "0000:3b:00.0", 43}, /* MIG */
        {"12,1,2,-;NVRM: Xid (PCI:0000:3b:00): 79, by a program", NULL, 0},
        {"NVRM: Xid (PCI:0000:3b:00): x", NULL, 0},
        {"NVRM: Xid (PCI:0000:3b:00) 79", NULL, 0},
        {"NVRM: Xid (PCI:0000:3b:00", NULL, 0},
        {"NVRM: Xid (PCI:nonsense): 79", NULL, 0},
        {"NVRM: Xid (PCI:0000:3b:00): 99999999999999999999999", NULL, 0},
        {"NVRM: loading NVIDIA UNIX Module", NULL, 0},
        {"", NULL, 0},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct kmsg_xid got;
        bool is = nvidia_kmsg_line(str_of(cases[i].line), &got);
        if (is != (cases[i].bus != NULL))
            fail_msg("%s", cases[i].line);
        if (!is)
            continue;
        assert_string_equal(got.bus_id, cases[i].bus);
        assert_int_equal(got.xid, cases[i].xid);
    }
}

static void a_log_is_counted_by_gpu_and_code(void **state)
{
    char root[] = "/tmp/algalon-kmsg-XXXXXX", path[64];
    struct kmsg_xid found[4];
    struct host_paths paths = {.procfs = "/proc", .sysfs = "/sys", .rootfs = root};
    struct buf text;

    (void)state;
    assert_non_null(mkdtemp(root));
    assert_int_equal(nvidia_kmsg_xids(&paths, found, ARRAY_LEN(found)), 0);
    snprintf(path, sizeof(path), "%s/dev", root);
    assert_int_equal(file_mkdirs(path, NULL), 0);
    snprintf(path, sizeof(path), "%s/dev/kmsg", root);
    buf_init(&text, 0);
    for (unsigned i = 0; i < 2000; i++) /* more than one read, lines cut anywhere */
        buf_printf(&text, "4,%u,1,-;NVRM: Xid (PCI:0000:%02x:00): %u, pid=1\n6,1,1,-;other\n", i,
                   i % 2 ? 0x3b : 0x17, 13 + i % 3);
    assert_int_equal(file_replace(path, text.ptr, text.len, NULL), 0);
    buf_fini(&text);
    assert_int_equal(nvidia_kmsg_xids(&paths, found, ARRAY_LEN(found)), 4); /* of six */
    assert_string_equal(found[0].bus_id, "0000:17:00.0");
    assert_int_equal(found[0].xid, 13);
    assert_in_range(found[0].count, 333, 334);
    assert_int_equal(file_remove_tree(root), 0);
}

/* Writes on at the end of the machine's kernel log. */
static void append(struct rig *rig, const char *text)
{
    char path[128];

    snprintf(path, sizeof(path), "%s/dev/kmsg", rig->root);
    int fd = open(path, O_WRONLY | O_APPEND);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, text, strlen(text)), strlen(text));
    close(fd);
}

static void read_log(struct rig *rig, void *log)
{
    arena_reset(&rig->arena);
    reading_init(&rig->r, &rig->arena);
    assert_int_equal(nvidia_kmsg_collector.read(log, &rig->r, &rig->err), 0);
}

static void what_the_log_held_and_what_comes_is_counted_with_its_time(void **state)
{
    struct rig *rig = *state;
    void *log;

    assert_false(nvidia_kmsg_collector.detect(&rig->paths)); /* no log */
    rig_file(rig, "dev/kmsg",
             "4,1,1000000,-;NVRM: Xid (PCI:0000:3b:00): 31, pid=1\n"
             "6,2,1000001,-;something else\n"
             "4,3,1000002,-;NVRM: Xid (PCI:0000:3b:00): 3");
    assert_true(nvidia_kmsg_collector.detect(&rig->paths));
    assert_int_equal(nvidia_kmsg_collector.open(&rig->paths, &log, &rig->err), 0);
    read_log(rig, log);
    assert_int_equal(rig->r.logged_xid_len, 1); /* a line that is not at its end waits for it */
    const struct logged_xid *x = rig->r.logged_xids;
    assert_string_equal(x->bus_id, "0000:3b:00.0");
    assert_int_equal(x->xid, 31);
    assert_int_equal(x->count, 1);
    assert_string_equal(x->meaning, "page fault in GPU memory");
    double now_s = (double)clock_now_ms() / 1000, up_s = (double)clock_mono_ns() / NS_PER_S;
    assert_near(x->last_s, now_s - up_s + 1, 5); /* the time in the line */

    append(rig, "1, pid=2\n4,4,2,-;NVRM: Xid (PCI:0000:17:00): 79\n");
    read_log(rig, log);
    assert_int_equal(rig->r.logged_xid_len, 2);
    assert_int_equal(rig->r.logged_xids[0].count, 2);
    assert_int_equal(rig->r.logged_xids[1].xid, 79);
    read_log(rig, log);
    assert_int_equal(rig->r.logged_xids[0].count, 2); /* no line twice */
    nvidia_kmsg_collector.close(log);
}

static void a_console_in_its_place_is_left_alone(void **state)
{
    struct rig *rig = *state;
    char path[128];

    rig_file(rig, "dev/x", "");
    snprintf(path, sizeof(path), "%s/dev/kmsg", rig->root);
    assert_int_equal(symlink("/dev/null", path), 0);
    assert_false(nvidia_kmsg_collector.detect(&rig->paths));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(lines_of_xids_are_read_and_others_are_not),
        cmocka_unit_test(a_log_is_counted_by_gpu_and_code),
        cmocka_unit_test_setup_teardown(what_the_log_held_and_what_comes_is_counted_with_its_time,
                                        rig_setup, rig_teardown),
        cmocka_unit_test_setup_teardown(a_console_in_its_place_is_left_alone, rig_setup,
                                        rig_teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
