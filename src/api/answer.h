/* answer.h - the envelope of Prometheus's API. */
#ifndef ALGALON_API_ANSWER_H
#define ALGALON_API_ANSWER_H

#include "api/api.h"

#define ANSWER_CUT "results truncated due to limit" /* the warning where a limit took effect */

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

/** Appends a list of strings as a JSON array. */
void answer_strings(struct buf *to, const struct str_list *list);

#endif
