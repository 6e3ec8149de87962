/* day_txn.c - reading and writing one day. */
#include "store/block.h"
#include "store/day_lmdb.h"
#include "store/varint.h"

#include <sys/mman.h>
#include <unistd.h>

#define WARM_S    300 /* how long pages that were read count as being in memory */
#define BLOCK_KEY 20

/* ---- writing ---- */

struct day_write {
    struct day *day;
    MDB_txn *txn;
    uint64_t seq, shelf;
    bool map_full; /* the environment has to be opened with a larger map */
    int64_t min_ms, max_ms, span_ms;
    struct day_age age;
    uint32_t format;
};

static uint64_t next_key(MDB_txn *txn, MDB_dbi meta, const char *name)
{
    MDB_val key = {strlen(name), (void *)(uintptr_t)name}, value;

    if (mdb_get(txn, meta, &key, &value) || value.mv_size != 8)
        return 1;
    return le64(value.mv_data);
}

/* A day that was opened without room for its lock file is opened again once there is. */
static int refuse_to_write(struct day *day, struct error *err)
{
    if (day_reserve_lock(day) == 0) {
        pthread_mutex_lock(&day->days->lock);
        day->reopen = true;
        pthread_mutex_unlock(&day->days->lock);
    }
    return error_set(err, -ENOSPC, "day %s: there is no room to write to it", day->path);
}

int day_write_begin(struct day *day, struct day_write **ret, struct error *err)
{
    if (day->read_only)
        return refuse_to_write(day, err);
    struct day_write *w = xnew(struct day_write);
    int rc = mdb_txn_begin(day->env, NULL, 0, &w->txn);

    if (rc) {
        free(w);
        if (rc == MDB_PANIC) {
            pthread_mutex_lock(&day->days->lock);
            day->reopen = true;
            pthread_mutex_unlock(&day->days->lock);
        }
        return day_failed(err, day, rc);
    }
    w->day = day;
    w->seq = next_key(w->txn, day->meta, "block");
    w->shelf = next_key(w->txn, day->meta, "shelf");
    w->min_ms = day->min_ms;
    w->max_ms = day->max_ms;
    w->span_ms = atomic_load(&day->span_ms);
    w->age = day->age;
    w->format = MAX(day->format, (uint32_t)DAY_FORMAT);
    *ret = w;
    return 0;
}

static void be32(uint8_t *at, uint64_t v)
{
    for (int i = 0; i < 4; i++)
        at[i] = (uint8_t)(v >> (24 - 8 * i));
}

static void be64(uint8_t *at, uint64_t v)
{
    be32(at, v >> 32);
    be32(at + 4, v);
}

static uint32_t from_be32(const uint8_t *at)
{
    return (uint32_t)at[0] << 24 | (uint32_t)at[1] << 16 | (uint32_t)at[2] << 8 | at[3];
}

static uint64_t from_be64(const uint8_t *at)
{
    return (uint64_t)from_be32(at) << 32 | from_be32(at + 4);
}

static int put(struct day_write *w, MDB_dbi dbi, const void *key, size_t key_len, const void *bytes,
               size_t n, struct error *err)
{
    MDB_val k = {key_len, (void *)(uintptr_t)key}, v = {n, (void *)(uintptr_t)bytes};
    int rc = mdb_put(w->txn, dbi, &k, &v, 0);

    w->map_full = w->map_full || rc == MDB_MAP_FULL;
    return rc ? day_failed(err, w->day, rc) : 0;
}

int day_write_block(struct day_write *w, const struct day_place *place, const void *bytes, size_t n,
                    struct error *err)
{
    int64_t start = w->day->number * DAY_MS;
    uint64_t number = place->number ? place->number : w->seq;
    uint8_t key[BLOCK_KEY];

