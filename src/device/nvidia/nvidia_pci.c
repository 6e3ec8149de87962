/* nvidia_pci.c - looks for NVIDIA's GPUs below sysfs and procfs. */
#include "device/nvidia/nvidia_pci.h"

#include "device/nvidia/nvidia_text.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <unistd.h>

#define PATH_SIZE 512

/* The trimmed content of <sysfs>/bus/pci/devices/<bus_id>/<file>. */
static struct str pci_file(const struct host_paths *paths, const char *bus_id, const char *file,
                           char *text, size_t size)
{
    char path[PATH_SIZE];

    text[0] = '\0';
    snprintf(path, sizeof(path), "%s/bus/pci/devices/%.23s/%s", paths->sysfs, bus_id, file);
    if (file_read_small(path, text, size) < 0)
        return STR("");
    return str_trim(str_of(text));
}

bool nvidia_pci_is_asleep(const struct host_paths *paths, const char *bus_id)
{
    char text[64];
    struct str status = pci_file(paths, bus_id, "power/runtime_status", text, sizeof(text));

    return str_is(status, "suspended") || str_is(status, "suspending") ||
           str_is(status, "resuming");
}

static void read_driver(const struct host_paths *paths, struct nvidia_pci *gpu)
{
    char path[PATH_SIZE], target[PATH_SIZE];

    snprintf(path, sizeof(path), "%s/bus/pci/devices/%s/driver", paths->sysfs, gpu->bus_id);
    ssize_t n = readlink(path, target, sizeof(target) - 1);
    if (n <= 0)
        return;
    target[n] = '\0';
    const char *slash = strrchr(target, '/');
    str_copy(gpu->driver, sizeof(gpu->driver), str_of(slash ? slash + 1 : target));
}

static int by_bus_id(const void *a, const void *b)
{
    const struct nvidia_pci *x = a, *y = b;

    return nvidia_text_bus_order(x->bus_id, y->bus_id);
}

size_t nvidia_pci_list(const struct host_paths *paths, struct nvidia_pci *ret, size_t max)
{
    char path[PATH_SIZE], text[64];
    size_t n = 0;

    snprintf(path, sizeof(path), "%s/bus/pci/devices", paths->sysfs);
    DIR *dir = opendir(path);
    if (!dir)
        return 0;
    for (struct dirent *entry; n < max && (entry = readdir(dir));) {
        struct nvidia_pci gpu = {0};
        if (!nvidia_text_bus_id(gpu.bus_id, str_of(entry->d_name)) ||
            !str_is(pci_file(paths, gpu.bus_id, "vendor", text, sizeof(text)), "0x10de") ||
            !str_starts(pci_file(paths, gpu.bus_id, "class", text, sizeof(text)), STR("0x03")))
            continue;
        read_driver(paths, &gpu);
        gpu.ours = strcmp(gpu.driver, "nvidia") == 0;
        gpu.asleep = gpu.ours && nvidia_pci_is_asleep(paths, gpu.bus_id);
        ret[n++] = gpu;
    }
    closedir(dir);
    qsort(ret, n, sizeof(*ret), by_bus_id);
    return n;
}

uint64_t nvidia_pci_bound(const struct host_paths *paths)
{
    char path[PATH_SIZE], bus_id[24];
    uint64_t sum = 0;

    snprintf(path, sizeof(path), "%s/bus/pci/drivers/nvidia", paths->sysfs);
    DIR *dir = opendir(path);
    if (!dir)
        return 0;
    for (struct dirent *entry; (entry = readdir(dir));)
        if (nvidia_text_bus_id(bus_id, str_of(entry->d_name)))
            sum += hash_bytes(bus_id, strlen(bus_id)); /* the same in any order */
    closedir(dir);
    return sum;
}

/* 0, or the negative errno of opening the driver's control file below `root`. */
static int try_control(const char *root)
{
    char path[PATH_SIZE];

    snprintf(path, sizeof(path), "%s/dev/nvidiactl", root);
    int fd = open(path, O_RDWR | O_CLOEXEC);
    if (fd < 0)
        return -errno;
    close(fd);
    return 0;
}

bool nvidia_pci_is_refused(const struct host_paths *paths)
{
    int code = try_control(""); /* the one that the library opens, wherever the host's root is */

    if (code == -ENOENT && strcmp(paths->rootfs, "/") != 0)
        code = try_control(paths->rootfs);
    return code == -EPERM || code == -EACCES;
}

