/* device.h - reads hardware into plain structs. One file (or folder) per platform, each a
 * `collector`; table.c lists them. Nothing here knows metric names: that is worker/'s business.
 *
 * The unknown: a gauge that was not reported is NAN, a count UINT64_MAX, a text "". Never 0: idle
 * is not silent. Shares are ratios (0.0 to 1.0), memory is bytes, power watts, temperature degrees
 * Celsius, clocks MHz. */
#ifndef ALGALON_DEVICE_DEVICE_H
#define ALGALON_DEVICE_DEVICE_H

#include "base/base.h"
#include "device/answers.h"
#include "device/board.h"
#include "device/container.h"
#include "device/detail.h"
#include "device/npu.h"
#include "device/record.h"
#include "device/rights.h"
#include "device/rings.h"

#define UNKNOWN       ((double)NAN) /* clang warns of a bare NAN, which is a float */
#define UNKNOWN_COUNT UINT64_MAX

struct linux_edge;
struct apple_calls;

/* Where the machine is read. Tests and containers move the roots; all are borrowed and never NULL
 * but nvml_library, zes_library, hpc_jobs, kubelet_socket, edge and apple. */
struct host_paths {
    const char *procfs;       /* "/proc" */
    const char *sysfs;        /* "/sys" */
    const char *rootfs;       /* "/": mount points and /etc/passwd are looked up below it */
    const char *nvml_library; /* a file to load instead of the driver's libnvidia-ml.so.1; NULL:
                                 search as usual */
    const char *zes_library;  /* the same for Level Zero's libze_loader.so.1; a test's */
    const char *hpc_jobs; /* a folder of jobs by device, as dcgm-exporter takes it; NULL: none */
    const char *kubelet_socket; /* its pod-resources; NULL: at the usual place below rootfs */
    bool own_samples; /* ask devices often whose driver keeps no samples of utilisation and power */
    const struct linux_edge *edge;   /* for what no file stands in for: a test's, or recorded
                                        answers'; NULL: the kernel's */
    const struct apple_calls *apple; /* a test's system of Apple's; NULL: this one, if it is one */
};

/* ---- the host ---- */

struct cpu_core {
    unsigned id, socket;
    char type[4]; /* "P", "E" on hybrid parts, "S" Apple's Super cores, else "C" */
    double utilization_ratio, frequency_mhz;
};

struct cpu_socket {
    unsigned id;
    double utilization_ratio, frequency_mhz, temperature_c, power_w;
};

/* Kinds of cores that a chip of Apple's has side by side. */
enum cpu_kind {
    CPU_KIND_SUPER,
    CPU_KIND_PERFORMANCE,
    CPU_KIND_EFFICIENCY,
    CPU_KINDS
};
struct cpu_kind_load {
    double cores; /* NAN: it has none of the kind */
    double utilization_ratio, frequency_mhz;
};

struct cpu {
    bool present;
    char model[128], architecture[16],
        platform[16]; /* platform: Intel, Amd, Arm, AppleSilicon, Other */
    unsigned socket_count, core_count, thread_count; /* physical cores; hardware threads online */
    double utilization_ratio;                        /* all threads, mean since the last reading */
    double frequency_mhz, temperature_c, power_w;
    double iowait_ratio, steal_ratio;
    double limit_cores; /* CPU time the cgroup allows, in cores; NAN: no limit */
    double load1, load5, load15;
    double uptime_s, boot_time_s; /* boot in Unix time */
    struct cpu_kind_load kinds[CPU_KINDS];
    double gpu_cores; /* of the GPU on the same chip */
    struct cpu_core *cores;
    size_t core_len;
    struct cpu_socket *sockets;
    size_t socket_len;
};

struct memory {
    bool present;
    bool limited; /* the cgroup's limit is what total and used speak of */
    uint64_t total_bytes, used_bytes, available_bytes, free_bytes, buffers_bytes, cached_bytes;
    uint64_t swap_total_bytes, swap_used_bytes, swap_free_bytes;
    uint64_t hugepages_total_bytes, hugepages_free_bytes; /* all sizes */
    uint64_t zfs_arc_bytes;                               /* size of the ARC */
};

struct filesystem {
    char mount_point[256], device[128], type[32];
    uint64_t total_bytes, used_bytes, available_bytes;
};

/* A set of minor numbers of NVIDIA's device nodes: N of /dev/nvidiaN. */
#define DEVICE_MINORS 128
struct device_minors {
    uint64_t bits[DEVICE_MINORS / 64];
};

/* On whose behalf a process runs, as its cgroups, the kubelet's folders and its environment tell;
 * what none of them tells is "". */
