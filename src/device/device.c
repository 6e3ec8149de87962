/* device.c - empty readings and accelerators, and the list of findings. */
#include "device/device.h"

#include <limits.h>
#include <stdarg.h>

/* nvidia0, nvidiactl, nvidia-uvm; Jetson's nvmap and nvhost-gpu; Windows' subsystem; DRM; AMD's
 * compute; the class accel and Google's own; Gaudi's older class; Tenstorrent; Rebellions; Warboy
 * and RNGD; devices that are handed out by groups, as TPUs are. */
bool device_is_node(struct str target)
{
    static const char *const nodes[] = {
        "/dev/nvidia", "/dev/nvmap", "/dev/nvhost", "/dev/dxg",         "/dev/dri/",
        "/dev/kfd",    "/dev/accel", "/dev/hl",     "/dev/tenstorrent", "/dev/rbln",
        "/dev/npu",    "/dev/rngd/", "/dev/vfio/"};

    for (size_t i = 0; i < ARRAY_LEN(nodes); i++)
        if (str_contains(target, str_of(nodes[i])))
            return true;
    return false;
}

void reading_init(struct reading *r, struct arena *arena)
{
    *r = (struct reading){.arena = arena};
    r->cpu = (struct cpu){
        .utilization_ratio = UNKNOWN,
        .frequency_mhz = UNKNOWN,
        .temperature_c = UNKNOWN,
        .power_w = UNKNOWN,
        .iowait_ratio = UNKNOWN,
        .steal_ratio = UNKNOWN,
        .limit_cores = UNKNOWN,
        .load1 = UNKNOWN,
        .load5 = UNKNOWN,
        .load15 = UNKNOWN,
        .uptime_s = UNKNOWN,
        .boot_time_s = UNKNOWN,
        .gpu_cores = UNKNOWN,
    };
    for (size_t i = 0; i < CPU_KINDS; i++)
        r->cpu.kinds[i] = (struct cpu_kind_load){UNKNOWN, UNKNOWN, UNKNOWN};
    r->memory = (struct memory){
        .total_bytes = UNKNOWN_COUNT,
        .used_bytes = UNKNOWN_COUNT,
        .available_bytes = UNKNOWN_COUNT,
        .free_bytes = UNKNOWN_COUNT,
        .buffers_bytes = UNKNOWN_COUNT,
        .cached_bytes = UNKNOWN_COUNT,
        .swap_total_bytes = UNKNOWN_COUNT,
        .swap_used_bytes = UNKNOWN_COUNT,
        .swap_free_bytes = UNKNOWN_COUNT,
        .hugepages_total_bytes = UNKNOWN_COUNT,
        .hugepages_free_bytes = UNKNOWN_COUNT,
        .zfs_arc_bytes = UNKNOWN_COUNT,
    };
    r->chassis = (struct chassis){
        .inlet_temperature_c = UNKNOWN,
        .outlet_temperature_c = UNKNOWN,
        .power_w = UNKNOWN,
        .ane_power_w = UNKNOWN,
        .thermal_pressure = UNKNOWN,
    };
    r->board = (struct board){
        .power_mode_id = UNKNOWN,
        .power_w = UNKNOWN,
        .memory_clock_mhz = UNKNOWN,
        .memory_controller_ratio = UNKNOWN,
    };
    r->processes_hidden = UNKNOWN_COUNT;
}

struct accelerator_part *reading_add_part(struct reading *r, unsigned accelerator, const char *kind,
                                          const char *name)
{
    const size_t first = 16;
    size_t len = r->part_len;

    if (!len || (len >= first && !(len & (len - 1)))) { /* full: at 16, 32, 64 ... */
        struct accelerator_part *more =
            arena_calloc(r->arena, len ? 2 * len : first, sizeof(*more));
        if (!more)
            return NULL;
        if (len)
            memcpy(more, r->parts, len * sizeof(*more));
        r->parts = more;
    }
    struct accelerator_part *p = &r->parts[r->part_len++];
    *p = (struct accelerator_part){.accelerator = accelerator,
                                   .kind = kind,
                                   .utilization_ratio = UNKNOWN,
                                   .asleep_ratio = UNKNOWN,
                                   .clock_mhz = UNKNOWN,
                                   .clock_max_mhz = UNKNOWN,
                                   .temperature_c = UNKNOWN,
                                   .throttle_reasons = UNKNOWN,
                                   .up = UNKNOWN,
                                   .bytes_total = {UNKNOWN, UNKNOWN},
                                   .mem_used_bytes = UNKNOWN_COUNT,
                                   .mem_total_bytes = UNKNOWN_COUNT};
    str_copy(p->name, sizeof(p->name), str_of(name));
    return p;
}

