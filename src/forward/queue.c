/* queue.c - see queue.h for the idea and the bytes. */
#include "queue.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#define MAGIC       UINT32_C(0x66474c41) /* "ALGf" */
#define HEAD_BYTES  24u
#define READERS_MAX 16
#define NAME_DIGITS 16u
#define SUFFIX      ".queue"
/* Whole segments are dropped: one holds at most this part of either bound, so that the queue keeps
 * to them and loses little at once. */
#define PARTS       8
#define SEGMENT_MIN 4096u

struct segment {
    uint64_t number, bytes, samples;
    int64_t oldest_ms, newest_ms;
};

struct reader {
    char *path; /* of its position */
    uint64_t segment, offset;
    uint64_t seen; /* samples of the segment that it is through with */
    uint64_t dropped;
    bool moved; /* since its position was written down */
};

struct queue {
    char *dir;
    uint64_t max_bytes, segment_bytes;
    int64_t max_age_ms;
    int lock_fd, fd; /* fd: of the last segment */

    pthread_mutex_t lock; /* lock: everything below */
    struct segment *segments;
    size_t len, cap;
    uint64_t bytes, next_number;
    bool spoilt; /* the last segment has a torn end: the next record needs another */
    struct reader readers[READERS_MAX];
    size_t reader_len;
};

static uint32_t get32(const unsigned char *at)
{
    return (uint32_t)at[0] | (uint32_t)at[1] << 8 | (uint32_t)at[2] << 16 | (uint32_t)at[3] << 24;
}

static void put32(unsigned char *at, uint32_t value)
{
    for (unsigned i = 0; i < 4; i++)
        at[i] = (unsigned char)(value >> (8 * i));
}

static uint32_t checksum(const unsigned char head[HEAD_BYTES], struct str bytes)
{
    uint32_t crc = hash_crc32c(0, head, 12);

    crc = hash_crc32c(crc, head + 16, 8);
    return hash_crc32c(crc, bytes.ptr, bytes.len);
}

static char *segment_path(const struct queue *q, uint64_t number)
{
    struct buf path;

    buf_init(&path, 0);
    buf_printf(&path, "%s/%016" PRIx64 SUFFIX, q->dir, number);
    return buf_take(&path);
}

/* ---- records ---- */

/* Reads the record at `offset`: 1; 0 at the end, where none stands or where it is damaged; -ENOMEM.
 */
static int read_record(int fd, uint64_t offset, bool with_bytes, struct queue_record *ret)
{
    unsigned char head[HEAD_BYTES];

    if (pread(fd, head, sizeof(head), (off_t)offset) != sizeof(head) || get32(head) != MAGIC)
        return 0;
    uint32_t len = get32(head + 4);
    if (len > QUEUE_RECORD_MAX)
        return 0;
    buf_reset(&ret->bytes);
    char *to = buf_reserve(&ret->bytes, len + 1u);
    if (!to) {
        buf_fini(&ret->bytes); /* else it would stay spoilt */
        return -ENOMEM;
    }
    if (pread(fd, to, len, (off_t)(offset + HEAD_BYTES)) != (ssize_t)len ||
        checksum(head, str_make(to, len)) != get32(head + 12))
        return 0;
    ret->bytes.len = with_bytes ? len : 0;
    ret->samples = get32(head + 8);
    ret->ts_ms = (int64_t)((uint64_t)get32(head + 16) | (uint64_t)get32(head + 20) << 32);
    ret->next = offset + HEAD_BYTES + len;
    return 1;
}

/* ---- segments ---- */

static struct segment *find(struct queue *q, uint64_t number)
{
    for (size_t i = 0; i < q->len; i++)
        if (q->segments[i].number == number)
            return &q->segments[i];
    return NULL;
}

static int add_segment(struct queue *q, struct segment segment)
{
    struct segment *grown = array_grow(q->segments, &q->cap, q->len + 1, sizeof(*grown));

    if (!grown)
        return -ENOMEM;
    q->segments = grown;
    q->segments[q->len++] = segment;
    q->bytes += segment.bytes;
    if (segment.number >= q->next_number)
        q->next_number = segment.number + 1;
    return 0;
}

