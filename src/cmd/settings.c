#include "settings.h"

#include "config_file.h"
#include "device/device.h"

#include <getopt.h>
#include <stdlib.h>
#include <unistd.h>

enum option_type {
    TEXT,
    CHOICE,
    TEXT_OR_FLAG,   /* also without a value: "true" */
    CHOICE_OR_FLAG, /* also without a value, which is the last word; false is the first */
    FLAG,
    DURATION,
    SIZE,
    COUNT,
    LIST,
    SECRETS /* a list of URLs whose paths are secret too */
};

struct option_spec {
    const char *name;
    enum option_type type;
    size_t offset; /* of the field in struct settings */
    unsigned commands;
    const char *section; /* heading in --help */
    const char *fallback;
    const char *arg; /* CHOICE: the words, separated by '|' */
    const char *help;
};

#define SERVING   (FOR_ALL | FOR_WORKER | FOR_HOST | FOR_AGENT | FOR_DEMO)
#define READING   (RENDERING | FOR_TOP)
#define RENDERING (FOR_ALL | FOR_WORKER | FOR_SNAPSHOT | FOR_DOCTOR)
#define KEEPING   (FOR_ALL | FOR_HOST | FOR_DEMO)
#define SENDING   (FOR_ALL | FOR_HOST | FOR_AGENT)
#define OFFLINE   (FOR_CHECK | FOR_MIGRATE | FOR_COMPARE) /* read no configuration unasked */
#define FIELD(f)  offsetof(struct settings, f)

