/* web.h - the pages: files compiled into the program, and the dashboards they draw. */
#ifndef ALGALON_WEB_WEB_H
#define ALGALON_WEB_WEB_H

#include "base/base.h"
#include "http/http.h"

#define WEB_ROUTES_MAX 24

struct web;

/* Borrowed for the life of the pages. */
struct web_options {
    const char *dashboard_dir; /* files for reading; NULL: none */
    const char *kept_dir;      /* where users' dashboards are kept; NULL: nowhere */
    bool read_only;            /* what is kept is shown, and cannot be changed */
    /* Appends the newest sample of every series there is as an exposition; NULL: nobody knows. */
    int (*series_now)(void *ctx, struct buf *to, struct error *err);
    void *ctx;
};

/**
 * Loads the shipped dashboards, those of `dashboard_dir`, which win over shipped ones of the same
 * uid, and those that are kept. A broken file is no error: it is listed with what is wrong, file
 * and line, and shown so on its page.
 */
MUST_CHECK int web_open(const struct web_options *options, struct web **ret, struct error *err);
void web_close(struct web *w); /* NULL is fine */

/** Reads both folders again. */
void web_reload(struct web *w);

/** Routes of the pages: "/", "/assets/...", "/d/UID", and all below /api/dashboards. */
size_t web_routes(struct web *w, struct http_route *to, size_t max);

/** A shipped file by path ("index.html"); ptr NULL when there is none. gzip is how it is stored. */
struct str web_asset(const char *path, const char **ret_content_type);

#endif
