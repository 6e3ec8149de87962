/* card_text.c - any bytes as the texts by which cards of the classes drm and accel are told: their
 * uevent, a line of the list of PCI numbers, an event of perf, the name of an engine or reason. */
#include "device/intel/intel_gt.h"
#include "device/intel/intel_pmu.h"
#include "device/linux_card.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static bool is_within(struct str part, struct str whole)
{
    return !part.len || (part.ptr >= whole.ptr && part.ptr + part.len <= whole.ptr + whole.len);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct str text = str_make((const char *)data, size), name;
    unsigned level, number;
    uint64_t config;
    char copy[256], class[24];

    if (!is_within(linux_card_uevent(text, "DRIVER"), text))
        abort();
    if (linux_card_name_line(text, &level, &number, &name) &&
        (level > 2 || number > 0xffff || !is_within(name, text)))
        abort();
    (void)intel_pmu_event(text, &config);
    str_copy(copy, sizeof(copy), text);
    intel_pmu_class(copy, class);
    (void)intel_gt_reason(copy);
    (void)linux_card_generation(copy);
    return 0;
}
