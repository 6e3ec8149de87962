/* nvml_abi.h - the part of NVML's binary interface that we use: codes, structs, constants. Written
 * from the layouts that the vendor's headers of CUDA 11.8, 12.4 and 13.3 share on 64-bit machines;
 * no header of the vendor is needed to build. Stands alone, so that the simulator speaks the same.
 */
#ifndef ALGALON_DEVICE_NVIDIA_NVML_ABI_H
#define ALGALON_DEVICE_NVIDIA_NVML_ABI_H

#include <stddef.h>
#include <stdint.h>

struct nvml_device; /* opaque: a handle of the library */

enum nvml_code {
    NVML_SUCCESS = 0,
    NVML_UNINITIALIZED = 1,
    NVML_INVALID_ARGUMENT = 2,
    NVML_NOT_SUPPORTED = 3,
    NVML_NO_PERMISSION = 4,
    NVML_NOT_FOUND = 6,
    NVML_INSUFFICIENT_SIZE = 7,
    NVML_DRIVER_NOT_LOADED = 9,
    NVML_TIMEOUT = 10,
    NVML_LIBRARY_NOT_FOUND = 12,
    NVML_FUNCTION_NOT_FOUND = 13,
    NVML_GPU_IS_LOST = 15,
    NVML_RESET_REQUIRED = 16,
    NVML_OPERATING_SYSTEM = 17, /* the device cgroup refused */
    NVML_VERSION_MISMATCH = 18, /* library and kernel module are of different releases */
    NVML_IN_USE = 19,
    NVML_MEMORY = 20,
    NVML_NO_DATA = 21,
    NVML_ARGUMENT_VERSION_MISMATCH = 25,
    NVML_DEPRECATED = 26,
    NVML_NOT_READY = 27,
    NVML_GPU_NOT_FOUND = 28,
    NVML_INVALID_STATE = 29,
    NVML_UNKNOWN = 999
};

/* A versioned struct carries its size and version in its first word. */
#define NVML_STRUCT_VERSION(type, version) ((unsigned)sizeof(type) | ((unsigned)(version) << 24))

struct nvml_pci_info {
    char bus_id_legacy[16];
    unsigned domain, bus, device, pci_device_id, pci_subsystem_id;
    char bus_id[32]; /* "00000000:3B:00.0": eight digits of domain, upper case */
};

struct nvml_memory_v1 {
    uint64_t total, free, used; /* used includes what the driver reserves */
};

struct nvml_memory_v2 {
    unsigned version;
    uint64_t total, reserved, free, used; /* total = reserved + free + used */
};

struct nvml_utilization {
    unsigned gpu, memory; /* percent */
};

enum nvml_sampling_type {
    NVML_SAMPLES_POWER = 0, /* mW */
    NVML_SAMPLES_GPU = 1,   /* percent, as are memory, encoder and decoder */
    NVML_SAMPLES_MEMORY = 2,
    NVML_SAMPLES_ENCODER = 3,
    NVML_SAMPLES_DECODER = 4,
    NVML_SAMPLES_SM_CLOCK = 5, /* MHz */
    NVML_SAMPLES_MEMORY_CLOCK = 6,
    NVML_SAMPLES_MODULE_POWER = 7, /* mW */
    NVML_SAMPLES_JPEG = 8,         /* percent */
    NVML_SAMPLES_OFA = 9
};

#define NVML_SAMPLE_TYPES 10

enum nvml_value_type {
    NVML_VALUE_DOUBLE = 0,
    NVML_VALUE_UNSIGNED = 1,
    NVML_VALUE_UNSIGNED_LONG = 2,
    NVML_VALUE_UNSIGNED_LONG_LONG = 3,
    NVML_VALUE_SIGNED_LONG_LONG = 4,
    NVML_VALUE_SIGNED = 5,
    NVML_VALUE_UNSIGNED_SHORT = 6
};

union nvml_value {
    double d;
    unsigned u;
    uint64_t ul, ull;
    int64_t sll;
    int si;
    uint16_t us;
};

struct nvml_sample {
    uint64_t timestamp; /* microseconds, CPU clock */
    union nvml_value value;
};

