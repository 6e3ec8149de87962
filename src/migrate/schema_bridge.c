/* schema_bridge.c - selections that hold series of a name, and beside them those made of the other
 * schema's. */
#include "migrate/schema_bridge.h"

#include "migrate/bridge_source.h"

#include <pthread.h>
#include <stdlib.h>

#define LIVES_MS                                                                                   \
    INT64_C(300000) /* how long a sample stands for its series: Prometheus's lookback */
#define LABELS_MEMORY ((size_t)256 << 20) /* of the labels of one selection */
#define BELOW_MAX     (1 + BRIDGE_ROWS_MAX * BRIDGE_PARTS_MAX)

struct schema_bridge {
    struct queryable below;
};

/* One series below that goes into one of ours. */
struct origin {
    uint32_t selection, series; /* selection 0: of the very name that was asked for */
    double factor;
    enum bridge_way way;
    uint32_t parts; /* how many there must be, for BRIDGE_ALL */
};

struct entry {
    struct labels labels;
    struct origin *origins;
    size_t len;
    bool real;           /* the first origin is a series of that name */
    uint32_t *witnesses; /* series of that name of the same GPU: while one lives, ours does not */
    size_t witness_len;
};

struct bridged {
    struct selection base; /* first: what the caller sees */
    struct selection *below[BELOW_MAX];
    size_t below_len;
    struct entry *entries;
    size_t len;
    struct labels *labels;
    struct arena arena;
    char info[200];
    pthread_mutex_t lock;       /* part, and that of the selections below; base.info */
    enum sample_part part_told; /* to the selections below */
};

static void bridged_free(struct selection *s)
{
    struct bridged *b = (struct bridged *)s;

    for (size_t i = 0; i < b->below_len; i++)
        selection_free(b->below[i]);
    arena_fini(&b->arena);
    pthread_mutex_destroy(&b->lock);
    free(b);
}

/* ---- reading ---- */

struct samples {
    size_t len;
    int64_t *ts_ms;
    double *values;
    uint8_t *count; /* of the series added up */
};

static int full(struct error *err)
{
    return error_set(err, -ENOMEM, "the query's memory is used up");
}

static bool samples_new(struct arena *a, size_t len, struct samples *ret)
{
    *ret = (struct samples){0, arena_calloc(a, len + 1, sizeof(int64_t)),
                            arena_calloc(a, len + 1, sizeof(double)),
                            arena_calloc(a, len + 1, sizeof(uint8_t))};
    return ret->ts_ms && ret->values && ret->count;
}

static double scaled(double value, double factor)
{
    return isnan(value) ? value : value * factor; /* a stale marker is a NaN of its own */
}

static double joined(enum bridge_way way, double a, double b)
{
    if (way == BRIDGE_FIRST)
        return value_is_stale(a) ? b : a;
    if (value_is_stale(a) || value_is_stale(b))
        return value_is_stale(a) ? b : a;
    return a + b;
}

/* Puts the next series beside what is gathered, by time. */
static bool join(struct arena *a, const struct origin *o, const struct column *c,
                 const struct samples *before, struct samples *ret)
{
    size_t i = 0, k = 0;

    if (!samples_new(a, before->len + c->len, ret))
        return false;
    while (i < before->len || k < c->len) {
        bool left = k == c->len || (i < before->len && before->ts_ms[i] <= c->ts_ms[k]);
        bool right = i == before->len || (k < c->len && c->ts_ms[k] <= before->ts_ms[i]);
        double x = left ? before->values[i] : 0, y = right ? scaled(c->values[k], o->factor) : 0;
        ret->ts_ms[ret->len] = left ? before->ts_ms[i] : c->ts_ms[k];
        ret->values[ret->len] = left && right ? joined(o->way, x, y) : left ? x : y;
        ret->count[ret->len] = (uint8_t)MIN((left ? before->count[i] : 0) + right, UINT8_MAX);
        ret->len++;
        i += left;
        k += right;
    }
    return true;
}

static void keep_whole(struct samples *s, uint32_t parts)
{
    size_t kept = 0;

    for (size_t i = 0; i < s->len; i++)
        if (s->count[i] >= parts) {
            s->ts_ms[kept] = s->ts_ms[i];
            s->values[kept++] = s->values[i];
        }
    s->len = kept;
}

