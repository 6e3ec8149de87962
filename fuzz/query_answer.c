/* Answers of another store to /api/v1/query. */
#include "upstream/answer.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    enum promql_type type;
    struct promql_series *series;
    struct arena a;
    struct error err;
    size_t n;

    arena_init(&a, (size_t)256 << 20);
    if (!answer_read(200, str_make((const char *)bytes, size), &a, &type, &series, &n, &err))
        for (size_t i = 0; i < n; i++)
            if (series[i].len && !series[i].ts_ms)
                abort();
    arena_fini(&a);
    return 0;
}
