#include "migrate/equivalence.h"

#define MIB (1.0 / 1048576)

#define ERRORS(kind)                                                                               \
    "sum without (link_index, kind) (algalon_gpu_nvlink_errors_total{kind=\"" kind "\"$})"
#define ERRORS_NOTE "the sum over all links"

const struct equivalence equivalences[] = {
    {"DCGM_FI_DEV_GPU_UTIL", "all_smi_gpu_utilization", NULL, 1,
     "the mean since the last reading, where dcgm-exporter gives the driver's last sample"},
    {"DCGM_FI_DEV_MEM_COPY_UTIL", "algalon_gpu_memory_activity", NULL, 1,
     "all-smi itself has none"},
    {"DCGM_FI_DEV_ENC_UTIL", "algalon_gpu_encoder_utilization", NULL, 1, "all-smi itself has none"},
    {"DCGM_FI_DEV_DEC_UTIL", "algalon_gpu_decoder_utilization", NULL, 1, "all-smi itself has none"},
    {"DCGM_FI_DEV_FB_USED", "all_smi_gpu_memory_used_bytes", NULL, MIB, "MiB to bytes"},
    {"DCGM_FI_DEV_FB_FREE", "algalon_gpu_memory_free_bytes", NULL, MIB,
     "MiB to bytes; of all-smi itself total less used, which counts what is reserved as free"},
    {"DCGM_FI_DEV_FB_RESERVED", "algalon_gpu_memory_reserved_bytes", NULL, MIB,
     "MiB to bytes; all-smi itself has none"},
    {"(DCGM_FI_DEV_FB_USED{$} + DCGM_FI_DEV_FB_FREE{$} + DCGM_FI_DEV_FB_RESERVED{$})",
     "all_smi_gpu_memory_total_bytes", NULL, MIB, "MiB to bytes"},
    {"DCGM_FI_DEV_GPU_TEMP", "all_smi_gpu_temperature_celsius", NULL, 1, ""},
    {"DCGM_FI_DEV_MEMORY_TEMP", "algalon_gpu_memory_temperature_celsius", NULL, 1,
     "all-smi itself has none"},
    {"DCGM_FI_DEV_POWER_USAGE", "all_smi_gpu_power_consumption_watts", NULL, 1,
     "averaged over other windows"},
    {"DCGM_FI_DEV_TOTAL_ENERGY_CONSUMPTION", "all_smi_energy_consumed_joules_total",
     "scope=\"gpu\"", 1000, "mJ to J; all-smi itself adds up power, Algalon reads the counter"},
    {"DCGM_FI_DEV_SM_CLOCK", "algalon_gpu_clock_sm_mhz", NULL, 1,
     "all-smi itself has all_smi_gpu_frequency_mhz, the graphics clock"},
    {"DCGM_FI_DEV_SM_CLOCK{$}", "all_smi_gpu_frequency_mhz", NULL, 1,
     "the SM clock for the graphics clock"},
    {"DCGM_FI_DEV_MEM_CLOCK", "algalon_gpu_clock_memory_mhz", NULL, 1, "all-smi itself has none"},
    {"DCGM_FI_DEV_ECC_SBE_VOL_TOTAL", "algalon_gpu_ecc_errors_total", "type=\"corrected\"", 1, ""},
    {"DCGM_FI_DEV_ECC_DBE_VOL_TOTAL", "algalon_gpu_ecc_errors_total", "type=\"uncorrected\"", 1,
     ""},
    {"DCGM_FI_DEV_ECC_SBE_AGG_TOTAL", "algalon_gpu_ecc_errors_aggregate_total",
     "type=\"corrected\"", 1, ""},
    {"DCGM_FI_DEV_ECC_DBE_AGG_TOTAL", "algalon_gpu_ecc_errors_aggregate_total",
     "type=\"uncorrected\"", 1, ""},
    {"DCGM_FI_DEV_RETIRED_SBE", "algalon_gpu_retired_pages", "type=\"corrected\"", 1, ""},
    {"DCGM_FI_DEV_RETIRED_DBE", "algalon_gpu_retired_pages", "type=\"uncorrected\"", 1, ""},
    {"DCGM_FI_DEV_RETIRED_PENDING", "algalon_gpu_retired_pages_pending", NULL, 1, ""},
    {"DCGM_FI_DEV_CORRECTABLE_REMAPPED_ROWS", "algalon_gpu_remapped_rows_total",
     "type=\"corrected\"", 1, ""},
    {"DCGM_FI_DEV_UNCORRECTABLE_REMAPPED_ROWS", "algalon_gpu_remapped_rows_total",
     "type=\"uncorrected\"", 1, ""},
    {"DCGM_FI_DEV_ROW_REMAP_FAILURE", "algalon_gpu_row_remap_failed", NULL, 1, ""},
    {"DCGM_FI_DEV_PCIE_REPLAY_COUNTER", "algalon_gpu_pcie_replays_total", NULL, 1, ""},
    {"DCGM_FI_DEV_NVLINK_CRC_FLIT_ERROR_COUNT_TOTAL", ERRORS("crc_flit"), NULL, 1, ERRORS_NOTE},
    {"DCGM_FI_DEV_NVLINK_CRC_DATA_ERROR_COUNT_TOTAL", ERRORS("crc_data"), NULL, 1, ERRORS_NOTE},
    {"DCGM_FI_DEV_NVLINK_REPLAY_ERROR_COUNT_TOTAL", ERRORS("replay"), NULL, 1, ERRORS_NOTE},
    {"DCGM_FI_DEV_NVLINK_RECOVERY_ERROR_COUNT_TOTAL", ERRORS("recovery"), NULL, 1, ERRORS_NOTE},
    {"DCGM_FI_DEV_NVLINK_BANDWIDTH_TOTAL",
     "(algalon_gpu_nvlink_transmit_bytes_per_second{$} + "
     "algalon_gpu_nvlink_receive_bytes_per_second{$})",
     NULL, 1.0 / 1024000, "a rate in both, in units of 1024000 bytes a second"},
    {"DCGM_FI_PROF_GR_ENGINE_ACTIVE", "algalon_gpu_prof_graphics_active", NULL, 1,
     "Hopper and later"},
    {"DCGM_FI_PROF_SM_ACTIVE", "algalon_gpu_prof_sm_active", NULL, 1, "Hopper and later"},
    {"DCGM_FI_PROF_SM_OCCUPANCY", "algalon_gpu_prof_sm_occupancy", NULL, 1, "Hopper and later"},
    {"DCGM_FI_PROF_PIPE_TENSOR_ACTIVE", "algalon_gpu_prof_tensor_active", NULL, 1,
     "Hopper and later"},
    {"DCGM_FI_PROF_DRAM_ACTIVE", "algalon_gpu_prof_dram_active", NULL, 1, "Hopper and later"},
    {"DCGM_FI_PROF_PIPE_FP64_ACTIVE", "algalon_gpu_prof_fp64_active", NULL, 1, "Hopper and later"},
    {"DCGM_FI_PROF_PIPE_FP32_ACTIVE", "algalon_gpu_prof_fp32_active", NULL, 1, "Hopper and later"},
    {"DCGM_FI_PROF_PIPE_FP16_ACTIVE", "algalon_gpu_prof_fp16_active", NULL, 1, "Hopper and later"},
    {"DCGM_FI_PROF_PCIE_TX_BYTES",
     "(algalon_gpu_prof_pcie_transmit_bytes_per_second{$} or "
     "algalon_gpu_pcie_transmit_bytes_per_second{$})",
     NULL, 1, "a rate in both"},
    {"DCGM_FI_PROF_PCIE_RX_BYTES",
     "(algalon_gpu_prof_pcie_receive_bytes_per_second{$} or "
     "algalon_gpu_pcie_receive_bytes_per_second{$})",
     NULL, 1, "a rate in both"},
    {"DCGM_FI_DEV_POWER_VIOLATION", "algalon_gpu_throttle_seconds_total", "reason=\"sw_power_cap\"",
     1e9, "ns to s"},
    {"DCGM_FI_DEV_THERMAL_VIOLATION", "algalon_gpu_throttle_seconds_total", "reason=\"thermal\"",
     1e9, "ns to s"},
    {"DCGM_FI_DEV_SYNC_BOOST_VIOLATION", "algalon_gpu_throttle_seconds_total",
     "reason=\"sync_boost\"", 1e9, "ns to s"},
    {"DCGM_FI_DEV_BOARD_LIMIT_VIOLATION", "algalon_gpu_throttle_seconds_total",
     "reason=\"board_limit\"", 1e9, "ns to s"},
    {"DCGM_FI_DEV_LOW_UTIL_VIOLATION", "algalon_gpu_throttle_seconds_total",
     "reason=\"low_utilization\"", 1e9, "ns to s"},
    {"DCGM_FI_DEV_RELIABILITY_VIOLATION", "algalon_gpu_throttle_seconds_total",
     "reason=\"reliability\"", 1e9, "ns to s"},
};
const size_t equivalences_len = ARRAY_LEN(equivalences);

