/* sender.c - see sender.h. */
#include "sender.h"

#include "connection.h"

#include <stdlib.h>

#define IDLE_NS ((uint64_t)NS_PER_S)

struct sender {
    struct queue *queue;
    struct connection *connection;
    size_t reader;
    struct courier courier; /* its lock: everything below */
    struct forward_stats stats;
    int64_t waiting_since_ms; /* when the block at hand was made; 0: none */
};

/* Counts what came of a try, and says it when working and failing change places. */
static enum verdict note(struct sender *s, const struct outbound_answer *answer, uint32_t samples,
                         uint32_t left, size_t bytes)
{
    enum verdict verdict = courier_judge(answer->status);
    struct forward_stats *t = &s->stats;
    char why[sizeof(t->last_error)];

    courier_why(answer, why, sizeof(why));
    pthread_mutex_lock(&s->courier.lock);
    bool before = t->failing;
    t->requests++;
    t->failing = verdict == VERDICT_AGAIN;
    if (verdict == VERDICT_TAKEN) {
        t->sent_samples += samples;
        t->left_samples += left;
        t->sent_bytes += bytes;
        t->last_error[0] = '\0';
    } else {
        memcpy(t->last_error, why, sizeof(why));
        t->rejected_samples += verdict == VERDICT_REFUSED ? samples : 0;
        t->retries += verdict == VERDICT_AGAIN;
    }
    bool failing = t->failing;
    pthread_mutex_unlock(&s->courier.lock);
    if (failing && !before)
        log_warn("remote write fails, samples wait in the queue", "receiver", t->receiver, "error",
                 why);
    else if (before && !failing)
        log_info("remote write works again", "receiver", t->receiver);
    if (verdict == VERDICT_REFUSED)
        log_warn("samples dropped: the receiver refuses them", "receiver", t->receiver, "samples",
                 LOG_NUM(samples), "error", why);
    return verdict;
}

static void note_waiting(struct sender *s, int64_t since_ms)
{
    pthread_mutex_lock(&s->courier.lock);
    s->waiting_since_ms = since_ms;
    pthread_mutex_unlock(&s->courier.lock);
}

/* Each turn asks the queue anew: while a block waits to be sent again it may become too old. */
static void *run(void *arg)
{
    struct sender *s = arg;
    struct courier *c = &s->courier;
    struct queue_record record = {0};
    struct outbound_answer answer = {0};

    while (!courier_stopped(c)) {
        if (!queue_peek(s->queue, s->reader, clock_now_ms(), &record)) {
            note_waiting(s, 0);
            courier_idle(c, IDLE_NS);
            continue;
        }
        note_waiting(s, record.ts_ms);
        uint32_t samples, left;
        connection_send(s->connection, buf_str(&record.bytes), record.samples, &answer, &samples,
                        &left);
        if (courier_stopped(c) && !answer.status)
            break; /* it was interrupted */
        if (connection_fall_back(s->connection, answer.status))
            continue;
        if (note(s, &answer, samples, left, record.bytes.len) == VERDICT_AGAIN) {
            courier_again(c, answer.retry_after_ms);
        } else {
            queue_pass(s->queue, s->reader, &record);
            courier_done(c);
        }
    }
    outbound_answer_fini(&answer);
    buf_fini(&record.bytes);
    return NULL;
}

int sender_open(struct queue *q, const struct scrape_receiver *to, enum forward_packing packing,
                const char *version, unsigned number, struct sender **ret, struct error *err)
{
    struct sender *s = xnew(struct sender);
    char name[24], thread[16];

    s->queue = q;
    courier_init(&s->courier, SENDER_DELAY_FIRST_MS, SENDER_DELAY_LONGEST_MS, str_of(to->url));
    snprintf(name, sizeof(name), "%016" PRIx64, hash_bytes(to->url, strlen(to->url)));
    snprintf(thread, sizeof(thread), "forward-%u", number);
    int code = outbound_show_url(to->url, "--remote-write", s->stats.receiver,
                                 sizeof(s->stats.receiver), err);
    if (!code && to->name)
        str_copy(s->stats.receiver, sizeof(s->stats.receiver), str_of(to->name));
    if (!code)
        code = connection_open(to, packing, version, &s->courier.stop, &s->connection, err);
    if (!code)
        code = queue_reader(q, name, &s->reader, err);
    if (!code)
        code = courier_start(&s->courier, thread, run, s, err);
    if (code)
        sender_close(s);
    else
        *ret = s;
    return code;
}

void sender_stop(struct sender *s)
{
    courier_stop(&s->courier);
}

void sender_close(struct sender *s)
{
    if (!s)
        return;
    courier_fini(&s->courier);
    connection_close(s->connection);
    free(s);
}

void sender_wake(struct sender *s)
{
    courier_wake(&s->courier);
}

void sender_get_stats(struct sender *s, struct forward_stats *ret)
{
    pthread_mutex_lock(&s->courier.lock);
    *ret = s->stats;
    int64_t since_ms = s->waiting_since_ms;
    pthread_mutex_unlock(&s->courier.lock);
    ret->behind_seconds = since_ms ? (double)MAX(clock_now_ms() - since_ms, INT64_C(0)) / 1000 : 0;
    ret->dropped_samples = queue_dropped(s->queue, s->reader);
}
