/* server_test.c - the server over real loopback sockets: what clients send, and what they get. */
#include "http/http.h"

#include "http/testing.h"

#include <libdeflate.h>
#include <sys/resource.h>
#include <zstd.h>

#define MAX_BODY 65536u

/* What the handlers of the tests share with the tests. */
struct fixture {
    struct http_server *server;
    unsigned port;
    atomic_int released, streams_open, events, slow_running, gone_seen;
    atomic_bool let_go; /* slow handlers may end */
};

static void echo(struct http_request *r, void *ctx)
{
    struct buf body;
    struct str a = http_param(r, "a"), b = http_param_at(r, "a", 1);
    struct str agent = http_header(r, "user-AGENT");

    (void)ctx;
    buf_init(&body, 0);
    buf_printf(&body, "%.*s|%.*s|%.*s|%.*s|%.*s|%.*s|", STR_ARG(http_method(r)),
               STR_ARG(http_path(r)), STR_ARG(http_path_part(r)), (int)a.len, a.ptr ? a.ptr : "",
               (int)b.len, b.ptr ? b.ptr : "", (int)agent.len, agent.ptr ? agent.ptr : "");
    buf_str_add(&body, http_body(r));
    http_set_header(r, "X-Test", "yes");
    http_reply(r, 200, "text/plain", &body);
}

static void large(struct http_request *r, void *ctx)
{
    struct buf body;

    (void)ctx;
    buf_init(&body, 0);
    for (int i = 0; i < 1000; i++)
        buf_text(&body, "all work and no play ");
    http_reply(r, 200, "text/plain; charset=utf-8", &body);
}

static void release(void *owner)
{
    struct fixture *f = owner;
    atomic_fetch_add(&f->released, 1);
}

static void shared(struct http_request *r, void *ctx)
{
    http_reply_shared(r, 200, "text/plain", NULL, STR("shared bytes"), release, ctx);
}

static void pause_ms(long ms)
{
    struct timespec t = {ms / 1000, ms % 1000 * 1000000};
    nanosleep(&t, NULL);
}

/* Waits until the test lets go or the client has left. */
static void slow(struct http_request *r, void *ctx)
{
    struct fixture *f = ctx;

    atomic_fetch_add(&f->slow_running, 1);
    for (int i = 0; i < 1000 && !atomic_load(&f->let_go); i++) {
        if (atomic_load(http_gone(r))) {
            atomic_fetch_add(&f->gone_seen, 1);
            break;
        }
        pause_ms(10);
    }
    atomic_fetch_sub(&f->slow_running, 1);
    http_reply_text(r, 200, "text/plain", "slow");
}

static void silent(struct http_request *r, void *ctx)
{
    (void)r, (void)ctx;
}

static int next_event(void *ctx, struct buf *to)
{
    struct fixture *f = ctx;

    if (atomic_load(&f->events) == 0)
        return 0;
    atomic_fetch_sub(&f->events, 1);
    buf_text(to, "data: tick\n\n");
    return 0;
}

static void end_events(void *ctx)
{
    struct fixture *f = ctx;
    atomic_fetch_sub(&f->streams_open, 1);
}

static void events(struct http_request *r, void *ctx)
{
    struct fixture *f = ctx;
    atomic_fetch_add(&f->streams_open, 1);
    http_reply_stream(r, "text/event-stream", next_event, end_events, f);
}

static void start(struct fixture *f, const struct http_listener_options *options)
{
    const struct http_route routes[] = {
        {"GET,POST", "/echo", echo, f, false, false},
        {"GET", "/api/v1/label/*/values", echo, f, false, false},
        {"GET", "/files/**", echo, f, false, false},
        {"GET", "/open", echo, f, false, true},
        {"POST", "/slow-echo", echo, f, true, false},
        {"GET", "/large", large, f, false, false},
        {"GET", "/shared", shared, f, false, false},
        {"GET", "/slow", slow, f, true, false},
        {"GET", "/silent", silent, f, false, false},
        {"GET", "/events", events, f, false, false},
    };
    struct error err = {0};

    if (http_server_start(options, routes, ARRAY_LEN(routes), &f->server, &err) != 0)
        fail_msg("%s", err.text);
    f->port = http_server_port(f->server);
}

static void set_defaults(struct http_listener_options *o)
{
    http_listener_options_init(o);
    o->address = "127.0.0.1:0";
    o->name = "test";
    o->cors_origin = "*";
    o->max_body_bytes = MAX_BODY;
}

