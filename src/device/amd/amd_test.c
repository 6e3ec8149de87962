/* amd_test.c - the collector on trees of boards, and tables of the firmware. */
#include "amd.h"
#include "amd_kfd.h"
#include "amd_metrics.h"
#include "amd_name.h"

#include "device/linux_test.h"

static const struct accelerator_process *process_of(const struct reading *r, unsigned card, int pid)
{
    for (size_t i = 0; i < r->accelerator_process_len; i++)
        if (r->accelerator_processes[i].accelerator == card &&
            r->accelerator_processes[i].pid == pid)
            return &r->accelerator_processes[i];
    fail_msg("no process %d on card %u", pid, card);
    return r->accelerator_processes;
}

static void a_board_is_read_whole(void **state)
{
    struct bench *b = bench_new(&amd_collector, "amd-workstation");
    const struct reading *r = bench_read(b);
    const struct accelerator *a = r->accelerators;

    (void)state;
    assert_int_equal(r->accelerator_len, 2); /* of three cards, one of another vendor */
    assert_string_equal(a->name, "AMD Radeon RX 7900 XTX");
    assert_string_equal(a->uuid, "GPU-4d0d7f2b0b9a6f6d");
    assert_string_equal(a->pci_bus_id, "0000:03:00.0");
    assert_string_equal(a->compute_capability, "gfx1100");
    assert_string_equal(a->architecture, "RDNA 3");
    assert_near(a->detail.cores, 96);
    assert_near(a->utilization_ratio, 0.37);
    assert_near(a->memory_utilization_ratio, 0.12);
    assert_int_equal(a->mem_total_bytes, UINT64_C(25753026560));
    assert_int_equal(a->mem_used_bytes, UINT64_C(6442450944));
    assert_near(a->mem_shared, 0);
    assert_near(a->temperature_c, 45);
    assert_near(a->detail.hotspot_temperature_c, 55);
    assert_near(a->memory_temperature_c, 62);
    assert_near(a->temperature_slowdown_c, 100);
    assert_near(a->temperature_shutdown_c, 105);
    assert_near(a->power_w, 121); /* watts, not thousandths */
    assert_near(a->power_limit_w, 327);
    assert_near(a->clock_graphics_mhz, 2304);
    assert_near(a->clock_graphics_max_mhz, 2526); /* not that of sleep */
    assert_near(a->clock_memory_mhz, 1249);
    assert_near(a->fan_rpm, 900);
    assert_near(a->fan_ratio, 71 / 255.0);
    assert_near(a->pcie_generation, 4);
    assert_near(a->pcie_width, 16);
    assert_near(a->detail.pcie_replays_total, 3);
    assert_near(a->throttle_reasons, 0x4);
    assert_true(isnan(a->energy_j_total)); /* it takes an interval to know the unit */
    assert_true(isnan(a->ecc_corrected_total));
    assert_string_equal(r->platforms[0].driver_version, "6.12.9-amd64");
    assert_string_equal(r->platforms[0].runtime_name, "ROCm");
    assert_string_equal(r->platforms[0].runtime_version, "6.3.1-48");
    bench_free(b);
}

static void a_board_that_sleeps_is_asked_nothing(void **state)
{
    struct bench *b = bench_new(&amd_collector, "amd-workstation");
    const struct accelerator *a = &bench_read(b)->accelerators[1];

    (void)state;
    assert_int_equal(a->state, ACCELERATOR_SLEEPING);
    assert_string_equal(a->name, "AMD Radeon RX 9070 XT");
    assert_true(isnan(a->utilization_ratio) && isnan(a->power_w));
    assert_int_equal(a->mem_used_bytes, UNKNOWN_COUNT);
    bench_free(b);
}