struct process_owner {
    char runtime[16];      /* "docker", "containerd", "cri-o", "podman", "lxc", ... */
    char container_id[40]; /* the first 12 digits, as runtimes show it; LXC and machines: the name
                            */
    char container[64];    /* its name in the pod */
    char pod[128], namespace[64], pod_uid[40];
    char slurm_job[16], slurm_step[16], job_user[36];
    char scheduler[12], batch_job[48]; /* of another scheduler: "pbs" and its "1234.server",
                                          "lsf" and its number, "htcondor" and its slot */
    char unit[64];     /* systemd's, outside of containers and jobs: "ollama.service" */
    char session[16];  /* a user's login: "5" of session-5.scope */
    char devices[704]; /* the accelerators it was given, as its environment names them: "GPU-...,"
                          "0,1"; "all" and "none" are left out */
    bool devices_void; /* the environment leaves it to the runtime to say: NVIDIA's "void" */
    bool nodes_known;  /* `nodes` are those that its control group or its /dev let it use */
    struct device_minors nodes;
};

/* A process that has the node /dev/nvidia`minor` open. */
struct device_opener {
    int pid;
    unsigned minor;
};

/* A job that a scheduler's prolog noted for a device. */
struct hpc_job {
    unsigned gpu;      /* the driver's index */
    unsigned instance; /* GPU instance; UINT_MAX: the whole device */
    char job[64];
};

/* A device that the kubelet says it gave to a container, whether or not that uses it. */
struct allocation {
    char namespace[64], pod[128], container[64];
    char device[96]; /* as the device plugin names it: "GPU-...", "GPU-...::2", "nvidia0/gi1" */
};

struct process {
    int pid;
    uint64_t start_ticks; /* since boot; with pid the identity that survives reuse of the pid */
    double start_time_s;  /* Unix time */
    char name[64], user[64], command[256], state; /* command: NUL and control bytes as spaces */
    const struct process_owner *owner; /* in the reading's arena; NULL: nobody in particular */
    unsigned threads;
    double cpu_ratio;      /* of one CPU: 2.0 is two CPUs busy; NAN at the first sight */
    uint64_t memory_bytes; /* resident */
    double memory_ratio;   /* of the host's; worker/ fills it in */
};

#define CHASSIS_FANS 24

struct chassis {
    bool present;
    char vendor[64], product[64], version[64], board[64], bios_version[64];
    char virtualization[32]; /* "kvm", "vmware", ...; "" on bare metal */
    char container[32];      /* "docker", "kubernetes", ...; "" outside */
    char container_id[13];   /* of the one this process runs in */
    double inlet_temperature_c, outlet_temperature_c, power_w;
    double ane_power_w;      /* of Apple's Neural Engine */
    double thermal_pressure; /* Apple's word for it: 0 nominal, 1 moderate, 2 heavy, 3 trapping, 4
                                sleeping */
    double fan_rpm[CHASSIS_FANS];
    char fan_name[CHASSIS_FANS][40]; /* as the board labels it, else driver and number */
};

/* ---- accelerators ---- */

enum accelerator_state {
    ACCELERATOR_OK,
    ACCELERATOR_LOST, /* fallen off the bus, or gone from the driver: identity is the last one known
                       */
    ACCELERATOR_FORBIDDEN, /* counted by the driver, but this process may not open it */
    ACCELERATOR_SLEEPING,  /* runtime suspended: left asleep */
    ACCELERATOR_RELEASED,  /* its driver was let go: on the operator's word, or the driver's own */
};

