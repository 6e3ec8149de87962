/* explain_test.c - every family can be explained, and every note speaks of one. */
#include "metric/catalogue.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static void every_family_has_its_source_period_and_absence(void **state)
{
    static const char *const parts[] = {"\n  type    ", "\n  unit    ",     "\n  labels  hostname",
                                        "\n  source  ", "\n  period  read", "\n  absent  "};

    (void)state;
    for (size_t i = 0; i < catalogue_len; i++) {
        struct buf text;
        buf_init(&text, 0);
        catalogue_explain(&catalogue[i], &text);
        assert_false(text.failed);
        assert_true(str_starts(buf_str(&text), str_of(catalogue[i].name)));
        assert_true(str_contains(buf_str(&text), str_of(catalogue[i].help)));
        for (size_t j = 0; j < ARRAY_LEN(parts); j++) {
            bool dcgm = j == 2 && str_starts(str_of(catalogue[i].name), STR("DCGM_"));
            bool event = j == 4 && str_contains(buf_str(&text), STR("as it happens"));
            if (!dcgm && !event && !str_contains(buf_str(&text), str_of(parts[j])))
                fail_msg("%s lacks%s:\n%.*s", catalogue[i].name, parts[j], STR_ARG(buf_str(&text)));
        }
        assert_false(str_contains(buf_str(&text), STR("(null)")));
        buf_fini(&text);
    }
}

static void the_most_particular_note_is_taken(void **state)
{
    static const char *const cases[][2] = {
        {"all_smi_gpu_utilization", "nvmlDeviceGetSamples(GPU_UTILIZATION_SAMPLES)"},
        {"all_smi_gpu_power_limit_max_watts", "nvmlDeviceGetPowerManagementLimitConstraints"},
        {"algalon_gpu_memory_temperature_celsius", "MEMORY_TEMP"},
        {"algalon_holder_energy_joules_total", "counts up"},
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

static void no_note_is_left_without_a_family(void **state)
{
    struct buf dead;

    (void)state;
    buf_init(&dead, 0);
    if (catalogue_notes_without_family(&dead))
        fail_msg("%.*s", STR_ARG(buf_str(&dead)));
    buf_fini(&dead);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_family_has_its_source_period_and_absence),
        cmocka_unit_test(the_most_particular_note_is_taken),
        cmocka_unit_test(no_note_is_left_without_a_family),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
