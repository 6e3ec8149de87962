/* matcher.c - one label against one demand of a selector. */
#include "metric/matcher.h"

int matcher_init(struct matcher *m, enum match_type type, struct str name, struct str value,
                 struct error *err)
{
    *m = (struct matcher){.type = type, .name = name, .value = value};
    if (type == MATCH_REGEX || type == MATCH_NOT_REGEX)
        return regex_new(value, &m->regex, err);
    return 0;
}

void matcher_fini(struct matcher *m)
{
    regex_free(m->regex);
    m->regex = NULL;
}

int matcher_matches(const struct matcher *m, struct str value)
{
    int code;

    switch (m->type) {
    case MATCH_EQUAL:
        return str_equal(m->value, value);
    case MATCH_NOT_EQUAL:
        return !str_equal(m->value, value);
    case MATCH_REGEX:
        return regex_match(m->regex, value);
    case MATCH_NOT_REGEX:
        code = regex_match(m->regex, value);
        return code < 0 ? code : !code;
    }
    return -EINVAL;
}

int matchers_match(const struct matcher *m, size_t n, struct labels l)
{
    for (size_t i = 0; i < n; i++) {
        int code = matcher_matches(&m[i], labels_get(l, m[i].name));
        if (code <= 0)
            return code;
    }
    return 1;
}

bool matcher_takes_empty(const struct matcher *m)
{
    return matcher_matches(m, STR("")) == 1;
}
