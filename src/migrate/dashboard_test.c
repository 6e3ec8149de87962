/* dashboard_test.c - what a dashboard asks for, held against what there is, and put right. */
#include "migrate/migrate.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

static const char panels[] =
    "{\n"
    "  \"__inputs\": [{\"name\": \"DS_PROMETHEUS\"}],\n"
    "  \"panels\": [\n"
    "    {\"id\": 1, \"title\": \"Load\", \"type\": \"graph\", \"datasource\": "
    "\"${DS_PROMETHEUS}\",\n"
    "     \"yaxes\": [{\"format\": \"percent\"}],\n"
    "     \"targets\": [{\"refId\": \"A\", \"expr\": "
    "\"all_smi_gpu_utilization{gpu_index=~\\\"$gpu\\\"}\",\n"
    "       \"legendFormat\": \"{{gpu_name}}\"}]},\n"
    "    {\"id\": 2, \"title\": \"Memory\", \"fieldConfig\": {\"defaults\": {\"unit\": "
    "\"decmbytes\"}},\n"
    "     \"targets\": [{\"refId\": \"A\", \"expr\": "
    "\"all_smi_gpu_memory_used_bytes{index=\\\"0\\\"}\"}]},\n"
    "    {\"id\": 3, \"type\": \"row\", \"panels\": [{\"id\": 4, \"title\": \"Heat\",\n"
    "     \"targets\": [{\"refId\": \"B\", \"expr\": "
    "\"rate(all_smi_gpu_temprature_celsius[$__rate_interval])\"}]}]},\n"
    "    {\"id\": 5, \"title\": \"Shared\", \"libraryPanel\": {\"name\": \"Lib\", \"uid\": "
    "\"u1\"}}\n"
    "  ],\n"
    "  \"templating\": {\"list\": [{\"name\": \"gpu\", \"type\": \"query\",\n"
    "    \"query\": {\"query\": \"label_values(all_smi_gpu_info{hostname=\\\"a,b\\\"}, "
    "gpu_index)\"}}]}\n"
    "}\n";

static bool has(const struct report *r, enum report_level level, size_t line, const char *text,
                const char *advice)
{
    for (size_t i = 0; i < r->len; i++)
        if (r->items[i].level == level && r->items[i].line == line &&
            strstr(r->items[i].text, text) && strstr(r->items[i].advice, advice))
            return true;
    return false;
}

static void check(struct str text, const char *schema, struct report *r)
{
    struct known k;
    struct error err;

    report_init(r);
    report_file(r, "x.json");
    assert_int_equal(known_from_schema(schema, &k, &err), 0);
    dashboard_check(text, &k, r);
    known_fini(&k);
}

static void each_mistake_is_told_with_its_line_and_what_is_right(void **state)
{
    struct report r;

    (void)state;
    check(str_of(panels), "all-smi", &r);
    assert_true(has(&r, REPORT_WARNING, 6, "label gpu_name", "gpu (--fix)"));
    assert_true(has(&r, REPORT_ERROR, 9, "label index", "gpu_index"));
    assert_true(has(&r, REPORT_WARNING, 9, "'decmbytes'", "'bytes'"));
    assert_true(has(&r, REPORT_ERROR, 11, "no metric all_smi_gpu_temprature_celsius",
                    "all_smi_gpu_temperature_celsius (--fix)"));
    assert_true(has(&r, REPORT_ERROR, 0, "library panel 'Lib'", "export"));
    assert_true(has(&r, REPORT_OK, 15, "asks for what there is", ""));
    assert_int_equal(r.count[REPORT_ERROR], 3);
    report_fini(&r);
}

static void what_is_put_right_has_no_mistake_left_but_the_library_panel(void **state)
{
    struct report r, again;
    struct known k;
    struct error err;
    struct buf out;

    (void)state;
    report_init(&r);
    report_file(&r, "x.json");
    buf_init(&out, 0);
    assert_int_equal(known_from_schema("all-smi", &k, &err), 0);
    assert_int_equal(dashboard_fix(str_of(panels), &k, &r, &out, &err), 0);
    known_fini(&k);
    check(buf_str(&out), "all-smi", &again);
    assert_int_equal(again.count[REPORT_ERROR], 1);
    assert_int_equal(again.count[REPORT_WARNING], 0);
    assert_true(str_contains(buf_str(&out), STR("{gpu_index=\\\"0\\\"}")));
    assert_true(str_contains(buf_str(&out), STR("[$__rate_interval]")));
    report_fini(&again);
    report_fini(&r);
    buf_fini(&out);
}

