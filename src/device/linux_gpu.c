/* linux_gpu.c - the collector: cards with a render node whose driver no other collector lists. */
#include "device/linux_gpu.h"

#include "device/linux_file.h"
#include "device/linux_set.h"

#include <stdlib.h>

#define TOPIC "other gpu"

/* Not drivers that have a collector of their own, nor those that are no GPU. What only shows
 * pictures has no render node, and is left out for that. */
static bool is_ours(const struct linux_card *c)
{
    static const char *const others[] = {"amdgpu", "i915", "xe",   "nvidia", "nvgpu", "gk20a",
                                         "drm",    "vgem", "vkms", "RKNPU",  "rknpu"};

    for (size_t i = 0; i < ARRAY_LEN(others); i++)
        if (!strcmp(c->driver, others[i]))
            return false;
    return c->render && strncmp(c->driver, "tegra", 5) != 0 && strncmp(c->driver, "host1x", 6) != 0;
}

static bool detect(const struct host_paths *paths)
{
    struct linux_card cards[LINUX_CARDS];

    return linux_card_list(paths->sysfs, "drm", is_ours, cards) > 0;
}

/* Makers, by the driver, or what the device tree calls compatible. */
static const struct {
    const char *key, *brand, *name;
} makers[] = {
    {"brcm,2711", "Broadcom", "Broadcom VideoCore VI"},
    {"brcm,2712", "Broadcom", "Broadcom VideoCore VII"},
    {"v3d", "Broadcom", "Broadcom V3D"},
    {"panthor", "Arm", "Arm Mali"},
    {"panfrost", "Arm", "Arm Mali"},
    {"lima", "Arm", "Arm Mali-400/450"},
    {"asahi", "Apple", "Apple AGX"},
    {"adreno", "Qualcomm", "Qualcomm Adreno"},
    {"msm", "Qualcomm", "Qualcomm Adreno"},
    {"etnaviv", "Vivante", "Vivante GC"},
    {"powervr", "Imagination", "Imagination PowerVR"},
    {"nouveau", "NVIDIA", "NVIDIA GPU"},
    {"radeon", "AMD", "AMD Radeon"},
    {"virtio", "virtio", "virtio GPU"},
    {"vmwgfx", "VMware", "VMware SVGA"},
};

/* "rockchip,rk3588-mali" -> "rk3588": the chip that it is a part of. */
static void chip_of(const char *compatible, char *to, size_t size)
{
    const char *comma = strchr(compatible, ',');

    to[0] = '\0';
    if (!comma || !strncmp(compatible, "brcm", 4) || !strncmp(compatible, "arm", 3))
        return;
    size_t len = strcspn(comma + 1, "-");
    str_copy(to, size, str_make(comma + 1, len));
}

static void identify(struct linux_set *s, size_t i)
{
    struct accelerator *a = &s->all.identity[i];
    const struct linux_card card = s->all.cards[i],
                            *c = &card; /* a copy: texts of one into the other */
    const char *name = c->driver;
    char chip[32];

    for (size_t k = ARRAY_LEN(makers); k-- > 0;)
        if (!strncmp(c->driver, makers[k].key, strlen(makers[k].key)) ||
            !strncmp(c->compatible, makers[k].key, strlen(makers[k].key))) {
            name = makers[k].name;
            str_copy(a->brand, sizeof(a->brand), str_of(makers[k].brand));
        }
    chip_of(c->compatible, chip, sizeof(chip));
    if (!c->vendor ||
        !linux_card_name(s->all.paths.rootfs, c->vendor, c->device, a->name, sizeof(a->name)))
        snprintf(a->name, sizeof(a->name), chip[0] ? "%s (%s)" : "%s", name, chip);
    snprintf(a->uuid, sizeof(a->uuid), "GPU-%.63s", c->place);
    if (!c->bus_id[0])
        linux_sensors_share_memory(s->all.paths.procfs, a);
}

static int gpu_open(const struct host_paths *paths, void **ret, struct error *err)
{
    struct linux_set *s = xnew(struct linux_set);

    (void)err;
    s->class = "drm";
    s->wanted = is_ours;
    s->identify = identify;
    s->zone = "gpu";
    linux_set_open(s, paths, "drm");
    *ret = s;
    return 0;
}

static void gpu_close(void *state)
{
    if (!state)
        return;
    linux_set_close(state);
    free(state);
}

static int gpu_read(void *state, struct reading *out, struct error *err)
{
    struct linux_set *s = state;
    struct linux_drm_reading drm;
    bool may_look[LINUX_CARDS], complete;
    int code = linux_set_begin(s, out, err);

    for (size_t i = 0; !code && i < s->all.len; i++)
        may_look[i] = out->accelerators[i].state == ACCELERATOR_OK;
    if (!code && linux_set_clients(s, may_look, out, &drm, &complete))
        code = error_errno(err, -ENOMEM, "processes on GPUs");
    if (code)
        return code;
    for (size_t i = 0; i < s->all.len; i++) {
        struct accelerator *a = &out->accelerators[i];
        if (!may_look[i])
            continue;
        linux_sensors_read(&s->sensors[i], s->all.paths.sysfs, &s->all.cards[i], a);
        if (s->all.cards[i].bus_id[0])
            linux_card_link(s->all.paths.sysfs, s->all.cards[i].bus_id, a);
        linux_set_load(s, i, &drm, complete, out);
    }
    return 0;
}

static void diagnose(const struct host_paths *paths, struct arena *a, struct finding **ret,
                     size_t *ret_len)
{
    struct linux_card cards[LINUX_CARDS];
    size_t len = linux_card_list(paths->sysfs, "drm", is_ours, cards);

    for (size_t i = 0; i < len; i++) {
        bool panfrost = !strcmp(cards[i].driver, "panfrost");
        uint64_t on = 1;
        finding_add(a, ret, ret_len, FINDING_OK, TOPIC, "", "%s by the driver %s", cards[i].place,
                    cards[i].driver);
        if (!strcmp(cards[i].driver, "nouveau"))
            finding_add(a, ret, ret_len, FINDING_NOTE, TOPIC,
                        "NVIDIA's own driver tells load, memory and processes.",
                        "%s: nouveau tells neither load nor memory", cards[i].place);
        if ((panfrost || !strcmp(cards[i].driver, "panthor")) &&
            linux_file_u64(&on, paths->sysfs, "%s/device/profiling", cards[i].folder) && !on)
            finding_add(a, ret, ret_len, FINDING_NOTE, TOPIC,
                        "As root: echo 1 > /sys/class/drm/card<N>/device/profiling (panthor: 3). "
                        "It costs a little of the GPU's time, so it is left to you.",
                        "%s: the driver counts no engines until it is told to", cards[i].place);
    }
}

const struct collector linux_gpu_collector = {
    .name = "drm",
    .detect = detect,
    .open = gpu_open,
    .read = gpu_read,
    .close = gpu_close,
    .diagnose = diagnose,
};
