/* ask.c - what a request asks for. */
#include "api/ask.h"

#include "api/answer.h"
#include "api/times.h"

#include <stdlib.h>

#define SELECTORS_MAX    256               /* match[] parameters of one request */
#define SELECTORS_MEMORY ((size_t)8 << 20) /* of their matchers */

bool ask_time(struct http_request *r, const char *name, int64_t *ret_ms)
{
    struct str text = http_param(r, name);

    if (!text.len || times_parse(text, ret_ms))
        return true;
    answer_error(
        r, 400, "bad_data",
        "invalid parameter \"%s\": Invalid time value for '%s': cannot parse \"%.*s\" to a "
        "valid timestamp",
        name, name, (int)MIN(text.len, 100), text.ptr);
    return false;
}

bool ask_duration(struct http_request *r, const char *name, int64_t *ret_ms)
{
    struct str text = http_param(r, name);

    if (!text.len || times_parse_duration(text, ret_ms))
        return true;
    answer_error(r, 400, "bad_data",
                 "invalid parameter \"%s\": cannot parse \"%.*s\" to a valid duration", name,
                 (int)MIN(text.len, 100), text.ptr);
    return false;
}

bool ask_limit(struct http_request *r, const char *name, size_t *ret)
{
    struct str text = http_param(r, name);
    uint64_t value;

    if (!text.len)
        return true;
    if (num_parse_u64(text, &value)) {
        *ret = value < SIZE_MAX ? (size_t)value : SIZE_MAX;
        return true;
    }
    answer_error(r, 400, "bad_data", "invalid parameter \"%s\": must be a number, 0 or above",
                 name);
    return false;
}

/* ---- match[] ---- */

/* One selector of the parameter `name`; false with the answer given. */
static bool read_selector(struct http_request *r, const char *name, struct str text,
                          struct ask_selectors *ret)
{
    struct promql_error err = {0};
    struct selector *s = &ret->items[ret->len];
    char *copy; /* the matchers may look into it, also when the request is gone */

    if (ret->len == SELECTORS_MAX) {
        answer_error(r, 400, "bad_data", "more than %d %s parameters", SELECTORS_MAX, name);
        return false;
    }
    copy = arena_strndup(&ret->arena, text.ptr, text.len);
    if (!copy) {
        answer_error(r, 400, "bad_data", "the %s parameters are too long", name);
        return false;
    }
    if (promql_parse_selector(str_make(copy, text.len), &ret->arena, s, &err) < 0) {
        answer_error(r, 400, "bad_data", "invalid parameter \"%s\": %s", name, err.text);
        return false;
    }
    ret->len++;
    return true;
}

static void selectors_init(struct ask_selectors *s)
{
    *s = (struct ask_selectors){0};
    arena_init(&s->arena, SELECTORS_MEMORY);
    s->items = xcalloc(SELECTORS_MAX, sizeof(*s->items));
}

bool ask_selectors(struct http_request *r, bool wanted, struct ask_selectors *ret)
{
    static const char *const names[] = {"match[]", "match"};

    selectors_init(ret);
    for (size_t n = 0; n < ARRAY_LEN(names); n++)
        for (size_t i = 0;; i++) {
            struct str text = http_param_at(r, names[n], i);
            if (!text.ptr)
                break;
            if (!read_selector(r, "match[]", text, ret))
                return false;
        }
    if (wanted && !ret->len) {
        answer_error(r, 400, "bad_data", "no match[] parameter provided");
        return false;
    }
    return true;
}

bool ask_selector(struct http_request *r, const char *name, struct ask_selectors *ret)
{
    struct str text = http_param(r, name);

    selectors_init(ret);
    return !text.len || read_selector(r, name, text, ret);
}

void ask_selectors_fini(struct ask_selectors *s)
{
    for (size_t i = 0; i < s->len; i++)
        promql_selector_fini(&s->items[i]);
    if (s->items) {
        free(s->items);
        arena_fini(&s->arena);
    }
}