/* Removes the oldest segment. Readers that were not through lose what they had not seen of it. */
static void remove_first(struct queue *q)
{
    struct segment first = q->segments[0];
    char *path = segment_path(q, first.number);

    if (path)
        unlink(path);
    free(path);
    q->bytes -= first.bytes;
    q->len--;
    memmove(q->segments, q->segments + 1, q->len * sizeof(*q->segments));
    for (size_t i = 0; i < q->reader_len; i++) {
        struct reader *r = &q->readers[i];
        if (r->segment > first.number)
            continue;
        r->dropped += r->segment == first.number ? first.samples - MIN(r->seen, first.samples)
                                                 : first.samples;
        r->segment = first.number + 1;
        r->offset = r->seen = 0;
        r->moved = true;
    }
}

/* Drops what is too much or too old, and what all readers are through with. The last segment, which
 * is being written, stays. */
static void trim(struct queue *q, int64_t now_ms)
{
    while (q->len > 1) {
        const struct segment *first = &q->segments[0];
        bool wanted = false;
        for (size_t i = 0; i < q->reader_len; i++)
            wanted |=
                q->readers[i].segment < first->number ||
                (q->readers[i].segment == first->number && q->readers[i].offset < first->bytes);
        if (wanted && q->bytes <= q->max_bytes && first->newest_ms >= now_ms - q->max_age_ms)
            return;
        remove_first(q);
    }
}

static int start_segment(struct queue *q, struct error *err)
{
    char *path = segment_path(q, q->next_number);
    int fd = path ? open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0640) : -1;
    int code = fd >= 0 ? 0 : path ? -errno : -ENOMEM;

    if (!code)
        code = file_sync_dir(q->dir);
    if (!code)
        code = add_segment(q, (struct segment){.number = q->next_number});
    if (code) {
        error_errno(err, code, "queue %s", path ? path : q->dir);
        if (fd >= 0)
            close(fd);
    } else {
        if (q->fd >= 0)
            close(q->fd);
        q->fd = fd;
        q->spoilt = false;
    }
    free(path);
    return code;
}

/* ---- opening ---- */

/* What a segment of an earlier run holds, up to its first damage. */
static struct segment look_into(const struct queue *q, uint64_t number)
{
    struct segment s = {.number = number};
    struct queue_record record = {0};
    char *path = segment_path(q, number);
    int fd = path ? open(path, O_RDONLY | O_CLOEXEC) : -1;

    while (fd >= 0 && read_record(fd, s.bytes, false, &record) == 1) {
        s.oldest_ms = s.bytes ? s.oldest_ms : record.ts_ms;
        s.bytes = record.next;
        s.samples += record.samples;
        s.newest_ms = record.ts_ms;
    }
    if (fd >= 0)
        close(fd);
    buf_fini(&record.bytes);
    free(path);
    return s;
}

static int by_number(const void *a, const void *b)
{
    const struct segment *x = a, *y = b;
    return (x->number > y->number) - (x->number < y->number);
}

static int find_segments(struct queue *q)
{
    DIR *d = opendir(q->dir);
    struct dirent *entry;
    int code = d ? 0 : -errno;

    while (d && !code && (entry = readdir(d))) {
        char *end;
        uint64_t number = strtoull(entry->d_name, &end, 16);
        if (end == entry->d_name + NAME_DIGITS && !strcmp(end, SUFFIX))
            code = add_segment(q, look_into(q, number));
    }
    if (d)
        closedir(d);
    if (q->len)
        qsort(q->segments, q->len, sizeof(*q->segments), by_number);
    return code;
}

static int take_lock(struct queue *q, struct error *err)
{
    struct buf path;

    buf_init(&path, 0);
    buf_printf(&path, "%s/lock", q->dir);
    q->lock_fd = path.failed ? -1 : open(path.ptr, O_RDWR | O_CREAT | O_CLOEXEC, 0640);
    int code = q->lock_fd < 0 || flock(q->lock_fd, LOCK_EX | LOCK_NB) ? -errno : 0;
    buf_fini(&path);
    if (code == -EWOULDBLOCK)
        return error_set(err, -EBUSY, "the queue %s is in use by another process", q->dir);
    return code ? error_errno(err, code, "lock of the queue %s", q->dir) : 0;
}

