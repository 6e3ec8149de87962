/* apple_test.c - the collectors on machines that tests/sim/apple plays. */
#include "apple.h"
#include "apple_report.h"

#include "sim.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

#define TURN_S 5.0
#define GIB    (UINT64_C(1) << 30)

struct rig {
    const struct collector *collector;
    struct host_paths paths;
    void *state;
    struct arena arena;
    struct reading r;
    struct error err;
    uint64_t mono_ns;
    int code;
};

static struct rig *rig_of(const struct collector *collector, const char *model)
{
    struct rig *rig = xnew(struct rig);

    assert_true(apple_sim_set(model));
    rig->collector = collector;
    rig->paths = (struct host_paths){
        .procfs = "/proc", .sysfs = "/sys", .rootfs = "/", .apple = apple_sim_calls()};
    rig->mono_ns = 1000 * (uint64_t)NS_PER_S;
    arena_init(&rig->arena, 0);
    return rig;
}

static struct rig *rig_new(const char *model)
{
    return rig_of(&apple_collector, model);
}

/* Opens where that was not done, lets `seconds` pass, reads. */
static const struct reading *rig_read_after(struct rig *rig, double seconds)
{
    if (!rig->state) {
        assert_true(rig->collector->detect(&rig->paths));
        assert_int_equal(rig->collector->open(&rig->paths, &rig->state, &rig->err), 0);
    }
    sim_pass(seconds);
    rig->mono_ns += (uint64_t)(seconds * NS_PER_S);
    arena_reset(&rig->arena);
    reading_init(&rig->r, &rig->arena);
    rig->r.mono_ns = rig->mono_ns;
    rig->code = rig->collector->read(rig->state, &rig->r, &rig->err);
    return &rig->r;
}

static const struct reading *rig_read(struct rig *rig)
{
    (void)rig_read_after(rig, TURN_S);
    if (rig->code)
        fail_msg("%s", rig->err.text);
    return &rig->r;
}

/* Ends it, and looks whether it gave back all that it had of the system. */
static void rig_free(struct rig *rig)
{
    rig->collector->close(rig->state);
    arena_fini(&rig->arena);
    free(rig);
    assert_int_equal(apple_sim.objects, 0);
    assert_int_equal(apple_sim.ports, 0);
    assert_int_equal(apple_sim.tokens, 0);
    assert_int_equal(apple_sim.buffers, 0);
}

static void near(double got, double wanted)
{
    if (!(fabs(got - wanted) < 1e-6 * fmax(1, fabs(wanted))))
        fail_msg("got %g, wanted %g", got, wanted);
}

static const struct accelerator_process *process_of(const struct reading *r, int pid)
{
    for (size_t i = 0; i < r->accelerator_process_len; i++)
        if (r->accelerator_processes[i].pid == pid)
            return &r->accelerator_processes[i];
    fail_msg("no process %d", pid);
    return r->accelerator_processes;
}

/* ---- models ---- */

