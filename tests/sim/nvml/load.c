/* load.c - how busy, warm, thirsty and full a simulated GPU is at any moment. Pure functions of
 * (scenario, GPU, time): the same question has the same answer whenever and however often asked. */
#include "sim.h"

#define US_PER_S ((int64_t)1000000)
#define MIB      ((uint64_t)1 << 20)

/* Independent uses of the noise, so that they do not move together. */
enum stream {
    STREAM_LOAD = 1,
    STREAM_DIP,
    STREAM_BURST,
    STREAM_MEMORY,
    STREAM_POWER,
    STREAM_TEMPERATURE,
    STREAM_PROCESS,
    STREAM_PHASE
};

/* A share from 0 to 1 for (seed, stream, gpu, n): the finaliser of splitmix64. */
static double noise(uint64_t seed, enum stream stream, unsigned gpu, int64_t n)
{
    uint64_t x = seed ^ ((uint64_t)stream << 56) ^ ((uint64_t)gpu << 40) ^
                 ((uint64_t)n * 0x9E3779B97F4A7C15u);

    x = (x ^ (x >> 30)) * 0xBF58476D1CE4E5B9u;
    x = (x ^ (x >> 27)) * 0x94D049BB133111EBu;
    x ^= x >> 31;
    return (double)(x >> 11) * 0x1p-53;
}

/* The same, moving smoothly: a new target every `step_us`. */
static double drift(uint64_t seed, enum stream stream, unsigned gpu, int64_t us, int64_t step_us)
{
    int64_t n = us / step_us;
    double at = (double)(us - n * step_us) / (double)step_us;
    double ease = at * at * (3 - 2 * at);
    double from = noise(seed, stream, gpu, n);

    return from + (noise(seed, stream, gpu, n + 1) - from) * ease;
}

static double clamp(double x, double low, double high)
{
    return x < low ? low : x > high ? high : x;
}

/* Busy at 92 to 100 %, with a dip of 2 to 5 s (a checkpoint, an epoch's end) about every minute. */
static double training(uint64_t seed, unsigned gpu, int64_t us)
{
    const int64_t cycle = 61 * US_PER_S;
    int64_t n = us / cycle, in = us - n * cycle;
    int64_t begin = (int64_t)(noise(seed, STREAM_DIP, gpu, 2 * n) * 50 * (double)US_PER_S);
    int64_t length =
        (int64_t)((2 + 3 * noise(seed, STREAM_DIP, gpu, 2 * n + 1)) * (double)US_PER_S);

    if (in >= begin && in < begin + length)
        return 0.04 + 0.12 * noise(seed, STREAM_LOAD, gpu, us / 200000);
    return clamp(0.90 + 0.13 * drift(seed, STREAM_LOAD, gpu, us, 2 * US_PER_S), 0, 1);
}

/* Requests come in bursts: slots of three seconds, a third of them silent. */
static double inference(uint64_t seed, unsigned gpu, int64_t us)
{
    double level = noise(seed, STREAM_BURST, gpu, us / (3 * US_PER_S));

    if (level < 0.35)
        return 0;
    return clamp(level * (0.6 + 0.5 * drift(seed, STREAM_LOAD, gpu, us, 400000)), 0, 1);
}

double sim_load(const struct sim_scenario *s, unsigned gpu, int64_t us)
{
    const struct sim_gpu *g = &s->gpus[gpu];
    int64_t period = (int64_t)(g->period_s * (double)US_PER_S);
    int64_t in = us % period;

    switch (g->profile) {
    case SIM_TRAINING:
        return training(s->seed, gpu, us);
    case SIM_INFERENCE:
        return inference(s->seed, gpu, us);
    case SIM_RAMP:
        return g->low + (g->high - g->low) * (double)in / (double)period;
    case SIM_SQUARE:
        return (double)in < g->duty * (double)period ? g->high : g->low;
    case SIM_CONSTANT:
        return g->high;
    case SIM_IDLE:
        break;
    }
    return 0;
}

double sim_memory_load(const struct sim_scenario *s, unsigned gpu, int64_t us)
{
    double part = 0.45 + 0.3 * drift(s->seed, STREAM_MEMORY, gpu, us, 4 * US_PER_S);

    return sim_load(s, gpu, us) * part;
}

double sim_power_w(const struct sim_scenario *s, unsigned gpu, int64_t us)
{
    const struct sim_board *b = s->gpus[gpu].board;
    double load = sim_load(s, gpu, us);
    double span = 0.96 * b->power_default_w - b->idle_w;
    double wobble = 0.03 * (drift(s->seed, STREAM_POWER, gpu, us, US_PER_S / 2) - 0.5);
    double watts = b->idle_w * (1 + wobble);

    if (load > 0)
        watts += span * (0.12 + 0.88 * load) * (1 + wobble);
    return clamp(watts, 1, b->power_max_w);
}

/* The load of the last minute, the latest seconds weighing most, warms the chip. */
double sim_temperature_c(const struct sim_scenario *s, unsigned gpu, int64_t us)
{
    const struct sim_board *b = s->gpus[gpu].board;
    double sum = 0, weights = 0, weight = 1;

    for (int i = 0; i < 12; i++) {
        sum += weight * sim_load(s, gpu, us - i * 5 * US_PER_S);
        weights += weight;
        weight *= 0.8;
    }
    double cool = 27 + 6 * noise(s->seed, STREAM_PHASE, gpu, 0);
    double warm = b->max_operating_c - 14.0 - 6 * noise(s->seed, STREAM_PHASE, gpu, 1);
    double wobble = 2 * drift(s->seed, STREAM_TEMPERATURE, gpu, us, 7 * US_PER_S) - 1;

    return cool + (warm - cool) * sum / weights + wobble;
}

double sim_graphics_mhz(const struct sim_scenario *s, unsigned gpu, int64_t us)
{
    const struct sim_board *b = s->gpus[gpu].board;

    if (sim_load(s, gpu, us) < 0.01)
        return b->idle_mhz;
    /* Clocks move in steps of 15 MHz. */
    return b->graphics_mhz - 15 * floor(6 * drift(s->seed, STREAM_POWER, gpu, us, US_PER_S));
}

uint64_t sim_process_memory(const struct sim_scenario *s, const struct sim_process *p, int64_t us)
{
    double full = 1;

    if (p->memory == UINT64_MAX)
        return UINT64_MAX;
    if (s->gpus[p->gpu].profile == SIM_INFERENCE) /* a cache that fills and empties */
        full = 0.82 + 0.18 * drift(s->seed ^ p->pid, STREAM_PROCESS, p->gpu, us, 20 * US_PER_S);
    return (uint64_t)((double)p->memory * full) / MIB * MIB;
}

uint64_t sim_memory_used(const struct sim_scenario *s, unsigned gpu, int64_t us)
{
    const struct sim_gpu *g = &s->gpus[gpu];
    uint64_t limit = (uint64_t)(g->board->memory_mib - g->board->reserved_mib) * MIB;
    uint64_t used = 3 * MIB; /* of the driver itself */

    if (g->memory_used != UINT64_MAX)
        return MIN(g->memory_used, limit);
    for (size_t i = 0; i < s->process_len; i++)
        if (s->processes[i].gpu == gpu && s->processes[i].memory != UINT64_MAX)
            used += MIN(sim_process_memory(s, &s->processes[i], us), limit);
    return MIN(used, limit);
}
