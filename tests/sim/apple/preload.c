/* preload.c - makes a process believe that it runs on a machine of Apple's, for tests of the whole
 * program: LD_PRELOAD=build/libapple-sim.so ALGALON_APPLE_SIM=m3max. */
#include "sim.h"

#include <stdio.h>
#include <stdlib.h>

static void __attribute__((constructor)) begin(void)
{
    const char *model = getenv("ALGALON_APPLE_SIM");

    if (!apple_sim_set(model && *model ? model : "m1"))
        sim_die("ALGALON_APPLE_SIM names no model");
    apple_sim.live = true;
}
