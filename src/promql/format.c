/* format.c - writes expressions the way Prometheus's formatter lays them out. */
#include "promql/format.h"

#include "promql/lex.h"

#define LINE_MAX_CHARS 100 /* longer expressions are broken up */

static void quoted(struct str s, struct buf *to)
{
    static const char plain[] = "\a\b\f\n\r\t\v\\\"", letters[] = "abfnrtv\\\"";

    buf_char(to, '"');
    for (size_t i = 0; i < s.len;) {
        unsigned char c = (unsigned char)s.ptr[i];
        const char *found = c ? strchr(plain, c) : NULL;
        size_t len = c < 0xc0 ? 1 : c < 0xe0 ? 2 : c < 0xf0 ? 3 : 4;
        if (found) {
            buf_char(to, '\\');
            buf_char(to, letters[found - plain]);
        } else if (c < 0x20 || c == 0x7f || i + len > s.len ||
                   !str_is_utf8(str_make(s.ptr + i, len))) {
            buf_printf(to, "\\x%02x", c);
            len = 1;
        } else {
            buf_add(to, s.ptr + i, len);
        }
        i += len;
    }
    buf_char(to, '"');
}

static void label_name(struct str name, struct buf *to)
{
    if (label_name_is_valid(name))
        buf_str_add(to, name);
    else
        quoted(name, to);
}

static void label_list(const struct node_labels *labels, struct buf *to)
{
    buf_char(to, '(');
    for (size_t i = 0; i < labels->len; i++) {
        if (i)
            buf_text(to, ", ");
        label_name(labels->items[i], to);
    }
    buf_char(to, ')');
}

/* A name that, standing alone, would be read as something else. */
static bool must_quote(struct str name)
{
    struct lex l;

    if (!metric_name_is_valid(name))
        return true;
    lex_init(&l, name);
    enum lex_word word = lex_next(&l).word;
    return word == WORD_ATAN2 || word == WORD_INF || word == WORD_NAN ||
           (word >= WORD_ON && word <= WORD_BOOL);
}

static void seconds(double value, struct buf *to)
{
    char text[48];
    double ms = fabs(value) * 1000;

    if (!(ms < 9.2e12) || ms != floor(ms) || (double)(int64_t)ms / 1000 != fabs(value)) {
        buf_double(to, value);
        return;
    }
    if (signbit(value))
        buf_char(to, '-');
    buf_text(to, num_print_duration(text, (int64_t)ms));
}

static void number(const struct node *n, struct buf *to)
{
    char text[NUM_MAX_TEXT];

    if (n->number.duration)
        seconds(n->number.value, to);
    else if (isinf(n->number.value)) /* without a plus, which would take in what follows: Inf ^ x */
        buf_text(to, n->number.value > 0 ? "Inf" : "-Inf");
    else
        buf_add(to, text, num_print_brief(text, n->number.value));
}

/* A number alone is a length of time; in arithmetic it may be a factor, and stays a number. */
static void duration(const struct node *n, bool alone, struct buf *to)
{
    switch (n->kind) {
    case NODE_NUMBER:
        if (alone || n->number.duration)
            seconds(n->number.value, to);
        else
            number(n, to);
        break;
    case NODE_UNARY:
        buf_char(to, n->unary.minus ? '-' : '+');
        duration(n->unary.expr, false, to);
        break;
    case NODE_PAREN:
        buf_char(to, '(');
        duration(n->paren, false, to);
        buf_char(to, ')');
        break;
    case NODE_BINARY:
        duration(n->binary.left, false, to);
        buf_printf(to, " %s ", node_operator_text(n->binary.op));
        duration(n->binary.right, false, to);
        break;
    default:
        buf_printf(to, "%s(", n->call.function->name);
        for (size_t i = 0; i < n->call.len; i++) {
            if (i)
                buf_text(to, ", ");
            duration(n->call.args[i], false, to);
        }
        buf_char(to, ')');
    }
}

