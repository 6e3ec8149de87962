/* beside.c - own readings beside another program's. Ours are taken right before and right after
 * the other's answer: a value that moves is right when the other's lies between the two, or within
 * the tolerance of either. */
#include "doctor/beside.h"

#include "doctor/smi.h"
#include "metric/metric.h"
#include "outbound/outbound.h"

#include <stdlib.h>

#define OVER_MS        500  /* between the two readings that rates are made of */
#define READ_MS        5000 /* that the driver may take */
#define OTHER_MS       10000 /* that the other may take: nvidia-smi without persistence mode is slow */
#define OTHER_MAX      ((size_t)32 << 20)
#define SMI_OUTPUT_MAX ((size_t)1 << 20)

/* What nvidia-smi is asked for, and what we call it. */
static const struct {
    const char *query, *metric;
    double scale;     /* from our unit to that of smi_parse_line() */
    double show;      /* from there to nvidia-smi's own */
    const char *rest; /* labels beside the GPU's, where there are any */
} fields[] = {
    {"utilization.gpu", "all_smi_gpu_utilization", 1, 1, ""},
    {"utilization.memory", "algalon_gpu_memory_activity", 1, 1, ""},
    {"memory.total", "all_smi_gpu_memory_total_bytes", 1, 1.0 / 1048576, ""},
    {"memory.used", "all_smi_gpu_memory_used_bytes", 1, 1.0 / 1048576, ""},
    {"memory.free", "algalon_gpu_memory_free_bytes", 1, 1.0 / 1048576, ""},
    {"temperature.gpu", "all_smi_gpu_temperature_celsius", 1, 1, ""},
    {"temperature.memory", "algalon_gpu_memory_temperature_celsius", 1, 1, ""},
    {"power.draw", "all_smi_gpu_power_consumption_watts", 1, 1, ""},
    {"enforced.power.limit", "all_smi_gpu_power_limit_current_watts", 1, 1, ""},
    {"clocks.current.graphics", "all_smi_gpu_frequency_mhz", 1, 1, ""},
    {"clocks.current.sm", "algalon_gpu_clock_sm_mhz", 1, 1, ""},
    {"clocks.current.memory", "algalon_gpu_clock_memory_mhz", 1, 1, ""},
    {"clocks.current.video", "algalon_gpu_clock_video_mhz", 1, 1, ""},
    {"fan.speed", "algalon_gpu_fan_speed_percent", 1, 1, ""},
    {"pstate", "all_smi_gpu_performance_state", 1, 1, ""},
    {"persistence_mode", "algalon_gpu_persistence_mode", 1, 1, ""},
    {"pcie.link.gen.current", "all_smi_gpu_pcie_gen_current", 1, 1, ""},
    {"pcie.link.width.current", "all_smi_gpu_pcie_width_current", 1, 1, ""},
    {"ecc.errors.corrected.volatile.total", "algalon_gpu_ecc_errors_total", 1, 1,
     "type=corrected,"},
    {"ecc.errors.uncorrected.volatile.total", "algalon_gpu_ecc_errors_total", 1, 1,
     "type=uncorrected,"},
};

#define IDENTITY 2 /* index and uuid stand before the fields */

