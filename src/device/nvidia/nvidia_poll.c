#include "device/nvidia/nvidia_poll.h"

#include <stdlib.h>

#define SAMPLES_KEPT 512 /* 77 s: of longer intervals the end */
#define STACK_BYTES  ((size_t)256 << 10)
#define STOP_WAIT_NS ((uint64_t)NS_PER_S)

enum value {
    VALUE_GPU, /* the first two by one call */
    VALUE_MEMORY,
    VALUE_POWER,
    VALUES
};

struct samples {
    unsigned raw[SAMPLES_KEPT]; /* in the driver's unit; a ring */
    size_t count;               /* since they were taken */
};

struct polled {
    struct nvml_device *handle;
    bool wanted[VALUES]; /* until the GPU refuses for good, or is lost */
    struct samples of[VALUES];
};

struct nvidia_poll {
    struct nvml nvml; /* calls only: the library is the collector's */
    pthread_t thread;
    pthread_mutex_t lock; /* lock: all below */
    pthread_cond_t changed;
    bool stop, done, orphan;
    struct polled **items; /* none is removed while the thread runs */
    size_t len, cap;
};

static void destroy(struct nvidia_poll *p)
{
    for (size_t i = 0; i < p->len; i++)
        free(p->items[i]);
    free(p->items);
    pthread_cond_destroy(&p->changed);
    pthread_mutex_destroy(&p->lock);
    free(p);
}

/* ---- the thread ---- */

/* What was asked of one GPU and what it said. */
struct answer {
    unsigned raw[VALUES];
    int code[VALUES];
};

static struct answer ask(const struct nvml *nvml, struct nvml_device *handle, bool utilization,
                         bool power)
{
    struct answer a = {.code = {NVML_NO_DATA, NVML_NO_DATA, NVML_NO_DATA}};
    struct nvml_utilization now = {0};

    if (utilization) {
        a.code[VALUE_GPU] = a.code[VALUE_MEMORY] = nvml->utilization(handle, &now);
        a.raw[VALUE_GPU] = now.gpu;
        a.raw[VALUE_MEMORY] = now.memory;
    }
    if (power)
        a.code[VALUE_POWER] = nvml->power(handle, &a.raw[VALUE_POWER]);
    return a;
}

static void keep(struct polled *to, const struct answer *a)
{
    for (size_t i = 0; i < VALUES; i++) {
        struct samples *s = &to->of[i];
        if (to->wanted[i] && a->code[i] == NVML_SUCCESS)
            s->raw[s->count++ % SAMPLES_KEPT] = a->raw[i];
        else if (nvml_code_is_permanent(a->code[i]) || nvml_code_is_lost(a->code[i]) ||
                 nvml_code_is_stale(a->code[i]))
            to->wanted[i] = false;
    }
}

static void *run(void *arg)
{
    struct nvidia_poll *p = arg;
    uint64_t next_ns = clock_mono_ns();

    pthread_mutex_lock(&p->lock);
    while (!p->stop) {
        for (size_t i = 0; i < p->len && !p->stop; i++) {
            struct polled *item = p->items[i];
            bool utilization = item->wanted[VALUE_GPU] || item->wanted[VALUE_MEMORY];
            bool power = item->wanted[VALUE_POWER];
            pthread_mutex_unlock(&p->lock);
            struct answer a = ask(&p->nvml, item->handle, utilization, power);
            pthread_mutex_lock(&p->lock);
            keep(item, &a);
        }
        next_ns = MAX(next_ns + POLL_MS * (uint64_t)NS_PER_MS, clock_mono_ns());
        while (!p->stop && !thread_wait_until(&p->changed, &p->lock, next_ns))
            continue;
    }
    p->done = true;
    bool orphan = p->orphan;
    pthread_cond_broadcast(&p->changed);
    pthread_mutex_unlock(&p->lock);
    if (orphan)
        destroy(p);
    return NULL;
}

/* ---- the collector's side ---- */

static bool start(struct gpu_context *c)
{
    struct nvidia_poll *p = xnew(struct nvidia_poll);
    struct error err;

    p->nvml = c->nvml;
    pthread_mutex_init(&p->lock, NULL);
    thread_cond_init(&p->changed);
    if (thread_start_small(&p->thread, "nvml-poll", STACK_BYTES, run, p, &err)) {
        log_warn("no thread for own samples", "error", err.text);
        destroy(p);
        return false;
    }
    c->poll = p;
    return true;
}

