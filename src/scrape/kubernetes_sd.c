/* kubernetes_sd.c - objects are listed page by page, from the API server's memory (resourceVersion
 * 0), every ten seconds. A watch would tell of a change sooner and cost a connection and a copy of
 * every object; a list is right by itself, also after anything was missed. */
#include "scrape/kubernetes_sd.h"

#include "scrape/ask.h"
#include "scrape/kubernetes_roles.h"
#include "scrape/meta.h"
#include "scrape/sd_config.h"

#include <stdlib.h>

#define REFRESH_MS     10000
#define PAGE_LEN       "500"
#define PAGES_MAX      2000
#define OBJECT_BYTES   ((size_t)2 << 30) /* of everything that one look lists */
#define ACCOUNT_FOLDER "/var/run/secrets/kubernetes.io/serviceaccount/"
#define NAMESPACES_MAX 1000

struct kubernetes_sd {
    struct ask_server server;
    enum kubernetes_role role;
    bool own_namespace, attach_node;
    struct text_list namespaces;
    struct object_selector {
        struct str label, field;
    } selectors[KUBERNETES_ROLES];
};

static const struct {
    const char *role, *api, *resource;
    bool namespaced;
} kinds[] = {
    [KUBERNETES_NODE] = {"node", "/api/v1", "nodes", false},
    [KUBERNETES_POD] = {"pod", "/api/v1", "pods", true},
    [KUBERNETES_SERVICE] = {"service", "/api/v1", "services", true},
    [KUBERNETES_ENDPOINTS] = {"endpoints", "/api/v1", "endpoints", true},
    [KUBERNETES_ENDPOINTSLICE] = {"endpointslice", "/apis/discovery.k8s.io/v1", "endpointslices",
                                  true},
    [KUBERNETES_INGRESS] = {"ingress", "/apis/networking.k8s.io/v1", "ingresses", true},
};

/* ---- listing ---- */

static void add_parameter(struct buf *to, const char *name, struct str value)
{
    if (!value.len)
        return;
    buf_printf(to, "&%s=", name);
    buf_escape(to, value);
}

static void build_path(struct buf *to, const struct kubernetes_sd *sd, enum kubernetes_role role,
                       struct str namespace, struct str next)
{
    buf_reset(to);
    buf_text(to, kinds[role].api);
    if (namespace.len) {
        buf_text(to, "/namespaces/");
        buf_escape(to, namespace);
    }
    buf_printf(to, "/%s?limit=" PAGE_LEN, kinds[role].resource);
    if (next.len)
        add_parameter(to, "continue", next);
    else
        buf_text(to, "&resourceVersion=0");
    add_parameter(to, "labelSelector", sd->selectors[role].label);
    add_parameter(to, "fieldSelector", sd->selectors[role].field);
}

static int keep_items(struct kubernetes_list *list, const struct yaml_node *page)
{
    const struct yaml_node *items = meta_at(page, "items");

    for (const struct yaml_item *it = items ? items->first : NULL; it; it = it->next) {
        if (list->len == list->cap) {
            const struct yaml_node **grown =
                array_grow(list->items, &list->cap, list->len + 1, sizeof(*grown));
            if (!grown)
                return -ENOMEM;
            list->items = grown;
        }
        list->items[list->len++] = it->value;
    }
    return 0;
}

/* All objects of a kind in one namespace, or everywhere. */
static int list_objects(const struct kubernetes_sd *sd, const struct pull_context *ctx,
                        enum kubernetes_role role, struct str namespace, struct arena *a,
                        struct kubernetes_list *list, struct error *err)
{
    struct str next = STR("");
    struct buf path;
    int code = 0;

    buf_init(&path, 0);
    for (int page = 0; !code; page++) {
        const struct yaml_node *root;
        if (page == PAGES_MAX) {
            code =
                error_set(err, -EFBIG, "more than %d pages of %s", PAGES_MAX, kinds[role].resource);
            break;
        }
        build_path(&path, sd, role, namespace, next);
        code = path.failed
                   ? error_errno(err, -ENOMEM, "discovery")
                   : ask_json(&sd->server, ctx, buf_str(&path), NULL, 0, false, a, &root, err);
        if (code)
            break;
        if (!yaml_get(root, "items"))
            code = error_set(err, -EINVAL, "%s: not a list of the Kubernetes API",
                             kinds[role].resource);
        else if ((code = keep_items(list, root)))
            error_errno(err, code, "%s", kinds[role].resource);
        next = meta_text(root, "metadata.continue");
        if (!next.len)
            break;
    }
    buf_fini(&path);
    return code;
}

static int list_kind(const struct kubernetes_sd *sd, const struct pull_context *ctx,
                     enum kubernetes_role role, const struct text_list *namespaces, struct arena *a,
                     struct kubernetes_objects *o, struct error *err)
{
    bool some = kinds[role].namespaced && namespaces->len;
    int code = 0;

