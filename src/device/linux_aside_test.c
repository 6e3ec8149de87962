/* linux_aside_test.c - calls that come back in time, late, or not while anyone waits. */
#include "device/linux_aside.h"

#include <setjmp.h>
#include <stdarg.h>
#include <unistd.h>

#include <cmocka.h>

#define SOON_MS 5000

struct job {
    int in, out;
    int gate; /* read end of a pipe: waits until the other is closed */
};

static void twice(void *arg)
{
    struct job *job = arg;
    char byte;

    if (job->gate >= 0) {
        while (read(job->gate, &byte, 1) > 0)
            continue;
        close(job->gate);
    }
    job->out = 2 * job->in;
}

static void wait_until_idle(struct linux_aside *a)
{
    uint64_t deadline = clock_mono_ns() + SOON_MS * (uint64_t)NS_PER_MS;

    while (!linux_aside_idle(a) && clock_mono_ns() < deadline)
        usleep(1000);
    assert_true(linux_aside_idle(a));
}

static void a_call_gives_its_result_back(void **state)
{
    struct linux_aside *a;

    (void)state;
    assert_int_equal(linux_aside_open(&a, NULL), 0);
    for (int i = 0; i < 100; i++) {
        struct job job = {.in = i, .gate = -1};
        assert_int_equal(linux_aside_call(a, twice, &job, sizeof(job), SOON_MS), 0);
        assert_int_equal(job.out, 2 * i);
    }
    char big[LINUX_ASIDE_JOB_MAX + 1] = "";
    assert_int_equal(linux_aside_call(a, twice, big, sizeof(big), SOON_MS), -EMSGSIZE);
    linux_aside_close(a);
    linux_aside_close(NULL);
}

static void a_call_that_hangs_is_given_up_and_may_come_back_later(void **state)
{
    struct linux_aside *a;
    int ends[2];

    (void)state;
    assert_int_equal(pipe(ends), 0);
    assert_int_equal(linux_aside_open(&a, NULL), 0);
    struct job job = {.in = 4, .gate = ends[0]};
    assert_int_equal(linux_aside_call(a, twice, &job, sizeof(job), 1), -ETIMEDOUT);
    assert_int_equal(job.out, 0);
    assert_false(linux_aside_idle(a));
    assert_int_equal(linux_aside_call(a, twice, &job, sizeof(job), 1), -EBUSY);
    close(ends[1]);
    wait_until_idle(a);
    job = (struct job){.in = 5, .gate = -1};
    assert_int_equal(linux_aside_call(a, twice, &job, sizeof(job), SOON_MS), 0);
    assert_int_equal(job.out, 10);
    linux_aside_close(a);
}

/* The memory is freed by the thread itself: the leak checker of the sanitizer build sees to it. */
static void one_that_hangs_while_its_owner_leaves_frees_itself(void **state)
{
    struct linux_aside *a;
    int ends[2];

    (void)state;
    assert_int_equal(pipe(ends), 0);
    assert_int_equal(linux_aside_open(&a, NULL), 0);
    struct job job = {.in = 4, .gate = ends[0]};
    assert_int_equal(linux_aside_call(a, twice, &job, sizeof(job), 1), -ETIMEDOUT);
    linux_aside_close(a);
    close(ends[1]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_call_gives_its_result_back),
        cmocka_unit_test(a_call_that_hangs_is_given_up_and_may_come_back_later),
        cmocka_unit_test(one_that_hangs_while_its_owner_leaves_frees_itself),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
