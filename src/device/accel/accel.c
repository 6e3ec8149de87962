/* accel.c - the collector: devices of the class accel in the order of their places, then Rockchip's
 * NPUs, whose vendor's driver is one of the class drm. */
#include "accel.h"

#include "accel_text.h"
#include "accel_xdna.h"

#include "device/amd/amd_metrics.h"
#include "device/linux_file.h"
#include "device/linux_proc.h"
#include "device/linux_set.h"

#include <stdlib.h>

#define TOPIC "npu"
#define BUSY_NS                                                                                    \
    ((uint64_t)NS_PER_S) /* its counter takes the lock under which work is submitted               \
                          */
#define TABLES_MAX 16    /* GPUs of AMD that are looked at for XDNA's counters */

/* Between two readings of a device. */
struct device {
    uint64_t busy_us, busy_ns;
    double busy_ratio;
};

struct accel {
    struct linux_set npus, rknpus;
    struct device devices[LINUX_CARDS];
};

static bool is_npu(const struct linux_card *c)
{
    static const char *const drivers[] = {"intel_vpu", "amdxdna", "qaic",
                                          "rocket",    "ethosu",  "ethos-u"};

    for (size_t i = 0; i < ARRAY_LEN(drivers); i++)
        if (!strcmp(c->driver, drivers[i]))
            return true;
    return false;
}

static bool is_rknpu(const struct linux_card *c)
{
    return !strcmp(c->driver, "RKNPU") || !strcmp(c->driver, "rknpu");
}

static bool detect(const struct host_paths *paths)
{
    struct linux_card cards[LINUX_CARDS];

    return linux_card_list(paths->sysfs, "accel", is_npu, cards) > 0 ||
           linux_card_list(paths->sysfs, "drm", is_rknpu, cards) > 0;
}

/* ---- who it is ---- */

static const struct {
    unsigned vendor, device;
    const char *name;
} names[] = {
    {0x8086, 0x7d1d, "Intel NPU (Meteor Lake)"},  {0x8086, 0xad1d, "Intel NPU (Arrow Lake)"},
    {0x8086, 0x643e, "Intel NPU (Lunar Lake)"},   {0x8086, 0xb03e, "Intel NPU (Panther Lake)"},
    {0x8086, 0xfd3e, "Intel NPU (Wildcat Lake)"}, {0x8086, 0xd71d, "Intel NPU (Nova Lake)"},
    {0x1022, 0x1502, "AMD XDNA NPU (Phoenix)"},   {0x1022, 0x17f0, "AMD XDNA 2 NPU"},
    {0x17cb, 0xa080, "Qualcomm Cloud AI 080"},    {0x17cb, 0xa100, "Qualcomm Cloud AI 100"},
    {0x17cb, 0xa110, "Qualcomm Cloud AI 200"},
};

static const char *brand_of(const struct linux_card *c)
{
    if (!strcmp(c->driver, "intel_vpu"))
        return "Intel";
    if (!strcmp(c->driver, "amdxdna"))
        return "AMD";
    if (!strcmp(c->driver, "qaic"))
        return "Qualcomm";
    return !strncmp(c->driver, "ethos", 5) ? "Arm" : "Rockchip";
}

static void text_of(const struct linux_set *s, size_t i, const char *file, char *to, size_t size)
{
    char text[128];
    ssize_t n = linux_file_text(text, sizeof(text), s->all.paths.sysfs, "%s/device/%s",
                                s->all.cards[i].folder, file);

    if (n > 0)
        linux_proc_clean(to, size, str_make(text, (size_t)n));
}

static void identify(struct linux_set *s, size_t i)
{
    struct accelerator *a = &s->all.identity[i];
    const struct linux_card card = s->all.cards[i],
                            *c = &card; /* a copy: texts of one into the other */
    const char *comma = strchr(c->compatible, ',');
    char variant[48] = "";

    a->npu.present = true;
    str_copy(a->brand, sizeof(a->brand), str_of(brand_of(c)));
    snprintf(a->name, sizeof(a->name), "%s NPU", brand_of(c));
    if (comma) /* "rockchip,rk3588-rknn-core": the chip that it is a part of */
        snprintf(a->name, sizeof(a->name), "%s NPU (%.*s)", brand_of(c),
                 (int)strcspn(comma + 1, "-"), comma + 1);
    for (size_t k = 0; k < ARRAY_LEN(names); k++)
        if (names[k].vendor == c->vendor && names[k].device == c->device)
            str_copy(a->name, sizeof(a->name), str_of(names[k].name));
    snprintf(a->uuid, sizeof(a->uuid), "NPU-%.63s", c->place);
    text_of(s, i, "vbnv", variant, sizeof(variant)); /* "RyzenAI-npu4" */
    if (variant[0])
        snprintf(a->name, sizeof(a->name), "AMD %s", variant);
    text_of(s, i, "fw_version", a->vbios, sizeof(a->vbios));
    if (strcmp(c->driver, "qaic") != 0)
        linux_sensors_share_memory(s->all.paths.procfs, a);
}

