/* testing.h - the pages on a server of loopback, with a folder of dashboards and one to keep some.
 */
#ifndef ALGALON_WEB_TESTING_H
#define ALGALON_WEB_TESTING_H

#include "http/testing.h"
#include "web/web.h"

struct fixture {
    char *dir, *kept;
    struct web *web;
    struct http_server *server;
    unsigned port;
};

static inline void write_file(const struct fixture *f, const char *name, const char *text)
{
    char path[512];
    struct error err;

    snprintf(path, sizeof(path), "%s/%s", f->dir, name);
    assert_int_equal(file_replace(path, text, strlen(text), &err), 0);
}

static inline int start(void **state)
{
    struct fixture *f = xnew(struct fixture);
    struct http_listener_options options;
    struct http_route routes[WEB_ROUTES_MAX];
    struct error err = {0};

    f->dir = xstrdup(TEST_BUILD_DIR "/web-http-XXXXXX");
    if (!mkdtemp(f->dir))
        return -1;
    struct buf kept;
    buf_init(&kept, 0);
    buf_printf(&kept, "%s/data/dashboards", f->dir);
    f->kept = buf_take(&kept);
    write_file(f, "mine.json", "{\"uid\":\"mine\",\"title\":\"Mine\",\"panels\":[]}");
    write_file(f, "torn.json", "{\"uid\":");
    http_listener_options_init(&options);
    options.address = "127.0.0.1:0";
    options.name = "test";
    struct web_options pages = {.dashboard_dir = f->dir, .kept_dir = f->kept};
    if (web_open(&pages, &f->web, &err) ||
        http_server_start(&options, routes, web_routes(f->web, routes, ARRAY_LEN(routes)),
                          &f->server, &err))
        return -1;
    f->port = http_server_port(f->server);
    *state = f;
    return 0;
}

static inline int stop(void **state)
{
    struct fixture *f = *state;

    http_server_stop(f->server, 1000);
    web_close(f->web);
    int code = file_remove_tree(f->dir);
    free(f->kept);
    free(f->dir);
    free(f);
    return code;
}

static inline void assert_header(const struct test_answer *a, const char *name, const char *wanted)
{
    char text[600];

    assert_string_equal(test_header(a, name, text, sizeof(text)), wanted);
}

static inline void assert_header_has(const struct test_answer *a, const char *name,
                                     const char *part)
{
    char text[600];

    test_header(a, name, text, sizeof(text));
    if (!strstr(text, part))
        fail_msg("%s: wanted \"%s\" in \"%s\"", name, part, text);
}

#define ON_SERVER(test) cmocka_unit_test_setup_teardown(test, start, stop)

#endif
