/* nvidia.c - the collector: finds the GPUs, keeps the library open while it serves, and opens it
 * anew when the driver was replaced or a GPU was lost. GPUs once seen stay in the list. */
#include "device/nvidia/nvidia.h"

#include "device/jetson/jetson.h"
#include "device/nvidia/nvidia_event.h"
#include "device/nvidia/nvidia_parts.h"
#include "device/nvidia/nvidia_pci.h"
#include "device/nvidia/nvidia_poll.h"
#include "device/nvidia/nvidia_text.h"
#include "device/nvidia/xid.h"

#include <limits.h>
#include <stdlib.h>
#include <unistd.h>

#define WSL_LIBRARY "usr/lib/wsl/lib/libnvidia-ml.so.1"

#define RETRY_FIRST_NS (5 * (uint64_t)NS_PER_S)
#define RETRY_MAX_NS   (60 * (uint64_t)NS_PER_S)
/* One lost, or closed to us, among others: opening anew disturbs those, so it is tried seldom. */
#define LOST_RETRY_FIRST_NS (60 * (uint64_t)NS_PER_S)
#define LOST_RETRY_MAX_NS   (900 * (uint64_t)NS_PER_S)
/* A laptop's GPU sleeps some 6 s after the last one let it go. */
#define IDLE_BEFORE_REST_NS (300 * (uint64_t)NS_PER_S)
#define FALL_ASLEEP_NS      (30 * (uint64_t)NS_PER_S)
#define EVENTS_AGAIN_NS     (10 * (uint64_t)NS_PER_S) /* their thread ended: a GPU was lost */
#define UNBIND_NS           (60 * (uint64_t)NS_PER_S) /* the GPU is free for its other driver by then */
#define BUS_LOOK_NS         (15 * (uint64_t)NS_PER_S)
#define REST_AGAIN_NS       (1800 * (uint64_t)NS_PER_S)

struct nvidia {
    struct host_paths paths;
    struct gpu_context c;
    struct gpu *gpus; /* in bus order; gpus[i].identity.index is i */
    size_t len;
    struct platform_info platform;
    struct event_run *events; /* NULL: none, or not yet */
    struct xid_log log;
    uint64_t events_next_ns; /* not started anew before */
    int64_t (*now_us)(void);
    uint64_t retry_ns, retry_wait_ns; /* not opened anew before; the wait after that */
    uint64_t lost_retry_ns, lost_wait_ns;
    uint64_t unbind_until_ns;      /* before that the driver is let go, as it wished */
    uint64_t bound, bound_next_ns; /* what hung on the driver when it was opened; next look */
    bool stuck;                    /* a thread of ours is: the driver cannot be let go any more */
    bool withdrawn;                /* we had the right to open the GPUs, and have not any more */
    bool taken;                    /* and so it looks from what the driver says */
    uint64_t rested_ns, rest_after_ns; /* when GPUs were let go last; not again before */
    struct jetson_gpu *tegra;          /* what NVML does not tell of a SoC's GPU; NULL: no SoC */
};

static int64_t system_now_us(void)
{
    return clock_now_ms() * 1000;
}

void nvidia_clock(void *state, int64_t (*now_us)(void))
{
    struct nvidia *n = state;

    n->now_us = now_us;
}

static bool detect(const struct host_paths *paths)
{
    struct nvidia_pci gpu;
    char path[512];

    if (paths->nvml_library)
        return access(paths->nvml_library, R_OK) == 0;
    /* Up to Orin the driver's module serves the display alone, and its NVML is a stub. */
    if (jetson_has_nvgpu(paths) && !nvidia_pci_list(paths, &gpu, 1))
        return false;
    snprintf(path, sizeof(path), "%s/driver/nvidia/version", paths->procfs);
    if (access(path, R_OK) == 0)
        return true;
    snprintf(path, sizeof(path), "%s/%s", paths->rootfs, WSL_LIBRARY);
    return access(path, R_OK) == 0 || nvidia_pci_list(paths, &gpu, 1) > 0;
}

