/* token.c - see token.h. Most servers want the client's name and secret as basic authentication,
 * some in the form: both requests are prepared at once, the second is made when the first is
 * refused (400, 401), as Go's client does. */
#include "scrape/token.h"

#include <stdlib.h>

#define FETCH_TIMEOUT_MS 10000
#define ANSWER_MAX       65536
#define LIFE_DEFAULT_MS  ((int64_t)3600000) /* where the answer names none */
#define LIFE_MAX_S       (365.0 * 86400)
#define SPARE_MS         ((int64_t)10000) /* it is fetched anew so long before it expires */
#define REFUSED_NS       (10 * (uint64_t)NS_PER_S)

struct token {
    struct token *next;
    uint64_t key;
    char *value; /* "Bearer ..."; NULL: none yet */
    uint64_t fetched_ns, good_until_ns;
    struct transfer *fetch, *second; /* under way; prepared */
    struct transfer *waiting;        /* linked by transfer->next */
};

/* ---- the answer ---- */

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

int token_read(struct str answer, char **ret, int64_t *ret_life_ms, struct error *err)
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

/* ---- fetching ---- */

static void add_parameter(struct buf *to, const char *name, struct str value)
{
    buf_printf(to, "%s%s=", to->len ? "&" : "", name);
    buf_escape(to, value);
}

static void build_form(struct buf *to, const struct scrape_oauth2 *o)
{
    add_parameter(to, "grant_type", STR("client_credentials"));
    for (size_t i = 0; i < o->scopes.len; i++) {
        buf_text(to, i ? "%20" : "&scope=");
        buf_escape(to, o->scopes.items[i]);
    }
    for (size_t i = 0; i < o->param_len; i++) {
        buf_char(to, '&');
        buf_escape(to, o->params[i].name);
        buf_char(to, '=');
        buf_escape(to, o->params[i].value);
    }
}

/* Prepares the request with the secret in the form, or as basic authentication. */
static int prepare(struct client *c, const struct scrape_oauth2 *o, const char *secret,
                   bool in_form, struct token *token, struct transfer **ret, struct error *err)
{
    struct http_config http = o->http; /* borrowed while it is prepared */
    struct buf form, user, password;

    buf_init(&form, 0);
    buf_init(&user, 0);
    buf_init(&password, 0);
    build_form(&form, o);
    if (in_form) {
        add_parameter(&form, "client_id", o->client_id);
        add_parameter(&form, "client_secret", str_of(secret));
    } else {
        buf_escape(&user, o->client_id);
        buf_escape(&password, str_of(secret));
        http.auth = (struct scrape_auth){
            .basic = true, .username = buf_str(&user), .password = buf_str(&password)};
    }
    const struct client_request request = {.url = o->token_url,
                                           .accept = STR("application/json"),
                                           .timeout_ms = FETCH_TIMEOUT_MS,
                                           .body_max = ANSWER_MAX,
                                           .http = &http,
                                           .form = buf_str(&form)};
    int code = form.failed || user.failed || password.failed
                   ? error_errno(err, -ENOMEM, "token")
                   : client_prepare(c, &request, ret, err);
    if (!code)
        (*ret)->fetches = token;
    buf_fini(&form);
    buf_fini(&user);
    buf_fini(&password);
    return code;
}

static void release_fetches(struct client *c, struct token *token)
{
    if (token->fetch)
        client_release(c, token->fetch);
    if (token->second)
        client_release(c, token->second);
    token->fetch = token->second = NULL;
}

static int start_fetch(struct client *c, const struct scrape_oauth2 *o, struct token *token,
                       struct error *err)
{
    char *secret = NULL;
    int code = fetch_secret(o->client_secret, o->client_secret_file, &secret, err);

    if (!code)
        code = prepare(c, o, secret, false, token, &token->fetch, err);
    if (!code)
        code = prepare(c, o, secret, true, token, &token->second, err);
    if (!code)
        code = client_begin(c, token->fetch, err);
    free(secret);
    if (code) {
        release_fetches(c, token);
        error_in(err, "oauth2");
    }
    return code;
}

/* ---- waiting ---- */

static void unlink_transfer(struct transfer **list, struct transfer *t)
{
    while (*list && *list != t)
        list = &(*list)->next;
    if (*list)
        *list = t->next;
}

/* `t`, which waits no longer, has failed: client_next_done() gives it back. */
static void fail(struct client *c, struct transfer *t, const char *why)
{
    str_copy(t->reason, sizeof(t->reason), str_of(why));
    t->code = CURLE_LOGIN_DENIED;
    t->next = c->failed;
    c->failed = t;
}

