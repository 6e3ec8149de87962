/* state.c - the memory of a rule, and its end. */
#include "rules/state.h"

struct rule_state *rule_state_new(void)
{
    struct rule_state *s = calloc(1, sizeof(*s));

    if (s)
        s->last_ms = INT64_MIN;
    return s;
}

static void free_alert(struct alert *a)
{
    free(a->labels);
    free(a->annotations);
    free(a);
}

void rule_state_free(struct rule_state *s)
{
    if (!s)
        return;
    for (size_t i = 0; i < s->alert_len; i++)
        free_alert(s->alerts[i]);
    free(s->alerts);
    for (size_t i = 0; i < s->written_len; i++)
        free(s->written[i].labels);
    free(s->written);
    free(s);
}

static struct str put(char **at, struct str s)
{
    struct str copy = {*at, s.len};

    if (s.len)
        memcpy(*at, s.ptr, s.len);
    *at += s.len;
    return copy;
}

struct labels *state_copy_labels(struct labels l)
{
    size_t bytes = sizeof(struct labels) + l.len * sizeof(struct label);

    for (size_t i = 0; i < l.len; i++)
        bytes += l.items[i].name.len + l.items[i].value.len;
    struct labels *copy = malloc(bytes);
    if (!copy)
        return NULL;
    struct label *items = (struct label *)(copy + 1);
    char *at = (char *)(items + l.len);
    for (size_t i = 0; i < l.len; i++) {
        items[i].name = put(&at, l.items[i].name);
        items[i].value = put(&at, l.items[i].value);
    }
    *copy = (struct labels){items, l.len};
    return copy;
}

struct alert *state_add_alert(struct rule_state *s, struct labels labels, int64_t now_ms)
{
    struct alert **grown = array_grow(s->alerts, &s->alert_cap, s->alert_len + 1, sizeof(*grown));
    struct alert *a = grown ? calloc(1, sizeof(*a)) : NULL;

    if (grown)
        s->alerts = grown;
    if (a)
        a->labels = state_copy_labels(labels);
    if (!a || !a->labels) {
        free(a);
        return NULL;
    }
    a->hash = labels_hash(labels);
    a->active_ms = now_ms;
    a->keep_ms = a->told_ms = INT64_MIN;
    a->is_new = true;
    s->alerts[s->alert_len++] = a;
    return a;
}

void state_drop_alert(struct rule_state *s, size_t i)
{
    free_alert(s->alerts[i]);
    memmove(s->alerts + i, s->alerts + i + 1, (s->alert_len - i - 1) * sizeof(*s->alerts));
    s->alert_len--;
}
