/* store.c - opening, closing and looking after a store. */
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
    pthread_mutex_init(&s->define_lock, NULL);
    pthread_mutex_init(&s->merger_lock, NULL);
    pthread_mutex_init(&s->state_lock, NULL);
    thread_cond_init(&s->wake);
    buf_init(&s->define_raw, 0);
    return s;
}

static void store_free(struct store *s)
{
    struct map_entry *e;
    size_t at = 0;

    if (!s)
        return;
    keeper_stop(s);
    wal_close(s->wal);
    while ((e = map_next(&s->groups, &at)))
        group_free(e->value);
    map_fini(&s->groups);
    map_fini(&s->by_name);
    if (s->index.pages)
        index_fini(&s->index);
    for (uint32_t i = 0; i < s->merger_len; i++)
        merger_free(s->mergers[i]);
    ZSTD_freeCCtx(s->zstd);
    buf_fini(&s->define_raw);
    if (s->dir_fd >= 0)
        close(s->dir_fd);
    if (s->lock_fd >= 0)
        close(s->lock_fd);
    pthread_rwlock_destroy(&s->groups_lock);
    pthread_mutex_destroy(&s->define_lock);
    pthread_mutex_destroy(&s->merger_lock);
    pthread_mutex_destroy(&s->state_lock);
    pthread_cond_destroy(&s->wake);
    free(s->log_dir);
    free(s->dir);
    free(s);
}

static int open_folders(struct store *s, struct error *err)
{
    struct buf path;
    int code = marker_open(s->dir, &s->lock_fd, &s->next_group, err);

    if (code)
        return code;
    s->reserved_group = s->next_group;
    s->dir_fd = open(s->dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (s->dir_fd < 0)
        return error_errno(err, -errno, "data directory %s", s->dir);
    buf_init(&path, 0);
    buf_printf(&path, "%s/log", s->dir);
    s->log_dir = buf_take(&path);
    if (!s->log_dir)
        return error_errno(err, -ENOMEM, "data directory %s", s->dir);
    return file_mkdirs(s->log_dir, err);
}

static int open_all(struct store *s, struct error *err)
{
    int code = open_folders(s, err);

    if (!code && index_init(&s->index))
        code = error_errno(err, -ENOMEM, "data directory %s", s->dir);
    s->zstd = code ? NULL : ZSTD_createCCtx();
    if (!code && !s->zstd)
        code = error_errno(err, -ENOMEM, "data directory %s", s->dir);
    if (!code)
        code = store_replay(s, err);
    if (!code)
        code = wal_open(s->log_dir, s->replay.next_segment, s->segment_bytes, s->io, &s->wal, err);
    if (!code)
        code = keeper_start(s, err);
    return code;
}

int store_open_with(const struct store_options *options, const struct store_io *io,
                    uint32_t segment_bytes, struct store **ret, struct error *err)
{
    struct store *s = store_new(options, io, segment_bytes);
    int code = open_all(s, err);

    if (code) {
        store_free(s);
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
    keeper_stop(s);
    if (!atomic_load(&s->broken) && wal_sync(s->wal, &err))
        log_error("log could not be synced", "error", err.text);
    store_free(s);
}

int store_flush(struct store *s, struct error *err)
{
    return wal_sync(s->wal, err);
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

void store_note_failure(struct store *s, int code, const char *text)
{
    bool first = code == -EIO && !atomic_exchange(&s->broken, true);

    pthread_mutex_lock(&s->state_lock);
    if (first || code != -EIO)
        snprintf(s->trouble, sizeof(s->trouble), "%s", text);
    pthread_mutex_unlock(&s->state_lock);
    if (first)
        log_error("store is read-only from now on", "error", text);
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
    struct map_entry *e;
    size_t at = 0;

    *ret = (struct store_stats){0};
    wal_get_stats(s->wal, &log);
    pthread_rwlock_rdlock(&s->groups_lock);
    ret->groups = s->groups.len;
    while ((e = map_next(&s->groups, &at))) {
        struct group *g = e->value;
        pthread_mutex_lock(&g->head_lock);
        ret->memory_bytes += sizeof(*g) + g->head_bytes;
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
    ret->disk_bytes = log.bytes;
    int64_t oldest = atomic_load(&s->oldest_ms);
    ret->oldest_ts_ms = oldest == INT64_MAX ? INT64_MIN : oldest;
    ret->newest_ts_ms = atomic_load(&s->newest_ms);
    ret->replayed_rows = s->replayed_rows;
    ret->replay_dropped_bytes = s->replay.torn_bytes + s->replay.damaged_bytes;
    ret->replay_seconds = s->replay_seconds;
    ret->read_only = atomic_load(&s->broken) || atomic_load(&s->disk_full);
    if (ret->read_only) {
        pthread_mutex_lock(&s->state_lock);
        snprintf(ret->trouble, sizeof(ret->trouble), "%s",
                 atomic_load(&s->broken) ? s->trouble : "the disk is full");
        pthread_mutex_unlock(&s->state_lock);
    }
}
