/* gpu_inventory.c - the file that remembers GPUs: what is read is written the same way. */
#include "worker/presence.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct presence first = {.len = 0}, second = {.len = 0};
    struct buf text, again;

    buf_init(&text, 0);
    buf_init(&again, 0);
    if (presence_parse(str_make((const char *)data, size), &first, NULL) == 0) {
        presence_print(&first, &text);
        if (presence_parse(buf_str(&text), &second, NULL) || second.len != first.len)
            abort();
        presence_print(&second, &again);
        if (!str_equal(buf_str(&text), buf_str(&again)))
            abort();
    } else if (first.len) {
        abort();
    }
    presence_fini(&first);
    presence_fini(&second);
    buf_fini(&text);
    buf_fini(&again);
    return 0;
}