/* ---- the list of GPUs ---- */

static struct gpu *find(struct gpu *list, size_t len, const struct accelerator *a)
{
    for (size_t i = 0; i < len; i++) {
        const struct accelerator *b = &list[i].identity;
        if (a->uuid[0] && strcmp(a->uuid, b->uuid) == 0)
            return &list[i];
        if ((!a->uuid[0] || !b->uuid[0]) && a->pci_bus_id[0] &&
            strcmp(a->pci_bus_id, b->pci_bus_id) == 0)
            return &list[i];
    }
    return NULL;
}

/* Hands on what the old record of a GPU knows and the new one does not. */
static void inherit(struct gpu *to, const struct gpu *from)
{
    unsigned index = to->identity.index;

    memcpy(to->seen_us, from->seen_us, sizeof(to->seen_us));
    to->process_seen_us = from->process_seen_us;
    to->energy_j = from->energy_j;
    to->energy_mono_ns = from->energy_mono_ns;
    to->told = from->told;
    to->counted = from->counted;
    to->resting = from->resting && to->state == ACCELERATOR_SLEEPING;
    if (!to->identified && (from->identity.uuid[0] || from->identity.pci_bus_id[0])) {
        to->identity = from->identity;
        to->identity.index = index;
    }
}

/* Puts `g` into `list` (with room for it) at `at`. */
static void insert(struct gpu *list, size_t *len, size_t at, const struct gpu *g)
{
    memmove(list + at + 1, list + at, (*len - at) * sizeof(*list));
    list[at] = *g;
    ++*len;
}

static size_t place_of(const struct gpu *list, size_t len, const char *bus_id)
{
    size_t at = 0;

    while (at < len && nvidia_text_bus_order(list[at].identity.pci_bus_id, bus_id) < 0)
        at++;
    return at;
}

/* Takes `list` as the new list. GPUs of the old one that are not in it any more stay, as lost, in
 * their place, so that no number moves. */
static void adopt(struct nvidia *n, struct gpu *list, size_t len)
{
    bool *taken = xcalloc(MAX(n->len, (size_t)1), sizeof(*taken));

    for (size_t i = 0; i < len; i++) {
        struct gpu *old = find(n->gpus, n->len, &list[i].identity);
        if (old && !taken[old - n->gpus]) {
            taken[old - n->gpus] = true;
            inherit(&list[i], old);
        }
    }
    for (size_t i = 0; i < len; i++) { /* slots without a name: go by the place */
        const struct accelerator *a = &list[i].identity;
        if (!a->uuid[0] && !a->pci_bus_id[0] && i < n->len && !taken[i]) {
            taken[i] = true;
            inherit(&list[i], &n->gpus[i]);
        }
    }
    for (size_t i = 0; i < n->len; i++) {
        struct gpu gone = n->gpus[i];
        if (taken[i] || (!gone.identity.uuid[0] && !gone.identity.pci_bus_id[0]))
            continue;
        gone.handle = NULL;
        gone.state = ACCELERATOR_LOST;
        insert(list, &len, place_of(list, len, gone.identity.pci_bus_id), &gone);
    }
    for (size_t i = 0; i < len; i++)
        list[i].identity.index = (unsigned)i;
    free(taken);
    free(n->gpus);
    n->gpus = list;
    n->len = len;
}

static void take_handle(struct nvidia *n, struct gpu *g, int code, struct nvml_device *handle)
{
    if (code == NVML_SUCCESS) {
        g->handle = handle;
        nvidia_gpu_identify(&n->c, g);
    } else if (nvml_code_is_stale(code)) {
        n->c.stale_code = code;
    } else if (nvml_code_is_refusal(code)) {
        g->state = ACCELERATOR_FORBIDDEN;
    } else {
        g->state = ACCELERATOR_LOST;
    }
}

