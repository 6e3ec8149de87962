/* rewrite.c - a day written anew.
 *
 * Most of it is done on a snapshot of the day while others write to it. What came meanwhile, and
 * the label index, which is joined now and then, are added at the end while sealing waits. */
#include "store/rewrite.h"

#include "store/shelf.h"

#define COMMIT_BYTES ((size_t)64 << 20)

struct rewrite {
    struct store *store;
    struct day *day, *draft;
    struct day_read *read;
    struct day_write *write;
    const struct rewrite_ops *ops;
    size_t bytes; /* since the last commit */
    uint64_t first_late;
    bool late;
    struct error *err;
};

struct day_read *rewrite_read(struct rewrite *rw)
{
    return rw->read;
}

struct error *rewrite_error(struct rewrite *rw)
{
    return rw->err;
}

static int begin_write(struct rewrite *rw)
{
    rw->bytes = 0;
    return day_write_begin(rw->draft, &rw->write, rw->err);
}

static int end_write(struct rewrite *rw)
{
    struct day_write *w = rw->write;

    rw->write = NULL;
    return day_write_commit(w, rw->err);
}

int rewrite_put(struct rewrite *rw, const struct day_place *place, const void *bytes, size_t n)
{
    int code = day_write_block(rw->write, place, bytes, n, rw->err);

    rw->bytes += n;
    if (!code && rw->bytes >= COMMIT_BYTES) {
        code = end_write(rw);
        if (!code)
            code = begin_write(rw);
    }
    return code;
}

static bool is_stopping(struct store *s)
{
    pthread_mutex_lock(&s->state_lock);
    bool stopping = s->stopping;
    pthread_mutex_unlock(&s->state_lock);
    return stopping;
}

static int take_block(void *ctx, const struct day_place *place, const struct day_blob *blob)
{
    struct rewrite *rw = ctx;

    if (rw->late && place->number < rw->first_late)
        return 0;
    if (is_stopping(rw->store))
        return error_set(rw->err, -ECANCELED, "the store is being closed");
    return rw->ops->block(rw->ops->ctx, rw, place, blob, rw->late);
}

static int copy_shelf(void *ctx, const struct day_blob *blob, bool trusted)
{
    struct rewrite *rw = ctx;
    const struct rewrite_ops *ops = rw->ops;
    struct shelf shelf;
    struct index ix;
    struct arena a;
    bool all = true;

    /* A damaged one stays as it is: what it named may be asked for yet. */
    bool good = shelf_open(blob->bytes, blob->n, trusted, &shelf) == 0;
    for (uint32_t i = 0; good && ops->keeps && i < shelf.series; i++) {
        uint32_t group, column;
        shelf_place(&shelf, i, &group, &column);
        all = all && ops->keeps(ops->ctx, group, column);
    }
    if (!good || all)
        return day_write_shelf(rw->write, blob->bytes, blob->n, rw->err);
    int code = index_init(&ix);
    if (code)
        return error_errno(rw->err, code, "label index");
    arena_init(&a, 0);
    for (uint32_t i = 0; i < shelf.series && !code; i++) {
        struct labels labels;
        uint32_t group, column;
        shelf_place(&shelf, i, &group, &column);
        if (!ops->keeps(ops->ctx, group, column))
            continue;
        arena_reset(&a);
        code = shelf_labels(&shelf, i, &a, &labels);
        if (!code)
            code = seal_add_to_index(&ix, labels, group, column);
    }
    if (code)
        error_errno(rw->err, code, "label index");
    else if (ix.len)
        code = seal_write_index(rw->write, &ix, rw->err);
    arena_fini(&a);
    index_fini(&ix);
    return code;
}

/* What came while the blocks were written, the label index and the change of places. seal_lock held
 */
static int finish(struct rewrite *rw, int64_t window_ms)
{
    struct day_age age = day_write_age_of(rw->day);
    struct day_read *now = NULL;
    int code = day_read_begin(rw->day, &now, rw->err);

    rw->late = true;
    if (!code && age.next > rw->first_late)
        code = day_read_all(now, take_block, rw, rw->err);
    if (!code)
        code = day_read_shelves(now, copy_shelf, rw, rw->err);
    if (!code) {
        age.window_ms = MAX(age.window_ms, window_ms);
        age.done = window_ms ? rw->first_late : age.done;
        age.settled = window_ms || rw->ops->settles ? rw->first_late : age.settled;
        day_write_age(rw->write, age);
        code = end_write(rw);
    }
    day_read_end(now);
    if (code)
        return code;
    struct day *draft = rw->draft;
    rw->draft = NULL;
    return day_draft_commit(draft, rw->day, rw->err);
}

/* A full disk would stop the store itself, so the room is asked for beforehand. */
static int check_room(struct rewrite *rw)
{
    struct store *s = rw->store;
    uint64_t left, bytes = day_bytes(rw->day);

    if (s->io->free_bytes(s->dir_fd, &left) || left >= bytes + s->options.min_free_bytes)
        return 0;
    return error_set(rw->err, -ENOSPC,
                     "writing a day anew takes up to %" PRIu64 " MB and %" PRIu64 " MB are free",
                     bytes >> 20, left >> 20);
}

int rewrite_day(struct store *s, int64_t number, const struct rewrite_ops *ops, int64_t window_ms,
                struct error *err)
{
    struct rewrite rw = {.store = s, .ops = ops, .err = err};
    int code = days_get(s->days, number, false, &rw.day, err);

    if (code)
        return code;
    code = check_room(&rw);
    pthread_mutex_lock(&s->seal_lock); /* so that number and snapshot belong together */
    rw.first_late = day_write_age_of(rw.day).next;
    if (!code)
        code = day_read_begin(rw.day, &rw.read, err);
    pthread_mutex_unlock(&s->seal_lock);
    if (!code)
        code = day_draft_begin(rw.day, &rw.draft, err);
    if (!code)
        code = begin_write(&rw);
    if (!code)
        code = day_read_all(rw.read, take_block, &rw, err);
    if (!code && ops->end)
        code = ops->end(ops->ctx, &rw);
    if (!code) {
        pthread_mutex_lock(&s->seal_lock);
        code = finish(&rw, window_ms);
        pthread_mutex_unlock(&s->seal_lock);
    }
    day_write_abort(rw.write);
    day_draft_abort(rw.draft);
    day_read_end(rw.read);
    day_put(rw.day);
    return code;
}
