/* assets.h - the files compiled into the program: the pages, and the shipped dashboards. The tables
 * are made by cmake/embed.cmake. */
#ifndef ALGALON_WEB_ASSETS_H
#define ALGALON_WEB_ASSETS_H

#include "base/base.h"

struct asset {
    const char *path;         /* "index.html", "assets/app-0123456789ab.js" */
    const char *content_type; /* NULL for dashboards */
    const unsigned char *bytes;
    size_t len;
    size_t
        plain_len; /* of the content when `bytes` is its gzip form; equal to len for dashboards */
};

/* The pages, gzip; index.html is always there (a plain one when built without pages). */
extern const struct asset web_embedded_pages[];
extern const size_t web_embedded_page_len;

/* dashboards/ of the repository, as they are; path is the file's name. */
extern const struct asset web_embedded_dashboards[];
extern const size_t web_embedded_dashboard_len;

/** The page file at `path`, or NULL. */
const struct asset *asset_get(struct str path);

/** Undoes the gzip of a page file into `ret` (appended). Errors: -ENOMEM, -EINVAL. */
MUST_CHECK int asset_plain(const struct asset *a, struct buf *ret);

#endif
