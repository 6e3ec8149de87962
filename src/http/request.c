/* request.c - a request's parts, without the HTTP library. */
#include "http/request.h"

#include "http/body.h"

#include <strings.h>

#define FORM_TYPE "application/x-www-form-urlencoded"

void http_listener_options_init(struct http_listener_options *o)
{
    *o = (struct http_listener_options){.name = "http",
                                        .max_body_bytes = 64u << 20,
                                        .max_connections = 512,
                                        .max_streams = 128,
                                        .slow_threads = 8,
                                        .slow_queue = 128,
                                        .head_timeout_ms = 15000,
                                        .idle_timeout_ms = 120000,
                                        .body_timeout_ms = 120000,
                                        .answer_timeout_ms = 300000};
}

/* "GET http://host/path" (RFC 9112, 3.2.2) is taken as "/path". */
static struct str without_authority(struct str target)
{
    struct str scheme = STR("http://");

    if (target.len < scheme.len || strncasecmp(target.ptr, scheme.ptr, scheme.len) != 0)
        return target;
    for (size_t i = scheme.len; i < target.len; i++)
        if (target.ptr[i] == '/')
            return str_make(target.ptr + i, target.len - i);
    return STR("/");
}

int request_begin(struct http_request *r, const char *target)
{
    size_t len = strlen(target);
    char *copy = arena_strndup(&r->arena, target, len);

    atomic_store(&r->watched.gone, false);
    r->stage = STAGE_NEW;
    r->path = r->part = r->raw_path = r->query = STR("");
    buf_init(&r->body, 0);
    if (!copy)
        return -ENOMEM;
    r->target = without_authority(str_make(copy, len));
    struct str rest = r->target;
    r->raw_path = str_cut(&rest, '?');
    r->query = rest.ptr ? rest : STR("");
    int code = params_decode(r->raw_path, false, &r->arena, &r->path);
    if (code == 0 && memchr(r->path.ptr, '\0', r->path.len))
        code = -EINVAL;
    return code;
}

static bool is_form(const struct http_request *r)
{
    struct str type = http_header(r, "Content-Type");
    if (!type.ptr)
        return false;
    type = str_trim(str_cut(&type, ';'));
    return type.len == strlen(FORM_TYPE) && strncasecmp(type.ptr, FORM_TYPE, type.len) == 0;
}

bool request_prepare(struct http_request *r, size_t max_body)
{
    struct error err = {0};
    struct str coding = http_header(r, "Content-Encoding");
    struct buf plain = {0};
    int code = 0;

    if (r->body.len) {
        code =
            body_decode(coding.ptr ? str_trim(coding) : STR(""), &r->body, max_body, &plain, &err);
        r->body = plain;
    }
    /* A form goes before the address, as Go's http.Request.FormValue has it. */
    if (code == 0 && r->body.len && is_form(r))
        code = params_parse(&r->params, buf_str(&r->body), &r->arena, &err);
    if (code == 0)
        code = params_parse(&r->params, r->query, &r->arena, &err);
    if (code == 0)
        return true;
    request_fail(r,
                 code == -EFBIG        ? 413
                 : code == -EOPNOTSUPP ? 415
                 : code == -ENOMEM     ? 503
                                       : 400,
                 err.text);
    return false;
}

void request_end(struct http_request *r)
{
    params_fini(&r->params);
    buf_fini(&r->body);
    web_config_release(r->config);
    r->config = NULL;
    r->header_len = 0;
    r->status = 0;
    r->discarded = 0;
    if (arena_bytes(&r->arena) > REQUEST_ARENA_KEEP)
        arena_fini(&r->arena);
    else
        arena_reset(&r->arena);
}

void request_drop_body(struct http_request *r)
{
    params_fini(&r->params);
    buf_fini(&r->body);
}

