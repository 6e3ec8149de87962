/* scrape.c - the outside: start, stop, reload, status, and text that is in memory already. */
#include "scrape/scrape.h"

#include "scrape/state.h"

#include <stdlib.h>
#include <unistd.h>

#define LOOP_STACK_BYTES   ((size_t)1 << 20) /* TLS handshakes run on it */
#define INGEST_STACK_BYTES ((size_t)256 << 10)
#define DEFAULT_INTERVAL   5000
#define DEFAULT_BODY_MAX   ((uint64_t)64 << 20)

/* ---- configuration ---- */

/* What has no effect, each with its place, and how much is not told of. */
static void each_warning(const struct scrape_config *config, scrape_warning *warn, void *ctx)
{
    const struct reader_warnings *w = &config->warnings;
    char text[80];

    for (size_t i = 0; i < w->len; i++)
        warn(ctx, w->items[i].ptr);
    if (!w->left_out)
        return;
    snprintf(text, sizeof(text), "%zu more keys without effect; the first are named", w->left_out);
    warn(ctx, text);
}

static void log_warning(void *ctx, const char *text)
{
    (void)ctx;
    log_warn("scrape configuration", "note", text);
}

/* The configuration as it is written now: file and command line together, files of targets read. */
static int load_config(const struct scrape *s, struct scrape_config **ret, struct error *err)
{
    struct scrape_config *config = NULL;
    int code = 0;

    if (s->config_file)
        code = config_load(s->config_file, &config, err);
    else if (!(config = config_empty()))
        code = error_errno(err, -ENOMEM, "scrape configuration");
    if (!code && s->address_len)
        code = config_add_targets(config, (const char *const *)s->addresses, s->address_len,
                                  s->interval_ms, err);
    if (code) {
        config_free(config);
        return code;
    }
    each_warning(config, log_warning, NULL);
    *ret = config;
    return 0;
}

/* Takes a configuration into use; on failure it is freed and the old one stays. config_lock is
 * held.
 */
static int apply_config(struct scrape *s, struct scrape_config *config, struct error *err)
{
    fleet_exchange(config, s->config);
    fleet_refresh(config);
    fleet_refresh_alerts(config);
    pthread_mutex_lock(&s->lock);
    int code = config->job_len || config->alerting ? client_open(s->client, err) : 0;
    if (!code)
        code = pullers_start(s->pullers, config, err);
    pthread_mutex_unlock(&s->lock);
    if (!code)
        code = fleet_rebuild(s, config, err);
    if (code) {
        fleet_exchange(config, s->config);
        config_free(config);
        return code;
    }
    atomic_fetch_add(&s->alerts_version, 1);
    look_watch(s);
    return 0;
}

int scrape_read(struct scrape *s, struct scrape_config **ret, struct error *err)
{
    return load_config(s, ret, err);
}

int scrape_apply(struct scrape *s, struct scrape_config *config, struct error *err)
{
    pthread_mutex_lock(&s->config_lock);
    int code = apply_config(s, config, err);
    pthread_mutex_unlock(&s->config_lock);
    return code;
}

void scrape_drop(struct scrape_config *config)
{
    config_free(config);
}

void scrape_note_reload(struct scrape *s, bool good)
{
    pthread_mutex_lock(&s->lock);
    s->stats.reloads_total++;
    s->stats.reload_failures_total += !good;
    s->stats.config_ok = good;
    if (good)
        s->stats.config_ok_ms = clock_now_ms();
    pthread_mutex_unlock(&s->lock);
}

struct labels scrape_external_labels(struct scrape *s, struct arena *a)
{
    struct labels copy = {0};

    pthread_mutex_lock(&s->lock);
    if (labels_copy(s->config->external_labels, a, &copy))
        copy = (struct labels){0};
    pthread_mutex_unlock(&s->lock);
    return copy;
}

int scrape_get_rules(struct scrape *s, const struct scrape_config *config, struct arena *a,
                     struct scrape_rules *ret, struct error *err)
{
    int code = 0;

