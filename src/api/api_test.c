/* api_test.c - the endpoints over a real listener and a store that is an array. */
#include "api/api.h"
#include "api/times.h"

#include "http/testing.h"

#define T0 INT64_C(1700000000000) /* the first sample, ms */

/* ---- a queryable over arrays: a sample every second ---- */

#define SAMPLES 100

struct fake_series {
    struct label labels[4];
    size_t label_len;
    double first, step;
};

static const struct fake_series all_series[] = {
    {{{STR(LABEL_NAME), STR("temp")}, {STR("gpu"), STR("0")}, {STR("host"), STR("a")}}, 3, 40, 1},
    {{{STR(LABEL_NAME), STR("temp")}, {STR("gpu"), STR("1")}, {STR("host"), STR("a")}}, 3, 50, 0},
    {{{STR(LABEL_NAME), STR("up")}, {STR("job"), STR("w\"\xc3\xa9")}}, 2, 1, 0},
};

struct fixture {
    struct api api;
    struct http_server *server, *servers[1];
    struct metadata *metadata;
    unsigned port;
    int64_t times[SAMPLES];
    double values[ARRAY_LEN(all_series)][SAMPLES];
    atomic_int reading;
    atomic_bool hold; /* reads wait until this is false */
    bool reload_fails, not_ready;
};

struct fake_selection {
    struct selection base;
    struct fixture *f;
    struct labels labels[ARRAY_LEN(all_series)];
    size_t which[ARRAY_LEN(all_series)];
};

static int fake_read(struct selection *s, size_t i, int64_t start_ms, int64_t end_ms,
                     struct arena *a, struct column *ret, struct error *err)
{
    struct fake_selection *fake = (struct fake_selection *)s;
    struct fixture *f = fake->f;
    size_t from = 0, to = SAMPLES;

    (void)a, (void)err;
    atomic_fetch_add(&f->reading, 1);
    while (atomic_load(&f->hold)) {
        struct timespec pause = {0, 1000000};
        nanosleep(&pause, NULL);
    }
    while (from < to && f->times[from] < start_ms)
        from++;
    while (to > from && f->times[to - 1] > end_ms)
        to--;
    *ret = (struct column){to - from, f->times + from, f->values[fake->which[i]] + from};
    return 0;
}

static void fake_free(struct selection *s)
{
    free(s);
}

static const struct selection_ops fake_ops = {.read = fake_read, .free = fake_free};

static struct labels labels_of(size_t i)
{
    return (struct labels){all_series[i].labels, all_series[i].label_len};
}

static bool in_range(int64_t start_ms, int64_t end_ms)
{
    return end_ms >= T0 && start_ms < T0 + SAMPLES * 1000;
}

static int fake_select(void *self, struct selector selector, int64_t start_ms, int64_t end_ms,
                       size_t max_series, struct selection **ret, struct error *err)
{
    struct fake_selection *fake = xnew(struct fake_selection);

    fake->f = self;
    fake->base.ops = &fake_ops;
    fake->base.labels = fake->labels;
    for (size_t i = 0; i < ARRAY_LEN(all_series) && in_range(start_ms, end_ms); i++)
        if (matchers_match(selector.matchers, selector.len, labels_of(i)) == 1) {
            fake->which[fake->base.len] = i;
            fake->labels[fake->base.len++] = labels_of(i);
        }
    if (max_series && fake->base.len > max_series) {
        free(fake);
        return error_set(err, -E2BIG, "more than %zu series", max_series);
    }
    *ret = &fake->base;
    return 0;
}

static bool any_matches(const struct selector *selectors, size_t n, struct labels l)
{
    bool any = n == 0;

    for (size_t i = 0; i < n; i++)
        any |= matchers_match(selectors[i].matchers, selectors[i].len, l) == 1;
    return any;
}

static void add_text(struct str_list *list, struct str text, size_t limit, bool *cut)
{
    size_t at = 0;

    while (at < list->len && str_compare(list->items[at], text) < 0)
        at++;
    if (at < list->len && str_equal(list->items[at], text))
        return;
    memmove(&list->items[at + 1], &list->items[at], (list->len - at) * sizeof(*list->items));
    list->items[at] = text;
    list->len++;
    if (limit && list->len > limit) {
        list->len = limit;
        *cut = true;
    }
}

static int fake_names(void *self, const struct selector *selectors, size_t n, int64_t start_ms,
                      int64_t end_ms, size_t limit, struct arena *a, struct str_list *ret,
                      bool *ret_cut, struct error *err)
{
    (void)self, (void)err;
    *ret = (struct str_list){arena_calloc(a, 32, sizeof(struct str)), 0};
    for (size_t i = 0; i < ARRAY_LEN(all_series) && in_range(start_ms, end_ms); i++)
        for (size_t k = 0; k < all_series[i].label_len && any_matches(selectors, n, labels_of(i));
             k++)
            add_text(ret, all_series[i].labels[k].name, limit, ret_cut);
    return 0;
}

