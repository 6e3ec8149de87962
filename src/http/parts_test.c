/* parts_test.c - what the server is made of: parameters, routes, addresses, the web configuration,
 * credentials. */
#include "http/address.h"
#include "http/credentials.h"
#include "http/params.h"
#include "http/route.h"
#include "http/testing.h"
#include "http/web_config.h"

#include <crypt.h>
#include <sys/stat.h>

static void query_strings_are_taken_apart(void **state)
{
    static const struct {
        const char *text, *name;
        size_t i;
        const char *value; /* NULL: not there */
        int code;
    } cases[] = {
        {"a=1&b=2", "b", 0, "2", 0},       {"a=1&a=2", "a", 1, "2", 0},
        {"a=1&a=2", "a", 2, NULL, 0},      {"a", "a", 0, "", 0},
        {"&&a=1&&", "a", 0, "1", 0},       {"=x", "", 0, "x", 0},
        {"a=b=c", "a", 0, "b=c", 0},       {"match%5B%5D=up", "match[]", 0, "up", 0},
        {"a=1+2%2B3", "a", 0, "1 2+3", 0}, {"a=%e2%82%ac", "a", 0, "\xe2\x82\xac", 0},
        {"a=%", "a", 0, NULL, -EINVAL},    {"a=%4", "a", 0, NULL, -EINVAL},
        {"a=%4g", "a", 0, NULL, -EINVAL},  {"", "a", 0, NULL, 0},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct params p = {0};
        struct arena a;
        arena_init(&a, 0);
        assert_int_equal(params_parse(&p, str_of(cases[i].text), &a, NULL), cases[i].code);
        struct str got = params_get(&p, str_of(cases[i].name), cases[i].i);
        if (cases[i].value)
            assert_true(got.ptr && str_is(got, cases[i].value));
        else
            assert_null(got.ptr);
        params_fini(&p);
        arena_fini(&a);
    }
}

static void more_parameters_than_the_bound_are_an_error(void **state)
{
    struct params p = {0};
    struct arena a;
    struct buf text;

    (void)state;
    arena_init(&a, 0);
    buf_init(&text, 0);
    for (int i = 0; i <= PARAMS_MAX; i++)
        buf_text(&text, "a=1&");
    assert_int_equal(params_parse(&p, buf_str(&text), &a, NULL), -E2BIG);
    params_fini(&p);
    buf_fini(&text);
    arena_fini(&a);
}

static void accepted_codings_follow_their_weights(void **state)
{
    static const struct {
        const char *header;
        bool gzip;
    } cases[] = {
        {"gzip", true},
        {"GZIP", true},
        {"deflate, gzip;q=1.0, *;q=0.5", true},
        {"gzip;q=0", false},
        {"*", true},
        {"*;q=0", false},
        {"identity", false},
        {"", false},
        {"gzip;q=0.000, *", false},
        {"br , gzip ; q=0.1", true},
        {"gzip;q=x", false},
        {"gzipped", false},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++)
        assert_int_equal(params_accepts(str_of(cases[i].header), STR("gzip")), cases[i].gzip);
}

static void nothing(struct http_request *r, void *ctx)
{
    (void)r, (void)ctx;
}

static void the_most_exact_route_wins(void **state)
{
    const struct http_route routes[] = {
        {"GET", "/**", nothing, NULL, false, false},
        {"GET", "/a/**", nothing, NULL, false, false},
        {"GET", "/a/*", nothing, NULL, false, false},
        {"GET", "/a/b", nothing, NULL, false, false},
        {"POST", "/a/b", nothing, NULL, false, false},
        {"POST", "/p", nothing, NULL, false, false},
    };
    static const struct {
        const char *method, *path;
        int route; /* -1: none */
        const char *part, *allow;
    } cases[] = {
        {"GET", "/", 0, "", "GET, HEAD, OPTIONS"},
        {"GET", "/x/y", 0, "x/y", "GET, HEAD, OPTIONS"},
        {"GET", "/a/b", 3, "", "GET, HEAD, POST, OPTIONS"},
        {"HEAD", "/a/b", 3, "", "GET, HEAD, POST, OPTIONS"},
        {"POST", "/a/b", 4, "", "GET, HEAD, POST, OPTIONS"},
        {"PUT", "/a/b", -1, "", "GET, HEAD, POST, OPTIONS"},
        {"GET", "/a/c", 2, "c", "GET, HEAD, OPTIONS"},
        {"GET", "/a/c/d", 1, "c/d", "GET, HEAD, OPTIONS"},
        {"GET", "/p", -1, "", "POST, OPTIONS"},
    };
    struct route_table t;

    (void)state;
    assert_int_equal(route_table_init(&t, routes, ARRAY_LEN(routes), NULL), 0);
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct route_match m;
        route_find(&t, str_of(cases[i].method), str_of(cases[i].path), &m);
        assert_int_equal(m.route ? (int)(m.route - t.items) : -1, cases[i].route);
        assert_true(str_is(m.part, cases[i].part));
        assert_string_equal(m.allow, cases[i].allow);
        assert_true(m.path_known);
    }
    route_table_fini(&t);
}

