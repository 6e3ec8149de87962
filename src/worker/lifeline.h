/* lifeline.h - what each process did on devices, from its first sight to its end: a line of JSON
 * when it ends, for the question "what ran here last night". A line and not a series: it costs no
 * index however many processes come and go.
 *
 * {"event":"process_ended","hostname":"a","pid":7,"name":"python","user":"ada",
 *  "holder_kind":"job","holder":"42","namespace":"","pod":"","container":"","slurm_job":"42",
 *  "started":"2026-01-02T03:04:05Z","seen_from":"...","seen_until":"...",
 *  "devices":[{"gpu_index":0,"uuid":"GPU-...","memory_peak_bytes":1,"held_seconds":2.0,
 *              "busy_seconds":1.0,"energy_joules":300.0}]}
 * Unknown is null, unknown texts are left out. "process_left" instead: the worker stops, the
 * process goes on. */
#ifndef ALGALON_WORKER_LIFELINE_H
#define ALGALON_WORKER_LIFELINE_H

#include "worker/ledger.h"
#include "worker/process_log.h"
#include "worker/snapshot.h"

/* Of a process on one device. */
struct life_use {
    unsigned number;
    char uuid[96];
    uint64_t peak_bytes; /* UNKNOWN_COUNT: the driver never told */
    double held_s, busy_s, energy_j;
};

struct life {
    int pid;
    uint64_t start_ticks; /* 0: not known */
    double start_time_s;
    int64_t first_ms, last_ms;
    uint8_t missed; /* turns without it */
    char name[64];
    struct holder holder; /* its kind and labels */
    char user[64];
    struct life_use *uses;
    size_t use_len, use_cap;
};

struct lifeline {
    struct process_log *log; /* borrowed; NULL: nothing is kept */
    struct life *now, *before;
    size_t now_len, now_cap, before_len, before_cap; /* by pid */
    uint64_t mono_ns;                                /* of the turn before */
};

/** Takes up the processes of a turn; `accounts[i]` is whose process i is, NULL where it is
 * nobody's. What ended goes to the log. Errors: -ENOMEM, some are not followed. */
MUST_CHECK int lifeline_turn(struct lifeline *l, const struct snapshot *s,
                             struct account *const *accounts, uint64_t mono_ns);

/** Writes a line for each that still runs, and frees; the log stays its owner's. */
void lifeline_fini(struct lifeline *l, const char *hostname);

#endif
