/* exposition.c - the text formats (https://prometheus.io/docs/instrumenting/exposition_formats/,
 * https://prometheus.io/docs/specs/om/open_metrics_spec/), read leniently where only one reading is
 * possible.
 *
 * Taken beyond the letter: HELP and TYPE repeated, families mixed, blanks after commas and at line
 * ends, CRLF, unknown escapes (kept as written), and a quote inside a value that was not escaped
 * (dcgm-exporter escapes nothing): a quote ends its value only when a comma, a brace or a blank
 * and one of these follow. Where such a quote could as well begin another label, the line is
 * refused. */
#include "metric/exposition.h"

#include "metric/value.h"

#define EXACT_MANTISSA ((uint64_t)1 << 53)
#define EXACT_DECIMALS 15
#define EXACT_DIGITS   18 /* that many never overflow 64 bits */

static bool is_blank(char c)
{
    return c == ' ' || c == '\t';
}

static const char *skip_blanks(const char *p, const char *end)
{
    while (p < end && is_blank(*p))
        p++;
    return p;
}

/* 1: may start a name; 2: may only follow; 4: a colon, for names of metrics. */
static const unsigned char name_chars[256] = {
    ['a'] = 1, ['b'] = 1, ['c'] = 1, ['d'] = 1, ['e'] = 1, ['f'] = 1, ['g'] = 1, ['h'] = 1,
    ['i'] = 1, ['j'] = 1, ['k'] = 1, ['l'] = 1, ['m'] = 1, ['n'] = 1, ['o'] = 1, ['p'] = 1,
    ['q'] = 1, ['r'] = 1, ['s'] = 1, ['t'] = 1, ['u'] = 1, ['v'] = 1, ['w'] = 1, ['x'] = 1,
    ['y'] = 1, ['z'] = 1, ['A'] = 1, ['B'] = 1, ['C'] = 1, ['D'] = 1, ['E'] = 1, ['F'] = 1,
    ['G'] = 1, ['H'] = 1, ['I'] = 1, ['J'] = 1, ['K'] = 1, ['L'] = 1, ['M'] = 1, ['N'] = 1,
    ['O'] = 1, ['P'] = 1, ['Q'] = 1, ['R'] = 1, ['S'] = 1, ['T'] = 1, ['U'] = 1, ['V'] = 1,
    ['W'] = 1, ['X'] = 1, ['Y'] = 1, ['Z'] = 1, ['_'] = 1, ['0'] = 2, ['1'] = 2, ['2'] = 2,
    ['3'] = 2, ['4'] = 2, ['5'] = 2, ['6'] = 2, ['7'] = 2, ['8'] = 2, ['9'] = 2, [':'] = 4};

/* The end of the name at `p`; `p` itself when none starts there. */
static const char *name_end(const char *p, const char *end, unsigned first)
{
    if (p == end || !(name_chars[(unsigned char)*p] & first))
        return p;
    while (p < end && name_chars[(unsigned char)*p] & (first | 2))
        p++;
    return p;
}

/* The quote that ends the value starting at `p`; NULL when there is none or two readings are
 * possible. */
static const char *value_end(const char *p, const char *end)
{
    const char *from = p;

    while ((p = memchr(p, '"', (size_t)(end - p)))) {
        const char *slash = p;
        while (slash > from && slash[-1] == '\\')
            slash--;
        if ((p - slash) % 2 == 0) {
            const char *next = skip_blanks(p + 1, end);
            if (next < end && (*next == ',' || *next == '}'))
                return p;
            /* Not escaped, inside the value. Behind an equals sign it would look as if the value
             * had ended before and another label had begun. */
            if (p > from && p[-1] == '=')
                return NULL;
        }
        p++;
    }
    return NULL;
}

/* The end of a quoted name: there an unescaped quote always ends it. */
static const char *quoted_name_end(const char *p, const char *end)
{
    for (; p < end && *p != '"'; p++)
        if (*p == '\\' && p + 1 < end)
            p++;
    return p < end ? p : NULL;
}

