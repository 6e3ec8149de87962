/* rules.c - the outside: reading, the thread that keeps the turns, reloading. */
#include "rules/rules.h"

#include "rules/rule_set.h"
#include "rules/show.h"
#include "rules/state.h"
#include "rules/turn.h"

#define WAIT_MAX_MS 1000 /* the wall clock may jump: it is looked at this often */

struct rules {
    struct rules_options options;
    struct turn turn;         /* for the holder of run_lock */
    atomic_bool cancel;       /* ends an evaluation */
    pthread_mutex_t run_lock; /* held during a group's turn and while the set is exchanged */
    pthread_mutex_t lock;     /* lock: set, the states of its rules, stats, stopping */
    pthread_cond_t wake;
    struct rule_set *set;
    struct rules_stats stats;
    char *external_url;
    struct labels *external; /* for the holder of run_lock */
    pthread_t thread;
    bool running, stopping;
};

/* ---- turns ---- */

/* The first turn of `g` after now_ms. */
static int64_t next_turn(const struct rule_group *g, int64_t now_ms)
{
    uint64_t hash = hash_more(hash_bytes(g->file.ptr, g->file.len), g->name.ptr, g->name.len);
    int64_t offset = (int64_t)(hash % (uint64_t)g->interval_ms);

    return now_ms - (now_ms - offset) % g->interval_ms + g->interval_ms;
}

static void run_group(struct rules *r, struct rule_group *g, int64_t at_ms)
{
    uint64_t began_ns = clock_mono_ns(), failures = 0;
    size_t done = 0;

    r->turn.samples = r->turn.refused = r->turn.templates = r->turn.template_failures = 0;
    for (; done < g->len && !atomic_load(&r->cancel); done++) {
        struct rule *rule = &g->rules[done];
        struct error err;
        bool failed_before = rule->state->health == RULE_FAILED;
        bool failed = turn_rule(&r->turn, g, rule, at_ms, &err) != 0;
        if (failed && !failed_before && !atomic_load(&r->cancel))
            log_warn("rule failed", "file", g->file.ptr, "group", g->name.ptr, "rule",
                     rule->name.ptr, "error", err.text);
        else if (!failed && failed_before)
            log_info("rule works again", "file", g->file.ptr, "group", g->name.ptr, "rule",
                     rule->name.ptr);
        failures += failed;
    }
    pthread_mutex_lock(&r->lock);
    g->last_ms = at_ms;
    g->seconds = (double)(clock_mono_ns() - began_ns) / NS_PER_S;
    r->stats.evaluations_total += done;
    r->stats.failures_total += failures;
    r->stats.evaluation_seconds_total += g->seconds;
    r->stats.samples_total += r->turn.samples;
    r->stats.refused_total += r->turn.refused;
    r->stats.templates_total += r->turn.templates;
    r->stats.template_failures_total += r->turn.template_failures;
    pthread_mutex_unlock(&r->lock);
}

/* Runs `g` when it is due; returns when it is due next. */
static int64_t run_if_due(struct rules *r, struct rule_group *g, int64_t now_ms)
{
    /* A clock that went back is no reason to wait for more than a turn. */
    if (g->next_ms == INT64_MIN || g->next_ms > now_ms + g->interval_ms)
        g->next_ms = next_turn(g, now_ms - 1);
    if (g->next_ms > now_ms)
        return g->next_ms;
    int64_t missed = (now_ms - g->next_ms) / g->interval_ms;
    int64_t at_ms = g->next_ms + missed * g->interval_ms;
    if (missed) {
        pthread_mutex_lock(&r->lock);
        r->stats.missed_total += (uint64_t)missed;
        pthread_mutex_unlock(&r->lock);
    }
    run_group(r, g, at_ms);
    g->next_ms = at_ms + g->interval_ms;
    return g->next_ms;
}

int64_t rules_run(struct rules *r, int64_t now_ms)
{
    int64_t next_ms = INT64_MAX;

    /* A reload may come between two groups: it is the set of now that counts. */
    for (size_t i = 0;; i++) {
        pthread_mutex_lock(&r->run_lock);
        bool more = i < r->set->len && !atomic_load(&r->cancel);
        int64_t due_ms = more ? run_if_due(r, &r->set->groups[i], now_ms) : INT64_MAX;
        next_ms = MIN(next_ms, due_ms);
        pthread_mutex_unlock(&r->run_lock);
        if (!more)
            return next_ms;
    }
}

static void *run(void *arg)
{
    struct rules *r = arg;

    for (;;) {
        int64_t next_ms = rules_run(r, clock_now_ms());
        int64_t left_ms = next_ms - clock_now_ms();
        int64_t wait_ms = MIN(MAX(left_ms, 0), WAIT_MAX_MS);
        pthread_mutex_lock(&r->lock);
        if (!r->stopping && wait_ms)
            thread_wait_until(&r->wake, &r->lock, clock_mono_ns() + (uint64_t)wait_ms * NS_PER_MS);
        bool stopping = r->stopping;
        pthread_mutex_unlock(&r->lock);
        if (stopping)
            return NULL;
    }
}

/* ---- opening, closing ---- */

int rules_read(const char *const *files, size_t len, int64_t interval_ms, int64_t query_offset_ms,
               struct rule_set **ret, struct error *err)
{
    const struct rule_defaults defaults = {interval_ms, query_offset_ms};
    struct rule_set *set = rule_set_new();
    int code =
        set ? rule_set_load(set, files, len, &defaults, err) : error_errno(err, -ENOMEM, "rules");

    if (code)
        rule_set_free(set);
    else
        *ret = set;
    return code;
}

void rules_drop(struct rule_set *set)
{
    rule_set_free(set);
}

