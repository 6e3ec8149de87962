/* day.c - one UTC day on disk, in LMDB.
 *
 * What LMDB asks of us: a map size fixed at open (sparse, generous), no network file systems, one
 * process, and never MDB_WRITEMAP, under which a full disk becomes SIGBUS and a stray pointer a
 * damaged file. Commits sync for real. Pages that a reader sees never change under it. */
#include "store/day.h"

#include "store/varint.h"

#include <dirent.h>
#include <fcntl.h>
#include <lmdb.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define MAP_RECENT  ((size_t)256 << 30) /* of a day that is being written: address space only */
#define MAP_OLD     ((size_t)1 << 30)   /* at least, of one that is read */
#define MAP_LEAST   ((size_t)64 << 20)  /* where address space is limited we go down to this */
#define OPEN_MAX    16                  /* days kept open though nobody uses them */
#define READERS_MAX 512                 /* readers of one day at a time */
#define FORMAT      1
#define TOUCHED     4096
#define WARM_S      300 /* how long pages that were read count as being in memory */
#define BLOCK_KEY   20

struct columns {
    uint32_t group;
    uint8_t *bits;
    size_t cap;
};

struct day {
    struct days *days;
    int64_t number;
    char *path;
    MDB_env *env; /* NULL: closed */
    MDB_dbi blocks, shelves, meta;
    unsigned refs;
    uint64_t last_use;
    bool dropped;
    bool reopen;    /* the environment cannot go on: close it as soon as nobody uses it */
    bool known;     /* the counts below are right */
    size_t map_min; /* of the map, after it was found full */
    uint64_t block_count, bytes;
    int64_t min_ms, max_ms;
    _Atomic int64_t span_ms;    /* of its longest block */
    struct map indexed;         /* struct columns by group; the writing thread's */
    pthread_mutex_t trust_lock; /* lock: trusted */
    uint64_t *trusted;          /* keys of shelves whose checksum is good */
    size_t trusted_len, trusted_cap;
    atomic_uint touched[TOUCHED]; /* monotonic second + 1 of the last reading */
};

struct days {
    char *dir;
    const struct store_io *io;
    pthread_mutex_t lock; /* lock: all below, and every day's refs, env, flags and counts */
    struct day **items;   /* by number */
    size_t len, cap;
    uint64_t uses;
};

static int code_of(int rc)
{
    if (rc > 0)
        return rc == EDQUOT || rc == EFBIG ? -ENOSPC : -rc;
    return rc == 0 ? 0 : rc == MDB_MAP_FULL ? -ENOSPC : rc == MDB_READERS_FULL ? -EBUSY : -EIO;
}

static int failed(struct error *err, const struct day *day, int rc)
{
    int code = code_of(rc);
    return error_set(err, code, "day %s: %s", day->path, mdb_strerror(rc));
}

static char *path_of(const char *dir, int64_t number)
{
    time_t at = (time_t)(number * (DAY_MS / 1000));
    struct tm tm = {0};
    struct buf path;

    gmtime_r(&at, &tm);
    buf_init(&path, 0);
    buf_printf(&path, "%s/%04d-%02d-%02d.mdb", dir, tm.tm_year + 1900, tm.tm_mon + 1, tm.tm_mday);
    return buf_take(&path);
}

/* Days since 1970 of a name such as 2026-11-23.mdb. */
static bool number_of(const char *name, int64_t *ret)
{
    struct str s = str_of(name);
    uint64_t year, month, day;

    if (s.len != 14 || !str_ends(s, STR(".mdb")) || s.ptr[4] != '-' || s.ptr[7] != '-' ||
        !num_parse_u64(str_make(s.ptr, 4), &year) ||
        !num_parse_u64(str_make(s.ptr + 5, 2), &month) ||
        !num_parse_u64(str_make(s.ptr + 8, 2), &day) || year < 1970)
        return false;
    struct tm tm = {.tm_year = (int)year - 1900, .tm_mon = (int)month - 1, .tm_mday = (int)day};
    *ret = (int64_t)timegm(&tm) / (DAY_MS / 1000);
    return *ret >= 0;
}

