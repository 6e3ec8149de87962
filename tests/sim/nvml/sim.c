/* sim.c - the state of the simulator: loading, time, initialisation, faults; and what only a
 * simulator exports (nvmlSim...). */
#include "sim.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#define SCENARIO_MAX ((size_t)1 << 20)
#define NEAR_LIMIT   100 /* steps of the lock-free sleep: none is longer than this, in ms */

struct sim sim = {.lock = PTHREAD_MUTEX_INITIALIZER};

/* Tests move time with nvmlSimSetTime(); other programs name a file that holds Unix seconds. */
int64_t sim_now(void)
{
    const char *path = getenv("ALGALON_NVML_SIM_NOW_FILE");
    char text[64];
    double seconds;

    if (sim.set_us)
        return sim.set_us;
    if (path && file_read_small(path, text, sizeof(text)) > 0 &&
        num_parse(str_trim(str_of(text)), &seconds) && seconds >= 0 && seconds < 1e11)
        return (int64_t)(seconds * 1e6);
    return clock_now_ms() * 1000;
}

static void begin(void)
{
    sim.loaded = true;
    sim.start_us = sim.scenario.start_us ? sim.scenario.start_us : sim_now();
    for (unsigned i = 0; i < SIM_GPUS; i++) {
        sim.devices[i] = (struct nvml_device){.gpu = i};
        for (unsigned k = 0; k < SIM_INSTANCES; k++)
            sim.instances[i][k] = (struct nvml_device){.gpu = i, .instance = k + 1};
    }
}

static int load(const char *path)
{
    struct buf text;
    struct error err = {0};
    int code;

    buf_init(&text, 0);
    code = file_read(path, SCENARIO_MAX, &text, &err);
    if (code == 0)
        code = sim_scenario_parse(buf_str(&text), &sim.scenario, &err);
    if (code)
        fprintf(stderr, "nvml-sim: %s: %s\n", path, err.text);
    else
        begin();
    buf_fini(&text);
    return code;
}

static bool strikes(const struct sim_fault *f, unsigned gpu, int64_t now)
{
    int64_t at = now - sim.start_us;

    return at >= f->from_us && at < f->until_us && !f->healed && f->calls &&
           (f->gpu == SIM_ALL_GPUS || f->gpu == gpu);
}

struct sim_fault *sim_fault(enum sim_fault_kind kind, unsigned gpu)
{
    int64_t now = sim_now();

    for (size_t i = 0; i < sim.scenario.fault_len; i++) {
        struct sim_fault *f = &sim.scenario.faults[i];
        if (f->kind == kind && strikes(f, gpu, now))
            return f;
    }
    return NULL;
}

static bool names(const struct sim_fault *f, const char *name)
{
    size_t len = strlen(f->name);

    if (len && f->name[len - 1] == '*')
        return strncmp(f->name, name, len - 1) == 0;
    return strcmp(f->name, name) == 0;
}

double sim_value(const struct nvml_device *device, const char *field, double value)
{
    int64_t now = sim_now();

    for (size_t i = 0; i < sim.scenario.fault_len; i++) {
        const struct sim_fault *f = &sim.scenario.faults[i];
        if (f->kind == SIM_FAULT_VALUE && strikes(f, device->gpu, now) && names(f, field))
            return f->value;
    }
    return value;
}

const char *sim_driver(void)
{
    const char *version = sim.scenario.driver;
    int64_t at = sim_now() - sim.start_us;

    for (size_t i = 0; i < sim.scenario.fault_len; i++) {
        const struct sim_fault *f = &sim.scenario.faults[i];
        if (f->kind == SIM_FAULT_RELOAD && at >= f->from_us && f->driver[0])
            version = f->driver;
    }
    return version;
}

/* Sleeps without the lock, so that other threads go on meanwhile. */
static void hang(int64_t us)
{
    pthread_mutex_unlock(&sim.lock);
    for (int64_t left = us / 1000; left > 0; left -= NEAR_LIMIT) {
        struct timespec step = {0, (long)MIN(left, NEAR_LIMIT) * 1000000L};
        nanosleep(&step, NULL);
    }
    pthread_mutex_lock(&sim.lock);
}

/* The code that a fault on this call demands; hangs first where one says so. */
static int struck(const char *call, unsigned gpu)
{
    int64_t now = sim_now();
    int code = NVML_SUCCESS;

    for (size_t i = 0; i < sim.scenario.fault_len; i++) {
        struct sim_fault *f = &sim.scenario.faults[i];
        bool by_call = f->kind == SIM_FAULT_CODE || f->kind == SIM_FAULT_HANG;
        if (!by_call || !strikes(f, gpu, now) || !names(f, call))
            continue;
        if (f->calls != UINT64_MAX)
            f->calls--;
        if (f->kind == SIM_FAULT_HANG)
            hang(f->hang_us);
        else if (!code)
            code = f->code;
    }
    return code;
}

static bool is_device(const struct nvml_device *device)
{
    const struct nvml_device *first = &sim.instances[0][0];

    if (device >= first && device < first + SIM_GPUS * SIM_INSTANCES)
        return device->instance <= sim_instances(device->gpu);
    return device >= sim.devices && device < sim.devices + sim.scenario.gpu_len;
}

int sim_leave(int code)
{
    pthread_mutex_unlock(&sim.lock);
    return code;
}

