/* nvidia_diagnose.c - what an operator should know about NVIDIA's GPUs on this machine, and what to
 * do about it. */
#include "device/nvidia/nvidia.h"

#include "device/jetson/jetson.h"
#include "device/nvidia/nvidia_kmsg.h"
#include "device/nvidia/nvidia_pci.h"
#include "device/nvidia/nvidia_probe.h"
#include "device/nvidia/nvml.h"
#include "device/nvidia/xid.h"

#include <stdlib.h>
#include <unistd.h>

#define PATIENCE_MS 5000
#define XIDS_SHOWN  16

#define HARDWARE "nvidia hardware"
#define DRIVER   "nvidia driver"
#define RIGHTS   "nvidia rights"
#define GPU      "nvidia gpu"

/* Where findings go, and what is known while they are made. */
struct report {
    const struct host_paths *paths;
    struct arena *arena;
    struct finding **list;
    size_t *len;
    struct nvidia_pci pci[NVIDIA_GPUS_MAX];
    size_t pci_len;
    char module[80]; /* version of the kernel module; "" when none is loaded */
    bool wsl;
};

#define ADD(r, level, topic, advice, ...)                                                          \
    finding_add((r)->arena, (r)->list, (r)->len, level, topic, advice, __VA_ARGS__)

static size_t bound_to(const struct report *r, const char *driver)
{
    size_t n = 0;

    for (size_t i = 0; i < r->pci_len; i++)
        n += strcmp(r->pci[i].driver, driver) == 0;
    return n;
}

static bool is_wsl(const struct host_paths *paths)
{
    char path[512], text[256];

    snprintf(path, sizeof(path), "%s/sys/kernel/osrelease", paths->procfs);
    return file_read_small(path, text, sizeof(text)) > 0 &&
           (strstr(text, "microsoft") || strstr(text, "Microsoft"));
}

/* GPUs that stand in the machine but belong to another driver. */
static void report_other_drivers(const struct report *r)
{
    size_t nouveau = bound_to(r, "nouveau"), guest = bound_to(r, "vfio-pci");

    if (nouveau)
        ADD(r, FINDING_WARNING, DRIVER,
            "Install NVIDIA's driver (it keeps nouveau from loading) and reboot.",
            "%zu NVIDIA GPU%s with nouveau, which tells no metrics", nouveau,
            nouveau == 1 ? " runs" : "s run");
    if (guest)
        ADD(r, FINDING_NOTE, HARDWARE, "Run a worker inside those machines.",
            "%zu NVIDIA GPU%s handed to virtual machines (vfio-pci)", guest,
            guest == 1 ? " is" : "s are");
}

static void report_no_library(const struct report *r, const struct error *why)
{
    if (r->wsl)
        ADD(r, FINDING_ERROR, DRIVER,
            "Install NVIDIA's driver on Windows; it puts libnvidia-ml.so.1 into /usr/lib/wsl/lib.",
            "NVML cannot be loaded: %s", why->text);
    else if (r->module[0])
        ADD(r, FINDING_ERROR, DRIVER,
            "Docker: --gpus all (NVIDIA container toolkit). Kubernetes: runtimeClassName: nvidia, "
            "env NVIDIA_VISIBLE_DEVICES=all, NVIDIA_DRIVER_CAPABILITIES=utility. On the host: "
            "install the driver's library (Debian: libnvidia-ml1, Ubuntu: libnvidia-compute).",
            "driver %s is loaded, but NVML is not found: %s", r->module, why->text);
    else
        ADD(r, FINDING_ERROR, DRIVER,
            "Install NVIDIA's driver and reboot (Debian: nvidia-driver, Ubuntu: ubuntu-drivers "
            "install). In a container: give it the GPUs (Docker: --gpus all).",
            "%zu NVIDIA GPU%s here, but no driver: %s", r->pci_len, r->pci_len == 1 ? "" : "s",
            why->text);
}

/* The device files that are absent or closed to us, as a list for people. */
static void closed_files(const struct report *r, char *to, size_t size)
{
    static const char *const files[] = {"nvidiactl", "nvidia0", "nvidia1", "nvidia2", "nvidia3",
                                        "nvidia4",   "nvidia5", "nvidia6", "nvidia7"};
    const char *root = strcmp(r->paths->rootfs, "/") == 0 ? "" : r->paths->rootfs;
    size_t gpus = MAX(r->pci_len, (size_t)1), n = 0;
    char path[512];

    to[0] = '\0';
    for (size_t i = 0; i < MIN(ARRAY_LEN(files), gpus + 1); i++) {
        snprintf(path, sizeof(path), "%s/dev/%s", root, files[i]);
        if (access(path, R_OK | W_OK) == 0 || n + 48 > size)
            continue;
        n += (size_t)snprintf(to + n, size - n, "%s/dev/%s (%s)", n ? ", " : "", files[i],
                              errno == ENOENT ? "absent" : "closed");
    }
    if (!n)
        snprintf(to, size, "the device files are open, so a device cgroup refuses");
}

