/* intel_name.h - what an Intel GPU is called. */
#ifndef ALGALON_DEVICE_INTEL_INTEL_NAME_H
#define ALGALON_DEVICE_INTEL_INTEL_NAME_H

#include "device/device.h"

/**
 * Writes the name of a GPU by its PCI number: our own list of common ones, else the list of PCI
 * numbers below rootfs, else the number. `architecture`: "Xe-HPG" and the like, "" where it is not
 * known.
 */
void intel_name(const struct host_paths *paths, unsigned device, char *to, size_t size,
                char *architecture, size_t architecture_size);

#endif
