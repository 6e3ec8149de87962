/* npu_tool.c - running the tools, and numbers as they print them. */
#include "npu_tool.h"

#define PATIENCE_MS 5000
#define BYTES_MAX   ((size_t)4 << 20)

const char *npu_tool_find(const struct host_paths *paths, const char *const *places, size_t len)
{
    const struct linux_edge *e = linux_edge_of(paths);

    for (size_t i = 0; i < len; i++)
        if (e->has_tool(e->context, paths->rootfs, places[i]))
            return places[i];
    return NULL;
}

int npu_tool_run(const struct host_paths *paths, const char *tool, const char *const *arguments,
                 struct buf *out, struct error *err)
{
    const struct linux_edge *e = linux_edge_of(paths);

    buf_init(out, BYTES_MAX);
    return e->run(e->context, paths->rootfs, tool, arguments, PATIENCE_MS, out, err);
}

/* ---- numbers with units ---- */

/* The number at the start, and what follows it without blanks. */
static bool number_and_unit(struct str text, double *ret, struct str *ret_unit)
{
    size_t n = 0;

    text = str_trim(text);
    while (n < text.len &&
           (strchr("+-.", text.ptr[n]) || (text.ptr[n] >= '0' && text.ptr[n] <= '9')))
        n++;
    *ret_unit = str_trim(str_make(text.ptr + n, text.len - n));
    return n && num_parse(str_make(text.ptr, n), ret);
}

static bool scaled(struct str text, const char *const *units, const double *scales, size_t len,
                   double *ret)
{
    struct str unit;

    if (!number_and_unit(text, ret, &unit))
        return false;
    for (size_t i = 0; i < len; i++)
        if (str_is(unit, units[i])) {
            *ret *= scales[i];
            return true;
        }
    return false;
}

double npu_tool_watts(struct str text)
{
    static const char *const units[] = {"", "W", "mW", "uW"};
    static const double scales[] = {1, 1, 1e-3, 1e-6};
    double value;

    return scaled(text, units, scales, ARRAY_LEN(units), &value) ? value : (double)NAN;
}

uint64_t npu_tool_bytes(struct str text)
{
    static const char *const units[] = {"", "B", "KiB", "MiB", "GiB", "KB", "MB", "GB"};
    static const double scales[] = {1, 1, 0x1p10, 0x1p20, 0x1p30, 1e3, 1e6, 1e9};
    double value;

    return scaled(text, units, scales, ARRAY_LEN(units), &value) && value >= 0 && value < 0x1p60
               ? (uint64_t)value
               : UINT64_MAX;
}

/* ---- values of a map ---- */

struct str npu_tool_text(const struct yaml_node *map, const char *key)
{
    const struct yaml_node *node = yaml_get(map, key);

    return node && node->kind == YAML_TEXT ? node->text : STR("");
}

double npu_tool_number(const struct yaml_node *map, const char *key, const char *unit)
{
    const char *const units[] = {"", unit};
    static const double scales[] = {1, 1};
    double value;

    return scaled(npu_tool_text(map, key), units, scales, 2, &value) ? value : (double)NAN;
}
