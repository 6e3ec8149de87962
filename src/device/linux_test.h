/* linux_test.h - for tests of the Linux collectors: recorded trees, copied so that a test may
 * change them between two readings as a running machine would. Files are written in place: the
 * collectors keep some of them open. */
#ifndef ALGALON_DEVICE_LINUX_TEST_H
#define ALGALON_DEVICE_LINUX_TEST_H

#include "device/linux.h"
#include "device/linux_file.h"

#include <dirent.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#define TURN_NS (5 * (uint64_t)NS_PER_S)

struct tree {
    char dir[64], procfs[80], sysfs[80], rootfs[80];
    struct host_paths paths;
};

/* What a test of one collector works with. */
struct bench {
    struct tree tree;
    const struct collector *collector;
    void *state;
    struct arena arena;
    struct reading reading;
    struct error error;
    uint64_t mono_ns;
};

static inline void tree_write_bytes(const struct tree *t, const char *path, const void *bytes,
                                    size_t n)
{
    char full[LINUX_PATH_MAX];

    assert_true(linux_file_path(full, t->dir, "%s", path));
    char *slash = strrchr(full, '/');
    *slash = '\0';
    assert_int_equal(file_mkdirs(full, NULL), 0);
    *slash = '/';
    int fd = open(full, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
    assert_true(fd >= 0);
    assert_int_equal(file_write_all(fd, bytes, n), 0);
    close(fd);
}

static inline void tree_write(const struct tree *t, const char *path, const char *text)
{
    tree_write_bytes(t, path, text, strlen(text));
}

static inline void tree_remove(const struct tree *t, const char *path)
{
    char full[LINUX_PATH_MAX];

    assert_true(linux_file_path(full, t->dir, "%s", path));
    assert_int_equal(file_remove_tree(full), 0);
}

static inline void tree_copy(const struct tree *t, const char *from, const char *to)
{
    char source[LINUX_PATH_MAX], target[LINUX_PATH_MAX];
    DIR *dir = opendir(from);

    assert_non_null(dir);
    for (struct dirent *entry; (entry = readdir(dir));) {
        struct stat st;
        if (!strcmp(entry->d_name, ".") || !strcmp(entry->d_name, ".."))
            continue;
        assert_true(linux_file_path(source, from, "%s", entry->d_name));
        snprintf(target, sizeof(target), "%s%s%s", to, *to ? "/" : "", entry->d_name);
        assert_int_equal(lstat(source, &st), 0);
        if (S_ISDIR(st.st_mode)) {
            tree_copy(t, source, target);
        } else if (S_ISLNK(st.st_mode)) {
            char link[LINUX_PATH_MAX] = "", full[LINUX_PATH_MAX];
            assert_true(readlink(source, link, sizeof(link) - 1) > 0);
            assert_true(linux_file_path(full, t->dir, "%s", to));
            assert_int_equal(file_mkdirs(full, NULL), 0);
            assert_true(linux_file_path(full, t->dir, "%s", target));
            assert_int_equal(symlink(link, full), 0);
        } else {
            struct buf bytes;
            buf_init(&bytes, 0);
            assert_int_equal(file_read(source, 1 << 20, &bytes, NULL), 0);
            tree_write_bytes(t, target, bytes.ptr, bytes.len);
            buf_fini(&bytes);
        }
    }
    closedir(dir);
}

/* Lays the fixture `name` ("host-intel/2") over the tree. */
static inline void tree_lay(const struct tree *t, const char *name)
{
    char from[LINUX_PATH_MAX];

    assert_true(linux_file_path(from, TEST_FIXTURES, "%s", name));
    tree_copy(t, from, "");
}

static inline void tree_open(struct tree *t, const char *name)
{
    /* Hundreds of small files: in memory where that can be had. */
    snprintf(t->dir, sizeof(t->dir), "%s/algalon-test-XXXXXX",
             access("/dev/shm", W_OK | X_OK) ? "/tmp" : "/dev/shm");
    assert_non_null(mkdtemp(t->dir));
    snprintf(t->procfs, sizeof(t->procfs), "%s/proc", t->dir);
    snprintf(t->sysfs, sizeof(t->sysfs), "%s/sys", t->dir);
    snprintf(t->rootfs, sizeof(t->rootfs), "%s/root", t->dir);
    t->paths = (struct host_paths){.procfs = t->procfs, .sysfs = t->sysfs, .rootfs = t->rootfs};
    tree_lay(t, name);
}

static inline void tree_close(struct tree *t)
{
    assert_int_equal(file_remove_tree(t->dir), 0);
}

static inline struct bench *bench_new(const struct collector *collector, const char *fixture)
{
    struct bench *b = xnew(struct bench);

    b->collector = collector;
    b->mono_ns = 1000 * (uint64_t)NS_PER_S;
    arena_init(&b->arena, 0);
    tree_open(&b->tree, fixture);
    return b;
}

/* Reads once, five seconds after the time before; opens first where that was not done. */
static inline struct reading *bench_read(struct bench *b)
{
    if (!b->state) {
        assert_true(b->collector->detect(&b->tree.paths));
        if (b->collector->open(&b->tree.paths, &b->state, &b->error))
            fail_msg("%s", b->error.text);
    }
    arena_reset(&b->arena);
    reading_init(&b->reading, &b->arena);
    b->reading.mono_ns = b->mono_ns += TURN_NS;
    if (b->collector->read(b->state, &b->reading, &b->error))
        fail_msg("%s", b->error.text);
    return &b->reading;
}

static inline void bench_free(struct bench *b)
{
    b->collector->close(b->state);
    arena_fini(&b->arena);
    tree_close(&b->tree);
    free(b);
}

/* What diagnose() finds on `topic`; the test fails when it says nothing. */
static inline const struct finding *bench_finding(struct bench *b, const char *topic)
{
    static const struct finding none;
    struct finding *list = NULL;
    size_t len = 0;

    b->collector->diagnose(&b->tree.paths, &b->arena, &list, &len);
    for (size_t i = 0; i < len; i++)
        if (!strcmp(list[i].topic, topic))
            return &list[i];
    fail_msg("nothing about %s", topic);
    return &none;
}

static inline void assert_near(double got, double wanted)
{
    if (!(fabs(got - wanted) < 1e-6))
        fail_msg("got %g, wanted %g", got, wanted);
}

#endif
