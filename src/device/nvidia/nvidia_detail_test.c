/* Tests of what NVML gives beyond the usual: field values and what is built on them. */
#include "device/nvidia/nvidia_rig.h"

/* ---- field values ---- */

static void a_server_board_tells_its_health_by_fields(void **state)
{
    struct rig *rig = *state;

    rig_open(rig, "gpu 1 H200 profile=constant\n"
                  "fault value field=field_143 value=2\nfault value field=field_144 value=1\n"
                  "fault value field=field_230 value=4\n");
    rig_read(rig, 0);
    const struct accelerator *a = rig_read(rig, 5);
    const struct accelerator_detail *d = &a->detail;
    assert_near(d->rows_remapped_total[0], 0, 0);
    assert_near(d->rows_remapped_total[1], 2, 0);
    assert_near(d->rows_pending, 1, 0);
    assert_near(d->rows_failed, 0, 0);
    assert_near(d->recovery_action, 4, 0);
    assert_near(d->ecc_aggregate_total[0], 3, 0);
    assert_near(d->ecc_location_total[15], 3, 0);
    assert_near(d->margin_c[MARGIN_GPU_MAX], 87 - a->temperature_c, 0);
    assert_near(d->power_instant_w, 672, 30);
    assert_true(isnan(d->pages_retired[0])); /* such boards remap rows instead */
    assert_true(a->memory_temperature_c > a->temperature_c);
    assert_near(d->pcie_replays_total, 0, 0);
    assert_int_equal(rig->r.reject_len, 0);
}

static void counters_of_pcie_become_bytes_per_second(void **state)
{
    struct rig *rig = *state;

    rig_open(rig, "gpu 1 H200 profile=constant\nfault value field=field_197 value=5 from=9\n");
    assert_true(isnan(rig_read(rig, 1)->detail.pcie_bytes_per_s[0]));
    const struct accelerator *a = rig_read(rig, 6);
    assert_near(a->detail.pcie_bytes_per_s[0], 0x1p31, 10);
    assert_near(a->detail.pcie_bytes_per_s[1], 3 * 0x1p30, 10);
    a = rig_read(rig, 11); /* the counter began again */
    assert_near(a->detail.pcie_bytes_total[0], 5, 0);
    assert_true(isnan(a->detail.pcie_bytes_per_s[0]));
    assert_near(a->detail.pcie_bytes_per_s[1], 3 * 0x1p30, 10);
}

static void time_of_throttling_is_in_seconds_and_no_longer_than_time(void **state)
{
    struct rig *rig = *state;

    rig_open(rig, "gpu 1 H200 profile=constant\n"
                  "fault value field=field_269 value=0 until=12\n"
                  "fault value field=field_269 value=9e12 from=12\n");
    rig_read(rig, 0);
    const struct accelerator *a = rig_read(rig, 10);
    assert_near(a->detail.throttle_s_total[THROTTLE_TIME_POWER], 1, 1e-6);
    assert_near(a->detail.throttle_s_total[THROTTLE_TIME_SW_THERMAL], 0, 0);
    a = rig_read(rig, 15);
    assert_true(isnan(a->detail.throttle_s_total[THROTTLE_TIME_SW_THERMAL]));
    assert_int_equal(rig_rejects(rig, "nvidia.throttle_time", "range"), 1);
}

static void times_of_throttling_are_found_in_either_numbering(void **state)
{
    struct rig *rig = *state;
    static const char *const fields[] = {"field_269", "field_251"};

    for (int older = 0; older < 2; older++) {
        char text[256];
        snprintf(text, sizeof(text),
                 "gpu 1 B200 profile=constant\nfault value field=%s value=5e8\n%s", fields[older],
                 older ? "fault fields-older\n" : "");
        rig_open(rig, text);
        rig_read(rig, 0);
        const double *s = rig_read(rig, 10)->detail.throttle_s_total;
        assert_near(s[THROTTLE_TIME_SW_THERMAL], 0.5, 1e-6);
        assert_near(s[THROTTLE_TIME_HW_THERMAL], 0, 0); /* settings of power smoothing say 1 */
        nvidia_collector.close(rig->state);
        rig->state = NULL;
    }
}

