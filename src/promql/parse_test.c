/* parse_test.c - what parses, what does not and where, and that formatting keeps the meaning. */
#include "promql/format.h"
#include "promql/parse.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

static void broken_expressions_are_refused_with_their_place(void **state)
{
    static const struct {
        const char *text, *error;
    } cases[] = {
        {"", "1:1: parse error: no expression found in input"},
        {"# a remark", "1:1: parse error: no expression found in input"},
        {"sum(up", "1:7: parse error: unclosed left parenthesis"},
        {"up down", "1:4: parse error: unexpected identifier \"down\""},
        {"up{", "1:4: parse error: unexpected end of input inside braces"},
        {"up{a=\"b\" c=\"d\"}", "1:10: parse error: unexpected identifier \"c\" in label matching, "
                                "expected \",\" or \"}\""},
        {"up{a==\"b\"}", "1:6: parse error: unexpected \"=\" in label matching, expected string"},
        {"up{a=1}", "1:6: parse error: unexpected character inside braces: '1'"},
        {"up{a=\"b\",,}",
         "1:10: parse error: unexpected \",\" in label matching, expected identifier or \"}\""},
        {"up}", "1:3: parse error: unexpected character: '}'"},
        {"up)", "1:3: parse error: unexpected right parenthesis ')'"},
        {"up[5m", "1:6: parse error: unclosed left bracket"},
        {"up[]", "1:4: parse error: unexpected \"]\" in subquery or range selector, expected "
                 "number, duration, step(), or range()"},
        {"up[5x]", "1:4: parse error: bad number or duration syntax: \"5x\""},
        {"up[0s]", "1:4: parse error: duration must be greater than 0"},
        {"up[5m-10m]", "1:4: parse error: duration must be greater than 0"},
        {"up[5m:0s]", "1:7: parse error: duration must be greater than 0"},
        {"up[1e300]", "1:4: parse error: duration out of range"},
        {"up offset", "1:10: parse error: unexpected end of input in offset, expected number, "
                      "duration, step(), or range()"},
        {"up offset 5m offset 5m", "1:1: parse error: offset may not be set multiple times"},
        {"up @ 1 @ 2", "1:1: parse error: @ <timestamp> may not be set multiple times"},
        {"up @ down", "1:6: parse error: unexpected identifier \"down\" in @, expected timestamp"},
        {"up @ Inf", "1:6: parse error: timestamp out of bounds for @ modifier: inf"},
        {"1 offset 5m", "1:1: parse error: offset modifier must be preceded by an instant vector "
                        "selector or range vector selector or a subquery"},
        {"1 @ 5", "1:1: parse error: @ modifier must be preceded by an instant vector selector or "
                  "range vector selector or a subquery"},
        {"sum(up)[5m]", "1:8: parse error: ranges only allowed for vector selectors"},
        {"(up)[5m]", "1:5: parse error: ranges only allowed for vector selectors"},
        {"up offset 5m[5m]", "1:13: parse error: no offset modifiers allowed before range"},
        {"up @ 5[5m]", "1:7: parse error: no @ modifiers allowed before range"},
        {"1 +", "1:4: parse error: unexpected end of input"},
        {"*", "1:1: parse error: unexpected <op:*>"},
        {"1 1", "1:3: parse error: unexpected number \"1\""},
        {"up \"a\"", "1:4: parse error: unexpected string \"a\""},
        {"{}", "1:1: parse error: vector selector must contain at least one non-empty matcher"},
        {"{a=~\".*\"}",
         "1:1: parse error: vector selector must contain at least one non-empty matcher"},
        {"up{__name__=\"b\"}",
         "1:1: parse error: metric name must not be set twice: \"up\" or \"b\""},
        {"{\"a\", \"b\"}", "1:7: parse error: metric name must not be set twice: \"a\" or \"b\""},
        {"rate(up[5m], 1)", "1:1: parse error: expected 1 argument(s) in call to \"rate\", got 2"},
        {"round()",
         "1:1: parse error: expected at least 1 argument(s) in call to \"round\", got 0"},
        {"round(up, 1, 2)",
         "1:1: parse error: expected at most 2 argument(s) in call to \"round\", got 3"},
        {"abs(up,)", "1:7: parse error: trailing commas not allowed in function call args"},
        {"nonsense(up)", "1:1: parse error: unknown function with name \"nonsense\""},
        {"abs(up[5m])", "1:5: parse error: expected type instant vector in call to function "
                        "\"abs\", got range vector"},
        {"rate(sum(up))", "1:6: parse error: expected type range vector in call to function "
                          "\"rate\", got instant vector"},
        {"label_replace(up, 1, \"b\", \"c\", \"d\")",
         "1:19: parse error: expected type string in call to function \"label_replace\", got "
         "scalar"},
        {"histogram_sum(up)", "1:1: parse error: function \"histogram_sum\" works on native "
                              "histograms, which are not kept here"},
        {"sum()", "1:1: parse error: no arguments for aggregate expression provided"},
        {"sum(1)", "1:5: parse error: expected type instant vector in aggregation expression, "
                   "got scalar"},
        {"topk(up)", "1:1: parse error: wrong number of arguments for aggregate expression "
                     "provided, expected 2, got 1"},
        {"topk(\"a\", up)",
         "1:6: parse error: expected type scalar in aggregation parameter, got string"},
        {"count_values(1, up)",
         "1:14: parse error: expected type string in aggregation parameter, got scalar"},
        {"limit_ratio(1, up)",
         "1:1: parse error: function \"limit_ratio\" is experimental in Prometheus and "
         "not offered here"},
        {"sum by a (up)",
         "1:8: parse error: unexpected identifier \"a\" in grouping opts, expected \"(\""},
        {"sum by (1) (up)",
         "1:9: parse error: unexpected number \"1\" in grouping opts, expected label"},
        {"sum by (a b) (up)", "1:11: parse error: unexpected identifier \"b\" in grouping opts, "
                              "expected \",\" or \")\""},
        {"1 and 1",
         "1:1: parse error: set operator \"and\" not allowed in binary scalar expression"},
        {"1 == 1", "1:3: parse error: comparisons between scalars must use BOOL modifier"},
        {"1 + bool 1", "1:3: parse error: bool modifier can only be used on comparison operators"},
        {"\"a\" + 1", "1:1: parse error: binary expression must contain only scalar and instant "
                      "vector types"},
        {"a + on(b) 1", "1:1: parse error: vector matching only allowed between instant vectors"},
        {"a and on(b) group_left c", "1:1: parse error: no grouping allowed for \"and\" operation"},
        {"a + on(b) group_left(b) c",
         "1:3: parse error: label \"b\" must not occur in ON and GROUP clause at once"},
        {"a + group_left(b) c", "1:5: parse error: unexpected <group_left>"},
        {"-\"a\"", "1:1: parse error: unary expression only allowed on expressions of type scalar "
                   "or instant vector, got \"string\""},
        {"\"abc", "1:1: parse error: unterminated quoted string"},
        {"\"a\\qb\"", "1:1: parse error: unknown escape sequence in string"},
        {"1[5m:1m]",
         "1:1: parse error: subquery is only allowed on instant vector, got scalar instead"},
        {"~a", "1:1: parse error: unexpected character: '~'"},
        {"!a", "1:1: parse error: unexpected character after '!': 'a'"},
        {"a\n  b", "2:3: parse error: unexpected identifier \"b\""},
        {"a # \xc3\xa9\n+ * b", "2:3: parse error: unexpected <op:*>"},
        {"\xff", "1:1: parse error: the expression is not valid UTF-8"},
        {"0x", "1:1: parse error: bad number or duration syntax: \"0x\""},
        {"1m1h", "1:1: parse error: '1m1h' is not a duration (write 5s, 1h30m or 250ms)"},
    };
    struct promql_error err;

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        assert_true(promql_check(str_of(cases[i].text), &err) < 0);
        assert_string_equal(err.text, cases[i].error);
        assert_int_equal(err.kind, PROMQL_BAD_DATA);
    }
}

