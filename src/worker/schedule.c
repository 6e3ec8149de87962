/* schedule.c - turns of the collectors: detect, open, read; what failed, what hangs, what is
 * stale. */
#include "worker/schedule.h"

#include "worker/plausible.h"

#define WARM_UP_MS       500 /* between the first two readings: long enough for rates */
#define EAGER_NS         (60 * (uint64_t)NS_PER_S) /* just started: drivers may still be loading */
#define DETECT_EAGER_NS  (5 * (uint64_t)NS_PER_S)
#define DETECT_NS        (30 * (uint64_t)NS_PER_S)
#define BACK_OFF_NS      (5 * (uint64_t)NS_PER_S)
#define BACK_OFF_MAX_NS  (60 * (uint64_t)NS_PER_S)
#define READINGS_KEPT    2
#define ARENA_KEEP_BYTES ((size_t)512 << 10) /* a larger arena is given back when hardly used */

enum outcome {
    OUTCOME_NONE, /* no turn yet */
    OUTCOME_ABSENT,
    OUTCOME_OPEN_FAILED,
    OUTCOME_GONE,
    OUTCOME_LEFT, /* released, and not open before either */
    OUTCOME_READ_FAILED,
    OUTCOME_READ,
    OUTCOME_HANGS
};

struct slot {
    struct schedule *schedule;
    const struct collector *collector;
    uint64_t interval_ns;
    struct recycler *readings;
    struct plausible *plausible; /* on its thread only, as the next two */
    void *state;                 /* the collector's; on its thread only, as `open` */
    bool open;
    /* schedule->lock: the rest */
    pthread_t thread;
    bool started, ended;
    bool busy;
    bool up, seen, released;
    uint64_t next_ns;  /* next turn */
    uint64_t due_ns;   /* when the turn in progress was due */
    uint64_t began_ns; /* when it began */
    uint64_t back_off_ns;
    double duration_s, success_s;
    uint64_t readings_total, errors_total, stale_total;
    struct held_reading *latest;
    enum outcome reported; /* what the log said last */
};

struct schedule {
    atomic_uint refs; /* the owner's, and one per thread: a thread left behind keeps it alive */
    struct host_paths paths;
    uint64_t (*now)(void);
    uint64_t started_ns, origin_ns;
    uint64_t over_ns; /* of schedule_once() */
    size_t reading_max_bytes;
    pthread_mutex_t
        lock; /* lock: stopping, interrupted, let_go_until_ns, and of the slots what they say */
    pthread_cond_t turn;     /* stopping */
    pthread_cond_t answered; /* a turn ended, or stopping */
    bool stopping, interrupted;
    uint64_t let_go_until_ns; /* before that drivers are left closed */
    size_t len;
    struct slot slots[COLLECTORS_MAX];
};

/* ---- readings ---- */

static void init_held(struct recycled *r)
{
    arena_init(&((struct held_reading *)r)->arena, 0); /* the bound is set at each turn */
}

static void reset_held(struct recycled *r)
{
    struct held_reading *held = (struct held_reading *)r;
    size_t bytes = arena_bytes(&held->arena);

    if (bytes > ARENA_KEEP_BYTES && held->arena.used < bytes / 4)
        arena_fini(&held->arena);
    else
        arena_rest(&held->arena);
}

static void fini_held(struct recycled *r)
{
    arena_fini(&((struct held_reading *)r)->arena);
}

static const struct recycler_ops held_ops = {sizeof(struct held_reading), init_held, reset_held,
                                             fini_held};

static void release_held(struct held_reading *held)
{
    if (held)
        recycled_release(&held->base);
}

/* ---- making and freeing ---- */

bool schedule_is_listed(const char *list, const char *name)
{
    struct str rest = {list, list ? strlen(list) : 0};

    while (rest.ptr)
        if (str_is(str_trim(str_cut(&rest, ',')), name))
            return true;
    return false;
}

static void add_slot(struct schedule *s, const struct collector *collector, int64_t interval_ms)
{
    struct slot *slot = &s->slots[s->len++];

    slot->schedule = s;
    slot->collector = collector;
    slot->interval_ns = (uint64_t)MAX(collector->interval_ms, interval_ms) * NS_PER_MS;
    slot->readings = recycler_new(&held_ops, READINGS_KEPT);
    slot->plausible = plausible_new();
    slot->next_ns = s->started_ns;
    slot->duration_s = slot->success_s = (double)NAN;
}

