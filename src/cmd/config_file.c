#include "config_file.h"

#include <yaml.h>

struct reader {
    const char *path;
    int (*set)(void *ctx, struct str key, struct str value, struct error *err);
    void *ctx;
    yaml_parser_t parser;
    char key[256];                 /* of the value to come, nested keys joined by dots */
    size_t ends[CONFIG_DEPTH_MAX]; /* length of `key` outside each open mapping */
    int depth;
};

static int fail(struct reader *r, size_t line, const char *what, struct error *err)
{
    return error_set(err, -EINVAL, "%s:%zu: %s", r->path, line, what);
}

static int join_key(struct reader *r, struct str name, size_t line, struct error *err)
{
    size_t base = r->ends[r->depth - 1];
    size_t dot = base ? 1 : 0;

    if (base + dot + name.len >= sizeof(r->key))
        return fail(r, line, "the key is too long", err);
    if (dot)
        r->key[base] = '.';
    memcpy(r->key + base + dot, name.ptr, name.len);
    r->key[base + dot + name.len] = '\0';
    return 0;
}

static int handle(struct reader *r, const yaml_event_t *event, bool *is_key, bool *in_list,
                  struct error *err)
{
    size_t line = event->start_mark.line + 1;
    struct str text;

    switch (event->type) {
    case YAML_MAPPING_START_EVENT:
        if (*in_list || r->depth == CONFIG_DEPTH_MAX)
            return fail(r, line, "options are not nested like this", err);
        r->ends[r->depth] = r->depth ? strlen(r->key) : 0;
        r->depth++;
        *is_key = true;
        return 0;
    case YAML_MAPPING_END_EVENT:
        r->depth--;
        r->key[r->ends[r->depth]] = '\0';
        *is_key = true;
        return 0;
    case YAML_SEQUENCE_START_EVENT:
        if (*in_list || !r->depth)
            return fail(r, line, "a list is not expected here", err);
        *in_list = true;
        return 0;
    case YAML_SEQUENCE_END_EVENT:
        *in_list = false;
        *is_key = true;
        return 0;
    case YAML_ALIAS_EVENT:
        return fail(r, line, "aliases are not supported", err);
    case YAML_SCALAR_EVENT:
        text = str_make((const char *)event->data.scalar.value, event->data.scalar.length);
        if (!r->depth)
            return text.len ? fail(r, line, "expected `option: value` lines", err) : 0;
        if (*is_key && !*in_list) {
            *is_key = false;
            return join_key(r, text, line, err);
        }
        if (r->set(r->ctx, str_of(r->key), text, err))
            return error_in(err, "%s:%zu", r->path, line);
        *is_key = !*in_list;
        return 0;
    default:
        return 0;
    }
}

static int read_events(struct reader *r, struct error *err)
{
    bool is_key = false, in_list = false, done = false;
    int code = 0;

    while (!code && !done) {
        yaml_event_t event;
        if (!yaml_parser_parse(&r->parser, &event))
            return fail(r, r->parser.problem_mark.line + 1,
                        r->parser.problem ? r->parser.problem : "not valid YAML", err);
        done = event.type == YAML_STREAM_END_EVENT;
        code = handle(r, &event, &is_key, &in_list, err);
        yaml_event_delete(&event);
    }
    return code;
}

int config_text_read(const char *name, struct str text,
                     int (*set)(void *ctx, struct str key, struct str value, struct error *err),
                     void *ctx, struct error *err)
{
    struct reader r = {.path = name, .set = set, .ctx = ctx};

    if (!yaml_parser_initialize(&r.parser))
        return error_errno(err, -ENOMEM, "%s", name);
    yaml_parser_set_input_string(&r.parser, (const unsigned char *)text.ptr, text.len);
    int code = read_events(&r, err);
    yaml_parser_delete(&r.parser);
    return code;
}

int config_file_read(const char *path,
                     int (*set)(void *ctx, struct str key, struct str value, struct error *err),
                     void *ctx, struct error *err)
{
    struct buf text;

    buf_init(&text, 0);
    int code = file_read(path, CONFIG_FILE_MAX, &text, err);
    if (!code)
        code = config_text_read(path, buf_str(&text), set, ctx, err);
    buf_fini(&text);
    return code;
}
