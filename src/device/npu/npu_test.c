/* npu_test.c - the collectors on trees of machines; control nodes are the test's. */
#include "npu.h"
#include "npu_tool.h"

#include "device/linux_edge_test.h"
#include "device/linux_recorded_test.h"

#define GIB (UINT64_C(1) << 30)

static bool has_process(const struct reading *r, unsigned card, int pid)
{
    size_t n = 0;

    for (size_t i = 0; i < r->accelerator_process_len; i++)
        n += r->accelerator_processes[i].accelerator == card &&
             r->accelerator_processes[i].pid == pid;
    assert_true(n < 2);
    return n == 1;
}

/* ---- Tenstorrent ---- */

static void tenstorrent_cards_are_read_whole(void **state)
{
    struct bench *b = bench_new(&tenstorrent_collector, "npu-tenstorrent");
    const struct reading *r = bench_read(b);
    const struct accelerator *a = r->accelerators;

    (void)state;
    assert_int_equal(r->accelerator_len, 3); /* 0, 2 and 3 of the driver */
    assert_string_equal(a->name, "Tenstorrent Wormhole n300");
    assert_string_equal(a->uuid, "TT-0100014211902031-5f3a9c01");
    assert_string_equal(a->pci_bus_id, "0000:01:00.0");
    assert_string_equal(a->npu.board_type, "n300");
    assert_string_equal(a->npu.firmware, "18.3.0.0");
    assert_string_equal(a->npu.firmware_eth, "6.14.0");
    assert_string_equal(a->npu.pci_ids[1], "0x401e");
    assert_near(a->temperature_c, 41.5);
    assert_near(a->temperature_slowdown_c, 75);
    assert_near(a->power_w, 18);
    assert_near(a->power_limit_w, 85);
    assert_near(a->npu.value.voltage_v, 0.75);
    assert_near(a->npu.value.current_a, 24);
    assert_near(a->npu.value.current_limit_a, 160);
    assert_near(a->clock_graphics_mhz, 1000);
    assert_near(a->npu.value.axi_clock_mhz, 900);
    assert_near(a->npu.value.arc_clock_mhz, 540);
    assert_near(a->pcie_generation, 4);
    assert_true(isnan(a->fan_rpm));
    assert_near(a[1].fan_rpm, 2300);
    assert_near(a[1].npu.value.thermal_trips_total, 1);
    assert_string_equal(a[1].npu.chip, "blackhole");
    assert_string_equal(r->platforms[0].driver_version, "2.3.0");
    bench_free(b);
}

static void tenstorrent_load_and_memory_are_not_made_up(void **state)
{
    struct bench *b = bench_new(&tenstorrent_collector, "npu-tenstorrent");
    const struct reading *r = bench_read(b);

    (void)state;
    for (size_t i = 0; i < r->accelerator_len; i++) {
        assert_true(isnan(r->accelerators[i].utilization_ratio));
        assert_int_equal(r->accelerators[i].mem_used_bytes, UNKNOWN_COUNT);
        assert_int_equal(r->accelerators[i].mem_total_bytes, UNKNOWN_COUNT);
    }
    assert_true(isnan(r->accelerators[2].temperature_c)); /* its sensor answers ENODATA */
    bench_free(b);
}

static void tenstorrent_traffic_is_counted_over_a_wrap(void **state)
{
    static const char folder[] = "sys/class/tenstorrent/tenstorrent!0/pcie_perf_counters/";
    struct bench *b = bench_new(&tenstorrent_collector, "npu-tenstorrent");
    char path[128];

    (void)state;
    (void)bench_read(b);
    snprintf(path, sizeof(path), "%smst_posted_wr_data_word_sent0", folder);
    tree_write(&b->tree, path, "704\n"); /* from 4294967000: 1000 flits */
    snprintf(path, sizeof(path), "%sslv_posted_wr_data_word_received1", folder);
    tree_write(&b->tree, path, "22000\n"); /* 2000 more; not the high half of one number */
    const struct accelerator *a = bench_read(b)->accelerators;
    /* In five seconds a link of 32 GB/s could have turned a counter round unseen. */
    assert_true(isnan(a->detail.pcie_bytes_per_s[0]));

    snprintf(path, sizeof(path), "%smst_posted_wr_data_word_sent0", folder);
    tree_write(&b->tree, path, "1704\n");
    snprintf(path, sizeof(path), "%sslv_posted_wr_data_word_received1", folder);
    tree_write(&b->tree, path, "24000\n");
    b->mono_ns -= 4 * (uint64_t)NS_PER_S; /* one second after the last */
    a = bench_read(b)->accelerators;
    assert_near(a->detail.pcie_bytes_per_s[0], 1000 * 32);
    assert_near(a->detail.pcie_bytes_per_s[1], 2000 * 32);
    bench_free(b);
}