static int fake_values(void *self, struct str name, const struct selector *selectors, size_t n,
                       int64_t start_ms, int64_t end_ms, size_t limit, struct arena *a,
                       struct str_list *ret, bool *ret_cut, struct error *err)
{
    (void)self, (void)err;
    *ret = (struct str_list){arena_calloc(a, 32, sizeof(struct str)), 0};
    for (size_t i = 0; i < ARRAY_LEN(all_series) && in_range(start_ms, end_ms); i++) {
        struct str value = labels_get(labels_of(i), name);
        if (value.len && any_matches(selectors, n, labels_of(i)))
            add_text(ret, value, limit, ret_cut);
    }
    return 0;
}

/* ---- a scraper that has two targets; it stands in for scrape.c, which is left out by the linker
 * ----
 */

void scrape_visit_targets(struct scrape *s, void (*visit)(void *ctx, const struct target_status *t),
                          void *ctx)
{
    static const struct label found[] = {{STR("__address__"), STR("a:1")}};
    static const struct label kept[] = {{STR("instance"), STR("a:1")}, {STR("job"), STR("x")}};
    struct target_status up = {.job = STR("x"),
                               .url = STR("http://a:1/metrics"),
                               .labels = {kept, 2},
                               .discovered = {found, 1},
                               .health = TARGET_UP,
                               .last_scrape_ms = T0 + 5,
                               .last_duration_s = 0.25,
                               .last_samples = 812,
                               .interval_ms = 5000,
                               .timeout_ms = 90000};
    struct target_status fresh = {.job = STR("y"),
                                  .url = STR("http://b/"),
                                  .health = TARGET_UNKNOWN,
                                  .last_error = "no \"route\""};

    (void)s;
    visit(ctx, &up);
    visit(ctx, &fresh);
}

void scrape_visit_dropped(struct scrape *s,
                          void (*visit)(void *ctx, struct str job, struct labels discovered),
                          void *ctx)
{
    static const struct label items[] = {{STR("__address__"), STR("c:1")}};

    (void)s;
    visit(ctx, STR("nodes"), (struct labels){items, 1});
}

void scrape_visit_jobs(struct scrape *s, void (*visit)(void *ctx, struct str job, size_t dropped),
                       void *ctx)
{
    (void)s;
    visit(ctx, STR("nodes"), 7);
    visit(ctx, STR("others"), 0);
}

void scrape_visit_discoveries(struct scrape *s,
                              void (*visit)(void *ctx, const struct discovery_status *d), void *ctx)
{
    (void)s;
    visit(ctx, &(struct discovery_status){.job = STR("nodes"), .kind = "file", .found = 3});
    visit(ctx, &(struct discovery_status){.job = STR("others"),
                                          .kind = "http",
                                          .looks_total = 2,
                                          .failures_total = 1,
                                          .last_error = "no"});
}

int scrape_relabel_steps(struct scrape *s, struct str job, struct str labels_json, struct buf *to,
                         struct error *err)
{
    (void)s;
    if (!str_is(job, "nodes"))
        return error_set(err, -ENOENT, "there is no scrape pool");
    if (!str_is(labels_json, "{}"))
        return error_set(err, -EINVAL, "labels");
    buf_text(to, "[]");
    return 0;
}

int scrape_alerts_list(struct scrape *s, struct scrape_alerts **ret, struct error *err)
{
    static struct str dropped[] = {{"http://gone:9093/api/v2/alerts", 30}};
    static struct scrape_alerts alerts = {.dropped = dropped, .dropped_len = 1};

    (void)s, (void)err;
    *ret = &alerts;
    return 0;
}

void scrape_alerts_free(struct scrape_alerts *a)
{
    (void)a;
}

void scrape_print_config(struct scrape *s, struct buf *to)
{
    (void)s;
    buf_text(to, "global:\n  scrape_interval: 5s\n");
}

void scrape_get_stats(struct scrape *s, struct scrape_stats *ret)
{
    (void)s;
    *ret = (struct scrape_stats){.targets = 2, .targets_up = 1, .config_ok = true};
}

/* ---- the listener ---- */

static bool is_ready(void *ctx)
{
    const struct fixture *f = ctx;
    return !f->not_ready;
}

static int reload(void *ctx, struct error *err)
{
    const struct fixture *f = ctx;
    return f->reload_fails ? error_set(err, -EINVAL, "prometheus.yml:3: unknown key") : 0;
}

