#include "demo_tree.h"

#include "device/device.h"

#include <fcntl.h>
#include <stdarg.h>
#include <unistd.h>

void demo_tree_init(struct demo_tree *t, const char *dir)
{
    *t = (struct demo_tree){.dir = dir};
    buf_init(&t->text, 0);
}

void demo_tree_fini(struct demo_tree *t)
{
    buf_fini(&t->text);
}

static int open_file(char *full, int flags)
{
    int fd = open(full, O_WRONLY | O_CREAT | O_CLOEXEC | flags, 0644);

    if (fd < 0 && errno == ENOENT) {
        char *slash = strrchr(full, '/');
        *slash = '\0';
        int code = file_mkdirs(full, NULL);
        if (code)
            return code;
        *slash = '/';
        fd = open(full, O_WRONLY | O_CREAT | O_CLOEXEC | flags, 0644);
    }
    return fd < 0 ? -errno : fd;
}

static int write_text(struct demo_tree *t, const char *path, bool swap)
{
    char full[DEMO_PATH], beside[DEMO_PATH + 8];
    int n = snprintf(full, sizeof(full), "%s/%s", t->dir, path);

    if (t->text.failed || n < 0 || (size_t)n >= sizeof(full))
        return t->text.failed ? -ENOMEM : -ENAMETOOLONG;
    snprintf(beside, sizeof(beside), "%s.new", full);
    int fd = open_file(swap ? beside : full, swap ? O_TRUNC : 0);
    if (fd < 0)
        return fd;
    int code = file_write_all(fd, t->text.ptr ? t->text.ptr : "", t->text.len);
    /* Written over, then cut. */
    if (!code && ftruncate(fd, (off_t)t->text.len))
        code = -errno;
    close(fd);
    if (!code && swap && rename(beside, full))
        code = -errno;
    return code;
}

static void note(struct demo_tree *t, int code)
{
    if (code && !t->code)
        t->code = code;
    buf_reset(&t->text);
}

void demo_tree_put(struct demo_tree *t, const char *path)
{
    note(t, write_text(t, path, false));
}

void demo_tree_swap(struct demo_tree *t, const char *path)
{
    note(t, write_text(t, path, true));
}

void demo_tree_line(struct demo_tree *t, const char *folder, const char *name, const char *format,
                    ...)
{
    char path[DEMO_PATH], line[256];
    va_list ap;

    va_start(ap, format);
    int n = vsnprintf(line, sizeof(line), format, ap);
    va_end(ap);
    if (n < 0 || (size_t)n >= sizeof(line)) {
        note(t, -EMSGSIZE);
        return;
    }
    buf_printf(&t->text, "%s\n", line);
    snprintf(path, sizeof(path), "%s/%s", folder, name);
    demo_tree_put(t, path);
}

void demo_tree_answer(struct demo_tree *t, const char *folder, const char *name, const void *bytes,
                      size_t len)
{
    char path[DEMO_PATH];

    answer_write(str_make(bytes, len), &t->text);
    snprintf(path, sizeof(path), "answers/%s/%s", folder, name);
    demo_tree_swap(t, path);
}

void demo_tree_link(struct demo_tree *t, const char *path, const char *target)
{
    char full[DEMO_PATH];

    snprintf(full, sizeof(full), "%s/%s", t->dir, path);
    char *slash = strrchr(full, '/');
    *slash = '\0';
    int code = file_mkdirs(full, NULL);
    *slash = '/';
    if (!code && symlink(target, full) && errno != EEXIST)
        code = -errno;
    note(t, code);
}