static int set_up(void **state)
{
    struct http_listener_options options;
    struct fixture *f = xnew(struct fixture);

    set_defaults(&options);
    start(f, &options);
    *state = f;
    return 0;
}

static int tear_down(void **state)
{
    struct fixture *f = *state;

    atomic_store(&f->let_go, true);
    http_server_stop(f->server, 2000);
    assert_int_equal(atomic_load(&f->streams_open), 0);
    free(f);
    return 0;
}

/* Waits up to five seconds for a counter. */
static bool becomes(atomic_int *counter, int wanted)
{
    for (int i = 0; i < 500 && atomic_load(counter) != wanted; i++)
        pause_ms(10);
    return atomic_load(counter) == wanted;
}

/* ---- requests ---- */

static void a_request_reaches_its_handler_with_all_its_parts(void **state)
{
    static const struct {
        const char *method, *target, *extra, *body, *wanted;
    } cases[] = {
        {"GET", "/echo", "", NULL, "GET|/echo|||||"},
        {"GET", "/echo?a=1&a=2", "User-Agent: me\r\n", NULL, "GET|/echo||1|2|me|"},
        {"GET", "/echo?a=x%20y+z%26", "", NULL, "GET|/echo||x y z&|||"},
        {"GET", "/%65cho", "", NULL, "GET|/echo|||||"},
        {"GET", "http://elsewhere/echo?a=1", "", NULL, "GET|/echo||1|||"},
        {"GET", "/api/v1/label/a%2Fb/values", "", NULL, "GET|/api/v1/label/a/b/values|a/b||||"},
        {"GET", "/files/x/y.js", "", NULL, "GET|/files/x/y.js|x/y.js||||"},
        {"POST", "/echo?a=q", "Content-Type: application/x-www-form-urlencoded\r\n", "a=form&b=2",
         "POST|/echo||form|q||a=form&b=2"},
        {"POST", "/echo", "Content-Type: application/x-www-form-urlencoded; charset=UTF-8\r\n",
         "a=up%7B%7D", "POST|/echo||up{}|||a=up%7B%7D"},
        {"POST", "/echo", "", "a=plain", "POST|/echo|||||a=plain"},
        {"POST", "/slow-echo?a=1", "", "body", "POST|/slow-echo||1|||body"},
        {"POST", "/echo", "", "", "POST|/echo|||||"},
    };
    struct fixture *f = *state;

    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct test_answer a =
            test_request(f->port, cases[i].method, cases[i].target, cases[i].extra, cases[i].body,
                         cases[i].body ? strlen(cases[i].body) : 0);
        test_assert_body(&a, 200, cases[i].wanted);
    }
}

static void what_is_not_served_is_said_so(void **state)
{
    static const struct {
        const char *method, *target;
        int status;
        const char *body;
    } cases[] = {
        {"GET", "/nowhere", 404, "nothing is served here\n"},
        {"GET", "/api/v1/nowhere", 404,
         "{\"status\":\"error\",\"errorType\":\"not_found\",\"error\":\"nothing is served "
         "here\"}"},
        {"DELETE", "/echo", 405, "this method is not served here\n"},
        {"POST", "/large", 405, "this method is not served here\n"},
        {"GET", "/echo?a=%zz", 400, "invalid URL escape in parameter \"a\"\n"},
        {"GET", "/echo%", 400, "the path is broken\n"},
        {"GET", "/echo%00", 400, "the path is broken\n"},
        {"GET", "/files", 404, "nothing is served here\n"},
        {"GET", "/api/v1/label//values", 404,
         "{\"status\":\"error\",\"errorType\":\"not_found\",\"error\":\"nothing is served "
         "here\"}"},
        {"GET", "/silent", 500, "no answer\n"},
    };
    struct fixture *f = *state;
    char text[100];

    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct test_answer a = test_get(f->port, cases[i].target);
        test_answer_fini(&a);
        a = test_request(f->port, cases[i].method, cases[i].target, "", NULL, 0);
        if (cases[i].status == 405)
            assert_non_null(strstr(test_header(&a, "Allow", text, sizeof(text)), "GET, HEAD"));
        test_assert_body(&a, cases[i].status, cases[i].body);
    }
}

