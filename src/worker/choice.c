#include "worker/choice.h"

#include "worker/label.h"

#include "metric/metric.h"

#define COLUMNS       3
#define DRIVER_LABEL  "DCGM_FI_DRIVER_VERSION"
#define UNKNOWN_BYTES 2048 /* of the list of fields that are not given */

static const char *const labels[] = {
    "DCGM_FI_DEV_BRAND",
    "DCGM_FI_DEV_ECC_INFOROM_VER",
    "DCGM_FI_DEV_INFOROM_IMAGE_VER",
    "DCGM_FI_DEV_OEM_INFOROM_VER",
    "DCGM_FI_DEV_POWER_INFOROM_VER",
    "DCGM_FI_DEV_SERIAL",
    "DCGM_FI_DEV_VBIOS_VERSION",
    DRIVER_LABEL,
    "DCGM_FI_NVML_VERSION",
    NULL,
};

const char *const *choice_labels(void)
{
    return labels;
}

const struct choice_field *choice_find(const struct choice *c, const char *name)
{
    for (size_t i = 0; i < c->len; i++)
        if (strcmp(c->fields[i].name, name) == 0)
            return &c->fields[i];
    return NULL;
}

/* ---- records ---- */

struct reader {
    struct str rest;
    unsigned line; /* of the record that is read, its first */
    unsigned next; /* of what follows */
    struct buf text;
    struct str columns[COLUMNS];
    size_t ends[COLUMNS];
    unsigned count; /* columns of the record, also those beyond COLUMNS */
};

static char take(struct reader *r)
{
    char c = *r->rest.ptr;

    r->rest.ptr++;
    r->rest.len--;
    r->next += c == '\n';
    return c;
}

static bool at_end_of_line(const struct reader *r)
{
    struct str rest = r->rest;

    return !rest.len || *rest.ptr == '\n' || str_starts(rest, STR("\r\n")) || str_is(rest, "\r");
}

/* Behind the opening quote: up to the closing one, with "" for a quote. */
static int read_quoted(struct reader *r, struct error *err)
{
    while (r->rest.len) {
        if (str_starts(r->rest, STR("\r\n")))
            take(r);
        char c = take(r);
        if (c != '"') {
            buf_char(&r->text, c);
        } else if (r->rest.len && *r->rest.ptr == '"') {
            buf_char(&r->text, take(r));
        } else {
            if (!at_end_of_line(r) && *r->rest.ptr != ',')
                break;
            return 0;
        }
    }
    return error_set(err, -EINVAL, "line %u: a quoted column does not end, or goes on behind it",
                     r->line);
}

static int read_column(struct reader *r, struct error *err)
{
    if (r->rest.len && *r->rest.ptr == '"') {
        take(r);
        return read_quoted(r, err);
    }
    while (!at_end_of_line(r) && *r->rest.ptr != ',') {
        char c = take(r);
        if (c == '"')
            return error_set(err, -EINVAL,
                             "line %u: a quote within a column, or behind a blank: put the whole "
                             "column into quotes, and quotes in it twice",
                             r->line);
        buf_char(&r->text, c);
    }
    return 0;
}

static void skip_line(struct reader *r)
{
    while (r->rest.len && take(r) != '\n')
        ;
}

/* The next record that is no comment. 1: read, 0: the end, else an error. */
static int read_record(struct reader *r, struct error *err)
{
    while (r->rest.len && (at_end_of_line(r) || *r->rest.ptr == '#'))
        skip_line(r);
    if (!r->rest.len)
        return 0;
    r->line = r->next;
    r->count = 0;
    for (size_t i = 0; i < COLUMNS; i++)
        r->columns[i] = STR("");
    buf_reset(&r->text);
    for (bool more = true; more; r->count++) {
        int code = read_column(r, err);
        if (code)
            return code;
        if (r->count < COLUMNS)
            r->ends[r->count] = r->text.len;
        more = r->rest.len && *r->rest.ptr == ',';
        if (more)
            take(r);
    }
    skip_line(r);
    if (r->text.failed)
        return error_errno(err, -ENOMEM, "line %u", r->line);
    for (size_t i = 0, from = 0; i < MIN(r->count, (unsigned)COLUMNS); from = r->ends[i++])
        r->columns[i] = str_trim(str_make(buf_str(&r->text).ptr + from, r->ends[i] - from));
    return 1;
}

/* ---- meaning ---- */

