/* config.c - jobs and what holds for all of them; see
 * https://prometheus.io/docs/prometheus/latest/configuration/configuration/ for what keys mean. */
#include "scrape/config.h"

#include "scrape/alert_config.h"
#include "scrape/relabel_config.h"
#include "scrape/sd_config.h"

#include <glob.h>
#include <stdlib.h>

#define DEFAULT_INTERVAL_MS 60000
#define DEFAULT_TIMEOUT_MS  10000
#define LOCAL_JOB           "worker"
#define DEFAULT_ACCEPT                                                                             \
    "text/plain;version=0.0.4,application/openmetrics-text;version=1.0.0;q=0.5,*/*;q=0.1"

/* ---- values of jobs ---- */

static int read_scheme(struct reader *r, const struct yaml_node *node, void *to)
{
    int code = reader_text(r, node, to);

    if (!code && !str_is(*(struct str *)to, "http") && !str_is(*(struct str *)to, "https"))
        return reader_bad(r, node->line, "scheme is http or https");
    return code;
}

static int read_params(struct reader *r, const struct yaml_node *node, void *to)
{
    struct scrape_job *job = to;

    if (yaml_is_null(node))
        return 0;
    if (node->kind != YAML_MAP)
        return reader_bad(r, node->line, "params: a map of lists is wanted");
    if (node->len > CONFIG_PARAMS_MAX)
        return reader_bad(r, node->line, "params: too many");
    for (const struct yaml_item *it = node->first; it; it = it->next) {
        struct scrape_param *param = &job->params[job->param_len++];
        struct text_list values;
        if (it->value->kind != YAML_LIST)
            return reader_bad(r, it->line, "params: the value of each is a list");
        int code = reader_texts(r, it->value, &values);
        if (code)
            return code;
        *param = (struct scrape_param){it->key, values.items, values.len};
    }
    return 0;
}

/* What is asked for, in this order; the protocol of protobuf messages is passed over where another
 * one stands beside it. */
static int read_protocols(struct reader *r, const struct yaml_node *node, void *to)
{
    static const struct {
        const char *name, *type;
    } known[] = {
        {"PrometheusText0.0.4", "text/plain;version=0.0.4"},
        {"PrometheusText1.0.0", "text/plain;version=1.0.0;escaping=allow-utf-8"},
        {"OpenMetricsText1.0.0", "application/openmetrics-text;version=1.0.0"},
        {"OpenMetricsText0.0.1", "application/openmetrics-text;version=0.0.1"},
        {"PrometheusProto", NULL},
    };
    struct text_list list;
    struct buf accept;
    unsigned rank = 9;

    int code = reader_texts(r, node, &list);
    if (code)
        return code;
    buf_init(&accept, 0);
    for (size_t i = 0; i < list.len; i++) {
        size_t k = 0;
        while (k < ARRAY_LEN(known) && !str_is(list.items[i], known[k].name))
            k++;
        if (k == ARRAY_LEN(known)) {
            buf_fini(&accept);
            return error_set(r->err, -EINVAL,
                             "%s:%zu: '%.*s' is no scrape protocol: PrometheusText0.0.4, "
                             "PrometheusText1.0.0, OpenMetricsText1.0.0, OpenMetricsText0.0.1, "
                             "PrometheusProto",
                             r->name, node->line, (int)MIN(list.items[i].len, (size_t)60),
                             list.items[i].ptr);
        }
        if (known[k].type)
            buf_printf(&accept, "%s;q=0.%u,", known[k].type, rank);
        rank -= rank > 1;
    }
    buf_text(&accept, "*/*;q=0.1");
    char *copy = list.len ? arena_strndup(r->arena, accept.ptr, accept.len) : NULL;
    *(struct str *)to = copy ? str_of(copy) : STR("");
    buf_fini(&accept);
    return list.len && !copy ? reader_out_of_memory(r) : 0;
}

static int read_fallback(struct reader *r, const struct yaml_node *node, void *to)
{
    struct str name = STR("");
    int code = reader_text(r, node, &name);

    (void)
        to; /* a body is read as text whatever its type says; there is nothing to fall back from */
    if (!code && str_is(name, "PrometheusProto"))
        return reader_bad(r, node->line, "PrometheusProto is not supported: ask for a text format");
    return code;
}

