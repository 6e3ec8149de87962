#include "device/linux_names.h"

#include "device/linux_file.h"
#include "device/linux_proc.h"

#define ID_DIGITS   64
#define ARENA_BYTES ((size_t)16 << 20) /* a tree of the largest file that is read */

void linux_names_init(struct linux_names *n, const char *rootfs)
{
    *n = (struct linux_names){.rootfs = rootfs};
}

void linux_names_fini(struct linux_names *n)
{
    free(n->kept);
    linux_names_init(n, n->rootfs);
}

/* ---- one file ---- */

static void take(char *to, size_t size, const struct yaml_node *node)
{
    if (node && node->kind == YAML_TEXT && !to[0])
        linux_proc_clean(to, size, node->text);
}

static void read_docker(const struct yaml_node *top, struct linux_names_entry *ret)
{
    const struct yaml_node *name = yaml_get(top, "Name");

    if (!name || name->kind != YAML_TEXT)
        return;
    struct str text = name->text;
    if (str_starts(text, STR("/"))) /* Docker writes "/web" */
        text = str_make(text.ptr + 1, text.len - 1);
    linux_proc_clean(ret->container, sizeof(ret->container), text);
}

static void read_oci(const struct yaml_node *top, struct linux_names_entry *ret)
{
    static const struct {
        const char *key;
        size_t offset, size;
    } keys[] = {
#define PLACE(member)                                                                              \
    offsetof(struct linux_names_entry, member), sizeof(((struct linux_names_entry *)0)->member)
        {"io.kubernetes.cri.container-name", PLACE(container)},
        {"io.kubernetes.cri.sandbox-name", PLACE(pod)},
        {"io.kubernetes.cri.sandbox-namespace", PLACE(namespace)},
        {"io.kubernetes.cri.sandbox-uid", PLACE(pod_uid)},
        {"io.kubernetes.container.name", PLACE(container)},
        {"io.kubernetes.pod.name", PLACE(pod)},
        {"io.kubernetes.pod.namespace", PLACE(namespace)},
        {"io.kubernetes.pod.uid", PLACE(pod_uid)},
        {"nerdctl/name", PLACE(container)},
#undef PLACE
    };
    const struct yaml_node *notes = yaml_get(top, "annotations");

    for (size_t i = 0; i < ARRAY_LEN(keys); i++)
        take((char *)ret + keys[i].offset, keys[i].size, yaml_get(notes, keys[i].key));
}

static void read_podman(const struct yaml_node *top, const char *id, struct linux_names_entry *ret)
{
    if (top->kind != YAML_LIST)
        return;
    for (const struct yaml_item *item = top->first; item; item = item->next) {
        const struct yaml_node *number = yaml_get(item->value, "id");
        const struct yaml_node *names = yaml_get(item->value, "names");
        if (number && number->kind == YAML_TEXT && str_is(number->text, id) && names &&
            names->kind == YAML_LIST && names->first)
            take(ret->container, sizeof(ret->container), names->first->value);
    }
}

bool linux_names_parse(struct str text, enum linux_names_form form, const char *id,
                       struct linux_names_entry *ret)
{
    const struct yaml_node *top;
    struct arena arena;

    arena_init(&arena, ARENA_BYTES);
    if (!yaml_parse_json("", text, &arena, &top, NULL)) {
        if (form == LINUX_NAMES_DOCKER)
            read_docker(top, ret);
        else if (form == LINUX_NAMES_OCI)
            read_oci(top, ret);
        else
            read_podman(top, id, ret);
    }
    arena_fini(&arena);
    return ret->container[0] || ret->pod[0];
}

/* ---- the files ---- */

static const struct {
    const char *front, *back; /* of the path, around the id; NULL: one file for all */
    enum linux_names_form form;
} places[] = {
    {"var/lib/docker/containers/", "/config.v2.json", LINUX_NAMES_DOCKER},
    {"run/containerd/io.containerd.runtime.v2.task/k8s.io/", "/config.json", LINUX_NAMES_OCI},
    {"run/containers/storage/overlay-containers/", "/userdata/config.json", LINUX_NAMES_OCI},
    {"run/containerd/io.containerd.runtime.v2.task/default/", "/config.json", LINUX_NAMES_OCI},
    {"var/lib/containers/storage/overlay-containers/containers.json", NULL, LINUX_NAMES_PODMAN},
};

static bool look(const struct linux_names *n, const char *id, struct linux_names_entry *ret)
{
    for (size_t i = 0; i < ARRAY_LEN(places); i++) {
        char path[LINUX_PATH_MAX];
        struct buf text;
        bool found = false;
        if (!linux_file_path(path, n->rootfs, "%s%s%s", places[i].front, places[i].back ? id : "",
                             places[i].back ? places[i].back : ""))
            continue;
        buf_init(&text, LINUX_NAMES_FILE_MAX + 65536);
        if (!file_read(path, LINUX_NAMES_FILE_MAX, &text, NULL))
            found = linux_names_parse(str_make(text.ptr, text.len), places[i].form, id, ret);
        buf_fini(&text);
        if (found)
            return true;
    }
    return false;
}

static struct linux_names_entry *entry_of(struct linux_names *n, const char *id)
{
    for (size_t i = 0; i < n->len; i++)
        if (!strcmp(n->kept[i].id, id))
            return &n->kept[i];
    if (!n->kept)
        n->kept = xcalloc(LINUX_NAMES_KEPT, sizeof(*n->kept));
    struct linux_names_entry *e = &n->kept[n->len < LINUX_NAMES_KEPT ? n->len++ : n->next];
    if (n->len == LINUX_NAMES_KEPT)
        n->next = (n->next + 1) % LINUX_NAMES_KEPT;
    *e = (struct linux_names_entry){.found = false};
    str_copy(e->id, sizeof(e->id), str_of(id));
    return e;
}

static void fill(char *to, size_t size, const char *from)
{
    if (!to[0])
        str_copy(to, size, str_of(from));
}

void linux_names_find(struct linux_names *n, const char *id, struct process_owner *owner,
                      uint64_t mono_ns)
{
    if (strlen(id) != ID_DIGITS)
        return;
    struct linux_names_entry *e = entry_of(n, id);
    if (!e->found && (!e->looked_ns || mono_ns - e->looked_ns >= LINUX_NAMES_PAUSE_NS)) {
        e->looked_ns = mono_ns ? mono_ns : 1;
        e->found = look(n, id, e);
    }
    fill(owner->container, sizeof(owner->container), e->container);
    fill(owner->pod, sizeof(owner->pod), e->pod);
    fill(owner->namespace, sizeof(owner->namespace), e->namespace);
    fill(owner->pod_uid, sizeof(owner->pod_uid), e->pod_uid);
}
