/* scope_host.c - labels of the host, and boards with everything on them. */
#include "worker/scope_part.h"

#include <limits.h>

static void cpu(const struct scope_line *line)
{
    const struct cpu *c = line->thing;

    scope_host_and_instance(line);
    scope_text(line, "cpu_model", c->model);
    scope_text(line, "index", "0");
}

static void cpu_numbered(const struct scope_line *line)
{
    cpu(line);
    if (line->s->machine.alias_labels)
        scope_text(line, "cpu_id", "0");
}

static void cpu_info(const struct scope_line *line)
{
    const struct cpu *c = line->thing;

    cpu(line);
    scope_text(line, "architecture", c->architecture);
    scope_text(line, "platform_type", c->platform);
}

static void socket_of_cpu(const struct scope_line *line)
{
    const struct cpu_socket *socket = line->thing;

    scope_host_and_instance(line);
    scope_text(line, "cpu_model", line->s->cpu->model);
    scope_text(line, "cpu_index", "0");
    label_number(line->to, "socket_id", socket->id);
}

static void core(const struct scope_line *line)
{
    const struct cpu_core *c = line->thing;

    scope_host_and_instance(line);
    scope_text(line, "cpu_model", line->s->cpu->model);
    label_number(line->to, "core_id", c->id);
    scope_text(line, "core_type", c->type);
}

static void core_clock(const struct scope_line *line)
{
    const struct cpu_core *c = line->thing;

    scope_host(line);
    label_number(line->to, "core_id", c->id);
}

static void memory(const struct scope_line *line)
{
    scope_host_and_instance(line);
    scope_text(line, "index", "0");
}

static void disk(const struct scope_line *line)
{
    const struct filesystem *f = line->thing;

    scope_host_and_instance(line);
    label_text(line->to, "mount_point", f->mount_point, sizeof(f->mount_point));
    label_number(line->to, "index", line->index);
}

static void disk_info(const struct scope_line *line)
{
    const struct filesystem *f = line->thing;

    disk(line);
    scope_text(line, "device", f->device);
    scope_text(line, "fstype", f->type);
}

static void chassis_info(const struct scope_line *line)
{
    const struct chassis *c = line->thing;

    scope_host_and_instance(line);
    scope_text(line, "product_name", c->product);
    scope_text(line, "vendor", c->vendor);
    scope_text(line, "board", c->board);
    scope_text(line, "version", c->version);
    scope_text(line, "bios_version", c->bios_version);
}

static void virtualization(const struct scope_line *line)
{
    const struct chassis *c = line->thing;

    scope_host(line);
    scope_text(line, "vm_type", c->virtualization);
    scope_text(line, "hypervisor", c->virtualization);
}

static void environment(const struct scope_line *line)
{
    const struct chassis *c = line->thing;

    scope_host(line);
    scope_text(line, "environment", c->container[0] ? c->container : c->virtualization);
}

static void container(const struct scope_line *line)
{
    const struct chassis *c = line->thing;

    scope_host(line);
    scope_text(line, "runtime", c->container);
    scope_text(line, "container_id", c->container_id);
}

static void chassis_fan(const struct scope_line *line)
{
    const struct chassis *c = line->thing;

    scope_host_and_instance(line);
    label_number(line->to, "fan_id", line->variant);
    scope_text(line, "fan_name", c->fan_name[line->variant]);
}

static void chassis_pressure(const struct scope_line *line)
{
    const struct chassis *c = line->thing;

    scope_host_and_instance(line);
    scope_text(line, "level", scope_pressures[(unsigned)c->thermal_pressure]);
}

static bool has_pressure(const void *thing)
{
    double level = ((const struct chassis *)thing)->thermal_pressure;
    return level >= 0 && level < SCOPE_PRESSURES;
}

static void pod(const struct scope_line *line)
{
    const struct machine *m = &line->s->machine;

    scope_host(line);
    scope_text(line, "pod_name", m->pod);
    scope_text(line, "namespace", m->pod_namespace);
}

static void board_info(const struct scope_line *line)
{
    const struct board *b = line->thing;

    scope_host(line);
    scope_text(line, "model", b->model);
    scope_text(line, "soc", b->soc);
    scope_text(line, "l4t_version", b->l4t);
    scope_text(line, "jetpack_version", b->jetpack);
    scope_text(line, "power_mode", b->power_mode);
    if (b->power_mode_id >= 0)
        label_number(line->to, "power_mode_id", (uint64_t)b->power_mode_id);
}