/* Native histograms are not scraped; asking for them is an error, asking for none is fine. */
static int read_never(struct reader *r, const struct yaml_node *node, void *to)
{
    bool wanted = false;
    int code = reader_bool(r, node, &wanted);

    (void)to;
    if (!code && wanted)
        return reader_bad(r, node->line, "native histograms are not supported");
    return code;
}

/* Of what is not scraped. */
static int read_native_limit(struct reader *r, const struct yaml_node *node, void *to)
{
    double limit = 0;

    (void)to;
    if (node->kind != YAML_TEXT || !num_parse(node->text, &limit))
        return reader_bad(r, node->line, "a number is wanted");
    return limit == 0 ? 0
                      : reader_warn(r, node->line,
                                    "limits of native histograms have no effect: native "
                                    "histograms are not scraped; take them out");
}

/* Classic histograms are always scraped, and no body is parsed as a whole. */
static int read_true(struct reader *r, const struct yaml_node *node, void *to)
{
    bool unused;

    (void)to;
    return reader_bool(r, node, &unused);
}

static int read_tristate(struct reader *r, const struct yaml_node *node, void *to)
{
    bool on = false;
    int code = reader_bool(r, node, &on);

    *(enum tristate *)to = on ? TRISTATE_YES : TRISTATE_NO;
    return code;
}

static int read_disable(struct reader *r, const struct yaml_node *node, void *to)
{
    bool off = false;
    int code = reader_bool(r, node, &off);

    *(bool *)to = !off;
    return code;
}

static int read_validation(struct reader *r, const struct yaml_node *node, void *to)
{
    struct str text = STR("");
    int code = reader_text(r, node, &text);

    (void)to;
    if (code || !text.len || str_is(text, "utf8"))
        return code;
    return reader_bad(r, node->line,
                      str_is(text, "legacy")
                          ? "metric_name_validation_scheme: legacy is not supported, "
                            "names are taken as they come (utf8)"
                          : "metric_name_validation_scheme is utf8");
}

static int read_escaping(struct reader *r, const struct yaml_node *node, void *to)
{
    static const char *const others[] = {"underscores", "dots", "values"};
    struct str text = STR("");
    int code = reader_text(r, node, &text);

    (void)to;
    if (code || !text.len || str_is(text, "allow-utf-8"))
        return code;
    for (size_t i = 0; i < ARRAY_LEN(others); i++)
        if (str_is(text, others[i]))
            return reader_bad(r, node->line,
                              "metric_name_escaping_scheme: allow-utf-8 alone is supported; "
                              "metric_relabel_configs may rename");
    return reader_bad(r, node->line, "metric_name_escaping_scheme is allow-utf-8");
}

static int read_failure_log(struct reader *r, const struct yaml_node *node, void *to)
{
    (void)to;
    return yaml_is_null(node)
               ? 0
               : reader_warn(r, node->line,
                             "scrape_failure_log_file has no effect: failures are in the log of "
                             "this program, and at /targets; take it out");
}

static int read_stale(struct reader *r, const struct yaml_node *node, void *to)
{
    bool on = false;
    int code = reader_bool(r, node, &on);

    (void)to;
    return !code && on ? reader_bad(r, node->line,
                                    "no_stale_markers is not supported: series that end are marked")
                       : code;
}

static int read_series_limit(struct reader *r, const struct yaml_node *node, void *to)
{
    uint64_t limit = 0;
    int code = reader_count(r, node, &limit);

    (void)to;
    return !code && limit
               ? reader_bad(r, node->line,
                            "series_limit is not supported: sample_limit bounds one scrape, "
                            "--max-series the store")
               : code;
}

static int read_debug(struct reader *r, const struct yaml_node *node, void *to)
{
    bool on = false;
    int code = reader_bool(r, node, &on);

    (void)to;
    return !code && on
               ? reader_warn(r, node->line,
                             "relabel_debug and metric_relabel_debug have no effect: /targets "
                             "shows relabelling step by step; take them out")
               : code;
}

/* ---- jobs ---- */

#define JOB(field) offsetof(struct scrape_job, field)

