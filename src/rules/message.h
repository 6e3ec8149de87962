/* message.h - the templates of labels and annotations: text with {{ $labels.x }}, {{ $value }} and
 * the few functions that rules use. Anything else is refused when the rule is read, so that an
 * alert never fails to say what it means. */
#ifndef ALGALON_RULES_MESSAGE_H
#define ALGALON_RULES_MESSAGE_H

#include "base/base.h"
#include "metric/metric.h"

#define MESSAGE_PARTS_MAX 1000  /* pieces of text and actions in one template */
#define MESSAGE_BYTES_MAX 65536 /* of what one template may become */

struct message;

/**
 * Reads `text` into `a`; *ret lives there, and `text` must too. Errors: -EINVAL, `err` says what
 * is not understood; -ENOMEM.
 */
MUST_CHECK int message_parse(struct str text, struct arena *a, const struct message **ret,
                             struct error *err);

/** Appends what the template says of a sample. */
void message_expand(const struct message *m, struct labels labels, double value, struct buf *to);

#endif
