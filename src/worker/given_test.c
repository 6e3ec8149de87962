/* given_test.c - devices that were given: by environment, nodes, the kubelet and prologs. */
#include "worker/given.h"

#include "worker/fake_room.h"

#include <limits.h>

static void a_device_that_was_given_is_held_without_a_process_on_it(void **state)
{
    static const struct {
        const char *devices;
        bool held[3];
    } cases[] = {
        {"GPU-nvidia-1", {false, true, false}},
        {"GPU-nvidia-0,GPU-nvidia-2", {true, false, true}},
        {"GPU-nvidia-1::3", {false, true, false}},
        {"MIG-GPU-nvidia-2/1/0", {false, false, true}},
        {"0,2", {true, false, true}},
        {" 1 ", {false, true, false}},
        {"7", {false, false, false}},
        {"MIG-11111111-2222-3333-4444-555555555555", {false, false, false}},
        {"GPU-nvidia", {false, false, false}},
        {",,", {false, false, false}},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        tear_down(NULL);
        set_up(NULL);
        begin(3, 0);
        struct process_owner *o = owned(1007);
        put(o->slurm_job, "9");
        put(o->devices, cases[i].devices);
        struct snapshot *s = end();
        for (unsigned gpu = 0; gpu < 3; gpu++) {
            assert_int_equal(find(s, gpu, "9") != NULL, cases[i].held[gpu]);
            assert_near(s->accelerators[gpu].held, cases[i].held[gpu]);
            if (!cases[i].held[gpu])
                continue;
            const struct holder *h = get(s, gpu, "9");
            assert_near(h->allocated, 1);
            assert_int_equal(h->processes, 0);
            assert_true(h->mem_used_bytes == UNKNOWN_COUNT);
        }
        snapshot_release(s);
    }
}

static void numbers_of_slurm_are_those_of_the_nodes(void **state)
{
    (void)state;
    begin(3, 0);
    for (unsigned i = 0; i < 3; i++)
        room.gpus->accelerators[i].minor = 2 - i;
    struct process_owner *o = owned(1007);
    put(o->slurm_job, "9");
    put(o->devices, "0");
    o = owned(1008);
    put(o->container_id, "cc");
    put(o->devices, "0");
    struct snapshot *s = end();
    assert_non_null(find(s, 2, "9"));
    assert_null(find(s, 0, "9"));
    assert_non_null(find(s, 0, "cc")); /* the container runtime counts as the driver does */
    snapshot_release(s);
}

static void nodes_in_a_container_are_what_it_was_given(void **state)
{
    static const struct {
        uint64_t nodes;
        bool is_void, job, held[3];
    } cases[] = {
        {2, false, false, {false, true, false}},  {5, false, false, {true, false, true}},
        {7, false, false, {false, false, false}}, /* it sees all: a monitor, or privileged */
        {7, true, false, {true, true, true}},     {7, false, true, {true, true, true}},
        {8, false, false, {false, false, false}}, {0, true, false, {false, false, false}},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        tear_down(NULL);
        set_up(NULL);
        begin(3, 0);
        struct process_owner *o = owned(1007);
        put(cases[i].job ? o->slurm_job : o->container_id, "77");
        o->devices_void = cases[i].is_void;
        o->nodes_known = true;
        o->nodes.bits[0] = cases[i].nodes;
        struct snapshot *s = end();
        for (unsigned gpu = 0; gpu < 3; gpu++)
            assert_int_equal(find(s, gpu, "77") != NULL, cases[i].held[gpu]);
        snapshot_release(s);
    }
}

static void kubelet_gave(const char *pod, const char *device)
{
    struct reading *r = room.host;
    struct allocation *list = arena_calloc(r->arena, r->allocation_len + 1, sizeof(*list));

    assert_non_null(list);
    if (r->allocation_len)
        memcpy(list, r->allocations, r->allocation_len * sizeof(*list));
    put(list[r->allocation_len].namespace, "ml");
    put(list[r->allocation_len].pod, pod);
    put(list[r->allocation_len].container, "server");
    put(list[r->allocation_len].device, device);
    r->allocations = list;
    r->allocation_len++;
    r->allocations_known = true;
}

