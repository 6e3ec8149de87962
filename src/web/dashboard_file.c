/* dashboard_file.c - reads one dashboard file. jansson gives the place of a mistake; depth is
 * looked at before it sees the text, so that its recursion stays small. */
#include "web/dashboard_file.h"

#include <ctype.h>
#include <jansson.h>
#include <stdarg.h>

#define TEXT_OF_(x) #x
#define TEXT_OF(x)  TEXT_OF_(x)

/* A place in a text, as editors count it: from 1. */
struct place {
    size_t line, column;
};

static struct place place_of(struct str text, size_t at)
{
    struct place p = {1, 1};

    for (size_t i = 0; i < at && i < text.len; i++) {
        p.column++;
        if (text.ptr[i] == '\n') {
            p.line++;
            p.column = 1;
        }
    }
    return p;
}

/* Where brackets nest deeper than allowed; text.len when nowhere. */
static size_t too_deep_at(struct str text)
{
    size_t depth = 0;
    bool quoted = false;

    for (size_t i = 0; i < text.len; i++) {
        char c = text.ptr[i];
        if (quoted) {
            if (c == '\\')
                i++;
            else if (c == '"')
                quoted = false;
        } else if (c == '"') {
            quoted = true;
        } else if (c == '{' || c == '[') {
            if (++depth > DASHBOARD_MAX_DEPTH)
                return i;
        } else if ((c == '}' || c == ']') && depth) {
            depth--;
        }
    }
    return text.len;
}

/* "GPU nodes.json" -> "gpu-nodes": what a file without a uid is called. */
static char *uid_of_name(const char *prefix, const char *file)
{
    struct buf b;
    size_t len = strlen(file);

    if (str_ends(str_of(file), STR(".json")))
        len -= strlen(".json");
    buf_init(&b, DASHBOARD_MAX_UID);
    buf_text(&b, prefix);
    for (size_t i = 0; i < len && b.len < DASHBOARD_MAX_UID - 1; i++) {
        unsigned char c = (unsigned char)file[i];
        buf_char(&b, isalnum(c) || c == '_' ? (char)tolower(c) : '-');
    }
    char *uid = buf_take(&b);
    return uid ? uid : xstrdup(prefix);
}

void dashboard_file_fail(struct dashboard_file *d, const char *format, ...)
{
    struct buf b;
    va_list args;
    char text[300];

    va_start(args, format);
    vsnprintf(text, sizeof(text), format, args);
    va_end(args);
    buf_init(&b, 0);
    buf_text(&b, d->file);
    buf_text(&b, text);
    free(d->error);
    d->error = buf_take(&b);
    if (!d->error)
        d->error = xstrdup("out of memory");
    free(d->uid); /* a broken file takes the place of no other */
    d->uid = uid_of_name("file-", d->file);
    buf_fini(&d->answer);
}

static const char *text_at(const json_t *o, const char *key)
{
    const char *text = json_string_value(json_object_get(o, key));
    return text && *text ? text : NULL;
}

static void take_tags(struct dashboard_file *d, const json_t *o)
{
    const json_t *tags = json_object_get(o, "tags");
    size_t n = MIN(json_array_size(tags), (size_t)DASHBOARD_MAX_TAGS);

    d->tags = xcalloc(n ? n : 1, sizeof(*d->tags));
    for (size_t i = 0; i < n; i++) {
        const char *tag = json_string_value(json_array_get(tags, i));
        if (tag)
            d->tags[d->tag_len++] = xstrdup(tag);
    }
}

const char *dashboard_origin_text(enum dashboard_origin origin)
{
    static const char *const texts[] = {"shipped", "folder", "kept"};

    return texts[origin];
}

/* Makes a file broken at a place. */
static void fail_at(struct dashboard_file *d, struct place p, const char *what)
{
    dashboard_file_fail(d, ":%zu:%zu: %s", p.line, p.column, what);
    d->line = p.line;
    d->column = p.column;
}

