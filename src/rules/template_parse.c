/* template_parse.c - tokens into a tree, by the grammar of Go's text/template. */
#include "rules/template.h"
#include "rules/template_functions.h"
#include "rules/template_lex.h"
#include "rules/template_tree.h"

#include <stdlib.h>

struct parser {
    const struct token *at; /* the next one */
    struct arena *arena;
    struct template *to;
    struct str *variables; /* in reach here, the innermost last */
    size_t variable_len, variable_cap;
    size_t loops;   /* around us, within this definition */
    size_t nesting; /* of blocks and parentheses */
    const struct token *bad_at;
    struct error *err;
};

static int parse_list(struct parser *p, const struct token *opened, struct node **ret,
                      enum token_kind *ret_end);
static int parse_pipe(struct parser *p, enum token_kind end, bool ranges, struct node **ret);

static int bad(struct parser *p, const struct token *t, const char *what)
{
    p->bad_at = t;
    return error_set(p->err, -EINVAL, "%s", what);
}

static int bad_name(struct parser *p, const struct token *t, const char *what)
{
    p->bad_at = t;
    return error_set(p->err, -EINVAL, "%s: '%.*s'", what, (int)MIN(t->text.len, 60), t->text.ptr);
}

static int no_memory(struct parser *p)
{
    return error_errno(p->err, -ENOMEM, "template");
}

static const struct token *next_solid(struct parser *p)
{
    while (p->at->kind == TOKEN_SPACE)
        p->at++;
    return p->at;
}

/* Takes the next token when it is of this kind. */
static bool take(struct parser *p, enum token_kind kind)
{
    if (next_solid(p)->kind != kind)
        return false;
    p->at++;
    return true;
}

static struct node *new_node(struct parser *p, enum node_kind kind, const struct token *t)
{
    struct node *n = arena_new(p->arena, struct node);

    if (n) {
        n->kind = kind;
        n->at = t->at;
        n->text = t->text;
    } else {
        (void)no_memory(p);
    }
    return n;
}

static int deeper(struct parser *p)
{
    return ++p->nesting > TEMPLATE_NESTING_MAX
               ? bad(p, p->at, "blocks or parentheses are nested too deep")
               : 0;
}

/* ---- variables ---- */

static int declare(struct parser *p, struct str name)
{
    struct str *grown =
        array_grow(p->variables, &p->variable_cap, p->variable_len + 1, sizeof(*grown));

    if (!grown)
        return no_memory(p);
    p->variables = grown;
    p->variables[p->variable_len++] = name;
    return 0;
}

static bool is_declared(const struct parser *p, struct str name)
{
    for (size_t i = 0; i < p->variable_len; i++)
        if (str_equal(p->variables[i], name))
            return true;
    return false;
}

/* Variables that are there before anything is said. */
static int declare_known(struct parser *p, bool all)
{
    static const char *const names[] = {"$", "$labels", "$externalLabels", "$externalURL",
                                        "$value"};
    int code = 0;

    p->variable_len = 0;
    for (size_t i = 0; i < (all ? ARRAY_LEN(names) : 1) && !code; i++)
        code = declare(p, str_of(names[i]));
    return code;
}

/* ---- operands ---- */

/* Whole numbers as Go writes them: 42, 0x2a, 0b101, 0o17, 017, 1_000. */
static bool read_whole(struct str text, int64_t *ret)
{
    char digits[80];
    size_t n = 0, at = text.len && strchr("+-", text.ptr[0]) ? 1 : 0;
    int base = 10;

    if (at + 1 < text.len && text.ptr[at] == '0') {
        char mark = text.ptr[at + 1];
        base = strchr("xX", mark) ? 16 : strchr("bB", mark) ? 2 : 8;
        at += strchr("xXbBoO", mark) ? 2 : 1;
    }
    if (at && text.ptr[0] == '-')
        digits[n++] = '-';
    for (; at < text.len && n < sizeof(digits) - 1; at++)
        if (text.ptr[at] != '_')
            digits[n++] = text.ptr[at];
    digits[n] = '\0';
    char *end;
    errno = 0;
    long long value = strtoll(digits, &end, base);
    *ret = value;
    return at == text.len && n && !*end && !errno && digits[n - 1] != '-';
}

