/* translate_test.c - expressions, legends and rule files in other names. */
#include "migrate/migrate.h"
#include "migrate/translate.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>

#include <cmocka.h>

/* wanted NULL: it stays, for a reason that holds `reason`. */
struct translation_case {
    const char *expr, *wanted, *reason;
};

static void check(const struct translator *t, const struct translation_case *c)
{
    struct translated result;
    struct arena arena;
    struct buf out;

    arena_init(&arena, 0);
    buf_init(&out, 0);
    assert_int_equal(translate_expr(t, str_of(c->expr), &arena, &out, &result), 0);
    buf_char(&out, '\0');
    assert_string_equal(out.ptr, c->wanted ? c->wanted : c->expr);
    if (c->reason)
        assert_non_null(strstr(result.problem, c->reason));
    else
        assert_string_equal(result.problem, "");
    buf_fini(&out);
    arena_fini(&arena);
}

static void names_of_dcgm_become_those_of_all_smi(void **state)
{
    static const struct translation_case cases[] = {
        {"DCGM_FI_DEV_GPU_UTIL", "all_smi_gpu_utilization", NULL},
        {"avg by (gpu, Hostname) (DCGM_FI_DEV_GPU_TEMP{gpu=~\"$gpu\", UUID!=\"\"})",
         "avg by (gpu_index, hostname) (all_smi_gpu_temperature_celsius{gpu_index=~\"$gpu\", "
         "gpu_uuid!=\"\"})",
         NULL},
        {"DCGM_FI_DEV_FB_USED", "all_smi_gpu_memory_used_bytes / 1048576", NULL},
        {"DCGM_FI_DEV_FB_USED / (DCGM_FI_DEV_FB_USED + DCGM_FI_DEV_FB_FREE)",
         "(all_smi_gpu_memory_used_bytes / 1048576) / ((all_smi_gpu_memory_used_bytes / 1048576) + "
         "(algalon_gpu_memory_free_bytes / 1048576))",
         NULL},
        {"increase(DCGM_FI_DEV_TOTAL_ENERGY_CONSUMPTION{gpu=\"0\"}[1h]) / 3.6e9",
         "(increase(all_smi_energy_consumed_joules_total{scope=\"gpu\",gpu_index=\"0\"}[1h]) * "
         "1000)"
         " / 3.6e9",
         NULL},
        {"rate(DCGM_FI_DEV_TOTAL_ENERGY_CONSUMPTION[$__rate_interval])",
         "rate(all_smi_energy_consumed_joules_total{scope=\"gpu\"}[$__rate_interval]) * 1000",
         NULL},
        {"changes(DCGM_FI_DEV_FB_USED[5m])", "changes(all_smi_gpu_memory_used_bytes[5m])", NULL},
        {"stdvar_over_time(DCGM_FI_DEV_FB_USED[5m] offset 1h)",
         "stdvar_over_time((all_smi_gpu_memory_used_bytes / 1048576)[5m:] offset 1h)", NULL},
        {"max_over_time(DCGM_FI_DEV_NVLINK_BANDWIDTH_TOTAL{gpu=\"1\"}[5m])",
         "max_over_time(((algalon_gpu_nvlink_transmit_bytes_per_second{gpu_index=\"1\"} + "
         "algalon_gpu_nvlink_receive_bytes_per_second{gpu_index=\"1\"}) / 1024000)[5m:])",
         NULL},
        {"DCGM_FI_DEV_NVLINK_CRC_FLIT_ERROR_COUNT_TOTAL{Hostname=\"a\"} offset 5m",
         "sum without (link_index, kind) "
         "(algalon_gpu_nvlink_errors_total{kind=\"crc_flit\",hostname=\"a\"} offset 5m)",
         NULL},
        {"topk($n, DCGM_FI_DEV_POWER_USAGE{device=\"nvidia3\"})",
         "topk($n, all_smi_gpu_power_consumption_watts{gpu_index=\"3\"})", NULL},
        {"label_replace(DCGM_FI_DEV_GPU_TEMP, \"node\", \"$1\", \"Hostname\", \"(.*)\")",
         "label_replace(all_smi_gpu_temperature_celsius, \"node\", \"$1\", \"hostname\", \"(.*)\")",
         NULL},
        {"DCGM_FI_DEV_SM_CLOCK_HERTZ", "algalon_gpu_clock_sm_mhz * 1000000", NULL},
        {"DCGM_FI_DEV_FB_USED_BYTES{hostname=\"a\"}",
         "all_smi_gpu_memory_used_bytes{hostname=\"a\"}", NULL},
        {"up == 0", "up == 0", NULL},
        {"DCGM_FI_DEV_XID_ERRORS > 0", NULL, "holds the last code"},
        {"DCGM_FI_DEV_GPU_TEMP{pci_bus_id=\"0\"}", NULL, "all_smi_gpu_info"},
        {"sum by (pod) (DCGM_FI_DEV_GPU_UTIL)", NULL, "algalon_holder_gpu_allocated"},
        {"DCGM_FI_DEV_GPU_TEMP + DCGM_FI_DEV_XID_ERRORS", NULL, "holds the last code"},
        {"DCGM_FI_DEV_GPU_TEMP{", NULL, "cannot be read"},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++)
        check(&translate_to_all_smi, &cases[i]);
}

