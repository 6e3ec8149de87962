/* config_test.c - what the scrape configuration takes and refuses, and what targets come of it. */
#include "scrape/config.h"

#include "scrape/target.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

static const char full[] = "global:\n"
                           "  scrape_interval: 15s\n"
                           "  scrape_timeout: 5s\n"
                           "  external_labels: {site: a}\n"
                           "scrape_configs:\n"
                           "- job_name: gpus\n"
                           "  scrape_interval: 5s\n"
                           "  honor_labels: true\n"
                           "  honor_timestamps: false\n"
                           "  metrics_path: /m\n"
                           "  scheme: https\n"
                           "  params: {'match[]': [a, b], x: ['1 2']}\n"
                           "  sample_limit: 10\n"
                           "  label_limit: 20\n"
                           "  body_size_limit: 1MB\n"
                           "  basic_auth: {username: u, password_file: secret}\n"
                           "  tls_config: {ca_file: /ca, insecure_skip_verify: true}\n"
                           "  static_configs:\n"
                           "  - targets: ['n1:9400', 'n2:9400']\n"
                           "    labels: {rack: r1}\n"
                           "  file_sd_configs:\n"
                           "  - files: ['t/*.json', /x/y.yml]\n"
                           "    refresh_interval: 1m\n"
                           "  relabel_configs:\n"
                           "  - source_labels: [__address__]\n"
                           "    regex: '(.*):.*'\n"
                           "    target_label: node\n"
                           "  metric_relabel_configs:\n"
                           "  - {regex: pid, action: labeldrop}\n"
                           "- job_name: a\n"
                           "  authorization: {credentials: t}\n"
                           "  static_configs: [{targets: [n3]}]\n";

static void every_key_is_read(void **state)
{
    struct scrape_config *c;
    struct error err = {0};

    (void)state;
    if (config_parse("/etc/p/prometheus.yml", str_of(full), &c, &err))
        fail_msg("%s", err.text);
    assert_int_equal(c->job_len, 2);
    assert_true(str_is(labels_get(c->external_labels, STR("site")), "a"));
    const struct scrape_job *a = c->jobs[0], *gpus = c->jobs[1];
    assert_true(str_is(a->name, "a"));
    assert_int_equal(a->interval_ms, 15000);
    assert_int_equal(a->timeout_ms, 5000);
    assert_true(str_is(a->http.auth.type, "Bearer"));
    assert_true(a->honor_timestamps && !a->honor_labels && a->http.follow_redirects);
    assert_int_equal(gpus->interval_ms, 5000);
    assert_int_equal(gpus->timeout_ms, 5000);
    assert_true(gpus->honor_labels && !gpus->honor_timestamps);
    assert_int_equal(gpus->param_len, 2);
    assert_int_equal(gpus->limits.sample, 10);
    assert_int_equal(gpus->limits.body_size, 1 << 20);
    assert_true(str_is(gpus->http.auth.password_file, "/etc/p/secret"));
    assert_true(gpus->http.tls.insecure_skip_verify);
    assert_int_equal(gpus->relabel.len, 1);
    assert_int_equal(gpus->metric_relabel.rules[0].action, RELABEL_LABELDROP);
    assert_non_null(gpus->discoveries);
    assert_non_null(gpus->discoveries->next);
    config_free(c);
}

#define JOB "scrape_configs:\n- job_name: x\n"

