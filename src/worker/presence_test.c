/* presence_test.c - GPUs that are here, were here, or belong to somebody else. */
#include "worker/presence.h"

#include <limits.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

#define DAY_S INT64_C(86400)

static struct {
    struct recycler *home;
    struct machine machine;
    struct presence presence;
    struct snapshot *s;
    struct gpu_slot slots[8];
    struct collector_view collector;
    int64_t now_s;
    char file[64];
} room;

static int set_up(void **state)
{
    (void)state;
    memset(&room, 0, sizeof(room));
    room.home = snapshot_recycler();
    room.now_s = 1790000000;
    snprintf(room.file, sizeof(room.file), "/tmp/algalon-presence-%d", (int)getpid());
    unlink(room.file);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    presence_fini(&room.presence);
    snapshot_release(room.s);
    recycler_close(room.home);
    unlink(room.file);
    return 0;
}

/* A new turn, a minute later: nothing is on the bus yet, and the driver has been asked. */
static void turn(void)
{
    snapshot_release(room.s);
    room.s = snapshot_take(room.home, &room.machine);
    assert_non_null(room.s);
    room.now_s += 60;
    room.s->ts_ms = room.now_s * 1000;
    room.s->slots = room.slots;
    room.s->slots_read = true;
    room.s->accelerators = arena_calloc(&room.s->arena, 8, sizeof(*room.s->accelerators));
    assert_non_null(room.s->accelerators);
    room.collector = (struct collector_view){.name = "nvidia", .seen = true, .readings = 1};
    room.s->collectors = &room.collector;
    room.s->collector_len = 1;
}

static struct gpu_slot *slot(const char *bus_id, const char *driver)
{
    struct gpu_slot *to = &room.slots[room.s->slot_len++];

    *to = (struct gpu_slot){.platform = "nvidia", .given = true};
    str_copy(to->bus_id, sizeof(to->bus_id), str_of(bus_id));
    str_copy(to->driver, sizeof(to->driver), str_of(driver));
    to->ours = strcmp(driver, "nvidia") == 0;
    return to;
}

static struct accelerator *gpu(const char *bus_id, const char *uuid, unsigned number)
{
    struct merged_accelerator *to = &room.s->accelerators[room.s->accelerator_len++];

    accelerator_init(&to->device, "nvidia", number);
    to->number = number;
    str_copy(to->device.pci_bus_id, sizeof(to->device.pci_bus_id), str_of(bus_id));
    str_copy(to->device.uuid, sizeof(to->device.uuid), str_of(uuid));
    str_copy(to->device.name, sizeof(to->device.name), STR("H100"));
    return &to->device;
}

/* A slot with a GPU that the driver lists. */
static void both(const char *bus_id, const char *uuid, unsigned number)
{
    slot(bus_id, "nvidia");
    gpu(bus_id, uuid, number);
}

static void update(void)
{
    assert_int_equal(presence_update(&room.presence, room.s), 0);
}

static const struct gpu_presence *at(const char *bus_id)
{
    static const struct gpu_presence none = {.state = PRESENCE_STATES};
    const struct gpu_presence *found = &none;
    size_t count = 0;

    for (size_t i = 0; i < room.s->presence_len; i++)
        if (strcmp(room.s->presences[i].bus_id, bus_id) == 0) {
            found = &room.s->presences[i];
            count++;
        }
    assert_true(count < 2);
    return found;
}

