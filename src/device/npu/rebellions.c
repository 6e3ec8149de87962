/* rebellions.c - ATOM and REBEL devices, by `rbln-smi -j`: the vendor's driver shows nothing in
 * files. The tool is started without a shell, at most every two seconds, and ended when it takes
 * long. Facts: RBLN documentation, "Device Monitoring (rbln-smi)";
 * rebellions-sw/rbln-metrics-exporter. */
#include "npu.h"
#include "npu_set.h"
#include "npu_tool.h"
#include "rebellions_reply.h"

#include "device/linux_file.h"

#include <stdlib.h>

#define TOPIC       "rebellions"
#define INTERVAL_MS 2000

static const char *const tools[] = {
    "usr/bin/rbln-smi",      "usr/local/bin/rbln-smi", "run/rbln/driver/usr/bin/rbln-smi",
    "host/usr/bin/rbln-smi", "usr/bin/rbln-stat",      "usr/local/bin/rbln-stat",
};

/* What is kept of a die, in the order in which dies were first seen: its number does not change. */
struct die {
    char uuid[64];
    struct accelerator last;
    struct npu_energy energy;
};

struct rebellions {
    struct host_paths paths;
    const char *tool; /* one of `tools` */
    struct die dies[REBELLIONS_DIES];
    size_t len;
    struct platform_info platform;
    struct rebellions_reply reply;
};

static const char *find_tool(const struct host_paths *paths)
{
    return npu_tool_find(paths, tools, ARRAY_LEN(tools));
}

static bool has_device(const struct host_paths *paths)
{
    return linux_file_exists(paths->rootfs, "dev/rbln0") ||
           linux_file_exists(paths->sysfs, "bus/pci/drivers/rebellions");
}

static bool detect(const struct host_paths *paths)
{
    return has_device(paths) && find_tool(paths);
}

static int open_tool(const struct host_paths *paths, void **ret, struct error *err)
{
    const char *tool = find_tool(paths);

    if (!tool)
        return error_set(err, -ENOENT, "rbln-smi is not installed");
    struct rebellions *r = xnew(struct rebellions);
    r->paths = *paths;
    r->tool = tool;
    r->platform.platform = "rebellions";
    *ret = r;
    return 0;
}

static int ask(const struct host_paths *paths, const char *tool, struct rebellions_reply *to,
               struct error *err)
{
    static const char *const arguments[] = {"-j", NULL};
    struct buf out;
    int code = npu_tool_run(paths, tool, arguments, &out, err);

    if (!code)
        code = rebellions_parse(buf_str(&out), to, err);
    buf_fini(&out);
    return code;
}

/* ---- a die ---- */

static struct die *die_of(struct rebellions *r, const struct rebellions_die *d)
{
    const char *uuid = d->uuid[0] ? d->uuid : d->bus_id;

    for (size_t i = 0; i < r->len; i++)
        if (strcmp(r->dies[i].uuid, uuid) == 0)
            return &r->dies[i];
    if (r->len == REBELLIONS_DIES)
        return NULL;
    struct die *die = &r->dies[r->len++];
    *die = (struct die){.energy.mono_ns = 0};
    str_copy(die->uuid, sizeof(die->uuid), str_of(uuid));
    return die;
}

/* Power is the card's, told by each of its dies: it counts on the first of them only. */
static bool tells_power(const struct rebellions_reply *reply, size_t at)
{
    for (size_t i = 0; i < reply->die_len; i++)
        if (i != at && reply->dies[at].sid[0] &&
            strcmp(reply->dies[i].sid, reply->dies[at].sid) == 0 &&
            reply->dies[i].npu < reply->dies[at].npu)
            return false;
    return true;
}

static void identify(const struct rebellions_die *d, struct accelerator *a)
{
    struct npu *n = &a->npu;

    n->present = true;
    snprintf(a->uuid, sizeof(a->uuid), "%s", d->uuid[0] ? d->uuid : d->bus_id);
    snprintf(a->name, sizeof(a->name), "Rebellions %s", d->name);
    str_copy(a->brand, sizeof(a->brand), STR("Rebellions"));
    str_copy(a->pci_bus_id, sizeof(a->pci_bus_id), str_of(d->bus_id));
    str_copy(a->serial, sizeof(a->serial), str_of(d->sid));
    str_copy(n->model, sizeof(n->model), str_of(d->name));
    str_copy(n->board_id, sizeof(n->board_id), str_of(d->sid));
    str_copy(n->firmware, sizeof(n->firmware), str_of(d->firmware));
    str_copy(n->location, sizeof(n->location), str_of(d->location));
    str_copy(n->group, sizeof(n->group), str_of(d->group));
    str_copy(n->source, sizeof(n->source), STR("tool"));
}

static void take(const struct rebellions_reply *reply, size_t at, struct accelerator *a)
{
    const struct rebellions_die *d = &reply->dies[at];
    struct npu *n = &a->npu;

    identify(d, a);
    str_copy(n->status, sizeof(n->status), str_of(d->status));
    str_copy(n->pstate, sizeof(n->pstate), str_of(d->pstate));
    if (d->status[0])
        n->value.healthy = !strcmp(d->status, "normal") && strcmp(d->pstate, "P12") != 0;
    if (d->pstate[0] == 'P')
        a->pstate = strtod(d->pstate + 1, NULL);
    if (!strcmp(d->pstate, "P10"))
        a->throttle_reasons = 0x20; /* held down by heat */
    else if (d->pstate[0])
        a->throttle_reasons = 0;
    a->temperature_c = d->temperature_c;
    a->utilization_ratio = d->utilization_ratio;
    a->mem_used_bytes = d->mem_used_bytes;
    a->mem_total_bytes = d->mem_total_bytes;
    if (d->mem_used_bytes <= d->mem_total_bytes && d->mem_total_bytes != UNKNOWN_COUNT)
        a->mem_free_bytes = d->mem_total_bytes - d->mem_used_bytes;
    if (tells_power(reply, at))
        a->power_w = d->power_w;
    a->numa_node = d->numa_node >= 0 ? d->numa_node : UNKNOWN;
    a->pcie_generation = d->link_generation;
    a->pcie_width = d->link_width;
}

