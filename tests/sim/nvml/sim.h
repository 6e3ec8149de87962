/* sim.h - what the files of the NVML simulator share: scenario, load model, the one state.
 *
 * Everything a GPU answers is a pure function of (scenario, seed, time); only faults that count
 * calls, the energy counter and what a re-initialisation brings back are kept as state. */
#ifndef ALGALON_TESTS_SIM_NVML_SIM_H
#define ALGALON_TESTS_SIM_NVML_SIM_H

#include "base/base.h"
#include "device/nvidia/nvml_abi.h"

#include <limits.h>

#define SIM_EXPORT __attribute__((visibility("default")))

/* A call of the library: its declaration and the head of its definition. */
#define SIM_CALL(name, ...)                                                                        \
    SIM_EXPORT int name(__VA_ARGS__);                                                              \
    SIM_EXPORT int name(__VA_ARGS__)

#define SIM_GPUS      64
#define SIM_INSTANCES 7 /* of a GPU (MIG) */
#define SIM_VGPUS     32
#define SIM_FAULTS    2048 /* each value of a recorded machine is one */
#define SIM_PROCESSES 2048 /* over all GPUs */
#define SIM_ALL_GPUS  UINT_MAX
#define SIM_FOREVER   INT64_MAX

/* One model of GPU: what its data sheet and nvidia-smi say. */
struct sim_board {
    const char *name; /* as the driver spells it */
    unsigned arch;    /* NVML's number */
    int cc_major, cc_minor;
    unsigned memory_mib, reserved_mib;
    unsigned power_min_w, power_default_w, power_max_w, idle_w;
    unsigned graphics_mhz, memory_mhz, idle_mhz; /* largest, largest, at rest */
    unsigned pcie_gen, pcie_width;
    unsigned shutdown_c, slowdown_c, max_operating_c;
    unsigned fans;
    unsigned links;                       /* NVLinks */
    unsigned c2c;                         /* links to the CPU of the same module */
    unsigned cores, bus_bits;             /* 0: not told */
    bool ecc, memory_sensor, mig, server; /* server: no display, serial number, stays in P0 */
    bool unified;                         /* a SoC's: its memory is the host's */
};

const struct sim_board *sim_board_find(struct str name);

/** Of the same architecture the one with the most similar memory; NULL when there is none. */
const struct sim_board *sim_board_near(unsigned arch, double memory_mib);

enum sim_profile {
    SIM_IDLE,
    SIM_TRAINING,
    SIM_INFERENCE,
    SIM_RAMP,
    SIM_SQUARE,
    SIM_CONSTANT
};

/* What a recorded GPU is called; "" where the simulator makes it up. */
struct sim_identity {
    char name[96], uuid[96], serial[32], vbios[32];
    bool placed; /* the three behind it are told */
    unsigned domain, bus, device;
};

struct sim_gpu {
    const struct sim_board *board;
    struct sim_identity identity;
    enum sim_profile profile;
    double period_s, duty, high, low; /* of ramp, square and constant; ratios */
    double share;                     /* fill of the memory by its processes, when not told */
    uint64_t memory_used;             /* told by the scenario; UINT64_MAX: from the processes */
    bool persistence, ecc, ecc_pending, mig;
    bool root, accounting; /* whoever asks is root; the driver accounts */
    unsigned compute_mode, links, vgpus, virtualization;
    char instances[SIM_INSTANCES][16]; /* profiles: "3g.71gb" */
    unsigned instance_len;
    int64_t numa_node; /* -1: the call is not supported */
};

struct sim_process {
    unsigned gpu, pid;
    uint64_t memory; /* UINT64_MAX: the driver does not say */
    char type;       /* C, G, M; B: compute and graphics */
    double share;    /* of the GPU's load */
};

enum sim_fault_kind {
    SIM_FAULT_CODE, /* a call answers a code */
    SIM_FAULT_HANG, /* a call sleeps first */
    SIM_FAULT_VALUE,
    SIM_FAULT_LOST,
    SIM_FAULT_RELOAD,
    SIM_FAULT_PROCESS_R535,
    SIM_FAULT_SAMPLES_UNORDERED,
    SIM_FAULT_SAMPLES_EMPTY,
    SIM_FAULT_SAMPLES_STALE,
    SIM_FAULT_ENERGY_RESTART,
    SIM_FAULT_PROCESSES_GROW,
    SIM_FAULT_XID,    /* happens `calls` times, once by default */
    SIM_FAULT_UNBIND, /* the driver tells that a GPU is about to be unbound, `calls` times (once) */
    SIM_FAULT_FIELDS_OLDER, /* the older numbering of field values */
    SIM_FAULT_MIG_LAYOUT    /* MIG: so many instances are left */
};

