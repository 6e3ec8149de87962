/* detail.h - what only some accelerators count and few readers need; part of device.h, which says
 * how the unknown looks. All members are doubles, so that all can be made unknown at once. */
#ifndef ALGALON_DEVICE_DETAIL_H
#define ALGALON_DEVICE_DETAIL_H

/* Why clocks are held down, where the driver counts the time. */
enum throttle_time {
    THROTTLE_TIME_POWER, /* the software's power cap */
    THROTTLE_TIME_THERMAL,
    THROTTLE_TIME_SYNC_BOOST,
    THROTTLE_TIME_BOARD_LIMIT,
    THROTTLE_TIME_LOW_UTILIZATION,
    THROTTLE_TIME_RELIABILITY,
    THROTTLE_TIME_APP_CLOCKS,
    THROTTLE_TIME_BASE_CLOCKS,
    THROTTLE_TIME_SW_THERMAL,
    THROTTLE_TIME_HW_THERMAL,
    THROTTLE_TIME_HW_POWER_BRAKE,
    THROTTLE_TIMES
};

/* Bits of NVML's clocks event reasons, from 0x1 on. */
#define CLOCK_EVENTS 9

enum pcie_error {
    PCIE_ERROR_L0_TO_RECOVERY,
    PCIE_ERROR_CORRECTABLE,
    PCIE_ERROR_NAK_RECEIVED,
    PCIE_ERROR_RECEIVER,
    PCIE_ERROR_BAD_TLP,
    PCIE_ERROR_NAK_SENT,
    PCIE_ERROR_BAD_DLLP,
    PCIE_ERROR_NON_FATAL,
    PCIE_ERROR_FATAL,
    PCIE_ERROR_UNSUPPORTED_REQUEST,
    PCIE_ERROR_LCRC,
    PCIE_ERROR_LANE,
    PCIE_ERRORS
};

/* Where in the device ECC found errors: corrected and uncorrected of L1, L2, device memory,
 * registers, texture; uncorrected of the CBU. The same eleven since the driver was loaded
 * (volatile) and over the life of the board (aggregate). */
#define ECC_LOCATIONS         11
#define ECC_LOCATION_COUNTERS (2 * ECC_LOCATIONS)

/* The same of all SRAM, as newer boards count: corrected and uncorrected, volatile and aggregate.
 */
#define ECC_SRAM_COUNTERS 4

/* Errors of the SRAM by kind: uncorrected by parity and by SEC-DED, corrected; over the life of the
 * board, then since the driver was loaded. */
#define SRAM_KINDS 6

/* Uncorrected errors of the SRAM over the life of the board: L2, multiprocessors, PCI Express,
 * micro controllers, others. */
#define SRAM_UNITS 5

/* Engines beside the one that computes. */
enum engine {
    ENGINE_ENCODER,
    ENGINE_DECODER,
    ENGINE_JPEG,
    ENGINE_OFA,
    ENGINES
};

/* Of the SM clock and of the memory clock: mean, lowest and highest of the interval. */
#define CLOCK_STATS 6

enum clock_limit {
    CLOCK_LIMIT_SM_MAX,
    CLOCK_LIMIT_VIDEO_MAX,
    CLOCK_LIMIT_BOOST_MAX,          /* of the graphics clock, as the board may boost */
    CLOCK_LIMIT_REQUESTED_GRAPHICS, /* what applications get, when an operator set it */
    CLOCK_LIMIT_REQUESTED_MEMORY,
    CLOCK_LIMITS
};

enum more_threshold {
    THRESHOLD_MEMORY_MAX,
    THRESHOLD_ACOUSTIC_MIN,
    THRESHOLD_ACOUSTIC_MAX,
    THRESHOLDS_MORE
};

#define DEVICE_FANS 8

/* Buckets of the NVLinks' forward error correction: blocks with 0 to 15 symbols corrected. */
#define FEC_BUCKETS 16

enum process_type {
    PROCESS_COMPUTE,
    PROCESS_GRAPHICS,
    PROCESS_MPS, /* a client of the multi-process service */
    PROCESS_TYPES
};

