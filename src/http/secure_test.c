/* secure_test.c - the server with credentials and TLS, and how it takes a new configuration. */
#include "http/http.h"

#include "http/testing.h"
#include "http/tls.h"

#include <crypt.h>
#include <gnutls/gnutls.h>
#include <gnutls/x509.h>

#define ALICE "Authorization: Basic YWxpY2U6c2VjcmV0\r\n" /* alice:secret */
#define WRONG "Authorization: Basic YWxpY2U6d3Jvbmc=\r\n" /* alice:wrong */
#define BOB   "Authorization: Basic Ym9iOnNlY3JldA==\r\n" /* bob:secret */

struct fixture {
    char dir[64], config[96];
    struct http_server *server;
    unsigned port;
};

static void hello(struct http_request *r, void *ctx)
{
    (void)ctx;
    http_reply_text(r, 200, "text/plain", "hello");
}

static void write_file(const struct fixture *f, const char *name, const char *text, size_t n)
{
    char path[160];
    snprintf(path, sizeof(path), "%s/%s", f->dir, name);
    assert_int_equal(file_replace(path, text, n, NULL), 0);
}

static void write_users(const struct fixture *f, const char *user)
{
    char salt[CRYPT_GENSALT_OUTPUT_SIZE], text[400];
    struct crypt_data *data = xnew(struct crypt_data);

    assert_non_null(crypt_gensalt_rn("$2b$", 4, NULL, 0, salt, sizeof(salt)));
    snprintf(text, sizeof(text),
             "basic_auth_users:\n  %s: %s\nhttp_server_config:\n  headers:\n"
             "    X-Frame-Options: deny\n",
             user, crypt_r("secret", salt, data));
    free(data);
    write_file(f, "web.yml", text, strlen(text));
}

static int set_up(void **state)
{
    struct fixture *f = xnew(struct fixture);

    snprintf(f->dir, sizeof(f->dir), "/tmp/algalon-http-XXXXXX");
    assert_non_null(mkdtemp(f->dir));
    snprintf(f->config, sizeof(f->config), "%s/web.yml", f->dir);
    *state = f;
    return 0;
}

static int tear_down(void **state)
{
    struct fixture *f = *state;

    http_server_stop(f->server, 500);
    assert_int_equal(file_remove_tree(f->dir), 0);
    free(f);
    return 0;
}

static int start(struct fixture *f, const char *address, bool allow_open, struct error *err)
{
    const struct http_route routes[] = {
        {"GET,POST", "/hello", hello, NULL, false, false},
        {"GET", "/slow", hello, NULL, true, false},
        {"GET", "/-/healthy", hello, NULL, false, true},
    };
    struct http_listener_options options;

    http_listener_options_init(&options);
    options.address = address;
    options.name = "api";
    options.option = "--listen-api";
    options.web_config_file = f->config;
    options.allow_open = allow_open;
    int code = http_server_start(&options, routes, ARRAY_LEN(routes), &f->server, err);
    if (code == 0)
        f->port = http_server_port(f->server);
    return code;
}

static int status_of(const struct fixture *f, const char *target, const char *extra)
{
    struct test_answer a = test_request(f->port, "GET", target, extra, NULL, 0);
    int status = a.status;
    test_answer_fini(&a);
    return status;
}

static void only_those_with_the_password_get_in(void **state)
{
    struct fixture *f = *state;
    struct error err = {0};
    char text[100];

    write_users(f, "alice");
    assert_int_equal(start(f, "127.0.0.1:0", false, &err), 0);
    assert_int_equal(status_of(f, "/hello", ""), 401);
    assert_int_equal(status_of(f, "/hello", WRONG), 401);
    assert_int_equal(status_of(f, "/hello", WRONG), 401);
    assert_int_equal(status_of(f, "/hello", ALICE), 200);
    assert_int_equal(status_of(f, "/hello", ALICE), 200);
    assert_int_equal(status_of(f, "/slow", ALICE), 200);
    assert_int_equal(status_of(f, "/hello", BOB), 401);
    assert_int_equal(status_of(f, "/-/healthy", ""), 200);
    assert_int_equal(status_of(f, "/nowhere", ""), 404);
    struct test_answer a = test_request(f->port, "POST", "/hello", WRONG, "some body", 9);
    assert_int_equal(a.status, 401);
    assert_non_null(strstr(test_header(&a, "WWW-Authenticate", text, sizeof(text)), "Basic"));
    assert_string_equal(test_header(&a, "X-Frame-Options", text, sizeof(text)), "deny");
    test_answer_fini(&a);
    a = test_request(f->port, "POST", "/hello", ALICE, "some body", 9);
    test_assert_body(&a, 200, "hello");
}

