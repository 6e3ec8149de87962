/* message_test.c - templates: what they say, and what is refused. */
#include "rules/message.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static void templates_say_what_prometheus_says(void **state)
{
    static const struct {
        const char *text;
        double value;
        const char *wanted;
    } cases[] = {
        {"plain", 1, "plain"},
        {"", 1, ""},
        {"GPU {{ $labels.gpu }} of {{$labels.host}}", 1, "GPU 3 of a"},
        {"{{ .Labels.gpu }} {{ .Value }}", 1.5, "3 1.5"},
        {"{{ $labels.none }}!", 1, "!"},
        {"{{ $value }}", 0, "0"},
        {"{{ $value }}", 100000, "100000"},
        {"{{ $value }}", 999999.5, "999999.5"},
        {"{{ $value }}", 1234567, "1.234567e+06"},
        {"{{ $value }}", 0.0001, "0.0001"},
        {"{{ $value }}", 0.00001, "1e-05"},
        {"{{ $value }}", -12.25, "-12.25"},
        {"{{ $value }}", NAN, "NaN"},
        {"{{ $value }}", INFINITY, "+Inf"},
        {"{{ $value | humanize }}", 1234567, "1.235M"},
        {"{{ humanize $value }}", 0.00123, "1.23m"},
        {"{{ $value | humanize }}", 0, "0"},
        {"{{ $value | humanize }}", -12, "-12"},
        {"{{ $value | humanize1024 }}B", 1073741824, "1GiB"},
        {"{{ $value | humanize1024 }}", 1, "1"},
        {"{{ $value | humanizePercentage }}", 0.12345, "12.35%"},
        {"{{ $value | humanizeDuration }}", 0, "0s"},
        {"{{ $value | humanizeDuration }}", 0.012, "12ms"},
        {"{{ $value | humanizeDuration }}", 59.5, "59.5s"},
        {"{{ $value | humanizeDuration }}", 61, "1m 1s"},
        {"{{ $value | humanizeDuration }}", -3661, "-1h 1m 1s"},
        {"{{ $value | humanizeDuration }}", 90061, "1d 1h 1m 1s"},
        {"{{ $value | humanizeDuration }}", INFINITY, "+Inf"},
        {"{{ $value | printf \"%.2f\" }}", 3.14159, "3.14"},
        {"{{ printf \"%.1f of %s 100%%\" $value $labels.gpu }}", 2, "2.0 of 3 100%"},
        {"{{ printf \"%v\" $value }}", 2000000, "2e+06"},
        {"{{ printf \"%g\" $value }}", 0.5, "0.5"},
        {"{{ $labels.gpu | humanize }}", 1, "3"},
        {"{{ $labels.host | toUpper }}", 1, "A"},
        {"{{ $value | humanize | printf \"<%s>\" }}", 2000, "<2k>"},
        {"{{ \"a\\\"b\" }}", 1, "a\"b"},
        {"a  {{- $value -}} \n b", 1, "a1b"},
        {"a {{ $value -}}", 1, "a 1"},
        {"{{- $value }} b", 1, "1 b"},
        {"a{{ $value }} {{- $value }}", 1, "a11"},
        {"{{ \"gpu-01.example:9400\" | stripPort }}", 1, "gpu-01.example"},
        {"{{ stripPort \"[::1]:9400\" }} {{ stripPort \"::1\" }} {{ stripPort \"a\" }}", 1,
         "::1 ::1 a"},
        {"{{ stripPort \"[a\" }} {{ stripPort \"[]b:1\" }} {{ stripPort \":1\" }}", 1, "[a []b:1 "},
        {"{{ stripDomain \"gpu-01.example.com\" }} {{ stripDomain \"gpu-01.example:9400\" }}", 1,
         "gpu-01 gpu-01:9400"},
        {"{{ stripDomain \"10.0.0.1:9400\" }} {{ stripDomain \"[::1]:9400\" }}", 1,
         "10.0.0.1:9400 [::1]:9400"},
        {"{{ stripDomain \"\" }}{{ \"a b_c é-d\" | title }}", 1, "A B_c é-D"},
        {"{{ $value | humanizeTimestamp }}", 0, "1970-01-01 00:00:00 +0000 UTC"},
        {"{{ $value | humanizeTimestamp }}", 1435065584.128, "2015-06-23 13:19:44.128 +0000 UTC"},
        {"{{ $value | humanizeTimestamp }}", -0.5, "1969-12-31 23:59:59.5 +0000 UTC"},
        {"{{ $value | humanizeTimestamp }}", 1e30, "1e+30"},
    };
    const struct label items[] = {{STR("gpu"), STR("3")}, {STR("host"), STR("a")}};
    struct labels labels = {items, ARRAY_LEN(items)};

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        const struct message *m;
        struct error err = {0};
        struct arena a;
        struct buf text;
        arena_init(&a, 0);
        buf_init(&text, 0);
        if (message_parse(str_of(cases[i].text), &a, &m, &err))
            fail_msg("%s: %s", cases[i].text, err.text);
        message_expand(m, labels, cases[i].value, &text);
        if (!str_is(buf_str(&text), cases[i].wanted))
            fail_msg("%s: %.*s is not %s", cases[i].text, STR_ARG(buf_str(&text)), cases[i].wanted);
        buf_fini(&text);
        arena_fini(&a);
    }
}

static void what_is_not_understood_is_refused(void **state)
{
    static const char *const cases[] = {
        "{{ $value",
        "{{ }}",
        "{{ if $value }}x{{ end }}",
        "{{ query \"up\" }}",
        "{{ range $labels }}",
        "{{ $labels }}",
        "{{ $labels.0 }}",
        "{{ $externalURL }}",
        "{{-$value }}",
        "{{ $value-}}",
        "{{- }}",
        "{{ $value | }}",
        "{{ $value | $value }}",
        "{{ $value $value }}",
        "{{ humanize }}",
        "{{ humanize $value $value }}",
        "{{ printf }}",
        "{{ printf $value }}",
        "{{ printf \"%d\" $value }}",
        "{{ printf \"%n\" $value }}",
        "{{ printf \"%s\" }}",
        "{{ printf \"%.100f\" $value }}",
        "{{ \"open }}",
        "{{ \"\\x\" }}",
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        const struct message *m;
        struct error err = {0};
        struct arena a;
        arena_init(&a, 0);
        if (message_parse(str_of(cases[i]), &a, &m, &err) != -EINVAL)
            fail_msg("%s is taken", cases[i]);
        assert_true(str_starts(str_of(err.text), STR("template: ")));
        arena_fini(&a);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(templates_say_what_prometheus_says),
        cmocka_unit_test(what_is_not_understood_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
