/* holder.h - who holds an accelerator: the job, pod, container, service or user on whose behalf
 * processes are on it, or to whom it was given. What a device does is never copied to several
 * holders: each has the sum of its own processes. */
#ifndef ALGALON_WORKER_HOLDER_H
#define ALGALON_WORKER_HOLDER_H

#include "device/device.h"

/* The first that is known names a process's holder: whom to talk to about it. */
enum holder_kind {
    HOLDER_JOB,
    HOLDER_POD,
    HOLDER_CONTAINER,
    HOLDER_UNIT,
    HOLDER_USER,
    HOLDER_UNKNOWN, /* nothing is known of the process but its number */
    HOLDER_OTHER,   /* the sum of those beyond HOLDERS_PER_DEVICE */
    HOLDER_NONE,    /* nobody: what the device used while nobody held it */
    HOLDER_KINDS
};
extern const char *const holder_kinds[HOLDER_KINDS];

#define HOLDERS_PER_DEVICE 64

struct holder {
    unsigned number; /* gpu_index */
    enum holder_kind kind;
    char name[200]; /* job number, namespace/pod, container, unit or user */
    char device_uuid[96], device_name[96];
    char user[64], namespace[64], pod[128], container[64], slurm_job[16];
    uint64_t processes, mem_used_bytes; /* UNKNOWN_COUNT when it is gone, or the driver is silent */
    double sm_ratio;  /* of its processes; of the device where those are not told and it is alone */
    double allocated; /* 1: it was given the device: its environment, control group or /dev, or the
                         kubelet says so */
    double idle_s;    /* since the last activity that was seen; NAN of nobody, and where nobody
                         tells of load */
    double energy_j_total;
    /* Since the worker started: time for which it held the device, and in which its work ran there;
     * the latter NAN until the driver tells. */
    double held_s_total, busy_s_total;
};

/* Why a process on a device could not be attributed, or not for certain; counted once each. */
enum attribution_reason {
    ATTRIBUTION_NOT_FOUND,     /* procfs has no such process: another PID namespace */
    ATTRIBUTION_NOT_HOLDER,    /* the process of that number holds no device */
    ATTRIBUTION_UNVERIFIED,    /* its open files may not be read: it is believed */
    ATTRIBUTION_NO_POD,        /* its pod has no folder of logs: shown by number */
    ATTRIBUTION_NOT_ALLOCATED, /* the kubelet did not give the device to its pod */
    ATTRIBUTION_REASONS
};
extern const char *const attribution_reasons[ATTRIBUTION_REASONS];

#endif
