/* exposition.h - reads the Prometheus text format 0.0.4 and OpenMetrics 1.0 line by line, without
 * copying. */
#ifndef ALGALON_METRIC_EXPOSITION_H
#define ALGALON_METRIC_EXPOSITION_H

#include "base/base.h"
#include "metric/labels.h"

enum exposition_kind {
    EXPOSITION_SAMPLE,
    EXPOSITION_HELP,
    EXPOSITION_TYPE,
    EXPOSITION_UNIT,
    EXPOSITION_END, /* "# EOF" */
};

/* Views into the text that is read. */
struct exposition_line {
    enum exposition_kind kind;
    struct str
        series; /* sample: the name and the label part as written, the key of fast recognition */
    struct str name; /* metric's name, or family of HELP, TYPE, UNIT */
    struct str text; /* HELP: still escaped; TYPE: the word; UNIT: the word */
    double value;
    bool has_ts;
    int64_t ts_ms;
};

struct exposition {
    struct str rest;
    size_t line_number; /* of the line returned last, from 1 */
    bool openmetrics;   /* timestamps are seconds; exemplars may follow */
};

/**
 * Reads on to the next line that says something (blank lines and plain comments are passed over).
 * Returns 1 with *ret filled, 0 at the end, -EBADMSG for a line that is none (`err` says what and
 * the line number); the caller may go on with the next line. A last line without a newline is read
 * too.
 */
MUST_CHECK int exposition_next(struct exposition *e, struct exposition_line *ret,
                               struct error *err);

/**
 * Fast path: if the text at the front of `e->rest` starts with `series` (the bytes of a line seen
 * before) and a blank, reads the rest of that line as value and timestamp and returns 1; otherwise
 * 0 with nothing consumed. Cost: one memcmp and one number.
 */
int exposition_match(struct exposition *e, struct str series, struct exposition_line *ret);

/** Undoes the escapes of a HELP text, in `a` where there are any. Errors: -ENOMEM. */
MUST_CHECK int exposition_unescape(struct str text, struct arena *a, struct str *ret);

/**
 * Parses the `series` part of a sample line into sorted labels with __name__; values are unescaped
 * into `a`. Takes the quoted-name form {"my.name", a="b"} too, and spaces after commas. Values
 * without escapes are views into `series`. Errors: -EBADMSG with the column, -E2BIG past LABELS_MAX
 * and the bounds of names and values, -ENOMEM when the arena is full.
 */
MUST_CHECK int exposition_labels(struct str series, struct arena *a, struct labels *ret,
                                 struct error *err);

#endif
