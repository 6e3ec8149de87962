/* nvidia_kmsg.c - finds lines like this in /dev/kmsg, where each read gives one record:
 *
 *   4,1234,987654321,-;NVRM: Xid (PCI:0000:3b:00): 79, pid=4321, name=python3, GPU has fallen...
 *
 * facility x 8 + priority, a running number, microseconds since boot, flags. With MIG the place may
 * be "PCI:0000:3b:00 GPU-I:05". */
#include "device/nvidia/nvidia_kmsg.h"

#include "device/nvidia/nvidia.h"
#include "device/nvidia/nvidia_text.h"
#include "device/nvidia/xid.h"
#include "device/nvidia/xid_log.h"

#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#ifdef __linux__
#include <sys/sysmacros.h>
#endif

#define MARK        "NVRM: Xid (PCI:"
#define RECORD      8192   /* the kernel's records are no longer */
#define KEPT_MAX    2048   /* what is kept of a line that is not at its end */
#define RECORDS_MAX 200000 /* the log ends long before, unless it is written as fast as read */
#define XID_MAX     65535
#define KMSG_MAJOR  1
#define KMSG_MINOR  11

/* ---- a line ---- */

static bool cut_after(struct str *text, struct str mark)
{
    for (size_t i = 0; i + mark.len <= text->len; i++)
        if (memcmp(text->ptr + i, mark.ptr, mark.len) == 0) {
            *text = str_make(text->ptr + i + mark.len, text->len - i - mark.len);
            return true;
        }
    return false;
}

/* False when a program wrote the record: those have another facility than the kernel's, which is
 * 0, and cannot claim it. */
static bool is_kernels(struct str line, uint64_t *ret_boot_us)
{
    uint64_t level, number, boot_us;

    *ret_boot_us = 0;
    if (!num_parse_u64(str_cut(&line, ','), &level) || !line.ptr)
        return true; /* another form of the log, in which it does not stand */
    if (num_parse_u64(str_cut(&line, ','), &number) && num_parse_u64(str_cut(&line, ','), &boot_us))
        *ret_boot_us = boot_us;
    return level >> 3 == 0;
}

bool nvidia_kmsg_line(struct str line, struct kmsg_xid *ret)
{
    char bus[24];
    uint64_t xid, boot_us;
    size_t digits = 0;

    if (!is_kernels(line, &boot_us) || !cut_after(&line, STR(MARK)))
        return false;
    struct str place = str_cut(&line, ')');
    place = str_cut(&place, ' ');
    if (!line.ptr || !str_starts(line, STR(": ")) || place.len + 3 > sizeof(bus))
        return false;
    line = str_make(line.ptr + 2, line.len - 2);
    while (digits < line.len && line.ptr[digits] >= '0' && line.ptr[digits] <= '9')
        digits++;
    if (!num_parse_u64(str_make(line.ptr, digits), &xid) || xid > XID_MAX)
        return false;
    snprintf(bus, sizeof(bus), "%.*s.0", STR_ARG(place));
    *ret = (struct kmsg_xid){.xid = (unsigned)xid, .count = 1, .boot_us = boot_us};
    return nvidia_text_bus_id(ret->bus_id, str_of(bus));
}

/* ---- the log ---- */

struct tail {
    int fd;
    size_t kept; /* bytes of a line that is not at its end */
    char text[KEPT_MAX + RECORD];
};

/* The kernel's log below the root: its device, or an ordinary file in a test's tree. Old containers
 * have the console in its place, whose input is not ours to read. */
static int open_log(const struct host_paths *paths)
{
    char path[512];
    struct stat st;

    snprintf(path, sizeof(path), "%s/dev/kmsg", paths->rootfs);
    int fd = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
    if (fd < 0)
        return -1;
    bool log = fstat(fd, &st) == 0 &&
               (S_ISREG(st.st_mode) ||
                (S_ISCHR(st.st_mode) && st.st_rdev == makedev(KMSG_MAJOR, KMSG_MINOR)));
    if (log)
        return fd;
    close(fd);
    return -1;
}

