/* energy_test.c - power and energy by where they go. */
#include "worker/energy.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

static struct {
    struct energy energy;
    struct snapshot s;
    struct merged_accelerator gpus[2];
    struct cpu cpu;
    struct chassis chassis;
    struct board board;
    uint64_t mono_ns;
} room;

static int set_up(void **state)
{
    (void)state;
    memset(&room, 0, sizeof(room));
    room.mono_ns = 1000 * (uint64_t)NS_PER_S;
    room.s.accelerators = room.gpus;
    room.s.accelerator_len = ARRAY_LEN(room.gpus);
    room.s.cpu = &room.cpu;
    room.s.chassis = &room.chassis;
    for (unsigned i = 0; i < ARRAY_LEN(room.gpus); i++) {
        accelerator_init(&room.gpus[i].device, "nvidia", i);
        room.gpus[i].number = i;
        room.gpus[i].device.power_w = 300;
    }
    room.cpu.power_w = 150;
    room.chassis.power_w = 1000;
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    energy_fini(&room.energy);
    return 0;
}

static void turn(double seconds)
{
    room.mono_ns += (uint64_t)(seconds * NS_PER_S);
    assert_int_equal(energy_update(&room.energy, &room.s, room.mono_ns), 0);
}

static void is(const double *values, enum power_part part, double wanted)
{
    if (isnan(wanted) ? !isnan(values[part]) : !(fabs(values[part] - wanted) < 1e-6))
        fail_msg("%s is %g, not %g", power_part_names[part], values[part], wanted);
}

static void parts_add_up_to_the_machine(void **state)
{
    (void)state;
    turn(5);
    is(room.s.part_power_w, POWER_GPU, 600);
    is(room.s.part_power_w, POWER_CPU, 150);
    is(room.s.part_power_w, POWER_NODE, 1000);
    is(room.s.part_power_w, POWER_UNACCOUNTED, 250);
    is(room.s.part_energy_j, POWER_GPU, 0);
    turn(10);
    is(room.s.part_energy_j, POWER_GPU, 6000);
    is(room.s.part_energy_j, POWER_CPU, 1500);
    is(room.s.part_energy_j, POWER_NODE, 10000);
    is(room.s.part_energy_j, POWER_UNACCOUNTED, UNKNOWN); /* no counter: it might go down */
}

static void the_hardwares_counter_goes_before_power(void **state)
{
    (void)state;
    room.gpus[0].device.energy_j_total = 5000;
    turn(5);
    room.gpus[0].device.energy_j_total = 6234;
    turn(5);
    is(room.s.part_energy_j, POWER_GPU, 1234 + 1500);
    room.gpus[0].device.energy_j_total = 10; /* begins again: power stands in for once */
    turn(5);
    is(room.s.part_energy_j, POWER_GPU, 1234 + 1500 + 1500 + 1500);
    room.gpus[0].device.energy_j_total = 110;
    turn(5);
    is(room.s.part_energy_j, POWER_GPU, 1234 + 3 * 1500 + 100 + 1500);
}

static void a_gpu_that_does_not_tell_is_not_put_on_others(void **state)
{
    (void)state;
    room.gpus[1].device.power_w = UNKNOWN;
    turn(5);
    is(room.s.part_power_w, POWER_GPU, UNKNOWN);
    is(room.s.part_power_w, POWER_UNACCOUNTED, UNKNOWN);
    is(room.s.part_power_w, POWER_NODE, 1000);
    room.gpus[1].device.state = ACCELERATOR_LOST; /* draws nothing that anybody knows of */
    turn(5);
    is(room.s.part_power_w, POWER_GPU, 300);
    is(room.s.part_power_w, POWER_UNACCOUNTED, 550);
    is(room.s.part_energy_j, POWER_GPU, 1500);
}

static void what_is_not_metered_is_absent(void **state)
{
    (void)state;
    room.chassis.power_w = UNKNOWN;
    room.cpu.power_w = UNKNOWN;
    turn(5);
    is(room.s.part_power_w, POWER_NODE, UNKNOWN);
    is(room.s.part_power_w, POWER_UNACCOUNTED, UNKNOWN);
    is(room.s.part_energy_j, POWER_CPU, UNKNOWN);
    room.s.accelerator_len = 0;
    room.chassis.power_w = 400;
    turn(5);
    is(room.s.part_power_w, POWER_GPU, UNKNOWN);
    is(room.s.part_power_w, POWER_UNACCOUNTED, UNKNOWN); /* nothing is accounted for at all */
    room.cpu.power_w = 150;
    turn(5);
    is(room.s.part_power_w, POWER_UNACCOUNTED, 250);
}

static void meters_that_contradict_each_other_show_it(void **state)
{
    (void)state;
    room.chassis.power_w = 700;
    turn(5);
    is(room.s.part_power_w, POWER_UNACCOUNTED, -50);
}

static void the_rail_that_feeds_a_module_is_its_meter_and_a_sum_is_none(void **state)
{
    (void)state;
    room.chassis.power_w = UNKNOWN;
    room.s.board = &room.board;
    room.board.power_w = 20;
    room.board.power_is_sum = true;
    turn(5);
    is(room.s.part_power_w, POWER_NODE, UNKNOWN);
    room.board.power_is_sum = false;
    turn(5);
    is(room.s.part_power_w, POWER_NODE, 20);
}

static void a_night_asleep_costs_nothing_that_was_not_measured(void **state)
{
    (void)state;
    turn(5);
    turn(36000);
    is(room.s.part_energy_j, POWER_NODE, 0);
    turn(5);
    is(room.s.part_energy_j, POWER_NODE, 5000);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(parts_add_up_to_the_machine),
        TEST(the_hardwares_counter_goes_before_power),
        TEST(a_gpu_that_does_not_tell_is_not_put_on_others),
        TEST(what_is_not_metered_is_absent),
        TEST(meters_that_contradict_each_other_show_it),
        TEST(the_rail_that_feeds_a_module_is_its_meter_and_a_sum_is_none),
        TEST(a_night_asleep_costs_nothing_that_was_not_measured),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
