/* compare.c - gathers pairs of samples and judges them. Values of all-smi's schema are brought to
 * dcgm-exporter's units by the table of equivalences, so that any two exporters can be compared. */
#include "migrate/compare.h"

#include "migrate/compare_report.h"

struct half {
    bool there;
    double value;
    int64_t ts_ms;
};

/* One family on one GPU: what waits for its pair, the minute under way, counters' ends. */
struct cell {
    struct half half[2];
    double sum[2];
    size_t in_bucket;
    int64_t bucket;
    double first[2], last[2];
    bool counted;
};

struct gpu {
    struct str uuid;
    struct cell *cells; /* [equivalences_len] */
};

struct compare {
    struct arena arena;
    struct map gpus;
    struct compare_family *families; /* [equivalences_len] */
    struct compare_cost cost[2];
    const char *name[2];
    bool finished;
};

/* ---- what is asked of each family ---- */

enum family_class {
    CLASS_EXACT,  /* one value of the driver */
    CLASS_MEAN,   /* sampled or averaged at other moments */
    CLASS_COUNTER /* compared by what it grows */
};

static enum family_class class_of(size_t i)
{
    const struct catalogue_family *f = catalogue_find(str_of(equivalences[i].dcgm));
    const char *name = equivalences[i].dcgm;

    if (strstr(name, "NVLINK_BANDWIDTH"))
        return CLASS_MEAN;
    if (f && !strcmp(f->type, "counter") && !strstr(name, "RETIRED") && !strstr(name, "REMAPPED"))
        return CLASS_COUNTER;
    if (strstr(name, "UTIL") || strstr(name, "POWER_USAGE") || strstr(name, "_PROF_"))
        return CLASS_MEAN;
    return CLASS_EXACT;
}

/* How far two values may lie apart: absolute, and as a share. */
static void tolerance(size_t i, double *ret_absolute, double *ret_share)
{
    const char *name = equivalences[i].dcgm;

    *ret_absolute = 0;
    *ret_share = 1e-6;
    if (strstr(name, "TEMP"))
        *ret_absolute = 2; /* degrees: read at other moments */
    else if (strstr(name, "_FB_"))
        *ret_absolute = 1; /* MiB: rounded */
    else if (strstr(name, "CLOCK"))
        *ret_share = 0.05;
    else if (strstr(name, "POWER_USAGE"))
        *ret_absolute = 5, *ret_share = 0.03;
    else if (strstr(name, "PROF_PCIE") || strstr(name, "BANDWIDTH"))
        *ret_absolute = 1e6, *ret_share = 0.1;
    else if (strstr(name, "PROF"))
        *ret_absolute = 0.02;
    else if (strstr(name, "UTIL"))
        *ret_absolute = 2; /* points */
    else if (strstr(name, "ENERGY"))
        *ret_absolute = 1e6, *ret_share = 0.05; /* a kilojoule, or one that adds up power */
    else if (strstr(name, "VIOLATION"))
        *ret_absolute = 1e9, *ret_share = 0.05;
}

/* ---- gathering ---- */

struct compare *compare_new(const char *name_a, const char *name_b)
{
    struct compare *c = xnew(struct compare);

    arena_init(&c->arena, 0);
    map_init(&c->gpus);
    c->families = xcalloc(equivalences_len, sizeof(*c->families));
    c->name[0] = xstrdup(name_a);
    c->name[1] = xstrdup(name_b);
    for (int side = 0; side < 2; side++)
        c->cost[side].cpu_first = c->cost[side].cpu_last = c->cost[side].memory_max =
            c->cost[side].threads_max = c->cost[side].files_max = (double)NAN;
    return c;
}

void compare_free(struct compare *c)
{
    size_t at = 0;

    if (!c)
        return;
    for (struct map_entry *e; (e = map_next(&c->gpus, &at));)
        free(((struct gpu *)e->value)->cells);
    map_fini(&c->gpus);
    arena_fini(&c->arena);
    free(c->families);
    free((char *)(uintptr_t)c->name[0]);
    free((char *)(uintptr_t)c->name[1]);
    free(c);
}

struct compare_cost *compare_cost(struct compare *c, enum compare_side side)
{
    return &c->cost[side];
}

static struct gpu *find_gpu(struct compare *c, struct str uuid)
{
    struct gpu *g = map_get(&c->gpus, uuid);

