/* linux_disk.h - the disk collector's inside, for its test: the call that may hang can be
 * another's.
 */
#ifndef ALGALON_DEVICE_LINUX_DISK_H
#define ALGALON_DEVICE_LINUX_DISK_H

#include "device/device.h"
#include "device/linux_file.h"

/* One question to a file system; travels to the thread aside and back. */
struct linux_disk_probe {
    char path[LINUX_PATH_MAX];
    bool answered, folder;
    uint64_t device; /* st_dev */
    uint64_t total_bytes, used_bytes, available_bytes;
};

/** statvfs() and what else must be asked there; `job` is a struct linux_disk_probe. */
void linux_disk_ask(void *job);

/** As the collector's open(), with who asks and for how long he may take. */
MUST_CHECK int linux_disk_open(const struct host_paths *paths, void (*ask)(void *job),
                               int64_t timeout_ms, void **ret, struct error *err);

#endif