static void names_of_all_smi_become_those_of_dcgm(void **state)
{
    static const struct translation_case cases[] = {
        {"all_smi_gpu_utilization{gpu=~\"NVIDIA.*\"}",
         "DCGM_FI_DEV_GPU_UTIL{modelName=~\"NVIDIA.*\"}", NULL},
        {"all_smi_gpu_memory_used_bytes", "DCGM_FI_DEV_FB_USED * 1048576", NULL},
        {"all_smi_gpu_memory_total_bytes{gpu_index=\"0\"} > 5",
         "((DCGM_FI_DEV_FB_USED{gpu=\"0\"} + DCGM_FI_DEV_FB_FREE{gpu=\"0\"} + "
         "DCGM_FI_DEV_FB_RESERVED{gpu=\"0\"}) * 1048576) > 5",
         NULL},
        {"rate(algalon_gpu_ecc_errors_total{type=\"corrected\",gpu_uuid=\"x\"}[5m])",
         "rate(DCGM_FI_DEV_ECC_SBE_VOL_TOTAL{UUID=\"x\"}[5m])", NULL},
        {"sum by (hostname, gpu_index) (all_smi_gpu_power_consumption_watts)",
         "sum by (Hostname, gpu) (DCGM_FI_DEV_POWER_USAGE)", NULL},
        {"algalon_gpu_ecc_errors_total", NULL, "name which with a matcher"},
        {"all_smi_disk_total_bytes", NULL, "nothing that says the same"},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++)
        check(&translate_to_dcgm, &cases[i]);
}

static void what_is_translated_twice_is_what_it_was(void **state)
{
    (void)state;
    for (size_t i = 0; i < equivalences_len; i++) {
        const struct equivalence *e = &equivalences[i];
        struct translated result;
        struct arena arena;
        struct buf there, back;
        if (equivalence_is_expression(e->dcgm) || equivalence_is_expression(e->all_smi))
            continue;
        arena_init(&arena, 0);
        buf_init(&there, 0);
        buf_init(&back, 0);
        assert_int_equal(
            translate_expr(&translate_to_all_smi, str_of(e->dcgm), &arena, &there, &result), 0);
        assert_true(result.changed);
        assert_int_equal(
            translate_expr(&translate_to_dcgm, buf_str(&there), &arena, &back, &result), 0);
        assert_true(result.changed);
        assert_true(str_contains(buf_str(&back), str_of(e->dcgm)));
        assert_false(str_contains(buf_str(&back), STR("all_smi")));
        buf_fini(&there);
        buf_fini(&back);
        arena_fini(&arena);
    }
}

/* Every name of the table is one that the worker gives, and none is forgotten. */
static void the_table_holds_every_name_of_dcgm(void **state)
{
    (void)state;
    for (size_t i = 0; i < catalogue_len(); i++) {
        struct str name = str_of(catalogue_at(i)->name);
        if (!str_starts(name, STR("DCGM_")))
            continue;
        assert_true(equivalence_find(name, TO_ALL_SMI, 0) || equivalence_why_none(name));
    }
    for (size_t i = 0; i < equivalences_len; i++) {
        if (!equivalence_is_expression(equivalences[i].dcgm))
            assert_non_null(catalogue_find(str_of(equivalences[i].dcgm)));
        if (!equivalence_is_expression(equivalences[i].all_smi))
            assert_non_null(catalogue_find(str_of(equivalences[i].all_smi)));
    }
}

