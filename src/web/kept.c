#include "web/kept.h"

#include "web/dashboard_file.h"

#include <ctype.h>
#include <dirent.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#define VERSIONS ".versions"
#define ENDING   ".json"

/* An earlier version as its file's name tells it. */
struct version {
    char *name; /* in the folder of versions */
    struct str uid;
    uint64_t number;
    int64_t saved_ms;
    off_t bytes;
};

struct versions {
    struct version *items;
    size_t len, cap;
};

bool kept_is_uid(struct str uid)
{
    if (!uid.len || uid.len > DASHBOARD_MAX_UID || uid.ptr[0] == '.')
        return false;
    for (size_t i = 0; i < uid.len; i++)
        if (!isalnum((unsigned char)uid.ptr[i]) && !memchr("_-.", uid.ptr[i], 3))
            return false;
    return true;
}

char *kept_path(const char *dir, struct str uid)
{
    struct buf b;

    buf_init(&b, 0);
    buf_printf(&b, "%s/%.*s" ENDING, dir, STR_ARG(uid));
    return buf_take(&b);
}

static char *version_path(const char *dir, const char *name)
{
    struct buf b;

    buf_init(&b, 0);
    buf_printf(&b, "%s/" VERSIONS "%s%s", dir, *name ? "/" : "", name);
    return buf_take(&b);
}

/* ---- versions ---- */

/* "gpu@12.json" */
static bool read_name(const char *name, struct version *ret)
{
    const char *at = strrchr(name, '@');
    struct str rest = at ? str_of(at + 1) : STR("");

    if (!at || !str_ends(rest, STR(ENDING)))
        return false;
    rest.len -= strlen(ENDING);
    ret->uid = str_make(name, (size_t)(at - name));
    return kept_is_uid(ret->uid) && num_parse_u64(rest, &ret->number);
}

static void versions_fini(struct versions *v)
{
    for (size_t i = 0; i < v->len; i++)
        free(v->items[i].name);
    free(v->items);
}

/* All versions of all dashboards; a folder that is not there holds none. */
static int list_versions(const char *dir, struct versions *ret)
{
    char *folder = version_path(dir, "");
    DIR *d = folder ? opendir(folder) : NULL;
    int code = folder ? 0 : -ENOMEM;

    *ret = (struct versions){0};
    free(folder);
    for (const struct dirent *e; d && !code && (e = readdir(d));) {
        struct version v = {0};
        struct stat st;
        if (!read_name(e->d_name, &v) || fstatat(dirfd(d), e->d_name, &st, AT_SYMLINK_NOFOLLOW))
            continue;
        struct version *items =
            array_grow(ret->items, &ret->cap, ret->len + 1, sizeof(*ret->items));
        if (!items) {
            code = -ENOMEM;
            break;
        }
        ret->items = items;
        v.name = xstrdup(e->d_name);
        v.uid.ptr = v.name;
        v.saved_ms = (int64_t)st.st_mtim.tv_sec * 1000 + st.st_mtim.tv_nsec / 1000000;
        v.bytes = st.st_size;
        ret->items[ret->len++] = v;
    }
    if (d)
        closedir(d);
    return code;
}

static int newest_first(const void *pa, const void *pb)
{
    const struct version *a = pa, *b = pb;

    return a->number < b->number ? 1 : a->number > b->number ? -1 : 0;
}

static int latest_saved_first(const void *pa, const void *pb)
{
    const struct version *a = pa, *b = pb;

    return a->saved_ms < b->saved_ms ? 1 : a->saved_ms > b->saved_ms ? -1 : newest_first(pa, pb);
}

/* Removes from the `from`-th of the items on that `uid` has (empty: of all). A version that stays
 * for want of rights costs space alone. */
static void drop_versions(const char *dir, const struct versions *all, struct str uid, size_t from)
{
    size_t seen = 0;

    for (size_t i = 0; i < all->len; i++) {
        if ((uid.len && !str_equal(all->items[i].uid, uid)) || seen++ < from)
            continue;
        char *path = version_path(dir, all->items[i].name);
        if (path && unlink(path))
            log_warn("an old version of a dashboard cannot be removed", "file", path, "error",
                     strerror(errno));
        free(path);
    }
}

