/* log.h - structured lines on stderr: time, level, message, then key=value pairs (logfmt), or JSON
 * by choice. */
#ifndef ALGALON_BASE_LOG_H
#define ALGALON_BASE_LOG_H

#include "base/std.h"

enum log_level {
    LOG_DEBUG,
    LOG_INFO,
    LOG_WARN,
    LOG_ERROR,
    LOG_OFF /* of log_setup(): nothing is written */
};
enum log_format {
    LOG_LOGFMT,
    LOG_JSON
};

/** Sets what is written from now on. Call once, before threads start. */
void log_setup(enum log_level level, enum log_format format);

/* One line. Pairs are `const char *` key, `const char *` value; a NULL value is left out. The
 * macros end the list. log_warn("scrape failed", "target", url, "error", err.text); Threads: any; a
 * line is one write(2). Long lines are cut at 4 KiB with "..." */
#define log_debug(...) log_line(LOG_DEBUG, __VA_ARGS__, (const char *)NULL)
#define log_info(...)  log_line(LOG_INFO, __VA_ARGS__, (const char *)NULL)
#define log_warn(...)  log_line(LOG_WARN, __VA_ARGS__, (const char *)NULL)
#define log_error(...) log_line(LOG_ERROR, __VA_ARGS__, (const char *)NULL)

void log_line(enum log_level level, const char *message, ...) __attribute__((sentinel));

/** A number as text for a log pair: LOG_NUM(n) lives until the end of the enclosing block. */
#define LOG_NUM(n) log_number((char[24]){0}, (int64_t)(n))
const char *log_number(char text[24], int64_t value);

#endif