static const struct option_spec specs[] = {
    {"listen-metrics", TEXT, FIELD(listen_metrics), FOR_ALL | FOR_WORKER, "Listeners", ":9400",
     "ADDRESS", "serve this machine's metrics here; empty: not at all"},
    {"listen-api", TEXT, FIELD(listen_api), KEEPING | FOR_AGENT, "Listeners", "127.0.0.1:8428",
     "ADDRESS", "serve the Prometheus API here; empty: not at all"},
    {"listen-web", TEXT, FIELD(listen_web), KEEPING, "Listeners", "127.0.0.1:3000", "ADDRESS",
     "serve the dashboards here; empty: not at all"},
    {"web.config.file", TEXT, FIELD(web_config_file), SERVING, "Listeners", "", "FILE",
     "TLS and basic auth for every listener (Prometheus web configuration)"},
    {"no-auth", FLAG, FIELD(no_auth), KEEPING | FOR_AGENT, "Listeners", "false", NULL,
     "let the API and the dashboards be reached from other machines without credentials"},
    {"web.enable-admin-api", FLAG, FIELD(admin_api), KEEPING, "Listeners", "false", NULL,
     "let users of the API copy the store (snapshots) and delete series"},
    {"web.enable-lifecycle", FLAG, FIELD(lifecycle), KEEPING | FOR_AGENT, "Listeners", "false",
     NULL, "let users of the API end this process (POST /-/quit)"},
    {"cors-origin", TEXT, FIELD(cors_origin), KEEPING | FOR_AGENT, "Listeners", "", "ORIGIN",
     "let pages of this origin use the API (Access-Control-Allow-Origin)"},

    {"hostname", TEXT, FIELD(hostname), READING | SENDING, "Reading hardware", "", "NAME",
     "label `hostname` of every series (default: the system's)"},
    {"interval", DURATION, FIELD(interval_ms), FOR_ALL | FOR_WORKER | FOR_DEMO, "Reading hardware",
     "5s", "DURATION", "how often hardware is read"},
    {"schema", TEXT, FIELD(schema), RENDERING, "Reading hardware", "all-smi", "NAME,...",
     "metric names to emit: all-smi, dcgm, algalon-v1 (what dashboards of Algalon's first version "
     "ask for), with commas between them"},
    {"dcgm.collectors", TEXT, FIELD(dcgm_collectors), RENDERING, "Reading hardware", "", "FILE",
     "collectors file of dcgm-exporter: which fields --schema=dcgm emits (default: its default "
     "set)"},
    {"dcgm.hostname-label", CHOICE, FIELD(dcgm_hostname_label), RENDERING, "Reading hardware",
     "Hostname", "Hostname|hostname|none",
     "how --schema=dcgm calls the label: as dcgm-exporter up to 4.8.2, since 4.8.3, or not at all"},
    {"exporter-env", FLAG, FIELD(exporter_env), FOR_ALL | FOR_WORKER, "Reading hardware", "false",
     NULL,
     "take what is said nowhere else from dcgm-exporter's and all-smi's variables: "
     "DCGM_EXPORTER_LISTEN, _COLLECTORS, _INTERVAL, NODE_NAME, ALL_SMI_API_PORT, _INTERVAL_SECS"},
    {"processes", COUNT, FIELD(processes), READING, "Reading hardware", "20", "N",
     "busiest processes of the host to show; those on a GPU are always shown"},
    {"process-series", COUNT, FIELD(process_series), READING, "Reading hardware", "500", "N",
     "processes on GPUs that get series of their own; the rest is summed as `other`"},
    {"memory-limit", SIZE, FIELD(memory_limit), FOR_ALL | FOR_WORKER | FOR_SNAPSHOT | FOR_TOP,
     "Reading hardware", "96MB", "SIZE",
     "memory for readings and their text, at least 16MB; what does not fit is left out and "
     "counted"},
    {"process-command", CHOICE_OR_FLAG, FIELD(process_command), READING, "Reading hardware", "off",
     "off|name|full", "command lines to show: none, program and script, or all (can hold secrets)"},
    {"process-log", TEXT, FIELD(process_log), FOR_ALL | FOR_WORKER, "Reading hardware", "", "FILE",
     "append a line of JSON for each process that left a GPU; empty: none"},
    {"process-log-size", SIZE, FIELD(process_log_size), FOR_ALL | FOR_WORKER, "Reading hardware",
     "16MB", "SIZE", "at which that file is renamed to FILE.1"},
    {"timestamps", FLAG, FIELD(timestamps), FOR_WORKER, "Reading hardware", "false", NULL,
     "give each sample the time of its reading: what is scraped twice between two readings is kept "
     "once"},
    {"instance-label", FLAG, FIELD(instance_label), RENDERING, "Reading hardware", "false", NULL,
     "add the labels `instance` and `host` where all-smi has them"},
    {"disable-collectors", TEXT, FIELD(disable_collectors), READING, "Reading hardware", "",
     "NAME,...", "what not to read: " /* settings_help() names them */},
    {"path.procfs", TEXT, FIELD(procfs), READING, "Reading hardware", "/proc", "DIR",
     "where /proc is"},
    {"path.sysfs", TEXT, FIELD(sysfs), READING, "Reading hardware", "/sys", "DIR", "where /sys is"},
    {"path.rootfs", TEXT, FIELD(rootfs), READING, "Reading hardware", "/", "DIR",
     "root of the machine's file systems"},
    {"path.answers", TEXT, FIELD(answers), READING, "Reading hardware", "", "DIR",
     "recorded answers of device nodes, tools and services, which are then not asked (a bundle's "
     "folder `answers`); empty: ask this machine's"},
    {"hpc-job-mapping-dir", TEXT, FIELD(hpc_job_mapping_dir), READING, "Reading hardware", "",
     "DIR", "files named by GPU, with its jobs in them, as dcgm-exporter takes them"},
    {"kubelet-socket", TEXT, FIELD(kubelet_socket), READING, "Reading hardware", "", "FILE",
     "the kubelet's pod-resources socket (default: its usual place below --path.rootfs)"},
    {"own-samples", FLAG, FIELD(own_samples), FOR_ALL | FOR_WORKER, "Reading hardware", "true",
     NULL,
     "ask GPUs seven times a second for utilisation and power where the driver keeps no samples of "
     "them; --own-samples=false: once an interval"},
    {"exit-when-withdrawn", FLAG, FIELD(exit_when_withdrawn), FOR_ALL | FOR_WORKER,
     "Reading hardware", "false", NULL,
     "end with 1 when GPUs that were read may not be opened any more for 20 s, so that a restart "
     "of "
     "the container gives the right back"},
    {"nvml-library", TEXT, FIELD(nvml_library), READING | FOR_DEMO, "Reading hardware", "", "FILE",
     "NVML library to load instead of the driver's"},
    {"gpu-inventory", TEXT, FIELD(gpu_inventory), FOR_ALL | FOR_WORKER | FOR_DOCTOR,
     "Reading hardware", "", "FILE",
     "remember here which GPUs there were, so that one lost before a restart is missed (default: "
     "gpus.tsv in --data-dir or $STATE_DIRECTORY; a worker without either: not kept)"},

    {"target", LIST, FIELD(targets), SENDING, "Scraping", "", "HOST:PORT,...",
     "workers to scrape; may be given several times"},
    {"scrape-config", TEXT, FIELD(scrape_config), SENDING, "Scraping", "", "FILE",
     "Prometheus scrape configuration"},
    {"scrape-interval", DURATION, FIELD(scrape_interval_ms), KEEPING | FOR_AGENT, "Scraping", "5s",
     "DURATION", "how often --target is scraped"},
    {"scrape-max-body", SIZE, FIELD(scrape_max_body), KEEPING | FOR_AGENT, "Scraping", "64MB",
     "SIZE", "largest answer of a target"},
    {"scrape-extra-metrics", FLAG, FIELD(scrape_extra_metrics), SENDING, "Scraping", "false", NULL,
     "keep scrape_timeout_seconds, scrape_sample_limit and scrape_body_size_bytes of each target"},
    {"scrape-dns-server", TEXT, FIELD(scrape_dns_server), SENDING, "Scraping", "", "ADDRESS:PORT",
     "asked by dns_sd_configs instead of the servers of /etc/resolv.conf (IPv4)"},
    {"scrape-service-account", TEXT, FIELD(scrape_service_account), SENDING, "Scraping", "", "DIR",
     "token, ca.crt and namespace for kubernetes_sd_configs, instead of those that every pod has"},

    {"rules", LIST, FIELD(rules), KEEPING, "Rules", "", "FILE,...",
     "Prometheus rule files to evaluate, with wildcards; may be given several times"},
    {"rules-interval", DURATION, FIELD(rules_interval_ms), KEEPING, "Rules", "15s", "DURATION",
     "how often groups without an interval are evaluated"},
    {"alertmanager", LIST, FIELD(alertmanagers), KEEPING, "Rules", "", "URL,...",
     "tell these Alertmanagers of alerts (http://HOST:9093); may be given several times"},
    {"webhook", SECRETS, FIELD(webhooks), KEEPING, "Rules", "", "URL,...",
     "call these URLs when alerts begin and end, as an Alertmanager would; may be given several "
     "times"},
    {"notify-repeat", DURATION, FIELD(notify_repeat_ms), KEEPING, "Rules", "4h", "DURATION",
     "how often --webhook hears again of an alert that fires on"},
    {"external-url", TEXT, FIELD(external_url), KEEPING, "Rules", "", "URL",
     "where people reach the pages: links in messages begin with it, templates of alerts can say "
     "it "
     "(default: http://HOSTNAME and the port of --listen-web)"},

    {"data-dir", TEXT, FIELD(data_dir), KEEPING | FOR_AGENT, "Store", "", "DIR",
     "where samples, or the agent's queue, are kept (default: $STATE_DIRECTORY, /var/lib/algalon "
     "as root, else "
     "~/.local/share/algalon; demo: a temporary folder)"},
    {"retention", DURATION, FIELD(retention_ms), KEEPING, "Store", "90d", "DURATION",
     "drop samples older than this; 0: never"},
    {"retention-size", SIZE, FIELD(retention_size), KEEPING, "Store", "0", "SIZE",
     "drop the oldest days above this size; 0: no bound"},
    {"downsample", LIST, FIELD(downsample), KEEPING, "Store", "", "AGE:WINDOW,...",
     "of days older than AGE keep the last, smallest, largest, sum and count of each WINDOW in "
     "place "
     "of the samples, as in 30d:5m,180d:1h"},
    {"out-of-order-window", DURATION, FIELD(out_of_order_ms), KEEPING, "Store", "5m", "DURATION",
     "how far behind the newest sample of a scraped series one may come"},
    {"max-series", COUNT, FIELD(max_series), KEEPING, "Store", "10000000", "N",
     "active series; further ones are refused and counted"},
    {"min-free-disk", SIZE, FIELD(min_free_disk), KEEPING, "Store", "128MB", "SIZE",
     "stop writing while the disk has less"},

    {"remote-write", LIST, FIELD(remote_writes), SENDING, "Forwarding", "", "URL,...",
     "send what is scraped on to these stores (http://HOST:PORT/api/v1/write); may be given "
     "several "
     "times"},
    {"remote-write-queue-size", SIZE, FIELD(remote_write_queue_size), SENDING, "Forwarding", "4GB",
     "SIZE", "what may wait on disk for stores that are away"},
    {"remote-write-queue-full", CHOICE, FIELD(remote_write_queue_full), SENDING, "Forwarding",
     "drop-oldest", "drop-oldest|refuse",
     "when that much waits: drop the oldest of it, or take nothing more"},
    {"remote-write-queue-age", DURATION, FIELD(remote_write_queue_age_ms), SENDING, "Forwarding",
     "3d", "DURATION", "drop what has waited for longer"},
    {"remote-write-compression", CHOICE, FIELD(remote_write_compression), SENDING, "Forwarding",
     "auto", "auto|snappy|zstd", "auto: zstd where the receiver takes it (VictoriaMetrics)"},

    {"dashboards", TEXT, FIELD(dashboards), KEEPING, "Pages", "", "DIR",
     "folder of Grafana dashboard files to show beside the built-in ones"},
    {"dashboards-read-only", FLAG, FIELD(dashboards_read_only), KEEPING, "Pages", "false", NULL,
     "show the dashboards that users keep, and let nobody save or delete any"},

    {"query-url", TEXT, FIELD(query_url), FOR_ALL | FOR_HOST, "Queries", "", "URL",
     "ask this store in place of the built-in one: VictoriaMetrics, Prometheus, Mimir or Thanos "
     "(http://HOST:8428; a cluster: http://HOST:8481/select/0/prometheus); what is read goes there "
     "by --remote-write"},
    {"schema-bridge", CHOICE, FIELD(schema_bridge), KEEPING, "Queries", "on", "on|off",
     "answer names of dcgm-exporter (DCGM_FI_*) from series of all-smi, and the other way round, "
     "where the store has none of the name itself"},
    {"query.timeout", DURATION, FIELD(query_timeout_ms), KEEPING, "Queries", "2m", "DURATION",
     "longest time one query may take"},
    {"query.lookback", DURATION, FIELD(query_lookback_ms), KEEPING, "Queries", "5m", "DURATION",
     "how old the newest sample of a series may be to count as now"},
    {"query.max-memory", SIZE, FIELD(query_max_memory), KEEPING, "Queries", "1GB", "SIZE",
     "memory of one query"},
    {"query.max-series", COUNT, FIELD(query_max_series), KEEPING, "Queries", "1000000", "N",
     "series that one selector may find"},
    {"query.max-samples", COUNT, FIELD(query_max_samples), KEEPING, "Queries", "500000000", "N",
     "samples that one query may read"},
    {"query.max-concurrent", COUNT, FIELD(query_max_concurrent), KEEPING, "Queries", "8", "N",
     "queries at one time; further ones wait"},
    {"query.log-slower-than", DURATION, FIELD(query_slow_ms), KEEPING, "Queries", "5s", "DURATION",
     "queries that take as long are logged, with what they asked for and read; 0: none"},

    {"kind", CHOICE, FIELD(kind), FOR_CHECK, "Checking", "auto",
     "auto|config|scrape|targets|rules|dashboard|web|data",
     "what the files are; auto: told by their content"},
    {"against", TEXT, FIELD(against), FOR_CHECK, "Checking", "", "SOURCE",
     "hold dashboards and rules against what all-smi, dcgm, a URL or a file gives"},
    {"fix", FLAG, FIELD(fix), FOR_CHECK, "Checking", "false", NULL,
     "print the dashboard with what is certain put right (with --against)"},
    {"since", TEXT, FIELD(names_since), FOR_CHECK, "Checking", "", "SOURCE",
     "list the names that are otherwise than in a version of algalon (0.1.0), or in what a URL or "
     "a "
     "file gives, and which files ask for them"},
    {"usage", FLAG, FIELD(usage), FOR_CHECK, "Checking", "false", NULL,
     "list which files and folders ask for which metrics"},
    {"to", CHOICE, FIELD(to_schema), FOR_MIGRATE, "Translating", "all-smi", "all-smi|dcgm",
     "whose names to write"},
    {"from", TEXT, FIELD(move_from), FOR_MIGRATE, "Moving data", "", "URL",
     "the store that has the history (Algalon or VictoriaMetrics)"},
    {"into", TEXT, FIELD(move_into), FOR_MIGRATE, "Moving data", "", "URL",
     "the store that is to have it"},
    {"match", TEXT, FIELD(move_match), FOR_MIGRATE, "Moving data", "{__name__!=\"\"}", "SELECTOR",
     "which series"},
    {"since", DURATION, FIELD(move_since_ms), FOR_MIGRATE, "Moving data", "90d", "DURATION",
     "how much of the past"},
    {"chunk", DURATION, FIELD(move_chunk_ms), FOR_MIGRATE, "Moving data", "10m", "DURATION",
     "how much time is moved before it is noted in --state"},
    {"state", TEXT, FIELD(move_state), FOR_MIGRATE, "Moving data", "", "FILE",
     "remember here how far it came, and go on from there"},
    {"for", DURATION, FIELD(compare_ms), FOR_COMPARE, "Comparing", "10m", "DURATION",
     "for how long to scrape both; with --query-url: how far to look back"},
    {"every", DURATION, FIELD(every_ms), FOR_COMPARE, "Comparing", "5s", "DURATION",
     "time between two scrapes, or between two moments of the history"},
    {"query-url", TEXT, FIELD(compare_url), FOR_COMPARE, "Comparing", "", "URL",
     "compare two selectors in this store instead of two exporters"},
    {"pids", LIST, FIELD(pids), FOR_COMPARE, "Comparing", "", "PID,PID",
     "processes of the two exporters on this machine, for their CPU time and memory"},
    {"report", CHOICE, FIELD(report), FOR_COMPARE, "Output", "text", "text|markdown|html|json",
     "form of the report"},
    {"json", FLAG, FIELD(json), FOR_CHECK | FOR_MIGRATE | FOR_DOCTOR, "Output", "false", NULL,
     "print what was found as JSON"},
    {"verbose", FLAG, FIELD(verbose), FOR_CHECK | FOR_MIGRATE, "Output", "false", NULL,
     "also say what is in order"},

    {"format", CHOICE, FIELD(format), FOR_SNAPSHOT, "Output", "json", "json|csv|prometheus",
     "form of the output"},
    {"over", DURATION, FIELD(over_ms), FOR_SNAPSHOT, "Output", "1s", "DURATION",
     "time between the two readings that rates are made of"},
    {"compare", TEXT_OR_FLAG, FIELD(compare), FOR_DOCTOR, "Output", "", "nvidia-smi|URL",
     "print own readings beside those of nvidia-smi, or of an exporter on this machine"},
    {"compose", FLAG, FIELD(compose), FOR_DOCTOR, "Output", "false", NULL,
     "print the Compose file that a worker in a container needs here beside compose.worker.yml"},
    {"buffers", FLAG, FIELD(buffers), FOR_DOCTOR, "Output", "false", NULL,
     "print how many samples the driver's buffers hold, and how long they last"},
    {"bundle", TEXT_OR_FLAG, FIELD(bundle), FOR_DOCTOR, "Output", "", "FILE",
     "write an archive for support, with names and addresses replaced (default: one in the current "
     "folder)"},
    {"once", FLAG, FIELD(once), FOR_TOP, "Output", "false", NULL,
     "print one picture and end (COLUMNS wide, as high as it needs unless LINES says)"},
    {"refresh", DURATION, FIELD(refresh_ms), FOR_TOP, "Output", "2s", "DURATION",
     "how often it is read and drawn anew"},
    {"at", TEXT, FIELD(at), FOR_TOP, "Output", "", "MOMENT",
     "show that moment of the past, out of a store: 02:13, \"2026-03-18 02:13:05\", RFC 3339, or "
     "15m for so long ago"},
    {"color", CHOICE, FIELD(color), FOR_DOCTOR | FOR_TOP, "Output", "auto", "auto|always|never",
     "colour in the terminal"},
    {"url", TEXT, FIELD(url), FOR_READY, "Output", "http://127.0.0.1:9400/-/ready", "URL",
     "what to ask; host: http://127.0.0.1:8428/-/ready"},
    {"timeout", DURATION, FIELD(ready_timeout_ms), FOR_READY, "Output", "3s", "DURATION",
     "longest time to wait for the answer"},
    {"timeout", DURATION, FIELD(snapshot_timeout_ms), FOR_SNAPSHOT, "Output", "5s", "DURATION",
     "longest time to wait for a driver beyond --over; then without it"},
    {"for", DURATION, FIELD(release_ms), FOR_RELEASE, "Release", "10m", "DURATION",
     "how long the driver is left alone, at most 1d; then it is opened again by itself"},
    {"end", FLAG, FIELD(release_end), FOR_RELEASE, "Release", "false", NULL,
     "read the GPUs again now"},
    {"pid", COUNT, FIELD(pid), FOR_RELEASE, "Release", "0", "PID",
     "which algalon; 0: the one with a worker that runs here"},
    {"timeout", DURATION, FIELD(release_timeout_ms), FOR_RELEASE, "Release", "10s", "DURATION",
     "longest time to wait until the driver is closed"},
    {"keep", FLAG, FIELD(keep), FOR_DEMO, "Output", "false", NULL,
     "leave the simulated machines' folder behind at the end"},

    {"log-level", CHOICE, FIELD(log_level), ~0u, "General", "info", "debug|info|warn|error",
     "least level that is logged to stderr"},
    {"log-format", CHOICE, FIELD(log_format), ~0u, "General", "logfmt", "logfmt|json",
     "form of the log lines"},
    {"config", TEXT, FIELD(config), ~0u, "General", DEFAULT_CONFIG, "FILE",
     "configuration: options by their names, as YAML"},
};

