/* intel_test.c - the collector on trees of machines; the kernel's counters and device nodes are the
 * test's. */
#include "intel.h"
#include "intel_gt.h"
#include "intel_memory.h"
#include "intel_pmu.h"

#include "device/linux_edge_test.h"
#include "device/linux_test.h"

#define GIB (UINT64_C(1) << 30)

static const struct accelerator_part *part_of(const struct reading *r, unsigned card,
                                              const char *kind, const char *name)
{
    for (size_t i = 0; i < r->part_len; i++)
        if (r->parts[i].accelerator == card && !strcmp(r->parts[i].kind, kind) &&
            !strcmp(r->parts[i].name, name))
            return &r->parts[i];
    fail_msg("no %s %s of card %u", kind, name, card);
    return r->parts;
}

static bool has_part(const struct reading *r, unsigned card, const char *kind)
{
    for (size_t i = 0; i < r->part_len; i++)
        if (r->parts[i].accelerator == card && !strcmp(r->parts[i].kind, kind))
            return true;
    return false;
}

static const struct accelerator_process *process_of(const struct reading *r, unsigned card, int pid)
{
    for (size_t i = 0; i < r->accelerator_process_len; i++)
        if (r->accelerator_processes[i].accelerator == card &&
            r->accelerator_processes[i].pid == pid)
            return &r->accelerator_processes[i];
    fail_msg("no process %d on card %u", pid, card);
    return r->accelerator_processes;
}

static void put_number(char *at, size_t width, uint64_t value)
{
    for (size_t i = 0; i < width; i++)
        at[i] = (char)(value >> (8 * i));
}

/* ---- i915 ---- */

static void a_board_of_i915_is_read_whole(void **state)
{
    struct bench *b = bench_new(&intel_collector, "intel-arc-i915");
    const struct reading *r = bench_read(b);
    const struct accelerator *a = &r->accelerators[1];

    (void)state;
    assert_int_equal(r->accelerator_len, 2); /* in bus order, whatever the kernel's numbers */
    assert_string_equal(r->accelerators[0].name, "Intel UHD Graphics 770");
    assert_string_equal(a->name, "Intel Arc A770 Graphics");
    assert_string_equal(a->uuid, "GPU-0000:03:00.0");
    assert_string_equal(a->architecture, "Xe-HPG");
    assert_near(a->temperature_c, 58);
    assert_near(a->fan_rpm, 1420);
    assert_near(a->power_limit_w, 190);
    assert_near(a->energy_j_total, 4823); /* the card's counter, not its GT's */
    assert_near(a->detail.energy_estimated, 0);
    assert_true(isnan(a->power_w)); /* takes an interval */
    assert_near(a->clock_graphics_mhz, 2100);
    assert_near(a->clock_graphics_max_mhz, 2400);
    assert_near(a->throttle_reasons, 0x4 | 0x40);
    assert_int_equal(a->mem_total_bytes, 16 * GIB); /* the window's size */
    assert_int_equal(a->mem_used_bytes, 6 * GIB);   /* of the clients, each once */
    assert_near(a->mem_shared, 0);
    assert_string_equal(r->platforms[0].driver_version, "6.12.10-amd64");
    assert_true(isnan(a->utilization_ratio));

    tree_write(&b->tree, "sys/class/drm/card0/device/hwmon/hwmon4/energy1_input", "5323000000\n");
    r = bench_read(b);
    assert_near(r->accelerators[1].power_w, 100); /* 500 J in 5 s */
    bench_free(b);
}

static void the_slot_s_link_is_told_not_that_of_the_switch_on_the_board(void **state)
{
    struct bench *b = bench_new(&intel_collector, "intel-arc-i915");
    const struct accelerator *a = &bench_read(b)->accelerators[1];

    (void)state;
    assert_near(a->pcie_generation, 3); /* its endpoint says 2.5 GT/s, one lane */
    assert_near(a->pcie_width, 8);
    assert_near(a->pcie_generation_max, 4);
    assert_near(a->pcie_width_max, 16);
    bench_free(b);
    b = bench_new(&intel_collector, "intel-max-sriov"); /* no switch: its own link */
    assert_near(bench_read(b)->accelerators[0].pcie_generation, 5);
    assert_near(b->reading.accelerators[0].pcie_width, 16);
    tree_remove(&b->tree, "sys/bus/pci/devices/0000:29:01.0");
    b->collector->close(b->state);
    b->state = NULL;
    assert_true(isnan(bench_read(b)->accelerators[0].pcie_width)); /* not told, not guessed */
    bench_free(b);
}