static void an_m1_is_read_whole(void **state)
{
    struct rig *rig = rig_new("m1");

    (void)state;
    (void)rig_read(rig);
    const struct reading *r = rig_read(rig);
    const struct accelerator *a = r->accelerators;
    assert_int_equal(r->accelerator_len, 1);
    assert_string_equal(a->name, "Apple M1");
    assert_string_equal(a->uuid, "GPU-5A3B1C2D-0E0F-4A4B-8C8D-123456789ABC");
    assert_string_equal(r->platforms[0].driver_version, "macOS 15.5");
    near(a->utilization_ratio, 0.4); /* of the interval, not the 37 % of the moment */
    near(a->clock_graphics_mhz, (396 + 720) / 2.0);
    near(a->clock_graphics_max_mhz, 1278);
    assert_int_equal(a->mem_used_bytes, 812345344);
    assert_int_equal(a->mem_total_bytes, 16 * GIB);
    near(a->mem_shared, 1);
    near(a->temperature_c, 43); /* what reads 0 is no sensor */
    near(a->detail.hotspot_temperature_c, 46);
    near(a->power_w, 4);
    near(a->energy_j_total, 20);
    near(a->detail.energy_estimated, 0);
    near(a->detail.busy_s_total, 2);
    near(a->detail.cores, 8);
    near(a->detail.ane_power_w, 0.5);
    near(a->detail.combined_power_w, 12.5);
    near(a->detail.thermal_pressure, 0);

    near(r->cpu.power_w, 8);
    near(r->cpu.temperature_c, 48);
    near(r->cpu.utilization_ratio, 0.3);
    near(r->cpu.kinds[CPU_KIND_PERFORMANCE].cores, 4);
    near(r->cpu.kinds[CPU_KIND_PERFORMANCE].utilization_ratio, 0.5);
    near(r->cpu.kinds[CPU_KIND_PERFORMANCE].frequency_mhz, (600 + 3204) / 2.0);
    near(r->cpu.kinds[CPU_KIND_EFFICIENCY].utilization_ratio, 0.2);
    near(r->cpu.kinds[CPU_KIND_EFFICIENCY].frequency_mhz, 600);
    assert_true(isnan(r->cpu.kinds[CPU_KIND_SUPER].cores));
    near(r->cpu.gpu_cores, 8);
    near(r->cpu.load1, 2);
    assert_int_equal(r->cpu.core_len, 8);
    assert_string_equal(r->cpu.cores[0].type, "E");
    assert_string_equal(r->cpu.cores[7].type, "P");
    assert_string_equal(r->cpu.platform, "AppleSilicon");
    near(r->cpu.sockets[0].temperature_c, 48);

    assert_int_equal(r->memory.total_bytes, 16 * GIB);
    assert_int_equal(r->memory.used_bytes, UINT64_C(545000) * 16384);
    assert_int_equal(r->memory.cached_bytes, UINT64_C(205000) * 16384);
    assert_int_equal(r->memory.free_bytes, UINT64_C(50000) * 16384);
    assert_int_equal(r->memory.swap_used_bytes, GIB / 2);
    assert_string_equal(r->chassis.product, "MacBookAir10,1");
    assert_int_equal(r->chassis.fan_name[0][0], '\0'); /* it has no fan */
    rig_free(rig);
}

static void other_models_differ_in_clocks_and_cores(void **state)
{
    static const struct {
        const char *model;
        double gpu_mhz, p_mhz, e_mhz, p_cores;
        size_t cores;
    } all[] = {
        {"m2pro", (444 + 808) / 2.0, (600 + 3504) / 2.0, 600, 8, 12},
        {"m3max", (338 + 796) / 2.0, (816 + 4056) / 2.0, 744, 12, 16},
        {"m4", (338 + 796) / 2.0, (1260 + 4464) / 2.0, 1020, 4, 10}, /* in kHz */
        {"m2ultra", (444 + 808) / 2.0, (600 + 3504) / 2.0, 600, 16, 24},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(all); i++) {
        struct rig *rig = rig_new(all[i].model);
        (void)rig_read(rig);
        const struct reading *r = rig_read(rig);
        near(r->accelerators[0].clock_graphics_mhz, all[i].gpu_mhz);
        near(r->cpu.kinds[CPU_KIND_PERFORMANCE].frequency_mhz, all[i].p_mhz);
        near(r->cpu.kinds[CPU_KIND_PERFORMANCE].cores, all[i].p_cores);
        near(r->cpu.kinds[CPU_KIND_EFFICIENCY].frequency_mhz, all[i].e_mhz);
        assert_int_equal(r->cpu.core_len, all[i].cores);
        rig_free(rig);
    }
}

static void super_cores_are_told_from_the_others_and_have_their_own_table(void **state)
{
    struct rig *rig = rig_new("m5max");

    (void)state;
    (void)rig_read(rig);
    const struct cpu *cpu = &rig_read(rig)->cpu;
    near(cpu->kinds[CPU_KIND_SUPER].cores, 6);
    near(cpu->kinds[CPU_KIND_SUPER].frequency_mhz, (1308 + 4608) / 2.0);
    near(cpu->kinds[CPU_KIND_PERFORMANCE].cores, 12);
    near(cpu->kinds[CPU_KIND_PERFORMANCE].frequency_mhz, (1344 + 4380) / 2.0);
    assert_true(isnan(cpu->kinds[CPU_KIND_EFFICIENCY].cores));
    assert_true(isnan(cpu->kinds[CPU_KIND_EFFICIENCY].utilization_ratio));
    assert_string_equal(cpu->cores[0].type, "P");
    assert_string_equal(cpu->cores[17].type, "S");
    near(cpu->temperature_c, (48 + 52 + 44 + 61) / 4.0); /* Ts0P is a core of this chip */
    rig_free(rig);
}