static void tenstorrent_users_are_those_of_the_driver_s_list_or_of_open_files(void **state)
{
    struct bench *b = bench_new(&tenstorrent_collector, "npu-tenstorrent");
    const struct reading *r = bench_read(b);

    (void)state;
    assert_int_equal(r->accelerator_process_len, 2);
    assert_true(has_process(r, 0, 4242));
    assert_true(has_process(r, 2, 4343)); /* twice open, once a user */
    bench_free(b);
}

static void tenstorrent_firmware_that_stops_counting_is_told(void **state)
{
    struct bench *b = bench_new(&tenstorrent_collector, "npu-tenstorrent");

    (void)state;
    assert_near(bench_read(b)->accelerators[1].npu.value.healthy, 1);
    for (unsigned i = 0; i < 4; i++) {
        char beat[16];
        snprintf(beat, sizeof(beat), "%u\n", 5101 + i);
        tree_write(&b->tree, "sys/class/tenstorrent/tenstorrent!2/tt_heartbeat", beat);
        (void)bench_read(b);
    }
    assert_near(b->reading.accelerators[1].npu.value.healthy, 1);
    assert_near(b->reading.accelerators[0].npu.value.healthy, 0); /* 20 s without a beat */
    assert_string_equal(b->reading.accelerators[0].npu.status, "silent");
    bench_free(b);
}

static void a_card_that_goes_keeps_its_number_and_the_others_theirs(void **state)
{
    struct bench *b = bench_new(&tenstorrent_collector, "npu-tenstorrent");

    (void)state;
    (void)bench_read(b);
    tree_remove(&b->tree, "sys/class/tenstorrent/tenstorrent!0");
    const struct reading *r = bench_read(b);
    assert_int_equal(r->accelerator_len, 3);
    assert_int_equal(r->accelerators[0].state, ACCELERATOR_LOST);
    assert_string_equal(r->accelerators[0].npu.board_type, "n300");
    assert_int_equal(r->accelerators[1].state, ACCELERATOR_OK);
    assert_string_equal(r->accelerators[1].npu.board_type, "p150a");

    tree_remove(&b->tree, "sys/class/tenstorrent/tenstorrent!2");
    tree_remove(&b->tree, "sys/class/tenstorrent/tenstorrent!3");
    arena_reset(&b->arena);
    reading_init(&b->reading, &b->arena);
    b->reading.mono_ns = b->mono_ns += TURN_NS;
    assert_int_equal(b->collector->read(b->state, &b->reading, &b->error), -ENODEV);
    bench_free(b);
}

static void a_card_that_sleeps_is_asked_nothing(void **state)
{
    struct bench *b = bench_new(&tenstorrent_collector, "npu-tenstorrent");

    (void)state;
    tree_write(&b->tree, "sys/class/tenstorrent/tenstorrent!0/device/power/runtime_status",
               "suspended\n");
    const struct accelerator *a = bench_read(b)->accelerators;
    assert_int_equal(a->state, ACCELERATOR_SLEEPING);
    assert_true(isnan(a->temperature_c) && isnan(a->power_w) && isnan(a->npu.value.heartbeat));
    bench_free(b);
}

/* ---- Gaudi ---- */

struct info_args {
    uint64_t answer;
    uint32_t size, question, argument, pad;
};

static void put(void *to, size_t at, const void *bytes, size_t n)
{
    memcpy((char *)to + at, bytes, n);
}

