/* nvidia_record.c - writes down what the library answers, as a scenario of the simulator. */
#include "device/nvidia/nvidia.h"
#include "device/nvidia/nvidia_pci.h"
#include "device/nvidia/nvidia_text.h"
#include "device/nvidia/nvml.h"

#include <stdlib.h>

#define LINE_WIDTH   90
#define SCENARIO_MAX ((size_t)1 << 20)
#define LIST_MAX     1024 /* processes of one list */
#define MIB          1048576.0
#define NOT_KNOWN    "unknown"

/* The newest symbol of each member, for the faults that name it. */
struct names {
#define NAME(name, args, newest, older) const char *name;
    NVML_CALLS(NAME)
#undef NAME
};
static const struct names names = {
#define NAME(name, args, newest, older) .name = (newest),
    NVML_CALLS(NAME)
#undef NAME
};

static const struct {
    size_t member; /* of struct nvml */
    const char *name;
} members[] = {
#define MEMBER(name, args, newest, older) {offsetof(struct nvml, name), newest},
    NVML_CALLS(MEMBER)
#undef MEMBER
};

struct record {
    const struct nvml *nvml;
    struct driver_record *to;
    struct nvml_device *device;
    unsigned gpu;
    size_t line; /* where the line of values began; 0: none is open */
};

typedef int one_call(struct nvml_device *, unsigned *);
typedef int two_call(struct nvml_device *, unsigned *, unsigned *);
typedef int text_call(struct nvml_device *, char *, unsigned);

static void end_line(struct record *r)
{
    if (r->line)
        buf_char(&r->to->scenario, '\n');
    r->line = 0;
}

static void put(struct record *r, const char *field, double value)
{
    struct buf *to = &r->to->scenario;

    if (r->line && to->len - r->line > LINE_WIDTH)
        end_line(r);
    if (!r->line) {
        r->line = to->len + 1;
        buf_printf(to, "value gpu=%u", r->gpu);
    }
    buf_printf(to, " %s=", field);
    if (isnan(value))
        buf_text(to, "none");
    else
        buf_double(to, value);
}

/* True when the call succeeded; a failure becomes a line of its own. */
static bool told(struct record *r, const char *call, int code)
{
    if (code == NVML_SUCCESS)
        return true;
    end_line(r);
    buf_printf(&r->to->scenario, "fault code gpu=%u call=%s code=%d\n", r->gpu, call, code);
    return false;
}

static void put_one(struct record *r, one_call *call, const char *name, const char *field)
{
    unsigned value;

    if (call && told(r, name, call(r->device, &value)))
        put(r, field, value);
}

static void put_first(struct record *r, two_call *call, const char *name, const char *field)
{
    unsigned value, other;

    if (call && told(r, name, call(r->device, &value, &other)))
        put(r, field, value);
}

#define PUT_ONE(r, member, field)   put_one((r), (r)->nvml->member, names.member, (field))
#define PUT_FIRST(r, member, field) put_first((r), (r)->nvml->member, names.member, (field))

/* ---- the line of a GPU ---- */

static void word(struct record *r, const char *key, text_call *call)
{
    char text[128] = "", clean[96];

    if (!call || call(r->device, text, sizeof(text) - 1) != NVML_SUCCESS)
        return;
    nvidia_text_clean(clean, sizeof(clean), text, sizeof(text));
    for (char *c = clean; *c; c++)
        if (*c == '"')
            *c = '\'';
    if (*clean)
        buf_printf(&r->to->scenario, " %s\"%s\"", key, clean);
}

static void switch_word(struct record *r, const char *key, bool on)
{
    buf_printf(&r->to->scenario, " %s=%s", key, on ? "on" : "off");
}

