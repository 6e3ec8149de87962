/* collectors_file.c - fuzzes the collectors file of dcgm-exporter. */
#include "worker/choice.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct choice *c = NULL;
    struct error err;
    struct arena a;

    arena_init(&a, (size_t)16 << 20);
    int code = choice_parse(str_make((const char *)data, size), &a, &c, &err);
    if (code ? !err.text[0] : !c || !c->len || !c->unknown)
        __builtin_trap();
    for (size_t i = 0; !code && i < c->len; i++)
        if (choice_find(c, c->fields[i].name) != &c->fields[i])
            __builtin_trap();
    arena_fini(&a);
    return 0;
}
