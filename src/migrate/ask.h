/* ask.h - what one expression asks for, held against what is known. */
#ifndef ALGALON_MIGRATE_ASK_H
#define ALGALON_MIGRATE_ASK_H

#include "migrate/known.h"
#include "migrate/report.h"
#include "migrate/translate.h"

/* One expression and what stands around it. */
struct ask {
    struct str expr;
    const char *place;
    size_t line;
    const char *legend;     /* NULL: none */
    const char *panel_unit; /* as the panel writes it; NULL: none */
    struct str label;       /* one more label that is asked for: label_values(x, label) */
};

/** Adds to the report what is wrong with the expression; when nothing is, that it has data. With
 * `k` NULL only whether it can be read. True when nothing is wrong. */
bool ask_check(const struct ask *ask, const struct known *k, struct report *r);

/** Writes what says the same as the metric `name`, which `k` does not have. */
void ask_advise(const struct known *k, struct str name, char *to, size_t size);

/** Whether a label is set by the scraper or its configuration, not by exporters. */
bool ask_set_by_scraper(struct str label);

/** A translator that puts right what ask_check() can name for certain: renamed and mistaken names
 * and labels, slips of the pen, names of the other schema. Its ctx is the `k`. */
struct translator ask_repairs(const struct known *k);

/** The unit of what an expression gives, by the units of the catalogue. */
struct promql_unit ask_unit(const struct known *k, struct str expr);

#endif
