#include "base/buf.h"

#include "base/mem.h"
#include "base/num.h"

#include <stdarg.h>
#include <time.h>

void buf_fini(struct buf *b)
{
    free(b->ptr);
    *b = (struct buf){.max = b->max};
}

void buf_rest(struct buf *b)
{
    mem_rest(b->ptr, b->len);
    buf_reset(b);
}

char *buf_reserve(struct buf *b, size_t more)
{
    size_t want;

    if (b->failed)
        return NULL;
    if (!size_add(b->len, more, &want) || (b->max && want > b->max)) {
        b->failed = true;
        return NULL;
    }
    if (want > b->cap) {
        size_t next = MAX(b->cap * 2, MAX(want, (size_t)64));
        if (b->max && next > b->max)
            next = b->max;
        char *grown = realloc(b->ptr, next);
        if (!grown) {
            b->failed = true;
            return NULL;
        }
        b->ptr = grown;
        b->cap = next;
    }
    return b->ptr + b->len;
}

void buf_add(struct buf *b, const void *bytes, size_t n)
{
    char *to = n ? buf_reserve(b, n) : NULL;
    if (to) {
        memcpy(to, bytes, n);
        b->len += n;
    }
}

void buf_str_add(struct buf *b, struct str s)
{
    buf_add(b, s.ptr, s.len);
}

void buf_text(struct buf *b, const char *text)
{
    buf_add(b, text, strlen(text));
}

void buf_char(struct buf *b, char c)
{
    buf_add(b, &c, 1);
}

void buf_printf(struct buf *b, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    int n = vsnprintf(NULL, 0, format, args);
    va_end(args);
    char *to = n < 0 ? NULL : buf_reserve(b, (size_t)n + 1);
    if (!to)
        return;
    va_start(args, format);
    vsnprintf(to, (size_t)n + 1, format, args);
    va_end(args);
    b->len += (size_t)n;
}

void buf_u64(struct buf *b, uint64_t value)
{
    char *to = buf_reserve(b, NUM_MAX_TEXT);
    if (to)
        b->len += num_print_u64(to, value);
}

void buf_i64(struct buf *b, int64_t value)
{
    if (value < 0) {
        buf_char(b, '-');
        buf_u64(b, 0 - (uint64_t)value);
    } else {
        buf_u64(b, (uint64_t)value);
    }
}

void buf_double(struct buf *b, double value)
{
    char *to = buf_reserve(b, NUM_MAX_TEXT);
    if (to)
        b->len += num_print(to, value);
}

void buf_utf8(struct buf *b, struct str s)
{
    size_t from = 0;

    for (size_t i = 0; i < s.len;) {
        size_t n = str_utf8_len(s, i);
        if (!n) {
            buf_add(b, s.ptr + from, i - from);
            buf_text(b, "\xef\xbf\xbd");
            from = i + 1;
        }
        i += n ? n : 1;
    }
    buf_add(b, s.ptr + from, s.len - from);
}

static void json_escape(struct buf *b, unsigned char c)
{
    static const char hex[] = "0123456789abcdef";
    static const char named[32] = {
        ['\b'] = 'b', ['\t'] = 't', ['\n'] = 'n', ['\f'] = 'f', ['\r'] = 'r'};

    if (c == '"' || c == '\\') {
        buf_add(b, (char[]){'\\', (char)c}, 2);
    } else if (c < 32 && named[c]) {
        buf_add(b, (char[]){'\\', named[c]}, 2);
    } else {
        buf_add(b, (char[]){'\\', 'u', '0', '0', hex[c >> 4], hex[c & 15]}, 6);
    }
}

void buf_json(struct buf *b, struct str s)
{
    bool valid = str_is_utf8(s);

    buf_char(b, '"');
    size_t from = 0;
    for (size_t i = 0; i < s.len; i++) {
        unsigned char c = (unsigned char)s.ptr[i];
        bool plain = c >= 32 && c != '"' && c != '\\' && c != 127 && (valid || c < 128);
        if (plain)
            continue;
        buf_add(b, s.ptr + from, i - from);
        from = i + 1;
        if (c >= 128)
            buf_text(b, "\xef\xbf\xbd");
        else
            json_escape(b, c);
    }
    buf_add(b, s.ptr + from, s.len - from);
    buf_char(b, '"');
}

char *buf_take(struct buf *b)
{
    char *end = buf_reserve(b, 1);
    if (!end)
        return NULL;
    *end = '\0';
    char *text = b->ptr;
    *b = (struct buf){.max = b->max};
    return text;
}

void buf_rfc3339(struct buf *b, int64_t ms)
{
    time_t seconds = (time_t)(ms / 1000);
    int rest = (int)(ms % 1000);
    struct tm parts;
    char text[32];

    if (ms < 0 || !gmtime_r(&seconds, &parts) || parts.tm_year > 9999 - 1900) {
        buf_text(b, "0001-01-01T00:00:00Z");
        return;
    }
    strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%S", &parts);
    buf_text(b, text);
    if (rest) {
        int len = snprintf(text, sizeof(text), ".%03d", rest);
        while (text[len - 1] == '0')
            len--;
        buf_add(b, text, (size_t)len);
    }
    buf_char(b, 'Z');
}

void buf_escape(struct buf *b, struct str s)
{
    static const char hex[] = "0123456789ABCDEF";

    for (size_t i = 0; i < s.len; i++) {
        unsigned char c = (unsigned char)s.ptr[i];
        if ((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
            (c && strchr("-._~", c)))
            buf_char(b, (char)c);
        else
            buf_add(b, (const char[]){'%', hex[c >> 4], hex[c & 15]}, 3);
    }
}
