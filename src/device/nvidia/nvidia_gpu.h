/* nvidia_gpu.h - one GPU: who it is, what it does now, who uses it. Start at nvidia_gpu_identify(),
 * then nvidia_gpu_read() once per reading. Everything here runs on the collector's thread. */
#ifndef ALGALON_DEVICE_NVIDIA_NVIDIA_GPU_H
#define ALGALON_DEVICE_NVIDIA_NVIDIA_GPU_H

#include "device/device.h"
#include "device/nvidia/nvidia_check.h"
#include "device/nvidia/nvml.h"

/* What can be asked of a GPU. What it once said it does not support is not asked again. */
enum question {
    ASK_SAMPLES_POWER, /* in the order of enum nvml_sampling_type */
    ASK_SAMPLES_GPU,
    ASK_SAMPLES_MEMORY,
    ASK_SAMPLES_ENCODER,
    ASK_SAMPLES_DECODER,
    ASK_SAMPLES_SM_CLOCK,
    ASK_SAMPLES_MEMORY_CLOCK,
    ASK_SAMPLES_MODULE_POWER,
    ASK_SAMPLES_JPEG,
    ASK_SAMPLES_OFA,
    ASK_UTILIZATION,
    ASK_ENCODER,
    ASK_DECODER,
    ASK_MEMORY_V2,
    ASK_MEMORY_V1,
    ASK_TEMPERATURE,
    ASK_FIELDS, /* one call for many values, each of which may be refused by itself */
    ASK_POWER,
    ASK_POWER_LIMIT,
    ASK_ENERGY,
    ASK_CLOCK, /* and the three behind it, in the order of enum nvml_clock */
    ASK_CLOCK_SM,
    ASK_CLOCK_MEMORY,
    ASK_CLOCK_VIDEO,
    ASK_PSTATE,
    ASK_THROTTLE,
    ASK_FAN_SPEED,
    ASK_FAN_RPM,
    ASK_ECC_MODE,
    ASK_ECC_CORRECTED,
    ASK_ECC_UNCORRECTED,
    ASK_PERSISTENCE,
    ASK_COMPUTE_MODE,
    ASK_MIG_MODE,
    ASK_PCIE_GENERATION,
    ASK_PCIE_WIDTH,
    ASK_COMPUTE,
    ASK_COMPUTE_V1,
    ASK_GRAPHICS,
    ASK_GRAPHICS_V1,
    ASK_MPS,
    ASK_MPS_V1,
    ASK_PROCESS_UTILIZATION,
    ASK_JPEG,
    ASK_OFA,
    ASK_REMAP_HISTOGRAM,
    ASK_GPM,
    ASK_LINKS,
    ASK_LINK_ERRORS,
    ASK_FABRIC,
    ASK_FABRIC_V2,
    ASK_FABRIC_V1,
    ASK_LINK_FIFTH,
    ASK_LINK_REMOTE_PCI,
    ASK_C2C_MODE,
    ASK_C2C_LINKS,
    ASK_BAR1,
    ASK_MARGIN,
    ASK_MEMORY_ERRORS,
    ASK_SRAM_STATUS,
    ASK_PAGES_PENDING,
    ASK_REMAPPED_ROWS,
    ASK_VIOLATION,
    ASK_CLOCK_BOOST_MAX,
    ASK_CLOCK_REQUESTED, /* of the graphics clock; so the next of the memory clock */
    ASK_CLOCK_REQUESTED_MEMORY,
    ASK_DISPLAY_ACTIVE,
    ASK_ENCODER_STATS,
    ASK_CAPTURE_STATS,
    ASK_PCIE_THROUGHPUT,
    ASK_ACCOUNTING_MODE,
    ASK_ACCOUNTING_STATS,
    ASK_CONFIDENTIAL_MEMORY,
    ASK_LICENSE,
    ASK_HOST_VGPU_MODE,
    ASK_VGPUS,
    ASK_VGPU_SCHEDULER,
    ASK_VGPUS_UTILIZATION,
    ASK_VGPU_UTILIZATION,
    ASK_ONCE, /* what is asked once for the life of the handle */
    ASK_QUESTIONS
};
#define ASK_WORDS 2
_Static_assert(ASK_QUESTIONS <= 64 * ASK_WORDS, "one bit for each");
_Static_assert((int)ASK_SAMPLES_OFA == (int)NVML_SAMPLES_OFA, "in the order of the rings");

#define NVIDIA_FIELD_WORDS 2 /* of 64 bits */

