/* ask.h - the parameters that most endpoints take. Each function answers the error itself and
 * returns false; an absent parameter leaves *ret as it is. */
#ifndef ALGALON_API_ASK_H
#define ALGALON_API_ASK_H

#include "api/api.h"

MUST_CHECK bool ask_time(struct http_request *r, const char *name, int64_t *ret_ms);
MUST_CHECK bool ask_duration(struct http_request *r, const char *name, int64_t *ret_ms);
MUST_CHECK bool ask_limit(struct http_request *r, const char *name, size_t *ret);

/* The match[] parameters of a request, parsed. */
struct ask_selectors {
    struct selector *items;
    size_t len;
    struct arena arena; /* holds matchers and texts: nothing of the request is needed */
};

/** Reads every match[] and match. With `wanted` there must be one. ask_selectors_fini() in every
 * case. */
MUST_CHECK bool ask_selectors(struct http_request *r, bool wanted, struct ask_selectors *ret);

/** Reads one selector under another name, where it is given. ask_selectors_fini() in every case. */
MUST_CHECK bool ask_selector(struct http_request *r, const char *name, struct ask_selectors *ret);

/** Also of one that was never read into and is all zero. */
void ask_selectors_fini(struct ask_selectors *s);

#endif
