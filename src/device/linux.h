/* linux.h - the collectors of a Linux host, for table.c and their tests. Each reads one kind of
 * thing below the roots of `struct host_paths`, whose texts they borrow until close().
 *
 * Scope: what /proc says of the whole machine is reported as it stands. Inside a container whose
 * /proc is its own (linux_cgroup.h says how that is told) the limits of its cgroups bound memory
 * and CPU; a service on bare metal is in a cgroup too, but the machine is what it reports. */
#ifndef ALGALON_DEVICE_LINUX_H
#define ALGALON_DEVICE_LINUX_H

#include "device/device.h"

extern const struct collector linux_cpu_collector;
extern const struct collector linux_memory_collector;
extern const struct collector linux_disk_collector;
extern const struct collector linux_process_collector;
extern const struct collector linux_chassis_collector;
extern const struct collector linux_allocation_collector;
extern const struct collector linux_opener_collector;
extern const struct collector linux_hpc_collector;

#endif
