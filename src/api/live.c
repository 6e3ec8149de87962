/* live.c - what the worker has read: for scrapers, for people, as a stream. A request never
 * touches hardware: it gets what was rendered at the last reading. */
#include "api/api.h"
#include "api/families.h"

#include <stdlib.h>

#define TEXT_TYPE        "text/plain; version=0.0.4; charset=utf-8"
#define OPENMETRICS      "application/openmetrics-text"
#define OPENMETRICS_TYPE OPENMETRICS "; version=1.0.0; charset=utf-8"
#define HEARTBEAT_NS     (15 * (uint64_t)NS_PER_S) /* keeps proxies from closing a quiet stream */

/* ---- /metrics ---- */

/* The weight that an Accept header gives a media type; -1: not named. */
static double accept_weight(struct str accept, const char *type)
{
    double best = -1;

    while (accept.ptr) {
        struct str options = str_cut(&accept, ',');
        struct str name = str_trim(str_cut(&options, ';'));
        double weight = 1;
        if (!str_is(name, type))
            continue;
        while (options.ptr) {
            struct str value = str_cut(&options, ';');
            struct str key = str_trim(str_cut(&value, '='));
            if (str_is(key, "q") && value.ptr && !num_parse(str_trim(value), &weight))
                weight = 0;
        }
        best = MAX(best, weight);
    }
    return best;
}

static bool wants_openmetrics(const struct http_request *r)
{
    struct str accept = http_header(r, "Accept");
    double weight = accept.ptr ? accept_weight(accept, OPENMETRICS) : -1;

    return weight > 0 && weight >= accept_weight(accept, "text/plain");
}

static void release(void *owner)
{
    snapshot_release(owner);
}

/* The latest snapshot; NULL with 503 answered before there is one. */
static struct snapshot *latest(struct http_request *r, const struct api *api)
{
    struct snapshot *s = worker_latest(api->worker);

    if (!s) {
        http_set_header(r, "Retry-After", "1");
        http_reply_text(r, 503, "text/plain; charset=utf-8",
                        "the hardware has not been read yet: try again in a second\n");
    }
    return s;
}

void live_metrics(struct http_request *r, void *ctx)
{
    struct snapshot *s = latest(r, ctx);
    bool open = wants_openmetrics(r), packed = http_accepts_gzip(r);
    struct str body = {NULL, 0};

    if (!s)
        return;
    if (packed)
        body = snapshot_body(s, open ? SNAPSHOT_OPENMETRICS_GZIP : SNAPSHOT_TEXT_GZIP);
    packed = body.len > 0;
    if (!packed)
        body = snapshot_body(s, open ? SNAPSHOT_OPENMETRICS : SNAPSHOT_TEXT);
    http_reply_shared(r, 200, open ? OPENMETRICS_TYPE : TEXT_TYPE, packed ? "gzip" : NULL, body,
                      release, s);
}

void live_snapshot(struct http_request *r, void *ctx)
{
    struct str format = http_param(r, "format");
    struct snapshot *s = latest(r, ctx);
    struct buf body;

    if (!s)
        return;
    buf_init(&body, 0);
    http_set_header(r, "Cache-Control", "no-store");
    if (str_is(format, "csv")) {
        snapshot_csv(s, &body);
        http_reply(r, 200, "text/csv; charset=utf-8", &body);
    } else {
        snapshot_json(s, &body);
        http_reply(r, 200, "application/json", &body);
    }
    snapshot_release(s);
}

/* ---- /events ---- */

struct events {
    struct worker *worker;
    uint64_t seq;        /* of the snapshot sent last */
    uint64_t process_at; /* how many lines of processes were sent, or were there before */
    uint64_t quiet_since_ns;
};

/* Server-Sent Events: every line of the JSON behind "data: ", a blank line at the end. */
static void print_event(struct buf *to, const struct snapshot *s)
{
    struct buf json;

    buf_init(&json, 0);
    snapshot_json(s, &json);
    struct str rest = str_trim(buf_str(&json));
    buf_printf(to, "event: snapshot\nid: %" PRIu64 "\n", snapshot_seq(s));
    while (rest.ptr) {
        buf_text(to, "data: ");
        buf_str_add(to, str_cut(&rest, '\n'));
        buf_char(to, '\n');
    }
    buf_char(to, '\n');
    buf_fini(&json);
}

