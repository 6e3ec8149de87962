/* screen.h - the terminal: shows pictures, hears keys. The only door to ncurses, which is opened at
 * run time so that the programs that serve need not carry it. One at a time; one thread. */
#ifndef ALGALON_TOP_SCREEN_H
#define ALGALON_TOP_SCREEN_H

#include "canvas.h"

#define SCREEN_NO_KEY 0

struct screen;

/** Takes the terminal over. Errors: -ELIBACC ncurses is not installed, -ENOTTY stdin or stdout is
 * no terminal, -ENOTSUP TERM is not known. */
MUST_CHECK int screen_open(bool color, struct screen **ret, struct error *err);
void screen_close(struct screen *s); /* NULL is fine; the terminal is as it was */

/** Columns and lines as they are now. */
void screen_size(struct screen *s, unsigned *ret_width, unsigned *ret_height);

void screen_show(struct screen *s, const struct canvas *c);

/** Waits for a key for at most `wait_ms`: a character, an enum view_key, or SCREEN_NO_KEY. */
int screen_key(struct screen *s, int wait_ms);

#endif
