/* intel_pmu.h - how busy the engines of a device are, as i915's counters of perf tell: of all
 * users, also those whose files may not be looked at. It takes root, CAP_PERFMON or
 * kernel.perf_event_paranoid at 0 or below.
 *
 * xe has such counters too. They are not used: an open one keeps the GT from sleeping, and who may
 * open them sees all of fdinfo, which tells the same. */
#ifndef ALGALON_DEVICE_INTEL_INTEL_PMU_H
#define ALGALON_DEVICE_INTEL_INTEL_PMU_H

#include "device/linux_edge.h"

#define INTEL_PMU_ENGINES 32

struct intel_pmu_engine {
    char name[24]; /* as fdinfo calls its class: "render", "video" */
    int fd;
    uint64_t busy_ns;
};

struct intel_pmu {
    const struct linux_edge *edge;
    struct intel_pmu_engine engines[INTEL_PMU_ENGINES];
    size_t len;
    uint64_t mono_ns;
};

/* A class of engines, since the reading before. */
struct intel_pmu_load {
    char name[24];
    double busy_ratio; /* of all engines of the class */
    unsigned engines;
};

/**
 * Opens the counters of the device at `bus_id`. Errors: -ENOENT the driver has none, else as of
 * perf_event_open(): -EACCES and -EPERM when it is not allowed. `p` is empty then.
 */
MUST_CHECK int intel_pmu_open(struct intel_pmu *p, const struct host_paths *paths,
                              const char *bus_id, bool integrated);

/** Fills `to[INTEL_PMU_ENGINES]`, one a class; returns how many: 0 at the first time. */
size_t intel_pmu_read(struct intel_pmu *p, uint64_t mono_ns, struct intel_pmu_load *to);

void intel_pmu_close(struct intel_pmu *p);

/** Takes the text of an event apart, "config=0x1000"; false for what is none. */
bool intel_pmu_event(struct str text, uint64_t *ret_config);

/** The class of an engine by the driver's short name ("vcs0", "ccs") as fdinfo of i915 calls it;
 * the name itself, without its number, when it is none of these. */
void intel_pmu_class(const char *engine, char to[24]);

#endif