/* The client of process 3100, whose file it has twice. */
static void write_client(const struct bench *b, const char *text)
{
    tree_write(&b->tree, "proc/3100/fdinfo/8", text);
    tree_write(&b->tree, "proc/3100/fdinfo/9", text);
}

static void load_comes_from_fdinfo_where_all_of_it_may_be_read(void **state)
{
    struct bench *b = bench_new(&intel_collector, "intel-arc-i915");
    const struct reading *r = bench_read(b);

    (void)state;
    assert_int_equal(r->accelerator_process_len, 2); /* its second file is the same client */
    write_client(b, "drm-driver:\ti915\ndrm-client-id:\t21\ndrm-pdev:\t0000:03:00.0\n"
                    "drm-resident-local0:\t6144 MiB\ndrm-engine-render:\t2000000000 ns\n"
                    "drm-engine-video:\t6000000000 ns\ndrm-engine-capacity-video:\t2\n"
                    "drm-engine-compute:\t19000000000 ns\ndrm-engine-capacity-compute:\t4\n");
    r = bench_read(b);
    const struct accelerator *a = &r->accelerators[1];
    assert_near(part_of(r, 1, "engine", "render")->utilization_ratio, 0.2);  /* 1 s of 5 */
    assert_near(part_of(r, 1, "engine", "video")->utilization_ratio, 0.2);   /* 2 of 10 */
    assert_near(part_of(r, 1, "engine", "compute")->utilization_ratio, 0.5); /* 10 of 20 */
    assert_near(a->utilization_ratio, 0.5); /* the busiest, not the sum */
    assert_near(a->decoder_ratio, 0.2);
    assert_near(process_of(r, 1, 3100)->sm_ratio, 0.7);
    assert_int_equal(process_of(r, 1, 3100)->type, 'C');
    assert_int_equal(process_of(r, 1, 3100)->mem_used_bytes, 6 * GIB);
    assert_int_equal(process_of(r, 0, 3105)->mem_used_bytes, UINT64_C(300) << 20);
    assert_false(a->processes_untold);

    /* A time that goes back is none, and what comes again counts once. */
    write_client(b, "drm-driver:\ti915\ndrm-client-id:\t21\ndrm-pdev:\t0000:03:00.0\n"
                    "drm-engine-render:\t1000000000 ns\n");
    assert_near(bench_read(b)->accelerators[1].utilization_ratio, 0);
    write_client(b, "drm-driver:\ti915\ndrm-client-id:\t21\ndrm-pdev:\t0000:03:00.0\n"
                    "drm-engine-render:\t2500000000 ns\n");
    assert_near(bench_read(b)->accelerators[1].utilization_ratio, 0.1);
    tree_remove(&b->tree, "proc/3100"); /* with its client */
    r = bench_read(b);
    assert_near(r->accelerators[1].utilization_ratio, 0); /* nobody has it open */
    assert_int_equal(r->accelerator_process_len, 1);
    bench_free(b);
}

