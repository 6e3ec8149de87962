/* Tests of the processes on a GPU. */
#include "device/nvidia/nvidia_rig.h"

#define GIB ((uint64_t)1 << 30)

/* ---- MIG ---- */

static void a_gpu_cut_into_instances_has_no_utilisation_but_all_else(void **state)
{
    struct rig *rig = *state;

    rig_open(rig, "gpu 1 H200 profile=training mig=on\n");
    const struct accelerator *a = rig_read(rig, 1);
    assert_near(a->mig_mode, 1, 0);
    assert_true(isnan(a->utilization_ratio) && isnan(a->utilization_max_ratio));
    assert_false(isnan(a->power_w) || isnan(a->temperature_c));
    assert_int_equal(rig->r.accelerator_process_len, 1);
    assert_true(isnan(rig->r.accelerator_processes[0].sm_ratio));
}

/* ---- processes ---- */

static const struct accelerator_process *process(const struct rig *rig, int pid)
{
    size_t i = 0;

    while (i < rig->r.accelerator_process_len && rig->r.accelerator_processes[i].pid != pid)
        i++;
    if (i == rig->r.accelerator_process_len)
        fail_msg("pid %d is not listed", pid);
    return &rig->r.accelerator_processes[i];
}

static void processes_are_joined_by_pid_with_their_share_of_the_gpu(void **state)
{
    struct rig *rig = *state;

    rig_open(rig, "gpu 1 H200 profile=constant high=0.8 processes=0\ngpu 1 H200 processes=0\n"
                  "process gpu=0 pid=10 memory=4GB share=0.5 type=B\n"
                  "process gpu=0 pid=11 memory=unknown share=0.25 type=C\n"
                  "process gpu=0 pid=12 memory=1GB share=0 type=G\n"
                  "process gpu=1 pid=10 memory=2GB type=C share=0.5\n"
                  "process gpu=0 pid=13 memory=1GB share=0.1 type=M\n");
    rig_read(rig, 0);
    rig_read(rig, 5);
    assert_int_equal(rig->r.accelerator_process_len, 5);
    const struct accelerator_process *p = process(rig, 10);
    assert_int_equal(p->accelerator, 0);
    assert_int_equal(p->type, 'C'); /* in both lists: one process, its memory not added */
    assert_true(p->mem_used_bytes == 4 * GIB);
    assert_near(p->sm_ratio, 0.4, 0.001);
    assert_true(p->mem_ratio > 0.1 && p->mem_ratio < 0.4);
    assert_true(process(rig, 11)->mem_used_bytes == UNKNOWN_COUNT);
    assert_near(process(rig, 11)->sm_ratio, 0.2, 0.001);
    assert_int_equal(process(rig, 12)->type, 'G');
    assert_near(process(rig, 12)->sm_ratio, 0, 0);
    assert_int_equal(process(rig, 13)->type, 'M');
    const struct accelerator_process *other = &rig->r.accelerator_processes[4];
    assert_int_equal(other->accelerator, 1); /* the same pid on another GPU is another row */
    assert_int_equal(other->pid, 10);
    assert_near(other->sm_ratio, 0, 0); /* that GPU rests: "not found" means nobody computed */
}

static void five_hundred_processes_are_listed_also_when_more_come_meanwhile(void **state)
{
    struct rig *rig = *state;

    rig_open(rig, "gpu 1 H200 profile=constant processes=0\n"
                  "process gpu=0 pid=1000 count=500 memory=16MB share=0.002\n"
                  "fault processes-grow value=300\n");
    rig_read(rig, 0);
    rig_read(rig, 5);
    assert_int_equal(rig->r.accelerator_process_len, 500);
    for (int i = 0; i < 500; i++) {
        assert_int_equal(rig->r.accelerator_processes[i].pid, 1000 + i);
        assert_true(rig->r.accelerator_processes[i].mem_used_bytes == 16 * GIB / 1024);
    }
}

static void the_layout_of_early_r535_drivers_is_noticed(void **state)
{
    struct rig *rig = *state;

    rig_open(rig, "gpu 1 H200 processes=0\nprocess gpu=0 pid=2000 count=7 memory=3GB\n"
                  "fault process-layout-r535\n");
    rig_read(rig, 0);
    assert_int_equal(rig->r.accelerator_process_len, 7);
    for (int i = 0; i < 7; i++) {
        assert_int_equal(rig->r.accelerator_processes[i].pid, 2000 + i);
        assert_true(rig->r.accelerator_processes[i].mem_used_bytes == 3 * GIB);
    }
    assert_int_equal(rig->r.reject_len, 0);
}

static void garbage_shares_of_processes_are_left_out(void **state)
{
    struct rig *rig = *state;

    rig_open(rig, "gpu 1 H200 profile=constant processes=1\n"
                  "fault value field=process_utilization value=4000000 from=8\n");
    rig_read(rig, 0);
    rig_read(rig, 5);
    assert_near(rig->r.accelerator_processes[0].sm_ratio, 1, 0.001);
    rig_read(rig, 10);
    assert_true(isnan(rig->r.accelerator_processes[0].sm_ratio));
    assert_true(rig->r.accelerator_processes[0].mem_ratio > 0);
    assert_true(rig_rejects(rig, "nvidia.process_utilization", "range") > 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, rig_setup, rig_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_gpu_cut_into_instances_has_no_utilisation_but_all_else),
        TEST(processes_are_joined_by_pid_with_their_share_of_the_gpu),
        TEST(five_hundred_processes_are_listed_also_when_more_come_meanwhile),
        TEST(the_layout_of_early_r535_drivers_is_noticed),
        TEST(garbage_shares_of_processes_are_left_out),
    };

    log_setup(LOG_ERROR, LOG_LOGFMT);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
