/* receiver.c - entries of `remote_write`, from the form of the configuration into that of
 * receiver.h. */
#include "scrape/receiver.h"

#include "scrape/config.h"

#include <stdlib.h>

/* The list with the configuration that its texts live in. */
struct owned {
    struct scrape_receivers list; /* first: what users have */
    struct scrape_config *config;
};

static int fill(struct arena *a, const struct write_config *from, struct scrape_receiver *to,
                struct error *err)
{
    *to = (struct scrape_receiver){
        .url = arena_strndup(a, from->url.ptr, from->url.len),
        .timeout_ms = from->timeout_ms ? from->timeout_ms : RECEIVER_TIMEOUT_MS,
        .http = &from->http,
        .relabel = from->relabel.len ? &from->relabel : NULL,
    };
    if (from->name.len)
        to->name = arena_strndup(a, from->name.ptr, from->name.len);
    return to->url && (to->name || !from->name.len) ? 0 : error_errno(err, -ENOMEM, "remote_write");
}

int scrape_receivers_read(const char *config_file, struct scrape_receivers **ret, struct error *err)
{
    struct owned *o = xnew(struct owned);
    int code = config_load(config_file, &o->config, err);

    if (!code) {
        struct scrape_config *c = o->config;
        o->list.items = arena_calloc(&c->arena, c->write_len + 1, sizeof(*o->list.items));
        if (!o->list.items)
            code = error_errno(err, -ENOMEM, "remote_write");
        for (size_t i = 0; i < c->write_len && !code; i++, o->list.len++)
            code = fill(&c->arena, &c->writes[i], &o->list.items[i], err);
    }
    if (code)
        scrape_receivers_free(&o->list);
    else
        *ret = &o->list;
    return code;
}

void scrape_receivers_free(struct scrape_receivers *r)
{
    struct owned *o = (struct owned *)r; /* its first member */

    if (!o)
        return;
    config_free(o->config);
    free(o);
}

int scrape_receiver_relabel(const struct scrape_receiver *r, struct label_builder *b,
                            struct arena *a)
{
    return r->relabel ? relabel_apply(r->relabel, b, a) : 1;
}
