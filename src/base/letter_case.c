/* letter_case.c - ASCII by hand; anything else through the C library. */
#include "base/letter_case.h"

#include "base/buf.h"

#include <locale.h>
#include <wctype.h>

static char ascii(char c, bool upper)
{
    bool change = upper ? c >= 'a' && c <= 'z' : c >= 'A' && c <= 'Z';

    return change ? (char)(c ^ 0x20) : c;
}

static void convert(struct str value, bool upper, locale_t locale, struct buf *to)
{
    for (size_t i = 0; i < value.len;) {
        size_t len = str_utf8_len(value, i);
        char bytes[4];
        if (!len) {
            buf_text(to, "\xef\xbf\xbd");
            i++;
            continue;
        }
        uint32_t point = str_utf8_get(value.ptr + i, len);
        if (point < 0x80)
            point = (unsigned char)ascii((char)point, upper);
        else if (locale)
            point = upper ? towupper_l(point, locale) : towlower_l(point, locale);
        buf_add(to, bytes, str_utf8_put(bytes, point));
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
