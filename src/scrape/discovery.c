/* discovery.c - groups from the configuration itself, and from files beside it. Files are looked at
 * each second by their size, time and number: cheap, and right on every file system, where
 * notifications are not. */
#include "scrape/discovery.h"

#include <glob.h>
#include <stdlib.h>
#include <sys/stat.h>

#define FILE_BYTES_MAX ((size_t)64 << 20)
#define FILES_MAX      1000 /* of one discovery */

/* Groups read from one text. */
struct group_list {
    struct arena arena;
    struct target_group *groups;
    size_t len, addresses;
};

static int bad(struct error *err, const char *name, size_t line, const char *reason)
{
    return error_set(err, -EINVAL, "%s:%zu: %s", name, line, reason);
}

static int read_addresses(const char *name, const struct yaml_node *list, struct group_list *to,
                          struct target_group *group, struct error *err)
{
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
        if (memchr(it->value->text.ptr, '/', it->value->text.len))
            return error_set(err, -EINVAL,
                             "%s:%zu: '%.*s' is not an address (host:port; path and scheme are "
                             "given as metrics_path and scheme)",
                             name, it->line, (int)MIN(it->value->text.len, (size_t)100),
                             it->value->text.ptr);
        addresses[group->len++] = it->value->text;
    }
    group->addresses = addresses;
    return 0;
}

static int read_labels(const char *name, const struct yaml_node *map, struct group_list *to,
                       struct target_group *group, struct error *err)
{
    struct label_builder b;
    struct labels view;

