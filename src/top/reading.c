/* reading.c - sorts the samples of an exposition into machines, devices and processes. */
#include "reading.h"

#include "metric/metric.h"

#include <stdlib.h>

#define MIB       1048576.0
#define TEXT_MAX  ((size_t)200) /* of what is shown of a label's value */
#define ARENA_MAX ((size_t)256 << 20)

enum subject {
    OF_GPU,
    OF_INSTANCE,
    OF_MACHINE,
    OF_PROCESS,      /* on a device */
    OF_HOST_PROCESS, /* of the machine, maybe on a device too */
    OF_INFO,         /* all-smi's gpu info: the device is there, whatever else is known */
    OF_THROTTLE,
    OF_HELD_IDLE,
    OF_PRESENCE,
    OF_HOLDER
};

struct name {
    const char *name;
    enum subject subject;
    int value; /* of the enum that goes with the subject */
    double scale;
};

static const struct name names[] = {
    {"all_smi_gpu_utilization", OF_GPU, GPU_UTILIZATION, 1},
    {"algalon_gpu_utilization_max", OF_GPU, GPU_UTILIZATION_MAX, 1},
    {"all_smi_gpu_memory_used_bytes", OF_GPU, GPU_MEMORY_USED, 1},
    {"all_smi_gpu_memory_total_bytes", OF_GPU, GPU_MEMORY_TOTAL, 1},
    {"all_smi_gpu_temperature_celsius", OF_GPU, GPU_TEMPERATURE, 1},
    {"all_smi_gpu_temperature_threshold_slowdown_celsius", OF_GPU, GPU_TEMPERATURE_LIMIT, 1},
    {"algalon_gpu_memory_temperature_celsius", OF_GPU, GPU_MEMORY_TEMPERATURE, 1},
    {"all_smi_gpu_power_consumption_watts", OF_GPU, GPU_POWER, 1},
    {"all_smi_gpu_power_limit_current_watts", OF_GPU, GPU_POWER_LIMIT, 1},
    {"all_smi_gpu_frequency_mhz", OF_GPU, GPU_CLOCK, 1},
    {"algalon_gpu_fan_speed_percent", OF_GPU, GPU_FAN, 1},
    {"algalon_gpu_state", OF_GPU, GPU_STATE, 1},
    {"algalon_gpu_pcie_receive_bytes_per_second", OF_GPU, GPU_PCIE_RECEIVED, 1},
    {"algalon_gpu_pcie_transmit_bytes_per_second", OF_GPU, GPU_PCIE_SENT, 1},
    {"algalon_gpu_row_remap_failed", OF_GPU, GPU_REMAP_FAILED, 1},
    {"algalon_gpu_row_remap_pending", OF_GPU, GPU_REMAP_PENDING, 1},
    {"algalon_gpu_held_idle_seconds", OF_HELD_IDLE, GPU_HELD_IDLE, 1},
    {"algalon_gpu_throttled", OF_THROTTLE, 0, 1},
    {"algalon_gpu_presence", OF_PRESENCE, 0, 1},
    {"all_smi_gpu_info", OF_INFO, 0, 1},
    {"all_smi_mig_instance_utilization_gpu", OF_INSTANCE, GPU_UTILIZATION, 1},
    {"all_smi_mig_instance_memory_used_bytes", OF_INSTANCE, GPU_MEMORY_USED, 1},
    {"all_smi_mig_instance_memory_total_bytes", OF_INSTANCE, GPU_MEMORY_TOTAL, 1},
    {"DCGM_FI_DEV_GPU_UTIL", OF_GPU, GPU_UTILIZATION, 1},
    {"DCGM_FI_DEV_FB_USED", OF_GPU, GPU_MEMORY_USED, MIB},
    {"DCGM_FI_DEV_FB_FREE", OF_GPU, GPU_MEMORY_FREE, MIB},
    {"DCGM_FI_DEV_FB_TOTAL", OF_GPU, GPU_MEMORY_TOTAL, MIB},
    {"DCGM_FI_DEV_GPU_TEMP", OF_GPU, GPU_TEMPERATURE, 1},
    {"DCGM_FI_DEV_SLOWDOWN_TEMP", OF_GPU, GPU_TEMPERATURE_LIMIT, 1},
    {"DCGM_FI_DEV_MEMORY_TEMP", OF_GPU, GPU_MEMORY_TEMPERATURE, 1},
    {"DCGM_FI_DEV_POWER_USAGE", OF_GPU, GPU_POWER, 1},
    {"DCGM_FI_DEV_POWER_MGMT_LIMIT", OF_GPU, GPU_POWER_LIMIT, 1},
    {"DCGM_FI_DEV_SM_CLOCK", OF_GPU, GPU_CLOCK, 1},
    {"DCGM_FI_DEV_FAN_SPEED", OF_GPU, GPU_FAN, 1},
    {"DCGM_FI_DEV_ROW_REMAP_FAILURE", OF_GPU, GPU_REMAP_FAILED, 1},
    {"all_smi_cpu_utilization", OF_MACHINE, MACHINE_CPU, 1},
    {"all_smi_memory_used_bytes", OF_MACHINE, MACHINE_MEMORY_USED, 1},
    {"all_smi_memory_total_bytes", OF_MACHINE, MACHINE_MEMORY_TOTAL, 1},
    {"algalon_load1", OF_MACHINE, MACHINE_LOAD1, 1},
    {"all_smi_process_memory_used_bytes", OF_PROCESS, PROCESS_GPU_MEMORY, 1},
    {"algalon_process_gpu_utilization", OF_PROCESS, PROCESS_GPU_UTILIZATION, 1},
    {"algalon_process_info", OF_HOLDER, 0, 1},
    {"algalon_process_cpu_percent", OF_HOST_PROCESS, PROCESS_CPU, 1},
    {"algalon_process_memory_bytes", OF_HOST_PROCESS, PROCESS_MEMORY, 1},
};