#define SPEC_COUNT ARRAY_LEN(specs)

static void *field(struct settings *s, const struct option_spec *spec)
{
    return (char *)s + spec->offset;
}

static const char *keep(struct settings *s, struct str text)
{
    const char *copy = arena_strndup(&s->arena, text.ptr, text.len);
    if (!copy)
        abort(); /* a few hundred bytes at start */
    return copy;
}

static bool is_choice(const char *words, struct str value)
{
    for (struct str rest = str_of(words); rest.ptr;)
        if (str_equal(str_cut(&rest, '|'), value))
            return true;
    return false;
}

static int set_flag(bool *to, struct str value, const char *name, struct error *err)
{
    if (str_is(value, "true") || str_is(value, "1") || str_is(value, "yes"))
        *to = true;
    else if (str_is(value, "false") || str_is(value, "0") || str_is(value, "no"))
        *to = false;
    else
        return error_set(err, -EINVAL, "%s is true or false, not '%.*s'", name, STR_ARG(value));
    return 0;
}

/* The first word for "false", the last for "true"; else the value as it is. */
static struct str flag_as_choice(const char *words, struct str value)
{
    struct str rest = str_of(words), first = str_cut(&rest, '|'), last = first;

    while (rest.ptr)
        last = str_cut(&rest, '|');
    if (str_is(value, "true") || str_is(value, "1") || str_is(value, "yes"))
        return last;
    return str_is(value, "false") || str_is(value, "0") || str_is(value, "no") ? first : value;
}

