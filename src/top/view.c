/* view.c - the picture as a whole, and what keys do to it. */
#include "view.h"

#include "pane.h"
#include "rows.h"

#include <stdlib.h>
#include <time.h>

#define TOP_LINES      2U
#define BOTTOM_LINES   1U
#define PROCESSES_HERE 10U /* of a machine's, when a picture may be as high as it needs */

static const char *const gpu_sorts[GPU_SORTS] = {"by number", "busiest first", "idlest first",
                                                 "hottest first", "most power first"};

void view_init(struct view *v, bool utf8)
{
    *v = (struct view){.utf8 = utf8};
    arena_init(&v->arena, (size_t)64 << 20);
}

void view_fini(struct view *v)
{
    arena_fini(&v->arena);
}

/* ---- keys ---- */

static void filter_key(struct view *v, int key)
{
    size_t len = strlen(v->filter);

    if (key == VIEW_KEY_ENTER)
        v->typing = false;
    else if (key == VIEW_KEY_ESCAPE)
        v->typing = false, v->filter[0] = '\0';
    else if (key == VIEW_KEY_BACKSPACE && len)
        v->filter[len - 1] = '\0';
    else if (key >= ' ' && key < 0x7f && len + 1 < sizeof(v->filter))
        v->filter[len] = (char)key, v->filter[len + 1] = '\0';
}

static void move(struct view *v, int key)
{
    enum pane p = v->focus;
    size_t *at = &v->selected[p], last = v->len[p] ? v->len[p] - 1 : 0;
    size_t page = MAX(v->page[p], (size_t)1);

    switch (key) {
    case VIEW_KEY_UP:
        *at -= *at > 0;
        break;
    case VIEW_KEY_DOWN:
        *at = MIN(*at + 1, last);
        break;
    case VIEW_KEY_PAGE_UP:
        *at -= MIN(*at, page);
        break;
    case VIEW_KEY_PAGE_DOWN:
        *at = MIN(*at + page, last);
        break;
    case VIEW_KEY_HOME:
        *at = 0;
        break;
    default:
        *at = last;
    }
}

static void first_row(struct view *v, enum pane p)
{
    v->selected[p] = v->scrolled[p] = 0;
}

/* The processes of what the cursor is on, and of everything again. */
static void narrow(struct view *v)
{
    bool same = !strcmp(v->only_machine, v->at_machine) && !strcmp(v->only_gpu, v->at_gpu);

    if (v->focus != PANE_GPUS || !v->at_machine[0])
        return;
    str_copy(v->only_machine, sizeof(v->only_machine), same ? STR("") : str_of(v->at_machine));
    str_copy(v->only_gpu, sizeof(v->only_gpu), same ? STR("") : str_of(v->at_gpu));
    first_row(v, PANE_PROCESSES);
}

static void next_sort(struct view *v)
{
    if (v->focus == PANE_GPUS)
        v->gpu_sort = (v->gpu_sort + 1) % GPU_SORTS;
    else
        v->process_sort = (v->process_sort + 1) % PROCESS_SORTS;
    first_row(v, v->focus);
}

static void everything(struct view *v)
{
    v->filter[0] = v->only_machine[0] = v->only_gpu[0] = '\0';
}

bool view_key(struct view *v, int key)
{
    if (v->typing) {
        filter_key(v, key);
        first_row(v, PANE_GPUS);
        first_row(v, PANE_PROCESSES);
        return true;
    }
    if (v->help && key != VIEW_KEY_RESIZE) {
        v->help = false;
        return true;
    }
    switch (key) {
    case 'q':
    case 'Q':
        return false;
    case '?':
    case 'h':
        v->help = true;
        break;
    case ' ':
        v->hold = !v->hold;
        break;
    case '/':
        v->typing = true;
        break;
    case 's':
        next_sort(v);
        break;
    case VIEW_KEY_TAB:
        v->focus = (v->focus + 1) % PANES;
        break;
    case VIEW_KEY_ENTER:
        narrow(v);
        break;
    case VIEW_KEY_ESCAPE:
        everything(v);
        break;
    case 'j':
        move(v, VIEW_KEY_DOWN);
        break;
    case 'k':
        move(v, VIEW_KEY_UP);
        break;
    case VIEW_KEY_UP:
    case VIEW_KEY_DOWN:
    case VIEW_KEY_PAGE_UP:
    case VIEW_KEY_PAGE_DOWN:
    case VIEW_KEY_HOME:
    case VIEW_KEY_END:
        move(v, key);
        break;
    default:
        break;
    }
    return true;
}