static void put_modes(struct record *r)
{
    const struct nvml *n = r->nvml;
    struct buf *to = &r->to->scenario;
    unsigned now, later;

    if (n->persistence && n->persistence(r->device, &now) == NVML_SUCCESS)
        switch_word(r, "persistence", now);
    if (n->ecc_mode && n->ecc_mode(r->device, &now, &later) == NVML_SUCCESS) {
        switch_word(r, "ecc", now);
        switch_word(r, "ecc_pending", later);
    }
    if (n->compute_mode && n->compute_mode(r->device, &now) == NVML_SUCCESS && now <= 3)
        buf_printf(to, " compute_mode=%u", now);
    if (n->numa_node && n->numa_node(r->device, &now) == NVML_SUCCESS && now <= 1024)
        buf_printf(to, " numa=%u", now);
    if (n->virtualization && n->virtualization(r->device, &now) == NVML_SUCCESS && now <= 4)
        buf_printf(to, " virtualization=%u", now);
    if (n->accounting_mode && n->accounting_mode(r->device, &now) == NVML_SUCCESS)
        switch_word(r, "accounting", now);
}

/* A GPU that is cut into instances does not tell its links. */
static void put_links(struct record *r)
{
    const struct nvml *n = r->nvml;
    unsigned now = 0, later, links = 0;

    if (n->mig_mode && n->mig_mode(r->device, &now, &later) == NVML_SUCCESS && now)
        return;
    for (unsigned i = 0; n->link_state && i < NVML_LINKS; i++)
        links += n->link_state(r->device, i, &now) == NVML_SUCCESS;
    buf_printf(&r->to->scenario, " nvlinks=%u", links);
}

/* The profile in "NVIDIA H100 80GB HBM3 MIG 3g.40gb", where it is a plain one. */
static void put_profile(struct buf *to, const char *name, bool *first)
{
    const char *at = strstr(name, "MIG ");
    size_t n = at ? strspn(at + 4, "0123456789gbm.+") : 0;

    if (n < 2 || n >= 16 || at[5] != 'g' || at[4] < '1' || at[4] > '7')
        return;
    buf_text(to, *first ? " instances=" : ",");
    buf_add(to, at + 4, n);
    *first = false;
}

static void put_instances(struct record *r)
{
    const struct nvml *n = r->nvml;
    unsigned now = 0, later, slots = 0;
    bool first = true;

    if (!n->mig_mode || n->mig_mode(r->device, &now, &later) != NVML_SUCCESS)
        return;
    switch_word(r, "mig", now);
    if (!now || !n->mig_slots || !n->mig_handle || !n->name ||
        n->mig_slots(r->device, &slots) != NVML_SUCCESS)
        return;
    for (unsigned i = 0; i < MIN(slots, 7u); i++) {
        struct nvml_device *part;
        char name[97] = "";
        if (n->mig_handle(r->device, i, &part) == NVML_SUCCESS &&
            n->name(part, name, sizeof(name) - 1) == NVML_SUCCESS)
            put_profile(&r->to->scenario, name, &first);
    }
}

static double total_mib(const struct record *r)
{
    struct nvml_memory_v1 memory;

    if (!r->nvml->memory_v1 || r->nvml->memory_v1(r->device, &memory) != NVML_SUCCESS)
        return 0;
    return floor((double)memory.total / MIB);
}

static void put_gpu(struct record *r)
{
    const struct nvml *n = r->nvml;
    struct nvml_utilization use = {0};
    struct nvml_pci_info pci = {0};
    struct buf *to = &r->to->scenario;
    unsigned architecture = 0;
    char bus_id[24];

    buf_text(to, "\ngpu 1");
    size_t before = to->len;
    word(r, "", n->name);
    if (to->len == before)
        buf_text(to, " \"" NOT_KNOWN "\"");
    if (!n->architecture || n->architecture(r->device, &architecture) != NVML_SUCCESS ||
        architecture < 2 || architecture > 10)
        architecture = architecture == 13 ? 10 : 7; /* one that the simulator has */
    buf_printf(to, " near=%u/", architecture);
    buf_double(to, total_mib(r));
    if (n->pci && n->pci(r->device, &pci) == NVML_SUCCESS &&
        nvidia_text_bus_id(bus_id, str_make(pci.bus_id, strnlen(pci.bus_id, sizeof(pci.bus_id)))))
        buf_printf(to, " pci=%s", bus_id);
    word(r, "uuid=", n->uuid);
    word(r, "serial=", n->serial);
    word(r, "vbios=", n->vbios);
    if (n->utilization)
        (void)!n->utilization(r->device, &use);
    buf_text(to, " profile=constant processes=0 high=");
    buf_double(to, MIN(use.gpu, 100u) / 100.0);
    put_modes(r);
    put_links(r);
    put_instances(r);
    buf_char(to, '\n');
}

