#include "doctor/page.h"

/* Columns that UTF-8 text takes, with one for each character. */
static size_t columns(const char *text, size_t len)
{
    size_t n = 0;

    for (size_t i = 0; i < len; i++)
        n += ((unsigned char)text[i] & 0xc0) != 0x80;
    return n;
}

static void blanks(struct buf *to, size_t n)
{
    while (n--)
        buf_char(to, ' ');
}

void page_word(struct buf *to, const struct doctor_form *form, enum page_color color,
               const char *text, int width)
{
    size_t len = columns(text, strlen(text));

    if (form->color)
        buf_printf(to, "\033[%dm%s\033[0m", (int)color, text);
    else
        buf_text(to, text);
    if (width > 0 && (size_t)width > len)
        blanks(to, (size_t)width - len);
}

void page_wrap(struct buf *to, const char *text, size_t at, size_t indent)
{
    bool first = true; /* in its line */

    while (*text) {
        size_t len = strcspn(text, " "), wide = columns(text, len);
        if (len && !first && at + 1 + wide > PAGE_WIDTH) {
            buf_char(to, '\n');
            blanks(to, indent);
            at = indent;
            first = true;
        }
        if (len) {
            if (!first)
                buf_char(to, ' ');
            at += wide + !first;
            buf_add(to, text, len);
            first = false;
        }
        text += len;
        text += strspn(text, " ");
    }
    buf_char(to, '\n');
}

void page_json_key(struct buf *to, const char *key)
{
    char last = to->len ? to->ptr[to->len - 1] : '{';

    if (last != '{' && last != '[')
        buf_char(to, ',');
    buf_json(to, str_of(key));
    buf_char(to, ':');
}

void page_json_text(struct buf *to, const char *key, const char *text)
{
    page_json_key(to, key);
    buf_json(to, str_of(text));
}

void page_json_number(struct buf *to, const char *key, double value)
{
    page_json_key(to, key);
    if (isfinite(value))
        buf_double(to, value);
    else
        buf_text(to, "null");
}
