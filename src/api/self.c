/* self.c - this process's own metrics: what it costs, what it keeps, whom it serves. */
#include "api/api.h"
#include "api/families.h"

#include <dirent.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <unistd.h>

#define TEXT_TYPE "text/plain; version=0.0.4; charset=utf-8"

static void family(struct buf *to, const char *name, const char *type, const char *help)
{
    buf_printf(to, "# HELP %s %s\n# TYPE %s %s\n", name, help, name, type);
}

static void number(struct buf *to, const char *name, const char *type, const char *help,
                   double value)
{
    family(to, name, type, help);
    buf_printf(to, "%s ", name);
    buf_double(to, value);
    buf_char(to, '\n');
}

static void counter(struct buf *to, const char *name, const char *help, uint64_t value)
{
    number(to, name, "counter", help, (double)value);
}

static void gauge(struct buf *to, const char *name, const char *help, double value)
{
    number(to, name, "gauge", help, value);
}

/* One line of a family with one label; the value of the label needs no escape. */
static void labelled(struct buf *to, const char *name, const char *label, const char *of,
                     double value)
{
    buf_printf(to, "%s{%s=\"%s\"} ", name, label, of);
    buf_double(to, value);
    buf_char(to, '\n');
}

/* ---- the process ---- */

/* Fields of /proc/self/stat by their number in proc(5), from 3 on; the name may hold blanks and
 * parentheses, so counting starts behind the last ')'. */
static double stat_field(const char *text, unsigned wanted)
{
    const char *end = strrchr(text, ')');
    struct str rest = str_of(end ? end + 1 : "");
    double value = NAN;

    for (unsigned field = 2; rest.ptr && field <= wanted; field++) {
        struct str part = str_cut(&rest, ' ');
        if (field == wanted && !num_parse(part, &value))
            value = NAN;
    }
    return value;
}

static size_t open_files(void)
{
    DIR *dir = opendir("/proc/self/fd");
    size_t n = 0;

    if (!dir)
        return 0;
    while (readdir(dir))
        n++;
    closedir(dir);
    return n > 3 ? n - 3 : 0; /* ".", ".." and the folder itself */
}

static void print_process(struct buf *to, const struct api *api)
{
    double ticks = (double)sysconf(_SC_CLK_TCK), page = (double)sysconf(_SC_PAGESIZE);
    char text[1024];
    struct rlimit files = {0};

    if (file_read_small("/proc/self/stat", text, sizeof(text)) > 0) {
        number(to, "process_cpu_seconds_total", "counter",
               "Processor time used in user and system mode, in seconds.",
               (stat_field(text, 14) + stat_field(text, 15)) / ticks);
        gauge(to, "process_resident_memory_bytes", "Memory in use, in bytes.",
              stat_field(text, 24) * page);
        gauge(to, "process_virtual_memory_bytes", "Address space in use, in bytes.",
              stat_field(text, 23));
        gauge(to, "process_threads", "Threads of this process.", stat_field(text, 20));
        gauge(to, "process_open_fds", "Open files and sockets.", (double)open_files());
    }
    if (getrlimit(RLIMIT_NOFILE, &files) == 0)
        gauge(to, "process_max_fds", "Files and sockets that may be open at once.",
              (double)files.rlim_cur);
    gauge(to, "process_start_time_seconds", "When this process started, in Unix time.",
          (double)api->started_ms / 1000);
}

/* ---- the parts ---- */

