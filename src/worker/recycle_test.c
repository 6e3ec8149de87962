/* recycle_test.c - references, and memory that is used again. */
#include "worker/recycle.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

static unsigned made, reset, ended;

static void count_made(struct recycled *r)
{
    (void)r;
    made++;
}

static void count_reset(struct recycled *r)
{
    (void)r;
    reset++;
}

static void count_ended(struct recycled *r)
{
    (void)r;
    ended++;
}

static const struct recycler_ops ops = {sizeof(struct recycled), count_made, count_reset,
                                        count_ended};

static int set_up(void **state)
{
    made = reset = ended = 0;
    *state = recycler_new(&ops, 1);
    return 0;
}

static void an_object_is_used_again_when_its_last_reference_goes(void **state)
{
    struct recycler *home = *state;
    struct recycled *r = recycler_take(home);

    recycled_retain(r);
    recycled_release(r);
    assert_int_equal(reset, 0);
    recycled_release(r);
    assert_int_equal(reset, 1);
    assert_ptr_equal(recycler_take(home), r);
    assert_int_equal(made, 1);
    recycled_release(r);
    recycler_close(home);
    assert_int_equal(ended, 1);
}

static void no_more_are_kept_than_wanted(void **state)
{
    struct recycler *home = *state;
    struct recycled *a = recycler_take(home), *b = recycler_take(home);

    recycled_release(a);
    recycled_release(b);
    assert_int_equal(ended, 1);
    recycler_close(home);
    assert_int_equal(ended, 2);
}

static void objects_outlive_their_owner(void **state)
{
    struct recycler *home = *state;
    struct recycled *a = recycler_take(home), *b = recycler_take(home);

    recycler_close(home);
    recycled_release(a);
    assert_int_equal(ended, 1);
    recycled_release(b);
    assert_int_equal(ended, 2);
    recycled_release(NULL);
    recycler_close(NULL);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup(name, set_up)
    const struct CMUnitTest tests[] = {
        TEST(an_object_is_used_again_when_its_last_reference_goes),
        TEST(no_more_are_kept_than_wanted),
        TEST(objects_outlive_their_owner),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
