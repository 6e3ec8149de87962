/* fault.c - words and places of failed queries. */
#include "promql/fault.h"

#include <stdarg.h>

void fault_place(struct str text, size_t at, unsigned *ret_line, unsigned *ret_column)
{
    size_t begin = 0;

    *ret_line = 1;
    for (size_t i = 0; i < at && i < text.len; i++)
        if (text.ptr[i] == '\n') {
            ++*ret_line;
            begin = i + 1;
        }
    *ret_column = (unsigned)(at - begin) + 1;
}

int fault_parse(struct promql_error *err, struct str text, size_t at, const char *format, ...)
{
    char words[400];
    va_list args;

    if (err->text[0])
        return -EINVAL;
    va_start(args, format);
    vsnprintf(words, sizeof(words), format, args);
    va_end(args);
    err->kind = PROMQL_BAD_DATA;
    fault_place(text, at, &err->line, &err->column);
    snprintf(err->text, sizeof(err->text), "%u:%u: parse error: %s", err->line, err->column, words);
    return -EINVAL;
}

int fault_set(struct promql_error *err, enum promql_error_kind kind, const char *format, ...)
{
    static const int codes[] = {
        [PROMQL_BAD_DATA] = -EINVAL,    [PROMQL_EXECUTION] = -EDOM, [PROMQL_TIMEOUT] = -ETIMEDOUT,
        [PROMQL_CANCELED] = -ECANCELED, [PROMQL_INTERNAL] = -EIO,
    };
    va_list args;

    err->kind = kind;
    err->line = err->column = 0;
    va_start(args, format);
    vsnprintf(err->text, sizeof(err->text), format, args);
    va_end(args);
    return codes[kind];
}

int fault_memory(struct promql_error *err)
{
    fault_set(err, PROMQL_EXECUTION,
              "the query needs more memory than one query may take: narrow the selectors or the "
              "range, or raise --query.max-memory");
    return -ENOMEM;
}
