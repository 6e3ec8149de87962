/* remote_write_test.c - /api/v1/write over a real listener and a real store. */
#include "api/api.h"
#include "remote/remote.h"

#include "http/testing.h"

#include <zstd.h>

struct fixture {
    char dir[64];
    struct api api;
    struct http_server *server;
    unsigned port;
    struct buf message; /* to be sent */
    int64_t now_ms;
};

static int set_up(void **state)
{
    struct fixture *f = xnew(struct fixture);
    struct http_route routes[API_ROUTES_MAX];
    struct http_listener_options options;
    struct store_options store;
    struct error err = {0};

    snprintf(f->dir, sizeof(f->dir), "/tmp/algalon-write-XXXXXX");
    assert_non_null(mkdtemp(f->dir));
    store_options_init(&store);
    store.dir = f->dir;
    store.min_free_bytes = 0;
    store.max_series = 4;
    if (store_open(&store, &f->api.store, &err))
        fail_msg("%s", err.text);
    f->api.metadata = metadata_new();
    f->api.queryable = store_queryable(f->api.store);
    f->api.query_max_concurrent = 1;
    f->now_ms = clock_now_ms();
    http_listener_options_init(&options);
    options.address = "127.0.0.1:0";
    options.name = "api";
    if (http_server_start(&options, routes, api_routes(&f->api, routes, API_ROUTES_MAX), &f->server,
                          &err))
        fail_msg("%s", err.text);
    f->port = http_server_port(f->server);
    *state = f;
    return 0;
}

static int tear_down(void **state)
{
    struct fixture *f = *state;

    http_server_stop(f->server, 1000);
    api_fini(&f->api);
    store_close(f->api.store);
    metadata_free(f->api.metadata);
    buf_fini(&f->message);
    assert_int_equal(file_remove_tree(f->dir), 0);
    free(f);
    return 0;
}

/* Adds a series `name` with one sample to the message. */
static void add(struct fixture *f, const char *name, int64_t ts_ms, double value)
{
    const struct label items[] = {{STR(LABEL_NAME), str_of(name)}};
    const struct write_sample sample = {ts_ms, value};
    struct buf labels;

    buf_init(&labels, 0);
    write_labels_add(&labels, (struct labels){items, 1});
    write_series_add(&f->message, buf_str(&labels), &sample, 1);
    buf_fini(&labels);
}

/* Sends the message by snappy and empties it. */
static struct test_answer post(struct fixture *f)
{
    struct buf packed;

    buf_init(&packed, 0);
    assert_int_equal(snappy_encode(buf_str(&f->message), &packed, NULL), 0);
    buf_reset(&f->message);
    struct test_answer a = test_request(f->port, "POST", "/api/v1/write",
                                        "Content-Encoding: snappy\r\n"
                                        "Content-Type: application/x-protobuf\r\n"
                                        "X-Prometheus-Remote-Write-Version: 0.1.0\r\n",
                                        packed.ptr, packed.len);
    buf_fini(&packed);
    return a;
}

static void want(struct test_answer a, int status, const char *part)
{
    if (a.status != status || (part && !str_contains(buf_str(&a.body), str_of(part))))
        fail_msg("%d %.*s", a.status, STR_ARG(buf_str(&a.body)));
    test_answer_fini(&a);
}

static void want_value(struct fixture *f, const char *query, const char *wanted)
{
    struct buf target;

    buf_init(&target, 0);
    buf_printf(&target, "/api/v1/query?query=%s", query);
    buf_char(&target, '\0');
    want(test_get(f->port, target.ptr), 200, wanted);
    buf_fini(&target);
}

static void what_is_written_can_be_asked_for_at_once(void **state)
{
    struct fixture *f = *state;
    const struct metadata_entry entry = {STR("a"), STR("gauge"), STR("An a."), STR("")};

    add(f, "a", f->now_ms - 1000, 41.5);
    write_metadata_add(&f->message, &entry);
    want(post(f), 204, NULL);
    want_value(f, "a", "\"41.5\"");
    want(test_get(f->port, "/api/v1/metadata"), 200, "An a.");
    add(f, "a", f->now_ms - 1000, 41.5); /* again: no error */
    want(post(f), 204, NULL);
    add(f, "a", f->now_ms - 2000, 40); /* older: kept too */
    want(post(f), 204, NULL);
    want_value(f, "count_over_time(a[1m])", "\"2\"");
    want(test_get(f->port, "/metrics"), 200, "algalon_write_samples_total 3\n");
}

static void the_good_series_of_a_request_are_kept(void **state)
{
    struct fixture *f = *state;

    add(f, "good", f->now_ms, 1);
    add(f, "not good", f->now_ms, 2);
    add(f, "good_too", f->now_ms, 3);
    want(post(f), 400, "2 samples were kept, 0 are too old, 1 were refused");
    want_value(f, "good%2Bon()good_too", "\"4\"");
    add(f, "good", -1, 2);
    want(post(f), 400, "1 are too old");
    want(test_get(f->port, "/metrics"), 200, "algalon_write_samples_refused_total 1\n");
}

