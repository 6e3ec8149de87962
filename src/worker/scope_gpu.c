/* scope_gpu.c - labels of accelerators and their parts. */
#include "worker/scope_part.h"

#include <ctype.h>
#include <limits.h>

#define ECC_TYPES 2

static const char *const ecc_types[ECC_TYPES] = {"corrected", "uncorrected"};

/* In the order of enum throttle_time, with the words of scope_throttle where they mean the same. */
static const char *const throttle_times[THROTTLE_TIMES] = {
    "sw_power_cap", "thermal",     "sync_boost", "board_limit", "low_utilization", "reliability",
    "app_clocks",   "base_clocks", "sw_thermal", "hw_thermal",  "hw_power_brake"};

static const char *const pcie_errors[PCIE_ERRORS] = {
    "l0_to_recovery", "correctable", "nak_received", "receiver", "bad_tlp",
    "nak_sent",       "bad_dllp",    "non_fatal",    "fatal",    "unsupported_request",
    "lcrc",           "lane"};

static const char *const margins[MARGIN_LIMITS] = {"shutdown", "slowdown", "memory_max", "gpu_max"};

static const char *const link_errors[LINK_ERRORS] = {"replay", "recovery", "crc_flit", "crc_data",
                                                     "ecc_data"};

static const char *const banks[REMAP_BANKS] = {"max", "high", "partial", "low", "none"};

static const char *const c2c_errors[C2C_ERRORS] = {"interrupt", "replay", "replay_back_to_back"};

static const char *const fabric_faults[FABRIC_FAULTS] = {
    "bandwidth_degraded", "route_recovery", "route_unhealthy", "access_timeout", "misconfigured"};

static const char *const locations[] = {"l1", "l2", "device_memory", "registers", "texture", "cbu"};

/* The plain series of a device, by its name too where dashboards ask for that. */
static void gpu(const struct scope_line *line)
{
    const struct merged_accelerator *a = line->thing;

    scope_gpu(line);
    if (line->s->machine.alias_labels)
        scope_text(line, "gpu_name", a->device.name);
}

static void gpu_info(const struct scope_line *line)
{
    static const struct platform_info unknown;
    const struct merged_accelerator *a = line->thing;
    const struct platform_info *p = a->platform ? a->platform : &unknown;
    bool nvidia = a->device.platform && strcmp(a->device.platform, "nvidia") == 0;
    char runtime[sizeof(p->runtime_name) + sizeof("_version")];

    scope_gpu(line);
    scope_text(line, "type", a->device.npu.present ? "NPU" : "GPU");
    scope_text(line, "driver_version", p->driver_version);
    snprintf(runtime, sizeof(runtime), "%s_version", p->runtime_name);
    for (char *c = runtime; *c; c++)
        *c = (char)(isalnum((unsigned char)*c) ? tolower((unsigned char)*c) : '_');
    scope_text(line, runtime, p->runtime_name[0] ? p->runtime_version : "");
    scope_text(line, "lib_name", nvidia ? "NVML" : p->library_version[0] ? p->runtime_name : "");
    scope_text(line, "lib_version", p->library_version);
    scope_text(line, "architecture", a->device.architecture);
    scope_text(line, "vbios_version", a->device.vbios);
    if (!line->s->machine.instance_label) /* keeps the twelfth place; all-smi has no such label */
        scope_text(line, "pci_bus_id", a->device.pci_bus_id);
}

static void gpu_energy(const struct scope_line *line)
{
    const struct merged_accelerator *a = line->thing;

    scope_host(line);
    scope_all_smi_host(line);
    scope_text(line, "scope", "gpu");
    label_number(line->to, "gpu_index", a->number);
    scope_text(line, "gpu_uuid", a->device.uuid);
}

static void gpu_mig_mode(const struct scope_line *line)
{
    scope_gpu(line);
    scope_all_smi_host(line);
}

static void gpu_ecc(const struct scope_line *line)
{
    scope_gpu(line);
    scope_text(line, "type", ecc_types[line->variant]);
}