static int set_up(void **state)
{
    static const struct api_flag flags[] = {{"listen-api", ":1"}, {"retention", "90d"}};
    struct fixture *f = xnew(struct fixture);
    struct http_route routes[API_ROUTES_MAX];
    struct http_listener_options options;
    struct error err = {0};

    for (size_t k = 0; k < SAMPLES; k++) {
        f->times[k] = T0 + (int64_t)k * 1000;
        for (size_t i = 0; i < ARRAY_LEN(all_series); i++)
            f->values[i][k] = all_series[i].first + all_series[i].step * (double)k;
    }
    f->metadata = metadata_new();
    metadata_set(f->metadata, STR("temp"), STR("gauge"), STR("How \"hot\"."), STR("celsius"));
    metadata_set(f->metadata, STR("up"), STR("gauge"), STR(""), STR(""));
    f->api = (struct api){.metadata = f->metadata,
                          .scrape = (struct scrape *)f,
                          .queryable = {f, fake_select, fake_names, fake_values},
                          .version = "1.2.3",
                          .revision = "abc",
                          .started_ms = T0,
                          .query_timeout_ms = 10000,
                          .query_max_memory = 64u << 20,
                          .query_max_concurrent = 1,
                          .flags = flags,
                          .flag_len = ARRAY_LEN(flags),
                          .ready = is_ready,
                          .reload = reload,
                          .ctx = f,
                          .servers = f->servers};
    http_listener_options_init(&options);
    options.address = "127.0.0.1:0";
    options.name = "api";
    size_t n = api_routes(&f->api, routes, API_ROUTES_MAX);
    if (http_server_start(&options, routes, n, &f->server, &err) != 0)
        fail_msg("%s", err.text);
    f->servers[0] = f->server;
    f->api.server_len = 1;
    f->port = http_server_port(f->server);
    *state = f;
    return 0;
}

static int tear_down(void **state)
{
    struct fixture *f = *state;

    atomic_store(&f->hold, false);
    http_server_stop(f->server, 1000);
    api_fini(&f->api);
    metadata_free(f->metadata);
    free(f);
    return 0;
}

/* ---- tables of questions and answers ---- */

struct question_case {
    const char *target;
    int status;
    const char *body; /* NULL: not looked at */
};

#define OK(data)  200, "{\"status\":\"success\",\"data\":" data "}"
#define BAD(text) 400, "{\"status\":\"error\",\"errorType\":\"bad_data\",\"error\":\"" text "\"}"
#define TEMP_0    "{\"metric\":{\"__name__\":\"temp\",\"gpu\":\"0\",\"host\":\"a\"}"
#define TEMP_1    "{\"metric\":{\"__name__\":\"temp\",\"gpu\":\"1\",\"host\":\"a\"}"
#define VECTOR(x) "{\"resultType\":\"vector\",\"result\":[" x "]}"
#define MATRIX(x) "{\"resultType\":\"matrix\",\"result\":[" x "]}"

static void ask(struct fixture *f, const struct question_case *cases, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        struct test_answer a = test_get(f->port, cases[i].target);
        if (a.status != cases[i].status ||
            (cases[i].body && !str_is(buf_str(&a.body), cases[i].body)))
            fail_msg("%s: %d %.*s\nwanted: %d %s", cases[i].target, a.status,
                     STR_ARG(buf_str(&a.body)), cases[i].status,
                     cases[i].body ? cases[i].body : "");
        test_answer_fini(&a);
    }
}

static void queries_answer_in_prometheuss_shapes(void **state)
{
    static const struct question_case cases[] = {
        {"/api/v1/query?query=temp&time=1700000010.5",
         OK(VECTOR(TEMP_0 ",\"value\":[1700000010.500,\"50\"]}," TEMP_1
                          ",\"value\":[1700000010.500,\"50\"]}"))},
        {"/api/v1/query?query=up&time=2023-11-14T22:13:22Z",
         OK(VECTOR("{\"metric\":{\"__name__\":\"up\",\"job\":\"w\\\"\xc3\xa9\"},\"value\":["
                   "1700000002,\"1\"]}"))},
        {"/api/v1/query?query=temp%7Bgpu%3D%220%22%7D%5B2s%5D&time=1700000010",
         OK(MATRIX(TEMP_0 ",\"values\":[[1700000009,\"49\"],[1700000010,\"50\"]]}"))},
        {"/api/v1/query?query=1%2F0&time=1.25",
         OK("{\"resultType\":\"scalar\",\"result\":[1.250,\"+Inf\"]}")},
        {"/api/v1/query?query=%22a%5C%22b%22&time=7",
         OK("{\"resultType\":\"string\",\"result\":[7,\"a\\\"b\"]}")},
        {"/api/v1/query?query=nope&time=7", OK(VECTOR(""))},
        {"/api/v1/query_range?query=temp%7Bgpu%3D%221%22%7D&start=1700000001&end=1700000003&step=1",
         OK(MATRIX(TEMP_1 ",\"values\":[[1700000001,\"50\"],[1700000002,\"50\"],[1700000003,"
                          "\"50\"]]}"))},
        {"/api/v1/query_range?query=2&start=0&end=1&step=500ms",
         OK(MATRIX("{\"metric\":{},\"values\":[[0,\"2\"],[0.500,\"2\"],[1,\"2\"]]}"))},
        {"/api/v1/query_range?query=nope&start=0&end=1&step=1", OK(MATRIX(""))},
        {"/api/v1/query?query=temp&time=1700000010&limit=1", 200,
         "{\"status\":\"success\",\"data\":" VECTOR(
             TEMP_0 ",\"value\":[1700000010,\"50\"]}") ",\"warnings\":[\"results truncated due to "
                                                       "limit\"]}"},
        {"/api/v1/query_exemplars?query=up&start=0&end=1", OK("[]")},
        {"/api/v1/format_query?query=temp%2B1", OK("\"temp + 1\"")},
        {"/api/v1/parse_query?query=1", OK("{\"type\":\"numberLiteral\",\"val\":\"1\"}")},
    };

    ask(*state, cases, ARRAY_LEN(cases));
}

