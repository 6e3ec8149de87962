/* expand.c - see expand.h. */
#include "rules/expand.h"

#define TEMPLATES_TIME_MS 60000 /* of all templates of a turn, where queries have no bound */

/* What an expression gave in this turn. */
struct answer {
    int code;
    char error[240];
    const struct template_sample *samples;
    size_t len;
};

void expander_init(struct expander *x, struct turn *turn, const struct rule *rule, int64_t now_ms,
                   struct arena *arena)
{
    int64_t time_ms = turn->query_timeout_ms ? turn->query_timeout_ms : TEMPLATES_TIME_MS;

    *x = (struct expander){.turn = turn,
                           .rule = rule,
                           .now_ms = now_ms,
                           .arena = arena,
                           .deadline_mono_ns = clock_mono_ns() + (uint64_t)time_ms * NS_PER_MS};
    map_init(&x->asked);
}

void expander_fini(struct expander *x)
{
    map_fini(&x->asked);
}

static int keep_samples(struct expander *x, const struct rules_answer *r, struct answer *to)
{
    struct template_sample *samples;

    if (r->type != PROMQL_VECTOR && r->type != PROMQL_SCALAR) {
        str_copy(to->error, sizeof(to->error), STR("rule result is not a vector or scalar"));
        return -EINVAL;
    }
    to->samples = samples = arena_calloc(x->arena, r->len + 1, sizeof(*samples));
    for (size_t i = 0; samples && i < r->len; i++) {
        if (!r->series[i].len)
            continue;
        if (labels_copy(r->series[i].labels, x->arena, &samples[to->len].labels))
            return -ENOMEM;
        samples[to->len++].value = r->series[i].values[0];
    }
    return samples ? 0 : -ENOMEM;
}

static struct answer *ask(struct expander *x, struct str expr)
{
    struct answer *answer = arena_new(x->arena, struct answer);
    char *key = arena_strndup(x->arena, expr.ptr, expr.len);
    struct rules_answer found;
    struct error why = {0};

    if (!answer || !key)
        return NULL;
    answer->code = turn_ask(x->turn, expr, x->now_ms, x->deadline_mono_ns, x->arena, &found, &why);
    if (answer->code) {
        str_copy(answer->error, sizeof(answer->error), str_of(why.text));
    } else {
        answer->code = keep_samples(x, &found, answer);
        promql_result_free(found.result);
    }
    if (answer->code == -ENOMEM ||
        map_put(&x->asked, str_make(key, expr.len), answer, &(void *){0}))
        return NULL;
    return answer;
}

static int query(void *self, struct str expr, const struct template_sample **ret, size_t *ret_len,
                 struct error *err)
{
    struct expander *x = self;
    struct answer *answer = map_get(&x->asked, expr);

    if (!answer)
        answer = ask(x, expr);
    if (!answer)
        return error_errno(err, -ENOMEM, "query");
    *ret = answer->samples;
    *ret_len = answer->len;
    return answer->code ? error_set(err, answer->code, "%s", answer->error) : 0;
}

int expander_say(struct expander *x, const struct rule_pair *pair, struct labels labels,
                 double value, struct str *ret)
{
    const struct template_input in = {.alert = x->rule->name,
                                      .labels = labels,
                                      .external_labels = x->turn->external_labels,
                                      .external_url = x->turn->external_url,
                                      .value = value,
                                      .now_ms = x->now_ms,
                                      .deadline_mono_ns = x->deadline_mono_ns,
                                      .self = x,
                                      .query = query};
    struct buf text;

    *ret = pair->text;
    if (!pair->template)
        return 0;
    buf_init(&text, 0);
    x->turn->templates++;
    if (!template_expand(pair->template, &in, &text)) {
        x->turn->template_failures++;
        if (!x->failures++)
            str_copy(x->error, sizeof(x->error), buf_str(&text));
    }
    char *copy = text.failed ? NULL : arena_strndup(x->arena, text.len ? text.ptr : "", text.len);
    *ret = str_make(copy, text.len);
    buf_fini(&text);
    return copy ? 0 : -ENOMEM;
}
