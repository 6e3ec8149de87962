/* match.c - finding series by matchers.
 *
 * A matcher that refuses the empty value keeps the series of the values it takes; one that takes it
 * drops the series of the values it refuses, so that series without the label stay. */
#include "store/match.h"

static int damaged(struct error *err)
{
    return error_set(err, -EIO, "the label index is damaged");
}

/* Adds the series of those values of `name` for which the matcher says `wanted`. */
static int add_values(const struct label_source *s, uint32_t name, const struct matcher *m,
                      int wanted, struct bitmap *to, struct error *err)
{
    uint32_t count = s->ops->value_count(s->self, name);

    for (uint32_t i = 0; i < count; i++) {
        struct posting_view postings;
        struct str value = s->ops->value_at(s->self, name, i, &postings);
        int is = matcher_matches(m, value);
        if (is < 0)
            return error_set(err, is, "the regular expression of label %.*s takes too many steps",
                             STR_ARG(m->name));
        if (is == wanted && !bitmap_add(to, postings))
            return damaged(err);
    }
    return 0;
}

static bool add_one(const struct label_source *s, uint32_t name, struct str value,
                    struct bitmap *to)
{
    struct posting_view postings;

    return !s->ops->find_value(s->self, name, value, &postings) || bitmap_add(to, postings);
}

/* Fills `to` with the series that the matcher keeps (`takes_empty` false) or drops (true). */
static int gather(const struct label_source *s, const struct matcher *m, bool takes_empty,
                  struct bitmap *to, struct error *err)
{
    uint32_t name = s->ops->find_name(s->self, m->name);

    if (name == UINT32_MAX)
        return 0;
    bool by_value = m->value.len && ((m->type == MATCH_EQUAL && !takes_empty) ||
                                     (m->type == MATCH_NOT_EQUAL && takes_empty));
    if (by_value)
        return add_one(s, name, m->value, to) ? 0 : damaged(err);
    size_t literals = m->type == MATCH_REGEX && !takes_empty ? regex_literals(m->regex) : 0;
    for (size_t i = 0; i < literals; i++)
        if (!add_one(s, name, regex_literal(m->regex, i), to))
            return damaged(err);
    return literals ? 0 : add_values(s, name, m, takes_empty ? 0 : 1, to, err);
}

static void pass_over(const struct label_source *s, struct bitmap *b)
{
    for (uint32_t i = 0; s->hidden && i < (b->bits + 63) / 64; i++)
        b->words[i] &= ~s->hidden[i];
}

int match_series(const struct label_source *source, const struct matcher *matchers, size_t n,
                 struct bitmap *ret, struct error *err)
{
    struct bitmap one = {0};
    bool begun = false;
    int code = bitmap_init(ret, source->series);

    if (!code)
        code = bitmap_init(&one, source->series);
    if (code)
        error_errno(err, code, "matching series");
    for (int pass = 0; pass < 2 && !code;
         pass++) { /* first those that keep, then those that drop */
        for (size_t i = 0; i < n && !code; i++) {
            bool drops = matcher_takes_empty(&matchers[i]);
            if (drops != (pass == 1))
                continue;
            struct bitmap *to = begun || drops ? &one : ret;
            if (drops && !begun)
                bitmap_fill(ret);
            bitmap_clear(to == &one ? &one : ret);
            code = gather(source, &matchers[i], drops, to, err);
            if (drops)
                bitmap_and_not(ret, &one);
            else if (begun)
                bitmap_and(ret, &one);
            begun = true;
        }
    }
    if (!begun && !code)
        bitmap_fill(ret);
    if (!code)
        pass_over(source, ret);
    bitmap_fini(&one);
    if (code)
        bitmap_fini(ret);
    return code;
}

void str_set_init(struct str_set *s, struct arena *a)
{
    *s = (struct str_set){.arena = a};
    map_init(&s->seen);
}

void str_set_fini(struct str_set *s)
{
    map_fini(&s->seen);
    free(s->items);
    s->items = NULL;
}

int str_set_add(struct str_set *s, struct str item)
{
    static char present;

    if (map_get(&s->seen, item))
        return 0;
    struct str *grown = array_grow(s->items, &s->cap, s->len + 1, sizeof(*s->items));
    if (!grown)
        return -ENOMEM;
    s->items = grown;
    char *copy = arena_strndup(s->arena, item.ptr, item.len);
    if (!copy)
        return -ENOMEM;
    struct str kept = str_make(copy, item.len);
    int code = map_put(&s->seen, kept, &present, NULL);
    if (!code)
        s->items[s->len++] = kept;
    return code;
}

static int by_bytes(const void *a, const void *b)
{
    return str_compare(*(const struct str *)a, *(const struct str *)b);
}

void str_set_take(struct str_set *s, size_t limit, struct str_list *ret, bool *ret_cut)
{
    struct str *items = s->len ? arena_calloc(s->arena, s->len, sizeof(*items)) : NULL;

    if (s->len)
        qsort(s->items, s->len, sizeof(*s->items), by_bytes);
    size_t len = limit ? MIN(limit, s->len) : s->len;
    *ret_cut = len < s->len || (s->len && !items);
    if (items)
        memcpy(items, s->items, len * sizeof(*items));
    *ret = (struct str_list){items, items ? len : 0};
}

static int add_names(const struct label_source *source, const struct bitmap *of, struct str_set *to)
{
    uint32_t names = source->ops->name_count(source->self);
    int code = 0;

    for (uint32_t name = 0; name < names && !code; name++) {
        uint32_t count = source->ops->value_count(source->self, name);
        bool found = count && !of;
        for (uint32_t i = 0; i < count && !found; i++) {
            struct posting_view postings;
            source->ops->value_at(source->self, name, i, &postings);
            found = bitmap_meets(of, postings);
        }
        if (found)
            code = str_set_add(to, source->ops->name_at(source->self, name));
    }
    return code;
}

static int add_values_of(const struct label_source *source, struct str name,
                         const struct bitmap *of, struct str_set *to)
{
    uint32_t at = source->ops->find_name(source->self, name);
    uint32_t count = at == UINT32_MAX ? 0 : source->ops->value_count(source->self, at);
    int code = 0;

    for (uint32_t i = 0; i < count && !code; i++) {
        struct posting_view postings;
        struct str value = source->ops->value_at(source->self, at, i, &postings);
        if (!of || bitmap_meets(of, postings))
            code = str_set_add(to, value);
    }
    return code;
}

int match_list(const struct label_source *source, const struct str *name,
               const struct selector *selectors, size_t n, struct str_set *to, struct error *err)
{
    struct bitmap any = {0};
    bool all = !n && !source->hidden;
    int code = all ? 0 : bitmap_init(&any, source->series);

    if (!code && !n && !all) {
        bitmap_fill(&any);
        pass_over(source, &any);
    }
    for (size_t i = 0; i < n && !code; i++) {
        struct bitmap one = {0};
        code = match_series(source, selectors[i].matchers, selectors[i].len, &one, err);
        if (!code) {
            bitmap_or(&any, &one);
            bitmap_fini(&one);
        }
    }
    if (!code) {
        const struct bitmap *of = all ? NULL : &any;
        code = name ? add_values_of(source, *name, of, to) : add_names(source, of, to);
        if (code)
            error_errno(err, code, "listing labels");
    }
    bitmap_fini(&any);
    return code;
}
