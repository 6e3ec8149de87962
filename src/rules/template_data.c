/* template_data.c - functions on what holds others: queries and their samples, maps, lists; index,
 * slice and len of Go's text/template. */
#include "rules/template_functions.h"

#include <stdlib.h>

/* ---- queries ---- */

static int call_query(struct template_call *c, const struct template_value *args, size_t n,
                      struct template_value *ret)
{
    const struct template_sample *samples;
    struct error err = {0};
    size_t len = 0;

    (void)n;
    if (!c->in->query)
        return template_call_fail(c, "there is nothing to ask here");
    if (clock_mono_ns() > c->deadline_mono_ns)
        return template_call_fail(c, "there is no time left to ask");
    if (++c->queries > TEMPLATE_QUERIES_MAX)
        return template_call_fail(c, "more than %d queries", TEMPLATE_QUERIES_MAX);
    if (c->in->query(c->in->self, args[0].text, &samples, &len, &err))
        return template_call_fail(c, "%s", err.text);
    const struct template_sample **items = arena_calloc(c->arena, len + 1, sizeof(*items));
    if (!items)
        return -ENOMEM;
    for (size_t i = 0; i < len; i++)
        items[i] = &samples[i];
    *ret = (struct template_value){VALUE_SAMPLES, {.samples = {items, len}}};
    return 0;
}

static int call_first(struct template_call *c, const struct template_value *args, size_t n,
                      struct template_value *ret)
{
    (void)n;
    if (!args[0].samples.len)
        return template_call_fail(c, "first() called on vector with no elements");
    *ret = (struct template_value){VALUE_SAMPLE, {.sample = args[0].samples.items[0]}};
    return 0;
}

static int no_sample(struct template_call *c)
{
    return template_call_fail(c,
                              "runtime error: invalid memory address or nil pointer dereference");
}

static int call_label(struct template_call *c, const struct template_value *args, size_t n,
                      struct template_value *ret)
{
    (void)n;
    if (!args[1].sample)
        return no_sample(c);
    *ret = template_value_label(args[1].sample->labels, args[0].text);
    return 0;
}

static int call_value(struct template_call *c, const struct template_value *args, size_t n,
                      struct template_value *ret)
{
    (void)n;
    if (!args[0].sample)
        return no_sample(c);
    *ret = value_of_real(args[0].sample->value);
    return 0;
}

static int call_strvalue(struct template_call *c, const struct template_value *args, size_t n,
                         struct template_value *ret)
{
    (void)n;
    if (!args[0].sample)
        return no_sample(c);
    *ret = template_value_label(args[0].sample->labels, STR("__value__"));
    return 0;
}

/* A sample on its way to its place: the old place decides where the label does not. */
struct place {
    const struct template_sample *sample;
    struct str by;
    size_t before;
};

static int compare_places(const void *a, const void *b)
{
    const struct place *x = a, *y = b;
    int order = str_compare(x->by, y->by);

    return order ? order : (x->before > y->before) - (x->before < y->before);
}

static int call_sort_by_label(struct template_call *c, const struct template_value *args, size_t n,
                              struct template_value *ret)
{
    struct value_samples list = args[1].samples;
    struct place *places = arena_calloc(c->arena, list.len + 1, sizeof(*places));

    (void)n;
    if (!places)
        return -ENOMEM;
    for (size_t i = 0; i < list.len; i++)
        places[i] =
            (struct place){list.items[i], labels_get(list.items[i]->labels, args[0].text), i};
    qsort(places, list.len, sizeof(*places), compare_places);
    for (size_t i = 0; i < list.len; i++)
        list.items[i] = places[i].sample;
    *ret = args[1];
    return 0;
}

static int call_args(struct template_call *c, const struct template_value *args, size_t n,
                     struct template_value *ret)
{
    struct template_value *items = arena_calloc(c->arena, n + 1, sizeof(*items));

    if (!items)
        return -ENOMEM;
    if (n)
        memcpy(items, args, n * sizeof(*items));
    *ret = (struct template_value){VALUE_ARGS, {.args = {items, n}}};
    return 0;
}

/* ---- len, index, slice ---- */

/* The type of what a pointer points to, which these functions look at. */
static const char *pointed_type(const struct template_value *v)
{
    const char *name = template_value_type(v);

    return name + (*name == '*');
}

static int call_len(struct template_call *c, const struct template_value *args, size_t n,
                    struct template_value *ret)
{
    size_t len;

    (void)n;
    if (args[0].kind == VALUE_NONE || (args[0].kind == VALUE_SAMPLE && !args[0].sample))
        return template_call_fail(c, "len of nil pointer");
    if (!template_value_length(&args[0], &len))
        return template_call_fail(c, "len of type %s", pointed_type(&args[0]));
    *ret = value_of_whole((int64_t)len);
    return 0;
}

