/* merge_parts.c - joins the parts of devices (links, errors, instances) with the devices they
 * belong to. */
#include "worker/merge.h"

static const struct merged_accelerator *find(const struct snapshot *s, unsigned number)
{
    for (size_t i = 0; i < s->accelerator_len; i++)
        if (s->accelerators[i].number == number)
            return &s->accelerators[i];
    return NULL;
}

static int merge_links(struct snapshot *s, const struct collector_view *views, size_t len,
                       const struct inventory *inventory)
{
    size_t most = 0;

    for (size_t i = 0; i < len; i++)
        most += views[i].held ? views[i].held->reading.link_len : 0;
    if (!most)
        return 0;
    s->links = arena_calloc(&s->arena, most, sizeof(*s->links));
    if (!s->links)
        return -ENOMEM;
    for (size_t i = 0; i < len; i++) {
        const struct reading *r = views[i].held ? &views[i].held->reading : NULL;
        for (size_t j = 0; r && j < r->link_len; j++) {
            const struct merged_accelerator *on =
                find(s, merge_number(inventory, i, r->links[j].accelerator));
            if (on)
                s->links[s->link_len++] = (struct merged_link){r->links[j], on};
        }
    }
    return 0;
}

/* ---- errors ---- */

static struct merged_xid *find_xid(const struct snapshot *s, const struct merged_accelerator *on,
                                   unsigned code)
{
    for (size_t i = 0; i < s->xid_len; i++)
        if (s->xids[i].on == on && s->xids[i].xid.xid == code)
            return &s->xids[i];
    return NULL;
}

/* The driver's events and the kernel's log tell of the same errors, each of some that the other
 * misses: the higher count is the truer. */
static void add_logged(struct snapshot *s, const struct merged_accelerator *on,
                       const struct logged_xid *x)
{
    struct merged_xid *to = find_xid(s, on, x->xid);

    if (!to) {
        to = &s->xids[s->xid_len++];
        *to = (struct merged_xid){{.accelerator = on->device.index, .xid = x->xid}, on};
    }
    to->xid.count = MAX(to->xid.count, x->count);
    to->xid.recent = MAX(to->xid.recent, x->recent);
    to->xid.last_s = fmax(to->xid.last_s, x->last_s);
    to->xid.meaning = x->meaning;
}

/* Which of a device's errors is the latest, and how many it had. */
static void sum_up(struct snapshot *s, struct merged_accelerator *on)
{
    struct merged_xid *latest = NULL;
    double sum = 0;

    for (size_t i = 0; i < s->xid_len; i++) {
        struct merged_xid *x = &s->xids[i];
        if (x->on != on)
            continue;
        x->xid.latest = false;
        latest = latest && latest->xid.last_s > x->xid.last_s ? latest : x;
        sum += (double)x->xid.count;
    }
    if (!latest)
        return;
    latest->xid.latest = true;
    on->device.detail.xid_events_total = sum;
}

static void merge_logged(struct snapshot *s, const struct reading *r)
{
    for (size_t i = 0; i < r->logged_xid_len; i++)
        for (size_t k = 0; k < s->accelerator_len; k++)
            if (strcmp(s->accelerators[k].device.pci_bus_id, r->logged_xids[i].bus_id) == 0) {
                add_logged(s, &s->accelerators[k], &r->logged_xids[i]);
                break;
            }
    for (size_t k = 0; r->logged_xid_len && k < s->accelerator_len; k++)
        sum_up(s, &s->accelerators[k]);
}

static int merge_xids(struct snapshot *s, const struct collector_view *views, size_t len,
                      const struct inventory *inventory)
{
    size_t most = 0;

    for (size_t i = 0; i < len; i++)
        if (views[i].held)
            most += views[i].held->reading.xid_len + views[i].held->reading.logged_xid_len;
    if (!most)
        return 0;
    s->xids = arena_calloc(&s->arena, most, sizeof(*s->xids));
    if (!s->xids)
        return -ENOMEM;
    for (size_t i = 0; i < len; i++) {
        const struct reading *r = views[i].held ? &views[i].held->reading : NULL;
        for (size_t j = 0; r && j < r->xid_len; j++) {
            const struct merged_accelerator *on =
                find(s, merge_number(inventory, i, r->xids[j].accelerator));
            if (on)
                s->xids[s->xid_len++] = (struct merged_xid){r->xids[j], on};
        }
    }
    for (size_t i = 0; i < len; i++)
        if (views[i].held)
            merge_logged(s, &views[i].held->reading);
    return 0;
}

/* ---- instances and other lists ---- */

static int merge_instances(struct snapshot *s, const struct collector_view *views, size_t len,
                           const struct inventory *inventory)
{
    size_t most = 0;

    for (size_t i = 0; i < len; i++)
        most += views[i].held ? views[i].held->reading.instance_len : 0;
    if (!most)
        return 0;
    s->instances = arena_calloc(&s->arena, most, sizeof(*s->instances));
    if (!s->instances)
        return -ENOMEM;
    for (size_t i = 0; i < len; i++) {
        const struct reading *r = views[i].held ? &views[i].held->reading : NULL;
        for (size_t j = 0; r && j < r->instance_len; j++) {
            const struct merged_accelerator *on =
                find(s, merge_number(inventory, i, r->instances[j].accelerator));
            if (on)
                s->instances[s->instance_len++] = (struct merged_instance){r->instances[j], on};
        }
    }
    return 0;
}