/* All GPUs in the driver's order. Those it will not open keep their slot. */
static size_t list_by_index(struct nvidia *n, struct gpu *list, size_t count)
{
    for (size_t i = 0; i < count && !n->c.stale_code; i++) {
        struct nvml_device *handle = NULL;
        struct gpu *g = &list[i];
        nvidia_gpu_init(g, (unsigned)i);
        int code = n->c.nvml.by_index((unsigned)i, &handle);
        take_handle(n, g, code, handle);
        if (!g->identity.pci_bus_id[0])
            nvidia_pci_of_index(&n->paths, i, count, g->identity.pci_bus_id);
    }
    return count;
}

static bool is_resting(const struct nvidia *n, const char *bus_id)
{
    for (size_t i = 0; i < n->len; i++)
        if (n->gpus[i].resting && strcmp(n->gpus[i].identity.pci_bus_id, bus_id) == 0)
            return true;
    return false;
}

/* GPUs in bus order, without a word to those that sleep. Those that another driver has, or that
 * were not given to this container, are none of ours. */
static size_t list_by_bus(struct nvidia *n, struct gpu *list, const struct nvidia_pci *pci,
                          size_t count)
{
    size_t len = 0;

    for (size_t i = 0; i < count && !n->c.stale_code; i++) {
        struct nvml_device *handle = NULL;
        struct gpu *g = &list[len];
        if (!pci[i].ours)
            continue;
        nvidia_gpu_init(g, (unsigned)len);
        str_copy(g->identity.pci_bus_id, sizeof(g->identity.pci_bus_id), str_of(pci[i].bus_id));
        int code = NVML_GPU_NOT_FOUND;
        if (pci[i].asleep)
            g->state = ACCELERATOR_SLEEPING;
        else if (n->c.nvml.by_bus_id)
            code = n->c.nvml.by_bus_id(pci[i].bus_id, &handle);
        if (code == NVML_NOT_FOUND || code == NVML_INVALID_ARGUMENT)
            continue;
        if (!pci[i].asleep)
            take_handle(n, g, code, handle);
        len++;
    }
    return len;
}

/* ---- opening and closing the library ---- */

static bool any(const struct nvidia *n, enum accelerator_state state)
{
    for (size_t i = 0; i < n->len; i++)
        if (n->gpus[i].state == state)
            return true;
    return false;
}

static void set_state(struct nvidia *n, enum accelerator_state from, enum accelerator_state to)
{
    for (size_t i = 0; i < n->len; i++)
        if (n->gpus[i].state == from)
            n->gpus[i].state = to;
}

/* Closes the library, unless a thread of ours is stuck in it. */
static void unload(struct nvidia *n)
{
    bool polls = !nvidia_poll_stop(&n->c), waits = !events_stop(n->events);

    if (polls || waits) {
        log_warn("the driver does not answer: its library stays loaded");
        nvml_abandon(&n->c.nvml);
        n->stuck = true;
    }
    for (size_t i = 0; i < n->len; i++) {
        nvidia_mig_forget(&n->c, &n->gpus[i]);
        nvidia_gpm_release(&n->c, &n->gpus[i].gpm);
    }
    n->events = NULL;
    n->events_next_ns = 0;
    nvidia_parts_forget(&n->c);
    nvml_close(&n->c.nvml);
}

static void disconnect(struct nvidia *n)
{
    unload(n);
    n->c.stale_code = 0;
    for (size_t i = 0; i < n->len; i++)
        n->gpus[i].handle = NULL;
    set_state(n, ACCELERATOR_OK, ACCELERATOR_LOST);
}

