/* accel_text.c - any bytes as the texts and answers of NPUs' drivers. */
#include "device/accel/accel_text.h"
#include "device/accel/accel_xdna.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct accel_xdna x = {.power_w = UNKNOWN, .temperature_c = UNKNOWN, .clock_mhz = UNKNOWN};
    struct str text = str_make((const char *)data, size);
    double cores[ACCEL_CORES], ratio;
    size_t len = accel_text_rknpu(text, cores);

    if (len > ACCEL_CORES)
        abort();
    for (size_t i = 0; i < len; i++)
        if (!(cores[i] >= 0 && cores[i] <= 1))
            abort();
    if (accel_text_devfreq(text, &ratio) && !(ratio >= 0 && ratio <= 1))
        abort();
    accel_xdna_parse_sensors(text, &x);
    accel_xdna_parse_clocks(text, &x);
    if (x.columns > ACCEL_XDNA_COLUMNS || x.clock_mhz < 0 || isinf(x.power_w))
        abort();
    return 0;
}