static void head_and_options_have_no_body(void **state)
{
    struct fixture *f = *state;
    char text[100];

    struct test_answer a = test_request(f->port, "HEAD", "/shared", "", NULL, 0);
    assert_int_equal(a.status, 200);
    assert_string_equal(test_header(&a, "Content-Length", text, sizeof(text)), "12");
    test_answer_fini(&a);
    a = test_request(f->port, "OPTIONS", "/echo", "Origin: http://grafana\r\n", NULL, 0);
    assert_int_equal(a.status, 204);
    assert_string_equal(test_header(&a, "Allow", text, sizeof(text)), "GET, HEAD, POST, OPTIONS");
    assert_string_equal(test_header(&a, "Access-Control-Allow-Origin", text, sizeof(text)), "*");
    test_answer_fini(&a);
    a = test_request(f->port, "HEAD", "/events", "", NULL, 0);
    assert_int_equal(a.status, 200);
    test_answer_fini(&a);
    assert_true(becomes(&f->streams_open, 0));
}

static void requests_sent_at_once_are_answered_in_order(void **state)
{
    struct fixture *f = *state;
    int fd = test_connect(f->port);

    atomic_store(&f->let_go, true);
    test_send_text(fd, "GET /slow HTTP/1.1\r\nHost: a\r\n\r\nPOST /echo HTTP/1.1\r\nHost: a\r\n"
                       "Content-Length: 3\r\n\r\nabcGET /echo?a=3 HTTP/1.1\r\nHost: a\r\n\r\n");
    struct test_answer a = test_read(fd, false);
    test_assert_body(&a, 200, "slow");
    a = test_read(fd, false);
    test_assert_body(&a, 200, "POST|/echo|||||abc");
    a = test_read(fd, false);
    test_assert_body(&a, 200, "GET|/echo||3|||");
    close(fd);
}

static void nonsense_and_huge_heads_are_refused(void **state)
{
    struct fixture *f = *state;
    int fd = test_connect(f->port);
    struct buf head;

    test_send_text(fd, "\x16\x03\x01 this is not HTTP\r\n\r\n");
    struct test_answer a = test_read(fd, false);
    assert_true(a.status == 0 || a.status == 400 || a.status == 505);
    test_answer_fini(&a);
    close(fd);

    buf_init(&head, 0);
    buf_text(&head, "GET /echo HTTP/1.1\r\nHost: a\r\nX-Large: ");
    for (int i = 0; i < 40000; i++)
        buf_char(&head, 'x');
    buf_text(&head, "\r\n\r\n");
    fd = test_connect(f->port);
    test_send(fd, head.ptr, head.len);
    a = test_read(fd, false);
    assert_true(a.status == 431 || a.status == 413 || a.status == 0);
    test_answer_fini(&a);
    close(fd);
    buf_fini(&head);
    a = test_get(f->port, "/echo");
    test_assert_body(&a, 200, "GET|/echo|||||");
}

/* ---- bodies ---- */

static size_t make_gzip(const void *from, size_t n, char *to, size_t size)
{
    struct libdeflate_compressor *c = libdeflate_alloc_compressor(6);
    size_t made = libdeflate_gzip_compress(c, from, n, to, size);
    libdeflate_free_compressor(c);
    return made;
}

static void compressed_bodies_are_unpacked(void **state)
{
    struct fixture *f = *state;
    char packed[512];

    size_t n = make_gzip("hello", 5, packed, sizeof(packed));
    n += make_gzip(" world", 6, packed + n, sizeof(packed) - n);
    struct test_answer a =
        test_request(f->port, "POST", "/echo", "Content-Encoding: gzip\r\n", packed, n);
    test_assert_body(&a, 200, "POST|/echo|||||hello world");

    n = make_gzip("a=packed", 8, packed, sizeof(packed));
    a = test_request(f->port, "POST", "/slow-echo",
                     "Content-Encoding: gzip\r\nContent-Type: "
                     "application/x-www-form-urlencoded\r\n",
                     packed, n);
    test_assert_body(&a, 200, "POST|/slow-echo||packed|||a=packed");

    n = ZSTD_compress(packed, sizeof(packed), "zstandard", 9, 3);
    a = test_request(f->port, "POST", "/echo", "Content-Encoding: zstd\r\n", packed, n);
    test_assert_body(&a, 200, "POST|/echo|||||zstandard");

    a = test_request(f->port, "POST", "/echo", "Content-Encoding: snappy\r\n", "left", 4);
    test_assert_body(&a, 200, "POST|/echo|||||left");
}

