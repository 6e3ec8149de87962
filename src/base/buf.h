/* buf.h - bytes that grow, up to a cap. Output text, request bodies, log records. */
#ifndef ALGALON_BASE_BUF_H
#define ALGALON_BASE_BUF_H

#include "base/std.h"
#include "base/str.h"

/* A failed append (cap reached, memory out) sets `failed` and changes nothing; later appends do
 * nothing. So a writer appends freely and looks at `failed` once, at the end. */
struct buf {
    char *ptr;
    size_t len;
    size_t cap; /* allocated */
    size_t max; /* never grows past this; 0: no bound but memory */
    bool failed;
};

/** Empty, allocates nothing. `max` as above. */
static inline void buf_init(struct buf *b, size_t max)
{
    *b = (struct buf){.max = max};
}

/** Frees the memory; the buffer is empty and usable again. */
void buf_fini(struct buf *b);

/** Empties it, keeps the memory. */
static inline void buf_reset(struct buf *b)
{
    b->len = 0;
    b->failed = false;
}

/** The same, and its pages rest (see mem_rest()) until it is filled again. */
void buf_rest(struct buf *b);

static inline struct str buf_str(const struct buf *b)
{
    return (struct str){b->ptr ? b->ptr : "", b->len};
}

/** Makes room for `more` bytes behind `len`; returns where they go, or NULL (then `failed` is set).
 */
char *buf_reserve(struct buf *b, size_t more);

void buf_add(struct buf *b, const void *bytes, size_t n);
void buf_str_add(struct buf *b, struct str s);
void buf_text(struct buf *b, const char *text);
void buf_char(struct buf *b, char c);
void buf_printf(struct buf *b, const char *format, ...) PRINTF_LIKE(2, 3);

/** Appends numbers independent of locale; doubles in the shortest form that reads back the same
 * (num.h). */
void buf_u64(struct buf *b, uint64_t value);
void buf_i64(struct buf *b, int64_t value);
void buf_double(struct buf *b, double value);

/** Appends `s` with each byte that is not part of valid UTF-8 replaced by U+FFFD. */
void buf_utf8(struct buf *b, struct str s);

/** Appends a quoted JSON string; bytes that are not UTF-8 become U+FFFD. */
void buf_json(struct buf *b, struct str s);

/** Appends `s` as part of a URL: all but letters, digits and -._~ as %XX (RFC 3986). */
void buf_escape(struct buf *b, struct str s);

/** Appends Unix time as RFC 3339 in UTC with the milliseconds that are not zero at their end:
 * 2026-01-02T03:04:05.06Z. What is before 1970 or past the year 9999 is year 1, which is Go's word
 * for never. */
void buf_rfc3339(struct buf *b, int64_t ms);

/** Terminates it and hands over the memory; the buffer is empty afterwards. NULL when it had
 * failed. */
MUST_CHECK char *buf_take(struct buf *b);

#endif
