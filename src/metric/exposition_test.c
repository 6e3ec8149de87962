/* exposition_test.c - lines, labels and fast recognition; also what all-smi and dcgm-exporter send.
 */
#include "metric/exposition.h"

#include "metric/metadata.h"
#include "metric/value.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

/* Writes what a text reads as, one line each: "labels value [@ts]", "HELP name text" and so on, "!"
 * for a line that is refused. */
static void read_all(const char *text, bool openmetrics, struct buf *out)
{
    struct exposition e = {.rest = str_of(text), .openmetrics = openmetrics};
    static const char *const kinds[] = {"", "HELP", "TYPE", "UNIT", "EOF"};
    struct exposition_line line;
    struct labels labels;
    struct arena a;
    int code;

    arena_init(&a, 0);
    buf_init(out, 0);
    while ((code = exposition_next(&e, &line, NULL))) {
        if (code < 0 || (line.kind == EXPOSITION_SAMPLE &&
                         exposition_labels(line.series, &a, &labels, NULL) < 0)) {
            buf_text(out, "!\n");
            continue;
        }
        if (line.kind != EXPOSITION_SAMPLE) {
            buf_printf(out, "%s", kinds[line.kind]);
            if (line.kind != EXPOSITION_END)
                buf_printf(out, " %.*s [%.*s]", STR_ARG(line.name), STR_ARG(line.text));
        } else {
            labels_print(labels, out);
            buf_char(out, ' ');
            buf_double(out, line.value);
            if (line.has_ts)
                buf_printf(out, " @%" PRId64, line.ts_ms);
        }
        buf_char(out, '\n');
    }
    arena_fini(&a);
}

static void assert_reads(const char *text, bool openmetrics, const char *wanted)
{
    struct buf out;

    read_all(text, openmetrics, &out);
    if (!str_is(buf_str(&out), wanted))
        fail_msg("%s\nreads as\n%.*s\nwanted\n%s", text, STR_ARG(buf_str(&out)), wanted);
    buf_fini(&out);
}

