/* target.c - from an address with labels to a URL with labels, as Prometheus does it: the special
 * labels are set, relabelled, read back and left out. */
#include "scrape/target.h"

#include <stdlib.h>

#define DEFAULT_PORT ":9400"
#define URL_MAX      8192

/* ---- the labels before relabelling ---- */

static struct str copy_text(struct arena *a, const char *text)
{
    char *copy = arena_strndup(a, text, strlen(text));
    return str_make(copy ? copy : "", copy ? strlen(text) : 0);
}

/* An address of the command line: "host", "host:port", or a URL, which is taken apart. */
static struct str split_url(struct label_builder *b, struct str address, struct arena *a)
{
    bool https = str_starts(address, STR("https://"));
    size_t skip = https ? 8 : str_starts(address, STR("http://")) ? 7 : 0;

    if (https)
        label_builder_set(b, STR("__scheme__"), STR("https"));
    address = str_make(address.ptr + skip, address.len - skip);
    const char *slash = memchr(address.ptr, '/', address.len);
    if (slash) {
        size_t n = (size_t)(slash - address.ptr);
        label_builder_set(b, STR("__metrics_path__"), str_make(slash, address.len - n));
        address.len = n;
    }
    const char *colon = memrchr(address.ptr, ':', address.len);
    const char *bracket = memrchr(address.ptr, ']', address.len);
    if (skip || (colon && colon > (bracket ? bracket : address.ptr)))
        return address;
    char *with_port = arena_alloc(a, address.len + sizeof(DEFAULT_PORT));
    if (!with_port)
        return address;
    memcpy(with_port, address.ptr, address.len);
    memcpy(with_port + address.len, DEFAULT_PORT, sizeof(DEFAULT_PORT));
    return str_make(with_port, address.len + sizeof(DEFAULT_PORT) - 1);
}

static void set_params(struct label_builder *b, const struct scrape_job *job, struct arena *a)
{
    for (size_t i = 0; i < job->param_len; i++) {
        const struct scrape_param *param = &job->params[i];
        char *name = arena_alloc(a, param->name.len + 9);
        if (!name || !param->len)
            continue;
        memcpy(name, "__param_", 8);
        memcpy(name + 8, param->name.ptr, param->name.len);
        label_builder_set(b, str_make(name, param->name.len + 8), param->values[0]);
    }
}

void target_begin(struct label_builder *b, struct label items[GROUP_LABELS_MAX + 1],
                  const struct scrape_job *job, struct labels group, struct str address,
                  struct arena *a)
{
    char text[48];

    label_builder_init_wide(b, items, GROUP_LABELS_MAX, (struct labels){0});
    label_builder_set(b, STR("job"), job->name);
    label_builder_set(b, STR("__scheme__"), job->scheme);
    label_builder_set(b, STR("__metrics_path__"), job->metrics_path);
    num_print_duration(text, job->interval_ms);
    label_builder_set(b, STR("__scrape_interval__"), copy_text(a, text));
    num_print_duration(text, job->timeout_ms);
    label_builder_set(b, STR("__scrape_timeout__"), copy_text(a, text));
    set_params(b, job, a);
    for (size_t i = 0; i < group.len; i++)
        label_builder_set(b, group.items[i].name, group.items[i].value);
    if (job->default_port)
        address = split_url(b, address, a);
    label_builder_set(b, STR("__address__"), address);
}

/* ---- the URL ---- */

static bool is_address(struct str s)
{
    for (size_t i = 0; i < s.len; i++) {
        char c = s.ptr[i];
        bool good = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                    strchr("-._~:[]%", c);
        if (!c || !good)
            return false;
    }
    return s.len > 0;
}

static void add_param(struct buf *to, struct str name, struct str value)
{
    buf_char(to, memchr(to->ptr, '?', to->len) ? '&' : '?');
    buf_escape(to, name);
    buf_char(to, '=');
    buf_escape(to, value);
}

/* Parameters are what the labels say; further values of a repeated one come from the job. */
static void add_params(struct buf *to, const struct scrape_job *job, struct labels l)
{
    for (size_t i = 0; i < l.len; i++) {
        struct str name = l.items[i].name;
        if (!str_starts(name, STR("__param_")))
            continue;
        name = str_make(name.ptr + 8, name.len - 8);
        add_param(to, name, l.items[i].value);
        for (size_t k = 0; k < job->param_len; k++)
            for (size_t v = 1; str_equal(job->params[k].name, name) && v < job->params[k].len; v++)
                add_param(to, name, job->params[k].values[v]);
    }
}

