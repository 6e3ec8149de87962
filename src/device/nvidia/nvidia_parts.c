/* nvidia_parts.c - the lists that belong to GPUs but not into their structs: most boards have none
 * of them, and they cost nothing there. */
#include "device/nvidia/nvidia_parts.h"

#include <stdlib.h>

bool nvidia_is_turn(const struct gpu_context *c, uint64_t *next_ns)
{
    if (c->mono_ns < *next_ns)
        return false;
    *next_ns = c->mono_ns + SELDOM_NS;
    return true;
}

struct nvidia_parts *nvidia_parts_of(struct gpu_context *c)
{
    if (!c->parts)
        c->parts = xnew(struct nvidia_parts);
    return c->parts;
}

void nvidia_parts_forget(struct gpu_context *c)
{
    struct nvidia_parts *p = c->parts;

    if (!p)
        return;
    p->fifth_len = p->peer_len = p->vgpu_len = p->account_len = 0;
    p->peers_next_ns = 0;
    p->confidential_known = false;
}

void nvidia_parts_free(struct nvidia_parts *p)
{
    if (!p)
        return;
    free(p->fifth);
    free(p->peers);
    free(p->vgpus);
    free(p->vgpu_ids);
    free(p->vgpu_samples);
    free(p->accounts);
    free(p);
}

/* A copy of `n` things in the arena; NULL for none, and false when memory is out. */
static bool copy(struct arena *a, const void *from, size_t n, size_t size, void **ret)
{
    *ret = n ? arena_alloc(a, n * size) : NULL;
    if (*ret)
        memcpy(*ret, from, n * size);
    return !n || *ret;
}

static bool answers(const struct gpu *gpus, size_t len, unsigned index)
{
    return index < len && gpus[index].state == ACCELERATOR_OK;
}

static int publish_vgpus(const struct nvidia_parts *p, const struct gpu *gpus, size_t len,
                         struct reading *out)
{
    if (!p->vgpu_len)
        return 0;
    out->vgpus = arena_alloc(out->arena, p->vgpu_len * sizeof(*out->vgpus));
    if (!out->vgpus)
        return -ENOMEM;
    for (size_t i = 0; i < p->vgpu_len; i++)
        if (answers(gpus, len, p->vgpus[i].now.accelerator))
            out->vgpus[out->vgpu_len++] = p->vgpus[i].now;
    return 0;
}

/* Lists the instances of the GPUs that answer. */
static int publish_instances(const struct gpu *gpus, size_t gpu_len, struct reading *out)
{
    size_t len = 0;

    for (size_t i = 0; i < gpu_len; i++)
        len += gpus[i].state == ACCELERATOR_OK ? gpus[i].instance_len : 0;
    if (!len)
        return 0;
    out->instances = arena_alloc(out->arena, len * sizeof(*out->instances));
    if (!out->instances)
        return -ENOMEM;
    for (size_t i = 0; i < gpu_len; i++)
        for (size_t k = 0; gpus[i].state == ACCELERATOR_OK && k < gpus[i].instance_len; k++) {
            out->instances[out->instance_len] = gpus[i].instances[k].now;
            out->instances[out->instance_len++].accelerator = (unsigned)i;
        }
    return 0;
}

/* Lists the links of the GPUs that answer. */
static int publish_links(const struct gpu *gpus, size_t gpu_len, struct reading *out)
{
    size_t len = 0;

    for (size_t i = 0; i < gpu_len; i++)
        len += gpus[i].state == ACCELERATOR_OK ? gpus[i].link_len : 0;
    if (!len)
        return 0;
    out->links = arena_alloc(out->arena, len * sizeof(*out->links));
    if (!out->links)
        return -ENOMEM;
    for (size_t i = 0; i < gpu_len; i++)
        for (size_t k = 0; gpus[i].state == ACCELERATOR_OK && k < gpus[i].link_len; k++) {
            out->links[out->link_len] = gpus[i].links[k];
            out->links[out->link_len++].accelerator = (unsigned)i;
        }
    return 0;
}

int nvidia_parts_publish(struct gpu_context *c, const struct gpu *gpus, size_t len,
                         struct reading *out)
{
    const struct nvidia_parts *p = c->parts;
    void *fifth, *peers, *accounts;
    int code = publish_links(gpus, len, out);

    if (code || (code = publish_instances(gpus, len, out)) || !p)
        return code;
    if (!copy(out->arena, p->fifth, p->fifth_len, sizeof(*p->fifth), &fifth) ||
        !copy(out->arena, p->peers, p->peer_len, sizeof(*p->peers), &peers) ||
        !copy(out->arena, p->accounts, p->account_len, sizeof(*p->accounts), &accounts))
        return -ENOMEM;
    out->links_fifth = fifth;
    out->peers = peers;
    out->accounts = accounts;
    for (size_t i = 0; i < p->fifth_len; i++)
        if (answers(gpus, len, out->links_fifth[i].accelerator))
            out->links_fifth[out->link_fifth_len++] = out->links_fifth[i];
    for (size_t i = 0; i < p->peer_len; i++)
        if (answers(gpus, len, out->peers[i].accelerator) && answers(gpus, len, out->peers[i].peer))
            out->peers[out->peer_len++] = out->peers[i];
    for (size_t i = 0; i < p->account_len; i++)
        if (answers(gpus, len, out->accounts[i].accelerator))
            out->accounts[out->account_len++] = out->accounts[i];
    return publish_vgpus(p, gpus, len, out);
}
