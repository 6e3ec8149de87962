/* tpu.c - Google's TPUs: which chips there are by the PCI bus, and what they do by the metrics that
 * libtpu serves inside the process that computes. Without such a process nothing of the load is
 * told, and nothing is made up. No node is opened: it is one process's alone. Facts:
 * AI-Hypercomputer/cloud-accelerator-diagnostics, tpu_info/tpu_info/device.py, metrics.py; cores of
 * a chip: all-smi's table, not held against the vendor's own documentation. */
#include "npu.h"
#include "npu_set.h"
#include "tpu_metrics.h"

#include "device/linux_edge.h"
#include "device/linux_file.h"
#include "device/linux_grpc.h"
#include "device/linux_proc.h"

#include <dirent.h>
#include <stdlib.h>
#include <unistd.h>

#define TOPIC       "tpu"
#define PCI         "bus/pci/devices"
#define VENDOR      0x1ae0   /* Google's, whose network cards and disks of VMs have it too */
#define CLASS       "0x1200" /* processing accelerator */
#define GIB         (UINT64_C(1) << 30)
#define PORT        8431 /* of the first process, where TPU_RUNTIME_METRICS_PORTS says nothing */
#define PORTS       16
#define METHOD      "/tpu.monitoring.runtime.RuntimeMetricService/GetRuntimeMetric"
#define CALL_MS     500
#define TURN_MS     2000                      /* for all calls of a reading */
#define WAIT_NS     (30 * (uint64_t)NS_PER_S) /* until one that failed is asked again */
#define ANSWER_MAX  (256u << 10)
#define POINTS      (4 * TPU_POINTS) /* of all ports */
#define NODE_NUMBER 1000000u

static const struct kind {
    unsigned device, subsystem; /* PCI numbers; subsystem 0: any */
    const char *chip;
    unsigned hbm_gib, cores, devices; /* of a chip; devices: as libtpu counts them */
    bool vfio;                        /* its node is a group's, not the driver accel's */
} kinds[] = {
    {0x0027, 0x004e, "v2", 16, 2, 2, false}, {0x0027, 0x004f, "v3", 32, 2, 2, false},
    {0x005e, 0, "v4", 32, 2, 1, false},      {0x0063, 0, "v5e", 16, 1, 1, true},
    {0x0062, 0, "v5p", 95, 2, 1, true},      {0x006f, 0, "v6e", 32, 1, 1, true},
    {0x0076, 0, "7x", 192, 2, 2, true},
};

/* ---- the chips ---- */

static unsigned read_hex(const char *sysfs, const char *address, const char *file)
{
    char text[32];

    return linux_file_text(text, sizeof(text), sysfs, PCI "/%s/%s", address, file) > 0
               ? (unsigned)strtoul(text, NULL, 16)
               : 0;
}

static const struct kind *kind_of(unsigned device, unsigned subsystem)
{
    for (size_t i = 0; i < ARRAY_LEN(kinds); i++)
        if (kinds[i].device == device && (!kinds[i].subsystem || kinds[i].subsystem == subsystem))
            return &kinds[i];
    return NULL;
}

static const struct kind *kind_at(const char *sysfs, const char *address)
{
    char class[32];

    if (read_hex(sysfs, address, "vendor") != VENDOR ||
        (linux_file_text(class, sizeof(class), sysfs, PCI "/%s/class", address) > 0 &&
         !str_starts(str_of(class), STR(CLASS))))
        return NULL;
    return kind_of(read_hex(sysfs, address, "device"),
                   read_hex(sysfs, address, "subsystem_device"));
}

static bool parse_number(struct str text, unsigned *ret)
{
    uint64_t n;

    if (!num_parse_u64(text, &n) || n >= NODE_NUMBER)
        return false;
    *ret = (unsigned)n;
    return true;
}

