#include "worker/doubt.h"

#define SECONDS(n) ((n) * (uint64_t)NS_PER_S)

#define BUSY_RATIO 0.95
#define IDLE_RATIO 0.005
#define WINDOW_NS                                                                                  \
    SECONDS(300) /* 60 readings: the mean of a bursty load is then good to a tenth                 \
                  */
#define BAD_WINDOWS 2
#define GAP_NS      SECONDS(60) /* longer without a reading: what was seen before tells nothing */

const char *const doubt_names[DOUBTS] = {
    "power_idle_under_load",      "memory_without_process", "power_above_limit",
    "profiling_zero_under_load",  "energy_disagrees",       "clock_above_maximum",
    "temperature_above_shutdown",
};

/* How long it must hold, so that values of two moments are not held against each other. */
static const uint64_t hold_ns[DOUBTS] = {
    [DOUBT_IDLE_POWER] = SECONDS(30),
    [DOUBT_MEMORY] = SECONDS(180),
    [DOUBT_POWER_LIMIT] = SECONDS(30),
    [DOUBT_PROFILE] = SECONDS(30),
    [DOUBT_ENERGY] = 0,
    [DOUBT_CLOCK] = SECONDS(15),
    [DOUBT_TEMPERATURE] = SECONDS(15),
};

void doubts_fini(struct doubts *d)
{
    free(d->list);
    *d = (struct doubts){.len = 0};
}

static struct suspicion *find(struct doubts *d, const struct merged_accelerator *a)
{
    uint64_t key = hash_bytes(&a->number, sizeof(a->number));

    key = hash_more(key, a->device.uuid, strlen(a->device.uuid));
    for (size_t i = 0; i < d->len; i++)
        if (d->list[i].key == key)
            return &d->list[i];
    struct suspicion *grown = array_grow(d->list, &d->cap, d->len + 1, sizeof(*grown));
    if (!grown)
        return NULL;
    d->list = grown;
    grown[d->len] = (struct suspicion){.key = key, .idle_w = UNKNOWN};
    return &grown[d->len++];
}

/* ---- the checks: 1 when two readings contradict each other, 0 when not, NAN when one is not
 * known ---- */

static double above(double value, double limit, double factor, double more)
{
    return isnan(value) || isnan(limit) ? UNKNOWN : value > limit * factor + more;
}

/* A device that works draws more than one that does not. */
static double idle_power(const struct suspicion *p, const struct accelerator *a)
{
    if (isnan(a->utilization_ratio) || isnan(a->power_w) || isnan(p->idle_w))
        return UNKNOWN;
    return a->utilization_ratio >= BUSY_RATIO && a->power_w < p->idle_w * 1.1 + 3;
}

/* Where the driver lists the processes of other containers or guests, nobody is there to hold the
 * memory. */
static double memory_alone(const struct doubts *d, const struct snapshot *s,
                           const struct merged_accelerator *m)
{
    const struct accelerator *a = &m->device;
    double mode = a->detail.virtualization_mode;
    bool wsl = s->chassis && strcmp(s->chassis->virtualization, "wsl") == 0;
    bool apart = s->chassis && s->chassis->container[0] && !d->sees_processes;

    if (m->processes == UNKNOWN_COUNT || a->mem_used_bytes == UNKNOWN_COUNT ||
        a->mem_total_bytes == UNKNOWN_COUNT || !(a->mem_shared < 1) || a->mig_mode > 0 ||
        mode >= 2 || wsl || apart)
        return UNKNOWN;
    uint64_t much = MAX(UINT64_C(1) << 30, a->mem_total_bytes / 50);
    return m->processes == 0 && a->mem_used_bytes > much;
}

static double profile_zero(const struct accelerator *a)
{
    double graphics = a->detail.profile[PROFILE_GRAPHICS], sm = a->detail.profile[PROFILE_SM];

    if (isnan(a->utilization_ratio) || isnan(graphics) || isnan(sm))
        return UNKNOWN;
    return a->utilization_ratio >= BUSY_RATIO && graphics <= 0 && sm <= 0;
}

