/* catalogue_health.c - rows of the catalogue: accelerators: faults, what holds clocks down, links.
 */
#include "metric/catalogue_table.h"

#define ABSENT_ECC    "Boards without ECC, and those where it is off, count no errors."
#define ABSENT_NVLINK "Boards without NVLink have none."
#define ABSENT_XID                                                                                 \
    "No line for a code that was not seen since the worker started, nor stands in the kernel's "   \
    "log."
#define ARCH_ECC        "Data centre and workstation boards; GeForce boards have no ECC to switch on."
#define ARCH_FABRIC     "Boards on NVSwitch systems with a fabric manager, Hopper and later."
#define ARCH_NVLINK     "P100, V100, A100, H100 and later; few workstation boards."
#define ARCH_PCIE_BYTES "Only where the driver counts bytes (NVML fields 197 and 198)."
#define ARCH_ROWS       "Ampere and later; earlier boards retire pages."
#define ARCH_XID        "All; what a code means differs by architecture: docs/xid.md."
#define ASKS_FABRIC     "nvmlDeviceGetGpuFabricInfoV"
#define ASKS_FIELDS     "nvmlDeviceGetFieldValues"
#define ASKS_NVLINK                                                                                \
    "nvmlDeviceGetNvLinkState, nvmlDeviceGetNvLinkVersion, nvmlDeviceGetNvLinkRemoteDeviceType"
#define ASKS_NVLINK_COUNTERS "nvmlDeviceGetFieldValues, nvmlDeviceGetNvLinkErrorCounter"
#define ASKS_PCIE_LINK                                                                             \
    "nvmlDeviceGetCurrPcieLinkGeneration, nvmlDeviceGetCurrPcieLinkWidth, and the highest of both"
#define ASKS_XID                                                                                   \
    "nvmlEventSetWait(XID_CRITICAL_ERROR), and /dev/kmsg where it may be read: the higher count"
#define NOTE_PCIE_IDLE                                                                             \
    "An idle device may slow its link down: look at generation and width under load."

