/* schema_dcgm.c - where the values of dcgm-exporter's fields stand. */
#include "worker/schema_rule.h"

#define MIB 1048576.0

/* ---- values that stand in no field ---- */

static double frame_buffer(uint64_t bytes)
{
    return bytes == UNKNOWN_COUNT ? (double)NAN : (double)bytes / MIB;
}

static double frame_buffer_free(const void *thing, unsigned variant)
{
    (void)variant;
    return frame_buffer(((const struct accelerator *)thing)->mem_free_bytes);
}

/* Each pod's own where several hold the device: see dcgm_owner.h. */
static double frame_buffer_used(const void *thing, unsigned variant)
{
    (void)variant;
    return frame_buffer(((const struct dcgm_share *)thing)->mem_used_bytes);
}

static double frame_buffer_reserved(const void *thing, unsigned variant)
{
    (void)variant;
    return frame_buffer(((const struct accelerator *)thing)->mem_reserved_bytes);
}

/* Megabytes a second over all links in both directions, as DCGM computes it. */
static double link_bandwidth(const void *thing, unsigned variant)
{
    const struct accelerator *a = thing;

    (void)variant;
    return (a->detail.link_bytes_per_s[0] + a->detail.link_bytes_per_s[1]) / 1024 / 1000;
}

/* A GPU that is no vGPU guest's has no licence, as DCGM says of it. */
static double vgpu_license(const void *thing, unsigned variant)
{
    const struct accelerator_detail *d = &((const struct accelerator *)thing)->detail;
    double mode = d->virtualization_mode;

    (void)variant;
    if (!isnan(d->license_state))
        return d->license_state;
    return mode >= 0 && mode < 2 ? 0 : (double)NAN;
}

static double first_link_bandwidth(const void *thing, unsigned variant)
{
    const struct accelerator *a = thing;

    (void)variant;
    return (a->detail.first_link_bytes_per_s[0] + a->detail.first_link_bytes_per_s[1]) / 1024 /
           1000;
}

static double last_xid(const void *thing, unsigned variant)
{
    (void)variant;
    return ((const struct merged_xid *)thing)->xid.xid;
}

/* From GPM; where a board has none, from the counters of bytes, else as last sampled. */
static double pcie_rate(const void *thing, unsigned profile, unsigned direction)
{
    const struct accelerator_detail *d = &((const struct accelerator *)thing)->detail;

    if (!isnan(d->profile[profile]))
        return d->profile[profile];
    return isnan(d->pcie_bytes_per_s[direction]) ? d->pcie_sampled_bytes_per_s[direction]
                                                 : d->pcie_bytes_per_s[direction];
}

static double pcie_rate_sent(const void *thing, unsigned variant)
{
    (void)variant;
    return pcie_rate(thing, PROFILE_PCIE_TX, 0);
}

static double pcie_rate_received(const void *thing, unsigned variant)
{
    (void)variant;
    return pcie_rate(thing, PROFILE_PCIE_RX, 1);
}

/* DCGM's numbers of what nvmlDeviceGetP2PStatus answers. */
static double peer_status(const void *thing, unsigned variant)
{
    static const char *const names[] = {"OK",
                                        "ChipsetNotSupported",
                                        "GPUNotSupported",
                                        "TopologyNotSupported",
                                        "DisabledByRegKey",
                                        "NotSupported",
                                        "Unknown"};
    const struct merged_peer *p = thing;

    (void)variant;
    for (size_t i = 0; i < ARRAY_LEN(names); i++)
        if (strcmp(p->peer.link, names[i]) == 0)
            return (double)i;
    return (double)NAN;
}

/* ---- the table ---- */

