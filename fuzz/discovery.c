/* discovery.c - any bytes as the answer of a DNS server, a Docker daemon or a Kubernetes API:
 * targets are made or the answer is refused; or as the events of a watch, or as a token endpoint's.
 * The first byte says whose answer it is. */
#include "outbound/oauth2.h"
#include "scrape/dns_sd.h"
#include "scrape/docker_sd.h"
#include "scrape/kubernetes_watch.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* An object with everything a role may look at, as every kind of object. */
static void read_objects(const struct yaml_node *root, struct group_list *list)
{
    for (int role = 0; role < KUBERNETES_ROLES; role++) {
        struct kubernetes_objects o = {0};
        struct error err;
        for (int kind = 0; kind < KUBERNETES_ROLES; kind++) {
            o.lists[kind].items = calloc(1, sizeof(*o.lists[kind].items));
            if (!o.lists[kind].items)
                abort();
            o.lists[kind].items[0] = root;
            o.lists[kind].len = 1;
        }
        (void)!kubernetes_roles_read((enum kubernetes_role)role, true, &o, list, &err);
        kubernetes_objects_fini(&o);
    }
}

/* The events of a watch, in two pieces. */
static void watch(struct str text)
{
    struct kubernetes_list list = {0};
    struct kubernetes_watch w;
    struct error err;
    size_t half = text.len / 2;

    kubernetes_watch_init(&w);
    kubernetes_watch_end(&w);
    if (!kubernetes_watch_take(&w, str_make(text.ptr, half), 1 << 20, &err))
        (void)!kubernetes_watch_take(&w, str_make(text.ptr + half, text.len - half), 1 << 20, &err);
    if (kubernetes_watch_objects(&w, &list) || list.len != w.objects.len)
        abort();
    free(list.items);
    kubernetes_watch_fini(&w);
}

static void token(struct str text)
{
    struct error err;
    int64_t life_ms;
    char *value;

    if (oauth2_read(text, &value, &life_ms, &err))
        return;
    if (life_ms <= 0 || strpbrk(value, "\r\n"))
        abort();
    free(value);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const struct docker_settings settings = {STR("localhost"), 80, data && size > 1 && data[1] & 1};
    const struct yaml_node *root;
    struct group_list list;
    struct arena a;
    struct error err;

    if (!size)
        return 0;
    groups_init(&list);
    arena_init(&a, 0);
    struct str text = str_make((const char *)data + 1, size - 1);
    if (data[0] < 'd') {
        enum dns_type type = (enum dns_type)(data[0] % (DNS_NS + 1));
        (void)!dns_sd_read_answer(data + 1, size - 1, STR("n"), type, 1, &list, &err);
    } else if (data[0] == 'w') {
        watch(text);
    } else if (data[0] == 't') {
        token(text);
    } else if (!yaml_parse_json("j", text, &a, &root, &err)) {
        if (data[0] == 'd')
            (void)!docker_sd_read(&settings, root, root, &list, &err);
        else
            read_objects(root, &list);
    }
    (void)groups_hash(&list);
    groups_fini(&list);
    arena_fini(&a);
    return 0;
}
