/* jetson_engines.c - units with one purpose, and the memory controller. The clocks of debugfs, for
 * root, tell whether somebody uses a unit; devfreq and runtime power management tell everybody
 * whether it is switched on. */
#include "device/jetson/jetson_board.h"

#include "device/linux_file.h"
#include "device/linux_hwmon.h"

#include <dirent.h>
#include <unistd.h>

#define CLOCK_MAX_HZ INT64_C(20000000000)
#define FOLDERS_MAX  512 /* entries of a folder that are looked at */

/* Name of the clock or device, and what we call the engine. */
static const struct {
    const char *clock, *engine;
} names[] = {
    {"nvdec", "nvdec"},    {"nvdec0", "nvdec"},      {"nvdec1", "nvdec1"}, {"nvenc", "nvenc"},
    {"nvenc0", "nvenc"},   {"nvenc1", "nvenc1"},     {"msenc", "nvenc"},   {"nvjpg", "nvjpg"},
    {"nvjpg1", "nvjpg1"},  {"vic", "vic"},           {"vic03", "vic"},     {"ofa", "ofa"},
    {"dla0", "dla0"},      {"dla0_core", "dla0"},    {"nvdla0", "dla0"},   {"dla1", "dla1"},
    {"dla1_core", "dla1"}, {"nvdla1", "dla1"},       {"pva", "pva0"},      {"pva0", "pva0"},
    {"pva0_vps", "pva0"},  {"pva0_cpu_axi", "pva0"}, {"pva1", "pva1"},
};

static const char *engine_of(const char *name)
{
    for (size_t i = 0; i < ARRAY_LEN(names); i++)
        if (strcmp(names[i].clock, name) == 0)
            return names[i].engine;
    return NULL;
}

static size_t place_of(struct jetson_engines *e, const char *engine)
{
    size_t i = 0;

    while (i < e->len && strcmp(e->engines[i].name, engine) != 0)
        i++;
    if (i == e->len && i < JETSON_ENGINES) {
        str_copy(e->engines[i].name, sizeof(e->engines[i].name), str_of(engine));
        e->engines[i].clock_fd = e->engines[i].enable_fd = e->engines[i].status_fd = -1;
        e->len++;
    }
    return i;
}

/* Opens <folder>/<name>/<file> unless something was opened before. */
static void fill(int *fd, const char *sysfs, const char *folder, const char *name, const char *file)
{
    char path[LINUX_PATH_MAX];

    if (*fd < 0 && linux_file_path(path, folder, "%s/%s", name, file))
        *fd = linux_file_hot_open(sysfs, path);
}

static void add_clocks(struct jetson_engines *e, const char *sysfs)
{
    static const char folder[] = "kernel/debug/clk";

    for (size_t i = 0; i < ARRAY_LEN(names); i++) {
        size_t at;
        if (!linux_file_exists(sysfs, "%s/%s/clk_rate", folder, names[i].clock) ||
            (at = place_of(e, names[i].engine)) == JETSON_ENGINES)
            continue;
        fill(&e->engines[at].clock_fd, sysfs, folder, names[i].clock, "clk_rate");
        fill(&e->engines[at].enable_fd, sysfs, folder, names[i].clock, "clk_enable_count");
    }
}

/* "15480000.nvdec" and "15880000.nvdla0": what stands behind the address. */
static const char *engine_of_device(const char *device)
{
    const char *dot = strchr(device, '.');

    return dot ? engine_of(dot + 1) : NULL;
}

static void add_device(struct jetson_engines *e, const char *sysfs, const char *folder,
                       const char *device, bool devfreq)
{
    const char *engine = engine_of_device(device);
    size_t at = engine ? place_of(e, engine) : JETSON_ENGINES;

    if (at == JETSON_ENGINES)
        return;
    if (devfreq)
        fill(&e->engines[at].clock_fd, sysfs, folder, device, "cur_freq");
    fill(&e->engines[at].status_fd, sysfs, folder, device,
         devfreq ? "device/power/runtime_status" : "power/runtime_status");
}