/* ---- values and timestamps ---- */

/* Reads a number that ends at a blank or at `end`; returns what stands behind it or NULL. Plain
 * decimals are read here (exactly: see num.c for why), everything else by num_parse(). */
static inline const char *read_number(const char *p, const char *end, double *ret)
{
    static const double powers[EXACT_DECIMALS + 1] = {1e0, 1e1, 1e2,  1e3,  1e4,  1e5,  1e6,  1e7,
                                                      1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15};
    const char *from = p, *digits;
    uint64_t mantissa = 0;
    unsigned digit;
    bool minus = p < end && *p == '-';

    p += minus;
    digits = p;
    for (; p < end && (digit = (unsigned)(unsigned char)*p - '0') < 10; p++)
        mantissa = mantissa * 10 + digit;
    ptrdiff_t count = p - digits, decimals = 0;
    if (p < end && *p == '.') {
        const char *point = p++;
        for (; p < end && (digit = (unsigned)(unsigned char)*p - '0') < 10; p++)
            mantissa = mantissa * 10 + digit;
        decimals = p - point - 1;
        count += decimals;
    }
    if (LIKELY((p == end || is_blank(*p)) && count && count <= EXACT_DIGITS &&
               decimals <= EXACT_DECIMALS && mantissa < EXACT_MANTISSA)) {
        double value = (double)mantissa;
        if (decimals)
            value /= powers[decimals];
        *ret = minus ? -value : value;
        return p;
    }
    while (p < end && !is_blank(*p))
        p++;
    if (!num_parse(str_make(from, (size_t)(p - from)), ret))
        return NULL;
    if (isnan(*ret)) /* never one that has a meaning of its own */
        *ret = value_of_bits(VALUE_NAN_BITS);
    return p;
}

/* Milliseconds, or in OpenMetrics seconds. */
static const char *read_timestamp(const char *p, const char *end, bool openmetrics, int64_t *ret)
{
    const char *from = p;
    double seconds;

    if (openmetrics) {
        p = read_number(p, end, &seconds);
        if (!p || !(fabs(seconds) < 1e15))
            return NULL;
        *ret = (int64_t)floor(seconds * 1000 + 0.5);
        return p;
    }
    while (p < end && !is_blank(*p))
        p++;
    return num_parse_i64(str_make(from, (size_t)(p - from)), ret) ? p : NULL;
}

/* What stands behind the series: value, timestamp, exemplar. NULL and `reason` when it can't be
 * read. */
static inline const char *read_tail(const char *p, const char *end, bool openmetrics,
                                    struct exposition_line *ret, const char **reason)
{
    p = skip_blanks(p, end);
    p = read_number(p, end, &ret->value);
    if (!p) {
        *reason = "no number where the value should be";
        return NULL;
    }
    ret->has_ts = false;
    if (LIKELY(p == end))
        return p;
    p = skip_blanks(p, end);
    if (p < end && *p != '#') {
        p = read_timestamp(p, end, openmetrics, &ret->ts_ms);
        if (!p) {
            *reason = "no timestamp behind the value";
            return NULL;
        }
        ret->has_ts = true;
        p = skip_blanks(p, end);
    }
    if (p == end || (end - p > 2 && p[0] == '#' && is_blank(p[1]) && p[2] == '{'))
        return end;
    *reason = "more text behind the sample";
    return NULL;
}

/* ---- lines ---- */

/* Cuts the next line off `e->rest`, without its end. */
static struct str next_line(struct exposition *e)
{
    const char *from = e->rest.ptr;
    const char *end = memchr(from, '\n', e->rest.len);
    size_t n = end ? (size_t)(end - from) : e->rest.len;
    size_t taken = n + (end != NULL);

    e->rest = str_make(from + taken, e->rest.len - taken);
    e->line_number++;
    if (n && from[n - 1] == '\r')
        n--;
    return str_make(from, n);
}