static void board_power(const struct scope_line *line)
{
    scope_host(line);
    scope_text(line, "source", ((const struct board *)line->thing)->power_is_sum ? "sum" : "input");
}

static void rail(const struct scope_line *line)
{
    scope_host(line);
    scope_text(line, "rail", ((const struct board_rail *)line->thing)->name);
}

static void zone(const struct scope_line *line)
{
    scope_host(line);
    scope_text(line, "zone", ((const struct board_zone *)line->thing)->name);
}

static void engine(const struct scope_line *line)
{
    scope_host(line);
    scope_text(line, "engine", ((const struct board_engine *)line->thing)->name);
}

static void power_part(const struct scope_line *line)
{
    scope_host(line);
    scope_text(line, "part", power_part_names[line->variant]);
}

static void presence(const struct scope_line *line)
{
    const struct gpu_presence *g = line->thing;

    scope_host(line);
    scope_text(line, "pci_bus_id", g->bus_id);
    scope_text(line, "state", presence_names[g->state]);
    scope_text(line, "driver", g->driver);
    if (g->number != UINT_MAX)
        label_number(line->to, "gpu_index", g->number);
    scope_text(line, "gpu_uuid", g->uuid);
    scope_text(line, "gpu", g->name);
    scope_text(line, "serial", g->serial);
}

/* ---- places in scopes ---- */

static bool is_described(const void *thing)
{
    const struct chassis *c = thing;
    return c->product[0] || c->vendor[0] || c->board[0] || c->version[0] || c->bios_version[0];
}

static bool has_fans(const void *thing)
{
    return ((const struct chassis *)thing)->fan_name[0][0] != '\0';
}

static bool is_in_pod(const void *thing)
{
    return ((const struct snapshot *)thing)->machine.pod[0] != '\0';
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

const struct scope_part scope_host_parts[SCOPE_COUNT] = {
    [SCOPE_CPU] = {cpu_numbered, NULL, 1},
    [SCOPE_CPU_INFO] = {cpu_info, NULL, 1},
    [SCOPE_CPU_HOST] = {scope_host, NULL, 1},
    [SCOPE_SOCKET] = {socket_of_cpu, NULL, 1},
    [SCOPE_CORE] = {core, NULL, 1},
    [SCOPE_CORE_CLOCK] = {core_clock, NULL, 1},
    [SCOPE_MEMORY] = {memory, NULL, 1},
    [SCOPE_MEMORY_HOST] = {scope_host, NULL, 1},
    [SCOPE_DISK] = {disk, NULL, 1},
    [SCOPE_DISK_INFO] = {disk_info, NULL, 1},
    [SCOPE_CHASSIS] = {scope_host_and_instance, NULL, 1},
    [SCOPE_CHASSIS_FAN] = {chassis_fan, has_fans, CHASSIS_FANS},
    [SCOPE_CHASSIS_PRESSURE] = {chassis_pressure, has_pressure, 1},
    [SCOPE_CHASSIS_CPU] = {scope_host_and_instance, NULL, 1},
    [SCOPE_POD] = {pod, is_in_pod, 1},
    [SCOPE_CHASSIS_INFO] = {chassis_info, is_described, 1},
    [SCOPE_VIRTUALIZATION] = {virtualization, is_virtual, 1},
    [SCOPE_ENVIRONMENT] = {environment, is_virtual_or_contained, 1},
    [SCOPE_CONTAINER] = {container, is_contained, 1},
    [SCOPE_POWER] = {power_part, NULL, POWER_PARTS},
    [SCOPE_PRESENCE] = {presence, NULL, 1},
    [SCOPE_BOARD] = {scope_host, NULL, 1},
    [SCOPE_BOARD_INFO] = {board_info, NULL, 1},
    [SCOPE_BOARD_POWER] = {board_power, NULL, 1},
    [SCOPE_RAIL] = {rail, NULL, 1},
    [SCOPE_ZONE] = {zone, NULL, 1},
    [SCOPE_ENGINE] = {engine, NULL, 1},
};