static int accel_open(const struct host_paths *paths, void **ret, struct error *err)
{
    struct accel *d = xnew(struct accel);
    struct linux_set *const sets[] = {&d->npus, &d->rknpus};

    (void)err;
    for (size_t i = 0; i < ARRAY_LEN(sets); i++) {
        sets[i]->class = i ? "drm" : "accel";
        sets[i]->wanted = i ? is_rknpu : is_npu;
        sets[i]->identify = identify;
        sets[i]->zone = i ? "npu" : NULL;
        linux_set_open(sets[i], paths, "accel");
    }
    *ret = d;
    return 0;
}

static void accel_close(void *state)
{
    struct accel *d = state;

    if (!d)
        return;
    linux_set_close(&d->npus);
    linux_set_close(&d->rknpus);
    free(d);
}

/* ---- Intel ---- */

static bool file_u64(const struct linux_set *s, size_t i, const char *file, uint64_t *ret)
{
    return linux_file_u64(ret, s->all.paths.sysfs, "%s/device/%s", s->all.cards[i].folder, file);
}

static void take_mhz(const struct linux_set *s, size_t i, const char *file, const char *older,
                     double *to)
{
    uint64_t mhz;

    if ((file_u64(s, i, file, &mhz) || file_u64(s, i, older, &mhz)) && mhz && mhz < 100000)
        *to = (double)mhz; /* 0: it sleeps */
}

/* None of these files wakes it; it sleeps whenever it has nothing to do, and counts on. */
static void read_ivpu(struct linux_set *s, size_t i, struct device *d, uint64_t mono_ns,
                      struct accelerator *a)
{
    uint64_t us, bytes;

    if (mono_ns - d->busy_ns >= BUSY_NS && file_u64(s, i, "npu_busy_time_us", &us)) {
        double before = (double)d->busy_us, ns = d->busy_ns ? (double)(mono_ns - d->busy_ns) : 0;
        d->busy_ratio =
            ns > 0 && us >= d->busy_us ? MIN(((double)us - before) * 1e3 / ns, 1.0) : UNKNOWN;
        d->busy_us = us;
        d->busy_ns = mono_ns;
    }
    if (d->busy_ns) {
        a->utilization_ratio = d->busy_ratio;
        a->detail.busy_s_total = (double)d->busy_us / 1e6;
    }
    if (file_u64(s, i, "npu_memory_utilization", &bytes))
        a->mem_used_bytes = bytes;
    take_mhz(s, i, "freq/current_freq", "npu_current_frequency_mhz", &a->clock_graphics_mhz);
    take_mhz(s, i, "freq/hw_max_freq", "npu_max_frequency_mhz", &a->clock_graphics_max_mhz);
}

/* ---- AMD ---- */

static bool is_amdgpu(const struct linux_card *c)
{
    return !strcmp(c->driver, "amdgpu");
}

/* The GPU of the same processor measures the NPU: its table tells without waking it. */
static bool read_table(const char *sysfs, struct amd_metrics *m)
{
    char bytes[AMD_METRICS_BYTES + 1], path[LINUX_PATH_MAX];
    struct linux_card gpus[LINUX_CARDS];
    size_t len = linux_card_list(sysfs, "drm", is_amdgpu, gpus);

    for (size_t i = 0; i < MIN(len, (size_t)TABLES_MAX); i++) {
        if (linux_card_state(sysfs, &gpus[i]) != ACCELERATOR_OK ||
            !linux_file_path(path, sysfs, "%s/device/gpu_metrics", gpus[i].folder))
            continue;
        ssize_t n = file_read_small(path, bytes, sizeof(bytes));
        if (n > 0 && !amd_metrics_parse(str_make(bytes, (size_t)n), m, NULL) && m->npu_columns)
            return true;
    }
    return false;
}

