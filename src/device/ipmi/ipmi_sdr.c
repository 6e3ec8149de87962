/* ipmi_sdr.c - a full sensor record (IPMI 2.0, table 43-1), bytes from 0:
 *
 *    3 type 0x01   6 lun 1:0   7 number   12 type of sensor   20 units: format 7:6   21 unit
 *   23 linearisation   24 M 7:0   25 M 9:8 in 7:6   26 B 7:0   27 B 9:8 in 7:6   29 R exponent 7:4,
 *   B exponent 3:0   47 type and length of the name   48 name
 *
 * value = (M * reading + B * 10^Bexp) * 10^Rexp */
#include "ipmi_sdr.h"

#include "device/linux_proc.h"

#include <math.h>

#define FULL_RECORD     0x01
#define NAME_AT         48
#define LINEAR          0
#define UNIT_CELSIUS    1
#define UNIT_FAHRENHEIT 2
#define UNIT_WATTS      6
#define UNIT_RPM        18

static unsigned byte(struct str s, size_t at)
{
    return (unsigned char)s.ptr[at];
}

/* A number of `bits` with a sign. */
static int with_sign(unsigned value, unsigned bits)
{
    unsigned sign = 1u << (bits - 1);

    return (int)(value & (sign - 1)) - (int)(value & sign);
}

static bool says(const char *name, const char *const *words)
{
    for (; *words; words++)
        if (strcasestr(name, *words))
            return true;
    return false;
}

static enum ipmi_kind kind_of(const char *name, unsigned unit)
{
    static const char *const in[] = {"inlet", "ambient", "front panel", NULL};
    static const char *const out[] = {"exhaust", "outlet", NULL};
    static const char *const all[] = {
        "consumption", "total", "system power", "sys power", "sys_power", "system_power", NULL};

    if (unit == UNIT_RPM)
        return IPMI_FAN;
    if (unit == UNIT_CELSIUS || unit == UNIT_FAHRENHEIT)
        return says(name, in) ? IPMI_INLET : says(name, out) ? IPMI_OUTLET : IPMI_OTHER;
    return unit == UNIT_WATTS && says(name, all) ? IPMI_POWER : IPMI_OTHER;
}

bool ipmi_sdr_parse(struct str r, struct ipmi_sensor *ret)
{
    *ret = (struct ipmi_sensor){.kind = IPMI_OTHER};
    if (r.len < NAME_AT || byte(r, 3) != FULL_RECORD)
        return false;
    /* Names in other codings (BCD, 6 bits) are as good as none: nothing is told by them. */
    size_t len = byte(r, 47) >> 6 == 3 ? byte(r, 47) & 0x1f : 0;
    if (r.len < NAME_AT + len)
        return false;
    linux_proc_clean(ret->name, sizeof(ret->name), str_make(r.ptr + NAME_AT, len));
    ret->number = (unsigned char)byte(r, 7);
    ret->lun = byte(r, 6) & 3;
    ret->format = (unsigned char)(byte(r, 20) >> 6);
    ret->m = with_sign(byte(r, 24) | (byte(r, 25) & 0xc0) << 2, 10);
    ret->b = with_sign(byte(r, 26) | (byte(r, 27) & 0xc0) << 2, 10);
    ret->r_exponent = with_sign(byte(r, 29) >> 4, 4);
    ret->b_exponent = with_sign(byte(r, 29) & 0xf, 4);
    ret->fahrenheit = byte(r, 21) == UNIT_FAHRENHEIT;
    if (ret->format < 3 && (byte(r, 23) & 0x7f) == LINEAR)
        ret->kind = kind_of(ret->name, byte(r, 21));
    return true;
}

double ipmi_sdr_value(const struct ipmi_sensor *s, struct str answer)
{
    /* The second byte: 5 no reading now, 6 the sensor is looked at. */
    if (answer.len < 2 || byte(answer, 1) & 0x20 || !(byte(answer, 1) & 0x40))
        return UNKNOWN;
    int raw = (int)byte(answer, 0);
    if (s->format == 2)
        raw = with_sign((unsigned)raw, 8);
    else if (s->format == 1 && raw & 0x80)
        raw = -(~raw & 0xff);
    double value = (s->m * (double)raw + s->b * pow(10, s->b_exponent)) * pow(10, s->r_exponent);
    return s->fahrenheit ? (value - 32) / 1.8 : value;
}

double ipmi_sdr_dcmi(struct str answer)
{
    /* 0 0xdc; 1 u16 watts now; 17 bit 6: it measures. */
    if (answer.len < 18 || byte(answer, 0) != 0xdc || !(byte(answer, 17) & 0x40))
        return UNKNOWN;
    double watts = byte(answer, 1) | byte(answer, 2) << 8;
    return watts > 0 ? watts : UNKNOWN;
}
