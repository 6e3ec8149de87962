/* book_test.c - what receivers are told, on a clock of their own. */
#include "book.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#define REPEAT_MS INT64_C(3600000)

/* An alert of GPU `gpu`, firing or ended. */
static void push(struct book *k, const char *name, const char *gpu, bool resolved, int64_t now_ms)
{
    const struct label labels[] = {{STR("alertname"), str_of(name)}, {STR("gpu"), str_of(gpu)}};
    const struct label notes[] = {{STR("summary"), STR("it is \"hot\"")}};
    const struct notice n = {.labels = {labels, 2},
                             .annotations = {notes, 1},
                             .query = STR("heat > 50"),
                             .starts_ms = 1000,
                             .ends_ms = now_ms + (resolved ? 0 : 240000),
                             .resolved = resolved};

    book_push(k, &n, n.labels, now_ms);
}

/* Sends the next request; the number of alerts in it. */
static size_t send_next(struct book *k, enum book_end how, int64_t now_ms, char *ret_text,
                        size_t size)
{
    struct batch b = {0};
    size_t n = book_gather(k, &b) ? b.len : 0;

    if (ret_text)
        str_copy(ret_text, size, buf_str(&b.body));
    if (n)
        book_end(k, &b, how, now_ms);
    buf_fini(&b.body);
    return n;
}

static void a_webhook_is_told_once_and_again_after_the_repeat_interval(void **state)
{
    struct book k;

    (void)state;
    book_init(&k, NOTIFY_WEBHOOK, REPEAT_MS, "");
    for (int64_t now = 0; now < REPEAT_MS; now += 60000) {
        push(&k, "Hot", "0", false, now);
        assert_int_equal(send_next(&k, BOOK_TAKEN, now, NULL, 0), now == 0);
    }
    push(&k, "Hot", "0", false, REPEAT_MS);
    assert_int_equal(send_next(&k, BOOK_TAKEN, REPEAT_MS, NULL, 0), 1);
    push(&k, "Hot", "0", true, REPEAT_MS + 1);
    assert_int_equal(send_next(&k, BOOK_TAKEN, REPEAT_MS + 1, NULL, 0), 1);
    assert_int_equal(k.entries.len, 0);
    book_fini(&k);
}

static void an_alertmanager_hears_every_word(void **state)
{
    struct book k;
    char text[600];

    (void)state;
    book_init(&k, NOTIFY_ALERTMANAGER, REPEAT_MS, "http://me:3000");
    for (int64_t now = 0; now < 300000; now += 60000) {
        push(&k, "Hot", "0", false, now);
        assert_int_equal(send_next(&k, BOOK_TAKEN, now, text, sizeof(text)), 1);
    }
    assert_string_equal(text,
                        "[{\"labels\":{\"alertname\":\"Hot\",\"gpu\":\"0\"},"
                        "\"annotations\":{\"summary\":\"it is \\\"hot\\\"\"},"
                        "\"startsAt\":\"1970-01-01T00:00:01Z\",\"endsAt\":\"1970-01-01T00:08:00Z\","
                        "\"generatorURL\":\"http://me:3000/explore?expr=heat%20%3E%2050\"}]");
    book_fini(&k);
}

static void what_began_and_ended_while_the_receiver_was_away_is_not_told(void **state)
{
    struct book k;

    (void)state;
    book_init(&k, NOTIFY_WEBHOOK, REPEAT_MS, "");
    push(&k, "Hot", "0", false, 0);
    assert_int_equal(send_next(&k, BOOK_AGAIN, 0, NULL, 0), 1);
    assert_int_equal(k.waiting, 1);
    push(&k, "Hot", "0", true, 1000);
    assert_int_equal(send_next(&k, BOOK_TAKEN, 1000, NULL, 0), 0);
    assert_int_equal(k.entries.len, 0);
    book_fini(&k);
}

