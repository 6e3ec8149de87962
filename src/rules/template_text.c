/* template_text.c - functions on texts: print and its kin, escaping, case, names of hosts, regular
 * expressions, links. Results are those of Go's text/template, strings, regexp and net/url. */
#include "rules/spoken.h"
#include "rules/template_format.h"
#include "rules/template_functions.h"

/* ---- printing ---- */

static int call_print(struct template_call *c, const struct template_value *args, size_t n,
                      struct template_value *ret)
{
    struct buf text;

    buf_init(&text, TEMPLATE_BYTES_MAX);
    template_format_print(args, n, &text);
    return template_call_text(c, &text, ret);
}

static int call_println(struct template_call *c, const struct template_value *args, size_t n,
                        struct template_value *ret)
{
    struct buf text;

    buf_init(&text, TEMPLATE_BYTES_MAX);
    template_format_println(args, n, &text);
    return template_call_text(c, &text, ret);
}

static int call_printf(struct template_call *c, const struct template_value *args, size_t n,
                       struct template_value *ret)
{
    struct buf text;

    buf_init(&text, TEMPLATE_BYTES_MAX);
    template_format_printf(args[0].text, args + 1, n - 1, &text);
    return template_call_text(c, &text, ret);
}

/* ---- escaping ---- */

static void escape_html(struct str s, struct buf *to)
{
    for (size_t i = 0; i < s.len; i++) {
        switch (s.ptr[i]) {
        case '\0':
            buf_text(to, "\xef\xbf\xbd");
            break;
        case '"':
            buf_text(to, "&#34;");
            break;
        case '\'':
            buf_text(to, "&#39;");
            break;
        case '&':
            buf_text(to, "&amp;");
            break;
        case '<':
            buf_text(to, "&lt;");
            break;
        case '>':
            buf_text(to, "&gt;");
            break;
        default:
            buf_char(to, s.ptr[i]);
            break;
        }
    }
}

static void escape_js(struct str s, struct buf *to)
{
    for (size_t i = 0; i < s.len;) {
        unsigned char c = (unsigned char)s.ptr[i];
        size_t len = str_utf8_len(s, i);
        uint32_t character = len ? str_utf8_get(s.ptr + i, len) : 0xfffd;
        if (c == '\\' || c == '\'' || c == '"')
            buf_printf(to, "\\%c", c);
        else if (c < ' ' || (c < 0x80 && strchr("<>&=", c)) ||
                 (character >= 0x7f && character < 0xa1) || character == 0xad || !len)
            buf_printf(to, "\\u%04X", (unsigned)character);
        else
            buf_add(to, s.ptr + i, len);
        i += len ? len : 1;
    }
}

/* As a part of a query: a blank is a '+'. */
static void escape_query(struct str s, struct buf *to)
{
    while (s.len) {
        const char *blank = memchr(s.ptr, ' ', s.len);
        size_t plain = blank ? (size_t)(blank - s.ptr) : s.len;
        buf_escape(to, str_make(s.ptr, plain));
        if (blank)
            buf_char(to, '+');
        plain += blank != NULL;
        s = str_make(s.ptr + plain, s.len - plain);
    }
}

static int escaped(struct template_call *c, const struct template_value *args, size_t n,
                   void (*escape)(struct str s, struct buf *to), struct template_value *ret)
{
    struct buf plain, text;

    buf_init(&plain, TEMPLATE_BYTES_MAX);
    buf_init(&text, TEMPLATE_BYTES_MAX);
    template_format_escapable(args, n, &plain);
    escape(buf_str(&plain), &text);
    text.failed = text.failed || plain.failed;
    buf_fini(&plain);
    return template_call_text(c, &text, ret);
}

static int call_html(struct template_call *c, const struct template_value *args, size_t n,
                     struct template_value *ret)
{
    return escaped(c, args, n, escape_html, ret);
}

static int call_js(struct template_call *c, const struct template_value *args, size_t n,
                   struct template_value *ret)
{
    return escaped(c, args, n, escape_js, ret);
}

static int call_urlquery(struct template_call *c, const struct template_value *args, size_t n,
                         struct template_value *ret)
{
    return escaped(c, args, n, escape_query, ret);
}

/* Alerts are no HTML: nothing is escaped by itself here, and what is said to be safe is as it was.
 */
static int call_safe_html(struct template_call *c, const struct template_value *args, size_t n,
                          struct template_value *ret)
{
    (void)c;
    (void)n;
    *ret = args[0];
    return 0;
}

/* ---- case, names ---- */

static int in_case(struct template_call *c, struct str s, bool upper, struct template_value *ret)
{
    struct str text;
    int code = letter_case(s, upper, c->arena, &text);

    *ret = value_of_text(text);
    return code;
}

static int call_to_upper(struct template_call *c, const struct template_value *args, size_t n,
                         struct template_value *ret)
{
    (void)n;
    return in_case(c, args[0].text, true, ret);
}

static int call_to_lower(struct template_call *c, const struct template_value *args, size_t n,
                         struct template_value *ret)
{
    (void)n;
    return in_case(c, args[0].text, false, ret);
}

static int spoken(struct template_call *c, struct str s,
                  void (*speak)(struct str s, struct buf *to), struct template_value *ret)
{
    struct buf text;

    buf_init(&text, TEMPLATE_BYTES_MAX);
    speak(s, &text);
    return template_call_text(c, &text, ret);
}

