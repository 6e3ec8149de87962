/* reading.h - what an exposition says, as machines, devices and processes. One for each answer of a
 * source; immutable when read. */
#ifndef ALGALON_TOP_READING_H
#define ALGALON_TOP_READING_H

#include "base/base.h"

#define READING_MACHINES_MAX  4096
#define READING_GPUS_MAX      32768
#define READING_PROCESSES_MAX 32768

enum gpu_value {
    GPU_UTILIZATION, /* percent, mean over the exporter's interval */
    GPU_UTILIZATION_MAX,
    GPU_MEMORY_USED, /* bytes */
    GPU_MEMORY_FREE,
    GPU_MEMORY_TOTAL,
    GPU_TEMPERATURE, /* degrees Celsius */
    GPU_TEMPERATURE_LIMIT,
    GPU_MEMORY_TEMPERATURE,
    GPU_POWER, /* watts */
    GPU_POWER_LIMIT,
    GPU_CLOCK,         /* MHz */
    GPU_FAN,           /* percent */
    GPU_STATE,         /* as algalon_gpu_state counts */
    GPU_PCIE_RECEIVED, /* bytes a second */
    GPU_PCIE_SENT,
    GPU_HELD_IDLE,    /* seconds without work, the longest of its holders */
    GPU_REMAP_FAILED, /* 1: a row of its memory could not be replaced */
    GPU_REMAP_PENDING,
    GPU_VALUES
};

enum machine_value {
    MACHINE_CPU, /* percent */
    MACHINE_MEMORY_USED,
    MACHINE_MEMORY_TOTAL,
    MACHINE_LOAD1,
    MACHINE_VALUES
};

enum process_value {
    PROCESS_GPU_MEMORY,
    PROCESS_GPU_UTILIZATION,
    PROCESS_CPU, /* percent of one CPU */
    PROCESS_MEMORY,
    PROCESS_VALUES
};

/* Texts live in the reading's arena. A value that nobody gave is NAN. */
struct machine {
    struct str name;
    double values[MACHINE_VALUES];
    int64_t ts_ms; /* of its newest sample with a time; 0: now */
};

struct gpu {
    const struct machine *machine;
    struct str index; /* "0"; of a MIG instance "0/3" */
    struct str uuid, model;
    struct str throttle; /* why clocks are held down; "" when nothing does */
    struct str presence; /* a device that is not there: why not */
    double values[GPU_VALUES];
    unsigned order; /* of the index, for sorting */
    bool instance;  /* of MIG */
};

struct process {
    const struct machine *machine;
    struct str pid, gpu; /* gpu: index; "" for one that is on none */
    struct str name, user;
    struct str holder; /* job, pod or container that it belongs to */
    double values[PROCESS_VALUES];
};

struct reading {
    struct arena arena;
    struct machine **machines; /* sorted by name */
    struct gpu **gpus;         /* by machine, then index */
    struct process **processes;
    size_t machine_len, gpu_len, process_len;
    size_t left_out;  /* machines, devices and processes past the bounds above */
    size_t bad_lines; /* that are no exposition */
    size_t samples;
};

/**
 * Reads `text`. Lines that are none are counted and passed over. `fallback` names a machine where
 * labels do not. Errors: -ENOMEM.
 */
MUST_CHECK int reading_new(struct str text, const char *fallback, struct reading **ret,
                           struct error *err);
void reading_free(struct reading *r); /* NULL is fine */

#endif
