/* http.h - the HTTP server: listeners, routes, credentials, TLS, compression. server.c alone knows
 * libmicrohttpd.
 *
 * Threads, per listener: two event loops of the library, which run quick handlers; "http-slow-N"
 * run handlers marked `slow`, so that a long query never keeps /metrics waiting; "http-auth-1"
 * hashes passwords not seen before; "http-watch" (watch.h) closes who dawdles and feeds streams.
 * All wait for work or http_server_stop(). */
#ifndef ALGALON_HTTP_HTTP_H
#define ALGALON_HTTP_HTTP_H

#include "base/base.h"
#include "http/probe.h"

struct http_server;
struct http_request;

struct http_listener_options {
    const char *address; /* ":9400", "127.0.0.1:8428", "[::1]:3000"; a port of 0 takes a free one */
    const char *name;    /* for logs: "metrics" */
    const char *option;  /* the option that set the address, for errors: "--listen"; NULL: `name` */
    const char *web_config_file; /* Prometheus web configuration: TLS and basic auth; NULL: none */
    bool allow_open; /* may listen beyond loopback without credentials (metrics; or --no-auth) */
    uint64_t max_body_bytes;  /* 64 MiB; larger bodies are answered 413 */
    unsigned max_connections; /* 512; three quarters of them from one address */
    unsigned max_streams;     /* 128 */
    unsigned slow_threads;    /* 8 */
    unsigned slow_queue;      /* 128 requests that wait for one of them; more are answered 503 */
    const char *cors_origin;  /* Access-Control-Allow-Origin; NULL: none */
    /* How long a client may take for the head of its first request (15 s), between two requests
     * (120 s), for a body (120 s), to read an answer (300 s). */
    int64_t head_timeout_ms, idle_timeout_ms, body_timeout_ms, answer_timeout_ms;
};

void http_listener_options_init(struct http_listener_options *o);

typedef void http_handler(struct http_request *r, void *ctx);

struct http_route {
    const char *method; /* "GET" (HEAD too), "POST", "GET,POST" */
    const char *path; /* exact; or a pattern with one "*" segment ("/api/v1/label/" "*" "/values");
                         or a prefix ending in "/" "**" */
    http_handler *handle;
    void *ctx;
    bool slow; /* runs on the slow pool */
    bool open; /* answered without credentials (health) */
};

/**
 * Starts listening. `routes` is copied; contexts are borrowed until http_server_stop().
 * Errors: -EADDRINUSE, -EACCES, -EINVAL (address, web configuration with file and line), -EPERM
 * (beyond loopback without credentials): `err` names the listener's option and says what to do.
 */
MUST_CHECK int http_server_start(const struct http_listener_options *options,
                                 const struct http_route *routes, size_t route_len,
                                 struct http_server **ret, struct error *err);

/** Stops taking connections, lets running handlers finish for up to `grace_ms`, closes. NULL is
 * fine. */
void http_server_stop(struct http_server *s, int64_t grace_ms);

/** The port it listens on (useful after asking for 0). */
unsigned http_server_port(const struct http_server *s);

/* A web configuration with its certificates that was read and is not in force yet. Reading and
 * taking are two steps, so that who reloads several listeners takes all or none. */
struct http_fresh;

/** Reads the web configuration file and certificates again; nothing changes. Errors: -EINVAL with
 * file and line, what reading gives; -EPERM it would be open to other machines; -EBUSY connections
 * of earlier reloads are still open. */
MUST_CHECK int http_server_read(struct http_server *s, struct http_fresh **ret, struct error *err);
/** Takes what http_server_read() gave into use; `fresh` is gone in either case. On failure, which
 * only want of memory, files or threads causes, the old one stays. One thread at a time. */
MUST_CHECK int http_server_take(struct http_server *s, struct http_fresh *fresh, struct error *err);
void http_fresh_drop(struct http_fresh *fresh); /* NULL is fine */

/* ---- inside a handler; views live until it returns ---- */

