/* furiosa.c - any bytes as the answer of furiosa-smi. */
#include "device/npu/furiosa_status.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct furiosa_status s;
    struct error err = {0};
    int code = furiosa_status_parse(str_make((const char *)data, size), &s, &err);

    if ((code && (code != -EBADMSG || !err.text[0])) || s.len > FURIOSA_CARDS)
        abort();
    return 0;
}