/* What is known of a process without its device: joined to its rows at the end. */
struct holder {
    struct str name, user, holder;
    double cpu, memory;
    bool on_device;
    const struct machine *machine;
    struct str pid;
};

struct reader {
    struct reading *r;
    struct map names, machines, gpus, processes, holders;
    struct buf key;
    const char *fallback;
    bool failed; /* memory is out */
};

static void clear(double *values, size_t n)
{
    for (size_t i = 0; i < n; i++)
        values[i] = NAN;
}

static struct str keep(struct reader *x, struct str s)
{
    char *copy = arena_strndup(&x->r->arena, s.ptr, MIN(s.len, TEXT_MAX));

    x->failed |= !copy;
    return copy ? str_make(copy, MIN(s.len, TEXT_MAX)) : STR("");
}

/* The first of these labels that is there. */
static struct str first(struct labels l, const char *const *wanted)
{
    struct str found = STR("");

    for (; *wanted && !found.len; wanted++)
        found = labels_get(l, str_of(*wanted));
    return found;
}

static void key_begin(struct reader *x, const void *owner)
{
    buf_reset(&x->key);
    buf_add(&x->key, &owner, sizeof(owner));
}

static void key_add(struct reader *x, struct str part)
{
    buf_str_add(&x->key, part);
    buf_char(&x->key, '\0');
}

/* Puts `value` under the key that was built, and in the list `*items` of `*len`. */
static bool put(struct reader *x, struct map *map, void *value)
{
    struct str key = buf_str(&x->key);
    char *copy = value && !x->key.failed ? arena_strndup(&x->r->arena, key.ptr, key.len) : NULL;

    if (copy && !map_put(map, str_make(copy, key.len), value, NULL))
        return true;
    x->failed = true;
    return false;
}

static struct machine *machine_of(struct reader *x, struct labels l)
{
    static const char *const labels[] = {"hostname", "Hostname", "instance", NULL};
    struct str name = first(l, labels);

    name = name.len ? name : str_of(x->fallback);
    key_begin(x, NULL);
    key_add(x, name);
    struct machine *m = map_get(&x->machines, buf_str(&x->key));
    if (m)
        return m;
    if (x->machines.len >= READING_MACHINES_MAX) {
        x->r->left_out++;
        return NULL;
    }
    m = arena_new(&x->r->arena, struct machine);
    if (!put(x, &x->machines, m))
        return NULL;
    m->name = keep(x, name);
    clear(m->values, MACHINE_VALUES);
    return m;
}

