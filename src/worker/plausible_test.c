/* plausible_test.c - what the catalogue's ranges exclude is unknown and counted, on any platform.
 */
#include "worker/plausible.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static uint64_t rejected(const struct reading *r, const char *field)
{
    for (size_t i = 0; i < r->reject_len; i++)
        if (strcmp(r->rejects[i].field, field) == 0 && strcmp(r->rejects[i].reason, "range") == 0)
            return r->rejects[i].count;
    return 0;
}

static void what_cannot_be_true_is_withdrawn_and_counted(void **state)
{
    struct plausible *p = plausible_new();
    struct arena a;
    struct reading r;

    (void)state;
    arena_init(&a, 0);
    for (unsigned turn = 1; turn <= 2; turn++) {
        struct accelerator board;
        struct cpu_socket socket = {.id = 0, .temperature_c = 65261.85, .utilization_ratio = 0.5};
        struct filesystem disk = {.total_bytes = UNKNOWN_COUNT, .used_bytes = 5};
        reading_init(&r, &a);
        accelerator_init(&board, "amdgpu", 0);
        board.temperature_c = -80;
        board.power_w = 300;
        board.utilization_ratio = 1.5;
        board.mem_used_bytes = (uint64_t)1 << 60;
        board.detail.margin_c[0] = 20;
        board.detail.margin_c[1] = 9999;
        r.accelerators = &board;
        r.accelerator_len = 1;
        r.cpu.present = true;
        r.cpu.utilization_ratio = 1; /* the bound itself is within */
        r.cpu.load1 = -1;
        r.cpu.sockets = &socket;
        r.cpu.socket_len = 1;
        r.filesystems = &disk;
        r.filesystem_len = 1;
        assert_int_equal(plausible_check(p, &r), 0);

        assert_true(isnan(board.temperature_c) && isnan(board.utilization_ratio));
        assert_true(board.power_w > 299);
        assert_true(board.mem_used_bytes == UNKNOWN_COUNT);
        assert_true(board.detail.margin_c[0] > 19 && isnan(board.detail.margin_c[1]));
        assert_true(r.cpu.utilization_ratio > 0.99 && isnan(r.cpu.load1));
        assert_true(isnan(socket.temperature_c) && socket.utilization_ratio > 0.4);
        assert_true(disk.total_bytes == UNKNOWN_COUNT && disk.used_bytes == 5);
        assert_int_equal(rejected(&r, "all_smi_gpu_temperature_celsius"), turn);
        assert_int_equal(rejected(&r, "all_smi_cpu_socket_temperature_celsius"), turn);
        assert_int_equal(rejected(&r, "algalon_gpu_temperature_margin_celsius"), turn);
        assert_int_equal(rejected(&r, "all_smi_gpu_power_consumption_watts"), 0);
        assert_int_equal(rejected(&r, "all_smi_disk_total_bytes"), 0);
    }
    plausible_free(p);
    arena_fini(&a);
}

static void what_the_collector_rejected_stays_in_the_list(void **state)
{
    struct plausible *p = plausible_new();
    struct reading_reject own = {"nvidia.temperature", "sentinel", 7};
    struct arena a;
    struct reading r;

    (void)state;
    arena_init(&a, 0);
    reading_init(&r, &a);
    r.rejects = &own;
    r.reject_len = 1;
    assert_int_equal(plausible_check(p, &r), 0);
    assert_ptr_equal(r.rejects, &own);
    r.cpu.present = true;
    r.cpu.frequency_mhz = 1e9;
    assert_int_equal(plausible_check(p, &r), 0);
    assert_int_equal(r.reject_len, 2);
    assert_string_equal(r.rejects[0].field, "nvidia.temperature");
    assert_int_equal(rejected(&r, "all_smi_cpu_frequency_mhz"), 1);
    plausible_free(p);
    arena_fini(&a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_cannot_be_true_is_withdrawn_and_counted),
        cmocka_unit_test(what_the_collector_rejected_stays_in_the_list),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
