/* yaml.c - libyaml's events made into a tree. Aliases point at the node they name, so that a text
 * of nested aliases stays as small as it is written; how large it would be written out is counted
 * and bounded, since readers walk it that way. */
#include "base/yaml.h"

#include "base/buf.h"
#include "base/hash.h"
#include "base/mem.h"

#include <jansson.h>
#include <yaml.h>

struct anchor {
    struct str name;
    const struct yaml_node *node;
    struct anchor *next;
};

struct loader {
    const char *name;
    yaml_parser_t parser;
    yaml_event_t event; /* the one in hand */
    bool have_event;
    struct arena *arena;
    struct anchor *anchors;
    size_t depth, items;
    struct str input;
    size_t chars, bytes; /* of the input, up to the mark that was looked at last */
    struct error *err;
};

static int bad(struct loader *l, size_t line, const char *reason)
{
    return error_set(l->err, -EINVAL, "%s:%zu: %s", l->name, line, reason);
}

static int out_of_memory(struct loader *l)
{
    return error_errno(l->err, -ENOMEM, "%s", l->name);
}

static int next_event(struct loader *l)
{
    if (l->have_event)
        yaml_event_delete(&l->event);
    l->have_event = yaml_parser_parse(&l->parser, &l->event) != 0;
    if (l->have_event)
        return 0;
    if (l->parser.error == YAML_MEMORY_ERROR)
        return out_of_memory(l);
    return error_set(l->err, -EINVAL, "%s:%zu: %s%s%s", l->name, l->parser.problem_mark.line + 1,
                     l->parser.context ? l->parser.context : "", l->parser.context ? ": " : "",
                     l->parser.problem ? l->parser.problem : "not YAML");
}

static size_t event_line(const struct loader *l)
{
    return l->event.start_mark.line + 1;
}

/* libyaml counts characters. Marks come in order, so the input is walked once. */
static size_t byte_at(struct loader *l, const yaml_mark_t *mark)
{
    if (mark->index < l->chars)
        l->chars = l->bytes = 0;
    while (l->chars < mark->index && l->bytes < l->input.len) {
        l->bytes++;
        while (l->bytes < l->input.len && ((unsigned char)l->input.ptr[l->bytes] & 0xc0) == 0x80)
            l->bytes++;
        l->chars++;
    }
    return l->bytes;
}

static struct yaml_node *new_node(struct loader *l, enum yaml_kind kind)
{
    struct yaml_node *node = arena_new(l->arena, struct yaml_node);
    if (node) {
        node->kind = kind;
        node->line = event_line(l);
        node->weight = 1;
    }
    return node;
}

static int keep_anchor(struct loader *l, const yaml_char_t *name, const struct yaml_node *node)
{
    if (!name)
        return 0;
    struct anchor *anchor = arena_new(l->arena, struct anchor);
    const char *text = (const char *)name;
    char *copy = arena_strndup(l->arena, text, strlen(text));
    if (!anchor || !copy)
        return out_of_memory(l);
    *anchor = (struct anchor){str_of(copy), node, l->anchors};
    l->anchors = anchor;
    return 0;
}

static int load_node(struct loader *l, const struct yaml_node **ret);

static int load_text(struct loader *l, const struct yaml_node **ret)
{
    struct yaml_node *node = new_node(l, YAML_TEXT);
    const char *text = (const char *)l->event.data.scalar.value;
    size_t len = l->event.data.scalar.length;
    char *copy = node ? arena_strndup(l->arena, text, len) : NULL;

    if (!copy)
        return out_of_memory(l);
    if (memchr(copy, '\0', len))
        return bad(l, node->line, "a zero byte in a text");
    node->text = str_make(copy, len);
    node->start = byte_at(l, &l->event.start_mark);
    node->end = byte_at(l, &l->event.end_mark);
    node->plain = l->event.data.scalar.style == YAML_PLAIN_SCALAR_STYLE;
    *ret = node;
    return keep_anchor(l, l->event.data.scalar.anchor, node);
}

