/* sd_config.c - see sd_config.h. */
#include "scrape/sd_config.h"

#include "scrape/ask.h"
#include "scrape/dns_sd.h"
#include "scrape/docker_sd.h"
#include "scrape/http_sd.h"
#include "scrape/kubernetes_sd.h"

#include <stdlib.h>

static void add_discovery(struct scrape_job *job, struct discovery *d)
{
    struct discovery **end = &job->discoveries;
    while (*end)
        end = &(*end)->next;
    *end = d;
}

/* Reads a list of discoveries, each made by `make`. */
static int read_all(struct reader *r, const struct yaml_node *node, struct scrape_job *job,
                    int (*make)(struct reader *r, const struct yaml_node *node,
                                struct discovery **ret))
{
    if (yaml_is_null(node))
        return 0;
    if (node->kind != YAML_LIST)
        return reader_bad(r, node->line, "a list of discoveries is wanted");
    for (const struct yaml_item *it = node->first; it; it = it->next) {
        struct discovery *d;
        int code = it->value->kind == YAML_MAP
                       ? make(r, it->value, &d)
                       : reader_bad(r, it->line, "an empty entry in a list of discoveries");
        if (code)
            return code;
        add_discovery(job, d);
    }
    return 0;
}

static int read_static(struct reader *r, const struct yaml_node *node, void *to)
{
    struct discovery *d;

    int code = discovery_static(r->name, node, &d, r->err);
    if (!code)
        add_discovery(to, d);
    return code;
}

/* As in Prometheus: the ending tells the format, and only the last part may have wildcards. */
static bool pattern_is_good(struct str path)
{
    static const char *const endings[] = {".json", ".yml", ".yaml", ".JSON", ".YML", ".YAML"};
    const char *slash = memrchr(path.ptr, '/', path.len);
    bool ending = false;

    for (size_t i = 0; i < ARRAY_LEN(endings); i++)
        ending |= str_ends(path, str_of(endings[i]));
    return ending && !(slash && memchr(path.ptr, '*', (size_t)(slash - path.ptr)));
}

static int make_files(struct reader *r, const struct yaml_node *node, struct discovery **ret)
{
    struct settings {
        struct text_list files;
        int64_t refresh_ms;
    } s = {0};
    /* refresh_interval is taken for Prometheus's sake: files are looked at every second anyway. */
    static const struct key keys[] = {
        {"files", reader_paths, offsetof(struct settings, files)},
        {"refresh_interval", reader_duration, offsetof(struct settings, refresh_ms)},
    };
    const struct key_table table = {keys, ARRAY_LEN(keys), &s};

    int code = reader_map(r, node, "file_sd_configs", &table, 1);
    if (code)
        return code;
    if (!s.files.len)
        return reader_bad(r, node->line, "file_sd_configs: files is missing");
    for (size_t i = 0; i < s.files.len; i++)
        if (!pattern_is_good(s.files.items[i]))
            return reader_bad(r, node->line,
                              "files: a path ends in .json, .yml or .yaml, with * in its last "
                              "part only");
    *ret = discovery_files(s.files.items, s.files.len);
    return *ret ? 0 : reader_out_of_memory(r);
}

#define LIST_READER(function, make)                                                                \
    static int function(struct reader *r, const struct yaml_node *node, void *to)                  \
    {                                                                                              \
        return read_all(r, node, to, make);                                                        \
    }
LIST_READER(read_files, make_files)
LIST_READER(read_http, http_sd_new)
LIST_READER(read_dns, dns_sd_new)
LIST_READER(read_docker, docker_sd_new)
LIST_READER(read_kubernetes, kubernetes_sd_new)

static const struct key keys[] = {
    {"static_configs", read_static, 0},    {"file_sd_configs", read_files, 0},
    {"http_sd_configs", read_http, 0},     {"dns_sd_configs", read_dns, 0},
    {"docker_sd_configs", read_docker, 0}, {"kubernetes_sd_configs", read_kubernetes, 0},
};

struct key_table sd_config_keys(struct scrape_job *job)
{
    return (struct key_table){keys, ARRAY_LEN(keys), job};
}

int sd_config_check_addresses(struct reader *r, const struct yaml_node *job)
{
    const struct yaml_node *groups = yaml_get(job, "static_configs");

    for (const struct yaml_item *g = groups ? groups->first : NULL; g; g = g->next) {
        const struct yaml_node *targets = yaml_get(g->value, "targets");
        for (const struct yaml_item *it = targets ? targets->first : NULL; it; it = it->next)
            if (memchr(it->value->text.ptr, '/', it->value->text.len))
                return error_set(r->err, -EINVAL,
                                 "%s:%zu: '%.*s' is not an address (host:port; path and scheme are "
                                 "given as metrics_path and scheme)",
                                 r->name, it->line, (int)MIN(it->value->text.len, (size_t)100),
                                 it->value->text.ptr);
    }
    return 0;
}

int sd_config_begin(struct reader *r, const struct yaml_node **node, size_t size, void **ret_state,
                    struct reader *ret_reader)
{
    struct ask_server *server = calloc(1, size);

    if (!server)
        return reader_out_of_memory(r);
    arena_init(&server->arena, 0);
    http_config_init(&server->http);
    *ret_reader = *r;
    ret_reader->arena = &server->arena;
    ret_reader->warnings = NULL; /* their texts would be the discovery's */
    *node = yaml_copy(*node, &server->arena);
    if (!*node) {
        arena_fini(&server->arena);
        free(server);
        return reader_out_of_memory(r);
    }
    *ret_state = server;
    return 0;
}

int sd_config_end(struct reader *r, const struct pull_kind *kind, void *state, int64_t refresh_ms,
                  const struct yaml_node *node, struct str what, struct discovery **ret)
{
    char name[200];
    uint64_t folder = hash_bytes(r->folder.ptr, r->folder.len); /* paths are relative to it */

    str_copy(name, sizeof(name), what);
    *ret = pull_new(kind, state, refresh_ms, yaml_hash(node) ^ folder, name);
    if (*ret)
        return 0;
    kind->close(state);
    return reader_out_of_memory(r);
}
