/* linux_proc_test.c - the texts of /proc. */
#include "device/linux_proc.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static void assert_str(struct str got, const char *wanted)
{
    if (!str_is(got, wanted))
        fail_msg("got '%.*s', wanted '%s'", STR_ARG(got), wanted);
}

static void cpu_lines_are_taken_until_another_one_comes(void **state)
{
    struct str text = STR("cpu  10 1 5 100 7 2 3 4 9 9\ncpu3 1 2 3 4\nintr 5 5\ncpu4 1 1 1 1\n");
    struct linux_ticks ticks;
    int cpu;

    (void)state;
    assert_true(linux_proc_stat_next(&text, &cpu, &ticks));
    assert_int_equal(cpu, -1);
    assert_int_equal(ticks.field[TICK_IOWAIT], 7);
    assert_int_equal(ticks.field[TICK_STEAL], 4);
    assert_true(linux_proc_stat_next(&text, &cpu, &ticks));
    assert_int_equal(cpu, 3);
    assert_int_equal(ticks.field[TICK_IDLE], 4);
    assert_int_equal(ticks.field[TICK_STEAL], 0);
    assert_false(linux_proc_stat_next(&text, &cpu, &ticks));
}

static void a_cpu_line_that_is_cut_or_odd_is_none(void **state)
{
    static const char *const cases[] = {"",
                                        "cpu0 1 2 3 4",
                                        "cpu0 1 2 3\n",
                                        "cpu0\n",
                                        "cpu99999999999 1 2 3 4\n",
                                        "cpu0 1 2 x 4\n",
                                        "cpux 1 2 3 4\n",
                                        "intr 1\n",
                                        "cpu0 18446744073709551616 2 3 4\n"};

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct str text = str_of(cases[i]);
        struct linux_ticks ticks;
        int cpu;
        assert_false(linux_proc_stat_next(&text, &cpu, &ticks));
    }
}

static void load_is_the_share_of_time_neither_idle_nor_waiting(void **state)
{
    static const struct {
        uint64_t before[TICK_FIELDS], now[TICK_FIELDS];
        double busy, iowait, steal;
    } cases[] = {
        {{0, 0, 0, 0, 0, 0, 0, 0}, {25, 5, 10, 40, 10, 2, 3, 5}, 0.5, 0.1, 0.05},
        /* iowait goes back: that is no negative time */
        {{100, 0, 0, 100, 50, 0, 0, 0}, {150, 0, 0, 150, 20, 0, 0, 0}, 0.5, 0, 0},
        /* idle goes back */
        {{0, 0, 0, 100, 0, 0, 0, 0}, {10, 0, 0, 99, 0, 0, 0, 0}, 1, 0, 0},
    };
    struct linux_ticks same = {{5, 5, 5, 5, 5, 5, 5, 5}};

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct linux_ticks before, now;
        memcpy(before.field, cases[i].before, sizeof(before.field));
        memcpy(now.field, cases[i].now, sizeof(now.field));
        struct linux_load load = linux_proc_load(&before, &now);
        assert_true(fabs(load.busy - cases[i].busy) < 1e-9);
        assert_true(fabs(load.iowait - cases[i].iowait) < 1e-9);
        assert_true(fabs(load.steal - cases[i].steal) < 1e-9);
    }
    assert_true(isnan(linux_proc_load(&same, &same).busy));
}

static void a_name_may_hold_blanks_and_parentheses(void **state)
{
    static const struct {
        const char *text, *name;
        char letter;
        bool kernel;
    } cases[] = {
        {"12 (a) b () R 1 1 1 0 -1 4194304 1 0 0 0 7 5 0 0 20 0 3 0 4242 1000 77 0", "a) b (", 'R',
         false},
        {"12 () S 1 1 1 0 -1 0 1 0 0 0 7 5 0 0 20 0 3 0 4242 1000 77", "", 'S', false},
        {"12 (Web Content) Z 1 1 1 0 -1 0 1 0 0 0 7 5 0 0 20 0 3 0 4242 0 77 0\n", "Web Content",
         'Z', false},
        {"12 (kworker/0:1) I 2 0 0 0 -1 69238880 1 0 0 0 7 5 0 0 20 0 3 0 4242 0 77", "kworker/0:1",
         'I', true},
        {"12 (x\n) S) S 1 1 1 0 -1 0 1 0 0 0 7 5 0 0 20 0 3 0 4242 0 77", "x\n) S", 'S', false},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct linux_pid_stat stat;
        assert_true(linux_proc_pid_stat(str_of(cases[i].text), &stat));
        assert_str(stat.name, cases[i].name);
        assert_int_equal(stat.state, cases[i].letter);
        assert_int_equal(stat.kernel, cases[i].kernel);
        assert_int_equal(stat.ticks, 12);
        assert_int_equal(stat.threads, 3);
        assert_int_equal(stat.start_ticks, 4242);
        assert_int_equal(stat.rss_pages, 77);
    }
}

