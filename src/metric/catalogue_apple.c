/* catalogue_apple.c - rows of the catalogue: what only Apple's chips tell, under all-smi's names.
 */
#include "metric/catalogue_table.h"

#define ASKS_ENERGY   "IOReport: Energy Model"
#define ASKS_STATES   "IOReport: CPU Core Performance States; IORegistry: pmgr, voltage-states*"
#define ASKS_PRESSURE "notify: com.apple.system.thermalpressurelevel"
#define ABSENT_KIND   "Where the chip has no cores of the kind, and in virtual machines."
#define ABSENT_REPORT "In virtual machines, and in the first interval."
#define LEVELS        "Nominal, Moderate, Heavy, Trapping or Sleeping"

#define KIND(letter, word, more)                                                                   \
    {"all_smi_cpu_" letter "_core_count",                                                          \
     "gauge",                                                                                      \
     "1",                                                                                          \
     CPU,                                                                                          \
     "Number of " word " cores of the chip (macOS: sysctl)",                                       \
     .asks = "sysctl hw.perflevel*",                                                               \
     RANGE(1, 4096),                                                                               \
     .period = CATALOGUE_OPEN,                                                                     \
     .absent = ABSENT_KIND,                                                                        \
     .note = more},                                                                                \
        {"all_smi_cpu_" letter "_core_utilization",                                                \
         "gauge",                                                                                  \
         "percent",                                                                                \
         CPU,                                                                                      \
         "Share of time in which the " word " cores worked, mean over the interval, percent "      \
         "(macOS: IOReport)",                                                                      \
         .asks = ASKS_STATES,                                                                      \
         .period = CATALOGUE_MEAN,                                                                 \
         .absent = ABSENT_KIND,                                                                    \
         .note = "Time, whatever the clock: some tools multiply it by the clock over the "         \
                 "highest clock."},                                                                \
    {                                                                                              \
        "all_smi_cpu_" letter "_cluster_frequency_mhz", "gauge", "megahertz", CPU,                 \
            "Clock of the " word " cores while they worked, mean over the interval, MHz (macOS: "  \
            "IOReport)",                                                                           \
            .asks = ASKS_STATES, .period = CATALOGUE_MEAN,                                         \
            .absent = "Also while none of them works."                                             \
    }

const struct catalogue_family catalogue_apple[] = {
    {"all_smi_ane_power_watts", "gauge", "watts", GPU,
     "Power of the Neural Engine, mean over the interval, watts (macOS: IOReport)",
     .asks = ASKS_ENERGY, .period = CATALOGUE_MEAN, .absent = ABSENT_REPORT,
     .note = "Its load is told by nothing: all-smi's all_smi_ane_utilization is this power in "
             "milliwatts."},
    {"all_smi_combined_power_watts", "gauge", "watts", GPU,
     "Power of CPU, GPU and Neural Engine together, mean over the interval, watts (macOS: "
     "IOReport)",
     .asks = ASKS_ENERGY, RANGE(0, 5000), .period = CATALOGUE_MEAN, .absent = ABSENT_REPORT,
     .note = "Without memory, display and disks: the machine's is all_smi_chassis_power_watts."},
    {"all_smi_thermal_pressure_info", "gauge", "info", GPU ",level",
     "Constant 1; how hard heat presses the system: " LEVELS " (macOS: notify)",
     .asks = ASKS_PRESSURE},
    {"all_smi_chassis_ane_power_watts", "gauge", "watts", HOST,
     "Power of the Neural Engine, mean over the interval, watts (macOS: IOReport)",
     .period = CATALOGUE_MEAN, .like = "all_smi_ane_power_watts"},
    {"all_smi_chassis_thermal_pressure_info", "gauge", "info", HOST ",level",
     "Constant 1; how hard heat presses the system: " LEVELS " (macOS: notify)",
     .like = "all_smi_thermal_pressure_info"},
    KIND("s", "Super", "M5 and later."),
    KIND("p", "Performance", NULL),
    KIND("e", "Efficiency", NULL),
    {"all_smi_cpu_gpu_core_count", "gauge", "1", CPU,
     "Cores of the GPU on the same chip (macOS: IORegistry)", .asks = "IORegistry: gpu-core-count",
     RANGE(1, 4096), .period = CATALOGUE_OPEN},
};
const size_t catalogue_apple_len = ARRAY_LEN(catalogue_apple);
