/* forward_test.c - rows through the sink to a receiver of this process on loopback. Where time
 * matters the tests wait for what should happen, with a deadline. */
#include "forward/forward.h"

#include "remote/remote.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <arpa/inet.h>
#include <cmocka.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#define PATIENCE_NS (20 * (uint64_t)NS_PER_S)
#define SAMPLES_MAX 10000
#define ANSWERS_MAX 8
#define REQUEST_MAX ((size_t)1 << 20)

/* ---- a receiver ---- */

struct receiver {
    int fd;
    unsigned port;
    pthread_t thread;
    atomic_bool stop;
    pthread_mutex_t lock;             /* lock: everything below */
    const char *answers[ANSWERS_MAX]; /* status lines and headers; NULL: 204; "": it takes
                                         what came and hangs up */
    size_t asked;
    struct write_sample samples[SAMPLES_MAX]; /* of requests that were answered 204 */
    size_t len;
    char series[256];   /* the last one's, printed */
    char families[256]; /* a line for each that came */
};

/* A block comes twice when the answer to the first time is not heard, because the sender ends just
 * then: it counts once, as in a store. */
static bool is_known(const struct receiver *r, const struct write_sample *sample)
{
    for (size_t i = r->len; i-- > 0;)
        if (r->samples[i].ts_ms == sample->ts_ms)
            return true;
    return false;
}

static void take(struct receiver *r, struct str body)
{
    struct buf message, text;
    struct write_item item;

    buf_init(&message, 0);
    buf_init(&text, 0);
    assert_int_equal(snappy_decode(body, REQUEST_MAX, &message, NULL), 0);
    struct write_reader reader = write_reader_of(buf_str(&message));
    while (!write_reader_next(&reader, &item, NULL) && item.kind != WRITE_END) {
        struct write_sample sample;
        if (item.kind == WRITE_METADATA) {
            size_t len = strlen(r->families);
            snprintf(r->families + len, sizeof(r->families) - len, "%.*s %.*s %.*s %.*s\n",
                     STR_ARG(item.family), STR_ARG(item.type), STR_ARG(item.help),
                     STR_ARG(item.unit));
            continue;
        }
        assert_null(item.fault);
        buf_reset(&text);
        labels_print(item.labels, &text);
        str_copy(r->series, sizeof(r->series), buf_str(&text));
        while (r->len < SAMPLES_MAX && write_item_sample(&item, &sample))
            if (!is_known(r, &sample))
                r->samples[r->len++] = sample;
    }
    buf_fini(&message);
    buf_fini(&text);
}

/* Reads a request; false when the connection ended. */
static bool read_request(struct receiver *r, int fd, char *to, struct str *ret_body)
{
    size_t len = 0, wanted = SIZE_MAX;

    while (len < wanted && len < REQUEST_MAX && !atomic_load(&r->stop)) {
        struct pollfd p = {.fd = fd, .events = POLLIN};
        if (poll(&p, 1, 20) <= 0)
            continue;
        ssize_t n = recv(fd, to + len, REQUEST_MAX - len, 0);
        if (n <= 0)
            return false;
        len += (size_t)n;
        const char *end = memmem(to, len, "\r\n\r\n", 4);
        const char *head = memmem(to, len, "Content-Length: ", 16);
        if (end && head) {
            wanted = (size_t)(end + 4 - to) + strtoul(head + 16, NULL, 10);
            *ret_body = str_make(end + 4, wanted - (size_t)(end + 4 - to));
        }
    }
    return len >= wanted;
}

static void *receive(void *arg)
{
    struct receiver *r = arg;
    char *request = malloc(REQUEST_MAX);

    while (!atomic_load(&r->stop)) {
        struct pollfd p = {.fd = r->fd, .events = POLLIN};
        struct str body;
        if (poll(&p, 1, 20) <= 0)
            continue;
        int fd = accept(r->fd, NULL, NULL);
        while (fd >= 0 && read_request(r, fd, request, &body)) {
            char text[256];
            pthread_mutex_lock(&r->lock);
            const char *answer = r->asked < ANSWERS_MAX ? r->answers[r->asked] : NULL;
            r->asked++;
            if (!answer || !*answer)
                take(r, body);
            pthread_mutex_unlock(&r->lock);
            if (answer && !*answer)
                break;
            int n =
                snprintf(text, sizeof(text), "HTTP/1.1 %s\r\n%s\r\n",
                         answer ? answer : "204 No Content", answer ? "Content-Length: 0\r\n" : "");
            if (send(fd, text, (size_t)n, MSG_NOSIGNAL) < 0)
                break;
        }
        if (fd >= 0)
            close(fd);
    }
    free(request);
    return NULL;
}

