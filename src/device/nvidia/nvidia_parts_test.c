/* Tests of the lists that belong to GPUs: links of the fifth generation, peers, virtual GPUs,
 * accounts; and of what else a shared machine tells. */
#include "device/nvidia/nvidia_rig.h"

/* ---- fabric and links ---- */

static void links_of_the_fifth_generation_tell_errors_recoveries_and_rates(void **state)
{
    struct rig *rig = *state;

    rig_open(rig, "gpu 1 GB200 profile=constant nvlinks=4\ngpu 1 H200\n"
                  "fault value field=field_214 value=1\nfault value field=field_221 value=9\n");
    rig_read(rig, 0);
    const struct accelerator *a = rig_read(rig, 16);
    assert_int_equal(rig->r.link_fifth_len, 4);
    const struct accelerator_link_fifth *l = rig->r.links_fifth;
    assert_int_equal(l[1].accelerator, 0);
    assert_int_equal(l[1].index, 1);
    assert_near(l[1].value[LINK_FIFTH_RECOVERED], 2, 0);
    assert_near(l[0].value[LINK_FIFTH_RECOVERED], 0, 0);
    assert_near(l[0].value[LINK_FIFTH_NOT_RECOVERED], 1, 0);
    assert_near(l[0].value[LINK_FIFTH_SYMBOL], 9, 0);
    assert_near(l[0].value[LINK_FIFTH_MALFORMED], 0, 0);
    assert_near(l[0].value[LINK_FIFTH_BER_RAW], 3e-9, 1e-12);
    assert_near(l[0].value[LINK_FIFTH_BER_SYMBOL], 15e-254, 1e-254);
    assert_near(a[0].detail.link_fec_total[0], 4 * 16e6, 1); /* of all links */
    assert_near(a[0].detail.link_fec_total[15], 0, 0);
    assert_near(a[0].detail.link_speed_bytes_per_s, 53125e6, 0);
    assert_near(a[0].detail.links_low_power, 0, 0);
    assert_near(a[0].detail.link_count, 4, 0);
    assert_true(isnan(a[0].detail.link_ecc_errors_total));
    assert_near(a[1].detail.link_ecc_errors_total, 0, 0);
    assert_true(isnan(a[1].detail.link_fec_total[0]));
    assert_string_equal(rig->r.links[0].remote_pci, "0000:c1:00.0");
}

static void an_impossible_rate_of_bit_errors_is_withdrawn(void **state)
{
    struct rig *rig = *state;

    /* 7 x 10^0: more errors than bits */
    rig_open(rig, "gpu 1 B200 nvlinks=1\nfault value field=field_220 value=1792\n");
    rig_read(rig, 0);
    assert_int_equal(rig->r.link_fifth_len, 1);
    assert_true(isnan(rig->r.links_fifth[0].value[LINK_FIFTH_BER_EFFECTIVE]));
    assert_false(isnan(rig->r.links_fifth[0].value[LINK_FIFTH_BER_RAW]));
    assert_int_equal(rig_rejects(rig, "nvidia.nvlink_bit_error_rate", "range"), 1);
}

static void a_link_that_is_slower_than_the_others_shows(void **state)
{
    struct rig *rig = *state;

    rig_open(rig, "gpu 1 H200 nvlinks=3\n");
    rig_read(rig, 0);
    assert_near(rig_read(rig, 16)->detail.link_speed_bytes_per_s, 26562e6, 0);
    nvidia_collector.close(rig->state);
    rig->state = NULL;
    rig_open(rig, "gpu 1 H200 nvlinks=3\nfault value field=field_164 value=1000\n"
                  "fault value field=field_167 value=1\n");
    const struct accelerator *a = rig_read(rig, 0);
    assert_near(a->detail.link_speed_bytes_per_s, 1e9, 0);
    assert_near(a->detail.links_low_power, 3, 0);
}

