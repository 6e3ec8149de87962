/* npu.h - what accelerators that are no GPUs tell of themselves, whoever made them; part of
 * device.h, which says how the unknown looks. Plain readings (load, memory, heat, power) stand in
 * struct accelerator like everyone's. */
#ifndef ALGALON_DEVICE_NPU_H
#define ALGALON_DEVICE_NPU_H

#include <stdbool.h>

/* Times of compiled programs on a TPU: mean, median, 90th, 95th, 99.9th percentile. */
#define NPU_EXEC_TIMES 5

/* All doubles of it, so that all can be made unknown at once. */
struct npu_values {
    double axi_clock_mhz, arc_clock_mhz; /* of the fabric between the cores; of the controller */
    double voltage_v, current_a, current_limit_a;
    double heartbeat;           /* counts while the firmware lives */
    double thermal_trips_total; /* shut down by heat, since power was last cut */
    double resets_total[2];     /* hard, soft; since the driver was loaded */
    double healthy;             /* 1 when its status is the one of a sound device, else 0 */
    double module;              /* its place on the board, which no other card takes */
    double cores, tensor_cores; /* what all-smi counts as such */
    double queued_programs;     /* compiled programs that wait for it */
    double exec_us[NPU_EXEC_TIMES];
};

struct npu {
    bool present;                      /* this device is one */
    char board_type[24], board_id[24]; /* "n150"; 16 hex digits */
    char model[32];                    /* as the vendor numbers it: "HL-325L", "RBLN-CA22" */
    char chip[24];                     /* "wormhole", "v5e" */
    char firmware[64], firmware_arc[32], firmware_eth[32];
    char status[24]; /* in the driver's words: "operational", "normal" */
    char kind[32];   /* of the whole machine it is a part of: "v5litepod-8" */
    char location[16], group[16], pstate[8];
    char memory_type[12];
    char source[16];    /* where its values come from: "sysfs", "ioctl", "tool" */
    char pci_ids[2][8]; /* vendor, device: "0x1e52" */
    struct npu_values value;
};

#endif