uint64_t request_length(const struct http_request *r)
{
    struct str length = http_header(r, "Content-Length");
    uint64_t n;

    if (http_header(r, "Transfer-Encoding").ptr)
        return UINT64_MAX;
    return length.ptr && num_parse_u64(str_trim(length), &n) ? n : 0;
}

bool request_is_forged(const struct http_request *r, const char *cors_origin)
{
    /* Browsers tell where a request comes from (Fetch Metadata); a page cannot change that. */
    struct str site = http_header(r, "Sec-Fetch-Site"), origin = http_header(r, "Origin");

    if (str_is(r->method, "GET") || str_is(r->method, "HEAD") || !site.ptr ||
        str_is(site, "same-origin") || str_is(site, "none"))
        return false;
    return !cors_origin || (strcmp(cors_origin, "*") != 0 && !str_is(origin, cors_origin));
}

bool request_sets_header(const struct http_request *r, const char *name)
{
    for (size_t i = 0; i < r->header_len; i++)
        if (strcasecmp(r->headers[i].name, name) == 0)
            return true;
    return false;
}

/* ---- what handlers see ---- */

struct str http_method(const struct http_request *r)
{
    return r->method;
}

struct str http_target(const struct http_request *r)
{
    return r->target;
}

struct str http_path(const struct http_request *r)
{
    return r->path;
}

struct str http_path_part(const struct http_request *r)
{
    return r->part;
}

struct str http_body(const struct http_request *r)
{
    return buf_str(&r->body);
}

struct str http_param(const struct http_request *r, const char *name)
{
    return params_get(&r->params, str_of(name), 0);
}

struct str http_param_at(const struct http_request *r, const char *name, size_t i)
{
    return params_get(&r->params, str_of(name), i);
}

const atomic_bool *http_gone(const struct http_request *r)
{
    return &r->watched.gone;
}

struct arena *http_arena(struct http_request *r)
{
    return &r->arena;
}

bool http_accepts_gzip(const struct http_request *r)
{
    struct str accept = http_header(r, "Accept-Encoding");
    return accept.ptr && params_accepts(accept, STR("gzip"));
}

void http_set_header(struct http_request *r, const char *name, const char *value)
{
    char *name_copy = arena_strndup(&r->arena, name, strlen(name));
    char *value_copy = arena_strndup(&r->arena, value, strlen(value));

    if (name_copy && value_copy && r->header_len < REQUEST_HEADERS)
        r->headers[r->header_len++] = (struct header){name_copy, value_copy};
}

void http_reply_text(struct http_request *r, unsigned status, const char *content_type,
                     const char *text)
{
    struct buf body;

    buf_init(&body, 0);
    buf_text(&body, text);
    http_reply(r, status, content_type, &body);
}

static const char *error_type(unsigned status)
{
    switch (status) {
    case 401:
        return "unauthorized";
    case 403:
        return "forbidden";
    case 404:
        return "not_found";
    case 500:
        return "internal";
    case 503:
        return "unavailable";
    default:
        return "bad_data";
    }
}

void request_fail(struct http_request *r, unsigned status, const char *text)
{
    struct buf body;

    buf_init(&body, 0);
    if (str_starts(r->path, STR("/api/"))) {
        buf_printf(&body,
                   "{\"status\":\"error\",\"errorType\":\"%s\",\"error\":", error_type(status));
        buf_json(&body, str_of(text));
        buf_char(&body, '}');
        http_reply(r, status, "application/json", &body);
    } else {
        buf_text(&body, text);
        buf_char(&body, '\n');
        http_reply(r, status, "text/plain; charset=utf-8", &body);
    }
}

bool request_is_compressible(struct str content_type)
{
    static const char *const types[] = {"text/",
                                        "application/json",
                                        "application/openmetrics-text",
                                        "application/javascript",
                                        "application/manifest+json",
                                        "image/svg+xml"};

    for (size_t i = 0; i < ARRAY_LEN(types); i++)
        if (str_starts(content_type, str_of(types[i])))
            return true;
    return false;
}
