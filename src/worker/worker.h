/* worker.h - samples devices on a schedule, publishes immutable snapshots, renders them by schema.
 * Start at worker_start() and worker_latest().
 *
 * Threads: one per collector ("read-<name>", waits for its next turn or worker_stop()), one
 * publisher ("publish", waits for the end of each interval). A collector that hangs holds up only
 * itself: after three intervals without an answer what it read last is withdrawn, and
 * algalon_collector_up says 0. */
#ifndef ALGALON_WORKER_WORKER_H
#define ALGALON_WORKER_WORKER_H

#include "base/base.h"
#include "device/device.h"
#include "metric/metric.h"
#include "worker/choice.h"

struct worker;
struct snapshot; /* one rendered state of this machine; immutable, shared by reference count */

enum schema {
    SCHEMA_ALL_SMI = 1,
    SCHEMA_DCGM = 2,
    SCHEMA_ALIAS = 4 /* names that dashboards of Algalon's first version ask for */
};

/* What of command lines is shown: they hold secrets. */
enum process_command {
    PROCESS_COMMAND_OFF,
    PROCESS_COMMAND_NAME, /* the program, and the script in an interpreter */
    PROCESS_COMMAND_FULL
};

struct worker_options {
    struct host_paths paths;
    const char *hostname;   /* label on every series; NULL: the system's */
    int64_t interval_ms;    /* 5000 */
    unsigned schemas;       /* SCHEMA_ bits */
    unsigned process_limit; /* host processes shown, by CPU then memory; those on a GPU are always
                               shown; 0: none */
    unsigned process_series_limit; /* rows of processes on a GPU (one a process and device) that
                                      become series, by memory; the rest is summed as "other" */
    enum process_command process_command; /* label `command` */
    uint64_t memory_limit;   /* bytes that readings, snapshots and their text take at most, 16 MB or
                                more; what does not fit is left out and counted */
    const char *process_log; /* a line for each process that left a GPU goes there;
                                NULL: nowhere. Not of worker_once() */
    uint64_t process_log_bytes;  /* at which it is renamed to <name>.1 */
    bool instance_label;         /* add `instance` as all-smi does */
    bool timestamps;             /* lines bear the time at which readings were put together */
    const struct choice *choice; /* of dcgm-exporter's fields, borrowed for the call;
                                    NULL: its default set */
    const char *dcgm_host_label; /* static: "Hostname", "hostname"; NULL: no such label */
    const char *disabled;        /* comma-separated collector names left out; NULL: none */
    const char *gpu_inventory;   /* file that remembers which GPUs there were; NULL: none */
    const char *version;         /* of the program, for build info */
};

/** Defaults as in `algalon worker --help`. */
void worker_options_init(struct worker_options *o);

/**
 * Starts the collectors and the publisher. The first snapshot comes within about a second (rates
 * need two readings). Ownership: texts in `options` are borrowed until worker_stop(). Errors:
 * -EINVAL, -ENOMEM.
 */
MUST_CHECK int worker_start(const struct worker_options *options, struct worker **ret,
                            struct error *err);

/** Stops and joins; a collector that hangs in its driver is left behind after two seconds. NULL is
 * fine. */
void worker_stop(struct worker *w);

/** Gives other fields of dcgm-exporter from the next snapshot on (`choice` is borrowed for the
 * call; NULL: its default set). Errors: -ENOMEM, nothing then changes. */
MUST_CHECK int worker_choose(struct worker *w, const struct choice *choice, struct error *err);

/** The latest snapshot, to be released; NULL before the first. Never blocks on hardware. */
struct snapshot *worker_latest(struct worker *w);
struct snapshot *snapshot_retain(struct snapshot *s);
void snapshot_release(struct snapshot *s); /* NULL is fine */

/** Waits for a snapshot newer than `seq` until the deadline; its sequence number, or 0 when none
 * came. */
uint64_t worker_wait(struct worker *w, uint64_t seq, uint64_t deadline_mono_ns);

/** Calls `fn` with each new snapshot (borrowed), on the publisher's thread. Set before the first is
 * published. */
void worker_on_publish(struct worker *w, void (*fn)(void *ctx, struct snapshot *s), void *ctx);

/**
 * Has the collectors let go of the drivers that they hold open, so that an operator can unload or
 * replace a driver, reset a GPU or cut it anew; after `duration_ms` they open them again by
 * themselves. 0: at once. The readings meanwhile say "released".
 */
void worker_let_go(struct worker *w, int64_t duration_ms);

/** How long drivers are left closed yet; 0: they are not. */
int64_t worker_let_go_left_ms(struct worker *w);

/** Hands the lines of processes that left their devices after number `*at` to `take`, as far as
 * they are still kept, and moves `*at` on; UINT64_MAX: none, begin with the next. Without
 * --process-log there are none. */
void worker_processes_since(struct worker *w, uint64_t *at,
                            void (*take)(void *ctx, struct str line), void *ctx);

/** True while devices that were read may not be opened any more: a container whose device rights
 * were taken away gets them back by being started anew. */
bool worker_is_withdrawn(struct worker *w);

/** True when no driver is held open any more: a call in progress has to end first. */
bool worker_has_let_go(struct worker *w);

uint64_t snapshot_seq(const struct snapshot *s);
int64_t snapshot_ts_ms(const struct snapshot *s);
/** The exposition: text format 0.0.4, or OpenMetrics 1.0; and its gzip form. Views live as long as
 * the snapshot. */
enum snapshot_form {
    SNAPSHOT_TEXT,
    SNAPSHOT_TEXT_GZIP,
    SNAPSHOT_OPENMETRICS,
    SNAPSHOT_OPENMETRICS_GZIP
};
struct str snapshot_body(struct snapshot *s, enum snapshot_form form);
/** Appends the snapshot as JSON or CSV for `algalon snapshot` and GET /snapshot. */
void snapshot_json(const struct snapshot *s, struct buf *to);
void snapshot_csv(const struct snapshot *s, struct buf *to);
/** How many accelerators it holds: pages say "no GPU found" when 0. */
size_t snapshot_accelerators(const struct snapshot *s);

/**
 * One reading of everything, with rates over `over_ms`: for `algalon snapshot`. Comes at the latest
 * `patience_ms` after that, with what is known by then: the collectors that did not answer are left
 * behind in their drivers, and their names stand in `late` ("" when all answered). Errors: -EINVAL,
 * -ENOMEM.
 */
MUST_CHECK int worker_once(const struct worker_options *options, int64_t over_ms,
                           int64_t patience_ms, char *late, size_t late_size, struct snapshot **ret,
                           struct error *err);

/** What was found on this machine by every collector; memory in `a`. For `algalon doctor` and GET
 * /api/v1/doctor. */
void worker_diagnose(const struct worker_options *options, struct arena *a, struct finding **ret,
                     size_t *ret_len);

#endif