static struct str cut_word(const char **p, const char *end)
{
    const char *from = *p = skip_blanks(*p, end);
    while (*p < end && !is_blank(**p))
        (*p)++;
    return str_make(from, (size_t)(*p - from));
}

/* "# HELP name text" and its like; `p` stands behind the '#'. False: a plain comment. */
static bool read_comment(const char *p, const char *end, struct exposition_line *ret)
{
    if (p < end && !is_blank(*p))
        return false;
    struct str word = cut_word(&p, end);
    if (str_is(word, "EOF")) {
        ret->kind = EXPOSITION_END;
        return skip_blanks(p, end) == end;
    }
    if (str_is(word, "HELP"))
        ret->kind = EXPOSITION_HELP;
    else if (str_is(word, "TYPE"))
        ret->kind = EXPOSITION_TYPE;
    else if (str_is(word, "UNIT"))
        ret->kind = EXPOSITION_UNIT;
    else
        return false;
    p = skip_blanks(p, end);
    if (p < end && *p == '"') {
        const char *close = quoted_name_end(p + 1, end);
        if (!close)
            return false;
        ret->name = str_make(p + 1, (size_t)(close - p - 1));
        p = close + 1;
    } else {
        ret->name = cut_word(&p, end);
    }
    p = skip_blanks(p, end);
    if (ret->kind == EXPOSITION_HELP)
        ret->text = str_make(p, (size_t)(end - p));
    else
        ret->text = str_trim(str_make(p, (size_t)(end - p)));
    return ret->name.len > 0;
}

/* The brace that ends the label part, whose opening one stands at `p`; NULL when it is not closed.
 */
static const char *labels_end(const char *p, const char *end)
{
    for (p++; p < end; p++) {
        if (*p == '}')
            return p;
        if (*p != '"')
            continue;
        /* A value follows '='; else it is a quoted name. */
        const char *before = p - 1;
        while (is_blank(*before))
            before--;
        p = *before == '=' ? value_end(p + 1, end) : quoted_name_end(p + 1, end);
        if (!p)
            return NULL;
    }
    return NULL;
}

static bool read_sample(struct str line, bool openmetrics, struct exposition_line *ret,
                        const char **reason)
{
    const char *end = line.ptr + line.len;
    const char *p = name_end(line.ptr, end, 1 | 4);

    ret->kind = EXPOSITION_SAMPLE;
    ret->name = str_make(line.ptr, (size_t)(p - line.ptr));
    ret->series = ret->name;
    const char *brace = skip_blanks(p, end);
    if (brace < end && *brace == '{') {
        const char *close = labels_end(brace, end);
        if (!close) {
            *reason = "labels that do not end, or a quote in a value that could end it";
            return false;
        }
        if (!ret->name.len) {
            const char *quote = skip_blanks(brace + 1, close);
            const char *stop = *quote == '"' ? quoted_name_end(quote + 1, close) : NULL;
            if (stop)
                ret->name = str_make(quote + 1, (size_t)(stop - quote - 1));
        }
        p = close + 1;
        ret->series = str_make(line.ptr, (size_t)(p - line.ptr));
    } else if (p == line.ptr || (p < end && !is_blank(*p))) {
        *reason = "no metric name";
        return false;
    }
    return read_tail(p, end, openmetrics, ret, reason) != NULL;
}

int exposition_next(struct exposition *e, struct exposition_line *ret, struct error *err)
{
    const char *reason;

    while (e->rest.len) {
        struct str line = next_line(e);
        const char *end = line.ptr + line.len, *p = skip_blanks(line.ptr, end);
        if (p == end)
            continue;
        *ret = (struct exposition_line){0};
        if (*p == '#') {
            if (read_comment(p + 1, end, ret))
                return 1;
            continue;
        }
        if (read_sample(str_make(p, (size_t)(end - p)), e->openmetrics, ret, &reason))
            return 1;
        return error_set(err, -EBADMSG, "line %zu: %s: '%.*s'", e->line_number, reason,
                         (int)MIN((size_t)(end - p), (size_t)80), p);
    }
    return 0;
}

