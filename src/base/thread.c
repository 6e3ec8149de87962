#include "base/thread.h"

#include "base/clock.h"
#include "base/mem.h"

#include <errno.h>
#include <signal.h>
#include <time.h>
#include <unistd.h>

struct start {
    void *(*run)(void *);
    void *arg;
    char name[16];
};

static void *begin(void *arg)
{
    struct start start = *(struct start *)arg;

    free(arg);
#ifdef __APPLE__
    pthread_setname_np(start.name);
#else
    pthread_setname_np(pthread_self(), start.name);
#endif
    return start.run(start.arg);
}

/* `attr` may be NULL: the system's usual stack. */
static int start_thread(pthread_t *ret, const char *name, const pthread_attr_t *attr,
                        void *(*run)(void *), void *arg, struct error *err)
{
    struct start *start = xnew(struct start);
    sigset_t all, before;

    start->run = run;
    start->arg = arg;
    snprintf(start->name, sizeof(start->name), "%s", name);
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    int code = pthread_create(ret, attr, begin, start);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    if (code) {
        free(start);
        return error_errno(err, -code, "thread %s", name);
    }
    return 0;
}

int thread_start(pthread_t *ret, const char *name, void *(*run)(void *), void *arg,
                 struct error *err)
{
    return start_thread(ret, name, NULL, run, arg, err);
}

int thread_start_small(pthread_t *ret, const char *name, size_t stack_bytes, void *(*run)(void *),
                       void *arg, struct error *err)
{
    pthread_attr_t attr;
    long least = sysconf(_SC_THREAD_STACK_MIN);

    pthread_attr_init(&attr);
    int code = pthread_attr_setstacksize(&attr, MAX(stack_bytes, least > 0 ? (size_t)least : 0));
    code = code ? error_errno(err, -code, "stack of thread %s", name)
                : start_thread(ret, name, &attr, run, arg, err);
    pthread_attr_destroy(&attr);
    return code;
}

void thread_cond_init(pthread_cond_t *cond)
{
    pthread_condattr_t attr;
    pthread_condattr_init(&attr);
#ifndef __APPLE__
    pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
#endif
    pthread_cond_init(cond, &attr);
    pthread_condattr_destroy(&attr);
}

bool thread_wait_until(pthread_cond_t *cond, pthread_mutex_t *lock, uint64_t deadline_mono_ns)
{
#ifdef __APPLE__
    uint64_t now = clock_mono_ns();
    uint64_t left = deadline_mono_ns > now ? deadline_mono_ns - now : 0;
    struct timespec t = {(time_t)(left / NS_PER_S), (long)(left % NS_PER_S)};
    return pthread_cond_timedwait_relative_np(cond, lock, &t) == ETIMEDOUT;
#else
    struct timespec t = {(time_t)(deadline_mono_ns / NS_PER_S),
                         (long)(deadline_mono_ns % NS_PER_S)};
    return pthread_cond_timedwait(cond, lock, &t) == ETIMEDOUT;
#endif
}
