/* demo_cards_gpu.c - GPUs of AMD and Intel. */
#include "demo_cards.h"

#define HWMON       20u /* numbers of sensor chips: behind those of processors */
#define RENDER      128u
#define KFD_GPU     51000u /* the driver's number of a GPU */
#define COMPUTE     304u   /* units of a large one */
#define KFD         "sys/class/kfd/kfd/"
#define DRIVERS     ((uint64_t)320 << 20) /* memory in use that is no process's */
#define SHARED      UINT64_MAX
#define SHARED_USED ((uint64_t)18 << 30) /* by a GPU that is part of a processor */
#define SHARED_ALL  ((uint64_t)96 << 30)
#define CYCLES_HZ   19200000u /* of Intel's counters */

static const char *card_folder(const struct demo_card *c, char to[DEMO_PATH])
{
    snprintf(to, DEMO_PATH, "sys/class/drm/card%u/device", c->number);
    return to;
}

static const char *sensor_folder(const struct demo_card *c, char to[DEMO_PATH])
{
    snprintf(to, DEMO_PATH, "sys/class/drm/card%u/device/hwmon/hwmon%u", c->number,
             HWMON + c->number);
    return to;
}

static void lay_node(struct demo_tree *t, const struct demo_card *c)
{
    char path[DEMO_PATH], node[48];

    snprintf(path, sizeof(path), "sys/class/drm/card%u/device/drm/renderD%u", c->number,
             RENDER + c->number);
    demo_tree_line(t, path, "dev", "226:%u", RENDER + c->number);
    snprintf(node, sizeof(node), "/dev/dri/renderD%u", RENDER + c->number);
    demo_card_hold(t, c, node);
}

static bool is_shared(const struct demo_card *c)
{
    return c->kind->memory_bytes == SHARED;
}

/* What a client's file says; the lines of its engines and memory follow. */
static void begin_fdinfo(struct demo_tree *t, const struct demo_card *c, const char *driver)
{
    buf_printf(&t->text,
               "pos:\t0\nflags:\t02100002\ndrm-driver:\t%s\ndrm-client-id:\t%u\n"
               "drm-pdev:\t%s\n",
               driver, 40 + c->number, c->address);
}

static void end_fdinfo(struct demo_tree *t, const struct demo_card *c)
{
    char path[DEMO_PATH];

    snprintf(path, sizeof(path), "proc/%d/fdinfo/%u", demo_card_pid(c), 10 + c->number);
    demo_tree_swap(t, path);
}

/* ---- AMD ---- */

static void lay_amd(struct demo_tree *t, const struct demo_card *c)
{
    static const char *const labels[] = {"edge", "junction", "mem"};
    static const int critical[] = {100000, 105000, 100000};
    char folder[DEMO_PATH], sensors[DEMO_PATH], name[32], nodes[DEMO_PATH];

    card_folder(c, folder);
    sensor_folder(c, sensors);
    demo_card_pci(t, c, folder, 0x1002, "amdgpu");
    lay_node(t, c);
    if (!is_shared(c)) {
        demo_tree_line(t, folder, "unique_id", "%016llx", (unsigned long long)c->seed);
        demo_tree_line(t, folder, "current_link_speed", "32.0 GT/s PCIe");
        demo_tree_line(t, folder, "max_link_speed", "32.0 GT/s PCIe");
        demo_tree_line(t, folder, "current_link_width", "16");
        demo_tree_line(t, folder, "max_link_width", "16");
        demo_tree_line(t, sensors, "power1_cap", "%.0f", c->kind->max_w * 1e6);
        demo_tree_line(t, sensors, "power1_cap_default", "%.0f", c->kind->max_w * 1e6);
        demo_tree_line(t, sensors, "power1_cap_max", "%.0f", c->kind->max_w * 1e6);
    }
    demo_tree_line(t, folder, "mem_info_vram_total", "%llu",
                   (unsigned long long)(is_shared(c) ? SHARED_ALL : c->kind->memory_bytes));
    demo_tree_line(t, folder, "mem_info_gtt_total", "%llu", 16ull << 30);
    demo_tree_line(t, sensors, "name", "amdgpu");
    for (unsigned i = 0; i < (is_shared(c) ? 1 : ARRAY_LEN(labels)); i++) {
        snprintf(name, sizeof(name), "temp%u_label", i + 1);
        demo_tree_line(t, sensors, name, "%s", labels[i]);
        snprintf(name, sizeof(name), "temp%u_crit", i + 1);
        demo_tree_line(t, sensors, name, "%d", critical[i]);
    }
    snprintf(nodes, sizeof(nodes), KFD "topology/nodes/%u", 1 + c->number);
    demo_tree_line(t, KFD "topology/nodes/0", "gpu_id", "0");
    demo_tree_line(t, nodes, "gpu_id", "%u", KFD_GPU + c->number);
    demo_tree_line(t, nodes, "properties",
                   "simd_count %u\nsimd_per_cu 4\ngfx_target_version 90402\nlocation_id %u\n"
                   "domain 0",
                   4 * COMPUTE, (c->kind->first_bus + c->number) << 8);
}

