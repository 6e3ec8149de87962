#include "device/linux_hwmon.h"

#include "device/linux_proc.h"

#include <dirent.h>
#include <unistd.h>

#define LABELS_MAX 20 /* temp1..temp20 hold Tctl, Tdie and twelve Tccd; coretemp's package is 1 */
#define HOTTEST_MC 150000 /* no CPU lives past this: drivers answer -1 or 255 degrees when lost */
#define COLDEST_MC (-60000)

static int by_number(const void *a, const void *b)
{
    const struct linux_hwmon *x = a, *y = b;
    return (x->number > y->number) - (x->number < y->number);
}

size_t linux_hwmon_list(const char *sysfs, struct linux_hwmon *to, size_t max)
{
    char path[LINUX_PATH_MAX];
    size_t len = 0;
    DIR *dir = linux_file_path(path, sysfs, "class/hwmon") ? opendir(path) : NULL;

    if (!dir)
        return 0;
    for (struct dirent *entry; len < max && (entry = readdir(dir));) {
        struct str name = str_of(entry->d_name);
        uint64_t number;
        if (!str_starts(name, STR("hwmon")) ||
            !num_parse_u64(str_make(name.ptr + 5, name.len - 5), &number) || number > UINT16_MAX)
            continue;
        to[len].number = (unsigned)number;
        if (linux_hwmon_text(to[len].name, sizeof(to[len].name), sysfs, to[len].number, "name"))
            len++;
    }
    closedir(dir);
    qsort(to, len, sizeof(*to), by_number);
    return len;
}

bool linux_hwmon_text(char *to, size_t size, const char *sysfs, unsigned number, const char *file)
{
    char text[128];
    ssize_t n = linux_file_text(text, sizeof(text), sysfs, "class/hwmon/hwmon%u/%s", number, file);

    if (n <= 0)
        return false;
    linux_proc_clean(to, size, str_make(text, (size_t)n));
    return to[0] != '\0';
}

int linux_hwmon_open(const char *sysfs, unsigned number, const char *file)
{
    char name[96];

    snprintf(name, sizeof(name), "class/hwmon/hwmon%u/%s", number, file);
    return linux_file_hot_open(sysfs, name);
}

bool linux_hwmon_value(int fd, int64_t *ret)
{
    char text[32];
    ssize_t n = linux_file_hot(fd, text, sizeof(text));

    return n > 0 && num_parse_i64(str_trim(str_make(text, (size_t)n)), ret);
}

/* A chip whose place among the sockets follows from its PCI address. */
struct chip {
    unsigned number, sensor;
    char address[64]; /* what its device link ends in */
};

static int by_address(const void *a, const void *b)
{
    const struct chip *x = a, *y = b;
    int order = strcmp(x->address, y->address);
    return order ? order : (x->number > y->number) - (x->number < y->number);
}

static void device_address(char *to, size_t size, const char *sysfs, unsigned number)
{
    char path[LINUX_PATH_MAX], target[LINUX_PATH_MAX];

    to[0] = '\0';
    if (!linux_file_path(path, sysfs, "class/hwmon/hwmon%u/device", number))
        return;
    ssize_t n = readlink(path, target, sizeof(target) - 1);
    if (n <= 0)
        return;
    target[n] = '\0';
    const char *slash = strrchr(target, '/');
    str_copy(to, size, str_of(slash ? slash + 1 : target));
}

/* The number of the sensor whose label is `wanted` (to its length); 0 when there is none. */
static unsigned labelled(const char *sysfs, unsigned number, const char *wanted, char *ret_label,
                         size_t size)
{
    for (unsigned i = 1; i <= LABELS_MAX; i++) {
        char file[32];
        snprintf(file, sizeof(file), "temp%u_label", i);
        if (linux_hwmon_text(ret_label, size, sysfs, number, file) &&
            str_starts(str_of(ret_label), str_of(wanted)))
            return i;
    }
    return 0;
}

static void add_sensor(struct linux_cpu_sensors *s, const char *sysfs, unsigned number,
                       unsigned index, unsigned socket)
{
    char file[32];

    if (s->len == LINUX_CPU_SENSOR_MAX)
        return;
    snprintf(file, sizeof(file), "temp%u_input", index);
    int fd = linux_hwmon_open(sysfs, number, file);
    if (fd >= 0)
        s->sensor[s->len++] = (struct linux_cpu_sensor){fd, socket};
}