const struct no_equivalence no_equivalences[] = {
    {"DCGM_FI_DEV_XID_ERRORS",
     "it holds the last code; algalon_gpu_xid_errors_total counts by code: ask for "
     "increase(algalon_gpu_xid_errors_total[5m]) by xid"},
    {"DCGM_EXP_XID_ERRORS_COUNT",
     "it counts a window of its own: ask for increase(algalon_gpu_xid_errors_total[5m]) by xid"},
    {"DCGM_EXP_CLOCK_EVENTS_COUNT", "it counts readings in a window: ask for "
                                    "increase(algalon_gpu_throttle_seconds_total[5m]) by reason"},
    {"DCGM_FI_DEV_NVLINK_BANDWIDTH_L0",
     "links stand in algalon_gpu_nvlink_transmitted_bytes_total and _received_bytes_total by "
     "link_index: ask for their rate()"},
    {"DCGM_FI_DEV_VGPU_LICENSE_STATUS",
     "it is 0 of boards that need no licence, too: ask for algalon_gpu_vgpu_licensed, which only "
     "guests with a virtual device have"},
    {"DCGM_EXP_GPU_HEALTH_STATUS",
     "health watches are DCGM's own; algalon_gpu_up, the ECC, row remap and NVLink families and "
     "the alerts of rules/gpu.yml take their place"},
    {"DCGM_EXP_P2P_STATUS",
     "a state in a number: algalon_gpu_peer_info has one series for each pair "
     "of devices, with nvlink and level as labels"},
};
const size_t no_equivalences_len = ARRAY_LEN(no_equivalences);