/* Reads on to the end of the log and hands over each XID. */
static void read_on(struct tail *t, void (*take)(void *ctx, const struct kmsg_xid *x), void *ctx)
{
    for (unsigned i = 0; i < RECORDS_MAX; i++) {
        ssize_t n = read(t->fd, t->text + t->kept, RECORD);
        if (n < 0 && (errno == EPIPE || errno == EINTR))
            continue; /* the record was overwritten meanwhile: the next one comes */
        if (n <= 0)
            return;
        struct str rest = str_make(t->text, t->kept + (size_t)n);
        while (rest.ptr && memchr(rest.ptr, '\n', rest.len)) {
            struct kmsg_xid one;
            if (nvidia_kmsg_line(str_cut(&rest, '\n'), &one))
                take(ctx, &one);
        }
        t->kept = rest.ptr ? MIN(rest.len, (size_t)KEPT_MAX) : 0;
        if (t->kept)
            memmove(t->text, rest.ptr, t->kept);
    }
}

/* ---- for the doctor ---- */

struct counts {
    struct kmsg_xid *list;
    size_t len, max;
};

static void count(void *ctx, const struct kmsg_xid *x)
{
    struct counts *c = ctx;
    size_t i = 0;

    while (i < c->len && (c->list[i].xid != x->xid || strcmp(c->list[i].bus_id, x->bus_id) != 0))
        i++;
    if (i < c->len)
        c->list[i].count++;
    else if (c->len < c->max)
        c->list[c->len++] = *x;
}

size_t nvidia_kmsg_xids(const struct host_paths *paths, struct kmsg_xid *ret, size_t max)
{
    struct tail t = {.fd = open_log(paths)};
    struct counts counts = {ret, 0, max};

    if (t.fd < 0)
        return 0;
    read_on(&t, count, &counts);
    close(t.fd);
    return counts.len;
}

/* ---- the collector ---- */

struct log_state {
    struct tail tail;
    struct xid_log log; /* by address on the bus */
    int64_t now_us;     /* of this turn: Unix time, and time since boot */
    uint64_t boot_us;
};

static bool log_detect(const struct host_paths *paths)
{
    if (!nvidia_collector.detect(paths))
        return false;
    int fd = open_log(paths);
    if (fd < 0)
        return false;
    close(fd);
    return true;
}

static int log_open(const struct host_paths *paths, void **ret, struct error *err)
{
    struct log_state *s = xnew(struct log_state);

    s->tail.fd = open_log(paths);
    if (s->tail.fd < 0) {
        free(s);
        return error_set(err, -EACCES, "the kernel's log cannot be opened");
    }
    *ret = s;
    return 0;
}

static void log_close(void *state)
{
    struct log_state *s = state;

    if (!s)
        return;
    close(s->tail.fd);
    free(s);
}

static void note(void *ctx, const struct kmsg_xid *x)
{
    struct log_state *s = ctx;
    uint64_t ago_us = x->boot_us && x->boot_us < s->boot_us ? s->boot_us - x->boot_us : 0;

    xid_log_count(&s->log, x->bus_id, x->xid, s->now_us - (int64_t)ago_us);
}

static int log_read(void *state, struct reading *out, struct error *err)
{
    struct log_state *s = state;
    const struct xid_log *log = &s->log;

    s->boot_us = clock_mono_ns() / 1000;
    s->now_us = clock_now_ms() * 1000;
    if (!out->mono_ns)
        out->mono_ns = s->boot_us * 1000;
    read_on(&s->tail, note, s);
    out->logged_xids =
        arena_calloc(out->arena, MAX(log->len, (size_t)1), sizeof(*out->logged_xids));
    if (!out->logged_xids)
        return error_errno(err, -ENOMEM, "list of XIDs");
    for (size_t i = 0; i < log->len; i++) {
        struct logged_xid *x = &out->logged_xids[out->logged_xid_len++];
        const struct xid *known = xid_find(log->xids[i].xid);
        *x = (struct logged_xid){.xid = log->xids[i].xid,
                                 .count = log->xids[i].count,
                                 .recent = xid_log_recent(log, i, s->now_us),
                                 .last_s = (double)log->xids[i].last_us / 1e6,
                                 .meaning = known ? known->name : ""};
        str_copy(x->bus_id, sizeof(x->bus_id), str_of(log->xids[i].gpu));
    }
    return 0;
}

const struct collector nvidia_kmsg_collector = {
    .name = "kmsg",
    .detect = log_detect,
    .open = log_open,
    .read = log_read,
    .close = log_close,
};