static void add_text(struct settings *s, struct text_list *list, struct str text)
{
    const char **grown = arena_calloc(&s->arena, list->len + 1, sizeof(*grown));

    if (!grown)
        abort();
    if (list->len)
        memcpy(grown, list->items, list->len * sizeof(*grown));
    grown[list->len++] = keep(s, text);
    list->items = grown;
}

static void add_targets(struct settings *s, struct text_list *list, struct str value)
{
    while (value.ptr) {
        struct str part = str_trim(str_cut(&value, ','));
        if (part.len)
            add_text(s, list, part);
    }
}

static int set(struct settings *s, const struct option_spec *spec, struct str value,
               const char *source, struct error *err)
{
    /* A list is gathered from several flags or file items; the environment says it whole. */
    bool first = s->source[spec - specs] != source || !strcmp(source, "environment");
    int code = 0;

    if (spec->type == CHOICE_OR_FLAG)
        value = flag_as_choice(spec->arg, value);
    if ((spec->type == CHOICE || spec->type == CHOICE_OR_FLAG) && !is_choice(spec->arg, value))
        return error_set(err, -EINVAL, "%s is one of %s, not '%.*s'", spec->name, spec->arg,
                         STR_ARG(value));
    switch (spec->type) {
    case CHOICE:
    case CHOICE_OR_FLAG:
    case TEXT_OR_FLAG:
    case TEXT:
        *(const char **)field(s, spec) = keep(s, value);
        break;
    case FLAG:
        code = set_flag(field(s, spec), value, spec->name, err);
        break;
    case DURATION:
        code = num_parse_duration(value, field(s, spec), err);
        break;
    case SIZE:
        code = num_parse_size(value, field(s, spec), err);
        break;
    case COUNT:
        if (!num_parse_u64(value, field(s, spec)))
            code = error_set(err, -EINVAL, "'%.*s' is not a whole number", STR_ARG(value));
        break;
    case LIST:
    case SECRETS:
        if (first)
            *(struct text_list *)field(s, spec) = (struct text_list){0};
        add_targets(s, field(s, spec), value);
        break;
    }
    if (code)
        return spec->type == FLAG ? code : error_in(err, "%s", spec->name);
    s->source[spec - specs] = source;
    return 0;
}

