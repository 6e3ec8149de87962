/* answer.h - reads the JSON of /api/v1/query. */
#ifndef ALGALON_UPSTREAM_ANSWER_H
#define ALGALON_UPSTREAM_ANSWER_H

#include "base/base.h"
#include "promql/promql.h"

#define ANSWER_SERIES_MAX 1000000 /* of one answer; JSON holds less within its own bounds */

/**
 * Takes the result out of `text`, answered with `status`; series live in `a`. Errors: -EINVAL the
 * store says it failed, in its words; -EIO what came is no such answer; -ENOMEM.
 */
MUST_CHECK int answer_read(long status, struct str text, struct arena *a,
                           enum promql_type *ret_type, struct promql_series **ret, size_t *ret_len,
                           struct error *err);

#endif