static void bombs_and_broken_bodies_are_refused(void **state)
{
    struct fixture *f = *state;
    size_t size = 50u << 20;
    char *zeros = xcalloc(1, size), *packed = xcalloc(1, size / 10);

    size_t n = make_gzip(zeros, size, packed, size / 10);
    struct test_answer a =
        test_request(f->port, "POST", "/echo", "Content-Encoding: gzip\r\n", packed, n);
    assert_int_equal(a.status, 413);
    test_answer_fini(&a);
    n = make_gzip(zeros, 5u << 20, packed, size / 10);
    assert_true(n < MAX_BODY);
    a = test_request(f->port, "POST", "/echo", "Content-Encoding: gzip\r\n", packed, n);
    assert_int_equal(a.status, 413);
    test_answer_fini(&a);
    n = ZSTD_compress(packed, size / 10, zeros, size, 3);
    assert_true(n < MAX_BODY);
    a = test_request(f->port, "POST", "/slow-echo", "Content-Encoding: zstd\r\n", packed, n);
    assert_int_equal(a.status, 413);
    test_answer_fini(&a);
    a = test_request(f->port, "POST", "/echo", "Content-Encoding: zstd\r\n", packed, n - 9);
    assert_true(a.status == 400 || a.status == 413);
    test_answer_fini(&a);
    a = test_request(f->port, "POST", "/echo", "Content-Encoding: gzip\r\n", "nonsense", 8);
    test_assert_body(&a, 400, "the gzip body is damaged\n");
    a = test_request(f->port, "POST", "/echo", "Content-Encoding: zstd\r\n", "nonsense", 8);
    assert_int_equal(a.status, 400);
    test_answer_fini(&a);
    a = test_request(f->port, "POST", "/echo", "Content-Encoding: br\r\n", "nonsense", 8);
    assert_int_equal(a.status, 415);
    test_answer_fini(&a);
    free(zeros);
    free(packed);
}

static void bodies_past_the_bound_are_refused_however_they_come(void **state)
{
    struct fixture *f = *state;
    char *body = xcalloc(1, MAX_BODY + 1);

    memset(body, 'x', MAX_BODY + 1);
    struct test_answer a = test_request(f->port, "POST", "/echo", "", body, MAX_BODY + 1);
    assert_int_equal(a.status, 413);
    test_answer_fini(&a);
    a = test_request(f->port, "POST", "/echo", "", body, MAX_BODY);
    assert_int_equal(a.status, 200);
    test_answer_fini(&a);

    int fd = test_connect(f->port);
    test_send_text(fd, "POST /echo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n");
    for (int i = 0; i < 3; i++) {
        test_send_text(fd, "8000\r\n");
        test_send(fd, body, 0x8000);
        test_send_text(fd, "\r\n");
    }
    test_send_text(fd, "0\r\n\r\n");
    a = test_read(fd, false);
    assert_int_equal(a.status, 413);
    test_answer_fini(&a);
    close(fd);
    free(body);
}

static void answers_are_compressed_for_those_who_ask(void **state)
{
    struct fixture *f = *state;
    char text[100], *plain = xcalloc(1, 30000);
    struct libdeflate_decompressor *d = libdeflate_alloc_decompressor();
    size_t n;

    struct test_answer a =
        test_request(f->port, "GET", "/large", "Accept-Encoding: br, gzip;q=0.5\r\n", NULL, 0);
    assert_string_equal(test_header(&a, "Content-Encoding", text, sizeof(text)), "gzip");
    assert_true(a.body.len < 1000);
    assert_int_equal(libdeflate_gzip_decompress(d, a.body.ptr, a.body.len, plain, 30000, &n), 0);
    assert_int_equal(n, 21000);
    test_answer_fini(&a);
    a = test_request(f->port, "GET", "/large", "Accept-Encoding: gzip;q=0\r\n", NULL, 0);
    assert_string_equal(test_header(&a, "Content-Encoding", text, sizeof(text)), "");
    assert_int_equal(a.body.len, 21000);
    test_answer_fini(&a);
    a = test_request(f->port, "GET", "/echo", "Accept-Encoding: gzip\r\n", NULL, 0);
    test_assert_body(&a, 200, "GET|/echo|||||");
    libdeflate_free_decompressor(d);
    free(plain);
}

static void shared_bodies_are_given_back(void **state)
{
    struct fixture *f = *state;

    for (int i = 0; i < 3; i++) {
        struct test_answer a = test_get(f->port, "/shared");
        test_assert_body(&a, 200, "shared bytes");
    }
    assert_true(becomes(&f->released, 3));
}

