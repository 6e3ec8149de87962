#include "migrate/usage.h"

#include "migrate/equivalence.h"
#include "migrate/variables.h"

#include "metric/metric.h"

#include <ctype.h>
#include <dirent.h>
#include <sys/stat.h>

#define EXPR_MEMORY_MAX ((size_t)64 << 20)

void usage_init(struct usage *u)
{
    *u = (struct usage){0};
    arena_init(&u->arena, 0);
    map_init(&u->metrics);
}

void usage_fini(struct usage *u)
{
    size_t at = 0;

    for (struct map_entry *e; (e = map_next(&u->metrics, &at));)
        free(((struct usage_metric *)e->value)->places);
    map_fini(&u->metrics);
    arena_fini(&u->arena);
}

static int count(struct usage *u, const char *file, struct str name)
{
    struct usage_metric *m = map_get(&u->metrics, name);

    if (!m) {
        m = arena_new(&u->arena, struct usage_metric);
        char *copy = m ? arena_strndup(&u->arena, name.ptr, name.len) : NULL;
        if (!copy)
            return -ENOMEM;
        m->name = str_make(copy, name.len);
        if (map_put(&u->metrics, m->name, m, NULL))
            return -ENOMEM;
    }
    if (m->len && !strcmp(m->places[m->len - 1].file, file)) {
        m->places[m->len - 1].count++;
        return 0;
    }
    struct usage_place *grown = array_grow(m->places, &m->cap, m->len + 1, sizeof(*grown));
    if (!grown)
        return -ENOMEM;
    m->places = grown;
    m->places[m->len++] = (struct usage_place){file, 1};
    return 0;
}

/* ---- expressions ---- */

static bool exporters(struct str name)
{
    return str_starts(name, STR("DCGM_")) || str_starts(name, STR("all_smi_")) ||
           str_starts(name, STR("algalon_"));
}

/* Under these keys a text is an expression; under others it must name a metric of an exporter. */
static bool holds_expression(struct str key)
{
    static const char *const keys[] = {"expr",       "query",        "promql",
                                       "definition", "metricsQuery", "seriesQuery"};

    for (size_t i = 0; i < ARRAY_LEN(keys); i++)
        if (str_is(key, keys[i]))
            return true;
    return false;
}

static struct str inside_call(struct str text)
{
    static const char *const heads[] = {"label_values(", "query_result("};

    for (size_t i = 0; i < ARRAY_LEN(heads); i++) {
        struct str head = str_of(heads[i]);
        if (!str_starts(text, head) || text.ptr[text.len - 1] != ')')
            continue;
        text = str_make(text.ptr + head.len, text.len - head.len - 1);
        const char *comma = i == 0 ? memrchr(text.ptr, ',', text.len) : NULL;
        if (comma)
            text.len = (size_t)(comma - text.ptr);
        break;
    }
    return str_trim(text);
}

static int words(struct usage *u, const char *file, struct str text);

static int expression(struct usage *u, const char *file, struct str key, struct str text)
{
    struct promql_outline outline = {0};
    struct promql_error why;
    struct variables *v = xnew(struct variables);
    struct arena arena;
    bool sure = holds_expression(key);
    int code = 0;

    arena_init(&arena, EXPR_MEMORY_MAX);
    text = inside_call(str_trim(text));
    if (text.len &&
        (variables_hide(text, &arena, v, &why) || promql_outline(v->text, &arena, &outline, &why)))
        code = words(u, file, text);
    for (size_t i = 0; i < outline.selector_len && !code; i++) {
        struct str name = outline.selectors[i].name;
        if (name.len && !variables_stand_in(name) && (sure || exporters(name)))
            code = count(u, file, name);
    }
    arena_fini(&arena);
    free(v);
    return code;
}

static int walk(struct usage *u, const char *file, struct str key, const struct yaml_node *node)
{
    int code = 0;

    if (node->kind == YAML_TEXT)
        return str_is(key, "record") ? 0 : expression(u, file, key, node->text);
    for (const struct yaml_item *it = node->first; it && !code; it = it->next)
        code = walk(u, file, node->kind == YAML_MAP ? it->key : key, it->value);
    return code;
}

/* Words of any text that begin as an exporter's names do. */
static int words(struct usage *u, const char *file, struct str text)
{
    int code = 0;

    for (size_t i = 0; i < text.len && !code;) {
        size_t from = i;
        while (i < text.len && (isalnum((unsigned char)text.ptr[i]) || text.ptr[i] == '_'))
            i++;
        struct str word = str_make(text.ptr + from, i - from);
        if (word.len && exporters(word) && catalogue_find(word))
            code = count(u, file, word);
        else if (str_starts(word, STR("DCGM_FI_")) && word.len > 11)
            code = count(u, file, word);
        i += i == from;
    }
    return code;
}

/* ---- files ---- */

int usage_add_text(struct usage *u, const char *file, struct str text)
{
    struct str name = str_of(file), start = str_trim(text);
    bool json = str_ends(name, STR(".json")) || (start.len && start.ptr[0] == '{');
    bool yaml = str_ends(name, STR(".yml")) || str_ends(name, STR(".yaml"));
    const struct yaml_node *root = NULL;
    struct arena arena;
    struct error err;

    const char *kept = arena_strndup(&u->arena, file, strlen(file));
    if (!kept)
        return -ENOMEM;
    u->files++;
    arena_init(&arena, (size_t)1 << 30);
    if (json && yaml_parse_json(file, text, &arena, &root, &err))
        root = NULL;
    else if (!json && yaml && yaml_parse(file, text, &arena, &root, &err))
        root = NULL; /* templates of charts and files of several documents are read as words */
    int code = root ? walk(u, kept, STR(""), root) : words(u, kept, text);
    arena_fini(&arena);
    return code;
}