static int read_below(struct bridged *b, const struct origin *o, int64_t start_ms, int64_t end_ms,
                      struct arena *a, struct column *ret, struct error *err)
{
    struct selection *s = b->below[o->selection];

    return s->ops->read(s, o->series, start_ms, end_ms, a, ret, err);
}

/* Takes away what lies in the life of a series that really has the name, and ends ours where one
 * begins. Both are in order of time. */
static bool yield_to(struct arena *a, const struct column *real, struct samples *s)
{
    struct samples kept;
    size_t at = 0;

    if (!samples_new(a, s->len + real->len, &kept))
        return false;
    for (size_t i = 0; i <= s->len; i++) {
        int64_t now = i < s->len ? s->ts_ms[i] : INT64_MAX;
        for (; at < real->len && real->ts_ms[at] <= now; at++) {
            bool ours = kept.len && !value_is_stale(kept.values[kept.len - 1]);
            if (!ours || value_is_stale(real->values[at]))
                continue;
            kept.ts_ms[kept.len] = real->ts_ms[at];
            kept.values[kept.len++] = value_stale();
        }
        bool lives =
            at && !value_is_stale(real->values[at - 1]) && now - real->ts_ms[at - 1] < LIVES_MS;
        if (i == s->len || lives)
            continue;
        kept.ts_ms[kept.len] = now;
        kept.values[kept.len++] = s->values[i];
    }
    *s = kept;
    return true;
}

static int yield_to_all(struct bridged *b, const struct entry *e, int64_t start_ms, int64_t end_ms,
                        struct arena *a, struct samples *s, struct error *err)
{
    for (size_t i = 0; i < e->witness_len && s->len; i++) {
        struct origin real = {0, e->witnesses[i], 1, BRIDGE_FIRST, 1};
        struct column c;
        int code = read_below(b, &real, start_ms - LIVES_MS, end_ms, a, &c, err);
        if (code)
            return code;
        if (!yield_to(a, &c, s))
            return full(err);
    }
    return 0;
}

static void tell_part(struct bridged *b)
{
    pthread_mutex_lock(&b->lock);
    if (b->part_told != b->base.part)
        for (size_t i = 0; i < b->below_len; i++)
            b->below[i]->part = b->base.part;
    b->part_told = b->base.part;
    pthread_mutex_unlock(&b->lock);
}

/* The answer says that something was made when something was. */
static void tell_made(struct bridged *b, const struct samples *made)
{
    size_t i = 0;

    while (i < made->len && value_is_stale(made->values[i]))
        i++;
    if (i == made->len)
        return;
    pthread_mutex_lock(&b->lock);
    b->base.info = b->info;
    pthread_mutex_unlock(&b->lock);
}

static int bridged_read(struct selection *base, size_t i, int64_t start_ms, int64_t end_ms,
                        struct arena *a, struct column *ret, struct error *err)
{
    struct bridged *b = (struct bridged *)base;
    const struct entry *e = &b->entries[i];
    struct samples gathered = {0}, next;
    struct column c;
    int code;

    if (b->base.window_ms)
        tell_part(b);
    if (e->real && e->len == 1)
        return read_below(b, &e->origins[0], start_ms, end_ms, a, ret, err);
    for (size_t o = e->real; o < e->len; o++) {
        code = read_below(b, &e->origins[o], start_ms, end_ms, a, &c, err);
        if (code)
            return code;
        if (!join(a, &e->origins[o], &c, &gathered, &next))
            return full(err);
        gathered = next;
    }
    if (e->origins[e->real].way == BRIDGE_ALL)
        keep_whole(&gathered, e->origins[e->real].parts);
    code = yield_to_all(b, e, start_ms, end_ms, a, &gathered, err);
    if (!code)
        tell_made(b, &gathered);
    if (!code && e->real) { /* one series, real in part */
        code = read_below(b, &e->origins[0], start_ms, end_ms, a, &c, err);
        if (!code && !join(a, &e->origins[0], &c, &gathered, &next))
            return full(err);
        gathered = code ? gathered : next;
    }
    *ret = (struct column){gathered.len, gathered.ts_ms, gathered.values};
    return code;
}

static const struct selection_ops bridged_ops = {.read = bridged_read, .free = bridged_free};

/* ---- selecting ---- */

