/* alert_template.c - any bytes as the template of an alert: it is refused with its place, or said
 * within its bounds, twice the same. */
#include "rules/template.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static int query(void *self, struct str expr, const struct template_sample **ret, size_t *ret_len,
                 struct error *err)
{
    static const struct label items[] = {{STR("__name__"), STR("up")}, {STR("gpu"), STR("1")}};
    static const struct template_sample samples[] = {{{items, 2}, 1}, {{items, 1}, NAN}};

    (void)self;
    if (expr.len == 1)
        return error_set(err, -EINVAL, "no");
    *ret = samples;
    *ret_len = expr.len % 3;
    return 0;
}

static void say(const struct template *t, struct buf *to)
{
    static const struct label items[] = {{STR("gpu"), STR("3")}, {STR("host"), STR("a%s{{\xff")}};
    const struct template_input in = {.alert = STR("A"),
                                      .labels = {items, ARRAY_LEN(items)},
                                      .external_labels = {items, 1},
                                      .external_url = STR("https://a:1/b/"),
                                      .value = -1.5e300,
                                      .now_ms = 1700000000123,
                                      .query = query};
    bool good = template_expand(t, &in, to);

    if (to->failed || (!good && !str_starts(buf_str(to), STR("<error expanding template: "))))
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const struct template *t;
    struct error err = {0};
    struct buf one, two;
    struct arena a;
    size_t at;

    arena_init(&a, 64u << 20);
    char *text = arena_strndup(&a, (const char *)data, size);
    if (!text)
        abort();
    if (template_parse(str_make(text, size), &a, &t, &at, &err)) {
        if (!*err.text || at > size)
            abort();
    } else {
        buf_init(&one, 0);
        buf_init(&two, 0);
        say(t, &one);
        say(t, &two);
        if (!str_equal(buf_str(&one), buf_str(&two)))
            abort();
        buf_fini(&one);
        buf_fini(&two);
    }
    arena_fini(&a);
    return 0;
}
