/* jetson_gpu.c - finds the GPU among the devices whose clock the kernel governs, and reads it. */
#include "device/jetson/jetson.h"
#include "device/jetson/jetson_board.h"
#include "device/jetson/jetson_load.h"
#include "device/jetson/jetson_text.h"

#include "device/linux_file.h"
#include "device/linux_hwmon.h"
#include "device/linux_proc.h"

#include <dirent.h>
#include <unistd.h>

#define CLOCK_MAX_HZ INT64_C(10000000000)

struct jetson_gpu {
    struct host_paths paths;
    struct jetson_load load;
    struct jetson_zones zones;
    struct jetson_rails rails;
    struct jetson_fan fan;
    int clock_fd;
    double clock_max_mhz;
    double busy_s, energy_j, power_w; /* integrals, and the power they ended with */
    uint64_t mono_ns;                 /* of the last reading; 0: none */
};

/* ---- finding it ---- */

bool jetson_is_tegra(const struct host_paths *paths)
{
    char text[1024];
    ssize_t n = linux_file_text(text, sizeof(text), paths->procfs, "device-tree/compatible");
    char soc[24];

    if (n > 0 && jetson_text_soc(str_make(text, (size_t)n), soc, sizeof(soc)))
        return true;
    /* A container may hide the device tree; the release file or the SoC's own folder may be there.
     */
    return linux_file_exists(paths->rootfs, "etc/nv_tegra_release") ||
           (linux_file_text(text, sizeof(text), paths->sysfs, "devices/soc0/family") > 0 &&
            strcmp(text, "Tegra") == 0);
}

/* What the device tree calls it; where that is hidden, what stands behind its address. */
static void name_of(const char *sysfs, const char *entry, char *to, size_t size)
{
    const char *dot = strchr(entry, '.');
    char text[64];
    ssize_t n =
        linux_file_text(text, sizeof(text), sysfs, "class/devfreq/%s/device/of_node/name", entry);

    linux_proc_clean(to, size, n > 0 ? str_make(text, (size_t)n) : str_of(dot ? dot + 1 : entry));
}

/* The better the later. */
enum found {
    FOUND_NONE,
    FOUND_PART, /* of a GPU that belongs to NVIDIA's desktop driver: Thor */
    FOUND_CORE, /* the part of it that computes */
    FOUND_NVGPU
};

static enum found what_is(const char *name, bool tegra)
{
    /* Chips that other makers' GPUs share no name with; "gpu" alone is also Mali's. */
    static const char *const chips[] = {"gm20b", "gp10b", "gv11b", "ga10b"};

    for (size_t i = 0; i < ARRAY_LEN(chips); i++)
        if (strcmp(name, chips[i]) == 0)
            return FOUND_NVGPU;
    if (tegra && strcmp(name, "gpu") == 0)
        return FOUND_NVGPU;
    if (tegra && strcmp(name, "gpu-gpc-0") == 0)
        return FOUND_CORE;
    return tegra && strcmp(name, "gb10b") == 0 ? FOUND_PART : FOUND_NONE;
}

/* The entry of class/devfreq that is the GPU. */
static enum found find(const struct host_paths *paths, char *ret_entry, size_t size)
{
    char path[LINUX_PATH_MAX];
    bool tegra = jetson_is_tegra(paths);
    enum found best = FOUND_NONE;
    DIR *dir = linux_file_path(path, paths->sysfs, "class/devfreq") ? opendir(path) : NULL;

    if (!dir)
        return FOUND_NONE;
    for (struct dirent *entry; (entry = readdir(dir));) {
        char name[64];
        if (entry->d_name[0] == '.' || strlen(entry->d_name) >= size)
            continue;
        name_of(paths->sysfs, entry->d_name, name, sizeof(name));
        /* On Thor several entries hang on one node of the device tree: their own names count too.
         */
        enum found found = MAX(what_is(name, tegra), what_is(entry->d_name, tegra));
        if (found > best) {
            best = found;
            str_copy(ret_entry, size, str_of(entry->d_name));
        }
    }
    closedir(dir);
    return best;
}

bool jetson_has_nvgpu(const struct host_paths *paths)
{
    char entry[96];

    return find(paths, entry, sizeof(entry)) == FOUND_NVGPU;
}

/* ---- reading it ---- */

static double highest_clock(const char *sysfs, const char *entry)
{
    char text[1024];
    double mhz = UNKNOWN;
    ssize_t n =
        linux_file_text(text, sizeof(text), sysfs, "class/devfreq/%s/available_frequencies", entry);

    if (n > 0)
        mhz = jetson_text_highest_mhz(str_make(text, (size_t)n));
    if (isnan(mhz) &&
        (n = linux_file_text(text, sizeof(text), sysfs, "class/devfreq/%s/max_freq", entry)) > 0)
        mhz = jetson_text_highest_mhz(str_make(text, (size_t)n));
    return mhz * 1e6 <= (double)CLOCK_MAX_HZ ? mhz : UNKNOWN;
}

