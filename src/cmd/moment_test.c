/* moment_test.c - moments on the command line. */
#include "moment.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <time.h>

#include <cmocka.h>

#define NOW INT64_C(1774861200000) /* 2026-03-30 09:00:00 UTC, 11:00 in Berlin */

static int64_t at(const char *text)
{
    struct error err = {0};
    int64_t ms;

    if (moment_parse(text, NOW, &ms, &err))
        fail_msg("%s: %s", text, err.text);
    return (ms - NOW) / 1000;
}

static void a_time_of_day_is_the_last_that_the_clock_showed(void **state)
{
    (void)state;
    assert_int_equal(at("10:59"), -60);
    assert_int_equal(at("11:00:00"), 0);
    assert_int_equal(at("11:00:01"), -86399);
    assert_int_equal(at("02:13:05"), -(8 * 3600 + 46 * 60 + 55));
}

static void dates_are_of_this_machines_zone_over_the_seam_of_summer_time(void **state)
{
    (void)state;
    assert_int_equal(at("2026-03-30 10:00"), -3600);
    assert_int_equal(at("2026-03-28 11:00:30"), -(47 * 3600) + 30); /* the 29th had 23 hours */
}

static void rfc_3339_and_durations_are_taken(void **state)
{
    (void)state;
    assert_int_equal(at("2026-03-30T08:00:00Z"), -3600);
    assert_int_equal(at("2026-03-30T10:00:00+02:00"), -3600);
    assert_int_equal(at("2026-03-30T08:00:00.250Z"), -3599);
    assert_int_equal(at("15m"), -900);
    assert_int_equal(at("1d"), -86400);
}

static void what_is_none_or_yet_to_come_is_refused_in_words(void **state)
{
    static const char *const texts[] = {
        "", "never", "25:00", "10:59x", "2026-03-30", "10:61", "2026-13-01 00:00", "-5m"};
    struct error err;
    int64_t ms;

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(texts); i++) {
        assert_int_equal(moment_parse(texts[i], NOW, &ms, &err), -EINVAL);
        assert_non_null(strstr(err.text, "is no moment"));
    }
    assert_int_equal(moment_parse("2026-03-31 00:00", NOW, &ms, &err), -EINVAL);
    assert_non_null(strstr(err.text, "yet to come"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_time_of_day_is_the_last_that_the_clock_showed),
        cmocka_unit_test(dates_are_of_this_machines_zone_over_the_seam_of_summer_time),
        cmocka_unit_test(rfc_3339_and_durations_are_taken),
        cmocka_unit_test(what_is_none_or_yet_to_come_is_refused_in_words),
    };

    setenv("TZ", "Europe/Berlin", 1);
    tzset();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