static struct day *day_new(struct days *d, int64_t number)
{
    struct day *day = calloc(1, sizeof(*day));

    if (!day)
        return NULL;
    day->days = d;
    day->number = number;
    day->path = path_of(d->dir, number);
    day->min_ms = INT64_MAX;
    day->max_ms = INT64_MIN;
    pthread_mutex_init(&day->trust_lock, NULL);
    return day;
}

static void close_env(struct day *day)
{
    if (day->env)
        mdb_env_close(day->env);
    day->env = NULL;
    day->reopen = false;
    day_index_forget(day);
    day->trusted_len = 0;
}

static void day_free(struct day *day)
{
    close_env(day);
    map_fini(&day->indexed);
    pthread_mutex_destroy(&day->trust_lock);
    free(day->trusted);
    free(day->path);
    free(day);
}

/* Where day `number` stands or would stand. lock held */
static size_t find(const struct days *d, int64_t number)
{
    size_t low = 0, high = d->len;

    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (d->items[middle]->number < number)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

/* lock held */
static struct day *insert(struct days *d, int64_t number)
{
    size_t at = find(d, number);
    struct day **grown = array_grow(d->items, &d->cap, d->len + 1, sizeof(struct day *));
    struct day *day = grown ? day_new(d, number) : NULL;

    if (grown)
        d->items = grown;
    if (!day)
        return NULL;
    memmove(d->items + at + 1, d->items + at, (d->len - at) * sizeof(struct day *));
    d->items[at] = day;
    d->len++;
    return day;
}

static void learn_bytes(struct day *day)
{
    struct stat st;

    if (day->path && stat(day->path, &st) == 0)
        day->bytes = (uint64_t)st.st_blocks * 512;
}

int days_open(const char *dir, const struct store_io *io, struct days **ret, struct error *err)
{
    struct days *d = xnew(struct days);
    struct dirent *entry;
    int64_t number;
    int code = 0;

    d->dir = xstrdup(dir);
    d->io = io;
    pthread_mutex_init(&d->lock, NULL);
    DIR *folder = opendir(dir);
    if (!folder) {
        code = error_errno(err, -errno, "folder %s", dir);
        days_close(d);
        return code;
    }
    while ((entry = readdir(folder))) {
        if (!number_of(entry->d_name, &number))
            continue;
        struct day *day = insert(d, number);
        if (!day) {
            code = error_errno(err, -ENOMEM, "folder %s", dir);
            break;
        }
        learn_bytes(day);
    }
    closedir(folder);
    if (code) {
        days_close(d);
        return code;
    }
    *ret = d;
    return 0;
}

void days_close(struct days *d)
{
    if (!d)
        return;
    for (size_t i = 0; i < d->len; i++)
        day_free(d->items[i]);
    free(d->items);
    pthread_mutex_destroy(&d->lock);
    free(d->dir);
    free(d);
}

/* What the meta database remembers between openings. */
struct range {
    uint8_t bytes[24]; /* first time, last time, longest span */
};

static int read_meta(struct day *day, MDB_txn *txn)
{
    MDB_val key = {6, (void *)(uintptr_t) "format"}, value;
    MDB_stat stat;
    int rc = mdb_get(txn, day->meta, &key, &value);

    if (rc == MDB_NOTFOUND)
        return 0;
    if (rc || value.mv_size != 4 || le32(value.mv_data) > FORMAT)
        return rc ? rc : MDB_VERSION_MISMATCH;
    key = (MDB_val){5, (void *)(uintptr_t) "range"};
    rc = mdb_get(txn, day->meta, &key, &value);
    if (!rc && value.mv_size == sizeof(struct range)) {
        const uint8_t *at = value.mv_data;
        day->min_ms = (int64_t)le64(at);
        day->max_ms = (int64_t)le64(at + 8);
        atomic_store(&day->span_ms, (int64_t)le64(at + 16));
    }
    if (!mdb_stat(txn, day->blocks, &stat))
        day->block_count = stat.ms_entries;
    day->known = true;
    return rc == MDB_NOTFOUND ? 0 : rc;
}

static int open_databases(struct day *day)
{
    MDB_txn *txn;
    int rc = mdb_txn_begin(day->env, NULL, 0, &txn);

    if (rc)
        return rc;
    rc = mdb_dbi_open(txn, "blocks", MDB_CREATE, &day->blocks);
    if (!rc)
        rc = mdb_dbi_open(txn, "shelves", MDB_CREATE, &day->shelves);
    if (!rc)
        rc = mdb_dbi_open(txn, "meta", MDB_CREATE, &day->meta);
    if (!rc)
        rc = read_meta(day, txn);
    if (rc) {
        mdb_txn_abort(txn);
        return rc;
    }
    return mdb_txn_commit(txn);
}

static size_t map_size(const struct day *day)
{
    int64_t today = day->days->io->now_ms() / DAY_MS;
    size_t size = day->number >= today - 1 ? MAP_RECENT : MAP_OLD;

    while (size < day->bytes * 4)
        size *= 2;
    return MAX(size, day->map_min);
}

static int try_open(struct day *day, size_t size)
{
    int rc = mdb_env_create(&day->env);

    if (rc) {
        day->env = NULL;
        return rc;
    }
    rc = mdb_env_set_maxdbs(day->env, 3);
    if (!rc)
        rc = mdb_env_set_maxreaders(day->env, READERS_MAX);
    if (!rc)
        rc = mdb_env_set_mapsize(day->env, size);
    if (!rc)
        rc = mdb_env_open(day->env, day->path, MDB_NOSUBDIR | MDB_NOTLS | MDB_NORDAHEAD, 0640);
    if (!rc)
        rc = open_databases(day);
    if (rc)
        close_env(day);
    return rc;
}

/* lock held */
static int open_day(struct day *day, struct error *err)
{
    size_t size = map_size(day);
    bool fresh = access(day->path, F_OK) != 0;
    int rc = try_open(day, size);

    while (rc == ENOMEM && size > MAP_LEAST) {
        size /= 2;
        rc = try_open(day, size);
    }
    if (rc == MDB_VERSION_MISMATCH)
        return error_set(err, -EINVAL, "day %s has a newer format: use a newer algalon", day->path);
    if (rc)
        return failed(err, day, rc);
    int code = fresh ? file_sync_dir(day->days->dir) : 0;
    if (code) {
        close_env(day);
        return error_errno(err, code, "folder %s", day->days->dir);
    }
    return 0;
}

/* Closes days that nobody uses, the longest unused first. lock held */
static void close_idle(struct days *d)
{
    for (;;) {
        size_t open = 0;
        struct day *oldest = NULL;
        for (size_t i = 0; i < d->len; i++) {
            struct day *day = d->items[i];
            open += day->env != NULL;
            if (day->env && !day->refs && (!oldest || day->last_use < oldest->last_use))
                oldest = day;
        }
        if (open <= OPEN_MAX || !oldest)
            return;
        close_env(oldest);
    }
}

int days_get(struct days *d, int64_t number, bool make, struct day **ret, struct error *err)
{
    int code = 0;

    pthread_mutex_lock(&d->lock);
    size_t at = find(d, number);
    struct day *day = at < d->len && d->items[at]->number == number ? d->items[at] : NULL;
    if (!day && !make)
        code = -ENOENT;
    else if (!day && !(day = insert(d, number)))
        code = -ENOMEM;
    if (!code && !day->path)
        code = -ENOMEM;
    if (code) {
        pthread_mutex_unlock(&d->lock);
        return code == -ENOENT ? code : error_errno(err, code, "folder %s", d->dir);
    }
    if (day->reopen && !day->refs)
        close_env(day);
    if (day->reopen)
        code = error_set(err, -EBUSY, "day %s has to be opened again first", day->path);
    else if (!day->env)
        code = open_day(day, err);
    if (!code) {
        day->refs++;
        day->last_use = ++d->uses;
        *ret = day;
    }
    close_idle(d);
    pthread_mutex_unlock(&d->lock);
    return code;
}

void day_put(struct day *day)
{
    if (!day)
        return;
    struct days *d = day->days;
    pthread_mutex_lock(&d->lock);
    day->refs--;
    if (!day->refs && day->dropped)
        day_free(day);
    else if (!day->refs && day->reopen)
        close_env(day);
    pthread_mutex_unlock(&d->lock);
}

int64_t day_number(const struct day *day)
{
    return day->number;
}

size_t days_list(struct days *d, int64_t from, int64_t to, int64_t *ret, size_t cap)
{
    size_t n = 0;

    pthread_mutex_lock(&d->lock);
    for (size_t i = find(d, from); i < d->len && d->items[i]->number <= to; i++, n++)
        if (n < cap)
            ret[n] = d->items[i]->number;
    pthread_mutex_unlock(&d->lock);
    return n;
}

static void unlink_files(const struct day *day)
{
    struct buf lock;

    unlink(day->path);
    buf_init(&lock, 0);
    buf_printf(&lock, "%s-lock", day->path);
    char *path = buf_take(&lock);
    if (path)
        unlink(path);
    free(path);
}

void days_drop(struct days *d, int64_t number)
{
    pthread_mutex_lock(&d->lock);
    size_t at = find(d, number);
    if (at < d->len && d->items[at]->number == number) {
        struct day *day = d->items[at];
        memmove(d->items + at, d->items + at + 1, (d->len - at - 1) * sizeof(struct day *));
        d->len--;
        if (day->path)
            unlink_files(day);
        day->dropped = true;
        if (!day->refs)
            day_free(day);
    }
    pthread_mutex_unlock(&d->lock);
}

void days_get_stats(struct days *d, struct days_stats *ret)
{
    *ret = (struct days_stats){0};
    pthread_mutex_lock(&d->lock);
    for (size_t i = 0; i < d->len; i++) {
        ret->days++;
        ret->blocks += d->items[i]->block_count;
        ret->disk_bytes += d->items[i]->bytes;
    }
    ret->block_bytes = ret->disk_bytes;
    pthread_mutex_unlock(&d->lock);
}

bool days_range(struct days *d, int64_t *ret_min_ms, int64_t *ret_max_ms)
{
    int64_t first, all[1];
    size_t n = days_list(d, 0, INT64_MAX, all, 1);
    struct day *day;

    if (!n)
        return false;
    first = all[0];
    pthread_mutex_lock(&d->lock);
    int64_t last = d->len ? d->items[d->len - 1]->number : first;
    pthread_mutex_unlock(&d->lock);
    if (days_get(d, first, false, &day, NULL))
        return false;
    *ret_min_ms = day->min_ms;
    day_put(day);
    if (days_get(d, last, false, &day, NULL))
        return false;
    *ret_max_ms = day->max_ms;
    day_put(day);
    return *ret_min_ms <= *ret_max_ms;
}

/* ---- writing ---- */

struct day_write {
    struct day *day;
    MDB_txn *txn;
    uint64_t seq, shelf;
    int64_t min_ms, max_ms, span_ms;
};

static uint64_t next_key(MDB_txn *txn, MDB_dbi meta, const char *name)
{
    MDB_val key = {strlen(name), (void *)(uintptr_t)name}, value;

    if (mdb_get(txn, meta, &key, &value) || value.mv_size != 8)
        return 1;
    return le64(value.mv_data);
}

int day_write_begin(struct day *day, struct day_write **ret, struct error *err)
{
    struct day_write *w = xnew(struct day_write);
    int rc = mdb_txn_begin(day->env, NULL, 0, &w->txn);

    if (rc) {
        free(w);
        if (rc == MDB_PANIC) {
            pthread_mutex_lock(&day->days->lock);
            day->reopen = true;
            pthread_mutex_unlock(&day->days->lock);
        }
        return failed(err, day, rc);
    }
    w->day = day;
    w->seq = next_key(w->txn, day->meta, "block");
    w->shelf = next_key(w->txn, day->meta, "shelf");
    w->min_ms = day->min_ms;
    w->max_ms = day->max_ms;
    w->span_ms = atomic_load(&day->span_ms);
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

    if (rc == MDB_MAP_FULL) {
        struct day *day = w->day;
        pthread_mutex_lock(&day->days->lock);
        day->map_min = map_size(day) * 4;
        day->reopen = true;
        pthread_mutex_unlock(&day->days->lock);
    }
    return rc ? failed(err, w->day, rc) : 0;
}

int day_write_block(struct day_write *w, uint32_t group, int64_t min_ms, int64_t max_ms,
                    const void *bytes, size_t n, struct error *err)
{
    int64_t start = w->day->number * DAY_MS;
    uint8_t key[BLOCK_KEY];

    be32(key, group);
    be32(key + 4, (uint64_t)(min_ms - start));
    be32(key + 8, (uint64_t)(max_ms - start));
    be64(key + 12, w->seq++);
    w->min_ms = MIN(w->min_ms, min_ms);
    w->max_ms = MAX(w->max_ms, max_ms);
    w->span_ms = MAX(w->span_ms, max_ms - min_ms);
    return put(w, w->day->blocks, key, sizeof(key), bytes, n, err);
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
        return failed(err, day, rc);
    while (!code && !(rc = mdb_cursor_get(cursor, &key, &value, MDB_NEXT))) {
        if (key.mv_size != 8)
            continue;
        struct day_blob blob = {from_be64(key.mv_data), value.mv_data, value.mv_size};
        code = visit(ctx, &blob, is_trusted(day, blob.key));
    }
    mdb_cursor_close(cursor);
    return code ? code : rc == MDB_NOTFOUND ? 0 : failed(err, day, rc);
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
    return rc ? failed(err, w->day, rc) : 0;
}

static int put_meta(struct day_write *w, struct error *err)
{
    MDB_dbi meta = w->day->meta;
    struct range range;
    uint8_t number[8];

    put_le32(number, FORMAT);
    int code = put(w, meta, "format", 6, number, 4, err);
    put_le64(number, w->seq);
    if (!code)
        code = put(w, meta, "block", 5, number, 8, err);
    put_le64(number, w->shelf);
    if (!code)
        code = put(w, meta, "shelf", 5, number, 8, err);
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
        day->known = true;
    } else {
        day->reopen = true; /* LMDB refuses to go on after some failures: begin afresh */
    }
    learn_bytes(day);
    pthread_mutex_unlock(&day->days->lock);
    free(w);
    return rc ? failed(err, day, rc) : 0;
}

