/* yaml_test.c - YAML and JSON as trees that know their lines. */
#include "base/base.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static void a_tree_knows_its_lines_and_kinds(void **state)
{
    const struct yaml_node *root;
    struct arena a;
    struct error err;

    (void)state;
    arena_init(&a, 0);
    assert_int_equal(
        yaml_parse("f.yml", STR("a: &x {k: 1}\nb:\n  - 'two'\n  - ~\nc: *x\n"), &a, &root, &err),
        0);
    assert_int_equal(root->kind, YAML_MAP);
    const struct yaml_node *b = yaml_get(root, "b");
    assert_int_equal(b->kind, YAML_LIST);
    assert_int_equal(b->len, 2);
    assert_int_equal(b->first->value->line, 3);
    assert_true(str_is(b->first->value->text, "two"));
    assert_false(b->first->value->plain);
    assert_true(yaml_is_null(b->first->next->value));
    assert_true(str_is(yaml_get(yaml_get(root, "c"), "k")->text, "1"));
    assert_null(yaml_get(root, "d"));
    arena_fini(&a);
}

static void what_is_no_yaml_is_an_error_that_names_the_line(void **state)
{
    static const struct {
        struct str text;
        const char *begins;
    } cases[] = {
        {STR("a: 1\nb: [\n"), "f.yml:3:"},
        {STR("a: 1\na: 2\n"), "f.yml:2:"},
        {STR("\ta: 1\n"), "f.yml:1:"},
        {STR("a: *nobody\n"), "f.yml:1:"},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        const struct yaml_node *root;
        struct error err = {0};
        struct arena a;
        arena_init(&a, 0);
        assert_int_equal(yaml_parse("f.yml", cases[i].text, &a, &root, &err), -EINVAL);
        if (!str_starts(str_of(err.text), str_of(cases[i].begins)))
            fail_msg("%s does not begin with %s", err.text, cases[i].begins);
        arena_fini(&a);
    }
}

static void equal_trees_of_yaml_and_json_have_equal_hashes(void **state)
{
    const struct yaml_node *one, *two, *three;
    struct arena a;
    struct error err;

    (void)state;
    arena_init(&a, 0);
    assert_int_equal(yaml_parse("f", STR("a: [1, 'x']\n"), &a, &one, &err), 0);
    assert_int_equal(yaml_parse_json("f", STR("{\"a\":[1,\"x\"]}"), &a, &two, &err), 0);
    assert_int_equal(yaml_parse("f", STR("a: [2, 'x']\n"), &a, &three, &err), 0);
    assert_int_equal(yaml_hash(one), yaml_hash(two));
    assert_int_not_equal(yaml_hash(one), yaml_hash(three));
    arena_fini(&a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_tree_knows_its_lines_and_kinds),
        cmocka_unit_test(what_is_no_yaml_is_an_error_that_names_the_line),
        cmocka_unit_test(equal_trees_of_yaml_and_json_have_equal_hashes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