int rules_open(const struct rules_options *options, struct rules **ret, struct error *err)
{
    struct rules *r = xnew(struct rules);

    r->options = *options;
    r->external_url = xstrdup(options->external_url ? options->external_url : "");
    r->turn = (struct turn){
        .world = options->world,
        .external_url = str_of(r->external_url),
        .notify = options->notify,
        .query = options->query,
        .query_timeout_ms = options->query_timeout_ms,
        .started_ms = options->started_ms,
        .lock = &r->lock,
    };
    r->turn.query.cancel = &r->cancel;
    pthread_mutex_init(&r->run_lock, NULL);
    pthread_mutex_init(&r->lock, NULL);
    thread_cond_init(&r->wake);
    r->stats.config_ok = true;
    int code = rules_read(options->files, options->file_len, options->interval_ms,
                          options->query_offset_ms, &r->set, err);
    if (code) {
        rules_close(r);
        return code;
    }
    *ret = r;
    return 0;
}

int rules_start(struct rules *r, struct error *err)
{
    int code = thread_start(&r->thread, "rules", run, r, err);

    r->running = code == 0;
    return code;
}

void rules_close(struct rules *r)
{
    if (!r)
        return;
    if (r->running) {
        atomic_store(&r->cancel, true);
        pthread_mutex_lock(&r->lock);
        r->stopping = true;
        pthread_cond_signal(&r->wake);
        pthread_mutex_unlock(&r->lock);
        pthread_join(r->thread, NULL);
    }
    rule_set_free(r->set);
    free(r->external);
    free(r->external_url);
    pthread_cond_destroy(&r->wake);
    pthread_mutex_destroy(&r->lock);
    pthread_mutex_destroy(&r->run_lock);
    free(r);
}

int rules_set_external(struct rules *r, struct labels external, struct error *err)
{
    struct labels *copy = state_copy_labels(external);

    if (!copy)
        return error_errno(err, -ENOMEM, "external labels");
    pthread_mutex_lock(&r->run_lock);
    free(r->external);
    r->external = copy;
    r->turn.external_labels = *copy;
    pthread_mutex_unlock(&r->run_lock);
    return 0;
}

/* ---- reloading ---- */

/* Gives each rule of `to` the memory of its equal in `from`. Equal rules of one group keep their
 * order. */
static void take_states(struct rule_group *to, struct rule_group *from)
{
    bool *taken = xcalloc(from->len + 1, sizeof(*taken));
    size_t first = 0; /* all before it are taken: files that did not change cost one look a rule */

    for (size_t i = 0; i < to->len; i++) {
        size_t k = first;
        while (k < from->len && (taken[k] || from->rules[k].hash != to->rules[i].hash))
            k++;
        if (k == from->len)
            continue;
        struct rule_state *fresh = to->rules[i].state;
        to->rules[i].state = from->rules[k].state;
        from->rules[k].state = fresh;
        taken[k] = true;
        while (first < from->len && taken[first])
            first++;
    }
    if (to->interval_ms == from->interval_ms)
        to->next_ms = from->next_ms;
    to->last_ms = from->last_ms;
    to->seconds = from->seconds;
    free(taken);
}

static void exchange(struct rules *r, struct rule_set *set)
{
    struct rule_set *old = r->set;
    int64_t now_ms = clock_now_ms();

    pthread_mutex_lock(&r->lock);
    for (size_t i = 0; i < set->len; i++) {
        struct rule_group *before = rule_set_find(old, set->groups[i].file, set->groups[i].name);
        if (before)
            take_states(&set->groups[i], before);
    }
    r->set = set;
    pthread_mutex_unlock(&r->lock);
    for (size_t i = 0; i < old->len; i++)
        for (size_t k = 0; k < old->groups[i].len; k++)
            turn_end(&r->turn, &old->groups[i], &old->groups[i].rules[k], now_ms);
    rule_set_free(old);
}

void rules_apply(struct rules *r, struct rule_set *set)
{
    pthread_mutex_lock(&r->run_lock);
    exchange(r, set);
    pthread_mutex_unlock(&r->run_lock);
    pthread_mutex_lock(&r->lock);
    pthread_cond_signal(&r->wake);
    pthread_mutex_unlock(&r->lock);
}

void rules_note_reload(struct rules *r, bool good)
{
    pthread_mutex_lock(&r->lock);
    r->stats.reloads_total++;
    r->stats.reload_failures_total += !good;
    r->stats.config_ok = good;
    pthread_mutex_unlock(&r->lock);
}

/* ---- showing ---- */

int rules_print_groups(struct rules *r, const struct rules_filter *filter, struct buf *to)
{
    pthread_mutex_lock(&r->lock);
    int code = show_groups(r->set, filter, to);
    pthread_mutex_unlock(&r->lock);
    return code;
}

void rules_print_alerts(struct rules *r, struct buf *to)
{
    pthread_mutex_lock(&r->lock);
    show_alerts(r->set, to);
    pthread_mutex_unlock(&r->lock);
}

static void count_rule(const struct rule *rule, struct rules_stats *to)
{
    to->rules++;
    to->rules_failing += rule->state->health == RULE_FAILED;
    for (size_t i = 0; i < rule->state->alert_len; i++) {
        bool firing = rule->state->alerts[i]->state == ALERT_FIRING;
        to->alerts_firing += firing;
        to->alerts_pending += !firing;
    }
}

void rules_get_stats(struct rules *r, struct rules_stats *ret)
{
    pthread_mutex_lock(&r->lock);
    *ret = r->stats;
    ret->groups = r->set->len;
    for (size_t i = 0; i < r->set->len; i++)
        for (size_t k = 0; k < r->set->groups[i].len; k++)
            count_rule(&r->set->groups[i].rules[k], ret);
    pthread_mutex_unlock(&r->lock);
}
