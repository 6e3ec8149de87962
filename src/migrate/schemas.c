/* schemas.c - the translators between the two schemas, by the table of equivalences. */
#include "migrate/equivalence.h"
#include "migrate/translate.h"

static const enum schema_name ways[] = {TO_ALL_SMI, TO_DCGM};

/* A name that dcgm-exporter 4.9 gives: the older one, and what its value is of the older one's. */
static const struct renaming *renamed(struct str name)
{
    for (size_t i = 0; i < metric_renamings_len; i++)
        if (str_is(name, metric_renamings[i].new_name))
            return &metric_renamings[i];
    return NULL;
}

/* type="corrected" of the table against the matchers of a selector. */
static bool asks_for(const struct promql_selector_place *s, const char *match,
                     const char **ret_label)
{
    static char names[3][16] = {"type", "reason", "scope"};
    struct str rest = str_of(match), label = str_cut(&rest, '=');

    if (rest.len < 2)
        return false;
    struct str value = str_make(rest.ptr + 1, rest.len - 2);
    for (size_t i = 0; i < ARRAY_LEN(names); i++)
        if (str_is(label, names[i]))
            *ret_label = names[i];
    for (size_t i = 0; i < s->len; i++)
        if (str_equal(s->matchers[i].name, label) && s->matchers[i].type == MATCH_EQUAL &&
            str_equal(s->matchers[i].value, value))
            return true;
    return false;
}

static enum translate_verdict to_dcgm(const struct promql_selector_place *s,
                                      struct translation *ret, const char **ret_reason)
{
    const struct equivalence *e;

    for (size_t i = 0; (e = equivalence_find(s->name, TO_DCGM, i)); i++) {
        const char *label = NULL;
        if (e->match && !asks_for(s, e->match, &label))
            continue;
        *ret = (struct translation){e->dcgm, NULL, label, 1 / e->scale};
        return TRANSLATE_CHANGE;
    }
    e = equivalence_find(s->name, TO_DCGM, 0);
    if (e) {
        *ret_reason = "what dcgm-exporter has as metrics of their own is one here: name which with "
                      "a matcher (type=, reason= or scope=)";
        return TRANSLATE_FAIL;
    }
    if (str_starts(s->name, STR("all_smi_")) || str_starts(s->name, STR("algalon_gpu_"))) {
        *ret_reason = "dcgm-exporter has nothing that says the same";
        return TRANSLATE_FAIL;
    }
    return TRANSLATE_KEEP;
}

static enum translate_verdict to_all_smi(const struct promql_selector_place *s,
                                         struct translation *ret, const char **ret_reason)
{
    const struct renaming *r = renamed(s->name);
    struct str name = r ? str_of(r->old_name) : s->name;
    const struct equivalence *e = equivalence_find(name, TO_ALL_SMI, 0);

    if (e) {
        *ret = (struct translation){e->all_smi, e->match, NULL, e->scale * (r ? r->scale : 1)};
        return TRANSLATE_CHANGE;
    }
    if (!str_starts(name, STR("DCGM_")))
        return TRANSLATE_KEEP;
    *ret_reason = equivalence_why_none(name);
    if (!*ret_reason)
        *ret_reason = "nothing in all-smi's schema says the same";
    return TRANSLATE_FAIL;
}

static enum translate_verdict metric(void *ctx, const struct promql_selector_place *s,
                                     struct translation *ret, const char **ret_reason)
{
    return *(const enum schema_name *)ctx == TO_DCGM ? to_dcgm(s, ret, ret_reason)
                                                     : to_all_smi(s, ret, ret_reason);
}

static bool label(void *ctx, struct str metric_name, struct str name, struct label_translation *ret)
{
    enum schema_name to = *(const enum schema_name *)ctx;

    (void)metric_name;
    if (to == TO_ALL_SMI && str_is(name, "DCGM_FI_SYSTEM_DRIVER_VERSION"))
        name = STR("DCGM_FI_DRIVER_VERSION");
    for (size_t i = 0; i < label_equivalences_len; i++) {
        const struct label_equivalence *e = &label_equivalences[i];
        const char *from = to == TO_ALL_SMI ? e->dcgm : e->all_smi;
        if (!from || !str_is(name, from))
            continue;
        *ret = (struct label_translation){str_of(to == TO_ALL_SMI ? e->all_smi : e->dcgm), e->note,
                                          false};
        if (to == TO_ALL_SMI && str_is(name, "device"))
            *ret = (struct label_translation){STR("gpu_index"), e->note, true};
        return true;
    }
    return false;
}

const struct translator translate_to_all_smi = {(void *)(uintptr_t)&ways[TO_ALL_SMI], metric,
                                                label};
const struct translator translate_to_dcgm = {(void *)(uintptr_t)&ways[TO_DCGM], metric, label};