/* ALGALON_LISTEN_WEB for listen-web, ALGALON_QUERY_TIMEOUT for query.timeout. */
static const char *environment(const struct option_spec *spec, char *name, size_t size)
{
    snprintf(name, size, "ALGALON_%s", spec->name);
    for (char *at = name; *at; at++)
        *at = *at == '-' || *at == '.'   ? '_'
              : *at >= 'a' && *at <= 'z' ? (char)(*at - 'a' + 'A')
                                         : *at;
    return getenv(name);
}

struct file_context {
    struct settings *settings;
    unsigned command;
};

static int set_from_file(void *ctx, struct str key, struct str value, struct error *err)
{
    struct file_context *file = ctx;
    bool known = false;

    for (size_t i = 0; i < SPEC_COUNT; i++) {
        if (!str_is(key, specs[i].name) || specs[i].offset == FIELD(config))
            continue;
        known = true;
        if (!(specs[i].commands & file->command))
            continue; /* another command's: one file serves them all */
        return set(file->settings, &specs[i], value, "file", err);
    }
    return known ? 0
                 : error_set(err, -EINVAL, "unknown option '%.*s' (see algalon --help)",
                             STR_ARG(key));
}

static int read_file(struct settings *s, enum command_bit command, struct error *err)
{
    struct file_context ctx = {s, command};
    size_t config = 0;

    while (specs[config].offset != FIELD(config))
        config++;
    if (!*s->config || ((command & OFFLINE) && !strcmp(s->source[config], "default")))
        return 0;
    int code = config_file_read(s->config, set_from_file, &ctx, err);
    return code == -ENOENT && !strcmp(s->source[config], "default") ? 0 : code;
}

