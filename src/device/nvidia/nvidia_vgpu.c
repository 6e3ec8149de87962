/* nvidia_vgpu.c - virtual GPUs: on the host each one that is active, in a guest whether its licence
 * is good. */
#include "device/nvidia/nvidia_parts.h"
#include "device/nvidia/nvidia_text.h"

#define VGPUS_MAX       256 /* that a driver may claim of one GPU */
#define SAMPLES_MAX     65536u
#define ATTEMPTS        4
#define FIRST_WINDOW_US 1000000

/* ---- who they are ---- */

static struct nvidia_vgpu *find(struct nvidia_parts *p, unsigned gpu, unsigned id)
{
    for (size_t i = 0; i < p->vgpu_len; i++)
        if (p->vgpus[i].now.accelerator == gpu && p->vgpus[i].now.id == id)
            return &p->vgpus[i];
    return NULL;
}

/* Reading them is no answer of the GPU: codes are looked at here only. */
static void identify(struct gpu_context *c, struct nvidia_vgpu *v)
{
    const struct nvml *n = &c->nvml;
    unsigned id = v->now.id, size, kind;
    unsigned long long bytes;
    char text[128] = "";

    if (n->vgpu_uuid && n->vgpu_uuid(id, text, sizeof(text) - 1) == NVML_SUCCESS)
        nvidia_text_clean(v->now.uuid, sizeof(v->now.uuid), text, sizeof(text));
    memset(text, 0, sizeof(text));
    if (n->vgpu_vm && n->vgpu_vm(id, text, sizeof(text) - 1, &kind) == NVML_SUCCESS)
        nvidia_text_clean(v->now.vm, sizeof(v->now.vm), text, sizeof(text));
    if (!n->vgpu_type || n->vgpu_type(id, &v->type) != NVML_SUCCESS)
        return;
    memset(text, 0, sizeof(text));
    size = sizeof(text) - 1;
    if (n->vgpu_type_name && n->vgpu_type_name(v->type, text, &size) == NVML_SUCCESS)
        nvidia_text_clean(v->now.type, sizeof(v->now.type), text, sizeof(text));
    if (n->vgpu_type_memory && n->vgpu_type_memory(v->type, &bytes) == NVML_SUCCESS)
        v->now.mem_total_bytes = check_gauge(&c->check, CHECK_VGPU_MEMORY, (double)bytes);
}

static struct nvidia_vgpu *add(struct gpu_context *c, struct nvidia_parts *p, unsigned gpu,
                               unsigned id)
{
    struct nvidia_vgpu *grown = array_grow(p->vgpus, &p->vgpu_cap, p->vgpu_len + 1, sizeof(*grown));

    if (!grown)
        return NULL;
    p->vgpus = grown;
    struct nvidia_vgpu *v = &p->vgpus[p->vgpu_len++];
    *v = (struct nvidia_vgpu){.now = {.accelerator = gpu, .id = id, .mem_total_bytes = NAN}};
    identify(c, v);
    return v;
}

/* Fetches the ids of those that are active. */
static int list(struct gpu_context *c, struct gpu *g, struct nvidia_parts *p, unsigned *ret_len)
{
    int code = NVML_INSUFFICIENT_SIZE;
    unsigned count = 8;

    *ret_len = 0;
    for (int attempt = 0; attempt < ATTEMPTS && code == NVML_INSUFFICIENT_SIZE; attempt++) {
        if (count > VGPUS_MAX)
            return 0;
        unsigned *grown = array_grow(p->vgpu_ids, &p->vgpu_id_cap, count, sizeof(*grown));
        if (!grown)
            return -ENOMEM;
        p->vgpu_ids = grown;
        count = (unsigned)p->vgpu_id_cap;
        code = c->nvml.vgpus(g->handle, &count, p->vgpu_ids);
    }
    if (nvidia_gpu_told(c, g, ASK_VGPUS, code))
        *ret_len = MIN(count, (unsigned)p->vgpu_id_cap);
    return 0;
}

/* ---- what they do ---- */

