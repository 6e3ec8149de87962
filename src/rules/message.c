/* message.c - templates, and numbers as people read them. The functions are those of Prometheus
 * (see `functions`), with its results; a value is printed the way Go prints a float64. */
#include "rules/message.h"

#include "rules/spoken.h"

#include <ctype.h>

#define COMMANDS_MAX  8 /* of one pipeline */
#define WORDS_MAX     8 /* of one command */
#define VERB_SIZE_MAX 16

enum word_kind {
    WORD_VALUE, /* $value */
    WORD_LABEL, /* $labels.x */
    WORD_TEXT   /* "quoted" */
};

struct word {
    enum word_kind kind;
    struct str text; /* name of the label, or the text */
};

enum function {
    FUNCTION_NONE, /* the first command of a pipeline: its one word */
    FUNCTION_HUMANIZE,
    FUNCTION_HUMANIZE_1024,
    FUNCTION_DURATION,
    FUNCTION_PERCENTAGE,
    FUNCTION_UPPER,
    FUNCTION_LOWER,
    FUNCTION_TITLE,
    FUNCTION_STRIP_PORT,
    FUNCTION_STRIP_DOMAIN,
    FUNCTION_TIMESTAMP,
    FUNCTION_PRINTF
};

struct command {
    enum function function;
    struct word words[WORDS_MAX];
    size_t len;
};

struct part {
    struct str text; /* where there are no commands */
    struct command *commands;
    size_t len;
};

struct message {
    struct part *parts;
    size_t len;
};

/* What flows through a pipeline. */
struct value {
    bool is_text;
    double number;
    struct str text;
};

static const struct {
    const char *name;
    enum function function;
} functions[] = {
    {"humanize", FUNCTION_HUMANIZE},
    {"humanize1024", FUNCTION_HUMANIZE_1024},
    {"humanizeDuration", FUNCTION_DURATION},
    {"humanizePercentage", FUNCTION_PERCENTAGE},
    {"toUpper", FUNCTION_UPPER},
    {"toLower", FUNCTION_LOWER},
    {"title", FUNCTION_TITLE},
    {"stripPort", FUNCTION_STRIP_PORT},
    {"stripDomain", FUNCTION_STRIP_DOMAIN},
    {"humanizeTimestamp", FUNCTION_TIMESTAMP},
    {"printf", FUNCTION_PRINTF},
};

/* ---- reading ---- */

/* Takes the next word off *rest: quoted text, or what stands before a blank or '|'. */
static int take_word(struct str *rest, struct arena *a, struct str *ret, bool *ret_quoted,
                     struct error *err)
{
    size_t n = 0;

    *ret_quoted = rest->len && (*rest->ptr == '"' || *rest->ptr == '`');
    if (!*ret_quoted) {
        while (n < rest->len && rest->ptr[n] != ' ' && rest->ptr[n] != '\t' && rest->ptr[n] != '|')
            n++;
        *ret = str_make(rest->ptr, n);
        *rest = str_make(rest->ptr + n, rest->len - n);
        return 0;
    }
    char quote = *rest->ptr;
    char *text = arena_alloc(a, rest->len);
    size_t len = 0;
    if (!text)
        return error_errno(err, -ENOMEM, "template");
    for (n = 1; n < rest->len && rest->ptr[n] != quote; n++) {
        if (quote == '"' && rest->ptr[n] == '\\') {
            char c = n + 1 < rest->len ? rest->ptr[n + 1] : '\0';
            if (c != '"' && c != '\\' && c != 'n' && c != 't')
                return error_set(err, -EINVAL, "template: escape that is not understood");
            text[len++] = c == 'n' ? '\n' : c == 't' ? '\t' : c;
            n++;
        } else {
            text[len++] = rest->ptr[n];
        }
    }
    if (n >= rest->len)
        return error_set(err, -EINVAL, "template: text without its closing quote");
    *ret = str_make(text, len);
    *rest = str_make(rest->ptr + n + 1, rest->len - n - 1);
    return 0;
}

