/* nvidia_pci.h - what the kernel says about NVIDIA's GPUs without waking one: sysfs, and the
 * driver's own files below /proc/driver/nvidia. */
#ifndef ALGALON_DEVICE_NVIDIA_NVIDIA_PCI_H
#define ALGALON_DEVICE_NVIDIA_NVIDIA_PCI_H

#include "device/device.h"

#define NVIDIA_GPUS_MAX 256 /* more than any machine holds; bounds what a driver may claim */

struct nvidia_pci {
    char bus_id[24];
    char driver[24]; /* kernel driver bound to it: "nvidia", "nouveau", "vfio-pci"; "" none */
    bool ours;       /* bound to NVIDIA's driver */
    bool asleep;     /* ours, and runtime suspended, or on the way there or back */
};

/** Fills `ret` with the GPUs on the PCI bus (vendor 10de, class 03xx), in bus order; returns how
 * many there are, at most `max`. */
size_t nvidia_pci_list(const struct host_paths *paths, struct nvidia_pci *ret, size_t max);

/** True while the GPU at `bus_id` is runtime suspended, or on the way there or back. */
bool nvidia_pci_is_asleep(const struct host_paths *paths, const char *bus_id);

/** True when the driver lets this GPU power down by itself while nobody uses it (laptops). */
bool nvidia_pci_may_sleep(const struct host_paths *paths, const char *bus_id);

/** Changes when a GPU is bound to NVIDIA's driver or unbound from it; 0: none is. Cheap. */
uint64_t nvidia_pci_bound(const struct host_paths *paths);

/** True when the kernel refuses to open the driver's control file: the rights of a container were
 * taken away. Wakes nothing. */
bool nvidia_pci_is_refused(const struct host_paths *paths);

/** The host's memory, which GPUs without their own share; false when it cannot be read. */
bool nvidia_pci_host_memory(const struct host_paths *paths, uint64_t *ret_total,
                            uint64_t *ret_available);

/** Version of the loaded kernel module; false when none is loaded. */
bool nvidia_pci_driver_version(const struct host_paths *paths, char *to, size_t size);

/** Fills name, UUID, VBIOS and minor from the driver's own file about `bus_id`, where they are not
 * known yet. */
void nvidia_pci_identify(const struct host_paths *paths, const char *bus_id, struct accelerator *a);

/** The bus id of the GPU that is the `index`th of `count`, from the driver's own list; false when
 * that list is of another length. */
bool nvidia_pci_of_index(const struct host_paths *paths, size_t index, size_t count, char ret[24]);

/** The NUMA node that the kernel says a device hangs on; NAN: none, or not known. */
double nvidia_pci_numa_node(const struct host_paths *paths, const char *bus_id);

/* Looks at the bus without asking the driver, so that GPUs which it does not list are seen too. */
extern const struct collector nvidia_inventory_collector;

#endif