static void each_version_of_the_fabric_is_understood(void **state)
{
    static const struct {
        const char *faults;
        double health, degraded;
    } cases[] = {
        {"fault value field=fabric_summary value=3\n", 3, 0},
        {"fault code call=nvmlDeviceGetGpuFabricInfoV code=25 calls=1\n", NAN, 0},
        {"fault missing call=nvmlDeviceGetGpuFabricInfoV\n", NAN, NAN},
    };
    struct rig *rig = *state;

    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        char text[200];
        snprintf(text, sizeof(text), "gpu 1 H200\n%s", cases[i].faults);
        rig_open(rig, text);
        rig_read(rig, 0);
        const struct accelerator *a = rig_read(rig, 5);
        assert_near(a->detail.fabric_state, 3, 0);
        assert_near(a->detail.fabric_clique, 32766, 0);
        assert_string_equal(a->fabric_cluster, "5a11da7a-0c4e-4b1e-9a3f-123456789abc");
        double found[] = {a->detail.fabric_health, a->detail.fabric_fault[0]};
        double wanted[] = {cases[i].health, cases[i].degraded};
        for (size_t k = 0; k < ARRAY_LEN(found); k++)
            assert_true(isnan(wanted[k]) ? isnan(found[k]) : fabs(found[k] - wanted[k]) < 1e-9);
        nvidia_collector.close(rig->state);
        rig->state = NULL;
    }
}

static void chips_of_a_superchip_are_linked(void **state)
{
    struct rig *rig = *state;

    rig_open(rig, "gpu 1 GB200 profile=constant\ngpu 1 H200\n");
    rig_read(rig, 0);
    const struct accelerator *a = rig_read(rig, 5);
    assert_near(a->detail.c2c_links, 10, 0);
    assert_near(a->detail.c2c_active, 10, 0);
    assert_near(a->detail.c2c_bytes_per_s_max, 10 * 44712e6, 0);
    assert_near(a->detail.c2c_mode, 1, 0);
    assert_near(a->detail.c2c_power_state, 0, 0);
    assert_near(a->detail.profile_c2c_bytes_per_s[0], 0x1p32, 1e6);
    assert_true(isnan(a[1].detail.c2c_links) && isnan(a[1].detail.c2c_mode));
    assert_true(isnan(a[1].detail.profile_c2c_bytes_per_s[0]));
}

/* ---- profiles ---- */

static void single_engines_and_caches_and_cycles_are_profiled(void **state)
{
    struct rig *rig = *state;

    rig_open(rig, "gpu 1 H200 profile=constant\ngpu 1 B200 profile=constant\n"
                  "fault value gpu=0 field=gpm_30 value=500 from=12\n");
    rig_read(rig, 0);
    const struct accelerator *a = rig_read(rig, 5);
    const struct accelerator_detail *d = &a[0].detail;
    assert_near(d->profile_engine[0], 0.05, 1e-9);
    assert_near(d->profile_engine[6], 0.05, 1e-9);
    assert_true(isnan(d->profile_engine[7])); /* it has seven decoders */
    assert_true(isnan(d->profile_engine[18]));
    assert_near(a[1].detail.profile_engine[18], 0.06, 1e-9);
    assert_near(d->profile_cache[1], 0.5, 1e-9);
    assert_near(d->profile[PROFILE_TENSOR_HMMA], 0.5, 1e-9);
    assert_near(d->profile_cycles_total[0], 5e9, 1);
    assert_near(d->profile_cycles_total[10], 5e8, 1);
    assert_near(d->context_switch_ratio, 0.02, 1e-9);
    double switches = d->context_switches_total;
    assert_near(switches, 100, 1e-6);
    a = rig_read(rig, 10);
    assert_near(a[0].detail.context_switches_total, switches + 100, 1e-6);
    a = rig_read(rig, 15);
    assert_true(isnan(a[0].detail.profile_engine[0]));
    assert_int_equal(rig_rejects(rig, "nvidia.profile", "range"), 1);
}

static void a_driver_that_knows_fewer_metrics_tells_the_usual_ones(void **state)
{
    struct rig *rig = *state;

    rig_open(rig, "gpu 1 H200 profile=constant\n"
                  "fault code call=nvmlGpmMetricsGet code=2 calls=1\n");
    rig_read(rig, 0);
    for (int k = 5; k < 20; k += 5) {
        const struct accelerator *a = rig_read(rig, k);
        assert_near(a->detail.profile[PROFILE_SM], 0.9, 1e-9);
        assert_true(isnan(a->detail.profile_engine[0]));
    }
}

