/* columns.h - a set of columns of many groups. */
#ifndef ALGALON_STORE_COLUMNS_H
#define ALGALON_STORE_COLUMNS_H

#include "base/base.h"

struct column_set {
    struct map groups; /* struct columns by the bytes of the group's id */
};

/** Adds a column. 1: it is new; 0: it was there; -ENOMEM. */
MUST_CHECK int column_set_add(struct column_set *s, uint32_t group, uint32_t column);
bool column_set_has(const struct column_set *s, uint32_t group, uint32_t column);

/** Whether the set has any column of `group`. */
bool column_set_touches(const struct column_set *s, uint32_t group);
/** Takes out all columns of `group`. */
void column_set_drop(struct column_set *s, uint32_t group);
bool column_set_empty(const struct column_set *s);
void column_set_fini(struct column_set *s);

#endif