static void time_modifiers(const struct node *n, struct buf *to)
{
    if (n->at == AT_TIME)
        buf_printf(to, " @ %s%" PRId64 ".%03d", n->at_ms < 0 ? "-" : "",
                   (int64_t)(n->at_ms < 0 ? -n->at_ms : n->at_ms) / 1000,
                   (int)((n->at_ms < 0 ? -n->at_ms : n->at_ms) % 1000));
    else if (n->at != AT_NONE)
        buf_text(to, n->at == AT_START ? " @ start()" : " @ end()");
    if (n->offset) {
        buf_text(to, " offset ");
        duration(n->offset, true, to);
    }
}

static void selector(const struct node *n, struct buf *to)
{
    static const char *const types[] = {"=", "!=", "=~", "!~"};
    const struct node_selector *s = &n->selector;
    bool named = s->name.len > 0, braced = false, bare = named && !must_quote(s->name);

    if (bare)
        buf_str_add(to, s->name);
    for (size_t i = bare; i < s->len; i++) {
        buf_text(to, braced ? "," : "{");
        braced = true;
        if (named && i == 0) {
            quoted(s->name, to);
            continue;
        }
        label_name(s->matchers[i].name, to);
        buf_text(to, types[s->matchers[i].type]);
        quoted(s->matchers[i].value, to);
    }
    if (braced)
        buf_char(to, '}');
    if (s->range.expr) {
        buf_char(to, '[');
        duration(s->range.expr, true, to);
        buf_char(to, ']');
    }
    time_modifiers(n, to);
}

static void subquery_suffix(const struct node *n, struct buf *to)
{
    buf_char(to, '[');
    duration(n->subquery.range.expr, true, to);
    buf_char(to, ':');
    if (n->subquery.step.expr)
        duration(n->subquery.step.expr, true, to);
    buf_char(to, ']');
    time_modifiers(n, to);
}

static void aggregate_head(const struct node_aggregate *a, struct buf *to)
{
    buf_text(to, node_aggregation_text(a->op));
    if (a->grouped) {
        buf_text(to, a->without ? " without " : " by ");
        label_list(&a->labels, to);
        buf_char(to, ' ');
    }
    buf_char(to, '(');
}

static void aggregate_tail(const struct node_aggregate *a, struct buf *to)
{
    buf_char(to, ')');
    if (a->limited)
        buf_printf(to, " limit %" PRIu32, a->limit);
}

static void binary_operator(const struct node_binary *b, struct buf *to)
{
    buf_text(to, node_operator_text(b->op));
    if (b->return_bool)
        buf_text(to, " bool");
    if (b->matching) {
        buf_text(to, b->on ? " on " : " ignoring ");
        label_list(&b->labels, to);
    }
    if (b->cardinality == CARDINALITY_MANY_TO_ONE || b->cardinality == CARDINALITY_ONE_TO_MANY) {
        buf_text(to, b->cardinality == CARDINALITY_MANY_TO_ONE ? " group_left " : " group_right ");
        if (b->include_all)
            buf_text(to, "(*)");
        else
            label_list(&b->include, to);
    }
    if (b->prefix.len) {
        buf_text(to, " prefix ");
        quoted(b->prefix, to);
    }
}

static void after_parenthesis(const struct node *n, struct buf *to)
{
    bool keep = n->kind == NODE_CALL
                    ? n->call.keep_metric_names
                    : n->paren->kind == NODE_BINARY && n->paren->binary.keep_metric_names;

    buf_text(to, keep ? ") keep_metric_names" : ")");
    if (n->kind == NODE_PAREN)
        time_modifiers(n, to);
}