static int add_file(struct usage *u, const char *path, bool asked_for, struct error *err)
{
    struct buf text;

    buf_init(&text, 0);
    int code = file_read(path, USAGE_FILE_MAX, &text, err);
    if (!asked_for && (code == -EFBIG || code == -EACCES)) {
        u->files_skipped++;
        code = 0;
    } else if (!code && text.len && memchr(text.ptr, '\0', text.len)) {
        u->files_skipped++;
    } else if (!code) {
        code = usage_add_text(u, path, buf_str(&text));
        if (code)
            error_errno(err, code, "%s", path);
    }
    buf_fini(&text);
    return code;
}

static int add_path(struct usage *u, const char *path, unsigned depth, struct error *err)
{
    struct dirent **entries = NULL;
    struct stat st;
    int code = 0;

    if (u->files >= USAGE_FILES_MAX)
        return error_set(err, -E2BIG, "%s: more than %d files", path, USAGE_FILES_MAX);
    if (depth ? lstat(path, &st) : stat(path, &st))
        return error_errno(err, -errno, "%s", path);
    if (S_ISREG(st.st_mode))
        return add_file(u, path, !depth, err);
    if (!S_ISDIR(st.st_mode) || depth > USAGE_DEPTH_MAX)
        return 0;
    int n = scandir(path, &entries, NULL, alphasort);
    if (n < 0)
        return error_errno(err, -errno, "%s", path);
    for (int i = 0; i < n; i++) {
        struct buf name;
        buf_init(&name, 0);
        buf_printf(&name, "%s/%s", path, entries[i]->d_name);
        char *whole = entries[i]->d_name[0] == '.' ? NULL : buf_take(&name);
        if (whole && !code)
            code = add_path(u, whole, depth + 1, err);
        free(whole);
        buf_fini(&name);
        free(entries[i]);
    }
    free(entries);
    return code;
}

int usage_add(struct usage *u, const char *path, struct error *err)
{
    return add_path(u, path, 0, err);
}

/* ---- printing ---- */

static int by_name(const void *a, const void *b)
{
    const struct usage_metric *const *x = a, *const *y = b;
    return str_compare((*x)->name, (*y)->name);
}

static const struct usage_metric **sorted(const struct usage *u)
{
    const struct usage_metric **list = xcalloc(u->metrics.len + 1, sizeof(*list));
    size_t at = 0, n = 0;

    for (struct map_entry *e; (e = map_next(&u->metrics, &at));)
        list[n++] = e->value;
    if (n)
        qsort((void *)list, n, sizeof(*list), by_name);
    return list;
}

/* What says the same in the other schema; "" when the name is of neither. */
static const char *counterpart(struct str name)
{
    const struct equivalence *e = equivalence_find(name, TO_ALL_SMI, 0);

    if (e)
        return e->all_smi;
    e = equivalence_find(name, TO_DCGM, 0);
    if (e)
        return e->dcgm;
    for (size_t i = 0; i < metric_renamings_len; i++)
        if (str_is(name, metric_renamings[i].new_name))
            return metric_renamings[i].old_name;
    return exporters(name) ? "(none)" : "";
}

void usage_print(const struct usage *u, struct buf *to)
{
    const struct usage_metric **list = sorted(u);

    for (size_t i = 0; i < u->metrics.len; i++) {
        const char *other = counterpart(list[i]->name);
        buf_printf(to, "%.*s%s%s\n", STR_ARG(list[i]->name), *other ? "  <->  " : "", other);
        for (size_t k = 0; k < list[i]->len; k++)
            buf_printf(to, "    %s (%zu)\n", list[i]->places[k].file, list[i]->places[k].count);
    }
    buf_printf(to, "%zu metrics in %zu files", u->metrics.len, u->files);
    if (u->files_skipped)
        buf_printf(to, "; %zu files were no text, too large or not to be read", u->files_skipped);
    buf_char(to, '\n');
    free((void *)list);
}

void usage_print_json(const struct usage *u, struct buf *to)
{
    const struct usage_metric **list = sorted(u);

    buf_printf(to, "{\"files\":%zu,\"skipped\":%zu,\"metrics\":[", u->files, u->files_skipped);
    for (size_t i = 0; i < u->metrics.len; i++) {
        buf_text(to, i ? ",\n{\"name\":" : "\n{\"name\":");
        buf_json(to, list[i]->name);
        buf_text(to, ",\"counterpart\":");
        buf_json(to, str_of(counterpart(list[i]->name)));
        buf_text(to, ",\"files\":{");
        for (size_t k = 0; k < list[i]->len; k++) {
            buf_text(to, k ? "," : "");
            buf_json(to, str_of(list[i]->places[k].file));
            buf_printf(to, ":%zu", list[i]->places[k].count);
        }
        buf_text(to, "}}");
    }
    buf_text(to, "]}\n");
    free((void *)list);
}
