/* doctor_test.c - findings of the collectors and the worker's own, the worst first. */
#include "worker/worker_with.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

static bool never(const struct host_paths *paths)
{
    (void)paths;
    return false;
}

static void sick(const struct host_paths *paths, struct arena *a, struct finding **ret,
                 size_t *ret_len)
{
    (void)paths;
    finding_add(a, ret, ret_len, FINDING_NOTE, "sick", "", "a note");
    finding_add(a, ret, ret_len, FINDING_ERROR, "sick", "mend it", "broken %d", 1);
    finding_add(a, ret, ret_len, FINDING_ERROR, "sick", "mend it", "broken %d", 2);
}

static const struct collector sick_collector = {.name = "sick", .detect = never, .diagnose = sick};
static const struct collector silent_collector = {.name = "silent", .detect = never};
static const struct collector *const table[] = {&silent_collector, &sick_collector, NULL};

static struct {
    char dir[64];
    struct arena arena;
    struct worker_options options;
} room;

static int set_up(void **state)
{
    (void)state;
    str_copy(room.dir, sizeof(room.dir), STR("/tmp/algalon-doctor-XXXXXX"));
    assert_non_null(mkdtemp(room.dir));
    arena_init(&room.arena, 0);
    worker_options_init(&room.options);
    room.options.paths.procfs = room.dir;
    room.options.hostname = "node1";
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    arena_fini(&room.arena);
    return file_remove_tree(room.dir);
}

static void meminfo(const char *text)
{
    char path[96];
    struct error err;

    snprintf(path, sizeof(path), "%s/meminfo", room.dir);
    assert_int_equal(file_replace(path, text, strlen(text), &err), 0);
}

/* The finding about `topic`; one without a topic when there is none. */
static struct finding find(const struct finding *list, size_t len, const char *topic)
{
    for (size_t i = 0; i < len; i++)
        if (!strcmp(list[i].topic, topic))
            return list[i];
    return (struct finding){.topic = NULL};
}

static void the_worst_comes_first_and_equals_stay_in_order(void **state)
{
    struct finding *list = NULL;
    size_t len = 0;

    (void)state;
    meminfo("MemAvailable:  1048576 kB\n");
    worker_diagnose_with(&room.options, table, &room.arena, &list, &len);
    assert_true(len >= 6);
    assert_string_equal(list[0].what, "broken 1");
    assert_string_equal(list[1].what, "broken 2");
    for (size_t i = 1; i < len; i++)
        assert_true(list[i].level <= list[i - 1].level);
    assert_non_null(find(list, len, "host").topic);
    assert_non_null(find(list, len, "rights").topic);
}

static void scarce_memory_is_a_warning(void **state)
{
    static const struct {
        const char *text;
        enum finding_level level;
        const char *what;
    } cases[] = {
        {"MemTotal: 99 kB\nMemAvailable:  1048576 kB\n", FINDING_OK, "1024 MiB available"},
        {"MemAvailable:    20480 kB\n", FINDING_WARNING, "20 MiB available"},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct finding *list = NULL;
        size_t len = 0;
        meminfo(cases[i].text);
        worker_diagnose_with(&room.options, table, &room.arena, &list, &len);
        const struct finding memory = find(list, len, "memory");
        assert_non_null(memory.topic);
        assert_int_equal(memory.level, cases[i].level);
        assert_string_equal(memory.what, cases[i].what);
    }
}

static void memory_that_says_nothing_is_passed_over(void **state)
{
    static const char *const texts[] = {"", "MemAvailable", "MemAvailable: much kB\n", "\n\n:\n"};

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(texts); i++) {
        struct finding *list = NULL;
        size_t len = 0;
        meminfo(texts[i]);
        worker_diagnose_with(&room.options, table, &room.arena, &list, &len);
        assert_null(find(list, len, "memory").topic);
    }
}

static void a_proc_that_is_not_there_is_said(void **state)
{
    struct finding *list = NULL;
    size_t len = 0;

    (void)state;
    worker_diagnose_with(&room.options, table, &room.arena, &list, &len);
    assert_int_equal(find(list, len, "memory").level, FINDING_WARNING);
}

static void a_machine_without_a_name_is_warned_of(void **state)
{
    struct finding *list = NULL;
    size_t len = 0;

    (void)state;
    room.options.hostname = "localhost";
    worker_diagnose_with(&room.options, table, &room.arena, &list, &len);
    assert_int_equal(find(list, len, "host name").level, FINDING_WARNING);
}

static void disabled_collectors_are_named_and_not_asked(void **state)
{
    struct finding *list = NULL;
    size_t len = 0;

    (void)state;
    room.options.disabled = "sick";
    worker_diagnose_with(&room.options, table, &room.arena, &list, &len);
    assert_null(find(list, len, "sick").topic);
    assert_non_null(find(list, len, "collectors").topic);
}

static void a_gpu_that_left_the_bus_is_an_error_with_what_to_do(void **state)
{
    static const char text[] = "# algalon gpus 1\t2\t0\n"
                               "0000:3b:00.0\tGPU-1\t\t0\t1790000000\tNVIDIA H100\n"
                               "0000:5e:00.0\tGPU-2\t\t1\t1790000000\tNVIDIA H100\n";
    struct finding *list = NULL;
    struct error err;
    char file[96], slot[128];
    size_t len = 0, found = 0;

    (void)state;
    snprintf(file, sizeof(file), "%s/gpus.tsv", room.dir);
    snprintf(slot, sizeof(slot), "%s/bus/pci/devices/0000:3b:00.0", room.dir);
    assert_int_equal(file_replace(file, text, strlen(text), &err), 0);
    room.options.gpu_inventory = file;
    room.options.paths.sysfs = room.dir;
    worker_diagnose_with(&room.options, table, &room.arena, &list, &len);
    for (size_t i = 0; i < len; i++)
        assert_string_not_equal(list[i].topic, "gpus"); /* no bus to be seen: nothing concluded */
    assert_int_equal(file_mkdirs(slot, &err), 0);
    worker_diagnose_with(&room.options, table, &room.arena, &list, &len);
    for (size_t i = 0; i < len; i++) {
        if (strcmp(list[i].topic, "gpus") != 0)
            continue;
        found++;
        if (list[i].level == FINDING_ERROR) {
            assert_non_null(strstr(list[i].what, "GPU 1 (NVIDIA H100, 0000:5e:00.0, GPU-2)"));
            assert_non_null(strstr(list[i].advice, "Power the machine off"));
        } else {
            assert_non_null(strstr(list[i].what, "1 of 2 GPUs"));
        }
    }
    assert_int_equal(found, 2);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(the_worst_comes_first_and_equals_stay_in_order),
        TEST(scarce_memory_is_a_warning),
        TEST(memory_that_says_nothing_is_passed_over),
        TEST(a_proc_that_is_not_there_is_said),
        TEST(a_machine_without_a_name_is_warned_of),
        TEST(disabled_collectors_are_named_and_not_asked),
        TEST(a_gpu_that_left_the_bus_is_an_error_with_what_to_do),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
