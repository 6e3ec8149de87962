/* linux_memory_test.c - memory, over recorded machines. */
#include "device/linux_test.h"

#define GIB ((uint64_t)1 << 30)

static void assert_bytes(uint64_t got, double wanted_gib)
{
    if (got != (uint64_t)(wanted_gib * (double)GIB))
        fail_msg("got %.4f GiB, wanted %.4f", (double)got / (double)GIB, wanted_gib);
}

static void used_is_what_is_not_available(void **state)
{
    struct bench *b = bench_new(&linux_memory_collector, "host-intel/1");
    const struct memory *m = &bench_read(b)->memory;

    (void)state;
    assert_true(m->present);
    assert_false(m->limited); /* the service's own cgroup has a limit; the machine has none */
    assert_bytes(m->total_bytes, 32);
    assert_bytes(m->available_bytes, 12);
    assert_bytes(m->used_bytes, 20);
    assert_bytes(m->free_bytes, 8);
    assert_bytes(m->buffers_bytes, 0.5);
    assert_bytes(m->cached_bytes, 4.5); /* with slabs, without shared memory */
    assert_bytes(m->swap_total_bytes, 4);
    assert_bytes(m->swap_used_bytes, 1);
    assert_true(m->zfs_arc_bytes == UNKNOWN_COUNT);
    bench_free(b);
}

static void huge_pages_of_all_sizes_are_counted(void **state)
{
    struct bench *b = bench_new(&linux_memory_collector, "host-intel/1");
    const struct memory *m = &bench_read(b)->memory;

    (void)state;
    assert_bytes(m->hugepages_total_bytes, 6);
    assert_bytes(m->hugepages_free_bytes, 4);
    assert_non_null(strstr(bench_finding(b, "huge pages")->what, "6.0 GiB"));
    bench_free(b);

    b = bench_new(&linux_memory_collector, "host-intel/1");
    tree_remove(&b->tree, "sys/kernel"); /* then meminfo tells of the default size */
    m = &bench_read(b)->memory;
    assert_bytes(m->hugepages_total_bytes, 2);
    assert_bytes(m->hugepages_free_bytes, 1);
    bench_free(b);
}

static void kernels_without_available_have_it_estimated(void **state)
{
    struct bench *b = bench_new(&linux_memory_collector, "host-hybrid");
    const struct memory *m = &bench_read(b)->memory;

    (void)state;
    assert_int_equal(m->available_bytes >> 20, 2048 + 100 + 4096 + 200 - 1024);
    assert_true(m->hugepages_total_bytes == UNKNOWN_COUNT);
    bench_free(b);
}

static void the_arc_is_available_but_for_its_minimum(void **state)
{
    struct bench *b = bench_new(&linux_memory_collector, "host-epyc");
    const struct memory *m = &bench_read(b)->memory;

    (void)state;
    assert_bytes(m->zfs_arc_bytes, 64);
    assert_bytes(m->available_bytes, 22 + 60);
    assert_bytes(m->used_bytes, 128 - 82);
    assert_bytes(m->cached_bytes, 62);
    /* Newer OpenZFS: part of it is in MemAvailable already. */
    tree_write(&b->tree, "proc/spl/kstat/zfs/arcstats", "a\nb\nsize 4 137438953472\nc_min 4 0\n");
    m = &bench_read(b)->memory;
    assert_bytes(m->available_bytes, 128);
    assert_bytes(m->used_bytes, 0);
    bench_free(b);
}

static void memory_of_gpus_is_not_the_hosts(void **state)
{
    for (int told = 1; told >= 0; told--) {
        struct bench *b = bench_new(&linux_memory_collector, "host-grace");
        if (!told) /* then every node without CPUs is taken for a GPU's */
            tree_remove(&b->tree, "proc/driver/nvidia/gpus");
        const struct memory *m = &bench_read(b)->memory;
        assert_bytes(m->total_bytes, 160);
        assert_bytes(m->free_bytes, 110);
        assert_bytes(m->available_bytes, 210 - 90 - 4);
        assert_bytes(m->cached_bytes, 16);
        assert_bytes(m->used_bytes, 160 - 116);
        bench_free(b);
    }
    (void)state;
}

static void memory_behind_cxl_is_the_hosts(void **state)
{
    struct bench *b = bench_new(&linux_memory_collector, "host-grace");

    (void)state;
    tree_remove(&b->tree, "proc/driver/nvidia/gpus");
    tree_write(&b->tree, "proc/cpuinfo", "vendor_id\t: GenuineIntel\nmodel name\t: x\n\n");
    assert_bytes(bench_read(b)->memory.total_bytes, 256);
    bench_free(b);
    b = bench_new(&linux_memory_collector, "host-grace");
    tree_remove(&b->tree, "proc/driver");
    assert_bytes(bench_read(b)->memory.total_bytes, 256);
    bench_free(b);
}

