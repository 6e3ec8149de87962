/* params.c - percent-decoding and the lists built on it. */
#include "http/params.h"

#include <stdlib.h>
#include <strings.h>

static int hex(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    if (c >= 'a' && c <= 'f')
        return c - 'a' + 10;
    return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

int params_decode(struct str text, bool plus, struct arena *a, struct str *ret)
{
    size_t i = 0, n = 0;

    while (i < text.len && text.ptr[i] != '%' && !(plus && text.ptr[i] == '+'))
        i++;
    if (i == text.len) {
        *ret = text;
        return 0;
    }
    char *to = arena_alloc(a, text.len);
    if (!to)
        return -ENOMEM;
    for (i = 0; i < text.len; i++) {
        char c = text.ptr[i];
        if (c == '%') {
            int high = i + 2 < text.len ? hex(text.ptr[i + 1]) : -1;
            int low = high >= 0 ? hex(text.ptr[i + 2]) : -1;
            if (low < 0)
                return -EINVAL;
            c = (char)(high << 4 | low);
            i += 2;
        } else if (plus && c == '+') {
            c = ' ';
        }
        to[n++] = c;
    }
    *ret = str_make(to, n);
    return 0;
}

int params_parse(struct params *p, struct str text, struct arena *a, struct error *err)
{
    struct str rest = text;

    while (rest.ptr) {
        struct str value = str_cut(&rest, '&');
        if (!value.len)
            continue;
        struct str name = str_cut(&value, '=');
        struct param param = {.value = STR("")};
        if (p->len >= PARAMS_MAX)
            return error_set(err, -E2BIG, "more than %d parameters", PARAMS_MAX);
        int code = params_decode(name, true, a, &param.name);
        if (code == 0 && value.ptr)
            code = params_decode(value, true, a, &param.value);
        if (code == -EINVAL)
            return error_set(err, code, "invalid URL escape in parameter \"%.*s\"",
                             (int)MIN(name.len, 60), name.ptr);
        struct param *items =
            code ? NULL : array_grow(p->items, &p->cap, p->len + 1, sizeof(*p->items));
        if (!items)
            return error_errno(err, -ENOMEM, "parameters");
        p->items = items;
        p->items[p->len++] = param;
    }
    return 0;
}

void params_fini(struct params *p)
{
    free(p->items);
    *p = (struct params){0};
}

struct str params_get(const struct params *p, struct str name, size_t i)
{
    for (size_t at = 0; at < p->len; at++)
        if (str_equal(p->items[at].name, name) && i-- == 0)
            return p->items[at].value;
    return (struct str){NULL, 0};
}

static bool equal_ignoring_case(struct str a, struct str b)
{
    return a.len == b.len && strncasecmp(a.ptr, b.ptr, a.len) == 0;
}

/* The weight of one element behind its ';': 1 when it says nothing, 0 when it is refused. */
static bool weight_is_positive(struct str options)
{
    while (options.ptr) {
        struct str value = str_cut(&options, ';');
        struct str key = str_trim(str_cut(&value, '='));
        double q;
        if (equal_ignoring_case(key, STR("q")) && value.ptr)
            return num_parse(str_trim(value), &q) && q > 0;
    }
    return true;
}

bool params_accepts(struct str accept_encoding, struct str coding)
{
    bool any = false;

    while (accept_encoding.ptr) {
        struct str options = str_cut(&accept_encoding, ',');
        struct str name = str_trim(str_cut(&options, ';'));
        if (equal_ignoring_case(name, coding))
            return weight_is_positive(options);
        if (str_is(name, "*"))
            any = weight_is_positive(options);
    }
    return any;
}