static void a_virtual_machine_has_what_its_kernel_counts(void **state)
{
    struct rig *rig = rig_new("virtual");

    (void)state;
    (void)rig_read(rig);
    const struct reading *r = rig_read(rig);
    assert_int_equal(r->accelerator_len, 0);
    near(r->cpu.utilization_ratio, 0.3);
    assert_int_equal(r->cpu.core_len, 4);
    assert_string_equal(r->cpu.cores[0].type, "C");
    near(r->cpu.cores[3].utilization_ratio, 0.3);
    assert_true(isnan(r->cpu.power_w) && isnan(r->cpu.temperature_c));
    assert_true(isnan(r->chassis.power_w) && isnan(r->chassis.ane_power_w));
    assert_string_equal(r->chassis.virtualization, "apple");
    assert_int_equal(r->memory.total_bytes, 16 * GIB);
    rig_free(rig);
}

static void another_system_or_processor_is_left_alone(void **state)
{
    struct rig *rig = rig_new("m1");

    (void)state;
    apple_sim.arm = false; /* a Mac with a processor of Intel's, or Rosetta's view of one */
    assert_false(apple_collector.detect(&rig->paths));
    rig->paths.apple = NULL; /* this system */
    assert_false(apple_collector.detect(&rig->paths));
    assert_int_equal(apple_collector.open(&rig->paths, &rig->state, &rig->err), -ENODEV);
    assert_false(apple_disk_collector.detect(&rig->paths));
    assert_false(apple_process_collector.detect(&rig->paths));
    rig_free(rig);
}

/* ---- wrong turns of other tools ---- */

static void sums_of_energy_do_not_count_their_parts_again(void **state)
{
    static const struct {
        const char *channel;
        enum apple_meter meter;
    } names[] = {
        {"CPU Energy", APPLE_METER_CPU},
        {"DIE_0_CPU Energy", APPLE_METER_CPU},
        {"DIE_12_CPU Energy", APPLE_METER_CPU},
        {"GPU Energy", APPLE_METER_GPU},
        {"ANE", APPLE_METER_ANE},
        {"ANE0", APPLE_METER_ANE},
        {"DIE_1_ANE1", APPLE_METER_ANE},
        {"ECPU0", APPLE_METER_NONE},
        {"PCPU", APPLE_METER_NONE},
        {"GPU SRAM0", APPLE_METER_NONE},
        {"GPU", APPLE_METER_NONE},
        {"ANE0_0", APPLE_METER_NONE},
        {"ANE SRAM", APPLE_METER_NONE},
        {"DIE_CPU Energy", APPLE_METER_NONE},
        {"DIE_0CPU Energy", APPLE_METER_NONE},
        {"", APPLE_METER_NONE},
        {"DIE_", APPLE_METER_NONE},
        {"DIE_0_", APPLE_METER_NONE},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(names); i++)
        if (apple_report_meter(str_of(names[i].channel)) != names[i].meter)
            fail_msg("%s", names[i].channel);
}

static void the_dies_of_an_ultra_are_added_up(void **state)
{
    struct rig *rig = rig_new("m2ultra");

    (void)state;
    (void)rig_read(rig);
    const struct reading *r = rig_read(rig);
    near(r->cpu.power_w, 14);
    near(r->accelerators[0].detail.ane_power_w, 0.5);
    near(r->accelerators[0].detail.combined_power_w, 18.5);
    rig_free(rig);
}

