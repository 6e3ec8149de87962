/* doctor.h - what `algalon doctor` says of a machine: findings and rights, its readings beside
 * another program's, the driver's sample rings, and all of it as an archive for others to look at.
 * Start at doctor_examine().
 *
 * What is to be read is written into a buffer and nothing to a terminal. No call keeps state. */
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

/**
 * Own readings beside those of another monitor on the same machine, value by value: `with` is a URL
 * that answers with an exposition, or a program to run as nvidia-smi. *ret_agree: no value differs
 * by more than its tolerance, and none that nvidia-smi tells is absent here. Takes two seconds and
 * what the other takes, at most ten. Errors: `err` says which of the two did not answer, -ENODATA
 * when they have nothing in common; then nothing is written.
 */
MUST_CHECK int doctor_compare(const struct worker_options *options, const char *with,
                              const struct doctor_form *form, struct buf *to, bool *ret_agree,
                              struct error *err);

/** The driver's buffers of samples by GPU and type: how many they hold, how far back they reach.
 * Errors: -ENODEV (no driver), -ETIMEDOUT (no answer within five seconds), -EAGAIN. */
MUST_CHECK int doctor_buffers(const struct worker_options *options, const struct doctor_form *form,
                              struct buf *to, struct error *err);

/**
 * Writes the Compose file that a container with the worker needs on this machine beside
 * compose.worker.yml: devices, capabilities and the way of NVIDIA's GPUs into containers, of the
 * platforms found below the roots of `options`. Only nodes that are there are named. Errors:
 * -ENOMEM.
 */
MUST_CHECK int doctor_compose(const struct worker_options *options, struct buf *to,
                              struct error *err);

/* What of the bundle only the caller knows. */
struct doctor_bundle {
    const char *path;    /* to be made; "": algalon-bundle-<time>.tar.gz in the current folder */
    struct str settings; /* options in force, a line each, without credentials */
};

/**
 * Writes an archive (tar.gz, readable by its owner alone) that says how this machine is and what is
 * read here, with names, addresses and identities replaced (redact.h), and appends what went into
 * it. With it the machine's readings can be replayed elsewhere. Takes 30 s at most, also where a
 * driver or a file does not answer: it is then left behind.
 *
 * Errors: -EEXIST (a file is never overwritten) and others of making it; -ENOMEM. No file is then
 * left behind.
 */
MUST_CHECK int doctor_bundle(const struct worker_options *options,
                             const struct doctor_bundle *wanted, const struct doctor_form *form,
                             struct buf *to, struct error *err);

#endif