    for (size_t i = 0; i < (some ? namespaces->len : 1) && !code; i++)
        code = list_objects(sd, ctx, role, some ? namespaces->items[i] : STR(""), a,
                            &o->lists[role], err);
    return code;
}

/* The file is read each time: a token of a service account lives for an hour. */
static int read_account_file(const char *path, struct arena *a, struct str *ret, struct error *err)
{
    struct buf text;

    buf_init(&text, 4096);
    int code = file_read(path, 4096, &text, err);
    struct str trimmed = str_trim(buf_str(&text));
    char *copy = code ? NULL : arena_strndup(a, trimmed.ptr, trimmed.len);
    *ret = copy ? str_of(copy) : STR("");
    buf_fini(&text);
    return code || copy ? code : error_errno(err, -ENOMEM, "%s", path);
}

static int ask(void *self, const struct pull_context *ctx, struct group_list *ret,
               struct error *err)
{
    const struct kubernetes_sd *sd = self;
    bool behind = sd->role == KUBERNETES_ENDPOINTS || sd->role == KUBERNETES_ENDPOINTSLICE;
    struct kubernetes_objects objects = {0};
    struct text_list namespaces = sd->namespaces;
    struct str own;
    struct str with_own[NAMESPACES_MAX + 1];
    struct arena a;
    int code = 0;

    arena_init(&a, OBJECT_BYTES);
    if (sd->own_namespace) {
        code = read_account_file(ACCOUNT_FOLDER "namespace", &a, &own, err);
        memcpy(with_own, namespaces.items, namespaces.len * sizeof(own));
        with_own[namespaces.len++] = own;
        namespaces.items = with_own;
    }
    if (!code)
        code = list_kind(sd, ctx, sd->role, &namespaces, &a, &objects, err);
    if (!code && behind)
        code = list_kind(sd, ctx, KUBERNETES_SERVICE, &namespaces, &a, &objects, err);
    if (!code && behind)
        code = list_kind(sd, ctx, KUBERNETES_POD, &namespaces, &a, &objects, err);
    if (!code && sd->attach_node && sd->role != KUBERNETES_NODE)
        code = list_kind(sd, ctx, KUBERNETES_NODE, &namespaces, &a, &objects, err);
    if (!code)
        code = kubernetes_roles_read(sd->role, sd->attach_node, &objects, ret, err);
    kubernetes_objects_fini(&objects);
    arena_fini(&a);
    return code;
}

static void close_sd(void *self)
{
    struct kubernetes_sd *sd = self;

    arena_fini(&sd->server.arena);
    free(sd);
}

static const struct pull_kind kind = {"kubernetes", true, ask, close_sd};

/* ---- configuration ---- */

static int read_role(struct reader *r, const struct yaml_node *node, void *to)
{
    struct str text = STR("");
    int code = reader_text(r, node, &text);

    for (size_t i = 0; !code && i < ARRAY_LEN(kinds); i++) {
        if (str_is(text, kinds[i].role)) {
            *(int *)to = (int)i;
            return 0;
        }
    }
    return code ? code
                : reader_bad(r, node->line,
                             "role is node, pod, service, endpoints, endpointslice or ingress");
}

static int read_namespaces(struct reader *r, const struct yaml_node *node, void *to)
{
    static const struct key keys[] = {
        {"own_namespace", reader_bool, offsetof(struct kubernetes_sd, own_namespace)},
        {"names", reader_texts, offsetof(struct kubernetes_sd, namespaces)},
    };
    const struct kubernetes_sd *sd = to;
    const struct key_table table = {keys, ARRAY_LEN(keys), to};
    int code = reader_map(r, node, "namespaces", &table, 1);

    if (!code && sd->namespaces.len > NAMESPACES_MAX)
        return reader_bad(r, node->line, "namespaces: too many");
    return code;
}

static int read_attach(struct reader *r, const struct yaml_node *node, void *to)
{
    static const struct key keys[] = {{"node", reader_bool, 0}};
    const struct key_table table = {keys, ARRAY_LEN(keys), to};

    return reader_map(r, node, "attach_metadata", &table, 1);
}

static int read_selectors(struct reader *r, const struct yaml_node *node, void *to)
{
    struct one {
        int role;
        struct object_selector selector;
    };
    static const struct key keys[] = {
        {"role", read_role, offsetof(struct one, role)},
        {"label", reader_text, offsetof(struct one, selector.label)},
        {"field", reader_text, offsetof(struct one, selector.field)},
    };
    struct kubernetes_sd *sd = to;

    if (yaml_is_null(node))
        return 0;
    if (node->kind != YAML_LIST)
        return reader_bad(r, node->line, "selectors: a list is wanted");
    for (const struct yaml_item *it = node->first; it; it = it->next) {
        struct one one = {.role = -1};
        const struct key_table table = {keys, ARRAY_LEN(keys), &one};
        int code = reader_map(r, it->value, "a selector", &table, 1);
        if (code)
            return code;
        if (one.role < 0)
            return reader_bad(r, it->line, "selectors: role is missing");
        sd->selectors[one.role] = one.selector;
    }
    return 0;
}