/* The group by which the chip is given to a process. */
static bool group_of(const char *sysfs, const char *address, unsigned *ret)
{
    char path[LINUX_PATH_MAX], target[LINUX_PATH_MAX];

    if (!linux_file_path(path, sysfs, PCI "/%s/iommu_group", address))
        return false;
    ssize_t n = readlink(path, target, sizeof(target) - 1);
    if (n <= 0)
        return false;
    target[n] = '\0';
    const char *slash = strrchr(target, '/');
    return parse_number(str_of(slash ? slash + 1 : target), ret);
}

/* N of the driver's accel<N>, whose node stands in /dev itself. */
static bool accel_of(const char *sysfs, const char *address, unsigned *ret)
{
    char path[LINUX_PATH_MAX];
    DIR *dir = linux_file_path(path, sysfs, PCI "/%s/accel", address) ? opendir(path) : NULL;
    bool found = false;

    for (struct dirent *e; dir && !found && (e = readdir(dir));)
        found = !strncmp(e->d_name, "accel", 5) && parse_number(str_of(e->d_name + 5), ret);
    if (dir)
        closedir(dir);
    return found;
}

static bool is_address(const char *name)
{
    return strlen(name) == 12 && name[4] == ':' && name[7] == ':' && name[10] == '.';
}

static void take_function(const char *sysfs, const char *address, const struct kind *kind,
                          struct linux_card *c)
{
    char path[LINUX_PATH_MAX], target[LINUX_PATH_MAX];

    *c = (struct linux_card){.number = NODE_NUMBER,
                             .vendor = VENDOR,
                             .device = kind->device,
                             .revision = read_hex(sysfs, address, "revision")};
    snprintf(c->folder, sizeof(c->folder), PCI "/%.12s", address);
    snprintf(c->bus_id, sizeof(c->bus_id), "%.12s", address);
    snprintf(c->place, sizeof(c->place), "%.12s", address);
    ssize_t n = linux_file_path(path, sysfs, "%s/driver", c->folder)
                    ? readlink(path, target, sizeof(target) - 1)
                    : -1;
    if (n > 0) {
        target[n] = '\0';
        const char *slash = strrchr(target, '/');
        str_copy(c->driver, sizeof(c->driver), str_of(slash ? slash + 1 : target));
    }
    if (kind->vfio && group_of(sysfs, address, &c->number))
        snprintf(c->nodes[0], sizeof(c->nodes[0]), "vfio/%u", c->number);
    if (!kind->vfio && accel_of(sysfs, address, &c->number))
        snprintf(c->nodes[0], sizeof(c->nodes[0]), "accel%u", c->number);
}

static int by_place(const void *a, const void *b)
{
    return strcmp(((const struct linux_card *)a)->place, ((const struct linux_card *)b)->place);
}

/* As libtpu counts them. */
static int by_number(const void *a, const void *b)
{
    const struct linux_card *x = a, *y = b;
    int order = (x->number > y->number) - (x->number < y->number);

    return order ? order : by_place(a, b);
}

/* Two functions of an address are one chip, which has both their groups. In order of places. */
static size_t join_functions(struct linux_card *cards, size_t len)
{
    size_t kept = 0;

    for (size_t i = 0; i < len; i++) {
        struct linux_card *last = kept ? &cards[kept - 1] : NULL;
        if (!last || strncmp(last->place, cards[i].place, 10) != 0) {
            cards[kept++] = cards[i];
            continue;
        }
        if (!last->nodes[1][0])
            memcpy(last->nodes[1], cards[i].nodes[0], sizeof(last->nodes[1]));
        last->number = MIN(last->number, cards[i].number);
    }
    return kept;
}

