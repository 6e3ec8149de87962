/* scenario.c - reads a scenario: a directive and key=value words on each line, see README.md. */
#include "sim.h"

#include <unistd.h>

#define LINE_WORDS 48
#define MIB        ((uint64_t)1 << 20)

struct line {
    struct str words[LINE_WORDS]; /* without their quotes */
    size_t len;
    bool used[LINE_WORDS];
    unsigned number;
};

/* Cuts a line into words; "..." keeps spaces together, also behind key=. */
static int split(struct str text, struct line *line, struct error *err)
{
    size_t at = 0;

    line->len = 0;
    memset(line->used, 0, sizeof(line->used));
    while (at < text.len) {
        if (text.ptr[at] == ' ' || text.ptr[at] == '\t' || text.ptr[at] == '\r') {
            at++;
            continue;
        }
        if (text.ptr[at] == '#')
            break;
        if (line->len == LINE_WORDS)
            return error_set(err, -EINVAL, "more than %d words", LINE_WORDS);
        size_t from = at;
        bool quoted = false;
        while (at < text.len &&
               (quoted || (text.ptr[at] != ' ' && text.ptr[at] != '\t' && text.ptr[at] != '\r'))) {
            if (text.ptr[at] == '"')
                quoted = !quoted;
            at++;
        }
        if (quoted)
            return error_set(err, -EINVAL, "a quote is not closed");
        line->words[line->len++] = str_make(text.ptr + from, at - from);
    }
    return 0;
}

static struct str unquoted(struct str s)
{
    if (s.len >= 2 && s.ptr[0] == '"' && s.ptr[s.len - 1] == '"')
        return str_make(s.ptr + 1, s.len - 2);
    return s;
}

/* The text behind `key`=, noted as used; false when the line has none. */
static bool get(struct line *line, const char *key, struct str *ret)
{
    size_t len = strlen(key);

    for (size_t i = 1; i < line->len; i++) {
        struct str w = line->words[i];
        if (w.len > len && memcmp(w.ptr, key, len) == 0 && w.ptr[len] == '=') {
            line->used[i] = true;
            *ret = unquoted(str_make(w.ptr + len + 1, w.len - len - 1));
            return true;
        }
    }
    return false;
}

static int bad(struct error *err, const char *key, struct str text)
{
    return error_set(err, -EINVAL, "%s=%.*s is not understood", key, (int)MIN(text.len, 60u),
                     text.ptr);
}

/* A number between `low` and `high`; absent leaves *ret as it is. */
static int get_number(struct line *line, const char *key, double low, double high, double *ret,
                      struct error *err)
{
    struct str text;
    double value;

    if (!get(line, key, &text))
        return 0;
    if (text.len && text.ptr[text.len - 1] == 's')
        text.len--; /* seconds may say so */
    if (!num_parse(text, &value) || !(value >= low && value <= high))
        return bad(err, key, text);
    *ret = value;
    return 0;
}

static int get_unsigned(struct line *line, const char *key, double high, unsigned *ret,
                        struct error *err)
{
    double value = *ret;
    int code = get_number(line, key, 0, high, &value, err);

    *ret = (unsigned)value;
    return code;
}

static int get_switch(struct line *line, const char *key, bool *ret, struct error *err)
{
    struct str text;

    if (!get(line, key, &text))
        return 0;
    *ret = str_is(text, "on");
    return *ret || str_is(text, "off") ? 0 : bad(err, key, text);
}

static int get_size(struct line *line, const char *key, uint64_t *ret, struct error *err)
{
    struct str text;

    if (!get(line, key, &text))
        return 0;
    if (str_is(text, "unknown")) {
        *ret = UINT64_MAX;
        return 0;
    }
    return num_parse_size(text, ret, err);
}

/* A moment in seconds since the start, kept in microseconds. */
static int get_time(struct line *line, const char *key, int64_t *ret, struct error *err)
{
    double value = -1;
    int code = get_number(line, key, 0, 1e9, &value, err);

    if (code == 0 && value >= 0)
        *ret = (int64_t)(value * 1e6);
    return code;
}

static int nothing_left(const struct line *line, size_t from, struct error *err)
{
    for (size_t i = from; i < line->len; i++)
        if (!line->used[i])
            return error_set(err, -EINVAL, "%.*s is not known here",
                             (int)MIN(line->words[i].len, 60u), line->words[i].ptr);
    return 0;
}

