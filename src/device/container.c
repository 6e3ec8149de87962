/* container.c - see container.h. What each platform is asked, and with which rights, is its
 * collector's business; the ways of NVIDIA are those that its container toolkit documents. */
#include "device/device.h"

#include "device/linux_card.h"
#include "device/linux_file.h"

#include <dirent.h>
#include <glob.h>
#include <unistd.h>

#define NODES_MAX      256
#define SPECIFICATIONS 64         /* files of CDI that are looked into */
#define FILE_MAX       (1u << 20) /* bytes of one, or of Docker's configuration */

/* A row for each platform that needs more than files, or of which that has to be said. */
static const struct {
    const char *platform, *nodes[2]; /* patterns below the root */
    const char *caps, *why;
    bool root;
} rows[] = {
    {"jetson", {NULL}, "", "its GPU is told by the kernel's files; no device is needed", false},
    {"amd", {NULL}, "", "told by the kernel's files; no device is needed", false},
    {"intel",
     {"dev/dri"},
     "PERFMON, SYS_PTRACE, DAC_READ_SEARCH",
     "load and memory of all users are told by counters of the kernel, files of their processes "
     "and a query of the render node",
     true},
    {"accel", {"dev/accel/accel[0-9]*"}, "", "clocks and sensors are asked of the node", true},
    {"gaudi",
     {"dev/accel/accel_controlD[0-9]*", "dev/hl_controlD[0-9]*"},
     "",
     "load and memory are asked of the control nodes",
     true},
    {"tenstorrent", {NULL}, "", "told by the kernel's files; no device is needed", false},
    {"rebellions",
     {NULL},
     "",
     "told by a tool of the host, which cannot run in the image: run the worker by systemd here",
     false},
    {"furiosa",
     {NULL},
     "",
     "what its tool tells is not to be had in the image: run the worker by systemd for load and "
     "memory",
     false},
    {"tpu",
     {NULL},
     "",
     "asked on the machine's own ports, which network_mode: host reaches",
     false},
};

static bool is_there(const struct host_paths *paths, const char *file)
{
    char path[LINUX_PATH_MAX];

    return linux_file_path(path, paths->rootfs, "%s", file) && access(path, F_OK) == 0;
}

/* Whether the small text file says `word`. */
static bool says(const char *path, const char *word)
{
    struct buf text;

    buf_init(&text, 0);
    bool found =
        file_read(path, FILE_MAX, &text, NULL) == 0 && str_contains(buf_str(&text), str_of(word));
    buf_fini(&text);
    return found;
}

/* ---- NVIDIA ---- */

/* Whether a file of the folder is a specification of NVIDIA's GPUs. */
static bool has_specification(const struct host_paths *paths, const char *folder)
{
    char path[LINUX_PATH_MAX];
    struct dirent *entry;
    bool found = false;
    unsigned left = SPECIFICATIONS;

    DIR *d = linux_file_path(path, paths->rootfs, "%s", folder) ? opendir(path) : NULL;
    while (d && !found && left && (entry = readdir(d))) {
        char file[LINUX_PATH_MAX];
        if (entry->d_name[0] == '.')
            continue;
        left--;
        found = linux_file_path(file, path, "%s", entry->d_name) && says(file, "nvidia.com/gpu");
    }
    if (d)
        closedir(d);
    return found;
}

static enum container_nvidia way_of_nvidia(const struct host_paths *paths)
{
    static const char *const specifications[] = {"etc/cdi", "var/run/cdi", "run/cdi"};
    static const char *const toolkit[] = {"usr/bin/nvidia-container-runtime-hook",
                                          "usr/bin/nvidia-container-cli", "usr/bin/nvidia-ctk"};
    char path[LINUX_PATH_MAX];

    for (size_t i = 0; i < ARRAY_LEN(specifications); i++)
        if (has_specification(paths, specifications[i]))
            return CONTAINER_NVIDIA_CDI;
    if (linux_file_path(path, paths->rootfs, "etc/docker/daemon.json") &&
        says(path, "nvidia-container-runtime"))
        return CONTAINER_NVIDIA_RUNTIME;
    for (size_t i = 0; i < ARRAY_LEN(toolkit); i++)
        if (is_there(paths, toolkit[i]))
            return CONTAINER_NVIDIA_TOOLKIT;
    return CONTAINER_NVIDIA_NO_WAY;
}

/* ---- the others ---- */

static bool is_xdna(const struct linux_card *c)
{
    return !strcmp(c->driver, "amdxdna");
}

static const struct collector *find(const char *name)
{
    for (size_t i = 0; collectors[i]; i++)
        if (!strcmp(collectors[i]->name, name))
            return collectors[i];
    return NULL;
}

static bool is_found(const struct host_paths *paths, const char *platform)
{
    struct linux_card cards[LINUX_CARDS];
    const struct collector *c = find(platform);

    if (!c || !c->detect(paths))
        return false;
    /* Of the class accel only AMD's are asked by their nodes. */
    return strcmp(platform, "accel") != 0 ||
           linux_card_list(paths->sysfs, "accel", is_xdna, cards) > 0;
}

/* Adds what is there of a pattern, without the root before it. */
static int add_nodes(const struct host_paths *paths, const char *pattern, struct arena *a,
                     struct container_need *to)
{
    char path[LINUX_PATH_MAX];
    glob_t found = {0};
    int code = 0;

    if (!linux_file_path(path, paths->rootfs, "%s", pattern) || glob(path, 0, NULL, &found))
        return 0;
    size_t root = strlen(path) - strlen(pattern) - 1; /* what stands before "/dev" */
    for (size_t i = 0; i < found.gl_pathc && to->node_len < NODES_MAX && !code; i++) {
        const char *node = found.gl_pathv[i] + root;
        to->nodes[to->node_len] = arena_strndup(a, node, strlen(node));
        code = to->nodes[to->node_len] ? 0 : -ENOMEM;
        to->node_len += !code;
    }
    globfree(&found);
    return code;
}

int container_look(const struct host_paths *paths, struct arena *a, struct container_needs *ret,
                   struct error *err)
{
    const struct collector *nvidia = find("nvidia");
    char path[LINUX_PATH_MAX];
    int code = 0;

    *ret = (struct container_needs){0};
    if (nvidia && nvidia->detect(paths))
        ret->nvidia = way_of_nvidia(paths);
    ret->apparmor = linux_file_path(path, paths->sysfs, "module/apparmor/parameters/enabled") &&
                    says(path, "Y");
    ret->items = arena_calloc(a, ARRAY_LEN(rows), sizeof(*ret->items));
    code = ret->items ? 0 : -ENOMEM;
    for (size_t i = 0; i < ARRAY_LEN(rows) && !code; i++) {
        struct container_need *need = &ret->items[ret->len];
        if (!is_found(paths, rows[i].platform))
            continue;
        *need = (struct container_need){.platform = rows[i].platform,
                                        .why = rows[i].why,
                                        .caps = rows[i].caps,
                                        .root = rows[i].root,
                                        .nodes = arena_calloc(a, NODES_MAX, sizeof(char *))};
        code = need->nodes ? 0 : -ENOMEM;
        for (size_t k = 0; k < ARRAY_LEN(rows[i].nodes) && rows[i].nodes[k] && !code; k++)
            code = add_nodes(paths, rows[i].nodes[k], a, need);
        ret->len++;
    }
    return code ? error_errno(err, code, "needs of a container") : 0;
}