static bool read_number(struct str text, struct node_number *ret)
{
    bool hex = memchr(text.ptr, 'x', text.len) || memchr(text.ptr, 'X', text.len);
    char plain[80];
    size_t n = 0;

    *ret = (struct node_number){0};
    if (read_whole(text, &ret->whole)) {
        ret->is_whole = true;
        ret->real = (double)ret->whole;
        return true;
    }
    bool real = memchr(text.ptr, '.', text.len) || (hex && memchr(text.ptr, 'p', text.len)) ||
                (!hex && (memchr(text.ptr, 'e', text.len) || memchr(text.ptr, 'E', text.len)));
    for (size_t i = 0; i < text.len && n < sizeof(plain); i++)
        if (text.ptr[i] != '_')
            plain[n++] = text.ptr[i];
    if (!real || n == sizeof(plain) || !num_parse(str_make(plain, n), &ret->real) ||
        isinf(ret->real))
        return false;
    ret->looks_real = true;
    if (fabs(ret->real) < 9.2e18 && floor(ret->real) == ret->real) {
        ret->is_whole = true;
        ret->whole = (int64_t)ret->real;
    }
    return true;
}

static int parse_number(struct parser *p, const struct token *t, struct node *n)
{
    return read_number(t->text, &n->number) ? 0 : bad_name(p, t, "this is no number");
}

static int parse_character(struct parser *p, const struct token *t, struct node *n)
{
    struct str text;
    int code = template_unquote(t->text, p->arena, &text, p->err);

    if (code) {
        p->bad_at = t;
        return code;
    }
    size_t len = text.len ? str_utf8_len(text, 0) : 0;
    if (!len || len != text.len)
        return bad_name(p, t, "one character is wanted between '...'");
    n->number = (struct node_number){.is_whole = true,
                                     .whole = str_utf8_get(text.ptr, len),
                                     .real = str_utf8_get(text.ptr, len)};
    return 0;
}

static int parse_call(struct parser *p, const struct token *t, struct node *n)
{
    n->function = template_function_find(t->text);
    if (n->function)
        return 0;
    if (str_is(t->text, "tmpl"))
        return bad(p, t, "tmpl is for console pages: write template \"NAME\"");
    return bad_name(p, t, "no function has this name");
}

static int parse_quoted(struct parser *p, const struct token *t, struct node *n)
{
    n->quoted = t->text;
    int code = template_unquote(t->text, p->arena, &n->text, p->err);
    if (code)
        p->bad_at = t;
    return code;
}

static int parse_parens(struct parser *p, struct node **ret)
{
    int code = deeper(p);

    if (!code)
        code = parse_pipe(p, TOKEN_RIGHT_PAREN, false, ret);
    p->nesting--;
    return code;
}

/* One name as a list of one, room for `more` behind it. */
static int start_names(struct parser *p, struct node *n, struct str first, size_t more)
{
    n->names = arena_calloc(p->arena, 1 + more, sizeof(*n->names));
    if (!n->names)
        return no_memory(p);
    n->names[n->name_len++] = first;
    return 0;
}

static struct str without_dot(struct str text)
{
    return str_make(text.ptr + 1, text.len - 1);
}

