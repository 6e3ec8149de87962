/* linux_node.h - who has device nodes open, as /proc/PID/fd tells: for drivers that say nothing of
 * their users. Looking through the files of all processes is dear, so it is done every
 * LINUX_NODE_LOOK_S seconds at most.
 *
 * Threads: a watch belongs to one thread. */
#ifndef ALGALON_DEVICE_LINUX_NODE_H
#define ALGALON_DEVICE_LINUX_NODE_H

#include "device/device.h"

#define LINUX_NODE_LOOK_S 15
#define LINUX_NODES       512  /* that are looked for */
#define LINUX_NODE_USES   4096 /* pairs of process and device; further ones are left out */

struct linux_node {
    char path[40];   /* "/dev/accel/accel0" */
    unsigned device; /* the caller's number of its device */
};

struct linux_node_use {
    int pid;
    unsigned device;
};

struct linux_node_watch {
    uint64_t looked_ns;  /* 0: never */
    uint64_t unreadable; /* processes whose files may not be looked at */
    size_t len;
    struct linux_node_use uses[LINUX_NODE_USES];
};

/** Looks for users of `nodes`, or keeps what it saw when that is younger; each process once a
 * device. */
void linux_node_look(struct linux_node_watch *w, const char *procfs, const struct linux_node *nodes,
                     size_t len, uint64_t mono_ns);

/** Adds uses to the processes of `out`; nothing is known of them but that they are there. Errors:
 * -ENOMEM. */
MUST_CHECK int linux_node_take(const struct linux_node_use *uses, size_t len, struct reading *out);

#endif
