/* nvidia_interval.c - means, peaks and lows of an interval from the driver's rings of samples, and
 * the seconds that are counted from them.
 *
 * Lost work: a GPU that is busy for a second at three quarters of its highest SM clock has lost a
 * quarter of a second. The clock while it was busy is the mean of the interval's samples when no
 * sample of utilisation was 0, else the highest one: at rest clocks go down by themselves, which
 * loses nothing. So the counter is a lower bound. */
#include "device/nvidia/nvidia_parts.h"
#include "device/nvidia/nvidia_poll.h"

/* A longer silence does not count, unless readings are usually that far apart: nobody knows what
 * was in it. */
#define GAP_NS     (20 * (uint64_t)NS_PER_S)
#define GAP_MAX_NS (300 * (uint64_t)NS_PER_S)

static const enum check_field checks[NVML_SAMPLE_TYPES] = {
    [NVML_SAMPLES_POWER] = CHECK_POWER,
    [NVML_SAMPLES_GPU] = CHECK_UTILIZATION,
    [NVML_SAMPLES_MEMORY] = CHECK_MEMORY_UTILIZATION,
    [NVML_SAMPLES_ENCODER] = CHECK_ENCODER,
    [NVML_SAMPLES_DECODER] = CHECK_DECODER,
    [NVML_SAMPLES_SM_CLOCK] = CHECK_CLOCK,
    [NVML_SAMPLES_MEMORY_CLOCK] = CHECK_CLOCK,
    [NVML_SAMPLES_MODULE_POWER] = CHECK_POWER,
    [NVML_SAMPLES_JPEG] = CHECK_JPEG,
    [NVML_SAMPLES_OFA] = CHECK_OFA,
};

/* The rings of enum engine. */
static const enum nvml_sampling_type engine_rings[ENGINES] = {
    NVML_SAMPLES_ENCODER, NVML_SAMPLES_DECODER, NVML_SAMPLES_JPEG, NVML_SAMPLES_OFA};

int nvidia_interval_read(struct gpu_context *c, struct gpu *g, struct sample_summary *rings)
{
    for (int type = 0; type < NVML_SAMPLE_TYPES; type++) {
        int code = nvidia_samples_read(c, g, type, checks[type], &rings[type]);
        if (code)
            return code;
        nvidia_poll_read(c, g, type, checks[type], &rings[type]);
    }
    return 0;
}

/* What the engine does at the moment, for boards and idle times without samples of it. */
static double ask_engine(struct gpu_context *c, struct gpu *g, enum engine engine)
{
    unsigned value = 0, period;
    bool told = false;

    switch (engine) {
    case ENGINE_ENCODER:
        told = ASK(c, g, ASK_ENCODER, encoder, &value, &period);
        break;
    case ENGINE_DECODER:
        told = ASK(c, g, ASK_DECODER, decoder, &value, &period);
        break;
    case ENGINE_JPEG:
        told = ASK(c, g, ASK_JPEG, jpeg, &value, &period);
        break;
    case ENGINE_OFA:
        told = ASK(c, g, ASK_OFA, ofa, &value, &period);
        break;
    case ENGINES:
        break;
    }
    return told ? check_gauge(&c->check, checks[engine_rings[engine]], value) : (double)NAN;
}

static void show_engines(struct gpu_context *c, struct gpu *g, const struct sample_summary *rings,
                         struct accelerator *a)
{
    struct accelerator_detail *d = &a->detail;
    double *const means[ENGINES] = {&a->encoder_ratio, &a->decoder_ratio, &d->jpeg_ratio,
                                    &d->ofa_ratio};

    for (int i = 0; i < ENGINES; i++) {
        const struct sample_summary *ring = &rings[engine_rings[i]];
        *means[i] = isnan(ring->mean) ? ask_engine(c, g, (enum engine)i) : ring->mean;
        d->engine_min_ratio[i] = ring->low;
        d->engine_max_ratio[i] = ring->peak;
    }
}

static void show_clock(const struct sample_summary *ring, double now, double *to)
{
    to[0] = isnan(ring->mean) ? now : ring->mean;
    to[1] = ring->low;
    to[2] = ring->peak;
}

/* The SM clock while the GPU was busy, as the head of this file says. */
static double clock_while_busy(const struct accelerator *a, const struct sample_summary *ring)
{
    if (isnan(ring->mean))
        return a->clock_sm_mhz;
    return a->detail.utilization_min_ratio > 0 ? ring->mean : ring->peak;
}

