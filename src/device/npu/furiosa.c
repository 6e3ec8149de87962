/* furiosa.c - Warboy and RNGD cards: identity, life, heat and power from the files of their driver;
 * load and memory from `furiosa-smi status`, clocks from `furiosa-smi info`, where it is installed.
 * Facts: furiosa-ai/device-api (device-api/src/sysfs.rs, hwmon.rs, test_data), Furiosa SMI's
 * documentation.
 *
 * The vendor's library is not used: the structs of its releases differ, without a version in them.
 */
#include "furiosa_status.h"
#include "npu.h"
#include "npu_set.h"
#include "npu_tool.h"

#include "device/linux_file.h"
#include "device/linux_proc.h"

#include <dirent.h>
#include <limits.h>
#include <stdlib.h>

/* What the tool said this time, of all cards. */
struct furiosa_answers {
    struct furiosa_status status, info;
};

static const char *const tools[] = {"usr/bin/furiosa-smi", "usr/local/bin/furiosa-smi"};

/* The two generations have classes of their own. */
static const struct {
    const char *class, *before, *after;
} classes[] = {{"npu_mgmt", "npu", "_mgmt"}, {"rngd_mgmt", "rngd!npu", "mgmt"}};

/* The number in "npu3_mgmt"; UINT_MAX for other names. */
static unsigned number_of(struct str name, const char *before, const char *after)
{
    size_t head = strlen(before), tail = strlen(after);
    uint64_t n;

    if (name.len <= head + tail || !str_starts(name, str_of(before)) ||
        !str_ends(name, str_of(after)) ||
        !num_parse_u64(str_make(name.ptr + head, name.len - head - tail), &n) || n >= UINT_MAX)
        return UINT_MAX;
    return (unsigned)n;
}

static bool look_at(const struct host_paths *paths, size_t class, unsigned number,
                    struct linux_card *c)
{
    struct linux_card card = {.number = number};
    const struct npu_device d = {.card = &card};
    char text[32];

    snprintf(card.folder, sizeof(card.folder), "class/%s/%s%u%s", classes[class].class,
             classes[class].before, number, classes[class].after);
    npu_text(paths, &d, "platform_type", text, sizeof(text));
    if (strcmp(text, "FuriosaAI") != 0)
        return false;
    npu_text(paths, &d, "busname", card.bus_id, sizeof(card.bus_id));
    str_copy(card.place, sizeof(card.place), str_of(card.bus_id));
    if (!card.place[0])
        snprintf(card.place, sizeof(card.place), "npu%u", number);
    str_copy(card.driver, sizeof(card.driver), STR("furiosa"));
    *c = card;
    return true;
}

static int by_place(const void *a, const void *b)
{
    return strcmp(((const struct linux_card *)a)->place, ((const struct linux_card *)b)->place);
}

static size_t list(const struct host_paths *paths, struct linux_card *to)
{
    char path[LINUX_PATH_MAX];
    size_t len = 0;

    for (size_t i = 0; i < ARRAY_LEN(classes); i++) {
        DIR *dir = linux_file_path(path, paths->sysfs, "class/%s", classes[i].class) ? opendir(path)
                                                                                     : NULL;
        for (struct dirent *e; dir && len < LINUX_CARDS && (e = readdir(dir));) {
            unsigned n = number_of(str_of(e->d_name), classes[i].before, classes[i].after);
            len += n != UINT_MAX && look_at(paths, i, n, &to[len]);
        }
        if (dir)
            closedir(dir);
    }
    qsort(to, len, sizeof(*to), by_place);
    return len;
}

static enum accelerator_state state(const struct host_paths *paths, const struct linux_card *c)
{
    char text[32];

    if (!linux_file_exists(paths->sysfs, "%s/platform_type", c->folder))
        return ACCELERATOR_LOST;
    return linux_file_text(text, sizeof(text), paths->sysfs,
                           "bus/pci/devices/%s/power/runtime_status", c->bus_id) > 0 &&
                   str_starts(str_of(text), STR("suspend"))
               ? ACCELERATOR_SLEEPING
               : ACCELERATOR_OK;
}

