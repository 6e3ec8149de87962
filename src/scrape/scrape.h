/* scrape.h - brings samples in: the targets of a scrape configuration, this machine's own worker,
 * and pushed text. Start at scrape_start(); scrape_local() is the same door for text that is in
 * memory already.
 *
 * Threads: "scrape" (timer and HTTP client, waits on epoll), a small pool "ingest-N" that parses
 * what came back, "discover" (reads target files and makes targets, waits on inotify and a second),
 * and with discoveries over the network up to four "discover-N". */
#ifndef ALGALON_SCRAPE_SCRAPE_H
#define ALGALON_SCRAPE_SCRAPE_H

#include "base/base.h"
#include "metric/metric.h"
#include "scrape/alerts.h"
#include "scrape/receiver.h"
#include "scrape/sink.h"
#include "store/store.h"

struct scrape;

struct scrape_options {
    struct store *store;
    const struct sink *sink; /* where rows go instead of the store; NULL: the store */
    struct metadata *metadata;
    const char *config_file;    /* Prometheus scrape configuration; NULL: only `targets` */
    const char *const *targets; /* "host:port" or URLs given on the command line, job "worker" */
    size_t target_len;
    int64_t interval_ms;     /* of those targets: 5000 */
    uint64_t max_body_bytes; /* of one scrape: 64 MiB */
    bool extra_metrics;      /* scrape_timeout_seconds, _sample_limit, _body_size_bytes as well */
    const char *dns_server;  /* of dns_sd_configs: "address:port"; NULL: /etc/resolv.conf's */
    const char *account_dir; /* of a pod's service account; NULL: where Kubernetes puts it */
    const char *version;     /* for the User-Agent */
};

/**
 * Reads the configuration and starts scraping. Errors: -EINVAL with file and line; -ELIBACC libcurl
 * is not installed (only when there is something to scrape); `err` says what to do.
 */
MUST_CHECK int scrape_start(const struct scrape_options *options, struct scrape **ret,
                            struct error *err);
void scrape_stop(struct scrape *s); /* NULL is fine */

/* A configuration that was read and is not in force yet. Reading and taking it are two steps, so
 * that whoever reloads several things takes all or none of them. */
struct scrape_config;

/** Reads the configuration again; nothing changes. Errors: -EINVAL with file and line, those of
 * files, -ENOMEM. */
MUST_CHECK int scrape_read(struct scrape *s, struct scrape_config **ret, struct error *err);
/** Takes what scrape_read() gave into use, state of unchanged targets kept; on failure everything
 * is as before. `config` is gone in either case. Errors: -ENOMEM, -ELIBACC. */
MUST_CHECK int scrape_apply(struct scrape *s, struct scrape_config *config, struct error *err);
void scrape_drop(struct scrape_config *config); /* NULL is fine */
/** Counts a reload, for the metrics. */
void scrape_note_reload(struct scrape *s, bool good);

/** Appends the configuration in force as YAML, its secrets covered; nothing where there is no file.
 * Any thread; waits while targets are made of a new one. */
void scrape_print_config(struct scrape *s, struct buf *to);

/** A copy in `a` of global.external_labels, which belong on what leaves this host (remote write)
 * and not on what is kept here. */
struct labels scrape_external_labels(struct scrape *s, struct arena *a);

/* What the configuration says of rules, for who evaluates them. */
struct scrape_rules {
    const char **files; /* patterns */
    size_t len;
    int64_t interval_ms;     /* evaluation_interval; 0: not given */
    int64_t query_offset_ms; /* rule_query_offset */
};

/** A copy in `a` of rule_files and what global says of rules, of `config` (NULL: of what is in
 * force). Errors: -ENOMEM. */
MUST_CHECK int scrape_get_rules(struct scrape *s, const struct scrape_config *config,
                                struct arena *a, struct scrape_rules *ret, struct error *err);

/** Gets "file:line: what has no effect, and what to do"; `text` is borrowed for the call. */
typedef void scrape_warning(void *ctx, const char *text);

/** Reads a scrape configuration, or a file of targets (as file_sd_configs names them), and says
 * what is wrong with it; of one that is taken, `warn` gets what the log would say at start.
 * Errors: -EINVAL with file and line, or those of reading the file. */