void day_write_abort(struct day_write *w)
{
    if (!w)
        return;
    mdb_txn_abort(w->txn);
    free(w);
}

bool day_index_column(struct day *day, uint32_t group, uint32_t column)
{
    struct str key = str_make((const char *)&group, sizeof(group));
    struct columns *c = map_get(&day->indexed, key);

    if (!c) {
        c = xnew(struct columns);
        c->group = group;
        if (map_put(&day->indexed, str_make((const char *)&c->group, sizeof(group)), c, NULL)) {
            free(c);
            return true;
        }
    }
    uint8_t *grown = array_grow(c->bits, &c->cap, column / 8 + 1, 1);
    if (!grown)
        return true;
    c->bits = grown;
    bool is_new = !(c->bits[column / 8] >> (column % 8) & 1);
    c->bits[column / 8] |= (uint8_t)(1u << (column % 8));
    return is_new;
}

void day_index_forget(struct day *day)
{
    struct map_entry *e;
    size_t at = 0;

    while ((e = map_next(&day->indexed, &at))) {
        struct columns *c = e->value;
        free(c->bits);
        free(c);
    }
    map_fini(&day->indexed);
}

/* ---- reading ---- */

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
        return failed(err, day, rc);
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
        return failed(err, r->day, rc);
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
    return code ? code : rc && rc != MDB_NOTFOUND ? failed(err, r->day, rc) : 0;
}

static atomic_uint *touched_slot(const struct day_read *r, uint32_t group, int64_t ts_ms)
{
    int64_t hour = ts_ms / 3600000;
    return &r->day->touched[hash_more(group, &hour, sizeof(hour)) % TOUCHED];
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
