/* relabel_test.c - every action, as Prometheus documents it. */
#include "scrape/relabel.h"

#include "scrape/md5.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

/* A rule as a test writes it: sources by commas, NULL for the default. */
struct rule_text {
    const char *action, *sources, *regex, *target, *replacement, *separator;
    uint64_t modulus;
};

static struct relabel_rule make_rule(const struct rule_text *t, struct arena *a)
{
    struct relabel_rule rule = {.separator = str_of(t->separator ? t->separator : ";"),
                                .target = str_of(t->target),
                                .replacement = str_of(t->replacement ? t->replacement : "$1"),
                                .any = !t->regex,
                                .modulus = t->modulus};
    struct str rest = str_of(t->sources);

    assert_true(relabel_action_of(str_of(t->action), &rule.action));
    assert_int_equal(regex_new(str_of(t->regex ? t->regex : "(.*)"), &rule.regex, NULL), 0);
    rule.sources = arena_calloc(a, 8, sizeof(struct str));
    while (t->sources && rest.ptr)
        rule.sources[rule.source_len++] = str_cut(&rest, ',');
    return rule;
}

static void each_action_does_what_is_documented(void **state)
{
    /* The set is a="foo", b="bar", c="baz", __name__="m". */
    static const struct {
        struct rule_text rule;
        const char *wanted; /* NULL: dropped */
    } cases[] = {
        {{"replace", "a", "f(.*)", "d", "ch${1}-ch${1}", NULL, 0},
         "m{a=\"foo\",b=\"bar\",c=\"baz\",d=\"choo-choo\"}"},
        {{"replace", "a,b", "f(.*);(.*)r", "a", "b${1}${2}m", NULL, 0},
         "m{a=\"boobam\",b=\"bar\",c=\"baz\"}"},
        {{"replace", "a,b", "foo-bar", "a", "x", "-", 0}, "m{a=\"x\",b=\"bar\",c=\"baz\"}"},
        {{"replace", "a", "nope", "d", "x", NULL, 0}, "m{a=\"foo\",b=\"bar\",c=\"baz\"}"},
        {{"replace", "a", "foo", "b", "", NULL, 0}, "m{a=\"foo\",c=\"baz\"}"},
        {{"replace", NULL, NULL, "d", "const", NULL, 0},
         "m{a=\"foo\",b=\"bar\",c=\"baz\",d=\"const\"}"},
        {{"replace", "a", NULL, "d", NULL, NULL, 0}, "m{a=\"foo\",b=\"bar\",c=\"baz\",d=\"foo\"}"},
        {{"replace", "nope", NULL, "a", NULL, NULL, 0}, "m{b=\"bar\",c=\"baz\"}"},
        {{"replace", "a", "(f).*", "${1}_x", "y", NULL, 0},
         "m{a=\"foo\",b=\"bar\",c=\"baz\",f_x=\"y\"}"},
        {{"replace", "a", "(.*)", "0${1}", "y", NULL, 0}, "m{a=\"foo\",b=\"bar\",c=\"baz\"}"},
        {{"Replace", "a", NULL, "__name__", NULL, NULL, 0}, "foo{a=\"foo\",b=\"bar\",c=\"baz\"}"},
        {{"keep", "a", "f.*", NULL, NULL, NULL, 0}, "m{a=\"foo\",b=\"bar\",c=\"baz\"}"},
        {{"keep", "a", "o.*", NULL, NULL, NULL, 0}, NULL},
        {{"drop", "a", "f.*", NULL, NULL, NULL, 0}, NULL},
        {{"drop", "a", "f", NULL, NULL, NULL, 0}, "m{a=\"foo\",b=\"bar\",c=\"baz\"}"},
        {{"drop", "a,b", "foo;bar", NULL, NULL, NULL, 0}, NULL},
        {{"keepequal", "a", NULL, "b", NULL, NULL, 0}, NULL},
        {{"keepequal", "a", NULL, "a", NULL, NULL, 0}, "m{a=\"foo\",b=\"bar\",c=\"baz\"}"},
        {{"dropequal", "a", NULL, "a", NULL, NULL, 0}, NULL},
        {{"dropequal", "a", NULL, "b", NULL, NULL, 0}, "m{a=\"foo\",b=\"bar\",c=\"baz\"}"},
        {{"hashmod", "c", NULL, "d", NULL, NULL, 1000},
         "m{a=\"foo\",b=\"bar\",c=\"baz\",d=\"976\"}"}, /* as in Prometheus's relabel_test.go */
        {{"labelmap", NULL, "(b|c)", NULL, "x_$1", NULL, 0},
         "m{a=\"foo\",b=\"bar\",c=\"baz\",x_b=\"bar\",x_c=\"baz\"}"},
        {{"labeldrop", NULL, "[bc]", NULL, NULL, NULL, 0}, "m{a=\"foo\"}"},
        {{"labelkeep", NULL, "__name__|b", NULL, NULL, NULL, 0}, "m{b=\"bar\"}"},
        {{"uppercase", "a", NULL, "d", NULL, NULL, 0},
         "m{a=\"foo\",b=\"bar\",c=\"baz\",d=\"FOO\"}"},
        {{"lowercase", "__name__", NULL, "a", NULL, NULL, 0}, "m{a=\"m\",b=\"bar\",c=\"baz\"}"},
    };
    const struct label items[] = {{STR(LABEL_NAME), STR("m")},
                                  {STR("a"), STR("foo")},
                                  {STR("b"), STR("bar")},
                                  {STR("c"), STR("baz")}};

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct arena a;
        arena_init(&a, 0);
        struct relabel_rule rule = make_rule(&cases[i].rule, &a);
        struct relabel relabel = {&rule, 1};
        struct label_builder b;
        struct labels l;
        struct buf out;
        label_builder_init(&b, (struct labels){items, ARRAY_LEN(items)});
        int keep = relabel_apply(&relabel, &b, &a);
        assert_int_equal(keep, cases[i].wanted != NULL);
        buf_init(&out, 0);
        if (keep) {
            assert_int_equal(label_builder_view(&b, &l, NULL), 0);
            labels_print(l, &out);
            if (!str_is(buf_str(&out), cases[i].wanted))
                fail_msg("case %zu: %.*s", i, STR_ARG(buf_str(&out)));
        }
        buf_fini(&out);
        relabel_fini(&relabel);
        arena_fini(&a);
    }
}

