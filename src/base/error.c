#include "base/error.h"

#include <errno.h>
#include <stdarg.h>

/* The reason in words, in `room` or elsewhere. */
static const char *reason(int code, char *room, size_t size)
{
#ifdef __APPLE__
    return strerror_r(code, room, size) ? "unknown error" : room;
#else
    return strerror_r(code, room, size);
#endif
}

PRINTF_LIKE(4, 0)
static int fill(struct error *err, int code, bool words, const char *format, va_list args)
{
    if (!err)
        return code;
    int n = vsnprintf(err->text, sizeof(err->text), format, args);
    if (words && n >= 0 && (size_t)n < sizeof(err->text)) {
        char room[96];
        snprintf(err->text + n, sizeof(err->text) - (size_t)n, ": %s",
                 reason(-code, room, sizeof(room)));
    }
    err->code = code;
    return code;
}

int error_errno(struct error *err, int code, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    fill(err, code, true, format, args);
    va_end(args);
    return code;
}

int error_set(struct error *err, int code, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    fill(err, code, false, format, args);
    va_end(args);
    return code;
}

int error_in(struct error *err, const char *format, ...)
{
    char before[sizeof(err->text)];
    va_list args;

    if (!err)
        return -EIO;
    memcpy(before, err->text, sizeof(before));
    va_start(args, format);
    int n = vsnprintf(err->text, sizeof(err->text), format, args);
    va_end(args);
    if (n >= 0 && (size_t)n < sizeof(err->text) - 3) {
        char *at = err->text + n;
        size_t room = sizeof(err->text) - (size_t)n;
        *at++ = ':';
        *at++ = ' ';
        room -= 2;
        size_t copy = MIN(strlen(before), room - 1);
        memcpy(at, before, copy);
        at[copy] = '\0';
    }
    return err->code;
}
