/* template_lex.c - see template_lex.h. */
#include "rules/template_lex.h"

#include <ctype.h>

struct lexer {
    struct str text;
    size_t at, start; /* `start`: of the token being read */
    size_t parens;
    struct token_list *to;
    struct error *err;
};

static int bad(struct lexer *l, const char *what)
{
    l->at = l->start;
    return error_set(l->err, -EINVAL, "%s", what);
}

static int add(struct lexer *l, enum token_kind kind)
{
    struct token_list *to = l->to;
    struct token *grown = array_grow(to->items, &to->cap, to->len + 1, sizeof(*grown));

    if (!grown)
        return error_errno(l->err, -ENOMEM, "template");
    to->items = grown;
    to->items[to->len++] =
        (struct token){kind, l->start, str_make(l->text.ptr + l->start, l->at - l->start)};
    l->start = l->at;
    return 0;
}

/* The byte `ahead` of where we are; '\0' behind the end. */
static char peek(const struct lexer *l, size_t ahead)
{
    return l->at + ahead < l->text.len ? l->text.ptr[l->at + ahead] : '\0';
}

static bool at_end(const struct lexer *l)
{
    return l->at >= l->text.len;
}

static bool is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

static bool stands(const struct lexer *l, size_t ahead, const char *text)
{
    size_t len = strlen(text);

    return l->text.len - l->at >= ahead + len && !memcmp(l->text.ptr + l->at + ahead, text, len);
}

/* Letters beyond ASCII are taken as letters, whatever they are. */
static bool is_word(char c)
{
    return c == '_' || isalnum((unsigned char)c) || (unsigned char)c >= 0x80;
}

/* Whether the action ends here; *ret_trims: with " -}}". */
static bool closes(const struct lexer *l, bool *ret_trims)
{
    *ret_trims = is_blank(peek(l, 0)) && stands(l, 1, "-}}");
    return *ret_trims || stands(l, 0, "}}");
}

static void skip_blanks(struct lexer *l)
{
    while (!at_end(l) && is_blank(peek(l, 0)))
        l->at++;
}

/* What may stand right behind a word: anything else would be arithmetic, which there is none of. */
static bool word_ends(const struct lexer *l)
{
    return at_end(l) || is_blank(peek(l, 0)) || strchr(".,|:)(", peek(l, 0)) || stands(l, 0, "}}");
}

/* ---- actions ---- */

static int read_word(struct lexer *l)
{
    static const struct {
        const char *word;
        enum token_kind kind;
    } words[] = {
        {"block", TOKEN_BLOCK},       {"break", TOKEN_BREAK},
        {"continue", TOKEN_CONTINUE}, {"define", TOKEN_DEFINE},
        {"else", TOKEN_ELSE},         {"end", TOKEN_END},
        {"false", TOKEN_BOOL},        {"if", TOKEN_IF},
        {"nil", TOKEN_NIL},           {"range", TOKEN_RANGE},
        {"template", TOKEN_TEMPLATE}, {"true", TOKEN_BOOL},
        {"with", TOKEN_WITH},
    };
    enum token_kind kind = TOKEN_IDENTIFIER;

    while (is_word(peek(l, 0)))
        l->at++;
    struct str word = str_make(l->text.ptr + l->start, l->at - l->start);
    if (!word_ends(l))
        return bad(l, "a blank is wanted between this word and what follows it");
    for (size_t i = 0; i < ARRAY_LEN(words); i++)
        if (str_is(word, words[i].word))
            kind = words[i].kind;
    return add(l, kind);
}

/* ".name" or "$name", or the sign alone. */
static int read_name(struct lexer *l, enum token_kind named, enum token_kind alone)
{
    l->at++;
    if (word_ends(l))
        return add(l, alone);
    size_t from = l->at;
    while (is_word(peek(l, 0)))
        l->at++;
    if (l->at == from || !word_ends(l))
        return bad(l, "a name is wanted here: letters, digits and '_'");
    return add(l, named);
}

static int read_quoted(struct lexer *l, char quote)
{
    for (l->at++; !at_end(l) && peek(l, 0) != quote; l->at++) {
        if (quote == '`')
            continue;
        if (peek(l, 0) == '\\')
            l->at++;
        if (at_end(l) || peek(l, 0) == '\n')
            break;
    }
    if (peek(l, 0) != quote || at_end(l))
        return bad(l, "text without its closing quote");
    l->at++;
    return add(l, quote == '\'' ? TOKEN_CHARACTER : TOKEN_STRING);
}

