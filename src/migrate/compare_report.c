#include "migrate/compare_report.h"

static const char *const verdicts[] = {"equal",     "DIFFERS",         "only in A",
                                       "only in B", "too few samples", "not compared"};

/* Pearson's, NAN where one side does not move. */
static double correlation(const struct compare_family *f)
{
    double n = (double)f->pairs;
    double a = n * f->sum_aa - f->sum_a * f->sum_a, b = n * f->sum_bb - f->sum_b * f->sum_b;
    double floor_a = 1e-9 * n * f->sum_aa, floor_b = 1e-9 * n * f->sum_bb;

    if (f->pairs < 3 || a <= floor_a || b <= floor_b)
        return (double)NAN;
    return (n * f->sum_ab - f->sum_a * f->sum_b) / sqrt(a * b);
}

/* ---- a table in any form ---- */

struct table {
    const char *form;
    struct buf *to;
    bool head;
};

static bool is(const struct table *t, const char *form)
{
    return !strcmp(t->form, form);
}

static void escape(struct str s, struct buf *to)
{
    for (size_t i = 0; i < s.len; i++) {
        if (s.ptr[i] == '<')
            buf_text(to, "&lt;");
        else if (s.ptr[i] == '&')
            buf_text(to, "&amp;");
        else
            buf_char(to, s.ptr[i]);
    }
}

static void cell(const struct table *t, size_t column, const char *text)
{
    if (is(t, "html")) {
        buf_text(t->to, t->head ? "<th>" : "<td>");
        escape(str_of(text), t->to);
        buf_text(t->to, t->head ? "</th>" : "</td>");
    } else if (is(t, "markdown")) {
        buf_printf(t->to, "%s%s |", column ? " " : "| ", text);
    } else {
        buf_printf(t->to, column ? " %14s" : "%-48s", text);
    }
}

static void number(const struct table *t, size_t column, double value)
{
    char text[32] = "-";

    if (!isnan(value))
        snprintf(text, sizeof(text), "%.6g", value);
    cell(t, column, text);
}

static void row_begin(const struct table *t)
{
    buf_text(t->to, is(t, "html") ? "<tr>" : "");
}

static void row_end(const struct table *t)
{
    buf_text(t->to, is(t, "html") ? "</tr>\n" : "\n");
}

static void head(struct table *t, const char *const *names, size_t n)
{
    buf_text(t->to, is(t, "html") ? "<table>\n" : "");
    t->head = true;
    row_begin(t);
    for (size_t i = 0; i < n; i++)
        cell(t, i, names[i]);
    row_end(t);
    t->head = false;
    for (size_t i = 0; i < n && is(t, "markdown"); i++)
        buf_text(t->to, i ? "---|" : "|---|");
    buf_text(t->to, is(t, "markdown") ? "\n" : "");
}

static void end(const struct table *t)
{
    buf_text(t->to, is(t, "html") ? "</table>\n" : "\n");
}

static void title(const struct table *t, const char *text)
{
    if (is(t, "html"))
        buf_printf(t->to, "<h2>%s</h2>\n", text);
    else
        buf_printf(t->to, "%s%s\n\n", is(t, "markdown") ? "## " : "", text);
}

static double mean(double sum, size_t n)
{
    return n ? sum / (double)n : (double)NAN;
}

static double cpu_share(const struct compare_cost *c)
{
    double seconds = (double)(c->cpu_last_ms - c->cpu_first_ms) / 1000;
    return seconds > 0 ? (c->cpu_last - c->cpu_first) / seconds : (double)NAN;
}

static void costs(struct table *t, const struct compare_cost cost[2])
{
    static const char *const names[] = {"cost", "A", "B", "B / A"};
    static const char *const lines[] = {"scrapes",
                                        "failed scrapes",
                                        "bytes of a scrape",
                                        "samples of a scrape",
                                        "seconds of a scrape, mean",
                                        "seconds of a scrape, median",
                                        "seconds of a scrape, 99 in 100",
                                        "seconds of a scrape, longest",
                                        "CPU seconds a second",
                                        "resident memory, bytes",
                                        "threads",
                                        "open files"};

    head(t, names, ARRAY_LEN(names));
    for (size_t i = 0; i < ARRAY_LEN(lines); i++) {
        row_begin(t);
        cell(t, 0, lines[i]);
        double told[2];
        for (size_t side = 0; side < 2; side++) {
            const struct compare_cost *c = &cost[side];
            double values[] = {(double)c->scrapes,
                               (double)c->failures,
                               mean(c->bytes, c->scrapes),
                               mean(c->samples, c->scrapes),
                               mean(c->seconds, c->scrapes),
                               compare_time(c, 0.5),
                               compare_time(c, 0.99),
                               c->scrapes ? c->seconds_max : (double)NAN,
                               cpu_share(c),
                               c->memory_max,
                               c->threads_max,
                               c->files_max};
            told[side] = values[i];
            number(t, side + 1, told[side]);
        }
        number(t, 3, told[0] > 0 ? told[1] / told[0] : (double)NAN);
        row_end(t);
    }
    end(t);
}