static void what_is_wrong_is_named_with_its_line(void **state)
{
    static const struct {
        const char *text, *wanted; /* parts of the message */
    } cases[] = {
        {"rules: []\n", "f.yml:1: key 'rules'"},
        {"rule_files: ['*/a.yml']\n", "last part only"},
        {"scrape_config_files: a.yml\n", "a list is wanted"},
        {"global:\n  foo: 1\n", "f.yml:2: key 'foo'"},
        {JOB "  bogus: 1\n", "f.yml:3: key 'bogus'"},
        {JOB "  scrape_interval: 5s\n  scrape_timeout: 10s\n", "scrape_timeout (10s) is longer"},
        {"global: {scrape_timeout: 2m}\n", "f.yml:1: global scrape_timeout"},
        {JOB "  scrape_interval: abc\n", "f.yml:3: 'abc'"},
        {JOB "  scrape_interval: 1ms\n", "shorter than 100ms"},
        {JOB "  honor_labels: maybe\n", "f.yml:3: true or false"},
        {JOB "  honor_labels: 'true'\n", "f.yml:3: true or false"},
        {JOB "  scheme: ftp\n", "f.yml:3: scheme"},
        {JOB "  sample_limit: -1\n", "f.yml:3: a whole number"},
        {JOB "  metrics_path: [a]\n", "f.yml:3: a text"},
        {JOB "- job_name: x\n", "f.yml:3: job_name 'x' twice"},
        {"scrape_configs:\n- {}\n", "f.yml:2: job_name is missing"},
        {"scrape_configs: {}\n", "a list is wanted"},
        {JOB "  job_name: y\n", "f.yml:3: key 'job_name' twice"},
        {JOB "  static_configs: [{targets: [http://a]}]\n", "'http://a' is not an address"},
        {JOB "  static_configs: [{targets: a}]\n", "a list is wanted"},
        {JOB "  static_configs:\n  - labels: {0x: a}\n", "f.yml:4: '0x' is not a label name"},
        {JOB "  static_configs: [{target: [a]}]\n", "unknown key 'target'"},
        {JOB "  file_sd_configs: [{}]\n", "files is missing"},
        {JOB "  file_sd_configs: [{files: [a.txt]}]\n", "ends in .json"},
        {JOB "  file_sd_configs: [{files: ['*/a.json']}]\n", "last part only"},
        {JOB "  basic_auth: {password: a, password_file: b}\n", "not both"},
        {JOB "  basic_auth: {username: a}\n  authorization: {credentials: b}\n", "not several"},
        {JOB "  authorization: {type: basic}\n", "basic_auth"},
        {JOB "  tls_config: {cert_file: a}\n", "go together"},
        {JOB "  relabel_configs:\n  - regex: '('\n    target_label: a\n",
         "f.yml:4: invalid regular expression"},
        {JOB "  relabel_configs: [{action: nope}]\n", "unknown relabel action 'nope'"},
        {JOB "  relabel_configs: [{}]\n", "target_label"},
        {JOB "  relabel_configs: [{action: hashmod, target_label: a}]\n", "modulus"},
        {JOB "  relabel_configs: [{target_label: a-b}]\n", "not a label name"},
        {JOB "  relabel_configs: [{action: labeldrop, source_labels: [a]}]\n", "regex only"},
        {JOB "  relabel_configs: [{action: keepequal, target_label: a, regex: b}]\n",
         "source_labels and target_label only"},
        {JOB "  relabel_configs: [{source_labels: [a b], target_label: a}]\n", "not a label name"},
        {JOB "  params: {a: b}\n", "is a list"},
        {JOB "  relabel_configs: [{action: labelmap, replacement: 'a-b'}]\n", "label name"},
        {JOB "  relabel_configs: [{target_label: '${1}-x'}]\n", "label name"},
        {JOB "  bearer_token: a\n  bearer_token_file: b\n", "not both"},
        {JOB "  bearer_token: a\n  basic_auth: {username: b}\n", "not several"},
        {JOB "  oauth2: {client_id: a}\n", "f.yml:3: oauth2: token_url is missing"},
        {JOB "  oauth2: {token_url: 'http://t'}\n", "client_id is missing"},
        {JOB "  oauth2: {client_id: a, token_url: 'http://t'}\n", "client_secret_file is missing"},
        {JOB "  oauth2: {client_id: a, token_url: ftp://t, client_secret: b}\n", "f.yml:3: "},
        {JOB "  oauth2: {client_id: a, token_url: 'http://t', client_secret: b,"
             " client_secret_file: c}\n",
         "not both"},
        {JOB "  oauth2: {client_id: a, token_url: 'http://t', client_secret: b, extra: c}\n",
         "key 'extra'"},
        {JOB "  oauth2: {client_id: a, token_url: 'http://t', client_secret: b}\n"
             "  bearer_token: x\n",
         "not several"},
        {JOB "  tls_config: {ca: a, ca_file: b}\n", "not both"},
        {JOB "  tls_config: {min_version: SSL3}\n", "TLS10, TLS11"},
        {JOB "  tls_config: {min_version: TLS13, max_version: TLS12}\n", "above"},
        {JOB "  proxy_url: 'ftp://a'\n", "f.yml:3: proxy_url begins"},
        {JOB "  no_proxy: a\n", "wants a proxy_url"},
        {JOB "  proxy_url: http://p\n  proxy_from_environment: true\n", "goes without"},
        {JOB "  http_headers: {Host: {values: [a]}}\n", "cannot be set"},
        {JOB "  http_headers: {A: {values: [\"a\\nb\"]}}\n", "line end"},
        {JOB "  headers: [a]\n", "'Name: value'"},
        {JOB "  scrape_protocols: [nope]\n", "'nope' is no scrape protocol"},
        {JOB "  scrape_native_histograms: true\n", "native histograms"},
        {JOB "  http_sd_configs: [{}]\n", "url is missing"},
        {JOB "  http_sd_configs: [{url: 'file:///a'}]\n", "a URL is wanted"},
        {JOB "  http_sd_configs: [{url: http://a, refresh_interval: 1ms}]\n", "shorter than 1s"},
        {JOB "  dns_sd_configs: [{type: A, port: 1}]\n", "names is missing"},
        {JOB "  dns_sd_configs: [{names: [a], type: A}]\n", "want a port"},
        {JOB "  dns_sd_configs: [{names: [a], type: TXT}]\n", "SRV, A, AAAA"},
        {JOB "  docker_sd_configs: [{}]\n", "host is missing"},
        {JOB "  docker_sd_configs: [{host: nope}]\n", "begins with unix://"},
        {JOB "  docker_sd_configs: [{host: 'unix:///a', filters: [{name: a}]}]\n", "values are"},
        {JOB "  kubernetes_sd_configs: [{}]\n", "role is missing"},
        {JOB "  kubernetes_sd_configs: [{role: a}]\n", "role is node, pod"},
        {JOB "  kubernetes_sd_configs: [{role: pod, kubeconfig_file: a}]\n", "not supported"},
        {JOB "  kubernetes_sd_configs: [{role: pod, bearer_token: a}]\n", "api_server only"},
        {JOB "  kubernetes_sd_configs:\n  - role: pod\n    selectors: [{role: node}]\n"
             "  - {role: pod, selectors: [{role: node, label: a}]}\n",
         "f.yml:6: selectors: role pod does not look at objects of role node"},
        {JOB "  consul_sd_configs: [{server: a}]\n", "key 'consul_sd_configs'"},
        {"a: b: c\n", "f.yml:1:"},
        {"a: [\n", "f.yml:2:"},
        {"a: *nope\n", "f.yml:1: an alias"},
        {"{}\n---\n{}\n", "second document"},
        {"- a\n", "a map is wanted"},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct scrape_config *c;
        struct error err = {0};
        if (config_parse("f.yml", str_of(cases[i].text), &c, &err) != -EINVAL)
            fail_msg("taken: %s", cases[i].text);
        if (!strstr(err.text, cases[i].wanted))
            fail_msg("'%s' does not say '%s'", err.text, cases[i].wanted);
    }
}