static int read_operand(struct str text, bool quoted, struct word *ret, struct error *err)
{
    static const struct str labels[] = {{"$labels.", 8}, {".Labels.", 8}};

    *ret = (struct word){WORD_TEXT, text};
    if (quoted)
        return 0;
    if (str_is(text, "$value") || str_is(text, ".Value")) {
        ret->kind = WORD_VALUE;
        return 0;
    }
    for (size_t i = 0; i < ARRAY_LEN(labels); i++) {
        struct str name = text;
        if (!str_starts(text, labels[i]))
            continue;
        name = str_make(text.ptr + labels[i].len, text.len - labels[i].len);
        if (!label_name_is_valid(name))
            break;
        *ret = (struct word){WORD_LABEL, name};
        return 0;
    }
    return error_set(err, -EINVAL,
                     "template: '%.*s' is not understood (known: $value, $labels.NAME, \"text\", "
                     "humanize and its kin, toUpper, toLower, title, stripPort, stripDomain, "
                     "printf)",
                     (int)MIN(text.len, 60), text.ptr);
}

/* One verb behind a '%': its length, 0 when it is not one we know. */
static size_t verb_length(struct str s)
{
    size_t n = 0, digits = 0;

    while (n < s.len && memchr("+-0 ", s.ptr[n], 4) && n < 4)
        n++;
    while (n < s.len && isdigit((unsigned char)s.ptr[n]) && digits++ < 2)
        n++;
    if (n < s.len && s.ptr[n] == '.') {
        n++;
        digits = 0;
        while (n < s.len && isdigit((unsigned char)s.ptr[n]) && digits++ < 2)
            n++;
    }
    return n < s.len && memchr("feEgGsv", s.ptr[n], 7) ? n + 1 : 0;
}

/* Number of arguments that a format wants; SIZE_MAX when it has a verb that we do not know. */
static size_t verb_count(struct str format, bool *ret_texts)
{
    size_t count = 0;

    *ret_texts = false;
    for (size_t i = 0; i < format.len; i++) {
        if (format.ptr[i] != '%')
            continue;
        if (i + 1 < format.len && format.ptr[i + 1] == '%') {
            i++;
            continue;
        }
        size_t n = verb_length(str_make(format.ptr + i + 1, format.len - i - 1));
        if (!n)
            return SIZE_MAX;
        *ret_texts = *ret_texts || format.ptr[i + n] == 's';
        i += n;
        count++;
    }
    return count;
}

/* Checks what a command is given, by itself and (`piped`) from the one before it. */
static int check_command(const struct command *c, bool piped, struct error *err)
{
    size_t given = c->len + piped;
    bool texts;

    if (c->function == FUNCTION_NONE)
        return given == 1 ? 0 : error_set(err, -EINVAL, "template: one value is wanted");
    if (c->function != FUNCTION_PRINTF)
        return given == 1 ? 0 : error_set(err, -EINVAL, "template: a function takes one value");
    if (!c->len || c->words[0].kind != WORD_TEXT)
        return error_set(err, -EINVAL, "template: printf wants a format in quotes");
    size_t verbs = verb_count(c->words[0].text, &texts);
    if (verbs == SIZE_MAX)
        return error_set(err, -EINVAL, "template: printf knows %%f, %%e, %%g, %%s and %%v");
    if (verbs != given - 1)
        return error_set(err, -EINVAL, "template: printf is given %zu values for %zu verbs",
                         given - 1, verbs);
    return 0;
}

static int read_command(struct str *rest, bool first, struct arena *a, struct command *c,
                        struct error *err)
{
    bool started = false;