/* A term; *ret stays NULL when the next token is none. */
static int parse_term(struct parser *p, struct node **ret)
{
    static const struct {
        enum token_kind token;
        enum node_kind node;
    } kinds[] = {{TOKEN_DOT, NODE_DOT},        {TOKEN_NIL, NODE_NIL},
                 {TOKEN_BOOL, NODE_BOOL},      {TOKEN_NUMBER, NODE_NUMBER},
                 {TOKEN_FIELD, NODE_FIELD},    {TOKEN_CHARACTER, NODE_NUMBER},
                 {TOKEN_STRING, NODE_STRING},  {TOKEN_VARIABLE, NODE_VARIABLE},
                 {TOKEN_IDENTIFIER, NODE_CALL}};
    const struct token *t = next_solid(p);
    size_t i = 0;

    if (take(p, TOKEN_LEFT_PAREN))
        return parse_parens(p, ret);
    while (i < ARRAY_LEN(kinds) && kinds[i].token != t->kind)
        i++;
    if (i == ARRAY_LEN(kinds))
        return 0;
    p->at++;
    struct node *n = *ret = new_node(p, kinds[i].node, t);
    if (!n)
        return -ENOMEM;
    switch (t->kind) {
    case TOKEN_BOOL:
        n->truth = str_is(t->text, "true");
        return 0;
    case TOKEN_NUMBER:
        return parse_number(p, t, n);
    case TOKEN_CHARACTER:
        return parse_character(p, t, n);
    case TOKEN_STRING:
        return parse_quoted(p, t, n);
    case TOKEN_FIELD:
        return start_names(p, n, without_dot(t->text), 0);
    case TOKEN_IDENTIFIER:
        return parse_call(p, t, n);
    case TOKEN_VARIABLE:
        return is_declared(p, t->text) ? start_names(p, n, t->text, 0)
                                       : bad_name(p, t, "no variable has this name here");
    default:
        return 0;
    }
}

/* A term and the fields behind it: .A.B, $a.B, (pipeline).A */
static int parse_operand(struct parser *p, struct node **ret)
{
    size_t fields = 0;
    int code = parse_term(p, ret);
    struct node *n = *ret;

    if (code || !n)
        return code;
    while (p->at[fields].kind == TOKEN_FIELD)
        fields++;
    if (!fields)
        return 0;
    if (n->kind == NODE_BOOL || n->kind == NODE_STRING || n->kind == NODE_NUMBER ||
        n->kind == NODE_NIL || n->kind == NODE_DOT)
        return bad(p, p->at, "what stands before this '.' has no fields");
    if (n->kind == NODE_FIELD || n->kind == NODE_VARIABLE) {
        struct str first = n->names[0];
        n->at = p->at->at;
        n->name_len = 0;
        code = start_names(p, n, first, fields);
    } else {
        struct node *chain = *ret = new_node(p, NODE_CHAIN, p->at);
        if (!chain)
            return -ENOMEM;
        chain->first = n;
        n = chain;
        n->names = arena_calloc(p->arena, fields, sizeof(*n->names));
        code = n->names ? 0 : no_memory(p);
    }
    for (size_t i = 0; i < fields && !code; i++)
        n->names[n->name_len++] = without_dot((p->at++)->text);
    return code;
}

/* ---- pipelines ---- */

static int parse_command(struct parser *p, struct node **ret)
{
    struct node *command = *ret = new_node(p, NODE_COMMAND, next_solid(p));
    struct node **last;

    if (!command)
        return -ENOMEM;
    for (last = &command->first;;) {
        struct node *operand = NULL;
        int code = parse_operand(p, &operand);
        if (code)
            return code;
        if (operand) {
            *last = operand;
            last = &operand->next;
        }
        if (p->at->kind != TOKEN_SPACE)
            break;
        p->at++;
        if (next_solid(p)->kind == TOKEN_PIPE)
            break;
    }
    if (p->at->kind != TOKEN_PIPE && p->at->kind != TOKEN_CLOSE && p->at->kind != TOKEN_RIGHT_PAREN)
        return bad_name(p, p->at, "a blank, '|' or the end of the action is wanted here");
    return command->first ? 0 : bad(p, p->at, "a value or a function is wanted here");
}

