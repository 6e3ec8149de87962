/* forward.c - rows into blocks, blocks into the queue; see forward.h. */
#include "forward/forward.h"

#include "queue.h"
#include "receivers.h"
#include "remote/remote.h"

#include <stdlib.h>

#define FLUSH_NS          ((uint64_t)NS_PER_S / 2)
#define BLOCK_BYTES       ((size_t)1 << 20)  /* of a message; some 8,000 samples */
#define PENDING_BYTES_MAX ((size_t)64 << 20) /* of messages in memory; further rows are lost */
#define PENDING_BYTES_GO  ((size_t)4 << 20)  /* so many are written without waiting for the clock */
#define GROUP_BYTES_MAX   ((size_t)256 << 20) /* labels of one target */

/* A series of a target. What is sent is `own` until there are external labels. */
struct series {
    struct str own; /* labels as the message has them */
    char *merged;   /* the same with external labels; NULL: not made yet */
    size_t merged_len;
    unsigned era; /* of the external labels in `merged` */
};

/* What scraping calls a group. */
struct target {
    struct str name;
    struct group *kept; /* of the store; NULL without one */
    struct arena arena;
    struct series *columns; /* with a store made when their first sample is to be sent */
    size_t len, cap;
    struct map by_labels; /* column + 1, where there is no store that numbers them */
};

/* A message being gathered: `cuts` are the ends of blocks in it. */
struct cut {
    size_t end;
    uint32_t samples;
};
struct pending {
    struct buf bytes;
    struct cut *cuts;
    size_t len, cap;
    uint32_t samples; /* behind the last cut */
};

struct forward {
    struct store *store;
    struct receivers *receivers;
    atomic_bool receiving; /* there are some */
    pthread_t thread;
    bool started, failing; /* failing: the queue takes nothing; the thread's */

    pthread_mutex_t lock; /* lock: everything below */
    pthread_cond_t more;
    bool stop;
    bool full;          /* the queue has no room: what comes is refused */
    struct map targets; /* by name, which the target's arena holds */
    struct pending pending;
    struct pending spare; /* the thread's while it writes */
    struct arena external_arena;
    struct labels external;
    unsigned era; /* rises with each change of `external`; 0: there are none */
    uint64_t samples, lost, refused;
};

/* ---- targets and their columns ---- */

static void target_free(struct target *t)
{
    for (size_t i = 0; i < t->len; i++)
        free(t->columns[i].merged);
    free(t->columns);
    map_fini(&t->by_labels);
    arena_fini(&t->arena);
    free(t);
}

static struct target *target_new(struct forward *f, struct str name)
{
    struct target *t = calloc(1, sizeof(*t));
    char *copy;

    if (!t)
        return NULL;
    arena_init(&t->arena, GROUP_BYTES_MAX);
    map_init(&t->by_labels);
    copy = arena_strndup(&t->arena, name.ptr, name.len);
    t->name = str_make(copy, name.len);
    if (!copy || map_put(&f->targets, t->name, t, NULL)) {
        target_free(t);
        return NULL;
    }
    return t;
}

static int to_group(void *self, struct str name, struct group **ret, struct error *err)
{
    struct forward *f = self;
    struct group *kept = NULL;
    int code = f->store ? store_group(f->store, name, &kept, err) : 0;

    if (code)
        return code;
    pthread_mutex_lock(&f->lock);
    struct target *t = map_get(&f->targets, name);
    if (!t)
        t = target_new(f, name);
    if (t)
        t->kept = kept;
    pthread_mutex_unlock(&f->lock);
    if (!t)
        return error_errno(err, -ENOMEM, "target %.*s", STR_ARG(name));
    *ret = (struct group *)t; /* opaque to scraping */
    return 0;
}

/* Adds a column; `labels` are copied. */
static int add_column(struct target *t, struct labels labels, struct str *ret_own)
{
    struct series *grown = array_grow(t->columns, &t->cap, t->len + 1, sizeof(*grown));
    struct buf text;

    if (!grown)
        return -ENOMEM;
    t->columns = grown;
    buf_init(&text, 0);
    write_labels_add(&text, labels);
    char *copy = text.failed ? NULL : arena_strndup(&t->arena, text.ptr, text.len);
    *ret_own = str_make(copy, text.len);
    buf_fini(&text);
    if (!copy)
        return -ENOMEM;
    t->columns[t->len++] = (struct series){.own = *ret_own};
    return 0;
}

