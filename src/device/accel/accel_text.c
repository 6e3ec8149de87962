#include "accel_text.h"

/* Digits at the start of `rest`, up to 100; what follows stays. */
static bool percent(struct str *rest, double *ret)
{
    size_t n = 0;
    uint64_t value;

    while (n < rest->len && rest->ptr[n] >= '0' && rest->ptr[n] <= '9')
        n++;
    if (!n || !num_parse_u64(str_make(rest->ptr, n), &value) || value > 100)
        return false;
    *ret = (double)value / 100;
    *rest = str_make(rest->ptr + n, rest->len - n);
    return true;
}

size_t accel_text_rknpu(struct str text, double *to)
{
    struct str rest = text, head = str_cut(&rest, ':');
    size_t len = 0;

    if (!str_is(str_trim(head), "NPU load"))
        return 0;
    while (rest.len && len < ACCEL_CORES) {
        struct str one = str_trim(str_cut(&rest, ','));
        if (str_starts(one, STR("Core"))) {
            (void)str_cut(&one, ':');
            one = str_trim(one);
        }
        if (!one.len)
            continue;
        if (!percent(&one, &to[len]) || !str_starts(one, STR("%")))
            return 0;
        len++;
    }
    return len;
}

bool accel_text_devfreq(struct str text, double *ret_ratio)
{
    struct str rest = str_trim(text);
    double ratio;

    if (!percent(&rest, &ratio) || !str_starts(rest, STR("@")) || !str_ends(rest, STR("Hz")))
        return false;
    *ret_ratio = ratio;
    return true;
}