static int read_profile(struct line *line, struct sim_gpu *g, struct error *err)
{
    static const char *const names[] = {"idle", "training", "inference",
                                        "ramp", "square",   "constant"};
    struct str text;

    if (!get(line, "profile", &text))
        return 0;
    for (size_t i = 0; i < ARRAY_LEN(names); i++)
        if (str_is(text, names[i])) {
            g->profile = (enum sim_profile)i;
            return 0;
        }
    return bad(err, "profile", text);
}

/* instances=3g.71gb,1g.18gb: profiles begin with the number of their slices. */
static int read_instances(struct line *line, struct sim_gpu *g, struct error *err)
{
    struct str text, whole;

    if (!get(line, "instances", &text))
        return 0;
    whole = text;
    while (text.ptr) {
        struct str one = str_cut(&text, ',');
        if (g->instance_len == SIM_INSTANCES || one.len < 2 || one.ptr[0] < '1' ||
            one.ptr[0] > '7' || one.ptr[1] != 'g')
            return bad(err, "instances", whole);
        str_copy(g->instances[g->instance_len], sizeof(g->instances[0]), one);
        g->instance_len++;
    }
    return 0;
}

static int add_process(struct sim_scenario *s, struct sim_process p, struct error *err)
{
    if (s->process_len == SIM_PROCESSES)
        return error_set(err, -ERANGE, "more than %d processes", SIM_PROCESSES);
    s->processes[s->process_len++] = p;
    return 0;
}

/* The processes that `gpu ... processes=N` asks for: they share memory and load evenly. */
static int fill(struct sim_scenario *s, unsigned gpu, unsigned count, struct error *err)
{
    const struct sim_gpu *g = &s->gpus[gpu];
    double bytes = (double)(g->board->memory_mib - g->board->reserved_mib) * (double)MIB;
    int code = 0;

    for (unsigned i = 0; i < count && code == 0; i++)
        code = add_process(s,
                           (struct sim_process){.gpu = gpu,
                                                .pid = 100000 + gpu * 1000 + i,
                                                .memory = (uint64_t)(bytes * g->share / count),
                                                .type = 'C',
                                                .share = 1.0 / count},
                           err);
    return code;
}

static int get_text(struct line *line, const char *key, char *to, size_t size, struct error *err)
{
    struct str text;

    if (!get(line, key, &text))
        return 0;
    if (text.len >= size || !str_is_utf8(text))
        return bad(err, key, text);
    str_copy(to, size, text);
    return 0;
}

static bool take_hex(struct str *rest, char end, unsigned max, unsigned *ret)
{
    struct str text = end ? str_cut(rest, end) : *rest;

    *ret = 0;
    for (size_t i = 0; i < text.len; i++) {
        const char *digits = "0123456789abcdef";
        const char *at =
            text.ptr[i] ? strchr(digits, text.ptr[i] | (text.ptr[i] > '9' ? 32 : 0)) : NULL;
        if (!at || *ret > max >> 4)
            return false;
        *ret = *ret << 4 | (unsigned)(at - digits);
    }
    return text.len && *ret <= max;
}

/* What a recorded GPU is called and where it is: uuid= serial= vbios= pci=0000:3b:00.0 */
static int read_identity(struct line *line, struct sim_identity *id, struct error *err)
{
    struct str text, rest;
    int code;

    if ((code = get_text(line, "uuid", id->uuid, sizeof(id->uuid), err)) ||
        (code = get_text(line, "serial", id->serial, sizeof(id->serial), err)) ||
        (code = get_text(line, "vbios", id->vbios, sizeof(id->vbios), err)))
        return code;
    id->placed = get(line, "pci", &text);
    if (!id->placed)
        return 0;
    rest = text;
    return take_hex(&rest, ':', 0xffffffff, &id->domain) && rest.ptr &&
                   take_hex(&rest, ':', 0xff, &id->bus) && rest.ptr &&
                   take_hex(&rest, '.', 0x1f, &id->device) && str_is(rest, "0")
               ? 0
               : bad(err, "pci", text);
}

/* The board by its name; near=ARCHITECTURE/MIB names another that stands for an unknown one. */
static int find_board(struct line *line, struct sim_gpu *g, struct error *err)
{
    struct str name = unquoted(line->words[2]), near, arch;
    double number, mib;

    g->board = sim_board_find(name);
    if (!get(line, "near", &near))
        return g->board ? 0
                        : error_set(err, -EINVAL, "no such model: %.*s", (int)MIN(name.len, 60u),
                                    name.ptr);
    struct str whole = near;
    arch = str_cut(&near, '/');
    if (!num_parse(arch, &number) || !(number >= 0 && number < 1000) || !near.ptr ||
        !num_parse(near, &mib) || !(mib >= 0) || name.len >= sizeof(g->identity.name) ||
        !str_is_utf8(name))
        return bad(err, "near", whole);
    str_copy(g->identity.name, sizeof(g->identity.name), name);
    if (!g->board)
        g->board = sim_board_near((unsigned)number, mib);
    return g->board ? 0 : error_set(err, -EINVAL, "no model of architecture %.0f", number);
}

