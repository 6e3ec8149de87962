/* label.c - escaping, cutting and hashing of label values. */
#include "worker/label.h"

#define REPLACEMENT "\xef\xbf\xbd" /* U+FFFD */

static void open_label(struct label_sink *to, const char *name)
{
    buf_char(to->text, to->count++ ? ',' : '{');
    buf_text(to->text, name);
    buf_add(to->text, "=\"", 2);
}

static bool is_plain(unsigned char c)
{
    return c >= 32 && c < 127 && c != '"' && c != '\\';
}

static void escaped(struct buf *to, struct str value)
{
    size_t plain = 0;

    while (plain < value.len && is_plain((unsigned char)value.ptr[plain]))
        plain++;
    buf_add(to, value.ptr, plain);
    if (plain == value.len)
        return;
    bool valid = str_is_utf8(value);
    for (size_t i = plain; i < value.len; i++) {
        unsigned char c = (unsigned char)value.ptr[i];
        if (c == '"' || c == '\\')
            buf_add(to, (char[]){'\\', (char)c}, 2);
        else if (c == '\n')
            buf_add(to, "\\n", 2);
        else if (c >= 128 && !valid)
            buf_text(to, REPLACEMENT);
        else if (c >= 32 && c != 127)
            buf_char(to, (char)c);
    }
}

/* The longest front of at most `max` bytes that cuts no character in two. */
static struct str cut(struct str value, size_t max)
{
    if (value.len <= max)
        return value;
    size_t len = max;
    while (len && ((unsigned char)value.ptr[len] & 0xc0) == 0x80)
        len--;
    return str_make(value.ptr, len);
}

void label_text(struct label_sink *to, const char *name, const char *value, size_t max)
{
    struct str text = cut(str_of(value), max);

    if (!to->text) {
        to->hash = hash_more(to->hash, text.ptr, text.len);
    } else if (text.len) {
        open_label(to, name);
        escaped(to->text, text);
        buf_char(to->text, '"');
    }
}

void label_number(struct label_sink *to, const char *name, uint64_t value)
{
    if (!to->text) {
        to->hash = hash_more(to->hash, &value, sizeof(value));
        return;
    }
    open_label(to, name);
    buf_u64(to->text, value);
    buf_char(to->text, '"');
}

void label_end(struct label_sink *to)
{
    if (to->text)
        buf_char(to->text, '}');
}