#define JOIN(label)                                                                                \
    "stands on all_smi_gpu_info: join it with `* on (hostname, gpu_uuid) group_left (" label       \
    ") all_smi_gpu_info`"
#define MIG    "MIG instances have families of their own: all_smi_mig_instance_*"
#define HOLDER "who holds a GPU stands in algalon_holder_gpu_allocated: join it on gpu_uuid"

const struct label_equivalence label_equivalences[] = {
    {"gpu", "gpu_index", "the number; in all-smi `gpu` is the model"},
    {"UUID", "gpu_uuid", ""},
    {"modelName", "gpu", ""},
    {"Hostname", "hostname", "`hostname` in dcgm-exporter since 4.6.0-4.8.3"},
    {"device", NULL, "nvidia0 is gpu_index 0: translated where it stands for one GPU"},
    {"pci_bus_id", NULL, JOIN("pci_bus_id")},
    {"DCGM_FI_DRIVER_VERSION", NULL, JOIN("driver_version")},
    {"GPU_I_ID", NULL, MIG},
    {"GPU_I_PROFILE", NULL, MIG},
    {"pod", NULL, HOLDER},
    {"namespace", NULL, HOLDER},
    {"container", NULL, HOLDER},
    {"exported_pod", NULL, HOLDER},
    {"exported_namespace", NULL, HOLDER},
    {"exported_container", NULL, HOLDER},
    {"err_code", NULL, "see DCGM_FI_DEV_XID_ERRORS"},
    {"err_msg", NULL, "see DCGM_FI_DEV_XID_ERRORS"},
    {NULL, "type", "tells apart what are metrics of their own in dcgm-exporter"},
    {NULL, "reason", "tells apart what are metrics of their own in dcgm-exporter"},
    {NULL, "scope", "tells apart what are metrics of their own in dcgm-exporter"},
    {NULL, "link_index", "dcgm-exporter gives sums over all links"},
};
const size_t label_equivalences_len = ARRAY_LEN(label_equivalences);

