/* regex_test.c - the gate (what is taken, what is refused), matching, shortcuts, expansion. */
#include "metric/matcher.h"
#include "metric/regex.h"

#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

static void assert_matches(const char *pattern, const char *value, int wanted)
{
    struct regex *re;
    struct error err = {0};

    if (regex_new(str_of(pattern), &re, &err))
        fail_msg("'%s': %s", pattern, err.text);
    int got = regex_match(re, str_of(value));
    if (got != wanted)
        fail_msg("'%s' on '%s': %d, wanted %d", pattern, value, got, wanted);
    regex_free(re);
}

static void a_pattern_matches_whole_values_as_re2_does(void **state)
{
    static const struct {
        const char *pattern, *value;
        int wanted;
    } cases[] = {
        {"", "", 1},
        {"", "a", 0},
        {"abc", "abc", 1},
        {"abc", "abcd", 0},
        {"abc", "xabc", 0},
        {"a|b|c", "b", 1},
        {"a|b|c", "d", 0},
        {"a|", "", 1},
        {"gpu[0-3]", "gpu2", 1},
        {"gpu[0-3]", "gpu4", 0},
        {"gpu-(a|b)-[xy]", "gpu-b-x", 1},
        {"gpu-(a|b)-[xy]", "gpu-b-z", 0},
        {"gpu-(a|b)-[xy]", "gpu-b-", 0},
        {".*", "", 1},
        {".*", "a\nb", 1},
        {".+", "", 0},
        {".+", "a", 1},
        {"a.*", "abc", 1},
        {"a.*", "bac", 0},
        {".*c", "abc", 1},
        {".*c", "abcd", 0},
        {".*b.*", "abc", 1},
        {".*b.*", "ac", 0},
        {"a.*b.*c", "a-b-c", 1},
        {"a.*b.*c", "abc", 1},
        {"a.*b.*c", "acb", 0},
        {"a.+c", "ac", 0},
        {"a.+c", "abc", 1},
        {"aa.*aa", "aaa", 0},
        {"aa.*aa", "aaaa", 1},
        {".+b.+", "ab", 0},
        {".+b.+", "bb", 0},
        {".+b.+", "abb", 1},
        {".*.*x", "x", 1},
        {".+.+", "a", 0},
        {".+.+", "ab", 1},
        {".*.+", "", 0},
        {".*?b", "ab", 1},
        {"^abc$", "abc", 1},
        {"^(foo|bar)$", "bar", 1},
        {"^foo|bar$", "bar", 1},
        {"^foo|bar$", "barx", 0},
        {"a$", "a\n", 0},
        {"a.b", "a\nb", 1},
        {"(?-s)a.b", "a\nb", 0},
        {"(?-s:a.b)", "a-b", 1},
        {"(?i)GPU-node-.*", "gpu-NODE-7", 1},
        {"(?i)abc", "aBc", 1},
        {"(?i:a)b", "Ab", 1},
        {"(?i:a)b", "AB", 0},
        {"a(?i)b|c", "C", 1},
        {"(?i)k", "\xe2\x84\xaa", 1}, /* the Kelvin sign folds to k */
        {"(?i)[k]", "\xe2\x84\xaa", 1},
        {"(?i)\\w", "\xe2\x84\xaa", 1},
        {"\\w", "\xe2\x84\xaa", 0},
        {"(?U)a+b", "aab", 1},
        {"(?m)a$\nb", "a\nb", 1},
        {"(?m)a\n^", "a\n", 1},
        {"[[:alpha:]]+", "abcZ", 1},
        {"[[:^alpha:]]+", "12", 1},
        {"[^[:digit:]]", "x", 1},
        {"[[:word:]-]+", "a-b_9", 1},
        {"(?i)[[:upper:]]", "a", 1},
        {"\\d+\\s\\w", "12\tx", 1},
        {"\\s", "\v", 0}, /* RE2's \s has no vertical tab, PCRE2's has */
        {"\\S", "\v", 1},
        {"[\\s]", "\v", 0},
        {"[\\S]", "\v", 1},
        {"\\v", "\v", 1},
        {"\\v", "\n", 0}, /* in PCRE2 a class */
        {"\\d", "\xd9\xa3", 0},
        {"[\\d-z]+", "1-z", 1},
        {"[a\\-c]+", "a-c", 1},
        {"[]a]+", "]a", 1},
        {"[^]a]", "b", 1},
        {"[a-c-e]+", "b-e", 1},
        {"[[a]]", "[]", 1},
        {"[a[:x]+", "a[:x", 1},
        {"a{2}", "aa", 1},
        {"a{2,}", "aaaa", 1},
        {"a{2,3}", "aaaa", 0},
        {"a{,3}", "a{,3}", 1}, /* no counter in RE2 */
        {"a{,3}", "aa", 0},
        {"a{01}", "a{01}", 1},
        {"x{", "x{", 1},
        {"{", "{", 1},
        {"a{0}b", "b", 1},
        {"(ab){2}c*", "ababcc", 1},
        {"(?:ab|cd)+", "abcdab", 1},
        {"(a|b*)*c", "abbac", 1},
        {"(|a)*b", "aab", 1},
        {"(|a)+", "aa", 1},
        {"()", "", 1},
        {"(?:)*a", "a", 1},
        {"^*a", "a", 1},
        {"\\ba\\b.\\Bb?", "a--", 0},
        {"\\ba\\b.*", "a-", 1},
        {"\\x41\\x{1F600}", "A\xf0\x9f\x98\x80", 1},
        {"\\101", "A", 1},
        {"\\0", "\x01", 0},
        {"\\Qa.b\\E+", "a.bbb", 1},
        {"\\Qa.b", "a.b", 1},
        {"\\Q\\Ea", "a", 1},
        {"\\pL+",
         "\xc3\xa9"
         "a",
         1},
        {"\\p{Lu}", "A", 1},
        {"\\P{Lu}", "a", 1},
        {"[\\p{Nd}x]+", "1x", 1},
        {"\\p{^Lu}", "a", 1},
        {"\xc3\xa9.", "\xc3\xa9\xc3\xa9", 1},
        {".", "\xc3\xa9", 1},
        {"..", "\xc3\xa9", 0},
        {"a.c",
         "a\xff"
         "c",
         1}, /* one bad byte is one character */
        {"a[^x]c",
         "a\xff"
         "c",
         1},
        {"(?P<n>a)(?<m>b)", "ab", 1},
        {"a b#c", "a b#c", 1},
        {"\\.\\-\\_\\/\\ ", ".-_/ ", 1},
        {"192\\.168\\.[0-9]{1,3}\\.[0-9]{1,3}:9400", "192.168.10.42:9400", 1},
        {"(((a{10}){10}){10})", "a", 0},
        {"a\\nb", "a\nb", 1},
        {"[\\x00-\\x1f]", "\x07", 1},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++)
        assert_matches(cases[i].pattern, cases[i].value, cases[i].wanted);
}

