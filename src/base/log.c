#include "base/log.h"

#include "base/buf.h"
#include "base/clock.h"
#include "base/num.h"

#include <stdarg.h>
#include <time.h>
#include <unistd.h>

#define LINE_MAX_BYTES 4096

static struct {
    enum log_level level;
    enum log_format format;
} settings = {LOG_INFO, LOG_LOGFMT};

void log_setup(enum log_level level, enum log_format format)
{
    settings.level = level;
    settings.format = format;
}

const char *log_number(char text[24], int64_t value)
{
    snprintf(text, 24, "%lld", (long long)value);
    return text;
}

static bool is_bare(const char *value)
{
    if (!*value)
        return false;
    for (; *value; value++)
        if ((unsigned char)*value <= ' ' || *value == '"' || *value == '=' || *value == 127)
            return false;
    return true;
}

static void pair(struct buf *line, const char *key, const char *value)
{
    if (settings.format == LOG_JSON) {
        buf_char(line, ',');
        buf_json(line, str_of(key));
        buf_char(line, ':');
        buf_json(line, str_of(value));
        return;
    }
    buf_char(line, ' ');
    buf_text(line, key);
    buf_char(line, '=');
    if (is_bare(value))
        buf_text(line, value);
    else
        buf_json(line, str_of(value));
}

static void head(struct buf *line, enum log_level level, const char *message)
{
    static const char *const names[] = {"debug", "info", "warn", "error"};
    int64_t ms = clock_now_ms();
    time_t seconds = (time_t)(ms / 1000);
    struct tm tm;
    char stamp[40];

    gmtime_r(&seconds, &tm);
    size_t n = strftime(stamp, sizeof(stamp), "%Y-%m-%dT%H:%M:%S", &tm);
    snprintf(stamp + n, sizeof(stamp) - n, ".%03dZ", (int)(ms % 1000));
    if (settings.format == LOG_JSON) {
        buf_printf(line, "{\"ts\":\"%s\",\"level\":\"%s\",\"msg\":", stamp, names[level]);
        buf_json(line, str_of(message));
    } else {
        buf_printf(line, "ts=%s level=%s msg=", stamp, names[level]);
        buf_json(line, str_of(message));
    }
}

void log_line(enum log_level level, const char *message, ...)
{
    struct buf line;
    va_list args;

    if (level < settings.level)
        return;
    buf_init(&line, 0);
    head(&line, level, message);
    va_start(args, message);
    for (const char *key = va_arg(args, const char *); key; key = va_arg(args, const char *)) {
        const char *value = va_arg(args, const char *);
        if (value)
            pair(&line, key, value);
    }
    va_end(args);
    if (settings.format == LOG_JSON)
        buf_char(&line, '}');
    if (line.len > LINE_MAX_BYTES - 4) {
        line.len = LINE_MAX_BYTES - 4;
        buf_text(&line, "...");
    }
    buf_char(&line, '\n');
    if (!line.failed && write(STDERR_FILENO, line.ptr, line.len) < 0) {
        /* stderr is gone: there is nobody left to tell */
    }
    buf_fini(&line);
}
