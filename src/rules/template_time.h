/* template_time.h - times and durations in templates: what toTime and toDuration give, and the
 * methods of Go's time package on them. */
#ifndef ALGALON_RULES_TEMPLATE_TIME_H
#define ALGALON_RULES_TEMPLATE_TIME_H

#include "base/base.h"

struct template_value;

const char *template_time_month(int64_t month);     /* 1: "January" */
const char *template_time_weekday(int64_t weekday); /* 0: "Sunday" */

/** A time as Go prints it: "2026-01-31 12:00:00.25 +0000 UTC". */
void template_time_print(int64_t ms, struct buf *to);

/** A duration as Go prints it: "1h0m2.5s". */
void template_time_print_duration(int64_t ns, struct buf *to);

/** Appends the time in Go's layout: "2006-01-02 15:04:05" and all its other words. */
void template_time_format(int64_t ms, struct str layout, struct buf *to);

/* A method of a time, a duration, a month or a day of the week. */
struct template_method {
    const char *name;
    enum template_method_kind {
        METHOD_NONE,     /* takes nothing */
        METHOD_TEXT,     /* Format */
        METHOD_DATE,     /* AddDate: three whole numbers */
        METHOD_TIME,     /* a time */
        METHOD_DURATION, /* a duration, or a whole number of nanoseconds */
    } takes;
};

/** The method of this name that `v` has; NULL when it has none. */
const struct template_method *template_time_method(const struct template_value *v, struct str name);

/** Calls it with arguments of the kinds that it takes; texts are put into `a`. Errors: -ENOMEM. */
MUST_CHECK int template_time_call(const struct template_method *m, const struct template_value *v,
                                  const struct template_value *args, struct arena *a,
                                  struct template_value *ret);

#endif
