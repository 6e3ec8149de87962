/* apple.c - the collector: puts together what IORegistry, IOReport, the SMC and the kernel tell. */
#include "apple.h"

#include "apple_gpu.h"
#include "apple_host.h"
#include "apple_report.h"
#include "apple_smc.h"

#include <stdlib.h>

#define TOPIC "apple silicon"

struct apple {
    struct apple_calls own;
    const struct apple_calls *calls;
    struct apple_host host;
    struct apple_dvfs dvfs;
    struct apple_report report;
    struct apple_controller smc;
    struct apple_gpu gpu;
    bool has_report, has_smc, has_gpu;
    struct error why_report, why_smc, why_gpu;
    double energy_j_total, busy_s_total;
};

static bool detect(const struct host_paths *paths)
{
    struct apple_calls own;
    const struct apple_calls *c = apple_calls_of(paths, &own);

    return c && apple_host_is_ours(c);
}

static int apple_open(const struct host_paths *paths, void **ret, struct error *err)
{
    struct apple *d = xnew(struct apple);

    d->calls = apple_calls_of(paths, &d->own);
    if (!d->calls) {
        free(d);
        return error_set(err, -ENODEV, "this is no system of Apple's");
    }
    apple_host_open(&d->host, d->calls);
    apple_dvfs_read(d->calls, &d->dvfs);
    d->has_report = !apple_report_open(&d->report, d->calls, &d->dvfs, &d->why_report);
    bool super = d->host.kind_cores[CPU_KIND_SUPER] > 0;
    d->has_smc = !apple_smc_open(&d->smc, d->calls, super, &d->why_smc);
    d->has_gpu = !apple_gpu_open(&d->gpu, d->calls, &d->why_gpu);
    *ret = d;
    return 0;
}

static void apple_close(void *state)
{
    struct apple *d = state;

    if (!d)
        return;
    if (d->has_gpu)
        apple_gpu_close(&d->gpu);
    apple_smc_close(&d->smc);
    apple_report_close(&d->report);
    apple_host_close(&d->host);
    free(d);
}

/* ---- processors ---- */

/* IOReport's letters stay the same while the names of the cores change: where there are Super
 * cores, P is theirs, and M, where there is one, what was called P before. */
static enum cpu_kind kind_of(const struct apple *d, char letter)
{
    bool super = d->host.kind_cores[CPU_KIND_SUPER] > 0;

    return letter == 'E'            ? CPU_KIND_EFFICIENCY
           : letter == 'P' && super ? CPU_KIND_SUPER
                                    : CPU_KIND_PERFORMANCE;
}

static void take_cores(const struct apple *d, const struct apple_report_reading *r, struct cpu *to,
                       struct arena *arena)
{
    static const char types[CPU_KINDS][2] = {"S", "P", "E"};

    to->core_len = 0; /* of the kernel's, whose kind nobody tells */
    to->cores = arena_calloc(arena, r->core_len, sizeof(*to->cores));
    for (size_t i = 0; to->cores && i < r->core_len; i++) {
        struct cpu_core *core = &to->cores[to->core_len++];
        *core = (struct cpu_core){.id = (unsigned)i,
                                  .utilization_ratio = r->cores[i].load.ratio,
                                  .frequency_mhz = r->cores[i].load.mhz};
        str_copy(core->type, sizeof(core->type), str_of(types[kind_of(d, r->cores[i].kind)]));
    }
}

/* The mean of the cores that worked. */
static double mean_clock(const struct apple_report_reading *r)
{
    double sum = 0;
    size_t count = 0;

    for (size_t i = 0; i < r->core_len; i++) {
        if (isnan(r->cores[i].load.mhz))
            continue;
        sum += r->cores[i].load.mhz;
        count++;
    }
    return count ? sum / (double)count : UNKNOWN;
}