static void what_re2_refuses_is_refused(void **state)
{
    static const char *const cases[] = {
        "(",
        "a)",
        "[a",
        "[]",
        "*a",
        "a**",
        "a*+",
        "a{2}{3}",
        "a++",
        "a?+",
        "(?=a)",
        "(?!a)",
        "(?<=a)",
        "(?<!a)",
        "(?>a)",
        "\\1",
        "(a)\\1",
        "\\k<a>",
        "\\K",
        "(?R)",
        "(?1)",
        "(?&n)",
        "(*ACCEPT)",
        "(*UTF)a",
        "\\h",
        "\\R",
        "\\N",
        "\\X",
        "\\C",
        "\\Z",
        "\\G",
        "\\E",
        "(?#x)",
        "(?x)a b",
        "(?J)a",
        "(?i",
        "(?-)a",
        "(?i--s)a",
        "(?)*a",
        "(?^i:a)",
        "(?|a|b)",
        "(?'n'a)",
        "a{1001}",
        "a{3,2}",
        "(a{100}){11}",
        "((a{10}){11}){10}",
        "{2}",
        "[b-a]",
        "[a-\\d]",
        "[[:foo:]]",
        "[[:<:]]",
        "\\p{Foo}",
        "\\p{L&}",
        "\\pX",
        "\\p{Xan}",
        "\\x",
        "\\x{110000}",
        "\\x{}",
        "\\xg1",
        "\\8",
        "\\",
        "[\\",
        "[\\b]",
        "a|*",
        "(|*)",
        "(?P<n>a)(?P<n>b)",
        "(?P<>a)",
        "(?P<a-b>x)",
        "(?P<n",
        "(?P=n)",
        "(?P>n)",
        "(?C1)a",
        "\\c",
        "\\cA",
        "\\o{12}",
        "\\u0041",
        "\xff",
        "a\xc3",
        "(?+1)",
        "\\g1",
        "(?(1)a|b)",
        "a*??",
        "\\Qa\\E**",
    };
    struct error err;
    struct regex *re;

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        int code = regex_new(str_of(cases[i]), &re, &err);
        if (code != -EINVAL)
            fail_msg("'%s' was taken", cases[i]);
        assert_true(strlen(err.text) > 10);
    }
}

