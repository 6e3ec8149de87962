/* template_format.c - see template_format.h. A verb is a percent sign, flags, a width, a precision
 * and a letter; each kind of value knows its letters, and any other says "%!x(type=value)". */
#include "rules/template_format.h"

#include <ctype.h>

#define PIECE_MAX  512 /* a number: 309 digits before the point, and DIGITS_MAX behind it */
#define DIGITS_MAX 150 /* a float64 has no more that say something but for the smallest ones */

struct verb {
    uint32_t letter;
    bool minus, plus, sharp, space, zero;
    bool names, go_syntax; /* %+v, %#v */
    bool has_width, has_precision;
    int width, precision;
};

static void print_value(const struct template_value *v, const struct verb *verb, bool inside,
                        struct buf *to);

static const struct verb plain_verb = {.letter = 'v'};

/* ---- padding ---- */

static size_t count_characters(struct str s)
{
    size_t n = 0;

    for (size_t i = 0; i < s.len; n++) {
        size_t len = str_utf8_len(s, i);
        i += len ? len : 1;
    }
    return n;
}

static void repeat(char c, size_t n, struct buf *to)
{
    while (n--)
        buf_char(to, c);
}

static void pad(struct str text, const struct verb *v, struct buf *to)
{
    size_t len = count_characters(text);
    size_t missing = v->has_width && (size_t)v->width > len ? (size_t)v->width - len : 0;

    repeat(v->zero && !v->minus ? '0' : ' ', v->minus ? 0 : missing, to);
    buf_str_add(to, text);
    repeat(' ', v->minus ? missing : 0, to);
}

/* The same of a text made here, which ends. */
static void pad_own(struct buf *text, const struct verb *v, struct buf *to)
{
    if (text->failed)
        to->failed = true;
    else
        pad(buf_str(text), v, to);
    buf_fini(text);
}

static void print_letter(const struct verb *v, struct buf *to)
{
    char text[4];

    buf_add(to, text, str_utf8_put(text, v->letter));
}

static void bad_verb(const struct template_value *value, const struct verb *v, struct buf *to)
{
    buf_text(to, "%!");
    print_letter(v, to);
    buf_char(to, '(');
    if (value->kind != VALUE_NONE) {
        struct verb plain = *v;
        plain.letter = 'v';
        buf_text(to, template_value_type(value));
        buf_char(to, '=');
        print_value(value, &plain, false, to);
    } else {
        buf_text(to, "<nil>");
    }
    buf_char(to, ')');
}

/* ---- texts ---- */

static void print_hex(struct str s, const struct verb *v, struct buf *to)
{
    struct buf text;

    if (v->has_precision)
        s.len = MIN(s.len, (size_t)v->precision);
    buf_init(&text, TEMPLATE_BYTES_MAX);
    for (size_t i = 0; i < s.len; i++) {
        if (v->space && i)
            buf_char(&text, ' ');
        if (v->sharp && (v->space || !i))
            buf_text(&text, v->letter == 'x' ? "0x" : "0X");
        buf_printf(&text, v->letter == 'x' ? "%02x" : "%02X", (unsigned char)s.ptr[i]);
    }
    pad_own(&text, v, to);
}

/* A character within quotes, as Go would write it in its source. */
static void quote_character(uint32_t c, char quote, bool ascii, struct buf *to)
{
    static const char letters[] = "abfnrtv", meanings[] = "\a\b\f\n\r\t\v";
    const char *meaning = c && c < 0x80 ? strchr(meanings, (char)c) : NULL;
    char text[4];

    if (c == (uint32_t)quote || c == '\\')
        buf_printf(to, "\\%c", (char)c);
    else if (meaning)
        buf_printf(to, "\\%c", letters[meaning - meanings]);
    else if (c < ' ' || c == 0x7f)
        buf_printf(to, "\\x%02x", (unsigned)c);
    else if (c >= 0x80 && (ascii || c < 0xa0 || c == 0xad))
        buf_printf(to, c < 0x10000 ? "\\u%04x" : "\\U%08x", (unsigned)c);
    else
        buf_add(to, text, str_utf8_put(text, c));
}