static size_t list(const struct host_paths *paths, struct linux_card *to)
{
    struct linux_card found[2 * LINUX_CARDS];
    char path[LINUX_PATH_MAX];
    size_t len = 0;
    DIR *dir = linux_file_path(path, paths->sysfs, PCI) ? opendir(path) : NULL;

    for (struct dirent *e; dir && (e = readdir(dir)) && len < ARRAY_LEN(found);) {
        const struct kind *kind = is_address(e->d_name) ? kind_at(paths->sysfs, e->d_name) : NULL;
        if (kind)
            take_function(paths->sysfs, e->d_name, kind, &found[len++]);
    }
    if (dir)
        closedir(dir);
    qsort(found, len, sizeof(*found), by_place);
    len = join_functions(found, len);
    len = MIN(len, (size_t)LINUX_CARDS);
    for (size_t i = 0; i < len; i++) /* a driver that shows no number counts in this order */
        if (found[i].number == NODE_NUMBER && !kind_at(paths->sysfs, found[i].bus_id)->vfio) {
            found[i].number = (unsigned)i;
            snprintf(found[i].nodes[0], sizeof(found[i].nodes[0]), "accel%u", found[i].number);
        }
    qsort(found, len, sizeof(*found), by_number);
    memcpy(to, found, len * sizeof(*to));
    return len;
}

static enum accelerator_state state_of(const struct host_paths *paths, const struct linux_card *c)
{
    char text[32];

    if (!kind_at(paths->sysfs, c->bus_id))
        return ACCELERATOR_LOST;
    return linux_file_text(text, sizeof(text), paths->sysfs, "%s/power/runtime_status", c->folder) >
                       0 &&
                   str_starts(str_of(text), STR("suspend"))
               ? ACCELERATOR_SLEEPING
               : ACCELERATOR_OK;
}

static void identify(const struct host_paths *paths, struct npu_device *d)
{
    const struct kind *kind = kind_at(paths->sysfs, d->card->bus_id);
    struct accelerator *a = d->identity;
    struct npu *n = &a->npu;
    const struct linux_edge *e = linux_edge_of(paths);
    char type[sizeof(n->kind)] = "";
    int64_t node;

    if (!kind)
        return; /* it went between two looks */
    snprintf(a->architecture, sizeof(a->architecture), "TPU%s%s", kind->chip[0] == 'v' ? " " : "",
             kind->chip);
    snprintf(a->name, sizeof(a->name), "Google %.20s", a->architecture);
    snprintf(a->uuid, sizeof(a->uuid), "TPU-%s", d->card->place);
    str_copy(a->brand, sizeof(a->brand), STR("Google"));
    snprintf(n->model, sizeof(n->model), "%.20s", a->architecture);
    str_copy(n->chip, sizeof(n->chip), str_of(kind->chip));
    str_copy(n->memory_type, sizeof(n->memory_type), STR("HBM"));
    str_copy(n->source, sizeof(n->source), STR("sysfs"));
    e->variable(e->context, "TPU_ACCELERATOR_TYPE", type, sizeof(type));
    linux_proc_clean(n->kind, sizeof(n->kind), str_of(type));
    snprintf(n->pci_ids[0], sizeof(n->pci_ids[0]), "0x%04x", d->card->vendor & 0xffff);
    snprintf(n->pci_ids[1], sizeof(n->pci_ids[1]), "0x%04x", d->card->device & 0xffff);
    n->value.cores = n->value.tensor_cores = kind->cores;
    a->mem_total_bytes = kind->hbm_gib * GIB;
    if (linux_file_i64(&node, paths->sysfs, "%s/numa_node", d->card->folder) && node >= 0)
        a->numa_node = (double)node;
}

static size_t nodes(const struct linux_card *c, unsigned index, struct linux_node *to, size_t len)
{
    for (size_t i = 0; i < ARRAY_LEN(c->nodes); i++)
        if (c->nodes[i][0] && len < LINUX_NODES) {
            snprintf(to[len].path, sizeof(to[len].path), "/dev/%s", c->nodes[i]);
            to[len++].device = index;
        }
    return len;
}

/* The drivers, vfio-pci and Google's, have no version of their own; libtpu's is in the job. */
static void versions(const struct host_paths *paths, struct platform_info *p)
{
    (void)paths, (void)p;
}

/* ---- asking ---- */

enum metric {
    BUSY,
    MEMORY_BUSY,
    MEMORY_USED,
    MEMORY_TOTAL,
    QUEUED,
    TIMES,
    METRICS
};

