/* Tests of the simulator itself: the scenario format, and the model behind it. */
#include "sim.h"

#include <dirent.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

#define SCENARIOS TEST_FIXTURES "/../sim/nvml/scenarios"
#define NOW_US    (1800000000 * (int64_t)1000000)

static struct sim_scenario *scenario;

static int parse(const char *text, struct error *err)
{
    return sim_scenario_parse(str_of(text), scenario, err);
}

static int setup(void **state)
{
    (void)state;
    scenario = xnew(struct sim_scenario);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    free(scenario);
    return 0;
}

static void every_directive_is_read(void **state)
{
    struct error err = {0};

    (void)state;
    assert_int_equal(parse("# a comment\n"
                           "driver 570.10 # another\n"
                           "cuda 12.8\n"
                           "seed 42\n"
                           "start 1800000000.5\n"
                           "gpu 2 \"NVIDIA H200\" profile=square period=4 duty=0.25 memory=1GB\n"
                           "gpu 1 L4 profile=training processes=2 numa=1 mig=off\r\n"
                           "process gpu=* pid=7 count=2 memory=unknown type=B share=0.5\n"
                           "fault lost gpu=1 from=10s until=20 back=gone\n"
                           "fault code call=nvmlInit* code=9 calls=3\n",
                           &err),
                     0);
    assert_string_equal(scenario->driver, "570.10");
    assert_string_equal(scenario->library, "12.570.10");
    assert_int_equal(scenario->cuda, 12080);
    assert_int_equal(scenario->seed, 42);
    assert_true(scenario->start_us == NOW_US + 500000);
    assert_int_equal(scenario->gpu_len, 3);
    assert_string_equal(scenario->gpus[2].board->name, "NVIDIA L4");
    assert_int_equal(scenario->gpus[2].numa_node, 1);
    assert_true(scenario->gpus[0].memory_used == (uint64_t)1 << 30);
    assert_int_equal(scenario->process_len, 2 + 2 + 6); /* square: one each; training; all */
    assert_true(scenario->processes[9].memory == UINT64_MAX);
    assert_int_equal(scenario->processes[9].pid, 8);
    assert_int_equal(scenario->fault_len, 2);
    assert_int_equal(scenario->faults[0].back, SIM_BACK_GONE);
    assert_true(scenario->faults[0].from_us == 10000000);
    assert_int_equal(scenario->faults[1].calls, 3);
}

static void mistakes_are_told_with_their_line(void **state)
{
    static const struct {
        const char *text, *wanted;
    } cases[] = {
        {"driver 1.2\ngpus 8 H200", "line 2: no such directive"},
        {"gpu 1 \"H300\"", "line 1: no such model"},
        {"gpu 1 \"H200", "a quote is not closed"},
        {"gpu H200", "wanted: gpu COUNT"},
        {"gpu 0 H200", "wanted: gpu COUNT"},
        {"gpu 1 H200 profil=idle", "profil=idle is not known here"},
        {"gpu 1 H200 duty=2", "duty=2 is not understood"},
        {"gpu 1 H200 ecc=maybe", "ecc=maybe is not understood"},
        {"gpu 65 H200", "more than 64 GPUs"},
        {"gpu 1 H200\nprocess gpu=1", "line 2: gpu=1 is not understood"},
        {"gpu 64 H200\nprocess count=2048", "more than 2048 processes"},
        {"fault", "no such fault"},
        {"fault code code=3", "which call"},
        {"fault lost back=maybe", "back=maybe is not understood"},
        {"seed many", "the value is not understood"},
        {"start", "the value is not understood"},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct error err = {0};
        assert_int_not_equal(parse(cases[i].text, &err), 0);
        if (!strstr(err.text, cases[i].wanted))
            fail_msg("%s: %s", cases[i].text, err.text);
    }
}

static void every_scenario_that_is_shipped_can_be_read(void **state)
{
    DIR *dir = opendir(SCENARIOS);
    size_t n = 0;

    (void)state;
    assert_non_null(dir);
    for (struct dirent *entry; (entry = readdir(dir));) {
        struct error err = {0};
        struct buf text;
        char path[512];
        if (entry->d_name[0] == '.')
            continue;
        buf_init(&text, 0);
        snprintf(path, sizeof(path), "%s/%s", SCENARIOS, entry->d_name);
        assert_int_equal(file_read(path, 1 << 20, &text, &err), 0);
        if (sim_scenario_parse(buf_str(&text), scenario, &err))
            fail_msg("%s: %s", entry->d_name, err.text);
        assert_true(scenario->gpu_len > 0);
        buf_fini(&text);
        n++;
    }
    closedir(dir);
    assert_true(n >= 10);
}

static void everything_stays_within_what_the_board_can(void **state)
{
    struct error err = {0};

    (void)state;
    assert_int_equal(parse("gpu 1 H200 profile=training\ngpu 1 L4 profile=inference\n"
                           "gpu 1 B200 profile=idle\ngpu 1 \"RTX 3060\" profile=ramp\n",
                           &err),
                     0);
    for (unsigned gpu = 0; gpu < 4; gpu++)
        for (int64_t us = NOW_US; us < NOW_US + 300 * (int64_t)1000000; us += 370000) {
            const struct sim_board *b = scenario->gpus[gpu].board;
            double load = sim_load(scenario, gpu, us);
            double watts = sim_power_w(scenario, gpu, us);
            double celsius = sim_temperature_c(scenario, gpu, us);
            assert_true(load >= 0 && load <= 1);
            assert_true(sim_memory_load(scenario, gpu, us) <= load);
            assert_true(watts > 0.8 * b->idle_w && watts <= b->power_max_w);
            assert_true(celsius > 20 && celsius < b->slowdown_c);
            assert_true(sim_memory_used(scenario, gpu, us) <=
                        (uint64_t)(b->memory_mib - b->reserved_mib) << 20);
            assert_true(load == sim_load(scenario, gpu, us)); /* the same question again */
        }
}

static void training_dips_and_inference_falls_silent(void **state)
{
    struct error err = {0};
    unsigned dips = 0, silent = 0, n = 0;

    (void)state;
    assert_int_equal(parse("gpu 1 H200 profile=training\ngpu 1 L4 profile=inference\n", &err), 0);
    for (int64_t us = NOW_US; us < NOW_US + 600 * (int64_t)1000000; us += 500000, n++) {
        dips += sim_load(scenario, 0, us) < 0.5;
        silent += sim_load(scenario, 1, us) < 0.01;
    }
    assert_in_range(dips, n / 50, n / 10);
    assert_in_range(silent, n / 6, n / 2);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(every_directive_is_read),
        TEST(mistakes_are_told_with_their_line),
        TEST(every_scenario_that_is_shipped_can_be_read),
        TEST(everything_stays_within_what_the_board_can),
        TEST(training_dips_and_inference_falls_silent),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