/* A counter as it stood when its rate was last computed. */
struct nvidia_rate {
    double total; /* NAN: not seen yet */
    uint64_t mono_ns;
};

#define CLOCK_SLOTS   10 /* five minutes */
#define MIG_INSTANCES 16 /* seven are the most so far */

/* Two samples of GPM's counters, taken one after the other. Memory of the library's. */
struct gpm_pair {
    struct nvml_gpm_sample *samples[2];
    unsigned newest;
    uint64_t mono_ns; /* when that was taken; 0: none yet */
};

struct instance {
    struct nvml_device *handle;
    struct accelerator_instance now; /* as of the last reading */
    struct gpm_pair gpm;
};

/* What is counted here since the first reading, and so outlives the library. */
struct gpu_counted {
    uint64_t mono_ns; /* up to here; 0: not begun */
    double busy_s, memory_busy_s, lost_s, energy_j;
    double engine_s[ENGINES];
    double context_switches;
};

struct gpu {
    struct nvml_device *handle;   /* NULL: not open */
    enum accelerator_state state; /* as the last reading left it */
    struct accelerator identity;  /* what holds for the life of the handle; the rest unknown */
    bool identified;              /* NVML itself has told who it is */
    enum accelerator_state told;  /* the state that was logged last */
    bool may_sleep;               /* the driver powers it down when nobody holds it */
    bool resting;                 /* let go by us, so that it can fall asleep */
    double mig_mode;              /* of the last reading: what is supported depends on it */
    unsigned fans;
    uint64_t unsupported[ASK_WORDS];     /* a bit per question */
    unsigned sized;                      /* a bit per ring of samples whose length is known */
    uint64_t seen_us[NVML_SAMPLE_TYPES]; /* newest sample taken; 0: none yet */
    uint64_t process_seen_us;
    double energy_j; /* at energy_mono_ns; NAN: none yet */
    uint64_t energy_mono_ns;
    uint64_t fields_refused[NVIDIA_FIELD_WORDS]; /* a bit per entry of the table of fields */
    struct accelerator_detail kept;              /* what is asked seldom, as it was found */
    uint64_t kept_next_ns;                       /* when it is asked again */
    struct nvidia_rate pcie_rate[2], link_rate[2], first_link_rate[2];
    size_t link_len;
    uint64_t links_next_ns; /* when they are asked again */
    bool link_bytes;        /* counts bytes where older generations count KiB */
    double throttle_s[THROTTLE_TIMES];
    uint64_t throttle_ns;
    struct gpu_counted counted;
    /* A bit per counter of nvidia_health.c: has no field and is asked by a call, which may refuse
     * it too. */
    unsigned errors_wanted, errors_refused, violations_wanted, violations_refused;
    bool pages_wanted, rows_wanted;
    uint64_t fifth_refused; /* a bit per field of nvidia_fabric.c */
    uint64_t gpm_refused;   /* a bit per metric that only the whole GPU has */
    uint64_t health_next_ns, limits_next_ns, pcie_next_ns, c2c_next_ns,
        accounting_next_ns; /* asked again */
    uint64_t vgpu_seen_us;
    uint64_t histogram_next_ns;
    size_t instance_len;
    uint64_t layout_next_ns; /* when they are listed anew */
    struct gpm_pair gpm;
    bool gpm_plain;                                   /* only its first metrics may be asked */
    bool gpm_known;                                   /* to be supported */
    unsigned clock_events[CLOCK_SLOTS][CLOCK_EVENTS]; /* readings by slot of half a minute */
    uint64_t clock_slot;                              /* the newest */
    bool layout_changed;    /* its instances (MIG) are others than they were */
    uint64_t idle_since_ns; /* no load and no process since then; 0: in use */
    /* Last and not cleared: most GPUs use little of it, and what is not used takes no memory. */
    struct accelerator_link links[NVML_LINKS];
    struct instance instances[MIG_INSTANCES];
};

/* What all GPUs of a reading share. */
struct nvidia_parts; /* lists over all GPUs: nvidia_parts.h */
struct nvidia_poll;

