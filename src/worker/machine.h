/* machine.h - what the worker says of the machine it runs on, whatever it reads. */
#ifndef ALGALON_WORKER_MACHINE_H
#define ALGALON_WORKER_MACHINE_H

#include "worker/snapshot.h"

/** Fills `m` from the options, and from the system where they leave something open. */
void machine_init(struct machine *m, const struct worker_options *options);

#endif
