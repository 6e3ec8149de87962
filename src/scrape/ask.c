/* ask.c - see ask.h. */
#include "scrape/ask.h"

#include "scrape/gunzip.h"

struct str ask_shown(struct str path)
{
    return str_cut(&path, '?');
}

static bool is_json(struct str type)
{
    struct str name = str_trim(str_cut(&type, ';'));

    return name.len == 16 && !strncasecmp(name.ptr, "application/json", 16);
}

/* The text of an answer; `gunzip` holds it where it came packed. */
static int get_text(struct transfer *t, struct gunzip *gunzip, struct str *ret, struct error *err)
{
    *ret = transfer_body(t);
    if (!transfer_is_gzip(t))
        return 0;
    return gunzip_text(gunzip, *ret, (size_t)transfer_body_max(t), ret, err);
}

int ask_json(const struct ask_server *server, const struct pull_context *ctx, struct str path,
             const struct http_header *extra, size_t extra_len, bool json_type, struct arena *a,
             const struct yaml_node **ret, struct error *err)
{
    struct client_request request = {
        .unix_socket = server->unix_socket,
        .accept = STR("application/json"),
        .timeout_ms = PULL_TIMEOUT_MS,
        .body_max = PULL_BODY_MAX,
        .compress = true,
        .http = &server->http,
        .extra = extra,
        .extra_len = extra_len,
    };
    struct gunzip *gunzip = gunzip_new();
    struct transfer *t = NULL;
    struct buf url;
    struct str text;

    buf_init(&url, 0);
    buf_str_add(&url, server->base);
    buf_str_add(&url, path);
    request.url = buf_str(&url);
    int code = url.failed || !gunzip ? error_errno(err, -ENOMEM, "discovery")
                                     : client_fetch(ctx->client, &request, ctx->stop, &t, err);
    if (!code && json_type && !is_json(transfer_content_type(t)))
        code = error_set(err, -EINVAL, "the answer is of type '%.60s', wanted is application/json",
                         transfer_content_type(t).ptr);
    if (!code)
        code = get_text(t, gunzip, &text, err);
    if (!code)
        code = yaml_parse_json("answer", text, a, ret, err);
    if (t)
        client_release(ctx->client, t);
    gunzip_free(gunzip);
    buf_fini(&url);
    if (code && path.len)
        error_in(err, "%.*s", (int)MIN(ask_shown(path).len, (size_t)100), path.ptr);
    return code;
}

int ask_stream(const struct ask_server *server, struct client *client, struct str path,
               int64_t timeout_ms, bool (*on_data)(void *owner, struct str bytes), void *owner,
               struct transfer **ret, struct error *err)
{
    struct client_request request = {
        .unix_socket = server->unix_socket,
        .accept = STR("application/json"),
        .timeout_ms = timeout_ms,
        .body_max = PULL_BODY_MAX, /* of an answer that is an error */
        .http = &server->http,
        .owner = owner,
        .on_data = on_data,
    };
    struct buf url;

    buf_init(&url, 0);
    buf_str_add(&url, server->base);
    buf_str_add(&url, path);
    request.url = buf_str(&url);
    int code = url.failed ? error_errno(err, -ENOMEM, "discovery")
                          : client_start(client, &request, ret, err);
    buf_fini(&url);
    return code;
}