static const struct key job_keys[] = {
    {"job_name", reader_text, JOB(name)},
    {"scrape_interval", reader_duration, JOB(interval_ms)},
    {"scrape_timeout", reader_duration, JOB(timeout_ms)},
    {"metrics_path", reader_text, JOB(metrics_path)},
    {"scheme", read_scheme, JOB(scheme)},
    {"params", read_params, 0},
    {"honor_labels", reader_bool, JOB(honor_labels)},
    {"honor_timestamps", reader_bool, JOB(honor_timestamps)},
    {"track_timestamps_staleness", reader_bool, JOB(track_timestamps_staleness)},
    {"enable_compression", reader_bool, JOB(enable_compression)},
    {"scrape_protocols", read_protocols, JOB(accept)},
    {"fallback_scrape_protocol", read_fallback, 0},
    {"native_histogram_bucket_limit", read_native_limit, 0},
    {"native_histogram_min_bucket_factor", read_native_limit, 0},
    {"relabel_configs", relabel_config_read, JOB(relabel)},
    {"metric_relabel_configs", relabel_config_read, JOB(metric_relabel)},
    {"extra_scrape_metrics", read_tristate, JOB(extra_metrics)},
    /* vmagent's */
    {"scrape_align_interval", reader_duration, JOB(align_ms)},
    {"scrape_offset", reader_duration, JOB(offset_ms)},
    {"disable_compression", read_disable, JOB(enable_compression)},
    {"disable_keepalive", reader_bool, JOB(http.disable_keepalive)},
    {"stream_parse", read_true, 0},
    {"no_stale_markers", read_stale, 0},
    {"series_limit", read_series_limit, 0},
    {"relabel_debug", read_debug, 0},
    {"metric_relabel_debug", read_debug, 0},
};

/* Of jobs and of all of them, where they say the same. */
static const struct key common_keys[] = {
    {"scrape_native_histograms", read_never, 0},
    {"convert_classic_histograms_to_nhcb", read_never, 0},
    {"scrape_classic_histograms", read_true, 0},
    {"always_scrape_classic_histograms", read_true, 0},
    {"metric_name_validation_scheme", read_validation, 0},
    {"metric_name_escaping_scheme", read_escaping, 0},
    {"scrape_failure_log_file", read_failure_log, 0},
};

#define LIMIT(field) offsetof(struct scrape_limits, field)

static const struct key limit_keys[] = {
    {"sample_limit", reader_count, LIMIT(sample)},
    {"target_limit", reader_count, LIMIT(target)},
    {"label_limit", reader_count, LIMIT(label)},
    {"label_name_length_limit", reader_count, LIMIT(label_name_length)},
    {"label_value_length_limit", reader_count, LIMIT(label_value_length)},
    {"body_size_limit", reader_size, LIMIT(body_size)},
    {"max_scrape_size", reader_size, LIMIT(body_size)}, /* vmagent's */
    {"keep_dropped_targets", reader_count, LIMIT(keep_dropped)},
};

/* A job with its defaults, added to the configuration, which owns it from then on. */
static struct scrape_job *new_job(struct scrape_config *c)
{
    struct scrape_job *job = arena_new(&c->arena, struct scrape_job);

    if (!job)
        return NULL;
    if (c->job_len == c->job_cap) {
        struct scrape_job **grown =
            array_grow(c->jobs, &c->job_cap, c->job_len + 1, sizeof(*grown));
        if (!grown)
            return NULL;
        c->jobs = grown;
    }
    job->metrics_path = STR("/metrics");
    job->scheme = STR("http");
    job->honor_timestamps = true;
    job->enable_compression = true;
    http_config_init(&job->http);
    c->jobs[c->job_len++] = job;
    return job;
}

