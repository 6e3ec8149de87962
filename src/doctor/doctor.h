/* doctor.h - what `algalon doctor` says of a machine: findings and rights, its readings beside
 * another program's, the driver's sample rings, and a bundle for those who help. Start at
 * doctor_examine().
 *
 * Everything is written into a buffer and nothing to a terminal. No call keeps state. */
#ifndef ALGALON_DOCTOR_DOCTOR_H
#define ALGALON_DOCTOR_DOCTOR_H

#include "base/base.h"
#include "worker/worker.h"

/* How the answer is to look. */
struct doctor_form {
    bool json;
    bool color; /* of the text: ANSI colours */
};

/** Findings, the worst first, and the table of rights. Returns false when a finding is an error. A
 * driver that does not answer is left behind after five seconds. */
bool doctor_examine(const struct worker_options *options, const struct doctor_form *form,
                    struct buf *to);

#endif
