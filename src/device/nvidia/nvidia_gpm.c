/* nvidia_gpm.c - what the parts of a GPU do, from the counters of GPM (Hopper and later): two
 * samples, one per reading, and what lies between them. No lock, no root, no DCGM. */
#include "device/nvidia/nvidia_gpu.h"

#define WINDOW_MIN_NS ((uint64_t)NS_PER_S)
#define WINDOW_MAX_NS (600 * (uint64_t)NS_PER_S)

static const struct {
    unsigned id;
    enum check_field check;
} metrics[PROFILE_METRICS] = {
    [PROFILE_GRAPHICS] = {1, CHECK_PROFILE},      [PROFILE_SM] = {2, CHECK_PROFILE},
    [PROFILE_OCCUPANCY] = {3, CHECK_PROFILE},     [PROFILE_INTEGER] = {4, CHECK_PROFILE},
    [PROFILE_TENSOR] = {5, CHECK_PROFILE},        [PROFILE_DRAM] = {10, CHECK_PROFILE},
    [PROFILE_FP64] = {11, CHECK_PROFILE},         [PROFILE_FP32] = {12, CHECK_PROFILE},
    [PROFILE_FP16] = {13, CHECK_PROFILE},         [PROFILE_PCIE_TX] = {20, CHECK_PROFILE_RATE},
    [PROFILE_PCIE_RX] = {21, CHECK_PROFILE_RATE}, [PROFILE_LINK_RX] = {60, CHECK_PROFILE_RATE},
    [PROFILE_LINK_TX] = {61, CHECK_PROFILE_RATE},
};

void nvidia_gpm_release(struct gpu_context *c, struct gpm_pair *p)
{
    for (size_t i = 0; i < ARRAY_LEN(p->samples); i++)
        if (p->samples[i] && c->nvml.gpm_free)
            c->nvml.gpm_free(p->samples[i]);
    *p = (struct gpm_pair){.mono_ns = 0};
}

/* An allocation says nothing of the GPU: it is no answer of it. */
static bool make(struct gpu_context *c, struct gpm_pair *p)
{
    for (size_t i = 0; i < ARRAY_LEN(p->samples); i++)
        if (!p->samples[i] && c->nvml.gpm_alloc(&p->samples[i]) != NVML_SUCCESS) {
            p->samples[i] = NULL;
            return false;
        }
    return true;
}

/* What lies between the two samples. */
static void compare(struct gpu_context *c, struct gpu *g, const struct gpm_pair *p, double *to)
{
    struct nvml_gpm_metrics m = {.version = NVML_GPM_VERSION, .count = PROFILE_METRICS};

    m.older = p->samples[!p->newest];
    m.newer = p->samples[p->newest];
    for (size_t i = 0; i < PROFILE_METRICS; i++)
        m.metrics[i].id = metrics[i].id;
    if (!nvidia_gpu_told(c, g, ASK_ONCE, c->nvml.gpm_metrics(&m)))
        return;
    for (size_t i = 0; i < PROFILE_METRICS; i++)
        if (m.metrics[i].code == NVML_SUCCESS && !isnan(m.metrics[i].value))
            to[i] = check_gauge(&c->check, metrics[i].check, m.metrics[i].value);
}

/* Takes a sample of the GPU, or of its instance `gi` (UINT_MAX: none), and compares it with the
 * last. */
static void sample(struct gpu_context *c, struct gpu *g, struct gpm_pair *p, unsigned gi,
                   double *to)
{
    uint64_t window = c->mono_ns - p->mono_ns;

    for (size_t i = 0; i < PROFILE_METRICS; i++)
        to[i] = NAN;
    if (!make(c, p) || (p->mono_ns && window < WINDOW_MIN_NS))
        return;
    struct nvml_gpm_sample *next = p->samples[!p->newest];
    int code = gi == NVML_NO_INSTANCE ? c->nvml.gpm_get(g->handle, next)
                                      : c->nvml.gpm_mig_get(g->handle, gi, next);
    if (!nvidia_gpu_told(c, g, gi == NVML_NO_INSTANCE ? ASK_GPM : ASK_ONCE, code)) {
        p->mono_ns = 0; /* the pair is broken */
        return;
    }
    p->newest = !p->newest;
    if (p->mono_ns && window <= WINDOW_MAX_NS)
        compare(c, g, p, to);
    p->mono_ns = c->mono_ns;
}

static bool is_supported(struct gpu_context *c, struct gpu *g)
{
    const struct nvml *n = &c->nvml;
    struct nvml_gpm_support support = {.version = NVML_GPM_VERSION};

    if (!n->gpm_alloc || !n->gpm_free || !n->gpm_get || !n->gpm_metrics ||
        !nvidia_gpu_may(c, g, ASK_GPM))
        return false;
    if (g->gpm_known)
        return true;
    if (!ASK(c, g, ASK_GPM, gpm_support, &support))
        return false;
    if (!support.supported)
        nvidia_gpu_told(c, g, ASK_GPM, NVML_NOT_SUPPORTED);
    g->gpm_known = support.supported;
    return g->gpm_known;
}

void nvidia_gpm_read(struct gpu_context *c, struct gpu *g, struct accelerator *a)
{
    if (!c->answers || !is_supported(c, g))
        return; /* one that is silent otherwise has none either */
    if (!(g->mig_mode > 0)) {
        sample(c, g, &g->gpm, NVML_NO_INSTANCE, a->detail.profile);
        return;
    }
    nvidia_gpm_release(c, &g->gpm);
    for (size_t i = 0; c->nvml.gpm_mig_get && i < g->instance_len; i++) {
        struct instance *m = &g->instances[i];
        size_t first = 0; /* compute instances of one GPU instance share its counters */
        while (g->instances[first].now.gpu_instance != m->now.gpu_instance)
            first++;
        if (first < i)
            memcpy(m->now.profile, g->instances[first].now.profile, sizeof(m->now.profile));
        else if (m->now.gpu_instance != NVML_NO_INSTANCE)
            sample(c, g, &m->gpm, m->now.gpu_instance, m->now.profile);
    }
}
