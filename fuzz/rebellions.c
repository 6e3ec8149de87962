/* rebellions.c - any bytes as the answer of rbln-smi. */
#include "device/npu/rebellions_reply.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct rebellions_reply *r = xnew(struct rebellions_reply);
    struct error err = {0};
    int code = rebellions_parse(str_make((const char *)data, size), r, &err);

    if (code && (code != -EBADMSG || !err.text[0]))
        abort();
    if (r->die_len > REBELLIONS_DIES || r->context_len > REBELLIONS_CONTEXTS)
        abort();
    for (size_t i = 0; i < r->context_len; i++)
        if (r->contexts[i].pid <= 0)
            abort();
    free(r);
    return 0;
}
