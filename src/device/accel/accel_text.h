/* accel_text.h - texts of drivers of NPUs, taken apart. */
#ifndef ALGALON_DEVICE_ACCEL_ACCEL_TEXT_H
#define ALGALON_DEVICE_ACCEL_ACCEL_TEXT_H

#include "device/device.h"

#define ACCEL_CORES 8

/** "NPU load:  Core0: 12%, Core1:  0%, Core2:  0%," and "NPU load:  12%" of rknpu; how many cores
 * it told of, 0 for what is none. `to[ACCEL_CORES]`: ratios. */
size_t accel_text_rknpu(struct str text, double *to);

/** "12@1000000000Hz" of devfreq; false for what is none. */
bool accel_text_devfreq(struct str text, double *ret_ratio);

#endif