/* ---- slow handlers and streams ---- */

static void a_slow_handler_learns_that_its_client_left(void **state)
{
    struct fixture *f = *state;
    int fd = test_connect(f->port);

    test_send_text(fd, "GET /slow HTTP/1.1\r\nHost: a\r\n\r\n");
    assert_true(becomes(&f->slow_running, 1));
    close(fd);
    assert_true(becomes(&f->gone_seen, 1));
}

static void slow_handlers_never_hold_up_quick_ones(void **state)
{
    struct fixture *f = *state;
    int fds[20];

    for (size_t i = 0; i < ARRAY_LEN(fds); i++) {
        fds[i] = test_connect(f->port);
        test_send_text(fds[i], "GET /slow HTTP/1.1\r\nHost: a\r\n\r\n");
    }
    assert_true(becomes(&f->slow_running, 8));
    uint64_t before = clock_mono_ns();
    struct test_answer a = test_get(f->port, "/shared");
    test_assert_body(&a, 200, "shared bytes");
    assert_true(clock_mono_ns() - before < NS_PER_S);
    atomic_store(&f->let_go, true);
    for (size_t i = 0; i < ARRAY_LEN(fds); i++) {
        a = test_read(fds[i], false);
        test_assert_body(&a, 200, "slow");
        close(fds[i]);
    }
}

static void events_arrive_and_end_with_their_client(void **state)
{
    struct fixture *f = *state;
    int fd = test_connect(f->port);

    test_send_text(fd, "GET /events HTTP/1.1\r\nHost: a\r\n\r\n");
    assert_true(becomes(&f->streams_open, 1));
    for (int i = 0; i < 3; i++) {
        atomic_fetch_add(&f->events, 1);
        assert_true(becomes(&f->events, 0));
    }
    struct buf got;
    buf_init(&got, 0);
    while (!str_ends(buf_str(&got), STR("tick\n\n\r\n")) || got.len < 200) {
        int c = test_byte(fd);
        assert_true(c >= 0);
        buf_char(&got, (char)c);
        if (str_contains(buf_str(&got), STR("\r\n\r\n")) &&
            str_ends(buf_str(&got), STR("tick\n\n\r\n")))
            break;
    }
    buf_fini(&got);
    close(fd);
    assert_true(becomes(&f->streams_open, 0));
}

static void stopping_ends_streams_and_running_handlers(void **state)
{
    struct http_listener_options options;
    struct fixture f = {0};

    (void)state;
    set_defaults(&options);
    start(&f, &options);
    int stream = test_connect(f.port), handler = test_connect(f.port);
    test_send_text(stream, "GET /events HTTP/1.1\r\nHost: a\r\n\r\n");
    test_send_text(handler, "GET /slow HTTP/1.1\r\nHost: a\r\n\r\n");
    assert_true(becomes(&f.streams_open, 1));
    assert_true(becomes(&f.slow_running, 1));
    http_server_stop(f.server, 100);
    assert_int_equal(atomic_load(&f.streams_open), 0);
    assert_int_equal(atomic_load(&f.gone_seen), 1);
    close(stream);
    close(handler);
}

/* ---- limits ---- */

static void half_sent_requests_starve_nobody_and_are_closed(void **state)
{
    struct http_listener_options options;
    struct fixture f = {0};
    int fds[100];

    (void)state;
    set_defaults(&options);
    options.head_timeout_ms = 300;
    options.body_timeout_ms = 300;
    start(&f, &options);
    for (size_t i = 0; i < ARRAY_LEN(fds); i++) {
        fds[i] = test_connect(f.port);
        test_send_text(fds[i],
                       i % 2 ? "GET /echo HTTP/1.1\r\nHos"
                             : "POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\nx");
    }
    uint64_t before = clock_mono_ns();
    struct test_answer a = test_get(f.port, "/shared");
    test_assert_body(&a, 200, "shared bytes");
    assert_true(clock_mono_ns() - before < NS_PER_S);
    for (size_t i = 0; i < ARRAY_LEN(fds); i++) {
        assert_int_equal(test_byte(fds[i]), -1);
        close(fds[i]);
    }
    assert_true(clock_mono_ns() - before < 5 * (uint64_t)NS_PER_S);
    http_server_stop(f.server, 1000);
}

