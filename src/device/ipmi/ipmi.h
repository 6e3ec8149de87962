/* ipmi.h - what the machine's management controller (BMC) measures, asked through the kernel's
 * /dev/ipmi0: power of the whole machine, air that comes in and goes out, fans. Root's alone.
 * A command takes 1 to 100 ms, so there is a reading every half minute, on a thread of its own.
 *
 * Facts: IPMI 2.0 (sections 33, 35, 43), DCMI 1.5 (section 6.6.1), include/uapi/linux/ipmi.h. */
#ifndef ALGALON_DEVICE_IPMI_IPMI_H
#define ALGALON_DEVICE_IPMI_IPMI_H

#include "device/device.h"

extern const struct collector ipmi_collector;

#endif
