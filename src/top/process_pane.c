/* process_pane.c - a line a process. */
#include "pane.h"

struct layout {
    unsigned host, holder, name;
};

#define GPU_WIDTH    5U
#define PID_WIDTH    9U
#define USER_WIDTH   10U
#define MEMORY_WIDTH 8U
#define SHARE_WIDTH  6U

static struct layout lay_out(const struct rows *rows, unsigned width)
{
    struct layout l = {.host = rows->machine ? 0 : 13};
    unsigned used =
        GPU_WIDTH + PID_WIDTH + USER_WIDTH + 2 * MEMORY_WIDTH + 2 * SHARE_WIDTH + 1 + l.host;
    unsigned left = width > used ? width - used : 0;

    l.holder = left >= 60 ? left / 2 : MIN(left / 2, 18U);
    l.name = left - l.holder;
    return l;
}

static void titles(const struct view *v, const struct layout *l, struct canvas *c, unsigned y)
{
    static const struct {
        const char *name;
        unsigned width;
        enum process_sort sort; /* PROCESS_SORTS: none */
    } columns[] = {{"GPU MEM", MEMORY_WIDTH, SORT_GPU_MEMORY},
                   {"GPU", SHARE_WIDTH, SORT_GPU_TIME},
                   {"CPU", SHARE_WIDTH, SORT_CPU},
                   {"MEM", MEMORY_WIDTH, SORT_MEMORY}};
    unsigned x = GPU_WIDTH;

    canvas_style(c, 0, y, c->width, STYLE_TITLE);
    canvas_put(c, 0, y, GPU_WIDTH, STYLE_TITLE, STR(" GPU"));
    if (l->host)
        canvas_put(c, x, y, l->host - 1, STYLE_TITLE, STR("HOST"));
    x += l->host;
    canvas_put_right(c, x, y, PID_WIDTH - 2, STYLE_TITLE, STR("PID"));
    x += PID_WIDTH - 1;
    canvas_put(c, x, y, USER_WIDTH - 1, STYLE_TITLE, STR("USER"));
    x += USER_WIDTH;
    for (size_t i = 0; i < ARRAY_LEN(columns); i++) {
        char text[16];
        snprintf(text, sizeof(text), "%s%s", columns[i].name,
                 columns[i].sort != v->process_sort ? ""
                 : v->utf8                          ? "\u2193"
                                                    : "v");
        canvas_put_right(c, x, y, columns[i].width, STYLE_TITLE, str_of(text));
        x += columns[i].width;
    }
    canvas_put(c, x + 2, y, l->holder, STYLE_TITLE, STR("JOB/POD"));
    canvas_put(c, x + 2 + l->holder, y, l->name, STYLE_TITLE, STR("COMMAND"));
}

static void put_share(struct canvas *c, unsigned x, unsigned y, double percent)
{
    char text[16];

    snprintf(text, sizeof(text), "%.0f%%", percent);
    canvas_put_right(c, x, y, SHARE_WIDTH, percent < 0.5 ? STYLE_DIM : STYLE_PLAIN,
                     isnan(percent) ? STR("") : str_of(text));
}

static void put_bytes(struct canvas *c, unsigned x, unsigned y, double bytes)
{
    char text[16];

    pane_bytes(bytes, text, sizeof(text));
    canvas_put_right(c, x, y, MEMORY_WIDTH, STYLE_PLAIN, isnan(bytes) ? STR("") : str_of(text));
}

static void draw(const struct process *p, const struct layout *l, struct canvas *c, unsigned y)
{
    unsigned x = GPU_WIDTH;

    canvas_put_right(c, 0, y, GPU_WIDTH - 1, p->gpu.len ? STYLE_PLAIN : STYLE_DIM,
                     p->gpu.len ? p->gpu : STR("-"));
    if (l->host)
        canvas_put(c, x, y, l->host - 1, STYLE_PLAIN, p->machine->name);
    x += l->host;
    canvas_put_right(c, x, y, PID_WIDTH - 2, STYLE_PLAIN, p->pid);
    x += PID_WIDTH - 1;
    canvas_put(c, x, y, USER_WIDTH - 1, STYLE_PLAIN, p->user);
    x += USER_WIDTH;
    put_bytes(c, x, y, p->values[PROCESS_GPU_MEMORY]);
    x += MEMORY_WIDTH;
    put_share(c, x, y, p->values[PROCESS_GPU_UTILIZATION]);
    x += SHARE_WIDTH;
    put_share(c, x, y, p->values[PROCESS_CPU]);
    x += SHARE_WIDTH;
    put_bytes(c, x, y, p->values[PROCESS_MEMORY]);
    x += MEMORY_WIDTH + 2;
    canvas_put(c, x, y, l->holder ? l->holder - 1 : 0, STYLE_PLAIN, p->holder);
    canvas_put(c, x + l->holder, y, l->name > 2 ? l->name - 2 : 0, STYLE_PLAIN, p->name);
}

void process_pane_draw(const struct view *v, const struct rows *rows, struct canvas *c, unsigned y,
                       unsigned height)
{
    struct layout l = lay_out(rows, c->width);

    titles(v, &l, c, y);
    for (unsigned i = 0; i + 1 < height; i++) {
        size_t at = v->scrolled[PANE_PROCESSES] + i;
        if (at >= rows->process_len)
            break;
        draw(rows->processes[at].process, &l, c, y + 1 + i);
        if (v->focus == PANE_PROCESSES && at == v->selected[PANE_PROCESSES])
            canvas_style(c, 0, y + 1 + i, c->width, STYLE_SELECTED);
    }
}
