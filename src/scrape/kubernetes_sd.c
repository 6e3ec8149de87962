/* kubernetes_sd.c - objects are listed page by page, at first from the API server's memory
 * (resourceVersion 0), and then watched: a change is here at once and costs its own bytes only. A
 * watch that ends goes on from where it was; when the server no longer knows that place (410, Gone)
 * all is listed anew. Where watching is not allowed the lists alone are asked, every ten seconds.
 */
#include "scrape/kubernetes_sd.h"

#include "scrape/ask.h"
#include "scrape/kubernetes_roles.h"
#include "scrape/kubernetes_watch.h"
#include "scrape/meta.h"
#include "scrape/sd_config.h"

#include <stdlib.h>

#define REFRESH_MS     10000
#define PAGE_LEN       "500"
#define PAGES_MAX      2000
#define OBJECT_BYTES   ((size_t)1 << 30) /* of everything that one discovery keeps */
#define NAMESPACES_MAX 1000
#define WATCHES_MAX    1500   /* at once: libcurl's transfers are bounded */
#define WATCH_S        "240"  /* the server ends a watch then, */
#define WATCH_MS       300000 /* or we do: a connection that is dead is not waited for longer */
#define SETTLE_MS      250    /* after a change, for more of them */

/* The objects of one kind in one namespace, or everywhere. */
struct source {
    struct kubernetes_sd *sd;
    enum kubernetes_role role;
    struct str namespace; /* "" everywhere */
    struct kubernetes_watch objects;
    struct transfer *transfer; /* of the watch; NULL: there is none */
    uint64_t watch_again_ns;   /* not before: a server may end every watch at once */
    bool unwatched;            /* not allowed: it is listed every REFRESH_MS */
    uint64_t list_again_ns;    /* then */
    int code;                  /* of what the watch brought */
    struct error err;
};

struct kubernetes_sd {
    struct ask_server server;
    enum kubernetes_role role;
    bool own_namespace, attach_node, in_cluster;
    struct text_list namespaces;
    struct object_selector {
        struct str label, field;
    } selectors[KUBERNETES_ROLES];
    struct client *client; /* of the watches; NULL until there are some */
    struct source *sources;
    size_t source_len;
    bool told, troubled; /* told: there was a good answer; troubled: the last one was none */
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

static void build_path(struct buf *to, const struct source *s)
{
    buf_reset(to);
    buf_text(to, kinds[s->role].api);
    if (s->namespace.len) {
        buf_text(to, "/namespaces/");
        buf_escape(to, s->namespace);
    }
    buf_printf(to, "/%s?", kinds[s->role].resource);
}

static void add_selectors(struct buf *to, const struct source *s)
{
    add_parameter(to, "labelSelector", s->sd->selectors[s->role].label);
    add_parameter(to, "fieldSelector", s->sd->selectors[s->role].field);
}

static size_t bytes_left(const struct source *own)
{
    size_t taken = 0;

    for (size_t i = 0; i < own->sd->source_len; i++)
        taken += own->sd->sources[i].objects.bytes;
    return OBJECT_BYTES - MIN(taken - own->objects.bytes, OBJECT_BYTES);
}

/* Asks for one page; *ret_next is the place of the next one, in `a`, "" when it was the last. */
static int list_page(struct source *s, const struct pull_context *ctx, struct str next,
                     struct arena *a, struct str *ret_next, struct error *err)
{
    const struct yaml_node *page;
    struct buf path;

