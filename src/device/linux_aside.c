#include "device/linux_aside.h"

#include <stdalign.h>

#define STACK_BYTES ((size_t)64 << 10)

struct linux_aside {
    pthread_t thread;
    pthread_mutex_t lock; /* lock: all below */
    pthread_cond_t asked, answered;
    void (*run)(void *job); /* NULL: no call waits or runs */
    bool closing;           /* the owner is gone: whoever ends last frees */
    alignas(max_align_t) char job[LINUX_ASIDE_JOB_MAX]; /* the thread's alone while run is set */
};

static void destroy(struct linux_aside *a)
{
    pthread_cond_destroy(&a->asked);
    pthread_cond_destroy(&a->answered);
    pthread_mutex_destroy(&a->lock);
    free(a);
}

static void *serve(void *arg)
{
    struct linux_aside *a = arg;
    bool was_left = false;

    pthread_mutex_lock(&a->lock);
    while (!a->closing) {
        if (!a->run) {
            pthread_cond_wait(&a->asked, &a->lock);
            continue;
        }
        void (*run)(void *job) = a->run;
        pthread_mutex_unlock(&a->lock);
        run(a->job);
        pthread_mutex_lock(&a->lock);
        was_left = a->closing;
        a->run = NULL;
        pthread_cond_signal(&a->answered);
    }
    pthread_mutex_unlock(&a->lock);
    if (was_left) /* detached by linux_aside_close() while it was stuck */
        destroy(a);
    return NULL;
}

int linux_aside_open(struct linux_aside **ret, struct error *err)
{
    struct linux_aside *a = xnew(struct linux_aside);

    pthread_mutex_init(&a->lock, NULL);
    thread_cond_init(&a->asked);
    thread_cond_init(&a->answered);
    int code = thread_start_small(&a->thread, "aside", STACK_BYTES, serve, a, err);
    if (code) {
        destroy(a);
        return code;
    }
    *ret = a;
    return 0;
}

int linux_aside_call(struct linux_aside *a, void (*run)(void *job), void *job, size_t size,
                     int64_t timeout_ms)
{
    uint64_t deadline = clock_mono_ns() + (uint64_t)timeout_ms * NS_PER_MS;
    int code = 0;

    if (size > sizeof(a->job))
        return -EMSGSIZE;
    pthread_mutex_lock(&a->lock);
    if (a->run) {
        code = -EBUSY;
    } else {
        memcpy(a->job, job, size);
        a->run = run;
        pthread_cond_signal(&a->asked);
        while (a->run && !code)
            if (thread_wait_until(&a->answered, &a->lock, deadline) && a->run)
                code = -ETIMEDOUT;
        if (!code)
            memcpy(job, a->job, size);
    }
    pthread_mutex_unlock(&a->lock);
    return code;
}

bool linux_aside_idle(struct linux_aside *a)
{
    pthread_mutex_lock(&a->lock);
    bool idle = !a->run;
    pthread_mutex_unlock(&a->lock);
    return idle;
}

void linux_aside_close(struct linux_aside *a)
{
    if (!a)
        return;
    pthread_mutex_lock(&a->lock);
    bool stuck = a->run != NULL;
    a->closing = true;
    pthread_t thread = a->thread; /* a stuck one may free `a` as soon as the lock is let go */
    if (stuck)
        pthread_detach(thread);
    pthread_cond_signal(&a->asked);
    pthread_mutex_unlock(&a->lock);
    if (stuck)
        return;
    pthread_join(thread, NULL);
    destroy(a);
}