/* "$x :=", "$x =", in a range also "$i, $x :="; nothing when no declaration stands here. */
static int parse_declarations(struct parser *p, struct node *pipe, bool ranges)
{
    const struct token *begin = next_solid(p);
    struct str names[2];
    size_t n = 0;

    while (next_solid(p)->kind == TOKEN_VARIABLE) {
        const struct token *variable = p->at++;
        enum token_kind sign = next_solid(p)->kind;
        if (sign != TOKEN_ASSIGN && sign != TOKEN_DECLARE && sign != TOKEN_COMMA) {
            if (n)
                return bad(p, variable, "':=' is wanted behind these variables");
            p->at = begin;
            return 0;
        }
        names[n++] = variable->text;
        p->at++;
        if (sign != TOKEN_COMMA) {
            pipe->assigns = sign == TOKEN_ASSIGN;
            break;
        }
        if (!ranges || n == 2)
            return bad(p, p->at, "only range declares two variables, and never more");
        if (next_solid(p)->kind != TOKEN_VARIABLE)
            return bad(p, p->at, "a variable is wanted behind ','");
    }
    if (!n)
        return 0;
    pipe->names = arena_calloc(p->arena, n, sizeof(*pipe->names));
    if (!pipe->names)
        return no_memory(p);
    for (size_t i = 0; i < n; i++) {
        if (pipe->assigns && !is_declared(p, names[i]))
            return bad(p, begin, "no variable has this name here: ':=' declares one");
        pipe->names[pipe->name_len++] = names[i];
    }
    return 0;
}

/* Only what can be called may stand behind a '|'. */
static bool can_take_more(const struct node *operand)
{
    return operand->kind != NODE_BOOL && operand->kind != NODE_DOT && operand->kind != NODE_NIL &&
           operand->kind != NODE_NUMBER && operand->kind != NODE_STRING;
}

static int parse_pipe(struct parser *p, enum token_kind end, bool ranges, struct node **ret)
{
    struct node *pipe = *ret = new_node(p, NODE_PIPE, next_solid(p));
    struct node **last;

    if (!pipe)
        return -ENOMEM;
    last = &pipe->first;
    int code = parse_declarations(p, pipe, ranges);
    /* Go declares them before the pipeline is read. */
    for (size_t i = 0; i < pipe->name_len && !code && !pipe->assigns; i++)
        code = declare(p, pipe->names[i]);
    while (!code) {
        const struct token *begin = next_solid(p);
        if (begin->kind == end) /* a '|' with nothing behind it is none */
            return pipe->first && take(p, end)
                       ? 0
                       : bad(p, begin, "a value or a function is wanted here");
        code = parse_command(p, last);
        if (!code && last != &pipe->first && !can_take_more((*last)->first))
            return bad(p, begin, "a function is wanted behind '|'");
        if (code)
            break;
        last = &(*last)->next;
        if (take(p, TOKEN_PIPE))
            continue;
        return take(p, end) ? 0 : bad_name(p, p->at, "this does not belong here");
    }
    return code;
}

/* ---- actions ---- */

/* if, range, with: behind the word. */
static int parse_control(struct parser *p, enum node_kind kind, struct node **ret)
{
    size_t known = p->variable_len;
    const struct token *word = p->at - 1;
    enum token_kind end;
    struct node *n = *ret = new_node(p, kind, next_solid(p));
    enum token_kind own = kind == NODE_IF ? TOKEN_IF : kind == NODE_WITH ? TOKEN_WITH : TOKEN_EOF;

    if (!n)
        return -ENOMEM;
    int code = deeper(p);
    if (!code)
        code = parse_pipe(p, TOKEN_CLOSE, kind == NODE_RANGE, &n->pipe);
    p->loops += kind == NODE_RANGE;
    if (!code)
        code = parse_list(p, word, &n->body, &end);
    p->loops -= kind == NODE_RANGE;
    if (!code && end == TOKEN_ELSE && take(p, own)) {
        /* {{else if}} is an else with an if in it that ends where this one does. */
        n->other = new_node(p, NODE_LIST, p->at);
        code = n->other ? parse_control(p, kind, &n->other->first) : -ENOMEM;
    } else if (!code && end == TOKEN_ELSE) {
        const struct token *other = p->at;
        if (!take(p, TOKEN_CLOSE))
            return bad_name(p, p->at, "else stands alone, or before the word that it belongs to");
        code = parse_list(p, word, &n->other, &end);
        if (!code && end != TOKEN_END)
            return bad(p, other, "a second else");
    }
    p->nesting--;
    p->variable_len = known;
    return code;
}

