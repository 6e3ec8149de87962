/* spoken.c - see spoken.h; what an address is follows Go's net.SplitHostPort(). */
#include "rules/spoken.h"

#include <arpa/inet.h>
#include <ctype.h>

static bool has(struct str s, char c)
{
    return s.len && memchr(s.ptr, c, s.len);
}

/* "HOST:PORT" or "[HOST]:PORT"; false when it is neither. */
static bool split(struct str text, struct str *ret_host, struct str *ret_port)
{
    const char *colon = text.len ? memrchr(text.ptr, ':', text.len) : NULL;
    struct str host, port;

    if (!colon)
        return false;
    host = str_make(text.ptr, (size_t)(colon - text.ptr));
    port = str_make(colon + 1, text.len - host.len - 1);
    if (*text.ptr == '[') {
        if (host.len < 2 || host.ptr[host.len - 1] != ']')
            return false;
        host = str_make(host.ptr + 1, host.len - 2);
    } else if (has(host, ':')) {
        return false;
    }
    if (has(host, '[') || has(host, ']') || has(port, '[') || has(port, ']'))
        return false;
    *ret_host = host;
    *ret_port = port;
    return true;
}

static bool is_address(struct str host)
{
    char text[INET6_ADDRSTRLEN];
    struct in6_addr unused;

    if (!host.len || host.len >= sizeof(text) || has(host, '\0'))
        return false;
    memcpy(text, host.ptr, host.len);
    text[host.len] = '\0';
    return inet_pton(AF_INET, text, &unused) == 1 || inet_pton(AF_INET6, text, &unused) == 1;
}

void spoken_strip_port(struct str text, struct buf *to)
{
    struct str host, port;

    buf_str_add(to, split(text, &host, &port) ? host : text);
}

void spoken_strip_domain(struct str text, struct buf *to)
{
    struct str host = text, port = {0};

    if (!split(text, &host, &port))
        host = text;
    if (is_address(host)) {
        buf_str_add(to, text);
        return;
    }
    const char *dot = host.len ? memchr(host.ptr, '.', host.len) : NULL;
    if (dot)
        host.len = (size_t)(dot - host.ptr);
    bool brackets = port.len && has(host, ':');
    buf_text(to, brackets ? "[" : "");
    buf_str_add(to, host);
    buf_text(to, brackets ? "]" : "");
    if (port.len) {
        buf_char(to, ':');
        buf_str_add(to, port);
    }
}

/* ---- title ---- */

enum in_word {
    WORD_NONE, /* between words */
    WORD_LETTER,
    WORD_MARK,  /* a digit, an underscore: part of a word without a case */
    WORD_JOINT, /* ' . : and their like: part of a word where letters or digits stand around it */
};

/* Letters beyond ASCII are all that is no sign of Latin-1, no blank and no punctuation. */
static enum in_word word_kind(uint32_t c)
{
    if (c == '\'' || c == '.' || c == ':' || c == 0xb7 || c == 0x2018 || c == 0x2019)
        return WORD_JOINT;
    if (c < 0x80)
        return isalpha((int)c) ? WORD_LETTER : isdigit((int)c) || c == '_' ? WORD_MARK : WORD_NONE;
    bool sign = c < 0xc0 || c == 0xd7 || c == 0xf7 || (c >= 0x2000 && c < 0x2070) ||
                (c >= 0x3000 && c < 0x3040);
    return sign && c != 0xaa && c != 0xb5 && c != 0xba ? WORD_NONE : WORD_LETTER;
}

static uint32_t character_at(struct str text, size_t at, size_t *ret_len)
{
    size_t len = at < text.len ? str_utf8_len(text, at) : 0;

    *ret_len = MAX(len, 1);
    return len ? str_utf8_get(text.ptr + at, len) : ' ';
}