    buf_init(&path, 0);
    build_path(&path, s);
    buf_text(&path, "limit=" PAGE_LEN);
    if (next.len)
        add_parameter(&path, "continue", next);
    else if (!s->objects.gone) /* else its memory may be older than what we know */
        buf_text(&path, "&resourceVersion=0");
    add_selectors(&path, s);
    int code = path.failed
                   ? error_errno(err, -ENOMEM, "discovery")
                   : ask_json(&s->sd->server, ctx, buf_str(&path), NULL, 0, false, a, &page, err);
    buf_fini(&path);
    if (code)
        return code;
    code = kubernetes_watch_page(&s->objects, page, bytes_left(s), err);
    if (code)
        return error_in(err, "%s", kinds[s->role].resource);
    *ret_next = meta_text(page, "metadata.continue");
    return 0;
}

/* All objects of a source. The pages are freed one by one, the place of the next is carried over.
 */
static int list_source(struct source *s, const struct pull_context *ctx, struct error *err)
{
    struct arena pages[2];
    struct str next = STR("");
    int code = 0, page = 0;

    arena_init(&pages[0], 0);
    arena_init(&pages[1], 0);
    kubernetes_watch_begin(&s->objects);
    do {
        struct arena *a = &pages[page % 2];
        arena_reset(a);
        if (page++ == PAGES_MAX)
            code = error_set(err, -EFBIG, "more than %d pages of %s", PAGES_MAX,
                             kinds[s->role].resource);
        else
            code = list_page(s, ctx, next, a, &next, err);
    } while (!code && next.len);
    arena_fini(&pages[0]);
    arena_fini(&pages[1]);
    if (code)
        return code;
    kubernetes_watch_end(&s->objects);
    s->list_again_ns = clock_mono_ns() + (uint64_t)REFRESH_MS * NS_PER_MS;
    return 0;
}

/* ---- watching ---- */

static bool on_data(void *owner, struct str bytes)
{
    struct source *s = owner;

    s->code = kubernetes_watch_take(&s->objects, bytes, bytes_left(s), &s->err);
    return !s->code;
}

static int start_watch(struct source *s, struct error *err)
{
    struct kubernetes_sd *sd = s->sd;
    struct buf path;

    s->code = 0;
    s->watch_again_ns = clock_mono_ns() + NS_PER_S;
    kubernetes_watch_open(&s->objects);
    buf_init(&path, 0);
    build_path(&path, s);
    buf_text(&path, "watch=1&allowWatchBookmarks=true&timeoutSeconds=" WATCH_S);
    add_parameter(&path, "resourceVersion", str_of(s->objects.version));
    add_selectors(&path, s);
    int code = path.failed ? error_errno(err, -ENOMEM, "discovery")
                           : ask_stream(&sd->server, sd->client, buf_str(&path), WATCH_MS, on_data,
                                        s, &s->transfer, err);
    buf_fini(&path);
    return code;
}

/* What the end of a watch means. Errors: those that are told; the watch is tried again later. */
static int end_watch(struct source *s, struct error *err)
{
    long status = transfer_status(s->transfer);
    int code = transfer_result(s->transfer, err);

    client_release(s->sd->client, s->transfer);
    s->transfer = NULL;
    if (s->code == -ESTALE || status == 410) {
        s->objects.listed = false;
        s->objects.gone = true;
        return 0;
    }
    if (status == 403 || status == 405 || status == 501) {
        if (!s->unwatched)
            log_warn("the cluster may be listed and not watched: changes are seen every 10 s",
                     "objects", kinds[s->role].resource, "error", err ? err->text : NULL);
        s->unwatched = true;
        return 0;
    }
    if (s->code)
        return error_set(err, s->code, "%s: %s", kinds[s->role].resource, s->err.text);
    if (code == -ETIMEDOUT) /* a connection that was dead, or a server that forgot the time */
        return 0;
    return code ? error_in(err, "watch of %s", kinds[s->role].resource) : 0;
}

static int watch_all(struct kubernetes_sd *sd, struct error *err)
{
    int code = 0;

    for (size_t i = 0; i < sd->source_len && !code; i++) {
        struct source *s = &sd->sources[i];
        if (s->objects.listed && !s->transfer && !s->unwatched &&
            s->watch_again_ns <= clock_mono_ns())
            code = start_watch(s, err);
    }
    return code;
}

static bool any_changed(const struct kubernetes_sd *sd)
{
    for (size_t i = 0; i < sd->source_len; i++)
        if (sd->sources[i].objects.changed)
            return true;
    return false;
}

/* Notes what has to be listed; true when something has. */
static bool any_unlisted(struct kubernetes_sd *sd)
{
    uint64_t now_ns = clock_mono_ns();
    bool any = false;

    for (size_t i = 0; i < sd->source_len; i++) {
        struct source *s = &sd->sources[i];
        if (s->unwatched && s->list_again_ns <= now_ns)
            s->objects.listed = false;
        any |= !s->objects.listed;
    }
    return any;
}

/* Lets watches bring what they have for `wait_ms`, or until a change if `first` is wanted. */
static int wait_for(struct kubernetes_sd *sd, const struct pull_context *ctx, int64_t wait_ms,
                    bool first, struct error *err)
{
    uint64_t until_ns = clock_mono_ns() + (uint64_t)wait_ms * NS_PER_MS;
    int code = 0;

    while (!code && !any_unlisted(sd) && !(first && any_changed(sd))) {
        struct transfer *done;
        uint64_t now_ns = clock_mono_ns();
        if (atomic_load(ctx->stop))
            return error_set(err, -ECANCELED, "stopped");
        if (now_ns >= until_ns)
            break;
        client_wait(sd->client, (int)MIN((until_ns - now_ns) / NS_PER_MS + 1, (uint64_t)200));
        client_process(sd->client);
        while (!code && (done = client_next_done(sd->client)))
            code = end_watch(transfer_owner(done), err);
        if (!code)
            code = watch_all(sd, err);
    }
    return code;
}

/* ---- sources ---- */

/* The file is read each time: a token of a service account lives for an hour. */
static int read_account_file(const struct pull_context *ctx, const char *name, struct arena *a,
                             struct str *ret, struct error *err)
{
    struct buf path, text;

