/* zes_abi.h - what of Level Zero's interface for management (Sysman) is used, in our own words:
 * numbers and layouts of its version 1, in which structs only grow by extensions. Each struct
 * begins with its type and a pointer to extensions, which stays NULL. */
#ifndef ALGALON_DEVICE_INTEL_ZES_ABI_H
#define ALGALON_DEVICE_INTEL_ZES_ABI_H

#include <stddef.h>
#include <stdint.h>

#define ZES_OK            0
#define ZES_DEVICE_LOST   0x70000001
#define ZES_NO_PERMISSION 0x70010000
#define ZES_UNINITIALIZED 0x78000001 /* also: the loader found no driver */
#define ZES_UNSUPPORTED   0x78000003

enum zes_type {
    ZES_DEVICE_PROPERTIES = 0x1,
    ZES_PCI_PROPERTIES = 0x2,
    ZES_ENGINE_PROPERTIES = 0x5,
    ZES_PORT_PROPERTIES = 0x6,
    ZES_FREQ_PROPERTIES = 0x9,
    ZES_MEM_PROPERTIES = 0xb,
    ZES_POWER_PROPERTIES = 0xd,
    ZES_RAS_PROPERTIES = 0xf,
    ZES_TEMP_PROPERTIES = 0x14,
    ZES_PORT_STATE = 0x19,
    ZES_FREQ_STATE = 0x1b,
    ZES_MEM_STATE = 0x1e,
    ZES_RAS_STATE = 0x22,
};

#define ZES_TEXT 64

struct zes_head {
    uint32_t type;
    void *next;
};

struct zes_device_properties {
    struct zes_head head;
    uint64_t core[46]; /* struct ze_device_properties, of which nothing is used */
    uint32_t subdevices;
    char serial[ZES_TEXT], board[ZES_TEXT], brand[ZES_TEXT], model[ZES_TEXT], vendor[ZES_TEXT],
        driver[ZES_TEXT];
};

struct zes_pci_speed {
    int32_t generation, width; /* -1: unknown */
    int64_t bytes_per_s;
};

struct zes_pci_properties {
    struct zes_head head;
    uint32_t domain, bus, device, function;
    struct zes_pci_speed max;
    uint8_t counts_bytes, counts_packets, counts_replays;
};

struct zes_pci_stats {
    uint64_t timestamp_us, replays, packets, received, sent; /* bytes, as the device sees it */
    struct zes_pci_speed speed;
};

struct zes_mem_properties {
    struct zes_head head;
    uint32_t kind;
    uint8_t on_subdevice;
    uint32_t subdevice;
    uint32_t location; /* 0 the host's, 1 the device's */
    uint64_t size;
    int32_t bus_width, channels;
};

struct zes_mem_state {
    struct zes_head head;
    uint32_t health;
    uint64_t free, size;
};

struct zes_mem_bandwidth {
    uint64_t read, written, max_per_s, timestamp_us;
};

enum zes_sensor {
    ZES_SENSOR_GLOBAL,
    ZES_SENSOR_GPU,
    ZES_SENSOR_MEMORY,
};

struct zes_temp_properties {
    struct zes_head head;
    uint32_t kind;
    uint8_t on_subdevice;
    uint32_t subdevice;
    double max;
    uint8_t critical, threshold1, threshold2;
};

struct zes_power_properties {
    struct zes_head head;
    uint8_t on_subdevice;
    uint32_t subdevice;
    uint8_t can_control, threshold;
    int32_t default_mw, min_mw, max_mw;
};

struct zes_energy {
    uint64_t energy_uj, timestamp_us;
};

struct zes_freq_properties {
    struct zes_head head;
    uint32_t domain; /* 0 the GPU, 1 its memory */
    uint8_t on_subdevice;
    uint32_t subdevice;
    uint8_t can_control, throttle_event;
    double min, max;
};

struct zes_freq_state {
    struct zes_head head;
    double voltage, request, tdp, efficient, actual; /* MHz; negative: unknown */
    uint32_t throttle;
};

struct zes_ras_properties {
    struct zes_head head;
    uint32_t kind; /* 0 correctable, 1 not */
    uint8_t on_subdevice;
    uint32_t subdevice;
};

enum zes_ras {
    ZES_RAS_RESET,
    ZES_RAS_PROGRAMMING,
    ZES_RAS_DRIVER,
    ZES_RAS_COMPUTE,
    ZES_RAS_OTHER,
    ZES_RAS_CACHE,
    ZES_RAS_DISPLAY,
    ZES_RAS_CATEGORIES
};

struct zes_ras_state {
    struct zes_head head;
    uint64_t count[ZES_RAS_CATEGORIES];
};

struct zes_port_id {
    uint32_t fabric, attach;
    uint8_t port;
};

struct zes_port_speed {
    int64_t bits_per_s;
    int32_t width;
};

struct zes_port_properties {
    struct zes_head head;
    char model[256];
    uint8_t on_subdevice;
    uint32_t subdevice;
    struct zes_port_id id;
    struct zes_port_speed max_receive, max_send;
};

struct zes_port_state {
    struct zes_head head;
    uint32_t status; /* 1 healthy, 2 degraded, 3 failed, 4 disabled */
    uint32_t quality, failures;
    struct zes_port_id remote;
    struct zes_port_speed receive, send;
};

struct zes_port_throughput {
    uint64_t timestamp_us, received, sent;
};

struct zes_engine_properties {
    struct zes_head head;
    uint32_t group;
    uint8_t on_subdevice;
    uint32_t subdevice;
};

struct zes_engine_stats {
    uint64_t active_us, timestamp_us;
};

_Static_assert(sizeof(struct zes_device_properties) == 776, "zes_device_properties_t");
_Static_assert(sizeof(struct zes_pci_properties) == 56, "zes_pci_properties_t");
_Static_assert(sizeof(struct zes_pci_stats) == 56, "zes_pci_stats_t");
_Static_assert(sizeof(struct zes_mem_properties) == 48, "zes_mem_properties_t");
_Static_assert(sizeof(struct zes_port_state) == 72, "zes_fabric_port_state_t");

#endif