    for (;; started = true) {
        struct str text = {0};
        bool quoted;
        *rest = str_trim(*rest);
        if (!rest->len || *rest->ptr == '|')
            break;
        int code = take_word(rest, a, &text, &quoted, err);
        if (code)
            return code;
        for (size_t i = 0; i < ARRAY_LEN(functions) && !started && !quoted; i++)
            if (str_is(text, functions[i].name))
                c->function = functions[i].function;
        if (!started && c->function)
            continue;
        if (c->len == WORDS_MAX)
            return error_set(err, -EINVAL, "template: more than %d values", WORDS_MAX);
        code = read_operand(text, quoted, &c->words[c->len++], err);
        if (code)
            return code;
    }
    if (!started || (!first && !c->function))
        return error_set(err, -EINVAL, "template: a function is wanted");
    return check_command(c, !first, err);
}

static int read_action(struct str text, struct arena *a, struct part *part, struct error *err)
{
    part->commands = arena_calloc(a, COMMANDS_MAX, sizeof(*part->commands));
    if (!part->commands)
        return error_errno(err, -ENOMEM, "template");
    for (;;) {
        if (part->len == COMMANDS_MAX)
            return error_set(err, -EINVAL, "template: more than %d functions", COMMANDS_MAX);
        int code = read_command(&text, !part->len, a, &part->commands[part->len], err);
        if (code)
            return code;
        part->len++;
        if (!text.len)
            return 0;
        text = str_make(text.ptr + 1, text.len - 1); /* the '|' */
    }
}

/* Where "{{" (or "}}") stands in `s`; its length when nowhere. */
static size_t find_braces(struct str s, char brace)
{
    size_t at = 0;

    while (at + 1 < s.len && !(s.ptr[at] == brace && s.ptr[at + 1] == brace))
        at++;
    return at + 1 < s.len ? at : s.len;
}

static bool is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

/* A '-' with a blank behind the opening or before the closing braces takes the blanks of the text
 * beside it away. */
static bool trims_before(struct str *action)
{
    if (action->len < 2 || action->ptr[0] != '-' || !is_blank(action->ptr[1]))
        return false;
    *action = str_make(action->ptr + 1, action->len - 1);
    return true;
}

static bool trims_behind(struct str *action)
{
    if (action->len < 2 || action->ptr[action->len - 1] != '-' ||
        !is_blank(action->ptr[action->len - 2]))
        return false;
    action->len--;
    return true;
}

int message_parse(struct str text, struct arena *a, const struct message **ret, struct error *err)
{
    struct message *m = arena_new(a, struct message);
    size_t wanted = 1;

    for (size_t i = 0; i + 1 < text.len; i++)
        wanted += text.ptr[i] == '{' && text.ptr[i + 1] == '{' ? 2 : 0;
    if (wanted > MESSAGE_PARTS_MAX)
        return error_set(err, -EINVAL, "template: more than %d parts", MESSAGE_PARTS_MAX);
    if (m)
        m->parts = arena_calloc(a, wanted, sizeof(*m->parts));
    if (!m || !m->parts)
        return error_errno(err, -ENOMEM, "template");
    while (text.len) {
        size_t open = find_braces(text, '{');
        if (open)
            m->parts[m->len++].text = str_make(text.ptr, open);
        text = str_make(text.ptr + open, text.len - open);
        if (!text.len)
            break;
        text = str_make(text.ptr + 2, text.len - 2);
        size_t end = find_braces(text, '}');
        if (end == text.len)
            return error_set(err, -EINVAL, "template: '{{' without its '}}'");
        struct str action = str_make(text.ptr, end);
        struct str *before = open ? &m->parts[m->len - 1].text : NULL;
        for (bool trim = trims_before(&action);
             trim && before && before->len && is_blank(before->ptr[before->len - 1]);)
            before->len--;
        bool behind = trims_behind(&action);
        int code = read_action(action, a, &m->parts[m->len++], err);
        if (code)
            return code;
        for (text = str_make(text.ptr + end + 2, text.len - end - 2);
             behind && text.len && is_blank(*text.ptr);)
            text = str_make(text.ptr + 1, text.len - 1);
    }
    *ret = m;
    return 0;
}

/* ---- numbers ---- */

/* "%.4g" as Go has it. */
static void four_digits(double v, const char *behind, struct buf *to)
{
    if (isnan(v) || isinf(v))
        buf_double(to, v);
    else
        buf_printf(to, "%.4g", v);
    buf_text(to, behind);
}

