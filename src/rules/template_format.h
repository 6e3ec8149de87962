/* template_format.h - values as text, by the rules of Go's package fmt. */
#ifndef ALGALON_RULES_TEMPLATE_FORMAT_H
#define ALGALON_RULES_TEMPLATE_FORMAT_H

#include "rules/template_value.h"

#define TEMPLATE_WIDTH_MAX 10000 /* of a verb; Go has a bound of its own, a hundred times this */

/** What an action says: "<no value>" where there is none. */
void template_format_said(const struct template_value *v, struct buf *to);

/** A text in quotes, as Go would write it in its source. */
void template_format_quote(struct str text, struct buf *to);

/** What html, js and urlquery make of their arguments before they escape it. */
void template_format_escapable(const struct template_value *args, size_t n, struct buf *to);

/** print: blanks between what are no texts. */
void template_format_print(const struct template_value *args, size_t n, struct buf *to);

/** println: blanks between all, and a line's end. */
void template_format_println(const struct template_value *args, size_t n, struct buf *to);

/** printf. What does not fit becomes what Go makes of it: "%!d(string=x)", "%!s(MISSING)". */
void template_format_printf(struct str format, const struct template_value *args, size_t n,
                            struct buf *to);

#endif