static void processes_of_both_sides_are_joined_and_none_counts_twice(void **state)
{
    struct bench *b = bench_new(&amd_collector, "amd-workstation");
    const struct reading *r = bench_read(b);

    (void)state;
    assert_int_equal(r->accelerator_process_len, 2); /* the child holds its parent's client */
    const struct accelerator_process *rocm = process_of(r, 0, 4120);
    assert_int_equal(rocm->mem_used_bytes, UINT64_C(4294967296)); /* the larger, not the sum */
    assert_near(rocm->sm_ratio, 0.5);                             /* 48 of 96 units */
    assert_int_equal(rocm->type, 'C');
    assert_int_equal(process_of(r, 0, 2001)->mem_used_bytes, UINT64_C(900) << 20);
    assert_true(isnan(process_of(r, 0, 2001)->sm_ratio)); /* at first sight */

    tree_write(&b->tree, "proc/2001/fdinfo/7",
               "drm-driver:\tamdgpu\ndrm-client-id:\t7\ndrm-pdev:\t0000:03:00.0\n"
               "drm-resident-vram:\t901 MiB\ndrm-engine-gfx:\t6000000000 ns\n"
               "drm-engine-dec:\t1500000000 ns\ndrm-engine-dec:\t500000000 ns\n");
    r = bench_read(b);
    assert_near(process_of(r, 0, 2001)->sm_ratio, 0.2); /* 1 s of 5 */
    assert_near(process_of(r, 0, 2001)->decoder_ratio, 0.2);
    assert_int_equal(process_of(r, 0, 2001)->type, 'G');
    assert_int_equal(process_of(r, 0, 2001)->mem_used_bytes, UINT64_C(901) << 20);
    bench_free(b);
}

static void energy_is_an_integral_where_the_firmware_counts_none(void **state)
{
    struct bench *b = bench_new(&amd_collector, "amd-workstation");

    (void)state;
    (void)bench_read(b);
    assert_near(bench_read(b)->accelerators[0].energy_j_total, 5 * 121);
    assert_near(b->reading.accelerators[0].detail.energy_estimated, 1);
    assert_near(b->reading.accelerators[0].detail.busy_s_total, 5 * 0.37);
    bench_free(b);
}

static void put_u32(char *at, uint32_t value)
{
    for (unsigned i = 0; i < 4; i++)
        at[i] = (char)(value >> (8 * i));
}

static void mi300x_means_come_from_the_firmware_s_sums(void **state)
{
    struct bench *b = bench_new(&amd_collector, "amd-mi300x");
    const struct accelerator *a = bench_read(b)->accelerators;
    char path[LINUX_PATH_MAX], bytes[AMD_METRICS_BYTES];

    (void)state;
    assert_string_equal(a->name, "AMD Instinct MI300X OAM");
    assert_string_equal(a->architecture, "CDNA 3");
    assert_string_equal(a->compute_capability, "gfx942");
    assert_string_equal(a->serial, "692251001124");
    assert_near(a->temperature_c, 61); /* the hot spot is all it shows */
    assert_near(a->temperature_slowdown_c, 100);
    assert_near(a->power_w, 742);
    assert_near(a->utilization_ratio, 0.88);
    assert_near(a->ecc_corrected_total, 14);
    assert_near(a->ecc_uncorrected_total, 1);
    assert_near(a->detail.pages_retired[1], 2);
    assert_near(a->detail.pages_pending, 1);
    assert_near(a->pcie_generation, 5);
    assert_near(a->numa_node, 0);

    /* 3,600 J at 2^-16 J, and half of 1,000 turns at 100 %. */
    assert_true(linux_file_path(path, b->tree.sysfs, "class/drm/card1/device/gpu_metrics"));
    ssize_t n = file_read_small(path, bytes, sizeof(bytes));
    assert_int_equal(n, 1664);
    put_u32(bytes + 16, UINT32_C(1000000000) + 3600 * 65536);
    put_u32(bytes + 32, 2000);
    put_u32(bytes + 68, 50000 + 50000);
    tree_write_bytes(&b->tree, "sys/class/drm/card1/device/gpu_metrics", bytes, (size_t)n);
    a = bench_read(b)->accelerators;
    assert_near(a->utilization_ratio, 0.5);
    assert_near(a->energy_j_total, (1000000000.0 + 3600 * 65536) / 65536);
    assert_true(isnan(a->detail.energy_estimated));
    bench_free(b);
}

static void partitions_of_a_board_are_one_device(void **state)
{
    struct bench *b = bench_new(&amd_collector, "amd-mi300x");
    const struct reading *r = bench_read(b);

    (void)state;
    assert_int_equal(r->accelerator_len, 1);
    assert_int_equal(r->accelerator_process_len, 1);
    assert_int_equal(process_of(r, 0, 9001)->mem_used_bytes, UINT64_C(2) * 8589934592);
    assert_near(process_of(r, 0, 9001)->sm_ratio, 38 / (8 * 38.0));
    bench_free(b);
}

