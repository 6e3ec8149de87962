/* intel_zes.c - boards, sensors and counters of Level Zero. A call that is not supported or not
 * allowed is not made again; when a board is lost nothing of it is asked any more. */
#include "intel_zes.h"

#include <stdlib.h>

#define DRIVERS_MAX 4u
#define BOARDS_MAX  64u
#define PARTS_MAX   64u /* handles of one kind on one board */
#define HOTTEST_C   150.0
#define WATTS_MAX   5000.0
#define RPM_MAX     100000
#define CLOCK_MAX   20000.0
#define SIZE_MAX_B  (UINT64_C(1) << 50)

/* Kinds of handles. */
enum kind {
    MEMORY,
    TEMPERATURE,
    POWER,
    FREQUENCY,
    FAN,
    RAS,
    PORT,
    ENGINE,
    KINDS
};

/* A handle, what its properties say of it, and its counters at the reading before. */
struct part {
    void *handle;
    uint32_t what; /* location, sensor, domain, group */
    bool on_subdevice;
    char name[24];
    uint64_t counts[2], at_us;
};

struct list {
    struct part *parts;
    size_t len;
    bool known, off; /* enumerated; refused once and for all */
};

struct zes_board {
    void *handle;
    char bus_id[24], serial[32];
    struct list lists[KINDS];
    bool pci_off, bandwidth_off, lost;
    uint64_t energy_uj, energy_us;
};

struct intel_zes {
    struct zes calls;
    struct zes_board boards[BOARDS_MAX];
    size_t len;
};

/* ---- codes ---- */

/* True of a call that gave something; false otherwise, and what is for ever is noted. */
static bool good(struct zes_board *b, bool *off, int code)
{
    if (code == ZES_DEVICE_LOST)
        b->lost = true;
    if (code == ZES_UNSUPPORTED || code == ZES_NO_PERMISSION)
        *off = true;
    return code == ZES_OK;
}

/* ---- opening ---- */

static void add_board(struct intel_zes *z, void *handle)
{
    struct zes_pci_properties pci = {.head.type = ZES_PCI_PROPERTIES};
    struct zes_device_properties d = {.head.type = ZES_DEVICE_PROPERTIES};
    struct zes_board *b = &z->boards[z->len];

    if (z->len == BOARDS_MAX || z->calls.DevicePciGetProperties(handle, &pci) != ZES_OK)
        return;
    *b = (struct zes_board){.handle = handle, .pci_off = !pci.counts_bytes};
    snprintf(b->bus_id, sizeof(b->bus_id), "%04x:%02x:%02x.%x", pci.domain & 0xffff, pci.bus & 0xff,
             pci.device & 0xff, pci.function & 0xf);
    if (z->calls.DeviceGetProperties(handle, &d) == ZES_OK) {
        d.serial[sizeof(d.serial) - 1] = '\0';
        struct str serial = str_trim(str_of(d.serial));
        if (str_is_utf8(serial) && !str_is(serial, "unknown"))
            str_copy(b->serial, sizeof(b->serial), serial);
    }
    z->len++;
}

static void find_boards(struct intel_zes *z)
{
    void *drivers[DRIVERS_MAX], *devices[BOARDS_MAX];
    uint32_t count = DRIVERS_MAX;

    if (z->calls.DriverGet(&count, drivers) != ZES_OK)
        return;
    for (uint32_t i = 0; i < MIN(count, DRIVERS_MAX); i++) {
        uint32_t len = BOARDS_MAX;
        if (z->calls.DeviceGet(drivers[i], &len, devices) != ZES_OK)
            continue;
        for (uint32_t k = 0; k < MIN(len, BOARDS_MAX); k++)
            add_board(z, devices[k]);
    }
}

int intel_zes_open(const char *path, struct intel_zes **ret, struct error *err)
{
    struct intel_zes *z = xnew(struct intel_zes);
    int code = zes_open(&z->calls, path, err);

    if (!code) {
        int why = z->calls.Init(0);
        code = why == ZES_OK              ? 0
               : why == ZES_NO_PERMISSION ? error_set(err, -EACCES, "Level Zero refused to start")
                                          : error_set(err, -ENODEV,
                                                      "Level Zero does not start (0x%x): it found "
                                                      "no driver of its own",
                                                      (unsigned)why);
    }
    if (code) {
        intel_zes_close(z);
        return code;
    }
    find_boards(z);
    *ret = z;
    return 0;
}

void intel_zes_close(struct intel_zes *z)
{
    if (!z)
        return;
    for (size_t i = 0; i < z->len; i++)
        for (size_t k = 0; k < KINDS; k++)
            free(z->boards[i].lists[k].parts);
    zes_close(&z->calls);
    free(z);
}

