/* sender.c - see sender.h. */
#include "sender.h"

#include "connection.h"

#include <stdlib.h>

#define DELAY_FIRST_MS 500
#define DELAY_MAX_MS   30000
#define IDLE_NS        ((uint64_t)NS_PER_S)

struct sender {
    struct queue *queue;
    struct connection *connection;
    size_t reader;
    pthread_t thread;
    bool started;
    atomic_bool stop;

    pthread_mutex_t lock; /* lock: everything below */
    pthread_cond_t more;
    bool woken;
    struct forward_stats stats;
    int64_t waiting_since_ms; /* when the block at hand was made; 0: none */
};

int64_t sender_delay_ms(unsigned attempt, uint64_t dice, int64_t retry_after_ms)
{
    int64_t whole = attempt < 6 ? (int64_t)DELAY_FIRST_MS << attempt : DELAY_MAX_MS;
    int64_t delay = whole / 2 + (int64_t)(dice % (uint64_t)(whole / 2 + 1));

    return MAX(delay, retry_after_ms);
}

enum verdict sender_judge(long status)
{
    if (status >= 200 && status < 300)
        return VERDICT_SENT;
    return status >= 400 && status < 500 && status != 429 ? VERDICT_REJECTED : VERDICT_AGAIN;
}

/* Waits for a word from elsewhere or so long; true when it is time to end. */
static bool wait_for(struct sender *s, uint64_t ns, bool words_count)
{
    uint64_t until = clock_mono_ns() + ns;

    pthread_mutex_lock(&s->lock);
    while (!atomic_load(&s->stop) && !(words_count && s->woken) &&
           !thread_wait_until(&s->more, &s->lock, until))
        ;
    s->woken = false;
    pthread_mutex_unlock(&s->lock);
    return atomic_load(&s->stop);
}

/* Counts what came of a try, and says it when working and failing change places. */
static enum verdict note(struct sender *s, const struct outbound_answer *answer, uint32_t samples,
                         uint32_t left, size_t bytes)
{
    enum verdict verdict = sender_judge(answer->status);
    struct forward_stats *t = &s->stats;
    char why[sizeof(t->last_error)];

    if (answer->status)
        snprintf(why, sizeof(why), "HTTP status %ld: %.*s", answer->status,
                 STR_ARG(buf_str(&answer->body)));
    else
        str_copy(why, sizeof(why), str_of(answer->error));
    pthread_mutex_lock(&s->lock);
    bool before = t->failing;
    t->requests++;
    t->failing = verdict == VERDICT_AGAIN;
    if (verdict == VERDICT_SENT) {
        t->sent_samples += samples;
        t->left_samples += left;
        t->sent_bytes += bytes;
        t->last_error[0] = '\0';
    } else {
        memcpy(t->last_error, why, sizeof(why));
        t->rejected_samples += verdict == VERDICT_REJECTED ? samples : 0;
        t->retries += verdict == VERDICT_AGAIN;
    }
    bool failing = t->failing;
    pthread_mutex_unlock(&s->lock);
    if (failing && !before)
        log_warn("remote write fails, samples wait in the queue", "receiver", t->receiver, "error",
                 why);
    else if (before && !failing)
        log_info("remote write works again", "receiver", t->receiver);
    if (verdict == VERDICT_REJECTED)
        log_warn("samples dropped: the receiver refuses them", "receiver", t->receiver, "samples",
                 LOG_NUM(samples), "error", why);
    return verdict;
}

static void note_waiting(struct sender *s, int64_t since_ms)
{
    pthread_mutex_lock(&s->lock);
    s->waiting_since_ms = since_ms;
    pthread_mutex_unlock(&s->lock);
}

/* Each turn asks the queue anew: while a block waits to be sent again it may become too old. */
static void *run(void *arg)
{
    struct sender *s = arg;
    struct queue_record record = {0};
    struct outbound_answer answer = {0};
    unsigned attempt = 0;
    uint64_t dice = hash_bytes(s->stats.receiver, strlen(s->stats.receiver));

    while (!atomic_load(&s->stop)) {
        if (!queue_peek(s->queue, s->reader, clock_now_ms(), &record)) {
            note_waiting(s, 0);
            wait_for(s, IDLE_NS, true);
            continue;
        }
        note_waiting(s, record.ts_ms);
        uint32_t samples, left;
        connection_send(s->connection, buf_str(&record.bytes), record.samples, &answer, &samples,
                        &left);
        if (atomic_load(&s->stop) && !answer.status)
            break; /* it was interrupted */
        if (connection_fall_back(s->connection, answer.status))
            continue;
        if (note(s, &answer, samples, left, record.bytes.len) != VERDICT_AGAIN) {
            queue_pass(s->queue, s->reader, &record);
            attempt = 0;
            continue;
        }
        uint64_t now = clock_mono_ns();
        dice = hash_more(dice, &now, sizeof(now));
        int64_t delay_ms = sender_delay_ms(attempt, dice, answer.retry_after_ms);
        attempt += attempt < 6;
        wait_for(s, (uint64_t)delay_ms * NS_PER_MS, false);
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
    pthread_mutex_init(&s->lock, NULL);
    thread_cond_init(&s->more);
    snprintf(name, sizeof(name), "%016" PRIx64, hash_bytes(to->url, strlen(to->url)));
    snprintf(thread, sizeof(thread), "forward-%u", number);
    int code = outbound_show_url(to->url, "--remote-write", s->stats.receiver,
                                 sizeof(s->stats.receiver), err);
    if (!code && to->name)
        str_copy(s->stats.receiver, sizeof(s->stats.receiver), str_of(to->name));
    if (!code)
        code = connection_open(to, packing, version, &s->stop, &s->connection, err);
    if (!code)
        code = queue_reader(q, name, &s->reader, err);
    if (!code)
        code = thread_start(&s->thread, thread, run, s, err);
    s->started = !code;
    if (code)
        sender_close(s);
    else
        *ret = s;
    return code;
}

void sender_stop(struct sender *s)
{
    pthread_mutex_lock(&s->lock);
    atomic_store(&s->stop, true);
    pthread_cond_broadcast(&s->more);
    pthread_mutex_unlock(&s->lock);
}

void sender_close(struct sender *s)
{
    if (!s)
        return;
    sender_stop(s);
    if (s->started)
        pthread_join(s->thread, NULL);
    connection_close(s->connection);
    pthread_cond_destroy(&s->more);
    pthread_mutex_destroy(&s->lock);
    free(s);
}

void sender_wake(struct sender *s)
{
    pthread_mutex_lock(&s->lock);
    s->woken = true;
    pthread_cond_broadcast(&s->more);
    pthread_mutex_unlock(&s->lock);
}

void sender_get_stats(struct sender *s, struct forward_stats *ret)
{
    pthread_mutex_lock(&s->lock);
    *ret = s->stats;
    int64_t since_ms = s->waiting_since_ms;
    pthread_mutex_unlock(&s->lock);
    ret->behind_seconds = since_ms ? (double)MAX(clock_now_ms() - since_ms, INT64_C(0)) / 1000 : 0;
    ret->dropped_samples = queue_dropped(s->queue, s->reader);
}
