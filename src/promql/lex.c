/* lex.c - tokens of PromQL. What stands inside braces and brackets is cut by other rules than the
 * rest: a colon belongs to a name outside of brackets, and numbers do not exist inside braces. */
#include "promql/lex.h"

#include "promql/literal.h"

#include <stdarg.h>
#include <strings.h>

static const struct {
    const char *text;
    enum lex_word word;
} keywords[] = {
    {"and", WORD_AND},
    {"or", WORD_OR},
    {"unless", WORD_UNLESS},
    {"atan2", WORD_ATAN2},
    {"offset", WORD_OFFSET},
    {"by", WORD_BY},
    {"without", WORD_WITHOUT},
    {"on", WORD_ON},
    {"ignoring", WORD_IGNORING},
    {"group_left", WORD_GROUP_LEFT},
    {"group_right", WORD_GROUP_RIGHT},
    {"bool", WORD_BOOL},
    {"start", WORD_START},
    {"end", WORD_END},
    {"inf", WORD_INF},
    {"nan", WORD_NAN},
    {"sum", WORD_SUM},
    {"avg", WORD_AVG},
    {"count", WORD_COUNT},
    {"min", WORD_MIN},
    {"max", WORD_MAX},
    {"group", WORD_GROUP},
    {"stddev", WORD_STDDEV},
    {"stdvar", WORD_STDVAR},
    {"topk", WORD_TOPK},
    {"bottomk", WORD_BOTTOMK},
    {"count_values", WORD_COUNT_VALUES},
    {"quantile", WORD_QUANTILE},
    {"limitk", WORD_LIMITK},
    {"limit_ratio", WORD_LIMIT_RATIO},
};

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static bool is_alpha(char c)
{
    return c == '_' || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

void lex_init(struct lex *l, struct str text)
{
    *l = (struct lex){.text = text};
}

static char peek(const struct lex *l, size_t ahead)
{
    return l->at + ahead < l->text.len ? l->text.ptr[l->at + ahead] : '\0';
}

static struct lex_token token(struct lex *l, enum lex_kind kind, size_t len)
{
    struct lex_token t = {.kind = kind, .at = l->at, .text = {l->text.ptr + l->at, len}};

    l->at += len;
    return t;
}

/* The rest of the text is given up: after an error only errors follow. */
static struct lex_token fail(struct lex *l, size_t at, const char *format, ...) PRINTF_LIKE(3, 4);
static struct lex_token fail(struct lex *l, size_t at, const char *format, ...)
{
    struct lex_token t = {.kind = LEX_ERROR, .at = at, .text = STR("")};
    va_list args;

    va_start(args, format);
    vsnprintf(l->error, sizeof(l->error), format, args);
    va_end(args);
    l->at = l->text.len;
    return t;
}

/* One character of UTF-8, for complaints. */
static struct str character(const struct lex *l, size_t ahead)
{
    size_t len = 1, left = l->text.len - l->at - ahead;

    while (len < left && len < 4 && ((unsigned char)peek(l, ahead + len) & 0xc0) == 0x80)
        len++;
    return str_make(l->text.ptr + l->at + ahead, MIN(len, left));
}

static void skip_blanks(struct lex *l)
{
    while (l->at < l->text.len) {
        char c = l->text.ptr[l->at];
        if (c == '#') {
            while (l->at < l->text.len && l->text.ptr[l->at] != '\n')
                l->at++;
        } else if (c == ' ' || c == '\t' || c == '\n' || c == '\r') {
            l->at++;
        } else {
            return;
        }
    }
}

static struct lex_token word(struct lex *l)
{
    size_t len = 0;
    bool colons = !l->in_braces && !l->in_brackets;

    while (is_alpha(peek(l, len)) || is_digit(peek(l, len)) || (colons && peek(l, len) == ':'))
        len++;
    struct lex_token t = token(l, LEX_WORD, len);
    if (!l->in_braces)
        for (size_t i = 0; i < ARRAY_LEN(keywords); i++)
            if (strlen(keywords[i].text) == len &&
                !strncasecmp(t.text.ptr, keywords[i].text, len)) {
                t.word = keywords[i].word;
                break;
            }
    return t;
}

static struct lex_token string(struct lex *l)
{
    char quote = peek(l, 0);
    size_t at = l->at, len = 1;

    for (;; len++) {
        if (at + len >= l->text.len)
            return fail(l, at,
                        quote == '`' ? "unterminated raw string" : "unterminated quoted string");
        char c = peek(l, len);
        if (c == quote)
            return token(l, LEX_STRING, len + 1);
        if (quote == '`')
            continue;
        if (c == '\n')
            return fail(l, at, "unterminated quoted string");
        if (c == '\\' && at + len + 1 < l->text.len)
            len++;
    }
}

static bool is_unit(struct str s, size_t *len)
{
    static const char *const units[] = {"ms", "y", "w", "d", "h", "m", "s"};

    for (size_t i = 0; i < ARRAY_LEN(units); i++)
        if (str_starts(s, str_of(units[i]))) {
            *len = strlen(units[i]);
            return true;
        }
    return false;
}

static bool looks_like_duration(struct str s)
{
    size_t at = 0, len = 0;

    while (at < s.len) {
        size_t from = at;
        while (at < s.len && is_digit(s.ptr[at]))
            at++;
        if (at == from || !is_unit(str_make(s.ptr + at, s.len - at), &len))
            return false;
        at += len;
    }
    return s.len > 0;
}

static struct lex_token number(struct lex *l)
{
    size_t len = 0;
    bool hex = peek(l, 0) == '0' && (peek(l, 1) | 0x20) == 'x';
    double value;

    for (;; len++) {
        char c = peek(l, len);
        if (is_digit(c) || is_alpha(c) || c == '.')
            continue;
        bool exponent = !hex && (c == '+' || c == '-') && len >= 2 &&
                        (peek(l, len - 1) | 0x20) == 'e' &&
                        (is_digit(peek(l, len - 2)) || peek(l, len - 2) == '.');
        if (!exponent)
            break;
    }
    struct str text = {l->text.ptr + l->at, len};
    if (looks_like_duration(text))
        return token(l, LEX_DURATION, len);
    if (literal_number(text, &value))
        return token(l, LEX_NUMBER, len);
    return fail(l, l->at, "bad number or duration syntax: \"%.*s\"", (int)MIN(len, (size_t)40),
                text.ptr);
}

static struct lex_token operator_or_fail(struct lex *l)
{
    char c = peek(l, 0), next = peek(l, 1);
    struct str odd = character(l, 0);

    switch (c) {
    case '=':
        if (next == '~')
            return token(l, LEX_MATCH, 2);
        return next == '=' && !l->in_braces ? token(l, LEX_EQL, 2) : token(l, LEX_ASSIGN, 1);
    case '!':
        if (next == '~')
            return token(l, LEX_NO_MATCH, 2);
        if (next == '=')
            return token(l, LEX_NEQ, 2);
        odd = character(l, 1);
        if (!odd.len)
            return fail(l, l->at, "unexpected end of input after '!'");
        return fail(l, l->at, "unexpected character after '!': '%.*s'", STR_ARG(odd));
    case '<':
        return next == '=' ? token(l, LEX_LTE, 2) : token(l, LEX_LSS, 1);
    case '>':
        return next == '=' ? token(l, LEX_GTE, 2) : token(l, LEX_GTR, 1);
    default:
        return fail(l, l->at, "unexpected character%s: '%.*s'",
                    l->in_braces ? " inside braces" : "", STR_ARG(odd));
    }
}

static struct lex_token at_end(struct lex *l)
{
    if (l->error[0])
        return (struct lex_token){.kind = LEX_ERROR, .at = l->at, .text = STR("")};
    if (l->in_braces)
        return fail(l, l->at, "unexpected end of input inside braces");
    if (l->in_brackets)
        return fail(l, l->at, "unclosed left bracket");
    if (l->parens)
        return fail(l, l->at, "unclosed left parenthesis");
    return token(l, LEX_END, 0);
}

static struct lex_token bracket(struct lex *l, char c)
{
    switch (c) {
    case '(':
        l->parens++;
        return token(l, LEX_LEFT_PAREN, 1);
    case ')':
        if (!l->parens)
            return fail(l, l->at, "unexpected right parenthesis ')'");
        l->parens--;
        return token(l, LEX_RIGHT_PAREN, 1);
    case '[':
        if (l->in_brackets)
            return fail(l, l->at, "unexpected left bracket '['");
        l->in_brackets = true;
        return token(l, LEX_LEFT_BRACKET, 1);
    case ']':
        if (!l->in_brackets)
            return fail(l, l->at, "unexpected right bracket ']'");
        l->in_brackets = false;
        return token(l, LEX_RIGHT_BRACKET, 1);
    default:
        if (l->in_brackets)
            return fail(l, l->at, "unexpected character: '{'");
        l->in_braces = true;
        return token(l, LEX_LEFT_BRACE, 1);
    }
}

static struct lex_token in_braces(struct lex *l, char c)
{
    if (c == '}') {
        l->in_braces = false;
        return token(l, LEX_RIGHT_BRACE, 1);
    }
    if (c == ',')
        return token(l, LEX_COMMA, 1);
    if (c == '=' || c == '!')
        return operator_or_fail(l);
    return fail(l, l->at, "unexpected character inside braces: '%.*s'", STR_ARG(character(l, 0)));
}

struct lex_token lex_next(struct lex *l)
{
    static const char simple[] = "+-*/%^,@";
    static const enum lex_kind kinds[] = {LEX_ADD, LEX_SUB, LEX_MUL,   LEX_DIV,
                                          LEX_MOD, LEX_POW, LEX_COMMA, LEX_AT};

    skip_blanks(l);
    if (l->at >= l->text.len)
        return at_end(l);
    char c = peek(l, 0);
    if (is_alpha(c) || (c == ':' && !l->in_brackets && !l->in_braces))
        return word(l);
    if (c == '"' || c == '\'' || c == '`')
        return string(l);
    if (l->in_braces)
        return in_braces(l, c);
    if (is_digit(c) || (c == '.' && is_digit(peek(l, 1))))
        return number(l);
    if (c == '(' || c == ')' || c == '[' || c == ']' || c == '{')
        return bracket(l, c);
    if (c == ':')
        return token(l, LEX_COLON, 1);
    const char *found = c ? strchr(simple, c) : NULL;
    if (found)
        return token(l, kinds[found - simple], 1);
    return operator_or_fail(l);
}

const char *lex_describe(const struct lex_token *t, char to[96])
{
    int len = (int)MIN(t->text.len, (size_t)60);
    const char *text = t->text.ptr;

    switch (t->kind) {
    case LEX_END:
        snprintf(to, 96, "end of input");
        break;
    case LEX_WORD:
        if (t->word == WORD_NAME)
            snprintf(to, 96, "identifier \"%.*s\"", len, text);
        else if (t->word == WORD_INF || t->word == WORD_NAN)
            snprintf(to, 96, "number \"%.*s\"", len, text);
        else if (t->word >= WORD_SUM)
            snprintf(to, 96, "<aggr:%.*s>", len, text);
        else if (t->word <= WORD_ATAN2)
            snprintf(to, 96, "<op:%.*s>", len, text);
        else
            snprintf(to, 96, "<%.*s>", len, text);
        break;
    case LEX_NUMBER:
        snprintf(to, 96, "number \"%.*s\"", len, text);
        break;
    case LEX_DURATION:
        snprintf(to, 96, "duration \"%.*s\"", len, text);
        break;
    case LEX_STRING:
        snprintf(to, 96, "string %.*s", len, text);
        break;
    default:
        if (t->kind >= LEX_ADD)
            snprintf(to, 96, "<op:%.*s>", len, text);
        else
            snprintf(to, 96, "\"%.*s\"", len, text);
    }
    return to;
}