int queue_open(const struct queue_options *options, struct queue **ret, struct error *err)
{
    struct queue *q = xnew(struct queue);

    q->fd = q->lock_fd = -1;
    q->dir = xstrdup(options->dir);
    q->max_bytes = options->max_bytes;
    q->segment_bytes =
        MIN(options->segment_bytes, MAX(options->max_bytes / PARTS, (uint64_t)SEGMENT_MIN));
    q->max_age_ms = options->max_age_ms;
    q->next_number = 1;
    pthread_mutex_init(&q->lock, NULL);
    int code = file_mkdirs(q->dir, err);
    if (!code)
        code = take_lock(q, err);
    if (!code && (code = find_segments(q)))
        error_errno(err, code, "queue %s", q->dir);
    if (!code)
        code = start_segment(q, err); /* a torn end of the last one stays as it is */
    if (code)
        queue_close(q);
    else
        *ret = q;
    return code;
}

void queue_close(struct queue *q)
{
    if (!q)
        return;
    queue_save(q);
    if (q->fd >= 0)
        close(q->fd);
    if (q->lock_fd >= 0)
        close(q->lock_fd);
    for (size_t i = 0; i < q->reader_len; i++)
        free(q->readers[i].path);
    pthread_mutex_destroy(&q->lock);
    free(q->segments);
    free(q->dir);
    free(q);
}

/* Samples of the segment before `offset`. */
static uint64_t count_seen(const struct queue *q, uint64_t number, uint64_t offset)
{
    struct queue_record record = {0};
    char *path = segment_path(q, number);
    int fd = path ? open(path, O_RDONLY | O_CLOEXEC) : -1;
    uint64_t seen = 0;

    while (fd >= 0 && record.next < offset && read_record(fd, record.next, false, &record) == 1)
        seen += record.samples;
    if (fd >= 0)
        close(fd);
    buf_fini(&record.bytes);
    free(path);
    return seen;
}

int queue_reader(struct queue *q, const char *name, size_t *ret, struct error *err)
{
    struct reader r = {.segment = q->segments[q->len - 1].number, .moved = true};
    struct buf path, text;

    if (q->reader_len == READERS_MAX)
        return error_set(err, -E2BIG, "more than %d receivers", READERS_MAX);
    buf_init(&path, 0);
    buf_init(&text, 0);
    buf_printf(&path, "%s/%s.position", q->dir, name);
    r.path = buf_take(&path);
    if (!r.path)
        return error_errno(err, -ENOMEM, "queue");
    int code = file_read(r.path, 64, &text, err);
    if (code == -ENOENT) {
        code = 0;
    } else if (!code) {
        struct str rest = str_trim(buf_str(&text)), segment = str_cut(&rest, ' ');
        uint64_t number, offset;
        if (num_parse_u64(segment, &number) && num_parse_u64(rest, &offset) && number < r.segment) {
            r.segment = number;
            r.offset = offset;
            r.seen = count_seen(q, number, offset);
        }
    }
    buf_fini(&text);
    if (code) {
        free(r.path);
        return code;
    }
    *ret = q->reader_len;
    q->readers[q->reader_len++] = r;
    queue_save(q);
    return 0;
}

/* ---- writing and reading ---- */

static int write_record(struct queue *q, struct str bytes, uint32_t samples, int64_t now_ms)
{
    unsigned char head[HEAD_BYTES];
    struct segment *last = &q->segments[q->len - 1];

    put32(head, MAGIC);
    put32(head + 4, (uint32_t)bytes.len);
    put32(head + 8, samples);
    put32(head + 16, (uint32_t)((uint64_t)now_ms & UINT32_MAX));
    put32(head + 20, (uint32_t)((uint64_t)now_ms >> 32));
    put32(head + 12, checksum(head, bytes));
    int code = file_write_all(q->fd, head, sizeof(head));
    if (!code)
        code = file_write_all(q->fd, bytes.ptr, bytes.len);
    if (!code && fdatasync(q->fd))
        code = -errno;
    if (code) { /* part of it may be there: the segment ends before it */
        q->spoilt = true;
        return code;
    }
    last->oldest_ms = last->bytes ? last->oldest_ms : now_ms;
    last->bytes += HEAD_BYTES + bytes.len;
    last->samples += samples;
    last->newest_ms = now_ms;
    q->bytes += HEAD_BYTES + bytes.len;
    return 0;
}

