/* demo_fleet.h - which machines `algalon demo` simulates. */
#ifndef ALGALON_CMD_DEMO_FLEET_H
#define ALGALON_CMD_DEMO_FLEET_H

#include "demo_host.h"

struct demo_node {
    struct demo_host_spec host;
    const char *gpus; /* scenario of the NVML simulator (tests/sim/nvml/README.md); NULL: a machine
                         without GPUs */
    const char *schema; /* names its worker speaks; NULL: the default */
};

extern const struct demo_node demo_fleet[];
extern const size_t demo_fleet_len;

#endif
