#include "doctor/gpu_series.h"

#include "metric/metric.h"

#include <strings.h>

/* Labels that name the GPU, the machine or the exporter, not what is measured. */
static const char *const names_of_things[] = {
    "__name__", "gpu",          "gpu_index", "index",      "UUID",
    "uuid",     "gpu_uuid",     "hostname",  "Hostname",   "instance",
    "job",      "modelName",    "device",    "pci_bus_id", "DCGM_FI_DRIVER_VERSION",
    "gpu_name", "minor_number", "gpu_type"};

static bool is_listed(struct str name)
{
    for (size_t i = 0; i < ARRAY_LEN(names_of_things); i++)
        if (str_is(name, names_of_things[i]))
            return true;
    return false;
}

static void note_gpu(struct gpu_series *s, struct str name, struct str value)
{
    uint64_t number;

    if (str_is(name, "gpu_index") || str_is(name, "gpu")) {
        if (num_parse_u64(value, &number) && number < 4096)
            s->gpu = (int)number;
    } else if (str_is(name, "UUID") || str_is(name, "uuid") || str_is(name, "gpu_uuid")) {
        s->uuid = str_starts(value, STR("GPU-")) ? str_make(value.ptr + 4, value.len - 4) : value;
    }
}

/* False when it is of no GPU, or of a process. */
static bool classify(const struct labels *labels, struct gpu_series *s, struct buf *rest)
{
    buf_reset(rest);
    for (size_t i = 0; i < labels->len; i++) {
        struct str name = labels->items[i].name, value = labels->items[i].value;
        if (str_is(name, "pid"))
            return false;
        note_gpu(s, name, value);
        if (is_listed(name))
            continue;
        buf_str_add(rest, name);
        buf_char(rest, '=');
        buf_str_add(rest, value);
        buf_char(rest, ',');
    }
    return s->gpu >= 0 || s->uuid.len;
}

static int add(struct gpu_series_list *list, const struct exposition_line *line, struct arena *a,
               size_t *cap, struct buf *rest, struct error *err)
{
    struct gpu_series s = {.name = line->name, .gpu = -1, .value = line->value};
    struct labels labels;

    if (str_ends(line->name, STR("_info")) || exposition_labels(line->series, a, &labels, NULL) ||
        !classify(&labels, &s, rest) || rest->failed)
        return 0;
    const char *kept = arena_strndup(a, buf_str(rest).ptr, rest->len);
    if (!kept)
        return error_errno(err, -ENOMEM, "series");
    s.rest = str_make(kept, rest->len);
    if (list->len == SERIES_MAX)
        return error_set(err, -E2BIG, "more than %d series of GPUs", SERIES_MAX);
    if (list->len == *cap) {
        size_t more = *cap ? *cap * 2 : 256;
        struct gpu_series *grown = arena_calloc(a, more, sizeof(*grown));
        if (!grown)
            return error_errno(err, -ENOMEM, "series");
        if (list->len)
            memcpy(grown, list->items, list->len * sizeof(*grown));
        list->items = grown;
        *cap = more;
    }
    list->items[list->len++] = s;
    return 0;
}

int gpu_series_read(struct str text, struct arena *a, struct gpu_series_list *ret,
                    struct error *err)
{
    struct exposition e = {.rest = text};
    struct exposition_line line;
    struct buf rest;
    size_t cap = 0;
    int code, failed = 0;

    *ret = (struct gpu_series_list){0};
    buf_init(&rest, 4096);
    while (!failed && (code = exposition_next(&e, &line, NULL)) != 0) {
        if (code < 0)
            ret->skipped++;
        else if (line.kind == EXPOSITION_SAMPLE)
            failed = add(ret, &line, a, &cap, &rest, err);
        else if (line.kind == EXPOSITION_END)
            break;
    }
    buf_fini(&rest);
    return failed;
}

static bool same_gpu(const struct gpu_series *a, const struct gpu_series *b)
{
    if (a->uuid.len && b->uuid.len)
        return a->uuid.len == b->uuid.len && !strncasecmp(a->uuid.ptr, b->uuid.ptr, a->uuid.len);
    return a->gpu >= 0 && a->gpu == b->gpu;
}

const struct gpu_series *gpu_series_find(const struct gpu_series_list *list,
                                         const struct gpu_series *like)
{
    const struct gpu_series *only = NULL;
    size_t n = 0;

    for (size_t i = 0; i < list->len; i++) {
        const struct gpu_series *s = &list->items[i];
        if (!str_equal(s->name, like->name) || !same_gpu(s, like))
            continue;
        if (str_equal(s->rest, like->rest))
            return s;
        only = s;
        n++;
    }
    return n == 1 ? only : NULL;
}