static void read_versions(struct nvidia *n)
{
    struct platform_info *p = &n->platform;
    const struct nvml *nvml = &n->c.nvml;
    char text[80] = "", before[80];
    int cuda = 0;

    memcpy(before, p->driver_version, sizeof(before));
    if (nvml->driver_version && nvml->driver_version(text, sizeof(text)) == NVML_SUCCESS)
        nvidia_text_clean(p->driver_version, sizeof(p->driver_version), text, sizeof(text));
    if (nvml->library_version && nvml->library_version(text, sizeof(text)) == NVML_SUCCESS)
        nvidia_text_clean(p->library_version, sizeof(p->library_version), text, sizeof(text));
    if (nvml->cuda_version && nvml->cuda_version(&cuda) == NVML_SUCCESS && cuda > 0 &&
        cuda < 1000000)
        snprintf(p->runtime_version, sizeof(p->runtime_version), "%d.%d", cuda / 1000,
                 cuda % 1000 / 10);
    if (before[0] && strcmp(before, p->driver_version) != 0)
        log_info("NVIDIA driver changed", "from", before, "to", p->driver_version);
}

static int nvml_failed(struct error *err, int code, const char *doing)
{
    int number = code == NVML_DRIVER_NOT_LOADED ? -ENXIO
                 : nvml_code_is_refusal(code)   ? -EACCES
                                                : -EIO;
    return error_set(err, number, "NVML %s: %s (code %d)", doing, nvml_code_text(code), code);
}

/* Of a driver that was upgraded under us, or halfway: which version is where. */
static void name_versions(const struct nvidia *n, const char *library, struct error *err)
{
    char module[80] = "";

    nvidia_pci_driver_version(&n->paths, module, sizeof(module));
    error_set(err, -EIO,
              "NVML cannot be initialised: the library is of version %s, the kernel module of %s: "
              "reboot, or reload the modules (code %d)",
              library[0] ? library : "unknown", module[0] ? module : "unknown",
              NVML_VERSION_MISMATCH);
}

/* Initialises the library and counts the GPUs. */
static int initialise(struct nvidia *n, unsigned flags, unsigned *ret_count, struct error *err)
{
    struct nvml *nvml = &n->c.nvml;
    char library[80] = "";
    int code = nvml_initialise(nvml, flags);

    if (code == NVML_SUCCESS)
        code = nvml->count(ret_count);
    if (code == NVML_SUCCESS)
        return 0;
    nvml_version(nvml, library, sizeof(library));
    disconnect(n);
    if (code != NVML_VERSION_MISMATCH)
        return nvml_failed(err, code, "cannot be initialised");
    name_versions(n, library, err);
    return -EIO;
}

/* Names what the driver's own files can name, and asks which GPUs may be let go. */
static void complete(struct nvidia *n, struct gpu *list, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        struct accelerator *a = &list[i].identity;
        if (!a->pci_bus_id[0])
            continue;
        if (!list[i].identified)
            nvidia_pci_identify(&n->paths, a->pci_bus_id, a);
        if (isnan(a->numa_node))
            a->numa_node = nvidia_pci_numa_node(&n->paths, a->pci_bus_id);
        list[i].may_sleep = nvidia_pci_may_sleep(&n->paths, a->pci_bus_id);
    }
}

/* Loads the library and lists the GPUs; the library stays closed while all of them sleep. */
static int connect(struct nvidia *n, struct error *err)
{
    struct nvidia_pci pci[NVIDIA_GPUS_MAX];
    size_t pci_len = nvidia_pci_list(&n->paths, pci, ARRAY_LEN(pci)), ours = 0, asleep = 0, len;
    unsigned count = 0;
    int code;

    n->bound = nvidia_pci_bound(&n->paths);
    for (size_t i = 0; i < pci_len; i++) {
        pci[i].asleep = pci[i].asleep || is_resting(n, pci[i].bus_id);
        asleep += pci[i].asleep;
        ours += pci[i].ours;
    }
    if (!asleep || asleep < ours) {
        if ((code = nvml_open(&n->c.nvml, n->paths.nvml_library, n->paths.rootfs, err)))
            return code;
        if ((code = initialise(n, asleep ? NVML_INIT_FLAG_NO_ATTACH : 0, &count, err)))
            return code;
        read_versions(n);
    }
    count = MIN(count, NVIDIA_GPUS_MAX);
    struct gpu *list = xcalloc(MAX(count, pci_len) + n->len + 1, sizeof(*list));
    len = asleep ? list_by_bus(n, list, pci, pci_len) : list_by_index(n, list, count);
    if (n->c.stale_code) {
        code = n->c.stale_code;
        free(list);
        disconnect(n);
        return nvml_failed(err, code, "lost the driver");
    }
    complete(n, list, len);
    adopt(n, list, len);
    nvidia_confidential_identify(&n->c);
    return 0;
}