static void what_changes_seldom_is_asked_seldom_and_shown_meanwhile(void **state)
{
    struct rig *rig = *state;

    rig_open(rig, "gpu 1 H200\nfault value field=field_142 value=1 from=3\n");
    assert_near(rig_read(rig, 0)->detail.rows_remapped_total[0], 0, 0);
    assert_near(rig_read(rig, 5)->detail.rows_remapped_total[0], 0, 0);
    assert_near(rig_read(rig, 15)->detail.rows_remapped_total[0], 1, 0);
    assert_near(rig_read(rig, 20)->detail.rows_remapped_total[0], 1, 0);
}

static void one_refused_field_takes_no_other_with_it(void **state)
{
    struct rig *rig = *state;

    rig_open(rig, "gpu 1 \"RTX 3060\"\n");
    const struct accelerator *a = rig_read(rig, 0);
    assert_near(a->detail.pcie_replays_total, 0, 0);
    assert_true(isnan(a->detail.rows_pending) && isnan(a->detail.recovery_action));
    assert_true(isnan(a->memory_temperature_c));
    assert_true(isnan(a->detail.pcie_bytes_total[0]));
}

static void implausible_fields_are_withdrawn_and_counted(void **state)
{
    static const struct {
        const char *field, *value, *name, *reason;
        size_t offset;
    } cases[] = {
        {"field_142", "4294967295", "nvidia.remapped_rows", "sentinel",
         offsetof(struct accelerator_detail, rows_remapped_total)},
        {"field_144", "7", "nvidia.mode", "range",
         offsetof(struct accelerator_detail, rows_pending)},
        {"field_197", "1.8446744073709552e19", "nvidia.pcie_bytes", "sentinel",
         offsetof(struct accelerator_detail, pcie_bytes_total)},
        {"field_230", "77", "nvidia.recovery_action", "range",
         offsetof(struct accelerator_detail, recovery_action)},
        {"field_193", "2000", "nvidia.temperature_margin", "range",
         offsetof(struct accelerator_detail, margin_c)},
        {"field_74", "1.8446744073709552e19", "nvidia.throttle_time", "sentinel",
         offsetof(struct accelerator_detail, throttle_s_total)},
        {"field_94", "2147483647", "nvidia.pcie_errors", "sentinel",
         offsetof(struct accelerator_detail, pcie_replays_total)},
    };
    struct rig *rig = *state;

    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        char text[200];
        snprintf(text, sizeof(text), "gpu 1 H200\nfault value field=%s value=%s\n", cases[i].field,
                 cases[i].value);
        rig_open(rig, text);
        const struct accelerator *a = rig_read(rig, 0);
        assert_true(isnan(*(const double *)((const char *)&a->detail + cases[i].offset)));
        if (rig_rejects(rig, cases[i].name, cases[i].reason) != 1)
            fail_msg("%s=%s was not rejected", cases[i].field, cases[i].value);
        nvidia_collector.close(rig->state);
        rig->state = NULL;
    }
}

/* ---- links ---- */