static void print_store(struct buf *to, struct store *store)
{
    struct store_stats s;

    store_get_stats(store, &s);
    gauge(to, "algalon_store_series_active", "Series with samples in memory.",
          (double)s.series_active);
    gauge(to, "algalon_store_series", "Series known in all days.", (double)s.series_total);
    gauge(to, "algalon_store_groups", "Groups of series that arrive together.", (double)s.groups);
    counter(to, "algalon_store_samples_total", "Samples kept since the start.", s.samples_total);
    counter(to, "algalon_store_rows_total", "Rows kept since the start.", s.rows_total);
    counter(to, "algalon_store_samples_too_old_total",
            "Samples dropped because they came too far behind.", s.too_old_total);
    counter(to, "algalon_store_series_refused_total",
            "Series refused because there were too many, or for bad labels.",
            s.refused_series_total);
    counter(to, "algalon_store_append_errors_total", "Rows lost because writing failed.",
            s.append_errors_total);
    gauge(to, "algalon_store_log_bytes", "Size of the log on disk.", (double)s.log_bytes);
    gauge(to, "algalon_store_log_segments", "Files of the log.", (double)s.log_segments);
    gauge(to, "algalon_store_block_bytes", "Size of packed blocks.", (double)s.block_bytes);
    gauge(to, "algalon_store_blocks", "Packed blocks.", (double)s.blocks);
    gauge(to, "algalon_store_partitions", "Days kept, each with files of its own.", (double)s.days);
    gauge(to, "algalon_store_disk_bytes", "Size of everything on disk.", (double)s.disk_bytes);
    gauge(to, "algalon_store_memory_bytes", "Memory the store holds.", (double)s.memory_bytes);
    if (s.oldest_ts_ms != INT64_MIN) {
        gauge(to, "algalon_store_oldest_sample_seconds", "Unix time of the oldest sample.",
              (double)s.oldest_ts_ms / 1000);
        gauge(to, "algalon_store_newest_sample_seconds", "Unix time of the newest sample.",
              (double)s.newest_ts_ms / 1000);
    }
    gauge(to, "algalon_store_replayed_rows", "Rows read back from the log at the start.",
          (double)s.replayed_rows);
    gauge(to, "algalon_store_replay_dropped_bytes", "Bytes of a torn log left out at the start.",
          (double)s.replay_dropped_bytes);
    gauge(to, "algalon_store_replay_seconds", "How long reading the log back took.",
          s.replay_seconds);
    gauge(to, "algalon_store_read_only", "1 while nothing can be written.", s.read_only ? 1 : 0);
    gauge(to, "algalon_store_seal_failed",
          "1 while what was gathered in memory and log cannot be written to days.",
          s.seal_failed ? 1 : 0);
    gauge(to, "algalon_store_downsampled_days", "Days that hold windows in the place of samples.",
          (double)s.downsampled_days);
    counter(to, "algalon_store_downsample_errors_total",
            "Failures to make an old day coarser: it is tried again.", s.downsample_errors_total);
    gauge(to, "algalon_store_settled_days", "Days that are packed in long blocks.",
          (double)s.settled_days);
    gauge(to, "algalon_store_settle_requested",
          "1 while days are packed anew because /internal/force_merge was asked for.",
          s.settle_requested ? 1 : 0);
    counter(to, "algalon_store_settle_errors_total",
            "Failures to pack a day anew: it is tried again.", s.settle_errors_total);
    gauge(to, "algalon_store_damaged_days",
          "Days of which something could not be read since the start.", (double)s.damaged_days);
    counter(to, "algalon_store_damaged_reads_total",
            "Readings that left something out because it is damaged.", s.damaged_reads);
}

static void print_scrape(struct buf *to, struct scrape *scrape)
{
    struct scrape_stats s;

    scrape_get_stats(scrape, &s);
    gauge(to, "algalon_scrape_targets", "Targets that are scraped.", (double)s.targets);
    gauge(to, "algalon_scrape_targets_up", "Targets whose last scrape worked.",
          (double)s.targets_up);
    gauge(to, "algalon_scrape_targets_dropped", "Targets that relabelling dropped.",
          (double)s.targets_dropped);
    gauge(to, "algalon_scrape_discoveries", "Discoveries of the scrape configuration.",
          (double)s.discoveries);
    gauge(to, "algalon_scrape_discoveries_failing", "Discoveries whose last look failed.",
          (double)s.discoveries_failing);
    counter(to, "algalon_scrape_discovery_looks_total",
            "Looks of present discoveries: files read, servers asked.", s.looks_total);
    counter(to, "algalon_scrape_discovery_failures_total",
            "Looks of present discoveries that failed.", s.look_failures_total);
    counter(to, "algalon_scrape_scrapes_total", "Scrapes tried.", s.scrapes_total);
    counter(to, "algalon_scrape_failures_total", "Scrapes that failed.", s.scrape_failures_total);
    counter(to, "algalon_scrape_samples_total", "Samples scraped.", s.samples_total);
    counter(to, "algalon_scrape_lines_refused_total", "Lines of targets that could not be read.",
            s.lines_refused_total);
    counter(to, "algalon_scrape_reloads_total", "Times the configuration was read again.",
            s.reloads_total);
    counter(to, "algalon_scrape_reload_failures_total",
            "Times a new configuration was refused and the old one kept.", s.reload_failures_total);
    gauge(to, "algalon_scrape_config_ok", "1 when the configuration read last is in force.",
          s.config_ok ? 1 : 0);
    gauge(to, "algalon_config_last_reload_successful",
          "1 when the scrape configuration read last is in force.", s.config_ok ? 1 : 0);
    gauge(to, "algalon_config_last_reload_success_timestamp_seconds",
          "Unix time at which a scrape configuration was taken last.",
          (double)s.config_ok_ms / 1000);
}