static int read_job(struct reader *r, const struct yaml_node *node, struct scrape_config *c)
{
    if (c->job_len == CONFIG_JOBS_MAX)
        return reader_bad(r, node->line, "too many jobs");
    struct scrape_job *job = new_job(c);
    if (!job)
        return reader_out_of_memory(r);
    job->file = r->name;
    job->line = node->line;
    const struct key_table tables[] = {
        {job_keys, ARRAY_LEN(job_keys), job},
        {common_keys, ARRAY_LEN(common_keys), NULL},
        {limit_keys, ARRAY_LEN(limit_keys), &job->limits},
        http_config_keys(&job->http),
        sd_config_keys(job),
    };
    int code = reader_map(r, node, "scrape_configs", tables, ARRAY_LEN(tables));
    if (!code)
        code = http_config_settle(r, node->line, &job->http);
    if (code)
        return code;
    if (!job->name.len)
        return reader_bad(r, node->line, "job_name is missing");
    for (size_t i = 0; i + 1 < c->job_len; i++)
        if (str_equal(c->jobs[i]->name, job->name))
            return error_set(r->err, -EINVAL, "%s:%zu: job_name '%.*s' twice", r->name, node->line,
                             (int)MIN(job->name.len, (size_t)60), job->name.ptr);
    const struct yaml_node *relabel = yaml_get(node, "metric_relabel_configs");
    job->take_hash = relabel ? yaml_hash(relabel) : 0;
    return job->relabel.len ? 0 : sd_config_check_addresses(r, node);
}

static int read_jobs(struct reader *r, const struct yaml_node *node, void *to)
{
    struct scrape_config *c = to;

    if (yaml_is_null(node))
        return 0;
    if (node->kind != YAML_LIST)
        return reader_bad(r, node->line, "scrape_configs: a list is wanted");
    for (const struct yaml_item *it = node->first; it; it = it->next) {
        int code = read_job(r, it->value, c);
        if (code)
            return code;
    }
    return 0;
}

/* Interval and timeout of a job, from its own or the global ones. */
static int settle_times(struct scrape_config *c, struct scrape_job *job, struct error *err)
{
    char interval[48], timeout[48];
    int name_len = (int)MIN(job->name.len, (size_t)60);

    if (!job->interval_ms)
        job->interval_ms = c->interval_ms;
    if (job->timeout_ms > job->interval_ms)
        return error_set(err, -EINVAL,
                         "%s:%zu: job '%.*s': scrape_timeout (%s) is longer than scrape_interval "
                         "(%s)",
                         job->file, job->line, name_len, job->name.ptr,
                         num_print_duration(timeout, job->timeout_ms),
                         num_print_duration(interval, job->interval_ms));
    if (job->interval_ms < CONFIG_INTERVAL_MIN_MS)
        return error_set(err, -EINVAL, "%s:%zu: job '%.*s': scrape_interval is shorter than 100ms",
                         job->file, job->line, name_len, job->name.ptr);
    if (!job->timeout_ms)
        job->timeout_ms = MIN(c->timeout_ms, job->interval_ms);
    if (job->align_ms && job->interval_ms % job->align_ms && job->align_ms % job->interval_ms)
        return error_set(err, -EINVAL,
                         "%s:%zu: job '%.*s': scrape_align_interval is no multiple or part of "
                         "scrape_interval (%s)",
                         job->file, job->line, name_len, job->name.ptr,
                         num_print_duration(interval, job->interval_ms));
    return 0;
}

static void settle_limits(const struct scrape_config *c, struct scrape_job *job)
{
    const struct scrape_limits *all = &c->limits;
    struct scrape_limits *own = &job->limits;

    own->sample = own->sample ? own->sample : all->sample;
    own->target = own->target ? own->target : all->target;
    own->label = own->label ? own->label : all->label;
    own->label_name_length =
        own->label_name_length ? own->label_name_length : all->label_name_length;
    own->label_value_length =
        own->label_value_length ? own->label_value_length : all->label_value_length;
    own->body_size = own->body_size ? own->body_size : all->body_size;
    own->keep_dropped = own->keep_dropped ? own->keep_dropped : all->keep_dropped;
    if (job->extra_metrics == TRISTATE_UNSAID)
        job->extra_metrics = c->extra_metrics;
    if (!job->accept.len)
        job->accept = c->accept.len ? c->accept : STR(DEFAULT_ACCEPT);
    const uint64_t taking[] = {job->take_hash,
                               job->honor_labels,
                               job->honor_timestamps,
                               own->sample,
                               own->label,
                               own->label_name_length,
                               own->label_value_length,
                               job->track_timestamps_staleness,
                               job->extra_metrics};
    job->take_hash = hash_more(0, taking, sizeof(taking));
}

/* ---- the whole ---- */