void format_line(const struct node *n, struct buf *to)
{
    switch (n->kind) {
    case NODE_NUMBER:
        number(n, to);
        break;
    case NODE_STRING:
        quoted(n->string, to);
        break;
    case NODE_SELECTOR:
        selector(n, to);
        break;
    case NODE_SUBQUERY:
        format_line(n->subquery.expr, to);
        subquery_suffix(n, to);
        break;
    case NODE_CALL:
        buf_printf(to, "%s(", n->call.function->name);
        for (size_t i = 0; i < n->call.len; i++) {
            if (i)
                buf_text(to, ", ");
            format_line(n->call.args[i], to);
        }
        after_parenthesis(n, to);
        break;
    case NODE_AGGREGATE:
        aggregate_head(&n->aggregate, to);
        if (n->aggregate.param) {
            format_line(n->aggregate.param, to);
            buf_text(to, ", ");
        }
        for (size_t i = 0; i < n->aggregate.more_len; i++) {
            format_line(n->aggregate.more[i], to);
            buf_text(to, ", ");
        }
        format_line(n->aggregate.expr, to);
        if (n->aggregate.rest) {
            buf_text(to, ", ");
            format_line(n->aggregate.rest, to);
        }
        aggregate_tail(&n->aggregate, to);
        break;
    case NODE_BINARY:
        format_line(n->binary.left, to);
        buf_char(to, ' ');
        binary_operator(&n->binary, to);
        buf_char(to, ' ');
        format_line(n->binary.right, to);
        break;
    case NODE_UNARY:
        buf_char(to, n->unary.minus ? '-' : '+');
        format_line(n->unary.expr, to);
        break;
    case NODE_PAREN:
        buf_char(to, '(');
        format_line(n->paren, to);
        after_parenthesis(n, to);
        break;
    }
}

static void indent(unsigned level, struct buf *to)
{
    while (level--)
        buf_text(to, "  ");
}

static void pretty(const struct node *n, unsigned level, struct buf *to);

static void pretty_call(const struct node *n, unsigned level, struct buf *to)
{
    indent(level, to);
    buf_printf(to, "%s(\n", n->call.function->name);
    for (size_t i = 0; i < n->call.len; i++) {
        pretty(n->call.args[i], level + 1, to);
        buf_text(to, i + 1 < n->call.len ? ",\n" : "\n");
    }
    indent(level, to);
    after_parenthesis(n, to);
}

static void pretty_aggregate(const struct node *n, unsigned level, struct buf *to)
{
    indent(level, to);
    aggregate_head(&n->aggregate, to);
    buf_char(to, '\n');
    if (n->aggregate.param) {
        pretty(n->aggregate.param, level + 1, to);
        buf_text(to, ",\n");
    }
    for (size_t i = 0; i < n->aggregate.more_len; i++) {
        pretty(n->aggregate.more[i], level + 1, to);
        buf_text(to, ",\n");
    }
    pretty(n->aggregate.expr, level + 1, to);
    if (n->aggregate.rest) {
        buf_text(to, ",\n");
        pretty(n->aggregate.rest, level + 1, to);
    }
    buf_char(to, '\n');
    indent(level, to);
    aggregate_tail(&n->aggregate, to);
}

static void pretty_long(const struct node *n, unsigned level, struct buf *to)
{
    struct buf inner;

    switch (n->kind) {
    case NODE_CALL:
        pretty_call(n, level, to);
        break;
    case NODE_AGGREGATE:
        pretty_aggregate(n, level, to);
        break;
    case NODE_BINARY:
        pretty(n->binary.left, level + 1, to);
        buf_char(to, '\n');
        indent(level, to);
        binary_operator(&n->binary, to);
        buf_char(to, '\n');
        pretty(n->binary.right, level + 1, to);
        break;
    case NODE_PAREN:
        indent(level, to);
        buf_text(to, "(\n");
        pretty(n->paren, level + 1, to);
        buf_char(to, '\n');
        indent(level, to);
        after_parenthesis(n, to);
        break;
    case NODE_SUBQUERY:
        pretty(n->subquery.expr, level, to);
        subquery_suffix(n, to);
        break;
    case NODE_UNARY:
        buf_init(&inner, to->max);
        pretty(n->unary.expr, level, &inner);
        indent(level, to);
        buf_char(to, n->unary.minus ? '-' : '+');
        to->failed = to->failed || inner.failed;
        buf_str_add(to, str_trim(buf_str(&inner)));
        buf_fini(&inner);
        break;
    default:
        indent(level, to);
        format_line(n, to);
    }
}

static void pretty(const struct node *n, unsigned level, struct buf *to)
{
    size_t before = to->len;

    indent(level, to);
    size_t from = to->len;
    format_line(n, to);
    if (to->failed || to->len - from <= LINE_MAX_CHARS)
        return;
    to->len = before;
    pretty_long(n, level, to);
}

void format_pretty(const struct node *n, struct buf *to)
{
    pretty(n, 0, to);
}