/* ---- its values ---- */

static void put_memory(struct record *r)
{
    struct nvml_memory_v2 v2 = {.version = NVML_STRUCT_VERSION(struct nvml_memory_v2, 2)};
    struct nvml_memory_v1 v1;
    const struct nvml *n = r->nvml;

    if (n->memory_v2 && told(r, names.memory_v2, n->memory_v2(r->device, &v2))) {
        put(r, "memory_total", (double)v2.total);
        put(r, "memory_reserved", (double)v2.reserved);
        put(r, "memory_used", (double)v2.used);
        put(r, "memory_free", (double)v2.free);
    } else if (n->memory_v1 && told(r, names.memory_v1, n->memory_v1(r->device, &v1))) {
        put(r, "memory_total", (double)v1.total);
        put(r, "memory_reserved", 0);
        put(r, "memory_used", (double)v1.used);
        put(r, "memory_free", (double)v1.free);
    }
}

static void put_load(struct record *r)
{
    const struct nvml *n = r->nvml;
    struct nvml_utilization use;

    if (n->utilization && told(r, names.utilization, n->utilization(r->device, &use))) {
        put(r, "utilization", use.gpu);
        put(r, "sample_utilization", use.gpu);
        put(r, "memory_utilization", use.memory);
        put(r, "sample_memory_utilization", use.memory);
    }
    PUT_FIRST(r, encoder, "encoder");
    PUT_FIRST(r, decoder, "decoder");
    PUT_FIRST(r, jpeg, "jpeg");
    PUT_FIRST(r, ofa, "ofa");
}

static void put_power(struct record *r)
{
    const struct nvml *n = r->nvml;
    unsigned low, high;
    unsigned long long wide;

    if (n->power && told(r, names.power, n->power(r->device, &low))) {
        put(r, "power", low);
        put(r, "sample_power", low);
    }
    PUT_ONE(r, power_limit, "power_limit");
    PUT_ONE(r, power_default, "power_default");
    if (n->power_range && told(r, names.power_range, n->power_range(r->device, &low, &high))) {
        put(r, "power_min", low);
        put(r, "power_max", high);
    }
    if (n->energy && told(r, names.energy, n->energy(r->device, &wide)))
        put(r, "energy_begin", (double)wide);
    if (n->throttle && told(r, names.throttle, n->throttle(r->device, &wide)))
        put(r, "throttle", (double)wide);
    PUT_ONE(r, pstate, "pstate");
}

static void put_heat(struct record *r)
{
    const struct nvml *n = r->nvml;
    struct nvml_margin_temperature margin = {
        .version = NVML_STRUCT_VERSION(struct nvml_margin_temperature, 1)};
    struct nvml_fan_speed_rpm rpm = {.version = NVML_STRUCT_VERSION(struct nvml_fan_speed_rpm, 1)};
    char field[32];
    unsigned value;

    if (n->temperature && told(r, names.temperature, n->temperature(r->device, 0, &value)))
        put(r, "temperature", value);
    for (int type = 0; n->threshold && type <= NVML_THRESHOLD_ACOUSTIC_MAX; type++) {
        snprintf(field, sizeof(field), "threshold_%d", type);
        bool good = n->threshold(r->device, type, &value) == NVML_SUCCESS;
        put(r, field, good ? value : (double)NAN);
    }
    if (n->margin && told(r, names.margin, n->margin(r->device, &margin)))
        put(r, "margin", margin.margin);
    PUT_ONE(r, fans, "fans");
    if (n->fan_speed && told(r, names.fan_speed, n->fan_speed(r->device, 0, &value)))
        put(r, "fan", value);
    if (n->fan_rpm && told(r, names.fan_rpm, n->fan_rpm(r->device, &rpm)))
        put(r, "fan_rpm", rpm.rpm);
}

