/* gpu_pane.c - a line a device: load, memory, heat, power, and what is to be said of it. */
#include "pane.h"

#define CURVE_MIN 16U

/* Where columns begin, as the width allows; 0 wide: not shown. */
struct layout {
    unsigned host, model, bar, memory_bar, clock, fan, pcie, curve, note;
};

#define INDEX_WIDTH  5U
#define SHARE_WIDTH  5U
#define MEMORY_WIDTH 12U
#define HEAT_WIDTH   6U
#define POWER_WIDTH  10U

void pane_bytes(double bytes, char *to, size_t size)
{
    static const char units[] = "BKMGTP";
    size_t unit = 0;

    if (isnan(bytes)) {
        str_copy(to, size, STR("-"));
        return;
    }
    for (; bytes >= 1000 && units[unit + 1]; unit++)
        bytes /= 1024;
    snprintf(to, size, bytes < 99.95 && unit ? "%.1f%c" : "%.0f%c", bytes, units[unit]);
}

/* What is left of the line goes to the columns that gain most by it, in this order. */
static struct layout lay_out(const struct view *v, const struct rows *rows, bool curves,
                             unsigned width)
{
    struct layout l = {.model = 13, .bar = 8, .memory_bar = 6};
    unsigned used = INDEX_WIDTH + SHARE_WIDTH + MEMORY_WIDTH + HEAT_WIDTH + POWER_WIDTH + 4;

    if (v->gpu_sort != SORT_PLACE && !rows->machine)
        l.host = 14;
    used += l.host + l.model + l.bar + l.memory_bar;
    unsigned left = width > used ? width - used : 0;
    struct {
        unsigned *column, more;
    } steps[] = {{&l.note, 13},      {&l.clock, 6},  {&l.note, 6},          {&l.model, 8},
                 {&l.bar, 6},        {&l.fan, 5},    {&l.curve, CURVE_MIN}, {&l.pcie, 16},
                 {&l.memory_bar, 6}, {&l.curve, 44}, {&l.bar, 10},          {&l.model, 12}};
    for (size_t i = 0; i < ARRAY_LEN(steps); i++) {
        unsigned more = MIN(left, steps[i].more);
        bool part = steps[i].column != &l.clock && steps[i].column != &l.fan &&
                    steps[i].column != &l.pcie && (steps[i].column != &l.curve || l.curve);
        if ((!part && more < steps[i].more) || (steps[i].column == &l.curve && !curves))
            continue;
        *steps[i].column += more;
        left -= more;
    }
    return l;
}

static void titles(const struct layout *l, struct canvas *c, unsigned y)
{
    unsigned x = INDEX_WIDTH;

    canvas_style(c, 0, y, c->width, STYLE_TITLE);
    canvas_put(c, 0, y, INDEX_WIDTH, STYLE_TITLE, STR(" GPU"));
    if (l->host)
        canvas_put(c, x, y, l->host - 1, STYLE_TITLE, STR("HOST"));
    x += l->host;
    canvas_put(c, x, y, l->model - 1, STYLE_TITLE, STR("MODEL"));
    x += l->model;
    canvas_put(c, x, y, l->bar, STYLE_TITLE, STR("LOAD"));
    x += l->bar + SHARE_WIDTH + 1;
    canvas_put(c, x, y, l->memory_bar + MEMORY_WIDTH, STYLE_TITLE, STR("MEMORY"));
    x += l->memory_bar + MEMORY_WIDTH + 1;
    canvas_put_right(c, x, y, HEAT_WIDTH - 1, STYLE_TITLE, STR("HEAT"));
    x += HEAT_WIDTH;
    canvas_put_right(c, x, y, POWER_WIDTH - 1, STYLE_TITLE, STR("POWER"));
    x += POWER_WIDTH;
    if (l->clock)
        canvas_put_right(c, x, y, l->clock - 1, STYLE_TITLE, STR("MHz"));
    x += l->clock;
    if (l->fan)
        canvas_put_right(c, x, y, l->fan - 1, STYLE_TITLE, STR("FAN"));
    x += l->fan;
    if (l->pcie)
        canvas_put_right(c, x, y, l->pcie - 1, STYLE_TITLE, STR("PCIe IN OUT/s"));
    x += l->pcie;
    if (l->curve)
        canvas_put(c, x + 1, y, l->curve - 2, STYLE_TITLE, STR("LOAD SO FAR"));
    x += l->curve;
    canvas_put(c, x + 1, y, l->note, STYLE_TITLE, STR("NOTE"));
}

