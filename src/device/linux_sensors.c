#include "device/linux_sensors.h"

#include "device/linux_file.h"
#include "device/linux_proc.h"

#include <dirent.h>
#include <limits.h>

#define ZONES_MAX 128
#define COLDEST_C (-60)
#define HOTTEST_C 150

static void find_devfreq(struct linux_sensors *s, const char *sysfs, const struct linux_card *c)
{
    char path[LINUX_PATH_MAX];
    DIR *dir = linux_file_path(path, sysfs, "%s/device/devfreq", c->folder) ? opendir(path) : NULL;

    for (struct dirent *e; dir && !s->devfreq[0] && (e = readdir(dir));)
        if (e->d_name[0] != '.' && strlen(e->d_name) < 48)
            snprintf(s->devfreq, sizeof(s->devfreq), "class/devfreq/%.47s", e->d_name);
    if (dir)
        closedir(dir);
    /* Vendors' kernels name it as the device: "fdab0000.npu". */
    if (!s->devfreq[0] && c->place[0] && linux_file_exists(sysfs, "class/devfreq/%s", c->place))
        snprintf(s->devfreq, sizeof(s->devfreq), "class/devfreq/%.60s", c->place);
}

void linux_sensors_find(struct linux_sensors *s, const char *sysfs, const struct linux_card *c,
                        const char *zone)
{
    char type[64];

    *s = (struct linux_sensors){.hwmon = linux_card_hwmon(sysfs, c, NULL), .zone = UINT_MAX};
    find_devfreq(s, sysfs, c);
    for (unsigned i = 0; zone && s->hwmon == UINT_MAX && s->zone == UINT_MAX && i < ZONES_MAX; i++)
        if (linux_file_text(type, sizeof(type), sysfs, "class/thermal/thermal_zone%u/type", i) >
                0 &&
            strncmp(type, zone, strlen(zone)) == 0)
            s->zone = i;
}

static double sensor(const struct linux_sensors *s, const char *sysfs, const struct linux_card *c,
                     const char *file, double scale)
{
    int64_t value;

    if (s->hwmon == UINT_MAX ||
        !linux_file_i64(&value, sysfs, "%s/device/hwmon/hwmon%u/%s", c->folder, s->hwmon, file))
        return UNKNOWN;
    return (double)value * scale;
}

static double celsius(double c)
{
    return c >= COLDEST_C && c <= HOTTEST_C ? c : UNKNOWN;
}

static double devfreq(const struct linux_sensors *s, const char *sysfs, const char *file)
{
    uint64_t hz;

    return s->devfreq[0] && linux_file_u64(&hz, sysfs, "%s/%s", s->devfreq, file) ? (double)hz / 1e6
                                                                                  : UNKNOWN;
}

void linux_sensors_read(const struct linux_sensors *s, const char *sysfs,
                        const struct linux_card *c, struct accelerator *a)
{
    int64_t mc;

    a->temperature_c = celsius(sensor(s, sysfs, c, "temp1_input", 1e-3));
    a->temperature_slowdown_c = celsius(sensor(s, sysfs, c, "temp1_crit", 1e-3));
    a->temperature_shutdown_c = celsius(sensor(s, sysfs, c, "temp1_emergency", 1e-3));
    a->power_w = sensor(s, sysfs, c, "power1_average", 1e-6);
    if (isnan(a->power_w))
        a->power_w = sensor(s, sysfs, c, "power1_input", 1e-6);
    a->power_limit_w = sensor(s, sysfs, c, "power1_max", 1e-6);
    a->fan_rpm = sensor(s, sysfs, c, "fan1_input", 1);
    if (!isnan(a->fan_rpm))
        a->fan_ratio = sensor(s, sysfs, c, "pwm1", 1 / 255.0);
    if (s->zone != UINT_MAX &&
        linux_file_i64(&mc, sysfs, "class/thermal/thermal_zone%u/temp", s->zone))
        a->temperature_c = celsius((double)mc / 1000);
    a->clock_graphics_mhz = devfreq(s, sysfs, "cur_freq");
    a->clock_graphics_max_mhz = devfreq(s, sysfs, "max_freq");
}

void linux_sensors_share_memory(const char *procfs, struct accelerator *a)
{
    char text[8192];
    uint64_t kb;
    ssize_t n = linux_file_text(text, sizeof(text), procfs, "meminfo");

    a->mem_shared = 1;
    if (n > 0 && linux_proc_key(str_make(text, (size_t)n), "MemTotal:", &kb) &&
        kb < UINT64_MAX / 1024)
        a->mem_total_bytes = kb * 1024;
}