static void units_may_have_spaces_and_an_unknown_one_is_refused_and_counted(void **state)
{
    struct rig *rig = rig_new("m1");

    (void)state;
    near(apple_report_unit(STR("mJ")), 1e-3);
    near(apple_report_unit(STR(" uJ ")), 1e-6);
    near(apple_report_unit(STR("nJ")), 1e-9);
    near(apple_report_unit(STR("mJoule")), 0);
    near(apple_report_unit(STR("")), 0);
    str_copy(sim_channel("GPU Energy")->unit, 8, STR("pJ"));
    (void)rig_read(rig);
    const struct reading *r = rig_read(rig);
    assert_true(isnan(r->accelerators[0].power_w));
    assert_true(isnan(r->accelerators[0].energy_j_total));
    near(r->cpu.power_w, 8);
    assert_int_equal(r->reject_len, 1);
    assert_string_equal(r->rejects[0].field, "apple.energy");
    rig_free(rig);
}

static void the_first_reading_tells_nothing_that_takes_two(void **state)
{
    struct rig *rig = rig_new("m3max");
    const struct reading *r = rig_read(rig);

    (void)state;
    assert_true(isnan(r->accelerators[0].power_w));
    assert_true(isnan(r->accelerators[0].clock_graphics_mhz));
    assert_true(isnan(r->accelerators[0].energy_j_total));
    near(r->accelerators[0].utilization_ratio, 0.37); /* the driver's, of the moment */
    assert_true(isnan(r->cpu.utilization_ratio) && isnan(r->cpu.power_w));
    assert_int_equal(r->cpu.core_len, 0); /* not once as "C" and then as "P" */
    assert_true(isnan(process_of(r, 533)->sm_ratio));
    near(r->accelerators[0].temperature_c, 43);
    rig_free(rig);
}

static void after_a_sleep_no_power_is_told_but_the_energy_counts(void **state)
{
    struct rig *rig = rig_new("m1");

    (void)state;
    (void)rig_read(rig);
    (void)rig_read(rig);
    const struct reading *r = rig_read_after(rig, 3600);
    assert_int_equal(rig->code, 0);
    assert_true(isnan(r->accelerators[0].power_w) && isnan(r->cpu.power_w));
    assert_true(isnan(r->cpu.kinds[CPU_KIND_PERFORMANCE].utilization_ratio));
    near(r->accelerators[0].energy_j_total, 20 + 4 * 3600);
    r = rig_read(rig);
    near(r->accelerators[0].power_w, 4);
    r = rig_read_after(rig, 0.01); /* and none of a moment */
    assert_true(isnan(r->accelerators[0].power_w));
    rig_free(rig);
}

static void a_slow_interval_is_no_sleep(void **state)
{
    struct rig *rig = rig_new("m1");

    (void)state;
    (void)rig_read(rig);
    (void)rig_read_after(rig, 300); /* whoever asks every five minutes */
    const struct reading *r = rig_read_after(rig, 300);
    near(r->accelerators[0].power_w, 4);
    rig_free(rig);
}

static void a_meter_that_stood_still_is_no_zero(void **state)
{
    struct rig *rig = rig_new("m4");
    struct sim_channel *cpu, *ane;

    (void)state;
    (void)rig_read(rig);
    (void)rig_read_after(rig, 1);
    cpu = sim_channel("CPU Energy");
    ane = sim_channel("ANE");
    int64_t cpu_was = cpu->value, ane_was = ane->value;
    if (!rig_read_after(rig, 0)->mono_ns)
        fail();
    sim_pass(1);
    cpu->value = cpu_was; /* newer systems bring it up to date every two seconds only */
    ane->value = ane_was;
    const struct reading *r = rig_read_after(rig, 0);
    assert_true(isnan(r->cpu.power_w) && isnan(r->accelerators[0].detail.ane_power_w));
    assert_true(isnan(r->accelerators[0].detail.combined_power_w));
    near(r->accelerators[0].power_w, 4);
    sim_pass(1);
    cpu->value = cpu_was + 16000; /* of both seconds */
    ane->value = ane_was;
    r = rig_read_after(rig, 0);
    near(r->cpu.power_w, 8);
    near(r->accelerators[0].detail.ane_power_w, 0); /* idle is told */
    rig_free(rig);
}

