/* edit.c - dashboards that users keep: written, taken away, their earlier versions; and the look at
 * a file before it is taken: which of its panels would be empty here, and why.
 *
 * A change has to come as application/json from a page of this very host or from no page at all:
 * what a page of another site makes a browser send is refused here and in http/ (Fetch Metadata).
 */
#include "web/internal.h"

#include "migrate/migrate.h"
#include "web/kept.h"

#include <stdlib.h>

#define CHECK_NAMES_MAX ((size_t)256 << 20) /* of an exposition of all series */

/* ---- who may ---- */

static bool is_json(const struct http_request *r)
{
    struct str type = http_header(r, "Content-Type");

    if (!type.ptr)
        return false;
    type = str_trim(str_cut(&type, ';'));
    return type.len == strlen("application/json") &&
           strncasecmp(type.ptr, "application/json", type.len) == 0;
}

/* For browsers that tell nothing else (no Fetch Metadata): a page's origin is this host's. */
static bool is_of_this_origin(const struct http_request *r)
{
    struct str origin = http_header(r, "Origin"), host = http_header(r, "Host");

    if (!origin.ptr || http_header(r, "Sec-Fetch-Site").ptr)
        return true; /* no page, or one that http/ has judged */
    struct str rest = origin;
    str_cut(&rest, '/');
    str_cut(&rest, '/');
    return rest.ptr && host.ptr && str_equal(rest, host);
}

static bool may_send(struct http_request *r)
{
    web_safe_headers(r);
    if (!is_json(r)) {
        web_refuse(r, 415, "send it as Content-Type: application/json");
        return false;
    }
    if (!is_of_this_origin(r)) {
        web_refuse(r, 403, "a page of another origin asks for this");
        return false;
    }
    return true;
}

static bool may_write(const struct web *w, struct http_request *r)
{
    if (!may_send(r))
        return false;
    if (w->kept && !w->read_only)
        return true;
    web_refuse(r, 403,
               w->kept ? "dashboards cannot be changed here: --dashboards-read-only"
                       : "dashboards cannot be kept here: there is no data directory");
    return false;
}

/* ---- answers ---- */

static void refuse_error(struct http_request *r, int code, const struct error *err)
{
    web_refuse(r,
               code == -ENOSPC || code == -EDQUOT ? 507
               : code == -ENOENT                  ? 404
                                                  : 500,
               err->text);
}

/* What is wrong with a file that was sent, with its place. */
static void refuse_file(struct http_request *r, const struct dashboard_file *d)
{
    struct buf b;

    buf_init(&b, 0);
    buf_text(&b, "{\"message\":");
    buf_json(&b, str_of(d->error));
    if (d->line)
        buf_printf(&b, ",\"line\":%zu,\"column\":%zu", d->line, d->column);
    buf_char(&b, '}');
    http_reply(r, 422, "application/json", &b);
}

/* ---- writing ---- */

/* A file for reading only stands at this uid: says under which one a copy can be saved. */
static void refuse_taken(struct http_request *r, const struct catalog *c,
                         const struct dashboard_file *d)
{
    struct buf b, uid;

    buf_init(&b, 0);
    buf_init(&uid, 0);
    catalog_free_uid(c, str_of(d->uid), &uid);
    buf_text(&b, "{\"message\":");
    struct buf words;
    buf_init(&words, 0);
    buf_printf(
        &words, "\"%s\" is a dashboard %s, for reading only: save a copy under another uid", d->uid,
        d->origin == DASHBOARD_SHIPPED ? "that comes with Algalon" : "of a file (--dashboards)");
    buf_json(&b, buf_str(&words));
    buf_text(&b, ",\"freeUid\":");
    buf_json(&b, buf_str(&uid));
    buf_char(&b, '}');
    buf_fini(&words);
    buf_fini(&uid);
    http_reply(r, 409, "application/json", &b);
}

/* False, answered, where what the client has seen is not what is there. `d` NULL: nothing is. */
static bool is_as_seen(struct http_request *r, const struct dashboard_file *d)
{
    struct str match = http_header(r, "If-Match"), none = http_header(r, "If-None-Match");
    char tag[WEB_TAG_SIZE] = "";

    if (d)
        web_tag(d->hash, tag);
    if (match.ptr && !str_is(match, "*") && !(d && str_contains(match, str_of(tag)))) {
        web_refuse(r, 412,
                   d ? "somebody has changed this dashboard since you opened it"
                     : "somebody has deleted this dashboard since you opened it");
        return false;
    }
    if ((match.ptr && !d) || (none.ptr && str_is(none, "*") && d)) {
        web_refuse(r, 412,
                   d ? "there is a dashboard of this uid already" : "there is no such dashboard");
        return false;
    }
    return true;
}

