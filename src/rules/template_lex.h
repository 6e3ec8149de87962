/* template_lex.h - a template's text as tokens, cut as Go's text/template cuts it. For
 * template_parse.c only. */
#ifndef ALGALON_RULES_TEMPLATE_LEX_H
#define ALGALON_RULES_TEMPLATE_LEX_H

#include "base/base.h"

enum token_kind {
    TOKEN_EOF,
    TOKEN_TEXT,  /* what stands outside of actions, without the blanks that "{{- " takes away */
    TOKEN_OPEN,  /* "{{" */
    TOKEN_CLOSE, /* "}}" */
    TOKEN_SPACE, /* a run of blanks within an action: they separate arguments */
    TOKEN_ASSIGN,
    TOKEN_DECLARE, /* ":=" */
    TOKEN_PIPE,
    TOKEN_COMMA,
    TOKEN_LEFT_PAREN,
    TOKEN_RIGHT_PAREN,
    TOKEN_STRING,    /* with its quotes: "..." or `...` */
    TOKEN_CHARACTER, /* with its quotes: 'x' */
    TOKEN_NUMBER,
    TOKEN_VARIABLE, /* "$" and the name behind it */
    TOKEN_FIELD,    /* "." and the name behind it */
    TOKEN_DOT,
    TOKEN_IDENTIFIER,
    TOKEN_BOOL,
    TOKEN_NIL,
    TOKEN_BLOCK,
    TOKEN_BREAK,
    TOKEN_CONTINUE,
    TOKEN_DEFINE,
    TOKEN_ELSE,
    TOKEN_END,
    TOKEN_IF,
    TOKEN_RANGE,
    TOKEN_TEMPLATE,
    TOKEN_WITH
};

struct token {
    enum token_kind kind;
    size_t at; /* byte of the template */
    struct str text;
};

struct token_list {
    struct token *items; /* the last one is TOKEN_EOF; free() */
    size_t len, cap;
};

/** Cuts `text`, which the tokens borrow from. Errors: -EINVAL, `err` says what is wrong at byte
 * *ret_at; -ENOMEM. *ret is to be freed in every case. */
MUST_CHECK int template_lex(struct str text, struct token_list *ret, size_t *ret_at,
                            struct error *err);

/** Puts what a quoted text or character means into `a`: Go's escapes. Errors: -EINVAL, -ENOMEM. */
MUST_CHECK int template_unquote(struct str quoted, struct arena *a, struct str *ret,
                                struct error *err);

#endif
