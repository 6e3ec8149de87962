/* nvidia_health.c - errors of memory by other calls than field values: where a driver has no field,
 * and what has none at all. */
#include "device/nvidia/nvidia_parts.h"

/* Of nvmlDeviceGetMemoryErrorCounter, in the order of ecc_location_total: L1, L2, device memory,
 * registers, texture; then the CBU, which counts uncorrected errors only. */
static const unsigned char places[] = {0, 1, 2, 3, 4};
#define PLACE_CBU 6

struct counter {
    int type, period, place;
};

/* What entry `i` of ecc_location_total counts. */
static struct counter counter_of(unsigned i)
{
    struct counter c = {NVML_ECC_CORRECTED, NVML_ECC_VOLATILE, NVML_ECC_SRAM};

    if (i >= ECC_LOCATION_COUNTERS) {
        i -= ECC_LOCATION_COUNTERS;
        c.period = i < ECC_SRAM_COUNTERS / 2 ? NVML_ECC_VOLATILE : NVML_ECC_AGGREGATE;
        c.type = i % 2 ? NVML_ECC_UNCORRECTED : NVML_ECC_CORRECTED;
        return c;
    }
    unsigned at = i % ECC_LOCATIONS;
    bool cbu = at == ECC_LOCATIONS - 1;
    c.period = i < ECC_LOCATIONS ? NVML_ECC_VOLATILE : NVML_ECC_AGGREGATE;
    c.type = cbu || at % 2 ? NVML_ECC_UNCORRECTED : NVML_ECC_CORRECTED;
    c.place = cbu ? PLACE_CBU : places[at / 2];
    return c;
}

/* A driver without the call for fields has no field at all. */
static bool has_fields(const struct gpu_context *c, const struct gpu *g)
{
    return c->nvml.fields && !nvidia_gpu_refused(g, ASK_FIELDS);
}

/* Fills in what has no field. */
static void read_memory_errors(struct gpu_context *c, struct gpu *g)
{
    const unsigned sram = ((1u << ECC_SRAM_COUNTERS) - 1) << ECC_LOCATION_COUNTERS;
    unsigned wanted = has_fields(c, g) ? g->errors_wanted | sram : ~0u;
    double *all = g->kept.ecc_location_total;

    for (unsigned i = 0; i < ARRAY_LEN(g->kept.ecc_location_total); i++) {
        struct counter what = counter_of(i);
        unsigned long long count;
        if (!((wanted & ~g->errors_refused) >> i & 1))
            continue;
        all[i] = NAN;
        if (!c->nvml.memory_errors || !nvidia_gpu_may(c, g, ASK_MEMORY_ERRORS))
            return;
        int code = c->nvml.memory_errors(g->handle, what.type, what.period, what.place, &count);
        if (nvml_code_is_permanent(code) || code == NVML_INVALID_ARGUMENT)
            g->errors_refused |= 1u << i; /* this place only */
        else if (nvidia_gpu_told(c, g, ASK_MEMORY_ERRORS, code))
            all[i] = check_gauge(&c->check, CHECK_ECC_ERRORS, (double)count);
    }
}

/* Only root may ask: one hint for all GPUs, then silence. */
static void hint_at_root(struct gpu_context *c)
{
    struct nvidia_parts *p = nvidia_parts_of(c);

    if (!p->told_root)
        log_info("the state of the GPUs' SRAM is shown to root only: algalon_gpu_sram_* stay away");
    p->told_root = true;
}

static void read_sram(struct gpu_context *c, struct gpu *g)
{
    struct nvml_sram_status s = {.version = NVML_STRUCT_VERSION(struct nvml_sram_status, 1)};
    struct accelerator_detail *k = &g->kept;

    if (!c->nvml.sram_status || !nvidia_gpu_may(c, g, ASK_SRAM_STATUS))
        return;
    int code = c->nvml.sram_status(g->handle, &s);
    bool told = nvidia_gpu_told(c, g, ASK_SRAM_STATUS, code);
    if (code == NVML_NO_PERMISSION)
        hint_at_root(c);
    for (size_t i = 0; i < SRAM_KINDS; i++)
        k->sram_kind_total[i] =
            told ? check_gauge(&c->check, CHECK_ECC_ERRORS, (double)s.kinds[i]) : (double)NAN;
    for (size_t i = 0; i < SRAM_UNITS; i++)
        k->sram_unit_total[i] =
            told ? check_gauge(&c->check, CHECK_ECC_ERRORS, (double)s.units[i]) : (double)NAN;
    k->sram_threshold =
        told ? check_gauge(&c->check, CHECK_SWITCH, s.threshold_exceeded) : (double)NAN;
}

