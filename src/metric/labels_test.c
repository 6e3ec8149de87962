/* labels_test.c - sets of labels: lookup, order, hash, text, building. */
#include "metric/labels.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

#define SET(...)                                                                                   \
    ((struct labels){(const struct label[]){__VA_ARGS__},                                          \
                     sizeof((struct label[]){__VA_ARGS__}) / sizeof(struct label)})
#define PAIR(n, v)                                                                                 \
    {                                                                                              \
        STR(n), STR(v)                                                                             \
    }

static void assert_prints(struct labels l, const char *text, const char *json)
{
    struct buf out;

    buf_init(&out, 0);
    labels_print(l, &out);
    assert_true(str_is(buf_str(&out), text));
    buf_reset(&out);
    labels_print_json(l, &out);
    assert_true(str_is(buf_str(&out), json));
    buf_fini(&out);
}

static void a_set_prints_as_the_text_format_and_as_json(void **state)
{
    (void)state;
    assert_prints(SET(PAIR("__name__", "up"), PAIR("a", "b"), PAIR("c", "d")),
                  "up{a=\"b\",c=\"d\"}", "{\"__name__\":\"up\",\"a\":\"b\",\"c\":\"d\"}");
    assert_prints(SET(PAIR("__name__", "up")), "up", "{\"__name__\":\"up\"}");
    assert_prints(SET(PAIR("a", "b")), "{a=\"b\"}", "{\"a\":\"b\"}");
    assert_prints((struct labels){0}, "{}", "{}");
    assert_prints(SET(PAIR("__name__", "x"), PAIR("a", "q\"b\\s\nn")), "x{a=\"q\\\"b\\\\s\\nn\"}",
                  "{\"__name__\":\"x\",\"a\":\"q\\\"b\\\\s\\nn\"}");
    assert_prints(SET(PAIR("__name__", "my.name"), PAIR("a.b", "c")), "{\"my.name\",\"a.b\"=\"c\"}",
                  "{\"__name__\":\"my.name\",\"a.b\":\"c\"}");
    /* Capitals sort before __name__. */
    assert_prints(SET(PAIR("UUID", "u"), PAIR("__name__", "x")), "x{UUID=\"u\"}",
                  "{\"UUID\":\"u\",\"__name__\":\"x\"}");
}

static void order_is_by_name_then_value_then_length(void **state)
{
    const struct labels ordered[] = {
        {0},
        SET(PAIR("a", "1")),
        SET(PAIR("a", "1"), PAIR("b", "1")),
        SET(PAIR("a", "1"), PAIR("b", "2")),
        SET(PAIR("a", "1"), PAIR("c", "1")),
        SET(PAIR("a", "2")),
        SET(PAIR("ab", "0")),
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(ordered); i++) {
        for (size_t k = 0; k < ARRAY_LEN(ordered); k++) {
            int order = labels_compare(ordered[i], ordered[k]);
            assert_int_equal((order > 0) - (order < 0), (i > k) - (i < k));
            assert_int_equal(labels_equal(ordered[i], ordered[k]), i == k);
        }
    }
}

static void equal_sets_hash_alike_and_boundaries_count(void **state)
{
    char copy[] = "abc";

    (void)state;
    assert_int_equal(labels_hash(SET(PAIR("a", "bc"))),
                     labels_hash(SET({str_make(copy, 1), str_make(copy + 1, 2)})));
    assert_int_not_equal(labels_hash(SET(PAIR("a", "bc"))), labels_hash(SET(PAIR("ab", "c"))));
    assert_int_not_equal(labels_hash(SET(PAIR("a", "b"))),
                         labels_hash(SET(PAIR("a", "b"), PAIR("c", "d"))));
    /* Written down once: the value may stand in files, so it must not change. */
    assert_int_equal(labels_hash((struct labels){0}), hash_bytes("", 0));
    assert_int_equal(labels_hash(SET(PAIR("a", "b"))), hash_bytes("a\xff"
                                                                  "b\xff",
                                                                  4));
    static char huge[2][3000];
    memset(huge, 'x', sizeof(huge));
    assert_int_equal(labels_hash(SET({STR("a"), str_make(huge[0], 3000)})),
                     labels_hash(SET({STR("a"), str_make(huge[1], 3000)})));
    huge[1][2999] = 'y';
    assert_int_not_equal(labels_hash(SET({STR("a"), str_make(huge[0], 3000)})),
                         labels_hash(SET({STR("a"), str_make(huge[1], 3000)})));
}

