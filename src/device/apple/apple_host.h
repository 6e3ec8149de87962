/* apple_host.h - processors, memory and the machine, by the calls of the kernel of macOS. */
#ifndef ALGALON_DEVICE_APPLE_APPLE_HOST_H
#define ALGALON_DEVICE_APPLE_APPLE_HOST_H

#include "apple_cf.h"

#define APPLE_CPUS 64

/* What a logical processor did since the machine was started, in ticks. */
struct apple_ticks {
    uint32_t state[APPLE_CPU_STATES]; /* they wrap */
};

struct apple_host {
    const struct apple_calls *calls;
    apple_port host;
    char chip[64], model[32], release[24]; /* "Apple M3 Max", "Mac15,9", "15.5" */
    char uuid[48];
    uint64_t memory_bytes, page_bytes;
    unsigned cores, threads;
    double kind_cores[CPU_KINDS]; /* S, P, E; UNKNOWN: the chip has none of it */
    bool virtual;
    struct apple_ticks before[APPLE_CPUS];
    size_t before_len;
    int pressure; /* a token of notify; -1: none */
};

/** True of a machine with a processor of Apple's. */
bool apple_host_is_ours(const struct apple_calls *c);

void apple_host_open(struct apple_host *h, const struct apple_calls *c);
void apple_host_close(struct apple_host *h);

/** Load of all processors and of each, averages, when it was started. `cores` of the reading have
 * the type "C": which kind a processor is of, IOReport tells. */
void apple_host_cpu(struct apple_host *h, struct reading *out);

void apple_host_memory(const struct apple_host *h, struct memory *ret);

/** The level of thermal pressure, 0 (nominal) to 4; UNKNOWN: it is not told. */
double apple_host_pressure(const struct apple_host *h);

/** A text of sysctl; false, and "", when there is none of that name. */
bool apple_host_text(const struct apple_calls *c, const char *name, char *to, size_t size);

/** A number of sysctl, of 32 or 64 bits. */
bool apple_host_number(const struct apple_calls *c, const char *name, uint64_t *ret);

#endif
