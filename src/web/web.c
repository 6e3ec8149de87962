/* web.c - serves the pages and the dashboards. Start at web_routes(). */
#include "web/internal.h"

#include "web/assets.h"

#include <ctype.h>

/* Scripts, styles and data come from here and nowhere else; nothing inline runs. */
#define POLICY                                                                                     \
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "              \
    "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"

struct catalog *web_catalog(struct web *w)
{
    pthread_mutex_lock(&w->lock);
    struct catalog *c = catalog_retain(w->catalog);
    pthread_mutex_unlock(&w->lock);
    return c;
}

/* Logs what is wrong with files: at the start and after a reload, not on every request. */
static void log_errors(const struct catalog *c)
{
    for (size_t i = 0; i < c->len; i++)
        if (c->items[i].error)
            log_warn("a dashboard file cannot be used", "error", c->items[i].error);
}

int web_open(const struct web_options *options, struct web **ret, struct error *err)
{
    struct web *w = xnew(struct web);
    int code = catalog_load(web_embedded_dashboards, web_embedded_dashboard_len,
                            options->dashboard_dir, options->kept_dir, &w->catalog, err);

    if (code) {
        free(w);
        return code;
    }
    w->dir = xstrdup(options->dashboard_dir);
    w->kept = xstrdup(options->kept_dir);
    w->read_only = options->read_only;
    w->series_now = options->series_now;
    w->ctx = options->ctx;
    pthread_mutex_init(&w->lock, NULL);
    pthread_mutex_init(&w->write_lock, NULL);
    log_errors(w->catalog);
    *ret = w;
    return 0;
}

void web_close(struct web *w)
{
    if (!w)
        return;
    catalog_release(w->catalog);
    pthread_mutex_destroy(&w->write_lock);
    pthread_mutex_destroy(&w->lock);
    free(w->kept);
    free(w->dir);
    free(w);
}

void web_reload(struct web *w)
{
    struct error err = {0};
    struct catalog *fresh, *old;

    if (catalog_load(web_embedded_dashboards, web_embedded_dashboard_len, w->dir, w->kept, &fresh,
                     &err)) {
        log_warn("dashboards not reloaded", "error", err.text);
        return;
    }
    log_errors(fresh);
    pthread_mutex_lock(&w->lock);
    old = w->catalog;
    w->catalog = fresh;
    pthread_mutex_unlock(&w->lock);
    catalog_release(old);
}

int web_file_text(const struct web *w, const struct dashboard_file *d, struct buf *to,
                  struct error *err)
{
    struct buf path;

    if (d->origin == DASHBOARD_SHIPPED) {
        for (size_t i = 0; i < web_embedded_dashboard_len; i++) {
            const struct asset *a = &web_embedded_dashboards[i];
            if (!strcmp(a->path, d->file))
                buf_add(to, a->bytes, a->len);
        }
        return to->failed ? error_errno(err, -ENOMEM, "%s", d->file) : 0;
    }
    buf_init(&path, 0);
    buf_printf(&path, "%s/%s", d->origin == DASHBOARD_KEPT ? w->kept : w->dir, d->file);
    char *p = buf_take(&path);
    int code =
        p ? file_read(p, DASHBOARD_MAX_BYTES, to, err) : error_errno(err, -ENOMEM, "%s", d->file);
    free(p);
    return code;
}

/* ---- answers ---- */

void web_safe_headers(struct http_request *r)
{
    http_set_header(r, "X-Content-Type-Options", "nosniff");
    http_set_header(r, "Referrer-Policy", "no-referrer");
}

static void reply_asset(struct http_request *r, const struct asset *a)
{
    if (http_accepts_gzip(r)) {
        http_reply_shared(r, 200, a->content_type, "gzip", str_make((const char *)a->bytes, a->len),
                          NULL, NULL);
        return;
    }
    struct buf plain;
    buf_init(&plain, 0);
    if (asset_plain(a, &plain)) {
        buf_fini(&plain);
        http_reply_text(r, 500, "text/plain; charset=utf-8", "out of memory\n");
        return;
    }
    http_reply(r, 200, a->content_type, &plain);
}

void web_refuse(struct http_request *r, unsigned status, const char *what)
{
    struct buf b;

    buf_init(&b, 0);
    buf_text(&b, "{\"message\":");
    buf_json(&b, str_of(what));
    buf_char(&b, '}');
    http_reply(r, status, "application/json", &b);
}

void web_tag(uint64_t hash, char tag[WEB_TAG_SIZE])
{
    snprintf(tag, WEB_TAG_SIZE, "\"%016" PRIx64 "\"", hash);
}

/* Percent-encodes all but what a path segment may hold as it is. */
static void add_encoded(struct buf *b, const char *text)
{
    for (const unsigned char *c = (const unsigned char *)text; *c; c++) {
        if (isalnum(*c) || strchr("-._~", *c))
            buf_char(b, (char)*c);
        else
            buf_printf(b, "%%%02X", *c);
    }
}

/* Tells the browser what the page will ask for first, so that it comes beside the scripts. */
static void set_preload(struct http_request *r, const char *uid)
{
    struct buf b;

    buf_init(&b, 0);
    buf_text(&b, "</api/dashboards>; rel=preload; as=fetch; crossorigin");
    if (uid) {
        buf_text(&b, ", </api/dashboards/uid/");
        add_encoded(&b, uid);
        buf_text(&b, ">; rel=preload; as=fetch; crossorigin");
    }
    char *text = buf_take(&b);
    if (text)
        http_set_header(r, "Link", text);
    free(text);
}

