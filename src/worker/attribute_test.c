/* attribute_test.c - who holds a device: by use and by gift, checked, bounded, with its energy. */
#include "worker/fake_room.h"

static void the_most_telling_owner_names_the_holder(void **state)
{
    static const struct {
        enum holder_kind kind;
        const char *name, *user, *container;
    } wanted[] = {
        {HOLDER_JOB, "42", "bob", ""},
        {HOLDER_JOB, "7.pbs", "alice", ""},
        {HOLDER_POD, "ml/llm-0", "", "server"},
        {HOLDER_POD, "some-uid", "", "cafe"},
        {HOLDER_CONTAINER, "0123456789ab", "alice", "0123456789ab"},
        {HOLDER_UNIT, "x.service", "alice", ""},
        {HOLDER_USER, "alice", "alice", ""},
    };

    (void)state;
    begin(1, 7);
    put(owned(1006)->batch_job, "7.pbs");
    struct process_owner *o = owned(1000);
    put(o->slurm_job, "42");
    put(o->job_user, "bob");
    put(o->container_id, "abc");
    o = owned(1001);
    put(o->pod_uid, "uid");
    put(o->pod, "llm-0");
    put(o->namespace, "ml");
    put(o->container, "server");
    o = owned(1002);
    put(o->pod_uid, "some-uid");
    put(o->container_id, "cafe");
    put(owned(1003)->container_id, "0123456789ab");
    put(owned(1004)->unit, "x.service");
    struct snapshot *s = end();
    assert_int_equal(s->holder_len, ARRAY_LEN(wanted));
    for (size_t i = 0; i < ARRAY_LEN(wanted); i++) {
        const struct holder *h = get(s, 0, wanted[i].name);
        assert_int_equal(h->kind, wanted[i].kind);
        assert_string_equal(h->user, wanted[i].user);
        assert_string_equal(h->container, wanted[i].container);
        assert_int_equal(h->processes, 1);
        assert_string_equal(h->device_uuid, "GPU-nvidia-0");
    }
    assert_int_equal(s->attributed[HOLDER_POD], 2);
    assert_int_equal(s->attributed[HOLDER_USER], 1);
    snapshot_release(s);
}

static void a_holder_has_the_sum_of_its_own_processes_and_no_more(void **state)
{
    (void)state;
    begin(2, 3);
    put(owned(1000)->container_id, "aa");
    put(owned(1001)->container_id, "aa");
    put(owned(1002)->container_id, "bb");
    struct snapshot *s = end();
    assert_int_equal(get(s, 0, "aa")->mem_used_bytes, 2 * FAKE_GIB + 1);
    assert_near(get(s, 0, "aa")->sm_ratio, 0.5);
    assert_int_equal(get(s, 0, "bb")->mem_used_bytes, FAKE_GIB + 2);
    assert_near(get(s, 1, "alice")->sm_ratio, 0.75);
    assert_null(find(s, 1, "aa"));
    assert_near(s->accelerators[0].held, 1);
    assert_int_equal(s->accelerators[0].mem_unattributed_bytes, 7 * FAKE_GIB - 3);
    snapshot_release(s);
}

static void memory_of_nobody_is_unknown_where_a_process_does_not_tell_its_own(void **state)
{
    (void)state;
    begin(2, 1);
    room.gpus->accelerator_processes[0].mem_used_bytes = UNKNOWN_COUNT;
    room.gpus->accelerators[1].mig_mode = 1;
    struct snapshot *s = end();
    assert_true(s->accelerators[0].mem_unattributed_bytes == UNKNOWN_COUNT);
    assert_true(s->accelerators[1].mem_unattributed_bytes == UNKNOWN_COUNT);
    assert_true(get(s, 0, "alice")->mem_used_bytes == UNKNOWN_COUNT);
    snapshot_release(s);
}

static void a_process_that_holds_no_device_lends_its_name_to_none(void **state)
{
    (void)state;
    answer = HOLDING_NO;
    for (int turn = 0; turn < 8; turn++) {
        begin(1, 2);
        struct snapshot *s = end();
        assert_null(find(s, 0, "alice"));
        assert_int_equal(get(s, 0, "unknown")->processes, 2);
        assert_string_equal(s->process_rows[0].host.name, "");
        assert_int_equal(s->process_rows[0].use.pid, 1000);
        assert_int_equal(s->attribution_failures[ATTRIBUTION_NOT_HOLDER], turn < 3 ? 0 : 2);
        snapshot_release(s);
    }
    assert_true(looks <= 8); /* again while it is young, then now and then */
}

static void files_that_may_not_be_read_leave_the_process_believed_and_counted(void **state)
{
    (void)state;
    answer = HOLDING_UNKNOWN;
    for (int turn = 0; turn < 3; turn++) {
        begin(1, 2);
        struct snapshot *s = end();
        assert_non_null(find(s, 0, "alice"));
        assert_int_equal(s->attribution_failures[ATTRIBUTION_UNVERIFIED], 2);
        snapshot_release(s);
    }
    assert_int_equal(looks, 2);
}

