/* apple_smc.h - the controller of temperatures, fans and power (SMC), asked through its driver. */
#ifndef ALGALON_DEVICE_APPLE_APPLE_SMC_H
#define ALGALON_DEVICE_APPLE_APPLE_SMC_H

#include "apple_cf.h"

#define APPLE_SENSORS 128

enum apple_place {
    APPLE_PLACE_CPU,
    APPLE_PLACE_GPU,
};

struct apple_sensor {
    uint32_t key, type, size;
    enum apple_place place;
};

struct apple_smc_reading {
    double cpu_c, gpu_c; /* means of their sensors */
    double gpu_hottest_c;
    double system_w;
    double fan_rpm[CHASSIS_FANS];
    size_t fan_len;
};

struct apple_controller {
    const struct apple_calls *calls;
    apple_port connection; /* 0: none */
    struct apple_sensor sensors[APPLE_SENSORS];
    size_t len;
};

/**
 * Connects and looks through its keys (a thousand or two: some 100 ms). `super`: the chip has cores
 * called Super, whose sensors' keys elsewhere are those of the palm rest.
 *
 * Errors: -ENOTSUP  there is none (a virtual machine).
 *         -EACCES   its driver does not let us in (a sandbox).
 */
MUST_CHECK int apple_smc_open(struct apple_controller *s, const struct apple_calls *c, bool super,
                              struct error *err);
void apple_smc_close(struct apple_controller *s);

/** Reads all that is of interest; what does not answer is unknown. */
void apple_smc_read(struct apple_controller *s, struct apple_smc_reading *ret);

/** A value by its type ("flt ", "ui8 ", "ui16", "ui32", "sp78", "fpe2"); false: another type, or of
 * another size. */
bool apple_smc_value(uint32_t type, const uint8_t *bytes, size_t size, double *ret);

/** Four characters as a key or type; `text` has four at least. */
uint32_t apple_smc_key(const char *text);

#endif
