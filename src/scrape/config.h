/* config.h - the scrape configuration, in Prometheus's own format. A key that is not supported is
 * an error with file and line, and so is a supported place that asks for what is not done here.
 * What has no effect on what is scraped, kept and sent is taken and said (scrape_config.warnings).
 */
#ifndef ALGALON_SCRAPE_CONFIG_H
#define ALGALON_SCRAPE_CONFIG_H

#include "base/base.h"
#include "metric/metric.h"
#include "scrape/discovery.h"
#include "scrape/http_config.h"
#include "scrape/relabel.h"
#include "scrape/write_config.h"

#define CONFIG_BYTES_MAX       ((size_t)16 << 20)
#define CONFIG_JOBS_MAX        10000
#define CONFIG_FILES_MAX       1000 /* of scrape_config_files */
#define CONFIG_PARAMS_MAX      64   /* of one job */
#define CONFIG_INTERVAL_MIN_MS 100

struct scrape_param {
    struct str name;
    struct str *values;
    size_t len;
};

enum tristate {
    TRISTATE_UNSAID,
    TRISTATE_NO,
    TRISTATE_YES
};

/* 0: none. */
struct scrape_limits {
    uint64_t sample, label, label_name_length, label_value_length, body_size, target;
    uint64_t keep_dropped; /* dropped targets that are remembered; 0: DROPPED_DEFAULT */
};

struct scrape_job {
    struct str name;
    const char *file; /* where it stands, for messages while it is read */
    size_t line;
    int64_t interval_ms, timeout_ms; /* 0 until the global ones are known */
    struct str metrics_path, scheme;
    struct str accept; /* the Accept header; "" until the global one is known */
    struct scrape_param params[CONFIG_PARAMS_MAX];
    size_t param_len;
    enum tristate extra_metrics;
    int64_t align_ms, offset_ms; /* turns are so long after multiples of align_ms; both 0: spread */
    bool honor_labels, honor_timestamps, track_timestamps_staleness, enable_compression;
    struct scrape_limits limits;
    struct http_config http;
    struct discovery *discoveries;
    struct relabel relabel, metric_relabel;
    bool default_port;  /* targets of the command line: without a port, 9400 */
    uint64_t take_hash; /* of all that decides how samples are taken */
};

struct scrape_config {
    struct arena arena;
    const struct yaml_node *root; /* the file as it was read; NULL: there is none */
    struct scrape_job **jobs;     /* by name */
    size_t global_line;           /* of the map `global`; 0: there is none */
    size_t job_len, job_cap;
    int64_t interval_ms, timeout_ms; /* global: 1 min and 10 s when not given, as in Prometheus */
    int64_t evaluation_interval_ms, rule_query_offset_ms; /* of rules; 0: not given */
    struct str accept;
    struct scrape_limits limits; /* of jobs that say nothing */
    enum tristate extra_metrics; /* the same */
    struct labels external_labels;
    struct text_list rule_files, scrape_config_files; /* patterns, relative to the file */
    struct write_config writes[WRITE_CONFIGS_MAX];    /* remote_write */
    size_t write_len;
    struct alerting *alerting; /* NULL: nothing is said of alerts (alert_config.h) */
    struct reader_warnings warnings;
};

/**
 * Reads a configuration. `name` stands in messages; paths in it are relative to its folder.
 * scrape_config_files are not read: config_load() does that.
 * Errors: -EINVAL with file and line, -ENOMEM.
 */
MUST_CHECK int config_parse(const char *name, struct str text, struct scrape_config **ret,
                            struct error *err);

/** The same for a file, with its scrape_config_files. Errors: also those of reading them. */
MUST_CHECK int config_load(const char *path, struct scrape_config **ret, struct error *err);

/** A configuration without jobs. NULL when memory is out. */
struct scrape_config *config_empty(void);

/** Adds the job of targets given on the command line: addresses or URLs, by `interval_ms`.
 * Errors: -EINVAL a job of this name is there, -ENOMEM. */
MUST_CHECK int config_add_targets(struct scrape_config *c, const char *const *targets, size_t len,
                                  int64_t interval_ms, struct error *err);

/** The i-th list of discoveries: those of jobs, then those of Alertmanagers; NULL past the last. */
struct discovery **config_discoveries(const struct scrape_config *c, size_t i);

/** The job called `name`; NULL when there is none. */
const struct scrape_job *config_job(const struct scrape_config *c, struct str name);

void config_free(struct scrape_config *c); /* NULL is fine */

#endif
