/* choice_test.c - the collectors file of dcgm-exporter: its grammar, its mistakes, its limits. */
#include "worker/choice.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#define TEMP "DCGM_FI_DEV_GPU_TEMP, gauge, heat\n"

static void records_are_read_as_go_does(void **state)
{
    static const struct {
        const char *text, *help; /* of DCGM_FI_DEV_GPU_TEMP */
        size_t len;
        unsigned line;
    } cases[] = {
        {TEMP, "heat", 1, 1},
        {"DCGM_FI_DEV_GPU_TEMP,gauge,heat", "heat", 1, 1},
        {"\n\n# a comment, with commas, and \"quotes\n" TEMP, "heat", 1, 4},
        {"  # a comment behind blanks\n" TEMP, "heat", 1, 2},
        {"DCGM_FI_DEV_GPU_TEMP , gauge ,  heat of it  \r\n", "heat of it", 1, 1},
        {"DCGM_FI_DEV_GPU_TEMP, gauge,\"heat, in \"\"C\"\"\"\n", "heat, in \"C\"", 1, 1},
        {"DCGM_FI_DEV_GPU_TEMP, gauge,\"two\nlines\"\nDCGM_FI_DEV_FB_USED, gauge,\n", "two\nlines",
         2, 1},
        {"\xef\xbb\xbf" TEMP "DCGM_FI_DRIVER_VERSION, label, driver\n", "heat", 1, 1},
    };
    struct error err;

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct choice *c = NULL;
        struct arena a;
        arena_init(&a, 0);
        err.text[0] = '\0';
        if (choice_parse(str_of(cases[i].text), &a, &c, &err))
            fail_msg("%s: %s", cases[i].text, err.text);
        const struct choice_field *field = choice_find(c, "DCGM_FI_DEV_GPU_TEMP");
        assert_non_null(field);
        assert_string_equal(field->help, cases[i].help);
        assert_string_equal(field->type, "gauge");
        assert_int_equal(field->line, cases[i].line);
        assert_int_equal(c->len, cases[i].len);
        assert_string_equal(c->unknown, "");
        arena_fini(&a);
    }
}

static void a_mistake_is_told_with_its_line(void **state)
{
    static const struct {
        const char *text, *wanted;
    } cases[] = {
        {TEMP "DCGM_FI_DEV_FB_USED, gauge\n", "line 2: 2 columns"},
        {TEMP "DCGM_FI_DEV_FB_USED, gauge, a, b\n", "line 2: 4 columns"},
        {TEMP "\n" TEMP, "line 3: DCGM_FI_DEV_GPU_TEMP stands in line 1 already"},
        {"DCGM_FI_DEV_GPU_TEMP, histogram, x\n", "line 1: the type is gauge, counter or label"},
        {"DCGM_FI_DEV_GPU_TEMP, , x\n", "line 1: the type"},
        {"GPU_TEMP, gauge, x\n", "line 1: 'GPU_TEMP' is no name of a field"},
        {"dcgm_fi_dev_gpu_temp, gauge, x\n", "line 1: 'dcgm_fi_dev_gpu_temp' is no name"},
        {"DCGM_FI_DEV_GPU_TEMP, gauge, \"x\"\n", "line 1: a quote within a column"},
        {"DCGM_FI_DEV_GPU_TEMP, gauge,\"x\" y\n", "line 1: a quoted column does not end"},
        {"DCGM_FI_DEV_GPU_TEMP, gauge,\"x\n\n", "line 1: a quoted column does not end"},
        {"DCGM_FI_DEV_GPU_TEMP, gauge, \xff\n", "line 1: the help is not UTF-8"},
        {"", "no field that this worker gives"},
        {"# nothing\n", "no field that this worker gives"},
        {"DCGM_FI_DEV_MOON_PHASE, gauge, x\n", "unknown are DCGM_FI_DEV_MOON_PHASE (line 1)"},
        {TEMP "DCGM_FI_DEV_SERIAL, label, a\nDCGM_FI_DRIVER_VERSION, label, a\n"
              "DCGM_FI_NVML_VERSION, label, a\nDCGM_FI_DEV_VBIOS_VERSION, label, a\n"
              "DCGM_FI_DEV_OEM_INFOROM_VER, label, a\n",
         "line 1: with 5 fields of type label DCGM_FI_DEV_GPU_TEMP would have 13 labels; a series "
         "has 12 at most"},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct choice *c = NULL;
        struct error err = {0};
        struct arena a;
        arena_init(&a, 0);
        assert_int_equal(choice_parse(str_of(cases[i].text), &a, &c, &err), -EINVAL);
        assert_null(c);
        if (!str_contains(str_of(err.text), str_of(cases[i].wanted)))
            fail_msg("%s\nsays: %s", cases[i].text, err.text);
        arena_fini(&a);
    }
}

static void what_is_not_given_is_named_and_left_out(void **state)
{
    static const char text[] = TEMP "DCGM_FI_DEV_MOON_PHASE, gauge, x\n"
                                    "DCGM_FI_DEV_FB_USED, label, x\n"
                                    "DCGM_FI_DEV_SERIAL, gauge, x\n"
                                    "DCGM_FI_DEV_SERIAL, label, x\n";
    struct choice *c = NULL;
    struct arena a;

    (void)state;
    arena_init(&a, 0);
    assert_int_equal(choice_parse(str_of(text), &a, &c, NULL), 0);
    assert_int_equal(c->len, 1);
    assert_string_equal(c->unknown,
                        "DCGM_FI_DEV_MOON_PHASE (line 2), DCGM_FI_DEV_FB_USED (line 3), "
                        "DCGM_FI_DEV_SERIAL (line 4)");
    assert_int_equal(c->labels, choice_label_bits(c));
    assert_true(c->labels && !(c->labels & choice_label_bits(NULL)));
    arena_fini(&a);
}

static void a_file_is_named_in_its_mistakes(void **state)
{
    struct choice *c = NULL;
    struct error err;
    struct arena a;

    (void)state;
    arena_init(&a, 0);
    assert_int_equal(choice_read("/nonexistent/counters.csv", &a, &c, &err), -ENOENT);
    assert_true(str_contains(str_of(err.text), STR("/nonexistent/counters.csv")));
    arena_fini(&a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(records_are_read_as_go_does),
        cmocka_unit_test(a_mistake_is_told_with_its_line),
        cmocka_unit_test(what_is_not_given_is_named_and_left_out),
        cmocka_unit_test(a_file_is_named_in_its_mistakes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
