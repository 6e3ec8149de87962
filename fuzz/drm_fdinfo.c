/* drm_fdinfo.c - any bytes as an fdinfo file of a DRM driver. */
#include "device/linux_drm.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct linux_drm_client c = {.pid = 7};

    if (!linux_drm_parse(str_make((const char *)data, size), &c))
        return 0;
    if (c.pid != 7 || !c.driver[0] || c.engine_len > LINUX_DRM_ENGINES)
        abort();
    for (size_t i = 0; i < c.engine_len; i++)
        if (c.engines[i].capacity < 1)
            abort();
    return 0;
}