static const struct accelerator_part *part_of(const struct reading *r, const char *kind,
                                              const char *name)
{
    for (size_t i = 0; i < r->part_len; i++)
        if (!strcmp(r->parts[i].kind, kind) && !strcmp(r->parts[i].name, name))
            return &r->parts[i];
    fail_msg("no %s %s", kind, name);
    return r->parts;
}

static void partitions_and_links_are_parts_of_the_board(void **state)
{
    struct bench *b = bench_new(&amd_collector, "amd-mi300x");
    const struct reading *r = bench_read(b);
    char path[LINUX_PATH_MAX], bytes[AMD_METRICS_BYTES];

    (void)state;
    assert_int_equal(r->part_len, 8 + 7); /* of the eighth link nothing is told */
    assert_near(part_of(r, "partition", "xcp3")->utilization_ratio, 0.83); /* of the moment */
    assert_near(part_of(r, "partition", "xcp3")->clock_mhz, 2087);
    assert_near(part_of(r, "link", "xgmi1")->bytes_total[0], 2000001.0 * 1024);
    assert_near(part_of(r, "link", "xgmi1")->bytes_total[1], 1000001.0 * 1024);
    assert_true(isnan(part_of(r, "link", "xgmi1")->up)); /* this table does not say */
    assert_true(isnan(r->accelerators[0].throttle_reasons));

    assert_true(linux_file_path(path, b->tree.sysfs, "class/drm/card1/device/gpu_metrics"));
    ssize_t n = file_read_small(path, bytes, sizeof(bytes));
    put_u32(bytes + 32, 2000);                           /* a thousand turns */
    put_u32(bytes + 312 + 3 * 168 + 104, 40003 + 25000); /* at 25 percent */
    put_u32(bytes + 40, 901);                            /* held down by the power limit */
    tree_write_bytes(&b->tree, "sys/class/drm/card1/device/gpu_metrics", bytes, (size_t)n);
    r = bench_read(b);
    assert_near(part_of(r, "partition", "xcp3")->utilization_ratio, 0.25); /* the mean */
    assert_near(part_of(r, "partition", "xcp4")->utilization_ratio, 0);
    assert_near(r->accelerators[0].throttle_reasons, 0x4);
    assert_near(bench_read(b)->accelerators[0].throttle_reasons, 0); /* no longer */
    bench_free(b);
}

/* ---- the table that describes itself ---- */

static size_t attribute(unsigned char *to, unsigned id, unsigned type, size_t len,
                        const uint64_t *values)
{
    uint64_t what = (uint64_t)type << 20 | (uint64_t)id << 10 | len;
    size_t width = (size_t)1 << (type / 2);

    for (size_t i = 0; i < 8; i++)
        to[i] = (unsigned char)(what >> (8 * i));
    for (size_t k = 0; k < len; k++)
        for (size_t i = 0; i < width; i++)
            to[8 + k * width + i] = (unsigned char)(values[k] >> (8 * i));
    return 8 + len * width;
}

static void a_table_that_describes_itself_is_read_as_far_as_it_is_known(void **state)
{
    unsigned char bytes[256] = {0, 0, 1, 9, 6};
    struct amd_metrics m;
    struct error err;
    size_t n = 8;

    (void)state;
    n += attribute(bytes + n, 0, 2, 1, (const uint64_t[]){61});
    n += attribute(bytes + n, 900, 6, 2, (const uint64_t[]){1, 2}); /* not known: passed over */
    n += attribute(bytes + n, 3, 2, 1, (const uint64_t[]){742});
    n += attribute(bytes + n, 4, 2, 1, (const uint64_t[]){0xffff}); /* not told */
    n += attribute(bytes + n, 30, 6, 3, (const uint64_t[]){5, UINT64_MAX, 7});
    n += attribute(bytes + n, 33, 2, 2, (const uint64_t[]){2100, 2090});
    assert_int_equal(amd_metrics_parse(str_make((char *)bytes, n), &m, &err), 0);
    assert_near(m.hotspot_c, 61);
    assert_near(m.power_w, 742);
    assert_true(isnan(m.gfx_ratio));
    assert_near(m.link_written_kb[2], 7);
    assert_true(isnan(m.link_written_kb[1]));
    assert_near(m.gfx_mhz, 2100);
    assert_int_equal(amd_metrics_parse(str_make((char *)bytes, n - 1), &m, &err), -EBADMSG);
    assert_non_null(strstr(err.text, "attribute 5"));
    bytes[4] = 7; /* more than there are */
    assert_int_equal(amd_metrics_parse(str_make((char *)bytes, n), &m, &err), -EBADMSG);
    bytes[4] = 0;
    assert_int_equal(amd_metrics_parse(str_make((char *)bytes, n), &m, &err), -EBADMSG);
}

