/* day_draft.c - a day written anew: into a file of its own, which takes the old one's name when it
 * is whole and synced. Killed before, the old day is what there is; the draft is removed at the
 * next start. */
#include "store/day_lmdb.h"

#include <stdio.h>
#include <unistd.h>

#define SUFFIX ".new"

int day_draft_begin(struct day *day, struct day **ret, struct error *err)
{
    struct day *draft = day_new(day->days, day->number);
    struct buf path;

    buf_init(&path, 0);
    if (draft && draft->path) {
        buf_printf(&path, "%s" SUFFIX, draft->path);
        free(draft->path);
        draft->path = buf_take(&path);
    }
    char *lock = draft && draft->path ? day_lock_path(draft) : NULL;
    if (!lock) {
        if (draft)
            day_free(draft);
        return error_errno(err, -ENOMEM, "day %s", day->path);
    }
    unlink(draft->path);
    unlink(lock);
    free(lock);
    int code = day_open(draft, err);
    if (!code && draft->read_only)
        code = error_errno(err, -ENOSPC, "day %s", draft->path);
    if (code) {
        day_draft_abort(draft);
        return code;
    }
    *ret = draft;
    return 0;
}

void day_draft_abort(struct day *draft)
{
    if (!draft)
        return;
    char *lock = day_lock_path(draft);
    unlink(draft->path);
    if (lock)
        unlink(lock);
    free(lock);
    day_free(draft);
}

/* Gives the draft the name of `day`. lock of days held */
static int take_place(struct day *draft, const struct day *day)
{
    struct days *d = draft->days;
    size_t at = days_find(d, day->number);
    char *path = strdup(day->path), *own = day_lock_path(draft), *lock = day_lock_path(day);
    int code = path && own && lock ? 0 : -ENOMEM;

    if (!code && (at == d->len || d->items[at] != day))
        code = -ENOENT;
    if (!code) {
        mdb_env_close(draft->env);
        draft->env = NULL;
        unlink(own);
        /* Readers of the old file keep its lock file open; those of the new one get another. */
        unlink(lock);
        if (rename(draft->path, path))
            code = -errno;
    }
    if (!code) {
        struct day *old = d->items[at];
        free(draft->path);
        draft->path = path;
        path = NULL;
        d->items[at] = draft;
        draft->written_ns = old->written_ns;
        old->dropped = true;
        day_learn_bytes(draft);
    }
    free(path);
    free(own);
    free(lock);
    return code;
}

int day_draft_commit(struct day *draft, const struct day *day, struct error *err)
{
    struct days *d = draft->days;

    pthread_mutex_lock(&d->lock);
    int code = take_place(draft, day);
    pthread_mutex_unlock(&d->lock);
    if (code) {
        error_errno(err, code, "day %s", draft->path);
        day_draft_abort(draft);
        return code;
    }
    code = file_sync_dir(d->dir);
    return code ? error_errno(err, code, "folder %s", d->dir) : 0;
}

void day_draft_clean(const char *dir, const char *name)
{
    struct str s = str_of(name);
    struct buf path;

    if (!str_ends(s, STR(".mdb" SUFFIX)) && !str_ends(s, STR(".mdb" SUFFIX "-lock")))
        return;
    buf_init(&path, 0);
    buf_printf(&path, "%s/%s", dir, name);
    if (!path.failed && unlink(path.ptr) == 0)
        log_info("a day that was not written to its end is removed", "path", path.ptr);
    buf_fini(&path);
}
