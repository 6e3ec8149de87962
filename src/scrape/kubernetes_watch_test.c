/* kubernetes_watch_test.c - lists and the events behind them, as they come off the wire. */
#include "scrape/kubernetes_watch.h"

#include "scrape/meta.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

#define PLENTY ((size_t)1 << 30)

static int set_up(void **state)
{
    struct kubernetes_watch *w = xnew(struct kubernetes_watch);

    kubernetes_watch_init(w);
    *state = w;
    return 0;
}

static int tear_down(void **state)
{
    kubernetes_watch_fini(*state);
    free(*state);
    return 0;
}

static int list(struct kubernetes_watch *w, const char *text, struct error *err)
{
    const struct yaml_node *page;
    struct arena a;

    arena_init(&a, 0);
    assert_int_equal(yaml_parse_json("t", str_of(text), &a, &page, err), 0);
    int code = kubernetes_watch_page(w, page, PLENTY, err);
    arena_fini(&a);
    return code;
}

static int event(struct kubernetes_watch *w, const char *text)
{
    return kubernetes_watch_take(w, str_of(text), PLENTY, NULL);
}

/* The names of all objects, in order, each with its label "v". */
static void are(const struct kubernetes_watch *w, const char *wanted)
{
    struct kubernetes_list objects = {0};
    struct buf text;

    buf_init(&text, 0);
    buf_text(&text, "");
    assert_int_equal(kubernetes_watch_objects(w, &objects), 0);
    for (size_t i = 0; i < objects.len; i++)
        buf_printf(&text, "%.*s=%.*s ", STR_ARG(meta_text(objects.items[i], "metadata.name")),
                   STR_ARG(meta_text(objects.items[i], "metadata.labels.v")));
    buf_char(&text, '\0');
    assert_string_equal(text.ptr, wanted);
    buf_fini(&text);
    free(objects.items);
}

#define OBJECT(name, v, version)                                                                   \
    "{\"metadata\":{\"name\":\"" name "\",\"namespace\":\"n\",\"resourceVersion\":\"" version      \
    "\",\"labels\":{\"v\":\"" v "\"}}}"
#define EVENT(type, object) "{\"type\":\"" type "\",\"object\":" object "}\n"

static void begin(struct kubernetes_watch *w)
{
    kubernetes_watch_begin(w);
    assert_int_equal(list(w,
                          "{\"metadata\":{\"resourceVersion\":\"7\"},\"items\":[" OBJECT(
                              "b", "1", "3") "," OBJECT("a", "1", "4") "]}",
                          NULL),
                     0);
    assert_int_equal(
        list(w, "{\"metadata\":{\"resourceVersion\":\"9\"},\"items\":[" OBJECT("c", "1", "5") "]}",
             NULL),
        0);
    kubernetes_watch_end(w);
    w->changed = false;
}

static void events_change_what_was_listed(void **state)
{
    struct kubernetes_watch *w = *state;

    begin(w);
    are(w, "a=1 b=1 c=1 ");
    assert_string_equal(w->version, "7"); /* that of the first page holds for all */
    assert_int_equal(event(w, EVENT("MODIFIED", OBJECT("b", "2", "10"))), 0);
    assert_true(w->changed);
    assert_int_equal(
        event(w, EVENT("DELETED", OBJECT("a", "1", "11")) EVENT("ADDED", OBJECT("d", "1", "12"))),
        0);
    are(w, "b=2 c=1 d=1 ");
    assert_string_equal(w->version, "12");
    w->changed = false;
    assert_int_equal(event(w, EVENT("DELETED", OBJECT("x", "1", "13"))), 0);
    assert_int_equal(
        event(w, EVENT("BOOKMARK", "{\"metadata\":{\"resourceVersion\":\"20\"}}") "\n"), 0);
    assert_false(w->changed);
    assert_string_equal(w->version, "20");
}

static void events_may_come_in_any_pieces(void **state)
{
    static const char text[] =
        EVENT("ADDED", OBJECT("d", "1", "12")) EVENT("DELETED", OBJECT("a", "1", "13"));
    struct kubernetes_watch *w = *state;

    for (size_t piece = 1; piece < 70; piece += 3) {
        begin(w);
        kubernetes_watch_open(w);
        for (size_t at = 0; at < sizeof(text) - 1; at += piece)
            assert_int_equal(
                kubernetes_watch_take(w, str_make(text + at, MIN(piece, sizeof(text) - 1 - at)),
                                      PLENTY, NULL),
                0);
        are(w, "b=1 c=1 d=1 ");
    }
    /* Half an event, and the connection ends: the next watch brings it whole. */
    assert_int_equal(event(w, "{\"type\":\"ADDED\",\"obj"), 0);
    kubernetes_watch_open(w);
    assert_int_equal(event(w, EVENT("ADDED", OBJECT("e", "1", "14"))), 0);
    are(w, "b=1 c=1 d=1 e=1 ");
}

