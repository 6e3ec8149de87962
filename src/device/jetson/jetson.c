/* jetson.c - the collector of Tegra boards. */
#include "device/jetson/jetson.h"

#include "device/jetson/jetson_board.h"
#include "device/jetson/jetson_process.h"
#include "device/jetson/jetson_text.h"
#include "device/linux_file.h"
#include "device/linux_proc.h"

#define TOPIC "jetson"

struct jetson {
    struct host_paths paths;
    struct board fixed;     /* what does not change while the board runs */
    struct jetson_gpu *gpu; /* NULL: another collector's, or none */
    struct accelerator identity;
    struct platform_info platform;
    struct jetson_rails rails;
    struct jetson_zones zones;
    struct jetson_engines engines;
};

static bool detect(const struct host_paths *paths)
{
    return jetson_is_tegra(paths) || jetson_has_nvgpu(paths);
}

/* ---- who it is ---- */

/* What the SoC's GPU is: the generations differ by SoC alone. */
static const struct {
    const char *soc, *architecture, *compute_capability, *model;
} socs[] = {
    {"tegra210", "Maxwell", "5.3", "NVIDIA Jetson Nano or TX1"},
    {"tegra186", "Pascal", "6.2", "NVIDIA Jetson TX2"},
    {"tegra194", "Volta", "7.2", "NVIDIA Jetson Xavier"},
    {"tegra234", "Ampere", "8.7", "NVIDIA Jetson Orin"},
    {"tegra264", "Blackwell", "11.0", "NVIDIA Jetson Thor"},
};

/* A container may hide the device tree: the SoC's number is told elsewhere too. */
static void find_soc(const struct host_paths *paths, char *to, size_t size)
{
    static const struct {
        uint64_t id;
        const char *soc;
    } ids[] = {{0x21, "tegra210"},
               {0x18, "tegra186"},
               {0x19, "tegra194"},
               {0x23, "tegra234"},
               {0x26, "tegra264"}};
    char text[1024];
    uint64_t id;
    ssize_t n = linux_file_text(text, sizeof(text), paths->procfs, "device-tree/compatible");

    if (n > 0 && jetson_text_soc(str_make(text, (size_t)n), to, size))
        return;
    if (!linux_file_u64(&id, paths->sysfs, "devices/soc0/soc_id"))
        return;
    for (size_t i = 0; i < ARRAY_LEN(ids); i++)
        if (ids[i].id == id)
            str_copy(to, size, str_of(ids[i].soc));
}

static void identify(const struct host_paths *paths, struct board *b)
{
    char text[4096];
    ssize_t n = linux_file_text(text, sizeof(text), paths->procfs, "device-tree/model");

    b->present = true;
    b->power_mode_id = b->power_w = b->memory_clock_mhz = b->memory_controller_ratio = UNKNOWN;
    if (n > 0)
        linux_proc_clean(b->model, sizeof(b->model), str_make(text, (size_t)n));
    find_soc(paths, b->soc, sizeof(b->soc));
    n = linux_file_text(text, sizeof(text), paths->rootfs, "etc/nv_tegra_release");
    if (n > 0 && jetson_text_release(str_make(text, (size_t)n), b->l4t, sizeof(b->l4t)))
        str_copy(b->jetpack, sizeof(b->jetpack), str_of(jetson_text_jetpack(b->l4t)));
}

static void identify_gpu(struct jetson *j)
{
    struct accelerator *a = &j->identity;
    struct platform_info *p = &j->platform;
    const char *model = "NVIDIA Jetson";
    char text[4096];

    accelerator_init(a, jetson_collector.name, 0);
    str_copy(a->uuid, sizeof(a->uuid), STR("JetsonGPU")); /* all-smi's; the board has none */
    for (size_t i = 0; i < ARRAY_LEN(socs); i++) {
        if (strcmp(socs[i].soc, j->fixed.soc) != 0)
            continue;
        model = socs[i].model;
        str_copy(a->architecture, sizeof(a->architecture), str_of(socs[i].architecture));
        str_copy(a->compute_capability, sizeof(a->compute_capability),
                 str_of(socs[i].compute_capability));
    }
    str_copy(a->name, sizeof(a->name), str_of(j->fixed.model[0] ? j->fixed.model : model));
    p->platform = jetson_collector.name;
    str_copy(p->driver_version, sizeof(p->driver_version), str_of(j->fixed.l4t));
    str_copy(p->runtime_name, sizeof(p->runtime_name), STR("CUDA"));
    ssize_t n = linux_file_text(text, sizeof(text), j->paths.rootfs, "usr/local/cuda/version.json");
    if (n > 0)
        (void)jetson_text_cuda(str_make(text, (size_t)n), p->runtime_version,
                               sizeof(p->runtime_version));
    /* There is no library of the driver: all-smi names CUDA in its place. */
    str_copy(p->library_version, sizeof(p->library_version), str_of(p->runtime_version));
}

/* The GPU is ours unless the driver of desktop GPUs has it, whose collector lists it then. */
static bool gpu_is_ours(const struct host_paths *paths)
{
    return jetson_has_nvgpu(paths) || !linux_file_exists(paths->procfs, "driver/nvidia/version");
}

