/* catalog_test.c - dashboard files and their list: what is taken, what is refused and why, who
 * wins. */
#include "web/catalog.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#include <sys/stat.h>
#include <unistd.h>

static void a_file_is_taken_or_refused_with_the_place_of_the_mistake(void **state)
{
    static const struct {
        const char *name, *text;
        const char *uid, *title, *error; /* error NULL: a sound file */
    } cases[] = {
        {"gpu.json", "{\"uid\":\"u1\",\"title\":\"GPU\",\"panels\":[]}", "u1", "GPU", NULL},
        {"My nodes.json", "{\"panels\":[]}", "my-nodes", "My nodes.json", NULL},
        {"w.json", "{\"dashboard\":{\"uid\":\"in\",\"title\":\"T\",\"panels\":[]}}", "in", "T",
         NULL},
        {"old.json", "{\"rows\":[]}", "old", "old.json", NULL},
        {"v2.json",
         "{\"metadata\":{\"name\":\"two\"},"
         "\"spec\":{\"title\":\"Two\",\"elements\":{},\"layout\":{}}}",
         "two", "Two", NULL},
        {"v1.json", "{\"metadata\":{\"name\":\"one\"},\"spec\":{\"panels\":[]}}", "one", "v1.json",
         NULL},
        {"g.json", "{\"elements\":{}}", "file-g", "g.json", "g.json: no dashboard"},
        {"a.json", "{\n \"panels\": [\n  x\n]}", "file-a", "a.json", "a.json:3:3: "},
        {"b.json", "", "file-b", "b.json", "b.json:1:"},
        {"c.json", "[1]", "file-c", "c.json", "c.json:1:1: a dashboard is a JSON object"},
        {"d.json", "{\"title\":\"x\"}", "file-d", "d.json", "d.json: no dashboard"},
        {"e.json", "{\"panels\":[]} trailing", "file-e", "e.json", "e.json:1:"},
        {"f.json", "{\"panels\":[],\"title\":\"\\ud800\"}", "file-f", "f.json", "f.json:1:"},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct dashboard_file d;
        dashboard_file_init(&d, cases[i].name, str_of(cases[i].text), DASHBOARD_FOLDER);
        assert_string_equal(d.uid, cases[i].uid);
        assert_string_equal(d.title, cases[i].title);
        if (cases[i].error) {
            assert_non_null(d.error);
            if (strncmp(d.error, cases[i].error, strlen(cases[i].error)))
                fail_msg("%s: wanted \"%s...\", got \"%s\"", cases[i].name, cases[i].error,
                         d.error);
        } else {
            assert_null(d.error);
            assert_true(str_contains(buf_str(&d.answer), STR("\"dashboard\":{")));
        }
        dashboard_file_fini(&d);
    }
}

static void the_dashboard_goes_out_as_it_stands_in_the_file(void **state)
{
    struct dashboard_file d;

    (void)state;
    dashboard_file_init(&d, "n.json", STR("  {\"panels\":[], \"x\":0.1}\n"), DASHBOARD_SHIPPED);
    assert_true(
        str_equal(buf_str(&d.answer),
                  STR("{\"meta\":{\"file\":\"n.json\",\"origin\":\"shipped\",\"provisioned\":true},"
                      "\"dashboard\":{\"panels\":[], \"x\":0.1}}")));
    dashboard_file_fini(&d);
}