static const char *const rights_advice =
    "Docker: --gpus all, or --device /dev/nvidiactl --device /dev/nvidia0 (one per GPU). "
    "Kubernetes: runtimeClassName: nvidia, env NVIDIA_VISIBLE_DEVICES=all. systemd: "
    "DeviceAllow=/dev/nvidiactl rw, DeviceAllow=char-nvidia* rw. After a daemon-reload: recreate "
    "the container.";

static void report_no_init(const struct report *r, int code, const char *library)
{
    char files[120];

    switch (code) {
    case NVML_DRIVER_NOT_LOADED:
        ADD(r, FINDING_ERROR, DRIVER,
            "modprobe nvidia; if that fails: dkms status, dmesg | grep -i nvidia (Secure Boot "
            "refuses unsigned modules). In a container: give it the GPUs (Docker: --gpus all).",
            "NVML is installed, but %s",
            r->module[0] ? "cannot reach the loaded driver" : "the driver is not loaded");
        break;
    case NVML_VERSION_MISMATCH:
        ADD(r, FINDING_ERROR, DRIVER,
            "Reboot, or stop everything that uses the GPUs and reload the modules (rmmod "
            "nvidia_uvm nvidia_drm nvidia_modeset nvidia; modprobe nvidia). A container: recreate "
            "it, so that it gets the new library.",
            "library and kernel module are of different versions (%s and %s): the driver was "
            "upgraded",
            library[0] ? library : "not told", r->module[0] ? r->module : "not told");
        break;
    case NVML_NO_PERMISSION:
    case NVML_OPERATING_SYSTEM:
        closed_files(r, files, sizeof(files));
        ADD(r, FINDING_ERROR, RIGHTS, rights_advice, "no permission to open the GPUs: %s", files);
        break;
    default:
        closed_files(r, files, sizeof(files));
        ADD(r, FINDING_ERROR, DRIVER,
            "Look at dmesg | grep -i -e nvrm -e xid. In a container that had GPUs before: recreate "
            "it (systemctl daemon-reload takes device rights away).",
            "NVML cannot be initialised: %s (code %d); %s", nvml_code_text(code), code, files);
    }
}

static void report_silence(const struct report *r, int64_t patience_ms)
{
    ADD(r, FINDING_ERROR, DRIVER,
        "Look at dmesg | grep -i -e nvrm -e xid and for processes in state D. Without persistence "
        "mode a cold start takes 1 to 4 s a GPU: systemctl enable --now nvidia-persistenced, then "
        "ask again.",
        "the driver did not answer within %.1f s", (double)patience_ms / 1000);
}

/* A board without fans of its own that is no laptop's: made for servers. */
static bool is_server_board(const struct accelerator *g)
{
    return isnan(g->fan_ratio) && !strstr(g->name, "GeForce") && !strstr(g->name, "Laptop") &&
           !strstr(g->name, "Max-Q");
}

static const char *name_of(const struct accelerator *g)
{
    return g->name[0] ? g->name : "of unknown model";
}

static void report_state(const struct report *r, const struct accelerator *g)
{
    char files[120];
    const char *bus = g->pci_bus_id[0] ? g->pci_bus_id : "bus id unknown";

    if (g->state == ACCELERATOR_LOST) {
        ADD(r, FINDING_ERROR, GPU,
            "dmesg | grep -i xid tells why (79: fell off the bus). Stop what uses it, then "
            "nvidia-smi --gpu-reset -i with its number, else power the machine off and on; if it "
            "happens again, check seat, power cable and cooling, and replace the board.",
            "GPU %u (%s, %s) is lost", g->index, name_of(g), bus);
    } else if (g->state == ACCELERATOR_FORBIDDEN) {
        closed_files(r, files, sizeof(files));
        ADD(r, FINDING_WARNING, RIGHTS, rights_advice, "GPU %u (%s, %s) may not be opened: %s",
            g->index, name_of(g), bus, files);
    } else if (g->state == ACCELERATOR_SLEEPING) {
        ADD(r, FINDING_NOTE, GPU, "", "GPU %u (%s, %s) sleeps and is left asleep", g->index,
            name_of(g), bus);
    }
}

