/* scope_npu.c - labels of accelerators that are no GPUs. all-smi names such a device by `npu`,
 * `npu_uuid` and `npu_index`; the index counts over all accelerators, so it is their gpu_index. */
#include "worker/scope_part.h"

#include <stddef.h>

#define OF(member)  offsetof(struct accelerator, member)
#define NPU(member) OF(npu.member)

struct text_label {
    const char *name;
    size_t offset; /* of a text in struct accelerator */
};

/* Families whose labels tell: a scope each. The first text must be known. */
static const struct info {
    const char *platform; /* NULL: any */
    struct text_label labels[3];
} infos[] = {
    [SCOPE_NPU_DEVICE_INFO - SCOPE_NPU] = {NULL, {{"device_type", NPU(model)}}},
    [SCOPE_NPU_FIRMWARE_INFO - SCOPE_NPU] = {NULL, {{"firmware", NPU(firmware)}}},
    [SCOPE_NPU_STATUS - SCOPE_NPU] = {NULL, {{"status", NPU(status)}}},
    [SCOPE_TENSTORRENT_BOARD_INFO - SCOPE_NPU] = {"tenstorrent",
                                                  {{"board_type", NPU(board_type)},
                                                   {"board_id", NPU(board_id)},
                                                   {"architecture", NPU(chip)}}},
    [SCOPE_TENSTORRENT_METHOD_INFO - SCOPE_NPU] = {"tenstorrent", {{"method", NPU(source)}}},
    [SCOPE_TENSTORRENT_ARC_INFO - SCOPE_NPU] = {"tenstorrent", {{"version", NPU(firmware_arc)}}},
    [SCOPE_TENSTORRENT_ETH_INFO - SCOPE_NPU] = {"tenstorrent", {{"version", NPU(firmware_eth)}}},
    [SCOPE_TENSTORRENT_ADDRESS_INFO - SCOPE_NPU] = {"tenstorrent", {{"address", OF(pci_bus_id)}}},
    [SCOPE_TENSTORRENT_PCI_INFO -
        SCOPE_NPU] = {"tenstorrent",
                      {{"vendor_id", NPU(pci_ids[0])}, {"device_id", NPU(pci_ids[1])}}},
    [SCOPE_GAUDI_NAME_INFO - SCOPE_NPU] = {"gaudi", {{"internal_name", NPU(model)}}},
    [SCOPE_TPU_CHIP_INFO - SCOPE_NPU] = {"tpu", {{"version", NPU(chip)}}},
    [SCOPE_TPU_TYPE_INFO - SCOPE_NPU] = {"tpu", {{"type", NPU(kind)}}},
    [SCOPE_TPU_MEMORY_INFO - SCOPE_NPU] = {"tpu", {{"type", NPU(memory_type)}}},
    [SCOPE_REBELLIONS_DEVICE_INFO -
        SCOPE_NPU] = {"rebellions",
                      {{"model", NPU(model)}, {"sid", NPU(board_id)}, {"location", NPU(location)}}},
    [SCOPE_REBELLIONS_FIRMWARE_INFO - SCOPE_NPU] = {"rebellions", {{"firmware", NPU(firmware)}}},
    [SCOPE_REBELLIONS_PSTATE_INFO - SCOPE_NPU] = {"rebellions", {{"pstate", NPU(pstate)}}},
    [SCOPE_REBELLIONS_STATUS - SCOPE_NPU] = {"rebellions", {{"status", NPU(status)}}},
    [SCOPE_FURIOSA_DEVICE_INFO - SCOPE_NPU] = {"furiosa", {{"device_name", NPU(model)}}},
    [SCOPE_FURIOSA_CHIP_INFO - SCOPE_NPU] = {"furiosa", {{"chip", NPU(chip)}}},
    [SCOPE_FURIOSA_FIRMWARE_INFO - SCOPE_NPU] = {"furiosa", {{"version", NPU(firmware)}}},
    [SCOPE_FURIOSA_STATUS - SCOPE_NPU] = {"furiosa", {{"status", NPU(status)}}},
};

static const struct info *info_of(enum scope scope)
{
    size_t at = (size_t)scope - SCOPE_NPU;

    return at < ARRAY_LEN(infos) && infos[at].labels[0].name ? &infos[at] : NULL;
}

/* The platform that a scope without texts of its own speaks of; NULL: any. */
static const char *platform_of(enum scope scope)
{
    switch ((int)scope) {
    case SCOPE_TENSTORRENT:
        return "tenstorrent";
    case SCOPE_GAUDI:
    case SCOPE_GAUDI_DRIVER_INFO:
        return "gaudi";
    case SCOPE_TPU:
    case SCOPE_TPU_RUNTIME_INFO:
        return "tpu";
    case SCOPE_REBELLIONS_DRIVER_INFO:
        return "rebellions";
    case SCOPE_FURIOSA:
    case SCOPE_FURIOSA_DRIVER_INFO:
        return "furiosa";
    default:
        return NULL;
    }
}

/* Versions that the platform's software has, not the device. */
static const char *version_of(enum scope scope, const struct platform_info *p)
{
    switch ((int)scope) {
    case SCOPE_GAUDI_DRIVER_INFO:
    case SCOPE_REBELLIONS_DRIVER_INFO:
    case SCOPE_FURIOSA_DRIVER_INFO:
        return p ? p->driver_version : "";
    case SCOPE_TPU_RUNTIME_INFO:
        return p ? p->library_version : "";
    default:
        return NULL;
    }
}

static const char *text_at(const struct merged_accelerator *a, size_t offset)
{
    return (const char *)&a->device + offset;
}

struct scope_things scope_npu_things(const struct snapshot *s, enum scope scope)
{
    return (struct scope_things){s->accelerators, sizeof(*s->accelerators), s->accelerator_len,
                                 scope == SCOPE_NPU_RESET ? 2 : 1};
}

bool scope_npu_fits(enum scope scope, const void *thing)
{
    const struct merged_accelerator *a = thing;
    const struct info *info = info_of(scope);
    const char *platform = info ? info->platform : platform_of(scope);
    const char *version = version_of(scope, a->platform);

    if (!a->device.npu.present ||
        (platform && (!a->device.platform || strcmp(a->device.platform, platform) != 0)))
        return false;
    return info ? *text_at(a, info->labels[0].offset) != '\0' : !version || *version;
}

void scope_npu_labels(const struct scope_line *line)
{
    const struct merged_accelerator *a = line->thing;
    const struct info *info = info_of(line->scope);
    const char *version = version_of(line->scope, a->platform);

    scope_host_and_instance(line);
    label_number(line->to, "npu_index", a->number);
    scope_text(line, "npu_uuid", a->device.uuid);
    scope_text(line, "npu", a->device.name);
    if (line->scope == SCOPE_NPU_RESET)
        scope_text(line, "kind", line->variant ? "soft" : "hard");
    if (version)
        scope_text(line, "version", version);
    for (size_t i = 0; info && i < ARRAY_LEN(info->labels) && info->labels[i].name; i++)
        scope_text(line, info->labels[i].name, text_at(a, info->labels[i].offset));
}
