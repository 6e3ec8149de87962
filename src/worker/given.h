/* given.h - which device a name means that a scheduler or runtime has for it. Never by a number
 * that counts within a job or container, as those begin anew in each. */
#ifndef ALGALON_WORKER_GIVEN_H
#define ALGALON_WORKER_GIVEN_H

#include "worker/snapshot.h"

/* What a bare number means. */
enum given_number {
    GIVEN_NUMBER_NONE,  /* nothing */
    GIVEN_NUMBER_INDEX, /* the driver's index: NVIDIA_VISIBLE_DEVICES */
    GIVEN_NUMBER_MINOR, /* N of /dev/nvidiaN: Slurm's variables, which have it from the node's name
                         */
};

/**
 * The device of `s` that `name` means; NULL when none does. Understood are
 *   GPU-<uuid>, MIG-<uuid> (the device that the instance is cut out of), MIG-GPU-<uuid>/1/0 of
 * older drivers, each with "::3" behind it (time slicing's replica) nvidia0, nvidia0/gi1,
 * nvidia0/vgpu2: the node /dev/nvidia0 and a part of it 0000:3b:00.0: an address on PCI
 */
const struct merged_accelerator *given_find(const struct snapshot *s, struct str name,
                                            enum given_number number);

/** The instance that `name` means: MIG-<uuid>, nvidia0/gi1 (the GPU instance); NULL for others. */
const struct merged_instance *given_instance(const struct snapshot *s, struct str name);

/** N of the node /dev/nvidiaN of a device; UINT_MAX when it is not one of NVIDIA's. */
unsigned given_minor_of(const struct accelerator *d);

/** The device of NVIDIA whose node is /dev/nvidia`minor`; NULL when there is none. */
const struct merged_accelerator *given_minor(const struct snapshot *s, unsigned minor);

#endif