static int read_environment(struct settings *s, enum command_bit command, struct error *err)
{
    char name[64];

    for (size_t i = 0; i < SPEC_COUNT; i++) {
        const char *value =
            specs[i].commands & command ? environment(&specs[i], name, sizeof(name)) : NULL;
        if (value && set(s, &specs[i], str_of(value), "environment", err))
            return error_in(err, "%s", name);
    }
    return 0;
}

/* Variables of the exporters whose names we speak, for --exporter-env. */
static const struct {
    const char *name, *option, *before, *behind; /* the value stands between the last two */
} exporter_variables[] = {
    {"DCGM_EXPORTER_LISTEN", "listen-metrics", "", ""},
    {"DCGM_EXPORTER_COLLECTORS", "dcgm.collectors", "", ""},
    {"DCGM_EXPORTER_INTERVAL", "interval", "", "ms"},
    {"NODE_NAME", "hostname", "", ""},
    {"ALL_SMI_API_PORT", "listen-metrics", ":", ""},
    {"ALL_SMI_API_INTERVAL_SECS", "interval", "", "s"},
};

/* Only for options that nothing else said: these come before the defaults alone. */
static int read_exporters(struct settings *s, enum command_bit command, struct error *err)
{
    for (size_t i = 0; i < ARRAY_LEN(exporter_variables); i++) {
        const char *value = getenv(exporter_variables[i].name);
        size_t at = 0;
        struct buf text;

        while (strcmp(specs[at].name, exporter_variables[i].option) != 0)
            at++;
        if (!value || !*value || !(specs[at].commands & command) ||
            strcmp(s->source[at], "default") != 0)
            continue;
        buf_init(&text, 0);
        buf_printf(&text, "%s%s%s", exporter_variables[i].before, value,
                   exporter_variables[i].behind);
        int code = set(s, &specs[at], buf_str(&text), "environment", err);
        buf_fini(&text);
        if (code)
            return error_in(err, "%s", exporter_variables[i].name);
    }
    return 0;
}