/* An address as it may be told in messages: what stands before '@' is a user and a password. */
static struct str told(struct str address)
{
    const char *at = address.len ? memrchr(address.ptr, '@', address.len) : NULL;

    if (!at)
        return address;
    return str_make(at + 1, address.len - (size_t)(at + 1 - address.ptr));
}

int target_print_url(struct str scheme, struct str address, struct str path, struct buf *to,
                     struct error *err)
{
    if (!is_address(address))
        return error_set(err, -EINVAL, "'%.*s' is not an address (host:port)",
                         (int)MIN(told(address).len, (size_t)100), told(address).ptr);
    if (!str_is(scheme, "http") && !str_is(scheme, "https"))
        return error_set(err, -EINVAL, "scheme '%.*s' is neither http nor https",
                         (int)MIN(scheme.len, (size_t)20), scheme.ptr);
    buf_str_add(to, scheme);
    buf_text(to, "://");
    buf_str_add(to, address);
    if (!path.len || path.ptr[0] != '/')
        buf_char(to, '/');
    for (size_t i = 0; i < path.len; i++) { /* written by hand: may hold blanks */
        unsigned char c = (unsigned char)path.ptr[i];
        if (c <= ' ' || c >= 127)
            buf_escape(to, str_make(path.ptr + i, 1));
        else
            buf_char(to, (char)c);
    }
    return 0;
}

static int build_url(struct target_spec *s, struct labels l, struct error *err)
{
    struct buf url;

    buf_init(&url, URL_MAX);
    int code = target_print_url(labels_get(l, STR("__scheme__")), labels_get(l, STR("__address__")),
                                labels_get(l, STR("__metrics_path__")), &url, err);
    if (!code) {
        add_params(&url, s->job, l);
        char *copy = url.failed ? NULL : arena_strndup(&s->arena, url.ptr, url.len);
        s->url = str_make(copy, url.len);
        if (!copy)
            code = url.failed ? error_set(err, -EINVAL, "a URL of more than %d bytes", URL_MAX)
                              : error_errno(err, -ENOMEM, "target");
    }
    buf_fini(&url);
    return code;
}

/* ---- the target ---- */

static int read_times(struct target_spec *s, struct labels l, struct error *err)
{
    int code = num_parse_duration(labels_get(l, STR("__scrape_interval__")), &s->interval_ms, err);

    if (code)
        return error_in(err, "__scrape_interval__");
    code = num_parse_duration(labels_get(l, STR("__scrape_timeout__")), &s->timeout_ms, err);
    if (code)
        return error_in(err, "__scrape_timeout__");
    if (s->interval_ms < CONFIG_INTERVAL_MIN_MS || s->timeout_ms < 1)
        return error_set(err, -EINVAL, "scrape interval or timeout too short");
    if (s->timeout_ms > s->interval_ms)
        return error_set(err, -EINVAL, "scrape timeout longer than interval");
    return 0;
}

/* Labels that stay on the series: all but those that begin with two underscores. */
static int keep_labels(struct target_spec *s, struct labels l, struct error *err)
{
    struct label_builder b;
    struct labels view;

    label_builder_init(&b, (struct labels){0});
    for (size_t i = 0; i < l.len; i++)
        if (!str_starts(l.items[i].name, STR("__")))
            label_builder_set(&b, l.items[i].name, l.items[i].value);
    if (!label_builder_get(&b, STR("instance")).len)
        label_builder_set(&b, STR("instance"), labels_get(l, STR("__address__")));
    int code = label_builder_view(&b, &view, err);
    if (code)
        return code;
    code = labels_copy(view, &s->arena, &s->labels);
    s->instance = labels_get(s->labels, STR("instance"));
    s->job_name = s->job->name;
    return code ? error_errno(err, code, "target") : 0;
}

static void set_key(struct target_spec *s)
{
    s->key = hash_more(labels_hash(s->labels), s->job_name.ptr, s->job_name.len);
    s->key = hash_more(s->key, s->url.ptr, s->url.len);
}

/* Fills the spec from the labels after discovery. 1, 0 dropped, negative. */
static int build(struct target_spec *s, struct label_builder *b, struct error *err)
{
    struct labels view;

    int code = label_builder_view(b, &view, err);
    if (!code && (code = labels_copy(view, &s->arena, &s->discovered)))
        error_errno(err, code, "target");
    if (code)
        return code;
    int keep = relabel_apply(&s->job->relabel, b, &s->arena);
    if (keep < 0)
        return error_errno(err, keep, "relabelling");
    if (!keep)
        return 0;
    code = label_builder_view(b, &view, err);
    if (!code)
        code = build_url(s, view, err);
    if (!code)
        code = read_times(s, view, err);
    if (!code)
        code = keep_labels(s, view, err);
    if (code)
        return code;
    set_key(s);
    return 1;
}

