/* beside_print.c - the table of a comparison, for people and for programs. */
#include "doctor/beside.h"
#include "doctor/page.h"

#define FIELD_WIDTH 25

static const struct {
    const char *word, *key;
    enum page_color color;
} verdicts[] = {
    [BESIDE_AGREES] = {"agrees", "agrees", PAGE_GREEN},
    [BESIDE_DIFFERS] = {"DIFFERS", "differs", PAGE_RED},
    [BESIDE_MISSING] = {"MISSING", "missing", PAGE_RED},
    [BESIDE_ONLY_HERE] = {"only here", "only_here", PAGE_CYAN},
    [BESIDE_TALLY] = {"own count", "own_count", PAGE_DIM},
    [BESIDE_UNKNOWN] = {"neither", "neither", PAGE_DIM},
};

/* A number in ten columns, "-" when there is none. */
static void cell(struct buf *to, double value)
{
    char text[32];

    if (isnan(value))
        snprintf(text, sizeof(text), "-");
    else if (fabs(value) < 1e7)
        snprintf(text, sizeof(text), "%.*f", fabs(value - round(value)) < 0.005 ? 0 : 2, value);
    else
        snprintf(text, sizeof(text), "%.4g", value);
    buf_printf(to, " %9s", text);
}

static double ours(const struct beside_row *r)
{
    if (isnan(r->before) || isnan(r->after))
        return isnan(r->before) ? r->after : r->before;
    return fabs(r->there - r->before) < fabs(r->there - r->after) ? r->before : r->after;
}

static void print_row(struct buf *to, const struct doctor_form *form, const struct beside_row *r)
{
    buf_printf(to, "%3d %.*s", r->gpu, STR_ARG(r->field));
    if (r->field.len > FIELD_WIDTH)
        buf_printf(to, "\n%*s", FIELD_WIDTH + 4, "");
    else
        buf_printf(to, "%*s", (int)(FIELD_WIDTH - r->field.len), "");
    cell(to, ours(r));
    cell(to, r->there);
    cell(to, r->difference);
    cell(to, r->tolerance);
    buf_text(to, "  ");
    page_word(to, form, verdicts[r->verdict].color, verdicts[r->verdict].word, 0);
    buf_char(to, '\n');
}

static void print_text(const struct comparison *c, const struct doctor_form *form, struct buf *to)
{
    struct buf line;

    buf_printf(to, "%3s %-*s %9s %9s %9s %9s\n", "GPU", FIELD_WIDTH, "field", "here", "there",
               "apart", "allowed");
    for (size_t i = 0; i < c->len; i++)
        print_row(to, form, &c->rows[i]);
    buf_init(&line, 0);
    buf_printf(&line,
               "Compared with %s: %zu agree, %zu differ, %zu missing here, %zu only here, %zu told "
               "by neither.",
               c->with, c->count[BESIDE_AGREES], c->count[BESIDE_DIFFERS], c->count[BESIDE_MISSING],
               c->count[BESIDE_ONLY_HERE], c->count[BESIDE_UNKNOWN]);
    if (c->count[BESIDE_TALLY])
        buf_printf(&line, " %zu are counted by each program from its own start.",
                   c->count[BESIDE_TALLY]);
    if (c->other_uncompared)
        buf_printf(&line, " %zu of its %zu series of GPUs have names that are not used here.",
                   c->other_uncompared, c->other_series);
    buf_printf(&line,
               " Our readings were taken before and after its answer, which took %lld ms; within "
               "%lld ms in all. A value between the two is 0 apart.",
               (long long)c->other_ms, (long long)c->span_ms);
    buf_char(&line, '\0');
    buf_char(to, '\n');
    page_wrap(to, line.ptr ? line.ptr : "", 0, 0);
    buf_fini(&line);
}

static void print_json(const struct comparison *c, struct buf *to)
{
    buf_char(to, '{');
    page_json_text(to, "with", c->with);
    page_json_number(to, "answer_ms", (double)c->other_ms);
    page_json_number(to, "span_ms", (double)c->span_ms);
    page_json_key(to, "rows");
    buf_char(to, '[');
    for (size_t i = 0; i < c->len && !to->failed; i++) {
        const struct beside_row *r = &c->rows[i];
        buf_text(to, i ? ",{" : "{");
        page_json_number(to, "gpu", r->gpu);
        page_json_key(to, "field");
        buf_json(to, r->field);
        page_json_key(to, "metric");
        buf_json(to, *r->metric ? str_of(r->metric) : r->field);
        page_json_number(to, "here_before", r->before);
        page_json_number(to, "here_after", r->after);
        page_json_number(to, "there", r->there);
        page_json_number(to, "difference", r->difference);
        page_json_number(to, "tolerance", isnan(r->there) ? NAN : r->tolerance);
        page_json_text(to, "verdict", verdicts[r->verdict].key);
        buf_char(to, '}');
    }
    buf_text(to, "],\"summary\":{");
    for (size_t i = 0; i < ARRAY_LEN(verdicts) && !to->failed; i++)
        page_json_number(to, verdicts[i].key, (double)c->count[i]);
    page_json_number(to, "not_used_here", (double)c->other_uncompared);
    buf_text(to, "}}\n");
}

void beside_print(const struct comparison *c, const struct doctor_form *form, struct buf *to)
{
    if (form->json)
        print_json(c, to);
    else
        print_text(c, form, to);
}
