/* fields.c - the tables, and how their values are printed. */
#include "worker/fields.h"

#include <limits.h>
#include <stddef.h>

#define TEXT(key, type, member)                                                                    \
    {                                                                                              \
        key, FIELD_TEXT, offsetof(type, member), sizeof(((type *)NULL)->member), 1, 0              \
    }
#define VALUE(key, kind, type, member)                                                             \
    {                                                                                              \
        key, kind, offsetof(type, member), 0, 1, 3                                                 \
    }
#define GAUGE(key, type, member) VALUE(key, FIELD_DOUBLE, type, member)
#define SHARE(key, type, member)                                                                   \
    {                                                                                              \
        key, FIELD_DOUBLE, offsetof(type, member), 0, 100, 2                                       \
    }
#define COUNT(key, type, member) VALUE(key, FIELD_COUNT, type, member)

#define A struct merged_accelerator
static const struct field accelerator[] = {
    VALUE("gpu_index", FIELD_UNSIGNED, A, number),
    VALUE("platform", FIELD_NAME, A, device.platform),
    VALUE("device_index", FIELD_UNSIGNED, A, device.index),
    VALUE("state", FIELD_STATE, A, device.state),
    TEXT("uuid", A, device.uuid),
    TEXT("name", A, device.name),
    TEXT("pci_bus_id", A, device.pci_bus_id),
    TEXT("serial", A, device.serial),
    TEXT("vbios_version", A, device.vbios),
    TEXT("architecture", A, device.architecture),
    TEXT("compute_capability", A, device.compute_capability),
    VALUE("minor_number", FIELD_UNSIGNED, A, device.minor),
    VALUE("npu", FIELD_BOOL, A, device.npu.present),
    TEXT("npu_model", A, device.npu.model),
    TEXT("npu_chip", A, device.npu.chip),
    TEXT("npu_board_type", A, device.npu.board_type),
    TEXT("npu_board_id", A, device.npu.board_id),
    TEXT("npu_firmware", A, device.npu.firmware),
    TEXT("npu_status", A, device.npu.status),
    SHARE("utilization_percent", A, device.utilization_ratio),
    SHARE("utilization_max_percent", A, device.utilization_max_ratio),
    SHARE("utilization_min_percent", A, device.detail.utilization_min_ratio),
    SHARE("utilization_now_percent", A, device.detail.utilization_now_ratio),
    GAUGE("busy_seconds", A, device.detail.busy_s_total),
    SHARE("memory_activity_percent", A, device.memory_utilization_ratio),
    SHARE("memory_activity_max_percent", A, device.detail.memory_utilization_max_ratio),
    SHARE("memory_activity_now_percent", A, device.detail.memory_utilization_now_ratio),
    SHARE("encoder_utilization_percent", A, device.encoder_ratio),
    SHARE("decoder_utilization_percent", A, device.decoder_ratio),
    COUNT("memory_used_bytes", A, device.mem_used_bytes),
    COUNT("memory_total_bytes", A, device.mem_total_bytes),
    COUNT("memory_free_bytes", A, device.mem_free_bytes),
    COUNT("memory_reserved_bytes", A, device.mem_reserved_bytes),
    VALUE("memory_shared", FIELD_SWITCH, A, device.mem_shared),
    GAUGE("temperature_celsius", A, device.temperature_c),
    GAUGE("memory_temperature_celsius", A, device.memory_temperature_c),
    GAUGE("temperature_threshold_slowdown_celsius", A, device.temperature_slowdown_c),
    GAUGE("temperature_threshold_shutdown_celsius", A, device.temperature_shutdown_c),
    GAUGE("temperature_threshold_max_operating_celsius", A, device.temperature_max_operating_c),
    GAUGE("temperature_threshold_acoustic_celsius", A, device.temperature_acoustic_c),
    GAUGE("power_watts", A, device.power_w),
    GAUGE("power_max_watts", A, device.power_max_w),
    GAUGE("power_min_watts", A, device.detail.power_min_w),
    GAUGE("power_now_watts", A, device.detail.power_now_w),
    GAUGE("power_limit_watts", A, device.power_limit_w),
    GAUGE("power_limit_default_watts", A, device.power_limit_default_w),
    GAUGE("power_limit_min_watts", A, device.power_limit_min_w),
    GAUGE("power_limit_max_watts", A, device.power_limit_max_w),
    GAUGE("energy_joules", A, device.energy_j_total),
    VALUE("energy_estimated", FIELD_SWITCH, A, device.detail.energy_estimated),
    GAUGE("clock_graphics_mhz", A, device.clock_graphics_mhz),
    GAUGE("clock_sm_mhz", A, device.clock_sm_mhz),
    GAUGE("clock_memory_mhz", A, device.clock_memory_mhz),
    GAUGE("clock_video_mhz", A, device.clock_video_mhz),
    GAUGE("clock_graphics_max_mhz", A, device.clock_graphics_max_mhz),
    GAUGE("clock_memory_max_mhz", A, device.clock_memory_max_mhz),
    SHARE("fan_speed_percent", A, device.fan_ratio),
    GAUGE("fan_speed_rpm", A, device.fan_rpm),
    GAUGE("performance_state", A, device.pstate),
    VALUE("ecc_enabled", FIELD_SWITCH, A, device.ecc_mode),
    VALUE("ecc_pending", FIELD_SWITCH, A, device.ecc_pending),
    GAUGE("ecc_errors_corrected", A, device.ecc_corrected_total),
    GAUGE("ecc_errors_uncorrected", A, device.ecc_uncorrected_total),
    VALUE("persistence_mode", FIELD_SWITCH, A, device.persistence_mode),
    GAUGE("compute_mode", A, device.compute_mode),
    GAUGE("pcie_generation", A, device.pcie_generation),
    GAUGE("pcie_generation_max", A, device.pcie_generation_max),
    GAUGE("pcie_width", A, device.pcie_width),
    GAUGE("pcie_width_max", A, device.pcie_width_max),
    GAUGE("throttle_reasons", A, device.throttle_reasons),
    GAUGE("numa_node", A, device.numa_node),
    VALUE("mig_enabled", FIELD_SWITCH, A, device.mig_mode),
    VALUE("row_remap_pending", FIELD_SWITCH, A, device.detail.rows_pending),
    VALUE("row_remap_failed", FIELD_SWITCH, A, device.detail.rows_failed),
    GAUGE("recovery_action", A, device.detail.recovery_action),
    GAUGE("xid_events", A, device.detail.xid_events_total),
    COUNT("processes", A, processes),
};
#undef A

