/* rows.c - gathers, filters and orders what the panes show. */
#include "rows.h"

#include <stdlib.h>
#include <strings.h>

#define BUSY_PERCENT  5.0
#define HELD_IDLE_S   300.0
#define HOT_MARGIN_C  5.0
#define HOT_WITHOUT_C 90.0 /* where a device does not tell its limit */

/* ---- what is to be said of a device ---- */

static bool is_hot(const struct gpu *g, double margin)
{
    double limit = g->values[GPU_TEMPERATURE_LIMIT];

    return g->values[GPU_TEMPERATURE] >= (isnan(limit) ? HOT_WITHOUT_C : limit - margin);
}

static bool is_lost(const struct gpu *g)
{
    return g->values[GPU_STATE] == 1 ||
           (g->presence.len && !str_is(g->presence, "asleep") && !str_is(g->presence, "released"));
}

static void say(struct note *n, enum style style, const char *text)
{
    n->style = style;
    str_copy(n->text, sizeof(n->text), str_of(text));
}

static bool note_state(const struct gpu *g, struct note *ret)
{
    static const struct {
        double state;
        const char *text;
        enum style style;
    } states[] = {{1, "lost", STYLE_BAD},
                  {2, "no rights", STYLE_WARN},
                  {3, "asleep", STYLE_DIM},
                  {4, "released", STYLE_WARN}};

    for (size_t i = 0; i < ARRAY_LEN(states); i++)
        if (g->values[GPU_STATE] == states[i].state) {
            say(ret, states[i].style, states[i].text);
            return true;
        }
    if (!g->presence.len)
        return false;
    ret->style = is_lost(g) ? STYLE_BAD : STYLE_DIM;
    str_copy(ret->text, sizeof(ret->text), g->presence);
    for (char *p = ret->text; *p; p++)
        *p = *p == '_' ? ' ' : *p;
    return true;
}

static bool note_throttle(const struct gpu *g, struct note *ret)
{
    static const struct {
        const char *reason, *text;
    } reasons[] = {{"hw_thermal", "slowed: heat"},
                   {"sw_thermal", "slowed: heat"},
                   {"hw_slowdown", "slowed: hw"},
                   {"hw_power_brake", "power brake"}};

    for (size_t i = 0; i < ARRAY_LEN(reasons); i++)
        if (str_is(g->throttle, reasons[i].reason)) {
            say(ret, STYLE_WARN, reasons[i].text);
            return true;
        }
    return false;
}

void rows_note(const struct gpu *g, struct note *ret)
{
    double idle = g->values[GPU_HELD_IDLE];

    *ret = (struct note){.style = STYLE_DIM};
    if (note_state(g, ret))
        return;
    if (g->values[GPU_REMAP_FAILED] > 0)
        say(ret, STYLE_BAD, "remap failed");
    else if (is_hot(g, 0))
        say(ret, STYLE_BAD, "heat limit");
    else if (note_throttle(g, ret))
        return;
    else if (g->values[GPU_REMAP_PENDING] > 0)
        say(ret, STYLE_WARN, "reset needed");
    else if (is_hot(g, HOT_MARGIN_C))
        say(ret, STYLE_WARN, "hot");
    else if (idle >= HELD_IDLE_S) {
        ret->style = STYLE_WARN;
        if (idle < 5940)
            snprintf(ret->text, sizeof(ret->text), "held, idle %.0fm", idle / 60);
        else
            snprintf(ret->text, sizeof(ret->text), "held, idle %.0fh", idle / 3600);
    } else if (str_is(g->throttle, "sw_power_cap"))
        say(ret, STYLE_DIM, "power cap");
}

/* ---- sums ---- */

static void add_gpu(struct total *t, const struct gpu *g)
{
    double utilization = g->values[GPU_UTILIZATION];

    if (g->instance)
        return; /* a part of a device that counts already */
    t->gpus++;
    t->lost += is_lost(g);
    t->hot += is_hot(g, HOT_MARGIN_C);
    t->held_idle += g->values[GPU_HELD_IDLE] >= HELD_IDLE_S;
    if (!isnan(utilization)) {
        t->utilization += utilization;
        t->utilization_len++;
        t->busy += utilization >= BUSY_PERCENT;
        t->idle += utilization < BUSY_PERCENT;
    }
    if (!isnan(g->values[GPU_POWER]))
        t->power += g->values[GPU_POWER];
    if (!isnan(g->values[GPU_MEMORY_TOTAL]) && !isnan(g->values[GPU_MEMORY_USED])) {
        t->memory_used += g->values[GPU_MEMORY_USED];
        t->memory_total += g->values[GPU_MEMORY_TOTAL];
    }
}

