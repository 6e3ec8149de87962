/* scope_alias.c - labels as dashboards of Algalon's first version ask for them. */
#include "worker/scope_part.h"

static void alias_gpu(const struct scope_line *line)
{
    const struct merged_accelerator *a = line->thing;

    scope_gpu(line);
    scope_text(line, "gpu_name", a->device.name);
}

static void alias_gpu_process(const struct scope_line *line)
{
    const struct merged_process *p = line->thing;

    scope_host(line);
    if (p->other)
        scope_text(line, "pid", "other");
    else
        label_number(line->to, "pid", (uint64_t)MAX(p->use.pid, 0));
    scope_text(line, "process_name", p->other ? "other" : p->host.name);
    scope_text(line, "user", p->host.user);
    label_number(line->to, "gpu_index", p->number);
    scope_text(line, "device_uuid", p->device_uuid);
}

static void alias_disk(const struct scope_line *line)
{
    const struct filesystem *f = line->thing;

    scope_host_and_instance(line);
    label_text(line->to, "mount_point", f->mount_point, sizeof(f->mount_point));
    label_number(line->to, "index", line->index);
    scope_text(line, "device", f->device);
}

static void alias_process(const struct scope_line *line)
{
    const struct process *p = line->thing;

    scope_host(line);
    label_number(line->to, "pid", (uint64_t)MAX(p->pid, 0));
    scope_text(line, "process_name", p->name);
    scope_text(line, "user", p->user);
}

const struct scope_part scope_alias_parts[SCOPE_COUNT] = {
    [SCOPE_ALIAS_GPU] = {alias_gpu, NULL, 1},
    [SCOPE_ALIAS_GPU_PROCESS] = {alias_gpu_process, NULL, 1},
    [SCOPE_ALIAS_DISK] = {alias_disk, NULL, 1},
    [SCOPE_ALIAS_PROCESS] = {alias_process, NULL, 1},
};
