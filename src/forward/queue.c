/* queue.c - see queue.h for the idea and the bytes. */
#include "queue.h"

#include <assert.h>
#include <dirent.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#define MAGIC       UINT32_C(0x66474c41) /* "ALGf" */
#define HEAD_BYTES  24u
#define NAME_DIGITS 16u
#define SUFFIX      ".queue"
#define POSITION    ".position"
/* Whole segments are dropped: one holds at most this part of either bound, so that the queue keeps
 * to them and loses little at once. */
#define PARTS       8
#define SEGMENT_MIN 4096u

struct segment {
    uint64_t number, bytes, samples;
    int64_t oldest_ms, newest_ms;
};

/* Segment 0 is none: numbers begin with 1. */
struct place {
    uint64_t segment, offset;
};

struct queue_reader {
    struct queue_reader *next;
    char *name;
    struct place at, end; /* end.segment 0: whatever is added is for it */
    uint64_t seen;        /* samples of the segment that it is through with */
    uint64_t dropped;
    bool open;  /* somebody reads with it */
    bool moved; /* since its position was written down */
};

struct queue {
    char *dir;
    uint64_t max_bytes, segment_bytes;
    int64_t max_age_ms;
    bool keep_oldest;
    int lock_fd, fd; /* fd: of the last segment */

    pthread_mutex_t lock; /* lock: everything below */
    struct segment *segments;
    size_t len, cap;
    uint64_t bytes, next_number;
    bool spoilt; /* the last segment has a torn end: the next record needs another */
    struct queue_reader *readers;

