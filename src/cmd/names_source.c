#include "names_source.h"

#include "commands.h"

#include "outbound/outbound.h"

#define ANSWER_MAX    ((size_t)256 << 20)
#define FILE_MAX      ((size_t)256 << 20)
#define GET_TIMEOUT   30000 /* ms: a store with a million series needs seconds */
#define PROBE_TIMEOUT 5000

static int get(const char *url, int64_t timeout_ms, long *ret_status, struct buf *to,
               struct error *err)
{
    char agent[64], shown[300];
    struct outbound_options options = {.user_agent = agent, .answer_max = ANSWER_MAX};
    struct outbound_answer answer = {0};
    struct outbound *out;

    snprintf(agent, sizeof(agent), "algalon/%s", program_version());
    int code = outbound_show_url(url, "the URL", shown, sizeof(shown), err);
    if (!code)
        code = outbound_open(&options, &out, err);
    if (code)
        return code;
    outbound_send(out, "GET", url, STR(""), timeout_ms, &answer);
    *ret_status = answer.status;
    if (!answer.status)
        code = error_set(err, -EIO, "%s: %s", shown, answer.error);
    else if (answer.status != 200)
        code = error_set(err, -EIO, "%s answers with status %ld", shown, answer.status);
    else if (answer.cut)
        code = error_set(err, -E2BIG, "%s answers with more than %zu MiB", shown, ANSWER_MAX >> 20);
    else
        buf_str_add(to, buf_str(&answer.body));
    outbound_answer_fini(&answer);
    outbound_close(out);
    return code;
}

int names_source_get(const char *url, int64_t timeout_ms, struct buf *to, struct error *err)
{
    long status;

    return get(url, timeout_ms, &status, to, err);
}

/* http://host:8428 without a path: a store, when it answers as one; else an exporter. */
static int read_base(const char *base, struct buf *to, struct error *err)
{
    struct buf url;
    long status;
    size_t len = strlen(base);

    while (len && base[len - 1] == '/')
        len--;
    buf_init(&url, 0);
    buf_add(&url, base, len);
    buf_text(&url, "/api/v1/query?query=1");
    buf_char(&url, '\0');
    int code = url.failed ? error_errno(err, -ENOMEM, "%s", base)
                          : get(url.ptr, PROBE_TIMEOUT, &status, to, NULL);
    bool store = !code;
    buf_reset(to);
    buf_reset(&url);
    buf_add(&url, base, len);
    buf_text(&url, store ? "/federate?match%5B%5D=%7B__name__%21%3D%22%22%7D" : "/metrics");
    buf_char(&url, '\0');
    code = url.failed ? error_errno(err, -ENOMEM, "%s", base)
                      : get(url.ptr, GET_TIMEOUT, &status, to, err);
    buf_fini(&url);
    return code;
}

static bool has_path(const char *url)
{
    const char *host = strstr(url, "://"), *slash = host ? strchr(host + 3, '/') : NULL;

    return slash && slash[1];
}

int names_source_read(const char *source, struct known *ret, struct error *err)
{
    struct buf text;
    int code;

    if (!strcmp(source, "all-smi") || !strcmp(source, "dcgm"))
        return known_from_schema(source, ret, err);
    buf_init(&text, 0);
    if (!strstr(source, "://"))
        code = file_read(source, FILE_MAX, &text, err);
    else if (has_path(source))
        code = names_source_get(source, GET_TIMEOUT, &text, err);
    else
        code = read_base(source, &text, err);
    if (!code)
        code = known_from_exposition(source, buf_str(&text), ret, err);
    buf_fini(&text);
    return code;
}