/* ---- the fixture ---- */

struct fixture {
    char dir[64], url[64];
    struct receiver receiver;
    struct forward_options options;
    struct forward *forward;
    struct sink sink;
    struct group *group;
};

/* A list of one; NULL: of none. */
static struct scrape_receivers *receivers_of(const char *url)
{
    struct scrape_receivers *list;

    assert_int_equal(scrape_receivers_read(NULL, &url, url != NULL, &list, NULL), 0);
    return list;
}

static void open_forward(struct fixture *f)
{
    struct error err = {0};

    f->options.receivers = receivers_of(f->url);
    if (forward_open(&f->options, &f->forward, &err))
        fail_msg("%s", err.text);
    scrape_receivers_release(f->options.receivers);
    f->sink = forward_sink(f->forward);
    assert_int_equal(f->sink.group(f->sink.self, STR("job;me"), &f->group, &err), 0);
}

static int set_up(void **state)
{
    struct fixture *f = xnew(struct fixture);
    struct sockaddr_in at = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t len = sizeof(at);

    snprintf(f->dir, sizeof(f->dir), "/tmp/algalon-forward-XXXXXX");
    assert_non_null(mkdtemp(f->dir));
    f->receiver.fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_int_equal(bind(f->receiver.fd, (const struct sockaddr *)&at, sizeof(at)), 0);
    assert_int_equal(listen(f->receiver.fd, 8), 0);
    assert_int_equal(getsockname(f->receiver.fd, (struct sockaddr *)&at, &len), 0);
    f->receiver.port = ntohs(at.sin_port);
    pthread_mutex_init(&f->receiver.lock, NULL);
    snprintf(f->url, sizeof(f->url), "http://me:secret@127.0.0.1:%u/api/v1/write",
             f->receiver.port);
    f->options = (struct forward_options){.dir = f->dir,
                                          .packing = FORWARD_PACKING_SNAPPY,
                                          .max_bytes = 1 << 26,
                                          .max_age_ms = 3600000,
                                          .version = "1"};
    assert_int_equal(thread_start(&f->receiver.thread, "receiver", receive, &f->receiver, NULL), 0);
    *state = f;
    return 0;
}

static int tear_down(void **state)
{
    struct fixture *f = *state;

    forward_close(f->forward);
    atomic_store(&f->receiver.stop, true);
    pthread_join(f->receiver.thread, NULL);
    close(f->receiver.fd);
    pthread_mutex_destroy(&f->receiver.lock);
    assert_int_equal(file_remove_tree(f->dir), 0);
    free(f);
    return 0;
}

static uint32_t column(struct fixture *f, const char *name)
{
    const struct label items[] = {{STR(LABEL_NAME), str_of(name)}, {STR("gpu"), STR("0")}};
    uint32_t place;

    assert_int_equal(
        f->sink.column(f->sink.self, f->group, (struct labels){items, 2}, &place, NULL), 0);
    return place;
}

/* A row of one sample in column `place`. */
static void append(struct fixture *f, uint32_t place, int64_t ts_ms, double value)
{
    double row[4] = {value_absent(), value_absent(), value_absent(), value_absent()};

    row[place] = value;
    assert_int_equal(f->sink.append(f->sink.self, f->group, ts_ms, row, 4, NULL), 0);
}

/* Waits until so many samples have arrived, and has them in order. */
static void arrive(struct fixture *f, size_t n)
{
    uint64_t until = clock_mono_ns() + PATIENCE_NS;
    size_t len = 0;

    while (len < n && clock_mono_ns() < until) {
        struct timespec pause = {0, 5000000};
        nanosleep(&pause, NULL);
        pthread_mutex_lock(&f->receiver.lock);
        len = f->receiver.len;
        pthread_mutex_unlock(&f->receiver.lock);
    }
    assert_int_equal(len, n);
    pthread_mutex_lock(&f->receiver.lock);
    for (size_t i = 1; i < n; i++)
        assert_true(f->receiver.samples[i].ts_ms > f->receiver.samples[i - 1].ts_ms);
    pthread_mutex_unlock(&f->receiver.lock);
}

/* ---- the tests ---- */

