#include "base/num.h"

#include "base/shortest.h"

#include <limits.h>
#include <locale.h>
#include <stdlib.h>

#define EXACT_MANTISSA ((uint64_t)1 << 53)
#define EXACT_POWER    22 /* 10^22 is the last power of ten that a float64 holds exactly */

static const double powers[EXACT_POWER + 1] = {1e0,  1e1,  1e2,  1e3,  1e4,  1e5,  1e6,  1e7,
                                               1e8,  1e9,  1e10, 1e11, 1e12, 1e13, 1e14, 1e15,
                                               1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22};

static locale_t c_locale(void)
{
    static _Atomic(locale_t) cached;
    locale_t have = atomic_load(&cached);

    if (!have) {
        locale_t fresh = newlocale(LC_ALL_MASK, "C", (locale_t)0);
        if (atomic_compare_exchange_strong(&cached, &have, fresh))
            return fresh;
        freelocale(fresh);
    }
    return have;
}

/* The words and hexadecimal forms, and decimals too long for the exact path. */
static bool parse_slow(struct str s, double *ret)
{
    char small[64];
    char *text = small, *end;
    bool sign = s.len && (s.ptr[0] == '+' || s.ptr[0] == '-');
    struct str word = {s.ptr + sign, s.len - sign};

    if (word.len == 3 && !strncasecmp(word.ptr, "nan", 3)) {
        *ret = (double)NAN;
        return true;
    }
    if ((word.len == 3 && !strncasecmp(word.ptr, "inf", 3)) ||
        (word.len == 8 && !strncasecmp(word.ptr, "infinity", 8))) {
        *ret = s.ptr[0] == '-' ? -(double)INFINITY : (double)INFINITY;
        return true;
    }
    if (!word.len || word.len > 4096 ||
        !((word.ptr[0] >= '0' && word.ptr[0] <= '9') || word.ptr[0] == '.'))
        return false;
    if (s.len >= sizeof(small) && !(text = malloc(s.len + 1)))
        return false;
    memcpy(text, s.ptr, s.len);
    text[s.len] = '\0';
    *ret = strtod_l(text, &end, c_locale());
    bool whole = end == text + s.len;
    if (text != small)
        free(text);
    return whole;
}

/* At most 19 digits gathered in 64 bits and one exact multiplication: correctly rounded by IEEE 754
 * when both operands are exact (Clinger 1990, "How to read floating point numbers accurately"). */
bool num_parse(struct str s, double *ret)
{
    const char *p = s.ptr, *end = s.ptr + s.len;
    uint64_t mantissa = 0;
    int digits = 0, scale = 0;
    bool minus = p < end && *p == '-';
    bool any = false;

    if (p < end && (*p == '-' || *p == '+'))
        p++;
    for (; p < end && *p >= '0' && *p <= '9'; p++, any = true) {
        digits += digits || *p != '0'; /* not by the mantissa: it may wrap to 0 */
        mantissa = mantissa * 10 + (uint64_t)(*p - '0');
    }
    if (p < end && *p == '.')
        for (p++; p < end && *p >= '0' && *p <= '9'; p++, scale--, any = true) {
            digits += digits || *p != '0';
            mantissa = mantissa * 10 + (uint64_t)(*p - '0');
        }
    if (any && p < end && (*p == 'e' || *p == 'E')) {
        bool down = false;
        int exponent = 0, places = 0;
        p++;
        if (p < end && (*p == '-' || *p == '+'))
            down = *p++ == '-';
        for (; p < end && *p >= '0' && *p <= '9' && places < 6; p++, places++)
            exponent = exponent * 10 + (*p - '0');
        if (!places)
            return false;
        scale += down ? -exponent : exponent;
    }
    if (!any || p != end || digits > 19 || mantissa >= EXACT_MANTISSA || scale < -EXACT_POWER ||
        scale > EXACT_POWER)
        return parse_slow(s, ret);
    double value = (double)mantissa;
    value = scale < 0 ? value / powers[-scale] : value * powers[scale];
    *ret = minus ? -value : value;
    return true;
}

bool num_parse_u64(struct str s, uint64_t *ret)
{
    uint64_t value = 0;

    if (!s.len)
        return false;
    for (size_t i = 0; i < s.len; i++) {
        unsigned digit = (unsigned)(unsigned char)s.ptr[i] - '0';
        if (digit > 9 || __builtin_mul_overflow(value, 10, &value) ||
            __builtin_add_overflow(value, digit, &value))
            return false;
    }
    *ret = value;
    return true;
}

