/* zes.h - the door to Level Zero's loader, libze_loader.so.1: opened at run time, every function
 * looked up by name. Nothing else of ours opens it. */
#ifndef ALGALON_DEVICE_INTEL_ZES_H
#define ALGALON_DEVICE_INTEL_ZES_H

#include "zes_abi.h"

#include "base/base.h"

/* name behind "zes", arguments; all give ZES_OK or a code. Handles are pointers. */
#define ZES_CALLS(X)                                                                               \
    X(Init, (uint32_t))                                                                            \
    X(DriverGet, (uint32_t *, void **))                                                            \
    X(DeviceGet, (void *, uint32_t *, void **))                                                    \
    X(DeviceGetProperties, (void *, struct zes_device_properties *))                               \
    X(DevicePciGetProperties, (void *, struct zes_pci_properties *))                               \
    X(DevicePciGetStats, (void *, struct zes_pci_stats *))                                         \
    X(DeviceEnumMemoryModules, (void *, uint32_t *, void **))                                      \
    X(MemoryGetProperties, (void *, struct zes_mem_properties *))                                  \
    X(MemoryGetState, (void *, struct zes_mem_state *))                                            \
    X(MemoryGetBandwidth, (void *, struct zes_mem_bandwidth *))                                    \
    X(DeviceEnumTemperatureSensors, (void *, uint32_t *, void **))                                 \
    X(TemperatureGetProperties, (void *, struct zes_temp_properties *))                            \
    X(TemperatureGetState, (void *, double *))                                                     \
    X(DeviceEnumPowerDomains, (void *, uint32_t *, void **))                                       \
    X(PowerGetProperties, (void *, struct zes_power_properties *))                                 \
    X(PowerGetEnergyCounter, (void *, struct zes_energy *))                                        \
    X(DeviceEnumFrequencyDomains, (void *, uint32_t *, void **))                                   \
    X(FrequencyGetProperties, (void *, struct zes_freq_properties *))                              \
    X(FrequencyGetState, (void *, struct zes_freq_state *))                                        \
    X(DeviceEnumFans, (void *, uint32_t *, void **))                                               \
    X(FanGetState, (void *, int, int32_t *))                                                       \
    X(DeviceEnumRasErrorSets, (void *, uint32_t *, void **))                                       \
    X(RasGetProperties, (void *, struct zes_ras_properties *))                                     \
    X(RasGetState, (void *, uint8_t, struct zes_ras_state *))                                      \
    X(DeviceEnumFabricPorts, (void *, uint32_t *, void **))                                        \
    X(FabricPortGetProperties, (void *, struct zes_port_properties *))                             \
    X(FabricPortGetState, (void *, struct zes_port_state *))                                       \
    X(FabricPortGetThroughput, (void *, struct zes_port_throughput *))                             \
    X(DeviceEnumEngineGroups, (void *, uint32_t *, void **))                                       \
    X(EngineGetProperties, (void *, struct zes_engine_properties *))                               \
    X(EngineGetActivity, (void *, struct zes_engine_stats *))

struct zes {
    void *library;
#define ZES_MEMBER(name, args) int(*name) args;
    ZES_CALLS(ZES_MEMBER)
#undef ZES_MEMBER
};

/**
 * Loads the library (`path`; NULL: as the loader of programs finds it) and looks its functions up.
 * Asks nothing of any device.
 *
 * Errors: -ENOENT  it is not there.
 *         -ENOSYS  it is older than what starts management by a call of its own (1.10, 2023).
 */
MUST_CHECK int zes_open(struct zes *z, const char *path, struct error *err);

/** Lets the library go; fine on one that was not opened. */
void zes_close(struct zes *z);

#endif