static void a_line_reads_in_one_way_or_not_at_all(void **state)
{
    static const struct {
        const char *line, *wanted;
    } cases[] = {
        {"up 1", "up 1\n"},
        {"up 1\n", "up 1\n"},
        {"up 1\r\n", "up 1\n"},
        {"  up\t 1  \n", "up 1\n"},
        {"\n\n \nup 1\n\n", "up 1\n"},
        {"up 1 1700000000000", "up 1 @1700000000000\n"},
        {"up 1 -5", "up 1 @-5\n"},
        {"up{} 1", "up 1\n"},
        {"up {a=\"b\"} 1", "up{a=\"b\"} 1\n"},
        {"up{a=\"b\"}1", "up{a=\"b\"} 1\n"},
        {"up{a=\"b\",c=\"d\"} 1", "up{a=\"b\",c=\"d\"} 1\n"},
        {"up{c=\"d\", a=\"b\"} 1", "up{a=\"b\",c=\"d\"} 1\n"},
        {"up{a=\"b\",} 1", "up{a=\"b\"} 1\n"},
        {"up{ a = \"b\" , c = \"d\" , } 1", "up{a=\"b\",c=\"d\"} 1\n"},
        {"up{a=\"\",b=\"c\"} 1", "up{b=\"c\"} 1\n"},
        {"a:b{UUID=\"u\"} 1", "a:b{UUID=\"u\"} 1\n"},
        {"up{a=\"x}y{z,w=\"} 1", "up{a=\"x}y{z,w=\"} 1\n"},
        {"up{a=\"q\\\"b\\\\n\\n\"} 1", "up{a=\"q\\\"b\\\\n\\n\"} 1\n"},
        {"up{a=\"C:\\dir\"} 1", "up{a=\"C:\\\\dir\"} 1\n"},
        {"up{a=\"gr\xc3\xbc\xc3\x9f\"} 1", "up{a=\"gr\xc3\xbc\xc3\x9f\"} 1\n"},
        {"up{a=\"x\xff\"} 1", "up{a=\"x\xef\xbf\xbd\"} 1\n"},
        {"{\"my.name\", a=\"b\"} 1", "{\"my.name\",a=\"b\"} 1\n"},
        {"{\"my.name\"} 1", "{\"my.name\"} 1\n"},
        {"{\"plain\",\"l.x\"=\"b\"} 1", "plain{\"l.x\"=\"b\"} 1\n"},
        {"{__name__=\"up\",a=\"b\"} 1", "up{a=\"b\"} 1\n"},
        /* Quotes that were not escaped. */
        {"up{a=\"the \"big\" one\",b=\"c\"} 1", "up{a=\"the \\\"big\\\" one\",b=\"c\"} 1\n"},
        {"up{a=\"5\" disk\"} 1", "up{a=\"5\\\" disk\"} 1\n"},
        {"up{a=\"x\"b=\"y\"} 1", "!\n"},
        {"up{a=\"x\" b=\"y\"} 1", "!\n"},
        {"up{a=\"x\", y\",b=\"c\"} 1", "!\n"},
        {"up{a=\"x\\\",b=\"c\"} 1", "!\n"},
        /* Values. */
        {"x 0.1", "x 0.1\n"},
        {"x -0", "x -0\n"},
        {"x +5", "x 5\n"},
        {"x 5.", "x 5\n"},
        {"x .5", "x 0.5\n"},
        {"x 1e3", "x 1000\n"},
        {"x 1.7976931348623157e308", "x 1.7976931348623157e+308\n"},
        {"x 0.30000000000000004", "x 0.30000000000000004\n"},
        {"x 9007199254740993", "x 9007199254740992\n"},
        {"x 12345678901234567890", "x 12345678901234567000\n"},
        {"x 18446744073709551616", "x 18446744073709552000\n"},
        {"x 0.0000000000000001", "x 1e-16\n"},
        {"x NaN", "x NaN\n"},
        {"x nan", "x NaN\n"},
        {"x +Inf", "x +Inf\n"},
        {"x -Inf", "x -Inf\n"},
        {"x 0x10", "x 16\n"},
        /* Exemplars are passed over. */
        {"x 1 # {trace_id=\"a\"} 0.5", "x 1\n"},
        {"x 1 123 # {trace_id=\"a\"} 0.5 1", "x 1 @123\n"},
        /* Comments and what says something about families. */
        {"# a comment\n#\n#HELP x y\n# HELP\n#EOF x\n", ""},
        {"# HELP x the \\n text \n", "HELP x [the \\n text ]\n"},
        {"# HELP x", "HELP x []\n"},
        {"#  TYPE\tx   gauge ", "TYPE x [gauge]\n"},
        {"# UNIT x seconds\n# EOF\n", "UNIT x [seconds]\nEOF\n"},
        {"# TYPE \"my.name\" gauge", "TYPE my.name [gauge]\n"},
        /* Refused. */
        {"up", "!\n"},
        {"up{} ", "!\n"},
        {"up one", "!\n"},
        {"up 1 2 3", "!\n"},
        {"up 1 x", "!\n"},
        {"up 1 1.5", "!\n"},
        {"up 1 99999999999999999999", "!\n"},
        {"up 1 # comment", "!\n"},
        {"up 1#", "!\n"},
        {"9up 1", "!\n"},
        {"my.name 1", "!\n"},
        {"up-1 1", "!\n"},
        {"up{a=\"b\" 1", "!\n"},
        {"up{a=\"b} 1", "!\n"},
        {"up{a=b} 1", "!\n"},
        {"up{a} 1", "!\n"},
        {"up{=\"b\"} 1", "!\n"},
        {"up{a=\"b\",,c=\"d\"} 1", "!\n"},
        {"up{,} 1", "!\n"},
        {"up{a=\"b\"}} 1", "!\n"},
        {"up{a=\"1\",a=\"2\"} 1", "!\n"},
        {"up{__name__=\"x\"} 1", "!\n"},
        {"{\"x\",\"y\"} 1", "!\n"},
        {"{} 1", "!\n"},
        {"{a=\"b\"} 1", "!\n"},
        {"up{9a=\"b\"} 1", "!\n"},
        {"up{a:b=\"b\"} 1", "!\n"},
        {"<html>", "!\n"},
        /* The next line is read all the same. */
        {"up{\nup 1\n", "!\nup 1\n"},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++)
        assert_reads(cases[i].line, false, cases[i].wanted);
}

