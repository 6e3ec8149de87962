/* web_config.c - the file is small and its shape is fixed: three sections, known keys, no more. */
#include "http/web_config.h"

#include "http/http.h"

#include <ctype.h>
#include <stdlib.h>
#include <yaml.h>

/* Where a value stands, for messages. */
struct reader {
    const char *path;
    yaml_document_t doc;
    struct web_config *config;
    struct error *err;
};

static int wrong(struct reader *r, const yaml_node_t *at, const char *what, const char *which)
{
    return error_set(r->err, -EINVAL, "%s:%zu: %s%s%.80s%s", r->path,
                     at ? at->start_mark.line + 1 : 1, what, which ? " \"" : "", which ? which : "",
                     which ? "\"" : "");
}

static const char *text_of(const yaml_node_t *node)
{
    return node && node->type == YAML_SCALAR_NODE ? (const char *)node->data.scalar.value : NULL;
}

/* ---- values ---- */

typedef int set_value(struct reader *r, const char *key, const yaml_node_t *value);

/* Calls `set` for each pair of a mapping; an empty section ("key:") is no pair at all. */
static int each_pair(struct reader *r, yaml_node_t *node, set_value *set)
{
    const char *empty = text_of(node);

    if (empty && (!*empty || strcmp(empty, "null") == 0 || strcmp(empty, "~") == 0))
        return 0;
    if (!node || node->type != YAML_MAPPING_NODE)
        return wrong(r, node, "wanted key: value pairs", NULL);
    yaml_node_pair_t *first = node->data.mapping.pairs.start;
    for (yaml_node_pair_t *p = first; p < node->data.mapping.pairs.top; p++) {
        yaml_node_t *key_node = yaml_document_get_node(&r->doc, p->key);
        const char *key = text_of(key_node);
        if (!key)
            return wrong(r, key_node, "a key must be text", NULL);
        for (yaml_node_pair_t *before = first; before < p; before++) {
            const char *other = text_of(yaml_document_get_node(&r->doc, before->key));
            if (other && strcmp(key, other) == 0)
                return wrong(r, key_node, "given twice:", key);
        }
        int code = set(r, key, yaml_document_get_node(&r->doc, p->value));
        if (code)
            return code;
    }
    return 0;
}

static int set_path(struct reader *r, const yaml_node_t *value, char **to)
{
    const char *name = text_of(value);
    const char *slash = strrchr(r->path, '/');

    if (!name)
        return wrong(r, value, "wanted a file name", NULL);
    if (!*name)
        return 0;
    if (*name == '/' || !slash) {
        *to = xstrdup(name);
        return 0;
    }
    size_t size = (size_t)(slash - r->path) + strlen(name) + 2;
    *to = xcalloc(1, size);
    snprintf(*to, size, "%.*s/%s", (int)(slash - r->path), r->path, name);
    return 0;
}

static int set_version(struct reader *r, const yaml_node_t *value, unsigned *to)
{
    static const struct {
        const char *name;
        unsigned version;
    } versions[] = {{"TLS10", 10}, {"TLS11", 11}, {"TLS12", 12}, {"TLS13", 13}};
    const char *text = text_of(value);

    for (size_t i = 0; text && i < ARRAY_LEN(versions); i++)
        if (strcmp(text, versions[i].name) == 0) {
            *to = versions[i].version;
            return 0;
        }
    return wrong(r, value, "wanted TLS10, TLS11, TLS12 or TLS13, not", text ? text : "");
}

static int set_client_auth(struct reader *r, const yaml_node_t *value)
{
    static const char *const names[] = {"NoClientCert", "RequestClientCert", "RequireAnyClientCert",
                                        "VerifyClientCertIfGiven", "RequireAndVerifyClientCert"};
    const char *text = text_of(value);

    if (text && !*text)
        return 0;
    for (size_t i = 0; text && i < ARRAY_LEN(names); i++)
        if (strcmp(text, names[i]) == 0) {
            r->config->client_auth = (enum client_auth)i;
            return 0;
        }
    return wrong(r, value, "unknown client_auth_type", text ? text : "");
}

static int set_tls(struct reader *r, const char *key, const yaml_node_t *value)
{
    struct web_config *c = r->config;

    if (strcmp(key, "cert_file") == 0)
        return set_path(r, value, &c->cert_file);
    if (strcmp(key, "key_file") == 0)
        return set_path(r, value, &c->key_file);
    if (strcmp(key, "client_ca_file") == 0)
        return set_path(r, value, &c->client_ca_file);
    if (strcmp(key, "client_auth_type") == 0)
        return set_client_auth(r, value);
    if (strcmp(key, "min_version") == 0)
        return set_version(r, value, &c->min_version);
    if (strcmp(key, "max_version") == 0)
        return set_version(r, value, &c->max_version);
    return wrong(r, value, "unknown key in tls_server_config:", key);
}

