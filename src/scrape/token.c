/* token.c - see token.h; both requests of outbound/oauth2.h are prepared at once. */
#include "scrape/token.h"

#include <stdlib.h>

struct token {
    struct token *next;
    uint64_t key;
    char *value; /* "Bearer ..."; NULL: none yet */
    uint64_t fetched_ns, good_until_ns;
    struct transfer *fetch, *second; /* under way; prepared */
    struct transfer *waiting;        /* linked by transfer->next */
};

/* ---- fetching ---- */

/* Prepares the request with the secret in the form, or as basic authentication. */
static int prepare(struct client *c, const struct http_oauth2 *o, bool in_form, struct token *token,
                   struct transfer **ret, struct error *err)
{
    struct oauth2_request q; /* borrowed while it is prepared */
    int code = oauth2_request_init(&q, o, in_form, err);
    const struct client_request request = {.url = o->token_url,
                                           .accept = STR("application/json"),
                                           .timeout_ms = OAUTH2_TIMEOUT_MS,
                                           .body_max = OAUTH2_ANSWER_MAX,
                                           .http = &q.http,
                                           .form = buf_str(&q.form)};
    if (!code)
        code = client_prepare(c, &request, ret, err);
    if (!code)
        (*ret)->fetches = token;
    oauth2_request_fini(&q);
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

static int start_fetch(struct client *c, const struct http_oauth2 *o, struct token *token,
                       struct error *err)
{
    int code = prepare(c, o, false, token, &token->fetch, err);

    if (!code)
        code = prepare(c, o, true, token, &token->second, err);
    if (!code)
        code = client_begin(c, token->fetch, err);
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
    struct client *c = t->client;
    int code = http_lists_add(c->http, &t->lists, STR("Authorization"), STR(""), str_of(value));

    if (!code)
        c->lib.easy_setopt(t->easy, CURLOPT_HTTPHEADER, t->lists.headers);
    return code;
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
        code = oauth2_read(transfer_body(fetch), &value, &life_ms, &err);
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

    if (clock_mono_ns() - token->fetched_ns > OAUTH2_REFUSED_NS)
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

int token_want(struct client *c, const struct http_oauth2 *o, struct transfer *t,
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
