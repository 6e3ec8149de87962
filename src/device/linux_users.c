#include "device/linux_users.h"

#include "device/linux_file.h"
#include "device/linux_proc.h"

#include <sys/stat.h>

#define USERS_MAX 65536 /* of a passwd file; more are shown by number */

void linux_users_init(struct linux_users *u, const char *rootfs)
{
    *u = (struct linux_users){.rootfs = rootfs};
}

void linux_users_fini(struct linux_users *u)
{
    free(u->list);
    *u = (struct linux_users){.rootfs = u->rootfs};
}

/* Of two with one number the first counts, as for getpwuid(). */
static const struct linux_user *find(const struct linux_users *u, uint32_t uid)
{
    for (size_t i = 0; i < u->len; i++)
        if (u->list[i].uid == uid)
            return &u->list[i];
    return NULL;
}

static void load(struct linux_users *u)
{
    struct linux_lines lines;
    struct str line, name;
    uint32_t uid;

    u->len = 0;
    if (!linux_lines_open(&lines, u->rootfs, "etc/passwd"))
        return;
    while (u->len < USERS_MAX && linux_lines_next(&lines, &line)) {
        if (!linux_proc_passwd(line, &name, &uid))
            continue;
        struct linux_user *grown = array_grow(u->list, &u->cap, u->len + 1, sizeof(*grown));
        if (!grown)
            break;
        u->list = grown;
        u->list[u->len].uid = uid;
        linux_proc_clean(u->list[u->len].name, sizeof(u->list[u->len].name), name);
        u->len++;
    }
    linux_lines_close(&lines);
}

/* True when the file is another one than was read last. */
static bool changed(struct linux_users *u)
{
    char path[LINUX_PATH_MAX];
    struct stat st;

    if (!linux_file_path(path, u->rootfs, "etc/passwd") || stat(path, &st))
        return false;
    if (st.st_mtim.tv_sec == u->changed.tv_sec && st.st_mtim.tv_nsec == u->changed.tv_nsec)
        return false;
    u->changed = st.st_mtim;
    return true;
}

void linux_users_name(struct linux_users *u, uint32_t uid, char *to, size_t size)
{
    const struct linux_user *user = find(u, uid);

    if (!user && changed(u)) {
        load(u);
        user = find(u, uid);
    }
    if (user)
        str_copy(to, size, str_of(user->name));
    else
        snprintf(to, size, "%u", uid);
}
