/* scrape_test.c - the whole of scraping against an HTTP server of this process on loopback. Where
 * time matters the tests wait for what should happen, with a deadline, and never for a while. */
#include "scrape/server_test.h"
#include "scrape/state.h"

#include <stdlib.h>

#define PATIENCE_NS (15 * (uint64_t)NS_PER_S)

/* ---- a store that remembers the newest value of each series ---- */

struct series {
    char *text;
    double value;
    int64_t ts_ms, gap_ms; /* gap: between the two newest samples */
    size_t samples;
};

struct group {
    struct str name;
    size_t columns[512]; /* -> series */
    size_t len;
    bool ended;
};

struct fake {
    pthread_mutex_t lock;
    pthread_cond_t changed;
    struct series series[4096];
    size_t series_len;
    struct group *groups[600];
    size_t group_len;
    size_t misused; /* calls with a group that had ended */
};

static int fake_group(void *self, struct str name, struct group **ret, struct error *err)
{
    struct fake *f = self;
    struct group *g = NULL;

    (void)err;
    pthread_mutex_lock(&f->lock);
    for (size_t i = 0; i < f->group_len; i++)
        if (!f->groups[i]->ended && str_equal(f->groups[i]->name, name))
            g = f->groups[i];
    if (!g) {
        g = xnew(struct group);
        g->name = str_make(xstrndup(name.ptr, name.len), name.len);
        f->groups[f->group_len++] = g;
    }
    *ret = g;
    pthread_mutex_unlock(&f->lock);
    return 0;
}

static struct series *find_series(struct fake *f, const char *text)
{
    for (size_t i = 0; i < f->series_len; i++)
        if (strcmp(f->series[i].text, text) == 0)
            return &f->series[i];
    return NULL;
}

static int fake_column(void *self, struct group *g, struct labels labels, uint32_t *ret,
                       struct error *err)
{
    struct fake *f = self;
    struct buf text;

    (void)err;
    buf_init(&text, 0);
    labels_print(labels, &text);
    char *name = buf_take(&text);
    pthread_mutex_lock(&f->lock);
    f->misused += g->ended;
    struct series *series = find_series(f, name);
    if (!series) {
        series = &f->series[f->series_len++];
        series->text = xstrdup(name);
    }
    size_t at = (size_t)(series - f->series);
    size_t i = 0;
    while (i < g->len && g->columns[i] != at)
        i++;
    if (i == g->len)
        g->columns[g->len++] = at;
    *ret = (uint32_t)i;
    pthread_mutex_unlock(&f->lock);
    free(name);
    return 0;
}

static int fake_append(void *self, struct group *g, int64_t ts_ms, const double *values, size_t n,
                       struct error *err)
{
    struct fake *f = self;

    (void)err;
    pthread_mutex_lock(&f->lock);
    f->misused += g->ended;
    for (size_t i = 0; i < n; i++) {
        struct series *series = &f->series[g->columns[i]];
        if (value_is_absent(values[i]))
            continue;
        series->gap_ms = ts_ms - series->ts_ms;
        series->ts_ms = ts_ms;
        series->value = values[i];
        series->samples++;
    }
    pthread_cond_broadcast(&f->changed);
    pthread_mutex_unlock(&f->lock);
    return 0;
}

static void fake_end(void *self, struct group *g)
{
    struct fake *f = self;

    pthread_mutex_lock(&f->lock);
    f->misused += g->ended;
    g->ended = true;
    pthread_mutex_unlock(&f->lock);
}

/* Everything a test has. */
struct bench {
    struct server server;
    struct fake fake;
    struct sink sink;
    char dir[200], config[240], sd[240];
    struct scrape *scrape;
};

static int set_up(void **state)
{
    struct bench *b = calloc(1, sizeof(*b));

    pthread_mutex_init(&b->fake.lock, NULL);
    thread_cond_init(&b->fake.changed);
    b->sink = (struct sink){&b->fake, fake_group, fake_column, fake_append, fake_end};
    snprintf(b->dir, sizeof(b->dir), "%s/scrape-XXXXXX", TEST_BUILD_DIR);
    if (!mkdtemp(b->dir))
        return -1;
    snprintf(b->config, sizeof(b->config), "%s/scrape.yml", b->dir);
    snprintf(b->sd, sizeof(b->sd), "%s/sd.json", b->dir);
    server_open(&b->server);
    *state = b;
    return 0;
}

