/* config_text_test.c - what is shown of a configuration means the same, and holds no secret. */
#include "scrape/config_text.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

static void print(const char *text, struct arena *a, const struct yaml_node **ret, struct buf *to)
{
    struct error err;

    if (yaml_parse("c.yml", str_of(text), a, ret, &err))
        fail_msg("%s", err.text);
    buf_reset(to);
    config_text_print(*ret, to);
    assert_false(to->failed);
}

static void a_tree_is_written_so_that_it_reads_the_same(void **state)
{
    static const char *const texts[] = {
        "a: 1\n",
        "a: {b: [1, '2', \"3 # no remark\"], c: {}, d: []}\ne:\n",
        "- - a\n  - b: c\n    d:\n    - e\n- f\n",
        "a: |\n  two\n  lines\nb: 'it''s'\nc: \"tab\\t\"\nd: \xce\xba\n",
        "x: &x {k: v}\ny: {<<: *x, l: ~}\n",
        "'odd key': 'true'\n\"1\": yes\n",
        "a: plain\n  folded\n\n  twice\n",
        "targets: ['[::1]:9400', 'a:1']\nregex: (.+);(.*)\n",
    };
    const struct yaml_node *first, *again;
    struct arena arena;
    struct buf to;

    (void)state;
    arena_init(&arena, 0);
    buf_init(&to, 0);
    for (size_t i = 0; i < ARRAY_LEN(texts); i++) {
        print(texts[i], &arena, &first, &to);
        buf_char(&to, '\0');
        char *printed = buf_take(&to);
        print(printed, &arena, &again, &to);
        buf_char(&to, '\0');
        assert_string_equal(printed, to.ptr);
        free(printed);
    }
    print("", &arena, &first, &to);
    assert_int_equal(to.len, 0);
    buf_fini(&to);
    arena_fini(&arena);
}

static void secrets_are_covered(void **state)
{
    static const char text[] =
        "scrape_configs:\n"
        "- job_name: a\n"
        "  basic_auth: {username: u, password: HIDE, password_file: /kept}\n"
        "  authorization: {type: Bearer, credentials: HIDE}\n"
        "  bearer_token: HIDE\n"
        "  oauth2: {client_id: kept, client_secret: HIDE}\n"
        "  tls_config: {key: HIDE, key_file: /kept}\n"
        "  headers: ['X-Token: HIDE']\n"
        "  proxy_connect_header: {A: [HIDE]}\n"
        "  proxy_url: http://HIDE:HIDE@kept:1/p@kept\n"
        "  params: {token: [HIDE]}\n"
        "  http_headers: {X-A: {values: [kept], secrets: [HIDE]}}\n"
        "  static_configs: [{targets: ['https://HIDE@kept', a@kept]}]\n"
        "remote_write: [{url: 'http://HIDE:HIDE@kept/', headers: {A: HIDE}}]\n";
    const struct yaml_node *root;
    struct arena arena;
    struct buf to;
    size_t kept = 0;

    (void)state;
    arena_init(&arena, 0);
    buf_init(&to, 0);
    print(text, &arena, &root, &to);
    assert_false(str_contains(buf_str(&to), STR("HIDE")));
    for (size_t i = 0; i + 4 <= to.len; i++)
        kept += !memcmp(to.ptr + i, "kept", 4);
    assert_int_equal(kept, 9);
    assert_true(str_contains(buf_str(&to), STR("    password: <secret>\n")));
    assert_true(str_contains(buf_str(&to), STR("  proxy_url: http://<secret>@kept:1/p@kept\n")));
    buf_fini(&to);
    arena_fini(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_tree_is_written_so_that_it_reads_the_same),
        cmocka_unit_test(secrets_are_covered),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
