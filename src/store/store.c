/* store.c - opening, closing and looking after a store. */
#include "store/cold.h"
#include "store/internal.h"
#include "store/marker.h"

#include <fcntl.h>
#include <unistd.h>

void store_options_init(struct store_options *o)
{
    *o = (struct store_options){
        .retention_ms = 90 * MS_PER_DAY,
        .out_of_order_ms = INT64_C(300000),
        .max_series = 10000000,
        .min_free_bytes = UINT64_C(128) << 20,
        .sync_interval_ms = 1000,
    };
}

static struct store *store_new(const struct store_options *options, const struct store_io *io,
                               uint32_t segment_bytes)
{
    struct store *s = xnew(struct store);

    s->options = *options;
    s->dir = xstrdup(options->dir);
    s->options.dir = s->dir;
    s->io = io;
    s->lock_fd = s->dir_fd = -1;
    s->segment_bytes = segment_bytes;
    atomic_init(&s->oldest_ms, INT64_MAX);
    atomic_init(&s->newest_ms, INT64_MIN);
    pthread_rwlock_init(&s->groups_lock, NULL);
    pthread_rwlock_init(&s->push_lock, NULL);
    pthread_mutex_init(&s->define_lock, NULL);
    pthread_mutex_init(&s->merger_lock, NULL);
    pthread_mutex_init(&s->rewrite_lock, NULL);
    pthread_mutex_init(&s->seal_lock, NULL);
    pthread_mutex_init(&s->state_lock, NULL);
    thread_cond_init(&s->wake);
    buf_init(&s->define_raw, 0);
    return s;
}

void store_abandon(struct store *s)
{
    struct map_entry *e;
    size_t at = 0;

    if (!s)
        return;
    old_days_stop(s);
    keeper_stop(s);
    wal_close(s->wal);
    days_close(s->days);
    while ((e = map_next(&s->groups, &at)))
        group_free(e->value);
    map_fini(&s->groups);
    map_fini(&s->by_name);
    if (s->index.pages)
        index_fini(&s->index);
    epoch_unref(s->epoch);
    for (uint32_t i = 0; i < s->merger_len; i++)
        merger_free(s->mergers[i]);
    ZSTD_freeCCtx(s->zstd);
    buf_fini(&s->define_raw);
    if (s->dir_fd >= 0)
        close(s->dir_fd);
    if (s->lock_fd >= 0)
        close(s->lock_fd);
    pthread_rwlock_destroy(&s->groups_lock);
    pthread_rwlock_destroy(&s->push_lock);
    pthread_mutex_destroy(&s->define_lock);
    pthread_mutex_destroy(&s->merger_lock);
    pthread_mutex_destroy(&s->rewrite_lock);
    pthread_mutex_destroy(&s->seal_lock);
    pthread_mutex_destroy(&s->state_lock);
    pthread_cond_destroy(&s->wake);
    free(s->log_dir);
    free(s->day_dir);
    free(s->dir);
    free(s);
}

static int make_folder(const char *dir, const char *name, char **ret, struct error *err)
{
    struct buf path;

    buf_init(&path, 0);
    buf_printf(&path, "%s/%s", dir, name);
    *ret = buf_take(&path);
    return *ret ? file_mkdirs(*ret, err) : error_errno(err, -ENOMEM, "data directory %s", dir);
}

