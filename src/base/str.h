/* str.h - a borrowed view of bytes: not terminated, not owned. */
#ifndef ALGALON_BASE_STR_H
#define ALGALON_BASE_STR_H

#include "base/std.h"

struct str {
    const char *ptr;
    size_t len;
};

/* A view of a string literal. */
#define STR(literal) ((struct str){"" literal, sizeof(literal) - 1})
/* For printf: ("%.*s", STR_ARG(s)). */
#define STR_ARG(s) (int)(s).len, (s).ptr

/** A view of a terminated string; NULL gives the empty view. */
static inline struct str str_of(const char *text)
{
    return (struct str){text ? text : "", text ? strlen(text) : 0};
}

static inline struct str str_make(const char *ptr, size_t len)
{
    return (struct str){ptr, len};
}

static inline bool str_equal(struct str a, struct str b)
{
    return a.len == b.len && (a.len == 0 || memcmp(a.ptr, b.ptr, a.len) == 0);
}

static inline bool str_is(struct str s, const char *text)
{
    return str_equal(s, str_of(text));
}

/** Byte order, shorter first on a tie: <0, 0, >0 as memcmp. */
static inline int str_compare(struct str a, struct str b)
{
    size_t n = MIN(a.len, b.len);
    int order = n ? memcmp(a.ptr, b.ptr, n) : 0;
    return order ? order : (a.len > b.len) - (a.len < b.len);
}

bool str_starts(struct str s, struct str prefix);
bool str_ends(struct str s, struct str suffix);
bool str_contains(struct str s, struct str part);

/** `s` without spaces, tabs, CR and LF at both ends. */
struct str str_trim(struct str s);

/**
 * Cuts `*rest` at the first `sep`: returns what stands before it and leaves in `*rest` what stands
 * behind. Without a `sep` it returns all of it and leaves `*rest` empty with ptr NULL, so that
 * `while (rest.ptr) part = str_cut(&rest, ',')` sees every part, also empty ones.
 */
struct str str_cut(struct str *rest, char sep);

/** True when the bytes are valid UTF-8 (no surrogates, no overlong forms). */
bool str_is_utf8(struct str s);

/** Length of the UTF-8 sequence at `s.ptr[at]` (at < s.len); 0 when no valid one stands there. */
size_t str_utf8_len(struct str s, size_t at);

/** The character of the valid sequence of `len` bytes at `text`. */
uint32_t str_utf8_get(const char *text, size_t len);

/** Writes a character (at most 0x10ffff) as UTF-8; returns how many bytes, 4 at most. */
size_t str_utf8_put(char *to, uint32_t character);

/** Copies into `to` (of `size` bytes), terminated; cuts silently at UTF-8 boundaries. For fixed
 * display fields. */
void str_copy(char *to, size_t size, struct str s);

#endif
