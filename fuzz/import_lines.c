/* import_lines.c - any bytes as the body of /api/v1/import. */
#include "import_push.h"

#include "api/import_lines.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct label item = {STR("from"), STR("here")};
    struct labels extra = {&item, 1};
    struct import_result result = {0};
    struct error err;
    uint64_t sum = 0;

    if (import_lines_read(str_make((const char *)data, size), extra, push, &sum, &result, &err))
        abort();
    return 0;
}
