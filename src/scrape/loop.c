/* loop.c - the scrape thread: whose turn it is, who gets a connection; and the ingest threads,
 * which take what was fetched. */
#include "scrape/feed.h"
#include "scrape/gunzip.h"
#include "scrape/state.h"

/* A fetch that takes longer than SLOW_NS gives its place to the next, so that targets that hang do
 * not hold up the others; targets that timed out last time do not take one at all. */
#define FAST_MAX       128
#define SLOW_MAX       (CLIENT_TRANSFERS_MAX - FAST_MAX - 64)
#define SLOW_NS        (500 * (uint64_t)NS_PER_MS)
#define ALIGN_MAX_MS   10 /* a scrape that starts this late keeps the timestamp of its turn */
#define WAIT_MAX_MS    1000
#define EARLY_TURNS_MS 1

/* ---- queues ---- */

void queue_push(struct queue *q, struct target *t)
{
    t->next = NULL;
    if (q->last)
        q->last->next = t;
    else
        q->first = t;
    q->last = t;
}

struct target *queue_pop(struct queue *q)
{
    struct target *t = q->first;

    if (t) {
        q->first = t->next;
        if (!q->first)
            q->last = NULL;
        t->next = NULL;
    }
    return t;
}

void queue_remove(struct queue *q, struct target *t)
{
    struct target *before = NULL;

    for (struct target *it = q->first; it; before = it, it = it->next) {
        if (it != t)
            continue;
        if (before)
            before->next = t->next;
        else
            q->first = t->next;
        if (q->last == t)
            q->last = before;
        t->next = NULL;
        return;
    }
}

/* ---- turns: a binary heap ---- */

static void put_turn(struct scrape *s, size_t at, struct target *t)
{
    s->turns[at] = t;
    t->turn_at = at + 1;
}

static void sift(struct scrape *s, size_t at)
{
    struct target *t = s->turns[at];

    while (at && s->turns[(at - 1) / 2]->due_ns > t->due_ns) {
        put_turn(s, at, s->turns[(at - 1) / 2]);
        at = (at - 1) / 2;
    }
    for (;;) {
        size_t child = 2 * at + 1;
        if (child + 1 < s->turn_len && s->turns[child + 1]->due_ns < s->turns[child]->due_ns)
            child++;
        if (child >= s->turn_len || s->turns[child]->due_ns >= t->due_ns)
            break;
        put_turn(s, at, s->turns[child]);
        at = child;
    }
    put_turn(s, at, t);
}

int loop_schedule(struct scrape *s, struct target *t)
{
    int64_t now_ms = clock_now_ms();
    uint64_t now_ns = clock_mono_ns();

    if (!t->turn_at && s->turn_len == s->turn_cap) {
        struct target **grown = array_grow(s->turns, &s->turn_cap, s->turn_len + 1, sizeof(*grown));
        if (!grown)
            return -ENOMEM;
        s->turns = grown;
    }
    /* After the turn that has just come, also when the clock says it is not quite due; but a clock
     * that was put back a long way is believed. */
    int64_t after = now_ms;
    if (t->due_ms > now_ms && t->due_ms - now_ms < t->spec.interval_ms / 2)
        after = t->due_ms;
    t->due_ms = target_next_turn(t, after);
    t->turn_interval_ms = t->spec.interval_ms;
    t->due_ns = now_ns + (uint64_t)(t->due_ms - now_ms) * NS_PER_MS;
    if (!t->turn_at)
        put_turn(s, s->turn_len++, t);
    sift(s, t->turn_at - 1);
    return 0;
}

void loop_unschedule(struct scrape *s, struct target *t)
{
    size_t at = t->turn_at;

    if (!at)
        return;
    t->turn_at = 0;
    struct target *last = s->turns[--s->turn_len];
    if (last != t) {
        put_turn(s, at - 1, last);
        sift(s, at - 1);
    }
}

/* ---- fetching ---- */

/* Hands a target to the ingest threads. */
static void hand_over(struct scrape *s, struct target *t)
{
    t->stage = STAGE_DONE;
    queue_push(&s->outcomes, t);
    pthread_cond_signal(&s->work);
}

