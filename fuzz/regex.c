/* regex.c - first line: a pattern; the rest: a value. Whatever the gate lets through compiles or is
 * refused with words, and shortcuts agree with the engine. */
#include "metric/metric.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct str rest = {(const char *)data, size};
    struct str pattern = str_cut(&rest, '\n');
    struct error err = {0};
    struct regex *re;
    struct buf out;

    if (regex_new(pattern, &re, &err)) {
        if (!err.text[0])
            abort();
        return 0;
    }
    /* Expansion always asks the engine: both must say the same. */
    int matched = regex_match(re, rest);
    buf_init(&out, 0);
    int expanded = regex_expand(re, rest, STR("$0$1${x}"), &out);
    if (matched >= 0 && expanded >= 0 && matched != expanded)
        abort();
    for (size_t i = 0; i < regex_literals(re); i++)
        if (regex_match(re, regex_literal(re, i)) != 1)
            abort();
    if (matched == 1 && !str_starts(rest.ptr ? rest : STR(""), regex_prefix(re)))
        abort();
    buf_fini(&out);
    regex_free(re);
    return 0;
}
