/* families.c - see families.h. */
#include "families.h"

#include "remote/remote.h"

#include <stdlib.h>

struct packing {
    struct families *to;
    size_t most;
};

static void pack(void *ctx, const struct metadata_entry *entry)
{
    struct packing *p = ctx;
    struct families *f = p->to;
    size_t before = f->bytes.len;

    if (!f->len || f->parts[f->len - 1].families == p->most) {
        struct families_part *grown = array_grow(f->parts, &f->cap, f->len + 1, sizeof(*grown));
        if (!grown)
            return;
        f->parts = grown;
        f->parts[f->len++] = (struct families_part){before, 0};
    }
    write_metadata_add(&f->bytes, entry);
    if (f->bytes.failed) { /* half an entry would spoil the message */
        f->bytes.len = before;
        f->bytes.failed = false;
        return;
    }
    f->parts[f->len - 1].end = f->bytes.len;
    f->parts[f->len - 1].families++;
}

void families_pack(struct metadata *metadata, size_t most, struct families *ret)
{
    struct packing p = {ret, most};

    *ret = (struct families){0};
    buf_init(&ret->bytes, 0);
    metadata_visit(metadata, STR(""), pack, &p);
}

void families_fini(struct families *f)
{
    buf_fini(&f->bytes);
    free(f->parts);
}

struct str families_message(const struct families *f, size_t i)
{
    size_t from = i ? f->parts[i - 1].end : 0;

    return str_make(f->bytes.ptr + from, f->parts[i].end - from);
}
