/* regex.c - the only file that knows PCRE2. Rules of the gate:
 *
 * 1. regex_parse() takes RE2's language only; what it gives is written anew for PCRE2, with every
 *    flag, name and class resolved, so that nothing PCRE2 alone understands can get through.
 * 2. Subject and pattern are UTF-8; a value that is not has its bad bytes replaced by U+FFFD first,
 *    as Go sees them. No Unicode properties for \d \w \b, newline is LF, $ is the very end.
 * 3. A match ends after STEPS_MAX steps (0.2 to 0.5 ms on hostile patterns); the caller gets
 *    -ERANGE and must end the query, since a million such values would take minutes.
 * 4. Sets of literals, and literals with .* or .+ between them, never reach the engine.
 *
 * On 640,000 random pairs of pattern and value Go's regexp and this file agreed on every match.
 * What is refused beyond RE2: a repeat right behind (?flags), and \p under (?i). What differs: the
 * text of a capture inside a repeat, when the capture may be empty. */
#include "metric/regex.h"

#include "metric/regex_write.h"

#include <pthread.h>
#include <stdlib.h>

#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>

#define STEPS_MAX          100000
#define HEAP_MAX_KIB       16384 /* of one match without JIT */
#define JIT_STACK_FIRST    ((size_t)32 << 10)
#define JIT_STACK_MAX      ((size_t)1 << 20)
#define ENGINE_NESTING_MAX 1000 /* our groups and those we add: 3 for each of REGEX_NESTING_MAX */
#define LITERALS_MAX       1024 /* of one set, after a(b|c)d is multiplied out */
#define LITERAL_BYTES_MAX  65536
#define PIECES_MAX         32

/* Literals with gaps of any characters between them: piece, gap, piece, ... piece. */
struct glob {
    struct str pieces[PIECES_MAX];
    bool least_one[PIECES_MAX]; /* of the gap behind a piece: .+ and not .* */
    size_t gaps;                /* pieces less one */
};

struct regex {
    struct arena arena; /* everything below but the engine's own */
    struct str *names;
    size_t captures;
    struct str *literals; /* sorted, distinct */
    size_t literal_len;
    struct glob *glob; /* NULL: neither */
    struct str prefix;
    bool whole_capture; /* (.*): the one capture is the value */
    bool jit;
    pcre2_code *code;
};

/* ---- what can be told without an engine ---- */

/* ^ at the front and $ at the end say nothing in an anchored expression. */
static void strip_anchors(struct regex_node *node)
{
    switch (node->kind) {
    case REGEX_ASSERT:
        if (str_is(node->text, "\\A") || str_is(node->text, "\\z"))
            node->kind = REGEX_EMPTY;
        break;
    case REGEX_GROUP:
        strip_anchors(node->first);
        break;
    case REGEX_ALTERNATE:
        for (struct regex_node *it = node->first; it; it = it->next)
            strip_anchors(it);
        break;
    case REGEX_CONCAT: {
        struct regex_node *last = node->first;
        while (last->next)
            last = last->next;
        if (node->first->kind == REGEX_ASSERT && str_is(node->first->text, "\\A"))
            node->first->kind = REGEX_EMPTY;
        if (last->kind == REGEX_ASSERT && str_is(last->text, "\\z"))
            last->kind = REGEX_EMPTY;
        break;
    }
    default:
        break;
    }
}

struct literal_set {
    struct str *items;
    size_t len, bytes;
};

static bool is_plain_char(const struct regex_node *node)
{
    return node->kind == REGEX_CHAR && !(node->fold && regex_has_case(node->rune));
}

static bool set_add(struct literal_set *set, struct arena *a, struct str head, struct str tail)
{
    size_t n = head.len + tail.len;

    if (set->len == LITERALS_MAX || set->bytes + n > LITERAL_BYTES_MAX)
        return false;
    if (!set->items && !(set->items = arena_calloc(a, LITERALS_MAX, sizeof(struct str))))
        return false;
    char *text = arena_alloc(a, n + 1);
    if (!text)
        return false;
    if (head.len)
        memcpy(text, head.ptr, head.len);
    if (tail.len)
        memcpy(text + head.len, tail.ptr, tail.len);
    set->items[set->len++] = str_make(text, n);
    set->bytes += n;
    return true;
}

