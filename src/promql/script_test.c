/*
 * script_test.c - runs the scripts (*.test) of tests/promql. A script is made of lines:
 *
 *   load 30s                        samples every 30 s from time 0 for the series that follow
 *     up{job="a"} 0 1 _ 3 stale     one each step; _ is none, stale the marker of an ended series
 *     down 5*10 0+2*10              a value ten times; 0, 2, 4 and so on, ten of them
 *   clear                           forgets all series
 *   eval 5m EXPR                    an instant query at 5m; and a range query around it must agree
 *   eval ordered 5m EXPR            the order of the answer counts too; no range query
 *   eval only 5m EXPR               no range query
 *   eval 0s 10m 1m EXPR             a range query: start, end, step
 *     up{job="a"} 1 2 _             what must come out: labels, a value for each step
 *     = 5                           the same of a scalar
 *     "text"                        the same of a string
 *   fail 5m EXPR                    must not run
 *     part of the words             and say this
 *   warn 5m EXPR, info 5m EXPR      must say something that holds the words of the next line
 *
 * '#' begins a remark. Values agree within a relative 1e-9.
 */
#include "promql/promql.h"

#include "promql/test_store.h"

#include <dirent.h>
#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#define SCRIPTS TEST_FIXTURES "/../promql"
#define AROUND  60000 /* ms before and after an instant query */

struct script {
    const char *name;
    unsigned line;
    struct str rest, pending; /* pending: a line read too far */
    unsigned pending_line;
    struct test_store store;
    struct arena arena;
    unsigned checks;
};

/* The next line that says something; leading blanks stay, they tell what belongs to what. */
static bool next_line(struct script *s, struct str *ret)
{
    if (s->pending.ptr) {
        *ret = s->pending;
        s->line = s->pending_line;
        s->pending.ptr = NULL;
        return true;
    }
    while (s->rest.ptr) {
        *ret = str_cut(&s->rest, '\n');
        s->line++;
        struct str text = str_trim(*ret);
        if (text.len && text.ptr[0] != '#')
            return true;
    }
    return false;
}

static bool next_indented(struct script *s, struct str *ret)
{
    if (!next_line(s, ret))
        return false;
    if (ret->ptr[0] == ' ') {
        *ret = str_trim(*ret);
        return true;
    }
    s->pending = *ret;
    s->pending_line = s->line;
    return false;
}

static struct str word(struct str *rest)
{
    *rest = str_trim(*rest);
    struct str w = str_cut(rest, ' ');
    if (!rest->ptr)
        *rest = STR("");
    return w;
}

static int64_t time_word(struct script *s, struct str *rest)
{
    struct str w = word(rest);
    bool minus = w.len && w.ptr[0] == '-';
    int64_t ms;

    if (num_parse_duration(str_make(w.ptr + minus, w.len - minus), &ms, NULL))
        fail_msg("%s:%u: '%.*s' is no time", s->name, s->line, STR_ARG(w));
    return minus ? -ms : ms;
}

/* Labels in front of values: up to the brace, or the first blank. */
static struct labels labels_part(struct script *s, struct str *line)
{
    struct str text = *line;
    const char *brace = memchr(line->ptr, '}', line->len);
    const char *blank = memchr(line->ptr, ' ', line->len);
    struct label_builder b;
    struct labels view, copy = {NULL, 0};
    struct selector sel;
    struct promql_error err;

    if (brace && blank && memchr(line->ptr, '{', (size_t)(brace - line->ptr)))
        while (brace + 1 < line->ptr + line->len && brace[1] != ' ')
            brace = memchr(brace + 1, '}', (size_t)(line->ptr + line->len - brace - 1));
    text.len = brace   ? (size_t)(brace + 1 - line->ptr)
               : blank ? (size_t)(blank - line->ptr)
                       : line->len;
    *line = str_trim(str_make(line->ptr + text.len, line->len - text.len));
    label_builder_init(&b, (struct labels){0});
    if (!str_is(text, "{}")) {
        if (promql_parse_selector(text, &s->arena, &sel, &err))
            fail_msg("%s:%u: %s", s->name, s->line, err.text);
        for (size_t i = 0; i < sel.len; i++)
            label_builder_set(&b, sel.matchers[i].name, sel.matchers[i].value);
        promql_selector_fini(&sel);
    }
    if (label_builder_view(&b, &view, NULL) || labels_copy(view, &s->arena, &copy))
        fail_msg("%s:%u: bad labels", s->name, s->line);
    return copy;
}