static void a_part_of_a_processor_shares_the_host_s_memory(void **state)
{
    struct bench *b = bench_new(&amd_collector, "amd-strix-halo");
    const struct accelerator *a = bench_read(b)->accelerators;

    (void)state;
    assert_string_equal(a->name, "AMD Radeon 8060S Graphics"); /* libdrm's list before our own */
    assert_string_equal(a->uuid, "GPU-0000:c4:00.0");
    assert_near(a->mem_shared, 1);
    assert_int_equal(a->mem_total_bytes, UINT64_C(536870912) + UINT64_C(66571993088));
    assert_near(a->utilization_ratio, 0.25);
    assert_near(a->temperature_c, 55);
    assert_near(a->clock_memory_mhz, 1000);
    bench_free(b);
}

static void a_board_that_is_pulled_out_is_lost_and_the_last_one_ends_it(void **state)
{
    struct bench *b = bench_new(&amd_collector, "amd-workstation");

    (void)state;
    (void)bench_read(b);
    tree_remove(&b->tree, "sys/class/drm/card1");
    const struct reading *r = bench_read(b);
    assert_int_equal(r->accelerators[0].state, ACCELERATOR_LOST);
    assert_string_equal(r->accelerators[0].name, "AMD Radeon RX 7900 XTX");
    assert_int_equal(r->accelerators[1].state, ACCELERATOR_SLEEPING);
    tree_remove(&b->tree, "sys/class/drm/card3");
    arena_reset(&b->arena);
    reading_init(&b->reading, &b->arena);
    b->reading.mono_ns = b->mono_ns += TURN_NS;
    assert_int_equal(amd_collector.read(b->state, &b->reading, &b->error), -ENODEV);
    bench_free(b);
}

static void a_board_that_is_plugged_in_stands_behind_the_others(void **state)
{
    struct bench *b = bench_new(&amd_collector, "amd-workstation");

    (void)state;
    (void)bench_read(b);
    tree_remove(&b->tree, "sys/class/drm/card1");
    tree_write(&b->tree, "sys/class/drm/card7/device/uevent",
               "DRIVER=amdgpu\nPCI_SLOT_NAME=0000:01:00.0\n");
    tree_write(&b->tree, "sys/class/drm/card7/device/device", "0x744c\n");
    tree_write(&b->tree, "sys/class/drm/card8/device/uevent",
               "DRIVER=amdgpu\nPCI_SLOT_NAME=0000:03:00.0\n");
    (void)bench_read(b);
    const struct reading *r = bench_read(b);
    assert_int_equal(r->accelerator_len, 3);
    assert_string_equal(r->accelerators[0].pci_bus_id, "0000:03:00.0"); /* it is back */
    assert_int_equal(r->accelerators[0].state, ACCELERATOR_OK);
    assert_string_equal(r->accelerators[2].pci_bus_id, "0000:01:00.0");
    assert_int_equal(r->accelerators[2].index, 2);
    bench_free(b);
}

static void files_that_are_missing_are_missing_values(void **state)
{
    struct bench *b = bench_new(&amd_collector, "amd-workstation");

    (void)state;
    tree_remove(&b->tree, "sys/class/drm/card1/device/gpu_metrics");
    tree_remove(&b->tree, "sys/class/drm/card1/device/hwmon");
    tree_remove(&b->tree, "sys/class/kfd");
    const struct accelerator *a = bench_read(b)->accelerators;
    assert_near(a->utilization_ratio, 0.37);  /* gpu_busy_percent */
    assert_near(a->clock_graphics_mhz, 2304); /* the star of pp_dpm_sclk */
    assert_true(isnan(a->temperature_c) && isnan(a->power_w) && isnan(a->fan_rpm));
    assert_non_null(strstr(bench_finding(b, "amd")->what, "2 GPUs by the driver amdgpu of 6.12.9"));
    bench_free(b);
}

/* ---- tables ---- */

static int parse(const unsigned char *bytes, size_t n, struct amd_metrics *m, struct error *err)
{
    return amd_metrics_parse(str_make((const char *)bytes, n), m, err);
}

