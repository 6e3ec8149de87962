/* canvas.h - a picture of character cells: what a view draws on, and a terminal or a file shows.
 * Whatever a text holds, one cell takes one column: control characters and what is wider or no
 * UTF-8 become '?', so that no label can move the cursor or speak to the terminal. */
#ifndef ALGALON_TOP_CANVAS_H
#define ALGALON_TOP_CANVAS_H

#include "base/base.h"

#include <wchar.h>

#define CANVAS_MAX 1000 /* columns, and lines */

enum style {
    STYLE_PLAIN,
    STYLE_TITLE,    /* names of columns, the first line */
    STYLE_DIM,      /* what is there to be looked past */
    STYLE_GOOD,     /* working */
    STYLE_WARN,     /* look at it */
    STYLE_BAD,      /* act on it */
    STYLE_SELECTED, /* the row the cursor is on */
    STYLES
};

struct cell {
    wchar_t ch;
    enum style style;
};

struct canvas {
    struct cell *cells; /* `height` lines of `width` */
    unsigned width, height;
};

/** Blank. Sizes above CANVAS_MAX are cut to it. Errors: -ENOMEM. */
MUST_CHECK int canvas_init(struct canvas *c, unsigned width, unsigned height);
void canvas_fini(struct canvas *c);

/** Writes `text` from (x, y) on, `width` columns at most; the cut end of a longer one shows as '~'.
 * What lies outside is left out. Returns the column behind it. */
unsigned canvas_put(struct canvas *c, unsigned x, unsigned y, unsigned width, enum style style,
                    struct str text);
/** The same, at the right end of `width` columns. */
void canvas_put_right(struct canvas *c, unsigned x, unsigned y, unsigned width, enum style style,
                      struct str text);
unsigned canvas_printf(struct canvas *c, unsigned x, unsigned y, enum style style,
                       const char *format, ...) PRINTF_LIKE(5, 6);

/** Gives all cells of a line from `x`, `width` of them, a style. */
void canvas_style(struct canvas *c, unsigned x, unsigned y, unsigned width, enum style style);

/** A bar of `share` (0 to 1; NAN: nothing) of `width` columns, with block characters or ASCII. */
void canvas_bar(struct canvas *c, unsigned x, unsigned y, unsigned width, double share,
                enum style style, bool utf8);

/** A curve of the last `width` of `values` (0 to 1; NAN: a gap), the newest at the right end. */
void canvas_curve(struct canvas *c, unsigned x, unsigned y, unsigned width, const float *values,
                  size_t len, bool utf8);

/** Appends its lines as UTF-8, without blanks at their ends. */
void canvas_text(const struct canvas *c, struct buf *to);

#endif
