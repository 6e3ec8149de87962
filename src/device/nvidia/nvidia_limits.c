/* nvidia_limits.c - limits, modes and sessions of a board: static ones once, others now and then.
 */
#include "device/nvidia/nvidia_parts.h"
#include "device/nvidia/nvidia_text.h"

#define PCIE_NS (60 * (uint64_t)NS_PER_S)

static double ask_threshold(struct gpu_context *c, struct gpu *g, int type)
{
    unsigned value;

    if (!ASK(c, g, ASK_ONCE, threshold, type, &value))
        return NAN;
    return check_gauge(&c->check, CHECK_THRESHOLD, value);
}

static double ask_max_clock(struct gpu_context *c, struct gpu *g, int type)
{
    unsigned value;

    if (!ASK(c, g, ASK_ONCE, max_clock, type, &value))
        return NAN;
    return check_gauge(&c->check, CHECK_CLOCK, value);
}

static const char *brand_name(unsigned number)
{
    static const char *const names[] = {
        "",           "Quadro",     "Tesla",      "NVS",
        "GRID",       "GeForce",    "Titan",      "NVIDIA vApps",
        "NVIDIA vPC", "NVIDIA vCS", "NVIDIA vWS", "NVIDIA Cloud Gaming",
        "Quadro RTX", "NVIDIA RTX", "NVIDIA",     "GeForce RTX",
        "Titan RTX"};

    return number < ARRAY_LEN(names) ? names[number] : "";
}

/* Where a GPU of a rack-scale machine stands. */
static void identify_rack(struct gpu_context *c, struct gpu *g)
{
    struct nvml_platform p = {.version = NVML_STRUCT_VERSION(struct nvml_platform, 2)};
    struct accelerator *a = &g->identity;

    if (!c->nvml.platform || !nvidia_gpu_may(c, g, ASK_ONCE))
        return;
    int code = c->nvml.platform(g->handle, &p);
    if (code == NVML_ARGUMENT_VERSION_MISMATCH) {
        p.version = NVML_STRUCT_VERSION(struct nvml_platform, 1);
        code = c->nvml.platform(g->handle, &p);
    }
    if (!nvidia_gpu_told(c, g, ASK_ONCE, code))
        return;
    nvidia_text_clean(a->rack_serial, sizeof(a->rack_serial), (const char *)p.chassis_serial,
                      sizeof(p.chassis_serial));
    snprintf(a->rack_slot, sizeof(a->rack_slot), "%u/%u/%u/%u", p.slot, p.tray, p.host, p.module);
}

void nvidia_limits_identify(struct gpu_context *c, struct gpu *g)
{
    struct accelerator_detail *d = &g->identity.detail;
    unsigned value;

    d->threshold_more_c[THRESHOLD_MEMORY_MAX] = ask_threshold(c, g, NVML_THRESHOLD_MEMORY_MAX);
    d->threshold_more_c[THRESHOLD_ACOUSTIC_MIN] = ask_threshold(c, g, NVML_THRESHOLD_ACOUSTIC_MIN);
    d->threshold_more_c[THRESHOLD_ACOUSTIC_MAX] = ask_threshold(c, g, NVML_THRESHOLD_ACOUSTIC_MAX);
    d->clock_limit_mhz[CLOCK_LIMIT_SM_MAX] = ask_max_clock(c, g, NVML_CLOCK_SM);
    d->clock_limit_mhz[CLOCK_LIMIT_VIDEO_MAX] = ask_max_clock(c, g, NVML_CLOCK_VIDEO);
    if (ASK(c, g, ASK_ONCE, clock_of, NVML_CLOCK_GRAPHICS, NVML_CLOCK_BOOST_MAX, &value))
        d->clock_limit_mhz[CLOCK_LIMIT_BOOST_MAX] = check_gauge(&c->check, CHECK_CLOCK, value);
    if (ASK(c, g, ASK_ONCE, cores, &value))
        d->cores = check_gauge(&c->check, CHECK_CORES, value);
    if (ASK(c, g, ASK_ONCE, memory_bus, &value))
        d->memory_bus_bits = check_gauge(&c->check, CHECK_MEMORY_BUS, value);
    if (ASK(c, g, ASK_ONCE, host_vgpu_mode, &value))
        d->host_vgpu_mode = check_gauge(&c->check, CHECK_SWITCH, value);
    if (ASK(c, g, ASK_ONCE, brand, &value))
        str_copy(g->identity.brand, sizeof(g->identity.brand), str_of(brand_name(value)));
    identify_rack(c, g);
}