static void patterns_too_large_are_refused(void **state)
{
    static char big[4200];
    struct error err;
    struct regex *re;

    (void)state;
    memset(big, 'a', sizeof(big));
    assert_int_equal(regex_new(str_make(big, 4096), &re, &err), 0);
    assert_int_equal(regex_match(re, str_make(big, 4096)), 1);
    regex_free(re);
    assert_int_equal(regex_new(str_make(big, 4097), &re, &err), -EINVAL);
    memset(big, '(', 101);
    memset(big + 101, ')', 101);
    assert_int_equal(regex_new(str_make(big, 202), &re, &err), -EINVAL);
    assert_int_equal(regex_new(str_make(big + 1, 200), &re, &err), 0);
    regex_free(re);
    /* Past PCRE2's own bound on the compiled form. */
    assert_int_equal(regex_new(STR("([a-c][d-f][g-i][k-m][a-c][d-f][g-i]){1000}"), &re, &err),
                     -EINVAL);
}

static void hostile_patterns_end_at_the_step_bound(void **state)
{
    static const char *const patterns[] = {"(a+)+b", "(a|aa)+b", "([a-z]*)*c", "(.*a){12}c",
                                           "(a*)*[b]"};
    struct error err;
    struct regex *re;

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(patterns); i++) {
        assert_int_equal(regex_new(str_of(patterns[i]), &re, &err), 0);
        uint64_t from = clock_mono_ns();
        int code = regex_match(re, STR("aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa!"));
        /* PCRE2 may also prove at once that the last letter is missing. */
        assert_true(code == -ERANGE || code == 0);
        assert_true(clock_mono_ns() - from < 200 * (uint64_t)NS_PER_MS);
        regex_free(re);
    }
    assert_int_equal(regex_new(STR("(a|aa)+[bc]"), &re, &err), 0);
    assert_int_equal(regex_match(re, STR("aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa!b!")),
                     -ERANGE);
    regex_free(re);
}

static void sets_of_literals_and_prefixes_are_told(void **state)
{
    static const struct {
        const char *pattern, *literals, *prefix; /* literals joined by commas */
    } cases[] = {
        {"", "", ""},
        {"abc", "abc", "abc"},
        {"b|a|b", "a,b", ""},
        {"node-(1|2)", "node-1,node-2", "node-"},
        {"(?:x|y)z|w", "w,xz,yz", ""},
        {"gpu[0-2]", "gpu0,gpu1,gpu2", "gpu"},
        {"^a$", "a", "a"},
        {"a\\.b", "a.b", "a.b"},
        {"(?i)12", "12", "12"},
        {"(?i)a", NULL, ""},
        {"a.*", NULL, "a"},
        {"ab(c.*)", NULL, "abc"},
        {"^ab[0-9]+", NULL, "ab"},
        {"a*", NULL, ""},
        {"(a|b).*", NULL, ""},
        {"ab+", NULL, "a"},
        {"[^a]", NULL, ""},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct regex *re;
        struct buf got;
        buf_init(&got, 0);
        assert_int_equal(regex_new(str_of(cases[i].pattern), &re, NULL), 0);
        for (size_t k = 0; k < regex_literals(re); k++) {
            if (k)
                buf_char(&got, ',');
            buf_str_add(&got, regex_literal(re, k));
        }
        assert_int_equal(regex_literals(re) > 0, cases[i].literals != NULL);
        assert_true(str_is(buf_str(&got), cases[i].literals ? cases[i].literals : ""));
        assert_true(str_is(regex_prefix(re), cases[i].prefix));
        buf_fini(&got);
        regex_free(re);
    }
}

