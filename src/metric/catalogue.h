/* catalogue.h - every metric family that the worker gives: one row each, from which HELP and TYPE
 * lines, the documentation (docs/metrics.md), `algalon explain`, the API's metadata and the check
 * of values are made. The rows stand in catalogue_*.c. */
#ifndef ALGALON_METRIC_CATALOGUE_H
#define ALGALON_METRIC_CATALOGUE_H

#include "base/base.h"

/* How often a value is read, over which time it speaks, and how long it may stand for the present:
 * catalogue.c has the words. */
enum catalogue_period {
    CATALOGUE_TURN,    /* at every interval */
    CATALOGUE_MEAN,    /* the mean since the reading before */
    CATALOGUE_EXTREME, /* the extreme sample since the reading before */
    CATALOGUE_COUNTS,  /* counts up */
    CATALOGUE_TALLY,   /* counts up, by the worker itself: from its start */
    CATALOGUE_15S,     /* at every third interval or so */
    CATALOGUE_30S,
    CATALOGUE_OPEN,  /* when the driver is opened */
    CATALOGUE_EVENT, /* as it happens */
    CATALOGUE_PERIODS
};

struct catalogue_family {
    const char *name;
    const char *type;   /* "gauge" or "counter" */
    const char *unit;   /* "percent", "bytes", "1" for a bare number, "info" for a constant 1 */
    const char *labels; /* in the order of the lines; "?" behind one that may be left out */
    const char *help; /* one line, no backslash and no quote: what it says, its unit, its source */

    /* What follows stands in a row by name, and only where the default does not hold. */
    const char *asks; /* the call or file; NULL: the parentheses at the end of `help` say it */
    enum catalogue_period period;
    double low, high; /* a value beyond them is withdrawn and counted; both 0: those of the unit */
    unsigned age_s;   /* a sample of the driver may be this old; 0: as `period` says */
    const char *absent; /* when there is no line; NULL: when nobody tells it */
    const char *arch;   /* which architectures give it, and how they differ; NULL: all alike */
    const char *note;   /* what it is easily mistaken for; NULL: nothing */
    const char *like;   /* the family of the same reading under a name of ours: what this row does
                           not say, that one does, its range and unit apart; NULL: none */
    bool chosen;        /* of dcgm-exporter's: given only when --dcgm.collectors names it */
};

/** How many families there are. */
size_t catalogue_len(void);

/** The family at place `i` of them. */
const struct catalogue_family *catalogue_at(size_t i);

/** The family called `name`, or NULL. Linear: look up once, not per sample. */
const struct catalogue_family *catalogue_find(struct str name);

/** The values that a family may have, in its own unit: its own range, or that of its unit. */
void catalogue_range(const struct catalogue_family *family, double *ret_low, double *ret_high);

/** True of what the worker counts itself, from its own start: that of another program, or of the
 * same one started at another time, need not be equal. */
bool catalogue_is_tally(const struct catalogue_family *family);

/** True of names that no exporter ever had: `--schema=algalon-v1`. */
bool catalogue_is_alias(const struct catalogue_family *family);

/** Appends a family in words: type, unit, labels, what is asked for it, how often, its range and
 * age, when it is absent, how architectures differ, what it is easily mistaken for. */
void catalogue_explain(const struct catalogue_family *family, struct buf *to);

/** Appends the table as Markdown: the text of docs/metrics.md. */
void catalogue_markdown(struct buf *to);

#endif