    pthread_mutex_lock(&s->lock);
    config = config ? config : s->config;
    const struct text_list *list = &config->rule_files;
    *ret = (struct scrape_rules){.interval_ms = config->evaluation_interval_ms,
                                 .query_offset_ms = config->rule_query_offset_ms};
    ret->files = arena_calloc(a, list->len + 1, sizeof(*ret->files));
    for (size_t i = 0; ret->files && i < list->len && !code; i++) {
        ret->files[i] = arena_strndup(a, list->items[i].ptr, list->items[i].len);
        code = ret->files[i] ? 0 : -ENOMEM;
        ret->len++;
    }
    pthread_mutex_unlock(&s->lock);
    return ret->files && !code ? 0 : error_errno(err, -ENOMEM, "rule_files");
}

int scrape_check_config(const char *path, scrape_warning *warn, void *ctx, size_t *ret_jobs,
                        struct error *err)
{
    struct scrape_config *config;

    int code = config_load(path, &config, err);
    if (!code) {
        each_warning(config, warn, ctx);
        *ret_jobs = config->job_len;
        config_free(config);
    }
    return code;
}

int scrape_check_targets(const char *path, size_t *ret_targets, struct error *err)
{
    return discovery_check_file(path, ret_targets, err);
}

/* ---- start and stop ---- */

/* Something was found: the thread "discover" shall look. */
static void wake_look(void *ctx)
{
    struct scrape *s = ctx;

    if (s->folders)
        folders_wake(s->folders);
}

static struct scrape *new_scrape(const struct scrape_options *options, struct sink sink)
{
    struct scrape *s = calloc(1, sizeof(*s));
    struct buf account; /* with a slash at the end */
    char agent[80];

    if (!s)
        return NULL;
    buf_init(&account, 0);
    if (options->account_dir)
        buf_printf(&account, "%s/", options->account_dir);
    pthread_mutex_init(&s->config_lock, NULL);
    pthread_mutex_init(&s->lock, NULL);
    thread_cond_init(&s->work);
    thread_cond_init(&s->quiet);
    s->sink = sink;
    s->metadata = options->metadata;
    s->config_file = xstrdup(options->config_file);
    s->interval_ms = options->interval_ms ? options->interval_ms : DEFAULT_INTERVAL;
    s->max_body_bytes = options->max_body_bytes ? options->max_body_bytes : DEFAULT_BODY_MAX;
    s->addresses = calloc(options->target_len + 1, sizeof(*s->addresses));
    snprintf(agent, sizeof(agent), "algalon/%s", options->version ? options->version : "0");
    s->extra_metrics = options->extra_metrics;
    s->client = client_new(agent);
    s->config = config_empty();
    s->pullers = pullers_new(&(struct pullers_options){.lock = &s->config_lock,
                                                       .config = &s->config,
                                                       .wake = wake_look,
                                                       .ctx = s,
                                                       .user_agent = agent,
                                                       .dns_server = options->dns_server,
                                                       .account_dir = account.ptr});
    buf_fini(&account);
    if (options->config_file || options->target_len)
        s->folders = folders_new();
    if (!s->addresses || !s->client || !s->config || !s->pullers ||
        ((options->config_file || options->target_len) && !s->folders)) {
        scrape_stop(s);
        return NULL;
    }
    for (size_t i = 0; i < options->target_len; i++)
        s->addresses[s->address_len++] = xstrdup(options->targets[i]);
    return s;
}

static int start_threads(struct scrape *s, struct error *err)
{
    long cpus = sysconf(_SC_NPROCESSORS_ONLN);
    unsigned want = cpus > 2 * INGEST_THREADS_MAX ? INGEST_THREADS_MAX
                    : cpus > 2                    ? (unsigned)cpus / 2
                                                  : 1;
    int code = 0;

    while (!code && s->pool_len < want) {
        char name[16];
        snprintf(name, sizeof(name), "ingest-%u", s->pool_len);
        code = thread_start_small(&s->pool[s->pool_len], name, INGEST_STACK_BYTES, loop_ingest, s,
                                  err);
        s->pool_len += !code;
    }
    if (!code)
        code = thread_start_small(&s->loop, "scrape", LOOP_STACK_BYTES, loop_run, s, err);
    s->loop_started = !code;
    if (!code)
        code = thread_start_small(&s->look, "discover", LOOP_STACK_BYTES, look_run, s, err);
    s->look_started = !code;
    return code;
}

int scrape_start_into(const struct scrape_options *options, struct sink sink, struct scrape **ret,
                      struct error *err)
{
    struct scrape *s = new_scrape(options, sink);
    struct scrape_config *config;