static void move_amd(struct demo_tree *t, const struct demo_card *c,
                     const struct demo_card_state *s)
{
    char folder[DEMO_PATH], sensors[DEMO_PATH], name[64];
    uint64_t used = is_shared(c) ? (uint64_t)(SHARED_USED * (0.9 + 0.2 * s->load)) : s->memory_used;

    card_folder(c, folder);
    sensor_folder(c, sensors);
    demo_tree_line(t, folder, "gpu_busy_percent", "%.0f", 100 * s->load);
    demo_tree_line(t, folder, "mem_busy_percent", "%.0f", 62 * s->load);
    demo_tree_line(t, folder, "mem_info_vram_used", "%llu", (unsigned long long)used);
    demo_tree_line(t, folder, "mem_info_gtt_used", "%llu", 80ull << 20);
    demo_tree_line(t, sensors, "temp1_input", "%.0f", s->temperature_c * 1000);
    if (!is_shared(c)) {
        demo_tree_line(t, sensors, "temp2_input", "%.0f", (s->temperature_c + 9 * s->load) * 1000);
        demo_tree_line(t, sensors, "temp3_input", "%.0f", (s->temperature_c - 4) * 1000);
    }
    demo_tree_line(t, sensors, "power1_average", "%.0f", s->power_w * 1e6);
    demo_tree_line(t, sensors, "freq1_input", "%.0f", s->mhz * 1e6);
    demo_tree_line(t, sensors, "freq2_input", "%.0f", c->kind->max_memory_mhz * 1e6);
    if (!s->pid)
        return;
    snprintf(folder, sizeof(folder), KFD "proc/%d", s->pid);
    snprintf(name, sizeof(name), "vram_%u", KFD_GPU + c->number);
    demo_tree_line(t, folder, name, "%llu", (unsigned long long)(used - MIN(used, DRIVERS)));
    snprintf(name, sizeof(name), "stats_%u/cu_occupancy", KFD_GPU + c->number);
    demo_tree_line(t, folder, name, "%.0f", COMPUTE * s->load);
}

const struct demo_maker_files demo_amd = {lay_amd, move_amd, NULL};

/* ---- Intel, driver xe ---- */

static void lay_intel(struct demo_tree *t, const struct demo_card *c)
{
    char folder[DEMO_PATH], sensors[DEMO_PATH], gt[DEMO_PATH + 32];
    static const char *const reasons[] = {"reason_pl1", "reason_thermal", "reason_prochot"};

    card_folder(c, folder);
    sensor_folder(c, sensors);
    demo_card_pci(t, c, folder, 0x8086, "xe");
    lay_node(t, c);
    snprintf(gt, sizeof(gt), "%s/tile0/gt0", folder);
    demo_tree_line(t, gt, "freq0/max_freq", "%.0f", c->kind->max_mhz);
    demo_tree_line(t, gt, "freq0/rp0_freq", "%.0f", c->kind->max_mhz);
    demo_tree_line(t, gt, "gtidle/name", "gt0-rc");
    demo_tree_line(t, gt, "freq0/throttle/status", "0");
    for (size_t i = 0; i < ARRAY_LEN(reasons); i++) {
        char name[64];
        snprintf(name, sizeof(name), "freq0/throttle/%s", reasons[i]);
        demo_tree_line(t, gt, name, "0");
    }
    if (is_shared(c))
        return; /* power and heat are the processor's */
    demo_card_link(t, c, 5, 8);
    demo_tree_line(t, sensors, "name", "xe");
    demo_tree_line(t, sensors, "energy1_label", "card");
    demo_tree_line(t, sensors, "power1_max", "%.0f", c->kind->max_w * 1e6);
    demo_tree_line(t, sensors, "power1_rated_max", "%.0f", c->kind->max_w * 1e6);
    demo_tree_line(t, sensors, "temp2_label", "pkg");
    demo_tree_line(t, sensors, "temp3_label", "vram");
}