static void what_has_no_effect_is_said_with_its_place_and_what_to_do(void **state)
{
    static const char text[] = "global: {evaluation_interval: 7s, query_log_file: a}\n"
                               "rule_files: [r/*.yml, /x.yml]\n"
                               "remote_read: []\n"
                               "alerting: {alertmanagers: []}\n"
                               "storage: {tsdb: {out_of_order_time_window: 0s}, exemplars: }\n"
                               "tracing:\n"
                               "otlp: {promote_resource_attributes: [a]}\n"
                               "runtime: {gogc: 75}\n"
                               "scrape_configs:\n"
                               "- job_name: a\n"
                               "  scrape_failure_log_file: b\n"
                               "  native_histogram_bucket_limit: 0\n"
                               "  native_histogram_min_bucket_factor: 1.1\n"
                               "  relabel_debug: true\n";
    static const char *const wanted[] = {
        "/d/f.yml:1: query_log_file has no effect: queries are not logged to a file; take it out",
        "/d/f.yml:7: otlp has no effect: ",
        "/d/f.yml:8: runtime has no effect: ",
        "/d/f.yml:11: scrape_failure_log_file has no effect: ",
        "/d/f.yml:13: limits of native histograms have no effect: ",
        "/d/f.yml:14: relabel_debug and metric_relabel_debug have no effect: ",
    };
    struct scrape_config *c;
    struct error err = {0};

    (void)state;
    if (config_parse("/d/f.yml", str_of(text), &c, &err))
        fail_msg("%s", err.text);
    assert_int_equal(c->evaluation_interval_ms, 7000);
    assert_int_equal(c->rule_files.len, 2);
    assert_true(str_is(c->rule_files.items[0], "/d/r/*.yml"));
    assert_int_equal(c->warnings.len, ARRAY_LEN(wanted));
    for (size_t i = 0; i < ARRAY_LEN(wanted); i++) {
        assert_true(str_starts(c->warnings.items[i], str_of(wanted[i])));
        assert_true(strstr(c->warnings.items[i].ptr, "take ") != NULL);
    }
    assert_int_equal(c->warnings.left_out, 0);
    config_free(c);
}