/* ---- addresses ---- */

static void addresses_are_read(void **state)
{
    static const struct {
        const char *text, *host;
        unsigned port;
        int code;
    } cases[] = {
        {":9400", "", 9400, 0},         {"127.0.0.1:8428", "127.0.0.1", 8428, 0},
        {"[::1]:3000", "::1", 3000, 0}, {"localhost:0", "localhost", 0, 0},
        {"9400", "", 0, -EINVAL},       {"::1:3000", "", 0, -EINVAL},
        {"host:65536", "", 0, -EINVAL}, {"host:", "", 0, -EINVAL},
        {"host:http", "", 0, -EINVAL},  {"", "", 0, -EINVAL},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct address a;
        assert_int_equal(address_parse(str_of(cases[i].text), &a, NULL), cases[i].code);
        if (cases[i].code == 0) {
            assert_string_equal(a.host, cases[i].host);
            assert_int_equal(a.port, cases[i].port);
        }
    }
}

static void a_taken_port_names_its_holder(void **state)
{
    struct address a;
    struct error err;
    char text[100], pid[32];
    int fd, second;

    (void)state;
    assert_int_equal(address_parse(STR("localhost:0"), &a, NULL), 0);
    assert_int_equal(address_listen(&a, &fd, &err), 0);
    assert_true(address_is_loopback(fd));
    a.port = address_port(fd);
    assert_int_equal(address_listen(&a, &second, &err), -EADDRINUSE);
    snprintf(pid, sizeof(pid), "(pid %d)", (int)getpid());
    assert_non_null(strstr(err.text, pid));
    assert_true(address_holder("/proc", a.port, text, sizeof(text)));
    close(fd);
    assert_false(address_holder("/proc", a.port, text, sizeof(text)));

    assert_int_equal(address_parse(STR(":0"), &a, NULL), 0);
    assert_int_equal(address_listen(&a, &fd, &err), 0);
    assert_false(address_is_loopback(fd));
    int client = test_connect(address_port(fd)); /* an IPv4 client of a dual socket */
    close(client);
    close(fd);
}

/* ---- the web configuration ---- */

#define HASH "$2y$04$abcdefghijklmnopqrstuuXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXX"

static void the_web_configuration_is_read_strictly(void **state)
{
    static const struct {
        const char *text, *error; /* NULL: fine */
    } cases[] = {
        {"", NULL},
        {"basic_auth_users:\n  alice: " HASH "\n", NULL},
        {"basic_auth_users:\n", NULL},
        {"tls_server_config:\n  cert_file: a.crt\n  key_file: /b.key\n  min_version: TLS13\n",
         NULL},
        {"http_server_config:\n  http2: true\n  headers:\n    X-Frame-Options: deny\n", NULL},
        {"tls_server_config:\n  cert_file: a.crt\n  key_file: b.key\n  client_ca_file: ca\n"
         "  client_auth_type: RequireAndVerifyClientCert\n",
         NULL},
        {"nonsense: 1\n", "dir/web.yml:1: unknown key: \"nonsense\""},
        {"basic_auth_users:\n  alice: secret\n", "dir/web.yml:2: wanted a bcrypt hash"},
        {"basic_auth_users:\n  a: " HASH "\n  a: " HASH "\n", "dir/web.yml:3: given twice: \"a\""},
        {"tls_server_config:\n  cert_file: a\n", "cert_file and key_file belong together"},
        {"tls_server_config:\n  cert: a\n",
         "dir/web.yml:2: unknown key in tls_server_config: \"cert\""},
        {"tls_server_config:\n  min_version: SSL3\n", "dir/web.yml:2: wanted TLS10"},
        {"tls_server_config:\n  cert_file: a\n  key_file: b\n"
         "  client_auth_type: RequireAndVerifyClientCert\n",
         "needs client_ca_file"},
        {"http_server_config:\n  headers:\n    Set-Cookie: x\n",
         "dir/web.yml:3: this header may not be set"},
        {"- a\n- b\n", "dir/web.yml:1: wanted key: value pairs"},
        {"a: [\n", "dir/web.yml:"},
        {"basic_auth_users: &x\n  a: *x\n", "dir/web.yml:"},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct web_config *c = NULL;
        struct error err = {0};
        int code = web_config_parse("dir/web.yml", str_of(cases[i].text), &c, &err);
        if (!cases[i].error && code)
            fail_msg("%s: %s", cases[i].text, err.text);
        if (cases[i].error && !strstr(err.text, cases[i].error))
            fail_msg("%s: %s", cases[i].text, err.text);
        assert_int_equal(code, cases[i].error ? -EINVAL : 0);
        if (c && c->cert_file)
            assert_true(str_ends(str_of(c->key_file), STR("b.key")));
        web_config_release(c);
    }
}

