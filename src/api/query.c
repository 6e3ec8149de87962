/* query.c - /api/v1/query, query_range and their helpers: bounds around promql_query(), and its
 * result as JSON. */
#include "api/answer.h"
#include "api/ask.h"
#include "api/families.h"
#include "api/times.h"

#include <time.h>

#define POINTS_MAX 11000 /* of one series in a range query: what Prometheus allows */
/* Bytes of `[1700000000.123,"-1.7976931348623157e+308"],` at most. */
#define POINT_TEXT       (24 + NUM_MAX_TEXT + 8)
#define GATE_LOOK_MS     5 /* how often a waiting query looks whether it may run */
#define DEFAULT_LIMIT_MS (INT64_C(2) * 60 * 1000)
#define LOGGED_TEXT_MAX  1000 /* bytes of a slow query's expression */

/* ---- JSON ---- */

static char *put_point(char *to, int64_t ts_ms, double value)
{
    *to++ = '[';
    to = times_put(to, ts_ms);
    *to++ = ',';
    *to++ = '"';
    to += num_print(to, value);
    *to++ = '"';
    *to++ = ']';
    return to;
}

static void print_points(struct buf *to, const struct promql_series *s, bool one)
{
    size_t room;
    char *start = size_mul(s->len + 1, POINT_TEXT, &room) ? buf_reserve(to, room) : NULL;

    if (!start) {
        to->failed = true;
        return;
    }
    char *at = start;
    if (!one)
        *at++ = '[';
    for (size_t i = 0; i < s->len && (i == 0 || !one); i++) {
        if (i)
            *at++ = ',';
        at = put_point(at, s->ts_ms[i], s->values[i]);
    }
    if (!one)
        *at++ = ']';
    to->len += (size_t)(at - start);
}

static void print_series(struct buf *to, const struct promql_result *result, size_t n)
{
    bool one = result->type == PROMQL_VECTOR;

    buf_char(to, '[');
    for (size_t i = 0; i < n; i++) {
        buf_text(to, i ? ",{\"metric\":" : "{\"metric\":");
        labels_print_json(result->series[i].labels, to);
        buf_text(to, one ? ",\"value\":" : ",\"values\":");
        print_points(to, &result->series[i], one);
        buf_char(to, '}');
    }
    buf_char(to, ']');
}

static void print_result(struct buf *to, const struct promql_result *result, int64_t at_ms,
                         size_t series)
{
    static const char *const types[] = {[PROMQL_SCALAR] = "scalar",
                                        [PROMQL_VECTOR] = "vector",
                                        [PROMQL_MATRIX] = "matrix",
                                        [PROMQL_STRING] = "string"};

    buf_printf(to, "{\"resultType\":\"%s\",\"result\":", types[result->type]);
    if (result->type == PROMQL_STRING) {
        buf_char(to, '[');
        times_print(to, at_ms);
        buf_char(to, ',');
        buf_json(to, result->string);
        buf_char(to, ']');
    } else if (result->type == PROMQL_SCALAR && result->len && result->series[0].len) {
        print_points(to, &result->series[0], true);
    } else {
        print_series(to, result, series);
    }
}

/* ---- running ---- */

/* One request for an evaluation. */
struct job {
    struct api *api;
    struct http_request *r;
    struct promql_options options;
    size_t limit; /* series in the answer; 0: all */
    uint64_t asked_ns, started_ns, ended_ns;
};

static struct str expression(const struct http_request *r)
{
    struct str text = http_param(r, "query");
    return text.ptr ? text : STR("");
}

static void count(struct api *api, enum api_outcome outcome)
{
    atomic_fetch_add(&api->counters.queries[outcome], 1);
}

static bool try_enter(struct api *api)
{
    unsigned running = atomic_load(&api->counters.queries_running);

    while (!api->query_max_concurrent || running < api->query_max_concurrent)
        if (atomic_compare_exchange_weak(&api->counters.queries_running, &running, running + 1))
            return true;
    return false;
}

/* Waits until fewer than the allowed queries run. False with the answer given when time is up or
 * the client has left. */
static bool enter(struct job *job)
{
    struct api *api = job->api;
    bool in = try_enter(api);

    if (in)
        return true;
    atomic_fetch_add(&api->counters.queries_waiting, 1);
    while (!in && !atomic_load(job->options.cancel) &&
           clock_mono_ns() < job->options.deadline_mono_ns) {
        struct timespec pause = {0, GATE_LOOK_MS * (long)NS_PER_MS};
        nanosleep(&pause, NULL);
        in = try_enter(api);
    }
    atomic_fetch_sub(&api->counters.queries_waiting, 1);
    if (in)
        return true;
    if (atomic_load(job->options.cancel)) {
        count(api, API_QUERY_CANCELED);
        answer_error(job->r, 503, "canceled", "query was canceled in query queue");
    } else {
        count(api, API_QUERY_TIMEOUT);
        answer_error(job->r, 503, "timeout",
                     "query timed out in query queue: %u others run (--query.max-concurrent)",
                     api->query_max_concurrent);
    }
    return false;
}

