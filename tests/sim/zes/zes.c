/* zes.c - the simulated libze_loader.so.1: build/libzes-sim.so. A board has two modules of memory,
 * two sensors, the energy of itself and of a tile, a fan, two sets of errors, one port, two groups
 * of engines. See README.md. */
#include "zes_sim.h"

#include "device/intel/zes.h"

extern struct zes_sim zes_sim;
__attribute__((visibility("default"))) struct zes_sim zes_sim; /* the test finds it by its name */

/* What a handle stands for: the address of one of these. */
static struct thing {
    uint32_t board, number;
} boards[ZES_SIM_BOARDS], parts[ZES_SIM_BOARDS][2];
static int driver;

static int answer(const char *call)
{
    return zes_sim.refuse && !strcmp(zes_sim.refuse, call) ? zes_sim.code : ZES_OK;
}

static struct zes_sim_board *board_of(void *handle)
{
    struct zes_sim_board *b = &zes_sim.boards[((struct thing *)handle)->board];

    b->asked++;
    return b;
}

static uint32_t number_of(void *handle)
{
    return ((struct thing *)handle)->number;
}

/* As the interface has it: 0 asks for the number, else as many as there is room for. */
static int give(const char *call, void *board, uint32_t count, uint32_t *len, void **to)
{
    uint32_t i = ((struct thing *)board)->board;
    int code = answer(call);

    (void)board_of(board);
    if (code != ZES_OK)
        return code;
    for (uint32_t k = 0; k < count && k < *len; k++) {
        parts[i][k] = (struct thing){i, k};
        to[k] = &parts[i][k];
    }
    *len = *len ? MIN(*len, count) : count;
    return ZES_OK;
}

#define API __attribute__((visibility("default")))
#define ENUM(name, count)                                                                          \
    API int zesDeviceEnum##name(void *board, uint32_t *len, void **to);                            \
    API int zesDeviceEnum##name(void *board, uint32_t *len, void **to)                             \
    {                                                                                              \
        return give("DeviceEnum" #name, board, count, len, to);                                    \
    }
/* A function about a handle that fills in what `ret` points to. */
#define FILL(name, type, ...)                                                                      \
    API int zes##name(void *handle, type *ret);                                                    \
    API int zes##name(void *handle, type *ret)                                                     \
    {                                                                                              \
        struct zes_sim_board *b = board_of(handle);                                                \
        uint32_t n = number_of(handle);                                                            \
        (void)n;                                                                                   \
        (void)b;                                                                                   \
        if (answer(#name) == ZES_OK) {                                                             \
            __VA_ARGS__                                                                            \
        }                                                                                          \
        return answer(#name);                                                                      \
    }

#ifndef ZES_SIM_OLD /* an older loader has no call to start with */
API int zesInit(uint32_t flags);
int zesInit(uint32_t flags)
{
    zes_sim.started++;
    return flags ? ZES_UNSUPPORTED : answer("Init");
}
#endif

API int zesDriverGet(uint32_t *len, void **to);
int zesDriverGet(uint32_t *len, void **to)
{
    *len = 1;
    to[0] = &driver;
    return answer("DriverGet");
}

API int zesDeviceGet(void *of, uint32_t *len, void **to);
int zesDeviceGet(void *of, uint32_t *len, void **to)
{
    if (of != &driver || answer("DeviceGet") != ZES_OK)
        return answer("DeviceGet");
    for (uint32_t i = 0; i < zes_sim.len && i < *len; i++) {
        boards[i] = (struct thing){i, 0};
        to[i] = &boards[i];
    }
    *len = zes_sim.len;
    return ZES_OK;
}

ENUM(MemoryModules, 2)
ENUM(TemperatureSensors, 2)
ENUM(PowerDomains, 2)
ENUM(FrequencyDomains, 2)
ENUM(Fans, 1)
ENUM(RasErrorSets, 2)
ENUM(FabricPorts, 1)
ENUM(EngineGroups, 2)

FILL(DeviceGetProperties, struct zes_device_properties,
     { str_copy(ret->serial, sizeof(ret->serial), str_of(b->serial)); })
FILL(DevicePciGetProperties, struct zes_pci_properties, {
    ret->bus = b->bus;
    ret->counts_bytes = 1;
})
FILL(DevicePciGetStats, struct zes_pci_stats, {
    ret->sent = b->sent;
    ret->received = b->received;
})
FILL(MemoryGetProperties, struct zes_mem_properties, {
    ret->location = 1;
    ret->on_subdevice = 1;
    ret->subdevice = n;
})
FILL(MemoryGetState, struct zes_mem_state, {
    ret->size = b->memory_size / 2;
    ret->free = b->memory_free / 2;
})
FILL(MemoryGetBandwidth, struct zes_mem_bandwidth, {
    *ret = (struct zes_mem_bandwidth){b->memory_read / 2, b->memory_written / 2,
                                      b->memory_max_per_s / 2, b->at_us};
})
FILL(TemperatureGetProperties, struct zes_temp_properties,
     { ret->kind = n ? ZES_SENSOR_MEMORY : ZES_SENSOR_GPU; })
FILL(TemperatureGetState, double, { *ret = n ? b->memory_c : b->chip_c; })
FILL(PowerGetProperties, struct zes_power_properties, { ret->on_subdevice = !n; }) /* tile first */
FILL(PowerGetEnergyCounter, struct zes_energy, {
    *ret = (struct zes_energy){n ? b->energy_uj : b->energy_uj / 2, b->at_us};
})
FILL(FrequencyGetProperties, struct zes_freq_properties, { ret->domain = n; })
FILL(FrequencyGetState, struct zes_freq_state, { ret->actual = n ? b->memory_mhz : 1234; })
FILL(RasGetProperties, struct zes_ras_properties, { ret->kind = n; })
FILL(FabricPortGetProperties, struct zes_port_properties, {
    ret->id.fabric = 1;
    ret->id.attach = 2;
    ret->id.port = 3;
})
FILL(FabricPortGetState, struct zes_port_state, { ret->status = b->port_status; })
FILL(FabricPortGetThroughput, struct zes_port_throughput, {
    ret->sent = b->sent;
    ret->received = b->received;
})
FILL(EngineGetProperties, struct zes_engine_properties, { ret->group = n ? 3 : 1; })
FILL(EngineGetActivity, struct zes_engine_stats, {
    zes_sim.engines_counted++;
    *ret = (struct zes_engine_stats){b->engine_us[n], b->at_us};
})

API int zesFanGetState(void *handle, int units, int32_t *ret);
int zesFanGetState(void *handle, int units, int32_t *ret)
{
    *ret = units == 0 ? board_of(handle)->fan_rpm : -1;
    return answer("FanGetState");
}

API int zesRasGetState(void *handle, uint8_t clear, struct zes_ras_state *ret);
int zesRasGetState(void *handle, uint8_t clear, struct zes_ras_state *ret)
{
    if (clear)
        return ZES_NO_PERMISSION;
    memcpy(ret->count, board_of(handle)->errors[number_of(handle)], sizeof(ret->count));
    return answer("RasGetState");
}
