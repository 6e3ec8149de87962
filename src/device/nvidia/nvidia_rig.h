/* nvidia_rig.h - for tests: the simulated library, its controls, and an empty machine around it.
 * Time is the simulator's and moves only when a test says so. */
#ifndef ALGALON_DEVICE_NVIDIA_NVIDIA_RIG_H
#define ALGALON_DEVICE_NVIDIA_NVIDIA_RIG_H

#include "device/nvidia/nvidia.h"

#include <dlfcn.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

#define RIG_LIBRARY  TEST_BUILD_DIR "/libnvml-sim.so"
#define RIG_START_US (1800000000 * (int64_t)1000000)

static inline void assert_near(double value, double wanted, double within)
{
    if (!(fabs(value - wanted) <= within))
        fail_msg("%g is not within %g of %g", value, within, wanted);
}

struct rig {
    void *library;
    int (*load)(const char *scenario);
    void (*set_time)(int64_t us);
    int64_t (*time)(void);
    unsigned (*inits)(void);
    uint64_t (*calls)(void);
    bool release; /* what readings ask of the collector */
    char root[64], procfs[80], sysfs[80];
    struct host_paths paths;
    struct arena arena;
    void *state; /* of the collector; NULL: not open */
    struct reading r;
    struct error err;
};

static inline void *rig_symbol(struct rig *rig, const char *name)
{
    void *address = dlsym(rig->library, name);

    assert_non_null(address);
    return address;
}

static inline int rig_setup(void **state)
{
    struct rig *rig = xnew(struct rig);
    void *address;

    rig->library = dlopen(RIG_LIBRARY, RTLD_NOW | RTLD_LOCAL);
    if (!rig->library)
        fail_msg("%s", dlerror());
    address = rig_symbol(rig, "nvmlSimLoad");
    memcpy(&rig->load, &address, sizeof(address));
    address = rig_symbol(rig, "nvmlSimSetTime");
    memcpy(&rig->set_time, &address, sizeof(address));
    address = rig_symbol(rig, "nvmlSimTime");
    memcpy(&rig->time, &address, sizeof(address));
    address = rig_symbol(rig, "nvmlSimInits");
    memcpy(&rig->inits, &address, sizeof(address));
    address = rig_symbol(rig, "nvmlSimCalls");
    memcpy(&rig->calls, &address, sizeof(address));
    snprintf(rig->root, sizeof(rig->root), "/tmp/algalon-nvidia-XXXXXX");
    assert_non_null(mkdtemp(rig->root));
    snprintf(rig->procfs, sizeof(rig->procfs), "%s/proc", rig->root);
    snprintf(rig->sysfs, sizeof(rig->sysfs), "%s/sys", rig->root);
    rig->paths = (struct host_paths){.procfs = rig->procfs,
                                     .sysfs = rig->sysfs,
                                     .rootfs = rig->root,
                                     .nvml_library = RIG_LIBRARY};
    arena_init(&rig->arena, 0);
    *state = rig;
    return 0;
}

static inline int rig_teardown(void **state)
{
    struct rig *rig = *state;

    nvidia_collector.close(rig->state);
    arena_fini(&rig->arena);
    assert_int_equal(file_remove_tree(rig->root), 0);
    dlclose(rig->library);
    free(rig);
    return 0;
}

/* Writes a file of the machine's /proc or /sys. */
static inline void rig_file(struct rig *rig, const char *path, const char *text)
{
    char full[512], *slash;

    snprintf(full, sizeof(full), "%s/%s", rig->root, path);
    slash = strrchr(full, '/');
    *slash = '\0';
    assert_int_equal(file_mkdirs(full, NULL), 0);
    *slash = '/';
    assert_int_equal(file_replace(full, text, strlen(text), NULL), 0);
}

/* Puts a GPU on the machine's PCI bus, bound to `driver` (NULL: none). */
static inline void rig_pci(struct rig *rig, const char *bus_id, const char *driver)
{
    char path[256], target[256];

    snprintf(path, sizeof(path), "sys/bus/pci/devices/%s/vendor", bus_id);
    rig_file(rig, path, "0x10de\n");
    snprintf(path, sizeof(path), "sys/bus/pci/devices/%s/class", bus_id);
    rig_file(rig, path, "0x030200\n");
    if (!driver)
        return;
    snprintf(path, sizeof(path), "%s/sys/bus/pci/devices/%s/driver", rig->root, bus_id);
    snprintf(target, sizeof(target), "../../../../bus/pci/drivers/%s", driver);
    assert_int_equal(symlink(target, path), 0);
}

static inline void rig_power(struct rig *rig, const char *bus_id, const char *status)
{
    char path[256];

    snprintf(path, sizeof(path), "sys/bus/pci/devices/%s/power/runtime_status", bus_id);
    rig_file(rig, path, status);
}

/* Loads a scenario that begins at RIG_START_US. */
static inline void rig_load(struct rig *rig, const char *scenario)
{
    char text[4096];

    snprintf(text, sizeof(text), "start 1800000000\n%s", scenario);
    assert_int_equal(rig->load(text), 0);
    rig->set_time(RIG_START_US);
}

static inline int rig_try_open(struct rig *rig, const char *scenario)
{
    rig_load(rig, scenario);
    int code = nvidia_collector.open(&rig->paths, &rig->state, &rig->err);
    if (code == 0)
        nvidia_clock(rig->state, rig->time);
    return code;
}

static inline void rig_open(struct rig *rig, const char *scenario)
{
    if (rig_try_open(rig, scenario))
        fail_msg("%s", rig->err.text);
}

/* Reads at `seconds` after the scenario's start; returns the collector's code. */
static inline int rig_try_read(struct rig *rig, double seconds)
{
    int64_t us = RIG_START_US + (int64_t)(seconds * 1e6);

    rig->set_time(us);
    arena_reset(&rig->arena);
    reading_init(&rig->r, &rig->arena);
    rig->r.mono_ns = (uint64_t)us * 1000;
    rig->r.release = rig->release;
    return nvidia_collector.read(rig->state, &rig->r, &rig->err);
}

static inline const struct accelerator *rig_read(struct rig *rig, double seconds)
{
    if (rig_try_read(rig, seconds))
        fail_msg("at %g s: %s", seconds, rig->err.text);
    return rig->r.accelerators;
}

/* How often `field` was rejected for `reason` so far. */
static inline uint64_t rig_rejects(const struct rig *rig, const char *field, const char *reason)
{
    for (size_t i = 0; i < rig->r.reject_len; i++)
        if (strcmp(rig->r.rejects[i].field, field) == 0 &&
            strcmp(rig->r.rejects[i].reason, reason) == 0)
            return rig->r.rejects[i].count;
    return 0;
}

#endif
