/* meta.c - see meta.h. */
#include "scrape/meta.h"

void meta_init(struct meta *m, struct arena *arena)
{
    label_builder_init_wide(&m->b, m->items, GROUP_LABELS_MAX, (struct labels){0});
    m->arena = arena;
    m->failed = false;
}

void meta_copy(struct meta *m, const struct meta *from)
{
    label_builder_init_wide(&m->b, m->items, GROUP_LABELS_MAX,
                            (struct labels){from->items, from->b.len});
    m->arena = from->arena;
    m->failed = from->failed;
}

void meta_set(struct meta *m, const char *name, struct str value)
{
    label_builder_set(&m->b, str_of(name), value);
}

void meta_number(struct meta *m, const char *name, uint64_t value)
{
    char *text = arena_alloc(m->arena, NUM_MAX_TEXT);

    if (text)
        meta_set(m, name, str_make(text, num_print_u64(text, value)));
    m->failed |= !text;
}

/* `prefix` and `key`, as a label name. */
static struct str join_name(struct meta *m, const char *prefix, struct str key)
{
    size_t n = strlen(prefix);
    char *name = arena_alloc(m->arena, n + key.len + 1);

    if (!name) {
        m->failed = true;
        return STR("_");
    }
    memcpy(name, prefix, n);
    for (size_t i = 0; i < key.len; i++) {
        char c = key.ptr[i];
        bool good = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
        name[n + i] = good ? c : '_';
    }
    return str_make(name, n + key.len);
}

void meta_map(struct meta *m, const char *prefix, const char *present, const struct yaml_node *map)
{
    if (!map || map->kind != YAML_MAP)
        return;
    for (const struct yaml_item *it = map->first; it; it = it->next) {
        if (it->value->kind != YAML_TEXT)
            continue;
        label_builder_set(&m->b, join_name(m, prefix, it->key),
                          yaml_is_null(it->value) ? STR("") : it->value->text);
        if (present)
            label_builder_set(&m->b, join_name(m, present, it->key), STR("true"));
    }
}

void meta_host_port(struct meta *m, const char *name, struct str host, struct str port)
{
    bool six = host.len && memchr(host.ptr, ':', host.len);
    char *text = arena_alloc(m->arena, host.len + port.len + 4);

    if (!text) {
        m->failed = true;
        return;
    }
    int n = snprintf(text, host.len + port.len + 4, "%s%.*s%s:%.*s", six ? "[" : "", STR_ARG(host),
                     six ? "]" : "", STR_ARG(port));
    meta_set(m, name, str_make(text, (size_t)n));
}

int meta_add(struct meta *m, struct group_list *list)
{
    struct labels view;
    struct str address = label_builder_get(&m->b, STR("__address__"));

    if (m->failed)
        return -ENOMEM;
    int code = label_builder_view(&m->b, &view, NULL);
    return code ? code : groups_add(list, view, address);
}

const struct yaml_node *meta_at(const struct yaml_node *node, const char *path)
{
    struct str rest = str_of(path);

    while (node && rest.ptr) {
        char key[64];
        str_copy(key, sizeof(key), str_cut(&rest, '.'));
        node = yaml_get(node, key);
    }
    return node && yaml_is_null(node) ? NULL : node;
}

struct str meta_text(const struct yaml_node *node, const char *path)
{
    const struct yaml_node *found = meta_at(node, path);

    return found && found->kind == YAML_TEXT ? found->text : STR("");
}
