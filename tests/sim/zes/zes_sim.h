/* zes_sim.h - what a test sets of the boards that build/libzes-sim.so plays. */
#ifndef ZES_SIM_H
#define ZES_SIM_H

#include "device/intel/zes_abi.h"

#define ZES_SIM_BOARDS 3

struct zes_sim_board {
    uint32_t bus; /* 0000:BUS:00.0 */
    const char *serial;
    double chip_c, memory_c;
    uint64_t energy_uj, at_us;
    uint64_t memory_size, memory_free, memory_read, memory_written, memory_max_per_s;
    double memory_mhz;
    int32_t fan_rpm;
    uint64_t errors[2][ZES_RAS_CATEGORIES];
    uint64_t sent, received;
    uint32_t port_status;
    uint64_t engine_us[2]; /* compute, copy */
    unsigned asked;        /* calls about it */
};

struct zes_sim {
    struct zes_sim_board boards[ZES_SIM_BOARDS];
    uint32_t len;
    const char *refuse; /* a function by name, without its "zes" */
    int code;           /* what it answers */
    unsigned started, engines_counted;
};

#endif
