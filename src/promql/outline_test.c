/* outline_test.c - places of names in expressions, and units carried through them. */
#include "promql/promql.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

static void selectors_are_told_with_their_places_and_what_stands_around_them(void **state)
{
    const char *text = "sum by (gpu, \"x y\") (rate(a{b=\"c\", d!~\"e|f\"}[5m] offset 1h)) / "
                       "on (instance) group_left (job) {__name__=\"z\"}";
    struct promql_outline o;
    struct promql_error err;
    struct arena arena;

    (void)state;
    arena_init(&arena, 0);
    assert_int_equal(promql_outline(str_of(text), &arena, &o, &err), 0);
    assert_int_equal(o.selector_len, 2);
    const struct promql_selector_place *s = &o.selectors[0];
    assert_memory_equal(text + s->start, "a{b=\"c\", d!~\"e|f\"}", s->end - s->start);
    assert_memory_equal(text + s->end, "[5m] offset 1h", s->whole_end - s->end);
    assert_int_equal(s->rollup, PROMQL_ROLLUP_LINEAR);
    assert_memory_equal(text + s->call_start, "rate(a", 6);
    assert_int_equal(text[s->call_end - 1], ')');
    assert_int_equal(s->len, 2);
    assert_true(str_is(s->matchers[1].name, "d") && str_is(s->matchers[1].value, "e|f"));
    assert_int_equal(s->matchers[1].type, MATCH_NOT_REGEX);
    assert_true(str_is(o.selectors[1].name, "z"));
    assert_int_equal(o.selectors[1].rollup, PROMQL_ROLLUP_NONE);

    static const char *const labels[] = {"gpu", "x y", "instance", "job"};
    assert_int_equal(o.label_len, ARRAY_LEN(labels));
    for (size_t i = 0; i < o.label_len; i++)
        assert_true(str_is(o.labels[i].name, labels[i]));
    assert_true(o.labels[1].quoted);
    arena_fini(&arena);
}

static void labels_in_arguments_are_told_and_a_range_of_a_subquery_is_no_rollup(void **state)
{
    struct promql_outline o;
    struct promql_error err;
    struct arena arena;

    (void)state;
    arena_init(&arena, 0);
    assert_int_equal(
        promql_outline(
            STR("max_over_time(label_replace(m, \"dst\", \"$1\", \"src\", \"(.*)\")[1h:])"), &arena,
            &o, &err),
        0);
    assert_int_equal(o.label_len, 2);
    assert_true(str_is(o.labels[0].name, "dst") && str_is(o.labels[1].name, "src"));
    assert_int_equal(o.selectors[0].rollup, PROMQL_ROLLUP_NONE);
    assert_int_equal(promql_outline(STR("changes(m[1h])"), &arena, &o, &err), 0);
    assert_int_equal(o.selectors[0].rollup, PROMQL_ROLLUP_COUNT);
    assert_true(promql_outline(STR("sum("), &arena, &o, &err) < 0);
    arena_fini(&arena);
}

static struct promql_unit unit_of(void *ctx, struct str name)
{
    (void)ctx;
    if (str_is(name, "bytes"))
        return (struct promql_unit){"bytes", 1};
    if (str_is(name, "mib"))
        return (struct promql_unit){"bytes", 1048576};
    if (str_is(name, "joules"))
        return (struct promql_unit){"joules", 1};
    if (str_is(name, "percent"))
        return (struct promql_unit){"1", 0.01};
    if (str_is(name, "info"))
        return (struct promql_unit){"info", 1};
    return (struct promql_unit){NULL, 1};
}

static void units_go_through_expressions(void **state)
{
    static const struct {
        const char *expr, *dimension;
        double factor;
    } cases[] = {
        {"bytes", "bytes", 1},
        {"sum by (x) (mib)", "bytes", 1048576},
        {"mib * 1048576", "bytes", 1},
        {"bytes / 1024 / 1024", "bytes", 1048576},
        {"mib / (mib + mib)", "1", 1},
        {"100 * bytes / bytes", "1", 0.01},
        {"rate(joules[5m])", "watts", 1},
        {"increase(joules[1h]) / 3.6e6", "joules", 3.6e6},
        {"max_over_time(percent[1h])", "1", 0.01},
        {"bytes * on (x) group_left (y) info", "bytes", 1},
        {"count(bytes)", "1", 1},
        {"bytes > 5", "bytes", 1},
        {"bytes + mib", NULL, 1},
        {"bytes * bytes", NULL, 1},
        {"other", NULL, 1},
        {"stdvar_over_time(bytes[1h])", NULL, 1},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct promql_unit u;
        struct promql_error err;
        assert_int_equal(promql_unit(str_of(cases[i].expr), unit_of, NULL, &u, &err), 0);
        if (!cases[i].dimension) {
            assert_null(u.dimension);
            continue;
        }
        assert_non_null(u.dimension);
        assert_string_equal(u.dimension, cases[i].dimension);
        assert_true(fabs(u.factor / cases[i].factor - 1) < 1e-9);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(selectors_are_told_with_their_places_and_what_stands_around_them),
        cmocka_unit_test(labels_in_arguments_are_told_and_a_range_of_a_subquery_is_no_rollup),
        cmocka_unit_test(units_go_through_expressions),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
