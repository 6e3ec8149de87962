/* scope_dcgm.c - labels as dcgm-exporter writes them. */
#include "worker/scope_part.h"

#include <ctype.h>
#include <limits.h>

/* dcgm-exporter's words, in the order of NVML's bits. */
static const char *const clock_events[CLOCK_EVENTS] = {
    "gpu_idle",   "clocks_setting", "power_cap",      "hw_slowdown",   "sync_boost",
    "sw_thermal", "hw_thermal",     "hw_power_brake", "display_clocks"};

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

/* The text of a field of type label; "" when nobody told it. */
static const char *label_field(const char *name, const struct merged_accelerator *a)
{
    static const struct platform_info nobody;
    const struct platform_info *p = a->platform ? a->platform : &nobody;
    const struct accelerator *d = &a->device;
    const struct {
        const char *name, *text;
    } fields[] = {
        {"DCGM_FI_DEV_BRAND", d->brand},
        {"DCGM_FI_DEV_BRAND", d->brand},
        {"DCGM_FI_DEV_ECC_INFOROM_VER", d->inforom_ecc},
        {"DCGM_FI_DEV_INFOROM_IMAGE_VER", d->inforom_image},
        {"DCGM_FI_DEV_OEM_INFOROM_VER", d->inforom_oem},
        {"DCGM_FI_DEV_POWER_INFOROM_VER", d->inforom_power},
        {"DCGM_FI_DEV_SERIAL", d->serial},
        {"DCGM_FI_DEV_VBIOS_VERSION", d->vbios},
        {"DCGM_FI_DRIVER_VERSION", p->driver_version},
        {"DCGM_FI_NVML_VERSION", p->library_version},
    };

    for (size_t i = 0; i < ARRAY_LEN(fields); i++)
        if (strcmp(fields[i].name, name) == 0)
            return fields[i].text;
    return "";
}

void scope_dcgm_device(const struct scope_line *line, const struct merged_accelerator *a)
{
    const struct machine *m = &line->s->machine;
    char pci[sizeof(a->device.pci_bus_id) + 8], device[24];

    dcgm_pci(a->device.pci_bus_id, pci, sizeof(pci));
    snprintf(device, sizeof(device), "nvidia%u", a->device.index);
    label_number(line->to, "gpu", a->device.index);
    scope_text(line, "UUID", a->device.uuid);
    scope_text(line, "pci_bus_id", pci);
    scope_text(line, "device", device);
    scope_text(line, "modelName", a->device.name);
    if (a->instance) {
        scope_text(line, "GPU_I_PROFILE", a->instance->profile_name);
        if (a->instance->gpu_instance != UINT_MAX)
            label_number(line->to, "GPU_I_ID", a->instance->gpu_instance);
    }
    if (m->dcgm_host_label)
        label_text(line->to, m->dcgm_host_label, m->hostname, sizeof(m->hostname));
    for (size_t i = 0; choice_labels()[i]; i++)
        if (m->dcgm_labels & (1u << i))
            scope_text(line, choice_labels()[i], label_field(choice_labels()[i], a));
}

/* As far as there is room: what a site chose as labels comes first. */
static void dcgm_owner(const struct scope_line *line, const struct holder *pod, const char *job)
{
    if (pod && line->to->count + 3 <= LABELS_PER_SERIES) {
        scope_text(line, "container", pod->container);
        scope_text(line, "namespace", pod->namespace);
        scope_text(line, "pod", pod->pod);
    }
    if (job && line->to->count + 1 <= LABELS_PER_SERIES)
        scope_text(line, "hpc_job", job);
}

static void dcgm(const struct scope_line *line)
{
    const struct merged_accelerator *row = line->thing;

    scope_dcgm_device(line, row);
    dcgm_owner(line, row->pod, row->hpc_job);
}

static void dcgm_share(const struct scope_line *line)
{
    const struct dcgm_share *share = line->thing;

    scope_dcgm_device(line, share->row);
    dcgm_owner(line, share->pod, share->row->hpc_job);
}

static void dcgm_clock_event(const struct scope_line *line)
{
    scope_dcgm_device(line, line->thing);
    scope_text(line, "clock_event", clock_events[line->variant]);
    label_number(line->to, "window_size_in_ms", 300000);
}

static void dcgm_xid(const struct scope_line *line)
{
    const struct merged_xid *x = line->thing;

    scope_dcgm_device(line, x->on);
    label_number(line->to, "err_code", x->xid.xid);
    scope_text(line, "err_msg", x->xid.meaning);
}

static void dcgm_xid_count(const struct scope_line *line)
{
    const struct merged_xid *x = line->thing;

    scope_dcgm_device(line, x->on);
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

const struct scope_part scope_dcgm_parts[SCOPE_COUNT] = {
    [SCOPE_DCGM_XID] = {dcgm_xid, is_latest, 1},
    [SCOPE_DCGM_XID_COUNT] = {dcgm_xid_count, is_of_nvidia, 1},
    [SCOPE_DCGM_CLOCK_EVENT] = {dcgm_clock_event, is_nvidia, CLOCK_EVENTS},
    [SCOPE_DCGM_SHARE] = {dcgm_share, NULL, 1},
    [SCOPE_DCGM] = {dcgm, is_nvidia, 1},
};