static int tear_down(void **state)
{
    struct bench *b = *state;

    scrape_stop(b->scrape);
    server_close(&b->server);
    assert_int_equal(b->fake.misused, 0);
    for (size_t i = 0; i < b->fake.series_len; i++)
        free(b->fake.series[i].text);
    for (size_t i = 0; i < b->fake.group_len; i++) {
        free((char *)(uintptr_t)b->fake.groups[i]->name.ptr);
        free(b->fake.groups[i]);
    }
    pthread_mutex_destroy(&b->fake.lock);
    int code = file_remove_tree(b->dir);
    free(b);
    return code;
}

static void configure(struct bench *b, const char *format, ...) PRINTF_LIKE(2, 3);
static void configure(struct bench *b, const char *format, ...)
{
    char text[8192];
    va_list args;

    va_start(args, format);
    vsnprintf(text, sizeof(text), format, args);
    va_end(args);
    assert_int_equal(file_replace(b->config, text, strlen(text), NULL), 0);
}

static void start(struct bench *b)
{
    struct scrape_options options = {.config_file = b->config, .max_body_bytes = 65536};
    struct error err = {0};

    if (scrape_start_into(&options, b->sink, &b->scrape, &err))
        fail_msg("%s", err.text);
}

/* Waits until the series has this value (NAN: a stale marker) in a sample behind the first `after`
 * ones. */
static void wait_for_more(struct bench *b, const char *text, double value, size_t after)
{
    uint64_t deadline = clock_mono_ns() + PATIENCE_NS;
    bool late = false;

    pthread_mutex_lock(&b->fake.lock);
    for (;;) {
        const struct series *s = find_series(&b->fake, text);
        bool stale = isnan(value);
        if (s && s->samples > after && (stale ? value_is_stale(s->value) : s->value == value))
            break;
        if (late) {
            for (size_t i = 0; i < b->fake.series_len; i++)
                print_message("%s %g\n", b->fake.series[i].text, b->fake.series[i].value);
            pthread_mutex_unlock(&b->fake.lock);
            fail_msg("%s never became %g", text, value);
        }
        late = thread_wait_until(&b->fake.changed, &b->fake.lock, deadline);
    }
    pthread_mutex_unlock(&b->fake.lock);
}

static void wait_for(struct bench *b, const char *text, double value)
{
    wait_for_more(b, text, value, 0);
}

static size_t samples_of(struct bench *b, const char *text)
{
    pthread_mutex_lock(&b->fake.lock);
    const struct series *s = find_series(&b->fake, text);
    size_t n = s ? s->samples : 0;
    pthread_mutex_unlock(&b->fake.lock);
    return n;
}

static int reload(struct scrape *scrape, struct error *err)
{
    struct scrape_config *config;
    int code = scrape_read(scrape, &config, err);

    if (!code)
        code = scrape_apply(scrape, config, err);
    scrape_note_reload(scrape, !code);
    return code;
}

static const char *labelled(struct bench *b, char *to, const char *name, const char *job)
{
    snprintf(to, 200, "%s{instance=\"127.0.0.1:%d\",job=\"%s\"}", name, b->server.port, job);
    return to;
}

struct wanted {
    const char *job;
    struct target_status found;
};

static void find_status(void *ctx, const struct target_status *t)
{
    struct wanted *w = ctx;
    if (str_is(t->job, w->job))
        w->found = *t;
}

/* The numbers and texts of a target's status; its views are not valid any more. */
/* Groups of `job` that have ended, or that have not. */
static size_t count_groups(struct bench *b, const char *job, bool ended)
{
    size_t n = 0;

    pthread_mutex_lock(&b->fake.lock);
    for (size_t i = 0; i < b->fake.group_len; i++) {
        const struct group *g = b->fake.groups[i];
        n += g->ended == ended && str_starts(g->name, str_of(job));
    }
    pthread_mutex_unlock(&b->fake.lock);
    return n;
}

static struct target_status status_of(struct bench *b, const char *job)
{
    struct wanted w = {.job = job};
    scrape_visit_targets(b->scrape, find_status, &w);
    return w.found;
}

/* The status once a scrape has been noted, which is a moment after its samples were kept. */
static struct target_status wait_for_status(struct bench *b, const char *job)
{
    uint64_t deadline = clock_mono_ns() + PATIENCE_NS;
    struct target_status status = status_of(b, job);

