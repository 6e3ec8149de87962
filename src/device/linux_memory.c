/* linux_memory.c - memory and swap: the machine's, or what a container may have of it. */
#include "device/linux.h"

#include "device/linux_cgroup.h"
#include "device/linux_proc.h"
#include "device/linux_topology.h"

#include <dirent.h>
#include <unistd.h>

#define NODE_MAX      1024
#define HUGE_SIZES    8
#define GPU_NODES_MAX 64
#define LOOK_AGAIN    (60 * (uint64_t)NS_PER_S) /* for GPU memory: it comes with the driver */

struct state {
    struct host_paths paths;
    int meminfo_fd;
    struct linux_view view;
    struct linux_cgroup cgroup;
    bool x86;
    uint64_t huge_kib[HUGE_SIZES]; /* page sizes there are */
    size_t huge_len;
    unsigned gpu_node[GPU_NODES_MAX]; /* nodes whose memory is a GPU's */
    size_t gpu_node_len;
    uint64_t look_ns;
};

static uint64_t minus(uint64_t a, uint64_t b)
{
    return a > b ? a - b : 0;
}

/* Unknown counts as nothing in a sum of parts. */
static uint64_t known(uint64_t value)
{
    return value == UNKNOWN_COUNT ? 0 : value;
}

static bool memory_detect(const struct host_paths *paths)
{
    return linux_file_exists(paths->procfs, "meminfo");
}

static void memory_close(void *state)
{
    struct state *s = state;

    if (!s)
        return;
    close(s->meminfo_fd);
    free(s);
}

static void find_huge_sizes(struct state *s)
{
    char path[LINUX_PATH_MAX];
    DIR *dir = linux_file_path(path, s->paths.sysfs, "kernel/mm/hugepages") ? opendir(path) : NULL;

    if (!dir)
        return;
    for (struct dirent *entry; s->huge_len < HUGE_SIZES && (entry = readdir(dir));) {
        struct str name = str_of(entry->d_name); /* "hugepages-2048kB" */
        if (str_starts(name, STR("hugepages-")) && str_ends(name, STR("kB")) &&
            num_parse_u64(str_make(name.ptr + 10, name.len - 12), &s->huge_kib[s->huge_len]))
            s->huge_len++;
    }
    closedir(dir);
}

static int memory_open(const struct host_paths *paths, void **ret, struct error *err)
{
    struct linux_cpu_name name;
    int fd = linux_file_hot_open(paths->procfs, "meminfo");

    if (fd < 0)
        return error_errno(err, fd, "%s/meminfo", paths->procfs);
    struct state *s = xnew(struct state);
    s->paths = *paths;
    s->meminfo_fd = fd;
    linux_view_look(paths, &s->view);
    linux_cgroup_find(paths, &s->cgroup);
    linux_cpu_name_read(&name, paths);
    s->x86 = strcmp(name.architecture, "x86_64") == 0;
    find_huge_sizes(s);
    *ret = s;
    return 0;
}

/* A node with memory and no CPU: a GPU's, but also memory behind CXL or an HBM stack. */
static void add_gpu_node(struct state *s, uint64_t node)
{
    struct linux_cpuset cpus;

    if (node >= NODE_MAX || s->gpu_node_len == GPU_NODES_MAX ||
        !linux_cpuset_read(&cpus, s->paths.sysfs, "devices/system/node/node%u/cpulist",
                           (unsigned)node) ||
        linux_cpuset_next(&cpus, 0) != LINUX_CPU_MAX)
        return;
    for (size_t i = 0; i < s->gpu_node_len; i++)
        if (s->gpu_node[i] == node)
            return;
    s->gpu_node[s->gpu_node_len++] = (unsigned)node;
}

/* The driver says for each GPU whether its memory is a node, and which: "Node: 1". */
static bool ask_driver(struct state *s)
{
    char path[LINUX_PATH_MAX], text[128];
    bool any = false;
    DIR *dir = linux_file_path(path, s->paths.procfs, "driver/nvidia/gpus") ? opendir(path) : NULL;

    if (!dir)
        return false;
    for (struct dirent *entry; (entry = readdir(dir));) {
        struct str value;
        uint64_t node;
        ssize_t n = entry->d_name[0] == '.' ? 0
                                            : linux_file_text(text, sizeof(text), path,
                                                              "%s/numa_status", entry->d_name);
        struct str rest = str_make(text, n > 0 ? (size_t)n : 0);
        if (!linux_proc_cpuinfo(str_cut(&rest, '\n'), "Node", &value) ||
            !num_parse_u64(value, &node))
            continue;
        any = true;
        add_gpu_node(s, node);
    }
    closedir(dir);
    return any;
}

