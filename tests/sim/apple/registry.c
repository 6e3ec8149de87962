/* registry.c - the IORegistry and the SMC's driver. */
#include "sim.h"

#include <stdlib.h>

#define HANDLES    512
#define CONNECTION 7000u

/* What a number given out stands for: an entry, or a list of them that is walked. */
static struct handle {
    bool taken, iterator;
    unsigned entry; /* place in the list */
    unsigned list[SIM_ENTRIES];
    size_t len, at;
} handles[HANDLES];

static struct handle *handle_of(apple_port port)
{
    if (port == 0 || port > HANDLES || !handles[port - 1].taken)
        sim_die("a port is used that is none");
    return &handles[port - 1];
}

static apple_port give(void)
{
    for (unsigned i = 0; i < HANDLES; i++) {
        if (handles[i].taken)
            continue;
        handles[i] = (struct handle){.taken = true};
        apple_sim.ports++;
        return i + 1;
    }
    sim_die("ports are not let go of");
}

static const struct sim_entry *entry_of(apple_port port)
{
    const struct handle *h = handle_of(port);

    if (h->iterator)
        sim_die("an iterator is used as an entry");
    return &apple_sim.entries[h->entry];
}

int IOObjectRelease(apple_port port)
{
    handle_of(port)->taken = false;
    apple_sim.ports--;
    return APPLE_OK;
}

apple_ref IOServiceMatching(const char *class)
{
    if (sim_refused("IOServiceMatching"))
        return NULL;
    apple_ref dictionary = sim_dictionary();
    struct sim_channel name = {0};
    str_copy(name.name, sizeof(name.name), str_of(class));
    sim_set_channel(dictionary, &name);
    return dictionary;
}

int IOServiceGetMatchingServices(apple_port port, apple_ref matching, apple_port *ret)
{
    const char *class = sim_channel_of(matching)->name;
    bool refused = sim_refused("IOServiceGetMatchingServices");

    (void)port;
    if (!refused) {
        *ret = give();
        struct handle *h = handle_of(*ret);
        h->iterator = true;
        for (unsigned i = 0; i < apple_sim.entry_len; i++) {
            const struct sim_entry *e = &apple_sim.entries[i];
            if (!e->client && (!strcmp(e->class, class) || (e->kind && !strcmp(e->kind, class))))
                h->list[h->len++] = i;
        }
    }
    CFRelease(matching); /* as IOKit does, also when it fails */
    return refused ? 0x2c7 : APPLE_OK;
}

apple_port IOIteratorNext(apple_port port)
{
    struct handle *h = handle_of(port);

    if (!h->iterator)
        sim_die("an entry is used as an iterator");
    if (h->at == h->len)
        return 0;
    apple_port next = give();
    handle_of(next)->entry = h->list[h->at++];
    return next;
}

int IOObjectConformsTo(apple_port port, const char *class)
{
    const struct sim_entry *e = entry_of(port);

    return !strcmp(e->class, class) || (e->kind && !strcmp(e->kind, class));
}

static apple_ref statistics_of(const struct sim_entry *e)
{
    apple_ref d = sim_dictionary();

    if (e->load >= 0) {
        sim_put(d, "Device Utilization %", sim_number(e->load));
        sim_put(d, "Renderer Utilization %", sim_number(e->load));
    }
    sim_put(d, "In use system memory", sim_number(e->in_use));
    sim_put(d, "Alloc system memory", sim_number(4 * e->in_use));
    return d;
}

static apple_ref usage_of(const struct sim_entry *e)
{
    apple_ref list = sim_array();

    for (size_t i = 0; i < e->uses; i++) {
        apple_ref one = sim_dictionary();
        sim_put(one, "API", sim_text(e->api[i]));
        sim_put(one, "lastSubmittedTime", sim_number(1234567));
        sim_put(one, "accumulatedGPUTime", sim_number(e->gpu_ns[i]));
        sim_put(list, NULL, one);
    }
    return list;
}

static apple_ref property(const struct sim_entry *e, const char *key)
{
    if (!strcmp(key, "PerformanceStatistics") && e->in_use >= 0)
        return statistics_of(e);
    if (!strcmp(key, "AppUsage") && e->uses)
        return usage_of(e);
    if (!strcmp(key, "model") && e->model)
        return sim_data(e->model, strlen(e->model) + 1); /* as the device tree has it */
    if (!strcmp(key, "gpu-core-count") && e->cores >= 0)
        return sim_number(e->cores);
    if (!strcmp(key, "IOUserClientCreator") && e->creator)
        return sim_text(e->creator);
    if (!strcmp(key, "IOPlatformUUID") && e->uuid)
        return sim_text(e->uuid);
    for (size_t i = 0; i < e->table_len; i++)
        if (!strcmp(key, e->tables[i].key))
            return sim_data(e->tables[i].pairs, e->tables[i].len * sizeof(uint32_t));
    return NULL;
}