/* Rows and pages of drivers that have no field for them. */
static void read_rows(struct gpu_context *c, struct gpu *g)
{
    struct accelerator_detail *k = &g->kept;
    unsigned corrected, uncorrected, pending, failed;

    if (g->pages_wanted || !has_fields(c, g)) {
        k->pages_pending = NAN;
        if (ASK(c, g, ASK_PAGES_PENDING, pages_pending, &pending))
            k->pages_pending = check_gauge(&c->check, CHECK_SWITCH, pending);
    }
    if (!g->rows_wanted && has_fields(c, g))
        return;
    k->rows_remapped_total[0] = k->rows_remapped_total[1] = k->rows_pending = k->rows_failed = NAN;
    if (!ASK(c, g, ASK_REMAPPED_ROWS, remapped_rows, &corrected, &uncorrected, &pending, &failed))
        return;
    k->rows_remapped_total[0] = check_gauge(&c->check, CHECK_ROWS, corrected);
    k->rows_remapped_total[1] = check_gauge(&c->check, CHECK_ROWS, uncorrected);
    k->rows_pending = check_gauge(&c->check, CHECK_SWITCH, pending);
    k->rows_failed = check_gauge(&c->check, CHECK_SWITCH, failed);
}

void nvidia_health_read(struct gpu_context *c, struct gpu *g, struct accelerator *a)
{
    struct nvml_margin_temperature margin = {
        .version = NVML_STRUCT_VERSION(struct nvml_margin_temperature, 1)};
    struct accelerator_detail *d = &a->detail;
    const struct accelerator_detail *k = &g->kept;

    if (ASK(c, g, ASK_MARGIN, margin, &margin))
        d->margin_limit_c = check_gauge(&c->check, CHECK_MARGIN, margin.margin);
    if (nvidia_is_turn(c, &g->health_next_ns)) {
        if (a->ecc_mode > 0)
            read_memory_errors(c, g);
        read_sram(c, g);
        read_rows(c, g);
    }
    memcpy(d->ecc_location_total, k->ecc_location_total, sizeof(d->ecc_location_total));
    memcpy(d->sram_kind_total, k->sram_kind_total, sizeof(d->sram_kind_total));
    memcpy(d->sram_unit_total, k->sram_unit_total, sizeof(d->sram_unit_total));
    memcpy(d->rows_remapped_total, k->rows_remapped_total, sizeof(d->rows_remapped_total));
    d->sram_threshold = k->sram_threshold;
    d->pages_pending = k->pages_pending;
    d->rows_pending = k->rows_pending;
    d->rows_failed = k->rows_failed;
}

void nvidia_health_violations(struct gpu_context *c, struct gpu *g, struct accelerator *a)
{
    /* NVML's policies in the order of enum throttle_time; the last three have none. */
    static const int policies[] = {0, 1, 2, 3, 4, 5, 10, 11};
    unsigned wanted = (has_fields(c, g) ? g->violations_wanted : ~0u) & ~g->violations_refused;

    for (unsigned i = 0; i < ARRAY_LEN(policies); i++) {
        struct nvml_violation v;
        if (!(wanted >> i & 1) || !c->nvml.violation || !nvidia_gpu_may(c, g, ASK_VIOLATION))
            continue;
        int code = c->nvml.violation(g->handle, policies[i], &v);
        if (nvml_code_is_permanent(code) || code == NVML_INVALID_ARGUMENT)
            g->violations_refused |= 1u << i;
        else if (nvidia_gpu_told(c, g, ASK_VIOLATION, code))
            a->detail.throttle_s_total[i] =
                check_gauge(&c->check, CHECK_THROTTLE_TIME, (double)v.violation);
    }
}
