/* accel_test.c - NPUs on trees of machines; what XDNA answers to ioctl is the test's. */
#include "accel.h"
#include "accel_text.h"
#include "accel_xdna.h"

#include "device/linux_edge_test.h"
#include "device/linux_test.h"

static void the_class_is_told_apart_by_driver_and_numbers_follow_the_bus(void **state)
{
    struct bench *b = bench_new(&accel_collector, "accel-mixed");
    const struct reading *r = bench_read(b);

    (void)state;
    assert_int_equal(r->accelerator_len, 3); /* Gaudi has a collector of its own */
    assert_string_equal(r->accelerators[0].name, "Intel NPU (Lunar Lake)");
    assert_string_equal(r->accelerators[1].name, "Qualcomm Cloud AI 080"); /* accel3 */
    assert_string_equal(r->accelerators[2].name, "Qualcomm Cloud AI 100"); /* accel2 */
    assert_string_equal(r->accelerators[2].uuid, "NPU-0000:81:00.0");
    assert_near(r->accelerators[2].ecc_corrected_total, 12);
    assert_near(r->accelerators[2].ecc_uncorrected_total, 3);
    assert_near(r->accelerators[2].pcie_generation, 4);
    assert_true(isnan(r->accelerators[2].utilization_ratio)); /* what is allotted is not used */
    assert_int_equal(r->accelerators[2].mem_total_bytes, UNKNOWN_COUNT);
    for (size_t i = 0; i < r->accelerator_len; i++)
        assert_true(r->accelerators[i].npu.present);
    bench_free(b);
}

static void intel_s_npu_counts_on_while_it_sleeps(void **state)
{
    struct bench *b = bench_new(&accel_collector, "accel-mixed");
    struct fake_edge fake;

    (void)state;
    fake_edge_init(&fake);
    fake.node = "dev/accel/accel0";
    b->tree.paths.edge = &fake.edge;
    const struct reading *r = bench_read(b);
    const struct accelerator *a = r->accelerators;
    assert_int_equal(a->state, ACCELERATOR_SLEEPING);
    assert_true(isnan(a->utilization_ratio));
    assert_near(a->clock_graphics_mhz, 1400);
    assert_near(a->clock_graphics_max_mhz, 1950);
    assert_int_equal(a->mem_used_bytes, 268435456);
    assert_near(a->mem_shared, 1);
    assert_int_equal(r->accelerator_processes[0].pid, 950);
    assert_int_equal(r->accelerator_processes[0].mem_used_bytes, UINT64_C(256) << 20);
    tree_write(&b->tree, "sys/class/accel/accel0/device/npu_busy_time_us", "185717123\n");
    a = bench_read(b)->accelerators;
    assert_near(a->utilization_ratio, 0.25); /* 1.25 s of 5 */
    assert_near(a->detail.busy_s_total, 185.717123);
    assert_int_equal(fake.opened, 0); /* opening its node would resume it */
    tree_write(&b->tree, "sys/class/accel/accel0/device/npu_busy_time_us", "1000\n"); /* reloaded */
    assert_true(isnan(bench_read(b)->accelerators[0].utilization_ratio));
    bench_free(b);

    b = bench_new(&accel_collector, "accel-ivpu-old");
    (void)bench_read(b);
    tree_write(&b->tree, "sys/class/accel/accel0/device/npu_busy_time_us", "10000000\n");
    a = bench_read(b)->accelerators;
    assert_string_equal(a->name, "Intel NPU (Meteor Lake)");
    assert_near(a->utilization_ratio, 1);
    assert_true(isnan(a->clock_graphics_mhz));
    assert_int_equal(a->mem_used_bytes, UNKNOWN_COUNT);
    bench_free(b);
}

static void its_counter_is_read_once_a_second_at_most(void **state)
{
    struct bench *b = bench_new(&accel_collector, "accel-ivpu-old");

    (void)state;
    (void)bench_read(b);
    tree_write(&b->tree, "sys/class/accel/accel0/device/npu_busy_time_us", "7500000\n");
    assert_near(bench_read(b)->accelerators[0].utilization_ratio, 0.5);
    tree_write(&b->tree, "sys/class/accel/accel0/device/npu_busy_time_us", "9999999\n");
    b->mono_ns -= TURN_NS - NS_PER_S / 2; /* half a second later */
    assert_near(bench_read(b)->accelerators[0].utilization_ratio, 0.5);
    bench_free(b);
}

static void xdna_is_measured_by_the_gpu_beside_it(void **state)
{
    struct bench *b = bench_new(&accel_collector, "accel-xdna");
    struct fake_edge fake;

    (void)state;
    fake_edge_init(&fake);
    fake.node = "dev/accel/accel0";
    b->tree.paths.edge = &fake.edge;
    tree_write(&b->tree, "sys/class/accel/accel0/device/power/runtime_status", "suspended\n");
    const struct reading *r = bench_read(b);
    const struct accelerator *a = r->accelerators;
    assert_string_equal(a->name, "AMD RyzenAI-npu5");
    assert_string_equal(a->vbios, "1.1.2.64");
    assert_near(a->utilization_ratio, 0.25); /* 25, 75, 0, 0 percent; four columns are not there */
    assert_near(a->power_w, 1.2);
    assert_near(a->clock_graphics_mhz, 1800);
    assert_int_equal(r->part_len, 4);
    assert_string_equal(r->parts[1].name, "column1");
    assert_near(r->parts[1].utilization_ratio, 0.75);
    assert_int_equal(fake.opened, 0); /* it sleeps */
    assert_int_equal(r->accelerator_process_len, 0);

    tree_write(&b->tree, "sys/class/accel/accel0/device/power/runtime_status", "active\n");
    r = bench_read(b);
    assert_int_equal(fake.opened, 1);
    assert_int_equal(fake.opened, fake.closed);
    /* Its own counts, which count no buffer twice. */
    assert_int_equal(r->accelerator_processes[0].mem_used_bytes, UINT64_C(128) << 20);
    assert_int_equal(r->accelerators[0].mem_used_bytes, UINT64_C(128) << 20);
    bench_free(b);
}

