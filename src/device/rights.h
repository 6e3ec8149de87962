/* rights.h - which right each group of values needs, whether this process has it, and the lines
 * that grant it; part of device.h. */
#ifndef ALGALON_DEVICE_RIGHTS_H
#define ALGALON_DEVICE_RIGHTS_H

#include "base/base.h"

struct host_paths;

enum right_state {
    RIGHT_HELD,
    RIGHT_LACKED,
    RIGHT_UNTOLD, /* what would tell it may itself not be read */
    RIGHT_MOOT    /* there is nothing here that it would open */
};

struct right {
    const char *values; /* static, as all but `found`: what it opens, "power of CPU packages" */
    const char *need;   /* the right by name; never "" */
    enum right_state state;
    char found[160]; /* what was looked at and what came of it */
    /* The lines that grant it, for a Compose service, a pod's specification, a unit's drop-in. */
    const char *compose, *kubernetes, *systemd;
};

/**
 * The table, in `a`, each right looked at now by trying what it is needed for; at the machine and
 * the roots of `paths`. Opens files and reads directories only; takes a few milliseconds.
 */
void rights_list(const struct host_paths *paths, struct arena *a, struct right **ret,
                 size_t *ret_len);

/** "held", "lacked", "not known", "not needed". */
const char *right_state_text(enum right_state state);

#endif