static void print_rules(struct buf *to, struct rules *rules)
{
    struct rules_stats s;

    rules_get_stats(rules, &s);
    gauge(to, "algalon_rules_groups", "Groups of rules.", (double)s.groups);
    gauge(to, "algalon_rules_rules", "Rules that are evaluated.", (double)s.rules);
    gauge(to, "algalon_rules_failing", "Rules whose last evaluation failed.",
          (double)s.rules_failing);
    family(to, "algalon_rules_alerts", "gauge", "Active alerts by state.");
    labelled(to, "algalon_rules_alerts", "state", "pending", (double)s.alerts_pending);
    labelled(to, "algalon_rules_alerts", "state", "firing", (double)s.alerts_firing);
    counter(to, "algalon_rules_evaluations_total", "Evaluations of rules.", s.evaluations_total);
    counter(to, "algalon_rules_failures_total", "Evaluations that failed.", s.failures_total);
    counter(to, "algalon_rules_missed_total",
            "Turns of groups left out because the one before took too long.", s.missed_total);
    number(to, "algalon_rules_evaluation_seconds_total", "counter",
           "Time spent in the evaluation of rules, in seconds.", s.evaluation_seconds_total);
    counter(to, "algalon_rules_samples_total", "Samples that rules wrote.", s.samples_total);
    counter(to, "algalon_rules_samples_refused_total",
            "Samples of rules that the store did not take.", s.refused_total);
    counter(to, "algalon_rules_templates_total", "Templates of alerts that were expanded.",
            s.templates_total);
    counter(to, "algalon_rules_template_failures_total",
            "Templates that gave an error in the place of their text.", s.template_failures_total);
    counter(to, "algalon_rules_reloads_total", "Times the rule files were read again.",
            s.reloads_total);
    counter(to, "algalon_rules_reload_failures_total",
            "Times new rule files were refused and the old ones kept.", s.reload_failures_total);
    gauge(to, "algalon_rules_config_ok", "1 when the rule files read last are in force.",
          s.config_ok ? 1 : 0);
}