/* Engines below <folder>, which is one of devfreq or of the bus; below the bus one level more. */
static void look(struct jetson_engines *e, const char *sysfs, const char *folder, unsigned deeper,
                 bool devfreq)
{
    char path[LINUX_PATH_MAX], below[LINUX_PATH_MAX];
    DIR *dir = linux_file_path(path, sysfs, "%s", folder) ? opendir(path) : NULL;
    unsigned seen = 0;

    if (!dir)
        return;
    for (struct dirent *entry; seen < FOLDERS_MAX && (entry = readdir(dir)); seen++) {
        const char *name = entry->d_name;
        if (name[0] == '.' || strlen(name) > 64)
            continue;
        add_device(e, sysfs, folder, name, devfreq);
        bool bus = strstr(name, "host1x") || strncmp(name, "bus@", 4) == 0;
        if (deeper && bus && linux_file_path(below, folder, "%s", name))
            look(e, sysfs, below, deeper - 1, devfreq);
    }
    closedir(dir);
}

void jetson_engines_open(struct jetson_engines *e, const char *sysfs)
{
    e->len = 0;
    add_clocks(e, sysfs);
    look(e, sysfs, "class/devfreq", 0, true);
    look(e, sysfs, "devices/platform", 2, false);
    e->memory_clock_fd = linux_file_hot_open(sysfs, "kernel/debug/bpmp/debug/clk/emc/rate");
    if (e->memory_clock_fd < 0) /* Nano and TX1 have no BPMP */
        e->memory_clock_fd = linux_file_hot_open(sysfs, "kernel/debug/clk/emc/clk_rate");
    e->activity_fd = linux_file_hot_open(sysfs, "kernel/debug/cactmon/mc_all");
    if (e->activity_fd < 0)
        e->activity_fd = linux_file_hot_open(sysfs, "kernel/actmon_avg_activity/mc_all");
}

void jetson_engines_close(struct jetson_engines *e)
{
    for (size_t i = 0; i < e->len; i++) {
        const int fds[] = {e->engines[i].clock_fd, e->engines[i].enable_fd,
                           e->engines[i].status_fd};
        for (size_t k = 0; k < ARRAY_LEN(fds); k++)
            if (fds[k] >= 0)
                close(fds[k]);
    }
    e->len = 0;
    if (e->memory_clock_fd >= 0)
        close(e->memory_clock_fd);
    if (e->activity_fd >= 0)
        close(e->activity_fd);
}

static double megahertz(int fd)
{
    int64_t hz;

    if (fd < 0 || !linux_hwmon_value(fd, &hz) || hz < 0 || hz > CLOCK_MAX_HZ)
        return UNKNOWN;
    return (double)hz / 1e6;
}

static double running(int enable_fd, int status_fd)
{
    char text[32];
    int64_t users;

    if (enable_fd >= 0 && linux_hwmon_value(enable_fd, &users) && users >= 0)
        return users > 0;
    ssize_t n = linux_file_hot(status_fd, text, sizeof(text));
    struct str status = str_trim(str_make(text, n > 0 ? (size_t)n : 0));
    return str_is(status, "active") ? 1 : str_is(status, "suspended") ? 0 : UNKNOWN;
}

size_t jetson_engines_read(const struct jetson_engines *e, struct board_engine *to)
{
    size_t len = 0;

    for (size_t i = 0; i < e->len; i++) {
        struct board_engine engine = {.running =
                                          running(e->engines[i].enable_fd, e->engines[i].status_fd),
                                      .clock_mhz = megahertz(e->engines[i].clock_fd)};
        memcpy(engine.name, e->engines[i].name, sizeof(engine.name));
        if (!isnan(engine.running) || !isnan(engine.clock_mhz))
            to[len++] = engine;
    }
    return len;
}

void jetson_engines_memory(const struct jetson_engines *e, double *ret_mhz, double *ret_ratio)
{
    int64_t khz;

    *ret_mhz = megahertz(e->memory_clock_fd);
    *ret_ratio = UNKNOWN;
    if (*ret_mhz > 0 && e->activity_fd >= 0 && linux_hwmon_value(e->activity_fd, &khz) &&
        khz >= 0) {
        double ratio = (double)khz / (*ret_mhz * 1000);
        *ret_ratio = ratio <= 1 ? ratio : UNKNOWN;
    }
}
