/* nvidia_process.c - who is on a GPU: the driver's lists of compute, graphics and MPS processes,
 * joined by pid, and each one's share of the GPU since the last reading. */
#include "device/nvidia/nvidia_gpu.h"
#include "device/nvidia/nvidia_sort.h"

#define LIST_FIRST      64u
#define LIST_MAX        65536u /* processes of one kind on one GPU */
#define SAMPLES_FIRST   256u
#define SAMPLES_MAX     65536u
#define ATTEMPTS        4
#define FIRST_WINDOW_US 1000000
#define INSTANCE_MAX    64u /* a GPU has at most 7 instances */

/* Entries as they come are at most this large; room is made for it whatever was agreed, because an
 * early R535 driver writes 32 bytes where 24 are agreed. */
#define ENTRY_MAX sizeof(struct nvml_process_r535)

struct list {
    char type;
    enum question question, question_v1;
};

static int call_list(const struct gpu_context *c, const struct gpu *g, char type, bool v1,
                     unsigned *count)
{
    void *to = c->process_list;

    if (v1)
        return type == 'C'   ? c->nvml.compute_v1(g->handle, count, to)
               : type == 'G' ? c->nvml.graphics_v1(g->handle, count, to)
                             : c->nvml.mps_v1(g->handle, count, to);
    return type == 'C'   ? c->nvml.compute(g->handle, count, to)
           : type == 'G' ? c->nvml.graphics(g->handle, count, to)
                         : c->nvml.mps(g->handle, count, to);
}

static bool has_list(const struct gpu_context *c, char type, bool v1)
{
    if (v1)
        return type == 'C'   ? c->nvml.compute_v1 != NULL
               : type == 'G' ? c->nvml.graphics_v1 != NULL
                             : c->nvml.mps_v1 != NULL;
    return type == 'C'   ? c->nvml.compute != NULL
           : type == 'G' ? c->nvml.graphics != NULL
                         : c->nvml.mps != NULL;
}

static int make_room(struct gpu_context *c, size_t entries)
{
    unsigned char *grown =
        array_grow(c->process_list, &c->process_list_cap, entries * ENTRY_MAX, 1);

    if (!grown)
        return -ENOMEM;
    c->process_list = grown;
    return 0;
}

/* Fetches one list into c->process_list. True in *ret_ok when `*ret_len` entries stand there. */
static int fetch(struct gpu_context *c, struct gpu *g, const struct list *list, bool v1,
                 size_t *ret_len, bool *ret_ok)
{
    enum question q = v1 ? list->question_v1 : list->question;
    unsigned count = 0;
    int code = NVML_INSUFFICIENT_SIZE;

    *ret_len = 0;
    *ret_ok = false;
    if (!has_list(c, list->type, v1) || !nvidia_gpu_may(c, g, q))
        return 0;
    /* More may come between two calls, so each attempt brings at least twice the room. */
    for (int attempt = 0; attempt < ATTEMPTS && code == NVML_INSUFFICIENT_SIZE; attempt++) {
        size_t had = c->process_list_cap / ENTRY_MAX;
        size_t want = attempt ? MAX((size_t)count, had) * 2 + 4 : LIST_FIRST;
        if (want > LIST_MAX)
            break;
        if (want * ENTRY_MAX > c->process_list_cap && make_room(c, want))
            return -ENOMEM;
        count = (unsigned)(c->process_list_cap / ENTRY_MAX);
        memset(c->process_list, 0, c->process_list_cap);
        code = call_list(c, g, list->type, v1, &count);
    }
    if (nvidia_gpu_told(c, g, q, code)) {
        *ret_len = MIN(count, c->process_list_cap / ENTRY_MAX);
        *ret_ok = true;
    }
    return 0;
}

/* The `i`th entry, `stride` bytes apart. */
static struct nvml_process_v2 entry_at(const struct gpu_context *c, size_t i, size_t stride)
{
    struct nvml_process_v2 p = {.gpu_instance = NVML_NO_INSTANCE,
                                .compute_instance = NVML_NO_INSTANCE};

    memcpy(&p, c->process_list + i * stride, MIN(stride, sizeof(p)));
    return p;
}

static bool is_plausible(const struct nvml_process_v2 *p)
{
    bool instances =
        (p->gpu_instance == NVML_NO_INSTANCE || p->gpu_instance < INSTANCE_MAX) &&
        (p->compute_instance == NVML_NO_INSTANCE || p->compute_instance < INSTANCE_MAX);

    return p->pid > 0 && p->pid <= 4194304 && instances;
}

