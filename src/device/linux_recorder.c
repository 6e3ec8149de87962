/* linux_recorder.c - an edge that hands on what it is asked and keeps what is answered. */
#include "device/linux_answers.h"

#include "device/linux_question.h"

#include <stdlib.h>

#define OPEN_NODES 64 /* at once; of further ones nothing is kept */
#define NODE_BYTES 64

/* A node that is open. */
struct open_node {
    int fd; /* -1: free */
    char node[NODE_BYTES];
    long number; /* of the command that was sent last */
    char question[QUESTION_NAME];
};

struct answer_recorder {
    struct linux_edge edge;
    const struct linux_edge *inner;
    pthread_mutex_t lock; /* all below */
    struct open_node nodes[OPEN_NODES];
    void (*keep)(void *ctx, const char *name, struct str text); /* NULL: no more */
    void *ctx;
};

static void keep(struct answer_recorder *r, const char *name, struct str text)
{
    pthread_mutex_lock(&r->lock);
    if (r->keep)
        r->keep(r->ctx, name, text);
    pthread_mutex_unlock(&r->lock);
}

/* An answer in bytes, or its error. */
static void keep_answer(struct answer_recorder *r, const char *name, int code, struct str bytes)
{
    struct buf text;

    buf_init(&text, 0);
    if (code)
        answers_write_error(code, &text);
    else
        answer_write(bytes, &text);
    if (!text.failed && bytes.len <= ANSWERS_BYTES_MAX)
        keep(r, name, buf_str(&text));
    buf_fini(&text);
}

/* ---- nodes ---- */

/* The lock is held. */
static struct open_node *node_of(struct answer_recorder *r, int fd)
{
    for (size_t i = 0; i < OPEN_NODES; i++)
        if (r->nodes[i].fd == fd)
            return &r->nodes[i];
    return NULL;
}

static int recorder_open(void *context, const char *rootfs, const char *node)
{
    struct answer_recorder *r = context;
    int fd = r->inner->open(r->inner->context, rootfs, node);
    char name[ANSWERS_NAME];

    if (strlen(node) >= NODE_BYTES || fd == -ENOENT)
        return fd;
    snprintf(name, sizeof(name), ANSWERS_NODES "%s/" ANSWERS_OPEN, node);
    keep_answer(r, name, fd < 0 ? fd : 0, STR(""));
    pthread_mutex_lock(&r->lock);
    struct open_node *n = fd >= 0 ? node_of(r, -1) : NULL;
    if (n) {
        n->fd = fd;
        str_copy(n->node, sizeof(n->node), str_of(node));
        n->question[0] = '\0';
    }
    pthread_mutex_unlock(&r->lock);
    return fd;
}

static void recorder_close(void *context, int fd)
{
    struct answer_recorder *r = context;

    pthread_mutex_lock(&r->lock); /* before the number can be another's */
    struct open_node *n = node_of(r, fd);
    if (n)
        n->fd = -1;
    pthread_mutex_unlock(&r->lock);
    r->inner->close(r->inner->context, fd);
}

/* Which file an answer belongs into; false when nobody knows. A command that is sent is noted. */
static bool name_answer(struct answer_recorder *r, int fd, enum question_kind kind,
                        const char *question, long number, char name[ANSWERS_NAME])
{
    pthread_mutex_lock(&r->lock);
    struct open_node *n = node_of(r, fd);
    bool known = n != NULL;
    if (n && kind == QUESTION_SENT) {
        str_copy(n->question, sizeof(n->question), str_of(question));
        n->number = number;
    } else if (n && kind == QUESTION_FETCH) {
        known = n->question[0] && n->number == number;
        question = n->question;
    }
    if (known)
        snprintf(name, ANSWERS_NAME, ANSWERS_NODES "%s/%s", n->node, question);
    pthread_mutex_unlock(&r->lock);
    return known;
}