static void take_cpu(const struct apple *d, const struct apple_report_reading *r,
                     const struct apple_smc_reading *s, struct reading *out)
{
    struct cpu *to = &out->cpu;

    to->temperature_c = s->cpu_c;
    to->power_w = r->watts[APPLE_METER_CPU];
    to->gpu_cores = d->has_gpu ? d->gpu.cores : UNKNOWN;
    if (d->has_report)
        take_cores(d, r, to, out->arena);
    to->frequency_mhz = mean_clock(r);
    for (size_t i = 0; i < ARRAY_LEN(apple_kinds); i++) {
        struct cpu_kind_load *kind = &to->kinds[kind_of(d, apple_kinds[i])];
        if (isnan(r->kinds[i].ratio))
            continue;
        kind->utilization_ratio = r->kinds[i].ratio;
        kind->frequency_mhz = r->kinds[i].mhz;
    }
    to->sockets = arena_new(out->arena, struct cpu_socket);
    if (!to->sockets)
        return;
    to->socket_len = 1;
    to->sockets[0] = (struct cpu_socket){.utilization_ratio = to->utilization_ratio,
                                         .frequency_mhz = to->frequency_mhz,
                                         .temperature_c = to->temperature_c,
                                         .power_w = to->power_w};
}

static void take_chassis(const struct apple *d, const struct apple_report_reading *r,
                         const struct apple_smc_reading *s, struct chassis *to)
{
    to->present = true;
    str_copy(to->vendor, sizeof(to->vendor), STR("Apple"));
    str_copy(to->product, sizeof(to->product), str_of(d->host.model));
    if (d->host.virtual)
        str_copy(to->virtualization, sizeof(to->virtualization), STR("apple"));
    to->power_w = s->system_w; /* never the sum of CPU and GPU: that is not the machine's */
    to->ane_power_w = r->watts[APPLE_METER_ANE];
    to->thermal_pressure = apple_host_pressure(&d->host);
    for (size_t i = 0; i < CHASSIS_FANS; i++)
        to->fan_rpm[i] = i < s->fan_len ? s->fan_rpm[i] : UNKNOWN;
    for (size_t i = 0; i < s->fan_len; i++)
        snprintf(to->fan_name[i], sizeof(to->fan_name[i]), "fan%zu", i);
}

/* ---- the GPU ---- */

static void identify(const struct apple *d, struct accelerator *a)
{
    const char *name = d->gpu.model[0] ? d->gpu.model : d->host.chip;

    accelerator_init(a, "apple", 0);
    str_copy(a->name, sizeof(a->name), str_of(name[0] ? name : "Apple GPU"));
    str_copy(a->brand, sizeof(a->brand), STR("Apple"));
    /* It has no number of its own, and every machine has one of it. */
    if (d->host.uuid[0])
        snprintf(a->uuid, sizeof(a->uuid), "GPU-%s", d->host.uuid);
    a->mem_shared = 1;
    a->mem_total_bytes = d->host.memory_bytes;
    a->detail.cores = d->gpu.cores;
}

static void take_power(struct apple *d, const struct apple_report_reading *r, struct accelerator *a)
{
    a->power_w = r->watts[APPLE_METER_GPU];
    a->detail.ane_power_w = r->watts[APPLE_METER_ANE];
    a->detail.combined_power_w = r->watts[APPLE_METER_CPU] + r->watts[APPLE_METER_GPU] +
                                 (isnan(r->watts[APPLE_METER_ANE]) ? 0 : r->watts[APPLE_METER_ANE]);
    if (isnan(r->joules[APPLE_METER_GPU]))
        return;
    d->energy_j_total += r->joules[APPLE_METER_GPU];
    a->energy_j_total = d->energy_j_total;
    a->detail.energy_estimated = 0;
}

static int take_gpu(struct apple *d, const struct apple_report_reading *r,
                    const struct apple_smc_reading *s, struct reading *out, struct error *err)
{
    struct apple_gpu_reading now;
    struct accelerator *a = arena_new(out->arena, struct accelerator);
    int code = a ? apple_gpu_read(&d->gpu, &now, err) : error_errno(err, -ENOMEM, "the GPU");

    if (code)
        return code;
    identify(d, a);
    out->accelerators = a;
    out->accelerator_len = 1;
    /* Over the interval where IOReport counts it, else as the driver has it at this moment. */
    a->utilization_ratio = isnan(r->gpu.ratio) ? now.utilization_ratio : r->gpu.ratio;
    a->mem_used_bytes = now.mem_used_bytes;
    if (a->mem_total_bytes != UNKNOWN_COUNT && a->mem_used_bytes != UNKNOWN_COUNT)
        a->mem_free_bytes = a->mem_total_bytes - MIN(a->mem_used_bytes, a->mem_total_bytes);
    a->clock_graphics_mhz = r->gpu.mhz;
    if (d->dvfs.gpu.len)
        a->clock_graphics_max_mhz = d->dvfs.gpu.mhz[d->dvfs.gpu.len - 1];
    a->temperature_c = s->gpu_c;
    a->detail.hotspot_temperature_c = s->gpu_hottest_c;
    a->detail.thermal_pressure = apple_host_pressure(&d->host);
    take_power(d, r, a);
    if (!isnan(r->gpu.ratio)) {
        d->busy_s_total += r->gpu.ratio * r->seconds;
        a->detail.busy_s_total = d->busy_s_total;
    }
    return apple_gpu_processes(&d->gpu, out, err);
}