/* Keys of what Prometheus does beside scraping and keeping: said to be without effect. */
#define WITHOUT_EFFECT(function, text)                                                             \
    static int function(struct reader *r, const struct yaml_node *node, void *to)                  \
    {                                                                                              \
        (void)to;                                                                                  \
        return yaml_is_null(node) ? 0 : reader_warn(r, node->line, text);                          \
    }
WITHOUT_EFFECT(read_tracing, "tracing has no effect: no traces are sent; take it out")
WITHOUT_EFFECT(read_otlp, "otlp has no effect: OTLP is not received; let its senders write by "
                          "remote write, and take it out")
WITHOUT_EFFECT(read_runtime, "runtime has no effect: it is about Go; take it out")
WITHOUT_EFFECT(read_query_log, "query_log_file has no effect: queries are not logged to a file; "
                               "take it out")

/* Without it queries would answer from less than is asked for. */
static int read_remote_read(struct reader *r, const struct yaml_node *node, void *to)
{
    (void)to;
    return yaml_is_null(node) || (node->kind == YAML_LIST && !node->len)
               ? 0
               : reader_bad(r, node->line,
                            "remote_read is not supported: bring that history in by `algalon "
                            "migrate data`, or query that store by --query-url");
}

static int read_window(struct reader *r, const struct yaml_node *node, void *to)
{
    int64_t window_ms = 0;
    int code = reader_duration(r, node, &window_ms);

    (void)to;
    return !code && window_ms ? reader_bad(r, node->line,
                                           "out_of_order_time_window is not supported: start with "
                                           "--out-of-order-window instead")
                              : code;
}

static int read_retention(struct reader *r, const struct yaml_node *node, void *to)
{
    (void)to;
    return yaml_is_null(node) ? 0
                              : reader_bad(r, node->line,
                                           "retention is not supported: start with --retention "
                                           "and --retention-size instead");
}

static int read_tsdb(struct reader *r, const struct yaml_node *node, void *to)
{
    static const struct key keys[] = {{"out_of_order_time_window", read_window, 0},
                                      {"retention", read_retention, 0}};
    const struct key_table table = {keys, ARRAY_LEN(keys), to};

    return reader_map(r, node, "storage.tsdb", &table, 1);
}

static int read_exemplars(struct reader *r, const struct yaml_node *node, void *to)
{
    (void)to;
    return yaml_is_null(node) ? 0
                              : reader_bad(r, node->line, "exemplars are not kept: take this out");
}

/* What would change what is kept is an error: the store is told by options of its own. */
static int read_storage(struct reader *r, const struct yaml_node *node, void *to)
{
    static const struct key keys[] = {{"tsdb", read_tsdb, 0}, {"exemplars", read_exemplars, 0}};
    const struct key_table table = {keys, ARRAY_LEN(keys), to};

    return reader_map(r, node, "storage", &table, 1);
}

static int read_alerting(struct reader *r, const struct yaml_node *node, void *to)
{
    struct scrape_config *c = to;

    return yaml_is_null(node) ? 0 : alerting_read(r, node, &c->alerting);
}

static int read_remote_write(struct reader *r, const struct yaml_node *node, void *to)
{
    struct scrape_config *c = to;
    int code = 0;

    if (yaml_is_null(node))
        return 0;
    if (node->kind != YAML_LIST)
        return reader_bad(r, node->line, "remote_write: a list is wanted");
    for (const struct yaml_item *it = node->first; it && !code; it = it->next) {
        if (c->write_len == WRITE_CONFIGS_MAX)
            return reader_bad(r, it->line, "remote_write: more than 16 receivers");
        code = write_config_read(r, it->value, &c->writes[c->write_len++]);
    }
    return code;
}

