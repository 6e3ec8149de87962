/* scope.c - the things of a snapshot, and the labels that many scopes share; those of each stand in
 * scope_*.c. */
#include "worker/scope_part.h"

const char *const scope_pressures[SCOPE_PRESSURES] = {"Nominal", "Moderate", "Heavy", "Trapping",
                                                      "Sleeping"};

const struct scope_reason scope_throttle[SCOPE_THROTTLE_REASONS] = {
    {"sw_power_cap", 0x4},    {"hw_slowdown", 0x8}, {"sw_thermal", 0x20}, {"hw_thermal", 0x40},
    {"hw_power_brake", 0x80}, {"sync_boost", 0x10}, {"app_clocks", 0x2},
};

/* ---- labels ---- */

void scope_text(const struct scope_line *line, const char *name, const char *value)
{
    label_text(line->to, name, value, LABEL_MAX_USUAL);
}

void scope_host(const struct scope_line *line)
{
    label_text(line->to, "hostname", line->s->machine.hostname, sizeof(line->s->machine.hostname));
}

void scope_host_and_instance(const struct scope_line *line)
{
    scope_host(line);
    if (line->s->machine.instance_label)
        label_text(line->to, "instance", line->s->machine.hostname,
                   sizeof(line->s->machine.hostname));
}

void scope_all_smi_host(const struct scope_line *line)
{
    if (line->s->machine.instance_label)
        label_text(line->to, "host", line->s->machine.hostname, sizeof(line->s->machine.hostname));
}

void scope_device(const struct scope_line *line, const struct merged_accelerator *a)
{
    scope_host_and_instance(line);
    label_number(line->to, "gpu_index", a->number);
    scope_text(line, "gpu_uuid", a->device.uuid);
    scope_text(line, "gpu", a->device.name);
}

void scope_gpu(const struct scope_line *line)
{
    scope_device(line, line->thing);
}

static const struct scope_part *part_of(enum scope scope)
{
    static const struct scope_part *const tables[] = {
        scope_use_parts, scope_gpu_parts, scope_host_parts, scope_dcgm_parts, scope_alias_parts};
    size_t i = 0;

    while (i + 1 < ARRAY_LEN(tables) && !tables[i][scope].labels)
        i++;
    return &tables[i][scope];
}

struct scope_things scope_things(const struct snapshot *s, enum scope scope)
{
    unsigned variants = scope < SCOPE_MORE ? part_of(scope)->variants : 1;

