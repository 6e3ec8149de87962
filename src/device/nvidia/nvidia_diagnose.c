/* nvidia_diagnose.c - what an operator should know about NVIDIA's GPUs on this machine. */
#include "device/nvidia/nvidia.h"

void nvidia_diagnose(const struct host_paths *paths, struct arena *a, struct finding **ret,
                     size_t *ret_len)
{
    if (!nvidia_collector.detect(paths))
        finding_add(a, ret, ret_len, FINDING_NOTE, "nvidia hardware", "", "no NVIDIA GPU found");
}