/* Joins one list of a reading (`list`, of things with a member `accelerator`) into `to`. */
#define MERGE(list, len_of, part)                                                                  \
    size_t most = 0;                                                                               \
    for (size_t i = 0; i < len; i++)                                                               \
        most += views[i].held ? views[i].held->reading.len_of : 0;                                 \
    if (!most)                                                                                     \
        return 0;                                                                                  \
    s->list = arena_calloc(&s->arena, most, sizeof(*s->list));                                     \
    if (!s->list)                                                                                  \
        return -ENOMEM;                                                                            \
    for (size_t i = 0; i < len; i++) {                                                             \
        const struct reading *r = views[i].held ? &views[i].held->reading : NULL;                  \
        for (size_t j = 0; r && j < r->len_of; j++) {                                              \
            const struct merged_accelerator *on =                                                  \
                find(s, merge_number(inventory, i, r->list[j].accelerator));                       \
            if (!on)                                                                               \
                continue;                                                                          \
            s->list[s->len_of].part = r->list[j];                                                  \
            s->list[s->len_of++].on = on;                                                          \
        }                                                                                          \
    }                                                                                              \
    return 0;

static int merge_links_fifth(struct snapshot *s, const struct collector_view *views, size_t len,
                             const struct inventory *inventory)
{
    MERGE(links_fifth, link_fifth_len, link)
}

static int merge_vgpus(struct snapshot *s, const struct collector_view *views, size_t len,
                       const struct inventory *inventory)
{
    MERGE(vgpus, vgpu_len, vgpu)
}

static int merge_device_parts(struct snapshot *s, const struct collector_view *views, size_t len,
                              const struct inventory *inventory)
{
    MERGE(parts, part_len, part)
}

static int merge_accounts(struct snapshot *s, const struct collector_view *views, size_t len,
                          const struct inventory *inventory)
{
    MERGE(accounts, account_len, account)
}

static int join_peers(struct snapshot *s, const struct collector_view *views, size_t len,
                      const struct inventory *inventory)
{
    MERGE(peers, peer_len, peer)
}

/* Both ends of a pair are of one platform. */
static int merge_peers(struct snapshot *s, const struct collector_view *views, size_t len,
                       const struct inventory *inventory)
{
    int code = join_peers(s, views, len, inventory);
    size_t at = 0;

    for (size_t i = 0; i < len; i++) {
        const struct reading *r = views[i].held ? &views[i].held->reading : NULL;
        for (size_t j = 0; r && j < r->peer_len && at < s->peer_len; j++) {
            if (!find(s, merge_number(inventory, i, r->peers[j].accelerator)))
                continue; /* it was left out above too */
            s->peers[at++].other = find(s, merge_number(inventory, i, r->peers[j].peer));
        }
    }
    return code;
}

/* The row of an instance: its own memory and profile, and what the board has for all. */
static void add_row(struct snapshot *s, const struct merged_instance *m)
{
    struct merged_accelerator *row = &s->rows[s->row_len++];

    *row = *m->on;
    row->instance = &m->instance;
    row->device.mem_used_bytes = m->instance.mem_used_bytes;
    row->device.mem_free_bytes = m->instance.mem_free_bytes;
    row->device.mem_total_bytes = m->instance.mem_total_bytes;
    row->device.mem_reserved_bytes = m->instance.mem_reserved_bytes;
    memcpy(row->device.detail.profile, m->instance.profile, sizeof(m->instance.profile));
}

static int make_rows(struct snapshot *s)
{
    if (!s->instance_len)
        return 0;
    s->rows = arena_calloc(&s->arena, s->accelerator_len + s->instance_len, sizeof(*s->rows));
    if (!s->rows)
        return -ENOMEM;
    for (size_t i = 0; i < s->accelerator_len; i++) {
        size_t before = s->row_len;
        for (size_t k = 0; k < s->instance_len; k++)
            if (s->instances[k].on == &s->accelerators[i])
                add_row(s, &s->instances[k]);
        if (s->row_len == before)
            s->rows[s->row_len++] = s->accelerators[i];
    }
    return 0;
}

int merge_parts(struct snapshot *s, const struct collector_view *views, size_t len,
                const struct inventory *inventory)
{
    int code = merge_links(s, views, len, inventory);
    int next = merge_xids(s, views, len, inventory);

    code = code ? code : next;
    next = merge_instances(s, views, len, inventory);
    code = code ? code : next;
    next = merge_links_fifth(s, views, len, inventory);
    code = code ? code : next;
    next = merge_vgpus(s, views, len, inventory);
    code = code ? code : next;
    next = merge_device_parts(s, views, len, inventory);
    code = code ? code : next;
    next = merge_accounts(s, views, len, inventory);
    code = code ? code : next;
    next = merge_peers(s, views, len, inventory);
    code = code ? code : next;
    next = make_rows(s);
    return code ? code : next;
}

/* The kernel keeps fifteen letters of a name. */
#define MPS_SERVER "nvidia-cuda-mps"

void merge_mps_servers(struct snapshot *s)
{
    if (s->process_count == UNKNOWN_COUNT)
        return;
    for (size_t i = 0; i < s->accelerator_len; i++)
        if (s->accelerators[i].processes != UNKNOWN_COUNT)
            s->accelerators[i].mps_servers = 0;
    for (size_t i = 0; i < s->device_process_len; i++) {
        const struct merged_process *p = &s->device_processes[i];
        if (!p->known || strncmp(p->host.name, MPS_SERVER, strlen(MPS_SERVER)) != 0)
            continue;
        for (size_t k = 0; k < s->accelerator_len; k++)
            if (s->accelerators[k].number == p->number &&
                s->accelerators[k].mps_servers != UNKNOWN_COUNT)
                s->accelerators[k].mps_servers++;
    }
}