static void what_would_change_what_is_kept_sent_or_answered_is_refused(void **state)
{
    static const struct {
        const char *text, *words;
    } wrong[] = {
        {"remote_read:\n- url: http://a\n", "f.yml:2: remote_read is not supported"},
        {"storage:\n  tsdb:\n    out_of_order_time_window: 30m\n",
         "f.yml:3: out_of_order_time_window is not supported: start with --out-of-order-window"},
        {"storage: {tsdb: {retention: {time: 30d}}}\n", "f.yml:1: retention is not supported"},
        {"storage: {tsdb: {stale_series_compaction_threshold: 1}}\n",
         "f.yml:1: key 'stale_series_compaction_threshold' of storage.tsdb"},
        {"storage: {exemplars: {max_exemplars: 5}}\n", "f.yml:1: exemplars are not kept"},
        {"storage: {disk: a}\n", "f.yml:1: key 'disk' of storage is not supported"},
        {"remote_write:\n- url: http://a\n  queue_config:\n    sample_age_limit: 1h\n",
         "f.yml:4: sample_age_limit is not supported: start with --remote-write-queue-age"},
        {"scrape_configs:\n- job_name: a\n  native_histogram_bucket_limit: x\n",
         "f.yml:3: a number is wanted"},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(wrong); i++) {
        struct scrape_config *c;
        struct error err = {0};
        assert_int_equal(config_parse("f.yml", str_of(wrong[i].text), &c, &err), -EINVAL);
        if (!strstr(err.text, wrong[i].words))
            fail_msg("'%s' is not in '%s'", wrong[i].words, err.text);
    }
}

static void warnings_beyond_the_bound_are_counted(void **state)
{
    struct scrape_config *c;
    struct error err = {0};
    struct buf text;

    (void)state;
    buf_init(&text, 0);
    buf_text(&text, "scrape_configs:\n");
    for (int i = 0; i < READER_WARNINGS_MAX + 3; i++)
        buf_printf(&text, "- {job_name: j%d, scrape_failure_log_file: a}\n", i);
    if (config_parse("f.yml", buf_str(&text), &c, &err))
        fail_msg("%s", err.text);
    assert_int_equal(c->warnings.len, READER_WARNINGS_MAX);
    assert_int_equal(c->warnings.left_out, 3);
    config_free(c);
    buf_fini(&text);
}

static void receivers_are_read_with_their_rules(void **state)
{
    static const char text[] = "remote_write:\n"
                               "- url: https://a/w\n"
                               "  name: long-term\n"
                               "  remote_timeout: 7s\n"
                               "  headers: {X-Scope-OrgID: team}\n"
                               "  basic_auth: {username: u, password_file: p}\n"
                               "  tls_config: {ca_file: ca.pem}\n"
                               "  queue_config: {max_shards: 3}\n"
                               "  write_relabel_configs:\n"
                               "  - {source_labels: [__name__], regex: 'up|x', action: keep}\n"
                               "- {url: 'http://b', authorization: {credentials: t}}\n"
                               "- url: http://b\n"
                               "  metadata_config: {send: false, send_interval: 2m, "
                               "max_samples_per_send: 7}\n"
                               "- {authorization: {credentials: t}, url: 'http://b'}\n";
    static const struct {
        const char *entry, *words;
    } wrong[] = {
        {"{}", ":2: remote_write: url is missing"},
        {"{url: a}", "URL is wanted"},
        {"{url: 'http://a', urls: b}", "urls"},
        {"{url: 'http://a', protobuf_message: io.prometheus.write.v2.Request}", "WriteRequest"},
        {"{url: 'http://a', sigv4: {}}", "sigv4"},
        {"{url: 'http://a', send_exemplars: true}", "none"},
        {"{url: 'http://a', azuread: {cloud: a}}", "f.yml:2: azuread is not supported"},
        {"{url: 'http://a', google_iam: {credentials_file: a}}", "google_iam is not supported"},
        {"{url: 'http://a', round_robin_dns: true}", "round_robin_dns is not supported"},
        {"{url: 'http://a', metadata_config: {send: perhaps}}", "f.yml:2:"},
        {"{url: 'http://a', metadata_config: {send_interval: 10ms}}", "at least 1s"},
        {"{url: 'http://a', metadata_config: {max_samples_per_send: 0}}", "f.yml:2:"},
        {"{url: 'http://a', queue_config: {shards: 3}}", "key 'shards' of queue_config"},
        {"{url: 'http://a', queue_config: {min_backoff: x}}", "f.yml:2:"},
        {"{url: 'http://a', oauth2: {client_id: a}}", "token_url is missing"},
        {"{url: 'http://a', headers: {Authorization: b}}", "cannot be set"},
        {"{url: 'http://a', headers: [a]}", "a map"},
        {"{url: 'http://a', headers: {'a: b': c}}", "header"},
        {"{url: 'http://a', write_relabel_configs: [{target_label: a, regex: '('}]}", "missing )"},
        {"{url: 'http://a', basic_auth: {}, bearer_token: b}", "not several"},
    };
    struct scrape_config *c;
    struct error err = {0};

    (void)state;
    if (config_parse("/d/f.yml", str_of(text), &c, &err))
        fail_msg("%s", err.text);
    assert_int_equal(c->warnings.len, 1);
    assert_non_null(strstr(c->warnings.items[0].ptr, "f.yml:8: queue_config has no effect"));
    assert_int_equal(c->write_len, 4);
    assert_false(c->writes[1].metadata.off);
    assert_int_equal(c->writes[1].metadata.interval_ms, 60000);
    assert_int_equal(c->writes[1].metadata.families, 2000);
    assert_true(c->writes[2].metadata.off);
    assert_int_equal(c->writes[2].metadata.interval_ms, 120000);
    assert_int_equal(c->writes[2].metadata.families, 7);
    assert_int_not_equal(c->writes[1].key, c->writes[2].key);
    assert_true(str_is(c->writes[0].name, "long-term"));
    assert_int_equal(c->writes[0].timeout_ms, 7000);
    assert_int_equal(c->writes[0].relabel.len, 1);
    assert_int_equal(c->writes[0].http.header_len, 1);
    assert_true(str_is(c->writes[0].http.auth.password_file, "/d/p"));
    assert_true(str_is(c->writes[1].http.auth.credentials, "t"));
    config_free(c);
    for (size_t i = 0; i < ARRAY_LEN(wrong); i++) {
        struct buf one;
        buf_init(&one, 0);
        buf_printf(&one, "remote_write:\n- %s\n", wrong[i].entry);
        assert_int_equal(config_parse("f.yml", buf_str(&one), &c, &err), -EINVAL);
        if (!strstr(err.text, wrong[i].words))
            fail_msg("%s: %s", wrong[i].entry, err.text);
        buf_fini(&one);
    }
}

