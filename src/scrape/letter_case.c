/* letter_case.c - ASCII by hand; anything else through the C library. */
#include "scrape/letter_case.h"

#include <locale.h>
#include <wctype.h>

static char ascii(char c, bool upper)
{
    bool change = upper ? c >= 'a' && c <= 'z' : c >= 'A' && c <= 'Z';

    return change ? (char)(c ^ 0x20) : c;
}

/* The code point of a valid sequence of `len` bytes. */
static uint32_t decode(const char *text, size_t len)
{
    static const unsigned char mask[] = {0, 0x7f, 0x1f, 0x0f, 0x07};
    uint32_t point = (unsigned char)text[0] & mask[len];

    for (size_t i = 1; i < len; i++)
        point = point << 6 | ((unsigned char)text[i] & 0x3f);
    return point;
}

static void encode(struct buf *to, uint32_t point)
{
    if (point < 0x80) {
        buf_char(to, (char)point);
        return;
    }
    if (point < 0x800) {
        buf_char(to, (char)(0xc0 | point >> 6));
    } else if (point < 0x10000) {
        buf_char(to, (char)(0xe0 | point >> 12));
        buf_char(to, (char)(0x80 | (point >> 6 & 0x3f)));
    } else {
        buf_char(to, (char)(0xf0 | point >> 18));
        buf_char(to, (char)(0x80 | (point >> 12 & 0x3f)));
        buf_char(to, (char)(0x80 | (point >> 6 & 0x3f)));
    }
    buf_char(to, (char)(0x80 | (point & 0x3f)));
}

static void convert(struct str value, bool upper, locale_t locale, struct buf *to)
{
    for (size_t i = 0; i < value.len;) {
        size_t len = str_utf8_len(value, i);
        if (!len) {
            encode(to, 0xfffd);
            i++;
            continue;
        }
        uint32_t point = decode(value.ptr + i, len);
        if (point < 0x80)
            point = (unsigned char)ascii((char)point, upper);
        else if (locale)
            point = upper ? towupper_l(point, locale) : towlower_l(point, locale);
        encode(to, point);
        i += len;
    }
}

int letter_case(struct str value, bool upper, struct arena *a, struct str *ret)
{
    bool plain = true;

    for (size_t i = 0; i < value.len && plain; i++)
        plain = (unsigned char)value.ptr[i] < 0x80;
    if (plain) {
        char *text = arena_alloc(a, value.len + 1);
        if (!text)
            return -ENOMEM;
        for (size_t i = 0; i < value.len; i++)
            text[i] = ascii(value.ptr[i], upper);
        *ret = str_make(text, value.len);
        return 0;
    }
    struct buf text;
    locale_t locale = newlocale(LC_CTYPE_MASK, "C.UTF-8", (locale_t)0);
    buf_init(&text, 0);
    convert(value, upper, locale, &text);
    if (locale)
        freelocale(locale);
    char *copy = text.failed ? NULL : arena_strndup(a, text.ptr, text.len);
    *ret = str_make(copy, text.len);
    buf_fini(&text);
    return copy ? 0 : -ENOMEM;
}
