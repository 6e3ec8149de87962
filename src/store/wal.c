/* wal.c - writing the log. Reading it stands in wal_replay.c. */
#include "store/wal.h"

#include "store/varint.h"
#include "store/wal_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

struct closed {
    int fd; /* still to be synced */
    struct closed *next;
};

struct wal {
    char *dir;
    const struct store_io *io;
    uint32_t segment_bytes;

    pthread_mutex_t sync_lock; /* held while syncing: only then segments are closed */
    pthread_mutex_t lock;      /* lock: all below */
    int fd;                    /* -1: the first segment has no file yet, the disk was full */
    uint32_t segment, offset;
    uint32_t next;         /* the number that the next segment gets */
    uint32_t oldest;       /* the first segment that may still be there */
    uint32_t found;        /* those before this one and not before `oldest` were there at the start,
                              and nobody knows whether they are on the disk; 0: they are */
    uint64_t older_bytes;  /* of the segments before the present one */
    uint64_t synced_pos;   /* up to here it is on the disk */
    struct closed *closed; /* full segments, not synced yet */
    bool cut_failed;       /* a torn record could not be cut off: the segment must not go on */
    int failed;            /* negative errno: the log takes nothing any more */
};

size_t wal_record_begin(struct buf *b)
{
    static const char header[WAL_HEADER];
    size_t start = b->len;

    buf_add(b, header, sizeof(header));
    return start;
}

void wal_record_end(struct buf *b, size_t start, enum wal_type type)
{
    static const char zero[8];

    if (b->failed)
        return;
    size_t n = b->len - start - WAL_HEADER;
    buf_add(b, zero, wal_padding(n));
    if (b->failed)
        return;
    char *at = b->ptr + start;
    put_le32(at + 4, (uint32_t)n | (uint32_t)(WAL_TYPE_TAG | type) << 24);
    put_le32(at, hash_crc32c(0, at + 4, n + 4));
}

static int code_of(int number)
{
    return number == EDQUOT || number == EFBIG ? -ENOSPC : -number;
}

static int start_segment(struct wal *w, uint32_t number, struct error *err)
{
    struct wal_file_header header = wal_file_header_make(number);
    struct buf path;
    int code = 0;

    buf_init(&path, 0);
    wal_file_path(&path, w->dir, number);
    char *name = buf_take(&path);
    if (!name)
        return error_errno(err, -ENOMEM, "log segment %u", number);
    int fd = open(name, O_WRONLY | O_CREAT | O_EXCL | O_APPEND | O_CLOEXEC, 0640);
    if (fd < 0)
        code = code_of(errno);
    ssize_t done = code ? 0 : w->io->write(fd, header.bytes, sizeof(header.bytes));
    if (!code && done != (ssize_t)sizeof(header.bytes))
        code = done < 0 ? code_of(errno) : -ENOSPC;
    if (!code)
        code = file_sync_dir(w->dir);
    if (code) {
        if (fd >= 0)
            close(fd);
        if (fd >= 0 && unlink(name))
            w->next = number + 1; /* it stays, with less than a header */
        error_errno(err, code, "log segment %s", name);
        free(name);
        return code;
    }
    free(name);
    w->fd = fd;
    w->segment = number;
    w->next = number + 1;
    w->offset = sizeof(header.bytes);
    w->cut_failed = false;
    return 0;
}

int wal_open(const char *dir, uint32_t number, uint32_t segment_bytes, const struct store_io *io,
             struct wal **ret, struct error *err)
{
    struct wal *w = xnew(struct wal);

    w->dir = xstrdup(dir);
    w->io = io;
    w->segment_bytes = segment_bytes;
    w->fd = -1;
    w->segment = w->next = w->oldest = number;
    w->found = number;
    pthread_mutex_init(&w->sync_lock, NULL);
    pthread_mutex_init(&w->lock, NULL);
    int code = start_segment(w, number, err);
    if (code && code != -ENOSPC) {
        wal_close(w);
        return code;
    }
    w->oldest = wal_file_oldest(dir, number, &w->older_bytes);
    *ret = w;
    return code;
}

void wal_close(struct wal *w)
{
    if (!w)
        return;
    while (w->closed) {
        struct closed *next = w->closed->next;
        close(w->closed->fd);
        free(w->closed);
        w->closed = next;
    }
    if (w->fd >= 0)
        close(w->fd);
    pthread_mutex_destroy(&w->sync_lock);
    pthread_mutex_destroy(&w->lock);
    free(w->dir);
    free(w);
}

uint32_t wal_segment(struct wal *w)
{
    pthread_mutex_lock(&w->lock);
    uint32_t segment = w->segment;
    pthread_mutex_unlock(&w->lock);
    return segment;
}

/* lock held */
static int rotate(struct wal *w, struct error *err)
{
    struct closed *closed = xnew(struct closed);
    uint32_t bytes = w->offset;

    closed->fd = w->fd;
    int code = start_segment(w, w->next, err);
    if (code) {
        free(closed);
        return code;
    }
    closed->next = w->closed;
    w->closed = closed;
    w->older_bytes += bytes;
    return 0;
}

int wal_rotate(struct wal *w, struct error *err)
{
    pthread_mutex_lock(&w->lock);
    int code = w->failed;
    if (code)
        error_errno(err, code, "log");
    else if (w->offset > WAL_FILE_HEADER)
        code = rotate(w, err);
    pthread_mutex_unlock(&w->lock);
    return code;
}

