/* date.c - seconds since 1970 as calendar dates, in UTC. */
#include "promql/call.h"

#define DAY_S INT64_C(86400)

struct date {
    int64_t year;
    unsigned month, day; /* from 1 */
};

static bool is_leap(int64_t year)
{
    return (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
}

/* Days since 1970-01-01 to a date of the Gregorian calendar, extended both ways. Years begin in
 * March here, so that the leap day is the last; an era is 400 years, 146,097 days. */
static struct date date_of(int64_t days)
{
    int64_t shifted = days + 719468; /* since 0000-03-01 */
    int64_t era = (shifted >= 0 ? shifted : shifted - 146096) / 146097;
    int64_t of_era = shifted - era * 146097;
    int64_t year = (of_era - of_era / 1460 + of_era / 36524 - of_era / 146096) / 365;
    int64_t of_year = of_era - (365 * year + year / 4 - year / 100);
    unsigned month = (unsigned)((5 * of_year + 2) / 153); /* 0 is March */
    unsigned day = (unsigned)(of_year - (153 * month + 2) / 5) + 1;

    month = month < 10 ? month + 3 : month - 9;
    return (struct date){year + era * 400 + (month <= 2), month, day};
}

static unsigned days_in_month(struct date d)
{
    static const unsigned char days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    return days[d.month - 1] + (d.month == 2 && is_leap(d.year));
}

static unsigned day_of_year(struct date d)
{
    unsigned day = d.day;

    for (unsigned m = 1; m < d.month; m++)
        day += days_in_month((struct date){d.year, m, 1});
    return day;
}

static double part_of(enum function_id id, double seconds)
{
    if (!(fabs(seconds) < 1e15))
        return (double)NAN;
    int64_t whole = (int64_t)seconds;
    int64_t days = whole / DAY_S - (whole % DAY_S < 0);
    int64_t second = whole - days * DAY_S, minute = second / 60, hour = minute / 60;
    struct date d = date_of(days);

    switch (id) {
    case FUNCTION_MINUTE:
        return (double)(minute - hour * 60);
    case FUNCTION_HOUR:
        return (double)hour;
    case FUNCTION_DAY_OF_WEEK:
        return (double)(((days + 4) % 7 + 7) % 7); /* 1970 began on a Thursday */
    case FUNCTION_DAY_OF_MONTH:
        return d.day;
    case FUNCTION_DAY_OF_YEAR:
        return day_of_year(d);
    case FUNCTION_DAYS_IN_MONTH:
        return days_in_month(d);
    case FUNCTION_MONTH:
        return d.month;
    default:
        return (double)d.year;
    }
}

void date_apply(enum function_id id, double *values, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (!is_absent(values[i]))
            values[i] = part_of(id, values[i]);
}
