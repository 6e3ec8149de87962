/* target.h - one thing to scrape: what configuration and discovery made of it, and how it fares. */
#ifndef ALGALON_SCRAPE_TARGET_H
#define ALGALON_SCRAPE_TARGET_H

#include "base/base.h"
#include "scrape/config.h"
#include "scrape/feed.h"
#include "scrape/scrape.h"

/* What a target is. Strings and labels live in `arena`. */
struct target_spec {
    struct arena arena;
    const struct scrape_job *job; /* NULL: this process's own worker */
    struct str job_name, url, instance;
    struct labels labels, discovered;
    int64_t interval_ms, timeout_ms;
    uint64_t key;       /* of job, url and labels: who it is over reloads */
    size_t job_targets; /* when not 0: so many has its job, which are more than target_limit */
};

struct transfer;

enum target_stage {
    STAGE_IDLE,
    STAGE_WAITING, /* for a free connection */
    STAGE_ON_WIRE,
    STAGE_DONE,  /* for an ingest thread */
    STAGE_TAKEN, /* by one, or by scrape_local() */
};

struct target {
    struct target_spec spec;
    struct feed *feed;
    char *group_name;

    /* How it fares. */
    enum target_health health;
    char last_error[240];
    int64_t last_scrape_ms;
    double last_duration_s;
    size_t last_samples;
    bool slow;     /* ran into its timeout last time */
    bool refusing; /* some of its lines were refused last time */

    /* Its turn. */
    enum target_stage stage;
    int64_t due_ms;                         /* Unix time of the turn that comes next */
    int64_t turn_interval_ms;               /* the interval it was reckoned by */
    uint64_t due_ns;                        /* the same on the monotonic clock */
    size_t turn_at;                         /* place in the heap of turns, from 1; 0: not in it */
    int64_t ts_ms;                          /* of the scrape that goes on */
    uint64_t started_ns;                    /* when its turn came, then when the fetch began */
    double fetched_s;                       /* how long the fetch took */
    bool counted_slow;                      /* it holds one of the connections for slow targets */
    struct target *wire_before, *wire_next; /* among those on the wire */
    struct transfer *transfer; /* from the start of the fetch until it is taken; may be NULL */
    struct target *next;       /* in the queue it waits in */
};

/**
 * Makes the target that `address` of a discovery's group becomes after relabelling.
 * 1 with *ret the caller's; 0 dropped by relabelling, *ret is the caller's too and knows only what
 * was discovered; -EINVAL with the reason, -ENOMEM.
 */
int target_new(const struct scrape_job *job, struct labels group, struct str address,
               struct target **ret, struct error *err);

/** The labels of a target before relabelling, in `b`; texts that are made live in `a`. */
void target_begin(struct label_builder *b, struct label items[GROUP_LABELS_MAX + 1],
                  const struct scrape_job *job, struct labels group, struct str address,
                  struct arena *a);

/** The target that stands for text from this process. NULL when memory is out. */
struct target *target_local(struct str job, struct str instance);

void target_free(struct target *t); /* NULL is fine */

/** Appends scheme://address and the path, escaped. Errors: -EINVAL what is wrong, in words. */
MUST_CHECK int target_print_url(struct str scheme, struct str address, struct str path,
                                struct buf *to, struct error *err);

/** True when both stand for the same: job, URL and labels are equal. */
bool target_is_same(const struct target *a, const struct target *b);

/** Order of job and URL, then labels. */
int target_compare(const struct target *a, const struct target *b);

/** Gives `kept` what `fresh` says of itself (job, interval, discovered labels); its state stays.
 * Frees `fresh`. */
void target_renew(struct target *kept, struct target *fresh, bool extra_metrics);

/** Configures the target's feed by its spec; `extra_metrics` as in struct scrape_options. */
void target_configure(struct target *t, bool changed, bool extra_metrics);

/** The first turn after `now_ms`: targets are spread over the interval by a hash of who they are,
 * and keep their place over restarts. */
int64_t target_next_turn(const struct target *t, int64_t now_ms);

#endif
