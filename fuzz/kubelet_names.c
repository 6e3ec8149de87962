/* kubelet_names.c - fuzzes the names of the kubelet's log folders and links. */
#include "device/linux_kubelet.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct str name = str_make((const char *)data, size);
    struct linux_kubelet_pod pod;
    struct linux_kubelet_container container;

    if (linux_kubelet_parse_pod(name, &pod) &&
        (strlen(pod.pod) >= sizeof(pod.pod) || strlen(pod.uid) >= sizeof(pod.uid)))
        __builtin_trap();
    if (linux_kubelet_parse_container(name, &container) && strlen(container.id) != 12)
        __builtin_trap();
    return 0;
}
