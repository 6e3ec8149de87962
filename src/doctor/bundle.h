/* bundle.h - the parts of a bundle, between bundle.c and bundle_text.c. */
#ifndef ALGALON_DOCTOR_BUNDLE_H
#define ALGALON_DOCTOR_BUNDLE_H

#include "doctor/doctor.h"
#include "doctor/redact.h"
#include "doctor/tree.h"

#define BUNDLE_ANSWERS "answers/"        /* where recorded answers stand */
#define BUNDLE_OWN_MAX ((size_t)3 << 20) /* of one of the files that are made here */

enum bundle_part {
    BUNDLE_DOCTOR_TEXT,
    BUNDLE_DOCTOR_JSON,
    BUNDLE_SETTINGS,
    BUNDLE_METRICS,
    BUNDLE_SNAPSHOT,
    BUNDLE_SCENARIO,
    BUNDLE_PARTS
};

struct bundle {
    struct redactor redactor;
    struct buf parts[BUNDLE_PARTS]; /* as they were read; what could not be is empty */
    struct tree tree;
    char silent[200];        /* collectors that did not answer in time; "" none */
    struct error no_driver;  /* why there is no scenario; "" there is one */
    unsigned gpus, asleep;   /* of the scenario */
    struct str version;      /* of the program */
    bool failed;             /* no memory: the archive must not be used */
    struct buf tar, archive; /* with everything replaced */
    size_t files;            /* in it */
};

/** Name and purpose of a part, for lists. */
const char *bundle_part_name(enum bundle_part part);
const char *bundle_part_text(enum bundle_part part);

/** Names to the redactor what cannot be told by its form or field. */
void bundle_learn(struct bundle *b, const struct worker_options *options);

/** Puts everything into `b->tar`, replaced. */
void bundle_pack(struct bundle *b, int64_t time_s);

/** What was left out, a line each, beginning with "- "; nothing when all is there. */
void bundle_left_out(const struct bundle *b, struct buf *to);

/** README.txt, which belongs at the front but is known at the end only. */
void bundle_readme(struct bundle *b, struct buf *to);

/** What the user is told. */
void bundle_report(const struct bundle *b, const char *path, const struct doctor_form *form,
                   struct buf *to);

#endif
