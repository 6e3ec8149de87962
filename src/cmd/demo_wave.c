#include "demo_wave.h"

#define SHORTEST_S 40.0
#define LONGEST_S  1200.0
#define TURN       (2 * 3.14159265358979323846)

double demo_random(uint64_t seed, uint64_t n)
{
    return (double)(hash_more(seed, &n, sizeof(n)) >> 11) / (double)((uint64_t)1 << 53);
}

void demo_wave_init(struct demo_wave *w, uint64_t seed, double mean, double swing)
{
    w->mean = mean;
    for (uint64_t i = 0; i < DEMO_SINES; i++) {
        /* Spread evenly in the logarithm: some of each pace. */
        double period_s = SHORTEST_S * pow(LONGEST_S / SHORTEST_S,
                                           ((double)i + demo_random(seed, 2 * i)) / DEMO_SINES);
        w->amplitude[i] = mean * swing / DEMO_SINES;
        w->omega[i] = TURN / period_s;
        w->phase[i] = TURN * demo_random(seed, 2 * i + 1);
    }
}

double demo_wave_at(const struct demo_wave *w, double t_s)
{
    double value = w->mean;

    for (int i = 0; i < DEMO_SINES; i++)
        value += w->amplitude[i] * sin(w->omega[i] * t_s + w->phase[i]);
    return value;
}

double demo_wave_sum(const struct demo_wave *w, double t_s)
{
    double sum = w->mean * t_s;

    for (int i = 0; i < DEMO_SINES; i++)
        sum += w->amplitude[i] / w->omega[i] *
               (cos(w->phase[i]) - cos(w->omega[i] * t_s + w->phase[i]));
    return sum;
}