#define SINCE_49 "dcgm-exporter 4.9"
#define SINCE_46 "DCGM 4.6"

/* Names that dcgm-exporter 4.9 gives (its release notes), and constants of DCGM 4.6's header. */
const struct renaming metric_renamings[] = {
    {"DCGM_FI_DEV_SM_CLOCK", "DCGM_FI_DEV_SM_CLOCK_HERTZ", 1e6, SINCE_49},
    {"DCGM_FI_DEV_MEM_CLOCK", "DCGM_FI_DEV_MEMORY_CLOCK_HERTZ", 1e6, SINCE_49},
    {"DCGM_FI_DEV_TOTAL_ENERGY_CONSUMPTION", "DCGM_FI_DEV_GPU_ENERGY_JOULES_TOTAL", 0.001,
     SINCE_49},
    {"DCGM_FI_DEV_GPU_UTIL", "DCGM_FI_DEV_GPU_UTIL_RATIO", 0.01, SINCE_49},
    {"DCGM_FI_DEV_MEM_COPY_UTIL", "DCGM_FI_DEV_MEMORY_UTIL_RATIO", 0.01, SINCE_49},
    {"DCGM_FI_DEV_ENC_UTIL", "DCGM_FI_DEV_ENC_UTIL_RATIO", 0.01, SINCE_49},
    {"DCGM_FI_DEV_DEC_UTIL", "DCGM_FI_DEV_DEC_UTIL_RATIO", 0.01, SINCE_49},
    {"DCGM_FI_DEV_FB_FREE", "DCGM_FI_DEV_FB_FREE_BYTES", 1048576, SINCE_49},
    {"DCGM_FI_DEV_FB_USED", "DCGM_FI_DEV_FB_USED_BYTES", 1048576, SINCE_49},
    {"DCGM_FI_DEV_FB_RESERVED", "DCGM_FI_DEV_FB_RESERVED_BYTES", 1048576, SINCE_49},
    {"DCGM_FI_DEV_NVLINK_BANDWIDTH_TOTAL", "DCGM_FI_DEV_NVLINK_THROUGHPUT_BYTES_PER_SECOND", 1e6,
     SINCE_49},
    {"DCGM_FI_DEV_MEMORY_TEMP", "DCGM_FI_DEV_MEMORY_TEMP_CELSIUS", 1, SINCE_46},
    {"DCGM_FI_DEV_GPU_TEMP", "DCGM_FI_DEV_GPU_TEMP_CELSIUS", 1, SINCE_46},
    {"DCGM_FI_DEV_POWER_USAGE", "DCGM_FI_DEV_BOARD_POWER_WATTS", 1, SINCE_46},
    {"DCGM_FI_DEV_PCIE_REPLAY_COUNTER", "DCGM_FI_DEV_PCIE_REPLAY_TOTAL", 1, SINCE_46},
    {"DCGM_FI_DEV_XID_ERRORS", "DCGM_FI_DEV_XID_ERROR", 1, SINCE_46},
    {"DCGM_FI_DEV_RETIRED_SBE", "DCGM_FI_DEV_PAGE_RETIRED_SBE_TOTAL", 1, SINCE_46},
    {"DCGM_FI_DEV_RETIRED_DBE", "DCGM_FI_DEV_PAGE_RETIRED_DBE_TOTAL", 1, SINCE_46},
    {"DCGM_FI_DEV_RETIRED_PENDING", "DCGM_FI_DEV_PAGE_RETIRED_PENDING", 1, SINCE_46},
    {"DCGM_FI_DEV_UNCORRECTABLE_REMAPPED_ROWS", "DCGM_FI_DEV_ROW_REMAP_UNCORRECTABLE_TOTAL", 1,
     SINCE_46},
    {"DCGM_FI_DEV_CORRECTABLE_REMAPPED_ROWS", "DCGM_FI_DEV_ROW_REMAP_CORRECTABLE_TOTAL", 1,
     SINCE_46},
    {"DCGM_FI_DEV_ROW_REMAP_FAILURE", "DCGM_FI_DEV_ROW_REMAP_FAILED", 1, SINCE_46},
    {"DCGM_FI_PROF_GR_ENGINE_ACTIVE", "DCGM_FI_PROF_GR_ENGINE_UTIL_RATIO", 1, SINCE_46},
    {"DCGM_FI_PROF_SM_ACTIVE", "DCGM_FI_PROF_SM_UTIL_RATIO", 1, SINCE_46},
    {"DCGM_FI_PROF_SM_OCCUPANCY", "DCGM_FI_PROF_SM_OCCUPANCY_RATIO", 1, SINCE_46},
    {"DCGM_FI_PROF_PIPE_TENSOR_ACTIVE", "DCGM_FI_PROF_TENSOR_UTIL_RATIO", 1, SINCE_46},
    {"DCGM_FI_PROF_DRAM_ACTIVE", "DCGM_FI_PROF_DRAM_UTIL_RATIO", 1, SINCE_46},
};
const size_t metric_renamings_len = ARRAY_LEN(metric_renamings);