static void openmetrics_has_seconds_and_an_end(void **state)
{
    (void)state;
    assert_reads(
        "# TYPE x counter\nx_total 5 1700000000.123\nx_created 1 1e9\nx_total 1 NaN\n# EOF\n", true,
        "TYPE x [counter]\nx_total 5 @1700000000123\nx_created 1 @1000000000000\n!\nEOF\n");
}

/* Written after all-smi's renderer: HELP and TYPE before every device, a blank after the comma. */
static void all_smi_reads_as_it_comes(void **state)
{
    (void)state;
    assert_reads(
        "# HELP all_smi_gpu_utilization GPU utilization percentage\n"
        "# TYPE all_smi_gpu_utilization gauge\n"
        "all_smi_gpu_utilization{gpu=\"NVIDIA H200\", instance=\"n1\", gpu_uuid=\"GPU-1\", "
        "gpu_index=\"0\"} 97\n"
        "# HELP all_smi_gpu_memory_used_bytes GPU memory used in bytes\n"
        "# TYPE all_smi_gpu_memory_used_bytes gauge\n"
        "all_smi_gpu_memory_used_bytes{gpu=\"NVIDIA H200\", instance=\"n1\", gpu_uuid=\"GPU-1\", "
        "gpu_index=\"0\"} 85899345920\n"
        "# HELP all_smi_gpu_utilization GPU utilization percentage\n"
        "# TYPE all_smi_gpu_utilization gauge\n"
        "all_smi_gpu_utilization{gpu=\"NVIDIA H200\", instance=\"n1\", gpu_uuid=\"GPU-2\", "
        "gpu_index=\"1\"} 3.5\n",
        false,
        "HELP all_smi_gpu_utilization [GPU utilization percentage]\n"
        "TYPE all_smi_gpu_utilization [gauge]\n"
        "all_smi_gpu_utilization{gpu=\"NVIDIA H200\",gpu_index=\"0\",gpu_uuid=\"GPU-1\",instance="
        "\"n1\"} 97\n"
        "HELP all_smi_gpu_memory_used_bytes [GPU memory used in bytes]\n"
        "TYPE all_smi_gpu_memory_used_bytes [gauge]\n"
        "all_smi_gpu_memory_used_bytes{gpu=\"NVIDIA H200\",gpu_index=\"0\",gpu_uuid=\"GPU-1\","
        "instance=\"n1\"} 85899345920\n"
        "HELP all_smi_gpu_utilization [GPU utilization percentage]\n"
        "TYPE all_smi_gpu_utilization [gauge]\n"
        "all_smi_gpu_utilization{gpu=\"NVIDIA H200\",gpu_index=\"1\",gpu_uuid=\"GPU-2\",instance="
        "\"n1\"} 3.5\n");
}

static void dcgm_exporter_reads_as_it_comes(void **state)
{
    (void)state;
    assert_reads(
        "# HELP DCGM_FI_DEV_SM_CLOCK SM clock frequency (in MHz).\n"
        "# TYPE DCGM_FI_DEV_SM_CLOCK gauge\n"
        "DCGM_FI_DEV_SM_CLOCK{gpu=\"0\",UUID=\"GPU-604ac76c\",pci_bus_id=\"00000000:3B:00.0\","
        "device=\"nvidia0\",modelName=\"Tesla T4\",Hostname=\"n1\",container=\"\",namespace=\"\","
        "pod=\"\"} 139\n"
        "DCGM_FI_PROF_GR_ENGINE_ACTIVE{gpu=\"0\",UUID=\"GPU-604ac76c\"} 0.980000\n",
        false,
        "HELP DCGM_FI_DEV_SM_CLOCK [SM clock frequency (in MHz).]\n"
        "TYPE DCGM_FI_DEV_SM_CLOCK [gauge]\n"
        "DCGM_FI_DEV_SM_CLOCK{Hostname=\"n1\",UUID=\"GPU-604ac76c\",device=\"nvidia0\",gpu=\"0\","
        "modelName=\"Tesla T4\",pci_bus_id=\"00000000:3B:00.0\"} 139\n"
        "DCGM_FI_PROF_GR_ENGINE_ACTIVE{UUID=\"GPU-604ac76c\",gpu=\"0\"} 0.98\n");
}