static void wrong_queries_are_told_what_is_wrong(void **state)
{
    static const struct question_case cases[] = {
        {"/api/v1/query?query=temp&time=x",
         BAD("invalid parameter \\\"time\\\": Invalid time value for 'time': cannot parse "
             "\\\"x\\\" to a valid timestamp")},
        {"/api/v1/query?query=temp&timeout=x",
         BAD("invalid parameter \\\"timeout\\\": cannot parse \\\"x\\\" to a valid duration")},
        {"/api/v1/query?query=temp&limit=-1",
         BAD("invalid parameter \\\"limit\\\": must be a number, 0 or above")},
        {"/api/v1/query", 400, NULL},
        {"/api/v1/query?query=sum(", 400, NULL},
        {"/api/v1/query_range?query=temp&start=1&end=0&step=1",
         BAD("invalid parameter \\\"end\\\": end timestamp must not be before start time")},
        {"/api/v1/query_range?query=temp&end=0&step=1",
         BAD("invalid parameter \\\"start\\\": cannot parse \\\"\\\" to a valid timestamp")},
        {"/api/v1/query_range?query=temp&start=0&end=1",
         BAD("invalid parameter \\\"step\\\": cannot parse \\\"\\\" to a valid duration")},
        {"/api/v1/query_range?query=temp&start=0&end=1&step=-1",
         BAD("invalid parameter \\\"step\\\": zero or negative query resolution step widths are "
             "not accepted. Try a positive integer")},
        {"/api/v1/query_range?query=temp&start=0&end=11001&step=1",
         BAD("exceeded maximum resolution of 11,000 points per timeseries. Try decreasing the "
             "query resolution (?step=XX)")},
        {"/api/v1/query_range?query=temp&start=0&end=11000&step=1", 200, NULL},
        {"/api/v1/query?query=temp*on(host)up&time=1700000010", 200, NULL},
        {"/api/v1/query?query=temp*on(host)temp&time=1700000010", 422, NULL},
        {"/api/v1/format_query?query=", 400, NULL},
        {"/api/v1/parse_query?query=sum(", 400, NULL},
        {"/api/v1/query_exemplars?query=sum(", 400, NULL},
        {"/api/v1/query_exemplars?query=up&start=x", 400, NULL},
        {"/api/v1/query_exemplars?query=up&start=2&end=1",
         BAD("end timestamp must not be before start timestamp")},
    };
    struct fixture *f = *state;

    ask(f, cases, ARRAY_LEN(cases));
    struct test_answer a = test_get(f->port, "/api/v1/query?query=sum(");
    assert_true(str_contains(buf_str(&a.body), STR("invalid parameter \\\"query\\\": 1:")));
    assert_true(str_contains(buf_str(&a.body), STR("parse error: ")));
    test_answer_fini(&a);
}

static void forms_are_taken_as_query_strings_are(void **state)
{
    static const char form[] = "query=1%2B1&time=5";
    struct fixture *f = *state;
    struct test_answer a =
        test_request(f->port, "POST", "/api/v1/query",
                     "Content-Type: application/x-www-form-urlencoded\r\n", form, strlen(form));

    test_assert_body(&a, 200,
                     "{\"status\":\"success\",\"data\":{\"resultType\":\"scalar\",\"result\":[5,"
                     "\"2\"]}}");
    a = test_get(f->port, "/api/v1/query?query=temp&time=1700000010&stats=all");
    assert_int_equal(a.status, 200);
    assert_true(str_contains(buf_str(&a.body), STR("\"stats\":{\"timings\":{\"evalTotalTime\":")));
    assert_true(str_contains(buf_str(&a.body), STR("\"totalQueryableSamples\":")));
    test_answer_fini(&a);
}