    if (g || c->gpus.len >= COMPARE_GPUS_MAX)
        return g;
    g = arena_new(&c->arena, struct gpu);
    char *copy = g ? arena_strndup(&c->arena, uuid.ptr, uuid.len) : NULL;
    if (!copy)
        return NULL;
    g->uuid = str_make(copy, uuid.len);
    g->cells = xcalloc(equivalences_len, sizeof(*g->cells));
    if (!map_put(&c->gpus, g->uuid, g, NULL))
        return g;
    free(g->cells);
    return NULL;
}

static void take_pair(struct compare_family *f, double a, double b)
{
    double difference = b - a;

    f->pairs++;
    f->sum_a += a;
    f->sum_b += b;
    f->sum_aa += a * a;
    f->sum_bb += b * b;
    f->sum_ab += a * b;
    f->sum_difference += difference;
    f->sum_apart += fabs(difference);
    f->max_apart = MAX(f->max_apart, fabs(difference));
    f->within += fabs(difference) <= f->absolute + f->share * MAX(fabs(a), fabs(b));
}

static void end_bucket(struct compare_family *f, struct cell *cell)
{
    if (cell->in_bucket)
        take_pair(f, cell->sum[0] / (double)cell->in_bucket,
                  cell->sum[1] / (double)cell->in_bucket);
    cell->sum[0] = cell->sum[1] = 0;
    cell->in_bucket = 0;
}

static void pair(struct compare_family *f, struct cell *cell, enum family_class class,
                 int64_t ts_ms)
{
    double a = cell->half[0].value, b = cell->half[1].value;

    f->samples++;
    cell->half[0].there = cell->half[1].there = false;
    if (class == CLASS_EXACT) {
        take_pair(f, a, b);
        return;
    }
    if (class == CLASS_COUNTER) {
        if (!cell->counted)
            cell->first[0] = a, cell->first[1] = b;
        cell->counted = true;
        cell->last[0] = a;
        cell->last[1] = b;
        return;
    }
    if (ts_ms / COMPARE_BUCKET_MS != cell->bucket)
        end_bucket(f, cell);
    cell->bucket = ts_ms / COMPARE_BUCKET_MS;
    cell->sum[0] += a;
    cell->sum[1] += b;
    cell->in_bucket++;
}

/* type="corrected" against the labels of a series. */
static bool matches(const char *match, struct labels labels)
{
    struct str rest = str_of(match), name = str_cut(&rest, '=');

    return rest.len >= 2 &&
           str_equal(labels_get(labels, name), str_make(rest.ptr + 1, rest.len - 2));
}

/* The row of the table that a series stands for, and the factor that brings its value there. */
static bool row_of(struct labels labels, size_t *ret_row, double *ret_scale)
{
    struct str name = labels_name(labels);

    for (size_t i = 0; i < equivalences_len; i++) {
        const struct equivalence *e = &equivalences[i];
        if (equivalence_is_expression(e->dcgm))
            continue;
        if (str_is(name, e->dcgm)) {
            *ret_row = i;
            *ret_scale = 1;
            return true;
        }
        if (str_is(name, e->all_smi) && (!e->match || matches(e->match, labels))) {
            *ret_row = i;
            *ret_scale = e->scale;
            return true;
        }
    }
    return false;
}

int compare_add(struct compare *c, enum compare_side side, struct labels labels, double value,
                int64_t ts_ms, int64_t window_ms)
{
    struct str uuid = labels_get(labels, STR("UUID"));
    size_t row;
    double scale;

    uuid = uuid.len ? uuid : labels_get(labels, STR("gpu_uuid"));
    if (!uuid.len || labels_get(labels, STR("GPU_I_ID")).len || isnan(value) ||
        !row_of(labels, &row, &scale))
        return 0;
    struct gpu *g = find_gpu(c, uuid);
    if (!g)
        return c->gpus.len >= COMPARE_GPUS_MAX ? -E2BIG : -ENOMEM;
    struct compare_family *f = &c->families[row];
    struct cell *cell = &g->cells[row];
    if (!f->seen[0] && !f->seen[1])
        tolerance(row, &f->absolute, &f->share);
    f->seen[side]++;
    cell->half[side] = (struct half){true, value * scale, ts_ms};
    const struct half *other = &cell->half[!side];
    if (other->there && llabs(other->ts_ms - ts_ms) <= window_ms)
        pair(f, cell, class_of(row), ts_ms);
    return 0;
}

#define TIME_FIRST 1e-5
#define TIME_WIDTH 1.05

static void take_time(struct compare_cost *cost, double seconds)
{
    double at = seconds > TIME_FIRST ? log(seconds / TIME_FIRST) / log(TIME_WIDTH) : 0;

    cost->times[(size_t)MIN(at, (double)(COMPARE_TIMES - 1))]++;
}