struct str http_method(const struct http_request *r);    /* also "HEAD", where GET is routed */
struct str http_path(const struct http_request *r);      /* decoded */
struct str http_path_part(const struct http_request *r); /* what "*" or "**" stood for, decoded */
/** Path and query string as they were sent, for those who pass a request on. */
struct str http_target(const struct http_request *r);
/** A header of the request by name, whatever its case; ptr NULL when it is not there. */
struct str http_header(const struct http_request *r, const char *name);
/** True when the client takes gzip: then http_reply_shared() may be given such a body. */
bool http_accepts_gzip(const struct http_request *r);
/** The body, gzip and zstd undone by its Content-Encoding (bounded by max_body_bytes); snappy is
 * left to the handler. */
struct str http_body(const struct http_request *r);
/** First value of a parameter of the query string or of a form body; ptr NULL when it is not there.
 */
struct str http_param(const struct http_request *r, const char *name);
/** The i-th value of a parameter that may come several times; ptr NULL past the last. */
struct str http_param_at(const struct http_request *r, const char *name, size_t i);
/** Set while the client has gone away; poll it in long work. Never NULL. */
const atomic_bool *http_gone(const struct http_request *r);
/** Scratch memory that lives until the answer is sent (256 MiB at most). */
struct arena *http_arena(struct http_request *r);

/** Adds a header to the answer to come; texts are copied. */
void http_set_header(struct http_request *r, const char *name, const char *value);

/** Answers with `body` (taken over, emptied). Compressed when the client asks and it is worth it.
 * Once per request. */
void http_reply(struct http_request *r, unsigned status, const char *content_type,
                struct buf *body);
void http_reply_text(struct http_request *r, unsigned status, const char *content_type,
                     const char *text);
/** Answers with bytes that are kept alive until `release(owner)`; `encoding` "gzip" or NULL. No
 * copy. */
void http_reply_shared(struct http_request *r, unsigned status, const char *content_type,
                       const char *encoding, struct str body, void (*release)(void *owner),
                       void *owner);
/**
 * Answers as a stream (Server-Sent Events): `next` appends what there is to send by now to `to` and
 * never waits: one thread asks all streams of a listener, about every 100 ms. 0 go on (also with
 * nothing appended), negative ends the stream. `done` always runs last, once, also when there are
 * too many streams and the answer is 503.
 */
void http_reply_stream(struct http_request *r, const char *content_type,
                       int (*next)(void *ctx, struct buf *to), void (*done)(void *ctx), void *ctx);

/** Appends the next piece of an answer to `to`: 0 more can be made (also with nothing appended), 1
 * that was the last, negative it failed. `gone` as http_gone(). On a thread of the slow pool. */
typedef int http_next_piece(void *ctx, const atomic_bool *gone, struct buf *to);
/**
 * Answers with what may be larger than memory: `first` (taken over, emptied) now, a further piece
 * whenever the client has taken the one before. When `next` fails the connection is broken off, by
 * which the client sees that the answer is not whole. Only for routes that are `slow`; nothing of
 * the request may be used by `next`. `done` always runs last, once, also when there are too many
 * such answers and this one is 503.
 */
void http_reply_pieces(struct http_request *r, const char *content_type, struct buf *first,
                       http_next_piece *next, void (*done)(void *ctx), void *ctx);

struct http_stats {
    uint64_t requests_total;
    uint64_t errors_total;   /* answered with 400 or above */
    uint64_t bytes_total;    /* of answers' bodies, as sent */
    uint64_t connections;    /* now */
    uint64_t rejected_total; /* turned away because something was full */
    const char *name;        /* of the listener */
};
void http_get_stats(const struct http_server *s, struct http_stats *ret);

/** Reads a web configuration file and the certificates it names, and says what is wrong with them.
 * `*ret_credentials`: whether it keeps strangers out. Errors: -EINVAL with file and line; what
 * reading gives. */
MUST_CHECK int http_check_web_config(const char *path, bool *ret_credentials, struct error *err);

#endif
