/* scope_more.c - scopes of what only some devices have: a table entry each. Most of them speak of
 * an array in the detail of a device and name each entry by one or two labels. */
#include "worker/scope_part.h"

#include <limits.h>
#include <stddef.h>

#define NAMES(...)                                                                                 \
    (const char *const[])                                                                          \
    {                                                                                              \
        __VA_ARGS__                                                                                \
    }

/* A device's array: entry `v` has the label `first`=names[v], or, with a second label,
 * `first`=names[v / seconds] and `second`=more[v % seconds]. */
struct array {
    const char *first;
    const char *const *names; /* NULL: the number itself */
    unsigned len;
    const char *second;
    const char *const *more; /* NULL: the number itself */
    unsigned seconds;
    size_t known; /* of a double of the device: unknown there, the scope has no place for it; 0:
                     always has */
};

#define KNOWN(member) offsetof(struct accelerator, detail.member)

static const struct array arrays[] = {
    [SCOPE_GPU_ENGINE - SCOPE_MORE] = {"engine", NAMES("encoder", "decoder", "jpeg", "ofa"),
                                       ENGINES, NULL, NULL, 0, 0},
    [SCOPE_GPU_CLOCK_INTERVAL - SCOPE_MORE] = {"clock", NAMES("sm", "memory"), CLOCK_STATS, "stat",
                                               NAMES("mean", "min", "max"), 3, 0},
    [SCOPE_GPU_CLOCK_LIMIT - SCOPE_MORE] = {"limit",
                                            NAMES("sm_max", "video_max", "graphics_boost_max",
                                                  "graphics_requested", "memory_requested"),
                                            CLOCK_LIMITS, NULL, NULL, 0, 0},
    [SCOPE_GPU_THRESHOLD - SCOPE_MORE] = {"limit",
                                          NAMES("memory_max", "acoustic_min", "acoustic_max"),
                                          THRESHOLDS_MORE, NULL, NULL, 0, 0},
    [SCOPE_GPU_SRAM_KIND - SCOPE_MORE] = {"period", NAMES("aggregate", "volatile"), SRAM_KINDS,
                                          "kind", NAMES("parity", "sec_ded", "corrected"), 3,
                                          KNOWN(sram_threshold)},
    [SCOPE_GPU_SRAM_UNIT - SCOPE_MORE] = {"unit",
                                          NAMES("l2", "sm", "pcie", "microcontroller", "other"),
                                          SRAM_UNITS, NULL, NULL, 0, KNOWN(sram_threshold)},
    [SCOPE_GPU_RESET - SCOPE_MORE] = {"action", NAMES("reset", "drain_and_reset"), 2, NULL, NULL, 0,
                                      KNOWN(reset_needed)},
    [SCOPE_GPU_FAN - SCOPE_MORE] = {"fan", NULL, DEVICE_FANS, NULL, NULL, 0, KNOWN(fan_ratio)},
    [SCOPE_GPU_PROCESS_TYPE - SCOPE_MORE] = {"type", NAMES("compute", "graphics", "mps"),
                                             PROCESS_TYPES, NULL, NULL, 0, 0},
    [SCOPE_GPU_FEC -
        SCOPE_MORE] = {"symbols", NULL, FEC_BUCKETS, NULL, NULL, 0, KNOWN(link_fec_total)},
    [SCOPE_GPU_PROF_ENGINE -
        SCOPE_MORE] = {"engine", NULL, PROFILE_ENGINES, NULL, NULL, 0, KNOWN(profile_engine)},
    [SCOPE_GPU_PROF_CACHE - SCOPE_MORE] = {"memory", NAMES("host", "peer", "device"),
                                           PROFILE_CACHES, "result", NAMES("hit", "miss"), 2,
                                           KNOWN(profile_cache)},
    [SCOPE_GPU_PROF_TENSOR - SCOPE_MORE] = {"kind", NAMES("dfma", "hmma", "dmma", "imma"), 4, NULL,
                                            NULL, 0, KNOWN(profile[PROFILE_TENSOR_HMMA])},
    [SCOPE_GPU_PROF_C2C - SCOPE_MORE] = {"traffic", NAMES("all", "data"), PROFILE_C2C, "direction",
                                         NAMES("transmit", "receive"), 2,
                                         KNOWN(profile_c2c_bytes_per_s)},
    [SCOPE_GPU_PROF_CYCLES -
        SCOPE_MORE] = {"kind",
                       NAMES("sm_elapsed", "sm_active", "tensor", "tensor_dfma", "tensor_hmma",
                             "tensor_dmma", "tensor_imma", "integer", "fp64", "fp32", "fp16"),
                       PROFILE_CYCLES, NULL, NULL, 0, KNOWN(profile_cycles_total)},
    [SCOPE_GPU_PCIE_SAMPLED - SCOPE_MORE] = {"direction", NAMES("transmit", "receive"), 2, NULL,
                                             NULL, 0, KNOWN(pcie_sampled_bytes_per_s)},
};

