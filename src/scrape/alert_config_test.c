/* alert_config_test.c - `alerting` of the configuration. */
#include "scrape/alert_config.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#define MANAGERS "alerting:\n  alertmanagers:\n"

static struct scrape_config *read(const char *text)
{
    struct scrape_config *c;
    struct error err = {0};

    if (config_parse("/d/f.yml", str_of(text), &c, &err))
        fail_msg("%s", err.text);
    return c;
}

static void all_keys_are_read(void **state)
{
    struct scrape_config *c =
        read("alerting:\n"
             "  alert_relabel_configs:\n"
             "  - {action: labeldrop, regex: replica}\n"
             "  alertmanagers:\n"
             "  - scheme: https\n"
             "    path_prefix: am//x/\n"
             "    timeout: 3s\n"
             "    api_version: v2\n"
             "    basic_auth: {username: u, password_file: p}\n"
             "    tls_config: {ca_file: ca.pem, server_name: am, min_version: TLS13}\n"
             "    proxy_url: http://proxy:1\n"
             "    no_proxy: a,b\n"
             "    follow_redirects: false\n"
             "    enable_http2: false\n"
             "    http_headers: {X-Scope: {values: [a]}}\n"
             "    static_configs: [{targets: ['a:1', 'b:2']}]\n"
             "    file_sd_configs: [{files: [am.yml]}]\n"
             "    dns_sd_configs: [{names: [a], type: A, port: 9093}]\n"
             "    http_sd_configs: [{url: 'http://a/'}]\n"
             "    relabel_configs: [{action: keep, source_labels: [__address__], regex: 'a.*'}]\n"
             "    alert_relabel_configs: [{target_label: to, replacement: here}]\n"
             "  - oauth2: {client_id: a, client_secret: b, token_url: 'http://t'}\n"
             "    proxy_from_environment: true\n"
             "  - authorization: {credentials: c}\n");
    const struct alerting *a = c->alerting;
    const struct alert_config *first = &a->entries[0];
    size_t kinds = 0;

    (void)state;
    assert_int_equal(a->len, 3);
    assert_int_equal(a->relabel.len, 1);
    assert_true(str_is(first->source.scheme, "https"));
    assert_true(str_is(first->path, "/am/x/api/v2/alerts"));
    assert_int_equal(first->timeout_ms, 3000);
    assert_true(str_is(first->http.auth.password_file, "/d/p"));
    assert_true(str_is(first->http.tls.server_name, "am"));
    assert_int_equal(first->http.tls.min_version, 13);
    assert_true(str_is(first->http.proxy.no_proxy, "a,b"));
    assert_false(first->http.follow_redirects);
    assert_false(first->http.enable_http2);
    assert_int_equal(first->http.header_len, 1);
    assert_int_equal(first->relabel.len, 1);
    for (const struct discovery *d = first->source.discoveries; d; d = d->next)
        kinds++;
    assert_int_equal(kinds, 4);
    assert_true(str_is(a->entries[1].path, "/api/v2/alerts"));
    assert_int_equal(a->entries[1].timeout_ms, 10000);
    assert_non_null(a->entries[1].http.oauth2);
    assert_true(a->entries[1].http.proxy.from_environment);
    assert_true(a->entries[2].http.auth.authorization);
    assert_int_not_equal(a->entries[1].key, a->entries[2].key);
    assert_int_equal(c->warnings.len, 0);
    config_free(c);
}

