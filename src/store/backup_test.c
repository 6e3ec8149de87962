/* backup_test.c - copies of a running store. */
#include "store/store_test.h"

#include <sys/stat.h>

static size_t samples(struct test_store *t, const char *node)
{
    struct selection *s = test_select(t, "node", node, 0, INT64_MAX - 1);
    struct column c = {0};
    size_t n = s->len;

    if (n) {
        assert_int_equal(s->ops->read(s, 0, 0, INT64_MAX - 1, &t->arena, &c, NULL), 0);
        n = c.len;
    }
    selection_free(s);
    return n;
}

static void put_rows(struct test_store *t, const char *node, int64_t from_ms, int n)
{
    struct group *g;
    double value = 1;

    assert_int_equal(store_group(t->store, str_of(node), &g, NULL), 0);
    assert_int_equal(test_column(t, g, "m", "node", node), 0);
    for (int i = 0; i < n; i++)
        test_append(t, g, from_ms + i * INT64_C(3600000), &value, 1);
}

static void a_copy_is_a_store_of_its_own(void **state)
{
    struct test_store *t = *state, copy = *t;
    char dir[160];

    arena_init(&copy.arena, 0);
    put_rows(t, "a", INT64_C(1700000000000), 60); /* over three days */
    snprintf(dir, sizeof(dir), "%s/copy", t->dir);
    assert_int_equal(store_backup(t->store, dir, NULL), 0);
    put_rows(t, "b", INT64_C(1700000000000), 5);
    assert_int_equal(samples(t, "b"), 5); /* the store goes on */

    copy.options.dir = dir;
    test_open(&copy);
    assert_int_equal(samples(&copy, "a"), 60);
    assert_int_equal(samples(&copy, "b"), 0);
    put_rows(&copy, "c", INT64_C(1700000000000), 3); /* and takes samples, under ids of its own */
    assert_int_equal(samples(&copy, "c"), 3);
    assert_int_equal(samples(&copy, "a"), 60);
    test_reopen(&copy);
    assert_int_equal(samples(&copy, "a"), 60);
    store_close(copy.store);
    arena_fini(&copy.arena);
    test_reopen(t); /* with a copy inside, the folder is still ours */
    assert_int_equal(samples(t, "a"), 60);
}

static void an_empty_store_has_a_copy_too(void **state)
{
    struct test_store *t = *state, copy = *t;
    char dir[160];

    snprintf(dir, sizeof(dir), "%s/copy", t->dir);
    assert_int_equal(store_backup(t->store, dir, NULL), 0);
    copy.options.dir = dir;
    test_open(&copy);
    assert_int_equal(samples(&copy, "a"), 0);
    store_close(copy.store);
}

static void nothing_is_overwritten_and_failure_leaves_nothing(void **state)
{
    struct test_store *t = *state;
    char dir[160];
    struct stat st;
    struct error err;

    put_rows(t, "a", INT64_C(1700000000000), 3);
    snprintf(dir, sizeof(dir), "%s/copy", t->dir);
    assert_int_equal(store_backup(t->store, dir, &err), 0);
    assert_int_equal(store_backup(t->store, dir, &err), -EEXIST);
    assert_non_null(strstr(err.text, dir));
    snprintf(dir, sizeof(dir), "%s/STORE/copy", t->dir); /* below a file */
    assert_true(store_backup(t->store, dir, &err) < 0);

    t->store->options.min_free_bytes = UINT64_MAX >> 1;
    snprintf(dir, sizeof(dir), "%s/large", t->dir);
    assert_int_equal(store_backup(t->store, dir, &err), -ENOSPC);
    assert_non_null(strstr(err.text, "MB free"));
    assert_int_equal(lstat(dir, &st), -1);
    snprintf(dir, sizeof(dir), "%s/large.part", t->dir);
    assert_int_equal(lstat(dir, &st), -1);
    t->store->options.min_free_bytes = 0;
}

#define WITH_STORE(name) cmocka_unit_test_setup_teardown(name, test_setup, test_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_STORE(a_copy_is_a_store_of_its_own),
        WITH_STORE(an_empty_store_has_a_copy_too),
        WITH_STORE(nothing_is_overwritten_and_failure_leaves_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
