#include "base/str.h"

bool str_starts(struct str s, struct str prefix)
{
    return prefix.len == 0 || (s.len >= prefix.len && memcmp(s.ptr, prefix.ptr, prefix.len) == 0);
}

bool str_ends(struct str s, struct str suffix)
{
    return suffix.len == 0 ||
           (s.len >= suffix.len && memcmp(s.ptr + s.len - suffix.len, suffix.ptr, suffix.len) == 0);
}

bool str_contains(struct str s, struct str part)
{
    return part.len == 0 || (s.len && memmem(s.ptr, s.len, part.ptr, part.len) != NULL);
}

static bool is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

struct str str_trim(struct str s)
{
    while (s.len && is_blank(s.ptr[0])) {
        s.ptr++;
        s.len--;
    }
    while (s.len && is_blank(s.ptr[s.len - 1]))
        s.len--;
    return s;
}

struct str str_cut(struct str *rest, char sep)
{
    struct str head = *rest;
    const char *at = rest->len ? memchr(rest->ptr, sep, rest->len) : NULL;

    if (at) {
        head.len = (size_t)(at - rest->ptr);
        rest->ptr = at + 1;
        rest->len -= head.len + 1;
    } else {
        *rest = (struct str){NULL, 0};
    }
    return head;
}

/* Length of the UTF-8 sequence at `p` with `left` bytes to go; 0 when it is none. RFC 3629,
 * section 4. */
static size_t utf8_len(const unsigned char *p, size_t left)
{
    unsigned char lead = p[0];
    size_t n = lead < 0x80                   ? 1
               : lead >= 0xc2 && lead < 0xe0 ? 2
               : lead >= 0xe0 && lead < 0xf0 ? 3
                                             : 4;

    if (lead < 0x80)
        return 1;
    if (lead < 0xc2 || lead > 0xf4 || n > left)
        return 0;
    unsigned char low = lead == 0xe0 ? 0xa0 : lead == 0xf0 ? 0x90 : 0x80;
    unsigned char high = lead == 0xed ? 0x9f : lead == 0xf4 ? 0x8f : 0xbf;
    if (p[1] < low || p[1] > high)
        return 0;
    for (size_t i = 2; i < n; i++)
        if ((p[i] & 0xc0) != 0x80)
            return 0;
    return n;
}

size_t str_utf8_len(struct str s, size_t at)
{
    return utf8_len((const unsigned char *)s.ptr + at, s.len - at);
}

uint32_t str_utf8_get(const char *text, size_t len)
{
    static const unsigned char mask[] = {0, 0x7f, 0x1f, 0x0f, 0x07};
    uint32_t character = (unsigned char)text[0] & mask[len];

    for (size_t i = 1; i < len; i++)
        character = character << 6 | ((unsigned char)text[i] & 0x3f);
    return character;
}

size_t str_utf8_put(char *to, uint32_t character)
{
    if (character < 0x80) {
        to[0] = (char)character;
        return 1;
    }
    size_t n = character < 0x800 ? 2 : character < 0x10000 ? 3 : 4;
    for (size_t i = n; --i; character >>= 6)
        to[i] = (char)(0x80 | (character & 0x3f));
    to[0] = (char)((0xf00 >> n) | character);
    return n;
}

bool str_is_utf8(struct str s)
{
    const unsigned char *p = (const unsigned char *)s.ptr;
    size_t i = 0;
    uint64_t eight;

    while (i < s.len) {
        /* ASCII, which nearly all text is, by eights. */
        while (s.len - i >= sizeof(eight)) {
            memcpy(&eight, p + i, sizeof(eight));
            if (eight & UINT64_C(0x8080808080808080))
                break;
            i += sizeof(eight);
        }
        if (i == s.len)
            break;
        size_t n = utf8_len(p + i, s.len - i);
        if (!n)
            return false;
        i += n;
    }
    return true;
}

void str_copy(char *to, size_t size, struct str s)
{
    if (!size)
        return;
    size_t n = MIN(s.len, size - 1);
    while (n && n < s.len && ((unsigned char)s.ptr[n] & 0xc0) == 0x80)
        n--;
    if (n)
        memcpy(to, s.ptr, n);
    to[n] = '\0';
}
