/* regex_scan.h - the place in a pattern that is being parsed, and the small steps all its parsers
 * take; for regex_parse.c and regex_class.c only. */
#ifndef ALGALON_METRIC_REGEX_SCAN_H
#define ALGALON_METRIC_REGEX_SCAN_H

#include "metric/regex_parse.h"

struct flags {
    bool fold, multi, dot_newline, swap; /* i m s U */
};

struct parser {
    const char *start, *at, *end;
    struct arena *arena;
    struct flags flags;
    size_t depth;
    struct regex_tree *tree;
    size_t name_cap;
    struct error *err;
    int code; /* first failure, 0 while all is well */
};

/* The first failure stands. Returns NULL so that parsers can pass it on. */
static inline void *fail(struct parser *p, const char *reason)
{
    if (!p->code)
        p->code = error_set(p->err, -EINVAL, "invalid regular expression at byte %zu: %s",
                            (size_t)(p->at - p->start), reason);
    return NULL;
}

static inline void *out_of_memory(struct parser *p)
{
    if (!p->code)
        p->code = error_errno(p->err, -ENOMEM, "regular expression");
    return NULL;
}

static inline bool more(const struct parser *p)
{
    return p->at < p->end;
}

static inline bool looking_at(const struct parser *p, const char *text)
{
    size_t n = strlen(text);
    return (size_t)(p->end - p->at) >= n && memcmp(p->at, text, n) == 0;
}

static inline bool accept(struct parser *p, const char *text)
{
    if (!looking_at(p, text))
        return false;
    p->at += strlen(text);
    return true;
}

static inline bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static inline bool is_alnum(char c)
{
    return is_digit(c) || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

/* The pattern was checked to be UTF-8 before. */
static inline uint32_t next_rune(struct parser *p)
{
    unsigned char lead = (unsigned char)*p->at++;
    if (lead < 0x80)
        return lead;
    int more_bytes = lead >= 0xf0 ? 3 : lead >= 0xe0 ? 2 : 1;
    uint32_t rune = lead & (0x3fu >> more_bytes);
    while (more_bytes--)
        rune = (rune << 6) | ((unsigned char)*p->at++ & 0x3f);
    return rune;
}

static inline struct regex_node *new_node(struct parser *p, enum regex_kind kind)
{
    struct regex_node *node = arena_new(p->arena, struct regex_node);
    if (!node)
        return out_of_memory(p);
    node->kind = kind;
    node->weight = 1;
    return node;
}

static inline struct regex_node *new_char(struct parser *p, uint32_t rune)
{
    struct regex_node *node = new_node(p, REGEX_CHAR);
    if (node) {
        node->rune = rune;
        node->fold = p->flags.fold;
    }
    return node;
}

static inline struct regex_node *new_text(struct parser *p, enum regex_kind kind, const char *text)
{
    struct regex_node *node = new_node(p, kind);
    if (node)
        node->text = str_of(text);
    return node;
}

#endif
