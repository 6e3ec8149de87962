/* bearer.c - see bearer.h. */
#include "outbound/bearer.h"

#include <stdlib.h>

/* Asks in one of the two ways; *ret_status is what was answered, 0 nothing. */
static int ask(const struct http_oauth2 *settings, bool in_form,
               const struct outbound_options *like, char **ret, int64_t *ret_life_ms,
               long *ret_status, struct error *err)
{
    static const char *const headers[] = {"Content-Type: application/x-www-form-urlencoded",
                                          "Accept: application/json"};
    struct oauth2_request q;
    struct outbound_answer answer = {0};
    struct outbound *client = NULL;
    int code = oauth2_request_init(&q, settings, in_form, err);
    const struct outbound_options options = {.user_agent = like->user_agent,
                                             .headers = headers,
                                             .header_len = ARRAY_LEN(headers),
                                             .http = &q.http,
                                             .answer_max = OAUTH2_ANSWER_MAX,
                                             .stop = like->stop};

    *ret_status = 0;
    if (!code)
        code = outbound_open(&options, &client, err);
    if (!code) {
        outbound_send(client, "POST", settings->token_url.ptr, buf_str(&q.form), OAUTH2_TIMEOUT_MS,
                      &answer);
        *ret_status = answer.status;
        if (!answer.status)
            code = error_set(err, -EIO, "%s", answer.error);
        else if (answer.status != 200)
            code = error_set(err, -EPROTO, "HTTP status %ld", answer.status);
        else
            code = oauth2_read(buf_str(&answer.body), ret, ret_life_ms, err);
    }
    outbound_close(client);
    outbound_answer_fini(&answer);
    oauth2_request_fini(&q);
    return code;
}

int bearer_get(struct bearer *b, const struct http_oauth2 *settings,
               const struct outbound_options *like, struct error *err)
{
    int64_t life_ms = 0;
    char *value = NULL;
    long status;

    if (b->value && clock_mono_ns() < b->good_until_ns)
        return 0;
    int code = ask(settings, false, like, &value, &life_ms, &status, err);
    if (code && (status == 400 || status == 401))
        code = ask(settings, true, like, &value, &life_ms, &status, err);
    if (code)
        return error_in(err, "oauth2: no token");
    free(b->value);
    b->value = value;
    b->fetched_ns = clock_mono_ns();
    b->good_until_ns = b->fetched_ns + (uint64_t)life_ms * NS_PER_MS;
    return 0;
}

void bearer_refused(struct bearer *b)
{
    if (clock_mono_ns() - b->fetched_ns > OAUTH2_REFUSED_NS)
        b->good_until_ns = 0;
}

void bearer_fini(struct bearer *b)
{
    free(b->value);
    b->value = NULL;
}
