/* status.c - what this process is, how it was set up, whether it is well. */
#include "api/answer.h"
#include "api/families.h"
#include "api/times.h"

#include <dirent.h>
#include <unistd.h>

/* Clients decide by this version what they may ask: the API and language kept are Prometheus 3's.
 */
#define SPOKEN_VERSION "3.0.0"

#define TEXT_TYPE "text/plain; charset=utf-8"

static void print_pair(struct buf *to, bool first, const char *name, const char *value)
{
    if (!first)
        buf_char(to, ',');
    buf_json(to, str_of(name));
    buf_char(to, ':');
    buf_json(to, str_of(value));
}

void status_buildinfo(struct http_request *r, void *ctx)
{
    const struct api *api = ctx;
    struct buf body;

    answer_begin(api, &body);
    buf_char(&body, '{');
    print_pair(&body, true, "version", SPOKEN_VERSION);
    print_pair(&body, false, "revision", api->revision);
    print_pair(&body, false, "branch", "");
    print_pair(&body, false, "buildUser", "");
    print_pair(&body, false, "buildDate", "");
    print_pair(&body, false, "goVersion", "");
    print_pair(&body, false, "application", "algalon");
    print_pair(&body, false, "applicationVersion", api->version);
    buf_char(&body, '}');
    answer_finish(r, &body, NULL, NULL);
}

static const char *flag_value(const struct api *api, const char *name)
{
    for (size_t i = 0; i < api->flag_len; i++)
        if (strcmp(api->flags[i].name, name) == 0)
            return api->flags[i].value;
    return "";
}

static size_t threads(void)
{
    DIR *dir = opendir("/proc/self/task");
    size_t n = 0;

    if (!dir)
        return 0;
    while (readdir(dir))
        n++;
    closedir(dir);
    return n > 2 ? n - 2 : 0; /* without "." and ".." */
}

void status_runtimeinfo(struct http_request *r, void *ctx)
{
    const struct api *api = ctx;
    struct scrape_stats scrape = {.config_ok = true};
    struct store_stats store = {0};
    char directory[4096], host[256] = "";
    struct buf body;

    if (api->scrape)
        scrape_get_stats(api->scrape, &scrape);
    if (api->store)
        store_get_stats(api->store, &store);
    gethostname(host, sizeof(host) - 1);
    answer_begin(api, &body);
    buf_text(&body, "{\"startTime\":");
    times_print_rfc3339(&body, api->started_ms);
    print_pair(&body, false, "CWD", getcwd(directory, sizeof(directory)) ? directory : "");
    print_pair(&body, false, "hostname", host);
    buf_text(&body, ",\"serverTime\":");
    times_print_rfc3339(&body, clock_now_ms());
    buf_printf(&body, ",\"reloadConfigSuccess\":%s,\"lastConfigTime\":",
               scrape.config_ok ? "true" : "false");
    times_print_rfc3339(&body, api->started_ms);
    /* What Go counts as goroutines are threads here. */
    buf_printf(&body, ",\"corruptionCount\":%d,\"goroutineCount\":%zu,\"GOMAXPROCS\":%ld",
               store.replay_dropped_bytes > 0, threads(), sysconf(_SC_NPROCESSORS_ONLN));
    print_pair(&body, false, "GOGC", "");
    print_pair(&body, false, "GODEBUG", "");
    print_pair(&body, false, "storageRetention", flag_value(api, "retention"));
    buf_char(&body, '}');
    answer_finish(r, &body, NULL, NULL);
}

void status_config(struct http_request *r, void *ctx)
{
    const struct api *api = ctx;
    struct buf yaml, body;

    buf_init(&yaml, 0);
    if (api->scrape)
        scrape_print_config(api->scrape, &yaml);
    answer_begin(api, &body);
    buf_text(&body, "{\"yaml\":");
    buf_json(&body, buf_str(&yaml));
    buf_char(&body, '}');
    body.failed = body.failed || yaml.failed;
    buf_fini(&yaml);
    answer_finish(r, &body, NULL, NULL);
}