/* gpu COUNT "MODEL" key=value... */
static int read_gpu(struct line *line, struct sim_scenario *s, struct error *err)
{
    struct sim_gpu g = {.period_s = 60,
                        .duty = 0.5,
                        .high = 1,
                        .memory_used = UINT64_MAX,
                        .share = -1,
                        .persistence = true,
                        .numa_node = -1};
    unsigned processes = UINT_MAX;
    double numa = -1;
    uint64_t count;
    int code;

    if (line->len < 3 || !num_parse_u64(line->words[1], &count) || !count)
        return error_set(err, -EINVAL, "wanted: gpu COUNT \"MODEL\" key=value...");
    if ((code = find_board(line, &g, err)) || (code = read_identity(line, &g.identity, err)))
        return code;
    g.ecc = g.ecc_pending = g.board->ecc && g.board->server;
    g.links = g.board->links;
    if ((code = read_profile(line, &g, err)) ||
        (code = get_number(line, "period", 0.1, 1e6, &g.period_s, err)) ||
        (code = get_number(line, "duty", 0, 1, &g.duty, err)) ||
        (code = get_number(line, "high", 0, 1, &g.high, err)) ||
        (code = get_number(line, "low", 0, 1, &g.low, err)) ||
        (code = get_number(line, "fill", 0, 1, &g.share, err)) ||
        (code = get_number(line, "numa", 0, 1024, &numa, err)) ||
        (code = get_size(line, "memory", &g.memory_used, err)) ||
        (code = get_switch(line, "persistence", &g.persistence, err)) ||
        (code = get_switch(line, "ecc", &g.ecc, err)) ||
        (code = get_unsigned(line, "compute_mode", 3, &g.compute_mode, err)) ||
        (code = get_unsigned(line, "nvlinks", NVML_LINKS, &g.links, err)) ||
        (code = get_unsigned(line, "processes", SIM_PROCESSES, &processes, err)) ||
        (code = get_switch(line, "root", &g.root, err)) ||
        (code = get_switch(line, "accounting", &g.accounting, err)) ||
        (code = get_unsigned(line, "virtualization", 4, &g.virtualization, err)) ||
        (code = get_unsigned(line, "vgpus", SIM_VGPUS, &g.vgpus, err)) ||
        (code = read_instances(line, &g, err)) || (code = get_switch(line, "mig", &g.mig, err)))
        return code;
    g.ecc_pending = g.ecc;
    if ((code = get_switch(line, "ecc_pending", &g.ecc_pending, err)) ||
        (code = nothing_left(line, 3, err)))
        return code;
    g.numa_node = (int64_t)numa;
    if (g.share < 0)
        g.share = g.profile == SIM_TRAINING ? 0.88 : 0.6;
    if (processes == UINT_MAX)
        processes = g.profile == SIM_IDLE ? 0 : 1;
    for (; count && code == 0; count--) {
        if (s->gpu_len == SIM_GPUS)
            return error_set(err, -ERANGE, "more than %d GPUs", SIM_GPUS);
        s->gpus[s->gpu_len++] = g;
        code = fill(s, (unsigned)s->gpu_len - 1, processes, err);
    }
    return code;
}

/* gpu=N, or gpu=* for all; *ret is SIM_ALL_GPUS when absent. */
static int get_gpu(struct line *line, const struct sim_scenario *s, unsigned *ret,
                   struct error *err)
{
    struct str text;
    uint64_t value;

    *ret = SIM_ALL_GPUS;
    if (!get(line, "gpu", &text) || str_is(text, "*"))
        return 0;
    if (!num_parse_u64(text, &value) || value >= s->gpu_len)
        return bad(err, "gpu", text);
    *ret = (unsigned)value;
    return 0;
}