static bool literals_of(const struct regex_node *node, struct arena *a, struct literal_set *ret);

/* Each of `left` before each of `right`. */
static bool set_product(struct literal_set *left, const struct literal_set *right, struct arena *a)
{
    struct literal_set product = {0};

    for (size_t i = 0; i < left->len; i++)
        for (size_t k = 0; k < right->len; k++)
            if (!set_add(&product, a, left->items[i], right->items[k]))
                return false;
    *left = product;
    return true;
}

/* The plain characters from `*it` on as one text; `*it` is moved behind them. Allocated, not on the
 * stack, since literals_of() calls itself. */
static bool plain_run(const struct regex_node **it, struct arena *a, struct str *ret)
{
    size_t count = 0;

    for (const struct regex_node *at = *it; at && is_plain_char(at); at = at->next)
        count++;
    char *text = arena_alloc(a, count * 4 + 1);
    *ret = str_make(text, 0);
    for (; text && count; count--, *it = (*it)->next)
        ret->len += str_utf8_put(text + ret->len, (*it)->rune);
    return text != NULL;
}

static bool literals_of_concat(const struct regex_node *node, struct arena *a,
                               struct literal_set *ret)
{
    const struct regex_node *it = node->first;

    if (!set_add(ret, a, STR(""), STR("")))
        return false;
    while (it) {
        struct literal_set part = {0};
        struct str run;
        if (!is_plain_char(it)) {
            if (!literals_of(it, a, &part))
                return false;
            it = it->next;
        } else if (!plain_run(&it, a, &run) || !set_add(&part, a, run, STR(""))) {
            return false;
        }
        if (!set_product(ret, &part, a))
            return false;
    }
    return true;
}

/* Appends every string that `node` stands for to `ret`; false when they are not a small set. */
static bool literals_of(const struct regex_node *node, struct arena *a, struct literal_set *ret)
{
    char utf8[4];

    switch (node->kind) {
    case REGEX_EMPTY:
        return set_add(ret, a, STR(""), STR(""));
    case REGEX_CHAR:
        return is_plain_char(node) &&
               set_add(ret, a, str_make(utf8, str_utf8_put(utf8, node->rune)), STR(""));
    case REGEX_CLASS:
        if (node->fold || !node->members.len)
            return false;
        for (size_t i = 0; i < node->members.len; i++)
            if (!set_add(ret, a, str_make(node->members.ptr + i, 1), STR("")))
                return false;
        return true;
    case REGEX_GROUP:
        return literals_of(node->first, a, ret);
    case REGEX_ALTERNATE:
        for (const struct regex_node *it = node->first; it; it = it->next)
            if (!literals_of(it, a, ret))
                return false;
        return true;
    case REGEX_CONCAT: {
        struct literal_set whole = {0};
        if (!literals_of_concat(node, a, &whole))
            return false;
        for (size_t i = 0; i < whole.len; i++)
            if (!set_add(ret, a, whole.items[i], STR("")))
                return false;
        return true;
    }
    default:
        return false;
    }
}

static int by_bytes(const void *a, const void *b)
{
    return str_compare(*(const struct str *)a, *(const struct str *)b);
}

static size_t common_prefix(struct str a, struct str b)
{
    size_t n = 0;
    while (n < a.len && n < b.len && a.ptr[n] == b.ptr[n])
        n++;
    return n;
}

/* Finds the literals of the whole pattern, in an arena of its own since most of the work is thrown
 * away. */
static int find_literals(struct regex *re, const struct regex_node *root)
{
    struct literal_set set = {0};
    struct arena work;
    int code = 0;

    arena_init(&work, (size_t)32 << 20); /* a bound for products; past it there is no set */
    if (literals_of(root, &work, &set)) {
        qsort(set.items, set.len, sizeof(struct str), by_bytes);
        re->literals = arena_calloc(&re->arena, set.len, sizeof(struct str));
        char *text = arena_alloc(&re->arena, set.bytes + 1);
        if (!re->literals || !text)
            code = -ENOMEM;
        for (size_t i = 0; !code && i < set.len; i++) {
            struct str it = set.items[i];
            if (re->literal_len && str_equal(re->literals[re->literal_len - 1], it))
                continue;
            if (it.len)
                memcpy(text, it.ptr, it.len);
            re->literals[re->literal_len++] = str_make(text, it.len);
            text += it.len;
        }
    }
    arena_fini(&work);
    if (re->literal_len) {
        struct str first = re->literals[0];
        re->prefix = str_make(first.ptr, common_prefix(first, re->literals[re->literal_len - 1]));
    }
    return code;
}

