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

/* A terminated copy; NULL for an empty text. */
static const char *text_of(struct arena *a, struct str s, bool *failed)
{
    const char *copy = s.len ? arena_strndup(a, s.ptr, s.len) : NULL;

    *failed = *failed || (s.len && !copy);
    return copy;
}

static bool add_headers(struct arena *a, const struct http_config *http, struct scrape_receiver *to)
{
    to->headers = arena_calloc(a, http->header_len + 1, sizeof(*to->headers));
    for (size_t i = 0; to->headers && i < http->header_len; i++) {
        const struct scrape_header *h = &http->headers[i];
        size_t len = h->name.len + h->value.len + 2;
        char *line = arena_calloc(a, len + 1, 1);
        if (!line)
            return false;
        snprintf(line, len + 1, "%.*s: %.*s", STR_ARG(h->name), STR_ARG(h->value));
        to->headers[to->header_len++] = line;
    }
    return to->headers != NULL;
}

static int fill(struct arena *a, const struct write_config *from, struct scrape_receiver *to,
                struct error *err)
{
    const struct scrape_auth *auth = &from->http.auth;
    const struct scrape_tls *tls = &from->http.tls;
    bool failed = false;

    *to = (struct scrape_receiver){
        .url = text_of(a, from->url, &failed),
        .name = text_of(a, from->name, &failed),
        .timeout_ms = from->timeout_ms ? from->timeout_ms : RECEIVER_TIMEOUT_MS,
        .user = text_of(a, auth->username, &failed),
        .user_file = text_of(a, auth->username_file, &failed),
        .password = text_of(a, auth->password, &failed),
        .password_file = text_of(a, auth->password_file, &failed),
        .credentials = text_of(a, auth->credentials, &failed),
        .credentials_file = text_of(a, auth->credentials_file, &failed),
        .type = text_of(a, auth->type, &failed),
        .ca_file = text_of(a, tls->ca_file, &failed),
        .cert_file = text_of(a, tls->cert_file, &failed),
        .key_file = text_of(a, tls->key_file, &failed),
        .proxy = text_of(a, from->http.proxy.url, &failed),
        .insecure = tls->insecure_skip_verify,
        .relabel = from->relabel.len ? &from->relabel : NULL,
    };
    failed = failed || !add_headers(a, &from->http, to);
    return failed ? error_errno(err, -ENOMEM, "remote_write") : 0;
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
