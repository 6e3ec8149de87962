#include "service.h"

#include "api/api.h"
#include "forward_home.h"
#include "migrate/migrate.h"
#include "release.h"
#include "rules_home.h"
#include "systemd.h"
#include "web/web.h"
#include "web_home.h"

#include <malloc.h>
#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

#define ROUTES_MAX      128
#define FLAGS_MAX       64
#define STOP_GRACE_MS   3000
#define TICK_NS         ((uint64_t)NS_PER_S)
#define WITHDRAWN_NS    (20 * (uint64_t)NS_PER_S) /* rights that are back by then were only moved */
#define SELF_METRICS_MS 5000                      /* how often the process keeps its own metrics */

enum {
    LISTEN_METRICS,
    LISTEN_API,
    LISTEN_WEB,
    LISTENERS
};

#define QUERY_POOL_PIECES 8 /* of 1 MiB: two threads of two queries, and their results */

struct service {
    const struct service_options *options;
    struct settings *settings;
    struct worker_options worker_options;
    struct worker *worker;
    struct store *store;
    struct arena_pool *query_pool;
    struct schema_bridge *bridge; /* NULL: names are answered as they are kept */
    struct metadata *metadata;
    struct upstream *upstream; /* is asked in place of a store; NULL: none */
    struct rules_home rules_home;
    struct forward *forward; /* NULL: nothing is sent on */
    struct scrape *scrape;
    struct notify *notify;   /* NULL: no rules, no alerts */
    uint64_t alerts_version; /* that `notify` knows; see scrape_alerts_version() */
    struct rules *rules;
    struct web *web;
    struct api api;
    struct api_flag flags[FLAGS_MAX];
    struct http_server *servers[LISTENERS];
    struct http_server *running[LISTENERS]; /* those of `servers` that are not NULL, for the API */
    char hostname[256];
    bool ready;           /* logged and told to systemd */
    uint64_t watchdog_ns; /* when systemd is told next that we live */
    bool local_failing;
    struct release release;
    uint64_t withdrawn_ns;       /* since when the GPUs are closed to us; 0: they are not */
    pthread_mutex_t reload_lock; /* lock: reloads, one at a time */
};

static void set_hostname(struct service *s)
{
    if (*s->settings->hostname)
        str_copy(s->hostname, sizeof(s->hostname), str_of(s->settings->hostname));
    else if (gethostname(s->hostname, sizeof(s->hostname)) || !*s->hostname)
        str_copy(s->hostname, sizeof(s->hostname), STR("localhost"));
    s->hostname[sizeof(s->hostname) - 1] = '\0';
}

/* A row that could not be kept is said once, and once more when it works again. */
static void note_local(struct service *s, int code, const struct error *err)
{
    if (code && !s->local_failing)
        log_error("what was read is not kept", "error", err->text);
    else if (!code && s->local_failing)
        log_info("what is read is kept again");
    s->local_failing = code != 0;
}

/* On the publisher's thread: the reading goes to the store in memory, through the door of every
 * scrape. */
static void keep_snapshot(void *ctx, struct snapshot *snapshot)
{
    struct service *s = ctx;
    struct error err;
    int code = scrape_local(s->scrape, STR("worker"), str_of(s->hostname),
                            snapshot_body(snapshot, SNAPSHOT_TEXT), snapshot_ts_ms(snapshot), &err);

    note_local(s, code, &err);
}

static void keep_self_metrics(struct service *s, int64_t now_ms)
{
    struct buf text;
    struct error err;

    buf_init(&text, 0);
    api_self_metrics(&s->api, &text);
    if (!text.failed &&
        scrape_local(s->scrape, STR("algalon"), str_of(s->hostname), buf_str(&text), now_ms, &err))
        log_debug("own metrics are not kept", "error", err.text);
    buf_fini(&text);
}

static bool is_ready(void *ctx)
{
    struct service *s = ctx;

    if (!s->worker)
        return true;
    struct snapshot *snapshot = worker_latest(s->worker);
    snapshot_release(snapshot);
    return snapshot != NULL;
}

