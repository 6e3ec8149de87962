/* podres.c - fuzzes the kubelet's list of devices, a protobuf message. */
#include "device/linux_podres.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct allocation *list;
    struct arena arena;
    size_t len;

    arena_init(&arena, (size_t)64 << 20);
    if (!linux_podres_read(str_make((const char *)data, size), &arena, &list, &len, NULL))
        for (size_t i = 0; i < len; i++)
            if (!list[i].device[0] || strlen(list[i].device) >= sizeof(list[i].device))
                __builtin_trap();
    arena_fini(&arena);
    return 0;
}