static void report_modes(const struct report *r, const struct accelerator *g)
{
    if (!isnan(g->ecc_mode) && !isnan(g->ecc_pending) && (g->ecc_mode > 0) != (g->ecc_pending > 0))
        ADD(r, FINDING_WARNING, GPU,
            "It takes effect when the GPU is reset (nvidia-smi --gpu-reset) or the machine "
            "rebooted.",
            "GPU %u (%s): ECC is %s and will be %s", g->index, name_of(g),
            g->ecc_mode > 0 ? "on" : "off", g->ecc_pending > 0 ? "on" : "off");
    if (g->ecc_uncorrected_total > 0)
        ADD(r, FINDING_WARNING, GPU,
            "Drain it and reset it; if the count grows again, replace the board.",
            "GPU %u (%s): %.0f uncorrectable memory errors since the driver was loaded", g->index,
            name_of(g), g->ecc_uncorrected_total);
}

/* The driver's own verdict, which goes before everything else. */
static void report_verdict(const struct report *r, const struct accelerator *g)
{
    static const char *const advice[] = {
        "",
        "Drain it and reset it: nvidia-smi --gpu-reset -i with its number.",
        "Drain the machine and reboot it.",
        "Drain it and those it speaks to over NVLink.",
        "Drain it and those it speaks to over NVLink, then reset them.",
        "Recover the IMEX domain: restart nvidia-imex on its nodes."};
    double action = g->detail.recovery_action;

    if (action >= 1)
        ADD(r, FINDING_ERROR, GPU,
            action < (double)ARRAY_LEN(advice) ? advice[(size_t)action]
                                               : "See the vendor's list of recovery actions.",
            "GPU %u (%s): the driver asks for recovery (action %.0f)", g->index, name_of(g),
            action);
    if (g->detail.rows_failed > 0)
        ADD(r, FINDING_ERROR, GPU, "Drain it and have the board replaced.",
            "GPU %u (%s): a row of its memory could not be replaced", g->index, name_of(g));
    else if (g->detail.rows_pending > 0)
        ADD(r, FINDING_WARNING, GPU, "Reset it when it is free: nvidia-smi --gpu-reset.",
            "GPU %u (%s): a row of its memory waits for a reset to be replaced", g->index,
            name_of(g));
}

/* Readings that cannot both be true; the bounds are those of the worker's checks (docs/truth.md),
 * which look for longer. */
static void report_doubts(const struct report *r, const struct accelerator *g)
{
    static const char *const advice =
        "One of the two is wrong: compare with nvidia-smi -q, and look for a newer driver. The "
        "worker marks it in algalon_gpu_doubtful while it lasts.";

    if (g->power_w > g->power_limit_w * 1.1 + 5)
        ADD(r, FINDING_WARNING, GPU, advice, "GPU %u (%s): draws %.0f W, its limit is %.0f W",
            g->index, name_of(g), g->power_w, g->power_limit_w);
    if (g->clock_graphics_mhz > g->clock_graphics_max_mhz * 1.05)
        ADD(r, FINDING_WARNING, GPU, advice,
            "GPU %u (%s): runs at %.0f MHz, its highest clock is %.0f MHz", g->index, name_of(g),
            g->clock_graphics_mhz, g->clock_graphics_max_mhz);
    if (g->temperature_c > g->temperature_shutdown_c + 5)
        ADD(r, FINDING_WARNING, GPU, advice,
            "GPU %u (%s): is at %.0f degrees, and switches itself off at %.0f", g->index,
            name_of(g), g->temperature_c, g->temperature_shutdown_c);
}

/* What the kernel's log remembers of errors, where it may be read. */
static void report_xids(const struct report *r)
{
    struct kmsg_xid found[XIDS_SHOWN];
    size_t len = nvidia_kmsg_xids(r->paths, found, ARRAY_LEN(found));

    for (size_t i = 0; i < len; i++) {
        const struct xid *x = xid_find(found[i].xid);
        char advice[280];
        bool harmless = x && (x->fault == XID_APPLICATION || x->fault == XID_NOTICE);
        snprintf(advice, sizeof(advice), "%s%s%s", x ? x->now : "See the vendor's list of XIDs.",
                 x && x->again[0] ? " If it repeats: " : "", x ? x->again : "");
        ADD(r, harmless ? FINDING_NOTE : FINDING_WARNING, GPU, advice,
            "GPU %s: XID %u (%s; fault of: %s), %u time%s in the kernel's log", found[i].bus_id,
            found[i].xid, x ? x->name : "not in our list", x ? xid_fault_text(x->fault) : "unknown",
            found[i].count, found[i].count == 1 ? "" : "s");
    }
}

/* Persistence mode is one finding for all: they are switched together. */
static void report_persistence(const struct report *r, const struct probe_result *p)
{
    size_t off = 0;

    for (size_t i = 0; i < p->gpu_len; i++)
        off += p->gpus[i].state == ACCELERATOR_OK && is_server_board(&p->gpus[i]) &&
               p->gpus[i].persistence_mode < 1;
    if (off && !r->wsl)
        ADD(r, FINDING_WARNING, DRIVER, "systemctl enable --now nvidia-persistenced",
            "persistence mode is off on %zu GPU%s: without a user they are started anew each time, "
            "and lose their error counters",
            off, off == 1 ? "" : "s");
}