/* What is sent, samples and alerts, bears global.external_labels of the scrape configuration;
 * templates of alerts can say them. */
static void set_external_labels(struct service *s)
{
    struct error err;
    struct arena a;

    arena_init(&a, 0);
    if (s->scrape && (s->forward || s->notify || s->rules)) {
        struct labels external = scrape_external_labels(s->scrape, &a);
        if (s->forward)
            forward_set_external(s->forward, external);
        if (s->notify)
            notify_set_external(s->notify, external);
        if (s->rules && rules_set_external(s->rules, external, &err))
            log_error("templates keep the old external labels", "error", err.text);
    }
    arena_fini(&a);
}

/* Whom options and the scrape configuration name is told of alerts. */
static int set_alert_receivers(struct service *s, struct error *err)
{
    struct scrape_alerts *alerts = NULL;
    int code = 0;

    if (!s->notify)
        return 0;
    if (s->scrape) {
        s->alerts_version = scrape_alerts_version(s->scrape);
        code = scrape_alerts_list(s->scrape, &alerts, err);
    }
    if (!code)
        code = rules_home_tell(s->notify, s->settings, alerts, err);
    scrape_alerts_free(alerts);
    return code;
}

/* Discoveries have found other Alertmanagers; a reload under way looks itself. */
static void follow_alert_receivers(struct service *s)
{
    struct error err;

    if (!s->notify || !s->scrape || pthread_mutex_trylock(&s->reload_lock))
        return;
    if (s->alerts_version != scrape_alerts_version(s->scrape) && set_alert_receivers(s, &err))
        log_error("other Alertmanagers are not taken", "error", err.text);
    pthread_mutex_unlock(&s->reload_lock);
}

/* What a reload has read, before anything of it is in force. */
struct fresh {
    struct scrape_config *scrape;
    struct forward_change *receivers;
    struct rule_set *rules;
    struct choice *choice;
    struct arena arena;                      /* of the choice */
    struct http_fresh *listeners[LISTENERS]; /* certificates and users */
};

static int read_receivers(struct service *s, struct forward_change **ret, struct error *err)
{
    struct scrape_receivers *list = NULL;
    int code = forward_home_read(s->settings, s->options->parts, &list, err);

    if (!code)
        code = forward_prepare(s->forward, list, ret, err);
    scrape_receivers_release(list); /* who sends to one of them holds it */
    return code;
}

static int read_fresh(struct service *s, struct fresh *f, struct error *err)
{
    const struct settings *set = s->settings;
    int code = s->scrape ? scrape_read(s->scrape, &f->scrape, err) : 0;

    if (!code && s->forward)
        code = read_receivers(s, &f->receivers, err);
    if (!code && s->rules)
        code = rule_files_read(set, s->scrape, f->scrape, &f->rules, err);
    if (!code && s->worker && *set->dcgm_collectors)
        code = service_read_choice(set->dcgm_collectors, &f->arena, &f->choice, err);
    for (size_t i = 0; i < LISTENERS && !code; i++)
        if (s->servers[i])
            code = http_server_read(s->servers[i], &f->listeners[i], err);
    return code;
}

/* Nothing but a want of memory can fail from here on. */
static int take_fresh(struct service *s, struct fresh *f, struct error *err)
{
    int code = f->choice ? worker_choose(s->worker, f->choice, err) : 0;

    for (size_t i = 0; i < LISTENERS && !code; i++) {
        if (f->listeners[i])
            code = http_server_take(s->servers[i], f->listeners[i], err);
        f->listeners[i] = NULL;
    }
    if (!code && f->scrape) {
        code = scrape_apply(s->scrape, f->scrape, err);
        f->scrape = NULL;
    }
    if (!code && s->scrape) {
        set_external_labels(s);
        code = set_alert_receivers(s, err);
    }
    if (!code && f->rules) {
        rules_apply(s->rules, f->rules);
        f->rules = NULL;
    }
    if (!code && f->receivers) {
        forward_commit(s->forward, f->receivers);
        f->receivers = NULL;
    }
    return code;
}

