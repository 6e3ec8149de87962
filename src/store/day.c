/* day.c - the UTC days on disk, each an LMDB environment: finding, opening, closing, dropping them.
 *
 * What LMDB asks of us: a map size fixed at open (sparse, generous), no network file systems, one
 * process, and never MDB_WRITEMAP, under which a full disk becomes SIGBUS and a stray pointer a
 * damaged file. Commits sync for real. Pages that a reader sees never change under it. */
#include "store/day.h"

#include "store/day_lmdb.h"
#include "store/varint.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define MAP_RECENT  ((size_t)256 << 30) /* of a day that is being written: address space only */
#define MAP_OLD     ((size_t)1 << 30)   /* at least, of one that is read */
#define MAP_LEAST   ((size_t)64 << 20)  /* where address space is limited we go down to this */
#define REST_NS     (UINT64_C(3600) * NS_PER_S) /* a backfill is waited for */
#define OPEN_MAX    16                          /* days kept open though nobody uses them */
#define READERS_MAX 512                         /* readers of one day at a time */
#define LOCK_BYTES  ((off_t)40 << 10) /* room of their table: 64 bytes each and a header */

static int code_of(int rc)
{
    if (rc > 0)
        return rc == EDQUOT || rc == EFBIG ? -ENOSPC : -rc;
    return rc == 0 ? 0 : rc == MDB_MAP_FULL ? -ENOSPC : rc == MDB_READERS_FULL ? -EBUSY : -EIO;
}

int day_failed(struct error *err, const struct day *day, int rc)
{
    int code = code_of(rc);
    return error_set(err, code, "day %s: %s", day->path, mdb_strerror(rc));
}

void day_print_date(int64_t number, char to[16])
{
    time_t at = (time_t)(number * (DAY_MS / 1000));
    struct tm tm = {0};

    gmtime_r(&at, &tm);
    snprintf(to, 16, "%04u-%02u-%02u", (unsigned)(tm.tm_year + 1900) % 10000,
             (unsigned)(tm.tm_mon + 1) % 100, (unsigned)tm.tm_mday % 100);
}

static char *path_of(const char *dir, int64_t number)
{
    struct buf path;
    char date[16];

    day_print_date(number, date);
    buf_init(&path, 0);
    buf_printf(&path, "%s/%s.mdb", dir, date);
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

struct day *day_new(struct days *d, int64_t number)
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
    atomic_store(&day->unindexed, 0);
    day->trusted_len = 0;
}

void day_free(struct day *day)
{
    close_env(day);
    pthread_mutex_destroy(&day->trust_lock);
    free(day->trusted);
    free(day->path);
    free(day);
}

size_t days_find(const struct days *d, int64_t number)
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
    size_t at = days_find(d, number);
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

void day_learn_bytes(struct day *day)
{
    struct stat st;

    if (day->path && stat(day->path, &st) == 0)
        day->bytes = (uint64_t)st.st_blocks * 512;
}

static int list_days(const char *dir, const struct store_io *io, bool read_only, struct days **ret,
                     struct error *err)
{
    struct days *d = xnew(struct days);
    struct dirent *entry;
    int64_t number;
    int code = 0;

    d->dir = xstrdup(dir);
    d->io = io;
    d->read_only = read_only;
    d->map_old = MAP_OLD;
    pthread_mutex_init(&d->lock, NULL);
    DIR *folder = opendir(dir);
    if (!folder) {
        code = error_errno(err, -errno, "folder %s", dir);
        days_close(d);
        return code;
    }
    while ((entry = readdir(folder))) {
        if (!number_of(entry->d_name, &number)) {
            if (!read_only)
                day_draft_clean(dir, entry->d_name);
            continue;
        }
        struct day *day = insert(d, number);
        if (!day) {
            code = error_errno(err, -ENOMEM, "folder %s", dir);
            break;
        }
        day_learn_bytes(day);
    }
    closedir(folder);
    if (code) {
        days_close(d);
        return code;
    }
    *ret = d;
    return 0;
}

int days_open_read_only(const char *dir, struct days **ret, struct error *err)
{
    return list_days(dir, &store_io_system, true, ret, err);
}

