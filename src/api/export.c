/* export.c - /api/v1/export: series as JSON lines, as VictoriaMetrics writes them:
 * {"metric":{"__name__":"x",...},"values":[1,2],"timestamps":[ms,ms]}; and /api/v1/export/native
 * (native.h).
 *
 * The answer is made in pieces, from one stretch of time after the other, so that memory is bounded
 * whatever is asked for. A series has a line for each stretch in which it has samples. */
#include "api/answer.h"
#include "api/ask.h"
#include "api/families.h"
#include "api/native.h"
#include "api/times.h"

#include <stdlib.h>

#define LINES_TYPE  "application/stream+json; charset=utf-8"
#define NATIVE_TYPE "VictoriaMetrics/native"
#define PIECE_BYTES ((size_t)512 << 10) /* a piece ends with the line that brings it past this */
#define PIECE_MAX   ((size_t)256 << 20) /* and is never longer */
#define LINE_MEMORY ((size_t)4 << 20)   /* of one line's samples: a quarter of a million */
/* A stretch is so long that all its series have about so many samples when they come once a second,
 * but within these bounds: its times are in memory (a target's series share theirs). */
#define STRETCH_SAMPLES (INT64_C(16) << 20)
#define STRETCH_MIN_MS  (INT64_C(10) * 60 * 1000)
#define STRETCH_MAX_MS  (INT64_C(24) * 3600 * 1000)

struct export
{
    struct api *api;
    struct ask_selectors selectors;
    size_t selector; /* at hand */
    int64_t start_ms, end_ms;
    int64_t width_ms;             /* of stretches for this selector; 0: not known yet */
    int64_t from_ms, to_ms;       /* the stretch at hand */
    struct selection *selection;  /* its series; NULL: to be found */
    size_t series;                /* at hand */
    struct native_writer *native; /* NULL: lines are wanted */
    struct arena scratch;
    struct error err;
};

/* ---- lines ---- */

/* Stale markers say that a series ended; JSON has no word for them: a gap says it. */
static void print_series(struct labels labels, const struct column *c, struct buf *to)
{
    bool first = true;

    buf_text(to, "{\"metric\":");
    labels_print_json(labels, to);
    buf_text(to, ",\"values\":[");
    for (size_t i = 0; i < c->len; i++) {
        double v = c->values[i];
        if (value_is_stale(v))
            continue;
        buf_text(to, first ? "" : ",");
        first = false;
        if (isnan(v))
            buf_text(to, "null");
        else if (isinf(v))
            buf_text(to, v > 0 ? "\"Infinity\"" : "\"-Infinity\"");
        else
            buf_double(to, v);
    }
    buf_text(to, "],\"timestamps\":[");
    first = true;
    for (size_t i = 0; i < c->len; i++) {
        if (value_is_stale(c->values[i]))
            continue;
        buf_text(to, first ? "" : ",");
        first = false;
        buf_i64(to, c->ts_ms[i]);
    }
    buf_text(to, "]}\n");
}

static bool has_values(const struct column *c)
{
    for (size_t i = 0; i < c->len; i++)
        if (!value_is_stale(c->values[i]))
            return true;
    return false;
}

/* The lines of one series between two times: as many as its samples need for LINE_MEMORY. */
static int print_between(struct export *e, size_t series, int64_t from_ms, int64_t to_ms,
                         struct buf *to)
{
    struct selection *s = e->selection;
    struct column column = {0};
    int code = s->ops->read(s, series, from_ms, to_ms, &e->scratch, &column, &e->err);

    if (code >= 0 && e->native)
        code = native_print(e->native, s->labels[series], &column, to, &e->err);
    else if (code >= 0 && has_values(&column))
        print_series(s->labels[series], &column, to);
    arena_reset(&e->scratch);
    if (code != -ENOMEM || from_ms == to_ms)
        return code;
    int64_t middle = from_ms + (to_ms - from_ms) / 2;
    code = print_between(e, series, from_ms, middle, to);
    return code < 0 ? code : print_between(e, series, middle + 1, to_ms, to);
}