static void take_platform(const struct apple *d, struct reading *out)
{
    out->platforms = arena_new(out->arena, struct platform_info);
    out->rejects = arena_new(out->arena, struct reading_reject);
    if (!out->platforms || !out->rejects)
        return;
    out->platforms[0].platform = "apple";
    snprintf(out->platforms[0].driver_version, sizeof(out->platforms[0].driver_version),
             d->host.release[0] ? "macOS %s" : "macOS%s", d->host.release);
    out->platform_len = 1;
    out->rejects[0] = (struct reading_reject){"apple.energy", "range", d->report.rejected};
    out->reject_len = d->report.rejected > 0;
}

static int apple_read(void *state, struct reading *out, struct error *err)
{
    struct apple *d = state;
    struct apple_report_reading r;
    struct apple_smc_reading s;
    int code = 0;

    if (!out->mono_ns)
        out->mono_ns = clock_mono_ns();
    apple_report_nothing(&r);
    if (d->has_report)
        code = apple_report_read(&d->report, &r, err);
    apple_smc_read(&d->smc, &s);
    apple_host_cpu(&d->host, out);
    apple_host_memory(&d->host, &out->memory);
    take_cpu(d, &r, &s, out);
    take_chassis(d, &r, &s, &out->chassis);
    take_platform(d, out);
    if (d->has_gpu) {
        int gpu = take_gpu(d, &r, &s, out, err);
        code = gpu ? gpu : code;
    }
    return code;
}

/* ---- what an operator should know ---- */

static void diagnose(const struct host_paths *paths, struct arena *a, struct finding **ret,
                     size_t *ret_len)
{
    static const char macs[] = "Virtual machines have none; macOS keeps programs in a sandbox from "
                               "it.";
    struct error err = {0};
    void *state = NULL;

    if (!detect(paths) || apple_open(paths, &state, &err))
        return;
    const struct apple *d = state;
    finding_add(a, ret, ret_len, FINDING_OK, TOPIC, "", "%s (%s), macOS %s%s",
                d->host.chip[0] ? d->host.chip : "a processor of Apple's", d->host.model,
                d->host.release, d->host.virtual ? ", a virtual machine" : "");
    if (!d->has_gpu)
        finding_add(a, ret, ret_len, FINDING_NOTE, TOPIC, "", "%s", d->why_gpu.text);
    if (!d->has_report)
        finding_add(a, ret, ret_len, FINDING_NOTE, TOPIC, macs,
                    "no power, no clocks, no kinds of cores: %s", d->why_report.text);
    if (!d->has_smc)
        finding_add(a, ret, ret_len, FINDING_NOTE, TOPIC, macs,
                    "no temperatures, no fans, no power of the machine: %s", d->why_smc.text);
    else if (!d->smc.len)
        finding_add(a, ret, ret_len, FINDING_NOTE, TOPIC,
                    "macOS 14 and later tell them on every chip.",
                    "the SMC tells no temperatures of CPU and GPU");
    if (d->has_report && (!d->dvfs.gpu.len || !d->dvfs.cpu_len))
        finding_add(a, ret, ret_len, FINDING_NOTE, TOPIC, "Please report the machine's model.",
                    "the tables of its clocks are not where they are known to be");
    apple_close(state);
}

const struct collector apple_collector = {
    .name = "apple",
    .detect = detect,
    .open = apple_open,
    .read = apple_read,
    .close = apple_close,
    .diagnose = diagnose,
};
