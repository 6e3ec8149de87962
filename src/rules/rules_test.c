/* rules_test.c - rules over a real store, on a clock of their own. */
#include "rules/rules.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

struct bench {
    char dir[64];
    char file[96];
    const char *files[1];
    struct store *store;
    struct rules *rules;
    int64_t now_ms, started_ms;
};

static void write_rules(struct bench *b, const char *text)
{
    struct error err;
    assert_int_equal(file_replace(b->file, text, strlen(text), &err), 0);
}

static int ask_store(void *self, struct str expr, int64_t at_ms, const struct promql_options *query,
                     struct arena *a, struct rules_answer *ret, struct error *err)
{
    struct bench *b = self;
    struct queryable q = store_queryable(b->store);

    (void)a;
    return rules_ask_queryable(&q, expr, at_ms, query, ret, err);
}

static int push_store(void *self, const struct store_sample *samples, size_t n,
                      struct store_push_result *ret, struct error *err)
{
    struct bench *b = self;

    return store_push(b->store, samples, n, ret, err);
}

static void open_rules(struct bench *b)
{
    struct rules_options o = {
        .files = b->files,
        .file_len = 1,
        .interval_ms = 10000,
        .world = {b, ask_store, push_store},
        .started_ms = b->started_ms,
        .external_url = "http://h:3000",
        .query = {.threads = 1},
    };
    struct error err = {0};

    if (rules_open(&o, &b->rules, &err))
        fail_msg("%s", err.text);
}

static int setup(void **state)
{
    struct bench *b = xnew(struct bench);
    struct store_options o;
    struct error err;

    memcpy(b->dir, "/tmp/rules-XXXXXX", sizeof("/tmp/rules-XXXXXX"));
    if (!mkdtemp(b->dir))
        return -1;
    snprintf(b->file, sizeof(b->file), "%s/rules.yml", b->dir);
    b->files[0] = b->file;
    char store[96];
    snprintf(store, sizeof(store), "%s/store", b->dir);
    store_options_init(&o);
    o.dir = store;
    o.min_free_bytes = 0;
    /* A whole minute, a while ago, so that the store finds nothing odd about it. */
    b->now_ms = (clock_now_ms() - 7200000) / 60000 * 60000;
    b->started_ms = b->now_ms;
    *state = b;
    return store_open(&o, &b->store, &err);
}

static int teardown(void **state)
{
    struct bench *b = *state;

    rules_close(b->rules);
    store_close(b->store);
    if (file_remove_tree(b->dir))
        return -1;
    free(b);
    return 0;
}

static void put(struct bench *b, const char *gpu, double value)
{
    const struct label items[] = {{STR(LABEL_NAME), STR("heat")}, {STR("gpu"), str_of(gpu)}};
    struct store_sample sample = {{items, 2}, b->now_ms, value};
    struct store_push_result result;
    struct error err;

    assert_int_equal(store_push(b->store, &sample, 1, &result, &err), 0);
    assert_int_equal(result.kept, 1);
}

/* Passes `seconds` in steps of a turn, each after samples of GPU 0 (and 1 where given). */
static void pass(struct bench *b, int seconds, double zero, double one)
{
    for (int end = seconds / 10; end > 0; end--) {
        put(b, "0", zero);
        if (!isnan(one))
            put(b, "1", one);
        b->now_ms += 10000;
        (void)rules_run(b->rules, b->now_ms);
    }
}

/* The number of series that `expr` gives now, the first one's value in *ret. */
static size_t ask(struct bench *b, const char *expr, double *ret)
{
    struct promql_options o = {.start_ms = b->now_ms, .end_ms = b->now_ms, .threads = 1};
    struct queryable q = store_queryable(b->store);
    struct promql_result *r;
    struct promql_error err;

    if (promql_query(&q, str_of(expr), &o, &r, &err))
        fail_msg("%s", err.text);
    size_t n = r->len;
    *ret = n ? r->series[0].values[0] : NAN;
    promql_result_free(r);
    return n;
}

#define RECORD                                                                                     \
    "groups:\n- name: g\n  interval: 10s\n  rules:\n  - record: hot\n    expr: heat > 50\n"
#define ALERT                                                                                      \
    "groups:\n- name: g\n  interval: 10s\n  rules:\n  - alert: Hot\n    expr: heat > 50\n"         \
    "    for: 60s\n    labels: {severity: warning}\n"                                              \
    "    annotations: {summary: 'GPU {{ $labels.gpu }} at {{ $value }}'}\n"