/* A question below: one part of one row. */
static int select_part(struct schema_bridge *bridge, struct bridged *b,
                       const struct bridge_source *s, size_t part, struct selector asked,
                       int64_t start_ms, int64_t end_ms, size_t max_series, struct error *err)
{
    struct matcher *m = arena_calloc(&b->arena, asked.len + 3, sizeof(*m));
    size_t len = 0;

    if (!m)
        return full(err);
    for (size_t i = 0; i < asked.len; i++) {
        struct str label = asked.matchers[i].name;
        if (str_is(label, LABEL_NAME) ||
            (s->label.len && str_equal(label, s->label))) /* the answer's alone */
            continue;
        label = bridge_label_of_source(s->to, label);
        if (!label.len)
            continue;
        m[len] = asked.matchers[i];
        m[len++].name = label;
    }
    m[len++] = (struct matcher){
        .type = MATCH_EQUAL, .name = STR(LABEL_NAME), .value = s->parts[part].name};
    if (s->parts[part].label.len)
        m[len++] = (struct matcher){
            .type = MATCH_EQUAL, .name = s->parts[part].label, .value = s->parts[part].value};
    if (s->to == TO_ALL_SMI) /* rows of MIG instances repeat the board's values */
        m[len++] = (struct matcher){.type = MATCH_EQUAL, .name = STR("GPU_I_ID"), .value = STR("")};
    int code = bridge->below.select(bridge->below.self, (struct selector){m, len}, start_ms, end_ms,
                                    max_series, &b->below[b->below_len], err);
    b->below_len += !code;
    return code;
}

/* What was found below, before equal labels become one. */
struct found {
    struct labels labels;
    struct origin origin;
};

static int by_labels(const void *a, const void *b)
{
    const struct found *x = a, *y = b;
    int order = labels_compare(x->labels, y->labels);

    if (order)
        return order;
    if (x->origin.selection != y->origin.selection)
        return x->origin.selection < y->origin.selection ? -1 : 1;
    return (x->origin.series > y->origin.series) - (x->origin.series < y->origin.series);
}

static int add_found(struct bridged *b, const struct bridge_source *s, struct selector asked,
                     struct str name, uint32_t selection, struct found *to, size_t *len,
                     struct error *err)
{
    const struct selection *from = b->below[selection];

    for (size_t i = 0; i < from->len; i++) {
        struct labels labels = from->labels[i];
        struct origin o = {selection, (uint32_t)i, 1, BRIDGE_FIRST, 1};
        if (s) {
            int code = bridge_labels(s, from->labels[i], name, &b->arena, &labels, err);
            if (code)
                return code;
            code = matchers_match(asked.matchers, asked.len, labels);
            if (code < 0)
                return error_set(err, code, "a regular expression takes too many steps");
            if (!code)
                continue;
            o.factor = s->factor;
            o.way = s->way;
            o.parts = (uint32_t)s->len;
        }
        to[(*len)++] = (struct found){labels, o};
    }
    return 0;
}

/* The series that really have the name and are of the same GPU. */
static bool find_witnesses(struct bridged *b, struct str key, struct entry *e)
{
    const struct selection *real = b->below[0];
    struct str gpu = labels_get(e->labels, key);

    e->witnesses = arena_calloc(&b->arena, real->len + 1, sizeof(*e->witnesses));
    for (size_t i = 0; e->witnesses && gpu.len && i < real->len; i++)
        if (str_equal(labels_get(real->labels[i], key), gpu))
            e->witnesses[e->witness_len++] = (uint32_t)i;
    return e->witnesses != NULL;
}

static int make_entries(struct bridged *b, struct found *found, size_t len, struct str key,
                        struct error *err)
{
    b->entries = arena_calloc(&b->arena, len + 1, sizeof(*b->entries));
    b->labels = arena_calloc(&b->arena, len + 1, sizeof(*b->labels));
    struct origin *origins = arena_calloc(&b->arena, len + 1, sizeof(*origins));
    if (!b->entries || !b->labels || !origins)
        return full(err);
    qsort(found, len, sizeof(*found), by_labels);
    for (size_t i = 0; i < len; i++) {
        struct entry *e = b->len ? &b->entries[b->len - 1] : NULL;
        origins[i] = found[i].origin;
        if (e && labels_equal(e->labels, found[i].labels)) {
            e->len++;
            continue;
        }
        e = &b->entries[b->len];
        *e = (struct entry){.labels = found[i].labels, .origins = &origins[i], .len = 1};
        e->real = found[i].origin.selection == 0;
        b->labels[b->len++] = found[i].labels;
    }
    for (size_t i = 0; i < b->len; i++)
        if ((!b->entries[i].real || b->entries[i].len > 1) &&
            !find_witnesses(b, key, &b->entries[i]))
            return full(err);
    return 0;
}

