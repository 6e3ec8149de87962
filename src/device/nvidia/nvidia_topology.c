/* nvidia_topology.c - what lies between two GPUs, and which processors are near one. Cached: only a
 * link that goes down changes it while a machine runs. */
#include "device/nvidia/nvidia_parts.h"

#define PEERS_NS   (600 * (uint64_t)NS_PER_S)
#define CPU_WORDS  16 /* of unsigned long: 1,024 processors */
#define NODE_WORDS 2

/* Writes the bits as ranges: "0-31,64-95". What has no room is told by a final ",...". */
static void write_set(const unsigned long *set, size_t words, char *to, size_t size)
{
    const size_t bits = words * sizeof(*set) * 8, word = sizeof(*set) * 8;
    size_t len = 0;

    to[0] = '\0';
    for (size_t i = 0; i < bits; i++) {
        char range[32];
        size_t from = i;
        if (!(set[i / word] >> i % word & 1))
            continue;
        while (i + 1 < bits && (set[(i + 1) / word] >> (i + 1) % word & 1))
            i++;
        if (from == i)
            snprintf(range, sizeof(range), "%s%zu", len ? "," : "", from);
        else
            snprintf(range, sizeof(range), "%s%zu-%zu", len ? "," : "", from, i);
        if (len + strlen(range) + sizeof(",...") > size) {
            str_copy(to + len, size - len, STR(",..."));
            return;
        }
        str_copy(to + len, size - len, str_of(range));
        len += strlen(range);
    }
}

void nvidia_topology_identify(struct gpu_context *c, struct gpu *g)
{
    struct accelerator *a = &g->identity;
    unsigned long cpus[CPU_WORDS] = {0}, nodes[NODE_WORDS] = {0};

    if (ASK(c, g, ASK_ONCE, cpu_affinity, CPU_WORDS, cpus))
        write_set(cpus, CPU_WORDS, a->cpu_affinity, sizeof(a->cpu_affinity));
    if (c->nvml.memory_affinity && nvidia_gpu_may(c, g, ASK_ONCE) &&
        nvidia_gpu_told(c, g, ASK_ONCE, c->nvml.memory_affinity(g->handle, NODE_WORDS, nodes, 0)))
        write_set(nodes, NODE_WORDS, a->memory_affinity, sizeof(a->memory_affinity));
}

static const char *level_name(int level)
{
    static const struct {
        int level;
        const char *name;
    } names[] = {
        {NVML_TOPOLOGY_INTERNAL, "internal"},     {NVML_TOPOLOGY_SINGLE, "single_switch"},
        {NVML_TOPOLOGY_MULTIPLE, "multi_switch"}, {NVML_TOPOLOGY_HOSTBRIDGE, "host_bridge"},
        {NVML_TOPOLOGY_NODE, "numa_node"},        {NVML_TOPOLOGY_SYSTEM, "system"},
    };

    for (size_t i = 0; i < ARRAY_LEN(names); i++)
        if (names[i].level == level)
            return names[i].name;
    return "";
}

/* DCGM's words. */
static const char *p2p_name(int status)
{
    static const char *const names[] = {"OK",
                                        "ChipsetNotSupported",
                                        "GPUNotSupported",
                                        "TopologyNotSupported",
                                        "DisabledByRegKey",
                                        "NotSupported",
                                        "Unknown"};

    return status >= 0 && (size_t)status < ARRAY_LEN(names) ? names[status] : "";
}

static int add(struct gpu_context *c, struct nvidia_parts *p, const struct gpu *a,
               const struct gpu *b)
{
    struct accelerator_peer one = {
        .accelerator = a->identity.index, .peer = b->identity.index, .level = "", .link = ""};
    int value;

    if (c->nvml.topology && c->nvml.topology(a->handle, b->handle, &value) == NVML_SUCCESS)
        one.level = level_name(value);
    if (c->nvml.p2p_status &&
        c->nvml.p2p_status(a->handle, b->handle, NVML_P2P_NVLINK, &value) == NVML_SUCCESS)
        one.link = p2p_name(value);
    if (!one.level[0] && !one.link[0])
        return 0;
    struct accelerator_peer *grown =
        array_grow(p->peers, &p->peer_cap, p->peer_len + 1, sizeof(*grown));
    if (!grown)
        return -ENOMEM;
    p->peers = grown;
    p->peers[p->peer_len++] = one;
    return 0;
}

int nvidia_topology_read(struct gpu_context *c, const struct gpu *gpus, size_t len)
{
    struct nvidia_parts *p = nvidia_parts_of(c);

    if (c->stale_code || c->mono_ns < p->peers_next_ns)
        return 0;
    p->peers_next_ns = c->mono_ns + PEERS_NS;
    p->peer_len = 0;
    for (size_t i = 0; i < len; i++)
        for (size_t k = 0; k < len; k++) {
            if (i == k || !nvidia_gpu_may(c, &gpus[i], ASK_ONCE) ||
                !nvidia_gpu_may(c, &gpus[k], ASK_ONCE))
                continue;
            int code = add(c, p, &gpus[i], &gpus[k]);
            if (code)
                return code;
        }
    return 0;
}
