/* feed_labels.c - where labels of a line and of its target meet: honor_labels and the limits. */
#include "scrape/feed_labels.h"

/* True when the line itself says that the label is empty ({instance=""}): with honor_labels the
 * target's then stays away, which the Pushgateway relies on. */
static bool is_written_empty(struct str series, struct str name)
{
    const char *at = series.ptr, *end = series.ptr + series.len;

    while ((at = memmem(at, (size_t)(end - at), name.ptr, name.len))) {
        const char *behind = at + name.len;
        bool starts = at > series.ptr && strchr("{, \t", at[-1]);
        if (starts && end - behind >= 3 && memcmp(behind, "=\"\"", 3) == 0)
            return true;
        at = behind;
    }
    return false;
}

/* exported_<name>, with the prefix again while somebody else has that name. */
static int set_exported(const struct feed_settings *s, struct label_builder *b, struct label it,
                        struct arena *a)
{
    struct str name = it.name;

    do {
        char *longer = arena_alloc(a, name.len + 9);
        if (!longer)
            return -ENOMEM;
        memcpy(longer, "exported_", 9);
        memcpy(longer + 9, name.ptr, name.len);
        name = str_make(longer, name.len + 9);
    } while (label_builder_get(b, name).len || labels_get(s->labels, name).len);
    label_builder_set(b, name, it.value);
    return 0;
}

int feed_labels_join(const struct feed_settings *s, struct str series, struct label_builder *b,
                     struct arena *a)
{
    bool empty = str_contains(series, STR("=\"\""));

    for (size_t i = 0; i < s->labels.len; i++) {
        struct label it = s->labels.items[i];
        struct str own = label_builder_get(b, it.name);
        if (s->honor_labels) {
            if (!own.len && !(empty && is_written_empty(series, it.name)))
                label_builder_set(b, it.name, it.value);
            continue;
        }
        label_builder_set(b, it.name, it.value);
        if (own.len && set_exported(s, b, (struct label){it.name, own}, a))
            return -ENOMEM;
    }
    return 0;
}

int feed_labels_check(const struct feed_settings *s, struct labels l, struct error *err)
{
    if (s->label_limit && l.len > s->label_limit)
        return error_set(err, -E2BIG, "a series has %zu labels, label_limit is %" PRIu64, l.len,
                         s->label_limit);
    for (size_t i = 0; i < l.len; i++) {
        if (s->label_name_length_limit && l.items[i].name.len > s->label_name_length_limit)
            return error_set(err, -E2BIG,
                             "a label name has %zu bytes, label_name_length_limit is %" PRIu64,
                             l.items[i].name.len, s->label_name_length_limit);
        if (s->label_value_length_limit && l.items[i].value.len > s->label_value_length_limit)
            return error_set(err, -E2BIG,
                             "a label value has %zu bytes, label_value_length_limit is %" PRIu64,
                             l.items[i].value.len, s->label_value_length_limit);
    }
    return 0;
}
