/* rights_test.c - the table of rights on small trees. */
#include "device/linux_test.h"

static struct arena arena;

static int set_up(void **state)
{
    struct tree *t = xnew(struct tree);

    snprintf(t->dir, sizeof(t->dir), "/tmp/algalon-rights-XXXXXX");
    assert_non_null(mkdtemp(t->dir));
    snprintf(t->procfs, sizeof(t->procfs), "%s/proc", t->dir);
    snprintf(t->sysfs, sizeof(t->sysfs), "%s/sys", t->dir);
    snprintf(t->rootfs, sizeof(t->rootfs), "%s", t->dir);
    t->paths = (struct host_paths){.procfs = t->procfs, .sysfs = t->sysfs, .rootfs = t->rootfs};
    arena_init(&arena, 0);
    *state = t;
    return 0;
}

static int tear_down(void **state)
{
    struct tree *t = *state;
    int code = file_remove_tree(t->dir);

    arena_fini(&arena);
    free(t);
    return code;
}

static struct right find(const struct tree *t, const char *values)
{
    struct right *list = NULL;
    size_t len = 0;

    rights_list(&t->paths, &arena, &list, &len);
    assert_true(len >= 10);
    for (size_t i = 0; i < len; i++) {
        assert_true(*list[i].values && *list[i].need && *list[i].compose && *list[i].kubernetes);
        assert_true(*list[i].found); /* nothing is said without what was looked at */
        if (strstr(list[i].values, values))
            return list[i];
    }
    fail_msg("no right opens %s", values);
    return list[0];
}

#define assert_state(t, values, wanted) assert_int_equal(find(t, values).state, wanted)

static void without_the_hardware_its_rights_are_not_needed(void **state)
{
    const struct tree *t = *state;

    tree_write(t, "proc/1/stat", "1 (init) S 0\n");
    assert_state(t, "NVIDIA", RIGHT_MOOT);
    assert_state(t, "XID", RIGHT_MOOT);
    assert_state(t, "power of CPU", RIGHT_MOOT);
    assert_state(t, "names of pods", RIGHT_MOOT);
}

static void the_files_of_the_driver_decide(void **state)
{
    const struct tree *t = *state;

    tree_write(t, "proc/driver/nvidia/version",
               "NVRM version: NVIDIA UNIX x86_64 Kernel Module  580.95.05  Tue Sep 1\n");
    struct right r = find(t, "NVIDIA");
    assert_int_equal(r.state, RIGHT_LACKED);
    assert_non_null(strstr(r.found, "/dev/nvidiactl: No such file"));
    assert_non_null(strstr(r.compose, "utility"));
    assert_non_null(strstr(r.kubernetes, "NVIDIA_DRIVER_CAPABILITIES=utility"));
    assert_state(t, "XID", RIGHT_LACKED);
    tree_write(t, "dev/nvidiactl", "");
    tree_write(t, "dev/kmsg", "");
    assert_state(t, "NVIDIA", RIGHT_HELD);
    assert_state(t, "XID", RIGHT_HELD);
}

static void a_proc_with_kernel_threads_is_the_hosts(void **state)
{
    const struct tree *t = *state;

    tree_write(t, "proc/1/stat", "1 (init) S 0\n");
    assert_state(t, "names, users", RIGHT_LACKED);
    tree_write(t, "proc/2/stat",
               "2 (kthreadd) S 0 0 0 0 -1 2129984 0 0 0 0 0 1 0 0 20 0 1 0 12 0 0 0 0 0 0 0 0 0 0 "
               "0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0\n");
    assert_state(t, "names, users", RIGHT_HELD);
}

static void a_hidden_proc_is_lacked_and_an_absent_one_not_known(void **state)
{
    const struct tree *t = *state;

    assert_state(t, "processes of other users", RIGHT_UNTOLD);
    tree_write(t, "proc/self/stat", "7 (algalon) R 1\n");
    assert_state(t, "processes of other users", RIGHT_LACKED);
    tree_write(t, "proc/1/stat", "1 (init) S 0\n");
    assert_state(t, "processes of other users", RIGHT_HELD);
}

static void a_container_lacks_what_is_not_mounted(void **state)
{
    const struct tree *t = *state;
    struct tree inside = *t;

    tree_write(t, "etc/passwd", "root:x:0:0::/root:/bin/sh\n");
    assert_state(t, "file systems", RIGHT_HELD);
    tree_write(t, "proc/self/environ", "container=podman");
    assert_state(t, "file systems", RIGHT_HELD); /* mounted: --path.rootfs is not "/" */
    inside.paths.rootfs = "/";
    inside.paths.sysfs = "/sys";
    assert_state(&inside, "file systems", RIGHT_LACKED);
    assert_state(&inside, "accelerators", RIGHT_LACKED);
}

static void energy_counters_are_held_by_who_may_read_them(void **state)
{
    const struct tree *t = *state;

    tree_write(t, "sys/class/powercap/intel-rapl:0/energy_uj", "17\n");
    struct right r = find(t, "power of CPU");
    assert_int_equal(r.state, RIGHT_HELD);
    assert_non_null(strstr(r.need, "CAP_DAC_READ_SEARCH"));
    char path[200];
    snprintf(path, sizeof(path), "%s/sys/class/powercap/intel-rapl:0/energy_uj", t->dir);
    assert_int_equal(chmod(path, 0), 0);
    assert_state(t, "power of CPU", geteuid() ? RIGHT_LACKED : RIGHT_HELD);
}

static void the_kubelets_logs_are_wanted_where_there_is_one(void **state)
{
    const struct tree *t = *state;

    tree_write(t, "var/lib/kubelet/config.yaml", "");
    assert_state(t, "names of pods", RIGHT_LACKED);
    assert_state(t, "which pod was given", RIGHT_MOOT);
    tree_write(t, "var/lib/kubelet/pod-resources/kubelet.sock", "");
    assert_state(t, "which pod was given", RIGHT_HELD);
    tree_write(t, "var/log/pods/a_b_c/x", "");
    assert_state(t, "names of pods", RIGHT_HELD);
}

static void open_files_are_tried_link_by_link(void **state)
{
    const struct tree *t = *state;
    char path[200];

    assert_state(t, "without using it", RIGHT_UNTOLD);
    if (geteuid() != 0)
        return; /* the tree is the tester's own: only root counts those */
    tree_write(t, "proc/12/fd/none", "");
    assert_state(t, "without using it", RIGHT_UNTOLD);
    snprintf(path, sizeof(path), "%s/proc/12/fd/0", t->dir);
    assert_int_equal(symlink("/dev/null", path), 0);
    assert_state(t, "without using it", RIGHT_HELD);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(without_the_hardware_its_rights_are_not_needed),
        TEST(the_files_of_the_driver_decide),
        TEST(a_proc_with_kernel_threads_is_the_hosts),
        TEST(a_hidden_proc_is_lacked_and_an_absent_one_not_known),
        TEST(a_container_lacks_what_is_not_mounted),
        TEST(energy_counters_are_held_by_who_may_read_them),
        TEST(the_kubelets_logs_are_wanted_where_there_is_one),
        TEST(open_files_are_tried_link_by_link),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