static void put_number(struct canvas *c, unsigned x, unsigned y, unsigned width, enum style style,
                       double value, const char *unit)
{
    char text[32];

    snprintf(text, sizeof(text), "%.0f%s", value, unit);
    canvas_put_right(c, x, y, width, style, isnan(value) ? STR("") : str_of(text));
}

static unsigned draw_load(const struct gpu *g, const struct layout *l, struct canvas *c, unsigned x,
                          unsigned y, bool utf8)
{
    double utilization = g->values[GPU_UTILIZATION];
    enum style style = utilization < 5 ? STYLE_DIM : STYLE_GOOD;

    canvas_bar(c, x, y, l->bar, utilization / 100, STYLE_GOOD, utf8);
    put_number(c, x + l->bar, y, SHARE_WIDTH, style, utilization, "%");
    return x + l->bar + SHARE_WIDTH + 1;
}

static unsigned draw_memory(const struct gpu *g, const struct layout *l, struct canvas *c,
                            unsigned x, unsigned y, bool utf8)
{
    double used = g->values[GPU_MEMORY_USED], total = g->values[GPU_MEMORY_TOTAL];
    char a[16], b[16], text[40];

    canvas_bar(c, x, y, l->memory_bar, used / total, STYLE_GOOD, utf8);
    pane_bytes(used, a, sizeof(a));
    pane_bytes(total, b, sizeof(b));
    snprintf(text, sizeof(text), "%s/%s", a, b);
    if (!isnan(used))
        canvas_put_right(c, x + l->memory_bar, y, MEMORY_WIDTH, STYLE_PLAIN,
                         str_of(isnan(total) ? a : text));
    return x + l->memory_bar + MEMORY_WIDTH + 1;
}

static unsigned draw_heat(const struct gpu *g, struct canvas *c, unsigned x, unsigned y, bool utf8)
{
    double watts = g->values[GPU_POWER], limit = g->values[GPU_POWER_LIMIT];
    double margin = g->values[GPU_TEMPERATURE_LIMIT] - g->values[GPU_TEMPERATURE];
    enum style style = margin <= 0 ? STYLE_BAD : margin <= 5 ? STYLE_WARN : STYLE_PLAIN;
    char text[32];

    put_number(c, x, y, HEAT_WIDTH - 1, style, g->values[GPU_TEMPERATURE], utf8 ? "\u00b0C" : "C");
    x += HEAT_WIDTH;
    if (!isnan(watts) && !isnan(limit))
        snprintf(text, sizeof(text), "%.0f/%.0fW", watts, limit);
    else
        snprintf(text, sizeof(text), "%.0fW", watts);
    if (!isnan(watts))
        canvas_put_right(c, x, y, POWER_WIDTH - 1, STYLE_PLAIN, str_of(text));
    return x + POWER_WIDTH;
}

static void draw_rest(const struct frame *f, const struct gpu *g, const struct layout *l,
                      const struct note *note, struct canvas *c, unsigned x, unsigned y, bool utf8)
{
    char in[16], out[16], text[40];
    const float *curve = l->curve && f->history ? history_get(f->history, g) : NULL;

    if (l->clock)
        put_number(c, x, y, l->clock - 1, STYLE_PLAIN, g->values[GPU_CLOCK], "");
    x += l->clock;
    if (l->fan)
        put_number(c, x, y, l->fan - 1, STYLE_PLAIN, g->values[GPU_FAN], "%");
    x += l->fan;
    if (l->pcie && !isnan(g->values[GPU_PCIE_RECEIVED])) {
        pane_bytes(g->values[GPU_PCIE_RECEIVED], in, sizeof(in));
        pane_bytes(g->values[GPU_PCIE_SENT], out, sizeof(out));
        snprintf(text, sizeof(text), "%s %s", in, out);
        canvas_put_right(c, x, y, l->pcie - 1, STYLE_PLAIN, str_of(text));
    }
    x += l->pcie;
    if (curve)
        canvas_curve(c, x + 1, y, l->curve - 2, curve, HISTORY_LEN, utf8);
    x += l->curve;
    canvas_put(c, x + 1, y, l->note, note->style, str_of(note->text));
}

