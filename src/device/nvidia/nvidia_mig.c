/* nvidia_mig.c - the instances that a GPU is cut into (MIG): who they are and what memory they
 * hold. */
#include "device/nvidia/nvidia_gpu.h"
#include "device/nvidia/nvidia_text.h"

#include <limits.h>

/* The driver tells of a new layout by an event; this is for those that do not. */
#define LAYOUT_NS     (30 * (uint64_t)NS_PER_S)
#define MIG_SLOTS_MAX 64 /* that a driver may claim */

static struct instance *new_instance(struct gpu *g)
{
    struct instance *m = &g->instances[g->instance_len++];

    *m = (struct instance){.gpm.mono_ns = 0};
    m->now.gpu_instance = m->now.compute_instance = UINT_MAX;
    m->now.sm_count = NAN;
    m->now.mem_total_bytes = m->now.mem_used_bytes = m->now.mem_free_bytes = UNKNOWN_COUNT;
    m->now.mem_reserved_bytes = UNKNOWN_COUNT;
    for (size_t i = 0; i < PROFILE_METRICS; i++)
        m->now.profile[i] = NAN;
    for (size_t i = 0; i < INSTANCE_PARTS; i++)
        m->now.part[i] = NAN;
    return m;
}

/* "NVIDIA H200 MIG 3g.71gb" ends in the profile. */
static void take_profile(struct instance *m, const char *name)
{
    const char *at = strstr(name, "MIG ");

    if (at)
        nvidia_text_clean(m->now.profile_name, sizeof(m->now.profile_name), at + 4,
                          strlen(at + 4) + 1);
}

static void take_attributes(struct instance *m, const struct nvml_attributes *a)
{
    const unsigned parts[INSTANCE_PARTS] = {a->copy_engines,  a->decoders, a->encoders,
                                            a->jpeg,          a->ofa,      a->gpu_slices,
                                            a->compute_slices};

    m->now.sm_count = a->multiprocessors;
    for (size_t i = 0; i < INSTANCE_PARTS; i++)
        m->now.part[i] = parts[i];
}

static void identify(struct gpu_context *c, struct gpu *g, struct nvml_device *handle,
                     unsigned index)
{
    struct instance *m = new_instance(g);
    struct nvml_attributes attributes;
    char text[128] = "";

    m->handle = handle;
    m->now.index = index;
    if (c->nvml.uuid &&
        nvidia_gpu_told(c, g, ASK_ONCE, c->nvml.uuid(handle, text, sizeof(text) - 1)))
        nvidia_text_clean(m->now.uuid, sizeof(m->now.uuid), text, sizeof(text));
    memset(text, 0, sizeof(text));
    if (c->nvml.name &&
        nvidia_gpu_told(c, g, ASK_ONCE, c->nvml.name(handle, text, sizeof(text) - 1)))
        take_profile(m, text);
    if (c->nvml.gpu_instance)
        nvidia_gpu_told(c, g, ASK_ONCE, c->nvml.gpu_instance(handle, &m->now.gpu_instance));
    if (c->nvml.compute_instance)
        nvidia_gpu_told(c, g, ASK_ONCE, c->nvml.compute_instance(handle, &m->now.compute_instance));
    if (c->nvml.attributes &&
        nvidia_gpu_told(c, g, ASK_ONCE, c->nvml.attributes(handle, &attributes)))
        take_attributes(m, &attributes);
}

void nvidia_mig_forget(struct gpu_context *c, struct gpu *g)
{
    for (size_t i = 0; i < g->instance_len; i++)
        nvidia_gpm_release(c, &g->instances[i].gpm);
    g->instance_len = 0;
    g->layout_next_ns = 0;
}

/* Lists the instances. The handles of a layout that is gone are worth nothing. */
static void list(struct gpu_context *c, struct gpu *g)
{
    struct nvml_device *handle;
    unsigned slots = 0;

    nvidia_mig_forget(c, g);
    g->layout_changed = false;
    g->layout_next_ns = c->mono_ns + LAYOUT_NS;
    if (!ASK(c, g, ASK_ONCE, mig_slots, &slots) || !c->nvml.mig_handle)
        return;
    for (unsigned i = 0; i < MIN(slots, MIG_SLOTS_MAX) && g->instance_len < MIG_INSTANCES; i++) {
        int code = c->nvml.mig_handle(g->handle, i, &handle);
        if (code == NVML_INVALID_ARGUMENT)
            continue; /* as "not found": an empty slot */
        if (nvidia_gpu_told(c, g, ASK_ONCE, code))
            identify(c, g, handle, i);
        if (g->state != ACCELERATOR_OK || c->stale_code)
            return;
    }
}

static void read_memory(struct gpu_context *c, struct gpu *g, struct instance *m)
{
    struct nvml_memory_v2 v2 = {.version = NVML_STRUCT_VERSION(struct nvml_memory_v2, 2)};
    struct nvml_memory_v1 v1;
    struct accelerator_instance *to = &m->now;
    int code = c->nvml.memory_v2 ? c->nvml.memory_v2(m->handle, &v2) : NVML_FUNCTION_NOT_FOUND;

    to->mem_used_bytes = to->mem_total_bytes = UNKNOWN_COUNT;
    to->mem_free_bytes = to->mem_reserved_bytes = UNKNOWN_COUNT;
    if (nvidia_gpu_told(c, g, ASK_ONCE, code)) {
        to->mem_reserved_bytes = check_bytes(&c->check, CHECK_MEMORY_RESERVED, v2.reserved);
    } else {
        code = c->nvml.memory_v1 ? c->nvml.memory_v1(m->handle, &v1) : NVML_FUNCTION_NOT_FOUND;
        if (!nvidia_gpu_told(c, g, ASK_ONCE, code)) {
            g->layout_next_ns = 0; /* its handle is dead: the layout changed without a word */
            return;
        }
        v2.total = v1.total;
        v2.used = v1.used;
        v2.free = v1.free;
    }
    to->mem_total_bytes = check_bytes(&c->check, CHECK_MEMORY_TOTAL, v2.total);
    to->mem_used_bytes = check_bytes(&c->check, CHECK_MEMORY_USED, v2.used);
    to->mem_free_bytes = check_bytes(&c->check, CHECK_MEMORY_FREE, v2.free);
}

void nvidia_mig_read(struct gpu_context *c, struct gpu *g)
{
    if (!(g->mig_mode > 0) || g->state != ACCELERATOR_OK || c->stale_code) {
        nvidia_mig_forget(c, g);
        return;
    }
    if (g->layout_changed || c->mono_ns >= g->layout_next_ns)
        list(c, g);
    for (size_t i = 0; i < g->instance_len && g->state == ACCELERATOR_OK; i++)
        read_memory(c, g, &g->instances[i]);
}
