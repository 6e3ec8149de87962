/* regroup.c - the blocks of a group gathered and merged while a day is written anew. */
#include "store/regroup.h"

#define OVERLAP_FACTOR 8 /* blocks that overlap stay together up to so much more than others */

static int take_merged(void *ctx, const void *block, size_t n)
{
    struct regroup *r = ctx;

    return r->take(r, r->kind, block, n);
}

static int by_number(const void *pa, const void *pb)
{
    const struct regroup_piece *a = pa, *b = pb;
    return (a->place.number > b->place.number) - (a->place.number < b->place.number);
}

/* Merges the pieces of one kind. */
static int merge_kind(struct regroup *r, uint32_t kind)
{
    struct run **runs = calloc(r->len, sizeof(struct run *));
    uint64_t rows = 0;
    int64_t split_ms = 0;
    uint32_t n = 0, most = BLOCK_ROWS_MAX;
    int code = runs ? 0 : -ENOMEM;

    r->kind = kind;
    for (size_t i = 0; i < r->len && !code; i++) {
        const struct regroup_piece *p = &r->pieces[i];
        if (p->view.window_ms != kind)
            continue;
        runs[n] = run_new_block(p->view.bytes, p->view.size, &p->view);
        if (!runs[n])
            code = -ENOMEM;
        else
            n++;
        rows += p->view.rows;
        r->number = p->place.number;
    }
    if (code) {
        error_errno(rewrite_error(r->rewrite), code, "merging blocks");
    } else if (n) {
        r->cut(r, kind, rows, &split_ms, &most);
        code = merge_runs(r->merger, runs, n, split_ms, most, take_merged, r);
        if (code)
            error_errno(rewrite_error(r->rewrite), code, "merging blocks of group %u",
                        r->pieces[0].place.group);
    }
    for (uint32_t i = 0; i < n; i++)
        run_unref(runs[i]);
    free(runs);
    return code;
}

static int write_as_they_are(struct regroup *r)
{
    int code = 0;

    for (size_t i = 0; i < r->len && !code; i++)
        code = rewrite_put(r->rewrite, &r->pieces[i].place, r->pieces[i].view.bytes,
                           r->pieces[i].view.size);
    return code;
}

/* Writes what was gathered of a group. */
static int write_gathered(struct regroup *r)
{
    uint32_t below = r->below_ms;
    int code = 0;

    if (!r->len)
        return 0;
    if (r->stays && r->stays(r)) {
        code = write_as_they_are(r);
        below = 0;
    }
    qsort(r->pieces, r->len, sizeof(*r->pieces), by_number);
    while (!code && below) { /* each kind once, from the coarsest on to rows, which are kind 0 */
        uint32_t kind = 0;
        for (size_t i = 0; i < r->len; i++)
            if (r->pieces[i].view.window_ms < below)
                kind = MAX(kind, r->pieces[i].view.window_ms);
        code = merge_kind(r, kind);
        below = kind;
    }
    r->len = r->bytes = 0;
    return code;
}

/* Whether a block at `place` begins another merge. Blocks that overlap belong together, since the
 * later ones win; of very many the order is lost where they are cut. */
static bool is_cut(const struct regroup *r, const struct day_place *place)
{
    if (!r->len)
        return false;
    return r->pieces[0].place.group != place->group ||
           (r->bytes >= r->gather_bytes && place->min_ms > r->max_ms) ||
           r->bytes >= OVERLAP_FACTOR * r->gather_bytes;
}

int regroup_block(void *ctx, struct rewrite *rw, const struct day_place *place,
                  const struct day_blob *block, bool late)
{
    struct regroup *r = ctx;
    struct block_view view;
    int code = 0;

    r->rewrite = rw;
    /* A damaged block stays as it is: reading it is an error now as before. */
    bool good = !late && !block_open(block->bytes, block->n, false, &view) && block_verify(&view);
    if (!good || view.window_ms >= r->below_ms)
        return rewrite_put(rw, place, block->bytes, block->n);
    if (is_cut(r, place))
        code = write_gathered(r);
    if (code)
        return code;
    struct regroup_piece *grown = array_grow(r->pieces, &r->cap, r->len + 1, sizeof(*grown));
    if (!grown)
        return error_errno(rewrite_error(rw), -ENOMEM, "merging blocks");
    r->pieces = grown;
    r->max_ms = r->len ? MAX(r->max_ms, place->max_ms) : place->max_ms;
    r->pieces[r->len++] = (struct regroup_piece){*place, view};
    r->bytes += block->n;
    return 0;
}

int regroup_end(void *ctx, struct rewrite *rw)
{
    struct regroup *r = ctx;

    r->rewrite = rw;
    return write_gathered(r);
}

void regroup_fini(struct regroup *r)
{
    free(r->pieces);
}
