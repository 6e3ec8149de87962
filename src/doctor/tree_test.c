/* tree_test.c - what is copied of a machine's files, and what is not. */
#include "doctor/tree.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#define PATIENCE_MS 60000

static char dir[64];
static struct host_paths paths;
static char procfs[96], sysfs[96], rootfs[96];

static int setup(void **state)
{
    (void)state;
    str_copy(dir, sizeof(dir), STR("/tmp/tree-test-XXXXXX"));
    if (!mkdtemp(dir))
        return -1;
    snprintf(procfs, sizeof(procfs), "%s/proc", dir);
    snprintf(sysfs, sizeof(sysfs), "%s/sys", dir);
    snprintf(rootfs, sizeof(rootfs), "%s/root", dir);
    paths = (struct host_paths){.procfs = procfs, .sysfs = sysfs, .rootfs = rootfs};
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    return file_remove_tree(dir);
}

/* Makes a file below the folder, with the folders above it. */
static void put(const char *name, const char *text)
{
    char path[400], folder[400];

    snprintf(path, sizeof(path), "%s/%s", dir, name);
    str_copy(folder, sizeof(folder), str_of(path));
    *strrchr(folder, '/') = '\0';
    assert_int_equal(file_mkdirs(folder, NULL), 0);
    assert_int_equal(file_replace(path, text, strlen(text), NULL), 0);
}

static void put_link(const char *name, const char *target)
{
    char path[400], folder[400];

    snprintf(path, sizeof(path), "%s/%s", dir, name);
    str_copy(folder, sizeof(folder), str_of(path));
    *strrchr(folder, '/') = '\0';
    assert_int_equal(file_mkdirs(folder, NULL), 0);
    assert_int_equal(symlink(target, path), 0);
}

static struct tree copy(const int *pids, size_t len)
{
    struct tree t;

    assert_int_equal(tree_read(&paths, pids, len, PATIENCE_MS, &t, NULL), 0);
    assert_string_equal(t.waiting, "");
    return t;
}

static void assert_copied(const struct tree *t, const char *name, enum tree_kind kind,
                          const char *text)
{
    const struct tree_entry *e = tree_get(t, name);

    if (!e)
        fail_msg("%s is not there", name);
    assert_int_equal(e->kind, kind);
    assert_string_equal(e->bytes, text);
}

static void files_of_processes_are_copied_but_what_people_wrote(void **state)
{
    static const int pids[] = {77};
    struct tree t;

    (void)state;
    put("proc/stat", "cpu 1\n");
    put("proc/77/stat", "77 (a) S 1\n");
    put("proc/77/status", "Uid:\t1\n");
    put("proc/77/cmdline", "secret");
    put("proc/77/environ", "SECRET=1");
    put("proc/9/stat", "9 (kworker) I 2 0\n");
    put_link("proc/77/fd/3", "/dev/nvidia0");
    put_link("proc/77/fd/4", "/home/ada/secret.txt");
    t = copy(pids, 1);
    assert_copied(&t, "proc/stat", TREE_FILE, "cpu 1\n");
    assert_copied(&t, "proc/77/stat", TREE_FILE, "77 (a) S 1\n");
    assert_copied(&t, "proc/77/fd/3", TREE_LINK, "/dev/nvidia0");
    assert_null(tree_get(&t, "proc/77/cmdline"));
    assert_null(tree_get(&t, "proc/77/environ"));
    assert_null(tree_get(&t, "proc/77/fd/4"));
    assert_null(tree_get(&t, "proc/9/stat"));
    tree_fini(&t);
}