    if (!s)
        return error_errno(err, -ENOMEM, "scraping");
    int code = load_config(s, &config, err);
    if (!code) {
        pthread_mutex_lock(&s->config_lock);
        code = apply_config(s, config, err);
        pthread_mutex_unlock(&s->config_lock);
    }
    s->stats.config_ok = !code;
    s->stats.config_ok_ms = code ? 0 : clock_now_ms();
    /* With nothing configured and nothing that could come, there is only scrape_local(). */
    if (!code && (s->config_file || s->address_len))
        code = start_threads(s, err);
    if (code)
        scrape_stop(s);
    else
        *ret = s;
    return code;
}

int scrape_start(const struct scrape_options *options, struct scrape **ret, struct error *err)
{
    return scrape_start_into(
        options, options->sink ? *options->sink : sink_of_store(options->store), ret, err);
}

static void join_threads(struct scrape *s)
{
    pthread_mutex_lock(&s->lock);
    s->stop = true;
    pthread_cond_broadcast(&s->work);
    pthread_mutex_unlock(&s->lock);
    wake_look(s);
    if (s->look_started)
        pthread_join(s->look, NULL);
    pullers_free(s->pullers);
    if (s->loop_started) {
        client_wake(s->client);
        pthread_join(s->loop, NULL);
    }
    for (unsigned i = 0; i < s->pool_len; i++)
        pthread_join(s->pool[i], NULL);
}

void scrape_stop(struct scrape *s)
{
    if (!s)
        return;
    join_threads(s);
    for (size_t i = 0; i < s->target_len; i++) {
        loop_forget(s, s->targets[i]);
        target_free(s->targets[i]);
    }
    client_free(s->client);
    config_free(s->config);
    folders_free(s->folders);
    fleet_dropped_fini(&s->dropped);
    free(s->targets);
    free(s->turns);
    for (size_t i = 0; i < s->address_len; i++)
        free(s->addresses[i]);
    free(s->addresses);
    free(s->config_file);
    pthread_cond_destroy(&s->work);
    pthread_cond_destroy(&s->quiet);
    pthread_mutex_destroy(&s->lock);
    pthread_mutex_destroy(&s->config_lock);
    free(s);
}

/* ---- text of this process ---- */

static struct target *find_local(struct scrape *s, struct str job, struct str instance)
{
    for (size_t i = 0; i < s->target_len; i++) {
        struct target *t = s->targets[i];
        if (!t->spec.job && str_equal(t->spec.job_name, job) &&
            str_equal(t->spec.instance, instance))
            return t;
    }
    return NULL;
}

/* The target of this process called so, made at its first use, held by the caller. The lock is
 * held. */
static int hold_local(struct scrape *s, struct str job, struct str instance, struct target **ret)
{
    struct target *t = NULL;

    while (s->paused || ((t = find_local(s, job, instance)) && t->stage != STAGE_IDLE))
        thread_wait_until(&s->quiet, &s->lock, clock_mono_ns() + NS_PER_S);
    if (!t) {
        int code = fleet_add_local(s, job, instance, &t);
        if (code)
            return code;
    }
    t->stage = STAGE_TAKEN;
    s->taking++;
    *ret = t;
    return 0;
}

int scrape_local(struct scrape *s, struct str job, struct str instance, struct str text,
                 int64_t ts_ms, struct error *err)
{
    struct taken taken = {.fetched = true};
    struct target *t;

    pthread_mutex_lock(&s->lock);
    int code = hold_local(s, job, instance, &t);
    pthread_mutex_unlock(&s->lock);
    if (code)
        return error_errno(err, code, "job %.*s", STR_ARG(job));
    uint64_t from_ns = clock_mono_ns();
    t->ts_ms = ts_ms;
    taken.code = loop_open_feed(s, t, &taken.err);
    if (!taken.code) /* nothing was fetched: how long the last taking took is the nearest to it */
        taken.code =
            feed_scrape(t->feed, text, false, ts_ms, t->last_duration_s, &taken.result, &taken.err);
    taken.duration_s = (double)(clock_mono_ns() - from_ns) / NS_PER_S;
    pthread_mutex_lock(&s->lock);
    s->taking--;
    loop_note(s, t, &taken);
    t->stage = STAGE_IDLE;
    pthread_cond_broadcast(&s->quiet);
    pthread_mutex_unlock(&s->lock);
    return taken.code ? error_set(err, taken.code, "%s", taken.err.text) : 0;
}