static void expressions_are_written_in_their_canonical_form(void **state)
{
    static const struct {
        const char *text, *formatted;
    } cases[] = {
        {"1", "1"},
        {"0x1F", "31"},
        {"0755", "493"},
        {"1_000.5", "1000.5"},
        {"1Ki", "1024"},
        {"5M", "5e+06"},
        {"1.5KiB", "1536"},
        {"1e-3", "0.001"},
        {".5", "0.5"},
        {"5m", "5m"},
        {"- - 1h30m", "1h30m"},
        {"inF", "Inf"},
        {"-Inf^a", "-Inf ^ a"},
        {"-nan", "NaN"},
        {"'a\\'\\x41\\u00e9\"' # remark", "\"a'A\xc3\xa9\\\"\""},
        {"`raw\\n`", "\"raw\\\\n\""},
        {"up{ }", "up"},
        {"up{b!=\"2\",a=~\"x|y\",}", "up{b!=\"2\",a=~\"x|y\"}"},
        {"{__name__=\"up\"}", "{__name__=\"up\"}"},
        {"{\"up\", a='b'}", "up{a=\"b\"}"},
        {"{\"up.time\", \"a b\"='c'}", "{\"up.time\",\"a b\"=\"c\"}"},
        {"{'on'}", "{\"on\"}"},
        {"sum", "sum"},
        {"start + end", "start + end"},
        {"job:up:sum", "job:up:sum"},
        {"up[5m] offset -1m @ 100.5", "up[5m] @ 100.500 offset -1m"},
        {"up[300]", "up[5m]"},
        {"up @ end() offset 90", "up @ end() offset 1m30s"},
        {"up[5m + 2 * STEP()]", "up[5m + 2 * step()]"},
        {"a if b ifnot c default d", "a if b ifnot c default d"},
        {"a*ON(x)group_left(*)prefix 'p_' b", "a * on (x) group_left (*) prefix \"p_\" b"},
        {"a*ON(x)group_left(y)prefix 'p_' b", "a * on (x) group_left (y) prefix \"p_\" b"},
        {"a * on (x) group_left prefix", "a * on (x) group_left () prefix"},
        {"sum(x)by(y)limit 3", "sum by (y) (x) limit 3"},
        {"a * on (x) group_left limit", "a * on (x) group_left () limit"},
        {"quantiles('q',0.5,0.9,x)by(y)", "quantiles by (y) (\"q\", 0.5, 0.9, x)"},
        {"(a,b)", "union(a, b)"},
        {"aggr_over_time(('min_over_time','max_over_time'),m[5m])",
         "aggr_over_time(union(\"min_over_time\", \"max_over_time\"), m[5m])"},
        {"up offset (5m+1m)", "up offset (5m + 1m)"},
        {"up offset -step()*2", "up offset -step() * 2"},
        {"sum(up)[1h:5m] offset 1d", "sum(up)[1h:5m] offset 1d"},
        {"up[1h:]", "up[1h:]"},
        {"SUM(up) BY (job, `a b`)", "sum by (job, \"a b\") (up)"},
        {"sum by () (up)", "sum(up)"},
        {"sum without () (up)", "sum without () (up)"},
        {"topk by (a) (3, up)", "topk by (a) (3, up)"},
        {"count_values(\"v\", up)", "count_values(\"v\", up)"},
        {"median(up)", "median(up)"},
        {"topk_avg(1,up,\"a=b\")by(c)", "topk_avg by (c) (1, up, \"a=b\")"},
        {"sum(up)offset 5m", "(sum(up)) offset 5m"},
        {"(up)offset -(1m+1)", "(up) offset -(1m + 1)"},
        {"((a+b)keep_metric_names offset 1h)[5m:]", "((a + b) keep_metric_names offset 1h)[5m:]"},
        {"a+b*c^d", "a + b * c ^ d"},
        {"(a+b)*c", "(a + b) * c"},
        {"-a^2", "-a ^ 2"},
        {"2^-1^2", "2 ^ -1 ^ 2"},
        {"a or b and c unless d", "a or b and c unless d"},
        {"a > bool on(x,y) group_left(z) b", "a > bool on (x, y) group_left (z) b"},
        {"a * ignoring() group_right b", "a * ignoring () group_right () b"},
        {"a atan2 b % c", "a atan2 b % c"},
        {"a default 0", "a default 0"},
        {"rate(a[5m]) keep_metric_names", "rate(a[5m]) keep_metric_names"},
        {"(a + b) keep_metric_names", "(a + b) keep_metric_names"},
        {"rate(up)", "rate(up)"},
        {"time()", "time()"},
        {"label_join(a, \"b\", \",\", \"c\")", "label_join(a, \"b\", \",\", \"c\")"},
    };
    struct promql_error err;
    struct buf out;

    (void)state;
    buf_init(&out, 0);
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        buf_reset(&out);
        if (promql_format(str_of(cases[i].text), &out, &err))
            fail_msg("%s: %s", cases[i].text, err.text);
        buf_char(&out, '\0');
        assert_string_equal(out.ptr, cases[i].formatted);
    }
    buf_fini(&out);
}

