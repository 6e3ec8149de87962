/* series.c - what there is: label names, their values, series, metadata. */
#include "api/answer.h"
#include "api/ask.h"
#include "api/families.h"
#include "api/times.h"

#include <stdlib.h>

#define ESCAPED_NAME STR("U__")

/* What labels, values and series share: a range, selectors, a limit, memory. */
struct question {
    struct api *api;
    struct http_request *r;
    int64_t start_ms, end_ms;
    size_t limit;
    struct ask_selectors selectors;
    struct arena arena;
};

/* False with the answer given; question_fini() in every case. */
static bool question_read(struct question *q, struct api *api, struct http_request *r, bool wanted)
{
    *q = (struct question){.api = api, .r = r, .start_ms = TIMES_MIN_MS, .end_ms = TIMES_MAX_MS};
    arena_init(&q->arena, api->query_max_memory);
    return ask_time(r, "start", &q->start_ms) && ask_time(r, "end", &q->end_ms) &&
           ask_limit(r, "limit", &q->limit) && ask_selectors(r, wanted, &q->selectors);
}

static void question_fini(struct question *q)
{
    ask_selectors_fini(&q->selectors);
    arena_fini(&q->arena);
}

static void answer_list(struct question *q, const struct str_list *list, bool cut)
{
    struct buf body;

    answer_begin(q->api, &body);
    answer_strings(&body, list);
    answer_finish_warn(q->r, &body, cut ? ANSWER_CUT : NULL);
}

void series_labels(struct http_request *r, void *ctx)
{
    struct api *api = ctx;
    struct str_list found = {0};
    struct error err = {0};
    struct question q;
    bool cut = false;

    if (question_read(&q, api, r, false)) {
        if (q.start_ms > q.end_ms)
            answer_list(&q, &found, false);
        else if (api_asked(api)->label_names(api_asked(api)->self, q.selectors.items,
                                             q.selectors.len, q.start_ms, q.end_ms, q.limit,
                                             &q.arena, &found, &cut, &err) < 0)
            answer_failure(r, &err);
        else
            answer_list(&q, &found, cut);
    }
    question_fini(&q);
}

