/* bridge_source.c - the table of equivalences, read for one name. */
#include "migrate/bridge_source.h"

static bool is_name_letter(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
}

/* kind="crc_flit" */
static void take_match(struct str text, struct str *ret_label, struct str *ret_value)
{
    struct str rest = text, label = str_cut(&rest, '=');

    if (rest.ptr && rest.len >= 2) {
        *ret_label = label;
        *ret_value = str_make(rest.ptr + 1, rest.len - 2);
    }
}

/* The names of an expression, each in front of "{$}" or "{kind="x"$}". */
static void take_parts(const char *side, struct bridge_source *s)
{
    const char *brace;

    for (const char *at = side; (brace = strchr(at, '{')) && s->len < BRIDGE_PARTS_MAX;) {
        const char *end = strchr(brace, '$'), *start = brace;
        if (!end)
            break;
        while (start > side && is_name_letter(start[-1]))
            start--;
        s->parts[s->len].name = str_make(start, (size_t)(brace - start));
        take_match(str_make(brace + 1, (size_t)(end - brace - 1)), &s->parts[s->len].label,
                   &s->parts[s->len].value);
        s->len++;
        at = end;
    }
    if (strstr(side, " or "))
        s->way = BRIDGE_FIRST;
    else
        s->way = s->len > 1                              ? BRIDGE_ALL
                 : str_starts(str_of(side), STR("sum ")) ? BRIDGE_SUM
                                                         : BRIDGE_FIRST;
}

static void read_row(const struct equivalence *e, enum schema_name to, struct bridge_source *s)
{
    const char *side = to == TO_DCGM ? e->all_smi : e->dcgm;

    *s = (struct bridge_source){.to = to, .factor = to == TO_DCGM ? e->scale : 1 / e->scale};
    if (equivalence_is_expression(side)) {
        take_parts(side, s);
    } else {
        s->parts[0].name = str_of(side);
        s->len = 1;
    }
    if (!e->match)
        return;
    if (to == TO_DCGM)
        take_match(str_of(e->match), &s->parts[0].label, &s->parts[0].value);
    else
        take_match(str_of(e->match), &s->label, &s->value);
}

size_t bridge_sources(struct str name, struct bridge_source rows[BRIDGE_ROWS_MAX])
{
    const struct equivalence *e;
    double newer = 1;
    size_t len = 0;

    for (size_t i = 0; i < metric_renamings_len; i++)
        if (str_is(name, metric_renamings[i].new_name)) {
            newer = metric_renamings[i].scale;
            name = str_of(metric_renamings[i].old_name);
            break;
        }
    /* The first row that a dcgm name is the source of in the other direction gives its value. */
    e = equivalence_find(name, TO_ALL_SMI, 0);
    if (e) {
        read_row(e, TO_DCGM, &rows[0]);
        rows[0].factor *= newer;
        return rows[0].len ? 1 : 0;
    }
    for (size_t i = 0; len < BRIDGE_ROWS_MAX && (e = equivalence_find(name, TO_DCGM, i)); i++) {
        read_row(e, TO_ALL_SMI, &rows[len]);
        len += rows[len].len > 0;
    }
    return len;
}

struct str bridge_key(enum schema_name of)
{
    return of == TO_DCGM ? STR("UUID") : STR("gpu_uuid");
}

struct str bridge_label_of_source(enum schema_name to, struct str label)
{
    bool source_has = false;

    for (size_t i = 0; i < label_equivalences_len; i++) {
        const struct label_equivalence *l = &label_equivalences[i];
        const char *asked = to == TO_DCGM ? l->dcgm : l->all_smi;
        const char *source = to == TO_DCGM ? l->all_smi : l->dcgm;
        if (asked && str_is(label, asked))
            return source ? str_of(source) : STR("");
        source_has = source_has || (source && str_is(label, source));
    }
    return source_has ? STR("") : label; /* what the source calls so is something else */
}

/* Labels of the source that are translated or say what the name asked for says. */
static bool goes(enum schema_name to, struct str label)
{
    for (size_t i = 0; i < label_equivalences_len; i++) {
        const char *source =
            to == TO_DCGM ? label_equivalences[i].all_smi : label_equivalences[i].dcgm;
        if (source && str_is(label, source))
            return true;
    }
    return str_is(label, LABEL_NAME) || (to == TO_DCGM && str_is(label, "kind"));
}

int bridge_labels(const struct bridge_source *s, struct labels from, struct str name,
                  struct arena *a, struct labels *ret, struct error *err)
{
    struct label_builder b;
    struct labels view;

    label_builder_init(&b, from);
    for (size_t i = 0; i < from.len; i++)
        if (goes(s->to, from.items[i].name))
            label_builder_set(&b, from.items[i].name, STR(""));
    for (size_t i = 0; i < label_equivalences_len; i++) {
        const struct label_equivalence *l = &label_equivalences[i];
        const char *asked = s->to == TO_DCGM ? l->dcgm : l->all_smi;
        const char *source = s->to == TO_DCGM ? l->all_smi : l->dcgm;
        if (asked && source && labels_get(from, str_of(source)).len)
            label_builder_set(&b, str_of(asked), labels_get(from, str_of(source)));
    }
    if (s->to == TO_ALL_SMI && labels_get(from, STR("hostname")).len) /* later dcgm-exporters */
        label_builder_set(&b, STR("hostname"), labels_get(from, STR("hostname")));
    if (s->to == TO_DCGM && labels_get(from, STR("gpu_index")).len) {
        struct str index = labels_get(from, STR("gpu_index"));
        char *device = arena_alloc(a, index.len + 6);
        if (!device)
            return error_set(err, -ENOMEM, "the query's memory is used up");
        memcpy(device, "nvidia", 6);
        memcpy(device + 6, index.ptr, index.len);
        label_builder_set(&b, STR("device"), str_make(device, index.len + 6));
    }
    if (s->label.len)
        label_builder_set(&b, s->label, s->value);
    label_builder_set(&b, STR(LABEL_NAME), name);
    int code = label_builder_view(&b, &view, err);
    if (code)
        return code;
    return labels_copy(view, a, ret) ? error_set(err, -ENOMEM, "the query's memory is used up") : 0;
}
