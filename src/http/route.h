/* route.h - which handler a path and a method belong to. */
#ifndef ALGALON_HTTP_ROUTE_H
#define ALGALON_HTTP_ROUTE_H

#include "http/http.h"

struct route_table {
    struct http_route *items; /* texts are ours */
    size_t len;
    bool any_slow;
};

/** Copies the routes. Errors: -EINVAL a path that does not start with '/', or no handler. */
MUST_CHECK int route_table_init(struct route_table *t, const struct http_route *routes, size_t n,
                                struct error *err);
void route_table_fini(struct route_table *t);

#define ROUTE_ALLOW_MAX 64 /* bytes of an Allow header, with its end */

/* What was found for a path. */
struct route_match {
    const struct http_route *route; /* NULL: no such path, or not with this method */
    struct str part;                /* what "*" or "**" stood for, still escaped */
    bool path_known;                /* some method is served here: 405 instead of 404 */
    char allow[ROUTE_ALLOW_MAX];    /* "GET, HEAD, POST, OPTIONS" */
};

/** Looks up a raw (still escaped) path. Exact paths win over patterns, those over prefixes, longer
 * prefixes over shorter ones. HEAD goes where GET goes. */
void route_find(const struct route_table *t, struct str method, struct str raw_path,
                struct route_match *ret);

#endif
