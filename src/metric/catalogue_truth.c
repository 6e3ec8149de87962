/* catalogue_truth.c - rows of the catalogue: what should be there, and what of it can be believed.
 */
#include "metric/catalogue_table.h"

#define ABSENT_BUS                                                                                 \
    "Only where the bus can be seen. Begins with 0 at each start without --gpu-inventory."

const struct catalogue_family catalogue_truth[] = {
    {"algalon_gpu_presence", "gauge", "1",
     "hostname,pci_bus_id?,state,driver?,gpu_index?,gpu_uuid?,gpu?,serial?",
     "Constant 1, a line a GPU that is here or was: state is present, asleep, forbidden, "
     "not_given, missing_from_driver, off_bus, vfio, nouveau, other_driver or no_driver (kernel: "
     "PCI, driver)",
     .asks = "/sys/bus/pci/devices, /proc/driver/nvidia/gpus, the driver's list, --gpu-inventory",
     .period = CATALOGUE_15S, RANGE(1, 1),
     .absent = "A GPU that the driver has not been asked for yet. One that is gone is forgotten "
               "after seven days.",
     .note = "missing_from_driver: on the bus, but the driver does not answer for it. off_bus: it "
             "was here and is not on the bus, or silent there. not_given: kept from this "
             "container. gpu_index is missing from one that has none now: others have moved up. "
             "docs/presence.md says what to do."},
    {"algalon_gpu_index_changes_total", "counter", "1", HOST,
     "Times that a GPU came to another gpu_index than it had before, since they are remembered "
     "(worker)",
     .asks = "NVML's numbers and UUIDs against what --gpu-inventory remembers",
     .period = CATALOGUE_COUNTS, .absent = ABSENT_BUS},
    {"algalon_gpu_replacements_total", "counter", "1", HOST,
     "Times that another GPU stood in the place of one, since they are remembered (worker)",
     .asks = "NVML's numbers and UUIDs against what --gpu-inventory remembers",
     .period = CATALOGUE_COUNTS, .absent = ABSENT_BUS},
};
const size_t catalogue_truth_len = ARRAY_LEN(catalogue_truth);