static void what_holds_for_all_jobs_is_given_to_those_that_say_nothing(void **state)
{
    static const char text[] =
        "global: {sample_limit: 5, body_size_limit: 1KB, scrape_protocols: "
        "[OpenMetricsText1.0.0, PrometheusProto, PrometheusText0.0.4]}\n"
        "scrape_configs:\n"
        "- {job_name: a, bearer_token: t}\n"
        "- {job_name: b, sample_limit: 7, track_timestamps_staleness: true, http_headers: "
        "{X-A: {values: [1, 2], secrets: [3], files: [f]}}, headers: ['X-B: c']}\n";
    struct scrape_config *c;
    struct error err = {0};

    (void)state;
    if (config_parse("/d/f.yml", str_of(text), &c, &err))
        fail_msg("%s", err.text);
    const struct scrape_job *a = c->jobs[0], *b = c->jobs[1];
    assert_int_equal(a->limits.sample, 5);
    assert_int_equal(b->limits.sample, 7);
    assert_int_equal(b->limits.body_size, 1024);
    assert_true(str_is(a->accept, "application/openmetrics-text;version=1.0.0;q=0.9,"
                                  "text/plain;version=0.0.4;q=0.7,*/*;q=0.1"));
    assert_true(a->http.auth.authorization && str_is(a->http.auth.credentials, "t"));
    assert_int_equal(b->http.header_len, 5);
    assert_true(str_is(b->http.headers[3].file, "/d/f"));
    assert_true(b->track_timestamps_staleness && a->take_hash != b->take_hash);
    config_free(c);
}

static void write_file(const char *path, const char *text);

static void further_files_bring_jobs_and_nothing_else(void **state)
{
    char dir[] = TEST_BUILD_DIR "/more-XXXXXX", path[256], more[256];
    struct scrape_config *c;
    struct error err = {0};

    (void)state;
    assert_non_null(mkdtemp(dir));
    snprintf(path, sizeof(path), "%s/p.yml", dir);
    snprintf(more, sizeof(more), "%s/jobs-1.yml", dir);
    write_file(path, "global: {scrape_interval: 3s}\nscrape_config_files: ['jobs-*.yml']\n"
                     "scrape_configs: [{job_name: a}]\n");
    write_file(more, "scrape_configs:\n- {job_name: b}\n");
    if (config_load(path, &c, &err))
        fail_msg("%s", err.text);
    assert_int_equal(c->job_len, 2);
    assert_int_equal(c->jobs[1]->interval_ms, 3000);
    config_free(c);
    write_file(more, "scrape_configs:\n- {job_name: a}\n");
    assert_int_equal(config_load(path, &c, &err), -EINVAL);
    assert_non_null(strstr(err.text, "jobs-1.yml:2: job_name 'a' twice"));
    write_file(more, "global: {}\n");
    assert_int_equal(config_load(path, &c, &err), -EINVAL);
    assert_non_null(strstr(err.text, "jobs-1.yml:1: key 'global'"));
    assert_int_equal(file_remove_tree(dir), 0);
}