static void put_clocks(struct record *r)
{
    static const char *const fields[] = {"clock_graphics", "clock_sm", "clock_memory",
                                         "clock_video"};
    const struct nvml *n = r->nvml;
    char field[32];
    unsigned value;

    for (int type = 0; type <= NVML_CLOCK_VIDEO; type++) {
        if (n->clock && n->clock(r->device, type, &value) == NVML_SUCCESS) {
            put(r, fields[type], value);
            if (type == NVML_CLOCK_SM || type == NVML_CLOCK_MEMORY)
                put(r, type == NVML_CLOCK_SM ? "sample_clock_sm" : "sample_clock_memory", value);
        }
        snprintf(field, sizeof(field), "clock_max_%d", type);
        if (n->max_clock && n->max_clock(r->device, type, &value) == NVML_SUCCESS)
            put(r, field, value);
    }
    if (n->clock_of &&
        told(r, names.clock_of,
             n->clock_of(r->device, NVML_CLOCK_GRAPHICS, NVML_CLOCK_BOOST_MAX, &value)))
        put(r, "clock_boost_max", value);
}

static void put_errors(struct record *r)
{
    static const struct {
        const char *field;
        int type, counter;
    } counters[] = {
        {"ecc_volatile_corrected", NVML_ECC_CORRECTED, NVML_ECC_VOLATILE},
        {"ecc_volatile_uncorrected", NVML_ECC_UNCORRECTED, NVML_ECC_VOLATILE},
        {"ecc_corrected", NVML_ECC_CORRECTED, NVML_ECC_AGGREGATE},
        {"ecc_uncorrected", NVML_ECC_UNCORRECTED, NVML_ECC_AGGREGATE},
    };
    const struct nvml *n = r->nvml;
    unsigned rows[4];
    unsigned long long count;

    for (size_t i = 0; n->ecc_errors && i < ARRAY_LEN(counters); i++)
        if (n->ecc_errors(r->device, counters[i].type, counters[i].counter, &count) == NVML_SUCCESS)
            put(r, counters[i].field, (double)count);
    if (n->remapped_rows &&
        told(r, names.remapped_rows,
             n->remapped_rows(r->device, &rows[0], &rows[1], &rows[2], &rows[3]))) {
        put(r, "rows_corrected", rows[0]);
        put(r, "rows_uncorrected", rows[1]);
        put(r, "rows_pending", rows[2]);
        put(r, "rows_failed", rows[3]);
    }
    PUT_ONE(r, pages_pending, "pages_pending");
}

static void put_board(struct record *r)
{
    const struct nvml *n = r->nvml;
    struct nvml_bar1 bar1;
    unsigned sessions, frames, latency_us;
    int major, minor;

    PUT_ONE(r, minor_number, "minor");
    PUT_ONE(r, architecture, "architecture");
    if (n->compute_capability &&
        told(r, names.compute_capability, n->compute_capability(r->device, &major, &minor))) {
        put(r, "compute_major", major);
        put(r, "compute_minor", minor);
    }
    PUT_ONE(r, brand, "brand");
    PUT_ONE(r, cores, "cores");
    PUT_ONE(r, memory_bus, "memory_bus");
    PUT_ONE(r, display_active, "display_active");
    PUT_ONE(r, pcie_generation, "pcie_generation");
    PUT_ONE(r, pcie_generation_max, "pcie_generation_max");
    PUT_ONE(r, pcie_width, "pcie_width");
    PUT_ONE(r, pcie_width_max, "pcie_width_max");
    if (n->bar1 && told(r, names.bar1, n->bar1(r->device, &bar1))) {
        put(r, "bar1_total", (double)bar1.total);
        put(r, "bar1_used", (double)bar1.used);
    }
    if (n->encoder_stats && told(r, names.encoder_stats,
                                 n->encoder_stats(r->device, &sessions, &frames, &latency_us))) {
        put(r, "encoder_sessions", sessions);
        put(r, "encoder_frames", frames);
        put(r, "encoder_latency", latency_us);
    }
}

static double number_of(const struct nvml_field_value *v)
{
    switch (v->value_type) {
    case NVML_VALUE_DOUBLE:
        return v->value.d;
    case NVML_VALUE_UNSIGNED:
        return v->value.u;
    case NVML_VALUE_SIGNED:
        return v->value.si;
    default:
        return (double)v->value.ull;
    }
}