static void rings_that_a_driver_does_not_know_are_asked_once(void **state)
{
    struct rig *rig = *state;

    rig_open(rig, "gpu 1 H200 profile=constant\n"
                  "fault code call=nvmlDeviceGetSamples code=2 calls=10\n");
    assert_near(rig_read(rig, 0)->utilization_ratio, 1, 0);
    assert_true(
        isnan(rig_read(rig, 5)->detail.utilization_min_ratio)); /* although it would answer */
}

static void links_without_counters_are_profiled_one_by_one(void **state)
{
    struct rig *rig = *state;

    rig_open(rig, "gpu 1 H200 profile=constant nvlinks=20\nfault code "
                  "call=nvmlDeviceGetFieldValues code=3\n");
    rig_read(rig, 0);
    rig_read(rig, 5);
    assert_int_equal(rig->r.link_len, 20);
    assert_true(isnan(rig->r.links[0].bytes_total[0]));
    assert_near(rig->r.links[0].bytes_per_s[0], 0x1p30, 1);
    assert_near(rig->r.links[19].bytes_per_s[1], 0x1p30, 1);
}

static void instances_tell_their_parts_and_pipes(void **state)
{
    struct rig *rig = *state;

    rig_open(rig, "gpu 1 H200 profile=constant mig=on instances=3g.71gb,1g.18gb\n");
    rig_read(rig, 0);
    rig_read(rig, 5);
    const struct accelerator_instance *m = rig->r.instances;
    assert_near(m[0].part[INSTANCE_GPU_SLICES], 3, 0);
    assert_near(m[0].part[INSTANCE_DECODERS], 3, 0);
    assert_near(m[1].part[INSTANCE_COPY_ENGINES], 1, 0);
    assert_near(m[1].part[INSTANCE_OFA], 0, 0);
    assert_near(m[0].profile[PROFILE_FP16], 0.3, 1e-9);
    assert_near(m[1].profile[PROFILE_TENSOR_HMMA], 0.5, 1e-9);
}

/* ---- between GPUs ---- */

static const struct accelerator_peer *peer(const struct rig *rig, unsigned a, unsigned b)
{
    size_t i = 0;

    while (i < rig->r.peer_len && (rig->r.peers[i].accelerator != a || rig->r.peers[i].peer != b))
        i++;
    if (i == rig->r.peer_len)
        fail_msg("no pair %u %u", a, b);
    return &rig->r.peers[i];
}

static void pairs_of_gpus_tell_what_lies_between_them(void **state)
{
    struct rig *rig = *state;

    rig_open(rig, "gpu 6 H200\ngpu 1 L4\nfault lost gpu=1 from=8 back=never\n"
                  "fault value gpu=0 field=topology value=30 from=4\n");
    const struct accelerator *a = rig_read(rig, 0);
    assert_int_equal(rig->r.peer_len, 7 * 6);
    assert_string_equal(peer(rig, 0, 1)->level, "single_switch");
    assert_string_equal(peer(rig, 3, 0)->level, "numa_node");
    assert_string_equal(peer(rig, 0, 5)->level, "system");
    assert_string_equal(peer(rig, 0, 5)->link, "OK");
    assert_string_equal(peer(rig, 6, 0)->link, "NotSupported");
    assert_string_equal(a[0].cpu_affinity, "0-31,128-159");
    assert_string_equal(a[5].cpu_affinity, "32-63,160-191");
    assert_string_equal(a[5].memory_affinity, "1");
    rig_read(rig, 10); /* a lost one has no peers */
    assert_int_equal(rig->r.peer_len, 6 * 5);
    assert_string_equal(peer(rig, 0, 2)->level, "numa_node"); /* asked again every ten minutes */
    rig_read(rig, 620);
    assert_string_equal(peer(rig, 0, 2)->level, "host_bridge");
}

/* ---- shared use ---- */

