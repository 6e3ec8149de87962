/* web.h - the pages: files compiled into the program, and the dashboards they draw. */
#ifndef ALGALON_WEB_WEB_H
#define ALGALON_WEB_WEB_H

#include "base/base.h"
#include "http/http.h"

struct web;

/**
 * Loads the shipped dashboards and those of `dashboard_dir` (NULL: none), which win over shipped
 * ones of the same uid. A broken file is no error: it is listed with what is wrong, file and line,
 * and shown so on its page.
 */
MUST_CHECK int web_open(const char *dashboard_dir, struct web **ret, struct error *err);
void web_close(struct web *w); /* NULL is fine */

/** Reads `dashboard_dir` again. */
void web_reload(struct web *w);

/** Routes of the pages: "/", "/assets/...", "/d/UID", GET /api/dashboards, GET
 * /api/dashboards/uid/UID. */
size_t web_routes(struct web *w, struct http_route *to, size_t max);

/** A shipped file by path ("index.html"); ptr NULL when there is none. gzip is how it is stored. */
struct str web_asset(const char *path, const char **ret_content_type);

#endif