int days_open(const char *dir, const struct store_io *io, struct days **ret, struct error *err)
{
    return list_days(dir, io, false, ret, err);
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

static int read_meta(struct day *day, MDB_txn *txn)
{
    MDB_val key = {6, (void *)(uintptr_t) "format"}, value;
    MDB_stat stat;
    int rc = mdb_get(txn, day->meta, &key, &value);

    if (rc == MDB_NOTFOUND)
        return 0;
    if (rc || value.mv_size != 4 || le32(value.mv_data) > DAY_FORMAT_RELATED)
        return rc ? rc : MDB_VERSION_MISMATCH;
    day->format = le32(value.mv_data);
    key = (MDB_val){5, (void *)(uintptr_t) "range"};
    rc = mdb_get(txn, day->meta, &key, &value);
    if (!rc && value.mv_size == sizeof(struct day_range)) {
        const uint8_t *at = value.mv_data;
        day->min_ms = (int64_t)le64(at);
        day->max_ms = (int64_t)le64(at + 8);
        atomic_store(&day->span_ms, (int64_t)le64(at + 16));
    }
    key = (MDB_val){7, (void *)(uintptr_t) "windows"};
    day->age = (struct day_age){.next = 1};
    if (!rc && !mdb_get(txn, day->meta, &key, &value) && value.mv_size == 16) {
        const uint8_t *at = value.mv_data;
        day->age.window_ms = (int64_t)le64(at);
        day->age.done = le64(at + 8);
    }
    key = (MDB_val){7, (void *)(uintptr_t) "settled"};
    if (!rc && !mdb_get(txn, day->meta, &key, &value) && value.mv_size == 8)
        day->age.settled = le64(value.mv_data);
    key = (MDB_val){5, (void *)(uintptr_t) "block"};
    if (!rc && !mdb_get(txn, day->meta, &key, &value) && value.mv_size == 8)
        day->age.next = le64(value.mv_data);
    if (!mdb_stat(txn, day->blocks, &stat))
        day->block_count = stat.ms_entries;
    day->known = true;
    return rc == MDB_NOTFOUND ? 0 : rc;
}

static int open_databases(struct day *day)
{
    unsigned flags = day->read_only ? 0 : MDB_CREATE;
    MDB_txn *txn;
    int rc = mdb_txn_begin(day->env, NULL, day->read_only ? MDB_RDONLY : 0, &txn);

    if (rc)
        return rc;
    rc = mdb_dbi_open(txn, "blocks", flags, &day->blocks);
    if (!rc)
        rc = mdb_dbi_open(txn, "shelves", flags, &day->shelves);
    if (!rc)
        rc = mdb_dbi_open(txn, "meta", flags, &day->meta);
    if (!rc)
        rc = read_meta(day, txn);
    if (rc) {
        mdb_txn_abort(txn);
        return rc;
    }
    return mdb_txn_commit(txn);
}

size_t day_map_size(const struct day *day)
{
    int64_t today = day->days->io->now_ms() / DAY_MS;
    size_t size = day->number >= today - 1 ? MAP_RECENT : day->days->map_old;

    while (size < day->bytes * 4)
        size *= 2;
    return MAX(size, day->map_min);
}

char *day_lock_path(const struct day *day)
{
    struct buf path;

    buf_init(&path, 0);
    buf_printf(&path, "%s-lock", day->path);
    return buf_take(&path);
}

/* LMDB maps the lock file and writes into the map: without room on the disk that is SIGBUS, not an
 * error. So the room is taken beforehand. */
int day_reserve_lock(const struct day *day)
{
    char *path = day_lock_path(day);
    int fd = path ? open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0640) : -1;
    int rc = !path ? ENOMEM : fd < 0 ? errno : day->days->io->reserve(fd, LOCK_BYTES);

    if (fd >= 0)
        close(fd);
    free(path);
    return rc;
}

/* A file that was cut short is SIGBUS where its missing pages are read. Made as long as LMDB takes
 * it to be, with a hole, they are pages and blocks of zeros, which are found to be damaged. */
