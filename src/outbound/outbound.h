/* outbound.h - one HTTP request at a time to another program: what is sent on, asked or notified.
 * libcurl is opened when it is first needed, so that the worker does not carry it. Scraping, which
 * has many requests under way at once, has a client of its own. A thread that delivers to one
 * receiver again and again is a courier (courier.h).
 *
 * Threads: one at a time per struct outbound; different ones in parallel. */
#ifndef ALGALON_OUTBOUND_OUTBOUND_H
#define ALGALON_OUTBOUND_OUTBOUND_H

#include "base/base.h"
#include "outbound/courier.h"
#include "outbound/http_apply.h"
#include "outbound/http_config.h"
#include "outbound/oauth2.h"

#define OUTBOUND_ANSWER_DEFAULT ((size_t)200) /* bytes: why something was refused */

struct outbound;

/* What holds for every request. Texts are copied by outbound_open(); NULL: not set. */
struct outbound_options {
    const char *user_agent;
    const char *const *headers; /* "Name: value" */
    size_t header_len;
    /* Credentials, TLS, proxies, headers; borrowed until outbound_close(). NULL: what stands in the
     * URL, no proxy whatever the environment says, and redirections are answers. */
    const struct http_config *http;
    size_t answer_max;       /* bytes of an answer that are kept; 0: OUTBOUND_ANSWER_DEFAULT */
    const atomic_bool *stop; /* ends a request under way when it becomes true; NULL: nothing does */
};

/* The caller's: outbound_answer_fini() frees it, outbound_send() empties it first. */
struct outbound_answer {
    long status;            /* 0: no answer came; `error` says why */
    int64_t retry_after_ms; /* what Retry-After asks for; 0: nothing */
    struct buf body;        /* its beginning, up to answer_max */
    bool cut;               /* there was more of it */
    char content_type[100];
    char error[240];
};

/** Errors: -ELIBACC libcurl is not installed, -ENOMEM. */
MUST_CHECK int outbound_open(const struct outbound_options *options, struct outbound **ret,
                             struct error *err);
void outbound_close(struct outbound *o); /* NULL is fine */

/** From now on `stop` (borrowed; NULL: nothing) ends a request under way when it becomes true. */
void outbound_set_stop(struct outbound *o, const atomic_bool *stop);

/**
 * Sends `body` to `url` with `method` (GET sends none) and waits for the answer for at most
 * `timeout_ms`, and before for a token where OAuth 2.0 wants one. Only http and https are spoken.
 * Connections are kept from one request to the next. `answer` begins zeroed and may be used again.
 */
void outbound_send(struct outbound *o, const char *method, const char *url, struct str body,
                   int64_t timeout_ms, struct outbound_answer *answer);

/* Takes the next bytes of an answer; negative ends the request. */
typedef int outbound_sink(void *ctx, struct str bytes);

/**
 * GETs `url` and hands the body of a 200 to `sink` as it comes, however long it is; a body of
 * another status goes into `answer` as with outbound_send(). No byte for `quiet_ms` ends it. The
 * answer's status is 0 when it was not whole.
 */
void outbound_receive(struct outbound *o, const char *url, int64_t quiet_ms, outbound_sink *sink,
                      void *ctx, struct outbound_answer *answer);

void outbound_answer_fini(struct outbound_answer *answer);

/**
 * Begins a request whose answer the caller fetches in pieces, however long it is: outbound_next().
 * `body` is copied. No byte for `quiet_ms` while a piece is waited for ends it. Until
 * outbound_end() `o` does nothing else. Errors: -EINVAL `url` is neither http nor https, -ENOMEM.
 */
MUST_CHECK int outbound_begin(struct outbound *o, const char *method, const char *url,
                              struct str body, int64_t quiet_ms, struct error *err);
/**
 * Appends what comes of the body of a 200 to `to`, until that has `enough` bytes (no more than 16
 * KB beyond it), or `wait_ms` are over: 0 there may be more, 1 that was all, negative: the answer
 * is not whole, -ECANCELED by the stop, else -EIO. `answer` (not NULL, the same each time, zeroed
 * before the first) gets the status as soon as it is known, and the body of any other than 200.
 */
MUST_CHECK int outbound_next(struct outbound *o, size_t enough, int64_t wait_ms, struct buf *to,
                             struct outbound_answer *answer, struct error *err);
void outbound_end(struct outbound *o); /* also of what was not read to its end */

/** What a Retry-After header asks for, in ms, ten minutes at most; 0 for what is no number of
 * seconds. */
int64_t outbound_retry_after_ms(struct str value);

/**
 * Writes `url` without user, password, query and fragment, to be shown. Errors: -EINVAL it is no
 * http or https URL with a host, or holds spaces, quotes or control characters; `option` is named
 * in the message. -ENAMETOOLONG it does not fit.
 */
MUST_CHECK int outbound_show_url(const char *url, const char *option, char *to, size_t size,
                                 struct error *err);

#endif
