/* thread.h - named threads, waits that end, and the one stop flag of the process. */
#ifndef ALGALON_BASE_THREAD_H
#define ALGALON_BASE_THREAD_H

#include "base/error.h"
#include "base/std.h"

#include <pthread.h>

/** Starts a thread named `name` (15 characters at most) with all signals blocked. Join it with
 * pthread_join(). */
MUST_CHECK int thread_start(pthread_t *ret, const char *name, void *(*run)(void *), void *arg,
                            struct error *err);

/** The same with a stack of `stack_bytes` (raised to what the system asks for): for programs that
 * count their memory, since a stack of the usual 8 MiB may be backed by huge pages at first touch.
 */
MUST_CHECK int thread_start_small(pthread_t *ret, const char *name, size_t stack_bytes,
                                  void *(*run)(void *), void *arg, struct error *err);

/** A condition variable on the monotonic clock, for thread_wait_until(). */
void thread_cond_init(pthread_cond_t *cond);

/** Waits on `cond` until signalled or `deadline_mono_ns`; true when the deadline passed. `lock` is
 * held. */
bool thread_wait_until(pthread_cond_t *cond, pthread_mutex_t *lock, uint64_t deadline_mono_ns);

#endif