static void a_host_tells_each_of_its_virtual_gpus(void **state)
{
    struct rig *rig = *state;

    rig_open(rig, "gpu 1 L4\ngpu 1 H200 profile=constant high=0.5 virtualization=3 vgpus=3\n"
                  "fault value field=vgpus value=1 from=8 until=18\n"
                  "fault value field=vgpus value=12 from=18\n");
    rig_read(rig, 0);
    const struct accelerator *a = rig_read(rig, 5);
    assert_near(a[1].detail.virtualization_mode, 3, 0);
    assert_near(a[1].detail.host_vgpu_mode, 1, 0);
    assert_true(isnan(a[0].detail.host_vgpu_mode));
    assert_near(a[1].detail.vgpu_scheduler_policy, 1, 0);
    assert_near(a[1].detail.vgpu_scheduler_adaptive, 2, 0);
    assert_true(isnan(a[0].detail.vgpu_scheduler_policy));
    assert_int_equal(rig->r.vgpu_len, 3);
    const struct accelerator_vgpu *v = rig->r.vgpus;
    assert_int_equal(v[0].accelerator, 1);
    assert_int_equal(v[0].id, 1001);
    assert_string_equal(v[0].type, "NVIDIA H100XL-20C");
    assert_string_equal(v[0].vm, "feed03e9-0000-4000-8000-000000000001");
    assert_string_equal(v[0].vm_driver, "580.95.05");
    assert_string_equal(v[1].vm_driver, ""); /* its guest has not started */
    assert_near(v[0].mem_total_bytes, 20 * 0x1p30, 0);
    assert_near(v[0].mem_used_bytes, 5 * 0x1p30, 0);
    assert_near(v[0].sm_ratio, 0.5, 1e-9);
    assert_near(v[0].mem_ratio, 0.25, 1e-9);
    assert_near(v[1].sm_ratio, 0, 0);
    assert_near(v[0].licensed, 1, 0);
    assert_near(v[1].licensed, 0, 0);
    assert_near(v[0].frame_rate_limit, 60, 0);
    rig_read(rig, 10);
    assert_int_equal(rig->r.vgpu_len, 1);
    rig_read(rig, 20); /* more than there was room for */
    assert_int_equal(rig->r.vgpu_len, 12);
    assert_near(rig->r.vgpus[0].sm_ratio, 0.5, 1e-9);
}

static void older_drivers_tell_the_use_of_virtual_gpus_by_the_older_call(void **state)
{
    struct rig *rig = *state;

    rig_open(rig, "gpu 1 H200 profile=constant high=0.5 virtualization=3 vgpus=2\n"
                  "fault missing call=nvmlDeviceGetVgpuInstancesUtilizationInfo\n"
                  "fault value field=vgpu_utilization value=4000000 from=8\n");
    rig_read(rig, 0);
    rig_read(rig, 5);
    assert_near(rig->r.vgpus[0].sm_ratio, 0.5, 1e-9);
    rig_read(rig, 10);
    assert_true(isnan(rig->r.vgpus[0].sm_ratio));
    assert_near(rig->r.vgpus[0].mem_ratio, 0.25, 1e-9);
    assert_true(rig_rejects(rig, "nvidia.vgpu_utilization", "range") > 0);
}

static void a_guest_tells_whether_it_has_a_licence(void **state)
{
    struct rig *rig = *state;

    rig_open(rig, "gpu 2 A100-SXM4-40GB virtualization=2\ngpu 1 L4\n"
                  "fault value gpu=1 field=license value=0\n");
    const struct accelerator *a = rig_read(rig, 0);
    assert_near(a[0].detail.license_state, 1, 0);
    assert_near(a[1].detail.license_state, 0, 0);
    assert_true(isnan(a[2].detail.license_state));
    assert_int_equal(rig->r.vgpu_len, 0);
}

static void accounting_is_shown_where_it_is_on(void **state)
{
    struct rig *rig = *state;

    rig_open(rig, "gpu 1 H200 profile=constant processes=0 accounting=on\n"
                  "gpu 1 H200 profile=constant processes=2\n"
                  "process gpu=0 pid=77 memory=3GB share=0.5\nprocess gpu=0 pid=78 memory=1GB\n"
                  "fault value field=accounting_gpu value=4294967295 from=16\n");
    rig_read(rig, 0);
    const struct accelerator *a = rig_read(rig, 15);
    assert_near(a[0].detail.accounting_mode, 1, 0);
    assert_near(a[1].detail.accounting_mode, 0, 0);
    assert_int_equal(rig->r.account_len, 2);
    const struct accelerator_account *one = rig->r.accounts;
    assert_int_equal(one->pid, 77);
    assert_near(one->sm_ratio, 0.5, 1e-9);
    assert_near(one->mem_ratio, 0.25, 1e-9);
    assert_near(one->mem_max_bytes, 3 * 0x1p30, 0);
    assert_near(one->time_s, 15, 0.01);
    rig_read(rig, 30); /* all ones: the driver does not know */
    assert_true(isnan(rig->r.accounts->sm_ratio));
    assert_int_equal(rig->r.reject_len, 0);
}

