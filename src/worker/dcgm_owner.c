#include "worker/dcgm_owner.h"

#include "worker/given.h"

#include <limits.h>

static bool is_live(const struct holder *h, unsigned number)
{
    return h->number == number && h->processes != UNKNOWN_COUNT && h->kind != HOLDER_NONE;
}

/* The pod that alone holds a device; NULL when there is none, or others beside it. */
static const struct holder *sole_pod(const struct snapshot *s, unsigned number)
{
    const struct holder *found = NULL;

    for (size_t i = 0; i < s->holder_len; i++) {
        if (!is_live(&s->holders[i], number))
            continue;
        if (found)
            return NULL;
        found = &s->holders[i];
    }
    return found && found->kind == HOLDER_POD && found->pod[0] ? found : NULL;
}

/* The container that the kubelet gave an instance to, if to one alone. */
static int sole_of_instance(struct snapshot *s, const struct accelerator_instance *instance,
                            const struct holder **ret)
{
    const struct allocation *found = NULL;

    *ret = NULL;
    for (size_t i = 0; i < s->held_len; i++) {
        const struct reading *r = &s->held[i]->reading;
        for (size_t j = 0; r->allocations_known && j < r->allocation_len; j++) {
            const struct allocation *g = &r->allocations[j];
            const struct merged_instance *on = given_instance(s, str_of(g->device));
            if (!on || &on->instance != instance)
                continue;
            if (found && (strcmp(found->pod, g->pod) || strcmp(found->namespace, g->namespace) ||
                          strcmp(found->container, g->container)))
                return 0;
            found = g;
        }
    }
    if (!found)
        return 0;
    struct holder *h = arena_calloc(&s->arena, 1, sizeof(*h));
    if (!h)
        return -ENOMEM;
    h->kind = HOLDER_POD;
    memcpy(h->namespace, found->namespace, sizeof(h->namespace));
    memcpy(h->pod, found->pod, sizeof(h->pod));
    memcpy(h->container, found->container, sizeof(h->container));
    *ret = h;
    return 0;
}

/* The one job that the folder of jobs has for a device or instance. */
static const char *sole_job(const struct snapshot *s, const struct merged_accelerator *row)
{
    unsigned instance = row->instance ? row->instance->gpu_instance : UINT_MAX;
    const char *found = NULL;

    for (size_t i = 0; i < s->held_len; i++) {
        const struct reading *r = &s->held[i]->reading;
        for (size_t j = 0; j < r->hpc_job_len; j++) {
            const struct hpc_job *job = &r->hpc_jobs[j];
            if (job->gpu != row->device.index || job->instance != instance)
                continue;
            if (found)
                return NULL;
            found = job->job;
        }
    }
    return found;
}

static bool is_nvidia(const struct merged_accelerator *row)
{
    return row->device.platform && !strcmp(row->device.platform, "nvidia");
}

static void take(double *rest, double part)
{
    if (part >= 0)
        *rest = MAX(*rest - part, 0); /* NAN stays NAN, as MAX takes its first then */
}

/* A row for each pod on a device that several hold, and one for what is left. */
static void add_shares(struct snapshot *s, const struct merged_accelerator *row)
{
    double utilization = row->device.utilization_ratio;
    uint64_t bytes = row->device.mem_used_bytes;
    bool shared = !row->instance && !row->pod;

    for (size_t i = 0; shared && i < s->holder_len; i++) {
        const struct holder *h = &s->holders[i];
        if (!is_live(h, row->number) || h->kind != HOLDER_POD || !h->pod[0])
            continue;
        s->dcgm_shares[s->dcgm_share_len++] = (struct dcgm_share){
            .row = row,
            .pod = h,
            .utilization_ratio = h->sm_ratio,
            .mem_used_bytes = h->mem_used_bytes,
        };
        if (!isnan(utilization))
            take(&utilization, h->sm_ratio);
        if (bytes != UNKNOWN_COUNT && h->mem_used_bytes != UNKNOWN_COUNT)
            bytes -= MIN(bytes, h->mem_used_bytes);
    }
    s->dcgm_shares[s->dcgm_share_len++] = (struct dcgm_share){
        .row = row,
        .pod = row->pod,
        .utilization_ratio = utilization,
        .mem_used_bytes = bytes,
    };
}

int dcgm_owner_find(struct snapshot *s)
{
    struct merged_accelerator *rows = s->row_len ? s->rows : s->accelerators;
    size_t len = s->row_len ? s->row_len : s->accelerator_len;
    int code = 0;

    s->dcgm_shares = arena_calloc(&s->arena, len + s->holder_len + 1, sizeof(*s->dcgm_shares));
    if (!s->dcgm_shares)
        return -ENOMEM;
    for (size_t i = 0; i < s->accelerator_len; i++) {
        s->accelerators[i].pod = sole_pod(s, s->accelerators[i].number);
        s->accelerators[i].hpc_job = sole_job(s, &s->accelerators[i]);
    }
    for (size_t i = 0; i < len; i++) {
        struct merged_accelerator *row = &rows[i];
        if (!is_nvidia(row))
            continue;
        if (row->instance)
            code = sole_of_instance(s, row->instance, &row->pod) ? -ENOMEM : code;
        else
            row->pod = sole_pod(s, row->number);
        row->hpc_job = sole_job(s, row);
        add_shares(s, row);
    }
    return code;
}
