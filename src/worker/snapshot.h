/* snapshot.h - what a snapshot holds, for the files of this room that fill, render and print it. */
#ifndef ALGALON_WORKER_SNAPSHOT_H
#define ALGALON_WORKER_SNAPSHOT_H

#include "base/base.h"
#include "device/device.h"
#include "worker/choice.h"
#include "worker/holder.h"
#include "worker/recycle.h"
#include "worker/schedule.h"
#include "worker/worker.h"

/* What does not change while the worker runs. */
struct machine {
    char hostname[256];
    char version[64];
    char os[16], arch[32];
    char pod[128], pod_namespace[64]; /* that this process runs in; "" in none */
    unsigned process_limit, process_series_limit;
    size_t snapshot_max_bytes; /* of merged arrays */
    enum process_command process_command;
    bool instance_label;
    bool timestamps;             /* lines bear the time of their reading */
    bool alias_labels;           /* gpu_name and cpu_id: see SCHEMA_ALIAS */
    unsigned dcgm_labels;        /* bits: places in choice_labels() */
    const char *dcgm_host_label; /* "Hostname" or "hostname", static; NULL: none */
};

/* Readings of a device that cannot both be true. In the order of doubt_names. */
enum doubt {
    DOUBT_IDLE_POWER,  /* works at full load, draws what it draws idle */
    DOUBT_MEMORY,      /* memory in use for minutes, and no process */
    DOUBT_POWER_LIMIT, /* draws more than it may */
    DOUBT_PROFILE,     /* works at full load, profiling counts nothing */
    DOUBT_ENERGY,      /* the counter of energy and the board's own power differ */
    DOUBT_CLOCK,       /* above its highest clock */
    DOUBT_TEMPERATURE, /* warmer than where it switches itself off */
    DOUBTS
};
extern const char *const doubt_names[DOUBTS];

/* Where power goes. In the order of power_part_names. */
enum power_part {
    POWER_GPU,
    POWER_CPU,
    POWER_NODE,        /* the whole machine */
    POWER_UNACCOUNTED, /* of that, what the others do not tell */
    POWER_PARTS
};
extern const char *const power_part_names[POWER_PARTS];

/* An accelerator with its place among those of all platforms. Starts with the reading's own struct,
 * so that tables of offsets serve both. */
struct merged_accelerator {
    struct accelerator device;
    unsigned number;                             /* gpu_index */
    const struct platform_info *platform;        /* NULL: unknown */
    const struct accelerator_instance *instance; /* that a row speaks of; NULL: the device */
    uint64_t processes;              /* UNKNOWN_COUNT while the device does not answer */
    uint64_t mps_servers;            /* of the multi-process service; UNKNOWN_COUNT likewise */
    double held;                     /* 1 or 0; NAN while the device does not answer */
    uint64_t mem_unattributed_bytes; /* in use, but of no process that the driver lists */
    uint64_t open_unlisted;   /* processes that have it open, and that the driver does not list */
    const struct holder *pod; /* that has it alone; NULL: none, or several */
    const char *hpc_job;      /* the same, out of the folder of jobs */
    double doubtful[DOUBTS];  /* 1 or 0; NAN where it cannot be told */
};

/* A process that has a device open and is not listed on it. */
struct merged_opener {
    int pid;
    const struct merged_accelerator *on;
    const struct process *host; /* NULL: not known */
};

/* A pod's part of a device that several hold, or what is left of it, or a device that none shares.
 */
struct dcgm_share {
    const struct merged_accelerator *row;
    const struct holder *pod; /* NULL: what is left, or nobody's alone */
    double utilization_ratio;
    uint64_t mem_used_bytes;
};

/* A part of a device: with it what the device is. */
struct merged_link {
    struct accelerator_link link;
    const struct merged_accelerator *on;
};

struct merged_instance {
    struct accelerator_instance instance;
    const struct merged_accelerator *on;
};

struct merged_link_fifth {
    struct accelerator_link_fifth link;
    const struct merged_accelerator *on;
};

struct merged_peer {
    struct accelerator_peer peer;
    const struct merged_accelerator *on, *other;
};

struct merged_vgpu {
    struct accelerator_vgpu vgpu;
    const struct merged_accelerator *on;
};

struct merged_part {
    struct accelerator_part part;
    const struct merged_accelerator *on;
};

struct merged_account {
    struct accelerator_account account;
    const struct merged_accelerator *on;
};

struct merged_xid {
    struct accelerator_xid xid;
    const struct merged_accelerator *on;
};

/* A process on a device, joined with what the host knows of it. */
struct merged_process {
    struct accelerator_process use; /* contexts of several types on one device are one */
    unsigned number;                /* gpu_index */
    char device_uuid[96];
    bool known; /* the host's process table has it; else `host` is unknown throughout */
    bool first; /* of the rows with its pid */
    bool other; /* the sum of those beyond the limit of series */
    struct process host;
};