static int jetson_open(const struct host_paths *paths, void **ret, struct error *err)
{
    struct jetson *j = xnew(struct jetson);

    (void)err;
    j->paths = *paths;
    identify(paths, &j->fixed);
    if (gpu_is_ours(paths))
        j->gpu = jetson_gpu_open(paths);
    identify_gpu(j);
    jetson_rails_open(&j->rails, paths->sysfs);
    jetson_zones_open(&j->zones, paths->sysfs);
    jetson_engines_open(&j->engines, paths->sysfs);
    *ret = j;
    return 0;
}

static void jetson_close(void *state)
{
    struct jetson *j = state;

    if (!j)
        return;
    jetson_gpu_close(j->gpu);
    jetson_rails_close(&j->rails);
    jetson_zones_close(&j->zones);
    jetson_engines_close(&j->engines);
    free(j);
}

/* ---- a reading ---- */

/* nvpmodel's, which may be changed while the board runs. */
static void read_power_mode(const struct jetson *j, struct board *b)
{
    char text[8192];
    uint64_t id;
    ssize_t n = linux_file_text(text, sizeof(text), j->paths.rootfs, "var/lib/nvpmodel/status");

    if (n <= 0 || !jetson_text_mode(str_make(text, (size_t)n), &id))
        return;
    b->power_mode_id = (double)id;
    n = linux_file_text(text, sizeof(text), j->paths.rootfs, "etc/nvpmodel.conf");
    if (n > 0)
        (void)jetson_text_mode_name(str_make(text, (size_t)n), id, b->power_mode,
                                    sizeof(b->power_mode));
}

static int read_board(const struct jetson *j, struct reading *out)
{
    struct board *b = &out->board;

    *b = j->fixed;
    b->rails = arena_calloc(out->arena, JETSON_RAILS, sizeof(*b->rails));
    b->zones = arena_calloc(out->arena, JETSON_ZONES, sizeof(*b->zones));
    b->engines = arena_calloc(out->arena, JETSON_ENGINES, sizeof(*b->engines));
    if (!b->rails || !b->zones || !b->engines)
        return -ENOMEM;
    b->rail_len = jetson_rails_read(&j->rails, b->rails);
    b->zone_len = jetson_zones_read(&j->zones, b->zones);
    b->engine_len = jetson_engines_read(&j->engines, b->engines);
    b->power_w = jetson_rails_total(b->rails, b->rail_len, &b->power_is_sum);
    jetson_engines_memory(&j->engines, &b->memory_clock_mhz, &b->memory_controller_ratio);
    read_power_mode(j, b);
    return 0;
}

static int read_gpu(struct jetson *j, struct reading *out)
{
    struct accelerator *a = arena_new(out->arena, struct accelerator);

    out->platforms = arena_new(out->arena, struct platform_info);
    if (!a || !out->platforms)
        return -ENOMEM;
    *a = j->identity;
    jetson_gpu_fill(j->gpu, a, out->mono_ns);
    out->accelerators = a;
    out->accelerator_len = 1;
    out->platforms[0] = j->platform;
    out->platform_len = 1;
    int code = jetson_process_read(j->paths.sysfs, out->arena, &out->accelerator_processes,
                                   &out->accelerator_process_len);
    a->processes_untold = code != 0;
    return code == -ENOMEM ? code : 0;
}

static int jetson_read(void *state, struct reading *out, struct error *err)
{
    struct jetson *j = state;
    int code;

    if (!out->mono_ns)
        out->mono_ns = clock_mono_ns();
    code = read_board(j, out);
    if (!code && j->gpu)
        code = read_gpu(j, out);
    return code ? error_errno(err, code, "reading of the board") : 0;
}

/* ---- what an operator should know ---- */

static void diagnose(const struct host_paths *paths, struct arena *a, struct finding **ret,
                     size_t *ret_len)
{
    struct board b = {.present = false};

    if (!detect(paths))
        return;
    identify(paths, &b);
    finding_add(a, ret, ret_len, FINDING_OK, TOPIC, "", "%s%s%s%s%s%s%s",
                b.model[0] ? b.model : "a Tegra board", b.soc[0] ? ", " : "", b.soc,
                b.l4t[0] ? ", L4T " : "", b.l4t, b.jetpack[0] ? ", JetPack " : "", b.jetpack);
    if (!b.l4t[0])
        finding_add(a, ret, ret_len, FINDING_NOTE, TOPIC,
                    "In a container: mount the host's /etc/nv_tegra_release, or set --path.rootfs.",
                    "the release of its software is not told");
    struct jetson_gpu *gpu = gpu_is_ours(paths) ? jetson_gpu_open(paths) : NULL;
    if (!gpu && gpu_is_ours(paths))
        finding_add(a, ret, ret_len, FINDING_ERROR, TOPIC,
                    "modprobe nvgpu; in a container: mount the host's /sys.",
                    "no GPU in %s/class/devfreq", paths->sysfs);
    jetson_gpu_close(gpu);
    if (!jetson_process_listed(paths->sysfs))
        finding_add(a, ret, ret_len, FINDING_NOTE, TOPIC,
                    "They are in debugfs, which is root's: run the worker as root, or in a "
                    "container mount the host's /sys/kernel/debug.",
                    "processes, engine clocks and the memory controller are not shown");
}

const struct collector jetson_collector = {
    .name = "jetson",
    .detect = detect,
    .open = jetson_open,
    .read = jetson_read,
    .close = jetson_close,
    .diagnose = diagnose,
};
