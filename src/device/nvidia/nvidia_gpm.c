/* nvidia_gpm.c - what the parts of a GPU do, from the counters of GPM (Hopper and later): two
 * samples, one per reading, and what lies between them. No lock, no root, no DCGM. */
#include "device/nvidia/nvidia_gpu.h"

#include <stddef.h>

/* A second, less how late a turn may come. Where readings follow each other more closely, the
 * values of the last window stand until the next is full. */
#define WINDOW_MIN_NS ((uint64_t)NS_PER_S * 4 / 5)
#define WINDOW_MAX_NS (600 * (uint64_t)NS_PER_S)

/* Of the GPU and of its instances. */
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
    [PROFILE_LINK_TX] = {61, CHECK_PROFILE_RATE}, [PROFILE_TENSOR_DFMA] = {6, CHECK_PROFILE},
    [PROFILE_TENSOR_HMMA] = {7, CHECK_PROFILE},   [PROFILE_TENSOR_DMMA] = {8, CHECK_PROFILE},
    [PROFILE_TENSOR_IMMA] = {9, CHECK_PROFILE},
};

/* Of the whole GPU only: ids in a row, into doubles in a row of the detail. */
#define AT(member) offsetof(struct accelerator_detail, member)
static const struct {
    unsigned id, count;
    enum check_field check;
    size_t offset;
} more[] = {
    {30, 8, CHECK_PROFILE, AT(profile_engine[0])},   /* decoders */
    {40, 8, CHECK_PROFILE, AT(profile_engine[8])},   /* JPEG decoders */
    {50, 2, CHECK_PROFILE, AT(profile_engine[16])},  /* optical flow */
    {166, 4, CHECK_PROFILE, AT(profile_engine[18])}, /* encoders */
    {160, PROFILE_CACHES, CHECK_PROFILE, AT(profile_cache)},
    {100, PROFILE_C2C, CHECK_PROFILE_RATE, AT(profile_c2c_bytes_per_s)},
    {172, 1, CHECK_CONTEXT_SWITCHES, AT(context_switches_total)}, /* of the interval */
    {174, 1, CHECK_PROFILE, AT(context_switch_ratio)},
    {248, 7, CHECK_CYCLES, AT(profile_cycles_total[0])}, /* SMs and tensor cores */
    {257, 4, CHECK_CYCLES, AT(profile_cycles_total[7])}, /* integer, FP64, FP32, FP16 */
};
#define MORE_MAX 64 /* bits of gpm_refused */

/* Nothing known of the last window: of the GPU, or of an instance (`d` NULL). */
static void forget(double *to, struct accelerator_detail *d)
{
    for (size_t i = 0; i < PROFILE_METRICS; i++)
        to[i] = NAN;
    for (size_t i = 0; d && i < ARRAY_LEN(more); i++)
        for (unsigned k = 0; k < more[i].count; k++)
            ((double *)((char *)d + more[i].offset))[k] = NAN;
}

static void show(const struct accelerator_detail *kept, struct accelerator_detail *d)
{
    memcpy(d->profile, kept->profile, sizeof(d->profile));
    for (size_t i = 0; i < ARRAY_LEN(more); i++)
        memcpy((char *)d + more[i].offset, (const char *)kept + more[i].offset,
               more[i].count * sizeof(double));
}

/* The received and sent bytes of links 0 to 17, and of those behind. */
static unsigned link_id(unsigned link)
{
    return link < 18 ? 62 + 2 * link : 212 + 2 * (link - 18);
}

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

/* Where the answer to one metric goes; `bit` is its own in gpm_refused, or none. */
struct want {
    enum check_field check;
    double *to;
    unsigned bit;
};
#define NO_BIT MORE_MAX
_Static_assert(PROFILE_METRICS + MORE_MAX + 2 * NVML_LINKS <= NVML_GPM_METRICS, "has room");

static void want(struct nvml_gpm_metrics *m, struct want *w, unsigned id, struct want one)
{
    m->metrics[m->count].id = id;
    w[m->count++] = one;
}

static void want_more(const struct gpu *g, struct nvml_gpm_metrics *m, struct want *w,
                      struct accelerator_detail *d)
{
    unsigned bit = 0;

    for (size_t i = 0; i < ARRAY_LEN(more); i++)
        for (unsigned k = 0; k < more[i].count; k++, bit++) {
            double *to = (double *)((char *)d + more[i].offset) + k;
            if (!(g->gpm_refused >> bit & 1))
                want(m, w, more[i].id + k, (struct want){more[i].check, to, bit});
        }
}

