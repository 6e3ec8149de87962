/* show.c - rules for readers of JSON. */
#include "rules/show.h"

#include "rules/state.h"

static void print_time(int64_t ms, struct buf *to)
{
    buf_char(to, '"');
    buf_rfc3339(to, ms);
    buf_char(to, '"');
}

/* The fewest digits that read back the same, with an exponent: 1e+00. */
static void print_value(double v, struct buf *to)
{
    char text[40];

    buf_char(to, '"');
    if (isnan(v) || isinf(v)) {
        buf_double(to, v);
    } else {
        for (int digits = 0; digits <= 16; digits++) {
            double back;
            int len = snprintf(text, sizeof(text), "%.*e", digits, v);
            if (num_parse(str_make(text, (size_t)len), &back) && back == v)
                break;
        }
        buf_text(to, text);
    }
    buf_char(to, '"');
}

static void print_pairs(const struct rule_pair *pairs, size_t n, struct buf *to)
{
    buf_char(to, '{');
    for (size_t i = 0; i < n; i++) {
        buf_text(to, i ? "," : "");
        buf_json(to, pairs[i].name);
        buf_char(to, ':');
        buf_json(to, pairs[i].text);
    }
    buf_char(to, '}');
}

static void print_alert(const struct alert *a, struct buf *to)
{
    buf_text(to, "{\"labels\":");
    labels_print_json(*a->labels, to);
    buf_text(to, ",\"annotations\":");
    labels_print_json(*a->annotations, to);
    buf_printf(to,
               ",\"state\":\"%s\",\"activeAt\":", a->state == ALERT_FIRING ? "firing" : "pending");
    print_time(a->active_ms, to);
    if (a->keep_ms != INT64_MIN) {
        buf_text(to, ",\"keepFiringSince\":");
        print_time(a->keep_ms, to);
    }
    buf_text(to, ",\"value\":");
    print_value(a->value, to);
    buf_char(to, '}');
}

static const char *rule_state_name(const struct rule_state *s)
{
    const char *name = "inactive";

    for (size_t i = 0; i < s->alert_len; i++) {
        if (s->alerts[i]->state == ALERT_FIRING)
            return "firing";
        name = "pending";
    }
    return name;
}

static void print_alert_rule(const struct rule *rule, bool exclude_alerts, struct buf *to)
{
    const struct rule_state *s = rule->state;

    buf_printf(to, "\"state\":\"%s\",\"duration\":", rule_state_name(s));
    buf_double(to, (double)rule->for_ms / 1000);
    buf_text(to, ",\"keepFiringFor\":");
    buf_double(to, (double)rule->keep_firing_ms / 1000);
    buf_text(to, ",\"labels\":");
    print_pairs(rule->labels, rule->label_len, to);
    buf_text(to, ",\"annotations\":");
    print_pairs(rule->annotations, rule->annotation_len, to);
    if (!exclude_alerts) {
        buf_text(to, ",\"alerts\":[");
        for (size_t i = 0; i < s->alert_len; i++) {
            buf_text(to, i ? "," : "");
            print_alert(s->alerts[i], to);
        }
        buf_char(to, ']');
    }
    buf_char(to, ',');
}

static void print_rule(const struct rule *rule, bool exclude_alerts, struct buf *to)
{
    static const char *const health[] = {"unknown", "ok", "err"};
    const struct rule_state *s = rule->state;

    buf_char(to, '{');
    if (rule->is_alert) {
        print_alert_rule(rule, exclude_alerts, to);
    } else if (rule->label_len) {
        buf_text(to, "\"labels\":");
        print_pairs(rule->labels, rule->label_len, to);
        buf_char(to, ',');
    }
    buf_text(to, "\"name\":");
    buf_json(to, rule->name);
    buf_text(to, ",\"query\":");
    buf_json(to, rule->query);
    buf_printf(to, ",\"health\":\"%s\"", health[s->health]);
    if (*s->error) {
        buf_text(to, ",\"lastError\":");
        buf_json(to, str_of(s->error));
    }
    buf_text(to, ",\"evaluationTime\":");
    buf_double(to, s->seconds);
    buf_text(to, ",\"lastEvaluation\":");
    print_time(s->last_ms, to);
    buf_printf(to, ",\"type\":\"%s\"}", rule->is_alert ? "alerting" : "recording");
}

static bool holds(const struct str_list *list, struct str text)
{
    for (size_t i = 0; i < list->len; i++)
        if (str_equal(list->items[i], text))
            return true;
    return !list->len;
}

