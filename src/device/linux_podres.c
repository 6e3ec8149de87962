#include "device/linux_podres.h"

#include "device/linux_proc.h"

#define VARINT_MAX 10u /* bytes */

/* ---- protobuf ---- */

struct field {
    uint64_t number;
    bool bytes; /* it has some: length-delimited */
    struct str text;
};

static bool take_varint(struct str *from, uint64_t *ret)
{
    uint64_t n = 0;

    for (size_t i = 0; i < VARINT_MAX && i < from->len; i++) {
        uint64_t byte = (unsigned char)from->ptr[i];
        n |= (byte & 127) << (7 * i);
        if (byte < 128) {
            *from = str_make(from->ptr + i + 1, from->len - i - 1);
            *ret = n;
            return true;
        }
    }
    return false;
}

/* Takes a field; false when none stands there. */
static bool take_field(struct str *from, struct field *ret)
{
    uint64_t tag, len = 0;

    if (!take_varint(from, &tag) || !(tag >> 3))
        return false;
    *ret = (struct field){.number = tag >> 3, .bytes = (tag & 7) == 2};
    switch (tag & 7) {
    case 0:
        return take_varint(from, &len);
    case 1:
        len = 8;
        break;
    case 2:
        if (!take_varint(from, &len))
            return false;
        break;
    case 5:
        len = 4;
        break;
    default: /* groups, which nothing has used since 2008 */
        return false;
    }
    if (len > from->len)
        return false;
    ret->text = str_make(from->ptr, (size_t)len);
    *from = str_make(from->ptr + len, from->len - (size_t)len);
    return true;
}

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
    struct field f;

    while (from.len) {
        if (!take_field(&from, &f))
            return false;
        if (f.number == 2 && f.bytes)
            add(l, of, f.text);
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
    struct field f;

    while (from.len) {
        if (!take_field(&from, &f))
            return false;
        if (f.number == 2 && f.bytes)
            driver = f.text;
        if (f.number == 4 && f.bytes)
            device = f.text;
    }
    add_claimed(l, of, driver, device);
    return true;
}

static bool read_claims(struct list *l, const struct allocation *of, struct str from)
{
    struct field f;

    while (from.len)
        if (!take_field(&from, &f) || (f.number == 4 && f.bytes && !read_claim(l, of, f.text)))
            return false;
    return true;
}

/* A name may stand behind what it names: it is looked for first. */
static bool find_text(struct str from, uint64_t number, char *to, size_t size)
{
    struct field f;

    while (from.len) {
        if (!take_field(&from, &f))
            return false;
        if (f.number == number && f.bytes)
            linux_proc_clean(to, size, f.text);
    }
    return true;
}

static bool read_container(struct list *l, struct allocation *of, struct str from)
{
    struct field f;

    of->container[0] = '\0';
    if (!find_text(from, 1, of->container, sizeof(of->container)))
        return false;
    while (from.len) {
        if (!take_field(&from, &f))
            return false;
        if (f.number == 2 && f.bytes && !read_devices(l, of, f.text))
            return false;
        if (f.number == 5 && f.bytes && !read_claims(l, of, f.text))
            return false;
    }
    return true;
}

static bool read_pod(struct list *l, struct str from)
{
    struct allocation of = {.pod = ""};
    struct field f;

    if (!find_text(from, 1, of.pod, sizeof(of.pod)) ||
        !find_text(from, 2, of.namespace, sizeof(of.namespace)))
        return false;
    while (from.len)
        if (!take_field(&from, &f) || (f.number == 3 && f.bytes && !read_container(l, &of, f.text)))
            return false;
    return true;
}

int linux_podres_read(struct str message, struct arena *a, struct allocation **ret, size_t *ret_len,
                      struct error *err)
{
    struct list list = {.arena = a};
    struct field f;
    bool whole = true;

    while (whole && !list.code && message.len)
        whole = take_field(&message, &f) && (f.number != 1 || !f.bytes || read_pod(&list, f.text));
    *ret = list.items;
    *ret_len = list.len;
    if (list.code == -EFBIG)
        return error_set(err, -EFBIG, "more than %d devices", LINUX_PODRES_MAX);
    if (list.code)
        return error_errno(err, list.code, "list of devices");
    return whole ? 0 : error_set(err, -EBADMSG, "the kubelet's list of devices is damaged");
}
