/* worker.c - the outside: starts the schedule and the publisher, hands out snapshots. */
#include "worker/worker.h"

#include "worker/attribute.h"
#include "worker/doubt.h"
#include "worker/energy.h"
#include "worker/machine.h"
#include "worker/merge.h"
#include "worker/presence.h"
#include "worker/render.h"
#include "worker/schedule.h"
#include "worker/snapshot.h"
#include "worker/worker_with.h"

#define DEFAULT_INTERVAL_MS    5000
#define DEFAULT_PROCESS_LIMIT  20
#define DEFAULT_PROCESS_SERIES 500
#define DEFAULT_MEMORY_LIMIT   ((uint64_t)96000000)
#define MEMORY_LIMIT_MIN       ((uint64_t)16000000)
#define FIRST_WAIT_MS          1000 /* for slow drivers, before the first snapshot goes without them */
#define STOP_GRACE_NS          (2 * (uint64_t)NS_PER_S)
#define ONCE_INTERVAL_MS       3600000 /* one reading after the other: none may count as stale */

/* What makes snapshots out of readings; used by one thread. */
struct maker {
    struct machine machine;
    struct schedule *schedule;
    struct recycler *snapshots;
    struct renderer *renderer;
    struct inventory inventory;
    struct attribution attribution;
    struct process_log *log; /* NULL: none */
    struct presence presence;
    struct doubts doubts;
    struct energy energy;
    uint64_t seq;
    bool full; /* the memory limit was reached, and it was said */
};

struct worker {
    struct maker maker; /* the publisher's */
    unsigned schemas;
    uint64_t interval_ns;
    pthread_t publisher;
    bool publishing;
    pthread_mutex_t lock;  /* lock: latest, fn, ctx, let_go_until_ns, next, next_labels */
    struct renderer *next; /* for the publisher to take; NULL: none */
    unsigned next_labels;
    pthread_cond_t published;
    struct snapshot *latest;
    void (*fn)(void *ctx, struct snapshot *s);
    void *ctx;
    uint64_t let_go_until_ns; /* 0: drivers are held */
};

void worker_options_init(struct worker_options *o)
{
    *o = (struct worker_options){
        .paths = {.procfs = "/proc", .sysfs = "/sys", .rootfs = "/", .own_samples = true},
        .interval_ms = DEFAULT_INTERVAL_MS,
        .schemas = SCHEMA_ALL_SMI,
        .dcgm_host_label = "Hostname",
        .process_limit = DEFAULT_PROCESS_LIMIT,
        .process_series_limit = DEFAULT_PROCESS_SERIES,
        .memory_limit = DEFAULT_MEMORY_LIMIT,
    };
}

/* ---- making a snapshot ---- */

static void maker_fini(struct maker *m)
{
    schedule_release(m->schedule);
    recycler_close(m->snapshots);
    renderer_free(m->renderer);
    inventory_fini(&m->inventory);
    lifeline_fini(&m->attribution.life, m->machine.hostname);
    process_log_close(m->log);
    attribution_fini(&m->attribution);
    presence_fini(&m->presence);
    doubts_fini(&m->doubts);
    energy_fini(&m->energy);
}

static int maker_init(struct maker *m, const struct worker_options *options,
                      const struct collector *const *table, int64_t interval_ms, struct error *err)
{
    const struct schedule_options schedule = {
        .paths = options->paths,
        .collectors = table,
        .disabled = options->disabled,
        .interval_ms = interval_ms,
        /* The process table is what can fill it: it takes half of this, in two readings at a time,
         * and as much again is remembered from one to the next. */
        .reading_max_bytes = (size_t)options->memory_limit / 4,
        .now = clock_mono_ns,
    };

    if (options->memory_limit < MEMORY_LIMIT_MIN)
        return error_set(err, -EINVAL, "the memory limit is 16MB or more");

    *m = (struct maker){0};
    machine_init(&m->machine, options);
    m->attribution.paths = options->paths;
    presence_init(&m->presence, options->gpu_inventory);
    for (const struct collector *const *c = table; *c && !m->attribution.holds; c++)
        m->attribution.holds = (*c)->holds;
    int code = renderer_new(options->schemas, options->choice, &m->renderer, err);
    if (!code)
        renderer_limit(m->renderer, (size_t)options->memory_limit / 16);
    if (!code)
        code = schedule_new(&schedule, &m->schedule, err);
    if (code)
        maker_fini(m);
    else
        m->snapshots = snapshot_recycler();
    return code;
}