static const struct array *array_of(enum scope scope)
{
    size_t at = (size_t)scope - SCOPE_MORE;

    return at < ARRAY_LEN(arrays) ? &arrays[at] : NULL;
}

/* ---- labels ---- */

static void number_or_name(const struct scope_line *line, const char *label,
                           const char *const *names, unsigned at)
{
    if (names)
        scope_text(line, label, names[at]);
    else
        label_number(line->to, label, at);
}

/* Single engines are named and counted within their kind. */
static void engine(const struct scope_line *line)
{
    static const struct {
        const char *name;
        unsigned first;
    } kinds[] = {{"encoder", 18}, {"ofa", 16}, {"jpeg", 8}, {"decoder", 0}};
    size_t i = 0;

    while (line->variant < kinds[i].first)
        i++;
    scope_text(line, "engine", kinds[i].name);
    label_number(line->to, "engine_index", line->variant - kinds[i].first);
}

static void array(const struct scope_line *line, const struct array *a)
{
    scope_device(line, line->thing);
    if (line->scope == SCOPE_GPU_PROF_ENGINE) {
        engine(line);
        return;
    }
    unsigned at = a->second ? line->variant / a->seconds : line->variant;
    number_or_name(line, a->first, a->names, at);
    if (a->second)
        number_or_name(line, a->second, a->more, line->variant % a->seconds);
}

static void peer(const struct scope_line *line)
{
    const struct merged_peer *p = line->thing;

    scope_device(line, p->on);
    label_number(line->to, "peer_gpu_index", p->other->number);
    scope_text(line, "level", p->peer.level);
    scope_text(line, "nvlink", p->peer.link);
}

static void dcgm_peer(const struct scope_line *line)
{
    const struct merged_peer *p = line->thing;

    scope_dcgm_device(line, p->on);
    scope_text(line, "link_status", p->peer.link);
    label_number(line->to, "peer_gpu", p->peer.peer);
}

static void link_fifth(const struct scope_line *line)
{
    static const char *const errors[LINK_FIFTH_ERRORS] = {
        "malformed", "buffer_overrun",   "receive",   "receive_remote", "receive_general",
        "integrity", "transmit_discard", "effective", "symbol"};
    const struct merged_link_fifth *l = line->thing;
    const char *name = line->scope == SCOPE_LINK_FIFTH_ERROR ? errors[line->variant]
                       : line->scope == SCOPE_LINK_FIFTH_RECOVERY
                           ? NAMES("successful", "failed")[line->variant]
                           : NAMES("raw", "effective", "symbol")[line->variant];

    scope_device(line, l->on);
    label_number(line->to, "link_index", l->link.index);
    scope_text(line, line->scope == SCOPE_LINK_FIFTH_RECOVERY ? "result" : "kind", name);
}

static void link_rate(const struct scope_line *line)
{
    const struct merged_link *l = line->thing;

    scope_device(line, l->on);
    label_number(line->to, "link_index", l->link.index);
    scope_text(line, "direction", line->variant ? "receive" : "transmit");
}

