/* tenstorrent.c - Wormhole and Blackhole cards, by what the driver tt-kmd shows in sysfs. Facts:
 * tt-kmd, docs/sysfs-attributes.md, wormhole.c, blackhole.c.
 *
 * The chip counts neither its load nor its memory in use: both stay unknown. What other tools show
 * as load is made of power and clock, and is not 0 on an idle card. */
#include "npu.h"
#include "npu_set.h"

#include "device/linux_file.h"
#include "device/linux_proc.h"

#define FLIT_BYTES 32
#define WRAP_BYTES (4294967296.0 * FLIT_BYTES) /* counters have 32 bits */
#define HUNG_NS    (15 * (uint64_t)NS_PER_S)

/* To the host, then from it: what the card writes and what is read from it; what is written to it
 * and what it reads. Each is counted for both networks on the chip. */
static const char *const traffic[2][3] = {
    {"mst_posted_wr_data_word_sent", "mst_nonposted_wr_data_word_sent", "slv_rd_data_word_sent"},
    {"slv_posted_wr_data_word_received", "slv_nonposted_wr_data_word_received",
     "mst_rd_data_word_received"},
};

struct tenstorrent {
    uint32_t count[2][3][2]; /* at the reading before */
    bool counted;
    double heartbeat;
    uint64_t beat_ns; /* when it last changed */
};

static bool is_ours(const struct linux_card *card)
{
    return !strcmp(card->driver, "tenstorrent");
}

static size_t list(const struct host_paths *paths, struct linux_card *to)
{
    return linux_card_list(paths->sysfs, "tenstorrent", is_ours, to);
}

static const char *chip_of(unsigned device)
{
    switch (device) {
    case 0xfaca:
        return "grayskull";
    case 0x401e:
        return "wormhole";
    case 0xb140:
        return "blackhole";
    default:
        return "";
    }
}

static void identify(const struct host_paths *paths, struct npu_device *d)
{
    struct accelerator *a = d->identity;
    struct npu *n = &a->npu;
    char asic[24];

    str_copy(n->chip, sizeof(n->chip), str_of(chip_of(d->card->device)));
    str_copy(n->source, sizeof(n->source), STR("sysfs"));
    npu_text(paths, d, "tt_card_type", n->board_type, sizeof(n->board_type));
    npu_text(paths, d, "tt_serial", n->board_id, sizeof(n->board_id));
    npu_text(paths, d, "tt_asic_id", asic, sizeof(asic));
    npu_text(paths, d, "tt_fw_bundle_ver", n->firmware, sizeof(n->firmware));
    npu_text(paths, d, "tt_arc_fw_ver", n->firmware_arc, sizeof(n->firmware_arc));
    npu_text(paths, d, "tt_eth_fw_ver", n->firmware_eth, sizeof(n->firmware_eth));
    str_copy(n->model, sizeof(n->model), str_of(n->board_type));
    snprintf(n->pci_ids[0], sizeof(n->pci_ids[0]), "0x%04x", d->card->vendor & 0xffff);
    snprintf(n->pci_ids[1], sizeof(n->pci_ids[1]), "0x%04x", d->card->device & 0xffff);
    str_copy(a->serial, sizeof(a->serial), str_of(n->board_id));
    str_copy(a->brand, sizeof(a->brand), STR("Tenstorrent"));
    str_copy(a->architecture, sizeof(a->architecture), str_of(n->chip));
    /* Two chips may be on a board: the board's number alone is not enough. */
    if (n->board_id[0])
        snprintf(a->uuid, sizeof(a->uuid), "TT-%s%s%s", n->board_id, asic[0] ? "-" : "", asic);
    else
        snprintf(a->uuid, sizeof(a->uuid), "TT-%s", d->card->place);
    snprintf(a->name, sizeof(a->name), "Tenstorrent%s%s%s%s", n->chip[0] ? " " : "", n->chip,
             n->board_type[0] ? " " : "", n->board_type);
    if (n->chip[0])
        a->name[sizeof("Tenstorrent")] -= 'a' - 'A';
}

/* A counter may have wrapped: how much is known only while the link cannot carry a whole turn of it
 * in the time, about four seconds at 32 GB/s. Longer intervals tell nothing. */
static bool link_wraps(const struct accelerator *a, double seconds)
{
    static const double lane_bytes_per_s[] = {0, 0.25e9, 0.5e9, 1e9, 2e9, 4e9, 8e9};

    if (!(a->pcie_generation >= 1 && a->pcie_generation < ARRAY_LEN(lane_bytes_per_s)) ||
        isnan(a->pcie_width))
        return true;
    return lane_bytes_per_s[(size_t)a->pcie_generation] * a->pcie_width * seconds >= WRAP_BYTES;
}

static void read_traffic(const struct host_paths *paths, struct npu_device *d, uint64_t mono_ns,
                         struct accelerator *a)
{
    struct tenstorrent *t = d->own, before = *t;
    double seconds = d->mono_ns ? (double)(mono_ns - d->mono_ns) / NS_PER_S : 0;
    uint64_t flits[2] = {0, 0}, value;