/* "$2y$10$" and 53 characters, all in one alphabet: bcrypt as crypt(5) writes it. */
static bool is_bcrypt(const char *hash)
{
    if (strlen(hash) != 60 || hash[0] != '$' || hash[1] != '2' || !strchr("aby", hash[2]) ||
        hash[3] != '$' || !isdigit((unsigned char)hash[4]) || !isdigit((unsigned char)hash[5]) ||
        hash[6] != '$')
        return false;
    for (size_t i = 7; i < 60; i++)
        if (!isalnum((unsigned char)hash[i]) && hash[i] != '.' && hash[i] != '/')
            return false;
    return true;
}

static int set_user(struct reader *r, const char *name, const yaml_node_t *value)
{
    struct web_config *c = r->config;
    const char *hash = text_of(value);

    if (!*name || strchr(name, ':'))
        return wrong(r, value, "a user name is not empty and holds no colon", NULL);
    if (!hash || !is_bcrypt(hash))
        return wrong(r, value,
                     "wanted a bcrypt hash ($2y$..., as `htpasswd -nBC 10 \"\"` prints) for user",
                     name);
    struct web_user *users =
        c->user_len < WEB_CONFIG_MAX_USERS
            ? array_grow(c->users, &c->user_cap, c->user_len + 1, sizeof(*users))
            : NULL;
    if (!users)
        return wrong(r, value, "too many users", NULL);
    c->users = users;
    c->users[c->user_len++] = (struct web_user){xstrdup(name), xstrdup(hash)};
    return 0;
}

/* The headers that exporters may set; anything else could break answers. */
static int set_header(struct reader *r, const char *name, const yaml_node_t *value)
{
    static const char *const known[] = {"Content-Security-Policy", "X-Frame-Options",
                                        "X-Content-Type-Options", "X-XSS-Protection",
                                        "Strict-Transport-Security"};
    struct web_config *c = r->config;
    const char *text = text_of(value);

    if (!text)
        return wrong(r, value, "wanted text for header", name);
    for (const char *at = text; *at; at++)
        if ((unsigned char)*at < ' ' || *at == 127)
            return wrong(r, value, "a control character in header", name);
    for (size_t i = 0; i < ARRAY_LEN(known); i++) {
        if (strcasecmp(name, known[i]) != 0)
            continue;
        struct web_header *headers =
            array_grow(c->headers, &c->header_cap, c->header_len + 1, sizeof(*headers));
        if (!headers)
            return error_errno(r->err, -ENOMEM, "%s", r->path);
        c->headers = headers;
        c->headers[c->header_len++] = (struct web_header){xstrdup(known[i]), xstrdup(text)};
        return 0;
    }
    return wrong(r, value, "this header may not be set:", name);
}

static int set_server(struct reader *r, const char *key, const yaml_node_t *value)
{
    const char *text = text_of(value);

    if (strcmp(key, "headers") == 0)
        return each_pair(r, (yaml_node_t *)(uintptr_t)value, set_header);
    /* HTTP/2 is not spoken: either answer to "http2" is met by HTTP/1.1. */
    if (strcmp(key, "http2") == 0)
        return text && (strcmp(text, "true") == 0 || strcmp(text, "false") == 0)
                   ? 0
                   : wrong(r, value, "wanted true or false for http2", NULL);
    return wrong(r, value, "unknown key in http_server_config:", key);
}

static int set_section(struct reader *r, const char *key, const yaml_node_t *value)
{
    yaml_node_t *node = (yaml_node_t *)(uintptr_t)value;

    if (strcmp(key, "tls_server_config") == 0)
        return each_pair(r, node, set_tls);
    if (strcmp(key, "basic_auth_users") == 0)
        return each_pair(r, node, set_user);
    if (strcmp(key, "http_server_config") == 0)
        return each_pair(r, node, set_server);
    return wrong(r, value, "unknown key:", key);
}

/* ---- the whole ---- */

static int check_whole(struct reader *r)
{
    const struct web_config *c = r->config;

    if (!c->cert_file != !c->key_file)
        return wrong(r, NULL, "cert_file and key_file belong together: one is missing", NULL);
    if (!c->cert_file && (c->client_ca_file || c->client_auth || c->min_version || c->max_version))
        return wrong(r, NULL, "tls_server_config needs cert_file and key_file", NULL);
    if (c->client_auth >= CLIENT_AUTH_VERIFY_GIVEN && !c->client_ca_file)
        return wrong(r, NULL, "this client_auth_type needs client_ca_file", NULL);
    if (c->client_ca_file && c->client_auth == CLIENT_AUTH_NONE)
        return wrong(r, NULL,
                     "client_ca_file is given, but client_auth_type asks for no certificate", NULL);
    if (c->client_auth && !c->client_ca_file)
        return wrong(r, NULL, "asking clients for certificates needs client_ca_file here", NULL);
    if (c->min_version && c->max_version && c->min_version > c->max_version)
        return wrong(r, NULL, "min_version is above max_version", NULL);
    return 0;
}