static void put_u32(char *at, uint32_t value)
{
    for (unsigned i = 0; i < 4; i++)
        at[i] = (char)(value >> (8 * i));
}

static void sensor(char *at, unsigned type, uint32_t value, const char *units, int tens)
{
    memset(at, 0, 168);
    put_u32(at + 64, value);
    str_copy(at + 144, 16, str_of(units));
    at[160] = (char)tens;
    at[161] = (char)type;
}

static int answer_xdna(struct fake_edge *fake, unsigned long request, void *argument)
{
    uint32_t head[2];
    uint64_t buffer;
    char *bytes = fake->own;

    memcpy(head, argument, sizeof(head));
    memcpy(&buffer, (char *)argument + 8, sizeof(buffer));
    if (request != 0xC0106447UL)
        return -ENOTTY;
    if (head[0] == 3) {
        put_u32((char *)(uintptr_t)buffer + 16, 1267);
        put_u32((char *)(uintptr_t)buffer + 40, 1800);
        return 0;
    }
    if (head[0] != 4)
        return -EINVAL;
    memcpy((void *)(uintptr_t)buffer, bytes, (size_t)3 * 168);
    head[1] = 3 * 168;
    memcpy(argument, head, sizeof(head));
    return 0;
}

static void xdna_answers_for_itself_where_no_gpu_does(void **state)
{
    struct bench *b = bench_new(&accel_collector, "accel-xdna");
    char sensors[3 * 168];
    struct fake_edge fake;

    (void)state;
    fake_edge_init(&fake);
    fake.node = "dev/accel/accel0";
    fake.answer = answer_xdna;
    fake.own = sensors;
    sensor(sensors, 0, 2400, "mW", -3); /* as the kernel has it: milliwatts, once */
    sensor(sensors + 168, 1, 40, "%", 0);
    sensor(sensors + 336, 1, 20, "%", 0);
    b->tree.paths.edge = &fake.edge;
    tree_remove(&b->tree, "sys/class/drm");
    const struct accelerator *a = bench_read(b)->accelerators;
    assert_near(a->power_w, 2.4);
    assert_near(a->utilization_ratio, 0.3);
    assert_near(a->clock_graphics_mhz, 1800);
    bench_free(b);
}

static void rockchip_s_are_read_from_both_drivers(void **state)
{
    struct bench *b = bench_new(&accel_collector, "accel-rknpu");
    const struct reading *r = bench_read(b);
    const struct accelerator *a = r->accelerators;

    (void)state;
    assert_string_equal(a->name, "Rockchip NPU (rk3588)");
    assert_near(a->utilization_ratio, 0.2); /* of three cores */
    assert_near(r->parts[1].utilization_ratio, 0.48);
    assert_near(a->clock_graphics_mhz, 1000);
    assert_near(a->temperature_c, 43.461); /* by the zone's type: its number differs */
    assert_true(a->processes_untold);
    tree_remove(&b->tree, "sys/kernel/debug"); /* without root */
    assert_near(bench_read(b)->accelerators[0].utilization_ratio, 0.12);
    bench_free(b);

    b = bench_new(&accel_collector, "drm-rk3588");
    a = bench_read(b)->accelerators;
    assert_string_equal(a->name, "Rockchip NPU (rk3588)");
    assert_int_equal(a->state, ACCELERATOR_SLEEPING);
    assert_true(isnan(a->utilization_ratio)); /* its driver counts nothing */
    bench_free(b);
}

static void texts_that_are_none_are_refused(void **state)
{
    static const struct {
        const char *text;
        size_t len;
        double last;
    } loads[] = {
        {"NPU load:  Core0: 12%, Core1:  0%, Core2: 100%,", 3, 1},
        {"NPU load:  12%", 1, 0.12},
        {"NPU load:  Core0: 101%,", 0, 0},
        {"NPU load:  Core0: x%,", 0, 0},
        {"load: 12%", 0, 0},
        {"", 0, 0},
    };
    double cores[ACCEL_CORES], ratio;

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(loads); i++) {
        assert_int_equal(accel_text_rknpu(str_of(loads[i].text), cores), loads[i].len);
        if (loads[i].len)
            assert_near(cores[loads[i].len - 1], loads[i].last);
    }
    assert_true(accel_text_devfreq(STR("99@1000000000Hz\n"), &ratio));
    assert_near(ratio, 0.99);
    assert_false(accel_text_devfreq(STR("99"), &ratio));
    assert_false(accel_text_devfreq(STR("400@1Hz"), &ratio));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_class_is_told_apart_by_driver_and_numbers_follow_the_bus),
        cmocka_unit_test(intel_s_npu_counts_on_while_it_sleeps),
        cmocka_unit_test(its_counter_is_read_once_a_second_at_most),
        cmocka_unit_test(xdna_is_measured_by_the_gpu_beside_it),
        cmocka_unit_test(xdna_answers_for_itself_where_no_gpu_does),
        cmocka_unit_test(rockchip_s_are_read_from_both_drivers),
        cmocka_unit_test(texts_that_are_none_are_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
