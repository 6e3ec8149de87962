/* config.h - the scrape configuration, in Prometheus's own format. A key that is not supported is
 * an error with file and line; nothing is passed over. */
#ifndef ALGALON_SCRAPE_CONFIG_H
#define ALGALON_SCRAPE_CONFIG_H

#include "base/base.h"
#include "metric/metric.h"
#include "scrape/discovery.h"
#include "scrape/relabel.h"

#define CONFIG_BYTES_MAX       ((size_t)16 << 20)
#define CONFIG_JOBS_MAX        10000
#define CONFIG_PARAMS_MAX      64 /* of one job */
#define CONFIG_INTERVAL_MIN_MS 100

struct scrape_param {
    struct str name;
    struct str *values;
    size_t len;
};

/* Credentials of a job. Files are read at each scrape, so that they may be replaced. */
struct scrape_auth {
    bool basic, authorization;
    struct str username, password, password_file;
    struct str type, credentials, credentials_file; /* type: "Bearer" when none is given */
};

struct scrape_tls {
    struct str ca_file, cert_file, key_file, server_name;
    bool insecure_skip_verify;
};

struct scrape_job {
    struct str name;
    size_t line;
    int64_t interval_ms, timeout_ms; /* 0 until the global ones are known */
    struct str metrics_path, scheme;
    struct scrape_param params[CONFIG_PARAMS_MAX];
    size_t param_len;
    bool honor_labels, honor_timestamps, follow_redirects;
    uint64_t sample_limit, label_limit, label_name_length_limit, label_value_length_limit;
    uint64_t body_size_limit; /* 0: none */
    struct scrape_auth auth;
    struct scrape_tls tls;
    struct discovery *discoveries;
    struct relabel relabel, metric_relabel;
    bool default_port;  /* targets of the command line: without a port, 9400 */
    uint64_t take_hash; /* of all that decides how samples are taken */
};

struct scrape_config {
    struct arena arena;
    struct scrape_job **jobs; /* by name */
    size_t job_len, job_cap;
    int64_t interval_ms, timeout_ms; /* global: 1 min and 10 s when not given, as in Prometheus */
    struct labels external_labels;
};

/**
 * Reads a configuration. `name` stands in messages; paths in it are relative to its folder.
 * Errors: -EINVAL with file and line, -ENOMEM.
 */
MUST_CHECK int config_parse(const char *name, struct str text, struct scrape_config **ret,
                            struct error *err);

/** The same for a file. Errors: also those of reading it. */
MUST_CHECK int config_load(const char *path, struct scrape_config **ret, struct error *err);

/** A configuration without jobs. NULL when memory is out. */
struct scrape_config *config_empty(void);

/** Adds the job of targets given on the command line: addresses or URLs, by `interval_ms`.
 * Errors: -EINVAL a job of this name is there, -ENOMEM. */
MUST_CHECK int config_add_targets(struct scrape_config *c, const char *const *targets, size_t len,
                                  int64_t interval_ms, struct error *err);

void config_free(struct scrape_config *c); /* NULL is fine */

#endif
