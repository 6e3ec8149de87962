/* query_test.c - bounds, failures and threads of queries; what they answer is in the scripts. */
#include "promql/promql.h"

#include "promql/test_store.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#define SERIES  300
#define SAMPLES 240
#define STEP_MS 15000

/* m{i="0"..}, one value in seven missing in every third series, and resets in all. */
static int setup(void **state)
{
    struct test_store *s = xnew(struct test_store);
    int64_t times[SAMPLES];
    double values[SAMPLES];
    char number[16];

    for (int i = 0; i < SERIES; i++) {
        struct label pairs[3] = {{STR(LABEL_NAME), STR("m")}, {STR("g"), STR("0")}};
        size_t n = 0;
        snprintf(number, sizeof(number), "%03d", i);
        pairs[1].value = str_make(number + 2, 1);
        pairs[2] = (struct label){STR("i"), str_of(number)};
        for (int k = 0; k < SAMPLES; k++) {
            if (i % 3 == 0 && k % 7 == 3)
                continue;
            times[n] = (int64_t)k * STEP_MS;
            values[n++] = (k * (i + 1)) % 977 + i * 0.1;
        }
        test_store_add(s, (struct labels){pairs, 3}, times, values, n);
    }
    *state = s;
    return 0;
}

static int teardown(void **state)
{
    test_store_clear(*state);
    free(*state);
    return 0;
}

static struct promql_options hour(void)
{
    return (struct promql_options){.end_ms = 3600000, .step_ms = 30000, .threads = 1};
}

static int ask(struct test_store *s, const char *expr, const struct promql_options *o,
               struct promql_result **ret, struct promql_error *err)
{
    struct queryable q = test_store_queryable(s);

    *ret = NULL;
    return promql_query(&q, str_of(expr), o, ret, err);
}

static void answers_agree(const struct promql_result *a, const struct promql_result *b)
{
    assert_int_equal(a->len, b->len);
    for (size_t i = 0; i < a->len; i++) {
        assert_true(labels_equal(a->series[i].labels, b->series[i].labels));
        assert_int_equal(a->series[i].len, b->series[i].len);
        for (size_t k = 0; k < a->series[i].len; k++) {
            double x = a->series[i].values[k], y = b->series[i].values[k];
            assert_true(a->series[i].ts_ms[k] == b->series[i].ts_ms[k]);
            assert_true(x == y || (isnan(x) && isnan(y)) ||
                        fabs(x - y) <= 1e-12 * MAX(fabs(x), fabs(y)));
        }
    }
}

static void several_threads_answer_as_one(void **state)
{
    static const char *const exprs[] = {
        "m",
        "rate(m[1m])",
        "sum by (g) (rate(m[2m]))",
        "avg(m)",
        "stddev by (g) (m)",
        "min by (g) (m)",
        "count(changes(m[5m]))",
        "group by (i) (m)",
        "max_over_time(sum by (g) (m)[10m:1m])",
        "topk(3, increase(m[5m]))",
    };
    struct promql_options one = hour(), four = hour();
    struct promql_result *a, *b;
    struct promql_error err;

    four.threads = 4;
    for (size_t i = 0; i < ARRAY_LEN(exprs); i++) {
        assert_int_equal(ask(*state, exprs[i], &one, &a, &err), 0);
        assert_int_equal(ask(*state, exprs[i], &four, &b, &err), 0);
        assert_true(a->len > 0);
        answers_agree(a, b);
        promql_result_free(a);
        promql_result_free(b);
    }
}

/* What is added up while it is read must be what adding up all rows gives. */
static void streaming_aggregations_agree_with_plain_ones(void **state)
{
    static const char *const operations[] = {"sum", "avg",    "count",  "min",
                                             "max", "stddev", "stdvar", "group"};
    static const char *const operands[] = {"m", "rate(m[1m])"};
    struct promql_options o = hour();
    struct promql_result *a, *b;
    struct promql_error err;
    char streaming[80], plain[80];

    for (size_t i = 0; i < ARRAY_LEN(operations); i++)
        for (size_t j = 0; j < ARRAY_LEN(operands); j++) {
            snprintf(streaming, sizeof(streaming), "%s by (g) (%s)", operations[i], operands[j]);
            snprintf(plain, sizeof(plain), "%s by (g) (%s + 0)", operations[i], operands[j]);
            assert_int_equal(ask(*state, streaming, &o, &a, &err), 0);
            assert_int_equal(ask(*state, plain, &o, &b, &err), 0);
            assert_int_equal(a->len, 10);
            answers_agree(a, b);
            promql_result_free(a);
            promql_result_free(b);
        }
}