static int nvidia_open(const struct host_paths *paths, void **ret, struct error *err)
{
    struct nvidia *n = xnew(struct nvidia);
    int code;

    n->paths = *paths;
    n->now_us = system_now_us;
    n->platform.platform = nvidia_collector.name;
    str_copy(n->platform.runtime_name, sizeof(n->platform.runtime_name), STR("CUDA"));
    nvidia_pci_driver_version(paths, n->platform.driver_version,
                              sizeof(n->platform.driver_version));
    n->c.paths = &n->paths;
    code = connect(n, err);
    if (code == 0 && !n->len)
        code = error_set(err, -ENODEV, "the driver shows no GPU");
    if (code == 0 && n->len == 1 && jetson_is_tegra(paths))
        n->tegra = jetson_gpu_open(&n->paths);
    if (code) {
        nvidia_collector.close(n);
        return code;
    }
    *ret = n;
    return 0;
}

static void nvidia_close(void *state)
{
    struct nvidia *n = state;

    if (!n)
        return;
    unload(n);
    nvidia_gpu_context_fini(&n->c);
    jetson_gpu_close(n->tegra);
    free(n->gpus);
    free(n);
}

/* ---- a reading ---- */

static bool all_lost(const struct nvidia *n)
{
    for (size_t i = 0; i < n->len; i++)
        if (n->gpus[i].state != ACCELERATOR_LOST)
            return false;
    return n->len > 0;
}

/* Opens everything anew. Where that was tried too short a while ago it waits: no failure while the
 * library is good and only its GPUs are lost, -EAGAIN while there is none. */
static int reconnect(struct nvidia *n, struct error *err)
{
    uint64_t now = n->c.mono_ns;
    int code = n->c.stale_code;

    if (now < n->retry_ns && code)
        return nvml_failed(err, code, "waits to be opened anew");
    if (now < n->retry_ns)
        return n->c.nvml.library ? 0 : error_set(err, -EAGAIN, "NVML waits to be opened anew");
    n->retry_wait_ns = MIN(MAX(2 * n->retry_wait_ns, RETRY_FIRST_NS), RETRY_MAX_NS);
    n->retry_ns = now + n->retry_wait_ns;
    disconnect(n);
    return connect(n, err);
}

static int read_all(struct nvidia *n, struct accelerator *to)
{
    n->c.process_len = 0;
    for (size_t i = 0; i < n->len; i++) {
        struct gpu *g = &n->gpus[i];
        int code = nvidia_gpu_read(&n->c, g, &to[i]);
        if (code)
            return code;
    }
    return nvidia_topology_read(&n->c, n->gpus, n->len);
}

/* Lets go of GPUs that nobody has used for a while and that would sleep but for us. */
static void let_sleep(struct nvidia *n)
{
    uint64_t now = n->c.mono_ns;
    bool some = false;

    if (now < n->rest_after_ns)
        return;
    for (size_t i = 0; i < n->len; i++) {
        struct gpu *g = &n->gpus[i];
        if (g->state == ACCELERATOR_OK && g->may_sleep && g->idle_since_ns &&
            now - g->idle_since_ns >= IDLE_BEFORE_REST_NS)
            some = g->resting = true;
    }
    if (some) {
        n->rested_ns = now;
        n->retry_ns = 0;
        reconnect(n, NULL);
        n->retry_ns = n->retry_wait_ns = 0;
    }
}