static void a_recorded_series_ends_when_its_source_does(void **state)
{
    struct bench *b = *state;
    double value;

    write_rules(b, RECORD);
    open_rules(b);
    pass(b, 30, 60, 70);
    assert_int_equal(ask(b, "hot", &value), 2);
    assert_int_equal(ask(b, "hot{gpu='1'}", &value), 1);
    assert_true(value == 70);
    pass(b, 20, 60, 20);
    assert_int_equal(ask(b, "hot", &value), 1);
    assert_int_equal(ask(b, "hot{gpu='1'}", &value), 0);
}

static void an_alert_is_pending_then_firing_then_gone(void **state)
{
    struct bench *b = *state;
    struct rules_stats stats;
    struct buf text;
    double value;

    write_rules(b, ALERT);
    open_rules(b);
    pass(b, 40, 60, 20);
    assert_int_equal(ask(b, "ALERTS{alertname='Hot',alertstate='pending',gpu='0'}", &value), 1);
    assert_int_equal(ask(b, "ALERTS{alertstate='firing'}", &value), 0);
    pass(b, 60, 61.5, 20);
    assert_int_equal(ask(b, "ALERTS", &value), 1);
    assert_int_equal(ask(b, "ALERTS{alertstate='firing',severity='warning'}", &value), 1);
    assert_int_equal(ask(b, "ALERTS_FOR_STATE{severity='warning'}", &value), 1);
    buf_init(&text, 0);
    rules_print_alerts(b->rules, &text);
    assert_true(str_contains(buf_str(&text), STR("\"summary\":\"GPU 0 at 61.5\"")));
    assert_true(str_contains(buf_str(&text), STR("\"value\":\"6.15e+01\"")));
    buf_fini(&text);
    rules_get_stats(b->rules, &stats);
    assert_int_equal(stats.alerts_firing, 1);
    assert_int_equal(stats.alerts_pending, 0);
    pass(b, 20, 20, 20);
    assert_int_equal(ask(b, "{__name__=~'ALERTS.*'}", &value), 0);
}

static void keep_firing_for_holds_an_alert(void **state)
{
    struct bench *b = *state;
    double value;

    write_rules(b, "groups:\n- name: g\n  interval: 10s\n  rules:\n  - alert: Hot\n"
                   "    expr: heat > 50\n    keep_firing_for: 30s\n");
    open_rules(b);
    pass(b, 20, 60, 20);
    assert_int_equal(ask(b, "ALERTS{alertstate='firing'}", &value), 1);
    pass(b, 20, 20, 20);
    assert_int_equal(ask(b, "ALERTS{alertstate='firing'}", &value), 1);
    pass(b, 30, 20, 20);
    assert_int_equal(ask(b, "ALERTS", &value), 0);
}

static void a_restart_goes_on_where_an_alert_was(void **state)
{
    struct bench *b = *state;
    double value, since;

    write_rules(b, ALERT);
    open_rules(b);
    pass(b, 50, 60, 20);
    assert_int_equal(ask(b, "ALERTS{alertstate='pending'}", &value), 1);
    assert_int_equal(ask(b, "ALERTS_FOR_STATE", &since), 1);
    rules_close(b->rules);
    b->now_ms += 30000;
    b->started_ms = b->now_ms;
    open_rules(b);
    pass(b, 20, 60, 20); /* of the minute 30 s had passed; those that nobody looked do not count */
    assert_int_equal(ask(b, "ALERTS{alertstate='pending'}", &value), 1);
    assert_int_equal(ask(b, "ALERTS_FOR_STATE", &value), 1);
    assert_true(value >= since + 30 && value <= since + 50);
    pass(b, 40, 60, 20);
    assert_int_equal(ask(b, "ALERTS{alertstate='firing'}", &value), 1);
}

static void an_alert_that_fired_fires_at_once_after_a_restart(void **state)
{
    struct bench *b = *state;
    double value;

    write_rules(b, ALERT);
    open_rules(b);
    pass(b, 100, 60, 20);
    rules_close(b->rules);
    b->now_ms += 30000;
    b->started_ms = b->now_ms;
    open_rules(b);
    pass(b, 20, 60, 20);
    assert_int_equal(ask(b, "ALERTS{alertstate='firing'}", &value), 1);
    assert_int_equal(ask(b, "ALERTS{alertstate='pending'}", &value), 0);
}

/* Reads the file of the bench again. */
static int reload(struct bench *b, struct error *err)
{
    struct rule_set *set;
    int code = rules_read(b->files, 1, 10000, 0, &set, err);

    if (!code)
        rules_apply(b->rules, set);
    rules_note_reload(b->rules, !code);
    return code;
}