/* One device, read once. Texts are "" when the driver has none. */
struct accelerator {
    unsigned index; /* 0, 1, 2... of its platform, in PCI bus order; worker/ numbers over all
                       platforms */
    enum accelerator_state state;
    const char *platform; /* "nvidia": the collector's name */
    char uuid[96], name[96], pci_bus_id[24] /* 0000:3b:00.0 */, serial[32], vbios[32];
    char architecture[24], compute_capability[8];
    char brand[24];
    char board_part[32], gsp_version[32];
    char cpu_affinity[64], memory_affinity[32]; /* near it: "0-31,64-95"; NUMA nodes: "0" */
    char fabric_cluster[40];                    /* UUID of the NVLink domain */
    char rack_serial[20];                       /* of the chassis of a rack-scale machine */
    char rack_slot[16];                         /* in it: slot, tray, host, module: "3/1/0/2" */
    char inforom_image[32], inforom_oem[16], inforom_ecc[16], inforom_power[16];
    unsigned minor;        /* N of /dev/nvidiaN; UINT_MAX unknown */
    bool processes_untold; /* nobody tells who is on it: that none is listed does not mean none */
    double utilization_ratio, utilization_max_ratio; /* mean and peak since the last reading */
    double memory_utilization_ratio;                 /* time the memory was read or written */
    double encoder_ratio, decoder_ratio;
    uint64_t mem_used_bytes, mem_total_bytes, mem_free_bytes, mem_reserved_bytes;
    double mem_shared; /* 1: it has none of its own, and these are the host's; 0: its own */
    double temperature_c, memory_temperature_c;
    double temperature_slowdown_c, temperature_shutdown_c, temperature_max_operating_c,
        temperature_acoustic_c;
    double power_w, power_max_w; /* mean and peak since the last reading */
    double power_limit_w, power_limit_default_w, power_limit_min_w, power_limit_max_w;
    double energy_j_total; /* the hardware's counter; restarts with the driver */
    double clock_graphics_mhz, clock_sm_mhz, clock_memory_mhz, clock_video_mhz;
    double clock_graphics_max_mhz, clock_memory_max_mhz;
    double fan_ratio, fan_rpm;
    double pstate;                                     /* 0 fastest to 15 idlest */
    double ecc_mode, ecc_pending;                      /* 0 off, 1 on */
    double ecc_corrected_total, ecc_uncorrected_total; /* volatile: since the driver was loaded */
    double persistence_mode, compute_mode;
    double pcie_generation, pcie_width, pcie_generation_max, pcie_width_max;
    double throttle_reasons; /* NVML's bits; NAN unknown */
    double numa_node;
    double mig_mode; /* 0 off, 1 on */
    struct accelerator_detail detail;
    struct npu npu;
};

/* One link of a device to another device or a switch. */
struct accelerator_link {
    unsigned accelerator; /* index of its platform */
    unsigned index;
    double up;             /* 0 or 1 */
    double version;        /* as the driver numbers it */
    char remote[12];       /* "gpu", "switch", "ibmnpu", "unknown"; "" while it is down */
    char remote_pci[24];   /* its address: 0000:c1:00.0 */
    double bytes_per_s[2]; /* where it has no counters of bytes: sent, received */
    double bytes_total[2]; /* sent, received */
    double error_total[LINK_ERRORS];
};

/* What a link of the fifth generation counts beyond that: errors, recoveries (successful, failed),
 * bit error rates. */
enum link_fifth {
    LINK_FIFTH_MALFORMED,
    LINK_FIFTH_BUFFER_OVERRUN,
    LINK_FIFTH_RECEIVE,
    LINK_FIFTH_RECEIVE_REMOTE,
    LINK_FIFTH_RECEIVE_GENERAL,
    LINK_FIFTH_INTEGRITY,
    LINK_FIFTH_TRANSMIT_DISCARD,
    LINK_FIFTH_EFFECTIVE,
    LINK_FIFTH_SYMBOL,
    LINK_FIFTH_RECOVERED,
    LINK_FIFTH_NOT_RECOVERED,
    LINK_FIFTH_BER_RAW,
    LINK_FIFTH_BER_EFFECTIVE,
    LINK_FIFTH_BER_SYMBOL,
    LINK_FIFTHS
};
#define LINK_FIFTH_ERRORS LINK_FIFTH_RECOVERED

struct accelerator_link_fifth {
    unsigned accelerator, index; /* as of the link */
    double value[LINK_FIFTHS];
};

/* How two devices of one platform reach each other. */
struct accelerator_peer {
    unsigned accelerator, peer; /* indices of their platform */
    const char *level;          /* static: "single_switch"; "": unknown */
    const char *link;           /* static: can NVLink be used: "OK", "NotSupported", ...; "" */
};

/* A virtual device that a guest machine has of a device. */
struct accelerator_vgpu {
    unsigned accelerator, id;
    char uuid[48], type[48], vm[64], vm_driver[24];
    double mem_used_bytes, mem_total_bytes;
    double sm_ratio, mem_ratio, encoder_ratio, decoder_ratio; /* mean since the last reading */
    double licensed;                                          /* 0 or 1 */
    double frame_rate_limit;
};

/* A part of a device that its driver tells apart: an engine, a GT of a tile, a region of memory, a
 * partition, a column of cores. */
struct accelerator_part {
    unsigned accelerator; /* index of its platform */
    const char *kind;     /* static: "engine", "gt", "memory", "partition", "column", "link" */
    char name[24];        /* as the driver has it: "render", "tile0/gt1", "vram0" */
    double utilization_ratio, asleep_ratio; /* since the last reading; asleep: without power */
    double clock_mhz, clock_max_mhz, temperature_c;
    double throttle_reasons;   /* NVML's bits */
    double up, bytes_total[2]; /* of a link: 0 or 1; sent, received */
    uint64_t mem_used_bytes, mem_total_bytes;
};