static void a_replacement_expands_as_in_go(void **state)
{
    static const struct {
        const char *pattern, *value, *replacement, *wanted; /* NULL: no match */
    } cases[] = {
        {"(.*)", "abc", "$1", "abc"},
        {"(.*)", "", "$1", ""},
        {"(.*)", "abc", "<${1}>$$", "<abc>$"},
        {"(.*):(.*)", "host:9400", "$2-$1", "9400-host"},
        {"(.*):(.*)", "host:9400", "$1x", ""}, /* the name is "1x" */
        {"(.*):(.*)", "host:9400", "${1}x", "hostx"},
        {"(.*):.*", "host:9400", "$0", "host:9400"},
        {"(?P<h>.*):.*", "host:9400", "$h/${h}/$nope/$9", "host/host//"},
        {"a(b)?c", "ac", "[$1]", "[]"},
        {"abc", "abc", "x", "x"},
        {"abc", "abd", "x", NULL},
        {"(a)|b", "b", "$1-", "-"},
        {"(a)|b", "b", "$ ${ ${x $", "$ ${ ${x $"},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct regex *re;
        struct buf got;
        buf_init(&got, 0);
        assert_int_equal(regex_new(str_of(cases[i].pattern), &re, NULL), 0);
        int code = regex_expand(re, str_of(cases[i].value), str_of(cases[i].replacement), &got);
        assert_int_equal(code, cases[i].wanted != NULL);
        if (!str_is(buf_str(&got), cases[i].wanted ? cases[i].wanted : ""))
            fail_msg("%s -> %.*s", cases[i].replacement, STR_ARG(buf_str(&got)));
        buf_fini(&got);
        regex_free(re);
    }
}

static void *match_often(void *arg)
{
    for (int i = 0; i < 1000; i++)
        if (regex_match(arg, STR("node-42:9400")) != 1 || regex_match(arg, STR("node-:1")) != 0)
            return arg;
    return NULL;
}

static void one_regex_serves_many_threads(void **state)
{
    pthread_t threads[4];
    struct regex *re;

    (void)state;
    assert_int_equal(regex_new(STR("(node|host)-([0-9]+):(\\d+)"), &re, NULL), 0);
    for (size_t i = 0; i < ARRAY_LEN(threads); i++)
        assert_int_equal(thread_start(&threads[i], "match", match_often, re, NULL), 0);
    for (size_t i = 0; i < ARRAY_LEN(threads); i++) {
        void *failed;
        pthread_join(threads[i], &failed);
        assert_null(failed);
    }
    regex_free(re);
}

static void matchers_take_the_absent_label_as_empty(void **state)
{
    static const struct {
        enum match_type type;
        const char *value;
        bool empty, on_b; /* matches "", matches "b" */
    } cases[] = {
        {MATCH_EQUAL, "b", false, true},      {MATCH_EQUAL, "", true, false},
        {MATCH_NOT_EQUAL, "b", true, false},  {MATCH_NOT_EQUAL, "", false, true},
        {MATCH_REGEX, "b|", true, true},      {MATCH_REGEX, ".+", false, true},
        {MATCH_NOT_REGEX, "b", true, false},  {MATCH_NOT_REGEX, ".*", false, false},
        {MATCH_NOT_REGEX, "c.*", true, true},
    };
    const struct label items[] = {{STR("a"), STR("b")}};
    const struct labels with = {items, 1};

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct matcher m;
        assert_int_equal(matcher_init(&m, cases[i].type, STR("a"), str_of(cases[i].value), NULL),
                         0);
        assert_int_equal(matcher_takes_empty(&m), cases[i].empty);
        assert_int_equal(matchers_match(&m, 1, with), cases[i].on_b);
        assert_int_equal(matchers_match(&m, 1, (struct labels){0}), cases[i].empty);
        matcher_fini(&m);
    }
    struct matcher bad;
    struct error err;
    assert_int_equal(matcher_init(&bad, MATCH_REGEX, STR("a"), STR("("), &err), -EINVAL);
    matcher_fini(&bad);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_pattern_matches_whole_values_as_re2_does),
        cmocka_unit_test(what_re2_refuses_is_refused),
        cmocka_unit_test(patterns_too_large_are_refused),
        cmocka_unit_test(hostile_patterns_end_at_the_step_bound),
        cmocka_unit_test(sets_of_literals_and_prefixes_are_told),
        cmocka_unit_test(a_replacement_expands_as_in_go),
        cmocka_unit_test(one_regex_serves_many_threads),
        cmocka_unit_test(matchers_take_the_absent_label_as_empty),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
