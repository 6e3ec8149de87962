/* attribute_test.c - who holds a device: by use and by gift, checked, bounded, with its energy. */
#include "worker/attribute.h"

#include "worker/fake_view.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

#define TURN_NS (5 * (uint64_t)NS_PER_S)

static struct {
    struct recycler *readings, *snapshots;
    struct inventory inventory;
    struct machine machine;
    struct attribution attribution;
    uint64_t mono_ns;
    struct collector_view views[2];
    struct reading *gpus, *host;
} room;

static enum holding answer; /* of the open files of every process */
static unsigned looks;

static enum holding holds(const struct host_paths *paths, int pid)
{
    (void)paths;
    (void)pid;
    looks++;
    return answer;
}

static int set_up(void **state)
{
    (void)state;
    memset(&room, 0, sizeof(room));
    room.readings = fake_recycler();
    room.snapshots = snapshot_recycler();
    room.machine = fake_machine();
    room.attribution.holds = holds;
    room.mono_ns = 1000 * (uint64_t)NS_PER_S;
    answer = HOLDING_YES;
    looks = 0;
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    inventory_fini(&room.inventory);
    attribution_fini(&room.attribution);
    recycler_close(room.readings);
    recycler_close(room.snapshots);
    return 0;
}

/* Begins a turn on a machine with `gpus` boards of `per_gpu` processes each, which the host has. */
static void begin(unsigned gpus, unsigned per_gpu)
{
    room.views[0] = fake_view(room.readings, "nvidia");
    room.views[1] = fake_view(room.readings, "process");
    room.gpus = &room.views[0].held->reading;
    room.host = &room.views[1].held->reading;
    fake_accelerators(room.gpus, "nvidia", gpus, per_gpu);
    fake_processes(room.host, 100 * gpus, 1000, 1);
    room.mono_ns += TURN_NS;
}

static struct snapshot *end(void)
{
    struct snapshot *s = snapshot_take(room.snapshots, &room.machine);

    assert_int_equal(merge(s, &room.inventory, room.views, 2), 0);
    assert_int_equal(attribute(&room.attribution, s, room.mono_ns), 0);
    return s;
}

static struct process_owner *owned(int pid)
{
    struct process_owner *o = arena_calloc(room.host->arena, 1, sizeof(*o));

    assert_non_null(o);
    for (size_t i = 0; i < room.host->process_len; i++)
        if (room.host->processes[i].pid == pid)
            room.host->processes[i].owner = o;
    return o;
}

static void put(char *to, const char *text)
{
    memcpy(to, text, strlen(text) + 1);
}

static const struct holder *find(const struct snapshot *s, unsigned number, const char *name)
{
    for (size_t i = 0; i < s->holder_len; i++)
        if (s->holders[i].number == number && !strcmp(s->holders[i].name, name))
            return &s->holders[i];
    return NULL;
}

static const struct holder *get(const struct snapshot *s, unsigned number, const char *name)
{
    static const struct holder none;
    const struct holder *h = find(s, number, name);

    if (!h)
        fail_msg("no holder %s", name);
    return h ? h : &none;
}

static void assert_near(double got, double wanted)
{
    if (!(fabs(got - wanted) < 1e-6))
        fail_msg("got %g, wanted %g", got, wanted);
}

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