/* Where no store numbers them: the place of the same labels before, or the next. */
static int place_column(struct target *t, struct labels labels, uint32_t *ret)
{
    struct buf text;
    struct str own;

    buf_init(&text, 0);
    write_labels_add(&text, labels);
    void *known = text.failed ? NULL : map_get(&t->by_labels, buf_str(&text));
    int code = text.failed ? -ENOMEM : 0;
    buf_fini(&text);
    *ret = known ? (uint32_t)((uintptr_t)known - 1) : (uint32_t)t->len;
    if (code || known)
        return code;
    code = add_column(t, labels, &own);
    return code ? code : map_put(&t->by_labels, own, (void *)(uintptr_t)t->len, NULL);
}

static int to_column(void *self, struct group *g, struct labels labels, uint32_t *ret,
                     struct error *err)
{
    struct forward *f = self;
    struct target *t = (struct target *)g;

    if (f->store)
        return store_column(f->store, t->kept, labels, ret, err);
    int code = place_column(t, labels, ret);
    return code ? error_errno(err, code, "series to be sent") : 0;
}

/* Gets the columns up to `n` from the store. Those that cannot be had now are lost in this row. */
static void learn_columns(struct forward *f, struct target *t, size_t n)
{
    struct labels labels;
    struct arena a;
    struct str own;
    int code = 0;

    if (t->len >= n)
        return;
    arena_init(&a, 0);
    while (t->len < n && !code) {
        arena_reset(&a);
        code = store_column_labels(f->store, t->kept, (uint32_t)t->len, &a, &labels, NULL);
        if (!code)
            code = add_column(t, labels, &own);
    }
    arena_fini(&a);
}

/* ---- external labels ---- */

void forward_set_external(struct forward *f, struct labels labels)
{
    pthread_mutex_lock(&f->lock);
    if (!labels_equal(f->external, labels)) {
        arena_reset(&f->external_arena);
        if (labels_copy(labels, &f->external_arena, &f->external))
            f->external = (struct labels){0};
        f->era++;
    }
    pthread_mutex_unlock(&f->lock);
}

/* The labels of `own` and the external ones that it does not have, as the message has them. False:
 * memory is out, or there are too many. The lock is held. */
static bool print_with_external(const struct forward *f, struct labels own, struct buf *to)
{
    struct label_builder b;
    struct labels all;

    label_builder_init(&b, f->external);
    for (size_t i = 0; i < own.len; i++)
        label_builder_set(&b, own.items[i].name, own.items[i].value);
    if (label_builder_view(&b, &all, NULL))
        return false;
    write_labels_add(to, all);
    return !to->failed;
}

/* Makes `merged` anew: what the series says itself goes first. False: memory is out. */
static bool merge(const struct forward *f, struct series *c)
{
    struct write_item item;
    struct buf text, merged;

    buf_init(&text, 0);
    buf_init(&merged, 0);
    write_series_add(&text, c->own, NULL, 0);
    struct write_reader reader = write_reader_of(buf_str(&text));
    bool good = !text.failed && !write_reader_next(&reader, &item, NULL) && !item.fault &&
                print_with_external(f, item.labels, &merged);
    size_t len = merged.len;
    char *taken = good ? buf_take(&merged) : NULL;
    if (taken) {
        free(c->merged);
        c->merged = taken;
        c->merged_len = len;
        c->era = f->era;
    }
    buf_fini(&merged);
    buf_fini(&text);
    return taken != NULL;
}

/* ---- rows ---- */

/* Ends the block that is gathered when it is large enough; the lock is held. */
static void maybe_cut(struct pending *p)
{
    size_t from = p->len ? p->cuts[p->len - 1].end : 0;

    if (p->bytes.len - from < BLOCK_BYTES)
        return;
    struct cut *grown = array_grow(p->cuts, &p->cap, p->len + 2, sizeof(*grown));
    if (!grown)
        return; /* the block grows longer */
    p->cuts = grown;
    p->cuts[p->len++] = (struct cut){p->bytes.len, p->samples};
    p->samples = 0;
}

/* Adds a sample of the series `labels`, as the message has them; the lock is held. */
static void gather_one(struct forward *f, struct str labels, const struct write_sample *sample)
{
    struct pending *p = &f->pending;
    size_t before = p->bytes.len;

    if (before <= PENDING_BYTES_MAX)
        write_series_add(&p->bytes, labels, sample, 1);
    if (before > PENDING_BYTES_MAX || p->bytes.failed) { /* half a series would spoil the block */
        p->bytes.len = before;
        p->bytes.failed = false;
        f->lost++;
        return;
    }
    p->samples++;
    maybe_cut(p);
}

