/* scope.c - the things of a snapshot and their labels, a table entry per scope. */
#include "worker/scope.h"

#include "worker/command.h"

#include <ctype.h>
#include <limits.h>

#define ECC_TYPES 2

const struct scope_reason scope_throttle[SCOPE_THROTTLE_REASONS] = {
    {"sw_power_cap", 0x4},    {"hw_slowdown", 0x8}, {"sw_thermal", 0x20}, {"hw_thermal", 0x40},
    {"hw_power_brake", 0x80}, {"sync_boost", 0x10}, {"app_clocks", 0x2},
};

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

/* dcgm-exporter's words, in the order of NVML's bits. */
static const char *const clock_events[CLOCK_EVENTS] = {
    "gpu_idle",   "clocks_setting", "power_cap",      "hw_slowdown",   "sync_boost",
    "sw_thermal", "hw_thermal",     "hw_power_brake", "display_clocks"};

static const char *const locations[] = {"l1", "l2", "device_memory", "registers", "texture", "cbu"};

/* ---- labels ---- */

struct line {
    const struct snapshot *s;
    const void *thing;
    size_t index;
    unsigned variant;
    struct label_sink *to;
};

static void text(const struct line *line, const char *name, const char *value)
{
    label_text(line->to, name, value, LABEL_MAX_USUAL);
}

static void host(const struct line *line)
{
    label_text(line->to, "hostname", line->s->machine.hostname, sizeof(line->s->machine.hostname));
}

/* all-smi puts `instance` on what it scrapes from hardware, not on processes and energy. */
static void host_and_instance(const struct line *line)
{
    host(line);
    if (line->s->machine.instance_label)
        label_text(line->to, "instance", line->s->machine.hostname,
                   sizeof(line->s->machine.hostname));
}

static void build(const struct line *line)
{
    const struct machine *m = &line->s->machine;

    host_and_instance(line);
    text(line, "version", m->version);
    text(line, "os", m->os);
    text(line, "arch", m->arch);
}

static void collector(const struct line *line)
{
    const struct collector_view *view = line->thing;

    host(line);
    text(line, "collector", view->name);
}

static void reject(const struct line *line)
{
    const struct reading_reject *r = line->thing;

    host(line);
    text(line, "field", r->field);
    text(line, "reason", r->reason);
}

static void device(const struct line *line, const struct merged_accelerator *a)
{
    host_and_instance(line);
    label_number(line->to, "gpu_index", a->number);
    text(line, "gpu_uuid", a->device.uuid);
    text(line, "gpu", a->device.name);
}

static void gpu(const struct line *line)
{
    device(line, line->thing);
}

static void gpu_info(const struct line *line)
{
    static const struct platform_info unknown;
    const struct merged_accelerator *a = line->thing;
    const struct platform_info *p = a->platform ? a->platform : &unknown;
    bool nvidia = a->device.platform && strcmp(a->device.platform, "nvidia") == 0;
    char runtime[sizeof(p->runtime_name) + sizeof("_version")];

    gpu(line);
    text(line, "type", "GPU");
    text(line, "driver_version", p->driver_version);
    snprintf(runtime, sizeof(runtime), "%s_version", p->runtime_name);
    for (char *c = runtime; *c; c++)
        *c = (char)(isalnum((unsigned char)*c) ? tolower((unsigned char)*c) : '_');
    text(line, runtime, p->runtime_name[0] ? p->runtime_version : "");
    text(line, "lib_name", nvidia ? "NVML" : "");
    text(line, "lib_version", p->library_version);
    text(line, "architecture", a->device.architecture);
    text(line, "vbios_version", a->device.vbios);
    if (!line->s->machine.instance_label) /* keeps the twelfth place; all-smi has no such label */
        text(line, "pci_bus_id", a->device.pci_bus_id);
}

static void gpu_energy(const struct line *line)
{
    const struct merged_accelerator *a = line->thing;

    host(line);
    text(line, "scope", "gpu");
    label_number(line->to, "gpu_index", a->number);
    text(line, "gpu_uuid", a->device.uuid);
}