static void a_refused_line_is_named(void **state)
{
    struct exposition e = {.rest = STR("up 1\n\nup{a=\"b\"} x\n")};
    struct exposition_line line;
    struct error err;

    (void)state;
    assert_int_equal(exposition_next(&e, &line, &err), 1);
    assert_int_equal(e.line_number, 1);
    assert_int_equal(exposition_next(&e, &line, &err), -EBADMSG);
    assert_int_equal(e.line_number, 3);
    assert_non_null(strstr(err.text, "line 3"));
    assert_int_equal(exposition_next(&e, &line, &err), 0);
}

static void a_known_line_is_recognised_or_left_alone(void **state)
{
    static const struct {
        const char *rest, *series;
        bool known;
        double value;
        int64_t ts_ms; /* 0: none */
        const char *left;
    } cases[] = {
        {"up{a=\"b\"} 1\nnext 2\n", "up{a=\"b\"}", true, 1, 0, "next 2\n"},
        {"up{a=\"b\"} 12.5 1000\nnext 2\n", "up{a=\"b\"}", true, 12.5, 1000, "next 2\n"},
        {"up 1", "up", true, 1, 0, ""},
        {"up 1\r\nx", "up", true, 1, 0, "x"},
        {"# TYPE up gauge\nup 1\nx", "# TYPE up gauge\nup", true, 1, 0, "x"},
        {"up_x 1\n", "up", false, 0, 0, "up_x 1\n"},
        {"up{a=\"b\"} 1\n", "up", false, 0, 0, "up{a=\"b\"} 1\n"},
        {"up{a=\"c\"} 1\n", "up{a=\"b\"}", false, 0, 0, "up{a=\"c\"} 1\n"},
        {"up x\n", "up", false, 0, 0, "up x\n"},
        {"up \n1\n", "up", false, 0, 0, "up \n1\n"},
        {"up", "up", false, 0, 0, "up"},
        {"u", "up", false, 0, 0, "u"},
        {"", "up", false, 0, 0, ""},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct exposition e = {.rest = str_of(cases[i].rest)};
        struct exposition_line line;
        int code = exposition_match(&e, str_of(cases[i].series), &line);
        assert_int_equal(code, cases[i].known);
        assert_true(str_is(e.rest, cases[i].left));
        if (!cases[i].known)
            continue;
        assert_true(line.value == cases[i].value);
        assert_int_equal(line.has_ts, cases[i].ts_ms != 0);
        assert_true(!line.has_ts || line.ts_ms == cases[i].ts_ms);
    }
}

static void a_nan_from_text_is_never_a_marker(void **state)
{
    struct exposition e = {.rest = STR("x NaN\nx nan\n")};
    struct exposition_line line;

    (void)state;
    assert_int_equal(exposition_match(&e, STR("x"), &line), 1);
    assert_true(value_bits(line.value) == VALUE_NAN_BITS);
    assert_int_equal(exposition_next(&e, &line, NULL), 1);
    assert_true(value_bits(line.value) == VALUE_NAN_BITS);
}