static bool is_field_name(struct str name)
{
    bool valid = str_starts(name, STR("DCGM_FI_")) || str_starts(name, STR("DCGM_EXP_"));

    for (size_t i = 0; i < name.len; i++) {
        char c = name.ptr[i];
        valid = valid && ((c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_');
    }
    return valid;
}

static int place_of_label(struct str name)
{
    for (int i = 0; labels[i]; i++)
        if (str_is(name, labels[i]))
            return i;
    return -1;
}

static void add_unknown(struct buf *to, struct str name, unsigned line)
{
    buf_printf(to, "%s%.*s (line %u)", to->len ? ", " : "", STR_ARG(name), line);
}

static int add_family(struct choice *c, const struct reader *r, struct arena *a, struct error *err)
{
    struct choice_field *to = &c->fields[c->len];
    const struct catalogue_family *family = catalogue_find(r->columns[0]);
    const struct choice_field *before = family ? choice_find(c, family->name) : NULL;

    if (before)
        return error_set(err, -EINVAL, "line %u: %s stands in line %u already", r->line,
                         before->name, before->line);
    if (!str_is_utf8(r->columns[2]))
        return error_set(err, -EINVAL, "line %u: the help is not UTF-8", r->line);
    *to = (struct choice_field){
        .name = family ? family->name : NULL,
        .type = str_is(r->columns[1], "counter") ? "counter" : "gauge",
        .help = arena_strndup(a, r->columns[2].ptr, r->columns[2].len),
        .line = r->line,
    };
    if (!to->help)
        return error_errno(err, -ENOMEM, "line %u", r->line);
    c->len++;
    return 0;
}

static int add_record(struct choice *c, const struct reader *r, struct arena *a,
                      struct buf *unknown, struct error *err)
{
    struct str name = r->columns[0], type = r->columns[1];
    bool label = str_is(type, "label");

    if (str_starts(name, STR("#"))) /* a comment behind blanks */
        return 0;
    if (r->count != COLUMNS)
        return error_set(err, -EINVAL, "line %u: %u columns, not three: FIELD, type, help", r->line,
                         r->count);
    if (!is_field_name(name))
        return error_set(err, -EINVAL,
                         "line %u: '%.*s' is no name of a field (DCGM_FI_... or DCGM_EXP_...)",
                         r->line, (int)MIN(name.len, (size_t)80), name.ptr);
    if (!label && !str_is(type, "gauge") && !str_is(type, "counter"))
        return error_set(err, -EINVAL, "line %u: the type is gauge, counter or label, not '%.*s'",
                         r->line, (int)MIN(type.len, (size_t)80), type.ptr);
    int place = place_of_label(name);
    bool given = label ? place >= 0 : place < 0 && catalogue_find(name);
    if (!given)
        add_unknown(unknown, name, r->line);
    else if (label)
        c->labels |= 1u << place;
    else
        return add_family(c, r, a, err);
    return 0;
}

/* Those of pod and job come only where there is room for them. */
static bool gives_way(struct str label)
{
    return str_is(label, "container?") || str_is(label, "namespace?") || str_is(label, "pod?");
}

/* Every series has all the labels that were chosen, beside its own. */
static int check_label_count(const struct choice *c, struct error *err)
{
    unsigned chosen = 0;

    for (unsigned bits = c->labels; bits; bits &= bits - 1)
        chosen++;
    for (size_t i = 0; i < c->len; i++) {
        const struct catalogue_family *family = catalogue_find(str_of(c->fields[i].name));
        unsigned count = chosen;
        for (struct str rest = str_of(family ? family->labels : ""); rest.ptr;) {
            struct str label = str_cut(&rest, ',');
            count += !str_starts(label, STR(DRIVER_LABEL)) && !gives_way(label);
        }
        if (count > LABELS_PER_SERIES)
            return error_set(err, -EINVAL,
                             "line %u: with %u fields of type label %s would have %u labels; a "
                             "series has %d at most",
                             c->fields[i].line, chosen, c->fields[i].name, count,
                             LABELS_PER_SERIES);
    }
    return 0;
}

static int finish(struct choice *c, struct buf *unknown, struct arena *a, struct error *err)
{
    int code = check_label_count(c, err);

    if (unknown->failed) { /* so many that a list would help nobody */
        buf_reset(unknown);
        buf_text(unknown, "very many");
    }
    if (code)
        return code;
    if (!c->len)
        return error_set(err, -EINVAL, "no field that this worker gives%s%.*s",
                         unknown->len ? ": unknown are " : "", (int)MIN(unknown->len, (size_t)120),
                         buf_str(unknown).ptr);
    c->unknown = arena_strndup(a, buf_str(unknown).ptr, unknown->len);
    return c->unknown ? 0 : error_errno(err, -ENOMEM, "fields");
}

unsigned choice_label_bits(const struct choice *c)
{
    return c ? c->labels : 1u << place_of_label(STR(DRIVER_LABEL));
}

int choice_parse(struct str text, struct arena *a, struct choice **ret, struct error *err)
{
    struct reader r = {.rest = text, .next = 1};
    struct choice *c = arena_new(a, struct choice);
    struct buf unknown;
    int code;

    if (text.len > CHOICE_MAX_BYTES)
        return error_set(err, -EINVAL, "larger than %zu bytes", CHOICE_MAX_BYTES);
    if (c)
        c->fields = arena_calloc(a, catalogue_len(), sizeof(*c->fields));
    if (!c || !c->fields)
        return error_errno(err, -ENOMEM, "fields");
    if (str_starts(r.rest, STR("\xef\xbb\xbf"))) /* a byte order mark, as some editors leave it */
        r.rest = str_make(r.rest.ptr + 3, r.rest.len - 3);
    buf_init(&r.text, 0);
    buf_init(&unknown, UNKNOWN_BYTES);
    while ((code = read_record(&r, err)) == 1 && !(code = add_record(c, &r, a, &unknown, err)))
        ;
    if (!code)
        code = finish(c, &unknown, a, err);
    buf_fini(&r.text);
    buf_fini(&unknown);
    if (!code)
        *ret = c;
    return code;
}

int choice_read(const char *path, struct arena *a, struct choice **ret, struct error *err)
{
    struct buf text;

    buf_init(&text, 0);
    int code = file_read(path, CHOICE_MAX_BYTES, &text, err);
    if (!code) {
        code = choice_parse(buf_str(&text), a, ret, err);
        if (code)
            code = error_in(err, "%s", path);
    }
    buf_fini(&text);
    return code;
}
