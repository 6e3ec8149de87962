/* linux_holder.h - whether a process has a device node open. Drivers name processes by their number
 * in the first PID namespace; where procfs shows another one, the same number is somebody else. */
#ifndef ALGALON_DEVICE_LINUX_HOLDER_H
#define ALGALON_DEVICE_LINUX_HOLDER_H

#include "device/device.h"

/** Reads the links of /proc/<pid>/fd, to the first that leads to an accelerator. */
enum holding linux_holder_look(const struct host_paths *paths, int pid);

#endif
