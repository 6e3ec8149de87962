/* linux_names.h - names of containers, out of the files in which runtimes keep what they run. Only
 * files, no daemon; root alone may read most of them. Below the root of the host's file system:
 *   var/lib/docker/containers/<id>/config.v2.json                    Docker
 *   run/containerd/io.containerd.runtime.v2.task/k8s.io/<id>/config.json      containerd's CRI
 *   run/containerd/io.containerd.runtime.v2.task/default/<id>/config.json     nerdctl
 *   run/containers/storage/overlay-containers/<id>/userdata/config.json       CRI-O
 *   var/lib/containers/storage/overlay-containers/containers.json    Podman, run by root
 * What was found, or not found, is kept for the containers met last: of one that was not found the
 * files are looked at again after LINUX_NAMES_PAUSE_NS. */
#ifndef ALGALON_DEVICE_LINUX_NAMES_H
#define ALGALON_DEVICE_LINUX_NAMES_H

#include "device/device.h"

#define LINUX_NAMES_PAUSE_NS (60 * (uint64_t)NS_PER_S)
#define LINUX_NAMES_KEPT     256
#define LINUX_NAMES_FILE_MAX ((size_t)1 << 20) /* bytes of a file; a larger one is not read */

struct linux_names_entry {
    char id[65];
    bool found;
    uint64_t looked_ns;
    char container[64], pod[128], namespace[64], pod_uid[40];
};

struct linux_names {
    const char *rootfs; /* borrowed */
    struct linux_names_entry *kept;
    size_t len, next; /* next: the place that is taken when all are */
};

void linux_names_init(struct linux_names *n, const char *rootfs);
void linux_names_fini(struct linux_names *n);

/** Fills in what `owner` lacks of container, pod, namespace and number of the pod, for the
 * container with the 64 digits `id`. */
void linux_names_find(struct linux_names *n, const char *id, struct process_owner *owner,
                      uint64_t mono_ns);

enum linux_names_form {
    LINUX_NAMES_DOCKER, /* config.v2.json: "Name" */
    LINUX_NAMES_OCI,    /* config.json: "annotations" */
    LINUX_NAMES_PODMAN  /* containers.json: a list of {"id", "names"} */
};

/** What a file tells of the container `id`; false when that is no name. `text` may be anything. */
bool linux_names_parse(struct str text, enum linux_names_form form, const char *id,
                       struct linux_names_entry *ret);

#endif
