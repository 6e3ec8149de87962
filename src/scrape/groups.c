/* groups.c - lists of groups, and the format of target files: [{targets: [...], labels: {...}}]. */
#include "scrape/groups.h"

#include <stdlib.h>

static int bad(struct error *err, const char *name, size_t line, const char *reason)
{
    return error_set(err, -EINVAL, "%s:%zu: %s", name, line, reason);
}

void groups_init(struct group_list *list)
{
    *list = (struct group_list){0};
    arena_init(&list->arena, 0);
}

void groups_fini(struct group_list *list)
{
    free(list->groups);
    arena_fini(&list->arena);
    *list = (struct group_list){0};
}

/* A group to be filled. */
static struct target_group *new_group(struct group_list *list)
{
    if (list->len == list->cap) {
        struct target_group *grown =
            array_grow(list->groups, &list->cap, list->len + 1, sizeof(*grown));
        if (!grown)
            return NULL;
        list->groups = grown;
    }
    struct target_group *group = &list->groups[list->len++];
    *group = (struct target_group){0};
    return group;
}

int groups_add(struct group_list *list, struct labels labels, struct str address)
{
    if (list->addresses == DISCOVERY_ADDRESSES_MAX)
        return -E2BIG;
    struct target_group *group = new_group(list);
    struct str *addresses = arena_new(&list->arena, struct str);
    char *copy = arena_strndup(&list->arena, address.ptr, address.len);
    if (!group || !addresses || !copy || labels_copy(labels, &list->arena, &group->labels)) {
        list->len -= group != NULL;
        return -ENOMEM;
    }
    *addresses = str_make(copy, address.len);
    group->addresses = addresses;
    group->len = 1;
    list->addresses++;
    return 0;
}

int groups_label_all(struct group_list *list, struct str name, struct str value)
{
    struct label items[GROUP_LABELS_MAX + 1];
    struct label_builder b;
    struct labels view;
    int code = 0;

    for (size_t i = 0; i < list->len && !code; i++) {
        label_builder_init_wide(&b, items, GROUP_LABELS_MAX, list->groups[i].labels);
        label_builder_set(&b, name, value);
        code = label_builder_view(&b, &view, NULL);
        if (!code)
            code = labels_copy(view, &list->arena, &list->groups[i].labels);
    }
    return code;
}

uint64_t groups_hash(const struct group_list *list)
{
    uint64_t hash = list->len;

    for (size_t i = 0; i < list->len; i++) {
        const struct target_group *group = &list->groups[i];
        uint64_t labels = labels_hash(group->labels);
        hash = hash_more(hash, &labels, sizeof(labels));
        for (size_t k = 0; k < group->len; k++)
            hash = hash_more(hash, group->addresses[k].ptr, group->addresses[k].len);
    }
    return hash;
}

/* ---- reading ---- */

static int read_addresses(const char *name, const struct yaml_node *list, struct group_list *to,
                          struct target_group *group, struct error *err)
{
    if (yaml_is_null(list))
        return 0;
    if (list->kind != YAML_LIST)
        return bad(err, name, list->line, "targets: a list is wanted");
    to->addresses += list->len;
    if (to->addresses > DISCOVERY_ADDRESSES_MAX)
        return bad(err, name, list->line, "too many targets");
    struct str *addresses = arena_calloc(&to->arena, list->len + 1, sizeof(*addresses));
    if (!addresses)
        return error_errno(err, -ENOMEM, "%s", name);
    for (const struct yaml_item *it = list->first; it; it = it->next) {
        if (it->value->kind != YAML_TEXT || !it->value->text.len)
            return bad(err, name, it->line, "a target is an address such as host:9400");
        addresses[group->len++] = it->value->text;
    }
    group->addresses = addresses;
    return 0;
}

static int read_labels(const char *name, const struct yaml_node *map, struct group_list *to,
                       struct target_group *group, struct error *err)
{
    struct label items[GROUP_LABELS_MAX + 1];
    struct label_builder b;
    struct labels view;

    if (yaml_is_null(map))
        return 0;
    if (map->kind != YAML_MAP)
        return bad(err, name, map->line, "labels: a map is wanted");
    label_builder_init_wide(&b, items, GROUP_LABELS_MAX, (struct labels){0});
    for (const struct yaml_item *it = map->first; it; it = it->next) {
        if (!label_name_is_valid(it->key) || it->key.len > LABEL_NAME_MAX)
            return error_set(err, -EINVAL, "%s:%zu: '%.*s' is not a label name", name, it->line,
                             (int)MIN(it->key.len, (size_t)100), it->key.ptr);
        if (it->value->kind != YAML_TEXT || it->value->text.len > LABEL_VALUE_MAX)
            return bad(err, name, it->line, "the value of a label is a text (of 4096 bytes)");
        label_builder_set(&b, it->key, it->value->text);
    }
    int code = label_builder_view(&b, &view, NULL);
    if (code)
        return bad(err, name, map->line, "too many labels");
    code = labels_copy(view, &to->arena, &group->labels);
    return code ? error_errno(err, code, "%s", name) : 0;
}

int groups_read(const char *name, const struct yaml_node *list, struct group_list *to,
                struct error *err)
{
    if (yaml_is_null(list))
        return 0;
    if (list->kind != YAML_LIST)
        return bad(err, name, list->line, "a list of groups (targets, labels) is wanted");
    for (const struct yaml_item *it = list->first; it; it = it->next) {
        struct target_group *group = new_group(to);
        int code = 0;
        if (!group)
            return error_errno(err, -ENOMEM, "%s", name);
        if (it->value->kind != YAML_MAP)
            return bad(err, name, it->line, "a group is a map of targets and labels");
        for (const struct yaml_item *in = it->value->first; in && !code; in = in->next) {
            if (str_is(in->key, "targets"))
                code = read_addresses(name, in->value, to, group, err);
            else if (str_is(in->key, "labels"))
                code = read_labels(name, in->value, to, group, err);
            else
                code = error_set(err, -EINVAL, "%s:%zu: unknown key '%.*s' in a group", name,
                                 in->line, (int)MIN(in->key.len, (size_t)100), in->key.ptr);
        }
        if (code)
            return code;
    }
    return 0;
}