    if (yaml_is_null(map))
        return 0;
    if (map->kind != YAML_MAP)
        return bad(err, name, map->line, "labels: a map is wanted");
    label_builder_init(&b, (struct labels){0});
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

/* The tree lives in to->arena. */
static int read_groups(const char *name, const struct yaml_node *list, struct group_list *to,
                       struct error *err)
{
    if (yaml_is_null(list))
        return 0;
    if (list->kind != YAML_LIST)
        return bad(err, name, list->line, "a list of groups (targets, labels) is wanted");
    to->groups = arena_calloc(&to->arena, list->len + 1, sizeof(*to->groups));
    if (!to->groups)
        return error_errno(err, -ENOMEM, "%s", name);
    for (const struct yaml_item *it = list->first; it; it = it->next) {
        struct target_group *group = &to->groups[to->len++];
        int code = 0;
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

/* ---- groups that never change ---- */

struct fixed {
    struct discovery base;
    struct group_list list;
};

static bool fixed_refresh(struct discovery *d)
{
    (void)d;
    return false;
}

static void visit_list(const struct group_list *list, group_visit *visit, void *ctx)
{
    for (size_t i = 0; i < list->len; i++)
        visit(ctx, &list->groups[i]);
}

static void fixed_visit(const struct discovery *d, group_visit *visit, void *ctx)
{
    visit_list(&((const struct fixed *)d)->list, visit, ctx);
}

static void fixed_close(struct discovery *d)
{
    struct fixed *f = (struct fixed *)d;

    arena_fini(&f->list.arena);
    free(f);
}

static const struct discovery_ops fixed_ops = {"static", fixed_refresh, fixed_visit, fixed_close};

int discovery_static(const char *name, const struct yaml_node *groups, struct discovery **ret,
                     struct error *err)
{
    struct fixed *f = calloc(1, sizeof(*f));

    if (!f)
        return error_errno(err, -ENOMEM, "%s", name);
    f->base.ops = &fixed_ops;
    arena_init(&f->list.arena, 0);
    int code = read_groups(name, groups, &f->list, err);
    if (code)
        fixed_close(&f->base);
    else
        *ret = &f->base;
    return code;
}

struct discovery *discovery_addresses(const char *const *addresses, size_t len)
{
    struct fixed *f = calloc(1, sizeof(*f));

    if (!f)
        return NULL;
    f->base.ops = &fixed_ops;
    arena_init(&f->list.arena, 0);
    struct target_group *group = arena_new(&f->list.arena, struct target_group);
    struct str *views = arena_calloc(&f->list.arena, len + 1, sizeof(*views));
    for (size_t i = 0; group && views && i < len; i++) {
        char *copy = arena_strndup(&f->list.arena, addresses[i], strlen(addresses[i]));
        views[group->len++] = str_of(copy);
        if (!copy)
            views = NULL;
    }
    if (!group || !views) {
        fixed_close(&f->base);
        return NULL;
    }
    group->addresses = views;
    f->list.groups = group;
    f->list.len = 1;
    return &f->base;
}

/* ---- files ---- */

struct sd_file {
    char *path;
    struct stat seen; /* when it was read last */
    struct group_list list;
    bool found, troubled; /* found by the look that is going on; trouble was logged */
};

struct files {
    struct discovery base;
    char **patterns;
    size_t pattern_len;
    struct sd_file *files;
    size_t len, cap;
};

/* Every target of a file carries where it came from. */
static int add_source(struct group_list *list, const char *path)
{
    struct label_builder b;
    struct labels view;
    int code = 0;

    for (size_t i = 0; i < list->len && !code; i++) {
        label_builder_init(&b, list->groups[i].labels);
        label_builder_set(&b, STR("__meta_filepath"), str_of(path));
        code = label_builder_view(&b, &view, NULL);
        if (!code)
            code = labels_copy(view, &list->arena, &list->groups[i].labels);
    }
    return code;
}

/* Reads a file of groups into a fresh list. */
static int load_file(const char *path, struct group_list *ret, struct error *err)
{
    struct group_list list = {0};
    const struct yaml_node *root;
    struct buf text;

    arena_init(&list.arena, 0);
    buf_init(&text, FILE_BYTES_MAX);
    int code = file_read(path, FILE_BYTES_MAX, &text, err);
    bool json = str_ends(str_of(path), STR(".json"));
    if (!code)
        code = json ? yaml_parse_json(path, buf_str(&text), &list.arena, &root, err)
                    : yaml_parse(path, buf_str(&text), &list.arena, &root, err);
    if (!code)
        code = read_groups(path, root, &list, err);
    if (!code && (code = add_source(&list, path)))
        error_errno(err, code, "%s: labels", path);
    buf_fini(&text);
    if (code)
        arena_fini(&list.arena);
    else
        *ret = list;
    return code;
}

int discovery_check_file(const char *path, size_t *ret_targets, struct error *err)
{
    struct group_list list;

    int code = load_file(path, &list, err);
    if (!code) {
        *ret_targets = list.addresses;
        arena_fini(&list.arena);
    }
    return code;
}

static bool is_same(const struct stat *a, const struct stat *b)
{
    return a->st_dev == b->st_dev && a->st_ino == b->st_ino && a->st_size == b->st_size &&
           a->st_mtim.tv_sec == b->st_mtim.tv_sec && a->st_mtim.tv_nsec == b->st_mtim.tv_nsec;
}

/* The entry of `path`, made when it is new; NULL past the bound or without memory. */
static struct sd_file *file_of(struct files *f, const char *path)
{
    for (size_t i = 0; i < f->len; i++)
        if (strcmp(f->files[i].path, path) == 0)
            return &f->files[i];
    if (f->len == FILES_MAX)
        return NULL;
    if (f->len == f->cap) {
        struct sd_file *grown = array_grow(f->files, &f->cap, f->len + 1, sizeof(*grown));
        if (!grown)
            return NULL;
        f->files = grown;
    }
    struct sd_file *it = &f->files[f->len++];
    *it = (struct sd_file){.path = xstrdup(path)};
    arena_init(&it->list.arena, 0);
    return it;
}

/* Looks at one file; true when its groups have changed. A file that can't be read keeps its groups:
 * it may be half written. */
static bool look_at(struct files *f, const char *path)
{
    struct sd_file *it = file_of(f, path);
    struct group_list list;
    struct error err;
    struct stat now;

    if (!it || stat(path, &now))
        return false;
    it->found = true;
    if (is_same(&it->seen, &now))
        return false;
    it->seen = now;
    if (load_file(path, &list, &err)) {
        if (!it->troubled)
            log_warn("file of targets cannot be read, its old targets stay", "error", err.text);
        it->troubled = true;
        return false;
    }
    it->troubled = false;
    arena_fini(&it->list.arena);
    it->list = list;
    return true;
}

static void sd_file_fini(struct sd_file *it)
{
    arena_fini(&it->list.arena);
    free(it->path);
}

static bool files_refresh(struct discovery *d)
{
    struct files *f = (struct files *)d;
    bool changed = false;

    for (size_t i = 0; i < f->len; i++)
        f->files[i].found = false;
    for (size_t i = 0; i < f->pattern_len; i++) {
        glob_t found;
        if (glob(f->patterns[i], 0, NULL, &found))
            continue;
        for (size_t k = 0; k < found.gl_pathc; k++)
            changed |= look_at(f, found.gl_pathv[k]);
        globfree(&found);
    }
    for (size_t i = 0; i < f->len;) {
        if (f->files[i].found) {
            i++;
            continue;
        }
        changed |= f->files[i].list.len > 0;
        sd_file_fini(&f->files[i]);
        f->len--;
        memmove(&f->files[i], &f->files[i + 1], (f->len - i) * sizeof(f->files[0]));
    }
    return changed;
}

static void files_visit(const struct discovery *d, group_visit *visit, void *ctx)
{
    const struct files *f = (const struct files *)d;

    for (size_t i = 0; i < f->len; i++)
        visit_list(&f->files[i].list, visit, ctx);
}

static void files_close(struct discovery *d)
{
    struct files *f = (struct files *)d;

    for (size_t i = 0; i < f->len; i++)
        sd_file_fini(&f->files[i]);
    for (size_t i = 0; i < f->pattern_len; i++)
        free(f->patterns[i]);
    free(f->patterns);
    free(f->files);
    free(f);
}

static const struct discovery_ops files_ops = {"file", files_refresh, files_visit, files_close};

struct discovery *discovery_files(const struct str *patterns, size_t len)
{
    struct files *f = calloc(1, sizeof(*f));

    if (!f)
        return NULL;
    f->base.ops = &files_ops;
    f->patterns = calloc(len + 1, sizeof(*f->patterns));
    if (!f->patterns) {
        free(f);
        return NULL;
    }
    for (size_t i = 0; i < len; i++)
        f->patterns[f->pattern_len++] = xstrndup(patterns[i].ptr, patterns[i].len);
    return &f->base;
}

void discovery_close_all(struct discovery *first)
{
    while (first) {
        struct discovery *next = first->next;
        first->ops->close(first);
        first = next;
    }
}
