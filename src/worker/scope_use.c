/* scope_use.c - labels of the worker itself, processes on devices, those for whom they run. */
#include "worker/scope_part.h"

#include "worker/command.h"

static void build(const struct scope_line *line)
{
    const struct machine *m = &line->s->machine;

    scope_host_and_instance(line);
    scope_text(line, "version", m->version);
    scope_text(line, "os", m->os);
    scope_text(line, "arch", m->arch);
}

static void collector(const struct scope_line *line)
{
    const struct collector_view *view = line->thing;

    scope_host(line);
    scope_text(line, "collector", view->name);
}

static void reject(const struct scope_line *line)
{
    const struct reading_reject *r = line->thing;

    scope_host(line);
    scope_text(line, "field", r->field);
    scope_text(line, "reason", r->reason);
}

static void gpu_process(const struct scope_line *line)
{
    const struct merged_process *p = line->thing;

    scope_host(line);
    if (p->other)
        scope_text(line, "pid", "other");
    else
        label_number(line->to, "pid", (uint64_t)MAX(p->use.pid, 0));
    scope_text(line, "name", p->other ? "other" : p->host.name);
    scope_text(line, "user", p->host.user);
    label_number(line->to, "device_id", p->use.accelerator);
    label_number(line->to, "gpu_index", p->number);
    scope_text(line, "device_uuid", p->device_uuid);
    if (line->s->machine.process_command != PROCESS_COMMAND_OFF) {
        char shown[COMMAND_MAX];
        command_show(shown, p->host.command, line->s->machine.process_command);
        label_text(line->to, "command", shown, LABEL_MAX_COMMAND);
    }
}

static void gpu_process_info(const struct scope_line *line)
{
    static const struct process_owner nobody;
    const struct merged_process *p = line->thing;
    const struct process_owner *o = p->host.owner ? p->host.owner : &nobody;

    scope_host(line);
    label_number(line->to, "pid", (uint64_t)MAX(p->use.pid, 0));
    scope_text(line, "name", p->host.name);
    scope_text(line, "user", p->host.user);
    scope_text(line, "runtime", o->runtime);
    scope_text(line, "container_id", o->container_id);
    scope_text(line, "container", o->container);
    scope_text(line, "namespace", o->namespace);
    scope_text(line, "pod", o->pod[0] ? o->pod : o->pod_uid);
    scope_text(line, "slurm_job", o->slurm_job);
    scope_text(line, "slurm_step", o->slurm_step);
    scope_text(line, "unit", o->batch_job[0] ? o->batch_job : o->unit);
}

static void holder(const struct scope_line *line)
{
    const struct holder *h = line->thing;

    scope_host(line);
    label_number(line->to, "gpu_index", h->number);
    scope_text(line, "gpu_uuid", h->device_uuid);
    scope_text(line, "gpu", h->device_name);
    scope_text(line, "holder_kind", holder_kinds[h->kind]);
    label_text(line->to, "holder", h->name, sizeof(h->name));
    scope_text(line, "user", h->user);
    scope_text(line, "namespace", h->namespace);
    scope_text(line, "pod", h->pod);
    scope_text(line, "container", h->container);
    scope_text(line, "slurm_job", h->slurm_job);
}

static void opener(const struct scope_line *line)
{
    static const struct process_owner nobody;
    const struct merged_opener *p = line->thing;
    const struct process_owner *o = p->host && p->host->owner ? p->host->owner : &nobody;

    scope_host(line);
    label_number(line->to, "gpu_index", p->on->number);
    scope_text(line, "gpu_uuid", p->on->device.uuid);
    label_number(line->to, "pid", (uint64_t)MAX(p->pid, 0));
    scope_text(line, "name", p->host ? p->host->name : "");
    scope_text(line, "user", p->host ? p->host->user : "");
    scope_text(line, "container_id", o->container_id);
    scope_text(line, "namespace", o->namespace);
    scope_text(line, "pod", o->pod[0] ? o->pod : o->pod_uid);
    scope_text(line, "slurm_job", o->slurm_job);
    scope_text(line, "unit", o->batch_job[0] ? o->batch_job : o->unit);
}

static void attributed(const struct scope_line *line)
{
    scope_host(line);
    scope_text(line, "holder_kind", holder_kinds[line->variant]);
}

static void attribution_failure(const struct scope_line *line)
{
    scope_host(line);
    scope_text(line, "reason", attribution_reasons[line->variant]);
}

static void left_out(const struct scope_line *line)
{
    scope_host(line);
    scope_text(line, "what", left_out_names[line->variant]);
}

static void process(const struct scope_line *line)
{
    const struct process *p = line->thing;

    scope_host(line);
    label_number(line->to, "pid", (uint64_t)MAX(p->pid, 0));
    scope_text(line, "name", p->name);
    scope_text(line, "user", p->user);
}

/* ---- places in scopes ---- */

static bool is_first_known(const void *thing)
{
    const struct merged_process *p = thing;
    return p->first && p->known;
}

const struct scope_part scope_use_parts[SCOPE_COUNT] = {
    [SCOPE_MACHINE] = {scope_host, NULL, 1},
    [SCOPE_UP] = {scope_host_and_instance, NULL, 1},
    [SCOPE_BUILD] = {build, NULL, 1},
    [SCOPE_COLLECTOR] = {collector, NULL, 1},
    [SCOPE_REJECT] = {reject, NULL, 1},
    [SCOPE_GPU_PROCESS] = {gpu_process, NULL, 1},
    [SCOPE_GPU_PROCESS_INFO] = {gpu_process_info, is_first_known, 1},
    [SCOPE_HOLDER] = {holder, NULL, 1},
    [SCOPE_OPENER] = {opener, NULL, 1},
    [SCOPE_ATTRIBUTED] = {attributed, NULL, HOLDER_OTHER},
    [SCOPE_ATTRIBUTION_FAILURE] = {attribution_failure, NULL, ATTRIBUTION_REASONS},
    [SCOPE_LEFT_OUT] = {left_out, NULL, LEFT_OUT_KINDS},
    [SCOPE_PROCESS] = {process, NULL, 1},
};