static int recorder_ioctl(void *context, int fd, unsigned long request, void *argument)
{
    struct answer_recorder *r = context;
    char question[QUESTION_NAME], name[ANSWERS_NAME];
    enum question_kind kind = question_name(request, argument, question);
    struct str bytes = STR("");
    bool has_number = kind == QUESTION_SENT || kind == QUESTION_FETCH;
    int code = r->inner->ioctl(r->inner->context, fd, request, argument);
    int told = code ? code : question_code(request, argument);

    if (kind == QUESTION_UNKNOWN || (kind == QUESTION_FETCH && code && code != -EMSGSIZE) ||
        !name_answer(r, fd, kind, question, has_number ? question_number(request, argument) : 0,
                     name) ||
        (kind == QUESTION_SENT && !code))
        return code;
    if (kind == QUESTION_FETCH)
        told = 0; /* what did not fit is cut */
    if (told || question_answer(request, argument, &bytes))
        keep_answer(r, name, told, bytes);
    return code;
}

static int recorder_counter(void *context, uint32_t type, uint64_t config, int cpu)
{
    const struct answer_recorder *r = context;

    return r->inner->counter(r->inner->context, type, config, cpu);
}

static bool recorder_count(void *context, int fd, uint64_t *ret)
{
    const struct answer_recorder *r = context;

    return r->inner->count(r->inner->context, fd, ret);
}

static bool recorder_wait(void *context, int fd, int patience_ms)
{
    const struct answer_recorder *r = context;

    return r->inner->wait(r->inner->context, fd, patience_ms);
}

/* ---- the others ---- */

static bool recorder_has_tool(void *context, const char *rootfs, const char *tool)
{
    const struct answer_recorder *r = context;

    return r->inner->has_tool(r->inner->context, rootfs, tool);
}

static int recorder_run(void *context, const char *rootfs, const char *tool,
                        const char *const *arguments, int64_t patience_ms, struct buf *out,
                        struct error *err)
{
    struct answer_recorder *r = context;
    char name[ANSWERS_NAME];
    size_t before = out->len;
    int code = r->inner->run(r->inner->context, rootfs, tool, arguments, patience_ms, out, err);

    if (!answers_tool_name(name, tool, arguments))
        return code;
    if (!code) {
        keep(r, name, str_make(buf_str(out).ptr + before, out->len - before));
        return 0;
    }
    size_t len = strlen(name);
    snprintf(name + len, sizeof(name) - len, ANSWERS_ERROR);
    keep_answer(r, name, code, STR(""));
    return code;
}

static int recorder_call(void *context, struct linux_grpc **handle, const struct linux_call *c,
                         struct buf *ret, struct error *err)
{
    struct answer_recorder *r = context;
    char name[ANSWERS_NAME];
    size_t before = ret->len;
    int code = r->inner->call(r->inner->context, handle, c, ret, err);

    if (answers_service_name(name, c))
        keep_answer(r, name, code,
                    code ? STR("") : str_make(buf_str(ret).ptr + before, ret->len - before));
    return code;
}

static bool recorder_variable(void *context, const char *name, char *to, size_t size)
{
    struct answer_recorder *r = context;
    char file[ANSWERS_NAME];
    bool set = r->inner->variable(r->inner->context, name, to, size);

    snprintf(file, sizeof(file), ANSWERS_VARIABLES "%.100s", name);
    if (set)
        keep(r, file, str_of(to));
    return set;
}

struct answer_recorder *
answer_recorder_new(const struct host_paths *paths,
                    void (*fn)(void *ctx, const char *name, struct str text), void *ctx)
{
    struct answer_recorder *r = xnew(struct answer_recorder);

    r->inner = linux_edge_of(paths);
    r->keep = fn;
    r->ctx = ctx;
    for (size_t i = 0; i < OPEN_NODES; i++)
        r->nodes[i].fd = -1;
    pthread_mutex_init(&r->lock, NULL);
    r->edge = (struct linux_edge){.context = r,
                                  .open = recorder_open,
                                  .ioctl = recorder_ioctl,
                                  .counter = recorder_counter,
                                  .count = recorder_count,
                                  .wait = recorder_wait,
                                  .close = recorder_close,
                                  .has_tool = recorder_has_tool,
                                  .run = recorder_run,
                                  .call = recorder_call,
                                  .variable = recorder_variable};
    return r;
}

const struct linux_edge *answer_recorder_edge(const struct answer_recorder *r)
{
    return &r->edge;
}

void answer_recorder_stop(struct answer_recorder *r)
{
    pthread_mutex_lock(&r->lock);
    r->keep = NULL;
    pthread_mutex_unlock(&r->lock);
}

void answer_recorder_free(struct answer_recorder *r)
{
    if (!r)
        return;
    pthread_mutex_destroy(&r->lock);
    free(r);
}