/* Keeps what stands at `path` as the next version of `uid`, within the bounds. */
static int keep_version(const char *dir, struct str uid, const char *path, struct error *err)
{
    struct versions all = {0};
    uint64_t next = 1;
    struct buf text;
    char name[DASHBOARD_MAX_UID + 40];

    buf_init(&text, 0);
    int code = file_read(path, 2 * DASHBOARD_MAX_BYTES, &text, err);
    char *folder = version_path(dir, "");
    if (!code)
        code = folder ? file_mkdirs(folder, err) : error_errno(err, -ENOMEM, "%s", path);
    if (!code && (code = list_versions(dir, &all)))
        error_errno(err, code, "%s", folder);
    for (size_t i = 0; i < all.len; i++)
        if (str_equal(all.items[i].uid, uid))
            next = MAX(next, all.items[i].number + 1);
    snprintf(name, sizeof(name), "%.*s@%" PRIu64 ENDING, STR_ARG(uid), next);
    char *file = version_path(dir, name);
    if (!code)
        code = file ? file_replace(file, text.ptr, text.len, err)
                    : error_errno(err, -ENOMEM, "%s", path);
    if (!code && all.len) {
        qsort(all.items, all.len, sizeof(*all.items), newest_first);
        drop_versions(dir, &all, uid, KEPT_MAX_VERSIONS - 1);
        qsort(all.items, all.len, sizeof(*all.items), latest_saved_first);
        drop_versions(dir, &all, STR(""), KEPT_MAX_OLD - 1);
    }
    free(file);
    free(folder);
    versions_fini(&all);
    buf_fini(&text);
    return code;
}

int kept_versions(const char *dir, struct str uid, struct buf *to)
{
    struct versions all;
    int code = list_versions(dir, &all);
    bool any = false;

    if (all.len)
        qsort(all.items, all.len, sizeof(*all.items), newest_first);
    buf_char(to, '[');
    for (size_t i = 0; i < all.len; i++) {
        const struct version *v = &all.items[i];
        if (!str_equal(v->uid, uid))
            continue;
        buf_printf(to, "%s{\"version\":%" PRIu64 ",\"saved\":%" PRId64 ",\"bytes\":%lld}",
                   any ? "," : "", v->number, v->saved_ms, (long long)v->bytes);
        any = true;
    }
    buf_char(to, ']');
    versions_fini(&all);
    return code ? code : to->failed ? -ENOMEM : 0;
}

int kept_version(const char *dir, struct str uid, uint64_t version, struct buf *to,
                 struct error *err)
{
    char name[DASHBOARD_MAX_UID + 40];

    snprintf(name, sizeof(name), "%.*s@%" PRIu64 ENDING, STR_ARG(uid), version);
    char *path = version_path(dir, name);
    int code = path ? file_read(path, 2 * DASHBOARD_MAX_BYTES, to, err)
                    : error_errno(err, -ENOMEM, "%s", name);
    free(path);
    return code;
}

/* ---- dashboards ---- */

static size_t count_files(const char *dir)
{
    DIR *d = opendir(dir);
    size_t n = 0;

    for (const struct dirent *e; d && (e = readdir(d));)
        n += e->d_name[0] != '.' && str_ends(str_of(e->d_name), STR(ENDING));
    if (d)
        closedir(d);
    return n;
}

int kept_put(const char *dir, struct str uid, struct str text, bool *ret_new, struct error *err)
{
    char *path = kept_path(dir, uid);
    int code = path ? file_mkdirs(dir, err) : error_errno(err, -ENOMEM, "%s", dir);

    if (!code) {
        *ret_new = access(path, F_OK) != 0;
        if (!*ret_new)
            code = keep_version(dir, uid, path, err);
        else if (count_files(dir) >= KEPT_MAX_FILES)
            code = error_set(err, -EDQUOT,
                             "%d dashboards are kept here, the most there can be: delete some, or "
                             "put them into a folder of their own (--dashboards)",
                             KEPT_MAX_FILES);
    }
    if (!code)
        code = file_replace(path, text.ptr, text.len, err);
    free(path);
    return code;
}

int kept_remove(const char *dir, struct str uid, struct error *err)
{
    char *path = kept_path(dir, uid);
    int code = path ? keep_version(dir, uid, path, err) : error_errno(err, -ENOMEM, "%s", dir);

    if (!code && unlink(path))
        code = error_errno(err, -errno, "%s", path);
    if (!code)
        code = file_sync_dir(dir);
    free(path);
    return code;
}
