/* intel_zes_test.c - what Level Zero adds to the kernel's files, over tests/sim/zes. */
#include "intel.h"
#include "intel_zes.h"

#include "zes_sim.h"

#include "device/linux_test.h"

#include <dlfcn.h>

#define LIBRARY TEST_BUILD_DIR "/libzes-sim.so"
#define OLD     TEST_BUILD_DIR "/libzes-sim-old.so"
#define GIB     (UINT64_C(1) << 30)
#define TURN_US UINT64_C(5000000)
#define STRANGE 0x7ffffffe /* a code that nobody knows */

static struct zes_sim *sim; /* of the library, which stays loaded */
static void *library;

static int load(void **state)
{
    (void)state;
    library = dlopen(LIBRARY, RTLD_NOW | RTLD_LOCAL);
    sim = library ? dlsym(library, "zes_sim") : NULL;
    return sim ? 0 : -1;
}

static int unload(void **state)
{
    (void)state;
    return dlclose(library);
}

/* Two boards, as the fixture has them, that work a little. */
static void boards_begin(void)
{
    *sim = (struct zes_sim){.len = 2};
    for (uint32_t i = 0; i < 2; i++)
        sim->boards[i] = (struct zes_sim_board){
            .bus = i ? 8 : 3,
            .serial = i ? "unknown" : " LQA123456 ",
            .chip_c = 77,
            .memory_c = 88,
            .energy_uj = 5000000,
            .at_us = 1000000,
            .memory_size = 12 * GIB,
            .memory_free = 8 * GIB,
            .memory_max_per_s = 456 * GIB,
            .memory_mhz = 2375,
            .fan_rpm = 900,
            .errors = {{9, 9, 9, 1, 2, 3, 9}, {9, 9, 9, 0, 0, 4, 9}},
            .sent = 1000,
            .received = 2000,
            .port_status = 1,
        };
}

/* The boards after five seconds. */
static void boards_work(void)
{
    for (uint32_t i = 0; i < sim->len; i++) {
        struct zes_sim_board *b = &sim->boards[i];
        b->at_us += TURN_US;
        b->energy_uj += 500 * UINT64_C(1000000);
        b->memory_read += 5 * 57 * GIB;
        b->memory_written += 5 * 57 * GIB;
        b->engine_us[0] += TURN_US / 4;
        b->engine_us[1] += TURN_US / 8;
    }
}

static struct bench *both_awake(void)
{
    struct bench *b = bench_new(&intel_collector, "intel-arc-xe");

    boards_begin();
    b->tree.paths.zes_library = LIBRARY;
    tree_write(&b->tree, "sys/class/drm/card1/device/power/runtime_status", "active\n");
    return b;
}

static const struct accelerator_part *find_part(const struct reading *r, unsigned card,
                                                const char *kind, const char *name)
{
    for (size_t i = 0; i < r->part_len; i++)
        if (r->parts[i].accelerator == card && !strcmp(r->parts[i].kind, kind) &&
            !strcmp(r->parts[i].name, name))
            return &r->parts[i];
    return NULL;
}

/* ---- values ---- */

static void what_files_tell_stays_theirs_and_the_rest_is_added(void **state)
{
    struct bench *b = both_awake();
    const struct reading *r = bench_read(b);
    const struct accelerator *a = r->accelerators;

    (void)state;
    assert_near(a->temperature_c, 61); /* the driver's sensor */
    assert_near(a->memory_temperature_c, 76);
    assert_near(a->fan_rpm, 1300);
    assert_near(a->energy_j_total, 9000);
    assert_near(a->clock_memory_mhz, 2375);
    assert_near(a->ecc_corrected_total, 6); /* of compute, others and caches, not of programs */
    assert_near(a->ecc_uncorrected_total, 4);
    assert_near(a->detail.pcie_bytes_total[0], 1000);
    assert_near(a->detail.pcie_bytes_total[1], 2000);
    assert_string_equal(a->serial, "LQA123456");
    assert_string_equal(r->accelerators[1].serial, "");
    const struct accelerator_part *port = find_part(r, 0, "link", "1.2.3");
    assert_non_null(port);
    assert_near(port->up, 1);
    assert_near(port->bytes_total[1], 2000);
    assert_true(isnan(a->detail.profile[PROFILE_DRAM])); /* takes two */
    boards_work();
    sim->boards[1].port_status = 3;
    r = bench_read(b);
    assert_near(r->accelerators[0].detail.profile[PROFILE_DRAM], 0.25);
    assert_near(find_part(r, 1, "link", "1.2.3")->up, 0);
    assert_true(isnan(find_part(r, 1, "link", "1.2.3")->bytes_total[0]));
    assert_int_equal(sim->started, 1);
    bench_free(b);
}