/* The first rule whose word is in the name holds. */
static const struct {
    const char *word;
    double absolute, share;
} tolerances[] = {
    {"threshold", 0.5, 0}, /* before the measured ones that share a word with it */
    {"limit", 0.5, 0},
    {"_max_mhz", 0.5, 0},
    {"ecc_errors", 0.5, 0},
    {"_utilization_m", 25, 0}, /* extremes of different intervals */
    {"activity_m", 25, 0},
    {"power_m", 25, 0.25},
    {"PROF_PCIE", 1e6, 0.5}, /* rates over different intervals */
    {"PROF_NVLINK", 1e6, 0.5},
    {"_per_second", 1e6, 0.5},
    {"BANDWIDTH", 1e6, 0.5},
    {"PROF_", 0.1, 0}, /* ratios */
    {"ratio", 0.1, 0},
    {"utilization", 10, 0}, /* percent */
    {"activity", 10, 0},
    {"_UTIL", 10, 0},
    {"margin", 2, 0},
    {"emperature", 2, 0},
    {"TEMP", 2, 0},
    {"power", 5, 0.1},
    {"POWER_USAGE", 5, 0.1},
    {"energy", 1000, 0.01},
    {"ENERGY", 1000000, 0.01}, /* mJ */
    {"clock", 30, 0.05},
    {"CLOCK", 30, 0.05},
    {"frequency", 30, 0.05},
    {"fan", 5, 0.1},
    {"FB_", 64, 0.01}, /* MiB */
    {"memory_total", 1048576, 0},
    {"memory", 67108864, 0.01},
    {"VIOLATION", 1e9, 0.02},
    {"seconds", 2, 0.05},
    {"COUNT", 3, 0.05},
    {"_total", 3, 0.05},
};

double beside_tolerance(struct str metric, double value)
{
    for (size_t i = 0; i < ARRAY_LEN(tolerances); i++)
        if (str_contains(metric, str_of(tolerances[i].word)))
            return fmax(tolerances[i].absolute, tolerances[i].share * fabs(value));
    return 1e-6 * fmax(1, fabs(value)); /* modes, versions, widths: equal or not */
}

static enum beside_verdict judge(struct beside_row *r)
{
    bool here = !isnan(r->before) || !isnan(r->after);
    double low = isnan(r->before) ? r->after : r->before, high = isnan(r->after) ? low : r->after;

    r->difference = NAN;
    if (isnan(r->there))
        return here ? BESIDE_ONLY_HERE : BESIDE_UNKNOWN;
    if (!here)
        return BESIDE_MISSING;
    if (low > high) {
        double swap = low;
        low = high;
        high = swap;
    }
    r->difference = r->there < low ? r->there - low : r->there > high ? r->there - high : 0;
    if (fabs(r->difference) <= r->tolerance)
        return BESIDE_AGREES;
    return r->tally ? BESIDE_TALLY : BESIDE_DIFFERS;
}

int beside_add(struct comparison *c, struct beside_row row, struct error *err)
{
    if (c->len == BESIDE_ROWS_MAX)
        return error_set(err, -E2BIG, "more than %d values to compare", BESIDE_ROWS_MAX);
    if (c->len == c->cap) {
        size_t more = c->cap ? c->cap * 2 : 128;
        struct beside_row *grown = arena_calloc(&c->arena, more, sizeof(*grown));
        if (!grown)
            return error_errno(err, -ENOMEM, "comparison");
        if (c->len)
            memcpy(grown, c->rows, c->len * sizeof(*grown));
        c->rows = grown;
        c->cap = more;
    }
    row.verdict = judge(&row);
    c->count[row.verdict]++;
    c->rows[c->len++] = row;
    return 0;
}

/* Our own, in both schemas; *ret views a text in `text`. */
static int read_own(const struct worker_options *options, struct comparison *c, struct buf *text,
                    struct gpu_series_list *ret, struct error *err)
{
    struct worker_options both = *options;
    struct snapshot *s = NULL;
    char late[128] = "";

    both.gpu_inventory = NULL; /* a comparison remembers nothing */
    both.schemas = SCHEMA_ALL_SMI | SCHEMA_DCGM;
    int code = worker_once(&both, OVER_MS, READ_MS, late, sizeof(late), &s, err);
    if (code)
        return code;
    buf_str_add(text, snapshot_body(s, SNAPSHOT_TEXT));
    size_t gpus = snapshot_accelerators(s);
    snapshot_release(s);
    if (text->failed)
        return error_errno(err, -ENOMEM, "own readings");
    if (late[0])
        return error_set(err, -ETIMEDOUT, "the driver does not answer (%s): see algalon doctor",
                         late);
    if (!gpus)
        return error_set(err, -ENODEV, "no GPU is found here: see algalon doctor");
    return gpu_series_read(buf_str(text), &c->arena, ret, err);
}