/* Continues `glob` by what `node` stands for, text going to `to`; false when it is no glob. */
static bool glob_add(struct glob *glob, const struct regex_node *node, char **to)
{
    struct str *piece = &glob->pieces[glob->gaps];

    switch (node->kind) {
    case REGEX_EMPTY:
        return true;
    case REGEX_CHAR: {
        if (!is_plain_char(node))
            return false;
        size_t n = str_utf8_put(*to, node->rune);
        if (!piece->ptr)
            piece->ptr = *to;
        piece->len += n;
        *to += n;
        return true;
    }
    case REGEX_GROUP:
        return glob_add(glob, node->first, to);
    case REGEX_CONCAT:
        for (const struct regex_node *it = node->first; it; it = it->next)
            if (!glob_add(glob, it, to))
                return false;
        return true;
    case REGEX_REPEAT:
        if (node->first->kind != REGEX_ANY || node->min > 1 || node->max != -1)
            return false;
        if (glob->gaps && !piece->len) { /* .*.* is one gap; .+.+ would be two characters */
            bool both = glob->least_one[glob->gaps - 1] && node->min;
            glob->least_one[glob->gaps - 1] |= node->min == 1;
            return !both;
        }
        if (glob->gaps + 1 == PIECES_MAX)
            return false;
        glob->least_one[glob->gaps++] = node->min == 1;
        return true;
    default:
        return false;
    }
}

/* Gathers the characters every match starts with; false where they end. */
static bool prefix_of(const struct regex_node *node, char **to)
{
    switch (node->kind) {
    case REGEX_EMPTY:
        return true;
    case REGEX_CHAR:
        if (!is_plain_char(node))
            return false;
        *to += str_utf8_put(*to, node->rune);
        return true;
    case REGEX_GROUP:
        return prefix_of(node->first, to);
    case REGEX_CONCAT:
        for (const struct regex_node *it = node->first; it; it = it->next)
            if (!prefix_of(it, to))
                return false;
        return true;
    default:
        return false;
    }
}

static bool is_whole_capture(const struct regex_node *node)
{
    if (node->kind != REGEX_GROUP)
        return false;
    const struct regex_node *inner = node->first;
    return inner->kind == REGEX_REPEAT && inner->first->kind == REGEX_ANY && inner->min == 0 &&
           inner->max == -1;
}

static int find_shortcuts(struct regex *re, struct regex_node *root, size_t pattern_len)
{
    strip_anchors(root);
    int code = find_literals(re, root);
    if (code || re->literal_len)
        return code;
    char *text = arena_alloc(&re->arena, 2 * (pattern_len * 4 + 1));
    struct glob *glob = arena_new(&re->arena, struct glob);
    if (!text || !glob)
        return -ENOMEM;
    re->prefix.ptr = text;
    prefix_of(root, &text);
    re->prefix.len = (size_t)(text - re->prefix.ptr);
    if (glob_add(glob, root, &text))
        re->glob = glob;
    re->whole_capture = re->captures == 1 && is_whole_capture(root);
    return 0;
}

/* ---- compiling ---- */

static int compile_failed(int code, struct error *err)
{
    PCRE2_UCHAR reason[120] = "";

    pcre2_get_error_message(code, reason, sizeof(reason));
    return error_set(err, -EINVAL, "invalid regular expression: %s", (const char *)reason);
}

/* `anywhere`: it is searched for, not held against whole values. */
static int compile(struct regex *re, const struct regex_node *root, bool anywhere,
                   struct error *err)
{
    pcre2_compile_context *context = pcre2_compile_context_create(NULL);
    struct buf text;
    int reason = 0, code = -ENOMEM;
    PCRE2_SIZE at = 0;