static void every_link_tells_state_traffic_and_errors(void **state)
{
    static const char *const boards[] = {"H200", "B200"}; /* KiB and bytes */
    struct rig *rig = *state;

    for (size_t i = 0; i < ARRAY_LEN(boards); i++) {
        char text[300];
        snprintf(text, sizeof(text),
                 "gpu 2 %s profile=constant nvlinks=4\n"
                 "fault value gpu=1 field=nvlink_2_state value=0\n"
                 "fault value gpu=1 field=nvlink_1_error_1 value=7\n"
                 "fault value gpu=1 field=nvlink_0_remote value=0\n",
                 boards[i]);
        rig_open(rig, text);
        rig_read(rig, 0);
        const struct accelerator *a = rig_read(rig, 16);
        assert_int_equal(rig->r.link_len, 8);
        const struct accelerator_link *l = &rig->r.links[4];
        assert_int_equal(l[0].accelerator, 1);
        assert_string_equal(l[0].remote, "gpu");
        assert_string_equal(l[1].remote, "switch");
        assert_near(l[0].bytes_total[0], 16 * 0x1p30, 1024);
        assert_near(l[1].error_total[LINK_ERROR_RECOVERY], 7, 0);
        assert_near(l[1].error_total[LINK_ERROR_REPLAY], 0, 0);
        assert_near(l[2].up, 0, 0);
        assert_string_equal(l[2].remote, "");
        assert_near(l[3].up, 1, 0);
        assert_int_equal(l[3].index, 3);
        assert_near(a[0].detail.link_bytes_per_s[1], 4 * 0x1p30, 10);
        nvidia_collector.close(rig->state);
        rig->state = NULL;
    }
}

static void boards_without_links_are_asked_once_and_have_none(void **state)
{
    struct rig *rig = *state;

    rig_open(rig, "gpu 1 L4\ngpu 1 H200 mig=on\ngpu 1 H200 nvlinks=36\n");
    rig_read(rig, 0);
    assert_int_equal(rig->r.link_len, 36);
    assert_int_equal(rig->r.links[35].accelerator, 2);
    rig_read(rig, 20);
    assert_int_equal(rig->r.link_len, 36);
}

static void the_fabric_tells_its_faults_only_when_it_is_complete(void **state)
{
    struct rig *rig = *state;

    rig_open(rig, "gpu 1 H200\nfault value field=fabric_health value=665 from=8\n"
                  "fault value field=fabric_state value=2 from=18\n");
    const struct accelerator_detail *d = &rig_read(rig, 0)->detail;
    assert_near(d->fabric_state, 3, 0);
    assert_near(d->fabric_fault[FABRIC_BANDWIDTH_DEGRADED], 0, 0);
    assert_near(d->fabric_fault[FABRIC_MISCONFIGURED], 0, 0);
    d = &rig_read(rig, 10)->detail; /* 665: degraded, no recovery, unhealthy, and which fault */
    assert_near(d->fabric_fault[FABRIC_BANDWIDTH_DEGRADED], 1, 0);
    assert_near(d->fabric_fault[FABRIC_ROUTE_RECOVERY], 0, 0);
    assert_near(d->fabric_fault[FABRIC_ROUTE_UNHEALTHY], 1, 0);
    assert_near(d->fabric_fault[FABRIC_ACCESS_TIMEOUT], 0, 0);
    assert_near(d->fabric_fault[FABRIC_MISCONFIGURED], 1, 0);
    d = &rig_read(rig, 20)->detail;
    assert_near(d->fabric_state, 2, 0);
    assert_true(isnan(d->fabric_status) && isnan(d->fabric_fault[FABRIC_BANDWIDTH_DEGRADED]));
}

static void an_older_driver_tells_of_the_fabric_in_its_own_version(void **state)
{
    struct rig *rig = *state;

    rig_open(rig, "gpu 1 H200\nfault code call=nvmlDeviceGetGpuFabricInfoV code=25 calls=1\n");
    assert_near(rig_read(rig, 0)->detail.fabric_state, 3, 0);
    assert_near(rig_read(rig, 5)->detail.fabric_state, 3, 0);
}

/* ---- the board ---- */

