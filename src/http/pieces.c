/* pieces.c - the library asks for bytes; when none are left, the connection waits outside of the
 * library's loop while a thread of the slow pool makes the next piece. A client that reads slowly
 * holds no thread. */
#include "http/pieces.h"

#include "http/pool.h"
#include "http/server.h"

#include <stdlib.h>

/* Belongs to the library's thread, and to the pool's while the connection is suspended. */
struct pieces {
    struct http_request *r;
    struct http_server *server;
    http_next_piece *next;
    void (*done)(void *ctx);
    void *ctx;
    struct buf pending; /* `sent` bytes of it are with the library */
    size_t sent;
    int end; /* 0: more can be made; else PIECES_END or PIECES_BROKEN */
};

struct pieces *pieces_new(struct http_request *r, struct buf *first, http_next_piece *next,
                          void (*done)(void *ctx), void *ctx)
{
    struct http_server *s = r->server;

    if (atomic_fetch_add(&s->piece_answers, 1) >= PIECES_AT_ONCE) {
        atomic_fetch_sub(&s->piece_answers, 1);
        return NULL;
    }
    struct pieces *p = xnew(struct pieces);
    *p = (struct pieces){.r = r, .server = s, .next = next, .done = done, .ctx = ctx};
    p->pending = *first;
    buf_init(first, 0);
    atomic_fetch_add(&s->bytes, p->pending.len);
    return p;
}

static void make(void *arg)
{
    struct pieces *p = arg;
    int code = p->next(p->ctx, &p->r->watched.gone, &p->pending);

    if (code < 0 || p->pending.failed)
        p->end = PIECES_BROKEN;
    else if (code > 0)
        p->end = PIECES_END;
    atomic_fetch_add(&p->server->bytes, p->pending.len);
    watch_phase(&p->r->watched, PHASE_ANSWER);
    watch_run_end(p->server->watch, &p->r->watched);
    server_resume(p->r);
}

ssize_t pieces_take(struct pieces *p, char *to, size_t max)
{
    size_t n = MIN(max, p->pending.len - p->sent);

    if (n) {
        memcpy(to, p->pending.ptr + p->sent, n);
        p->sent += n;
        return (ssize_t)n;
    }
    if (p->end)
        return p->end;
    buf_reset(&p->pending);
    p->sent = 0;
    watch_phase(&p->r->watched, PHASE_WORK);
    server_suspend(p->r);
    watch_run_begin(p->server->watch, &p->r->watched);
    if (!pool_submit_reserved(p->server->slow, make, p)) { /* the server stops */
        p->end = PIECES_BROKEN;
        watch_run_end(p->server->watch, &p->r->watched);
        server_resume(p->r);
    }
    return 0;
}

void pieces_close(struct pieces *p)
{
    p->done(p->ctx);
    atomic_fetch_sub(&p->server->piece_answers, 1);
    buf_fini(&p->pending);
    free(p);
}