void status_flags(struct http_request *r, void *ctx)
{
    const struct api *api = ctx;
    struct buf body;

    answer_begin(api, &body);
    buf_char(&body, '{');
    for (size_t i = 0; i < api->flag_len; i++)
        print_pair(&body, i == 0, api->flags[i].name, api->flags[i].value);
    buf_char(&body, '}');
    answer_finish(r, &body, NULL, NULL);
}

void status_walreplay(struct http_request *r, void *ctx)
{
    const struct api *api = ctx;
    struct store_stats stats;
    struct buf body;

    /* The log is replayed before anything listens: whoever can ask sees it done. */
    store_get_stats(api->store, &stats);
    answer_begin(api, &body);
    buf_printf(&body, "{\"min\":0,\"max\":%" PRIu64 ",\"current\":%" PRIu64 "}", stats.log_segments,
               stats.log_segments);
    answer_finish(r, &body, NULL, NULL);
}

/* What an operator should know although the program answers. */
static void add_notes(const struct api *api, const struct store_stats *store, struct buf *to)
{
    int64_t left_ms = api->worker ? worker_let_go_left_ms(api->worker) : 0;

    if (left_ms > 0)
        buf_printf(to, "GPUs are released by the operator for another %" PRId64 " s.\n",
                   (left_ms + 999) / 1000);
    if (store->read_only)
        buf_printf(to, "The store keeps nothing new: %s.\n", store->trouble);
    else if (store->seal_failed)
        buf_printf(to, "The store cannot write to its days: %s.\n", store->trouble);
    if (store->damaged_days)
        buf_printf(to,
                   "%" PRIu64 " days of the store are damaged and served in part: algalon check "
                   "DATA-DIR names them while the program is stopped.\n",
                   store->damaged_days);
}

static void reply_state(struct http_request *r, const struct api *api, bool asks_ready)
{
    struct store_stats store = {0};
    struct buf text;

    if (api->store)
        store_get_stats(api->store, &store);
    bool good = !asks_ready || !store.read_only;
    buf_init(&text, 0);
    buf_printf(&text, "Algalon is %s.\n", !asks_ready ? "healthy" : good ? "ready" : "not ready");
    add_notes(api, &store, &text);
    http_reply_text(r, good ? 200 : 503, TEXT_TYPE, text.failed ? "" : text.ptr);
    buf_fini(&text);
}

void status_healthy(struct http_request *r, void *ctx)
{
    reply_state(r, ctx, false);
}

void status_health(struct http_request *r, void *ctx)
{
    (void)ctx;
    http_reply_text(r, 200, TEXT_TYPE, "OK");
}

/* A store that can keep nothing new still answers queries and is healthy, but whoever sends samples
 * here should know: it is not ready. */
void status_ready(struct http_request *r, void *ctx)
{
    const struct api *api = ctx;

    if (!api->ready || api->ready(api->ctx)) {
        reply_state(r, api, true);
        return;
    }
    http_set_header(r, "Retry-After", "1");
    http_reply_text(r, 503, TEXT_TYPE, "Algalon is not ready yet.\n");
}

void status_quit(struct http_request *r, void *ctx)
{
    const struct api *api = ctx;

    if (!api->quit) {
        http_reply_text(r, 403, TEXT_TYPE,
                        "Lifecycle API is not enabled: start with --web.enable-lifecycle.\n");
        return;
    }
    log_info("asked to end", "by", "/-/quit");
    http_reply_text(r, 200, TEXT_TYPE, "Requesting termination... Goodbye!");
    api->quit(api->ctx);
}

void status_reload(struct http_request *r, void *ctx)
{
    const struct api *api = ctx;
    struct error err = {0};
    struct buf text;

    if (!api->reload || api->reload(api->ctx, &err) == 0) {
        http_reply_text(r, 200, TEXT_TYPE, "");
        return;
    }
    buf_init(&text, 0);
    buf_printf(&text, "failed to reload config: %s\n", err.text);
    http_reply(r, 500, TEXT_TYPE, &text);
}
