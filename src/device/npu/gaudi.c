/* gaudi.c - Intel's Gaudi cards, by sysfs of the driver habanalabs and the questions that its
 * control node answers to anyone. The node for computing is never opened: it is one process's
 * alone. Facts: Linux 7.2, include/uapi/drm/habanalabs_accel.h and
 * Documentation/ABI/testing/sysfs-driver-habanalabs. */
#include "npu.h"
#include "npu_set.h"

#include "device/linux_edge.h"
#include "device/linux_file.h"
#include "device/linux_ioctl.h"
#include "device/linux_proc.h"

#define VENDOR   0x1da3 /* the class accel is everyone's: the vendor tells */
#define LOAD_MS  1000   /* over which the firmware means the load, at most */
#define IP_BYTES 304

enum question {
    ASK_HARDWARE = 0,
    ASK_MEMORY = 2,
    ASK_LOAD = 6,
    ASK_CLOCK = 8,
    ASK_RESETS = 9,
    ASK_PCIE = 12,
    ASK_THROTTLE = 13,
    ASK_ENERGY = 15
};

struct gaudi {
    uint64_t memory_bytes, reserved_bytes;
};

static bool is_ours(const struct linux_card *card)
{
    return !strcmp(card->driver, "habanalabs");
}

/* Newer drivers are in the class accel, older ones have one of their own. */
static size_t list(const struct host_paths *paths, struct linux_card *to)
{
    size_t found = linux_card_list(paths->sysfs, "accel", is_ours, to), len = 0;

    if (!found)
        found = linux_card_list(paths->sysfs, "habanalabs", is_ours, to);
    for (size_t i = 0; i < found; i++)
        if (to[i].vendor == VENDOR)
            to[len++] = to[i];
    return len;
}

static bool is_old(const struct linux_card *c)
{
    return str_starts(str_of(c->folder), STR("class/habanalabs"));
}

/* Newer drivers have their files in the folder of the PCI device. */
static const char *place(const struct npu_device *d, const char *file, char to[64])
{
    snprintf(to, 64, "%s%s", is_old(d->card) ? "" : "device/", file);
    return to;
}

/* ---- the control node ---- */

static int open_control(const struct host_paths *paths, const struct npu_device *d)
{
    const struct linux_edge *e = linux_edge_of(paths);
    char node[48];

    snprintf(node, sizeof(node),
             is_old(d->card) ? "dev/hl_controlD%u" : "dev/accel/accel_controlD%u", d->card->number);
    return e->open(e->context, paths->rootfs, node);
}

static bool ask(const struct host_paths *paths, int fd, enum question question, uint32_t argument,
                void *to, uint32_t size)
{
    const struct linux_edge *e = linux_edge_of(paths);
    struct ioctl_habanalabs args = {.answer = (uint64_t)(uintptr_t)to,
                                    .size = size,
                                    .question = question,
                                    .argument = argument};

    memset(to, 0, size);
    return !e->ioctl(e->context, fd, IOCTL_HABANALABS_INFO, &args);
}

static void close_control(const struct host_paths *paths, int fd)
{
    const struct linux_edge *e = linux_edge_of(paths);

    e->close(e->context, fd);
}

static uint64_t u64_at(const char *bytes, size_t at)
{
    uint64_t value;

    memcpy(&value, bytes + at, sizeof(value));
    return value;
}

static void identify_hardware(const struct host_paths *paths, struct npu_device *d)
{
    _Alignas(8) char bytes[IP_BYTES];
    struct gaudi *g = d->own;
    struct npu *n = &d->identity->npu;
    int fd = open_control(paths, d);

    if (fd < 0)
        return;
    if (ask(paths, fd, ASK_HARDWARE, 0, bytes, sizeof(bytes))) {
        uint32_t module;
        memcpy(&module, bytes + 36, sizeof(module));
        g->memory_bytes = u64_at(bytes, 16);
        g->reserved_bytes = u64_at(bytes, 296);
        n->value.module = module;
        linux_proc_clean(n->firmware, sizeof(n->firmware),
                         str_make(bytes + 72, strnlen(bytes + 72, 128)));
        linux_proc_clean(n->model, sizeof(n->model),
                         str_make(bytes + 200, strnlen(bytes + 200, 16)));
    }
    close_control(paths, fd);
}

/* "GAUDI2" -> "Gaudi 2". */
static void generation(const char *type, char *to, size_t size)
{
    const char *number = str_starts(str_of(type), STR("GAUDI")) ? type + strlen("GAUDI") : "";

    snprintf(to, size, "Gaudi%s%.8s", *number ? " " : "", number);
}

static void identify(const struct host_paths *paths, struct npu_device *d)
{
    struct accelerator *a = d->identity;
    struct npu *n = &a->npu;
    char at[64], type[24];

    str_copy(n->source, sizeof(n->source), STR("ioctl"));
    n->value.module = npu_number(paths, d, place(d, "module_id", at), 1);
    npu_text(paths, d, place(d, "cpucp_ver", at), n->firmware, sizeof(n->firmware));
    identify_hardware(paths, d);
    npu_text(paths, d, place(d, "device_type", at), type, sizeof(type));
    generation(type, a->architecture, sizeof(a->architecture));
    str_copy(n->chip, sizeof(n->chip), str_of(type));
    str_copy(a->brand, sizeof(a->brand), STR("Intel"));
    snprintf(a->name, sizeof(a->name), "Intel %s%s%s", a->architecture, n->model[0] ? " " : "",
             n->model);
    snprintf(a->uuid, sizeof(a->uuid), "HL-%s", d->card->place);
    snprintf(n->pci_ids[0], sizeof(n->pci_ids[0]), "0x%04x", d->card->vendor & 0xffff);
    snprintf(n->pci_ids[1], sizeof(n->pci_ids[1]), "0x%04x", d->card->device & 0xffff);
}

