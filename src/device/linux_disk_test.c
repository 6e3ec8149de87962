/* linux_disk_test.c - file systems: which are shown, and that a dead one costs nothing but itself.
 */
#include "device/linux_disk.h"

#include "device/linux_test.h"

#include <sys/statvfs.h>

static bool has(const struct reading *r, const char *mount_point)
{
    for (size_t i = 0; i < r->filesystem_len; i++)
        if (!strcmp(r->filesystems[i].mount_point, mount_point))
            return true;
    return false;
}

static const struct filesystem *find(const struct reading *r, const char *mount_point)
{
    size_t at = 0;

    assert_true(has(r, mount_point));
    while (strcmp(r->filesystems[at].mount_point, mount_point) != 0)
        at++;
    return &r->filesystems[at];
}

static void each_device_is_shown_once_where_it_is_whole(void **state)
{
    static const char *const wanted[] = {"/", "/boot", "/data disk", "/mnt/nfs"};
    struct bench *b = bench_new(&linux_disk_collector, "host-intel/1");
    const struct reading *r = bench_read(b);

    (void)state;
    assert_int_equal(r->filesystem_len, ARRAY_LEN(wanted));
    for (size_t i = 0; i < ARRAY_LEN(wanted); i++) /* in the order of their names */
        assert_string_equal(r->filesystems[i].mount_point, wanted[i]);
    assert_string_equal(find(r, "/data disk")->device, "/dev/mapper/vg-data disk");
    assert_string_equal(find(r, "/data disk")->type, "xfs");
    assert_string_equal(find(r, "/mnt/nfs")->device, "filer:/export");
    bench_free(b);
}

static void sizes_are_those_statvfs_tells_below_the_root(void **state)
{
    struct bench *b = bench_new(&linux_disk_collector, "host-intel/1");
    const struct reading *r = bench_read(b);
    const struct filesystem *fs = find(r, "/boot");
    struct statvfs vfs;

    (void)state;
    assert_int_equal(statvfs(b->tree.rootfs, &vfs), 0);
    assert_true(fs->total_bytes == vfs.f_blocks * vfs.f_frsize);
    assert_true(fs->used_bytes <= fs->total_bytes && fs->available_bytes <= fs->total_bytes);
    assert_true(fs->used_bytes > 0);
    bench_free(b);
}

static void without_the_first_process_our_own_mounts_below_the_root_serve(void **state)
{
    struct bench *b = bench_new(&linux_disk_collector, "host-intel/1");
    char text[1024];

    (void)state;
    tree_remove(&b->tree, "proc/1");
    snprintf(text, sizeof(text),
             "1 0 0:90 / / rw - overlay overlay rw\n"
             "2 1 259:2 / %s rw - ext4 /dev/sda2 rw\n"
             "3 1 259:3 / %s/boot rw - vfat /dev/sda1 rw\n"
             "4 1 259:4 / %s-other rw - ext4 /dev/sdb rw\n",
             b->tree.rootfs, b->tree.rootfs, b->tree.rootfs);
    tree_write(&b->tree, "proc/self/mountinfo", text);
    const struct reading *r = bench_read(b);
    assert_int_equal(r->filesystem_len, 2);
    assert_string_equal(r->filesystems[0].mount_point, "/");
    assert_string_equal(r->filesystems[0].device, "/dev/sda2");
    assert_string_equal(r->filesystems[1].mount_point, "/boot");
    bench_free(b);
}

static void a_container_shows_its_root_and_volumes_but_no_files(void **state)
{
    struct bench *b = bench_new(&linux_disk_collector, "host-docker-v2");
    const struct reading *r = bench_read(b);

    (void)state;
    assert_int_equal(r->filesystem_len, 2);
    assert_string_equal(r->filesystems[0].mount_point, "/");
    assert_string_equal(r->filesystems[0].type, "overlay");
    assert_string_equal(r->filesystems[1].mount_point, "/volume");
    bench_free(b);
}

/* Stands for a server that is gone: whoever asks about /mnt/nfs waits until the gate opens. */
static int gate[2];
static atomic_int asked_dead;

static void ask_or_hang(void *job)
{
    struct linux_disk_probe *probe = job;
    char byte;

    if (str_ends(str_of(probe->path), STR("/mnt/nfs"))) {
        atomic_fetch_add(&asked_dead, 1);
        while (read(gate[0], &byte, 1) > 0)
            continue;
    }
    linux_disk_ask(job);
}

static void a_dead_server_is_left_out_until_it_answers(void **state)
{
    struct bench *b = bench_new(&linux_disk_collector, "host-intel/1");

    (void)state;
    assert_int_equal(pipe(gate), 0);
    assert_int_equal(linux_disk_open(&b->tree.paths, ask_or_hang, 100, &b->state, &b->error), 0);
    for (int turn = 0; turn < 3; turn++) {
        const struct reading *r = bench_read(b);
        assert_int_equal(r->filesystem_len, 3);
        assert_false(has(r, "/mnt/nfs"));
        assert_true(has(r, "/data disk"));
    }
    assert_int_equal(atomic_load(&asked_dead), 1); /* no second thread is lost to it */
    close(gate[1]);
    bool back = false;
    for (int turn = 0; turn < 1000 && !back; turn++) { /* until its thread came back */
        back = has(bench_read(b), "/mnt/nfs");
        usleep(1000);
    }
    assert_true(back);
    bench_free(b);
    close(gate[0]);
}

static void having_none_is_no_failure(void **state)
{
    struct bench *b = bench_new(&linux_disk_collector, "host-intel/1");

    (void)state;
    tree_write(&b->tree, "proc/1/mountinfo", "1 0 0:1 / / rw - tmpfs none rw\n");
    assert_int_equal(bench_read(b)->filesystem_len, 0);
    bench_free(b);
}

static void thousands_of_mounts_are_bounded(void **state)
{
    struct bench *b = bench_new(&linux_disk_collector, "host-intel/1");
    struct buf text;

    (void)state;
    buf_init(&text, 0);
    for (int i = 0; i < 5000; i++)
        buf_printf(&text, "%d 1 8:%d / /boot rw - ext4 /dev/sd%d rw\n", i, i, i);
    tree_write_bytes(&b->tree, "proc/1/mountinfo", text.ptr, text.len);
    assert_int_equal(bench_read(b)->filesystem_len, 512);
    buf_fini(&text);
    bench_free(b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_device_is_shown_once_where_it_is_whole),
        cmocka_unit_test(sizes_are_those_statvfs_tells_below_the_root),
        cmocka_unit_test(without_the_first_process_our_own_mounts_below_the_root_serve),
        cmocka_unit_test(a_container_shows_its_root_and_volumes_but_no_files),
        cmocka_unit_test(a_dead_server_is_left_out_until_it_answers),
        cmocka_unit_test(having_none_is_no_failure),
        cmocka_unit_test(thousands_of_mounts_are_bounded),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
