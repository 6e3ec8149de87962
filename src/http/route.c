/* route.c - a linear walk: there are a few dozen routes. */
#include "http/route.h"

#include "http/params.h"

#include <stdlib.h>

int route_table_init(struct route_table *t, const struct http_route *routes, size_t n,
                     struct error *err)
{
    *t = (struct route_table){0};
    for (size_t i = 0; i < n; i++)
        if (!routes[i].path || routes[i].path[0] != '/' || !routes[i].method || !routes[i].handle)
            return error_set(err, -EINVAL, "route %zu (%s) is incomplete", i,
                             routes[i].path ? routes[i].path : "no path");
    t->items = xcalloc(n ? n : 1, sizeof(*t->items));
    t->len = n;
    for (size_t i = 0; i < n; i++) {
        t->items[i] = routes[i];
        t->items[i].method = xstrdup(routes[i].method);
        t->items[i].path = xstrdup(routes[i].path);
        t->any_slow |= routes[i].slow;
    }
    return 0;
}

static void free_text(const char *text)
{
    free((void *)(uintptr_t)text);
}

void route_table_fini(struct route_table *t)
{
    for (size_t i = 0; i < t->len; i++) {
        free_text(t->items[i].method);
        free_text(t->items[i].path);
    }
    free(t->items);
    *t = (struct route_table){0};
}

/* True when `raw`, its escapes undone, is `plain`; a broken escape is equal to nothing. */
static bool segment_is(struct str raw, struct str plain)
{
    if (!memchr(raw.ptr, '%', raw.len))
        return str_equal(raw, plain);
    struct arena a;
    struct str decoded;
    arena_init(&a, 0);
    bool same = params_decode(raw, false, &a, &decoded) == 0 && str_equal(decoded, plain);
    arena_fini(&a);
    return same;
}

enum fit {
    FIT_NONE,
    FIT_PREFIX,
    FIT_PATTERN,
    FIT_EXACT
};

/* How `raw` fits a route's path; *part is what the star stood for, *depth how many segments came
 * before it. */
static enum fit fits(struct str path, struct str raw, struct str *part, size_t *depth)
{
    enum fit fit = FIT_EXACT;

    *depth = 0;
    *part = STR("");
    while (path.ptr) {
        if (str_is(path, "**")) {
            *part = raw.ptr ? raw : STR("");
            return raw.ptr ? FIT_PREFIX : FIT_NONE;
        }
        if (!raw.ptr)
            return FIT_NONE;
        struct str want = str_cut(&path, '/'), have = str_cut(&raw, '/');
        if (str_is(want, "*")) {
            if (!have.len)
                return FIT_NONE;
            *part = have;
            fit = FIT_PATTERN;
        } else if (!segment_is(have, want)) {
            return FIT_NONE;
        }
        ++*depth;
    }
    return raw.ptr ? FIT_NONE : fit;
}

static bool takes(const struct http_route *route, struct str method)
{
    struct str list = str_of(route->method);

    while (list.ptr) {
        struct str one = str_cut(&list, ',');
        if (str_equal(one, method) || (str_is(one, "GET") && str_is(method, "HEAD")))
            return true;
    }
    return false;
}

static void write_allow(struct route_match *m, bool get, bool post, bool put, bool del)
{
    snprintf(m->allow, sizeof(m->allow), "%s%s%s%sOPTIONS", get ? "GET, HEAD, " : "",
             post ? "POST, " : "", put ? "PUT, " : "", del ? "DELETE, " : "");
}

void route_find(const struct route_table *t, struct str method, struct str raw_path,
                struct route_match *ret)
{
    enum fit best = FIT_NONE;
    size_t best_depth = 0;
    bool get = false, post = false, put = false, del = false;

    *ret = (struct route_match){.part = STR("")};
    for (size_t i = 0; i < t->len; i++) {
        const struct http_route *route = &t->items[i];
        struct str part;
        size_t depth;
        enum fit fit = fits(str_of(route->path), raw_path, &part, &depth);
        if (fit == FIT_NONE || fit < best || (fit == best && depth < best_depth))
            continue;
        if (fit > best || depth > best_depth) {
            get = post = put = del = false;
            ret->route = NULL;
            ret->part = STR("");
        }
        best = fit;
        best_depth = depth;
        ret->path_known = true;
        get |= takes(route, STR("GET"));
        post |= takes(route, STR("POST"));
        put |= takes(route, STR("PUT"));
        del |= takes(route, STR("DELETE"));
        if (!ret->route && takes(route, method)) {
            ret->route = route;
            ret->part = part;
        }
    }
    write_allow(ret, get, post, put, del);
}