/* ---- a reading ---- */

static int take_processes(const struct rebellions *r, const unsigned *number, struct reading *out)
{
    const struct rebellions_reply *reply = &r->reply;

    out->accelerator_processes =
        arena_calloc(out->arena, reply->context_len + 1, sizeof(*out->accelerator_processes));
    if (!out->accelerator_processes)
        return -ENOMEM;
    for (size_t i = 0; i < reply->context_len; i++) {
        const struct rebellions_context *c = &reply->contexts[i];
        struct accelerator_process *p = NULL;
        size_t at = 0;
        while (at < reply->die_len && reply->dies[at].npu != c->npu)
            at++;
        if (at == reply->die_len)
            continue;
        for (size_t k = 0; k < out->accelerator_process_len; k++)
            if (out->accelerator_processes[k].pid == c->pid &&
                out->accelerator_processes[k].accelerator == number[at])
                p = &out->accelerator_processes[k];
        if (p) { /* another context of the same process */
            if (c->mem_bytes != UNKNOWN_COUNT)
                p->mem_used_bytes =
                    (p->mem_used_bytes == UNKNOWN_COUNT ? 0 : p->mem_used_bytes) + c->mem_bytes;
            continue;
        }
        out->accelerator_processes[out->accelerator_process_len++] =
            (struct accelerator_process){.accelerator = number[at],
                                         .pid = c->pid,
                                         .type = 'C',
                                         .mem_used_bytes = c->mem_bytes,
                                         .sm_ratio = UNKNOWN,
                                         .mem_ratio = UNKNOWN,
                                         .encoder_ratio = UNKNOWN,
                                         .decoder_ratio = UNKNOWN};
    }
    return 0;
}

static int read_dies(void *state, struct reading *out, struct error *err)
{
    struct rebellions *r = state;
    unsigned number[REBELLIONS_DIES];
    bool there[REBELLIONS_DIES] = {false};

    if (!out->mono_ns)
        out->mono_ns = clock_mono_ns();
    int code = ask(&r->paths, r->tool, &r->reply, err);
    if (code)
        return code;
    out->accelerators = arena_calloc(out->arena, REBELLIONS_DIES, sizeof(*out->accelerators));
    out->platforms = arena_new(out->arena, struct platform_info);
    if (!out->accelerators || !out->platforms)
        return error_errno(err, -ENOMEM, "reading of Rebellions devices");
    for (size_t i = 0; i < r->reply.die_len; i++) {
        struct die *die = die_of(r, &r->reply.dies[i]);
        number[i] = die ? (unsigned)(die - r->dies) : UINT32_MAX;
        if (!die)
            continue;
        struct accelerator *a = &out->accelerators[number[i]];
        there[number[i]] = true;
        accelerator_init(a, "rebellions", number[i]);
        take(&r->reply, i, a);
        npu_energy(&die->energy, out->mono_ns, a);
        accelerator_init(&die->last, "rebellions", number[i]);
        identify(&r->reply.dies[i], &die->last);
    }
    for (size_t i = 0; i < r->len; i++)
        if (!there[i]) {
            out->accelerators[i] = r->dies[i].last;
            out->accelerators[i].state = ACCELERATOR_LOST;
            npu_energy_rest(&r->dies[i].energy);
        }
    out->accelerator_len = r->len;
    str_copy(r->platform.driver_version, sizeof(r->platform.driver_version),
             str_of(r->reply.driver));
    out->platforms[0] = r->platform;
    out->platform_len = 1;
    code = take_processes(r, number, out);
    return code ? error_errno(err, code, "processes on Rebellions devices") : 0;
}

static void close_tool(void *state)
{
    free(state);
}

static void diagnose(const struct host_paths *paths, struct arena *a, struct finding **ret,
                     size_t *ret_len)
{
    const char *tool = find_tool(paths);
    struct error err = {0};

    if (!has_device(paths))
        return;
    if (!tool) {
        finding_add(a, ret, ret_len, FINDING_WARNING, TOPIC,
                    "Install the vendor's rbln-smi; in a container mount it below "
                    "--path.rootfs.",
                    "Rebellions devices are there, and no rbln-smi to ask");
        return;
    }
    struct rebellions_reply *reply = xnew(struct rebellions_reply);
    if (ask(paths, tool, reply, &err))
        finding_add(a, ret, ret_len, FINDING_ERROR, TOPIC,
                    "Run it by hand: what it says there it says to the worker too.", "/%s: %s",
                    tool, err.text);
    else
        finding_add(a, ret, ret_len, FINDING_OK, TOPIC, "", "%zu device%s by the driver %s",
                    reply->die_len, reply->die_len == 1 ? "" : "s", reply->driver);
    free(reply);
}

const struct collector rebellions_collector = {
    .name = "rebellions",
    .detect = detect,
    .open = open_tool,
    .read = read_dies,
    .close = close_tool,
    .diagnose = diagnose,
    .interval_ms = INTERVAL_MS,
};