static void gpu_ecc(const struct line *line)
{
    gpu(line);
    text(line, "type", ecc_types[line->variant]);
}

static void gpu_ecc_location(const struct line *line)
{
    unsigned place = line->variant % ECC_LOCATIONS;
    bool last = place == ECC_LOCATIONS - 1; /* the CBU counts no corrected errors */

    gpu(line);
    text(line, "type", ecc_types[last ? 1 : place % 2]);
    text(line, "location", locations[place / 2]);
    text(line, "period", line->variant < ECC_LOCATIONS ? "volatile" : "aggregate");
}

static void gpu_throttle_time(const struct line *line)
{
    gpu(line);
    text(line, "reason", throttle_times[line->variant]);
}

static void gpu_pcie_error(const struct line *line)
{
    gpu(line);
    text(line, "kind", pcie_errors[line->variant]);
}

static void gpu_margin(const struct line *line)
{
    gpu(line);
    text(line, "limit", margins[line->variant]);
}

static void gpu_board_info(const struct line *line)
{
    const struct accelerator *a = &((const struct merged_accelerator *)line->thing)->device;

    gpu(line);
    text(line, "compute_capability", a->compute_capability);
    text(line, "serial", a->serial);
    text(line, "board_part", a->board_part);
    text(line, "inforom_image", a->inforom_image);
    text(line, "inforom_ecc", a->inforom_ecc);
    text(line, "inforom_power", a->inforom_power);
    text(line, "inforom_oem", a->inforom_oem);
}

static void gpu_gsp_info(const struct line *line)
{
    gpu(line);
    text(line, "version", ((const struct merged_accelerator *)line->thing)->device.gsp_version);
}

static void gpu_bank(const struct line *line)
{
    gpu(line);
    text(line, "spare", banks[line->variant]);
}

static void instance(const struct line *line)
{
    const struct merged_instance *m = line->thing;

    device(line, m->on);
    label_number(line->to, "mig_instance", m->instance.index);
    text(line, "mig_uuid", m->instance.uuid);
    text(line, "mig_profile", m->instance.profile_name);
    if (m->instance.gpu_instance != UINT_MAX)
        label_number(line->to, "gpu_instance_id", m->instance.gpu_instance);
    if (m->instance.compute_instance != UINT_MAX)
        label_number(line->to, "compute_instance_id", m->instance.compute_instance);
}

static void xid(const struct line *line)
{
    const struct merged_xid *x = line->thing;

    device(line, x->on);
    label_number(line->to, "xid", x->xid.xid);
}

static void gpu_c2c_error(const struct line *line)
{
    gpu(line);
    text(line, "kind", c2c_errors[line->variant]);
}

static void gpu_fabric(const struct line *line)
{
    gpu(line);
    text(line, "fault", fabric_faults[line->variant]);
}

static void link_of_gpu(const struct line *line)
{
    const struct merged_link *l = line->thing;

    device(line, l->on);
    label_number(line->to, "link_index", l->link.index);
}

static void link_remote(const struct line *line)
{
    const struct merged_link *l = line->thing;

    link_of_gpu(line);
    text(line, "remote_type", l->link.remote);
}

static void link_error(const struct line *line)
{
    link_of_gpu(line);
    text(line, "kind", link_errors[line->variant]);
}

static void gpu_throttle(const struct line *line)
{
    gpu(line);
    text(line, "reason", scope_throttle[line->variant].name);
}

static void gpu_process(const struct line *line)
{
    const struct merged_process *p = line->thing;

    host(line);
    if (p->other)
        text(line, "pid", "other");
    else
        label_number(line->to, "pid", (uint64_t)MAX(p->use.pid, 0));
    text(line, "name", p->other ? "other" : p->host.name);
    text(line, "user", p->host.user);
    label_number(line->to, "device_id", p->use.accelerator);
    label_number(line->to, "gpu_index", p->number);
    text(line, "device_uuid", p->device_uuid);
    if (line->s->machine.process_command != PROCESS_COMMAND_OFF) {
        char shown[COMMAND_MAX];
        command_show(shown, p->host.command, line->s->machine.process_command);
        label_text(line->to, "command", shown, LABEL_MAX_COMMAND);
    }
}