static void legends_and_templates_follow(void **state)
{
    struct buf out;
    char why[300] = "";

    (void)state;
    buf_init(&out, 0);
    assert_true(translate_legend(&translate_to_all_smi, STR("DCGM_FI_DEV_GPU_TEMP"),
                                 STR("{{Hostname}} GPU {{ gpu }} {{device}} {{job}}"), &out, why,
                                 sizeof(why)));
    assert_true(
        str_is(buf_str(&out), "{{hostname}} GPU {{gpu_index}} nvidia{{gpu_index}} {{job}}"));
    buf_reset(&out);
    assert_true(translate_template(&translate_to_all_smi, STR("DCGM_FI_DEV_GPU_TEMP"),
                                   STR("{{ $labels.gpu }} of {{ $labels.Hostname }}: {{ $value }}"),
                                   &out, why, sizeof(why)));
    assert_true(
        str_is(buf_str(&out), "{{ $labels.gpu_index }} of {{ $labels.hostname }}: {{ $value }}"));
    buf_reset(&out);
    assert_false(translate_legend(&translate_to_all_smi, STR("x"), STR("{{pci_bus_id}}"), &out, why,
                                  sizeof(why)));
    assert_true(str_is(buf_str(&out), "{{pci_bus_id}}"));
    assert_non_null(strstr(why, "all_smi_gpu_info"));
    buf_fini(&out);
}

static void a_rule_file_keeps_everything_but_the_names(void **state)
{
    static const char text[] = "# über GPUs\n"
                               "groups:\n"
                               "  - name: g   # kept\n"
                               "    rules:\n"
                               "      - {alert: Hot, expr: DCGM_FI_DEV_GPU_TEMP > 80, for: 1m}\n"
                               "      - alert: Full  # of memory\n"
                               "        expr: |\n"
                               "          DCGM_FI_DEV_FB_USED{gpu=\"0\"}\n"
                               "            > 70000\n"
                               "\n"
                               "        annotations:\n"
                               "          summary: 'GPU {{ $labels.gpu }}: it''s full'\n"
                               "      - record: xid\n"
                               "        expr: DCGM_FI_DEV_XID_ERRORS # the last\n";
    static const char wanted[] =
        "# über GPUs\n"
        "groups:\n"
        "  - name: g   # kept\n"
        "    rules:\n"
        "      - {alert: Hot, expr: all_smi_gpu_temperature_celsius > 80, for: 1m}\n"
        "      - alert: Full  # of memory\n"
        "        expr: |\n"
        "          (all_smi_gpu_memory_used_bytes{gpu_index=\"0\"} / 1048576)\n"
        "            > 70000\n"
        "\n"
        "        annotations:\n"
        "          summary: 'GPU {{ $labels.gpu_index }}: it''s full'\n"
        "      - record: xid\n"
        "        expr: DCGM_FI_DEV_XID_ERRORS # the last\n";
    struct report r;
    struct error err;
    struct buf out;

    (void)state;
    report_init(&r);
    report_file(&r, "x.yml");
    buf_init(&out, 0);
    assert_int_equal(rule_file_translate(str_of(text), TO_ALL_SMI, &r, &out, &err), 0);
    buf_char(&out, '\0');
    assert_string_equal(out.ptr, wanted);
    assert_int_equal(r.count[REPORT_ERROR], 1);
    assert_string_equal(r.items[r.len - 1].place, "record xid");
    buf_fini(&out);
    report_fini(&r);
}

