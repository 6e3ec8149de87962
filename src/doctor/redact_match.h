/* redact_match.h - what is recognised by its form or by its field; the inside of redact.h. Pure
 * functions on views. */
#ifndef ALGALON_DOCTOR_REDACT_MATCH_H
#define ALGALON_DOCTOR_REDACT_MATCH_H

#include "doctor/redact.h"

/* What stands at a place of a text: `before` bytes that stay, then `len` that are of a kind. */
struct redact_hit {
    enum redact_kind kind;
    size_t before, len;
};

/** Whether something begins exactly at `at` of `text`. A hit is never empty and ends within the
 * text. */
bool redact_match(struct str text, size_t at, struct redact_hit *ret);

/** Letters, digits and '_'. */
bool redact_is_word(char c);

/** True for what says nothing of anybody: "", "root", "127.0.0.1", "0", "unknown", ... */
bool redact_is_kept(struct str what);

/** True for a word of the monitor's own language, which is replaced in its field alone. */
bool redact_is_common(struct str what);

#endif