/* Gives `t` the token. */
static int give(struct transfer *t, const char *value)
{
    const struct library *lib = &t->client->lib;
    struct curl_slist *longer;
    struct buf line;

    buf_init(&line, 0);
    buf_printf(&line, "Authorization: %s", value);
    longer = line.failed ? NULL : lib->slist_append(t->headers, line.ptr);
    buf_fini(&line);
    if (!longer)
        return -ENOMEM;
    t->headers = longer;
    lib->easy_setopt(t->easy, CURLOPT_HTTPHEADER, t->headers);
    return 0;
}

/* Starts what has waited, with what is left of its time. */
static void start_late(struct client *c, struct transfer *t, const char *value)
{
    uint64_t now_ns = clock_mono_ns();
    long left_ms = t->wait_until_ns > now_ns ? (long)((t->wait_until_ns - now_ns) / NS_PER_MS) : 0;
    struct error err;

    c->lib.easy_setopt(t->easy, CURLOPT_TIMEOUT_MS, MAX(left_ms, 1L));
    if (give(t, value) || client_begin(c, t, &err))
        fail(c, t, "no memory for the request");
}

static void end_waiting(struct client *c, struct token *token, const char *why)
{
    struct transfer *t = token->waiting, *next;

    token->waiting = NULL;
    for (; t; t = next) {
        next = t->next;
        t->next = NULL;
        t->waits = false;
        if (why)
            fail(c, t, why);
        else
            start_late(c, t, token->value);
    }
}

void token_done(struct client *c, struct transfer *fetch)
{
    struct token *token = fetch->fetches;
    struct error err;
    int64_t life_ms = 0;
    char *value = NULL;

    int code = transfer_result(fetch, &err);
    if (code && token->second && (fetch->status == 400 || fetch->status == 401)) {
        client_release(c, fetch);
        token->fetch = token->second;
        token->second = NULL;
        code = client_begin(c, token->fetch, &err);
        if (!code)
            return;
    } else if (!code) {
        code = token_read(transfer_body(fetch), &value, &life_ms, &err);
    }
    release_fetches(c, token);
    if (code) {
        error_in(&err, "oauth2: no token");
        end_waiting(c, token, err.text);
        return;
    }
    free(token->value);
    token->value = value;
    token->fetched_ns = clock_mono_ns();
    token->good_until_ns = token->fetched_ns + (uint64_t)life_ms * NS_PER_MS;
    end_waiting(c, token, NULL);
}

void token_expire(struct client *c)
{
    uint64_t now_ns = c->tokens ? clock_mono_ns() : 0;

    for (struct token *token = c->tokens; token; token = token->next) {
        for (struct transfer *t = token->waiting, *next; t; t = next) {
            next = t->next;
            if (t->wait_until_ns > now_ns)
                continue;
            unlink_transfer(&token->waiting, t);
            t->waits = false;
            fail(c, t, "timed out: oauth2: no token yet");
        }
    }
}

void token_refused(const struct transfer *t)
{
    struct token *token = t->token;

    if (clock_mono_ns() - token->fetched_ns > REFUSED_NS)
        token->good_until_ns = 0;
}

void token_forget(struct client *c, struct transfer *t)
{
    if (t->waits)
        unlink_transfer(&t->token->waiting, t);
    unlink_transfer(&c->failed, t);
    t->waits = false;
    t->token = NULL;
}

/* ---- tokens ---- */

static struct token *find(struct client *c, uint64_t key, struct error *err)
{
    size_t n = 0;

    for (struct token *token = c->tokens; token; token = token->next, n++)
        if (token->key == key)
            return token;
    if (n >= TOKENS_MAX) {
        error_set(err, -E2BIG, "oauth2: more than %d different settings", TOKENS_MAX);
        return NULL;
    }
    struct token *token = calloc(1, sizeof(*token));
    if (!token) {
        error_errno(err, -ENOMEM, "oauth2");
        return NULL;
    }
    token->key = key;
    token->next = c->tokens;
    c->tokens = token;
    return token;
}

int token_want(struct client *c, const struct scrape_oauth2 *o, struct transfer *t,
               int64_t timeout_ms, struct error *err)
{
    uint64_t now_ns = clock_mono_ns();
    struct token *token = find(c, o->key, err);

    if (!token)
        return err ? err->code : -ENOMEM;
    t->token = token;
    if (token->value && now_ns < token->good_until_ns)
        return give(t, token->value) ? error_errno(err, -ENOMEM, "oauth2") : 1;
    int code = token->fetch ? 0 : start_fetch(c, o, token, err);
    if (code)
        return code;
    t->wait_until_ns = now_ns + (uint64_t)timeout_ms * NS_PER_MS;
    t->waits = true;
    t->next = token->waiting;
    token->waiting = t;
    return 0;
}

void token_free_all(struct client *c)
{
    while (c->tokens) {
        struct token *token = c->tokens;
        c->tokens = token->next;
        release_fetches(c, token);
        free(token->value);
        free(token);
    }
}