/* Said when it begins and when it is over. */
static void note_left_out(struct maker *m, const struct snapshot *s)
{
    uint64_t sum = 0;

    for (size_t i = 0; i < LEFT_OUT_KINDS; i++)
        sum += s->left_out[i];
    if (sum && !m->full)
        log_warn("--memory-limit is reached: what does not fit is left out", "processes",
                 LOG_NUM(s->left_out[LEFT_OUT_PROCESSES]), "device_processes",
                 LOG_NUM(s->left_out[LEFT_OUT_DEVICE_PROCESSES]), "series",
                 LOG_NUM(s->left_out[LEFT_OUT_SERIES]));
    else if (!sum && m->full)
        log_info("all fits into --memory-limit again");
    m->full = sum > 0;
}

static int make(struct maker *m, struct snapshot **ret)
{
    struct collector_view views[COLLECTORS_MAX];
    struct snapshot *s = snapshot_take(m->snapshots, &m->machine);

    if (!s)
        return -ENOMEM;
    uint64_t mono_ns = clock_mono_ns();
    schedule_look(m->schedule, mono_ns, views);
    s->seq = ++m->seq;
    s->ts_ms = clock_now_ms();
    int code = merge(s, &m->inventory, views, schedule_len(m->schedule));
    if (!code)
        code = presence_update(&m->presence, s);
    if (!code)
        code = doubts_update(&m->doubts, s, mono_ns);
    if (!code)
        code = energy_update(&m->energy, s, mono_ns);
    if (!code)
        code = attribute(&m->attribution, s, mono_ns);
    if (!code)
        code = render(m->renderer, s);
    if (code) {
        snapshot_release(s);
        return code;
    }
    note_left_out(m, s);
    *ret = s;
    return 0;
}

/* ---- the publisher ---- */

static void take_choice(struct worker *w)
{
    pthread_mutex_lock(&w->lock);
    struct renderer *next = w->next;
    if (next)
        w->maker.machine.dcgm_labels = w->next_labels;
    w->next = NULL;
    pthread_mutex_unlock(&w->lock);
    if (!next)
        return;
    renderer_free(w->maker.renderer);
    w->maker.renderer = next;
}

static void publish(struct worker *w)
{
    struct snapshot *s = NULL;

    take_choice(w);
    if (make(&w->maker, &s) < 0) {
        log_error("out of memory: no snapshot for this interval");
        return;
    }
    pthread_mutex_lock(&w->lock);
    struct snapshot *old = w->latest;
    w->latest = snapshot_retain(s);
    void (*fn)(void *ctx, struct snapshot *s) = w->fn;
    void *ctx = w->ctx;
    pthread_cond_broadcast(&w->published);
    pthread_mutex_unlock(&w->lock);
    snapshot_release(old);
    if (fn)
        fn(ctx, s);
    snapshot_release(s);
}

static void *run_publisher(void *arg)
{
    struct worker *w = arg;
    struct schedule *schedule = w->maker.schedule;
    uint64_t origin_ns = schedule_origin(schedule), boundary_ns = origin_ns;

    while (schedule_sleep(schedule, boundary_ns)) {
        /* Half an interval: what answers later goes into the next snapshot. */
        uint64_t patience_ns =
            boundary_ns == origin_ns ? FIRST_WAIT_MS * (uint64_t)NS_PER_MS : w->interval_ns / 2;
        if (!schedule_wait_answers(schedule, boundary_ns, boundary_ns + patience_ns))
            break;
        publish(w);
        boundary_ns += ((MAX(clock_mono_ns(), boundary_ns) - boundary_ns) / w->interval_ns + 1) *
                       w->interval_ns;
    }
    return NULL;
}

int worker_start_with(const struct worker_options *options, const struct collector *const *table,
                      struct worker **ret, struct error *err)
{
    struct worker *w = xnew(struct worker);
    int code = maker_init(&w->maker, options, table, options->interval_ms, err);

    if (!code && options->process_log) {
        code =
            process_log_open(options->process_log, options->process_log_bytes, &w->maker.log, err);
        if (code)
            maker_fini(&w->maker);
    }
    if (code) {
        free(w);
        return code;
    }
    w->maker.attribution.life.log = w->maker.log;
    w->schemas = options->schemas;
    w->interval_ns = (uint64_t)options->interval_ms * NS_PER_MS;
    pthread_mutex_init(&w->lock, NULL);
    thread_cond_init(&w->published);
    code = schedule_start(w->maker.schedule, err);
    if (!code)
        code =
            thread_start_small(&w->publisher, "publish", WORKER_STACK_BYTES, run_publisher, w, err);
    w->publishing = !code;
    if (code) {
        worker_stop(w);
        return code;
    }
    *ret = w;
    return 0;
}

