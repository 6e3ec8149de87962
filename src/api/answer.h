/* answer.h - the envelope of Prometheus's API and the parameters that most endpoints take. */
#ifndef ALGALON_API_ANSWER_H
#define ALGALON_API_ANSWER_H

#include "api/api.h"

/* What an endpoint without a range looks at: all of time, far from overflow. */
#define TIME_MIN_MS (-(INT64_C(1) << 52))
#define TIME_MAX_MS (INT64_C(1) << 52)

#define WARNING_CUT "results truncated due to limit"

/** Opens `{"status":"success","data":`; the data is the caller's to append. `api` bounds it. */
void answer_begin(const struct api *api, struct buf *to);

/** Closes the envelope with the warnings and infos there are, and sends it. */
void answer_finish(struct http_request *r, struct buf *body, const struct str_list *warnings,
                   const struct str_list *infos);

/** The same with one warning, or none (NULL). */
void answer_finish_warn(struct http_request *r, struct buf *body, const char *warning);

/** `{"status":"error","errorType":type,"error":...}`. */
void answer_error(struct http_request *r, unsigned status, const char *type, const char *format,
                  ...) PRINTF_LIKE(4, 5);

/** What promql says; `parameter` is named where the fault lies in its text. */
void answer_promql_error(struct http_request *r, const char *parameter,
                         const struct promql_error *err);

/** Errors of a queryable or a store: -ENOMEM and -E2BIG are 422, the rest 500. */
void answer_failure(struct http_request *r, const struct error *err);

/* The following answer the error themselves and return false. An absent parameter leaves *ret as it
 * is. */

MUST_CHECK bool param_time(struct http_request *r, const char *name, int64_t *ret_ms);
MUST_CHECK bool param_duration(struct http_request *r, const char *name, int64_t *ret_ms);
MUST_CHECK bool param_limit(struct http_request *r, const char *name, size_t *ret);

/** Reads a time as Prometheus takes it: seconds with fraction, or RFC 3339. */
MUST_CHECK bool time_parse(struct str s, int64_t *ret_ms);

/** Reads "15s", "1h30m", or seconds with fraction, also negative ones; TIME_MAX_MS at most, so that
 * sums with times never overflow. */
MUST_CHECK bool duration_parse(struct str s, int64_t *ret_ms);

/** Appends seconds with up to three digits behind the point, as the API's numbers are. */
void time_print(struct buf *to, int64_t ms);
/** The same into memory: 24 bytes at most; returns where it ends. */
char *time_put(char *to, int64_t ms);
/** Appends RFC 3339 in UTC with milliseconds, quoted. */
void time_print_rfc3339(struct buf *to, int64_t ms);

/** Appends a list of strings as a JSON array. */
void strings_print(struct buf *to, const struct str_list *list);

/* The match[] parameters of a request, parsed. */
struct selectors {
    struct selector *items;
    size_t len;
    struct arena arena; /* holds matchers and texts */
};

/**
 * Reads every match[] and match. With `wanted` there must be one.
 * On failure the answer has been given. selectors_fini() in every case.
 */
MUST_CHECK bool selectors_read(struct http_request *r, bool wanted, struct selectors *ret);
void selectors_fini(struct selectors *s);

#endif
