/* bridge.c - recording rules that give the names of one schema from the series of the other, and
 * the table of equivalences as a page: both made from equivalence.c. */
#include "migrate/migrate.h"

/* Labels in the order in which they are made: what is read later must not be overwritten before. */
struct step {
    const char *to, *value, *from, *pattern;
};

static const struct step dcgm_steps[] = {
    {"modelName", "$1", "gpu", "(.*)"},          {"gpu", "$1", "gpu_index", "(.*)"},
    {"UUID", "$1", "gpu_uuid", "(.*)"},          {"Hostname", "$1", "hostname", "(.*)"},
    {"device", "nvidia$1", "gpu_index", "(.+)"},
};
static const struct step all_smi_steps[] = {
    {"gpu_index", "$1", "gpu", "(.*)"},
    {"gpu", "$1", "modelName", "(.*)"},
    {"gpu_uuid", "$1", "UUID", "(.*)"},
    {"hostname", "$1", "Hostname", "(.+)"}, /* later releases write hostname themselves */
};

/* Only boards that are not cut up: rows of MIG instances repeat the board's values. */
#define WHOLE_BOARDS "GPU_I_ID=\"\""

static void put_side(const char *side, const char *match, struct buf *to)
{
    if (!strchr(side, '$')) {
        buf_text(to, side);
        if (match)
            buf_printf(to, "{%s}", match);
        return;
    }
    for (const char *at = side; *at; at++) {
        if (at[0] == '{' && at[1] == '$') {
            if (match)
                buf_printf(to, "{%s}", match);
            at += 2;
        } else if (at[0] == '$' && at[1] == '}') {
            buf_printf(to, "%s%s", match ? "," : "", match ? match : "");
        } else {
            buf_char(to, *at);
        }
    }
}

static void put_factor(double scale, struct buf *to)
{
    double inverse = 1 / scale;

    if (fabs(scale - 1) < 1e-12)
        return;
    bool divide = scale < 1 && fabs(inverse - round(inverse)) < 1e-6 * inverse;
    buf_text(to, divide ? " / " : " * ");
    buf_double(to, divide ? round(inverse) : scale < 1 ? scale : round(scale));
}

static void put_value(const struct equivalence *e, enum schema_name to_schema, struct buf *to)
{
    if (to_schema == TO_DCGM) {
        put_side(e->all_smi, e->match, to);
        put_factor(e->scale, to);
    } else {
        put_side(e->dcgm, WHOLE_BOARDS, to);
        put_factor(1 / e->scale, to);
    }
}

static void put_expr(const struct equivalence *e, enum schema_name to_schema, const char *record,
                     struct buf *to)
{
    const struct step *steps = to_schema == TO_DCGM ? dcgm_steps : all_smi_steps;
    size_t n = to_schema == TO_DCGM ? ARRAY_LEN(dcgm_steps) : ARRAY_LEN(all_smi_steps);
    const char *match = to_schema == TO_DCGM ? NULL : e->match;

    buf_printf(to, "          max without (%s) (\n            ",
               to_schema == TO_DCGM
                   ? "hostname, gpu_index, gpu_uuid, type, reason, scope"
                   : "Hostname, UUID, modelName, device, pci_bus_id, DCGM_FI_DRIVER_VERSION");
    for (size_t i = 0; i < n; i++)
        buf_text(to, "label_replace(");
    put_value(e, to_schema, to);
    for (size_t i = 0; i < n; i++)
        buf_printf(to, ",\n              \"%s\", \"%s\", \"%s\", \"%s\")", steps[i].to,
                   steps[i].value, steps[i].from, steps[i].pattern);
    buf_printf(to, "\n          ) unless on (%s) %s{bridge=\"\"%s%s}\n",
               to_schema == TO_DCGM ? "UUID" : "gpu_uuid", record, match ? "," : "",
               match ? match : "");
}

/* type="corrected" as YAML: type: corrected. */
static void put_match(const char *match, struct buf *to)
{
    struct str rest = str_of(match), label = str_cut(&rest, '=');

    buf_printf(to, ", %.*s: %.*s", STR_ARG(label), (int)(rest.len - 2), rest.ptr + 1);
}

void bridge_print(enum schema_name to_schema, struct buf *to)
{
    const char *from = to_schema == TO_DCGM ? "all-smi" : "dcgm";
    const char *target = to_schema == TO_DCGM ? "dcgm" : "all-smi";

    buf_printf(to,
               "# Names of %s made from series of %s, for as long as both are asked for.\n"
               "# Made by `algalon migrate bridge --to=%s`; docs/migration.md says how to use it.\n"
               "# A GPU that has the real series gets none from here, so nothing is counted twice: "
               "what is made\n"
               "# here carries the label `bridge`.\n"
               "groups:\n  - name: bridge-%s\n    interval: 15s\n    rules:\n",
               to_schema == TO_DCGM ? "dcgm-exporter" : "all-smi's schema",
               to_schema == TO_DCGM ? "all-smi's schema" : "dcgm-exporter", target, target);
    for (size_t i = 0; i < equivalences_len; i++) {
        const struct equivalence *e = &equivalences[i];
        const char *record = to_schema == TO_DCGM ? e->dcgm : e->all_smi;
        if (equivalence_is_expression(record))
            continue;
        buf_printf(to, "      - record: %s\n        labels: {bridge: %s", record, from);
        if (to_schema == TO_ALL_SMI && e->match)
            put_match(e->match, to);
        buf_text(to, "}\n        expr: |-\n");
        put_expr(e, to_schema, record, to);
    }
}

/* ---- as a page ---- */

static void put_side_for_people(const char *side, const char *match, struct buf *to)
{
    buf_char(to, '`');
    put_side(side, match, to);
    buf_char(to, '`');
}

static void put_table_of_labels(struct buf *to)
{
    buf_text(to,
             "\n| label of dcgm-exporter | label in all-smi's schema | remark |\n|---|---|---|\n");
    for (size_t i = 0; i < label_equivalences_len; i++) {
        const struct label_equivalence *l = &label_equivalences[i];
        buf_printf(to, l->dcgm ? "| `%s` " : "| %s ", l->dcgm ? l->dcgm : "none");
        buf_printf(to, l->all_smi ? "| `%s` " : "| %s ", l->all_smi ? l->all_smi : "none");
        buf_printf(to, "| %s |\n", l->note);
    }
}

void equivalence_markdown(struct buf *to)
{
    buf_text(to,
             "| dcgm-exporter | all-smi's schema | dcgm value = | remark |\n|---|---|---|---|\n");
    for (size_t i = 0; i < equivalences_len; i++) {
        const struct equivalence *e = &equivalences[i];
        buf_text(to, "| ");
        put_side_for_people(e->dcgm, NULL, to);
        buf_text(to, " | ");
        put_side_for_people(e->all_smi, e->match, to);
        buf_text(to, " | value");
        put_factor(e->scale, to);
        buf_printf(to, " | %s |\n", e->note);
    }
    buf_text(to, "\nWithout a counterpart:\n\n| dcgm-exporter | why |\n|---|---|\n");
    for (size_t i = 0; i < no_equivalences_len; i++)
        buf_printf(to, "| `%s` | %s |\n", no_equivalences[i].name, no_equivalences[i].reason);
    put_table_of_labels(to);
}