static void print_quoted(struct str s, const struct verb *v, struct buf *to)
{
    struct buf text;
    bool raw = v->sharp && !memchr(s.ptr, '`', s.len) && str_is_utf8(s);

    for (size_t i = 0; i < s.len && raw; i++)
        raw = (unsigned char)s.ptr[i] >= ' ' || s.ptr[i] == '\t';
    buf_init(&text, TEMPLATE_BYTES_MAX);
    buf_char(&text, raw ? '`' : '"');
    for (size_t i = 0; i < s.len;) {
        size_t len = str_utf8_len(s, i);
        if (raw)
            buf_add(&text, s.ptr + i, len);
        else if (len)
            quote_character(str_utf8_get(s.ptr + i, len), '"', v->plus, &text);
        else
            buf_printf(&text, "\\x%02x", (unsigned char)s.ptr[i]);
        i += len ? len : 1;
    }
    buf_char(&text, raw ? '`' : '"');
    pad_own(&text, v, to);
}

static void print_text(const struct template_value *value, struct str s, const struct verb *v,
                       struct buf *to)
{
    struct verb quoted = *v;
    size_t bytes = 0, limit = v->has_precision ? (size_t)v->precision : SIZE_MAX;

    while (bytes < s.len && limit--) {
        size_t len = str_utf8_len(s, bytes);
        bytes += len ? len : 1;
    }
    switch (v->letter) {
    case 'v':
    case 's':
        quoted.plus = quoted.sharp = false;
        if (v->go_syntax)
            print_quoted(s, &quoted, to);
        else
            pad(str_make(s.ptr, bytes), v, to);
        break;
    case 'q':
        print_quoted(str_make(s.ptr, bytes), v, to);
        break;
    case 'x':
    case 'X':
        print_hex(s, v, to);
        break;
    default:
        bad_verb(value, v, to);
        break;
    }
}

/* ---- whole numbers ---- */

static size_t print_digits(uint64_t n, unsigned base, bool upper, char *end)
{
    size_t len = 0;

    do {
        unsigned digit = (unsigned)(n % base);
        *--end = (char)(digit < 10 ? '0' + digit : (upper ? 'A' : 'a') + digit - 10);
        n /= base;
        len++;
    } while (n);
    return len;
}

static const char *base_prefix(const struct verb *v, const char *digits)
{
    switch (v->letter) {
    case 'O':
        return "0o";
    case 'o':
        return v->sharp && *digits != '0' ? "0" : "";
    case 'b':
        return v->sharp ? "0b" : "";
    case 'x':
        return v->sharp ? "0x" : "";
    case 'X':
        return v->sharp ? "0X" : "";
    default:
        return "";
    }
}

/* Sign, prefix, zeros up to the precision or the width, digits. */
static void print_number(uint64_t n, bool negative, unsigned base, const struct verb *v,
                         struct buf *to)
{
    char digits[65];
    size_t len = print_digits(n, base, v->letter == 'X', digits + 64);
    const char *first = digits + 64 - len, *prefix = base_prefix(v, first);
    const char *sign = negative ? "-" : v->plus ? "+" : v->space ? " " : "";
    size_t least = v->has_precision ? (size_t)v->precision : 0;
    struct verb spaces = *v;
    struct buf text;

    if (v->has_precision && !v->precision && !n) {
        spaces.zero = false;
        pad(STR(""), &spaces, to);
        return;
    }
    if (!v->has_precision && v->zero && !v->minus && v->has_width)
        least = (size_t)v->width - MIN((size_t)v->width, strlen(sign));
    spaces.zero = false;
    buf_init(&text, TEMPLATE_BYTES_MAX);
    buf_text(&text, sign);
    buf_text(&text, prefix);
    repeat('0', least > len ? least - len : 0, &text);
    buf_add(&text, first, len);
    pad_own(&text, &spaces, to);
}

static void print_character(uint32_t c, const struct verb *v, struct buf *to)
{
    char bytes[4];
    struct buf text;

    if (c > 0x10ffff || (c >= 0xd800 && c < 0xe000))
        c = 0xfffd;
    buf_init(&text, 64);
    if (v->letter == 'c') {
        buf_add(&text, bytes, str_utf8_put(bytes, c));
    } else if (v->letter == 'q') {
        buf_char(&text, '\'');
        quote_character(c, '\'', v->plus, &text);
        buf_char(&text, '\'');
    } else {
        buf_printf(&text, "U+%04X", (unsigned)c);
        if (v->sharp) {
            buf_text(&text, " '");
            buf_add(&text, bytes, str_utf8_put(bytes, c));
            buf_char(&text, '\'');
        }
    }
    pad_own(&text, v, to);
}