enum nvml_field_id {
    NVML_FIELD_ECC_AGGREGATE_CORRECTED = 5,
    NVML_FIELD_ECC_AGGREGATE_UNCORRECTED = 6,
    NVML_FIELD_ECC_LOCATION = 7, /* and the 21 behind it */
    NVML_FIELD_RETIRED_SBE = 29,
    NVML_FIELD_RETIRED_DBE = 30,
    NVML_FIELD_RETIRED_PENDING = 31,
    NVML_FIELD_THROTTLE_TIME = 74, /* and the seven behind it; nanoseconds, says the header */
    NVML_FIELD_LINK_CRC_FLIT = 38,
    NVML_FIELD_LINK_CRC_DATA = 45,
    NVML_FIELD_LINK_REPLAY = 52,
    NVML_FIELD_LINK_RECOVERY = 59,
    NVML_FIELD_MEMORY_TEMPERATURE = 82,
    NVML_FIELD_LINK_TX_KIB = 138, /* of the link that the scope names */
    NVML_FIELD_LINK_RX_KIB = 139,
    NVML_FIELD_C2C_LINKS = 170,
    NVML_FIELD_LINK_TX_BYTES = 202, /* the fifth generation counts so */
    NVML_FIELD_LINK_RX_BYTES = 204,
    NVML_FIELD_C2C_ERROR = 231, /* and the two behind it */
    NVML_FIELD_PCIE_REPLAYS = 94,
    NVML_FIELD_PCIE_REPLAY_ROLLOVERS = 95,
    NVML_FIELD_REMAPPED_CORRECTABLE = 142,
    NVML_FIELD_REMAPPED_UNCORRECTABLE = 143,
    NVML_FIELD_REMAPPED_PENDING = 144,
    NVML_FIELD_REMAPPED_FAILURE = 145,
    NVML_FIELD_PCIE_L0_TO_RECOVERY = 169,
    NVML_FIELD_PCIE_ERROR = 173, /* and the ten behind it */
    NVML_FIELD_POWER_AVERAGE = 185,
    NVML_FIELD_POWER_INSTANT = 186,
    NVML_FIELD_MARGIN = 193, /* and the three behind it */
    NVML_FIELD_PCIE_TX_BYTES = 197,
    NVML_FIELD_PCIE_RX_BYTES = 198,
    NVML_FIELD_RESET_NEEDED = 226, /* and the one behind it */
    NVML_FIELD_RECOVERY_ACTION = 230,
    NVML_FIELD_C2C_POWER_STATE = 234,
    NVML_FIELD_LINK_FEC = 235,     /* and the fifteen behind it, of the link that the scope names */
    NVML_FIELD_PAGES_WAITING = 92, /* and the one behind it */
    NVML_FIELD_LINK_COUNT = 91,
    NVML_FIELD_LINK_SWITCH_COUNT = 147,
    NVML_FIELD_LINK_ECC_ERRORS = 160, /* of all links */
    NVML_FIELD_LINK_SPEED = 164,      /* MB/s, of the link that the scope names */
    NVML_FIELD_LINK_POWER_STATE = 167,
    NVML_FIELD_C2C_STATUS = 171,    /* of the link that the scope names */
    NVML_FIELD_C2C_BANDWIDTH = 172, /* MB/s of one link */
    NVML_FIELD_POWER_LIMIT = 190,   /* in force, mW */
    NVML_FIELD_POWER_LIMIT_REQUESTED = 192,
    NVML_FIELD_LINK_FIFTH = 206, /* and the sixteen behind it: see nvidia_fabric.c */
    /* Two numberings are about. Drivers of 580 count under 251 to 253 and have settings of power
     * smoothing, of 32 bits, under 256 to 273 (NVIDIA/k8s-test-infra, which took it from what
     * nvidia-smi 580.65.06 asks for); headers of CUDA 13 have the settings from 251 on. */
    NVML_FIELD_THROTTLE_TIME_OLDER = 251, /* and the two behind it */
    NVML_FIELD_THROTTLE_TIME_MORE = 269   /* and the two behind it */
};

struct nvml_field_value {
    unsigned field_id, scope_id;
    int64_t timestamp, latency_us;
    unsigned value_type; /* enum nvml_value_type */
    unsigned code;       /* each field has its own */
    union nvml_value value;
};

enum nvml_power_scope {
    NVML_SCOPE_GPU = 0,
    NVML_SCOPE_MODULE = 1, /* with the processor that shares the module */
    NVML_SCOPE_MEMORY = 2
};

/* A bit error rate: mantissa times ten to minus the exponent. */
#define NVML_BER_MANTISSA(raw) ((raw) >> 8 & 15)
#define NVML_BER_EXPONENT(raw) ((raw)&255)

#define NVML_LINKS     36          /* the most a GPU has; 18 before the headers of CUDA 13.3 */
#define NVML_ALL_LINKS 0xFFFFFFFFu /* as scope of a field */

