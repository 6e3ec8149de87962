/* nvidia_kmsg_test.c - lines of the kernel's log, good and bad. */
#include "device/nvidia/nvidia_kmsg.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

static void lines_of_xids_are_read_and_others_are_not(void **state)
{
    static const struct {
        const char *line, *bus; /* NULL: none */
        unsigned xid;
    } cases[] = {
        {"4,1,2,-;NVRM: Xid (PCI:0000:3b:00): 79, pid=1, GPU has fallen", "0000:3b:00.0", 79},
        {"NVRM: Xid (PCI:0001:AB:00): 31", "0001:ab:00.0", 31},
        {"[1.5] NVRM: Xid (PCI:0000:17:00): 119, pid=3", "0000:17:00.0", 119},
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

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(lines_of_xids_are_read_and_others_are_not),
        cmocka_unit_test(a_log_is_counted_by_gpu_and_code),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
