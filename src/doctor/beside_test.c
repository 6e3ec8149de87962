/* beside_test.c - nvidia-smi's table, series of other exporters, tolerances, children. */
#include "doctor/beside.h"
#include "doctor/smi.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static void cells_lose_their_units(void **state)
{
    static const struct {
        const char *text;
        enum smi_kind kind;
        double value;
    } cases[] = {
        {"97 %", SMI_NUMBER, 97},
        {" 81559 MiB ", SMI_NUMBER, 81559 * 1048576.0},
        {"641.20 W", SMI_NUMBER, 641.2},
        {"1980 MHz", SMI_NUMBER, 1980},
        {"12 us", SMI_NUMBER, 12e-6},
        {"P8", SMI_NUMBER, 8},
        {"Enabled", SMI_NUMBER, 1},
        {"[N/A]", SMI_MISSING, 0},
        {"N/A", SMI_MISSING, 0},
        {"[Not Supported]", SMI_MISSING, 0},
        {"[Insufficient Permissions]", SMI_MISSING, 0},
        {"[GPU is lost]", SMI_MISSING, 0},
        {"[Unknown Error]", SMI_MISSING, 0},
        {"[Requested functionality has been deprecated]", SMI_MISSING, 0},
        {"ERR!", SMI_MISSING, 0},
        {"", SMI_MISSING, 0},
        {"NVIDIA H100 80GB HBM3", SMI_TEXT, 0},
        {"12 furlongs", SMI_TEXT, 0},
        {"inf", SMI_TEXT, 0},
        {"P", SMI_TEXT, 0},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct smi_cell c;
        assert_int_equal(smi_parse_line(str_of(cases[i].text), &c, 1), 1);
        assert_int_equal(c.kind, cases[i].kind);
        if (c.kind == SMI_NUMBER)
            assert_true(fabs(c.value - cases[i].value) < 1e-9);
        else
            assert_true(isnan(c.value));
    }
}

static void lines_with_too_much_in_them_are_refused(void **state)
{
    struct smi_cell cells[3];
    char wide[SMI_TEXT_MAX + 2];

    (void)state;
    assert_int_equal(smi_parse_line(STR("1, 2, 3"), cells, 3), 3);
    assert_int_equal(smi_parse_line(STR("1, 2, 3, 4"), cells, 3), -EBADMSG);
    memset(wide, 'x', sizeof(wide) - 1);
    wide[sizeof(wide) - 1] = '\0';
    assert_int_equal(smi_parse_line(str_of(wide), cells, 3), -EBADMSG);
}

static void series_are_found_whatever_their_exporter_calls_the_gpu(void **state)
{
    static const char *const ours =
        "DCGM_FI_DEV_GPU_TEMP{gpu=\"1\",UUID=\"GPU-AB\",Hostname=\"a\"} 40\n"
        "links{gpu_index=\"1\",gpu_uuid=\"GPU-ab\",kind=\"x\"} 1\n"
        "links{gpu_index=\"1\",gpu_uuid=\"GPU-ab\",kind=\"y\"} 2\n"
        "used{gpu_index=\"1\",gpu_uuid=\"GPU-ab\",pid=\"7\"} 5\n";
    static const char *const theirs =
        "DCGM_FI_DEV_GPU_TEMP{gpu=\"0\",UUID=\"GPU-ab\",Hostname=\"b\",pod=\"p\"} 41\n"
        "links{gpu_index=\"1\",kind=\"y\"} 3\nlinks{gpu_index=\"1\"} 9\nnone 1\n{ broken\n";
    struct gpu_series_list a, b;
    struct arena arena;

    (void)state;
    arena_init(&arena, 0);
    assert_int_equal(gpu_series_read(str_of(ours), &arena, &a, NULL), 0);
    assert_int_equal(gpu_series_read(str_of(theirs), &arena, &b, NULL), 0);
    assert_int_equal(a.len, 3); /* not the process */
    assert_int_equal(b.len, 3);
    assert_int_equal(b.skipped, 1);
    assert_true(gpu_series_find(&a, &b.items[0]) ==
                &a.items[0]); /* the UUID goes before the number */
    assert_true(gpu_series_find(&a, &b.items[1]) == &a.items[2]);
    assert_null(gpu_series_find(&a, &b.items[2])); /* it could be either */
    arena_fini(&arena);
}

