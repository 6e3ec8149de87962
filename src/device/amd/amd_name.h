/* amd_name.h - what an AMD GPU is called. */
#ifndef ALGALON_DEVICE_AMD_AMD_NAME_H
#define ALGALON_DEVICE_AMD_AMD_NAME_H

#include "device/device.h"

/**
 * Writes the name of a board by its PCI device and revision: libdrm's list
 * (usr/share/libdrm/amdgpu.ids below rootfs), else our own of common boards, else the numbers.
 */
void amd_name(const struct host_paths *paths, unsigned device, unsigned revision, char *to,
              size_t size);

/** One line of that list, "744C,\tC8,\tAMD Radeon RX 7900 XTX"; false for comments and what is
 * none.
 */
bool amd_name_line(struct str line, unsigned *ret_device, unsigned *ret_revision,
                   struct str *ret_name);

/** "gfx90a" for 90010, the gfx_target_version of a KFD node; false for what is none. */
bool amd_name_target(uint64_t version, char *to, size_t size);

/** "CDNA 2" for "gfx90a"; "" where it is not known. */
const char *amd_name_architecture(const char *target);

#endif