#define I struct merged_instance
static const struct field instance[] = {
    VALUE("mig_instance", FIELD_UNSIGNED, I, instance.index),
    TEXT("uuid", I, instance.uuid),
    TEXT("profile", I, instance.profile_name),
    VALUE("gpu_instance_id", FIELD_UNSIGNED, I, instance.gpu_instance),
    VALUE("compute_instance_id", FIELD_UNSIGNED, I, instance.compute_instance),
    COUNT("memory_used_bytes", I, instance.mem_used_bytes),
    COUNT("memory_total_bytes", I, instance.mem_total_bytes),
    GAUGE("multiprocessors", I, instance.sm_count),
    SHARE("sm_active_percent", I, instance.profile[PROFILE_SM]),
    SHARE("memory_bandwidth_percent", I, instance.profile[PROFILE_DRAM]),
};
#undef I

#define X struct merged_xid
static const struct field xid[] = {
    VALUE("xid", FIELD_UNSIGNED, X, xid.xid),
    VALUE("meaning", FIELD_NAME, X, xid.meaning),
    COUNT("count", X, xid.count),
    GAUGE("last_time_seconds", X, xid.last_s),
};
#undef X

#define P struct platform_info
static const struct field platform[] = {
    VALUE("platform", FIELD_NAME, P, platform),  TEXT("driver_version", P, driver_version),
    TEXT("library_version", P, library_version), TEXT("runtime_name", P, runtime_name),
    TEXT("runtime_version", P, runtime_version),
};
#undef P

#define U struct merged_process
static const struct field use[] = {
    VALUE("gpu_index", FIELD_UNSIGNED, U, number),
    VALUE("device_index", FIELD_UNSIGNED, U, use.accelerator),
    TEXT("device_uuid", U, device_uuid),
    VALUE("type", FIELD_LETTER, U, use.type),
    COUNT("memory_used_bytes", U, use.mem_used_bytes),
    SHARE("utilization_percent", U, use.sm_ratio),
    SHARE("memory_activity_percent", U, use.mem_ratio),
    SHARE("encoder_utilization_percent", U, use.encoder_ratio),
    SHARE("decoder_utilization_percent", U, use.decoder_ratio),
};
#undef U

