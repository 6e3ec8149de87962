#include "device/linux_kubelet.h"

#include "device/linux_file.h"
#include "device/linux_proc.h"

#include <dirent.h>

#define NAMES_MAX    16384 /* entries taken of a folder: a node has some hundred pods */
#define ID_DIGITS    64
#define SHORT_DIGITS 12

void linux_kubelet_init(struct linux_kubelet *k, const char *rootfs)
{
    *k = (struct linux_kubelet){.rootfs = rootfs};
}

void linux_kubelet_fini(struct linux_kubelet *k)
{
    free(k->pods);
    free(k->containers);
    linux_kubelet_init(k, k->rootfs);
}

/* Names of Kubernetes' things hold no underscore. */
bool linux_kubelet_parse_pod(struct str name, struct linux_kubelet_pod *ret)
{
    struct str namespace = str_cut(&name, '_'), pod = {NULL, 0};

    if (name.ptr)
        pod = str_cut(&name, '_');
    if (!namespace.len || !pod.len || !name.len || name.len >= sizeof(ret->uid) ||
        memchr(name.ptr, '_', name.len))
        return false;
    linux_proc_clean(ret->namespace, sizeof(ret->namespace), namespace);
    linux_proc_clean(ret->pod, sizeof(ret->pod), pod);
    linux_proc_clean(ret->uid, sizeof(ret->uid), name);
    return true;
}

bool linux_kubelet_parse_container(struct str name, struct linux_kubelet_container *ret)
{
    if (!str_ends(name, STR(".log")))
        return false;
    name.len -= strlen(".log");
    struct str pod = str_cut(&name, '_'), namespace = {NULL, 0};
    if (name.ptr)
    namespace = str_cut(&name, '_');
    if (!name.ptr || name.len < ID_DIGITS + 2)
        return false;
    struct str id = str_make(name.ptr + name.len - ID_DIGITS, ID_DIGITS);
    for (size_t i = 0; i < id.len; i++)
        if (!strchr("0123456789abcdef", id.ptr[i]) || !id.ptr[i])
            return false;
    name.len -= ID_DIGITS + 1;
    if (name.ptr[name.len] != '-')
        return false;
    str_copy(ret->id, sizeof(ret->id), str_make(id.ptr, SHORT_DIGITS));
    linux_proc_clean(ret->name, sizeof(ret->name), name);
    linux_proc_clean(ret->pod, sizeof(ret->pod), pod);
    linux_proc_clean(ret->namespace, sizeof(ret->namespace), namespace);
    return ret->name[0] && ret->pod[0] && ret->namespace[0];
}

static DIR *open_folder(const struct linux_kubelet *k, const char *folder)
{
    char path[LINUX_PATH_MAX];
    return linux_file_path(path, k->rootfs, "%s", folder) ? opendir(path) : NULL;
}

static void list_pods(struct linux_kubelet *k)
{
    DIR *dir = open_folder(k, "var/log/pods");

    k->pod_len = 0;
    for (struct dirent *entry; dir && k->pod_len < NAMES_MAX && (entry = readdir(dir));) {
        struct linux_kubelet_pod pod;
        if (!linux_kubelet_parse_pod(str_of(entry->d_name), &pod))
            continue;
        struct linux_kubelet_pod *grown =
            array_grow(k->pods, &k->pod_cap, k->pod_len + 1, sizeof(*grown));
        if (!grown)
            break;
        k->pods = grown;
        k->pods[k->pod_len++] = pod;
    }
    if (dir)
        closedir(dir);
}

static void list_containers(struct linux_kubelet *k)
{
    DIR *dir = open_folder(k, "var/log/containers");

    k->container_len = 0;
    for (struct dirent *entry; dir && k->container_len < NAMES_MAX && (entry = readdir(dir));) {
        struct linux_kubelet_container container;
        if (!linux_kubelet_parse_container(str_of(entry->d_name), &container))
            continue;
        struct linux_kubelet_container *grown =
            array_grow(k->containers, &k->container_cap, k->container_len + 1, sizeof(*grown));
        if (!grown)
            break;
        k->containers = grown;
        k->containers[k->container_len++] = container;
    }
    if (dir)
        closedir(dir);
}

static bool fill_in(const struct linux_kubelet *k, struct process_owner *owner)
{
    for (size_t i = 0; i < k->pod_len && !owner->pod[0]; i++) {
        if (strcmp(k->pods[i].uid, owner->pod_uid) != 0)
            continue;
        memcpy(owner->pod, k->pods[i].pod, sizeof(owner->pod));
        memcpy(owner->namespace, k->pods[i].namespace, sizeof(owner->namespace));
    }
    for (size_t i = 0; i < k->container_len && (!owner->container[0] || !owner->pod[0]); i++) {
        const struct linux_kubelet_container *c = &k->containers[i];
        if (strcmp(c->id, owner->container_id) != 0)
            continue;
        memcpy(owner->container, c->name, sizeof(owner->container));
        if (!owner->pod[0]) {
            memcpy(owner->pod, c->pod, sizeof(owner->pod));
            memcpy(owner->namespace, c->namespace, sizeof(owner->namespace));
        }
    }
    return owner->pod[0] && owner->container[0];
}

void linux_kubelet_name(struct linux_kubelet *k, struct process_owner *owner, uint64_t mono_ns)
{
    if (fill_in(k, owner) || (k->listed_ns && mono_ns - k->listed_ns < LINUX_KUBELET_PAUSE_NS))
        return;
    k->listed_ns = mono_ns ? mono_ns : 1;
    list_pods(k);
    list_containers(k);
    fill_in(k, owner);
}
