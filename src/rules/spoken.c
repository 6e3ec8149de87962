/* spoken.c - see spoken.h; what an address is follows Go's net.SplitHostPort(). */
#include "rules/spoken.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <time.h>

#define TIMESTAMP_MAX 9.2e9 /* seconds that fit an int64_t as nanoseconds, as Prometheus wants */

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

void spoken_timestamp(double seconds, struct buf *to)
{
    struct tm utc;

    if (!(fabs(seconds) <= TIMESTAMP_MAX)) {
        buf_printf(to, "%.4g", seconds);
        return;
    }
    int64_t ms = (int64_t)(seconds * 1e9) / 1000000; /* toward zero, as Prometheus cuts it */
    int64_t rest = ms % 1000;
    time_t whole = (time_t)(ms / 1000);
    if (rest < 0) {
        rest += 1000;
        whole--;
    }
    gmtime_r(&whole, &utc);
    buf_printf(to, "%04d-%02d-%02d %02d:%02d:%02d", utc.tm_year + 1900, utc.tm_mon + 1, utc.tm_mday,
               utc.tm_hour, utc.tm_min, utc.tm_sec);
    if (rest) {
        char digits[8];
        int len = snprintf(digits, sizeof(digits), ".%03u", (unsigned)rest);
        while (digits[len - 1] == '0')
            len--;
        buf_add(to, digits, (size_t)len);
    }
    buf_text(to, " +0000 UTC");
}
