/* turn.c - recording and alerting. The order of an alert's life is Prometheus's: seen first it is
 * pending, firing when it was seen for as long as `for` says, and gone when it is not seen in a
 * turn, unless keep_firing_for holds it. */
#include "rules/turn.h"

#include "rules/expand.h"
#include "rules/state.h"

#define ALERTNAME "alertname"

/* One series that the expression gave, as the rule wants it. */
struct line {
    uint64_t hash;
    struct labels labels;
    struct labels annotations;
    double value;
};

struct work {
    struct turn *turn;
    const struct rule_group *group;
    struct rule *rule;
    int64_t now_ms; /* of the turn: what is remembered and told bears it */
    int64_t at_ms;  /* where the expression looks and what it gives is written: query_offset ago */
    struct arena arena;
    struct expander expander;
    struct line *lines;
    size_t len;
    struct store_sample *samples;
    size_t sample_len, sample_cap;
    uint64_t generation;    /* of the receivers of alerts, at the beginning */
    struct notice *notices; /* for them */
    size_t notice_len, notice_cap;
    struct error *err;
};

static int no_memory(struct work *w)
{
    return error_errno(w->err, -ENOMEM, "what the rule gives");
}

static struct str hash_key(const uint64_t *hash)
{
    return str_make((const char *)hash, sizeof(*hash));
}

/* ---- what the expression gives ---- */

static int say(struct work *w, const struct rule_pair *p, const struct promql_series *s,
               struct str *ret)
{
    return expander_say(&w->expander, p, s->labels, s->values[0], ret) ? no_memory(w) : 0;
}

static int make_line(struct work *w, const struct promql_series *s, struct line *to)
{
    const struct rule *rule = w->rule;
    struct label_builder b;
    struct labels view;
    struct label *items = arena_calloc(&w->arena, rule->annotation_len + 1, sizeof(*items));
    int code = 0;

    label_builder_init(&b, s->labels);
    label_builder_set(&b, STR(LABEL_NAME), rule->is_alert ? STR("") : rule->name);
    for (size_t i = 0; i < rule->label_len && !code; i++) {
        struct str text;
        code = say(w, &rule->labels[i], s, &text);
        if (!code)
            label_builder_set(&b, rule->labels[i].name, text);
    }
    if (rule->is_alert)
        label_builder_set(&b, STR(ALERTNAME), rule->name);
    if (!code)
        code = label_builder_view(&b, &view, w->err);
    if (code)
        return code;
    if (!items || labels_copy(view, &w->arena, &to->labels))
        return no_memory(w);
    for (size_t i = 0; i < rule->annotation_len && !code; i++) {
        items[i].name = rule->annotations[i].name;
        code = say(w, &rule->annotations[i], s, &items[i].value);
    }
    to->annotations = (struct labels){items, rule->annotation_len};
    to->hash = labels_hash(to->labels);
    to->value = s->values[0];
    return code;
}

static int check_limit(struct work *w, size_t len, const char *of)
{
    uint64_t limit = w->group->limit;

    return limit && len > limit
               ? error_set(w->err, -EINVAL, "exceeded limit of %" PRIu64 " with %zu %s", limit, len,
                           of)
               : 0;
}

static int make_lines(struct work *w, const struct rules_answer *r)
{
    struct map seen;
    int code = 0;

    if (r->type != PROMQL_VECTOR && r->type != PROMQL_SCALAR)
        return error_set(w->err, -EINVAL, "rule result is not a vector or scalar");
    w->lines = arena_calloc(&w->arena, r->len + 1, sizeof(*w->lines));
    if (!w->lines)
        return no_memory(w);
    map_init(&seen);
    for (size_t i = 0; i < r->len && !code; i++) {
        struct line *line = &w->lines[w->len];
        void *old = NULL;
        if (!r->series[i].len)
            continue;
        code = make_line(w, &r->series[i], line);
        if (!code && map_put(&seen, hash_key(&line->hash), line, &old))
            code = no_memory(w);
        if (!code && old)
            code = error_set(w->err, -EINVAL,
                             "vector contains metrics with the same labelset after applying %s "
                             "labels",
                             w->rule->is_alert ? "alert" : "rule");
        w->len++;
    }
    map_fini(&seen);
    return code ? code : w->rule->is_alert ? 0 : check_limit(w, w->len, "series");
}

int rules_ask_queryable(const struct queryable *q, struct str expr, int64_t at_ms,
                        const struct promql_options *query, struct rules_answer *ret,
                        struct error *err)
{
    struct promql_options o = *query;
    struct promql_result *r;
    struct promql_error why;

    o.start_ms = o.end_ms = at_ms;
    if (promql_query(q, expr, &o, &r, &why))
        return error_set(err, -EINVAL, "%.230s", why.text);
    *ret = (struct rules_answer){r->type, r->series, r->len, r};
    return 0;
}

