#include "migrate/dashboard.h"

#include <stdarg.h>

static const char *text_at(const json_t *o, const char *key)
{
    const char *text = json_string_value(json_object_get(o, key));
    return text ? text : "";
}

/* ---- places ---- */

/* The line where `text` stands as a JSON string, from `*from` on or anywhere. Expressions come in
 * the order of the file, more or less. */
static size_t line_of(const struct dashboard *d, const char *text, size_t *from)
{
    json_t *string = json_string(text);
    char *quoted = string ? json_dumps(string, JSON_ENCODE_ANY) : NULL;
    const char *found = NULL;

    if (quoted && d->text.len > *from)
        found = memmem(d->text.ptr + *from, d->text.len - *from, quoted, strlen(quoted));
    if (quoted && !found)
        found = memmem(d->text.ptr, d->text.len, quoted, strlen(quoted));
    else if (found)
        *from = (size_t)(found - d->text.ptr) + 1;
    free(quoted);
    json_decref(string);
    size_t line = found != NULL;
    for (const char *at = d->text.ptr; found && at < found; at++)
        line += *at == '\n';
    return line;
}

static const char *place(struct dashboard *d, const char *format, ...) PRINTF_LIKE(2, 3);

static const char *place(struct dashboard *d, const char *format, ...)
{
    char text[300];
    va_list args;

    va_start(args, format);
    vsnprintf(text, sizeof(text), format, args);
    va_end(args);
    const char *copy = arena_strndup(&d->arena, text, strlen(text));
    return copy ? copy : "";
}

/* ---- gathering ---- */

static bool add(struct dashboard *d, struct dashboard_expr e)
{
    struct dashboard_expr *grown = d->len < DASHBOARD_EXPRS_MAX
                                       ? array_grow(d->exprs, &d->cap, d->len + 1, sizeof(*grown))
                                       : NULL;
    if (!grown)
        return false;
    d->exprs = grown;
    d->exprs[d->len++] = e;
    return true;
}

/* A data source of another language; unknown ones are taken for Prometheus. */
static bool other_language(const json_t *o)
{
    static const char *const others[] = {"loki",       "influx",  "elasticsearch", "sql",
                                         "postgres",   "tempo",   "jaeger",        "graphite",
                                         "cloudwatch", "testdata"};
    const json_t *source = json_object_get(o, "datasource");
    const char *type = json_is_object(source) ? text_at(source, "type") : "";

    for (size_t i = 0; i < ARRAY_LEN(others); i++)
        if (strstr(type, others[i]))
            return true;
    return false;
}

static const char *panel_name(struct dashboard *d, const json_t *panel)
{
    const char *title = text_at(panel, "title");

    return place(d, "panel %d%s%.100s%s", (int)json_integer_value(json_object_get(panel, "id")),
                 *title ? " '" : "", title, *title ? "'" : "");
}

static bool gather_targets(struct dashboard *d, json_t *panel)
{
    json_t *targets = json_object_get(panel, "targets");
    const char *name = panel_name(d, panel);

    for (size_t i = 0; i < json_array_size(targets); i++) {
        json_t *target = json_array_get(targets, i);
        const char *expr = text_at(target, "expr"), *ref = text_at(target, "refId");
        if (!*expr || other_language(target) || other_language(panel))
            continue;
        struct dashboard_expr e = {DASHBOARD_TARGET, target, "expr", expr, panel, name, 0};
        if (*ref)
            e.place = place(d, "%s, %.20s", name, ref);
        if (!add(d, e))
            return false;
    }
    return true;
}

static bool gather_panels(struct dashboard *d, json_t *panels, unsigned depth)
{
    bool good = depth < DASHBOARD_DEPTH_MAX;

    for (size_t i = 0; good && i < json_array_size(panels); i++) {
        json_t *panel = json_array_get(panels, i);
        const json_t *library = json_object_get(panel, "libraryPanel");
        if (library) {
            report_add(d->report, REPORT_ERROR, 0, panel_name(d, panel),
                       "put the panel itself into the file: unlink it, or export the dashboard for "
                       "sharing with another instance",
                       "it is the library panel '%.100s' (%.60s), which is not in the file",
                       text_at(library, "name"), text_at(library, "uid"));
            continue;
        }
        d->panels += strcmp(text_at(panel, "type"), "row") != 0;
        good = gather_targets(d, panel) &&
               gather_panels(d, json_object_get(panel, "panels"), depth + 1);
    }
    return good;
}

