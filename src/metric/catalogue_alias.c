/* catalogue_alias.c - rows of the catalogue: names that dashboards of Algalon's first version ask
 * for, and that no exporter ever had. */
#include "metric/catalogue_table.h"

#define HOST_PROCESS "hostname,pid,process_name,user"

const struct catalogue_family catalogue_alias[] = {
    {"all_smi_gpu_memory_used", "gauge", "bytes", GPU ",gpu_name",
     "Device memory in use, bytes (as all_smi_gpu_memory_used_bytes)",
     .like = "all_smi_gpu_memory_used_bytes"},
    {"all_smi_gpu_memory_total", "gauge", "bytes", GPU ",gpu_name",
     "Size of the device memory, bytes (as all_smi_gpu_memory_total_bytes)",
     .like = "all_smi_gpu_memory_total_bytes"},
    {"all_smi_gpu_temperature", "gauge", "celsius", GPU ",gpu_name",
     "Temperature of the chip, degrees Celsius (as all_smi_gpu_temperature_celsius)",
     .like = "all_smi_gpu_temperature_celsius"},
    {"all_smi_gpu_power", "gauge", "watts", GPU ",gpu_name",
     "Power drawn, watts (as all_smi_gpu_power_consumption_watts)",
     .like = "all_smi_gpu_power_consumption_watts"},
    {"all_smi_gpu_processes", "gauge", "bytes",
     "hostname,pid,process_name?,user?,gpu_index,device_uuid?",
     "Device memory that a process holds, bytes (as all_smi_process_memory_used_bytes)",
     .like = "all_smi_process_memory_used_bytes"},
    {"all_smi_disk_available", "gauge", "bytes", "hostname,mount_point,index,device",
     "Space that unprivileged users can have, bytes (as all_smi_disk_available_bytes)",
     .like = "all_smi_disk_available_bytes"},
    {"all_smi_disk_total", "gauge", "bytes", "hostname,mount_point,index,device",
     "Size of a file system, bytes (as all_smi_disk_total_bytes)",
     .like = "all_smi_disk_total_bytes"},
    {"all_smi_process_cpu_usage", "gauge", "percent", HOST_PROCESS,
     "CPU time of the busiest processes and those on a device, percent of one CPU (as "
     "algalon_process_cpu_percent)",
     RANGE(0, 1e8), .like = "algalon_process_cpu_percent"},
    {"all_smi_process_memory_usage", "gauge", "bytes", HOST_PROCESS,
     "Resident memory of the busiest processes and those on a device, bytes (as "
     "algalon_process_memory_bytes)",
     .like = "algalon_process_memory_bytes"},
    {"all_smi_process_memory_percent", "gauge", "percent", HOST_PROCESS,
     "Resident memory of the busiest processes and those on a device, percent of the host's "
     "(kernel: /proc/PID/stat, /proc/meminfo)",
     .like = "algalon_process_memory_bytes"},
};
const size_t catalogue_alias_len = ARRAY_LEN(catalogue_alias);