    while (status.health == TARGET_UNKNOWN && clock_mono_ns() < deadline) {
        poll(NULL, 0, 5);
        status = status_of(b, job);
    }
    return status;
}

/* ---- tests ---- */

static void targets_are_scraped_again_and_again(void **state)
{
    struct bench *b = *state;
    char name[200];

    server_say(&b->server, "a 1\n");
    configure(b,
              "global: {scrape_interval: 400ms}\n"
              "scrape_configs:\n"
              "- {job_name: plain, static_configs: [{targets: ['127.0.0.1:%d']}]}\n"
              "- {job_name: gzip, metrics_path: /gzip, "
              "static_configs: [{targets: ['127.0.0.1:%d']}]}\n"
              "- {job_name: moved, metrics_path: /moved, "
              "static_configs: [{targets: ['127.0.0.1:%d']}]}\n",
              b->server.port, b->server.port, b->server.port);
    start(b);
    wait_for(b, labelled(b, name, "up", "plain"), 1);
    wait_for(b, labelled(b, name, "a", "plain"), 1);
    wait_for(b, labelled(b, name, "a", "gzip"), 1);
    wait_for(b, labelled(b, name, "a", "moved"), 1);
    server_say(&b->server, "a 2\nb 3\n");
    wait_for(b, labelled(b, name, "a", "plain"), 2);
    wait_for(b, labelled(b, name, "b", "gzip"), 3);
    server_say(&b->server, "b 3\n");
    wait_for(b, labelled(b, name, "a", "plain"), (double)NAN);
    struct target_status status = wait_for_status(b, "plain");
    assert_int_equal(status.health, TARGET_UP);
    assert_int_equal(status.interval_ms, 400);
    assert_true(status.last_samples > 0);
    struct scrape_stats stats;
    scrape_get_stats(b->scrape, &stats);
    assert_int_equal(stats.targets, 3);
    assert_int_equal(stats.targets_up, 3);
    assert_int_equal(stats.scrape_failures_total, 0);
    assert_true(stats.config_ok);
}

static void each_failure_is_told_apart(void **state)
{
    static const struct {
        const char *path, *wanted;
    } cases[] = {
        {"error", "HTTP status 503"},      {"slow", "timed out"}, {"large", "more than 65536"},
        {"html", "no line could be read"}, {"broken", "gzip"},    {"cut", "mpty reply"},
    };
    struct bench *b = *state;
    char text[4096], name[200];
    int n = snprintf(text, sizeof(text), "global: {scrape_interval: 1s}\nscrape_configs:\n");

    for (size_t i = 0; i < ARRAY_LEN(cases); i++)
        n += snprintf(text + n, sizeof(text) - (size_t)n,
                      "- {job_name: %s, metrics_path: /%s, scrape_timeout: %s, static_configs: "
                      "[{targets: ['127.0.0.1:%d']}]}\n",
                      cases[i].path, cases[i].path,
                      strcmp(cases[i].path, "slow") == 0 ? "100ms" : "1s", b->server.port);
    server_say(&b->server, "a 1 this is not what gzip looks like\n");
    configure(b, "%s", text);
    start(b);
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        wait_for(b, labelled(b, name, "up", cases[i].path), 0);
        struct target_status status = wait_for_status(b, cases[i].path);
        assert_int_equal(status.health, TARGET_DOWN);
        if (!strstr(status.last_error, cases[i].wanted))
            fail_msg("/%s: %s", cases[i].path, status.last_error);
    }
}

static void credentials_are_sent(void **state)
{
    struct bench *b = *state;
    char name[200], secret[240], auth[256];

    snprintf(secret, sizeof(secret), "%s/secret", b->dir);
    assert_int_equal(file_replace(secret, "hunter2\n", 8, NULL), 0);
    configure(b,
              "global: {scrape_interval: 100ms}\nscrape_configs:\n"
              "- job_name: x\n  basic_auth: {username: me, password_file: secret}\n"
              "  static_configs: [{targets: ['127.0.0.1:%d']}]\n",
              b->server.port);
    start(b);
    wait_for(b, labelled(b, name, "up", "x"), 1);
    pthread_mutex_lock(&b->server.lock);
    memcpy(auth, b->server.auth, sizeof(auth));
    pthread_mutex_unlock(&b->server.lock);
    assert_string_equal(auth, "Basic bWU6aHVudGVyMg==");
    configure(b,
              "global: {scrape_interval: 100ms}\nscrape_configs:\n"
              "- job_name: y\n  authorization: {credentials: token}\n"
              "  static_configs: [{targets: ['127.0.0.1:%d']}]\n",
              b->server.port);
    assert_int_equal(reload(b->scrape, NULL), 0);
    wait_for(b, labelled(b, name, "up", "y"), 1);
    wait_for(b, labelled(b, name, "up", "x"), (double)NAN);
    pthread_mutex_lock(&b->server.lock);
    memcpy(auth, b->server.auth, sizeof(auth));
    pthread_mutex_unlock(&b->server.lock);
    assert_string_equal(auth, "Bearer token");
}