    buf_init(&text, 0);
    buf_text(&text, "(?:");
    regex_write(root, &text);
    buf_text(&text, anywhere ? ")" : ")\\z");
    if (context && !text.failed) {
        pcre2_set_newline(context, PCRE2_NEWLINE_LF);
        pcre2_set_parens_nest_limit(context, ENGINE_NESTING_MAX);
        re->code =
            pcre2_compile((PCRE2_SPTR)text.ptr, text.len,
                          (anywhere ? 0 : PCRE2_ANCHORED) | PCRE2_UTF | PCRE2_DOTALL |
                              PCRE2_DOLLAR_ENDONLY | PCRE2_NEVER_BACKSLASH_C | PCRE2_ALT_CIRCUMFLEX,
                          &reason, &at, context);
        code = re->code ? 0 : compile_failed(reason, err);
    } else {
        error_errno(err, code, "regular expression");
    }
    /* Without JIT (no executable memory allowed) the interpreter does the work. */
    re->jit = re->code && pcre2_jit_compile(re->code, PCRE2_JIT_COMPLETE) == 0;
    buf_fini(&text);
    pcre2_compile_context_free(context);
    return code;
}

static int copy_names(struct regex *re, const struct regex_tree *tree)
{
    int code = 0;

    re->captures = tree->captures;
    re->names = arena_calloc(&re->arena, tree->captures + 1, sizeof(struct str));
    for (size_t i = 1; re->names && !code && i <= tree->captures; i++) {
        char *name = arena_strndup(&re->arena, tree->names[i].ptr, tree->names[i].len);
        re->names[i] = str_make(name, tree->names[i].len);
        code = name ? 0 : -ENOMEM;
    }
    return re->names ? code : -ENOMEM;
}

static int make(struct str pattern, bool anywhere, struct regex **ret, struct error *err)
{
    struct regex *re = calloc(1, sizeof(*re));
    struct regex_tree tree;
    struct arena work;

    if (!re)
        return error_errno(err, -ENOMEM, "regular expression");
    arena_init(&re->arena, 0);
    arena_init(&work, 0);
    int code = regex_parse(pattern, &work, &tree, err);
    if (!code)
        code = compile(re, tree.root, anywhere, err);
    if (!code) {
        code = copy_names(re, &tree);
        if (!code && !anywhere)
            code = find_shortcuts(re, tree.root, pattern.len);
        if (code)
            error_errno(err, code, "regular expression");
    }
    arena_fini(&work);
    if (code)
        regex_free(re);
    else
        *ret = re;
    return code;
}

int regex_new(struct str pattern, struct regex **ret, struct error *err)
{
    return make(pattern, false, ret, err);
}

int regex_new_search(struct str pattern, struct regex **ret, struct error *err)
{
    struct regex *alone;
    struct buf text;
    int code = make(pattern, true, &alone, err); /* so that it closes no group but its own */

    if (code)
        return code;
    regex_free(alone);
    buf_init(&text, 0);
    buf_text(&text, "(?-s:");
    buf_str_add(&text, pattern);
    buf_char(&text, ')');
    code = text.failed ? error_errno(err, -ENOMEM, "regular expression")
                       : make(buf_str(&text), true, ret, err);
    buf_fini(&text);
    return code;
}

void regex_free(struct regex *re)
{
    if (!re)
        return;
    pcre2_code_free(re->code);
    arena_fini(&re->arena);
    free(re);
}

/* ---- matching ---- */

/* What a match writes on: one set a thread, kept for the next match. */
struct scratch {
    pcre2_match_context *context;
    pcre2_match_data *data;
    pcre2_jit_stack *stack;
    size_t pairs;
    struct buf clean; /* a value made UTF-8 */
};

static pthread_key_t scratch_key;
static pthread_once_t scratch_once = PTHREAD_ONCE_INIT;
static _Thread_local struct scratch *scratch_here;

static void scratch_free(void *arg)
{
    struct scratch *s = arg;

    pcre2_match_data_free(s->data);
    pcre2_match_context_free(s->context);
    pcre2_jit_stack_free(s->stack);
    buf_fini(&s->clean);
    free(s);
}

