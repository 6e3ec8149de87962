/* device_test.c - what a reading is before anyone read. */
#include "device/device.h"

#include <limits.h>
#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static void a_new_reading_knows_nothing(void **state)
{
    struct reading r;
    struct arena arena;

    (void)state;
    arena_init(&arena, 0);
    memset(&r, 0x5a, sizeof(r));
    reading_init(&r, &arena);
    assert_ptr_equal(r.arena, &arena);
    assert_false(r.cpu.present || r.memory.present || r.chassis.present);
    const double cpu[] = {r.cpu.utilization_ratio,
                          r.cpu.frequency_mhz,
                          r.cpu.temperature_c,
                          r.cpu.power_w,
                          r.cpu.iowait_ratio,
                          r.cpu.steal_ratio,
                          r.cpu.limit_cores,
                          r.cpu.load1,
                          r.cpu.load5,
                          r.cpu.load15,
                          r.cpu.uptime_s,
                          r.cpu.boot_time_s,
                          r.chassis.power_w,
                          r.chassis.inlet_temperature_c,
                          r.chassis.outlet_temperature_c};
    for (size_t i = 0; i < ARRAY_LEN(cpu); i++)
        assert_true(isnan(cpu[i]));
    assert_true(r.memory.total_bytes == UNKNOWN_COUNT && r.memory.swap_used_bytes == UNKNOWN_COUNT);
    assert_true(r.memory.zfs_arc_bytes == UNKNOWN_COUNT);
    assert_true(r.processes_hidden == UNKNOWN_COUNT);
    assert_true(r.filesystem_len == 0 && r.process_len == 0 && r.accelerator_len == 0);
}

/* Whatever the struct's gauges are, none may start as a number: seen as doubles, its bytes hold
 * NAN, and elsewhere nothing that is neither zero nor an unknown count. */
static void a_new_accelerator_is_unknown_but_for_its_place(void **state)
{
    struct accelerator a;

    (void)state;
    memset(&a, 0x5a, sizeof(a));
    accelerator_init(&a, "nvidia", 7);
    assert_int_equal(a.index, 7);
    assert_string_equal(a.platform, "nvidia");
    assert_int_equal(a.state, ACCELERATOR_OK);
    assert_int_equal(a.minor, UINT_MAX);
    assert_string_equal(a.uuid, "");
    assert_true(a.mem_used_bytes == UNKNOWN_COUNT && a.mem_reserved_bytes == UNKNOWN_COUNT);
    const char *from = (const char *)&a + offsetof(struct accelerator, utilization_ratio);
    const char *end = (const char *)&a + offsetof(struct accelerator, npu);
    for (; from + sizeof(double) <= end; from += sizeof(double)) {
        double value;
        memcpy(&value, from, sizeof(value));
        assert_true(isnan(value)); /* an unknown count, all bits set, is a NAN too */
    }
    const double *npu = (const double *)&a.npu.value;
    for (size_t i = 0; i < sizeof(a.npu.value) / sizeof(*npu); i++)
        assert_true(isnan(npu[i]));
    assert_false(a.npu.present);
    assert_string_equal(a.npu.model, "");
}

static void findings_are_kept_in_the_order_of_adding(void **state)
{
    struct arena arena;
    struct finding *list = NULL;
    size_t len = 0;

    (void)state;
    arena_init(&arena, 0);
    finding_add(&arena, &list, &len, FINDING_OK, "one", "", "%d of %s", 1, "them");
    finding_add(&arena, &list, &len, FINDING_WARNING, "two", "do this", "broken");
    assert_int_equal(len, 2);
    assert_string_equal(list[0].topic, "one");
    assert_string_equal(list[0].what, "1 of them");
    assert_string_equal(list[0].advice, "");
    assert_int_equal(list[1].level, FINDING_WARNING);
    assert_string_equal(list[1].advice, "do this");
    arena_fini(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_new_reading_knows_nothing),
        cmocka_unit_test(a_new_accelerator_is_unknown_but_for_its_place),
        cmocka_unit_test(findings_are_kept_in_the_order_of_adding),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
