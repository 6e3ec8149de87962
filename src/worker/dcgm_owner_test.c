/* dcgm_owner_test.c - pods on dcgm-exporter's series: alone, or each with its own share. */
#include "worker/dcgm_owner.h"

#include "worker/fake_room.h"

static void in_pod(int pid, const char *pod)
{
    struct process_owner *o = owned(pid);

    put(o->pod_uid, pod);
    put(o->pod, pod);
    put(o->namespace, "ml");
    put(o->container, "server");
}

static void a_pod_that_has_a_device_alone_is_on_its_series(void **state)
{
    (void)state;
    begin(2, 1);
    in_pod(1000, "llm-0");
    struct snapshot *s = end();
    assert_string_equal(s->accelerators[0].pod->pod, "llm-0");
    assert_null(s->accelerators[1].pod); /* a user's */
    assert_int_equal(s->dcgm_share_len, 2);
    assert_string_equal(s->dcgm_shares[0].pod->container, "server");
    assert_near(s->dcgm_shares[0].utilization_ratio, 0.1234); /* the device's */
    assert_int_equal(s->dcgm_shares[0].mem_used_bytes, 10 * FAKE_GIB);
    assert_null(s->dcgm_shares[1].pod);
    snapshot_release(s);
}

static void pods_that_share_a_device_have_their_own_and_the_sum_is_the_devices(void **state)
{
    uint64_t bytes = 0;
    double ratio = 0;

    (void)state;
    begin(1, 3);
    room.gpus->accelerators[0].utilization_ratio = 0.9;
    for (size_t i = 0; i < 3; i++) {
        room.gpus->accelerator_processes[i].sm_ratio = 0.2;
        room.gpus->accelerator_processes[i].mem_used_bytes = 2 * FAKE_GIB;
    }
    in_pod(1000, "a");
    in_pod(1001, "b");
    struct snapshot *s = end(); /* the third is no pod's */
    assert_null(s->accelerators[0].pod);
    assert_int_equal(s->dcgm_share_len, 3);
    for (size_t i = 0; i < 3; i++) {
        bytes += s->dcgm_shares[i].mem_used_bytes;
        ratio += s->dcgm_shares[i].utilization_ratio;
        assert_int_equal(s->dcgm_shares[i].pod != NULL, i < 2);
    }
    assert_int_equal(s->dcgm_shares[1].mem_used_bytes, 2 * FAKE_GIB);
    assert_near(s->dcgm_shares[1].utilization_ratio, 0.2);
    assert_int_equal(bytes, 10 * FAKE_GIB);
    assert_near(ratio, 0.9);
    snapshot_release(s);
}

static void what_is_not_told_by_process_stays_with_the_device(void **state)
{
    (void)state;
    begin(1, 2);
    for (size_t i = 0; i < 2; i++)
        room.gpus->accelerator_processes[i].sm_ratio = UNKNOWN;
    in_pod(1000, "a");
    in_pod(1001, "b");
    struct snapshot *s = end();
    assert_true(isnan(s->dcgm_shares[0].utilization_ratio));
    assert_near(s->dcgm_shares[2].utilization_ratio, 0.1234);
    snapshot_release(s);
}

static void an_instance_carries_the_pod_that_the_kubelet_gave_it(void **state)
{
    static const char *const ids[] = {"MIG-one", "nvidia0/gi2"};

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(ids); i++) {
        tear_down(NULL);
        set_up(NULL);
        begin(1, 0);
        room.gpus->accelerators[0].minor = 0;
        room.gpus->instances = arena_calloc(room.gpus->arena, 2, sizeof(*room.gpus->instances));
        assert_non_null(room.gpus->instances);
        room.gpus->instance_len = 2;
        for (unsigned j = 0; j < 2; j++) {
            room.gpus->instances[j].gpu_instance = 2 + j;
            put(room.gpus->instances[j].uuid, j ? "MIG-two" : "MIG-one");
        }
        struct allocation *g = arena_calloc(room.host->arena, 1, sizeof(*g));
        assert_non_null(g);
        put(g->namespace, "ml");
        put(g->pod, "llm-0");
        put(g->container, "server");
        put(g->device, ids[i]);
        room.host->allocations = g;
        room.host->allocation_len = 1;
        room.host->allocations_known = true;
        struct snapshot *s = end();
        assert_int_equal(s->row_len, 2);
        assert_string_equal(s->rows[0].pod->pod, "llm-0");
        assert_null(s->rows[1].pod);
        assert_int_equal(s->dcgm_share_len, 2);
        assert_non_null(find(s, 0, "ml/llm-0")); /* the device is held */
        snapshot_release(s);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_pod_that_has_a_device_alone_is_on_its_series),
        TEST(pods_that_share_a_device_have_their_own_and_the_sum_is_the_devices),
        TEST(what_is_not_told_by_process_stays_with_the_device),
        TEST(an_instance_carries_the_pod_that_the_kubelet_gave_it),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