const struct catalogue_family catalogue_health[] = {
    {"algalon_gpu_throttled", "gauge", "1", GPU ",reason",
     "1 while clocks are held down for this reason (driver)",
     .asks = "nvmlDeviceGetCurrentClocksEventReasons", RANGE(0, 1),
     .note = "sw_power_cap is normal under full load."},
    {"algalon_gpu_ecc_mode", "gauge", "1", GPU, "1 when ECC is on, 0 when it is off (driver)",
     .asks = "nvmlDeviceGetTotalEccErrors, nvmlDeviceGetEccMode", RANGE(0, 1), .absent = ABSENT_ECC,
     .arch = ARCH_ECC},
    {"algalon_gpu_ecc_errors_total", "counter", "1", GPU ",type",
     "Memory errors since the driver was loaded, corrected or uncorrected (driver)",
     .asks = "nvmlDeviceGetTotalEccErrors, nvmlDeviceGetEccMode", .period = CATALOGUE_COUNTS,
     .absent = ABSENT_ECC, .arch = ARCH_ECC},
    {"algalon_gpu_ecc_errors_aggregate_total", "counter", "1", GPU ",type",
     "Memory errors over the life of the board, corrected or uncorrected (NVML fields 5 and 6)",
     .asks = ASKS_FIELDS, .period = CATALOGUE_COUNTS, .absent = ABSENT_ECC, .arch = ARCH_ECC},
    {"algalon_gpu_ecc_location_errors_total", "counter", "1", GPU ",type,location,period",
     "Memory errors by place in the device, since the driver was loaded (volatile) or over the "
     "life of the board (aggregate) (NVML fields 7 to 28, else nvmlDeviceGetMemoryErrorCounter)",
     .asks = ASKS_FIELDS ", else nvmlDeviceGetMemoryErrorCounter", .period = CATALOGUE_COUNTS,
     .absent = ABSENT_ECC, .arch = ARCH_ECC},
    {"algalon_gpu_remapped_rows_total", "counter", "1", GPU ",type",
     "Rows of device memory that were replaced by spare ones, after corrected or uncorrected "
     "errors (NVML fields 142 and 143)",
     .asks = ASKS_FIELDS, .period = CATALOGUE_COUNTS, RANGE(0, 1e6), .arch = ARCH_ROWS},
    {"algalon_gpu_row_remap_pending", "gauge", "1", GPU,
     "1 while a row waits for a reset of the device to be replaced, else 0 (NVML field 144)",
     .asks = ASKS_FIELDS, RANGE(0, 1), .arch = ARCH_ROWS},
    {"algalon_gpu_row_remap_failed", "gauge", "1", GPU,
     "1 when a row could not be replaced and the board wants service, else 0 (NVML field 145)",
     .asks = ASKS_FIELDS, RANGE(0, 1), .arch = ARCH_ROWS},
    {"algalon_gpu_row_remap_banks", "gauge", "1", GPU ",spare",
     "Banks of device memory by how many of their spare rows are left: max, high, partial, low, "
     "none (NVML: nvmlDeviceGetRowRemapperHistogram)",
     .asks = "nvmlDeviceGetRowRemapperHistogram", RANGE(0, 1e6), .arch = ARCH_ROWS},
    {"algalon_gpu_retired_pages", "gauge", "1", GPU ",type",
     "Pages of device memory taken out of use, after corrected or uncorrected errors; boards "
     "before Ampere (NVML fields 29 and 30)",
     .asks = ASKS_FIELDS, RANGE(0, 1e6),
     .arch = "Boards with ECC before Ampere; later ones remap rows."},
    {"algalon_gpu_retired_pages_pending", "gauge", "1", GPU,
     "1 while a page waits for a restart to be taken out of use, else 0 (NVML field 31)",
     .asks = ASKS_FIELDS, RANGE(0, 1),
     .arch = "Boards with ECC before Ampere; later ones remap rows."},
    {"algalon_gpu_xid_errors_total", "counter", "1", GPU ",xid",
     "Errors that the driver reported since start or, where the kernel's log may be read, as far "
     "back as that reaches, by code; docs/xid.md says what each means (NVML events, kernel log)",
     .asks = ASKS_XID, .period = CATALOGUE_EVENT, .absent = ABSENT_XID, .arch = ARCH_XID},
    {"algalon_gpu_xid_last_time_seconds", "gauge", "seconds", GPU ",xid",
     "When the driver reported this code last, seconds of Unix time (NVML events, kernel log)",
     .asks = ASKS_XID, .period = CATALOGUE_EVENT, .absent = ABSENT_XID, .arch = ARCH_XID},
    {"algalon_gpu_xid_events_total", "counter", "1", GPU,
     "Errors that the driver reported since start, of all codes; begins with 0, so that the first "
     "one shows as growth (NVML events, kernel log)",
     .asks = ASKS_XID, .period = CATALOGUE_EVENT, .absent = ABSENT_XID, .arch = ARCH_XID},
    {"algalon_gpu_recovery_action", "gauge", "1", GPU,
     "What the driver asks for: 0 nothing, 1 reset, 2 reboot, 3 drain peers, 4 drain and reset, 5 "
     "recover the IMEX domain (NVML field 230)",
     .asks = ASKS_FIELDS, RANGE(0, 15)},
    {"algalon_gpu_throttle_seconds_total", "counter", "seconds", GPU ",reason",
     "Time for which clocks were held down for this reason, seconds; nanoseconds as the header of "
     "the library says, withdrawn when it grows faster than time (NVML fields 74 to 81 and 269 to "
     "271, or 251 to 253 in another numbering)",
     .asks = ASKS_FIELDS, .period = CATALOGUE_COUNTS, RANGE(0, 1e10)},
    {"algalon_gpu_temperature_margin_celsius", "gauge", "celsius", GPU ",limit",
     "How much warmer the device may get before this limit, degrees Celsius; negative when it is "
     "above (NVML fields 193 to 196)",
     .asks = ASKS_FIELDS, RANGE(-150, 150), .arch = "Ada and Hopper and later."},
    {"algalon_gpu_pcie_replays_total", "counter", "1", GPU,
     "PCI Express packets sent again (NVML field 94)", .asks = ASKS_FIELDS,
     .period = CATALOGUE_COUNTS, RANGE(0, 1e12), .note = NOTE_PCIE_IDLE},
    {"algalon_gpu_pcie_replay_rollovers_total", "counter", "1", GPU,
     "Times that the same PCI Express packet had to be sent again four times (NVML field 95)",
     .asks = ASKS_FIELDS, .period = CATALOGUE_COUNTS, RANGE(0, 1e12), .note = NOTE_PCIE_IDLE},
    {"algalon_gpu_pcie_errors_total", "counter", "1", GPU ",kind",
     "Errors of the PCI Express link by kind (NVML fields 169 and 173 to 183)", .asks = ASKS_FIELDS,
     .period = CATALOGUE_COUNTS, RANGE(0, 1e12), .note = NOTE_PCIE_IDLE},
    {"algalon_gpu_pcie_transmitted_bytes_total", "counter", "bytes", GPU,
     "Bytes the device sent over PCI Express (NVML field 197)", .asks = ASKS_FIELDS,
     .period = CATALOGUE_COUNTS, .arch = ARCH_PCIE_BYTES, .note = NOTE_PCIE_IDLE},
    {"algalon_gpu_pcie_received_bytes_total", "counter", "bytes", GPU,
     "Bytes the device received over PCI Express (NVML field 198)", .asks = ASKS_FIELDS,
     .period = CATALOGUE_COUNTS, .arch = ARCH_PCIE_BYTES, .note = NOTE_PCIE_IDLE},
    {"algalon_gpu_pcie_transmit_bytes_per_second", "gauge", "bytes per second", GPU,
     "Bytes a second that the device sent over PCI Express in the interval (NVML field 197)",
     .asks = ASKS_FIELDS, .arch = ARCH_PCIE_BYTES, .note = NOTE_PCIE_IDLE},
    {"algalon_gpu_pcie_receive_bytes_per_second", "gauge", "bytes per second", GPU,
     "Bytes a second that the device received over PCI Express in the interval (NVML field 198)",
     .asks = ASKS_FIELDS, .arch = ARCH_PCIE_BYTES, .note = NOTE_PCIE_IDLE},
    {"all_smi_gpu_pcie_gen_current", "gauge", "1", GPU,
     "PCI Express generation that the link runs at (driver)", .asks = ASKS_PCIE_LINK, RANGE(1, 10),
     .note = NOTE_PCIE_IDLE},
    {"algalon_gpu_pcie_gen_max", "gauge", "1", GPU,
     "Highest PCI Express generation of device and slot (driver)", .asks = ASKS_PCIE_LINK,
     RANGE(1, 10), .note = NOTE_PCIE_IDLE},
    {"all_smi_gpu_pcie_width_current", "gauge", "1", GPU,
     "PCI Express lanes that the link uses (driver)", .asks = ASKS_PCIE_LINK, RANGE(1, 32),
     .note = NOTE_PCIE_IDLE},
    {"algalon_gpu_pcie_width_max", "gauge", "1", GPU,
     "Most PCI Express lanes of device and slot (driver)", .asks = ASKS_PCIE_LINK, RANGE(1, 32),
     .note = NOTE_PCIE_IDLE},
    {"algalon_gpu_nvlink_up", "gauge", "1", GPU ",link_index",
     "1 while the link is up, 0 while it is down (NVML: nvmlDeviceGetNvLinkState)",
     .asks = ASKS_NVLINK, .period = CATALOGUE_15S, RANGE(0, 1), .absent = ABSENT_NVLINK,
     .arch = ARCH_NVLINK},
    {"algalon_gpu_nvlink_version", "gauge", "1", GPU ",link_index",
     "Version of the link, as the driver numbers it (NVML: nvmlDeviceGetNvLinkVersion)",
     .asks = ASKS_NVLINK, .period = CATALOGUE_15S, RANGE(1, 64), .absent = ABSENT_NVLINK,
     .arch = ARCH_NVLINK},
    {"all_smi_nvlink_remote_device_type", "gauge", "info",
     GPU ",link_index,remote_type,remote_pci_bus_id?",
     "Constant 1; what is at the other end of a link that is up, gpu, switch, ibmnpu or unknown, "
     "and "
     "its address (NVML)",
     .asks = ASKS_NVLINK, .period = CATALOGUE_15S, .absent = ABSENT_NVLINK, .arch = ARCH_NVLINK},
    {"algalon_gpu_nvlink_transmitted_bytes_total", "counter", "bytes", GPU ",link_index",
     "Bytes sent over the link, read every 15 s (NVML field 138 or 202)",
     .asks = ASKS_NVLINK_COUNTERS, .period = CATALOGUE_15S, .absent = ABSENT_NVLINK,
     .arch = ARCH_NVLINK},
    {"algalon_gpu_nvlink_received_bytes_total", "counter", "bytes", GPU ",link_index",
     "Bytes received over the link, read every 15 s (NVML field 139 or 204)",
     .asks = ASKS_NVLINK_COUNTERS, .period = CATALOGUE_15S, .absent = ABSENT_NVLINK,
     .arch = ARCH_NVLINK},
    {"algalon_gpu_nvlink_errors_total", "counter", "1", GPU ",link_index,kind",
     "Errors of the link by kind, read every 15 s (NVML: nvmlDeviceGetNvLinkErrorCounter)",
     .asks = ASKS_NVLINK_COUNTERS, .period = CATALOGUE_15S, .absent = ABSENT_NVLINK,
     .arch = ARCH_NVLINK},
    {"algalon_gpu_nvlink_transmit_bytes_per_second", "gauge", "bytes per second", GPU,
     "Bytes a second sent over all links in the interval (NVML field 138 or 202)",
     .asks = ASKS_NVLINK_COUNTERS, .absent = ABSENT_NVLINK, .arch = ARCH_NVLINK},
    {"algalon_gpu_nvlink_receive_bytes_per_second", "gauge", "bytes per second", GPU,
     "Bytes a second received over all links in the interval (NVML field 139 or 204)",
     .asks = ASKS_NVLINK_COUNTERS, .absent = ABSENT_NVLINK, .arch = ARCH_NVLINK},
    {"algalon_gpu_c2c_links", "gauge", "1", GPU,
     "Links between the chips of a superchip (NVML field 170)",
     .asks = "nvmlDeviceGetFieldValues(C2C_LINK_COUNT)", RANGE(0, 64),
     .arch = "Grace Hopper and Grace Blackwell."},
    {"algalon_gpu_c2c_errors_total", "counter", "1", GPU ",kind",
     "Errors of the links between the chips of a superchip (NVML fields 231 to 233)",
     .asks = ASKS_FIELDS, .period = CATALOGUE_COUNTS, .arch = "Grace Hopper and Grace Blackwell."},
    {"algalon_gpu_fabric_state", "gauge", "1", GPU,
     "Registration with the NVLink fabric: 0 not supported, 1 not started, 2 in progress, 3 "
     "completed (NVML: nvmlDeviceGetGpuFabricInfoV)",
     .asks = ASKS_FABRIC, RANGE(0, 3), .arch = ARCH_FABRIC},
    {"algalon_gpu_fabric_status", "gauge", "1", GPU,
     "Result of the completed registration, a code of the library, 0 is success (NVML: "
     "nvmlDeviceGetGpuFabricInfoV)",
     .asks = ASKS_FABRIC, RANGE(0, 999), .arch = ARCH_FABRIC},
    {"algalon_gpu_fabric_fault", "gauge", "1", GPU ",fault",
     "1 while the fabric has this fault, 0 while it has not (NVML: nvmlDeviceGetGpuFabricInfoV)",
     .asks = ASKS_FABRIC, RANGE(0, 1), .arch = ARCH_FABRIC},
};
const size_t catalogue_health_len = ARRAY_LEN(catalogue_health);
