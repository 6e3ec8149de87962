/* import_csv.c - any bytes as the description of columns (the first line) and the body behind it.
 */
#include "import_push.h"

#include "api/import_csv.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct label item = {STR("from"), STR("here")};
    struct labels extra = {&item, 1};
    struct str body = str_make((const char *)data, size), description = str_cut(&body, '\n');
    struct import_result result = {0};
    struct csv_format format;
    struct error err;
    struct arena arena;
    uint64_t sum = 0;

    arena_init(&arena, 0);
    if (!csv_format_read(description, &arena, &format, &err) && body.ptr &&
        import_csv_read(body, &format, 0, extra, push, &sum, &result, &err))
        abort();
    arena_fini(&arena);
    return 0;
}
