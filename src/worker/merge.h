/* merge.h - makes one state of the machine out of what the collectors read. */
#ifndef ALGALON_WORKER_MERGE_H
#define ALGALON_WORKER_MERGE_H

#include "worker/snapshot.h"

#define ACCELERATORS_MAX 256 /* of one platform */

/* What a collector's devices were when it last read well: their numbers stay while it is silent,
 * and they are shown as lost under their last identity. */
struct inventory {
    struct {
        struct accelerator *devices;
        size_t len, cap;
        struct platform_info platform;
        bool platform_known;
        unsigned count;                           /* highest place and one */
        unsigned short numbers[ACCELERATORS_MAX]; /* gpu_index by place */
        unsigned numbered;                        /* how many of them are given out */
        /* A collector that was closed and opened again deals its indices anew: a device is known by
         * its UUID, and has the place that it had. */
        uint64_t owners[ACCELERATORS_MAX];       /* hash of the UUID by place; 0: nobody */
        unsigned short places[ACCELERATORS_MAX]; /* of the newest reading, by index */
        unsigned placed;                         /* highest index of it and one */
    } of[COLLECTORS_MAX];
};

/** gpu_index of device `index` of collector `i`; UINT_MAX when it has none. A number stays with its
 * device: what comes to a platform later stands behind all that is there. Only a platform that was
 * not seen before is put in its place in the order of collectors. */
unsigned merge_number(const struct inventory *inventory, size_t i, unsigned index);

void inventory_fini(struct inventory *inventory);

/**
 * Fills `s` from `views` (in the order of the collectors, which is the order of gpu_index); takes
 * over their readings. Errors: -ENOMEM, `s` then lacks what did not fit.
 */
MUST_CHECK int merge(struct snapshot *s, struct inventory *inventory, struct collector_view *views,
                     size_t len);

/** Fills the parts of devices (links) once these are numbered. Errors: -ENOMEM. */
MUST_CHECK int merge_parts(struct snapshot *s, const struct collector_view *views, size_t len,
                           const struct inventory *inventory);

/** A process of which the number is all that is known. */
void merge_host_unknown(struct process *p, int pid);

/** Counts the servers of the multi-process service on each device, once the host's processes are
 * joined: they are told by their name only. */
void merge_mps_servers(struct snapshot *s);

#endif