int target_new(const struct scrape_job *job, struct labels group, struct str address,
               struct target **ret, struct error *err)
{
    struct target *t = calloc(1, sizeof(*t));
    struct label items[GROUP_LABELS_MAX + 1];
    struct label_builder b;

    if (!t)
        return error_errno(err, -ENOMEM, "target");
    arena_init(&t->spec.arena, (size_t)4 << 20);
    t->spec.job = job;
    target_begin(&b, items, job, group, address, &t->spec.arena);
    int code = build(&t->spec, &b, err);
    if (code >= 0)
        *ret = t;
    else
        target_free(t);
    address = told(address);
    return code < 0 ? error_in(err, "target %.*s of job %.*s", (int)MIN(address.len, (size_t)80),
                               address.ptr, (int)MIN(job->name.len, (size_t)40), job->name.ptr)
                    : code;
}

struct target *target_local(struct str job, struct str instance)
{
    const struct label items[] = {{STR("instance"), instance}, {STR("job"), job}};
    struct target *t = calloc(1, sizeof(*t));

    if (!t)
        return NULL;
    arena_init(&t->spec.arena, 0);
    char *name = arena_strndup(&t->spec.arena, job.ptr, job.len); /* terminated, for messages */
    if (!name || labels_copy((struct labels){items, 2}, &t->spec.arena, &t->spec.labels)) {
        target_free(t);
        return NULL;
    }
    t->spec.discovered = t->spec.labels;
    t->spec.job_name = str_make(name, job.len);
    t->spec.instance = labels_get(t->spec.labels, STR("instance"));
    t->spec.url = STR("local");
    set_key(&t->spec);
    return t;
}

void target_free(struct target *t)
{
    if (!t)
        return;
    feed_free(t->feed);
    free(t->group_name);
    arena_fini(&t->spec.arena);
    free(t);
}

bool target_is_same(const struct target *a, const struct target *b)
{
    return a->spec.key == b->spec.key && target_compare(a, b) == 0;
}

int target_compare(const struct target *a, const struct target *b)
{
    int order = str_compare(a->spec.job_name, b->spec.job_name);

    if (!order)
        order = str_compare(a->spec.url, b->spec.url);
    return order ? order : labels_compare(a->spec.labels, b->spec.labels);
}

void target_renew(struct target *kept, struct target *fresh, bool extra_metrics)
{
    struct target_spec old = kept->spec;

    kept->spec = fresh->spec;
    fresh->spec = old;
    bool changed = !old.job || kept->spec.job->take_hash != old.job->take_hash;
    target_configure(kept, changed, extra_metrics);
    target_free(fresh);
}

void target_configure(struct target *t, bool changed, bool extra_metrics)
{
    const struct scrape_job *job = t->spec.job;
    struct feed_settings settings = {
        .labels = t->spec.labels, .honor_labels = true, .honor_timestamps = true};

    if (!t->feed)
        return;
    if (job) {
        settings.honor_labels = job->honor_labels;
        settings.honor_timestamps = job->honor_timestamps;
        settings.track_timestamps = job->track_timestamps_staleness;
        settings.relabel = job->metric_relabel.len ? &job->metric_relabel : NULL;
        settings.sample_limit = job->limits.sample;
        settings.label_limit = job->limits.label;
        settings.label_name_length_limit = job->limits.label_name_length;
        settings.label_value_length_limit = job->limits.label_value_length;
        settings.extra = job->extra_metrics == TRISTATE_UNSAID ? extra_metrics
                                                               : job->extra_metrics == TRISTATE_YES;
        settings.timeout_s = (double)t->spec.timeout_ms / 1000;
    }
    feed_configure(t->feed, &settings, changed);
}

int64_t target_next_turn(const struct target *t, int64_t now_ms)
{
    int64_t interval = t->spec.interval_ms;
    const struct scrape_job *job = t->spec.job;
    int64_t offset = job && (job->align_ms || job->offset_ms)
                         ? job->offset_ms % interval
                         : (int64_t)(t->spec.key % (uint64_t)interval);
    int64_t behind = (now_ms - offset) % interval;

    if (behind < 0)
        behind += interval;
    return now_ms - behind + interval;
}