static void print_whole(const struct template_value *value, const struct verb *v, struct buf *to)
{
    bool negative = value->whole < 0;
    uint64_t n = negative ? 0 - (uint64_t)value->whole : (uint64_t)value->whole;

    switch (v->letter) {
    case 'v':
    case 'd':
        print_number(n, negative, 10, v, to);
        break;
    case 'b':
        print_number(n, negative, 2, v, to);
        break;
    case 'o':
    case 'O':
        print_number(n, negative, 8, v, to);
        break;
    case 'x':
    case 'X':
        print_number(n, negative, 16, v, to);
        break;
    case 'c':
    case 'q':
    case 'U':
        print_character(negative || n > 0x10ffff ? 0xfffd : (uint32_t)n, v, to);
        break;
    default:
        bad_verb(value, v, to);
        break;
    }
}

/* ---- real numbers ---- */

/* |d| by one of e E f F g G, or as %v has it; returns the length. */
static size_t print_magnitude(double d, const struct verb *v, char *text, size_t size)
{
    char format[8] = "%.*f";
    int precision = v->has_precision ? MIN(v->precision, DIGITS_MAX) : 6;
    char letter = v->letter == 'F' ? 'f' : (char)v->letter;

    if (!v->has_precision && (letter == 'v' || letter == 'g' || letter == 'G') && !v->sharp) {
        size_t len = num_print_brief(text, d);
        for (size_t i = 0; i < len && letter == 'G'; i++)
            text[i] = (char)toupper((unsigned char)text[i]);
        return len;
    }
    if (v->sharp)
        memcpy(format, "%#.*f", 6);
    format[strlen(format) - 1] = letter == 'v' ? 'g' : letter;
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
    int len = snprintf(text, size, format, precision, d); /* the format was made right above */
#pragma GCC diagnostic pop
    return MIN((size_t)MAX(len, 0), size - 1);
}

/* A hexadecimal fraction: Go writes its exponent with two digits and has no subnormal form. */
static size_t print_hexadecimal(double d, const struct verb *v, char *text, size_t size)
{
    int exponent = 0, len;
    double fraction = d != 0 ? 2 * frexp(d, &exponent) : 0;

    exponent -= d != 0;
    if (v->has_precision)
        len = snprintf(text, size, "%.*a", MIN(v->precision, DIGITS_MAX), fraction);
    else
        len = snprintf(text, size, "%a", fraction);
    char *p = memchr(text, 'p', (size_t)len);
    size_t at = p ? (size_t)(p - text) : (size_t)len;
    if (p)
        exponent += p[1] == '+' ? p[2] - '0' : 0; /* rounding may carry */
    len = snprintf(text + at, size - at, "p%c%02d", exponent < 0 ? '-' : '+', abs(exponent));
    for (size_t i = 0; i < at + (size_t)len && v->letter == 'X'; i++)
        text[i] = (char)toupper((unsigned char)text[i]);
    return at + (size_t)len;
}

static void print_real(const struct template_value *value, const struct verb *v, struct buf *to)
{
    double d = value->real;
    bool finite = !isnan(d) && !isinf(d), negative = !isnan(d) && signbit(d);
    const char *sign = negative ? "-" : v->plus || isinf(d) ? "+" : v->space ? " " : "";
    char digits[PIECE_MAX];
    struct verb rest = *v;
    size_t len;

    if (v->letter > 'z' || !strchr("veEfFgGxX", (int)v->letter)) {
        bad_verb(value, v, to);
        return;
    }
    if (isinf(d) && v->space && !v->plus && !negative)
        sign = " ";
    if (!finite) {
        len = (size_t)snprintf(digits, sizeof(digits), "%s", isnan(d) ? "NaN" : "Inf");
        rest.zero = false;
    } else if (v->letter == 'x' || v->letter == 'X') {
        len = print_hexadecimal(fabs(d), v, digits, sizeof(digits));
    } else {
        len = print_magnitude(fabs(d), v, digits, sizeof(digits));
    }
    if (rest.zero && !rest.minus && rest.has_width && *sign) { /* the sign before the zeros */
        buf_text(to, sign);
        rest.width -= rest.width > 0;
        sign = "";
    }
    struct buf text;
    buf_init(&text, TEMPLATE_BYTES_MAX);
    buf_text(&text, sign);
    buf_add(&text, digits, len);
    pad_own(&text, &rest, to);
}