static void targets_that_hang_do_not_delay_the_others(void **state)
{
    struct bench *b = *state;
    struct buf text;
    char name[200];

    server_say(&b->server, "a 1\n");
    buf_init(&text, 0);
    buf_printf(&text,
               "global: {scrape_interval: 300ms}\nscrape_configs:\n"
               "- {job_name: good, scrape_interval: 100ms, "
               "static_configs: [{targets: ['127.0.0.1:%d']}]}\n"
               "- job_name: bad\n  metrics_path: /slow\n  static_configs:\n",
               b->server.port);
    for (int i = 1; i <= 200; i++) /* more than there are connections */
        buf_printf(&text, "  - {targets: ['127.0.0.1:%d'], labels: {i: '%d'}}\n", b->server.port,
                   i);
    assert_int_equal(file_replace(b->config, text.ptr, text.len, NULL), 0);
    buf_fini(&text);
    start(b);
    snprintf(name, sizeof(name), "up{i=\"200\",instance=\"127.0.0.1:%d\",job=\"bad\"}",
             b->server.port);
    wait_for_more(b, name, 0, 1); /* all have hung once */
    size_t before = samples_of(b, labelled(b, name, "up", "good"));
    uint64_t from = clock_mono_ns();
    wait_for_more(b, name, 1, before + 10);
    uint64_t took = clock_mono_ns() - from;
    size_t after = samples_of(b, name);
    /* A hundred milliseconds each; twice that would mean that every other turn was missed. */
    assert_true(took < 2 * 100 * (uint64_t)NS_PER_MS * (after - before));
}

static void say_targets(struct bench *b, const char *rack)
{
    char text[200];
    snprintf(text, sizeof(text),
             "[{\"targets\": [\"127.0.0.1:%d\"], \"labels\": {\"rack\": \"%s\"}}]", b->server.port,
             rack);
    assert_int_equal(file_replace(b->sd, text, strlen(text), NULL), 0);
}

static void a_file_of_targets_is_followed_within_two_seconds(void **state)
{
    struct bench *b = *state;
    char old[200], new[200];

    server_say(&b->server, "a 1\n");
    say_targets(b, "one");
    configure(b, "scrape_configs:\n- {job_name: x, scrape_interval: 100ms, "
                 "file_sd_configs: [{files: ['*.json']}]}\n");
    start(b);
    snprintf(old, sizeof(old), "a{instance=\"127.0.0.1:%d\",job=\"x\",rack=\"one\"}",
             b->server.port);
    snprintf(new, sizeof(new), "a{instance=\"127.0.0.1:%d\",job=\"x\",rack=\"two\"}",
             b->server.port);
    wait_for(b, old, 1);
    uint64_t from = clock_mono_ns();
    say_targets(b, "two");
    wait_for(b, new, 1);
    assert_true(clock_mono_ns() - from < 2 * (uint64_t)NS_PER_S);
    wait_for(b, old, (double)NAN);
    assert_int_equal(count_groups(b, "x;", true), 1); /* the new one has its name, not its group */
    assert_int_equal(count_groups(b, "x;", false), 1);
    assert_int_equal(file_replace(b->sd, "[", 1, NULL), 0); /* half written: nothing changes */
    wait_for_more(b, new, 1, 15);
}