static void templates_stand_for_their_text(void **state)
{
    static const struct {
        const char *text, *formatted;
    } cases[] = {
        {"WITH (x = a + b) x * 2", "((a + b) * 2)"},
        {"with (x = m) rate(x[5m])", "rate(m[5m])"},
        {"WITH (f = {job=\"a\",i!=\"1\"}) m{f, k=\"2\"}", "m{job=\"a\",i!=\"1\",k=\"2\"}"},
        {"WITH (f = {a=\"1\"}, g = {f,b=\"2\"}) m{g}", "m{a=\"1\",b=\"2\"}"},
        {"WITH (top(n, x) = topk(n, sum(x) by (job))) top(3, rate(m[1m]))",
         "topk(3, sum by (job) (rate(m[1m])))"},
        {"WITH (x = 1, y = x + 1) WITH (x = 5) x + y", "(5 + (1 + 1))"},
        {"WITH (f(x) = x, x = 7) f(x)", "7"},
        {"WITH (f() = 3) f() + (WITH (f = 4) f)", "(3 + (4))"},
        {"WITH (x = -2) x ^ x", "((-2) ^ (-2))"},
        {"WITH (x = m[5m]) rate(x offset 1m)", "rate(m[5m] offset 1m)"},
        {"WITH () m", "m"},
        {"with", "with"},
    };
    static const struct {
        const char *text, *error;
    } broken[] = {
        {"WITH (x = a +) x", "1:14: parse error: unexpected end of input"},
        {"WITH (x = ) x", "1:11: parse error: unexpected \")\" in WITH, expected expression"},
        {"WITH (x) x", "1:8: parse error: unexpected \")\" in WITH, expected \"=\""},
        {"WITH (x = x) x offset 5m", NULL},
        {"WITH (f(a) = a) f(1, 2)", "1:18: parse error: template \"f\" takes 1 argument(s), got 2"},
        {"WITH (f = 5) m{f}",
         "1:11: parse error: unexpected number \"5\" in label matching, expected \"{\""},
        {"WITH (x = 1", "1:12: parse error: unclosed left parenthesis"},
        {"WITH (x = 1 2) x", "1:13: parse error: unexpected number \"2\" in WITH"},
    };
    struct promql_error err;
    struct buf out;

    (void)state;
    buf_init(&out, 0);
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        buf_reset(&out);
        if (promql_format(str_of(cases[i].text), &out, &err))
            fail_msg("%s: %s", cases[i].text, err.text);
        buf_char(&out, '\0');
        assert_string_equal(out.ptr, cases[i].formatted);
    }
    buf_fini(&out);
    for (size_t i = 0; i < ARRAY_LEN(broken); i++) {
        int code = promql_check(str_of(broken[i].text), &err);
        assert_true((code < 0) == (broken[i].error != NULL));
        if (broken[i].error)
            assert_string_equal(err.text, broken[i].error);
    }
}

