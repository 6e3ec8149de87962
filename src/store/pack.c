/* pack.c - rows and small blocks in memory become larger blocks. */
#include "store/internal.h"

#define JOIN_RUNS                                                                                  \
    48 /* runs of a pushed group from which small ones are joined: each costs a few                \
          bytes a column */
#define JOIN_MIN  8
#define JOIN_ROWS (16 * BLOCK_ROWS_MAX)

struct merger *store_take_merger(struct store *s)
{
    pthread_mutex_lock(&s->merger_lock);
    struct merger *m = s->merger_len ? s->mergers[--s->merger_len] : NULL;
    pthread_mutex_unlock(&s->merger_lock);
    return m ? m : merger_new();
}

void store_give_merger(struct store *s, struct merger *m)
{
    pthread_mutex_lock(&s->merger_lock);
    if (m && s->merger_len < STORE_MERGERS) {
        s->mergers[s->merger_len++] = m;
        m = NULL;
    }
    pthread_mutex_unlock(&s->merger_lock);
    merger_free(m);
}

struct made {
    struct run *runs[64];
    uint32_t len;
};

static int take_run(void *ctx, const void *block, size_t size)
{
    struct made *made = ctx;
    struct block_view view;

    if (made->len == ARRAY_LEN(made->runs))
        return -E2BIG;
    if (block_open(block, size, true, &view))
        return -EIO;
    struct run *r = run_new_block(block, (uint32_t)size, &view);
    if (!r)
        return -ENOMEM;
    made->runs[made->len++] = r;
    return 0;
}

/* Merges the runs [from, from + count) in place. A failure leaves them as they are. write held */
static void merge_in_place(struct store *s, struct group *g, uint32_t from, uint32_t count)
{
    struct merger *m = store_take_merger(s);
    struct run **runs = &g->head->items[from];
    struct made made = {.len = 0};
    int code = m ? merge_runs(m, runs, count, 0, BLOCK_ROWS_MAX, take_run, &made) : -ENOMEM;

    store_give_merger(s, m);
    for (uint32_t i = 0; i < made.len; i++) {
        made.runs[i]->first_pos = runs[0]->first_pos;
        made.runs[i]->last_pos = runs[count - 1]->last_pos;
        made.runs[i]->born_ns = runs[0]->born_ns;
    }
    if (!code)
        code = group_replace(g, from, count, made.runs, made.len);
    if (code) {
        for (uint32_t i = 0; i < made.len; i++)
            run_unref(made.runs[i]);
        log_warn("rows could not be packed in memory", "group", g->name.ptr, "error",
                 strerror(-code));
    }
}

void group_pack(struct store *s, struct group *g, uint32_t least)
{
    uint32_t len = g->head ? atomic_load_explicit(&g->head->len, memory_order_relaxed) : 0;

    if (g->raw >= least) {
        merge_in_place(s, g, len - g->raw, g->raw);
        return;
    }
    if (!g->pushed || g->sealing || len < JOIN_RUNS)
        return;
    /* Joins the small ones at the end with as many before them as are not much larger: each sample
     * is merged a few times only, however small the pushes. */
    uint64_t sum = g->head->items[len - 1]->rows;
    uint32_t from = len - 1;
    while (from > 0 && g->head->items[from - 1]->rows <= 2 * sum &&
           sum + g->head->items[from - 1]->rows <= JOIN_ROWS)
        sum += g->head->items[--from]->rows;
    if (len - from >= JOIN_MIN)
        merge_in_place(s, g, from, len - from);
}