static int parse_name(struct parser *p, struct node *n)
{
    const struct token *t = next_solid(p);

    if (t->kind != TOKEN_STRING)
        return bad_name(p, t, "a name in quotes is wanted here");
    p->at++;
    n->at = t->at;
    return parse_quoted(p, t, n);
}

static bool is_empty(const struct node *list)
{
    for (const struct node *it = list->first; it; it = it->next)
        if (it->kind != NODE_TEXT || str_trim(it->text).len)
            return false;
    return true;
}

/* Adds a definition. One that says nothing gives way to one that does. */
static int add_part(struct parser *p, const struct token *t, struct str name, struct node *root)
{
    struct template_part *part = p->to->parts;

    while (part && !str_equal(part->name, name))
        part = part->next;
    if (part && !is_empty(part->root))
        return is_empty(root) ? 0 : bad_name(p, t, "a template of this name is there already");
    if (!part) {
        part = arena_new(p->arena, struct template_part);
        if (!part)
            return no_memory(p);
        *part = (struct template_part){.name = name, .next = p->to->parts};
        p->to->parts = part;
    }
    part->root = root;
    return 0;
}

/* What stands between {{define}} or {{block}} and its {{end}}: it knows no variables but "$". */
static int parse_body(struct parser *p, const struct token *t, struct str name)
{
    struct parser inner = *p;
    struct node *root = NULL;
    enum token_kind end;

    inner.variables = NULL;
    inner.variable_cap = inner.loops = 0;
    int code = declare_known(&inner, false);
    if (!code)
        code = deeper(&inner);
    if (!code)
        code = parse_list(&inner, t, &root, &end);
    if (!code && end != TOKEN_END)
        code = bad(&inner, t, "else without its if");
    if (!code)
        code = add_part(&inner, t, name, root);
    free(inner.variables);
    p->at = inner.at;
    p->bad_at = inner.bad_at;
    return code;
}

/* template "name" pipeline; block "name" pipeline, which defines it too. */
static int parse_template(struct parser *p, bool defines, struct node **ret)
{
    const struct token *t = next_solid(p);
    struct node *n = *ret = new_node(p, NODE_TEMPLATE, t);

    if (!n)
        return -ENOMEM;
    int code = parse_name(p, n);
    if (!code && (defines || !take(p, TOKEN_CLOSE)))
        code = parse_pipe(p, TOKEN_CLOSE, false, &n->pipe);
    return !code && defines ? parse_body(p, t, n->text) : code;
}

static int parse_jump(struct parser *p, enum node_kind kind, const struct token *t,
                      struct node **ret)
{
    if (!take(p, TOKEN_CLOSE))
        return bad(p, p->at, "break and continue stand alone");
    if (!p->loops)
        return bad(p, t, "break and continue belong into a range");
    *ret = new_node(p, kind, t);
    return *ret ? 0 : -ENOMEM;
}

