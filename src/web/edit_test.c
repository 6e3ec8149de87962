/* edit_test.c - dashboards that are kept: saved, changed, deleted, refused; their versions; the
 * look at a file before it is taken. */
#include "web/testing.h"

#include "web/dashboard_file.h"
#include "web/kept.h"

#define JSON "Content-Type: application/json\r\n"

static const char first[] = "{\n  \"uid\": \"own\",\n  \"title\": \"First\", \"panels\": []\n}\n";
static const char second[] = "{\"uid\":\"own\",\"title\":\"Second\",\"panels\":[]}";

static struct test_answer put(const struct fixture *f, const char *uid, const char *extra,
                              const char *text)
{
    char path[200];

    snprintf(path, sizeof(path), "/api/dashboards/uid/%s", uid);
    return test_request(f->port, "PUT", path, extra, text, strlen(text));
}

static void assert_answers(struct test_answer a, int status, const char *part)
{
    if (a.status != status || !str_contains(buf_str(&a.body), str_of(part)))
        fail_msg("wanted %d with %s, got %d: %.*s", status, part, a.status, (int)a.body.len,
                 a.body.ptr);
    test_answer_fini(&a);
}

static void a_saved_dashboard_is_listed_and_comes_back_byte_by_byte(void **state)
{
    struct fixture *f = *state;

    assert_answers(put(f, "own", JSON, first), 201, "\"url\":\"/d/own\"");
    assert_answers(test_get(f->port, "/api/dashboards"), 200, "\"origin\":\"kept\"");
    assert_answers(test_get(f->port, "/api/dashboards/uid/own"), 200, "\"provisioned\":false");
    struct test_answer file = test_get(f->port, "/api/dashboards/uid/own/file");
    test_assert_body(&file, 200, first);
    assert_answers(put(f, "own", JSON, second), 200, "own");
    web_reload(f->web);
    assert_answers(test_get(f->port, "/api/dashboards/uid/own"), 200, "Second");
}

static void what_it_was_before_can_be_had_also_when_it_is_deleted(void **state)
{
    struct fixture *f = *state;

    assert_answers(put(f, "own", JSON, first), 201, "");
    assert_answers(put(f, "own", JSON, second), 200, "");
    assert_answers(test_request(f->port, "DELETE", "/api/dashboards/uid/own", JSON, NULL, 0), 200,
                   "deleted");
    assert_answers(test_get(f->port, "/api/dashboards/uid/own"), 404, "no such");
    struct test_answer list = test_get(f->port, "/api/dashboards/uid/own/versions");
    assert_true(str_starts(buf_str(&list.body), STR("[{\"version\":2,")));
    test_answer_fini(&list);
    struct test_answer old = test_get(f->port, "/api/dashboards/uid/own/versions?version=1");
    test_assert_body(&old, 200, first);
    assert_answers(test_get(f->port, "/api/dashboards/uid/own/versions?version=9"), 404, "");
    assert_answers(test_get(f->port, "/api/dashboards/uid/own/versions?version=x"), 400, "");
    assert_answers(test_get(f->port, "/api/dashboards/uid/..%2f..%2fmine/versions"), 200, "[]");
}

static void versions_are_as_many_as_there_may_be(void **state)
{
    struct fixture *f = *state;
    struct buf list;

    for (int i = 0; i < KEPT_MAX_VERSIONS + 5; i++) {
        char text[100];
        snprintf(text, sizeof(text), "{\"uid\":\"own\",\"title\":\"%d\",\"panels\":[]}", i);
        assert_answers(put(f, "own", JSON, text), i ? 200 : 201, "own");
    }
    buf_init(&list, 0);
    assert_int_equal(kept_versions(f->kept, STR("own"), &list), 0);
    size_t n = 0;
    for (struct str rest = buf_str(&list); rest.ptr; str_cut(&rest, '{'))
        n++;
    assert_int_equal(n - 1, KEPT_MAX_VERSIONS);
    assert_true(str_contains(buf_str(&list), STR("\"version\":24,")));
    assert_false(str_contains(buf_str(&list), STR("\"version\":4,")));
    buf_fini(&list);
}

static void files_for_reading_stay_and_a_free_uid_is_named(void **state)
{
    struct fixture *f = *state;
    const char *mine = "{\"uid\":\"mine\",\"title\":\"x\",\"panels\":[]}";
    const char *shipped = "{\"uid\":\"algalon-gpu\",\"title\":\"x\",\"panels\":[]}";

    assert_answers(put(f, "mine", JSON, mine), 409, "\"freeUid\":\"mine-2\"");
    assert_answers(put(f, "algalon-gpu", JSON, shipped), 409, "comes with Algalon");
    assert_answers(test_request(f->port, "DELETE", "/api/dashboards/uid/mine", JSON, NULL, 0), 409,
                   "for reading only");
}

