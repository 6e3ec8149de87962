/* changes_test.c - what is gone, new or otherwise is said; and the list of the version at work is
 * the catalogue. */
#include "migrate/changes.h"
#include "migrate/releases.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

static void read_both(const char *before, const char *now, struct known *old, struct known *new)
{
    assert_int_equal(known_from_exposition("before", str_of(before), old, NULL), 0);
    assert_int_equal(known_from_exposition("now", str_of(now), new, NULL), 0);
}

static const char before[] = "DCGM_FI_DEV_GPU_TEMP{gpu=\"0\",Hostname=\"a\"} 40\n"
                             "gone_for_good{gpu=\"0\"} 1\n"
                             "same{gpu=\"0\",card=\"x\"} 1\n"
                             "same{gpu=\"1\",card=\"x\"} 1\n";
static const char now[] = "DCGM_FI_DEV_GPU_TEMP{gpu=\"0\",hostname=\"a\",job=\"g\"} 40\n"
                          "same{gpu=\"0\",card=\"x\"} 1\n"
                          "fresh{gpu=\"0\"} 1\n";

static void what_is_gone_new_or_otherwise_is_said(void **state)
{
    static const char *const wanted[] = {
        "DCGM_FI_DEV_GPU_TEMP has no label Hostname any more",
        "DCGM_FI_DEV_GPU_TEMP has a label hostname",
        "gone_for_good is gone",
        "fresh is new",
    };
    struct known old, new;
    struct report r;
    struct buf out;

    (void)state;
    read_both(before, now, &old, &new);
    report_init(&r);
    report_file(&r, "names");
    changes_report(&old, &new, NULL, &r);
    assert_int_equal(r.count[REPORT_ERROR], 0);
    assert_int_equal(r.count[REPORT_WARNING], 2);
    assert_int_equal(r.count[REPORT_NOTE], 2);
    buf_init(&out, 0);
    report_print(&r, true, &out);
    for (size_t i = 0; i < ARRAY_LEN(wanted); i++)
        if (!str_contains(buf_str(&out), str_of(wanted[i])))
            fail_msg("%s in %.*s", wanted[i], STR_ARG(buf_str(&out)));
    buf_fini(&out);
    report_fini(&r);
    known_fini(&old);
    known_fini(&new);
}

static void files_that_ask_for_it_are_named(void **state)
{
    struct known old, new;
    struct usage usage;
    struct report r;

    (void)state;
    read_both(before, now, &old, &new);
    usage_init(&usage);
    assert_int_equal(
        usage_add_text(&usage, "rules.yml",
                       STR("groups: [{name: a, rules: [{alert: A, expr: gone_for_good > 1}]}]")),
        0);
    report_init(&r);
    report_file(&r, "names");
    changes_report(&old, &new, &usage, &r);
    assert_int_equal(r.count[REPORT_ERROR], 1);
    assert_int_equal(r.count[REPORT_WARNING], 1);
    for (size_t i = 0; i < r.len; i++)
        if (r.items[i].level == REPORT_ERROR) {
            assert_string_equal(r.items[i].file, "rules.yml");
            assert_string_equal(r.items[i].text, "gone_for_good is gone");
        }
    report_fini(&r);
    usage_fini(&usage);
    known_fini(&old);
    known_fini(&new);
}

static void nothing_changed_since_itself(void **state)
{
    struct known old, new;
    struct report r;

    (void)state;
    assert_int_equal(known_from_release(str_of(releases[releases_len - 1].version), &old, NULL), 0);
    assert_int_equal(known_from_catalogue(&new, NULL), 0);
    report_init(&r);
    report_file(&r, "names");
    changes_report(&old, &new, NULL, &r);
    assert_int_equal(r.count[REPORT_ERROR] + r.count[REPORT_WARNING] + r.count[REPORT_NOTE], 0);
    assert_int_equal(r.count[REPORT_OK], 1);
    report_fini(&r);
    known_fini(&old);
    known_fini(&new);
}

