/* nvidia_fields.c - NVML's field values: some hundred numbers from one call per GPU. Which of them
 * a board has differs from model to model; each is refused by itself and then not asked again. */
#include "device/nvidia/nvidia_parts.h"

#include <stddef.h>

struct entry {
    unsigned id; /* enum nvml_field_id */
    unsigned scope;
    enum check_field check;
    size_t offset;  /* of the first double in struct accelerator_detail */
    unsigned count; /* so many ids in a row, `step` doubles apart */
    bool seldom;    /* asked every SELDOM_NS only: moves a few times in the life of a board */
    bool wide;      /* worthless in 32 bits: it would come round within a reading */
};

#define AT(member) offsetof(struct accelerator_detail, member)

static const struct entry entries[] = {
    {NVML_FIELD_MEMORY_TEMPERATURE, 0, CHECK_MEMORY_TEMPERATURE, 0, 1, false, false},
    {NVML_FIELD_POWER_AVERAGE, 0, CHECK_POWER, AT(power_average_w), 1, false, false},
    {NVML_FIELD_POWER_INSTANT, 0, CHECK_POWER, AT(power_instant_w), 1, false, false},
    {NVML_FIELD_MARGIN, 0, CHECK_MARGIN, AT(margin_c), MARGIN_LIMITS, false, false},
    {NVML_FIELD_PCIE_TX_BYTES, 0, CHECK_PCIE_BYTES, AT(pcie_bytes_total), 2, false, true},
    {NVML_FIELD_THROTTLE_TIME, 0, CHECK_THROTTLE_TIME, AT(throttle_s_total), 8, false, true},
    {NVML_FIELD_THROTTLE_TIME_MORE, 0, CHECK_THROTTLE_TIME,
     AT(throttle_s_total[THROTTLE_TIME_SW_THERMAL]), 3, false, true},
    /* The same in another numbering, which goes first where its numbers have 64 bits. */
    {NVML_FIELD_THROTTLE_TIME_OLDER, 0, CHECK_THROTTLE_TIME,
     AT(throttle_s_total[THROTTLE_TIME_SW_THERMAL]), 3, false, true},
    {NVML_FIELD_POWER_INSTANT, NVML_SCOPE_MODULE, CHECK_POWER, AT(module_power_w), 1, false, false},
    {NVML_FIELD_POWER_AVERAGE, NVML_SCOPE_MEMORY, CHECK_POWER, AT(memory_power_w), 1, false, false},
    {NVML_FIELD_POWER_LIMIT, NVML_SCOPE_MODULE, CHECK_POWER_LIMIT, AT(module_power_limit_w), 1,
     true, false},
    {NVML_FIELD_POWER_LIMIT_REQUESTED, 0, CHECK_POWER_LIMIT, AT(power_limit_requested_w), 1, true,
     false},
    {NVML_FIELD_RESET_NEEDED, 0, CHECK_SWITCH, AT(reset_needed), 2, false, false},
    {NVML_FIELD_PAGES_WAITING, 0, CHECK_PAGES, AT(pages_waiting), 2, true, false},
    {NVML_FIELD_LINK_COUNT, 0, CHECK_LINK_COUNT, AT(link_count), 1, true, false},
    {NVML_FIELD_LINK_SWITCH_COUNT, 0, CHECK_LINK_COUNT, AT(link_switch_count), 1, true, false},
    {NVML_FIELD_LINK_ECC_ERRORS, 0, CHECK_LINK_ERRORS, AT(link_ecc_errors_total), 1, true, false},
    {NVML_FIELD_C2C_POWER_STATE, 0, CHECK_SWITCH, AT(c2c_power_state), 1, true, false},
    {NVML_FIELD_RECOVERY_ACTION, 0, CHECK_RECOVERY_ACTION, AT(recovery_action), 1, false, false},
    {NVML_FIELD_REMAPPED_CORRECTABLE, 0, CHECK_ROWS, AT(rows_remapped_total), 2, true, false},
    {NVML_FIELD_REMAPPED_PENDING, 0, CHECK_SWITCH, AT(rows_pending), 1, true, false},
    {NVML_FIELD_REMAPPED_FAILURE, 0, CHECK_SWITCH, AT(rows_failed), 1, true, false},
    {NVML_FIELD_RETIRED_SBE, 0, CHECK_PAGES, AT(pages_retired), 2, true, false},
    {NVML_FIELD_RETIRED_PENDING, 0, CHECK_SWITCH, AT(pages_pending), 1, true, false},
    {NVML_FIELD_ECC_AGGREGATE_CORRECTED, 0, CHECK_ECC_ERRORS, AT(ecc_aggregate_total), 2, true,
     false},
    {NVML_FIELD_ECC_LOCATION, 0, CHECK_ECC_ERRORS, AT(ecc_location_total), ECC_LOCATION_COUNTERS,
     true, false},
    {NVML_FIELD_PCIE_REPLAYS, 0, CHECK_PCIE_ERRORS, AT(pcie_replays_total), 1, true, false},
    {NVML_FIELD_PCIE_REPLAY_ROLLOVERS, 0, CHECK_PCIE_ERRORS, AT(pcie_replay_rollovers_total), 1,
     true, false},
    {NVML_FIELD_PCIE_L0_TO_RECOVERY, 0, CHECK_PCIE_ERRORS,
     AT(pcie_error_total[PCIE_ERROR_L0_TO_RECOVERY]), 1, true, false},
    {NVML_FIELD_PCIE_ERROR, 0, CHECK_PCIE_ERRORS, AT(pcie_error_total[PCIE_ERROR_CORRECTABLE]), 11,
     true, false},
    {NVML_FIELD_LINK_TX_KIB, NVML_ALL_LINKS, CHECK_LINK_KIB, AT(link_bytes_total[0]), 1, false,
     true},
    {NVML_FIELD_LINK_RX_KIB, NVML_ALL_LINKS, CHECK_LINK_KIB, AT(link_bytes_total[1]), 1, false,
     true},
    {NVML_FIELD_LINK_TX_BYTES, NVML_ALL_LINKS, CHECK_LINK_BYTES, AT(link_bytes_total[0]), 1, false,
     true},
    {NVML_FIELD_LINK_RX_BYTES, NVML_ALL_LINKS, CHECK_LINK_BYTES, AT(link_bytes_total[1]), 1, false,
     true},
    {NVML_FIELD_LINK_TX_KIB, 0, CHECK_LINK_KIB, AT(first_link_bytes_total[0]), 1, false, true},
    {NVML_FIELD_LINK_RX_KIB, 0, CHECK_LINK_KIB, AT(first_link_bytes_total[1]), 1, false, true},
    {NVML_FIELD_LINK_TX_BYTES, 0, CHECK_LINK_BYTES, AT(first_link_bytes_total[0]), 1, false, true},
    {NVML_FIELD_LINK_RX_BYTES, 0, CHECK_LINK_BYTES, AT(first_link_bytes_total[1]), 1, false, true},
    {NVML_FIELD_LINK_REPLAY, 0, CHECK_LINK_ERRORS, AT(link_error_total[LINK_ERROR_REPLAY]), 1, true,
     false},
    {NVML_FIELD_LINK_RECOVERY, 0, CHECK_LINK_ERRORS, AT(link_error_total[LINK_ERROR_RECOVERY]), 1,
     true, false},
    {NVML_FIELD_LINK_CRC_FLIT, 0, CHECK_LINK_ERRORS, AT(link_error_total[LINK_ERROR_CRC_FLIT]), 1,
     true, false},
    {NVML_FIELD_LINK_CRC_DATA, 0, CHECK_LINK_ERRORS, AT(link_error_total[LINK_ERROR_CRC_DATA]), 1,
     true, false},
    {NVML_FIELD_C2C_LINKS, 0, CHECK_C2C_LINKS, AT(c2c_links), 1, true, false},
    {NVML_FIELD_C2C_ERROR, 0, CHECK_LINK_ERRORS, AT(c2c_error_total), C2C_ERRORS, true, false},
};

