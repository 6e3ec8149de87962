#include "worker/openers.h"

#include "worker/given.h"

void openers_fini(struct openers *o)
{
    free(o->devices);
    *o = (struct openers){.len = 0};
}

static const struct reading *reading_of(const struct snapshot *s)
{
    for (size_t i = 0; s->accelerator_len && i < s->held_len; i++)
        if (s->held[i]->reading.openers_known)
            return &s->held[i]->reading;
    return NULL;
}

static struct openers_since *since_of(struct openers *o, unsigned number)
{
    for (size_t i = 0; i < o->len; i++)
        if (o->devices[i].number == number)
            return &o->devices[i];
    struct openers_since *grown = array_grow(o->devices, &o->cap, o->len + 1, sizeof(*grown));
    if (!grown)
        return NULL;
    o->devices = grown;
    grown[o->len] = (struct openers_since){.number = number};
    return &grown[o->len++];
}

static bool is_listed(const struct snapshot *s, int pid, unsigned number)
{
    for (size_t i = 0; i < s->device_process_len; i++)
        if (s->device_processes[i].use.pid == pid && s->device_processes[i].number == number)
            return true;
    return false;
}

static const struct process *find_process(const struct snapshot *s, int pid)
{
    for (size_t i = 0; i < s->held_len; i++) {
        const struct reading *r = &s->held[i]->reading;
        for (size_t j = 0; j < r->process_len; j++)
            if (r->processes[j].pid == pid)
                return &r->processes[j];
    }
    return NULL;
}

/* Counts those of one device, and names them while `named`. */
static void find_on(struct snapshot *s, const struct reading *r, struct merged_accelerator *on,
                    bool named)
{
    unsigned minor = given_minor_of(&on->device);
    size_t shown = 0;

    on->open_unlisted = 0;
    for (size_t i = 0; i < r->opener_len; i++) {
        if (r->openers[i].minor != minor || is_listed(s, r->openers[i].pid, on->number))
            continue;
        on->open_unlisted++;
        if (named && shown++ < OPENERS_PER_DEVICE)
            s->openers[s->opener_len++] = (struct merged_opener){
                .pid = r->openers[i].pid,
                .on = on,
                .host = find_process(s, r->openers[i].pid),
            };
    }
}

int openers_find(struct openers *o, struct snapshot *s, uint64_t mono_ns)
{
    const struct reading *r = reading_of(s);

    if (!r)
        return 0;
    s->openers =
        arena_calloc(&s->arena, OPENERS_PER_DEVICE * s->accelerator_len + 1, sizeof(*s->openers));
    if (!s->openers)
        return -ENOMEM;
    for (size_t i = 0; i < s->accelerator_len; i++) {
        struct merged_accelerator *on = &s->accelerators[i];
        struct openers_since *since = since_of(o, on->number);
        if (!since)
            return -ENOMEM;
        bool much = on->mem_unattributed_bytes != UNKNOWN_COUNT &&
                    on->mem_unattributed_bytes >= OPENERS_MEMORY_BYTES;
        since->since_ns = !much ? 0 : since->since_ns ? since->since_ns : mono_ns;
        if (on->processes != UNKNOWN_COUNT && given_minor_of(&on->device) < DEVICE_MINORS)
            find_on(s, r, on, much && mono_ns - since->since_ns >= OPENERS_AFTER_NS);
    }
    return 0;
}