static int answer_gaudi(struct fake_edge *fake, unsigned long request, void *argument)
{
    const struct info_args *q = argument;
    void *to = (void *)(uintptr_t)q->answer;
    const uint64_t total = 96 * GIB + GIB, reserved = GIB, free_bytes = 72 * GIB, energy = 5000000;
    const uint32_t load = 87, clock[] = {1500, 1650}, resets[] = {3, 4}, module = 5, throttle = 2;

    (void)fake;
    if (request != 0xC0186440UL)
        return -ENOTTY;
    switch (q->question) {
    case 0:
        assert_int_equal(q->size, 304);
        put(to, 16, &total, 8);
        put(to, 36, &module, 4);
        put(to, 72, "1.17.0-fw-51", 12);
        put(to, 200, "HL-225", 6);
        put(to, 296, &reserved, 8);
        return 0;
    case 2:
        put(to, 0, &free_bytes, 8);
        return 0;
    case 6:
        assert_int_equal(q->argument, 1000);
        put(to, 0, &load, 4);
        return 0;
    case 8:
        put(to, 0, clock, 8);
        return 0;
    case 9:
        put(to, 0, resets, 8);
        return 0;
    case 13:
        put(to, 0, &throttle, 4);
        return 0;
    case 15:
        put(to, 0, &energy, 8);
        return 0;
    default:
        return -EINVAL;
    }
}

static void gaudi_cards_are_told_from_other_accelerators_by_their_vendor(void **state)
{
    struct bench *b = bench_new(&gaudi_collector, "npu-gaudi2");
    struct fake_edge fake;

    (void)state;
    fake_edge_init(&fake);
    fake.node = "dev/accel/accel_controlD1";
    fake.answer = answer_gaudi;
    b->tree.paths.edge = &fake.edge;
    const struct reading *r = bench_read(b);
    const struct accelerator *a = r->accelerators;
    assert_int_equal(r->accelerator_len, 2); /* accel0 is a laptop's NPU */
    assert_string_equal(a->name, "Intel Gaudi 2 HL-225");
    assert_string_equal(a->npu.model, "HL-225");
    assert_near(a->npu.value.module, 5);
    assert_near(a->utilization_ratio, 0.87);
    assert_int_equal(a->mem_total_bytes, 96 * GIB);
    assert_int_equal(a->mem_used_bytes, 24 * GIB);
    assert_near(a->temperature_c, 36);
    assert_near(a->power_w, 226);
    assert_near(a->power_limit_w, 600);
    assert_near(a->clock_graphics_mhz, 1500);
    assert_near(a->energy_j_total, 5000);
    assert_near(a->detail.energy_estimated, 0);
    assert_near(a->throttle_reasons, 0x20);
    assert_near(a->npu.value.resets_total[0], 3);
    assert_string_equal(r->platforms[0].driver_version, "1.17.0-28a11ca");
    assert_int_equal(fake.opened, fake.closed);
    assert_int_equal(r->accelerator_process_len, 1);
    assert_true(has_process(r, 0, 7100));
    bench_free(b);
}

static void what_a_gaudi_answered_is_read_again(void **state)
{
    struct bench *b = bench_new(&gaudi_collector, "npu-gaudi2");
    struct fake_edge fake;
    struct recorded r;

    (void)state;
    tree_remove(&b->tree, "answers");
    fake_edge_init(&fake);
    fake.node = "dev/accel/accel_controlD1";
    fake.answer = answer_gaudi;
    b->tree.paths.edge = &fake.edge;
    record(&r, b);
    (void)bench_read(b);
    unsigned opened = fake.opened;
    const struct accelerator *a = replay(&r)->accelerators;
    assert_int_equal(fake.opened, opened);
    assert_string_equal(a->name, "Intel Gaudi 2 HL-225");
    assert_near(a->utilization_ratio, 0.87);
    assert_int_equal(a->mem_used_bytes, 24 * GIB);
    assert_near(a->energy_j_total, 5000);
    assert_true(isnan(a[1].utilization_ratio)); /* its node could not be opened then */
    recorded_fini(&r);
}

static void a_gaudi_in_reset_is_there_without_values(void **state)
{
    struct bench *b = bench_new(&gaudi_collector, "npu-gaudi2");
    const struct accelerator *a = &bench_read(b)->accelerators[1];

    (void)state;
    assert_int_equal(a->state, ACCELERATOR_OK);
    assert_string_equal(a->npu.status, "in device reset");
    assert_near(a->npu.value.healthy, 0);
    assert_true(isnan(a->temperature_c) && isnan(a->power_w)); /* not 0 */
    bench_free(b);
}

