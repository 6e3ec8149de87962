/* answer_test.c - what other stores answer. */
#include "answer.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#define DATA(type, result)                                                                         \
    "{\"status\":\"success\",\"data\":{\"resultType\":\"" type "\",\"result\":" result "}}"

static int read_text(const char *text, struct arena *a, enum promql_type *type,
                     struct promql_series **series, size_t *n, struct error *err)
{
    *n = 0;
    return answer_read(strstr(text, "\"error\"") ? 400 : 200, str_of(text), a, type, series, n,
                       err);
}

static void results_are_read(void **state)
{
    struct promql_series *s;
    enum promql_type type;
    struct arena a;
    struct error err;
    size_t n;

    (void)state;
    arena_init(&a, 0);
    assert_int_equal(read_text(DATA("vector", "[{\"metric\":{\"b\":\"2\",\"a\":\"1\",\"c\":\"\"},"
                                              "\"value\":[1700000000.123,\"-0.5\"]}]"),
                               &a, &type, &s, &n, &err),
                     0);
    assert_int_equal(type, PROMQL_VECTOR);
    assert_int_equal(n, 1);
    assert_int_equal(s[0].labels.len, 2);
    assert_true(str_is(labels_get(s[0].labels, STR("a")), "1"));
    assert_int_equal(s[0].ts_ms[0], 1700000000123);
    assert_true(s[0].values[0] == -0.5);

    assert_int_equal(read_text(DATA("matrix", "[{\"metric\":{},\"values\":[[1,\"1\"],[2,\"+Inf\"],"
                                              "[3,\"NaN\"]]},{\"metric\":{},\"values\":[]}]"),
                               &a, &type, &s, &n, &err),
                     0);
    assert_int_equal(type, PROMQL_MATRIX);
    assert_int_equal(n, 2);
    assert_int_equal(s[0].len, 3);
    assert_true(isinf(s[0].values[1]) && isnan(s[0].values[2]));
    assert_int_equal(s[1].len, 0);

    assert_int_equal(read_text(DATA("scalar", "[7,\"3\"]"), &a, &type, &s, &n, &err), 0);
    assert_int_equal(type, PROMQL_SCALAR);
    assert_true(n == 1 && s[0].values[0] == 3 && s[0].ts_ms[0] == 7000);
    arena_fini(&a);
}

static void what_is_no_result_is_refused_in_words(void **state)
{
    static const struct {
        const char *text, *words;
        int code;
    } cases[] = {
        {"", "no JSON", -EIO},
        {"<html>502 Bad Gateway</html>", "<html>502", -EIO},
        {"{\"status\":\"error\",\"errorType\":\"bad_data\",\"error\":\"1:2: parse error\"}",
         "1:2: parse error", -EINVAL},
        {"{\"status\":\"success\"}", "no result", -EIO},
        {"[]", "failed", -EINVAL},
        {DATA("string", "[1,\"a\"]"), "resultType", -EIO},
        {DATA("vector", "{}"), "list of series", -EIO},
        {DATA("vector", "[{\"value\":[1,\"1\"]}]"), "no metric", -EIO},
        {DATA("vector", "[{\"metric\":{\"a\":[]},\"value\":[1,\"1\"]}]"), "label", -EIO},
        {DATA("vector", "[{\"metric\":{}}]"), "sample", -EIO},
        {DATA("vector", "[{\"metric\":{},\"value\":[1,\"x\"]}]"), "sample", -EIO},
        {DATA("vector", "[{\"metric\":{},\"value\":[1e300,\"1\"]}]"), "sample", -EIO},
        {DATA("matrix", "[{\"metric\":{},\"values\":[[1]]}]"), "sample", -EIO},
    };
    struct promql_series *s;
    enum promql_type type;
    struct error err;
    size_t n;

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct arena a;
        arena_init(&a, 0);
        assert_int_equal(read_text(cases[i].text, &a, &type, &s, &n, &err), cases[i].code);
        if (!strstr(err.text, cases[i].words))
            fail_msg("%s: %s", cases[i].text, err.text);
        arena_fini(&a);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(results_are_read),
        cmocka_unit_test(what_is_no_result_is_refused_in_words),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
