/* pool.h - a few threads behind a bounded queue. */
#ifndef ALGALON_HTTP_POOL_H
#define ALGALON_HTTP_POOL_H

#include "base/base.h"

struct pool;

/** Starts `threads` threads named NAME-1, NAME-2 ... with stacks of `stack_bytes`; they wait for
 * work or pool_stop(). */
MUST_CHECK int pool_start(const char *name, unsigned threads, size_t stack_bytes, size_t queue_max,
                          struct pool **ret, struct error *err);

/** Queues `run(arg)`; false when the queue is full or the pool stops. */
MUST_CHECK bool pool_submit(struct pool *p, void (*run)(void *arg), void *arg);

/** Runs what is queued, then ends the threads. NULL is fine. */
void pool_stop(struct pool *p);

#endif
