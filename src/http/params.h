/* params.h - what stands behind the path: query strings and form bodies, escapes, and which
 * encodings a client takes. */
#ifndef ALGALON_HTTP_PARAMS_H
#define ALGALON_HTTP_PARAMS_H

#include "base/base.h"

#define PARAMS_MAX 4096 /* parameters of one request; more are an error */

struct param {
    struct str name, value; /* decoded */
};

/* Parameters in the order they came: the query string's, then those of a form body. */
struct params {
    struct param *items;
    size_t len, cap;
};

/**
 * Appends the pairs of `text` (application/x-www-form-urlencoded); decoded copies live in `a`.
 * Errors: -EINVAL a broken %-escape, -E2BIG more than PARAMS_MAX, -ENOMEM.
 */
MUST_CHECK int params_parse(struct params *p, struct str text, struct arena *a, struct error *err);
void params_fini(struct params *p);

/** The i-th value of `name`; ptr NULL past the last. */
struct str params_get(const struct params *p, struct str name, size_t i);

/**
 * Undoes %XX, and '+' for a blank where `plus` is set, into `a`. Text without either is returned as
 * it is. Errors: -EINVAL, -ENOMEM.
 */
MUST_CHECK int params_decode(struct str text, bool plus, struct arena *a, struct str *ret);

/** True when an Accept-Encoding header takes `coding` ("gzip"): named, or "*", with q above 0. */
bool params_accepts(struct str accept_encoding, struct str coding);

#endif