static void series_beyond_the_bound_are_refused_with_a_count(void **state)
{
    struct fixture *f = *state;

    for (char c = 'a'; c < 'g'; c++)
        add(f, (char[]){c, '\0'}, f->now_ms, c);
    want(post(f), 400, "4 samples were kept, 0 are too old, 2 were refused");
    want_value(f, "d", "\"100\"");
}

static void the_form_of_victoriametrics_is_taken(void **state)
{
    struct fixture *f = *state;
    char packed[512];

    want(test_get(f->port, "/api/v1/write?get_vm_proto_version=1"), 200, "1");
    add(f, "a", f->now_ms, 7);
    size_t n = ZSTD_compress(packed, sizeof(packed), f->message.ptr, f->message.len, 1);
    assert_false(ZSTD_isError(n));
    want(test_request(f->port, "POST", "/api/v1/write", "Content-Encoding: zstd\r\n", packed, n),
         204, NULL);
    want_value(f, "a", "\"7\"");
}

static void version_two_is_taken_and_told_how_much_was_kept(void **state)
{
    struct fixture *f = *state;
    /* Symbols "", "__name__", "two"; one series of two samples, the first before 1970. */
    static const char symbols[] = "\x22\x00\x22\x08__name__\x22\x03two";
    char message[128];
    size_t n = sizeof(symbols) - 1;
    struct buf packed;

    memcpy(message, symbols, n);
    size_t head = n;
    memcpy(message + n, "\x2a\x00\x0a\x02\x01\x02", 6);
    n += 6;
    for (int i = 0; i < 2; i++) {
        uint64_t ts = i ? (uint64_t)f->now_ms : UINT64_MAX, bits = value_bits(7.5);
        size_t from = n;
        message[n++] = 0x12;
        message[n++] = 0;
        message[n++] = 0x09;
        for (int k = 0; k < 8; k++)
            message[n++] = (char)(bits >> (8 * k) & 255);
        message[n++] = 0x10;
        for (; ts > 127; ts >>= 7)
            message[n++] = (char)((ts & 127) | 128);
        message[n++] = (char)ts;
        message[from + 1] = (char)(n - from - 2);
    }
    message[head + 1] = (char)(n - head - 2);
    buf_init(&packed, 0);
    assert_int_equal(snappy_encode(str_make(message, n), &packed, NULL), 0);
    struct test_answer a =
        test_request(f->port, "POST", "/api/v1/write",
                     "Content-Encoding: snappy\r\n"
                     "Content-Type: application/x-protobuf;proto=io.prometheus.write.v2.Request\r\n"
                     "X-Prometheus-Remote-Write-Version: 2.0.0\r\n",
                     packed.ptr, packed.len);
    if (!str_contains(buf_str(&a.head), STR("X-Prometheus-Remote-Write-Samples-Written: 1")))
        fail_msg("%.*s", STR_ARG(buf_str(&a.head)));
    want(a, 400, "1 are too old");
    want_value(f, "two", "\"7.5\"");
    buf_fini(&packed);
}

static void what_is_no_remote_write_is_refused_for_good(void **state)
{
    static const struct {
        const char *extra, *body;
        int status;
    } cases[] = {
        {"", "not snappy", 400},
        {"Content-Encoding: snappy\r\n",
         "\x04\x0c"
         "abcd",
         400},
        {"Content-Encoding: snappy\r\n", "\xff\xff\xff\xff\x0f", 413},
        {"Content-Type: application/x-protobuf;proto=io.prometheus.write.v3.Request\r\n", "x", 415},
    };
    struct fixture *f = *state;

    for (size_t i = 0; i < ARRAY_LEN(cases); i++)
        want(test_request(f->port, "POST", "/api/v1/write", cases[i].extra, cases[i].body,
                          strlen(cases[i].body)),
             cases[i].status, "\"error\"");
}

static void a_torn_message_keeps_what_stands_before_the_tear(void **state)
{
    struct fixture *f = *state;

    add(f, "a", f->now_ms, 5);
    buf_text(&f->message, "\n\x7f");
    want(post(f), 400, "1 samples before it were kept");
    want_value(f, "a", "\"5\"");
}

#define WITH_STORE(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_STORE(what_is_written_can_be_asked_for_at_once),
        WITH_STORE(the_good_series_of_a_request_are_kept),
        WITH_STORE(series_beyond_the_bound_are_refused_with_a_count),
        WITH_STORE(the_form_of_victoriametrics_is_taken),
        WITH_STORE(version_two_is_taken_and_told_how_much_was_kept),
        WITH_STORE(what_is_no_remote_write_is_refused_for_good),
        WITH_STORE(a_torn_message_keeps_what_stands_before_the_tear),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