static int reload(void *ctx, struct error *err)
{
    struct service *s = ctx;
    struct fresh fresh = {0};

    pthread_mutex_lock(&s->reload_lock);
    systemd_notify("RELOADING=1");
    arena_init(&fresh.arena, 0);
    int code = read_fresh(s, &fresh, err);
    if (!code)
        code = take_fresh(s, &fresh, err);
    for (size_t i = 0; i < LISTENERS; i++)
        http_fresh_drop(fresh.listeners[i]);
    scrape_drop(fresh.scrape);
    forward_drop(fresh.receivers);
    rules_drop(fresh.rules);
    arena_fini(&fresh.arena);
    if (s->scrape)
        scrape_note_reload(s->scrape, !code);
    if (s->rules)
        rules_note_reload(s->rules, !code);
    if (s->web)
        web_reload(s->web);
    systemd_notify("READY=1");
    if (code)
        log_error("reload failed, the old configuration stays", "error", err ? err->text : NULL);
    else
        log_info("configuration read again");
    pthread_mutex_unlock(&s->reload_lock);
    return code;
}

/* POST /-/quit: the way of every other end. */
static void quit(void *ctx)
{
    (void)ctx;
    kill(getpid(), SIGTERM);
}

static int open_store(struct service *s, struct error *err)
{
    struct store_options o;

    store_options_init(&o);
    o.dir = service_data_dir(s->settings);
    o.retention_ms = s->settings->retention_ms;
    o.retention_bytes = s->settings->retention_size;
    o.out_of_order_ms = s->settings->out_of_order_ms;
    o.max_series = s->settings->max_series;
    o.min_free_bytes = s->settings->min_free_disk;
    for (size_t i = 0; i < s->settings->downsample.len; i++) {
        int wrong = store_downsample_add(&o, str_of(s->settings->downsample.items[i]), err);
        if (wrong)
            return error_in(err, "--downsample");
    }
    int code = store_open(&o, &s->store, err);
    if (!code)
        log_info("store open", "dir", o.dir);
    return code;
}

/* What is known of families: of targets, and sent on with their samples. */
static int open_forward(struct service *s, struct error *err)
{
    struct scrape_receivers *list = NULL;
    int code = forward_home_read(s->settings, s->options->parts, &list, err);

    s->metadata = metadata_new();
    if (!code && !s->metadata)
        code = error_errno(err, -ENOMEM, "metadata");
    if (!code)
        code = forward_home_open(s->settings, list, s->store, s->metadata, &s->forward, err);
    scrape_receivers_release(list);
    return code;
}

/* Starts scraping into the store, to the receivers, or both. */
static int open_scrape(struct service *s, struct error *err)
{
    const struct settings *set = s->settings;
    struct sink sink;
    struct scrape_options o = {
        .config_file = *set->scrape_config ? set->scrape_config : NULL,
        .targets = set->targets.items,
        .target_len = set->targets.len,
        .interval_ms = set->scrape_interval_ms,
        .max_body_bytes = set->scrape_max_body,
        .extra_metrics = set->scrape_extra_metrics,
        .dns_server = *set->scrape_dns_server ? set->scrape_dns_server : NULL,
        .account_dir = *set->scrape_service_account ? set->scrape_service_account : NULL,
        .version = program_version(),
    };

    o.store = s->store;
    o.metadata = s->metadata;
    if (s->forward) {
        sink = forward_sink(s->forward);
        o.sink = &sink;
    }
    int code = scrape_start(&o, &s->scrape, err);
    if (!code)
        set_external_labels(s);
    return code;
}