static void a_unit_and_a_choice_are_changes(void **state)
{
    struct known old, new;
    struct report r;

    (void)state;
    assert_int_equal(known_begin(&old, "old"), 0);
    assert_int_equal(known_begin(&new, "new"), 0);
    assert_int_equal(known_declare(&old, "a", "ratio", "gpu,card?", false), 0);
    assert_int_equal(known_declare(&new, "a", "percent", "gpu,card?", false), 0);
    assert_int_equal(known_declare(&old, "b", "1", "gpu", false), 0);
    assert_int_equal(known_declare(&new, "b", "1", "gpu", true), 0);
    report_init(&r);
    report_file(&r, "names");
    changes_report(&old, &new, NULL, &r);
    assert_int_equal(r.count[REPORT_WARNING], 2);
    assert_string_equal(r.items[0].text, "a is in percent, and was in ratio");
    assert_string_equal(r.items[1].text, "b is no longer given unasked");
    report_fini(&r);
    known_fini(&old);
    known_fini(&new);
}

static void a_release_that_is_none_is_said_with_those_that_are(void **state)
{
    struct known k;
    struct error err;

    (void)state;
    assert_int_equal(known_from_release(STR("9.9"), &k, &err), -EINVAL);
    assert_non_null(strstr(err.text, releases[0].version));
}

/* "0.1.0" of project(algalon VERSION 0.1.0 ...). */
static void version_at_work(char to[32])
{
    struct buf text;

    buf_init(&text, 0);
    assert_int_equal(file_read(TEST_FIXTURES "/../../CMakeLists.txt", 1 << 20, &text, NULL), 0);
    struct str rest = buf_str(&text);
    const char *at = memmem(rest.ptr, rest.len, "VERSION ", 8); /* the first is CMake's own word */
    while (at && at > rest.ptr && strncmp(at - 8, "algalon ", 8) != 0)
        at = memmem(at + 1, rest.len - (size_t)(at + 1 - rest.ptr), "VERSION ", 8);
    assert_non_null(at);
    rest = str_make(at + 8, 20);
    str_copy(to, 32, str_cut(&rest, ' '));
    buf_fini(&text);
}

static void print_list(const char *version, struct buf *to)
{
    char name[32];

    str_copy(name, sizeof(name), str_of(version));
    for (char *c = name; *c; c++)
        *c = *c == '.' ? '_' : *c;
    buf_printf(to,
               "/* release_%s.h - the names of %s. Until it is released the test of changes.c "
               "writes it\n * (ALGALON_UPDATE=1 build/unit/migrate_changes_test); from then on it "
               "stays as it is. */\n#ifndef ALGALON_MIGRATE_RELEASE_%s_H\n"
               "#define ALGALON_MIGRATE_RELEASE_%s_H\n\n#include \"migrate/releases.h\"\n\n"
               "/* clang-format off */\n"
               "static const struct release_name release_%s[] = {\n",
               name, version, name, name, name);
    for (size_t i = 0; i < catalogue_len(); i++) {
        const struct catalogue_family *f = catalogue_at(i);
        buf_printf(to, "    {\"%s\", \"%s\", \"%s\", %s},\n", f->name, f->unit, f->labels,
                   f->chosen ? "true" : "false");
    }
    buf_text(to, "};\n/* clang-format on */\n\n#endif\n");
}

static void the_list_of_the_version_at_work_is_the_catalogue(void **state)
{
    char version[32], path[200], name[32];
    struct buf wanted, found;

    (void)state;
    version_at_work(version);
    assert_string_equal(releases[releases_len - 1].version, version);
    str_copy(name, sizeof(name), str_of(version));
    for (char *c = name; *c; c++)
        *c = *c == '.' ? '_' : *c;
    snprintf(path, sizeof(path), TEST_FIXTURES "/../../src/migrate/release_%s.h", name);
    buf_init(&wanted, 0);
    buf_init(&found, 0);
    print_list(version, &wanted);
    if (getenv("ALGALON_UPDATE"))
        assert_int_equal(file_replace(path, wanted.ptr, wanted.len, NULL), 0);
    assert_int_equal(file_read(path, 1 << 20, &found, NULL), 0);
    if (!str_equal(buf_str(&wanted), buf_str(&found)))
        fail_msg("the catalogue has changed: ALGALON_UPDATE=1 build/unit/migrate_changes_test");
    buf_fini(&wanted);
    buf_fini(&found);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_gone_new_or_otherwise_is_said),
        cmocka_unit_test(files_that_ask_for_it_are_named),
        cmocka_unit_test(nothing_changed_since_itself),
        cmocka_unit_test(a_unit_and_a_choice_are_changes),
        cmocka_unit_test(a_release_that_is_none_is_said_with_those_that_are),
        cmocka_unit_test(the_list_of_the_version_at_work_is_the_catalogue),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