static void labels_values_and_series_are_listed(void **state)
{
    static const struct question_case cases[] = {
        {"/api/v1/labels", OK("[\"__name__\",\"gpu\",\"host\",\"job\"]")},
        {"/api/v1/labels?match[]=up", OK("[\"__name__\",\"job\"]")},
        {"/api/v1/labels?match[]=up&match[]=temp", OK("[\"__name__\",\"gpu\",\"host\",\"job\"]")},
        {"/api/v1/labels?match[]=nope", OK("[]")},
        {"/api/v1/labels?start=5&end=1", OK("[]")},
        {"/api/v1/labels?start=1&end=2", OK("[]")},
        {"/api/v1/labels?limit=2", 200,
         "{\"status\":\"success\",\"data\":[\"__name__\",\"gpu\"],\"warnings\":[\"results "
         "truncated due to limit\"]}"},
        {"/api/v1/labels?match[]=x%7B", 400, NULL},
        {"/api/v1/label/gpu/values", OK("[\"0\",\"1\"]")},
        {"/api/v1/label/U__gpu/values", OK("[\"0\",\"1\"]")},
        {"/api/v1/label/U___5f__name_5f__/values", 200, NULL},
        {"/api/v1/label/__name__/values?match[]=%7Bgpu!%3D%22%22%7D", OK("[\"temp\"]")},
        {"/api/v1/label/no.such/values", OK("[]")},
        {"/api/v1/label/%FF/values", 400, NULL},
        {"/api/v1/series?match[]=up&match[]=up",
         OK("[{\"__name__\":\"up\",\"job\":\"w\\\"\xc3\xa9\"}]")},
        {"/api/v1/series?match[]=up&match[]=temp%7Bgpu%3D%221%22%7D",
         OK("[{\"__name__\":\"temp\",\"gpu\":\"1\",\"host\":\"a\"},{\"__name__\":\"up\","
            "\"job\":\"w\\\"\xc3\xa9\"}]")},
        {"/api/v1/series?match[]=temp&limit=1", 200,
         "{\"status\":\"success\",\"data\":[{\"__name__\":\"temp\",\"gpu\":\"0\",\"host\":\"a\"}],"
         "\"warnings\":[\"results truncated due to limit\"]}"},
        {"/api/v1/series", BAD("no match[] parameter provided")},
        {"/api/v1/series?match[]=%7Ba%3D%22%22%7D", 400, NULL},
        {"/api/v1/series?match[]=x%7B", 400, NULL},
        {"/api/v1/metadata?metric=temp", OK("{\"temp\":[{\"type\":\"gauge\",\"help\":\"How "
                                            "\\\"hot\\\".\",\"unit\":\"celsius\"}]}")},
        {"/api/v1/metadata?limit=1", OK("{\"temp\":[{\"type\":\"gauge\",\"help\":\"How "
                                        "\\\"hot\\\".\",\"unit\":\"celsius\"}]}")},
        {"/api/v1/metadata?metric=nope", OK("{}")},
        {"/api/v1/metadata?limit=x", BAD("limit must be a number")},
    };

    ask(*state, cases, ARRAY_LEN(cases));
}

#define DROPPED        "{\"discoveredLabels\":{\"__address__\":\"c:1\"},\"scrapePool\":\"nodes\"}"
#define DROPPED_COUNTS "\"droppedTargetCounts\":{\"nodes\":7,\"others\":0}"
#define TARGET_X                                                                                   \
    "{\"discoveredLabels\":{\"__address__\":\"a:1\"},\"labels\":{\"instance\":\"a:1\",\"job\":"    \
    "\"x\"},"                                                                                      \
    "\"scrapePool\":\"x\",\"scrapeUrl\":\"http://a:1/metrics\",\"globalUrl\":"                     \
    "\"http://a:1/metrics\",\"lastError\":\"\",\"lastScrape\":\"2023-11-14T22:13:20.005Z\","       \
    "\"lastScrapeDuration\":0.25,\"lastSamplesScraped\":812,\"health\":\"up\",\"scrapeInterval\":" \
    "\"5s\","                                                                                      \
    "\"scrapeTimeout\":\"1m30s\"}"