static int gather(struct bridged *b, const struct bridge_source *rows, size_t n,
                  struct selector asked, struct str name, size_t max_series, struct error *err)
{
    size_t most = 0, len = 0;
    int code;

    for (size_t i = 0; i < b->below_len; i++)
        most += b->below[i]->len;
    struct found *found = arena_calloc(&b->arena, most + 1, sizeof(*found));
    if (!found)
        return full(err);
    code = add_found(b, NULL, asked, name, 0, found, &len, err);
    uint32_t selection = 1;
    for (size_t i = 0; i < n; i++)
        for (size_t p = 0; p < rows[i].len && !code; p++)
            code = add_found(b, &rows[i], asked, name, selection++, found, &len, err);
    if (!code)
        code = make_entries(b, found, len, bridge_key(rows[0].to), err);
    return !code && max_series && b->len > max_series ? -E2BIG : code;
}

static void finish(struct bridged *b, const struct bridge_source *rows, struct str name)
{
    b->base.len = b->len;
    b->base.labels = b->labels;
    b->base.ops = &bridged_ops;
    for (size_t i = 0; i < b->below_len; i++) {
        b->base.window_ms = MAX(b->base.window_ms, b->below[i]->window_ms);
        if (b->below[i]->warning)
            b->base.warning = b->below[i]->warning;
    }
    snprintf(b->info, sizeof(b->info),
             "series of \"%.*s\" are made from \"%.*s\" where it was not kept itself "
             "(--schema-bridge=off leaves them out)",
             (int)MIN(name.len, (size_t)60), name.ptr,
             (int)MIN(rows[0].parts[0].name.len, (size_t)60), rows[0].parts[0].name.ptr);
}

/* The name that a selector asks for by =; empty when it is none of the table's. */
static struct str asked_name(struct selector s, struct bridge_source rows[BRIDGE_ROWS_MAX],
                             size_t *ret_rows)
{
    for (size_t i = 0; i < s.len; i++)
        if (s.matchers[i].type == MATCH_EQUAL && str_is(s.matchers[i].name, LABEL_NAME)) {
            *ret_rows = bridge_sources(s.matchers[i].value, rows);
            return *ret_rows ? s.matchers[i].value : STR("");
        }
    return STR("");
}

static bool any_found(const struct bridged *b)
{
    for (size_t i = 1; i < b->below_len; i++)
        if (b->below[i]->len)
            return true;
    return false;
}

static int bridge_select(void *self, struct selector selector, int64_t start_ms, int64_t end_ms,
                         size_t max_series, struct selection **ret, struct error *err)
{
    struct schema_bridge *bridge = self;
    struct bridge_source rows[BRIDGE_ROWS_MAX];
    size_t n = 0;
    struct str name = asked_name(selector, rows, &n);

    if (!name.len)
        return bridge->below.select(bridge->below.self, selector, start_ms, end_ms, max_series, ret,
                                    err);
    struct bridged *b = xnew(struct bridged);
    pthread_mutex_init(&b->lock, NULL);
    arena_init(&b->arena, LABELS_MEMORY);
    b->below_len = 1; /* the first is that of the name itself */
    int code = 0;
    for (size_t i = 0; i < n; i++)
        for (size_t p = 0; p < rows[i].len && !code; p++)
            code = select_part(bridge, b, &rows[i], p, selector, start_ms, end_ms, max_series, err);
    if (!code && !any_found(b)) {
        bridged_free(&b->base);
        return bridge->below.select(bridge->below.self, selector, start_ms, end_ms, max_series, ret,
                                    err);
    }
    /* Further back: a real series that ended before still keeps ours away for a while. */
    if (!code)
        code = bridge->below.select(bridge->below.self, selector, start_ms - LIVES_MS, end_ms,
                                    max_series, &b->below[0], err);
    if (!code)
        code = gather(b, rows, n, selector, name, max_series, err);
    if (code) {
        bridged_free(&b->base);
        return code;
    }
    finish(b, rows, name);
    *ret = &b->base;
    return 0;
}

/* ---- names and values ---- */