static void clients_are_found_as_children_and_counted_by_their_own_number(void **state)
{
    struct rig *rig = rig_new("m1");

    (void)state;
    (void)rig_read(rig);
    const struct reading *r = rig_read(rig);
    assert_int_equal(r->accelerator_process_len, 3); /* a queue without use is none */
    near(process_of(r, 533)->sm_ratio, 0.1);
    near(process_of(r, 900)->sm_ratio, 0.2); /* both of its connections */
    assert_int_equal(process_of(r, 900)->type, 'C');
    assert_int_equal(process_of(r, 412)->type, 'G');
    assert_int_equal(process_of(r, 533)->mem_used_bytes, UNKNOWN_COUNT);

    /* One of a process goes and another comes: its time is its own, not the difference. */
    sim_entry("client2")->id = 0x999;
    sim_entry("client2")->gpu_ns[0] = 0;
    r = rig_read(rig);
    near(process_of(r, 900)->sm_ratio, 0.2);
    sim_entry("client1")->gpu_ns[0] = 5; /* backwards: nothing is known to have been used */
    r = rig_read_after(rig, 0);
    sim_pass(0);
    r = rig_read(rig);
    near(process_of(r, 533)->sm_ratio, 0.1);
    rig_free(rig);
}

static void the_machine_s_power_is_the_meter_s_and_not_a_sum(void **state)
{
    struct rig *rig = rig_new("m2pro");

    (void)state;
    (void)rig_read(rig);
    const struct chassis *c = &rig_read(rig)->chassis;
    near(c->power_w, 21.5);
    near(c->ane_power_w, 0.5);
    near(c->fan_rpm[0], 1350);
    near(c->fan_rpm[1], 1450);
    assert_string_equal(c->fan_name[1], "fan1");
    assert_true(isnan(c->fan_rpm[2])); /* there is no third */
    apple_sim.pressure = 2;
    near(rig_read(rig)->chassis.thermal_pressure, 2);
    apple_sim.pressure = 99; /* a level that has no name is not told */
    assert_true(isnan(rig_read(rig)->chassis.thermal_pressure));
    sim_key_float("PSTR", 0);
    assert_true(isnan(rig_read(rig)->chassis.power_w)); /* never a sum in its place */
    rig_free(rig);
}

static void the_palm_rest_is_no_core(void **state)
{
    struct rig *rig = rig_new("m4");

    (void)state;
    sim_key_float("Ts0P", 99);
    near(rig_read(rig)->cpu.temperature_c, 48);
    rig_free(rig);
}

static void states_beyond_the_table_leave_the_clock_unknown(void **state)
{
    struct rig *rig = rig_new("m3max"); /* its GPU counts 15 states and has 11 clocks */
    struct sim_channel *gpu = sim_channel("GPUPH");

    (void)state;
    (void)rig_read(rig);
    gpu->time[14] += 24000000;
    const struct accelerator *a = rig_read(rig)->accelerators;
    assert_true(isnan(a->clock_graphics_mhz));
    assert_false(isnan(a->utilization_ratio));
    near(rig_read(rig)->accelerators[0].clock_graphics_mhz, (338 + 796) / 2.0);
    rig_free(rig);
}

static void an_idle_cluster_has_a_load_and_no_clock(void **state)
{
    struct rig *rig = rig_new("m1");
    struct apple_sim *s = &apple_sim;

    (void)state;
    (void)rig_read(rig);
    struct sim_channel before[SIM_CHANNELS];
    memcpy(before, s->channels, sizeof(before));
    sim_pass(5);
    for (size_t i = 0; i < s->channel_len; i++) { /* all of the time in its first state */
        struct sim_channel *c = &s->channels[i];
        for (int k = 0; k < c->state_len; k++)
            c->time[k] = before[i].time[k];
        c->time[0] += 5 * 24000000;
    }
    const struct reading *r = rig_read_after(rig, 0);
    near(r->cpu.kinds[CPU_KIND_PERFORMANCE].utilization_ratio, 0);
    assert_true(isnan(r->cpu.kinds[CPU_KIND_PERFORMANCE].frequency_mhz));
    near(r->accelerators[0].utilization_ratio, 0);
    assert_true(isnan(r->accelerators[0].clock_graphics_mhz));
    rig_free(rig);
}