int schedule_new(const struct schedule_options *options, struct schedule **ret, struct error *err)
{
    size_t count = 0;

    if (options->interval_ms < 1)
        return error_set(err, -EINVAL, "the interval must be 1ms or more");
    while (options->collectors[count])
        count++;
    if (count > COLLECTORS_MAX)
        return error_set(err, -EINVAL, "%zu collectors, %d is the most", count, COLLECTORS_MAX);

    struct schedule *s = xnew(struct schedule);
    atomic_init(&s->refs, 1);
    s->paths = options->paths;
    s->paths.procfs = xstrdup(options->paths.procfs);
    s->paths.sysfs = xstrdup(options->paths.sysfs);
    s->paths.rootfs = xstrdup(options->paths.rootfs);
    s->paths.nvml_library = xstrdup(options->paths.nvml_library);
    s->paths.hpc_jobs = xstrdup(options->paths.hpc_jobs);
    s->paths.kubelet_socket = xstrdup(options->paths.kubelet_socket);
    s->now = options->now;
    s->reading_max_bytes = options->reading_max_bytes;
    s->started_ns = s->now();
    s->origin_ns = s->started_ns + (uint64_t)MIN(options->interval_ms, WARM_UP_MS) * NS_PER_MS;
    pthread_mutex_init(&s->lock, NULL);
    thread_cond_init(&s->turn);
    thread_cond_init(&s->answered);
    for (size_t i = 0; i < count; i++)
        if (!schedule_is_listed(options->disabled, options->collectors[i]->name))
            add_slot(s, options->collectors[i], options->interval_ms);
    *ret = s;
    return 0;
}

static void free_path(const char *path)
{
    free((void *)(uintptr_t)path);
}

void schedule_release(struct schedule *s)
{
    if (!s || atomic_fetch_sub_explicit(&s->refs, 1, memory_order_acq_rel) != 1)
        return;
    for (size_t i = 0; i < s->len; i++) {
        struct slot *slot = &s->slots[i];
        if (slot->open)
            slot->collector->close(slot->state);
        release_held(slot->latest);
        recycler_close(slot->readings);
        plausible_free(slot->plausible);
    }
    pthread_cond_destroy(&s->turn);
    pthread_cond_destroy(&s->answered);
    pthread_mutex_destroy(&s->lock);
    free_path(s->paths.procfs);
    free_path(s->paths.sysfs);
    free_path(s->paths.rootfs);
    free_path(s->paths.nvml_library);
    free_path(s->paths.hpc_jobs);
    free_path(s->paths.kubelet_socket);
    free(s);
}

size_t schedule_len(const struct schedule *s)
{
    return s->len;
}

uint64_t schedule_origin(const struct schedule *s)
{
    return s->origin_ns;
}

/* ---- a turn ---- */

/* Takes the collector as far as it goes. On OUTCOME_READ and OUTCOME_READ_FAILED *ret is the
 * reading; on a failure it may be NULL. */
static enum outcome take_turn(struct slot *slot, uint64_t now_ns, bool release,
                              struct held_reading **ret, struct error *err)
{
    const struct collector *collector = slot->collector;
    struct schedule *s = slot->schedule;

    if (!slot->open && release)
        return OUTCOME_LEFT;
    if (!slot->open) {
        if (!collector->detect(&s->paths))
            return OUTCOME_ABSENT;
        pthread_mutex_lock(&s->lock);
        slot->seen = true;
        pthread_mutex_unlock(&s->lock);
        if (collector->open(&s->paths, &slot->state, err) < 0)
            return OUTCOME_OPEN_FAILED;
        slot->open = true;
    }
    struct held_reading *held = (struct held_reading *)recycler_take(slot->readings);
    if (!held) {
        error_errno(err, -ENOMEM, "reading");
        return OUTCOME_READ_FAILED;
    }
    held->arena.max = s->reading_max_bytes;
    reading_init(&held->reading, &held->arena);
    held->reading.mono_ns = now_ns;
    held->reading.release = release;
    int code = collector->read(slot->state, &held->reading, err);
    if (code == -ENODEV) {
        collector->close(slot->state);
        slot->state = NULL;
        slot->open = false;
        release_held(held);
        return OUTCOME_GONE;
    }
    int listed = plausible_check(slot->plausible, &held->reading);
    code = code < 0 ? code : listed;
    *ret = held;
    return code < 0 ? OUTCOME_READ_FAILED : OUTCOME_READ;
}

static uint64_t next_on_grid(const struct slot *slot, uint64_t after_ns)
{
    uint64_t origin = slot->schedule->origin_ns;

    if (after_ns < origin)
        return origin;
    return origin + ((after_ns - origin) / slot->interval_ns + 1) * slot->interval_ns;
}

