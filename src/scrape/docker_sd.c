/* docker_sd.c - see docker_sd.h. Paths carry no version: the daemon then speaks its newest, in
 * which the fields used here have not changed since 1.24. */
#include "scrape/docker_sd.h"

#include "scrape/ask.h"
#include "scrape/meta.h"
#include "scrape/sd_config.h"

#include <stdlib.h>

#define REFRESH_MS 60000
#define LABEL      "__meta_docker_"

struct docker_sd {
    struct ask_server server;
    struct docker_settings settings;
    struct str path; /* of the containers, with filters */
};

/* ---- containers ---- */

static const struct yaml_node *find_network(const struct yaml_node *networks, struct str id)
{
    for (const struct yaml_item *it = networks->first; it; it = it->next)
        if (str_equal(meta_text(it->value, "Id"), id))
            return it->value;
    return NULL;
}

static void set_network(struct meta *m, const struct yaml_node *network)
{
    if (!network)
        return;
    meta_set(m, LABEL "network_id", meta_text(network, "Id"));
    meta_set(m, LABEL "network_name", meta_text(network, "Name"));
    meta_set(m, LABEL "network_scope", meta_text(network, "Scope"));
    meta_set(m, LABEL "network_internal", meta_text(network, "Internal"));
    meta_set(m, LABEL "network_ingress", meta_text(network, "Ingress"));
    meta_map(m, LABEL "network_label_", NULL, meta_at(network, "Labels"));
}

/* The targets of one container in one network: one for each TCP port, or one with the fallback. */
static int add_network(const struct docker_settings *s, const struct yaml_node *container,
                       const struct meta *common, const struct yaml_node *end,
                       struct group_list *ret)
{
    const struct yaml_node *ports = meta_at(container, "Ports");
    struct str ip = meta_text(end, "IPAddress");
    char digits[NUM_MAX_TEXT];
    struct meta m;
    bool added = false;
    int code = 0;

    for (const struct yaml_item *it = ports ? ports->first : NULL; it && !code; it = it->next) {
        struct str public = meta_text(it->value, "PublicPort");
        if (!str_is(meta_text(it->value, "Type"), "tcp"))
            continue;
        meta_copy(&m, common);
        meta_set(&m, LABEL "network_ip", ip);
        meta_set(&m, LABEL "port_private", meta_text(it->value, "PrivatePort"));
        if (public.len && !str_is(public, "0")) {
            meta_set(&m, LABEL "port_public", public);
            meta_set(&m, LABEL "port_public_ip", meta_text(it->value, "IP"));
        }
        meta_host_port(&m, "__address__", ip, meta_text(it->value, "PrivatePort"));
        code = meta_add(&m, ret);
        added = true;
    }
    if (added || code)
        return code;
    meta_copy(&m, common);
    meta_set(&m, LABEL "network_ip", ip);
    if (str_is(meta_text(container, "HostConfig.NetworkMode"), "host"))
        meta_set(&m, "__address__", s->host_networking_host);
    else
        meta_host_port(&m, "__address__", ip, str_make(digits, num_print_u64(digits, s->port)));
    return meta_add(&m, ret);
}

/* The network whose name comes first. */
static const struct yaml_item *first_network(const struct yaml_node *ends)
{
    const struct yaml_item *first = ends->first;

    for (const struct yaml_item *it = ends->first; it; it = it->next)
        if (str_compare(it->key, first->key) < 0)
            first = it;
    return first;
}

static int add_container(const struct docker_settings *s, const struct yaml_node *container,
                         const struct yaml_node *networks, struct group_list *ret)
{
    const struct yaml_node *names = meta_at(container, "Names");
    const struct yaml_node *ends = meta_at(container, "NetworkSettings.Networks");
    struct meta common, m;
    int code = 0;

    if (!names || !names->first || !ends || ends->kind != YAML_MAP)
        return 0;
    meta_init(&common, &ret->arena);
    meta_set(&common, LABEL "container_id", meta_text(container, "Id"));
    if (names->first->value->kind == YAML_TEXT)
        meta_set(&common, LABEL "container_name", names->first->value->text);
    meta_set(&common, LABEL "container_network_mode",
             meta_text(container, "HostConfig.NetworkMode"));
    meta_map(&common, LABEL "container_label_", NULL, meta_at(container, "Labels"));
    bool one = s->match_first_network && ends->len > 1;
    const struct yaml_item *it = one ? first_network(ends) : ends->first;
    for (; it && !code; it = one ? NULL : it->next) {
        meta_copy(&m, &common);
        set_network(&m, find_network(networks, meta_text(it->value, "NetworkID")));
        code = add_network(s, container, &m, it->value, ret);
    }
    return code;
}

int docker_sd_read(const struct docker_settings *s, const struct yaml_node *containers,
                   const struct yaml_node *networks, struct group_list *ret, struct error *err)
{
    if (containers->kind != YAML_LIST || networks->kind != YAML_LIST)
        return error_set(err, -EINVAL, "not the answer of a Docker daemon");
    for (const struct yaml_item *it = containers->first; it; it = it->next) {
        int code = add_container(s, it->value, networks, ret);
        if (code)
            return error_errno(err, code, "containers");
    }
    return 0;
}

/* ---- asking ---- */

static int ask(void *self, const struct pull_context *ctx, struct group_list *ret,
               struct error *err)
{
    const struct docker_sd *sd = self;
    const struct yaml_node *containers, *networks;
    struct arena a;