/* A sample of the i-th column of a row; the lock is held. */
static void gather_sample(struct forward *f, struct target *t, size_t i,
                          const struct write_sample *sample)
{
    struct series *c = i < t->len ? &t->columns[i] : NULL;
    bool plain = !f->external.len;

    f->samples++;
    if (f->full)
        f->refused++;
    else if (!c || (!plain && c->era != f->era && !merge(f, c)))
        f->lost++;
    else
        gather_one(f, plain ? c->own : str_make(c->merged, c->merged_len), sample);
}

/* Adds a row to what is gathered; false: it was refused. */
static bool gather(struct forward *f, struct target *t, int64_t ts_ms, const double *values,
                   size_t n)
{
    pthread_mutex_lock(&f->lock);
    for (size_t i = 0; i < n; i++) {
        const struct write_sample sample = {ts_ms, values[i]};
        if (!value_is_absent(values[i]))
            gather_sample(f, t, i, &sample);
    }
    bool taken = !f->full;
    if (f->pending.bytes.len >= PENDING_BYTES_GO)
        pthread_cond_signal(&f->more);
    pthread_mutex_unlock(&f->lock);
    return taken;
}

void forward_push(struct forward *f, const struct store_sample *samples, size_t n)
{
    struct buf labels;

    if (!atomic_load(&f->receiving))
        return;
    buf_init(&labels, 0);
    pthread_mutex_lock(&f->lock);
    for (size_t i = 0; i < n; i++) {
        const struct write_sample sample = {samples[i].ts_ms, samples[i].value};
        f->samples++;
        buf_reset(&labels);
        if (f->full)
            f->refused++;
        else if (print_with_external(f, samples[i].labels, &labels))
            gather_one(f, buf_str(&labels), &sample);
        else
            f->lost++;
    }
    if (f->pending.bytes.len >= PENDING_BYTES_GO)
        pthread_cond_signal(&f->more);
    pthread_mutex_unlock(&f->lock);
    buf_fini(&labels);
}

/* What the store keeps is not refused for want of room in the queue: it is there to be asked. */
static int to_append(void *self, struct group *g, int64_t ts_ms, const double *values, size_t n,
                     struct error *err)
{
    struct forward *f = self;
    struct target *t = (struct target *)g;
    int code = f->store ? store_append(f->store, t->kept, ts_ms, values, n, err) : 0;

    if (code || !atomic_load(&f->receiving))
        return code;
    if (f->store)
        learn_columns(f, t, n);
    if (!gather(f, t, ts_ms, values, n) && !f->store)
        return error_set(err, -ENOSPC,
                         "the queue of samples to be sent is full: no receiver takes them "
                         "(--remote-write-queue-full=refuse)");
    return 0;
}

static void to_end(void *self, struct group *g)
{
    struct forward *f = self;
    struct target *t = (struct target *)g;

    pthread_mutex_lock(&f->lock);
    map_take(&f->targets, t->name);
    pthread_mutex_unlock(&f->lock);
    if (f->store)
        store_group_end(f->store, t->kept);
    target_free(t);
}

struct sink forward_sink(struct forward *f)
{
    return (struct sink){f, to_group, to_column, to_append, to_end};
}

/* ---- the thread that writes blocks ---- */

/* Packs and queues one block; what cannot be is lost and counted. */
static void queue_block(struct forward *f, struct str message, uint32_t samples)
{
    struct queue *queue = receivers_queue(f->receivers);
    struct buf packed;
    struct error err = {0};

    if (!queue)
        return; /* nobody was to get it */
    buf_init(&packed, 0);
    int code = snappy_encode(message, &packed, &err);
    if (!code)
        code = queue_append(queue, buf_str(&packed), samples, clock_now_ms(), &err);
    buf_fini(&packed);
    if (code) {
        pthread_mutex_lock(&f->lock);
        f->lost += samples;
        pthread_mutex_unlock(&f->lock);
    }
    if (code && !f->failing)
        log_error("samples to be sent are lost", "error", err.text);
    else if (!code && f->failing)
        log_info("samples to be sent are queued again");
    f->failing = code != 0;
}

/* Whether the queue takes more. While it does not, what was taken waits in memory, and no more is
 * taken. */
static bool has_room(struct forward *f)
{
    struct queue *queue = receivers_queue(f->receivers);
    bool room = !queue || queue_has_room(queue, clock_now_ms());

    pthread_mutex_lock(&f->lock);
    bool before = !f->full;
    f->full = !room;
    pthread_mutex_unlock(&f->lock);
    if (before && !room)
        log_error("the queue of samples to be sent is full, new ones are refused", "option",
                  "--remote-write-queue-full=refuse");
    else if (room && !before)
        log_info("the queue of samples to be sent has room again");
    return room;
}