/* Writes all or, on failure, cuts off what was written. lock held */
static int write_whole(struct wal *w, const char *at, size_t n, struct error *err)
{
    int code = 0;

    while (n && !code) {
        ssize_t done = w->io->write(w->fd, at, n);
        if (done < 0 && errno == EINTR)
            continue;
        if (done < 0) {
            code = code_of(errno);
        } else if (done == 0) {
            code = -ENOSPC;
        } else {
            at += done;
            n -= (size_t)done;
        }
    }
    if (!code)
        return 0;
    /* Also when nothing seems to have been written: what follows must start at its place. */
    if (w->io->truncate(w->fd, (off_t)w->offset))
        w->cut_failed = true;
    if (code != -ENOSPC)
        code = w->failed = -EIO;
    return error_errno(err, code, "log segment %u", w->segment);
}

int wal_write(struct wal *w, uint32_t segment, const void *records, size_t n, uint64_t *ret_pos,
              struct error *err)
{
    int code;

    pthread_mutex_lock(&w->lock);
    code = w->failed;
    if (code)
        error_errno(err, code, "log");
    else if (w->fd < 0)
        code = start_segment(w, w->next, err);
    if (code) {
        pthread_mutex_unlock(&w->lock);
        return code;
    }
    if (w->offset > WAL_FILE_HEADER && (w->cut_failed || w->offset + n > w->segment_bytes)) {
        code = rotate(w, err);
        if (!code)
            code = -EAGAIN;
    } else if (w->segment != segment) {
        code = -EAGAIN;
    } else {
        code = write_whole(w, records, n, err);
        if (!code) {
            *ret_pos = wal_pos(w->segment, w->offset);
            w->offset += (uint32_t)n;
        }
    }
    pthread_mutex_unlock(&w->lock);
    return code;
}

/* Who died before us may have left what he wrote to the kernel alone. sync_lock held */
static int sync_found(const struct wal *w, uint32_t from, uint32_t to)
{
    int code = 0;

    for (uint32_t number = from; number < to && !code; number++) {
        struct buf path;
        buf_init(&path, 0);
        wal_file_path(&path, w->dir, number);
        int fd = path.failed ? -1 : open(path.ptr, O_RDWR | O_CLOEXEC);
        if (fd < 0)
            code = path.failed ? -ENOMEM : errno == ENOENT ? 0 : -errno;
        else if (w->io->sync(fd))
            code = -errno;
        if (fd >= 0)
            close(fd);
        buf_fini(&path);
    }
    return code;
}

int wal_sync(struct wal *w, struct error *err)
{
    pthread_mutex_lock(&w->sync_lock);
    pthread_mutex_lock(&w->lock);
    struct closed *closed = w->closed;
    uint32_t oldest = w->oldest, found = w->found;
    uint64_t pos = wal_pos(w->segment, w->offset);
    int fd = pos == w->synced_pos ? -1 : w->fd;
    int code = w->failed;
    w->closed = NULL;
    pthread_mutex_unlock(&w->lock);

    int late = code ? 0 : sync_found(w, oldest, found);
    while (closed) {
        struct closed *next = closed->next;
        if (w->io->sync(closed->fd) && !code)
            code = -errno;
        close(closed->fd);
        free(closed);
        closed = next;
    }
    /* Only who holds sync_lock closes segments, so `fd` stays open if the log rotates meanwhile. */
    if (fd >= 0 && w->io->sync(fd) && !code)
        code = -errno;
    pthread_mutex_lock(&w->lock);
    if (code)
        /* The kernel may have dropped the pages: what the file holds is not known any more. */
        w->failed = -EIO;
    else
        w->synced_pos = pos;
    if (!late)
        w->found = 0;
    else if (late == -EIO)
        w->failed = -EIO;
    pthread_mutex_unlock(&w->lock);
    pthread_mutex_unlock(&w->sync_lock);
    if (!code && late) /* -EIO, or they could not be opened now: again at the next sync */
        return error_errno(err, late, "syncing the log in %s", w->dir);
    return code ? error_errno(err, -EIO, "syncing the log in %s", w->dir) : 0;
}

int wal_trim(struct wal *w, uint32_t segment, struct error *err)
{
    pthread_mutex_lock(&w->lock);
    uint32_t number = w->oldest, to = MIN(segment, w->segment);
    pthread_mutex_unlock(&w->lock);
    uint64_t freed = 0;
    int code = 0;

    if (number >= to)
        return 0;
    for (; number < to && !code; number += !code)
        code = wal_file_remove(w->dir, number, &freed);
    if (!code) /* else a power cut could bring them back, with what was deleted meanwhile */
        code = file_sync_dir(w->dir);
    pthread_mutex_lock(&w->lock);
    w->oldest = MAX(w->oldest, number);
    w->older_bytes -= MIN(freed, w->older_bytes);
    pthread_mutex_unlock(&w->lock);
    return code ? error_errno(err, code, "removing old segments of the log in %s", w->dir) : 0;
}

void wal_get_stats(struct wal *w, struct wal_stats *ret)
{
    pthread_mutex_lock(&w->lock);
    ret->bytes = w->older_bytes + w->offset;
    ret->segments = (uint64_t)(w->segment - w->oldest) + 1;
    pthread_mutex_unlock(&w->lock);
}