static void a_reload_keeps_rules_that_are_as_before_and_ends_the_others(void **state)
{
    struct bench *b = *state;
    struct error err;
    double value;

    write_rules(b, ALERT "  - record: old\n    expr: heat\n");
    open_rules(b);
    pass(b, 100, 60, 20);
    assert_int_equal(ask(b, "old", &value), 2);
    write_rules(b, ALERT "  - record: old\n    exprr: heat\n");
    assert_int_equal(reload(b, &err), -EINVAL);
    assert_int_equal(ask(b, "old", &value), 2);
    /* Other annotations, another expression: the same rule by its name and labels. */
    write_rules(b, "groups:\n- name: g\n  interval: 10s\n  rules:\n  - alert: Hot\n"
                   "    expr: heat > 55\n    for: 60s\n    labels: {severity: warning}\n");
    assert_int_equal(reload(b, &err), 0);
    b->now_ms += 10000;
    struct rules_stats stats;
    rules_get_stats(b->rules, &stats);
    assert_int_equal(stats.alerts_firing, 1);
    assert_int_equal(stats.rules, 1);
    assert_int_equal(stats.reload_failures_total, 1);
    assert_true(stats.config_ok);
    b->now_ms = clock_now_ms(); /* the end was written at the time of the reload */
    assert_int_equal(ask(b, "last_over_time(old[3h])", &value), 2);
    assert_int_equal(ask(b, "old", &value), 0);
}

static void alerts_past_the_limit_are_all_forgotten(void **state)
{
    struct bench *b = *state;
    struct rules_stats stats;
    struct buf text;

    write_rules(b, "groups:\n- name: g\n  interval: 10s\n  limit: 1\n  rules:\n"
                   "  - alert: Hot\n    expr: heat > 50\n    keep_firing_for: 1h\n");
    open_rules(b);
    pass(b, 20, 60, 20);
    rules_get_stats(b->rules, &stats);
    assert_int_equal(stats.alerts_firing, 1);
    pass(b, 10, 20, 60); /* the first one is kept firing, and counts */
    rules_get_stats(b->rules, &stats);
    assert_int_equal(stats.alerts_firing + stats.alerts_pending, 0);
    assert_int_equal(stats.rules_failing, 1);
    buf_init(&text, 0);
    assert_int_equal(
        rules_print_groups(b->rules, &(struct rules_filter){.kind = RULES_ALERTING}, &text), 0);
    assert_true(str_contains(buf_str(&text), STR("exceeded limit of 1 with 2 alerts")));
    buf_fini(&text);
}

static void a_rule_that_fails_says_so_and_the_next_one_runs(void **state)
{
    struct bench *b = *state;
    struct rules_stats stats;
    struct buf text;
    double value;

    write_rules(b, "groups:\n- name: g\n  interval: 10s\n  limit: 1\n  rules:\n"
                   "  - record: same\n    expr: label_replace(heat, 'gpu', 'x', '', '')\n"
                   "  - record: many\n    expr: heat\n"
                   "  - record: text\n    expr: '\"text\"'\n"
                   "  - record: good\n    expr: 1 + 1\n    labels: {a: b}\n");
    open_rules(b);
    pass(b, 20, 60, 70);
    assert_int_equal(ask(b, "good{a='b'}", &value), 1);
    assert_true(value == 2);
    assert_int_equal(ask(b, "same or many or text", &value), 0);
    rules_get_stats(b->rules, &stats);
    assert_int_equal(stats.rules_failing, 3);
    assert_true(stats.failures_total >= 3);
    buf_init(&text, 0);
    assert_int_equal(
        rules_print_groups(b->rules, &(struct rules_filter){.kind = RULES_RECORDING}, &text), 0);
    assert_true(str_contains(buf_str(&text), STR("exceeded limit of 1 with 2 series")));
    assert_true(str_contains(buf_str(&text), STR("not a vector or scalar")));
    buf_fini(&text);
}

static void an_alert_says_what_its_templates_ask(void **state)
{
    struct bench *b = *state;
    const struct label items[] = {{STR("region"), STR("eu")}};
    struct rules_stats stats;
    struct error err;
    struct buf text;

    write_rules(
        b, "groups:\n- name: g\n  interval: 10s\n  rules:\n  - alert: Hot\n"
           "    expr: heat > 50\n"
           "    labels: {where: '{{ $externalLabels.region }}'}\n"
           "    annotations:\n"
           "      all: '{{ range query \"sort(heat)\" }}{{ .Labels.gpu }}={{ .Value }} {{ end }}"
           "{{ externalURL }}'\n"
           "      wrong: '{{ query \"heat[1m]\" }}'\n"
           "      none: '{{ query \"heat > 100\" | first | value }}'\n");
    open_rules(b);
    assert_int_equal(rules_set_external(b->rules, (struct labels){items, 1}, &err), 0);
    pass(b, 20, 60, 20);
    buf_init(&text, 0);
    rules_print_alerts(b->rules, &text);
    assert_true(str_contains(buf_str(&text), STR("\"where\":\"eu\"")));
    assert_true(str_contains(buf_str(&text), STR("\"all\":\"1=20 0=60 http://h:3000\"")));
    assert_true(str_contains(buf_str(&text), STR("rule result is not a vector or scalar>")));
    assert_true(str_contains(
        buf_str(&text), STR("error calling first: first() called on vector with no elements>")));
    buf_fini(&text);
    rules_get_stats(b->rules, &stats);
    assert_int_equal(stats.rules_failing, 0); /* the alert itself is as it should be */
    assert_int_equal(stats.template_failures_total, 2 * stats.templates_total / 4);
}

