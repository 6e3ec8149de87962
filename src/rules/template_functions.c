/* template_functions.c - see template_functions.h. */
#include "rules/template_functions.h"

#include "rules/template_format.h"

#include <stdarg.h>

const struct template_function *template_function_find(struct str name)
{
    static const struct template_function *const lists[] = {
        template_compare_functions, template_text_functions, template_number_functions,
        template_data_functions};

    for (size_t i = 0; i < ARRAY_LEN(lists); i++)
        for (const struct template_function *f = lists[i]; f->name; f++)
            if (str_is(name, f->name))
                return f;
    return NULL;
}

const char *template_parameter_type(enum parameter_kind kind)
{
    static const char *const names[] = {"interface {}", "string", "*template.sample",
                                        "template.queryResult"};

    return names[kind];
}

int template_call_fail(struct template_call *c, const char *format, ...)
{
    char text[1000];
    va_list args;

    va_start(args, format);
    int len = vsnprintf(text, sizeof(text), format, args);
    va_end(args);
    buf_reset(c->error);
    buf_add(c->error, text, MIN((size_t)MAX(len, 0), sizeof(text) - 1));
    return -EINVAL;
}

int template_call_fail_at(struct template_call *c, const char *before, struct str text,
                          const char *behind)
{
    struct buf quoted;

    buf_init(&quoted, 0);
    template_format_quote(str_make(text.ptr, MIN(text.len, 200)), &quoted);
    int code = template_call_fail(c, "%s%.*s%s", before, STR_ARG(buf_str(&quoted)), behind);
    buf_fini(&quoted);
    return code;
}

int template_call_text(struct template_call *c, struct buf *text, struct template_value *ret)
{
    bool failed = text->failed;
    char *copy = failed ? NULL : arena_strndup(c->arena, text->len ? text->ptr : "", text->len);

    *ret = value_of_text(str_make(copy, text->len));
    buf_fini(text);
    if (failed)
        return template_call_fail(c, "a text has %d bytes at most", TEMPLATE_BYTES_MAX);
    return copy ? 0 : -ENOMEM;
}
