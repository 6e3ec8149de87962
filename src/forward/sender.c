/* sender.c - see sender.h. */
#include "sender.h"

#include "connection.h"
#include "families.h"

#include <stdlib.h>

#define IDLE_NS ((uint64_t)NS_PER_S)

/* Families are told first when a first scrape should have come. */
#define METADATA_FIRST_MS 5000

struct sender {
    struct sender *next; /* the owner's */
    struct scrape_receivers *list;
    const struct scrape_receiver *to;
    struct metadata *metadata; /* NULL: it is not sent */
    uint64_t metadata_ns;      /* when it is next; the thread's, as the next */
    bool metadata_failing;
    struct connection *connection;
    atomic_uint_fast64_t leave_ns; /* until when it may get the rest; 0: it stays */
    atomic_bool done;              /* the thread has nothing more to do */
    struct courier courier;        /* its lock: everything below */
    struct queue *queue;           /* NULL until it begins */
    struct queue_reader *reader;
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

/* Sends what is known of families, when it is time; what fails is left to the next time. */
static void tell_families(struct sender *s, struct outbound_answer *answer)
{
    struct families families;
    uint64_t told = 0;
    bool failed = false;

    if (!s->metadata || clock_mono_ns() < s->metadata_ns)
        return;
    s->metadata_ns = clock_mono_ns() + (uint64_t)s->to->metadata_ms * NS_PER_MS;
    families_pack(s->metadata, s->to->metadata_families, &families);
    for (size_t i = 0; i < families.len && !failed && !courier_stopped(&s->courier); i++) {
        connection_tell(s->connection, families_message(&families, i), answer);
        failed = courier_judge(answer->status) != VERDICT_TAKEN;
        told += failed ? 0 : families.parts[i].families;
    }
    families_fini(&families);
    if (failed && courier_stopped(&s->courier))
        return; /* it was interrupted */
    pthread_mutex_lock(&s->courier.lock);
    s->stats.metadata += told;
    s->stats.metadata_failures += failed;
    pthread_mutex_unlock(&s->courier.lock);
    if (failed && !s->metadata_failing) {
        char why[240];
        courier_why(answer, why, sizeof(why));
        log_warn("the receiver takes no metadata: its samples are sent without", "receiver",
                 s->stats.receiver, "error", why);
    }
    s->metadata_failing = failed;
}

/* Waits for sender_begin(); false: it ends before. */
static bool wait_to_begin(struct sender *s)
{
    bool begun = false;

    while (!begun && !courier_stopped(&s->courier)) {
        courier_idle(&s->courier, IDLE_NS);
        pthread_mutex_lock(&s->courier.lock);
        begun = s->queue != NULL;
        pthread_mutex_unlock(&s->courier.lock);
    }
    return begun;
}

/* One turn: a block, or a rest without one. False: it leaves, and is through. Each asks the queue
 * anew: while a block waits to be sent again it may become too old. */
static bool turn(struct sender *s, struct queue_record *record, struct outbound_answer *answer)
{
    struct courier *c = &s->courier;
    bool leaving = atomic_load(&s->leave_ns) != 0;
    uint32_t samples, left;

    if (!queue_peek(s->queue, s->reader, clock_now_ms(), record)) {
        note_waiting(s, 0);
        if (leaving)
            return false;
        tell_families(s, answer);
        courier_idle(c, IDLE_NS);
        return true;
    }
    note_waiting(s, record->ts_ms);
    connection_send(s->connection, buf_str(&record->bytes), record->samples, answer, &samples,
                    &left);
    if (courier_stopped(c) && !answer->status)
        return false; /* it was interrupted */
    if (connection_fall_back(s->connection, answer->status))
        return true;
    if (note(s, answer, samples, left, record->bytes.len) == VERDICT_AGAIN) {
        if (atomic_load(&s->leave_ns))
            return false;
        courier_again(c, answer->retry_after_ms);
        return true;
    }
    queue_pass(s->queue, s->reader, record);
    courier_done(c);
    if (!leaving)
        tell_families(s, answer);
    return true;
}

static void *run(void *arg)
{
    struct sender *s = arg;
    struct queue_record record = {0};
    struct outbound_answer answer = {0};
    bool more = wait_to_begin(s);

    while (more && !courier_stopped(&s->courier))
        more = turn(s, &record, &answer);
    atomic_store(&s->done, true);
    outbound_answer_fini(&answer);
    buf_fini(&record.bytes);
    return NULL;
}

int sender_open(struct scrape_receivers *list, const struct scrape_receiver *to,
                const struct forward_options *options, unsigned number, struct sender **ret,
                struct error *err)
{
    struct sender *s = xnew(struct sender);
    char thread[16];