int web_config_parse(const char *path, struct str text, struct web_config **ret, struct error *err)
{
    struct reader r = {.path = path, .err = err, .config = xnew(struct web_config)};
    yaml_parser_t parser;
    int code = 0;

    atomic_init(&r.config->refs, 1);
    if (!yaml_parser_initialize(&parser)) {
        web_config_release(r.config);
        return error_errno(err, -ENOMEM, "%s", path);
    }
    yaml_parser_set_input_string(&parser, (const unsigned char *)text.ptr, text.len);
    if (!yaml_parser_load(&parser, &r.doc)) {
        code = error_set(err, -EINVAL, "%s:%zu: %s", path, parser.problem_mark.line + 1,
                         parser.problem ? parser.problem : "not YAML");
        yaml_parser_delete(&parser);
        web_config_release(r.config);
        return code;
    }
    yaml_node_t *root = yaml_document_get_root_node(&r.doc);
    if (root)
        code = each_pair(&r, root, set_section);
    if (code == 0)
        code = check_whole(&r);
    yaml_document_delete(&r.doc);
    yaml_parser_delete(&parser);
    if (code) {
        web_config_release(r.config);
        return code;
    }
    *ret = r.config;
    return 0;
}

static int read_text(const char *path, char **ret, struct error *err)
{
    struct buf text;

    if (!path)
        return 0;
    buf_init(&text, 0);
    int code = file_read(path, WEB_CONFIG_MAX_BYTES, &text, err);
    if (code == 0)
        *ret = buf_take(&text);
    buf_fini(&text);
    return code ? code : *ret ? 0 : error_errno(err, -ENOMEM, "%s", path);
}

int web_config_load(const char *path, struct web_config **ret, struct error *err)
{
    struct web_config *config = NULL;
    struct buf text;
    int code = 0;

    buf_init(&text, 0);
    if (path)
        code = file_read(path, WEB_CONFIG_MAX_BYTES, &text, err);
    if (code == 0)
        code = web_config_parse(path ? path : "", buf_str(&text), &config, err);
    buf_fini(&text);
    if (code == 0)
        code = read_text(config->cert_file, &config->cert, err);
    if (code == 0)
        code = read_text(config->key_file, &config->key, err);
    if (code == 0)
        code = read_text(config->client_ca_file, &config->client_ca, err);
    if (code) {
        web_config_release(config);
        return code;
    }
    *ret = config;
    return 0;
}

struct web_config *web_config_retain(struct web_config *c)
{
    atomic_fetch_add(&c->refs, 1);
    return c;
}

static void free_secret(char *text)
{
    if (text)
        explicit_bzero(text, strlen(text));
    free(text);
}

void web_config_release(struct web_config *c)
{
    if (!c || atomic_fetch_sub(&c->refs, 1) > 1)
        return;
    for (size_t i = 0; i < c->user_len; i++) {
        free(c->users[i].name);
        free_secret(c->users[i].hash);
    }
    for (size_t i = 0; i < c->header_len; i++) {
        free(c->headers[i].name);
        free(c->headers[i].value);
    }
    free(c->users);
    free(c->headers);
    free(c->cert_file);
    free(c->key_file);
    free(c->client_ca_file);
    free(c->cert);
    free_secret(c->key);
    free(c->client_ca);
    free(c);
}

bool web_config_has_credentials(const struct web_config *c)
{
    return c->user_len > 0 || c->client_auth == CLIENT_AUTH_REQUIRE;
}

static bool same_text(const char *a, const char *b)
{
    return a && b ? strcmp(a, b) == 0 : a == b;
}

bool web_config_same_tls(const struct web_config *a, const struct web_config *b)
{
    return same_text(a->cert, b->cert) && same_text(a->key, b->key) &&
           same_text(a->client_ca, b->client_ca) && a->client_auth == b->client_auth &&
           a->min_version == b->min_version && a->max_version == b->max_version;
}

int http_check_web_config(const char *path, bool *ret_credentials, struct error *err)
{
    struct web_config *config;
    int code = web_config_load(path, &config, err);

    if (code)
        return code;
    *ret_credentials = web_config_has_credentials(config);
    web_config_release(config);
    return 0;
}