static void a_number_used_again_is_looked_at_again(void **state)
{
    (void)state;
    begin(1, 1);
    snapshot_release(end());
    assert_int_equal(looks, 1);
    begin(1, 1);
    room.host->processes[0].start_ticks = 77;
    answer = HOLDING_NO;
    struct snapshot *s = end();
    assert_int_equal(looks, 2);
    assert_non_null(find(s, 0, "unknown"));
    snapshot_release(s);
}

static void clients_of_mps_are_believed(void **state)
{
    (void)state;
    answer = HOLDING_NO;
    begin(1, 1);
    room.gpus->accelerator_processes[0].type = 'M';
    struct snapshot *s = end();
    assert_int_equal(looks, 0);
    assert_non_null(find(s, 0, "alice"));
    snapshot_release(s);
}

static void a_process_that_procfs_lacks_is_counted_at_its_second_turn(void **state)
{
    (void)state;
    for (uint64_t turn = 0; turn < 4; turn++) {
        begin(1, 1);
        room.gpus->accelerator_processes[0].pid = 999999;
        struct snapshot *s = end();
        assert_int_equal(s->attribution_failures[ATTRIBUTION_NOT_FOUND], turn > 0);
        assert_non_null(find(s, 0, "unknown"));
        snapshot_release(s);
    }
}

static void idle_time_counts_from_the_last_activity(void **state)
{
    static const struct {
        double sm, device, idle_s;
    } turns[] = {
        {0, 0, 0},
        {0, 0, 5},
        {0.1, 0.1, 0},
        {0, 0.9, 5}, /* somebody else's work */
        {0, 0, 10},
        {(double)NAN, 0.5, 0}, /* only the device tells: it works */
        {(double)NAN, 0, 5},
        {(double)NAN, (double)NAN, (double)NAN}, /* a chip that counts no load: nobody knows */
        {(double)NAN, 0, 5},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(turns); i++) {
        begin(1, 1);
        room.gpus->accelerators[0].utilization_ratio = turns[i].device;
        room.gpus->accelerator_processes[0].sm_ratio = turns[i].sm;
        struct snapshot *s = end();
        const struct holder *h = get(s, 0, "alice");
        if (isnan(turns[i].idle_s))
            assert_true(isnan(h->idle_s));
        else
            assert_near(h->idle_s, turns[i].idle_s);
        /* Alone on the device, it has the device's load where its own is not told. */
        double sm = isnan(turns[i].sm) ? turns[i].device : turns[i].sm;
        assert_true(isnan(sm) ? isnan(h->sm_ratio) : fabs(h->sm_ratio - sm) < 1e-9);
        snapshot_release(s);
    }
}

static double energy_of(const struct snapshot *s, const char *name)
{
    const struct holder *h = find(s, 0, name);
    return h ? h->energy_j_total : (double)NAN;
}

static void energy_is_shared_by_use_and_its_idle_part_evenly(void **state)
{
    (void)state;
    /* Nobody, idle at 100 W: what it draws idle is learned. */
    for (unsigned turn = 0; turn < 2; turn++) {
        begin(1, 0);
        room.gpus->accelerators[0].utilization_ratio = 0;
        room.gpus->accelerators[0].power_w = 100;
        room.gpus->accelerators[0].energy_j_total = 1000 + 500 * turn;
        struct snapshot *s = end();
        assert_near(energy_of(s, "none"), 500 * turn);
        snapshot_release(s);
    }
    /* Two holders, 3 to 1, 2,500 J in 5 s: 250 J each, and of 2,000 J 1,500 and 500. */
    begin(1, 2);
    room.gpus->accelerators[0].energy_j_total = 4000;
    room.gpus->accelerator_processes[0].sm_ratio = 0.6;
    room.gpus->accelerator_processes[1].sm_ratio = 0.2;
    put(owned(1001)->container_id, "aa");
    struct snapshot *s = end();
    assert_near(energy_of(s, "alice"), 1750);
    assert_near(energy_of(s, "aa"), 750);
    assert_near(energy_of(s, "none"), 500);
    snapshot_release(s);
}

static void energy_is_power_times_time_without_a_counter(void **state)
{
    (void)state;
    for (unsigned turn = 0; turn < 3; turn++) {
        begin(1, 1);
        room.gpus->accelerators[0].energy_j_total = UNKNOWN;
        room.gpus->accelerators[0].power_w = 300;
        struct snapshot *s = end();
        assert_near(energy_of(s, "alice"), turn * 1500);
        snapshot_release(s);
    }
}