static void rules_follow_each_other_and_a_drop_ends_them(void **state)
{
    const struct rule_text texts[] = {
        {"replace", "a", NULL, "b", NULL, NULL, 0},
        {"keep", "b", "foo", NULL, NULL, NULL, 0},
        {"drop", "b", "foo", NULL, NULL, NULL, 0},
        {"replace", NULL, NULL, "c", "never", NULL, 0},
    };
    const struct label items[] = {{STR("a"), STR("foo")}};
    struct relabel_rule rules[ARRAY_LEN(texts)];
    struct relabel relabel = {rules, ARRAY_LEN(texts)};
    struct label_builder b;
    struct arena a;

    (void)state;
    arena_init(&a, 0);
    for (size_t i = 0; i < ARRAY_LEN(texts); i++)
        rules[i] = make_rule(&texts[i], &a);
    label_builder_init(&b, (struct labels){items, 1});
    assert_int_equal(relabel_apply(&relabel, &b, &a), 0);
    assert_true(str_is(label_builder_get(&b, STR("b")), "foo"));
    assert_true(str_is(label_builder_get(&b, STR("c")), ""));
    relabel_fini(&relabel);
    arena_fini(&a);
}

static void md5_agrees_with_rfc_1321(void **state)
{
    static const struct {
        const char *text, *digest;
    } cases[] = {
        {"", "d41d8cd98f00b204e9800998ecf8427e"},
        {"a", "0cc175b9c0f1b6a831c399e269772661"},
        {"abc", "900150983cd24fb0d6963f7d28e17f72"},
        {"message digest", "f96b697d7cb7938d525a2f31aaf161d0"},
        {"abcdefghijklmnopqrstuvwxyz", "c3fcd3d76192e4007dfb496cca67e13b"},
        {"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789",
         "d174ab98d277d9f5a5611c2c9f419d9f"},
        {"12345678901234567890123456789012345678901234567890123456789012345678901234567890",
         "57edf4a22be3c955ac49da2e2107b67a"},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        unsigned char digest[16];
        char hex[33];
        md5(str_of(cases[i].text), digest);
        for (size_t k = 0; k < 16; k++)
            snprintf(hex + 2 * k, 3, "%02x", digest[k]);
        assert_string_equal(hex, cases[i].digest);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_action_does_what_is_documented),
        cmocka_unit_test(rules_follow_each_other_and_a_drop_ends_them),
        cmocka_unit_test(md5_agrees_with_rfc_1321),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