static void what_is_wrong_is_told_with_file_and_line(void **state)
{
    static const struct {
        const char *text, *words;
    } cases[] = {
        {"alerting: []\n", "f.yml:1: alerting: a map is wanted"},
        {"alerting:\n  alertmanager: []\n", "f.yml:2: key 'alertmanager' of alerting"},
        {"alerting:\n  alertmanagers: {}\n", "f.yml:2: alertmanagers: a list is wanted"},
        {MANAGERS "  - api_version: v1\n", "f.yml:3: api_version v1 is gone"},
        {MANAGERS "  - api_version: v3\n", "f.yml:3: api_version is v2"},
        {MANAGERS "  - scheme: ftp\n", "f.yml:3: scheme is http or https"},
        {MANAGERS "  - timeout: 0s\n", "timeout is too short"},
        {MANAGERS "  - timeout: x\n", "f.yml:3:"},
        {MANAGERS "  - sigv4: {region: a}\n", "f.yml:3: sigv4 is not supported"},
        {MANAGERS "  - consul_sd_configs: []\n", "f.yml:3: key 'consul_sd_configs'"},
        {MANAGERS "  - job_name: a\n", "f.yml:3: key 'job_name'"},
        {MANAGERS "  - static_configs: [{targets: ['http://a:1/']}]\n", "is not an address"},
        {MANAGERS "  - basic_auth: {username: a}\n    bearer_token: b\n", "not several"},
        {MANAGERS "  - tls_config: {cert_file: a}\n", "certificate and its key go together"},
        {MANAGERS "  - relabel_configs: [{action: nope}]\n", "f.yml:3:"},
        {"alerting: {alert_relabel_configs: [{regex: '(', target_label: a}]}\n", "missing )"},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct scrape_config *c;
        struct error err = {0};
        if (config_parse("f.yml", str_of(cases[i].text), &c, &err) != -EINVAL)
            fail_msg("taken: %s", cases[i].text);
        if (!strstr(err.text, cases[i].words))
            fail_msg("'%s' does not say '%s'", err.text, cases[i].words);
    }
}

static void more_than_sixteen_entries_are_refused(void **state)
{
    struct scrape_config *c;
    struct error err = {0};
    struct buf text;

    (void)state;
    buf_init(&text, 0);
    buf_text(&text, MANAGERS);
    for (size_t i = 0; i <= ALERT_CONFIGS_MAX; i++)
        buf_text(&text, "  - {timeout: 1s}\n");
    assert_int_equal(config_parse("f.yml", buf_str(&text), &c, &err), -EINVAL);
    assert_non_null(strstr(err.text, "f.yml:19: alertmanagers: more than 16"));
    buf_fini(&text);
}

static void addresses_become_urls_as_labels_say(void **state)
{
    static const struct {
        const char *entry, *url; /* url: "" dropped, NULL an error */
    } cases[] = {
        {"scheme: http", "http://a:1/api/v2/alerts"},
        {"scheme: https\n    path_prefix: /am/", "https://a:1/am/api/v2/alerts"},
        {"relabel_configs: [{target_label: __scheme__, replacement: https}]",
         "https://a:1/api/v2/alerts"},
        {"relabel_configs: [{target_label: __alerts_path__, replacement: /x}]", "http://a:1/x"},
        {"relabel_configs: [{target_label: __address__, replacement: 'b:2'}]",
         "http://b:2/api/v2/alerts"},
        {"relabel_configs: [{action: drop, source_labels: [zone], regex: east}]", ""},
        {"relabel_configs: [{target_label: __address__, replacement: ''}]", NULL},
        {"relabel_configs: [{target_label: __scheme__, replacement: ftp}]", NULL},
    };
    static const struct label zone[] = {{{"zone", 4}, {"east", 4}}};

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct error err = {0};
        struct buf text, url;
        buf_init(&text, 0);
        buf_init(&url, 0);
        buf_printf(&text, MANAGERS "  - %s\n", cases[i].entry);
        struct scrape_config *c = read(text.ptr); /* buf_printf() terminates */
        int code = alert_config_url(&c->alerting->entries[0], (struct labels){zone, 1}, STR("a:1"),
                                    &url, &err);
        assert_int_equal(code, !cases[i].url ? -EINVAL : *cases[i].url ? 1 : 0);
        if (cases[i].url && *cases[i].url)
            assert_true(str_is(buf_str(&url), cases[i].url));
        else if (cases[i].url)
            assert_true(str_is(buf_str(&url), "http://a:1/api/v2/alerts"));
        buf_fini(&text);
        buf_fini(&url);
        config_free(c);
    }
}

static void it_outlives_the_configuration(void **state)
{
    struct scrape_config *c = read(MANAGERS "  - {bearer_token: secret, path_prefix: p}\n");
    struct alerting *a = c->alerting;

    (void)state;
    alerting_retain(a);
    config_free(c);
    assert_true(str_is(a->entries[0].http.auth.credentials, "secret"));
    alerting_release(a);
    alerting_release(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(all_keys_are_read),
        cmocka_unit_test(what_is_wrong_is_told_with_file_and_line),
        cmocka_unit_test(more_than_sixteen_entries_are_refused),
        cmocka_unit_test(addresses_become_urls_as_labels_say),
        cmocka_unit_test(it_outlives_the_configuration),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