static void scratch_make_key(void)
{
    if (pthread_key_create(&scratch_key, scratch_free))
        abort(); /* a process has 1024 keys, and we take one */
}

/* This thread's scratch with room for `pairs`; NULL when memory is out. */
static struct scratch *scratch_get(size_t pairs)
{
    struct scratch *s = scratch_here;

    if (!s) {
        pthread_once(&scratch_once, scratch_make_key);
        s = calloc(1, sizeof(*s));
        if (!s)
            return NULL;
        s->context = pcre2_match_context_create(NULL);
        s->stack = pcre2_jit_stack_create(JIT_STACK_FIRST, JIT_STACK_MAX, NULL);
        if (!s->context || pthread_setspecific(scratch_key, s)) {
            scratch_free(s);
            return NULL;
        }
        pcre2_set_match_limit(s->context, STEPS_MAX);
        pcre2_set_depth_limit(s->context, STEPS_MAX);
        pcre2_set_heap_limit(s->context, HEAP_MAX_KIB);
        pcre2_jit_stack_assign(s->context, NULL, s->stack);
        scratch_here = s;
    }
    if (s->pairs < pairs) {
        pcre2_match_data *data = pcre2_match_data_create((uint32_t)pairs, NULL);
        if (!data)
            return NULL;
        pcre2_match_data_free(s->data);
        s->data = data;
        s->pairs = pairs;
    }
    return s;
}

/* Runs the engine from byte `from` on. `*value` is replaced by its UTF-8 form where needed. */
static int run_engine(const struct regex *re, struct str *value, size_t from, struct scratch **ret)
{
    struct scratch *s = scratch_get(re->captures + 1);
    int code;

    *ret = s;
    if (!s)
        return -ERANGE;
    if (!str_is_utf8(*value)) {
        buf_reset(&s->clean);
        buf_utf8(&s->clean, *value);
        if (s->clean.failed)
            return -ERANGE;
        *value = buf_str(&s->clean);
    }
    if (re->jit)
        code = pcre2_jit_match(re->code, (PCRE2_SPTR)value->ptr, value->len, from, 0, s->data,
                               s->context);
    else
        code = pcre2_match(re->code, (PCRE2_SPTR)value->ptr, value->len, from, PCRE2_NO_UTF_CHECK,
                           s->data, s->context);
    if (code == PCRE2_ERROR_NOMATCH)
        return 0;
    return code < 0 ? -ERANGE : 1;
}

static bool in_set(const struct regex *re, struct str value)
{
    size_t low = 0, high = re->literal_len;

    while (low < high) {
        size_t mid = (low + high) / 2;
        int order = str_compare(re->literals[mid], value);
        if (!order)
            return true;
        if (order < 0)
            low = mid + 1;
        else
            high = mid;
    }
    return false;
}

/* The first piece stands at the front, the last at the end; those between are found from the left,
 * each as early as it can stand. */
static bool glob_matches(const struct glob *glob, struct str value)
{
    struct str first = glob->pieces[0], last = glob->pieces[glob->gaps];
    const char *at = value.ptr + first.len, *end = value.ptr + value.len - last.len;

    if (value.len < first.len + last.len || (first.len && memcmp(value.ptr, first.ptr, first.len)))
        return false;
    if (last.len && memcmp(end, last.ptr, last.len))
        return false;
    for (size_t i = 1; i <= glob->gaps; i++) {
        at += glob->least_one[i - 1];
        if (at > end)
            return false;
        if (i == glob->gaps)
            break;
        at = memmem(at, (size_t)(end - at), glob->pieces[i].ptr, glob->pieces[i].len);
        if (!at)
            return false;
        at += glob->pieces[i].len;
    }
    return true;
}

int regex_match(const struct regex *re, struct str value)
{
    struct scratch *s;

    if (!value.ptr)
        value = STR("");
    if (re->literal_len)
        return in_set(re, value);
    if (re->glob)
        return glob_matches(re->glob, value);
    if (re->prefix.len && !str_starts(value, re->prefix))
        return 0;
    return run_engine(re, &value, 0, &s);
}

/* ---- expanding ---- */