static void a_range_query_is_many_instant_queries(void **state)
{
    static const char *const exprs[] = {
        "m{i=\"003\"}",
        "rate(m{i=\"003\"}[1m])",
        "delta(m{i=\"004\"}[45s] offset 10s)",
        "avg_over_time(m{i=\"003\"}[31m])",
        "min_over_time(m{i=\"003\"}[40m])",
        "resets(m{i=~\"00[0-3]\"}[7m])",
        "quantile_over_time(0.3, m{i=\"003\"}[3m])",
        "quantile_over_time(0.9, m{i=\"003\"}[20m])",
        "mad_over_time(m{i=\"003\"}[20m])",
        "sum_over_time(m{i=\"006\"}[3m:20s])",
        "sum by (g) (m) / on (g) group_left () count by (g) (m)",
    };
    struct promql_options range = hour();
    struct promql_result *all, *one;
    struct promql_error err;

    for (size_t i = 0; i < ARRAY_LEN(exprs); i++) {
        size_t seen = 0, expected = 0;
        assert_int_equal(ask(*state, exprs[i], &range, &all, &err), 0);
        for (size_t s = 0; s < all->len; s++)
            expected += all->series[s].len;
        for (int64_t t = 0; t <= range.end_ms; t += range.step_ms) {
            struct promql_options instant = {.start_ms = t, .end_ms = t};
            assert_int_equal(ask(*state, exprs[i], &instant, &one, &err), 0);
            for (size_t s = 0; s < one->len; s++)
                for (size_t r = 0; r < all->len; r++)
                    for (size_t k = 0; k < all->series[r].len; k++)
                        if (all->series[r].ts_ms[k] == t &&
                            labels_equal(all->series[r].labels, one->series[s].labels)) {
                            double x = all->series[r].values[k], y = one->series[s].values[0];
                            assert_true(fabs(x - y) <= 1e-12 * MAX(fabs(x), fabs(y)));
                            seen++;
                        }
            promql_result_free(one);
        }
        assert_int_equal(seen, expected);
        assert_true(seen > 0);
        promql_result_free(all);
    }
}

static void a_bound_that_is_reached_says_which_flag_raises_it(void **state)
{
    static const struct {
        const char *expr, *flag;
        size_t memory, series, samples;
    } cases[] = {
        {"m", "--query.max-series", 0, 299, 0},
        {"m", "--query.max-samples", 0, 0, 1000},
        {"sum(m)", "--query.max-samples", 0, 0, 1000},
        {"m", "--query.max-memory", 100000, 0, 0},
        {"count_over_time(vector(1)[365d:1s])", "--query.max-memory", 10000000, 0, 0},
        {"count_values(\"v\", m)", "--query.max-memory", 2000000, 0, 0},
        {"m * on (g, i) m", "--query.max-memory", 700000, 0, 0},
    };
    struct promql_result *r;
    struct promql_error err;

    for (size_t i = 0; i < ARRAY_LEN(cases); i++)
        for (unsigned threads = 1; threads <= 4; threads += 3) {
            struct promql_options o = hour();
            o.threads = threads;
            o.max_memory = cases[i].memory;
            o.max_series = cases[i].series;
            o.max_samples = cases[i].samples;
            assert_true(ask(*state, cases[i].expr, &o, &r, &err) < 0);
            assert_null(r);
            assert_int_equal(err.kind, PROMQL_EXECUTION);
            assert_non_null(strstr(err.text, cases[i].flag));
        }
}

static void every_memory_bound_ends_in_words_and_not_in_a_crash(void **state)
{
    static const char *const exprs[] = {
        "sum by (g) (rate(m[5m])) / on (g) group_left count by (g) (m) > 0 or topk(2, m)",
        "label_replace(max_over_time(m[5m:1m]), \"x\", \"$1\", \"i\", \"(.).*\")",
        "sort_by_label(count_values(\"v\", m{g=\"1\"} @ 600), \"v\")",
        "histogram_quantile(0.5, label_join(m, \"le\", \"\", \"g\"))",
    };
    struct promql_result *r;
    struct promql_error err;

    for (size_t i = 0; i < ARRAY_LEN(exprs); i++) {
        struct promql_options o = hour();
        bool enough = false;
        o.step_ms = 600000;
        for (o.max_memory = 1000; !enough; o.max_memory += o.max_memory / 8) {
            enough = !ask(*state, exprs[i], &o, &r, &err);
            if (enough)
                assert_true(r->memory_peak <= o.max_memory);
            else
                assert_non_null(strstr(err.text, "--query.max-memory"));
            promql_result_free(r);
        }
    }
}