/* On Grace Hopper and its kin the GPU's memory is a node of its own and MemTotal has it too. Where
 * the driver does not tell which, every node without CPUs is taken for the GPU's, but not on x86:
 * no GPU's memory is a node there, while CXL memory is. */
static void find_gpu_nodes(struct state *s, uint64_t mono_ns)
{
    struct linux_cpuset nodes;

    if (s->look_ns && mono_ns < s->look_ns)
        return;
    s->look_ns = mono_ns + LOOK_AGAIN;
    s->gpu_node_len = 0;
    if (ask_driver(s) || s->x86 || !linux_file_exists(s->paths.procfs, "driver/nvidia/version") ||
        !linux_cpuset_read(&nodes, s->paths.sysfs, "devices/system/node/online"))
        return;
    for (unsigned node = linux_cpuset_next(&nodes, 0); node < NODE_MAX;
         node = linux_cpuset_next(&nodes, node + 1))
        add_gpu_node(s, node);
}

static void take_gpu_memory_off(const struct state *s, struct memory *m)
{
    char text[4096];

    for (size_t i = 0; i < s->gpu_node_len; i++) {
        struct linux_meminfo node;
        ssize_t n = linux_file_text(text, sizeof(text), s->paths.sysfs,
                                    "devices/system/node/node%u/meminfo", s->gpu_node[i]);
        linux_proc_meminfo(str_make(text, n > 0 ? (size_t)n : 0), &node);
        if (node.total == UNKNOWN_COUNT)
            continue;
        uint64_t cache = minus(known(node.file_pages), known(node.shmem));
        m->total_bytes = minus(m->total_bytes, node.total);
        m->free_bytes = minus(m->free_bytes, known(node.free));
        m->available_bytes = minus(m->available_bytes, known(node.free) + cache);
        if (m->cached_bytes != UNKNOWN_COUNT)
            m->cached_bytes = minus(m->cached_bytes, cache);
    }
}

static void fill_from_meminfo(const struct linux_meminfo *info, struct memory *m)
{
    uint64_t slab = info->reclaimable != UNKNOWN_COUNT ? info->reclaimable : info->slab_reclaimable;
    uint64_t cache = minus(known(info->cached) + known(slab), known(info->shmem));

    m->total_bytes = info->total;
    m->free_bytes = info->free;
    m->buffers_bytes = info->buffers;
    if (info->cached != UNKNOWN_COUNT)
        m->cached_bytes = cache; /* shared memory lies in the page cache but cannot be dropped */
    m->available_bytes = info->available != UNKNOWN_COUNT
                             ? info->available /* Linux 3.14 */
                             : known(info->free) + known(info->buffers) + cache;
    m->swap_total_bytes = info->swap_total;
    m->swap_free_bytes = info->swap_free;
    if (info->swap_total != UNKNOWN_COUNT && info->swap_free != UNKNOWN_COUNT)
        m->swap_used_bytes = minus(info->swap_total, info->swap_free);
}

/* The ARC counts as used, but shrinks to c_min when anyone asks for memory. Newer OpenZFS has part
 * of it in KReclaimable already, hence the bound. */
static void add_arc(const struct state *s, struct memory *m)
{
    char text[16384];
    uint64_t size, least;
    ssize_t n = linux_file_text(text, sizeof(text), s->paths.procfs, "spl/kstat/zfs/arcstats");

    if (n <= 0 || !linux_proc_arcstats(str_make(text, (size_t)n), &size, &least))
        return;
    uint64_t shrinkable = minus(size, least);
    m->zfs_arc_bytes = size;
    m->available_bytes = MIN(m->available_bytes + shrinkable, m->total_bytes);
    if (m->cached_bytes != UNKNOWN_COUNT)
        m->cached_bytes += shrinkable;
}

/* Pages set aside as huge ones are gone from free memory, used or not. meminfo knows the default
 * size only. */
static void fill_huge_pages(const struct state *s, const struct linux_meminfo *info,
                            struct memory *m)
{
    uint64_t total = 0, free = 0;
    bool any = false;

    for (size_t i = 0; i < s->huge_len; i++) {
        uint64_t pages, unused, bytes = s->huge_kib[i] * 1024;
        unsigned long long kib = s->huge_kib[i];
        if (!linux_file_u64(&pages, s->paths.sysfs,
                            "kernel/mm/hugepages/hugepages-%llukB/nr_hugepages", kib) ||
            !linux_file_u64(&unused, s->paths.sysfs,
                            "kernel/mm/hugepages/hugepages-%llukB/free_hugepages", kib))
            continue;
        total += pages * bytes;
        free += unused * bytes;
        any = true;
    }
    if (!any && info->huge_size != UNKNOWN_COUNT && info->huge_total != UNKNOWN_COUNT) {
        total = info->huge_total * info->huge_size;
        free = known(info->huge_free) * info->huge_size;
        any = true;
    }
    if (any) {
        m->hugepages_total_bytes = total;
        m->hugepages_free_bytes = free;
    }
}