static uint64_t detect_delay(const struct schedule *s, uint64_t now_ns)
{
    return now_ns - s->started_ns < EAGER_NS ? DETECT_EAGER_NS : DETECT_NS;
}

/* Notes how a turn ended; the lock is held. Returns the reading that is no longer wanted. */
static struct held_reading *settle(struct slot *slot, enum outcome outcome,
                                   struct held_reading *held, uint64_t began_ns, uint64_t ended_ns)
{
    struct held_reading *old = NULL;
    bool read = outcome == OUTCOME_READ || outcome == OUTCOME_READ_FAILED;

    slot->up = outcome == OUTCOME_READ || outcome == OUTCOME_LEFT;
    slot->released = outcome == OUTCOME_LEFT || (held && held->reading.released);
    slot->readings_total += outcome == OUTCOME_READ;
    if (outcome == OUTCOME_READ)
        slot->success_s = (double)clock_now_ms() / 1000;
    slot->errors_total +=
        outcome != OUTCOME_READ && outcome != OUTCOME_ABSENT && outcome != OUTCOME_LEFT;
    if (read) {
        slot->duration_s = (double)(ended_ns - began_ns) / NS_PER_S;
        slot->next_ns = next_on_grid(slot, ended_ns);
        slot->back_off_ns = 0;
    } else if (outcome == OUTCOME_LEFT) {
        slot->next_ns = next_on_grid(slot, ended_ns);
    } else if (outcome == OUTCOME_OPEN_FAILED) {
        slot->back_off_ns =
            slot->back_off_ns ? MIN(slot->back_off_ns * 2, BACK_OFF_MAX_NS) : BACK_OFF_NS;
        slot->next_ns = ended_ns + slot->back_off_ns;
    } else {
        slot->next_ns = ended_ns + detect_delay(slot->schedule, ended_ns);
    }
    if (held || outcome == OUTCOME_GONE) {
        old = slot->latest;
        slot->latest = held;
    }
    return old;
}

static void report(const struct slot *slot, enum outcome before, enum outcome now,
                   const struct error *err)
{
    const char *name = slot->collector->name;

    if (before == now)
        return;
    switch (now) {
    case OUTCOME_READ:
        if (slot->readings_total == 1 && (before == OUTCOME_NONE || before == OUTCOME_ABSENT))
            log_debug("collector reads", "collector", name);
        else
            log_info("collector reads again", "collector", name);
        break;
    case OUTCOME_OPEN_FAILED:
        log_warn("collector cannot open its hardware", "collector", name, "error", err->text);
        break;
    case OUTCOME_READ_FAILED:
        log_warn("collector cannot read its hardware", "collector", name, "error", err->text);
        break;
    case OUTCOME_GONE:
        log_warn("hardware or driver went away", "collector", name, "error", err->text);
        break;
    case OUTCOME_HANGS:
        log_warn("collector does not answer", "collector", name);
        break;
    case OUTCOME_NONE:
    case OUTCOME_ABSENT:
    case OUTCOME_LEFT:
        break;
    }
}

void schedule_turn(struct schedule *s, size_t i)
{
    struct slot *slot = &s->slots[i];
    struct held_reading *held = NULL;
    struct error err = {0};
    uint64_t began_ns = s->now();

    pthread_mutex_lock(&s->lock);
    slot->busy = true;
    slot->due_ns = slot->next_ns;
    slot->began_ns = began_ns;
    bool release = slot->collector->releases && began_ns < s->let_go_until_ns;
    pthread_mutex_unlock(&s->lock);

    enum outcome outcome = take_turn(slot, began_ns, release, &held, &err);
    uint64_t ended_ns = s->now();

    pthread_mutex_lock(&s->lock);
    struct held_reading *old = settle(slot, outcome, held, began_ns, ended_ns);
    enum outcome before = slot->reported;
    slot->reported = outcome;
    slot->busy = false;
    pthread_cond_broadcast(&s->answered);
    pthread_mutex_unlock(&s->lock);
    release_held(old);
    report(slot, before, outcome, &err);
}

void schedule_let_go(struct schedule *s, uint64_t until_ns)
{
    pthread_mutex_lock(&s->lock);
    s->let_go_until_ns = until_ns;
    for (size_t i = 0; i < s->len; i++)
        if (s->slots[i].collector->releases)
            s->slots[i].next_ns = MIN(s->slots[i].next_ns, s->now());
    pthread_cond_broadcast(&s->turn);
    pthread_mutex_unlock(&s->lock);
}

