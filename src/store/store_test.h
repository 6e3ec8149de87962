/* store_test.h - a store in a folder of its own, for the tests of this room. */
#ifndef ALGALON_STORE_STORE_TEST_H
#define ALGALON_STORE_STORE_TEST_H

#include "metric/metric.h"
#include "store/internal.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

struct test_store {
    char dir[128];
    struct store_options options;
    const struct store_io *io;
    uint32_t segment_bytes;
    struct store *store;
    struct arena arena; /* of what test_read() gave */
};

static inline void test_open(struct test_store *t)
{
    struct error err = {0};
    int code = store_open_with(&t->options, t->io, t->segment_bytes, &t->store, &err);
    if (code)
        print_error("%s\n", err.text);
    assert_int_equal(code, 0);
}

static inline int test_setup(void **state)
{
    struct test_store *t = xnew(struct test_store);

    snprintf(t->dir, sizeof(t->dir), "%s/store-test-XXXXXX", TEST_BUILD_DIR);
    assert_non_null(mkdtemp(t->dir));
    store_options_init(&t->options);
    t->options.dir = t->dir;
    t->options.retention_ms = 0;
    t->options.min_free_bytes = 0;
    t->options.sync_interval_ms = 3600000; /* tests call keeper_round() */
    t->io = &store_io_system;
    t->segment_bytes = WAL_SEGMENT_BYTES;
    arena_init(&t->arena, 0);
    test_open(t);
    *state = t;
    return 0;
}

static inline int test_teardown(void **state)
{
    struct test_store *t = *state;

    store_close(t->store);
    arena_fini(&t->arena);
    assert_int_equal(file_remove_tree(t->dir), 0);
    free(t);
    return 0;
}

static inline void test_reopen(struct test_store *t)
{
    store_close(t->store);
    t->store = NULL;
    test_open(t);
}

/* A column {__name__=name, key=value}; `key` sorts behind __name__. */
static inline uint32_t test_column(struct test_store *t, struct group *g, const char *name,
                                   const char *key, const char *value)
{
    struct label items[] = {{STR("__name__"), str_of(name)}, {str_of(key), str_of(value)}};
    struct error err = {0};
    uint32_t column;

    assert_int_equal(store_column(t->store, g, (struct labels){items, 2}, &column, &err), 0);
    return column;
}

static inline void test_append(struct test_store *t, struct group *g, int64_t ts_ms,
                               const double *values, size_t n)
{
    struct error err = {0};
    int code = store_append(t->store, g, ts_ms, values, n, &err);
    if (code)
        print_error("%s\n", err.text);
    assert_int_equal(code, 0);
}

static inline struct selection *test_select(struct test_store *t, const char *key,
                                            const char *value, int64_t start_ms, int64_t end_ms)
{
    struct queryable q = store_queryable(t->store);
    struct matcher m;
    struct selection *ret = NULL;
    struct error err = {0};

    assert_int_equal(matcher_init(&m, MATCH_EQUAL, str_of(key), str_of(value), &err), 0);
    int code = q.select(q.self, (struct selector){&m, 1}, start_ms, end_ms, 0, &ret, &err);
    matcher_fini(&m);
    if (code)
        print_error("%s\n", err.text);
    assert_int_equal(code, 0);
    return ret;
}

static inline struct column test_read(struct test_store *t, struct selection *s, size_t i,
                                      int64_t start_ms, int64_t end_ms)
{
    struct column ret = {0};
    struct error err = {0};
    int code = s->ops->read(s, i, start_ms, end_ms, &t->arena, &ret, &err);
    if (code)
        print_error("%s\n", err.text);
    assert_int_equal(code, 0);
    return ret;
}

#endif
