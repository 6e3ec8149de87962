/* answer.c - envelopes and errors. */
#include "api/answer.h"

#include <stdarg.h>

#define JSON "application/json"

void answer_begin(const struct api *api, struct buf *to)
{
    buf_init(to, api->query_max_memory);
    buf_text(to, "{\"status\":\"success\",\"data\":");
}

static void print_list(struct buf *body, const char *name, const struct str_list *list)
{
    if (!list || !list->len)
        return;
    buf_printf(body, ",\"%s\":", name);
    answer_strings(body, list);
}

void answer_finish(struct http_request *r, struct buf *body, const struct str_list *warnings,
                   const struct str_list *infos)
{
    print_list(body, "warnings", warnings);
    print_list(body, "infos", infos);
    buf_char(body, '}');
    if (body->failed) {
        buf_fini(body);
        answer_error(r, 422, "execution",
                     "the answer is larger than --query.max-memory allows: ask for less");
        return;
    }
    http_reply(r, 200, JSON, body);
}

void answer_finish_warn(struct http_request *r, struct buf *body, const char *warning)
{
    struct str text = str_of(warning);
    struct str_list list = {&text, warning ? 1 : 0};

    answer_finish(r, body, &list, NULL);
}

void answer_error(struct http_request *r, unsigned status, const char *type, const char *format,
                  ...)
{
    char text[1024];
    struct buf body;
    va_list args;

    va_start(args, format);
    vsnprintf(text, sizeof(text), format, args);
    va_end(args);
    buf_init(&body, 0);
    buf_printf(&body, "{\"status\":\"error\",\"errorType\":\"%s\",\"error\":", type);
    buf_json(&body, str_of(text));
    buf_char(&body, '}');
    http_reply(r, status, JSON, &body);
}

void answer_promql_error(struct http_request *r, const char *parameter,
                         const struct promql_error *err)
{
    bool in_text = strstr(err->text, "parse error") != NULL;

    switch (err->kind) {
    case PROMQL_BAD_DATA:
        if (in_text)
            answer_error(r, 400, "bad_data", "invalid parameter \"%s\": %s", parameter, err->text);
        else
            answer_error(r, 400, "bad_data", "%s", err->text);
        return;
    case PROMQL_EXECUTION:
        answer_error(r, 422, "execution", "%s", err->text);
        return;
    case PROMQL_TIMEOUT:
        answer_error(r, 503, "timeout", "%s", err->text);
        return;
    case PROMQL_CANCELED:
        answer_error(r, 503, "canceled", "%s", err->text);
        return;
    case PROMQL_INTERNAL:
        break;
    }
    answer_error(r, 500, "internal", "%s", err->text);
}

void answer_failure(struct http_request *r, const struct error *err)
{
    if (err->code == -E2BIG)
        answer_error(r, 422, "execution", "%s: narrow it, or raise --query.max-series", err->text);
    else if (err->code == -ENOMEM)
        answer_error(r, 422, "execution", "%s: ask for less, or raise --query.max-memory",
                     err->text);
    else if (err->code == -ERANGE)
        answer_error(r, 422, "execution", "%s", err->text);
    else
        answer_error(r, 500, "internal", "%s", err->text);
}

void answer_strings(struct buf *to, const struct str_list *list)
{
    buf_char(to, '[');
    for (size_t i = 0; i < list->len; i++) {
        if (i)
            buf_char(to, ',');
        buf_json(to, list->items[i]);
    }
    buf_char(to, ']');
}
