/* outbound_test.c - what is read of URLs and headers; that nobody answers is said and is no crash.
 * Requests that are answered: forward_test.c and the integration tests. */
#include "outbound/outbound.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static void retry_after_is_read_and_bounded(void **state)
{
    (void)state;

    assert_int_equal(outbound_retry_after_ms(STR(" 120\r\n")), 120000);
    assert_int_equal(outbound_retry_after_ms(STR("Fri, 31 Dec 1999 23:59:59 GMT")), 0);
    assert_int_equal(outbound_retry_after_ms(STR("99999999999")), 600000);
    assert_int_equal(outbound_retry_after_ms(STR("18446744073709551615")), 600000);
}

static void urls_are_shown_without_secrets(void **state)
{
    static const struct {
        const char *url, *shown; /* NULL: refused */
    } cases[] = {
        {"http://a:9093/x", "http://a:9093/x"},
        {"https://me:se@cret@a/x?token=1#y", "https://a/x"},
        {"http://a?user@b", "http://a"},
        {"http://[::1]:1/", "http://[::1]:1/"},
        {"ftp://a/", NULL},
        {"http://", NULL},
        {"http:///x", NULL},
        {"http://me@/x", NULL},
        {"http://a/\"b", NULL},
        {"http://a/ b", NULL},
        {"a:9093", NULL},
        {"http://a-name-that-is-longer-than-the-place/", NULL},
    };
    char text[32];
    struct error err;

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        int code = outbound_show_url(cases[i].url, "--to", text, sizeof(text), &err);
        assert_int_equal(code == 0, cases[i].shown != NULL);
        if (cases[i].shown)
            assert_string_equal(text, cases[i].shown);
        else
            assert_non_null(strstr(err.text, "--to"));
    }
}

static void a_program_that_is_not_there_is_an_error_in_words(void **state)
{
    const struct outbound_options options = {.user_agent = "test"};
    struct outbound_answer answer = {0};
    struct outbound *o;

    (void)state;
    assert_int_equal(outbound_open(&options, &o, NULL), 0);
    for (int i = 0; i < 2; i++) {
        outbound_send(o, i ? "GET" : "POST", "http://127.0.0.1:1/", STR("x"), 2000, &answer);
        assert_int_equal(answer.status, 0);
        assert_true(*answer.error);
    }
    outbound_send(o, "GET", "file:///etc/passwd", STR(""), 2000, &answer);
    assert_int_equal(answer.status, 0);
    assert_int_equal(answer.body.len, 0);
    outbound_answer_fini(&answer);
    outbound_close(o);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(retry_after_is_read_and_bounded),
        cmocka_unit_test(urls_are_shown_without_secrets),
        cmocka_unit_test(a_program_that_is_not_there_is_an_error_in_words),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
