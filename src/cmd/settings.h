/* settings.h - every option of every command in one table, and where its value came from:
 * flag > environment (ALGALON_*) > configuration file > default. */
#ifndef ALGALON_CMD_SETTINGS_H
#define ALGALON_CMD_SETTINGS_H

#include "base/base.h"

#define DEFAULT_CONFIG "/etc/algalon/algalon.yml"

/* Which commands know an option. */
enum command_bit {
    FOR_ALL = 1 << 0,
    FOR_WORKER = 1 << 1,
    FOR_HOST = 1 << 2,
    FOR_SNAPSHOT = 1 << 3,
    FOR_DOCTOR = 1 << 4,
    FOR_DEMO = 1 << 5,
    FOR_READY = 1 << 6,
    FOR_EXPLAIN = 1 << 7,
    FOR_AGENT = 1 << 8,
    FOR_RELEASE = 1 << 9,
    FOR_CHECK = 1 << 16,
    FOR_MIGRATE = 1 << 17,
    FOR_COMPARE = 1 << 18,
    FOR_TOP = 1 << 19,
};

struct text_list {
    const char **items;
    size_t len;
};

struct settings {
    struct arena arena; /* owns the texts below */

    struct text_list operands; /* what is no option: of the commands that take any */
    const char *config;
    const char *log_level, *log_format;

    const char *listen_metrics, *listen_api, *listen_web, *web_config_file;
    bool no_auth, admin_api, lifecycle;

    const char *hostname, *schema, *disable_collectors;
    int64_t interval_ms;
    uint64_t processes;
    const char *process_command;
    uint64_t process_series, memory_limit;
    bool instance_label, timestamps, own_samples;
    const char *dcgm_collectors, *dcgm_hostname_label;
    bool exporter_env, exit_when_withdrawn;
    const char *procfs, *sysfs, *rootfs, *answers, *nvml_library, *gpu_inventory;
    struct answers *held_answers; /* opened by service_worker_options(); NULL: none */
    const char *kubelet_socket, *hpc_job_mapping_dir, *process_log;
    uint64_t process_log_size;

    bool dashboards_read_only;
    const char *data_dir, *dashboards, *scrape_config, *scrape_dns_server, *cors_origin;
    const char *scrape_service_account;
    bool scrape_extra_metrics;
    struct text_list targets, rules;
    int64_t rules_interval_ms;
    struct text_list alertmanagers, webhooks;
    int64_t notify_repeat_ms;
    const char *external_url;
    int64_t scrape_interval_ms, retention_ms, out_of_order_ms;
    uint64_t scrape_max_body, retention_size, max_series, min_free_disk;
    struct text_list downsample;
    struct text_list remote_writes;
    uint64_t remote_write_queue_size;
    int64_t remote_write_queue_age_ms;
    const char *remote_write_compression, *remote_write_queue_full;
    const char *query_url, *schema_bridge;
    int64_t query_timeout_ms, query_lookback_ms, query_slow_ms;
    uint64_t query_max_memory, query_max_series, query_max_samples, query_max_concurrent;

    const char *kind, *against; /* of `check` */
    bool json, verbose, fix, usage;
    const char *to_schema;                                       /* of `migrate` */
    const char *move_from, *move_into, *move_match, *move_state; /* of `migrate data` */
    int64_t move_since_ms, move_chunk_ms;
    const char *names_since;
    int64_t compare_ms, every_ms; /* of `compare` */
    const char *compare_url, *report;
    struct text_list pids;

    bool once; /* of `top` */
    int64_t refresh_ms;
    const char *at;
    const char *format, *url;
    int64_t over_ms, ready_timeout_ms, snapshot_timeout_ms;
    int64_t release_ms, release_timeout_ms;
    uint64_t pid;
    bool release_end;
    const char *color, *compare, *bundle;
    bool buffers, compose;
    bool keep;

    const char *
        *source; /* for each option of the table: "flag", "environment", "file" or "default" */
};

/**
 * Reads the options of `command` from argv[0..argc) (argv[0] is the command's own name), the
 * environment and the configuration file. On success everything in *ret is set; settings_fini()
 * frees it. Errors: -EINVAL wrong usage or configuration, `err` says which option or file and line.
 * 1: --help was printed.
 */
MUST_CHECK int settings_read(struct settings *ret, enum command_bit command, int argc, char **argv,
                             struct error *err);
void settings_fini(struct settings *s);

/** Reads a configuration file as every command would, without taking anything over. Errors: -EINVAL
 * with file and line, or those of reading it. */
MUST_CHECK int settings_check_file(const char *path, struct error *err);

/** Prints the options of `command` with their defaults to stdout. */
void settings_help(enum command_bit command);

/** Name, value and source of the i-th option that `command` knows; false past the last. Values live
 * in `s->arena`; URLs in them are without user, password and query. */
bool settings_at(struct settings *s, enum command_bit command, size_t i, const char **ret_name,
                 const char **ret_value);

#endif
