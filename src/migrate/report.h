/* report.h - what a look at files found: errors, warnings and notes with their places, printed for
 * people or as JSON. */
#ifndef ALGALON_MIGRATE_REPORT_H
#define ALGALON_MIGRATE_REPORT_H

#include "base/base.h"

#define REPORT_ITEMS_MAX 100000 /* what is beyond is counted and said, not kept */

enum report_level {
    REPORT_OK,
    REPORT_NOTE,
    REPORT_WARNING,
    REPORT_ERROR,
};

/* Texts live in the report's arena. */
struct report_item {
    enum report_level level;
    const char *file;
    size_t line;       /* from 1; 0: unknown or of the whole file */
    size_t column;     /* from 1; 0: unknown */
    const char *place; /* within the file: "panel 3 'Power', A"; "" when there is none */
    const char *text;
    const char *advice; /* what to do; "" when there is nothing to say */
};

struct report {
    struct arena arena;
    struct report_item *items;
    size_t len, cap, left_out;
    size_t files;
    size_t count[REPORT_ERROR + 1];
    const char *file; /* where items go that are added now */
};

void report_init(struct report *r);
void report_fini(struct report *r);

/** Starts a file: what is added next belongs to it. */
void report_file(struct report *r, const char *file);

/** Adds an item; `place` and `advice` may be NULL. */
void report_add(struct report *r, enum report_level level, size_t line, const char *place,
                const char *advice, const char *format, ...) PRINTF_LIKE(6, 7);

/** Adds what says "file:line: what" or "file:line:column: what" itself: the place is taken out of
 * its text. */
void report_text(struct report *r, enum report_level level, const char *text);

/** The same for an error. */
void report_error(struct report *r, const struct error *err);

/** Appends all items as lines, and what they come to. Items of level REPORT_OK only when `verbose`.
 */
void report_print(const struct report *r, bool verbose, struct buf *to);

/** Appends {"files":..,"errors":..,"warnings":..,"items":[..]} and a newline. */
void report_print_json(const struct report *r, struct buf *to);

const char *report_level_text(enum report_level level);

#endif
