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

void spoken_title(struct str text, struct buf *to)
{
    bool within = false;

    for (size_t i = 0; i < text.len; i++) {
        unsigned char c = (unsigned char)text.ptr[i];
        buf_char(to, (char)(within || c >= 0x80 ? c : toupper(c)));
        within = c >= 0x80 || isalnum(c) || c == '_';
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