static void gpu_process_info(const struct line *line)
{
    static const struct process_owner nobody;
    const struct merged_process *p = line->thing;
    const struct process_owner *o = p->host.owner ? p->host.owner : &nobody;

    host(line);
    label_number(line->to, "pid", (uint64_t)MAX(p->use.pid, 0));
    text(line, "name", p->host.name);
    text(line, "user", p->host.user);
    text(line, "runtime", o->runtime);
    text(line, "container_id", o->container_id);
    text(line, "container", o->container);
    text(line, "namespace", o->namespace);
    text(line, "pod", o->pod[0] ? o->pod : o->pod_uid);
    text(line, "slurm_job", o->slurm_job);
    text(line, "slurm_step", o->slurm_step);
    text(line, "unit", o->batch_job[0] ? o->batch_job : o->unit);
}

static void holder(const struct line *line)
{
    const struct holder *h = line->thing;

    host(line);
    label_number(line->to, "gpu_index", h->number);
    text(line, "gpu_uuid", h->device_uuid);
    text(line, "gpu", h->device_name);
    text(line, "holder_kind", holder_kinds[h->kind]);
    label_text(line->to, "holder", h->name, sizeof(h->name));
    text(line, "user", h->user);
    text(line, "namespace", h->namespace);
    text(line, "pod", h->pod);
    text(line, "container", h->container);
    text(line, "slurm_job", h->slurm_job);
}

static void attributed(const struct line *line)
{
    host(line);
    text(line, "holder_kind", holder_kinds[line->variant]);
}

static void attribution_failure(const struct line *line)
{
    host(line);
    text(line, "reason", attribution_reasons[line->variant]);
}

static void cpu(const struct line *line)
{
    const struct cpu *c = line->thing;

    host_and_instance(line);
    text(line, "cpu_model", c->model);
    text(line, "index", "0");
}

static void cpu_info(const struct line *line)
{
    const struct cpu *c = line->thing;

    cpu(line);
    text(line, "architecture", c->architecture);
    text(line, "platform_type", c->platform);
}

static void socket_of_cpu(const struct line *line)
{
    const struct cpu_socket *socket = line->thing;

    host_and_instance(line);
    text(line, "cpu_model", line->s->cpu->model);
    text(line, "cpu_index", "0");
    label_number(line->to, "socket_id", socket->id);
}

static void core(const struct line *line)
{
    const struct cpu_core *c = line->thing;

    host_and_instance(line);
    text(line, "cpu_model", line->s->cpu->model);
    label_number(line->to, "core_id", c->id);
    text(line, "core_type", c->type);
}

static void core_clock(const struct line *line)
{
    const struct cpu_core *c = line->thing;

    host(line);
    label_number(line->to, "core_id", c->id);
}

static void memory(const struct line *line)
{
    host_and_instance(line);
    text(line, "index", "0");
}

static void disk(const struct line *line)
{
    const struct filesystem *f = line->thing;

    host_and_instance(line);
    label_text(line->to, "mount_point", f->mount_point, sizeof(f->mount_point));
    label_number(line->to, "index", line->index);
}

static void disk_info(const struct line *line)
{
    const struct filesystem *f = line->thing;

    disk(line);
    text(line, "device", f->device);
    text(line, "fstype", f->type);
}

static void process(const struct line *line)
{
    const struct process *p = line->thing;

    host(line);
    label_number(line->to, "pid", (uint64_t)MAX(p->pid, 0));
    text(line, "name", p->name);
    text(line, "user", p->user);
}

static void chassis_info(const struct line *line)
{
    const struct chassis *c = line->thing;

    host_and_instance(line);
    text(line, "product_name", c->product);
    text(line, "vendor", c->vendor);
    text(line, "board", c->board);
    text(line, "version", c->version);
    text(line, "bios_version", c->bios_version);
}

static void virtualization(const struct line *line)
{
    const struct chassis *c = line->thing;

    host(line);
    text(line, "vm_type", c->virtualization);
    text(line, "hypervisor", c->virtualization);
}

static void environment(const struct line *line)
{
    const struct chassis *c = line->thing;

    host(line);
    text(line, "environment", c->container[0] ? c->container : c->virtualization);
}