static void count_lost(struct gpu *g, const struct sample_summary *rings, struct accelerator *a,
                       double seconds)
{
    double highest = a->detail.clock_limit_mhz[CLOCK_LIMIT_SM_MAX];
    double clock = clock_while_busy(a, &rings[NVML_SAMPLES_SM_CLOCK]);

    if (isnan(a->utilization_ratio) || isnan(clock) || !(highest > 0))
        return;
    if (clock < highest)
        g->counted.lost_s += a->utilization_ratio * seconds * (1 - clock / highest);
    a->detail.lost_s_total = g->counted.lost_s;
}

static void count(double ratio, double seconds, double *sum, double *show)
{
    if (isnan(ratio))
        return;
    *sum += ratio * seconds;
    *show = *sum;
}

/* How long the means of this reading stand for. */
static double seconds_since(const struct gpu_context *c, uint64_t mono_ns)
{
    uint64_t passed = mono_ns && c->mono_ns > mono_ns ? c->mono_ns - mono_ns : 0;
    uint64_t usual = 3 * (uint64_t)c->usual_us * 1000;

    return (double)MIN(passed, MIN(MAX(GAP_NS, usual), GAP_MAX_NS)) / NS_PER_S;
}

/* Boards without a counter of energy (before Volta, guests): mean power times time. */
static void count_energy(struct gpu_context *c, struct gpu *g, struct accelerator *a,
                         double seconds)
{
    bool counter = c->nvml.energy && !nvidia_gpu_refused(g, ASK_ENERGY);

    if (!counter)
        count(a->power_w, seconds, &g->counted.energy_j, &a->energy_j_total);
    if (!isnan(a->energy_j_total))
        a->detail.energy_estimated = !counter;
}

/* Between two readings the means stand for the whole interval. */
static void count_seconds(struct gpu_context *c, struct gpu *g, const struct sample_summary *rings,
                          struct accelerator *a)
{
    struct gpu_counted *n = &g->counted;
    struct accelerator_detail *d = &a->detail;
    const double engines[ENGINES] = {a->encoder_ratio, a->decoder_ratio, d->jpeg_ratio,
                                     d->ofa_ratio};
    if (isnan(a->utilization_ratio) && isnan(a->memory_utilization_ratio)) {
        if (!isnan(a->energy_j_total))
            d->energy_estimated = 0;
        return; /* it did not answer, or is cut into instances: the interval goes on */
    }
    double seconds = seconds_since(c, n->mono_ns);

    n->mono_ns = c->mono_ns;
    count_energy(c, g, a, seconds);
    count(a->utilization_ratio, seconds, &n->busy_s, &d->busy_s_total);
    count(a->memory_utilization_ratio, seconds, &n->memory_busy_s, &d->memory_busy_s_total);
    for (size_t i = 0; i < ENGINES; i++)
        count(engines[i], seconds, &n->engine_s[i], &d->engine_busy_s_total[i]);
    count_lost(g, rings, a, seconds);
}

void nvidia_interval_show(struct gpu_context *c, struct gpu *g, const struct sample_summary *rings,
                          struct accelerator *a)
{
    const struct sample_summary *module = &rings[NVML_SAMPLES_MODULE_POWER];
    struct accelerator_detail *d = &a->detail;

    d->utilization_min_ratio = rings[NVML_SAMPLES_GPU].low;
    d->memory_utilization_max_ratio = rings[NVML_SAMPLES_MEMORY].peak;
    d->memory_utilization_min_ratio = rings[NVML_SAMPLES_MEMORY].low;
    d->power_min_w = rings[NVML_SAMPLES_POWER].low;
    show_engines(c, g, rings, a);
    show_clock(&rings[NVML_SAMPLES_SM_CLOCK], a->clock_sm_mhz, d->clock_interval_mhz);
    show_clock(&rings[NVML_SAMPLES_MEMORY_CLOCK], a->clock_memory_mhz, d->clock_interval_mhz + 3);
    if (!isnan(module->mean))
        d->module_power_w = module->mean; /* else the field value of the moment stands there */
    d->module_power_min_w = module->low;
    d->module_power_max_w = module->peak;
    count_seconds(c, g, rings, a);
}