static void pages_of_other_sites_change_nothing(void **state)
{
    static const struct {
        const char *method, *headers;
        int status;
    } cases[] = {
        {"POST", "Sec-Fetch-Site: cross-site\r\nOrigin: http://evil\r\n", 403},
        {"POST", "Sec-Fetch-Site: same-site\r\nOrigin: http://evil\r\n", 403},
        {"POST", "Sec-Fetch-Site: same-origin\r\nOrigin: http://here\r\n", 200},
        {"POST", "Sec-Fetch-Site: none\r\n", 200},
        {"POST", "", 200},
        {"GET", "Sec-Fetch-Site: cross-site\r\n", 200},
    };
    struct fixture *f = *state;

    write_file(f, "web.yml", "", 0);
    assert_int_equal(start(f, "127.0.0.1:0", false, NULL), 0);
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct test_answer a =
            test_request(f->port, cases[i].method, "/hello", cases[i].headers, "", 0);
        assert_int_equal(a.status, cases[i].status);
        test_answer_fini(&a);
    }
}

/* Both steps of a reload of one listener. */
static int reload(struct http_server *s, struct error *err)
{
    struct http_fresh *fresh;
    int code = http_server_read(s, &fresh, err);

    return code ? code : http_server_take(s, fresh, err);
}

static void what_was_read_is_not_in_force_before_it_is_taken(void **state)
{
    struct fixture *f = *state;
    struct http_fresh *fresh;
    struct error err = {0};

    write_users(f, "alice");
    assert_int_equal(start(f, "127.0.0.1:0", false, &err), 0);
    write_users(f, "bob");
    assert_int_equal(http_server_read(f->server, &fresh, &err), 0);
    assert_int_equal(status_of(f, "/hello", ALICE), 200);
    assert_int_equal(status_of(f, "/hello", BOB), 401);
    http_fresh_drop(fresh); /* another part of the reload has failed */
    assert_int_equal(status_of(f, "/hello", ALICE), 200);
    assert_int_equal(http_server_read(f->server, &fresh, &err), 0);
    assert_int_equal(http_server_take(f->server, fresh, &err), 0);
    assert_int_equal(status_of(f, "/hello", ALICE), 401);
    assert_int_equal(status_of(f, "/hello", BOB), 200);
    http_fresh_drop(NULL);
}

static void a_listener_that_refuses_its_file_leaves_the_others_as_they_were(void **state)
{
    struct fixture *f = *state;
    struct http_server *open_one;
    struct http_fresh *fresh[2];
    struct error err = {0};

    write_users(f, "alice");
    assert_int_equal(start(f, "127.0.0.1:0", true, &err), 0);
    open_one = f->server;
    unsigned port = f->port;
    assert_int_equal(start(f, ":0", false, &err), 0);
    write_file(f, "web.yml", "", 0); /* the first may be open to all, the second may not */
    assert_int_equal(http_server_read(open_one, &fresh[0], &err), 0);
    assert_int_equal(http_server_read(f->server, &fresh[1], &err), -EPERM);
    http_fresh_drop(fresh[0]);
    assert_int_equal(status_of(f, "/hello", ""), 401);
    f->port = port;
    assert_int_equal(status_of(f, "/hello", ""), 401);
    http_server_stop(open_one, 500);
}