static void a_reload_is_all_or_nothing_and_keeps_what_stays(void **state)
{
    struct bench *b = *state;
    struct scrape_stats stats;
    struct error err;
    char kept[200], gone[200], added[200];

    server_say(&b->server, "a 1\n");
    configure(b,
              "global: {scrape_interval: 100ms}\nscrape_configs:\n"
              "- {job_name: gone, static_configs: [{targets: ['127.0.0.1:%d']}]}\n"
              "- {job_name: kept, static_configs: [{targets: ['127.0.0.1:%d']}]}\n",
              b->server.port, b->server.port);
    start(b);
    wait_for(b, labelled(b, gone, "a", "gone"), 1);
    wait_for(b, labelled(b, kept, "a", "kept"), 1);
    /* What was read and is not taken after all, because something else was wrong. */
    struct scrape_config *unused;
    configure(b, "scrape_configs: []\n");
    assert_int_equal(scrape_read(b->scrape, &unused, &err), 0);
    scrape_drop(unused);
    scrape_get_stats(b->scrape, &stats);
    assert_int_equal(stats.targets, 2);
    configure(b, "scrape_configs:\n- {job_name: kept, nonsense: 1}\n");
    assert_int_equal(reload(b->scrape, &err), -EINVAL);
    assert_non_null(strstr(err.text, "scrape.yml:2: key 'nonsense'"));
    scrape_get_stats(b->scrape, &stats);
    assert_int_equal(stats.targets, 2);
    assert_false(stats.config_ok);
    assert_int_equal(stats.reload_failures_total, 1);
    wait_for_more(b, gone, 1, samples_of(b, gone) + 2);
    configure(b,
              "global: {scrape_interval: 100ms}\nscrape_configs:\n"
              "- {job_name: added, static_configs: [{targets: ['127.0.0.1:%d']}]}\n"
              "- {job_name: kept, static_configs: [{targets: ['127.0.0.1:%d']}]}\n",
              b->server.port, b->server.port);
    assert_int_equal(reload(b->scrape, &err), 0);
    /* At once: its state was kept. */
    assert_int_equal(status_of(b, "kept").health, TARGET_UP);
    wait_for(b, gone, (double)NAN);
    assert_int_equal(count_groups(b, "gone;", true), 1); /* its series may leave memory */
    assert_int_equal(count_groups(b, "gone;", false), 0);
    assert_int_equal(count_groups(b, "kept;", true), 0);
    wait_for(b, labelled(b, added, "a", "added"), 1);
    scrape_get_stats(b->scrape, &stats);
    assert_int_equal(stats.targets, 2);
    assert_true(stats.config_ok);
    /* Another way of taking samples applies to a target that stays. */
    configure(b,
              "global: {scrape_interval: 100ms}\nscrape_configs:\n"
              "- job_name: kept\n  static_configs: [{targets: ['127.0.0.1:%d']}]\n"
              "  metric_relabel_configs: [{regex: a, source_labels: [__name__], action: drop}]\n",
              b->server.port);
    assert_int_equal(reload(b->scrape, &err), 0);
    wait_for(b, kept, (double)NAN);
}

static void turns_lie_on_the_grid_of_the_interval(void **state)
{
    struct bench *b = *state;
    char name[200];

    configure(b,
              "scrape_configs:\n- {job_name: x, scrape_interval: 400ms, "
              "static_configs: [{targets: ['127.0.0.1:%d']}]}\n",
              b->server.port);
    start(b);
    wait_for_more(b, labelled(b, name, "up", "x"), 1, 2);
    pthread_mutex_lock(&b->fake.lock);
    const struct series *s = find_series(&b->fake, name);
    int64_t gap_ms = s ? s->gap_ms : 0;
    pthread_mutex_unlock(&b->fake.lock);
    /* One turn, or more where this machine was too busy; never two scrapes for one turn. */
    assert_true(gap_ms > 300 && gap_ms < 4000);
}

static void text_of_this_process_takes_the_same_door(void **state)
{
    struct scrape_options options = {0};
    struct bench *b = *state;
    struct scrape_stats stats;

    assert_int_equal(scrape_start_into(&options, b->sink, &b->scrape, NULL), 0);
    assert_int_equal(scrape_local(b->scrape, STR("worker"), STR("me"),
                                  STR("a{hostname=\"h\",instance=\"own\"} 1\nb 2\n"), 1000, NULL),
                     0);
    wait_for(b, "a{hostname=\"h\",instance=\"own\",job=\"worker\"}", 1);
    wait_for(b, "b{instance=\"me\",job=\"worker\"}", 2);
    wait_for(b, "up{instance=\"me\",job=\"worker\"}", 1);
    assert_int_equal(scrape_local(b->scrape, STR("worker"), STR("me"), STR("b 3\n"), 2000, NULL),
                     0);
    wait_for(b, "b{instance=\"me\",job=\"worker\"}", 3);
    wait_for(b, "a{hostname=\"h\",instance=\"own\",job=\"worker\"}", (double)NAN);
    assert_int_equal(scrape_local(b->scrape, STR("algalon"), STR("me"), STR("c 1\n"), 2000, NULL),
                     0);
    assert_int_equal(status_of(b, "algalon").health, TARGET_UP);
    assert_int_equal(status_of(b, "worker").last_scrape_ms, 2000);
    scrape_get_stats(b->scrape, &stats);
    assert_int_equal(stats.targets, 2);
    assert_int_equal(stats.samples_total, 4);
    assert_int_equal(reload(b->scrape, NULL), 0); /* takes nothing away */
    scrape_get_stats(b->scrape, &stats);
    assert_int_equal(stats.targets, 2);
}

