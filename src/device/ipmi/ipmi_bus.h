/* ipmi_bus.h - commands to the management controller, one at a time. */
#ifndef ALGALON_DEVICE_IPMI_IPMI_BUS_H
#define ALGALON_DEVICE_IPMI_IPMI_BUS_H

#include "device/linux_edge.h"

#define IPMI_ANSWER_BYTES 272 /* the kernel's bound on a message */

struct ipmi_bus {
    const struct linux_edge *edge;
    int fd;
    long sent; /* numbers messages, so that a late answer is told from the one waited for */
};

/** Opens the first of the nodes that is there. Errors: as of open(). */
MUST_CHECK int ipmi_bus_open(struct ipmi_bus *b, const struct host_paths *paths);
void ipmi_bus_close(struct ipmi_bus *b);

/**
 * Sends a command and waits for its answer, a second at most. `*ret` is what follows the completion
 * code, in `bytes`. Errors: -ETIMEDOUT; -EBUSY; -ENOTSUP the controller does not know it; -EIO for
 * other completion codes; as of ioctl().
 */
MUST_CHECK int ipmi_bus_ask(struct ipmi_bus *b, unsigned netfn, unsigned command, unsigned lun,
                            const unsigned char *data, size_t len,
                            unsigned char bytes[IPMI_ANSWER_BYTES], struct str *ret);

#endif