    buf_init(&path, 0);
    buf_init(&text, 0);
    buf_printf(&path, "%s%s", ctx->account_dir, name);
    int code = path.failed ? -ENOMEM : file_read(path.ptr, 4096, &text, err);
    struct str trimmed = str_trim(buf_str(&text));
    char *copy = code ? NULL : arena_strndup(a, trimmed.ptr, trimmed.len);
    *ret = copy ? str_of(copy) : STR("");
    buf_fini(&path);
    buf_fini(&text);
    return code || copy ? code : error_errno(err, -ENOMEM, "%s", name);
}

/* Where a pod finds its credentials; the files are read at each request. */
static int set_account(struct kubernetes_sd *sd, const struct pull_context *ctx, struct error *err)
{
    struct arena *a = &sd->server.arena;
    struct str *to[] = {&sd->server.http.auth.credentials_file, &sd->server.http.tls.ca_file};
    static const char *const names[] = {"token", "ca.crt"};

    for (size_t i = 0; i < ARRAY_LEN(to); i++) {
        size_t len = strlen(ctx->account_dir) + strlen(names[i]);
        char *path = arena_alloc(a, len + 1);
        if (!path)
            return error_errno(err, -ENOMEM, "service account");
        snprintf(path, len + 1, "%s%s", ctx->account_dir, names[i]);
        *to[i] = str_make(path, len);
    }
    return 0;
}

static void add_sources(struct kubernetes_sd *sd, enum kubernetes_role role)
{
    bool some = kinds[role].namespaced && sd->namespaces.len;

    for (size_t i = 0; i < (some ? sd->namespaces.len : 1); i++) {
        struct source *s = &sd->sources[sd->source_len++];
        s->sd = sd;
        s->role = role;
        s->namespace = some ? sd->namespaces.items[i] : STR("");
        kubernetes_watch_init(&s->objects);
    }
}

/* At the first question: what has to be known is decided by files of the account too. */
static int make_sources(struct kubernetes_sd *sd, const struct pull_context *ctx, struct error *err)
{
    bool behind = sd->role == KUBERNETES_ENDPOINTS || sd->role == KUBERNETES_ENDPOINTSLICE;
    struct text_list all = {
        arena_calloc(&sd->server.arena, sd->namespaces.len + 1, sizeof(struct str)),
        sd->namespaces.len};
    int code = all.items ? 0 : error_errno(err, -ENOMEM, "discovery");

    if (!code && all.len)
        memcpy(all.items, sd->namespaces.items, all.len * sizeof(*all.items));
    if (!code && sd->own_namespace)
        code = read_account_file(ctx, "namespace", &sd->server.arena, &all.items[all.len++], err);
    if (!code && sd->in_cluster)
        code = set_account(sd, ctx, err);
    if (code)
        return code;
    sd->namespaces = all;
    sd->own_namespace = false;
    sd->sources = calloc(KUBERNETES_ROLES * (all.len + 1), sizeof(*sd->sources));
    if (!sd->sources)
        return error_errno(err, -ENOMEM, "discovery");
    add_sources(sd, sd->role);
    if (behind) {
        add_sources(sd, KUBERNETES_SERVICE);
        add_sources(sd, KUBERNETES_POD);
    }
    if (sd->attach_node && sd->role != KUBERNETES_NODE)
        add_sources(sd, KUBERNETES_NODE);
    for (size_t i = WATCHES_MAX; i < sd->source_len; i++)
        sd->sources[i].unwatched = true;
    return 0;
}

/* Lists what is not known. */
static int list_missing(struct kubernetes_sd *sd, const struct pull_context *ctx, struct error *err)
{
    int code = 0;

    for (size_t i = 0; i < sd->source_len && !code; i++) {
        struct source *s = &sd->sources[i];
        if (s->objects.listed)
            continue;
        if (s->transfer)
            client_release(sd->client, s->transfer);
        s->transfer = NULL;
        code = list_source(s, ctx, err);
    }
    return code;
}

/* Without patience the lists alone are asked, each time anew. */
static void forget_all(struct kubernetes_sd *sd)
{
    for (size_t i = 0; i < sd->source_len; i++)
        sd->sources[i].objects.listed = false;
}

static int open_client(struct kubernetes_sd *sd, const char *user_agent, struct error *err)
{
    if (!sd->client)
        sd->client = client_new(user_agent);
    return sd->client ? client_open(sd->client, err) : error_errno(err, -ENOMEM, "discovery");
}

/* Until everything is known and something of it is new. */
static int look(struct kubernetes_sd *sd, const struct pull_context *ctx, struct error *err)
{
    int64_t patience_ms = sd->troubled ? MIN(ctx->patience_ms, SETTLE_MS) : ctx->patience_ms;
    int code = 0;

    if (!sd->sources)
        code = make_sources(sd, ctx, err);
    if (!code && !ctx->patience_ms)
        forget_all(sd);
    if (!code && ctx->patience_ms)
        code = open_client(sd, ctx->user_agent, err);
    if (!code && any_unlisted(sd))
        code = list_missing(sd, ctx, err);
    if (code || !ctx->patience_ms)
        return code;
    code = watch_all(sd, err);
    if (!code && sd->told)
        code = wait_for(sd, ctx, patience_ms, true, err);
    if (!code && sd->told && any_changed(sd)) /* changes come in swarms */
        code = wait_for(sd, ctx, SETTLE_MS, false, err);
    return code ? code : list_missing(sd, ctx, err);
}

static int ask(void *self, const struct pull_context *ctx, struct group_list *ret,
               struct error *err)
{
    struct kubernetes_objects objects = {0};
    struct kubernetes_sd *sd = self;

    int code = look(sd, ctx, err);
    for (size_t i = 0; i < sd->source_len && !code; i++) {
        struct source *s = &sd->sources[i];
        s->objects.changed = false;
        code = kubernetes_watch_objects(&s->objects, &objects.lists[s->role]);
        if (code)
            error_errno(err, code, "%s", kinds[s->role].resource);
    }
    if (!code)
        code = kubernetes_roles_read(sd->role, sd->attach_node, &objects, ret, err);
    kubernetes_objects_fini(&objects);
    sd->told |= !code;
    sd->troubled = code != 0;
    return code;
}

static void close_sd(void *self)
{
    struct kubernetes_sd *sd = self;

    for (size_t i = 0; i < sd->source_len; i++) {
        if (sd->sources[i].transfer)
            client_release(sd->client, sd->sources[i].transfer);
        kubernetes_watch_fini(&sd->sources[i].objects);
    }
    free(sd->sources);
    client_free(sd->client);
    arena_fini(&sd->server.arena);
    free(sd);
}

static const struct pull_kind kind = {"kubernetes", true, true, ask, close_sd};

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
    sd->in_cluster = true; /* set_account() knows where its files are */
    sd->server.http.auth = (struct http_auth){.authorization = true, .type = STR("Bearer")};
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
