/* linux_hwmon.h - sensors of /sys/class/hwmon, by the name of their driver. The number in
 * hwmon<N> changes from boot to boot and says nothing. */
#ifndef ALGALON_DEVICE_LINUX_HWMON_H
#define ALGALON_DEVICE_LINUX_HWMON_H

#include "device/linux_file.h"

#define LINUX_HWMON_MAX 256 /* a server with many drives and network ports has around 100 */

struct linux_hwmon {
    unsigned number;
    char name[32];
};

/** Lists them by number; at most `max`. */
size_t linux_hwmon_list(const char *sysfs, struct linux_hwmon *to, size_t max);

/** Text of a file of it, cleaned ("temp1_label", "device/power1_oem_info"); false when absent. */
bool linux_hwmon_text(char *to, size_t size, const char *sysfs, unsigned number, const char *file);

/** Opens a sensor to be read at every turn. While it is open it stays this sensor: after its driver
 * went, reads fail instead of showing another's value. */
int linux_hwmon_open(const char *sysfs, unsigned number, const char *file);

/** One try: some drivers answer EAGAIN, the next turn will do. */
bool linux_hwmon_value(int fd, int64_t *ret);

/* ---- temperatures of the CPU ---- */

#define LINUX_CPU_SENSOR_MAX 64

struct linux_cpu_sensor {
    int fd;
    unsigned socket; /* place in the list of sockets */
};
struct linux_cpu_sensors {
    struct linux_cpu_sensor sensor[LINUX_CPU_SENSOR_MAX];
    size_t len;
};

/** Opens the sensors of coretemp, k10temp, zenpower or an Arm SoC's cpu_thermal: one a package or
 * die. `socket_id` are the package numbers in their order. */
void linux_cpu_sensors_open(struct linux_cpu_sensors *s, const char *sysfs,
                            const unsigned *socket_id, size_t socket_len);

/** The hottest of each socket in degrees Celsius into `ret_c[socket_len]` (NAN without one).
 * Returns how many answered. */
size_t linux_cpu_sensors_read(const struct linux_cpu_sensors *s, double *ret_c, size_t socket_len);

void linux_cpu_sensors_close(struct linux_cpu_sensors *s);

#endif