/* Behind "{{". */
static int parse_action(struct parser *p, struct node **ret)
{
    const struct token *t = next_solid(p);

    p->at++;
    switch (t->kind) {
    case TOKEN_BREAK:
        return parse_jump(p, NODE_BREAK, t, ret);
    case TOKEN_CONTINUE:
        return parse_jump(p, NODE_CONTINUE, t, ret);
    case TOKEN_IF:
        return parse_control(p, NODE_IF, ret);
    case TOKEN_RANGE:
        return parse_control(p, NODE_RANGE, ret);
    case TOKEN_WITH:
        return parse_control(p, NODE_WITH, ret);
    case TOKEN_TEMPLATE:
        return parse_template(p, false, ret);
    case TOKEN_BLOCK:
        return parse_template(p, true, ret);
    case TOKEN_DEFINE:
        return bad(p, t, "define stands outside of other blocks");
    default:
        break;
    }
    p->at = t;
    *ret = new_node(p, NODE_ACTION, t);
    return *ret ? parse_pipe(p, TOKEN_CLOSE, false, &(*ret)->pipe) : -ENOMEM;
}

static int parse_define(struct parser *p)
{
    const struct token *t = next_solid(p);
    struct node name = {0};
    int code = parse_name(p, &name);

    if (!code && !take(p, TOKEN_CLOSE))
        code = bad(p, p->at, "'}}' is wanted behind the name");
    return code ? code : parse_body(p, t, name.text);
}

/* Whether this action is the end of the list: then its word is taken. */
static bool ends_list(struct parser *p, enum token_kind *ret)
{
    const struct token *t = p->at + 1; /* behind "{{" */

    while (t->kind == TOKEN_SPACE)
        t++;
    if (t->kind != TOKEN_END && t->kind != TOKEN_ELSE)
        return false;
    *ret = t->kind;
    p->at = t + 1;
    return true;
}

/* What stands in the block that `opened` opens, up to {{end}} (taken) or {{else (the word taken);
 * all of the template where it is NULL. */
static int parse_list(struct parser *p, const struct token *opened, struct node **ret,
                      enum token_kind *ret_end)
{
    struct node *list = *ret = new_node(p, NODE_LIST, p->at);
    enum token_kind end;
    struct node **last;
    int code = 0;

    if (!list)
        return -ENOMEM;
    for (last = &list->first; !code && p->at->kind != TOKEN_EOF;) {
        if (p->at->kind == TOKEN_TEXT) {
            *last = new_node(p, NODE_TEXT, p->at++);
            code = *last ? 0 : -ENOMEM;
        } else if (ends_list(p, &end)) {
            if (!opened)
                return bad(p, p->at - 1, "this belongs to no if, range, with or define");
            *ret_end = end;
            return end == TOKEN_ELSE || take(p, TOKEN_CLOSE)
                       ? 0
                       : bad_name(p, p->at, "'}}' is wanted behind end");
        } else {
            p->at++;
            if (!opened && take(p, TOKEN_DEFINE)) {
                code = parse_define(p);
                continue;
            }
            code = parse_action(p, last);
        }
        if (!code)
            last = &(*last)->next;
    }
    return code || !opened ? code : bad(p, opened, "a block without its {{end}}");
}

int template_parse(struct str text, struct arena *a, const struct template **ret, size_t *ret_at,
                   struct error *err)
{
    struct template *t = arena_new(a, struct template);
    struct token_list tokens;
    struct parser p = {.arena = a, .to = t, .err = err};

    *ret_at = 0;
    if (!t)
        return error_errno(err, -ENOMEM, "template");
    if (text.len > TEMPLATE_TEXT_MAX)
        return error_set(err, -EINVAL, "a template has %d bytes at most", TEMPLATE_TEXT_MAX);
    t->text = text;
    int code = template_lex(text, &tokens, ret_at, err);
    if (!code) {
        p.at = p.bad_at = tokens.items;
        code = declare_known(&p, true);
        if (!code)
            code = parse_list(&p, NULL, &t->root, NULL);
        *ret_at = p.bad_at->at;
    }
    free(p.variables);
    free(tokens.items);
    *ret = t;
    return code;
}
