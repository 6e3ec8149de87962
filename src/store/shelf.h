/* shelf.h - the label index of a part of a day: written once, searched where it lies. The bytes are
 * drawn in FORMAT.md. */
#ifndef ALGALON_STORE_SHELF_H
#define ALGALON_STORE_SHELF_H

#include "store/columns.h"
#include "store/index.h"

/** Appends a shelf of all series (and first places) of `ix`. Errors: -ENOMEM. */
MUST_CHECK int shelf_build(const struct index *ix, struct buf *to);

struct shelf {
    const uint8_t *bytes;
    uint32_t size, names, pairs, series, labels;
    const uint8_t *name_at, *pair_at, *series_at, *label_at, *text_at, *posting_at;
    uint32_t text_size, posting_size;
};

/** Looks at a shelf; `trusted`: its checksum was found good before. Errors: -EIO, none or damaged.
 */
MUST_CHECK int shelf_open(const void *bytes, size_t n, bool trusted, struct shelf *ret);

struct label_source shelf_source(const struct shelf *s);

/** Where series `i` lies. */
void shelf_place(const struct shelf *s, uint32_t i, uint32_t *ret_group, uint32_t *ret_column);

/** Adds the columns of the series that any of the selectors matches. Errors: as match_series(). */
MUST_CHECK int shelf_match(const struct shelf *s, const struct selector *selectors, size_t n,
                           struct column_set *to, struct error *err);

/** The labels of series `i`: the array in `a`, its strings the shelf's. Errors: -ENOMEM, -EIO. */
MUST_CHECK int shelf_labels(const struct shelf *s, uint32_t i, struct arena *a, struct labels *ret);

#endif