/* process gpu=N pid=N|self count=N memory=SIZE type=C share=R */
static int read_process(struct line *line, struct sim_scenario *s, struct error *err)
{
    struct sim_process p = {.pid = 4242, .memory = 512 * MIB, .type = 'C', .share = 0.1};
    struct str text;
    unsigned count = 1;
    int code;

    if ((code = get_gpu(line, s, &p.gpu, err)) ||
        (code = get_unsigned(line, "count", SIM_PROCESSES, &count, err)) ||
        (code = get_size(line, "memory", &p.memory, err)) ||
        (code = get_number(line, "share", 0, 1, &p.share, err)))
        return code;
    if (get(line, "type", &text)) {
        if (text.len != 1 || !str_contains(STR("CGMB"), text))
            return bad(err, "type", text);
        p.type = text.ptr[0];
    }
    if (get(line, "pid", &text) && str_is(text, "self"))
        p.pid = (unsigned)getpid();
    else if ((code = get_unsigned(line, "pid", UINT_MAX, &p.pid, err)))
        return code;
    if ((code = nothing_left(line, 1, err)))
        return code;
    bool all = p.gpu == SIM_ALL_GPUS;
    for (unsigned g = all ? 0 : p.gpu; g < (all ? s->gpu_len : p.gpu + 1); g++)
        for (unsigned i = 0; i < count && code == 0; i++) {
            struct sim_process one = p;
            one.gpu = g;
            one.pid = p.pid + i;
            code = add_process(s, one, err);
        }
    return code;
}

static int read_fault_kind(const struct line *line, struct sim_fault *f, struct error *err)
{
    static const struct {
        const char *name;
        enum sim_fault_kind kind;
    } kinds[] = {
        {"code", SIM_FAULT_CODE},
        {"missing", SIM_FAULT_CODE},
        {"hang", SIM_FAULT_HANG},
        {"value", SIM_FAULT_VALUE},
        {"lost", SIM_FAULT_LOST},
        {"reload", SIM_FAULT_RELOAD},
        {"process-layout-r535", SIM_FAULT_PROCESS_R535},
        {"samples-unordered", SIM_FAULT_SAMPLES_UNORDERED},
        {"samples-empty", SIM_FAULT_SAMPLES_EMPTY},
        {"samples-stale", SIM_FAULT_SAMPLES_STALE},
        {"energy-restart", SIM_FAULT_ENERGY_RESTART},
        {"processes-grow", SIM_FAULT_PROCESSES_GROW},
        {"xid", SIM_FAULT_XID},
        {"mig-layout", SIM_FAULT_MIG_LAYOUT},
        {"fields-older", SIM_FAULT_FIELDS_OLDER},
        {"unbind", SIM_FAULT_UNBIND},
    };

    for (size_t i = 0; line->len > 1 && i < ARRAY_LEN(kinds); i++)
        if (str_is(line->words[1], kinds[i].name)) {
            f->kind = kinds[i].kind;
            if (str_is(line->words[1], "missing"))
                f->code = NVML_FUNCTION_NOT_FOUND;
            return 0;
        }
    return error_set(err, -EINVAL, "no such fault");
}

/* What only some faults know: where it strikes and what it does. */
static int read_fault_details(struct line *line, struct sim_fault *f, struct error *err)
{
    struct str text;
    double seconds = 0, code_wanted = f->code;
    int code;

    if (get(line, f->kind == SIM_FAULT_VALUE ? "field" : "call", &text))
        str_copy(f->name, sizeof(f->name), text);
    else if (f->kind == SIM_FAULT_CODE || f->kind == SIM_FAULT_HANG || f->kind == SIM_FAULT_VALUE)
        return error_set(err, -EINVAL, "which call or field?");
    if (get(line, "driver", &text))
        str_copy(f->driver, sizeof(f->driver), text);
    if (get(line, "back", &text)) {
        f->back = str_is(text, "never")  ? SIM_BACK_NEVER
                  : str_is(text, "gone") ? SIM_BACK_GONE
                                         : SIM_BACK_REINIT;
        if (f->back == SIM_BACK_REINIT && !str_is(text, "reinit"))
            return bad(err, "back", text);
    }
    if ((code = get_number(line, "code", 0, 999, &code_wanted, err)) ||
        (code = get_number(line, "seconds", 0, 3600, &seconds, err)) ||
        (code = get_number(line, "value", -1e300, 1e300, &f->value, err)))
        return code;
    f->code = (int)code_wanted;
    f->hang_us = (int64_t)(seconds * 1e6);
    return 0;
}