static void a_value_between_our_two_readings_agrees(void **state)
{
    static const struct {
        double before, after, there;
        enum beside_verdict verdict;
        double difference;
    } cases[] = {
        {40, 50, 45, BESIDE_AGREES, 0},       {50, 40, 45, BESIDE_AGREES, 0},
        {40, 50, 52, BESIDE_AGREES, 2},       {40, 50, 53, BESIDE_DIFFERS, 3},
        {40, 50, 37, BESIDE_DIFFERS, -3},     {NAN, NAN, 37, BESIDE_MISSING, NAN},
        {40, 40, NAN, BESIDE_ONLY_HERE, NAN}, {NAN, NAN, NAN, BESIDE_UNKNOWN, NAN},
        {NAN, 40, 41, BESIDE_AGREES, 1},      {40, NAN, 41, BESIDE_AGREES, 1},
    };
    struct comparison c = {0};

    (void)state;
    arena_init(&c.arena, 0);
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct beside_row row = {.before = cases[i].before,
                                 .after = cases[i].after,
                                 .there = cases[i].there,
                                 .tolerance = 2,
                                 .metric = ""};
        assert_int_equal(beside_add(&c, row, NULL), 0);
        assert_int_equal(c.rows[i].verdict, cases[i].verdict);
        if (isnan(cases[i].difference))
            assert_true(isnan(c.rows[i].difference));
        else
            assert_true(fabs(c.rows[i].difference - cases[i].difference) < 1e-9);
    }
    arena_fini(&c.arena);
}

static void a_tolerance_goes_by_what_is_measured(void **state)
{
    (void)state;
    assert_true(beside_tolerance(STR("all_smi_gpu_temperature_celsius"), 60) == 2);
    assert_true(beside_tolerance(STR("all_smi_gpu_temperature_threshold_slowdown_celsius"), 89) <
                1);
    assert_true(beside_tolerance(STR("all_smi_gpu_power_consumption_watts"), 600) == 60);
    assert_true(beside_tolerance(STR("algalon_gpu_ecc_mode"), 1) < 0.001);
}

static void a_child_has_bounds(void **state)
{
    static const char *const echo[] = {"sh", "-c", "echo hello; exit $1", "sh", "0", NULL};
    static const char *const fails[] = {"sh", "-c", "echo no device; exit 6", NULL};
    static const char *const hangs[] = {"sh", "-c", "sleep 60 & sleep 60", NULL};
    static const char *const floods[] = {"sh", "-c", "yes", NULL};
    static const char *const none[] = {"/nowhere/nvidia-smi", NULL};
    struct buf out;
    struct error err;

    (void)state;
    buf_init(&out, 100000);
    assert_int_equal(child_run(echo, 5000, &out, &err), 0);
    assert_true(str_is(buf_str(&out), "hello\n"));
    assert_int_equal(child_run(fails, 5000, &out, &err), -ECHILD);
    assert_non_null(strstr(err.text, "ended with code 6: no device"));
    assert_int_equal(child_run(hangs, 50, &out, &err), -ETIMEDOUT);
    assert_int_equal(child_run(floods, 5000, &out, &err), -EFBIG);
    assert_int_equal(child_run(none, 5000, &out, &err), -ENOENT);
    buf_fini(&out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(cells_lose_their_units),
        cmocka_unit_test(lines_with_too_much_in_them_are_refused),
        cmocka_unit_test(series_are_found_whatever_their_exporter_calls_the_gpu),
        cmocka_unit_test(a_value_between_our_two_readings_agrees),
        cmocka_unit_test(a_tolerance_goes_by_what_is_measured),
        cmocka_unit_test(a_child_has_bounds),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