/* True when the next record begins another segment. */
static bool is_full(const struct queue *q, int64_t now_ms)
{
    const struct segment *last = &q->segments[q->len - 1];

    return q->spoilt || last->bytes >= q->segment_bytes ||
           (last->bytes && now_ms - last->oldest_ms >= q->max_age_ms / PARTS);
}

int queue_append(struct queue *q, struct str bytes, uint32_t samples, int64_t now_ms,
                 struct error *err)
{
    int code = 0;

    if (bytes.len > QUEUE_RECORD_MAX)
        return error_set(err, -EFBIG, "a block of %zu bytes", bytes.len);
    pthread_mutex_lock(&q->lock);
    if (is_full(q, now_ms))
        code = start_segment(q, err);
    if (!code && (code = write_record(q, bytes, samples, now_ms)))
        error_errno(err, code, "queue %s", q->dir);
    trim(q, now_ms);
    pthread_mutex_unlock(&q->lock);
    return code;
}

/* Reads what the reader is at; the lock is held. 1; 0: there is nothing more in its segment, or
 * what is there is damaged; negative: it could not be read now, for want of memory or of files. */
static int read_here(struct queue *q, struct reader *r, struct queue_record *ret)
{
    const struct segment *s = find(q, r->segment);
    char *path;
    int found;

    if (!s || r->offset >= s->bytes)
        return 0;
    path = segment_path(q, r->segment);
    int fd = path ? open(path, O_RDONLY | O_CLOEXEC) : -1;
    if (fd < 0)
        found = path && errno == ENOENT ? 0 : -EAGAIN;
    else
        found = read_record(fd, r->offset, true, ret);
    if (fd >= 0)
        close(fd);
    free(path);
    ret->segment = r->segment;
    return found;
}

int queue_peek(struct queue *q, size_t i, int64_t now_ms, struct queue_record *ret)
{
    struct reader *r = &q->readers[i];
    int found = 0;

    pthread_mutex_lock(&q->lock);
    trim(q, now_ms);
    while (!(found = read_here(q, r, ret)) && r->segment < q->segments[q->len - 1].number) {
        const struct segment *s = find(q, r->segment);
        if (s)
            r->dropped += s->samples - MIN(r->seen, s->samples);
        r->segment = s ? r->segment + 1 : MAX(r->segment + 1, q->segments[0].number);
        r->offset = r->seen = 0;
        r->moved = true;
    }
    pthread_mutex_unlock(&q->lock);
    return found > 0;
}

void queue_pass(struct queue *q, size_t i, const struct queue_record *record)
{
    struct reader *r = &q->readers[i];

    pthread_mutex_lock(&q->lock);
    if (r->segment == record->segment) { /* else it was dropped meanwhile */
        r->offset = record->next;
        r->seen += record->samples;
        r->moved = true;
    }
    pthread_mutex_unlock(&q->lock);
}

void queue_save(struct queue *q)
{
    for (size_t i = 0; i < q->reader_len; i++) {
        struct reader *r = &q->readers[i];
        char text[64];
        pthread_mutex_lock(&q->lock);
        bool moved = r->moved;
        r->moved = false;
        int n = snprintf(text, sizeof(text), "%" PRIu64 " %" PRIu64 "\n", r->segment, r->offset);
        pthread_mutex_unlock(&q->lock);
        /* A position that is not written down costs that blocks are sent twice after a crash. */
        if (moved && file_replace(r->path, text, (size_t)n, NULL)) {
            pthread_mutex_lock(&q->lock);
            r->moved = true;
            pthread_mutex_unlock(&q->lock);
        }
    }
}

void queue_get_stats(struct queue *q, struct queue_stats *ret)
{
    pthread_mutex_lock(&q->lock);
    ret->bytes = q->bytes;
    pthread_mutex_unlock(&q->lock);
}

uint64_t queue_dropped(struct queue *q, size_t i)
{
    pthread_mutex_lock(&q->lock);
    uint64_t dropped = q->readers[i].dropped;
    pthread_mutex_unlock(&q->lock);
    return dropped;
}