    if (scope >= SCOPE_NPU && scope < SCOPE_COUNT)
        return scope_npu_things(s, scope);
    if (scope >= SCOPE_MORE && scope < SCOPE_COUNT)
        return scope_more_things(s, scope);
    switch (scope) {
    case SCOPE_MACHINE:
    case SCOPE_UP:
    case SCOPE_POD:
    case SCOPE_BUILD:
    case SCOPE_ATTRIBUTED:
    case SCOPE_ATTRIBUTION_FAILURE:
    case SCOPE_POWER:
    case SCOPE_LEFT_OUT:
        return (struct scope_things){s, sizeof(*s), 1, variants};
    case SCOPE_COLLECTOR:
        return (struct scope_things){s->collectors, sizeof(*s->collectors), s->collector_len,
                                     variants};
    case SCOPE_REJECT:
        return (struct scope_things){s->rejects, sizeof(*s->rejects), s->reject_len, variants};
    case SCOPE_GPU:
    case SCOPE_ALIAS_GPU:
    case SCOPE_GPU_INFO:
    case SCOPE_GPU_ENERGY:
    case SCOPE_GPU_MIG_MODE:
    case SCOPE_GPU_ECC:
    case SCOPE_GPU_ECC_LOCATION:
    case SCOPE_GPU_THROTTLE:
    case SCOPE_GPU_THROTTLE_TIME:
    case SCOPE_GPU_PCIE_ERROR:
    case SCOPE_GPU_MARGIN:
    case SCOPE_GPU_BOARD_INFO:
    case SCOPE_GPU_GSP_INFO:
    case SCOPE_GPU_BANKS:
    case SCOPE_GPU_PRESSURE:
    case SCOPE_GPU_C2C_ERROR:
    case SCOPE_GPU_FABRIC:
    case SCOPE_GPU_DOUBT:
        return (struct scope_things){s->accelerators, sizeof(*s->accelerators), s->accelerator_len,
                                     variants};
    case SCOPE_DCGM_CLOCK_EVENT:
    case SCOPE_DCGM:
        if (s->row_len)
            return (struct scope_things){s->rows, sizeof(*s->rows), s->row_len, variants};
        return (struct scope_things){s->accelerators, sizeof(*s->accelerators), s->accelerator_len,
                                     variants};
    case SCOPE_INSTANCE:
        return (struct scope_things){s->instances, sizeof(*s->instances), s->instance_len,
                                     variants};
    case SCOPE_XID:
    case SCOPE_DCGM_XID:
    case SCOPE_DCGM_XID_COUNT:
        return (struct scope_things){s->xids, sizeof(*s->xids), s->xid_len, variants};
    case SCOPE_LINK:
    case SCOPE_LINK_REMOTE:
    case SCOPE_LINK_ERROR:
        return (struct scope_things){s->links, sizeof(*s->links), s->link_len, variants};
    case SCOPE_GPU_PROCESS:
    case SCOPE_GPU_PROCESS_INFO:
    case SCOPE_ALIAS_GPU_PROCESS:
        return (struct scope_things){s->process_rows, sizeof(*s->process_rows), s->process_row_len,
                                     variants};
    case SCOPE_OPENER:
        return (struct scope_things){s->openers, sizeof(*s->openers), s->opener_len, variants};
    case SCOPE_DCGM_SHARE:
        return (struct scope_things){s->dcgm_shares, sizeof(*s->dcgm_shares), s->dcgm_share_len,
                                     variants};
    case SCOPE_HOLDER:
        return (struct scope_things){s->holders, sizeof(*s->holders), s->holder_len, variants};
    case SCOPE_CPU:
    case SCOPE_CPU_INFO:
    case SCOPE_CPU_HOST:
    case SCOPE_CHASSIS_CPU:
        return (struct scope_things){s->cpu, sizeof(*s->cpu), s->cpu ? 1 : 0, variants};
    case SCOPE_SOCKET:
        return (struct scope_things){s->cpu ? s->cpu->sockets : NULL, sizeof(*s->cpu->sockets),
                                     s->cpu ? s->cpu->socket_len : 0, variants};
    case SCOPE_CORE:
    case SCOPE_CORE_CLOCK:
        return (struct scope_things){s->cpu ? s->cpu->cores : NULL, sizeof(*s->cpu->cores),
                                     s->cpu ? s->cpu->core_len : 0, variants};
    case SCOPE_MEMORY:
    case SCOPE_MEMORY_HOST:
        return (struct scope_things){s->memory, sizeof(*s->memory), s->memory ? 1 : 0, variants};
    case SCOPE_DISK:
    case SCOPE_DISK_INFO:
    case SCOPE_ALIAS_DISK:
        return (struct scope_things){s->filesystems, sizeof(*s->filesystems), s->filesystem_len,
                                     variants};
    case SCOPE_PROCESS:
    case SCOPE_ALIAS_PROCESS:
        return (struct scope_things){s->processes, sizeof(*s->processes), s->process_len, variants};
    case SCOPE_CHASSIS:
    case SCOPE_CHASSIS_INFO:
    case SCOPE_VIRTUALIZATION:
    case SCOPE_ENVIRONMENT:
    case SCOPE_CONTAINER:
    case SCOPE_CHASSIS_PRESSURE:
    case SCOPE_CHASSIS_FAN:
        return (struct scope_things){s->chassis, sizeof(*s->chassis), s->chassis ? 1 : 0, variants};
    case SCOPE_PRESENCE:
        return (struct scope_things){s->presences, sizeof(*s->presences), s->presence_len,
                                     variants};
    case SCOPE_BOARD:
    case SCOPE_BOARD_INFO:
    case SCOPE_BOARD_POWER:
        return (struct scope_things){s->board, sizeof(*s->board), s->board ? 1 : 0, variants};
    case SCOPE_RAIL:
        return (struct scope_things){s->board ? s->board->rails : NULL, sizeof(*s->board->rails),
                                     s->board ? s->board->rail_len : 0, variants};
    case SCOPE_ZONE:
        return (struct scope_things){s->board ? s->board->zones : NULL, sizeof(*s->board->zones),
                                     s->board ? s->board->zone_len : 0, variants};
    case SCOPE_ENGINE:
        return (struct scope_things){s->board ? s->board->engines : NULL,
                                     sizeof(*s->board->engines),
                                     s->board ? s->board->engine_len : 0, variants};
    case SCOPE_COUNT:
    default:
        break;
    }
    return (struct scope_things){.variants = 1};
}

bool scope_fits(enum scope scope, const void *thing)
{
    if (scope >= SCOPE_NPU)
        return scope_npu_fits(scope, thing);
    if (scope >= SCOPE_MORE)
        return scope_more_fits(scope, thing);
    const struct scope_part *part = part_of(scope);
    return !part->fits || part->fits(thing);
}

void scope_labels(const struct snapshot *s, enum scope scope, const void *thing, size_t index,
                  unsigned variant, struct label_sink *to)
{
    const struct scope_line line = {s, thing, index, variant, to, scope};
    const struct scope_part *part = scope < SCOPE_MORE ? part_of(scope) : NULL;

    if (!scope_fits(scope, thing)) {
        to->hash = hash_more(to->hash, "", 1);
        return;
    }
    label_begin(to);
    if (part)
        part->labels(&line);
    else if (scope >= SCOPE_NPU)
        scope_npu_labels(&line);
    else
        scope_more_labels(&line);
    label_end(to);
}
