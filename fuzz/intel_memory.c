/* intel_memory.c - any bytes as the answer of i915 or xe about regions of memory. */
#include "device/intel/intel_memory.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct intel_memory m;
    struct str bytes = str_make((const char *)data, size);

    for (int xe = 0; xe < 2; xe++) {
        if (!(xe ? intel_memory_parse_xe(bytes, &m) : intel_memory_parse_i915(bytes, &m)))
            continue;
        if (m.len > INTEL_REGIONS)
            abort();
        for (size_t i = 0; i < m.len; i++)
            if (m.regions[i].used_bytes != UNKNOWN_COUNT &&
                m.regions[i].used_bytes > m.regions[i].total_bytes)
                abort();
    }
    return 0;
}