void rows_total(const struct frame *f, const struct machine *m, struct total *ret)
{
    *ret = (struct total){0};
    for (size_t i = 0; i < f->reading_len; i++) {
        const struct reading *r = f->readings[i];
        ret->machines += r->machine_len;
        for (size_t j = 0; j < r->gpu_len; j++)
            if (!m || r->gpus[j]->machine == m)
                add_gpu(ret, r->gpus[j]);
    }
    ret->utilization /= (double)MAX(ret->utilization_len, (size_t)1);
}

/* ---- filtering ---- */

static bool holds(struct str text, const char *part)
{
    size_t len = strlen(part);

    for (size_t i = 0; i + len <= text.len; i++)
        if (!strncasecmp(text.ptr + i, part, len))
            return true;
    return false;
}

static bool gpu_is_wanted(const struct view *v, const struct gpu *g)
{
    struct note note;

    if (!v->filter[0])
        return true;
    rows_note(g, &note);
    return holds(g->machine->name, v->filter) || holds(g->model, v->filter) ||
           holds(g->uuid, v->filter) || holds(str_of(note.text), v->filter);
}

static bool process_is_wanted(const struct view *v, const struct process *p)
{
    if (v->only_machine[0] && !str_is(p->machine->name, v->only_machine))
        return false;
    if (v->only_gpu[0] && !str_is(p->gpu, v->only_gpu))
        return false;
    return !v->filter[0] || holds(p->name, v->filter) || holds(p->user, v->filter) ||
           holds(p->holder, v->filter) || holds(p->machine->name, v->filter) ||
           holds(p->pid, v->filter);
}

/* ---- order ---- */

/* Larger first; what nobody knows last. */
static int larger(double a, double b)
{
    if (isnan(a) || isnan(b))
        return (int)isnan(a) - (int)isnan(b);
    return (a < b) - (a > b);
}

static struct str machine_name(const struct gpu_row *row)
{
    return row->gpu ? row->gpu->machine->name : row->heading->name;
}

static int gpu_order(const void *va, const void *vb)
{
    const struct gpu_row *ra = va, *rb = vb;
    const struct gpu *a = ra->gpu, *b = rb->gpu;
    int order = larger(ra->key, rb->key);

    order = order ? order : str_compare(machine_name(ra), machine_name(rb));
    if (order || !a || !b)
        return order ? order : !b - !a;
    order = (a->order > b->order) - (a->order < b->order);
    return order ? order : str_compare(a->index, b->index);
}

static int process_order(const void *va, const void *vb)
{
    const struct process_row *ra = va, *rb = vb;
    const struct process *a = ra->process, *b = rb->process;
    int order = larger(ra->key, rb->key);

    order = order ? order : larger(a->values[PROCESS_CPU], b->values[PROCESS_CPU]);
    order = order ? order : str_compare(a->machine->name, b->machine->name);
    order = order ? order : (a->pid.len > b->pid.len) - (a->pid.len < b->pid.len);
    order = order ? order : str_compare(a->pid, b->pid);
    return order ? order : str_compare(a->gpu, b->gpu);
}

static double gpu_key(const struct view *v, const struct gpu *g)
{
    switch (v->gpu_sort) {
    case SORT_BUSIEST:
        return g->values[GPU_UTILIZATION];
    case SORT_IDLEST:
        return -g->values[GPU_UTILIZATION];
    case SORT_HOTTEST:
        return g->values[GPU_TEMPERATURE];
    case SORT_POWER:
        return g->values[GPU_POWER];
    default:
        return 0;
    }
}