int exposition_match(struct exposition *e, struct str series, struct exposition_line *ret)
{
    const char *p = e->rest.ptr, *reason;

    if (e->rest.len <= series.len || memcmp(p, series.ptr, series.len) || !is_blank(p[series.len]))
        return 0;
    const char *tail = p + series.len;
    size_t left = e->rest.len - series.len;
    const char *end = memchr(tail, '\n', left);
    const char *next = end ? end + 1 : tail + left;
    if (!end)
        end = next;
    if (end[-1] == '\r')
        end--;
    if (!read_tail(tail, end, e->openmetrics, ret, &reason))
        return 0;
    ret->kind = EXPOSITION_SAMPLE;
    ret->series = str_make(p, series.len);
    ret->name = ret->text = (struct str){0};
    e->rest = str_make(next, left - (size_t)(next - tail));
    e->line_number++;
    return 1;
}

/* ---- labels ---- */

/* Undoes \\ \" \n; other escapes stay as they are. Bytes that are not UTF-8 become U+FFFD. */
static int unescape(struct str s, struct arena *a, struct str *ret)
{
    if (LIKELY(!memchr(s.ptr, '\\', s.len) && str_is_utf8(s))) {
        *ret = s;
        return 0;
    }
    char *to = arena_alloc(a, s.len * 3 + 1); /* U+FFFD has three bytes */
    size_t n = 0;
    if (!to)
        return -ENOMEM;
    for (size_t i = 0; i < s.len;) {
        char next = s.ptr[i] == '\\' && i + 1 < s.len ? s.ptr[i + 1] : '\0';
        size_t bytes = str_utf8_len(s, i);
        if (next == '\\' || next == '"' || next == 'n') {
            to[n++] = next == 'n' ? '\n' : next;
            i += 2;
        } else if (bytes) {
            memcpy(to + n, s.ptr + i, bytes);
            n += bytes;
            i += bytes;
        } else {
            memcpy(to + n, "\xef\xbf\xbd", 3);
            n += 3;
            i++;
        }
    }
    *ret = str_make(to, n);
    return 0;
}

/* What exposition_labels() works on. */
struct reader {
    const char *start, *at, *end;
    struct arena *arena;
    struct label items[LABELS_MAX + 1];
    size_t len;
    struct error *err;
};

static int bad(struct reader *r, const char *reason)
{
    return error_set(r->err, -EBADMSG, "column %zu: %s", (size_t)(r->at - r->start) + 1, reason);
}

static int add_label(struct reader *r, struct str name, struct str value)
{
    if (!value.len) /* an empty value is no label */
        return 0;
    if (r->len > LABELS_MAX)
        return error_set(r->err, -E2BIG, "more than %d labels", LABELS_MAX);
    if (name.len > LABEL_NAME_MAX)
        return error_set(r->err, -E2BIG, "a label name of more than %d bytes", LABEL_NAME_MAX);
    if (value.len > LABEL_VALUE_MAX)
        return error_set(r->err, -E2BIG, "a value of label %.*s of more than %d bytes",
                         STR_ARG(name), LABEL_VALUE_MAX);
    /* Kept sorted: exporters mostly write them in some order, and there are few. */
    size_t at = r->len++;
    for (; at && str_compare(r->items[at - 1].name, name) > 0; at--)
        r->items[at] = r->items[at - 1];
    r->items[at] = (struct label){name, value};
    if (at && str_equal(r->items[at - 1].name, name))
        return error_set(r->err, -EBADMSG, "label %.*s twice", (int)MIN(name.len, (size_t)80),
                         name.ptr);
    return 0;
}