static struct zes_board *find(struct intel_zes *z, const char *bus_id)
{
    for (size_t i = 0; z && i < z->len; i++)
        if (!strcmp(z->boards[i].bus_id, bus_id))
            return &z->boards[i];
    return NULL;
}

void intel_zes_rest(struct intel_zes *z, const char *bus_id)
{
    struct zes_board *b = find(z, bus_id);

    if (!b)
        return;
    b->energy_us = 0;
    for (size_t k = 0; k < KINDS; k++)
        for (size_t i = 0; i < b->lists[k].len; i++)
            b->lists[k].parts[i].at_us = 0;
}

/* ---- handles ---- */

/* What the properties of a handle say of it; false: it is of no use. */
static bool describe(const struct zes *c, enum kind kind, struct part *p)
{
    struct zes_mem_properties memory = {.head.type = ZES_MEM_PROPERTIES};
    struct zes_temp_properties heat = {.head.type = ZES_TEMP_PROPERTIES};
    struct zes_power_properties power = {.head.type = ZES_POWER_PROPERTIES};
    struct zes_freq_properties clock = {.head.type = ZES_FREQ_PROPERTIES};
    struct zes_ras_properties ras = {.head.type = ZES_RAS_PROPERTIES};
    struct zes_port_properties port = {.head.type = ZES_PORT_PROPERTIES};
    struct zes_engine_properties engine = {.head.type = ZES_ENGINE_PROPERTIES};

    switch (kind) {
    case MEMORY:
        p->what = 1;
        return c->MemoryGetProperties(p->handle, &memory) == ZES_OK && memory.location == 1;
    case TEMPERATURE:
        if (c->TemperatureGetProperties(p->handle, &heat) != ZES_OK)
            return false;
        p->what = heat.kind;
        return true;
    case POWER:
        p->on_subdevice = c->PowerGetProperties(p->handle, &power) != ZES_OK || power.on_subdevice;
        return !p->on_subdevice; /* of the whole board; tiles are in it */
    case FREQUENCY:
        if (c->FrequencyGetProperties(p->handle, &clock) != ZES_OK)
            return false;
        p->what = clock.domain;
        return true;
    case RAS:
        if (c->RasGetProperties(p->handle, &ras) != ZES_OK || ras.kind > 1)
            return false;
        p->what = ras.kind;
        return true;
    case PORT:
        if (c->FabricPortGetProperties(p->handle, &port) != ZES_OK)
            return false;
        snprintf(p->name, sizeof(p->name), "%u.%u.%u", port.id.fabric & 0xffff,
                 port.id.attach & 0xff, port.id.port);
        return true;
    case ENGINE:
        if (c->EngineGetProperties(p->handle, &engine) != ZES_OK)
            return false;
        p->what = engine.group;
        return true;
    case FAN:
    case KINDS:
    default:
        return true;
    }
}

static int enumerate(const struct zes *c, enum kind kind, void *board, uint32_t *len, void **to)
{
    int (*const calls[KINDS])(void *, uint32_t *, void **) = {
        [MEMORY] = c->DeviceEnumMemoryModules,
        [TEMPERATURE] = c->DeviceEnumTemperatureSensors,
        [POWER] = c->DeviceEnumPowerDomains,
        [FREQUENCY] = c->DeviceEnumFrequencyDomains,
        [FAN] = c->DeviceEnumFans,
        [RAS] = c->DeviceEnumRasErrorSets,
        [PORT] = c->DeviceEnumFabricPorts,
        [ENGINE] = c->DeviceEnumEngineGroups,
    };

    return calls[kind](board, len, to);
}

/* The handles of a kind, asked for once. */
static struct list *list_of(const struct zes *c, struct zes_board *b, enum kind kind)
{
    struct list *list = &b->lists[kind];
    void *handles[PARTS_MAX];
    uint32_t len = PARTS_MAX;

    if (list->known || b->lost)
        return list;
    list->known = true;
    if (!good(b, &list->off, enumerate(c, kind, b->handle, &len, handles)) || !len)
        return list;
    list->parts = xcalloc(MIN(len, PARTS_MAX), sizeof(*list->parts));
    for (uint32_t i = 0; i < MIN(len, PARTS_MAX); i++) {
        struct part *p = &list->parts[list->len];
        *p = (struct part){.handle = handles[i]};
        if (describe(c, kind, p))
            list->len++;
    }
    return list;
}

#define EACH(c, b, kind, list, p)                                                                  \
    struct list *list = list_of(c, b, kind);                                                       \
    for (struct part *p = list->parts; p && p < list->parts + list->len && !list->off && !b->lost; \
         p++)

/* ---- gauges ---- */