/* ---- the first two lines and the last ---- */

static void clock_text(const struct frame *f, char *to, size_t size)
{
    time_t t = (time_t)(f->now_ms / 1000);
    struct tm tm;

    if (!localtime_r(&t, &tm) ||
        !strftime(to, size, f->past ? "at %Y-%m-%d %H:%M:%S" : "%H:%M:%S", &tm))
        to[0] = '\0';
}

static void draw_title(const struct view *v, const struct frame *f, const struct rows *rows,
                       struct canvas *c)
{
    const struct total *t = &rows->total;
    char where[300], clock[32], right[48];

    if (rows->machine)
        snprintf(where, sizeof(where), "%.*s", STR_ARG(rows->machine->name));
    else
        snprintf(where, sizeof(where), "%zu machines", t->machines);
    clock_text(f, clock, sizeof(clock));
    snprintf(right, sizeof(right), "%s%s ", v->hold ? "held  " : "", clock);
    canvas_style(c, 0, 0, c->width, STYLE_TITLE);
    unsigned x = canvas_put(c, 1, 0, 12, STYLE_TITLE, STR("algalon top"));
    x = canvas_put(c, x + 2, 0, c->width / 2, STYLE_PLAIN, str_of(where));
    canvas_printf(c, x + 2, 0, STYLE_PLAIN, "%zu GPU%s  %.0f%%  %.0f W", t->gpus,
                  t->gpus == 1 ? "" : "s", t->utilization, t->power);
    canvas_put_right(c, c->width > 30 ? c->width - 30 : 0, 0, MIN(30U, c->width), STYLE_TITLE,
                     str_of(right));
}

static void draw_machine(const struct view *v, const struct machine *m, struct canvas *c)
{
    const double *values = m->values;
    char used[16], total[16];
    unsigned bar = c->width >= 110 ? 20 : 10, x = 1;

    if (!isnan(values[MACHINE_CPU])) {
        x = canvas_put(c, x, 1, 4, STYLE_DIM, STR("CPU "));
        canvas_bar(c, x, 1, bar, values[MACHINE_CPU] / 100, STYLE_GOOD, v->utf8);
        x = canvas_printf(c, x + bar, 1, STYLE_PLAIN, " %3.0f%%  ", values[MACHINE_CPU]);
    }
    if (!isnan(values[MACHINE_MEMORY_TOTAL])) {
        pane_bytes(values[MACHINE_MEMORY_USED], used, sizeof(used));
        pane_bytes(values[MACHINE_MEMORY_TOTAL], total, sizeof(total));
        x = canvas_put(c, x, 1, 7, STYLE_DIM, STR("memory "));
        canvas_bar(c, x, 1, bar, values[MACHINE_MEMORY_USED] / values[MACHINE_MEMORY_TOTAL],
                   STYLE_GOOD, v->utf8);
        x = canvas_printf(c, x + bar, 1, STYLE_PLAIN, " %s/%s  ", used, total);
    }
    if (!isnan(values[MACHINE_LOAD1])) {
        x = canvas_put(c, x, 1, 5, STYLE_DIM, STR("load "));
        canvas_printf(c, x, 1, STYLE_PLAIN, "%.2f", values[MACHINE_LOAD1]);
    }
}

