/* amd_kfd.c - class/kfd/kfd of sysfs: topology/nodes/<k> and proc/<pid>. */
#include "amd_kfd.h"

#include "amd_name.h"

#include "device/linux_file.h"
#include "device/linux_proc.h"

#include <dirent.h>
#include <limits.h>

#define KFD           "class/kfd/kfd/"
#define PROCESSES_MAX 4096

static void place(uint64_t domain, uint64_t location, char *to, size_t size)
{
    snprintf(to, size, "%04x:%02x:%02x.%x", (unsigned)(domain & 0xffff),
             (unsigned)(location >> 8 & 0xff), (unsigned)(location >> 3 & 31),
             (unsigned)(location & 7));
}

static bool read_node(const char *sysfs, unsigned number, struct amd_kfd_node *n)
{
    char text[4096];
    uint64_t location = 0, domain = 0, target = 0, simds = 0, per_unit = 0;

    if (!linux_file_u64(&n->gpu_id, sysfs, KFD "topology/nodes/%u/gpu_id", number) || !n->gpu_id)
        return false; /* 0 is a processor */
    ssize_t len =
        linux_file_text(text, sizeof(text), sysfs, KFD "topology/nodes/%u/properties", number);
    struct str all = str_make(text, len > 0 ? (size_t)len : 0);
    if (!linux_proc_key(all, "location_id", &location))
        return false;
    (void)linux_proc_key(all, "domain", &domain);
    place(domain, location, n->bus_id, sizeof(n->bus_id));
    if (!linux_proc_key(all, "gfx_target_version", &target) ||
        !amd_name_target(target, n->target, sizeof(n->target)))
        n->target[0] = '\0';
    if (linux_proc_key(all, "simd_count", &simds) &&
        linux_proc_key(all, "simd_per_cu", &per_unit) && per_unit && simds / per_unit < 65536)
        n->units = (unsigned)(simds / per_unit);
    return true;
}

void amd_kfd_list(const char *sysfs, struct amd_kfd *ret)
{
    *ret = (struct amd_kfd){.len = 0};
    for (unsigned i = 0; ret->len < AMD_KFD_NODES; i++) {
        if (!linux_file_exists(sysfs, KFD "topology/nodes/%u", i))
            return;
        struct amd_kfd_node node = {.gpu_id = 0};
        if (read_node(sysfs, i, &node))
            ret->nodes[ret->len++] = node;
    }
}

const struct amd_kfd_node *amd_kfd_find(const struct amd_kfd *k, const char *bus_id)
{
    for (size_t i = 0; i < k->len; i++)
        if (!strcmp(k->nodes[i].bus_id, bus_id))
            return &k->nodes[i];
    return NULL;
}

static struct amd_kfd_use *use_of(struct amd_kfd_use *list, size_t from, size_t *len,
                                  const char *bus_id, int pid)
{
    for (size_t i = from; i < *len; i++)
        if (!strcmp(list[i].bus_id, bus_id))
            return &list[i];
    struct amd_kfd_use *u = &list[(*len)++];
    *u = (struct amd_kfd_use){.pid = pid, .occupancy = UNKNOWN};
    str_copy(u->bus_id, sizeof(u->bus_id), str_of(bus_id));
    return u;
}

/* Units of all partitions of the board. */
static unsigned units_of(const struct amd_kfd *k, const char *bus_id)
{
    unsigned units = 0;

    for (size_t i = 0; i < k->len; i++)
        if (!strcmp(k->nodes[i].bus_id, bus_id))
            units += k->nodes[i].units;
    return units;
}

static void read_process(const char *sysfs, const struct amd_kfd *k, int pid,
                         struct amd_kfd_use *list, size_t *len)
{
    size_t from = *len;

    for (size_t i = 0; i < k->len; i++) {
        const struct amd_kfd_node *n = &k->nodes[i];
        uint64_t vram = 0, busy = 0;
        bool told = linux_file_u64(&vram, sysfs, KFD "proc/%d/vram_%" PRIu64, pid, n->gpu_id);
        bool counted = linux_file_u64(&busy, sysfs, KFD "proc/%d/stats_%" PRIu64 "/cu_occupancy",
                                      pid, n->gpu_id);
        if (!(told && vram) && !(counted && busy))
            continue; /* every process of ROCm has these files for every GPU */
        struct amd_kfd_use *u = use_of(list, from, len, n->bus_id, pid);
        u->vram_bytes += vram;
        unsigned units = units_of(k, n->bus_id);
        if (counted && units)
            u->occupancy =
                MIN((isnan(u->occupancy) ? 0 : u->occupancy) + (double)busy / units, 1.0);
    }
}

int amd_kfd_read(const char *sysfs, const struct amd_kfd *k, struct arena *a,
                 struct amd_kfd_use **ret, size_t *ret_len)
{
    char path[LINUX_PATH_MAX];
    struct amd_kfd_use few[AMD_KFD_NODES];
    struct buf all;
    uint64_t pid;
    size_t processes = 0;

    buf_init(&all, (size_t)16 << 20);
    DIR *dir = linux_file_path(path, sysfs, KFD "proc") ? opendir(path) : NULL;
    for (struct dirent *e; dir && (e = readdir(dir)) && processes < PROCESSES_MAX;) {
        if (!num_parse_u64(str_of(e->d_name), &pid) || !pid || pid > INT_MAX)
            continue;
        size_t n = 0;
        processes++;
        read_process(sysfs, k, (int)pid, few, &n);
        buf_add(&all, few, n * sizeof(*few));
    }
    if (dir)
        closedir(dir);
    *ret_len = all.len / sizeof(**ret);
    *ret = arena_calloc(a, *ret_len + 1, sizeof(**ret));
    if (*ret && all.len)
        memcpy(*ret, all.ptr, all.len);
    buf_fini(&all);
    return *ret ? 0 : -ENOMEM;
}
