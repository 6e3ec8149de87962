/* nvml_names.c - texts that the NVIDIA driver gives: names, bus ids, its files below /proc. */
#include "device/nvidia/nvidia_text.h"

#include <assert.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct str text = str_make((const char *)data, size);
    char name[16], version[80], bus_id[24], again[24];

    nvidia_text_clean(name, sizeof(name), text.ptr, text.len);
    assert(strlen(name) < sizeof(name) && str_is_utf8(str_of(name)));
    for (const char *at = name; *at; at++)
        assert((unsigned char)*at >= ' ' && *at != 0x7f);

    nvidia_text_version(version, sizeof(version), text);
    assert(strlen(version) < sizeof(version));

    /* What was spelled once is not spelled otherwise the second time. */
    if (nvidia_text_bus_id(bus_id, text)) {
        assert(nvidia_text_bus_id(again, str_of(bus_id)));
        assert(strcmp(bus_id, again) == 0);
    }

    struct str value = nvidia_text_value(text, "Device Minor");
    assert(value.len <= size);
    return 0;
}