    t->counted = true;
    for (size_t to = 0; to < 2; to++)
        for (size_t i = 0; i < 3; i++)
            for (unsigned net = 0; net < 2; net++) {
                t->counted =
                    t->counted && linux_file_u64(&value, paths->sysfs, "%s/pcie_perf_counters/%s%u",
                                                 d->card->folder, traffic[to][i], net);
                if (!t->counted)
                    return;
                t->count[to][i][net] = (uint32_t)value;
                flits[to] += (uint32_t)(t->count[to][i][net] - before.count[to][i][net]);
            }
    if (!before.counted || !(seconds > 0) || link_wraps(a, seconds))
        return;
    for (size_t to = 0; to < 2; to++)
        a->detail.pcie_bytes_per_s[to] = (double)flits[to] * FLIT_BYTES / seconds;
}

/* The firmware counts while it lives. */
static void read_life(const struct host_paths *paths, struct npu_device *d, uint64_t mono_ns,
                      struct npu *n)
{
    struct tenstorrent *t = d->own;

    n->value.heartbeat = npu_number(paths, d, "tt_heartbeat", 1);
    if (isnan(n->value.heartbeat))
        return;
    if (!t->beat_ns || n->value.heartbeat != t->heartbeat)
        t->beat_ns = mono_ns;
    t->heartbeat = n->value.heartbeat;
    n->value.healthy = mono_ns - t->beat_ns < HUNG_NS;
    str_copy(n->status, sizeof(n->status), n->value.healthy > 0 ? STR("alive") : STR("silent"));
}

static void read_card(const struct host_paths *paths, struct npu_device *d, uint64_t mono_ns,
                      struct accelerator *a)
{
    struct npu_values *v = &a->npu.value;

    a->temperature_c = npu_sensor(paths, d, "temp1_input", 1e-3);
    a->temperature_slowdown_c = npu_sensor(paths, d, "temp1_max", 1e-3);
    a->power_w = npu_sensor(paths, d, "power1_input", 1e-6);
    a->power_limit_w = npu_sensor(paths, d, "power1_max", 1e-6);
    a->fan_rpm = npu_sensor(paths, d, "fan1_input", 1);
    v->voltage_v = npu_sensor(paths, d, "in0_input", 1e-3);
    v->current_a = npu_sensor(paths, d, "curr1_input", 1e-3);
    v->current_limit_a = npu_sensor(paths, d, "curr1_max", 1e-3);
    a->clock_graphics_mhz = npu_number(paths, d, "tt_aiclk", 1);
    v->axi_clock_mhz = npu_number(paths, d, "tt_axiclk", 1);
    v->arc_clock_mhz = npu_number(paths, d, "tt_arcclk", 1);
    v->thermal_trips_total = npu_number(paths, d, "tt_therm_trip_count", 1);
    linux_card_link(paths->sysfs, d->card->bus_id, a);
    read_life(paths, d, mono_ns, &a->npu);
    read_traffic(paths, d, mono_ns, a);
    npu_energy(&d->energy, mono_ns, a);
}

static void versions(const struct host_paths *paths, struct platform_info *p)
{
    char text[64];

    if (linux_file_text(text, sizeof(text), paths->sysfs, "module/tenstorrent/version") > 0)
        linux_proc_clean(p->driver_version, sizeof(p->driver_version), str_of(text));
}

static size_t nodes(const struct linux_card *c, unsigned index, struct linux_node *to, size_t len)
{
    if (len < LINUX_NODES) {
        snprintf(to[len].path, sizeof(to[len].path), "/dev/tenstorrent/%u", c->number);
        to[len++].device = index;
    }
    return len;
}

/* The driver lists who has the card, a number a line. */
static int users(const struct host_paths *paths, const struct npu_device *d, struct reading *out)
{
    struct linux_node_use uses[256];
    struct linux_lines lines;
    struct str line;
    size_t len = 0;
    uint64_t pid;

    if (!linux_lines_open(&lines, paths->procfs, "driver/tenstorrent/%u/pids", d->card->number))
        return -ENOENT;
    while (len < ARRAY_LEN(uses) && linux_lines_next(&lines, &line))
        if (num_parse_u64(str_trim(line), &pid) && pid && pid <= INT32_MAX)
            uses[len++] = (struct linux_node_use){(int)pid, d->identity->index};
    linux_lines_close(&lines);
    return linux_node_take(uses, len, out);
}

static const struct npu_kind tenstorrent = {
    .platform = "tenstorrent",
    .what = "Tenstorrent card",
    .own_size = sizeof(struct tenstorrent),
    .list = list,
    .identify = identify,
    .read = read_card,
    .nodes = nodes,
    .users = users,
    .versions = versions,
};

NPU_COLLECTOR(tenstorrent_collector, tenstorrent);
