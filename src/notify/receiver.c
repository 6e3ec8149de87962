/* receiver.c - see receiver.h. */
#include "receiver.h"

#include "book.h"
#include "outbound/outbound.h"

#include <stdlib.h>

#define SEND_TIMEOUT_MS  10000
#define DELAY_FIRST_MS   1000
#define DELAY_LONGEST_MS 60000
#define IDLE_NS          ((uint64_t)60 * NS_PER_S) /* what waits for nothing looks around this often */

struct receiver {
    char *url, *external_url;
    uint64_t key;
    int64_t timeout_ms;
    struct notify_rules rules;
    struct arena scratch; /* of receiver_push() */
    struct outbound *outbound;
    struct courier courier; /* its lock: everything below */
    struct book book;
    struct notify_stats stats; /* `waiting` and `dropped` are the book's */
};

/* Counts what came of a request; true when it has to be made again. */
static bool note(struct receiver *r, const struct batch *b, const struct outbound_answer *a)
{
    enum verdict verdict = courier_judge(a->status);
    bool taken = verdict == VERDICT_TAKEN, refused = verdict == VERDICT_REFUSED;
    char why[sizeof(r->stats.last_error)] = "";

    if (!taken)
        courier_why(a, why, sizeof(why));
    pthread_mutex_lock(&r->courier.lock);
    bool before = r->stats.failing;
    r->stats.requests++;
    r->stats.failures += !taken;
    r->stats.failing = !taken;
    memcpy(r->stats.last_error, why, sizeof(why));
    r->stats.sent += taken ? b->len : 0;
    r->book.dropped += refused ? b->len : 0;
    book_end(&r->book, b, taken ? BOOK_TAKEN : refused ? BOOK_REFUSED : BOOK_AGAIN, clock_now_ms());
    pthread_mutex_unlock(&r->courier.lock);
    if (!taken && !before)
        log_warn(refused ? "alerts are refused" : "alerts cannot be sent and wait", "receiver",
                 r->stats.receiver, "error", why);
    else if (taken && before)
        log_info("alerts are sent again", "receiver", r->stats.receiver);
    return !taken && !refused;
}

void receiver_push(struct receiver *r, const struct notice *n, struct labels labels, int64_t now_ms)
{
    struct label_builder b;

    if (r->rules.apply) {
        arena_reset(&r->scratch);
        label_builder_init(&b, labels);
        int keep = r->rules.apply(r->rules.rules, &b, &r->scratch);
        if (keep < 0)
            log_warn("alert left out: alert_relabel_configs", "receiver", r->stats.receiver,
                     "error", strerror(-keep));
        if (keep <= 0 || label_builder_view(&b, &labels, NULL) || !labels.len)
            return;
    }
    pthread_mutex_lock(&r->courier.lock);
    book_push(&r->book, n, labels, now_ms);
    pthread_mutex_unlock(&r->courier.lock);
}

static bool gather(struct receiver *r, struct batch *b)
{
    pthread_mutex_lock(&r->courier.lock);
    bool any = book_gather(&r->book, b);
    pthread_mutex_unlock(&r->courier.lock);
    return any;
}

static void *run(void *arg)
{
    struct receiver *r = arg;
    struct courier *c = &r->courier;
    struct outbound_answer answer = {0};
    struct batch batch = {0};

    while (!courier_stopped(c)) {
        if (!gather(r, &batch)) {
            courier_idle(c, IDLE_NS);
            continue;
        }
        outbound_send(r->outbound, "POST", r->url, buf_str(&batch.body), r->timeout_ms, &answer);
        if (courier_stopped(c) && !answer.status)
            break; /* it was interrupted */
        if (note(r, &batch, &answer))
            courier_again(c, answer.retry_after_ms);
        else
            courier_done(c);
    }
    outbound_answer_fini(&answer);
    buf_fini(&batch.body);
    return NULL;
}

/* ---- opening, closing ---- */

/* An Alertmanager's URL is shown; a webhook's path is often the secret itself: only its host is. */
static int name_receiver(struct receiver *r, const struct notify_receiver *from, struct error *err)
{
    char *to = r->stats.receiver;
    int code = outbound_show_url(from->url, from->option ? from->option : "alertmanagers", to,
                                 sizeof(r->stats.receiver), err);

    if (!code && from->kind == NOTIFY_WEBHOOK)
        to[strlen("https://") + strcspn(to + strlen("https://"), "/")] = '\0';
    return code;
}

bool receiver_is(const struct receiver *r, const struct notify_receiver *to)
{
    return r->stats.kind == to->kind && r->key == to->key && !strcmp(r->url, to->url);
}

int receiver_open(const struct notify_receiver *to, const struct notify_options *options,
                  unsigned number, struct receiver **ret, struct error *err)
{
    static const char *const headers[] = {"Content-Type: application/json"};
    struct receiver *r = xnew(struct receiver);
    char thread[16], agent[64];
    const struct outbound_options client = {.user_agent = agent,
                                            .headers = headers,
                                            .header_len = 1,
                                            .http = to->http,
                                            .stop = &r->courier.stop};

    courier_init(&r->courier, DELAY_FIRST_MS, DELAY_LONGEST_MS, str_of(to->url));
    r->stats.kind = to->kind;
    r->url = xstrdup(to->url);
    r->external_url = xstrdup(options->external_url ? options->external_url : "");
    r->key = to->key;
    r->timeout_ms = to->timeout_ms ? to->timeout_ms : SEND_TIMEOUT_MS;
    r->rules = to->rules;
    if (r->rules.lender.hold)
        r->rules.lender.hold(r->rules.lender.owner);
    arena_init(&r->scratch, 0);
    book_init(&r->book, to->kind, options->repeat_ms, r->external_url);
    snprintf(thread, sizeof(thread), "notify-%u", number);
    snprintf(agent, sizeof(agent), "algalon/%s", options->version ? options->version : "0");
    int code = name_receiver(r, to, err);
    if (!code)
        code = outbound_open(&client, &r->outbound, err);
    if (!code)
        code = courier_start(&r->courier, thread, run, r, err);
    if (code)
        receiver_close(r);
    else
        *ret = r;
    return code;
}

void receiver_stop(struct receiver *r)
{
    courier_stop(&r->courier);
}

void receiver_close(struct receiver *r)
{
    if (!r)
        return;
    courier_fini(&r->courier);
    outbound_close(r->outbound);
    book_fini(&r->book);
    if (r->rules.lender.release)
        r->rules.lender.release(r->rules.lender.owner);
    arena_fini(&r->scratch);
    free(r->url);
    free(r->external_url);
    free(r);
}

void receiver_wake(struct receiver *r)
{
    courier_wake(&r->courier);
}

void receiver_get_stats(struct receiver *r, struct notify_stats *ret)
{
    pthread_mutex_lock(&r->courier.lock);
    *ret = r->stats;
    ret->waiting = r->book.waiting;
    ret->dropped = r->book.dropped;
    pthread_mutex_unlock(&r->courier.lock);
}