static void nesting_and_size_are_bounded(void **state)
{
    struct dashboard_file d;
    struct buf b;

    (void)state;
    buf_init(&b, 0);
    buf_text(&b, "{\"title\":\"[[[[\",\n");
    for (int i = 0; i < 100000; i++)
        buf_text(&b, "[");
    dashboard_file_init(&d, "deep.json", buf_str(&b), DASHBOARD_FOLDER);
    assert_string_equal(d.error, "deep.json:2:64: nested deeper than 64 levels");
    dashboard_file_fini(&d);

    buf_reset(&b);
    assert_non_null(buf_reserve(&b, DASHBOARD_MAX_BYTES + 1));
    memset(b.ptr, ' ', DASHBOARD_MAX_BYTES + 1);
    dashboard_file_init(&d, "large.json", str_make(b.ptr, DASHBOARD_MAX_BYTES + 1),
                        DASHBOARD_FOLDER);
    assert_string_equal(d.error, "large.json: larger than 4 MiB");
    dashboard_file_fini(&d);
    buf_fini(&b);
}

/* A folder of its own for each test. */
static int make_dir(void **state)
{
    char *dir = xstrdup(TEST_BUILD_DIR "/web-test-XXXXXX");

    *state = dir;
    return mkdtemp(dir) ? 0 : -1;
}

static int remove_dir(void **state)
{
    int code = file_remove_tree(*state);

    free(*state);
    return code;
}

static void write_file(const char *dir, const char *name, const char *text)
{
    char path[512];
    struct error err;

    snprintf(path, sizeof(path), "%s/%s", dir, name);
    assert_int_equal(file_replace(path, text, strlen(text), &err), 0);
}

#define SHIPPED(name, text)                                                                        \
    {                                                                                              \
        name, NULL, (const unsigned char *)(text), sizeof(text) - 1, 0                             \
    }

static const struct asset shipped[] = {
    SHIPPED("overview.json", "{\"uid\":\"algalon-overview\",\"title\":\"Overview\",\"panels\":[]}"),
    SHIPPED("gpu.json", "{\"uid\":\"algalon-gpu\",\"title\":\"GPU\",\"panels\":[]}"),
};

static void shipped_ones_keep_their_order_then_titles_then_what_is_broken(void **state)
{
    struct catalog *c = NULL;

    write_file(*state, "a.json",
               "{\"uid\":\"a\",\"title\":\"zebra\",\"panels\":[],\"tags\":[\"t\\\"1\",2]}");
    write_file(*state, "b.json", "{\"uid\":\"b\",\"title\":\"Apples\",\"panels\":[]}");
    write_file(*state, "broken.json", "{");
    write_file(*state, "notes.txt", "no dashboard");
    write_file(*state, ".hidden.json", "{");
    assert_int_equal(catalog_load(shipped, ARRAY_LEN(shipped), *state, NULL, &c, NULL), 0);
    assert_int_equal(c->len, 5);
    static const char *const order[] = {"algalon-overview", "algalon-gpu", "b", "a", "file-broken"};
    for (size_t i = 0; i < ARRAY_LEN(order); i++)
        assert_string_equal(c->items[i].uid, order[i]);
    assert_string_equal(catalog_first(c)->uid, "algalon-overview");
    assert_true(str_contains(buf_str(&c->list), STR("\"tags\":[\"t\\\"1\"]")));
    assert_true(str_contains(buf_str(&c->list), STR("\"error\":\"broken.json:1:")));
    assert_null(catalog_get(c, STR("nobody")));
    assert_null(catalog_get(c, STR("overview"))); /* by its name only a user's file */
    assert_string_equal(catalog_get(c, STR("broken"))->file, "broken.json");
    catalog_release(c);
}

static void a_users_file_wins_over_a_shipped_one_and_a_broken_one_does_not(void **state)
{
    struct catalog *c = NULL;

    write_file(*state, "mine.json", "{\"uid\":\"algalon-gpu\",\"title\":\"Mine\",\"panels\":[]}");
    write_file(*state, "overview.json", "{\"uid\":\"algalon-overview\"");
    assert_int_equal(catalog_load(shipped, ARRAY_LEN(shipped), *state, NULL, &c, NULL), 0);
    assert_int_equal(c->len, 3);
    assert_string_equal(catalog_get(c, STR("algalon-gpu"))->title, "Mine");
    assert_string_equal(c->items[1].uid, "algalon-gpu"); /* in the place of what it stands for */
    assert_string_equal(catalog_get(c, STR("algalon-overview"))->title, "Overview");
    assert_non_null(catalog_get(c, STR("file-overview"))->error);
    catalog_release(c);
}

