/* linux_podres.h - the kubelet's answer to v1.PodResourcesLister/List: which devices it gave to
 * which containers. Only what follows is read of it; fields that are not known are passed over.
 *   ListPodResourcesResponse: 1 repeated PodResources
 *   PodResources:             1 name, 2 namespace, 3 repeated ContainerResources
 *   ContainerResources:       1 name, 2 repeated ContainerDevices, 5 repeated DynamicResource
 *   ContainerDevices:         1 resource_name, 2 repeated device_ids
 *   DynamicResource:          4 repeated ClaimResource
 *   ClaimResource:            2 driver_name, 4 device_name */
#ifndef ALGALON_DEVICE_LINUX_PODRES_H
#define ALGALON_DEVICE_LINUX_PODRES_H

#include "device/device.h"

#define LINUX_PODRES_MAX 65536 /* devices taken of an answer */

/**
 * Appends the devices in `message` to a list in `a`; those of other resources than accelerators
 * come along, as their ids tell. A device of a claim (DRA) by NVIDIA's driver is named by its
 * number, "nvidia0", which the driver has in "gpu-0" and "gpu-0-mig-...". Errors: -EBADMSG the
 * bytes are no such message, -EFBIG more than LINUX_PODRES_MAX devices, -ENOMEM; what was read
 * before stands.
 */
MUST_CHECK int linux_podres_read(struct str message, struct arena *a, struct allocation **ret,
                                 size_t *ret_len, struct error *err);

#endif