static void an_empty_configuration_is_fine_and_anchors_are_resolved(void **state)
{
    static const char *const texts[] = {"", "# nothing\n", "global:\n", "scrape_configs: []\n",
                                        "scrape_configs:\n"};
    struct scrape_config *c;
    struct error err = {0};

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(texts); i++) {
        assert_int_equal(config_parse("f", str_of(texts[i]), &c, &err), 0);
        assert_int_equal(c->job_len, 0);
        config_free(c);
    }
    const char *text = "scrape_configs:\n"
                       "- &base {job_name: a, scrape_interval: 7s, honor_labels: on}\n"
                       "- <<: *base\n"
                       "  job_name: b\n";
    if (config_parse("f", str_of(text), &c, &err))
        fail_msg("%s", err.text);
    assert_true(str_is(c->jobs[1]->name, "b"));
    assert_int_equal(c->jobs[1]->interval_ms, 7000);
    assert_true(c->jobs[1]->honor_labels);
    config_free(c);
}

static void a_billion_laughs_end_early(void **state)
{
    struct scrape_config *c;
    struct error err;
    struct buf text;

    (void)state;
    buf_init(&text, 0);
    buf_text(&text, "a0: &a0 [x,x,x,x,x,x,x,x,x]\n");
    for (int i = 1; i < 30; i++) {
        buf_printf(&text, "a%d: &a%d [", i, i);
        for (int k = 0; k < 9; k++)
            buf_printf(&text, "*a%d,", i - 1);
        buf_text(&text, "]\n");
    }
    assert_int_equal(config_parse("f", buf_str(&text), &c, &err), -EINVAL);
    assert_non_null(strstr(err.text, "too large"));
    buf_fini(&text);
}

static void print_target(const struct target *t, struct buf *to)
{
    buf_str_add(to, t->spec.url);
    buf_char(to, ' ');
    labels_print(t->spec.labels, to);
}

/* The first target of the first job, as "url labels"; "dropped", or the error. */
static void assert_target(const char *job_text, const char *address, const char *wanted)
{
    struct scrape_config *c;
    struct error err = {0};
    struct target *t = NULL;
    struct buf text, got;

    buf_init(&text, 0);
    buf_printf(&text, "scrape_configs:\n- job_name: j\n%s", job_text);
    if (config_parse("f", buf_str(&text), &c, &err))
        fail_msg("%s", err.text);
    const struct label group[] = {{STR("__meta_x"), STR("m")}, {STR("rack"), STR("r1")}};
    buf_init(&got, 0);
    int code = target_new(c->jobs[0], (struct labels){group, 2}, str_of(address), &t, &err);
    if (code > 0)
        print_target(t, &got);
    else
        buf_text(&got, code ? err.text : "dropped");
    if (!str_is(buf_str(&got), wanted))
        fail_msg("got\n%.*s\nwanted\n%s", STR_ARG(buf_str(&got)), wanted);
    target_free(t);
    buf_fini(&got);
    buf_fini(&text);
    config_free(c);
}

static void an_address_becomes_a_url_and_labels(void **state)
{
    (void)state;
    assert_target("", "n1:9400",
                  "http://n1:9400/metrics {instance=\"n1:9400\",job=\"j\",rack=\"r1\"}");
    assert_target("  scheme: https\n  metrics_path: m\n", "[::1]:9400",
                  "https://[::1]:9400/m {instance=\"[::1]:9400\",job=\"j\",rack=\"r1\"}");
    assert_target("  params: {'match[]': ['{a=\"b\"}', c], x: [' ']}\n", "n1",
                  "http://n1/metrics?match%5B%5D=%7Ba%3D%22b%22%7D&match%5B%5D=c&x=%20 "
                  "{instance=\"n1\",job=\"j\",rack=\"r1\"}");
    assert_target("  relabel_configs:\n"
                  "  - {source_labels: [__address__], regex: '(.*):.*', target_label: instance}\n"
                  "  - {source_labels: [__meta_x], target_label: meta}\n"
                  "  - {replacement: '/p', target_label: __metrics_path__}\n"
                  "  - {replacement: 'v', target_label: __param_y}\n"
                  "  - {regex: rack, action: labeldrop}\n",
                  "n1:9400", "http://n1:9400/p?y=v {instance=\"n1\",job=\"j\",meta=\"m\"}");
    assert_target("  relabel_configs: [{source_labels: [rack], regex: r1, action: drop}]\n", "n1",
                  "dropped");
    assert_target("", "n1/x", "target n1/x of job j: 'n1/x' is not an address (host:port)");
    assert_target("", "http://me:secret@n1",
                  "target n1 of job j: 'n1' is not an address (host:port)");
    assert_target("  relabel_configs: [{replacement: 1d, target_label: __scrape_timeout__}]\n",
                  "n1", "target n1 of job j: scrape timeout longer than interval");
}