/* Whether the text that was sent can be kept under `uid`; else answered. */
static bool is_sound(struct http_request *r, struct str uid, struct str text)
{
    struct dashboard_file d;
    char name[DASHBOARD_MAX_UID + 8];

    snprintf(name, sizeof(name), "%.*s.json", STR_ARG(uid));
    dashboard_file_init(&d, name, text, DASHBOARD_KEPT);
    if (!d.error && !str_is(uid, d.uid))
        dashboard_file_fail(&d, ": its \"uid\" is \"%s\": write \"%.*s\", under which it is sent",
                            d.uid, STR_ARG(uid));
    bool sound = !d.error;
    if (!sound)
        refuse_file(r, &d);
    dashboard_file_fini(&d);
    return sound;
}

static void reply_saved(struct http_request *r, struct web *w, struct str uid, bool is_new)
{
    struct catalog *c = web_catalog(w);
    const struct dashboard_file *d = catalog_get(c, uid);
    char tag[WEB_TAG_SIZE] = "";
    struct buf b;

    if (d)
        web_tag(d->hash, tag);
    http_set_header(r, "ETag", tag);
    buf_init(&b, 0);
    buf_text(&b, "{\"uid\":");
    buf_json(&b, uid);
    buf_printf(&b, ",\"url\":\"/d/%.*s\"}", STR_ARG(uid));
    http_reply(r, is_new ? 201 : 200, "application/json", &b);
    catalog_release(c);
}

/* Under write_lock. */
static void put(struct web *w, struct http_request *r, struct str uid, const struct catalog *c)
{
    const struct dashboard_file *d = catalog_get(c, uid);
    struct error err = {0};
    bool is_new = true;

    if (d && d->origin != DASHBOARD_KEPT) {
        refuse_taken(r, c, d);
        return;
    }
    if (!is_as_seen(r, d) || !is_sound(r, uid, http_body(r)))
        return;
    int code = kept_put(w->kept, uid, http_body(r), &is_new, &err);
    if (code) {
        log_warn("a dashboard could not be kept", "error", err.text);
        refuse_error(r, code, &err);
        return;
    }
    web_reload(w);
    reply_saved(r, w, uid, is_new);
}

void edit_put(struct http_request *r, void *ctx)
{
    struct web *w = ctx;
    struct str uid = http_path_part(r);

    if (!may_write(w, r))
        return;
    if (!kept_is_uid(uid)) {
        web_refuse(
            r, 422,
            "a uid has letters, digits, _, - and ., 128 of them at most, and no . before all");
        return;
    }
    if (http_body(r).len > DASHBOARD_MAX_BYTES) {
        web_refuse(r, 413, "a dashboard has 4 MiB at most");
        return;
    }
    pthread_mutex_lock(&w->write_lock);
    struct catalog *c = web_catalog(w);
    put(w, r, uid, c);
    catalog_release(c);
    pthread_mutex_unlock(&w->write_lock);
}

/* The uid under which a kept file stands in its folder: that of its name. */
static struct str kept_uid(const struct dashboard_file *d)
{
    struct str name = str_of(d->file);

    name.len -= str_ends(name, STR(".json")) ? strlen(".json") : 0;
    return name;
}

void edit_delete(struct http_request *r, void *ctx)
{
    struct web *w = ctx;
    struct error err = {0};

    if (!may_write(w, r))
        return;
    pthread_mutex_lock(&w->write_lock);
    struct catalog *c = web_catalog(w);
    const struct dashboard_file *d = catalog_get(c, http_path_part(r));
    int code = 0;
    if (!d)
        web_refuse(r, 404, "there is no such dashboard");
    else if (d->origin != DASHBOARD_KEPT)
        refuse_taken(r, c, d);
    else if (is_as_seen(r, d)) {
        code = kept_is_uid(kept_uid(d))
                   ? kept_remove(w->kept, kept_uid(d), &err)
                   : error_set(&err, -EINVAL, "%s: remove this file by hand", d->file);
        if (code) {
            refuse_error(r, code, &err);
        } else {
            web_reload(w);
            web_refuse(r, 200, "deleted; its versions are kept");
        }
    }
    catalog_release(c);
    pthread_mutex_unlock(&w->write_lock);
}

