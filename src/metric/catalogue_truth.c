/* catalogue_truth.c - rows of the catalogue: what should be there, and what of it can be believed.
 */
#include "metric/catalogue_table.h"

#define ABSENT_BUS                                                                                 \
    "Only where the bus can be seen. Begins with 0 at each start without --gpu-inventory."

const struct catalogue_family catalogue_truth[] = {
    {"algalon_gpu_presence", "gauge", "1",
     "hostname,pci_bus_id?,state,driver?,gpu_index?,gpu_uuid?,gpu?,serial?",
     "Constant 1, a line a GPU that is here or was: state is present, asleep, released, forbidden, "
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
    {"algalon_gpu_doubtful", "gauge", "1", GPU ",check",
     "1 while readings of the device contradict each other, 0 while this check finds nothing: "
     "power_idle_under_load, memory_without_process, power_above_limit, "
     "profiling_zero_under_load, energy_disagrees, clock_above_maximum, "
     "temperature_above_shutdown (worker)",
     .asks = "the device's other readings of the last seconds to minutes", RANGE(0, 1),
     .absent = "Where one of the readings that a check needs is not told; of "
               "power_idle_under_load until the device was seen idle, of energy_disagrees for the "
               "first five minutes.",
     .note = "The readings themselves are shown as ever: one of them is wrong, and the check does "
             "not know which. docs/truth.md has each check with its bounds and what to do."},
    {"algalon_power_watts", "gauge", "watts", "hostname,part",
     "Power by where it goes: gpu, cpu, node (the whole machine) and unaccounted (node less the "
     "others), watts (driver, kernel: powercap, hwmon)",
     .asks = "the power of all GPUs; energy_uj of RAPL, or the meter of a Grace CPU; the ACPI "
             "power meter, or the rail that feeds a module",
     RANGE(-20000, 200000),
     .absent = "A part that cannot be read: RAPL is root's, and few machines have a meter of the "
               "whole. gpu while one of them that answers does not tell its power.",
     .note = "unaccounted is what fans, memory, disks, network and losses of the power supplies "
             "draw, and the CPU where RAPL is closed. Below 0 the meters contradict each other, "
             "or speak of different seconds."},
    {"algalon_energy_joules_total", "counter", "joules", "hostname,part",
     "Energy by where it went since the worker started: gpu, cpu, node, joules (driver, kernel: "
     "powercap, hwmon)",
     .asks = "nvmlDeviceGetTotalEnergyConsumption of all GPUs, else power times time",
     .period = CATALOGUE_TALLY,
     .absent = "A part that was never told. There is none of what is unaccounted: take the "
               "increase of node less those of gpu and cpu.",
     .note = "gpu is the hardware's own counter where there is one, which is good to a few "
             "percent; cpu and node are integrals of power."},
};
const size_t catalogue_truth_len = ARRAY_LEN(catalogue_truth);
