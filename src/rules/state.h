/* state.h - what a rule remembers from turn to turn: its active alerts and the series it wrote. */
#ifndef ALGALON_RULES_STATE_H
#define ALGALON_RULES_STATE_H

#include "base/base.h"
#include "metric/metric.h"

enum alert_state {
    ALERT_PENDING,
    ALERT_FIRING
};

struct alert {
    uint64_t hash;              /* of labels */
    struct labels *labels;      /* with alertname, without __name__ */
    struct labels *annotations; /* pairs of name and text */
    double value;
    enum alert_state state;
    int64_t active_ms, fired_ms;
    int64_t
        keep_ms; /* since when it fires only because of keep_firing_for; INT64_MIN: it doesn't */
    int64_t told_ms;          /* when receivers were told last; INT64_MIN: never */
    uint64_t told_generation; /* which receivers: notify_generation() */
    bool seen;                /* in the turn going on */
    bool is_new;              /* made in the turn going on */
};

enum rule_health {
    RULE_UNKNOWN,
    RULE_OK,
    RULE_FAILED
};

struct written {
    uint64_t hash; /* of labels */
    struct labels *labels;
};

struct rule_state {
    struct alert **alerts;
    size_t alert_len, alert_cap;
    struct written *written; /* series of the last turn */
    size_t written_len;
    enum rule_health health;
    bool templates_failed; /* in the last turn; the thread of the turns alone looks at it */
    char error[240];
    int64_t last_ms;
    double seconds;
};

struct rule_state *rule_state_new(void);
void rule_state_free(struct rule_state *s); /* NULL is fine */

/** A deep copy of labels in one block, for free(). NULL when memory is out. */
struct labels *state_copy_labels(struct labels l);

/** Appends an alert of these labels, pending since now_ms. NULL when memory is out. */
struct alert *state_add_alert(struct rule_state *s, struct labels labels, int64_t now_ms);

/** Takes alert `i` out; the order of the others stays. */
void state_drop_alert(struct rule_state *s, size_t i);

#endif