static double value_of(const struct gpu_series_list *list, const struct gpu_series *like)
{
    const struct gpu_series *s = gpu_series_find(list, like);

    return s ? s->value : NAN;
}

/* ---- nvidia-smi ---- */

static int ask_smi(const char *program, struct buf *to, struct error *err)
{
    const char *argv[4] = {program, NULL, "--format=csv,noheader", NULL};
    struct buf query;

    buf_init(&query, 0);
    buf_text(&query, "--query-gpu=index,uuid");
    for (size_t i = 0; i < ARRAY_LEN(fields); i++)
        buf_printf(&query, ",%s", fields[i].query);
    char *text = buf_take(&query);
    if (!text)
        return error_errno(err, -ENOMEM, "%s", program);
    argv[1] = text;
    int code = child_run(argv, OTHER_MS, to, err);
    free(text);
    return code;
}

static int smi_row(struct comparison *c, const struct smi_cell *cells,
                   const struct gpu_series_list *before, const struct gpu_series_list *after,
                   struct error *err)
{
    const char *uuid = arena_strndup(&c->arena, cells[1].text, strlen(cells[1].text));

    if (!uuid)
        return error_errno(err, -ENOMEM, "nvidia-smi");
    for (size_t i = 0; i < ARRAY_LEN(fields); i++) {
        const struct smi_cell *cell = &cells[IDENTITY + i];
        struct gpu_series like = {.name = str_of(fields[i].metric),
                                  .gpu = (int)cells[0].value,
                                  .uuid = str_of(uuid),
                                  .rest = str_of(fields[i].rest)};
        if (str_starts(like.uuid, STR("GPU-")))
            like.uuid = str_make(uuid + 4, strlen(uuid) - 4);
        double scale = fields[i].scale * fields[i].show;
        double there = cell->kind == SMI_NUMBER ? cell->value : NAN;
        struct beside_row row = {.gpu = like.gpu,
                                 .field = str_of(fields[i].query),
                                 .metric = fields[i].metric,
                                 .before = value_of(before, &like) * scale,
                                 .after = value_of(after, &like) * scale,
                                 .there = there * fields[i].show,
                                 .tolerance = beside_tolerance(like.name, there) * fields[i].show};
        int code = beside_add(c, row, err);
        if (code)
            return code;
    }
    return 0;
}

static int with_smi(struct comparison *c, struct str text, const struct gpu_series_list *before,
                    const struct gpu_series_list *after, struct error *err)
{
    struct smi_cell cells[SMI_CELLS_MAX];

    while (text.ptr) {
        struct str line = str_trim(str_cut(&text, '\n'));
        if (!line.len)
            continue;
        int n = smi_parse_line(line, cells, ARRAY_LEN(cells));
        if (n != IDENTITY + (int)ARRAY_LEN(fields) || cells[0].kind != SMI_NUMBER ||
            !(cells[0].value >= 0 && cells[0].value < 4096))
            return error_set(err, -EBADMSG, "this is no line of nvidia-smi's table: %.100s",
                             str_starts(line, STR("No devices")) ? "No devices were found"
                                                                 : line.ptr);
        int code = smi_row(c, cells, before, after, err);
        if (code)
            return code;
    }
    return 0;
}

/* ---- another exporter ---- */

static int ask_url(const char *url, struct buf *to, struct error *err)
{
    static const char *const headers[] = {"Accept: text/plain; version=0.0.4"};
    struct outbound_options options = {.user_agent = "algalon-doctor",
                                       .headers = headers,
                                       .header_len = 1,
                                       .answer_max = OTHER_MAX};
    struct outbound_answer answer = {0};
    struct outbound *o;
    int code = outbound_open(&options, &o, err);

    if (code)
        return code;
    outbound_send(o, "GET", url, STR(""), OTHER_MS, &answer);
    if (!answer.status)
        code = error_set(err, -EHOSTUNREACH, "no answer: %s", answer.error);
    else if (answer.status != 200)
        code = error_set(err, -EPROTO, "it answers with status %ld", answer.status);
    else if (answer.cut)
        code = error_set(err, -EFBIG, "its answer is larger than %zu MiB", OTHER_MAX >> 20);
    else
        buf_str_add(to, buf_str(&answer.body));
    outbound_answer_fini(&answer);
    outbound_close(o);
    return code || !to->failed ? code : error_errno(err, -ENOMEM, "its answer");
}