int turn_ask(struct turn *t, struct str expr, int64_t at_ms, uint64_t deadline_mono_ns,
             struct arena *a, struct rules_answer *ret, struct error *err)
{
    struct promql_options o = t->query;

    o.deadline_mono_ns =
        t->query_timeout_ms ? clock_mono_ns() + (uint64_t)t->query_timeout_ms * NS_PER_MS : 0;
    if (deadline_mono_ns && (!o.deadline_mono_ns || deadline_mono_ns < o.deadline_mono_ns))
        o.deadline_mono_ns = deadline_mono_ns;
    *ret = (struct rules_answer){0};
    return t->world.ask(t->world.self, expr, at_ms, &o, a, ret, err);
}

static int ask(struct work *w)
{
    struct rules_answer r;
    int code = turn_ask(w->turn, w->rule->query, w->at_ms, 0, &w->arena, &r, w->err);

    if (!code)
        code = make_lines(w, &r);
    promql_result_free(r.result);
    return code;
}

/* ---- alerts ---- */

static int refresh_alert(struct work *w, struct alert *a, const struct line *line)
{
    struct labels *annotations = state_copy_labels(line->annotations);

    if (!annotations)
        return no_memory(w);
    free(a->annotations);
    a->annotations = annotations;
    a->value = line->value;
    a->seen = true;
    a->keep_ms = INT64_MIN;
    return 0;
}

/* Marks the alerts that were seen and adds the new ones. */
static int see_alerts(struct work *w, struct map *known)
{
    struct rule_state *s = w->rule->state;
    int code = 0;

    for (size_t i = 0; i < s->alert_len && !code; i++) {
        s->alerts[i]->seen = s->alerts[i]->is_new = false;
        code = map_put(known, hash_key(&s->alerts[i]->hash), s->alerts[i], &(void *){NULL});
    }
    for (size_t i = 0; i < w->len && !code; i++) {
        struct alert *a = map_get(known, hash_key(&w->lines[i].hash));
        if (!a) {
            a = state_add_alert(s, w->lines[i].labels, w->now_ms);
            if (!a || map_put(known, hash_key(&a->hash), a, &(void *){NULL}))
                return no_memory(w);
        }
        code = refresh_alert(w, a, &w->lines[i]);
    }
    return code;
}

/* Goes on with an alert of an earlier life of this process: the time it was active counts, the time
 * that nobody looked does not, unless it fired already. */
static void restore_alert(struct work *w, struct alert *a, int64_t seen_ms, double since_s)
{
    int64_t active_ms = (int64_t)(since_s * 1000);

    if (!(since_s > 0) || active_ms > seen_ms)
        return;
    a->active_ms = active_ms;
    if (seen_ms - active_ms < w->rule->for_ms)
        a->active_ms += w->now_ms - seen_ms;
}

static void restore_from(struct work *w, const struct promql_series *s, const struct map *known)
{
    struct label_builder b;
    struct labels view;

    if (!s->len)
        return;
    label_builder_init(&b, s->labels);
    label_builder_set(&b, STR(LABEL_NAME), STR(""));
    if (label_builder_view(&b, &view, NULL))
        return;
    uint64_t hash = labels_hash(view);
    struct alert *a = map_get(known, hash_key(&hash));
    if (a && a->is_new)
        restore_alert(w, a, s->ts_ms[s->len - 1], s->values[s->len - 1]);
}

/* What cannot be read is taken for absent: the alert then starts anew. */
static void restore_alerts(struct work *w, const struct map *known)
{
    const struct rule_state *s = w->rule->state;
    int64_t since_ms = w->now_ms - RESTORE_MS, until_ms = w->turn->started_ms;
    struct rules_answer found;
    struct buf expr;
    bool any = false;

    for (size_t i = 0; i < s->alert_len; i++)
        any = any || s->alerts[i]->is_new;
    if (!any || until_ms <= since_ms)
        return;
    buf_init(&expr, 0);
    buf_text(&expr, "ALERTS_FOR_STATE{" ALERTNAME "=");
    buf_json(&expr, w->rule->name);
    buf_printf(&expr, "}[%" PRId64 "ms]", until_ms - since_ms);
    if (!turn_ask(w->turn, buf_str(&expr), until_ms, 0, &w->arena, &found, NULL)) {
        for (size_t i = 0; i < found.len && found.type == PROMQL_MATRIX; i++)
            restore_from(w, &found.series[i], known);
        promql_result_free(found.result);
    }
    buf_fini(&expr);
}

/* ---- telling ---- */

/* How long receivers take an alert to fire on when they hear nothing more: as long as Prometheus
 * says, four times what lies between two words. */
static int64_t valid_ms(const struct work *w)
{
    return 4 * MAX((int64_t)RESEND_MS, w->group->interval_ms);
}