static void a_query_ends_at_its_deadline_or_when_its_client_has_left(void **state)
{
    struct promql_options o = hour();
    struct promql_result *r;
    struct promql_error err;
    atomic_bool cancel = true;

    o.deadline_mono_ns = 1; /* long ago */
    assert_int_equal(ask(*state, "sum(m)", &o, &r, &err), -ETIMEDOUT);
    assert_int_equal(err.kind, PROMQL_TIMEOUT);
    assert_non_null(strstr(err.text, "--query.timeout"));
    o.deadline_mono_ns = 0;
    o.cancel = &cancel;
    assert_int_equal(ask(*state, "1", &o, &r, &err), -ECANCELED);
    assert_int_equal(err.kind, PROMQL_CANCELED);
    atomic_store(&cancel, false);
    assert_int_equal(ask(*state, "1", &o, &r, &err), 0);
    promql_result_free(r);
}

/* Windows of a million samples, gone over at thousands of steps, would take minutes. */
static void a_single_series_cannot_outlast_the_deadline(void **state)
{
    static const char *const exprs[] = {
        "stddev_over_time(long[100d])",
        "quantile_over_time(0.5, long[100d])",
        "rate(long[100d])",
        "deriv(long[100d])",
        "avg_over_time(long[100d])",
        "topk(1, max_over_time(long[100d]))",
        "topk_avg(1, (max_over_time(long[100d])) offset 1s, \"a=b\")",
    };
    struct label name = {STR(LABEL_NAME), STR("long")};
    size_t n = 1000000;
    int64_t *times = xcalloc(n, sizeof(*times));
    double *values = xcalloc(n, sizeof(*values));
    struct test_store s = {0};
    struct promql_result *r;
    struct promql_error err;

    (void)state;
    for (size_t i = 0; i < n; i++) {
        times[i] = (int64_t)i * 1000;
        values[i] = (double)(i * 7919 % 1000);
    }
    test_store_add(&s, (struct labels){&name, 1}, times, values, n);
    for (size_t i = 0; i < ARRAY_LEN(exprs); i++) {
        struct promql_options o = {.start_ms = 1000000000, .end_ms = 1400000000, .step_ms = 10000};
        o.threads = 1;
        uint64_t begin = clock_mono_ns();
        o.deadline_mono_ns = begin + 20 * NS_PER_MS;
        int code = ask(&s, exprs[i], &o, &r, &err);
        assert_true(!code || code == -ETIMEDOUT);
        assert_true(clock_mono_ns() - begin < 5 * (uint64_t)NS_PER_S);
        promql_result_free(r);
    }
    test_store_clear(&s);
    free(times);
    free(values);
}

static void what_the_store_says_reaches_the_caller(void **state)
{
    struct test_store *s = *state;
    struct promql_options o = hour();
    struct promql_result *r;
    struct promql_error err;

    s->fail_read = -EIO;
    for (o.threads = 1; o.threads <= 4; o.threads += 3) {
        assert_int_equal(ask(s, "rate(m[1m])", &o, &r, &err), -EIO);
        assert_int_equal(err.kind, PROMQL_INTERNAL);
        assert_non_null(strstr(err.text, "a block is damaged"));
    }
    s->fail_read = 0;
}

static void notes_say_what_is_odd_and_where(void **state)
{
#define QUANTILE "PromQL warning: quantile value should be between 0 and 1, got "
#define NON_COUNTER                                                                                \
    "PromQL info: metric might not be a counter, name does not end in "                            \
    "_total/_sum/_count/_bucket: \"m\" "
    static const struct {
        const char *expr, *warning, *info;
    } cases[] = {
        {"m", NULL, NULL},
        {"rate(m[5m])", NULL, NON_COUNTER "(1:6)"},
        {"\n sum(\n  increase(m[5m]))", NULL, NON_COUNTER "(3:12)"},
        {"rate((m{i!=\"\"}[5m]))", NULL, NON_COUNTER "(1:6)"},
        {"irate(m[5m]) + delta(m[5m])", NULL, NULL},
        {"rate(nothing[5m])", NULL, NULL},
        {"quantile(2, m)", QUANTILE "2 (1:10)", NULL},
        {"quantile(NaN, m)", QUANTILE "NaN (1:10)", NULL},
        {"quantile_over_time(-0.5, m[5m])", QUANTILE "-0.5 (1:20)", NULL},
        {"histogram_quantile(1e7, nothing)", QUANTILE "1e+07 (1:20)", NULL},
        {"histogram_quantile(0.5, m{i=\"001\"})",
         "PromQL warning: bucket label \"le\" is missing or has a malformed value of \"\" for "
         "metric "
         "name \"m\" (1:25)",
         NULL},
        {"abs(sort(m))",
         "PromQL warning: sort is ineffective for range queries since results are always ordered "
         "by "
         "labels (1:5)",
         NULL},
    };
    struct promql_result *r;
    struct promql_error err;

    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct promql_options o = hour();
        assert_int_equal(ask(*state, cases[i].expr, &o, &r, &err), 0);
        assert_int_equal(r->warnings.len, cases[i].warning != NULL);
        assert_int_equal(r->infos.len, cases[i].info != NULL);
        if (cases[i].warning)
            assert_true(str_is(r->warnings.items[0], cases[i].warning));
        if (cases[i].info)
            assert_true(str_is(r->infos.items[0], cases[i].info));
        promql_result_free(r);
    }