/* What the driver's accounting says of a process that runs; only where an operator switched it on.
 */
struct accelerator_account {
    unsigned accelerator;
    int pid;
    double sm_ratio, mem_ratio; /* over the life of the process */
    double mem_max_bytes, time_s;
};

enum instance_part {
    INSTANCE_COPY_ENGINES,
    INSTANCE_DECODERS,
    INSTANCE_ENCODERS,
    INSTANCE_JPEG,
    INSTANCE_OFA,
    INSTANCE_GPU_SLICES,
    INSTANCE_COMPUTE_SLICES,
    INSTANCE_PARTS
};

/* A part that a device is cut into (NVIDIA's MIG), used as a device of its own. */
struct accelerator_instance {
    unsigned accelerator;                    /* index of its platform */
    unsigned index;                          /* on its device */
    char uuid[96], profile_name[32];         /* "3g.71gb" */
    unsigned gpu_instance, compute_instance; /* UINT_MAX: unknown */
    /* Of the GPU instance: its compute instances share them. */
    uint64_t mem_used_bytes, mem_total_bytes, mem_free_bytes, mem_reserved_bytes;
    double sm_count;
    double part[INSTANCE_PARTS]; /* how many it has of each */
    double profile[PROFILE_METRICS];
};

/* An error that the driver reported: NVIDIA's XID. */
struct accelerator_xid {
    unsigned accelerator; /* index of its platform */
    unsigned xid;
    uint64_t count;      /* since start */
    uint64_t recent;     /* in the last five minutes, to half a minute */
    double last_s;       /* Unix time */
    const char *meaning; /* static, a few words; "" unknown */
    bool latest;         /* of its device */
};

/* The same as the kernel's log has it, which says where on the bus the device is. Counted as far
 * back as the log reaches: also what was before the program started. */
struct logged_xid {
    char bus_id[24]; /* 0000:3b:00.0 */
    unsigned xid;
    uint64_t count, recent;
    double last_s;
    const char *meaning;
};

/* A process on a device. The host's process table tells who it is (struct process, by pid). */
struct accelerator_process {
    unsigned accelerator; /* index of its platform */
    int pid;
    char type; /* 'C' compute, 'G' graphics, 'M' MPS */
    uint64_t mem_used_bytes;
    double sm_ratio, mem_ratio, encoder_ratio, decoder_ratio; /* since the last reading */
};

/* A place of the bus where the kernel sees an accelerator, whatever its driver says of it. */
struct gpu_slot {
    const char *platform; /* the collector that lists it once its driver has it */
    char bus_id[24];      /* 0000:3b:00.0 */
    char driver[24];      /* of the kernel, that is bound to it; "" none */
    char name[96], uuid[96];
    bool ours;   /* bound to the driver of `platform` */
    bool asleep; /* runtime suspended */
    bool silent; /* answers nothing on the bus: its registers read as ones */
    bool given;  /* not kept from this container, as far as the driver's files tell */
};

/* Versions of a platform's software; one per collector that knows them. */
struct platform_info {
    const char *platform;
    char driver_version[80], library_version[80],
        runtime_version[32]; /* runtime: CUDA's for nvidia, "13.0" */
    char runtime_name[16];   /* "CUDA" */
};

/* A field whose reading was outside its range, a sentinel, or too old, and so was withdrawn. */
struct reading_reject {
    const char *field;  /* static: "nvidia.temperature" */
    const char *reason; /* static: "range", "sentinel", "stale" */
    uint64_t count;     /* since start */
};

/* Something the operator should know: printed by doctor, counted in metrics, shown on empty pages.
 */
enum finding_level {
    FINDING_OK,
    FINDING_NOTE,
    FINDING_WARNING,
    FINDING_ERROR
};
struct finding {
    enum finding_level level;
    const char *topic; /* static: "nvidia driver" */
    char what[200];    /* what was found */
    char advice[300];  /* what to do about it; "" when nothing */
};

