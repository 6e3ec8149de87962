/* watch.h - keeps an eye on every connection of a listener: closes those that dawdle, notices
 * clients that leave while a slow handler works for them, and feeds event streams.
 *
 * Threads: one, "http-watch": waits on the clock: looks every 100 ms while handlers or streams run,
 * every half second otherwise. */
#ifndef ALGALON_HTTP_WATCH_H
#define ALGALON_HTTP_WATCH_H

#include "base/base.h"

/* What a connection is doing, which says how long it may take. */
enum phase {
    PHASE_FRESH,  /* no complete request head yet since it was opened */
    PHASE_IDLE,   /* between requests */
    PHASE_BODY,   /* a request's body is on its way */
    PHASE_WORK,   /* a handler has it: no bound here */
    PHASE_ANSWER, /* the answer is on its way */
    PHASE_STREAM, /* an answer without an end */
    PHASE_COUNT
};

/* A connection as the watch sees it; embedded in the server's own. */
struct watched {
    struct watched *prev, *next; /* lock of the watch */
    uint64_t id;                 /* never used twice by one watch */
    int fd;
    atomic_int phase;
    atomic_uint_fast64_t since_ns; /* when the phase began, monotonic */
    atomic_bool gone;              /* the client has left while its handler ran */
    atomic_bool running;           /* a slow handler runs: look for `gone` */
    bool shut;                     /* lock: told to close already */
};

struct watch;
struct stream;

struct watch_options {
    uint64_t limit_ns[PHASE_COUNT]; /* how long each phase may last; 0: no bound */
    size_t connections_max;         /* above half of it the longest idle are closed */
    size_t streams_max;
    /* Take a connection of the HTTP library out of its loop, and put it back. */
    void (*suspend)(void *connection);
    void (*resume)(void *connection);
    /* Called about once a second on the watch's thread. */
    void (*tick)(void *ctx);
    void *ctx;
};

MUST_CHECK int watch_start(const struct watch_options *options, struct watch **ret,
                           struct error *err);
/** Ends the thread. Every connection and stream must be gone. NULL is fine. */
void watch_stop(struct watch *w);

void watch_add(struct watch *w, struct watched *c, int fd);
/** Before the socket is closed: its number may be used again at once. */
void watch_remove(struct watch *w, struct watched *c);
void watch_phase(struct watched *c, enum phase phase);
/** Between these two `gone` is looked for. */
void watch_run_begin(struct watch *w, struct watched *c);
void watch_run_end(struct watch *w, struct watched *c);
/** Sets `gone` on every running connection: the server ends. */
void watch_cancel_all(struct watch *w);

/* ---- streams ---- */

/**
 * A stream for `connection` of the HTTP library, whose watched part is `c`. NULL when there are too
 * many; then `done` was not called.
 */
struct stream *watch_stream_new(struct watch *w, struct watched *c, void *connection,
                                int (*next)(void *ctx, struct buf *to), void (*done)(void *ctx),
                                void *ctx);
/** Takes up to `max` bytes; 0: none now, the connection has been suspended; -1: the stream is over.
 * On the library's thread. */
ssize_t watch_stream_take(struct stream *s, char *to, size_t max);
/** The library is finished with it. `done` runs now or when next() returns. */
void watch_stream_close(struct stream *s);
/** Ends every stream, as when its `next` said so; `for_good`: and takes no new ones. */
void watch_end_streams(struct watch *w, bool for_good);

#endif
