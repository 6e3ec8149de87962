/* jetson_rails.c - supply lines behind INA3221 chips: three channels each. */
#include "device/jetson/jetson_board.h"

#include "device/linux_file.h"
#include "device/linux_hwmon.h"
#include "device/linux_proc.h"

#include <dirent.h>
#include <strings.h>
#include <unistd.h>

#define CHANNELS    3 /* the seventh of hwmon is the sum of shunt voltages */
#define RAIL_MAX_W  1000.0
#define RAIL_MAX_MV 100000
#define RAIL_MAX_MA 200000

static void close_fd(int fd)
{
    if (fd >= 0)
        close(fd);
}

/* Boards name channels that lead nowhere "NC". */
static void add(struct jetson_rails *r, const char *name, struct jetson_rail rail)
{
    bool known = false;

    linux_proc_clean(rail.name, sizeof(rail.name), str_of(name));
    for (size_t i = 0; i < r->len; i++)
        known = known || strcmp(r->rails[i].name, rail.name) == 0;
    if (known || !rail.name[0] || strcasecmp(rail.name, "NC") == 0 || r->len == JETSON_RAILS ||
        (rail.power_fd < 0 && (rail.voltage_fd < 0 || rail.current_fd < 0))) {
        close_fd(rail.power_fd);
        close_fd(rail.voltage_fd);
        close_fd(rail.current_fd);
        return;
    }
    r->rails[r->len++] = rail;
}

static int open_channel(const char *folder, const char *format, unsigned channel)
{
    char name[48];

    snprintf(name, sizeof(name), "%s%u_input", format, channel);
    return linux_file_hot_open(folder, name);
}

/* JetPack 5 and later: in1_label, in1_input in mV, curr1_input in mA. */
static void add_hwmon(struct jetson_rails *r, const char *folder)
{
    for (unsigned i = 1; i <= CHANNELS; i++) {
        char label[64];
        if (linux_file_text(label, sizeof(label), folder, "in%u_label", i) > 0)
            add(r, label,
                (struct jetson_rail){.power_fd = -1,
                                     .voltage_fd = open_channel(folder, "in", i),
                                     .current_fd = open_channel(folder, "curr", i)});
    }
}

/* JetPack 4: rail_name_0, in_power0_input in mW, in_voltage0_input, in_current0_input. */
static void add_iio(struct jetson_rails *r, const char *folder)
{
    for (unsigned i = 0; i < CHANNELS; i++) {
        char label[64];
        if (linux_file_text(label, sizeof(label), folder, "rail_name_%u", i) > 0)
            add(r, label,
                (struct jetson_rail){.power_fd = open_channel(folder, "in_power", i),
                                     .voltage_fd = open_channel(folder, "in_voltage", i),
                                     .current_fd = open_channel(folder, "in_current", i)});
    }
}

static int by_name(const struct dirent **a, const struct dirent **b)
{
    return strcmp((*a)->d_name, (*b)->d_name);
}

/* Calls `visit` for every entry of `folder` that begins with `prefix`, in the order of names. */
static void each(struct jetson_rails *r, const char *folder, const char *prefix,
                 void (*visit)(struct jetson_rails *r, const char *path))
{
    char path[LINUX_PATH_MAX];
    struct dirent **entries;
    int len = scandir(folder, &entries, NULL, by_name);

    for (int i = 0; i < len; i++) {
        const char *name = entries[i]->d_name;
        if (name[0] != '.' && strncmp(name, prefix, strlen(prefix)) == 0 &&
            linux_file_path(path, folder, "%s", name))
            visit(r, path);
        free(entries[i]);
    }
    if (len >= 0)
        free(entries);
}

static void visit_chip(struct jetson_rails *r, const char *chip)
{
    char hwmon[LINUX_PATH_MAX];

    if (linux_file_path(hwmon, chip, "hwmon"))
        each(r, hwmon, "hwmon", add_hwmon);
    each(r, chip, "iio:device", add_iio);
}

static void visit_driver(struct jetson_rails *r, const char *driver)
{
    each(r, driver, "", visit_chip);
}

void jetson_rails_open(struct jetson_rails *r, const char *sysfs)
{
    char path[LINUX_PATH_MAX];

    r->len = 0;
    if (linux_file_path(path, sysfs, "bus/i2c/drivers"))
        each(r, path, "ina3221", visit_driver);
}

void jetson_rails_close(struct jetson_rails *r)
{
    for (size_t i = 0; i < r->len; i++) {
        close_fd(r->rails[i].power_fd);
        close_fd(r->rails[i].voltage_fd);
        close_fd(r->rails[i].current_fd);
    }
    r->len = 0;
}

/* A value in thousandths; NAN when it is not told or beyond `most`. */
static double thousandths(int fd, int64_t most)
{
    int64_t value;

    if (fd < 0 || !linux_hwmon_value(fd, &value) || value < 0 || value > most)
        return UNKNOWN;
    return (double)value / 1000;
}

size_t jetson_rails_read(const struct jetson_rails *r, struct board_rail *to)
{
    size_t len = 0;

    for (size_t i = 0; i < r->len; i++) {
        const struct jetson_rail *from = &r->rails[i];
        struct board_rail rail = {.power_w =
                                      thousandths(from->power_fd, (int64_t)(RAIL_MAX_W * 1000)),
                                  .voltage_v = thousandths(from->voltage_fd, RAIL_MAX_MV),
                                  .current_a = thousandths(from->current_fd, RAIL_MAX_MA)};
        memcpy(rail.name, from->name, sizeof(rail.name));
        if (isnan(rail.power_w))
            rail.power_w = rail.voltage_v * rail.current_a;
        if (!isnan(rail.power_w) || !isnan(rail.voltage_v))
            to[len++] = rail;
    }
    return len;
}

static double power_of(const struct board_rail *rails, size_t len, const char *const *names,
                       size_t name_len)
{
    for (size_t k = 0; k < name_len; k++)
        for (size_t i = 0; i < len; i++)
            if (strcmp(rails[i].name, names[k]) == 0)
                return rails[i].power_w;
    return UNKNOWN;
}

double jetson_rails_total(const struct board_rail *rails, size_t len, bool *ret_sum)
{
    /* VIN_SYS_5V0 of AGX Orin is none: it feeds what the other rails do not. */
    static const char *const inputs[] = {"VDD_IN", "POM_5V_IN", "VIN"};
    double power = power_of(rails, len, inputs, ARRAY_LEN(inputs));

    *ret_sum = isnan(power);
    for (size_t i = 0; *ret_sum && i < len; i++)
        if (!isnan(rails[i].power_w))
            power = isnan(power) ? rails[i].power_w : power + rails[i].power_w;
    return power;
}

double jetson_rails_gpu(const struct board_rail *rails, size_t len)
{
    /* Nano and TX1, TX2, Xavier, Thor, AGX Orin. VDD_CPU_GPU_CV is left out: most of it may be the
     * CPU's. */
    static const char *const names[] = {"POM_5V_GPU", "VDD_SYS_GPU", "GPU", "VDD_GPU",
                                        "VDD_GPU_SOC"};

    return power_of(rails, len, names, ARRAY_LEN(names));
}
