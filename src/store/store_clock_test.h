/* store_clock_test.h - a store whose clocks a test sets, and that can be killed before a commit;
 * for the tests of what becomes of old days. */
#ifndef ALGALON_STORE_STORE_CLOCK_TEST_H
#define ALGALON_STORE_STORE_CLOCK_TEST_H

#include "store/store_test.h"

#include <signal.h>

static int64_t now_ms;
static uint64_t mono_ns;
static int die_after; /* commits; negative: it lives */
static struct store_io fake_io;

static inline int64_t fake_now(void)
{
    return now_ms;
}

static inline uint64_t fake_mono(void)
{
    return mono_ns;
}

static inline int die_before_commit(void)
{
    if (die_after >= 0 && die_after-- == 0)
        kill(getpid(), SIGKILL);
    return 0;
}

/* As test_setup(), at the moment `start_ms`. */
static inline int clock_setup(void **state, int64_t start_ms)
{
    fake_io = store_io_system;
    fake_io.now_ms = fake_now;
    fake_io.mono_ns = fake_mono;
    fake_io.before_commit = die_before_commit;
    die_after = -1;
    now_ms = start_ms;
    mono_ns = 1000 * (uint64_t)NS_PER_S;
    int code = test_setup(state);
    struct test_store *t = *state;
    t->io = &fake_io;
    test_reopen(t);
    return code;
}

#endif
