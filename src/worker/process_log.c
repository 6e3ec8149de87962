#include "worker/process_log.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#define STACK_BYTES ((size_t)64 << 10)
#define CLOSE_NS    (2 * (uint64_t)NS_PER_S)

struct process_log {
    char *path, *old_path;
    uint64_t max_bytes;
    int fd; /* the thread's; -1 while the file cannot be opened */
    bool failing;
    pthread_t thread;
    pthread_mutex_t lock; /* lock: all below */
    pthread_cond_t added, ended;
    struct buf pending;
    uint64_t pending_lines, written, lost;
    char *recent[PROCESS_LOG_RECENT]; /* a ring */
    uint64_t count;                   /* lines that came */
    bool closing, done, left;         /* left: the owner is gone, the thread frees */
};

static void destroy(struct process_log *log)
{
    if (log->fd >= 0)
        close(log->fd);
    pthread_mutex_destroy(&log->lock);
    pthread_cond_destroy(&log->added);
    pthread_cond_destroy(&log->ended);
    buf_fini(&log->pending);
    for (size_t i = 0; i < PROCESS_LOG_RECENT; i++)
        free(log->recent[i]);
    free(log->path);
    free(log->old_path);
    free(log);
}

static int open_file(const char *path)
{
    int fd = open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0640);
    return fd < 0 ? -errno : fd;
}

/* The file that is open, when it is still the one of that name and has room. */
static bool is_current(const struct process_log *log, bool *ret_full)
{
    struct stat is, named;

    *ret_full = false;
    if (log->fd < 0 || fstat(log->fd, &is) || stat(log->path, &named) ||
        is.st_ino != named.st_ino || is.st_dev != named.st_dev)
        return false;
    *ret_full = (uint64_t)is.st_size >= log->max_bytes;
    return !*ret_full;
}

static int write_lines(struct process_log *log, struct str lines)
{
    bool full;

    if (!is_current(log, &full)) {
        if (full && rename(log->path, log->old_path))
            return -errno;
        if (log->fd >= 0)
            close(log->fd);
        log->fd = open_file(log->path);
        if (log->fd < 0)
            return log->fd;
    }
    return file_write_all(log->fd, lines.ptr, lines.len);
}

/* Tells of a failure once, and of its end. */
static void report(struct process_log *log, int code)
{
    struct error err;

    if (code && !log->failing) {
        error_errno(&err, code, "%s", log->path);
        log_error("processes cannot be logged", "error", err.text);
    } else if (!code && log->failing) {
        log_info("processes are logged again", "file", log->path);
    }
    log->failing = code != 0;
}

static void *serve(void *arg)
{
    struct process_log *log = arg;
    struct buf lines;

    buf_init(&lines, 0);
    pthread_mutex_lock(&log->lock);
    for (;;) {
        while (!log->pending.len && !log->closing)
            pthread_cond_wait(&log->added, &log->lock);
        if (!log->pending.len)
            break;
        struct buf taken = log->pending;
        uint64_t count = log->pending_lines;
        lines.max = log->pending.max;
        log->pending = lines;
        log->pending_lines = 0;
        pthread_mutex_unlock(&log->lock);
        int code = write_lines(log, buf_str(&taken));
        report(log, code);
        lines = taken;
        buf_reset(&lines);
        pthread_mutex_lock(&log->lock);
        *(code ? &log->lost : &log->written) += count;
    }
    log->done = true;
    pthread_cond_signal(&log->ended);
    bool left = log->left;
    pthread_mutex_unlock(&log->lock);
    buf_fini(&lines);
    if (left)
        destroy(log);
    return NULL;
}

int process_log_open(const char *path, uint64_t max_bytes, struct process_log **ret,
                     struct error *err)
{
    int fd = open_file(path);

    if (fd < 0)
        return error_errno(err, fd, "log of processes %s", path);
    struct process_log *log = xnew(struct process_log);
    size_t size = strlen(path) + 3;
    log->fd = fd;
    log->path = xstrdup(path);
    log->old_path = xcalloc(1, size);
    snprintf(log->old_path, size, "%s.1", path);
    log->max_bytes = max_bytes;
    buf_init(&log->pending, PROCESS_LOG_PENDING_MAX);
    pthread_mutex_init(&log->lock, NULL);
    thread_cond_init(&log->added);
    thread_cond_init(&log->ended);
    int code = thread_start_small(&log->thread, "process-log", STACK_BYTES, serve, log, err);
    if (code) {
        destroy(log);
        return code;
    }
    *ret = log;
    return 0;
}

static void keep_recent(struct process_log *log, struct str line)
{
    char **place = &log->recent[log->count++ % PROCESS_LOG_RECENT];

    free(*place);
    *place = strndup(line.ptr, line.len); /* NULL without memory: passed over */
}

void process_log_since(struct process_log *log, uint64_t *at,
                       void (*take)(void *ctx, struct str line), void *ctx)
{
    pthread_mutex_lock(&log->lock);
    uint64_t first = log->count - MIN(log->count, (uint64_t)PROCESS_LOG_RECENT);
    for (uint64_t i = MAX(*at, first); i < log->count; i++)
        if (log->recent[i % PROCESS_LOG_RECENT])
            take(ctx, str_of(log->recent[i % PROCESS_LOG_RECENT]));
    *at = log->count;
    pthread_mutex_unlock(&log->lock);
}

void process_log_add(struct process_log *log, struct str line)
{
    pthread_mutex_lock(&log->lock);
    keep_recent(log, line);
    if (line.len + 1 > PROCESS_LOG_PENDING_MAX - log->pending.len) {
        log->lost++;
    } else {
        buf_str_add(&log->pending, line);
        buf_char(&log->pending, '\n');
        log->pending_lines++;
        pthread_cond_signal(&log->added);
    }
    pthread_mutex_unlock(&log->lock);
}

void process_log_counts(struct process_log *log, uint64_t *ret_written, uint64_t *ret_lost)
{
    pthread_mutex_lock(&log->lock);
    *ret_written = log->written;
    *ret_lost = log->lost;
    pthread_mutex_unlock(&log->lock);
}

void process_log_close(struct process_log *log)
{
    if (!log)
        return;
    uint64_t deadline = clock_mono_ns() + CLOSE_NS;
    pthread_mutex_lock(&log->lock);
    log->closing = true;
    pthread_cond_signal(&log->added);
    while (!log->done && !thread_wait_until(&log->ended, &log->lock, deadline))
        ;
    bool done = log->done;
    log->left = !done;
    pthread_t thread = log->thread;
    if (!done)
        pthread_detach(thread);
    pthread_mutex_unlock(&log->lock);
    if (!done)
        return;
    pthread_join(thread, NULL);
    destroy(log);
}
