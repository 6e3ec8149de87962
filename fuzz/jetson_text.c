/* jetson_text.c - the texts of a Jetson board; the first byte says which. */
#include "device/jetson/jetson_text.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void by_line(struct str text)
{
    while (text.ptr) {
        uint64_t bytes;
        int pid;
        if (jetson_text_client(str_cut(&text, '\n'), &pid, &bytes) && pid <= 0)
            abort();
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct str text = str_make((const char *)data + 1, size ? size - 1 : 0);
    char small[16] = "";
    uint64_t id = 0;

    if (!size)
        return 0;
    switch (data[0]) {
    case 'r':
        if (jetson_text_release(text, small, sizeof(small)))
            (void)jetson_text_jetpack(small);
        break;
    case 's':
        (void)jetson_text_soc(text, small, sizeof(small));
        break;
    case 'm':
        (void)jetson_text_mode(text, &id);
        if (jetson_text_mode_name(text, id, small, sizeof(small)) && !small[0])
            abort();
        break;
    case 'c':
        (void)jetson_text_cuda(text, small, sizeof(small));
        break;
    case 'f':
        (void)jetson_text_highest_mhz(text);
        break;
    default:
        by_line(text);
    }
    if (strnlen(small, sizeof(small)) == sizeof(small))
        abort();
    return 0;
}