static void take_digits(struct lexer *l, bool hex)
{
    while (peek(l, 0) == '_' ||
           (hex ? isxdigit((unsigned char)peek(l, 0)) : isdigit((unsigned char)peek(l, 0))))
        l->at++;
}

/* Anything that looks like a number; template_parse.c sees whether it is one. */
static int read_number(struct lexer *l)
{
    bool hex = false;

    l->at += peek(l, 0) == '+' || peek(l, 0) == '-';
    if (peek(l, 0) == '0' && peek(l, 1) && strchr("xXoObB", peek(l, 1))) {
        hex = peek(l, 1) == 'x' || peek(l, 1) == 'X';
        l->at += 2;
    }
    take_digits(l, hex);
    if (peek(l, 0) == '.') {
        l->at++;
        take_digits(l, hex);
    }
    char exponent = (char)tolower((unsigned char)peek(l, 0));
    if (exponent == (hex ? 'p' : 'e')) {
        l->at++;
        l->at += peek(l, 0) == '+' || peek(l, 0) == '-';
        take_digits(l, false);
    }
    if (is_word(peek(l, 0)) || peek(l, 0) == '+' || peek(l, 0) == '-')
        return bad(l, "this is no number");
    return add(l, TOKEN_NUMBER);
}

static int read_parens(struct lexer *l, char c)
{
    if (c == ')' && !l->parens)
        return bad(l, "')' without its '('");
    l->parens += c == '(' ? 1 : SIZE_MAX;
    l->at++;
    return add(l, c == '(' ? TOKEN_LEFT_PAREN : TOKEN_RIGHT_PAREN);
}

static int read_sign(struct lexer *l, char c)
{
    if (c == ':' && peek(l, 1) != '=')
        return bad(l, "':=' is wanted");
    l->at += c == ':' ? 2 : 1;
    switch (c) {
    case ':':
        return add(l, TOKEN_DECLARE);
    case '=':
        return add(l, TOKEN_ASSIGN);
    case '|':
        return add(l, TOKEN_PIPE);
    case ',':
        return add(l, TOKEN_COMMA);
    default:
        return bad(l, "this character means nothing in an action");
    }
}

/* One token of an action. */
static int read_inside(struct lexer *l)
{
    char c = peek(l, 0);

    if (is_blank(c)) {
        bool trims;
        while (!at_end(l) && is_blank(peek(l, 0)) && !closes(l, &trims))
            l->at++;
        return l->at > l->start ? add(l, TOKEN_SPACE) : 0;
    }
    if (c == '"' || c == '`' || c == '\'')
        return read_quoted(l, c);
    if (c == '$')
        return read_name(l, TOKEN_VARIABLE, TOKEN_VARIABLE);
    if (c == '.' && !isdigit((unsigned char)peek(l, 1)))
        return read_name(l, TOKEN_FIELD, TOKEN_DOT);
    if (c == '.' || c == '+' || c == '-' || isdigit((unsigned char)c))
        return read_number(l);
    if (is_word(c))
        return read_word(l);
    return c == '(' || c == ')' ? read_parens(l, c) : read_sign(l, c);
}

static int read_action(struct lexer *l)
{
    size_t open = l->at;
    bool trims;

    l->at += 2;
    int code = add(l, TOKEN_OPEN);
    if (peek(l, 0) == '-' && is_blank(peek(l, 1)))
        l->at += 2;
    l->start = l->at;
    l->parens = 0;
    while (!code && !closes(l, &trims)) {
        if (at_end(l)) {
            l->start = open;
            return bad(l, "'{{' without its '}}'");
        }
        code = read_inside(l);
    }
    if (code)
        return code;
    if (l->parens)
        return bad(l, "'(' without its ')'");
    l->at += trims ? 2 : 0;
    l->start = l->at;
    l->at += 2;
    code = add(l, TOKEN_CLOSE);
    if (trims)
        skip_blanks(l);
    l->start = l->at;
    return code;
}

/* Skips the comment at "{{" when one stands here. */
static int read_comment(struct lexer *l, bool *ret)
{
    size_t marker = peek(l, 2) == '-' && is_blank(peek(l, 3)) ? 4 : 2;
    bool trims;

    *ret = stands(l, marker, "/*");
    if (!*ret)
        return 0;
    l->start = l->at;
    l->at += marker + 2;
    while (!at_end(l) && !stands(l, 0, "*/"))
        l->at++;
    if (at_end(l))
        return bad(l, "a comment without its '*/'");
    l->at += 2;
    if (!closes(l, &trims))
        return bad(l, "'}}' is wanted right behind the '*/' of a comment");
    l->at += trims ? 4 : 2;
    if (trims)
        skip_blanks(l);
    l->start = l->at;
    return 0;
}