/* True when a sleeping GPU was woken by somebody, or did not fall asleep in time. */
static bool somebody_woke(struct nvidia *n)
{
    uint64_t now = n->c.mono_ns;
    bool woke = false;

    for (size_t i = 0; i < n->len; i++) {
        struct gpu *g = &n->gpus[i];
        if (g->state != ACCELERATOR_SLEEPING)
            continue;
        if (nvidia_pci_is_asleep(&n->paths, g->identity.pci_bus_id)) {
            g->resting = false; /* it has fallen asleep: from now on "active" means woken */
        } else if (!g->resting) {
            woke = true;
        } else if (now - n->rested_ns > FALL_ASLEEP_NS) {
            woke = true;
            g->resting = false;
            n->rest_after_ns = now + REST_AGAIN_NS;
        }
    }
    return woke;
}

/* True when a GPU was put in, or handed to this driver: the library shows it after a new start. */
static bool somebody_came(struct nvidia *n)
{
    uint64_t now = n->c.mono_ns;

    if (now < n->bound_next_ns)
        return false;
    n->bound_next_ns = now + BUS_LOOK_NS;
    uint64_t bound = nvidia_pci_bound(&n->paths), before = n->bound;
    n->bound = bound;
    return bound && bound != before;
}

/* True when the rights that were taken away have come back. */
static bool may_again(struct nvidia *n)
{
    bool again = n->withdrawn && !nvidia_pci_is_refused(&n->paths);

    n->withdrawn =
        n->withdrawn && !again; /* tried once at once, then as all that is closed to us */
    return again && any(n, ACCELERATOR_FORBIDDEN);
}

/* Brings the list up to date before it is read: who woke, what was lost, what came back. */
static int settle(struct nvidia *n, struct error *err)
{
    uint64_t now = n->c.mono_ns;
    bool closed = !n->c.nvml.library && any(n, ACCELERATOR_LOST);

    if (any(n, ACCELERATOR_RELEASED) || somebody_woke(n) || somebody_came(n) || may_again(n)) {
        set_state(n, ACCELERATOR_RELEASED, ACCELERATOR_LOST);
        n->retry_ns = 0;
        return reconnect(n, err);
    }
    if (closed || all_lost(n))
        return reconnect(n, err);
    if (!any(n, ACCELERATOR_LOST) && !any(n, ACCELERATOR_FORBIDDEN)) {
        n->lost_retry_ns = n->lost_wait_ns = 0;
        return 0;
    }
    if (n->lost_retry_ns && now < n->lost_retry_ns)
        return 0;
    bool first = !n->lost_retry_ns;
    n->lost_wait_ns = MIN(MAX(2 * n->lost_wait_ns, LOST_RETRY_FIRST_NS), LOST_RETRY_MAX_NS);
    n->lost_retry_ns = now + n->lost_wait_ns;
    return first ? 0 : reconnect(n, err);
}

static const char *message_of(const struct nvidia *n, const struct gpu *g)
{
    static const char *const messages[] = {"GPU is back", "GPU is lost", "GPU may not be opened",
                                           "GPU sleeps"};

    if (g->state != ACCELERATOR_FORBIDDEN || !g->identified)
        return messages[g->state];
    return n->withdrawn
               ? "GPU may not be opened any more: the device cgroup was changed (systemctl "
                 "daemon-reload does that to containers: recreate it)"
               : "GPU may not be opened any more: the driver refuses";
}

