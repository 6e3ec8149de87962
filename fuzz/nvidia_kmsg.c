/* nvidia_kmsg.c - lines of the kernel's log as the NVIDIA collector reads them. */
#include "device/nvidia/nvidia_kmsg.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct kmsg_xid found;

    if (nvidia_kmsg_line(str_make((const char *)data, size), &found) &&
        (!found.bus_id[0] || found.count != 1))
        abort();
    return 0;
}