static double process_key(const struct view *v, const struct process *p)
{
    static const enum process_value values[PROCESS_SORTS] = {
        PROCESS_GPU_MEMORY, PROCESS_GPU_UTILIZATION, PROCESS_CPU, PROCESS_MEMORY};

    return p->values[values[v->process_sort]];
}

/* ---- gathering ---- */

/* Adds the machines of `r` that have no device: they stand as headings alone. */
static size_t add_bare_machines(const struct view *v, const struct reading *r, struct gpu_row *to)
{
    size_t n = 0, j = 0; /* both lists are sorted by the machine's name */

    for (size_t i = 0; i < r->machine_len; i++) {
        bool bare = j == r->gpu_len || r->gpus[j]->machine != r->machines[i];
        while (j < r->gpu_len && r->gpus[j]->machine == r->machines[i])
            j++;
        if (bare && (!v->filter[0] || holds(r->machines[i]->name, v->filter)))
            to[n++] = (struct gpu_row){.heading = r->machines[i]};
    }
    return n;
}

static bool gather_gpus(struct view *v, const struct frame *f, struct rows *ret)
{
    size_t gpus = 0, machines = 0, n = 0;

    for (size_t i = 0; i < f->reading_len; i++) {
        gpus += f->readings[i]->gpu_len;
        machines += f->readings[i]->machine_len;
    }
    struct gpu_row *all = arena_calloc(&v->arena, gpus + machines + 1, sizeof(*all));
    struct gpu_row *rows =
        arena_calloc(&v->arena, gpus + machines + f->trouble_len + 1, sizeof(*rows));
    if (!all || !rows)
        return false;
    for (size_t i = 0; i < f->reading_len; i++)
        for (size_t j = 0; j < f->readings[i]->gpu_len; j++)
            if (gpu_is_wanted(v, f->readings[i]->gpus[j]))
                all[n++] = (struct gpu_row){.gpu = f->readings[i]->gpus[j],
                                            .key = gpu_key(v, f->readings[i]->gpus[j])};
    bool headings = v->gpu_sort == SORT_PLACE && machines > 1;
    for (size_t i = 0; headings && i < f->reading_len; i++)
        n += add_bare_machines(v, f->readings[i], all + n);
    qsort(all, n, sizeof(*all), gpu_order);
    for (size_t i = 0; i < f->trouble_len; i++)
        rows[ret->gpu_len++].trouble = &f->troubles[i];
    for (size_t i = 0; i < n; i++) {
        bool first = !i || !str_equal(machine_name(&all[i - 1]), machine_name(&all[i]));
        if (!all[i].gpu && !first)
            continue; /* another source knows the machine's devices */
        if (headings && first && all[i].gpu)
            rows[ret->gpu_len++].heading = all[i].gpu->machine;
        rows[ret->gpu_len++] = all[i];
    }
    ret->gpus = rows;
    if (machines == 1)
        for (size_t i = 0; i < f->reading_len; i++)
            if (f->readings[i]->machine_len)
                ret->machine = f->readings[i]->machines[0];
    return true;
}

static bool gather_processes(struct view *v, const struct frame *f, struct rows *ret)
{
    size_t all = 0, n = 0;

    for (size_t i = 0; i < f->reading_len; i++)
        all += f->readings[i]->process_len;
    struct process_row *rows = arena_calloc(&v->arena, all + 1, sizeof(*rows));
    if (!rows)
        return false;
    for (size_t i = 0; i < f->reading_len; i++)
        for (size_t j = 0; j < f->readings[i]->process_len; j++)
            if (process_is_wanted(v, f->readings[i]->processes[j]))
                rows[n++] = (struct process_row){f->readings[i]->processes[j],
                                                 process_key(v, f->readings[i]->processes[j])};
    qsort(rows, n, sizeof(*rows), process_order);
    ret->processes = rows;
    ret->process_len = n;
    return true;
}

bool rows_gather(struct view *v, const struct frame *f, struct rows *ret)
{
    *ret = (struct rows){0};
    arena_reset(&v->arena);
    rows_total(f, NULL, &ret->total);
    for (size_t i = 0; i < f->reading_len; i++)
        ret->left_out += f->readings[i]->left_out;
    return gather_gpus(v, f, ret) && gather_processes(v, f, ret);
}