static void make_unknown(double *all, size_t bytes)
{
    for (size_t i = 0; i < bytes / sizeof(double); i++)
        all[i] = UNKNOWN;
}

void accelerator_detail_init(struct accelerator_detail *d)
{
    _Static_assert(sizeof(*d) % sizeof(double) == 0, "doubles only");
    make_unknown((double *)d, sizeof(*d));
}

void accelerator_init(struct accelerator *a, const char *platform, unsigned index)
{
    /* Every double of the struct; a new one belongs here too, or it starts as a false 0. */
    double *const gauges[] = {
        &a->utilization_ratio,
        &a->utilization_max_ratio,
        &a->memory_utilization_ratio,
        &a->encoder_ratio,
        &a->decoder_ratio,
        &a->mem_shared,
        &a->temperature_c,
        &a->memory_temperature_c,
        &a->temperature_slowdown_c,
        &a->temperature_shutdown_c,
        &a->temperature_max_operating_c,
        &a->temperature_acoustic_c,
        &a->power_w,
        &a->power_max_w,
        &a->power_limit_w,
        &a->power_limit_default_w,
        &a->power_limit_min_w,
        &a->power_limit_max_w,
        &a->energy_j_total,
        &a->clock_graphics_mhz,
        &a->clock_sm_mhz,
        &a->clock_memory_mhz,
        &a->clock_video_mhz,
        &a->clock_graphics_max_mhz,
        &a->clock_memory_max_mhz,
        &a->fan_ratio,
        &a->fan_rpm,
        &a->pstate,
        &a->ecc_mode,
        &a->ecc_pending,
        &a->ecc_corrected_total,
        &a->ecc_uncorrected_total,
        &a->persistence_mode,
        &a->compute_mode,
        &a->pcie_generation,
        &a->pcie_width,
        &a->pcie_generation_max,
        &a->pcie_width_max,
        &a->throttle_reasons,
        &a->numa_node,
        &a->mig_mode,
    };

    *a = (struct accelerator){.index = index, .platform = platform, .minor = UINT_MAX};
    a->mem_used_bytes = a->mem_total_bytes = UNKNOWN_COUNT;
    a->mem_free_bytes = a->mem_reserved_bytes = UNKNOWN_COUNT;
    for (size_t i = 0; i < ARRAY_LEN(gauges); i++)
        *gauges[i] = UNKNOWN;
    accelerator_detail_init(&a->detail);
    _Static_assert(sizeof(a->npu.value) % sizeof(double) == 0, "doubles only");
    make_unknown((double *)&a->npu.value, sizeof(a->npu.value));
}

void collector_names(struct buf *to)
{
    for (size_t i = 0; collectors[i]; i++)
        buf_printf(to, "%s%s", i ? ", " : "", collectors[i]->name);
}

void finding_add(struct arena *a, struct finding **list, size_t *len, enum finding_level level,
                 const char *topic, const char *advice, const char *what, ...)
{
    /* Grows by copying: a handful of findings, and the arena has no realloc. */
    struct finding *grown = arena_calloc(a, *len + 1, sizeof(*grown));
    va_list args;

    if (!grown)
        return;
    if (*len)
        memcpy(grown, *list, *len * sizeof(*grown));
    struct finding *f = &grown[*len];
    f->level = level;
    f->topic = topic;
    str_copy(f->advice, sizeof(f->advice), str_of(advice));
    va_start(args, what);
    vsnprintf(f->what, sizeof(f->what), what, args);
    va_end(args);
    *list = grown;
    (*len)++;
}