static const char *const names[METRICS] = {
    [BUSY] = "tpu.runtime.tensorcore.dutycycle.percent",
    [MEMORY_BUSY] = "tpu.runtime.hbm.utilization.percent",
    [MEMORY_USED] = "tpu.runtime.hbm.memory.usage.bytes",
    [MEMORY_TOTAL] = "tpu.runtime.hbm.memory.total.bytes",
    [QUEUED] = "hlo.queue.size.gauge",
    [TIMES] = "hlo.execution.timing.distribution.microseconds",
};

struct port {
    unsigned number;
    uint64_t wait_ns[METRICS]; /* not before this time; 0: at once */
};

struct told {
    size_t port;
    struct tpu_point point;
};

struct tpus {
    struct linux_grpc *grpc; /* NULL until it is needed */
    struct port ports[PORTS];
    size_t port_len;
    struct buf answer;
    struct tpu_point points[TPU_POINTS];
    struct told told[POINTS]; /* of one metric, in order of ports and devices */
    size_t told_len;
    double value[METRICS][LINUX_CARDS];
    double times[LINUX_CARDS][NPU_EXEC_TIMES];
};

/* Of the environment variable that libtpu takes its ports from: "8431,8432". */
static size_t list_ports(const struct host_paths *paths, struct port *to)
{
    const struct linux_edge *e = linux_edge_of(paths);
    char text[PORTS * 16] = "";
    size_t len = 0;
    unsigned number;

    e->variable(e->context, "TPU_RUNTIME_METRICS_PORTS", text, sizeof(text));
    for (struct str rest = str_of(text); rest.ptr && len < PORTS;)
        if (parse_number(str_trim(str_cut(&rest, ',')), &number) && number && number <= UINT16_MAX)
            to[len++] = (struct port){.number = number};
    if (!len)
        to[len++] = (struct port){.number = PORT};
    return len;
}

static int ask(const struct host_paths *paths, struct linux_grpc **g, unsigned port, enum metric m,
               struct buf *answer, struct error *err)
{
    const struct linux_edge *e = linux_edge_of(paths);
    char target[32];
    struct buf request;

    snprintf(target, sizeof(target), "127.0.0.1:%u", port);
    buf_init(&request, 0);
    tpu_metrics_request(names[m], &request);
    buf_reset(answer);
    const struct linux_call call = {target, METHOD, buf_str(&request), ANSWER_MAX, CALL_MS};
    int code = e->call(e->context, g, &call, answer, err);
    buf_fini(&request);
    return code;
}

/* Asks a port of a metric. One that libtpu does not know is left alone for a while; so is the whole
 * port when nobody answers there, since then no process computes, or it hangs. */
static void ask_port(const struct host_paths *paths, struct tpus *t, size_t at, enum metric m,
                     uint64_t mono_ns, uint64_t deadline_ns)
{
    struct port *port = &t->ports[at];
    size_t len;

    if (mono_ns < port->wait_ns[m] || clock_mono_ns() + CALL_MS * (uint64_t)NS_PER_MS > deadline_ns)
        return;
    int code = ask(paths, &t->grpc, port->number, m, &t->answer, NULL);
    if (!code)
        code = tpu_metrics_parse(buf_str(&t->answer), t->points, &len, NULL);
    if (code) {
        bool alive = code == -EREMOTEIO || code == -EBADMSG || code == -EFBIG;
        for (size_t i = 0; i < METRICS; i++)
            if (!alive || i == (size_t)m)
                port->wait_ns[i] = mono_ns + WAIT_NS;
        return;
    }
    for (size_t i = 0; i < len && t->told_len < POINTS; i++)
        t->told[t->told_len++] = (struct told){at, t->points[i]};
}

static int by_device(const void *a, const void *b)
{
    const struct told *x = a, *y = b;

    if (x->port != y->port)
        return (x->port > y->port) - (x->port < y->port);
    return (x->point.device > y->point.device) - (x->point.device < y->point.device);
}

/* ---- whose a point is ---- */

struct layout {
    size_t chips, devices; /* devices: of a chip */
    bool by_chip;          /* points are of whole chips */
    bool by_rank;          /* their order tells, not their numbers */
    bool once;             /* what another port told before is passed over */
};

