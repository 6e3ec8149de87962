/* linux_sensors.h - what the kernel shows of any device alike: hwmon, devfreq, thermal zones. */
#ifndef ALGALON_DEVICE_LINUX_SENSORS_H
#define ALGALON_DEVICE_LINUX_SENSORS_H

#include "device/linux_card.h"

struct linux_sensors {
    unsigned hwmon;   /* H of hwmon<H>; UINT_MAX: none */
    char devfreq[96]; /* folder below sysfs; "" none */
    unsigned zone;    /* of class/thermal; UINT_MAX: none */
};

/** Finds them. `zone`: what the type of a thermal zone begins with ("gpu"), taken where the device
 * has no hwmon; NULL: none is looked for. */
void linux_sensors_find(struct linux_sensors *s, const char *sysfs, const struct linux_card *c,
                        const char *zone);

/** Fills in heat and its limits, power, fan and clocks of a device that is awake. */
void linux_sensors_read(const struct linux_sensors *s, const char *sysfs,
                        const struct linux_card *c, struct accelerator *a);

/** The host's memory as the size of a device's that has none of its own. */
void linux_sensors_share_memory(const char *procfs, struct accelerator *a);

#endif