static void gpu_ecc_location(const struct scope_line *line)
{
    unsigned place = line->variant % ECC_LOCATIONS;
    bool last = place == ECC_LOCATIONS - 1; /* the CBU counts no corrected errors */

    scope_gpu(line);
    if (line->variant >= ECC_LOCATION_COUNTERS) {
        unsigned i = line->variant - ECC_LOCATION_COUNTERS;
        scope_text(line, "type", ecc_types[i % 2]);
        scope_text(line, "location", "sram");
        scope_text(line, "period", i < ECC_SRAM_COUNTERS / 2 ? "volatile" : "aggregate");
        return;
    }
    scope_text(line, "type", ecc_types[last ? 1 : place % 2]);
    scope_text(line, "location", locations[place / 2]);
    scope_text(line, "period", line->variant < ECC_LOCATIONS ? "volatile" : "aggregate");
}

static void gpu_throttle_time(const struct scope_line *line)
{
    scope_gpu(line);
    scope_text(line, "reason", throttle_times[line->variant]);
}

static void gpu_pcie_error(const struct scope_line *line)
{
    scope_gpu(line);
    scope_text(line, "kind", pcie_errors[line->variant]);
}

static void gpu_margin(const struct scope_line *line)
{
    scope_gpu(line);
    scope_text(line, "limit", margins[line->variant]);
}

static void gpu_board_info(const struct scope_line *line)
{
    const struct accelerator *a = &((const struct merged_accelerator *)line->thing)->device;

    /* No family of all-smi's, and as many labels as may be: without its `instance`. */
    scope_host(line);
    label_number(line->to, "gpu_index", ((const struct merged_accelerator *)line->thing)->number);
    scope_text(line, "gpu_uuid", a->uuid);
    scope_text(line, "gpu", a->name);
    scope_text(line, "compute_capability", a->compute_capability);
    scope_text(line, "serial", a->serial);
    scope_text(line, "board_part", a->board_part);
    scope_text(line, "inforom_image", a->inforom_image);
    scope_text(line, "inforom_ecc", a->inforom_ecc);
    scope_text(line, "inforom_power", a->inforom_power);
    scope_text(line, "inforom_oem", a->inforom_oem);
    if (!line->s->machine.instance_label) /* keeps the twelfth place */
        scope_text(line, "brand", a->brand);
}

static void gpu_gsp_info(const struct scope_line *line)
{
    scope_gpu(line);
    scope_text(line, "version",
               ((const struct merged_accelerator *)line->thing)->device.gsp_version);
}

static void gpu_bank(const struct scope_line *line)
{
    scope_gpu(line);
    scope_text(line, "spare", banks[line->variant]);
}

static void instance(const struct scope_line *line)
{
    const struct merged_instance *m = line->thing;

    scope_device(line, m->on);
    scope_all_smi_host(line);
    label_number(line->to, "mig_instance", m->instance.index);
    scope_text(line, "mig_uuid", m->instance.uuid);
    scope_text(line, "mig_profile", m->instance.profile_name);
    if (m->instance.gpu_instance != UINT_MAX)
        label_number(line->to, "gpu_instance_id", m->instance.gpu_instance);
    if (m->instance.compute_instance != UINT_MAX)
        label_number(line->to, "compute_instance_id", m->instance.compute_instance);
}

static void xid(const struct scope_line *line)
{
    const struct merged_xid *x = line->thing;

    scope_device(line, x->on);
    label_number(line->to, "xid", x->xid.xid);
}

static void gpu_c2c_error(const struct scope_line *line)
{
    scope_gpu(line);
    scope_text(line, "kind", c2c_errors[line->variant]);
}

static void gpu_fabric(const struct scope_line *line)
{
    scope_gpu(line);
    scope_text(line, "fault", fabric_faults[line->variant]);
}

static void link_of_gpu(const struct scope_line *line)
{
    const struct merged_link *l = line->thing;

    scope_device(line, l->on);
    label_number(line->to, "link_index", l->link.index);
}