struct flags {
    struct option options[SPEC_COUNT + 2];
    size_t index[SPEC_COUNT + 2];
};

static void flags_init(struct flags *f, enum command_bit command)
{
    size_t n = 0;

    memset(f, 0, sizeof(*f));
    for (size_t i = 0; i < SPEC_COUNT; i++) {
        if (!(specs[i].commands & command))
            continue;
        f->index[n] = i;
        f->options[n++] =
            (struct option){.name = specs[i].name,
                            .has_arg = specs[i].type == FLAG || specs[i].type == CHOICE_OR_FLAG ||
                                               specs[i].type == TEXT_OR_FLAG
                                           ? optional_argument
                                           : required_argument};
    }
    f->options[n] = (struct option){.name = "help", .val = 'h'};
}

/* One pass over the command line: with `only_config` nothing but --config is taken. */
static int read_flags(struct settings *s, enum command_bit command, int argc, char **argv,
                      bool only_config, struct error *err)
{
    struct flags flags;
    int found, which = 0;

    flags_init(&flags, command);
    optind = 0;
    opterr = 0;
    while ((found = getopt_long(argc, argv, ":h", flags.options, &which)) != -1) {
        if (found == 'h')
            return 1;
        if (found == ':')
            return error_set(err, -EINVAL, "%s wants a value (see --help)", argv[optind - 1]);
        if (found)
            return error_set(err, -EINVAL, "unknown option %s (see algalon %s --help)",
                             argv[optind - 1], argv[0]);
        const struct option_spec *spec = &specs[flags.index[which]];
        if (only_config != (spec->offset == FIELD(config)))
            continue;
        if (set(s, spec, optarg ? str_of(optarg) : STR("true"), "flag", err))
            return error_in(err, "--%s", spec->name);
    }
    s->operands.len = 0;
    for (; (command & (FOR_EXPLAIN | FOR_TOP | OFFLINE)) && optind < argc; optind++)
        add_text(s, &s->operands, str_of(argv[optind]));
    if (optind < argc)
        return error_set(err, -EINVAL, "'%s' is not an option (see algalon %s --help)",
                         argv[optind], argv[0]);
    return 0;
}

static int check(const struct settings *s, struct error *err)
{
    if (s->move_chunk_ms < 1000 || s->move_since_ms < s->move_chunk_ms)
        return error_set(err, -EINVAL, "--chunk is at least 1s, and --since not below it");
    if (s->every_ms < 100 || s->every_ms > 3600000)
        return error_set(err, -EINVAL, "--every is between 100ms and 1h");
    if (s->interval_ms < 100 || s->interval_ms > 3600000)
        return error_set(err, -EINVAL, "--interval is between 100ms and 1h");
    if (s->refresh_ms < 200 || s->refresh_ms > 3600000)
        return error_set(err, -EINVAL, "--refresh is between 200ms and 1h");
    if (s->scrape_interval_ms < 100 || s->scrape_interval_ms > 86400000)
        return error_set(err, -EINVAL, "--scrape-interval is between 100ms and 1d");
    if (s->rules_interval_ms < 100 || s->rules_interval_ms > 86400000)
        return error_set(err, -EINVAL, "--rules-interval is between 100ms and 1d");
    if (s->notify_repeat_ms < 60000)
        return error_set(err, -EINVAL, "--notify-repeat is at least 1m");
    if (s->over_ms < 50 || s->over_ms > 60000)
        return error_set(err, -EINVAL, "--over is between 50ms and 1m");
    if (s->snapshot_timeout_ms < 100 || s->snapshot_timeout_ms > 600000)
        return error_set(err, -EINVAL, "--timeout is between 100ms and 10m");
    if (s->release_ms < 1000 || s->release_ms > 86400000)
        return error_set(err, -EINVAL, "--for is between 1s and 1d");
    if (s->pid > INT32_MAX)
        return error_set(err, -EINVAL, "--pid is a process's number");
    if (s->processes > 10000)
        return error_set(err, -EINVAL, "--processes is at most 10000");
    if (s->process_log_size < 65536)
        return error_set(err, -EINVAL, "--process-log-size is at least 64kB");
    if (s->memory_limit < 16000000 || s->memory_limit > (uint64_t)1 << 40)
        return error_set(err, -EINVAL, "--memory-limit is between 16MB and 1TB");
    if (s->process_series > 10000)
        return error_set(err, -EINVAL, "--process-series is at most 10000");
    if (!s->query_max_concurrent || s->query_max_concurrent > 1000)
        return error_set(err, -EINVAL, "--query.max-concurrent is between 1 and 1000");
    return 0;
}

int settings_read(struct settings *ret, enum command_bit command, int argc, char **argv,
                  struct error *err)
{
    struct settings *s = ret;
    int code = 0;