    arena_init(&a, 0);
    int code = ask_json(&sd->server, ctx, sd->path, NULL, 0, false, &a, &containers, err);
    if (!code)
        code = ask_json(&sd->server, ctx, STR("/networks"), NULL, 0, false, &a, &networks, err);
    if (!code)
        code = docker_sd_read(&sd->settings, containers, networks, ret, err);
    arena_fini(&a);
    return code;
}

static void close_sd(void *self)
{
    struct docker_sd *sd = self;

    arena_fini(&sd->server.arena);
    free(sd);
}

static const struct pull_kind kind = {"docker", true, false, ask, close_sd};

/* ---- configuration ---- */

struct filter {
    struct str name;
    struct text_list values;
};

/* [{name: ..., values: [...]}] becomes the query of the request. */
static int read_filters(struct reader *r, const struct yaml_node *node, void *to)
{
    static const struct key keys[] = {
        {"name", reader_text, offsetof(struct filter, name)},
        {"values", reader_texts, offsetof(struct filter, values)},
    };
    struct buf json, path;

    if (yaml_is_null(node))
        return 0;
    if (node->kind != YAML_LIST)
        return reader_bad(r, node->line, "filters: a list is wanted");
    buf_init(&json, 0);
    for (const struct yaml_item *it = node->first; it; it = it->next) {
        struct filter f = {0};
        const struct key_table table = {keys, ARRAY_LEN(keys), &f};
        int code = reader_map(r, it->value, "a filter", &table, 1);
        if (!code && (!f.name.len || !f.values.len))
            code = reader_bad(r, it->line, "filters: name and values are wanted");
        if (code) {
            buf_fini(&json);
            return code;
        }
        buf_char(&json, json.len ? ',' : '{');
        buf_json(&json, f.name);
        for (size_t i = 0; i < f.values.len; i++) {
            buf_text(&json, i ? "," : ":[");
            buf_json(&json, f.values.items[i]);
        }
        buf_char(&json, ']');
    }
    buf_init(&path, 0);
    if (json.len) {
        buf_char(&json, '}');
        buf_text(&path, "/containers/json?filters=");
        buf_escape(&path, buf_str(&json));
        char *copy = path.failed ? NULL : arena_strndup(r->arena, path.ptr, path.len);
        *(struct str *)to = copy ? str_of(copy) : STR("");
    }
    buf_fini(&json);
    buf_fini(&path);
    return node->first && !((struct str *)to)->len ? reader_out_of_memory(r) : 0;
}

/* "unix:///path", "tcp://host:port", or a URL. */
static int set_host(struct reader *r, size_t line, struct docker_sd *sd, struct str host)
{
    struct str unix_scheme = STR("unix://"), tcp = STR("tcp://");
    struct buf base;

    if (str_starts(host, unix_scheme)) {
        sd->server.unix_socket = str_make(host.ptr + unix_scheme.len, host.len - unix_scheme.len);
        sd->server.base = STR("http://docker");
        return sd->server.unix_socket.len ? 0 : reader_bad(r, line, "host: unix:// wants a path");
    }
    if (str_starts(host, tcp)) {
        host = str_make(host.ptr + tcp.len, host.len - tcp.len);
    } else if (!str_starts(host, STR("http://")) && !str_starts(host, STR("https://"))) {
        return reader_bad(r, line, "host begins with unix://, tcp://, http:// or https://");
    }
    while (host.len && host.ptr[host.len - 1] == '/')
        host.len--;
    buf_init(&base, 0);
    if (!str_contains(host, STR("://")))
        buf_text(&base, "http://");
    buf_str_add(&base, host);
    char *copy = base.failed ? NULL : arena_strndup(&sd->server.arena, base.ptr, base.len);
    sd->server.base = str_make(copy, base.len);
    buf_fini(&base);
    return copy ? 0 : reader_out_of_memory(r);
}

int docker_sd_new(struct reader *r, const struct yaml_node *node, struct discovery **ret)
{
    struct settings {
        struct docker_settings docker;
        struct str host, path;
        int64_t refresh_ms;
    } s = {.docker = {.host_networking_host = STR("localhost"),
                      .port = 80,
                      .match_first_network = true},
           .path = STR("/containers/json"),
           .refresh_ms = REFRESH_MS};
    static const struct key keys[] = {
        {"host", reader_text, offsetof(struct settings, host)},
        {"port", reader_count, offsetof(struct settings, docker.port)},
        {"host_networking_host", reader_text,
         offsetof(struct settings, docker.host_networking_host)},
        {"match_first_network", reader_bool, offsetof(struct settings, docker.match_first_network)},
        {"filters", read_filters, offsetof(struct settings, path)},
        {"refresh_interval", reader_duration, offsetof(struct settings, refresh_ms)},
    };
    struct docker_sd *sd;
    struct reader own;

    int code = sd_config_begin(r, &node, sizeof(*sd), (void **)&sd, &own);
    if (code)
        return code;
    const struct key_table tables[] = {{keys, ARRAY_LEN(keys), &s},
                                       http_config_keys(&sd->server.http)};
    code = reader_map(&own, node, "docker_sd_configs", tables, ARRAY_LEN(tables));
    if (!code)
        code = http_config_settle(&own, node->line, &sd->server.http);
    if (!code && !s.host.len)
        code = reader_bad(r, node->line, "docker_sd_configs: host is missing");
    if (!code && s.refresh_ms < SD_REFRESH_MIN_MS)
        code = reader_bad(r, node->line, "docker_sd_configs: refresh_interval is shorter than 1s");
    if (!code)
        code = set_host(r, node->line, sd, s.host);
    if (code) {
        close_sd(sd);
        return code;
    }
    sd->settings = s.docker;
    sd->path = s.path;
    return sd_config_end(r, &kind, sd, s.refresh_ms, node, s.host, ret);
}