static void instance(const struct scope_line *line)
{
    static const char *const parts[INSTANCE_PARTS] = {
        "copy_engine", "decoder", "encoder", "jpeg", "ofa", "gpu_slice", "compute_slice"};
    const struct merged_instance *m = line->thing;

    scope_device(line, m->on);
    label_number(line->to, "mig_instance", m->instance.index);
    scope_text(line, "mig_uuid", m->instance.uuid);
    scope_text(line, "mig_profile", m->instance.profile_name);
    if (m->instance.gpu_instance != UINT_MAX)
        label_number(line->to, "gpu_instance_id", m->instance.gpu_instance);
    if (m->instance.compute_instance != UINT_MAX)
        label_number(line->to, "compute_instance_id", m->instance.compute_instance);
    if (line->scope == SCOPE_INSTANCE_PART)
        scope_text(line, "part", parts[line->variant]);
    else if (line->scope == SCOPE_INSTANCE_TENSOR)
        scope_text(line, "kind", NAMES("dfma", "hmma", "dmma", "imma")[line->variant]);
    else /* in the order of enum profile_metric, from PROFILE_INTEGER on */
        scope_text(line, "pipe",
                   NAMES("integer", "tensor", "dram", "fp64", "fp32", "fp16")[line->variant]);
}

static void vgpu(const struct scope_line *line)
{
    const struct merged_vgpu *v = line->thing;

    scope_device(line, v->on);
    scope_all_smi_host(line);
    label_number(line->to, "vgpu_id", v->vgpu.id);
    scope_text(line, "vgpu_uuid", v->vgpu.uuid);
    scope_text(line, "vgpu_type", v->vgpu.type);
    scope_text(line, "vgpu_vm_id", v->vgpu.vm);
    if (line->scope == SCOPE_VGPU_INFO)
        scope_text(line, "vm_driver_version", v->vgpu.vm_driver);
}

static void account(const struct scope_line *line)
{
    const struct merged_account *a = line->thing;

    scope_device(line, a->on);
    label_number(line->to, "pid", (uint64_t)MAX(a->account.pid, 0));
}

static void part(const struct scope_line *line)
{
    const struct merged_part *p = line->thing;

    scope_device(line, p->on);
    scope_text(line, "kind", p->part.kind);
    scope_text(line, "part", p->part.name);
    if (line->scope == SCOPE_PART_THROTTLE)
        scope_text(line, "reason", scope_throttle[line->variant].name);
}

static void info(const struct scope_line *line)
{
    const struct merged_accelerator *a = line->thing;

    scope_device(line, a);
    if (line->scope == SCOPE_GPU_AFFINITY) {
        scope_text(line, "cpus", a->device.cpu_affinity);
        scope_text(line, "numa_nodes", a->device.memory_affinity);
    } else if (line->scope == SCOPE_GPU_RACK) {
        scope_text(line, "chassis_serial", a->device.rack_serial);
        scope_text(line, "place", a->device.rack_slot);
    } else if (line->scope == SCOPE_GPU_VGPU_HOST) {
        scope_all_smi_host(line);
        scope_text(line, "host_mode", a->device.detail.host_vgpu_mode > 0 ? "Sriov" : "NonSriov");
    } else if (line->scope == SCOPE_GPU_VGPU_SCHEDULER) {
        scope_all_smi_host(line);
        scope_text(line, "arr_supported",
                   a->device.detail.vgpu_scheduler_adaptive > 0 ? "true" : "false");
    } else {
        scope_text(line, "cluster_uuid", a->device.fabric_cluster);
    }
}

void scope_more_labels(const struct scope_line *line)
{
    const struct array *a = array_of(line->scope);

    if (a)
        array(line, a);
    else if (line->scope <= SCOPE_GPU_VGPU_SCHEDULER)
        info(line);
    else if (line->scope == SCOPE_PEER)
        peer(line);
    else if (line->scope == SCOPE_DCGM_PEER)
        dcgm_peer(line);
    else if (line->scope <= SCOPE_LINK_FIFTH_RATE)
        link_fifth(line);
    else if (line->scope <= SCOPE_LINK_RATE)
        link_rate(line);
    else if (line->scope <= SCOPE_INSTANCE_TENSOR)
        instance(line);
    else if (line->scope <= SCOPE_VGPU_INFO)
        vgpu(line);
    else if (line->scope == SCOPE_ACCOUNT)
        account(line);
    else
        part(line);
}

