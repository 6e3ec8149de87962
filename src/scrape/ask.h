/* ask.h - one question to a JSON API, for discoveries. */
#ifndef ALGALON_SCRAPE_ASK_H
#define ALGALON_SCRAPE_ASK_H

#include "scrape/pull.h"

/* Who is asked: kept by a discovery. Everything lives in `arena`. */
struct ask_server {
    struct arena arena;
    struct http_config http;
    struct str base;        /* "http://host:port", without a slash at the end */
    struct str unix_socket; /* "" or its path */
};

/**
 * Fetches base + `path` and reads the answer into `a`. `extra` are headers beside those of the
 * configuration. Errors: those of fetching, -EINVAL it is no JSON; `json_type` wants the answer to
 * call itself application/json.
 */
MUST_CHECK int ask_json(const struct ask_server *server, const struct pull_context *ctx,
                        struct str path, const struct http_header *extra, size_t extra_len,
                        bool json_type, struct arena *a, const struct yaml_node **ret,
                        struct error *err);

/**
 * Starts a fetch of base + `path` whose answer goes to `on_data` as it comes; it ends after
 * `timeout_ms` at the latest. *ret is the caller's. Errors: those of client_start().
 */
MUST_CHECK int ask_stream(const struct ask_server *server, struct client *client, struct str path,
                          int64_t timeout_ms, bool (*on_data)(void *owner, struct str bytes),
                          void *owner, struct transfer **ret, struct error *err);

/** `path` without its query, to be shown. */
struct str ask_shown(struct str path);

#endif