bool schedule_has_let_go(struct schedule *s)
{
    bool all = true;

    pthread_mutex_lock(&s->lock);
    for (size_t i = 0; i < s->len; i++)
        if (s->slots[i].collector->releases)
            all = all && s->slots[i].released && !s->slots[i].busy;
    pthread_mutex_unlock(&s->lock);
    return all;
}

/* ---- what the publisher sees ---- */

uint64_t schedule_due(struct schedule *s, size_t i)
{
    pthread_mutex_lock(&s->lock);
    uint64_t due_ns = s->slots[i].next_ns;
    pthread_mutex_unlock(&s->lock);
    return due_ns;
}

/* True for the first look after the slot's time for an answer has run out; the lock is held. */
static bool starts_to_hang(struct slot *slot, uint64_t now_ns)
{
    if (!slot->busy || slot->reported == OUTCOME_HANGS || now_ns < slot->began_ns ||
        now_ns - slot->began_ns <= STALE_INTERVALS * slot->interval_ns)
        return false;
    slot->up = false;
    slot->seen = true; /* also when it is the look for hardware that hangs */
    slot->reported = OUTCOME_HANGS;
    return true;
}

static struct held_reading *take_stale(struct slot *slot, uint64_t now_ns)
{
    struct held_reading *latest = slot->latest;

    if (!latest || now_ns < latest->reading.mono_ns ||
        now_ns - latest->reading.mono_ns <= STALE_INTERVALS * slot->interval_ns)
        return NULL;
    slot->latest = NULL;
    slot->stale_total++;
    slot->up = false;
    return latest;
}

void schedule_look(struct schedule *s, uint64_t now_ns, struct collector_view *views)
{
    for (size_t i = 0; i < s->len; i++) {
        struct slot *slot = &s->slots[i];
        struct collector_view *view = &views[i];

        pthread_mutex_lock(&s->lock);
        enum outcome before = slot->reported;
        bool hangs = starts_to_hang(slot, now_ns);
        struct held_reading *stale = take_stale(slot, now_ns);
        *view = (struct collector_view){
            .name = slot->collector->name,
            .seen = slot->seen,
            .up = slot->up,
            .releases = slot->collector->releases,
            .released = slot->released,
            .duration_s = slot->duration_s,
            .success_s = slot->success_s,
            .readings = slot->readings_total,
            .errors = slot->errors_total,
            .stale = slot->stale_total,
            .held = slot->latest,
        };
        if (view->held)
            recycled_retain(&view->held->base);
        pthread_mutex_unlock(&s->lock);
        release_held(stale);
        if (hangs)
            report(slot, before, OUTCOME_HANGS, NULL);
    }
}

/* The lock is held. */
static bool all_answered(const struct schedule *s, uint64_t boundary_ns)
{
    for (size_t i = 0; i < s->len; i++) {
        const struct slot *slot = &s->slots[i];
        bool waits = slot->busy ? slot->due_ns >= boundary_ns || boundary_ns <= s->origin_ns
                                : slot->next_ns <= boundary_ns;
        if (waits)
            return false;
    }
    return true;
}

bool schedule_answered(struct schedule *s, uint64_t boundary_ns)
{
    pthread_mutex_lock(&s->lock);
    bool answered = all_answered(s, boundary_ns);
    pthread_mutex_unlock(&s->lock);
    return answered;
}

bool schedule_wait_answers(struct schedule *s, uint64_t boundary_ns, uint64_t deadline_ns)
{
    pthread_mutex_lock(&s->lock);
    while (!s->stopping && !s->interrupted && !all_answered(s, boundary_ns))
        if (thread_wait_until(&s->answered, &s->lock, deadline_ns))
            break;
    bool goes_on = !s->stopping && !s->interrupted;
    pthread_mutex_unlock(&s->lock);
    return goes_on;
}

bool schedule_sleep(struct schedule *s, uint64_t deadline_ns)
{
    pthread_mutex_lock(&s->lock);
    while (!s->stopping && !s->interrupted)
        if (thread_wait_until(&s->turn, &s->lock, deadline_ns))
            break;
    bool goes_on = !s->stopping && !s->interrupted;
    pthread_mutex_unlock(&s->lock);
    return goes_on;
}

void schedule_interrupt(struct schedule *s)
{
    pthread_mutex_lock(&s->lock);
    s->interrupted = true;
    pthread_cond_broadcast(&s->turn);
    pthread_cond_broadcast(&s->answered);
    pthread_mutex_unlock(&s->lock);
}

