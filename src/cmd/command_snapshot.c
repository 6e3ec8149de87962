/* command_snapshot.c - one reading to stdout. */
#include "service.h"
#include "worker/worker.h"

#include <stdlib.h>
#include <unistd.h>

/* Longer than a cold driver takes to wake eight GPUs; past it the driver does not answer at all. */
#define READ_DEADLINE_NS (45 * (uint64_t)NS_PER_S)

/* One reading on a thread of its own, so that a driver call that never returns cannot hold the
 * command. */
struct reading_job {
    struct worker_options options;
    int64_t over_ms;
    struct snapshot *snapshot;
    struct error err;
    int code;
    bool done;
    pthread_mutex_t lock; /* lock: snapshot, err, code, done */
    pthread_cond_t ended;
};

static void *read_once(void *arg)
{
    struct reading_job *job = arg;
    struct snapshot *snapshot = NULL;
    struct error err = {0};
    int code = worker_once(&job->options, job->over_ms, &snapshot, &err);

    pthread_mutex_lock(&job->lock);
    job->snapshot = snapshot;
    job->err = err;
    job->code = code;
    job->done = true;
    pthread_cond_signal(&job->ended);
    pthread_mutex_unlock(&job->lock);
    return NULL;
}

/* -ETIMEDOUT: the thread is left behind with `job`, which must then stay. */
static int read_within_deadline(struct reading_job *job, struct error *err)
{
    uint64_t deadline = clock_mono_ns() + (uint64_t)job->over_ms * NS_PER_MS + READ_DEADLINE_NS;
    pthread_t thread;
    bool late = false;
    int code = thread_start(&thread, "snapshot", read_once, job, err);

    if (code)
        return code;
    pthread_mutex_lock(&job->lock);
    while (!job->done && !late)
        late = thread_wait_until(&job->ended, &job->lock, deadline);
    late = !job->done;
    pthread_mutex_unlock(&job->lock);
    if (late)
        return error_set(err, -ETIMEDOUT, "a driver does not answer: see algalon doctor");
    pthread_join(thread, NULL);
    if (job->code && err)
        *err = job->err;
    return job->code;
}

static enum exit_code print(struct snapshot *snapshot, const char *format)
{
    struct buf out;

    buf_init(&out, 0);
    if (!strcmp(format, "json"))
        snapshot_json(snapshot, &out);
    else if (!strcmp(format, "csv"))
        snapshot_csv(snapshot, &out);
    else
        buf_str_add(&out, snapshot_body(snapshot, SNAPSHOT_TEXT));
    int code = out.failed ? -ENOMEM : file_write_all(STDOUT_FILENO, out.ptr, out.len);
    if (code)
        log_error("cannot write to stdout", "error", strerror(-code));
    buf_fini(&out);
    return code ? EXIT_FAILED : EXIT_DONE;
}

enum exit_code command_snapshot(struct settings *settings)
{
    struct reading_job *job = xnew(struct reading_job);
    struct error err;
    int code = service_worker_options(settings, &job->options, &err);

    if (code) {
        log_error("cannot read this machine", "error", err.text);
        free(job);
        return EXIT_USAGE;
    }
    job->over_ms = settings->over_ms;
    pthread_mutex_init(&job->lock, NULL);
    thread_cond_init(&job->ended);
    code = read_within_deadline(job, &err);
    if (code) {
        log_error("cannot read this machine", "error", err.text);
        if (code != -ETIMEDOUT)
            free(job);
        return EXIT_FAILED;
    }
    enum exit_code done = print(job->snapshot, settings->format);
    snapshot_release(job->snapshot);
    free(job);
    return done;
}
