/* alert_config.c - the keys of Prometheus's AlertingConfig and AlertmanagerConfig. */
#include "scrape/alert_config.h"

#include "scrape/relabel_config.h"
#include "scrape/sd_config.h"
#include "scrape/target.h"

#include <stdlib.h>

#define TIMEOUT_MS 10000
#define API_PATH   "api/v2/alerts"
#define PATH_LABEL "__alerts_path__"

/* ---- values ---- */

static int read_version(struct reader *r, const struct yaml_node *node, void *to)
{
    struct str text = STR("");
    int code = reader_text(r, node, &text);

    (void)to;
    if (code || !text.len || str_is(text, "v2"))
        return code;
    if (str_is(text, "v1"))
        return reader_bad(r, node->line,
                          "api_version v1 is gone from Alertmanager since 0.27: v2 is spoken, by "
                          "every Alertmanager from 0.16 on");
    return reader_bad(r, node->line, "api_version is v2");
}

static int read_scheme(struct reader *r, const struct yaml_node *node, void *to)
{
    int code = reader_text(r, node, to);

    if (!code && !str_is(*(struct str *)to, "http") && !str_is(*(struct str *)to, "https"))
        return reader_bad(r, node->line, "scheme is http or https");
    return code;
}

static int read_sigv4(struct reader *r, const struct yaml_node *node, void *to)
{
    (void)to;
    return yaml_is_null(node)
               ? 0
               : reader_bad(r, node->line,
                            "sigv4 is not supported: let a proxy that signs (aws-sigv4-proxy) "
                            "stand before the Alertmanager");
}

/* path_prefix and what stands behind it, with one slash between parts. */
static int settle_path(struct reader *r, struct str prefix, struct str *ret)
{
    struct buf path;

    buf_init(&path, 0);
    for (struct str rest = prefix; rest.ptr;) {
        struct str part = str_cut(&rest, '/');
        if (part.len) {
            buf_char(&path, '/');
            buf_str_add(&path, part);
        }
    }
    buf_text(&path, "/" API_PATH);
    char *copy = path.failed ? NULL : arena_strndup(r->arena, path.ptr, path.len);
    *ret = str_make(copy, path.len);
    buf_fini(&path);
    return copy ? 0 : reader_out_of_memory(r);
}

/* ---- entries ---- */

#define ENTRY(field) offsetof(struct alert_config, field)

static int read_entry(struct reader *r, const struct yaml_node *node, struct alert_config *to)
{
    static const struct key keys[] = {
        {"scheme", read_scheme, ENTRY(source.scheme)},
        {"path_prefix", reader_text, ENTRY(path)},
        {"timeout", reader_duration, ENTRY(timeout_ms)},
        {"api_version", read_version, 0},
        {"relabel_configs", relabel_config_read, ENTRY(source.relabel)},
        {"alert_relabel_configs", relabel_config_read, ENTRY(relabel)},
        {"sigv4", read_sigv4, 0},
    };

    to->source.name = STR("alertmanagers");
    to->source.scheme = STR("http");
    to->path = STR("");
    to->timeout_ms = TIMEOUT_MS;
    http_config_init(&to->http);
    const struct key_table tables[] = {
        {keys, ARRAY_LEN(keys), to}, http_config_keys(&to->http), sd_config_keys(&to->source)};
    int code = reader_map(r, node, "alertmanagers", tables, ARRAY_LEN(tables));
    if (!code)
        code = http_config_settle(r, node->line, &to->http);
    if (!code)
        code = settle_path(r, to->path, &to->path);
    if (!code && to->timeout_ms < 1)
        code = reader_bad(r, node->line, "alertmanagers: timeout is too short");
    to->key = yaml_hash(node) ^ hash_bytes(r->folder.ptr, r->folder.len);
    return code || to->source.relabel.len ? code : sd_config_check_addresses(r, node);
}

static int read_entries(struct reader *r, const struct yaml_node *node, void *to)
{
    struct alerting *a = to;
    int code = 0;

    if (yaml_is_null(node))
        return 0;
    if (node->kind != YAML_LIST)
        return reader_bad(r, node->line, "alertmanagers: a list is wanted");
    for (const struct yaml_item *it = node->first; it && !code; it = it->next) {
        if (a->len == ALERT_CONFIGS_MAX)
            return reader_bad(r, it->line, "alertmanagers: more than 16 entries");
        code = read_entry(r, it->value, &a->entries[a->len++]);
    }
    return code;
}

int alerting_read(struct reader *r, const struct yaml_node *node, struct alerting **ret)
{
    static const struct key keys[] = {
        {"alert_relabel_configs", relabel_config_read, offsetof(struct alerting, relabel)},
        {"alertmanagers", read_entries, 0},
    };
    struct alerting *a = xnew(struct alerting);
    struct reader own = *r;

    atomic_store(&a->refs, 1);
    arena_init(&a->arena, 0);
    own.arena = &a->arena;
    own.warnings = NULL;
    const struct yaml_node *copy = yaml_copy(node, &a->arena);
    const struct key_table table = {keys, ARRAY_LEN(keys), a};
    int code = copy ? reader_map(&own, copy, "alerting", &table, 1) : reader_out_of_memory(r);
    if (!code) {
        *ret = a;
        return 0;
    }
    alerting_close_discoveries(a);
    alerting_release(a);
    return code;
}

void alerting_retain(struct alerting *a)
{
    atomic_fetch_add(&a->refs, 1);
}

void alerting_release(struct alerting *a)
{
    if (!a || atomic_fetch_sub(&a->refs, 1) > 1)
        return;
    for (size_t i = 0; i < a->len; i++) {
        relabel_fini(&a->entries[i].source.relabel);
        relabel_fini(&a->entries[i].relabel);
    }
    relabel_fini(&a->relabel);
    arena_fini(&a->arena);
    free(a);
}

void alerting_close_discoveries(struct alerting *a)
{
    for (size_t i = 0; a && i < a->len; i++) {
        discovery_close_all(a->entries[i].source.discoveries);
        a->entries[i].source.discoveries = NULL;
    }
}

/* ---- what an address becomes ---- */

static int print_url(const struct label_builder *b, struct buf *to, struct error *err)
{
    buf_reset(to);
    return target_print_url(label_builder_get(b, STR("__scheme__")),
                            label_builder_get(b, STR("__address__")),
                            label_builder_get(b, STR(PATH_LABEL)), to, err);
}

int alert_config_url(const struct alert_config *c, struct labels group, struct str address,
                     struct buf *to, struct error *err)
{
    struct label items[GROUP_LABELS_MAX + 1];
    struct label_builder b;
    struct arena a;

    label_builder_init_wide(&b, items, GROUP_LABELS_MAX, (struct labels){0});
    label_builder_set(&b, STR("__scheme__"), c->source.scheme);
    label_builder_set(&b, STR(PATH_LABEL), c->path);
    for (size_t i = 0; i < group.len; i++)
        label_builder_set(&b, group.items[i].name, group.items[i].value);
    label_builder_set(&b, STR("__address__"), address);
    arena_init(&a, 0);
    int code = print_url(&b, to, err);
    int keep = relabel_apply(&c->source.relabel, &b, &a);
    if (keep < 0)
        code = error_errno(err, keep, "relabelling");
    else if (keep)
        code = print_url(&b, to, err);
    arena_fini(&a);
    return keep < 0 ? keep : !keep ? 0 : code ? code : 1;
}