static void a_stat_that_is_cut_is_refused(void **state)
{
    const char *whole = "12 (x) S 1 1 1 0 -1 0 1 0 0 0 7 5 0 0 20 0 3 0 4242 1000 77";
    struct linux_pid_stat stat;

    (void)state;
    assert_true(linux_proc_pid_stat(str_of(whole), &stat));
    for (size_t n = 0; n + 2 < strlen(whole); n++) /* but for its last digit */
        assert_false(linux_proc_pid_stat(str_make(whole, n), &stat));
    assert_false(linux_proc_pid_stat(STR(")( S"), &stat));
}

static void the_effective_user_is_taken_from_status(void **state)
{
    uint32_t uid = 0;

    (void)state;
    assert_true(linux_proc_status_uid(STR("Name:\tx\nUid:\t1000\t33\t0\t0\nGid:\t5\n"), &uid));
    assert_int_equal(uid, 33);
    assert_false(linux_proc_status_uid(STR("Name:\tUid:\n"), &uid));
    assert_false(linux_proc_status_uid(STR("Uid:\t1000\n"), &uid));
}

static void foreign_text_is_safe_to_show(void **state)
{
    static const struct {
        struct str in;
        const char *out;
    } cases[] = {
        {{"a\0b\0", 4}, "a b"},
        {{"\033[31mred\177", 9}, " [31mred"},
        {{"caf\303\251", 5}, "caf\303\251"},
        {{"\xff\xfe ok", 5}, "?? ok"},
        {{"c1\302\233x", 5}, "c1 x"}, /* CSI as one character of C1 */
        {{"cut\303", 4}, "cut?"},
        {{"", 0}, ""},
        {{"123456789012345\303\251", 17}, "123456789012345"}, /* no half characters at the end */
    };
    char text[17];

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        linux_proc_clean(text, sizeof(text), cases[i].in);
        assert_string_equal(text, cases[i].out);
    }
}

static void meminfo_is_bytes_and_the_missing_unknown(void **state)
{
    struct linux_meminfo info;

    (void)state;
    linux_proc_meminfo(STR("MemTotal:       16 kB\nMemFree: 8 kB\nHugePages_Total:       3\n"
                           "Cached: x kB\nnonsense\nShmem:\nSwapTotal: 99999999999999999999 kB\n"),
                       &info);
    assert_int_equal(info.total, 16384);
    assert_int_equal(info.free, 8192);
    assert_int_equal(info.huge_total, 3);
    assert_true(info.cached == UINT64_MAX && info.shmem == UINT64_MAX);
    assert_true(info.swap_total == UINT64_MAX && info.available == UINT64_MAX);
    linux_proc_meminfo(STR("Node 1 MemTotal:  4 kB\nNode 1 FilePages:  2 kB\n"), &info);
    assert_int_equal(info.total, 4096);
    assert_int_equal(info.file_pages, 2048);
}

static void mount_lines_are_taken_apart(void **state)
{
    struct linux_mount m;

    (void)state;
    assert_true(linux_proc_mount(STR("36 35 98:0 /mnt1 /mnt\\0402 rw,noatime master:1 shared:2 - "
                                     "ext3 /dev/root rw,errors=continue"),
                                 &m));
    assert_int_equal(m.major, 98);
    assert_int_equal(m.minor, 0);
    assert_str(m.root, "/mnt1");
    assert_str(m.mount_point, "/mnt\\0402");
    assert_str(m.options, "rw,noatime");
    assert_str(m.type, "ext3");
    assert_str(m.source, "/dev/root");
    assert_str(m.super_options, "rw,errors=continue");
    assert_true(linux_proc_mount(STR("1 1 0:1 / / rw - tmpfs none rw"), &m));
    static const char *const bad[] = {"",
                                      "36 35",
                                      "36 35 98 / / rw - ext3 x rw",
                                      "36 35 98:0 / / rw shared:2 ext3 x rw",
                                      "36 35 98:0 / nowhere rw - ext3 x rw",
                                      "36 35 98:0 / / rw -",
                                      "36 35 98:99999999999 / / rw - x y z"};
    for (size_t i = 0; i < ARRAY_LEN(bad); i++)
        assert_false(linux_proc_mount(str_of(bad[i]), &m));
}