static void report_gpus(const struct report *r, const struct probe_result *p)
{
    const struct platform_info *v = &p->platform;
    size_t ok = 0, asleep = 0;

    for (size_t i = 0; i < p->gpu_len; i++) {
        ok += p->gpus[i].state == ACCELERATOR_OK;
        asleep += p->gpus[i].state == ACCELERATOR_SLEEPING;
    }
    ADD(r, ok + asleep == p->gpu_len ? FINDING_OK : FINDING_WARNING, DRIVER, "",
        "%zu GPU%s%s, driver %s%s%s", p->gpu_len, p->gpu_len == 1 ? "" : "s",
        ok + asleep == p->gpu_len ? "" : ", not all of which answer", v->driver_version,
        v->runtime_version[0] ? ", CUDA " : "", v->runtime_version);
    for (size_t i = 0; i < p->gpu_len; i++) {
        report_state(r, &p->gpus[i]);
        report_modes(r, &p->gpus[i]);
        report_verdict(r, &p->gpus[i]);
        report_doubts(r, &p->gpus[i]);
    }
    report_persistence(r, p);
    size_t bound = bound_to(r, "nvidia");
    if (p->gpu_len && bound > p->gpu_len && !r->paths->nvml_library)
        ADD(r, FINDING_WARNING, HARDWARE,
            "In a container that was given some of them this is as it should be. On the host: "
            "dmesg | grep -i -e xid -e \"fallen off\"; a reboot brings a lost one back.",
            "PCI shows %zu GPUs with NVIDIA's driver, the driver answers for %zu", bound,
            p->gpu_len);
}

static void report_probe(struct report *r, int64_t patience_ms)
{
    struct probe_result p;
    int code = nvidia_probe(r->paths, patience_ms, &p);

    r->wsl = r->wsl || p.wsl;
    if (code == -ETIMEDOUT)
        report_silence(r, patience_ms);
    else if (code)
        ADD(r, FINDING_ERROR, DRIVER, "", "no thread could be started to ask the driver");
    else if (p.stage == PROBE_NO_LIBRARY)
        report_no_library(r, &p.error);
    else if (p.stage == PROBE_NO_INIT)
        report_no_init(r, p.code, p.library);
    else if (p.stage == PROBE_NO_READING && p.error.code == -ENODEV)
        ADD(r, FINDING_WARNING, HARDWARE,
            "In a container: give it the GPUs (Docker: --gpus all; Kubernetes: "
            "NVIDIA_VISIBLE_DEVICES=all).",
            "%s", p.error.text);
    else if (p.stage == PROBE_NO_READING)
        ADD(r, FINDING_ERROR, DRIVER, "Look at dmesg | grep -i -e nvrm -e xid.",
            "the GPUs cannot be read: %s", p.error.text);
    else
        report_gpus(r, &p);
    free(p.gpus);
}

void nvidia_diagnose_within(const struct host_paths *paths, int64_t patience_ms, struct arena *a,
                            struct finding **ret, size_t *ret_len)
{
    struct report r = {.paths = paths, .arena = a, .list = ret, .len = ret_len};

    r.pci_len = nvidia_pci_list(paths, r.pci, ARRAY_LEN(r.pci));
    r.wsl = is_wsl(paths);
    nvidia_pci_driver_version(paths, r.module, sizeof(r.module));
    report_other_drivers(&r);
    if (!nvidia_collector.detect(paths)) {
        if (paths->nvml_library)
            ADD(&r, FINDING_ERROR, DRIVER, "Give the path of a libnvidia-ml.so.1 that exists.",
                "the NVML library that was asked for cannot be read: %s", paths->nvml_library);
        else if (!jetson_has_nvgpu(paths)) /* that collector speaks for itself */
            ADD(&r, FINDING_NOTE, HARDWARE, "", "no NVIDIA GPU found");
        return;
    }
    bool ours = paths->nvml_library || r.module[0] || r.wsl ||
                r.pci_len > bound_to(&r, "nouveau") + bound_to(&r, "vfio-pci");
    if (ours) {
        report_probe(&r, patience_ms);
        report_xids(&r);
    }
    if (r.wsl)
        ADD(&r, FINDING_NOTE, DRIVER, "",
            "Windows subsystem: processes, fans and some sensors are not told by its driver");
}

void nvidia_diagnose(const struct host_paths *paths, struct arena *a, struct finding **ret,
                     size_t *ret_len)
{
    nvidia_diagnose_within(paths, PATIENCE_MS, a, ret, ret_len);
}
