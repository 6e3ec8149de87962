/* model_test.c - random work on a store and on a naive copy of it; both must hold the same samples,
 * through packing, flushing, closing, dying and reopening. */
#include "store/store_test.h"

#define SERIES  24
#define GROUPS  3
#define STEPS   400
#define DAY_ONE INT64_C(1700006400000) /* shortly before the end of a UTC day */

struct model_sample {
    int64_t ts_ms;
    uint64_t bits;
};

struct model_series {
    struct model_sample *items; /* ascending */
    size_t len, cap;
};

struct model {
    struct test_store *t;
    uint64_t state; /* of the random numbers */
    struct group *groups[GROUPS];
    uint32_t column_of[GROUPS][SERIES]; /* UINT32_MAX: none */
    uint32_t columns[GROUPS];
    int64_t newest[GROUPS];
    struct model_series series[SERIES];
    size_t samples;
};

static uint64_t next(struct model *m, uint64_t below)
{
    m->state = hash_more(m->state, "next", 4);
    return (m->state >> 16) % below;
}

static void model_put(struct model *m, size_t series, int64_t ts_ms, uint64_t bits)
{
    struct model_series *s = &m->series[series];
    size_t at = s->len;

    while (at && s->items[at - 1].ts_ms >= ts_ms)
        at--;
    if (at < s->len && s->items[at].ts_ms == ts_ms) {
        s->items[at].bits = bits;
        return;
    }
    s->items = array_grow(s->items, &s->cap, s->len + 1, sizeof(*s->items));
    assert_non_null(s->items);
    memmove(s->items + at + 1, s->items + at, (s->len - at) * sizeof(*s->items));
    s->items[at] = (struct model_sample){ts_ms, bits};
    s->len++;
}

static uint64_t random_value(struct model *m)
{
    switch (next(m, 8)) {
    case 0:
        return VALUE_STALE_BITS;
    case 1:
        return VALUE_NAN_BITS;
    case 2:
        return value_bits((double)next(m, 1u << 30) / 997.0);
    case 3:
        return value_bits((double)next(m, 100) / 100);
    default:
        return value_bits((double)next(m, 50));
    }
}

static struct labels labels_of(size_t series, char text[8], struct label items[3])
{
    snprintf(text, 8, "s%zu", series);
    items[0] = (struct label){STR("__name__"), str_of(text)};
    items[1] = (struct label){STR("all"), STR("yes")};
    items[2] = (struct label){STR("job"), series % 2 ? STR("odd") : STR("even")};
    return (struct labels){items, 3};
}

static void open_groups(struct model *m)
{
    for (size_t g = 0; g < GROUPS; g++) {
        char name[] = {'g', (char)('0' + g), '\0'};
        assert_int_equal(store_group(m->t->store, str_of(name), &m->groups[g], NULL), 0);
        m->columns[g] = 0;
        for (size_t s = 0; s < SERIES; s++)
            m->column_of[g][s] = UINT32_MAX;
    }
}

/* Series `s` is scraped by group s % 4, if there is one of that number; it may be pushed too. */
static void append_row(struct model *m)
{
    size_t g = next(m, GROUPS);
    double values[SERIES];
    uint64_t bits[SERIES];
    int64_t ts = m->newest[g] + (int64_t)next(m, 4) * 5000;
    struct label items[3];
    char text[8];

    if (next(m, 12) == 0)
        ts = m->newest[g] - (int64_t)next(m, 60) * 2000;
    if (next(m, 40) == 0)
        ts += INT64_C(40000000);
    ts &= ~INT64_C(1);
    for (size_t i = 0; i < SERIES; i++)
        values[i] = value_absent();
    for (size_t s = g; s < SERIES; s += 4) {
        bits[s] = random_value(m);
        if (next(m, 10) == 0)
            continue;
        if (m->column_of[g][s] == UINT32_MAX)
            assert_int_equal(store_column(m->t->store, m->groups[g], labels_of(s, text, items),
                                          &m->column_of[g][s], NULL),
                             0);
        uint32_t column = m->column_of[g][s];
        m->columns[g] = MAX(m->columns[g], column + 1);
        values[column] = value_of_bits(bits[s]);
        model_put(m, s, ts, bits[s]);
    }
    m->newest[g] = MAX(m->newest[g], ts);
    test_append(m->t, m->groups[g], ts, values, m->columns[g]);
}

