/* scope.h - what families speak of: each scope lists things of a snapshot (devices, cores, disks)
 * and says which labels a line about one of them carries. */
#ifndef ALGALON_WORKER_SCOPE_H
#define ALGALON_WORKER_SCOPE_H

#include "worker/label.h"
#include "worker/snapshot.h"

enum scope {
    SCOPE_MACHINE,   /* struct snapshot */
    SCOPE_UP,        /* struct snapshot */
    SCOPE_BUILD,     /* struct snapshot */
    SCOPE_COLLECTOR, /* struct collector_view */
    SCOPE_REJECT,    /* struct reading_reject */
    SCOPE_GPU,       /* struct merged_accelerator, and so struct accelerator; so the next four */
    SCOPE_GPU_INFO,
    SCOPE_GPU_ENERGY,
    SCOPE_GPU_ECC, /* two lines a device: see scope_ecc_types */
    SCOPE_GPU_ECC_LOCATION,
    SCOPE_GPU_THROTTLE,      /* a line a reason: see scope_throttle */
    SCOPE_GPU_THROTTLE_TIME, /* a line per entry of an array in the detail; so the next two */
    SCOPE_GPU_PCIE_ERROR,
    SCOPE_GPU_MARGIN,
    SCOPE_GPU_BOARD_INFO,
    SCOPE_GPU_GSP_INFO,
    SCOPE_GPU_BANKS,
    SCOPE_GPU_PRESSURE,
    SCOPE_INSTANCE, /* struct merged_instance */
    SCOPE_XID,      /* struct merged_xid; so the next two */
    SCOPE_DCGM_XID,
    SCOPE_DCGM_XID_COUNT,
    SCOPE_GPU_C2C_ERROR,
    SCOPE_GPU_FABRIC,
    SCOPE_LINK, /* struct merged_link; so the next two */
    SCOPE_LINK_REMOTE,
    SCOPE_LINK_ERROR,
    SCOPE_GPU_PROCESS, /* struct merged_process */
    SCOPE_GPU_PROCESS_INFO,
    SCOPE_HOLDER,              /* struct holder */
    SCOPE_OPENER,              /* struct merged_opener */
    SCOPE_ATTRIBUTED,          /* struct snapshot: a line a kind of holder */
    SCOPE_ATTRIBUTION_FAILURE, /* struct snapshot: a line a reason */
    SCOPE_CPU,                 /* struct cpu; so the next two */
    SCOPE_CPU_INFO,
    SCOPE_CPU_HOST,
    SCOPE_SOCKET, /* struct cpu_socket */
    SCOPE_CORE,   /* struct cpu_core; so the next */
    SCOPE_CORE_CLOCK,
    SCOPE_MEMORY, /* struct memory; so the next */
    SCOPE_MEMORY_HOST,
    SCOPE_DISK, /* struct filesystem; so the next */
    SCOPE_DISK_INFO,
    SCOPE_PROCESS, /* struct process */
    SCOPE_CHASSIS, /* struct chassis; so the next four */
    SCOPE_CHASSIS_INFO,
    SCOPE_VIRTUALIZATION,
    SCOPE_ENVIRONMENT,
    SCOPE_CONTAINER,
    SCOPE_CHASSIS_PRESSURE,
    SCOPE_CHASSIS_FAN,  /* a line a fan */
    SCOPE_CHASSIS_CPU,  /* struct cpu */
    SCOPE_POD,          /* struct snapshot */
    SCOPE_GPU_MIG_MODE, /* struct merged_accelerator */
    SCOPE_GPU_DOUBT,    /* struct merged_accelerator: a line a check */
    SCOPE_POWER,        /* struct snapshot: a line a part */
    SCOPE_PRESENCE,     /* struct gpu_presence */
    SCOPE_BOARD,        /* struct board; so the next two */
    SCOPE_BOARD_INFO,
    SCOPE_BOARD_POWER,
    SCOPE_RAIL,              /* struct board_rail */
    SCOPE_ZONE,              /* struct board_zone */
    SCOPE_ENGINE,            /* struct board_engine */
    SCOPE_ALIAS_GPU,         /* struct merged_accelerator */
    SCOPE_ALIAS_GPU_PROCESS, /* struct merged_process */
    SCOPE_ALIAS_DISK,        /* struct filesystem */
    SCOPE_ALIAS_PROCESS,     /* struct process */
    SCOPE_DCGM_CLOCK_EVENT,  /* as the next, a line a reason */
    SCOPE_DCGM_SHARE,        /* struct dcgm_share */
    SCOPE_DCGM,              /* struct merged_accelerator: a row of it, see struct snapshot */
    SCOPE_LEFT_OUT, /* struct snapshot: a line a kind; rendered last, for it counts lines */
    SCOPE_MORE,     /* from here on those of scope_more.c; struct merged_accelerator: */
    SCOPE_GPU_ENGINE = SCOPE_MORE, /* a line per entry of an array in the detail */
    SCOPE_GPU_CLOCK_INTERVAL,
    SCOPE_GPU_CLOCK_LIMIT,
    SCOPE_GPU_THRESHOLD,
    SCOPE_GPU_SRAM_KIND,
    SCOPE_GPU_SRAM_UNIT,
    SCOPE_GPU_RESET,
    SCOPE_GPU_FAN,
    SCOPE_GPU_PROCESS_TYPE,
    SCOPE_GPU_FEC,
    SCOPE_GPU_PROF_ENGINE,
    SCOPE_GPU_PROF_CACHE,
    SCOPE_GPU_PROF_TENSOR,
    SCOPE_GPU_PROF_C2C,
    SCOPE_GPU_PROF_CYCLES,
    SCOPE_GPU_PCIE_SAMPLED,
    SCOPE_GPU_AFFINITY,
    SCOPE_GPU_FABRIC_INFO,
    SCOPE_GPU_RACK,
    SCOPE_GPU_VGPU_HOST,
    SCOPE_GPU_VGPU_SCHEDULER,
    SCOPE_PEER, /* struct merged_peer */
    SCOPE_DCGM_PEER,
    SCOPE_LINK_FIFTH_ERROR, /* struct merged_link_fifth */
    SCOPE_LINK_FIFTH_RECOVERY,
    SCOPE_LINK_FIFTH_RATE,
    SCOPE_LINK_RATE,     /* struct merged_link */
    SCOPE_INSTANCE_PART, /* struct merged_instance */
    SCOPE_INSTANCE_PIPE,
    SCOPE_INSTANCE_TENSOR,
    SCOPE_VGPU, /* struct merged_vgpu */
    SCOPE_VGPU_INFO,
    SCOPE_ACCOUNT,       /* struct merged_account */
    SCOPE_PART,          /* struct merged_part; so the next */
    SCOPE_PART_THROTTLE, /* a line a reason: see scope_throttle */
    SCOPE_NPU,           /* from here on those of scope_npu.c; struct merged_accelerator */
    SCOPE_NPU_DEVICE_INFO,
    SCOPE_NPU_FIRMWARE_INFO,
    SCOPE_NPU_STATUS,
    SCOPE_NPU_RESET, /* a line a kind: hard, soft */
    SCOPE_TENSTORRENT,
    SCOPE_TENSTORRENT_BOARD_INFO,
    SCOPE_TENSTORRENT_METHOD_INFO,
    SCOPE_TENSTORRENT_ARC_INFO,
    SCOPE_TENSTORRENT_ETH_INFO,
    SCOPE_TENSTORRENT_ADDRESS_INFO,
    SCOPE_TENSTORRENT_PCI_INFO,
    SCOPE_GAUDI,
    SCOPE_GAUDI_NAME_INFO,
    SCOPE_GAUDI_DRIVER_INFO,
    SCOPE_TPU,
    SCOPE_TPU_CHIP_INFO,
    SCOPE_TPU_TYPE_INFO,
    SCOPE_TPU_MEMORY_INFO,
    SCOPE_TPU_RUNTIME_INFO,
    SCOPE_REBELLIONS_DEVICE_INFO,
    SCOPE_REBELLIONS_FIRMWARE_INFO,
    SCOPE_REBELLIONS_DRIVER_INFO,
    SCOPE_REBELLIONS_PSTATE_INFO,
    SCOPE_REBELLIONS_STATUS,
    SCOPE_FURIOSA,
    SCOPE_FURIOSA_DEVICE_INFO,
    SCOPE_FURIOSA_CHIP_INFO,
    SCOPE_FURIOSA_DRIVER_INFO,
    SCOPE_FURIOSA_FIRMWARE_INFO,
    SCOPE_FURIOSA_STATUS,
    SCOPE_COUNT
};

/* Line `i` of a scope speaks of thing `i / variants` in its variant `i % variants`. */
struct scope_things {
    const void *base;
    size_t stride, len;
    unsigned variants;
};

struct scope_things scope_things(const struct snapshot *s, enum scope scope);

/** True when the thing has a place in the scope. */
bool scope_fits(enum scope scope, const void *thing);

/** Writes the labels of one line; nothing when the thing has no place in the scope. */
void scope_labels(const struct snapshot *s, enum scope scope, const void *thing, size_t index,
                  unsigned variant, struct label_sink *to);

/* Bits of NVML's clocks event reasons (nvml.h, nvmlClocksEventReason*) and our words for them. */
struct scope_reason {
    const char *name;
    uint64_t bit;
};
#define SCOPE_THROTTLE_REASONS 7
extern const struct scope_reason scope_throttle[SCOPE_THROTTLE_REASONS];

/* Words for the levels of thermal pressure, as macOS has them. */
#define SCOPE_PRESSURES 5
extern const char *const scope_pressures[SCOPE_PRESSURES];

#endif
