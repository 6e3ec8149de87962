/* jetson_process.h - who holds memory of the GPU: nvmap's list in debugfs, for root. */
#ifndef ALGALON_DEVICE_JETSON_JETSON_PROCESS_H
#define ALGALON_DEVICE_JETSON_JETSON_PROCESS_H

#include "device/device.h"

#define JETSON_PROCESSES 1024 /* further ones are left out: nvmap itself bears some hundreds */

/** True when the list is there and may be read. */
bool jetson_process_listed(const char *sysfs);

/** Lists them in `a`, each process once, for the accelerator 0. Errors: -ENOENT or -EACCES when
 * there is no list, -ENOMEM. */
MUST_CHECK int jetson_process_read(const char *sysfs, struct arena *a,
                                   struct accelerator_process **ret, size_t *ret_len);

#endif