/* ---- threads ---- */

/* Waits for the slot's turn; false when it is time to end. */
static bool wait_for_turn(struct slot *slot)
{
    struct schedule *s = slot->schedule;

    pthread_mutex_lock(&s->lock);
    while (!s->stopping && s->now() < slot->next_ns)
        thread_wait_until(&s->turn, &s->lock, slot->next_ns);
    bool goes_on = !s->stopping;
    pthread_mutex_unlock(&s->lock);
    return goes_on;
}

static void end_slot(struct slot *slot)
{
    struct schedule *s = slot->schedule;

    if (slot->open)
        slot->collector->close(slot->state);
    slot->open = false;
    pthread_mutex_lock(&s->lock);
    slot->ended = true;
    pthread_cond_broadcast(&s->answered);
    pthread_mutex_unlock(&s->lock);
    schedule_release(s);
}

static void *run_slot(void *arg)
{
    struct slot *slot = arg;

    while (wait_for_turn(slot))
        schedule_turn(slot->schedule, (size_t)(slot - slot->schedule->slots));
    end_slot(slot);
    return NULL;
}

static void *run_slot_once(void *arg)
{
    struct slot *slot = arg;
    struct schedule *s = slot->schedule;
    size_t i = (size_t)(slot - s->slots);

    schedule_turn(s, i);
    if (s->over_ns && schedule_sleep(s, clock_mono_ns() + s->over_ns))
        schedule_turn(s, i);
    end_slot(slot);
    return NULL;
}

static int start_threads(struct schedule *s, void *(*run)(void *), struct error *err)
{
    for (size_t i = 0; i < s->len; i++) {
        struct slot *slot = &s->slots[i];
        char name[32];

        snprintf(name, sizeof(name), "read-%s", slot->collector->name);
        atomic_fetch_add_explicit(&s->refs, 1, memory_order_relaxed);
        pthread_t thread;
        int code = thread_start_small(&thread, name, WORKER_STACK_BYTES, run, slot, err);
        if (code) {
            schedule_release(s);
            return code;
        }
        slot->thread = thread;
        slot->started = true;
    }
    return 0;
}

int schedule_start(struct schedule *s, struct error *err)
{
    return start_threads(s, run_slot, err);
}

/* The lock is held. */
static bool all_ended(const struct schedule *s)
{
    for (size_t i = 0; i < s->len; i++)
        if (s->slots[i].started && !s->slots[i].ended)
            return false;
    return true;
}

void schedule_stop(struct schedule *s, uint64_t grace_ns)
{
    uint64_t deadline_ns = clock_mono_ns() + grace_ns;

    pthread_mutex_lock(&s->lock);
    s->stopping = true;
    pthread_cond_broadcast(&s->turn);
    pthread_cond_broadcast(&s->answered);
    while (!all_ended(s))
        if (thread_wait_until(&s->answered, &s->lock, deadline_ns))
            break;
    for (size_t i = 0; i < s->len; i++) {
        struct slot *slot = &s->slots[i];
        if (!slot->started)
            continue;
        if (slot->ended) {
            pthread_mutex_unlock(&s->lock);
            pthread_join(slot->thread, NULL);
            pthread_mutex_lock(&s->lock);
        } else {
            log_warn("collector is left behind: it does not answer", "collector",
                     slot->collector->name);
            pthread_detach(slot->thread);
        }
        slot->started = false;
    }
    pthread_mutex_unlock(&s->lock);
}

int schedule_once(struct schedule *s, uint64_t over_ns, uint64_t patience_ns, char *late,
                  size_t late_size, struct error *err)
{
    uint64_t deadline_ns = clock_mono_ns() + over_ns + patience_ns;
    size_t n = 0;

    late[0] = '\0';
    s->over_ns = over_ns;
    int code = start_threads(s, run_slot_once, err);
    pthread_mutex_lock(&s->lock);
    while (!code && !all_ended(s))
        if (thread_wait_until(&s->answered, &s->lock, deadline_ns))
            break;
    for (size_t i = 0; i < s->len; i++) {
        struct slot *slot = &s->slots[i];
        if (!slot->started || slot->ended)
            continue;
        slot->seen = true; /* also when it is the look for hardware that hangs */
        slot->up = false;
        slot->reported = OUTCOME_HANGS;
        if (n < late_size)
            n += (size_t)snprintf(late + n, late_size - n, "%s%s", n ? ", " : "",
                                  slot->collector->name);
    }
    pthread_mutex_unlock(&s->lock);
    schedule_stop(s, 0);
    return code;
}