static void look_at_status(void *ctx, const struct target_status *t)
{
    *(size_t *)ctx += t->job.len + t->url.len + t->labels.len + strlen(t->last_error);
}

/* What other threads of a host do all the time: push their own text, look at the status. */
static void *live_beside(void *arg)
{
    struct bench *b = arg;
    struct scrape_stats stats;
    size_t seen = 0;

    for (int64_t i = 0; i < 300; i++) {
        if (scrape_local(b->scrape, STR("worker"), STR("me"), i % 2 ? STR("a 1\n") : STR("b 2\n"),
                         i, NULL))
            return b;
        scrape_visit_targets(b->scrape, look_at_status, &seen);
        scrape_get_stats(b->scrape, &stats);
    }
    return NULL;
}

static void reloads_may_come_at_any_time(void **state)
{
    struct bench *b = *state;
    pthread_t thread;
    void *failed;

    server_say(&b->server, "a 1\n");
    say_targets(b, "one");
    for (int i = 0; i < 30; i++) {
        configure(b,
                  "global: {scrape_interval: 100ms}\nscrape_configs:\n"
                  "- {job_name: same, honor_labels: %s, "
                  "static_configs: [{targets: ['127.0.0.1:%d']}]}\n"
                  "- {job_name: other%d, file_sd_configs: [{files: [sd.json]}]}\n"
                  "- {job_name: slow, metrics_path: /slow, "
                  "static_configs: [{targets: ['127.0.0.1:%d'], labels: {i: '%d'}}]}\n",
                  i % 2 ? "true" : "false", b->server.port, i % 3, b->server.port, i % 4);
        if (!b->scrape) {
            start(b);
            assert_int_equal(thread_start(&thread, "beside", live_beside, b, NULL), 0);
        } else {
            assert_int_equal(reload(b->scrape, NULL), 0);
        }
        poll(NULL, 0, i % 5 * 10); /* different moments of the others' work */
    }
    pthread_join(thread, &failed);
    assert_null(failed);
    char name[200];
    size_t before = samples_of(b, labelled(b, name, "up", "same"));
    wait_for_more(b, name, 1, before);
}

static void what_cannot_be_started_says_why(void **state)
{
    struct bench *b = *state;
    struct scrape_options options = {.config_file = b->config};
    struct error err;

    assert_int_equal(scrape_start_into(&options, b->sink, &b->scrape, &err), -ENOENT);
    configure(b, "scrape_configs:\n- job_name: x\n  scrape_interval: 5s\n  scrape_timeout: 6s\n");
    assert_int_equal(scrape_start_into(&options, b->sink, &b->scrape, &err), -EINVAL);
    assert_non_null(strstr(err.text, "scrape.yml:2"));
}

#define SCRAPE_TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        SCRAPE_TEST(targets_are_scraped_again_and_again),
        SCRAPE_TEST(each_failure_is_told_apart),
        SCRAPE_TEST(credentials_are_sent),
        SCRAPE_TEST(targets_that_hang_do_not_delay_the_others),
        SCRAPE_TEST(a_file_of_targets_is_followed_within_two_seconds),
        SCRAPE_TEST(a_reload_is_all_or_nothing_and_keeps_what_stays),
        SCRAPE_TEST(turns_lie_on_the_grid_of_the_interval),
        SCRAPE_TEST(text_of_this_process_takes_the_same_door),
        SCRAPE_TEST(reloads_may_come_at_any_time),
        SCRAPE_TEST(what_cannot_be_started_says_why),
    };
    log_setup(LOG_ERROR, LOG_LOGFMT);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