static int call_title(struct template_call *c, const struct template_value *args, size_t n,
                      struct template_value *ret)
{
    (void)n;
    return spoken(c, args[0].text, spoken_title, ret);
}

static int call_strip_port(struct template_call *c, const struct template_value *args, size_t n,
                           struct template_value *ret)
{
    (void)n;
    return spoken(c, args[0].text, spoken_strip_port, ret);
}

static int call_strip_domain(struct template_call *c, const struct template_value *args, size_t n,
                             struct template_value *ret)
{
    (void)n;
    return spoken(c, args[0].text, spoken_strip_domain, ret);
}

/* ---- regular expressions ---- */

static int find(struct template_call *c, struct str pattern, struct regex **ret)
{
    struct error err;
    int code = regex_new_search(pattern, ret, &err);

    return code == -EINVAL ? template_call_fail(c, "%s", err.text) : code;
}

static int too_slow(struct template_call *c)
{
    return template_call_fail(c, "the regular expression takes too many steps on this text");
}

static int call_match(struct template_call *c, const struct template_value *args, size_t n,
                      struct template_value *ret)
{
    struct regex *re;
    int code = find(c, args[0].text, &re);

    (void)n;
    if (code)
        return code;
    int found = regex_match(re, args[1].text);
    regex_free(re);
    *ret = value_of_bool(found == 1);
    return found < 0 ? too_slow(c) : 0;
}

static int call_replace(struct template_call *c, const struct template_value *args, size_t n,
                        struct template_value *ret)
{
    struct regex *re;
    struct buf text;
    int code = find(c, args[0].text, &re);

    (void)n;
    if (code)
        return code;
    buf_init(&text, TEMPLATE_BYTES_MAX);
    code = regex_replace(re, args[2].text, args[1].text, c->deadline_mono_ns, &text);
    regex_free(re);
    if (!code)
        return template_call_text(c, &text, ret);
    buf_fini(&text);
    return too_slow(c);
}

/* ---- links ---- */

/* To the page that draws or lists an expression; it stands behind externalURL. */
static int link_to(struct template_call *c, struct str expr, const char *tab,
                   struct template_value *ret)
{
    struct buf text;

    buf_init(&text, TEMPLATE_BYTES_MAX);
    buf_text(&text, "/graph?g0.expr=");
    escape_query(expr, &text);
    buf_text(&text, tab);
    return template_call_text(c, &text, ret);
}

static int call_graph_link(struct template_call *c, const struct template_value *args, size_t n,
                           struct template_value *ret)
{
    (void)n;
    return link_to(c, args[0].text, "&g0.tab=0", ret);
}

static int call_table_link(struct template_call *c, const struct template_value *args, size_t n,
                           struct template_value *ret)
{
    (void)n;
    return link_to(c, args[0].text, "&g0.tab=1", ret);
}

static int call_external_url(struct template_call *c, const struct template_value *args, size_t n,
                             struct template_value *ret)
{
    (void)args;
    (void)n;
    *ret = value_of_text(c->in->external_url);
    return 0;
}

/* The path of the external URL. */
static int call_path_prefix(struct template_call *c, const struct template_value *args, size_t n,
                            struct template_value *ret)
{
    struct str url = c->in->external_url;
    const char *host = url.len ? memmem(url.ptr, url.len, "://", 3) : NULL;
    size_t at = host ? (size_t)(host - url.ptr) + 3 : 0, end;

    (void)args;
    (void)n;
    while (at < url.len && !strchr("/?#", url.ptr[at]))
        at++;
    for (end = at; end < url.len && !strchr("?#", url.ptr[end]);)
        end++;
    *ret = value_of_text(str_make(url.ptr + at, end - at));
    return 0;
}

#define ONE_TEXT                                                                                   \
    {                                                                                              \
        PARAMETER_TEXT                                                                             \
    }

const struct template_function template_text_functions[] = {
    {"print", 0, true, {0}, call_print},
    {"println", 0, true, {0}, call_println},
    {"printf", 1, true, {PARAMETER_TEXT, PARAMETER_ANY}, call_printf},
    {"html", 0, true, {0}, call_html},
    {"js", 0, true, {0}, call_js},
    {"urlquery", 0, true, {0}, call_urlquery},
    {"urlQueryEscape", 1, false, ONE_TEXT, call_urlquery},
    {"safeHtml", 1, false, ONE_TEXT, call_safe_html},
    {"toUpper", 1, false, ONE_TEXT, call_to_upper},
    {"toLower", 1, false, ONE_TEXT, call_to_lower},
    {"title", 1, false, ONE_TEXT, call_title},
    {"stripPort", 1, false, ONE_TEXT, call_strip_port},
    {"stripDomain", 1, false, ONE_TEXT, call_strip_domain},
    {"match", 2, false, {PARAMETER_TEXT, PARAMETER_TEXT}, call_match},
    {"reReplaceAll", 3, false, {PARAMETER_TEXT, PARAMETER_TEXT, PARAMETER_TEXT}, call_replace},
    {"graphLink", 1, false, ONE_TEXT, call_graph_link},
    {"tableLink", 1, false, ONE_TEXT, call_table_link},
    {"externalURL", 0, false, {0}, call_external_url},
    {"pathPrefix", 0, false, {0}, call_path_prefix},
    {NULL, 0, false, {0}, NULL},
};