struct jetson_gpu *jetson_gpu_open(const struct host_paths *paths)
{
    char entry[96], file[160];

    if (find(paths, entry, sizeof(entry)) == FOUND_NONE)
        return NULL;
    struct jetson_gpu *g = xnew(struct jetson_gpu);
    g->paths = *paths;
    g->power_w = UNKNOWN;
    snprintf(file, sizeof(file), "class/devfreq/%s/cur_freq", entry);
    g->clock_fd = linux_file_hot_open(paths->sysfs, file);
    g->clock_max_mhz = highest_clock(paths->sysfs, entry);
    jetson_zones_open(&g->zones, paths->sysfs);
    jetson_rails_open(&g->rails, paths->sysfs);
    jetson_fan_open(&g->fan, paths->sysfs);
    snprintf(file, sizeof(file), "class/devfreq/%s/device/load", entry);
    jetson_load_open(&g->load, linux_file_hot_open(paths->sysfs, file));
    return g;
}

void jetson_gpu_close(struct jetson_gpu *g)
{
    if (!g)
        return;
    jetson_load_close(&g->load);
    jetson_zones_close(&g->zones);
    jetson_rails_close(&g->rails);
    jetson_fan_close(&g->fan);
    if (g->clock_fd >= 0)
        close(g->clock_fd);
    free(g);
}

static void set(double *to, double value)
{
    if (isnan(*to))
        *to = value;
}

/* Its memory is the host's. */
static void fill_memory(const struct jetson_gpu *g, struct accelerator *a)
{
    char text[4096];
    struct linux_meminfo info;
    ssize_t n = linux_file_text(text, sizeof(text), g->paths.procfs, "meminfo");

    if (a->mem_total_bytes != UNKNOWN_COUNT || n <= 0)
        return;
    linux_proc_meminfo(str_make(text, (size_t)n), &info);
    if (info.total == UNKNOWN_COUNT || info.available == UNKNOWN_COUNT ||
        info.available > info.total)
        return;
    a->mem_total_bytes = info.total;
    a->mem_free_bytes = info.available;
    a->mem_used_bytes = info.total - info.available;
    a->mem_shared = 1;
}

/* No counter of energy exists: the trapezoids under the power at the readings stand for one. */
static void count(struct jetson_gpu *g, struct accelerator *a, double ratio, double power_w,
                  uint64_t mono_ns)
{
    double seconds =
        g->mono_ns && mono_ns > g->mono_ns ? (double)(mono_ns - g->mono_ns) / NS_PER_S : 0;

    if (!isnan(ratio)) {
        g->busy_s += ratio * seconds;
        set(&a->detail.busy_s_total, g->busy_s);
    }
    if (!isnan(power_w)) {
        g->energy_j += (isnan(g->power_w) ? power_w : (power_w + g->power_w) / 2) * seconds;
        if (isnan(a->energy_j_total))
            a->detail.energy_estimated = 1;
        set(&a->energy_j_total, g->energy_j);
    }
    g->power_w = power_w;
    g->mono_ns = mono_ns;
}

void jetson_gpu_fill(struct jetson_gpu *g, struct accelerator *a, uint64_t mono_ns)
{
    struct board_zone zones[JETSON_ZONES];
    struct board_rail rails[JETSON_RAILS];
    struct jetson_load_summary load = jetson_load_take(&g->load);
    double power = jetson_rails_gpu(rails, jetson_rails_read(&g->rails, rails)), fan, rpm;
    int64_t hz;

    if (isnan(a->utilization_ratio)) {
        a->utilization_ratio = load.mean;
        a->utilization_max_ratio = load.high;
        a->detail.utilization_min_ratio = load.low;
        a->detail.utilization_now_ratio = load.last;
    }
    if (g->clock_fd >= 0 && linux_hwmon_value(g->clock_fd, &hz) && hz >= 0 && hz <= CLOCK_MAX_HZ)
        set(&a->clock_graphics_mhz, (double)hz / 1e6);
    set(&a->clock_graphics_max_mhz, g->clock_max_mhz);
    set(&a->temperature_c, jetson_zones_find(zones, jetson_zones_read(&g->zones, zones), "gpu"));
    set(&a->power_w, power);
    jetson_fan_read(&g->fan, &fan, &rpm);
    set(&a->fan_ratio, fan);
    set(&a->fan_rpm, rpm);
    fill_memory(g, a);
    count(g, a, load.mean, power, mono_ns);
}