static void a_reload_takes_the_new_users_or_keeps_the_old(void **state)
{
    struct fixture *f = *state;
    struct error err = {0};

    write_users(f, "alice");
    assert_int_equal(start(f, "127.0.0.1:0", false, &err), 0);
    assert_int_equal(status_of(f, "/hello", ALICE), 200);
    write_file(f, "web.yml", "basic_auth_user: x\n", 19);
    assert_int_equal(reload(f->server, &err), -EINVAL);
    assert_non_null(strstr(err.text, "web.yml:1: unknown key"));
    assert_int_equal(status_of(f, "/hello", ALICE), 200);
    write_users(f, "bob");
    assert_int_equal(reload(f->server, &err), 0);
    assert_int_equal(status_of(f, "/hello", ALICE), 401);
    assert_int_equal(status_of(f, "/hello", BOB), 200);
}

static void beyond_loopback_it_wants_credentials_or_a_word(void **state)
{
    struct fixture *f = *state;
    struct error err = {0};

    write_file(f, "web.yml", "", 0);
    assert_int_equal(start(f, ":0", false, &err), -EPERM);
    assert_non_null(strstr(err.text, "--listen-api :0"));
    assert_non_null(strstr(err.text, "--web.config.file"));
    assert_non_null(strstr(err.text, "--no-auth"));
    assert_int_equal(start(f, ":0", true, &err), 0);
    http_server_stop(f->server, 100);
    f->server = NULL;
    write_users(f, "alice");
    assert_int_equal(start(f, ":0", false, &err), 0);
    assert_int_equal(status_of(f, "/hello", ALICE), 200);
    write_file(f, "web.yml", "", 0);
    assert_int_equal(reload(f->server, &err), -EPERM);
    assert_int_equal(status_of(f, "/hello", ""), 401);
}

static void a_taken_address_says_whose_option_it_is(void **state)
{
    struct fixture *f = *state;
    struct fixture second = *f;
    struct error err = {0};
    char address[32], pid[32];

    write_file(f, "web.yml", "", 0);
    assert_int_equal(start(f, "127.0.0.1:0", false, &err), 0);
    snprintf(address, sizeof(address), "127.0.0.1:%u", f->port);
    assert_int_equal(start(&second, address, false, &err), -EADDRINUSE);
    snprintf(pid, sizeof(pid), "(pid %d)", (int)getpid());
    assert_non_null(strstr(err.text, "--listen-api 127.0.0.1:"));
    assert_non_null(strstr(err.text, pid));
}

/* ---- TLS ---- */

/* A key and a certificate for "localhost" signed by itself, as PEM files of the fixture. */
static void write_certificate(const struct fixture *f, const char *cert_name, const char *key_name,
                              unsigned char serial)
{
    gnutls_x509_privkey_t key;
    gnutls_x509_crt_t cert;
    char pem[8192];
    size_t n = sizeof(pem);

    gnutls_x509_privkey_init(&key);
    gnutls_x509_crt_init(&cert);
    gnutls_x509_privkey_generate(key, GNUTLS_PK_ECDSA,
                                 GNUTLS_CURVE_TO_BITS(GNUTLS_ECC_CURVE_SECP256R1), 0);
    gnutls_x509_crt_set_version(cert, 3);
    gnutls_x509_crt_set_serial(cert, &serial, 1);
    gnutls_x509_crt_set_activation_time(cert, time(NULL) - 3600);
    gnutls_x509_crt_set_expiration_time(cert, time(NULL) + 3600);
    gnutls_x509_crt_set_dn_by_oid(cert, GNUTLS_OID_X520_COMMON_NAME, 0, "localhost", 9);
    gnutls_x509_crt_set_ca_status(cert, 1);
    gnutls_x509_crt_set_key(cert, key);
    assert_int_equal(gnutls_x509_crt_sign2(cert, cert, key, GNUTLS_DIG_SHA256, 0), 0);
    assert_int_equal(gnutls_x509_privkey_export(key, GNUTLS_X509_FMT_PEM, pem, &n), 0);
    write_file(f, key_name, pem, n);
    n = sizeof(pem);
    assert_int_equal(gnutls_x509_crt_export(cert, GNUTLS_X509_FMT_PEM, pem, &n), 0);
    write_file(f, cert_name, pem, n);
    gnutls_x509_crt_deinit(cert);
    gnutls_x509_privkey_deinit(key);
}

struct test_client {
    int fd;
    gnutls_certificate_credentials_t credentials;
    gnutls_session_t session;
    int handshake;
};