static char *make_config(const char *password, struct web_config **ret)
{
    char salt[CRYPT_GENSALT_OUTPUT_SIZE], text[300];
    struct crypt_data *data = xnew(struct crypt_data);

    assert_non_null(crypt_gensalt_rn("$2b$", 4, NULL, 0, salt, sizeof(salt)));
    snprintf(text, sizeof(text), "basic_auth_users:\n  alice: %s\n", crypt_r(password, salt, data));
    free(data);
    assert_int_equal(web_config_parse("web.yml", str_of(text), ret, NULL), 0);
    return xstrdup(text);
}

static void verified_pairs_are_remembered_until_the_password_changes(void **state)
{
    static const struct {
        const char *header;
        enum verdict first, verdict;
    } cases[] = {
        {"Basic YWxpY2U6c2VjcmV0", VERDICT_UNKNOWN, VERDICT_GOOD}, /* alice:secret */
        {"basic  YWxpY2U6c2VjcmV0 ", VERDICT_GOOD, VERDICT_GOOD},  /* the same, seen before */
        {"Basic YWxpY2U6d3Jvbmc=", VERDICT_UNKNOWN, VERDICT_BAD},  /* alice:wrong */
        {"Basic Ym9iOnNlY3JldA==", VERDICT_UNKNOWN, VERDICT_BAD},  /* bob:secret */
        {"Basic YWxpY2U=", VERDICT_BAD, VERDICT_BAD},              /* no colon */
        {"Basic ????", VERDICT_BAD, VERDICT_BAD},
        {"Bearer YWxpY2U6c2VjcmV0", VERDICT_BAD, VERDICT_BAD},
        {"", VERDICT_BAD, VERDICT_BAD},
    };
    struct web_config *config, *changed;
    struct credentials *c;

    (void)state;
    free(make_config("secret", &config));
    free(make_config("other", &changed));
    assert_int_equal(credentials_new(&c, NULL), 0);
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct str header = str_of(cases[i].header);
        assert_int_equal(credentials_check(c, config, header), cases[i].first);
        assert_int_equal(credentials_verify(c, config, header), cases[i].verdict);
        /* A wrong pair finds no room where, by its chance hash, a right one is kept. */
        enum verdict after = credentials_check(c, config, header);
        if (after != VERDICT_UNKNOWN || cases[i].verdict != VERDICT_BAD)
            assert_int_equal(after, cases[i].verdict);
    }
    assert_int_equal(credentials_check(c, changed, str_of(cases[0].header)), VERDICT_UNKNOWN);
    assert_int_equal(credentials_verify(c, changed, str_of(cases[0].header)), VERDICT_BAD);
    credentials_free(c);
    web_config_release(config);
    web_config_release(changed);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(query_strings_are_taken_apart),
        cmocka_unit_test(more_parameters_than_the_bound_are_an_error),
        cmocka_unit_test(accepted_codings_follow_their_weights),
        cmocka_unit_test(the_most_exact_route_wins),
        cmocka_unit_test(addresses_are_read),
        cmocka_unit_test(a_taken_port_names_its_holder),
        cmocka_unit_test(the_web_configuration_is_read_strictly),
        cmocka_unit_test(verified_pairs_are_remembered_until_the_password_changes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