static void each_state_has_its_cause(void **state)
{
    (void)state;
    turn();
    both("0000:01:00.0", "GPU-1", 0);
    slot("0000:02:00.0", "nvidia");
    gpu("0000:02:00.0", "GPU-2", 1)->state = ACCELERATOR_SLEEPING;
    slot("0000:03:00.0", "nvidia");
    gpu("0000:03:00.0", "", 2)->state = ACCELERATOR_FORBIDDEN;
    slot("0000:04:00.0", "nvidia");
    slot("0000:05:00.0", "vfio-pci");
    slot("0000:06:00.0", "nouveau");
    slot("0000:07:00.0", "xe");
    slot("0000:08:00.0", "");
    update();
    assert_int_equal(room.s->presence_len, 8);
    assert_int_equal(at("0000:01:00.0")->state, PRESENCE_PRESENT);
    assert_int_equal(at("0000:01:00.0")->number, 0);
    assert_string_equal(at("0000:01:00.0")->driver, "nvidia");
    assert_int_equal(at("0000:02:00.0")->state, PRESENCE_ASLEEP);
    assert_int_equal(at("0000:03:00.0")->state, PRESENCE_FORBIDDEN);
    assert_int_equal(at("0000:04:00.0")->state, PRESENCE_MISSING);
    assert_int_equal(at("0000:04:00.0")->number, UINT_MAX);
    assert_int_equal(at("0000:05:00.0")->state, PRESENCE_VFIO);
    assert_int_equal(at("0000:06:00.0")->state, PRESENCE_NOUVEAU);
    assert_int_equal(at("0000:07:00.0")->state, PRESENCE_OTHER_DRIVER);
    assert_int_equal(at("0000:08:00.0")->state, PRESENCE_NO_DRIVER);
    for (size_t i = 1; i < room.s->presence_len; i++)
        assert_true(strcmp(room.s->presences[i - 1].bus_id, room.s->presences[i].bus_id) < 0);
}

static void a_released_gpu_is_not_missing_and_may_go_to_another_driver(void **state)
{
    (void)state;
    turn();
    slot("0000:01:00.0", "nvidia");
    gpu("0000:01:00.0", "GPU-1", 0)->state = ACCELERATOR_RELEASED;
    slot("0000:02:00.0", "vfio-pci")->ours = false;
    gpu("0000:02:00.0", "GPU-2", 1)->state = ACCELERATOR_RELEASED;
    slot("0000:03:00.0", "")->ours = false; /* the module is out */
    gpu("0000:03:00.0", "GPU-3", 2)->state = ACCELERATOR_RELEASED;
    update();
    assert_int_equal(room.s->presence_len, 3);
    assert_int_equal(at("0000:01:00.0")->state, PRESENCE_RELEASED);
    assert_int_equal(at("0000:02:00.0")->state, PRESENCE_VFIO);
    assert_int_equal(at("0000:03:00.0")->state, PRESENCE_RELEASED);
}

static void a_container_is_not_told_that_others_are_missing(void **state)
{
    (void)state;
    turn();
    both("0000:01:00.0", "GPU-1", 0);
    slot("0000:02:00.0", "nvidia")->given = false;
    update();
    assert_int_equal(at("0000:02:00.0")->state, PRESENCE_NOT_GIVEN);
}

static void nothing_is_missing_before_the_driver_was_asked(void **state)
{
    (void)state;
    turn();
    slot("0000:01:00.0", "nvidia");
    slot("0000:02:00.0", "vfio-pci");
    room.collector.readings = 0;
    update();
    assert_int_equal(room.s->presence_len, 1);
    turn();
    slot("0000:01:00.0", "nvidia");
    room.collector.readings = 0;
    room.collector.errors = 1; /* the library cannot be loaded */
    update();
    assert_int_equal(at("0000:01:00.0")->state, PRESENCE_MISSING);
}

static void one_that_left_the_bus_stays_with_its_identity(void **state)
{
    (void)state;
    turn();
    both("0000:01:00.0", "GPU-1", 0);
    both("0000:02:00.0", "GPU-2", 1);
    update();
    turn(); /* the driver still lists it, as lost; the bus has dropped it */
    both("0000:01:00.0", "GPU-1", 0);
    gpu("0000:02:00.0", "GPU-2", 1)->state = ACCELERATOR_LOST;
    update();
    assert_int_equal(at("0000:02:00.0")->state, PRESENCE_OFF_BUS);
    assert_int_equal(at("0000:02:00.0")->number, 1);
    turn(); /* and now nobody speaks of it */
    both("0000:01:00.0", "GPU-1", 0);
    update();
    assert_int_equal(room.s->presence_len, 2);
    assert_int_equal(at("0000:02:00.0")->state, PRESENCE_OFF_BUS);
    assert_string_equal(at("0000:02:00.0")->uuid, "GPU-2");
    assert_string_equal(at("0000:02:00.0")->name, "H100");
    assert_int_equal(at("0000:02:00.0")->number, UINT_MAX);
}

