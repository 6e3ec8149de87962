/* accel_xdna.c - DRM_IOCTL_AMDXDNA_GET_INFO.
 *
 * A sensor, 168 bytes: 0 label[64], 64 u32 input, 68 max, 72 average, 76 highest, 80 status[64],
 * 144 units[16], 160 i8 power of ten, 161 u8 type: 0 power, 1 column of cores, 2 temperature. */
#include "accel_xdna.h"

#include "device/linux_ioctl.h"

#include <math.h>

#define PARAM_CLOCKS  3
#define PARAM_SENSORS 4
#define SENSOR_BYTES  168
#define CLOCK_BYTES   24
#define ANSWER_BYTES  (ACCEL_XDNA_SENSORS * SENSOR_BYTES)

static uint32_t number(const char *at)
{
    uint32_t value = 0;

    for (size_t i = 4; i-- > 0;)
        value = value << 8 | (unsigned char)at[i];
    return value;
}

static bool is_text(const char *at, size_t size, const char *text)
{
    size_t len = strlen(text);

    return len < size && !memcmp(at, text, len) && at[len] == '\0';
}

/* The kernel labels power "mW" and sets a power of ten of -3 too: it counts where the unit is the
 * plain one alone. */
static double scaled(const char *sensor, const char *unit)
{
    double value = number(sensor + 64);
    int tens = (signed char)sensor[160];

    if (is_text(sensor + 144, 16, "mW"))
        return value / 1e3;
    return is_text(sensor + 144, 16, unit) && tens >= -9 && tens <= 9 ? value * pow(10, tens)
                                                                      : value;
}

void accel_xdna_parse_sensors(struct str bytes, struct accel_xdna *ret)
{
    for (size_t i = 0; i + SENSOR_BYTES <= bytes.len; i += SENSOR_BYTES) {
        const char *s = bytes.ptr + i;
        switch ((unsigned char)s[161]) {
        case 0:
            if (isnan(ret->power_w) && memchr(s + 144, 'W', 16))
                ret->power_w = scaled(s, "W");
            break;
        case 1:
            if (ret->columns < ACCEL_XDNA_COLUMNS && number(s + 64) <= 100)
                ret->column_ratio[ret->columns++] = number(s + 64) / 100.0;
            break;
        case 2:
            if (isnan(ret->temperature_c) && s[144] == 'C')
                ret->temperature_c = scaled(s, "C");
            break;
        default:
            break;
        }
    }
}

void accel_xdna_parse_clocks(struct str bytes, struct accel_xdna *ret)
{
    double highest = UNKNOWN; /* one clock is the network's, the other the cores' */

    for (size_t i = 0; i + CLOCK_BYTES <= bytes.len && i < (size_t)2 * CLOCK_BYTES;
         i += CLOCK_BYTES) {
        uint32_t mhz = number(bytes.ptr + i + 16);
        if (mhz && mhz < 100000)
            highest = fmax(highest, mhz);
    }
    ret->clock_mhz = highest;
}

static int ask(const struct linux_edge *e, int fd, uint32_t param, char *bytes, size_t size,
               struct str *ret)
{
    struct ioctl_amdxdna q = {
        .param = param, .size = (uint32_t)size, .answer = (uint64_t)(uintptr_t)bytes};

    memset(bytes, 0, size);
    int code = e->ioctl(e->context, fd, IOCTL_AMDXDNA_INFO, &q);
    *ret = code ? STR("") : str_make(bytes, MIN((size_t)q.size, size));
    return code;
}

int accel_xdna_read(const struct linux_edge *edge, const char *rootfs, const char *node,
                    struct accel_xdna *ret)
{
    _Alignas(8) char bytes[ANSWER_BYTES];
    struct str answer;

    *ret = (struct accel_xdna){.power_w = UNKNOWN, .temperature_c = UNKNOWN, .clock_mhz = UNKNOWN};
    int fd = edge->open(edge->context, rootfs, node);
    if (fd < 0)
        return fd;
    int clocks = ask(edge, fd, PARAM_CLOCKS, bytes, (size_t)2 * CLOCK_BYTES, &answer);
    accel_xdna_parse_clocks(answer, ret);
    int sensors = ask(edge, fd, PARAM_SENSORS, bytes, sizeof(bytes), &answer);
    accel_xdna_parse_sensors(answer, ret);
    edge->close(edge->context, fd);
    return clocks && sensors ? clocks : 0;
}
