/* answer.c - any bytes as a file of recorded answers, and what is written of them again. */
#include "device/answers.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct buf bytes, text, again;

    buf_init(&bytes, 0);
    buf_init(&text, 0);
    buf_init(&again, 0);
    int code = answer_parse(str_make((const char *)data, size), &bytes);
    if (code >= 0) {
        answer_write(buf_str(&bytes), &text);
        if (bytes.len > ANSWERS_BYTES_MAX || answer_parse(buf_str(&text), &again) ||
            again.len != bytes.len || (bytes.len && memcmp(again.ptr, bytes.ptr, bytes.len)))
            abort();
    } else if (code < -4095) {
        abort();
    }
    buf_fini(&bytes);
    buf_fini(&text);
    buf_fini(&again);
    return 0;
}
