/* oauth2.c - see oauth2.h. */
#include "outbound/oauth2.h"

#include "outbound/http_apply.h"

#include <stdlib.h>
#include <strings.h>

#define LIFE_DEFAULT_MS ((int64_t)3600000) /* where the answer names none */
#define LIFE_MAX_S      (365.0 * 86400)
#define SPARE_MS        ((int64_t)10000) /* it is fetched anew so long before it expires */

static bool is_plain(struct str text)
{
    for (size_t i = 0; i < text.len; i++)
        if (text.ptr[i] <= ' ' || text.ptr[i] > '~')
            return false;
    return text.len > 0;
}

static int64_t life_of(const struct yaml_node *expires)
{
    double seconds;

    if (!expires || expires->kind != YAML_TEXT || !num_parse(expires->text, &seconds) ||
        !(seconds > 0))
        return LIFE_DEFAULT_MS;
    int64_t whole_ms = (int64_t)(MIN(seconds, LIFE_MAX_S) * 1000);
    return MAX(whole_ms - SPARE_MS, whole_ms / 2);
}

int oauth2_read(struct str answer, char **ret, int64_t *ret_life_ms, struct error *err)
{
    const struct yaml_node *root;
    struct arena a;
    struct buf value;

    arena_init(&a, 0);
    int code = yaml_parse_json("token", answer, &a, &root, err);
    const struct yaml_node *token = code ? NULL : yaml_get(root, "access_token");
    const struct yaml_node *type = code ? NULL : yaml_get(root, "token_type");
    if (!code && (!token || token->kind != YAML_TEXT || !is_plain(token->text)))
        code = error_set(err, -EINVAL, "the answer has no access_token");
    if (!code) {
        bool named = type && !yaml_is_null(type) && type->kind == YAML_TEXT &&
                     is_plain(type->text) && strcasecmp(type->text.ptr, "bearer");
        buf_init(&value, 0);
        buf_printf(&value, "%.*s %.*s", named ? (int)type->text.len : 6,
                   named ? type->text.ptr : "Bearer", STR_ARG(token->text));
        *ret = buf_take(&value);
        *ret_life_ms = life_of(yaml_get(root, "expires_in"));
        code = *ret ? 0 : error_errno(err, -ENOMEM, "token");
    }
    arena_fini(&a);
    return code;
}

static void add_parameter(struct buf *to, struct str name, struct str value)
{
    if (to->len)
        buf_char(to, '&');
    buf_escape(to, name);
    buf_char(to, '=');
    buf_escape(to, value);
}

static void add_form(struct buf *to, const struct http_oauth2 *o)
{
    add_parameter(to, STR("grant_type"), STR("client_credentials"));
    for (size_t i = 0; i < o->scope_len; i++) {
        buf_text(to, i ? "%20" : "&scope=");
        buf_escape(to, o->scopes[i]);
    }
    for (size_t i = 0; i < o->param_len; i++)
        add_parameter(to, o->params[i].name, o->params[i].value);
}

int oauth2_request_init(struct oauth2_request *q, const struct http_oauth2 *o, bool in_form,
                        struct error *err)
{
    char *secret = NULL;

    q->http = o->http;
    buf_init(&q->form, 0);
    buf_init(&q->user, 0);
    buf_init(&q->password, 0);
    int code = http_secret(o->client_secret, o->client_secret_file, &secret, err);
    if (code)
        return code;
    add_form(&q->form, o);
    if (in_form) {
        add_parameter(&q->form, STR("client_id"), o->client_id);
        add_parameter(&q->form, STR("client_secret"), str_of(secret));
    } else {
        buf_escape(&q->user, o->client_id);
        buf_escape(&q->password, str_of(secret));
        q->http.auth = (struct http_auth){
            .basic = true, .username = buf_str(&q->user), .password = buf_str(&q->password)};
    }
    free(secret);
    return q->form.failed || q->user.failed || q->password.failed
               ? error_errno(err, -ENOMEM, "token")
               : 0;
}

void oauth2_request_fini(struct oauth2_request *q)
{
    buf_fini(&q->form);
    buf_fini(&q->user);
    buf_fini(&q->password);
}