static void reply_page(struct http_request *r)
{
    web_safe_headers(r);
    http_set_header(r, "Content-Security-Policy", POLICY);
    http_set_header(r, "Cache-Control", "no-cache");
    reply_asset(r, asset_get(STR("index.html")));
}

static void page(struct http_request *r, struct web *w, struct str uid)
{
    struct catalog *c = web_catalog(w);
    const struct dashboard_file *d = uid.len ? catalog_get(c, uid) : catalog_first(c);

    set_preload(r, d && !d->error ? d->uid : NULL);
    catalog_release(c);
    reply_page(r);
}

static void get_page(struct http_request *r, void *ctx)
{
    struct str uid = http_path_part(r);

    page(r, ctx, uid.ptr ? str_cut(&uid, '/') : uid);
}

/* A page beside the dashboards: it asks for none of them. */
static void get_other_page(struct http_request *r, void *ctx)
{
    (void)ctx;
    set_preload(r, NULL);
    reply_page(r);
}

static void get_asset(struct http_request *r, void *ctx)
{
    struct str path = http_path(r);
    const struct asset *a = NULL;

    (void)ctx;
    if (path.len)
        a = asset_get(str_make(path.ptr + 1, path.len - 1));
    web_safe_headers(r);
    if (!a) {
        web_refuse(r, 404, "there is no such file");
        return;
    }
    /* their names change with their content */
    http_set_header(r, "Cache-Control", "public, max-age=31536000, immutable");
    reply_asset(r, a);
}

/* Answers with JSON that clients may keep as long as it has not changed. */
static void reply_json(struct http_request *r, struct str json, uint64_t hash)
{
    struct buf body;
    char tag[WEB_TAG_SIZE];
    struct str known = http_header(r, "If-None-Match");

    web_tag(hash, tag);
    web_safe_headers(r);
    http_set_header(r, "Cache-Control", "no-cache");
    http_set_header(r, "ETag", tag);
    buf_init(&body, 0);
    if (known.ptr && str_contains(known, str_of(tag))) {
        http_reply(r, 304, "application/json", &body);
        return;
    }
    buf_str_add(&body, json);
    http_reply(r, 200, "application/json", &body);
}

static void get_list(struct http_request *r, void *ctx)
{
    struct catalog *c = web_catalog(ctx);
    struct str list = buf_str(&c->list);

    reply_json(r, list, hash_bytes(list.ptr, list.len));
    catalog_release(c);
}

static void get_dashboard(struct http_request *r, void *ctx)
{
    struct catalog *c = web_catalog(ctx);
    const struct dashboard_file *d = catalog_get(c, http_path_part(r));

    if (!d) {
        web_refuse(r, 404, "there is no such dashboard");
    } else if (d->error) {
        web_refuse(r, 422, d->error);
    } else {
        reply_json(r, buf_str(&d->answer), d->hash);
    }
    catalog_release(c);
}

size_t web_routes(struct web *w, struct http_route *to, size_t max)
{
    const struct http_route routes[] = {
        {.method = "GET", .path = "/", .handle = get_page, .ctx = w},
        {.method = "GET", .path = "/d/**", .handle = get_page, .ctx = w},
        {.method = "GET", .path = "/explore", .handle = get_other_page, .ctx = w},
        {.method = "GET", .path = "/graph", .handle = get_other_page, .ctx = w},
        {.method = "GET", .path = "/alerts", .handle = get_other_page, .ctx = w},
        {.method = "GET", .path = "/rules", .handle = get_other_page, .ctx = w},
        {.method = "GET", .path = "/targets", .handle = get_other_page, .ctx = w},
        {.method = "GET", .path = "/dashboards", .handle = get_other_page, .ctx = w},
        {.method = "GET", .path = "/assets/**", .handle = get_asset, .ctx = w},
        {.method = "GET", .path = "/api/dashboards", .handle = get_list, .ctx = w},
        {.method = "GET", .path = "/api/dashboards/uid/*", .handle = get_dashboard, .ctx = w},
        {.method = "PUT",
         .path = "/api/dashboards/uid/*",
         .handle = edit_put,
         .ctx = w,
         .slow = true},
        {.method = "DELETE",
         .path = "/api/dashboards/uid/*",
         .handle = edit_delete,
         .ctx = w,
         .slow = true},
        {.method = "GET",
         .path = "/api/dashboards/uid/*/file",
         .handle = edit_file,
         .ctx = w,
         .slow = true},
        {.method = "GET",
         .path = "/api/dashboards/uid/*/versions",
         .handle = edit_versions,
         .ctx = w,
         .slow = true},
        {.method = "POST",
         .path = "/api/dashboards/check",
         .handle = edit_check,
         .ctx = w,
         .slow = true},
    };
    _Static_assert(ARRAY_LEN(routes) <= WEB_ROUTES_MAX, "WEB_ROUTES_MAX is too small");
    size_t n = MIN(ARRAY_LEN(routes), max);

    memcpy(to, routes, n * sizeof(*to));
    return n;
}