static bool all_plausible(const struct gpu_context *c, size_t len, size_t stride)
{
    for (size_t i = 0; i < len; i++) {
        struct nvml_process_v2 p = entry_at(c, i, stride);
        if (!is_plausible(&p))
            return false;
    }
    return true;
}

/* How far entries really stand apart. One alone looks the same either way. */
static size_t stride_of(struct gpu_context *c, size_t len, bool v1)
{
    if (v1)
        return sizeof(struct nvml_process_v1);
    if (c->process_r535)
        return sizeof(struct nvml_process_r535);
    if (len > 1 && !all_plausible(c, len, sizeof(struct nvml_process_v2)) &&
        all_plausible(c, len, sizeof(struct nvml_process_r535)))
        c->process_r535 = true;
    return c->process_r535 ? sizeof(struct nvml_process_r535) : sizeof(struct nvml_process_v2);
}

static int append(struct gpu_context *c, const struct gpu *g, const struct nvml_process_v2 *p,
                  char type)
{
    uint64_t used = UNKNOWN_COUNT;

    if (!is_plausible(p)) {
        check_reject(&c->check, CHECK_PROCESS_PID, CHECK_RANGE);
        return 0;
    }
    if (p->used != NVML_MEMORY_UNAVAILABLE) /* a documented answer, as on Windows' subsystem */
        used = check_bytes(&c->check, CHECK_PROCESS_MEMORY, p->used);
    if (c->process_len == c->process_cap) {
        struct accelerator_process *grown = array_grow(
            c->processes, &c->process_cap, MAX(c->process_len + 1, LIST_FIRST), sizeof(*grown));
        if (!grown)
            return -ENOMEM;
        c->processes = grown;
    }
    c->processes[c->process_len++] = (struct accelerator_process){.accelerator = g->identity.index,
                                                                  .pid = (int)p->pid,
                                                                  .type = type,
                                                                  .mem_used_bytes = used,
                                                                  .sm_ratio = NAN,
                                                                  .mem_ratio = NAN,
                                                                  .encoder_ratio = NAN,
                                                                  .decoder_ratio = NAN};
    return 0;
}

static int read_list(struct gpu_context *c, struct gpu *g, const struct list *list)
{
    size_t len;
    bool ok, v1 = false;
    int code = fetch(c, g, list, v1, &len, &ok);

    if (code == 0 && !ok) {
        v1 = true;
        code = fetch(c, g, list, v1, &len, &ok);
    }
    if (code || !ok || !len)
        return code;
    size_t stride = stride_of(c, len, v1);
    for (size_t i = 0; i < len && code == 0; i++) {
        struct nvml_process_v2 p = entry_at(c, i, stride);
        code = append(c, g, &p, list->type);
    }
    return code;
}

static int by_pid(const void *a, const void *b)
{
    const struct accelerator_process *x = a, *y = b;

    return (x->pid > y->pid) - (x->pid < y->pid);
}

/* A pid in several lists (or on several MIG instances) is one process: its lists overlap, so the
 * larger memory counts; compute outranks graphics. Returns how many are left, by pid. */
static size_t join(struct accelerator_process *p, size_t len)
{
    size_t n = 0;

    if (len > 1)
        nvidia_sort(p, len, sizeof(*p), by_pid);
    for (size_t i = 0; i < len; i++) {
        if (!n || p[n - 1].pid != p[i].pid) {
            p[n++] = p[i];
            continue;
        }
        struct accelerator_process *one = &p[n - 1];
        if (one->mem_used_bytes == UNKNOWN_COUNT ||
            (p[i].mem_used_bytes != UNKNOWN_COUNT && p[i].mem_used_bytes > one->mem_used_bytes))
            one->mem_used_bytes = p[i].mem_used_bytes;
        if (p[i].type == 'M' || one->type == 'M')
            one->type = 'M';
        else if (p[i].type == 'C')
            one->type = 'C';
    }
    return n;
}