static void addresses_of_the_command_line_may_be_urls(void **state)
{
    static const struct {
        const char *address, *wanted;
    } cases[] = {
        {"n1", "http://n1:9400/metrics {instance=\"n1:9400\",job=\"worker\"}"},
        {"n1:9500", "http://n1:9500/metrics {instance=\"n1:9500\",job=\"worker\"}"},
        {"[::1]", "http://[::1]:9400/metrics {instance=\"[::1]:9400\",job=\"worker\"}"},
        {"https://n1/x?y=z", "https://n1/x?y=z {instance=\"n1\",job=\"worker\"}"},
        {"http://n1:1", "http://n1:1/metrics {instance=\"n1:1\",job=\"worker\"}"},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct scrape_config *c = config_empty();
        struct target *t;
        struct buf got;
        assert_int_equal(config_add_targets(c, &cases[i].address, 1, 5000, NULL), 0);
        assert_true(c->jobs[0]->honor_labels);
        assert_int_equal(
            target_new(c->jobs[0], (struct labels){0}, str_of(cases[i].address), &t, NULL), 1);
        buf_init(&got, 0);
        print_target(t, &got);
        assert_true(str_is(buf_str(&got), cases[i].wanted));
        buf_fini(&got);
        target_free(t);
        config_free(c);
    }
}

static void turns_stand_where_the_job_wants_them(void **state)
{
    struct scrape_job job = {.offset_ms = 3000};
    struct target t = {.spec = {.job = &job, .interval_ms = 10000, .key = 77}};

    (void)state;
    assert_int_equal(target_next_turn(&t, 1700000000123), 1700000003000);
    assert_int_equal(target_next_turn(&t, 1700000003000), 1700000013000);
    job = (struct scrape_job){.align_ms = 60000};
    assert_int_equal(target_next_turn(&t, 1700000000123), 1700000010000);
}

static void extra_series_are_asked_for_by_all_or_by_a_job(void **state)
{
    struct error err = {0};
    struct scrape_config *c;

    (void)state;
    if (config_parse("f.yml",
                     STR("global: {extra_scrape_metrics: true}\nscrape_configs:\n- {job_name: a}\n"
                         "- {job_name: b, extra_scrape_metrics: false}\n"),
                     &c, &err))
        fail_msg("%s", err.text);
    assert_int_equal(config_job(c, STR("a"))->extra_metrics, TRISTATE_YES);
    assert_int_equal(config_job(c, STR("b"))->extra_metrics, TRISTATE_NO);
    config_free(c);
}

static void turns_are_spread_and_keep_their_place(void **state)
{
    struct target t = {.spec = {.interval_ms = 5000}};
    size_t early = 0;

    (void)state;
    for (uint64_t i = 0; i < 1000; i++) {
        t.spec.key = hash_bytes(&i, sizeof(i));
        int64_t first = target_next_turn(&t, 1700000000123);
        assert_true(first > 1700000000123 && first <= 1700000005123);
        assert_int_equal(target_next_turn(&t, first), first + 5000);
        assert_int_equal(target_next_turn(&t, first - 1), first);
        assert_int_equal((target_next_turn(&t, 1800000000000) - first) % 5000, 0);
        early += first < 1700000002623;
    }
    assert_in_range(early, 400, 600);
}

/* ---- files of targets ---- */

static void write_file(const char *path, const char *text)
{
    assert_int_equal(file_replace(path, text, strlen(text), NULL), 0);
}

static void add_to(void *ctx, const struct target_group *group)
{
    struct buf *out = ctx;
    for (size_t i = 0; i < group->len; i++)
        buf_printf(out, "%.*s/%.*s ", STR_ARG(group->addresses[i]),
                   STR_ARG(labels_get(group->labels, STR("a"))));
}