static void tls_open(const struct fixture *f, struct test_client *c, const char *priorities,
                     bool with_certificate)
{
    char cert[160], key[160];

    c->fd = test_connect(f->port);
    gnutls_certificate_allocate_credentials(&c->credentials);
    snprintf(cert, sizeof(cert), "%s/client.crt", f->dir);
    snprintf(key, sizeof(key), "%s/client.key", f->dir);
    if (with_certificate)
        assert_int_equal(
            gnutls_certificate_set_x509_key_file(c->credentials, cert, key, GNUTLS_X509_FMT_PEM),
            0);
    gnutls_init(&c->session, GNUTLS_CLIENT);
    gnutls_priority_set_direct(c->session, priorities, NULL);
    gnutls_credentials_set(c->session, GNUTLS_CRD_CERTIFICATE, c->credentials);
    gnutls_transport_set_int(c->session, c->fd);
    gnutls_handshake_set_timeout(c->session, TEST_WAIT_MS);
    do {
        c->handshake = gnutls_handshake(c->session);
    } while (c->handshake < 0 && !gnutls_error_is_fatal(c->handshake));
}

static void tls_close(struct test_client *c)
{
    gnutls_deinit(c->session);
    gnutls_certificate_free_credentials(c->credentials);
    close(c->fd);
}

/* The status of GET /hello, and the last byte of the server's serial number. */
static int tls_get(struct test_client *c, unsigned char *ret_serial)
{
    static const char request[] = "GET /hello HTTP/1.1\r\nHost: localhost\r\n\r\n";
    char answer[600] = {0};
    unsigned n;
    size_t len = 0, serial_len = 1;
    gnutls_x509_crt_t cert;

    assert_int_equal(c->handshake, 0);
    gnutls_record_send(c->session, request, sizeof(request) - 1);
    while (!strstr(answer, "hello") && !strstr(answer, "needed")) {
        ssize_t got = gnutls_record_recv(c->session, answer + len, sizeof(answer) - 1 - len);
        if (got == GNUTLS_E_AGAIN || got == GNUTLS_E_INTERRUPTED)
            continue; /* session tickets come in between */
        if (got <= 0)
            return 0;
        len += (size_t)got;
    }
    const gnutls_datum_t *peers = gnutls_certificate_get_peers(c->session, &n);
    gnutls_x509_crt_init(&cert);
    assert_int_equal(gnutls_x509_crt_import(cert, &peers[0], GNUTLS_X509_FMT_DER), 0);
    gnutls_x509_crt_get_serial(cert, ret_serial, &serial_len);
    gnutls_x509_crt_deinit(cert);
    return (int)strtol(answer + strlen("HTTP/1.1 "), NULL, 10);
}

static int tls_status(const struct fixture *f, bool with_certificate, unsigned char *ret_serial)
{
    struct test_client c;

    tls_open(f, &c, "NORMAL", with_certificate);
    int status = tls_get(&c, ret_serial);
    tls_close(&c);
    return status;
}

static void certificates_are_served_and_reloaded(void **state)
{
    static const char config[] =
        "tls_server_config:\n  cert_file: server.crt\n  key_file: server.key\n";
    struct fixture *f = *state;
    struct error err = {0};
    unsigned char serial;
    struct test_client old, outdated;

    write_certificate(f, "server.crt", "server.key", 7);
    write_file(f, "web.yml", config, strlen(config));
    if (start(f, "127.0.0.1:0", false, &err) != 0)
        fail_msg("%s", err.text);
    tls_open(f, &old, "NORMAL", false);
    assert_int_equal(tls_get(&old, &serial), 200);
    assert_int_equal(serial, 7);
    tls_open(f, &outdated, "NORMAL:-VERS-ALL:+VERS-TLS1.1", false);
    assert_true(outdated.handshake < 0);
    tls_close(&outdated);

    write_file(f, "server.key", "nonsense", 8);
    assert_int_equal(reload(f->server, &err), -EINVAL);
    assert_non_null(strstr(err.text, "server.key"));
    assert_int_equal(tls_status(f, false, &serial), 200);

    write_certificate(f, "server.crt", "server.key", 8);
    assert_int_equal(reload(f->server, &err), 0);
    for (int i = 0; i < 4; i++) {
        assert_int_equal(tls_status(f, false, &serial), 200);
        assert_int_equal(serial, 8);
    }
    assert_int_equal(tls_get(&old, &serial), 200); /* the open connection lives on */
    tls_close(&old);
}