static bool put_field(struct record *r, unsigned id, unsigned scope)
{
    struct nvml_field_value v = {.field_id = id, .scope_id = scope};
    char field[32];

    if (!told(r, names.fields, r->nvml->fields(r->device, 1, &v)))
        return false;
    snprintf(field, sizeof(field), "field_%u_%u", id, scope);
    put(r, field, v.code == NVML_SUCCESS ? number_of(&v) : (double)NAN);
    return true;
}

/* Those of the whole GPU. Counters of single links have the link as their scope, and are not
 * asked: the simulator has them from the number of links. */
static void put_fields(struct record *r)
{
    static const struct {
        unsigned first, last, scopes;
    } ranges[] = {{5, 31, 1},    {74, 82, 1},   {92, 95, 1},   {142, 145, 1},
                  {169, 169, 1}, {173, 183, 1}, {185, 192, 3}, {193, 198, 1},
                  {226, 227, 1}, {230, 230, 1}, {269, 271, 1}}; /* power: of the GPU, its module,
                                                                   its memory */

    for (size_t i = 0; r->nvml->fields && i < ARRAY_LEN(ranges); i++)
        for (unsigned id = ranges[i].first; id <= ranges[i].last; id++)
            for (unsigned scope = 0; scope < ranges[i].scopes; scope++)
                if (!put_field(r, id, scope))
                    return;
}

/* ---- its processes ---- */

struct held {
    unsigned pid;
    uint64_t bytes;
    char type;
};

typedef int list_call(struct nvml_device *, unsigned *, struct nvml_process_v2 *);

/* Early R535 drivers write 32 bytes for each process where 24 are agreed: something stands behind
 * the last, and the room is for as many of those. */
static size_t stride_of(const unsigned char *bytes, unsigned count)
{
    size_t end = count * sizeof(struct nvml_process_r535);

    for (size_t i = count * sizeof(struct nvml_process_v2); i < end; i++)
        if (bytes[i])
            return sizeof(struct nvml_process_r535);
    return sizeof(struct nvml_process_v2);
}

static size_t list(struct record *r, list_call *call, const char *name, char type, struct held *to,
                   size_t len)
{
    unsigned char *bytes = xcalloc(LIST_MAX, sizeof(struct nvml_process_r535));
    unsigned count = LIST_MAX;

    if (told(r, name, call(r->device, &count, (void *)bytes)) && count <= LIST_MAX) {
        size_t stride = stride_of(bytes, count);
        for (unsigned i = 0; i < count && len < LIST_MAX; i++) {
            struct nvml_process_v2 p;
            memcpy(&p, bytes + i * stride, sizeof(p));
            to[len++] = (struct held){p.pid, p.used, type};
        }
        if (count && stride != sizeof(struct nvml_process_v2))
            buf_printf(&r->to->scenario, "fault process-layout-r535 gpu=%u\n", r->gpu);
    }
    free(bytes);
    return len;
}

typedef int list_call_v1(struct nvml_device *, unsigned *, struct nvml_process_v1 *);

/* As drivers before R510 have it. */
static size_t list_v1(struct record *r, list_call_v1 *call, const char *name, char type,
                      struct held *to, size_t len)
{
    struct nvml_process_v1 *room = xcalloc(LIST_MAX, sizeof(*room));
    unsigned count = LIST_MAX;

    if (call && told(r, name, call(r->device, &count, room)))
        for (unsigned i = 0; i < MIN(count, (unsigned)LIST_MAX) && len < LIST_MAX; i++)
            to[len++] = (struct held){room[i].pid, room[i].used, type};
    free(room);
    return len;
}

static void remember(struct driver_record *to, unsigned pid)
{
    for (size_t i = 0; i < to->pid_len; i++)
        if (to->pids[i] == (int)pid)
            return;
    if (to->pid_len < DRIVER_PROCESSES_MAX)
        to->pids[to->pid_len++] = (int)pid;
}