enum nvml_link_remote {
    NVML_REMOTE_GPU = 0,
    NVML_REMOTE_IBM_NPU = 1,
    NVML_REMOTE_SWITCH = 2
};

enum nvml_fabric_state {
    NVML_FABRIC_COMPLETED = 3
};

/* The third version; the second ends before `summary`. */
struct nvml_fabric_info {
    unsigned version;
    unsigned char cluster_uuid[16];
    unsigned status, clique;
    unsigned char state;
    unsigned health; /* groups of two bits: 0 not known, 1 true, 2 false; see nvidia_link.c */
    unsigned char summary;
};

/* The first version has no version and ends before the health. */
struct nvml_fabric_info_v1 {
    unsigned char cluster_uuid[16];
    unsigned status, clique;
    unsigned char state;
};

enum nvml_fabric_summary {
    NVML_FABRIC_HEALTHY = 1,
    NVML_FABRIC_UNHEALTHY = 2,
    NVML_FABRIC_LIMITED = 3
};

#define NVML_FABRIC_VERSION_3 0x03000028u
#define NVML_FABRIC_VERSION_2 0x02000024u

#define NVML_NO_INSTANCE        0xFFFFFFFFu /* not on a MIG instance */
#define NVML_MEMORY_UNAVAILABLE UINT64_MAX

struct nvml_process_v1 {
    unsigned pid;
    uint64_t used;
};

struct nvml_process_v2 {
    unsigned pid;
    uint64_t used;
    unsigned gpu_instance, compute_instance;
};

/* What early R535 drivers wrote where a struct nvml_process_v2 was asked for (go-nvml issue 75). */
struct nvml_process_r535 {
    struct nvml_process_v2 process;
    uint64_t protected_used;
};

struct nvml_process_sample {
    unsigned pid;
    uint64_t timestamp;         /* microseconds, CPU clock */
    unsigned sm, mem, enc, dec; /* percent */
};

struct nvml_fan_speed_rpm {
    unsigned version, fan, rpm;
};

struct nvml_event_set; /* opaque */

#define NVML_EVENT_XID         0x8ull
#define NVML_EVENT_MIG_CHANGED 0x100ull

struct nvml_event_data {
    struct nvml_device *device;
    unsigned long long type, data; /* data: the code of an XID */
    unsigned gpu_instance, compute_instance;
};

struct nvml_attributes {
    unsigned multiprocessors, copy_engines, decoders, encoders, jpeg, ofa, gpu_slices,
        compute_slices;
    uint64_t memory_mib;
};

struct nvml_gpm_sample; /* opaque */

#define NVML_GPM_VERSION 1

struct nvml_gpm_support {
    unsigned version, supported;
};

struct nvml_gpm_metric {
    unsigned id, code;
    double value; /* percent, or MiB/s */
    const char *short_name, *long_name, *unit;
};

#define NVML_GPM_METRICS 156

/* The library reads `count` of the metrics only: their number is the caller's to choose. */
struct nvml_gpm_metrics {
    unsigned version, count;
    struct nvml_gpm_sample *older, *newer;
    struct nvml_gpm_metric metrics[NVML_GPM_METRICS];
};

/* Of the whole system: a GPU is bound to the driver, or about to be unbound from it. */
enum nvml_system_event {
    NVML_SYSTEM_EVENT_UNBIND = 1,
    NVML_SYSTEM_EVENT_BIND = 2
};

struct nvml_system_event_set; /* the library's */

struct nvml_system_event_data {
    unsigned long long type;
    unsigned gpu;
};

struct nvml_system_event_handle { /* to create and to free */
    unsigned version;
    struct nvml_system_event_set *set;
};

struct nvml_system_event_register {
    unsigned version;
    unsigned long long types;
    struct nvml_system_event_set *set;
};

struct nvml_system_event_wait {
    unsigned version, timeout_ms;
    struct nvml_system_event_set *set;
    struct nvml_system_event_data *data;
    unsigned size, count; /* room in `data`; events that came */
};

struct nvml_bar1 {
    uint64_t total, free, used;
};

struct nvml_margin_temperature {
    unsigned version;
    int margin; /* degrees Celsius */
};

struct nvml_sram_status {
    unsigned version;
    /* Over the life of the board, then since the driver was loaded: uncorrected by parity, by
     * SEC-DED, corrected. */
    uint64_t kinds[6];
    uint64_t units[5]; /* uncorrected, over the life: L2, SM, PCIe, micro controllers, others */
    unsigned threshold_exceeded;
};

struct nvml_violation {
    uint64_t reference, violation; /* nanoseconds, says the header */
};

