/* request.h - a connection and the request on it, as server.c and request.c share them. */
#ifndef ALGALON_HTTP_REQUEST_H
#define ALGALON_HTTP_REQUEST_H

#include "http/credentials.h"
#include "http/http.h"
#include "http/params.h"
#include "http/route.h"
#include "http/watch.h"

#define REQUEST_ARENA_MAX  ((size_t)256 << 20) /* of one request */
#define REQUEST_ARENA_KEEP 16384               /* kept by an idle connection */
#define REQUEST_HEADERS    24                  /* a handler may set */

struct MHD_Connection;
struct MHD_Response;

/* How far a request has come. The library calls again and again; this says what is next. */
enum stage {
    STAGE_NEW,       /* only the head is there */
    STAGE_AUTH,      /* suspended: a password is being hashed */
    STAGE_BODY,      /* gathering the body, or passing over it when `response` is set already */
    STAGE_WORK,      /* suspended: a slow handler runs */
    STAGE_ANSWERING, /* the answer is with the library */
};

struct header {
    const char *name, *value;
};

/* Lives as long as the connection; all but the first part is of the current request. */
struct http_request {
    struct watched watched;
    struct http_server *server;
    struct MHD_Connection *connection;
    const struct web_config *tls_config; /* of the daemon that took the connection */

    enum stage stage;
    enum verdict verdict;      /* of STAGE_AUTH, when it is over */
    bool counted;              /* among the server's requests in work */
    struct web_config *config; /* retained */
    struct arena arena;
    struct str target, raw_path, query; /* as sent */
    struct str method, path;
    struct route_match match;
    struct str part;
    struct params params;
    struct buf body;
    size_t charged;   /* bytes of the body counted against the server's bound */
    size_t discarded; /* bytes of a body that nobody wants */
    struct header headers[REQUEST_HEADERS];
    size_t header_len;
    struct MHD_Response *response; /* ours until it is queued */
    unsigned status;
};

/** Takes apart the request target; the arena holds the copies. Errors: -EINVAL, -ENOMEM. */
MUST_CHECK int request_begin(struct http_request *r, const char *target);

/** Undoes the body's coding and reads the parameters. On failure an answer stands ready and false
 * is returned. On the thread that runs the handler. */
MUST_CHECK bool request_prepare(struct http_request *r, size_t max_body);

/** Forgets the request, keeps the connection. Idempotent. */
void request_end(struct http_request *r);

/** Frees the body: nobody looks at it any more. */
void request_drop_body(struct http_request *r);

/** The length a body was announced with; UINT64_MAX when it comes in chunks; 0: none. */
uint64_t request_length(const struct http_request *r);

/** True when the handler has set this header of the answer. */
bool request_sets_header(const struct http_request *r, const char *name);

/** True for a request that a page of another site makes the browser send, to change something here:
 * it comes with the user's password or from within the loopback, but not by the user's will. */
bool request_is_forged(const struct http_request *r, const char *cors_origin);

/** Answers with an error, as JSON below /api/ (Prometheus's envelope), as text elsewhere. */
void request_fail(struct http_request *r, unsigned status, const char *text);

/** True when answers of this type shrink under gzip. */
bool request_is_compressible(struct str content_type);

#endif