static void sizes_of_labels_are_bounded(void **state)
{
    struct labels labels;
    struct arena a;
    struct buf text;

    (void)state;
    arena_init(&a, 0);
    buf_init(&text, 0);
    for (int count = LABELS_MAX - 1; count <= LABELS_MAX + 4; count++) {
        buf_reset(&text);
        buf_text(&text, "up{");
        for (int i = 0; i < count; i++)
            buf_printf(&text, "l%d=\"v\",", i);
        buf_char(&text, '}');
        assert_int_equal(exposition_labels(buf_str(&text), &a, &labels, NULL),
                         count < LABELS_MAX ? 0 : -E2BIG);
    }
    for (size_t n = LABEL_VALUE_MAX; n <= LABEL_VALUE_MAX + 1; n++) {
        buf_reset(&text);
        buf_text(&text, "up{a=\"");
        for (size_t i = 0; i < n; i++)
            buf_char(&text, 'x');
        buf_text(&text, "\"}");
        assert_int_equal(exposition_labels(buf_str(&text), &a, &labels, NULL),
                         n <= LABEL_VALUE_MAX ? 0 : -E2BIG);
    }
    arena_fini(&a);
    arena_init(&a, 8);
    assert_int_equal(exposition_labels(STR("up{a=\"b\"}"), &a, &labels, NULL), -ENOMEM);
    arena_fini(&a);
    buf_fini(&text);
}

static void count_entry(void *ctx, const struct metadata_entry *entry)
{
    struct buf *out = ctx;
    buf_printf(out, "%.*s %.*s [%.*s] [%.*s]\n", STR_ARG(entry->family), STR_ARG(entry->type),
               STR_ARG(entry->help), STR_ARG(entry->unit));
}

static void metadata_keeps_the_last_word_in_order_of_names(void **state)
{
    struct metadata *m = metadata_new();
    struct str none = STR("");
    struct buf out;

    (void)state;
    buf_init(&out, 0);
    metadata_set(m, STR("b"), STR("gauge"), none, none);
    metadata_set(m, STR("a"), none, STR("first"), none);
    metadata_set(m, STR("b"), none, STR("help"), STR("seconds"));
    metadata_set(m, STR("a"), STR("counter"), STR("second"), none);
    metadata_set(m, STR("c"), STR("untyped"), none, none);
    metadata_set(m, STR("b"), none, none, none);
    metadata_visit(m, none, count_entry, &out);
    assert_true(str_is(buf_str(&out), "a counter [second] []\nb gauge [help] [seconds]\n"
                                      "c unknown [] []\n"));
    buf_reset(&out);
    metadata_visit(m, STR("a"), count_entry, &out);
    metadata_visit(m, STR("nope"), count_entry, &out);
    assert_true(str_is(buf_str(&out), "a counter [second] []\n"));
    buf_fini(&out);
    metadata_free(m);
}

static void metadata_is_bounded(void **state)
{
    struct metadata *m = metadata_new();
    static char help[METADATA_HELP_MAX + 10];
    struct str none = STR("");
    struct buf out;
    char name[24];

    (void)state;
    memset(help, 'h', sizeof(help));
    metadata_set(m, STR("first"), none, str_make(help, sizeof(help)), none);
    for (int i = 1; i < METADATA_MAX_FAMILIES + 5; i++) {
        snprintf(name, sizeof(name), "family_%d", i);
        metadata_set(m, str_of(name), STR("gauge"), none, none);
    }
    assert_int_equal(metadata_left_out(m), 5);
    buf_init(&out, 0);
    metadata_visit(m, STR("first"), count_entry, &out);
    assert_int_equal(out.len, strlen("first unknown [] []\n") + METADATA_HELP_MAX);
    buf_fini(&out);
    metadata_free(m);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_line_reads_in_one_way_or_not_at_all),
        cmocka_unit_test(openmetrics_has_seconds_and_an_end),
        cmocka_unit_test(all_smi_reads_as_it_comes),
        cmocka_unit_test(dcgm_exporter_reads_as_it_comes),
        cmocka_unit_test(a_refused_line_is_named),
        cmocka_unit_test(a_known_line_is_recognised_or_left_alone),
        cmocka_unit_test(a_nan_from_text_is_never_a_marker),
        cmocka_unit_test(sizes_of_labels_are_bounded),
        cmocka_unit_test(metadata_keeps_the_last_word_in_order_of_names),
        cmocka_unit_test(metadata_is_bounded),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
