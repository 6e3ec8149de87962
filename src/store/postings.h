/* postings.h - a set of series numbers as sorted runs, and bitmaps to compute with them. */
#ifndef ALGALON_STORE_POSTINGS_H
#define ALGALON_STORE_POSTINGS_H

#include "store/varint.h"

/* Numbers that were added in ascending order. Runs [start, start + len) are stored as varints: the
 * gap to the run before, then len - 1. The last run is kept open, so a set of one run (most are)
 * needs no bytes at all. */
struct postings {
    uint8_t *bytes;
    uint32_t used, cap;
    uint32_t stored_end; /* end of the last run in `bytes` */
    uint32_t start, len; /* the open run; len 0: the set is empty */
};

/** Adds `id`, which is at least the last one added. Errors: -ENOMEM. */
MUST_CHECK int postings_add(struct postings *p, uint32_t id);

/** Appends the whole set, the open run too, in the form that posting_runs reads. */
void postings_write(const struct postings *p, struct buf *to);

void postings_fini(struct postings *p);

static inline bool postings_empty(const struct postings *p)
{
    return p->len == 0;
}

/* A set that is read: stored runs, then one that stands open. */
struct posting_view {
    const uint8_t *bytes;
    size_t n;
    uint32_t start, len;
};

static inline struct posting_view postings_view(const struct postings *p)
{
    return (struct posting_view){p->bytes, p->used, p->start, p->len};
}

struct bitmap {
    uint64_t *words;
    uint32_t bits; /* how many numbers it is for: [0, bits) */
};

/** All clear. Errors: -ENOMEM. */
MUST_CHECK int bitmap_init(struct bitmap *b, uint32_t bits);
void bitmap_fini(struct bitmap *b);
void bitmap_clear(struct bitmap *b);
void bitmap_fill(struct bitmap *b);

/** Sets the numbers of `p` that are below `bits`. False when its bytes are none of ours. */
bool bitmap_add(struct bitmap *b, struct posting_view p);

/** a |= b, a &= b, a &= ~b; both of the same size. */
void bitmap_or(struct bitmap *a, const struct bitmap *b);
void bitmap_and(struct bitmap *a, const struct bitmap *b);
void bitmap_and_not(struct bitmap *a, const struct bitmap *b);

uint32_t bitmap_count(const struct bitmap *b);

/** The first number set at or behind `from`; UINT32_MAX when there is none. */
uint32_t bitmap_next(const struct bitmap *b, uint32_t from);

/** True when `p` and `b` share a number. */
bool bitmap_meets(const struct bitmap *b, struct posting_view p);

#endif