enum link_error {
    LINK_ERROR_REPLAY,
    LINK_ERROR_RECOVERY,
    LINK_ERROR_CRC_FLIT,
    LINK_ERROR_CRC_DATA,
    LINK_ERROR_ECC_DATA,
    LINK_ERRORS
};

enum fabric_fault {
    FABRIC_BANDWIDTH_DEGRADED,
    FABRIC_ROUTE_RECOVERY,
    FABRIC_ROUTE_UNHEALTHY,
    FABRIC_ACCESS_TIMEOUT,
    FABRIC_MISCONFIGURED,
    FABRIC_FAULTS
};

#define C2C_ERRORS 3 /* interrupts, replays, replays back to back */

/* How many banks of memory have all, most, some, few or none of their spare rows left. */
#define REMAP_BANKS 5

/* What the parts of a device did in the interval: ratios, and bytes per second. */
enum profile_metric {
    PROFILE_GRAPHICS, /* the graphics or compute engine */
    PROFILE_SM,
    PROFILE_OCCUPANCY, /* of the SMs' warp slots */
    PROFILE_INTEGER,
    PROFILE_TENSOR,
    PROFILE_DRAM, /* the memory's bandwidth */
    PROFILE_FP64,
    PROFILE_FP32,
    PROFILE_FP16,
    PROFILE_PCIE_TX, /* bytes per second, as the next three */
    PROFILE_PCIE_RX,
    PROFILE_LINK_RX,
    PROFILE_LINK_TX,
    PROFILE_TENSOR_DFMA, /* ratios again: the tensor cores by kind */
    PROFILE_TENSOR_HMMA,
    PROFILE_TENSOR_DMMA,
    PROFILE_TENSOR_IMMA,
    PROFILE_METRICS
};

/* Single engines: eight decoders, eight JPEG decoders, two for optical flow, four encoders. */
#define PROFILE_ENGINES 22

/* Hits and misses of accesses to memory of the host, of peers, and to the device's own. */
#define PROFILE_CACHES 6

/* Between the chips of a superchip, bytes per second: all sent, all received, data sent, data
 * received. */
#define PROFILE_C2C 4

/* Cycles since the machine was started: of the SMs elapsed and active, of five kinds of tensor
 * work, of the integer, FP64, FP32 and FP16 pipes. */
#define PROFILE_CYCLES 11

enum margin_limit {
    MARGIN_SHUTDOWN,
    MARGIN_SLOWDOWN,
    MARGIN_MEMORY_MAX,
    MARGIN_GPU_MAX,
    MARGIN_LIMITS
};

struct accelerator_detail {
    double rows_remapped_total[2];    /* for corrected, for uncorrected errors */
    double rows_pending, rows_failed; /* 0 or 1 */
    double remap_banks[REMAP_BANKS];
    double pages_retired[2];       /* for corrected, for uncorrected errors */
    double pages_pending;          /* 0 or 1 */
    double ecc_aggregate_total[2]; /* corrected, uncorrected: over the life of the board */
    double ecc_location_total[ECC_LOCATION_COUNTERS + ECC_SRAM_COUNTERS]; /* the SRAM's last */
    double pcie_replays_total, pcie_replay_rollovers_total;
    double pcie_error_total[PCIE_ERRORS];
    double pcie_bytes_total[2], pcie_bytes_per_s[2]; /* sent, received, as the device sees it */
    double throttle_s_total[THROTTLE_TIMES];
    double
        recovery_action; /* 0 none, 1 reset, 2 reboot, 3 drain peers, 4 drain and reset, 5 IMEX */
    double margin_c[MARGIN_LIMITS]; /* how much warmer it may get; negative: it is too warm */
    double jpeg_ratio, ofa_ratio;
    double busy_s_total, memory_busy_s_total; /* integrals of utilisation since the first reading */
    double utilization_min_ratio, memory_utilization_max_ratio; /* of the interval's samples */
    double power_min_w;
    double energy_estimated; /* 1: energy_j_total is an integral of power; 0: the hardware counts */
    double xid_events_total; /* of all codes, since the driver could be asked */
    double profile[PROFILE_METRICS];
    double clock_events[CLOCK_EVENTS]; /* readings of the last five minutes that had the reason */
    double virtualization_mode; /* 0 none, 1 pass-through, 2 vGPU guest, 3 vGPU host, 4 vSGA host */
    double gsp_mode;            /* firmware of the system processor: 0 off, 1 on, 2 on by default */
    double power_average_w, power_instant_w;
    double link_bytes_total[2], link_bytes_per_s[2]; /* all NVLinks: sent, received */
    double first_link_bytes_total[2], first_link_bytes_per_s[2];
    double link_error_total[LINK_ERROR_CRC_DATA + 1];
    double c2c_links, c2c_error_total[C2C_ERRORS];
    double fabric_state;  /* 0 unsupported, 1 not started, 2 in progress, 3 completed */
    double fabric_status; /* the library's code of a completed registration: 0 is success */
    double fabric_fault[FABRIC_FAULTS]; /* 0 or 1 */
    double fabric_health;               /* 1 healthy, 2 unhealthy, 3 limited */
    double fabric_clique;