/* ---- stretches ---- */

static int select_between(struct export *e, int64_t from_ms, int64_t to_ms, struct selection **ret)
{
    const struct queryable *q = &e->api->queryable;

    return q->select(q->self, e->selectors.items[e->selector], from_ms, to_ms,
                     e->api->query_max_series, ret, &e->err);
}

/* How long a stretch may be for the series that the selector finds. */
static int find_width(struct export *e)
{
    struct selection *all = NULL;
    int code = select_between(e, e->start_ms, e->end_ms, &all);

    if (code < 0 && code != -E2BIG) /* too many over all of time may be few enough at a time */
        return code;
    int64_t ms = all ? STRETCH_SAMPLES / (int64_t)MAX(all->len, (size_t)1) * 1000 : 0;
    e->width_ms = MIN(MAX(ms, STRETCH_MIN_MS), STRETCH_MAX_MS);
    e->to_ms = e->start_ms - 1;
    selection_free(all);
    return 0;
}

/* Finds the series of the next stretch with samples: 0, or 1 when there is none. */
static int next_stretch(struct export *e)
{
    int code = e->width_ms ? 0 : find_width(e);

    if (code < 0)
        return code;
    int64_t from = store_next_ms(e->api->store, e->to_ms + 1);
    if (from > e->end_ms) {
        e->width_ms = 0;
        return ++e->selector == e->selectors.len ? 1 : 0;
    }
    e->from_ms = from;
    e->to_ms = MIN(from + e->width_ms - 1, e->end_ms);
    e->series = 0;
    return select_between(e, e->from_ms, e->to_ms, &e->selection);
}

/* http_next_piece */
static int next_piece(void *ctx, const atomic_bool *gone, struct buf *to)
{
    struct export *e = ctx;
    int code = 0;

    to->max = PIECE_MAX;
    while (!code && to->len < PIECE_BYTES && !to->failed) {
        if (atomic_load(gone)) {
            code = error_set(&e->err, -ECANCELED, "the client has left");
        } else if (!e->selection) {
            code = next_stretch(e);
        } else if (e->series < e->selection->len) {
            code = print_between(e, e->series++, e->from_ms, e->to_ms, to);
        } else {
            selection_free(e->selection);
            e->selection = NULL;
        }
    }
    if (code < 0 && code != -ECANCELED)
        log_warn("an export is not whole", "error", e->err.text);
    return code;
}

static void export_free(void *ctx)
{
    struct export *e = ctx;

    selection_free(e->selection);
    native_writer_free(e->native);
    ask_selectors_fini(&e->selectors);
    arena_fini(&e->scratch);
    free(e);
}

static void answer_export(struct http_request *r, struct api *api, bool native)
{
    const char *type = native ? NATIVE_TYPE : LINES_TYPE;
    struct export *e = xnew(struct export);
    struct buf first;

    e->api = api;
    e->start_ms = 0; /* the store has nothing before 1970 */
    e->end_ms = TIMES_MAX_MS;
    arena_init(&e->scratch, LINE_MEMORY);
    if (!ask_time(r, "start", &e->start_ms) || !ask_time(r, "end", &e->end_ms) ||
        !ask_selectors(r, true, &e->selectors)) {
        export_free(e);
        return;
    }
    buf_init(&first, 0);
    if (native) {
        e->native = native_writer_new();
        native_print_header(e->start_ms, e->end_ms, &first);
    }
    int code = next_piece(e, http_gone(r), &first);
    if (code == 0) {
        http_reply_pieces(r, type, &first, next_piece, export_free, e);
        return;
    }
    if (code < 0)
        answer_failure(r, &e->err);
    else
        http_reply(r, 200, type, &first);
    buf_fini(&first);
    export_free(e);
}

void export_lines(struct http_request *r, void *ctx)
{
    answer_export(r, ctx, false);
}

void export_native(struct http_request *r, void *ctx)
{
    answer_export(r, ctx, true);
}
