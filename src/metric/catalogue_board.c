/* catalogue_board.c - rows of the catalogue: a module with everything on it (Jetson). */
#include "metric/catalogue_table.h"

#define ABSENT_TEGRA "Only on NVIDIA's Tegra SoCs."
#define ABSENT_ENGINE                                                                              \
    "Only on NVIDIA's Tegra SoCs; without root only where the kernel shows them in sysfs."
#define ABSENT_DEBUGFS "debugfs is root's, and not mounted in containers."
#define ASKS_RAIL      "/sys/bus/i2c/drivers/ina3221*"
#define ASKS_ENGINE                                                                                \
    "/sys/kernel/debug/clk, /sys/class/devfreq, /sys/devices/platform/*/power/runtime_status"
#define NOTE_RAIL                                                                                  \
    "VDD_CPU_GPU_CV feeds CPU, GPU and CV together, so such boards tell no power of the GPU."
#define NOTE_ENGINE "Switched on is not busy: the kernel counts no load of these units."

const struct catalogue_family catalogue_board[] = {
    {"algalon_board_info", "gauge", "info",
     "hostname,model?,soc?,l4t_version?,jetpack_version?,power_mode?,power_mode_id?",
     "Constant 1; a module with everything on it (Jetson): model, chip, release of its software, "
     "power mode (device tree, /etc/nv_tegra_release, nvpmodel)",
     .asks = "/proc/device-tree, /etc/nv_tegra_release, /var/lib/nvpmodel/status",
     .absent = ABSENT_TEGRA},
    {"algalon_board_power_watts", "gauge", "watts", "hostname,source",
     "Power of the whole module, watts; source says whether a rail feeds it all (input) or the "
     "rails were added up (sum) (INA3221)",
     .asks = ASKS_RAIL ": VDD_IN or POM_5V_IN, else all rails",
     .absent = "Boards without such a chip have none.",
     .note = "With source sum, what hangs on no measured rail is missing."},
    {"algalon_board_memory_clock_mhz", "gauge", "megahertz", HOST,
     "Clock of the memory controller, MHz (debugfs: emc)",
     .asks = "/sys/kernel/debug/bpmp/debug/clk/emc/rate", .absent = ABSENT_DEBUGFS},
    {"algalon_board_memory_controller_utilization", "gauge", "percent", HOST,
     "Share of time in which the memory controller worked, percent (debugfs: cactmon)",
     .asks = "/sys/kernel/debug/cactmon/mc_all", .absent = ABSENT_DEBUGFS},
    {"algalon_rail_power_watts", "gauge", "watts", "hostname,rail",
     "Power on a supply line, watts (INA3221)", .asks = ASKS_RAIL, .absent = ABSENT_TEGRA,
     .note = NOTE_RAIL},
    {"algalon_rail_voltage_volts", "gauge", "volts", "hostname,rail",
     "Voltage of a supply line, volts (INA3221)", .asks = ASKS_RAIL, .absent = ABSENT_TEGRA},
    {"algalon_rail_current_amperes", "gauge", "amperes", "hostname,rail",
     "Current on a supply line, amperes (INA3221)", .asks = ASKS_RAIL, .absent = ABSENT_TEGRA},
    {"algalon_zone_temperature_celsius", "gauge", "celsius", "hostname,zone",
     "Temperature of a thermal zone, degrees Celsius (kernel: thermal_zone)",
     .asks = "/sys/class/thermal/thermal_zone*",
     .absent = "Only on NVIDIA's Tegra SoCs; not for a zone whose part is switched off."},
    {"algalon_engine_running", "gauge", "1", "hostname,engine",
     "1 while a unit with one purpose (nvdec, nvenc, nvjpg, vic, ofa, dla0, pva0) is switched on, "
     "else 0 (kernel: clk, runtime_status)",
     .asks = ASKS_ENGINE, RANGE(0, 1), .absent = ABSENT_ENGINE, .note = NOTE_ENGINE},
    {"algalon_engine_clock_mhz", "gauge", "megahertz", "hostname,engine",
     "Clock of a unit with one purpose, MHz (kernel: clk, devfreq)", .asks = ASKS_ENGINE,
     .absent = ABSENT_ENGINE, .note = NOTE_ENGINE},
};
const size_t catalogue_board_len = ARRAY_LEN(catalogue_board);