    be32(key, place->group);
    be32(key + 4, (uint64_t)(place->min_ms - start));
    be32(key + 8, (uint64_t)(place->max_ms - start));
    be64(key + 12, number);
    w->seq = MAX(w->seq, number + 1);
    if (block_format(bytes, n) == BLOCK_RELATED)
        w->format = DAY_FORMAT_RELATED;
    w->min_ms = MIN(w->min_ms, place->min_ms);
    w->max_ms = MAX(w->max_ms, place->max_ms);
    w->span_ms = MAX(w->span_ms, place->max_ms - place->min_ms);
    return put(w, w->day->blocks, key, sizeof(key), bytes, n, err);
}

void day_write_age(struct day_write *w, struct day_age age)
{
    w->age = age;
    w->seq = MAX(w->seq, age.next);
}

int day_write_shelf(struct day_write *w, const void *bytes, size_t n, struct error *err)
{
    uint8_t key[8];

    be64(key, w->shelf++);
    return put(w, w->day->shelves, key, sizeof(key), bytes, n, err);
}

static bool is_trusted(struct day *day, uint64_t key)
{
    bool found = false;

    pthread_mutex_lock(&day->trust_lock);
    for (size_t i = 0; i < day->trusted_len && !found; i++)
        found = day->trusted[i] == key;
    pthread_mutex_unlock(&day->trust_lock);
    return found;
}

static int visit_shelves(struct day *day, MDB_txn *txn,
                         int (*visit)(void *ctx, const struct day_blob *shelf, bool trusted),
                         void *ctx, struct error *err)
{
    MDB_cursor *cursor;
    MDB_val key, value;
    int code = 0, rc = mdb_cursor_open(txn, day->shelves, &cursor);

    if (rc)
        return day_failed(err, day, rc);
    while (!code && !(rc = mdb_cursor_get(cursor, &key, &value, MDB_NEXT))) {
        if (key.mv_size != 8)
            continue;
        struct day_blob blob = {from_be64(key.mv_data), value.mv_data, value.mv_size};
        bool trusted = is_trusted(day, blob.key);
        if (!trusted) /* all of it will be read for its checksum */
            day_advise(blob.bytes, blob.n);
        code = visit(ctx, &blob, trusted);
    }
    mdb_cursor_close(cursor);
    return code ? code : rc == MDB_NOTFOUND ? 0 : day_failed(err, day, rc);
}

int day_write_shelves(struct day_write *w,
                      int (*visit)(void *ctx, const struct day_blob *shelf, bool trusted),
                      void *ctx, struct error *err)
{
    return visit_shelves(w->day, w->txn, visit, ctx, err);
}

int day_write_drop_shelf(struct day_write *w, uint64_t key, struct error *err)
{
    uint8_t bytes[8];
    MDB_val k = {sizeof(bytes), bytes};

    be64(bytes, key);
    int rc = mdb_del(w->txn, w->day->shelves, &k, NULL);
    return rc ? day_failed(err, w->day, rc) : 0;
}

static int put_meta(struct day_write *w, struct error *err)
{
    MDB_dbi meta = w->day->meta;
    struct day_range range;
    uint8_t number[8], windows[16];

    if (w->age.window_ms)
        w->format = MAX(w->format, (uint32_t)DAY_FORMAT_WINDOWS);
    put_le32(number, w->format);
    int code = put(w, meta, "format", 6, number, 4, err);
    put_le64(number, w->seq);
    if (!code)
        code = put(w, meta, "block", 5, number, 8, err);
    put_le64(number, w->shelf);
    if (!code)
        code = put(w, meta, "shelf", 5, number, 8, err);
    put_le64(windows, (uint64_t)w->age.window_ms);
    put_le64(windows + 8, w->age.done);
    if (!code && w->age.window_ms)
        code = put(w, meta, "windows", 7, windows, sizeof(windows), err);
    put_le64(number, w->age.settled);
    if (!code && w->age.settled)
        code = put(w, meta, "settled", 7, number, 8, err);
    put_le64(range.bytes, (uint64_t)w->min_ms);
    put_le64(range.bytes + 8, (uint64_t)w->max_ms);
    put_le64(range.bytes + 16, (uint64_t)w->span_ms);
    return code ? code : put(w, meta, "range", 5, range.bytes, sizeof(range.bytes), err);
}