static void idle_connections_make_room_for_new_ones(void **state)
{
    struct http_listener_options options;
    struct fixture f = {0};
    int fds[48];
    int status = 0;

    (void)state;
    set_defaults(&options);
    options.max_connections = 32; /* 24 from one address */
    start(&f, &options);
    for (size_t i = 0; i < ARRAY_LEN(fds); i++)
        fds[i] = test_connect(f.port);
    for (int i = 0; i < 50 && status != 200; i++) {
        struct test_answer a = test_get(f.port, "/shared");
        status = a.status;
        test_answer_fini(&a);
        if (status != 200)
            pause_ms(100);
    }
    assert_int_equal(status, 200);
    for (size_t i = 0; i < ARRAY_LEN(fds); i++)
        close(fds[i]);
    http_server_stop(f.server, 1000);
}

static void few_files_mean_few_connections_and_answers_all_the_same(void **state)
{
    struct http_listener_options options;
    struct fixture f = {0};
    struct rlimit before, few;
    int fds[90];
    int status = 0;

    (void)state;
    assert_int_equal(getrlimit(RLIMIT_NOFILE, &before), 0);
    few = before;
    few.rlim_cur = 150; /* not enough for both ends of 90 connections */
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &few), 0);
    set_defaults(&options);
    start(&f, &options);
    for (size_t i = 0; i < ARRAY_LEN(fds); i++)
        fds[i] = test_connect(f.port);
    for (int i = 0; i < 50 && status != 200; i++) {
        struct test_answer a = test_get(f.port, "/shared");
        status = a.status;
        test_answer_fini(&a);
        if (status != 200)
            pause_ms(100);
    }
    assert_int_equal(status, 200);
    for (size_t i = 0; i < ARRAY_LEN(fds); i++)
        close(fds[i]);
    http_server_stop(f.server, 1000);
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &before), 0);
}

static void a_full_queue_is_answered_503_with_retry_after(void **state)
{
    struct http_listener_options options;
    struct fixture f = {0};
    int fds[2];
    char text[20];

    (void)state;
    set_defaults(&options);
    options.slow_threads = 1;
    options.slow_queue = 1;
    options.max_streams = 0;
    start(&f, &options);
    for (size_t i = 0; i < ARRAY_LEN(fds); i++) {
        fds[i] = test_connect(f.port);
        test_send_text(fds[i], "GET /slow HTTP/1.1\r\nHost: a\r\n\r\n");
        assert_true(becomes(&f.slow_running, 1));
    }
    pause_ms(100); /* the second one stands in the queue */
    struct test_answer a = test_get(f.port, "/slow");
    assert_int_equal(a.status, 503);
    assert_string_equal(test_header(&a, "Retry-After", text, sizeof(text)), "1");
    test_answer_fini(&a);
    a = test_get(f.port, "/events");
    assert_int_equal(a.status, 503);
    test_answer_fini(&a);
    atomic_store(&f.let_go, true);
    struct http_stats stats;
    http_get_stats(f.server, &stats);
    assert_int_equal(stats.rejected_total, 2);
    http_server_stop(f.server, 1000);
    for (size_t i = 0; i < ARRAY_LEN(fds); i++)
        close(fds[i]);
}

int main(void)
{
#define WITH_SERVER(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        WITH_SERVER(a_request_reaches_its_handler_with_all_its_parts),
        WITH_SERVER(what_is_not_served_is_said_so),
        WITH_SERVER(head_and_options_have_no_body),
        WITH_SERVER(requests_sent_at_once_are_answered_in_order),
        WITH_SERVER(nonsense_and_huge_heads_are_refused),
        WITH_SERVER(compressed_bodies_are_unpacked),
        WITH_SERVER(bombs_and_broken_bodies_are_refused),
        WITH_SERVER(bodies_past_the_bound_are_refused_however_they_come),
        WITH_SERVER(answers_are_compressed_for_those_who_ask),
        WITH_SERVER(shared_bodies_are_given_back),
        WITH_SERVER(a_slow_handler_learns_that_its_client_left),
        WITH_SERVER(slow_handlers_never_hold_up_quick_ones),
        WITH_SERVER(events_arrive_and_end_with_their_client),
        cmocka_unit_test(stopping_ends_streams_and_running_handlers),
        cmocka_unit_test(half_sent_requests_starve_nobody_and_are_closed),
        cmocka_unit_test(idle_connections_make_room_for_new_ones),
        cmocka_unit_test(few_files_mean_few_connections_and_answers_all_the_same),
        cmocka_unit_test(a_full_queue_is_answered_503_with_retry_after),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