static void rows_arrive_in_order(void **state)
{
    struct fixture *f = *state;
    struct forward_totals totals;
    struct forward_stats stats[FORWARD_RECEIVERS_MAX];

    open_forward(f);
    uint32_t a = column(f, "a"), b = column(f, "b");
    assert_int_not_equal(a, b);
    assert_int_equal(column(f, "a"), a);
    for (int i = 0; i < 1000; i++)
        append(f, i % 2 ? a : b, 1000 + i, i == 999 ? value_stale() : i);
    arrive(f, 1000);
    assert_true(f->receiver.samples[500].value == 500.0);
    assert_true(value_is_stale(f->receiver.samples[999].value));
    assert_string_equal(f->receiver.series, "a{gpu=\"0\"}");
    forward_get_totals(f->forward, &totals);
    assert_int_equal(totals.samples, 1000);
    assert_int_equal(totals.lost, 0);
    assert_int_equal(forward_get_stats(f->forward, stats), 1);
    assert_null(strstr(stats[0].receiver, "secret"));
}

static void what_fails_is_sent_again(void **state)
{
    struct fixture *f = *state;
    struct forward_stats stats[FORWARD_RECEIVERS_MAX];

    f->receiver.answers[0] = "503 Unavailable";
    f->receiver.answers[1] = "429 Too Many Requests\r\nRetry-After: 1";
    open_forward(f);
    for (int i = 0; i < 10; i++)
        append(f, column(f, "a"), i, i);
    arrive(f, 10);
    forward_close(f->forward);
    f->forward = NULL;
    open_forward(f);
    assert_int_equal(forward_get_stats(f->forward, stats), 1);
    assert_int_equal(stats[0].dropped_samples, 0);
}

static void a_block_whose_answer_is_lost_comes_again_and_harms_nobody(void **state)
{
    struct fixture *f = *state;
    struct forward_stats stats[FORWARD_RECEIVERS_MAX];

    f->receiver.answers[0] = "";
    open_forward(f);
    append(f, column(f, "a"), 1, 1);
    arrive(f, 1);
    append(f, column(f, "a"), 2, 2);
    arrive(f, 2);
    assert_int_equal(forward_get_stats(f->forward, stats), 1);
    assert_int_equal(stats[0].retries, 1);
    assert_int_equal(stats[0].dropped_samples + stats[0].rejected_samples, 0);
}

static void what_is_refused_is_counted_and_not_sent_again(void **state)
{
    struct fixture *f = *state;
    struct forward_stats stats[FORWARD_RECEIVERS_MAX];
    uint64_t until = clock_mono_ns() + PATIENCE_NS;

    f->receiver.answers[0] = "400 Bad Request";
    open_forward(f);
    append(f, column(f, "a"), 1, 1);
    do {
        struct timespec pause = {0, 5000000};
        nanosleep(&pause, NULL);
        assert_int_equal(forward_get_stats(f->forward, stats), 1);
    } while (!stats[0].rejected_samples && clock_mono_ns() < until);
    assert_int_equal(stats[0].rejected_samples, 1);
    append(f, column(f, "a"), 2, 2);
    arrive(f, 1);
    assert_int_equal(f->receiver.samples[0].ts_ms, 2);
}

static void the_queue_outlives_the_process(void **state)
{
    struct fixture *f = *state;

    for (size_t i = 0; i < ANSWERS_MAX; i++)
        f->receiver.answers[i] = "503 Unavailable";
    open_forward(f);
    for (int i = 0; i < 10; i++)
        append(f, column(f, "a"), i, i);
    forward_close(f->forward);
    pthread_mutex_lock(&f->receiver.lock);
    assert_int_equal(f->receiver.len, 0);
    for (size_t i = 0; i < ANSWERS_MAX; i++)
        f->receiver.answers[i] = NULL;
    pthread_mutex_unlock(&f->receiver.lock);
    open_forward(f);
    append(f, column(f, "a"), 10, 10);
    arrive(f, 11);
}

static void external_labels_are_added_where_there_are_none(void **state)
{
    static const struct label external[] = {{STR("gpu"), STR("other")}, {STR("site"), STR("x")}};
    struct fixture *f = *state;

    open_forward(f);
    forward_set_external(f->forward, (struct labels){external, 2});
    append(f, column(f, "a"), 1, 1);
    arrive(f, 1);
    assert_string_equal(f->receiver.series, "a{gpu=\"0\",site=\"x\"}");
    forward_set_external(f->forward, (struct labels){external + 1, 0});
    append(f, column(f, "a"), 2, 1);
    arrive(f, 2);
    assert_string_equal(f->receiver.series, "a{gpu=\"0\"}");
}