enum sim_back {
    SIM_BACK_REINIT, /* answers again after the next initialisation */
    SIM_BACK_NEVER,  /* keeps its place, its handle call answers "lost" */
    SIM_BACK_GONE    /* the next initialisation does not count it any more */
};

struct sim_fault {
    enum sim_fault_kind kind;
    unsigned gpu;              /* or SIM_ALL_GPUS */
    char name[64];             /* of the call (also "nvmlDevice*") or the field */
    int64_t from_us, until_us; /* since the scenario's start */
    uint64_t calls;            /* how many calls it strikes; UINT64_MAX: all */
    int code;
    int64_t hang_us;
    double value;
    char driver[80]; /* version after a reload; "": the same */
    enum sim_back back;
    bool told;   /* state: its event was */
    bool healed; /* state: an initialisation came after it */
};

struct sim_scenario {
    uint64_t seed;
    int64_t start_us; /* Unix time; 0: when it is loaded */
    char driver[80], library[80];
    int cuda; /* 13000 is 13.0 */
    bool confidential;
    struct sim_gpu gpus[SIM_GPUS];
    size_t gpu_len;
    struct sim_process processes[SIM_PROCESSES];
    size_t process_len;
    struct sim_fault faults[SIM_FAULTS];
    size_t fault_len;
};

/** Reads a scenario; README.md describes the format. Errors: -EINVAL and -ERANGE, with the line. */
MUST_CHECK int sim_scenario_parse(struct str text, struct sim_scenario *ret, struct error *err);

/* ---- load.c: the model ---- */

/** Share of time a kernel runs on `gpu` at Unix time `us`, 0 to 1. */
double sim_load(const struct sim_scenario *s, unsigned gpu, int64_t us);
double sim_memory_load(const struct sim_scenario *s, unsigned gpu, int64_t us);
double sim_power_w(const struct sim_scenario *s, unsigned gpu, int64_t us);
double sim_temperature_c(const struct sim_scenario *s, unsigned gpu, int64_t us);
double sim_graphics_mhz(const struct sim_scenario *s, unsigned gpu, int64_t us);
/** Bytes process `p` holds at `us`. */
uint64_t sim_process_memory(const struct sim_scenario *s, const struct sim_process *p, int64_t us);
/** Bytes in use on the GPU at `us`, without what the driver reserves. */
uint64_t sim_memory_used(const struct sim_scenario *s, unsigned gpu, int64_t us);

/* ---- sim.c: the state ---- */

struct nvml_device {
    unsigned gpu;      /* index into the scenario */
    unsigned instance; /* of that GPU, from 1 (MIG); 0: the whole */
    double energy_j;   /* counted up to energy_us */
    int64_t energy_us; /* 0: not begun */
};

struct sim {
    pthread_mutex_t lock; /* everything below */
    struct sim_scenario scenario;
    bool loaded;
    unsigned init_count, inits; /* open references; initialisations ever */
    uint64_t calls;             /* of any kind, ever */
    int device_file;            /* open while initialised, from 1; 0: none */
    int64_t start_us;
    int64_t set_us; /* the time a test has set; 0: the system's */
    struct nvml_device devices[SIM_GPUS];
    struct nvml_device instances[SIM_GPUS][SIM_INSTANCES];
    unsigned visible[SIM_GPUS]; /* index as counted -> GPU of the scenario */
    unsigned visible_len;
    int64_t rescanned_us; /* when the library was last initialised */
};

extern struct sim sim;

/** Unix time of the simulation, microseconds. The lock is held. */
int64_t sim_now(void);

/**
 * Every call begins here: the code it has to answer at once, or 0 with the lock held (then
 * sim_leave()). `device` may be NULL for calls about the system.
 */
MUST_CHECK int sim_enter(const struct nvml_device *device, const char *call);
int sim_leave(int code);

/** The fault of `kind` that strikes `gpu` now, or NULL. The lock is held. */
struct sim_fault *sim_fault(enum sim_fault_kind kind, unsigned gpu);

/** `value`, or what a fault puts in its place for `field`. The lock is held. */
double sim_value(const struct nvml_device *device, const char *field, double value);

/** Numbers as the library's types hold them, at most their largest value. */
static inline unsigned sim_u32(double value)
{
    return value >= 0x1p32 - 1 ? UINT_MAX : value > 0 ? (unsigned)value : 0;
}

static inline uint64_t sim_u64(double value)
{
    return value >= 0x1p64 ? UINT64_MAX : value > 0 ? (uint64_t)value : 0;
}

/** How many instances a GPU has now. The lock is held. */
unsigned sim_instances(unsigned gpu);

/** Memory of the instance that `d` is. The lock is held. */
void sim_instance_memory(const struct nvml_device *d, struct nvml_memory_v2 *ret);

/** The version of the kernel module now: a reload may have changed it. The lock is held. */
const char *sim_driver(void);

#endif
