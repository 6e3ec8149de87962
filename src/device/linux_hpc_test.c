/* linux_hpc_test.c - the folder of jobs by device that dcgm-exporter reads too. */
#include "device/linux_hpc.h"

#include "device/linux_test.h"

#include <limits.h>

static void names_of_files_are_devices_and_instances(void **state)
{
    static const struct {
        const char *name;
        bool is;
        unsigned gpu, instance;
    } cases[] = {
        {"0", true, 0, UINT_MAX}, {"12", true, 12, UINT_MAX}, {"2.1", true, 2, 1},
        {"2.", false, 0, 0},      {".1", false, 0, 0},        {"a", false, 0, 0},
        {"1.x", false, 0, 0},     {"-1", false, 0, 0},        {"99999999999", false, 0, 0},
        {"1.2.3", false, 0, 0},   {"", false, 0, 0},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        unsigned gpu = 0, instance = 0;
        assert_int_equal(linux_hpc_parse_name(str_of(cases[i].name), &gpu, &instance), cases[i].is);
        assert_int_equal(gpu, cases[i].gpu);
        assert_int_equal(instance, cases[i].instance);
    }
}

static void a_folder_gives_a_job_for_each_line(void **state)
{
    struct bench *b = bench_new(&linux_hpc_collector, "attribution-shell");
    char dir[LINUX_PATH_MAX];

    (void)state;
    assert_false(b->collector->detect(&b->tree.paths)); /* no folder was named */
    assert_true(linux_file_path(dir, b->tree.dir, "jobs"));
    b->tree.paths.hpc_jobs = dir;
    tree_write(&b->tree, "jobs/0", "42\n\n 43 \n");
    tree_write(&b->tree, "jobs/2.1", "job-a\n");
    tree_write(&b->tree, "jobs/README", "not a device\n");
    tree_write(&b->tree, "jobs/1", "");
    const struct reading *r = bench_read(b);
    assert_int_equal(r->hpc_job_len, 3);
    for (size_t i = 0; i < 3; i++) {
        const struct hpc_job *j = &r->hpc_jobs[i];
        bool instance = !strcmp(j->job, "job-a");
        assert_int_equal(j->gpu, instance ? 2 : 0);
        assert_int_equal(j->instance, instance ? 1 : UINT_MAX);
        assert_true(instance || !strcmp(j->job, "42") || !strcmp(j->job, "43"));
    }
    bench_free(b);
}

static void a_folder_that_is_not_there_is_said_by_doctor(void **state)
{
    struct bench *b = bench_new(&linux_hpc_collector, "attribution-shell");

    (void)state;
    b->tree.paths.hpc_jobs = "/nowhere";
    assert_string_equal(bench_finding(b, "jobs")->what, "/nowhere is no folder");
    bench_free(b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(names_of_files_are_devices_and_instances),
        cmocka_unit_test(a_folder_gives_a_job_for_each_line),
        cmocka_unit_test(a_folder_that_is_not_there_is_said_by_doctor),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