static void read_heat(const struct zes *c, struct zes_board *b, struct accelerator *a)
{
    bool chip = isnan(a->temperature_c), memory = isnan(a->memory_temperature_c);
    double celsius;

    if (!chip && !memory)
        return;
    EACH(c, b, TEMPERATURE, list, p)
    {
        double *to = p->what == ZES_SENSOR_GPU      ? (chip ? &a->temperature_c : NULL)
                     : p->what == ZES_SENSOR_MEMORY ? (memory ? &a->memory_temperature_c : NULL)
                                                    : NULL;
        if (to && good(b, &list->off, c->TemperatureGetState(p->handle, &celsius)) && celsius > 0 &&
            celsius < HOTTEST_C)
            *to = fmax(*to, celsius); /* passes over NAN */
    }
}

static void read_fans(const struct zes *c, struct zes_board *b, struct accelerator *a)
{
    unsigned i = 0;
    int32_t rpm;

    if (!isnan(a->fan_rpm))
        return;
    EACH(c, b, FAN, list, p)
    {
        if (i < DEVICE_FANS && good(b, &list->off, c->FanGetState(p->handle, 0, &rpm)) &&
            rpm >= 0 && rpm <= RPM_MAX) {
            a->detail.fan_rpm[i] = rpm;
            a->fan_rpm = fmax(a->fan_rpm, (double)rpm);
        }
        i++;
    }
}

static void read_clocks(const struct zes *c, struct zes_board *b, struct accelerator *a)
{
    if (!isnan(a->clock_memory_mhz))
        return;
    EACH(c, b, FREQUENCY, list, p)
    {
        struct zes_freq_state s = {.head.type = ZES_FREQ_STATE};
        if (p->what == 1 && good(b, &list->off, c->FrequencyGetState(p->handle, &s)) &&
            s.actual > 0 && s.actual <= CLOCK_MAX)
            a->clock_memory_mhz = fmax(a->clock_memory_mhz, s.actual);
    }
}

static void read_memory(const struct zes *c, struct zes_board *b, struct accelerator *a)
{
    uint64_t size = 0, used = 0;

    if (a->mem_used_bytes != UNKNOWN_COUNT)
        return;
    EACH(c, b, MEMORY, list, p)
    {
        struct zes_mem_state s = {.head.type = ZES_MEM_STATE};
        if (!good(b, &list->off, c->MemoryGetState(p->handle, &s)) || !s.size ||
            s.size > SIZE_MAX_B || s.free > s.size)
            return; /* a sum without one of them is none */
        size += s.size;
        used += s.size - s.free;
    }
    if (!size || b->lost || b->lists[MEMORY].off)
        return;
    a->mem_total_bytes = size;
    a->mem_used_bytes = used;
    a->mem_free_bytes = size - used;
}

/* Of the hardware's units; what drivers and programs did wrong is no error of memory. */
static void read_errors(const struct zes *c, struct zes_board *b, struct accelerator *a)
{
    double sums[2] = {UNKNOWN, UNKNOWN};

    EACH(c, b, RAS, list, p)
    {
        struct zes_ras_state s = {.head.type = ZES_RAS_STATE};
        if (!good(b, &list->off, c->RasGetState(p->handle, 0, &s))) /* 0: it is not cleared */
            return;
        double count = (double)s.count[ZES_RAS_COMPUTE] + (double)s.count[ZES_RAS_OTHER] +
                       (double)s.count[ZES_RAS_CACHE];
        sums[p->what] = (isnan(sums[p->what]) ? 0 : sums[p->what]) + count;
    }
    if (isnan(a->ecc_corrected_total))
        a->ecc_corrected_total = sums[0];
    if (isnan(a->ecc_uncorrected_total))
        a->ecc_uncorrected_total = sums[1];
}

/* ---- counters ---- */

/* Growth since the reading before, of which `seconds` is set; false the first time, and when one
 * went back: the driver began anew. */
static bool grown(struct part *p, const uint64_t now[2], uint64_t at_us, double ret[2],
                  double *seconds)
{
    bool known = p->at_us && at_us > p->at_us && now[0] >= p->counts[0] && now[1] >= p->counts[1];

    if (known) {
        ret[0] = (double)(now[0] - p->counts[0]);
        ret[1] = (double)(now[1] - p->counts[1]);
        *seconds = (double)(at_us - p->at_us) / 1e6;
    }
    p->counts[0] = now[0];
    p->counts[1] = now[1];
    p->at_us = at_us;
    return known;
}