static int restore_length(struct day *day)
{
    MDB_envinfo info;
    MDB_stat stat;
    struct stat st;
    mdb_filehandle_t fd;
    int rc = mdb_env_info(day->env, &info);

    if (!rc)
        rc = mdb_env_stat(day->env, &stat);
    if (!rc)
        rc = mdb_env_get_fd(day->env, &fd);
    if (rc)
        return rc;
    if (day->days->read_only)
        return 0;
    off_t wanted = (off_t)(info.me_last_pgno + 1) * (off_t)stat.ms_psize;
    if (fstat(fd, &st))
        return errno;
    return st.st_size < wanted && ftruncate(fd, wanted) ? errno : 0;
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
    if (!rc) {
        /* Without a table of readers a day can be read, as long as nobody writes to it. */
        rc = day->days->read_only ? ENOSPC : day_reserve_lock(day);
        day->read_only = rc && code_of(rc) == -ENOSPC && access(day->path, F_OK) == 0;
        rc = day->read_only ? 0 : rc;
    }
    if (!rc)
        rc = mdb_env_open(day->env, day->path,
                          MDB_NOSUBDIR | MDB_NOTLS | MDB_NORDAHEAD |
                              (day->read_only ? MDB_RDONLY | MDB_NOLOCK : 0),
                          0640);
    if (!rc)
        rc = restore_length(day);
    if (!rc)
        rc = open_databases(day);
    if (rc)
        close_env(day);
    return rc;
}

int day_open(struct day *day, struct error *err)
{
    size_t size = day_map_size(day);
    bool fresh = access(day->path, F_OK) != 0;
    int rc = try_open(day, size);

    while (rc == ENOMEM && size > MAP_LEAST) {
        size /= 2;
        rc = try_open(day, size);
    }
    if (rc == MDB_VERSION_MISMATCH)
        return error_set(err, -EINVAL, "day %s has a newer format: use a newer algalon", day->path);
    if (rc)
        return day_failed(err, day, rc);
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
    size_t at = days_find(d, number);
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
        code = day_open(day, err);
    if (code == -EIO)
        day_note_damage(day, "it cannot be opened");
    if (!code) {
        day->refs++;
        day->last_use = ++d->uses;
        *ret = day;
    }
    close_idle(d);
    pthread_mutex_unlock(&d->lock);
    return code;
}

