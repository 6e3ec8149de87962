/* schedule.h - a thread per collector, each with its own period and deadline, and the latest
 * reading of each. Time is asked of a clock that tests replace; schedule_turn() is what a thread
 * does at its turn, schedule_look() what the publisher sees.
 *
 * Threads: "read-<name>", one per collector: waits for its next turn or for schedule_stop(). */
#ifndef ALGALON_WORKER_SCHEDULE_H
#define ALGALON_WORKER_SCHEDULE_H

#include "base/base.h"
#include "device/device.h"
#include "worker/recycle.h"

#define COLLECTORS_MAX     32                  /* in the table of device/ */
#define STALE_INTERVALS    3                   /* a reading older than this is withdrawn */
#define WORKER_STACK_BYTES ((size_t)512 << 10) /* vendor libraries run on it */

/* A finished reading, shared by reference count: the collector fills another meanwhile. */
struct held_reading {
    struct recycled base;
    struct arena arena;
    struct reading reading;
};

struct schedule_options {
    struct host_paths paths; /* copied */
    const struct collector *const *collectors;
    const char *disabled; /* comma-separated names; NULL: none */
    int64_t interval_ms;
    size_t reading_max_bytes; /* of one collector; 0: no bound */
    uint64_t (*now)(void);    /* monotonic nanoseconds */
};

/* What one collector looks like from outside. */
struct collector_view {
    const char *name;
    bool seen;               /* its hardware was found at least once */
    bool up;                 /* the last turn gave a reading that is not stale */
    bool releases, released; /* holds a driver open; or has let it go */
    double duration_s;
    double success_s; /* Unix time of the last reading that succeeded; NAN: none did */
    uint64_t readings, errors, stale; /* since start; stale: readings withdrawn for their age */
    struct held_reading *held;        /* NULL: none, or withdrawn */
};

struct schedule;

/** Copies what it needs of `options`. The first turn of every collector is due at once, the second
 * at schedule_origin(), then one each interval from there. Errors: -EINVAL, -ENOMEM. */
MUST_CHECK int schedule_new(const struct schedule_options *options, struct schedule **ret,
                            struct error *err);
void schedule_release(struct schedule *s); /* NULL is fine */

/** True when `name` is one of a comma-separated list; NULL lists nothing. */
bool schedule_is_listed(const char *list, const char *name);

/** How many collectors there are, less the disabled ones. */
size_t schedule_len(const struct schedule *s);

/** When the second turn is due, from which on everything stands on a grid of intervals: rates need
 * two readings. */
uint64_t schedule_origin(const struct schedule *s);

/** One turn of collector `i` in the calling thread: looks for hardware, opens it, reads it,
 * whatever is next. */
void schedule_turn(struct schedule *s, size_t i);

/** When collector `i` has its next turn. */
uint64_t schedule_due(struct schedule *s, size_t i);

/** Fills `views` (one per collector), withdrawing what is too old at `now_ns`. The readings in it
 * are the caller's, to recycled_release(). */
void schedule_look(struct schedule *s, uint64_t now_ns, struct collector_view *views);

/** True when every collector that had a turn at `boundary_ns` has answered. One that is still busy
 * with an earlier turn is not waited for, except at the origin. */
bool schedule_answered(struct schedule *s, uint64_t boundary_ns);

/** Has the collectors that hold a driver open close it at once, and leave it closed until
 * `until_ns`; 0 has them open it again at once. */
void schedule_let_go(struct schedule *s, uint64_t until_ns);

/** True when no collector holds a driver open. */
bool schedule_has_let_go(struct schedule *s);

/** Starts the threads. On failure call schedule_stop() all the same. */
MUST_CHECK int schedule_start(struct schedule *s, struct error *err);

/** Ends the threads; one that hangs in its driver is left behind after `grace_ns`. */
void schedule_stop(struct schedule *s, uint64_t grace_ns);

/** Two turns of every collector (one when `over_ns` is 0), `over_ns` apart, each on a thread of its
 * own, in place of schedule_start(). Returns when all have ended, at the latest when `patience_ns`
 * more have passed; those that did not end are left behind, and their names stand in `late` with
 * commas. Errors: no thread could be started. */
MUST_CHECK int schedule_once(struct schedule *s, uint64_t over_ns, uint64_t patience_ns, char *late,
                             size_t late_size, struct error *err);

/** Sleeps until `deadline_ns`; false when the schedule was stopped meanwhile. */
bool schedule_sleep(struct schedule *s, uint64_t deadline_ns);

/** Waits until schedule_answered() or `deadline_ns`; false when the schedule was stopped. */
bool schedule_wait_answers(struct schedule *s, uint64_t boundary_ns, uint64_t deadline_ns);

/** Makes sleepers return at once, false; for a thread that ends before schedule_stop(). */
void schedule_interrupt(struct schedule *s);

#endif