/* ---- what holds others ---- */

static void print_labels(struct labels labels, const struct verb *v, struct buf *to)
{
    buf_text(to, v->go_syntax ? "map[string]string{" : "map[");
    for (size_t i = 0; i < labels.len; i++) {
        struct template_value key = value_of_text(labels.items[i].name);
        struct template_value item = value_of_text(labels.items[i].value);
        buf_text(to, !i ? "" : v->go_syntax ? ", " : " ");
        print_value(&key, v, true, to);
        buf_char(to, ':');
        print_value(&item, v, true, to);
    }
    buf_char(to, v->go_syntax ? '}' : ']');
}

static void print_args(struct value_args args, const struct verb *v, struct buf *to)
{
    buf_text(to, v->go_syntax ? "map[string]interface {}{" : "map[");
    for (size_t i = 0; i < args.len; i++) {
        size_t at = template_value_arg_in_order(args, i);
        char name[32];
        struct template_value key =
            value_of_text(str_make(name, (size_t)snprintf(name, sizeof(name), "arg%zu", at)));
        buf_text(to, !i ? "" : v->go_syntax ? ", " : " ");
        print_value(&key, v, true, to);
        buf_char(to, ':');
        print_value(&args.items[at], v, true, to);
    }
    buf_char(to, v->go_syntax ? '}' : ']');
}

static void print_field(const char *name, const struct template_value *value, bool first,
                        const struct verb *v, struct buf *to)
{
    buf_text(to, first ? "" : v->go_syntax ? ", " : " ");
    if (v->names || v->go_syntax)
        buf_printf(to, "%s:", name);
    print_value(value, v, true, to);
}

static void print_sample(const struct template_sample *s, const struct verb *v, struct buf *to)
{
    struct template_value labels = {VALUE_LABELS, {.labels = s->labels}};
    struct template_value value = value_of_real(s->value);

    buf_text(to, v->go_syntax ? "template.sample{" : "{");
    print_field("Labels", &labels, true, v, to);
    print_field("Value", &value, false, v, to);
    buf_char(to, '}');
}

static void print_data(const struct template_input *in, const struct verb *v, struct buf *to)
{
    struct template_value labels = {VALUE_LABELS, {.labels = in->labels}};
    struct template_value external = {VALUE_LABELS, {.labels = in->external_labels}};
    struct template_value url = value_of_text(in->external_url), value = value_of_real(in->value);

    if (v->go_syntax)
        buf_text(to, template_value_type(&(struct template_value){.kind = VALUE_DATA}));
    buf_char(to, '{');
    print_field("Labels", &labels, true, v, to);
    print_field("ExternalLabels", &external, false, v, to);
    print_field("ExternalURL", &url, false, v, to);
    print_field("Value", &value, false, v, to);
    buf_char(to, '}');
}

/* Go writes the addresses of the samples of a list, which say nothing: we write the samples. */
static void print_samples(struct value_samples samples, const struct verb *v, struct buf *to)
{
    buf_text(to, v->go_syntax ? "template.queryResult{" : "[");
    for (size_t i = 0; i < samples.len; i++) {
        struct template_value item = {VALUE_SAMPLE, {.sample = samples.items[i]}};
        buf_text(to, !i ? "" : v->go_syntax ? ", " : " ");
        print_value(&item, v, true, to);
    }
    buf_char(to, v->go_syntax ? '}' : ']');
}

/* Times, durations and names, which say themselves for the letters of texts. */
static bool print_speaking(const struct template_value *value, const struct verb *v, struct buf *to)
{
    struct buf text;

    if (v->go_syntax || v->letter > 'z' || !strchr("vsxXq", (int)v->letter))
        return false;
    buf_init(&text, 256);
    bool speaks = template_value_speaks(value, &text);
    if (speaks)
        print_text(value, buf_str(&text), v, to);
    buf_fini(&text);
    return speaks;
}

static void print_bool(const struct template_value *value, const struct verb *v, struct buf *to)
{
    if (v->letter == 't' || v->letter == 'v')
        pad(value->truth ? STR("true") : STR("false"), v, to);
    else
        bad_verb(value, v, to);
}

static void print_nothing(const struct template_value *value, const struct verb *v, bool inside,
                          struct buf *to)
{
    if (v->letter == 'v')
        pad(STR("<nil>"), v, to);
    else if (inside)
        buf_text(to, "<nil>");
    else
        bad_verb(value, v, to);
}