static void put_processes(struct record *r)
{
    const struct nvml *n = r->nvml;
    struct held *held = xcalloc(LIST_MAX, sizeof(*held));
    size_t len = n->compute ? list(r, n->compute, names.compute, 'C', held, 0)
                            : list_v1(r, n->compute_v1, names.compute_v1, 'C', held, 0);

    len = n->graphics ? list(r, n->graphics, names.graphics, 'G', held, len)
                      : list_v1(r, n->graphics_v1, names.graphics_v1, 'G', held, len);
    len = n->mps ? list(r, n->mps, names.mps, 'M', held, len)
                 : list_v1(r, n->mps_v1, names.mps_v1, 'M', held, len);
    for (size_t i = 0; i < len; i++) {
        buf_printf(&r->to->scenario, "process gpu=%u pid=%u type=%c share=", r->gpu, held[i].pid,
                   held[i].type);
        buf_double(&r->to->scenario, floor(1e4 / (double)len) / 1e4);
        if (held[i].bytes == UINT64_MAX)
            buf_text(&r->to->scenario, " memory=" NOT_KNOWN "\n");
        else
            buf_printf(&r->to->scenario, " memory=%llu\n", (unsigned long long)held[i].bytes);
        remember(r->to, held[i].pid);
    }
    free(held);
}

/* ---- all of it ---- */

static void record_gpu(struct record *r, struct nvml_device *device)
{
    r->device = device;
    r->line = 0;
    put_gpu(r);
    put_memory(r);
    put_load(r);
    put_power(r);
    put_heat(r);
    put_clocks(r);
    put_errors(r);
    put_board(r);
    put_fields(r);
    end_line(r);
    put_processes(r);
    r->gpu++;
}

static void record_silent(struct record *r, int code)
{
    buf_printf(&r->to->scenario,
               "\ngpu 1 \"" NOT_KNOWN "\" near=7/0 processes=0\n"
               "fault code gpu=%u call=nvmlDeviceGetHandle* code=%d\n",
               r->gpu++, code);
}

/* By their places on the bus where some sleep, so that those are left asleep. */
static void record_gpus(struct record *r, const struct nvidia_pci *pci, size_t n, bool by_place)
{
    struct nvml_device *device;
    unsigned count = 0;

    if (r->nvml->count && r->nvml->count(&count) == NVML_SUCCESS)
        r->to->gpus = MIN(count, (unsigned)NVIDIA_GPUS_MAX);
    for (size_t i = 0; by_place && i < n; i++) {
        r->to->asleep += pci[i].asleep;
        if (pci[i].ours && !pci[i].asleep && r->nvml->by_bus_id &&
            r->nvml->by_bus_id(pci[i].bus_id, &device) == NVML_SUCCESS)
            record_gpu(r, device);
    }
    for (unsigned i = 0; !by_place && i < r->to->gpus; i++) {
        int code = r->nvml->by_index(i, &device);
        if (code == NVML_SUCCESS)
            record_gpu(r, device);
        else
            record_silent(r, code);
    }
}

static void record_system(const struct nvml *n, struct buf *to)
{
    char text[81] = "", clean[81];
    int cuda;

    if (n->driver_version && n->driver_version(text, sizeof(text) - 1) == NVML_SUCCESS) {
        nvidia_text_clean(clean, sizeof(clean), text, sizeof(text));
        if (*clean)
            buf_printf(to, "driver %s\n", clean);
    }
    memset(text, 0, sizeof(text));
    if (n->library_version && n->library_version(text, sizeof(text) - 1) == NVML_SUCCESS) {
        nvidia_text_clean(clean, sizeof(clean), text, sizeof(text));
        if (*clean)
            buf_printf(to, "library %s\n", clean);
    }
    if (n->cuda_version && n->cuda_version(&cuda) == NVML_SUCCESS && cuda > 0 && cuda < 999000)
        buf_printf(to, "cuda %d.%d\n", cuda / 1000, cuda % 1000 / 10);
}

static void record_missing(const struct nvml *n, struct buf *to)
{
    for (size_t i = 0; i < ARRAY_LEN(members); i++) {
        void *address;
        memcpy(&address, (const char *)n + members[i].member, sizeof(address));
        if (!address)
            buf_printf(to, "fault missing call=%s\n", members[i].name);
    }
}

