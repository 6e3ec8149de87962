/* command_top.c - `algalon top`: this machine, some exporters, or a fleet out of a store, in a
 * terminal. */
#include "moment.h"
#include "service.h"

#include "outbound/outbound.h"
#include "promql/promql.h"
#include "top/top.h"
#include "upstream/upstream.h"
#include "worker/worker.h"

#include <langinfo.h>
#include <locale.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define ANSWER_MAX   ((size_t)256 << 20)
#define PRINT_WAIT   15000
#define FIRST_WAIT_S 10u

/* ---- this machine ---- */

struct local {
    struct worker *worker;
    uint64_t seq;
};

static int fetch_local(void *ctx, struct buf *text, struct error *err)
{
    struct local *l = ctx;
    uint64_t now = clock_mono_ns();

    if (!l->seq)
        l->seq = worker_wait(l->worker, 0, now + FIRST_WAIT_S * (uint64_t)NS_PER_S);
    struct snapshot *s = worker_latest(l->worker);
    if (!s)
        return error_set(err, -EAGAIN,
                         "no reading yet: a driver may be starting; algalon doctor tells more");
    buf_str_add(text, snapshot_body(s, SNAPSHOT_TEXT));
    snapshot_release(s);
    return 0;
}

static int start_local(struct settings *settings, struct local *l, struct error *err)
{
    struct worker_options options;
    int code = service_worker_options(settings, &options, err);

    if (code)
        return code;
    options.schemas = SCHEMA_ALL_SMI;
    options.interval_ms = settings->refresh_ms;
    return worker_start(&options, &l->worker, err);
}

/* ---- others ---- */

struct remote {
    struct outbound *outbound;
    char *url;     /* as given, without the slashes at its end */
    bool has_path; /* it is asked as it stands */
    bool is_known; /* store is */
    bool is_store;
    int64_t timeout_ms;
};

static int get(struct remote *r, const char *path, struct buf *text, struct error *err)
{
    struct outbound_answer answer = {0};
    struct buf url;

    buf_init(&url, 0);
    buf_printf(&url, "%s%s", r->url, path);
    buf_char(&url, '\0');
    if (url.failed)
        return error_errno(err, -ENOMEM, "%s", r->url);
    outbound_send(r->outbound, "GET", url.ptr, STR(""), r->timeout_ms, &answer);
    buf_fini(&url);
    int code = 0;
    if (!answer.status)
        code = error_set(err, -EIO, "%s", answer.error);
    else if (answer.status != 200)
        code = error_set(err, -EIO, "it answers with status %ld", answer.status);
    else if (answer.cut)
        code = error_set(err, -E2BIG, "its answer is longer than %zu MB", ANSWER_MAX >> 20);
    else
        buf_str_add(text, buf_str(&answer.body));
    outbound_answer_fini(&answer);
    return code;
}

/* Everything that top reads has one of these beginnings. */
#define FEDERATE                                                                                   \
    "/federate?match%5B%5D=%7B__name__%3D~%22%28all_smi%7Calgalon%29_"                             \
    "%28gpu%7Cmig%7Ccpu%7Cmemory%7Cprocess%7Cload1%29.%2A%22%7D"                                   \
    "&match%5B%5D=%7B__name__%3D~%22DCGM_FI_DEV_.%2A%22%7D"

static int fetch_remote(void *ctx, struct buf *text, struct error *err)
{
    struct remote *r = ctx;

    if (r->has_path)
        return get(r, "", text, err);
    if (!r->is_known) {
        int code = get(r, "/api/v1/query?query=1", text, err);
        r->is_store = !code;
        buf_reset(text);
        if (!code)
            r->is_known = true;
    }
    int code = get(r, r->is_store ? FEDERATE : "/metrics", text, err);
    r->is_known |= !code;
    return code;
}

static int start_remote(const struct settings *settings, const char *operand, struct remote *r,
                        struct top_source *ret, struct error *err)
{
    struct outbound_options options = {.user_agent = "algalon-top", .answer_max = ANSWER_MAX};
    char shown[256];
    bool is_url = strstr(operand, "://") != NULL;
    size_t size = strlen(operand) + sizeof("http://");

    r->url = malloc(size);
    if (!r->url)
        return error_errno(err, -ENOMEM, "%s", operand);
    snprintf(r->url, size, "%s%s", is_url ? "" : "http://", operand);
    for (size_t len = strlen(r->url); len && r->url[len - 1] == '/'; len--)
        r->url[len - 1] = '\0';
    int code = outbound_show_url(r->url, "URL", shown, sizeof(shown), err);
    if (code)
        return code;
    const char *host = strstr(r->url, "://");
    r->has_path = host && strchr(host + 3, '/');
    r->timeout_ms = MAX(settings->refresh_ms, (int64_t)5000);
    code = outbound_open(&options, &r->outbound, err);
    *ret = (struct top_source){.name = operand, .fetch = fetch_remote, .ctx = r};
    return code;
}

/* ---- the past: out of a store, by its queries ---- */

/* The same series as of FEDERATE. */
#define PAST_QUERY                                                                                 \
    "{__name__=~\"(all_smi|algalon)_(gpu|mig|cpu|memory|process|load1).*|DCGM_FI_DEV_.*\"}"
#define DEFAULT_STORE "127.0.0.1:8428" /* of a host on this machine */

struct past {
    struct upstream *store;
    const atomic_int_fast64_t *at_ms;
};