/* Each template holds the one before twice: a thousand of them would be more than there are atoms.
 */
static void templates_do_not_multiply_without_bound(void **state)
{
    static const char *const ends[] = {") x999", ") m{x999}", ") x999"};
    struct promql_error err;
    struct buf text;

    (void)state;
    buf_init(&text, 0);
    for (size_t f = 0; f < ARRAY_LEN(ends); f++) {
        buf_reset(&text);
        buf_text(&text, f == 1 ? "WITH (x0 = {a=\"b\"}," : "WITH (x0 = m,");
        for (int i = 1; i < 1000; i++) {
            if (f == 0)
                buf_printf(&text, "x%d = x%d + x%d,", i, i - 1, i - 1);
            else if (f == 1)
                buf_printf(&text, "x%d = {x%d,x%d},", i, i - 1, i - 1);
            else
                buf_printf(&text, "x%d = x%d,", i, i - 1);
        }
        buf_text(&text, ends[f]);
        assert_int_equal(promql_check(buf_str(&text), &err), -EINVAL);
    }
    buf_fini(&text);
}

static void long_expressions_are_broken_into_lines(void **state)
{
    static const char text[] =
        "sum by (instance) (rate(http_requests_total{job=\"a\",code=~\"5..\"}[5m])) / on "
        "(instance) "
        "group_left () topk(5, sum(rate(http_requests_total[5m])) by (instance))";
    static const char wanted[] =
        "  sum by (instance) (rate(http_requests_total{job=\"a\",code=~\"5.."
        "\"}[5m]))\n"
        "/ on (instance) group_left ()\n"
        "  topk(5, sum by (instance) (rate(http_requests_total[5m])))";
    struct promql_error err;
    struct buf out;

    (void)state;
    buf_init(&out, 0);
    assert_int_equal(promql_format(str_of(text), &out, &err), 0);
    buf_char(&out, '\0');
    assert_string_equal(out.ptr, wanted);
    buf_fini(&out);
}

