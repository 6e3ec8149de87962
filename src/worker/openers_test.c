/* openers_test.c - who is looked at when memory is nobody's. */
#include "worker/openers.h"

#include "worker/fake_room.h"

/* One board with a process of 1 GiB (pid 1000), of which `used` is in use. */
static struct snapshot *turn(uint64_t used, const struct device_opener *openers, size_t len)
{
    begin(1, 1);
    room.gpus->accelerators[0].mem_used_bytes = used;
    room.gpus->accelerator_processes[0].mem_used_bytes = FAKE_GIB;
    room.host->openers_known = true;
    room.host->openers = arena_calloc(room.host->arena, len + 1, sizeof(*openers));
    assert_non_null(room.host->openers);
    for (size_t i = 0; i < len; i++)
        room.host->openers[i] = openers[i];
    room.host->opener_len = len;
    return end();
}

static void those_who_have_it_open_are_named_when_memory_stays_unexplained(void **state)
{
    static const struct device_opener openers[] = {{1000, 0}, {1004, 0}, {1005, 3}, {99999, 0}};
    unsigned turns = (unsigned)(OPENERS_AFTER_NS / TURN_NS);

    (void)state;
    for (unsigned i = 0; i <= turns; i++) {
        struct snapshot *s = turn(9 * FAKE_GIB, openers, ARRAY_LEN(openers));
        assert_int_equal(s->accelerators[0].open_unlisted, 2);
        assert_int_equal(s->opener_len, i < turns ? 0 : 2);
        if (i == turns) {
            assert_int_equal(s->openers[0].pid, 1004);
            assert_string_equal(s->openers[0].host->name, "job1004");
            assert_int_equal(s->openers[1].pid, 99999);
            assert_null(s->openers[1].host);
        }
        snapshot_release(s);
    }
    struct snapshot *s = turn(FAKE_GIB + (1 << 20), openers, ARRAY_LEN(openers));
    assert_int_equal(s->opener_len, 0); /* it is explained again */
    assert_int_equal(s->accelerators[0].open_unlisted, 2);
    snapshot_release(s);
}

static void only_so_many_are_named(void **state)
{
    struct device_opener openers[3 * OPENERS_PER_DEVICE];
    struct snapshot *s = NULL;

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(openers); i++)
        openers[i] = (struct device_opener){.pid = 5000 + (int)i, .minor = 0};
    for (uint64_t at = 0; at <= OPENERS_AFTER_NS; at += TURN_NS) {
        if (s)
            snapshot_release(s);
        s = turn(9 * FAKE_GIB, openers, ARRAY_LEN(openers));
    }
    assert_int_equal(s->opener_len, OPENERS_PER_DEVICE);
    assert_int_equal(s->accelerators[0].open_unlisted, ARRAY_LEN(openers));
    snapshot_release(s);
}

static void without_a_look_nothing_is_said(void **state)
{
    (void)state;
    begin(1, 1);
    struct snapshot *s = end();
    assert_true(s->accelerators[0].open_unlisted == UNKNOWN_COUNT);
    assert_int_equal(s->opener_len, 0);
    snapshot_release(s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(those_who_have_it_open_are_named_when_memory_stays_unexplained),
        TEST(only_so_many_are_named),
        TEST(without_a_look_nothing_is_said),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