int sim_enter(const struct nvml_device *device, const char *call)
{
    pthread_mutex_lock(&sim.lock);
    sim.calls++;
    if (!sim.init_count)
        return sim_leave(NVML_UNINITIALIZED);
    unsigned gpu = device && is_device(device) ? device->gpu : SIM_ALL_GPUS;
    int code = struck(call, gpu);
    if (!code && sim_fault(SIM_FAULT_RELOAD, SIM_ALL_GPUS))
        code = NVML_VERSION_MISMATCH;
    if (!code && device && !is_device(device))
        code = NVML_INVALID_ARGUMENT;
    if (!code && device && sim_fault(SIM_FAULT_LOST, device->gpu))
        code = NVML_GPU_IS_LOST;
    return code ? sim_leave(code) : 0;
}

/* What a fresh initialisation repairs, and which GPUs it counts. */
static void rescan(void)
{
    int64_t at = sim_now() - sim.start_us;

    for (size_t i = 0; i < sim.scenario.fault_len; i++) {
        struct sim_fault *f = &sim.scenario.faults[i];
        if (at < f->from_us)
            continue;
        if (f->kind == SIM_FAULT_RELOAD && !f->healed) {
            f->healed = true;
            for (unsigned g = 0; g < SIM_GPUS; g++)
                sim.devices[g] = (struct nvml_device){.gpu = g, .energy_us = sim_now()};
        }
        if (f->kind == SIM_FAULT_LOST && f->back == SIM_BACK_REINIT)
            f->healed = true;
    }
    sim.visible_len = 0;
    for (unsigned g = 0; g < sim.scenario.gpu_len; g++) {
        const struct sim_fault *f = sim_fault(SIM_FAULT_LOST, g);
        if (!f || f->back != SIM_BACK_GONE)
            sim.visible[sim.visible_len++] = g;
    }
}

/* What the real library holds open of the driver while it is initialised. */
static int hold_device(void)
{
    const char *path = getenv("ALGALON_NVML_SIM_DEVICE");
    int fd = path ? open(path, O_RDWR | O_CLOEXEC) : -1;

    if (path && fd < 0)
        return errno == ENOENT ? NVML_DRIVER_NOT_LOADED : NVML_OPERATING_SYSTEM;
    sim.device_file = fd + 1;
    return 0;
}

static int initialise(const char *call)
{
    const char *path = getenv("ALGALON_NVML_SIM");
    int code = 0;

    pthread_mutex_lock(&sim.lock);
    sim.calls++;
    if (!sim.loaded && (!path || load(path)))
        return sim_leave(NVML_DRIVER_NOT_LOADED);
    code = struck(call, SIM_ALL_GPUS);
    if (code)
        return sim_leave(code);
    if (!sim.init_count && (code = hold_device()))
        return sim_leave(code);
    if (sim.init_count++ == 0) {
        sim.inits++;
        rescan();
    }
    return sim_leave(0);
}

SIM_EXPORT int nvmlInit_v2(void);
SIM_EXPORT int nvmlInit_v2(void)
{
    return initialise(__func__);
}

SIM_EXPORT int nvmlInitWithFlags(unsigned flags);
SIM_EXPORT int nvmlInitWithFlags(unsigned flags)
{
    return flags > 7 ? NVML_INVALID_ARGUMENT : initialise(__func__);
}

SIM_EXPORT int nvmlShutdown(void);
SIM_EXPORT int nvmlShutdown(void)
{
    int code = 0;

    pthread_mutex_lock(&sim.lock);
    sim.calls++;
    if (!sim.init_count)
        code = NVML_UNINITIALIZED;
    else if (--sim.init_count == 0 && sim.device_file) {
        close(sim.device_file - 1);
        sim.device_file = 0;
    }
    return sim_leave(code);
}

/* ---- for tests only ---- */

/* Replaces the scenario; whoever holds the library open has to initialise again. Returns 0, or -1
 * with a line on stderr. */
SIM_EXPORT int nvmlSimLoad(const char *text);
SIM_EXPORT int nvmlSimLoad(const char *text)
{
    struct error err = {0};
    int code;

    pthread_mutex_lock(&sim.lock);
    sim.init_count = sim.inits = 0;
    sim.calls = 0;
    sim.set_us = 0;
    sim.loaded = false;
    code = sim_scenario_parse(str_of(text), &sim.scenario, &err);
    if (code)
        fprintf(stderr, "nvml-sim: %s\n", err.text);
    else
        begin();
    sim_leave(0);
    return code ? -1 : 0;
}

/* Sets Unix time in microseconds, until the next nvmlSimLoad(). */
SIM_EXPORT void nvmlSimSetTime(int64_t us);
SIM_EXPORT void nvmlSimSetTime(int64_t us)
{
    pthread_mutex_lock(&sim.lock);
    sim.set_us = us;
    sim_leave(0);
}

SIM_EXPORT int64_t nvmlSimTime(void);
SIM_EXPORT int64_t nvmlSimTime(void)
{
    pthread_mutex_lock(&sim.lock);
    int64_t now = sim_now();
    sim_leave(0);
    return now;
}

/* How often the library was initialised from scratch. */
SIM_EXPORT unsigned nvmlSimInits(void);
SIM_EXPORT unsigned nvmlSimInits(void)
{
    pthread_mutex_lock(&sim.lock);
    unsigned inits = sim.inits;
    sim_leave(0);
    return inits;
}

/* How many calls there were of any kind since the scenario was loaded. */
SIM_EXPORT uint64_t nvmlSimCalls(void);
SIM_EXPORT uint64_t nvmlSimCalls(void)
{
    pthread_mutex_lock(&sim.lock);
    uint64_t calls = sim.calls;
    sim_leave(0);
    return calls;
}