static void a_board_tells_its_marks(void **state)
{
    struct rig *rig = *state;

    rig_file(rig, "sys/bus/pci/devices/0000:17:00.0/numa_node", "1\n");
    rig_open(rig, "gpu 1 H200 profile=inference\ngpu 1 \"RTX 3060\"\n"
                  "fault value field=remap_banks_low value=3\n");
    rig_read(rig, 0);
    const struct accelerator *a = rig_read(rig, 5);
    assert_string_equal(a[0].board_part, "900-21010-0000-000");
    assert_string_equal(a[0].inforom_image, "G520.0200.00.05");
    assert_string_equal(a[0].inforom_ecc, "7.16");
    assert_string_equal(a[0].gsp_version, "580.95.05");
    assert_near(a[0].detail.gsp_mode, 2, 0);
    assert_near(a[0].detail.remap_banks[0], 637, 0);
    assert_near(a[0].detail.remap_banks[3], 3, 0);
    assert_near(a[0].detail.jpeg_ratio, 0, 0.2);
    assert_near(a[0].detail.ofa_ratio, 0, 0.2);
    assert_near(a[0].numa_node, 1, 0); /* the kernel knows it where the driver does not */
    assert_string_equal(a[1].board_part, "");
    assert_true(isnan(a[1].detail.remap_banks[0]));
    assert_near(a[1].detail.gsp_mode, 0, 0);
}

static void reasons_of_the_clocks_are_counted_over_five_minutes(void **state)
{
    struct rig *rig = *state;

    rig_open(rig, "gpu 1 H200\nfault value field=throttle value=5 until=60\n");
    for (int k = 0; k < 60; k += 5)
        rig_read(rig, k);
    const struct accelerator *a = rig_read(rig, 65);
    assert_near(a->detail.clock_events[0], 13, 0); /* idle: all the time */
    assert_near(a->detail.clock_events[2], 12, 0); /* the power cap: for a minute */
    assert_near(a->detail.clock_events[3], 0, 0);
    assert_near(a->detail.virtualization_mode, 0, 0);
    a = rig_read(rig, 325);
    assert_near(a->detail.clock_events[2], 6, 0); /* half of it is older */
    a = rig_read(rig, 3000);
    assert_near(a->detail.clock_events[0], 1, 0);
    assert_near(a->detail.clock_events[2], 0, 0);
}

static void busy_seconds_are_the_integral_of_the_samples(void **state)
{
    struct rig *rig = *state;

    rig_open(rig, "gpu 1 H200 profile=square period=2 duty=0.25\nfault reload from=33\n");
    rig_read(rig, 0.9);
    double before = rig_read(rig, 6.9)->detail.busy_s_total;
    const struct accelerator *a = rig_read(rig, 12.9);
    assert_near(a->detail.busy_s_total - before, 1.5, 0.15);
    assert_near(a->detail.utilization_min_ratio, 0, 0);
    assert_near(a->utilization_max_ratio, 1, 0);
    assert_true(a->detail.power_min_w < a->power_w);
    before = rig_read(rig, 30.9)->detail.busy_s_total;
    assert_true(rig_read(rig, 36.9)->detail.busy_s_total > before); /* also over a reload */
}

/* ---- profiling and instances ---- */

static void parts_of_a_gpu_are_profiled_between_two_readings(void **state)
{
    struct rig *rig = *state;

    rig_open(rig, "gpu 1 H200 profile=square period=2 duty=0.5\ngpu 1 A100-SXM4-80GB\n"
                  "fault value field=gpm_5 value=400 from=14\n");
    assert_true(isnan(rig_read(rig, 0)->detail.profile[PROFILE_SM]));
    const struct accelerator *a = rig_read(rig, 6);
    assert_near(a->detail.profile[PROFILE_SM], 0.45, 0.03);
    assert_near(a->detail.profile[PROFILE_GRAPHICS], 0.5, 0.03);
    assert_near(a->detail.profile[PROFILE_TENSOR], 0.3, 0.03);
    assert_near(a->detail.profile[PROFILE_PCIE_TX], 0x1p30, 0x1p26);
    assert_true(isnan(a[1].detail.profile[PROFILE_SM])); /* before Hopper there is none */
    assert_near(rig_read(rig, 12)->detail.profile[PROFILE_SM], 0.45, 0.03);
    a = rig_read(rig, 18);
    assert_true(isnan(a->detail.profile[PROFILE_TENSOR]));
    assert_int_equal(rig_rejects(rig, "nvidia.profile", "range"), 1);
    assert_false(isnan(a->detail.profile[PROFILE_SM]));
    assert_true(isnan(rig_read(rig, 1000)->detail.profile[PROFILE_SM])); /* too far apart */
}