static void octal_escapes_are_resolved(void **state)
{
    static const struct {
        const char *in, *out;
    } cases[] = {
        {"/a\\040b", "/a b"}, {"\\134", "\\"},      {"/x\\011\\012", "/x\t\n"}, {"\\04", "\\04"},
        {"\\9 99", "\\9 99"}, {"\\777x", "\\777x"}, {"plain", "plain"},         {"", ""},
    };
    char text[16];

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        assert_true(linux_proc_unescape(text, sizeof(text), str_of(cases[i].in)));
        assert_string_equal(text, cases[i].out);
    }
    assert_false(linux_proc_unescape(text, sizeof(text), STR("0123456789abcdef")));
    assert_false(linux_proc_unescape(text, sizeof(text), STR("a\\000b"))); /* would end it early */
}

static void small_texts_are_read(void **state)
{
    struct linux_loadavg load;
    struct linux_cgroup_line group;
    struct str value;
    uint64_t size = 0, least = 0, page = 1, ticks = 2;
    uint32_t uid;
    const unsigned long auxv[] = {33, 5, 6, 65536, 17, 100, 0, 0};

    (void)state;
    assert_true(linux_proc_loadavg(STR("0.50 1.25 10.00 3/812 4242\n"), &load));
    assert_true(load.load15 > 9.99 && load.load15 < 10.01);
    assert_int_equal(load.threads, 812);
    assert_false(linux_proc_loadavg(STR("0.50 1.25"), &load));
    assert_true(linux_proc_arcstats(STR("13 1 0x01\nname type data\nsize 4 77\nc_min 4 5\n"), &size,
                                    &least));
    assert_true(size == 77 && least == 5);
    assert_false(linux_proc_arcstats(STR("13 1 0x01\n"), &size, &least));
    assert_true(linux_proc_cgroup(STR("4:cpu,cpuacct:/a:b"), &group));
    assert_str(group.controllers, "cpu,cpuacct");
    assert_str(group.path, "/a:b");
    assert_true(linux_proc_cgroup(STR("0::/"), &group));
    assert_str(group.controllers, "");
    assert_false(linux_proc_cgroup(STR("4:cpu"), &group));
    assert_true(linux_proc_passwd(STR("ada:x:1000:1000:Ada:/home/ada:/bin/sh"), &value, &uid));
    assert_str(value, "ada");
    assert_int_equal(uid, 1000);
    assert_false(linux_proc_passwd(STR("+::::::"), &value, &uid));
    assert_true(linux_proc_environ(STR("A=1\0container=lxc\0B"), "container", &value));
    assert_str(value, "lxc");
    assert_false(linux_proc_environ(STR("A=1\0B"), "B", &value));
    assert_true(linux_proc_cpuinfo(STR("model name\t: Some CPU "), "model name", &value));
    assert_str(value, "Some CPU");
    linux_proc_auxv(str_make((const char *)auxv, sizeof(auxv)), &page, &ticks);
    assert_true(page == 65536 && ticks == 100);
    linux_proc_auxv(str_make((const char *)auxv, 7), &page, &ticks);
    assert_true(page == 65536);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(cpu_lines_are_taken_until_another_one_comes),
        cmocka_unit_test(a_cpu_line_that_is_cut_or_odd_is_none),
        cmocka_unit_test(load_is_the_share_of_time_neither_idle_nor_waiting),
        cmocka_unit_test(a_name_may_hold_blanks_and_parentheses),
        cmocka_unit_test(a_stat_that_is_cut_is_refused),
        cmocka_unit_test(the_effective_user_is_taken_from_status),
        cmocka_unit_test(foreign_text_is_safe_to_show),
        cmocka_unit_test(meminfo_is_bytes_and_the_missing_unknown),
        cmocka_unit_test(mount_lines_are_taken_apart),
        cmocka_unit_test(octal_escapes_are_resolved),
        cmocka_unit_test(small_texts_are_read),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
