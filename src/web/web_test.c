/* web_test.c - the pages over loopback: what is served, with which headers, and that a reload shows
 * what changed in the folder. */
#include "web/testing.h"

#include "web/assets.h"

static void the_page_comes_plain_and_compressed_under_every_path_of_it(void **state)
{
    static const char *const paths[] = {"/",
                                        "/d/mine",
                                        "/d/mine/some-words?from=now-1h",
                                        "/d/no",
                                        "/explore?expr=up",
                                        "/dashboards",
                                        "/graph?g0.expr=up",
                                        "/alerts",
                                        "/rules",
                                        "/targets"};
    struct fixture *f = *state;

    for (size_t i = 0; i < ARRAY_LEN(paths); i++) {
        struct test_answer plain = test_get(f->port, paths[i]);
        struct test_answer packed =
            test_request(f->port, "GET", paths[i], "Accept-Encoding: gzip\r\n", NULL, 0);
        assert_int_equal(plain.status, 200);
        assert_int_equal(packed.status, 200);
        assert_true(str_starts(buf_str(&plain.body), STR("<!doctype html>")));
        assert_header(&packed, "Content-Encoding", "gzip");
        assert_true(str_starts(buf_str(&packed.body), STR("\x1f\x8b")));
        assert_true(packed.body.len < plain.body.len);
        test_answer_fini(&plain);
        test_answer_fini(&packed);
    }
}

static void the_page_lets_nothing_run_that_is_not_its_own(void **state)
{
    struct fixture *f = *state;
    struct test_answer a = test_get(f->port, "/");

    assert_header(&a, "X-Content-Type-Options", "nosniff");
    assert_header(&a, "Referrer-Policy", "no-referrer");
    assert_header(&a, "Cache-Control", "no-cache");
    assert_header_has(&a, "Content-Security-Policy", "default-src 'none'");
    assert_header_has(&a, "Content-Security-Policy", "frame-ancestors 'none'");
    char policy[600];
    assert_null(
        strstr(test_header(&a, "Content-Security-Policy", policy, sizeof(policy)), "unsafe"));
    test_answer_fini(&a);
}

static void the_page_says_what_it_will_ask_for_first(void **state)
{
    struct fixture *f = *state;
    struct test_answer root = test_get(f->port, "/");
    struct test_answer mine = test_get(f->port, "/d/mine");
    struct test_answer broken = test_get(f->port, "/d/file-torn");
    struct test_answer evil = test_get(f->port, "/d/x%0d%0aSet-Cookie:a=b");

    assert_header_has(&root, "Link", "</api/dashboards/uid/algalon-overview>; rel=preload");
    assert_header_has(&mine, "Link", "</api/dashboards/uid/mine>; rel=preload");
    assert_header(&broken, "Link", "</api/dashboards>; rel=preload; as=fetch; crossorigin");
    assert_header(&evil, "Set-Cookie", "");
    test_answer_fini(&root);
    test_answer_fini(&mine);
    test_answer_fini(&broken);
    test_answer_fini(&evil);
}

static void assets_may_be_kept_for_ever_and_others_are_not_there(void **state)
{
    struct fixture *f = *state;

    for (size_t i = 0; i < web_embedded_page_len; i++) {
        const struct asset *asset = &web_embedded_pages[i];
        char path[256];
        if (!str_starts(str_of(asset->path), STR("assets/")))
            continue;
        snprintf(path, sizeof(path), "/%s", asset->path);
        struct test_answer a = test_get(f->port, path);
        assert_int_equal(a.status, 200);
        assert_int_equal(a.body.len, asset->plain_len);
        assert_header(&a, "Content-Type", asset->content_type);
        assert_header_has(&a, "Cache-Control", "immutable");
        test_answer_fini(&a);
    }
    struct test_answer gone = test_get(f->port, "/assets/../index.html");
    assert_int_equal(gone.status, 404);
    test_answer_fini(&gone);
}

static void dashboards_are_listed_and_served(void **state)
{
    struct fixture *f = *state;
    struct test_answer list = test_get(f->port, "/api/dashboards");
    struct test_answer none = test_get(f->port, "/api/dashboards/uid/nobody");
    struct test_answer torn = test_get(f->port, "/api/dashboards/uid/file-torn");
    struct test_answer mine = test_get(f->port, "/api/dashboards/uid/mine");

    assert_true(str_starts(buf_str(&list.body), STR("[{\"uid\":\"algalon-overview\"")));
    assert_true(str_contains(buf_str(&list.body), STR("\"error\":\"torn.json:1:")));
    test_assert_body(&none, 404, "{\"message\":\"there is no such dashboard\"}");
    assert_int_equal(torn.status, 422);
    assert_true(str_contains(buf_str(&torn.body), STR("torn.json:1:")));
    test_assert_body(
        &mine, 200,
        "{\"meta\":{\"file\":\"mine.json\",\"origin\":\"folder\",\"provisioned\":true},"
        "\"dashboard\":"
        "{\"uid\":\"mine\",\"title\":\"Mine\",\"panels\":[]}}");
    test_answer_fini(&list);
    test_answer_fini(&torn);
}

static void an_unchanged_dashboard_is_not_sent_again(void **state)
{
    struct fixture *f = *state;
    struct test_answer first = test_get(f->port, "/api/dashboards/uid/mine");
    char tag[64], ask[128];

    test_header(&first, "ETag", tag, sizeof(tag));
    assert_int_equal(strlen(tag), 18);
    snprintf(ask, sizeof(ask), "If-None-Match: %s\r\n", tag);
    struct test_answer again =
        test_request(f->port, "GET", "/api/dashboards/uid/mine", ask, NULL, 0);
    assert_int_equal(again.status, 304);
    assert_int_equal(again.body.len, 0);
    test_answer_fini(&first);
    test_answer_fini(&again);
}

static void a_reload_shows_what_changed(void **state)
{
    struct fixture *f = *state;

    write_file(f, "torn.json", "{\"uid\":\"whole\",\"title\":\"Whole\",\"panels\":[]}");
    struct test_answer before = test_get(f->port, "/api/dashboards/uid/whole");
    web_reload(f->web);
    struct test_answer after = test_get(f->port, "/api/dashboards/uid/whole");
    assert_int_equal(before.status, 404);
    assert_int_equal(after.status, 200);
    test_answer_fini(&before);
    test_answer_fini(&after);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        ON_SERVER(the_page_comes_plain_and_compressed_under_every_path_of_it),
        ON_SERVER(the_page_lets_nothing_run_that_is_not_its_own),
        ON_SERVER(the_page_says_what_it_will_ask_for_first),
        ON_SERVER(assets_may_be_kept_for_ever_and_others_are_not_there),
        ON_SERVER(dashboards_are_listed_and_served),
        ON_SERVER(an_unchanged_dashboard_is_not_sent_again),
        ON_SERVER(a_reload_shows_what_changed),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