static void what_the_kubelet_gave_is_held_in_every_spelling(void **state)
{
    static const struct {
        const char *device;
        int gpu; /* -1: none */
    } cases[] = {
        {"GPU-nvidia-1", 1},
        {"GPU-nvidia-1::0", 1},
        {"nvidia2", 2},
        {"nvidia2/gi1", 2},
        {"nvidia0/vgpu2", 0},
        {"MIG-GPU-nvidia-2/1/0", 2},
        {"0000:3b:00.0", 1},
        {"0000:3B:00.0", 1},
        {"1", -1},
        {"nvidia", -1},
        {"nvidia9", -1},
        {"nvidia-uvm", -1},
        {"MIG-not-of-these", -1},
        {"::", -1},
        {"eth0", -1},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        tear_down(NULL);
        set_up(NULL);
        begin(3, 0);
        kubelet_gave("llm-0", cases[i].device);
        struct snapshot *s = end();
        for (int gpu = 0; gpu < 3; gpu++)
            assert_int_equal(find(s, (unsigned)gpu, "ml/llm-0") != NULL, gpu == cases[i].gpu);
        if (cases[i].gpu >= 0) {
            const struct holder *h = get(s, (unsigned)cases[i].gpu, "ml/llm-0");
            assert_near(h->allocated, 1);
            assert_int_equal(h->processes, 0);
            assert_string_equal(h->container, "server");
        }
        snapshot_release(s);
    }
}

static void a_pod_on_a_device_that_it_was_not_given_is_counted_and_both_facts_stand(void **state)
{
    (void)state;
    for (uint64_t turn = 1; turn <= 8; turn++) {
        begin(2, 2);
        for (int i = 0; i < 4; i++) { /* two on each device */
            struct process_owner *o = owned(1000 + 100 * (i / 2) + i % 2);
            put(o->pod_uid, "uid");
            put(o->namespace, "ml");
            put(o->pod, "llm-0");
            put(o->container, "server");
        }
        kubelet_gave("llm-0", "GPU-nvidia-0");
        struct snapshot *s = end();
        assert_near(get(s, 0, "ml/llm-0")->allocated, 1);
        assert_near(get(s, 1, "ml/llm-0")->allocated, 0);
        assert_int_equal(get(s, 1, "ml/llm-0")->processes, 2);
        assert_int_equal(s->attribution_failures[ATTRIBUTION_NOT_ALLOCATED], turn < 6 ? 0 : 2);
        snapshot_release(s);
    }
}

static void noted(unsigned gpu, unsigned instance, const char *job)
{
    struct reading *r = room.host;
    struct hpc_job *list = arena_calloc(r->arena, r->hpc_job_len + 1, sizeof(*list));

    assert_non_null(list);
    if (r->hpc_job_len)
        memcpy(list, r->hpc_jobs, r->hpc_job_len * sizeof(*list));
    list[r->hpc_job_len] = (struct hpc_job){.gpu = gpu, .instance = instance};
    put(list[r->hpc_job_len].job, job);
    r->hpc_jobs = list;
    r->hpc_job_len++;
}

static void a_job_that_a_prolog_noted_holds_its_device(void **state)
{
    (void)state;
    begin(2, 0);
    noted(1, UINT_MAX, "4711");
    struct snapshot *s = end();
    assert_int_equal(get(s, 1, "4711")->kind, HOLDER_JOB);
    assert_near(get(s, 1, "4711")->allocated, 1);
    assert_string_equal(s->accelerators[1].hpc_job, "4711");
    assert_null(s->accelerators[0].hpc_job);
    snapshot_release(s);
    begin(2, 0);
    noted(1, UINT_MAX, "4711");
    noted(1, UINT_MAX, "4712"); /* two: both hold it, and neither's name is on its series */
    s = end();
    assert_non_null(find(s, 1, "4712"));
    assert_null(s->accelerators[1].hpc_job);
    snapshot_release(s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_device_that_was_given_is_held_without_a_process_on_it),
        TEST(numbers_of_slurm_are_those_of_the_nodes),
        TEST(nodes_in_a_container_are_what_it_was_given),
        TEST(what_the_kubelet_gave_is_held_in_every_spelling),
        TEST(a_pod_on_a_device_that_it_was_not_given_is_counted_and_both_facts_stand),
        TEST(a_job_that_a_prolog_noted_holds_its_device),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