static int hex(char c)
{
    return c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* "U__http_2e_status": names outside the old alphabet as URLs carry them: "__" is an underscore,
 * "_2e_" a code point. A name that breaks the rules stands for itself. */
static struct str unescape_name(struct str name, struct arena *a)
{
    struct str rest = str_make(name.ptr + ESCAPED_NAME.len, name.len - ESCAPED_NAME.len);
    /* An escape is at least as long as what it stands for: "_x_" gives one byte, "_ffff_" three. */
    char *to = arena_alloc(a, name.len);
    size_t n = 0;

    for (size_t i = 0; to && i < rest.len; i++) {
        uint32_t code = 0;
        size_t digits = 0;
        if (rest.ptr[i] != '_') {
            to[n++] = rest.ptr[i];
            continue;
        }
        while (++i < rest.len && rest.ptr[i] != '_' && digits++ < 6 && hex(rest.ptr[i]) >= 0)
            code = code << 4 | (uint32_t)hex(rest.ptr[i]);
        if (i == rest.len || rest.ptr[i] != '_' || code > 0x10ffff)
            return name;
        n += str_utf8_put(to + n, digits ? code : '_');
    }
    return to ? str_make(to, n) : name;
}

void series_label_values(struct http_request *r, void *ctx)
{
    struct api *api = ctx;
    struct str name = http_path_part(r);
    struct str_list found = {0};
    struct error err = {0};
    struct question q;
    bool cut = false;

    if (str_starts(name, ESCAPED_NAME))
        name = unescape_name(name, http_arena(r));
    if (!name.len || name.len > LABEL_NAME_MAX || !str_is_utf8(name)) {
        answer_error(r, 400, "bad_data", "invalid label name: \"%.*s\"", (int)MIN(name.len, 100),
                     name.ptr);
        return;
    }
    if (question_read(&q, api, r, false)) {
        if (q.start_ms > q.end_ms)
            answer_list(&q, &found, false);
        else if (api_asked(api)->label_values(api_asked(api)->self, name, q.selectors.items,
                                              q.selectors.len, q.start_ms, q.end_ms, q.limit,
                                              &q.arena, &found, &cut, &err) < 0)
            answer_failure(r, &err);
        else
            answer_list(&q, &found, cut);
    }
    question_fini(&q);
}

/* ---- series ---- */

static int select_all(struct question *q, struct selection **found, struct error *err)
{
    const struct queryable *from = api_asked(q->api);

    for (size_t i = 0; i < q->selectors.len; i++) {
        int code = from->select(from->self, q->selectors.items[i], q->start_ms, q->end_ms,
                                q->api->query_max_series, &found[i], err);
        if (code < 0)
            return code;
    }
    return 0;
}

/* Prints the union of sorted selections, each series once; returns whether the limit cut some off.
 */
static bool print_union(struct question *q, struct selection **found, struct buf *to)
{
    size_t *at = xcalloc(q->selectors.len, sizeof(*at));
    size_t printed = 0;
    bool cut = false;

    for (;;) {
        const struct labels *least = NULL;
        for (size_t i = 0; i < q->selectors.len; i++)
            if (at[i] < found[i]->len &&
                (!least || labels_compare(found[i]->labels[at[i]], *least) < 0))
                least = &found[i]->labels[at[i]];
        cut = least && q->limit && printed == q->limit;
        if (!least || cut)
            break;
        if (printed++)
            buf_char(to, ',');
        labels_print_json(*least, to);
        struct labels done = *least;
        for (size_t i = 0; i < q->selectors.len; i++)
            if (at[i] < found[i]->len && labels_equal(found[i]->labels[at[i]], done))
                at[i]++;
    }
    free(at);
    return cut;
}

void series_find(struct http_request *r, void *ctx)
{
    struct error err = {0};
    struct question q;
    struct buf body;

    if (!question_read(&q, ctx, r, true)) {
        question_fini(&q);
        return;
    }
    struct selection **found = xcalloc(q.selectors.len, sizeof(struct selection *));
    answer_begin(ctx, &body);
    buf_char(&body, '[');
    if (q.start_ms > q.end_ms) {
        buf_char(&body, ']');
        answer_finish(r, &body, NULL, NULL);
    } else if (select_all(&q, found, &err) < 0) {
        buf_fini(&body);
        answer_failure(r, &err);
    } else {
        bool cut = print_union(&q, found, &body);
        buf_char(&body, ']');
        answer_finish_warn(r, &body, cut ? ANSWER_CUT : NULL);
    }
    for (size_t i = 0; i < q.selectors.len; i++)
        selection_free(found[i]);
    free(found);
    question_fini(&q);
}

/* ---- metadata ---- */

struct metadata_print {
    struct buf *to;
    size_t limit, printed;
    bool bounded;
};

static void print_family(void *ctx, const struct metadata_entry *entry)
{
    struct metadata_print *p = ctx;

    if (p->bounded && p->printed >= p->limit)
        return;
    if (p->printed++)
        buf_char(p->to, ',');
    buf_json(p->to, entry->family);
    buf_text(p->to, ":[{\"type\":");
    buf_json(p->to, entry->type);
    buf_text(p->to, ",\"help\":");
    buf_json(p->to, entry->help);
    buf_text(p->to, ",\"unit\":");
    buf_json(p->to, entry->unit);
    buf_text(p->to, "}]");
}

static bool metadata_limit(struct http_request *r, const char *name, size_t *ret, bool *ret_given)
{
    struct str text = http_param(r, name);
    int64_t value;

    if (!text.len)
        return true;
    if (!num_parse_i64(text, &value)) {
        answer_error(r, 400, "bad_data", "%s must be a number", name);
        return false;
    }
    *ret_given = value >= 0;
    *ret = value >= 0 ? (size_t)value : 0;
    return true;
}

void series_metadata(struct http_request *r, void *ctx)
{
    struct api *api = ctx;
    struct str metric = http_param(r, "metric");
    struct metadata_print p = {0};
    size_t per_metric = 0;
    bool per_metric_given = false;
    struct buf body;

    if (!metadata_limit(r, "limit", &p.limit, &p.bounded) ||
        !metadata_limit(r, "limit_per_metric", &per_metric, &per_metric_given))
        return;
    answer_begin(api, &body);
    p.to = &body;
    buf_char(&body, '{');
    metadata_visit(api->metadata, metric.ptr ? metric : STR(""), print_family, &p);
    buf_char(&body, '}');
    answer_finish(r, &body, NULL, NULL);
}