static bool gather_variables(struct dashboard *d, json_t *list)
{
    for (size_t i = 0; i < json_array_size(list); i++) {
        json_t *v = json_array_get(list, i), *query = json_object_get(v, "query");
        struct dashboard_expr e = {DASHBOARD_VARIABLE,
                                   v,
                                   "query",
                                   text_at(v, "query"),
                                   NULL,
                                   place(d, "variable %.60s", text_at(v, "name")),
                                   0};
        if (strcmp(text_at(v, "type"), "query") || other_language(v))
            continue;
        if (json_is_object(query)) {
            e.holder = query;
            e.text = text_at(query, "query");
        }
        if (*e.text && !add(d, e))
            return false;
        e.holder = v;
        e.key = "definition";
        e.text = text_at(v, "definition");
        if (*e.text && !add(d, e))
            return false;
    }
    return true;
}

static bool gather_annotations(struct dashboard *d, json_t *list)
{
    for (size_t i = 0; i < json_array_size(list); i++) {
        json_t *a = json_array_get(list, i), *target = json_object_get(a, "target");
        json_t *holder = *text_at(a, "expr") ? a : target;
        if (!*text_at(holder, "expr") || other_language(a))
            continue;
        if (!add(d, (struct dashboard_expr){DASHBOARD_ANNOTATION, holder, "expr",
                                            text_at(holder, "expr"), NULL,
                                            place(d, "annotation %.60s", text_at(a, "name")), 0}))
            return false;
    }
    return true;
}

static bool gather(struct dashboard *d, json_t *o)
{
    json_t *rows = json_object_get(o, "rows"); /* before Grafana 5 */
    bool good = gather_panels(d, json_object_get(o, "panels"), 0);

    for (size_t i = 0; good && i < json_array_size(rows); i++)
        good = gather_panels(d, json_object_get(json_array_get(rows, i), "panels"), 0);
    return good && gather_variables(d, json_object_get(json_object_get(o, "templating"), "list")) &&
           gather_annotations(d, json_object_get(json_object_get(o, "annotations"), "list"));
}

/* jansson recurses once a level: depth is looked at before it sees the text. */
static bool too_deep(struct str text)
{
    size_t depth = 0;
    bool quoted = false;

    for (size_t i = 0; i < text.len; i++) {
        char c = text.ptr[i];
        if (quoted && c == '\\')
            i++;
        else if (c == '"')
            quoted = !quoted;
        else if (!quoted && (c == '{' || c == '['))
            depth++;
        else if (!quoted && (c == '}' || c == ']') && depth)
            depth--;
        if (depth > 2 * DASHBOARD_DEPTH_MAX)
            return true;
    }
    return false;
}

static int parse(const char *file, struct str text, json_t **ret, struct error *err)
{
    json_error_t why;

    if (text.len > DASHBOARD_BYTES_MAX)
        return error_set(err, -E2BIG, "%s: larger than %zu MiB", file, DASHBOARD_BYTES_MAX >> 20);
    if (too_deep(text))
        return error_set(err, -EINVAL, "%s: nested deeper than %d levels", file,
                         2 * DASHBOARD_DEPTH_MAX);
    *ret = json_loadb(text.ptr, text.len, 0, &why);
    return *ret ? 0
                : error_set(err, -EINVAL, "%s:%d: column %d: %s", file, MAX(1, why.line),
                            MAX(1, why.column), why.text);
}

