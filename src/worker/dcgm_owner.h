/* dcgm_owner.h - who stands on dcgm-exporter's series: pod and job, as it has them, but only where
 * a device is one pod's or one job's alone. Of a device that several share, the two values that the
 * driver tells by process are given for each pod, and what is left of the device's in a row of its
 * own, so that their sum is the device's value; nothing is copied to several. */
#ifndef ALGALON_WORKER_DCGM_OWNER_H
#define ALGALON_WORKER_DCGM_OWNER_H

#include "worker/snapshot.h"

/** Fills in `pod` and `hpc_job` of devices and rows, and the shares. Comes after the holders are
 * listed. Errors: -ENOMEM, nobody's name is there then. */
MUST_CHECK int dcgm_owner_find(struct snapshot *s);

#endif
