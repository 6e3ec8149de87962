/* relate.h - which columns of a block are linear in an earlier one: the same under another name or
 * in another unit, or what is left where the sum stays the same (used and free). */
#ifndef ALGALON_STORE_RELATE_H
#define ALGALON_STORE_RELATE_H

#include "store/column.h"

struct relation {
    struct column_shape shape;
    uint32_t column; /* index in the block */
};

/* Columns by their shape. Zeroed is empty. */
struct relations {
    struct relation *items;
    size_t len, cap;
    uint32_t *table; /* index in `items` + 1, by hash */
    size_t table_len;
    bool used; /* a column of the block was told by another */
};

void relations_reset(struct relations *r);
void relations_fini(struct relations *r);

/** The column of this shape, or NULL. */
const struct relation *relations_find(const struct relations *r, const struct column_shape *shape);

/** Remembers a column of a shape that is not there. Without memory it is forgotten, which costs
 * space only. */
void relations_add(struct relations *r, const struct column_shape *shape, uint32_t column);

#endif
