/* linux_opener_test.c - who has device nodes open. */
#include "device/linux_test.h"

static void link_at(const struct tree *t, const char *path, const char *target)
{
    char full[LINUX_PATH_MAX];

    assert_true(linux_file_path(full, t->dir, "%s", path));
    char *slash = strrchr(full, '/');
    *slash = '\0';
    assert_int_equal(file_mkdirs(full, NULL), 0);
    *slash = '/';
    assert_int_equal(symlink(target, full), 0);
}

static void every_process_with_a_node_open_is_found_once_a_device(void **state)
{
    struct bench *b = bench_new(&linux_opener_collector, "attribution-shell");

    (void)state;
    assert_false(b->collector->detect(&b->tree.paths)); /* no driver of NVIDIA */
    tree_write(&b->tree, "proc/driver/nvidia/version", "NVRM version\n");
    link_at(&b->tree, "proc/700/fd/3", "/dev/nvidia3");
    link_at(&b->tree, "proc/700/fd/4", "/dev/nvidia3");
    link_at(&b->tree, "proc/700/fd/5", "/run/nvidia/driver/dev/nvidia12");
    link_at(&b->tree, "proc/700/fd/6", "/dev/nvidiactl");
    link_at(&b->tree, "proc/700/fd/7", "/dev/nvidia-uvm");
    link_at(&b->tree, "proc/700/fd/8", "/dev/nvidia3 (deleted)");
    link_at(&b->tree, "proc/701/fd/1", "/dev/null");
    link_at(&b->tree, "proc/self/fd/1", "/dev/nvidia0");
    const struct reading *r = bench_read(b);
    assert_true(r->openers_known);
    assert_int_equal(r->opener_len, 2);
    for (size_t i = 0; i < 2; i++) {
        assert_int_equal(r->openers[i].pid, 700);
        assert_true(r->openers[i].minor == 3 || r->openers[i].minor == 12);
    }
    bench_free(b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_process_with_a_node_open_is_found_once_a_device),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