static void a_profile_stands_until_its_next_window_is_full(void **state)
{
    struct rig *rig = *state;
    double switches = 0;

    rig_open(rig, "gpu 1 H200 profile=ramp period=100\n"
                  "gpu 1 H200 profile=ramp period=100 mig=on instances=1g.18gb\n");
    rig_read(rig, 0);
    for (double at = 0.5; at < 20; at += at < 10 ? 0.5 : 1.15) { /* a turn may come late, or soon */
        const struct accelerator *a = rig_read(rig, at);
        if (at < 1)
            continue;
        assert_near(a[0].detail.profile[PROFILE_SM], 0.9 * at / 100, 0.015);
        assert_near(rig->r.instances[0].profile[PROFILE_SM], 0.9 * at / 100, 0.015);
        assert_false(isnan(a[0].detail.profile_engine[0]));
        assert_true(a[0].detail.context_switches_total >= switches);
        switches = a[0].detail.context_switches_total;
    }
    double before = switches;
    rig_read(rig, 20);
    assert_true(rig_read(rig, 20.1)->detail.context_switches_total < before * 1.2); /* none twice */
}

static void instances_have_memory_and_profile_of_their_own(void **state)
{
    struct rig *rig = *state;

    rig_open(rig, "gpu 1 H200\n"
                  "gpu 1 H200 profile=constant mig=on instances=3g.71gb,2g.35gb,1g.18gb\n");
    rig_read(rig, 0);
    const struct accelerator *a = rig_read(rig, 5);
    assert_int_equal(rig->r.instance_len, 3);
    const struct accelerator_instance *m = rig->r.instances;
    assert_int_equal(m[0].accelerator, 1);
    assert_string_equal(m[0].profile_name, "3g.71gb");
    assert_int_equal(strncmp(m[0].uuid, "MIG-", 4), 0);
    assert_true(strcmp(m[0].uuid, m[1].uuid) != 0);
    assert_int_equal(m[1].index, 1);
    assert_int_equal(m[1].gpu_instance, 8);
    assert_int_equal(m[1].compute_instance, 0);
    assert_near(m[0].sm_count, 48, 0);
    assert_true(m[0].mem_total_bytes == 4 * m[2].mem_total_bytes);
    assert_true(m[0].mem_used_bytes + m[0].mem_free_bytes + m[0].mem_reserved_bytes ==
                m[0].mem_total_bytes);
    assert_near(m[2].profile[PROFILE_SM], 0.9, 0.01);
    assert_true(isnan(a[1].detail.profile[PROFILE_SM]));
    assert_false(isnan(a[0].detail.profile[PROFILE_SM]));
}

static void a_new_layout_is_seen_at_run_time(void **state)
{
    struct rig *rig = *state;

    rig_open(rig, "gpu 1 H200 mig=on instances=3g.71gb,2g.35gb,1g.18gb\n"
                  "fault mig-layout value=1 from=8 until=50\n"
                  "fault mig-layout value=0 from=50\n");
    rig_read(rig, 0);
    assert_int_equal(rig->r.instance_len, 3);
    rig_read(rig, 10);
    for (int i = 0; i < 200 && rig->r.instance_len != 1; i++) { /* the event comes by its thread */
        usleep(10000);
        rig_read(rig, 10);
    }
    assert_int_equal(rig->r.instance_len, 1);
    rig_read(rig, 15);
    rig_read(rig, 90); /* at the latest when the list is looked at anew */
    assert_int_equal(rig->r.instance_len, 0);
    rig_read(rig, 95);
    assert_int_equal(rig->r.accelerators[0].state, ACCELERATOR_OK);
}