static void of_two_files_with_one_uid_the_first_keeps_it(void **state)
{
    struct catalog *c = NULL;

    write_file(*state, "1.json", "{\"uid\":\"u\",\"title\":\"One\",\"panels\":[]}");
    write_file(*state, "2.json", "{\"uid\":\"u\",\"title\":\"Two\",\"panels\":[]}");
    assert_int_equal(catalog_load(NULL, 0, *state, NULL, &c, NULL), 0);
    assert_string_equal(catalog_get(c, STR("u"))->title, "One");
    assert_string_equal(catalog_get(c, STR("file-2"))->error,
                        "2.json: has the uid of 1.json: \"u\"");
    catalog_release(c);
}

static void a_folder_that_is_not_there_leaves_the_shipped_ones(void **state)
{
    struct catalog *c = NULL;

    assert_int_equal(rmdir(*state), 0);
    assert_int_equal(catalog_load(shipped, ARRAY_LEN(shipped), *state, NULL, &c, NULL), 0);
    assert_int_equal(c->len, 2);
    catalog_release(c);
    assert_int_equal(mkdir(*state, 0700), 0);
}

static void an_unreadable_file_is_listed_with_the_reason(void **state)
{
    struct catalog *c = NULL;
    char path[512];

    snprintf(path, sizeof(path), "%s/gone.json", (const char *)*state);
    assert_int_equal(symlink("nowhere", path), 0);
    assert_int_equal(catalog_load(NULL, 0, *state, NULL, &c, NULL), 0);
    assert_int_equal(c->len, 1);
    assert_true(str_contains(str_of(c->items[0].error), STR("No such file")));
    assert_null(catalog_first(c));
    catalog_release(c);
}

static void every_shipped_dashboard_is_sound(void **state)
{
    struct catalog *c = NULL;

    (void)state;
    assert_int_equal(
        catalog_load(web_embedded_dashboards, web_embedded_dashboard_len, NULL, NULL, &c, NULL), 0);
    assert_true(c->len >= 4);
    for (size_t i = 0; i < c->len; i++)
        assert_null(c->items[i].error);
    assert_string_equal(catalog_first(c)->uid, "algalon-overview");
    catalog_release(c);
}

static void embedded_pages_unpack_to_their_size(void **state)
{
    (void)state;
    assert_non_null(asset_get(STR("index.html")));
    assert_null(asset_get(STR("../index.html")));
    for (size_t i = 0; i < web_embedded_page_len; i++) {
        struct buf b;
        buf_init(&b, 0);
        assert_int_equal(asset_plain(&web_embedded_pages[i], &b), 0);
        assert_int_equal(b.len, web_embedded_pages[i].plain_len);
        buf_fini(&b);
    }
}

#define IN_DIR(test) cmocka_unit_test_setup_teardown(test, make_dir, remove_dir)

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_file_is_taken_or_refused_with_the_place_of_the_mistake),
        cmocka_unit_test(the_dashboard_goes_out_as_it_stands_in_the_file),
        cmocka_unit_test(nesting_and_size_are_bounded),
        IN_DIR(shipped_ones_keep_their_order_then_titles_then_what_is_broken),
        IN_DIR(a_users_file_wins_over_a_shipped_one_and_a_broken_one_does_not),
        IN_DIR(of_two_files_with_one_uid_the_first_keeps_it),
        IN_DIR(a_folder_that_is_not_there_leaves_the_shipped_ones),
        IN_DIR(an_unreadable_file_is_listed_with_the_reason),
        cmocka_unit_test(every_shipped_dashboard_is_sound),
        cmocka_unit_test(embedded_pages_unpack_to_their_size),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
