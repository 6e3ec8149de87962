/* jetson_board.c - thermal zones and the fan. */
#include "device/jetson/jetson_board.h"

#include "device/linux_file.h"
#include "device/linux_hwmon.h"
#include "device/linux_proc.h"

#include <strings.h>
#include <unistd.h>

#define ZONE_NUMBERS 64 /* thermal_zone0 and on */
#define HOTTEST_MC   200000
#define COLDEST_MC   (-60000) /* a zone whose part is switched off says -256000 */
#define PWM_FULL     255
#define RPM_MAX      100000

void jetson_zones_open(struct jetson_zones *z, const char *sysfs)
{
    z->len = 0;
    for (unsigned i = 0; i < ZONE_NUMBERS && z->len < JETSON_ZONES; i++) {
        char text[64], name[32], file[64];
        bool known = false;
        ssize_t n =
            linux_file_text(text, sizeof(text), sysfs, "class/thermal/thermal_zone%u/type", i);
        if (n <= 0)
            continue;
        linux_proc_clean(name, sizeof(name), str_make(text, (size_t)n));
        for (size_t k = 0; k < z->len; k++)
            known = known || strcmp(z->zones[k].name, name) == 0;
        /* The die of the power chip answers 100 degrees whatever happens. */
        if (known || !name[0] || strcasecmp(name, "PMIC-Die") == 0)
            continue;
        snprintf(file, sizeof(file), "class/thermal/thermal_zone%u/temp", i);
        int fd = linux_file_hot_open(sysfs, file);
        if (fd < 0)
            continue;
        memcpy(z->zones[z->len].name, name, sizeof(name));
        z->zones[z->len++].fd = fd;
    }
}

size_t jetson_zones_read(const struct jetson_zones *z, struct board_zone *to)
{
    size_t len = 0;

    for (size_t i = 0; i < z->len; i++) {
        int64_t mc; /* a zone whose part is switched off answers EAGAIN or EINVAL */
        if (!linux_hwmon_value(z->zones[i].fd, &mc) || mc < COLDEST_MC || mc > HOTTEST_MC)
            continue;
        memcpy(to[len].name, z->zones[i].name, sizeof(to[len].name));
        to[len++].temperature_c = (double)mc / 1000;
    }
    return len;
}

void jetson_zones_close(struct jetson_zones *z)
{
    for (size_t i = 0; i < z->len; i++)
        close(z->zones[i].fd);
    z->len = 0;
}

double jetson_zones_find(const struct board_zone *zones, size_t len, const char *name)
{
    size_t n = strlen(name);

    for (size_t i = 0; i < len; i++)
        if (strncasecmp(zones[i].name, name, n) == 0 &&
            (zones[i].name[n] == '-' || !zones[i].name[n]))
            return zones[i].temperature_c;
    return UNKNOWN;
}

void jetson_fan_open(struct jetson_fan *f, const char *sysfs)
{
    struct linux_hwmon list[LINUX_HWMON_MAX];
    size_t len = linux_hwmon_list(sysfs, list, ARRAY_LEN(list));

    f->pwm_fd = f->rpm_fd = -1;
    for (size_t i = 0; i < len; i++) {
        struct str name = str_of(list[i].name);
        if (str_is(name, "pwmfan") && f->pwm_fd < 0)
            f->pwm_fd = linux_hwmon_open(sysfs, list[i].number, "pwm1");
        if ((str_is(name, "pwm_tach") || str_is(name, "tachometer")) && f->rpm_fd < 0) {
            f->rpm_fd = linux_hwmon_open(sysfs, list[i].number, "rpm");
            if (f->rpm_fd < 0)
                f->rpm_fd = linux_hwmon_open(sysfs, list[i].number, "fan1_input");
        }
    }
    if (f->pwm_fd < 0) /* JetPack 4 */
        f->pwm_fd = linux_file_hot_open(sysfs, "devices/pwm-fan/target_pwm");
    if (f->rpm_fd < 0)
        f->rpm_fd = linux_file_hot_open(sysfs, "devices/pwm-fan/rpm_measured");
}

void jetson_fan_read(const struct jetson_fan *f, double *ret_ratio, double *ret_rpm)
{
    int64_t value;

    *ret_ratio = *ret_rpm = UNKNOWN;
    if (f->pwm_fd >= 0 && linux_hwmon_value(f->pwm_fd, &value) && value >= 0 && value <= PWM_FULL)
        *ret_ratio = (double)value / PWM_FULL;
    if (f->rpm_fd >= 0 && linux_hwmon_value(f->rpm_fd, &value) && value >= 0 && value <= RPM_MAX)
        *ret_rpm = (double)value;
}

void jetson_fan_close(struct jetson_fan *f)
{
    if (f->pwm_fd >= 0)
        close(f->pwm_fd);
    if (f->rpm_fd >= 0)
        close(f->rpm_fd);
}
