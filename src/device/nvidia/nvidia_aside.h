/* nvidia_aside.h - a look at the driver that never blocks its caller: on a thread of its own, which
 * is left behind when the driver hangs. */
#ifndef ALGALON_DEVICE_NVIDIA_NVIDIA_ASIDE_H
#define ALGALON_DEVICE_NVIDIA_NVIDIA_ASIDE_H

#include "device/device.h"

/* What to do there, and what comes of it. */
struct nvidia_look {
    const char *thread; /* its name */
    size_t size;        /* bytes of a result, which begins as zeros */
    void (*look)(const struct host_paths *paths, void *result);
    void (*drop)(void *result); /* frees what a result holds that nobody took */
};

/** Looks for at most `patience_ms`, and copies the result to `ret`, whose it is then. -ETIMEDOUT
 * when the driver did not answer, -EAGAIN when no thread could be started: `ret` is untouched. */
MUST_CHECK int nvidia_aside(const struct nvidia_look *what, const struct host_paths *paths,
                            int64_t patience_ms, void *ret, struct error *err);

#endif
