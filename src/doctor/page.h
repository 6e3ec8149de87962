/* page.h - text for a terminal of 80 columns. */
#ifndef ALGALON_DOCTOR_PAGE_H
#define ALGALON_DOCTOR_PAGE_H

#include "doctor/doctor.h"

#define PAGE_WIDTH 80 /* columns of a terminal that all people have */

enum page_color {
    PAGE_GREEN = 32,
    PAGE_RED = 31,
    PAGE_YELLOW = 33,
    PAGE_CYAN = 36,
    PAGE_BOLD = 1,
    PAGE_DIM = 2
};

/** `text` in `color` where the form has colours, filled with blanks to `width` columns. */
void page_word(struct buf *to, const struct doctor_form *form, enum page_color color,
               const char *text, int width);

/** `text` broken at blanks; the line is at column `at` already and goes on at column `indent`. Ends
 * with a newline. A word that is longer than a line stands alone. */
void page_wrap(struct buf *to, const char *text, size_t at, size_t indent);

/** `,"key":"text"` with the comma unless an object or array has just been opened. */
void page_json_text(struct buf *to, const char *key, const char *text);

/** `,"key":value`, null where it is unknown. */
void page_json_number(struct buf *to, const char *key, double value);

/** `,"key":` */
void page_json_key(struct buf *to, const char *key);

#endif