static void counters_of_perf_come_first(void **state)
{
    struct bench *b = bench_new(&intel_collector, "intel-arc-i915");
    struct fake_edge fake;

    (void)state;
    fake_edge_init(&fake);
    b->tree.paths.edge = &fake.edge;
    assert_true(isnan(bench_read(b)->accelerators[1].utilization_ratio));
    assert_int_equal(fake.counter_len,
                     5); /* rcs0, vcs0, vcs1, ccs0 of the board; rcs0 of the part */
    size_t v0 = fake_counter_at(&fake, 0x2000), v1 = fake_counter_at(&fake, 0x2010);
    assert_true(v0 < FAKE_COUNTERS && v1 < FAKE_COUNTERS);
    assert_int_equal(fake.counters[v0].type, 24);
    fake.counters[v0].value = 4 * (uint64_t)NS_PER_S;
    fake.counters[v1].value = 1 * (uint64_t)NS_PER_S;
    const struct reading *r = bench_read(b);
    assert_near(part_of(r, 1, "engine", "video")->utilization_ratio, 0.5); /* 5 s of 2 x 5 */
    assert_near(r->accelerators[1].utilization_ratio, 0.5);
    assert_near(part_of(r, 1, "engine", "compute")->utilization_ratio, 0);
    bench_free(b);
    assert_int_equal(fake.opened, fake.closed);
}

static void without_rights_the_load_is_how_long_it_was_awake_and_doctor_says_so(void **state)
{
    struct bench *b = bench_new(&intel_collector, "intel-arc-i915");
    struct fake_edge fake;

    (void)state;
    fake_edge_init(&fake);
    fake.counter_code = -EACCES;
    b->tree.paths.edge = &fake.edge;
    (void)bench_read(b);
    write_client(b, "pos:\t0\nflags:\t02100002\n"); /* tells nothing */
    tree_write(&b->tree, "sys/class/drm/card0/gt/gt0/rc6_residency_ms", "101000\n");
    const struct reading *r = bench_read(b);
    assert_near(r->accelerators[1].utilization_ratio, 0.8); /* asleep 1 s of 5 */
    assert_near(part_of(r, 1, "gt", "gt0")->asleep_ratio, 0.2);
    assert_true(r->accelerators[1].processes_untold);
    assert_int_equal(r->accelerators[1].mem_used_bytes, UNKNOWN_COUNT); /* never 0 */
    struct finding *list = NULL;
    size_t len = 0, about = 0;
    b->collector->diagnose(&b->tree.paths, &b->arena, &list, &len);
    for (size_t i = 0; i < len; i++)
        about += strstr(list[i].what, "perf may not be opened") != NULL;
    assert_int_equal(about, 2);
    bench_free(b);
}

static int answer_i915(struct fake_edge *fake, unsigned long request, void *argument)
{
    /* struct drm_i915_query { u32 items, flags; u64 item }, its item { u64 id; i32 length; u32; u64
     * } */
    uint64_t query[2], item[3];

    if (request != 0xC0106479UL)
        return -ENOTTY;
    memcpy(query, argument, sizeof(query));
    void *at = (void *)(uintptr_t)query[1];
    memcpy(item, at, sizeof(item));
    if (item[0] != 4)
        return -EINVAL;
    char *bytes = fake->own;
    if ((int32_t)item[1] == 0)
        item[1] = 16 + 2 * 88;
    else
        memcpy((void *)(uintptr_t)item[2], bytes, 16 + 2 * 88);
    memcpy(at, item, sizeof(item));
    return 0;
}

static void memory_of_i915_is_asked_of_its_node(void **state)
{
    struct bench *b = bench_new(&intel_collector, "intel-arc-i915");
    char bytes[16 + 2 * 88] = {0};
    struct fake_edge fake;

    (void)state;
    fake_edge_init(&fake);
    fake.node = "dev/dri/renderD129";
    fake.answer = answer_i915;
    fake.own = bytes;
    b->tree.paths.edge = &fake.edge;
    put_number(bytes, 4, 2);
    put_number(bytes + 16 + 8, 8, 32 * GIB);
    put_number(bytes + 16 + 88, 2, 1);
    put_number(bytes + 16 + 88 + 8, 8, 16 * GIB - 4096);
    put_number(bytes + 16 + 88 + 16, 8, 9 * GIB);
    const struct reading *r = bench_read(b);
    assert_int_equal(r->accelerators[1].mem_total_bytes, 16 * GIB - 4096);
    assert_int_equal(r->accelerators[1].mem_used_bytes, 7 * GIB - 4096);
    assert_int_equal(part_of(r, 1, "memory", "vram0")->mem_used_bytes, 7 * GIB - 4096);
    assert_int_equal(r->accelerators[0].mem_total_bytes,
                     UINT64_C(32000000) * 1024);          /* the host's */
    put_number(bytes + 16 + 88 + 16, 8, 16 * GIB - 4096); /* without CAP_PERFMON: all is free */
    r = bench_read(b);
    assert_int_equal(part_of(r, 1, "memory", "vram0")->mem_used_bytes, UNKNOWN_COUNT);
    assert_int_equal(r->accelerators[1].mem_used_bytes, 6 * GIB); /* of the clients instead */
    bench_free(b);
    assert_int_equal(fake.opened, fake.closed);
}