static int read_global(struct reader *r, const struct yaml_node *node, void *to)
{
    static const struct key keys[] = {
        {"scrape_interval", reader_duration, offsetof(struct scrape_config, interval_ms)},
        {"scrape_timeout", reader_duration, offsetof(struct scrape_config, timeout_ms)},
        {"evaluation_interval", reader_duration,
         offsetof(struct scrape_config, evaluation_interval_ms)},
        {"external_labels", reader_labels, offsetof(struct scrape_config, external_labels)},
        {"scrape_protocols", read_protocols, offsetof(struct scrape_config, accept)},
        {"rule_query_offset", reader_duration,
         offsetof(struct scrape_config, rule_query_offset_ms)},
        {"query_log_file", read_query_log, 0},
        {"extra_scrape_metrics", read_tristate, offsetof(struct scrape_config, extra_metrics)},
    };
    struct scrape_config *c = to;
    c->global_line = node->line;
    const struct key_table tables[] = {{keys, ARRAY_LEN(keys), c},
                                       {limit_keys, ARRAY_LEN(limit_keys), &c->limits},
                                       {common_keys, ARRAY_LEN(common_keys), NULL}};
    return reader_map(r, node, "global", tables, ARRAY_LEN(tables));
}

static int read_patterns(struct reader *r, const struct yaml_node *node, void *to)
{
    int code = reader_paths(r, node, to);
    const struct text_list *list = to;

    for (size_t i = 0; !code && i < list->len; i++) {
        const char *star = memchr(list->items[i].ptr, '*', list->items[i].len);
        if (!list->items[i].len || (star && strchr(star, '/')))
            return reader_bad(r, node->line, "a path has * in its last part only");
    }
    return code;
}

static const struct key file_keys[] = {{"scrape_configs", read_jobs, 0}};

static const struct key root_keys[] = {
    {"global", read_global, 0},
    {"rule_files", read_patterns, offsetof(struct scrape_config, rule_files)},
    {"scrape_config_files", read_patterns, offsetof(struct scrape_config, scrape_config_files)},
    {"remote_write", read_remote_write, 0},
    {"remote_read", read_remote_read, 0},
    {"alerting", read_alerting, 0},
    {"storage", read_storage, 0},
    {"tracing", read_tracing, 0},
    {"otlp", read_otlp, 0},
    {"runtime", read_runtime, 0},
};

/* Reads one text into `c`: the configuration itself, or one of its scrape_config_files. */
static int read_root(struct scrape_config *c, const char *name, struct str text, bool whole,
                     struct error *err)
{
    const char *slash = strrchr(name, '/');
    const struct yaml_node *root;
    struct reader r = {.name = name,
                       .folder = str_make(name, slash ? (size_t)(slash - name) : 0),
                       .arena = &c->arena,
                       .err = err,
                       .warnings = &c->warnings};
    const struct key_table tables[] = {{file_keys, ARRAY_LEN(file_keys), c},
                                       {root_keys, ARRAY_LEN(root_keys), c}};

    if (slash == name)
        r.folder = STR("/.");
    int code = yaml_parse(name, text, &c->arena, &root, err);
    if (!code && whole)
        c->root = root;
    return code ? code : reader_map(&r, root, "the scrape configuration", tables, whole ? 2 : 1);
}

static int by_name(const void *a, const void *b)
{
    const struct scrape_job *const *x = a, *const *y = b;
    return str_compare((*x)->name, (*y)->name);
}

/* What global says is given to the jobs. */
static int settle(struct scrape_config *c, const char *name, struct error *err)
{
    int code = 0;

    if (!c->interval_ms)
        c->interval_ms = DEFAULT_INTERVAL_MS;
    if (c->timeout_ms > c->interval_ms)
        return error_set(err, -EINVAL,
                         "%s:%zu: global scrape_timeout is longer than scrape_interval", name,
                         c->global_line);
    if (!c->timeout_ms)
        c->timeout_ms = MIN(DEFAULT_TIMEOUT_MS, c->interval_ms);
    for (size_t i = 0; i < c->job_len && !code; i++) {
        settle_limits(c, c->jobs[i]);
        code = settle_times(c, c->jobs[i], err);
    }
    if (!code && c->job_len)
        qsort(c->jobs, c->job_len, sizeof(*c->jobs), by_name);
    return code;
}

struct scrape_config *config_empty(void)
{
    struct scrape_config *c = calloc(1, sizeof(*c));
    if (c)
        arena_init(&c->arena, 0);
    return c;
}

int config_parse(const char *name, struct str text, struct scrape_config **ret, struct error *err)
{
    struct scrape_config *c = config_empty();
    struct error unseen;

    if (!c)
        return error_errno(err, -ENOMEM, "%s", name);
    err = err ? err : &unseen;
    int code = read_root(c, name, text, true, err);
    if (!code)
        code = settle(c, name, err);
    if (code)
        config_free(c);
    else
        *ret = c;
    return code;
}