bool num_parse_i64(struct str s, int64_t *ret)
{
    bool minus = s.len && s.ptr[0] == '-';
    bool sign = minus || (s.len && s.ptr[0] == '+');
    uint64_t value;

    if (!num_parse_u64((struct str){s.ptr + sign, s.len - sign}, &value) ||
        value > (uint64_t)INT64_MAX + minus)
        return false;
    *ret = minus ? (int64_t)(0 - value) : (int64_t)value;
    return true;
}

size_t num_print_u64(char *to, uint64_t value)
{
    static const char pairs[] =
        "00010203040506070809101112131415161718192021222324252627282930313233"
        "34353637383940414243444546474849505152535455565758596061626364656667"
        "6869707172737475767778798081828384858687888990919293949596979899";
    char digits[20];
    size_t at = sizeof(digits);

    for (; value >= 10; value /= 100)
        memcpy(digits + (at -= 2), pairs + 2 * (value % 100), 2);
    if (value || at == sizeof(digits))
        digits[--at] = (char)('0' + value);
    memcpy(to, digits + at, sizeof(digits) - at);
    return sizeof(digits) - at;
}

size_t num_print_fixed(char *to, int64_t units, unsigned decimals)
{
    uint64_t left = units < 0 ? 0 - (uint64_t)units : (uint64_t)units;
    char digits[24];
    size_t n = 0, at = sizeof(digits);

    while (decimals && left % 10 == 0) {
        left /= 10;
        decimals--;
        if (!left)
            decimals = 0;
    }
    for (unsigned place = 0; left || place <= decimals; place++) {
        if (place && place == decimals)
            digits[--at] = '.';
        digits[--at] = (char)('0' + left % 10);
        left /= 10;
    }
    if (units < 0)
        to[n++] = '-';
    memcpy(to + n, digits + at, sizeof(digits) - at);
    return n + sizeof(digits) - at;
}

/* Whole numbers and up to three decimals: what most metrics are. Returns 0 when the value is
 * neither. */
static size_t print_simple(char *to, double value)
{
    double magnitude = fabs(value);
    size_t n = 0;

    if (!(magnitude <
          1e12)) /* below this, thousandths are exact enough for the test that follows */
        return 0;
    uint64_t thousandths = (uint64_t)(magnitude * 1000 + 0.5);
    if ((double)thousandths / 1000 != magnitude)
        return 0;
    if (signbit(value))
        to[n++] = '-';
    n += num_print_u64(to + n, thousandths / 1000);
    unsigned rest = (unsigned)(thousandths % 1000);
    if (rest) {
        to[n++] = '.';
        for (unsigned unit = 100; rest; unit /= 10) {
            to[n++] = (char)('0' + rest / unit);
            rest %= unit;
        }
    }
    return n;
}

/* Lays digits "d.ddde[+-]xx" out as plain text. */
static size_t print_plain(char *to, const char *digits, size_t count, int exponent, bool minus)
{
    size_t n = 0;

    if (minus)
        to[n++] = '-';
    if (exponent < 0) {
        to[n++] = '0';
        to[n++] = '.';
        for (int i = -1; i > exponent; i--)
            to[n++] = '0';
        memcpy(to + n, digits, count);
        return n + count;
    }
    for (size_t i = 0; i < count || i <= (size_t)exponent; i++) {
        if (i == (size_t)exponent + 1)
            to[n++] = '.';
        to[n++] = i < count ? digits[i] : '0';
    }
    return n;
}

/* What is no number has no digits. */
static size_t print_word(char *to, double value)
{
    size_t n = isnan(value) ? 3 : 4;

    memcpy(to, isnan(value) ? "NaN" : value > 0 ? "+Inf" : "-Inf", n);
    return n;
}

/* The shortest digits, plain where their exponent is at least `least` and below `end`. */
static size_t print_shortest(char *to, double value, int least, int end)
{
    struct shortest s = shortest_of(fabs(value));
    char digits[20];
    size_t count = num_print_u64(digits, s.digits), n = 0;
    int exponent = s.exponent + (int)count - 1;

    if (exponent >= least && exponent < end)
        return print_plain(to, digits, count, exponent, signbit(value));
    if (signbit(value))
        to[n++] = '-';
    to[n++] = digits[0];
    if (count > 1) {
        to[n++] = '.';
        memcpy(to + n, digits + 1, count - 1);
        n += count - 1;
    }
    to[n++] = 'e';
    to[n++] = exponent < 0 ? '-' : '+';
    if (abs(exponent) < 10)
        to[n++] = '0';
    return n + num_print_u64(to + n, (uint64_t)abs(exponent));
}