bool nvidia_pci_may_sleep(const struct host_paths *paths, const char *bus_id)
{
    char path[PATH_SIZE], text[1024];

    snprintf(path, sizeof(path), "%s/driver/nvidia/gpus/%s/power", paths->procfs, bus_id);
    if (file_read_small(path, text, sizeof(text)) < 0)
        return false;
    return str_starts(nvidia_text_value(str_of(text), "Runtime D3 status"), STR("Enabled"));
}

bool nvidia_pci_host_memory(const struct host_paths *paths, uint64_t *ret_total,
                            uint64_t *ret_available)
{
    char path[PATH_SIZE], text[4096];
    static const char *const keys[] = {"MemTotal", "MemAvailable"};
    uint64_t kib[2];

    snprintf(path, sizeof(path), "%s/meminfo", paths->procfs);
    if (file_read_small(path, text, sizeof(text)) < 0)
        return false;
    for (size_t i = 0; i < ARRAY_LEN(keys); i++) {
        struct str value = nvidia_text_value(str_of(text), keys[i]);
        if (!num_parse_u64(str_cut(&value, ' '), &kib[i]) || kib[i] > UINT64_MAX / 1024)
            return false;
    }
    *ret_total = kib[0] * 1024;
    *ret_available = kib[1] * 1024;
    return true;
}

bool nvidia_pci_driver_version(const struct host_paths *paths, char *to, size_t size)
{
    char path[PATH_SIZE], text[1024];

    snprintf(path, sizeof(path), "%s/driver/nvidia/version", paths->procfs);
    if (file_read_small(path, text, sizeof(text)) < 0)
        return false;
    return nvidia_text_version(to, size, str_of(text));
}

static void fill(char *to, size_t size, struct str value)
{
    if (!to[0])
        nvidia_text_clean(to, size, value.ptr, value.len);
}

void nvidia_pci_identify(const struct host_paths *paths, const char *bus_id, struct accelerator *a)
{
    char path[PATH_SIZE], text[2048];
    uint64_t minor;

    snprintf(path, sizeof(path), "%s/driver/nvidia/gpus/%s/information", paths->procfs, bus_id);
    if (file_read_small(path, text, sizeof(text)) < 0)
        return;
    struct str file = str_of(text), uuid = nvidia_text_value(file, "GPU UUID");
    fill(a->name, sizeof(a->name), nvidia_text_value(file, "Model"));
    fill(a->vbios, sizeof(a->vbios), nvidia_text_value(file, "Video BIOS"));
    if (!str_contains(uuid,
                      STR("?"))) /* a GPU that was never opened has no UUID yet: GPU-????... */
        fill(a->uuid, sizeof(a->uuid), uuid);
    if (a->minor == UINT_MAX && num_parse_u64(nvidia_text_value(file, "Device Minor"), &minor) &&
        minor < UINT_MAX)
        a->minor = (unsigned)minor;
}

bool nvidia_pci_of_index(const struct host_paths *paths, size_t index, size_t count, char ret[24])
{
    struct nvidia_pci gpus[NVIDIA_GPUS_MAX];
    char path[PATH_SIZE];
    size_t n = 0;

    snprintf(path, sizeof(path), "%s/driver/nvidia/gpus", paths->procfs);
    DIR *dir = opendir(path);
    if (!dir)
        return false;
    for (struct dirent *entry; n < ARRAY_LEN(gpus) && (entry = readdir(dir));)
        n += nvidia_text_bus_id(gpus[n].bus_id, str_of(entry->d_name));
    closedir(dir);
    if (n != count || index >= n)
        return false;
    qsort(gpus, n, sizeof(*gpus), by_bus_id);
    str_copy(ret, 24, str_of(gpus[index].bus_id));
    return true;
}

double nvidia_pci_numa_node(const struct host_paths *paths, const char *bus_id)
{
    char path[512], text[32];
    double node;

    snprintf(path, sizeof(path), "%s/bus/pci/devices/%s/numa_node", paths->sysfs, bus_id);
    if (file_read_small(path, text, sizeof(text)) <= 0 ||
        !num_parse(str_trim(str_of(text)), &node) || !(node >= 0 && node < 4096))
        return NAN; /* -1 is a machine without such nodes */
    return node;
}