#define TARGET_Y                                                                                   \
    "{\"discoveredLabels\":{},\"labels\":{},\"scrapePool\":\"y\",\"scrapeUrl\":\"http://b/\","     \
    "\"globalUrl\":\"http://b/\",\"lastError\":\"no \\\"route\\\"\",\"lastScrape\":"               \
    "\"0001-01-01T00:00:00Z\",\"lastScrapeDuration\":0,\"lastSamplesScraped\":0,\"health\":"       \
    "\"unknown\","                                                                                 \
    "\"scrapeInterval\":\"0s\",\"scrapeTimeout\":\"0s\"}"

static void the_process_tells_about_itself(void **state)
{
    static const struct question_case cases[] = {
        {"/-/healthy", 200, "Algalon is healthy.\n"},
        {"/-/ready", 200, "Algalon is ready.\n"},
        {"/health", 200, "OK"},
        {"/-/reload", 405, "this method is not served here\n"},
        {"/api/v1/status/flags", OK("{\"listen-api\":\":1\",\"retention\":\"90d\"}")},
        {"/api/v1/status/config", OK("{\"yaml\":\"global:\\n  scrape_interval: 5s\\n\"}")},
        {"/api/v1/status/buildinfo",
         OK("{\"version\":\"3.0.0\",\"revision\":\"abc\",\"branch\":\"\",\"buildUser\":\"\","
            "\"buildDate\":\"\",\"goVersion\":\"\",\"application\":\"algalon\","
            "\"applicationVersion\":\"1.2.3\"}")},
        {"/api/v1/status/runtimeinfo", 200, NULL},
        {"/api/v1/rules", OK("{\"groups\":[]}")},
        {"/api/v1/alerts", OK("{\"alerts\":[]}")},
        {"/api/v1/alertmanagers", OK("{\"activeAlertmanagers\":[],\"droppedAlertmanagers\":["
                                     "{\"url\":\"http://gone:9093/api/v2/alerts\"}]}")},
        {"/api/v1/status/tsdb?limit=1",
         OK("{\"headStats\":{\"numSeries\":3,\"numLabelPairs\":6,\"chunkCount\":0,\"minTime\":"
            "9223372036854775807,\"maxTime\":-9223372036854775808},\"seriesCountByMetricName\":[{"
            "\"name\":\"temp\",\"value\":2}],\"labelValueCountByLabelName\":[{\"name\":\"__name__"
            "\",\"value\":2}],\"memoryInBytesByLabelName\":[{\"name\":\"__name__\",\"value\":34}],"
            "\"seriesCountByLabelValuePair\":[{\"name\":\"__name__=temp\",\"value\":2}]}")},
        {"/api/v1/doctor", 200, "{\"findings\":[],\"accelerators\":0}"},
        {"/api/v1/targets?state=dropped",
         OK("{\"activeTargets\":[],\"droppedTargets\":[" DROPPED "]," DROPPED_COUNTS "}")},
        {"/api/v1/targets?scrapePool=x",
         OK("{\"activeTargets\":[" TARGET_X "],\"droppedTargets\":[]," DROPPED_COUNTS "}")},
        {"/api/v1/targets?state=active", OK("{\"activeTargets\":[" TARGET_X "," TARGET_Y
                                            "],\"droppedTargets\":[]," DROPPED_COUNTS "}")},
        {"/api/v1/targets", OK("{\"activeTargets\":[" TARGET_X "," TARGET_Y
                               "],\"droppedTargets\":[" DROPPED "]," DROPPED_COUNTS "}")},
        {"/api/v1/scrape_pools", OK("{\"scrapePools\":[\"nodes\",\"others\"]}")},
        {"/api/v1/targets/relabel_steps?scrapePool=nodes&labels={}", OK("{\"steps\":[]}")},
        {"/api/v1/targets/discoveries?scrapePool=others",
         OK("{\"discoveries\":[{\"scrapePool\":\"others\",\"kind\":\"http\",\"found\":0,"
            "\"looks\":2,\"failures\":1,\"lastError\":\"no\","
            "\"lastSuccess\":\"0001-01-01T00:00:00Z\"}]}")},
        {"/api/v1/import/prometheus", 404, NULL},
    };
    struct fixture *f = *state;

    ask(f, cases, ARRAY_LEN(cases));
    struct test_answer a = test_request(f->port, "POST", "/-/quit", "", "", 0);
    test_assert_body(&a, 403, "Lifecycle API is not enabled: start with --web.enable-lifecycle.\n");
    a = test_request(f->port, "POST", "/-/reload", "", "", 0);
    test_assert_body(&a, 200, "");
    f->reload_fails = f->not_ready = true;
    a = test_request(f->port, "POST", "/-/reload", "", "", 0);
    test_assert_body(&a, 500, "failed to reload config: prometheus.yml:3: unknown key\n");
    a = test_get(f->port, "/-/ready");
    char after[8];
    assert_string_equal(test_header(&a, "Retry-After", after, sizeof(after)), "1");
    test_assert_body(&a, 503, "Algalon is not ready yet.\n");
}