static void assert_found(struct discovery *d, bool changed, const char *wanted)
{
    struct buf out;

    assert_int_equal(d->ops->refresh(d), changed);
    buf_init(&out, 0);
    d->ops->visit(d, add_to, &out);
    if (!str_is(buf_str(&out), wanted))
        fail_msg("%.*s, wanted %s", STR_ARG(buf_str(&out)), wanted);
    buf_fini(&out);
}

static void files_of_targets_are_followed(void **state)
{
    char dir[] = TEST_BUILD_DIR "/sd-XXXXXX", path[256], pattern[256];

    (void)state;
    assert_non_null(mkdtemp(dir));
    snprintf(pattern, sizeof(pattern), "%s/*.json", dir);
    snprintf(path, sizeof(path), "%s/b.yml", dir);
    const struct str patterns[] = {str_of(pattern), str_of(path)};
    struct discovery *d = discovery_files(patterns, 2);
    assert_found(d, false, "");
    write_file(path, "- targets: [y1, y2]\n  labels: {a: 1}\n");
    assert_found(d, true, "y1/1 y2/1 ");
    assert_found(d, false, "y1/1 y2/1 ");
    char json[256];
    snprintf(json, sizeof(json), "%s/a.json", dir);
    write_file(json, "[{\"targets\": [\"j1\"], \"labels\": {\"a\": \"x\\u00e9\"}}]");
    assert_found(d, true, "y1/1 y2/1 j1/x\xc3\xa9 ");
    write_file(json, "[{\"targets\": [\"j1\""); /* half written */
    assert_found(d, false, "y1/1 y2/1 j1/x\xc3\xa9 ");
    write_file(json, "[{\"targets\": [\"j2\"]}]");
    assert_found(d, true, "y1/1 y2/1 j2/ ");
    assert_int_equal(unlink(path), 0);
    assert_found(d, true, "j2/ ");
    write_file(json, "[]");
    assert_found(d, true, "");
    discovery_close_all(d);
    assert_int_equal(file_remove_tree(dir), 0);
}

static void a_bad_file_of_targets_is_explained(void **state)
{
    static const struct {
        const char *name, *text, *wanted;
    } cases[] = {
        {"a.json", "[", "a.json:1:"},
        {"a.json", "{}", "a list of groups"},
        {"a.json", "[{\"x\": 1}]", "unknown key 'x'"},
        {"a.json", "[{\"targets\": [1, 2]}, {\"targets\": {}}]", "a list is wanted"},
        {"a.yml", "- targets: [a]\n  labels: [b]\n", "a.yml:2: labels"},
        {"a.yml", "- targets: ['']\n", "a.yml:1: a target is an address"},
    };
    char dir[] = TEST_BUILD_DIR "/sd-XXXXXX", path[256];
    struct error err;
    size_t n;

    (void)state;
    assert_non_null(mkdtemp(dir));
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        snprintf(path, sizeof(path), "%s/%s", dir, cases[i].name);
        write_file(path, cases[i].text);
        assert_true(discovery_check_file(path, &n, &err) < 0);
        if (!strstr(err.text, cases[i].wanted))
            fail_msg("'%s' does not say '%s'", err.text, cases[i].wanted);
    }
    write_file(path, "- targets: [a, b]\n- targets: [c]\n");
    assert_int_equal(discovery_check_file(path, &n, &err), 0);
    assert_int_equal(n, 3);
    assert_int_equal(file_remove_tree(dir), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_key_is_read),
        cmocka_unit_test(what_is_wrong_is_named_with_its_line),
        cmocka_unit_test(what_has_no_effect_is_said_with_its_place_and_what_to_do),
        cmocka_unit_test(what_would_change_what_is_kept_sent_or_answered_is_refused),
        cmocka_unit_test(warnings_beyond_the_bound_are_counted),
        cmocka_unit_test(receivers_are_read_with_their_rules),
        cmocka_unit_test(what_holds_for_all_jobs_is_given_to_those_that_say_nothing),
        cmocka_unit_test(further_files_bring_jobs_and_nothing_else),
        cmocka_unit_test(an_empty_configuration_is_fine_and_anchors_are_resolved),
        cmocka_unit_test(a_billion_laughs_end_early),
        cmocka_unit_test(an_address_becomes_a_url_and_labels),
        cmocka_unit_test(addresses_of_the_command_line_may_be_urls),
        cmocka_unit_test(turns_are_spread_and_keep_their_place),
        cmocka_unit_test(turns_stand_where_the_job_wants_them),
        cmocka_unit_test(extra_series_are_asked_for_by_all_or_by_a_job),
        cmocka_unit_test(files_of_targets_are_followed),
        cmocka_unit_test(a_bad_file_of_targets_is_explained),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
