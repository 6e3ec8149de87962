/* backup.c - a copy of a running store.
 *
 * First everything goes into days; then each day is copied as one reader sees it. Rows that arrive
 * meanwhile may be in a day that is copied late, or in none: they came after the copy was asked
 * for. The copy has no log: it is as a store that was closed cleanly. */
#include "store/internal.h"
#include "store/marker.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

static char *path_in(const char *dir, const char *name)
{
    struct buf path;

    buf_init(&path, 0);
    buf_printf(&path, "%s%s", dir, name);
    return buf_take(&path);
}

/* Says beforehand that the copy will not fit: a full disk would stop the store itself. */
static int check_room(struct store *s, const char *dir, struct error *err)
{
    struct days_stats stats;
    uint64_t left;
    int fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    int code = fd < 0 ? -errno : s->io->free_bytes(fd, &left);

    if (fd >= 0)
        close(fd);
    if (code)
        return error_errno(err, code, "folder %s", dir);
    days_get_stats(s->days, &stats);
    if (stats.disk_bytes + s->options.min_free_bytes > left)
        return error_set(err, -ENOSPC,
                         "a copy takes %" PRIu64 " MB and there are %" PRIu64 " MB free at %s",
                         stats.disk_bytes >> 20, left >> 20, dir);
    return 0;
}

static int copy_days(struct store *s, const char *dir, struct error *err)
{
    size_t n = days_list(s->days, 0, INT64_MAX, NULL, 0);
    int64_t *days = calloc(n + 1, sizeof(*days));
    int code = days ? 0 : error_errno(err, -ENOMEM, "copy");

    n = days ? MIN(n, days_list(s->days, 0, INT64_MAX, days, n)) : 0;
    for (size_t i = 0; i < n && !code; i++) {
        code = days_copy(s->days, days[i], dir, err);
        if (code == -ENOENT) /* the retention was faster */
            code = 0;
    }
    free(days);
    return code;
}

static int write_copy(struct store *s, const char *part, struct error *err)
{
    char *days = path_in(part, "/days");
    uint32_t reserved;
    int code = days ? file_mkdirs(days, err) : error_errno(err, -ENOMEM, "copy");

    if (!code)
        code = check_room(s, part, err);
    if (!code)
        code = copy_days(s, days, err);
    if (!code && (code = file_sync_dir(days)))
        error_errno(err, code, "folder %s", days);
    if (!code) {
        pthread_rwlock_rdlock(&s->groups_lock);
        uint32_t next = s->next_group;
        pthread_rwlock_unlock(&s->groups_lock);
        code = marker_reserve(part, next, &reserved, err);
    }
    free(days);
    return code;
}

int store_backup(struct store *s, const char *dir, struct error *err)
{
    char *part = path_in(dir, ".part");
    struct stat st;
    int code = part ? 0 : error_errno(err, -ENOMEM, "copy %s", dir);

    if (!code && (lstat(dir, &st) == 0 || lstat(part, &st) == 0))
        code = error_errno(err, -EEXIST, "copy %s", dir);
    if (code) {
        free(part);
        return code;
    }
    code = store_flush(s, err);
    if (!code)
        code = write_copy(s, part, err);
    if (!code && rename(part, dir))
        code = error_errno(err, -errno, "copy %s", dir);
    bool named = !code;
    if (named && (code = file_sync_parent(dir)))
        error_errno(err, code, "folder of copy %s", dir);
    if (!named && file_remove_tree(part))
        log_warn("an unfinished copy is left behind", "dir", part);
    free(part);
    return code ? error_in(err, "backup") : 0;
}
