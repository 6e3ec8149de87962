/* parts_test.c - the endpoints over a real worker and a real store: what was read is served, what
 * was pushed is found. */
#include "api/api.h"

#include "http/testing.h"

#include <jansson.h>
#include <libdeflate.h>

struct fixture {
    char dir[64];
    struct worker_options worker_options;
    struct api api;
    struct http_server *metrics, *server;
    unsigned metrics_port, port;
};

static struct http_server *listen_on(struct api *api, bool metrics)
{
    struct http_route routes[API_ROUTES_MAX];
    struct http_listener_options options;
    struct http_server *server;
    struct error err = {0};
    size_t n = metrics ? api_metrics_routes(api, routes, API_ROUTES_MAX)
                       : api_routes(api, routes, API_ROUTES_MAX);

    http_listener_options_init(&options);
    options.address = "127.0.0.1:0";
    if (http_server_start(&options, routes, n, &server, &err) != 0)
        fail_msg("%s", err.text);
    return server;
}

static int set_up(void **state)
{
    struct fixture *f = xnew(struct fixture);
    struct store_options store;
    struct error err = {0};

    snprintf(f->dir, sizeof(f->dir), "/tmp/algalon-api-XXXXXX");
    assert_non_null(mkdtemp(f->dir));
    worker_options_init(&f->worker_options);
    f->worker_options.hostname = "here";
    f->worker_options.interval_ms = 200;
    f->worker_options.version = "1.2.3";
    f->worker_options.disabled = "nvidia";
    store_options_init(&store);
    store.dir = f->dir;
    f->api = (struct api){
        .worker_options = &f->worker_options, .version = "1.2.3", .started_ms = clock_now_ms()};
    if (worker_start(&f->worker_options, &f->api.worker, &err) != 0 ||
        store_open(&store, &f->api.store, &err) != 0)
        fail_msg("%s", err.text);
    f->api.metadata = metadata_new();
    f->api.queryable = store_queryable(f->api.store);
    f->metrics = listen_on(&f->api, true);
    f->server = listen_on(&f->api, false);
    f->metrics_port = http_server_port(f->metrics);
    f->port = http_server_port(f->server);
    *state = f;
    return 0;
}

static int tear_down(void **state)
{
    struct fixture *f = *state;

    http_server_stop(f->metrics, 1000);
    http_server_stop(f->server, 1000);
    api_fini(&f->api);
    worker_stop(f->api.worker);
    store_close(f->api.store);
    metadata_free(f->api.metadata);
    assert_int_equal(file_remove_tree(f->dir), 0);
    free(f);
    return 0;
}

/* Asks until there is a first snapshot. */
static struct test_answer get_ready(struct fixture *f, const char *target, const char *extra)
{
    struct test_answer a = {0};

    for (int i = 0; i < 100; i++) {
        a = test_request(f->metrics_port, "GET", target, extra, NULL, 0);
        if (a.status != 503)
            break;
        test_answer_fini(&a);
        poll(NULL, 0, 100);
    }
    return a;
}

/* ---- the worker's endpoints ---- */

static void metrics_come_in_the_form_that_is_asked_for(void **state)
{
    static const struct {
        const char *accept, *type;
        bool openmetrics;
    } cases[] = {
        {"", "text/plain; version=0.0.4; charset=utf-8", false},
        {"Accept: */*\r\n", "text/plain; version=0.0.4; charset=utf-8", false},
        {"Accept: application/openmetrics-text;version=1.0.0,application/openmetrics-text;"
         "version=0.0.1;q=0.75,text/plain;version=0.0.4;q=0.5,*/*;q=0.1\r\n",
         "application/openmetrics-text; version=1.0.0; charset=utf-8", true},
        {"Accept: application/openmetrics-text;q=0.3,text/plain;q=0.8\r\n",
         "text/plain; version=0.0.4; charset=utf-8", false},
        {"Accept: application/openmetrics-text;q=0\r\n", "text/plain; version=0.0.4; charset=utf-8",
         false},
    };
    struct fixture *f = *state;
    char text[100];

    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct test_answer a = get_ready(f, "/metrics", cases[i].accept);
        assert_int_equal(a.status, 200);
        assert_string_equal(test_header(&a, "Content-Type", text, sizeof(text)), cases[i].type);
        assert_true(str_contains(buf_str(&a.body), STR("all_smi_up{")));
        assert_int_equal(str_ends(buf_str(&a.body), STR("# EOF\n")), cases[i].openmetrics);
        test_answer_fini(&a);
    }
}

static void metrics_are_sent_packed_to_those_who_ask(void **state)
{
    struct fixture *f = *state;
    struct libdeflate_decompressor *d = libdeflate_alloc_decompressor();
    char text[100], *plain = xcalloc(1, 1u << 22);
    size_t n = 0;

    struct test_answer a = get_ready(f, "/metrics", "Accept-Encoding: gzip\r\n");
    assert_string_equal(test_header(&a, "Content-Encoding", text, sizeof(text)), "gzip");
    assert_int_equal(libdeflate_gzip_decompress(d, a.body.ptr, a.body.len, plain, 1u << 22, &n), 0);
    assert_true(str_contains(str_make(plain, n), STR("all_smi_up{")));
    test_answer_fini(&a);
    libdeflate_free_decompressor(d);
    free(plain);
}

