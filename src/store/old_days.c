/* old_days.c - the thread that writes days anew, one after the other: makes old ones coarser and
 * packs ended ones. */
#include "store/internal.h"

#include <sys/resource.h>

#define LOOK_ROUNDS 10                         /* of the keeper */
#define RETRY_NS    (UINT64_C(600) * NS_PER_S) /* after a failure: a full disk, mostly */
#define BEHIND      10                         /* nice: a query or a scrape goes first */

static uint64_t failures(struct store *s)
{
    return atomic_load(&s->downsample_errors) + atomic_load(&s->settle_errors);
}

/* What was asked for, then what is due. Returns whether to look again at once. */
static bool work_once(struct store *s, bool requested)
{
    if (requested) {
        store_settle_all(s);
        pthread_mutex_lock(&s->state_lock);
        s->settle_requested = false;
        pthread_mutex_unlock(&s->state_lock);
    }
    /* A day that is made coarser is packed by that. */
    return store_downsample(s) || store_settle(s);
}

static void *work(void *arg)
{
    struct store *s = arg;
    uint64_t round = (uint64_t)MAX(s->options.sync_interval_ms, INT64_C(10)) * NS_PER_MS;
    uint64_t next = clock_mono_ns() + 2 * round; /* the keeper finds out what time it is */

#ifdef __linux__
    (void)!setpriority(PRIO_PROCESS, 0, BEHIND); /* of this thread, on Linux */
#endif
    pthread_mutex_lock(&s->state_lock);
    while (!s->stopping) {
        bool requested = s->settle_requested;
        if (!requested && !thread_wait_until(&s->wake, &s->state_lock, next))
            continue;
        pthread_mutex_unlock(&s->state_lock);
        uint64_t before = failures(s);
        bool more = work_once(s, requested);
        bool failed = failures(s) != before;
        next = clock_mono_ns() + (failed ? RETRY_NS : more ? 0 : LOOK_ROUNDS * round);
        pthread_mutex_lock(&s->state_lock);
    }
    pthread_mutex_unlock(&s->state_lock);
    return NULL;
}

int old_days_start(struct store *s, struct error *err)
{
    int code = thread_start(&s->old_days, "store-old", work, s, err);

    s->old_days_runs = code == 0;
    return code;
}

void old_days_stop(struct store *s)
{
    if (!s->old_days_runs)
        return;
    pthread_mutex_lock(&s->state_lock);
    s->stopping = true;
    pthread_cond_broadcast(&s->wake);
    pthread_mutex_unlock(&s->state_lock);
    pthread_join(s->old_days, NULL);
    s->old_days_runs = false;
}
