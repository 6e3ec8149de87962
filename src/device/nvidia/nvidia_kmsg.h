/* nvidia_kmsg.h - XIDs of the past, from the kernel's log: what the driver's events do not tell to
 * one who came later. */
#ifndef ALGALON_DEVICE_NVIDIA_NVIDIA_KMSG_H
#define ALGALON_DEVICE_NVIDIA_NVIDIA_KMSG_H

#include "device/device.h"

struct kmsg_xid {
    char bus_id[24]; /* 0000:3b:00.0 */
    unsigned xid, count;
};

/** Reads the line of one report; `ret->count` is 1. False when the line is none. */
bool nvidia_kmsg_line(struct str line, struct kmsg_xid *ret);

/** Counts the XIDs in the kernel's log by GPU and code, at most `max` of them; 0 where the log may
 * not be read (it asks for CAP_SYSLOG). */
size_t nvidia_kmsg_xids(const struct host_paths *paths, struct kmsg_xid *ret, size_t max);

#endif