static void take_columns(const double *ratio, size_t len, unsigned index, struct reading *out)
{
    struct accelerator *a = &out->accelerators[index];
    char name[24];
    double sum = 0;

    for (size_t k = 0; k < len; k++) {
        snprintf(name, sizeof(name), "column%u", (unsigned)k);
        struct accelerator_part *p = reading_add_part(out, index, "column", name);
        if (p)
            p->utilization_ratio = ratio[k];
        sum += ratio[k];
    }
    if (len)
        a->utilization_ratio = sum / (double)len;
}

static void read_xdna(const struct linux_set *s, size_t i, struct reading *out)
{
    struct accelerator *a = &out->accelerators[i];
    struct amd_metrics m;
    struct accel_xdna x = {.columns = 0};
    char node[32];

    bool told = read_table(s->all.paths.sysfs, &m);
    if (told) {
        take_columns(m.npu_ratio, m.npu_columns, (unsigned)i, out);
        a->power_w = m.npu_power_w;
        a->clock_graphics_mhz = m.npu_mhz > 0 ? m.npu_mhz : UNKNOWN;
    }
    snprintf(node, sizeof(node), "dev/accel/accel%u", s->all.cards[i].number);
    if (a->state != ACCELERATOR_OK ||
        accel_xdna_read(linux_edge_of(&s->all.paths), s->all.paths.rootfs, node, &x))
        return;
    if (!told) {
        take_columns(x.column_ratio, x.columns, (unsigned)i, out);
        a->power_w = x.power_w;
    }
    a->temperature_c = x.temperature_c;
    a->clock_graphics_mhz = isnan(x.clock_mhz) ? a->clock_graphics_mhz : x.clock_mhz;
}

/* ---- Qualcomm ---- */

/* Errors since the driver was loaded. What else the card measures only its own service tells. */
static void read_qaic(const struct linux_set *s, size_t i, struct accelerator *a)
{
    uint64_t ce, ue, other;

    if (file_u64(s, i, "ce_count", &ce))
        a->ecc_corrected_total = (double)ce;
    if (file_u64(s, i, "ue_count", &ue) && file_u64(s, i, "ue_nonfatal_count", &other))
        a->ecc_uncorrected_total = (double)ue + (double)other;
    linux_card_link(s->all.paths.sysfs, s->all.cards[i].bus_id, a);
}

/* ---- Rockchip, with the vendor's kernel ---- */

static void read_rknpu(struct linux_set *s, size_t i, unsigned index, struct reading *out)
{
    struct accelerator *a = &out->accelerators[index];
    double cores[ACCEL_CORES], ratio;
    char text[256], name[24];
    ssize_t n = linux_file_text(text, sizeof(text), s->all.paths.sysfs, "kernel/debug/rknpu/load");
    size_t len = n > 0 ? accel_text_rknpu(str_make(text, (size_t)n), cores) : 0;

    linux_sensors_read(&s->sensors[i], s->all.paths.sysfs, &s->all.cards[i], a);
    if (len) { /* root's: of the last second */
        double sum = 0;
        for (size_t k = 0; k < len; k++) {
            snprintf(name, sizeof(name), "core%u", (unsigned)k);
            struct accelerator_part *p = reading_add_part(out, index, "engine", name);
            if (p)
                p->utilization_ratio = cores[k];
            sum += cores[k];
        }
        a->utilization_ratio = sum / (double)len;
        return;
    }
    if (s->sensors[i].devfreq[0] &&
        linux_file_text(text, sizeof(text), s->all.paths.sysfs, "%s/load", s->sensors[i].devfreq) >
            0 &&
        accel_text_devfreq(str_of(text), &ratio))
        a->utilization_ratio = ratio;
}

/* ---- all of it ---- */

static int read_npus(struct accel *d, struct reading *out, struct error *err)
{
    struct linux_set *s = &d->npus;
    struct linux_drm_reading drm;
    bool may_look[LINUX_CARDS], complete;
    int code = linux_set_begin(s, out, err);

    if (code)
        return code;
    for (size_t i = 0; i < s->all.len; i++) {
        enum accelerator_state state = out->accelerators[i].state;
        bool ivpu = !strcmp(s->all.cards[i].driver, "intel_vpu");
        /* Intel's driver adds buffers up for its fdinfo, and leaves the device asleep. */
        may_look[i] = state == ACCELERATOR_OK || (ivpu && state == ACCELERATOR_SLEEPING);
        if (ivpu && may_look[i])
            read_ivpu(s, i, &d->devices[i], out->mono_ns, &out->accelerators[i]);
        else if (!strcmp(s->all.cards[i].driver, "amdxdna") && state != ACCELERATOR_LOST)
            read_xdna(s, i, out);
        else if (!strcmp(s->all.cards[i].driver, "qaic") && may_look[i])
            read_qaic(s, i, &out->accelerators[i]);
    }
    if (linux_set_clients(s, may_look, out, &drm, &complete))
        return error_errno(err, -ENOMEM, "processes on NPUs");
    for (size_t i = 0; i < s->all.len; i++) {
        uint64_t vram, other;
        struct accelerator *a = &out->accelerators[i];
        linux_drm_memory(&drm, (unsigned)i, &vram, &other);
        if (complete && may_look[i] && other && a->mem_used_bytes == UNKNOWN_COUNT)
            a->mem_used_bytes = other;
    }
    return 0;
}

