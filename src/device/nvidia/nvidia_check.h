/* nvidia_check.h - every value of the driver goes through here. What it may be, the catalogue of
 * metrics says (metric/catalogue_*.c: range and age of the family that shows it); the table here
 * says which family, the driver's unit, and which numbers mean "nothing".
 * What fails is withdrawn (NAN, UNKNOWN_COUNT) and counted per field and reason. Drivers have
 * reported 218322032 % and 9223372036854775794 degrees in good faith. */
#ifndef ALGALON_DEVICE_NVIDIA_NVIDIA_CHECK_H
#define ALGALON_DEVICE_NVIDIA_NVIDIA_CHECK_H

#include "device/device.h"

enum check_field {
    CHECK_UTILIZATION,
    CHECK_MEMORY_UTILIZATION,
    CHECK_ENCODER,
    CHECK_DECODER,
    CHECK_MEMORY_TOTAL,
    CHECK_MEMORY_USED,
    CHECK_MEMORY_FREE,
    CHECK_MEMORY_RESERVED,
    CHECK_TEMPERATURE,
    CHECK_MEMORY_TEMPERATURE,
    CHECK_THRESHOLD,
    CHECK_POWER,
    CHECK_POWER_LIMIT,
    CHECK_ENERGY,
    CHECK_CLOCK,
    CHECK_FAN,
    CHECK_FAN_RPM,
    CHECK_PSTATE,
    CHECK_SWITCH, /* modes that are off or on */
    CHECK_COMPUTE_MODE,
    CHECK_ECC_ERRORS,
    CHECK_PCIE_GENERATION,
    CHECK_PCIE_WIDTH,
    CHECK_THROTTLE,
    CHECK_NUMA_NODE,
    CHECK_PROCESS_PID,
    CHECK_PROCESS_MEMORY,
    CHECK_PROCESS_UTILIZATION,
    CHECK_ROWS,
    CHECK_PAGES,
    CHECK_PCIE_ERRORS,
    CHECK_PCIE_BYTES,
    CHECK_THROTTLE_TIME,
    CHECK_RECOVERY_ACTION,
    CHECK_MARGIN,
    CHECK_LINK_KIB,
    CHECK_LINK_BYTES,
    CHECK_LINK_ERRORS,
    CHECK_LINK_VERSION,
    CHECK_C2C_LINKS,
    CHECK_FABRIC,
    CHECK_CLIQUE,
    CHECK_LINK_COUNT,
    CHECK_LINK_SPEED,
    CHECK_BIT_ERROR_RATE,
    CHECK_CORES,
    CHECK_MEMORY_BUS,
    CHECK_SESSIONS,
    CHECK_LATENCY,
    CHECK_BAR1,
    CHECK_PCIE_RATE,
    CHECK_VGPU,
    CHECK_VGPU_MEMORY,
    CHECK_VGPU_SCHEDULER,
    CHECK_ACCOUNT,
    CHECK_ACCOUNT_TIME,
    CHECK_CYCLES,
    CHECK_CONTEXT_SWITCHES,
    CHECK_JPEG,
    CHECK_OFA,
    CHECK_REMAP_BANKS,
    CHECK_PROFILE,
    CHECK_PROFILE_RATE,
    CHECK_VIRTUALIZATION,
    CHECK_FIELDS
};

enum check_reason {
    CHECK_RANGE,
    CHECK_SENTINEL,
    CHECK_STALE,
    CHECK_REASONS
};

struct check_bounds {
    double low, high;
    unsigned age_s;
};

struct check {
    struct check_bounds bounds[CHECK_FIELDS];
    bool learned; /* `bounds` are filled, which the first check does */
    uint64_t rejected[CHECK_FIELDS][CHECK_REASONS]; /* since start */
};

/** `raw`, in the driver's unit, as the field's own unit (percent as ratio, mW as W, mJ as J); NAN
 * when it is withdrawn. */
double check_gauge(struct check *c, enum check_field field, double raw);

/** The same for bytes; UNKNOWN_COUNT when withdrawn. */
uint64_t check_bytes(struct check *c, enum check_field field, uint64_t raw);

/** How old a sample of `field` may be, in microseconds, when readings are `interval_us` apart. */
int64_t check_age_limit_us(struct check *c, enum check_field field, int64_t interval_us);

/** Counts a value that its caller found wanting. */
void check_reject(struct check *c, enum check_field field, enum check_reason reason);

/** Counts, and appends, fields whose family the catalogue lacks; for a test. */
size_t check_families_unknown(struct buf *to);

/** Lists what was ever rejected, in `a`. Errors: -ENOMEM. */
MUST_CHECK int check_list(const struct check *c, struct arena *a, struct reading_reject **ret,
                          size_t *ret_len);

#endif