static void shape(const struct node *n, struct buf *to)
{
    switch (n->kind) {
    case NODE_BINARY:
        buf_char(to, '(');
        shape(n->binary.left, to);
        buf_text(to, node_operator_text(n->binary.op));
        shape(n->binary.right, to);
        buf_char(to, ')');
        break;
    case NODE_UNARY:
        buf_text(to, n->unary.minus ? "(-" : "(+");
        shape(n->unary.expr, to);
        buf_char(to, ')');
        break;
    case NODE_NUMBER:
        buf_double(to, n->number.value);
        break;
    default:
        buf_str_add(to, n->selector.name);
    }
}

static void operators_bind_as_in_prometheus(void **state)
{
    static const struct {
        const char *text, *shape;
    } cases[] = {
        {"a + b - c", "((a+b)-c)"},
        {"a ^ b ^ c", "(a^(b^c))"},
        {"a * b ^ c * d", "((a*(b^c))*d)"},
        {"-a ^ b * c", "((-(a^b))*c)"},
        {"a == b + c", "(a==(b+c))"},
        {"a or b or c and d", "((aorb)or(candd))"},
        {"a unless b and c", "((aunlessb)andc)"},
        {"2 ^ - 1 * 3", "((2^-1)*3)"},
        {"a < b > c", "((a<b)>c)"},
        {"a default b or c", "(adefault(borc))"},
        {"a atan2 b / c", "((aatan2b)/c)"},
    };
    struct promql_error err;

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct arena arena;
        struct tree tree;
        struct buf out;

        arena_init(&arena, 0);
        buf_init(&out, 0);
        assert_int_equal(parse_text(str_of(cases[i].text), &arena, &tree, &err), 0);
        shape(tree.root, &out);
        buf_char(&out, '\0');
        assert_string_equal(out.ptr, cases[i].shape);
        buf_fini(&out);
        node_tree_fini(&tree);
        arena_fini(&arena);
    }
}