static void a_dashboard_goes_to_the_other_schema_and_back(void **state)
{
    static const char text[] =
        "{\"panels\": [{\"id\": 1, \"transformations\": [{\"id\": \"organize\", \"options\": "
        "{\"excludeByName\": {\"UUID\": true}}}], \"fieldConfig\": {\"defaults\": {\"links\": "
        "[{\"url\": \"/d/x?var-gpu=${__field.labels.gpu}&y=1\"}]}}, \"targets\": [{\"expr\": "
        "\"DCGM_FI_DEV_FB_USED{gpu=\\\"$gpu\\\"}\", \"legendFormat\": \"{{gpu}}\"}, {\"expr\": "
        "\"DCGM_FI_DEV_XID_ERRORS\"}]}]}";
    struct report r;
    struct error err;
    struct buf there, back;

    (void)state;
    report_init(&r);
    report_file(&r, "x.json");
    buf_init(&there, 0);
    buf_init(&back, 0);
    assert_int_equal(dashboard_translate(str_of(text), TO_ALL_SMI, &r, &there, &err), 0);
    assert_true(
        str_contains(buf_str(&there), STR("all_smi_gpu_memory_used_bytes{gpu_index=\\\"$gpu\\\"} "
                                          "/ 1048576")));
    assert_true(str_contains(buf_str(&there), STR("{{gpu_index}}")));
    assert_true(str_contains(buf_str(&there), STR("var-gpu=${__field.labels.gpu_index}&y=1")));
    assert_true(str_contains(buf_str(&there), STR("\"gpu_uuid\":true")));
    assert_true(str_contains(buf_str(&there), STR("DCGM_FI_DEV_XID_ERRORS")));
    assert_int_equal(r.count[REPORT_ERROR], 1);
    assert_int_equal(dashboard_translate(buf_str(&there), TO_DCGM, &r, &back, &err), 0);
    assert_true(
        str_contains(buf_str(&back), STR("DCGM_FI_DEV_FB_USED{gpu=\\\"$gpu\\\"} * 1048576")));
    assert_true(str_contains(buf_str(&back), STR("\"UUID\":true")));
    buf_fini(&there);
    buf_fini(&back);
    report_fini(&r);
}

static void series_that_are_there_decide_what_has_data(void **state)
{
    static const char exposition[] = "all_smi_gpu_utilization{gpu_index=\"0\",hostname=\"a\"} 1\n";
    static const char text[] =
        "{\"panels\": [{\"id\": 1, \"targets\": ["
        "{\"refId\": \"A\", \"expr\": \"all_smi_gpu_utilization{gpu_index=\\\"0\\\"}\"},\n"
        "{\"refId\": \"B\", \"expr\": \"all_smi_gpu_utilization{gpu_index=\\\"7\\\"}\"}]}]}";
    struct report r;
    struct known k;
    struct error err;

    (void)state;
    report_init(&r);
    report_file(&r, "x.json");
    assert_int_equal(known_from_exposition("here", str_of(exposition), &k, &err), 0);
    dashboard_check(str_of(text), &k, &r);
    assert_true(has(&r, REPORT_OK, 1, "has data", ""));
    assert_true(has(&r, REPORT_WARNING, 2, "no series of all_smi_gpu_utilization has", ""));
    known_fini(&k);
    assert_int_equal(known_from_exposition("here", STR("# nothing\n"), &k, &err), -ENODATA);
    report_fini(&r);
}

static void usage_counts_expressions_by_file(void **state)
{
    struct usage u;
    struct buf out;

    (void)state;
    usage_init(&u);
    buf_init(&out, 0);
    assert_int_equal(usage_add_text(&u, "a.json", str_of(panels)), 0);
    assert_int_equal(usage_add_text(&u, "b.yml",
                                    STR("groups: [{rules: [{record: DCGM_X:y, expr: "
                                        "'DCGM_FI_DEV_GPU_TEMP > up'}]}]")),
                     0);
    assert_int_equal(usage_add_text(&u, "c.sh", STR("curl x | grep DCGM_FI_DEV_GPU_TEMP")), 0);
    usage_print(&u, &out);
    assert_true(str_contains(buf_str(&out),
                             STR("DCGM_FI_DEV_GPU_TEMP  <->  all_smi_gpu_temperature_celsius\n"
                                 "    b.yml (1)\n    c.sh (1)\n")));
    assert_true(str_contains(buf_str(&out), STR("all_smi_gpu_info")));
    assert_true(str_contains(buf_str(&out), STR("up\n    b.yml (1)\n")));
    buf_fini(&out);
    usage_fini(&u);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_mistake_is_told_with_its_line_and_what_is_right),
        cmocka_unit_test(what_is_put_right_has_no_mistake_left_but_the_library_panel),
        cmocka_unit_test(a_dashboard_goes_to_the_other_schema_and_back),
        cmocka_unit_test(series_that_are_there_decide_what_has_data),
        cmocka_unit_test(usage_counts_expressions_by_file),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
