/* receiver.c - entries of `remote_write`, from the form of the configuration into that of
 * receiver.h. */
#include "scrape/receiver.h"

#include "scrape/config.h"

#include <stdlib.h>

/* The list with the configuration that its texts live in. */
struct owned {
    struct scrape_receivers list; /* first: what users have */
    struct scrape_config *config;
    atomic_uint owners;
};

static int fill(struct arena *a, const struct write_config *from, struct scrape_receiver *to,
                struct error *err)
{
    *to = (struct scrape_receiver){
        .url = arena_strndup(a, from->url.ptr, from->url.len),
        .timeout_ms = from->timeout_ms ? from->timeout_ms : RECEIVER_TIMEOUT_MS,
        .metadata_ms = from->metadata.off ? 0 : from->metadata.interval_ms,
        .metadata_families = from->metadata.families,
        .http = &from->http,
        .relabel = from->relabel.len ? &from->relabel : NULL,
        .key = from->key,
    };
    if (from->name.len)
        to->name = arena_strndup(a, from->name.ptr, from->name.len);
    return to->url && (to->name || !from->name.len) ? 0 : error_errno(err, -ENOMEM, "remote_write");
}

static int fill_given(struct arena *a, const char *url, struct scrape_receiver *to,
                      struct error *err)
{
    *to = (struct scrape_receiver){.url = arena_strndup(a, url, strlen(url)),
                                   .timeout_ms = RECEIVER_TIMEOUT_MS,
                                   .metadata_ms = RECEIVER_METADATA_MS,
                                   .metadata_families = RECEIVER_METADATA_FAMILIES,
                                   .key = hash_bytes(url, strlen(url))};
    return to->url ? 0 : error_errno(err, -ENOMEM, "--remote-write");
}

static bool same_text(const char *a, const char *b)
{
    return a && b ? !strcmp(a, b) : a == b;
}

/* A place is told by the URL, and of those with the URL of an earlier one (the tenants of a Mimir)
 * by the name too. */
static int place(struct scrape_receivers *list, size_t i, struct error *err)
{
    struct scrape_receiver *r = &list->items[i];

    r->place = hash_bytes(r->url, strlen(r->url));
    for (size_t k = 0; k < i; k++) {
        const struct scrape_receiver *other = &list->items[k];
        if (strcmp(other->url, r->url))
            continue;
        if (same_text(other->name, r->name))
            return error_set(err, -EINVAL,
                             "remote_write: two receivers of one URL%s%s: give each a name of its "
                             "own",
                             r->name ? ", called " : "", r->name ? r->name : "");
        if (r->name)
            r->place = hash_more(hash_bytes(r->url, strlen(r->url)), r->name, strlen(r->name));
    }
    return 0;
}

static int gather(struct owned *o, const char *const *urls, size_t url_len, struct error *err)
{
    struct scrape_config *c = o->config;
    struct scrape_receivers *list = &o->list;
    int code = 0;

    list->items = arena_calloc(&c->arena, url_len + c->write_len + 1, sizeof(*list->items));
    if (!list->items)
        return error_errno(err, -ENOMEM, "remote_write");
    for (size_t i = 0; i < url_len && !code; i++)
        code = fill_given(&c->arena, urls[i], &list->items[list->len++], err);
    for (size_t i = 0; i < c->write_len && !code; i++)
        code = fill(&c->arena, &c->writes[i], &list->items[list->len++], err);
    for (size_t i = 0; i < list->len && !code; i++)
        code = place(list, i, err);
    return code;
}

int scrape_receivers_read(const char *config_file, const char *const *urls, size_t url_len,
                          struct scrape_receivers **ret, struct error *err)
{
    struct owned *o = xnew(struct owned);
    int code = 0;

    atomic_init(&o->owners, 1);
    if (config_file)
        code = config_load(config_file, &o->config, err);
    else if (!(o->config = config_empty()))
        code = error_errno(err, -ENOMEM, "remote_write");
    if (!code)
        code = gather(o, urls, url_len, err);
    if (code)
        scrape_receivers_release(&o->list);
    else
        *ret = &o->list;
    return code;
}

struct scrape_receivers *scrape_receivers_hold(struct scrape_receivers *r)
{
    atomic_fetch_add(&((struct owned *)r)->owners, 1);
    return r;
}

void scrape_receivers_release(struct scrape_receivers *r)
{
    struct owned *o = (struct owned *)r; /* its first member */

    if (!o || atomic_fetch_sub(&o->owners, 1) > 1)
        return;
    config_free(o->config);
    free(o);
}

int scrape_receiver_relabel(const struct scrape_receiver *r, struct label_builder *b,
                            struct arena *a)
{
    return r->relabel ? relabel_apply(r->relabel, b, a) : 1;
}