static void nesting_and_length_are_bounded(void **state)
{
    static const char *const parts[] = {"(", "-", "abs(", "1+", "a^", "sum(a)[5m:1m", "up[("};
    struct promql_error err;
    struct buf text;

    (void)state;
    buf_init(&text, 0);
    for (size_t i = 0; i < ARRAY_LEN(parts); i++) {
        buf_reset(&text);
        while (text.len + strlen(parts[i]) + 1 < PARSE_TEXT_MAX)
            buf_text(&text, parts[i]);
        buf_char(&text, '1');
        assert_true(promql_check(buf_str(&text), &err) < 0);
        assert_true(err.text[0] != '\0');
    }
    while (text.len <= PARSE_TEXT_MAX)
        buf_char(&text, ' ');
    assert_int_equal(promql_check(buf_str(&text), &err), -EINVAL);
    assert_string_equal(err.text, "the expression is longer than 65536 bytes");
    buf_fini(&text);
}

static void trees_are_printed_as_prometheus_does(void **state)
{
#define SELECTOR(name, more)                                                                       \
    "{\"type\":\"vectorSelector\",\"name\":\"" name "\",\"offset\":0,\"timestamp\":null,"          \
    "\"startOrEnd\":null,\"matchers\":[" more "{\"name\":\"__name__\",\"value\":\"" name           \
    "\",\"type\":\"=\"}],\"anchored\":false,\"smoothed\":false}"
    static const struct {
        const char *text, *tree;
    } cases[] = {
        {"1", "{\"type\":\"numberLiteral\",\"val\":\"1\"}"},
        {"1e23", "{\"type\":\"numberLiteral\",\"val\":\"100000000000000000000000\"}"},
        {"-1.25e-9", "{\"type\":\"numberLiteral\",\"val\":\"-0.00000000125\"}"},
        {"Inf", "{\"type\":\"numberLiteral\",\"val\":\"+Inf\"}"},
        {"5m", "{\"type\":\"numberLiteral\",\"val\":\"300\"}"},
        {"\"a\"", "{\"type\":\"stringLiteral\",\"val\":\"a\"}"},
        {"x", SELECTOR("x", "")},
        {"x{a=~\"b|c\"}", SELECTOR("x", "{\"name\":\"a\",\"value\":\"b|c\",\"type\":\"=~\"},")},
        {"-(x)",
         "{\"type\":\"unaryExpr\",\"op\":\"-\",\"expr\":{\"type\":\"parenExpr\",\"expr\":" SELECTOR(
             "x", "") "}}"},
        {"x[5m] @ end() offset -1m", "{\"type\":\"matrixSelector\",\"name\":\"x\",\"range\":300000,"
                                     "\"offset\":-60000,\"timestamp\":null,"
                                     "\"startOrEnd\":\"end\",\"matchers\":[{\"name\":\"__name__\","
                                     "\"value\":\"x\",\"type\":\"=\"}],"
                                     "\"anchored\":false,\"smoothed\":false}"},
        {"x[1h:5m] @ 1.5",
         "{\"type\":\"subquery\",\"expr\":" SELECTOR("x", "") ",\"range\":3600000,\"step\":300000,"
                                                              "\"offset\":0,\"timestamp\":1500,"
                                                              "\"startOrEnd\":null}"},
        {"round(x)",
         "{\"type\":\"call\",\"func\":{\"name\":\"round\",\"argTypes\":[\"vector\",\"scalar\"],"
         "\"variadic\":1,\"returnType\":\"vector\"},\"args\":[" SELECTOR("x", "") "]}"},
        {"time()", "{\"type\":\"call\",\"func\":{\"name\":\"time\",\"argTypes\":[],\"variadic\":0,"
                   "\"returnType\":\"scalar\"},\"args\":[]}"},
        {"label_join(x, \"a\", \"b\")",
         "{\"type\":\"call\",\"func\":{\"name\":\"label_join\",\"argTypes\":[\"vector\",\"string\","
         "\"string\","
         "\"string\"],\"variadic\":-1,\"returnType\":\"vector\"},\"args\":[" SELECTOR(
             "x", "") ",{\"type\":\"stringLiteral\",\"val\":\"a\"},{\"type\":\"stringLiteral\","
                      "\"val\":\"b\"}]}"},
        {"topk without (a, b) (3, x)",
         "{\"type\":\"aggregation\",\"op\":\"topk\",\"expr\":" SELECTOR(
             "x", "") ",\"param\":{\"type\":"
                      "\"numberLiteral\",\"val\":"
                      "\"3\"},\"grouping\":[\"a\","
                      "\"b\"],\"without\":true}"},
        {"x > bool 1",
         "{\"type\":\"binaryExpr\",\"op\":\">\",\"lhs\":" SELECTOR(
             "x", "") ",\"rhs\":{\"type\":\"numberLiteral\",\"val\":\"1\"},\"matching\":null,"
                      "\"bool\":true}"},
        {"x / on (a) group_left (b) y",
         "{\"type\":\"binaryExpr\",\"op\":\"/\",\"lhs\":" SELECTOR("x", "") ",\"rhs\":" SELECTOR(
             "y", "") ",\"matching\":{\"card\":\"many-to-one\",\"labels\":[\"a\"],\"on\":true,"
                      "\"include\":[\"b\"]},\"bool\":false}"},
        {"x unless y",
         "{\"type\":\"binaryExpr\",\"op\":\"unless\",\"lhs\":" SELECTOR(
             "x", "") ",\"rhs\":" SELECTOR("y", "") ",\"matching\":{\"card\":\"many-to-many\","
                                                    "\"labels\":[],\"on\":false,"
                                                    "\"include\":[]},\"bool\":false}"},
        {"rate(x)", NULL}, /* says so under a key of its own */
    };
    struct promql_error err;
    struct buf tree;

    (void)state;
    buf_init(&tree, 0);
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        buf_reset(&tree);
        assert_int_equal(promql_print_tree(str_of(cases[i].text), &tree, &err), 0);
        buf_char(&tree, '\0');
        if (cases[i].tree)
            assert_string_equal(tree.ptr, cases[i].tree);
        else
            assert_non_null(strstr(tree.ptr, "\"range\":0,\"implicitRange\":true"));
    }
    assert_true(promql_print_tree(STR("sum("), &tree, &err) < 0);
    buf_fini(&tree);