static void a_counter_that_began_again_adds_nothing(void **state)
{
    static const double counter[] = {1000, 1100, 50, 80};
    static const double wanted[] = {0, 100, 100, 130};

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(counter); i++) {
        begin(1, 1);
        room.gpus->accelerators[0].energy_j_total = counter[i];
        struct snapshot *s = end();
        assert_near(energy_of(s, "alice"), wanted[i]);
        snapshot_release(s);
    }
}

static void a_holder_that_went_keeps_its_energy_in_sight_for_a_minute(void **state)
{
    (void)state;
    begin(1, 1);
    snapshot_release(end());
    for (int turn = 1; turn <= 13; turn++) {
        begin(1, 0);
        struct snapshot *s = end();
        const struct holder *h = find(s, 0, "alice");
        assert_int_equal(h != NULL, turn < 12);
        if (h) {
            assert_true(h->processes == UNKNOWN_COUNT);
            assert_true(isnan(h->idle_s));
        }
        assert_near(s->accelerators[0].held, 0);
        snapshot_release(s);
    }
}

static void a_flood_of_holders_is_summed_as_other(void **state)
{
    (void)state;
    begin(1, 100);
    for (int i = 0; i < 100; i++)
        snprintf(owned(1000 + i)->container_id, 40, "c%d", i);
    struct snapshot *s = end();
    assert_int_equal(s->holder_len, HOLDERS_PER_DEVICE + 1);
    assert_int_equal(get(s, 0, "other")->processes, 100 - HOLDERS_PER_DEVICE);
    snapshot_release(s);
}

static void holders_that_come_and_go_for_ever_take_no_more_room(void **state)
{
    double energy = 0;

    (void)state;
    for (int turn = 0; turn < 300; turn++) {
        begin(1, 20);
        for (int i = 0; i < 20; i++)
            snprintf(owned(1000 + i)->container_id, 40, "c%d", turn * 20 + i);
        room.gpus->accelerators[0].energy_j_total = 100.0 * turn;
        struct snapshot *s = end();
        assert_true(s->holder_len <= HOLDERS_PER_DEVICE + 2);
        assert_true(room.attribution.ledger.accounts.cap <= 512);
        energy = 0;
        for (size_t i = 0; i < s->holder_len; i++)
            energy += s->holders[i].energy_j_total;
        snapshot_release(s);
    }
    assert_true(energy > 0 &&
                energy <= 29900); /* what went with its holders is not counted twice */
}

static void rows_beyond_the_limit_are_summed_by_device(void **state)
{
    (void)state;
    room.machine.process_series_limit = 3;
    begin(2, 4);
    room.gpus->accelerator_processes[0].mem_used_bytes = 9 * FAKE_GIB;
    struct snapshot *s = end();
    /* By memory: 1000, then those with the most of the others. */
    assert_int_equal(s->process_row_len, 5);
    assert_int_equal(s->process_rows[0].use.pid, 1000);
    assert_int_equal(s->process_rows[1].use.pid, 1003);
    assert_int_equal(s->process_rows[2].use.pid, 1103);
    uint64_t sum = 0;
    for (size_t i = 0; i < s->process_row_len; i++) {
        assert_int_equal(s->process_rows[i].other, i >= 3);
        sum += s->process_rows[i].use.mem_used_bytes;
    }
    assert_int_equal(sum, 16 * FAKE_GIB + 12); /* nothing is lost */
    assert_int_equal(s->device_process_len, 8);
    snapshot_release(s);
}

static void a_lost_device_is_held_by_nobody_we_know(void **state)
{
    (void)state;
    begin(2, 1);
    room.gpus->accelerators[1].state = ACCELERATOR_LOST;
    struct snapshot *s = end();
    assert_true(isnan(s->accelerators[1].held));
    assert_non_null(find(s, 0, "alice"));
    assert_null(find(s, 1, "alice"));
    snapshot_release(s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(the_most_telling_owner_names_the_holder),
        TEST(a_holder_has_the_sum_of_its_own_processes_and_no_more),
        TEST(memory_of_nobody_is_unknown_where_a_process_does_not_tell_its_own),
        TEST(a_process_that_holds_no_device_lends_its_name_to_none),
        TEST(files_that_may_not_be_read_leave_the_process_believed_and_counted),
        TEST(a_number_used_again_is_looked_at_again),
        TEST(clients_of_mps_are_believed),
        TEST(a_process_that_procfs_lacks_is_counted_at_its_second_turn),
        TEST(idle_time_counts_from_the_last_activity),
        TEST(energy_is_shared_by_use_and_its_idle_part_evenly),
        TEST(energy_is_power_times_time_without_a_counter),
        TEST(a_counter_that_began_again_adds_nothing),
        TEST(a_holder_that_went_keeps_its_energy_in_sight_for_a_minute),
        TEST(a_flood_of_holders_is_summed_as_other),
        TEST(holders_that_come_and_go_for_ever_take_no_more_room),
        TEST(rows_beyond_the_limit_are_summed_by_device),
        TEST(a_lost_device_is_held_by_nobody_we_know),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
