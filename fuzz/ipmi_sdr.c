/* ipmi_sdr.c - any bytes as a sensor's record and as answers of a management controller. */
#include "device/ipmi/ipmi_sdr.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct str bytes = str_make((const char *)data, size);
    struct ipmi_sensor s;

    if (ipmi_sdr_dcmi(bytes) <= 0)
        abort();
    if (!ipmi_sdr_parse(bytes, &s))
        return 0;
    if (s.m < -512 || s.m > 511 || s.b < -512 || s.b > 511 ||
        memchr(s.name, '\0', sizeof(s.name)) == NULL)
        abort();
    if (isinf(ipmi_sdr_value(&s, bytes)))
        abort();
    return 0;
}
