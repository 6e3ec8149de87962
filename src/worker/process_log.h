/* process_log.h - lines appended to a file by a thread of its own, so that a slow disk holds up
 * nobody. The file is renamed to <path>.1 when it is full, over the one before; one that somebody
 * else moved away (logrotate) is begun anew.
 *
 * Threads: "process-log", one per log: waits for lines. process_log_add() from any. */
#ifndef ALGALON_WORKER_PROCESS_LOG_H
#define ALGALON_WORKER_PROCESS_LOG_H

#include "base/base.h"

#define PROCESS_LOG_PENDING_MAX ((size_t)4 << 20) /* bytes that wait; further lines are lost */

#define PROCESS_LOG_RECENT 256 /* lines that are kept for who listens */

struct process_log;

/** Opens or makes the file, readable by its owner and group. Errors: those of open(2), -ENOMEM. */
MUST_CHECK int process_log_open(const char *path, uint64_t max_bytes, struct process_log **ret,
                                struct error *err);

/** Hands over a line, to which the newline is added. */
void process_log_add(struct process_log *log, struct str line);

/** Hands the lines that came after number `*at` to `take`, as far as they are still kept, and moves
 * `*at` on; UINT64_MAX: none, begin with the next. `take` must not come back to the log. */
void process_log_since(struct process_log *log, uint64_t *at,
                       void (*take)(void *ctx, struct str line), void *ctx);

/** Lines that were written, and that were lost: the disk was full or too slow. */
void process_log_counts(struct process_log *log, uint64_t *ret_written, uint64_t *ret_lost);

/** Writes what waits and ends the thread; one that its disk keeps is left behind after two seconds.
 * NULL is fine. */
void process_log_close(struct process_log *log);

#endif