static void a_gaudi_whose_control_node_is_shut_has_what_files_tell(void **state)
{
    struct bench *b = bench_new(&gaudi_collector, "npu-gaudi2");
    const struct accelerator *a = bench_read(b)->accelerators;

    (void)state;
    assert_true(isnan(a->utilization_ratio));
    assert_int_equal(a->mem_total_bytes, UNKNOWN_COUNT);
    assert_near(a->power_w, 226);
    assert_near(a->npu.value.resets_total[0], 1);
    assert_near(bench_read(b)->accelerators[0].energy_j_total, 5 * 226);
    assert_near(b->reading.accelerators[0].detail.energy_estimated, 1);
    bench_free(b);
}

static void gaudi_of_older_drivers_has_a_class_of_its_own(void **state)
{
    struct bench *b = bench_new(&gaudi_collector, "npu-gaudi1-old");
    struct fake_edge fake;

    (void)state;
    fake_edge_init(&fake);
    fake.node = "dev/hl_controlD0";
    fake.answer = answer_gaudi;
    b->tree.paths.edge = &fake.edge;
    const struct reading *r = bench_read(b);
    assert_int_equal(r->accelerator_len, 1);
    assert_string_equal(r->accelerators[0].architecture, "Gaudi");
    assert_near(r->accelerators[0].power_limit_w, 350);
    assert_near(r->accelerators[0].utilization_ratio, 0.87);
    assert_true(has_process(r, 0, 900));
    bench_free(b);
}

/* ---- Rebellions ---- */

static struct bench *bench_rebellions(void)
{
    struct bench *b = bench_new(&rebellions_collector, "rebellions");
    char tool[LINUX_PATH_MAX];

    assert_true(linux_file_path(tool, b->tree.rootfs, "usr/bin/rbln-smi"));
    assert_int_equal(chmod(tool, 0755), 0); /* trees are copied without modes */
    return b;
}

static void what_a_tool_answered_is_read_again(void **state)
{
    struct recorded r;

    (void)state;
    record(&r, bench_rebellions());
    (void)bench_read(r.bench);
    tree_write(&r.bench->tree, "root/usr/bin/rbln-smi", "#!/bin/sh\nexit 1\n");
    const struct reading *reading = replay(&r);
    assert_int_equal(reading->accelerator_len, 4);
    assert_near(reading->accelerators[0].power_w, 96.810987);
    recorded_fini(&r);
}

static void a_tool_that_failed_fails_again(void **state)
{
    struct recorded r;

    (void)state;
    record(&r, bench_rebellions());
    tree_write(&r.bench->tree, "root/usr/bin/rbln-smi", "#!/bin/sh\nexit 1\n");
    assert_string_not_equal(bench_finding(r.bench, "rebellions")->advice, "");
    char dir[LINUX_PATH_MAX];
    assert_true(linux_file_path(dir, r.bench->tree.dir, "answers"));
    assert_int_equal(answers_open(dir, &r.answers, NULL), 0);
    r.bench->tree.paths.edge = answers_edge(r.answers);
    tree_remove(&r.bench->tree, "root/usr");
    assert_non_null(strstr(bench_finding(r.bench, "rebellions")->what, "No child processes"));
    recorded_fini(&r);
}

static void rebellions_dies_are_numbered_by_their_place_and_power_counts_once(void **state)
{
    struct bench *b = bench_rebellions();
    const struct reading *r = bench_read(b);
    const struct accelerator *a = r->accelerators;

    (void)state;
    assert_int_equal(r->accelerator_len, 4);
    for (size_t i = 0; i < 4; i++)
        assert_int_equal(a[i].uuid[strlen(a[i].uuid) - 1], '0' + (int)i);
    assert_string_equal(a->name, "Rebellions RBLN-CA25");
    assert_string_equal(a->npu.board_id, "0000000012345678");
    assert_near(a->power_w, 96.810987);
    assert_true(isnan(a[1].power_w)); /* the same card */
    assert_near(a[2].power_w, 43.9);
    assert_near(a->temperature_c, 38);
    assert_near(a->utilization_ratio, 0.735);
    assert_int_equal(a->mem_used_bytes, 2 * GIB);
    assert_int_equal(a->mem_total_bytes, UINT64_C(16877879296));
    assert_near(a->pcie_generation, 5);
    assert_near(a->pstate, 2);
    assert_near(a->npu.value.healthy, 1);
    assert_near(a[2].throttle_reasons, 0x20);
    assert_near(a[3].npu.value.healthy, 0);
    assert_true(isnan(a[3].temperature_c));
    assert_string_equal(r->platforms[0].driver_version, "3.2.2");
    assert_near(bench_read(b)->accelerators[0].energy_j_total, 5 * 96.810987);
    bench_free(b);
}