static void a_change_of_somebody_else_is_not_overwritten(void **state)
{
    struct fixture *f = *state;
    char tag[64], seen[128];

    struct test_answer saved = put(f, "own", JSON "If-None-Match: *\r\n", first);
    test_header(&saved, "ETag", tag, sizeof(tag));
    assert_int_equal(saved.status, 201);
    test_answer_fini(&saved);
    assert_answers(put(f, "own", JSON "If-None-Match: *\r\n", second), 412, "already");
    snprintf(seen, sizeof(seen), JSON "If-Match: %s\r\n", tag);
    assert_answers(put(f, "own", seen, second), 200, "");
    assert_answers(put(f, "own", seen, first), 412, "somebody has changed");
    assert_answers(test_request(f->port, "DELETE", "/api/dashboards/uid/own", seen, NULL, 0), 412,
                   "somebody has changed");
    assert_answers(test_get(f->port, "/api/dashboards/uid/own"), 200, "Second");
}

static void mistakes_are_told_with_line_and_column(void **state)
{
    static const struct {
        const char *uid, *text;
        int status;
        const char *part;
    } cases[] = {
        {"own", "{\"uid\":\"own\",\n \"panels\":[x]}", 422, "\"line\":2,\"column\":"},
        {"own", "[]", 422, "a dashboard is a JSON object"},
        {"own", "{\"uid\":\"own\"}", 422, "no \\\"panels\\\""},
        {"own", "{\"uid\":\"other\",\"panels\":[]}", 422, "its \\\"uid\\\" is \\\"other\\\""},
        {".hidden", first, 422, "a uid has letters"},
        {"a%2fb", first, 422, "a uid has letters"},
        {"%2e%2e", first, 422, "a uid has letters"},
    };
    struct fixture *f = *state;

    for (size_t i = 0; i < ARRAY_LEN(cases); i++)
        assert_answers(put(f, cases[i].uid, JSON, cases[i].text), cases[i].status, cases[i].part);
    char *large = xcalloc(1, DASHBOARD_MAX_BYTES + 2);
    memset(large, ' ', DASHBOARD_MAX_BYTES + 1);
    assert_answers(put(f, "own", JSON, large), 413, "4 MiB");
    free(large);
}

static void pages_of_others_change_nothing(void **state)
{
    static const struct {
        const char *headers;
        int status;
    } cases[] = {
        {"", 415},
        {"Content-Type: text/plain\r\n", 415},
        {"Content-Type: application/x-www-form-urlencoded\r\n", 415},
        {JSON "Origin: http://evil.example\r\n", 403},
        {JSON "Origin: null\r\n", 403},
        {JSON "Sec-Fetch-Site: cross-site\r\nOrigin: http://evil.example\r\n", 403},
        {JSON "Sec-Fetch-Site: same-site\r\n", 403},
        {JSON "Origin: http://test\r\n", 201},
        {"Content-Type: application/json; charset=utf-8\r\nSec-Fetch-Site: same-origin\r\n", 200},
    };
    struct fixture *f = *state;

    for (size_t i = 0; i < ARRAY_LEN(cases); i++)
        assert_answers(put(f, "own", cases[i].headers, first), cases[i].status, "");
}

static void a_look_at_a_file_tells_what_would_be_empty_and_puts_it_right(void **state)
{
    static const char text[] =
        "{\"uid\":\"x\",\"title\":\"X\",\"panels\":[{\"id\":1,\"title\":\"P\",\"type\":\"stat\","
        "\"targets\":[{\"refId\":\"A\",\"expr\":\"all_smi_gpu_utilisation\"}]},"
        "{\"id\":2,\"title\":\"Q\",\"type\":\"stat\","
        "\"targets\":[{\"refId\":\"A\",\"expr\":\"all_smi_gpu_utilization\"}]}]}";
    struct fixture *f = *state;
    struct test_answer a = test_request(f->port, "POST", "/api/dashboards/check?against=all-smi",
                                        JSON, text, strlen(text));

    assert_int_equal(a.status, 200);
    assert_true(str_contains(buf_str(&a.body), STR("panel 1 'P', A")));
    assert_true(str_contains(buf_str(&a.body), STR("the nearest is all_smi_gpu_utilization")));
    assert_true(str_contains(buf_str(&a.body), STR("\"level\":\"ok\"")));
    assert_false(str_contains(buf_str(&a.body), STR("\"fixed\":null")));
    test_answer_fini(&a);
    const char *torn = "{\"panels\":[";
    assert_answers(test_request(f->port, "POST", "/api/dashboards/check?against=dcgm", JSON, torn,
                                strlen(torn)),
                   200, "\"fixed\":null");
    assert_answers(test_request(f->port, "POST", "/api/dashboards/check?against=x", JSON, "{}", 2),
                   400, "against is");
    assert_answers(test_request(f->port, "POST", "/api/dashboards/check", JSON, "{}", 2), 400,
                   "nobody here knows");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        ON_SERVER(a_saved_dashboard_is_listed_and_comes_back_byte_by_byte),
        ON_SERVER(what_it_was_before_can_be_had_also_when_it_is_deleted),
        ON_SERVER(versions_are_as_many_as_there_may_be),
        ON_SERVER(files_for_reading_stay_and_a_free_uid_is_named),
        ON_SERVER(a_change_of_somebody_else_is_not_overwritten),
        ON_SERVER(mistakes_are_told_with_line_and_column),
        ON_SERVER(pages_of_others_change_nothing),
        ON_SERVER(a_look_at_a_file_tells_what_would_be_empty_and_puts_it_right),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
