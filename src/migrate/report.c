#include "migrate/report.h"

#include <stdarg.h>

static const char *const levels[] = {"ok", "note", "warning", "error"};

const char *report_level_text(enum report_level level)
{
    return levels[level];
}

void report_init(struct report *r)
{
    *r = (struct report){.file = ""};
    arena_init(&r->arena, 0);
}

void report_fini(struct report *r)
{
    arena_fini(&r->arena);
    free(r->items);
    *r = (struct report){0};
}

static const char *keep(struct report *r, const char *text, size_t len)
{
    const char *copy = text && len ? arena_strndup(&r->arena, text, len) : "";
    return copy ? copy : "(out of memory)";
}

void report_file(struct report *r, const char *file)
{
    r->file = keep(r, file, strlen(file));
    r->files++;
}

static void add(struct report *r, enum report_level level, size_t line, size_t column,
                const char *place, const char *advice, const char *text)
{
    r->count[level]++;
    if (r->len == r->cap) {
        struct report_item *grown = r->len < REPORT_ITEMS_MAX
                                        ? array_grow(r->items, &r->cap, r->len + 1, sizeof(*grown))
                                        : NULL;
        if (!grown) {
            r->left_out++;
            return;
        }
        r->items = grown;
    }
    r->items[r->len++] = (struct report_item){level,
                                              r->file,
                                              line,
                                              column,
                                              keep(r, place, place ? strlen(place) : 0),
                                              keep(r, text, strlen(text)),
                                              keep(r, advice, advice ? strlen(advice) : 0)};
}

void report_add(struct report *r, enum report_level level, size_t line, const char *place,
                const char *advice, const char *format, ...)
{
    char text[1000];
    va_list args;

    va_start(args, format);
    vsnprintf(text, sizeof(text), format, args);
    va_end(args);
    add(r, level, line, 0, place, advice, text);
}

void report_text(struct report *r, enum report_level level, const char *what)
{
    struct str text = str_of(what), file = str_of(r->file);
    uint64_t line = 0, column = 0;

    if (text.len > file.len && str_starts(text, file) && text.ptr[file.len] == ':') {
        text.ptr += file.len + 1;
        text.len -= file.len + 1;
        struct str rest = text, digits = str_cut(&rest, ':');
        if (rest.ptr && num_parse_u64(digits, &line))
            text = rest;
        digits = line ? str_cut(&rest, ':') : str_make(NULL, 0);
        if (rest.ptr && num_parse_u64(digits, &column))
            text = rest;
    }
    text = str_trim(text);
    add(r, level, line, column, NULL, NULL, keep(r, text.ptr, text.len));
}

void report_error(struct report *r, const struct error *err)
{
    report_text(r, REPORT_ERROR, err->text);
}

void report_print(const struct report *r, bool verbose, struct buf *to)
{
    for (size_t i = 0; i < r->len; i++) {
        const struct report_item *it = &r->items[i];
        if (it->level == REPORT_OK && !verbose)
            continue;
        buf_text(to, it->file);
        if (it->line)
            buf_printf(to, ":%zu", it->line);
        if (it->column)
            buf_printf(to, ":%zu", it->column);
        buf_printf(to, ": %s: ", levels[it->level]);
        if (*it->place)
            buf_printf(to, "%s: ", it->place);
        buf_printf(to, "%s\n", it->text);
        if (*it->advice)
            buf_printf(to, "    -> %s\n", it->advice);
    }
    if (r->left_out)
        buf_printf(to, "%zu further findings are not shown\n", r->left_out);
    buf_printf(to, "%zu file%s looked at: %zu error%s, %zu warning%s\n", r->files,
               r->files == 1 ? "" : "s", r->count[REPORT_ERROR],
               r->count[REPORT_ERROR] == 1 ? "" : "s", r->count[REPORT_WARNING],
               r->count[REPORT_WARNING] == 1 ? "" : "s");
}

void report_print_json(const struct report *r, struct buf *to)
{
    buf_printf(to, "{\"files\":%zu,\"errors\":%zu,\"warnings\":%zu,\"leftOut\":%zu,\"items\":[",
               r->files, r->count[REPORT_ERROR], r->count[REPORT_WARNING], r->left_out);
    for (size_t i = 0; i < r->len; i++) {
        const struct report_item *it = &r->items[i];
        buf_printf(to, "%s\n{\"level\":\"%s\",\"file\":", i ? "," : "", levels[it->level]);
        buf_json(to, str_of(it->file));
        if (it->line)
            buf_printf(to, ",\"line\":%zu", it->line);
        if (it->column)
            buf_printf(to, ",\"column\":%zu", it->column);
        if (*it->place) {
            buf_text(to, ",\"place\":");
            buf_json(to, str_of(it->place));
        }
        buf_text(to, ",\"text\":");
        buf_json(to, str_of(it->text));
        if (*it->advice) {
            buf_text(to, ",\"advice\":");
            buf_json(to, str_of(it->advice));
        }
        buf_char(to, '}');
    }
    buf_text(to, "]}\n");
}