static void a_group_that_ended_may_come_again(void **state)
{
    struct fixture *f = *state;

    open_forward(f);
    append(f, column(f, "a"), 1, 1);
    f->sink.end(f->sink.self, f->group);
    assert_int_equal(f->sink.group(f->sink.self, STR("job;me"), &f->group, NULL), 0);
    assert_int_equal(column(f, "b"), 0);
    append(f, 0, 2, 2);
    arrive(f, 2);
    assert_string_equal(f->receiver.series, "b{gpu=\"0\"}");
}

static void urls_that_are_none_are_refused(void **state)
{
    static const char *const urls[] = {"", "127.0.0.1:8428", "ftp://x/", "http://", "http://a b/"};
    struct fixture *f = *state;
    struct forward *forward;

    for (size_t i = 0; i < ARRAY_LEN(urls); i++) {
        f->options.receivers = receivers_of(urls[i]);
        assert_int_equal(forward_open(&f->options, &forward, NULL), -EINVAL);
        scrape_receivers_release(f->options.receivers);
    }
}

/* Another list of receivers; NULL: none. */
static void exchange(struct fixture *f, const char *url)
{
    struct scrape_receivers *list = receivers_of(url);
    struct forward_change *change;

    assert_int_equal(forward_prepare(f->forward, list, &change, NULL), 0);
    scrape_receivers_release(list);
    forward_commit(f->forward, change);
}

static size_t requests(struct fixture *f)
{
    pthread_mutex_lock(&f->receiver.lock);
    size_t asked = f->receiver.asked;
    pthread_mutex_unlock(&f->receiver.lock);
    return asked;
}

static void wait_for_requests(struct fixture *f, size_t n)
{
    uint64_t until = clock_mono_ns() + PATIENCE_NS;

    while (requests(f) < n && clock_mono_ns() < until) {
        struct timespec pause = {0, 5000000};
        nanosleep(&pause, NULL);
    }
    assert_true(requests(f) >= n);
}

static void receivers_come_and_go_while_it_runs(void **state)
{
    struct fixture *f = *state;
    struct forward_stats stats[FORWARD_RECEIVERS_MAX];
    struct forward_totals totals;

    f->options.receivers = receivers_of(NULL);
    assert_int_equal(forward_open(&f->options, &f->forward, NULL), 0);
    scrape_receivers_release(f->options.receivers);
    f->sink = forward_sink(f->forward);
    assert_int_equal(f->sink.group(f->sink.self, STR("job;me"), &f->group, NULL), 0);
    uint32_t a = column(f, "a");
    append(f, a, 1, 1); /* nobody gets it, and no disk */
    forward_get_totals(f->forward, &totals);
    assert_int_equal(totals.samples, 0);
    exchange(f, f->url);
    append(f, a, 2, 2);
    arrive(f, 1);
    exchange(f, f->url);
    append(f, a, 3, 3);
    arrive(f, 2);
    /* It is the same one; what has arrived counts as sent when the answer is read. */
    uint64_t until = clock_mono_ns() + PATIENCE_NS;
    do
        assert_int_equal(forward_get_stats(f->forward, stats), 1);
    while (stats[0].sent_samples < 2 && clock_mono_ns() < until);
    assert_int_equal(stats[0].sent_samples, 2);
    exchange(f, NULL);
    assert_int_equal(forward_get_stats(f->forward, stats), 0);
    append(f, a, 4, 4);
    exchange(f, f->url);
    append(f, a, 5, 5);
    arrive(f, 3);
    assert_int_equal(f->receiver.samples[2].ts_ms, 5);
}

static void one_that_leaves_gets_what_was_taken_before(void **state)
{
    struct fixture *f = *state;

    open_forward(f);
    append(f, column(f, "a"), 1, 1);
    arrive(f, 1);
    f->receiver.answers[requests(f)] = "503 Unavailable\r\nRetry-After: 1";
    append(f, column(f, "a"), 2, 2);
    wait_for_requests(f, 2);
    exchange(f, NULL);
    append(f, column(f, "a"), 3, 3);
    exchange(f, f->url); /* it was away, and is back */
    append(f, column(f, "a"), 4, 4);
    arrive(f, 3);
    assert_int_equal(f->receiver.samples[1].ts_ms, 2);
    assert_int_equal(f->receiver.samples[2].ts_ms, 4);
}