static unsigned order_of(struct str index)
{
    struct str rest = index;
    uint64_t gpu = 0, instance = 0;

    if (!num_parse_u64(str_cut(&rest, '/'), &gpu) || gpu > 99999)
        return UINT32_MAX;
    if (rest.len && num_parse_u64(rest, &instance))
        instance = MIN(instance + 1, (uint64_t)9999);
    return (unsigned)(gpu * 10000 + instance);
}

/* "NVIDIA H100 80GB HBM3" -> "H100 80GB HBM3": every row would begin alike. */
static struct str short_model(struct str model)
{
    static const char *const makers[] = {"NVIDIA ", "GeForce ",  "Tesla ",
                                         "AMD ",    "Intel(R) ", "Intel "};

    for (size_t i = 0; i < ARRAY_LEN(makers); i++)
        if (str_starts(model, str_of(makers[i])))
            model = str_make(model.ptr + strlen(makers[i]), model.len - strlen(makers[i]));
    return model;
}

static struct gpu *gpu_of(struct reader *x, struct machine *m, struct labels l, bool instance)
{
    static const char *const indices[] = {"gpu_index", "gpu", "index", NULL};
    static const char *const uuids[] = {"gpu_uuid", "UUID", "uuid", NULL};
    static const char *const models[] = {"modelName", "gpu", "model", NULL};
    struct str index = first(l, indices), part = labels_get(l, STR("mig_instance"));
    char text[64];

    if (!part.len)
        part = labels_get(l, STR("GPU_I_ID"));
    instance |= part.len > 0;
    if (instance) {
        snprintf(text, sizeof(text), "%.*s/%.*s", (int)MIN(index.len, (size_t)20), index.ptr,
                 (int)MIN(part.len, (size_t)20), part.ptr);
        index = str_of(text);
    }
    key_begin(x, m);
    key_add(x, index);
    struct gpu *g = map_get(&x->gpus, buf_str(&x->key));
    if (g)
        return g;
    if (x->gpus.len >= READING_GPUS_MAX) {
        x->r->left_out++;
        return NULL;
    }
    g = arena_new(&x->r->arena, struct gpu);
    if (!put(x, &x->gpus, g))
        return NULL;
    static const char *const profiles[] = {"mig_profile", "GPU_I_PROFILE", NULL};
    struct str model = instance ? first(l, profiles) : first(l, models);
    *g = (struct gpu){.machine = m, .instance = instance, .order = order_of(index)};
    g->index = keep(x, index);
    g->uuid = keep(x, first(l, uuids));
    g->model = keep(x, short_model(model));
    clear(g->values, GPU_VALUES);
    return g;
}

static struct process *process_of(struct reader *x, struct machine *m, struct str pid,
                                  struct str gpu)
{
    key_begin(x, m);
    key_add(x, pid);
    key_add(x, gpu);
    struct process *p = map_get(&x->processes, buf_str(&x->key));
    if (p)
        return p;
    if (x->processes.len >= READING_PROCESSES_MAX) {
        x->r->left_out++;
        return NULL;
    }
    p = arena_new(&x->r->arena, struct process);
    if (!put(x, &x->processes, p))
        return NULL;
    p->machine = m;
    p->pid = keep(x, pid);
    p->gpu = keep(x, gpu);
    clear(p->values, PROCESS_VALUES);
    return p;
}

static struct holder *holder_of(struct reader *x, struct machine *m, struct str pid)
{
    key_begin(x, m);
    key_add(x, pid);
    struct holder *h = map_get(&x->holders, buf_str(&x->key));
    if (h)
        return h;
    if (x->holders.len >= READING_PROCESSES_MAX)
        return NULL; /* counted with its rows */
    h = arena_new(&x->r->arena, struct holder);
    if (!put(x, &x->holders, h))
        return NULL;
    *h = (struct holder){.cpu = NAN, .memory = NAN, .machine = m};
    h->pid = keep(x, pid);
    return h;
}

/* On whose behalf, in one word or two: the job before the pod before the container. */
static struct str holder_text(struct reader *x, struct labels l)
{
    static const char *const plain[] = {"container", "container_id", "unit", NULL};
    struct str job = labels_get(l, STR("slurm_job")), pod = labels_get(l, STR("pod"));
    char text[TEXT_MAX];