/* Appends what one word stands for; absent ones as value_absent(). */
static void value_word(struct script *s, struct str w, struct buf *to)
{
    struct str count = w, base = str_cut(&count, '*');
    const char *plus = base.len > 1 ? memchr(base.ptr + 1, '+', base.len - 1) : NULL;
    double value, step = 0;
    int64_t times = 1;

    if (str_is(base, "_"))
        value = value_absent();
    else if (str_is(base, "stale"))
        value = value_stale();
    else if (plus && base.ptr[0] != 'e') {
        if (!num_parse(str_make(base.ptr, (size_t)(plus - base.ptr)), &value) ||
            !num_parse(str_make(plus + 1, (size_t)(base.ptr + base.len - plus - 1)), &step))
            fail_msg("%s:%u: '%.*s' is no value", s->name, s->line, STR_ARG(w));
    } else if (!num_parse(base, &value))
        fail_msg("%s:%u: '%.*s' is no value", s->name, s->line, STR_ARG(w));
    if (count.ptr && !num_parse_i64(count, &times))
        fail_msg("%s:%u: '%.*s' is no count", s->name, s->line, STR_ARG(w));
    for (int64_t i = 0; i < times; i++) {
        double v = step != 0 ? value + step * (double)i : value;
        buf_add(to, &v, sizeof(v));
    }
}

static struct buf values_part(struct script *s, struct str line)
{
    struct buf values;

    buf_init(&values, 0);
    for (struct str rest = line; rest.len;)
        value_word(s, word(&rest), &values);
    return values;
}

static double value_at(const struct buf *values, size_t i)
{
    double v;

    memcpy(&v, values->ptr + i * sizeof(v), sizeof(v));
    return v;
}

static void load(struct script *s, struct str rest)
{
    int64_t step = time_word(s, &rest);
    struct str line;

    while (next_indented(s, &line)) {
        struct labels labels = labels_part(s, &line);
        struct buf values = values_part(s, line);
        size_t n = values.len / sizeof(double), kept = 0;
        int64_t *times = xcalloc(n + 1, sizeof(*times));
        double *numbers = xcalloc(n + 1, sizeof(*numbers));
        for (size_t i = 0; i < n; i++) {
            double v = value_at(&values, i);
            if (value_is_absent(v))
                continue;
            times[kept] = (int64_t)i * step;
            numbers[kept++] = v;
        }
        test_store_add(&s->store, labels, times, numbers, kept);
        free(times);
        free(numbers);
        buf_fini(&values);
    }
}

static bool same(double a, double b)
{
    if (a == b || (isnan(a) && isnan(b)))
        return true;
    return fabs(a - b) <= 1e-9 * MAX(fabs(a), fabs(b));
}

static const struct promql_series *find(const struct promql_result *r, struct labels labels)
{
    for (size_t i = 0; i < r->len; i++)
        if (labels_equal(r->series[i].labels, labels))
            return &r->series[i];
    return NULL;
}

static double sample_at(const struct promql_series *s, int64_t ts_ms)
{
    for (size_t i = 0; s && i < s->len; i++)
        if (s->ts_ms[i] == ts_ms)
            return s->values[i];
    return value_absent();
}

/* One expected series against the answer at start, start + step, ... */
static void compare(struct script *s, struct labels labels, const struct promql_series *got,
                    const struct buf *values, int64_t start, int64_t step)
{
    struct buf name;

    buf_init(&name, 0);
    labels_print(labels, &name);
    buf_char(&name, '\0');
    for (size_t i = 0; i < values->len / sizeof(double); i++) {
        double want = value_at(values, i), have = sample_at(got, start + (int64_t)i * step);
        if (value_is_absent(want) != value_is_absent(have) ||
            (!value_is_absent(want) && !same(want, have)))
            fail_msg("%s:%u: %s at %" PRId64 " ms: want %.17g%s, got %.17g%s", s->name, s->line,
                     name.ptr, start + (int64_t)i * step, want,
                     value_is_absent(want) ? " (none)" : "", have,
                     value_is_absent(have) ? " (none)" : "");
        s->checks++;
    }
    buf_fini(&name);
}

static struct promql_result *query(struct script *s, struct str expr, int64_t start, int64_t end,
                                   int64_t step)
{
    struct queryable q = test_store_queryable(&s->store);
    struct promql_options o = {.start_ms = start, .end_ms = end, .step_ms = step, .threads = 2};
    struct promql_result *r = NULL;
    struct promql_error err;

    if (promql_query(&q, expr, &o, &r, &err))
        fail_msg("%s:%u: %.*s: %s", s->name, s->line, STR_ARG(expr), err.text);
    return r;
}

struct question {
    struct str expr;
    int64_t start, end, step;
    bool ordered, alone;
};

/* Series with a sample at ts_ms. */
static size_t count_at(const struct promql_result *r, int64_t ts_ms)
{
    size_t n = 0;

    for (size_t i = 0; i < r->len; i++)
        n += !value_is_absent(sample_at(&r->series[i], ts_ms));
    return n;
}