/* Selectors of objects that the role does not look at would do nothing. */
static int check_selectors(struct reader *r, size_t line, const struct kubernetes_sd *sd)
{
    bool behind = sd->role == KUBERNETES_ENDPOINTS || sd->role == KUBERNETES_ENDPOINTSLICE;

    for (int i = 0; i < KUBERNETES_ROLES; i++) {
        bool used = i == (int)sd->role || (i == KUBERNETES_NODE && sd->attach_node) ||
                    (behind && (i == KUBERNETES_POD || i == KUBERNETES_SERVICE));
        if (!used && (sd->selectors[i].label.len || sd->selectors[i].field.len))
            return error_set(r->err, -EINVAL,
                             "%s:%zu: selectors: role %s does not look at objects of role %s",
                             r->name, line, kinds[sd->role].role, kinds[i].role);
    }
    return 0;
}

/* Where the API is: as given, or as every pod is told. */
static int set_server(struct reader *r, const struct yaml_node *node, struct kubernetes_sd *sd,
                      struct str api)
{
    static const char *const own[] = {"role", "namespaces", "selectors", "attach_metadata"};
    const char *host = getenv("KUBERNETES_SERVICE_HOST"), *port = getenv("KUBERNETES_SERVICE_PORT");
    struct buf base;

    while (api.len && api.ptr[api.len - 1] == '/')
        api.len--;
    if (api.len) {
        sd->server.base = api;
        return sd->own_namespace
                   ? reader_bad(r, node->line, "api_server goes without namespaces.own_namespace")
                   : 0;
    }
    for (const struct yaml_item *it = node->first; it; it = it->next) {
        bool fine = str_is(it->key, "api_server");
        for (size_t i = 0; i < ARRAY_LEN(own); i++)
            fine |= str_is(it->key, own[i]);
        if (!fine)
            return reader_bad(r, it->line,
                              "how to reach the API is given together with api_server only");
    }
    /* Outside of a cluster it cannot be asked; that is said when it is tried, so that a
     * configuration may be checked anywhere. */
    buf_init(&base, 0);
    bool six = host && strchr(host, ':');
    buf_printf(&base, "https://%s%s%s:%s", six ? "[" : "", host ? host : "kubernetes.default.svc",
               six ? "]" : "", port ? port : "443");
    char *copy = base.failed ? NULL : arena_strndup(&sd->server.arena, base.ptr, base.len);
    sd->server.base = str_make(copy, base.len);
    buf_fini(&base);
    sd->server.http.auth = (struct scrape_auth){.authorization = true,
                                                .type = STR("Bearer"),
                                                .credentials_file = STR(ACCOUNT_FOLDER "token")};
    sd->server.http.tls.ca_file = STR(ACCOUNT_FOLDER "ca.crt");
    return copy ? 0 : reader_out_of_memory(r);
}

int kubernetes_sd_new(struct reader *r, const struct yaml_node *node, struct discovery **ret)
{
    struct settings {
        int role;
        struct str api_server, kubeconfig;
    } s = {.role = -1};
    static const struct key keys[] = {
        {"role", read_role, offsetof(struct settings, role)},
        {"api_server", reader_url, offsetof(struct settings, api_server)},
        {"kubeconfig_file", reader_text, offsetof(struct settings, kubeconfig)},
    };
    static const struct key own_keys[] = {
        {"namespaces", read_namespaces, 0},
        {"selectors", read_selectors, 0},
        {"attach_metadata", read_attach, offsetof(struct kubernetes_sd, attach_node)},
    };
    struct kubernetes_sd *sd;
    struct reader own;
    char name[100];

    int code = sd_config_begin(r, &node, sizeof(*sd), (void **)&sd, &own);
    if (code)
        return code;
    const struct key_table tables[] = {{keys, ARRAY_LEN(keys), &s},
                                       {own_keys, ARRAY_LEN(own_keys), sd},
                                       http_config_keys(&sd->server.http)};
    code = reader_map(&own, node, "kubernetes_sd_configs", tables, ARRAY_LEN(tables));
    if (!code)
        code = http_config_settle(&own, node->line, &sd->server.http);
    if (!code && s.role < 0)
        code = reader_bad(r, node->line, "kubernetes_sd_configs: role is missing");
    if (!code && s.kubeconfig.len)
        code = reader_bad(r, node->line,
                          "kubeconfig_file is not supported: give api_server with authorization "
                          "and tls_config");
    sd->role = (enum kubernetes_role)MAX(s.role, 0);
    if (!code)
        code = check_selectors(r, node->line, sd);
    if (!code)
        code = set_server(r, node, sd, s.api_server);
    if (code) {
        close_sd(sd);
        return code;
    }
    snprintf(name, sizeof(name), "%s of %.60s", kinds[sd->role].role, sd->server.base.ptr);
    return sd_config_end(r, &kind, sd, REFRESH_MS, node, str_of(name), ret);
}