static void instances_survive_a_reload_and_leave_with_a_lost_gpu(void **state)
{
    struct rig *rig = *state;

    rig_open(rig, "gpu 2 H200 mig=on instances=7g.141gb\nfault reload from=8\n"
                  "fault lost gpu=0 from=18 back=never\n");
    rig_read(rig, 5);
    assert_int_equal(rig->r.instance_len, 2);
    rig_read(rig, 10);
    assert_int_equal(rig->r.instance_len, 2);
    rig_read(rig, 20);
    assert_int_equal(rig->r.instance_len, 1);
    assert_int_equal(rig->r.instances[0].accelerator, 1);
}

static void sixteen_gpus_of_seven_instances_are_all_read(void **state)
{
    struct rig *rig = *state;

    rig_open(rig, "gpu 16 H200 profile=training mig=on instances="
                  "1g.18gb,1g.18gb,1g.18gb,1g.18gb,1g.18gb,1g.18gb,1g.18gb\n");
    rig_read(rig, 0);
    rig_read(rig, 5);
    assert_int_equal(rig->r.instance_len, 112);
    assert_int_equal(rig->r.instances[111].accelerator, 15);
    assert_false(isnan(rig->r.instances[111].profile[PROFILE_SM]));
}

/* ---- events ---- */

/* Reads until the thread of events has handed over `wanted` events of GPU `gpu`, for two seconds
 * at most. */
static void read_until_events(struct rig *rig, double seconds, unsigned gpu, double wanted)
{
    for (int i = 0; i < 200; i++) {
        const struct accelerator *a = rig_read(rig, seconds);
        double events = 0;
        for (size_t k = 0; k < rig->r.xid_len; k++)
            if (rig->r.xids[k].accelerator == gpu)
                events += (double)rig->r.xids[k].count;
        if (a && events >= wanted)
            return;
        usleep(10000);
    }
    fail_msg("no event came");
}

static void xids_are_counted_by_gpu_and_code_with_their_last_time(void **state)
{
    struct rig *rig = *state;

    rig_open(rig, "gpu 2 H200\nfault xid gpu=1 code=31 from=7 calls=3\n"
                  "fault xid gpu=1 code=63 from=7\nfault xid gpu=0 code=98 from=20\n");
    assert_near(rig_read(rig, 0)->detail.xid_events_total, 0, 0);
    assert_int_equal(rig->r.xid_len, 0);
    rig_read(rig, 10);
    read_until_events(rig, 10, 1, 4);
    assert_int_equal(rig->r.xid_len, 2);
    assert_int_equal(rig->r.xids[0].accelerator, 1);
    assert_int_equal(rig->r.xids[0].xid, 31);
    assert_int_equal(rig->r.xids[0].count, 3);
    assert_string_equal(rig->r.xids[0].meaning, "page fault in GPU memory");
    assert_near(rig->r.xids[0].last_s, (double)RIG_START_US / 1e6 + 10, 1e-3);
    assert_int_equal(rig->r.xids[0].recent, 3);
    assert_int_equal(rig->r.xids[1].xid, 63);
    assert_true(rig->r.xids[0].latest != rig->r.xids[1].latest);
    assert_near(rig->r.accelerators[1].detail.xid_events_total, 4, 0);
    assert_near(rig->r.accelerators[0].detail.xid_events_total, 0, 0);
    rig_read(rig, 25);
    read_until_events(rig, 25, 0, 1);
    rig_read(rig, 295);
    assert_int_equal(rig->r.xids[1].recent, 3);
    rig_read(rig, 330);
    assert_int_equal(rig->r.xids[1].recent, 0);
    assert_int_equal(rig->r.xids[1].count, 3);
    assert_string_equal(rig->r.xids[0].meaning, ""); /* not in the catalogue, but counted */
}