static void apply_limit(const struct linux_cgroup_memory *limit, struct memory *m)
{
    m->limited = true;
    m->total_bytes = limit->limit;
    m->used_bytes = MIN(limit->used, limit->limit);
    m->free_bytes = minus(limit->limit, limit->current);
    m->available_bytes = MIN(limit->available, minus(limit->limit, limit->used));
    m->cached_bytes = limit->cached;
    m->buffers_bytes = UNKNOWN_COUNT; /* a cgroup counts them as cached */
    if (limit->swap_limit >= known(m->swap_total_bytes))
        return;
    m->swap_total_bytes = limit->swap_limit;
    m->swap_used_bytes = limit->swap_used == UNKNOWN_COUNT
                             ? UNKNOWN_COUNT
                             : MIN(limit->swap_used, limit->swap_limit);
    m->swap_free_bytes = limit->swap_used == UNKNOWN_COUNT
                             ? UNKNOWN_COUNT
                             : minus(limit->swap_limit, limit->swap_used);
}

static int memory_read(void *state, struct reading *out, struct error *err)
{
    struct state *s = state;
    struct memory *m = &out->memory;
    struct linux_cgroup_memory limit;
    struct linux_meminfo info;
    char text[8192];

    if (!out->mono_ns)
        out->mono_ns = clock_mono_ns();
    ssize_t n = linux_file_hot(s->meminfo_fd, text, sizeof(text));
    linux_proc_meminfo(str_make(text, n > 0 ? (size_t)n : 0), &info);
    if (info.total == UNKNOWN_COUNT || info.free == UNKNOWN_COUNT)
        return error_set(err, -EIO, "%s/meminfo has no MemTotal and MemFree", s->paths.procfs);
    m->present = true;
    fill_from_meminfo(&info, m);
    fill_huge_pages(s, &info, m);
    if (s->view.limited && s->view.lxcfs) {
        m->limited = true; /* what lxcfs shows is bounded already, and the host's ARC is not ours */
    } else if (s->view.limited && linux_cgroup_memory(&s->cgroup, info.total, &limit)) {
        apply_limit(&limit, m);
        return 0;
    } else {
        find_gpu_nodes(s, out->mono_ns);
        take_gpu_memory_off(s, m);
        add_arc(s, m);
    }
    m->available_bytes = MIN(m->available_bytes, m->total_bytes);
    m->used_bytes = m->total_bytes - m->available_bytes;
    return 0;
}

static double gib(uint64_t bytes)
{
    return (double)bytes / (1024.0 * 1024 * 1024);
}

static void memory_diagnose(const struct host_paths *paths, struct arena *a, struct finding **ret,
                            size_t *ret_len)
{
    struct reading reading;
    struct error error;
    void *state;

    reading_init(&reading, a);
    if (memory_open(paths, &state, &error)) {
        finding_add(a, ret, ret_len, FINDING_ERROR, "memory",
                    "Mount the host's /proc, or correct --path.procfs.", "%s", error.text);
        return;
    }
    const struct state *s = state;
    const struct memory *m = &reading.memory;
    if (memory_read(state, &reading, &error))
        finding_add(a, ret, ret_len, FINDING_ERROR, "memory", "", "%s", error.text);
    else
        finding_add(a, ret, ret_len, FINDING_OK, "memory", "", "%.1f GiB%s, %.1f GiB used",
                    gib(m->total_bytes), m->limited ? ", the limit of this container" : "",
                    gib(m->used_bytes));
    if (m->hugepages_total_bytes != UNKNOWN_COUNT &&
        m->hugepages_total_bytes > known(m->total_bytes) / 10)
        finding_add(a, ret, ret_len, FINDING_NOTE, "huge pages", "",
                    "%.1f GiB are set aside as huge pages and count as used, %.1f GiB of them free",
                    gib(m->hugepages_total_bytes), gib(m->hugepages_free_bytes));
    if (s->gpu_node_len)
        finding_add(a, ret, ret_len, FINDING_NOTE, "gpu memory", "",
                    "%zu NUMA nodes are memory of GPUs and are left out of the host's",
                    s->gpu_node_len);
    memory_close(state);
}

const struct collector linux_memory_collector = {
    .name = "memory",
    .detect = memory_detect,
    .open = memory_open,
    .read = memory_read,
    .close = memory_close,
    .diagnose = memory_diagnose,
};
