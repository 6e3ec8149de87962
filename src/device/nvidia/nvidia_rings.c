/* nvidia_rings.c - measures the driver's buffers of samples, on a thread that may be left behind.
 */
#include "device/nvidia/nvidia.h"
#include "device/nvidia/nvidia_aside.h"
#include "device/nvidia/nvidia_pci.h"
#include "device/nvidia/nvidia_sort.h"
#include "device/nvidia/nvml.h"

#include <stdlib.h>

#define RING_MAX 65536u /* entries; real ones hold 100 to 4000 */

static const char *const types[NVML_SAMPLE_TYPES] = {
    [NVML_SAMPLES_POWER] = "power",
    [NVML_SAMPLES_GPU] = "gpu",
    [NVML_SAMPLES_MEMORY] = "memory",
    [NVML_SAMPLES_ENCODER] = "encoder",
    [NVML_SAMPLES_DECODER] = "decoder",
    [NVML_SAMPLES_SM_CLOCK] = "sm clock",
    [NVML_SAMPLES_MEMORY_CLOCK] = "memory clock",
    [NVML_SAMPLES_MODULE_POWER] = "module power",
    [NVML_SAMPLES_JPEG] = "jpeg",
    [NVML_SAMPLES_OFA] = "ofa",
};

struct rings {
    struct driver_ring *items;
    size_t len, cap;
    int code;
    struct error error;
};

static int by_time(const void *a, const void *b)
{
    const struct nvml_sample *x = a, *y = b;

    return (x->timestamp > y->timestamp) - (x->timestamp < y->timestamp);
}

static void measure(struct driver_ring *r, struct nvml_sample *samples, size_t len)
{
    size_t distinct = 0;

    nvidia_sort(samples, len, sizeof(*samples), by_time);
    for (size_t i = 0; i < len; i++)
        distinct += !i || samples[i].timestamp != samples[i - 1].timestamp; /* told twice */
    r->held = distinct;
    if (distinct < 2)
        return;
    r->span_s = (double)(samples[len - 1].timestamp - samples[0].timestamp) / 1e6;
    r->spacing_s = r->span_s / (double)(distinct - 1);
}

static void look_at_ring(const struct nvml *nvml, struct nvml_device *device, int type,
                         struct driver_ring ring, struct rings *to)
{
    unsigned value_type, capacity = 0;
    int code = nvml->samples(device, type, 0, &value_type, &capacity, NULL);

    if (code != NVML_SUCCESS && code != NVML_NOT_FOUND)
        return;
    if (capacity)
        ring.capacity = capacity;
    unsigned count = MIN(MAX(capacity, 1u), RING_MAX);
    struct nvml_sample *samples = xcalloc(count, sizeof(*samples));
    unsigned told = count;
    code = nvml->samples(device, type, 0, &value_type, &told, samples);
    if (code == NVML_SUCCESS)
        measure(&ring, samples, MIN(told, count));
    free(samples);
    struct driver_ring *grown = array_grow(to->items, &to->cap, to->len + 1, sizeof(*to->items));
    if (!grown)
        return;
    to->items = grown;
    ring.type = types[type];
    to->items[to->len++] = ring;
}

static void look_at_gpu(const struct nvml *nvml, struct nvml_device *device, unsigned gpu,
                        struct rings *to)
{
    struct driver_ring ring = {
        .gpu = gpu, .capacity = UNKNOWN, .span_s = UNKNOWN, .spacing_s = UNKNOWN};
    struct nvml_pci_info pci = {0};

    if (nvml->pci && nvml->pci(device, &pci) == NVML_SUCCESS)
        snprintf(ring.pci_bus_id, sizeof(ring.pci_bus_id), "%04x:%02x:%02x.0", pci.domain, pci.bus,
                 pci.device);
    for (int type = 0; type < NVML_SAMPLE_TYPES; type++)
        look_at_ring(nvml, device, type, ring, to);
}

/* By their places on the bus, so that those asleep are left asleep. */
static void look_at_awake(const struct nvml *nvml, const struct nvidia_pci *pci, size_t n,
                          struct rings *to)
{
    for (size_t i = 0; i < n; i++) {
        struct nvml_device *device;
        if (pci[i].ours && !pci[i].asleep && nvml->by_bus_id &&
            nvml->by_bus_id(pci[i].bus_id, &device) == NVML_SUCCESS)
            look_at_gpu(nvml, device, (unsigned)i, to);
    }
}

static void look_at_all(const struct nvml *nvml, struct rings *to)
{
    unsigned count = 0;

    if (!nvml->count || !nvml->by_index || nvml->count(&count) != NVML_SUCCESS)
        return;
    for (unsigned i = 0; i < MIN(count, (unsigned)NVIDIA_GPUS_MAX); i++) {
        struct nvml_device *device;
        if (nvml->by_index(i, &device) == NVML_SUCCESS)
            look_at_gpu(nvml, device, i, to);
    }
}

static void look(const struct host_paths *paths, void *result)
{
    struct rings *to = result;
    struct nvidia_pci pci[NVIDIA_GPUS_MAX];
    size_t n = nvidia_pci_list(paths, pci, ARRAY_LEN(pci));
    struct nvml nvml;
    unsigned flags = 0;

    for (size_t i = 0; i < n; i++)
        if (pci[i].asleep)
            flags = NVML_INIT_FLAG_NO_ATTACH; /* wake nobody up */
    if (nvml_open(&nvml, paths->nvml_library, paths->rootfs, &to->error)) {
        to->code = -ENODEV;
        return;
    }
    int code = nvml_initialise(&nvml, flags);
    if (code != NVML_SUCCESS)
        to->code =
            error_set(&to->error, -ENODEV, "NVIDIA's driver: %s (%d)", nvml_code_text(code), code);
    else if (nvml.samples && flags)
        look_at_awake(&nvml, pci, n, to);
    else if (nvml.samples)
        look_at_all(&nvml, to);
    nvml_close(&nvml);
}

static void drop(void *result)
{
    free(((struct rings *)result)->items);
}

int driver_rings_list(const struct host_paths *paths, int64_t patience_ms, struct driver_ring **ret,
                      size_t *ret_len, struct error *err)
{
    static const struct nvidia_look what = {"nvml-rings", sizeof(struct rings), look, drop};
    struct rings rings;
    int code = nvidia_aside(&what, paths, patience_ms, &rings, err);

    if (code)
        return code;
    if (rings.code) {
        drop(&rings);
        return error_set(err, rings.code, "%s", rings.error.text);
    }
    *ret = rings.items;
    *ret_len = rings.len;
    return 0;
}