static void container(const struct line *line)
{
    const struct chassis *c = line->thing;

    host(line);
    text(line, "runtime", c->container);
}

static void presence(const struct line *line)
{
    const struct gpu_presence *g = line->thing;

    host(line);
    text(line, "pci_bus_id", g->bus_id);
    text(line, "state", presence_names[g->state]);
    text(line, "driver", g->driver);
    if (g->number != UINT_MAX)
        label_number(line->to, "gpu_index", g->number);
    text(line, "gpu_uuid", g->uuid);
    text(line, "gpu", g->name);
    text(line, "serial", g->serial);
}

static void board_info(const struct line *line)
{
    const struct board *b = line->thing;

    host(line);
    text(line, "model", b->model);
    text(line, "soc", b->soc);
    text(line, "l4t_version", b->l4t);
    text(line, "jetpack_version", b->jetpack);
    text(line, "power_mode", b->power_mode);
    if (b->power_mode_id >= 0)
        label_number(line->to, "power_mode_id", (uint64_t)b->power_mode_id);
}

static void board_power(const struct line *line)
{
    host(line);
    text(line, "source", ((const struct board *)line->thing)->power_is_sum ? "sum" : "input");
}

static void rail(const struct line *line)
{
    host(line);
    text(line, "rail", ((const struct board_rail *)line->thing)->name);
}

static void zone(const struct line *line)
{
    host(line);
    text(line, "zone", ((const struct board_zone *)line->thing)->name);
}

static void engine(const struct line *line)
{
    host(line);
    text(line, "engine", ((const struct board_engine *)line->thing)->name);
}

/* DCGM writes the PCI address with eight digits of domain and in capitals: 00000000:3B:00.0. */
static void dcgm_pci(const char *from, char *to, size_t size)
{
    size_t domain = strcspn(from, ":");

    to[0] = '\0';
    if (from[domain] != ':' || domain > 8)
        return;
    snprintf(to, size, "%.*s%s", (int)(8 - domain), "00000000", from);
    for (char *c = to; *c; c++)
        *c = (char)toupper((unsigned char)*c);
}

static void dcgm_device(const struct line *line, const struct merged_accelerator *a)
{
    char pci[sizeof(a->device.pci_bus_id) + 8], device[24];

    dcgm_pci(a->device.pci_bus_id, pci, sizeof(pci));
    snprintf(device, sizeof(device), "nvidia%u", a->device.index);
    label_number(line->to, "gpu", a->device.index);
    text(line, "UUID", a->device.uuid);
    text(line, "pci_bus_id", pci);
    text(line, "device", device);
    text(line, "modelName", a->device.name);
    if (a->instance) {
        text(line, "GPU_I_PROFILE", a->instance->profile_name);
        if (a->instance->gpu_instance != UINT_MAX)
            label_number(line->to, "GPU_I_ID", a->instance->gpu_instance);
    }
    label_text(line->to, "Hostname", line->s->machine.hostname, sizeof(line->s->machine.hostname));
    text(line, "DCGM_FI_DRIVER_VERSION", a->platform ? a->platform->driver_version : "");
}

static void dcgm(const struct line *line)
{
    dcgm_device(line, line->thing);
}

static void dcgm_clock_event(const struct line *line)
{
    dcgm(line);
    text(line, "clock_event", clock_events[line->variant]);
    label_number(line->to, "window_size_in_ms", 300000);
}

static void dcgm_xid(const struct line *line)
{
    const struct merged_xid *x = line->thing;

    dcgm_device(line, x->on);
    label_number(line->to, "err_code", x->xid.xid);
    text(line, "err_msg", x->xid.meaning);
}

static void dcgm_xid_count(const struct line *line)
{
    const struct merged_xid *x = line->thing;

    dcgm_device(line, x->on);
    label_number(line->to, "window_size_in_ms", 300000);
    label_number(line->to, "xid", x->xid.xid);
}

/* ---- places in scopes ---- */

static bool is_nvidia(const void *thing)
{
    const struct merged_accelerator *a = thing;
    return a->device.platform && strcmp(a->device.platform, "nvidia") == 0;
}

