/* Tests of texts of the driver, and of the table of plausible values. */
#include "device/nvidia/nvidia_check.h"
#include "device/nvidia/nvidia_sort.h"
#include "device/nvidia/nvidia_text.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static void bus_ids_are_spelled_as_sysfs_spells_them(void **state)
{
    static const struct {
        const char *from, *wanted; /* "": refused */
    } cases[] = {
        {"00000000:3B:00.0", "0000:3b:00.0"},
        {"0000:3b:00.0", "0000:3b:00.0"},
        {"00000001:00:00.0\n", "0001:00:00.0"},
        {"00010000:E1:1F.7", "10000:e1:1f.7"},
        {"10c4:0:0.0", "10c4:00:00.0"},
        {"", ""},
        {"3B:00.0", ""},
        {"0000:3b:00", ""},
        {"0000:3b:00.", ""},
        {"0000:3b:20.0", ""},
        {"0000:3b:00.8", ""},
        {"0000:1ff:00.0", ""},
        {"000000000:3b:00.0", ""},
        {"0000:3g:00.0", ""},
        {"0000:3b:00.0/..", ""},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        char to[24];
        bool ok = nvidia_text_bus_id(to, str_of(cases[i].from));
        assert_string_equal(to, cases[i].wanted);
        assert_int_equal(ok, cases[i].wanted[0] != '\0');
    }
}

static void bus_ids_stand_in_the_order_of_the_bus(void **state)
{
    (void)state;
    assert_true(nvidia_text_bus_order("0000:3b:00.0", "0000:5d:00.0") < 0);
    assert_true(nvidia_text_bus_order("ffff:00:00.0", "10000:00:00.0") < 0);
    assert_int_equal(nvidia_text_bus_order("0000:3b:00.0", "0000:3b:00.0"), 0);
}

static void names_are_trimmed_and_freed_of_what_cannot_be_shown(void **state)
{
    static const struct {
        const char *from;
        size_t size;
        const char *wanted;
    } cases[] = {
        {"NVIDIA H200", 12, "NVIDIA H200"},
        {"  Tesla T4 \n", 13, "Tesla T4"},
        {"A\tB\x01"
         "C",
         6, "ABC"},
        {"not terminated", 3, "not"},
        {"\xff\xfe", 3, ""},
        {"", 1, ""},
        {"Quadro\xc2\xae 4000", 13, "Quadro\xc2\xae 4000"},
        {"a name that is longer than the place for it", 44, "a name that is "},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        char to[16];
        nvidia_text_clean(to, sizeof(to), cases[i].from, cases[i].size);
        assert_string_equal(to, cases[i].wanted);
    }
}

static void the_version_is_found_in_both_spellings_of_the_driver(void **state)
{
    static const struct {
        const char *file, *wanted;
    } cases[] = {
        {"NVRM version: NVIDIA UNIX x86_64 Kernel Module  535.129.03  Thu Oct 19 18:56:32 UTC\n"
         "GCC version:  gcc version 12.2.0\n",
         "535.129.03"},
        {"NVRM version: NVIDIA UNIX Open Kernel Module for x86_64  580.95.05  Release Build\n",
         "580.95.05"},
        {"NVRM version: NVIDIA UNIX aarch64 Kernel Module  390.25\n", "390.25"},
        {"GCC version:  gcc version 12.2.0\n", ""},
        {"NVRM version: none\n", ""},
        {"", ""},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        char to[80];
        bool ok = nvidia_text_version(to, sizeof(to), str_of(cases[i].file));
        assert_string_equal(to, cases[i].wanted);
        assert_int_equal(ok, cases[i].wanted[0] != '\0');
    }
}