/* With --query-url another store keeps and answers: what is read here has to be sent there. */
static int open_upstream(struct service *s, struct error *err)
{
    const struct settings *set = s->settings;
    struct upstream_options o = {.url = set->query_url,
                                 .version = program_version(),
                                 .answer_max = set->query_max_memory,
                                 .timeout_ms = set->query_timeout_ms};

    return upstream_open(&o, &s->upstream, err);
}

static int open_rules(struct service *s, struct error *err)
{
    struct rule_files files;
    int code = rules_home_notify(s->settings, s->hostname, &s->notify, err);

    if (code)
        return code;
    set_external_labels(s);
    code = set_alert_receivers(s, err);
    if (code)
        return code;
    s->rules_home = (struct rules_home){s->upstream, s->store, s->forward};
    code = rule_files_gather(&files, s->settings, s->scrape, NULL, err);
    if (!code)
        code = rules_home_open(&s->rules_home, s->settings, &files, s->hostname, s->notify,
                               &s->rules, err);
    rule_files_fini(&files);
    if (!code)
        set_external_labels(s);
    return code;
}

static int open_host(struct service *s, struct error *err)
{
    int code = *s->settings->query_url ? open_upstream(s, err) : open_store(s, err);

    if (!code)
        code = open_forward(s, err);
    if (!code && (s->store || s->forward))
        code = open_scrape(s, err);
    if (!code)
        code = open_rules(s, err);
    if (!code)
        code = web_home_open(s->settings, &s->api, &s->web, err);
    return code;
}

/* No rules are evaluated here, so there are no alerts. */
static void note_alerting(struct service *s)
{
    struct scrape_alerts *alerts;

    if (scrape_alerts_list(s->scrape, &alerts, NULL))
        return;
    if (alerts->owner)
        log_warn("alerting of the scrape configuration has no effect: an agent evaluates no rules",
                 "file", s->settings->scrape_config);
    scrape_alerts_free(alerts);
}

static int open_agent(struct service *s, struct error *err)
{
    int code = open_forward(s, err);

    if (!code)
        code = open_scrape(s, err);
    if (!code)
        note_alerting(s);
    return code;
}

static void fill_api(struct service *s)
{
    struct settings *set = s->settings;
    size_t n = 0;

    while (n < FLAGS_MAX &&
           settings_at(set, s->options->command, n, &s->flags[n].name, &s->flags[n].value))
        n++;
    s->query_pool = s->store ? arena_pool_new(QUERY_POOL_PIECES) : NULL;
    s->api = (struct api){
        .worker = s->worker,
        .worker_options = s->worker ? &s->worker_options : NULL,
        .store = s->store,
        .scrape = s->scrape,
        .forward = s->forward,
        .upstream = s->upstream,
        .rules = s->rules,
        .notify = s->notify,
        .metadata = s->metadata,
        .version = program_version(),
        .revision = "",
        .started_ms = clock_now_ms(),
        .lookback_ms = set->query_lookback_ms,
        .query_timeout_ms = set->query_timeout_ms,
        .query_max_memory = set->query_max_memory,
        .query_max_series = set->query_max_series,
        .query_max_samples = set->query_max_samples,
        .query_slow_ms = set->query_slow_ms,
        .query_pool = s->query_pool,
        .query_max_concurrent = (unsigned)set->query_max_concurrent,
        .flags = s->flags,
        .flag_len = n,
        .admin = set->admin_api,
        .data_dir = s->store ? service_data_dir(set) : NULL,
        .ready = is_ready,
        .reload = reload,
        .quit = set->lifecycle ? quit : NULL,
        .ctx = s,
        .servers = s->running,
    };
    if (s->store)
        s->api.queryable = store_queryable(s->store);
    if (s->store && !strcmp(set->schema_bridge, "on")) {
        s->bridge = schema_bridge_new(&s->api.queryable);
        s->api.asked = schema_bridge_queryable(s->bridge);
    }
}