#undef QUANTILE
#undef NON_COUNTER
}

static void what_makes_no_range_is_refused(void **state)
{
    struct promql_options o = hour();
    struct promql_result *r;
    struct promql_error err;

    assert_int_equal(ask(*state, "m[5m]", &o, &r, &err), -EINVAL);
    assert_string_equal(err.text, "invalid expression type \"range vector\" for range query, must "
                                  "be Scalar or instant Vector");
    assert_int_equal(ask(*state, "\"a\"", &o, &r, &err), -EINVAL);
    assert_int_equal(err.kind, PROMQL_BAD_DATA);
    o.end_ms = -1;
    assert_int_equal(ask(*state, "1", &o, &r, &err), -EINVAL);
    o = hour();
    o.step_ms = 0;
    assert_int_equal(ask(*state, "1", &o, &r, &err), -EINVAL);
    o = (struct promql_options){.start_ms = INT64_MIN, .end_ms = INT64_MAX, .step_ms = 1};
    assert_int_equal(ask(*state, "1", &o, &r, &err), -EINVAL);
    o = (struct promql_options){.start_ms = INT64_MIN, .end_ms = INT64_MIN};
    assert_true(ask(*state, "m", &o, &r, &err) < 0);
    assert_true(ask(*state, "m[5m] offset 1h", &o, &r, &err) < 0);
}

static void a_result_counts_what_it_cost(void **state)
{
    struct promql_options o = hour();
    struct promql_result *r;
    struct promql_error err;

    assert_int_equal(ask(*state, "m{i=\"001\"}", &o, &r, &err), 0);
    assert_int_equal(r->type, PROMQL_MATRIX);
    assert_int_equal(r->series_read, 1);
    assert_int_equal(r->samples_read, SAMPLES);
    assert_true(r->memory_peak > 0);
    promql_result_free(r);
    o = (struct promql_options){.start_ms = 600000, .end_ms = 600000};
    assert_int_equal(ask(*state, "m{i=\"001\"}[1m]", &o, &r, &err), 0);
    assert_int_equal(r->type, PROMQL_MATRIX);
    assert_int_equal(r->len, 1);
    assert_int_equal(r->series[0].len, 4);
    assert_true(r->series[0].ts_ms[0] == 555000);
    promql_result_free(r);
    assert_int_equal(ask(*state, "sum(m)[1m:20s]", &o, &r, &err), 0);
    assert_int_equal(r->type, PROMQL_MATRIX);
    assert_int_equal(r->len, 1);
    assert_int_equal(r->series[0].len, 3);
    promql_result_free(r);
    assert_int_equal(ask(*state, "\"text\"", &o, &r, &err), 0);
    assert_int_equal(r->type, PROMQL_STRING);
    assert_true(str_is(r->string, "text"));
    assert_true(r->series[0].ts_ms[0] == 600000);
    promql_result_free(r);
    promql_result_free(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(several_threads_answer_as_one),
        cmocka_unit_test(streaming_aggregations_agree_with_plain_ones),
        cmocka_unit_test(a_range_query_is_many_instant_queries),
        cmocka_unit_test(a_bound_that_is_reached_says_which_flag_raises_it),
        cmocka_unit_test(every_memory_bound_ends_in_words_and_not_in_a_crash),
        cmocka_unit_test(a_query_ends_at_its_deadline_or_when_its_client_has_left),
        cmocka_unit_test(a_single_series_cannot_outlast_the_deadline),
        cmocka_unit_test(what_the_store_says_reaches_the_caller),
        cmocka_unit_test(notes_say_what_is_odd_and_where),
        cmocka_unit_test(what_makes_no_range_is_refused),
        cmocka_unit_test(a_result_counts_what_it_cost),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