/* Writes what was gathered. */
static void flush(struct forward *f)
{
    size_t from = 0;

    pthread_mutex_lock(&f->lock);
    struct pending full = f->pending;
    f->pending = f->spare;
    f->spare = (struct pending){0};
    pthread_mutex_unlock(&f->lock);
    for (size_t i = 0; i < full.len; i++) {
        queue_block(f, str_make(full.bytes.ptr + from, full.cuts[i].end - from),
                    full.cuts[i].samples);
        from = full.cuts[i].end;
    }
    if (full.bytes.len > from)
        queue_block(f, str_make(full.bytes.ptr + from, full.bytes.len - from), full.samples);
    if (full.bytes.len)
        receivers_wake(f->receivers);
    buf_reset(&full.bytes);
    if (full.bytes.cap > 2 * PENDING_BYTES_GO)
        buf_fini(&full.bytes);
    full.len = full.samples = 0;
    pthread_mutex_lock(&f->lock);
    f->spare = full;
    pthread_mutex_unlock(&f->lock);
}

static void *run(void *arg)
{
    struct forward *f = arg;
    bool stop = false;

    while (!stop) {
        uint64_t until = clock_mono_ns() + FLUSH_NS;
        pthread_mutex_lock(&f->lock);
        while (!f->stop && (f->full || f->pending.bytes.len < PENDING_BYTES_GO) &&
               !thread_wait_until(&f->more, &f->lock, until))
            ;
        stop = f->stop;
        pthread_mutex_unlock(&f->lock);
        if (has_room(f) || stop) /* what was taken outlives the end, bound or not */
            flush(f);
        receivers_tend(f->receivers);
    }
    return NULL;
}

/* ---- opening, closing, status ---- */

int forward_open(const struct forward_options *options, struct forward **ret, struct error *err)
{
    struct forward *f = xnew(struct forward);
    struct forward_change *change = NULL;

    f->store = options->store;
    f->receivers = receivers_new(options);
    pthread_mutex_init(&f->lock, NULL);
    thread_cond_init(&f->more);
    arena_init(&f->external_arena, 0);
    map_init(&f->targets);
    int code = forward_prepare(f, options->receivers, &change, err);
    if (!code)
        code = thread_start(&f->thread, "forward", run, f, err);
    f->started = !code;
    if (!code)
        forward_commit(f, change);
    else
        forward_drop(change);
    if (code)
        forward_close(f);
    else
        *ret = f;
    return code;
}

int forward_prepare(struct forward *f, struct scrape_receivers *list, struct forward_change **ret,
                    struct error *err)
{
    return receivers_prepare(f->receivers, list, ret, err);
}

void forward_commit(struct forward *f, struct forward_change *change)
{
    atomic_store(&f->receiving, receivers_commit(f->receivers, change) > 0);
}

void forward_drop(struct forward_change *change)
{
    receivers_drop(change);
}

static void pending_fini(struct pending *p)
{
    buf_fini(&p->bytes);
    free(p->cuts);
}

void forward_close(struct forward *f)
{
    struct map_entry *entry;

    if (!f)
        return;
    pthread_mutex_lock(&f->lock);
    f->stop = true;
    pthread_cond_signal(&f->more);
    pthread_mutex_unlock(&f->lock);
    if (f->started)
        pthread_join(f->thread, NULL);
    receivers_close(f->receivers);
    for (size_t at = 0; (entry = map_next(&f->targets, &at));)
        target_free(entry->value);
    map_fini(&f->targets);
    pending_fini(&f->pending);
    pending_fini(&f->spare);
    arena_fini(&f->external_arena);
    pthread_cond_destroy(&f->more);
    pthread_mutex_destroy(&f->lock);
    free(f);
}

void forward_get_totals(struct forward *f, struct forward_totals *ret)
{
    struct queue *queue = receivers_queue(f->receivers);
    struct queue_stats stats = {0};

    if (queue)
        queue_get_stats(queue, &stats);
    pthread_mutex_lock(&f->lock);
    *ret = (struct forward_totals){f->samples, f->lost, f->refused, stats.bytes, f->full};
    pthread_mutex_unlock(&f->lock);
}

size_t forward_get_stats(struct forward *f, struct forward_stats ret[FORWARD_RECEIVERS_MAX])
{
    return receivers_get_stats(f->receivers, ret);
}