static void a_container_shows_the_least_limit_above_it(void **state)
{
    struct bench *b = bench_new(&linux_memory_collector, "host-docker-v2");
    const struct memory *m = &bench_read(b)->memory;

    (void)state;
    assert_true(m->limited);
    assert_bytes(m->total_bytes, 4);
    assert_bytes(m->used_bytes, 2.5); /* without file pages that nobody uses */
    assert_bytes(m->free_bytes, 1);
    assert_bytes(m->available_bytes, 1); /* the group above that has less room left */
    assert_bytes(m->cached_bytes, 2);
    assert_true(m->buffers_bytes == UNKNOWN_COUNT);
    assert_bytes(m->swap_total_bytes, 0);
    bench_free(b);
}

static void limits_of_version_one_count_swap_with_memory(void **state)
{
    struct bench *b = bench_new(&linux_memory_collector, "host-docker-v1");
    const struct memory *m = &bench_read(b)->memory;

    (void)state;
    assert_true(m->limited);
    assert_bytes(m->total_bytes, 2);
    assert_bytes(m->used_bytes, 0.75);
    assert_bytes(m->available_bytes, 1.25);
    assert_bytes(m->cached_bytes, 0.5);
    assert_bytes(m->swap_total_bytes, 1);
    assert_int_equal(m->swap_used_bytes, 1 << 20);
    bench_free(b);
}

static void the_path_of_the_host_is_not_needed_within_a_mount_of_our_own_group(void **state)
{
    struct bench *b = bench_new(&linux_memory_collector, "host-docker-v1");

    (void)state;
    tree_remove(&b->tree, "sys/fs/cgroup/memory");
    tree_write(&b->tree, "sys/fs/cgroup/memory/memory.limit_in_bytes", "1073741824\n");
    tree_write(&b->tree, "sys/fs/cgroup/memory/memory.usage_in_bytes", "536870912\n");
    const struct memory *m = &bench_read(b)->memory;
    assert_bytes(m->total_bytes, 1);
    assert_bytes(m->used_bytes, 0.5);
    bench_free(b);
}

static void a_limit_above_the_machine_is_none(void **state)
{
    struct bench *b = bench_new(&linux_memory_collector, "host-docker-v2");

    (void)state;
    tree_write(&b->tree, "sys/fs/cgroup/kubepods/pod7/memory.max", "99999999999999\n");
    tree_write(&b->tree, "sys/fs/cgroup/kubepods/memory.max", "max\n");
    const struct memory *m = &bench_read(b)->memory;
    assert_false(m->limited);
    assert_bytes(m->total_bytes, 64);
    assert_bytes(m->swap_total_bytes, 8);
    bench_free(b);
}

static void lxcfs_values_are_limited_already(void **state)
{
    struct bench *b = bench_new(&linux_memory_collector, "host-lxc");
    const struct memory *m = &bench_read(b)->memory;

    (void)state;
    assert_true(m->limited);
    assert_bytes(m->total_bytes, 8);
    assert_bytes(m->available_bytes, 6); /* the ARC is the host's, the cgroup says 7 GiB used */
    assert_true(m->zfs_arc_bytes == UNKNOWN_COUNT);
    bench_free(b);
}

static void without_meminfo_there_is_no_collector(void **state)
{
    struct bench *b = bench_new(&linux_memory_collector, "host-hidepid");

    (void)state;
    assert_false(linux_memory_collector.detect(&b->tree.paths));
    assert_int_equal(linux_memory_collector.open(&b->tree.paths, &b->state, &b->error), -ENOENT);
    tree_write(&b->tree, "proc/meminfo", "nothing of use\n");
    assert_int_equal(linux_memory_collector.open(&b->tree.paths, &b->state, &b->error), 0);
    reading_init(&b->reading, &b->arena);
    assert_int_equal(linux_memory_collector.read(b->state, &b->reading, &b->error), -EIO);
    assert_false(b->reading.memory.present);
    bench_free(b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(used_is_what_is_not_available),
        cmocka_unit_test(huge_pages_of_all_sizes_are_counted),
        cmocka_unit_test(kernels_without_available_have_it_estimated),
        cmocka_unit_test(the_arc_is_available_but_for_its_minimum),
        cmocka_unit_test(memory_of_gpus_is_not_the_hosts),
        cmocka_unit_test(memory_behind_cxl_is_the_hosts),
        cmocka_unit_test(a_container_shows_the_least_limit_above_it),
        cmocka_unit_test(limits_of_version_one_count_swap_with_memory),
        cmocka_unit_test(the_path_of_the_host_is_not_needed_within_a_mount_of_our_own_group),
        cmocka_unit_test(a_limit_above_the_machine_is_none),
        cmocka_unit_test(lxcfs_values_are_limited_already),
        cmocka_unit_test(without_meminfo_there_is_no_collector),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
