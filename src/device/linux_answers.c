/* linux_answers.c - an edge that reads recorded answers. A node is opened as its folder, so that a
 * descriptor tells whose answers are wanted. */
#include "device/linux_answers.h"

#include "device/linux_file.h"
#include "device/linux_question.h"

#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#define TEXT_MAX (4 * ANSWERS_BYTES_MAX) /* digits, blanks and some comment */

struct answers {
    struct linux_edge edge;
    char dir[LINUX_PATH_MAX];
    pthread_mutex_t lock; /* sent_fd, number, question */
    int sent_fd;          /* where a command waits to be fetched; -1: nowhere */
    long number;
    char question[QUESTION_NAME];
};

/* ---- the files ---- */

void answers_write_error(int code, struct buf *to)
{
    buf_printf(to, "error %d\n", -code);
}

static int read_at(int folder, const char *name, struct buf *to)
{
    int fd = openat(folder, name, O_RDONLY | O_CLOEXEC | O_NONBLOCK), code = 0;
    ssize_t n = 1;
    struct stat st;

    if (fd < 0)
        return -errno;
    if (fstat(fd, &st) || !S_ISREG(st.st_mode))
        code = -EBADMSG;
    while (!code && n > 0) {
        char *room = to->len < TEXT_MAX ? buf_reserve(to, 4096) : NULL;
        n = room ? read(fd, room, 4096) : -1;
        to->len += n > 0 ? (size_t)n : 0;
        code = room ? n < 0 ? -errno : 0 : -EFBIG;
    }
    close(fd);
    return code;
}

/* The bytes of an answer; `name` is below `folder`. */
static int read_answer(int folder, const char *name, struct buf *to)
{
    struct buf text;

    buf_init(&text, TEXT_MAX + 8192);
    int code = read_at(folder, name, &text);
    if (!code)
        code = answer_parse(buf_str(&text), to);
    buf_fini(&text);
    return code;
}

static int read_below(const struct answers *a, const char *name, struct buf *to, bool bytes)
{
    int folder = open(a->dir, O_PATH | O_DIRECTORY | O_CLOEXEC);
    int code = folder < 0 ? -errno
               : bytes    ? read_answer(folder, name, to)
                          : read_at(folder, name, to);

    if (folder >= 0)
        close(folder);
    return code;
}

/* ---- names ---- */

bool answers_tool_name(char to[ANSWERS_NAME], const char *tool, const char *const *arguments)
{
    size_t n = (size_t)snprintf(to, ANSWERS_NAME, ANSWERS_TOOLS "%.200s", tool);

    for (size_t i = 0; arguments[i] && n < ANSWERS_NAME; i++) {
        if (strchr(arguments[i], '/'))
            return false;
        n += (size_t)snprintf(to + n, ANSWERS_NAME - n, "%c%s", i ? ' ' : '/', arguments[i]);
    }
    return n < ANSWERS_NAME - sizeof(ANSWERS_ERROR);
}

bool answers_service_name(char to[ANSWERS_NAME], const struct linux_call *c)
{
    const char *method = strrchr(c->method, '/');
    size_t n = (size_t)snprintf(to, ANSWERS_NAME, ANSWERS_SERVICES "%.60s/%.100s/", c->target,
                                method ? method + 1 : c->method);

    if (n + c->request.len >= ANSWERS_NAME || strchr(c->target, '/'))
        return false;
    for (size_t i = 0; i < c->request.len; i++) {
        char byte = c->request.ptr[i];
        bool plain = (byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z') ||
                     (byte >= '0' && byte <= '9') || byte == '.' || byte == '-';
        to[n++] = plain ? byte : '_';
    }
    to[n] = '\0';
    return true;
}

/* ---- the edge ---- */

static int answers_open_node(void *context, const char *rootfs, const char *node)
{
    const struct answers *a = context;
    char path[LINUX_PATH_MAX];
    struct buf none;

    (void)rootfs;
    if (!linux_file_path(path, a->dir, ANSWERS_NODES "%s", node))
        return -ENAMETOOLONG;
    int fd = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0)
        return -errno;
    buf_init(&none, 16);
    int code = read_answer(fd, ANSWERS_OPEN, &none);
    buf_fini(&none);
    if (!code || code == -ENOENT)
        return fd;
    close(fd);
    return code;
}

static int send(struct answers *a, int fd, const char *question, long number)
{
    pthread_mutex_lock(&a->lock);
    a->sent_fd = fd;
    a->number = number;
    str_copy(a->question, sizeof(a->question), str_of(question));
    pthread_mutex_unlock(&a->lock);
    return 0;
}

/* What was sent there, if anything. */
static bool take_sent(struct answers *a, int fd, char question[QUESTION_NAME], long *ret_number)
{
    pthread_mutex_lock(&a->lock);
    bool there = a->sent_fd == fd;
    if (there) {
        memcpy(question, a->question, QUESTION_NAME);
        *ret_number = a->number;
        a->sent_fd = -1;
    }
    pthread_mutex_unlock(&a->lock);
    return there;
}

