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

static void an_answer_in_pieces_from_nobody_is_an_error_in_words(void **state)
{
    const struct outbound_options options = {.user_agent = "test"};
    struct outbound_answer answer = {0};
    struct outbound *o;
    struct error err;
    struct buf to;

    (void)state;
    buf_init(&to, 0);
    assert_int_equal(outbound_open(&options, &o, NULL), 0);
    assert_int_equal(outbound_begin(o, "GET", "file:///etc/passwd", STR(""), 2000, &err), -EINVAL);
    outbound_end(o); /* nothing was begun */
    for (int i = 0; i < 2; i++) {
        int code = 0;
        const char *method = i ? "GET" : "POST";
        assert_int_equal(outbound_begin(o, method, "http://127.0.0.1:1/", STR("x"), 2000, &err), 0);
        while (!code)
            code = outbound_next(o, 1, 100, &to, &answer, &err);
        assert_int_equal(code, -EIO);
        assert_true(*err.text);
        assert_int_equal(answer.status, 0);
        outbound_end(o);
    }
    assert_int_equal(to.len, 0);
    outbound_send(o, "GET", "http://127.0.0.1:1/", STR(""), 2000, &answer); /* still of use */
    assert_true(*answer.error);
    outbound_answer_fini(&answer);
    outbound_close(o);
}

static void waits_grow_and_heed_the_receiver(void **state)
{
    struct courier c;
    (void)state;

    courier_init(&c, 500, 30000, STR("http://a/"));
    for (unsigned attempt = 0; attempt < 40; attempt++)
        for (uint64_t dice = 0; dice < 100000; dice += 777) {
            int64_t whole = attempt < 6 ? INT64_C(500) << attempt : 30000;
            int64_t delay = courier_delay_ms(&c, attempt, dice, 0);
            assert_true(delay >= whole / 2 && delay <= whole);
        }
    assert_int_equal(courier_delay_ms(&c, 0, 1, 60000), 60000);
    courier_fini(&c);
}

static void answers_are_judged_by_their_status(void **state)
{
    static const struct {
        long status;
        enum verdict verdict;
    } cases[] = {{200, VERDICT_TAKEN},   {204, VERDICT_TAKEN},   {400, VERDICT_REFUSED},
                 {404, VERDICT_REFUSED}, {409, VERDICT_REFUSED}, {413, VERDICT_REFUSED},
                 {401, VERDICT_AGAIN},   {403, VERDICT_AGAIN},   {407, VERDICT_AGAIN},
                 {408, VERDICT_AGAIN},   {425, VERDICT_AGAIN},   {429, VERDICT_AGAIN},
                 {500, VERDICT_AGAIN},   {503, VERDICT_AGAIN},   {301, VERDICT_AGAIN},
                 {0, VERDICT_AGAIN}};
    (void)state;

    for (size_t i = 0; i < ARRAY_LEN(cases); i++)
        assert_int_equal(courier_judge(cases[i].status), cases[i].verdict);
}

/* Idles until it is woken for the third time. */
static void *count_words(void *arg)
{
    struct courier *c = arg;

    while (!courier_stopped(c) && c->attempt < 3) {
        courier_idle(c, (uint64_t)60 * NS_PER_S);
        c->attempt += !courier_stopped(c);
        courier_wake(c); /* a word that comes before the wait is not lost */
    }
    courier_done(c);
    courier_again(c, 600000); /* ends with courier_stop(), not in ten minutes */
    return NULL;
}

static void a_word_wakes_and_the_end_ends_every_wait(void **state)
{
    struct courier c;
    (void)state;

    courier_init(&c, 500, 30000, STR("http://a/"));
    assert_int_equal(courier_start(&c, "courier", count_words, &c, NULL), 0);
    courier_wake(&c);
    courier_stop(&c);
    courier_fini(&c);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(retry_after_is_read_and_bounded),
        cmocka_unit_test(urls_are_shown_without_secrets),
        cmocka_unit_test(a_program_that_is_not_there_is_an_error_in_words),
        cmocka_unit_test(an_answer_in_pieces_from_nobody_is_an_error_in_words),
        cmocka_unit_test(waits_grow_and_heed_the_receiver),
        cmocka_unit_test(answers_are_judged_by_their_status),
        cmocka_unit_test(a_word_wakes_and_the_end_ends_every_wait),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