static void check_answer(struct script *s, const struct question *q)
{
    struct promql_result *r = query(s, q->expr, q->start, q->end, q->step), *around = NULL;
    size_t expected = 0;
    struct str line;

    if (!q->step && !q->ordered && !q->alone && r->type <= PROMQL_VECTOR)
        around = query(s, q->expr, q->start - AROUND, q->start + AROUND, AROUND);
    while (next_indented(s, &line)) {
        if (line.ptr[0] == '"') {
            assert_int_equal(r->type, PROMQL_STRING);
            assert_true(str_equal(r->string, str_make(line.ptr + 1, line.len - 2)));
            expected = r->len;
            s->checks++;
            continue;
        }
        bool scalar = line.ptr[0] == '=';
        struct labels labels = {NULL, 0};
        if (scalar)
            line = str_trim(str_make(line.ptr + 1, line.len - 1));
        else
            labels = labels_part(s, &line);
        struct buf values = values_part(s, line);
        const struct promql_series *got =
            q->ordered && expected < r->len ? &r->series[expected] : find(r, labels);
        if (q->ordered && got && !labels_equal(got->labels, labels))
            fail_msg("%s:%u: the order is another", s->name, s->line);
        if (scalar && r->type == PROMQL_VECTOR)
            fail_msg("%s:%u: a vector came, not a scalar", s->name, s->line);
        compare(s, labels, got, &values, q->start, q->step ? q->step : 1);
        if (around)
            compare(s, labels, find(around, labels), &values, q->start, 1);
        expected++;
        buf_fini(&values);
    }
    if (r->len != expected)
        fail_msg("%s:%u: %.*s: %zu series, want %zu", s->name, s->line, STR_ARG(q->expr), r->len,
                 expected);
    if (around && count_at(around, q->start) != expected)
        fail_msg("%s:%u: %.*s: another number of series as a range query", s->name, s->line,
                 STR_ARG(q->expr));
    promql_result_free(around);
    promql_result_free(r);
}

static bool is_time(struct str rest)
{
    struct str w = word(&rest);
    int64_t ms;

    return w.len && w.ptr[0] >= '0' && w.ptr[0] <= '9' && rest.len &&
           !num_parse_duration(w, &ms, NULL);
}

static void eval(struct script *s, struct str rest)
{
    struct question q = {0};

    rest = str_trim(rest);
    if (str_starts(rest, STR("ordered ")) || str_starts(rest, STR("only "))) {
        q.ordered = rest.ptr[1] == 'r';
        q.alone = !q.ordered;
        word(&rest);
    }
    q.start = q.end = time_word(s, &rest);
    struct str after = rest;
    word(&after);
    if (is_time(rest) && is_time(after)) {
        q.end = time_word(s, &rest);
        q.step = time_word(s, &rest);
    }
    q.expr = str_trim(rest);
    check_answer(s, &q);
}

static void must_fail(struct script *s, struct str rest)
{
    struct queryable q = test_store_queryable(&s->store);
    int64_t at = time_word(s, &rest);
    struct promql_options o = {.start_ms = at, .end_ms = at};
    struct promql_result *r;
    struct promql_error err;
    struct str words;

    if (!promql_query(&q, str_trim(rest), &o, &r, &err))
        fail_msg("%s:%u: %.*s: did not fail", s->name, s->line, STR_ARG(rest));
    while (next_indented(s, &words)) {
        if (!str_contains(str_of(err.text), words))
            fail_msg("%s:%u: it says: %s", s->name, s->line, err.text);
        s->checks++;
    }
}

static void must_say(struct script *s, struct str rest, bool warning)
{
    int64_t at = time_word(s, &rest);
    struct promql_result *r = query(s, str_trim(rest), at, at, 0);
    const struct str_list *notes = warning ? &r->warnings : &r->infos;
    struct str words;
    bool found = false;

    assert_true(next_indented(s, &words));
    for (size_t i = 0; i < notes->len; i++)
        found = found || str_contains(notes->items[i], words);
    if (!found)
        fail_msg("%s:%u: it does not say so", s->name, s->line);
    s->checks++;
    promql_result_free(r);
}

static void run(const char *name)
{
    struct script s = {.name = name};
    struct str line;
    struct buf path, text;

    buf_init(&path, 0);
    buf_init(&text, 0);
    buf_printf(&path, "%s/%s%c", SCRIPTS, name, '\0');
    assert_int_equal(file_read(path.ptr, (size_t)1 << 20, &text, NULL), 0);
    s.rest = buf_str(&text);
    while (next_line(&s, &line)) {
        struct str rest = line, command = word(&rest);
        if (str_is(command, "load"))
            load(&s, rest);
        else if (str_is(command, "clear"))
            test_store_clear(&s.store);
        else if (str_is(command, "eval"))
            eval(&s, rest);
        else if (str_is(command, "fail"))
            must_fail(&s, rest);
        else if (str_is(command, "warn") || str_is(command, "info"))
            must_say(&s, rest, command.ptr[0] == 'w');
        else
            fail_msg("%s:%u: what is this: %.*s", name, s.line, STR_ARG(line));
    }
    assert_true(s.checks > 0);
    test_store_clear(&s.store);
    arena_fini(&s.arena);
    buf_fini(&path);
    buf_fini(&text);
}

static void every_script_gives_what_it_says(void **state)
{
    DIR *dir = opendir(SCRIPTS);
    unsigned scripts = 0;

    (void)state;
    assert_non_null(dir);
    for (struct dirent *entry; (entry = readdir(dir));) {
        if (!str_ends(str_of(entry->d_name), STR(".test")))
            continue;
        run(entry->d_name);
        scripts++;
    }
    closedir(dir);
    assert_true(scripts >= 8);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_script_gives_what_it_says),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