static int open_folders(struct store *s, struct error *err)
{
    int code = marker_open(s->dir, &s->lock_fd, &s->next_group, err);

    if (code)
        return code;
    s->reserved_group = s->next_group;
    s->dir_fd = open(s->dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (s->dir_fd < 0)
        return error_errno(err, -errno, "data directory %s", s->dir);
    code = make_folder(s->dir, "log", &s->log_dir, err);
    return code ? code : make_folder(s->dir, "days", &s->day_dir, err);
}

/* A full disk is no reason not to serve what is kept: the log begins when there is space. */
static int open_log(struct store *s, struct error *err)
{
    int code = wal_open(s->log_dir, s->replay.next_segment, s->segment_bytes, s->io, &s->wal, err);

    if (code != -ENOSPC)
        return code;
    store_note_write(s, code, err->text);
    return 0;
}

static int open_all(struct store *s, struct error *err)
{
    int64_t oldest, newest;
    int code = open_folders(s, err);

    s->epoch = code ? NULL : epoch_new();
    if (!code && (!s->epoch || index_init(&s->index)))
        code = error_errno(err, -ENOMEM, "data directory %s", s->dir);
    s->zstd = code ? NULL : ZSTD_createCCtx();
    if (!code && !s->zstd)
        code = error_errno(err, -ENOMEM, "data directory %s", s->dir);
    if (!code)
        code = days_open(s->day_dir, s->io, &s->days, err);
    if (!code && days_range(s->days, &oldest, &newest))
        store_note_times(s, oldest, newest);
    if (!code)
        code = store_replay(s, err);
    if (!code)
        code = open_log(s, err);
    if (!code) {
        store_retain(s); /* what is too old is refused from the first sample on */
        code = keeper_start(s, err);
    }
    if (!code)
        code = old_days_start(s, err);
    return code;
}

int store_open_with(const struct store_options *options, const struct store_io *io,
                    uint32_t segment_bytes, struct store **ret, struct error *err)
{
    struct store *s = store_new(options, io, segment_bytes);
    int code = open_all(s, err);

    if (code) {
        store_abandon(s);
        return code;
    }
    *ret = s;
    return 0;
}

int store_open(const struct store_options *options, struct store **ret, struct error *err)
{
    return store_open_with(options, &store_io_system, WAL_SEGMENT_BYTES, ret, err);
}

void store_close(struct store *s)
{
    struct error err;

    if (!s)
        return;
    old_days_stop(s);
    keeper_stop(s);
    if (!atomic_load(&s->broken)) {
        int code = store_flush(s, &err);
        if (code) {
            log_error("store could not be written out, the log keeps what is missing", "error",
                      err.text);
            code = wal_sync(s->wal, NULL);
        }
        if (code)
            log_error("log could not be synced");
    }
    store_abandon(s);
}

int store_flush(struct store *s, struct error *err)
{
    bool more = true;
    int code = wal_sync(s->wal, err);

    while (more && !code)
        code = store_seal(s, true, 0, &more, err);
    if (!code)
        code = wal_rotate(s->wal, err);
    if (!code) /* the marks: without them a power cut brings back what is deleted from days later */
        code = wal_sync(s->wal, err);
    if (!code)
        code = store_trim_log(s, err);
    return code;
}

int store_writable(struct store *s, struct error *err)
{
    if (LIKELY(!atomic_load_explicit(&s->disk_full, memory_order_relaxed) &&
               !atomic_load_explicit(&s->broken, memory_order_relaxed)))
        return 0;
    if (atomic_load(&s->broken))
        return error_set(err, -EIO, "the store is read-only: the log could not be written");
    return error_set(err, -ENOSPC, "the disk of %s is full: nothing is kept until there is space",
                     s->dir);
}

static void set_trouble(struct store *s, const char *text)
{
    pthread_mutex_lock(&s->state_lock);
    snprintf(s->trouble, sizeof(s->trouble), "%s", text);
    pthread_mutex_unlock(&s->state_lock);
}

void store_note_write(struct store *s, int code, const char *text)
{
    if (LIKELY(!code)) {
        if (UNLIKELY(atomic_load_explicit(&s->log_full, memory_order_relaxed)))
            atomic_store(&s->log_full, false);
        return;
    }
    if (code != -EIO && code != -EAGAIN && !atomic_exchange(&s->log_full, true)) {
        set_trouble(s, text);
        log_error(code == -ENOSPC ? "disk is full: nothing is kept until there is space"
                                  : "log cannot be written: nothing is kept until it can",
                  "error", text);
    }
    if (code == -EIO && !atomic_exchange(&s->broken, true)) {
        set_trouble(s, text);
        log_error("store is read-only from now on", "error", text);
    }
}

void store_note_seal(struct store *s, int code, const char *text)
{
    bool before = atomic_exchange(&s->seal_failed, code != 0);

    if (!code && before)
        log_info("days can be written again");
    if (!code || before)
        return;
    if (!atomic_load(&s->broken))
        set_trouble(s, text);
    log_error("what was gathered could not be written to a day, will try again", "error", text);
}

static void note_min(_Atomic int64_t *to, int64_t value)
{
    int64_t old = atomic_load_explicit(to, memory_order_relaxed);
    while (value < old && !atomic_compare_exchange_weak(to, &old, value))
        ;
}

static void note_max(_Atomic int64_t *to, int64_t value)
{
    int64_t old = atomic_load_explicit(to, memory_order_relaxed);
    while (value > old && !atomic_compare_exchange_weak(to, &old, value))
        ;
}

void store_note_times(struct store *s, int64_t min_ms, int64_t max_ms)
{
    note_min(&s->oldest_ms, min_ms);
    note_max(&s->newest_ms, max_ms);
}

void store_get_stats(struct store *s, struct store_stats *ret)
{
    struct wal_stats log;
    struct days_stats days;
    struct map_entry *e;
    size_t at = 0;

    *ret = (struct store_stats){0};
    wal_get_stats(s->wal, &log);
    pthread_rwlock_rdlock(&s->groups_lock);
    ret->groups = s->groups.len;
    while ((e = map_next(&s->groups, &at))) {
        struct group *g = e->value;
        pthread_mutex_lock(&g->head_lock);
        ret->memory_bytes += sizeof(*g) + g->head_bytes + atomic_load(&g->cold_bytes);
        pthread_mutex_unlock(&g->head_lock);
    }
    pthread_rwlock_unlock(&s->groups_lock);
    pthread_rwlock_rdlock(&s->index.lock);
    ret->series_active = s->index.len;
    ret->memory_bytes += index_bytes(&s->index);
    pthread_rwlock_unlock(&s->index.lock);
    ret->series_total = ret->series_active;
    ret->samples_total = atomic_load(&s->samples);
    ret->rows_total = atomic_load(&s->rows);
    ret->too_old_total = atomic_load(&s->too_old);
    ret->refused_series_total = atomic_load(&s->refused_series);
    ret->append_errors_total = atomic_load(&s->append_errors);
    ret->log_bytes = log.bytes;
    ret->log_segments = log.segments;
    days_get_stats(s->days, &days);
    ret->blocks = days.blocks;
    ret->block_bytes = days.block_bytes;
    ret->days = days.days;
    ret->damaged_days = days.damaged_days;
    ret->damaged_reads = days.damage;
    ret->downsampled_days = days.coarse;
    ret->downsample_errors_total = atomic_load(&s->downsample_errors);
    ret->settled_days = days.settled;
    ret->settle_errors_total = atomic_load(&s->settle_errors);
    pthread_mutex_lock(&s->state_lock);
    ret->settle_requested = s->settle_requested;
    pthread_mutex_unlock(&s->state_lock);
    ret->disk_bytes = log.bytes + days.disk_bytes;
    int64_t oldest = atomic_load(&s->oldest_ms);
    ret->oldest_ts_ms = oldest == INT64_MAX ? INT64_MIN : oldest;
    ret->newest_ts_ms = atomic_load(&s->newest_ms);
    ret->replayed_rows = s->replayed_rows;
    ret->replay_dropped_bytes = s->replay.torn_bytes + s->replay.damaged_bytes;
    ret->replay_seconds = s->replay_seconds;
    ret->read_only =
        atomic_load(&s->broken) || atomic_load(&s->disk_full) || atomic_load(&s->log_full);
    ret->seal_failed = atomic_load(&s->seal_failed);
    if (!atomic_load(&s->broken) && atomic_load(&s->disk_full)) {
        snprintf(ret->trouble, sizeof(ret->trouble),
                 "the disk is full: less than %" PRIu64 " MB are free",
                 s->options.min_free_bytes >> 20);
    } else if (ret->read_only || ret->seal_failed) {
        pthread_mutex_lock(&s->state_lock);
        snprintf(ret->trouble, sizeof(ret->trouble), "%s", s->trouble);
        pthread_mutex_unlock(&s->state_lock);
    }
}
