/* ipmi.c - the collector: first the list of sensors, some seconds a reading until it is whole, then
 * what those measure that the machine is told by. */
#include "ipmi.h"

#include "ipmi_bus.h"
#include "ipmi_sdr.h"

#include "device/linux_file.h"

#include <stdlib.h>

#define TOPIC        "management controller"
#define INTERVAL_MS  30000
#define LIST_NS      (3 * (uint64_t)NS_PER_S) /* for the list of sensors, a reading */
#define RECORDS_MAX  1024
#define SENSORS_MAX  (CHASSIS_FANS + 16)
#define RECORD_BYTES 64 /* five of head and the longest body of a full record */
#define CHUNK        16 /* some controllers cannot answer longer */
#define LAST_RECORD  0xffff
#define POWER_MAX_W  200000.0
#define FAN_MAX_RPM  100000.0
#define COLDEST_C    (-60)
#define HOTTEST_C    150

#define NETFN_SENSOR  0x04
#define NETFN_STORAGE 0x0a
#define NETFN_GROUP   0x2c

struct ipmi {
    struct ipmi_bus bus;
    struct ipmi_sensor sensors[SENSORS_MAX];
    size_t len;
    bool listed; /* the list is whole, or cannot be had */
    bool no_dcmi;
    unsigned next, records; /* record to be read next; how many were */
    unsigned reservation;
};

static bool detect(const struct host_paths *paths)
{
    struct ipmi_bus b;
    bool there = ipmi_bus_open(&b, paths) == 0;

    ipmi_bus_close(&b);
    return there;
}

static int ipmi_open(const struct host_paths *paths, void **ret, struct error *err)
{
    struct ipmi *d = xnew(struct ipmi);
    int code = ipmi_bus_open(&d->bus, paths);

    if (code) {
        free(d);
        return error_errno(err, code, "/dev/ipmi0");
    }
    *ret = d;
    return 0;
}

static void ipmi_close(void *state)
{
    struct ipmi *d = state;

    if (!d)
        return;
    ipmi_bus_close(&d->bus);
    free(d);
}

/* ---- the list of sensors ---- */

static int reserve(struct ipmi *d)
{
    unsigned char bytes[IPMI_ANSWER_BYTES];
    struct str answer;
    int code = ipmi_bus_ask(&d->bus, NETFN_STORAGE, 0x22, 0, NULL, 0, bytes, &answer);

    if (!code && answer.len >= 2)
        d->reservation = (unsigned char)answer.ptr[0] | (unsigned)(unsigned char)answer.ptr[1] << 8;
    return code;
}

/* A part of a record; what comes before it is the number of the next one. */
static int read_part(struct ipmi *d, unsigned record, size_t at, size_t len, unsigned char *to,
                     size_t *ret_len, unsigned *ret_next)
{
    const unsigned char ask[6] = {d->reservation & 0xff, d->reservation >> 8 & 0xff,
                                  record & 0xff,         record >> 8 & 0xff,
                                  (unsigned char)at,     (unsigned char)len};
    unsigned char bytes[IPMI_ANSWER_BYTES];
    struct str answer;
    int code = ipmi_bus_ask(&d->bus, NETFN_STORAGE, 0x23, 0, ask, sizeof(ask), bytes, &answer);

    if (code)
        return code;
    if (answer.len < 2 + 1 || answer.len > 2 + len)
        return -EBADMSG;
    *ret_next = (unsigned char)answer.ptr[0] | (unsigned)(unsigned char)answer.ptr[1] << 8;
    *ret_len = answer.len - 2;
    memcpy(to, answer.ptr + 2, *ret_len);
    return 0;
}

static int read_record(struct ipmi *d, unsigned char record[RECORD_BYTES], size_t *ret_len,
                       unsigned *ret_next)
{
    size_t got, len = 0;
    unsigned other;
    int code = read_part(d, d->next, 0, 5, record, &len, ret_next);

    if (code || len < 5)
        return code ? code : -EBADMSG;
    size_t whole = MIN((size_t)5 + record[4], (size_t)RECORD_BYTES);
    while (!code && len < whole && record[3] == 0x01) {
        code =
            read_part(d, d->next, len, MIN(whole - len, (size_t)CHUNK), record + len, &got, &other);
        len += code ? 0 : got;
    }
    *ret_len = len;
    return code;
}

/* Goes on with the list for some seconds. A controller whose list changes meanwhile wants to be
 * asked for a new reservation; one that answers nothing has no list. */
