/* rule_set_test.c - rule files: what is read, and how what is wrong is named. */
#include "rules/rule_set.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#define GROUP "groups:\n- name: g\n  rules:\n"

static const struct rule_defaults defaults = {15000, 2000};

static void a_file_becomes_groups_of_rules(void **state)
{
    struct rule_set *set = rule_set_new();
    struct error err = {0};

    (void)state;
    assert_int_equal(rule_set_add(set, "f.yml",
                                  STR("groups:\n"
                                      "- name: one\n"
                                      "  interval: 30s\n"
                                      "  limit: 5\n"
                                      "  query_offset: 1m\n"
                                      "  rules:\n"
                                      "  - record: a:b\n"
                                      "    expr: sum by(x)(up)\n"
                                      "    labels: {z: 1, a: two}\n"
                                      "  - alert: Down\n"
                                      "    expr: up  ==  0\n"
                                      "    for: 5m\n"
                                      "    keep_firing_for: 1m\n"
                                      "    labels: {severity: '{{ $value }}'}\n"
                                      "    annotations: {summary: 'down'}\n"
                                      "- name: two\n"),
                                  &defaults, &err),
                     0);
    assert_int_equal(set->len, 2);
    const struct rule_group *g = rule_set_find(set, STR("f.yml"), STR("one"));
    assert_int_equal(g->interval_ms, 30000);
    assert_int_equal(g->limit, 5);
    assert_int_equal(g->query_offset_ms, 60000);
    assert_int_equal(g->len, 2);
    assert_false(g->rules[0].is_alert);
    assert_true(str_is(g->rules[0].query, "sum by (x) (up)"));
    assert_true(str_is(g->rules[0].labels[0].name, "a"));
    assert_true(g->rules[1].is_alert);
    assert_int_equal(g->rules[1].for_ms, 300000);
    assert_int_equal(g->rules[1].keep_firing_ms, 60000);
    assert_non_null(g->rules[1].labels[0].template);
    assert_int_equal(rule_set_find(set, STR("f.yml"), STR("two"))->interval_ms, 15000);
    assert_int_equal(rule_set_find(set, STR("f.yml"), STR("two"))->query_offset_ms, 2000);
    assert_null(rule_set_find(set, STR("f.yml"), STR("three")));
    rule_set_free(set);
}

static void labels_of_a_group_are_those_of_its_rules_which_have_the_last_word(void **state)
{
    static const char text[] = "groups:\n"
                               "- name: g\n"
                               "  labels: {team: gpu, a: '{{ $value }}', z: of the group}\n"
                               "  rules:\n"
                               "  - {record: 'a:b', expr: up}\n"
                               "  - {alert: A, expr: up, labels: {m: own, z: of the rule}}\n";
    static const char *const wanted[] = {"a", "m", "team", "z"};
    struct rule_set *set = rule_set_new(), *bare = rule_set_new();
    struct error err = {0};

    (void)state;
    if (rule_set_add(set, "f.yml", str_of(text), &defaults, &err))
        fail_msg("%s", err.text);
    const struct rule *record = &set->groups[0].rules[0], *alert = &set->groups[0].rules[1];
    assert_int_equal(record->label_len, 3);
    assert_null(record->labels[0].template); /* a template in alerts alone */
    assert_int_equal(alert->label_len, ARRAY_LEN(wanted));
    for (size_t i = 0; i < ARRAY_LEN(wanted); i++)
        assert_true(str_is(alert->labels[i].name, wanted[i]));
    assert_non_null(alert->labels[0].template);
    assert_true(str_is(alert->labels[3].text, "of the rule"));
    /* A rule under other labels is another rule after a reload. */
    assert_int_equal(
        rule_set_add(bare, "f.yml", STR(GROUP "  - {record: 'a:b', expr: up}\n"), &defaults, &err),
        0);
    assert_true(bare->groups[0].rules[0].hash != record->hash);
    rule_set_free(bare);
    rule_set_free(set);
}