const struct renaming label_renamings[] = {
    {"Hostname", "hostname", 1, "dcgm-exporter 4.6.0-4.8.3"},
    {"uuid", "gpu_uuid", 1, "all-smi of April 2026"},
    {"index", "gpu_index", 1, "all-smi of April 2026"},
    {"DCGM_FI_DRIVER_VERSION", "DCGM_FI_SYSTEM_DRIVER_VERSION", 1, SINCE_49},
};
const size_t label_renamings_len = ARRAY_LEN(label_renamings);

const struct mistake mistakes[] = {
    {NULL, "all_smi_gpu_memory_used", "all_smi_gpu_memory_used_bytes"},
    {NULL, "all_smi_gpu_memory_total", "all_smi_gpu_memory_total_bytes"},
    {NULL, "all_smi_gpu_temperature", "all_smi_gpu_temperature_celsius"},
    {NULL, "all_smi_gpu_power", "all_smi_gpu_power_consumption_watts"},
    {NULL, "all_smi_gpu_processes", "all_smi_process_memory_used_bytes"},
    {NULL, "all_smi_disk_available", "all_smi_disk_available_bytes"},
    {NULL, "all_smi_disk_total", "all_smi_disk_total_bytes"},
    {NULL, "all_smi_process_cpu_usage", "all_smi_process_cpu_percent"},
    {NULL, "all_smi_process_memory_usage", "all_smi_process_memory_used_bytes"},
    {NULL, "all_smi_process_memory_percent", NULL},
    {"all_smi_", "gpu_name", "gpu"},
    {"all_smi_cpu_", "cpu_id", "index"},
    {"all_smi_process_", "process_name", "name"},
    {"all_smi_gpu_processes", "process_name", "name"},
    {"all_smi_disk_", "device", "mount_point"},
};
const size_t mistakes_len = ARRAY_LEN(mistakes);

const struct equivalence *equivalence_find(struct str name, enum schema_name to, size_t i)
{
    for (size_t k = 0; k < ARRAY_LEN(equivalences); k++) {
        const char *source = to == TO_ALL_SMI ? equivalences[k].dcgm : equivalences[k].all_smi;
        if (str_is(name, source) && i-- == 0)
            return &equivalences[k];
    }
    return NULL;
}

const char *equivalence_why_none(struct str name)
{
    for (size_t i = 0; i < ARRAY_LEN(no_equivalences); i++)
        if (str_is(name, no_equivalences[i].name))
            return no_equivalences[i].reason;
    return NULL;
}
