/* kubernetes_watch.c - see kubernetes_watch.h. */
#include "scrape/kubernetes_watch.h"

#include "scrape/meta.h"

#include <stdlib.h>

struct object {
    struct arena arena;
    struct str key; /* "namespace/name" */
    const struct yaml_node *node;
    size_t bytes;
};

void kubernetes_watch_init(struct kubernetes_watch *w)
{
    *w = (struct kubernetes_watch){0};
    map_init(&w->objects);
    buf_init(&w->line, KUBERNETES_EVENT_MAX);
    arena_init(&w->scratch, 0);
}

static void forget(struct kubernetes_watch *w, struct object *o)
{
    if (!o)
        return;
    w->bytes -= o->bytes;
    arena_fini(&o->arena);
    free(o);
}

void kubernetes_watch_begin(struct kubernetes_watch *w)
{
    struct map_entry *entry;

    for (size_t at = 0; (entry = map_next(&w->objects, &at));)
        forget(w, entry->value);
    map_fini(&w->objects);
    map_init(&w->objects);
    w->listed = false;
    w->version[0] = '\0';
}

void kubernetes_watch_fini(struct kubernetes_watch *w)
{
    kubernetes_watch_begin(w);
    map_fini(&w->objects);
    buf_fini(&w->line);
    arena_fini(&w->scratch);
}

/* ---- copies without what no label is made of ---- */

static bool is_left_out(struct str key)
{
    static const char *const keys[] = {
        "managedFields", "volumes",        "volumeMounts",   "env",       "envFrom",
        "command",       "args",           "resources",      "lifecycle", "securityContext",
        "livenessProbe", "readinessProbe", "startupProbe",   "affinity",  "tolerations",
        "images",        "volumesInUse",   "volumesAttached"};

    for (size_t i = 0; i < ARRAY_LEN(keys); i++)
        if (str_is(key, keys[i]))
            return true;
    return false;
}

/* Whether the keys below are names that users chose. */
static bool is_theirs(struct str key)
{
    return str_is(key, "labels") || str_is(key, "annotations") || str_is(key, "deprecatedTopology");
}

/* As yaml_copy(), less what is left out. The depth is that of the parsed text. */
static const struct yaml_node *copy(const struct yaml_node *from, bool theirs, struct arena *a)
{
    if (theirs || from->kind == YAML_TEXT)
        return yaml_copy(from, a);
    struct yaml_node *to = arena_new(a, struct yaml_node);
    if (!to)
        return NULL;
    *to = *from;
    to->len = 0;
    to->first = NULL;
    struct yaml_item **end = &to->first;
    for (const struct yaml_item *it = from->first; it; it = it->next) {
        if (from->kind == YAML_MAP && is_left_out(it->key))
            continue;
        struct yaml_item *item = arena_new(a, struct yaml_item);
        if (!item)
            return NULL;
        *item = (struct yaml_item){.line = it->line};
        item->value = copy(it->value, from->kind == YAML_MAP && is_theirs(it->key), a);
        char *key = it->key.ptr ? arena_strndup(a, it->key.ptr, it->key.len) : NULL;
        if (!item->value || (it->key.ptr && !key))
            return NULL;
        item->key = str_make(key, it->key.len);
        *end = item;
        end = &item->next;
        to->len++;
    }
    return to;
}

/* ---- objects ---- */

static int make_key(const struct yaml_node *object, struct arena *a, struct str *ret)
{
    struct str namespace = meta_text(object, "metadata.namespace"),
               name = meta_text(object, "metadata.name");
    char *key = arena_alloc(a, namespace.len + name.len + 1);

    if (!key)
        return -ENOMEM;
    memcpy(key, namespace.ptr, namespace.len);
    key[namespace.len] = '/';
    memcpy(key + namespace.len + 1, name.ptr, name.len);
    *ret = str_make(key, namespace.len + name.len + 1);
    return 0;
}

static int put_object(struct kubernetes_watch *w, const struct yaml_node *from, size_t bytes_max,
                      struct error *err)
{
    struct object *o = calloc(1, sizeof(*o));
    void *old = NULL;

    if (!o)
        return error_errno(err, -ENOMEM, "an object");
    arena_init(&o->arena, 0);
    o->node = copy(from, false, &o->arena);
    int code = o->node ? make_key(o->node, &o->arena, &o->key) : -ENOMEM;
    if (!code)
        code = map_put(&w->objects, o->key, o, &old);
    if (code) {
        arena_fini(&o->arena);
        free(o);
        return error_errno(err, code, "an object");
    }
    o->bytes = sizeof(*o) + arena_bytes(&o->arena);
    w->bytes += o->bytes;
    forget(w, old);
    w->changed = true;
    if (w->bytes > bytes_max)
        return error_set(err, -EFBIG,
                         "the objects take more than %zu MB: choose fewer by namespaces and "
                         "selectors",
                         bytes_max >> 20);
    return 0;
}

