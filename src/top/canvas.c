/* canvas.c - cells of a picture. */
#include "canvas.h"

#include <stdarg.h>
#include <stdlib.h>

int canvas_init(struct canvas *c, unsigned width, unsigned height)
{
    *c = (struct canvas){.width = MIN(width, (unsigned)CANVAS_MAX),
                         .height = MIN(height, (unsigned)CANVAS_MAX)};
    size_t n = (size_t)c->width * c->height;

    c->cells = calloc(n ? n : 1, sizeof(*c->cells));
    if (!c->cells)
        return -ENOMEM;
    for (size_t i = 0; i < n; i++)
        c->cells[i].ch = L' ';
    return 0;
}

void canvas_fini(struct canvas *c)
{
    free(c->cells);
    *c = (struct canvas){0};
}

static void set(struct canvas *c, unsigned x, unsigned y, wchar_t ch, enum style style)
{
    if (x < c->width && y < c->height)
        c->cells[(size_t)y * c->width + x] = (struct cell){ch, style};
}

/* Letters, accents and all, of the blocks whose characters are one column wide everywhere. */
static bool is_narrow(uint32_t ch)
{
    return (ch >= 0x20 && ch < 0x7f) || (ch >= 0xa1 && ch < 0x300 && ch != 0xad) ||
           (ch >= 0x370 && ch < 0x483) || (ch >= 0x48a && ch < 0x530) ||
           (ch >= 0x2010 && ch <= 0x2027) || ch == 0x20ac || (ch >= 0x2190 && ch < 0x21ff) ||
           (ch >= 0x2580 && ch < 0x2596);
}

/* The character at *at, which moves behind it. */
static wchar_t next_char(struct str text, size_t *at)
{
    const unsigned char *p = (const unsigned char *)text.ptr + *at;
    size_t len = str_utf8_len(text, *at);
    uint32_t ch = '?';

    if (len == 1)
        ch = p[0];
    else if (len == 2)
        ch = (p[0] & 0x1fU) << 6 | (p[1] & 0x3fU);
    else if (len == 3)
        ch = (p[0] & 0x0fU) << 12 | (p[1] & 0x3fU) << 6 | (p[2] & 0x3fU);
    *at += len ? len : 1;
    return is_narrow(ch) ? (wchar_t)ch : L'?';
}

static unsigned columns(struct str text)
{
    unsigned n = 0;

    for (size_t at = 0; at < text.len; n++)
        (void)next_char(text, &at);
    return n;
}

unsigned canvas_put(struct canvas *c, unsigned x, unsigned y, unsigned width, enum style style,
                    struct str text)
{
    unsigned end = x + width;
    size_t at = 0;

    while (at < text.len && x < end) {
        wchar_t ch = next_char(text, &at);
        set(c, x, y, x + 1 == end && at < text.len ? L'~' : ch, style);
        x++;
    }
    return x;
}

void canvas_put_right(struct canvas *c, unsigned x, unsigned y, unsigned width, enum style style,
                      struct str text)
{
    unsigned taken = MIN(columns(text), width);

    canvas_put(c, x + width - taken, y, taken, style, text);
}

unsigned canvas_printf(struct canvas *c, unsigned x, unsigned y, enum style style,
                       const char *format, ...)
{
    char text[1024];
    va_list args;

    va_start(args, format);
    vsnprintf(text, sizeof(text), format, args);
    va_end(args);
    return canvas_put(c, x, y, x < c->width ? c->width - x : 0, style, str_of(text));
}

void canvas_style(struct canvas *c, unsigned x, unsigned y, unsigned width, enum style style)
{
    for (unsigned i = x; i < c->width && i - x < width && y < c->height; i++)
        c->cells[(size_t)y * c->width + i].style = style;
}

void canvas_bar(struct canvas *c, unsigned x, unsigned y, unsigned width, double share,
                enum style style, bool utf8)
{
    static const wchar_t eighths[] = L" \u258f\u258e\u258d\u258c\u258b\u258a\u2589\u2588";
    double left = isnan(share) ? 0 : MAX(0.0, MIN(share, 1.0)) * width;

    for (unsigned i = 0; i < width; i++, left -= 1) {
        double here = MAX(0.0, MIN(left, 1.0));
        wchar_t ch = utf8 ? eighths[(size_t)(here * 8 + 0.5)] : here >= 0.5 ? L'#' : L' ';
        if (ch == L' ' && !isnan(share))
            set(c, x + i, y, utf8 ? L'\u00b7' : L'.', STYLE_DIM);
        else
            set(c, x + i, y, ch, style);
    }
}

void canvas_curve(struct canvas *c, unsigned x, unsigned y, unsigned width, const float *values,
                  size_t len, bool utf8)
{
    static const wchar_t blocks[] = L"\u2581\u2582\u2583\u2584\u2585\u2586\u2587\u2588";
    static const wchar_t ascii[] = L"._-=+*%#";

    for (unsigned i = 0; i < width; i++) {
        size_t back = width - 1 - i;
        if (back >= len || isnan(values[len - 1 - back]))
            continue;
        float value = MAX(0.0F, MIN(values[len - 1 - back], 1.0F));
        size_t step = MIN((size_t)(value * 8), (size_t)7);
        set(c, x + i, y, (utf8 ? blocks : ascii)[step], value < 0.02F ? STYLE_DIM : STYLE_GOOD);
    }
}

static void add_char(struct buf *to, wchar_t ch)
{
    char text[4];

    buf_add(to, text, str_utf8_put(text, (uint32_t)ch));
}

void canvas_text(const struct canvas *c, struct buf *to)
{
    for (unsigned y = 0; y < c->height; y++) {
        const struct cell *line = c->cells + (size_t)y * c->width;
        unsigned end = c->width;
        while (end && line[end - 1].ch == L' ')
            end--;
        for (unsigned x = 0; x < end; x++)
            add_char(to, line[x].ch);
        buf_char(to, '\n');
    }
}
