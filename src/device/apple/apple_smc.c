/* apple_smc.c - the SMC: keys of four characters, each with a type and a value. */
#include "apple_smc.h"

#define KEYS_MAX  8192 /* it has one or two thousand */
#define COLDEST_C 0.0  /* what is not there reads as 0 or less */
#define HOTTEST_C 150.0
#define WATTS_MAX 2000.0
#define RPM_MAX   20000.0

uint32_t apple_smc_key(const char *text)
{
    const unsigned char *t = (const unsigned char *)text;

    return (uint32_t)t[0] << 24 | (uint32_t)t[1] << 16 | (uint32_t)t[2] << 8 | t[3];
}

static uint64_t big_endian(const uint8_t *bytes, size_t size)
{
    uint64_t value = 0;

    for (size_t i = 0; i < size; i++)
        value = value << 8 | bytes[i];
    return value;
}

bool apple_smc_value(uint32_t type, const uint8_t *bytes, size_t size, double *ret)
{
    float number;

    if (type == apple_smc_key("flt ") && size == sizeof(number)) {
        /* Lowest byte first, unlike all others, and like every processor this runs on. */
        uint32_t bits = bytes[0] | (uint32_t)bytes[1] << 8 | (uint32_t)bytes[2] << 16 |
                        (uint32_t)bytes[3] << 24;
        memcpy(&number, &bits, sizeof(number));
        *ret = (double)number;
        return isfinite(*ret);
    }
    if ((type == apple_smc_key("ui8 ") && size == 1) ||
        (type == apple_smc_key("ui16") && size == 2) ||
        (type == apple_smc_key("ui32") && size == 4)) {
        *ret = (double)big_endian(bytes, size);
        return true;
    }
    if (size != 2)
        return false;
    if (type == apple_smc_key("sp78"))
        *ret = (double)(int16_t)big_endian(bytes, size) / 256;
    else if (type == apple_smc_key("fpe2"))
        *ret = (double)big_endian(bytes, size) / 4;
    else
        return false;
    return true;
}

/* ---- questions ---- */

static bool ask(const struct apple_controller *s, struct apple_smc *question,
                struct apple_smc *answer)
{
    size_t size = sizeof(*answer);

    *answer = (struct apple_smc){0};
    return s->calls->IOConnectCallStructMethod(s->connection, APPLE_SMC_SELECTOR, question,
                                               sizeof(*question), answer, &size) == APPLE_OK &&
           size == sizeof(*answer) && answer->result == APPLE_SMC_OK;
}

static bool describe(const struct apple_controller *s, uint32_t key, struct apple_sensor *ret)
{
    struct apple_smc question = {.key = key, .command = APPLE_SMC_KEY_INFO}, answer;

    if (!ask(s, &question, &answer) || !answer.size || answer.size > APPLE_SMC_BYTES)
        return false;
    *ret = (struct apple_sensor){.key = key, .type = answer.type, .size = answer.size};
    return true;
}

static bool value_of(const struct apple_controller *s, const struct apple_sensor *at, double *ret)
{
    struct apple_smc question = {.key = at->key, .size = at->size, .command = APPLE_SMC_READ},
                     answer;

    return ask(s, &question, &answer) && apple_smc_value(at->type, answer.bytes, at->size, ret);
}

static bool value_by_name(const struct apple_controller *s, const char *name, double *ret)
{
    struct apple_sensor at;

    return describe(s, apple_smc_key(name), &at) && value_of(s, &at, ret);
}

/* ---- opening ---- */

static bool place_of(uint32_t key, bool super, enum apple_place *ret)
{
    char second = (char)(key >> 16);

    if ((char)(key >> 24) != 'T')
        return false;
    *ret = second == 'g' ? APPLE_PLACE_GPU : APPLE_PLACE_CPU;
    return second == 'g' || second == 'p' || second == 'e' || (super && second == 's');
}

static void find_sensors(struct apple_controller *s, bool super)
{
    double count;
    enum apple_place place;

    if (!value_by_name(s, "#KEY", &count))
        return;
    for (uint32_t i = 0; i < KEYS_MAX && i < count && s->len < APPLE_SENSORS; i++) {
        struct apple_smc question = {.command = APPLE_SMC_BY_INDEX, .index = i}, answer;
        struct apple_sensor *at = &s->sensors[s->len];
        if (!ask(s, &question, &answer) || !place_of(answer.key, super, &place) ||
            !describe(s, answer.key, at) || at->type != apple_smc_key("flt "))
            continue;
        at->place = place;
        s->len++;
    }
}

int apple_smc_open(struct apple_controller *s, const struct apple_calls *c, bool super,
                   struct error *err)
{
    *s = (struct apple_controller){.calls = c};
    apple_port service = c->smc ? apple_service(c, "AppleSMC") : 0;
    if (!service)
        return error_set(err, -ENOTSUP, "this machine has no SMC");
    int code = c->IOServiceOpen(service, *c->mach_task_self, 0, &s->connection);
    c->IOObjectRelease(service);
    if (code != APPLE_OK || !s->connection) {
        s->connection = 0;
        return error_set(err, -EACCES, "the driver AppleSMC refused (0x%x)", (unsigned)code);
    }
    find_sensors(s, super);
    return 0;
}

void apple_smc_close(struct apple_controller *s)
{
    if (s->connection)
        s->calls->IOServiceClose(s->connection);
    *s = (struct apple_controller){0};
}

/* ---- reading ---- */

static void read_fans(const struct apple_controller *s, struct apple_smc_reading *ret)
{
    double count, rpm;
    char name[8];

    if (!value_by_name(s, "FNum", &count))
        return;
    for (unsigned i = 0; i < CHASSIS_FANS && i < 10 && i < count; i++) {
        snprintf(name, sizeof(name), "F%uAc", i);
        bool good = value_by_name(s, name, &rpm) && rpm >= 0 && rpm <= RPM_MAX;
        ret->fan_rpm[ret->fan_len++] = good ? rpm : UNKNOWN;
    }
}

void apple_smc_read(struct apple_controller *s, struct apple_smc_reading *ret)
{
    double sum[2] = {0, 0}, value;
    unsigned count[2] = {0, 0};

    *ret = (struct apple_smc_reading){UNKNOWN, UNKNOWN, UNKNOWN, UNKNOWN, {0}, 0};
    if (!s->connection)
        return;
    for (size_t i = 0; i < s->len; i++) {
        const struct apple_sensor *at = &s->sensors[i];
        if (!value_of(s, at, &value) || !(value > COLDEST_C && value < HOTTEST_C))
            continue;
        sum[at->place] += value;
        count[at->place]++;
        if (at->place == APPLE_PLACE_GPU)
            ret->gpu_hottest_c = fmax(ret->gpu_hottest_c, value); /* passes over NAN */
    }
    ret->cpu_c = count[APPLE_PLACE_CPU] ? sum[APPLE_PLACE_CPU] / count[APPLE_PLACE_CPU] : UNKNOWN;
    ret->gpu_c = count[APPLE_PLACE_GPU] ? sum[APPLE_PLACE_GPU] / count[APPLE_PLACE_GPU] : UNKNOWN;
    if (value_by_name(s, "PSTR", &value) && value > 0 && value <= WATTS_MAX)
        ret->system_w = value;
    read_fans(s, ret);
}