static double clocks(const struct accelerator *a)
{
    double graphics = above(a->clock_graphics_mhz, a->clock_graphics_max_mhz, 1.05, 0);
    double memory = above(a->clock_memory_mhz, a->clock_memory_max_mhz, 1.05, 0);

    return fmax(graphics, memory); /* passes over NAN */
}

static void open_window(struct suspicion *p, const struct accelerator *a, uint64_t mono_ns)
{
    p->window_ns = mono_ns;
    p->energy_j = a->energy_j_total;
    p->integral_j = 0;
}

/* The counter's growth over five minutes against the power that the board reports by itself. What
 * is shown as power may be made of the counter, so it is of no use here. */
static double energy(struct suspicion *p, const struct accelerator *a, uint64_t mono_ns)
{
    double watts = a->detail.power_average_w;

    if (isnan(a->energy_j_total) || isnan(watts)) {
        p->window_ns = 0;
        p->windows = p->bad_windows = 0;
        return UNKNOWN;
    }
    if (!p->window_ns || a->energy_j_total < p->energy_j || mono_ns - p->mono_ns > GAP_NS) {
        open_window(p, a, mono_ns);
    } else {
        p->integral_j += watts * (double)(mono_ns - p->mono_ns) / NS_PER_S;
        if (mono_ns - p->window_ns >= WINDOW_NS) {
            double seconds = (double)(mono_ns - p->window_ns) / NS_PER_S;
            double counted = (a->energy_j_total - p->energy_j) / seconds;
            double told = p->integral_j / seconds;
            bool bad = fabs(counted - told) > fmax(20, 0.25 * fmax(counted, told));
            p->bad_windows = bad ? p->bad_windows + 1 : 0;
            p->windows++;
            open_window(p, a, mono_ns);
        }
    }
    return p->windows ? p->bad_windows >= BAD_WINDOWS : UNKNOWN;
}

/* ---- judging ---- */

static void judge(struct doubts *d, const struct snapshot *s, struct merged_accelerator *m,
                  struct suspicion *p, uint64_t mono_ns)
{
    const struct accelerator *a = &m->device;

    if (p->mono_ns && mono_ns - p->mono_ns > GAP_NS)
        memset(p->since_ns, 0, sizeof(p->since_ns));
    const double found[DOUBTS] = {
        [DOUBT_IDLE_POWER] = idle_power(p, a),
        [DOUBT_MEMORY] = memory_alone(d, s, m),
        [DOUBT_POWER_LIMIT] = above(a->power_w, a->power_limit_w, 1.1, 5),
        [DOUBT_PROFILE] = profile_zero(a),
        [DOUBT_ENERGY] = energy(p, a, mono_ns),
        [DOUBT_CLOCK] = clocks(a),
        [DOUBT_TEMPERATURE] = above(a->temperature_c, a->temperature_shutdown_c, 1, 5),
    };
    for (size_t i = 0; i < DOUBTS; i++) {
        if (!(found[i] > 0))
            p->since_ns[i] = 0;
        else if (!p->since_ns[i])
            p->since_ns[i] = mono_ns;
        m->doubtful[i] =
            isnan(found[i]) ? found[i] : p->since_ns[i] && mono_ns - p->since_ns[i] >= hold_ns[i];
    }
    if (a->utilization_max_ratio < IDLE_RATIO && m->processes == 0 && !isnan(a->power_w))
        p->idle_w = fmin(p->idle_w, a->power_w); /* passes over NAN */
    p->mono_ns = mono_ns;
}

int doubts_update(struct doubts *d, struct snapshot *s, uint64_t mono_ns)
{
    int code = 0;

    for (size_t i = 0; !d->sees_processes && i < s->device_process_len; i++)
        d->sees_processes = s->device_processes[i].known;
    for (size_t i = 0; i < s->accelerator_len; i++) {
        struct merged_accelerator *m = &s->accelerators[i];
        struct suspicion *p = m->device.state == ACCELERATOR_OK ? find(d, m) : NULL;
        for (size_t k = 0; k < DOUBTS; k++)
            m->doubtful[k] = UNKNOWN;
        if (p)
            judge(d, s, m, p, mono_ns);
        else if (m->device.state == ACCELERATOR_OK)
            code = -ENOMEM;
    }
    return code;
}
