/* accel_xdna.h - AMD's XDNA by ioctl: clocks and sensors. Asking resumes a device that sleeps. */
#ifndef ALGALON_DEVICE_ACCEL_ACCEL_XDNA_H
#define ALGALON_DEVICE_ACCEL_ACCEL_XDNA_H

#include "device/linux_edge.h"

#define ACCEL_XDNA_COLUMNS 32
#define ACCEL_XDNA_SENSORS 64

struct accel_xdna {
    double power_w, temperature_c, clock_mhz; /* clock: of the array of cores */
    double column_ratio[ACCEL_XDNA_COLUMNS];  /* busy share of each column of cores */
    size_t columns;
};

/** Asks the driver of `node` ("dev/accel/accel0"). What it does not know stays NAN. Errors: as of
 * open() and ioctl(). */
MUST_CHECK int accel_xdna_read(const struct linux_edge *edge, const char *rootfs, const char *node,
                               struct accel_xdna *ret);

/** Takes the bytes of the answer about sensors apart: entries of 168 bytes. */
void accel_xdna_parse_sensors(struct str bytes, struct accel_xdna *ret);

/** The same about clocks: two of {char name[16]; u32 mhz; u32}. */
void accel_xdna_parse_clocks(struct str bytes, struct accel_xdna *ret);

#endif
