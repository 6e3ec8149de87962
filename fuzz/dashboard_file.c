/* dashboard_file.c - a dashboard file: any bytes give a dashboard or an error with words. */
#include "web/dashboard_file.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct dashboard_file d;

    dashboard_file_init(&d, "fuzz.json", str_make((const char *)data, size), DASHBOARD_FOLDER);
    if (!d.uid || !d.title || (d.error ? d.answer.len != 0 : d.answer.len == 0))
        __builtin_trap(); /* broken or served, never both */
    dashboard_file_fini(&d);
    return 0;
}
