/* label.h - writes the label part of a line, or only hashes what it would say. */
#ifndef ALGALON_WORKER_LABEL_H
#define ALGALON_WORKER_LABEL_H

#include "base/base.h"

#define LABELS_PER_SERIES 12  /* stores refuse more than 30, some set-ups far fewer */
#define LABEL_MAX_USUAL   128 /* bytes of a value, of a process's name and user (as all-smi) */
#define LABEL_MAX_COMMAND 256 /* bytes of a command line (as all-smi) */

/* With `text` NULL the same calls only change `hash`: equal hashes mean equal label texts. */
struct label_sink {
    struct buf *text;
    uint64_t hash;
    unsigned count; /* labels written on this line */
};

static inline void label_begin(struct label_sink *to)
{
    to->count = 0;
}

/** Adds a label; an empty value adds none. Cut at `max` bytes, on a boundary of UTF-8; control
 * bytes go, bytes that are not UTF-8 become U+FFFD. */
void label_text(struct label_sink *to, const char *name, const char *value, size_t max);
void label_number(struct label_sink *to, const char *name, uint64_t value);

/** Closes the brace. */
void label_end(struct label_sink *to);

#endif