/* ---- refusals ---- */

static void whatever_is_refused_the_rest_is_read_and_nothing_is_kept(void **state)
{
    static const char *const calls[] = {
        "CFStringCreateWithCString",
        "CFStringGetCString",
        "CFNumberGetValue",
        "CFDataGetBytePtr",
        "CFDictionaryCreateMutableCopy",
        "IOServiceMatching",
        "IOServiceGetMatchingServices",
        "IORegistryEntryCreateCFProperty",
        "IORegistryEntryGetChildIterator",
        "IORegistryEntryGetRegistryEntryID",
        "IORegistryEntryGetName",
        "IOServiceOpen",
        "IOConnectCallStructMethod",
        "IOReportCopyChannelsInGroup",
        "IOReportCreateSubscription",
        "IOReportCreateSamples",
        "IOReportCreateSamplesDelta",
        "IOReportChannelGetChannelName",
        "IOReportChannelGetUnitLabel",
        "IOReportSimpleGetIntegerValue",
        "IOReportStateGetCount",
        "IOReportStateGetNameForIndex",
        "mach_timebase_info",
        "host_statistics64",
        "host_processor_info",
        "notify_register_check",
        "notify_get_state",
        "hw.memsize",
        "hw.pagesize",
        "hw.nperflevels",
        "machdep.cpu.brand_string",
        "vm.loadavg",
        "kern.boottime",
        APPLE_SWAP,
    };

    (void)state;
    for (unsigned when = 0; when < 2; when++) { /* from the start, and after two good readings */
        for (size_t i = 0; i < ARRAY_LEN(calls); i++) {
            struct rig *rig = rig_new("m3max");
            if (when == 0)
                apple_sim.refuse = calls[i];
            (void)rig_read_after(rig, TURN_S);
            (void)rig_read_after(rig, TURN_S);
            apple_sim.refuse = calls[i];
            const struct reading *r = rig_read_after(rig, TURN_S);
            bool no_sample = !strcmp(calls[i], "IOReportCreateSamples");
            if (no_sample)
                assert_int_equal(rig->code, -EIO);
            assert_true(r->cpu.present); /* nobody is without processors */
            assert_false(r->cpu.utilization_ratio > 1 || r->cpu.power_w > 100);
            assert_false(r->accelerator_len && r->accelerators[0].power_w > 100);
            apple_sim.refuse = NULL;
            rig_free(rig);
        }
    }
}

static void a_call_that_is_refused_leaves_its_values_out(void **state)
{
    static const struct {
        const char *call;
        bool power, heat, memory, gpu, load;
    } all[] = {
        {"IOReportCreateSubscription", false, true, true, true, true},
        {"IOServiceOpen", true, false, true, true, true},
        {"host_statistics64", true, true, false, true, true},
        {"host_processor_info", true, true, true, true, false},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(all); i++) {
        struct rig *rig = rig_new("m1");
        apple_sim.refuse = all[i].call;
        (void)rig_read(rig);
        const struct reading *r = rig_read(rig);
        assert_int_equal(!isnan(r->cpu.power_w), all[i].power);
        assert_int_equal(!isnan(r->accelerators[0].temperature_c), all[i].heat);
        assert_int_equal(r->memory.used_bytes != UNKNOWN_COUNT, all[i].memory);
        assert_int_equal(!isnan(r->cpu.utilization_ratio), all[i].load);
        apple_sim.refuse = NULL;
        rig_free(rig);
    }
}

static void a_gpu_that_goes_is_an_error_and_comes_back(void **state)
{
    struct rig *rig = rig_new("m1");

    (void)state;
    (void)rig_read(rig);
    sim_entry("AGXAcceleratorG")->in_use = -1; /* its statistics are gone */
    (void)rig_read_after(rig, TURN_S);
    assert_int_equal(rig->code, -ENODEV);
    assert_true(rig->r.memory.present);
    rig_free(rig);
}

