/* scope_part.h - what the files with labels share; for scope_*.c only. */
#ifndef ALGALON_WORKER_SCOPE_PART_H
#define ALGALON_WORKER_SCOPE_PART_H

#include "worker/scope.h"

/* A line whose labels are asked for: of `thing`, which stands at `index` of its scope. */
struct scope_line {
    const struct snapshot *s;
    const void *thing;
    size_t index;
    unsigned variant;
    struct label_sink *to;
    enum scope scope;
};

/* How a scope writes labels. Each file has a table of those that are its own. */
struct scope_part {
    void (*labels)(const struct scope_line *line); /* NULL: the scope is another file's */
    bool (*fits)(const void *thing);               /* NULL: all do */
    unsigned variants;
};

extern const struct scope_part scope_use_parts[SCOPE_COUNT], scope_gpu_parts[SCOPE_COUNT],
    scope_host_parts[SCOPE_COUNT], scope_dcgm_parts[SCOPE_COUNT], scope_alias_parts[SCOPE_COUNT];

/** What every series of a device begins with in the schema of dcgm-exporter. */
void scope_dcgm_device(const struct scope_line *line, const struct merged_accelerator *a);

/* ---- scope_more.c: the scopes from SCOPE_MORE on ---- */

/** As scope_things(). */
struct scope_things scope_more_things(const struct snapshot *s, enum scope scope);

/** Whether a thing has a place in one of them. */
bool scope_more_fits(enum scope scope, const void *thing);

void scope_more_labels(const struct scope_line *line);

/* ---- scope_npu.c: the scopes from SCOPE_NPU on ---- */

/** As scope_things(). */
struct scope_things scope_npu_things(const struct snapshot *s, enum scope scope);

/** Whether a device has a place in one of them. */
bool scope_npu_fits(enum scope scope, const void *thing);

void scope_npu_labels(const struct scope_line *line);

void scope_text(const struct scope_line *line, const char *name, const char *value);
void scope_host(const struct scope_line *line);

/** Host name, and `instance` where all-smi has it: on what it reads from hardware, not on processes
 * and energy. */
void scope_host_and_instance(const struct scope_line *line);

/** all-smi's second name of the host on parts of devices and energy, with the same switch. */
void scope_all_smi_host(const struct scope_line *line);

/** What every series of a device begins with. */
void scope_device(const struct scope_line *line, const struct merged_accelerator *a);
void scope_gpu(const struct scope_line *line); /* the same, of the line's thing */

#endif