static void draw_gpu(const struct view *v, const struct frame *f, const struct gpu *g,
                     const struct layout *l, struct canvas *c, unsigned y)
{
    unsigned x = INDEX_WIDTH;
    struct note note;

    rows_note(g, &note);
    canvas_put_right(c, 0, y, INDEX_WIDTH - 1, STYLE_PLAIN, g->index);
    if (l->host)
        canvas_put(c, x, y, l->host - 1, STYLE_PLAIN, g->machine->name);
    x += l->host;
    canvas_put(c, x, y, l->model - 1, note.style == STYLE_BAD ? STYLE_BAD : STYLE_PLAIN, g->model);
    x = draw_load(g, l, c, x + l->model, y, v->utf8);
    x = draw_memory(g, l, c, x, y, v->utf8);
    x = draw_heat(g, c, x, y, v->utf8);
    draw_rest(f, g, l, &note, c, x, y, v->utf8);
}

static void draw_heading(const struct frame *f, const struct machine *m, struct canvas *c,
                         unsigned y)
{
    struct total t;
    char text[200], memory[16], size[16];
    int64_t age_ms = m->ts_ms ? f->now_ms - m->ts_ms : 0;
    size_t len;

    rows_total(f, m, &t);
    unsigned x = canvas_put(c, 0, y, 40, STYLE_TITLE, m->name) + 2;
    if (t.gpus)
        len = (size_t)snprintf(text, sizeof(text), "%zu GPU%s  %.0f%%  %.0f W", t.gpus,
                               t.gpus == 1 ? "" : "s", t.utilization, t.power);
    else
        len = (size_t)snprintf(text, sizeof(text), "no GPU");
    if (!isnan(m->values[MACHINE_CPU]))
        len += (size_t)snprintf(text + len, sizeof(text) - len, "  CPU %.0f%%",
                                m->values[MACHINE_CPU]);
    if (!isnan(m->values[MACHINE_MEMORY_TOTAL])) {
        pane_bytes(m->values[MACHINE_MEMORY_USED], memory, sizeof(memory));
        pane_bytes(m->values[MACHINE_MEMORY_TOTAL], size, sizeof(size));
        snprintf(text + len, sizeof(text) - len, "  memory %s/%s", memory, size);
    }
    x = canvas_put(c, x, y, c->width > x ? c->width - x : 0, STYLE_DIM, str_of(text));
    if (age_ms > MAX((int64_t)30000, 4 * f->interval_ms))
        canvas_printf(c, x + 2, y, STYLE_WARN, "silent for %" PRId64 " s", age_ms / 1000);
}

void gpu_pane_draw(const struct view *v, const struct frame *f, const struct rows *rows,
                   struct canvas *c, unsigned y, unsigned height)
{
    struct layout l = lay_out(v, rows, f->history != NULL, c->width);

    titles(&l, c, y);
    for (unsigned i = 0; i + 1 < height; i++) {
        size_t at = v->scrolled[PANE_GPUS] + i;
        unsigned line = y + 1 + i;
        if (at >= rows->gpu_len)
            break;
        const struct gpu_row *row = &rows->gpus[at];
        if (row->trouble)
            canvas_printf(c, 1, line, STYLE_BAD, "%s: %s", row->trouble->source,
                          row->trouble->text);
        else if (row->heading)
            draw_heading(f, row->heading, c, line);
        else
            draw_gpu(v, f, row->gpu, &l, c, line);
        if (v->focus == PANE_GPUS && at == v->selected[PANE_GPUS])
            canvas_style(c, 0, line, c->width, STYLE_SELECTED);
    }
}
