/* steady_test.c - in the steady state a reading becomes text without an allocation. Allocations are
 * counted on their way to glibc; elsewhere, and under a sanitizer, there is nothing to count. */
#include "worker/fake_view.h"
#include "worker/render.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

#if defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define SANITIZED 1
#endif
#endif
#if defined(__GLIBC__) && !defined(SANITIZED) && !defined(__SANITIZE_ADDRESS__) &&                 \
    !defined(__SANITIZE_THREAD__)
extern void *__libc_malloc(size_t size);
extern void *__libc_calloc(size_t count, size_t size);
extern void *__libc_realloc(void *ptr, size_t size);
void *malloc(size_t size);
void *calloc(size_t count, size_t size);
void *realloc(void *ptr, size_t size);
#define COUNTED true

static size_t allocations;

void *malloc(size_t size)
{
    allocations++;
    return __libc_malloc(size);
}

void *calloc(size_t count, size_t size)
{
    allocations++;
    return __libc_calloc(count, size);
}

void *realloc(void *ptr, size_t size)
{
    allocations++;
    return __libc_realloc(ptr, size);
}
#else
#define COUNTED false
static size_t allocations;
#endif

/* A machine of which only the numbers change. */
static void fill(struct reading *r, unsigned round)
{
    fake_accelerators(r, "nvidia", 8, 4);
    fake_host(r, 64);
    fake_processes(r, 50, 1000, 10);
    for (size_t i = 0; i < r->accelerator_len; i++)
        r->accelerators[i].power_w = 100 + round;
}

static void nothing_is_allocated_once_buffers_have_grown(void **state)
{
    const struct machine machine = fake_machine();
    struct recycler *readings = fake_recycler(), *snapshots = snapshot_recycler();
    struct inventory inventory = {0};
    struct renderer *renderer = NULL;
    struct snapshot *latest = NULL;

    (void)state;
    assert_int_equal(renderer_new(SCHEMA_ALL_SMI | SCHEMA_DCGM, NULL, &renderer, NULL), 0);
    for (unsigned round = 0; round < 20; round++) {
        struct collector_view view = fake_view(readings, "nvidia");
        fill(&view.held->reading, round);
        size_t before = allocations;
        struct snapshot *s = snapshot_take(snapshots, &machine);
        assert_int_equal(merge(s, &inventory, &view, 1), 0);
        assert_int_equal(render(renderer, s), 0);
        if (round >= 8) /* arenas double until one chunk holds all */
            assert_int_equal(allocations - before, 0);
        assert_true(s->text.len > 10000);
        snapshot_release(latest); /* one is always out, as the publisher has it */
        latest = s;
    }
    assert_true(!COUNTED || allocations > 0);
    snapshot_release(latest);
    inventory_fini(&inventory);
    renderer_free(renderer);
    recycler_close(readings);
    recycler_close(snapshots);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nothing_is_allocated_once_buffers_have_grown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