static void rebellions_contexts_of_a_process_add_up(void **state)
{
    struct bench *b = bench_rebellions();
    const struct reading *r = bench_read(b);

    (void)state;
    assert_int_equal(r->accelerator_process_len, 2); /* an entry without a pid harms no other */
    assert_true(has_process(r, 0, 4321) && has_process(r, 1, 4400));
    assert_int_equal(r->accelerator_processes[0].mem_used_bytes, 3 << 20);
    assert_int_equal(r->accelerator_processes[1].mem_used_bytes, 2 << 20);
    bench_free(b);
}

static void a_rebellions_die_that_is_missing_is_lost_and_a_silent_tool_an_error(void **state)
{
    struct bench *b = bench_rebellions();

    (void)state;
    (void)bench_read(b);
    tree_write(&b->tree, "root/usr/bin/rbln-smi",
               "#!/bin/sh\necho '{\"KMD_version\":\"3.2.2\",\"devices\":[{\"npu\":\"3\",\"uuid\":"
               "\"aaaaaaaa-0000-0000-0000-000000000003\",\"status\":\"normal\"}]}'\n");
    const struct reading *r = bench_read(b);
    assert_int_equal(r->accelerator_len, 4);
    assert_int_equal(r->accelerators[0].state, ACCELERATOR_LOST);
    assert_string_equal(r->accelerators[0].name, "Rebellions RBLN-CA25");
    assert_int_equal(r->accelerators[3].state, ACCELERATOR_OK);
    assert_int_equal(r->accelerators[3].mem_used_bytes, UNKNOWN_COUNT);

    tree_write(&b->tree, "root/usr/bin/rbln-smi", "#!/bin/sh\nexit 3\n");
    arena_reset(&b->arena);
    reading_init(&b->reading, &b->arena);
    assert_int_equal(b->collector->read(b->state, &b->reading, &b->error), -ECHILD);
    tree_write(&b->tree, "root/usr/bin/rbln-smi", "#!/bin/sh\necho no devices\n");
    arena_reset(&b->arena);
    reading_init(&b->reading, &b->arena);
    assert_int_equal(b->collector->read(b->state, &b->reading, &b->error), -EBADMSG);
    bench_free(b);
}

/* ---- Furiosa ---- */

static void furiosa_cards_of_both_generations_are_read(void **state)
{
    struct bench *b = bench_new(&furiosa_collector, "furiosa");
    char tool[LINUX_PATH_MAX];

    (void)state;
    assert_true(linux_file_path(tool, b->tree.rootfs, "usr/bin/furiosa-smi"));
    assert_int_equal(chmod(tool, 0755), 0);
    const struct reading *r = bench_read(b);
    const struct accelerator *warboy = r->accelerators, *rngd = &r->accelerators[1];
    assert_int_equal(r->accelerator_len, 2); /* in bus order; another vendor's is left out */
    assert_string_equal(warboy->name, "Furiosa Warboy");
    assert_near(warboy->npu.value.healthy, 0);
    assert_near(warboy->power_w, 12);
    assert_true(isnan(warboy->utilization_ratio)); /* a core that does not tell is not 0 */
    assert_int_equal(warboy->mem_used_bytes, 123000000);
    assert_int_equal(warboy->mem_total_bytes, UNKNOWN_COUNT);
    assert_string_equal(rngd->name, "Furiosa RNGD");
    assert_string_equal(rngd->uuid, "aaaaaaaa-0000-0000-0000-00000000000a");
    assert_string_equal(rngd->serial, "RNGD000001");
    assert_string_equal(rngd->npu.status, "alive");
    assert_near(rngd->temperature_c, 46.5); /* the hotter of the two */
    assert_near(rngd->power_w, 52.4);
    assert_near(rngd->clock_graphics_mhz, 500);
    assert_true(isnan(warboy->clock_graphics_mhz)); /* no number in its entry */
    assert_near(rngd->utilization_ratio, 0.45);     /* four of eight cores at 90 % */
    assert_int_equal(rngd->mem_used_bytes, GIB);
    assert_int_equal(rngd->mem_total_bytes, 48 * GIB);
    assert_string_equal(r->platforms[0].driver_version, "1.9.2, 0000000");
    assert_true(has_process(r, 1, 4321)); /* by a node of fused cores */
    bench_free(b);
}

