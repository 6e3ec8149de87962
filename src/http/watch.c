/* watch.c - one list of connections, one of streams, one lock. */
#include "http/watch.h"

#include <poll.h>
#include <stdlib.h>
#include <sys/socket.h>

#define LOOK_MS      100          /* how soon a client's leaving or a new event is noticed */
#define IDLE_WAIT_MS 500          /* with nothing running and no stream */
#define SWEEP_NS     NS_PER_S     /* how often deadlines are looked at */
#define SHED_MIN_NS  NS_PER_S     /* a connection is not idle before */
#define STREAM_AHEAD (1u << 20)   /* bytes a stream may lie ahead of its client */
#define STACK_BYTES  (256u << 10) /* next() of a stream runs on it */
#ifdef POLLRDHUP
#define LEFT_EVENTS POLLRDHUP
#else
#define LEFT_EVENTS 0
#endif

struct stream {
    struct stream *prev, *next_stream; /* lock */
    struct watch *watch;
    struct watched *conn;
    void *connection;
    int (*next)(void *ctx, struct buf *to);
    void (*done)(void *ctx);
    void *ctx;
    struct buf pending; /* lock; `sent` bytes of it are with the library */
    size_t sent;
    uint64_t round;        /* lock: its last turn */
    bool suspended, ended; /* lock */
    bool busy;             /* lock: next() runs; watch_stream_close() leaves the rest to it */
    bool closed;           /* lock */
};

struct watch {
    struct watch_options options;
    pthread_t thread;
    pthread_mutex_t lock; /* connections, streams, counts, stopping */
    pthread_cond_t wake;
    struct watched *connections;
    struct stream *streams;
    size_t connection_len, stream_len;
    atomic_size_t running;
    bool stopping, no_streams;
    struct pollfd *fds; /* the thread's own */
    uint64_t *ids;      /* whose socket stands in fds[i] */
    size_t fd_cap, id_cap;
    uint64_t last_id; /* lock */
    uint64_t round;
    uint64_t next_sweep_ns;
};

/* ---- connections ---- */

void watch_add(struct watch *w, struct watched *c, int fd)
{
    c->fd = fd;
    atomic_init(&c->gone, false);
    atomic_init(&c->running, false);
    watch_phase(c, PHASE_FRESH);
    pthread_mutex_lock(&w->lock);
    c->id = ++w->last_id;
    c->prev = NULL;
    c->next = w->connections;
    if (c->next)
        c->next->prev = c;
    w->connections = c;
    w->connection_len++;
    pthread_mutex_unlock(&w->lock);
}

void watch_remove(struct watch *w, struct watched *c)
{
    pthread_mutex_lock(&w->lock);
    if (c->prev)
        c->prev->next = c->next;
    else
        w->connections = c->next;
    if (c->next)
        c->next->prev = c->prev;
    w->connection_len--;
    pthread_mutex_unlock(&w->lock);
}

void watch_phase(struct watched *c, enum phase phase)
{
    atomic_store(&c->since_ns, clock_mono_ns());
    atomic_store(&c->phase, phase);
}

void watch_run_begin(struct watch *w, struct watched *c)
{
    atomic_store(&c->gone, false);
    atomic_store(&c->running, true);
    atomic_fetch_add(&w->running, 1);
}

void watch_run_end(struct watch *w, struct watched *c)
{
    atomic_store(&c->running, false);
    atomic_fetch_sub(&w->running, 1);
}

void watch_cancel_all(struct watch *w)
{
    pthread_mutex_lock(&w->lock);
    for (struct watched *c = w->connections; c; c = c->next)
        if (atomic_load(&c->running))
            atomic_store(&c->gone, true);
    pthread_mutex_unlock(&w->lock);
}

/* Closing is the library's work: it sees the end of the connection once both ways are shut. */
static void shut(struct watched *c)
{
    c->shut = true;
    shutdown(c->fd, SHUT_RDWR);
}

/* How long it has been in its phase. It may enter the next one meanwhile: the clock is read once.
 */
static uint64_t age_of(const struct watched *c, uint64_t now)
{
    uint64_t since = atomic_load(&c->since_ns);

    return since < now ? now - since : 0;
}

static bool is_idle(const struct watched *c, uint64_t now)
{
    int phase = atomic_load(&c->phase);
    return !c->shut && (phase == PHASE_FRESH || phase == PHASE_IDLE) &&
           age_of(c, now) > SHED_MIN_NS;
}

/* Closes the longest idle connections until half the places are free or none is idle: newcomers
 * find a place whatever the others do. */
