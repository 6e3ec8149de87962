#include "moment.h"

#include <time.h>

/* "HH:MM" or "HH:MM:SS", all of it. */
static bool read_clock(const char *text, struct tm *to)
{
    const char *end = strptime(text, "%H:%M:%S", to);

    if (!end) {
        to->tm_sec = 0;
        end = strptime(text, "%H:%M", to);
    }
    return end && !*end && to->tm_sec < 60;
}

/* "YYYY-MM-DD HH:MM[:SS]" */
static bool read_date(const char *text, struct tm *to)
{
    const char *rest = strptime(text, "%Y-%m-%d ", to);

    return rest && read_clock(rest, to);
}

static int64_t by_this_clock(struct tm tm)
{
    tm.tm_isdst = -1; /* whether it was summer time is for the system to say */
    return (int64_t)mktime(&tm) * 1000;
}

/* "2026-03-18T02:13:05Z", "2026-03-18T02:13:05.250+01:00"; the fraction rounds up: what was read in
 * that second is there. */
static bool read_rfc3339(const char *text, int64_t *ret_ms)
{
    struct tm tm = {0};
    const char *end = strptime(text, "%Y-%m-%dT%H:%M:%S", &tm);
    int64_t more_ms = 0;

    if (end && *end == '.') {
        size_t digits = strspn(end + 1, "0123456789");
        for (size_t i = 0; i < 3; i++)
            more_ms = more_ms * 10 + (i < digits ? end[1 + i] - '0' : 0);
        end = digits ? end + 1 + digits : NULL;
    }
    end = end ? strptime(end, "%z", &tm) : NULL;
    int64_t east_s = tm.tm_gmtoff;

    if (!end || *end)
        return false;
    *ret_ms = ((int64_t)timegm(&tm) - east_s) * 1000 + more_ms;
    return true;
}

static bool read_moment(const char *text, int64_t now_ms, int64_t *ret_ms)
{
    time_t now = (time_t)(now_ms / 1000);
    struct tm tm = {0};

    if (read_date(text, &tm)) {
        *ret_ms = by_this_clock(tm);
        return true;
    }
    if (localtime_r(&now, &tm) && read_clock(text, &tm)) {
        *ret_ms = by_this_clock(tm);
        tm.tm_mday--;
        if (*ret_ms > now_ms)
            *ret_ms = by_this_clock(tm);
        return true;
    }
    if (read_rfc3339(text, ret_ms))
        return true;
    int64_t ago_ms;
    if (num_parse_duration(str_of(text), &ago_ms, NULL) || ago_ms < 0)
        return false;
    *ret_ms = now_ms - ago_ms;
    return true;
}

int moment_parse(const char *text, int64_t now_ms, int64_t *ret_ms, struct error *err)
{
    if (!read_moment(text, now_ms, ret_ms))
        return error_set(err, -EINVAL,
                         "'%.60s' is no moment: write 02:13, \"2026-03-18 02:13:05\", "
                         "2026-03-18T02:13:05Z, or 15m for a quarter of an hour ago",
                         text);
    if (*ret_ms > now_ms)
        return error_set(err, -EINVAL, "'%.60s' is yet to come", text);
    return 0;
}