static void read_sessions(struct gpu_context *c, struct gpu *g)
{
    struct accelerator_detail *k = &g->kept;
    struct nvml_capture_stats capture;
    unsigned sessions, frames, latency_us;

    k->encoder_sessions = k->encoder_frames_per_s = k->encoder_latency_s = NAN;
    k->capture_sessions = NAN;
    if (ASK(c, g, ASK_ENCODER_STATS, encoder_stats, &sessions, &frames, &latency_us)) {
        k->encoder_sessions = check_gauge(&c->check, CHECK_SESSIONS, sessions);
        if (k->encoder_sessions > 0) { /* of no session there is no speed */
            k->encoder_frames_per_s = check_gauge(&c->check, CHECK_SESSIONS, frames);
            k->encoder_latency_s = check_gauge(&c->check, CHECK_LATENCY, latency_us);
        }
    }
    if (ASK(c, g, ASK_CAPTURE_STATS, capture_stats, &capture))
        k->capture_sessions = check_gauge(&c->check, CHECK_SESSIONS, capture.sessions);
}

/* Deprecated in newer drivers, which then refuse for good. */
static double ask_requested(struct gpu_context *c, struct gpu *g, int type)
{
    enum question q = type == NVML_CLOCK_MEMORY ? ASK_CLOCK_REQUESTED_MEMORY : ASK_CLOCK_REQUESTED;
    unsigned value;

    if (!ASK(c, g, q, clock_requested, type, &value))
        return NAN;
    return check_gauge(&c->check, CHECK_CLOCK, value);
}

static void read_seldom(struct gpu_context *c, struct gpu *g)
{
    struct accelerator_detail *k = &g->kept;
    struct nvml_bar1 bar1;
    unsigned value;

    k->bar1_total_bytes = k->bar1_used_bytes = k->display_active = NAN;
    if (ASK(c, g, ASK_BAR1, bar1, &bar1)) {
        k->bar1_total_bytes = check_gauge(&c->check, CHECK_BAR1, (double)bar1.total);
        if (!isnan(k->bar1_total_bytes) && bar1.used <= bar1.total)
            k->bar1_used_bytes = (double)bar1.used;
        else if (!isnan(k->bar1_total_bytes))
            check_reject(&c->check, CHECK_BAR1, CHECK_RANGE);
    }
    if (ASK(c, g, ASK_DISPLAY_ACTIVE, display_active, &value))
        k->display_active = check_gauge(&c->check, CHECK_SWITCH, value);
    k->clock_limit_mhz[CLOCK_LIMIT_REQUESTED_GRAPHICS] = ask_requested(c, g, NVML_CLOCK_GRAPHICS);
    k->clock_limit_mhz[CLOCK_LIMIT_REQUESTED_MEMORY] = ask_requested(c, g, NVML_CLOCK_MEMORY);
    read_sessions(c, g);
}

void nvidia_limits_read(struct gpu_context *c, struct gpu *g, struct accelerator *a)
{
    struct accelerator_detail *d = &a->detail;
    const struct accelerator_detail *k = &g->kept;

    if (nvidia_is_turn(c, &g->limits_next_ns))
        read_seldom(c, g);
    d->bar1_total_bytes = k->bar1_total_bytes;
    d->bar1_used_bytes = k->bar1_used_bytes;
    d->display_active = k->display_active;
    for (int i = CLOCK_LIMIT_REQUESTED_GRAPHICS; i < CLOCK_LIMITS; i++)
        d->clock_limit_mhz[i] = k->clock_limit_mhz[i];
    d->encoder_sessions = k->encoder_sessions;
    d->encoder_frames_per_s = k->encoder_frames_per_s;
    d->encoder_latency_s = k->encoder_latency_s;
    d->capture_sessions = k->capture_sessions;
}

void nvidia_limits_pcie(struct gpu_context *c, struct gpu *g, struct accelerator *a)
{
    struct nvidia_parts *p = nvidia_parts_of(c);
    double *kept = g->kept.pcie_sampled_bytes_per_s;

    if (g->gpm_known || !isnan(a->detail.pcie_bytes_total[0]))
        return;
    if (c->mono_ns >= g->pcie_next_ns && p->pcie_ns != c->mono_ns && c->nvml.pcie_throughput &&
        nvidia_gpu_may(c, g, ASK_PCIE_THROUGHPUT)) {
        p->pcie_ns = c->mono_ns;
        g->pcie_next_ns = c->mono_ns + PCIE_NS;
        for (int i = 0; i < 2; i++) {
            unsigned value;
            kept[i] = NAN;
            if (ASK(c, g, ASK_PCIE_THROUGHPUT, pcie_throughput, i, &value))
                kept[i] = check_gauge(&c->check, CHECK_PCIE_RATE, value);
        }
    }
    memcpy(a->detail.pcie_sampled_bytes_per_s, kept, sizeof(a->detail.pcie_sampled_bytes_per_s));
}
