/* compare_report.h - a comparison as text, Markdown, HTML or JSON. */
#ifndef ALGALON_MIGRATE_COMPARE_REPORT_H
#define ALGALON_MIGRATE_COMPARE_REPORT_H

#include "migrate/compare.h"

/* Sums over all pairs of a family; the pairs are samples, means of a minute, or what a counter
 * grew. */
struct compare_family {
    size_t seen[2], samples, pairs, within;
    double absolute, share; /* how far a pair may lie apart */
    double sum_a, sum_b, sum_aa, sum_bb, sum_ab, sum_difference, sum_apart, max_apart;
};

struct compare_row {
    const char *name; /* dcgm-exporter's: values are in its units */
    bool counter;
    const struct compare_family *family;
    enum compare_verdict verdict;
};

void compare_report(const char *form, const char *const names[2], const struct compare_cost cost[2],
                    size_t gpus, const struct compare_row *rows, size_t n, struct buf *to);

#endif
