#include "device/linux_rapl.h"

#include "device/linux_hwmon.h"

#include <dirent.h>
#include <unistd.h>

#define PACKAGE_MAX_W 5000.0 /* beyond any package: the counter was reset, not wrapped */

/* "package-0", or "package-0-die-1" where a package has several. */
static bool package_of(struct str name, unsigned *ret)
{
    uint64_t number;

    if (!str_starts(name, STR("package-")))
        return false;
    struct str rest = str_make(name.ptr + 8, name.len - 8);
    if (!num_parse_u64(str_cut(&rest, '-'), &number) || number > UINT16_MAX)
        return false;
    *ret = (unsigned)number;
    return true;
}

static void add_zone(struct linux_rapl *r, const char *sysfs, const char *entry)
{
    char name[64], file[128];
    struct linux_rapl_zone zone = {.fd = -1};
    ssize_t n = linux_file_text(name, sizeof(name), sysfs, "class/powercap/%s/name", entry);

    if (r->len == LINUX_RAPL_MAX || n <= 0 || !package_of(str_make(name, (size_t)n), &zone.package))
        return;
    if (!linux_file_u64(&zone.range_uj, sysfs, "class/powercap/%s/max_energy_range_uj", entry))
        zone.range_uj = 0;
    snprintf(file, sizeof(file), "class/powercap/%s/energy_uj", entry);
    zone.fd = linux_file_hot_open(sysfs, file);
    r->forbidden += zone.fd < 0;
    r->zone[r->len++] = zone;
}

/* "CPU Power Socket 1" of Grace: the CPU alone, without its memory and the module around it. */
static void add_power_meters(struct linux_rapl *r, const char *sysfs)
{
    struct linux_hwmon list[LINUX_HWMON_MAX];
    size_t len = linux_hwmon_list(sysfs, list, ARRAY_LEN(list));
    const struct str prefix = STR("CPU Power Socket ");

    for (size_t i = 0; i < len && r->len < LINUX_RAPL_MAX; i++) {
        char info[64];
        uint64_t socket;
        if (strcmp(list[i].name, "power_meter") != 0 ||
            !linux_hwmon_text(info, sizeof(info), sysfs, list[i].number,
                              "device/power1_oem_info") ||
            !str_starts(str_of(info), prefix) ||
            !num_parse_u64(str_of(info + prefix.len), &socket) || socket > UINT16_MAX)
            continue;
        int fd = linux_hwmon_open(sysfs, list[i].number, "device/power1_average");
        if (fd < 0)
            fd = linux_hwmon_open(sysfs, list[i].number, "power1_average");
        if (fd >= 0)
            r->zone[r->len++] =
                (struct linux_rapl_zone){.package = (unsigned)socket, .fd = fd, .gauge = true};
    }
}

void linux_rapl_open(struct linux_rapl *r, const char *sysfs)
{
    char path[LINUX_PATH_MAX];
    DIR *dir = linux_file_path(path, sysfs, "class/powercap") ? opendir(path) : NULL;

    r->len = r->forbidden = 0;
    if (dir) {
        for (struct dirent *entry; (entry = readdir(dir));) {
            struct str rest = str_of(entry->d_name);
            uint64_t number; /* "intel-rapl:0" is a zone of the top, "intel-rapl:0:1" one within */
            if (str_is(str_cut(&rest, ':'), "intel-rapl") && num_parse_u64(rest, &number))
                add_zone(r, sysfs, entry->d_name);
        }
        closedir(dir);
    }
    if (!r->len)
        add_power_meters(r, sysfs);
}

double linux_rapl_read(struct linux_rapl *r, size_t i, uint64_t mono_ns)
{
    struct linux_rapl_zone *zone = &r->zone[i];
    int64_t value;

    if (!linux_hwmon_value(zone->fd, &value) || value < 0) {
        zone->last_ns = 0;
        return UNKNOWN;
    }
    uint64_t now_uj = (uint64_t)value, before_uj = zone->last_uj, before_ns = zone->last_ns;
    double watts;
    if (zone->gauge) {
        watts = (double)now_uj / 1e6;
    } else {
        zone->last_uj = now_uj;
        zone->last_ns = mono_ns;
        if (!before_ns || mono_ns <= before_ns)
            return UNKNOWN;
        if (now_uj < before_uj && !zone->range_uj)
            return UNKNOWN;
        double uj = now_uj >= before_uj ? (double)(now_uj - before_uj)
                                        : (double)zone->range_uj - (double)(before_uj - now_uj);
        watts = uj * 1e3 / (double)(mono_ns - before_ns);
    }
    return watts >= 0 && watts <= PACKAGE_MAX_W ? watts : UNKNOWN;
}

void linux_rapl_close(struct linux_rapl *r)
{
    for (size_t i = 0; i < r->len; i++)
        if (r->zone[i].fd >= 0)
            close(r->zone[i].fd);
    r->len = r->forbidden = 0;
}
