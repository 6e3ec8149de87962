/* apple_gpu.c - the accelerator's entry and its children. */
#include "apple_gpu.h"

#include <limits.h>
#include <stdlib.h>

#define CLIENTS_MAX 4096

int apple_gpu_open(struct apple_gpu *g, const struct apple_calls *c, struct error *err)
{
    apple_port iterator = apple_services(c, "IOAccelerator"), entry;
    int64_t cores;

    *g = (struct apple_gpu){.calls = c, .cores = UNKNOWN};
    while (iterator && !g->entry && (entry = c->IOIteratorNext(iterator))) {
        apple_ref statistics = apple_property(c, entry, "PerformanceStatistics");
        if (apple_is_dictionary(c, statistics))
            g->entry = entry;
        else
            c->IOObjectRelease(entry);
        apple_release(c, statistics);
    }
    if (iterator)
        c->IOObjectRelease(iterator);
    if (!g->entry)
        return error_set(err, -ENODEV, "no GPU whose driver has statistics");
    (void)apple_property_text(c, g->entry, "model", g->model, sizeof(g->model));
    if (apple_property_number(c, g->entry, "gpu-core-count", &cores) && cores > 0)
        g->cores = (double)cores;
    return 0;
}

void apple_gpu_close(struct apple_gpu *g)
{
    if (g->entry)
        g->calls->IOObjectRelease(g->entry);
    free(g->clients);
    *g = (struct apple_gpu){0};
}

int apple_gpu_read(struct apple_gpu *g, struct apple_gpu_reading *ret, struct error *err)
{
    const struct apple_calls *c = g->calls;
    apple_ref statistics = apple_property(c, g->entry, "PerformanceStatistics");
    int64_t value;

    *ret = (struct apple_gpu_reading){UNKNOWN, UNKNOWN_COUNT};
    if (!apple_is_dictionary(c, statistics)) {
        apple_release(c, statistics);
        return error_set(err, -ENODEV, "the GPU's driver has no statistics any more");
    }
    if (apple_number(c, apple_member(c, statistics, "Device Utilization %"), &value) &&
        value >= 0 && value <= 100)
        ret->utilization_ratio = (double)value / 100;
    if (apple_number(c, apple_member(c, statistics, "In use system memory"), &value) && value >= 0)
        ret->mem_used_bytes = (uint64_t)value;
    apple_release(c, statistics);
    return 0;
}

/* ---- processes ---- */

int apple_gpu_pid(struct str creator)
{
    uint64_t pid;

    if (!str_starts(creator, STR("pid ")))
        return 0;
    struct str rest = str_make(creator.ptr + 4, creator.len - 4);
    if (!num_parse_u64(str_cut(&rest, ','), &pid) || pid > INT_MAX)
        return 0;
    return (int)pid;
}

static void read_usage(const struct apple_calls *c, apple_ref usage, struct apple_client *to)
{
    size_t len = apple_len(c, usage), gl = 0;
    char api[16];
    int64_t ns;

    for (size_t i = 0; i < len; i++) {
        apple_ref one = c->CFArrayGetValueAtIndex(usage, (apple_index)i);
        if (apple_number(c, apple_member(c, one, "accumulatedGPUTime"), &ns) && ns > 0)
            to->busy_ns += MIN((uint64_t)ns, UINT64_MAX - to->busy_ns);
        if (apple_text(c, apple_member(c, one, "API"), api, sizeof(api)))
            gl += !strcmp(api, "GL") || !strcmp(api, "OpenGL");
    }
    to->graphics = len && gl == len;
}

static bool read_client(const struct apple_calls *c, apple_port child, struct apple_client *ret)
{
    char creator[128];

    *ret = (struct apple_client){0};
    if (!apple_property_text(c, child, "IOUserClientCreator", creator, sizeof(creator)) ||
        c->IORegistryEntryGetRegistryEntryID(child, &ret->id) != APPLE_OK)
        return false;
    ret->pid = apple_gpu_pid(str_of(creator));
    apple_ref usage = ret->pid ? apple_property(c, child, "AppUsage") : NULL;
    bool one_of_them = usage != NULL;
    read_usage(c, usage, ret);
    apple_release(c, usage);
    return one_of_them;
}

static int by_id(const void *a, const void *b)
{
    const struct apple_client *x = a, *y = b;
    return (x->id > y->id) - (x->id < y->id);
}

/* Connections are no services: they are found as children of the GPU's entry only. */
static int list(const struct apple_gpu *g, struct apple_client **ret, size_t *ret_len)
{
    const struct apple_calls *c = g->calls;
    apple_port iterator = 0, child;
    struct apple_client one, *found = NULL;
    size_t len = 0, cap = 0;
    int code = 0;

    *ret = NULL;
    *ret_len = 0;
    if (c->IORegistryEntryGetChildIterator(g->entry, "IOService", &iterator) != APPLE_OK)
        return 0;
    while (!code && len < CLIENTS_MAX && (child = c->IOIteratorNext(iterator))) {
        if (read_client(c, child, &one)) {
            struct apple_client *more = array_grow(found, &cap, len + 1, sizeof(*more));
            code = more ? 0 : -ENOMEM;
            found = more ? more : found;
            if (more)
                found[len++] = one;
        }
        c->IOObjectRelease(child);
    }
    c->IOObjectRelease(iterator);
    if (len)
        qsort(found, len, sizeof(*found), by_id);
    *ret = found;
    *ret_len = len;
    return code;
}

/* What a connection used since the reading before: all of it when it was made since. */
static uint64_t grown(const struct apple_gpu *g, const struct apple_client *now)
{
    const struct apple_client *then =
        g->len ? bsearch(now, g->clients, g->len, sizeof(*now), by_id) : NULL;

    return !then ? now->busy_ns : now->busy_ns > then->busy_ns ? now->busy_ns - then->busy_ns : 0;
}

static struct accelerator_process *process_of(struct reading *out, int pid)
{
    for (size_t i = 0; i < out->accelerator_process_len; i++)
        if (out->accelerator_processes[i].pid == pid)
            return &out->accelerator_processes[i];
    struct accelerator_process *p = &out->accelerator_processes[out->accelerator_process_len++];
    *p = (struct accelerator_process){.pid = pid,
                                      .type = 'G',
                                      .mem_used_bytes = UNKNOWN_COUNT,
                                      .sm_ratio = UNKNOWN,
                                      .mem_ratio = UNKNOWN,
                                      .encoder_ratio = UNKNOWN,
                                      .decoder_ratio = UNKNOWN};
    return p;
}

int apple_gpu_processes(struct apple_gpu *g, struct reading *out, struct error *err)
{
    struct apple_client *now;
    size_t len;
    int code = list(g, &now, &len);
    double passed =
        g->mono_ns && out->mono_ns > g->mono_ns ? (double)(out->mono_ns - g->mono_ns) : UNKNOWN;

    out->accelerator_processes =
        code ? NULL : arena_calloc(out->arena, len + 1, sizeof(*out->accelerator_processes));
    if (!out->accelerator_processes) {
        free(now);
        return error_errno(err, -ENOMEM, "processes on the GPU");
    }
    for (size_t i = 0; i < len; i++) {
        struct accelerator_process *p = process_of(out, now[i].pid);
        double share = (double)grown(g, &now[i]) / passed;
        if (!now[i].graphics)
            p->type = 'C';
        if (!isnan(share))
            p->sm_ratio = MIN((isnan(p->sm_ratio) ? 0 : p->sm_ratio) + share, 1.0);
    }
    free(g->clients);
    g->clients = now;
    g->len = len;
    g->mono_ns = out->mono_ns;
    return 0;
}