#define VALUES_MAX (NVIDIA_FIELD_WORDS * 64)

/* One value of an entry, as asked. */
struct place {
    const struct entry *entry;
    unsigned char value; /* which of them, for its bit in fields_refused */
    double *to;
};

void nvidia_fields_forget(struct gpu *g)
{
    memset(g->unsupported, 0, sizeof(g->unsupported));
    g->errors_refused = g->errors_wanted = g->violations_refused = g->violations_wanted = 0;
    g->pages_wanted = g->rows_wanted = false;
    g->fifth_refused = g->gpm_refused = 0;
    g->gpm_plain = false;
    g->health_next_ns = g->limits_next_ns = g->pcie_next_ns = g->c2c_next_ns = 0;
    g->accounting_next_ns = 0;
    memset(g->fields_refused, 0, sizeof(g->fields_refused));
    g->links_next_ns = g->histogram_next_ns = 0;
    g->kept_next_ns = 0;
}

double nvidia_rate_of(struct nvidia_rate *r, double total, uint64_t mono_ns)
{
    double rate = NAN;

    if (total >= r->total && mono_ns > r->mono_ns)
        rate = (total - r->total) / ((double)(mono_ns - r->mono_ns) / NS_PER_S);
    r->total = total;
    r->mono_ns = mono_ns;
    return rate;
}

double nvidia_field_number(const struct nvml_field_value *v)
{
    switch (v->value_type) {
    case NVML_VALUE_DOUBLE:
        return v->value.d;
    case NVML_VALUE_UNSIGNED:
        return v->value.u;
    case NVML_VALUE_SIGNED_LONG_LONG:
        return (double)v->value.sll;
    case NVML_VALUE_SIGNED:
        return v->value.si;
    case NVML_VALUE_UNSIGNED_SHORT:
        return v->value.us;
    default:
        return (double)v->value.ull;
    }
}

static bool is_wide(const struct nvml_field_value *v)
{
    return v->value_type == NVML_VALUE_UNSIGNED_LONG ||
           v->value_type == NVML_VALUE_UNSIGNED_LONG_LONG ||
           v->value_type == NVML_VALUE_SIGNED_LONG_LONG || v->value_type == NVML_VALUE_DOUBLE;
}

