/* rebellions_reply.c - JSON of the tool, leniently: a job must not make all devices go. */
#include "rebellions_reply.h"

#include "npu_tool.h"

#include "device/linux_card.h"
#include "device/linux_proc.h"

#include <limits.h>
#include <stdlib.h>

static void copy(char *to, size_t size, const struct yaml_node *map, const char *key)
{
    linux_proc_clean(to, size, npu_tool_text(map, key));
}

static bool unsigned_of(const struct yaml_node *map, const char *key, unsigned *ret)
{
    uint64_t value;

    if (!num_parse_u64(npu_tool_text(map, key), &value) || value > INT_MAX)
        return false;
    *ret = (unsigned)value;
    return true;
}

static bool take_die(const struct yaml_node *at, struct rebellions_die *d)
{
    const struct yaml_node *pci = yaml_get(at, "pci"), *memory = yaml_get(at, "memory");

    *d = (struct rebellions_die){.npu = 0};
    if (!unsigned_of(at, "npu", &d->npu))
        return false;
    copy(d->name, sizeof(d->name), at, "name");
    copy(d->sid, sizeof(d->sid), at, "sid");
    copy(d->uuid, sizeof(d->uuid), at, "uuid");
    copy(d->device, sizeof(d->device), at, "device");
    copy(d->status, sizeof(d->status), at, "status");
    copy(d->firmware, sizeof(d->firmware), at, "fw_ver");
    copy(d->pstate, sizeof(d->pstate), at, "pstate");
    copy(d->location, sizeof(d->location), at, "location");
    copy(d->group, sizeof(d->group), at, "group_id");
    copy(d->bus_id, sizeof(d->bus_id), pci, "bus_id");
    d->numa_node = npu_tool_number(pci, "numa_node", "");
    d->link_generation = linux_card_generation(npu_tool_text(pci, "link_speed").ptr);
    d->link_width = npu_tool_number(pci, "link_width", "");
    d->temperature_c = npu_tool_number(at, "temperature", "C");
    d->power_w = npu_tool_watts(npu_tool_text(at, "card_power"));
    d->utilization_ratio = npu_tool_number(at, "util", "%") / 100;
    d->mem_used_bytes = npu_tool_bytes(npu_tool_text(memory, "used"));
    d->mem_total_bytes = npu_tool_bytes(npu_tool_text(memory, "total"));
    return true;
}

static bool take_context(const struct yaml_node *at, struct rebellions_context *c)
{
    unsigned pid;

    *c = (struct rebellions_context){.npu = 0};
    if (!unsigned_of(at, "npu", &c->npu) || !unsigned_of(at, "pid", &pid) || !pid)
        return false;
    c->pid = (int)pid;
    c->mem_bytes = npu_tool_bytes(npu_tool_text(at, "memalloc"));
    if (c->mem_bytes == UINT64_MAX)
        c->mem_bytes = npu_tool_bytes(npu_tool_text(at, "memory"));
    return true;
}

static int by_bus(const void *a, const void *b)
{
    const struct rebellions_die *x = a, *y = b;
    int order = strcmp(x->bus_id, y->bus_id);

    return order ? order : (x->npu > y->npu) - (x->npu < y->npu);
}

static int take(struct str text, struct arena *a, struct rebellions_reply *ret, struct error *err)
{
    const struct yaml_node *root;
    int code = yaml_parse_json("rbln-smi", text, a, &root, err);

    if (code)
        return code == -ENOMEM ? code : -EBADMSG;
    const struct yaml_node *devices = yaml_get(root, "devices"),
                           *contexts = yaml_get(root, "contexts");
    if (!devices || devices->kind != YAML_LIST)
        return error_set(err, -EBADMSG, "rbln-smi: its answer lists no devices");
    copy(ret->driver, sizeof(ret->driver), root, "KMD_version");
    if (!ret->driver[0])
        copy(ret->driver, sizeof(ret->driver), root, "driver_version");
    for (const struct yaml_item *i = devices->first; i && ret->die_len < REBELLIONS_DIES;
         i = i->next)
        ret->die_len += take_die(i->value, &ret->dies[ret->die_len]);
    qsort(ret->dies, ret->die_len, sizeof(ret->dies[0]), by_bus);
    if (contexts && contexts->kind == YAML_LIST)
        for (const struct yaml_item *i = contexts->first;
             i && ret->context_len < REBELLIONS_CONTEXTS; i = i->next)
            ret->context_len += take_context(i->value, &ret->contexts[ret->context_len]);
    return 0;
}

int rebellions_parse(struct str text, struct rebellions_reply *ret, struct error *err)
{
    const char *start = text.len ? memchr(text.ptr, '{', text.len) : NULL;
    struct arena a;

    *ret = (struct rebellions_reply){.die_len = 0};
    if (!start)
        return error_set(err, -EBADMSG, "rbln-smi: its answer is no JSON");
    arena_init(&a, 0);
    int code = take(str_make(start, text.len - (size_t)(start - text.ptr)), &a, ret, err);
    arena_fini(&a);
    return code;
}