static void go_on(struct ipmi *d)
{
    unsigned char record[RECORD_BYTES];
    uint64_t until = clock_mono_ns() + LIST_NS;
    unsigned next, failures = 0;
    size_t len;

    while (!d->listed && clock_mono_ns() < until) {
        int code = d->reservation ? 0 : reserve(d);
        code = code ? code : read_record(d, record, &len, &next);
        if (code) {
            d->reservation = 0;
            d->listed = code == -ENOTSUP;
            if (++failures > 3)
                return;
            continue;
        }
        struct ipmi_sensor s;
        if (ipmi_sdr_parse(str_make((const char *)record, len), &s) && s.kind != IPMI_OTHER &&
            d->len < SENSORS_MAX)
            d->sensors[d->len++] = s;
        d->listed = next == LAST_RECORD || next == d->next || ++d->records >= RECORDS_MAX;
        d->next = next;
    }
}

/* ---- values ---- */

static void take(struct chassis *c, const struct ipmi_sensor *s, double value, size_t *fans)
{
    if (s->kind == IPMI_FAN && *fans < CHASSIS_FANS) {
        str_copy(c->fan_name[*fans], sizeof(c->fan_name[0]), str_of(s->name));
        c->fan_rpm[(*fans)++] = value >= 0 && value <= FAN_MAX_RPM ? value : UNKNOWN;
    }
    if (s->kind == IPMI_POWER && value > 0 && value <= POWER_MAX_W && isnan(c->power_w))
        c->power_w = value;
    if (!(value >= COLDEST_C && value <= HOTTEST_C))
        return;
    if (s->kind == IPMI_INLET)
        c->inlet_temperature_c = fmin(c->inlet_temperature_c, value); /* passes over NAN */
    if (s->kind == IPMI_OUTLET)
        c->outlet_temperature_c = fmax(c->outlet_temperature_c, value);
}

static int ipmi_read(void *state, struct reading *out, struct error *err)
{
    static const unsigned char dcmi[] = {0xdc, 0x01, 0, 0};
    unsigned char bytes[IPMI_ANSWER_BYTES];
    struct ipmi *d = state;
    struct chassis *c = &out->chassis;
    struct str answer;
    size_t fans = 0;

    if (!out->mono_ns)
        out->mono_ns = clock_mono_ns();
    for (size_t i = 0; i < CHASSIS_FANS; i++)
        c->fan_rpm[i] = UNKNOWN;
    int code = d->no_dcmi ? -ENOTSUP
                          : ipmi_bus_ask(&d->bus, NETFN_GROUP, 0x02, 0, dcmi, sizeof(dcmi), bytes,
                                         &answer);
    d->no_dcmi = code == -ENOTSUP;
    if (code == -ENODEV || code == -ENXIO)
        return error_errno(err, -ENODEV, "management controller");
    if (code == -ETIMEDOUT)
        return error_errno(err, code, "management controller");
    if (!code)
        c->power_w = ipmi_sdr_dcmi(answer);
    go_on(d);
    for (size_t i = 0; i < d->len; i++) {
        const struct ipmi_sensor *s = &d->sensors[i];
        code = ipmi_bus_ask(&d->bus, NETFN_SENSOR, 0x2d, s->lun, &s->number, 1, bytes, &answer);
        if (code == -ETIMEDOUT)
            return error_errno(err, code, "sensor %s of the management controller", s->name);
        take(c, s, code ? UNKNOWN : ipmi_sdr_value(s, answer), &fans);
    }
    c->present = !isnan(c->power_w) || d->len;
    return 0;
}

static void diagnose(const struct host_paths *paths, struct arena *a, struct finding **ret,
                     size_t *ret_len)
{
    struct ipmi_bus b;
    int code = ipmi_bus_open(&b, paths);

    if (!code)
        finding_add(a, ret, ret_len, FINDING_OK, TOPIC, "", "it can be asked by /dev/ipmi0");
    else if (code == -EACCES || code == -EPERM)
        finding_add(a, ret, ret_len, FINDING_NOTE, TOPIC,
                    "Run as root, or give the service's group the right to read and write it.",
                    "/dev/ipmi0 may not be opened: power, air and fans of the machine are missing");
    ipmi_bus_close(&b);
}

const struct collector ipmi_collector = {
    .name = "ipmi",
    .detect = detect,
    .open = ipmi_open,
    .read = ipmi_read,
    .close = ipmi_close,
    .diagnose = diagnose,
    .interval_ms = INTERVAL_MS,
};
