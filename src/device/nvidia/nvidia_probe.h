/* nvidia_probe.h - one look at the driver that never blocks its caller: the library is asked on a
 * thread of its own, which is left behind when the driver hangs. */
#ifndef ALGALON_DEVICE_NVIDIA_NVIDIA_PROBE_H
#define ALGALON_DEVICE_NVIDIA_NVIDIA_PROBE_H

#include "device/device.h"

enum probe_stage {
    PROBE_NO_LIBRARY, /* it could not be loaded: `error` says why */
    PROBE_NO_INIT,    /* it could not be initialised: `code` says why */
    PROBE_NO_READING, /* GPUs could not be listed: `error` says why */
    PROBE_DONE        /* `gpus` and `platform` are filled */
};

struct probe_result {
    enum probe_stage stage;
    int code;         /* NVML's */
    char library[80]; /* its version where it cannot be initialised; "" unknown */
    bool wsl;         /* the library is that of the Windows subsystem */
    struct error error;
    struct platform_info platform;
    struct accelerator *gpus; /* the caller's, to free() */
    size_t gpu_len;
};

/** Looks for at most `patience_ms`. 0; -ETIMEDOUT when the driver did not answer; -EAGAIN when no
 * thread could be started. */
MUST_CHECK int nvidia_probe(const struct host_paths *paths, int64_t patience_ms,
                            struct probe_result *ret);

#endif
