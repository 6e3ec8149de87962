/* amd_metrics.c - any bytes as the table of AMD's firmware: nothing outside of them is read, and
 * each value is a number or not known. */
#include "device/amd/amd_metrics.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct amd_metrics m;
    struct error err;

    if (amd_metrics_parse(str_make((const char *)data, size), &m, &err))
        return 0;
    if (m.gfx_ratio < 0 || m.power_w < 0 || isinf(m.energy_units))
        abort();
    (void)amd_metrics_reasons(m.throttle_bits);
    return 0;
}
