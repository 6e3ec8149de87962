#include "device/linux_podres.h"

#include "device/linux_proc.h"

/* ---- the messages ---- */

struct list {
    struct arena *arena;
    struct allocation *items;
    size_t len, cap;
    int code;
};

static void add(struct list *l, const struct allocation *of, struct str device)
{
    if (l->code || !device.len || device.len >= sizeof(of->device))
        return;
    if (l->len == LINUX_PODRES_MAX) {
        l->code = -EFBIG;
        return;
    }
    if (l->len == l->cap) { /* the old place stays in the arena until it is reset */
        size_t cap = l->cap ? 2 * l->cap : 16;
        struct allocation *grown = arena_alloc(l->arena, cap * sizeof(*grown));
        if (!grown) {
            l->code = -ENOMEM;
            return;
        }
        if (l->len)
            memcpy(grown, l->items, l->len * sizeof(*grown));
        l->items = grown;
        l->cap = cap;
    }
    l->items[l->len] = *of;
    linux_proc_clean(l->items[l->len].device, sizeof(l->items[l->len].device), device);
    l->len += l->items[l->len].device[0] != '\0';
}

static bool read_devices(struct list *l, const struct allocation *of, struct str from)
{
    struct protobuf_field f;

    while (from.len) {
        if (!protobuf_next(&from, &f))
            return false;
        if (protobuf_is(&f, 2))
            add(l, of, f.bytes);
    }
    return true;
}

/* NVIDIA's driver for claims names a device by the number of its node: "gpu-0", an instance of it
 * "gpu-0-mig-1g10gb-19-0". */
static void add_claimed(struct list *l, const struct allocation *of, struct str driver,
                        struct str device)
{
    char name[32];
    uint64_t number;

    if (!str_is(driver, "gpu.nvidia.com") || !str_starts(device, STR("gpu-")))
        return;
    device = str_make(device.ptr + 4, device.len - 4);
    if (!num_parse_u64(str_cut(&device, '-'), &number) || number > INT32_MAX)
        return;
    snprintf(name, sizeof(name), "nvidia%u%s", (unsigned)number, device.ptr ? "/mig" : "");
    add(l, of, str_of(name));
}

static bool read_claim(struct list *l, const struct allocation *of, struct str from)
{
    struct str driver = {NULL, 0}, device = {NULL, 0};
    struct protobuf_field f;

    while (from.len) {
        if (!protobuf_next(&from, &f))
            return false;
        if (protobuf_is(&f, 2))
            driver = f.bytes;
        if (protobuf_is(&f, 4))
            device = f.bytes;
    }
    add_claimed(l, of, driver, device);
    return true;
}

static bool read_claims(struct list *l, const struct allocation *of, struct str from)
{
    struct protobuf_field f;

    while (from.len)
        if (!protobuf_next(&from, &f) || (protobuf_is(&f, 4) && !read_claim(l, of, f.bytes)))
            return false;
    return true;
}

/* A name may stand behind what it names: it is looked for first. */
static bool find_text(struct str from, uint64_t number, char *to, size_t size)
{
    struct protobuf_field f;

    while (from.len) {
        if (!protobuf_next(&from, &f))
            return false;
        if (protobuf_is(&f, number))
            linux_proc_clean(to, size, f.bytes);
    }
    return true;
}

static bool read_container(struct list *l, struct allocation *of, struct str from)
{
    struct protobuf_field f;

    of->container[0] = '\0';
    if (!find_text(from, 1, of->container, sizeof(of->container)))
        return false;
    while (from.len) {
        if (!protobuf_next(&from, &f))
            return false;
        if (protobuf_is(&f, 2) && !read_devices(l, of, f.bytes))
            return false;
        if (protobuf_is(&f, 5) && !read_claims(l, of, f.bytes))
            return false;
    }
    return true;
}

static bool read_pod(struct list *l, struct str from)
{
    struct allocation of = {.pod = ""};
    struct protobuf_field f;

    if (!find_text(from, 1, of.pod, sizeof(of.pod)) ||
        !find_text(from, 2, of.namespace, sizeof(of.namespace)))
        return false;
    while (from.len)
        if (!protobuf_next(&from, &f) || (protobuf_is(&f, 3) && !read_container(l, &of, f.bytes)))
            return false;
    return true;
}

int linux_podres_read(struct str message, struct arena *a, struct allocation **ret, size_t *ret_len,
                      struct error *err)
{
    struct list list = {.arena = a};
    struct protobuf_field f;
    bool whole = true;

    while (whole && !list.code && message.len)
        whole = protobuf_next(&message, &f) && (!protobuf_is(&f, 1) || read_pod(&list, f.bytes));
    *ret = list.items;
    *ret_len = list.len;
    if (list.code == -EFBIG)
        return error_set(err, -EFBIG, "more than %d devices", LINUX_PODRES_MAX);
    if (list.code)
        return error_errno(err, list.code, "list of devices");
    return whole ? 0 : error_set(err, -EBADMSG, "the kubelet's list of devices is damaged");
}
