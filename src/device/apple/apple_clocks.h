/* apple_clocks.h - which clock each performance state of the chip's clusters stands for. IOReport
 * counts the time in states by number; the tables of the power manager say what a state's clock is.
 */
#ifndef ALGALON_DEVICE_APPLE_APPLE_CLOCKS_H
#define ALGALON_DEVICE_APPLE_APPLE_CLOCKS_H

#include "apple_cf.h"

#define APPLE_STATES 64
#define APPLE_TABLES 8

struct apple_clocks {
    unsigned len;
    double mhz[APPLE_STATES]; /* of the states in which it works, the slowest first */
};

/* The tables of a chip. */
struct apple_dvfs {
    struct apple_clocks gpu;
    struct apple_clocks cpu[APPLE_TABLES];
    uint8_t tier[APPLE_TABLES]; /* of cpu[i]: the higher the faster its cores */
    size_t cpu_len;
};

/** A table out of its bytes: pairs of clock and voltage, 32 bits each, lowest byte first. Clocks
 * are in Hz, on M4 and later those of CPUs in kHz. False: there is none in them. */
bool apple_clocks_parse(struct str bytes, struct apple_clocks *ret);

/** Reads the tables of this machine; empty ones where it has none (a virtual machine). */
void apple_dvfs_read(const struct apple_calls *c, struct apple_dvfs *ret);

/** The table of the cores that IOReport calls E, P or M; NULL: not known. */
const struct apple_clocks *apple_dvfs_cpu(const struct apple_dvfs *d, char kind);

#endif
