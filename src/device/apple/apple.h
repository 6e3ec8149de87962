/* apple.h - machines of Apple with processors of its own (macOS on M1 and later): the GPU and who
 * is on it, the Neural Engine's power, processors, memory, the machine. Start at apple_collector;
 * the other two are for macOS what those of the same names are for Linux.
 *
 * Nothing of it needs root, and no tool is started. Facts: public headers of macOS; IOReport and
 * the SMC as open programs use them (vladkens/macmon, dehydratedpotato/socpowerbud). */
#ifndef ALGALON_DEVICE_APPLE_APPLE_H
#define ALGALON_DEVICE_APPLE_APPLE_H

#include "device/device.h"

extern const struct collector apple_collector, apple_disk_collector, apple_process_collector;

#endif