static void push_samples(struct model *m)
{
    struct store_sample samples[300];
    static struct label items[300][3];
    static char text[300][8];
    struct store_push_result result;
    size_t n = 0, pieces = 1 + next(m, 6);

    for (size_t p = 0; p < pieces; p++) {
        size_t s = next(m, SERIES), len = 1 + next(m, 40);
        int64_t ts = (DAY_ONE + (int64_t)next(m, 4000) * 50000) | 1, step = 2 << next(m, 14);
        struct labels labels = labels_of(s, text[p], items[p]);
        for (size_t i = 0; i < len; i++, n++, ts += next(m, 15) ? step : -step) {
            uint64_t bits = random_value(m);
            samples[n] = (struct store_sample){labels, ts, value_of_bits(bits)};
        }
        /* A later sample of the same time wins, in the order of the request. */
        for (size_t i = n - len; i < n; i++)
            model_put(m, s, samples[i].ts_ms, value_bits(samples[i].value));
    }
    assert_int_equal(store_push(m->t->store, samples, n, &result, NULL), 0);
    assert_int_equal(result.kept, n);
}

static size_t series_number(struct labels labels)
{
    struct str name = labels_name(labels);
    uint64_t number;

    assert_true(num_parse_u64(str_make(name.ptr + 1, name.len - 1), &number));
    assert_true(number < SERIES);
    return number;
}

static void compare(struct model *m, int64_t start_ms, int64_t end_ms)
{
    struct selection *s = test_select(m->t, "all", "yes", start_ms, end_ms);
    bool seen[SERIES] = {false};

    for (size_t i = 0; i < s->len; i++) {
        size_t number = series_number(s->labels[i]);
        const struct model_series *want = &m->series[number];
        struct column got = test_read(m->t, s, i, start_ms, end_ms);
        size_t at = 0, k = 0;
        assert_false(seen[number]);
        seen[number] = true;
        if (i)
            assert_true(labels_compare(s->labels[i - 1], s->labels[i]) < 0);
        for (; at < want->len; at++) {
            if (want->items[at].ts_ms < start_ms || want->items[at].ts_ms > end_ms)
                continue;
            assert_true(k < got.len);
            assert_true(got.ts_ms[k] == want->items[at].ts_ms);
            assert_true(value_bits(got.values[k]) == want->items[at].bits);
            k++;
        }
        assert_int_equal(k, got.len);
    }
    for (size_t i = 0; i < SERIES; i++) {
        if (seen[i])
            continue;
        for (size_t k = 0; k < m->series[i].len; k++)
            assert_true(m->series[i].items[k].ts_ms < start_ms ||
                        m->series[i].items[k].ts_ms > end_ms);
    }
    selection_free(s);
    arena_reset(&m->t->arena);
}

static void random_work_matches_a_naive_copy(void **state)
{
    for (uint64_t seed = 1; seed <= 3; seed++) {
        struct test_store *t;
        assert_int_equal(test_setup((void **)&t), 0);
        struct model *m = xnew(struct model);
        m->t = t;
        m->state = seed;
        for (size_t g = 0; g < GROUPS; g++)
            m->newest[g] = DAY_ONE & ~INT64_C(1);
        open_groups(m);
        for (int step = 0; step < STEPS; step++) {
            uint64_t what = next(m, 100);
            if (what < 75) {
                append_row(m);
            } else if (what < 90) {
                push_samples(m);
            } else if (what < 93) {
                assert_int_equal(store_flush(t->store, NULL), 0);
            } else if (what < 95) {
                if (what < 94)
                    store_close(t->store);
                else
                    store_abandon(t->store);
                t->store = NULL;
                test_open(t);
                open_groups(m);
            } else if (what < 97) {
                keeper_round(t->store);
            } else {
                int64_t from = DAY_ONE + (int64_t)next(m, 100) * 3000000;
                compare(m, from, from + (int64_t)next(m, 30000000));
            }
        }
        compare(m, 0, INT64_MAX - 1);
        test_reopen(t);
        compare(m, 0, INT64_MAX - 1);
        for (size_t i = 0; i < SERIES; i++)
            free(m->series[i].items);
        free(m);
        void *owned = t;
        test_teardown(&owned);
    }
    (void)state;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(random_work_matches_a_naive_copy),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