static bool labels_match(const struct rule *rule, const struct rules_filter *filter)
{
    struct label items[LABELS_MAX];
    struct labels own = {items, MIN(rule->label_len, ARRAY_LEN(items))};

    for (size_t i = 0; i < own.len; i++)
        items[i] = (struct label){rule->labels[i].name, rule->labels[i].text};
    for (size_t i = 0; i < filter->match_len; i++)
        if (matchers_match(filter->match[i].matchers, filter->match[i].len, own) == 1)
            return true;
    return !filter->match_len;
}

static bool is_wanted(const struct rule *rule, const struct rules_filter *filter)
{
    return (filter->kind == RULES_ALL || rule->is_alert == (filter->kind == RULES_ALERTING)) &&
           holds(&filter->names, rule->name) && labels_match(rule, filter);
}

/* Where rules are asked for by name or label, a group without one of them is left out; by kind
 * alone it stays, empty, as in Prometheus 2. */
static bool is_group_wanted(const struct rule_group *g, const struct rules_filter *filter)
{
    bool any = !filter->names.len && !filter->match_len;

    if (!holds(&filter->groups, g->name) || !holds(&filter->files, g->file))
        return false;
    for (size_t i = 0; i < g->len && !any; i++)
        any = is_wanted(&g->rules[i], filter);
    return any;
}

static void print_group(const struct rule_group *g, const struct rules_filter *filter,
                        struct buf *to)
{
    bool any = false;

    buf_text(to, "{\"name\":");
    buf_json(to, g->name);
    buf_text(to, ",\"file\":");
    buf_json(to, g->file);
    buf_text(to, ",\"rules\":[");
    for (size_t i = 0; i < g->len; i++) {
        if (!is_wanted(&g->rules[i], filter))
            continue;
        buf_text(to, any ? "," : "");
        print_rule(&g->rules[i], filter->exclude_alerts, to);
        any = true;
    }
    buf_text(to, "],\"interval\":");
    buf_double(to, (double)g->interval_ms / 1000);
    buf_printf(to, ",\"limit\":%" PRIu64 ",\"evaluationTime\":", g->limit);
    buf_double(to, g->seconds);
    buf_text(to, ",\"lastEvaluation\":");
    print_time(g->last_ms, to);
    buf_char(to, '}');
}

/* Names a group over reloads: of its file and name. `to` has room for 17 bytes. */
static void make_token(const struct rule_group *g, char *to)
{
    uint64_t hash = hash_more(hash_more(0, g->file.ptr, g->file.len), g->name.ptr, g->name.len);

    snprintf(to, 17, "%016" PRIx64, hash);
}

/* Where an answer begins; the number of groups when no group has this token. */
static size_t first_group(const struct rule_set *set, struct str token)
{
    char text[17];

    for (size_t i = 0; i < set->len && token.len; i++) {
        make_token(&set->groups[i], text);
        if (str_is(token, text))
            return i;
    }
    return token.len ? set->len : 0;
}

int show_groups(const struct rule_set *set, const struct rules_filter *filter, struct buf *to)
{
    size_t from = first_group(set, filter->next_token), printed = 0;
    char next[17] = "";

    if (filter->next_token.len && from == set->len)
        return -ENOENT;
    buf_text(to, "{\"groups\":[");
    for (size_t i = from; i < set->len && !*next; i++) {
        if (!is_group_wanted(&set->groups[i], filter))
            continue;
        if (filter->group_limit && printed == filter->group_limit) {
            make_token(&set->groups[i], next);
            break;
        }
        buf_text(to, printed++ ? "," : "");
        print_group(&set->groups[i], filter, to);
    }
    buf_char(to, ']');
    if (*next)
        buf_printf(to, ",\"groupNextToken\":\"%s\"", next);
    buf_char(to, '}');
    return 0;
}

void show_alerts(const struct rule_set *set, struct buf *to)
{
    bool any = false;

    buf_text(to, "{\"alerts\":[");
    for (size_t i = 0; i < set->len; i++) {
        for (size_t k = 0; k < set->groups[i].len; k++) {
            const struct rule_state *s = set->groups[i].rules[k].state;
            for (size_t n = 0; n < s->alert_len; n++) {
                buf_text(to, any ? "," : "");
                print_alert(s->alerts[n], to);
                any = true;
            }
        }
    }
    buf_text(to, "]}");
}