static void plain_number(double v, struct buf *to)
{
    char text[NUM_MAX_TEXT];

    buf_add(to, text, num_print_brief(text, v));
}

static void humanize(double v, double base, struct buf *to)
{
    static const char *const large[] = {"k", "M", "G", "T", "P", "E", "Z", "Y"};
    static const char *const large_1024[] = {"ki", "Mi", "Gi", "Ti", "Pi", "Ei", "Zi", "Yi"};
    static const char *const small[] = {"m", "u", "n", "p", "f", "a", "z", "y"};
    const char *prefix = "";

    if (v == 0 || isnan(v) || isinf(v) || (base > 1000 && fabs(v) <= 1)) {
        four_digits(v, "", to);
        return;
    }
    if (fabs(v) >= 1) {
        for (size_t i = 0; i < ARRAY_LEN(large) && fabs(v) >= base; i++) {
            prefix = base > 1000 ? large_1024[i] : large[i];
            v /= base;
        }
    } else {
        for (size_t i = 0; i < ARRAY_LEN(small) && fabs(v) < 1; i++) {
            prefix = small[i];
            v *= 1000;
        }
    }
    four_digits(v, prefix, to);
}

static void humanize_duration(double v, struct buf *to)
{
    if (isnan(v) || isinf(v)) {
        four_digits(v, "", to);
    } else if (v == 0) {
        buf_text(to, "0s");
    } else if (fabs(v) < 1) {
        humanize(v, 1000, to);
        buf_char(to, 's');
    } else if (fabs(v) >= 9e18) { /* past what whole seconds can hold */
        four_digits(v, "s", to);
    } else {
        const char *sign = v < 0 ? "-" : "";
        int64_t whole = (int64_t)fabs(v);
        int64_t days = whole / 86400, hours = whole / 3600 % 24, minutes = whole / 60 % 60;
        int64_t seconds = whole % 60;
        if (days)
            buf_printf(to, "%s%" PRId64 "d %" PRId64 "h %" PRId64 "m %" PRId64 "s", sign, days,
                       hours, minutes, seconds);
        else if (hours)
            buf_printf(to, "%s%" PRId64 "h %" PRId64 "m %" PRId64 "s", sign, hours, minutes,
                       seconds);
        else if (minutes)
            buf_printf(to, "%s%" PRId64 "m %" PRId64 "s", sign, minutes, seconds);
        else
            four_digits(v, "s", to);
    }
}

/* ---- saying ---- */

static struct value word_value(const struct word *w, struct labels labels, double value)
{
    if (w->kind == WORD_VALUE)
        return (struct value){.number = value};
    return (struct value){.is_text = true,
                          .text = w->kind == WORD_LABEL ? labels_get(labels, w->text) : w->text};
}

static void print_value(struct value v, struct buf *to)
{
    if (v.is_text)
        buf_str_add(to, v.text);
    else
        plain_number(v.number, to);
}

/* `verb` is what verb_length() took, without '%'. */
static void print_verb(struct str verb, struct value v, struct buf *to)
{
    char format[VERB_SIZE_MAX + 2], kind = verb.ptr[verb.len - 1];
    struct buf text;

    snprintf(format, sizeof(format), "%%%.*s", STR_ARG(verb));
    bool numeric = kind != 's' && kind != 'v';
    if (numeric && v.is_text && !num_parse(v.text, &v.number)) {
        buf_str_add(to, v.text);
        return;
    }
    buf_init(&text, MESSAGE_BYTES_MAX);
    if (numeric && !isnan(v.number) && !isinf(v.number)) {
        bool shortest = (kind == 'g' || kind == 'G') && !memchr(verb.ptr, '.', verb.len);
        char piece[512]; /* 309 digits before the point and 99 behind it at most */
        if (shortest) {
            plain_number(v.number, to);
        } else {
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
            /* verb_length() let nothing through but flags, width, precision and one of feEgG */
            int len = snprintf(piece, sizeof(piece), format, v.number);
#pragma GCC diagnostic pop
            buf_add(to, piece, MIN((size_t)MAX(len, 0), sizeof(piece) - 1));
        }
    } else {
        if (numeric)
            buf_double(&text, v.number);
        else
            print_value(v, &text);
        buf_str_add(to, buf_str(&text));
    }
    buf_fini(&text);
}

