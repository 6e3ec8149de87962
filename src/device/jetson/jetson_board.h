/* jetson_board.h - the sensors of a Jetson board: supply rails, thermal zones, fan, engines, memory
 * controller. Each is found by name when opened and kept open. */
#ifndef ALGALON_DEVICE_JETSON_JETSON_BOARD_H
#define ALGALON_DEVICE_JETSON_JETSON_BOARD_H

#include "device/device.h"

#define JETSON_RAILS   24
#define JETSON_ZONES   32
#define JETSON_ENGINES 24

struct jetson_rail {
    char name[32];
    int power_fd; /* mW: the older driver computes it */
    int voltage_fd, current_fd;
};

struct jetson_rails {
    struct jetson_rail rails[JETSON_RAILS];
    size_t len;
};

/** Finds the channels of every INA3221, in both forms that its drivers have had. */
void jetson_rails_open(struct jetson_rails *r, const char *sysfs);
/** Reads them into `to[JETSON_RAILS]`; those that do not answer are left out. */
size_t jetson_rails_read(const struct jetson_rails *r, struct board_rail *to);
void jetson_rails_close(struct jetson_rails *r);

/** Power of the whole module: that of the rail which feeds it, else the sum, which *ret_sum tells.
 * NAN when there is none. */
double jetson_rails_total(const struct board_rail *rails, size_t len, bool *ret_sum);
/** Power of the rail that feeds the GPU and at most the SoC around it; NAN when the GPU's rail
 * feeds the CPU too. */
double jetson_rails_gpu(const struct board_rail *rails, size_t len);

struct jetson_zones {
    struct {
        char name[32];
        int fd;
    } zones[JETSON_ZONES];
    size_t len;
};

void jetson_zones_open(struct jetson_zones *z, const char *sysfs);
size_t jetson_zones_read(const struct jetson_zones *z, struct board_zone *to);
void jetson_zones_close(struct jetson_zones *z);
/** The zone whose name up to "-" is `name`, in any case; NAN without one that answers. */
double jetson_zones_find(const struct board_zone *zones, size_t len, const char *name);

struct jetson_fan {
    int pwm_fd, rpm_fd;
};

void jetson_fan_open(struct jetson_fan *f, const char *sysfs);
void jetson_fan_read(const struct jetson_fan *f, double *ret_ratio, double *ret_rpm);
void jetson_fan_close(struct jetson_fan *f);

struct jetson_engines {
    struct {
        char name[16];
        int clock_fd;  /* Hz */
        int enable_fd; /* a count of users (clk of debugfs) */
        int status_fd; /* "active" (runtime power management) */
    } engines[JETSON_ENGINES];
    size_t len;
    int memory_clock_fd; /* Hz */
    int activity_fd;     /* kHz */
};

void jetson_engines_open(struct jetson_engines *e, const char *sysfs);
size_t jetson_engines_read(const struct jetson_engines *e, struct board_engine *to);
/** Clock and load of the memory controller; NAN where debugfs is closed. */
void jetson_engines_memory(const struct jetson_engines *e, double *ret_mhz, double *ret_ratio);
void jetson_engines_close(struct jetson_engines *e);

#endif
