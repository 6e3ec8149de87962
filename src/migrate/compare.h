/* compare.h - two exporters of the same GPUs, sample by sample: what differs, and what each costs.
 */
#ifndef ALGALON_MIGRATE_COMPARE_H
#define ALGALON_MIGRATE_COMPARE_H

#include "base/base.h"
#include "metric/metric.h"
#include "migrate/equivalence.h"

#define COMPARE_GPUS_MAX 4096
#define COMPARE_BUCKET_MS                                                                          \
    60000                    /* what is sampled at other moments is compared as means of minutes */
#define COMPARE_PAIRS_MIN 20 /* of fewer, some that lie apart tell nothing yet */

enum compare_side {
    COMPARE_A,
    COMPARE_B
};

enum compare_verdict {
    COMPARE_EQUAL,   /* within what rounding and moments of reading explain */
    COMPARE_DIFFERS, /* beyond */
    COMPARE_ONLY_A,
    COMPARE_ONLY_B,
    COMPARE_FEW,  /* too few pairs for a verdict: look for longer */
    COMPARE_NONE, /* an expression on the other side: sums of several families are not made here */
};

#define COMPARE_TIMES                                                                              \
    400 /* classes of 5 % each, from 10 us: the last holds what is beyond 50 min */

/* What one side costs. Sums and counts; NAN: not told. */
struct compare_cost {
    size_t scrapes, failures;
    double bytes, seconds, seconds_max, samples; /* of all scrapes that succeeded */
    uint32_t times[COMPARE_TIMES];               /* how many scrapes took so long */
    double cpu_first, cpu_last, memory_max;      /* of the process */
    double threads_max, files_max;
    int64_t cpu_first_ms, cpu_last_ms;
};

struct compare; /* opaque */

struct compare *compare_new(const char *name_a, const char *name_b);
void compare_free(struct compare *c); /* NULL is fine */

/** Takes one sample; whatever is in the table of equivalences and belongs to a whole GPU counts. A
 * sample of one side pairs with the next of the other side that is no older than `window_ms`.
 * Errors: -E2BIG more than COMPARE_GPUS_MAX GPUs, -ENOMEM. */
MUST_CHECK int compare_add(struct compare *c, enum compare_side side, struct labels labels,
                           double value, int64_t ts_ms, int64_t window_ms);

/** Takes a whole exposition and its cost. Errors: as compare_add(). */
MUST_CHECK int compare_add_scrape(struct compare *c, enum compare_side side, struct str text,
                                  double seconds, int64_t ts_ms, int64_t window_ms);

struct compare_cost *compare_cost(struct compare *c, enum compare_side side);

/** The time that `share` (0 to 1) of the scrapes did not exceed, in seconds, to 2.5 %; NAN without
 * any. */
double compare_time(const struct compare_cost *cost, double share);

/** How many families differ, or are on one side only. */
size_t compare_count(struct compare *c, enum compare_verdict verdict);

/** Appends the report: "text", "markdown", "html" or "json". */
void compare_print(struct compare *c, const char *form, struct buf *to);

#endif
