/* keeper.c - the store's own thread: syncs the log, seals what has gathered, drops old days,
 * watches the disk. */
#include "store/internal.h"

#include <sys/stat.h>

#define SEAL_BUDGET_NS (UINT64_C(300) * NS_PER_MS) /* the log is synced in between */
#define ROUND_SEALS    10

static void watch_disk(struct store *s)
{
    uint64_t left;

    if (s->io->free_bytes(s->dir_fd, &left))
        return;
    bool full = left < s->options.min_free_bytes;
    if (full == atomic_load(&s->disk_full))
        return;
    atomic_store(&s->disk_full, full);
    if (full)
        log_error("disk is full: nothing is kept until there is space", "dir", s->dir, "free_bytes",
                  LOG_NUM(left));
    else
        log_info("disk has space again", "dir", s->dir, "free_bytes", LOG_NUM(left));
}

/* A folder that was removed still takes writes into its open files, which nobody will find again.
 */
static void watch_folder(struct store *s)
{
    struct stat st;

    if (fstat(s->dir_fd, &st) == 0 && st.st_nlink == 0)
        store_note_write(s, -EIO, "the data folder was removed while running");
}

static void sync_log(struct store *s)
{
    struct error err;
    int code = atomic_load(&s->broken) ? 0 : wal_sync(s->wal, &err);

    if (code)
        store_note_write(s, code, err.text);
}

void keeper_round(struct store *s)
{
    struct error err = {0};
    bool more = true;

    watch_disk(s);
    watch_folder(s);
    sync_log(s);
    store_retain(s);
    days_learn(s->days);
    for (int i = 0; more && i < ROUND_SEALS; i++) {
        int code = store_seal(s, false, SEAL_BUDGET_NS, &more, &err);
        store_note_seal(s, code, err.text);
        if (code)
            return;
        sync_log(s);
    }
    store_forget(s);
    store_note_seal(s, store_trim_log(s, &err), err.text);
}

static void *keep(void *arg)
{
    struct store *s = arg;
    uint64_t step = (uint64_t)MAX(s->options.sync_interval_ms, INT64_C(10)) * NS_PER_MS;
    uint64_t next = clock_mono_ns() + step;

    pthread_mutex_lock(&s->state_lock);
    while (!s->stopping) {
        if (!thread_wait_until(&s->wake, &s->state_lock, next))
            continue;
        pthread_mutex_unlock(&s->state_lock);
        keeper_round(s);
        next = MAX(next + step, clock_mono_ns());
        pthread_mutex_lock(&s->state_lock);
    }
    pthread_mutex_unlock(&s->state_lock);
    return NULL;
}

int keeper_start(struct store *s, struct error *err)
{
    int code = thread_start(&s->keeper, "store", keep, s, err);

    s->keeper_runs = code == 0;
    return code;
}

void keeper_stop(struct store *s)
{
    if (!s->keeper_runs)
        return;
    pthread_mutex_lock(&s->state_lock);
    s->stopping = true;
    pthread_cond_broadcast(&s->wake);
    pthread_mutex_unlock(&s->state_lock);
    pthread_join(s->keeper, NULL);
    s->keeper_runs = false;
}