struct gpu_context {
    struct nvml nvml;
    struct nvidia_parts *parts; /* NULL: none yet */
    struct nvidia_poll *poll;   /* nvidia_poll.h; NULL: no GPU needs it */
    struct check check;
    const struct host_paths *paths;
    unsigned answers, failures;  /* of the GPU that is being read: calls that worked, or failed
                                    for the moment */
    unsigned refusals;           /* and those that the operating system or the driver forbade */
    int stale_code;              /* the NVML code that made the library void; 0: it is good */
    uint64_t mono_ns;            /* of this reading */
    int64_t now_us;              /* Unix time of this reading: the clock of the driver's samples */
    int64_t interval_us;         /* since the last reading; 0: there was none */
    int64_t usual_us;            /* the interval before that */
    bool process_r535;           /* this driver writes 32 bytes a process where 24 are agreed */
    struct nvml_sample *samples; /* scratch, as are all below */
    size_t sample_cap;
    struct nvml_process_sample *process_samples;
    size_t process_sample_cap;
    unsigned char *process_list;
    size_t process_list_cap;               /* bytes */
    struct accelerator_process *processes; /* of all GPUs so far */
    size_t process_len, process_cap;
};

/** True when `q` was refused for good. */
bool nvidia_gpu_refused(const struct gpu *g, enum question q);

/** Empty: nothing known, nothing asked. */
void nvidia_gpu_init(struct gpu *g, unsigned index);

/** Asks who it is and what never changes. */
void nvidia_gpu_identify(struct gpu_context *c, struct gpu *g);

/** Reads everything that changes into `a` and appends its processes to the context. Sets the GPU's
 * state to lost, or the context's stale_code, when the driver says so. Errors: -ENOMEM. */
MUST_CHECK int nvidia_gpu_read(struct gpu_context *c, struct gpu *g, struct accelerator *a);

/** Frees the scratch memory; the library is left alone. */
void nvidia_gpu_context_fini(struct gpu_context *c);

/* ---- between nvidia_gpu.c, nvidia_samples.c and nvidia_process.c ---- */

/** True when `q` is worth asking: the GPU and the library are there, and it was not refused
 * before. */
bool nvidia_gpu_may(const struct gpu_context *c, const struct gpu *g, enum question q);

/** Takes note of the answer's code; true when it is a success. */
bool nvidia_gpu_told(struct gpu_context *c, struct gpu *g, enum question q, int code);

/* Asks a question: true when the call was made and succeeded. */
#define ASK(c, g, q, call, ...)                                                                    \
    ((c)->nvml.call && nvidia_gpu_may((c), (g), (q)) &&                                            \
     nvidia_gpu_told((c), (g), (q), (c)->nvml.call((g)->handle, __VA_ARGS__)))

/** Forgets what the GPU refused: in another mode it may answer. */
void nvidia_fields_forget(struct gpu *g);

/** Asks for all field values in one call. What changes seldom is asked every quarter of a minute
 * and shown as it was then. */
void nvidia_fields_read(struct gpu_context *c, struct gpu *g, struct accelerator *a);

/** Asks for the marks of the board: part numbers, InfoROM, firmware. Once, as identity. */
void nvidia_board_identify(struct gpu_context *c, struct gpu *g);

/** Asks for its spare rows, and counts what held the clocks down. */
void nvidia_board_read(struct gpu_context *c, struct gpu *g, struct accelerator *a);

/** Asks every quarter of a minute for the state of each NVLink. */
void nvidia_link_read(struct gpu_context *c, struct gpu *g, struct accelerator *a);

/** Lists the instances of a GPU that is cut into some, and reads their memory. */
void nvidia_mig_read(struct gpu_context *c, struct gpu *g);
void nvidia_mig_forget(struct gpu_context *c, struct gpu *g);

/** Takes a sample of GPM's counters and says what lies between it and the last one: of the GPU, or
 * of each of its instances. */
void nvidia_gpm_read(struct gpu_context *c, struct gpu *g, struct accelerator *a);

/** Gives the samples back; must be done before the library is shut down. */
void nvidia_gpm_release(struct gpu_context *c, struct gpm_pair *p);

/** Growth per second of a counter since the last call; NAN at first, and when it began again. */
double nvidia_rate_of(struct nvidia_rate *r, double total, uint64_t mono_ns);

struct sample_summary {
    double mean, peak, low, last; /* NAN: no sample since the last reading */
};

/** Mean and peak of the driver's samples since the last reading. Errors: -ENOMEM. */
MUST_CHECK int nvidia_samples_read(struct gpu_context *c, struct gpu *g, int type,
                                   enum check_field field, struct sample_summary *ret);

/** Appends the processes on `g` to the context, with their shares of it. Errors: -ENOMEM. */
MUST_CHECK int nvidia_process_read(struct gpu_context *c, struct gpu *g);

#endif