/* Links that count their bytes tell more by that. */
static void want_links(struct gpu *g, struct nvml_gpm_metrics *m, struct want *w)
{
    for (size_t i = 0; i < g->link_len; i++) {
        struct accelerator_link *l = &g->links[i];
        l->bytes_per_s[0] = l->bytes_per_s[1] = NAN;
        if (!isnan(l->bytes_total[0]) || !(l->up > 0))
            continue;
        for (unsigned k = 0; k < 2; k++)
            want(m, w, link_id(l->index) + k,
                 (struct want){CHECK_PROFILE_RATE, &l->bytes_per_s[!k], NO_BIT});
    }
}

/* What lies between the two samples, into `to` and, of a whole GPU, into `d` (NULL: an instance).
 */
static void compare(struct gpu_context *c, struct gpu *g, const struct gpm_pair *p, double *to,
                    struct accelerator_detail *d)
{
    struct nvml_gpm_metrics m = {.version = NVML_GPM_VERSION};
    struct want w[NVML_GPM_METRICS];

    m.older = p->samples[!p->newest];
    m.newer = p->samples[p->newest];
    for (size_t i = 0; i < PROFILE_METRICS; i++)
        want(&m, w, metrics[i].id, (struct want){metrics[i].check, &to[i], NO_BIT});
    if (d && !g->gpm_plain) {
        want_more(g, &m, w, d);
        want_links(g, &m, w);
    }
    int code = c->nvml.gpm_metrics(&m);
    if (code == NVML_INVALID_ARGUMENT && m.count > PROFILE_METRICS) {
        g->gpm_plain = true; /* a driver that refuses them all for one that it does not know */
        m.count = PROFILE_METRICS;
        code = c->nvml.gpm_metrics(&m);
    }
    if (!nvidia_gpu_told(c, g, ASK_ONCE, code))
        return;
    for (unsigned i = 0; i < m.count; i++) {
        code = (int)m.metrics[i].code;
        if (code == NVML_SUCCESS && !isnan(m.metrics[i].value))
            *w[i].to = check_gauge(&c->check, w[i].check, m.metrics[i].value);
        else if (w[i].bit != NO_BIT &&
                 (nvml_code_is_permanent(code) || code == NVML_INVALID_ARGUMENT))
            g->gpm_refused |= (uint64_t)1 << w[i].bit;
    }
}

/* Takes a sample of the GPU, or of its instance `gi` (UINT_MAX: none), and compares it with the
 * last. True when a window was measured. */
static bool sample(struct gpu_context *c, struct gpu *g, struct gpm_pair *p, unsigned gi,
                   double *to, struct accelerator_detail *d)
{
    uint64_t window = c->mono_ns - p->mono_ns;

    if (!make(c, p) || (p->mono_ns && window < WINDOW_MIN_NS))
        return false;
    forget(to, d);
    struct nvml_gpm_sample *next = p->samples[!p->newest];
    int code = gi == NVML_NO_INSTANCE ? c->nvml.gpm_get(g->handle, next)
                                      : c->nvml.gpm_mig_get(g->handle, gi, next);
    if (!nvidia_gpu_told(c, g, gi == NVML_NO_INSTANCE ? ASK_GPM : ASK_ONCE, code)) {
        p->mono_ns = 0; /* the pair is broken */
        return false;
    }
    p->newest = !p->newest;
    bool measured = p->mono_ns && window <= WINDOW_MAX_NS;
    if (measured)
        compare(c, g, p, to, d);
    p->mono_ns = c->mono_ns;
    return measured;
}

/* The library tells the switches of the window; here they become a counter. */
static void count_switches(struct gpu *g, struct accelerator_detail *d)
{
    if (isnan(d->context_switches_total))
        return;
    g->counted.context_switches += d->context_switches_total;
    d->context_switches_total = g->counted.context_switches;
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

static void read_instances(struct gpu_context *c, struct gpu *g)
{
    for (size_t i = 0; c->nvml.gpm_mig_get && i < g->instance_len; i++) {
        struct instance *m = &g->instances[i];
        size_t first = 0; /* compute instances of one GPU instance share its counters */
        while (g->instances[first].now.gpu_instance != m->now.gpu_instance)
            first++;
        if (first < i)
            memcpy(m->now.profile, g->instances[first].now.profile, sizeof(m->now.profile));
        else if (m->now.gpu_instance != NVML_NO_INSTANCE)
            sample(c, g, &m->gpm, m->now.gpu_instance, m->now.profile, NULL);
    }
}

void nvidia_gpm_read(struct gpu_context *c, struct gpu *g, struct accelerator *a)
{
    /* One that is silent otherwise has none either. */
    bool supported = c->answers && is_supported(c, g), whole = supported && !(g->mig_mode > 0);

    if (!whole)
        forget(g->kept.profile, &g->kept);
    else if (sample(c, g, &g->gpm, NVML_NO_INSTANCE, g->kept.profile, &g->kept))
        count_switches(g, &g->kept);
    show(&g->kept, &a->detail);
    if (supported && !whole) {
        nvidia_gpm_release(c, &g->gpm);
        read_instances(c, g);
    }
}
