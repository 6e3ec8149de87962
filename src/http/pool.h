/* pool.h - a few threads behind a bounded queue. */
#ifndef ALGALON_HTTP_POOL_H
#define ALGALON_HTTP_POOL_H

#include "base/base.h"

struct pool;

/** Starts `threads` threads named NAME-1, NAME-2 ... with stacks of `stack_bytes`; they wait for
 * work or pool_stop(). `reserve`: places in the queue beside `queue_max`. */
MUST_CHECK int pool_start(const char *name, unsigned threads, size_t stack_bytes, size_t queue_max,
                          size_t reserve, struct pool **ret, struct error *err);

/** Queues `run(arg)`; false when the queue is full or the pool stops. */
MUST_CHECK bool pool_submit(struct pool *p, void (*run)(void *arg), void *arg);

/** The same with the reserve: for those who see to it that they are not more. */
MUST_CHECK bool pool_submit_reserved(struct pool *p, void (*run)(void *arg), void *arg);

/** Runs what is queued, then ends the threads; what comes later is refused. NULL is fine. */
void pool_drain(struct pool *p);

/** The same, and frees it. NULL is fine. */
void pool_stop(struct pool *p);

#endif
