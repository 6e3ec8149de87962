#include "worker/plausible.h"

#include "worker/schema.h"

#define SLACK 1e-9 /* of rounding, relative to the bound */

/* A rule of a schema with the range of its family, in the unit of the field. */
struct bound {
    const struct schema_rule *rule;
    double low, high;
    unsigned values; /* doubles of an array; else 1 */
    uint64_t rejected;
};

struct plausible {
    size_t len;
    struct bound bounds[];
};

/* ---- what a rule speaks of ---- */

struct things {
    void *base;
    size_t size, len;
};

/* In a reading, in which a thing begins as it does in a snapshot. Nothing: not from a reading, or
 * its collector looks after it itself. */
static struct things things_of(struct reading *r, enum scope scope)
{
    switch (scope) {
    case SCOPE_GPU:
    case SCOPE_GPU_ENERGY:
    case SCOPE_GPU_ECC:
    case SCOPE_GPU_MARGIN:
    case SCOPE_GPU_MIG_MODE:
        return (struct things){r->accelerators, sizeof(*r->accelerators), r->accelerator_len};
    case SCOPE_GPU_PROCESS:
        return (struct things){r->accelerator_processes, sizeof(*r->accelerator_processes),
                               r->accelerator_process_len};
    case SCOPE_INSTANCE:
        return (struct things){r->instances, sizeof(*r->instances), r->instance_len};
    case SCOPE_LINK:
        return (struct things){r->links, sizeof(*r->links), r->link_len};
    case SCOPE_CPU:
    case SCOPE_CPU_HOST:
        return (struct things){&r->cpu, sizeof(r->cpu), r->cpu.present};
    case SCOPE_SOCKET:
        return (struct things){r->cpu.sockets, sizeof(*r->cpu.sockets), r->cpu.socket_len};
    case SCOPE_CORE:
    case SCOPE_CORE_CLOCK:
        return (struct things){r->cpu.cores, sizeof(*r->cpu.cores), r->cpu.core_len};
    case SCOPE_MEMORY:
    case SCOPE_MEMORY_HOST:
        return (struct things){&r->memory, sizeof(r->memory), r->memory.present};
    case SCOPE_DISK:
        return (struct things){r->filesystems, sizeof(*r->filesystems), r->filesystem_len};
    case SCOPE_PROCESS:
        return (struct things){r->processes, sizeof(*r->processes), r->process_len};
    case SCOPE_CHASSIS:
    case SCOPE_CHASSIS_FAN:
        return (struct things){&r->chassis, sizeof(r->chassis), r->chassis.present};
    case SCOPE_BOARD:
    case SCOPE_BOARD_POWER:
        return (struct things){&r->board, sizeof(r->board), r->board.present};
    case SCOPE_RAIL:
        return (struct things){r->board.rails, sizeof(*r->board.rails), r->board.rail_len};
    case SCOPE_ZONE:
        return (struct things){r->board.zones, sizeof(*r->board.zones), r->board.zone_len};
    case SCOPE_ENGINE:
        return (struct things){r->board.engines, sizeof(*r->board.engines), r->board.engine_len};
    case SCOPE_NPU:
    case SCOPE_NPU_STATUS:
    case SCOPE_NPU_RESET:
    case SCOPE_TENSTORRENT:
    case SCOPE_TPU:
        return (struct things){r->accelerators, sizeof(*r->accelerators), r->accelerator_len};
    default:
        return (struct things){NULL, 0, 0};
    }
}

static bool is_field(const struct schema_rule *rule)
{
    return rule->source == VALUE_DOUBLE || rule->source == VALUE_ARRAY ||
           rule->source == VALUE_COUNT;
}

static size_t size_of(const struct bound *b)
{
    return b->rule->source == VALUE_COUNT ? sizeof(uint64_t) : b->values * sizeof(double);
}

/* ---- making ---- */

/* All names of a value have one range: those of the first schema stand for the others. */
static size_t list_bounds(struct bound *to)
{
    static const struct snapshot nothing;
    size_t len = 0;

    for (size_t i = 0; i < schema_tables_len; i++)
        for (size_t j = 0; schema_tables[i].schema == SCHEMA_ALL_SMI && j < *schema_tables[i].len;
             j++) {
            const struct schema_rule *rule = &schema_tables[i].rules[j];
            const struct catalogue_family *family = catalogue_find(str_of(rule->name));
            if (!is_field(rule) || !family)
                continue;
            if (to) {
                struct bound *b = &to[len];
                *b = (struct bound){.rule = rule, .values = 1};
                catalogue_range(family, &b->low, &b->high);
                b->low /= rule->scale;
                b->high = b->high / rule->scale + fabs(b->high / rule->scale) * SLACK;
                if (rule->source == VALUE_ARRAY)
                    b->values = scope_things(&nothing, rule->scope).variants;
            }
            len++;
        }
    return len;
}

struct plausible *plausible_new(void)
{
    size_t len = list_bounds(NULL);
    struct plausible *p = xcalloc(1, sizeof(*p) + len * sizeof(p->bounds[0]));

    p->len = list_bounds(p->bounds);
    return p;
}

void plausible_free(struct plausible *p)
{
    free(p);
}

/* ---- checking ---- */

static bool is_within(const struct bound *b, double value)
{
    return value >= b->low && value <= b->high;
}

static void check_thing(struct bound *b, char *at)
{
    double value;
    uint64_t count;

    if (b->rule->source == VALUE_COUNT) {
        memcpy(&count, at, sizeof(count));
        if (count == UNKNOWN_COUNT || is_within(b, (double)count))
            return;
        count = UNKNOWN_COUNT;
        memcpy(at, &count, sizeof(count));
        b->rejected++;
        return;
    }
    for (unsigned i = 0; i < b->values; i++, at += sizeof(value)) {
        memcpy(&value, at, sizeof(value));
        if (isnan(value) || is_within(b, value))
            continue;
        value = UNKNOWN;
        memcpy(at, &value, sizeof(value));
        b->rejected++;
    }
}

static int list_rejects(const struct plausible *p, struct reading *r)
{
    size_t n = 0;

    for (size_t i = 0; i < p->len; i++)
        n += p->bounds[i].rejected > 0;
    if (!n)
        return 0;
    struct reading_reject *list = arena_calloc(r->arena, r->reject_len + n, sizeof(*list));
    if (!list)
        return -ENOMEM;
    if (r->reject_len)
        memcpy(list, r->rejects, r->reject_len * sizeof(*list));
    for (size_t i = 0; i < p->len; i++)
        if (p->bounds[i].rejected)
            list[r->reject_len++] =
                (struct reading_reject){p->bounds[i].rule->name, "range", p->bounds[i].rejected};
    r->rejects = list;
    return 0;
}

int plausible_check(struct plausible *p, struct reading *r)
{
    for (size_t i = 0; i < p->len; i++) {
        struct bound *b = &p->bounds[i];
        struct things things = things_of(r, b->rule->scope);
        if (b->rule->offset + size_of(b) > things.size)
            continue; /* made by the worker, not read */
        for (size_t j = 0; j < things.len; j++)
            check_thing(b, (char *)things.base + j * things.size + b->rule->offset);
    }
    return list_rejects(p, r);
}
