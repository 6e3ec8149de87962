/* pool.c - a ring of jobs, a lock, a condition. */
#include "http/pool.h"

#include <stdlib.h>

#define WAKE_UP_S 10 /* no wait is for ever, even when a signal were lost */

struct job {
    void (*run)(void *arg);
    void *arg;
};

struct pool {
    pthread_mutex_t lock; /* ring, head, len, stopping */
    pthread_cond_t work;
    struct job *ring;
    size_t head, len, max; /* `reserve` of `max` are for pool_submit_reserved() */
    size_t reserve;
    bool stopping;
    unsigned thread_len;
    pthread_t threads[];
};

static void *run_jobs(void *arg)
{
    struct pool *p = arg;

    pthread_mutex_lock(&p->lock);
    for (;;) {
        while (!p->len && !p->stopping)
            thread_wait_until(&p->work, &p->lock, clock_mono_ns() + WAKE_UP_S * (uint64_t)NS_PER_S);
        if (!p->len)
            break;
        struct job job = p->ring[p->head];
        p->head = (p->head + 1) % p->max;
        p->len--;
        pthread_mutex_unlock(&p->lock);
        job.run(job.arg);
        pthread_mutex_lock(&p->lock);
    }
    pthread_mutex_unlock(&p->lock);
    return NULL;
}

int pool_start(const char *name, unsigned threads, size_t stack_bytes, size_t queue_max,
               size_t reserve, struct pool **ret, struct error *err)
{
    struct pool *p = xcalloc(1, sizeof(*p) + threads * sizeof(p->threads[0]));
    char thread_name[16];

    pthread_mutex_init(&p->lock, NULL);
    thread_cond_init(&p->work);
    p->max = queue_max + reserve;
    p->reserve = reserve;
    p->ring = xcalloc(p->max, sizeof(*p->ring));
    for (; p->thread_len < threads; p->thread_len++) {
        snprintf(thread_name, sizeof(thread_name), "%.12s-%u", name, (p->thread_len + 1) % 100);
        int code = thread_start_small(&p->threads[p->thread_len], thread_name, stack_bytes,
                                      run_jobs, p, err);
        if (code) {
            pool_stop(p);
            return code;
        }
    }
    *ret = p;
    return 0;
}

static bool submit(struct pool *p, size_t max, void (*run)(void *arg), void *arg)
{
    bool taken = false;

    pthread_mutex_lock(&p->lock);
    if (p->len < max && !p->stopping) {
        p->ring[(p->head + p->len++) % p->max] = (struct job){run, arg};
        pthread_cond_signal(&p->work);
        taken = true;
    }
    pthread_mutex_unlock(&p->lock);
    return taken;
}

bool pool_submit(struct pool *p, void (*run)(void *arg), void *arg)
{
    return submit(p, p->max - p->reserve, run, arg);
}

bool pool_submit_reserved(struct pool *p, void (*run)(void *arg), void *arg)
{
    return submit(p, p->max, run, arg);
}

void pool_drain(struct pool *p)
{
    if (!p)
        return;
    pthread_mutex_lock(&p->lock);
    p->stopping = true;
    pthread_cond_broadcast(&p->work);
    pthread_mutex_unlock(&p->lock);
    for (unsigned i = 0; i < p->thread_len; i++)
        pthread_join(p->threads[i], NULL);
    p->thread_len = 0;
}

void pool_stop(struct pool *p)
{
    if (!p)
        return;
    pool_drain(p);
    pthread_cond_destroy(&p->work);
    pthread_mutex_destroy(&p->lock);
    free(p->ring);
    free(p);
}