int day_write_commit(struct day_write *w, struct error *err)
{
    struct day *day = w->day;
    MDB_stat stat = {0};
    int code = put_meta(w, err);

    if (!code) {
        code = day->days->io->before_commit();
        if (code)
            error_errno(err, code, "day %s", day->path);
    }
    if (code) {
        day_write_abort(w);
        return code;
    }
    mdb_stat(w->txn, day->blocks, &stat);
    /* Readers that look between the commit and this must find the blocks too. */
    atomic_store(&day->span_ms, MAX(atomic_load(&day->span_ms), w->span_ms));
    int rc = mdb_txn_commit(w->txn);
    pthread_mutex_lock(&day->days->lock);
    if (!rc) {
        day->min_ms = w->min_ms;
        day->max_ms = w->max_ms;
        day->block_count = stat.ms_entries;
        day->age = w->age;
        day->format = w->format;
        day->age.next = w->seq;
        day->written_ns = day->days->io->mono_ns();
        day->known = true;
    } else {
        day->reopen = true; /* LMDB refuses to go on after some failures: begin afresh */
    }
    day_learn_bytes(day);
    pthread_mutex_unlock(&day->days->lock);
    free(w);
    return rc ? day_failed(err, day, rc) : 0;
}

void day_write_abort(struct day_write *w)
{
    if (!w)
        return;
    mdb_txn_abort(w->txn);
    if (w->map_full) {
        struct day *day = w->day;
        pthread_mutex_lock(&day->days->lock);
        day->map_min = day_map_size(day) * 4;
        day->reopen = true;
        pthread_mutex_unlock(&day->days->lock);
    }
    free(w);
}

bool day_index_column(struct day *day, uint32_t group, uint32_t column)
{
    return column_set_add(&day->indexed, group, column) != 0;
}

void day_index_forget(struct day *day)
{
    column_set_fini(&day->indexed);
}

void days_forget_group(struct days *d, uint32_t group)
{
    pthread_mutex_lock(&d->lock);
    for (size_t i = 0; i < d->len; i++)
        column_set_drop(&d->items[i]->indexed, group);
    pthread_mutex_unlock(&d->lock);
}

void day_note_index_damage(struct day *day)
{
    int fresh = 0;

    day_note_damage(day, "label index: series may be missing");
    atomic_compare_exchange_strong(&day->unindexed, &fresh, 1);
}

bool day_take_index_damage(struct day *day)
{
    int noted = 1;

    return atomic_compare_exchange_strong(&day->unindexed, &noted, 2);
}

/* ---- reading ---- */

void day_advise(const void *at, size_t n)
{
    uintptr_t page = (uintptr_t)sysconf(_SC_PAGESIZE);
    uintptr_t start = (uintptr_t)at & ~(page - 1);

    madvise((void *)start, (uintptr_t)at + n - start, MADV_WILLNEED);
}

struct day_read {
    struct day *day;
    MDB_txn *txn;
};

int day_read_begin(struct day *day, struct day_read **ret, struct error *err)
{
    struct day_read *r = xnew(struct day_read);
    int rc = mdb_txn_begin(day->env, NULL, MDB_RDONLY, &r->txn);

    if (rc) {
        free(r);
        return day_failed(err, day, rc);
    }
    r->day = day;
    *ret = r;
    return 0;
}

void day_read_end(struct day_read *r)
{
    if (!r)
        return;
    mdb_txn_abort(r->txn);
    free(r);
}

void day_trust_shelf(struct day_read *r, uint64_t key)
{
    struct day *day = r->day;

    pthread_mutex_lock(&day->trust_lock);
    uint64_t *grown =
        array_grow(day->trusted, &day->trusted_cap, day->trusted_len + 1, sizeof(*grown));
    if (grown) {
        day->trusted = grown;
        day->trusted[day->trusted_len++] = key;
    }
    pthread_mutex_unlock(&day->trust_lock);
}