/* Lists what is to be asked now; returns how many. */
static unsigned list(struct gpu *g, struct accelerator *a, bool seldom,
                     struct nvml_field_value *values, struct place *places)
{
    unsigned len = 0, value = 0;

    for (size_t i = 0; i < ARRAY_LEN(entries); i++)
        for (unsigned k = 0; k < entries[i].count && value < VALUES_MAX; k++, value++) {
            const struct entry *e = &entries[i];
            size_t offset = e->offset + k * sizeof(double);
            if ((g->fields_refused[value / 64] >> value % 64 & 1) || (e->seldom && !seldom))
                continue;
            values[len] = (struct nvml_field_value){.field_id = e->id + k, .scope_id = e->scope};
            char *base = (char *)(e->seldom ? &g->kept : &a->detail);
            double *to = e->id == NVML_FIELD_MEMORY_TEMPERATURE ? &a->memory_temperature_c
                                                                : (double *)(base + offset);
            *to = NAN;
            places[len++] = (struct place){e, (unsigned char)value, to};
        }
    return len;
}

/* Notes that a value has no field: nvidia_health.c knows calls for some. */
static void refuse(struct gpu *g, const struct place *p, unsigned id)
{
    g->fields_refused[p->value / 64] |= (uint64_t)1 << p->value % 64;
    if (id >= NVML_FIELD_ECC_LOCATION && id < NVML_FIELD_ECC_LOCATION + ECC_LOCATION_COUNTERS)
        g->errors_wanted |= 1u << (id - NVML_FIELD_ECC_LOCATION);
    else if (id >= NVML_FIELD_THROTTLE_TIME && id < NVML_FIELD_THROTTLE_TIME + 8)
        g->violations_wanted |= 1u << (id - NVML_FIELD_THROTTLE_TIME);
    g->pages_wanted = g->pages_wanted || id == NVML_FIELD_RETIRED_PENDING;
    g->rows_wanted = g->rows_wanted || id == NVML_FIELD_REMAPPED_PENDING;
}

static void take(struct gpu_context *c, struct gpu *g, const struct nvml_field_value *v,
                 const struct place *p)
{
    int code = (int)v->code;

    if (code == NVML_SUCCESS && p->entry->wide && !is_wide(v))
        code = NVML_NOT_SUPPORTED;
    if (code == NVML_SUCCESS)
        *p->to = check_gauge(&c->check, p->entry->check, nvidia_field_number(v));
    else if (nvml_code_is_permanent(code) || code == NVML_INVALID_ARGUMENT)
        refuse(g, p, v->field_id);
    else
        nvidia_gpu_told(c, g, ASK_ONCE, code);
}

/* No clock is held down for longer than the time that passed: a counter that says so is not in the
 * unit that the header promises. */
static void check_throttle_time(struct gpu_context *c, struct gpu *g, struct accelerator *a)
{
    double passed = (double)(c->mono_ns - g->throttle_ns) / NS_PER_S;

    for (size_t i = 0; i < THROTTLE_TIMES; i++) {
        double *now = &a->detail.throttle_s_total[i], before = g->throttle_s[i];
        g->throttle_s[i] = *now;
        if (*now - before > 1 + 2 * passed) {
            check_reject(&c->check, CHECK_THROTTLE_TIME, CHECK_RANGE);
            *now = NAN;
        }
    }
    g->throttle_ns = c->mono_ns;
}

void nvidia_fields_read(struct gpu_context *c, struct gpu *g, struct accelerator *a)
{
    struct nvml_field_value values[VALUES_MAX];
    struct place places[VALUES_MAX];
    bool seldom = c->mono_ns >= g->kept_next_ns;
    unsigned len = list(g, a, seldom, values, places);

    if (len && ASK(c, g, ASK_FIELDS, fields, (int)len, values)) {
        for (unsigned i = 0; i < len; i++)
            take(c, g, &values[i], &places[i]);
        if (seldom)
            g->kept_next_ns = c->mono_ns + SELDOM_NS;
    }
    struct accelerator_detail now = a->detail;
    a->detail = g->kept; /* then over it what was asked now */
    for (size_t i = 0; i < sizeof(now) / sizeof(double); i++)
        if (!isnan(((const double *)&now)[i]))
            ((double *)&a->detail)[i] = ((const double *)&now)[i];
    nvidia_health_violations(c, g, a);
    check_throttle_time(c, g, a);
    struct accelerator_detail *d = &a->detail;
    for (size_t i = 0; i < 2; i++) {
        d->pcie_bytes_per_s[i] =
            nvidia_rate_of(&g->pcie_rate[i], d->pcie_bytes_total[i], c->mono_ns);
        d->link_bytes_per_s[i] =
            nvidia_rate_of(&g->link_rate[i], d->link_bytes_total[i], c->mono_ns);
        d->first_link_bytes_per_s[i] =
            nvidia_rate_of(&g->first_link_rate[i], d->first_link_bytes_total[i], c->mono_ns);
    }
}