static void a_version_that_is_gone_asks_for_a_new_list(void **state)
{
    struct kubernetes_watch *w = *state;

    begin(w);
    assert_int_equal(event(w, EVENT("ERROR", "{\"kind\":\"Status\",\"code\":410,\"message\":"
                                             "\"too old resource version\"}")),
                     -ESTALE);
    assert_false(w->listed);
    assert_true(w->gone);
    begin(w);
    assert_true(w->listed);
    assert_false(w->gone);
}

static void what_is_no_event_is_refused(void **state)
{
    static const char *const texts[] = {"nonsense\n",
                                        "{}\n",
                                        "7\n",
                                        "{\"type\":\"ADDED\"}\n",
                                        "{\"type\":\"ADDED\",\"object\":7}\n",
                                        "{\"type\":\"NEW\",\"object\":{}}\n"};
    struct kubernetes_watch *w = *state;
    struct error err;

    begin(w);
    for (size_t i = 0; i < ARRAY_LEN(texts); i++) {
        kubernetes_watch_open(w);
        assert_int_equal(event(w, texts[i]), -EINVAL);
        assert_true(w->listed); /* what is known is still right */
    }
    are(w, "a=1 b=1 c=1 ");
    kubernetes_watch_begin(w);
    assert_int_equal(list(w, "{\"kind\":\"Status\"}", &err), -EINVAL);
}

static void memory_is_bounded(void **state)
{
    struct kubernetes_watch *w = *state;
    char *large = malloc(KUBERNETES_EVENT_MAX + 2);

    assert_non_null(large);
    begin(w);
    assert_int_equal(
        kubernetes_watch_take(w, STR(EVENT("ADDED", OBJECT("d", "1", "8"))), w->bytes, NULL),
        -EFBIG);
    assert_false(w->listed);
    begin(w);
    memset(large, ' ', KUBERNETES_EVENT_MAX + 2);
    assert_int_equal(
        kubernetes_watch_take(w, str_make(large, KUBERNETES_EVENT_MAX + 2), PLENTY, NULL), -EFBIG);
    free(large);
    /* A thousand changes of one object take the room of one. */
    begin(w);
    size_t before = w->bytes;
    for (int i = 0; i < 1000; i++)
        assert_int_equal(event(w, EVENT("MODIFIED", OBJECT("b", "1", "3"))), 0);
    assert_int_equal(w->bytes, before);
}

static void what_no_label_is_made_of_is_not_kept(void **state)
{
    struct kubernetes_watch *w = *state;
    struct kubernetes_list objects = {0};

    begin(w);
    assert_int_equal(
        event(w, EVENT("ADDED", "{\"metadata\":{\"name\":\"z\",\"namespace\":\"n\","
                                "\"managedFields\":[{\"a\":1}],\"labels\":{\"env\":\"prod\"},"
                                "\"annotations\":{\"args\":\"x\"}},\"spec\":{\"volumes\":[1],"
                                "\"containers\":[{\"name\":\"c\",\"env\":[1],\"image\":\"i\"}]}}")),
        0);
    assert_int_equal(kubernetes_watch_objects(w, &objects), 0);
    const struct yaml_node *z = objects.items[3];
    assert_null(meta_at(z, "metadata.managedFields"));
    assert_null(meta_at(z, "spec.volumes"));
    assert_true(str_is(meta_text(z, "metadata.labels.env"), "prod"));
    assert_true(str_is(meta_text(z, "metadata.annotations.args"), "x"));
    const struct yaml_node *container = meta_at(z, "spec.containers")->first->value;
    assert_null(meta_at(container, "env"));
    assert_true(str_is(meta_text(container, "image"), "i"));
    free(objects.items);
}

#define WATCH_TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        WATCH_TEST(events_change_what_was_listed),
        WATCH_TEST(events_may_come_in_any_pieces),
        WATCH_TEST(a_version_that_is_gone_asks_for_a_new_list),
        WATCH_TEST(what_is_no_event_is_refused),
        WATCH_TEST(memory_is_bounded),
        WATCH_TEST(what_no_label_is_made_of_is_not_kept),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
