/* import_csv_test.c - columns as they are described, lines as they come. */
#include "api/import_csv.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

#define NOW INT64_C(1700000000000)

/* Writes what comes as "name{label="value"} value time" lines. */
static int push(void *ctx, const struct store_sample *samples, size_t n,
                struct store_push_result *ret, struct error *err)
{
    struct buf *to = ctx;

    (void)err;
    for (size_t i = 0; i < n && to->len < 4096; i++) {
        labels_print(samples[i].labels, to);
        buf_char(to, ' ');
        buf_double(to, samples[i].value);
        buf_char(to, ' ');
        buf_i64(to, samples[i].ts_ms);
        buf_char(to, '\n');
    }
    ret->kept = n;
    return 0;
}

static void read_all(const char *description, const char *body, struct labels extra, struct buf *to,
                     struct import_result *ret)
{
    struct csv_format format;
    struct arena arena;
    struct error err;

    arena_init(&arena, 0);
    *ret = (struct import_result){0};
    buf_reset(to);
    if (csv_format_read(str_of(description), &arena, &format, &err))
        fail_msg("%s", err.text);
    assert_int_equal(import_csv_read(str_of(body), &format, NOW, extra, push, to, ret, &err), 0);
    buf_char(to, '\0');
    arena_fini(&arena);
}

static void lines_become_samples(void **state)
{
    static const struct {
        const char *format, *body, *wanted, *error;
        unsigned refused;
    } cases[] = {
        {"1:metric:a", "1.5\n-2e3\n", "a 1.5 1700000000000\na -2000 1700000000000\n", "", 0},
        {"2:time:unix_s,1:metric:a", "1,5\n1,5.25\n", "a 1 5000\na 1 5250\n", "", 0},
        {"1:time:unix_ms,2:metric:a", "5,1", "a 1 5\n", "", 0},
        {"1:time:unix_ns,2:metric:a", "5000000,1\r\n", "a 1 5\n", "", 0},
        {"1:time:rfc3339,2:metric:a", "1970-01-01T00:00:02.5Z,1", "a 1 2500\n", "", 0},
        {"1:label:host,3:metric:a,4:metric:b", "n1,skipped,1,2,3\nn2,,,4\n",
         "a{host=\"n1\"} 1 1700000000000\nb{host=\"n1\"} 2 1700000000000\n"
         "b{host=\"n2\"} 4 1700000000000\n",
         "", 0},
        {"1:label:l,2:metric:a", "\"x \"\"y\"\", z\",1\n'it,2\n,3\n",
         "a{l=\"x \\\"y\\\", z\"} 1 1700000000000\na{l=\"'it\"} 2 1700000000000\n"
         "a 3 1700000000000\n",
         "", 0},
        {"1:label:l,2:metric:a", "host,load\nx,1\n\nx\n", "a{l=\"x\"} 1 1700000000000\n",
         "line 1: the value of a metric is no number", 2},
        {"1:metric:a,2:label:l", "1,\"x\n1,\"x\" y\n", "",
         "line 1: a quote is not closed, or something follows it", 2},
        {"1:metric:a,2:time:rfc3339", "1,5\n", "",
         "line 1: the time cannot be read as the column says", 1},
    };
    struct import_result result;
    struct buf to;

    (void)state;
    buf_init(&to, 0);
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        read_all(cases[i].format, cases[i].body, (struct labels){0}, &to, &result);
        assert_string_equal(to.ptr, cases[i].wanted);
        assert_string_equal(result.first_error, cases[i].error);
        assert_int_equal(result.lines_refused, cases[i].refused);
    }
    buf_fini(&to);
}

static void extra_labels_stand_in_place_of_those_of_columns(void **state)
{
    struct label items[] = {{STR("dc"), STR("x")}, {STR("host"), STR("y")}};
    struct import_result result;
    struct buf to;

    (void)state;
    buf_init(&to, 0);
    read_all("1:label:host,2:metric:a", "n1,1\n", (struct labels){items, 2}, &to, &result);
    assert_string_equal(to.ptr, "a{dc=\"x\",host=\"y\"} 1 1700000000000\n");
    buf_fini(&to);
}

static void many_lines_go_in_batches(void **state)
{
    struct import_result result;
    struct buf body, to;

    (void)state;
    buf_init(&body, 0);
    buf_init(&to, 0);
    for (unsigned i = 0; i < 3 * IMPORT_BATCH; i++)
        buf_printf(&body, "\"host %u\",1,2\n", i);
    buf_char(&body, '\0');
    read_all("1:label:host,2:metric:a,3:metric:b", body.ptr, (struct labels){0}, &to, &result);
    assert_int_equal(result.samples, 6 * IMPORT_BATCH);
    assert_int_equal(result.lines_refused, 0);
    buf_fini(&to);
    buf_fini(&body);
}

static void descriptions_that_make_no_sense_are_refused(void **state)
{
    static const struct {
        const char *format, *why;
    } cases[] = {
        {"", "wanted POSITION:KIND:NAME"},
        {"0:metric:a", "positions from 1 to 4096"},
        {"4097:metric:a", "positions from 1 to 4096"},
        {"x:metric:a", "positions from 1"},
        {"1:gauge:a", "a kind is metric, label or time"},
        {"1:metric:", "the name is missing"},
        {"1:metric", "the name is missing"},
        {"1:metric:a,1:label:b", "column \"1:label:b\": the position is described twice"},
        {"1:label:a", "at least one column is a metric"},
        {"1:metric:a,2:time:custom:2006", "a time is unix_s, unix_ms, unix_ns or rfc3339"},
        {"1:metric:a,2:time:unix_s,3:time:unix_s", "more than one column is a time"},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct csv_format format;
        struct arena arena;
        struct error err = {0};
        arena_init(&arena, 0);
        assert_int_equal(csv_format_read(str_of(cases[i].format), &arena, &format, &err), -EINVAL);
        if (!strstr(err.text, cases[i].why))
            fail_msg("%s: %s", cases[i].format, err.text);
        arena_fini(&arena);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(lines_become_samples),
        cmocka_unit_test(extra_labels_stand_in_place_of_those_of_columns),
        cmocka_unit_test(many_lines_go_in_batches),
        cmocka_unit_test(descriptions_that_make_no_sense_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
