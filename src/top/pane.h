/* pane.h - the rows of devices and of processes, column by column. */
#ifndef ALGALON_TOP_PANE_H
#define ALGALON_TOP_PANE_H

#include "rows.h"

/** Draws the names of columns at line `y` and rows[from..] below it, `height` lines in all. */
void gpu_pane_draw(const struct view *v, const struct frame *f, const struct rows *rows,
                   struct canvas *c, unsigned y, unsigned height);
void process_pane_draw(const struct view *v, const struct rows *rows, struct canvas *c, unsigned y,
                       unsigned height);

/** "79.1G": bytes with three digits; "-" for NAN. */
void pane_bytes(double bytes, char *to, size_t size);

#endif