static void print_stats(struct buf *to, const struct job *job, const struct promql_result *result)
{
    double wait = (double)(job->started_ns - job->asked_ns) / 1e9;
    double run = (double)(job->ended_ns - job->started_ns) / 1e9;

    /* Parsing, preparing and sorting are no phases of their own here. */
    buf_text(to, ",\"stats\":{\"timings\":{\"evalTotalTime\":");
    buf_double(to, run);
    buf_text(to, ",\"resultSortTime\":0,\"queryPreparationTime\":0,\"innerEvalTime\":");
    buf_double(to, run);
    buf_text(to, ",\"execQueueTime\":");
    buf_double(to, wait);
    buf_text(to, ",\"execTotalTime\":");
    buf_double(to, wait + run);
    /* Samples are held from reading to the end, so all of them are the peak. */
    buf_printf(to,
               "},\"samples\":{\"totalQueryableSamples\":%" PRIu64 ",\"peakSamples\":%" PRIu64 "}}",
               result->samples_read, result->samples_read);
}

static void answer_result(struct job *job, const struct promql_result *result)
{
    size_t series = result->len;
    struct str_list warnings = result->warnings;
    struct buf body;

    if (job->limit && series > job->limit) {
        struct str *items = arena_calloc(http_arena(job->r), warnings.len + 1, sizeof(*items));
        series = job->limit;
        if (items) {
            if (warnings.len)
                memcpy(items, warnings.items, warnings.len * sizeof(*items));
            items[warnings.len] = STR(ANSWER_CUT);
            warnings = (struct str_list){items, warnings.len + 1};
        }
    }
    answer_begin(job->api, &body);
    print_result(&body, result, job->options.start_ms, series);
    if (http_param(job->r, "stats").len)
        print_stats(&body, job, result);
    buf_char(&body, '}');
    answer_finish(job->r, &body, &warnings, &result->infos);
}

/* Tells of a query that took long, however it ended: what it asked for and what that cost. */
static void log_if_slow(const struct job *job, const char *outcome, uint64_t samples)
{
    struct api *api = job->api;
    const struct promql_options *o = &job->options;
    int64_t took_ms = (int64_t)((job->ended_ns - job->started_ns) / NS_PER_MS);
    struct str text = expression(job->r);
    size_t shown = MIN(text.len, (size_t)LOGGED_TEXT_MAX);
    char took[48], start[32] = "", end[32] = "", step[48], query[LOGGED_TEXT_MAX + 4];

    if (api->query_slow_ms <= 0 || took_ms < api->query_slow_ms)
        return;
    atomic_fetch_add(&api->counters.query_slow, 1);
    while (shown < text.len && shown && ((unsigned char)text.ptr[shown] & 0xc0) == 0x80)
        shown--; /* not within a character */
    snprintf(query, sizeof(query), "%.*s%s", (int)shown, text.ptr, shown < text.len ? "..." : "");
    *times_put(start, o->start_ms) = '\0';
    *times_put(end, o->end_ms) = '\0';
    log_warn("slow query", "took", num_print_duration(took, took_ms), "result", outcome, "samples",
             LOG_NUM(samples), "waited",
             num_print_duration(step, (int64_t)((job->started_ns - job->asked_ns) / NS_PER_MS)),
             "start", start, "end", end, "step_ms", LOG_NUM(o->step_ms), "query", query);
}

static void run(struct job *job)
{
    static const enum api_outcome outcomes[] = {[PROMQL_BAD_DATA] = API_QUERY_BAD_DATA,
                                                [PROMQL_EXECUTION] = API_QUERY_EXECUTION,
                                                [PROMQL_TIMEOUT] = API_QUERY_TIMEOUT,
                                                [PROMQL_CANCELED] = API_QUERY_CANCELED,
                                                [PROMQL_INTERNAL] = API_QUERY_INTERNAL};
    struct api *api = job->api;
    struct promql_result *result = NULL;
    struct promql_error err = {0};

    if (!enter(job))
        return;
    job->started_ns = clock_mono_ns();
    int code = promql_query(api_asked(api), expression(job->r), &job->options, &result, &err);
    job->ended_ns = clock_mono_ns();
    atomic_fetch_sub(&api->counters.queries_running, 1);
    atomic_fetch_add(&api->counters.query_ns, job->ended_ns - job->started_ns);
    if (code < 0) {
        log_if_slow(job, err.text, 0);
        count(api, outcomes[err.kind]);
        answer_promql_error(job->r, "query", &err);
        return;
    }
    log_if_slow(job, "success", result->samples_read);
    count(api, API_QUERY_OK);
    atomic_fetch_add(&api->counters.query_samples, result->samples_read);
    answer_result(job, result);
    promql_result_free(result);
}

/* ---- the endpoints ---- */

