/* import_test.c - pushed text; the store is played by this file, which keeps what is pushed. */
#include "scrape/scrape.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

struct store {
    struct buf kept; /* "series value @ts" a line */
    size_t samples, calls, largest;
    int code;
};

int store_push(struct store *s, const struct store_sample *samples, size_t n,
               struct store_push_result *ret, struct error *err)
{
    *ret = (struct store_push_result){0};
    if (s->code)
        return error_errno(err, s->code, "push");
    s->calls++;
    s->largest = MAX(s->largest, n);
    for (size_t i = 0; i < n && s->kept.len < 4000; i++) {
        labels_print(samples[i].labels, &s->kept);
        buf_char(&s->kept, ' ');
        buf_double(&s->kept, samples[i].value);
        buf_printf(&s->kept, " @%" PRId64 "\n", samples[i].ts_ms);
    }
    s->samples += n;
    ret->kept = n;
    return 0;
}

static void pushed_lines_are_kept_with_the_extra_labels(void **state)
{
    static const struct {
        const char *text, *kept;
        size_t refused;
    } cases[] = {
        {"a 1\na 2 5\n", "a{x=\"y\"} 1 @9\na{x=\"y\"} 2 @5\n", 0},
        {"a{x=\"own\",z=\"1\"} 1", "a{x=\"y\",z=\"1\"} 1 @9\n", 0},
        {"# HELP a b\na 1\n<bad>\nb 2\nb{a=\"1\",a=\"2\"} 1\n",
         "a{x=\"y\"} 1 @9\nb{x=\"y\"} 2 @9\n", 2},
        {"a{b=\"c\"} 1 1\na{b=\"c\"} 2 2\na 3 3\na{b=\"c\"} 4 4\n",
         "a{b=\"c\",x=\"y\"} 1 @1\na{b=\"c\",x=\"y\"} 2 @2\na{x=\"y\"} 3 @3\n"
         "a{b=\"c\",x=\"y\"} 4 @4\n",
         0},
        {"", "", 0},
    };
    const struct label extra[] = {{STR("x"), STR("y")}};

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct store s = {0};
        struct import_result result;
        buf_init(&s.kept, 0);
        assert_int_equal(import_text(&s, NULL, str_of(cases[i].text), 9, (struct labels){extra, 1},
                                     &result, NULL),
                         0);
        assert_true(str_is(buf_str(&s.kept), cases[i].kept));
        assert_int_equal(result.lines_refused, cases[i].refused);
        assert_int_equal(result.samples, s.samples);
        assert_int_equal(result.first_error[0] != '\0', cases[i].refused > 0);
        buf_fini(&s.kept);
    }
}

static void a_long_text_goes_in_batches(void **state)
{
    struct store s = {0};
    struct import_result result;
    struct buf text;

    (void)state;
    buf_init(&text, 0);
    for (int i = 0; i < 20000; i++)
        buf_printf(&text, "m%d{label=\"%0500d\"} 1\n", i, i);
    buf_init(&s.kept, 0);
    assert_int_equal(import_text(&s, NULL, buf_str(&text), 9, (struct labels){0}, &result, NULL),
                     0);
    assert_int_equal(result.samples, 20000);
    assert_true(s.largest <= 4096);
    buf_fini(&s.kept);
    buf_fini(&text);
}

static void one_endless_line_is_refused_and_the_rest_goes_on(void **state)
{
    const size_t endless = (size_t)100 << 20;
    struct store s = {0};
    struct import_result result;
    struct buf text;

    (void)state;
    buf_init(&text, 0);
    buf_text(&text, "a 1\nb{x=\"");
    memset(buf_reserve(&text, endless), 'x', endless);
    text.len += endless;
    buf_text(&text, "\"} 1\nc 3\n");
    buf_init(&s.kept, 0);
    assert_int_equal(import_text(&s, NULL, buf_str(&text), 9, (struct labels){0}, &result, NULL),
                     0);
    assert_true(str_is(buf_str(&s.kept), "a 1 @9\nc 3 @9\n"));
    assert_int_equal(result.lines_refused, 1);
    assert_string_equal(result.first_error, "line 2: longer than 1048576 bytes");
    buf_fini(&s.kept);
    buf_fini(&text);
}

static void a_store_that_fails_ends_it(void **state)
{
    struct store s = {.code = -ENOSPC};
    struct import_result result;
    struct error err;

    (void)state;
    assert_int_equal(import_text(&s, NULL, STR("a 1\nb 2\n"), 9, (struct labels){0}, &result, &err),
                     -ENOSPC);
    assert_int_equal(result.samples, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(pushed_lines_are_kept_with_the_extra_labels),
        cmocka_unit_test(a_long_text_goes_in_batches),
        cmocka_unit_test(one_endless_line_is_refused_and_the_rest_goes_on),
        cmocka_unit_test(a_store_that_fails_ends_it),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
