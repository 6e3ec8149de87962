/* cold.c - rows as the log has them, until somebody needs them. */
#include "store/cold.h"

#include "store/internal.h"
#include "store/rowcode.h"

struct cold_row *cold_row_new(uint64_t pos, int64_t ts_ms, uint32_t len, uint32_t chain,
                              const uint8_t *code, uint32_t bytes)
{
    struct cold_row *row = malloc(sizeof(*row) + bytes);

    if (!row)
        return NULL;
    *row =
        (struct cold_row){.pos = pos, .ts_ms = ts_ms, .len = len, .chain = chain, .bytes = bytes};
    if (bytes)
        memcpy(row->code, code, bytes);
    return row;
}

static uint64_t size_of(const struct cold_row *row)
{
    return sizeof(*row) + row->bytes;
}

void cold_rows_free(struct cold_row *row)
{
    while (row) {
        struct cold_row *next = row->next;
        free(row);
        row = next;
    }
}

void group_freeze(struct group *g, struct cold_row *row)
{
    if (g->cold_last)
        g->cold_last->next = row;
    else
        g->cold = row;
    g->cold_last = row;
    group_saw(g, row->ts_ms, row->ts_ms);
    atomic_fetch_add(&g->cold_bytes, size_of(row));
}

void group_freeze_sealed(struct group *g, uint64_t pos)
{
    struct cold_row *row = g->cold, *keep = g->cold;

    for (; row && row->pos <= pos; row = row->next) {
        row->sealed = true;
        if (!row->chain)
            keep = row;
    }
    if (row && !row->chain)
        keep = row;
    while (g->cold != keep) { /* the next row leans on those from `keep` on */
        struct cold_row *gone = g->cold;
        g->cold = gone->next;
        atomic_fetch_sub(&g->cold_bytes, size_of(gone));
        free(gone);
    }
}

/* Adds the run of a row to `list`, which has room. */
static int thaw_row(const struct group *g, const struct cold_row *row, const uint64_t *values,
                    struct run_list *list)
{
    uint32_t len = run_list_len(list);
    struct run *run = row->sealed ? NULL : run_new_row(row->ts_ms, values, row->len);

    if (row->sealed)
        return 0;
    if (!run)
        return -ENOMEM;
    run->first_pos = run->last_pos = row->pos;
    run->born_ns = g->store->opened_ns;
    list->items[len] = run;
    atomic_store_explicit(&list->len, len + 1, memory_order_relaxed);
    return 0;
}

/* Reads the code of `row` over the values of the row before it. */
static bool decode(const struct cold_row *row, uint64_t *values, uint32_t before)
{
    struct reader from = reader_of(row->code, row->bytes);

    return row_decode(&from, values, row->len, row->chain ? MIN(before, row->len) : 0);
}

static int thaw_rows(const struct group *g, struct run_list *list, uint64_t *ret_lost)
{
    uint64_t *values = NULL;
    size_t cap = 0;
    uint32_t before = 0;
    bool torn = false;
    int code = 0;

    for (const struct cold_row *row = g->cold; row && !code; before = row->len, row = row->next) {
        uint64_t *grown = array_grow(values, &cap, (size_t)row->len + 1, sizeof(*grown));
        if (!grown) {
            code = -ENOMEM;
            break;
        }
        values = grown;
        torn = (torn && row->chain) || !decode(row, values, before);
        if (torn)
            (*ret_lost)++;
        else
            code = thaw_row(g, row, values, list);
    }
    free(values);
    return code;
}

int group_thaw(struct group *g)
{
    uint64_t lost = 0;
    uint32_t n = 0;

    if (LIKELY(!group_is_cold(g)))
        return 0;
    pthread_mutex_lock(&g->head_lock);
    for (const struct cold_row *row = g->cold; row; row = row->next)
        n++;
    struct run_list *list = n ? run_list_more(g->head, n) : NULL;
    int code = !n ? 0 : list ? thaw_rows(g, list, &lost) : -ENOMEM;
    if (n && !code) {
        cold_rows_free(g->cold);
        g->cold = g->cold_last = NULL;
        if (!run_list_len(list)) {
            run_list_unref(list);
            list = NULL;
        }
        group_install(g, list);
        atomic_store_explicit(&g->cold_bytes, 0, memory_order_release);
    } else {
        run_list_unref(list);
    }
    pthread_mutex_unlock(&g->head_lock);
    if (lost)
        log_warn("rows of the log could not be read back", "group", g->name.ptr, "rows",
                 LOG_NUM(lost));
    return code;
}