static int drop_object(struct kubernetes_watch *w, const struct yaml_node *object)
{
    struct str key;
    int code = make_key(object, &w->scratch, &key);

    if (!code) {
        struct object *o = map_take(&w->objects, key);
        w->changed |= o != NULL;
        forget(w, o);
    }
    return code;
}

/* ---- lists ---- */

static void keep_version(struct kubernetes_watch *w, struct str version)
{
    if (version.len && version.len < sizeof(w->version))
        str_copy(w->version, sizeof(w->version), version);
}

int kubernetes_watch_page(struct kubernetes_watch *w, const struct yaml_node *page,
                          size_t bytes_max, struct error *err)
{
    const struct yaml_node *items = yaml_get(page, "items");
    int code = 0;

    if (!items)
        return error_set(err, -EINVAL, "not a list of the Kubernetes API");
    if (!w->version[0]) /* that of all pages */
        keep_version(w, meta_text(page, "metadata.resourceVersion"));
    for (const struct yaml_item *it = items->first; it && !code; it = it->next)
        code = put_object(w, it->value, bytes_max, err);
    return code;
}

void kubernetes_watch_end(struct kubernetes_watch *w)
{
    w->listed = w->changed = true;
    w->gone = false;
}

/* ---- events ---- */

void kubernetes_watch_open(struct kubernetes_watch *w)
{
    buf_reset(&w->line);
}

/* What the server ends a watch with: mostly that the version is too old (410). */
static int take_error(struct kubernetes_watch *w, const struct yaml_node *status, struct error *err)
{
    struct str why = meta_text(status, "message");

    w->listed = false;
    w->gone = true;
    return error_set(err, -ESTALE, "the watch ended: %.*s", (int)MIN(why.len, (size_t)150),
                     why.ptr);
}

static int take_event(struct kubernetes_watch *w, struct str line, size_t bytes_max,
                      struct error *err)
{
    const struct yaml_node *event;
    int code = yaml_parse_json("event", line, &w->scratch, &event, err);

    if (code)
        return code;
    struct str type = meta_text(event, "type");
    const struct yaml_node *object = yaml_get(event, "object");
    if (!object || object->kind != YAML_MAP)
        return error_set(err, -EINVAL, "an event of the Kubernetes API without an object");
    if (str_is(type, "ERROR"))
        return take_error(w, object, err);
    if (str_is(type, "ADDED") || str_is(type, "MODIFIED"))
        code = put_object(w, object, bytes_max, err);
    else if (str_is(type, "DELETED"))
        code = drop_object(w, object);
    else if (!str_is(type, "BOOKMARK"))
        return error_set(err, -EINVAL, "an event of unknown type '%.*s'",
                         (int)MIN(type.len, (size_t)40), type.ptr);
    if (!code)
        keep_version(w, meta_text(object, "metadata.resourceVersion"));
    return code;
}

int kubernetes_watch_take(struct kubernetes_watch *w, struct str bytes, size_t bytes_max,
                          struct error *err)
{
    int code = 0;

    while (bytes.len && !code) {
        const char *end = memchr(bytes.ptr, '\n', bytes.len);
        size_t n = end ? (size_t)(end - bytes.ptr) : bytes.len;
        buf_add(&w->line, bytes.ptr, n);
        n += end != NULL;
        bytes = str_make(bytes.ptr + n, bytes.len - n);
        if (w->line.failed) {
            code =
                error_set(err, -EFBIG, "an event of more than %zu MB", KUBERNETES_EVENT_MAX >> 20);
        } else if (end) {
            struct str line = str_trim(buf_str(&w->line));
            code = line.len ? take_event(w, line, bytes_max, err) : 0;
            arena_reset(&w->scratch);
            buf_reset(&w->line);
        }
    }
    if (code) {
        w->listed = w->listed && code == -EINVAL;
        buf_fini(&w->line);
        buf_init(&w->line, KUBERNETES_EVENT_MAX);
    }
    return code;
}

/* ---- reading ---- */

static int by_key(const void *a, const void *b)
{
    const struct object *const *x = a, *const *y = b;
    return str_compare((*x)->key, (*y)->key);
}

int kubernetes_watch_objects(const struct kubernetes_watch *w, struct kubernetes_list *list)
{
    size_t n = 0, want = list->len + w->objects.len;
    struct object **sorted = calloc(w->objects.len + 1, sizeof(*sorted));
    struct map_entry *entry;

    if (!sorted)
        return -ENOMEM;
    if (want > list->cap) {
        const struct yaml_node **grown = array_grow(list->items, &list->cap, want, sizeof(*grown));
        if (!grown) {
            free(sorted);
            return -ENOMEM;
        }
        list->items = grown;
    }
    for (size_t at = 0; (entry = map_next(&w->objects, &at));)
        sorted[n++] = entry->value;
    qsort(sorted, n, sizeof(*sorted), by_key);
    for (size_t i = 0; i < n; i++)
        list->items[list->len++] = sorted[i]->node;
    free(sorted);
    return 0;
}
