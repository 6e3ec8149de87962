/* rights.c - the table of rights. Each is told by its effect (can the file be opened?) and not by
 * the name of a user or a capability: the effect is what counts, whoever granted it. */
#include "device/rights.h"

#include "device/linux_cgroup.h"
#include "device/nvidia/nvidia_pci.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdarg.h>
#include <sys/stat.h>
#include <unistd.h>

#define CGROUP_NAMESPACE_OF_HOST UINT64_C(0xeffffffb) /* PROC_CGROUP_INIT_INO of the kernel */
#define PROCESSES_TRIED          256 /* to find one of another user: the first is usually init */
#define ZONES_MAX                64  /* energy counters that are tried */

/* What the looks share. */
struct view {
    const struct host_paths *paths;
    struct linux_view host;
    size_t gpus; /* of NVIDIA, with its driver, on the PCI bus */
    bool module; /* NVIDIA's driver is loaded */
};

static void found(struct right *r, enum right_state state, const char *format, ...)
    PRINTF_LIKE(3, 4);
static void found(struct right *r, enum right_state state, const char *format, ...)
{
    va_list args;

    r->state = state;
    va_start(args, format);
    vsnprintf(r->found, sizeof(r->found), format, args);
    va_end(args);
}

/* 0, or the errno of opening a file below `root`. */
static int try_open(const char *root, const char *name, int flags)
{
    char path[LINUX_PATH_MAX];

    if (!linux_file_path(path, strcmp(root, "/") == 0 ? "" : root, "/%s", name))
        return ENAMETOOLONG;
    int fd = open(path, flags | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    if (fd < 0)
        return errno;
    close(fd);
    return 0;
}

static void look_nvidia(const struct view *v, struct right *r)
{
    if (!v->gpus && !v->module) {
        found(r, RIGHT_MOOT, "no GPU with NVIDIA's driver");
        return;
    }
    if (v->paths->nvml_library) {
        found(r, RIGHT_UNTOLD, "--nvml-library names another library");
        return;
    }
    int code = try_open(v->paths->rootfs, "dev/nvidiactl", O_RDWR);
    if (code == ENOENT && strcmp(v->paths->rootfs, "/") != 0)
        code = try_open("/", "dev/nvidiactl", O_RDWR);
    if (code)
        found(r, RIGHT_LACKED, "/dev/nvidiactl: %s", strerror(code));
    else
        found(r, RIGHT_HELD, "/dev/nvidiactl opens");
}

static void look_processes(const struct view *v, struct right *r)
{
    if (v->host.host)
        found(r, RIGHT_HELD, "%s shows the whole machine", v->paths->procfs);
    else
        found(r, RIGHT_LACKED, "%s has no kernel threads: another PID namespace", v->paths->procfs);
}

static void look_hidden(const struct view *v, struct right *r)
{
    int code = try_open(v->paths->procfs, "1/stat", O_RDONLY);

    if (code == 0)
        found(r, RIGHT_HELD, "%s/1/stat opens", v->paths->procfs);
    else if (code == ENOENT && !linux_file_exists(v->paths->procfs, "self/stat"))
        found(r, RIGHT_UNTOLD, "%s shows no processes", v->paths->procfs);
    else
        found(r, RIGHT_LACKED, "%s/1/stat: %s (mount option hidepid)", v->paths->procfs,
              strerror(code));
}

static void look_cgroups(const struct view *v, struct right *r)
{
    char path[LINUX_PATH_MAX];
    struct stat st;

    if (!v->host.runtime[0])
        found(r, RIGHT_HELD, "not in a container");
    else if (!linux_file_path(path, v->paths->procfs, "/self/ns/cgroup") || stat(path, &st))
        found(r, RIGHT_UNTOLD, "%s/self/ns/cgroup: %s", v->paths->procfs, strerror(errno));
    else if (st.st_ino == CGROUP_NAMESPACE_OF_HOST)
        found(r, RIGHT_HELD, "the host's cgroup namespace");
    else
        found(r, RIGHT_LACKED, "a cgroup namespace of its own");
}

static bool is_number(const char *text)
{
    return *text && strspn(text, "0123456789") == strlen(text);
}

/* 0 when the open files of a process can be read, ENOENT when it has none or has ended, else why
 * not. Opening the folder is not enough: the kernel asks for the right to trace at each link. */
static int try_files(const char *procfs, const char *pid)
{
    char path[LINUX_PATH_MAX], target[64];
    int code = ENOENT;

    if (!linux_file_path(path, procfs, "/%s/fd", pid))
        return ENOENT;
    DIR *dir = opendir(path);
    if (!dir)
        return errno;
    for (struct dirent *e; code == ENOENT && (e = readdir(dir)) != NULL;)
        if (is_number(e->d_name))
            code = readlinkat(dirfd(dir), e->d_name, target, sizeof(target)) < 0 ? errno : 0;
    closedir(dir);
    return code;
}

/* Tries the open files of the first process that is another user's, or of the first of all. */
static void look_ptrace(const struct view *v, struct right *r)
{
    const char *procfs = v->paths->procfs;
    uid_t me = geteuid();
    size_t tried = 0;
    DIR *dir = opendir(procfs);

    found(r, RIGHT_UNTOLD, "no process of another user to try");
    for (struct dirent *e; dir && tried < PROCESSES_TRIED && (e = readdir(dir)) != NULL;) {
        char path[LINUX_PATH_MAX];
        struct stat st;
        if (!is_number(e->d_name) || !linux_file_path(path, procfs, "/%s", e->d_name) ||
            stat(path, &st) || (me != 0 && st.st_uid == me))
            continue; /* root's own count: those of the host are out of its reach in a container */
        int code = try_files(procfs, e->d_name);
        tried += code != ENOENT;
        if (code && code != ENOENT) {
            found(r, RIGHT_LACKED, "%s/%.20s/fd: %s", procfs, e->d_name, strerror(code));
            break;
        }
        if (code == 0)
            found(r, RIGHT_HELD, "%s/%.20s/fd and others open", procfs, e->d_name);
    }
    if (dir)
        closedir(dir);
}

static void look_kernel_log(const struct view *v, struct right *r)
{
    if (!v->gpus && !v->module) {
        found(r, RIGHT_MOOT, "no GPU with NVIDIA's driver");
        return;
    }
    int code = try_open(v->paths->rootfs, "dev/kmsg", O_RDONLY);
    if (code)
        found(r, RIGHT_LACKED, "/dev/kmsg: %s", strerror(code));
    else
        found(r, RIGHT_HELD, "/dev/kmsg opens");
}

static void look_energy(const struct view *v, struct right *r)
{
    size_t len = 0, closed = 0;
    char path[LINUX_PATH_MAX];
    DIR *dir = linux_file_path(path, v->paths->sysfs, "/class/powercap") ? opendir(path) : NULL;

    for (struct dirent *e; dir && len < ZONES_MAX && (e = readdir(dir)) != NULL;) {
        if (strchr(e->d_name, ':') == NULL ||
            !linux_file_path(path, v->paths->sysfs, "/class/powercap/%s/energy_uj", e->d_name))
            continue;
        if (access(path, F_OK))
            continue;
        len++;
        closed += access(path, R_OK) != 0;
    }
    if (dir)
        closedir(dir);
    if (!len && v->host.runtime[0] && strcmp(v->paths->sysfs, "/sys") == 0)
        found(r, RIGHT_UNTOLD, "the runtime hides /sys/class/powercap: mount the host's /sys");
    else if (!len)
        found(r, RIGHT_MOOT, "no energy counters (powercap) here");
    else if (closed)
        found(r, RIGHT_LACKED, "%zu of %zu files energy_uj are closed", closed, len);
    else
        found(r, RIGHT_HELD, "%zu files energy_uj open", len);
}

static void look_sensors(const struct view *v, struct right *r)
{
    char path[LINUX_PATH_MAX];

    if (!linux_file_path(path, v->paths->sysfs, "/bus/pci/devices") || access(path, R_OK))
        found(r, v->host.runtime[0] ? RIGHT_LACKED : RIGHT_UNTOLD, "%s/bus/pci/devices: %s",
              v->paths->sysfs, strerror(errno));
    else if (v->host.runtime[0] && strcmp(v->paths->sysfs, "/sys") == 0)
        found(r, RIGHT_LACKED, "in %s, with the runtime's /sys, parts of which are hidden",
              v->host.runtime);
    else
        found(r, RIGHT_HELD, "%s is the machine's", v->paths->sysfs);
}

static void look_root(const struct view *v, struct right *r)
{
    if (!v->host.runtime[0])
        found(r, RIGHT_HELD, "not in a container");
    else if (strcmp(v->paths->rootfs, "/") == 0)
        found(r, RIGHT_LACKED, "in %s, with the container's own file system", v->host.runtime);
    else if (!linux_file_exists(v->paths->rootfs, "etc/passwd"))
        found(r, RIGHT_LACKED, "%s/etc/passwd is not there", v->paths->rootfs);
    else
        found(r, RIGHT_HELD, "%s/etc/passwd opens", v->paths->rootfs);
}

static void look_kubelet(const struct view *v, struct right *r)
{
    int pods = try_open(v->paths->rootfs, "var/log/pods", O_RDONLY | O_DIRECTORY);
    bool kubernetes = strcmp(v->host.runtime, "kubernetes") == 0 ||
                      linux_file_exists(v->paths->rootfs, "var/lib/kubelet");

    if (pods == 0)
        found(r, RIGHT_HELD, "/var/log/pods opens");
    else if (!kubernetes && pods == ENOENT)
        found(r, RIGHT_MOOT, "no kubelet on this machine");
    else
        found(r, RIGHT_LACKED, "/var/log/pods: %s", strerror(pods));
}

static void look_kubelet_socket(const struct view *v, struct right *r)
{
    static const char *const place = "var/lib/kubelet/pod-resources/kubelet.sock";
    char path[LINUX_PATH_MAX];
    struct stat st;
    bool there = v->paths->kubelet_socket
                     ? linux_file_path(path, "", "%s", v->paths->kubelet_socket)
                     : linux_file_path(path, v->paths->rootfs, "/%s", place);

    if (!there || stat(path, &st))
        found(r,
              errno == ENOENT && strcmp(v->host.runtime, "kubernetes") ? RIGHT_MOOT : RIGHT_LACKED,
              "/%s: %s", place, strerror(errno));
    else if (access(path, R_OK | W_OK))
        found(r, RIGHT_LACKED, "/%s: %s", place, strerror(errno));
    else
        found(r, RIGHT_HELD, "/%s opens", place);
}

#define NOTHING "" /* nothing is to be said: it is there */

static const struct {
    void (*look)(const struct view *v, struct right *r);
    const char *values, *need, *compose, *kubernetes, *systemd;
} table[] = {
    {look_nvidia, "all values of NVIDIA's GPUs",
     "device files /dev/nvidia*; in a container also the library (capability `utility`)",
     "deploy: {resources: {reservations: {devices: [{driver: nvidia, count: all, capabilities: "
     "[gpu, utility]}]}}}",
     "runtimeClassName: nvidia; env: NVIDIA_VISIBLE_DEVICES=all, "
     "NVIDIA_DRIVER_CAPABILITIES=utility",
     "PrivateDevices=no (and no DeviceAllow=, or DeviceAllow=char-nvidia* rw)"},
    {look_processes, "names, users and owners of processes on GPUs", "the host's PID namespace",
     "pid: host", "hostPID: true", "PrivatePIDs=no"},
    {look_hidden, "processes of other users", "a /proc without hidepid, or CAP_SYS_PTRACE",
     "user: \"0:0\", cap_add: [SYS_PTRACE]",
     "securityContext: {runAsUser: 0, runAsNonRoot: false, capabilities: {add: [SYS_PTRACE]}}",
     "ProtectProc=default, AmbientCapabilities=CAP_SYS_PTRACE"},
    {look_cgroups, "containers, pods and jobs by whole cgroup paths", "the host's cgroup namespace",
     "cgroup: host", "not to be had: pods get one of their own; pods are told all the same",
     NOTHING},
    {look_ptrace, "who holds a GPU without using it; GPU use by process (AMD, Intel)",
     "CAP_SYS_PTRACE, for /proc/PID/fd and fdinfo of other users' processes",
     "user: \"0:0\", cap_add: [SYS_PTRACE], security_opt: [\"apparmor:unconfined\"]",
     "securityContext: {runAsUser: 0, runAsNonRoot: false, capabilities: {add: [SYS_PTRACE]}}",
     "AmbientCapabilities=CAP_SYS_PTRACE CAP_DAC_READ_SEARCH (drop-in processes.conf)"},
    {look_kernel_log, "XID errors of before the start, and of a driver whose library hangs",
     "CAP_SYSLOG, or the sysctl kernel.dmesg_restrict=0",
     "user: \"0:0\", cap_add: [SYSLOG], devices: [/dev/kmsg:/dev/kmsg:r]",
     "securityContext: {privileged: true}; no narrower right opens /dev/kmsg",
     "ProtectKernelLogs=no, AmbientCapabilities=CAP_SYSLOG (drop-in kernel-log.conf)"},
    {look_energy, "power of CPU packages", "root, or CAP_DAC_READ_SEARCH (RAPL's energy_uj)",
     "user: \"0:0\"", "securityContext: {runAsUser: 0, runAsNonRoot: false}",
     "AmbientCapabilities=CAP_DAC_READ_SEARCH"},
    {look_sensors, "AMD, Intel and other accelerators, fans, CPU power", "the host's /sys",
     "volumes: [/sys:/host/sys:ro], command: --path.sysfs=/host/sys",
     "hostPath: {path: /sys} at /host/sys; args: --path.sysfs=/host/sys", NOTHING},
    {look_root, "file systems, names of users", "the host's root, read-only",
     "volumes: [\"/:/host/root:ro,rslave\"], command: --path.rootfs=/host/root",
     "hostPath: {path: /} at /host/root, mountPropagation: HostToContainer; args: "
     "--path.rootfs=/host/root",
     NOTHING},
    {look_kubelet, "names of pods and containers", "the kubelet's log folders /var/log/pods",
     "volumes: [\"/:/host/root:ro,rslave\"], command: --path.rootfs=/host/root",
     "hostPath: {path: /var/log} at /host/root/var/log; args: --path.rootfs=/host/root",
     "InaccessiblePaths= without /var/log"},
    {look_kubelet_socket, "which pod was given which GPU, also without a process",
     "root, and the kubelet's pod-resources socket",
     "user: \"0:0\", volumes: [/var/lib/kubelet/pod-resources:/var/lib/kubelet/pod-resources]",
     "securityContext: {runAsUser: 0, runAsNonRoot: false}; hostPath: {path: "
     "/var/lib/kubelet/pod-resources}",
     "User=root"},
};

void rights_list(const struct host_paths *paths, struct arena *a, struct right **ret,
                 size_t *ret_len)
{
    struct view view = {.paths = paths};
    struct nvidia_pci pci[64];
    char version[80];
    size_t n = nvidia_pci_list(paths, pci, ARRAY_LEN(pci));

    *ret = arena_calloc(a, ARRAY_LEN(table), sizeof(**ret));
    *ret_len = 0;
    if (!*ret)
        return;
    linux_view_look(paths, &view.host);
    view.module = nvidia_pci_driver_version(paths, version, sizeof(version));
    for (size_t i = 0; i < n; i++)
        view.gpus += pci[i].ours;
    for (size_t i = 0; i < ARRAY_LEN(table); i++) {
        struct right *r = &(*ret)[(*ret_len)++];
        *r = (struct right){.values = table[i].values,
                            .need = table[i].need,
                            .compose = table[i].compose,
                            .kubernetes = table[i].kubernetes,
                            .systemd = table[i].systemd};
        table[i].look(&view, r);
    }
}

const char *right_state_text(enum right_state state)
{
    static const char *const texts[] = {"held", "lacked", "not known", "not needed"};

    return texts[state];
}