static void functions_that_a_release_lacks_leave_out_their_kind(void **state)
{
    struct rig *rig = rig_new("m1");
    struct apple_calls calls = *rig->paths.apple;

    (void)state;
    calls.IOReportCreateSamples = NULL;
    calls.IOServiceOpen = NULL;
    calls.notify_get_state = NULL;
    calls.proc_pidinfo = NULL;
    assert_true(apple_calls_complete(&calls));
    rig->paths.apple = &calls;
    (void)rig_read(rig);
    const struct reading *r = rig_read(rig);
    near(r->cpu.utilization_ratio, 0.3);
    near(r->accelerators[0].utilization_ratio, 0.37);
    assert_true(isnan(r->accelerators[0].power_w) && isnan(r->cpu.temperature_c));
    assert_true(isnan(r->chassis.thermal_pressure));
    assert_false(apple_process_collector.detect(&rig->paths));
    calls.sysctlbyname = NULL;
    assert_false(apple_calls_complete(&calls));
    rig_free(rig);
}

static void a_thousand_readings_keep_nothing(void **state)
{
    struct rig *rig = rig_new("m3max");

    (void)state;
    (void)rig_read(rig);
    int64_t objects = apple_sim.objects, ports = apple_sim.ports;
    for (unsigned i = 0; i < 1000; i++)
        (void)rig_read(rig);
    assert_int_equal(apple_sim.objects, objects);
    assert_int_equal(apple_sim.ports, ports);
    assert_int_equal(apple_sim.buffers, 0);
    rig_free(rig);
}

static void doctor_says_what_there_is_and_what_is_missing(void **state)
{
    static const struct {
        const char *model, *refuse;
        size_t notes;
    } all[] = {{"m3max", NULL, 0}, {"virtual", NULL, 3}, {"m1", "IOServiceOpen", 1}};

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(all); i++) {
        struct rig *rig = rig_new(all[i].model);
        struct finding *list = NULL;
        size_t len = 0;
        apple_sim.refuse = all[i].refuse;
        apple_collector.diagnose(&rig->paths, &rig->arena, &list, &len);
        assert_int_equal(len, all[i].notes + 1);
        assert_int_equal(list[0].level, FINDING_OK);
        assert_non_null(strstr(list[0].what, apple_sim.chip));
        apple_sim.refuse = NULL;
        rig_free(rig);
    }
}

/* ---- the other two ---- */

static void put_mount(const char *on, const char *from, const char *type, uint64_t blocks,
                      uint32_t flags)
{
    struct apple_statfs *m = &apple_sim.mounts[apple_sim.mount_len++];

    *m = (struct apple_statfs){
        .bsize = 4096, .blocks = blocks, .bfree = blocks / 4, .bavail = blocks / 5, .flags = flags};
    str_copy(m->mntonname, sizeof(m->mntonname), str_of(on));
    str_copy(m->mntfromname, sizeof(m->mntfromname), str_of(from));
    str_copy(m->fstypename, sizeof(m->fstypename), str_of(type));
}

static void file_systems_that_a_person_sees(void **state)
{
    struct rig *rig = rig_of(&apple_disk_collector, "m1");

    (void)state;
    put_mount("/", "/dev/disk3s1s1", "apfs", 1000000, APPLE_LOCAL);
    put_mount("/dev", "devfs", "devfs", 400, APPLE_LOCAL);
    put_mount("/System/Volumes/Data", "/dev/disk3s5", "apfs", 1000000,
              APPLE_LOCAL | APPLE_DONTBROWSE);
    put_mount("/Volumes/nfs", "server:/export", "nfs", UINT64_MAX, 0); /* absurd */
    put_mount("/Volumes/data", "server:/data", "nfs", 500, 0);
    const struct reading *r = rig_read(rig);
    assert_int_equal(r->filesystem_len, 2);
    assert_string_equal(r->filesystems[0].mount_point, "/");
    assert_string_equal(r->filesystems[0].device, "/dev/disk3s1s1");
    assert_int_equal(r->filesystems[0].total_bytes, UINT64_C(4096000000));
    assert_int_equal(r->filesystems[0].used_bytes, UINT64_C(3072000000));
    assert_int_equal(r->filesystems[0].available_bytes, UINT64_C(819200000));
    assert_string_equal(r->filesystems[1].type, "nfs");
    apple_sim.refuse = "getfsstat";
    (void)rig_read_after(rig, TURN_S);
    assert_int_equal(rig->code, -EIO);
    rig_free(rig);
}

