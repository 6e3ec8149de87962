/* cold.h - rows that a start found in the log and nobody has asked for yet: they lie in memory as
 * the log codes them, and become runs of their group when it is first read, written or sealed. So a
 * start costs what the log's bytes cost, not what its values would. */
#ifndef ALGALON_STORE_COLD_H
#define ALGALON_STORE_COLD_H

#include "store/head.h"

struct cold_row {
    struct cold_row *next;
    uint64_t pos; /* of its record in the log */
    int64_t ts_ms;
    uint32_t len;   /* values */
    uint32_t chain; /* rows since one that stands alone */
    bool sealed;    /* lies in a day: only later rows are told by their difference from it */
    uint32_t bytes; /* of its code */
    uint8_t code[];
};

/** A row as its record has it (copied). NULL when memory is out. */
struct cold_row *cold_row_new(uint64_t pos, int64_t ts_ms, uint32_t len, uint32_t chain,
                              const uint8_t *code, uint32_t bytes);

/** Adds a row behind those the group has (ownership moves). For the start alone. */
void group_freeze(struct group *g, struct cold_row *row);

/** Notes that the rows up to `pos` lie in days, and frees those that no later one leans on. For the
 * start alone. */
void group_freeze_sealed(struct group *g, uint64_t pos);

/** Makes runs of a group's cold rows; nothing to do, and cheap, when it has none. Threads: any.
 * Errors: -ENOMEM, and they are cold still. */
MUST_CHECK int group_thaw(struct group *g);

static inline bool group_is_cold(const struct group *g)
{
    return atomic_load_explicit(&g->cold_bytes, memory_order_acquire) != 0;
}

/** Frees cold rows from `row` on. */
void cold_rows_free(struct cold_row *row);

#endif