static int listen_on(struct service *s, size_t which, const char *name, const char *option,
                     const char *address, bool allow_open, const struct http_route *routes,
                     size_t n, struct error *err)
{
    struct http_listener_options o;

    if (!*address)
        return 0;
    http_listener_options_init(&o);
    o.address = address;
    o.name = name;
    o.option = option;
    o.allow_open = allow_open;
    o.web_config_file = *s->settings->web_config_file ? s->settings->web_config_file : NULL;
    o.cors_origin = *s->settings->cors_origin ? s->settings->cors_origin : NULL;
    int code = http_server_start(&o, routes, n, &s->servers[which], err);
    if (code)
        return code;
    /* The listeners that are up already read this list: the entry stands before the length says so.
     */
    s->running[s->api.server_len] = s->servers[which];
    s->api.server_len++;
    log_info("listening", "for", name, "address", address, "port",
             LOG_NUM(http_server_port(s->servers[which])));
    return 0;
}

static int open_listeners(struct service *s, struct error *err)
{
    struct http_route *routes = xcalloc(ROUTES_MAX, sizeof(*routes));
    const struct settings *set = s->settings;
    size_t n;
    int code = 0;

    if (s->worker) {
        n = api_metrics_routes(&s->api, routes, ROUTES_MAX);
        code = listen_on(s, LISTEN_METRICS, "metrics", "--listen-metrics", set->listen_metrics,
                         true, routes, n, err);
    }
    if (!code && (s->scrape || s->web)) {
        n = api_routes(&s->api, routes, ROUTES_MAX);
        code = listen_on(s, LISTEN_API, "api", "--listen-api", set->listen_api, set->no_auth,
                         routes, n, err);
    }
    if (!code && s->web) {
        n = api_routes(&s->api, routes, ROUTES_MAX);
        n += web_routes(s->web, routes + n, ROUTES_MAX - n);
        code = listen_on(s, LISTEN_WEB, "web", "--listen-web", set->listen_web, set->no_auth,
                         routes, n, err);
    }
    free(routes);
    return code;
}

static int start(struct service *s, struct error *err)
{
    int code = 0;

    set_hostname(s);
    if (s->options->parts & PART_WORKER)
        code = service_worker_options(s->settings, &s->worker_options, err);
    s->worker_options.gpu_inventory =
        service_gpu_inventory(s->settings, s->options->parts & PART_HOST);
    if (!code && s->options->parts & PART_HOST)
        code = open_host(s, err);
    if (!code && s->options->parts & PART_AGENT)
        code = open_agent(s, err);
    if (!code && s->options->parts & PART_WORKER) {
        code = worker_start(&s->worker_options, &s->worker, err);
        if (!code && s->scrape)
            worker_on_publish(s->worker, keep_snapshot, s);
    }
    if (!code) {
        fill_api(s);
        code = open_listeners(s, err);
    }
    if (!code && s->rules)
        code = rules_start(s->rules, err);
    return code;
}

static void stop(struct service *s)
{
    for (size_t i = 0; i < LISTENERS; i++)
        http_server_stop(s->servers[i], STOP_GRACE_MS);
    api_fini(&s->api);
    worker_stop(s->worker); /* joins the publisher: no append after this */
    scrape_stop(s->scrape);
    rules_close(s->rules);
    notify_close(s->notify);
    forward_close(s->forward); /* before the store, which its sink writes to */
    upstream_close(s->upstream);
    web_close(s->web);
    store_close(s->store);
    schema_bridge_free(s->bridge);
    arena_pool_free(s->query_pool);
    metadata_free(s->metadata);
}

static void announce(struct service *s)
{
    if (s->ready || !is_ready(s))
        return;
    s->ready = true;
    systemd_notify("READY=1");
#ifdef __GLIBC__
    malloc_trim(0); /* what the start took and gave back */
#endif
    if (!s->servers[LISTEN_WEB]) {
        log_info("ready");
        return;
    }
    /* The host as it was asked for; every address of this machine is also localhost. */
    struct str host = str_of(s->settings->listen_web);
    const char *colon = strrchr(host.ptr, ':');
    host.len = colon ? (size_t)(colon - host.ptr) : host.len;
    if (!host.len || str_is(host, "0.0.0.0") || str_is(host, "[::]") || str_is(host, "127.0.0.1"))
        host = STR("localhost");
    char url[300];
    snprintf(url, sizeof(url), "%s://%.*s:%u", *s->settings->web_config_file ? "https" : "http",
             (int)MIN(host.len, (size_t)255), host.ptr, http_server_port(s->servers[LISTEN_WEB]));
    log_info("ready: open the dashboards in a browser", "url", url);
}