/* ---- reading ---- */

void edit_file(struct http_request *r, void *ctx)
{
    struct web *w = ctx;
    struct catalog *c = web_catalog(w);
    const struct dashboard_file *d = catalog_get(c, http_path_part(r));
    struct error err = {0};
    char tag[WEB_TAG_SIZE];
    struct buf text;

    web_safe_headers(r);
    buf_init(&text, 0);
    int code = d ? web_file_text(w, d, &text, &err)
                 : error_set(&err, -ENOENT, "there is no such dashboard");
    if (code) {
        buf_fini(&text);
        refuse_error(r, code, &err);
    } else {
        web_tag(d->hash, tag);
        http_set_header(r, "ETag", tag);
        http_set_header(r, "Cache-Control", "no-store");
        http_reply(r, 200, "application/json", &text);
    }
    catalog_release(c);
}

void edit_versions(struct http_request *r, void *ctx)
{
    struct web *w = ctx;
    struct str uid = http_path_part(r), wanted = http_param(r, "version");
    struct error err = {0};
    uint64_t version = 0;
    struct buf b;
    int code = 0;

    web_safe_headers(r);
    http_set_header(r, "Cache-Control", "no-store");
    if (wanted.ptr && !num_parse_u64(wanted, &version)) {
        web_refuse(r, 400, "version is a number");
        return;
    }
    buf_init(&b, 0);
    if (!w->kept || !kept_is_uid(uid)) {
        if (wanted.ptr)
            code = error_set(&err, -ENOENT, "there is no such version");
        else
            buf_text(&b, "[]");
    } else if (wanted.ptr) {
        code = kept_version(w->kept, uid, version, &b, &err);
    } else {
        code = kept_versions(w->kept, uid, &b);
        if (code)
            error_errno(&err, code, "versions");
    }
    if (code) {
        buf_fini(&b);
        refuse_error(r, code, &err);
    } else {
        http_reply(r, 200, "application/json", &b);
    }
}

/* ---- before it is taken ---- */

/* What a dashboard is held against: a schema by its name, or what this host has. */
static int read_known(const struct web *w, struct str against, struct known *ret, struct error *err)
{
    struct buf text;

    if (str_is(against, "all-smi") || str_is(against, "dcgm"))
        return known_from_schema(str_is(against, "dcgm") ? "dcgm" : "all-smi", ret, err);
    if (against.len)
        return error_set(err, -EINVAL, "against is all-smi, dcgm, or nothing for this host");
    if (!w->series_now)
        return error_set(err, -EINVAL, "nobody here knows which metrics there are");
    buf_init(&text, CHECK_NAMES_MAX);
    int code = w->series_now(w->ctx, &text, err);
    if (!code)
        code = known_from_exposition("this host", buf_str(&text), ret, err);
    buf_fini(&text);
    return code;
}

static void reply_check(struct http_request *r, struct str text, const struct known *k)
{
    struct report report, repairs;
    struct error err = {0};
    struct buf b, fixed;

    report_init(&report);
    report_init(&repairs);
    report_file(&report, "dashboard");
    report_file(&repairs, "dashboard");
    buf_init(&b, 0);
    buf_init(&fixed, 4 * DASHBOARD_MAX_BYTES);
    dashboard_check(text, k, &report);
    int code = dashboard_fix(text, k, &repairs, &fixed, &err);
    buf_text(&b, "{\"report\":");
    report_print_json(&report, &b);
    buf_text(&b, ",\"fixed\":");
    if (code || str_equal(buf_str(&fixed), text))
        buf_text(&b, "null");
    else
        buf_json(&b, buf_str(&fixed));
    buf_char(&b, '}');
    http_reply(r, 200, "application/json", &b);
    buf_fini(&fixed);
    report_fini(&repairs);
    report_fini(&report);
}

void edit_check(struct http_request *r, void *ctx)
{
    struct str against = http_param(r, "against");
    struct error err = {0};
    struct known known;

    if (!may_send(r))
        return;
    if (http_body(r).len > DASHBOARD_MAX_BYTES) {
        web_refuse(r, 413, "a dashboard has 4 MiB at most");
        return;
    }
    int code = read_known(ctx, against, &known, &err);
    if (code) {
        web_refuse(r, code == -EINVAL ? 400 : code == -ENODATA ? 409 : 500, err.text);
        return;
    }
    reply_check(r, http_body(r), &known);
    known_fini(&known);
}
