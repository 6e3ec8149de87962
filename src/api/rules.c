/* rules.c - /api/v1/rules: groups of rules with their state, all of them or those asked for. */
#include "api/answer.h"
#include "api/ask.h"
#include "api/families.h"

#define NAMES_MAX 1000 /* rule_name[] and the like of one request */

/* Every value of the parameter `name`; false with the answer given. */
static bool read_names(struct http_request *r, const char *name, struct str_list *ret)
{
    struct str value;
    size_t n = 0;

    while (http_param_at(r, name, n).ptr)
        n++;
    if (n > NAMES_MAX) {
        answer_error(r, 400, "bad_data", "more than %d %s parameters", NAMES_MAX, name);
        return false;
    }
    ret->items = arena_calloc(http_arena(r), n + 1, sizeof(*ret->items));
    for (size_t i = 0; ret->items && (value = http_param_at(r, name, i)).ptr; i++)
        ret->items[ret->len++] = value;
    if (!ret->items)
        answer_error(r, 422, "execution", "out of memory");
    return ret->items != NULL;
}

static bool read_kind(struct http_request *r, enum rules_kind *ret)
{
    struct str type = http_param(r, "type");

    *ret = RULES_ALL;
    if (str_is(type, "alert"))
        *ret = RULES_ALERTING;
    else if (str_is(type, "record"))
        *ret = RULES_RECORDING;
    else if (type.len)
        answer_error(r, 400, "bad_data", "not supported value \"%.*s\"", (int)MIN(type.len, 100),
                     type.ptr);
    return !type.len || *ret != RULES_ALL;
}

/* As Go reads truths. */
static bool read_exclude(struct http_request *r, bool *ret)
{
    static const char *const yes[] = {"1", "t", "T", "TRUE", "true", "True"};
    static const char *const no[] = {"0", "f", "F", "FALSE", "false", "False", ""};
    struct str text = http_param(r, "exclude_alerts");

    for (size_t i = 0; i < ARRAY_LEN(yes); i++)
        *ret = *ret || str_is(text, yes[i]);
    for (size_t i = 0; i < ARRAY_LEN(no); i++)
        if (*ret || !text.ptr || str_is(text, no[i]))
            return true;
    answer_error(r, 400, "bad_data",
                 "error converting exclude_alerts: \"%.*s\" is neither true nor "
                 "false",
                 (int)MIN(text.len, 100), text.ptr);
    return false;
}

/* group_limit and group_next_token, where the second wants the first. */
static bool read_page(struct http_request *r, struct rules_filter *ret)
{
    struct str limit = http_param(r, "group_limit"), token = http_param(r, "group_next_token");
    uint64_t value = 0;

    if (limit.len && (!num_parse_u64(limit, &value) || !value || value > SIZE_MAX)) {
        answer_error(r, 400, "bad_data",
                     "invalid parameter \"group_limit\": wanted a number above 0");
        return false;
    }
    if (token.len && !limit.len) {
        answer_error(r, 400, "bad_data",
                     "invalid parameter \"group_limit\": group_limit needs to be present in order "
                     "to paginate over the groups");
        return false;
    }
    ret->group_limit = (size_t)value;
    ret->next_token = token.ptr ? token : STR("");
    return true;
}

static bool read_filter(struct http_request *r, struct rules_filter *ret)
{
    return read_kind(r, &ret->kind) && read_names(r, "rule_name[]", &ret->names) &&
           read_names(r, "rule_group[]", &ret->groups) && read_names(r, "file[]", &ret->files) &&
           read_exclude(r, &ret->exclude_alerts) && read_page(r, ret);
}

void rules_list(struct http_request *r, void *ctx)
{
    struct api *api = ctx;
    struct rules_filter filter = {0};
    struct ask_selectors match = {0};
    struct buf body;

    if (read_filter(r, &filter) && ask_selectors(r, false, &match)) {
        filter.match = match.items;
        filter.match_len = match.len;
        answer_begin(api, &body);
        if (!api->rules) {
            buf_text(&body, "{\"groups\":[]}");
            answer_finish(r, &body, NULL, NULL);
        } else if (rules_print_groups(api->rules, &filter, &body)) {
            buf_fini(&body);
            answer_error(r, 400, "bad_data",
                         "invalid parameter \"group_next_token\": no group has this token (were "
                         "the rules changed?)");
        } else {
            answer_finish(r, &body, NULL, NULL);
        }
    }
    ask_selectors_fini(&match);
}
