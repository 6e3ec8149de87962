/* http_sd.c - see http_sd.h. */
#include "scrape/http_sd.h"

#include "scrape/ask.h"
#include "scrape/sd_config.h"

#include <stdlib.h>

#define REFRESH_MS 60000

struct http_sd {
    struct ask_server server; /* base: the URL */
    struct str interval;      /* in seconds, for the server */
};

static int ask(void *self, const struct pull_context *ctx, struct group_list *ret,
               struct error *err)
{
    struct http_sd *sd = self;
    const struct http_header extra = {STR("X-Prometheus-Refresh-Interval-Seconds"), sd->interval,
                                      STR("")};
    const struct yaml_node *root;

    int code = ask_json(&sd->server, ctx, STR(""), &extra, 1, true, &ret->arena, &root, err);
    if (!code)
        code = groups_read("answer", root, ret, err);
    if (!code && (code = groups_label_all(ret, STR("__meta_url"), sd->server.base)))
        error_errno(err, code, "labels");
    return code;
}

static void close_sd(void *self)
{
    struct http_sd *sd = self;

    arena_fini(&sd->server.arena);
    free(sd);
}

static const struct pull_kind kind = {"http", true, false, ask, close_sd};

int http_sd_new(struct reader *r, const struct yaml_node *node, struct discovery **ret)
{
    struct settings {
        struct str url;
        int64_t refresh_ms;
    } s = {.refresh_ms = REFRESH_MS};
    static const struct key keys[] = {
        {"url", reader_url, offsetof(struct settings, url)},
        {"refresh_interval", reader_duration, offsetof(struct settings, refresh_ms)},
    };
    struct http_sd *sd;
    struct reader own;

    int code = sd_config_begin(r, &node, sizeof(*sd), (void **)&sd, &own);
    if (code)
        return code;
    const struct key_table tables[] = {{keys, ARRAY_LEN(keys), &s},
                                       http_config_keys(&sd->server.http)};
    code = reader_map(&own, node, "http_sd_configs", tables, ARRAY_LEN(tables));
    if (!code)
        code = http_config_settle(&own, node->line, &sd->server.http);
    if (!code && !s.url.len)
        code = reader_bad(r, node->line, "http_sd_configs: url is missing");
    if (!code && s.refresh_ms < SD_REFRESH_MIN_MS)
        code = reader_bad(r, node->line, "http_sd_configs: refresh_interval is shorter than 1s");
    char *interval = arena_alloc(&sd->server.arena, NUM_MAX_TEXT);
    if (!code && !interval)
        code = reader_out_of_memory(r);
    if (code) {
        close_sd(sd);
        return code;
    }
    sd->server.base = s.url;
    sd->interval = str_make(interval, num_print(interval, (double)s.refresh_ms / 1000));
    return sd_config_end(r, &kind, sd, s.refresh_ms, node, s.url, ret);
}