static void log_changes(struct nvidia *n)
{
    for (size_t i = 0; i < n->len; i++) {
        struct gpu *g = &n->gpus[i];
        bool quiet = g->state == ACCELERATOR_RELEASED || /* said once for all */
                     (g->told == ACCELERATOR_RELEASED && g->state == ACCELERATOR_OK);
        if (quiet)
            g->told = g->state;
        if (g->state == g->told)
            continue;
        if (g->state == ACCELERATOR_FORBIDDEN) {
            n->withdrawn = nvidia_pci_is_refused(&n->paths);
            n->taken = n->taken || g->identified;
        }
        log_line(g->state == ACCELERATOR_LOST || g->state == ACCELERATOR_FORBIDDEN ? LOG_WARN
                                                                                   : LOG_INFO,
                 message_of(n, g), "gpu", LOG_NUM(g->identity.index), "uuid", g->identity.uuid,
                 "bus", g->identity.pci_bus_id, (const char *)NULL);
        g->told = g->state;
    }
}

/* Takes in what happened; starts the thread where there is none, at first and from time to time. */
static void follow_events(struct nvidia *n)
{
    struct error err;

    if (!events_take(n->events, &n->log, n->gpus, n->len) && n->c.mono_ns >= n->events_next_ns) {
        if (!events_stop(n->events))
            log_warn("the thread of events is stuck in the driver");
        n->events = NULL;
    }
    if (n->events || !n->c.nvml.library || n->c.stale_code || n->c.mono_ns < n->events_next_ns)
        return;
    n->events_next_ns = n->c.mono_ns + EVENTS_AGAIN_NS;
    if (events_start(&n->c.nvml, n->gpus, n->len, n->now_us, &n->events, &err))
        log_warn("no thread for the driver's events", "error", err.text);
}

/* Lists the XIDs of all GPUs, also of those that are lost: there they matter most. */
static int publish_xids(const struct nvidia *n, struct reading *out)
{
    const struct xid_log *log = &n->log;

    for (size_t i = 0; n->events && i < n->len; i++)
        if (n->gpus[i].state == ACCELERATOR_OK)
            out->accelerators[i].detail.xid_events_total = 0;
    if (!log->len)
        return 0;
    out->xids = arena_calloc(out->arena, log->len, sizeof(*out->xids));
    if (!out->xids)
        return -ENOMEM;
    for (size_t i = 0; i < n->len; i++) {
        struct accelerator_xid *latest = NULL;
        for (size_t k = 0; k < log->len; k++) {
            const struct xid *known = xid_find(log->xids[k].xid);
            if (strcmp(log->xids[k].gpu, n->gpus[i].identity.uuid) != 0 || out->xid_len == log->len)
                continue;
            struct accelerator_xid *x = &out->xids[out->xid_len++];
            *x = (struct accelerator_xid){.accelerator = (unsigned)i,
                                          .xid = log->xids[k].xid,
                                          .count = log->xids[k].count,
                                          .recent = xid_log_recent(log, k, n->c.now_us),
                                          .last_s = (double)log->xids[k].last_us / 1e6,
                                          .meaning = known ? known->name : ""};
            out->accelerators[i].detail.xid_events_total += (double)x->count;
            latest = latest && latest->last_s > x->last_s ? latest : x;
        }
        if (latest)
            latest->latest = true;
    }
    return 0;
}

static int publish(struct nvidia *n, struct reading *out, struct accelerator *list)
{
    struct arena *a = out->arena;

    out->accelerators = list;
    out->accelerator_len = n->len;
    out->withdrawn = n->taken = n->taken && any(n, ACCELERATOR_FORBIDDEN);
    out->platforms = arena_new(a, struct platform_info);
    if (!out->platforms)
        return -ENOMEM;
    out->platforms[0] = n->platform;
    out->platform_len = 1;
    if (n->c.process_len) {
        size_t bytes = n->c.process_len * sizeof(*out->accelerator_processes);
        out->accelerator_processes = arena_alloc(a, bytes);
        if (!out->accelerator_processes)
            return -ENOMEM;
        memcpy(out->accelerator_processes, n->c.processes, bytes);
        out->accelerator_process_len = n->c.process_len;
    }
    int code = publish_xids(n, out);
    if (code || (code = nvidia_parts_publish(&n->c, n->gpus, n->len, out)))
        return code;
    return check_list(&n->c.check, a, &out->rejects, &out->reject_len);
}