static void draw_fleet(const struct total *t, struct canvas *c)
{
    char used[16], total[16];
    const struct {
        size_t n;
        const char *what;
        enum style style;
    } counts[] = {{t->busy, "busy", STYLE_GOOD},
                  {t->idle, "idle", STYLE_PLAIN},
                  {t->held_idle, "held without use", STYLE_WARN},
                  {t->hot, "hot", STYLE_WARN},
                  {t->lost, "lost", STYLE_BAD}};
    unsigned x = 1;

    for (size_t i = 0; i < ARRAY_LEN(counts); i++)
        if (counts[i].n || i < 2)
            x = canvas_printf(c, x, 1, counts[i].n ? counts[i].style : STYLE_DIM, "%zu %s",
                              counts[i].n, counts[i].what) +
                2;
    pane_bytes(t->memory_used, used, sizeof(used));
    pane_bytes(t->memory_total, total, sizeof(total));
    canvas_printf(c, x, 1, STYLE_PLAIN, "memory %s/%s", used, total);
}

static void draw_bottom(const struct view *v, const struct rows *rows, struct canvas *c)
{
    unsigned y = c->height - 1;
    char text[400];
    size_t len = 0;

    if (v->typing) {
        canvas_printf(c, 1, y, STYLE_TITLE, "filter: %s_", v->filter);
        return;
    }
    text[0] = '\0';
    if (v->filter[0])
        len += (size_t)snprintf(text + len, sizeof(text) - len, "only \"%s\"  ", v->filter);
    if (v->only_machine[0])
        len += (size_t)snprintf(text + len, sizeof(text) - len, "processes of %s%s%s  ",
                                v->only_machine, v->only_gpu[0] ? " GPU " : "", v->only_gpu);
    if (rows->left_out)
        len +=
            (size_t)snprintf(text + MIN(len, sizeof(text)), sizeof(text) - MIN(len, sizeof(text)),
                             "%zu more not shown  ", rows->left_out);
    unsigned x = canvas_put(c, 1, y, c->width, STYLE_WARN, str_of(text));
    if (len)
        canvas_printf(c, x, y, STYLE_DIM, "Esc: everything  ? help  q quit");
    else
        canvas_printf(c, x, y, STYLE_DIM,
                      "q quit  Tab pane  s order (%s)  Enter its processes  / filter  ? help",
                      gpu_sorts[v->gpu_sort]);
}

static void draw_help(struct canvas *c)
{
    static const char *const lines[] = {
        "Up Down PgUp PgDn Home End   move in the pane that has the cursor",
        "Tab      the other pane",
        "s        another order: of GPUs number, load, heat, power;",
        "         of processes GPU memory, GPU time, CPU, memory",
        "Enter    only the processes of this GPU or machine; again: all",
        "/        only what holds this text: host, model, user, job, command",
        "Space    hold the picture; again: go on",
        "Esc      everything again",
        ", . < >  with --at: a second, a minute on or back",
        "q        quit",
        "",
        "LOAD     share of the interval in which the GPU had work",
        "NOTE     the worst there is to say of it; algalon doctor says more"};
    unsigned width = 76, height = (unsigned)ARRAY_LEN(lines) + 4;
    unsigned left = c->width > width ? (c->width - width) / 2 : 0;
    unsigned top = c->height > height ? (c->height - height) / 2 : 0;

    for (unsigned y = top; y < top + height && y < c->height; y++)
        for (unsigned x = left; x < left + width; x++)
            canvas_put(c, x, y, 1, STYLE_PLAIN, STR(" "));
    canvas_style(c, left, top, width, STYLE_TITLE);
    canvas_put(c, left + 2, top, width - 4, STYLE_TITLE, STR("Keys (any of them ends this help)"));
    for (unsigned i = 0; i < ARRAY_LEN(lines); i++)
        canvas_put(c, left + 2, top + 2 + i, width - 4, STYLE_PLAIN, str_of(lines[i]));
}

/* ---- the whole ---- */