    s->list = scrape_receivers_hold(list);
    s->to = to;
    s->metadata = to->metadata_ms ? options->metadata : NULL;
    s->metadata_ns =
        clock_mono_ns() + (uint64_t)MIN(to->metadata_ms, METADATA_FIRST_MS) * NS_PER_MS;
    courier_init(&s->courier, SENDER_DELAY_FIRST_MS, SENDER_DELAY_LONGEST_MS, str_of(to->url));
    snprintf(thread, sizeof(thread), "forward-%u", number % 10000);
    int code = outbound_show_url(to->url, "--remote-write", s->stats.receiver,
                                 sizeof(s->stats.receiver), err);
    if (!code && to->name)
        str_copy(s->stats.receiver, sizeof(s->stats.receiver), str_of(to->name));
    if (!code)
        code = connection_open(to, options->packing, options->version, &s->courier.stop,
                               &s->connection, err);
    if (!code)
        code = courier_start(&s->courier, thread, run, s, err);
    if (code)
        sender_close(s);
    else
        *ret = s;
    return code;
}

void sender_begin(struct sender *s, struct queue *q)
{
    char name[24];

    snprintf(name, sizeof(name), "%016" PRIx64, s->to->place);
    struct queue_reader *reader = queue_reader_open(q, name);
    pthread_mutex_lock(&s->courier.lock);
    s->reader = reader;
    s->queue = q;
    pthread_mutex_unlock(&s->courier.lock);
    sender_wake(s);
}

const struct scrape_receiver *sender_receiver(const struct sender *s)
{
    return s->to;
}

struct sender **sender_next(struct sender *s)
{
    return &s->next;
}

void sender_leave(struct sender *s, uint64_t until_ns)
{
    pthread_mutex_lock(&s->courier.lock);
    bool failing = s->stats.failing;
    pthread_mutex_unlock(&s->courier.lock);
    queue_reader_leave(s->queue, s->reader);
    log_info("receiver removed", "receiver", s->stats.receiver);
    atomic_store(&s->leave_ns, until_ns);
    if (failing)
        sender_stop(s);
    else
        sender_wake(s);
}

bool sender_is_through(struct sender *s, uint64_t now_ns)
{
    return atomic_load(&s->done) || now_ns >= atomic_load(&s->leave_ns);
}

void sender_stop(struct sender *s)
{
    courier_stop(&s->courier);
}

/* What waits for one that has left is kept for its return: that has to be known. */
static void note_left(struct sender *s)
{
    struct queue_record record = {0};

    if (atomic_load(&s->leave_ns) && queue_peek(s->queue, s->reader, clock_now_ms(), &record))
        log_warn("samples for a receiver that was removed stay in the queue", "receiver",
                 s->stats.receiver, "oldest_ms", LOG_NUM(record.ts_ms));
    buf_fini(&record.bytes);
}

void sender_close(struct sender *s)
{
    if (!s)
        return;
    courier_fini(&s->courier);
    if (s->reader) {
        note_left(s);
        queue_reader_close(s->queue, s->reader);
    }
    connection_close(s->connection);
    scrape_receivers_release(s->list);
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
    struct queue *queue = s->queue;
    struct queue_reader *reader = s->reader;
    pthread_mutex_unlock(&s->courier.lock);
    ret->behind_seconds = since_ms ? (double)MAX(clock_now_ms() - since_ms, INT64_C(0)) / 1000 : 0;
    ret->dropped_samples = queue ? queue_dropped(queue, reader) : 0;
}