static void print_process(void *ctx, struct str line)
{
    struct buf *to = ctx;

    buf_text(to, "event: process_ended\ndata: ");
    buf_str_add(to, line);
    buf_text(to, "\n\n");
}

static int next_event(void *ctx, struct buf *to)
{
    struct events *e = ctx;
    struct snapshot *s = worker_latest(e->worker);
    uint64_t now = clock_mono_ns();
    size_t before = to->len;

    worker_processes_since(e->worker, &e->process_at, print_process, to);
    if (to->len > before)
        e->quiet_since_ns = now;

    if (s && snapshot_seq(s) != e->seq) {
        e->seq = snapshot_seq(s);
        e->quiet_since_ns = now;
        print_event(to, s);
    } else if (now - e->quiet_since_ns > HEARTBEAT_NS) {
        e->quiet_since_ns = now;
        buf_text(to, ": still here\n\n");
    }
    snapshot_release(s);
    return 0;
}

static void end_events(void *ctx)
{
    free(ctx);
}

void live_events(struct http_request *r, void *ctx)
{
    const struct api *api = ctx;
    struct events *e = xnew(struct events);

    e->worker = api->worker;
    e->process_at = UINT64_MAX;
    e->quiet_since_ns = clock_mono_ns();
    http_reply_stream(r, "text/event-stream", next_event, end_events, e);
}

/* ---- the doctor ---- */

static void print_finding(struct buf *to, const struct finding *f)
{
    static const char *const levels[] = {[FINDING_OK] = "ok",
                                         [FINDING_NOTE] = "note",
                                         [FINDING_WARNING] = "warning",
                                         [FINDING_ERROR] = "error"};

    buf_printf(to, "{\"level\":\"%s\",\"topic\":", levels[f->level]);
    buf_json(to, str_of(f->topic));
    buf_text(to, ",\"what\":");
    buf_json(to, str_of(f->what));
    buf_text(to, ",\"advice\":");
    buf_json(to, str_of(f->advice));
    buf_char(to, '}');
}

void live_doctor(struct http_request *r, void *ctx)
{
    const struct api *api = ctx;
    struct finding *findings = NULL;
    size_t n = 0;
    struct buf body;

    if (api->worker_options)
        worker_diagnose(api->worker_options, http_arena(r), &findings, &n);
    struct snapshot *s = api->worker ? worker_latest(api->worker) : NULL;
    buf_init(&body, 0);
    buf_text(&body, "{\"findings\":[");
    for (size_t i = 0; i < n; i++) {
        if (i)
            buf_char(&body, ',');
        print_finding(&body, &findings[i]);
    }
    buf_printf(&body, "],\"accelerators\":%zu}", s ? snapshot_accelerators(s) : (size_t)0);
    snapshot_release(s);
    http_set_header(r, "Cache-Control", "no-store");
    http_reply(r, 200, "application/json", &body);
}

/* ---- / of the metrics listener ---- */

void live_landing(struct http_request *r, void *ctx)
{
    const struct api *api = ctx;
    struct buf body;

    buf_init(&body, 0);
    buf_text(
        &body,
        "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">"
        "<meta name=\"viewport\" content=\"width=device-width\"><title>Algalon</title>"
        "<meta name=\"color-scheme\" content=\"light dark\"></head>\n<body><h1>Algalon</h1>\n");
    buf_printf(&body,
               "<p>Version %s. This is the worker: it reads the hardware of this machine.</p>",
               api->version ? api->version : "");
    buf_text(&body, "\n<ul>\n"
                    "<li><a href=\"/metrics\">/metrics</a>: for Prometheus and its kin</li>\n"
                    "<li><a href=\"/snapshot\">/snapshot</a>: the latest reading as JSON, or as "
                    "<a href=\"/snapshot?format=csv\">CSV</a></li>\n"
                    "<li><a href=\"/events\">/events</a>: every reading as it is made "
                    "(Server-Sent Events)</li>\n"
                    "<li><a href=\"/-/healthy\">/-/healthy</a>, <a href=\"/-/ready\">/-/ready</a>: "
                    "for health checks</li>\n"
                    "</ul></body></html>\n");
    http_set_header(r, "Content-Security-Policy", "default-src 'none'");
    http_set_header(r, "X-Content-Type-Options", "nosniff");
    http_reply(r, 200, "text/html; charset=utf-8", &body);
}
