/* jetson_load.h - the load of the GPU over time. The driver tells a momentary value only, so a
 * thread reads it ten times a second and keeps mean and extremes. */
#ifndef ALGALON_DEVICE_JETSON_JETSON_LOAD_H
#define ALGALON_DEVICE_JETSON_JETSON_LOAD_H

#include "base/base.h"

struct jetson_load {
    int fd;
    bool running;
    pthread_t thread;
    pthread_mutex_t lock; /* lock: stop, count, sum, low, high, last */
    pthread_cond_t wake;
    bool stop;
    unsigned count; /* of samples since they were taken last */
    double sum, low, high, last;
};

/* What lies between two readings; NAN without a sample. */
struct jetson_load_summary {
    double mean, low, high, last; /* ratios */
};

/** Takes over `fd` of a file with the load in thousandths (negative: none) and starts the thread.
 * Where that cannot be had, jetson_load_take() samples once by itself. */
void jetson_load_open(struct jetson_load *l, int fd);
void jetson_load_close(struct jetson_load *l);

/** Reads the file once more and adds it. Threads: any. */
void jetson_load_sample(struct jetson_load *l);

/** Hands out what was sampled since the last call, a sample of now among it, and begins anew. */
struct jetson_load_summary jetson_load_take(struct jetson_load *l);

#endif
