/* linux_process_test.c - processes, over recorded machines. */
#include "device/linux_test.h"

static bool has(const struct reading *r, int pid)
{
    for (size_t i = 0; i < r->process_len; i++)
        if (r->processes[i].pid == pid)
            return true;
    return false;
}

static const struct process *find(const struct reading *r, int pid)
{
    size_t at = 0;

    assert_true(has(r, pid));
    while (r->processes[at].pid != pid)
        at++;
    return &r->processes[at];
}

static void processes_are_told_by_name_user_and_command(void **state)
{
    static const struct {
        int pid;
        const char *name, *user, *command;
    } cases[] = {
        {1, "systemd", "root", "/sbin/init splash"},
        {2, "kthreadd", "root", "[kthreadd]"},
        {17, "kworker/1:0-events", "root", "[kworker/1:0-events]"},
        {900, "bash", "ada", "-bash"},
        {4711, "a) b (", "ada", "./a) b ( --token [31m x"},
        {4712, "VLLM::EngineCore", "31337", "VLLM::EngineCore"}, /* stat cuts it after 15 */
    };
    struct bench *b = bench_new(&linux_process_collector, "host-intel/1");
    const struct reading *r = bench_read(b);

    (void)state;
    assert_int_equal(r->process_len, 7);
    assert_int_equal(r->processes_hidden, 0);
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        const struct process *p = find(r, cases[i].pid);
        assert_string_equal(p->name, cases[i].name);
        assert_string_equal(p->user, cases[i].user);
        assert_string_equal(p->command, cases[i].command);
        assert_true(isnan(p->cpu_ratio));
    }
    const struct process *p = find(r, 4711);
    assert_int_equal(p->state, 'R');
    assert_int_equal(p->threads, 3);
    assert_int_equal(p->start_ticks, 8640000);
    assert_near(p->start_time_s, 1700000000 + 86400);
    assert_int_equal(p->memory_bytes, 25600 * (uint64_t)sysconf(_SC_PAGESIZE));
    bench_free(b);
}

static void cpu_time_is_a_share_of_the_time_between(void **state)
{
    struct bench *b = bench_new(&linux_process_collector, "host-intel/1");

    (void)state;
    bench_read(b);
    tree_lay(&b->tree, "host-intel/2");
    tree_remove(&b->tree, "proc/901"); /* ended */
    const struct reading *r = bench_read(b);
    assert_near(find(r, 4711)->cpu_ratio, 2); /* 1000 ticks in 5 s: two CPUs */
    assert_near(find(r, 4712)->cpu_ratio, 0);
    assert_false(has(r, 901));
    assert_true(isnan(find(r, 5000)->cpu_ratio));
    assert_string_equal(find(r, 5000)->command, "[new]");
    bench_free(b);
}

static void what_finds_no_room_is_left_out_the_newest_first(void **state)
{
    struct bench *b = bench_new(&linux_process_collector, "host-intel/1");

    (void)state;
    b->arena.max = (size_t)2 * 4 * (sizeof(struct process) + sizeof(struct process_owner));
    const struct reading *r = bench_read(b);
    assert_int_equal(r->process_len, 4);
    assert_int_equal(r->processes_left_out, 3);
    assert_true(has(r, 1) && has(r, 900) && !has(r, 4712));
    b->arena.max = 0;
    r = bench_read(b);
    assert_int_equal(r->process_len, 7);
    assert_int_equal(r->processes_left_out, 0);
    bench_free(b);
}

static void a_pid_used_again_is_another_process(void **state)
{
    struct bench *b = bench_new(&linux_process_collector, "host-intel/1");

    (void)state;
    bench_read(b);
    tree_lay(&b->tree, "host-intel/2");
    const struct process *p = find(bench_read(b), 900);
    assert_string_equal(p->name, "sshd");
    assert_string_equal(p->user, "root");
    assert_string_equal(p->command, "sshd: ada [priv]");
    assert_true(isnan(p->cpu_ratio)); /* not the time of the one before */
    assert_int_equal(p->start_ticks, 9000000);
    bench_free(b);
}