static void a_lost_gpu_does_not_silence_the_errors_of_others(void **state)
{
    struct rig *rig = *state;

    rig_open(rig, "gpu 2 H200\nfault lost gpu=0 from=8 back=never\n"
                  "fault xid gpu=1 code=13 from=23\n");
    rig_read(rig, 0);
    rig_read(rig, 5);
    assert_int_equal(rig_read(rig, 10)->state, ACCELERATOR_LOST);
    usleep(100000); /* so that the thread sees it, too */
    rig_read(rig, 15);
    rig_read(rig, 20); /* by now the thread that it ended has begun anew, with the other */
    read_until_events(rig, 25, 1, 1);
}

static void xids_outlive_the_gpu_and_a_reload_of_the_driver(void **state)
{
    struct rig *rig = *state;

    rig_open(rig, "gpu 2 H200\nfault xid gpu=0 code=79 from=3\n"
                  "fault lost gpu=0 from=8 until=19 back=never\nfault reload from=18\n"
                  "fault xid gpu=1 code=13 from=28\n");
    rig_read(rig, 0);
    rig_read(rig, 5);
    read_until_events(rig, 5, 0, 1);
    assert_int_equal(rig_read(rig, 10)->state, ACCELERATOR_LOST);
    assert_int_equal(rig->r.xid_len, 1);
    rig_read(rig, 20);
    rig_read(rig, 25);
    assert_int_equal(rig->r.xids[0].count, 1);
    rig_read(rig, 30); /* the thread of the new library */
    read_until_events(rig, 30, 1, 1);
}

static void a_driver_without_events_is_read_all_the_same(void **state)
{
    static const char *const faults[] = {
        "fault missing call=nvmlEventSetCreate\n",
        "fault code call=nvmlDeviceGetSupportedEventTypes code=3\n",
        "fault code call=nvmlDeviceRegisterEvents code=3\n",
        "fault code call=nvmlEventSetWait_v2 code=999\n",
        "fault code call=nvmlEventSetWait_v2 code=15\n",
    };
    struct rig *rig = *state;

    for (size_t i = 0; i < ARRAY_LEN(faults); i++) {
        char text[200];
        snprintf(text, sizeof(text), "gpu 1 H200\n%s", faults[i]);
        rig_open(rig, text);
        rig_read(rig, 0);
        assert_false(isnan(rig_read(rig, 5)->temperature_c));
        rig_read(rig, 70);
        nvidia_collector.close(rig->state);
        rig->state = NULL;
    }
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, rig_setup, rig_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_server_board_tells_its_health_by_fields),
        TEST(counters_of_pcie_become_bytes_per_second),
        TEST(time_of_throttling_is_in_seconds_and_no_longer_than_time),
        TEST(times_of_throttling_are_found_in_either_numbering),
        TEST(what_changes_seldom_is_asked_seldom_and_shown_meanwhile),
        TEST(one_refused_field_takes_no_other_with_it),
        TEST(implausible_fields_are_withdrawn_and_counted),
        TEST(a_board_tells_its_marks),
        TEST(reasons_of_the_clocks_are_counted_over_five_minutes),
        TEST(busy_seconds_are_the_integral_of_the_samples),
        TEST(every_link_tells_state_traffic_and_errors),
        TEST(boards_without_links_are_asked_once_and_have_none),
        TEST(the_fabric_tells_its_faults_only_when_it_is_complete),
        TEST(parts_of_a_gpu_are_profiled_between_two_readings),
        TEST(a_profile_stands_until_its_next_window_is_full),
        TEST(instances_have_memory_and_profile_of_their_own),
        TEST(a_new_layout_is_seen_at_run_time),
        TEST(instances_survive_a_reload_and_leave_with_a_lost_gpu),
        TEST(sixteen_gpus_of_seven_instances_are_all_read),
        TEST(xids_are_counted_by_gpu_and_code_with_their_last_time),
        TEST(a_lost_gpu_does_not_silence_the_errors_of_others),
        TEST(xids_outlive_the_gpu_and_a_reload_of_the_driver),
        TEST(a_driver_without_events_is_read_all_the_same),
        TEST(an_older_driver_tells_of_the_fabric_in_its_own_version),
    };

    log_setup(LOG_ERROR, LOG_LOGFMT);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
