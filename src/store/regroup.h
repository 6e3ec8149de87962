/* regroup.h - the blocks of a group gathered and merged while a day is written anew: for packing
 * ended days and for making old ones coarser. */
#ifndef ALGALON_STORE_REGROUP_H
#define ALGALON_STORE_REGROUP_H

#include "store/rewrite.h"

/* A block of the group at hand; its bytes are the day's. */
struct regroup_piece {
    struct day_place place;
    struct block_view view;
};

struct regroup {
    /* Set before the first block. */
    uint32_t
        below_ms; /* blocks of windows shorter than this are taken; others stay. 1: rows only */
    size_t gather_bytes; /* of a group that are merged at a time, about */
    /* Where merged blocks end, for so many rows of windows of `kind`: at multiples of
     * *ret_split_ms, and after *ret_rows of them. */
    void (*cut)(const struct regroup *r, uint32_t kind, uint64_t rows, int64_t *ret_split_ms,
                uint32_t *ret_rows);
    /* What is gathered may stay as it is. NULL: it never does. */
    bool (*stays)(const struct regroup *r);
    /* Takes a block of merged rows of windows of `kind`; writes what stands for it. */
    int (*take)(struct regroup *r, uint32_t kind, const void *block, size_t n);
    void *ctx;

    /* The group at hand. */
    struct rewrite *rewrite;
    struct merger *merger;
    struct regroup_piece *pieces;
    size_t len, cap, bytes;
    int64_t max_ms;  /* of the pieces */
    uint32_t kind;   /* window of the pieces being merged */
    uint64_t number; /* the highest of them */
};

/** Takes a block: `rewrite_ops.block`, with the struct regroup as its `ctx`. */
MUST_CHECK int regroup_block(void *ctx, struct rewrite *rw, const struct day_place *place,
                             const struct day_blob *block, bool late);

/** Writes what is gathered still: `rewrite_ops.end`, likewise. */
MUST_CHECK int regroup_end(void *ctx, struct rewrite *rw);

void regroup_fini(struct regroup *r);

#endif
