/* forward_home.c - see forward_home.h. */
#include "forward_home.h"

#include <stdlib.h>

/* Whether there is something to be kept or sent in the first place. */
static bool makes_samples(const struct settings *s, unsigned parts)
{
    return parts & PART_WORKER || s->targets.len || *s->scrape_config || s->rules.len;
}

/* Where samples have nowhere else to go. */
static int check_enough(const struct settings *s, unsigned parts, size_t len, struct error *err)
{
    if (!len && parts & PART_AGENT)
        return error_set(err, -EINVAL,
                         "algalon agent needs --remote-write=URL: where to send what it scrapes");
    if (!len && *s->query_url && makes_samples(s, parts))
        return error_set(err, -EINVAL,
                         "--query-url keeps nothing here: --remote-write=URL says where that store "
                         "takes what is read, scraped and recorded");
    return 0;
}

int forward_home_read(const struct settings *s, unsigned parts, struct scrape_receivers **ret,
                      struct error *err)
{
    struct scrape_receivers *list = NULL;
    int code = scrape_receivers_read(*s->scrape_config ? s->scrape_config : NULL,
                                     s->remote_writes.items, s->remote_writes.len, &list, err);

    if (!code)
        code = check_enough(s, parts, list->len, err);
    if (code)
        scrape_receivers_release(list);
    else
        *ret = list;
    return code;
}

static enum forward_packing packing_of(const char *text)
{
    return !strcmp(text, "zstd")     ? FORWARD_PACKING_ZSTD
           : !strcmp(text, "snappy") ? FORWARD_PACKING_SNAPPY
                                     : FORWARD_PACKING_AUTO;
}

int forward_home_open(struct settings *s, struct scrape_receivers *receivers, struct store *store,
                      struct metadata *metadata, struct forward **ret, struct error *err)
{
    struct forward_options o = {
        .receivers = receivers,
        .packing = packing_of(s->remote_write_compression),
        .max_bytes = s->remote_write_queue_size,
        .max_age_ms = s->remote_write_queue_age_ms,
        .keep_oldest = !strcmp(s->remote_write_queue_full, "refuse"),
        .store = store,
        .metadata = metadata,
        .version = program_version(),
    };
    struct buf dir;

    if (!receivers->len && !*s->scrape_config)
        return 0;
    buf_init(&dir, 0);
    buf_printf(&dir, "%s/forward", service_data_dir(s));
    char *path = buf_take(&dir);
    o.dir = path;
    int code = path ? forward_open(&o, ret, err) : error_errno(err, -ENOMEM, "queue");
    free(path);
    return code;
}