static void a_copy_stands_alone(void **state)
{
    char name[] = "name", value[] = "value";
    struct labels copy;
    struct arena a;

    (void)state;
    arena_init(&a, 0);
    assert_int_equal(labels_copy(SET({str_make(name, 4), str_make(value, 5)}), &a, &copy), 0);
    name[0] = value[0] = 'X';
    assert_true(labels_equal(copy, SET(PAIR("name", "value"))));
    arena_fini(&a);
    arena_init(&a, 16);
    assert_int_equal(labels_copy(SET(PAIR("name", "value")), &a, &copy), -ENOMEM);
    arena_fini(&a);
}

static void a_builder_sorts_replaces_and_removes(void **state)
{
    struct label_builder b;
    struct labels l;
    struct error err;

    (void)state;
    label_builder_init(&b, SET(PAIR("b", "1"), PAIR("d", "1")));
    label_builder_set(&b, STR("c"), STR("2"));
    label_builder_set(&b, STR("a"), STR("2"));
    label_builder_set(&b, STR("b"), STR("3"));
    label_builder_set(&b, STR("d"), STR(""));
    label_builder_set(&b, STR("never"), STR(""));
    assert_true(str_is(label_builder_get(&b, STR("b")), "3"));
    assert_true(str_is(label_builder_get(&b, STR("d")), ""));
    assert_int_equal(label_builder_view(&b, &l, &err), 0);
    assert_true(labels_equal(l, SET(PAIR("a", "2"), PAIR("b", "3"), PAIR("c", "2"))));
}

static void more_labels_than_the_bound_are_refused(void **state)
{
    struct label_builder b;
    struct labels l;
    struct error err;
    char names[LABELS_MAX + 5][8];

    (void)state;
    label_builder_init(&b, (struct labels){0});
    for (size_t i = 0; i < LABELS_MAX; i++) {
        snprintf(names[i], sizeof(names[i]), "l%zu", i);
        label_builder_set(&b, str_of(names[i]), STR("v"));
    }
    assert_int_equal(label_builder_view(&b, &l, &err), 0);
    assert_int_equal(l.len, LABELS_MAX);
    for (size_t i = LABELS_MAX; i < ARRAY_LEN(names); i++) {
        snprintf(names[i], sizeof(names[i]), "l%zu", i);
        label_builder_set(&b, str_of(names[i]), STR("v"));
        assert_int_equal(label_builder_view(&b, &l, &err), -E2BIG);
    }
}

static void names_are_valid_by_the_classic_alphabet(void **state)
{
    static const struct {
        const char *name;
        bool label, metric;
    } cases[] = {
        {"a", true, true},          {"_x9", true, true},   {"a:b", false, true},
        {":", false, true},         {"9a", false, false},  {"", false, false},
        {"a-b", false, false},      {"a.b", false, false}, {"a b", false, false},
        {"\xc3\xa9", false, false},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        assert_int_equal(label_name_is_valid(str_of(cases[i].name)), cases[i].label);
        assert_int_equal(metric_name_is_valid(str_of(cases[i].name)), cases[i].metric);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_set_prints_as_the_text_format_and_as_json),
        cmocka_unit_test(order_is_by_name_then_value_then_length),
        cmocka_unit_test(equal_sets_hash_alike_and_boundaries_count),
        cmocka_unit_test(a_copy_stands_alone),
        cmocka_unit_test(a_builder_sorts_replaces_and_removes),
        cmocka_unit_test(more_labels_than_the_bound_are_refused),
        cmocka_unit_test(names_are_valid_by_the_classic_alphabet),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
