/* api_fields.c - NVML's field values. A fault "value field=field_143" (memory_temperature for 82)
 * puts another value in the place of any of them, "field=field_185_0" in that of scope 0 alone. */
#include "sim.h"

#define GIB      1073741824.0
#define US_PER_S 1e6
#define NO_FAULT (-1e308) /* no driver answers that */

/* What a field is on a board: `value` in the driver's unit. */
struct answer {
    double value;
    enum nvml_value_type type;
    bool known;
};

static struct answer no_answer(void)
{
    return (struct answer){0, NVML_VALUE_UNSIGNED, false};
}

static struct answer wide(bool known, double value)
{
    return (struct answer){value, NVML_VALUE_UNSIGNED_LONG_LONG, known};
}

static struct answer narrow(bool known, double value)
{
    return (struct answer){value, NVML_VALUE_UNSIGNED, known};
}

/* Seconds that the driver was at work, and that a loaded GPU was loaded. */
static double worked_s(const struct nvml_device *d)
{
    const struct sim_gpu *g = &sim.scenario.gpus[d->gpu];
    double s = (double)(sim_now() - sim.start_us) / US_PER_S;

    return g->profile == SIM_IDLE || s < 0 ? 0 : s;
}

static struct answer memory_health(const struct nvml_device *d, unsigned id)
{
    const struct sim_gpu *g = &sim.scenario.gpus[d->gpu];
    bool ampere = g->board->arch >= 7 && g->board->server;

    if (id == NVML_FIELD_ECC_AGGREGATE_CORRECTED || id == NVML_FIELD_ECC_AGGREGATE_UNCORRECTED)
        return wide(g->ecc, id == NVML_FIELD_ECC_AGGREGATE_CORRECTED ? 3 : 0);
    if (id >= NVML_FIELD_ECC_LOCATION && id < NVML_FIELD_RETIRED_SBE)
        return wide(g->ecc, id == 22 ? 3 : 0); /* corrected, aggregate, device memory */
    if ((id >= NVML_FIELD_RETIRED_SBE && id <= NVML_FIELD_RETIRED_PENDING) ||
        id == NVML_FIELD_PAGES_WAITING || id == NVML_FIELD_PAGES_WAITING + 1)
        return narrow(!ampere && g->ecc, 0);
    return narrow(ampere && !g->mig, 0);
}

static struct answer pcie(const struct nvml_device *d, unsigned id)
{
    const struct sim_board *b = sim.scenario.gpus[d->gpu].board;

    switch (id) {
    case NVML_FIELD_PCIE_TX_BYTES:
        return wide(b->arch >= 9, floor(2 * GIB * worked_s(d)));
    case NVML_FIELD_PCIE_RX_BYTES:
        return wide(b->arch >= 9, floor(3 * GIB * worked_s(d)));
    case NVML_FIELD_PCIE_REPLAYS:
    case NVML_FIELD_PCIE_REPLAY_ROLLOVERS:
        return narrow(true, 0);
    default:
        return narrow(b->arch >= 9, 0);
    }
}

static bool is_throttle_time(unsigned id)
{
    bool older = sim_fault(SIM_FAULT_FIELDS_OLDER, SIM_ALL_GPUS) != NULL;
    unsigned more = older ? NVML_FIELD_THROTTLE_TIME_OLDER : NVML_FIELD_THROTTLE_TIME_MORE;

    return (id >= NVML_FIELD_THROTTLE_TIME && id < NVML_FIELD_MEMORY_TEMPERATURE) ||
           (id >= more && id < more + 3);
}

/* What the numbers of the other numbering stand for. */
static bool is_power_smoothing(unsigned id)
{
    return !is_throttle_time(id) &&
           ((id >= NVML_FIELD_THROTTLE_TIME_OLDER && id < NVML_FIELD_THROTTLE_TIME_OLDER + 3) ||
            (id >= NVML_FIELD_THROTTLE_TIME_MORE && id < NVML_FIELD_THROTTLE_TIME_MORE + 3));
}

static struct answer throttle_time(const struct nvml_device *d, unsigned id)
{
    bool server = sim.scenario.gpus[d->gpu].board->server;

    /* A loaded GPU is at its power cap for a tenth of the time. */
    return wide(server, id == NVML_FIELD_THROTTLE_TIME ? floor(worked_s(d) * 1e8) : 0);
}

/* What only the fifth generation counts. Rates are mantissa x 10^-exponent. */
static struct answer fifth_link(bool fifth, unsigned id, unsigned scope)
{
    unsigned raw_rate = 15 << 8 | 254; /* none in the life of the link */