#undef SELECTOR
}

static void a_selector_gives_its_matchers(void **state)
{
    struct promql_error err;
    struct selector s;
    struct arena arena;

    (void)state;
    arena_init(&arena, 0);
    assert_int_equal(promql_parse_selector(STR("up{job=~\"a|b\"}"), &arena, &s, &err), 0);
    assert_int_equal(s.len, 2);
    assert_true(str_is(s.matchers[0].value, "up"));
    assert_int_equal(s.matchers[1].type, MATCH_REGEX);
    promql_selector_fini(&s);
    assert_true(promql_parse_selector(STR("up[5m]"), &arena, &s, &err) < 0);
    assert_true(promql_parse_selector(STR("1"), &arena, &s, &err) < 0);
    assert_true(promql_parse_selector(STR("up{a=~\"(\"}"), &arena, &s, &err) < 0);
    assert_int_equal(err.column, 4);
    arena_fini(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(broken_expressions_are_refused_with_their_place),
        cmocka_unit_test(expressions_are_written_in_their_canonical_form),
        cmocka_unit_test(templates_stand_for_their_text),
        cmocka_unit_test(templates_do_not_multiply_without_bound),
        cmocka_unit_test(long_expressions_are_broken_into_lines),
        cmocka_unit_test(operators_bind_as_in_prometheus),
        cmocka_unit_test(nesting_and_length_are_bounded),
        cmocka_unit_test(trees_are_printed_as_prometheus_does),
        cmocka_unit_test(a_selector_gives_its_matchers),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