static void print_forward(struct buf *to, struct forward *forward)
{
    static const struct {
        const char *name, *help;
        size_t offset;
    } families[] = {
        {"algalon_forward_sent_samples_total", "Samples that receivers took.",
         offsetof(struct forward_stats, sent_samples)},
        {"algalon_forward_sent_bytes_total", "Bytes of requests that receivers took.",
         offsetof(struct forward_stats, sent_bytes)},
        {"algalon_forward_requests_total", "Requests made to receivers.",
         offsetof(struct forward_stats, requests)},
        {"algalon_forward_retries_total", "Requests that failed and are made again.",
         offsetof(struct forward_stats, retries)},
        {"algalon_forward_left_samples_total",
         "Samples that the relabelling of a receiver leaves out.",
         offsetof(struct forward_stats, left_samples)},
        {"algalon_forward_rejected_samples_total", "Samples that a receiver refused for good.",
         offsetof(struct forward_stats, rejected_samples)},
        {"algalon_forward_dropped_samples_total",
         "Samples dropped from the queue: too many, too old or damaged.",
         offsetof(struct forward_stats, dropped_samples)},
        {"algalon_forward_metadata_total",
         "Families of which a receiver took type, help and unit, each time counted.",
         offsetof(struct forward_stats, metadata)},
        {"algalon_forward_metadata_failures_total",
         "Requests of metadata that a receiver did not take; the next ones are made in their turn.",
         offsetof(struct forward_stats, metadata_failures)},
    };
    struct forward_stats s[FORWARD_RECEIVERS_MAX];
    size_t receivers = forward_get_stats(forward, s);
    struct forward_totals t;

    forward_get_totals(forward, &t);
    counter(to, "algalon_forward_samples_total", "Samples to be sent on.", t.samples);
    counter(to, "algalon_forward_lost_samples_total", "Samples that never reached the queue.",
            t.lost);
    counter(to, "algalon_forward_refused_samples_total",
            "Samples not taken because the queue was full (--remote-write-queue-full=refuse).",
            t.refused);
    gauge(to, "algalon_forward_queue_full",
          "1 while the queue is full and new samples are refused.", t.full);
    gauge(to, "algalon_forward_queue_bytes", "Size of the queue on disk.", (double)t.queue_bytes);
    for (size_t f = 0; f < ARRAY_LEN(families); f++) {
        family(to, families[f].name, "counter", families[f].help);
        for (size_t i = 0; i < receivers; i++) {
            uint64_t value;
            memcpy(&value, (const char *)&s[i] + families[f].offset, sizeof(value));
            labelled(to, families[f].name, "receiver", s[i].receiver, (double)value);
        }
    }
    family(to, "algalon_forward_behind_seconds", "gauge", "Age of the oldest block that waits.");
    for (size_t i = 0; i < receivers; i++)
        labelled(to, "algalon_forward_behind_seconds", "receiver", s[i].receiver,
                 s[i].behind_seconds);
    family(to, "algalon_forward_failing", "gauge", "1 while requests to the receiver fail.");
    for (size_t i = 0; i < receivers; i++)
        labelled(to, "algalon_forward_failing", "receiver", s[i].receiver, s[i].failing);
}

static void print_notify(struct buf *to, struct notify *notify)
{
    static const struct {
        const char *name, *help;
        size_t offset;
    } families[] = {
        {"algalon_notify_sent_alerts_total", "Alerts that receivers took.",
         offsetof(struct notify_stats, sent)},
        {"algalon_notify_requests_total", "Requests made to receivers of alerts.",
         offsetof(struct notify_stats, requests)},
        {"algalon_notify_failures_total", "Requests to receivers of alerts that failed.",
         offsetof(struct notify_stats, failures)},
        {"algalon_notify_dropped_alerts_total",
         "Alerts that a receiver refused for good, or that were too many.",
         offsetof(struct notify_stats, dropped)},
    };
    struct notify_stats s;

    for (size_t f = 0; f < ARRAY_LEN(families); f++) {
        family(to, families[f].name, "counter", families[f].help);
        for (size_t i = 0; notify_get_stats(notify, i, &s); i++) {
            uint64_t value;
            memcpy(&value, (const char *)&s + families[f].offset, sizeof(value));
            labelled(to, families[f].name, "receiver", s.receiver, (double)value);
        }
    }
    family(to, "algalon_notify_waiting_alerts", "gauge", "Alerts that wait to be sent.");
    for (size_t i = 0; notify_get_stats(notify, i, &s); i++)
        labelled(to, "algalon_notify_waiting_alerts", "receiver", s.receiver, (double)s.waiting);
    family(to, "algalon_notify_failing", "gauge", "1 while requests to the receiver fail.");
    for (size_t i = 0; notify_get_stats(notify, i, &s); i++)
        labelled(to, "algalon_notify_failing", "receiver", s.receiver, s.failing);
}

/* The counters of listeners, one line each per family. */
static void print_http(struct buf *to, const struct api *api)
{
    static const struct {
        const char *name, *type, *help;
        size_t offset;
    } families[] = {
        {"algalon_http_requests_total", "counter", "Requests received.",
         offsetof(struct http_stats, requests_total)},
        {"algalon_http_errors_total", "counter", "Requests answered with status 400 or above.",
         offsetof(struct http_stats, errors_total)},
        {"algalon_http_rejected_total", "counter", "Requests turned away because a bound was met.",
         offsetof(struct http_stats, rejected_total)},
        {"algalon_http_response_bytes_total", "counter", "Bytes of answers, as sent.",
         offsetof(struct http_stats, bytes_total)},
        {"algalon_http_connections", "gauge", "Open connections.",
         offsetof(struct http_stats, connections)},
    };

    for (size_t f = 0; f < ARRAY_LEN(families) && api->server_len; f++) {
        family(to, families[f].name, families[f].type, families[f].help);
        for (size_t i = 0; i < api->server_len; i++) {
            struct http_stats stats;
            uint64_t value;
            http_get_stats(api->servers[i], &stats);
            memcpy(&value, (const char *)&stats + families[f].offset, sizeof(value));
            labelled(to, families[f].name, "listener", stats.name, (double)value);
        }
    }
}