/* The text up to the next "{{", without the blanks that "{{- " takes away. */
static int read_text(struct lexer *l)
{
    const char *open = memmem(l->text.ptr + l->at, l->text.len - l->at, "{{", 2);
    size_t end = open ? (size_t)(open - l->text.ptr) : l->text.len, next = end;

    l->start = l->at;
    if (end + 3 < l->text.len && l->text.ptr[end + 2] == '-' && is_blank(l->text.ptr[end + 3]))
        while (end > l->start && is_blank(l->text.ptr[end - 1]))
            end--;
    l->at = end;
    int code = end > l->start ? add(l, TOKEN_TEXT) : 0;
    l->at = l->start = next;
    return code;
}

int template_lex(struct str text, struct token_list *ret, size_t *ret_at, struct error *err)
{
    struct lexer l = {.text = text, .to = ret, .err = err};
    int code = 0;

    *ret = (struct token_list){0};
    while (!code && !at_end(&l)) {
        bool comment = false;
        code = read_text(&l);
        if (!code && !at_end(&l))
            code = read_comment(&l, &comment);
        if (!code && !comment && !at_end(&l))
            code = read_action(&l);
    }
    *ret_at = l.at;
    return code ? code : add(&l, TOKEN_EOF);
}

/* ---- what quotes hold ---- */

/* Reads `digits` digits of an escape in base 8 or 16. */
static bool read_code(struct str *rest, size_t digits, unsigned base, uint32_t *ret)
{
    *ret = 0;
    if (rest->len < digits)
        return false;
    for (size_t i = 0; i < digits; i++) {
        char c = (char)tolower((unsigned char)rest->ptr[i]);
        unsigned digit = isdigit((unsigned char)c) ? (unsigned)(c - '0')
                         : c >= 'a' && c <= 'f'    ? (unsigned)(c - 'a') + 10
                                                   : 99;
        if (digit >= base)
            return false;
        *ret = *ret * base + digit;
    }
    *rest = str_make(rest->ptr + digits, rest->len - digits);
    return true;
}

/* One escape, behind its backslash. */
static bool read_escape(struct str *rest, char quote, struct buf *to)
{
    static const char letters[] = "abfnrtv\\", meanings[] = "\a\b\f\n\r\t\v\\";
    char c = rest->len ? *rest->ptr : '\0';
    const char *letter = c ? strchr(letters, c) : NULL;
    bool octal = c >= '0' && c <= '7';
    uint32_t code;

    if (letter || c == quote) {
        buf_char(to, letter ? meanings[letter - letters] : quote);
        *rest = str_make(rest->ptr + 1, rest->len - 1);
        return true;
    }
    if (!octal && c != 'x' && c != 'u' && c != 'U')
        return false;
    if (!octal)
        *rest = str_make(rest->ptr + 1, rest->len - 1);
    size_t digits = octal ? 3 : c == 'x' ? 2 : c == 'u' ? 4 : 8;
    if (!read_code(rest, digits, octal ? 8 : 16, &code))
        return false;
    if (octal || c == 'x') {
        buf_char(to, (char)code);
        return code <= 0xff;
    }
    if (code > 0x10ffff || (code >= 0xd800 && code < 0xe000))
        return false;
    char character[4];
    buf_add(to, character, str_utf8_put(character, code));
    return true;
}

int template_unquote(struct str quoted, struct arena *a, struct str *ret, struct error *err)
{
    char quote = *quoted.ptr;
    struct str rest = str_make(quoted.ptr + 1, quoted.len - 2);
    struct buf text;
    bool good = true;

    buf_init(&text, 0);
    while (rest.len && good) {
        char c = *rest.ptr;
        rest = str_make(rest.ptr + 1, rest.len - 1);
        if (c == '\\' && quote != '`')
            good = read_escape(&rest, quote, &text);
        else if (c != '\r' || quote != '`')
            buf_char(&text, c);
    }
    char *copy = good ? arena_strndup(a, text.len ? text.ptr : "", text.len) : NULL;
    *ret = str_make(copy, text.len);
    buf_fini(&text);
    if (!good)
        return error_set(err, -EINVAL,
                         "an escape that is not known: \\n, \\t, \\\", \\\\, \\xNN, "
                         "\\uNNNN");
    return copy ? 0 : error_errno(err, -ENOMEM, "template");
}