static void shed(struct watch *w, uint64_t now)
{
    size_t keep = w->options.connections_max / 2;

    for (size_t n = w->connection_len; n > keep; n--) {
        struct watched *oldest = NULL;
        for (struct watched *c = w->connections; c; c = c->next)
            if (is_idle(c, now) &&
                (!oldest || atomic_load(&c->since_ns) < atomic_load(&oldest->since_ns)))
                oldest = c;
        if (!oldest)
            return;
        shut(oldest);
    }
}

static void sweep(struct watch *w, uint64_t now)
{
    pthread_mutex_lock(&w->lock);
    for (struct watched *c = w->connections; c; c = c->next) {
        uint64_t limit = w->options.limit_ns[atomic_load(&c->phase)];
        if (limit && !c->shut && age_of(c, now) > limit)
            shut(c);
    }
    shed(w, now);
    pthread_mutex_unlock(&w->lock);
}

/* ---- streams ---- */

struct stream *watch_stream_new(struct watch *w, struct watched *c, void *connection,
                                int (*next)(void *ctx, struct buf *to), void (*done)(void *ctx),
                                void *ctx)
{
    struct stream *s = NULL;

    pthread_mutex_lock(&w->lock);
    if (w->stream_len < w->options.streams_max && !w->no_streams) {
        s = xnew(struct stream);
        *s = (struct stream){.watch = w,
                             .conn = c,
                             .connection = connection,
                             .next = next,
                             .done = done,
                             .ctx = ctx,
                             .next_stream = w->streams};
        buf_init(&s->pending, STREAM_AHEAD * 16);
        if (w->streams)
            w->streams->prev = s;
        w->streams = s;
        w->stream_len++;
        pthread_cond_signal(&w->wake);
    }
    pthread_mutex_unlock(&w->lock);
    return s;
}

/* lock is held; the stream is out of the list when it returns. */
static void unlink_stream(struct stream *s)
{
    struct watch *w = s->watch;

    if (s->prev)
        s->prev->next_stream = s->next_stream;
    else
        w->streams = s->next_stream;
    if (s->next_stream)
        s->next_stream->prev = s->prev;
    w->stream_len--;
}

static void free_stream(struct stream *s)
{
    s->done(s->ctx);
    buf_fini(&s->pending);
    free(s);
}

ssize_t watch_stream_take(struct stream *s, char *to, size_t max)
{
    struct watch *w = s->watch;
    ssize_t taken = 0;

    pthread_mutex_lock(&w->lock);
    size_t n = MIN(max, s->pending.len - s->sent);
    if (n) {
        memcpy(to, s->pending.ptr + s->sent, n);
        s->sent += n;
        taken = (ssize_t)n;
        if (s->sent == s->pending.len) {
            buf_reset(&s->pending);
            s->sent = 0;
        }
    } else if (s->ended) {
        taken = -1;
    } else {
        s->suspended = true;
        w->options.suspend(s->connection);
    }
    pthread_mutex_unlock(&w->lock);
    return taken;
}

void watch_stream_close(struct stream *s)
{
    struct watch *w = s->watch;

    pthread_mutex_lock(&w->lock);
    bool busy = s->busy;
    s->closed = true;
    s->suspended = false;
    if (!busy)
        unlink_stream(s);
    pthread_mutex_unlock(&w->lock);
    if (!busy)
        free_stream(s);
}

/* lock is held. */
static void resume(struct stream *s)
{
    if (!s->suspended || s->closed)
        return;
    s->suspended = false;
    s->watch->options.resume(s->connection);
}

void watch_end_streams(struct watch *w, bool for_good)
{
    pthread_mutex_lock(&w->lock);
    w->no_streams = for_good || w->no_streams;
    for (struct stream *s = w->streams; s; s = s->next_stream) {
        s->ended = true;
        resume(s);
    }
    pthread_mutex_unlock(&w->lock);
}

/* Asks one stream for more. The lock is held, let go while next() runs, and held again; `s` may be
 * freed when it returns. */
static void feed(struct watch *w, struct stream *s)
{
    struct buf more;

    if (s->ended || s->pending.len - s->sent > STREAM_AHEAD)
        return;
    s->busy = true;
    pthread_mutex_unlock(&w->lock);
    buf_init(&more, 0);
    bool over = s->next(s->ctx, &more) < 0 || more.failed;
    pthread_mutex_lock(&w->lock);
    s->busy = false;
    if (s->closed) {
        unlink_stream(s);
        pthread_mutex_unlock(&w->lock);
        free_stream(s);
        pthread_mutex_lock(&w->lock);
    } else {
        buf_str_add(&s->pending, buf_str(&more));
        s->ended = over || s->pending.failed;
        if (more.len || s->ended)
            resume(s);
    }
    buf_fini(&more);
}