    if (job.len)
        snprintf(text, sizeof(text), "job %.*s", STR_ARG(job));
    else if (pod.len)
        snprintf(text, sizeof(text), "%.*s/%.*s", STR_ARG(labels_get(l, STR("namespace"))),
                 STR_ARG(pod));
    else
        return keep(x, first(l, plain));
    return keep(x, str_of(text));
}

static void take_process(struct reader *x, struct machine *m, const struct name *n, struct labels l,
                         double value)
{
    struct str pid = labels_get(l, STR("pid"));
    struct process *p = process_of(x, m, pid, labels_get(l, STR("gpu_index")));
    struct holder *h = p ? holder_of(x, m, pid) : NULL;

    if (!p)
        return;
    p->values[n->value] = value * n->scale;
    if (!p->name.len) {
        struct str command = labels_get(l, STR("command"));
        p->name = keep(x, command.len ? command : labels_get(l, STR("name")));
        p->user = keep(x, labels_get(l, STR("user")));
    }
    if (h)
        h->on_device = true;
}

static void take_holder(struct reader *x, struct machine *m, const struct name *n, struct labels l,
                        double value)
{
    struct holder *h = holder_of(x, m, labels_get(l, STR("pid")));

    if (!h)
        return;
    if (n->subject == OF_HOLDER)
        h->holder = holder_text(x, l);
    else
        *(n->value == PROCESS_CPU ? &h->cpu : &h->memory) = value;
    if (!h->name.len) {
        h->name = keep(x, labels_get(l, STR("name")));
        h->user = keep(x, labels_get(l, STR("user")));
    }
}

/* A device that cannot be read has no other series than this one. */
static void take_presence(struct reader *x, struct machine *m, struct labels l)
{
    struct str state = labels_get(l, STR("state"));
    struct labels named = l;

    if (str_is(state, "present"))
        return;
    if (!labels_get(l, STR("gpu_index")).len)
        return; /* never had a number: `algalon doctor` tells of it */
    struct gpu *g = gpu_of(x, m, named, false);
    if (g)
        g->presence = keep(x, state);
}

static void take_gpu(struct reader *x, struct machine *m, const struct name *n, struct labels l,
                     double value)
{
    struct gpu *g = gpu_of(x, m, l, n->subject == OF_INSTANCE);

    if (!g)
        return;
    switch (n->subject) {
    case OF_INFO:
        return;
    case OF_THROTTLE:
        if (value > 0)
            g->throttle = keep(x, labels_get(l, STR("reason")));
        return;
    case OF_HELD_IDLE:
        if (!(g->values[GPU_HELD_IDLE] >= value))
            g->values[GPU_HELD_IDLE] = value;
        return;
    default:
        g->values[n->value] = value * n->scale;
    }
}

static void take(struct reader *x, const struct name *n, struct labels l,
                 const struct exposition_line *line)
{
    struct machine *m = machine_of(x, l);

    if (!m)
        return;
    if (line->has_ts)
        m->ts_ms = MAX(m->ts_ms, line->ts_ms);
    switch (n->subject) {
    case OF_MACHINE:
        m->values[n->value] = line->value * n->scale;
        break;
    case OF_PROCESS:
        take_process(x, m, n, l, line->value);
        break;
    case OF_HOST_PROCESS:
    case OF_HOLDER:
        take_holder(x, m, n, l, line->value);
        break;
    case OF_PRESENCE:
        take_presence(x, m, l);
        break;
    default:
        take_gpu(x, m, n, l, line->value);
    }
}

static void read_lines(struct reader *x, struct str text)
{
    struct exposition e = {.rest = text};
    struct exposition_line line;
    struct labels labels;
    struct arena scratch;
    int found;

    arena_init(&scratch, 0);
    while (!x->failed && (found = exposition_next(&e, &line, NULL)) != 0) {
        x->r->bad_lines += found < 0;
        if (found < 0 || line.kind != EXPOSITION_SAMPLE)
            continue;
        x->r->samples++;
        const struct name *n = map_get(&x->names, line.name);
        if (!n || isnan(line.value))
            continue;
        arena_reset(&scratch);
        if (exposition_labels(line.series, &scratch, &labels, NULL))
            x->r->bad_lines++;
        else
            take(x, n, labels, &line);
    }
    arena_fini(&scratch);
}