/* `inside`: within a map, a list or a struct. */
static void print_value(const struct template_value *value, const struct verb *v, bool inside,
                        struct buf *to)
{
    if (print_speaking(value, v, to))
        return;
    switch (value->kind) {
    case VALUE_NONE:
        print_nothing(value, v, inside, to);
        break;
    case VALUE_BOOL:
        print_bool(value, v, to);
        break;
    case VALUE_REAL:
        print_real(value, v, to);
        break;
    case VALUE_TEXT:
        print_text(value, value->text, v, to);
        break;
    case VALUE_LABELS:
        print_labels(value->labels, v, to);
        break;
    case VALUE_ARGS:
        print_args(value->args, v, to);
        break;
    case VALUE_SAMPLE:
        if (value->sample) {
            buf_char(to, '&');
            print_sample(value->sample, v, to);
        } else {
            buf_text(to, "<nil>");
        }
        break;
    case VALUE_SAMPLES:
        print_samples(value->samples, v, to);
        break;
    case VALUE_DATA:
        print_data(value->data, v, to);
        break;
    default: /* whole numbers, and what counts as one: months, days, times */
        print_whole(value, v, to);
        break;
    }
}

/* ---- print, println ---- */

void template_format_quote(struct str text, struct buf *to)
{
    print_quoted(text, &plain_verb, to);
}

void template_format_escapable(const struct template_value *args, size_t n, struct buf *to)
{
    for (size_t i = 0; i < n; i++) {
        if (i && args[i].kind != VALUE_TEXT && args[i - 1].kind != VALUE_TEXT)
            buf_char(to, ' ');
        template_format_said(&args[i], to);
    }
}

void template_format_said(const struct template_value *v, struct buf *to)
{
    if (v->kind == VALUE_NONE)
        buf_text(to, "<no value>");
    else if (v->kind == VALUE_SAMPLE && v->sample)
        print_sample(v->sample, &plain_verb, to);
    else
        print_value(v, &plain_verb, false, to);
}

void template_format_print(const struct template_value *args, size_t n, struct buf *to)
{
    for (size_t i = 0; i < n; i++) {
        if (i && args[i].kind != VALUE_TEXT && args[i - 1].kind != VALUE_TEXT)
            buf_char(to, ' ');
        print_value(&args[i], &plain_verb, false, to);
    }
}

void template_format_println(const struct template_value *args, size_t n, struct buf *to)
{
    for (size_t i = 0; i < n; i++) {
        buf_text(to, i ? " " : "");
        print_value(&args[i], &plain_verb, false, to);
    }
    buf_char(to, '\n');
}

/* ---- printf ---- */

struct printing {
    struct str format; /* what is left of it */
    const struct template_value *args;
    size_t len, at;
    bool reordered;  /* an argument was named by its number: those left over are no mistake */
    bool good_index; /* the number named an argument that there is */
    struct buf *to;
};

static char next_char(const struct printing *p)
{
    return p->format.len ? *p->format.ptr : '\0';
}

static void skip(struct printing *p, size_t n)
{
    p->format = str_make(p->format.ptr + n, p->format.len - n);
}

/* Digits; false when none stand here. */
static bool read_digits(struct printing *p, int *ret)
{
    bool any = false;

    for (*ret = 0; isdigit((unsigned char)next_char(p)); any = true) {
        *ret = MIN(*ret * 10 + (next_char(p) - '0'), TEMPLATE_WIDTH_MAX);
        skip(p, 1);
    }
    return any;
}

/* "[2]" names the next argument; true when one was named. */
static bool read_index(struct printing *p)
{
    const char *end = next_char(p) == '[' ? memchr(p->format.ptr, ']', p->format.len) : NULL;
    uint64_t number;

    if (next_char(p) != '[')
        return false;
    p->reordered = true;
    struct str inner = end ? str_make(p->format.ptr + 1, (size_t)(end - p->format.ptr) - 1)
                           : str_make(p->format.ptr, 0);
    skip(p, end ? inner.len + 2 : 1);
    if (!num_parse_u64(inner, &number) || !number || number > p->len) {
        p->good_index = false;
        return end != NULL;
    }
    p->at = (size_t)number - 1;
    return true;
}