/* Streams come and go while next() runs, so each walk starts at the front again and passes over
 * those that had their turn. */
static void feed_streams(struct watch *w)
{
    pthread_mutex_lock(&w->lock);
    uint64_t round = ++w->round;
    for (struct stream *s = w->streams; s;) {
        if (s->round == round) {
            s = s->next_stream;
            continue;
        }
        s->round = round;
        feed(w, s);
        s = w->streams;
    }
    pthread_mutex_unlock(&w->lock);
}

/* ---- clients that leave ---- */

/* lock is held. Streams whose client left end; the rest follows from that. */
static void end_stream_of(struct watch *w, const struct watched *c)
{
    for (struct stream *s = w->streams; s; s = s->next_stream)
        if (s->conn == c) {
            s->ended = true;
            resume(s);
        }
}

/* Fills the arrays with the sockets to look at: of running handlers and of streams. */
static size_t gather(struct watch *w)
{
    size_t n = 0;

    pthread_mutex_lock(&w->lock);
    struct pollfd *fds = array_grow(w->fds, &w->fd_cap, w->connection_len + 1, sizeof(*w->fds));
    w->fds = fds ? fds : w->fds;
    uint64_t *ids = array_grow(w->ids, &w->id_cap, w->connection_len + 1, sizeof(*w->ids));
    w->ids = ids ? ids : w->ids;
    for (struct watched *c = w->connections; c && fds && ids; c = c->next) {
        if (!atomic_load(&c->running) && atomic_load(&c->phase) != PHASE_STREAM)
            continue;
        w->fds[n] = (struct pollfd){.fd = c->fd, .events = LEFT_EVENTS};
        w->ids[n++] = c->id;
    }
    pthread_mutex_unlock(&w->lock);
    return n;
}

/* Notes who has left. The connection may have been closed since gather(), and the socket's number
 * used again: so it is looked up by its own, which never is. */
static void note_the_gone(struct watch *w, size_t n)
{
    pthread_mutex_lock(&w->lock);
    for (size_t i = 0; i < n; i++) {
        if (!(w->fds[i].revents & (LEFT_EVENTS | POLLHUP | POLLERR)))
            continue;
        for (struct watched *c = w->connections; c; c = c->next) {
            if (c->id != w->ids[i])
                continue;
            if (atomic_load(&c->running))
                atomic_store(&c->gone, true);
            if (atomic_load(&c->phase) == PHASE_STREAM)
                end_stream_of(w, c);
        }
    }
    pthread_mutex_unlock(&w->lock);
}

/* ---- the thread ---- */

/* Waits for the next look; false when the watch ends. A stream just made cuts the wait short. */
static bool wait_for_work(struct watch *w)
{
    pthread_mutex_lock(&w->lock);
    bool busy = w->stream_len || atomic_load(&w->running);
    if (!w->stopping)
        thread_wait_until(&w->wake, &w->lock,
                          clock_mono_ns() + (busy ? LOOK_MS : IDLE_WAIT_MS) * (uint64_t)NS_PER_MS);
    bool stopping = w->stopping;
    pthread_mutex_unlock(&w->lock);
    return !stopping;
}

static void *run_watch(void *arg)
{
    struct watch *w = arg;

    while (wait_for_work(w)) {
        uint64_t now = clock_mono_ns();
        size_t n = gather(w);
        if (n && poll(w->fds, n, 0) > 0)
            note_the_gone(w, n);
        feed_streams(w);
        if (now >= w->next_sweep_ns) {
            w->next_sweep_ns = now + SWEEP_NS;
            sweep(w, now);
            w->options.tick(w->options.ctx);
        }
    }
    return NULL;
}

int watch_start(const struct watch_options *options, struct watch **ret, struct error *err)
{
    struct watch *w = xnew(struct watch);

    w->options = *options;
    pthread_mutex_init(&w->lock, NULL);
    thread_cond_init(&w->wake);
    int code = thread_start_small(&w->thread, "http-watch", STACK_BYTES, run_watch, w, err);
    if (code) {
        pthread_cond_destroy(&w->wake);
        pthread_mutex_destroy(&w->lock);
        free(w);
        return code;
    }
    *ret = w;
    return 0;
}

void watch_stop(struct watch *w)
{
    if (!w)
        return;
    pthread_mutex_lock(&w->lock);
    w->stopping = true;
    pthread_cond_broadcast(&w->wake);
    pthread_mutex_unlock(&w->lock);
    pthread_join(w->thread, NULL);
    pthread_cond_destroy(&w->wake);
    pthread_mutex_destroy(&w->lock);
    free(w->fds);
    free(w->ids);
    free(w);
}
