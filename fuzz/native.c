/* native.c - any bytes as the body of /api/v1/import/native. */
#include "api/native.h"

static int push(void *ctx, const struct store_sample *samples, size_t n,
                struct store_push_result *ret, struct error *err)
{
    (void)err;
    for (size_t i = 0; i < n; i++)
        *(uint64_t *)ctx += labels_hash(samples[i].labels) + (uint64_t)samples[i].ts_ms;
    ret->kept = n;
    return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct label item = {STR("from"), STR("here")};
    struct labels extra = {&item, 1};
    struct import_result result = {0};
    struct error err;
    uint64_t sum = 0;

    if (native_read(str_make((const char *)data, size), extra, push, &sum, &result, &err))
        abort();
    return 0;
}
