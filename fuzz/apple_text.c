/* apple_text.c - any bytes as what a Mac tells in text and bytes: a table of clocks, a value of the
 * SMC, names and units of channels, who made a connection. */
#include "device/apple/apple_clocks.h"
#include "device/apple/apple_gpu.h"
#include "device/apple/apple_report.h"
#include "device/apple/apple_smc.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void look_at_clocks(struct str bytes)
{
    struct apple_clocks c;
    bool good = apple_clocks_parse(bytes, &c);

    if (good != (c.len > 0) || c.len > APPLE_STATES)
        abort();
    for (unsigned i = 0; i < c.len; i++)
        if (!(c.mhz[i] > 0 && c.mhz[i] <= 10000))
            abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct str text = str_make((const char *)data, size);
    double value;

    look_at_clocks(text);
    if (size >= 4 &&
        apple_smc_value(apple_smc_key(text.ptr), data + 4, MIN(size - 4, (size_t)APPLE_SMC_BYTES),
                        &value) &&
        !isfinite(value))
        abort();
    if (apple_report_meter(text) >= APPLE_METERS || apple_gpu_pid(text) < 0)
        abort();
    char core = apple_report_core(text);
    if (core && core != 'E' && core != 'P' && core != 'M')
        abort();
    value = apple_report_unit(text);
    if (!(value >= 0 && value <= 1))
        abort();
    return 0;
}
