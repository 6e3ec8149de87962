/* native_test.c - what is written in the native format comes back; torn and foreign bytes do no
 * harm. */
#include "api/native.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

#define ROWS 20000

struct got {
    struct store_sample *samples;
    size_t len, cap;
    char labels[200]; /* of the last */
};

static int take(void *ctx, const struct store_sample *samples, size_t n,
                struct store_push_result *ret, struct error *err)
{
    struct got *g = ctx;
    struct buf text;

    (void)err;
    g->samples = array_grow(g->samples, &g->cap, g->len + n, sizeof(*g->samples));
    assert_non_null(g->samples);
    memcpy(g->samples + g->len, samples, n * sizeof(*samples));
    g->len += n;
    ret->kept = n;
    buf_init(&text, 0);
    labels_print(samples[0].labels, &text);
    str_copy(g->labels, sizeof(g->labels), buf_str(&text));
    buf_fini(&text);
    return 0;
}

static struct labels series(struct label items[3])
{
    items[0] = (struct label){STR("__name__"), STR("x")};
    items[1] = (struct label){STR("a"), STR("one\001two\002\003")};
    items[2] = (struct label){STR("b"), STR("\xc3\xbc \"q\"")};
    return (struct labels){items, 3};
}

/* Writes a column and reads it back; the text of the stream too. */
static struct import_result pass(const struct column *c, struct got *g, struct buf *stream)
{
    struct native_writer *w = native_writer_new();
    struct import_result result = {0};
    struct labels none = {0};
    struct label items[3];
    struct error err = {0};

    buf_init(stream, 0);
    native_print_header(INT64_MIN / 2, INT64_MAX / 2, stream);
    assert_int_equal(native_print(w, series(items), c, stream, &err), 0);
    assert_false(stream->failed);
    native_writer_free(w);
    assert_int_equal(native_read(buf_str(stream), none, take, g, &result, &err), 0);
    return result;
}

static void expect_same(const struct column *c)
{
    struct got g = {0};
    struct buf stream;
    struct import_result result = pass(c, &g, &stream);

    assert_string_equal(result.first_error, "");
    assert_int_equal(g.len, c->len);
    for (size_t i = 0; i < c->len; i++) {
        uint64_t a, b;
        memcpy(&a, &c->values[i], sizeof(a));
        memcpy(&b, &g.samples[i].value, sizeof(b));
        assert_int_equal(g.samples[i].ts_ms, c->ts_ms[i]);
        assert_int_equal(a, b);
    }
    assert_string_equal(g.labels, "x{a=\"one\001two\002\003\",b=\"\xc3\xbc \\\"q\\\"\"}");
    free(g.samples);
    buf_fini(&stream);
}

static double shape(int kind, size_t i)
{
    switch (kind) {
    case 0:
        return 42.5;
    case 1:
        return (double)i * 15;
    case 2:
        return (double)(i * 7919 % 10000) / 100;
    case 3:
        return i % 1000 ? (double)i * 1.5 : value_stale();
    case 4:
        return i % 3 ? (double)(i % 17) * 1e-9 : (double)i * 1e12; /* blocks of few rows */
    case 5:
        return i % 5 ? -(double)i : (i % 2 ? (double)INFINITY : (double)-INFINITY);
    case 6:
        return i % 2 ? 0 : 1e300;
    default:
        return i % 2 ? 4503599627370495.5 : 1.7976931348623157e308;
    }
}

static void values_of_any_shape_come_back(void **state)
{
    int64_t *times = xcalloc(ROWS, sizeof(*times));
    double *values = xcalloc(ROWS, sizeof(*values));

    (void)state;
    for (int kind = 0; kind < 8; kind++)
        for (int even = 0; even < 2; even++) {
            for (size_t i = 0; i < ROWS; i++) {
                times[i] = 1700000000000 + (int64_t)i * 5000 + (even ? 0 : (int64_t)(i * i % 7));
                values[i] = shape(kind, i);
            }
            expect_same(&(struct column){kind == 4 ? 300 : ROWS, times, values});
        }
    expect_same(&(struct column){1, times, values});
    expect_same(&(struct column){2, times, values});
    free(times);
    free(values);
}

static void nan_is_left_out_and_the_range_is_kept_to(void **state)
{
    const int64_t times[] = {1000, 2000, 3000};
    const double values[] = {1, (double)NAN, 3};
    const struct column c = {3, times, values};
    struct label from = {STR("from"), STR("there")};
    struct import_result result = {0};
    struct native_writer *w = native_writer_new();
    struct label items[3];
    struct got g = {0};
    struct buf stream;

    (void)state;
    buf_init(&stream, 0);
    native_print_header(1500, 3500, &stream);
    assert_int_equal(native_print(w, series(items), &c, &stream, NULL), 0);
    assert_int_equal(
        native_read(buf_str(&stream), (struct labels){&from, 1}, take, &g, &result, NULL), 0);
    assert_int_equal(g.len, 1);
    assert_int_equal(g.samples[0].ts_ms, 3000);
    assert_non_null(strstr(g.labels, "from=\"there\""));
    native_writer_free(w);
    free(g.samples);
    buf_fini(&stream);
}

static void torn_and_foreign_streams_are_said(void **state)
{
    const int64_t times[] = {1000, 2000, 4000, 4500};
    const double values[] = {1, 2, 5, 1};
    struct labels none = {0};
    struct got g = {0};
    struct buf stream;

    (void)state;
    pass(&(struct column){4, times, values}, &g, &stream);
    for (size_t n = 0; n < stream.len; n++) {
        struct import_result result = {0};
        assert_int_equal(native_read(str_make(stream.ptr, n), none, take, &g, &result, NULL), 0);
        assert_int_equal(result.samples, 0);
        assert_int_equal(result.lines_refused, n != NATIVE_HEADER_BYTES);
    }
    for (size_t i = 0; i < stream.len * 8; i++) { /* any changed bit: refused, or other samples */
        struct import_result result = {0};
        stream.ptr[i / 8] = (char)(stream.ptr[i / 8] ^ (1 << i % 8));
        assert_int_equal(native_read(buf_str(&stream), none, take, &g, &result, NULL), 0);
        stream.ptr[i / 8] = (char)(stream.ptr[i / 8] ^ (1 << i % 8));
    }
    struct import_result result = {0};
    struct str text = STR("{\"metric\":{\"__name__\":\"x\"},\"values\":[1],\"timestamps\":[1]}");
    assert_int_equal(native_read(text, none, take, &g, &result, NULL), 0);
    assert_non_null(strstr(result.first_error, "no native stream"));
    free(g.samples);
    buf_fini(&stream);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(values_of_any_shape_come_back),
        cmocka_unit_test(nan_is_left_out_and_the_range_is_kept_to),
        cmocka_unit_test(torn_and_foreign_streams_are_said),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
