#include "device/linux_cgroup.h"

#include "device/linux_proc.h"

#include <sys/stat.h>

#define NO_LIMIT     UINT64_MAX
#define V1_UNLIMITED 0x7ffffffffffff000u /* LONG_MAX in whole pages: what version 1 calls none */

/* What a cgroup's path says of the runtime that made it; the first that fits. */
static const struct {
    struct str part;
    const char *runtime;
} cgroup_marks[] = {
    {{"kubepods", 8}, "kubernetes"}, {{"/docker", 7}, "docker"}, {{"libpod-", 7}, "podman"},
    {{"crio-", 5}, "crio"},          {{"/lxc", 4}, "lxc"},       {{"containerd", 10}, "containerd"},
};

static void set_runtime(struct linux_view *view, struct str name)
{
    if (!view->runtime[0])
        linux_proc_clean(view->runtime, sizeof(view->runtime), name);
}

static bool is_kthreadd(const char *procfs)
{
    char text[512];
    struct linux_pid_stat stat;
    ssize_t n = linux_file_text(text, sizeof(text), procfs, "2/stat");

    return n > 0 && linux_proc_pid_stat(str_make(text, (size_t)n), &stat) && stat.ppid == 0 &&
           str_is(stat.name, "kthreadd");
}

static void look_at_environ(const char *procfs, const char *pid, struct linux_view *view)
{
    char text[16384];
    struct str value;
    ssize_t n = linux_file_text(text, sizeof(text), procfs, "%s/environ", pid);

    if (n <= 0)
        return;
    if (linux_proc_environ(str_make(text, (size_t)n), "KUBERNETES_SERVICE_HOST", &value))
        set_runtime(view, STR("kubernetes"));
    if (linux_proc_environ(str_make(text, (size_t)n), "container", &value))
        set_runtime(view, value);
}

static void look_at_own_cgroup(const char *procfs, struct linux_view *view)
{
    char text[4096];
    ssize_t n = linux_file_text(text, sizeof(text), procfs, "self/cgroup");
    struct str rest = str_make(text, n > 0 ? (size_t)n : 0);

    for (size_t i = 0; i < ARRAY_LEN(cgroup_marks); i++)
        if (str_contains(rest, cgroup_marks[i].part))
            set_runtime(view, str_of(cgroup_marks[i].runtime));
}

static bool has_lxcfs(const char *procfs)
{
    struct linux_lines lines;
    struct str line;
    struct linux_mount mount;
    bool found = false;

    if (!linux_lines_open(&lines, procfs, "self/mountinfo"))
        return false;
    while (!found && linux_lines_next(&lines, &line))
        found = linux_proc_mount(line, &mount) && str_is(mount.type, "fuse.lxcfs") &&
                str_ends(mount.mount_point, STR("/meminfo"));
    linux_lines_close(&lines);
    return found;
}

void linux_view_look(const struct host_paths *paths, struct linux_view *ret)
{
    char text[64];

    *ret = (struct linux_view){.host = is_kthreadd(paths->procfs)};
    look_at_environ(paths->procfs, "self", ret);
    if (linux_file_exists(paths->rootfs, "run/.containerenv"))
        set_runtime(ret, STR("podman"));
    if (linux_file_exists(paths->rootfs, ".dockerenv"))
        set_runtime(ret, STR("docker"));
    ssize_t n = linux_file_text(text, sizeof(text), paths->rootfs, "run/systemd/container");
    if (n > 0)
        set_runtime(ret, str_make(text, (size_t)n));
    look_at_environ(paths->procfs, "1", ret);
    look_at_own_cgroup(paths->procfs, ret);
    ret->lxcfs = has_lxcfs(paths->procfs);
    ret->limited = ret->runtime[0] && !ret->host;
}

static bool is_folder(const char *path)
{
    struct stat st;
    return !stat(path, &st) && S_ISDIR(st.st_mode);
}

/* Without a cgroup namespace the path is the host's while the mount may begin at our own group:
 * then the files lie at its top. */
static void place(char to[LINUX_PATH_MAX], size_t *ret_top, const char *mount, struct str path)
{
    to[0] = '\0';
    *ret_top = strlen(mount);
    if (!is_folder(mount))
        return;
    int n = snprintf(to, LINUX_PATH_MAX, "%s%.*s", mount, STR_ARG(path));
    bool fits = n > 0 && n < LINUX_PATH_MAX;
    if (!fits || str_contains(path, STR("/..")) || !is_folder(to))
        str_copy(to, LINUX_PATH_MAX, str_of(mount));
    for (size_t len = strlen(to); len > *ret_top && to[len - 1] == '/'; len--)
        to[len - 1] = '\0';
}

/* The folder of a version 1 controller carries the names of those mounted together, in an order
 * that may differ from the file's, or links with the single names. */
static void place_v1(char to[LINUX_PATH_MAX], size_t *ret_top, const char *sysfs,
                     const char *controller, const struct linux_cgroup_line *line)
{
    char mount[LINUX_PATH_MAX];

    if (!linux_proc_has_word(line->controllers, controller))
        return;
    if (!linux_file_path(mount, sysfs, "fs/cgroup/%.*s", STR_ARG(line->controllers)))
        return;
    if (!is_folder(mount) && !linux_file_path(mount, sysfs, "fs/cgroup/%s", controller))
        return;
    place(to, ret_top, mount, line->path);
}