static void take_turns(struct scrape *s)
{
    uint64_t now_ns = clock_mono_ns() + EARLY_TURNS_MS * NS_PER_MS;

    while (s->turn_len && s->turns[0]->due_ns <= now_ns) {
        struct target *t = s->turns[0];
        if (t->stage == STAGE_IDLE) { /* else the last scrape still goes on: this turn is missed */
            t->ts_ms = t->due_ms;
            t->started_ns = clock_mono_ns();
            t->stage = STAGE_WAITING;
            queue_push(t->slow ? &s->waiting_slow : &s->waiting, t);
        }
        int code = loop_schedule(s, t);
        (void)code; /* it is in the heap: nothing is allocated */
    }
}

/* Fails a target that did not get as far as the wire; last_error says why. */
static void fail(struct scrape *s, struct target *t, const char *why)
{
    snprintf(t->last_error, sizeof(t->last_error), "%s", why);
    t->transfer = NULL;
    t->fetched_s = 0;
    hand_over(s, t);
}

/* ---- targets on the wire, in the order in which they began ---- */

static void wire_add(struct scrape *s, struct target *t)
{
    t->wire_before = s->wire_last;
    t->wire_next = NULL;
    if (s->wire_last)
        s->wire_last->wire_next = t;
    else
        s->wire_first = t;
    s->wire_last = t;
    t->counted_slow = t->slow;
    s->slow_on_wire += t->slow;
    s->fast_on_wire += !t->slow;
    t->stage = STAGE_ON_WIRE;
}

static void wire_remove(struct scrape *s, struct target *t)
{
    if (t->wire_before)
        t->wire_before->wire_next = t->wire_next;
    else
        s->wire_first = t->wire_next;
    if (t->wire_next)
        t->wire_next->wire_before = t->wire_before;
    else
        s->wire_last = t->wire_before;
    t->wire_before = t->wire_next = NULL;
    s->slow_on_wire -= t->counted_slow;
    s->fast_on_wire -= !t->counted_slow;
    t->counted_slow = false;
}

/* Fetches that have become slow give their places up. Those that began as slow ones stand among the
 * others; what is behind them is found at the next turn at the latest. Returns when the next one
 * becomes slow; UINT64_MAX: none. */
static uint64_t note_slow(struct scrape *s)
{
    uint64_t now_ns = clock_mono_ns();

    for (struct target *t = s->wire_first; t && s->fast_on_wire; t = t->wire_next) {
        if (t->counted_slow)
            continue;
        if (now_ns - t->started_ns < SLOW_NS)
            return t->started_ns + SLOW_NS;
        if (s->slow_on_wire >= SLOW_MAX)
            return UINT64_MAX;
        t->counted_slow = true;
        s->slow_on_wire++;
        s->fast_on_wire--;
    }
    return UINT64_MAX;
}

static void start(struct scrape *s, struct target *t)
{
    const struct scrape_job *job = t->spec.job;
    char seconds[32];
    const struct http_header extra = {
        STR("X-Prometheus-Scrape-Timeout-Seconds"),
        str_make(seconds, num_print(seconds, (double)t->spec.timeout_ms / 1000)), STR("")};
    struct client_request request = {
        .url = t->spec.url,
        .accept = job->accept,
        .timeout_ms = t->spec.timeout_ms,
        .body_max = s->max_body_bytes,
        .compress = job->enable_compression,
        .http = &job->http,
        .extra = &extra,
        .extra_len = 1,
        .owner = t,
    };
    struct error err;

    if (job->limits.body_size && job->limits.body_size < request.body_max)
        request.body_max = job->limits.body_size;
    int64_t now_ms = clock_now_ms();
    int64_t late_ms = now_ms > t->ts_ms ? now_ms - t->ts_ms : t->ts_ms - now_ms;
    if (late_ms > MIN((int64_t)ALIGN_MAX_MS, t->spec.interval_ms / 100))
        t->ts_ms = now_ms;
    t->started_ns = clock_mono_ns();
    if (t->spec.job_targets) {
        error_set(&err, -E2BIG,
                  "target_limit exceeded (number of targets: %zu, limit: %" PRIu64 ")",
                  t->spec.job_targets, job->limits.target);
        fail(s, t, err.text);
        return;
    }
    if (client_start(s->client, &request, &t->transfer, &err)) {
        fail(s, t, err.text);
        return;
    }
    wire_add(s, t);
}