static void read_energy(const struct zes *c, struct zes_board *b, struct accelerator *a)
{
    struct zes_energy e = {0};

    if (!isnan(a->energy_j_total))
        return;
    EACH(c, b, POWER, list, p)
    {
        if (!good(b, &list->off, c->PowerGetEnergyCounter(p->handle, &e)))
            continue;
        if (b->energy_us && e.timestamp_us > b->energy_us && e.energy_uj >= b->energy_uj) {
            double watts =
                (double)(e.energy_uj - b->energy_uj) / (double)(e.timestamp_us - b->energy_us);
            if (isnan(a->power_w) && watts <= WATTS_MAX)
                a->power_w = watts;
        }
        b->energy_uj = e.energy_uj;
        b->energy_us = e.timestamp_us;
        a->energy_j_total = (double)e.energy_uj / 1e6;
        a->detail.energy_estimated = 0;
        return; /* the first domain of the board: others are parts of it */
    }
}

static void read_bandwidth(const struct zes *c, struct zes_board *b, struct accelerator *a)
{
    double moved = 0, possible = 0, bytes[2], seconds;

    if (b->bandwidth_off)
        return;
    EACH(c, b, MEMORY, list, p)
    {
        struct zes_mem_bandwidth w = {0};
        if (!good(b, &b->bandwidth_off, c->MemoryGetBandwidth(p->handle, &w)))
            return;
        if (!grown(p, (const uint64_t[]){w.read, w.written}, w.timestamp_us, bytes, &seconds))
            continue;
        moved += bytes[0] + bytes[1];
        possible += (double)w.max_per_s * seconds;
    }
    if (possible > 0 && moved <= possible)
        a->detail.profile[PROFILE_DRAM] = moved / possible;
}

static void read_pci(const struct zes *c, struct zes_board *b, struct accelerator *a)
{
    struct zes_pci_stats s = {0};

    if (b->pci_off || b->lost || !good(b, &b->pci_off, c->DevicePciGetStats(b->handle, &s)))
        return;
    a->detail.pcie_bytes_total[0] = (double)s.sent;
    a->detail.pcie_bytes_total[1] = (double)s.received;
    if (s.replays)
        a->detail.pcie_replays_total = (double)s.replays;
}

static void read_ports(const struct zes *c, struct zes_board *b, struct reading *out,
                       struct accelerator *a)
{
    bool bytes_off = false;

    EACH(c, b, PORT, list, p)
    {
        struct zes_port_state s = {.head.type = ZES_PORT_STATE};
        struct zes_port_throughput t = {0};
        if (!good(b, &list->off, c->FabricPortGetState(p->handle, &s)))
            continue;
        struct accelerator_part *part = reading_add_part(out, a->index, "link", p->name);
        if (!part)
            return;
        part->up = s.status == 1 || s.status == 2;
        if (part->up > 0 && good(b, &bytes_off, c->FabricPortGetThroughput(p->handle, &t))) {
            part->bytes_total[0] = (double)t.sent;
            part->bytes_total[1] = (double)t.received;
        }
    }
}

/* The groups that hold all engines of a kind are told; the busiest is the board's load. */
static const char *group_name(uint32_t group)
{
    static const char *const names[] = {
        [1] = "compute", [2] = "video", [3] = "copy", [12] = "render"};

    return group < ARRAY_LEN(names) ? names[group] : NULL;
}

static void read_engines(const struct zes *c, struct zes_board *b, struct reading *out,
                         struct accelerator *a)
{
    double active[2], seconds, busiest = UNKNOWN;

    EACH(c, b, ENGINE, list, p)
    {
        struct zes_engine_stats s = {0};
        const char *name = group_name(p->what);
        if (!name || !good(b, &list->off, c->EngineGetActivity(p->handle, &s)) ||
            !grown(p, (const uint64_t[]){s.active_us, 0}, s.timestamp_us, active, &seconds))
            continue;
        double ratio = MIN(active[0] / 1e6 / seconds, 1.0);
        struct accelerator_part *part = reading_add_part(out, a->index, "engine", name);
        if (part)
            part->utilization_ratio = ratio;
        busiest = fmax(busiest, ratio); /* passes over NAN */
    }
    if (!isnan(busiest))
        a->utilization_ratio = busiest;
}

void intel_zes_read(struct intel_zes *z, const char *bus_id, bool engines, struct reading *out,
                    struct accelerator *a)
{
    struct zes_board *b = find(z, bus_id);

    if (!b || b->lost)
        return;
    const struct zes *c = &z->calls;
    if (!a->serial[0])
        str_copy(a->serial, sizeof(a->serial), str_of(b->serial));
    read_heat(c, b, a);
    read_fans(c, b, a);
    read_clocks(c, b, a);
    read_memory(c, b, a);
    read_energy(c, b, a);
    read_bandwidth(c, b, a);
    read_errors(c, b, a);
    read_pci(c, b, a);
    read_ports(c, b, out, a);
    if (engines)
        read_engines(c, b, out, a);
}
