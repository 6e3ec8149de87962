/* nvidia_inventory.c - which of NVIDIA's GPUs stand on the bus, from the kernel alone: what the
 * driver does not list is found here. Nothing is woken and no library asked. */
#include "device/nvidia/nvidia_pci.h"
#include "device/nvidia/nvidia_text.h"

#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <unistd.h>

#define PATH_SIZE   512
#define INTERVAL_MS 15000 /* the bus of a server has some 300 devices to look at */
#define TOPIC       "nvidia slots"

struct bus {
    struct host_paths paths;
};

static bool inventory_detect(const struct host_paths *paths)
{
    char path[PATH_SIZE];

    snprintf(path, sizeof(path), "%s/bus/pci/devices", paths->sysfs);
    return access(path, R_OK | X_OK) == 0;
}

static int inventory_open(const struct host_paths *paths, void **ret, struct error *err)
{
    struct bus *v = xnew(struct bus);

    (void)err;
    v->paths = *paths;
    *ret = v;
    return 0;
}

static void inventory_close(void *state)
{
    free(state);
}

/* A device that is gone electrically reads as ones. Looking wakes one that sleeps, or keeps it
 * awake: the caller does not ask then. */
static bool reads_as_ones(const struct host_paths *paths, const char *bus_id)
{
    unsigned char id[4] = {0};
    char path[PATH_SIZE];

    snprintf(path, sizeof(path), "%s/bus/pci/devices/%.23s/config", paths->sysfs, bus_id);
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return false;
    ssize_t n = read(fd, id, sizeof(id));
    close(fd);
    return n == (ssize_t)sizeof(id) && id[0] == 0xff && id[1] == 0xff && id[2] == 0xff &&
           id[3] == 0xff;
}

/* The driver's folder names the GPUs that it has; the runtime of containers hides those that were
 * not given to one. */
static bool is_given(const struct host_paths *paths, const char *bus_id)
{
    char folder[PATH_SIZE], path[PATH_SIZE + 32];

    snprintf(folder, sizeof(folder), "%s/driver/nvidia/gpus", paths->procfs);
    if (access(folder, F_OK) != 0)
        return true;
    snprintf(path, sizeof(path), "%s/%.23s", folder, bus_id);
    return access(path, F_OK) == 0;
}

static void look(const struct host_paths *paths, const struct nvidia_pci *pci, struct gpu_slot *to)
{
    struct accelerator a;

    *to = (struct gpu_slot){.platform = "nvidia", .ours = pci->ours, .asleep = pci->asleep};
    memcpy(to->bus_id, pci->bus_id, sizeof(to->bus_id));
    memcpy(to->driver, pci->driver, sizeof(to->driver));
    to->given = !pci->ours || is_given(paths, pci->bus_id);
    to->silent = !pci->asleep && !nvidia_pci_may_sleep(paths, pci->bus_id) &&
                 reads_as_ones(paths, pci->bus_id);
    accelerator_init(&a, to->platform, 0);
    nvidia_pci_identify(paths, pci->bus_id, &a);
    memcpy(to->name, a.name, sizeof(to->name));
    memcpy(to->uuid, a.uuid, sizeof(to->uuid));
}

static int inventory_read(void *state, struct reading *out, struct error *err)
{
    const struct bus *v = state;
    struct nvidia_pci *pci = xcalloc(NVIDIA_GPUS_MAX, sizeof(*pci));
    size_t len = nvidia_pci_list(&v->paths, pci, NVIDIA_GPUS_MAX);

    if (!out->mono_ns)
        out->mono_ns = clock_mono_ns();
    if (!inventory_detect(&v->paths)) {
        free(pci);
        return error_set(err, -ENODEV, "%s/bus/pci is not to be seen", v->paths.sysfs);
    }
    out->slots = arena_calloc(out->arena, MAX(len, (size_t)1), sizeof(*out->slots));
    if (!out->slots) {
        free(pci);
        return error_errno(err, -ENOMEM, "list of slots");
    }
    for (size_t i = 0; i < len; i++)
        look(&v->paths, &pci[i], &out->slots[i]);
    out->slot_len = len;
    out->slots_read = true;
    free(pci);
    return 0;
}

static void diagnose(const struct host_paths *paths, struct arena *a, struct finding **ret,
                     size_t *ret_len)
{
    struct nvidia_pci *pci = xcalloc(NVIDIA_GPUS_MAX, sizeof(*pci));
    size_t len = nvidia_pci_list(paths, pci, NVIDIA_GPUS_MAX);

    for (size_t i = 0; i < len; i++) {
        struct gpu_slot slot;
        look(paths, &pci[i], &slot);
        const char *name = slot.name[0] ? slot.name : "NVIDIA GPU";
        if (slot.silent)
            finding_add(a, ret, ret_len, FINDING_ERROR, TOPIC,
                        "Power the machine off and on: a warm restart may not bring it back. If it "
                        "happens again, check its seat, power cable and cooling, and replace it.",
                        "%s at %s has fallen off the bus: its registers read as ones", name,
                        slot.bus_id);
        else if (!slot.driver[0])
            finding_add(a, ret, ret_len, FINDING_WARNING, TOPIC,
                        "modprobe nvidia, then dmesg | grep -i nvrm: the driver may not know this "
                        "model, or may have failed to start it. Bind it by hand: echo its address "
                        "> /sys/bus/pci/drivers/nvidia/bind.",
                        "%s at %s has no driver", name, slot.bus_id);
        else if (!slot.given)
            finding_add(a, ret, ret_len, FINDING_NOTE, TOPIC,
                        "Give it to the container (Docker: --gpus all, NVIDIA_VISIBLE_DEVICES=all) "
                        "to see it here.",
                        "%s at %s is not given to this container, or is excluded from the driver",
                        name, slot.bus_id);
    }
    free(pci);
}

const struct collector nvidia_inventory_collector = {
    .name = "inventory",
    .detect = inventory_detect,
    .open = inventory_open,
    .read = inventory_read,
    .close = inventory_close,
    .diagnose = diagnose,
    .interval_ms = INTERVAL_MS,
};
