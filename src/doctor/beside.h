/* beside.h - what the files of the comparison share. */
#ifndef ALGALON_DOCTOR_BESIDE_H
#define ALGALON_DOCTOR_BESIDE_H

#include "doctor/doctor.h"
#include "doctor/gpu_series.h"

#define BESIDE_ROWS_MAX 100000

enum beside_verdict {
    BESIDE_AGREES,
    BESIDE_DIFFERS,
    BESIDE_MISSING,   /* the other has it and we do not, though we should */
    BESIDE_ONLY_HERE, /* the other does not say it */
    BESIDE_TALLY,     /* each counts it from its own start */
    BESIDE_UNKNOWN    /* neither says it */
};

/* One value of one GPU, in the other program's unit. */
struct beside_row {
    int gpu;
    struct str field;     /* the other's name for it */
    const char *metric;   /* ours; "": the same */
    double before, after; /* ours, around the other's; NAN: absent */
    double there;
    double difference; /* from the nearest of what lies between ours; 0 within; NAN: not known */
    double tolerance;
    bool tally; /* counted by each program from its own start */
    enum beside_verdict verdict;
};

struct comparison {
    struct arena arena; /* owns the rows and their texts */
    const char *with;   /* as shown */
    struct beside_row *rows;
    size_t len, cap;
    size_t count[BESIDE_UNKNOWN + 1];
    int64_t span_ms;  /* between the end of our first and of our second reading */
    int64_t other_ms; /* that the other took to answer */
    size_t other_series, other_uncompared; /* of an exposition */
};

/** How far two readings of one metric may lie apart, given the larger: by the name's family. */
double beside_tolerance(struct str metric, double value);

/** Judges a row whose readings are set, and appends it. Errors: -ENOMEM, -E2BIG. */
MUST_CHECK int beside_add(struct comparison *c, struct beside_row row, struct error *err);

/** Prints all of it. */
void beside_print(const struct comparison *c, const struct doctor_form *form, struct buf *to);

#endif