void linux_cgroup_find(const struct host_paths *paths, struct linux_cgroup *ret)
{
    struct linux_lines lines;
    struct str line;

    *ret = (struct linux_cgroup){
        .v2 = linux_file_exists(paths->sysfs, "fs/cgroup/cgroup.controllers")};
    if (!linux_lines_open(&lines, paths->procfs, "self/cgroup"))
        return;
    while (linux_lines_next(&lines, &line)) {
        struct linux_cgroup_line group;
        char mount[LINUX_PATH_MAX];
        if (!linux_proc_cgroup(line, &group))
            continue;
        if (!ret->v2) {
            place_v1(ret->memory, &ret->memory_top, paths->sysfs, "memory", &group);
            place_v1(ret->cpu, &ret->cpu_top, paths->sysfs, "cpu", &group);
        } else if (!group.controllers.len && linux_file_path(mount, paths->sysfs, "fs/cgroup")) {
            place(ret->memory, &ret->memory_top, mount, group.path);
            memcpy(ret->cpu, ret->memory, sizeof(ret->cpu));
            ret->cpu_top = ret->memory_top;
        }
    }
    linux_lines_close(&lines);
}

/* Goes one level up; false at the top of the mount. */
static bool climb(char *dir, size_t top)
{
    char *slash = strrchr(dir, '/');

    if (!slash || (size_t)(slash - dir) < top)
        return false;
    *slash = '\0';
    return true;
}

static uint64_t count_or(const char *dir, const char *file, uint64_t otherwise)
{
    uint64_t value; /* "max" is no number */
    return linux_file_u64(&value, dir, "%s", file) ? value : otherwise;
}

/* The names of the files that differ between the versions. */
struct memory_files {
    const char *limit, *current, *inactive_key, *cached_key, *swap_limit, *swap_used;
};
static const struct memory_files memory_v1 = {
    "memory.limit_in_bytes", "memory.usage_in_bytes",       "total_inactive_file",
    "total_cache",           "memory.memsw.limit_in_bytes", "memory.memsw.usage_in_bytes"};
static const struct memory_files memory_v2 = {"memory.max",      "memory.current",
                                              "inactive_file",   "file",
                                              "memory.swap.max", "memory.swap.current"};

static uint64_t minus(uint64_t a, uint64_t b)
{
    return a > b ? a - b : 0;
}

/* Version 1 counts swap together with memory. */
static void read_swap(const char *dir, const struct memory_files *files, bool v2, uint64_t limit,
                      struct linux_cgroup_memory *ret)
{
    uint64_t swap_limit = count_or(dir, files->swap_limit, NO_LIMIT);
    uint64_t swap_used = count_or(dir, files->swap_used, NO_LIMIT);

    if (!v2 && swap_limit >= V1_UNLIMITED)
        swap_limit = NO_LIMIT;
    if (!v2 && swap_limit != NO_LIMIT)
        swap_limit = minus(swap_limit, limit);
    if (!v2 && swap_used != NO_LIMIT)
        swap_used = minus(swap_used, ret->current);
    ret->swap_limit = swap_limit;
    ret->swap_used = swap_used;
}

static void read_level(const char *dir, const struct memory_files *files, bool v2, uint64_t limit,
                       struct linux_cgroup_memory *ret)
{
    char text[8192];
    uint64_t inactive = 0, cached = UNKNOWN_COUNT;
    uint64_t current = count_or(dir, files->current, UNKNOWN_COUNT);
    ssize_t n = linux_file_text(text, sizeof(text), dir, "memory.stat");

    if (current == UNKNOWN_COUNT)
        return;
    if (n > 0) {
        struct str stat = str_make(text, (size_t)n);
        if (!linux_proc_key(stat, files->inactive_key, &inactive))
            inactive = 0;
        if (!linux_proc_key(stat, files->cached_key, &cached))
            cached = UNKNOWN_COUNT;
    }
    uint64_t used = minus(current, inactive);
    ret->available = MIN(ret->available, minus(limit, used));
    if (limit >= ret->limit)
        return;
    ret->limit = limit;
    ret->used = used;
    ret->current = current;
    ret->cached = cached;
    read_swap(dir, files, v2, limit, ret);
}

bool linux_cgroup_memory(const struct linux_cgroup *c, uint64_t machine_bytes,
                         struct linux_cgroup_memory *ret)
{
    const struct memory_files *files = c->v2 ? &memory_v2 : &memory_v1;
    char dir[LINUX_PATH_MAX];

    memset(ret, 0xff, sizeof(*ret)); /* UINT64_MAX everywhere */
    if (!c->memory[0])
        return false;
    memcpy(dir, c->memory, sizeof(dir));
    do {
        uint64_t limit = count_or(dir, files->limit, NO_LIMIT);
        if (limit < machine_bytes)
            read_level(dir, files, c->v2, limit, ret);
    } while (climb(dir, c->memory_top));
    return ret->limit != NO_LIMIT;
}

static double level_cpus(const char *dir, bool v2)
{
    int64_t quota;
    uint64_t period;

    if (v2) { /* "200000 100000" or "max 100000" */
        char text[64];
        ssize_t n = linux_file_text(text, sizeof(text), dir, "cpu.max");
        struct str rest = str_make(text, n > 0 ? (size_t)n : 0);
        if (!num_parse_i64(str_cut(&rest, ' '), &quota) || !num_parse_u64(rest, &period))
            return UNKNOWN;
    } else if (!linux_file_i64(&quota, dir, "cpu.cfs_quota_us") ||
               !linux_file_u64(&period, dir, "cpu.cfs_period_us")) {
        return UNKNOWN;
    }
    return quota > 0 && period > 0 ? (double)quota / (double)period : UNKNOWN;
}

double linux_cgroup_cpus(const struct linux_cgroup *c)
{
    char dir[LINUX_PATH_MAX];
    double least = UNKNOWN;

    if (!c->cpu[0])
        return UNKNOWN;
    memcpy(dir, c->cpu, sizeof(dir));
    do
        least = fmin(least, level_cpus(dir, c->v2)); /* fmin passes over NAN */
    while (climb(dir, c->cpu_top));
    return least;
}