int worker_start(const struct worker_options *options, struct worker **ret, struct error *err)
{
    return worker_start_with(options, collectors, ret, err);
}

void worker_stop(struct worker *w)
{
    if (!w)
        return;
    schedule_interrupt(w->maker.schedule);
    if (w->publishing)
        pthread_join(w->publisher, NULL);
    schedule_stop(w->maker.schedule, STOP_GRACE_NS);
    snapshot_release(w->latest);
    renderer_free(w->next);
    maker_fini(&w->maker);
    pthread_cond_destroy(&w->published);
    pthread_mutex_destroy(&w->lock);
    free(w);
}

int worker_choose(struct worker *w, const struct choice *choice, struct error *err)
{
    struct renderer *next;
    int code = renderer_new(w->schemas, choice, &next, err);

    if (code)
        return code;
    pthread_mutex_lock(&w->lock);
    struct renderer *old = w->next;
    w->next = next;
    w->next_labels = choice_label_bits(choice);
    pthread_mutex_unlock(&w->lock);
    renderer_free(old);
    return 0;
}

/* ---- what others get ---- */

struct snapshot *worker_latest(struct worker *w)
{
    pthread_mutex_lock(&w->lock);
    struct snapshot *s = w->latest ? snapshot_retain(w->latest) : NULL;
    pthread_mutex_unlock(&w->lock);
    return s;
}

uint64_t worker_wait(struct worker *w, uint64_t seq, uint64_t deadline_mono_ns)
{
    uint64_t found = 0;

    pthread_mutex_lock(&w->lock);
    while (!w->latest || w->latest->seq <= seq)
        if (thread_wait_until(&w->published, &w->lock, deadline_mono_ns))
            break;
    if (w->latest && w->latest->seq > seq)
        found = w->latest->seq;
    pthread_mutex_unlock(&w->lock);
    return found;
}

void worker_on_publish(struct worker *w, void (*fn)(void *ctx, struct snapshot *s), void *ctx)
{
    pthread_mutex_lock(&w->lock);
    w->fn = fn;
    w->ctx = ctx;
    pthread_mutex_unlock(&w->lock);
}

void worker_processes_since(struct worker *w, uint64_t *at,
                            void (*take)(void *ctx, struct str line), void *ctx)
{
    if (w->maker.log)
        process_log_since(w->maker.log, at, take, ctx);
}

bool worker_is_withdrawn(struct worker *w)
{
    pthread_mutex_lock(&w->lock);
    bool withdrawn = w->latest && w->latest->withdrawn;
    pthread_mutex_unlock(&w->lock);
    return withdrawn;
}

/* ---- letting go of drivers ---- */

void worker_let_go(struct worker *w, int64_t duration_ms)
{
    uint64_t until_ns = duration_ms > 0 ? clock_mono_ns() + (uint64_t)duration_ms * NS_PER_MS : 0;

    pthread_mutex_lock(&w->lock);
    w->let_go_until_ns = until_ns;
    pthread_mutex_unlock(&w->lock);
    schedule_let_go(w->maker.schedule, until_ns);
}

int64_t worker_let_go_left_ms(struct worker *w)
{
    uint64_t now_ns = clock_mono_ns();

    pthread_mutex_lock(&w->lock);
    uint64_t until_ns = w->let_go_until_ns;
    pthread_mutex_unlock(&w->lock);
    return until_ns > now_ns ? (int64_t)((until_ns - now_ns + NS_PER_MS - 1) / NS_PER_MS) : 0;
}

bool worker_has_let_go(struct worker *w)
{
    return schedule_has_let_go(w->maker.schedule);
}

int worker_once_with(const struct worker_options *options, const struct collector *const *table,
                     int64_t over_ms, int64_t patience_ms, char *late, size_t late_size,
                     struct snapshot **ret, struct error *err)
{
    struct maker m;
    int code = maker_init(&m, options, table, ONCE_INTERVAL_MS, err);

    if (code)
        return code;
    code = schedule_once(m.schedule, (uint64_t)over_ms * NS_PER_MS,
                         (uint64_t)patience_ms * NS_PER_MS, late, late_size, err);
    if (!code && (code = make(&m, ret)))
        error_errno(err, code, "snapshot");
    maker_fini(&m);
    return code;
}

int worker_once(const struct worker_options *options, int64_t over_ms, int64_t patience_ms,
                char *late, size_t late_size, struct snapshot **ret, struct error *err)
{
    return worker_once_with(options, collectors, over_ms, patience_ms, late, late_size, ret, err);
}