/* Behind the others, as those of the class accel. Its driver tells no clients. */
static int read_rknpus(struct accel *d, struct reading *out, struct error *err)
{
    struct reading r;

    reading_init(&r, out->arena);
    r.mono_ns = out->mono_ns;
    int code = linux_set_begin(&d->rknpus, &r, err);
    if (code)
        return code;
    size_t first = out->accelerator_len;
    struct accelerator *all =
        arena_calloc(out->arena, first + r.accelerator_len, sizeof(*out->accelerators));
    if (!all)
        return error_errno(err, -ENOMEM, "reading of NPUs");
    if (first)
        memcpy(all, out->accelerators, first * sizeof(*all));
    memcpy(all + first, r.accelerators, r.accelerator_len * sizeof(*all));
    out->accelerators = all;
    out->accelerator_len += r.accelerator_len;
    out->platforms = r.platforms;
    out->platform_len = r.platform_len;
    for (size_t i = 0; i < r.accelerator_len; i++) {
        all[first + i].index = (unsigned)(first + i);
        all[first + i].processes_untold = true;
        if (all[first + i].state == ACCELERATOR_OK)
            read_rknpu(&d->rknpus, i, (unsigned)(first + i), out);
    }
    return 0;
}

static int accel_read(void *state, struct reading *out, struct error *err)
{
    struct accel *d = state;
    int npus = d->npus.all.len ? read_npus(d, out, err) : -ENODEV;

    if (npus && npus != -ENODEV)
        return npus;
    int rknpus = d->rknpus.all.len ? read_rknpus(d, out, err) : -ENODEV;
    if (rknpus && rknpus != -ENODEV)
        return rknpus;
    return npus && rknpus ? -ENODEV : 0;
}

/* ---- what an operator should know ---- */

static void diagnose(const struct host_paths *paths, struct arena *a, struct finding **ret,
                     size_t *ret_len)
{
    struct linux_card cards[LINUX_CARDS];
    size_t len = linux_card_list(paths->sysfs, "accel", is_npu, cards);

    for (size_t i = 0; i < len; i++) {
        bool ivpu = !strcmp(cards[i].driver, "intel_vpu");
        finding_add(a, ret, ret_len, FINDING_OK, TOPIC, "", "%s by the driver %s", cards[i].place,
                    cards[i].driver);
        if (ivpu && !linux_file_exists(paths->sysfs, "%s/device/npu_busy_time_us", cards[i].folder))
            finding_add(a, ret, ret_len, FINDING_NOTE, TOPIC, "Linux 6.11 or later tells it.",
                        "%s: the driver does not count how busy it is", cards[i].place);
        if (!strcmp(cards[i].driver, "qaic"))
            finding_add(a, ret, ret_len, FINDING_NOTE, TOPIC,
                        "Qualcomm's service on the machine exports them (AICM).",
                        "%s: the driver tells errors alone, no load, heat or power",
                        cards[i].place);
        if (!strcmp(cards[i].driver, "rocket") || !strncmp(cards[i].driver, "ethos", 5))
            finding_add(a, ret, ret_len, FINDING_NOTE, TOPIC, "",
                        "%s: the driver counts nothing; that it is awake is all it shows",
                        cards[i].place);
    }
    len = linux_card_list(paths->sysfs, "drm", is_rknpu, cards);
    for (size_t i = 0; i < len; i++)
        finding_add(a, ret, ret_len, FINDING_OK, TOPIC, "", "%s by the driver %s", cards[i].place,
                    cards[i].driver);
}

const struct collector accel_collector = {
    .name = "accel",
    .detect = detect,
    .open = accel_open,
    .read = accel_read,
    .close = accel_close,
    .diagnose = diagnose,
};