static int load_alias(struct loader *l, const struct yaml_node **ret)
{
    struct str name = str_of((const char *)l->event.data.alias.anchor);

    for (const struct anchor *it = l->anchors; it; it = it->next) {
        if (str_equal(it->name, name)) {
            *ret = it->node;
            return 0;
        }
    }
    return bad(l, event_line(l), "an alias whose anchor does not stand before it");
}

static int add_item(struct loader *l, struct yaml_node *node, struct yaml_item ***end,
                    struct str key, size_t line, const struct yaml_node *value)
{
    struct yaml_item *item = arena_new(l->arena, struct yaml_item);

    if (!item)
        return out_of_memory(l);
    *item = (struct yaml_item){key, line, value, NULL};
    **end = item;
    *end = &item->next;
    node->len++;
    node->weight += value->weight;
    if (node->weight > YAML_NODES_MAX || ++l->items > YAML_ITEMS_MAX)
        return bad(l, line, "too large with its aliases written out");
    if (node->kind == YAML_MAP && node->len > YAML_KEYS_MAX)
        return bad(l, line, "too many keys in one map");
    return 0;
}

static int load_list(struct loader *l, const struct yaml_node **ret)
{
    struct yaml_node *node = new_node(l, YAML_LIST);
    struct yaml_item **end = node ? &node->first : NULL;
    int code = node ? 0 : out_of_memory(l);
    /* The anchor is known only when the list has ended: no list can hold itself. */
    const char *name = (const char *)l->event.data.sequence_start.anchor;
    char *anchor = name && node ? arena_strndup(l->arena, name, strlen(name)) : NULL;

    while (!code && !(code = next_event(l)) && l->event.type != YAML_SEQUENCE_END_EVENT) {
        const struct yaml_node *value;
        size_t line = event_line(l);
        code = load_node(l, &value);
        if (!code)
            code = add_item(l, node, &end, STR(""), line, value);
    }
    if (code)
        return code;
    *ret = node;
    return keep_anchor(l, (const yaml_char_t *)anchor, node);
}

static const struct yaml_item *find_item(const struct yaml_node *node, struct str key)
{
    for (const struct yaml_item *it = node->first; it; it = it->next)
        if (str_equal(it->key, key))
            return it;
    return NULL;
}

/* Adds the pairs of a merged map that the map does not have itself. */
static int merge(struct loader *l, struct yaml_node *node, struct yaml_item ***end,
                 const struct yaml_node *from, size_t line)
{
    int code = 0;

    if (from->kind == YAML_LIST) {
        for (const struct yaml_item *it = from->first; it && !code; it = it->next)
            code = it->value->kind == YAML_MAP ? merge(l, node, end, it->value, line)
                                               : bad(l, line, "<< wants maps");
        return code;
    }
    if (from->kind != YAML_MAP)
        return bad(l, line, "<< wants a map");
    for (const struct yaml_item *it = from->first; it && !code; it = it->next)
        if (!find_item(node, it->key))
            code = add_item(l, node, end, it->key, it->line, it->value);
    return code;
}

static int load_pair(struct loader *l, struct yaml_node *node, struct yaml_item ***end,
                     const struct yaml_node **merged)
{
    const struct yaml_node *key, *value;
    size_t line = event_line(l);

    int code = load_node(l, &key);
    if (code)
        return code;
    if (key->kind != YAML_TEXT)
        return bad(l, line, "a key that is no text");
    code = next_event(l);
    if (!code)
        code = load_node(l, &value);
    if (code)
        return code;
    if (key->plain && str_is(key->text, "<<")) {
        if (*merged)
            return bad(l, line, "<< twice in one map");
        *merged = value;
        return 0;
    }
    if (find_item(node, key->text))
        return error_set(l->err, -EINVAL, "%s:%zu: key '%.*s' twice", l->name, line,
                         STR_ARG(key->text));
    return add_item(l, node, end, key->text, line, value);
}

