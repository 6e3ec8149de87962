/* examine_test.c - the page fits a terminal, and says the same as its JSON. */
#include "doctor/page.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static void lines_break_at_blanks_and_words_stay_whole(void **state)
{
    struct buf out;

    (void)state;
    buf_init(&out, 0);
    buf_text(&out, "0123456789");
    page_wrap(&out,
              "one two three four five six seven eight nine ten eleven twelve thirteen fourteen "
              "fifteen "
              "a-word-that-is-longer-than-any-line-of-a-terminal-of-eighty-columns-can-ever-hold-it"
              " end",
              10, 4);
    size_t lines = 0;
    for (struct str rest = buf_str(&out); rest.len;) {
        struct str line = str_cut(&rest, '\n');
        assert_true(line.len <= PAGE_WIDTH || str_contains(line, STR("a-word-that")));
        assert_false(str_ends(line, STR(" ")));
        lines++;
    }
    assert_int_equal(lines, 4);
    buf_fini(&out);
}

static void no_line_of_the_page_is_wider_than_the_terminal(void **state)
{
    struct worker_options options;
    struct doctor_form form = {0};
    struct buf out;

    (void)state;
    worker_options_init(&options);
    options.paths.procfs = TEST_FIXTURES "/host-intel/proc";
    options.paths.sysfs = TEST_FIXTURES "/host-intel/sys";
    options.paths.rootfs = TEST_FIXTURES "/host-intel";
    buf_init(&out, 0);
    (void)doctor_examine(&options, &form, &out);
    assert_false(out.failed);
    assert_true(str_contains(buf_str(&out), STR("\nRights, and the lines")));
    assert_false(str_contains(buf_str(&out), STR("\033")));
    for (struct str rest = buf_str(&out); rest.ptr;) {
        struct str line = str_cut(&rest, '\n');
        /* A path that is longer than a line may stand alone in it. */
        if (line.len > PAGE_WIDTH)
            assert_true(str_contains(line, STR(TEST_FIXTURES)));
    }
    form.color = true;
    buf_reset(&out);
    (void)doctor_examine(&options, &form, &out);
    assert_true(str_contains(buf_str(&out), STR("\033[")));
    buf_fini(&out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(lines_break_at_blanks_and_words_stay_whole),
        cmocka_unit_test(no_line_of_the_page_is_wider_than_the_terminal),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
