/* rules.h - Prometheus rule files, evaluated: recording rules write series, alerting rules keep
 * alerts. Start at rules_open() and rules_start(). */
#ifndef ALGALON_RULES_RULES_H
#define ALGALON_RULES_RULES_H

#include "base/base.h"
#include "metric/metric.h"
#include "notify/notify.h"
#include "promql/promql.h"
#include "store/store.h"

struct rules; /* opaque */

/* What an expression gave. Memory is the arena's, or that of `result` when there is one. */
struct rules_answer {
    enum promql_type type;
    const struct promql_series *series;
    size_t len;
    struct promql_result *result; /* freed with promql_result_free() */
};

/* Where rules ask and where they write: the embedded store, or others. Threads: one at a time. */
struct rules_world {
    void *self;
    /* Evaluates `expr` at `at_ms` within query's bounds (its times are not used). Errors: negative,
     * `err` says why in the asked one's words. */
    int (*ask)(void *self, struct str expr, int64_t at_ms, const struct promql_options *query,
               struct arena *a, struct rules_answer *ret, struct error *err);
    /* Keeps samples, as store_push() does. */
    int (*push)(void *self, const struct store_sample *samples, size_t n,
                struct store_push_result *ret, struct error *err);
};

/** Asks the embedded store: an `ask` for worlds that have one; `q` is a struct queryable. */
int rules_ask_queryable(const struct queryable *q, struct str expr, int64_t at_ms,
                        const struct promql_options *query, struct rules_answer *ret,
                        struct error *err);

struct rules_options {
    const char *const *files; /* paths and patterns of glob(7); borrowed for the call */
    size_t file_len;
    int64_t interval_ms;      /* of groups that name none */
    int64_t query_offset_ms;  /* of groups that name none */
    const char *external_url; /* where people reach this program, for templates; NULL: "" */
    struct rules_world world;
    struct notify *notify;       /* is told of alerts that fire and end; NULL: nobody is */
    struct promql_options query; /* bounds of one expression; its times are not used */
    int64_t query_timeout_ms;    /* 0: none */
    int64_t started_ms; /* traces of alerts before this are an earlier life's: they go on */
};

/** Reads the files; nothing is evaluated yet. Errors: -EINVAL "file:line: what", -ENOENT, -ENOMEM.
 */
MUST_CHECK int rules_open(const struct rules_options *options, struct rules **ret,
                          struct error *err);

/**
 * Evaluates every group that is due at now_ms, for callers that keep the time themselves; returns
 * when the next one is due, INT64_MAX when there is none. A group's turns lie on multiples of its
 * interval, shifted by its name so that groups do not all run at once; turns that were slept
 * through are counted and left out.
 */
int64_t rules_run(struct rules *r, int64_t now_ms);

/** Starts a thread "rules" that does so on the clock; it waits for the next turn. */
MUST_CHECK int rules_start(struct rules *r, struct error *err);

/** Labels that templates know as $externalLabels from now on; copied. Waits for a group that is
 * being evaluated. Threads: any. Errors: -ENOMEM, those of before stay. */
MUST_CHECK int rules_set_external(struct rules *r, struct labels external, struct error *err);

/** Ends the thread, giving up an evaluation that is under way. NULL is fine. */
void rules_close(struct rules *r);

/* Rules that were read and are not in force yet: see scrape_read(). */
struct rule_set;

/** Reads other files, or the same again; nothing changes. Errors: as rules_open(). */
MUST_CHECK int rules_read(const char *const *files, size_t len, int64_t interval_ms,
                          int64_t query_offset_ms, struct rule_set **ret, struct error *err);
/** Takes them into use: rules of the same name and labels keep their alerts and series, those of
 * rules that are gone end. Waits for a group that is being evaluated. Threads: any. */
void rules_apply(struct rules *r, struct rule_set *set);
void rules_drop(struct rule_set *set); /* NULL is fine */
/** Counts a reload, for the metrics. Threads: any. */
void rules_note_reload(struct rules *r, bool good);

/* Which rules an answer shows. */
enum rules_kind {
    RULES_ALL,
    RULES_RECORDING,
    RULES_ALERTING
};

struct rules_filter {
    enum rules_kind kind;
    struct str_list names, groups, files; /* of rules, of groups; empty: every one */
    const struct selector *match;         /* any of them holds on the rule's own labels */
    size_t match_len;
    bool exclude_alerts;   /* leaves the alerts of each rule out */
    size_t group_limit;    /* groups of one answer; 0: no bound */
    struct str next_token; /* of the answer before; empty: from the start */
};

/** Appends {"groups":[...]} as Prometheus's API has it; groups without a rule that is asked for by
 * name or label are left out. Threads: any. Errors: -ENOENT no group has this token, nothing is
 * appended. */
MUST_CHECK int rules_print_groups(struct rules *r, const struct rules_filter *filter,
                                  struct buf *to);
/** Appends {"alerts":[...]}. Threads: any. */
void rules_print_alerts(struct rules *r, struct buf *to);

struct rules_stats {
    uint64_t groups, rules, alerts_pending, alerts_firing, rules_failing;
    uint64_t evaluations_total, failures_total, missed_total, samples_total, refused_total;
    uint64_t reloads_total, reload_failures_total;
    uint64_t templates_total, template_failures_total; /* expanded; those that gave an error */
    double evaluation_seconds_total;
    bool config_ok; /* the files read last are in force */
};

void rules_get_stats(struct rules *r, struct rules_stats *ret);

#endif