static bool is_latest(const void *thing)
{
    const struct merged_xid *x = thing;
    return x->xid.latest && is_nvidia(x->on);
}

static bool is_of_nvidia(const void *thing)
{
    return is_nvidia(((const struct merged_xid *)thing)->on);
}

static bool has_board(const void *thing)
{
    const struct merged_accelerator *a = thing;
    return a->device.compute_capability[0] || a->device.serial[0] || a->device.board_part[0];
}

static bool has_gsp(const void *thing)
{
    return ((const struct merged_accelerator *)thing)->device.gsp_version[0] != '\0';
}

static bool has_remote(const void *thing)
{
    return ((const struct merged_link *)thing)->link.remote[0] != '\0';
}

static bool is_first_known(const void *thing)
{
    const struct merged_process *p = thing;
    return p->first && p->known;
}

static bool is_described(const void *thing)
{
    const struct chassis *c = thing;
    return c->product[0] || c->vendor[0] || c->board[0] || c->version[0] || c->bios_version[0];
}

static bool is_virtual(const void *thing)
{
    return ((const struct chassis *)thing)->virtualization[0] != '\0';
}

static bool is_contained(const void *thing)
{
    return ((const struct chassis *)thing)->container[0] != '\0';
}

static bool is_virtual_or_contained(const void *thing)
{
    return is_virtual(thing) || is_contained(thing);
}

static const struct {
    void (*labels)(const struct line *line);
    bool (*fits)(const void *thing); /* NULL: all do */
    unsigned variants;
} scopes[SCOPE_COUNT] = {
    [SCOPE_MACHINE] = {host, NULL, 1},
    [SCOPE_UP] = {host_and_instance, NULL, 1},
    [SCOPE_BUILD] = {build, NULL, 1},
    [SCOPE_COLLECTOR] = {collector, NULL, 1},
    [SCOPE_REJECT] = {reject, NULL, 1},
    [SCOPE_GPU] = {gpu, NULL, 1},
    [SCOPE_GPU_INFO] = {gpu_info, NULL, 1},
    [SCOPE_GPU_ENERGY] = {gpu_energy, NULL, 1},
    [SCOPE_GPU_ECC] = {gpu_ecc, NULL, ECC_TYPES},
    [SCOPE_GPU_ECC_LOCATION] = {gpu_ecc_location, NULL, ECC_LOCATION_COUNTERS},
    [SCOPE_GPU_THROTTLE] = {gpu_throttle, NULL, SCOPE_THROTTLE_REASONS},
    [SCOPE_GPU_THROTTLE_TIME] = {gpu_throttle_time, NULL, THROTTLE_TIMES},
    [SCOPE_GPU_PCIE_ERROR] = {gpu_pcie_error, NULL, PCIE_ERRORS},
    [SCOPE_GPU_MARGIN] = {gpu_margin, NULL, MARGIN_LIMITS},
    [SCOPE_GPU_BOARD_INFO] = {gpu_board_info, has_board, 1},
    [SCOPE_GPU_GSP_INFO] = {gpu_gsp_info, has_gsp, 1},
    [SCOPE_GPU_BANKS] = {gpu_bank, NULL, REMAP_BANKS},
    [SCOPE_INSTANCE] = {instance, NULL, 1},
    [SCOPE_XID] = {xid, NULL, 1},
    [SCOPE_DCGM_XID] = {dcgm_xid, is_latest, 1},
    [SCOPE_DCGM_XID_COUNT] = {dcgm_xid_count, is_of_nvidia, 1},
    [SCOPE_GPU_C2C_ERROR] = {gpu_c2c_error, NULL, C2C_ERRORS},
    [SCOPE_GPU_FABRIC] = {gpu_fabric, NULL, FABRIC_FAULTS},
    [SCOPE_LINK] = {link_of_gpu, NULL, 1},
    [SCOPE_LINK_REMOTE] = {link_remote, has_remote, 1},
    [SCOPE_LINK_ERROR] = {link_error, NULL, LINK_ERRORS},
    [SCOPE_GPU_PROCESS] = {gpu_process, NULL, 1},
    [SCOPE_GPU_PROCESS_INFO] = {gpu_process_info, is_first_known, 1},
    [SCOPE_HOLDER] = {holder, NULL, 1},
    [SCOPE_ATTRIBUTED] = {attributed, NULL, HOLDER_OTHER},
    [SCOPE_ATTRIBUTION_FAILURE] = {attribution_failure, NULL, ATTRIBUTION_REASONS},
    [SCOPE_CPU] = {cpu, NULL, 1},
    [SCOPE_CPU_INFO] = {cpu_info, NULL, 1},
    [SCOPE_CPU_HOST] = {host, NULL, 1},
    [SCOPE_SOCKET] = {socket_of_cpu, NULL, 1},
    [SCOPE_CORE] = {core, NULL, 1},
    [SCOPE_CORE_CLOCK] = {core_clock, NULL, 1},
    [SCOPE_MEMORY] = {memory, NULL, 1},
    [SCOPE_MEMORY_HOST] = {host, NULL, 1},
    [SCOPE_DISK] = {disk, NULL, 1},
    [SCOPE_DISK_INFO] = {disk_info, NULL, 1},
    [SCOPE_PROCESS] = {process, NULL, 1},
    [SCOPE_CHASSIS] = {host_and_instance, NULL, 1},
    [SCOPE_CHASSIS_INFO] = {chassis_info, is_described, 1},
    [SCOPE_VIRTUALIZATION] = {virtualization, is_virtual, 1},
    [SCOPE_ENVIRONMENT] = {environment, is_virtual_or_contained, 1},
    [SCOPE_CONTAINER] = {container, is_contained, 1},
    [SCOPE_PRESENCE] = {presence, NULL, 1},
    [SCOPE_BOARD] = {host, NULL, 1},
    [SCOPE_BOARD_INFO] = {board_info, NULL, 1},
    [SCOPE_BOARD_POWER] = {board_power, NULL, 1},
    [SCOPE_RAIL] = {rail, NULL, 1},
    [SCOPE_ZONE] = {zone, NULL, 1},
    [SCOPE_ENGINE] = {engine, NULL, 1},
    [SCOPE_DCGM_CLOCK_EVENT] = {dcgm_clock_event, is_nvidia, CLOCK_EVENTS},
    [SCOPE_DCGM] = {dcgm, is_nvidia, 1},
};

