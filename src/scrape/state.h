/* state.h - what the files of this room share: struct scrape and the calls between them.
 *
 * `lock` guards targets and turns; it is given up around epoll_wait() and around taking a body into
 * the store. `config_lock` guards the configuration and its discoveries: whoever changes them or
 * makes targets of them holds it, for as long as that takes, so that scraping goes on meanwhile.
 * Held together, config_lock is taken first. Who changes the list of targets first waits until no
 * ingest thread holds one (fleet.c). */
#ifndef ALGALON_SCRAPE_STATE_H
#define ALGALON_SCRAPE_STATE_H

#include "base/base.h"
#include "scrape/client.h"
#include "scrape/config.h"
#include "scrape/folders.h"
#include "scrape/pull.h"
#include "scrape/scrape.h"
#include "scrape/sink.h"
#include "scrape/target.h"

#define INGEST_THREADS_MAX 4

/* Targets in the order they came; linked by target->next. */
struct queue {
    struct target *first, *last;
};

/* What relabelling dropped: all are counted, the first ones remembered. */
struct dropped_job {
    struct str name;
    size_t count, kept;
};
struct dropped {
    struct arena arena;
    struct dropped_target {
        struct str job;
        struct labels discovered;
    } * items;
    size_t len, cap;
    struct dropped_job *jobs; /* of the arena */
    size_t job_len;
};

struct scrape {
    struct sink sink;
    struct metadata *metadata;
    char *config_file; /* NULL: none */
    char **addresses;  /* given on the command line */
    size_t address_len;
    int64_t interval_ms; /* of those */
    uint64_t max_body_bytes;
    bool extra_metrics;
    atomic_bool stop;
    _Atomic uint64_t alerts_version; /* rises when other Alertmanagers may be known */

    pthread_mutex_t config_lock; /* config_lock: config (read also under `lock`), its discoveries */
    struct pullers *pullers;
    struct folders *folders; /* NULL: nothing is configured */
    uint64_t look_again_ns;  /* the "discover" thread's: not before */

    pthread_mutex_t lock;         /* lock: everything below */
    pthread_cond_t work;          /* an outcome waits for an ingest thread */
    pthread_cond_t quiet;         /* an ingest thread or scrape_local() is done with a target */
    struct scrape_config *config; /* changed with both locks held */
    struct dropped dropped;
    struct target *ending;   /* taken out, their series not ended yet; linked by target->next */
    struct target **targets; /* in order of target_compare() */
    size_t target_len, target_cap;
    struct target **turns; /* a heap by due_ns, [0] the first */
    size_t turn_len, turn_cap;
    struct queue waiting, waiting_slow;    /* for a connection */
    struct queue outcomes;                 /* fetched or failed, for an ingest thread */
    struct target *wire_first, *wire_last; /* on the wire, in the order in which they began */
    size_t fast_on_wire, slow_on_wire;
    unsigned taking; /* targets held by ingest threads and scrape_local() */
    bool paused;     /* nobody takes another target */
    bool store_troubled;
    struct client *client;
    struct scrape_stats stats;

    pthread_t loop, look, pool[INGEST_THREADS_MAX];
    unsigned pool_len;
    bool loop_started, look_started;
};

/* ---- loop.c: turns, fetches, taking ---- */

void queue_push(struct queue *q, struct target *t);
struct target *queue_pop(struct queue *q);
void queue_remove(struct queue *q, struct target *t);

/** The threads "scrape" and "ingest-N"; `arg` is the struct scrape. */
void *loop_run(void *arg);
void *loop_ingest(void *arg);

/** Gives `t` its next turn, or takes it out. The lock is held. */
int loop_schedule(struct scrape *s, struct target *t);
void loop_unschedule(struct scrape *s, struct target *t);

/** Takes `t` off the wire and out of every queue. The lock is held. */
void loop_forget(struct scrape *s, struct target *t);

/** Makes the feed of `t` if it has none. Errors: -ENOMEM. */
int loop_open_feed(struct scrape *s, struct target *t, struct error *err);

/* What came of taking one scrape, told to the target and the counters under the lock. */
struct taken {
    int code;
    struct error err;
    struct feed_result result;
    double duration_s;
    bool fetched; /* false: the text did not arrive */
};
void loop_note(struct scrape *s, struct target *t, const struct taken *taken);

/* ---- fleet.c: the list of targets ---- */

/**
 * Makes the list of targets anew from `config`, which takes the present one's place; NULL: from the
 * present one. Targets that stay keep their state; those that go are marked stale. config_lock is
 * held, `lock` is not. Errors: -ENOMEM, everything is as before.
 */
int fleet_rebuild(struct scrape *s, struct scrape_config *config, struct error *err);

/** Adds a target of this process. The lock is held. Errors: -ENOMEM. */
int fleet_add_local(struct scrape *s, struct str job, struct str instance, struct target **ret);

/** Asks all discoveries of the jobs of `config`; true when one has changed. */
bool fleet_refresh(struct scrape_config *config);

/** The same for those of Alertmanagers. */
bool fleet_refresh_alerts(struct scrape_config *config);

/** Exchanges the discoveries that `a` and `b` have in equal jobs and that were made from the same:
 * what they found stays found over a reload. A second call undoes the first. */
void fleet_exchange(struct scrape_config *a, struct scrape_config *b);

void fleet_dropped_fini(struct dropped *d);

/* ---- look.c: the thread "discover" ---- */

/** Looks at discoveries when something may have changed, and once a second; `arg` is the struct
 * scrape. */
void *look_run(void *arg);

/** Watches the folders of the configuration's files. config_lock is held. */
void look_watch(struct scrape *s);

/* ---- scrape.c ---- */

/** scrape_start() with another place for the rows; for tests. */
int scrape_start_into(const struct scrape_options *options, struct sink sink, struct scrape **ret,
                      struct error *err);

#endif