static int load_map(struct loader *l, const struct yaml_node **ret)
{
    struct yaml_node *node = new_node(l, YAML_MAP);
    struct yaml_item **end = node ? &node->first : NULL;
    const struct yaml_node *merged = NULL;
    int code = node ? 0 : out_of_memory(l);
    const char *name = (const char *)l->event.data.mapping_start.anchor;
    char *anchor = name && node ? arena_strndup(l->arena, name, strlen(name)) : NULL;

    while (!code && !(code = next_event(l)) && l->event.type != YAML_MAPPING_END_EVENT)
        code = load_pair(l, node, &end, &merged);
    if (!code && merged)
        code = merge(l, node, &end, merged, node->line);
    if (code)
        return code;
    *ret = node;
    return keep_anchor(l, (const yaml_char_t *)anchor, node);
}

/* The node whose first event is in hand. */
static int load_node(struct loader *l, const struct yaml_node **ret)
{
    int code;

    if (++l->depth > YAML_DEPTH_MAX)
        return bad(l, event_line(l), "nested too deeply");
    switch (l->event.type) {
    case YAML_SCALAR_EVENT:
        code = load_text(l, ret);
        break;
    case YAML_ALIAS_EVENT:
        code = load_alias(l, ret);
        break;
    case YAML_SEQUENCE_START_EVENT:
        code = load_list(l, ret);
        break;
    case YAML_MAPPING_START_EVENT:
        code = load_map(l, ret);
        break;
    default:
        code = bad(l, event_line(l), "not a value");
    }
    l->depth--;
    return code;
}

static int load_document(struct loader *l, const struct yaml_node **ret)
{
    int code = next_event(l); /* the stream's start */

    if (!code)
        code = next_event(l);
    if (code)
        return code;
    if (l->event.type == YAML_STREAM_END_EVENT) { /* an empty text is null */
        struct yaml_node *node = new_node(l, YAML_TEXT);
        if (!node)
            return out_of_memory(l);
        node->plain = true;
        node->text = STR("");
        *ret = node;
        return 0;
    }
    code = next_event(l);
    if (!code)
        code = load_node(l, ret);
    if (!code)
        code = next_event(l); /* the document's end */
    if (!code)
        code = next_event(l);
    if (!code && l->event.type != YAML_STREAM_END_EVENT)
        code = bad(l, event_line(l), "a second document");
    return code;
}

int yaml_parse(const char *name, struct str text, struct arena *a, const struct yaml_node **ret,
               struct error *err)
{
    struct loader l = {.name = name, .arena = a, .input = text, .err = err};

    if (!yaml_parser_initialize(&l.parser))
        return error_errno(err, -ENOMEM, "%s", name);
    yaml_parser_set_input_string(&l.parser, (const unsigned char *)text.ptr, text.len);
    int code = load_document(&l, ret);
    if (l.have_event)
        yaml_event_delete(&l.event);
    yaml_parser_delete(&l.parser);
    return code;
}

/* ---- JSON ---- */

static struct yaml_node *from_json(const json_t *json, struct arena *a);

static bool json_item(struct yaml_node *node, struct yaml_item ***end, const char *key,
                      const json_t *value, struct arena *a)
{
    struct yaml_item *item = arena_new(a, struct yaml_item);
    char *copy = item ? arena_strndup(a, key, strlen(key)) : NULL;

    if (!copy || !(item->value = from_json(value, a)))
        return false;
    item->key = str_of(copy);
    **end = item;
    *end = &item->next;
    node->len++;
    return true;
}