static struct apple_process *put_process(uint32_t pid, uint32_t uid, const char *name)
{
    struct apple_process *p = &apple_sim.processes[apple_sim.process_len++];

    *p = (struct apple_process){.pid = pid,
                                .uid = uid,
                                .status = 2,
                                .start_sec = 1750000000,
                                .start_usec = 500000,
                                .resident_size = GIB,
                                .threads = 7};
    str_copy(p->name, sizeof(p->name), str_of(name));
    return p;
}

static void processes_with_times_in_units_of_mach(void **state)
{
    struct rig *rig = rig_of(&apple_process_collector, "m1");
    struct apple_process *p;

    (void)state;
    put_process(0, 0, "kernel_task");
    p = put_process(900, 0, "python3.12");
    put_process(533, 88, "WindowServer");
    apple_sim.others[2] = true;
    const struct reading *r = rig_read(rig);
    assert_int_equal(r->process_len, 1);
    assert_int_equal(r->processes_hidden, 1); /* of another user */
    assert_string_equal(r->processes[0].name, "python3.12");
    assert_string_equal(r->processes[0].user, "root");
    near(r->processes[0].start_time_s, 1750000000.5);
    assert_int_equal(r->processes[0].memory_bytes, GIB);
    assert_int_equal(r->processes[0].threads, 7);
    assert_int_equal(r->processes[0].state, 'R');
    assert_true(isnan(r->processes[0].cpu_ratio));
    p->user += 24000000 * 5; /* five seconds of 24 MHz */
    p->system += 24000000 * 5;
    r = rig_read(rig);
    near(r->processes[0].cpu_ratio, 2);
    p->start_sec++; /* another that has its number */
    assert_true(isnan(rig_read(rig)->processes[0].cpu_ratio));
    apple_sim.refuse = "proc_listallpids";
    (void)rig_read_after(rig, TURN_S);
    assert_int_equal(rig->code, -EIO);
    rig_free(rig);
}

#define TEST(name) cmocka_unit_test(name)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(an_m1_is_read_whole),
        TEST(other_models_differ_in_clocks_and_cores),
        TEST(super_cores_are_told_from_the_others_and_have_their_own_table),
        TEST(a_virtual_machine_has_what_its_kernel_counts),
        TEST(another_system_or_processor_is_left_alone),
        TEST(sums_of_energy_do_not_count_their_parts_again),
        TEST(the_dies_of_an_ultra_are_added_up),
        TEST(units_may_have_spaces_and_an_unknown_one_is_refused_and_counted),
        TEST(the_first_reading_tells_nothing_that_takes_two),
        TEST(after_a_sleep_no_power_is_told_but_the_energy_counts),
        TEST(a_slow_interval_is_no_sleep),
        TEST(a_meter_that_stood_still_is_no_zero),
        TEST(clients_are_found_as_children_and_counted_by_their_own_number),
        TEST(the_machine_s_power_is_the_meter_s_and_not_a_sum),
        TEST(the_palm_rest_is_no_core),
        TEST(states_beyond_the_table_leave_the_clock_unknown),
        TEST(an_idle_cluster_has_a_load_and_no_clock),
        TEST(whatever_is_refused_the_rest_is_read_and_nothing_is_kept),
        TEST(a_call_that_is_refused_leaves_its_values_out),
        TEST(a_gpu_that_goes_is_an_error_and_comes_back),
        TEST(functions_that_a_release_lacks_leave_out_their_kind),
        TEST(a_thousand_readings_keep_nothing),
        TEST(doctor_says_what_there_is_and_what_is_missing),
        TEST(file_systems_that_a_person_sees),
        TEST(processes_with_times_in_units_of_mach),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