/* What one collector read once. Arrays live in `arena`, which the reader of the struct resets. */
struct reading {
    struct arena *arena;
    uint64_t mono_ns; /* when the read began; 0: the collector looks at the clock and sets it */
    bool release;     /* asked of a collector that `releases`: close the driver, say who is there */
    bool released;    /* answered: the driver is closed, for that or for reasons of its own */
    bool withdrawn;   /* devices that were read may not be opened any more */
    struct cpu cpu;
    struct memory memory;
    struct chassis chassis;
    struct board board;
    struct filesystem *filesystems;
    size_t filesystem_len;
    struct process *processes; /* every process of the machine, in no order */
    size_t process_len;
    uint64_t processes_hidden;   /* exist, but may not be read (hidepid) */
    uint64_t processes_left_out; /* for which there was no room in the arena */
    struct accelerator *accelerators;
    size_t accelerator_len;
    struct accelerator_process *accelerator_processes;
    size_t accelerator_process_len;
    bool openers_known; /* the open files of all processes were looked through */
    struct device_opener *openers;
    size_t opener_len;
    uint64_t openers_unreadable; /* processes whose open files may not be read */
    struct hpc_job *hpc_jobs;
    size_t hpc_job_len;
    bool allocations_known; /* the kubelet answered */
    struct allocation *allocations;
    size_t allocation_len;
    struct accelerator_link *links;
    size_t link_len;
    struct accelerator_instance *instances;
    size_t instance_len;
    struct accelerator_link_fifth *links_fifth;
    size_t link_fifth_len;
    struct accelerator_peer *peers;
    size_t peer_len;
    struct accelerator_vgpu *vgpus;
    size_t vgpu_len;
    struct accelerator_account *accounts;
    size_t account_len;
    struct accelerator_part *parts;
    size_t part_len;
    struct accelerator_xid *xids; /* by accelerator, in order of their first appearance */
    size_t xid_len;
    struct logged_xid *logged_xids;
    size_t logged_xid_len;
    struct gpu_slot *slots; /* in bus order */
    size_t slot_len;
    bool slots_read; /* the bus was looked at: that a slot is not there means something */
    struct platform_info *platforms;
    size_t platform_len;
    struct reading_reject *rejects;
    size_t reject_len;
};

/** A reading with everything unknown and empty, its memory to come from `arena` (borrowed). */
void reading_init(struct reading *r, struct arena *arena);

/** Everything of it unknown. */
void accelerator_detail_init(struct accelerator_detail *d);

/** Everything of an accelerator unknown, for `platform`. */
void accelerator_init(struct accelerator *a, const char *platform, unsigned index);

/** Appends a part of which all is unknown but its name; NULL when it does not fit in memory. It
 * moves when the next one is added. */
struct accelerator_part *reading_add_part(struct reading *r, unsigned accelerator, const char *kind,
                                          const char *name);

/* ---- collectors ---- */

/* Whether a process that a driver names is one of those that procfs shows. */
enum holding {
    HOLDING_UNKNOWN, /* its open files may not be read */
    HOLDING_YES,     /* it has a device node open */
    HOLDING_NO,      /* it has none: another process of another PID namespace, or one that came
                        later to the number */
};

struct collector {
    const char *name; /* "nvidia": also its flag, its log field and its file */
    /* Cheap look for the hardware below `paths`; false is no error, the collector is left out and
     * asked again later. */
    bool (*detect)(const struct host_paths *paths);
    int (*open)(const struct host_paths *paths, void **ret, struct error *err);
    /* Fills `out` once, on the collector's own thread. On failure what it filled so far stands.
     * -ENODEV: the hardware or driver went away; the worker closes, and opens again when detect()
     * says so. */
    int (*read)(void *state, struct reading *out, struct error *err);
    void (*close)(void *state); /* NULL is fine */
    /* Adds what an operator should know about this platform on this machine, healthy or not. May be
     * NULL. */
    void (*diagnose)(const struct host_paths *paths, struct arena *a, struct finding **ret,
                     size_t *ret_len);
    bool releases;       /* keeps a driver open, and closes it when a reading says `release` */
    int64_t interval_ms; /* its own period where the usual one is too quick; 0: the worker's */
    /* Looks through the open files of a process, without waiting for its memory; a process table
     * has this, others NULL. */
    enum holding (*holds)(const struct host_paths *paths, int pid);
};

/* In the order in which accelerators are numbered; NULL ends it. */
extern const struct collector *const collectors[];

/** Appends the names of all of them, with commas between. */
void collector_names(struct buf *to);

/** Whether a link of /proc/<pid>/fd leads to the node of an accelerator, whoever made it. */
bool device_is_node(struct str target);

/** Appends a finding in `a`; texts are formatted. Used by diagnose(). */
void finding_add(struct arena *a, struct finding **list, size_t *len, enum finding_level level,
                 const char *topic, const char *advice, const char *what, ...) PRINTF_LIKE(7, 8);

#endif