static void values_are_found_by_their_key(void **state)
{
    struct str file =
        STR("Model: \t\t NVIDIA H200\nIRQ:   \t\t 120\nBus Location: \t 0000:3b:00.0\n");

    (void)state;
    assert_true(str_is(nvidia_text_value(file, "Model"), "NVIDIA H200"));
    assert_true(str_is(nvidia_text_value(file, "IRQ"), "120"));
    assert_true(str_is(nvidia_text_value(file, "Bus Location"), "0000:3b:00.0"));
    assert_true(str_is(nvidia_text_value(file, "Mode"), ""));
    assert_true(str_is(nvidia_text_value(STR(""), "Model"), ""));
    assert_true(str_is(nvidia_text_value(STR("Model"), "Model"), ""));
}

static void values_are_taken_in_their_range_and_counted_outside(void **state)
{
    static const struct {
        enum check_field field;
        double raw, wanted; /* NAN: withdrawn */
        enum check_reason reason;
    } cases[] = {
        {CHECK_UTILIZATION, 0, 0, 0},
        {CHECK_UTILIZATION, 100, 1, 0},
        {CHECK_UTILIZATION, 101, NAN, CHECK_RANGE},
        {CHECK_UTILIZATION, -1, NAN, CHECK_RANGE},
        {CHECK_UTILIZATION, 4294967295.0, NAN, CHECK_SENTINEL},
        {CHECK_POWER, 700000, 700, 0},
        {CHECK_POWER, NAN, NAN, CHECK_SENTINEL},
        {CHECK_POWER, INFINITY, NAN, CHECK_SENTINEL},
        {CHECK_FAN, 120, 1.2, 0}, /* fans may be asked for more than they were made for */
        {CHECK_MEMORY_TEMPERATURE, 9223372036854775794.0, NAN, CHECK_SENTINEL},
        {CHECK_MEMORY_USED, 2147483640.0, 2147483640.0, 0}, /* bytes know no 32-bit blanks */
        {CHECK_MEMORY_TOTAL, 0, NAN, CHECK_SENTINEL},
        {CHECK_ENERGY, 4294967295.0, 4294967.295, 0},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct check c = {0};
        double value = check_gauge(&c, cases[i].field, cases[i].raw);
        if (isnan(cases[i].wanted)) {
            assert_true(isnan(value));
            assert_int_equal(c.rejected[cases[i].field][cases[i].reason], 1);
        } else {
            assert_true(fabs(value - cases[i].wanted) < 1e-6);
            assert_int_equal(c.rejected[cases[i].field][cases[i].reason], 0);
        }
    }
}

static void every_field_that_is_shown_stands_in_the_catalogue(void **state)
{
    struct buf unknown;

    (void)state;
    buf_init(&unknown, 0);
    if (check_families_unknown(&unknown))
        fail_msg("%.*s", STR_ARG(buf_str(&unknown)));
    buf_fini(&unknown);
}

static int by_value(const void *a, const void *b)
{
    const unsigned *x = a, *y = b;

    return (*x > *y) - (*x < *y);
}

static void anything_is_sorted(void **state)
{
    unsigned numbers[3000], seed = 1;

    (void)state;
    for (size_t n = 0; n <= ARRAY_LEN(numbers); n = n * 3 + 1) {
        for (size_t i = 0; i < n; i++)
            numbers[i] = (seed = seed * 1664525 + 1013904223) >> 20;
        nvidia_sort(numbers, n, sizeof(*numbers), by_value);
        for (size_t i = 1; i < n; i++)
            assert_true(numbers[i - 1] <= numbers[i]);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_field_that_is_shown_stands_in_the_catalogue),
        cmocka_unit_test(bus_ids_are_spelled_as_sysfs_spells_them),
        cmocka_unit_test(bus_ids_stand_in_the_order_of_the_bus),
        cmocka_unit_test(names_are_trimmed_and_freed_of_what_cannot_be_shown),
        cmocka_unit_test(the_version_is_found_in_both_spellings_of_the_driver),
        cmocka_unit_test(values_are_found_by_their_key),
        cmocka_unit_test(values_are_taken_in_their_range_and_counted_outside),
        cmocka_unit_test(anything_is_sorted),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
