/* rows.h - which devices and processes stand in the panes, and in what order. */
#ifndef ALGALON_TOP_ROWS_H
#define ALGALON_TOP_ROWS_H

#include "view.h"

/* A machine's heading, or a device, or what is wrong with a source. */
struct gpu_row {
    const struct machine *heading; /* its devices follow */
    const struct gpu *gpu;
    const struct trouble *trouble;
    double key; /* what devices are ordered by; NAN: last */
};

struct process_row {
    const struct process *process;
    double key;
};

/* Sums over devices that were counted. */
struct total {
    size_t machines, gpus, busy, idle, lost, hot, held_idle;
    double utilization; /* mean of those that say so, percent */
    double power, memory_used, memory_total;
    size_t utilization_len;
};

struct rows {
    struct gpu_row *gpus;
    size_t gpu_len;
    struct process_row *processes;
    size_t process_len;
    struct total total;            /* of everything, whatever the filter */
    const struct machine *machine; /* the only one, or NULL */
    size_t left_out;
};

/** Gathers them as `v` wants them; memory in v->arena. False: memory is out. */
bool rows_gather(struct view *v, const struct frame *f, struct rows *ret);

/** Sums of one machine. */
void rows_total(const struct frame *f, const struct machine *m, struct total *ret);

/* What is to be said of a device, the worst first. */
struct note {
    char text[40];
    enum style style;
};
void rows_note(const struct gpu *g, struct note *ret);

#endif