    *s = (struct settings){0};
    arena_init(&s->arena, 0);
    s->source = xcalloc(SPEC_COUNT, sizeof(*s->source));
    for (size_t i = 0; i < SPEC_COUNT && !code; i++)
        code = set(s, &specs[i], str_of(specs[i].fallback), "default", err);
    if (!code)
        code = read_environment(s, command,
                                err); /* for --config itself; repeated below over the file */
    if (!code)
        code = read_flags(s, command, argc, argv, true, err);
    if (!code)
        code = read_file(s, command, err);
    if (!code)
        code = read_environment(s, command, err);
    if (!code)
        code = read_flags(s, command, argc, argv, false, err);
    if (!code && s->exporter_env)
        code = read_exporters(s, command, err);
    if (!code)
        code = check(s, err);
    if (code)
        settings_fini(s);
    return code;
}

int settings_check_file(const char *path, struct error *err)
{
    struct settings s = {.source = xcalloc(SPEC_COUNT, sizeof(*s.source))};
    struct file_context ctx = {&s, ~0u};
    int code = 0;

    arena_init(&s.arena, 0);
    for (size_t i = 0; i < SPEC_COUNT && !code; i++)
        code = set(&s, &specs[i], str_of(specs[i].fallback), "default", err);
    if (!code)
        code = config_file_read(path, set_from_file, &ctx, err);
    if (!code && check(&s, err))
        code = error_in(err, "%s", path);
    settings_fini(&s);
    return code;
}

void settings_fini(struct settings *s)
{
#ifdef __linux__
    answers_close(s->held_answers);
    s->held_answers = NULL;
#endif
    arena_fini(&s->arena);
    free(s->source);
    s->source = NULL;
}

static void print_collectors(void)
{
    struct buf names = {0};

    collector_names(&names);
    printf("%.*s", (int)names.len, names.ptr);
    buf_fini(&names);
}

void settings_help(enum command_bit command)
{
    const char *section = "";

    for (size_t i = 0; i < SPEC_COUNT; i++) {
        const struct option_spec *spec = &specs[i];
        char left[64];
        if (!(spec->commands & command))
            continue;
        if (strcmp(section, spec->section)) {
            section = spec->section;
            printf("\n%s:\n", section);
        }
        snprintf(left, sizeof(left), "--%s%s%s", spec->name, spec->arg ? "=" : "",
                 spec->arg ? spec->arg : "");
        printf("  %-34s %s", left, spec->help);
        if (spec->offset == FIELD(disable_collectors))
            print_collectors();
        if (spec->type != FLAG && *spec->fallback)
            printf(" [%s]", spec->fallback);
        printf("\n");
    }
    printf("  %-34s %s\n", "--help", "print this");
    printf("\nEach option can also stand in the environment (ALGALON_LISTEN_WEB for --listen-web) "
           "and in the\n"
           "configuration file (listen-web: ...). A flag wins over the environment, that over the "
           "file.\n"
           "Durations: 5s, 1h30m, 30d. Sizes: 512MB, 2GB (powers of 1024).\n");
}

/* A URL without user, password and query: whoever may read the API must not learn what opens a
 * receiver. Other items as they are. */
static void show_item(struct buf *to, const char *item, bool only_host)
{
    const char *host = strstr(item, "://");

    if (!host) {
        buf_text(to, item);
        return;
    }
    host += strlen("://");
    buf_add(to, item, (size_t)(host - item));
    const char *end = host + strcspn(host, only_host ? "/?#" : "?#");
    const char *slash = memchr(host, '/', (size_t)(end - host));
    const char *at = memrchr(host, '@', (size_t)((slash ? slash : end) - host));
    const char *from = at ? at + 1 : host;
    buf_add(to, from, (size_t)(end - from));
}

static const char *value_text(struct settings *s, const struct option_spec *spec)
{
    struct buf text;
    char duration[48];
    const struct text_list *list = field(s, spec);

    buf_init(&text, 0);
    switch (spec->type) {
    case TEXT:
        show_item(&text, *(const char **)field(s, spec), false);
        break;
    case CHOICE:
    case CHOICE_OR_FLAG:
    case TEXT_OR_FLAG:
        buf_text(&text, *(const char **)field(s, spec));
        break;
    case FLAG:
        buf_text(&text, *(bool *)field(s, spec) ? "true" : "false");
        break;
    case DURATION:
        buf_text(&text, num_print_duration(duration, *(int64_t *)field(s, spec)));
        break;
    case SIZE:
    case COUNT:
        buf_u64(&text, *(uint64_t *)field(s, spec));
        break;
    case LIST:
    case SECRETS:
        for (size_t i = 0; i < list->len; i++) {
            buf_text(&text, i ? "," : "");
            show_item(&text, list->items[i], spec->type == SECRETS);
        }
        break;
    }
    const char *kept = keep(s, buf_str(&text));
    buf_fini(&text);
    return kept;
}

bool settings_at(struct settings *s, enum command_bit command, size_t i, const char **ret_name,
                 const char **ret_value)
{
    for (size_t at = 0; at < SPEC_COUNT; at++) {
        if (!(specs[at].commands & command) || i-- > 0)
            continue;
        *ret_name = specs[at].name;
        *ret_value = value_text(s, &specs[at]);
        return true;
    }
    return false;
}