static void link_remote(const struct scope_line *line)
{
    const struct merged_link *l = line->thing;

    link_of_gpu(line);
    scope_text(line, "remote_type", l->link.remote);
    scope_text(line, "remote_pci_bus_id", l->link.remote_pci);
}

static void link_error(const struct scope_line *line)
{
    link_of_gpu(line);
    scope_text(line, "kind", link_errors[line->variant]);
}

static void gpu_throttle(const struct scope_line *line)
{
    scope_gpu(line);
    scope_text(line, "reason", scope_throttle[line->variant].name);
}

/* ---- places in scopes ---- */

static bool has_board(const void *thing)
{
    const struct merged_accelerator *a = thing;
    return a->device.compute_capability[0] || a->device.serial[0] || a->device.board_part[0];
}

static bool has_gsp(const void *thing)
{
    return ((const struct merged_accelerator *)thing)->device.gsp_version[0] != '\0';
}

static void gpu_pressure(const struct scope_line *line)
{
    const struct accelerator *a = line->thing;

    scope_gpu(line);
    scope_text(line, "level", scope_pressures[(unsigned)a->detail.thermal_pressure]);
}

static bool has_pressure(const void *thing)
{
    double level = ((const struct accelerator *)thing)->detail.thermal_pressure;
    return level >= 0 && level < SCOPE_PRESSURES;
}

static bool has_remote(const void *thing)
{
    return ((const struct merged_link *)thing)->link.remote[0] != '\0';
}

static void gpu_doubt(const struct scope_line *line)
{
    scope_gpu(line);
    scope_text(line, "check", doubt_names[line->variant]);
}

const struct scope_part scope_gpu_parts[SCOPE_COUNT] = {
    [SCOPE_GPU] = {gpu, NULL, 1},
    [SCOPE_GPU_INFO] = {gpu_info, NULL, 1},
    [SCOPE_GPU_ENERGY] = {gpu_energy, NULL, 1},
    [SCOPE_GPU_MIG_MODE] = {gpu_mig_mode, NULL, 1},
    [SCOPE_GPU_ECC] = {gpu_ecc, NULL, ECC_TYPES},
    [SCOPE_GPU_ECC_LOCATION] = {gpu_ecc_location, NULL, ECC_LOCATION_COUNTERS + ECC_SRAM_COUNTERS},
    [SCOPE_GPU_THROTTLE] = {gpu_throttle, NULL, SCOPE_THROTTLE_REASONS},
    [SCOPE_GPU_THROTTLE_TIME] = {gpu_throttle_time, NULL, THROTTLE_TIMES},
    [SCOPE_GPU_PCIE_ERROR] = {gpu_pcie_error, NULL, PCIE_ERRORS},
    [SCOPE_GPU_MARGIN] = {gpu_margin, NULL, MARGIN_LIMITS},
    [SCOPE_GPU_BOARD_INFO] = {gpu_board_info, has_board, 1},
    [SCOPE_GPU_GSP_INFO] = {gpu_gsp_info, has_gsp, 1},
    [SCOPE_GPU_PRESSURE] = {gpu_pressure, has_pressure, 1},
    [SCOPE_GPU_BANKS] = {gpu_bank, NULL, REMAP_BANKS},
    [SCOPE_INSTANCE] = {instance, NULL, 1},
    [SCOPE_XID] = {xid, NULL, 1},
    [SCOPE_GPU_C2C_ERROR] = {gpu_c2c_error, NULL, C2C_ERRORS},
    [SCOPE_GPU_DOUBT] = {gpu_doubt, NULL, DOUBTS},
    [SCOPE_GPU_FABRIC] = {gpu_fabric, NULL, FABRIC_FAULTS},
    [SCOPE_LINK] = {link_of_gpu, NULL, 1},
    [SCOPE_LINK_REMOTE] = {link_remote, has_remote, 1},
    [SCOPE_LINK_ERROR] = {link_error, NULL, LINK_ERRORS},
};
