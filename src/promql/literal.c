/* literal.c - reads numbers in all their forms, and strings with their escapes. */
#include "promql/literal.h"

static int hex_value(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    c |= 0x20;
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* MetricsQL's suffixes: powers of 1000, or of 1024 with an "i". */
static bool with_suffix(struct str text, double *ret)
{
    static const char letters[] = "KMGT";
    double base = 1000, scale = 1;
    struct str rest = text;

    if (rest.len && rest.ptr[rest.len - 1] == 'B')
        rest.len--;
    if (rest.len && rest.ptr[rest.len - 1] == 'i') {
        rest.len--;
        base = 1024;
    }
    if (rest.len < 2)
        return false;
    char last = rest.ptr[rest.len - 1];
    const char *found = strchr(letters, last >= 'a' ? last - 'a' + 'A' : last);
    /* A lower-case m is a minute; the others are as good as their capitals. */
    if (!found || last == 'm')
        return false;
    for (const char *p = letters; p <= found; p++)
        scale *= base;
    rest.len--;
    for (size_t i = 0; i < rest.len; i++)
        if (rest.ptr[i] != '.' && (rest.ptr[i] < '0' || rest.ptr[i] > '9'))
            return false;
    if (!num_parse(rest, ret))
        return false;
    *ret *= scale;
    return true;
}

static bool whole_number(const char *digits, size_t len, unsigned base, double *ret)
{
    uint64_t value = 0;

    for (size_t i = 0; i < len; i++) {
        int digit = hex_value(digits[i]);
        if (digit < 0 || (unsigned)digit >= base || __builtin_mul_overflow(value, base, &value) ||
            __builtin_add_overflow(value, (unsigned)digit, &value))
            return false;
    }
    *ret = (double)value;
    return len > 0;
}

bool literal_number(struct str text, double *ret)
{
    char digits[128];
    size_t len = 0;

    if (!text.len || text.len >= sizeof(digits))
        return false;
    for (size_t i = 0; i < text.len; i++) {
        if (text.ptr[i] != '_') {
            digits[len++] = text.ptr[i];
            continue;
        }
        /* An underscore separates digits; it may also follow the 0x. */
        bool before = i > 0 && (hex_value(text.ptr[i - 1]) >= 0 || (text.ptr[i - 1] | 0x20) == 'x');
        if (!before || i + 1 == text.len || hex_value(text.ptr[i + 1]) < 0)
            return false;
    }
    if (len > 2 && digits[0] == '0' && (digits[1] | 0x20) == 'x' && !memchr(digits, '.', len) &&
        !memchr(digits, 'p', len))
        return whole_number(digits + 2, len - 2, 16, ret);
    if (len > 1 && digits[0] == '0' && whole_number(digits, len, 8, ret))
        return true;
    return num_parse(str_make(digits, len), ret) || with_suffix(str_make(digits, len), ret);
}

/* `count` digits of `base` at s.ptr[*at]. */
static bool digits_of(struct str s, size_t *at, unsigned count, unsigned base, uint32_t *ret)
{
    uint32_t value = 0;

    for (unsigned i = 0; i < count; i++, ++*at) {
        int digit = *at < s.len ? hex_value(s.ptr[*at]) : -1;
        if (digit < 0 || (unsigned)digit >= base)
            return false;
        value = value * base + (uint32_t)digit;
    }
    *ret = value;
    return true;
}

/* One escape; *at stands behind the backslash. Writes at most 4 bytes; 0 when it is none. */
static size_t unescape(struct str s, size_t *at, char quote, char *to)
{
    static const char letters[] = "abfnrtv\\", meanings[] = "\a\b\f\n\r\t\v\\";
    char c = *at < s.len ? s.ptr[*at] : '\0';
    uint32_t value;

    const char *found = c ? strchr(letters, c) : NULL;
    if (found || c == quote) {
        ++*at;
        to[0] = found ? meanings[found - letters] : quote;
        return 1;
    }
    if (c >= '0' && c <= '7') {
        if (!digits_of(s, at, 3, 8, &value) || value > 255)
            return 0;
        to[0] = (char)value;
        return 1;
    }
    ++*at;
    if (c == 'x') {
        if (!digits_of(s, at, 2, 16, &value))
            return 0;
        to[0] = (char)value;
        return 1;
    }
    if ((c != 'u' && c != 'U') || !digits_of(s, at, c == 'u' ? 4 : 8, 16, &value) ||
        value > 0x10ffff || (value >= 0xd800 && value < 0xe000))
        return 0;
    return str_utf8_put(to, value);
}

bool literal_unquote(struct str quoted, struct arena *a, struct str *ret, const char **ret_error)
{
    struct str inner = {quoted.ptr + 1, quoted.len - 2};
    char quote = quoted.ptr[0];
    size_t len = 0, at = 0;
    char *to = arena_alloc(a, inner.len + 4); /* no escape is longer than its text but by these */

    *ret_error = NULL;
    if (!to)
        return false;
    while (at < inner.len) {
        char c = inner.ptr[at++];
        if (c != '\\' || quote == '`') {
            to[len++] = c;
            continue;
        }
        size_t n = unescape(inner, &at, quote, to + len);
        if (!n) {
            *ret_error = "unknown escape sequence in string";
            return false;
        }
        len += n;
    }
    *ret = str_make(to, len);
    return true;
}