static int sound(const char *file, json_t *o, struct error *err)
{
    if (json_is_object(json_object_get(o, "model")) && json_object_get(o, "kind"))
        return error_set(
            err, -EINVAL,
            "%s: a library panel ('%.80s'), not a dashboard: check the dashboards that "
            "hold it, exported with the panel in them",
            file, text_at(o, "name"));
    if (json_is_array(json_object_get(o, "panels")) || json_is_array(json_object_get(o, "rows")))
        return 0;
    return error_set(err, -EINVAL, "%s: no dashboard: it has no \"panels\"", file);
}

int dashboard_load(const char *file, struct str text, struct report *report, struct dashboard *ret,
                   struct error *err)
{
    struct dashboard *d = ret;
    size_t from = 0;

    *d = (struct dashboard){.text = text, .report = report};
    arena_init(&d->arena, 0);
    int code = parse(file, text, &d->root, err);
    json_t *inner = json_object_get(d->root, "dashboard");
    json_t *o = json_is_object(inner) ? inner : d->root;
    if (!code)
        code = sound(file, o, err);
    if (!code && !gather(d, o))
        code = error_set(err, -E2BIG, "%s: more than %d expressions, or nested too deeply", file,
                         DASHBOARD_EXPRS_MAX);
    for (size_t i = 0; i < d->len && !code; i++)
        d->exprs[i].line = line_of(d, d->exprs[i].text, &from);
    if (code)
        dashboard_free(d);
    return code;
}

void dashboard_free(struct dashboard *d)
{
    json_decref(d->root);
    arena_fini(&d->arena);
    free(d->exprs);
    *d = (struct dashboard){0};
}

/* Blanks before the first key: how the file is indented; 0: it is not. */
static size_t indent_of(struct str text)
{
    const char *line = memchr(text.ptr, '\n', text.len);
    size_t n = 0;

    while (line && line + 1 + n < text.ptr + text.len && line[1 + n] == ' ')
        n++;
    return MIN(n, (size_t)8);
}

int dashboard_print(const struct dashboard *d, struct buf *to)
{
    size_t indent = indent_of(d->text);
    char *text = json_dumps(d->root, indent ? JSON_INDENT(indent) : JSON_COMPACT);

    if (text)
        buf_text(to, text);
    free(text);
    buf_char(to, '\n');
    return text && !to->failed ? 0 : -ENOMEM;
}

/* ---- parts ---- */

void dashboard_variable_query(struct str text, struct variable_query *ret)
{
    static const char *const heads[] = {"label_values(", "query_result("};
    struct str t = str_trim(text);

    *ret = (struct variable_query){.expr = t};
    for (size_t i = 0; i < ARRAY_LEN(heads); i++) {
        struct str head = str_of(heads[i]);
        if (!str_starts(t, head) || t.ptr[t.len - 1] != ')')
            continue;
        ret->head = head;
        ret->tail = STR(")");
        ret->expr = str_trim(str_make(t.ptr + head.len, t.len - head.len - 1));
        if (i == 0) { /* the label stands behind the last comma outside braces */
            const char *comma = memrchr(ret->expr.ptr, ',', ret->expr.len);
            const char *brace = memrchr(ret->expr.ptr, '}', ret->expr.len);
            if (!comma || (brace && comma < brace)) {
                ret->label = ret->expr;
                ret->expr = STR("");
                return;
            }
            size_t before = (size_t)(comma - ret->expr.ptr);
            ret->label = str_trim(str_make(comma + 1, ret->expr.len - before - 1));
            ret->expr = str_trim(str_make(ret->expr.ptr, before));
            ret->comma = STR(", ");
        }
        return;
    }
    if (str_starts(t, STR("label_names(")) || str_starts(t, STR("metrics(")))
        *ret = (struct variable_query){.head = t};
}

const char *dashboard_panel_unit(const json_t *panel)
{
    const json_t *defaults = json_object_get(json_object_get(panel, "fieldConfig"), "defaults");
    const char *unit = text_at(defaults, "unit");

    if (!*unit)
        unit = text_at(json_array_get(json_object_get(panel, "yaxes"), 0), "format");
    if (!*unit)
        unit = text_at(panel, "format");
    return *unit ? unit : NULL;
}