static void more_processes_than_the_limit_are_accounted_up_to_it(void **state)
{
    struct rig *rig = *state;

    rig_open(rig, "gpu 1 H200 profile=constant processes=0 accounting=on\n"
                  "process gpu=0 pid=1000 count=100 memory=16MB share=0.001\n");
    rig_read(rig, 0);
    assert_int_equal(rig->r.account_len, 64);
}

static void confidential_computing_is_told(void **state)
{
    struct rig *rig = *state;

    rig_open(rig, "confidential on\ngpu 1 H200 memory=10GB\n");
    const struct accelerator_detail *d = &rig_read(rig, 0)->detail;
    assert_near(d->confidential_mode, 1, 0);
    assert_near(d->confidential_ready, 1, 0);
    assert_near(d->confidential_devtools, 0, 0);
    assert_near(d->confidential_used_bytes, 10 * 0x1p30, 0);
    nvidia_collector.close(rig->state);
    rig->state = NULL;
    rig_open(rig, "gpu 1 H200\n");
    d = &rig_read(rig, 0)->detail;
    assert_near(d->confidential_mode, 0, 0);
    assert_true(isnan(d->confidential_ready) && isnan(d->confidential_used_bytes));
}

static void processes_are_counted_by_type(void **state)
{
    struct rig *rig = *state;

    rig_open(rig, "gpu 1 H200 processes=0\nprocess gpu=0 pid=5 count=3 type=M\n"
                  "process gpu=0 pid=50 type=G\nprocess gpu=0 pid=60 count=2 type=C\ngpu 1 H200\n"
                  "fault code gpu=1 call=nvmlDeviceGetComputeRunningProcesses* code=3\n");
    const struct accelerator *a = rig_read(rig, 0);
    assert_near(a[0].detail.processes_of_type[PROCESS_MPS], 3, 0);
    assert_near(a[0].detail.processes_of_type[PROCESS_GRAPHICS], 1, 0);
    assert_near(a[0].detail.processes_of_type[PROCESS_COMPUTE], 2, 0);
    assert_true(isnan(a[1].detail.processes_of_type[PROCESS_COMPUTE]));
}

static void lists_survive_a_reload_of_the_driver(void **state)
{
    struct rig *rig = *state;

    rig_open(rig, "gpu 2 GB200 profile=constant nvlinks=2 accounting=on virtualization=3 vgpus=1\n"
                  "fault reload from=8\n");
    rig_read(rig, 5);
    for (int k = 10; k < 30; k += 5) {
        rig_read(rig, k);
        assert_int_equal(rig->r.link_fifth_len, 4);
        assert_int_equal(rig->r.peer_len, 2);
        assert_int_equal(rig->r.vgpu_len, 2);
        assert_int_equal(rig->r.account_len, 2);
    }
    assert_int_equal(rig->inits(), 2);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, rig_setup, rig_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(links_of_the_fifth_generation_tell_errors_recoveries_and_rates),
        TEST(an_impossible_rate_of_bit_errors_is_withdrawn),
        TEST(a_link_that_is_slower_than_the_others_shows),
        TEST(each_version_of_the_fabric_is_understood),
        TEST(chips_of_a_superchip_are_linked),
        TEST(single_engines_and_caches_and_cycles_are_profiled),
        TEST(a_driver_that_knows_fewer_metrics_tells_the_usual_ones),
        TEST(rings_that_a_driver_does_not_know_are_asked_once),
        TEST(links_without_counters_are_profiled_one_by_one),
        TEST(instances_tell_their_parts_and_pipes),
        TEST(pairs_of_gpus_tell_what_lies_between_them),
        TEST(a_host_tells_each_of_its_virtual_gpus),
        TEST(older_drivers_tell_the_use_of_virtual_gpus_by_the_older_call),
        TEST(a_guest_tells_whether_it_has_a_licence),
        TEST(accounting_is_shown_where_it_is_on),
        TEST(more_processes_than_the_limit_are_accounted_up_to_it),
        TEST(confidential_computing_is_told),
        TEST(processes_are_counted_by_type),
        TEST(lists_survive_a_reload_of_the_driver),
    };

    log_setup(LOG_ERROR, LOG_LOGFMT);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
