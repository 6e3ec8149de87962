/* reader.c - see reader.h. */
#include "scrape/reader.h"

int reader_bad(struct reader *r, size_t line, const char *reason)
{
    return error_set(r->err, -EINVAL, "%s:%zu: %s", r->name, line, reason);
}

int reader_warn(struct reader *r, size_t line, const char *what)
{
    struct reader_warnings *w = r->warnings;
    struct buf text;

    if (!w)
        return 0;
    if (w->len == READER_WARNINGS_MAX) {
        w->left_out++;
        return 0;
    }
    buf_init(&text, 0);
    buf_printf(&text, "%s:%zu: %s", r->name, line, what);
    char *copy = text.failed ? NULL : arena_strndup(r->arena, text.ptr, text.len);
    buf_fini(&text);
    if (!copy)
        return reader_out_of_memory(r);
    w->items[w->len++] = str_of(copy);
    return 0;
}

int reader_out_of_memory(struct reader *r)
{
    return error_errno(r->err, -ENOMEM, "%s", r->name);
}

int reader_at_line(struct reader *r, size_t line)
{
    return error_in(r->err, "%s:%zu", r->name, line);
}

static const struct key *find_key(const struct key_table *tables, size_t len, struct str name,
                                  void **ret_to)
{
    for (size_t t = 0; t < len; t++) {
        for (size_t i = 0; i < tables[t].len; i++) {
            if (!str_is(name, tables[t].keys[i].name))
                continue;
            *ret_to = tables[t].to ? (char *)tables[t].to + tables[t].keys[i].offset : NULL;
            return &tables[t].keys[i];
        }
    }
    return NULL;
}

int reader_map(struct reader *r, const struct yaml_node *node, const char *what,
               const struct key_table *tables, size_t len)
{
    if (yaml_is_null(node))
        return 0;
    if (node->kind != YAML_MAP)
        return error_set(r->err, -EINVAL, "%s:%zu: %s: a map is wanted", r->name, node->line, what);
    for (const struct yaml_item *it = node->first; it; it = it->next) {
        void *to;
        const struct key *key = find_key(tables, len, it->key, &to);
        if (!key)
            return error_set(r->err, -EINVAL, "%s:%zu: key '%.*s' of %s is not supported", r->name,
                             it->line, (int)MIN(it->key.len, (size_t)60), it->key.ptr, what);
        int code = key->read(r, it->value, to);
        if (code)
            return code;
    }
    return 0;
}

/* ---- plain values ---- */

int reader_text(struct reader *r, const struct yaml_node *node, void *to)
{
    if (node->kind != YAML_TEXT)
        return reader_bad(r, node->line, "a text is wanted");
    *(struct str *)to = yaml_is_null(node) ? STR("") : node->text;
    return 0;
}

int reader_bool(struct reader *r, const struct yaml_node *node, void *to)
{
    static const char *const words[] = {"false", "true", "no", "yes", "off", "on"};

    for (size_t i = 0; node->kind == YAML_TEXT && node->plain && i < ARRAY_LEN(words); i++) {
        if (node->text.len == strlen(words[i]) &&
            !strncasecmp(node->text.ptr, words[i], node->text.len)) {
            *(bool *)to = i % 2;
            return 0;
        }
    }
    return reader_bad(r, node->line, "true or false is wanted");
}

int reader_count(struct reader *r, const struct yaml_node *node, void *to)
{
    if (node->kind != YAML_TEXT || !num_parse_u64(node->text, to))
        return reader_bad(r, node->line, "a whole number is wanted");
    return 0;
}

int reader_size(struct reader *r, const struct yaml_node *node, void *to)
{
    if (node->kind != YAML_TEXT)
        return reader_bad(r, node->line, "a size is wanted (such as 10MB)");
    int code = num_parse_size(node->text, to, r->err);
    return code ? reader_at_line(r, node->line) : 0;
}

int reader_duration(struct reader *r, const struct yaml_node *node, void *to)
{
    if (node->kind != YAML_TEXT)
        return reader_bad(r, node->line, "a duration is wanted (such as 5s)");
    double number;
    int code = num_parse_duration(node->text, to, r->err);
    if (!code && num_parse(node->text, &number) && number != 0)
        return reader_bad(r, node->line, "a duration wants a unit (such as 5s)");
    return code ? reader_at_line(r, node->line) : 0;
}

int reader_path(struct reader *r, const struct yaml_node *node, void *to)
{
    struct str path = STR("");
    int code = reader_text(r, node, &path);

    if (code)
        return code;
    *(struct str *)to = path;
    if (!path.len || path.ptr[0] == '/' || !r->folder.len)
        return 0;
    char *joined = arena_alloc(r->arena, r->folder.len + path.len + 2);
    if (!joined)
        return reader_out_of_memory(r);
    memcpy(joined, r->folder.ptr, r->folder.len);
    joined[r->folder.len] = '/';
    memcpy(joined + r->folder.len + 1, path.ptr, path.len + 1);
    *(struct str *)to = str_of(joined);
    return 0;
}

int reader_labels(struct reader *r, const struct yaml_node *node, void *to)
{
    struct label_builder b;
    struct labels view;

    if (node->kind != YAML_MAP)
        return reader_bad(r, node->line, "a map of labels is wanted");
    label_builder_init(&b, (struct labels){0});
    for (const struct yaml_item *it = node->first; it; it = it->next) {
        if (!label_name_is_valid(it->key))
            return reader_bad(r, it->line, "not a label name");
        if (it->value->kind != YAML_TEXT || it->value->text.len > LABEL_VALUE_MAX)
            return reader_bad(r, it->line, "the value of a label is a text (of 4096 bytes)");
        label_builder_set(&b, it->key, it->value->text);
    }
    if (label_builder_view(&b, &view, r->err))
        return reader_at_line(r, node->line);
    return labels_copy(view, r->arena, to) ? reader_out_of_memory(r) : 0;
}

static int read_list(struct reader *r, const struct yaml_node *node, struct text_list *to,
                     int (*read)(struct reader *, const struct yaml_node *, void *))
{
    *to = (struct text_list){0};
    if (yaml_is_null(node))
        return 0;
    if (node->kind != YAML_LIST)
        return reader_bad(r, node->line, "a list is wanted");
    to->items = arena_calloc(r->arena, node->len + 1, sizeof(*to->items));
    if (!to->items)
        return reader_out_of_memory(r);
    for (const struct yaml_item *it = node->first; it; it = it->next) {
        int code = read(r, it->value, &to->items[to->len++]);
        if (code)
            return code;
    }
    return 0;
}

int reader_texts(struct reader *r, const struct yaml_node *node, void *to)
{
    return read_list(r, node, to, reader_text);
}

int reader_paths(struct reader *r, const struct yaml_node *node, void *to)
{
    return read_list(r, node, to, reader_path);
}

int reader_url(struct reader *r, const struct yaml_node *node, void *to)
{
    int code = reader_text(r, node, to);
    struct str url = code ? STR("") : *(struct str *)to;
    size_t skip = str_starts(url, STR("https://")) ? 8 : 7;

    if (code)
        return code;
    bool good = str_starts(url, STR("http://")) || str_starts(url, STR("https://"));
    for (size_t i = 0; good && i < url.len; i++)
        good = (unsigned char)url.ptr[i] > ' ';
    if (!good || url.len == skip || url.ptr[skip] == '/')
        return reader_bad(r, node->line, "a URL is wanted: http://HOST/... or https://HOST/...");
    return 0;
}