/* Reads all GPUs; when the library turns out void, opens it anew and reads again. */
static int read_gpus(struct nvidia *n, struct arena *a, struct accelerator **ret, struct error *err)
{
    int code = settle(n, err);

    for (int attempt = 0; attempt < 2; attempt++) {
        struct accelerator *list = arena_calloc(a, MAX(n->len, (size_t)1), sizeof(*list));
        int failed = list ? read_all(n, list) : -ENOMEM;
        if (failed)
            return error_errno(err, failed, "reading of GPUs");
        *ret = list;
        if (code || attempt || (!n->c.stale_code && !all_lost(n)))
            break;
        code = reconnect(n, err);
    }
    if (!code && n->c.stale_code)
        code = nvml_failed(err, n->c.stale_code, "fails as soon as it is opened");
    return code;
}

/* Closes the driver, or leaves it closed, and lists who was there. */
static int read_released(struct nvidia *n, struct reading *out, struct error *err)
{
    struct accelerator *list = arena_calloc(out->arena, MAX(n->len, (size_t)1), sizeof(*list));

    if (!list)
        return error_errno(err, -ENOMEM, "reading of GPUs");
    if (n->c.nvml.library) {
        events_take(n->events, &n->log, n->gpus, n->len);
        unload(n);
        n->c.stale_code = 0;
        for (size_t i = 0; i < n->len; i++)
            n->gpus[i].handle = NULL;
    }
    set_state(n, ACCELERATOR_OK, ACCELERATOR_RELEASED);
    n->c.process_len = 0;
    for (size_t i = 0; i < n->len; i++) {
        list[i] = n->gpus[i].identity;
        list[i].state = n->gpus[i].state;
    }
    out->released = !n->stuck;
    log_changes(n);
    return publish(n, out, list);
}

static int nvidia_read(void *state, struct reading *out, struct error *err)
{
    struct nvidia *n = state;
    struct accelerator *list = NULL;
    uint64_t before = n->c.mono_ns;
    int code, published;

    n->c.mono_ns = out->mono_ns ? out->mono_ns : clock_mono_ns();
    n->c.now_us = n->now_us();
    n->c.usual_us = n->c.interval_us;
    n->c.interval_us = before ? (int64_t)((n->c.mono_ns - before) / 1000) : 0;
    if (events_unbound(n->events)) {
        log_info("a GPU is to be unbound from its driver: the driver is let go", "seconds",
                 LOG_NUM(UNBIND_NS / NS_PER_S));
        n->unbind_until_ns = n->c.mono_ns + UNBIND_NS;
    }
    if (out->release || n->c.mono_ns < n->unbind_until_ns)
        return read_released(n, out, err);
    follow_events(n);
    code = read_gpus(n, out->arena, &list, err);
    if (!list)
        return code;
    for (size_t i = 0; code && i < n->len; i++)
        if (list[i].state == ACCELERATOR_OK)
            list[i].state = ACCELERATOR_LOST;
    if (n->tegra && n->len == 1 && list[0].state == ACCELERATOR_OK)
        jetson_gpu_fill(n->tegra, &list[0], n->c.mono_ns);
    published = publish(n, out, list);
    if (published)
        return error_errno(err, published, "reading of GPUs");
    if (!code && !all_lost(n)) {
        n->retry_ns = n->retry_wait_ns = 0;
        let_sleep(n);
    }
    log_changes(n);
    if (code && !detect(&n->paths))
        return error_set(err, -ENODEV, "hardware and driver are gone");
    return code;
}

const struct collector nvidia_collector = {.name = "nvidia",
                                           .detect = detect,
                                           .open = nvidia_open,
                                           .read = nvidia_read,
                                           .close = nvidia_close,
                                           .releases = true,
                                           .diagnose = nvidia_diagnose};
