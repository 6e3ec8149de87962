/* nvidia_kmsg.c - finds lines like this in /dev/kmsg, where each read gives one record:
 *
 *   4,1234,987654321,-;NVRM: Xid (PCI:0000:3b:00): 79, pid=4321, name=python3, GPU has fallen...
 */
#include "device/nvidia/nvidia_kmsg.h"

#include "device/nvidia/nvidia_text.h"

#include <fcntl.h>
#include <unistd.h>

#define MARK        "NVRM: Xid (PCI:"
#define RECORD      8192   /* the kernel's records are no longer */
#define KEPT_MAX    2048   /* what is kept of a line that is not at its end */
#define RECORDS_MAX 200000 /* the log ends long before, unless it is written as fast as read */
#define XID_MAX     65535

static bool cut_after(struct str *text, struct str mark)
{
    for (size_t i = 0; i + mark.len <= text->len; i++)
        if (memcmp(text->ptr + i, mark.ptr, mark.len) == 0) {
            *text = str_make(text->ptr + i + mark.len, text->len - i - mark.len);
            return true;
        }
    return false;
}

bool nvidia_kmsg_line(struct str line, struct kmsg_xid *ret)
{
    char bus[24];
    uint64_t xid;
    size_t digits = 0;

    if (!cut_after(&line, STR(MARK)))
        return false;
    struct str place = str_cut(&line, ')');
    if (!line.ptr || !str_starts(line, STR(": ")) || place.len + 3 > sizeof(bus))
        return false;
    line = str_make(line.ptr + 2, line.len - 2);
    while (digits < line.len && line.ptr[digits] >= '0' && line.ptr[digits] <= '9')
        digits++;
    if (!num_parse_u64(str_make(line.ptr, digits), &xid) || xid > XID_MAX)
        return false;
    snprintf(bus, sizeof(bus), "%.*s.0", STR_ARG(place));
    *ret = (struct kmsg_xid){.xid = (unsigned)xid, .count = 1};
    return nvidia_text_bus_id(ret->bus_id, str_of(bus));
}

static void count(struct str line, struct kmsg_xid *list, size_t *len, size_t max)
{
    struct kmsg_xid one;
    size_t i = 0;

    if (!nvidia_kmsg_line(line, &one))
        return;
    while (i < *len && (list[i].xid != one.xid || strcmp(list[i].bus_id, one.bus_id) != 0))
        i++;
    if (i < *len)
        list[i].count++;
    else if (*len < max)
        list[(*len)++] = one;
}

size_t nvidia_kmsg_xids(const struct host_paths *paths, struct kmsg_xid *ret, size_t max)
{
    char path[512], text[KEPT_MAX + RECORD];
    size_t len = 0, kept = 0;

    snprintf(path, sizeof(path), "%s/dev/kmsg", paths->rootfs);
    int fd = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
    if (fd < 0)
        return 0;
    for (unsigned i = 0; i < RECORDS_MAX; i++) {
        ssize_t n = read(fd, text + kept, RECORD);
        if (n < 0 && (errno == EPIPE || errno == EINTR))
            continue; /* the record was overwritten meanwhile: the next one comes */
        if (n <= 0)
            break;
        struct str rest = str_make(text, kept + (size_t)n);
        while (memchr(rest.ptr, '\n', rest.len)) {
            struct str line = str_cut(&rest, '\n');
            count(line, ret, &len, max);
            if (!rest.ptr)
                break;
        }
        kept = rest.ptr ? MIN(rest.len, (size_t)KEPT_MAX) : 0;
        if (kept)
            memmove(text, rest.ptr, kept);
    }
    close(fd);
    return len;
}