static int with_series(struct comparison *c, struct str text, const struct gpu_series_list *before,
                       const struct gpu_series_list *after, struct error *err)
{
    struct gpu_series_list other;
    int code = gpu_series_read(text, &c->arena, &other, err);

    for (size_t i = 0; i < other.len && !code; i++) {
        const struct gpu_series *s = &other.items[i];
        const struct catalogue_family *family = catalogue_find(s->name);
        struct beside_row row = {.gpu = s->gpu,
                                 .field = s->name,
                                 .metric = "",
                                 .before = value_of(before, s),
                                 .after = value_of(after, s),
                                 .there = s->value,
                                 .tally = family && catalogue_is_tally(family),
                                 .tolerance = beside_tolerance(s->name, s->value)};
        c->other_series++;
        if (isnan(row.before) && isnan(row.after)) {
            c->other_uncompared++; /* another name set: not one of ours to have */
            continue;
        }
        if (row.gpu < 0) {
            const struct gpu_series *ours = gpu_series_find(after, s);
            row.gpu = ours ? ours->gpu : -1;
        }
        code = beside_add(c, row, err);
    }
    return code;
}

static int compare(const struct worker_options *options, const char *with, struct comparison *c,
                   struct buf texts[3], struct error *err)
{
    bool url = strstr(with, "://") != NULL;
    struct gpu_series_list before, after;
    int code = read_own(options, c, &texts[0], &before, err);
    uint64_t from = clock_mono_ns();

    if (code)
        return code;
    code = url ? ask_url(with, &texts[1], err) : ask_smi(with, &texts[1], err);
    c->other_ms = (int64_t)((clock_mono_ns() - from) / NS_PER_MS);
    if (!code)
        code = read_own(options, c, &texts[2], &after, err);
    c->span_ms = (int64_t)((clock_mono_ns() - from) / NS_PER_MS);
    if (!code)
        code = url ? with_series(c, buf_str(&texts[1]), &before, &after, err)
                   : with_smi(c, buf_str(&texts[1]), &before, &after, err);
    if (!code && !c->count[BESIDE_AGREES] && !c->count[BESIDE_DIFFERS])
        code = error_set(err, -ENODATA,
                         "nothing to compare: no value of a GPU is told by both (the other has %zu "
                         "series of GPUs)",
                         url ? c->other_series : c->len);
    return code;
}

int doctor_compare(const struct worker_options *options, const char *with,
                   const struct doctor_form *form, struct buf *to, bool *ret_agree,
                   struct error *err)
{
    struct comparison c = {.with = with};
    struct buf texts[3];
    char shown[512];
    int code = 0;

    for (size_t i = 0; i < ARRAY_LEN(texts); i++)
        buf_init(&texts[i], i == 1 && !strstr(with, "://") ? SMI_OUTPUT_MAX : OTHER_MAX);
    arena_init(&c.arena, 0);
    if (strstr(with, "://")) {
        code = outbound_show_url(with, "--compare", shown, sizeof(shown), err);
        c.with = shown;
    }
    if (!code)
        code = compare(options, with, &c, texts, err);
    if (!code) {
        beside_print(&c, form, to);
        *ret_agree = !c.count[BESIDE_DIFFERS] && !c.count[BESIDE_MISSING];
    }
    arena_fini(&c.arena);
    for (size_t i = 0; i < ARRAY_LEN(texts); i++)
        buf_fini(&texts[i]);
    return code ? error_in(err, "%s", c.with) : 0;
}
