/* translate.c - any bytes as an expression with Grafana's variables: what is translated parses. */
#include "migrate/translate.h"
#include "migrate/migrate.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const struct translator *const both[] = {&translate_to_all_smi, &translate_to_dcgm};
    struct str text = str_make((const char *)data, size);
    struct translated result;
    struct arena arena;
    char why[300];

    for (size_t i = 0; i < ARRAY_LEN(both); i++) {
        struct buf out;
        arena_init(&arena, 0);
        buf_init(&out, 0);
        if (!translate_expr(both[i], text, &arena, &out, &result) && !result.changed &&
            !str_equal(buf_str(&out), text))
            abort(); /* what is not translated stays byte by byte */
        buf_reset(&out);
        translate_legend(both[i], STR("DCGM_FI_DEV_GPU_TEMP"), text, &out, why, sizeof(why));
        translate_template(both[i], STR("DCGM_FI_DEV_GPU_TEMP"), text, &out, why, sizeof(why));
        buf_fini(&out);
        arena_fini(&arena);
    }
    return 0;
}
