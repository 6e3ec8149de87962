/* linux_aside.h - calls that may never come back, made on a thread aside.
 *
 * statvfs() on a file system whose server is gone blocks in the kernel, where nothing can interrupt
 * it. Such a call runs on a thread of its own and the caller waits for a bounded time; when that is
 * over, the thread is stuck, and its owner keeps it aside until it comes back.
 *
 * Threads: one per open, "aside"; it waits for calls. */
#ifndef ALGALON_DEVICE_LINUX_ASIDE_H
#define ALGALON_DEVICE_LINUX_ASIDE_H

#include "base/base.h"

#define LINUX_ASIDE_JOB_MAX 1024

struct linux_aside;

MUST_CHECK int linux_aside_open(struct linux_aside **ret, struct error *err);

/**
 * Runs `run` on a copy of the `size` bytes at `job` (LINUX_ASIDE_JOB_MAX at most) and copies them
 * back. -ETIMEDOUT: it did not end within `timeout_ms`; `job` is untouched and the thread may not
 * be used until linux_aside_idle().
 */
MUST_CHECK int linux_aside_call(struct linux_aside *a, void (*run)(void *job), void *job,
                                size_t size, int64_t timeout_ms);

/** True when it can take a call: its last one ended, in time or later. */
bool linux_aside_idle(struct linux_aside *a);

/** Ends the thread and frees; one that is stuck is left behind and frees itself if its call ever
 * returns. NULL is fine. */
void linux_aside_close(struct linux_aside *a);

#endif