/* What both kinds of query take: timeout, lookback_delta, limit. */
static bool read_options(struct job *job)
{
    struct api *api = job->api;
    int64_t bound = api->query_timeout_ms > 0 ? api->query_timeout_ms : DEFAULT_LIMIT_MS;
    int64_t timeout = bound, lookback = api->lookback_ms;

    job->asked_ns = clock_mono_ns();
    if (!ask_duration(job->r, "timeout", &timeout) ||
        !ask_duration(job->r, "lookback_delta", &lookback) ||
        !ask_limit(job->r, "limit", &job->limit))
        return false;
    if (lookback < 0 || (lookback == 0 && http_param(job->r, "lookback_delta").len)) {
        answer_error(job->r, 400, "bad_data",
                     "invalid parameter \"lookback_delta\": must be greater than zero");
        return false;
    }
    timeout = MAX(MIN(timeout, bound), 0);
    job->options.lookback_ms = lookback;
    job->options.pool = api->query_pool;
    job->options.deadline_mono_ns = job->asked_ns + (uint64_t)timeout * NS_PER_MS;
    job->options.max_memory = api->query_max_memory;
    job->options.max_series = api->query_max_series;
    job->options.max_samples = api->query_max_samples;
    job->options.cancel = http_gone(job->r);
    return true;
}

void query_instant(struct http_request *r, void *ctx)
{
    struct job job = {.api = ctx, .r = r};
    int64_t at = clock_now_ms();

    if (!ask_time(r, "time", &at) || !read_options(&job))
        return;
    job.options.start_ms = job.options.end_ms = at;
    run(&job);
}

/* A time that must be there. */
static bool needed_time(struct http_request *r, const char *name, int64_t *ret_ms)
{
    struct str text = http_param(r, name);

    if (text.len && times_parse(text, ret_ms))
        return true;
    answer_error(r, 400, "bad_data",
                 "invalid parameter \"%s\": cannot parse \"%.*s\" to a valid timestamp", name,
                 (int)MIN(text.len, 100), text.len ? text.ptr : "");
    return false;
}

static bool needed_step(struct http_request *r, int64_t *ret_ms)
{
    if (http_param(r, "step").len)
        return ask_duration(r, "step", ret_ms);
    answer_error(r, 400, "bad_data",
                 "invalid parameter \"step\": cannot parse \"\" to a valid duration");
    return false;
}

void query_range(struct http_request *r, void *ctx)
{
    struct job job = {.api = ctx, .r = r};
    struct promql_options *o = &job.options;

    if (!needed_time(r, "start", &o->start_ms) || !needed_time(r, "end", &o->end_ms))
        return;
    if (o->end_ms < o->start_ms) {
        answer_error(r, 400, "bad_data",
                     "invalid parameter \"end\": end timestamp must not be before start time");
        return;
    }
    if (!needed_step(r, &o->step_ms))
        return;
    if (o->step_ms <= 0) {
        answer_error(r, 400, "bad_data",
                     "invalid parameter \"step\": zero or negative query resolution step widths "
                     "are not accepted. Try a positive integer");
        return;
    }
    if ((o->end_ms - o->start_ms) / o->step_ms > POINTS_MAX) {
        answer_error(r, 400, "bad_data",
                     "exceeded maximum resolution of 11,000 points per timeseries. Try decreasing "
                     "the query resolution (?step=XX)");
        return;
    }
    if (read_options(&job))
        run(&job);
}

void query_format(struct http_request *r, void *ctx)
{
    struct promql_error err = {0};
    struct buf text, body;

    buf_init(&text, 0);
    if (promql_format(expression(r), &text, &err) < 0) {
        answer_promql_error(r, "query", &err);
    } else {
        answer_begin(ctx, &body);
        buf_json(&body, buf_str(&text));
        answer_finish(r, &body, NULL, NULL);
    }
    buf_fini(&text);
}

void query_parse(struct http_request *r, void *ctx)
{
    struct promql_error err = {0};
    struct buf body;

    answer_begin(ctx, &body);
    if (promql_print_tree(expression(r), &body, &err) < 0) {
        buf_fini(&body);
        answer_promql_error(r, "query", &err);
        return;
    }
    answer_finish(r, &body, NULL, NULL);
}

void query_exemplars(struct http_request *r, void *ctx)
{
    int64_t start = TIMES_MIN_MS, end = TIMES_MAX_MS;
    struct promql_error err = {0};
    struct buf body;

    if (!ask_time(r, "start", &start) || !ask_time(r, "end", &end))
        return;
    if (end < start) {
        answer_error(r, 400, "bad_data", "end timestamp must not be before start timestamp");
        return;
    }
    if (promql_check(expression(r), &err) < 0) {
        answer_promql_error(r, "query", &err);
        return;
    }
    answer_begin(ctx, &body);
    buf_text(&body, "[]"); /* exemplars are not kept */
    answer_finish(r, &body, NULL, NULL);
}
