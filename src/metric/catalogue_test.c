/* catalogue_test.c - the table is sound, and docs/metrics.md says what it says. */
#include "metric/catalogue.h"
#include "metric/labels.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

static void names_are_valid_and_stand_once(void **state)
{
    (void)state;
    for (size_t i = 0; i < catalogue_len(); i++) {
        struct str name = str_of(catalogue_at(i)->name);
        assert_true(metric_name_is_valid(name));
        assert_ptr_equal(catalogue_find(name), catalogue_at(i));
    }
    assert_null(catalogue_find(STR("all_smi_nothing")));
}

/* Counters that all-smi named otherwise. */
static bool is_named_by_others(struct str name)
{
    return str_is(name, "all_smi_tenstorrent_heartbeat");
}

static void types_are_known_and_counters_of_ours_end_in_total(void **state)
{
    (void)state;
    for (size_t i = 0; i < catalogue_len(); i++) {
        const struct catalogue_family *family = catalogue_at(i);
        struct str name = str_of(family->name);
        bool counter = str_is(str_of(family->type), "counter");
        assert_true(counter || str_is(str_of(family->type), "gauge"));
        if (!str_starts(name, STR("DCGM_")) && !catalogue_is_alias(family) &&
            !is_named_by_others(name))
            assert_int_equal(counter, str_ends(name, STR("_total")));
    }
}

static void every_row_says_what_is_asked(void **state)
{
    (void)state;
    for (size_t i = 0; i < catalogue_len(); i++)
        if (!catalogue_at(i)->asks && !catalogue_at(i)->like)
            fail_msg("%s says neither asks nor like", catalogue_at(i)->name);
}

static void every_range_holds_something(void **state)
{
    (void)state;
    for (size_t i = 0; i < catalogue_len(); i++) {
        double low = NAN, high = NAN;
        catalogue_range(catalogue_at(i), &low, &high);
        if (!(low <= high) || !(high > 0))
            fail_msg("%s: %g to %g", catalogue_at(i)->name, low, high);
    }
}

/* all-smi calls one ratio a utilisation. */
static void units_agree_with_names(void **state)
{
    static const struct {
        const char *suffix, *unit;
    } cases[] = {
        {"_bytes", "bytes"},   {"_watts", "watts"},     {"_celsius", "celsius"},
        {"_mhz", "megahertz"}, {"_seconds", "seconds"}, {"_percent", "percent"},
        {"_info", "info"},     {"_rpm", "rpm"},         {"_utilization", "percent"},
    };

    (void)state;
    for (size_t i = 0; i < catalogue_len(); i++)
        for (size_t j = 0; j < ARRAY_LEN(cases); j++)
            if (str_ends(str_of(catalogue_at(i)->name), str_of(cases[j].suffix)) &&
                strcmp(catalogue_at(i)->name, "all_smi_gpu_memory_bandwidth_utilization") != 0)
                assert_string_equal(catalogue_at(i)->unit, cases[j].unit);
}

static void helps_are_one_plain_line_that_names_its_source(void **state)
{
    (void)state;
    for (size_t i = 0; i < catalogue_len(); i++) {
        const char *help = catalogue_at(i)->help;
        assert_null(strpbrk(help, "\n\\\"|"));
        assert_true(str_ends(str_of(help), STR(")")));
        assert_non_null(strchr(help, '('));
    }
}

static void no_family_has_more_than_twelve_labels(void **state)
{
    (void)state;
    for (size_t i = 0; i < catalogue_len(); i++) {
        struct str rest = str_of(catalogue_at(i)->labels);
        size_t count = 0;
        bool host = false;
        while (rest.ptr) {
            struct str name = str_cut(&rest, ',');
            if (name.len && name.ptr[name.len - 1] == '?')
                name.len--;
            assert_true(label_name_is_valid(name));
            host = host || str_is(name, "hostname") || str_is(name, "Hostname");
            count++;
        }
        assert_true(host);
        assert_in_range(count, 1, 12);
    }
}

/* To renew the page: ALGALON_UPDATE=1 unit/metric_catalogue_test */
static void the_page_of_documentation_is_the_table(void **state)
{
    struct buf wanted, found;
    struct error err;

    (void)state;
    buf_init(&wanted, 0);
    buf_init(&found, 0);
    catalogue_markdown(&wanted);
    assert_false(wanted.failed);
    if (getenv("ALGALON_UPDATE"))
        assert_int_equal(
            file_replace(TEST_FIXTURES "/../../docs/metrics.md", wanted.ptr, wanted.len, &err), 0);
    assert_int_equal(file_read(TEST_FIXTURES "/../../docs/metrics.md", 1 << 20, &found, &err), 0);
    assert_true(str_equal(buf_str(&wanted), buf_str(&found)));
    buf_fini(&wanted);
    buf_fini(&found);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(names_are_valid_and_stand_once),
        cmocka_unit_test(types_are_known_and_counters_of_ours_end_in_total),
        cmocka_unit_test(every_row_says_what_is_asked),
        cmocka_unit_test(every_range_holds_something),
        cmocka_unit_test(units_agree_with_names),
        cmocka_unit_test(helps_are_one_plain_line_that_names_its_source),
        cmocka_unit_test(no_family_has_more_than_twelve_labels),
        cmocka_unit_test(the_page_of_documentation_is_the_table),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
