#include "device/nvidia/nvidia_aside.h"

#include <stdlib.h>

struct aside {
    const struct nvidia_look *what;
    struct host_paths paths; /* copies: the caller may be gone before the driver answers */
    char *texts[4];
    pthread_mutex_t lock; /* owners, done; and result until it is done */
    pthread_cond_t ended;
    int owners; /* the caller and the thread */
    bool done;
    void *result; /* NULL: taken */
};

static void release(struct aside *a)
{
    pthread_mutex_lock(&a->lock);
    bool last = --a->owners == 0;
    pthread_mutex_unlock(&a->lock);
    if (!last)
        return;
    for (size_t i = 0; i < ARRAY_LEN(a->texts); i++)
        free(a->texts[i]);
    if (a->result)
        a->what->drop(a->result);
    free(a->result);
    pthread_cond_destroy(&a->ended);
    pthread_mutex_destroy(&a->lock);
    free(a);
}

static void *run(void *arg)
{
    struct aside *a = arg;
    void *result = xcalloc(1, a->what->size);

    a->what->look(&a->paths, result);
    pthread_mutex_lock(&a->lock);
    a->result = result;
    a->done = true;
    pthread_cond_signal(&a->ended);
    pthread_mutex_unlock(&a->lock);
    release(a);
    return NULL;
}

static struct aside *aside_new(const struct nvidia_look *what, const struct host_paths *paths)
{
    struct aside *a = xnew(struct aside);

    a->what = what;
    a->paths.procfs = a->texts[0] = xstrdup(paths->procfs);
    a->paths.sysfs = a->texts[1] = xstrdup(paths->sysfs);
    a->paths.rootfs = a->texts[2] = xstrdup(paths->rootfs);
    a->paths.nvml_library = a->texts[3] = xstrdup(paths->nvml_library);
    pthread_mutex_init(&a->lock, NULL);
    thread_cond_init(&a->ended);
    a->owners = 2;
    return a;
}

int nvidia_aside(const struct nvidia_look *what, const struct host_paths *paths,
                 int64_t patience_ms, void *ret, struct error *err)
{
    uint64_t deadline = clock_mono_ns() + (uint64_t)patience_ms * NS_PER_MS;
    struct aside *a = aside_new(what, paths);
    pthread_t thread;

    if (thread_start(&thread, what->thread, run, a, err)) {
        a->owners = 1;
        release(a);
        return -EAGAIN;
    }
    pthread_mutex_lock(&a->lock);
    while (!a->done && !thread_wait_until(&a->ended, &a->lock, deadline))
        continue;
    bool done = a->done;
    if (done) {
        memcpy(ret, a->result, what->size);
        free(a->result);
        a->result = NULL;
    }
    pthread_mutex_unlock(&a->lock);
    if (done)
        pthread_join(thread, NULL);
    else
        pthread_detach(thread); /* it hangs in the driver and frees what it holds if it returns */
    release(a);
    return done ? 0
                : error_set(err, -ETIMEDOUT, "NVIDIA's driver did not answer within %lld ms",
                            (long long)patience_ms);
}
