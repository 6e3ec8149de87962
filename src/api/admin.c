/* admin.c - what changes or copies the whole store: only with --web.enable-admin-api. Paths and
 * shapes are Prometheus's, and those of VictoriaMetrics where its tools ask for them. */
#include "api/answer.h"
#include "api/ask.h"
#include "api/families.h"
#include "api/refusal.h"

#include <dirent.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <time.h>

#define FOLDER "/snapshots"

static bool is_allowed(struct http_request *r, const struct api *api)
{
    if (!api->admin)
        answer_error(r, 403, "unavailable",
                     "admin APIs are off: start with --web.enable-admin-api");
    return api->admin;
}

static char *folder_of(const struct api *api, struct str name)
{
    struct buf path;

    buf_init(&path, 0);
    buf_printf(&path, "%s" FOLDER "%s%.*s", api->data_dir, name.len ? "/" : "", STR_ARG(name));
    return buf_take(&path);
}

/* A name as snapshots have it, and nothing that leads elsewhere. */
static bool is_name(struct str name)
{
    for (size_t i = 0; i < name.len; i++)
        if (!((name.ptr[i] >= '0' && name.ptr[i] <= '9') || name.ptr[i] == 'T' ||
              name.ptr[i] == 'Z' || name.ptr[i] == '-'))
            return false;
    return name.len > 0;
}

/* 20261128T051234Z-0123: the time, and milliseconds so that two of a second differ. */
static void make_name(char *to, size_t size)
{
    int64_t now_ms = clock_now_ms();
    time_t seconds = (time_t)(now_ms / 1000);
    struct tm tm = {0};
    char text[32];

    gmtime_r(&seconds, &tm);
    strftime(text, sizeof(text), "%Y%m%dT%H%M%SZ", &tm);
    snprintf(to, size, "%s-%04d", text, (int)(now_ms % 1000));
}

static int make_snapshot(struct api *api, char *name, size_t size, struct error *err)
{
    char *folder = folder_of(api, STR("")), *path;
    int code = folder ? file_mkdirs(folder, err) : error_errno(err, -ENOMEM, "snapshot");

    free(folder);
    if (code)
        return code;
    make_name(name, size);
    path = folder_of(api, str_of(name));
    code = path ? store_backup(api->store, path, err) : error_errno(err, -ENOMEM, "snapshot");
    if (!code)
        log_info("snapshot made", "dir", path);
    free(path);
    return code;
}

void admin_snapshot(struct http_request *r, void *ctx)
{
    struct api *api = ctx;
    struct error err;
    struct buf body;
    char name[40];

    if (!is_allowed(r, api))
        return;
    if (make_snapshot(api, name, sizeof(name), &err)) {
        log_error("snapshot failed", "error", err.text);
        answer_error(r, 500, "internal", "%s", err.text);
        return;
    }
    answer_begin(api, &body);
    buf_printf(&body, "{\"name\":\"%s\"}", name);
    answer_finish(r, &body, NULL, NULL);
}

static int delete_selected(struct api *api, const struct ask_selectors *selected, int64_t start_ms,
                           int64_t end_ms, struct error *err)
{
    struct store_deletion result;

    return store_delete(api->store, selected->items, selected->len, start_ms, end_ms, &result, err);
}

void admin_delete_series(struct http_request *r, void *ctx)
{
    struct api *api = ctx;
    struct ask_selectors selected = {0};
    int64_t start_ms = 0, end_ms = INT64_MAX - 1;
    struct error err;

    if (!is_allowed(r, api))
        return;
    if (ask_selectors(r, true, &selected) && ask_time(r, "start", &start_ms) &&
        ask_time(r, "end", &end_ms)) {
        int code = delete_selected(api, &selected, start_ms, end_ms, &err);
        if (code) {
            log_error("deleting series failed", "error", err.text);
            if (code == -ERANGE)
                answer_error(r, 422, "execution", "%s", err.text);
            else
                refusal_of_store(r, &err);
        } else {
            http_reply_text(r, 204, "text/plain", "");
        }
    }
    ask_selectors_fini(&selected);
}

/* Deletion leaves no tombstones: what is deleted is gone from the files when it is answered. */
void admin_clean_tombstones(struct http_request *r, void *ctx)
{
    if (is_allowed(r, ctx))
        http_reply_text(r, 204, "text/plain", "");
}

/* ---- VictoriaMetrics' names ---- */

static void reply_ok(struct http_request *r, const char *key, const char *value)
{
    struct buf body;

    buf_init(&body, 0);
    buf_text(&body, "{\"status\":\"ok\"");
    if (key)
        buf_printf(&body, ",\"%s\":\"%s\"", key, value);
    buf_char(&body, '}');
    http_reply(r, 200, "application/json", &body);
}

static void reply_failed(struct http_request *r, unsigned status, const char *why)
{
    struct buf body;

    buf_init(&body, 0);
    buf_text(&body, "{\"status\":\"error\",\"msg\":");
    buf_json(&body, str_of(why));
    buf_char(&body, '}');
    http_reply(r, status, "application/json", &body);
}

void admin_snapshot_create(struct http_request *r, void *ctx)
{
    struct api *api = ctx;
    struct error err;
    char name[40];

    if (!is_allowed(r, api))
        return;
    if (make_snapshot(api, name, sizeof(name), &err))
        reply_failed(r, 500, err.text);
    else
        reply_ok(r, "snapshot", name);
}

void admin_snapshot_list(struct http_request *r, void *ctx)
{
    struct api *api = ctx;
    struct dirent **found = NULL;
    struct buf body;

    if (!is_allowed(r, api))
        return;
    char *folder = folder_of(api, STR(""));
    int n = folder ? scandir(folder, &found, NULL, alphasort) : 0; /* no folder: there are none */
    bool any = false;
    free(folder);
    buf_init(&body, 0);
    buf_text(&body, "{\"status\":\"ok\",\"snapshots\":[");
    for (int i = 0; i < n; i++) {
        if (is_name(str_of(found[i]->d_name))) {
            buf_printf(&body, "%s\"%s\"", any ? "," : "", found[i]->d_name);
            any = true;
        }
        free(found[i]);
    }
    free(found);
    buf_text(&body, "]}");
    http_reply(r, 200, "application/json", &body);
}

void admin_snapshot_delete(struct http_request *r, void *ctx)
{
    struct api *api = ctx;
    struct str name = http_param(r, "snapshot");
    struct stat st;

    if (!is_allowed(r, api))
        return;
    char *path = is_name(name) ? folder_of(api, name) : NULL;
    if (!path || lstat(path, &st)) {
        free(path);
        reply_failed(r, 404, "there is no such snapshot");
        return;
    }
    int code = file_remove_tree(path);
    free(path);
    if (code)
        reply_failed(r, 500, strerror(-code));
    else
        reply_ok(r, NULL, NULL);
}

/* As there, the answer comes at once; algalon_store_settle_requested tells when it is done. */
void admin_force_merge(struct http_request *r, void *ctx)
{
    struct api *api = ctx;

    if (!is_allowed(r, api))
        return;
    store_request_settle(api->store);
    http_reply_text(r, 200, "text/plain", "");
}
