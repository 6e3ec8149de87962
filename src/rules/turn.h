/* turn.h - one turn of one rule: ask, compare with the last turn, write. */
#ifndef ALGALON_RULES_TURN_H
#define ALGALON_RULES_TURN_H

#include "rules/rule_set.h"
#include "rules/rules.h"

#define TURN_BYTES_MAX (256u << 20) /* memory of what one rule gives */
#define RESEND_MS      60000        /* how often receivers are told of an alert that fires on */
#define RESTORE_MS     3600000 /* how old an alert's last trace may be to go on after a start */

struct turn {
    struct rules_world world;
    struct notify *notify;       /* NULL: nobody is told */
    struct promql_options query; /* its times are set here */
    int64_t query_timeout_ms;
    int64_t started_ms;            /* of the process: what was written before is another life's */
    struct labels external_labels; /* for templates */
    struct str external_url;
    pthread_mutex_t *lock;
    uint64_t samples, refused; /* written in this turn, and what the store did not take */
    uint64_t templates, template_failures; /* expanded in this turn; those that gave an error */
};

/**
 * Evaluates `rule` of `g` at now_ms and writes what it gives. What readers of the API look at (the
 * rule's state) changes under `lock` alone. Errors: -EINVAL the expression failed or what it gives
 * cannot be kept; the alerts and the series are as before, and the state says why.
 */
int turn_rule(struct turn *t, const struct rule_group *g, struct rule *rule, int64_t now_ms,
              struct error *err);

/** Asks the world at at_ms within the bounds of queries, and by the deadline when it is not 0. What
 * it gives lies in `a`, or in ret->result, which is the caller's. Errors: as rules_world's ask().
 */
MUST_CHECK int turn_ask(struct turn *t, struct str expr, int64_t at_ms, uint64_t deadline_mono_ns,
                        struct arena *a, struct rules_answer *ret, struct error *err);

/** Ends the alerts of a rule of `g` that is gone, which those are told of who heard of them, and
 * every series that it wrote in its last turn. */
void turn_end(struct turn *t, const struct rule_group *g, struct rule *rule, int64_t now_ms);

#endif
