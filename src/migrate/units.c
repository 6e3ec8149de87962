#include "migrate/units.h"

struct named_unit {
    const char *name, *dimension;
    double factor;
};

static const struct named_unit of_catalogue[] = {
    {"percent", "1", 0.01},
    {"ratio", "1", 1},
    {"1", "1", 1},
    {"info", "info", 1},
    {"bytes", "bytes", 1},
    {"mebibytes", "bytes", 1048576},
    {"bytes per second", "bytes per second", 1},
    {"megabytes per second", "bytes per second", 1024000},
    {"celsius", "celsius", 1},
    {"watts", "watts", 1},
    {"joules", "joules", 1},
    {"millijoules", "joules", 0.001},
    {"megahertz", "hertz", 1e6},
    {"seconds", "seconds", 1},
    {"nanoseconds", "seconds", 1e-9},
};

/* Names of Grafana's valueFormats; of several for one unit the one to be proposed comes first. */
static const struct named_unit of_panel[] = {
    {"percent", "1", 0.01},
    {"percentunit", "1", 1},
    {"bytes", "bytes", 1},
    {"decbytes", "bytes", 1},
    {"kbytes", "bytes", 1024},
    {"mbytes", "bytes", 1048576},
    {"gbytes", "bytes", 1073741824},
    {"deckbytes", "bytes", 1e3},
    {"decmbytes", "bytes", 1e6},
    {"decgbytes", "bytes", 1e9},
    {"binBps", "bytes per second", 1},
    {"Bps", "bytes per second", 1},
    {"KiBs", "bytes per second", 1024},
    {"MiBs", "bytes per second", 1048576},
    {"KBs", "bytes per second", 1e3},
    {"MBs", "bytes per second", 1e6},
    {"celsius", "celsius", 1},
    {"fahrenheit", "fahrenheit", 1},
    {"kelvin", "kelvin", 1},
    {"watt", "watts", 1},
    {"kwatt", "watts", 1e3},
    {"mwatt", "watts", 1e-3},
    {"joule", "joules", 1},
    {"watth", "joules", 3600},
    {"kwatth", "joules", 3.6e6},
    {"hertz", "hertz", 1},
    {"rothz", "hertz", 1},
    {"mhertz", "hertz", 1e6},
    {"s", "seconds", 1},
    {"ms", "seconds", 1e-3},
    {"µs", "seconds", 1e-6},
    {"ns", "seconds", 1e-9},
    {"dtdurations", "seconds", 1},
    {"clocks", "seconds", 1},
};

static struct promql_unit find(const struct named_unit *list, size_t n, const char *name)
{
    for (size_t i = 0; name && i < n; i++)
        if (!strcmp(list[i].name, name))
            return (struct promql_unit){list[i].dimension, list[i].factor};
    return (struct promql_unit){NULL, 1};
}

struct promql_unit unit_of_catalogue(const char *name)
{
    return find(of_catalogue, ARRAY_LEN(of_catalogue), name);
}

struct promql_unit unit_of_panel(const char *name)
{
    return find(of_panel, ARRAY_LEN(of_panel), name);
}

static bool near(double a, double b)
{
    return fabs(a / b - 1) < 0.01;
}

const char *unit_panel_name(struct promql_unit u)
{
    for (size_t i = 0; u.dimension && i < ARRAY_LEN(of_panel); i++)
        if (!strcmp(of_panel[i].dimension, u.dimension) && near(of_panel[i].factor, u.factor))
            return of_panel[i].name;
    return NULL;
}

const char *unit_words(struct promql_unit u, char to[80])
{
    bool number = u.dimension && !strcmp(u.dimension, "1");

    if (number && near(u.factor, 0.01))
        snprintf(to, 80, "percent");
    else if (number && near(u.factor, 1))
        snprintf(to, 80, "a bare number or a ratio");
    else if (near(u.factor, 1))
        snprintf(to, 80, "%s", u.dimension ? u.dimension : "unknown");
    else
        snprintf(to, 80, "units of %.9g %s", u.factor, u.dimension ? u.dimension : "");
    return to;
}

bool unit_fits(struct promql_unit is, struct promql_unit shown)
{
    if (!is.dimension || !shown.dimension || !strcmp(is.dimension, "info"))
        return true;
    return !strcmp(is.dimension, shown.dimension) && near(is.factor, shown.factor);
}