struct scope_things scope_things(const struct snapshot *s, enum scope scope)
{
    unsigned variants = scopes[scope].variants;

    switch (scope) {
    case SCOPE_MACHINE:
    case SCOPE_UP:
    case SCOPE_BUILD:
    case SCOPE_ATTRIBUTED:
    case SCOPE_ATTRIBUTION_FAILURE:
        return (struct scope_things){s, sizeof(*s), 1, variants};
    case SCOPE_COLLECTOR:
        return (struct scope_things){s->collectors, sizeof(*s->collectors), s->collector_len,
                                     variants};
    case SCOPE_REJECT:
        return (struct scope_things){s->rejects, sizeof(*s->rejects), s->reject_len, variants};
    case SCOPE_GPU:
    case SCOPE_GPU_INFO:
    case SCOPE_GPU_ENERGY:
    case SCOPE_GPU_ECC:
    case SCOPE_GPU_ECC_LOCATION:
    case SCOPE_GPU_THROTTLE:
    case SCOPE_GPU_THROTTLE_TIME:
    case SCOPE_GPU_PCIE_ERROR:
    case SCOPE_GPU_MARGIN:
    case SCOPE_GPU_BOARD_INFO:
    case SCOPE_GPU_GSP_INFO:
    case SCOPE_GPU_BANKS:
    case SCOPE_GPU_C2C_ERROR:
    case SCOPE_GPU_FABRIC:
        return (struct scope_things){s->accelerators, sizeof(*s->accelerators), s->accelerator_len,
                                     variants};
    case SCOPE_DCGM_CLOCK_EVENT:
    case SCOPE_DCGM:
        if (s->row_len)
            return (struct scope_things){s->rows, sizeof(*s->rows), s->row_len, variants};
        return (struct scope_things){s->accelerators, sizeof(*s->accelerators), s->accelerator_len,
                                     variants};
    case SCOPE_INSTANCE:
        return (struct scope_things){s->instances, sizeof(*s->instances), s->instance_len,
                                     variants};
    case SCOPE_XID:
    case SCOPE_DCGM_XID:
    case SCOPE_DCGM_XID_COUNT:
        return (struct scope_things){s->xids, sizeof(*s->xids), s->xid_len, variants};
    case SCOPE_LINK:
    case SCOPE_LINK_REMOTE:
    case SCOPE_LINK_ERROR:
        return (struct scope_things){s->links, sizeof(*s->links), s->link_len, variants};
    case SCOPE_GPU_PROCESS:
    case SCOPE_GPU_PROCESS_INFO:
        return (struct scope_things){s->process_rows, sizeof(*s->process_rows), s->process_row_len,
                                     variants};
    case SCOPE_HOLDER:
        return (struct scope_things){s->holders, sizeof(*s->holders), s->holder_len, variants};
    case SCOPE_CPU:
    case SCOPE_CPU_INFO:
    case SCOPE_CPU_HOST:
        return (struct scope_things){s->cpu, sizeof(*s->cpu), s->cpu ? 1 : 0, variants};
    case SCOPE_SOCKET:
        return (struct scope_things){s->cpu ? s->cpu->sockets : NULL, sizeof(*s->cpu->sockets),
                                     s->cpu ? s->cpu->socket_len : 0, variants};
    case SCOPE_CORE:
    case SCOPE_CORE_CLOCK:
        return (struct scope_things){s->cpu ? s->cpu->cores : NULL, sizeof(*s->cpu->cores),
                                     s->cpu ? s->cpu->core_len : 0, variants};
    case SCOPE_MEMORY:
    case SCOPE_MEMORY_HOST:
        return (struct scope_things){s->memory, sizeof(*s->memory), s->memory ? 1 : 0, variants};
    case SCOPE_DISK:
    case SCOPE_DISK_INFO:
        return (struct scope_things){s->filesystems, sizeof(*s->filesystems), s->filesystem_len,
                                     variants};
    case SCOPE_PROCESS:
        return (struct scope_things){s->processes, sizeof(*s->processes), s->process_len, variants};
    case SCOPE_CHASSIS:
    case SCOPE_CHASSIS_INFO:
    case SCOPE_VIRTUALIZATION:
    case SCOPE_ENVIRONMENT:
    case SCOPE_CONTAINER:
        return (struct scope_things){s->chassis, sizeof(*s->chassis), s->chassis ? 1 : 0, variants};
    case SCOPE_PRESENCE:
        return (struct scope_things){s->presences, sizeof(*s->presences), s->presence_len,
                                     variants};
    case SCOPE_BOARD:
    case SCOPE_BOARD_INFO:
    case SCOPE_BOARD_POWER:
        return (struct scope_things){s->board, sizeof(*s->board), s->board ? 1 : 0, variants};
    case SCOPE_RAIL:
        return (struct scope_things){s->board ? s->board->rails : NULL, sizeof(*s->board->rails),
                                     s->board ? s->board->rail_len : 0, variants};
    case SCOPE_ZONE:
        return (struct scope_things){s->board ? s->board->zones : NULL, sizeof(*s->board->zones),
                                     s->board ? s->board->zone_len : 0, variants};
    case SCOPE_ENGINE:
        return (struct scope_things){s->board ? s->board->engines : NULL,
                                     sizeof(*s->board->engines),
                                     s->board ? s->board->engine_len : 0, variants};
    case SCOPE_COUNT:
        break;
    }
    return (struct scope_things){.variants = 1};
}

void scope_labels(const struct snapshot *s, enum scope scope, const void *thing, size_t index,
                  unsigned variant, struct label_sink *to)
{
    const struct line line = {s, thing, index, variant, to};

    if (scopes[scope].fits && !scopes[scope].fits(thing)) {
        to->hash = hash_more(to->hash, "", 1);
        return;
    }
    label_begin(to);
    scopes[scope].labels(&line);
    label_end(to);
}
