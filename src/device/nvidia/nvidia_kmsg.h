/* nvidia_kmsg.h - XIDs from the kernel's log: those of before the worker came, and those of a
 * driver whose library does not answer any more. */
#ifndef ALGALON_DEVICE_NVIDIA_NVIDIA_KMSG_H
#define ALGALON_DEVICE_NVIDIA_NVIDIA_KMSG_H

#include "device/device.h"

struct kmsg_xid {
    char bus_id[24]; /* 0000:3b:00.0 */
    unsigned xid, count;
    uint64_t boot_us; /* time since boot, as the kernel counts it; 0: the line does not say */
};

/** Reads the line of one report; `ret->count` is 1. False when the line is none, or when it is not
 * the kernel that wrote it. */
bool nvidia_kmsg_line(struct str line, struct kmsg_xid *ret);

/** Counts the XIDs in the kernel's log by GPU and code, at most `max` of them; 0 where the log may
 * not be read (it asks for CAP_SYSLOG). */
size_t nvidia_kmsg_xids(const struct host_paths *paths, struct kmsg_xid *ret, size_t max);

/* Reads on in the log at each turn; left out where the log may not be read. */
extern const struct collector nvidia_kmsg_collector;

#endif