static void its_own_metrics_are_clean(void **state)
{
    static const char *const wanted[] = {"algalon_build_info", "process_resident_memory_bytes",
                                         "algalon_http_requests_total",
                                         "algalon_query_queries_total"};
    struct fixture *f = *state;
    struct test_answer a = test_get(f->port, "/metrics");
    struct exposition e = {.rest = buf_str(&a.body)};
    struct exposition_line line;
    struct str help = STR(""), type = STR("");
    size_t found = 0;
    int code;

    assert_int_equal(a.status, 200);
    while ((code = exposition_next(&e, &line, NULL)) == 1) {
        if (line.kind == EXPOSITION_HELP)
            help = line.name;
        if (line.kind == EXPOSITION_TYPE)
            type = line.name;
        if (line.kind != EXPOSITION_SAMPLE)
            continue;
        assert_true(str_equal(line.name, help) && str_equal(line.name, type));
        for (size_t i = 0; i < ARRAY_LEN(wanted); i++)
            found += str_is(line.name, wanted[i]) && line.value >= 0;
    }
    assert_int_equal(code, 0);
    assert_int_equal(found, 3 + API_QUERY_OUTCOMES);
    test_answer_fini(&a);
}

static void the_latest_samples_are_federated(void **state)
{
    struct fixture *f = *state;
    int64_t now = clock_now_ms();
    struct buf wanted;

    /* Federation looks five minutes back from now. */
    for (size_t k = 0; k < SAMPLES; k++)
        f->times[k] = now - (int64_t)(SAMPLES - k) * 1000;
    f->values[1][SAMPLES - 1] = value_stale();
    f->api.lookback_ms = now - T0; /* so that the fake's idea of its range holds */
    struct test_answer a = test_get(f->port, "/federate?match[]=temp&match[]=up&match[]=up");
    buf_init(&wanted, 0);
    buf_printf(&wanted,
               "# TYPE temp untyped\ntemp{gpu=\"0\",host=\"a\"} 139 %" PRId64
               "\n# TYPE up untyped\nup{job=\"w\\\"\xc3\xa9\"} 1 %" PRId64 "\n",
               now - 1000, now - 1000);
    buf_char(&wanted, '\0');
    test_assert_body(&a, 200, wanted.ptr);
    buf_fini(&wanted);
}

/* ---- bounds ---- */

static bool becomes(atomic_int *counter, int at_least)
{
    for (int i = 0; i < 500 && atomic_load(counter) < at_least; i++) {
        struct timespec pause = {0, 10000000};
        nanosleep(&pause, NULL);
    }
    return atomic_load(counter) >= at_least;
}

static void queries_past_the_bound_wait_until_their_time_is_up(void **state)
{
    static const char running[] = "GET /api/v1/query?query=temp&time=1700000010 HTTP/1.1\r\n"
                                  "Host: a\r\n\r\n";
    struct fixture *f = *state;
    int fd = test_connect(f->port);

    atomic_store(&f->hold, true);
    test_send_text(fd, running);
    assert_true(becomes(&f->reading, 1));
    struct test_answer a = test_get(f->port, "/api/v1/query?query=1&timeout=100ms");
    assert_int_equal(a.status, 503);
    assert_true(str_contains(buf_str(&a.body), STR("\"errorType\":\"timeout\"")));
    test_answer_fini(&a);
    atomic_store(&f->hold, false);
    a = test_read(fd, false);
    assert_int_equal(a.status, 200);
    test_answer_fini(&a);
    close(fd);
    a = test_get(f->port, "/api/v1/query?query=1&time=1");
    assert_int_equal(a.status, 200);
    test_answer_fini(&a);
}

static void deep_nesting_does_not_end_the_process(void **state)
{
    static const struct {
        const char *open, *close;
    } kinds[] = {{"(", ")"},           {"-", ""},        {"abs(", ")"},
                 {"sum(", ")"},        {"temp+(", ")"},  {"topk_avg(1,", ")"},
                 {"(", ")+offset+1s"}, {"absent(", ")"}, {"range_max(", ")"}};
    static const int depths[] = {40, 250, 1200};
    struct fixture *f = *state;

    for (size_t k = 0; k < ARRAY_LEN(kinds); k++)
        for (size_t d = 0; d < ARRAY_LEN(depths); d++) {
            struct buf form;
            buf_init(&form, 0);
            buf_text(&form, "time=1700000010&query=");
            for (int i = 0; i < depths[d]; i++)
                buf_text(&form, strcmp(kinds[k].open, "temp+(") ? kinds[k].open : "temp%2B(");
            buf_text(&form, "temp");
            for (int i = 0; i < depths[d]; i++)
                buf_text(&form, kinds[k].close);
            struct test_answer a = test_request(
                f->port, "POST", "/api/v1/query",
                "Content-Type: application/x-www-form-urlencoded\r\n", form.ptr, form.len);
            assert_true(a.status == 200 || a.status == 400 || a.status == 422);
            test_answer_fini(&a);
            buf_fini(&form);
        }
}