/* A place in something of `len` entries; `behind`: the place behind the last one too. */
static int to_place(struct template_call *c, const struct template_value *v, size_t len,
                    bool behind, size_t *ret)
{
    if (v->kind == VALUE_NONE)
        return template_call_fail(c, "cannot index slice/array with nil");
    if (v->kind != VALUE_WHOLE && v->kind != VALUE_BYTE && v->kind != VALUE_MONTH &&
        v->kind != VALUE_WEEKDAY)
        return template_call_fail(c, "cannot index slice/array with type %s",
                                  template_value_type(v));
    if (v->whole < 0 || (uint64_t)v->whole > len || (!behind && (uint64_t)v->whole == len))
        return template_call_fail(c, "index out of range: %" PRId64, v->whole);
    *ret = (size_t)v->whole;
    return 0;
}

static int index_map(struct template_call *c, const struct template_value *map,
                     const struct template_value *key, struct template_value *ret)
{
    if (key->kind == VALUE_NONE)
        return template_call_fail(c, "value is nil; should be of type string");
    if (key->kind != VALUE_TEXT)
        return template_call_fail(c, "value has type %s; should be string",
                                  template_value_type(key));
    *ret = map->kind == VALUE_LABELS ? template_value_label(map->labels, key->text)
                                     : template_value_arg(map->args, key->text);
    return 0;
}

static int index_once(struct template_call *c, const struct template_value *item,
                      const struct template_value *by, struct template_value *ret)
{
    size_t at, len;

    if (item->kind == VALUE_LABELS || item->kind == VALUE_ARGS)
        return index_map(c, item, by, ret);
    if (!template_value_length(item, &len))
        return template_call_fail(c, "can't index item of type %s", pointed_type(item));
    int code = to_place(c, by, len, false, &at);
    if (code)
        return code;
    if (item->kind == VALUE_TEXT)
        *ret = (struct template_value){VALUE_BYTE, {.whole = (unsigned char)item->text.ptr[at]}};
    else
        *ret = (struct template_value){VALUE_SAMPLE, {.sample = item->samples.items[at]}};
    return 0;
}

static int call_index(struct template_call *c, const struct template_value *args, size_t n,
                      struct template_value *ret)
{
    struct template_value item = args[0];
    int code = item.kind == VALUE_NONE ? template_call_fail(c, "index of untyped nil") : 0;

    for (size_t i = 1; i < n && !code; i++) {
        struct template_value inner;
        if (item.kind == VALUE_NONE)
            return template_call_fail(c, "index of nil pointer");
        code = index_once(c, &item, &args[i], &inner);
        if (!code)
            item = inner;
    }
    *ret = item;
    return code;
}

static int call_slice(struct template_call *c, const struct template_value *args, size_t n,
                      struct template_value *ret)
{
    const struct template_value *item = &args[0];
    size_t from[3] = {0}, len = 0;

    if (item->kind == VALUE_NONE)
        return template_call_fail(c, "slice of untyped nil");
    if (n > 4)
        return template_call_fail(c, "too many slice indexes: %zu", n - 1);
    if (item->kind == VALUE_TEXT && n == 4)
        return template_call_fail(c, "cannot 3-index slice a string");
    if (item->kind != VALUE_TEXT && item->kind != VALUE_SAMPLES)
        return template_call_fail(c, "can't slice item of type %s", pointed_type(item));
    (void)template_value_length(item, &len);
    from[1] = from[2] = len;
    for (size_t i = 1; i < n; i++) {
        int code = to_place(c, &args[i], len, true, &from[i - 1]);
        if (code)
            return code;
    }
    for (size_t i = 0; i < 2; i++)
        if (from[i] > from[i + 1])
            return template_call_fail(c, "invalid slice index: %zu > %zu", from[i], from[i + 1]);
    *ret = *item;
    if (item->kind == VALUE_TEXT)
        ret->text = str_make(item->text.ptr + from[0], from[1] - from[0]);
    else
        ret->samples = (struct value_samples){item->samples.items + from[0], from[1] - from[0]};
    return 0;
}

/* No value of ours is a function. */
static int call_call(struct template_call *c, const struct template_value *args, size_t n,
                     struct template_value *ret)
{
    (void)n;
    *ret = args[0];
    if (args[0].kind == VALUE_NONE)
        return template_call_fail(c, "call of nil");
    return template_call_fail(c, "a value of type %s is no function",
                              template_value_type(&args[0]));
}

const struct template_function template_data_functions[] = {
    {"query", 1, false, {PARAMETER_TEXT}, call_query},
    {"first", 1, false, {PARAMETER_SAMPLES}, call_first},
    {"label", 2, false, {PARAMETER_TEXT, PARAMETER_SAMPLE}, call_label},
    {"value", 1, false, {PARAMETER_SAMPLE}, call_value},
    {"strvalue", 1, false, {PARAMETER_SAMPLE}, call_strvalue},
    {"sortByLabel", 2, false, {PARAMETER_TEXT, PARAMETER_SAMPLES}, call_sort_by_label},
    {"args", 0, true, {0}, call_args},
    {"len", 1, false, {0}, call_len},
    {"index", 1, true, {0}, call_index},
    {"slice", 1, true, {0}, call_slice},
    {"call", 1, true, {0}, call_call},
    {NULL, 0, false, {0}, NULL},
};
