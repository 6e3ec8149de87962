/* rules_file.c - any bytes as a rule file: it is taken or refused with file and line, and what is
 * taken can be said of any sample. */
#include "rules/rule_set.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void say(const struct rule_pair *pairs, size_t n)
{
    static const double values[] = {0, -1.5, 1e300, 1e-300, 86461};
    const struct label items[] = {{STR("gpu"), STR("3")}, {STR("host"), STR("a%s{{")}};
    struct labels labels = {items, ARRAY_LEN(items)};
    struct buf text;

    buf_init(&text, 0);
    for (size_t i = 0; i < n; i++)
        for (size_t k = 0; k < ARRAY_LEN(values) && pairs[i].template; k++) {
            const struct template_input in = {
                .alert = STR("A"), .labels = labels, .value = values[k]};
            buf_reset(&text);
            (void)template_expand(pairs[i].template, &in, &text);
        }
    buf_fini(&text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct rule_set *set = rule_set_new();
    const struct rule_defaults defaults = {15000, 0};
    struct error err = {0};

    if (!set)
        abort();
    if (rule_set_add(set, "f.yml", str_make((const char *)data, size), &defaults, &err)) {
        if (!str_starts(str_of(err.text), STR("f.yml")))
            abort();
    } else {
        for (size_t i = 0; i < set->len; i++) {
            for (size_t k = 0; k < set->groups[i].len; k++) {
                say(set->groups[i].rules[k].labels, set->groups[i].rules[k].label_len);
                say(set->groups[i].rules[k].annotations, set->groups[i].rules[k].annotation_len);
            }
        }
    }
    rule_set_free(set);
    return 0;
}
