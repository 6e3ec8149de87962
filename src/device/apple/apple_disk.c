/* apple_disk.c - file systems of macOS: those that a person would look for, by mount point. */
#include "apple.h"

#include "apple_calls.h"

#include <stdlib.h>

#define MOUNTS_MAX  512
#define INTERVAL_MS 30000 /* disks fill slowly */

static const char *const pseudo_types[] = {"autofs", "devfs", "nullfs"};

static bool detect(const struct host_paths *paths)
{
    struct apple_calls own;
    const struct apple_calls *c = apple_calls_of(paths, &own);

    return c && c->process;
}

static int apple_disk_open(const struct host_paths *paths, void **ret, struct error *err)
{
    struct apple_calls own;
    const struct apple_calls *c = apple_calls_of(paths, &own);

    if (!c || !c->process)
        return error_set(err, -ENODEV, "this is no system of Apple's");
    struct apple_calls *kept = xnew(struct apple_calls);
    *kept = *c;
    *ret = kept;
    return 0;
}

static void apple_disk_close(void *state)
{
    free(state);
}

/* Volumes of one container share its room: those that the system keeps for itself say so. */
static bool is_shown(const struct apple_statfs *m)
{
    for (size_t i = 0; i < ARRAY_LEN(pseudo_types); i++)
        if (!strncmp(m->fstypename, pseudo_types[i], sizeof(m->fstypename)))
            return false;
    return m->blocks && m->bsize && !(m->flags & APPLE_DONTBROWSE);
}

static struct str text_of(const char *text, size_t size)
{
    const char *end = memchr(text, '\0', size);

    return str_make(text, end ? (size_t)(end - text) : size);
}

static bool take(const struct apple_statfs *m, struct filesystem *to)
{
    uint64_t free_blocks = MIN(m->bfree, m->blocks);

    if (m->blocks > (UINT64_MAX - 1) / m->bsize)
        return false;
    str_copy(to->mount_point, sizeof(to->mount_point), text_of(m->mntonname, sizeof(m->mntonname)));
    str_copy(to->device, sizeof(to->device), text_of(m->mntfromname, sizeof(m->mntfromname)));
    str_copy(to->type, sizeof(to->type), text_of(m->fstypename, sizeof(m->fstypename)));
    to->total_bytes = m->blocks * m->bsize;
    to->used_bytes = (m->blocks - free_blocks) * m->bsize;
    to->available_bytes = MIN(m->bavail, m->blocks) * m->bsize;
    return true;
}

static int apple_disk_read(void *state, struct reading *out, struct error *err)
{
    const struct apple_calls *c = state;
    int count = c->getfsstat(NULL, 0, APPLE_NOWAIT); /* no server of a network is waited for */
    size_t room = count > 0 ? MIN((size_t)count + 8, (size_t)MOUNTS_MAX) : 0;
    struct apple_statfs *list = calloc(room ? room : 1, sizeof(*list));

    out->filesystems = arena_calloc(out->arena, room, sizeof(*out->filesystems));
    if (!list || (room && !out->filesystems)) {
        free(list);
        return error_errno(err, -ENOMEM, "file systems");
    }
    count = room ? c->getfsstat(list, (int)(room * sizeof(*list)), APPLE_NOWAIT) : -1;
    for (size_t i = 0; count > 0 && i < MIN((size_t)count, room); i++)
        if (is_shown(&list[i]) && take(&list[i], &out->filesystems[out->filesystem_len]))
            out->filesystem_len++;
    free(list);
    return count > 0 ? 0 : error_set(err, -EIO, "the system lists no file systems");
}

const struct collector apple_disk_collector = {
    .name = "disk",
    .detect = detect,
    .open = apple_disk_open,
    .read = apple_disk_read,
    .close = apple_disk_close,
    .interval_ms = INTERVAL_MS,
};