static void scroll_to(struct view *v, enum pane p, size_t len, unsigned height)
{
    size_t page = height > 1 ? height - 1 : 0;

    v->len[p] = len;
    v->page[p] = page;
    v->selected[p] = len ? MIN(v->selected[p], len - 1) : 0;
    if (v->selected[p] < v->scrolled[p])
        v->scrolled[p] = v->selected[p];
    if (page && v->selected[p] >= v->scrolled[p] + page)
        v->scrolled[p] = v->selected[p] - page + 1;
    if (v->scrolled[p] + page > len)
        v->scrolled[p] = len > page ? len - page : 0;
}

static void remember_cursor(struct view *v, const struct rows *rows)
{
    const struct gpu_row *row =
        v->selected[PANE_GPUS] < rows->gpu_len ? &rows->gpus[v->selected[PANE_GPUS]] : NULL;
    const struct machine *m = !row ? NULL : row->gpu ? row->gpu->machine : row->heading;

    str_copy(v->at_machine, sizeof(v->at_machine), m ? m->name : STR(""));
    str_copy(v->at_gpu, sizeof(v->at_gpu), row && row->gpu ? row->gpu->index : STR(""));
}

/* Devices get what they need, up to three fifths; processes the rest. */
static unsigned gpu_height(const struct rows *rows, unsigned room)
{
    unsigned wanted = (unsigned)MIN(rows->gpu_len, (size_t)CANVAS_MAX) + 1;
    unsigned others = (unsigned)MIN(rows->process_len, (size_t)CANVAS_MAX) + 1;
    unsigned share = MAX(room * 3 / 5, room > others ? room - others : 0);

    return MIN(MIN(wanted, share), room);
}

static void draw_empty(const struct view *v, const struct frame *f, struct canvas *c, unsigned y)
{
    if (!f->reading_len)
        canvas_put(c, 1, y, c->width, STYLE_DIM, STR("No answer yet."));
    else if (v->filter[0])
        canvas_printf(c, 1, y, STYLE_DIM, "No GPU holds \"%s\" in host, model or note.", v->filter);
    else
        canvas_put(c, 1, y, c->width, STYLE_DIM,
                   STR("No GPU here, or none that answers: `algalon doctor` says why."));
}

void view_draw(struct view *v, const struct frame *f, struct canvas *c)
{
    struct rows rows;

    if (!rows_gather(v, f, &rows)) {
        canvas_put(c, 0, 0, c->width, STYLE_BAD, STR("out of memory: too much to show"));
        return;
    }
    unsigned around = TOP_LINES + (f->history ? BOTTOM_LINES : 0);
    unsigned room = c->height > around + 2 ? c->height - around : 2;
    unsigned gpus =
        f->history ? gpu_height(&rows, room) : (unsigned)MIN(rows.gpu_len + 1, (size_t)room);
    scroll_to(v, PANE_GPUS, rows.gpu_len, gpus);
    scroll_to(v, PANE_PROCESSES, rows.process_len, room - gpus);
    remember_cursor(v, &rows);

    draw_title(v, f, &rows, c);
    if (rows.machine)
        draw_machine(v, rows.machine, c);
    else if (rows.total.machines)
        draw_fleet(&rows.total, c);
    if (rows.gpu_len) {
        gpu_pane_draw(v, f, &rows, c, TOP_LINES, gpus);
    } else {
        gpus = 2;
        draw_empty(v, f, c, TOP_LINES);
    }
    if (room > gpus)
        process_pane_draw(v, &rows, c, TOP_LINES + gpus, room - gpus);
    if (f->history)
        draw_bottom(v, &rows, c);
    if (v->help)
        draw_help(c);
}

unsigned view_height(struct view *v, const struct frame *f)
{
    struct rows rows;
    size_t held = 0;

    if (!rows_gather(v, f, &rows))
        return 1;
    for (size_t i = 0; i < rows.process_len; i++)
        held += rows.processes[i].process->gpu.len > 0;
    held = held ? held : MIN(rows.process_len, (size_t)PROCESSES_HERE);
    return (unsigned)MIN(TOP_LINES + MAX(rows.gpu_len, (size_t)1) + 2 + held, (size_t)CANVAS_MAX);
}