MUST_CHECK int scrape_check_config(const char *path, scrape_warning *warn, void *ctx,
                                   size_t *ret_jobs, struct error *err);
MUST_CHECK int scrape_check_targets(const char *path, size_t *ret_targets, struct error *err);

/**
 * Takes the exposition `text` of this process's own worker as if it had been scraped at `ts_ms`:
 * labels job and instance, honor_labels, stale markers for what vanished, `up` and the scrape's own
 * series.
 */
MUST_CHECK int scrape_local(struct scrape *s, struct str job, struct str instance, struct str text,
                            int64_t ts_ms, struct error *err);

enum target_health {
    TARGET_UNKNOWN,
    TARGET_UP,
    TARGET_DOWN
};
struct target_status {
    struct str job, url, instance;
    struct labels labels, discovered; /* after relabelling; before */
    enum target_health health;
    char last_error[240];
    int64_t last_scrape_ms; /* Unix time; 0: never */
    double last_duration_s;
    int64_t interval_ms, timeout_ms;
    size_t last_samples;
};

/** Calls `visit` for each target (borrowed) in order of job and URL. Any thread. */
void scrape_visit_targets(struct scrape *s, void (*visit)(void *ctx, const struct target_status *t),
                          void *ctx);

/** Calls `visit` for the targets that relabelling dropped, with their job and the labels that were
 * discovered (borrowed); of a job so many as keep_dropped_targets says, 10,000 when it says
 * nothing. Any thread. */
void scrape_visit_dropped(struct scrape *s,
                          void (*visit)(void *ctx, struct str job, struct labels discovered),
                          void *ctx);

/** Calls `visit` for each job of the configuration, in order, with how many targets relabelling
 * dropped of it. Any thread. */
void scrape_visit_jobs(struct scrape *s, void (*visit)(void *ctx, struct str job, size_t dropped),
                       void *ctx);

/* Where targets come from, and how that fares. */
struct discovery_status {
    struct str job;
    const char *kind;   /* "static", "file", "http", "dns", "docker", "kubernetes" */
    size_t found;       /* addresses, before relabelling */
    int64_t last_ok_ms; /* Unix time of the last look that worked; 0: none has yet */
    uint64_t looks_total, failures_total;
    char last_error[240]; /* "" when the last look worked */
};

/** Calls `visit` for each discovery of each job, in order, then for those of Alertmanagers, whose
 * job is called "alertmanagers". Any thread; waits while targets are made
 * anew. */
void scrape_visit_discoveries(struct scrape *s,
                              void (*visit)(void *ctx, const struct discovery_status *d),
                              void *ctx);

/**
 * What the relabelling rules of a job do to `labels_json`, an object of labels: appends a list of
 * {"rule","output","keep"}, a rule that drops being the last. Any thread.
 * Errors: -ENOENT there is no such job, -EINVAL `labels_json` is no such object, -ENOMEM, -ERANGE.
 */
MUST_CHECK int scrape_relabel_steps(struct scrape *s, struct str job, struct str labels_json,
                                    struct buf *to, struct error *err);

struct scrape_stats {
    uint64_t targets, targets_up, scrapes_total, scrape_failures_total, samples_total,
        lines_refused_total;
    uint64_t reloads_total, reload_failures_total;
    uint64_t targets_dropped;                  /* by relabelling */
    uint64_t discoveries, discoveries_failing; /* of the configuration */
    uint64_t looks_total, look_failures_total; /* of its discoveries */
    int64_t config_ok_ms;                      /* Unix time of the last reload that worked */
    bool config_ok;                            /* the configuration read last is in force */
};
void scrape_get_stats(struct scrape *s, struct scrape_stats *ret);

/* ---- pushed text: /api/v1/import/prometheus ---- */

struct import_result {
    uint64_t samples, lines_refused, too_old, refused;
    char first_error[240]; /* with the line number; "" when all was taken */
};

/**
 * Keeps an exposition text: lines without a timestamp get `default_ts_ms`; `extra` labels are set
 * on each series. A line that cannot be read is counted and passed over. Memory: bounded by a batch
 * of lines, not by the text. Errors: -ENOSPC, -EIO from the store, -ENOMEM.
 */
MUST_CHECK int import_text(struct store *store, struct metadata *metadata, struct str text,
                           int64_t default_ts_ms, struct labels extra, struct import_result *ret,
                           struct error *err);

#endif