/* A name at r->at, plain or quoted, with the blanks behind it. */
static int read_name(struct reader *r, struct str *ret, bool *ret_quoted)
{
    const char *from = r->at, *stop;
    int code = 0;

    *ret_quoted = from < r->end && *from == '"';
    if (*ret_quoted) {
        stop = quoted_name_end(from + 1, r->end);
        if (!stop)
            return bad(r, "a name that does not end");
        code = unescape(str_make(from + 1, (size_t)(stop - from - 1)), r->arena, ret);
        r->at = stop + 1;
    } else {
        stop = name_end(from, r->end, 1);
        *ret = str_make(from, (size_t)(stop - from));
        r->at = stop;
    }
    if (code)
        return error_errno(r->err, code, "labels");
    if (!ret->len)
        return bad(r, "no label name");
    r->at = skip_blanks(r->at, r->end);
    return 0;
}

/* name="value", or "metric.name" alone. */
static int read_pair(struct reader *r, bool *has_name)
{
    struct str name, value;
    bool quoted;

    int code = read_name(r, &name, &quoted);
    if (code)
        return code;
    if (quoted && r->at < r->end && *r->at != '=') {
        if (*has_name)
            return bad(r, "a second metric name");
        *has_name = true;
        return add_label(r, STR(LABEL_NAME), name);
    }
    if (r->at == r->end || *r->at != '=')
        return bad(r, "no '=' behind the label name");
    r->at = skip_blanks(r->at + 1, r->end);
    if (r->at == r->end || *r->at != '"')
        return bad(r, "no quote before the label value");
    const char *from = ++r->at, *stop = value_end(from, r->end);
    if (!stop)
        return bad(r, "a value that does not end");
    code = unescape(str_make(from, (size_t)(stop - from)), r->arena, &value);
    if (code)
        return error_errno(r->err, code, "labels");
    r->at = stop + 1;
    if (str_equal(name, STR(LABEL_NAME)) && *has_name)
        return bad(r, "a second metric name");
    return add_label(r, name, value);
}

static int read_pairs(struct reader *r, bool has_name)
{
    for (;;) {
        r->at = skip_blanks(r->at, r->end);
        if (r->at < r->end && *r->at == '}')
            return 0;
        int code = read_pair(r, &has_name);
        if (code)
            return code;
        r->at = skip_blanks(r->at, r->end);
        if (r->at < r->end && *r->at == ',')
            r->at++;
        else if (r->at == r->end || *r->at != '}')
            return bad(r, "no comma between labels");
    }
}

int exposition_labels(struct str series, struct arena *a, struct labels *ret, struct error *err)
{
    struct reader r;

    r.start = r.at = series.ptr;
    r.end = series.ptr + series.len;
    r.arena = a;
    r.len = 0;
    r.err = err;
    const char *stop = name_end(r.at, r.end, 1 | 4);
    struct str name = str_make(r.at, (size_t)(stop - r.at));
    int code = add_label(&r, STR(LABEL_NAME), name);
    if (code)
        return code;
    r.at = skip_blanks(stop, r.end);
    if (r.at < r.end) {
        if (*r.at != '{')
            return bad(&r, "no brace behind the metric name");
        r.at++;
        code = read_pairs(&r, name.len > 0);
        if (code)
            return code;
        if (r.at + 1 != r.end)
            return bad(&r, "text behind the labels");
    }
    if (r.len > LABELS_MAX)
        return error_set(err, -E2BIG, "more than %d labels", LABELS_MAX);
    if (!labels_name((struct labels){r.items, r.len}).len)
        return error_set(err, -EBADMSG, "no metric name");
    struct label *items = arena_alloc(a, r.len * sizeof(*items));
    if (!items)
        return error_errno(err, -ENOMEM, "labels");
    memcpy(items, r.items, r.len * sizeof(*items));
    *ret = (struct labels){items, r.len};
    return 0;
}

int exposition_unescape(struct str text, struct arena *a, struct str *ret)
{
    return text.len ? unescape(text, a, ret) : (*ret = text, 0);
}