/* Where a GPU is. In the order of presence_names. */
enum presence_state {
    PRESENCE_PRESENT,
    PRESENCE_ASLEEP,
    PRESENCE_RELEASED,     /* its driver was let go on the operator's word */
    PRESENCE_FORBIDDEN,    /* counted by the driver, but this process may not open it */
    PRESENCE_NOT_GIVEN,    /* kept from this container, or excluded from the driver */
    PRESENCE_MISSING,      /* on the bus and bound to its driver, which does not answer for it */
    PRESENCE_OFF_BUS,      /* not on the bus any more, or silent there */
    PRESENCE_VFIO,         /* handed to virtual machines */
    PRESENCE_NOUVEAU,      /* bound to the free driver, which tells nothing */
    PRESENCE_OTHER_DRIVER, /* bound to another */
    PRESENCE_NO_DRIVER,    /* bound to none */
    PRESENCE_STATES
};
extern const char *const presence_names[PRESENCE_STATES];

struct gpu_presence {
    char bus_id[24], driver[24], uuid[96], name[96], serial[32];
    enum presence_state state;
    unsigned number; /* gpu_index; UINT_MAX: it has none now */
};

/* A family's lines in the text: where its HELP starts, where its samples. */
struct family_span {
    const struct catalogue_family *family;
    size_t start, samples, end;
};

/* What --memory-limit has no room for. */
enum left_out {
    LEFT_OUT_PROCESSES, /* of the host */
    LEFT_OUT_DEVICE_PROCESSES,
    LEFT_OUT_SERIES,
    LEFT_OUT_KINDS
};
extern const char *const left_out_names[LEFT_OUT_KINDS];

struct snapshot {
    struct recycled base;
    struct machine machine;
    uint64_t seq;
    int64_t ts_ms;
    bool withdrawn; /* devices that were read may not be opened any more */

    /* Merged state: arrays in `arena` or in the readings held. */
    struct arena arena;
    struct held_reading *held[COLLECTORS_MAX];
    size_t held_len;
    const struct cpu *cpu; /* NULL: nobody read it; so the next three */
    const struct memory *memory;
    const struct chassis *chassis;
    const struct board *board;
    struct merged_accelerator *accelerators; /* by number */
    size_t accelerator_len;
    struct merged_link *links; /* by number, then index */
    size_t link_len;
    struct merged_instance *instances;
    size_t instance_len;
    /* A row per device, or per instance of those that are cut into some: what dcgm-exporter shows.
     * NULL while none is. */
    struct merged_accelerator *rows;
    size_t row_len;
    struct merged_xid *xids;
    size_t xid_len;
    struct merged_link_fifth *links_fifth;
    size_t link_fifth_len;
    struct merged_peer *peers;
    size_t peer_len;
    struct merged_vgpu *vgpus;
    size_t vgpu_len;
    struct merged_part *parts;
    size_t part_len;
    struct merged_account *accounts;
    size_t account_len;
    struct merged_process *device_processes; /* by pid, then number */
    size_t device_process_len;
    struct merged_process *process_rows; /* of these as many as may be series, the rest summed */
    size_t process_row_len;
    struct merged_opener *openers; /* while memory is not explained */
    size_t opener_len;
    struct dcgm_share *dcgm_shares;
    size_t dcgm_share_len;
    struct holder *holders; /* by gpu_index, kind and name */
    size_t holder_len;
    uint64_t process_log_lines, process_log_lost;       /* UNKNOWN_COUNT: there is no such log */
    uint64_t attributed[HOLDER_KINDS];                  /* processes on devices, by their holder */
    uint64_t attribution_failures[ATTRIBUTION_REASONS]; /* since start */
    struct process *processes; /* the busiest and those on a device, by pid */
    size_t process_len;
    uint64_t left_out[LEFT_OUT_KINDS];        /* of this reading */
    uint64_t process_count, processes_hidden; /* UNKNOWN_COUNT: nobody counted */
    struct filesystem *filesystems;           /* by mount point */
    size_t filesystem_len;
    const struct gpu_slot *slots; /* of a reading held */
    size_t slot_len;
    bool slots_read;
    struct gpu_presence *presences; /* by bus id; those without one last */
    size_t presence_len;
    uint64_t index_changes, replacements; /* UNKNOWN_COUNT: the bus was not looked at */
    double part_power_w[POWER_PARTS], part_energy_j[POWER_PARTS]; /* energy: since start */
    struct platform_info *platforms;
    size_t platform_len;
    struct reading_reject *rejects;
    size_t reject_len;
    struct collector_view *collectors; /* without their readings */
    size_t collector_len;

    /* The text, written once by render(); then whole until the snapshot is reused. */
    struct buf text;
    struct family_span *spans;
    size_t span_len, span_cap;

    pthread_mutex_t lock; /* lock: made, forms */
    bool made[4];         /* by enum snapshot_form */
    struct buf forms[4];  /* SNAPSHOT_TEXT's place stays empty: it is `text` */
};

/** A recycler of snapshots. */
struct recycler *snapshot_recycler(void);

/** An empty snapshot of `machine`; NULL when memory is out. */
MUST_CHECK struct snapshot *snapshot_take(struct recycler *home, const struct machine *machine);

#endif