static void the_part_of_a_processor_has_its_power_of_the_processor_s_counter(void **state)
{
    struct bench *b = bench_new(&intel_collector, "intel-arc-i915");
    const struct accelerator *a = &bench_read(b)->accelerators[0];

    (void)state;
    assert_near(a->mem_shared, 1);
    assert_true(isnan(a->clock_graphics_mhz)); /* 0: its GT sleeps */
    assert_true(isnan(a->pcie_width));
    tree_write(&b->tree, "sys/class/powercap/intel-rapl:0:1/energy_uj", "47000000\n");
    a = &bench_read(b)->accelerators[0];
    assert_near(a->power_w, 8); /* 40 J in 5 s: not the package's */
    assert_near(a->energy_j_total, 40);
    tree_write(&b->tree, "sys/class/powercap/intel-rapl:0:1/energy_uj", "671150\n");
    a = &bench_read(b)->accelerators[0]; /* it wrapped */
    assert_near(a->power_w, (262143.328850 - 47 + 0.671150) / 5);
    bench_free(b);
}

static void old_kernels_have_a_gt_without_a_folder_and_no_fdinfo(void **state)
{
    struct bench *b = bench_new(&intel_collector, "intel-laptop-old");
    const struct reading *r = bench_read(b);

    (void)state;
    assert_int_equal(r->accelerator_len, 1); /* a plug is no card */
    assert_near(r->accelerators[0].clock_graphics_mhz, 650);
    assert_near(r->accelerators[0].clock_graphics_max_mhz, 1150);
    tree_write(&b->tree, "sys/class/drm/card0/power/rc6_residency_ms", "14500\n");
    r = bench_read(b);
    assert_near(r->accelerators[0].utilization_ratio, 0.1);
    assert_int_equal(r->accelerators[0].mem_used_bytes, UNKNOWN_COUNT);
    assert_true(r->accelerators[0].processes_untold);
    bench_free(b);
}

/* ---- xe ---- */

static void a_board_of_xe_is_read_whole(void **state)
{
    struct bench *b = bench_new(&intel_collector, "intel-arc-xe");
    const struct reading *r = bench_read(b);
    const struct accelerator *a = r->accelerators;

    (void)state;
    assert_string_equal(a->name, "Intel Arc B580 Graphics");
    assert_near(a->temperature_c, 61);        /* by label, not by number */
    assert_near(a->memory_temperature_c, 76); /* the hottest channel */
    assert_near(a->fan_rpm, 1300);
    assert_near(a->detail.fan_rpm[0], 1100);
    assert_true(isnan(a->power_limit_w)); /* 0: none is set on the card */
    assert_near(a->power_limit_default_w, 190);
    assert_near(a->energy_j_total, 9000); /* the card's, not the package's */
    assert_near(a->clock_graphics_mhz, 2650);
    assert_near(part_of(r, 0, "gt", "tile0/gt1")->clock_max_mhz, 1500);
    assert_near(a->throttle_reasons, 0x20);
    assert_near(a->pcie_generation, 4);
    assert_near(a->pcie_width, 8);

    tree_write(&b->tree, "proc/4200/fdinfo/5",
               "drm-driver:\txe\ndrm-client-id:\t42\ndrm-pdev:\t0000:03:00.0\n"
               "drm-resident-vram0:\t812 MiB\ndrm-cycles-ccs:\t7000000\n"
               "drm-total-cycles-ccs:\t20000000\n");
    tree_write(&b->tree, "proc/4300/fdinfo/7",
               "drm-driver:\txe\ndrm-client-id:\t43\ndrm-pdev:\t0000:03:00.0\n"
               "drm-resident-vram0:\t2048 MiB\ndrm-cycles-rcs:\t2500000\n"
               "drm-total-cycles-rcs:\t20000000\n");
    r = bench_read(b);
    /* Cycles of cycles, whatever the time: 6 of 10 million. The names are i915's. */
    assert_near(part_of(r, 0, "engine", "compute")->utilization_ratio, 0.6);
    assert_near(part_of(r, 0, "engine", "render")->utilization_ratio, 0.2);
    assert_near(r->accelerators[0].utilization_ratio, 0.6);
    assert_near(process_of(r, 0, 4200)->sm_ratio, 0.6);
    assert_int_equal(process_of(r, 0, 4300)->type, 'G');
    assert_int_equal(process_of(r, 0, 4300)->mem_used_bytes, 2 * GIB);
    bench_free(b);
}

