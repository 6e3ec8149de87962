/* ipmi_sdr.h - records that describe sensors, and what their readings mean. */
#ifndef ALGALON_DEVICE_IPMI_IPMI_SDR_H
#define ALGALON_DEVICE_IPMI_IPMI_SDR_H

#include "device/device.h"

enum ipmi_kind {
    IPMI_OTHER,
    IPMI_INLET,
    IPMI_OUTLET,
    IPMI_POWER, /* of the whole machine */
    IPMI_FAN
};

struct ipmi_sensor {
    enum ipmi_kind kind;
    unsigned char number, lun;
    char name[24];
    unsigned char format; /* of the reading: 0 unsigned, 1 ones' complement, 2 two's complement */
    int m, b, b_exponent, r_exponent;
    bool fahrenheit;
};

/** Takes a full record (type 0x01) apart; false for other types and for what is cut short. */
bool ipmi_sdr_parse(struct str record, struct ipmi_sensor *ret);

/** Takes the answer to Get Sensor Reading apart and converts it: degrees Celsius, watts, RPM. NAN
 * when the sensor says that it has none. */
double ipmi_sdr_value(const struct ipmi_sensor *s, struct str answer);

/** Watts of the answer to DCMI's Get Power Reading; NAN when it is none or measures nothing. */
double ipmi_sdr_dcmi(struct str answer);

#endif
