/* explain.c - a family in words: what HELP cannot hold. */
#include "metric/catalogue.h"

#define THREE_INTERVALS "withdrawn when its collector has not answered for three intervals"

static const struct {
    const char *period, *age;
} periods[CATALOGUE_PERIODS] = {
    [CATALOGUE_TURN] = {"read every --interval", THREE_INTERVALS},
    [CATALOGUE_MEAN] = {"read every --interval; the mean since the reading before",
                        THREE_INTERVALS},
    [CATALOGUE_EXTREME] = {"read every --interval; the extreme sample since the reading before",
                           THREE_INTERVALS},
    [CATALOGUE_COUNTS] = {"read every --interval; counts up", THREE_INTERVALS},
    [CATALOGUE_TALLY] = {"read every --interval; counts up from when the worker started",
                         THREE_INTERVALS},
    [CATALOGUE_15S] = {"read every 15 s, or every --interval if longer", THREE_INTERVALS},
    [CATALOGUE_30S] = {"read every 30 s, or every --interval if longer",
                       "withdrawn when its collector has not answered for three of them"},
    [CATALOGUE_OPEN] = {"read when the hardware or its driver is opened",
                        "stands while its collector answers"},
    [CATALOGUE_EVENT] = {"read as it happens", "stands until the worker ends"},
};

/* The text that HELP ends with in parentheses; without its call where the row tells it exactly. */
static struct str source_of(const char *help, const char *asks)
{
    const char *open = strrchr(help, '(');
    struct str source = str_of(open ? open + 1 : "");

    if (source.len)
        source.len--;
    return asks && str_contains(source, STR(": ")) ? str_cut(&source, ':') : source;
}

static const char *common_note(const struct catalogue_family *family)
{
    if (str_is(str_of(family->unit), "info"))
        return "Its value is always 1; join it with on(...) group_left(...).";
    return str_is(str_of(family->type), "counter") ? "Use rate() or increase()." : NULL;
}

static void print_labels(struct str labels, struct buf *to)
{
    buf_text(to, "  labels  ");
    for (bool first = true; labels.ptr; first = false) {
        struct str label = str_cut(&labels, ',');
        buf_printf(to, "%s%.*s", first ? "" : ", ", STR_ARG(label));
    }
    buf_char(to, '\n');
}

static void print_age(const struct catalogue_family *family, const struct catalogue_family *of,
                      struct buf *to)
{
    unsigned age_s = family->age_s ? family->age_s : of->age_s;

    buf_printf(to, "  age     %s", periods[of->period].age);
    if (age_s)
        buf_printf(to, "; a sample of the driver when older than %u s, or two intervals", age_s);
    buf_char(to, '\n');
}

void catalogue_explain(const struct catalogue_family *family, struct buf *to)
{
    /* What the row itself does not say stands in that of the same reading. */
    const struct catalogue_family *of = family->like ? catalogue_find(str_of(family->like)) : NULL;
    double low, high;

    of = of ? of : family;
    const char *asks = family->asks ? family->asks : of->asks;
    const char *absent = family->absent ? family->absent : of->absent;
    const char *arch = family->arch ? family->arch : of->arch;
    const char *note = family->note ? family->note : of->note;
    note = note ? note : common_note(family);
    struct str source = source_of(family->help, asks);
    catalogue_range(family, &low, &high);
    buf_printf(to, "%s\n  %s\n\n", family->name, family->help);
    buf_printf(to, "  type    %s\n  unit    %s\n", family->type, family->unit);
    print_labels(str_of(family->labels), to);
    buf_printf(to, "  source  %.*s%s%s\n", STR_ARG(source), asks ? ": " : "", asks ? asks : "");
    buf_printf(to, "  period  %s\n", periods[family->period ? family->period : of->period].period);
    buf_printf(to, "  range   %.6g to %.6g; else withdrawn and counted\n", low, high);
    print_age(family, of, to);
    buf_printf(to, "  absent  %s\n",
               absent ? absent
                      : "No line where the hardware, its driver or the rights of the worker do not "
                        "give it.");
    if (str_starts(str_of(family->name), STR("DCGM_")))
        buf_printf(to, "  schema  dcgm%s\n",
                   family->chosen ? ", where --dcgm.collectors names it" : "");
    if (catalogue_is_alias(family))
        buf_text(to, "  schema  algalon-v1\n");
    if (arch)
        buf_printf(to, "  boards  %s\n", arch);
    if (note)
        buf_printf(to, "  note    %s\n", note);
    if (of != family)
        buf_printf(to, "  like    %s\n", of->name);
}