static void an_end_that_comes_while_the_beginning_is_sent_is_told(void **state)
{
    struct book k;
    struct batch b = {0};
    char text[200];

    (void)state;
    book_init(&k, NOTIFY_WEBHOOK, REPEAT_MS, "");
    push(&k, "Hot", "0", false, 0);
    assert_true(book_gather(&k, &b));
    push(&k, "Hot", "0", true, 1000);
    book_end(&k, &b, BOOK_TAKEN, 1000);
    buf_fini(&b.body);
    assert_int_equal(send_next(&k, BOOK_TAKEN, 1000, text, sizeof(text)), 1);
    assert_non_null(strstr(text, "\"status\":\"resolved\""));
    assert_int_equal(k.entries.len, 0);
    book_fini(&k);
}

static void the_same_word_during_a_request_is_no_news_to_a_webhook(void **state)
{
    struct book k;
    struct batch b = {0};

    (void)state;
    book_init(&k, NOTIFY_WEBHOOK, REPEAT_MS, "");
    push(&k, "Hot", "0", false, 0);
    assert_true(book_gather(&k, &b));
    push(&k, "Hot", "0", false, 1000);
    book_end(&k, &b, BOOK_TAKEN, 1000);
    buf_fini(&b.body);
    assert_int_equal(send_next(&k, BOOK_TAKEN, 1000, NULL, 0), 0);
    book_fini(&k);
}

static void messages_hold_alerts_of_one_name_and_state(void **state)
{
    struct book k;
    char text[1200];

    (void)state;
    book_init(&k, NOTIFY_WEBHOOK, REPEAT_MS, "http://me");
    push(&k, "Hot", "0", false, 0);
    push(&k, "Full", "0", false, 0);
    push(&k, "Hot", "1", false, 0);
    assert_int_equal(send_next(&k, BOOK_TAKEN, 0, text, sizeof(text)), 2);
    assert_non_null(strstr(text, "\"groupLabels\":{\"alertname\":\"Hot\"},"
                                 "\"commonLabels\":{\"alertname\":\"Hot\"},"
                                 "\"commonAnnotations\":{\"summary\":\"it is \\\"hot\\\"\"},"
                                 "\"externalURL\":\"http://me\",\"alerts\":[{"));
    assert_int_equal(send_next(&k, BOOK_TAKEN, 0, NULL, 0), 1);
    assert_int_equal(send_next(&k, BOOK_TAKEN, 0, NULL, 0), 0);
    book_fini(&k);
}

static void what_is_refused_is_not_sent_again(void **state)
{
    struct book k;

    (void)state;
    book_init(&k, NOTIFY_WEBHOOK, REPEAT_MS, "");
    push(&k, "Hot", "0", false, 0);
    assert_int_equal(send_next(&k, BOOK_REFUSED, 0, NULL, 0), 1);
    assert_int_equal(send_next(&k, BOOK_TAKEN, 0, NULL, 0), 0);
    book_fini(&k);
}

static void memory_is_bounded_the_oldest_go(void **state)
{
    struct book k;
    char gpu[24];

    (void)state;
    book_init(&k, NOTIFY_ALERTMANAGER, REPEAT_MS, "");
    for (int i = 0; i < NOTIFY_ALERTS_MAX + 5; i++) {
        snprintf(gpu, sizeof(gpu), "%d", i);
        push(&k, "Hot", gpu, false, i);
    }
    assert_int_equal(k.entries.len, NOTIFY_ALERTS_MAX);
    assert_int_equal(k.waiting, NOTIFY_ALERTS_MAX);
    assert_int_equal(k.dropped, 5);
    assert_true(str_is(labels_get(k.first->labels, STR("gpu")), "5"));
    assert_int_equal(send_next(&k, BOOK_TAKEN, 0, NULL, 0), BATCH_MAX);
    book_fini(&k);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_webhook_is_told_once_and_again_after_the_repeat_interval),
        cmocka_unit_test(an_alertmanager_hears_every_word),
        cmocka_unit_test(what_began_and_ended_while_the_receiver_was_away_is_not_told),
        cmocka_unit_test(an_end_that_comes_while_the_beginning_is_sent_is_told),
        cmocka_unit_test(the_same_word_during_a_request_is_no_news_to_a_webhook),
        cmocka_unit_test(messages_hold_alerts_of_one_name_and_state),
        cmocka_unit_test(what_is_refused_is_not_sent_again),
        cmocka_unit_test(memory_is_bounded_the_oldest_go),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
