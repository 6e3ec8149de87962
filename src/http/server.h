/* server.h - a listener, as server.c and steps.c share it; the library's own types stay opaque. */
#ifndef ALGALON_HTTP_SERVER_H
#define ALGALON_HTTP_SERVER_H

#include "http/credentials.h"
#include "http/http.h"
#include "http/request.h"
#include "http/route.h"
#include "http/watch.h"

#define RETIRED_MAX 4 /* daemons that run dry */

struct generation; /* a running daemon of the library; server.c's */
struct pool;
struct body_gzip;

struct http_server {
    struct http_listener_options options;
    char *name, *option, *web_config_file, *cors_origin; /* copies behind `options` */
    struct route_table routes;
    int listen_fd;
    pthread_mutex_t reload_lock; /* one reload at a time */
    pthread_mutex_t lock;        /* config, current, retired, retired_len */
    struct web_config *config;
    struct generation *current;
    struct generation *retired[RETIRED_MAX];
    size_t retired_len;
    struct credentials *credentials;
    struct body_gzip *gzip;
    struct pool *slow, *auth;
    struct watch *watch;
    atomic_size_t in_work;      /* requests begun and not yet answered */
    atomic_size_t body_bytes;   /* of bodies in memory */
    atomic_size_t answer_bytes; /* of large answers in memory */
    atomic_size_t piece_answers;
    atomic_uint_fast64_t requests, errors, bytes, connections, rejected;
};

/* Takes the request's connection out of the library's loop, and puts it back: then its next step is
 * asked for. */
void server_suspend(struct http_request *r);
void server_resume(struct http_request *r);

/** The GnuTLS session of the request's connection, or NULL. */
void *server_tls_session(const struct http_request *r);

#endif
