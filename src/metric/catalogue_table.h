/* catalogue_table.h - what the files with the catalogue's rows share; for this room only.
 *
 * A row begins with name, type, unit, labels and help. What then stands by name is what cannot be
 * left to the defaults: see struct catalogue_family. */
#ifndef ALGALON_METRIC_CATALOGUE_TABLE_H
#define ALGALON_METRIC_CATALOGUE_TABLE_H

#include "metric/catalogue.h"

/* ---- labels, in the order of the lines; "?" behind one that may be left out ---- */

#define HOST        "hostname"
#define GPU         "hostname,gpu_index,gpu_uuid,gpu"
#define NPU         "hostname,npu_index,npu_uuid,npu"
#define GPU_PROCESS "hostname,pid,name?,user?,device_id,gpu_index,device_uuid?,command?"
#define HOLDER                                                                                     \
    "hostname,gpu_index,gpu_uuid,gpu,holder_kind,holder,user?,namespace?,pod?,container?,"         \
    "slurm_job?"
#define CPU       "hostname,cpu_model?,index"
#define SOCKET    "hostname,cpu_model?,cpu_index,socket_id"
#define MEMORY    "hostname,index"
#define DISK      "hostname,mount_point,index"
#define PROCESS   "hostname,pid,name,user"
#define COLLECTOR "hostname,collector"
#define DCGM_DEVICE                                                                                \
    "gpu,UUID,pci_bus_id,device,modelName,GPU_I_PROFILE?,GPU_I_ID?,Hostname,DCGM_FI_DRIVER_"       \
    "VERSION?"
#define DCGM DCGM_DEVICE ",container?,namespace?,pod?"
#define MIG_INSTANCE                                                                               \
    "hostname,gpu_index,gpu_uuid,gpu,mig_instance,mig_uuid?,mig_profile?,gpu_instance_id?,"        \
    "compute_instance_id?"

/* ---- the rest of a row ---- */

#define RANGE(from, to) .low = (from), .high = (to)

#define CATALOGUE_TIB 1099511627776.0

/* ---- texts of more than one file ---- */

#define ARCH_MIG "A100, A30, H100 and later."

/* ---- the tables, in the order of the page ---- */

extern const struct catalogue_family catalogue_use[], catalogue_gpu[], catalogue_health[],
    catalogue_profile[], catalogue_nvml[], catalogue_host[], catalogue_board[], catalogue_part[],
    catalogue_npu[], catalogue_apple[], catalogue_truth[], catalogue_dcgm[], catalogue_alias[];
extern const size_t catalogue_use_len, catalogue_gpu_len, catalogue_health_len,
    catalogue_profile_len, catalogue_nvml_len, catalogue_host_len, catalogue_board_len,
    catalogue_part_len, catalogue_npu_len, catalogue_apple_len, catalogue_truth_len,
    catalogue_dcgm_len, catalogue_alias_len;

#endif