static void kernels_without_sensors_have_heat_power_and_fans_of_it(void **state)
{
    struct bench *b = both_awake();

    (void)state;
    tree_remove(&b->tree, "sys/class/drm/card0/device/hwmon");
    (void)bench_read(b);
    boards_work();
    const struct accelerator *a = bench_read(b)->accelerators;
    assert_near(a->temperature_c, 77);
    assert_near(a->memory_temperature_c, 88);
    assert_near(a->fan_rpm, 900);
    assert_near(a->power_w, 100); /* of the board, not of its tile */
    assert_near(a->energy_j_total, 505);
    assert_int_equal(a->mem_used_bytes, 4 * GIB);
    assert_int_equal(a->mem_total_bytes, 12 * GIB);
    sim->boards[0].energy_uj = 3; /* the driver began anew */
    boards_work();
    sim->boards[0].energy_uj = 4;
    assert_true(isnan(bench_read(b)->accelerators[0].power_w));
    sim->boards[0].chip_c = 900; /* no temperature */
    assert_true(isnan(bench_read(b)->accelerators[0].temperature_c));
    bench_free(b);
}

static void engines_are_counted_where_nothing_else_tells_and_no_sleep_is_kept_off(void **state)
{
    struct intel_zes *z;
    struct reading r;
    struct arena arena;
    struct accelerator a;

    (void)state;
    boards_begin();
    arena_init(&arena, 0);
    assert_int_equal(intel_zes_open(LIBRARY, &z, NULL), 0);
    for (unsigned turn = 0; turn < 3; turn++) {
        reading_init(&r, &arena);
        accelerator_init(&a, "intel", 0);
        intel_zes_read(z, "0000:03:00.0", turn > 0, &r, &a);
        if (turn == 0)
            assert_int_equal(sim->engines_counted, 0);
        boards_work();
    }
    assert_near(a.utilization_ratio, 0.25); /* the busiest, not the sum */
    assert_near(find_part(&r, 0, "engine", "copy")->utilization_ratio, 0.125);
    intel_zes_read(z, "0000:99:00.0", true, &r, &a); /* none of its boards */
    intel_zes_close(z);
    intel_zes_close(NULL);
    arena_fini(&arena);
}

/* ---- sleep ---- */

static void its_start_waits_until_all_are_awake_and_sleepers_are_not_asked(void **state)
{
    struct bench *b = both_awake();

    (void)state;
    tree_write(&b->tree, "sys/class/drm/card1/device/power/runtime_status", "suspended\n");
    (void)bench_read(b);
    (void)bench_read(b);
    assert_int_equal(sim->started, 0); /* its start looks at every board */
    tree_write(&b->tree, "sys/class/drm/card1/device/power/runtime_status", "active\n");
    (void)bench_read(b);
    assert_int_equal(sim->started, 1);
    tree_write(&b->tree, "sys/class/drm/card1/device/power/runtime_status", "suspended\n");
    unsigned asked = sim->boards[1].asked;
    boards_work();
    const struct reading *r = bench_read(b);
    assert_int_equal(sim->boards[1].asked, asked);
    assert_near(r->accelerators[0].detail.profile[PROFILE_DRAM], 0.25);
    assert_int_equal(r->accelerators[1].state, ACCELERATOR_SLEEPING);
    tree_write(&b->tree, "sys/class/drm/card1/device/power/runtime_status", "active\n");
    boards_work();
    r = bench_read(b);
    assert_true(isnan(r->accelerators[1].detail.profile[PROFILE_DRAM])); /* not of the sleep */
    assert_int_equal(sim->engines_counted, 0);
    bench_free(b);
}

static void copies_of_another_machine_s_files_are_no_reason_to_ask_this_one_s_boards(void **state)
{
    struct bench *b = both_awake();

    (void)state;
    b->tree.paths.zes_library = NULL; /* as every recorded tree is read */
    (void)bench_read(b);
    assert_int_equal(sim->started, 0);
    bench_free(b);
}