static void queries_of_templates_are_told_in_the_new_names(void **state)
{
    static const char text[] =
        "groups:\n"
        "  - name: g\n"
        "    rules:\n"
        "      - alert: Hot\n"
        "        expr: up == 0\n"
        "        annotations:\n"
        "          one: 'query \"DCGM_FI_DEV_GPU_TEMP\" {{ \"query\" }} "
        "{{ range query \"DCGM_FI_DEV_GPU_TEMP{gpu=\\\"0\\\"}\" }}{{ .Value }}{{ end }}'\n"
        "          two: '{{ with query `DCGM_FI_DEV_GPU_TEMP > 5` | first }}{{ . }}{{ end }}'\n"
        "          none: '{{ query \"DCGM_FI_DEV_XID_ERRORS\" }}'\n"
        "          made: '{{ printf \"up{a=%q}\" $value | query }}'\n";
    static const char wanted[] =
        "groups:\n"
        "  - name: g\n"
        "    rules:\n"
        "      - alert: Hot\n"
        "        expr: up == 0\n"
        "        annotations:\n"
        "          one: 'query \"DCGM_FI_DEV_GPU_TEMP\" {{ \"query\" }} "
        "{{ range query \"all_smi_gpu_temperature_celsius{gpu_index=\\\"0\\\"}\" }}{{ .Value }}"
        "{{ end }}'\n"
        "          two: '{{ with query `all_smi_gpu_temperature_celsius > 5` | first }}{{ . }}"
        "{{ end }}'\n"
        "          none: '{{ query \"DCGM_FI_DEV_XID_ERRORS\" }}'\n"
        "          made: '{{ printf \"up{a=%q}\" $value | query }}'\n";
    struct report r;
    struct error err;
    struct buf out;

    (void)state;
    report_init(&r);
    report_file(&r, "x.yml");
    buf_init(&out, 0);
    assert_int_equal(rule_file_translate(str_of(text), TO_ALL_SMI, &r, &out, &err), 0);
    buf_char(&out, '\0');
    assert_string_equal(out.ptr, wanted);
    assert_int_equal(r.count[REPORT_WARNING], 2);
    buf_fini(&out);
    report_fini(&r);
}

/* ---- what is made of the table ---- */

static void is_in_step(const char *path, struct str wanted)
{
    struct buf found;
    struct error err;

    buf_init(&found, 0);
    if (getenv("ALGALON_UPDATE"))
        assert_int_equal(file_replace(path, wanted.ptr, wanted.len, &err), 0);
    assert_int_equal(file_read(path, 1 << 20, &found, &err), 0);
    assert_true(str_equal(wanted, buf_str(&found)));
    buf_fini(&found);
}

/* To renew them: ALGALON_UPDATE=1 unit/migrate_translate_test */
static void labels_of_a_group_that_name_labels_are_told_of(void **state)
{
    static const char text[] = "groups:\n"
                               "  - name: g\n"
                               "    labels: {team: gpu,\n"
                               "             board: '{{ $labels.gpu }}'}\n"
                               "    rules:\n"
                               "      - {alert: Hot, expr: DCGM_FI_DEV_GPU_TEMP > 80}\n";
    struct report r;
    struct error err;
    struct buf out;

    (void)state;
    report_init(&r);
    report_file(&r, "x.yml");
    buf_init(&out, 0);
    assert_int_equal(rule_file_translate(str_of(text), TO_ALL_SMI, &r, &out, &err), 0);
    assert_int_equal(r.count[REPORT_WARNING], 1);
    assert_int_equal(r.items[0].line, 4);
    assert_string_equal(r.items[0].text, "label 'board' of a group stays as it was");
    buf_fini(&out);
    report_fini(&r);
}

static void the_shipped_bridges_are_those_of_the_table(void **state)
{
    struct buf text;

    (void)state;
    buf_init(&text, 0);
    bridge_print(TO_DCGM, &text);
    is_in_step(TEST_FIXTURES "/../../rules/bridge-dcgm.yml", buf_str(&text));
    buf_reset(&text);
    bridge_print(TO_ALL_SMI, &text);
    is_in_step(TEST_FIXTURES "/../../rules/bridge-all-smi.yml", buf_str(&text));
    buf_fini(&text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(names_of_dcgm_become_those_of_all_smi),
        cmocka_unit_test(names_of_all_smi_become_those_of_dcgm),
        cmocka_unit_test(what_is_translated_twice_is_what_it_was),
        cmocka_unit_test(the_table_holds_every_name_of_dcgm),
        cmocka_unit_test(legends_and_templates_follow),
        cmocka_unit_test(a_rule_file_keeps_everything_but_the_names),
        cmocka_unit_test(queries_of_templates_are_told_in_the_new_names),
        cmocka_unit_test(labels_of_a_group_that_name_labels_are_told_of),
        cmocka_unit_test(the_shipped_bridges_are_those_of_the_table),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