static void print_queries(struct buf *to, struct api *api)
{
    static const char *const outcomes[API_QUERY_OUTCOMES] = {
        [API_QUERY_OK] = "success",          [API_QUERY_BAD_DATA] = "bad_data",
        [API_QUERY_EXECUTION] = "execution", [API_QUERY_TIMEOUT] = "timeout",
        [API_QUERY_CANCELED] = "canceled",   [API_QUERY_INTERNAL] = "internal"};
    struct api_counters *c = &api->counters;

    family(to, "algalon_query_queries_total", "counter", "Queries by how they ended.");
    for (size_t i = 0; i < API_QUERY_OUTCOMES; i++)
        labelled(to, "algalon_query_queries_total", "result", outcomes[i],
                 (double)atomic_load(&c->queries[i]));
    number(to, "algalon_query_duration_seconds_total", "counter",
           "Time spent in the evaluation of queries, in seconds.",
           (double)atomic_load(&c->query_ns) / 1e9);
    counter(to, "algalon_query_samples_total", "Samples read by queries.",
            atomic_load(&c->query_samples));
    counter(to, "algalon_query_slow_total", "Queries that took as long as --query.log-slower-than.",
            atomic_load(&c->query_slow));
    gauge(to, "algalon_query_running", "Queries that run now.", atomic_load(&c->queries_running));
    gauge(to, "algalon_query_waiting", "Queries that wait for their turn.",
          atomic_load(&c->queries_waiting));
    counter(to, "algalon_import_samples_total", "Pushed samples kept.",
            atomic_load(&c->import_samples));
    counter(to, "algalon_import_lines_refused_total", "Pushed lines that could not be read.",
            atomic_load(&c->import_lines_refused));
    counter(to, "algalon_import_samples_too_old_total",
            "Pushed samples dropped because they were too old.", atomic_load(&c->import_too_old));
    counter(to, "algalon_import_samples_refused_total",
            "Pushed samples refused: too many series, or bad labels.",
            atomic_load(&c->import_series_refused));
    counter(to, "algalon_write_requests_total", "Remote write requests read.",
            atomic_load(&c->write_requests));
    counter(to, "algalon_write_samples_total", "Samples of remote write kept.",
            atomic_load(&c->write_samples));
    counter(to, "algalon_write_samples_too_old_total",
            "Samples of remote write dropped because they were too old.",
            atomic_load(&c->write_too_old));
    counter(to, "algalon_write_samples_refused_total",
            "Samples of remote write refused: too many series, bad labels, native histograms.",
            atomic_load(&c->write_refused));
}

void api_self_metrics(struct api *api, struct buf *to)
{
    family(to, "algalon_build_info", "gauge", "A constant 1, labelled with what runs.");
    buf_printf(to, "algalon_build_info{version=\"%s\",revision=\"%s\"} 1\n",
               api->version ? api->version : "", api->revision ? api->revision : "");
    print_process(to, api);
    if (api->store)
        print_store(to, api->store);
    if (api->scrape)
        print_scrape(to, api->scrape);
    if (api->forward)
        print_forward(to, api->forward);
    if (api->rules)
        print_rules(to, api->rules);
    struct notify_stats notified;
    if (api->notify && notify_get_stats(api->notify, 0, &notified))
        print_notify(to, api->notify);
    print_http(to, api);
    if (api->queryable.select || api->upstream)
        print_queries(to, api);
}

void self_metrics(struct http_request *r, void *ctx)
{
    struct buf body;

    buf_init(&body, 0);
    api_self_metrics(ctx, &body);
    http_reply(r, 200, TEXT_TYPE, &body);
}