/* The dashboard goes out as it stands in the file; only a wrapped one is printed anew. */
static void make_answer(struct dashboard_file *d, struct str text, const json_t *wrapped)
{
    struct buf *b = &d->answer;
    char *printed = wrapped ? json_dumps(wrapped, JSON_COMPACT) : NULL;

    buf_text(b, "{\"meta\":{\"file\":");
    buf_json(b, str_of(d->file));
    buf_printf(b, ",\"origin\":\"%s\",\"provisioned\":%s},\"dashboard\":",
               dashboard_origin_text(d->origin), d->origin == DASHBOARD_KEPT ? "false" : "true");
    if (wrapped)
        buf_text(b, printed ? printed : "null");
    else
        buf_str_add(b, str_trim(text));
    buf_char(b, '}');
    free(printed);
    if (b->failed)
        dashboard_file_fail(d, ": out of memory");
    else
        d->hash = hash_bytes(b->ptr, b->len);
}

/* The dashboard in a file: bare, as Grafana's API wraps it, or the "spec" of a resource. */
static const json_t *dashboard_in(const json_t *root)
{
    const json_t *inner = json_object_get(root, "dashboard");
    const json_t *spec = json_object_get(root, "spec");

    return json_is_object(inner) ? inner : json_is_object(spec) ? spec : root;
}

/* Panels in a list, in the rows of the oldest files, or as the elements of Grafana 12's layouts. */
static bool has_panels(const json_t *o)
{
    return json_is_array(json_object_get(o, "panels")) ||
           json_is_array(json_object_get(o, "rows")) ||
           (json_is_object(json_object_get(o, "elements")) &&
            json_is_object(json_object_get(o, "layout")));
}

static void take_dashboard(struct dashboard_file *d, struct str text, const json_t *root)
{
    const json_t *o = dashboard_in(root);
    const char *uid = text_at(o, "uid"), *title = text_at(o, "title");

    if (!json_is_object(o)) {
        fail_at(d, (struct place){1, 1}, "a dashboard is a JSON object");
        return;
    }
    if (!has_panels(o)) {
        dashboard_file_fail(d, ": no dashboard: it has no \"panels\"");
        return;
    }
    if (!uid && o != root) /* a resource has its name beside the dashboard */
        uid = text_at(json_object_get(root, "metadata"), "name");
    if (title) {
        free(d->title);
        d->title = xstrdup(title);
    }
    if (uid && strlen(uid) > DASHBOARD_MAX_UID) {
        dashboard_file_fail(d, ": its \"uid\" is longer than %d bytes", DASHBOARD_MAX_UID);
        return;
    }
    if (uid) {
        free(d->uid);
        d->uid = xstrdup(uid);
    }
    take_tags(d, o);
    make_answer(d, text, o == root ? NULL : o);
}

void dashboard_file_init(struct dashboard_file *ret, const char *file, struct str text,
                         enum dashboard_origin origin)
{
    json_error_t err;

    *ret = (struct dashboard_file){.file = xstrdup(file), .title = xstrdup(file), .origin = origin};
    ret->uid = uid_of_name("", file);
    buf_init(&ret->answer, 2 * DASHBOARD_MAX_BYTES);
    if (text.len > DASHBOARD_MAX_BYTES) {
        dashboard_file_fail(ret, ": larger than %zu MiB", DASHBOARD_MAX_BYTES >> 20);
        return;
    }
    size_t deep = too_deep_at(text);
    if (deep < text.len) {
        fail_at(ret, place_of(text, deep),
                "nested deeper than " TEXT_OF(DASHBOARD_MAX_DEPTH) " levels");
        return;
    }
    json_t *root = json_loadb(text.ptr, text.len, 0, &err);
    if (!root) {
        fail_at(ret, (struct place){(size_t)MAX(1, err.line), (size_t)MAX(1, err.column)},
                err.text);
        return;
    }
    take_dashboard(ret, text, root);
    json_decref(root);
}

void dashboard_file_fini(struct dashboard_file *d)
{
    for (size_t i = 0; i < d->tag_len; i++)
        free(d->tags[i]);
    free(d->tags);
    free(d->file);
    free(d->uid);
    free(d->title);
    free(d->error);
    buf_fini(&d->answer);
    *d = (struct dashboard_file){0};
}
