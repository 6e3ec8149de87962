/* target_metadata.c - /api/v1/targets/metadata: what targets say of their families. The registry of
 * metadata keeps a family once, whoever declared it; which target has it follows from its series.
 */
#include "api/answer.h"
#include "api/ask.h"
#include "api/families.h"

#include <stdlib.h>

#define LOOKBACK_MS (INT64_C(5) * 60 * 1000)

struct question {
    struct api *api;
    struct ask_selectors match; /* match_target, at most one */
    struct str metric;          /* empty: every one */
    struct arena arena;
    struct labels *targets;
    size_t len, cap;
    bool failed; /* memory is out */
    size_t limit, printed;
    bool bounded;
    struct buf *to;
};

/* Keeps the labels of the targets asked for; the list of targets is locked meanwhile. */
static void keep_target(void *ctx, const struct target_status *t)
{
    struct question *q = ctx;

    if (q->match.len &&
        matchers_match(q->match.items[0].matchers, q->match.items[0].len, t->labels) != 1)
        return;
    struct labels *grown = array_grow(q->targets, &q->cap, q->len + 1, sizeof(*q->targets));
    if (grown)
        q->targets = grown;
    if (!grown || labels_copy(t->labels, &q->arena, &q->targets[q->len]))
        q->failed = true;
    else
        q->len++;
}

/* ---- families of one target ---- */

struct entry_print {
    struct question *q;
    struct labels target;
};

static void print_entry(void *ctx, const struct metadata_entry *entry)
{
    struct entry_print *p = ctx;
    struct question *q = p->q;

    buf_text(q->to, q->printed++ ? ",{\"target\":" : "{\"target\":");
    labels_print_json(p->target, q->to);
    if (!q->metric.len) {
        buf_text(q->to, ",\"metric\":");
        buf_json(q->to, entry->family);
    }
    buf_text(q->to, ",\"type\":");
    buf_json(q->to, entry->type);
    buf_text(q->to, ",\"help\":");
    buf_json(q->to, entry->help);
    buf_text(q->to, ",\"unit\":");
    buf_json(q->to, entry->unit);
    buf_char(q->to, '}');
}

static void note_found(void *ctx, const struct metadata_entry *entry)
{
    (void)entry;
    *(bool *)ctx = true;
}

/* The family of a series' name: itself, or what is left without the ending of a histogram, a
 * summary or a counter. Empty when nobody said anything of it. */
static struct str family_of(struct metadata *m, struct str name)
{
    static const char *const endings[] = {"", "_bucket", "_count", "_sum", "_total", "_info"};

    for (size_t i = 0; i < ARRAY_LEN(endings); i++) {
        size_t len = strlen(endings[i]);
        struct str family = str_make(name.ptr, name.len - MIN(len, name.len));
        bool known = false;
        if (len >= name.len || memcmp(name.ptr + family.len, endings[i], len) != 0)
            continue;
        metadata_visit(m, family, note_found, &known);
        if (known)
            return family;
    }
    return STR("");
}

static int by_text(const void *a, const void *b)
{
    return str_compare(*(const struct str *)a, *(const struct str *)b);
}

static void print_families(struct question *q, struct labels target, struct str_list names)
{
    struct entry_print p = {q, target};
    struct str before = STR("");

    for (size_t i = 0; i < names.len; i++)
        names.items[i] = family_of(q->api->metadata, names.items[i]);
    if (names.len)
        qsort(names.items, names.len, sizeof(*names.items), by_text);
    for (size_t i = 0; i < names.len; i++) {
        struct str family = names.items[i];
        bool wanted = !q->metric.len || str_equal(family, q->metric);
        if (family.len && wanted && !str_equal(family, before))
            metadata_visit(q->api->metadata, family, print_entry, &p);
        before = family;
    }
}

static int print_target(struct question *q, struct labels target, struct error *err)
{
    const struct queryable *from = &q->api->queryable;
    int64_t now = clock_now_ms();
    struct matcher matchers[2];
    struct selector selector = {matchers, ARRAY_LEN(matchers)};
    struct str_list names = {0};
    struct arena arena;
    bool cut = false;

    matchers[0] = (struct matcher){MATCH_EQUAL, STR("job"), labels_get(target, STR("job")), NULL};
    matchers[1] =
        (struct matcher){MATCH_EQUAL, STR("instance"), labels_get(target, STR("instance")), NULL};
    arena_init(&arena, q->api->query_max_memory);
    int code = from->label_values(from->self, STR(LABEL_NAME), &selector, 1, now - LOOKBACK_MS, now,
                                  0, &arena, &names, &cut, err);
    if (!code)
        print_families(q, target, names);
    arena_fini(&arena);
    return code;
}

/* ---- the endpoint ---- */

/* match_target, metric and limit. False with the answer given. */
static bool read_question(struct question *q, struct http_request *r)
{
    struct str metric = http_param(r, "metric"), limit = http_param(r, "limit");
    int64_t value = -1;

    q->metric = metric.ptr ? metric : STR("");
    if (limit.len && !num_parse_i64(limit, &value)) {
        answer_error(r, 400, "bad_data", "limit must be a number");
        return false;
    }
    q->bounded = value >= 0;
    q->limit = value >= 0 ? (size_t)value : 0;
    return ask_selector(r, "match_target", &q->match);
}

static void answer_found(struct question *q, struct http_request *r)
{
    struct error err = {0};
    struct buf body;
    int code = 0;

    answer_begin(q->api, &body);
    buf_char(&body, '[');
    q->to = &body;
    /* As Prometheus has it: a target is shown whole, and no further one once there are enough. */
    for (size_t i = 0; i < q->len && !code && !(q->bounded && q->printed >= q->limit); i++)
        code = print_target(q, q->targets[i], &err);
    buf_char(&body, ']');
    if (!code) {
        answer_finish(r, &body, NULL, NULL);
        return;
    }
    buf_fini(&body);
    answer_failure(r, &err);
}

void targets_metadata(struct http_request *r, void *ctx)
{
    struct question q = {.api = ctx};

    arena_init(&q.arena, q.api->query_max_memory);
    if (read_question(&q, r)) {
        scrape_visit_targets(q.api->scrape, keep_target, &q);
        if (q.failed)
            answer_error(r, 422, "execution",
                         "the answer is larger than --query.max-memory allows: ask for less");
        else
            answer_found(&q, r);
    }
    ask_selectors_fini(&q.match);
    free(q.targets);
    arena_fini(&q.arena);
}