static void a_new_process_is_looked_up_twice_and_then_when_its_name_changes(void **state)
{
    static const char status[] = "Uid:\t1\t1\t1\t1\n";
    struct bench *b = bench_new(&linux_process_collector, "host-intel/1");

    (void)state;
    bench_read(b);
    tree_write(&b->tree, "proc/900/status", status); /* dropped its rights after it began */
    assert_string_equal(find(bench_read(b), 900)->user, "daemon");
    tree_write(&b->tree, "proc/900/cmdline", "later");
    assert_string_equal(find(bench_read(b), 900)->command, "-bash");
    tree_write(&b->tree, "proc/900/stat",
               "900 (perl) S 1 1 1 0 -1 0 0 0 0 0 0 0 0 0 20 0 1 0 5000 0 9 0\n");
    const struct process *p = find(bench_read(b), 900);
    assert_string_equal(p->command, "later");
    assert_string_equal(p->name, "perl");
    for (int turn = 0; turn < 64; turn++) { /* and every 64 turns */
        tree_write(&b->tree, "proc/900/cmdline", "renamed");
        p = find(bench_read(b), 900);
    }
    assert_string_equal(p->command, "renamed");
    bench_free(b);
}

static void processes_in_containers_carry_their_owners(void **state)
{
    struct bench *b = bench_new(&linux_process_collector, "host-intel/1");

    (void)state;
    tree_write(&b->tree, "proc/4712/cgroup",
               "0::/kubepods/burstable/pod6f1b2c3d-0a1b-4c5d-8e9f-001122334455/"
               "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef\n");
    tree_write(&b->tree, "proc/4711/cgroup", "0::/system.slice/slurmstepd.scope/job_7/step_0\n");
    const struct reading *r = bench_read(b);
    assert_string_equal(find(r, 4712)->owner->container_id, "0123456789ab");
    assert_string_equal(find(r, 4712)->owner->pod_uid, "6f1b2c3d-0a1b-4c5d-8e9f-001122334455");
    assert_string_equal(find(r, 4711)->owner->slurm_job, "7");
    assert_string_equal(find(r, 4711)->owner->container_id, "");
    assert_null(find(r, 900)->owner); /* its file is not there */
    bench_free(b);
}

static void a_process_stuck_in_the_kernel_is_not_asked_for_its_command(void **state)
{
    static const char *const stats[] = {
        "900 (bash) D 1 1 1 0 -1 0 0 0 0 0 0 0 0 0 20 0 1 0 5000 0 9 0\n",
        "900 (bash) S 1 1 1 0 -1 0 0 0 0 0 0 0 0 0 20 0 1 0 5000 0 9 0\n"};
    struct bench *b = bench_new(&linux_process_collector, "host-intel/1");

    (void)state;
    tree_write(&b->tree, "proc/900/stat", stats[0]);
    for (int turn = 0; turn < 3; turn++) {
        const struct process *p = find(bench_read(b), 900);
        assert_string_equal(p->command, "[bash]");
        assert_string_equal(p->user, "ada");
    }
    tree_write(&b->tree, "proc/900/stat", stats[1]);
    assert_string_equal(find(bench_read(b), 900)->command, "-bash");
    bench_free(b);
}

static void users_that_appear_later_get_their_names(void **state)
{
    struct bench *b = bench_new(&linux_process_collector, "host-intel/1");

    (void)state;
    assert_string_equal(find(bench_read(b), 4712)->user, "31337");
    tree_write(&b->tree, "root/etc/passwd", "root:x:0:0::/:/bin/sh\nbob:x:31337:5::/:/bin/sh\n");
    assert_string_equal(find(bench_read(b), 4712)->user, "bob");
    bench_free(b);
}