static void what_is_wrong_is_named_with_its_line(void **state)
{
    static const struct {
        struct str text;
        const char *wanted;
    } cases[] = {
        {STR("group: []\n"), "f.yml:1: unknown key 'group' in a rule file"},
        {STR("- a\n"), "f.yml:1: a rule file is a map"},
        {STR("groups:\n- rules: []\n"), "f.yml:2: a group without a name"},
        {STR("groups:\n- name: a\n- name: a\n"), "f.yml:3: a group of this name"},
        {STR("groups:\n- name: a\n  concurrency: 2\n"), "f.yml:3: unknown key 'concurrency'"},
        {STR("groups:\n- name: a\n  interval: soon\n"), "f.yml:3: "},
        {STR("groups:\n- name: a\n  interval: 1ms\n"), "f.yml:3: interval is between"},
        {STR("groups:\n- name: a\n  limit: -1\n"), "f.yml:3: limit is a whole number"},
        {STR("groups:\n- name: a\n  labels: [b]\n"), "f.yml:3: labels are"},
        {STR("groups:\n- name: a\n  labels:\n    '': d\n  rules:\n  - {record: a, expr: up}\n"),
         "f.yml:4: '' cannot"},
        {STR("groups:\n- name: a\n  query_offset: -1m\n"), "f.yml:3: "},
        {STR(GROUP "  - expr: up\n"), "f.yml:4: a rule has either record or alert"},
        {STR(GROUP "  - record: a\n    alert: b\n    expr: up\n"),
         "f.yml:4: a rule has either record or alert"},
        {STR(GROUP "  - record: a\n"), "f.yml:4: a rule without expr"},
        {STR(GROUP "  - record: a\n    expr: up{\n"), "f.yml:5: expr: "},
        {STR(GROUP "  - record: 'up{a=\"b\"}'\n    expr: up\n"), "f.yml:4: record is the name"},
        {STR(GROUP "  - record: a\n    expr: up\n    for: 1m\n"), "f.yml:4: for, keep_firing"},
        {STR(GROUP "  - record: a\n    expr: up\n    annotations: {a: b}\n"), "f.yml:4: for, ke"},
        {STR(GROUP "  - alert: ''\n    expr: up\n"), "f.yml:4: an alert without a name"},
        {STR(GROUP "  - alert: A\n    expr: up\n    for: 1 m\n"), "f.yml:6: "},
        {STR(GROUP "  - alert: A\n    expr: up\n    fore: 1m\n"), "f.yml:6: unknown key 'fore'"},
        {STR(GROUP "  - alert: A\n    expr: up\n    labels: {__name__: c}\n"), "f.yml:6: '__name"},
        {STR(GROUP "  - alert: A\n    expr: up\n    labels: [a]\n"), "f.yml:6: labels are"},
        {STR(GROUP "  - alert: A\n    expr: up\n    annotations:\n      a: '{{ $x }}'\n"),
         "f.yml:7:14: template of a: no variable has this name here: '$x'"},
        {STR(GROUP "  - {alert: A, expr: up, labels: {b: \"x\\t{{ $value }}{{ foo }}\"}}\n"),
         "f.yml:4:57: template of b: no function has this name: 'foo'"},
        {STR(GROUP "  - alert: A\n    expr: up\n    annotations:\n      a: |\n        one\n"
                   "        {{ $value }} {{ if }}\n"),
         "f.yml:9:28: template of a: a value or a function is wanted here"},
        {STR(GROUP "  - alert: A\n    expr: up\n    annotations:\n      a: >-\n        one\n"
                   "        two {{ range $labels }}\n"),
         "f.yml:9:16: template of a: a block without its {{end}}"},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct rule_set *set = rule_set_new();
        struct error err = {0};
        if (rule_set_add(set, "f.yml", cases[i].text, &defaults, &err) != -EINVAL)
            fail_msg("case %zu is taken", i);
        if (!str_starts(str_of(err.text), str_of(cases[i].wanted)))
            fail_msg("%s does not begin with %s", err.text, cases[i].wanted);
        rule_set_free(set);
    }
}

static void a_missing_file_is_an_error_and_an_empty_pattern_is_none(void **state)
{
    const char *missing[] = {"/nowhere/rules.yml"}, *pattern[] = {"/nowhere/*.yml"};
    struct rule_set *set = rule_set_new();
    struct error err = {0};

    (void)state;
    assert_int_equal(rule_set_load(set, missing, 1, &defaults, &err), -ENOENT);
    assert_int_equal(rule_set_load(set, pattern, 1, &defaults, &err), 0);
    assert_int_equal(set->len, 0);
    rule_set_free(set);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_file_becomes_groups_of_rules),
        cmocka_unit_test(labels_of_a_group_are_those_of_its_rules_which_have_the_last_word),
        cmocka_unit_test(what_is_wrong_is_named_with_its_line),
        cmocka_unit_test(a_missing_file_is_an_error_and_an_empty_pattern_is_none),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