/* What stands for a number, true, false or null, so that readers of YAML take it. */
static bool json_text(struct yaml_node *node, const json_t *json, struct arena *a)
{
    struct buf text;

    buf_init(&text, 0);
    if (json_is_string(json))
        buf_add(&text, json_string_value(json), json_string_length(json));
    else if (json_is_integer(json))
        buf_i64(&text, json_integer_value(json));
    else if (json_is_real(json))
        buf_double(&text, json_real_value(json));
    else
        buf_text(&text, json_is_true(json) ? "true" : json_is_false(json) ? "false" : "null");
    node->plain = !json_is_string(json);
    char *copy = text.failed ? NULL : arena_strndup(a, text.ptr, text.len);
    node->text = str_make(copy, text.len);
    buf_fini(&text);
    return copy != NULL;
}

/* jansson bounds the depth (2048). */
static struct yaml_node *from_json(const json_t *json, struct arena *a)
{
    struct yaml_node *node = arena_new(a, struct yaml_node);
    struct yaml_item **end = node ? &node->first : NULL;
    bool good = node != NULL;

    if (good && json_is_object(json)) {
        json_t *object = json_incref((json_t *)(uintptr_t)json);
        node->kind = YAML_MAP;
        for (void *it = json_object_iter(object); it && good;
             it = json_object_iter_next(object, it))
            good = json_item(node, &end, json_object_iter_key(it), json_object_iter_value(it), a);
        json_decref(object);
    } else if (good && json_is_array(json)) {
        node->kind = YAML_LIST;
        for (size_t i = 0; i < json_array_size(json) && good; i++)
            good = json_item(node, &end, "", json_array_get(json, i), a);
    } else if (good) {
        node->kind = YAML_TEXT;
        good = json_text(node, json, a);
    }
    return good ? node : NULL;
}

int yaml_parse_json(const char *name, struct str text, struct arena *a,
                    const struct yaml_node **ret, struct error *err)
{
    json_error_t why;
    json_t *json = json_loadb(text.ptr, text.len, JSON_REJECT_DUPLICATES, &why);

    if (!json)
        return error_set(err, -EINVAL, "%s:%d: %s", name, why.line, why.text);
    *ret = from_json(json, a);
    json_decref(json);
    return *ret ? 0 : error_errno(err, -ENOMEM, "%s", name);
}

/* ---- looking ---- */

bool yaml_is_null(const struct yaml_node *node)
{
    return node->kind == YAML_TEXT && node->plain &&
           (!node->text.len || str_is(node->text, "~") || str_is(node->text, "null"));
}

const struct yaml_node *yaml_get(const struct yaml_node *node, const char *key)
{
    const struct yaml_item *item =
        node && node->kind == YAML_MAP ? find_item(node, str_of(key)) : NULL;
    return item ? item->value : NULL;
}

uint64_t yaml_hash(const struct yaml_node *node)
{
    uint64_t hash = (uint64_t)node->kind * 2 + node->plain;

    if (node->kind == YAML_TEXT)
        return hash_more(hash, node->text.ptr, node->text.len);
    for (const struct yaml_item *it = node->first; it; it = it->next) {
        uint64_t inner = yaml_hash(it->value);
        hash = hash_more(hash, it->key.ptr, it->key.len);
        hash = hash_more(hash, &inner, sizeof(inner));
    }
    return hash;
}

const struct yaml_node *yaml_copy(const struct yaml_node *node, struct arena *a)
{
    struct yaml_node *copy = arena_new(a, struct yaml_node);
    struct yaml_item **end;

    if (!copy)
        return NULL;
    *copy = *node;
    if (node->kind == YAML_TEXT) {
        copy->text.ptr = arena_strndup(a, node->text.ptr, node->text.len);
        return copy->text.ptr ? copy : NULL;
    }
    end = &copy->first;
    for (const struct yaml_item *it = node->first; it; it = it->next) {
        struct yaml_item *item = arena_new(a, struct yaml_item);
        if (!item)
            return NULL;
        *item = *it;
        item->next = NULL;
        item->key.ptr = arena_strndup(a, it->key.len ? it->key.ptr : "", it->key.len);
        item->value = yaml_copy(it->value, a);
        if (!item->key.ptr || !item->value)
            return NULL;
        *end = item;
        end = &item->next;
    }
    return copy;
}