double compare_time(const struct compare_cost *cost, double share)
{
    double wanted = share * (double)cost->scrapes, seen = 0;

    for (size_t i = 0; i < COMPARE_TIMES && cost->scrapes; i++) {
        seen += cost->times[i];
        if (seen >= wanted && seen > 0)
            return TIME_FIRST * pow(TIME_WIDTH, (double)i + 0.5);
    }
    return (double)NAN;
}

static void take_process(struct compare_cost *cost, struct str name, double value, int64_t ts_ms)
{
    if (str_is(name, "process_resident_memory_bytes"))
        cost->memory_max = isnan(cost->memory_max) ? value : MAX(cost->memory_max, value);
    if (!str_is(name, "process_cpu_seconds_total"))
        return;
    if (isnan(cost->cpu_first)) {
        cost->cpu_first = value;
        cost->cpu_first_ms = ts_ms;
    }
    cost->cpu_last = value;
    cost->cpu_last_ms = ts_ms;
}

int compare_add_scrape(struct compare *c, enum compare_side side, struct str text, double seconds,
                       int64_t ts_ms, int64_t window_ms)
{
    struct compare_cost *cost = &c->cost[side];
    struct exposition e = {.rest = text};
    struct exposition_line line;
    struct labels labels;
    struct arena arena;
    int code = 0, found;

    arena_init(&arena, 0);
    cost->scrapes++;
    cost->bytes += (double)text.len;
    cost->seconds += seconds;
    cost->seconds_max = MAX(cost->seconds_max, seconds);
    take_time(cost, seconds);
    while (!code && (found = exposition_next(&e, &line, NULL)) != 0) {
        if (found < 0 || line.kind != EXPOSITION_SAMPLE)
            continue;
        cost->samples++;
        take_process(cost, line.name, line.value, ts_ms);
        arena_reset(&arena);
        if (!exposition_labels(line.series, &arena, &labels, NULL))
            code = compare_add(c, side, labels, line.value, ts_ms, window_ms);
    }
    arena_fini(&arena);
    return code;
}

/* ---- judging ---- */

static void finish(struct compare *c)
{
    size_t at = 0;

    if (c->finished)
        return;
    c->finished = true;
    for (struct map_entry *e; (e = map_next(&c->gpus, &at));)
        for (size_t i = 0; i < equivalences_len; i++) {
            struct cell *cell = &((struct gpu *)e->value)->cells[i];
            end_bucket(&c->families[i], cell);
            if (cell->counted)
                take_pair(&c->families[i], cell->last[0] - cell->first[0],
                          cell->last[1] - cell->first[1]);
        }
}

/* 95 in 100 are asked for: of fewer than 20 pairs one that lies apart would be more than the rest
 * may be. A counter has one pair for each GPU, over the whole time: there each of them counts. */
static bool is_open(size_t row, const struct compare_family *f)
{
    return class_of(row) != CLASS_COUNTER && f->pairs < COMPARE_PAIRS_MIN && f->within < f->pairs &&
           f->within * 2 > f->pairs;
}

static enum compare_verdict judge(size_t row, const struct compare_family *f)
{
    if ((!f->seen[0] || !f->seen[1]) && equivalence_is_expression(equivalences[row].all_smi))
        return COMPARE_NONE;
    if (!f->seen[1])
        return COMPARE_ONLY_A;
    if (!f->seen[0])
        return COMPARE_ONLY_B;
    if (f->samples < 3 || is_open(row, f))
        return COMPARE_FEW;
    return (double)f->within >= 0.95 * (double)f->pairs ? COMPARE_EQUAL : COMPARE_DIFFERS;
}

size_t compare_count(struct compare *c, enum compare_verdict verdict)
{
    size_t n = 0;

    finish(c);
    for (size_t i = 0; i < equivalences_len; i++)
        n += (c->families[i].seen[0] || c->families[i].seen[1]) &&
             judge(i, &c->families[i]) == verdict;
    return n;
}

void compare_print(struct compare *c, const char *form, struct buf *to)
{
    struct compare_row *rows = xcalloc(equivalences_len, sizeof(*rows));
    size_t n = 0;

    finish(c);
    for (size_t i = 0; i < equivalences_len; i++)
        if (c->families[i].seen[0] || c->families[i].seen[1])
            rows[n++] = (struct compare_row){equivalences[i].dcgm, class_of(i) == CLASS_COUNTER,
                                             &c->families[i], judge(i, &c->families[i])};
    compare_report(form, c->name, c->cost, c->gpus.len, rows, n, to);
    free(rows);
}