static void a_kernel_thread_that_sleeps_is_read_now_and_then(void **state)
{
    struct bench *b = bench_new(&linux_process_collector, "host-intel/1");
    const struct process *p;
    int waited = 0;

    (void)state;
    for (int turn = 1; turn < 12; turn++)
        bench_read(b);
    p = find(bench_read(b), 17);
    assert_near(p->cpu_ratio, 0);
    /* 300 ticks of work: seen within six turns, as the mean since it was read before. */
    tree_write(&b->tree, "proc/17/stat",
               "17 (kworker/1:0-events) I 2 0 0 0 -1 69238880 0 0 0 0 0 300 0 0 20 0 1 0 30 0 0\n");
    do {
        p = find(bench_read(b), 17);
    } while (p->cpu_ratio <= 0 && ++waited < 6);
    assert_true(waited < 6);
    assert_near(p->cpu_ratio, 300 / 100.0 / 30);
    bench_free(b);
}

static void pages_may_be_of_64_kib(void **state)
{
    struct bench *b = bench_new(&linux_process_collector, "host-grace");

    (void)state;
    assert_int_equal(find(bench_read(b), 1)->memory_bytes, 300 * 65536);
    bench_free(b);
}

static void processes_hidden_by_the_mount_are_counted_and_named(void **state)
{
    struct bench *b = bench_new(&linux_process_collector, "host-hidepid");
    const struct reading *r = bench_read(b);

    (void)state;
    assert_int_equal(r->process_len, 1);
    assert_int_equal(r->processes_hidden, 292); /* 300 threads, 8 of them ours */
    const struct finding *list = NULL;
    struct finding *found = NULL;
    size_t len = 0;
    linux_process_collector.diagnose(&b->tree.paths, &b->arena, &found, &len);
    for (size_t i = 0; i < len; i++)
        if (found[i].level == FINDING_WARNING)
            list = &found[i];
    assert_non_null(list);
    assert_non_null(strstr(list->what, "hidepid=invisible"));
    bench_free(b);
}

static void a_container_is_told_that_it_sees_itself_only(void **state)
{
    struct bench *b = bench_new(&linux_process_collector, "host-docker-v2");
    struct finding *found = NULL;
    size_t len = 0;

    (void)state;
    linux_process_collector.diagnose(&b->tree.paths, &b->arena, &found, &len);
    assert_true(len >= 2);
    assert_int_equal(found[0].level, FINDING_OK);
    assert_string_equal(found[len - 1].topic, "processes");
    assert_int_equal(found[len - 1].level, FINDING_WARNING);
    assert_non_null(strstr(found[len - 1].advice, "--pid=host"));
    bench_free(b);
}

static void odd_files_and_processes_that_vanish_are_passed_over(void **state)
{
    struct bench *b = bench_new(&linux_process_collector, "host-intel/1");

    (void)state;
    tree_write(&b->tree, "proc/31/status", "no stat: it ended between the listing and the look\n");
    tree_write(&b->tree, "proc/32/stat", "");
    tree_write(&b->tree, "proc/33/stat", "33 (cut");
    tree_write(&b->tree, "proc/99999999999/stat", "no pid\n");
    tree_write(&b->tree, "proc/12ab/stat", "no pid\n");
    assert_int_equal(bench_read(b)->process_len, 7);
    assert_int_equal(bench_read(b)->processes_hidden, 0);
    bench_free(b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(processes_are_told_by_name_user_and_command),
        cmocka_unit_test(cpu_time_is_a_share_of_the_time_between),
        cmocka_unit_test(what_finds_no_room_is_left_out_the_newest_first),
        cmocka_unit_test(a_pid_used_again_is_another_process),
        cmocka_unit_test(a_new_process_is_looked_up_twice_and_then_when_its_name_changes),
        cmocka_unit_test(processes_in_containers_carry_their_owners),
        cmocka_unit_test(a_process_stuck_in_the_kernel_is_not_asked_for_its_command),
        cmocka_unit_test(users_that_appear_later_get_their_names),
        cmocka_unit_test(a_kernel_thread_that_sleeps_is_read_now_and_then),
        cmocka_unit_test(pages_may_be_of_64_kib),
        cmocka_unit_test(processes_hidden_by_the_mount_are_counted_and_named),
        cmocka_unit_test(a_container_is_told_that_it_sees_itself_only),
        cmocka_unit_test(odd_files_and_processes_that_vanish_are_passed_over),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