static void a_query_ends_when_its_client_leaves(void **state)
{
    struct fixture *f = *state;
    int fd = test_connect(f->port);

    atomic_store(&f->hold, true);
    test_send_text(fd, "GET /api/v1/query?query=temp&time=1700000010 HTTP/1.1\r\nHost: a\r\n\r\n");
    assert_true(becomes(&f->reading, 1));
    int waiting = test_connect(f->port);
    test_send_text(waiting, "GET /api/v1/query?query=1 HTTP/1.1\r\nHost: a\r\n\r\n");
    for (int i = 0; i < 500 && !atomic_load(&f->api.counters.queries_waiting); i++)
        poll(NULL, 0, 10);
    assert_int_equal(atomic_load(&f->api.counters.queries_waiting), 1);
    close(waiting);
    for (int i = 0; i < 500 && atomic_load(&f->api.counters.queries_waiting); i++)
        poll(NULL, 0, 10);
    assert_int_equal(atomic_load(&f->api.counters.queries_waiting), 0);
    assert_int_equal(atomic_load(&f->api.counters.queries[API_QUERY_CANCELED]), 1);
    close(fd);
    atomic_store(&f->hold, false);
}

/* ---- times ---- */

static void times_and_durations_are_read(void **state)
{
    static const struct {
        const char *text;
        bool good;
        int64_t ms;
    } times[] = {
        {"0", true, 0},
        {"1435781430.781", true, 1435781430781},
        {"-1.5", true, -1500},
        {"1e3", true, 1000000},
        {"2015-07-01T20:10:30.781Z", true, 1435781430781},
        {"2015-07-01T20:10:30.781999999Z", true, 1435781430781},
        {"2015-07-01T22:10:30+02:00", true, 1435781430000},
        {"2015-07-01T14:40:30-05:30", true, 1435781430000},
        {"2000-02-29T00:00:00Z", true, 951782400000},
        {"1969-12-31T23:59:59Z", true, -1000},
        {"-292273086-05-16T16:47:06Z", true, TIMES_MIN_MS},
        {"292277025-08-18T07:12:54.999999999Z", true, TIMES_MAX_MS},
        {"2001-02-29T00:00:00Z", false, 0},
        {"2015-07-01T24:00:00Z", false, 0},
        {"2015-13-01T00:00:00Z", false, 0},
        {"2015-07-01", false, 0},
        {"2015-07-01T20:10:30", false, 0},
        {"2015-07-01T20:10:30.Z", false, 0},
        {"2015-07-01T20:10:30Zx", false, 0},
        {"2015-07-01T20:10:30+2:00", false, 0},
        {"NaN", false, 0},
        {"Inf", false, 0},
        {"1e400", false, 0},
        {"now", false, 0},
        {"", false, 0},
    };
    static const struct {
        const char *text;
        bool good;
        int64_t ms;
    } durations[] = {
        {"15s", true, 15000}, {"1h30m", true, 5400000}, {"0.5", true, 500}, {"-1", true, -1000},
        {"x", false, 0},      {"NaN", false, 0},        {"1e30", false, 0}, {"", false, 0}};
    int64_t ms;

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(times); i++) {
        if (times_parse(str_of(times[i].text), &ms) != times[i].good)
            fail_msg("%s", times[i].text);
        if (times[i].good)
            assert_int_equal(ms, times[i].ms);
    }
    for (size_t i = 0; i < ARRAY_LEN(durations); i++) {
        if (times_parse_duration(str_of(durations[i].text), &ms) != durations[i].good)
            fail_msg("%s", durations[i].text);
        if (durations[i].good)
            assert_int_equal(ms, durations[i].ms);
    }
}

int main(void)
{
#define WITH_API(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        WITH_API(queries_answer_in_prometheuss_shapes),
        WITH_API(wrong_queries_are_told_what_is_wrong),
        WITH_API(forms_are_taken_as_query_strings_are),
        WITH_API(labels_values_and_series_are_listed),
        WITH_API(the_process_tells_about_itself),
        WITH_API(its_own_metrics_are_clean),
        WITH_API(the_latest_samples_are_federated),
        WITH_API(queries_past_the_bound_wait_until_their_time_is_up),
        WITH_API(a_query_ends_when_its_client_leaves),
        WITH_API(deep_nesting_does_not_end_the_process),
        cmocka_unit_test(times_and_durations_are_read),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