struct nvml_capture_stats {
    unsigned sessions, frames_per_s, latency_us;
};

/* The version goes in where the answer comes out. */
struct nvml_c2c_mode {
    unsigned version_or_enabled;
};

struct nvml_accounting {
    unsigned gpu, memory; /* percent, over the life of the process; all ones: unknown */
    uint64_t memory_max, time_ms, start_us;
    unsigned running, reserved[5];
};

/* Of rack-scale machines. The first version differs in the names of its members only. */
struct nvml_platform {
    unsigned version;
    unsigned char ib_guid[16], chassis_serial[16];
    unsigned char slot, tray, host, peer_type, module;
};

struct nvml_confidential_state {
    unsigned environment, feature, devtools;
};

struct nvml_vgpu_sample { /* of vgpu_utilization */
    unsigned id;
    uint64_t timestamp;
    union nvml_value sm, mem, enc, dec;
};

struct nvml_vgpu_use { /* of vgpus_utilization */
    uint64_t timestamp;
    unsigned id;
    union nvml_value sm, mem, enc, dec, jpeg, ofa;
};

struct nvml_vgpus_use {
    unsigned version, value_type, count;
    uint64_t last_seen;
    struct nvml_vgpu_use *samples;
};

struct nvml_vgpu_scheduler {
    unsigned policy;   /* 1 best effort, 2 equal share, 3 fixed share */
    unsigned adaptive; /* round robin that adapts: 0 not supported, 1 off, 2 on */
    unsigned parameters[2];
};

struct nvml_license_expiry {
    unsigned year;
    uint16_t month, day, hour, min, sec;
    unsigned char status;
};

struct nvml_vgpu_license {
    unsigned char licensed;
    struct nvml_license_expiry expiry;
    unsigned state;
};

struct nvml_licensable {
    unsigned code, state; /* state: 1 licensed */
    char info[128], product[128];
    unsigned enabled;
    struct nvml_license_expiry expiry;
};

struct nvml_licensables {
    int supported;
    unsigned count;
    struct nvml_licensable features[3];
};

#define NVML_LICENSE_VGPU_MAX 4 /* codes from 1 on: vGPU, workstation, gaming, compute */

enum nvml_topology {
    NVML_TOPOLOGY_INTERNAL = 0,
    NVML_TOPOLOGY_SINGLE = 10,
    NVML_TOPOLOGY_MULTIPLE = 20,
    NVML_TOPOLOGY_HOSTBRIDGE = 30,
    NVML_TOPOLOGY_NODE = 40,
    NVML_TOPOLOGY_SYSTEM = 50
};

#define NVML_P2P_NVLINK      2 /* of the capabilities between two GPUs */
#define NVML_CLOCK_BOOST_MAX 3 /* of the values of a clock: what the board may boost to */
#define NVML_ECC_SRAM        7 /* of the locations of nvmlDeviceGetMemoryErrorCounter */
#define NVML_VIRTUAL_GUEST   2
#define NVML_VIRTUAL_HOST    3

struct nvml_remap_histogram {
    unsigned max, high, partial, low, none; /* banks */
};

enum nvml_inforom {
    NVML_INFOROM_OEM = 0,
    NVML_INFOROM_ECC = 1,
    NVML_INFOROM_POWER = 2
};

enum nvml_clock {
    NVML_CLOCK_GRAPHICS = 0,
    NVML_CLOCK_SM = 1,
    NVML_CLOCK_MEMORY = 2,
    NVML_CLOCK_VIDEO = 3
};

enum nvml_temperature_threshold {
    NVML_THRESHOLD_SHUTDOWN = 0,
    NVML_THRESHOLD_SLOWDOWN = 1,
    NVML_THRESHOLD_MEMORY_MAX = 2,
    NVML_THRESHOLD_GPU_MAX = 3,
    NVML_THRESHOLD_ACOUSTIC_MIN = 4,
    NVML_THRESHOLD_ACOUSTIC_CURRENT = 5,
    NVML_THRESHOLD_ACOUSTIC_MAX = 6
};

enum nvml_throttle {
    NVML_THROTTLE_IDLE = 0x1,
    NVML_THROTTLE_SW_POWER_CAP = 0x4,
    NVML_THROTTLE_SW_THERMAL = 0x20
};

#define NVML_PSTATE_UNKNOWN      32u
#define NVML_INIT_FLAG_NO_ATTACH 2u /* leave GPUs alone until their handle is asked for */
#define NVML_ECC_CORRECTED       0
#define NVML_ECC_UNCORRECTED     1
#define NVML_ECC_VOLATILE        0
#define NVML_ECC_AGGREGATE       1