static bool is_repeated(const struct tpus *t, size_t at)
{
    for (size_t i = 0; i < at; i++)
        if (t->told[i].port != t->told[at].port &&
            t->told[i].point.device == t->told[at].point.device)
            return true;
    return false;
}

/*
 * libtpu numbers devices by machine, by process or over all machines, depending on how a job was
 * started. As long as numbers fit the machine and are told once, they are taken as they are (a
 * node's view that each port repeats is taken of the first). Else points stand for the machine's
 * devices in order of ports and numbers, provided that there are as many. False: nobody can say.
 */
static bool lay_out(const struct tpus *t, enum metric m, struct layout *l)
{
    size_t distinct = 0, fresh = 0, beyond = 0, all = l->chips * l->devices;

    for (size_t i = 0; i < t->told_len; i++) {
        if (i && !by_device(&t->told[i - 1], &t->told[i]))
            continue;
        distinct++;
        fresh += !is_repeated(t, i);
        beyond += t->told[i].point.device >= all;
    }
    if (m == BUSY && l->devices > 1) {
        l->by_chip = distinct == l->chips || fresh == l->chips;
        if (!l->by_chip && distinct != all && fresh != all)
            return false; /* numbers of chips, or of devices */
    }
    size_t wanted = l->by_chip ? l->chips : all;
    l->by_rank = l->by_chip || ((fresh < distinct || beyond) && distinct == wanted) ||
                 (beyond && fresh == wanted);
    l->once = !l->by_rank || distinct != wanted;
    return true;
}

static void put(struct tpus *t, enum metric m, size_t chip, const struct tpu_point *p,
                uint64_t *most)
{
    double *to = &t->value[m][chip];

    if (m == TIMES) { /* of the kind of core that ran most */
        if (p->count > *most) {
            *most = p->count;
            memcpy(t->times[chip], p->times, sizeof(p->times));
        }
        return;
    }
    if (p->value >= 0)
        *to = isnan(*to) ? p->value : *to + p->value;
}

/* Sums what the devices of a chip tell; shares are meant over them. */
static void place_points(struct tpus *t, enum metric m, struct layout l)
{
    uint64_t most[LINUX_CARDS] = {0};
    unsigned parts[LINUX_CARDS] = {0};
    size_t rank = 0;

    qsort(t->told, t->told_len, sizeof(*t->told), by_device);
    if (!t->told_len || !lay_out(t, m, &l))
        return;
    for (size_t i = 0; i < t->told_len; i++) {
        const struct tpu_point *p = &t->told[i].point;
        bool same = i && !by_device(&t->told[i - 1], &t->told[i]);
        if (l.once && is_repeated(t, i))
            continue;
        rank += !same;
        uint64_t device = l.by_rank ? rank - 1 : p->device;
        uint64_t chip = l.by_chip ? device : device / l.devices;
        if (chip >= l.chips || (same && m < QUEUED))
            continue; /* only programs are told of each kind of core */
        put(t, m, chip, p, &most[chip]);
        parts[chip] += p->value >= 0;
    }
    for (size_t i = 0; i < l.chips && m <= MEMORY_BUSY; i++)
        if (parts[i])
            t->value[m][i] /= parts[i];
}

static void begin(const struct host_paths *paths, const struct npu_device *devices, size_t len,
                  uint64_t mono_ns, void *shared)
{
    struct tpus *t = shared;
    const struct kind *kind = len ? kind_at(paths->sysfs, devices[0].card->bus_id) : NULL;
    struct layout l = {.chips = len, .devices = kind ? kind->devices : 1};
    uint64_t deadline_ns = clock_mono_ns() + TURN_MS * (uint64_t)NS_PER_MS;

    for (size_t i = 0; i < LINUX_CARDS; i++) {
        for (size_t m = 0; m < METRICS; m++)
            t->value[m][i] = UNKNOWN;
        for (size_t k = 0; k < NPU_EXEC_TIMES; k++)
            t->times[i][k] = UNKNOWN;
    }
    if (!t->port_len) {
        buf_init(&t->answer, ANSWER_MAX + 65536);
        t->port_len = list_ports(paths, t->ports);
    }
    if (!kind)
        return;
    for (enum metric m = 0; m < METRICS; m++) {
        t->told_len = 0;
        for (size_t i = 0; i < t->port_len; i++)
            ask_port(paths, t, i, m, mono_ns, deadline_ns);
        place_points(t, m, l);
    }
}

