/* examine.h - the inside of doctor_examine(), see doctor.h. */
#ifndef ALGALON_DOCTOR_EXAMINE_H
#define ALGALON_DOCTOR_EXAMINE_H

#include "doctor/doctor.h"

/** Looks once, and appends what doctor_examine() would write in either form. */
void examine_both(const struct worker_options *options, struct buf *text, struct buf *json);

#endif
