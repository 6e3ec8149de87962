/* pieces_test.c - answers in pieces over real loopback sockets: whole, broken off, not read. */
#include "http/http.h"
#include "http/pieces.h"

#include "http/testing.h"

#define PIECE_LEN 100000
#define MANY      1000 /* pieces: more than sockets take */

struct fixture {
    struct http_server *server;
    unsigned port;
    atomic_int open;
    int wanted; /* pieces of an answer after the first; negative: the one after them fails */
};

struct in_pieces {
    struct fixture *fixture;
    int made;
};

static void print_piece(struct buf *to, char c)
{
    char *at = buf_reserve(to, PIECE_LEN);

    assert_non_null(at);
    memset(at, c, PIECE_LEN);
    to->len += PIECE_LEN;
}

static int next_piece(void *ctx, const atomic_bool *gone, struct buf *to)
{
    struct in_pieces *p = ctx;
    int wanted = p->fixture->wanted;

    if (atomic_load(gone) || p->made == -wanted)
        return -1;
    print_piece(to, (char)('a' + p->made++ % 26));
    return p->made == wanted;
}

static void end_pieces(void *ctx)
{
    struct in_pieces *p = ctx;

    atomic_fetch_sub(&p->fixture->open, 1);
    free(p);
}

static void pieces(struct http_request *r, void *ctx)
{
    struct in_pieces *p = xnew(struct in_pieces);
    struct buf first;

    *p = (struct in_pieces){ctx, 0};
    atomic_fetch_add(&p->fixture->open, 1);
    buf_init(&first, 0);
    print_piece(&first, '.');
    http_reply_pieces(r, "text/plain", &first, next_piece, end_pieces, p);
}

static void plain(struct http_request *r, void *ctx)
{
    (void)ctx;
    http_reply_text(r, 200, "text/plain", "plain");
}

static int set_up(void **state)
{
    struct fixture *f = xnew(struct fixture);
    const struct http_route routes[] = {{"GET", "/pieces", pieces, f, true, false},
                                        {"GET", "/slow", plain, f, true, false}};
    struct http_listener_options options;
    struct error err = {0};

    http_listener_options_init(&options);
    options.address = "127.0.0.1:0";
    options.slow_threads = 2;
    if (http_server_start(&options, routes, ARRAY_LEN(routes), &f->server, &err) != 0)
        fail_msg("%s", err.text);
    f->port = http_server_port(f->server);
    *state = f;
    return 0;
}

static int tear_down(void **state)
{
    struct fixture *f = *state;

    http_server_stop(f->server, 2000);
    assert_int_equal(atomic_load(&f->open), 0);
    free(f);
    return 0;
}

static bool becomes(atomic_int *value, int wanted)
{
    for (int i = 0; i < 2000 && atomic_load(value) != wanted; i++) {
        struct timespec pause = {0, 5000000};
        nanosleep(&pause, NULL);
    }
    return atomic_load(value) == wanted;
}

static int ask(struct fixture *f)
{
    int fd = test_connect(f->port);

    test_send_text(fd, "GET /pieces HTTP/1.1\r\nHost: a\r\n\r\n");
    return fd;
}

static void they_arrive_whole(void **state)
{
    struct fixture *f = *state;

    f->wanted = 30;
    struct test_answer a = test_get(f->port, "/pieces");
    assert_int_equal(a.status, 200);
    assert_int_equal(a.body.len, 31 * PIECE_LEN);
    for (size_t i = 0; i < a.body.len; i += PIECE_LEN / 2)
        assert_int_equal(a.body.ptr[i], i < PIECE_LEN ? '.' : 'a' + (i / PIECE_LEN - 1) % 26);
    test_answer_fini(&a);
    a = test_request(f->port, "HEAD", "/pieces", "", NULL, 0);
    assert_int_equal(a.status, 200);
    test_answer_fini(&a);
    assert_true(becomes(&f->open, 0));
}

static void one_that_fails_breaks_the_connection_off(void **state)
{
    struct fixture *f = *state;
    struct buf got;
    int c;

    f->wanted = -2;
    buf_init(&got, 0);
    int fd = ask(f);
    while ((c = test_byte(fd)) >= 0)
        buf_char(&got, (char)c);
    assert_true(got.len > 3 * PIECE_LEN);
    assert_false(str_ends(buf_str(&got), STR("0\r\n\r\n")));
    buf_fini(&got);
    close(fd);
    assert_true(becomes(&f->open, 0));
}

static void clients_that_do_not_read_hold_no_thread(void **state)
{
    struct fixture *f = *state;
    int fds[PIECES_AT_ONCE];

    f->wanted = MANY;
    for (size_t i = 0; i < ARRAY_LEN(fds); i++)
        fds[i] = ask(f);
    for (size_t i = 0; i < ARRAY_LEN(fds); i++) {
        char c; /* an answer that has begun has its place */
        assert_int_equal(recv(fds[i], &c, 1, MSG_PEEK), 1);
    }
    assert_int_equal(atomic_load(&f->open), PIECES_AT_ONCE);
    struct test_answer a = test_get(f->port, "/pieces");
    assert_int_equal(a.status, 503);
    test_answer_fini(&a);
    a = test_get(f->port, "/slow");
    test_assert_body(&a, 200, "plain");
    for (size_t i = 0; i < ARRAY_LEN(fds); i++)
        close(fds[i]);
    assert_true(becomes(&f->open, 0));
}

static void stopping_breaks_them_off(void **state)
{
    struct fixture *f = *state;

    f->wanted = MANY;
    int idle = ask(f), busy = ask(f);
    for (int i = 0; i < 1000; i++)
        assert_true(test_byte(busy) >= 0);
    assert_true(becomes(&f->open, 2));
    http_server_stop(f->server, 50);
    f->server = NULL;
    assert_int_equal(atomic_load(&f->open), 0);
    close(idle);
    close(busy);
}

#define WITH_SERVER(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_SERVER(they_arrive_whole),
        WITH_SERVER(one_that_fails_breaks_the_connection_off),
        WITH_SERVER(clients_that_do_not_read_hold_no_thread),
        WITH_SERVER(stopping_breaks_them_off),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