static void identify(const struct host_paths *paths, struct npu_device *d)
{
    struct accelerator *a = d->identity;
    struct npu *n = &a->npu;
    int64_t node;

    npu_text(paths, d, "device_type", n->model, sizeof(n->model));
    npu_text(paths, d, "device_uuid", a->uuid, sizeof(a->uuid));
    npu_text(paths, d, "device_sn", a->serial, sizeof(a->serial));
    npu_text(paths, d, "fw_version", n->firmware, sizeof(n->firmware));
    if (!n->model[0])
        str_copy(n->model, sizeof(n->model),
                 str_starts(str_of(d->card->folder), STR("class/rngd")) ? STR("RNGD")
                                                                        : STR("Warboy"));
    str_copy(n->chip, sizeof(n->chip), str_of(n->model));
    str_copy(n->source, sizeof(n->source), STR("sysfs"));
    str_copy(a->brand, sizeof(a->brand), STR("FuriosaAI"));
    snprintf(a->name, sizeof(a->name), "Furiosa %s", n->model);
    if (!a->uuid[0])
        snprintf(a->uuid, sizeof(a->uuid), "NPU-%s", d->card->place);
    if (linux_file_i64(&node, paths->sysfs, "bus/pci/devices/%s/numa_node", d->card->bus_id) &&
        node >= 0)
        a->numa_node = (double)node;
}

/* ---- reading ---- */

/* What the tool answers to `question`; false when it does not, or nothing to be understood. Its
 * failing is told by what is then missing, and by doctor. */
static bool ask(const struct host_paths *paths, const char *tool, const char *question,
                struct furiosa_status *to)
{
    const char *const arguments[] = {question, "--format", "json", NULL};
    struct buf out;

    to->len = 0;
    bool answered = !npu_tool_run(paths, tool, arguments, &out, NULL) &&
                    !furiosa_status_parse(buf_str(&out), to, NULL);
    buf_fini(&out);
    if (!answered)
        to->len = 0;
    return answered;
}

static void begin(const struct host_paths *paths, const struct npu_device *devices, size_t len,
                  uint64_t mono_ns, void *shared)
{
    struct furiosa_answers *to = shared;
    const char *tool = npu_tool_find(paths, tools, ARRAY_LEN(tools));

    (void)devices, (void)len, (void)mono_ns;
    to->status.len = to->info.len = 0;
    /* A tool that hangs is waited for once, not twice. */
    if (tool && ask(paths, tool, "status", &to->status))
        ask(paths, tool, "info", &to->info);
}

/* The hottest of the sensors, and the power of the board. */
static void read_sensors(const struct host_paths *paths, const struct linux_card *c,
                         struct accelerator *a)
{
    char path[LINUX_PATH_MAX], folder[LINUX_PATH_MAX] = "";
    int64_t value;
    DIR *dir = linux_file_path(path, paths->sysfs, "bus/pci/devices/%s/hwmon", c->bus_id)
                   ? opendir(path)
                   : NULL;

    if (!dir)
        return;
    for (struct dirent *e; !folder[0] && (e = readdir(dir));)
        if (str_starts(str_of(e->d_name), STR("hwmon")))
            snprintf(folder, sizeof(folder), "bus/pci/devices/%s/hwmon/%.32s", c->bus_id,
                     e->d_name);
    closedir(dir);
    for (unsigned i = 1; folder[0] && i <= 2; i++)
        if (linux_file_i64(&value, paths->sysfs, "%s/temp%u_input", folder, i) &&
            !((double)value * 1e-3 <= a->temperature_c))
            a->temperature_c = (double)value * 1e-3;
    if (folder[0] && linux_file_i64(&value, paths->sysfs, "%s/power1_average", folder))
        a->power_w = (double)value * 1e-6;
}

/* The card's entry of an answer; NULL when it has none. */
static const struct furiosa_card *find(const struct furiosa_status *s, unsigned number)
{
    for (size_t i = 0; i < s->len; i++)
        if (s->cards[i].number == number)
            return &s->cards[i];
    return NULL;
}

