/* marker.c - the file that says "a store of ours lies here", and the lock.
 *
 * The file `STORE` is text: "algalon store 1\nnext-group N\n". Ids of groups stand in the days'
 * files, so none is given twice: the file promises a range before it is used. */
#include "store/marker.h"

#include "store/store.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#define MARKER  "STORE"
#define LOCK    "LOCK"
#define VERSION 1
#define RESERVE 4096 /* ids promised at once */

static char *path_in(const char *dir, const char *name)
{
    struct buf path;

    buf_init(&path, 0);
    buf_printf(&path, "%s/%s", dir, name);
    return buf_take(&path);
}

static int read_marker(const char *dir, uint32_t *ret_next, struct error *err)
{
    char *path = path_in(dir, MARKER);
    char text[128];
    uint64_t version, next;

    if (!path)
        return error_errno(err, -ENOMEM, "%s", dir);
    ssize_t n = file_read_small(path, text, sizeof(text));
    free(path);
    if (n < 0)
        return error_errno(err, (int)n, "%s/" MARKER, dir);
    struct str rest = str_make(text, (size_t)n);
    struct str first = str_cut(&rest, '\n'), second = str_cut(&rest, '\n');
    if (!str_starts(first, STR("algalon store ")) ||
        !num_parse_u64(str_make(first.ptr + 14, first.len - 14), &version))
        return error_set(err, -EINVAL, "%s/" MARKER " is not the marker of a store", dir);
    if (version > VERSION)
        return error_set(err, -EINVAL,
                         "%s was written by a newer algalon (format %" PRIu64 "): use that one",
                         dir, version);
    if (!str_starts(second, STR("next-group ")) ||
        !num_parse_u64(str_make(second.ptr + 11, second.len - 11), &next) || next > UINT32_MAX)
        return error_set(err, -EINVAL, "%s/" MARKER " is damaged", dir);
    *ret_next = (uint32_t)next;
    return 0;
}

int marker_reserve(const char *dir, uint32_t next, uint32_t *ret_reserved, struct error *err)
{
    char *path = path_in(dir, MARKER);
    struct buf text;
    int code;

    if (!path || next > UINT32_MAX - RESERVE) {
        free(path);
        return error_errno(err, path ? -EOVERFLOW : -ENOMEM, "%s/" MARKER, dir);
    }
    buf_init(&text, 0);
    buf_printf(&text, "algalon store %d\nnext-group %u\n", VERSION, next + RESERVE);
    code = text.failed ? error_errno(err, -ENOMEM, "%s", path)
                       : file_replace(path, text.ptr, text.len, err);
    if (!code)
        *ret_reserved = next + RESERVE;
    buf_fini(&text);
    free(path);
    return code;
}

/* What other rooms keep in the data directory, also where there is no store. */
static bool is_of_the_house(struct str name)
{
    return str_is(name, "dashboards") || str_is(name, "forward") || str_is(name, "gpus.tsv");
}

/* A folder without a marker must be empty: everything else is someone else's. */
static int check_foreign(const char *dir, bool *ret_marked, struct error *err)
{
    DIR *d = opendir(dir);
    struct dirent *entry;
    char foreign[64] = "";

    if (!d)
        return error_errno(err, -errno, "data directory %s", dir);
    *ret_marked = false;
    while ((entry = readdir(d))) {
        struct str name = str_of(entry->d_name);
        if (str_is(name, MARKER))
            *ret_marked = true;
        else if (!str_is(name, ".") && !str_is(name, "..") && !str_is(name, "lost+found") &&
                 !str_is(name, LOCK) && !is_of_the_house(name) &&
                 !str_starts(name, STR(MARKER ".tmp.")))
            str_copy(foreign, sizeof(foreign), name);
    }
    closedir(d);
    if (!*ret_marked && foreign[0])
        return error_set(err, -EINVAL,
                         "%s is not a data directory of algalon (it holds %s): choose an empty one",
                         dir, foreign);
    return 0;
}

static int take_lock(const char *dir, int *ret_fd, struct error *err)
{
    char *path = path_in(dir, LOCK);
    char pid[24] = "";
    int fd = path ? open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0640) : -1;
    int code = path ? -errno : -ENOMEM;

    free(path);
    if (fd < 0)
        return error_errno(err, code, "lock in %s", dir);
    if (flock(fd, LOCK_EX | LOCK_NB)) {
        code = errno == EWOULDBLOCK ? -EBUSY : -errno;
        ssize_t n = pread(fd, pid, sizeof(pid) - 1, 0);
        close(fd);
        pid[n > 0 ? n : 0] = '\0';
        if (code == -EBUSY)
            return error_set(err, code, "%s is in use by process %s", dir, pid[0] ? pid : "?");
        return error_errno(err, code, "lock in %s", dir);
    }
    snprintf(pid, sizeof(pid), "%d", (int)getpid());
    if (ftruncate(fd, 0) || pwrite(fd, pid, strlen(pid), 0) < 0)
        log_debug("process id could not be noted in the lock", "dir", dir);
    *ret_fd = fd;
    return 0;
}

int store_check_dir(const char *dir, struct error *err)
{
    uint32_t next;
    bool marked;
    int code = check_foreign(dir, &marked, err);

    if (!code && marked)
        code = read_marker(dir, &next, err);
    if (!code && access(dir, R_OK | W_OK | X_OK))
        code = error_errno(err, -errno, "data directory %s", dir);
    char *path = code ? NULL : path_in(dir, LOCK);
    int fd = path ? open(path, O_RDONLY | O_CLOEXEC) : -1;
    free(path);
    if (fd < 0)
        return code;
    if (flock(fd, LOCK_SH | LOCK_NB) && errno == EWOULDBLOCK)
        code = error_set(err, -EBUSY, "%s is in use by a running algalon", dir);
    close(fd);
    return code;
}

int marker_open(const char *dir, int *ret_lock_fd, uint32_t *ret_next_group, struct error *err)
{
    uint32_t reserved;
    bool marked;
    int fd = -1;
    int code = file_mkdirs(dir, err);

    if (!code)
        code = check_foreign(dir, &marked, err);
    if (!code)
        code = take_lock(dir, &fd, err);
    if (!code) /* another process may have made it before we had the lock */
        code = check_foreign(dir, &marked, err);
    if (!code && !marked)
        code = marker_reserve(dir, 1, &reserved, err);
    if (!code && marked)
        code = read_marker(dir, ret_next_group, err);
    else if (!code)
        *ret_next_group = 1;
    if (code) {
        if (fd >= 0)
            close(fd);
        return code;
    }
    *ret_lock_fd = fd;
    return 0;
}
