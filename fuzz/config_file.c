/* config_file.c - the configuration file: any bytes give options or an error, never more. */
#include "cmd/config_file.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static int take(void *ctx, struct str key, struct str value, struct error *err)
{
    size_t *seen = ctx;

    (void)err;
    *seen += key.len + value.len;
    return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct error err;
    size_t seen = 0;

    if (config_text_read("fuzz", str_make((const char *)data, size), take, &seen, &err) &&
        !err.text[0])
        __builtin_trap(); /* an error has words */
    return 0;
}