static void end(void *shared)
{
    struct tpus *t = shared;

    linux_grpc_close(t->grpc);
    buf_fini(&t->answer);
}

/* ---- reading ---- */

static double share(double percent)
{
    return percent >= 0 && percent <= 100 ? percent / 100 : UNKNOWN;
}

static uint64_t bytes(double value)
{
    return value >= 0 && value < 0x1p53 ? (uint64_t)value : UNKNOWN_COUNT;
}

static void read_chip(const struct host_paths *paths, struct npu_device *d, uint64_t mono_ns,
                      struct accelerator *a)
{
    const struct tpus *t = d->shared;
    unsigned i = d->identity->index;
    uint64_t total = bytes(t->value[MEMORY_TOTAL][i]);

    (void)paths, (void)mono_ns;
    a->utilization_ratio = share(t->value[BUSY][i]);
    a->memory_utilization_ratio = share(t->value[MEMORY_BUSY][i]);
    a->mem_used_bytes = bytes(t->value[MEMORY_USED][i]);
    if (total && total != UNKNOWN_COUNT)
        a->mem_total_bytes = total;
    if (a->mem_used_bytes <= a->mem_total_bytes)
        a->mem_free_bytes = a->mem_total_bytes - a->mem_used_bytes;
    a->npu.value.queued_programs = t->value[QUEUED][i];
    memcpy(a->npu.value.exec_us, t->times[i], sizeof(t->times[i]));
}

/* ---- doctor ---- */

static void advise(const struct host_paths *paths, const struct npu_device *d, struct arena *a,
                   struct finding **ret, size_t *ret_len)
{
    struct port ports[PORTS];
    struct linux_grpc *g = NULL;
    struct error err = {0};
    struct buf answer;

    if (d->identity->index) /* the ports are of all chips */
        return;
    buf_init(&answer, ANSWER_MAX + 65536);
    size_t len = list_ports(paths, ports);
    for (size_t i = 0; i < len; i++) {
        int code = ask(paths, &g, ports[i].number, MEMORY_USED, &answer, &err);
        if (!code)
            finding_add(a, ret, ret_len, FINDING_OK, TOPIC, "",
                        "libtpu tells its metrics on 127.0.0.1:%u", ports[i].number);
        else if (code == -ENOENT)
            finding_add(a, ret, ret_len, FINDING_WARNING, TOPIC, "Install it.",
                        "load and memory are missing: %s", err.text);
        else if (code == -ECONNREFUSED)
            finding_add(
                a, ret, ret_len, FINDING_NOTE, TOPIC,
                "Nothing is wrong while no program uses the TPUs. One in a pod has to share "
                "the host's network, as the worker has; several a machine name their "
                "ports in TPU_RUNTIME_METRICS_PORTS, which the worker reads too.",
                "no program tells its metrics on 127.0.0.1:%u: load and memory in use are "
                "left out",
                ports[i].number);
        else
            finding_add(a, ret, ret_len, FINDING_WARNING, TOPIC,
                        "Load and memory in use come from there; look whether it is libtpu.", "%s",
                        err.text);
    }
    buf_fini(&answer);
    linux_grpc_close(g);
}

static const struct npu_kind tpu = {
    .platform = "tpu",
    .what = "TPU",
    .list = list,
    .state = state_of,
    .begin = begin,
    .end = end,
    .shared_size = sizeof(struct tpus),
    .identify = identify,
    .read = read_chip,
    .nodes = nodes,
    .versions = versions,
    .advise = advise,
};

NPU_COLLECTOR(tpu_collector, tpu);
