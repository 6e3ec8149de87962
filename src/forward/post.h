/* post.h - one body at a time to one receiver. post.c opens libcurl when it is first needed, as
 * scraping does, so that the worker does not carry it.
 *
 * Threads: one at a time per struct post. */
#ifndef ALGALON_FORWARD_POST_H
#define ALGALON_FORWARD_POST_H

#include "base/base.h"

struct post;

struct post_answer {
    long status;            /* 0: none came; `text` says why */
    int64_t retry_after_ms; /* what the receiver asks for; 0: nothing */
    char text[200];         /* the beginning of the answer */
};

/** `stop` ends a transfer that goes on when it becomes true. Texts are copied. Errors: -ELIBACC
 * libcurl is not installed, -ENOMEM. */
MUST_CHECK int post_open(const char *url, const char *user_agent, const atomic_bool *stop,
                         struct post **ret, struct error *err);
void post_close(struct post *p); /* NULL is fine */

/** Sends `body`, a snappy block; waits for the answer for at most `timeout_ms`. */
void post_send(struct post *p, struct str body, int64_t timeout_ms, struct post_answer *ret);

/** What a Retry-After header asks for, in ms; 0 for what is no number of seconds. */
int64_t post_retry_after_ms(struct str value);

#endif