/* The entry of `g`, new if need be; NULL without memory. The lock is held. */
static struct polled *find(struct nvidia_poll *p, const struct gpu *g)
{
    for (size_t i = 0; i < p->len; i++)
        if (p->items[i]->handle == g->handle)
            return p->items[i];
    struct polled **grown = array_grow(p->items, &p->cap, p->len + 1, sizeof(*grown));
    if (!grown)
        return NULL;
    p->items = grown;
    p->items[p->len] = xnew(struct polled);
    p->items[p->len]->handle = g->handle;
    log_info("the driver keeps no samples of this GPU: it is asked some seven times a second",
             "gpu", LOG_NUM(g->identity.index));
    return p->items[p->len++];
}

static struct sample_summary summarise(struct check *check, enum check_field field,
                                       const struct samples *s)
{
    struct sample_summary sum = {NAN, NAN, NAN, NAN};
    double total = 0;
    size_t n = 0, kept = MIN(s->count, (size_t)SAMPLES_KEPT);

    for (size_t i = s->count - kept; i < s->count; i++) { /* the oldest first */
        double value = check_gauge(check, field, s->raw[i % SAMPLES_KEPT]);
        if (isnan(value))
            continue;
        sum.last = value;
        total += value;
        sum.low = n && sum.low < value ? sum.low : value;
        sum.peak = n && sum.peak > value ? sum.peak : value;
        n++;
    }
    if (n)
        sum.mean = total / (double)n;
    return sum;
}

/* Which value stands for a ring that is not there; false: none, or the GPU refuses it too. */
static bool is_polled(const struct gpu_context *c, const struct gpu *g, int type, enum value *ret)
{
    bool no_ring =
        !c->nvml.samples || nvidia_gpu_refused(g, (enum question)(ASK_SAMPLES_POWER + type));

    /* One that has never told its utilisation (cut into instances) will not tell the thread. */
    if (!c->paths->own_samples || !no_ring || !g->counted.mono_ns)
        return false;
    *ret = type == NVML_SAMPLES_GPU      ? VALUE_GPU
           : type == NVML_SAMPLES_MEMORY ? VALUE_MEMORY
                                         : VALUE_POWER;
    if (type == NVML_SAMPLES_GPU || type == NVML_SAMPLES_MEMORY)
        return c->nvml.utilization && nvidia_gpu_may(c, g, ASK_UTILIZATION);
    return type == NVML_SAMPLES_POWER && c->nvml.power && nvidia_gpu_may(c, g, ASK_POWER);
}

void nvidia_poll_read(struct gpu_context *c, const struct gpu *g, int type, enum check_field field,
                      struct sample_summary *ret)
{
    enum value value;

    if (!is_polled(c, g, type, &value) || (!c->poll && !start(c)))
        return;
    struct nvidia_poll *p = c->poll;
    pthread_mutex_lock(&p->lock);
    struct polled *item = find(p, g);
    if (item) {
        item->wanted[value] = true;
        if (item->of[value].count)
            *ret = summarise(&c->check, field, &item->of[value]);
        item->of[value].count = 0;
    }
    pthread_mutex_unlock(&p->lock);
}

bool nvidia_poll_stop(struct gpu_context *c)
{
    struct nvidia_poll *p = c->poll;
    uint64_t until = clock_mono_ns() + STOP_WAIT_NS;

    c->poll = NULL;
    if (!p)
        return true;
    pthread_mutex_lock(&p->lock);
    p->stop = true;
    pthread_cond_broadcast(&p->changed);
    while (!p->done && !thread_wait_until(&p->changed, &p->lock, until))
        continue;
    bool done = p->done;
    p->orphan = !done;
    pthread_t thread = p->thread; /* an orphan may free itself as soon as the lock is let go */
    pthread_mutex_unlock(&p->lock);
    if (!done) {
        pthread_detach(thread);
        return false;
    }
    pthread_join(thread, NULL);
    destroy(p);
    return true;
}