/* A region as DRM_IOCTL_XE_DEVICE_QUERY tells it: 88 bytes. */
static void put_region(unsigned char *to, unsigned kind, unsigned instance, uint64_t total,
                       uint64_t used)
{
    to[0] = (unsigned char)kind;
    to[2] = (unsigned char)instance;
    memcpy(to + 8, &total, sizeof(total));
    memcpy(to + 16, &used, sizeof(used));
}

static void move_intel(struct demo_tree *t, const struct demo_card *c,
                       const struct demo_card_state *s)
{
    char folder[DEMO_PATH], sensors[DEMO_PATH], gt[DEMO_PATH + 32], node[64];
    unsigned char regions[8 + 2 * 88] = {is_shared(c) ? 1 : 2};
    uint64_t held =
        is_shared(c) ? (uint64_t)3 << 30 : s->memory_used - MIN(s->memory_used, DRIVERS);

    card_folder(c, folder);
    sensor_folder(c, sensors);
    snprintf(gt, sizeof(gt), "%s/tile0/gt0", folder);
    demo_tree_line(t, gt, "freq0/act_freq", "%.0f", s->mhz);
    demo_tree_line(t, gt, "freq0/cur_freq", "%.0f", s->mhz);
    demo_tree_line(t, gt, "gtidle/idle_residency_ms", "%.0f", (s->t_s - s->busy_s) * 1000);
    put_region(regions + 8, 0, 0, (uint64_t)64 << 30, (uint64_t)9 << 30);
    if (!is_shared(c)) {
        put_region(regions + 8 + 88, 1, 1, c->kind->memory_bytes, s->memory_used);
        demo_tree_line(t, sensors, "energy1_input", "%.0f", s->energy_j * 1e6);
        demo_tree_line(t, sensors, "temp2_input", "%.0f", s->temperature_c * 1000);
        demo_tree_line(t, sensors, "temp3_input", "%.0f", (s->temperature_c + 6) * 1000);
        demo_tree_line(t, sensors, "fan1_input", "%.0f", 900 + 1500 * s->load);
    }
    snprintf(node, sizeof(node), "nodes/dev/dri/renderD%u", RENDER + c->number);
    demo_tree_answer(t, node, "xe-1", regions, 8 + (size_t)regions[0] * 88);
    if (!s->pid)
        return;
    begin_fdinfo(t, c, "xe");
    buf_printf(&t->text, "drm-resident-%s:\t%llu KiB\n", is_shared(c) ? "gtt" : "vram0",
               (unsigned long long)(held / 1024));
    static const struct {
        const char *name;
        double part;
    } engines[] = {{"rcs", 0.02}, {"ccs", 1}, {"bcs", 0.12}, {"vcs", 0.05}};
    for (size_t i = 0; i < ARRAY_LEN(engines); i++)
        buf_printf(&t->text, "drm-cycles-%s:\t%.0f\ndrm-total-cycles-%s:\t%.0f\n", engines[i].name,
                   s->busy_s * engines[i].part * CYCLES_HZ, engines[i].name, s->t_s * CYCLES_HZ);
    end_fdinfo(t, c);
}

const struct demo_maker_files demo_intel = {lay_intel, move_intel, NULL};

/* ---- NPUs of processors, in the class accel ---- */

static const char *accel_folder(const struct demo_card *c, char to[DEMO_PATH])
{
    snprintf(to, DEMO_PATH, "sys/class/accel/accel%u/device", c->number);
    return to;
}

static void lay_accel(struct demo_tree *t, const struct demo_card *c, unsigned vendor,
                      const char *driver)
{
    char folder[DEMO_PATH], node[48];

    demo_card_pci(t, c, accel_folder(c, folder), vendor, driver);
    snprintf(node, sizeof(node), "accel/accel%u/dev", c->number);
    demo_tree_line(t, folder, node, "261:%u", c->number);
    snprintf(node, sizeof(node), "/dev/accel/accel%u", c->number);
    demo_card_hold(t, c, node);
}

