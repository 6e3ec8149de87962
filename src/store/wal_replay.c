/* wal_replay.c - reading the log back, over damage. */
#include "store/wal.h"

#include "store/varint.h"
#include "store/wal_file.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

/* Behind damage each multiple of 8 is tried as a record's start. A false start costs a checksum
 * over its supposed length, so hostile bytes could cost the square of the file; past this many
 * times the file's size the rest counts as damaged. */
#define SEARCH_FACTOR 8

/* Length of the good record at `at`, its padding included; 0 when there is none. */
static size_t record_at(const uint8_t *at, size_t left, enum wal_type *ret_type, size_t *ret_n,
                        uint64_t *cost)
{
    if (left < WAL_HEADER)
        return 0;
    uint32_t word = le32(at + 4);
    uint32_t n = word & 0xffffff, tag = word >> 24, type = tag ^ WAL_TYPE_TAG;
    size_t whole = WAL_HEADER + n + wal_padding(n);
    if (type == 0 || type >= WAL_TYPES || n > WAL_RECORD_MAX || whole > left)
        return 0;
    *cost += n;
    if (hash_crc32c(0, at + 4, n + 4) != le32(at))
        return 0;
    *ret_type = (enum wal_type)type;
    *ret_n = n;
    return whole;
}

int wal_scan(const uint8_t *bytes, size_t n, uint32_t segment,
             int (*visit)(void *ctx, uint64_t pos, enum wal_type type, const uint8_t *payload,
                          size_t n),
             void *ctx, size_t *ret_good_end, uint64_t *ret_damaged, uint64_t *ret_records)
{
    size_t at = WAL_FILE_HEADER, good_end = MIN(n, (size_t)WAL_FILE_HEADER);
    uint64_t cost = 0, budget = (uint64_t)n * SEARCH_FACTOR;
    int code = 0;

    while (!code && at < n && cost <= budget) {
        enum wal_type type;
        size_t len;
        size_t whole = record_at(bytes + at, n - at, &type, &len, &cost);
        if (!whole) {
            at += 8;
            continue;
        }
        *ret_damaged += at - good_end;
        code = visit(ctx, wal_pos(segment, (uint32_t)at), type, bytes + at + WAL_HEADER, len);
        at += whole;
        good_end = at;
        (*ret_records)++;
    }
    *ret_good_end = good_end;
    return code;
}

struct segment {
    const char *path;
    uint32_t number;
    bool last;
};

/* The end behind the last good record of segment `s` is damage, or in the last segment a torn
 * record that is cut off. */
static void drop_end(const struct segment *s, int fd, size_t good_end, size_t n,
                     struct wal_replay_result *ret)
{
    if (good_end >= n)
        return;
    if (!s->last) {
        ret->damaged_bytes += n - good_end;
        return;
    }
    ret->torn_bytes += n - good_end;
    log_warn("the end of the log was torn and is cut off", "path", s->path, "bytes_lost",
             LOG_NUM(n - good_end));
    if (ftruncate(fd, (off_t)good_end))
        log_debug("torn end of the log could not be cut", "path", s->path, "error",
                  strerror(errno));
}

static int replay_file(const struct segment *s,
                       int (*visit)(void *ctx, uint64_t pos, enum wal_type type,
                                    const uint8_t *payload, size_t n),
                       void *ctx, struct wal_replay_result *ret, struct error *err)
{
    int fd = open(s->path, O_RDWR | O_CLOEXEC);
    uint64_t damaged_before = ret->damaged_bytes;
    struct stat st;
    size_t good_end = 0;
    int code = 0;

    if (fd < 0 || fstat(fd, &st)) {
        code = error_errno(err, -errno, "log segment %s", s->path);
        if (fd >= 0)
            close(fd);
        return code;
    }
    size_t n = st.st_size > UINT32_MAX ? UINT32_MAX : (size_t)st.st_size;
    uint8_t *bytes = n ? mmap(NULL, n, PROT_READ, MAP_PRIVATE, fd, 0) : NULL;
    if (bytes == MAP_FAILED) {
        code = error_errno(err, -errno, "log segment %s", s->path);
        close(fd);
        return code;
    }
    int header = wal_file_header_check(bytes, n, s->number);
    if (header == -EPROTONOSUPPORT)
        code = error_set(err, -EINVAL, "log segment %s has a newer format: use a newer algalon",
                         s->path);
    else if (header && !(s->last && n < WAL_FILE_HEADER))
        ret->damaged_bytes += MIN(n, (size_t)WAL_FILE_HEADER);
    if (!header)
        good_end = WAL_FILE_HEADER; /* all there is of a segment that was begun and not used */
    if (n)
        madvise(bytes, n, MADV_SEQUENTIAL);
    if (!code && n > WAL_FILE_HEADER)
        code = wal_scan(bytes, n, s->number, visit, ctx, &good_end, &ret->damaged_bytes,
                        &ret->records);
    if (!code)
        drop_end(s, fd, good_end, n, ret);
    if (ret->damaged_bytes != damaged_before)
        log_warn("log segment is damaged, what follows the damage was read", "path", s->path,
                 "bytes_lost", LOG_NUM(ret->damaged_bytes - damaged_before));
    ret->bytes += n;
    if (n)
        munmap(bytes, n);
    close(fd);
    return code;
}

int wal_replay(const char *dir,
               int (*visit)(void *ctx, uint64_t pos, enum wal_type type, const uint8_t *payload,
                            size_t n),
               void *ctx, struct wal_replay_result *ret, struct error *err)
{
    uint32_t *numbers = NULL;
    size_t len = 0;
    int code = wal_file_list(dir, &numbers, &len, err);

    *ret = (struct wal_replay_result){.next_segment = 1};
    for (size_t i = 0; !code && i < len; i++) {
        struct buf path;
        buf_init(&path, 0);
        wal_file_path(&path, dir, numbers[i]);
        char *name = buf_take(&path);
        struct segment s = {name, numbers[i], i + 1 == len};
        code = name ? replay_file(&s, visit, ctx, ret, err)
                    : error_errno(err, -ENOMEM, "log segment %u", numbers[i]);
        free(name);
        ret->next_segment = numbers[i] + 1;
        ret->segments++;
    }
    free(numbers);
    return code;
}