static void names_are_any_text(void **state)
{
    struct bench *b = *state;
    double value;

    write_rules(b, "groups:\n- name: g\n  interval: 10s\n  rules:\n  - record: hot GPUs\n"
                   "    expr: count(heat > 50)\n    labels: {of-what: heat}\n");
    open_rules(b);
    pass(b, 20, 60, 70);
    assert_int_equal(ask(b, "{'hot GPUs', 'of-what'='heat'}", &value), 1);
    assert_true(value == 2);
}

static void a_query_offset_looks_back_and_writes_there(void **state)
{
    struct bench *b = *state;
    double value, at;

    write_rules(b, "groups:\n- name: g\n  interval: 10s\n  query_offset: 20s\n  rules:\n"
                   "  - record: late\n    expr: heat{gpu='0'}\n"
                   "  - alert: Hot\n    expr: heat > 50\n    for: 20s\n");
    open_rules(b);
    pass(b, 40, 60, 20);
    int64_t began_ms = b->now_ms;
    pass(b, 10, 30, 20); /* this is seen 20 s later */
    assert_int_equal(ask(b, "late", &value), 1);
    assert_true(value == 60);
    assert_int_equal(ask(b, "timestamp(late)", &at), 1);
    assert_true(at * 1000 > (double)began_ms - 20000 && at * 1000 <= (double)b->now_ms - 20000);
    assert_int_equal(ask(b, "ALERTS{alertstate='firing',gpu='0'}", &value), 1);
    pass(b, 30, 30, 20);
    assert_int_equal(ask(b, "late", &value), 1);
    assert_true(value == 30);
    assert_int_equal(ask(b, "ALERTS offset 20s", &value), 0); /* it ended where it was written */
}

static void turns_lie_on_multiples_of_the_interval_and_missed_ones_are_counted(void **state)
{
    struct bench *b = *state;
    struct rules_stats stats;

    write_rules(b, RECORD);
    open_rules(b);
    int64_t next = rules_run(b->rules, b->now_ms);
    assert_true(next >= b->now_ms && next <= b->now_ms + 10000);
    assert_int_equal(rules_run(b->rules, next), next + 10000);
    assert_int_equal(rules_run(b->rules, next + 45000), next + 50000);
    rules_get_stats(b->rules, &stats);
    assert_int_equal(stats.missed_total, 3);
    assert_true(stats.evaluations_total >= 2);
}

static void the_thread_runs_and_ends(void **state)
{
    struct bench *b = *state;
    struct rules_stats stats = {0};
    struct error err;

    write_rules(b, "groups:\n- name: g\n  interval: 100ms\n  rules:\n  - record: a\n    expr: 1\n");
    open_rules(b);
    assert_int_equal(rules_start(b->rules, &err), 0);
    for (int i = 0; i < 500 && stats.evaluations_total < 2; i++) {
        usleep(10000);
        rules_get_stats(b->rules, &stats);
    }
    assert_true(stats.evaluations_total >= 2);
    assert_int_equal(reload(b, &err), 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_recorded_series_ends_when_its_source_does),
        TEST(an_alert_is_pending_then_firing_then_gone),
        TEST(keep_firing_for_holds_an_alert),
        TEST(a_restart_goes_on_where_an_alert_was),
        TEST(an_alert_that_fired_fires_at_once_after_a_restart),
        TEST(a_reload_keeps_rules_that_are_as_before_and_ends_the_others),
        TEST(alerts_past_the_limit_are_all_forgotten),
        TEST(a_rule_that_fails_says_so_and_the_next_one_runs),
        TEST(an_alert_says_what_its_templates_ask),
        TEST(names_are_any_text),
        TEST(a_query_offset_looks_back_and_writes_there),
        TEST(turns_lie_on_multiples_of_the_interval_and_missed_ones_are_counted),
        TEST(the_thread_runs_and_ends),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