static void lost_on_the_bus_is_missing_and_silent_there_is_off_it(void **state)
{
    (void)state;
    turn();
    slot("0000:01:00.0", "nvidia");
    gpu("0000:01:00.0", "GPU-1", 0)->state = ACCELERATOR_LOST;
    update();
    assert_int_equal(at("0000:01:00.0")->state, PRESENCE_MISSING);
    turn();
    slot("0000:01:00.0", "nvidia")->silent = true;
    gpu("0000:01:00.0", "GPU-1", 0)->state = ACCELERATOR_LOST;
    slot("0000:02:00.0", "nvidia")->silent = true;
    update();
    assert_int_equal(at("0000:01:00.0")->state, PRESENCE_OFF_BUS);
    assert_int_equal(at("0000:02:00.0")->state, PRESENCE_OFF_BUS);
}

static void one_that_never_stood_on_the_bus_cannot_fall_off_it(void **state)
{
    (void)state;
    turn();
    gpu("0000:01:00.0", "GPU-1", 0);
    update();
    assert_int_equal(at("0000:01:00.0")->state, PRESENCE_PRESENT);
    turn();
    gpu("0000:01:00.0", "GPU-1", 0)->state = ACCELERATOR_LOST;
    update();
    assert_int_equal(at("0000:01:00.0")->state, PRESENCE_MISSING);
    turn();
    update();
    assert_int_equal(room.s->presence_len, 0);
}

static void another_number_is_counted_and_another_board_too(void **state)
{
    (void)state;
    turn();
    both("0000:01:00.0", "GPU-1", 0);
    both("0000:02:00.0", "GPU-2", 1);
    update();
    assert_int_equal(room.s->index_changes, 0);
    turn(); /* the first is gone, the second moves up */
    both("0000:02:00.0", "GPU-2", 0);
    update();
    assert_int_equal(room.s->index_changes, 1);
    assert_int_equal(room.s->replacements, 0);
    assert_int_equal(at("0000:01:00.0")->state, PRESENCE_OFF_BUS);
    turn(); /* a new board comes into its slot */
    both("0000:01:00.0", "GPU-3", 0);
    both("0000:02:00.0", "GPU-2", 1);
    update();
    assert_int_equal(room.s->index_changes, 2);
    assert_int_equal(room.s->replacements, 1);
    assert_int_equal(room.s->presence_len, 2);
    assert_int_equal(at("0000:01:00.0")->state, PRESENCE_PRESENT);
}

static void two_boards_that_change_places_replace_nobody(void **state)
{
    (void)state;
    turn();
    both("0000:01:00.0", "GPU-1", 0);
    both("0000:02:00.0", "GPU-2", 1);
    update();
    turn();
    both("0000:01:00.0", "GPU-2", 0);
    both("0000:02:00.0", "GPU-1", 1);
    update();
    assert_int_equal(room.s->replacements, 0);
    assert_int_equal(room.s->index_changes, 2);
    assert_int_equal(room.presence.len, 2);
    assert_string_equal(at("0000:01:00.0")->uuid, "GPU-2");
}

static void a_file_carries_it_over_a_restart(void **state)
{
    (void)state;
    presence_init(&room.presence, room.file); /* none yet: no complaint */
    turn();
    both("0000:01:00.0", "GPU-1", 0);
    both("0000:02:00.0", "GPU-2", 1);
    update();
    presence_fini(&room.presence);

    presence_init(&room.presence, room.file);
    assert_int_equal(room.presence.len, 2);
    turn();
    both("0000:02:00.0", "GPU-2", 0);
    update();
    assert_int_equal(at("0000:01:00.0")->state, PRESENCE_OFF_BUS);
    assert_string_equal(at("0000:01:00.0")->uuid, "GPU-1");
    assert_int_equal(room.s->index_changes, 1);
    presence_fini(&room.presence);

    presence_init(&room.presence, room.file);
    assert_int_equal(room.presence.index_changes, 1);
    room.now_s += 30 * DAY_S; /* switched off: that does not count */
    turn();
    both("0000:02:00.0", "GPU-2", 0);
    update();
    assert_int_equal(at("0000:01:00.0")->state, PRESENCE_OFF_BUS);
    room.now_s += 8 * DAY_S;
    turn();
    both("0000:02:00.0", "GPU-2", 0);
    update();
    assert_int_equal(room.s->presence_len, 1); /* forgotten */
    assert_int_equal(room.presence.len, 1);
}