static void print_formatted(struct str format, const struct value *values, struct buf *to)
{
    size_t at = 0;

    for (size_t i = 0; i < format.len; i++) {
        if (format.ptr[i] != '%') {
            buf_char(to, format.ptr[i]);
        } else if (i + 1 < format.len && format.ptr[i + 1] == '%') {
            buf_char(to, '%');
            i++;
        } else {
            size_t n = verb_length(str_make(format.ptr + i + 1, format.len - i - 1));
            print_verb(str_make(format.ptr + i + 1, n), values[at++], to);
            i += n;
        }
    }
}

static void call(enum function function, struct value v, struct buf *to)
{
    bool upper = function == FUNCTION_UPPER;

    if (upper || function == FUNCTION_LOWER) {
        size_t from = to->len;
        print_value(v, to);
        for (size_t i = from; i < to->len; i++)
            to->ptr[i] = (char)(upper ? toupper((unsigned char)to->ptr[i])
                                      : tolower((unsigned char)to->ptr[i]));
        return;
    }
    if (function == FUNCTION_TITLE || function == FUNCTION_STRIP_PORT ||
        function == FUNCTION_STRIP_DOMAIN) {
        struct buf text;
        buf_init(&text, MESSAGE_BYTES_MAX);
        print_value(v, &text);
        (function == FUNCTION_TITLE        ? spoken_title
         : function == FUNCTION_STRIP_PORT ? spoken_strip_port
                                           : spoken_strip_domain)(buf_str(&text), to);
        buf_fini(&text);
        return;
    }
    if (v.is_text && !num_parse(v.text, &v.number))
        buf_str_add(to, v.text); /* not a number: as it is */
    else if (function == FUNCTION_HUMANIZE)
        humanize(v.number, 1000, to);
    else if (function == FUNCTION_HUMANIZE_1024)
        humanize(v.number, 1024, to);
    else if (function == FUNCTION_DURATION)
        humanize_duration(v.number, to);
    else if (function == FUNCTION_TIMESTAMP)
        spoken_timestamp(v.number, to);
    else
        four_digits(v.number * 100, "%", to);
}

static void expand_action(const struct part *part, struct labels labels, double value,
                          struct buf *to)
{
    struct buf texts[2]; /* what one command says, for the next */
    struct value v = {0};

    buf_init(&texts[0], MESSAGE_BYTES_MAX);
    buf_init(&texts[1], MESSAGE_BYTES_MAX);
    for (size_t i = 0; i < part->len; i++) {
        const struct command *c = &part->commands[i];
        struct buf *out = &texts[i % 2];
        struct value values[WORDS_MAX + 1];
        size_t n = 0;
        for (size_t k = 0; k < c->len; k++)
            values[n++] = word_value(&c->words[k], labels, value);
        if (i)
            values[n++] = v;
        if (c->function == FUNCTION_NONE) {
            v = values[0];
            continue;
        }
        buf_reset(out);
        if (c->function == FUNCTION_PRINTF)
            print_formatted(values[0].text, values + 1, out);
        else
            call(c->function, values[0], out);
        v = (struct value){.is_text = true, .text = buf_str(out)};
    }
    print_value(v, to);
    buf_fini(&texts[0]);
    buf_fini(&texts[1]);
}

void message_expand(const struct message *m, struct labels labels, double value, struct buf *to)
{
    for (size_t i = 0; i < m->len; i++) {
        if (m->parts[i].len)
            expand_action(&m->parts[i], labels, value, to);
        else
            buf_str_add(to, m->parts[i].text);
    }
}
