#include "doctor/smi.h"

static const struct {
    const char *name;
    double scale;
} units[] = {{"", 1},      {"%", 1},     {"W", 1},      {"mW", 1e-3},     {"MHz", 1},
             {"C", 1},     {"B", 1},     {"KiB", 1024}, {"MiB", 1048576}, {"GiB", 1073741824},
             {"us", 1e-6}, {"ms", 1e-3}, {"s", 1}};

static const struct {
    const char *word;
    double value;
} words[] = {{"Enabled", 1}, {"Disabled", 0},         {"Yes", 1},        {"No", 0},
             {"Default", 0}, {"Exclusive_Thread", 1}, {"Prohibited", 2}, {"Exclusive_Process", 3}};

static bool is_missing(struct str s)
{
    return !s.len || str_is(s, "N/A") || str_is(s, "ERR!") ||
           (s.ptr[0] == '[' && s.ptr[s.len - 1] == ']');
}

static bool as_number(struct str s, double *ret)
{
    struct str unit = s, number = str_cut(&unit, ' ');
    double value;

    for (size_t i = 0; i < ARRAY_LEN(words); i++)
        if (str_is(s, words[i].word)) {
            *ret = words[i].value;
            return true;
        }
    if (s.len >= 2 && s.len <= 3 && s.ptr[0] == 'P') /* P0 to P15 */
        number = str_make(s.ptr + 1, s.len - 1);
    if (!num_parse(number, &value) || !isfinite(value))
        return false;
    unit = unit.ptr ? str_trim(unit) : STR("");
    for (size_t i = 0; i < ARRAY_LEN(units); i++)
        if (str_is(unit, units[i].name)) {
            *ret = value * units[i].scale;
            return true;
        }
    return false;
}

int smi_parse_line(struct str line, struct smi_cell *ret, size_t max)
{
    size_t n = 0;

    while (line.ptr) {
        struct str text = str_trim(str_cut(&line, ','));
        if (n == max || text.len >= SMI_TEXT_MAX)
            return -EBADMSG;
        struct smi_cell *c = &ret[n++];
        *c = (struct smi_cell){.kind = SMI_TEXT, .value = NAN};
        str_copy(c->text, sizeof(c->text), text);
        if (is_missing(text))
            c->kind = SMI_MISSING;
        else if (as_number(text, &c->value))
            c->kind = SMI_NUMBER;
    }
    return (int)n;
}
