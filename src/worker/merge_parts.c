/* merge_parts.c - joins the parts of devices (links, errors) with the devices they belong to. */
#include "worker/merge.h"

static const struct merged_accelerator *find(const struct snapshot *s, unsigned number)
{
    for (size_t i = 0; i < s->accelerator_len; i++)
        if (s->accelerators[i].number == number)
            return &s->accelerators[i];
    return NULL;
}

static int merge_links(struct snapshot *s, const struct collector_view *views, size_t len,
                       const unsigned *base)
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
            const struct merged_accelerator *on = find(s, base[i] + r->links[j].accelerator);
            if (on)
                s->links[s->link_len++] = (struct merged_link){r->links[j], on};
        }
    }
    return 0;
}

static int merge_xids(struct snapshot *s, const struct collector_view *views, size_t len,
                      const unsigned *base)
{
    size_t most = 0;

    for (size_t i = 0; i < len; i++)
        most += views[i].held ? views[i].held->reading.xid_len : 0;
    if (!most)
        return 0;
    s->xids = arena_calloc(&s->arena, most, sizeof(*s->xids));
    if (!s->xids)
        return -ENOMEM;
    for (size_t i = 0; i < len; i++) {
        const struct reading *r = views[i].held ? &views[i].held->reading : NULL;
        for (size_t j = 0; r && j < r->xid_len; j++) {
            const struct merged_accelerator *on = find(s, base[i] + r->xids[j].accelerator);
            if (on)
                s->xids[s->xid_len++] = (struct merged_xid){r->xids[j], on};
        }
    }
    return 0;
}

int merge_parts(struct snapshot *s, const struct collector_view *views, size_t len,
                const unsigned *base)
{
    int code = merge_links(s, views, len, base);
    int next = merge_xids(s, views, len, base);

    return code ? code : next;
}