/* Shared by the caller and the thread. */
struct job {
    struct host_paths paths; /* copies: the caller may be gone before the driver answers */
    char *texts[4];
    pthread_mutex_t lock; /* owners, done; and all below until it is done */
    pthread_cond_t ended;
    int owners;
    bool done;
    struct driver_record record;
    int code;
    struct error error;
};

static void look(struct job *job)
{
    struct nvidia_pci pci[NVIDIA_GPUS_MAX];
    size_t n = nvidia_pci_list(&job->paths, pci, ARRAY_LEN(pci));
    struct buf *to = &job->record.scenario;
    struct nvml nvml;
    unsigned flags = 0;

    for (size_t i = 0; i < n; i++)
        if (pci[i].asleep)
            flags = NVML_INIT_FLAG_NO_ATTACH; /* wake nobody up */
    if (nvml_open(&nvml, job->paths.nvml_library, job->paths.rootfs, &job->error)) {
        job->code = -ENODEV;
        return;
    }
    int code = nvml_initialise(&nvml, flags);
    record_system(&nvml, to);
    if (code == NVML_SUCCESS)
        record_gpus(&(struct record){.nvml = &nvml, .to = &job->record}, pci, n, flags);
    else
        buf_printf(to, "fault code call=nvmlInit* code=%d\n", code);
    record_missing(&nvml, to);
    nvml_close(&nvml);
    if (to->failed)
        job->code = error_set(&job->error, -ENOMEM, "the driver tells too much");
}

static void release(struct job *job)
{
    pthread_mutex_lock(&job->lock);
    bool last = --job->owners == 0;
    pthread_mutex_unlock(&job->lock);
    if (!last)
        return;
    for (size_t i = 0; i < ARRAY_LEN(job->texts); i++)
        free(job->texts[i]);
    buf_fini(&job->record.scenario);
    free(job->record.pids);
    pthread_cond_destroy(&job->ended);
    pthread_mutex_destroy(&job->lock);
    free(job);
}

static void *run(void *arg)
{
    struct job *job = arg;

    look(job);
    pthread_mutex_lock(&job->lock);
    job->done = true;
    pthread_cond_signal(&job->ended);
    pthread_mutex_unlock(&job->lock);
    release(job);
    return NULL;
}

static struct job *job_new(const struct host_paths *paths)
{
    struct job *job = xnew(struct job);

    job->paths.procfs = job->texts[0] = xstrdup(paths->procfs);
    job->paths.sysfs = job->texts[1] = xstrdup(paths->sysfs);
    job->paths.rootfs = job->texts[2] = xstrdup(paths->rootfs);
    job->paths.nvml_library = job->texts[3] = xstrdup(paths->nvml_library);
    job->record.pids = xcalloc(DRIVER_PROCESSES_MAX, sizeof(*job->record.pids));
    buf_init(&job->record.scenario, SCENARIO_MAX);
    pthread_mutex_init(&job->lock, NULL);
    thread_cond_init(&job->ended);
    job->owners = 2;
    return job;
}

int driver_record(const struct host_paths *paths, int64_t patience_ms, struct driver_record *ret,
                  struct error *err)
{
    uint64_t deadline = clock_mono_ns() + (uint64_t)patience_ms * NS_PER_MS;
    struct job *job = job_new(paths);
    pthread_t thread;
    int code = 0;

    *ret = (struct driver_record){0};
    if (thread_start(&thread, "nvml-record", run, job, err)) {
        job->owners = 1;
        release(job);
        return -EAGAIN;
    }
    pthread_mutex_lock(&job->lock);
    while (!job->done && !thread_wait_until(&job->ended, &job->lock, deadline))
        continue;
    bool done = job->done;
    if (done && job->code) {
        code = error_set(err, job->code, "%s", job->error.text);
    } else if (done) {
        *ret = job->record;
        job->record = (struct driver_record){0};
    }
    pthread_mutex_unlock(&job->lock);
    if (done)
        pthread_join(thread, NULL);
    else
        pthread_detach(thread); /* it hangs in the driver and frees what it holds if it returns */
    release(job);
    return done ? code
                : error_set(err, -ETIMEDOUT, "NVIDIA's driver did not answer within %lld ms",
                            (long long)patience_ms);
}