size_t num_print(char *to, double value)
{
    if (!isfinite(value))
        return print_word(to, value);
    size_t n = print_simple(to, value);
    return n ? n : print_shortest(to, value, -6, 21);
}

size_t num_print_brief(char *to, double value)
{
    return isfinite(value) ? print_shortest(to, value, -4, 6) : print_word(to, value);
}

static const struct {
    char name[3];
    int64_t ms;
} units[] = {
    {"y", 31536000000}, {"w", 604800000}, {"d", 86400000}, {"h", 3600000},
    {"m", 60000},       {"s", 1000},      {"ms", 1},
};

static int bad_duration(struct str s, struct error *err)
{
    return error_set(err, -EINVAL, "'%.*s' is not a duration (write 5s, 1h30m or 250ms)",
                     (int)MIN(s.len, (size_t)40), s.ptr);
}

static int add_part(struct str s, int64_t *total, int64_t count, int64_t unit, struct error *err)
{
    int64_t part;

    if (__builtin_mul_overflow(count, unit, &part) || __builtin_add_overflow(*total, part, total))
        return error_set(err, -ERANGE, "'%.*s' is too long a duration", (int)MIN(s.len, (size_t)40),
                         s.ptr);
    return 0;
}

int num_parse_duration(struct str s, int64_t *ret_ms, struct error *err)
{
    size_t at = 0, next_unit = 0;
    int64_t total = 0;
    double seconds;

    if (s.len && num_parse(s, &seconds) && seconds >= 0 && seconds < 1e12) {
        *ret_ms = (int64_t)(seconds * 1000 + 0.5);
        return 0;
    }
    if (!s.len)
        return bad_duration(s, err);
    while (at < s.len) {
        size_t from = at;
        int64_t count = 0;
        while (at < s.len && s.ptr[at] >= '0' && s.ptr[at] <= '9')
            at++;
        if (at == from || !num_parse_i64(str_make(s.ptr + from, at - from), &count))
            return bad_duration(s, err);
        from = at;
        while (at < s.len && s.ptr[at] >= 'a' && s.ptr[at] <= 'z')
            at++;
        struct str unit = str_make(s.ptr + from, at - from);
        while (next_unit < ARRAY_LEN(units) && !str_is(unit, units[next_unit].name))
            next_unit++;
        if (next_unit == ARRAY_LEN(units))
            return bad_duration(s, err);
        int code = add_part(s, &total, count, units[next_unit++].ms, err);
        if (code)
            return code;
    }
    *ret_ms = total;
    return 0;
}

int num_parse_size(struct str s, uint64_t *ret_bytes, struct error *err)
{
    static const char letters[] = "KMGTPE";
    struct str number = s;
    double value, scale = 1;

    if (number.len && (number.ptr[number.len - 1] == 'B' || number.ptr[number.len - 1] == 'b'))
        number.len--;
    if (number.len && number.ptr[number.len - 1] == 'i')
        number.len--;
    if (number.len) {
        char last = number.ptr[number.len - 1];
        const char *at = strchr(letters, last >= 'a' ? last - 'a' + 'A' : last);
        if (at && *at) {
            scale = ldexp(1, 10 * (int)(at - letters + 1));
            number.len--;
        }
    }
    if (!num_parse(str_trim(number), &value) || !(value >= 0) || value * scale >= 0x1p63)
        return error_set(err, -EINVAL, "'%.*s' is not a size (write 512MB or 2GB)",
                         (int)MIN(s.len, (size_t)40), s.ptr);
    *ret_bytes = (uint64_t)(value * scale);
    return 0;
}

const char *num_print_duration(char *to, int64_t ms)
{
    size_t n = 0;

    if (ms <= 0)
        return memcpy(to, "0s", 3);
    for (size_t i = 0; i < ARRAY_LEN(units); i++) {
        if (ms < units[i].ms ||
            (i < 2 && ms % units[i].ms)) /* years and weeks only when they are whole */
            continue;
        n += num_print_u64(to + n, (uint64_t)(ms / units[i].ms));
        n += (size_t)snprintf(to + n, 3, "%s", units[i].name);
        ms %= units[i].ms;
    }
    to[n] = '\0';
    return to;
}