/* Asks for the samples since the last reading. *ret_ok: the GPU answered, also with none. */
static int fetch_samples(struct gpu_context *c, struct gpu *g, size_t *ret_len, bool *ret_ok)
{
    uint64_t since = g->process_seen_us;
    int code = NVML_INSUFFICIENT_SIZE;
    unsigned count = SAMPLES_FIRST;

    *ret_len = 0;
    *ret_ok = false;
    if (!c->nvml.process_utilization || !nvidia_gpu_may(c, g, ASK_PROCESS_UTILIZATION))
        return 0;
    if (!since || (int64_t)since > c->now_us + FIRST_WINDOW_US)
        since = (uint64_t)MAX(c->now_us - MAX(c->interval_us, FIRST_WINDOW_US), 1);
    for (int attempt = 0; attempt < ATTEMPTS && code == NVML_INSUFFICIENT_SIZE; attempt++) {
        if (count > SAMPLES_MAX)
            break;
        if (count > c->process_sample_cap) {
            struct nvml_process_sample *grown =
                array_grow(c->process_samples, &c->process_sample_cap, count, sizeof(*grown));
            if (!grown)
                return -ENOMEM;
            c->process_samples = grown;
        }
        count = (unsigned)c->process_sample_cap;
        code = c->nvml.process_utilization(g->handle, c->process_samples, &count, since);
    }
    if (code == NVML_NOT_FOUND || code == NVML_NO_DATA) {
        *ret_ok = true; /* nothing newer: nobody computed */
    } else if (nvidia_gpu_told(c, g, ASK_PROCESS_UTILIZATION, code)) {
        *ret_ok = true;
        *ret_len = MIN(count, c->process_sample_cap);
    }
    g->process_seen_us = since;
    return 0;
}

struct share {
    double sum;
    unsigned n;
    bool garbage;
};

static void share_add(struct check *check, struct share *s, unsigned percent)
{
    double value = check_gauge(check, CHECK_PROCESS_UTILIZATION, percent);

    if (isnan(value)) {
        s->garbage = true;
        return;
    }
    s->sum += value;
    s->n++;
}

/* The driver keeps quiet about who did nothing: no sample is 0, but garbage is unknown. */
static double share_mean(const struct share *s)
{
    if (s->garbage && !s->n)
        return NAN;
    return s->n ? s->sum / s->n : 0;
}

static int sample_by_pid(const void *a, const void *b)
{
    const struct nvml_process_sample *x = a, *y = b;

    return (x->pid > y->pid) - (x->pid < y->pid);
}

/* Averages the samples of one pid, which stand together from *at on; leaves *at behind them. */
static void average(struct gpu_context *c, size_t len, uint64_t since, size_t *at,
                    struct accelerator_process *p)
{
    struct share sm = {0}, mem = {0}, enc = {0}, dec = {0};

    for (; *at < len && (int64_t)c->process_samples[*at].pid == p->pid; (*at)++) {
        const struct nvml_process_sample *s = &c->process_samples[*at];
        if (s->timestamp <= since)
            continue;
        share_add(&c->check, &sm, s->sm);
        share_add(&c->check, &mem, s->mem);
        share_add(&c->check, &enc, s->enc);
        share_add(&c->check, &dec, s->dec);
    }
    p->sm_ratio = share_mean(&sm);
    p->mem_ratio = share_mean(&mem);
    p->encoder_ratio = share_mean(&enc);
    p->decoder_ratio = share_mean(&dec);
}

/* Both lists are by pid, so one walk joins them. */
static int read_shares(struct gpu_context *c, struct gpu *g, struct accelerator_process *p,
                       size_t n)
{
    size_t len, at = 0;
    bool ok;
    int code = fetch_samples(c, g, &len, &ok);

    if (code || !ok)
        return code;
    uint64_t since = g->process_seen_us;
    for (size_t i = 0; i < len; i++)
        if (c->process_samples[i].timestamp > g->process_seen_us &&
            (int64_t)c->process_samples[i].timestamp <= c->now_us + FIRST_WINDOW_US)
            g->process_seen_us = c->process_samples[i].timestamp;
    if (len > 1)
        nvidia_sort(c->process_samples, len, sizeof(*c->process_samples), sample_by_pid);
    for (size_t i = 0; i < n; i++) {
        while (at < len && (int64_t)c->process_samples[at].pid < p[i].pid)
            at++;
        average(c, len, since, &at, &p[i]);
    }
    return 0;
}

int nvidia_process_read(struct gpu_context *c, struct gpu *g)
{
    static const struct list lists[] = {
        {'C', ASK_COMPUTE, ASK_COMPUTE_V1},
        {'G', ASK_GRAPHICS, ASK_GRAPHICS_V1},
        {'M', ASK_MPS, ASK_MPS_V1},
    };
    size_t first = c->process_len;
    int code = 0;

    for (size_t i = 0; i < ARRAY_LEN(lists) && code == 0; i++)
        code = read_list(c, g, &lists[i]);
    if (code || c->process_len == first)
        return code;
    c->process_len = first + join(c->processes + first, c->process_len - first);
    return read_shares(c, g, c->processes + first, c->process_len - first);
}
