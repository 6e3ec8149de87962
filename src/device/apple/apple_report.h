/* apple_report.h - what the chip did since the reading before, by IOReport: energy, and how long
 * each core and the GPU stood in which state. */
#ifndef ALGALON_DEVICE_APPLE_APPLE_REPORT_H
#define ALGALON_DEVICE_APPLE_APPLE_REPORT_H

#include "apple_clocks.h"

#define APPLE_CORES 64

enum apple_meter {
    APPLE_METER_NONE, /* a part of another one, or of something that is not told here */
    APPLE_METER_CPU,
    APPLE_METER_GPU,
    APPLE_METER_ANE,
    APPLE_METERS
};

struct apple_load {
    double ratio; /* time in which it worked */
    double mhz;   /* mean clock while it did; NAN: it did not, or the table does not fit */
};

struct apple_core {
    char name[32]; /* of its channel */
    char kind;     /* as IOReport calls it: E, P, M */
    struct apple_load load;
};

struct apple_report_reading {
    double seconds; /* it speaks of; 0: there is nothing to compare with */
    double watts[APPLE_METERS];
    double joules[APPLE_METERS]; /* since the reading before, also where no power is told */
    struct apple_load gpu;
    struct apple_core cores[APPLE_CORES]; /* by name */
    size_t core_len;
    struct apple_load kinds[3]; /* all cores of a kind, as in apple_kinds */
};

extern const char apple_kinds[3]; /* E, P, M */

/* What is kept between two readings. All of it is apple_report_open()'s. */
struct apple_report {
    const struct apple_calls *calls;
    const struct apple_dvfs *dvfs;
    apple_ref channels, subscription, before;
    double ns_per_tick;
    uint64_t ticks;    /* of mach, when `before` was taken */
    double usual_s;    /* how far apart the two before were */
    double carried_s;  /* in which the meters of the CPU's group stood still */
    uint64_t rejected; /* channels whose unit or name is not understood */
};

/**
 * Subscribes. `dvfs` is borrowed until apple_report_close().
 *
 * Errors: -ENOTSUP  this system has no IOReport, or none of the channels (a virtual machine).
 */
MUST_CHECK int apple_report_open(struct apple_report *r, const struct apple_calls *c,
                                 const struct apple_dvfs *dvfs, struct error *err);
void apple_report_close(struct apple_report *r);

/** A reading that tells nothing. */
void apple_report_nothing(struct apple_report_reading *ret);

/** Reads. The first time there is nothing to tell, nor when the time since the last one is so short
 * (50 ms) or so long (the machine slept) that it tells nothing. -EIO: no sample came. */
MUST_CHECK int apple_report_read(struct apple_report *r, struct apple_report_reading *ret,
                                 struct error *err);

/** What a channel of "Energy Model" measures, by its whole name: the sums of dies, cores and
 * clusters are in there as well. */
enum apple_meter apple_report_meter(struct str channel);

/** Joules of one of a unit's: "mJ", " nJ "; 0: not a unit of energy. */
double apple_report_unit(struct str label);

/** The kind of cores of a channel "ECPU010", "DIE_0_PCPU1_CPU0"; 0: it is none's. */
char apple_report_core(struct str channel);

#endif