static void read_answers(const struct npu_device *d, struct accelerator *a)
{
    const struct furiosa_answers *answers = d->shared;
    const struct furiosa_card *c = find(&answers->status, d->card->number);

    if (c) {
        a->utilization_ratio = c->utilization_ratio;
        a->mem_used_bytes = c->mem_used_bytes;
        a->mem_total_bytes = c->mem_total_bytes;
        if (c->mem_total_bytes != UNKNOWN_COUNT && c->mem_used_bytes <= c->mem_total_bytes)
            a->mem_free_bytes = c->mem_total_bytes - c->mem_used_bytes;
    }
    c = find(&answers->info, d->card->number);
    if (c && c->clock_mhz > 0)
        a->clock_graphics_mhz = c->clock_mhz;
}

static void read_card(const struct host_paths *paths, struct npu_device *d, uint64_t mono_ns,
                      struct accelerator *a)
{
    struct npu_values *v = &a->npu.value;
    double alive = npu_number(paths, d, "alive", 1);

    v->healthy = isnan(alive) ? npu_number(paths, d, "device_state", 1) : alive;
    if (!isnan(v->healthy)) {
        v->healthy = v->healthy == 1;
        str_copy(a->npu.status, sizeof(a->npu.status),
                 v->healthy > 0 ? STR("alive") : STR("not alive"));
    }
    v->heartbeat = npu_number(paths, d, "heartbeat", 1);
    read_sensors(paths, d->card, a);
    linux_card_link(paths->sysfs, d->card->bus_id, a);
    read_answers(d, a);
    npu_energy(&d->energy, mono_ns, a);
}

/* A card is opened whole, or by its cores, alone or fused. */
static size_t nodes(const struct linux_card *c, unsigned index, struct linux_node *to, size_t len)
{
    static const char *const cores[] = {"",      "pe0",   "pe1",   "pe2",   "pe3",   "pe4",
                                        "pe5",   "pe6",   "pe7",   "pe0-1", "pe2-3", "pe4-5",
                                        "pe6-7", "pe0-3", "pe4-7", "pe0-7"};
    bool rngd = str_starts(str_of(c->folder), STR("class/rngd"));

    for (size_t i = 0; i < ARRAY_LEN(cores) && len < LINUX_NODES; i++) {
        snprintf(to[len].path, sizeof(to[len].path), "/dev/%snpu%u%s", rngd ? "rngd/" : "",
                 c->number, cores[i]);
        to[len++].device = index;
    }
    return len;
}

static void versions(const struct host_paths *paths, struct platform_info *p)
{
    struct linux_card cards[LINUX_CARDS];
    struct npu_device d = {.mono_ns = 0};

    if (!list(paths, cards))
        return;
    d.card = &cards[0];
    npu_text(paths, &d, "version", p->driver_version, sizeof(p->driver_version));
}

static void advise(const struct host_paths *paths, const struct npu_device *d, struct arena *a,
                   struct finding **ret, size_t *ret_len)
{
    const char *tool = npu_tool_find(paths, tools, ARRAY_LEN(tools));
    static const char *const arguments[] = {"status", "--format", "json", NULL};
    struct furiosa_status *s;
    struct error err = {0};
    struct buf out;

    if (d->identity->index) /* once for all cards */
        return;
    if (!tool) {
        finding_add(a, ret, ret_len, FINDING_NOTE, "furiosa",
                    "Install furiosa-smi; in a container mount it below --path.rootfs.",
                    "no furiosa-smi to ask: load, memory and clocks are missing");
        return;
    }
    s = xnew(struct furiosa_status);
    if (npu_tool_run(paths, tool, arguments, &out, &err) ||
        furiosa_status_parse(buf_str(&out), s, &err))
        finding_add(a, ret, ret_len, FINDING_WARNING, "furiosa",
                    "Run it by hand: what it says there it says to the worker too.", "/%s: %s",
                    tool, err.text);
    buf_fini(&out);
    free(s);
}

static const struct npu_kind furiosa = {
    .platform = "furiosa",
    .what = "Furiosa card",
    .list = list,
    .state = state,
    .begin = begin,
    .shared_size = sizeof(struct furiosa_answers),
    .identify = identify,
    .read = read_card,
    .nodes = nodes,
    .versions = versions,
    .advise = advise,
};

NPU_COLLECTOR(furiosa_collector, furiosa);