static void put_capital(struct str letter, struct buf *to)
{
    struct arena a;
    struct str upper;

    arena_init(&a, 0);
    if (letter_case(letter, true, &a, &upper))
        to->failed = true;
    else
        buf_str_add(to, upper);
    arena_fini(&a);
}

void spoken_title(struct str text, struct buf *to)
{
    enum in_word before = WORD_NONE;
    bool capital = false; /* this word has its one */

    for (size_t i = 0, len; i < text.len; i += len) {
        enum in_word kind = word_kind(character_at(text, i, &len));
        size_t unused;
        if (kind == WORD_JOINT) {
            enum in_word behind = word_kind(character_at(text, i + len, &unused));
            bool joins = (before == WORD_LETTER || before == WORD_MARK) &&
                         (behind == WORD_LETTER || behind == WORD_MARK);
            kind = joins ? WORD_JOINT : WORD_NONE;
        }
        struct str letter = str_make(text.ptr + i, len);
        if (kind == WORD_LETTER && !capital)
            put_capital(letter, to);
        else
            buf_str_add(to, letter);
        capital = kind != WORD_NONE && (capital || kind == WORD_LETTER);
        before = kind;
    }
}

/* ---- numbers ---- */

/* "%.4g" as Go has it. */
static void four_digits(double v, const char *behind, struct buf *to)
{
    if (isnan(v) || isinf(v))
        buf_double(to, v);
    else
        buf_printf(to, "%.4g", v);
    buf_text(to, behind);
}

static void humanize(double v, double base, struct buf *to)
{
    static const char *const large[] = {"k", "M", "G", "T", "P", "E", "Z", "Y"};
    static const char *const large_1024[] = {"ki", "Mi", "Gi", "Ti", "Pi", "Ei", "Zi", "Yi"};
    static const char *const small[] = {"m", "u", "n", "p", "f", "a", "z", "y"};
    const char *prefix = "";

    if (v == 0 || isnan(v) || isinf(v) || (base > 1000 && fabs(v) <= 1)) {
        four_digits(v, "", to);
        return;
    }
    if (fabs(v) >= 1) {
        for (size_t i = 0; i < ARRAY_LEN(large) && fabs(v) >= base; i++) {
            prefix = base > 1000 ? large_1024[i] : large[i];
            v /= base;
        }
    } else {
        for (size_t i = 0; i < ARRAY_LEN(small) && fabs(v) < 1; i++) {
            prefix = small[i];
            v *= 1000;
        }
    }
    four_digits(v, prefix, to);
}

void spoken_duration(double v, struct buf *to)
{
    if (isnan(v) || isinf(v)) {
        four_digits(v, "", to);
    } else if (v == 0) {
        buf_text(to, "0s");
    } else if (fabs(v) < 1) {
        humanize(v, 1000, to);
        buf_char(to, 's');
    } else if (fabs(v) >= 9e18) { /* past what whole seconds can hold */
        four_digits(v, "s", to);
    } else {
        const char *sign = v < 0 ? "-" : "";
        int64_t whole = (int64_t)fabs(v);
        int64_t days = whole / 86400, hours = whole / 3600 % 24, minutes = whole / 60 % 60;
        int64_t seconds = whole % 60;
        if (days)
            buf_printf(to, "%s%" PRId64 "d %" PRId64 "h %" PRId64 "m %" PRId64 "s", sign, days,
                       hours, minutes, seconds);
        else if (hours)
            buf_printf(to, "%s%" PRId64 "h %" PRId64 "m %" PRId64 "s", sign, hours, minutes,
                       seconds);
        else if (minutes)
            buf_printf(to, "%s%" PRId64 "m %" PRId64 "s", sign, minutes, seconds);
        else
            four_digits(v, "s", to);
    }
}

void spoken_humanize(double v, struct buf *to)
{
    humanize(v, 1000, to);
}

void spoken_humanize_1024(double v, struct buf *to)
{
    humanize(v, 1024, to);
}

void spoken_percentage(double v, struct buf *to)
{
    four_digits(v * 100, "%", to);
}
