/* nvidia_probe.c - asks the driver on a thread that may be left behind. */
#include "device/nvidia/nvidia_probe.h"

#include "device/nvidia/nvidia.h"
#include "device/nvidia/nvidia_aside.h"
#include "device/nvidia/nvidia_pci.h"
#include "device/nvidia/nvml.h"

#include <stdlib.h>

/* Lists and reads the GPUs once. */
static void read_once(const struct host_paths *paths, struct probe_result *r)
{
    struct arena arena;
    struct reading reading;
    void *state;

    r->stage = PROBE_NO_READING;
    if (nvidia_collector.open(paths, &state, &r->error))
        return;
    arena_init(&arena, 0);
    reading_init(&reading, &arena);
    reading.mono_ns = clock_mono_ns();
    if (nvidia_collector.read(state, &reading, &r->error) == 0) {
        r->stage = PROBE_DONE;
        r->platform = reading.platforms[0];
        r->gpus = xcalloc(MAX(reading.accelerator_len, (size_t)1), sizeof(*r->gpus));
        r->gpu_len = reading.accelerator_len;
        for (size_t i = 0; i < r->gpu_len; i++)
            r->gpus[i] = reading.accelerators[i];
    }
    arena_fini(&arena);
    nvidia_collector.close(state);
}

static void look(const struct host_paths *paths, void *result)
{
    struct probe_result *r = result;
    struct nvidia_pci pci[NVIDIA_GPUS_MAX];
    size_t n = nvidia_pci_list(paths, pci, ARRAY_LEN(pci));
    struct nvml nvml;
    unsigned flags = 0;

    for (size_t i = 0; i < n; i++)
        if (pci[i].asleep)
            flags = NVML_INIT_FLAG_NO_ATTACH; /* wake nobody up to see how it does */
    if (nvml_open(&nvml, paths->nvml_library, paths->rootfs, &r->error)) {
        r->stage = PROBE_NO_LIBRARY;
        return;
    }
    r->wsl = nvml.wsl;
    r->code = nvml_initialise(&nvml, flags);
    if (r->code == NVML_SUCCESS)
        read_once(paths, r); /* with the library open already its own opening costs nothing */
    else
        r->stage = PROBE_NO_INIT;
    if (r->stage == PROBE_NO_INIT)
        nvml_version(&nvml, r->library, sizeof(r->library));
    nvml_close(&nvml);
}

static void drop(void *result)
{
    free(((struct probe_result *)result)->gpus);
}

int nvidia_probe(const struct host_paths *paths, int64_t patience_ms, struct probe_result *ret)
{
    static const struct nvidia_look what = {"nvml-probe", sizeof(*ret), look, drop};

    *ret = (struct probe_result){0};
    return nvidia_aside(&what, paths, patience_ms, ret, NULL);
}