static uint64_t patience_ends(const struct target *t)
{
    return t->started_ns + (uint64_t)t->spec.timeout_ms * NS_PER_MS;
}

static void start_waiting(struct scrape *s)
{
    uint64_t now_ns = clock_mono_ns();
    struct queue *queues[] = {&s->waiting, &s->waiting_slow};

    while (s->waiting.first && s->fast_on_wire < FAST_MAX && client_has_room(s->client))
        start(s, queue_pop(&s->waiting));
    while (s->waiting_slow.first && s->slow_on_wire < SLOW_MAX && client_has_room(s->client))
        start(s, queue_pop(&s->waiting_slow));
    for (size_t i = 0; i < ARRAY_LEN(queues); i++)
        while (queues[i]->first && patience_ends(queues[i]->first) <= now_ns)
            fail(s, queue_pop(queues[i]), "no connection was free in time");
}

static void collect(struct scrape *s)
{
    struct transfer *transfer;

    while ((transfer = client_next_done(s->client))) {
        struct target *t = transfer_owner(transfer);
        t->fetched_s = (double)(clock_mono_ns() - t->started_ns) / NS_PER_S;
        wire_remove(s, t);
        hand_over(s, t);
    }
}

void loop_forget(struct scrape *s, struct target *t)
{
    queue_remove(&s->waiting, t);
    queue_remove(&s->waiting_slow, t);
    queue_remove(&s->outcomes, t);
    if (t->stage == STAGE_ON_WIRE)
        wire_remove(s, t);
    if (t->transfer)
        client_release(s->client, t->transfer);
    t->transfer = NULL;
    t->stage = STAGE_IDLE;
}

/* How long nothing will be due, in milliseconds. */
static int idle_ms(const struct scrape *s, uint64_t slow_ns)
{
    uint64_t now_ns = clock_mono_ns(), next_ns = UINT64_MAX;

    if (s->waiting.first)
        next_ns = MIN(next_ns, slow_ns);
    if (s->turn_len)
        next_ns = MIN(next_ns, s->turns[0]->due_ns);
    if (s->waiting.first)
        next_ns = MIN(next_ns, patience_ends(s->waiting.first));
    if (s->waiting_slow.first)
        next_ns = MIN(next_ns, patience_ends(s->waiting_slow.first));
    if (next_ns <= now_ns)
        return 0;
    return (int)MIN((next_ns - now_ns) / NS_PER_MS, (uint64_t)WAIT_MAX_MS);
}

void *loop_run(void *arg)
{
    struct scrape *s = arg;

    pthread_mutex_lock(&s->lock);
    while (!s->stop) {
        client_process(s->client);
        collect(s);
        uint64_t slow_ns = note_slow(s);
        take_turns(s);
        start_waiting(s);
        int timeout_ms = idle_ms(s, slow_ns);
        pthread_mutex_unlock(&s->lock);
        client_wait(s->client, timeout_ms);
        pthread_mutex_lock(&s->lock);
    }
    pthread_mutex_unlock(&s->lock);
    return NULL;
}

/* ---- taking ---- */

int loop_open_feed(struct scrape *s, struct target *t, struct error *err)
{
    if (t->feed)
        return 0;
    t->feed = feed_new(s->sink, s->metadata, str_of(t->group_name));
    if (!t->feed)
        return error_errno(err, -ENOMEM, "feed");
    target_configure(t, true, s->extra_metrics);
    return 0;
}

/* The text of what was fetched, unpacked where it needs to be. */
static int get_text(struct target *t, struct gunzip *gunzip, struct str *ret, struct error *err)
{
    if (!t->transfer)
        return error_set(err, -EIO, "%s", t->last_error);
    int code = transfer_result(t->transfer, err);
    if (code)
        return code;
    *ret = transfer_body(t->transfer);
    if (!transfer_is_gzip(t->transfer))
        return 0;
    return gunzip_text(gunzip, *ret, (size_t)transfer_body_max(t->transfer), ret, err);
}

