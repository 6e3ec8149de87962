#include "device/linux_nodes.h"

#include "device/linux_aside.h"
#include "device/linux_file.h"
#include "device/linux_proc.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>

#ifdef __linux__
#include <sys/sysmacros.h>
#endif

#define NVIDIA_MAJOR 195  /* Documentation/admin-guide/devices.txt; 254 and 255 are not devices */
#define ENTRIES_MAX  4096 /* looked at in one /dev */
#define LIST_READ    16384

struct job {
    char path[LINUX_PATH_MAX];
    struct device_minors found;
    bool done;
};
_Static_assert(sizeof(struct job) <= LINUX_ASIDE_JOB_MAX, "a job for the thread aside");

static void set(struct device_minors *to, uint64_t minor)
{
    if (minor < DEVICE_MINORS)
        to->bits[minor / 64] |= UINT64_C(1) << (minor % 64);
}

void linux_nodes_fini(struct linux_nodes *n)
{
    linux_aside_close(n->aside);
    n->aside = NULL;
}

/* The node's own number counts; where it may not be asked for, or a runtime put a plain file
 * there, that in its name. */
static void take_entry(int dir, const char *name, struct device_minors *to)
{
    struct str rest = str_of(name);
    struct stat st;
    uint64_t number;

    if (!str_starts(rest, STR("nvidia")) ||
        !num_parse_u64(str_make(rest.ptr + 6, rest.len - 6), &number))
        return;
    if (fstatat(dir, name, &st, AT_SYMLINK_NOFOLLOW) || !S_ISCHR(st.st_mode))
        set(to, number);
    else if (major(st.st_rdev) == NVIDIA_MAJOR)
        set(to, minor(st.st_rdev));
}

static void look(void *arg)
{
    struct job *job = arg;
    DIR *dir = opendir(job->path);
    struct dirent *entry;

    if (!dir)
        return;
    for (unsigned seen = 0; seen < ENTRIES_MAX && (entry = readdir(dir)); seen++)
        take_entry(dirfd(dir), entry->d_name, &job->found);
    job->done = true;
    closedir(dir);
}

bool linux_nodes_look(struct linux_nodes *n, const struct host_paths *paths, int pid,
                      struct device_minors *ret)
{
    struct job job = {.done = false};

    if (!linux_file_path(job.path, paths->procfs, "%d/root/dev", pid))
        return false;
    if (!n->aside && linux_aside_open(&n->aside, NULL))
        return false;
    if (linux_aside_call(n->aside, look, &job, sizeof(job), LINUX_NODES_WAIT_MS) || !job.done)
        return false;
    *ret = job.found;
    return true;
}

bool linux_nodes_parse(struct str text, struct device_minors *ret)
{
    *ret = (struct device_minors){{0}};
    while (text.ptr) {
        struct str line = str_cut(&text, '\n');
        struct str kind = str_cut(&line, ' ');
        struct str number = str_cut(&line, ' ');
        struct str first = str_cut(&number, ':');
        uint64_t major_number, minor_number;
        if (str_is(kind, "a"))
            return false;
        if (!str_is(kind, "c"))
            continue;
        if (str_is(first, "*") && str_is(number, "*"))
            return false;
        if (!num_parse_u64(first, &major_number) || major_number != NVIDIA_MAJOR)
            continue;
        if (str_is(number, "*"))
            return false;
        if (num_parse_u64(number, &minor_number))
            set(ret, minor_number);
    }
    return true;
}

bool linux_nodes_list(const struct host_paths *paths, struct str cgroup_text,
                      struct device_minors *ret)
{
    while (cgroup_text.ptr) {
        struct linux_cgroup_line line;
        char text[LIST_READ];
        if (!linux_proc_cgroup(str_cut(&cgroup_text, '\n'), &line) ||
            !linux_proc_has_word(line.controllers, "devices") ||
            str_contains(line.path, STR("/..")))
            continue;
        ssize_t n = linux_file_text(text, sizeof(text), paths->sysfs,
                                    "fs/cgroup/devices%.*s/devices.list", STR_ARG(line.path));
        return n > 0 && linux_nodes_parse(str_make(text, (size_t)n), ret);
    }
    return false;
}