/* A container whose device rights were taken away gets them back by being started anew. One that
 * never had them is not meant: it would start for ever. */
static int look_at_rights(struct service *s)
{
    uint64_t now_ns = clock_mono_ns();

    if (!s->settings->exit_when_withdrawn || !s->worker || !worker_is_withdrawn(s->worker)) {
        s->withdrawn_ns = 0;
        return 0;
    }
    if (!s->withdrawn_ns)
        s->withdrawn_ns = now_ns;
    if (now_ns - s->withdrawn_ns < WITHDRAWN_NS)
        return 0;
    log_error("GPUs that were read may not be opened any more: this program ends, so that a "
              "restart of the container gives the right back (--exit-when-withdrawn)");
    return -EACCES;
}

static int tick(struct service *s, int64_t now_ms, int64_t *next_self_ms)
{
    announce(s);
    systemd_alive(&s->watchdog_ns);
    release_tick(&s->release, s->worker);
    if (look_at_rights(s) < 0)
        return -EACCES;
    follow_alert_receivers(s);
    if (s->scrape && now_ms >= *next_self_ms) {
        keep_self_metrics(s, now_ms);
        *next_self_ms = now_ms + SELF_METRICS_MS;
    }
    return s->options->tick ? s->options->tick(s->options->ctx, now_ms) : 0;
}

static enum exit_code wait_for_end(struct service *s, const sigset_t *signals)
{
    int64_t next_self_ms = 0;

    for (;;) {
        int64_t now_ms = clock_now_ms();
        struct timespec step = {0, s->ready ? 1000000000 - 1 : 20000000};
        if (next_self_ms > now_ms + SELF_METRICS_MS)
            next_self_ms = now_ms; /* the wall clock went back */
        if (tick(s, now_ms, &next_self_ms) < 0)
            return EXIT_FAILED;
        siginfo_t info;
        int signal = sigtimedwait(signals, &info, &step);
        if (signal == SIGHUP) {
            struct error err;
            if (reload(s, &err))
                continue; /* logged there */
        } else if (signal == SIGUSR1 || signal == SIGUSR2) {
            release_take(&s->release, s->worker, &info);
        } else if (signal == SIGTERM || signal == SIGINT) {
            log_info("stopping", "signal", signal == SIGINT ? "SIGINT" : "SIGTERM");
            return EXIT_DONE;
        }
    }
}

enum exit_code service_run(const struct service_options *options)
{
    struct service *s = xnew(struct service);
    struct error err = {0};
    sigset_t signals;
    enum exit_code done;

    s->options = options;
    s->settings = options->settings;
    pthread_mutex_init(&s->reload_lock, NULL);
    sigemptyset(&signals);
    sigaddset(&signals, SIGTERM);
    sigaddset(&signals, SIGINT);
    sigaddset(&signals, SIGHUP);
    sigaddset(&signals, SIGUSR1);
    sigaddset(&signals, SIGUSR2);
    pthread_sigmask(SIG_BLOCK, &signals, NULL);
    release_init();
    int code = start(s, &err);
    if (code) {
        log_error("cannot start", "error", err.text);
        done = code == -EINVAL ? EXIT_USAGE : EXIT_FAILED;
    } else {
        done = wait_for_end(s, &signals);
    }
    systemd_notify("STOPPING=1");
    stop(s);
    if (!code)
        log_info("stopped");
    pthread_mutex_destroy(&s->reload_lock);
    free(s);
    return done;
}