/* Puts what was fetched, or that nothing was, into the store. The lock is not held. */
static void take(struct scrape *s, struct target *t, struct gunzip *gunzip, struct taken *ret)
{
    struct error unkept;
    struct str text;

    *ret = (struct taken){.duration_s = t->fetched_s};
    ret->code = loop_open_feed(s, t, &ret->err);
    if (ret->code)
        return;
    ret->code = get_text(t, gunzip, &text, &ret->err);
    ret->fetched = !ret->code;
    if (ret->fetched)
        ret->code = feed_scrape(t->feed, text, transfer_is_openmetrics(t->transfer), t->ts_ms,
                                ret->duration_s, &ret->result, &ret->err);
    else if (feed_failed(t->feed, t->ts_ms, ret->duration_s, ret->code == -EFBIG ? -1 : 0, &unkept))
        ret->err = unkept;
}

/* Says once when a target goes down or comes back, or when lines begin to be refused. */
static void log_change(const struct target *t, enum target_health now, const struct taken *taken)
{
    const char *url = t->spec.url.ptr, *job = t->spec.job_name.ptr;

    if (now == TARGET_DOWN && t->health != TARGET_DOWN)
        log_warn("scrape failed", "job", job, "target", url, "error", taken->err.text);
    else if (now == TARGET_UP && t->health == TARGET_DOWN)
        log_info("target is back", "job", job, "target", url);
    if (taken->result.lines_refused && !t->refusing && taken->result.first_refused[0])
        log_warn("lines refused", "job", job, "target", url, "lines",
                 LOG_NUM(taken->result.lines_refused), "first", taken->result.first_refused);
}

void loop_note(struct scrape *s, struct target *t, const struct taken *taken)
{
    /* The store's own trouble (-ENOSPC, -EIO, -ERANGE) does not make the target a bad one. */
    bool own = taken->code == -EBADMSG || taken->code == -E2BIG || taken->code == -EFBIG;
    bool down = taken->code && (own || !taken->fetched);
    bool troubled = taken->code && !down;
    enum target_health health = down ? TARGET_DOWN : TARGET_UP;

    log_change(t, health, taken);
    if (troubled != s->store_troubled && (troubled || !taken->code)) {
        if (troubled)
            log_error("scraped samples are not kept", "target", t->spec.url.ptr, "error",
                      taken->err.text);
        else
            log_info("scraped samples are kept again");
        s->store_troubled = troubled;
    }
    t->health = health;
    t->slow = taken->code == -ETIMEDOUT || (!t->transfer && !taken->fetched && t->slow);
    t->refusing = taken->result.lines_refused > 0;
    snprintf(t->last_error, sizeof(t->last_error), "%s", taken->code ? taken->err.text : "");
    t->last_scrape_ms = t->ts_ms;
    t->last_duration_s = taken->duration_s;
    t->last_samples = taken->code ? 0 : taken->result.samples;
    s->stats.scrapes_total++;
    s->stats.scrape_failures_total += down;
    s->stats.samples_total += t->last_samples;
    s->stats.lines_refused_total += taken->result.lines_refused;
}

/* Takes one outcome. The lock is held, and given up while the store works. */
static void take_one(struct scrape *s, struct gunzip *gunzip)
{
    struct target *t = queue_pop(&s->outcomes);
    struct taken taken;

    t->stage = STAGE_TAKEN;
    s->taking++;
    pthread_mutex_unlock(&s->lock);
    take(s, t, gunzip, &taken);
    pthread_mutex_lock(&s->lock);
    s->taking--;
    loop_note(s, t, &taken);
    if (t->transfer)
        client_release(s->client, t->transfer);
    t->transfer = NULL;
    t->stage = STAGE_IDLE;
    pthread_cond_broadcast(&s->quiet);
    if (s->waiting.first || s->waiting_slow.first)
        client_wake(s->client); /* a connection is free */
}

void *loop_ingest(void *arg)
{
    struct scrape *s = arg;
    struct gunzip *gunzip = gunzip_new();

    if (!gunzip) {
        log_error("no memory for an ingest thread");
        return NULL;
    }
    pthread_mutex_lock(&s->lock);
    while (!s->stop) {
        if (s->paused || !s->outcomes.first)
            thread_wait_until(&s->work, &s->lock, clock_mono_ns() + NS_PER_S);
        else
            take_one(s, gunzip);
    }
    pthread_mutex_unlock(&s->lock);
    gunzip_free(gunzip);
    return NULL;
}