#define P struct process
static const struct field process[] = {
    VALUE("pid", FIELD_INT, P, pid),
    TEXT("name", P, name),
    TEXT("user", P, user),
    VALUE("state", FIELD_LETTER, P, state),
    VALUE("threads", FIELD_UNSIGNED, P, threads),
    SHARE("cpu_percent", P, cpu_ratio),
    COUNT("memory_bytes", P, memory_bytes),
    GAUGE("start_time_seconds", P, start_time_s),
};
#undef P

#define O struct process_owner
static const struct field owner[] = {
    TEXT("runtime", O, runtime),
    TEXT("container_id", O, container_id),
    TEXT("container", O, container),
    TEXT("namespace", O, namespace),
    TEXT("pod", O, pod),
    TEXT("pod_uid", O, pod_uid),
    TEXT("slurm_job", O, slurm_job),
    TEXT("slurm_step", O, slurm_step),
    TEXT("slurm_user", O, job_user),
    TEXT("scheduler", O, scheduler),
    TEXT("job", O, batch_job),
    TEXT("unit", O, unit),
    TEXT("session", O, session),
};
#undef O

#define H struct holder
static const struct field holder[] = {
    VALUE("gpu_index", FIELD_UNSIGNED, H, number),
    TEXT("device_uuid", H, device_uuid),
    VALUE("kind", FIELD_HOLDER, H, kind),
    TEXT("name", H, name),
    TEXT("user", H, user),
    TEXT("namespace", H, namespace),
    TEXT("pod", H, pod),
    TEXT("container", H, container),
    TEXT("slurm_job", H, slurm_job),
    COUNT("processes", H, processes),
    COUNT("memory_used_bytes", H, mem_used_bytes),
    SHARE("utilization_percent", H, sm_ratio),
    VALUE("allocated", FIELD_SWITCH, H, allocated),
    GAUGE("idle_seconds", H, idle_s),
    GAUGE("energy_joules", H, energy_j_total),
};
#undef H

#define C struct cpu
static const struct field cpu[] = {
    TEXT("model", C, model),
    TEXT("architecture", C, architecture),
    TEXT("platform", C, platform),
    VALUE("socket_count", FIELD_POSITIVE, C, socket_count),
    VALUE("core_count", FIELD_POSITIVE, C, core_count),
    VALUE("thread_count", FIELD_POSITIVE, C, thread_count),
    SHARE("utilization_percent", C, utilization_ratio),
    SHARE("iowait_percent", C, iowait_ratio),
    SHARE("steal_percent", C, steal_ratio),
    GAUGE("frequency_mhz", C, frequency_mhz),
    GAUGE("temperature_celsius", C, temperature_c),
    GAUGE("power_watts", C, power_w),
    GAUGE("limit_cores", C, limit_cores),
    GAUGE("load1", C, load1),
    GAUGE("load5", C, load5),
    GAUGE("load15", C, load15),
    GAUGE("uptime_seconds", C, uptime_s),
    GAUGE("boot_time_seconds", C, boot_time_s),
};
#undef C

#define S struct cpu_socket
static const struct field socket[] = {
    VALUE("socket_id", FIELD_UNSIGNED, S, id), SHARE("utilization_percent", S, utilization_ratio),
    GAUGE("frequency_mhz", S, frequency_mhz),  GAUGE("temperature_celsius", S, temperature_c),
    GAUGE("power_watts", S, power_w),
};
#undef S

#define C struct cpu_core
static const struct field core[] = {
    VALUE("core_id", FIELD_UNSIGNED, C, id),
    VALUE("socket_id", FIELD_UNSIGNED, C, socket),
    TEXT("core_type", C, type),
    SHARE("utilization_percent", C, utilization_ratio),
    GAUGE("frequency_mhz", C, frequency_mhz),
};
#undef C

#define M struct memory
static const struct field memory[] = {
    VALUE("limited_by_cgroup", FIELD_BOOL, M, limited),
    COUNT("total_bytes", M, total_bytes),
    COUNT("used_bytes", M, used_bytes),
    COUNT("available_bytes", M, available_bytes),
    COUNT("free_bytes", M, free_bytes),
    COUNT("buffers_bytes", M, buffers_bytes),
    COUNT("cached_bytes", M, cached_bytes),
    COUNT("swap_total_bytes", M, swap_total_bytes),
    COUNT("swap_used_bytes", M, swap_used_bytes),
    COUNT("swap_free_bytes", M, swap_free_bytes),
    COUNT("hugepages_total_bytes", M, hugepages_total_bytes),
    COUNT("hugepages_free_bytes", M, hugepages_free_bytes),
    COUNT("zfs_arc_bytes", M, zfs_arc_bytes),
};
#undef M