/* ---- files ---- */

static int read_file(struct scrape_config *c, const char *path, bool whole, struct error *err)
{
    struct buf text;

    /* Messages and folders are about the path: it stays as long as the configuration. */
    const char *name = arena_strndup(&c->arena, path, strlen(path));
    if (!name)
        return error_errno(err, -ENOMEM, "%s", path);
    buf_init(&text, CONFIG_BYTES_MAX);
    int code = file_read(path, CONFIG_BYTES_MAX, &text, err);
    if (!code)
        code = read_root(c, name, buf_str(&text), whole, err);
    buf_fini(&text);
    return code;
}

static int read_more_files(struct scrape_config *c, struct error *err)
{
    size_t files = 0;
    int code = 0;

    for (size_t i = 0; i < c->scrape_config_files.len && !code; i++) {
        const char *pattern = c->scrape_config_files.items[i].ptr;
        glob_t found;
        if (glob(pattern, 0, NULL, &found)) {
            if (!strpbrk(pattern, "*?["))
                return error_set(err, -ENOENT, "scrape_config_files: %s is not there", pattern);
            continue;
        }
        for (size_t k = 0; k < found.gl_pathc && !code; k++)
            code = ++files > CONFIG_FILES_MAX
                       ? error_set(err, -EINVAL, "scrape_config_files: more than %d files",
                                   CONFIG_FILES_MAX)
                       : read_file(c, found.gl_pathv[k], false, err);
        globfree(&found);
    }
    return code;
}

int config_load(const char *path, struct scrape_config **ret, struct error *err)
{
    struct scrape_config *c = config_empty();
    struct error unseen;

    if (!c)
        return error_errno(err, -ENOMEM, "%s", path);
    err = err ? err : &unseen;
    int code = read_file(c, path, true, err);
    if (!code)
        code = read_more_files(c, err);
    if (!code)
        code = settle(c, path, err);
    if (code)
        config_free(c);
    else
        *ret = c;
    return code;
}

int config_add_targets(struct scrape_config *c, const char *const *targets, size_t len,
                       int64_t interval_ms, struct error *err)
{
    if (config_job(c, STR(LOCAL_JOB)))
        return error_set(err, -EINVAL,
                         "the configuration has a job '%s' too; give its targets there", LOCAL_JOB);
    struct scrape_job *job = new_job(c);
    if (!job)
        return error_errno(err, -ENOMEM, "targets");
    job->name = STR(LOCAL_JOB);
    job->interval_ms = interval_ms;
    job->timeout_ms = MIN(interval_ms, DEFAULT_TIMEOUT_MS);
    job->honor_labels = true;
    job->default_port = true;
    settle_limits(c, job);
    job->discoveries = discovery_addresses(targets, len);
    qsort(c->jobs, c->job_len, sizeof(*c->jobs), by_name);
    return job->discoveries ? 0 : error_errno(err, -ENOMEM, "targets");
}

struct discovery **config_discoveries(const struct scrape_config *c, size_t i)
{
    if (i < c->job_len)
        return &c->jobs[i]->discoveries;
    i -= c->job_len;
    return c->alerting && i < c->alerting->len ? &c->alerting->entries[i].source.discoveries : NULL;
}

const struct scrape_job *config_job(const struct scrape_config *c, struct str name)
{
    for (size_t i = 0; i < c->job_len; i++)
        if (str_equal(c->jobs[i]->name, name))
            return c->jobs[i];
    return NULL;
}

void config_free(struct scrape_config *c)
{
    if (!c)
        return;
    for (size_t i = 0; i < c->job_len; i++) {
        discovery_close_all(c->jobs[i]->discoveries);
        relabel_fini(&c->jobs[i]->relabel);
        relabel_fini(&c->jobs[i]->metric_relabel);
    }
    for (size_t i = 0; i < c->write_len; i++)
        relabel_fini(&c->writes[i].relabel);
    alerting_close_discoveries(c->alerting);
    alerting_release(c->alerting);
    free(c->jobs);
    arena_fini(&c->arena);
    free(c);
}