static int fetch_past(void *ctx, struct buf *text, struct error *err)
{
    struct past *p = ctx;
    struct promql_series *series;
    enum promql_type type;
    struct arena arena;
    size_t n;

    arena_init(&arena, ANSWER_MAX);
    int code = upstream_query(p->store, STR(PAST_QUERY), atomic_load(p->at_ms), NULL, &arena, &type,
                              &series, &n, err);
    if (!code && !n)
        code = error_set(err, -ENODATA, "it keeps nothing of that moment");
    for (size_t i = 0; !code && i < n; i++) {
        if (!series[i].len)
            continue;
        labels_print(series[i].labels, text);
        buf_char(text, ' ');
        buf_double(text, series[i].values[0]);
        buf_char(text, '\n');
    }
    arena_fini(&arena);
    return code;
}

static int start_past(const struct settings *settings, const char *operand,
                      const atomic_int_fast64_t *at_ms, struct past *p, struct top_source *ret,
                      struct error *err)
{
    struct buf url;

    buf_init(&url, 0);
    buf_printf(&url, "%s%s", strstr(operand, "://") ? "" : "http://", operand);
    buf_char(&url, '\0');
    if (url.failed)
        return error_errno(err, -ENOMEM, "%s", operand);
    struct upstream_options options = {.url = url.ptr,
                                       .version = program_version(),
                                       .answer_max = ANSWER_MAX,
                                       .timeout_ms = MAX(settings->refresh_ms, (int64_t)5000)};
    int code = upstream_open(&options, &p->store, err);
    buf_fini(&url);
    p->at_ms = at_ms;
    *ret = (struct top_source){.name = operand, .fetch = fetch_past, .ctx = p};
    return code;
}

/* ---- all of it ---- */

static unsigned from_environment(const char *name)
{
    const char *text = getenv(name);
    uint64_t value = 0;

    return text && num_parse_u64(str_of(text), &value) && value <= 1000 ? (unsigned)value : 0;
}

static enum exit_code run(const struct settings *s, const struct top_options *options)
{
    struct error err = {0};
    struct buf picture;
    int code;

    if (!s->once) {
        code = top_run(options, &err);
    } else {
        buf_init(&picture, 0);
        code = top_print(options, PRINT_WAIT, &picture, &err);
        if (!code)
            code = file_write_all(STDOUT_FILENO, picture.ptr, picture.len);
        buf_fini(&picture);
    }
    if (code)
        fprintf(stderr, "algalon top: %s\n", err.text[0] ? err.text : strerror(-code));
    return !code ? EXIT_DONE : EXIT_FAILED;
}

/* What is shown, and who tells it. */
struct shown {
    struct top_source sources[TOP_SOURCES_MAX];
    struct remote remotes[TOP_SOURCES_MAX];
    struct past pasts[TOP_SOURCES_MAX];
    struct local local;
    size_t len;
    atomic_int_fast64_t at_ms; /* with --at */
};

static int start_all(struct settings *s, struct shown *all, struct error *err)
{
    static const char *const here[] = {DEFAULT_STORE};
    const bool past = *s->at;
    const char *const *operands = past && !s->operands.len ? here : s->operands.items;
    int64_t at_ms = 0;
    int code = past ? moment_parse(s->at, clock_now_ms(), &at_ms, err) : 0;

    if (code)
        return error_in(err, "--at");
    atomic_init(&all->at_ms, at_ms);
    if (!past && !s->operands.len) {
        all->sources[0] = (struct top_source){"this machine", fetch_local, &all->local};
        all->len = 1;
        return start_local(s, &all->local, err);
    }
    for (size_t n = MAX(s->operands.len, (size_t)past), i = all->len; i < n && !code;
         i = all->len) {
        all->len++;
        code = past ? start_past(s, operands[i], &all->at_ms, &all->pasts[i], &all->sources[i], err)
                    : start_remote(s, operands[i], &all->remotes[i], &all->sources[i], err);
    }
    return code;
}

static void stop_all(struct shown *all)
{
    for (size_t i = 0; i < all->len; i++) {
        outbound_close(all->remotes[i].outbound);
        free(all->remotes[i].url);
        upstream_close(all->pasts[i].store);
    }
    worker_stop(all->local.worker);
    free(all);
}

enum exit_code command_top(struct settings *s)
{
    struct error err = {0};

    if (s->operands.len > TOP_SOURCES_MAX) {
        fprintf(stderr,
                "algalon top: at most %d exporters at once: let a host scrape them, and "
                "name the host instead\n",
                TOP_SOURCES_MAX);
        return EXIT_USAGE;
    }
    setlocale(LC_CTYPE, "");
    if (!s->once)
        log_setup(LOG_OFF, LOG_LOGFMT); /* lines would run through the picture */
    struct shown *all = xnew(struct shown);
    int code = start_all(s, all, &err);
    enum exit_code done = code == -EINVAL ? EXIT_USAGE : EXIT_FAILED;
    if (code)
        fprintf(stderr, "algalon top: %s\n", err.text);
    struct top_options options = {.sources = all->sources,
                                  .source_len = all->len,
                                  .interval_ms = s->refresh_ms,
                                  .at_ms = *s->at ? &all->at_ms : NULL,
                                  .utf8 = !strcmp(nl_langinfo(CODESET), "UTF-8"),
                                  .width = from_environment("COLUMNS"),
                                  .height = from_environment("LINES"),
                                  .color = !strcmp(s->color, "never") || getenv("NO_COLOR")
                                               ? TOP_COLOR_NEVER
                                               : TOP_COLOR_AUTO};
    if (!code)
        done = run(s, &options);
    stop_all(all);
    return done;
}