    if (id == 213 || id == 215) /* recoveries that succeeded, all */
        return wide(fifth, scope == 1 ? 2 : 0);
    if (id == 218) /* raw bit errors are what the correction is there for */
        raw_rate = 3 << 8 | 9;
    return wide(fifth,
                id == 216 || id == 217 || id == 218 || id == 220 || id == 222 ? raw_rate : 0);
}

/* Counters of one link, or of all; the fifth generation counts bytes, older ones KiB. */
static struct answer links(const struct nvml_device *d, unsigned id, unsigned scope)
{
    static const double speeds[] = {25781, 25781, 25781, 26562, 53125}; /* MB/s by generation */
    const struct sim_gpu *g = &sim.scenario.gpus[d->gpu];
    bool bytes = id == NVML_FIELD_LINK_TX_BYTES || id == NVML_FIELD_LINK_RX_BYTES;
    bool fifth = g->board->arch >= 10;
    double all = scope == NVML_ALL_LINKS ? g->links : 1;

    if (!g->links || g->mig)
        return no_answer();
    if (id == NVML_FIELD_LINK_COUNT)
        return narrow(true, g->links);
    if (id == NVML_FIELD_LINK_SWITCH_COUNT)
        return narrow(g->board->server, g->links);
    if (id == NVML_FIELD_LINK_SPEED)
        return narrow(true, speeds[fifth ? 4 : g->board->arch >= 9 ? 3 : 2]);
    if (id == NVML_FIELD_LINK_POWER_STATE)
        return narrow(g->board->arch >= 9, 0);
    if (id == NVML_FIELD_LINK_ECC_ERRORS)
        return wide(!fifth, 0);
    if (id >= NVML_FIELD_LINK_FIFTH && id < NVML_FIELD_LINK_FIFTH + 17)
        return fifth_link(fifth, id, scope);
    if (id >= NVML_FIELD_LINK_FEC && id < NVML_FIELD_LINK_FEC + 16)
        return wide(fifth, id == NVML_FIELD_LINK_FEC ? floor(worked_s(d) * 1e6) : 0);
    if (id <= NVML_FIELD_LINK_RECOVERY)
        return wide(true, 0);
    return wide(bytes == fifth, floor(worked_s(d) * GIB * all / (bytes ? 1 : 1024)));
}

static bool is_of_links(unsigned id)
{
    static const unsigned ids[] = {
        NVML_FIELD_LINK_CRC_FLIT,     NVML_FIELD_LINK_CRC_DATA, NVML_FIELD_LINK_REPLAY,
        NVML_FIELD_LINK_RECOVERY,     NVML_FIELD_LINK_TX_KIB,   NVML_FIELD_LINK_RX_KIB,
        NVML_FIELD_LINK_TX_BYTES,     NVML_FIELD_LINK_RX_BYTES, NVML_FIELD_LINK_COUNT,
        NVML_FIELD_LINK_SWITCH_COUNT, NVML_FIELD_LINK_SPEED,    NVML_FIELD_LINK_POWER_STATE,
        NVML_FIELD_LINK_ECC_ERRORS};

    for (size_t i = 0; i < ARRAY_LEN(ids); i++)
        if (ids[i] == id)
            return true;
    return (id >= NVML_FIELD_LINK_FIFTH && id < NVML_FIELD_LINK_FIFTH + 17) ||
           (id >= NVML_FIELD_LINK_FEC && id < NVML_FIELD_LINK_FEC + 16);
}

static struct answer c2c(const struct sim_board *b, unsigned id, unsigned scope)
{
    if (id == NVML_FIELD_C2C_STATUS || id == NVML_FIELD_C2C_BANDWIDTH)
        return narrow(scope < b->c2c, id == NVML_FIELD_C2C_STATUS ? 1 : 44712);
    return narrow(b->c2c, id == NVML_FIELD_C2C_LINKS ? b->c2c : 0);
}

/* The power family: of the GPU, of the module that it shares with a processor, of its memory. */
static struct answer power(const struct nvml_device *d, unsigned id, unsigned scope)
{
    const struct sim_board *b = sim.scenario.gpus[d->gpu].board;
    double now = sim_power_w(&sim.scenario, d->gpu, sim_now());

    if (id == NVML_FIELD_POWER_LIMIT)
        return narrow(scope == NVML_SCOPE_MODULE ? b->c2c : b->arch >= 8,
                      1000 * (b->power_default_w + (scope == NVML_SCOPE_MODULE ? 300.0 : 0)));
    if (id == NVML_FIELD_POWER_LIMIT_REQUESTED)
        return narrow(b->arch >= 8, 1000.0 * b->power_default_w);
    if (scope == NVML_SCOPE_MODULE)
        return narrow(b->c2c, floor(1000 * (now + 100)));
    if (scope == NVML_SCOPE_MEMORY)
        return narrow(b->arch >= 9, floor(200 * now));
    return narrow(b->arch >= 8, floor(1000 * now));
}