/* ---- places ---- */

static bool is_nvidia(const struct merged_accelerator *a)
{
    return a->device.platform && strcmp(a->device.platform, "nvidia") == 0;
}

static double double_at(const struct merged_accelerator *a, size_t offset)
{
    double value;

    memcpy(&value, (const char *)&a->device + offset, sizeof(value));
    return value;
}

bool scope_more_fits(enum scope scope, const void *thing)
{
    const struct array *array = array_of(scope);
    const struct merged_accelerator *a = thing;
    const struct merged_peer *p = thing;
    const struct merged_link *l = thing;

    if (array)
        return !array->known || !isnan(double_at(a, array->known));
    if (scope == SCOPE_GPU_AFFINITY)
        return a->device.cpu_affinity[0] != '\0';
    if (scope == SCOPE_GPU_FABRIC_INFO)
        return a->device.fabric_cluster[0] != '\0';
    if (scope == SCOPE_GPU_RACK)
        return a->device.rack_serial[0] != '\0';
    if (scope == SCOPE_GPU_VGPU_HOST)
        return !isnan(a->device.detail.host_vgpu_mode);
    if (scope == SCOPE_GPU_VGPU_SCHEDULER)
        return !isnan(a->device.detail.vgpu_scheduler_policy);
    if (scope == SCOPE_PEER) /* each pair once */
        return p->other && p->peer.accelerator < p->peer.peer;
    if (scope == SCOPE_DCGM_PEER)
        return p->peer.link[0] && is_nvidia(p->on);
    if (scope == SCOPE_LINK_RATE)
        return !isnan(l->link.bytes_per_s[0]) || !isnan(l->link.bytes_per_s[1]);
    return true;
}

struct scope_things scope_more_things(const struct snapshot *s, enum scope scope)
{
    const struct array *a = array_of(scope);
    const struct merged_accelerator *devices = s->accelerators;
    size_t len = s->accelerator_len;

    switch ((int)scope) {
    case SCOPE_PEER:
    case SCOPE_DCGM_PEER:
        return (struct scope_things){s->peers, sizeof(*s->peers), s->peer_len, 1};
    case SCOPE_LINK_FIFTH_ERROR:
        return (struct scope_things){s->links_fifth, sizeof(*s->links_fifth), s->link_fifth_len,
                                     LINK_FIFTH_ERRORS};
    case SCOPE_LINK_FIFTH_RECOVERY:
        return (struct scope_things){s->links_fifth, sizeof(*s->links_fifth), s->link_fifth_len, 2};
    case SCOPE_LINK_FIFTH_RATE:
        return (struct scope_things){s->links_fifth, sizeof(*s->links_fifth), s->link_fifth_len, 3};
    case SCOPE_LINK_RATE:
        return (struct scope_things){s->links, sizeof(*s->links), s->link_len, 2};
    case SCOPE_INSTANCE_PART:
        return (struct scope_things){s->instances, sizeof(*s->instances), s->instance_len,
                                     INSTANCE_PARTS};
    case SCOPE_INSTANCE_PIPE:
        return (struct scope_things){s->instances, sizeof(*s->instances), s->instance_len, 6};
    case SCOPE_INSTANCE_TENSOR:
        return (struct scope_things){s->instances, sizeof(*s->instances), s->instance_len, 4};
    case SCOPE_VGPU:
    case SCOPE_VGPU_INFO:
        return (struct scope_things){s->vgpus, sizeof(*s->vgpus), s->vgpu_len, 1};
    case SCOPE_PART:
        return (struct scope_things){s->parts, sizeof(*s->parts), s->part_len, 1};
    case SCOPE_PART_THROTTLE:
        return (struct scope_things){s->parts, sizeof(*s->parts), s->part_len,
                                     SCOPE_THROTTLE_REASONS};
    case SCOPE_ACCOUNT:
        return (struct scope_things){s->accounts, sizeof(*s->accounts), s->account_len, 1};
    default:
        break;
    }
    return (struct scope_things){devices, sizeof(*devices), len, a ? a->len : 1};
}
