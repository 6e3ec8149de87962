/* container_names.c - fuzzes the files in which container runtimes keep what they run. The first
 * byte chooses the runtime. */
#include "device/linux_names.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char id[] = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";
    struct linux_names_entry e = {.found = false};

    if (!size)
        return 0;
    struct str text = str_make((const char *)data + 1, size - 1);
    linux_names_parse(text, (enum linux_names_form)(data[0] % 3), id, &e);
    if (strlen(e.container) >= sizeof(e.container) || strlen(e.pod) >= sizeof(e.pod))
        __builtin_trap();
    return 0;
}
