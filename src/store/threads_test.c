/* threads_test.c - appends, pushes, sealing, deleting and queries at once; meant for the thread
 * sanitizer. */
#include "store/store_test.h"

#define WRITERS 3
#define READERS 2
#define ROWS    400

struct shared {
    struct test_store *t;
    atomic_int writing;
    atomic_int number;
};

static void *append_rows(void *arg)
{
    struct shared *shared = arg;
    struct store *s = shared->t->store;
    int me = atomic_fetch_add(&shared->number, 1);
    char name[] = {'g', (char)('0' + me), '\0'};
    struct group *g;
    struct error err;

    assert_int_equal(store_group(s, str_of(name), &g, &err), 0);
    for (int64_t n = 1; n <= ROWS; n++) {
        double values[40];
        uint32_t columns = (uint32_t)MIN(1 + n / 10, (int64_t)40), column;
        for (uint32_t i = 0; i < columns; i++) {
            char metric[] = {'m', (char)('a' + i), '\0'};
            struct label items[] = {{STR("__name__"), str_of(metric)},
                                    {STR("all"), STR("yes")},
                                    {STR("instance"), str_of(name)}};
            values[i] = (double)n;
            assert_int_equal(store_column(s, g, (struct labels){items, 3}, &column, &err), 0);
            assert_int_equal(column, i);
        }
        assert_int_equal(store_append(s, g, n * 1000, values, columns, &err), 0);
        if (n % 50 == 0) {
            struct label items[] = {{STR("__name__"), STR("pushed")},
                                    {STR("all"), STR("yes")},
                                    {STR("instance"), str_of(name)}};
            struct store_sample sample = {{items, 3}, n * 1000, (double)n};
            struct store_push_result result;
            assert_int_equal(store_push(s, &sample, 1, &result, &err), 0);
            assert_int_equal(result.kept, 1);
        }
    }
    atomic_fetch_sub(&shared->writing, 1);
    return NULL;
}

/* Every value equals its time in seconds, whatever is being moved meanwhile. */
static void *read_rows(void *arg)
{
    struct shared *shared = arg;
    struct queryable q = store_queryable(shared->t->store);
    struct arena a;
    bool last = false;

    arena_init(&a, 0);
    while (!last) {
        struct selection *s;
        struct matcher m;
        struct error err = {0};
        last = atomic_load(&shared->writing) == 0;
        assert_int_equal(matcher_init(&m, MATCH_EQUAL, STR("all"), STR("yes"), &err), 0);
        assert_int_equal(q.select(q.self, (struct selector){&m, 1}, 0, ROWS * 1000, 0, &s, &err),
                         0);
        for (size_t i = 0; i < s->len; i++) {
            struct column c;
            assert_int_equal(s->ops->read(s, i, 0, ROWS * 1000, &a, &c, &err), 0);
            for (size_t k = 0; k < c.len; k++) {
                assert_true(c.values[k] * 1000 == (double)c.ts_ms[k]);
                assert_true(!k || c.ts_ms[k - 1] < c.ts_ms[k]);
            }
            if (last && str_is(labels_name(s->labels[i]), "ma"))
                assert_int_equal(c.len, ROWS);
        }
        selection_free(s);
        matcher_fini(&m);
        arena_reset(&a);
    }
    arena_fini(&a);
    return NULL;
}

static void delete_pushed(struct test_store *t)
{
    struct store_deletion result;
    struct error err = {0};
    struct matcher m;

    assert_int_equal(matcher_init(&m, MATCH_EQUAL, STR("__name__"), STR("pushed"), &err), 0);
    int code = store_delete(t->store, &(struct selector){&m, 1}, 1, 0, ROWS * 500, &result, &err);
    if (code)
        print_error("%s\n", err.text);
    assert_int_equal(code, 0);
    matcher_fini(&m);
}

static void everything_at_once_stays_consistent(void **state)
{
    struct shared shared = {.t = *state};
    pthread_t threads[WRITERS + READERS];
    struct store_stats stats;

    atomic_init(&shared.writing, WRITERS);
    for (int i = 0; i < WRITERS + READERS; i++)
        assert_int_equal(
            thread_start(&threads[i], "test", i < WRITERS ? append_rows : read_rows, &shared, NULL),
            0);
    while (atomic_load(&shared.writing)) {
        keeper_round(shared.t->store);
        assert_int_equal(store_flush(shared.t->store, NULL), 0);
        delete_pushed(shared.t);
        store_get_stats(shared.t->store, &stats);
    }
    for (int i = 0; i < WRITERS + READERS; i++)
        assert_int_equal(pthread_join(threads[i], NULL), 0);
    assert_int_equal(stats.groups, 2 * WRITERS);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(everything_at_once_stays_consistent, test_setup,
                                        test_teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
