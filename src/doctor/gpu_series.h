/* gpu_series.h - the series of an exposition that speak of one GPU each, to be found again in
 * another exposition, whatever its exporter calls its labels. */
#ifndef ALGALON_DOCTOR_GPU_SERIES_H
#define ALGALON_DOCTOR_GPU_SERIES_H

#include "base/base.h"

#define SERIES_MAX 200000 /* of one exposition that are looked at */

struct gpu_series {
    struct str name;
    int gpu;         /* its number; -1: only the UUID is known */
    struct str uuid; /* without "GPU-"; empty: only the number is known */
    struct str rest; /* the labels that tell series of one name and GPU apart: `k=v,k=v` */
    double value;
};

struct gpu_series_list {
    struct gpu_series *items;
    size_t len;
    size_t skipped; /* lines that could not be read */
};

/** Reads `text`, which must stay; memory in `a`. Series of processes and those that hold texts in
 * labels only (`*_info`) are passed over. Errors: -ENOMEM, -E2BIG. */
MUST_CHECK int gpu_series_read(struct str text, struct arena *a, struct gpu_series_list *ret,
                               struct error *err);

/** The series of `list` that says what `like` says; NULL when there is none, or more than one that
 * could be. */
const struct gpu_series *gpu_series_find(const struct gpu_series_list *list,
                                         const struct gpu_series *like);

#endif