    /* The newest of the interval's samples. */
    double utilization_now_ratio, memory_utilization_now_ratio, power_now_w;

    /* The interval's samples; the means stand in encoder_ratio and the like. */
    double memory_utilization_min_ratio;
    double engine_min_ratio[ENGINES], engine_max_ratio[ENGINES];
    double engine_busy_s_total[ENGINES]; /* since the first reading */
    double clock_interval_mhz[CLOCK_STATS];
    double module_power_w, module_power_min_w, module_power_max_w, module_power_limit_w;
    double memory_power_w;
    double hotspot_temperature_c; /* of the hottest place, where it is told apart */
    double lost_s_total; /* busy seconds lost to clocks below their maximum; see nvidia_interval.c
                          */

    double sram_kind_total[SRAM_KINDS], sram_unit_total[SRAM_UNITS];
    double sram_threshold; /* 1: so many errors that the board wants service */
    double pages_waiting[2];
    double reset_needed[2]; /* 0 or 1: a reset, a reset after draining */
    double margin_limit_c;  /* to the limit that the driver itself names */

    double bar1_total_bytes, bar1_used_bytes;
    double threshold_more_c[THRESHOLDS_MORE];
    double power_limit_requested_w;
    double clock_limit_mhz[CLOCK_LIMITS];
    double display_active, accounting_mode, host_vgpu_mode; /* 0 or 1 */
    double cores, memory_bus_bits;
    double encoder_sessions, encoder_frames_per_s, encoder_latency_s, capture_sessions;
    double fan_ratio[DEVICE_FANS], fan_rpm[DEVICE_FANS];
    double processes_of_type[PROCESS_TYPES];

    double link_count, link_switch_count, link_ecc_errors_total;
    double link_speed_bytes_per_s;      /* of the slowest link that is up, one direction */
    double links_low_power;             /* how many save power */
    double link_fec_total[FEC_BUCKETS]; /* sum of all links */
    double c2c_mode, c2c_active, c2c_bytes_per_s_max, c2c_power_state;
    double
        pcie_sampled_bytes_per_s[2]; /* sent, received, in some 20 ms: boards that have no more */

    double confidential_mode, confidential_devtools, confidential_ready; /* 0 or 1 */
    double confidential_used_bytes;
    double vgpu_scheduler_policy;   /* 1 best effort, 2 equal share, 3 fixed share */
    double vgpu_scheduler_adaptive; /* 0 not supported, 1 off, 2 on */
    double license_state;           /* of a vGPU guest: 0 or 1 */

    double profile_engine[PROFILE_ENGINES], profile_cache[PROFILE_CACHES];
    double profile_c2c_bytes_per_s[PROFILE_C2C], profile_cycles_total[PROFILE_CYCLES];
    double context_switch_ratio, context_switches_total;

    /* Of Apple's chips: power of the Neural Engine; of CPU, GPU and Neural Engine together; and the
     * level of thermal pressure, as in struct chassis. */
    double ane_power_w, combined_power_w, thermal_pressure;
};

#endif