/* ---- failures ---- */

static void whatever_fails_the_kernel_s_files_are_read(void **state)
{
#define NAME(name, args) #name,
    static const char *const calls[] = {ZES_CALLS(NAME)};
#undef NAME
    static const int codes[] = {ZES_UNSUPPORTED, ZES_NO_PERMISSION, ZES_DEVICE_LOST, STRANGE};

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(calls); i++) {
        for (size_t k = 0; k < ARRAY_LEN(codes); k++) {
            struct bench *b = both_awake();
            sim->refuse = calls[i];
            sim->code = codes[k];
            for (unsigned turn = 0; turn < 3; turn++) {
                const struct reading *r = bench_read(b);
                assert_int_equal(r->accelerator_len, 2);
                assert_int_equal(r->accelerators[0].state, ACCELERATOR_OK);
                assert_near(r->accelerators[0].temperature_c, 61);
                boards_work();
            }
            bench_free(b);
        }
    }
}

static void what_is_refused_is_not_asked_again_and_a_lost_board_not_at_all(void **state)
{
    struct bench *b = both_awake();
    unsigned before;

    (void)state;
    sim->refuse = "RasGetState";
    sim->code = ZES_NO_PERMISSION;
    (void)bench_read(b);
    sim->refuse = NULL; /* it would be answered now */
    assert_true(isnan(bench_read(b)->accelerators[0].ecc_corrected_total));
    sim->refuse = "FabricPortGetState";
    sim->code = STRANGE; /* for the moment only */
    assert_null(find_part(bench_read(b), 0, "link", "1.2.3"));
    sim->refuse = NULL;
    assert_non_null(find_part(bench_read(b), 0, "link", "1.2.3"));
    sim->refuse = "DevicePciGetStats";
    sim->code = ZES_DEVICE_LOST;
    (void)bench_read(b);
    before = sim->boards[0].asked;
    (void)bench_read(b);
    assert_int_equal(sim->boards[0].asked, before);
    bench_free(b);
}

static void a_loader_that_is_old_missing_or_without_a_driver_is_said_by_doctor(void **state)
{
    static const struct {
        const char *path;
        int init;
        int code;
    } all[] = {
        {OLD, ZES_OK, -ENOSYS},
        {"/nonexistent/libze_loader.so.1", ZES_OK, -ENOENT},
        {LIBRARY, ZES_UNINITIALIZED, -ENODEV},
        {LIBRARY, ZES_NO_PERMISSION, -EACCES},
    };
    struct intel_zes *z = NULL;
    struct error err;

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(all); i++) {
        struct bench *b = both_awake();
        sim->refuse = "Init";
        sim->code = all[i].init;
        assert_int_equal(intel_zes_open(all[i].path, &z, &err), all[i].code);
        assert_true(err.text[0]);
        b->tree.paths.zes_library = all[i].path;
        assert_near(bench_read(b)->accelerators[0].temperature_c, 61);
        unsigned started = sim->started;
        (void)bench_read(b);
        assert_int_equal(sim->started, started); /* what failed is not tried at every reading */
        if (all[i].init == ZES_OK)
            assert_int_equal(bench_finding(b, "level zero")->level, FINDING_NOTE);
        bench_free(b);
    }
    struct bench *b = both_awake();
    assert_int_equal(bench_finding(b, "level zero")->level, FINDING_OK);
    assert_int_equal(sim->started, 0); /* doctor wakes nobody */
    bench_free(b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_files_tell_stays_theirs_and_the_rest_is_added),
        cmocka_unit_test(kernels_without_sensors_have_heat_power_and_fans_of_it),
        cmocka_unit_test(engines_are_counted_where_nothing_else_tells_and_no_sleep_is_kept_off),
        cmocka_unit_test(its_start_waits_until_all_are_awake_and_sleepers_are_not_asked),
        cmocka_unit_test(copies_of_another_machine_s_files_are_no_reason_to_ask_this_one_s_boards),
        cmocka_unit_test(whatever_fails_the_kernel_s_files_are_read),
        cmocka_unit_test(what_is_refused_is_not_asked_again_and_a_lost_board_not_at_all),
        cmocka_unit_test(a_loader_that_is_old_missing_or_without_a_driver_is_said_by_doctor),
    };

    return cmocka_run_group_tests(tests, load, unload);
}