    pthread_mutex_t save_lock; /* taken before `lock`: one writes positions down, or forgets them */
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

static char *position_path(const struct queue *q, const char *name)
{
    struct buf path;

    buf_init(&path, 0);
    buf_printf(&path, "%s/%s" POSITION, q->dir, name);
    return buf_take(&path);
}

static bool is_before(struct place a, struct place b)
{
    return a.segment < b.segment || (a.segment == b.segment && a.offset < b.offset);
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
    for (struct queue_reader *r = q->readers; r; r = r->next) {
        if (r->at.segment > first.number)
            continue;
        r->dropped += r->at.segment == first.number ? first.samples - MIN(r->seen, first.samples)
                                                    : first.samples;
        r->at = (struct place){first.number + 1, 0};
        r->seen = 0;
        r->moved = true;
    }
}

/* Whether the reader is still to get something of the segment. */
static bool wants(const struct queue_reader *r, const struct segment *s)
{
    struct place begin = {s->number, 0}, end = {s->number, s->bytes};

    if (r->end.segment && is_before(r->end, end))
        end = r->end;
    return is_before(is_before(begin, r->at) ? r->at : begin, end);
}

static bool is_wanted(const struct queue *q, const struct segment *s)
{
    for (const struct queue_reader *r = q->readers; r; r = r->next)
        if (wants(r, s))
            return true;
    return false;
}

/* Drops what is too much or too old, and what all readers are through with. The last segment, which
 * is being written, stays. */
static void trim(struct queue *q, int64_t now_ms)
{
    while (q->len > 1) {
        const struct segment *first = &q->segments[0];
        bool fits = q->keep_oldest || q->bytes <= q->max_bytes;
        if (is_wanted(q, first) && fits && first->newest_ms >= now_ms - q->max_age_ms)
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

/* A reader for the list; q->lock is held, or nobody else has the queue. */
static struct queue_reader *add_reader(struct queue *q, struct str name)
{
    struct queue_reader *r = xnew(struct queue_reader);

    r->name = xcalloc(name.len + 1, 1);
    memcpy(r->name, name.ptr, name.len);
    r->next = q->readers;
    q->readers = r;
    return r;
}

static void reader_free(struct queue_reader *r)
{
    free(r->name);
    free(r);
}

/* Samples of the segment before the place. */
static uint64_t count_seen(const struct queue *q, struct place at)
{
    struct queue_record record = {0};
    char *path = segment_path(q, at.segment);
    int fd = path ? open(path, O_RDONLY | O_CLOEXEC) : -1;
    uint64_t seen = 0;

    while (fd >= 0 && record.next < at.offset && read_record(fd, record.next, false, &record) == 1)
        seen += record.samples;
    if (fd >= 0)
        close(fd);
    buf_fini(&record.bytes);
    free(path);
    return seen;
}

/* "segment offset", or with an end behind it. A place that is none stays as it was. */
static void read_place(struct str *rest, struct place *ret)
{
    uint64_t segment, offset;

    if (num_parse_u64(str_cut(rest, ' '), &segment) && num_parse_u64(str_cut(rest, ' '), &offset) &&
        segment && segment < ret->segment)
        *ret = (struct place){segment, offset};
}

/* A reader of an earlier run, closed until somebody asks for it. */
static int load_reader(struct queue *q, struct str name, struct error *err)
{
    struct queue_reader *r = add_reader(q, name);
    char *path = position_path(q, r->name);
    struct buf text;

    if (!path)
        return error_errno(err, -ENOMEM, "queue");
    buf_init(&text, 0);
    int code = file_read(path, 128, &text, err);
    if (!code) {
        struct str rest = str_trim(buf_str(&text));
        r->at = r->end = (struct place){q->segments[q->len - 1].number, 0};
        read_place(&rest, &r->at);
        read_place(&rest, &r->end);
        r->seen = count_seen(q, r->at);
        r->moved = true;
    }
    buf_fini(&text);
    free(path);
    return code;
}

static int find_readers(struct queue *q, struct error *err)
{
    DIR *d = opendir(q->dir);
    struct dirent *entry;
    int code = d ? 0 : error_errno(err, -errno, "queue %s", q->dir);

    while (d && !code && (entry = readdir(d))) {
        struct str name = str_of(entry->d_name), end = STR(POSITION);
        if (name.len > end.len && !memcmp(name.ptr + name.len - end.len, end.ptr, end.len))
            code = load_reader(q, str_make(name.ptr, name.len - end.len), err);
    }
    if (d)
        closedir(d);
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
    q->keep_oldest = options->keep_oldest;
    q->next_number = 1;
    pthread_mutex_init(&q->lock, NULL);
    pthread_mutex_init(&q->save_lock, NULL);
    int code = file_mkdirs(q->dir, err);
    if (!code)
        code = take_lock(q, err);
    if (!code && (code = find_segments(q)))
        error_errno(err, code, "queue %s", q->dir);
    if (!code)
        code = start_segment(q, err); /* a torn end of the last one stays as it is */
    if (!code)
        code = find_readers(q, err);
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
    for (struct queue_reader *r = q->readers, *next; r; r = next) {
        next = r->next;
        reader_free(r);
    }
    pthread_mutex_destroy(&q->lock);
    pthread_mutex_destroy(&q->save_lock);
    free(q->segments);
    free(q->dir);
    free(q);
}

/* ---- readers ---- */

struct queue_reader *queue_reader_open(struct queue *q, const char *name)
{
    pthread_mutex_lock(&q->save_lock);
    pthread_mutex_lock(&q->lock);
    const struct segment *last = &q->segments[q->len - 1];
    struct queue_reader *r = q->readers;
    while (r && strcmp(r->name, name))
        r = r->next;
    if (!r)
        r = add_reader(q, str_of(name));
    assert(!r->open);
    if (!r->at.segment)
        r->at = (struct place){last->number, last->bytes};
    r->end = (struct place){0};
    r->open = r->moved = true;
    pthread_mutex_unlock(&q->lock);
    pthread_mutex_unlock(&q->save_lock);
    queue_save(q);
    return r;
}

void queue_reader_leave(struct queue *q, struct queue_reader *r)
{
    pthread_mutex_lock(&q->lock);
    const struct segment *last = &q->segments[q->len - 1];
    r->end = (struct place){last->number, last->bytes};
    r->moved = true;
    pthread_mutex_unlock(&q->lock);
}

void queue_reader_close(struct queue *q, struct queue_reader *r)
{
    pthread_mutex_lock(&q->lock);
    r->open = false;
    pthread_mutex_unlock(&q->lock);
}

/* Whether a reader has to be kept: somebody has it open or will, or something waits for it. */
static bool is_needed(const struct queue *q, const struct queue_reader *r)
{
    bool needed = r->open || !r->end.segment;

    for (size_t i = 0; i < q->len && !needed; i++)
        needed = wants(r, &q->segments[i]);
    return needed;
}

/* Forgets the others; save_lock is held. */
static void forget_readers(struct queue *q)
{
    pthread_mutex_lock(&q->lock);
    for (struct queue_reader **at = &q->readers, *r; (r = *at);) {
        char *path = is_needed(q, r) ? NULL : position_path(q, r->name);
        if (!path) {
            at = &r->next;
            continue;
        }
        *at = r->next;
        unlink(path);
        free(path);
        reader_free(r);
    }
    pthread_mutex_unlock(&q->lock);
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
static int read_here(struct queue *q, struct queue_reader *r, struct queue_record *ret)
{
    const struct segment *s = find(q, r->at.segment);
    char *path;
    int found;

    if (!s || !wants(r, s))
        return 0;
    path = segment_path(q, r->at.segment);
    int fd = path ? open(path, O_RDONLY | O_CLOEXEC) : -1;
    if (fd < 0)
        found = path && errno == ENOENT ? 0 : -EAGAIN;
    else
        found = read_record(fd, r->at.offset, true, ret);
    if (fd >= 0)
        close(fd);
    free(path);
    ret->segment = r->at.segment;
    return found;
}

int queue_peek(struct queue *q, struct queue_reader *r, int64_t now_ms, struct queue_record *ret)
{
    int found = 0;

    pthread_mutex_lock(&q->lock);
    trim(q, now_ms);
    while (!(found = read_here(q, r, ret)) && r->at.segment < q->segments[q->len - 1].number &&
           (!r->end.segment || is_before(r->at, r->end))) {
        const struct segment *s = find(q, r->at.segment);
        uint64_t next = r->at.segment + 1;
        if (s)
            r->dropped += s->samples - MIN(r->seen, s->samples);
        r->at = (struct place){s ? next : MAX(next, q->segments[0].number), 0};
        r->seen = 0;
        r->moved = true;
    }
    pthread_mutex_unlock(&q->lock);
    return found > 0;
}

void queue_pass(struct queue *q, struct queue_reader *r, const struct queue_record *record)
{
    pthread_mutex_lock(&q->lock);
    if (r->at.segment == record->segment) { /* else it was dropped meanwhile */
        r->at.offset = record->next;
        r->seen += record->samples;
        r->moved = true;
    }
    pthread_mutex_unlock(&q->lock);
}

/* Writes one position down when it changed. Only who holds save_lock may forget a reader. */
static void save_position(struct queue *q, struct queue_reader *r)
{
    char text[96];
    int n;

    pthread_mutex_lock(&q->lock);
    bool moved = r->moved;
    struct place at = r->at, end = r->end;
    r->moved = false;
    pthread_mutex_unlock(&q->lock);
    if (!moved)
        return;
    n = snprintf(text, sizeof(text), "%" PRIu64 " %" PRIu64, at.segment, at.offset);
    if (end.segment)
        n += snprintf(text + n, sizeof(text) - (size_t)n, " %" PRIu64 " %" PRIu64, end.segment,
                      end.offset);
    text[n++] = '\n';
    char *path = position_path(q, r->name);
    /* A position that is not written down costs that blocks are sent twice after a crash. */
    if (!path || file_replace(path, text, (size_t)n, NULL)) {
        pthread_mutex_lock(&q->lock);
        r->moved = true;
        pthread_mutex_unlock(&q->lock);
    }
    free(path);
}

void queue_save(struct queue *q)
{
    pthread_mutex_lock(&q->save_lock);
    forget_readers(q);
    for (struct queue_reader *r = q->readers; r; r = r->next)
        save_position(q, r);
    pthread_mutex_unlock(&q->save_lock);
}

bool queue_has_room(struct queue *q, int64_t now_ms)
{
    pthread_mutex_lock(&q->lock);
    trim(q, now_ms);
    const struct segment *last = &q->segments[q->len - 1]; /* stays, also when all have it */
    uint64_t waiting = q->bytes - (is_wanted(q, last) ? 0 : last->bytes);
    bool room = !q->keep_oldest || waiting < q->max_bytes;
    pthread_mutex_unlock(&q->lock);
    return room;
}

void queue_get_stats(struct queue *q, struct queue_stats *ret)
{
    pthread_mutex_lock(&q->lock);
    ret->bytes = q->bytes;
    pthread_mutex_unlock(&q->lock);
}

uint64_t queue_dropped(struct queue *q, struct queue_reader *r)
{
    pthread_mutex_lock(&q->lock);
    uint64_t dropped = r->dropped;
    pthread_mutex_unlock(&q->lock);
    return dropped;
}