/* ---- reading ---- */

static void read_control(const struct host_paths *paths, const struct npu_device *d, int fd,
                         struct accelerator *a)
{
    const struct gaudi *g = d->own;
    uint64_t memory[2], pcie[3], energy;
    uint32_t load, clock[2], resets[2];
    _Alignas(8) char throttle[56];

    if (ask(paths, fd, ASK_LOAD, LOAD_MS, &load, sizeof(load)) && load <= 100)
        a->utilization_ratio = load / 100.0;
    if (g->memory_bytes > g->reserved_bytes &&
        ask(paths, fd, ASK_MEMORY, 0, memory, sizeof(memory))) {
        a->mem_total_bytes = g->memory_bytes - g->reserved_bytes;
        a->mem_reserved_bytes = g->reserved_bytes;
        if (memory[0] <= a->mem_total_bytes) {
            a->mem_free_bytes = memory[0];
            a->mem_used_bytes = a->mem_total_bytes - memory[0];
        }
    }
    if (ask(paths, fd, ASK_CLOCK, 0, clock, sizeof(clock)) && clock[0]) {
        a->clock_graphics_mhz = clock[0];
        a->clock_graphics_max_mhz = clock[1] ? clock[1] : UNKNOWN;
    }
    if (ask(paths, fd, ASK_RESETS, 0, resets, sizeof(resets)))
        for (size_t i = 0; i < 2; i++)
            a->npu.value.resets_total[i] = resets[i];
    if (ask(paths, fd, ASK_PCIE, 0, pcie, sizeof(pcie)))
        a->detail.pcie_replays_total = (double)pcie[2];
    if (ask(paths, fd, ASK_THROTTLE, 0, throttle, sizeof(throttle))) {
        uint32_t reasons;
        memcpy(&reasons, throttle, sizeof(reasons));
        a->throttle_reasons = (reasons & 1 ? 0x4 : 0) + (reasons & 2 ? 0x20 : 0);
    }
    if (ask(paths, fd, ASK_ENERGY, 0, &energy, sizeof(energy)) && energy) {
        a->energy_j_total = (double)energy / 1e3;
        a->detail.energy_estimated = 0;
    }
}

static void read_files(const struct host_paths *paths, const struct npu_device *d,
                       struct accelerator *a)
{
    struct npu_values *v = &a->npu.value;
    char at[64];

    a->temperature_c = npu_sensor(paths, d, "temp1_input", 1e-3);
    a->power_w = npu_sensor(paths, d, "power1_input", 1e-6);
    a->power_limit_w = npu_number(paths, d, place(d, "max_power", at), 1e-3);
    a->clock_graphics_mhz = npu_number(paths, d, place(d, "clk_cur_freq_mhz", at), 1);
    a->clock_graphics_max_mhz = npu_number(paths, d, place(d, "clk_max_freq_mhz", at), 1);
    v->resets_total[0] = npu_number(paths, d, place(d, "hard_reset_cnt", at), 1);
    v->resets_total[1] = npu_number(paths, d, place(d, "soft_reset_cnt", at), 1);
    linux_card_link(paths->sysfs, d->card->bus_id, a);
}

static void read_card(const struct host_paths *paths, struct npu_device *d, uint64_t mono_ns,
                      struct accelerator *a)
{
    struct npu *n = &a->npu;
    char at[64];

    npu_text(paths, d, place(d, "status", at), n->status, sizeof(n->status));
    if (n->status[0])
        n->value.healthy = strcmp(n->status, "operational") == 0;
    if (n->value.healthy == 0)
        return; /* in reset all else fails, or says nothing of now */
    read_files(paths, d, a);
    int fd = open_control(paths, d);
    if (fd >= 0) {
        read_control(paths, d, fd, a);
        close_control(paths, fd);
    }
    if (isnan(a->energy_j_total))
        npu_energy(&d->energy, mono_ns, a);
    else
        npu_energy_rest(&d->energy);
}

static size_t nodes(const struct linux_card *c, unsigned index, struct linux_node *to, size_t len)
{
    if (len < LINUX_NODES) {
        snprintf(to[len].path, sizeof(to[len].path), is_old(c) ? "/dev/hl%u" : "/dev/accel/accel%u",
                 c->number);
        to[len++].device = index;
    }
    return len;
}

static void versions(const struct host_paths *paths, struct platform_info *p)
{
    char text[80];

    if (linux_file_text(text, sizeof(text), paths->sysfs, "module/habanalabs/version") > 0)
        linux_proc_clean(p->driver_version, sizeof(p->driver_version), str_of(text));
}

static void advise(const struct host_paths *paths, const struct npu_device *d, struct arena *a,
                   struct finding **ret, size_t *ret_len)
{
    int fd = open_control(paths, d);

    if (fd >= 0) {
        close_control(paths, fd);
        return;
    }
    finding_add(
        a, ret, ret_len, FINDING_WARNING, "gaudi",
        "Give the service access to the control node (in a container: pass the device); the "
        "node for computing is not needed.",
        "%s (%s): its control node cannot be opened (%s): load and memory are missing",
        d->identity->name, d->card->place, strerror(-fd));
}

static const struct npu_kind gaudi = {
    .platform = "gaudi",
    .what = "Gaudi card",
    .own_size = sizeof(struct gaudi),
    .list = list,
    .identify = identify,
    .read = read_card,
    .nodes = nodes,
    .versions = versions,
    .advise = advise,
};

NPU_COLLECTOR(gaudi_collector, gaudi);