int day_read_shelves(struct day_read *r,
                     int (*visit)(void *ctx, const struct day_blob *shelf, bool trusted), void *ctx,
                     struct error *err)
{
    return visit_shelves(r->day, r->txn, visit, ctx, err);
}

int day_read_blocks(struct day_read *r, uint32_t group, int64_t start_ms, int64_t end_ms,
                    int (*visit)(void *ctx, const struct day_blob *block, int64_t min_ms,
                                 int64_t max_ms),
                    void *ctx, struct error *err)
{
    int64_t begin = r->day->number * DAY_MS;
    int64_t from = start_ms - begin - atomic_load(&r->day->span_ms);
    uint8_t first[BLOCK_KEY] = {0};
    MDB_cursor *cursor;
    MDB_val key = {sizeof(first), first}, value;
    int code = 0, rc = mdb_cursor_open(r->txn, r->day->blocks, &cursor);

    if (rc)
        return day_failed(err, r->day, rc);
    be32(first, group);
    be32(first + 4, (uint64_t)MIN(MAX(from, INT64_C(0)), DAY_MS));
    rc = mdb_cursor_get(cursor, &key, &value, MDB_SET_RANGE);
    for (; !rc && !code; rc = mdb_cursor_get(cursor, &key, &value, MDB_NEXT)) {
        const uint8_t *k = key.mv_data;
        if (key.mv_size != BLOCK_KEY || from_be32(k) != group)
            break;
        int64_t min_ms = begin + from_be32(k + 4), max_ms = begin + from_be32(k + 8);
        if (min_ms > end_ms)
            break;
        struct day_blob blob = {from_be64(k + 12), value.mv_data, value.mv_size};
        if (max_ms >= start_ms)
            code = visit(ctx, &blob, min_ms, max_ms);
        if (code)
            break;
    }
    mdb_cursor_close(cursor);
    return code ? code : rc && rc != MDB_NOTFOUND ? day_failed(err, r->day, rc) : 0;
}

int day_read_all(struct day_read *r,
                 int (*visit)(void *ctx, const struct day_place *place,
                              const struct day_blob *block),
                 void *ctx, struct error *err)
{
    int64_t begin = r->day->number * DAY_MS;
    MDB_cursor *cursor;
    MDB_val key, value;
    int code = 0, rc = mdb_cursor_open(r->txn, r->day->blocks, &cursor);

    if (rc)
        return day_failed(err, r->day, rc);
    while (!code && !(rc = mdb_cursor_get(cursor, &key, &value, MDB_NEXT))) {
        const uint8_t *k = key.mv_data;
        if (key.mv_size != BLOCK_KEY)
            continue;
        uint64_t number = from_be64(k + 12);
        struct day_place place = {from_be32(k), begin + from_be32(k + 4), begin + from_be32(k + 8),
                                  number};
        struct day_blob blob = {number, value.mv_data, value.mv_size};
        code = visit(ctx, &place, &blob);
    }
    mdb_cursor_close(cursor);
    return code ? code : rc == MDB_NOTFOUND ? 0 : day_failed(err, r->day, rc);
}

static atomic_uint *touched_slot(const struct day_read *r, uint32_t group, int64_t ts_ms)
{
    int64_t hour = ts_ms / 3600000;
    return &r->day->touched[hash_more(group, &hour, sizeof(hour)) % DAY_TOUCHED];
}

static unsigned second_now(const struct day_read *r)
{
    return (unsigned)(r->day->days->io->mono_ns() / NS_PER_S) + 1;
}

bool day_is_cold(const struct day_read *r, uint32_t group, int64_t ts_ms)
{
    unsigned then = atomic_load_explicit(touched_slot(r, group, ts_ms), memory_order_relaxed);
    return !then || second_now(r) - then > WARM_S;
}

void day_mark_warm(struct day_read *r, uint32_t group, int64_t ts_ms)
{
    atomic_store_explicit(touched_slot(r, group, ts_ms), second_now(r), memory_order_relaxed);
}