static void a_table_shorter_than_it_says_is_refused(void **state)
{
    unsigned char bytes[168];
    struct amd_metrics m;
    struct error err;

    (void)state;
    memset(bytes, 0xff, sizeof(bytes));
    bytes[0] = 120;
    bytes[1] = 0;
    bytes[2] = 1;
    bytes[3] = 3;
    assert_int_equal(parse(bytes, 120, &m, &err), 0);
    assert_true(isnan(m.gfx_ratio) && isnan(m.power_w)); /* ones are no value */
    assert_true(m.throttle_bits == UNKNOWN_COUNT);
    assert_int_equal(parse(bytes, 119, &m, &err), -EBADMSG);
    assert_int_equal(parse(bytes, 3, &m, &err), -EBADMSG);
    bytes[0] = 119;
    assert_int_equal(parse(bytes, 120, &m, &err), -EBADMSG);
    bytes[0] = 168;
    assert_int_equal(parse(bytes, 168, &m, &err), 0); /* longer is fine */
    bytes[3] = 77;
    assert_int_equal(parse(bytes, 168, &m, &err), -ENOTSUP);
    assert_non_null(strstr(err.text, "version 1.77"));
}

static void units_of_renoir_are_told_by_their_size(void **state)
{
    unsigned char bytes[128];
    struct amd_metrics m;

    (void)state;
    memset(bytes, 0xff, sizeof(bytes));
    bytes[0] = 128;
    bytes[1] = 0;
    bytes[2] = 2;
    bytes[3] = 2;
    memcpy(bytes + 4, (unsigned char[]){0x2d, 0}, 2);  /* 45 */
    memcpy(bytes + 28, (unsigned char[]){0x25, 0}, 2); /* 37 */
    memcpy(bytes + 40, (unsigned char[]){0x0f, 0}, 2); /* 15 */
    assert_int_equal(parse(bytes, 128, &m, NULL), 0);
    assert_near(m.edge_c, 45);
    assert_near(m.gfx_ratio, 0.37);
    assert_near(m.power_w, 15);
    memcpy(bytes + 4, (unsigned char[]){0x94, 0x11}, 2);  /* 4500 */
    memcpy(bytes + 28, (unsigned char[]){0x74, 0x0e}, 2); /* 3700 */
    memcpy(bytes + 40, (unsigned char[]){0x98, 0x3a}, 2); /* 15000 */
    assert_int_equal(parse(bytes, 128, &m, NULL), 0);
    assert_near(m.edge_c, 45);
    assert_near(m.gfx_ratio, 0.37);
    assert_near(m.power_w, 15);
    assert_true(m.integrated);
}

static void names_of_architectures_and_reasons(void **state)
{
    char target[16];

    (void)state;
    assert_true(amd_name_target(90010, target, sizeof(target)));
    assert_string_equal(target, "gfx90a");
    assert_string_equal(amd_name_architecture(target), "CDNA 2");
    assert_true(amd_name_target(120001, target, sizeof(target)));
    assert_string_equal(target, "gfx1201");
    assert_false(amd_name_target(0, target, sizeof(target)));
    assert_near(amd_metrics_reasons(0), 0);
    assert_near(amd_metrics_reasons(UINT64_C(1) << 17), 0x4);
    assert_near(amd_metrics_reasons(UINT64_C(1) << 36 | UINT64_C(1) << 47), 0x60);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_board_is_read_whole),
        cmocka_unit_test(a_board_that_sleeps_is_asked_nothing),
        cmocka_unit_test(processes_of_both_sides_are_joined_and_none_counts_twice),
        cmocka_unit_test(energy_is_an_integral_where_the_firmware_counts_none),
        cmocka_unit_test(mi300x_means_come_from_the_firmware_s_sums),
        cmocka_unit_test(partitions_of_a_board_are_one_device),
        cmocka_unit_test(partitions_and_links_are_parts_of_the_board),
        cmocka_unit_test(a_table_that_describes_itself_is_read_as_far_as_it_is_known),
        cmocka_unit_test(a_part_of_a_processor_shares_the_host_s_memory),
        cmocka_unit_test(a_board_that_is_pulled_out_is_lost_and_the_last_one_ends_it),
        cmocka_unit_test(a_board_that_is_plugged_in_stands_behind_the_others),
        cmocka_unit_test(files_that_are_missing_are_missing_values),
        cmocka_unit_test(a_table_shorter_than_it_says_is_refused),
        cmocka_unit_test(units_of_renoir_are_told_by_their_size),
        cmocka_unit_test(names_of_architectures_and_reasons),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