_Static_assert(sizeof(struct nvml_pci_info) == 68, "nvmlPciInfo_t");
_Static_assert(sizeof(struct nvml_memory_v1) == 24, "nvmlMemory_t");
_Static_assert(sizeof(struct nvml_memory_v2) == 40, "nvmlMemory_v2_t");
_Static_assert(NVML_STRUCT_VERSION(struct nvml_memory_v2, 2) == 0x02000028, "nvmlMemory_v2");
_Static_assert(sizeof(struct nvml_sample) == 16, "nvmlSample_t");
_Static_assert(sizeof(struct nvml_field_value) == 40, "nvmlFieldValue_t");
_Static_assert(sizeof(struct nvml_fabric_info) == 40, "nvmlGpuFabricInfo_v3_t");
_Static_assert(sizeof(struct nvml_event_data) == 32, "nvmlEventData_t");
_Static_assert(sizeof(struct nvml_system_event_data) == 16, "nvmlSystemEventData_v1_t");
_Static_assert(NVML_STRUCT_VERSION(struct nvml_system_event_handle, 1) == 0x01000010, "create");
_Static_assert(NVML_STRUCT_VERSION(struct nvml_system_event_register, 1) == 0x01000018, "register");
_Static_assert(NVML_STRUCT_VERSION(struct nvml_system_event_wait, 1) == 0x01000020, "wait");
_Static_assert(sizeof(struct nvml_attributes) == 40, "nvmlDeviceAttributes_t");
_Static_assert(sizeof(struct nvml_gpm_metric) == 40, "nvmlGpmMetric_t");
_Static_assert(offsetof(struct nvml_gpm_metrics, metrics) == 24, "nvmlGpmMetricsGet_t");
_Static_assert(sizeof(struct nvml_process_v1) == 16, "nvmlProcessInfo_v1_t");
_Static_assert(sizeof(struct nvml_process_v2) == 24, "nvmlProcessInfo_v2_t");
_Static_assert(sizeof(struct nvml_process_r535) == 32, "early R535");
_Static_assert(sizeof(struct nvml_process_sample) == 32, "nvmlProcessUtilizationSample_t");
_Static_assert(NVML_STRUCT_VERSION(struct nvml_fan_speed_rpm, 1) == 0x0100000c, "nvmlFanSpeedInfo");
_Static_assert(sizeof(struct nvml_fabric_info_v1) == 28, "nvmlGpuFabricInfo_t");
_Static_assert(sizeof(struct nvml_bar1) == 24, "nvmlBAR1Memory_t");
_Static_assert(NVML_STRUCT_VERSION(struct nvml_margin_temperature, 1) == 0x01000008, "nvmlMargin");
_Static_assert(NVML_STRUCT_VERSION(struct nvml_sram_status, 1) == 0x01000068, "nvmlEccSramStatus");
_Static_assert(offsetof(struct nvml_sram_status, threshold_exceeded) == 96, "nvmlEccSramStatus");
_Static_assert(sizeof(struct nvml_violation) == 16, "nvmlViolationTime_t");
_Static_assert(NVML_STRUCT_VERSION(struct nvml_c2c_mode, 1) == 0x01000004, "nvmlC2cModeInfo_v1_t");
_Static_assert(sizeof(struct nvml_accounting) == 56, "nvmlAccountingStats_t");
_Static_assert(NVML_STRUCT_VERSION(struct nvml_platform, 2) == 0x0200002c, "nvmlPlatformInfo_v2_t");
_Static_assert(sizeof(struct nvml_confidential_state) == 12, "nvmlConfComputeSystemState_t");
_Static_assert(sizeof(struct nvml_vgpu_sample) == 48, "nvmlVgpuInstanceUtilizationSample_t");
_Static_assert(sizeof(struct nvml_vgpu_use) == 64, "nvmlVgpuInstanceUtilizationInfo_v1_t");
_Static_assert(NVML_STRUCT_VERSION(struct nvml_vgpus_use, 1) == 0x01000020, "nvmlVgpuInstances");
_Static_assert(sizeof(struct nvml_vgpu_scheduler) == 16, "nvmlVgpuSchedulerGetState_t");
_Static_assert(sizeof(struct nvml_vgpu_license) == 24, "nvmlVgpuLicenseInfo_t");
_Static_assert(sizeof(struct nvml_licensable) == 284, "nvmlGridLicensableFeature_t");
_Static_assert(sizeof(struct nvml_licensables) == 860, "nvmlGridLicensableFeatures_t");

#endif
