/* lex.h - cuts the text of an expression into tokens. */
#ifndef ALGALON_PROMQL_LEX_H
#define ALGALON_PROMQL_LEX_H

#include "promql/promql.h"

enum lex_kind {
    LEX_END,
    LEX_ERROR, /* `error` says what is wrong at `at` */
    LEX_WORD,  /* a name or a keyword: `word` tells */
    LEX_NUMBER,
    LEX_DURATION,
    LEX_STRING, /* with its quotes */
    LEX_LEFT_PAREN,
    LEX_RIGHT_PAREN,
    LEX_LEFT_BRACE,
    LEX_RIGHT_BRACE,
    LEX_LEFT_BRACKET,
    LEX_RIGHT_BRACKET,
    LEX_COMMA,
    LEX_COLON,
    LEX_AT,
    LEX_ASSIGN, /* = */
    LEX_ADD,
    LEX_SUB,
    LEX_MUL,
    LEX_DIV,
    LEX_MOD,
    LEX_POW,
    LEX_EQL, /* == */
    LEX_NEQ,
    LEX_LTE,
    LEX_LSS,
    LEX_GTE,
    LEX_GTR,
    LEX_MATCH,    /* =~ */
    LEX_NO_MATCH, /* !~ */
};

/* Keywords; they are names too wherever no keyword can stand. */
enum lex_word {
    WORD_NAME,
    WORD_AND,
    WORD_OR,
    WORD_UNLESS,
    WORD_ATAN2,
    WORD_OFFSET,
    WORD_BY,
    WORD_WITHOUT,
    WORD_ON,
    WORD_IGNORING,
    WORD_GROUP_LEFT,
    WORD_GROUP_RIGHT,
    WORD_BOOL,
    WORD_START,
    WORD_END,
    WORD_INF,
    WORD_NAN,
    /* Aggregations, in the order of enum aggregation (node.h). */
    WORD_SUM,
    WORD_AVG,
    WORD_COUNT,
    WORD_MIN,
    WORD_MAX,
    WORD_GROUP,
    WORD_STDDEV,
    WORD_STDVAR,
    WORD_TOPK,
    WORD_BOTTOMK,
    WORD_COUNT_VALUES,
    WORD_QUANTILE,
    WORD_LIMITK,
    WORD_LIMIT_RATIO,
};

struct lex_token {
    enum lex_kind kind;
    enum lex_word word;
    size_t at; /* byte offset in the text */
    struct str text;
};

struct lex {
    struct str text;
    size_t at;
    unsigned parens;
    bool in_braces, in_brackets;
    char error[160];
};

void lex_init(struct lex *l, struct str text);
struct lex_token lex_next(struct lex *l);

/** Words for a token in a complaint: `identifier "foo"`, `<op:+>`, `end of input`. Returns `to`. */
const char *lex_describe(const struct lex_token *t, char to[96]);

#endif
