/* top.h - the fleet and the machine in a terminal. Start at top_run(); top_print() writes one
 * picture without a terminal.
 *
 * Everything comes as a text exposition, from wherever: this machine's own worker, an exporter, a
 * store's /federate. Names of all-smi are read, and of dcgm-exporter what corresponds to them. */
#ifndef ALGALON_TOP_TOP_H
#define ALGALON_TOP_TOP_H

#include "base/base.h"

#define TOP_SOURCES_MAX 64

/* Where readings come from. `fetch` is called on a thread of the source's own, never twice at once.
 */
struct top_source {
    const char *name; /* as it is shown when it does not answer; borrowed */
    /** Appends the exposition as it is now. Negative errno: `err` says why it could not. */
    int (*fetch)(void *ctx, struct buf *text, struct error *err);
    void *ctx;
};

enum top_color {
    TOP_COLOR_AUTO, /* where the terminal has them and NO_COLOR is not set */
    TOP_COLOR_NEVER
};

struct top_options {
    struct top_source *sources;
    size_t source_len; /* 1 to TOP_SOURCES_MAX */
    int64_t interval_ms;
    enum top_color color;
    unsigned width, height; /* of top_print(); 0: COLUMNS and LINES, else 80 and as many as it needs
                             */
    atomic_int_fast64_t *at_ms; /* the moment of the past that `fetch` gives, moved by keys; NULL:
                                   now. Read by any thread. */
    bool utf8;                  /* bars and curves of block characters, not of ASCII */
};

/**
 * Shows them until `q` or a signal (SIGINT, SIGTERM, SIGHUP). Errors: -ELIBACC the library for
 * terminals is not installed, -ENOTTY there is no terminal, -ENOTSUP its kind (TERM) is not known,
 * -ENOMEM.
 */
MUST_CHECK int top_run(const struct top_options *options, struct error *err);

/**
 * Waits for one reading of every source (`patience_ms` at most) and appends one picture as text.
 * Errors: -EIO not one source answered; `err` says what the first said. -ENOMEM.
 */
MUST_CHECK int top_print(const struct top_options *options, int64_t patience_ms, struct buf *to,
                         struct error *err);

#endif
