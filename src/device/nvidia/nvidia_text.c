/* nvidia_text.c - cleans and reads texts of the NVIDIA driver. */
#include "device/nvidia/nvidia_text.h"

void nvidia_text_clean(char *to, size_t size, const char *from, size_t from_size)
{
    struct str s = str_trim(str_make(from, strnlen(from, from_size)));
    size_t n = 0;

    if (!size)
        return;
    to[0] = '\0';
    if (!str_is_utf8(s))
        return;
    str_copy(to, size, s);
    for (const char *at = to; *at; at++)
        if ((unsigned char)*at >= ' ' && *at != 0x7f)
            to[n++] = *at;
    to[n] = '\0';
}

/* Reads hexadecimal digits up to `end`; false when none or too many stand there. */
static bool hex(struct str *s, char end, unsigned *ret)
{
    unsigned value = 0;
    size_t n = 0;

    while (n < s->len && s->ptr[n] != end) {
        char c = s->ptr[n];
        unsigned digit = c >= '0' && c <= '9'   ? (unsigned)(c - '0')
                         : c >= 'a' && c <= 'f' ? (unsigned)(c - 'a' + 10)
                         : c >= 'A' && c <= 'F' ? (unsigned)(c - 'A' + 10)
                                                : 16;
        if (digit == 16 || n == 8)
            return false;
        value = value << 4 | digit;
        n++;
    }
    if (n == 0 || (end && n == s->len))
        return false;
    *s = str_make(s->ptr + n + (end != 0), s->len - n - (end != 0));
    *ret = value;
    return true;
}

bool nvidia_text_bus_id(char to[24], struct str from)
{
    unsigned domain, bus, device, function;
    struct str s = str_trim(from);

    to[0] = '\0';
    if (!hex(&s, ':', &domain) || !hex(&s, ':', &bus) || !hex(&s, '.', &device) ||
        !hex(&s, '\0', &function) || bus > 0xff || device > 0x1f || function > 7)
        return false;
    snprintf(to, 24, "%04x:%02x:%02x.%x", domain, bus, device, function);
    return true;
}

int nvidia_text_bus_order(const char *a, const char *b)
{
    size_t na = strlen(a), nb = strlen(b);

    return na == nb ? strcmp(a, b) : na < nb ? -1 : 1;
}

/* A version is digits and at least one dot, three figures in front: 470.82.01, 580.95.05. */
static bool is_version(struct str s)
{
    size_t dots = 0;

    for (size_t i = 0; i < s.len; i++) {
        if (s.ptr[i] == '.')
            dots++;
        else if (s.ptr[i] < '0' || s.ptr[i] > '9')
            return false;
    }
    return dots > 0 && s.len > 3 && s.ptr[0] != '.';
}

/* NVRM version: NVIDIA UNIX x86_64 Kernel Module  535.129.03  Thu Oct 19 18:56:32 UTC 2023
 * NVRM version: NVIDIA UNIX Open Kernel Module for x86_64  580.95.05  Release Build  (builder) */
bool nvidia_text_version(char *to, size_t size, struct str file)
{
    struct str line = str_cut(&file, '\n');

    if (size)
        to[0] = '\0';
    if (!str_starts(line, STR("NVRM version:")))
        return false;
    while (line.ptr) {
        struct str word = str_cut(&line, ' ');
        if (is_version(word)) {
            str_copy(to, size, word);
            return true;
        }
    }
    return false;
}

struct str nvidia_text_value(struct str file, const char *key)
{
    while (file.ptr) {
        struct str line = str_cut(&file, '\n');
        struct str name = str_cut(&line, ':');
        if (line.ptr && str_is(str_trim(name), key))
            return str_trim(line);
    }
    return STR("");
}