static void read_state(struct gpu_context *c, struct accelerator_vgpu *v)
{
    const struct nvml *n = &c->nvml;
    struct nvml_vgpu_license license;
    unsigned long long bytes;
    char text[80] = "";
    unsigned limit;

    v->mem_used_bytes = v->licensed = v->frame_rate_limit = NAN;
    v->sm_ratio = v->mem_ratio = v->encoder_ratio = v->decoder_ratio = NAN;
    if (n->vgpu_memory && n->vgpu_memory(v->id, &bytes) == NVML_SUCCESS)
        v->mem_used_bytes = check_gauge(&c->check, CHECK_VGPU_MEMORY, (double)bytes);
    if (n->vgpu_license && n->vgpu_license(v->id, &license) == NVML_SUCCESS)
        v->licensed = check_gauge(&c->check, CHECK_SWITCH, license.licensed);
    if (n->vgpu_frame_limit && n->vgpu_frame_limit(v->id, &limit) == NVML_SUCCESS && limit)
        v->frame_rate_limit = check_gauge(&c->check, CHECK_SESSIONS, limit);
    /* A guest's driver is there only once the guest has started. */
    if (!v->vm_driver[0] && n->vgpu_vm_driver &&
        n->vgpu_vm_driver(v->id, text, sizeof(text) - 1) == NVML_SUCCESS &&
        strcmp(text, "Not Available") != 0)
        nvidia_text_clean(v->vm_driver, sizeof(v->vm_driver), text, sizeof(text));
}

struct use {
    uint64_t timestamp;
    unsigned id;
    union nvml_value parts[4]; /* sm, mem, enc, dec */
};

/* One sample, whichever of the two calls gave it. */
static struct use sample_at(const struct nvidia_parts *p, bool newer, size_t i)
{
    struct use u;

    if (newer) {
        const struct nvml_vgpu_use *s = (const struct nvml_vgpu_use *)p->vgpu_samples + i;
        u = (struct use){s->timestamp, s->id, {s->sm, s->mem, s->enc, s->dec}};
    } else {
        const struct nvml_vgpu_sample *s = (const struct nvml_vgpu_sample *)p->vgpu_samples + i;
        u = (struct use){s->timestamp, s->id, {s->sm, s->mem, s->enc, s->dec}};
    }
    return u;
}

static int fetch(struct gpu_context *c, struct gpu *g, struct nvidia_parts *p, bool newer,
                 uint64_t since, unsigned *ret_type, unsigned *ret_len)
{
    const size_t size = newer ? sizeof(struct nvml_vgpu_use) : sizeof(struct nvml_vgpu_sample);
    const enum question q = newer ? ASK_VGPUS_UTILIZATION : ASK_VGPU_UTILIZATION;
    unsigned count = 32;
    int code = NVML_INSUFFICIENT_SIZE;

    *ret_len = 0;
    if (!(newer ? c->nvml.vgpus_utilization != NULL : c->nvml.vgpu_utilization != NULL) ||
        !nvidia_gpu_may(c, g, q))
        return 0;
    for (int attempt = 0; attempt < ATTEMPTS && code == NVML_INSUFFICIENT_SIZE; attempt++) {
        if (count > SAMPLES_MAX)
            return 0;
        void *grown = array_grow(p->vgpu_samples, &p->vgpu_sample_cap, count * size, 1);
        if (!grown)
            return -ENOMEM;
        p->vgpu_samples = grown;
        count = (unsigned)(p->vgpu_sample_cap / size);
        struct nvml_vgpus_use all = {.version = NVML_STRUCT_VERSION(struct nvml_vgpus_use, 1),
                                     .count = count,
                                     .last_seen = since,
                                     .samples = p->vgpu_samples};
        code = newer
                   ? c->nvml.vgpus_utilization(g->handle, &all)
                   : c->nvml.vgpu_utilization(g->handle, since, ret_type, &count, p->vgpu_samples);
        if (newer) {
            count = all.count;
            *ret_type = all.value_type;
        }
    }
    if (nvidia_gpu_told(c, g, q, code))
        *ret_len = MIN(count, (unsigned)(p->vgpu_sample_cap / size));
    return 0;
}

/* Means of the samples since the last reading; a sample that is out of its range is left out. */
static void average(struct gpu_context *c, struct gpu *g, struct nvidia_parts *p, bool newer,
                    unsigned type, unsigned len, struct accelerator_vgpu *v)
{
    double *const to[4] = {&v->sm_ratio, &v->mem_ratio, &v->encoder_ratio, &v->decoder_ratio};

    for (size_t k = 0; k < ARRAY_LEN(to); k++) {
        double sum = 0;
        unsigned n = 0;
        for (unsigned i = 0; i < len; i++) {
            struct use u = sample_at(p, newer, i);
            if (u.id != v->id || u.timestamp <= g->vgpu_seen_us)
                continue;
            struct nvml_field_value one = {.value_type = type, .value = u.parts[k]};
            double value = check_gauge(&c->check, CHECK_VGPU, nvidia_field_number(&one));
            sum += isnan(value) ? 0 : value;
            n += !isnan(value);
        }
        if (n)
            *to[k] = sum / n;
    }
}