static void a_change_that_cannot_be_made_changes_nothing(void **state)
{
    const char *const urls[] = {"http://127.0.0.1:1/a", "nothing"};
    struct fixture *f = *state;
    struct forward_stats stats[FORWARD_RECEIVERS_MAX];
    struct scrape_receivers *list;
    struct forward_change *change;
    struct error err;

    open_forward(f);
    assert_int_equal(scrape_receivers_read(NULL, urls, 2, &list, NULL), 0);
    assert_int_equal(forward_prepare(f->forward, list, &change, &err), -EINVAL);
    scrape_receivers_release(list);
    assert_int_equal(scrape_receivers_read(NULL, (const char *[]){f->url, f->url}, 2, &list, &err),
                     -EINVAL);
    assert_non_null(strstr(err.text, "two receivers of one URL"));
    assert_null(strstr(err.text, "secret"));
    append(f, column(f, "a"), 1, 1);
    arrive(f, 1);
    assert_int_equal(forward_get_stats(f->forward, stats), 1);
}

static void a_full_queue_that_keeps_the_oldest_refuses_rows_until_there_is_room(void **state)
{
    struct fixture *f = *state;
    struct forward_totals totals = {0};
    uint64_t until = clock_mono_ns() + PATIENCE_NS;
    int64_t ts_ms = 0;
    double row[4] = {0, value_absent(), value_absent(), value_absent()};
    struct error err = {0};
    size_t taken = 0;
    int code = 0;

    for (size_t i = 0; i < ANSWERS_MAX; i++)
        f->receiver.answers[i] = "503 Unavailable";
    f->options.max_bytes = 4096;
    f->options.keep_oldest = true;
    open_forward(f);
    uint32_t a = column(f, "a");
    assert_int_equal(a, 0);
    while (!code && clock_mono_ns() < until) {
        struct timespec pause = {0, 1000000};
        row[0] = (double)ts_ms;
        code = f->sink.append(f->sink.self, f->group, ++ts_ms, row, 4, &err);
        taken += !code;
        nanosleep(&pause, NULL);
    }
    assert_int_equal(code, -ENOSPC);
    assert_non_null(strstr(err.text, "--remote-write-queue-full"));
    forward_get_totals(f->forward, &totals);
    assert_true(totals.full);
    assert_int_equal(totals.refused, 1);
    pthread_mutex_lock(&f->receiver.lock);
    for (size_t i = 0; i < ANSWERS_MAX; i++)
        f->receiver.answers[i] = NULL;
    pthread_mutex_unlock(&f->receiver.lock);
    arrive(f, taken); /* all that was not refused */
    do {
        code = f->sink.append(f->sink.self, f->group, ++ts_ms, row, 4, NULL);
    } while (code && clock_mono_ns() < until + PATIENCE_NS);
    assert_int_equal(code, 0);
    arrive(f, taken + 1);
}

static void what_is_known_of_families_is_told(void **state)
{
    struct fixture *f = *state;
    struct forward_stats stats[FORWARD_RECEIVERS_MAX] = {0};
    uint64_t until = clock_mono_ns() + PATIENCE_NS;
    struct metadata *known = metadata_new();

    metadata_set(known, STR("a"), STR("counter"), STR("Some help."), STR("bytes"));
    metadata_set(known, STR("b"), STR("gauge"), STR("More."), STR(""));
    f->options.metadata = known;
    open_forward(f);
    while (stats[0].metadata < 2 && clock_mono_ns() < until) {
        struct timespec pause = {0, 5000000};
        nanosleep(&pause, NULL);
        forward_get_stats(f->forward, stats);
    }
    assert_int_equal(stats[0].metadata, 2);
    assert_int_equal(stats[0].metadata_failures, 0);
    forward_close(f->forward);
    f->forward = NULL;
    pthread_mutex_lock(&f->receiver.lock);
    assert_string_equal(f->receiver.families, "a counter Some help. bytes\nb gauge More. \n");
    pthread_mutex_unlock(&f->receiver.lock);
    metadata_free(known);
}

#define WITH_RECEIVER(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_RECEIVER(rows_arrive_in_order),
        WITH_RECEIVER(what_fails_is_sent_again),
        WITH_RECEIVER(a_block_whose_answer_is_lost_comes_again_and_harms_nobody),
        WITH_RECEIVER(what_is_refused_is_counted_and_not_sent_again),
        WITH_RECEIVER(the_queue_outlives_the_process),
        WITH_RECEIVER(external_labels_are_added_where_there_are_none),
        WITH_RECEIVER(a_group_that_ended_may_come_again),
        WITH_RECEIVER(urls_that_are_none_are_refused),
        WITH_RECEIVER(receivers_come_and_go_while_it_runs),
        WITH_RECEIVER(one_that_leaves_gets_what_was_taken_before),
        WITH_RECEIVER(a_change_that_cannot_be_made_changes_nothing),
        WITH_RECEIVER(a_full_queue_that_keeps_the_oldest_refuses_rows_until_there_is_room),
        WITH_RECEIVER(what_is_known_of_families_is_told),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