/* What is known of processes joins their rows; those on no device get a row of their own. */
static void join(struct reader *x)
{
    size_t at = 0;

    for (struct map_entry *e; (e = map_next(&x->processes, &at));) {
        struct process *p = e->value;
        key_begin(x, p->machine);
        key_add(x, p->pid);
        const struct holder *h = map_get(&x->holders, buf_str(&x->key));
        if (!h)
            continue;
        p->holder = h->holder;
        p->name = p->name.len ? p->name : h->name;
        p->user = p->user.len ? p->user : h->user;
        p->values[PROCESS_CPU] = h->cpu;
        p->values[PROCESS_MEMORY] = h->memory;
    }
    at = 0;
    for (struct map_entry *e; (e = map_next(&x->holders, &at));) {
        struct holder *h = e->value;
        struct process *p =
            h->on_device || isnan(h->cpu)
                ? NULL
                : process_of(x, (struct machine *)(uintptr_t)h->machine, h->pid, STR(""));
        if (!p)
            continue;
        p->name = h->name;
        p->user = h->user;
        p->holder = h->holder;
        p->values[PROCESS_CPU] = h->cpu;
        p->values[PROCESS_MEMORY] = h->memory;
    }
}

static int by_name(const void *a, const void *b)
{
    return str_compare((*(struct machine *const *)a)->name, (*(struct machine *const *)b)->name);
}

static int by_place(const void *va, const void *vb)
{
    const struct gpu *a = *(struct gpu *const *)va, *b = *(struct gpu *const *)vb;
    int order = str_compare(a->machine->name, b->machine->name);

    order = order ? order : (a->order > b->order) - (a->order < b->order);
    return order ? order : str_compare(a->index, b->index);
}

static void *list(struct reader *x, struct map *m, size_t *ret_len)
{
    void **items = arena_calloc(&x->r->arena, m->len + 1, sizeof(*items));
    size_t at = 0, n = 0;

    x->failed |= !items;
    for (struct map_entry *e; items && (e = map_next(m, &at));)
        items[n++] = e->value;
    *ret_len = n;
    return items;
}

static void finish(struct reader *x)
{
    struct reading *r = x->r;

    join(x);
    r->machines = list(x, &x->machines, &r->machine_len);
    r->gpus = list(x, &x->gpus, &r->gpu_len);
    r->processes = list(x, &x->processes, &r->process_len);
    if (x->failed)
        return;
    qsort(r->machines, r->machine_len, sizeof(*r->machines), by_name);
    qsort(r->gpus, r->gpu_len, sizeof(*r->gpus), by_place);
    for (size_t i = 0; i < r->gpu_len; i++) {
        double *v = r->gpus[i]->values;
        if (isnan(v[GPU_MEMORY_TOTAL]))
            v[GPU_MEMORY_TOTAL] = v[GPU_MEMORY_USED] + v[GPU_MEMORY_FREE];
    }
}

int reading_new(struct str text, const char *fallback, struct reading **ret, struct error *err)
{
    struct reading *r = calloc(1, sizeof(*r));
    struct reader x = {.r = r, .fallback = fallback};

    if (!r)
        return error_errno(err, -ENOMEM, "reading");
    arena_init(&r->arena, ARENA_MAX);
    buf_init(&x.key, 0);
    for (size_t i = 0; i < ARRAY_LEN(names); i++)
        x.failed |=
            map_put(&x.names, str_of(names[i].name), (void *)(uintptr_t)&names[i], NULL) < 0;
    if (!x.failed)
        read_lines(&x, text);
    if (!x.failed)
        finish(&x);
    map_fini(&x.names);
    map_fini(&x.machines);
    map_fini(&x.gpus);
    map_fini(&x.processes);
    map_fini(&x.holders);
    buf_fini(&x.key);
    if (x.failed) {
        reading_free(r);
        return error_errno(err, -ENOMEM, "reading");
    }
    *ret = r;
    return 0;
}

void reading_free(struct reading *r)
{
    if (!r)
        return;
    arena_fini(&r->arena);
    free(r);
}