void day_note_damage(struct day *day, const char *what)
{
    atomic_fetch_add(&day->days->damage, 1);
    if (!atomic_exchange(&day->damaged, true))
        log_error("a day is damaged, the rest is served", "path", day->path, "what", what);
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

struct day_age day_age(const struct day *day)
{
    pthread_mutex_lock(&day->days->lock);
    struct day_age age = day->age;
    pthread_mutex_unlock(&day->days->lock);
    return age;
}

struct day_age day_write_age_of(const struct day *day)
{
    return day->age;
}

uint64_t day_bytes(const struct day *day)
{
    pthread_mutex_lock(&day->days->lock);
    uint64_t bytes = day->bytes;
    pthread_mutex_unlock(&day->days->lock);
    return bytes;
}

int64_t day_number(const struct day *day)
{
    return day->number;
}

size_t days_list(struct days *d, int64_t from, int64_t to, int64_t *ret, size_t cap)
{
    size_t n = 0;

    pthread_mutex_lock(&d->lock);
    for (size_t i = days_find(d, from); i < d->len && d->items[i]->number <= to; i++, n++)
        if (n < cap)
            ret[n] = d->items[i]->number;
    pthread_mutex_unlock(&d->lock);
    return n;
}

int days_copy(struct days *d, int64_t number, const char *dir, struct error *err)
{
    struct day *day;
    int code = days_get(d, number, false, &day, err);

    if (code)
        return code;
    char *path = path_of(dir, number);
    int rc = path ? mdb_env_copy(day->env, path) : ENOMEM; /* of one moment */
    if (!rc) {
        int fd = open(path, O_RDWR | O_CLOEXEC);
        rc = fd < 0 || d->io->sync(fd) ? errno : 0;
        if (fd >= 0)
            close(fd);
    }
    if (rc)
        code = error_errno(err, code_of(rc), "copy of day %s", day->path);
    free(path);
    day_put(day);
    return code;
}

static void unlink_files(const struct day *day)
{
    char *path = day_lock_path(day);

    unlink(day->path);
    if (path)
        unlink(path);
    free(path);
}

void days_drop(struct days *d, int64_t number)
{
    pthread_mutex_lock(&d->lock);
    size_t at = days_find(d, number);
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

/* Whether nothing was added for an hour. lock held */
static bool rests(const struct day *day)
{
    return !day->written_ns || day->days->io->mono_ns() - day->written_ns >= REST_NS;
}

/* Whether packing it anew is worth it: of few late blocks it is not. lock held */
static bool is_unsettled(const struct day *day)
{
    uint64_t late = day->age.next - MIN(day->age.settled, day->age.next);

    return day->block_count && late && (!day->age.settled || late * 8 >= day->block_count);
}

void days_get_stats(struct days *d, struct days_stats *ret)
{
    *ret = (struct days_stats){0};
    pthread_mutex_lock(&d->lock);
    for (size_t i = 0; i < d->len; i++) {
        ret->days++;
        ret->blocks += d->items[i]->block_count;
        ret->disk_bytes += d->items[i]->bytes;
        ret->coarse += d->items[i]->age.window_ms > 0;
        ret->settled +=
            d->items[i]->block_count && (d->items[i]->age.window_ms || !is_unsettled(d->items[i]));
        ret->damaged_days += atomic_load(&d->items[i]->damaged);
    }
    ret->damage = atomic_load(&d->damage);
    ret->block_bytes = ret->disk_bytes;
    pthread_mutex_unlock(&d->lock);
}

/* The range of the day that is first, or last, in the list. */
static bool range_of(struct days *d, bool last, int64_t *ret_min_ms, int64_t *ret_max_ms)
{
    struct day *day = NULL;

    pthread_mutex_lock(&d->lock);
    int64_t number = d->len ? d->items[last ? d->len - 1 : 0]->number : -1;
    pthread_mutex_unlock(&d->lock);
    if (number < 0 || days_get(d, number, false, &day, NULL))
        return false;
    pthread_mutex_lock(&d->lock);
    *ret_min_ms = day->min_ms;
    *ret_max_ms = day->max_ms;
    pthread_mutex_unlock(&d->lock);
    day_put(day);
    return *ret_min_ms <= *ret_max_ms;
}

bool days_range(struct days *d, int64_t *ret_min_ms, int64_t *ret_max_ms)
{
    int64_t ignored;

    return range_of(d, false, ret_min_ms, &ignored) && range_of(d, true, &ignored, ret_max_ms);
}

int64_t days_unsettled(struct days *d, int64_t last)
{
    int64_t found = -1;

    pthread_mutex_lock(&d->lock);
    for (size_t i = 0; i < d->len && d->items[i]->number <= last && found < 0; i++) {
        const struct day *day = d->items[i];
        if (day->known && !day->age.window_ms && is_unsettled(day) && rests(day))
            found = day->number;
    }
    pthread_mutex_unlock(&d->lock);
    return found;
}

bool days_has_late(struct days *d, int64_t number)
{
    pthread_mutex_lock(&d->lock);
    size_t at = days_find(d, number);
    const struct day *day = at < d->len ? d->items[at] : NULL;
    bool late = day && day->number == number && (!day->known || day->age.next > day->age.settled);
    pthread_mutex_unlock(&d->lock);
    return late;
}

int64_t days_finer(struct days *d, int64_t last, int64_t window_ms)
{
    int64_t found = -1;

    pthread_mutex_lock(&d->lock);
    for (size_t i = 0; i < d->len && d->items[i]->number <= last && found < 0; i++) {
        const struct day *day = d->items[i];
        bool finer = day->age.window_ms < window_ms || day->age.next > day->age.done;
        if (day->known && day->block_count && finer && rests(day))
            found = day->number;
    }
    pthread_mutex_unlock(&d->lock);
    return found;
}

void days_learn(struct days *d)
{
    int64_t number = -1;
    struct day *day;

    pthread_mutex_lock(&d->lock);
    for (size_t i = 0; i < d->len && number < 0; i++)
        if (!d->items[i]->known)
            number = d->items[i]->number;
    pthread_mutex_unlock(&d->lock);
    if (number >= 0 && !days_get(d, number, false, &day, NULL)) {
        pthread_mutex_lock(&d->lock);
        day->known = true;
        pthread_mutex_unlock(&d->lock);
        day_put(day);
    }
}