#define F struct filesystem
static const struct field filesystem[] = {
    TEXT("mount_point", F, mount_point),
    TEXT("device", F, device),
    TEXT("fstype", F, type),
    COUNT("total_bytes", F, total_bytes),
    COUNT("used_bytes", F, used_bytes),
    COUNT("available_bytes", F, available_bytes),
};
#undef F

#define C struct chassis
static const struct field chassis[] = {
    TEXT("vendor", C, vendor),
    TEXT("product_name", C, product),
    TEXT("version", C, version),
    TEXT("board", C, board),
    TEXT("bios_version", C, bios_version),
    TEXT("virtualization", C, virtualization),
    TEXT("container", C, container),
    GAUGE("inlet_temperature_celsius", C, inlet_temperature_c),
    GAUGE("outlet_temperature_celsius", C, outlet_temperature_c),
    GAUGE("power_watts", C, power_w),
};
#undef C

#define B struct board
static const struct field board[] = {
    TEXT("model", B, model),
    TEXT("soc", B, soc),
    TEXT("l4t_version", B, l4t),
    TEXT("jetpack_version", B, jetpack),
    TEXT("power_mode", B, power_mode),
    GAUGE("power_mode_id", B, power_mode_id),
    GAUGE("power_watts", B, power_w),
    VALUE("power_is_sum", FIELD_BOOL, B, power_is_sum),
    GAUGE("memory_clock_mhz", B, memory_clock_mhz),
    SHARE("memory_controller_utilization_percent", B, memory_controller_ratio),
};
#undef B

#define R struct board_rail
static const struct field rail[] = {
    TEXT("name", R, name),
    GAUGE("power_watts", R, power_w),
    GAUGE("voltage_volts", R, voltage_v),
    GAUGE("current_amperes", R, current_a),
};
#undef R

#define Z struct board_zone
static const struct field zone[] = {
    TEXT("name", Z, name),
    GAUGE("temperature_celsius", Z, temperature_c),
};
#undef Z

#define E struct board_engine
static const struct field engine[] = {
    TEXT("name", E, name),
    VALUE("running", FIELD_SWITCH, E, running),
    GAUGE("clock_mhz", E, clock_mhz),
};
#undef E

#define V struct collector_view
static const struct field collector[] = {
    VALUE("name", FIELD_NAME, V, name),
    VALUE("up", FIELD_BOOL, V, up),
    VALUE("released", FIELD_BOOL, V, released),
    {"duration_seconds", FIELD_DOUBLE, offsetof(V, duration_s), 0, 1, 6},
    COUNT("readings", V, readings),
    COUNT("errors", V, errors),
    COUNT("stale", V, stale),
};
#undef V

#define R struct reading_reject
static const struct field reject[] = {
    VALUE("field", FIELD_NAME, R, field),
    VALUE("reason", FIELD_NAME, R, reason),
    COUNT("count", R, count),
};
#undef R

const struct field_table fields_accelerator = {accelerator, ARRAY_LEN(accelerator)};
const struct field_table fields_instance = {instance, ARRAY_LEN(instance)};
const struct field_table fields_xid = {xid, ARRAY_LEN(xid)};
const struct field_table fields_platform = {platform, ARRAY_LEN(platform)};
const struct field_table fields_use = {use, ARRAY_LEN(use)};
const struct field_table fields_process = {process, ARRAY_LEN(process)};
const struct field_table fields_owner = {owner, ARRAY_LEN(owner)};
const struct field_table fields_holder = {holder, ARRAY_LEN(holder)};
const struct field_table fields_cpu = {cpu, ARRAY_LEN(cpu)};
const struct field_table fields_socket = {socket, ARRAY_LEN(socket)};
const struct field_table fields_core = {core, ARRAY_LEN(core)};
const struct field_table fields_memory = {memory, ARRAY_LEN(memory)};
const struct field_table fields_filesystem = {filesystem, ARRAY_LEN(filesystem)};
const struct field_table fields_chassis = {chassis, ARRAY_LEN(chassis)};
const struct field_table fields_board = {board, ARRAY_LEN(board)};
const struct field_table fields_rail = {rail, ARRAY_LEN(rail)};
const struct field_table fields_zone = {zone, ARRAY_LEN(zone)};
const struct field_table fields_engine = {engine, ARRAY_LEN(engine)};
const struct field_table fields_collector = {collector, ARRAY_LEN(collector)};
const struct field_table fields_reject = {reject, ARRAY_LEN(reject)};