apple_ref IORegistryEntryCreateCFProperty(apple_port port, apple_ref key, apple_ref allocator,
                                          uint32_t options)
{
    char name[64];

    (void)allocator;
    (void)options;
    const struct sim_entry *e = entry_of(port);
    if (sim_refused("IORegistryEntryCreateCFProperty") ||
        !CFStringGetCString(key, name, sizeof(name), APPLE_UTF8))
        return NULL;
    return property(e, name);
}

int IORegistryEntryGetChildIterator(apple_port port, const char *plane, apple_port *ret)
{
    unsigned parent = handle_of(port)->entry + 1;

    if (sim_refused("IORegistryEntryGetChildIterator") || strcmp(plane, "IOService") != 0)
        return 0x2c2;
    *ret = give();
    struct handle *h = handle_of(*ret);
    h->iterator = true;
    for (unsigned i = 0; i < apple_sim.entry_len; i++)
        if (apple_sim.entries[i].parent == parent)
            h->list[h->len++] = i;
    return APPLE_OK;
}

int IORegistryEntryGetRegistryEntryID(apple_port port, uint64_t *ret)
{
    *ret = entry_of(port)->id;
    return sim_refused("IORegistryEntryGetRegistryEntryID") ? 0x2c2 : APPLE_OK;
}

int IORegistryEntryGetName(apple_port port, char *to)
{
    str_copy(to, APPLE_NAME, str_of(entry_of(port)->name));
    return sim_refused("IORegistryEntryGetName") ? 0x2c2 : APPLE_OK;
}

/* ---- the SMC ---- */

int IOServiceOpen(apple_port service, apple_port task, uint32_t type, apple_port *ret)
{
    const struct sim_entry *e = entry_of(service);

    (void)type;
    if (task != mach_task_self_ || strcmp(e->class, "AppleSMC") != 0 ||
        sim_refused("IOServiceOpen"))
        return (int)0xe00002e2; /* kIOReturnNotPermitted */
    *ret = CONNECTION;
    apple_sim.ports++;
    return APPLE_OK;
}

int IOServiceClose(apple_port connection)
{
    if (connection != CONNECTION)
        sim_die("a connection is closed that is none");
    apple_sim.ports--;
    return APPLE_OK;
}

static uint32_t packed(const char *text)
{
    const unsigned char *t = (const unsigned char *)text;

    return (uint32_t)t[0] << 24 | (uint32_t)t[1] << 16 | (uint32_t)t[2] << 8 | t[3];
}

static const struct sim_key *by_key(uint32_t key)
{
    for (size_t i = 0; i < apple_sim.key_len; i++)
        if (packed(apple_sim.keys[i].key) == key)
            return &apple_sim.keys[i];
    return NULL;
}

static void answer(const struct apple_smc *q, struct apple_smc *a)
{
    const struct sim_key *k = by_key(q->key);

    *a = (struct apple_smc){.result = APPLE_SMC_NOT_FOUND};
    if (q->command == APPLE_SMC_BY_INDEX && q->index < apple_sim.key_len)
        *a = (struct apple_smc){.key = packed(apple_sim.keys[q->index].key)};
    else if (q->command == APPLE_SMC_KEY_INFO && k)
        *a = (struct apple_smc){.size = k->size, .type = packed(k->type)};
    else if (q->command == APPLE_SMC_READ && k && q->size == k->size) {
        *a = (struct apple_smc){0};
        memcpy(a->bytes, k->bytes, k->size);
    }
}

int IOConnectCallStructMethod(apple_port connection, uint32_t selector, const void *in,
                              size_t in_size, void *out, size_t *out_size)
{
    struct apple_smc q, a;

    if (connection != CONNECTION || selector != APPLE_SMC_SELECTOR || in_size != sizeof(q) ||
        *out_size != sizeof(a))
        return (int)0xe00002c2;
    if (sim_refused("IOConnectCallStructMethod"))
        return (int)0xe00002e2;
    memcpy(&q, in, sizeof(q));
    answer(&q, &a);
    memcpy(out, &a, sizeof(a));
    return APPLE_OK;
}
