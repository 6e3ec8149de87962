/* table.c - the functions as the table that the collector takes, for unit tests. */
#include "sim.h"

const struct apple_calls *apple_sim_calls(void)
{
    static struct apple_calls calls = {
#define SIM_MEMBER(result, name, args) .name = name,
        APPLE_CALLS(SIM_MEMBER)
#undef SIM_MEMBER
    };

    calls.mach_task_self = &mach_task_self_;
    return apple_calls_complete(&calls) ? &calls : NULL;
}