/* coretemp: one for each package (or die of it), which its label names. CPUs before 2008 have no
 * sensor for the package; there the cores' stand for it. */
static void add_coretemp(struct linux_cpu_sensors *s, const char *sysfs, unsigned number,
                         const unsigned *socket_id, size_t socket_len)
{
    char label[64];
    uint64_t package;
    unsigned index = labelled(sysfs, number, "Package id ", label, sizeof(label));

    if (!index) {
        for (unsigned i = 1; i <= LABELS_MAX; i++)
            add_sensor(s, sysfs, number, i, 0);
        return;
    }
    if (!num_parse_u64(str_of(label + strlen("Package id ")), &package))
        return;
    for (size_t i = 0; i < socket_len; i++)
        if (socket_id[i] == package)
            add_sensor(s, sysfs, number, index, (unsigned)i);
}

/* k10temp and zenpower: Tctl may carry an offset for the fans' sake, Tdie is the temperature. */
static unsigned die_sensor(const char *sysfs, unsigned number)
{
    char label[64];
    unsigned index = labelled(sysfs, number, "Tdie", label, sizeof(label));

    if (!index)
        index = labelled(sysfs, number, "Tctl", label, sizeof(label));
    return index ? index : 1;
}

/* "cpu_thermal", and "cpu0_thermal" where each cluster has its own. */
static bool is_arm_cpu(struct str name)
{
    if (!str_starts(name, STR("cpu")) || !str_ends(name, STR("_thermal")))
        return false;
    for (size_t i = 3; i < name.len - STR("_thermal").len; i++)
        if (name.ptr[i] < '0' || name.ptr[i] > '9')
            return false;
    return true;
}

void linux_cpu_sensors_open(struct linux_cpu_sensors *s, const char *sysfs,
                            const unsigned *socket_id, size_t socket_len)
{
    struct linux_hwmon list[LINUX_HWMON_MAX];
    struct chip chips[LINUX_CPU_SENSOR_MAX];
    size_t chip_len = 0, len = linux_hwmon_list(sysfs, list, ARRAY_LEN(list));

    s->len = 0;
    for (size_t i = 0; i < len; i++) {
        struct str name = str_of(list[i].name);
        if (str_is(name, "coretemp")) {
            add_coretemp(s, sysfs, list[i].number, socket_id, socket_len);
        } else if (is_arm_cpu(name)) {
            add_sensor(s, sysfs, list[i].number, 1, 0);
        } else if ((str_is(name, "k10temp") || str_is(name, "zenpower")) &&
                   chip_len < ARRAY_LEN(chips)) {
            struct chip *chip = &chips[chip_len++];
            *chip = (struct chip){list[i].number, die_sensor(sysfs, list[i].number), ""};
            device_address(chip->address, sizeof(chip->address), sysfs, chip->number);
        }
    }
    /* EPYC: one chip a socket (four with the first generation), in the order of their buses. */
    qsort(chips, chip_len, sizeof(*chips), by_address);
    for (size_t i = 0; i < chip_len; i++)
        add_sensor(s, sysfs, chips[i].number, chips[i].sensor,
                   (unsigned)(i * MAX(socket_len, 1) / chip_len));
}

size_t linux_cpu_sensors_read(const struct linux_cpu_sensors *s, double *ret_c, size_t socket_len)
{
    size_t answered = 0;

    for (size_t i = 0; i < socket_len; i++)
        ret_c[i] = UNKNOWN;
    for (size_t i = 0; i < s->len; i++) {
        int64_t mc;
        if (s->sensor[i].socket >= socket_len || !linux_hwmon_value(s->sensor[i].fd, &mc) ||
            mc < COLDEST_MC || mc > HOTTEST_MC)
            continue;
        double *hottest = &ret_c[s->sensor[i].socket];
        *hottest = fmax(*hottest, (double)mc / 1000); /* fmax passes over NAN */
        answered++;
    }
    return answered;
}

void linux_cpu_sensors_close(struct linux_cpu_sensors *s)
{
    for (size_t i = 0; i < s->len; i++)
        close(s->sensor[i].fd);
    s->len = 0;
}