static void a_file_that_cannot_be_written_stops_nothing(void **state)
{
    (void)state;
    presence_init(&room.presence, "/proc/algalon/gpus.tsv");
    for (unsigned i = 0; i < 2; i++) {
        turn();
        both("0000:01:00.0", "GPU-1", 0);
        update();
        assert_int_equal(room.s->presence_len, 1);
    }
    assert_true(room.presence.write_failed);
    assert_true(room.presence.changed); /* it is tried again */
}

static void a_damaged_file_is_refused_with_its_line(void **state)
{
    static const struct {
        const char *text, *wanted;
    } cases[] = {
        {"", "line 1"},
        {"# algalon gpus 2\t0\t0\n", "line 1"},
        {"# algalon gpus 1\t0\n", "line 1"},
        {"# algalon gpus 1\tx\t0\n", "line 1"},
        {"# algalon gpus 1\t0\t0\nrubbish\n", "line 2"},
        {"# algalon gpus 1\t0\t0\n0000:01:00.0\tGPU-1\t\t0\t5\tH100\n\tGPU-2\t\t0\t5\tH100\n",
         "line 3"},
        {"# algalon gpus 1\t0\t0\n0000:01:00.0\tGPU-1\t\t-1\t5\tH100\n", "line 2"},
        {"# algalon gpus 1\t0\t0\n0000:01:00.0\tGPU-1\t\t0\t-5\tH100\n", "line 2"},
        {"# algalon gpus 1\t0\t0\n0000:01:00.0\tGPU-1\t\t0\t5\tH100\tmore\n", "line 2"},
        {"# algalon gpus 1\t0\t0\n0000:01:00.0\tGPU-\x01\t\t0\t5\tH100\n", "line 2"},
        {"# algalon gpus 1\t0\t0\n0000:01:00.0:and:much:longer\tGPU-1\t\t0\t5\tH100\n", "line 2"},
    };
    struct error err;

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        assert_int_equal(presence_parse(str_of(cases[i].text), &room.presence, &err), -EINVAL);
        assert_int_equal(room.presence.len, 0);
        assert_non_null(strstr(err.text, cases[i].wanted));
    }
}

static void without_a_look_at_the_bus_nothing_is_concluded(void **state)
{
    (void)state;
    turn();
    both("0000:01:00.0", "GPU-1", 0);
    update();
    turn();
    room.s->slots_read = false;
    update();
    assert_int_equal(room.s->presence_len, 0);
    assert_int_equal(room.s->index_changes, UNKNOWN_COUNT);
}

static void every_state_that_is_not_well_has_a_meaning(void **state)
{
    (void)state;
    for (unsigned i = 0; i < PRESENCE_STATES; i++)
        assert_int_equal(*presence_meaning((enum presence_state)i) != '\0',
                         i != PRESENCE_PRESENT && i != PRESENCE_ASLEEP && i != PRESENCE_RELEASED);
    assert_non_null(strstr(presence_advice(PRESENCE_OFF_BUS), "--gpu-inventory"));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(each_state_has_its_cause),
        TEST(a_released_gpu_is_not_missing_and_may_go_to_another_driver),
        TEST(a_container_is_not_told_that_others_are_missing),
        TEST(nothing_is_missing_before_the_driver_was_asked),
        TEST(one_that_left_the_bus_stays_with_its_identity),
        TEST(lost_on_the_bus_is_missing_and_silent_there_is_off_it),
        TEST(one_that_never_stood_on_the_bus_cannot_fall_off_it),
        TEST(another_number_is_counted_and_another_board_too),
        TEST(two_boards_that_change_places_replace_nobody),
        TEST(a_file_carries_it_over_a_restart),
        TEST(a_file_that_cannot_be_written_stops_nothing),
        TEST(a_damaged_file_is_refused_with_its_line),
        TEST(without_a_look_at_the_bus_nothing_is_concluded),
        TEST(every_state_that_is_not_well_has_a_meaning),
    };

    log_setup(LOG_ERROR, LOG_LOGFMT);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