/* A width or precision that an argument gives; false, and nothing is set, when it is none. */
static bool take_number(struct printing *p, int *ret)
{
    const struct template_value *arg = p->at < p->len ? &p->args[p->at] : NULL;

    p->at += arg != NULL;
    if (!arg || (arg->kind != VALUE_WHOLE && arg->kind != VALUE_BYTE) ||
        arg->whole > TEMPLATE_WIDTH_MAX || arg->whole < -TEMPLATE_WIDTH_MAX)
        return false;
    *ret = (int)arg->whole;
    return true;
}

static void read_flags(struct printing *p, struct verb *v)
{
    for (;; skip(p, 1)) {
        char c = next_char(p);
        v->sharp = v->sharp || c == '#';
        v->zero = v->zero || c == '0';
        v->plus = v->plus || c == '+';
        v->minus = v->minus || c == '-';
        v->space = v->space || c == ' ';
        if (!c || !strchr("#0+- ", c))
            return;
    }
}

static void read_width(struct printing *p, struct verb *v)
{
    bool named = read_index(p);

    if (next_char(p) == '*') {
        skip(p, 1);
        v->has_width = take_number(p, &v->width);
        if (!v->has_width)
            buf_text(p->to, "%!(BADWIDTH)");
        if (v->has_width && v->width < 0) {
            v->width = -v->width;
            v->minus = true;
        }
        return;
    }
    v->has_width = read_digits(p, &v->width);
    if (named && v->has_width)
        p->good_index = false; /* "%[3]2d" */
}

static void read_precision(struct printing *p, struct verb *v)
{
    if (next_char(p) != '.')
        return;
    skip(p, 1);
    read_index(p);
    if (next_char(p) == '*') {
        skip(p, 1);
        v->has_precision = take_number(p, &v->precision);
        if (v->has_precision && v->precision < 0) {
            v->precision = 0;
            v->has_precision = false;
        }
        if (!v->has_precision)
            buf_text(p->to, "%!(BADPREC)");
        return;
    }
    (void)read_digits(p, &v->precision);
    v->has_precision = true;
}

static void print_argument(struct printing *p, struct verb *v)
{
    const struct template_value *arg = &p->args[p->at++];
    struct verb typed = *v;

    if (v->letter == 'T') {
        typed.letter = 's';
        pad(str_of(template_value_type(arg)), &typed, p->to);
        return;
    }
    if (v->letter == 'v') {
        v->go_syntax = v->sharp;
        v->names = v->plus;
        v->sharp = v->plus = false;
    }
    print_value(arg, v, false, p->to);
}

/* Behind the percent sign. */
static void print_verb(struct printing *p)
{
    struct verb v = {0};

    p->good_index = true;
    read_flags(p, &v);
    read_width(p, &v);
    read_precision(p, &v);
    read_index(p);
    size_t len = p->format.len ? str_utf8_len(p->format, 0) : 0;
    if (!p->format.len) {
        buf_text(p->to, "%!(NOVERB)");
        return;
    }
    v.letter = len ? str_utf8_get(p->format.ptr, len) : 0xfffd;
    skip(p, len ? len : 1);
    if (v.letter == '%') {
        buf_char(p->to, '%');
    } else if (!p->good_index || p->at >= p->len) {
        buf_text(p->to, "%!");
        print_letter(&v, p->to);
        buf_text(p->to, p->good_index ? "(MISSING)" : "(BADINDEX)");
    } else {
        print_argument(p, &v);
    }
}

void template_format_printf(struct str format, const struct template_value *args, size_t n,
                            struct buf *to)
{
    struct printing p = {.format = format, .args = args, .len = n, .to = to};

    while (p.format.len) {
        const char *percent = memchr(p.format.ptr, '%', p.format.len);
        size_t plain = percent ? (size_t)(percent - p.format.ptr) : p.format.len;
        buf_add(to, p.format.ptr, plain);
        skip(&p, plain);
        if (!percent)
            break;
        skip(&p, 1);
        print_verb(&p);
    }
    if (p.reordered || p.at >= n)
        return;
    buf_text(to, "%!(EXTRA ");
    for (size_t i = p.at; i < n; i++) {
        buf_text(to, i == p.at ? "" : ", ");
        buf_text(to, template_value_type(&args[i]));
        if (args[i].kind != VALUE_NONE) {
            buf_char(to, '=');
            print_value(&args[i], &plain_verb, false, to);
        }
    }
    buf_char(to, ')');
}