static int by_text(const void *a, const void *b)
{
    return str_compare(*(const struct str *)a, *(const struct str *)b);
}

/* Adds the strings to the list, which stays sorted and without doubles, and cuts it. */
static int merge(struct arena *a, struct str *more, size_t len, size_t limit, struct str_list *to,
                 bool *ret_cut, struct error *err)
{
    struct str *all = arena_calloc(a, to->len + len + 1, sizeof(*all));
    size_t kept = 0;

    if (!all)
        return full(err);
    if (to->len)
        memcpy(all, to->items, to->len * sizeof(*all));
    if (len)
        memcpy(all + to->len, more, len * sizeof(*all));
    qsort(all, to->len + len, sizeof(*all), by_text);
    for (size_t i = 0; i < to->len + len; i++)
        if (!kept || !str_equal(all[kept - 1], all[i]))
            all[kept++] = all[i];
    if (limit && kept > limit) {
        kept = limit;
        *ret_cut = true;
    }
    *to = (struct str_list){all, kept};
    return 0;
}

/* The names (of `name` empty), or the values of `name`, that made series of a selector have. */
static int of_made(struct schema_bridge *bridge, struct selector s, struct str name,
                   int64_t start_ms, int64_t end_ms, size_t limit, struct arena *a,
                   struct str_list *to, bool *ret_cut, struct error *err)
{
    struct bridge_source rows[BRIDGE_ROWS_MAX];
    struct selection *found = NULL;
    size_t n = 0, len = 0, most = 0;

    if (!asked_name(s, rows, &n).len)
        return 0;
    int code = bridge_select(bridge, s, start_ms, end_ms, 0, &found, err);
    if (code)
        return code;
    if (found->ops != &bridged_ops) { /* nothing is made */
        selection_free(found);
        return 0;
    }
    const struct bridged *b = (const struct bridged *)found;
    for (size_t i = 0; i < b->len; i++)
        most += name.len ? 1 : b->labels[i].len;
    struct str *items = arena_calloc(a, most + 1, sizeof(*items));
    for (size_t i = 0; items && i < b->len; i++) {
        if (b->entries[i].real)
            continue; /* the store has said it, or it lies before the range */
        for (size_t k = 0; k < b->labels[i].len; k++) {
            struct label l = b->labels[i].items[k];
            if (name.len && !str_equal(l.name, name))
                continue;
            struct str item = name.len ? l.value : l.name;
            items[len].ptr = arena_strndup(a, item.ptr, item.len);
            items[len].len = item.len;
            code = items[len].ptr ? code : full(err);
            len++;
        }
    }
    if (!items)
        code = full(err);
    if (!code)
        code = merge(a, items, len, limit, to, ret_cut, err);
    selection_free(found);
    return code;
}

static int bridge_label_names(void *self, const struct selector *selectors, size_t n,
                              int64_t start_ms, int64_t end_ms, size_t limit, struct arena *a,
                              struct str_list *ret, bool *ret_cut, struct error *err)
{
    struct schema_bridge *b = self;
    int code = b->below.label_names(b->below.self, selectors, n, start_ms, end_ms, limit, a, ret,
                                    ret_cut, err);

    for (size_t i = 0; i < n && code >= 0; i++)
        code = of_made(b, selectors[i], STR(""), start_ms, end_ms, limit, a, ret, ret_cut, err);
    return code;
}

static int bridge_label_values(void *self, struct str name, const struct selector *selectors,
                               size_t n, int64_t start_ms, int64_t end_ms, size_t limit,
                               struct arena *a, struct str_list *ret, bool *ret_cut,
                               struct error *err)
{
    struct schema_bridge *b = self;
    int code = b->below.label_values(b->below.self, name, selectors, n, start_ms, end_ms, limit, a,
                                     ret, ret_cut, err);

    for (size_t i = 0; i < n && code >= 0; i++)
        code = of_made(b, selectors[i], name, start_ms, end_ms, limit, a, ret, ret_cut, err);
    return code;
}

struct schema_bridge *schema_bridge_new(const struct queryable *below)
{
    struct schema_bridge *b = xnew(struct schema_bridge);

    b->below = *below;
    return b;
}

void schema_bridge_free(struct schema_bridge *b)
{
    free(b);
}

struct queryable schema_bridge_queryable(struct schema_bridge *b)
{
    return (struct queryable){b, bridge_select, bridge_label_names, bridge_label_values};
}
