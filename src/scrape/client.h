/* client.h - many HTTP fetches at once on one thread: libcurl's multi interface over epoll.
 *
 * libcurl is opened when it is first needed and never linked: it brings thirty libraries with it,
 * which the worker shall not carry. client.c is this room's one door to it.
 *
 * Threads: every call from one thread at a time, but client_wake() from any. client_wait() touches
 * nothing that the others do, so a lock may be given up around it. */
#ifndef ALGALON_SCRAPE_CLIENT_H
#define ALGALON_SCRAPE_CLIENT_H

#include "base/base.h"
#include "scrape/config.h"

#define CLIENT_TRANSFERS_MAX 2048 /* at once; an idle one holds about 30 KB */

struct client;
struct transfer;

/* What to fetch; all borrowed during client_start(). */
struct client_request {
    struct str url, unix_socket; /* unix_socket: "" or where the server of the URL is */
    struct str accept;
    struct str form; /* "": it is got; else this is posted as a form */
    int64_t timeout_ms;
    uint64_t body_max; /* bytes on the wire and after unpacking */
    bool compress;     /* ask for gzip */
    const struct http_config *http;
    const struct http_header *extra; /* [extra_len] */
    size_t extra_len;
    void *owner; /* handed back by transfer_owner() */
    /* NULL, or who gets the body of an answer of status 200 as it comes, instead of
     * transfer_body(); false ends the fetch. */
    bool (*on_data)(void *owner, struct str bytes);
};

/** A client that has not opened libcurl yet. `user_agent` is copied. NULL when memory or file
 * descriptors are out. */
struct client *client_new(const char *user_agent);
/** Every transfer has been released before. NULL is fine. */
void client_free(struct client *c);

/** Opens libcurl; fine when it is open. Errors: -ELIBACC, it is not installed (err says which
 * package). */
MUST_CHECK int client_open(struct client *c, struct error *err);

/** How many connections may be kept open between fetches. */
void client_keep(struct client *c, size_t connections);

/** True when another fetch may be started. */
bool client_has_room(const struct client *c);

/** Starts a fetch. Errors: -EINVAL, -ENOMEM, or those of reading a password file. */
MUST_CHECK int client_start(struct client *c, const struct client_request *request,
                            struct transfer **ret, struct error *err);

/** Waits until something happens or `timeout_ms`. */
void client_wait(struct client *c, int timeout_ms);

/** Ends a client_wait() going on or the next one. */
void client_wake(struct client *c);

/** Works on what client_wait() saw. */
void client_process(struct client *c);

/** The next fetch that has ended, well or not, or NULL. It is then the caller's to release. */
struct transfer *client_next_done(struct client *c);

/** How it ended: 0, or -ETIMEDOUT, -EFBIG, -EPROTO (a status other than 200, or a head without
 * an end), -EIO with the reason. */
int transfer_result(const struct transfer *t, struct error *err);
void *transfer_owner(const struct transfer *t);
/** The HTTP status; 0 before there is one. */
long transfer_status(const struct transfer *t);
struct str transfer_body(const struct transfer *t);
struct str transfer_content_type(const struct transfer *t);
bool transfer_is_gzip(const struct transfer *t);
bool transfer_is_openmetrics(const struct transfer *t);
uint64_t transfer_body_max(const struct transfer *t);

/** Gives a transfer back, one that has not ended too. */
void client_release(struct client *c, struct transfer *t);

/**
 * Starts a fetch and waits for it; nothing else is under way in `c`. On success *ret is the
 * caller's, to client_release(). Errors: those of client_start() and transfer_result(); -ECANCELED,
 * *stop became true.
 */
MUST_CHECK int client_fetch(struct client *c, const struct client_request *request,
                            const atomic_bool *stop, struct transfer **ret, struct error *err);

#endif