/* fault KIND key=value... */
static int read_fault(struct line *line, struct sim_scenario *s, struct error *err)
{
    struct sim_fault f = {.until_us = SIM_FOREVER, .calls = UINT64_MAX};
    double calls = -1;
    int code;

    if (s->fault_len == SIM_FAULTS)
        return error_set(err, -ERANGE, "more than %d faults", SIM_FAULTS);
    if ((code = read_fault_kind(line, &f, err)) || (code = get_gpu(line, s, &f.gpu, err)) ||
        (code = get_time(line, "from", &f.from_us, err)) ||
        (code = get_time(line, "until", &f.until_us, err)) ||
        (code = get_number(line, "calls", 1, 1e9, &calls, err)) ||
        (code = read_fault_details(line, &f, err)) || (code = nothing_left(line, 2, err)))
        return code;
    if (f.kind == SIM_FAULT_XID || f.kind == SIM_FAULT_UNBIND)
        f.calls = 1;
    if (calls > 0)
        f.calls = (uint64_t)calls;
    s->faults[s->fault_len++] = f;
    return 0;
}

/* value gpu=N FIELD=NUMBER...: what was recorded, or "none" where nothing was told. */
static int read_values(struct line *line, struct sim_scenario *s, struct error *err)
{
    struct sim_fault f = {
        .kind = SIM_FAULT_VALUE, .until_us = SIM_FOREVER, .calls = UINT64_MAX, .gpu = SIM_ALL_GPUS};
    int code = get_gpu(line, s, &f.gpu, err);

    for (size_t i = 1; i < line->len && !code; i++) {
        struct str value = line->words[i], field = str_cut(&value, '=');
        if (line->used[i])
            continue;
        if (s->fault_len == SIM_FAULTS)
            return error_set(err, -ERANGE, "more than %d faults and values", SIM_FAULTS);
        if (!field.len || field.len >= sizeof(f.name) || !value.ptr)
            return error_set(err, -EINVAL, "wanted: value gpu=N FIELD=NUMBER...");
        str_copy(f.name, sizeof(f.name), field);
        if (str_is(value, "none"))
            f.value = (double)NAN;
        else if (!num_parse(value, &f.value) || isnan(f.value))
            return bad(err, f.name, value);
        s->faults[s->fault_len++] = f;
    }
    return code;
}

/* Directives of one value. */
static int read_setting(const struct line *line, struct sim_scenario *s, struct error *err)
{
    struct str key = line->words[0];
    struct str text = line->len == 2 ? unquoted(line->words[1]) : STR("");
    double number = 0;

    if (str_is(key, "driver") && text.len) {
        str_copy(s->driver, sizeof(s->driver), text);
        return 0;
    }
    if (str_is(key, "library") && text.len) {
        str_copy(s->library, sizeof(s->library), text);
        return 0;
    }
    if (str_is(key, "seed") && num_parse_u64(text, &s->seed))
        return 0;
    if (str_is(key, "confidential") && (str_is(text, "on") || str_is(text, "off"))) {
        s->confidential = str_is(text, "on");
        return 0;
    }
    bool cuda = str_is(key, "cuda");
    if (!cuda && !str_is(key, "start"))
        return str_is(key, "seed") || str_is(key, "driver") || str_is(key, "library")
                   ? error_set(err, -EINVAL, "the value is not understood")
                   : error_set(err, -EINVAL, "no such directive");
    if (!num_parse(text, &number) || !(number >= 0 && number < (cuda ? 1000 : 1e11)))
        return error_set(err, -EINVAL, "the value is not understood");
    if (cuda)
        s->cuda = (int)number * 1000 + (int)((number - floor(number)) * 10 + 0.5) * 10;
    else
        s->start_us = (int64_t)(number * 1e6);
    return 0;
}

static int read_line(struct line *line, struct sim_scenario *s, struct error *err)
{
    if (str_is(line->words[0], "gpu"))
        return read_gpu(line, s, err);
    if (str_is(line->words[0], "process"))
        return read_process(line, s, err);
    if (str_is(line->words[0], "fault"))
        return read_fault(line, s, err);
    if (str_is(line->words[0], "value"))
        return read_values(line, s, err);
    return read_setting(line, s, err);
}

int sim_scenario_parse(struct str text, struct sim_scenario *ret, struct error *err)
{
    struct line line = {0};
    int code;

    *ret = (struct sim_scenario){.seed = 1, .cuda = 13000};
    str_copy(ret->driver, sizeof(ret->driver), STR("580.95.05"));
    while (text.ptr) {
        struct str one = str_cut(&text, '\n');
        line.number++;
        code = split(one, &line, err);
        if (code == 0 && line.len)
            code = read_line(&line, ret, err);
        if (code) {
            error_in(err, "line %u", line.number);
            return code;
        }
    }
    if (!ret->library[0])
        snprintf(ret->library, sizeof(ret->library), "%d.%.70s", ret->cuda / 1000, ret->driver);
    return 0;
}
