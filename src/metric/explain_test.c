/* explain_test.c - every family can be explained. */
#include "metric/catalogue.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static void every_family_has_its_source_period_and_absence(void **state)
{
    static const char *const parts[] = {"\n  type    ", "\n  unit    ",     "\n  labels  hostname",
                                        "\n  source  ", "\n  period  read", "\n  range   ",
                                        "\n  age     ", "\n  absent  "};

    (void)state;
    for (size_t i = 0; i < catalogue_len(); i++) {
        struct buf text;
        buf_init(&text, 0);
        catalogue_explain(catalogue_at(i), &text);
        assert_false(text.failed);
        assert_true(str_starts(buf_str(&text), str_of(catalogue_at(i)->name)));
        assert_true(str_contains(buf_str(&text), str_of(catalogue_at(i)->help)));
        for (size_t j = 0; j < ARRAY_LEN(parts); j++) {
            bool dcgm = j == 2 && str_starts(str_of(catalogue_at(i)->name), STR("DCGM_"));
            if (!dcgm && !str_contains(buf_str(&text), str_of(parts[j])))
                fail_msg("%s lacks%s:\n%.*s", catalogue_at(i)->name, parts[j],
                         STR_ARG(buf_str(&text)));
        }
        assert_false(str_contains(buf_str(&text), STR("(null)")));
        buf_fini(&text);
    }
}

static void what_a_row_says_is_told(void **state)
{
    static const char *const cases[][2] = {
        {"all_smi_gpu_utilization", "nvmlDeviceGetSamples(GPU_UTILIZATION_SAMPLES)"},
        {"all_smi_gpu_power_limit_max_watts", "nvmlDeviceGetPowerManagementLimitConstraints"},
        {"algalon_gpu_memory_temperature_celsius", "MEMORY_TEMP"},
        {"algalon_holder_energy_joules_total", "counts up"},
        {"DCGM_FI_DEV_GPU_TEMP", "nvmlDeviceGetTemperature"},
        {"DCGM_FI_DEV_FB_USED", "range   0 to 1.67772e+07"},
        {"algalon_gpu_held", "Not while the device does not answer"},
        {"all_smi_up", "No line where the hardware"},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        const struct catalogue_family *family = catalogue_find(str_of(cases[i][0]));
        struct buf text;
        buf_init(&text, 0);
        assert_non_null(family);
        if (family)
            catalogue_explain(family, &text);
        if (!str_contains(buf_str(&text), str_of(cases[i][1])))
            fail_msg("%.*s", STR_ARG(buf_str(&text)));
        buf_fini(&text);
    }
}

static void a_row_that_is_like_another_names_one_that_is_there(void **state)
{
    (void)state;
    for (size_t i = 0; i < catalogue_len(); i++) {
        const struct catalogue_family *family = catalogue_at(i);
        const struct catalogue_family *of =
            family->like ? catalogue_find(str_of(family->like)) : NULL;
        if (family->like && (!of || of->like))
            fail_msg("%s is said to be like %s", family->name, family->like);
        if (str_starts(str_of(family->name), STR("DCGM_")))
            assert_non_null(of);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_family_has_its_source_period_and_absence),
        cmocka_unit_test(what_a_row_says_is_told),
        cmocka_unit_test(a_row_that_is_like_another_names_one_that_is_there),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
