/* labels.c - the identity of a series: lookup, order, hash, text. */
#include "metric/labels.h"

#define HASH_ON_STACK 1024 /* bytes of a set hashed in one go; the longest usual set has 600 */

struct str labels_get(struct labels l, struct str name)
{
    for (size_t i = 0; i < l.len; i++)
        if (str_equal(l.items[i].name, name))
            return l.items[i].value;
    return STR("");
}

bool labels_equal(struct labels a, struct labels b)
{
    if (a.len != b.len)
        return false;
    for (size_t i = 0; i < a.len; i++)
        if (!str_equal(a.items[i].value, b.items[i].value) ||
            !str_equal(a.items[i].name, b.items[i].name))
            return false;
    return true;
}

int labels_compare(struct labels a, struct labels b)
{
    for (size_t i = 0; i < a.len && i < b.len; i++) {
        int order = str_compare(a.items[i].name, b.items[i].name);
        if (!order)
            order = str_compare(a.items[i].value, b.items[i].value);
        if (order)
            return order;
    }
    return (a.len > b.len) - (a.len < b.len);
}

/* Each string is closed by a byte that UTF-8 never has, so that {a="bc"} and {ab="c"} differ. A set
 * too long for the stack is hashed string by string: another function, but of the set alone. */
uint64_t labels_hash(struct labels l)
{
    char text[HASH_ON_STACK];
    size_t n = 0;
    uint64_t hash = l.len;

    for (size_t i = 0; i < l.len; i++)
        n += l.items[i].name.len + l.items[i].value.len + 2;
    if (n > sizeof(text)) {
        for (size_t i = 0; i < l.len; i++) {
            hash = hash_more(hash, l.items[i].name.ptr, l.items[i].name.len);
            hash = hash_more(hash, l.items[i].value.ptr, l.items[i].value.len);
        }
        return hash;
    }
    n = 0;
    for (size_t i = 0; i < l.len; i++) {
        struct label it = l.items[i];
        memcpy(text + n, it.name.ptr, it.name.len);
        n += it.name.len;
        text[n++] = '\xff';
        memcpy(text + n, it.value.ptr, it.value.len);
        n += it.value.len;
        text[n++] = '\xff';
    }
    return hash_bytes(text, n);
}

int labels_copy(struct labels l, struct arena *a, struct labels *ret)
{
    size_t bytes = 0;

    for (size_t i = 0; i < l.len; i++)
        bytes += l.items[i].name.len + l.items[i].value.len;
    struct label *items = arena_alloc(a, l.len * sizeof(*items) + bytes);
    if (!items)
        return -ENOMEM;
    char *at = (char *)(items + l.len);
    for (size_t i = 0; i < l.len; i++) {
        struct label it = l.items[i];
        memcpy(at, it.name.ptr, it.name.len);
        items[i].name = str_make(at, it.name.len);
        at += it.name.len;
        memcpy(at, it.value.ptr, it.value.len);
        items[i].value = str_make(at, it.value.len);
        at += it.value.len;
    }
    *ret = (struct labels){items, l.len};
    return 0;
}

static void print_quoted(struct str s, struct buf *to)
{
    size_t from = 0;

    buf_char(to, '"');
    for (size_t i = 0; i < s.len; i++) {
        char c = s.ptr[i];
        if (c != '"' && c != '\\' && c != '\n')
            continue;
        buf_add(to, s.ptr + from, i - from);
        buf_char(to, '\\');
        buf_char(to, c == '\n' ? 'n' : c);
        from = i + 1;
    }
    buf_add(to, s.ptr + from, s.len - from);
    buf_char(to, '"');
}

/* Names outside the classic alphabet are quoted and a metric's goes inside the braces, as
 * Prometheus 3 writes them. */
void labels_print(struct labels l, struct buf *to)
{
    struct str name = labels_name(l);
    bool plain = metric_name_is_valid(name);
    bool open = false;

    if (plain) {
        buf_str_add(to, name);
    } else if (name.len) {
        buf_char(to, '{');
        print_quoted(name, to);
        open = true;
    }
    for (size_t i = 0; i < l.len; i++) {
        if (str_equal(l.items[i].name, STR(LABEL_NAME)))
            continue;
        buf_char(to, open ? ',' : '{');
        open = true;
        if (label_name_is_valid(l.items[i].name))
            buf_str_add(to, l.items[i].name);
        else
            print_quoted(l.items[i].name, to);
        buf_char(to, '=');
        print_quoted(l.items[i].value, to);
    }
    if (open)
        buf_char(to, '}');
    else if (!name.len)
        buf_text(to, "{}");
}

void labels_print_json(struct labels l, struct buf *to)
{
    buf_char(to, '{');
    for (size_t i = 0; i < l.len; i++) {
        if (i)
            buf_char(to, ',');
        buf_json(to, l.items[i].name);
        buf_char(to, ':');
        buf_json(to, l.items[i].value);
    }
    buf_char(to, '}');
}

static bool name_is_valid(struct str name, bool colons)
{
    if (!name.len)
        return false;
    for (size_t i = 0; i < name.len; i++) {
        char c = name.ptr[i];
        bool letter =
            (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || (colons && c == ':');
        if (!letter && !(i && c >= '0' && c <= '9'))
            return false;
    }
    return true;
}

bool label_name_is_valid(struct str name)
{
    return name_is_valid(name, false);
}

bool metric_name_is_valid(struct str name)
{
    return name_is_valid(name, true);
}

void label_builder_init(struct label_builder *b, struct labels from)
{
    label_builder_init_wide(b, b->own, LABELS_MAX, from);
}

void label_builder_init_wide(struct label_builder *b, struct label *items, size_t max,
                             struct labels from)
{
    b->items = items;
    b->max = max;
    b->len = MIN(from.len, max + 1);
    b->overflow = from.len > max + 1;
    if (b->len)
        memcpy(b->items, from.items, b->len * sizeof(b->items[0]));
}

void label_builder_set(struct label_builder *b, struct str name, struct str value)
{
    for (size_t i = 0; i < b->len; i++) {
        if (!str_equal(b->items[i].name, name))
            continue;
        if (value.len) {
            b->items[i].value = value;
        } else {
            b->len--;
            memmove(&b->items[i], &b->items[i + 1], (b->len - i) * sizeof(b->items[0]));
        }
        return;
    }
    if (!value.len)
        return;
    if (b->len > b->max) {
        b->overflow = true;
        return;
    }
    b->items[b->len++] = (struct label){name, value};
}

struct str label_builder_get(const struct label_builder *b, struct str name)
{
    return labels_get((struct labels){b->items, b->len}, name);
}

int label_builder_view(struct label_builder *b, struct labels *ret, struct error *err)
{
    if (b->overflow || b->len > b->max)
        return error_set(err, -E2BIG, "more than %zu labels on one series", b->max);
    /* Insertion: sets are short and nearly sorted already. */
    for (size_t i = 1; i < b->len; i++) {
        struct label it = b->items[i];
        size_t at = i;
        while (at && str_compare(b->items[at - 1].name, it.name) > 0) {
            b->items[at] = b->items[at - 1];
            at--;
        }
        b->items[at] = it;
    }
    *ret = (struct labels){b->items, b->len};
    return 0;
}