static void a_board_that_sleeps_is_asked_nothing_and_its_clients_are_not_read(void **state)
{
    struct bench *b = bench_new(&intel_collector, "intel-arc-xe");
    struct fake_edge fake;

    (void)state;
    fake_edge_init(&fake);
    fake.node = "dev/dri/renderD129";
    b->tree.paths.edge = &fake.edge;
    const struct reading *r = bench_read(b);
    const struct accelerator *a = &r->accelerators[1];
    assert_int_equal(a->state, ACCELERATOR_SLEEPING);
    assert_string_equal(a->name, "Intel Arc B580 Graphics");
    assert_true(isnan(a->temperature_c) && isnan(a->energy_j_total) && isnan(a->utilization_ratio));
    assert_true(a->processes_untold);
    assert_false(has_part(r, 1, "gt"));
    for (size_t i = 0; i < r->accelerator_process_len; i++) /* fdinfo of xe would wake it */
        assert_int_equal(r->accelerator_processes[i].accelerator, 0);
    assert_int_equal(fake.opened, 0);

    tree_write(&b->tree, "sys/class/drm/card1/device/power/runtime_status", "active\n");
    r = bench_read(b);
    assert_int_equal(r->accelerators[1].state, ACCELERATOR_OK);
    assert_near(r->accelerators[1].temperature_c, 61);
    assert_true(isnan(r->accelerators[1].power_w)); /* of the time it slept nobody knows */
    assert_int_equal(process_of(r, 1, 4300)->mem_used_bytes, UINT64_C(64) << 20);
    assert_int_equal(fake.opened, 1);
    bench_free(b);
}

static void counters_of_xe_are_left_closed_since_they_keep_the_gt_awake(void **state)
{
    struct bench *b = bench_new(&intel_collector, "intel-arc-xe");
    struct fake_edge fake;

    (void)state;
    fake_edge_init(&fake);
    b->tree.paths.edge = &fake.edge;
    (void)bench_read(b);
    assert_int_equal(fake.counter_len, 0);
    bench_free(b);
}

static void tiles_are_parts_of_one_board(void **state)
{
    struct bench *b = bench_new(&intel_collector, "intel-max-sriov");
    const struct reading *r = bench_read(b);

    (void)state;
    assert_string_equal(r->accelerators[0].name, "Intel Data Center GPU Max 1550");
    assert_near(part_of(r, 0, "gt", "tile0/gt0")->clock_mhz, 1600);
    assert_near(part_of(r, 0, "gt", "tile1/gt1")->clock_mhz, 900);
    assert_int_equal(process_of(r, 0, 7001)->mem_used_bytes, UINT64_C(50000) << 20); /* of both */
    assert_near(r->accelerators[0].energy_j_total, 123000); /* it has the package's only */
    assert_near(r->accelerators[0].power_limit_default_w, 600);
    bench_free(b);
}