static int answers_ioctl(void *context, int fd, unsigned long request, void *argument)
{
    struct answers *a = context;
    char name[QUESTION_NAME];
    enum question_kind kind = question_name(request, argument, name);
    struct buf bytes;
    long number = 0;

    if (kind == QUESTION_UNKNOWN)
        return -ENOTTY;
    if (kind == QUESTION_SENT)
        return send(a, fd, name, question_number(request, argument));
    if (kind == QUESTION_FETCH && !take_sent(a, fd, name, &number))
        return -EAGAIN;
    buf_init(&bytes, ANSWERS_BYTES_MAX + 1);
    int code = read_answer(fd, name, &bytes);
    if (!code)
        code = question_give(request, argument, buf_str(&bytes));
    if (!code && kind == QUESTION_FETCH)
        question_set_number(argument, number);
    buf_fini(&bytes);
    return code == -ENOENT ? -ENOTTY : code; /* what was not recorded nobody knows */
}

static int answers_counter(void *context, uint32_t type, uint64_t config, int cpu)
{
    (void)context;
    (void)type;
    (void)config;
    (void)cpu;
    return -ENOTSUP;
}

static bool answers_count(void *context, int fd, uint64_t *ret)
{
    (void)context;
    (void)fd;
    *ret = 0;
    return false;
}

/* A command that was not answered then is not answered now. */
static bool answers_wait(void *context, int fd, int patience_ms)
{
    struct answers *a = context;

    (void)patience_ms;
    pthread_mutex_lock(&a->lock);
    bool there = a->sent_fd == fd && faccessat(fd, a->question, F_OK, 0) == 0;
    pthread_mutex_unlock(&a->lock);
    return there;
}

static void answers_close_node(void *context, int fd)
{
    (void)context;
    close(fd);
}

static bool answers_has_tool(void *context, const char *rootfs, const char *tool)
{
    const struct answers *a = context;

    (void)rootfs;
    return linux_file_exists(a->dir, ANSWERS_TOOLS "%s", tool);
}

static int answers_run(void *context, const char *rootfs, const char *tool,
                       const char *const *arguments, int64_t patience_ms, struct buf *out,
                       struct error *err)
{
    const struct answers *a = context;
    char name[ANSWERS_NAME];
    struct buf none;

    (void)rootfs;
    (void)patience_ms;
    int code =
        answers_tool_name(name, tool, arguments) ? read_below(a, name, out, false) : -ENAMETOOLONG;
    if (!code)
        return 0;
    size_t len = strlen(name);
    snprintf(name + len, sizeof(name) - len, ANSWERS_ERROR);
    buf_init(&none, 16);
    int recorded = read_below(a, name, &none, true);
    buf_fini(&none);
    return error_errno(err, recorded && recorded != -ENOENT ? recorded : code, "%s", tool);
}

static int answers_call(void *context, struct linux_grpc **handle, const struct linux_call *c,
                        struct buf *ret, struct error *err)
{
    const struct answers *a = context;
    char name[ANSWERS_NAME];

    (void)handle;
    int code = answers_service_name(name, c) ? read_below(a, name, ret, true) : -ENAMETOOLONG;
    code = code == -ENOENT ? -ECONNREFUSED : ret->len > c->max ? -EFBIG : code;
    return code ? error_errno(err, code, "%s", c->target) : 0;
}

static bool answers_variable(void *context, const char *name, char *to, size_t size)
{
    const struct answers *a = context;
    char text[512];

    if (linux_file_text(text, sizeof(text), a->dir, ANSWERS_VARIABLES "%s", name) <= 0)
        return false;
    struct str value = str_trim(str_of(text));
    if (!value.len || value.len >= size)
        return false;
    str_copy(to, size, value);
    return true;
}

int answers_open(const char *dir, struct answers **ret, struct error *err)
{
    struct stat st;

    if (stat(dir, &st))
        return error_errno(err, -errno, "recorded answers %s", dir);
    if (!S_ISDIR(st.st_mode))
        return error_errno(err, -ENOTDIR, "recorded answers %s", dir);
    if (strlen(dir) >= LINUX_PATH_MAX)
        return error_errno(err, -ENAMETOOLONG, "recorded answers %.60s...", dir);
    struct answers *a = xnew(struct answers);
    a->edge = (struct linux_edge){.context = a,
                                  .open = answers_open_node,
                                  .ioctl = answers_ioctl,
                                  .counter = answers_counter,
                                  .count = answers_count,
                                  .wait = answers_wait,
                                  .close = answers_close_node,
                                  .has_tool = answers_has_tool,
                                  .run = answers_run,
                                  .call = answers_call,
                                  .variable = answers_variable};
    str_copy(a->dir, sizeof(a->dir), str_of(dir));
    pthread_mutex_init(&a->lock, NULL);
    a->sent_fd = -1;
    *ret = a;
    return 0;
}

const struct linux_edge *answers_edge(const struct answers *a)
{
    return &a->edge;
}

void answers_close(struct answers *a)
{
    if (!a)
        return;
    pthread_mutex_destroy(&a->lock);
    free(a);
}