static int read_use(struct gpu_context *c, struct gpu *g, struct nvidia_parts *p)
{
    uint64_t newest = g->vgpu_seen_us;
    unsigned type = NVML_VALUE_UNSIGNED, len;
    bool newer = true;

    if (!newest || (int64_t)newest > c->now_us + FIRST_WINDOW_US)
        g->vgpu_seen_us = newest =
            (uint64_t)MAX(c->now_us - MAX(c->interval_us, FIRST_WINDOW_US), 1);
    int code = fetch(c, g, p, newer, newest, &type, &len);
    if (code == 0 && !len &&
        (!c->nvml.vgpus_utilization || nvidia_gpu_refused(g, ASK_VGPUS_UTILIZATION))) {
        newer = false;
        code = fetch(c, g, p, newer, newest, &type, &len);
    }
    if (code || !len)
        return code;
    for (size_t i = 0; i < p->vgpu_len; i++)
        if (p->vgpus[i].now.accelerator == g->identity.index)
            average(c, g, p, newer, type, len, &p->vgpus[i].now);
    for (unsigned i = 0; i < len; i++)
        newest = MAX(newest, sample_at(p, newer, i).timestamp);
    if ((int64_t)newest <= c->now_us + FIRST_WINDOW_US)
        g->vgpu_seen_us = newest;
    return 0;
}

/* Drops those of the GPU that were not seen again. */
static void drop_unseen(struct nvidia_parts *p, unsigned gpu)
{
    size_t n = 0;

    for (size_t i = 0; i < p->vgpu_len; i++)
        if (p->vgpus[i].now.accelerator != gpu || p->vgpus[i].seen)
            p->vgpus[n++] = p->vgpus[i];
    p->vgpu_len = n;
}

/* ---- in a guest ---- */

static void read_license(struct gpu_context *c, struct gpu *g, struct accelerator_detail *d)
{
    struct nvml_licensables all;

    if (!(d->virtualization_mode >= NVML_VIRTUAL_GUEST &&
          d->virtualization_mode <= NVML_VIRTUAL_GUEST))
        return;
    memset(&all, 0, sizeof(all));
    if (!ASK(c, g, ASK_LICENSE, license, &all))
        return;
    d->license_state = 0;
    for (unsigned i = 0; i < MIN(all.count, (unsigned)ARRAY_LEN(all.features)); i++)
        if (all.features[i].state && all.features[i].code &&
            all.features[i].code <= NVML_LICENSE_VGPU_MAX)
            d->license_state = 1;
}

static void read_scheduler(struct gpu_context *c, struct gpu *g, struct accelerator_detail *d)
{
    struct nvml_vgpu_scheduler s = {0};

    if (!ASK(c, g, ASK_VGPU_SCHEDULER, vgpu_scheduler, &s))
        return;
    d->vgpu_scheduler_policy = check_gauge(&c->check, CHECK_VGPU_SCHEDULER, s.policy);
    d->vgpu_scheduler_adaptive = check_gauge(&c->check, CHECK_VGPU_SCHEDULER, s.adaptive);
}

int nvidia_vgpu_read(struct gpu_context *c, struct gpu *g, struct accelerator *a)
{
    struct nvidia_parts *p = nvidia_parts_of(c);
    unsigned gpu = g->identity.index, len = 0;
    int code = 0;

    read_license(c, g, &a->detail);
    for (size_t i = 0; i < p->vgpu_len; i++)
        if (p->vgpus[i].now.accelerator == gpu)
            p->vgpus[i].seen = false;
    if (a->detail.virtualization_mode >= NVML_VIRTUAL_HOST && c->nvml.vgpus &&
        nvidia_gpu_may(c, g, ASK_VGPUS))
        code = list(c, g, p, &len);
    for (unsigned i = 0; i < len && code == 0; i++) {
        struct nvidia_vgpu *v = find(p, gpu, p->vgpu_ids[i]);
        if (!v && !(v = add(c, p, gpu, p->vgpu_ids[i])))
            return -ENOMEM;
        v->seen = true;
        read_state(c, &v->now);
    }
    drop_unseen(p, gpu);
    if (len)
        read_scheduler(c, g, &a->detail);
    return code || !len ? code : read_use(c, g, p);
}