static void idle_time_counts_from_the_last_activity(void **state)
{
    static const struct {
        double sm, device, idle_s;
    } turns[] = {
        {0, 0, 0},           {0, 0, 5},
        {0.1, 0.1, 0},       {0, 0.9, 5},           /* somebody else's work */
        {0, 0, 10},          {(double)NAN, 0.5, 0}, /* only the device tells: it works */
        {(double)NAN, 0, 5},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(turns); i++) {
        begin(1, 1);
        room.gpus->accelerators[0].utilization_ratio = turns[i].device;
        room.gpus->accelerator_processes[0].sm_ratio = turns[i].sm;
        struct snapshot *s = end();
        assert_near(get(s, 0, "alice")->idle_s, turns[i].idle_s);
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

/* ---- life lines ---- */

/* What was logged while `room` ran, as one text; the log is closed. */
static char *logged(struct process_log *log, const char *path, const char *hostname)
{
    struct buf found;

    lifeline_fini(&room.attribution.life, hostname);
    process_log_close(log);
    room.attribution.life.log = NULL;
    buf_init(&found, 0);
    assert_int_equal(file_read(path, 1 << 20, &found, NULL), 0);
    buf_char(&found, '\0');
    unlink(path);
    return found.ptr;
}

static struct process_log *begin_log(char path[64])
{
    struct process_log *log;

    snprintf(path, 64, "/tmp/algalon-test-XXXXXX");
    int fd = mkstemp(path);
    assert_true(fd >= 0);
    close(fd);
    assert_int_equal(process_log_open(path, 1 << 20, &log, NULL), 0);
    room.attribution.life.log = log;
    return log;
}

static size_t lines_of(const char *text)
{
    size_t n = 0;

    for (; *text; text++)
        n += *text == '\n';
    return n;
}

static void a_process_leaves_a_line_when_it_ends(void **state)
{
    char path[64], *text;
    struct process_log *log = begin_log(path);

    (void)state;
    for (int turn = 0; turn < 6; turn++) {
        begin(1, turn < 3 ? 1 : 0);
        if (turn < 3) {
            put(owned(1000)->slurm_job, "42");
            room.gpus->accelerator_processes[0].sm_ratio = 0.5;
            room.gpus->accelerator_processes[0].mem_used_bytes =
                turn == 1 ? 9 * FAKE_GIB : FAKE_GIB;
        }
        room.gpus->accelerators[0].energy_j_total = 1000 * turn;
        snapshot_release(end());
    }
    text = logged(log, path, "node1");
    assert_int_equal(lines_of(text), 1);
    static const char *const parts[] = {
        "{\"event\":\"process_ended\",\"hostname\":\"node1\",\"pid\":1000,",
        "\"user\":\"alice\",\"holder_kind\":\"job\",\"holder\":\"42\",\"slurm_job\":\"42\",",
        "\"started\":\"",
        "\"seen_from\":\"",
        "\"seen_until\":\"",
        "\"devices\":[{\"gpu_index\":0,\"uuid\":\"GPU-nvidia-0\",\"memory_peak_bytes\":9663676416,"
        "\"held_seconds\":10,\"busy_seconds\":5,\"energy_joules\":2000}]}\n"};
    for (size_t i = 0; i < ARRAY_LEN(parts); i++)
        if (!strstr(text, parts[i]))
            fail_msg("%s lacks %s", text, parts[i]);
    free(text);
}

static void a_number_used_again_is_two_lives(void **state)
{
    char path[64], *text;
    struct process_log *log = begin_log(path);

    (void)state;
    for (unsigned turn = 0; turn < 4; turn++) {
        begin(1, 1);
        room.host->processes[0].start_ticks = turn < 2 ? 5 : 9;
        snapshot_release(end());
    }
    text = logged(log, path, "node1");
    assert_int_equal(lines_of(text), 2);
    assert_non_null(strstr(text, "\"process_ended\""));
    assert_non_null(strstr(text, "\"process_left\"")); /* the worker stops, it goes on */
    free(text);
}

static void a_process_on_two_devices_has_one_life(void **state)
{
    char path[64], *text;
    struct process_log *log = begin_log(path);

    (void)state;
    begin(2, 1);
    room.gpus->accelerator_processes[1].pid = room.gpus->accelerator_processes[0].pid;
    snapshot_release(end());
    text = logged(log, path, "node1");
    assert_int_equal(lines_of(text), 1);
    assert_non_null(strstr(text, "\"gpu_index\":0"));
    assert_non_null(strstr(text, "\"gpu_index\":1"));
    free(text);
}

static void a_device_that_is_silent_ends_nobody(void **state)
{
    char path[64], *text;
    struct process_log *log = begin_log(path);

    (void)state;
    for (int turn = 0; turn < 6; turn++) {
        begin(1, turn < 1 || turn > 4 ? 1 : 0);
        if (turn >= 1 && turn <= 4)
            room.gpus->accelerators[0].state = ACCELERATOR_LOST;
        snapshot_release(end());
    }
    text = logged(log, path, "node1");
    assert_int_equal(lines_of(text), 1);
    assert_non_null(strstr(text, "\"process_left\""));
    free(text);
}

static void gpu_seconds_of_a_holder_count_holding_and_work(void **state)
{
    struct snapshot *s = NULL;

    (void)state;
    for (int turn = 0; turn < 4; turn++) {
        if (s)
            snapshot_release(s);
        begin(2, 1);
        room.gpus->accelerator_processes[0].sm_ratio = 0.25;
        room.gpus->accelerator_processes[1].sm_ratio = UNKNOWN;
        struct process_owner *o = owned(1007);
        put(o->container_id, "cc");
        put(o->devices, "1");
        s = end();
    }
    assert_near(get(s, 0, "alice")->held_s_total, 15);
    assert_near(get(s, 0, "alice")->busy_s_total, 3.75);
    assert_true(isnan(get(s, 1, "alice")->busy_s_total));
    assert_near(get(s, 1, "cc")->held_s_total, 15); /* given, and not used */
    snapshot_release(s);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(a_process_leaves_a_line_when_it_ends),
        TEST(a_number_used_again_is_two_lives),
        TEST(a_process_on_two_devices_has_one_life),
        TEST(a_device_that_is_silent_ends_nobody),
        TEST(gpu_seconds_of_a_holder_count_holding_and_work),
        TEST(the_most_telling_owner_names_the_holder),
        TEST(a_holder_has_the_sum_of_its_own_processes_and_no_more),
        TEST(memory_of_nobody_is_unknown_where_a_process_does_not_tell_its_own),
        TEST(a_process_that_holds_no_device_lends_its_name_to_none),
        TEST(files_that_may_not_be_read_leave_the_process_believed_and_counted),
        TEST(a_number_used_again_is_looked_at_again),
        TEST(clients_of_mps_are_believed),
        TEST(a_process_that_procfs_lacks_is_counted_at_its_second_turn),
        TEST(a_device_that_was_given_is_held_without_a_process_on_it),
        TEST(numbers_of_slurm_are_those_of_the_nodes),
        TEST(nodes_in_a_container_are_what_it_was_given),
        TEST(what_the_kubelet_gave_is_held_in_every_spelling),
        TEST(a_pod_on_a_device_that_it_was_not_given_is_counted_and_both_facts_stand),
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