/* ---- printing ---- */

static void unknown(enum field_form form, struct buf *to)
{
    if (form == FIELD_JSON)
        buf_text(to, "null");
}

void field_print_csv_text(struct str text, struct buf *to)
{
    bool quote = false;

    for (size_t i = 0; i < text.len; i++)
        quote = quote || memchr(",\"\r\n", text.ptr[i], 4);
    if (!quote) {
        buf_str_add(to, text);
        return;
    }
    buf_char(to, '"');
    for (size_t i = 0; i < text.len; i++) {
        if (text.ptr[i] == '"')
            buf_char(to, '"');
        buf_char(to, text.ptr[i]);
    }
    buf_char(to, '"');
}

static void print_text(struct str text, enum field_form form, struct buf *to)
{
    if (!text.len)
        unknown(form, to);
    else if (form == FIELD_JSON)
        buf_json(to, text);
    else
        field_print_csv_text(text, to);
}

static void print_double(const struct field *field, double value, enum field_form form,
                         struct buf *to)
{
    double factor = field->scale;
    char *at = buf_reserve(to, NUM_MAX_TEXT);

    if (!isfinite(value)) {
        unknown(form, to);
        return;
    }
    for (unsigned i = 0; i < field->decimals; i++)
        factor *= 10;
    if (at && fabs(value * factor) < 9e15) /* exact in a float64 */
        to->len += num_print_fixed(at, llrint(value * factor), field->decimals);
    else if (at)
        to->len += num_print(at, value * field->scale);
}

static const char *state_name(enum accelerator_state state)
{
    switch (state) {
    case ACCELERATOR_OK:
        return "ok";
    case ACCELERATOR_LOST:
        return "lost";
    case ACCELERATOR_FORBIDDEN:
        return "forbidden";
    case ACCELERATOR_SLEEPING:
        return "sleeping";
    case ACCELERATOR_RELEASED:
        return "released";
    }
    return NULL;
}

static void print_whole(bool known, uint64_t value, enum field_form form, struct buf *to)
{
    if (known)
        buf_u64(to, value);
    else
        unknown(form, to);
}

void field_print(const struct field *field, const void *thing, enum field_form form, struct buf *to)
{
    const char *at = (const char *)thing + field->offset;
    union {
        double number;
        uint64_t count;
        unsigned natural;
        int integer;
        bool truth;
        const char *name;
        enum accelerator_state state;
        enum holder_kind kind;
    } value;

    switch (field->kind) {
    case FIELD_TEXT:
        print_text(str_make(at, strnlen(at, field->size)), form, to);
        break;
    case FIELD_LETTER:
        print_text(str_make(at, *at ? 1 : 0), form, to);
        break;
    case FIELD_NAME:
        memcpy(&value.name, at, sizeof(value.name));
        print_text(str_of(value.name), form, to);
        break;
    case FIELD_STATE:
        memcpy(&value.state, at, sizeof(value.state));
        print_text(str_of(state_name(value.state)), form, to);
        break;
    case FIELD_HOLDER:
        memcpy(&value.kind, at, sizeof(value.kind));
        print_text(str_of(holder_kinds[value.kind]), form, to);
        break;
    case FIELD_DOUBLE:
        memcpy(&value.number, at, sizeof(value.number));
        print_double(field, value.number, form, to);
        break;
    case FIELD_SWITCH:
        memcpy(&value.number, at, sizeof(value.number));
        if (isfinite(value.number))
            buf_text(to, value.number > 0 ? "true" : "false");
        else
            unknown(form, to);
        break;
    case FIELD_COUNT:
        memcpy(&value.count, at, sizeof(value.count));
        print_whole(value.count != UNKNOWN_COUNT, value.count, form, to);
        break;
    case FIELD_UNSIGNED:
    case FIELD_POSITIVE:
        memcpy(&value.natural, at, sizeof(value.natural));
        print_whole(value.natural != (field->kind == FIELD_POSITIVE ? 0 : UINT_MAX), value.natural,
                    form, to);
        break;
    case FIELD_INT:
        memcpy(&value.integer, at, sizeof(value.integer));
        buf_i64(to, value.integer);
        break;
    case FIELD_BOOL:
        memcpy(&value.truth, at, sizeof(value.truth));
        buf_text(to, value.truth ? "true" : "false");
        break;
    }
}
