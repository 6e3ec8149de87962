#include "worker/energy.h"

#define GAP_S                                                                                      \
    300.0 /* longer between two snapshots: the machine slept, nobody knows what it drew            \
           */

const char *const power_part_names[POWER_PARTS] = {"gpu", "cpu", "node", "unaccounted"};

void energy_fini(struct energy *e)
{
    free(e->meters);
    *e = (struct energy){.len = 0};
}

static struct energy_meter *meter_of(struct energy *e, const struct merged_accelerator *a)
{
    uint64_t key = hash_bytes(&a->number, sizeof(a->number));

    key = hash_more(key, a->device.uuid, strlen(a->device.uuid));
    for (size_t i = 0; i < e->len; i++)
        if (e->meters[i].key == key)
            return &e->meters[i];
    struct energy_meter *grown = array_grow(e->meters, &e->cap, e->len + 1, sizeof(*grown));
    if (!grown)
        return NULL;
    e->meters = grown;
    grown[e->len] = (struct energy_meter){key, UNKNOWN};
    return &grown[e->len++];
}

/* What one device used: the growth of its counter; power times time where it has none, or where it
 * began again. NAN: neither is known. */
static double used_j(struct energy_meter *meter, const struct accelerator *a, double seconds)
{
    double now = a->energy_j_total, before = meter ? meter->energy_j : UNKNOWN;

    if (meter)
        meter->energy_j = now;
    if (now >= before) /* false when either is NAN */
        return now - before;
    return a->power_w * seconds;
}

/* Of all GPUs that answer. One among them that does not tell its power makes the sum unknown: it
 * would look as if the rest of the machine drew it. */
static int add_gpus(struct energy *e, struct snapshot *s, double seconds)
{
    double watts = 0;
    size_t count = 0;
    int code = 0;

    for (size_t i = 0; i < s->accelerator_len; i++) {
        const struct accelerator *a = &s->accelerators[i].device;
        if (a->state != ACCELERATOR_OK)
            continue;
        struct energy_meter *meter = meter_of(e, &s->accelerators[i]);
        double joules = used_j(meter, a, seconds);
        code = meter ? code : -ENOMEM;
        if (!isnan(joules)) {
            e->total_j[POWER_GPU] += joules;
            e->known[POWER_GPU] = true;
        }
        watts += a->power_w;
        count++;
    }
    s->part_power_w[POWER_GPU] = count ? watts : UNKNOWN;
    return code;
}

static void add_part(struct energy *e, struct snapshot *s, enum power_part part, double watts,
                     double seconds)
{
    s->part_power_w[part] = watts;
    if (isnan(watts))
        return;
    e->total_j[part] += watts * seconds;
    e->known[part] = true;
}

/* The meter of a server, or the rail that feeds a module; a sum of rails measures no whole. */
static double node_power(const struct snapshot *s)
{
    double watts = s->chassis ? s->chassis->power_w : UNKNOWN;

    if (isnan(watts) && s->board && !s->board->power_is_sum)
        watts = s->board->power_w;
    return watts;
}

int energy_update(struct energy *e, struct snapshot *s, uint64_t mono_ns)
{
    double seconds =
        e->mono_ns && mono_ns > e->mono_ns ? (double)(mono_ns - e->mono_ns) / NS_PER_S : 0;

    if (seconds > GAP_S)
        seconds = 0;
    int code = add_gpus(e, s, seconds);
    add_part(e, s, POWER_CPU, s->cpu ? s->cpu->power_w : UNKNOWN, seconds);
    add_part(e, s, POWER_NODE, node_power(s), seconds);
    double rest = s->part_power_w[POWER_NODE];
    bool gpus = s->accelerator_len > 0;
    if (gpus)
        rest -= s->part_power_w[POWER_GPU]; /* NAN where one does not tell */
    if (!isnan(s->part_power_w[POWER_CPU]))
        rest -= s->part_power_w[POWER_CPU];
    s->part_power_w[POWER_UNACCOUNTED] =
        gpus || !isnan(s->part_power_w[POWER_CPU]) ? rest : UNKNOWN;
    for (size_t i = 0; i < POWER_PARTS; i++)
        s->part_energy_j[i] = e->known[i] ? e->total_j[i] : UNKNOWN;
    e->mono_ns = mono_ns;
    return code;
}