static void lay_intel_npu(struct demo_tree *t, const struct demo_card *c)
{
    char folder[DEMO_PATH];

    lay_accel(t, c, 0x8086, "intel_vpu");
    demo_tree_line(t, accel_folder(c, folder), "npu_max_frequency_mhz", "%.0f", c->kind->max_mhz);
}

static void move_intel_npu(struct demo_tree *t, const struct demo_card *c,
                           const struct demo_card_state *s)
{
    char folder[DEMO_PATH];

    accel_folder(c, folder);
    demo_tree_line(t, folder, "npu_busy_time_us", "%.0f", s->busy_s * 1e6);
    demo_tree_line(t, folder, "npu_memory_utilization", "%llu",
                   (unsigned long long)(s->memory_used));
    demo_tree_line(t, folder, "npu_current_frequency_mhz", "%.0f", s->mhz);
    if (!s->pid)
        return;
    begin_fdinfo(t, c, "intel_vpu");
    buf_printf(&t->text, "drm-resident-memory:\t%llu KiB\n",
               (unsigned long long)(s->memory_used / 1024));
    end_fdinfo(t, c);
}

const struct demo_maker_files demo_intel_npu = {lay_intel_npu, move_intel_npu, NULL};

static void lay_amd_npu(struct demo_tree *t, const struct demo_card *c)
{
    char folder[DEMO_PATH];

    lay_accel(t, c, 0x1022, "amdxdna");
    accel_folder(c, folder);
    demo_tree_line(t, folder, "vbnv", "%s", c->kind->model);
    demo_tree_line(t, folder, "fw_version", "1.1.2.65");
}

/* A sensor as DRM_IOCTL_AMDXDNA_GET_INFO tells it: 168 bytes. */
static void put_sensor(unsigned char *to, const char *label, uint32_t value, const char *unit,
                       int tens, unsigned type)
{
    memcpy(to, label, strlen(label));
    memcpy(to + 64, &value, sizeof(value));
    memcpy(to + 144, unit, strlen(unit));
    to[160] = (unsigned char)tens;
    to[161] = (unsigned char)type;
}

static void move_amd_npu(struct demo_tree *t, const struct demo_card *c,
                         const struct demo_card_state *s)
{
    enum {
        COLUMNS = 8,
        SENSOR = 168,
        CLOCK = 24
    };
    unsigned char sensors[(1 + COLUMNS) * SENSOR] = {0}, clocks[2 * CLOCK] = "MP-NPU Clock";
    uint32_t mhz[2] = {(uint32_t)(s->mhz / 2), (uint32_t)s->mhz};
    char node[64];

    put_sensor(sensors, "Total Power", (uint32_t)(s->power_w * 1000), "mW", -3, 0);
    for (unsigned i = 0; i < COLUMNS; i++) /* of which a model has some */
        put_sensor(sensors + (size_t)(1 + i) * SENSOR, "Column Utilization",
                   i < COLUMNS / 2 ? (uint32_t)(100 * s->load) : 0, "%", 0, 1);
    memcpy(clocks + 16, &mhz[0], 4);
    memcpy(clocks + CLOCK, "H Clock", 7);
    memcpy(clocks + CLOCK + 16, &mhz[1], 4);
    snprintf(node, sizeof(node), "nodes/dev/accel/accel%u", c->number);
    demo_tree_answer(t, node, "amdxdna-3", clocks, sizeof(clocks));
    demo_tree_answer(t, node, "amdxdna-4", sensors, sizeof(sensors));
    if (!s->pid)
        return;
    begin_fdinfo(t, c, "amdxdna_accel_driver");
    buf_printf(&t->text,
               "amdxdna_accel_driver-heap-alloc:\t65536 KiB\n"
               "amdxdna_accel_driver-internal-alloc:\t102400 KiB\n"
               "amdxdna_accel_driver-external-alloc:\t%llu KiB\n",
               (unsigned long long)(s->memory_used / 1024));
    end_fdinfo(t, c);
}

const struct demo_maker_files demo_amd_npu = {lay_amd_npu, move_amd_npu, NULL};