static void furiosa_without_its_tool_has_what_files_tell(void **state)
{
    struct bench *b = bench_new(&furiosa_collector, "furiosa");
    const struct accelerator *a = &bench_read(b)->accelerators[1]; /* copied without its mode */

    (void)state;
    assert_true(isnan(a->utilization_ratio));
    assert_true(isnan(a->clock_graphics_mhz));
    assert_int_equal(a->mem_used_bytes, UNKNOWN_COUNT);
    assert_near(a->power_w, 52.4);
    assert_near(bench_read(b)->accelerators[1].energy_j_total, 5 * 52.4);
    assert_string_equal(bench_finding(b, "furiosa")->topic, "furiosa");
    tree_write(&b->tree, "sys/bus/pci/devices/0000:6d:00.0/power/runtime_status", "suspended\n");
    assert_int_equal(bench_read(b)->accelerators[1].state, ACCELERATOR_SLEEPING);
    assert_true(isnan(b->reading.accelerators[1].power_w));
    bench_free(b);
}

static void power_and_memory_come_in_many_units(void **state)
{
    (void)state;
    assert_near(npu_tool_watts(STR("18810987uW")), 18.810987);
    assert_near(npu_tool_watts(STR("18810mW")), 18.81);
    assert_near(npu_tool_watts(STR(" 150.5 W")), 150.5);
    assert_near(npu_tool_watts(STR("150")), 150);
    assert_true(isnan(npu_tool_watts(STR("150kW"))));
    assert_true(isnan(npu_tool_watts(STR("NaN"))) && isnan(npu_tool_watts(STR(""))));
    assert_int_equal(npu_tool_bytes(STR("16877879296")), UINT64_C(16877879296));
    assert_int_equal(npu_tool_bytes(STR("15.5 GiB")), UINT64_C(31) << 29);
    assert_int_equal(npu_tool_bytes(STR("2MB")), 2000000);
    assert_int_equal(npu_tool_bytes(STR("-1")), UNKNOWN_COUNT);
    assert_int_equal(npu_tool_bytes(STR("1e300")), UNKNOWN_COUNT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(tenstorrent_cards_are_read_whole),
        cmocka_unit_test(tenstorrent_load_and_memory_are_not_made_up),
        cmocka_unit_test(tenstorrent_traffic_is_counted_over_a_wrap),
        cmocka_unit_test(tenstorrent_users_are_those_of_the_driver_s_list_or_of_open_files),
        cmocka_unit_test(tenstorrent_firmware_that_stops_counting_is_told),
        cmocka_unit_test(a_card_that_goes_keeps_its_number_and_the_others_theirs),
        cmocka_unit_test(a_card_that_sleeps_is_asked_nothing),
        cmocka_unit_test(gaudi_cards_are_told_from_other_accelerators_by_their_vendor),
        cmocka_unit_test(what_a_gaudi_answered_is_read_again),
        cmocka_unit_test(what_a_tool_answered_is_read_again),
        cmocka_unit_test(a_tool_that_failed_fails_again),
        cmocka_unit_test(a_gaudi_in_reset_is_there_without_values),
        cmocka_unit_test(a_gaudi_whose_control_node_is_shut_has_what_files_tell),
        cmocka_unit_test(gaudi_of_older_drivers_has_a_class_of_its_own),
        cmocka_unit_test(rebellions_dies_are_numbered_by_their_place_and_power_counts_once),
        cmocka_unit_test(rebellions_contexts_of_a_process_add_up),
        cmocka_unit_test(a_rebellions_die_that_is_missing_is_lost_and_a_silent_tool_an_error),
        cmocka_unit_test(furiosa_cards_of_both_generations_are_read),
        cmocka_unit_test(furiosa_without_its_tool_has_what_files_tell),
        cmocka_unit_test(power_and_memory_come_in_many_units),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
