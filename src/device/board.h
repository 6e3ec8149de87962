/* board.h - what a module with everything on it (NVIDIA's Jetson) tells of itself beside its GPU;
 * part of device.h, which says how the unknown looks. */
#ifndef ALGALON_DEVICE_BOARD_H
#define ALGALON_DEVICE_BOARD_H

#include "base/base.h"

/* A measured supply line. */
struct board_rail {
    char name[32]; /* "VDD_IN", as the board calls it */
    double power_w, voltage_v, current_a;
};

/* A place whose temperature is measured. */
struct board_zone {
    char name[32]; /* "tj-thermal" */
    double temperature_c;
};

/* A unit with one purpose: video, images, inference. */
struct board_engine {
    char name[16];  /* "nvdec", "nvenc", "dla0" */
    double running; /* 1 while it is switched on, 0 while it is not */
    double clock_mhz;
};

struct board {
    bool present;
    char model[128], soc[24];       /* "NVIDIA Jetson AGX Orin Developer Kit", "tegra234" */
    char l4t[24], jetpack[16];      /* "36.4.3", "6.2" */
    char power_mode[48];            /* "MAXN" */
    double power_mode_id;           /* as nvpmodel numbers it */
    double power_w;                 /* of the whole module */
    bool power_is_sum;              /* no rail measures the whole: the sum of those there are */
    double memory_clock_mhz;        /* of the memory controller (EMC) */
    double memory_controller_ratio; /* time in which it worked */
    struct board_rail *rails;
    size_t rail_len;
    struct board_zone *zones;
    size_t zone_len;
    struct board_engine *engines;
    size_t engine_len;
};

#endif