static void links_are_followed_or_kept_by_their_last_name(void **state)
{
    struct tree t;

    (void)state;
    put("sys/devices/pci0/0000:3b:00.0/vendor", "0x10de\n");
    put("sys/devices/pci0/0000:3b:00.0/class", "0x030200\n");
    put_link("sys/devices/pci0/0000:3b:00.0/driver", "../../../bus/pci/drivers/nvidia");
    put_link("sys/bus/pci/devices/0000:3b:00.0", "../../../devices/pci0/0000:3b:00.0");
    put("sys/bus/pci/devices/0000:00:02.0/class", "0x020000\n");
    put("sys/devices/pwr/hwmon/hwmon3/name", "power_meter\n");
    put("sys/devices/pwr/power1_average", "250000000\n");
    put_link("sys/devices/pwr/hwmon/hwmon3/device", "../../../pwr");
    put_link("sys/class/hwmon/hwmon3", "../../devices/pwr/hwmon/hwmon3");
    t = copy(NULL, 0);
    assert_copied(&t, "sys/bus/pci/devices/0000:3b:00.0/vendor", TREE_FILE, "0x10de\n");
    assert_copied(&t, "sys/bus/pci/devices/0000:3b:00.0/driver", TREE_LINK, "nvidia");
    assert_null(tree_get(&t, "sys/bus/pci/devices/0000:00:02.0/class"));
    assert_copied(&t, "sys/class/hwmon/hwmon3/name", TREE_FILE, "power_meter\n");
    assert_copied(&t, "sys/class/hwmon/hwmon3/device", TREE_LINK, "pwr");
    assert_copied(&t, "sys/class/hwmon/hwmon3/pwr/power1_average", TREE_FILE, "250000000\n");
    tree_fini(&t);
}

static void a_sleeping_device_and_what_is_no_file_are_left_alone(void **state)
{
    char path[200];
    struct tree t;

    (void)state;
    put("sys/class/hwmon/hwmon0/name", "nouveau\n");
    put("sys/class/hwmon/hwmon0/device/power/runtime_status", "suspended\n");
    put("proc/loadavg", "0 0 0 1/2 3\n");
    snprintf(path, sizeof(path), "%s/uptime", procfs);
    assert_int_equal(mkfifo(path, 0600), 0);
    snprintf(path, sizeof(path), "%s/meminfo", procfs);
    assert_int_equal(mkdir(path, 0700), 0);
    t = copy(NULL, 0);
    assert_null(tree_get(&t, "sys/class/hwmon/hwmon0/name"));
    assert_null(tree_get(&t, "proc/uptime"));
    assert_null(tree_get(&t, "proc/meminfo"));
    assert_non_null(tree_get(&t, "proc/loadavg"));
    tree_fini(&t);
}

static void bounds_are_kept_and_told(void **state)
{
    size_t len = TREE_FILE_MAX + 100;
    char *big = xcalloc(len + 1, 1);
    char name[64];
    struct tree t;

    (void)state;
    memset(big, 'x', len);
    put("proc/meminfo", big);
    for (int i = 0; i < 400; i++) {
        snprintf(name, sizeof(name), "proc/%d/stat", 1000 + i);
        put(name, "1 (a) S 1\n");
    }
    for (int i = 0; i < 13; i++) {
        snprintf(name, sizeof(name), "sys/class/thermal/thermal_zone%d/type", i);
        put(name, big);
    }
    t = copy(NULL, 0);
    assert_int_equal(tree_get(&t, "proc/meminfo")->len, TREE_FILE_MAX);
    assert_true(t.cut >= 10);
    assert_true(t.bytes <= TREE_BYTES_MAX);
    assert_true(t.left_out >= 2);
    assert_int_equal(t.processes_left_out, 100);
    tree_fini(&t);
    free(big);
}

/* Nobody waits for it, and it is freed all the same. */
static void whoever_does_not_wait_gets_what_is_there(void **state)
{
    struct tree t;

    (void)state;
    put("proc/stat", "cpu 1\n");
    for (int i = 0; i < 50; i++) {
        assert_int_equal(tree_read(&paths, NULL, 0, 0, &t, NULL), 0);
        assert_true(t.len <= 1);
        tree_fini(&t);
    }
}

static void without_the_folders_nothing_is_there(void **state)
{
    struct tree t;

    (void)state;
    t = copy(NULL, 0);
    assert_int_equal(t.len, 0);
    tree_fini(&t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(files_of_processes_are_copied_but_what_people_wrote, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(links_are_followed_or_kept_by_their_last_name, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(a_sleeping_device_and_what_is_no_file_are_left_alone, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(bounds_are_kept_and_told, setup, teardown),
        cmocka_unit_test_setup_teardown(whoever_does_not_wait_gets_what_is_there, setup, teardown),
        cmocka_unit_test_setup_teardown(without_the_folders_nothing_is_there, setup, teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