/* Adds a word on `a`, copied: an alert that has ended is gone when it is said. What cannot be said
 * for want of memory is said in a later turn, or ends by itself at the receiver. */
static void add_notice(struct work *w, struct alert *a, bool resolved)
{
    struct notice n = {.query = w->rule->query,
                       .starts_ms = a->fired_ms,
                       .ends_ms = resolved ? w->now_ms : w->now_ms + valid_ms(w),
                       .resolved = resolved};
    struct notice *grown =
        array_grow(w->notices, &w->notice_cap, w->notice_len + 1, sizeof(*grown));

    if (!grown)
        return;
    w->notices = grown;
    if (labels_copy(*a->labels, &w->arena, &n.labels) ||
        labels_copy(*a->annotations, &w->arena, &n.annotations))
        return;
    w->notices[w->notice_len++] = n;
    a->told_ms = w->now_ms;
    a->told_generation = w->generation;
}

static bool is_due(const struct work *w, const struct alert *a)
{
    return a->told_ms == INT64_MIN || a->told_generation != w->generation ||
           a->told_ms > w->now_ms || w->now_ms - a->told_ms >= RESEND_MS;
}

/* Fires what was pending for long enough, drops what was not seen. */
static void age_alerts(struct work *w)
{
    struct rule_state *s = w->rule->state;

    for (size_t i = 0; i < s->alert_len;) {
        struct alert *a = s->alerts[i];
        if (!a->seen && a->state == ALERT_FIRING && w->rule->keep_firing_ms) {
            if (a->keep_ms == INT64_MIN)
                a->keep_ms = w->now_ms;
            a->seen = w->now_ms - a->keep_ms < w->rule->keep_firing_ms;
        }
        if (!a->seen) {
            if (a->state == ALERT_FIRING && w->turn->notify)
                add_notice(w, a, true);
            state_drop_alert(s, i);
            continue;
        }
        if (a->state == ALERT_PENDING && w->now_ms - a->active_ms >= w->rule->for_ms) {
            a->state = ALERT_FIRING;
            a->fired_ms = w->now_ms;
        }
        if (a->state == ALERT_FIRING && w->turn->notify && is_due(w, a))
            add_notice(w, a, false);
        i++;
    }
}

/* Forgets every alert, and tells those who heard of one that it has ended. */
static void end_alerts(struct work *w)
{
    struct rule_state *s = w->rule->state;

    while (s->alert_len) {
        struct alert *a = s->alerts[s->alert_len - 1];
        if (a->state == ALERT_FIRING && w->turn->notify)
            add_notice(w, a, true);
        state_drop_alert(s, s->alert_len - 1);
    }
}

/* ---- writing ---- */

static int add_sample(struct work *w, struct labels labels, double value)
{
    struct store_sample *grown =
        array_grow(w->samples, &w->sample_cap, w->sample_len + 1, sizeof(*grown));

    if (!grown)
        return no_memory(w);
    w->samples = grown;
    w->samples[w->sample_len++] =
        (struct store_sample){.labels = labels, .ts_ms = w->at_ms, .value = value};
    return 0;
}

static int add_named(struct work *w, const struct alert *a, struct str name, struct str state,
                     double value)
{
    struct label_builder b;
    struct labels view, copy;

    label_builder_init(&b, *a->labels);
    label_builder_set(&b, STR(LABEL_NAME), name);
    if (state.len)
        label_builder_set(&b, STR("alertstate"), state);
    int code = label_builder_view(&b, &view, w->err);
    if (code)
        return code;
    if (labels_copy(view, &w->arena, &copy))
        return no_memory(w);
    return add_sample(w, copy, value);
}

static int alert_samples(struct work *w)
{
    const struct rule_state *s = w->rule->state;
    int code = 0;

    for (size_t i = 0; i < s->alert_len && !code; i++) {
        const struct alert *a = s->alerts[i];
        code = add_named(w, a, STR("ALERTS"),
                         a->state == ALERT_FIRING ? STR("firing") : STR("pending"), 1);
        if (!code)
            code = add_named(w, a, STR("ALERTS_FOR_STATE"), STR(""),
                             floor((double)a->active_ms / 1000));
    }
    return code;
}

static void free_written(struct written *items, size_t n)
{
    for (size_t i = 0; i < n; i++)
        free(items[i].labels);
    free(items);
}

