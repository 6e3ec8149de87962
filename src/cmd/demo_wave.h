/* demo_wave.h - a load that swings around its mean, for simulated machines.
 *
 * A mean and three sines of periods between 40 s and 20 min: never negative, smooth, and with an
 * integral in closed form, so that counters (CPU time, energy) follow from the time alone and agree
 * with the gauges beside them. The same seed gives the same wave. */
#ifndef ALGALON_CMD_DEMO_WAVE_H
#define ALGALON_CMD_DEMO_WAVE_H

#include "base/base.h"

#define DEMO_SINES 3

struct demo_wave {
    double mean, amplitude[DEMO_SINES], omega[DEMO_SINES], phase[DEMO_SINES];
};

/** `swing`: how far it goes from its mean at most, as a share of it; below 1. */
void demo_wave_init(struct demo_wave *w, uint64_t seed, double mean, double swing);

/** The value at `t_s`, and its sum from 0 to `t_s`, which never falls. */
double demo_wave_at(const struct demo_wave *w, double t_s);
double demo_wave_sum(const struct demo_wave *w, double t_s);

/** A number from 0 to below 1 that depends on `seed` and `n` alone. */
double demo_random(uint64_t seed, uint64_t n);

#endif