static struct answer answer(const struct nvml_device *d, unsigned id, unsigned scope)
{
    const struct sim_board *b = sim.scenario.gpus[d->gpu].board;
    int64_t now = sim_now();

    if (is_of_links(id))
        return links(d, id, scope);
    if (id == NVML_FIELD_MEMORY_TEMPERATURE)
        return narrow(b->memory_sensor, floor(sim_temperature_c(&sim.scenario, d->gpu, now) + 6));
    if ((id >= NVML_FIELD_ECC_AGGREGATE_CORRECTED && id <= NVML_FIELD_RETIRED_PENDING) ||
        id == NVML_FIELD_PAGES_WAITING || id == NVML_FIELD_PAGES_WAITING + 1 ||
        (id >= NVML_FIELD_REMAPPED_CORRECTABLE && id <= NVML_FIELD_REMAPPED_FAILURE))
        return memory_health(d, id);
    if (id == NVML_FIELD_PCIE_REPLAYS || id == NVML_FIELD_PCIE_REPLAY_ROLLOVERS ||
        id == NVML_FIELD_PCIE_L0_TO_RECOVERY || id == NVML_FIELD_PCIE_TX_BYTES ||
        id == NVML_FIELD_PCIE_RX_BYTES ||
        (id >= NVML_FIELD_PCIE_ERROR && id < NVML_FIELD_PCIE_ERROR + 11))
        return pcie(d, id);
    if (is_throttle_time(id))
        return throttle_time(d, id);
    if (is_power_smoothing(id))
        return narrow(b->arch >= 10, 1);
    if (id >= NVML_FIELD_POWER_AVERAGE && id <= NVML_FIELD_POWER_LIMIT_REQUESTED)
        return power(d, id, scope);
    if ((id >= NVML_FIELD_C2C_LINKS && id <= NVML_FIELD_C2C_BANDWIDTH) ||
        (id >= NVML_FIELD_C2C_ERROR && id <= NVML_FIELD_C2C_POWER_STATE))
        return c2c(b, id, scope);
    if (id == NVML_FIELD_RESET_NEEDED || id == NVML_FIELD_RESET_NEEDED + 1)
        return narrow(b->arch >= 9, 0);
    if (id >= NVML_FIELD_MARGIN && id < NVML_FIELD_MARGIN + 4) {
        double margin = b->max_operating_c - floor(sim_temperature_c(&sim.scenario, d->gpu, now));
        return (struct answer){margin, NVML_VALUE_SIGNED, b->arch >= 8};
    }
    if (id == NVML_FIELD_RECOVERY_ACTION)
        return narrow(b->arch >= 7 && b->server, 0);
    return no_answer();
}

SIM_EXPORT int nvmlDeviceGetFieldValues(struct nvml_device *d, int n,
                                        struct nvml_field_value *values);
SIM_EXPORT int nvmlDeviceGetFieldValues(struct nvml_device *d, int n,
                                        struct nvml_field_value *values)
{
    int code = sim_enter(d, __func__);
    if (code)
        return code;
    for (int i = 0; i < n; i++) {
        struct nvml_field_value *v = &values[i];
        struct answer a = answer(d, v->field_id, v->scope_id);
        char name[32];
        snprintf(name, sizeof(name), "field_%u", v->field_id);
        if (v->field_id == NVML_FIELD_MEMORY_TEMPERATURE)
            snprintf(name, sizeof(name), "memory_temperature");
        double told = sim_value(d, name, NO_FAULT);
        snprintf(name, sizeof(name), "field_%u_%u", v->field_id, v->scope_id);
        told = sim_value(d, name, told);
        if (told != NO_FAULT) { /* "none": this one is not told, whatever the board */
            a.known = !isnan(told);
            a.value = told;
            if (a.type == NVML_VALUE_UNSIGNED && told > UINT_MAX)
                a.type = NVML_VALUE_UNSIGNED_LONG_LONG;
        }
        v->timestamp = sim_now();
        v->latency_us = 1;
        v->value.ull = 0;
        v->value_type = a.type;
        v->code = a.known ? NVML_SUCCESS : NVML_NOT_SUPPORTED;
        if (a.type == NVML_VALUE_UNSIGNED_LONG_LONG)
            v->value.ull = sim_u64(a.value);
        else if (a.type == NVML_VALUE_SIGNED && a.known)
            v->value.si = (int)a.value;
        else
            v->value.u = sim_u32(a.value);
    }
    return sim_leave(0);
}