/* The series of this turn, to be remembered; a stale marker is added for each that is gone. */
static int remember(struct work *w, struct written **ret, size_t *ret_len)
{
    struct rule_state *s = w->rule->state;
    size_t n = w->sample_len;
    struct written *now = calloc(n + 1, sizeof(*now));
    struct map known;
    int code = now ? 0 : no_memory(w);

    map_init(&known);
    for (size_t i = 0; i < n && !code; i++) {
        now[i].hash = labels_hash(w->samples[i].labels);
        now[i].labels = state_copy_labels(w->samples[i].labels);
        if (!now[i].labels || map_put(&known, hash_key(&now[i].hash), &now[i], &(void *){NULL}))
            code = no_memory(w);
    }
    for (size_t i = 0; i < s->written_len && !code; i++)
        if (!map_get(&known, hash_key(&s->written[i].hash)))
            code = add_sample(w, *s->written[i].labels, value_stale());
    map_fini(&known);
    if (code && now)
        free_written(now, n);
    *ret = code ? NULL : now;
    *ret_len = code ? 0 : n;
    return code;
}

static int push(struct work *w)
{
    struct store_push_result result;
    int code = w->sample_len ? w->turn->world.push(w->turn->world.self, w->samples, w->sample_len,
                                                   &result, w->err)
                             : 0;

    if (code || !w->sample_len)
        return code;
    w->turn->samples += result.kept;
    w->turn->refused += result.too_old + result.refused;
    return result.too_old + result.refused ? error_set(w->err, -EINVAL, "%s", result.example) : 0;
}

static int write_all(struct work *w)
{
    struct rule_state *s = w->rule->state;
    struct written *now;
    size_t n;
    int code = remember(w, &now, &n);

    if (code)
        return code;
    code = push(w);
    free_written(s->written, s->written_len);
    s->written = now;
    s->written_len = n;
    return code;
}

/* ---- a turn ---- */

static int turn_alert(struct work *w)
{
    struct map known;

    map_init(&known);
    pthread_mutex_lock(w->turn->lock);
    int code = see_alerts(w, &known);
    if (!code) {
        restore_alerts(w, &known);
        age_alerts(w);
        code = check_limit(w, w->rule->state->alert_len, "alerts");
        if (code)
            end_alerts(w); /* as Prometheus does: none of them can be trusted to be all */
    }
    pthread_mutex_unlock(w->turn->lock);
    map_fini(&known);
    if (w->turn->notify)
        notify_push(w->turn->notify, w->notices, w->notice_len);
    return code ? code : alert_samples(w);
}

static int record(struct work *w)
{
    int code = 0;

    for (size_t i = 0; i < w->len && !code; i++)
        code = add_sample(w, w->lines[i].labels, w->lines[i].value);
    return code;
}

/* Says once that templates of the rule fail, or do so no more. */
static void note_templates(struct work *w)
{
    bool failed = w->expander.failures > 0;

    if (failed && !w->rule->state->templates_failed)
        log_warn("template of an alert failed", "file", w->group->file.ptr, "group",
                 w->group->name.ptr, "rule", w->rule->name.ptr, "error", w->expander.error);
    w->rule->state->templates_failed = failed;
}

int turn_rule(struct turn *t, const struct rule_group *g, struct rule *rule, int64_t now_ms,
              struct error *err)
{
    struct work w = {.turn = t,
                     .group = g,
                     .rule = rule,
                     .now_ms = now_ms,
                     .at_ms = now_ms - g->query_offset_ms,
                     .generation = t->notify ? notify_generation(t->notify) : 0,
                     .err = err};
    uint64_t began_ns = clock_mono_ns();

    err->text[0] = '\0';
    arena_init(&w.arena, TURN_BYTES_MAX);
    expander_init(&w.expander, t, rule, now_ms, &w.arena);
    int code = ask(&w);
    if (!code)
        code = rule->is_alert ? turn_alert(&w) : record(&w);
    if (!code)
        code = write_all(&w);
    free(w.samples);
    free(w.notices);
    note_templates(&w);
    expander_fini(&w.expander);
    arena_fini(&w.arena);
    pthread_mutex_lock(t->lock);
    rule->state->health = code ? RULE_FAILED : RULE_OK;
    str_copy(rule->state->error, sizeof(rule->state->error), str_of(code ? err->text : ""));
    rule->state->last_ms = now_ms;
    rule->state->seconds = (double)(clock_mono_ns() - began_ns) / NS_PER_S;
    pthread_mutex_unlock(t->lock);
    return code;
}

void turn_end(struct turn *t, const struct rule_group *g, struct rule *rule, int64_t now_ms)
{
    struct error err;
    struct work w = {.turn = t,
                     .group = g,
                     .rule = rule,
                     .now_ms = now_ms,
                     .at_ms = now_ms - g->query_offset_ms,
                     .err = &err};
    struct written *none;
    size_t n;

    arena_init(&w.arena, TURN_BYTES_MAX);
    end_alerts(&w);
    if (t->notify)
        notify_push(t->notify, w.notices, w.notice_len);
    if (remember(&w, &none, &n) || push(&w))
        log_warn("series of a rule that is gone are not ended", "rule", err.text);
    free(none);
    free(w.samples);
    free(w.notices);
    arena_fini(&w.arena);
}