static void values(struct table *t, const struct compare_row *rows, size_t n)
{
    static const char *const names[] = {"metric",       "pairs",        "mean A",      "mean B",
                                        "bias (B - A)", "mean |B - A|", "max |B - A|", "within %",
                                        "correlation",  "verdict"};

    head(t, names, ARRAY_LEN(names));
    for (size_t i = 0; i < n; i++) {
        const struct compare_family *f = rows[i].family;
        row_begin(t);
        cell(t, 0, rows[i].name);
        number(t, 1, (double)f->pairs);
        number(t, 2, mean(f->sum_a, f->pairs));
        number(t, 3, mean(f->sum_b, f->pairs));
        number(t, 4, mean(f->sum_difference, f->pairs));
        number(t, 5, mean(f->sum_apart, f->pairs));
        number(t, 6, f->pairs ? f->max_apart : (double)NAN);
        number(t, 7, f->pairs ? 100.0 * (double)f->within / (double)f->pairs : (double)NAN);
        number(t, 8, correlation(f));
        cell(t, 9, verdicts[rows[i].verdict]);
        row_end(t);
    }
    end(t);
}

/* ---- JSON ---- */

static void json_number(const char *key, double value, struct buf *to)
{
    buf_printf(to, ",\"%s\":", key);
    if (isnan(value) || isinf(value))
        buf_text(to, "null");
    else
        buf_double(to, value);
}

static void json(const char *const names[2], const struct compare_cost cost[2], size_t gpus,
                 const struct compare_row *rows, size_t n, struct buf *to)
{
    buf_printf(to, "{\"gpus\":%zu,\"sides\":[", gpus);
    for (size_t side = 0; side < 2; side++) {
        const struct compare_cost *c = &cost[side];
        buf_text(to, side ? ",\n{\"name\":" : "\n{\"name\":");
        buf_json(to, str_of(names[side]));
        buf_printf(to, ",\"scrapes\":%zu,\"failures\":%zu", c->scrapes, c->failures);
        json_number("bytes", mean(c->bytes, c->scrapes), to);
        json_number("samples", mean(c->samples, c->scrapes), to);
        json_number("seconds", mean(c->seconds, c->scrapes), to);
        json_number("secondsMedian", compare_time(c, 0.5), to);
        json_number("seconds99", compare_time(c, 0.99), to);
        json_number("secondsMax", c->scrapes ? c->seconds_max : (double)NAN, to);
        json_number("cpu", cpu_share(c), to);
        json_number("memoryBytes", c->memory_max, to);
        json_number("threads", c->threads_max, to);
        json_number("openFiles", c->files_max, to);
        buf_char(to, '}');
    }
    buf_text(to, "],\"metrics\":[");
    for (size_t i = 0; i < n; i++) {
        const struct compare_family *f = rows[i].family;
        buf_printf(to, "%s\n{\"name\":\"%s\",\"counter\":%s,\"pairs\":%zu,\"verdict\":\"%s\"",
                   i ? "," : "", rows[i].name, rows[i].counter ? "true" : "false", f->pairs,
                   verdicts[rows[i].verdict]);
        json_number("meanA", mean(f->sum_a, f->pairs), to);
        json_number("meanB", mean(f->sum_b, f->pairs), to);
        json_number("bias", mean(f->sum_difference, f->pairs), to);
        json_number("meanApart", mean(f->sum_apart, f->pairs), to);
        json_number("maxApart", f->pairs ? f->max_apart : (double)NAN, to);
        json_number("within", mean((double)f->within, f->pairs), to);
        json_number("correlation", correlation(f), to);
        buf_char(to, '}');
    }
    buf_text(to, "]}\n");
}

void compare_report(const char *form, const char *const names[2], const struct compare_cost cost[2],
                    size_t gpus, const struct compare_row *rows, size_t n, struct buf *to)
{
    struct table t = {form, to, false};
    bool html = is(&t, "html");

    if (is(&t, "json")) {
        json(names, cost, gpus, rows, n, to);
        return;
    }
    if (html)
        buf_text(to, "<!doctype html>\n<meta charset=utf-8>\n<title>Two exporters</title>\n"
                     "<style>body{font:14px sans-serif}td,th{padding:2px 8px;text-align:right}"
                     "td:first-child,th:first-child{text-align:left}</style>\n<p>A: ");
    else
        buf_text(to, "A: ");
    html ? escape(str_of(names[0]), to) : buf_text(to, names[0]);
    buf_text(to, html ? "<br>B: " : "\nB: ");
    html ? escape(str_of(names[1]), to) : buf_text(to, names[1]);
    buf_printf(to, html ? "<br>%zu GPUs</p>\n" : "\n%zu GPUs\n\n", gpus);
    title(&t, "Values, in dcgm-exporter's units");
    values(&t, rows, n);
    title(&t, "Cost");
    costs(&t, cost);
}