static void the_snapshot_is_json_or_csv(void **state)
{
    struct fixture *f = *state;
    struct test_answer a = get_ready(f, "/snapshot", "");
    json_error_t error;
    json_t *json = json_loadb(a.body.ptr, a.body.len, 0, &error);

    assert_int_equal(a.status, 200);
    assert_true(json_is_object(json));
    json_decref(json);
    test_answer_fini(&a);
    a = get_ready(f, "/snapshot?format=csv", "");
    assert_int_equal(a.status, 200);
    assert_true(a.body.len > 0 && a.body.ptr[0] != '{');
    test_answer_fini(&a);
}

static void every_reading_is_an_event(void **state)
{
    struct fixture *f = *state;
    int fd = test_connect(f->metrics_port);
    struct buf got;
    size_t events = 0;

    buf_init(&got, 1u << 20);
    test_send_text(fd, "GET /events HTTP/1.1\r\nHost: a\r\n\r\n");
    for (int c = test_byte(fd); c >= 0 && events < 2; c = test_byte(fd)) {
        buf_char(&got, (char)c);
        if (str_ends(buf_str(&got), STR("event: snapshot\n")))
            events++;
    }
    assert_int_equal(events, 2);
    assert_true(str_contains(buf_str(&got), STR("text/event-stream")));
    assert_true(str_contains(buf_str(&got), STR("\ndata: {")));
    buf_fini(&got);
    close(fd);
}

static void the_doctor_reports_and_the_front_page_leads_on(void **state)
{
    struct fixture *f = *state;
    struct test_answer a = test_get(f->port, "/api/v1/doctor");
    json_error_t error;
    json_t *json = json_loadb(a.body.ptr, a.body.len, 0, &error);

    assert_int_equal(a.status, 200);
    assert_true(json_is_array(json_object_get(json, "findings")));
    assert_true(json_is_integer(json_object_get(json, "accelerators")));
    for (size_t i = 0; i < json_array_size(json_object_get(json, "findings")); i++) {
        json_t *finding = json_array_get(json_object_get(json, "findings"), i);
        assert_true(json_is_string(json_object_get(finding, "level")));
        assert_true(json_is_string(json_object_get(finding, "what")));
    }
    json_decref(json);
    test_answer_fini(&a);
    a = test_get(f->metrics_port, "/");
    assert_int_equal(a.status, 200);
    assert_true(str_contains(buf_str(&a.body), STR("href=\"/metrics\"")));
    test_answer_fini(&a);
}

/* ---- pushing ---- */

static int import(struct fixture *f, const char *parameters, const char *text)
{
    char target[200];

    snprintf(target, sizeof(target), "/api/v1/import/prometheus%s", parameters);
    struct test_answer a = test_request(f->port, "POST", target, "", text, strlen(text));
    int status = a.status;
    test_answer_fini(&a);
    return status;
}

static void pushed_samples_are_found(void **state)
{
    struct fixture *f = *state;
    int64_t now = clock_now_ms() / 1000 * 1000;
    char text[200], wanted[300];

    snprintf(text, sizeof(text), "# TYPE pushed gauge\npushed{a=\"1\"} 4.5\nnot { a line\n");
    snprintf(wanted, sizeof(wanted),
             "?timestamp=%" PRId64 "&extra_label=b=x%%3Dy&extra_label=job=j", now);
    assert_int_equal(import(f, wanted, text), 204);
    snprintf(text, sizeof(text), "/api/v1/query?query=pushed&time=%" PRId64, now / 1000);
    snprintf(wanted, sizeof(wanted),
             "{\"status\":\"success\",\"data\":{\"resultType\":\"vector\",\"result\":[{\"metric\":{"
             "\"__name__\":\"pushed\",\"a\":\"1\",\"b\":\"x=y\",\"job\":\"j\"},\"value\":[%" PRId64
             ",\"4.5\"]}]}}",
             now / 1000);
    struct test_answer a = test_get(f->port, text);
    test_assert_body(&a, 200, wanted);
    a = test_get(f->port, "/metrics");
    assert_true(str_contains(buf_str(&a.body), STR("\nalgalon_import_lines_refused_total 1\n")));
    assert_true(str_contains(buf_str(&a.body), STR("\nalgalon_import_samples_total 1\n")));
    assert_true(str_contains(buf_str(&a.body), STR("\nalgalon_store_samples_total 1\n")));
    test_answer_fini(&a);
}

static void a_push_that_brings_nothing_is_told_why(void **state)
{
    struct fixture *f = *state;

    assert_int_equal(import(f, "", ""), 204);
    assert_int_equal(import(f, "", "not { a line\n"), 400);
    assert_int_equal(import(f, "?timestamp=x", "good 1\n"), 400);
    assert_int_equal(import(f, "?extra_label=x", "good 1\n"), 400);
    assert_int_equal(import(f, "?extra_label=1x=y", "good 1\n"), 400);
    assert_int_equal(import(f, "", "good 1\n"), 204);
    assert_int_equal(import(f, "", "good 1 -1000\n"), 400); /* before 1970 */
}

int main(void)
{
#define WITH_PARTS(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        WITH_PARTS(metrics_come_in_the_form_that_is_asked_for),
        WITH_PARTS(metrics_are_sent_packed_to_those_who_ask),
        WITH_PARTS(the_snapshot_is_json_or_csv),
        WITH_PARTS(every_reading_is_an_event),
        WITH_PARTS(the_doctor_reports_and_the_front_page_leads_on),
        WITH_PARTS(pushed_samples_are_found),
        WITH_PARTS(a_push_that_brings_nothing_is_told_why),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