/* Units of dcgm-exporter 4.8 (its default-counters.csv): MHz, MiB, percent, millijoules. */
const struct schema_rule schema_dcgm[] = {
    DCGM("DCGM_FI_DEV_SM_CLOCK", clock_sm_mhz, 1, 0),
    DCGM("DCGM_FI_DEV_MEM_CLOCK", clock_memory_mhz, 1, 0),
    DCGM("DCGM_FI_DEV_MEMORY_TEMP", memory_temperature_c, 1, 0),
    DCGM("DCGM_FI_DEV_GPU_TEMP", temperature_c, 1, 0),
    DCGM("DCGM_FI_DEV_POWER_USAGE", power_w, 1, 3),
    DCGM("DCGM_FI_DEV_TOTAL_ENERGY_CONSUMPTION", energy_j_total, 1000, 0),
    FIELD("DCGM_FI_DEV_GPU_UTIL", SCOPE_DCGM_SHARE, struct dcgm_share, utilization_ratio, 100, 2),
    DCGM("DCGM_FI_DEV_MEM_COPY_UTIL", memory_utilization_ratio, 100, 2),
    DCGM("DCGM_FI_DEV_ENC_UTIL", encoder_ratio, 100, 2),
    DCGM("DCGM_FI_DEV_DEC_UTIL", decoder_ratio, 100, 2),
    COMPUTED("DCGM_FI_DEV_FB_FREE", SCOPE_DCGM, frame_buffer_free),
    COMPUTED("DCGM_FI_DEV_FB_USED", SCOPE_DCGM_SHARE, frame_buffer_used),
    COMPUTED("DCGM_FI_DEV_FB_RESERVED", SCOPE_DCGM, frame_buffer_reserved),
    DCGM("DCGM_FI_DEV_ECC_SBE_VOL_TOTAL", ecc_corrected_total, 1, 0),
    DCGM("DCGM_FI_DEV_ECC_DBE_VOL_TOTAL", ecc_uncorrected_total, 1, 0),
    DCGM("DCGM_FI_DEV_ECC_SBE_AGG_TOTAL", detail.ecc_aggregate_total[0], 1, 0),
    DCGM("DCGM_FI_DEV_ECC_DBE_AGG_TOTAL", detail.ecc_aggregate_total[1], 1, 0),
    DCGM("DCGM_FI_DEV_RETIRED_SBE", detail.pages_retired[0], 1, 0),
    DCGM("DCGM_FI_DEV_RETIRED_DBE", detail.pages_retired[1], 1, 0),
    DCGM("DCGM_FI_DEV_RETIRED_PENDING", detail.pages_pending, 1, 0),
    DCGM("DCGM_FI_DEV_CORRECTABLE_REMAPPED_ROWS", detail.rows_remapped_total[0], 1, 0),
    DCGM("DCGM_FI_DEV_UNCORRECTABLE_REMAPPED_ROWS", detail.rows_remapped_total[1], 1, 0),
    DCGM("DCGM_FI_DEV_ROW_REMAP_FAILURE", detail.rows_failed, 1, 0),
    DCGM("DCGM_FI_DEV_PCIE_REPLAY_COUNTER", detail.pcie_replays_total, 1, 0),
    DCGM("DCGM_FI_DEV_NVLINK_CRC_FLIT_ERROR_COUNT_TOTAL",
         detail.link_error_total[LINK_ERROR_CRC_FLIT], 1, 0),
    DCGM("DCGM_FI_DEV_NVLINK_CRC_DATA_ERROR_COUNT_TOTAL",
         detail.link_error_total[LINK_ERROR_CRC_DATA], 1, 0),
    DCGM("DCGM_FI_DEV_NVLINK_REPLAY_ERROR_COUNT_TOTAL", detail.link_error_total[LINK_ERROR_REPLAY],
         1, 0),
    DCGM("DCGM_FI_DEV_NVLINK_RECOVERY_ERROR_COUNT_TOTAL",
         detail.link_error_total[LINK_ERROR_RECOVERY], 1, 0),
    {"DCGM_FI_DEV_NVLINK_BANDWIDTH_TOTAL", SCOPE_DCGM, VALUE_COMPUTED, 3, 1, 0, link_bandwidth},
    COMPUTED("DCGM_FI_DEV_XID_ERRORS", SCOPE_DCGM_XID, last_xid),
    DCGM("DCGM_FI_PROF_GR_ENGINE_ACTIVE", detail.profile[PROFILE_GRAPHICS], 1, 6),
    DCGM("DCGM_FI_PROF_SM_ACTIVE", detail.profile[PROFILE_SM], 1, 6),
    DCGM("DCGM_FI_PROF_SM_OCCUPANCY", detail.profile[PROFILE_OCCUPANCY], 1, 6),
    DCGM("DCGM_FI_PROF_PIPE_TENSOR_ACTIVE", detail.profile[PROFILE_TENSOR], 1, 6),
    DCGM("DCGM_FI_PROF_DRAM_ACTIVE", detail.profile[PROFILE_DRAM], 1, 6),
    DCGM("DCGM_FI_PROF_PIPE_FP64_ACTIVE", detail.profile[PROFILE_FP64], 1, 6),
    DCGM("DCGM_FI_PROF_PIPE_FP32_ACTIVE", detail.profile[PROFILE_FP32], 1, 6),
    DCGM("DCGM_FI_PROF_PIPE_FP16_ACTIVE", detail.profile[PROFILE_FP16], 1, 6),
    {"DCGM_FI_PROF_PCIE_TX_BYTES", SCOPE_DCGM, VALUE_COMPUTED, 0, 1, 0, pcie_rate_sent},
    {"DCGM_FI_PROF_PCIE_RX_BYTES", SCOPE_DCGM, VALUE_COMPUTED, 0, 1, 0, pcie_rate_received},
    {"DCGM_FI_DEV_NVLINK_BANDWIDTH_L0", SCOPE_DCGM, VALUE_COMPUTED, 3, 1, 0, first_link_bandwidth},
    COUNT("DCGM_EXP_XID_ERRORS_COUNT", SCOPE_DCGM_XID_COUNT, struct merged_xid, xid.recent),
    ARRAY("DCGM_EXP_CLOCK_EVENTS_COUNT", SCOPE_DCGM_CLOCK_EVENT, clock_events, 0),
    COMPUTED("DCGM_FI_DEV_VGPU_LICENSE_STATUS", SCOPE_DCGM, vgpu_license),
    COMPUTED("DCGM_EXP_P2P_STATUS", SCOPE_DCGM_PEER, peer_status),
    DCGM("DCGM_FI_DEV_POWER_VIOLATION", detail.throttle_s_total[THROTTLE_TIME_POWER], 1e9, 0),
    DCGM("DCGM_FI_DEV_THERMAL_VIOLATION", detail.throttle_s_total[THROTTLE_TIME_THERMAL], 1e9, 0),
    DCGM("DCGM_FI_DEV_SYNC_BOOST_VIOLATION", detail.throttle_s_total[THROTTLE_TIME_SYNC_BOOST], 1e9,
         0),
    DCGM("DCGM_FI_DEV_BOARD_LIMIT_VIOLATION", detail.throttle_s_total[THROTTLE_TIME_BOARD_LIMIT],
         1e9, 0),
    DCGM("DCGM_FI_DEV_LOW_UTIL_VIOLATION", detail.throttle_s_total[THROTTLE_TIME_LOW_UTILIZATION],
         1e9, 0),
    DCGM("DCGM_FI_DEV_RELIABILITY_VIOLATION", detail.throttle_s_total[THROTTLE_TIME_RELIABILITY],
         1e9, 0),
};
const size_t schema_dcgm_len = ARRAY_LEN(schema_dcgm);
