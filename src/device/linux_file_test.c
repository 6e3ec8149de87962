/* linux_file_test.c - small files, long files, CPU lists. */
#include "device/linux_file.h"

#include "device/linux_test.h"

static void a_small_file_comes_without_its_end(void **state)
{
    struct tree tree;
    char text[8];
    uint64_t u;
    int64_t i;

    (void)state;
    tree_open(&tree, "host-hidepid");
    tree_write(&tree, "a", "hello \n");
    tree_write(&tree, "long", "0123456789");
    tree_write(&tree, "n", "-42\n");
    assert_int_equal(linux_file_text(text, sizeof(text), tree.dir, "%s", "a"), 5);
    assert_string_equal(text, "hello");
    assert_int_equal(linux_file_text(text, sizeof(text), tree.dir, "long"), 7);
    assert_int_equal(linux_file_text(text, sizeof(text), tree.dir, "absent"), -ENOENT);
    assert_int_equal(linux_file_text(text, sizeof(text), tree.dir, "proc"), -EISDIR);
    assert_string_equal(text, "");
    assert_true(linux_file_i64(&i, tree.dir, "n"));
    assert_int_equal(i, -42);
    assert_false(linux_file_u64(&u, tree.dir, "n"));
    assert_false(linux_file_u64(&u, tree.dir, "a"));
    tree_close(&tree);
}

static void paths_too_long_are_absent(void **state)
{
    char root[LINUX_PATH_MAX + 8], path[LINUX_PATH_MAX], text[8];

    (void)state;
    memset(root, 'x', sizeof(root) - 1);
    root[sizeof(root) - 1] = '\0';
    assert_false(linux_file_path(path, root, "a"));
    assert_int_equal(linux_file_text(text, sizeof(text), root, "a"), -ENAMETOOLONG);
    assert_false(linux_file_exists(root, "a"));
    assert_true(linux_file_path(path, "/", "%s", "proc/stat"));
    assert_string_equal(path, "/proc/stat");
}

static void lines_longer_than_the_buffer_are_cut_and_the_next_is_whole(void **state)
{
    struct tree tree;
    struct buf text;
    struct linux_lines lines;
    struct str line;

    (void)state;
    tree_open(&tree, "host-hidepid");
    buf_init(&text, 0);
    buf_text(&text, "first\n\n");
    for (int i = 0; i < 3 * 8192; i++)
        buf_char(&text, 'x');
    buf_text(&text, "\nsecond\n");
    for (int i = 0; i < 8192; i++) /* just fills it */
        buf_char(&text, 'y');
    buf_text(&text, "\nlast");
    tree_write_bytes(&tree, "long", text.ptr, text.len);
    assert_true(linux_lines_open(&lines, tree.dir, "long"));
    const struct {
        size_t len;
        char first;
    } wanted[] = {{5, 'f'}, {0, 0}, {8192, 'x'}, {6, 's'}, {8192, 'y'}, {4, 'l'}};
    for (size_t i = 0; i < ARRAY_LEN(wanted); i++) {
        assert_true(linux_lines_next(&lines, &line));
        assert_int_equal(line.len, wanted[i].len);
        if (line.len)
            assert_int_equal(line.ptr[0], wanted[i].first);
    }
    assert_false(linux_lines_next(&lines, &line));
    linux_lines_close(&lines);
    buf_fini(&text);
    tree_close(&tree);
}

static void cpu_lists_are_sets(void **state)
{
    static const struct {
        const char *text;
        bool good;
        unsigned count, first, last;
    } cases[] = {
        {"0-3,8,10-11\n", true, 7, 0, 11},
        {"5", true, 1, 5, 5},
        {"", true, 0, LINUX_CPU_MAX, 0},
        {"63-64,8191", true, 3, 63, 8191},
        {"0-99999999999", true, LINUX_CPU_MAX, 0, LINUX_CPU_MAX - 1},
        {"3-1", false, 0, 0, 0},
        {"a", false, 0, 0, 0},
        {"1,,2", false, 0, 0, 0},
        {"1-", false, 0, 0, 0},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct linux_cpuset set;
        unsigned count = 0, last = 0;
        assert_int_equal(linux_cpuset_parse(str_of(cases[i].text), &set), cases[i].good);
        if (!cases[i].good)
            continue;
        assert_int_equal(linux_cpuset_next(&set, 0), cases[i].first);
        for (unsigned cpu = 0; cpu < LINUX_CPU_MAX; cpu++) {
            count += linux_cpuset_has(&set, cpu);
            last = linux_cpuset_has(&set, cpu) ? cpu : last;
        }
        assert_int_equal(count, cases[i].count);
        assert_int_equal(last, cases[i].last);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_small_file_comes_without_its_end),
        cmocka_unit_test(paths_too_long_are_absent),
        cmocka_unit_test(lines_longer_than_the_buffer_are_cut_and_the_next_is_whole),
        cmocka_unit_test(cpu_lists_are_sets),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
