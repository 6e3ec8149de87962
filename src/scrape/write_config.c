/* write_config.c - the keys of Prometheus's RemoteWriteConfig. Those of its queue have no meaning
 * here: what waits lies on disk, bounded by options of the program. */
#include "scrape/write_config.h"

#include "scrape/relabel_config.h"

static int read_protocol(struct reader *r, const struct yaml_node *node, void *to)
{
    struct str text = STR("");
    int code = reader_text(r, node, &text);

    (void)to;
    if (!code && text.len && !str_is(text, "prometheus.WriteRequest"))
        return reader_bad(r, node->line,
                          "protobuf_message: prometheus.WriteRequest (1.0) is what is sent");
    return code;
}

static int read_false(struct reader *r, const struct yaml_node *node, void *to)
{
    bool on = false;
    int code = reader_bool(r, node, &on);

    (void)to;
    return !code && on ? reader_bad(r, node->line, "there are none to be sent") : code;
}

/* What the client for sending cannot do, said before it is missed. */
static int check_http(struct reader *r, size_t line, const struct http_config *h)
{
    if (h->oauth2)
        return reader_bad(r, line,
                          "remote_write: oauth2 is not there: let something else fetch the token "
                          "into a file and name it in authorization.credentials_file");
    if (h->tls.ca.len || h->tls.cert.len || h->tls.key.len)
        return reader_bad(r, line, "remote_write: certificates are given as files");
    if (h->tls.server_name.len || h->tls.min_version || h->tls.max_version)
        return reader_bad(r, line,
                          "remote_write: server_name, min_version and max_version are not there");
    if (h->proxy.from_environment || h->proxy.no_proxy.len || h->proxy.header_len)
        return reader_bad(r, line, "remote_write: of proxies there is proxy_url alone");
    for (size_t i = 0; i < h->header_len; i++)
        if (h->headers[i].file.len)
            return reader_bad(r, line, "remote_write: headers are not read from files");
    return 0;
}

/* `headers` is a map here, not the list of Prometheus's other places. */
static int read_headers(struct reader *r, const struct yaml_node *node, void *to)
{
    struct http_config *h = to;

    if (yaml_is_null(node))
        return 0;
    if (node->kind != YAML_MAP)
        return reader_bad(r, node->line, "headers: a map of names and values is wanted");
    if (node->len > HTTP_HEADERS_MAX || h->header_len)
        return reader_bad(r, node->line, "headers: too many");
    h->headers = arena_calloc(r->arena, node->len + 1, sizeof(*h->headers));
    if (!h->headers)
        return reader_out_of_memory(r);
    for (const struct yaml_item *it = node->first; it; it = it->next) {
        struct str value = STR("");
        int code = reader_text(r, it->value, &value);
        if (code)
            return code;
        if (memchr(value.ptr, '\n', value.len) || memchr(value.ptr, '\r', value.len) ||
            memchr(it->key.ptr, ':', it->key.len) || !it->key.len)
            return reader_bad(r, it->line, "this cannot be a header");
        h->headers[h->header_len++] = (struct scrape_header){it->key, value, STR("")};
    }
    return 0;
}

#define WRITE(field) offsetof(struct write_config, field)

static const struct key keys[] = {
    {"url", reader_url, WRITE(url)},
    {"name", reader_text, WRITE(name)},
    {"remote_timeout", reader_duration, WRITE(timeout_ms)},
    {"write_relabel_configs", relabel_config_read, WRITE(relabel)},
    {"headers", read_headers, WRITE(http)},
    {"protobuf_message", read_protocol, 0},
    {"send_exemplars", read_false, 0},
    {"send_native_histograms", read_false, 0},
    {"queue_config", reader_any, 0},
    {"metadata_config", reader_any, 0},
};

int write_config_read(struct reader *r, const struct yaml_node *node, struct write_config *to)
{
    http_config_init(&to->http);
    const struct key_table tables[] = {{keys, ARRAY_LEN(keys), to}, http_config_keys(&to->http)};
    int code = reader_map(r, node, "remote_write", tables, ARRAY_LEN(tables));

    if (!code && !to->url.len)
        code = reader_bad(r, node->line, "remote_write: url is missing");
    if (!code)
        code = http_config_settle(r, node->line, &to->http);
    return code ? code : check_http(r, node->line, &to->http);
}
