/* pull.h - discoveries that ask something over the network: an HTTP server, DNS, the APIs of
 * Kubernetes and Docker. Asking may take long; it is done on threads of its own, and what came of
 * it is taken over when discoveries are looked at next.
 *
 * Threads: "discover-N", started when there is something to ask, each with one request at a time;
 * they wait for the next turn. A server that hangs holds one of them until its timeout. "watch-N",
 * one for each discovery that waits for its server to tell of changes. */
#ifndef ALGALON_SCRAPE_PULL_H
#define ALGALON_SCRAPE_PULL_H

#include "scrape/client.h"
#include "scrape/discovery.h"

#define PULL_THREADS_MAX 4
#define PULL_WATCHES_MAX 32
#define PULL_TIMEOUT_MS  30000
#define PULL_BODY_MAX    ((uint64_t)256 << 20) /* of one answer */

/* What a question is asked with. */
struct pull_context {
    struct client *client;   /* for client_fetch(); the asking thread's own */
    const atomic_bool *stop; /* give up when it becomes true */
    const char *dns_server;  /* "address:port"; NULL: those of /etc/resolv.conf */
    const char *account_dir; /* of a pod's service account, with a slash at the end */
    const char *user_agent;
    int64_t patience_ms; /* how long a kind that waits may wait; 0: it must not */
};

struct pull_kind {
    const char *name;
    bool http;  /* needs libcurl */
    bool waits; /* a question may wait for changes: it has a thread of its own */
    /* Fills the empty list `ret`. May wait. On failure what was found before stays. */
    int (*ask)(void *self, const struct pull_context *ctx, struct group_list *ret,
               struct error *err);
    void (*close)(void *self);
};

/** A discovery of this kind; `self` is its from now on. `key` as in struct discovery, `what` names
 * it in messages and is copied. NULL when memory is out (`self` stays the caller's). */
struct discovery *pull_new(const struct pull_kind *kind, void *self, int64_t refresh_ms,
                           uint64_t key, const char *what);

struct scrape_config;

/* The threads that ask. */
struct pullers;

struct pullers_options {
    pthread_mutex_t *lock;               /* guards the configuration and its discoveries */
    struct scrape_config *const *config; /* read under `lock` */
    void (*wake)(void *ctx);             /* something was found; called without `lock` */
    void *ctx;
    const char *user_agent, *dns_server; /* copied; dns_server may be NULL */
    const char *account_dir; /* copied, a slash at the end; NULL: where Kubernetes puts it */
};

/** NULL when memory is out. No thread yet. */
struct pullers *pullers_new(const struct pullers_options *options);

/** Starts as many threads as the configuration has use for, and tells them that it is new. The lock
 * is held. Errors: -ELIBACC, libcurl is needed and not installed; those of starting threads. */
MUST_CHECK int pullers_start(struct pullers *p, const struct scrape_config *config,
                             struct error *err);

/** Ends the threads; the lock is not held. NULL is fine. */
void pullers_free(struct pullers *p);

/** Asks `d` now, on this thread: for tests. 0 or the error. */
MUST_CHECK int pull_ask(struct discovery *d, const struct pull_context *ctx, struct error *err);

#endif