static void virtual_functions_are_told_apart_and_no_load_is_made_up(void **state)
{
    struct bench *b = bench_new(&intel_collector, "intel-max-sriov");

    (void)state;
    (void)bench_read(b);
    const struct reading *r = bench_read(b);
    assert_int_equal(r->accelerator_len, 4);
    assert_near(r->accelerators[0].detail.virtualization_mode, 0);
    assert_near(r->accelerators[1].detail.virtualization_mode, 3);
    assert_near(r->accelerators[2].detail.virtualization_mode, 2);
    assert_true(isnan(r->accelerators[2].utilization_ratio));
    assert_int_equal(r->accelerators[2].mem_used_bytes, UNKNOWN_COUNT);
    assert_int_equal(r->accelerators[1].mem_used_bytes, UNKNOWN_COUNT); /* guests hold some */
    assert_near(r->accelerators[1].utilization_ratio, 1);               /* awake all the time */
    bench_free(b);
}

/* ---- coming and going ---- */

static void numbers_stay_when_boards_come_and_go(void **state)
{
    struct bench *b = bench_new(&intel_collector, "intel-arc-xe");

    (void)state;
    (void)bench_read(b);
    tree_remove(&b->tree, "sys/class/drm/card0");
    assert_int_equal(bench_read(b)->accelerators[0].state, ACCELERATOR_LOST);
    assert_string_equal(b->reading.accelerators[0].pci_bus_id, "0000:03:00.0");
    assert_int_equal(b->reading.accelerators[1].state, ACCELERATOR_SLEEPING);

    /* One comes whose address is before all others, the first comes back as another number. */
    tree_write(&b->tree, "sys/class/drm/card5/device/uevent",
               "DRIVER=xe\nPCI_SLOT_NAME=0000:02:00.0\n");
    tree_write(&b->tree, "sys/class/drm/card5/device/device", "0xe20c\n");
    tree_write(&b->tree, "sys/class/drm/card7/device/uevent",
               "DRIVER=xe\nPCI_SLOT_NAME=0000:03:00.0\n");
    tree_write(&b->tree, "sys/class/drm/card7/device/device", "0xe20b\n");
    b->mono_ns += 60 * (uint64_t)NS_PER_S;
    const struct reading *r = bench_read(b);
    assert_int_equal(r->accelerator_len, 3);
    assert_string_equal(r->accelerators[0].pci_bus_id, "0000:03:00.0");
    assert_int_equal(r->accelerators[0].state, ACCELERATOR_OK);
    assert_string_equal(r->accelerators[1].pci_bus_id, "0000:08:00.0");
    assert_string_equal(r->accelerators[2].pci_bus_id, "0000:02:00.0");
    assert_string_equal(r->accelerators[2].name, "Intel Arc B570 Graphics");
    for (size_t i = 0; i < 3; i++)
        assert_int_equal(r->accelerators[i].index, i);
    tree_remove(&b->tree, "sys/class/drm");
    arena_reset(&b->arena);
    reading_init(&b->reading, &b->arena);
    b->reading.mono_ns = b->mono_ns += TURN_NS;
    assert_int_equal(intel_collector.read(b->state, &b->reading, &b->error), -ENODEV);
    bench_free(b);
}

static void another_card_under_the_same_number_is_not_taken_for_the_one_that_went(void **state)
{
    struct bench *b = bench_new(&intel_collector, "intel-arc-xe");

    (void)state;
    (void)bench_read(b);
    tree_write(&b->tree, "sys/class/drm/card0/device/uevent",
               "DRIVER=amdgpu\nPCI_SLOT_NAME=0000:0b:00.0\n");
    assert_int_equal(bench_read(b)->accelerators[0].state, ACCELERATOR_LOST);
    bench_free(b);
}

/* ---- texts and bytes ---- */