static void clients_show_certificates_where_asked(void **state)
{
    static const char config[] =
        "tls_server_config:\n  cert_file: server.crt\n  key_file: server.key\n"
        "  client_ca_file: client.crt\n  client_auth_type: RequireAndVerifyClientCert\n";
    struct fixture *f = *state;
    struct error err = {0};
    unsigned char serial;

    write_certificate(f, "server.crt", "server.key", 1);
    write_certificate(f, "client.crt", "client.key", 2);
    write_file(f, "web.yml", config, strlen(config));
    if (start(f, "127.0.0.1:0", false, &err) != 0)
        fail_msg("%s", err.text);
    assert_int_equal(tls_status(f, false, &serial), 403);
    assert_int_equal(tls_status(f, true, &serial), 200);
}

static void a_health_check_speaks_tls(void **state)
{
    static const char config[] =
        "tls_server_config:\n  cert_file: server.crt\n  key_file: server.key\n";
    struct fixture *f = *state;
    struct error err = {0};
    char url[64];

    write_certificate(f, "server.crt", "server.key", 7);
    write_file(f, "web.yml", config, strlen(config));
    if (start(f, "127.0.0.1:0", false, &err) != 0)
        fail_msg("%s", err.text);
    snprintf(url, sizeof(url), "https://127.0.0.1:%u/hello", http_server_port(f->server));
    if (!http_probe(url, 5000, &err))
        fail_msg("%s", err.text);
    snprintf(url, sizeof(url), "https://127.0.0.1:%u/nowhere", http_server_port(f->server));
    assert_false(http_probe(url, 5000, &err));
    assert_int_equal(err.code, -EAGAIN);
    snprintf(url, sizeof(url), "http://127.0.0.1:%u/hello", http_server_port(f->server));
    assert_false(http_probe(url, 5000, &err));
}

static void a_client_that_checks_takes_no_certificate_of_a_stranger(void **state)
{
    static const char config[] =
        "tls_server_config:\n  cert_file: server.crt\n  key_file: server.key\n";
    struct fixture *f = *state;
    struct tls_client *c;
    struct error err = {0};
    int code;

    write_certificate(f, "server.crt", "server.key", 7);
    write_file(f, "web.yml", config, strlen(config));
    if (start(f, "127.0.0.1:0", false, &err) != 0)
        fail_msg("%s", err.text);
    struct sockaddr_in at = {.sin_family = AF_INET,
                             .sin_addr.s_addr = htonl(INADDR_LOOPBACK),
                             .sin_port = htons((uint16_t)http_server_port(f->server))};
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    assert_int_equal(connect(fd, (struct sockaddr *)&at, sizeof(at)), 0);
    assert_int_equal(tls_client_open(fd, "gpu-01.example", true, &c, &err), 0);
    while ((code = tls_client_handshake(c, &err)) == -EAGAIN)
        ;
    assert_int_equal(code, -EPROTO);
    assert_non_null(strstr(err.text, "ertificate"));
    tls_client_close(c);
    close(fd);
}

int main(void)
{
#define WITH_DIR(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        WITH_DIR(only_those_with_the_password_get_in),
        WITH_DIR(pages_of_other_sites_change_nothing),
        WITH_DIR(a_reload_takes_the_new_users_or_keeps_the_old),
        WITH_DIR(what_was_read_is_not_in_force_before_it_is_taken),
        WITH_DIR(a_listener_that_refuses_its_file_leaves_the_others_as_they_were),
        WITH_DIR(beyond_loopback_it_wants_credentials_or_a_word),
        WITH_DIR(a_taken_address_says_whose_option_it_is),
        WITH_DIR(certificates_are_served_and_reloaded),
        WITH_DIR(clients_show_certificates_where_asked),
        WITH_DIR(a_health_check_speaks_tls),
        WITH_DIR(a_client_that_checks_takes_no_certificate_of_a_stranger),
    };
    gnutls_global_init(); /* nobody else has, see tls.c */
    return cmocka_run_group_tests(tests, NULL, NULL);
}