/* The capture that `name` means: a number or a group's name. False: none. */
static bool capture_named(const struct regex *re, struct str name, size_t *ret)
{
    uint64_t number;

    if (num_parse_u64(name, &number)) {
        *ret = (size_t)number;
        return number <= re->captures;
    }
    for (size_t i = 1; i <= re->captures; i++) {
        if (re->names[i].len && str_equal(re->names[i], name)) {
            *ret = i;
            return true;
        }
    }
    return false;
}

static bool is_word(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
}

/* The name behind a dollar sign, as Go's Regexp.Expand reads it: ${name}, or the longest run of
 * letters, digits and underscores. Returns the bytes read, 0 when there is no name. */
static size_t capture_name(struct str text, struct str *ret)
{
    bool braces = text.len && text.ptr[0] == '{';
    size_t n = braces;

    while (n < text.len && is_word(text.ptr[n]))
        n++;
    *ret = str_make(text.ptr + braces, n - braces);
    if (!ret->len || (braces && (n == text.len || text.ptr[n] != '}')))
        return 0;
    return n + braces;
}

/* Appends `replacement` with what the captures at `spans` of `value` hold. */
static void expand(const struct regex *re, struct str value, const PCRE2_SIZE *spans,
                   struct str replacement, struct buf *to)
{
    while (replacement.len) {
        const char *dollar = memchr(replacement.ptr, '$', replacement.len);
        size_t plain = dollar ? (size_t)(dollar - replacement.ptr) : replacement.len;
        buf_add(to, replacement.ptr, plain);
        replacement = str_make(replacement.ptr + plain, replacement.len - plain);
        if (!dollar)
            break;
        struct str behind = str_make(replacement.ptr + 1, replacement.len - 1), name;
        size_t capture, read = capture_name(behind, &name);
        if (!read) { /* "$$" is a dollar sign, and so is one that names nothing */
            buf_char(to, '$');
            read = behind.len && behind.ptr[0] == '$';
        } else if (capture_named(re, name, &capture) && spans[2 * capture] != PCRE2_UNSET) {
            buf_add(to, value.ptr + spans[2 * capture],
                    spans[2 * capture + 1] - spans[2 * capture]);
        }
        replacement = str_make(behind.ptr + read, behind.len - read);
    }
}

int regex_expand(const struct regex *re, struct str value, struct str replacement, struct buf *to)
{
    struct scratch *s = NULL;
    const PCRE2_SIZE whole[4] = {0, value.len, 0, value.len};
    const PCRE2_SIZE *spans = whole;

    if (!value.ptr)
        value = STR("");
    if (!re->whole_capture) {
        int code = run_engine(re, &value, 0, &s);
        if (code <= 0)
            return code;
        spans = pcre2_get_ovector_pointer(s->data);
    }
    expand(re, value, spans, replacement, to);
    return 1;
}

int regex_replace(const struct regex *re, struct str value, struct str replacement,
                  uint64_t deadline_mono_ns, struct buf *to)
{
    struct scratch *s = NULL;
    size_t from = 0, copied = 0; /* `copied`: what stands before is in `to` */
    int code = 1;

    if (!value.ptr)
        value = STR("");
    while (from <= value.len && !to->failed) {
        code = clock_mono_ns() < deadline_mono_ns ? run_engine(re, &value, from, &s) : -ERANGE;
        if (code <= 0)
            break;
        const PCRE2_SIZE *spans = pcre2_get_ovector_pointer(s->data);
        size_t begin = spans[0], end = spans[1], width = 0;
        buf_add(to, value.ptr + copied, begin - copied);
        /* Nothing is found right behind what was found before: that is the same place. */
        if (end > copied || !begin)
            expand(re, value, spans, replacement, to);
        copied = end;
        if (from < value.len)
            width = MAX(str_utf8_len(value, from), 1);
        from = MAX(end, from + MAX(width, 1));
    }
    buf_add(to, value.ptr + copied, value.len - copied);
    return MIN(code, 0);
}

size_t regex_literals(const struct regex *re)
{
    return re->literal_len;
}

struct str regex_literal(const struct regex *re, size_t i)
{
    return re->literals[i];
}

struct str regex_prefix(const struct regex *re)
{
    return re->prefix;
}