static void answers_that_are_cut_or_impossible_are_refused(void **state)
{
    char bytes[8 + 2 * 88] = {0};
    struct intel_memory m;

    (void)state;
    put_number(bytes, 4, 2);
    put_number(bytes + 8 + 88, 2, 1);
    put_number(bytes + 8 + 88 + 2, 2, 1);
    put_number(bytes + 8 + 88 + 8, 8, 24 * GIB);
    put_number(bytes + 8 + 88 + 16, 8, GIB);
    assert_true(intel_memory_parse_xe(str_make(bytes, sizeof(bytes)), &m));
    assert_int_equal(m.len, 2);
    assert_false(m.regions[0].vram);
    assert_true(m.regions[1].vram);
    assert_int_equal(m.regions[1].instance, 1);
    assert_int_equal(m.regions[1].total_bytes, 24 * GIB);
    assert_int_equal(m.regions[1].used_bytes, GIB);
    assert_false(intel_memory_parse_xe(str_make(bytes, sizeof(bytes) - 1), &m));
    assert_false(intel_memory_parse_xe(str_make(bytes, 7), &m));
    put_number(bytes + 8 + 88 + 16, 8, 25 * GIB);
    assert_false(intel_memory_parse_xe(str_make(bytes, sizeof(bytes)), &m));
    put_number(bytes, 4, UINT32_MAX);
    assert_false(intel_memory_parse_xe(str_make(bytes, sizeof(bytes)), &m));
    assert_false(intel_memory_parse_i915(str_make(bytes, 15), &m));
}

static void events_engines_and_reasons_by_their_names(void **state)
{
    static const struct {
        const char *text;
        bool good;
        uint64_t config;
    } events[] = {
        {"config=0x0", true, 0},
        {"config=0x2010\n", true, 0x2010},
        {"config=0xFf", true, 0xff},
        {"config=", false, 0},
        {"config=0x", false, 0},
        {"event=0x02", false, 0},
        {"config=0x12345678901234567", false, 0},
        {"config=0x1g", false, 0},
    };
    char class[24];
    uint64_t config;

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(events); i++) {
        assert_int_equal(intel_pmu_event(str_of(events[i].text), &config), events[i].good);
        if (events[i].good)
            assert_int_equal(config, events[i].config);
    }
    intel_pmu_class("vecs1", class);
    assert_string_equal(class, "video-enhance");
    intel_pmu_class("ccs", class);
    assert_string_equal(class, "compute");
    intel_pmu_class("other0", class);
    assert_string_equal(class, "other");
    assert_int_equal(intel_gt_reason("pl2"), 0x4);
    assert_int_equal(intel_gt_reason("vr_tdc"), 0x4);
    assert_int_equal(intel_gt_reason("vr_thermalert"), 0x40);
    assert_int_equal(intel_gt_reason("soc_avg_thermal"), 0x20);
    assert_int_equal(intel_gt_reason("atomic"), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_board_of_i915_is_read_whole),
        cmocka_unit_test(the_slot_s_link_is_told_not_that_of_the_switch_on_the_board),
        cmocka_unit_test(load_comes_from_fdinfo_where_all_of_it_may_be_read),
        cmocka_unit_test(counters_of_perf_come_first),
        cmocka_unit_test(without_rights_the_load_is_how_long_it_was_awake_and_doctor_says_so),
        cmocka_unit_test(memory_of_i915_is_asked_of_its_node),
        cmocka_unit_test(the_part_of_a_processor_has_its_power_of_the_processor_s_counter),
        cmocka_unit_test(old_kernels_have_a_gt_without_a_folder_and_no_fdinfo),
        cmocka_unit_test(a_board_of_xe_is_read_whole),
        cmocka_unit_test(a_board_that_sleeps_is_asked_nothing_and_its_clients_are_not_read),
        cmocka_unit_test(counters_of_xe_are_left_closed_since_they_keep_the_gt_awake),
        cmocka_unit_test(tiles_are_parts_of_one_board),
        cmocka_unit_test(virtual_functions_are_told_apart_and_no_load_is_made_up),
        cmocka_unit_test(numbers_stay_when_boards_come_and_go),
        cmocka_unit_test(another_card_under_the_same_number_is_not_taken_for_the_one_that_went),
        cmocka_unit_test(answers_that_are_cut_or_impossible_are_refused),
        cmocka_unit_test(events_engines_and_reasons_by_their_names),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
