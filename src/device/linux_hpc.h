/* linux_hpc.h - names of the files in a folder of jobs by device. */
#ifndef ALGALON_DEVICE_LINUX_HPC_H
#define ALGALON_DEVICE_LINUX_HPC_H

#include "device/device.h"

#define LINUX_HPC_JOBS_MAX 1024 /* in all files */

/** "2" is a device, "2.1" an instance of one; `*ret_instance` is UINT_MAX without. False for other
 * names. */
bool linux_hpc_parse_name(struct str name, unsigned *ret_gpu, unsigned *ret_instance);

#endif
