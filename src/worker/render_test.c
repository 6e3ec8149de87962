/* render_test.c - the text of a snapshot: its form, its numbers, its order, and what is kept. */
#include "worker/render.h"

#include "worker/dcgm_owner.h"
#include "worker/fake_view.h"
#include "worker/label.h"
#include "worker/schema.h"

#include <libdeflate.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

static struct {
    struct recycler *readings, *snapshots;
    struct inventory inventory;
    struct machine machine;
    struct renderer *renderer;
} room;

/* Every field of dcgm-exporter, as a collectors file would choose them. */
static int choose_all(unsigned schemas)
{
    struct choice *choice = NULL;
    struct arena a;
    struct buf text;

    arena_init(&a, 0);
    buf_init(&text, 0);
    buf_text(&text, "DCGM_FI_DRIVER_VERSION, label, driver\n");
    for (size_t i = 0; i < catalogue_len(); i++)
        if (str_starts(str_of(catalogue_at(i)->name), STR("DCGM_")))
            buf_printf(&text, "%s, %s,\"%s\"\n", catalogue_at(i)->name, catalogue_at(i)->type,
                       catalogue_at(i)->help);
    int code = choice_parse(buf_str(&text), &a, &choice, NULL);
    if (!code)
        code = renderer_new(schemas, choice, &room.renderer, NULL);
    room.machine.dcgm_labels = code ? 0 : choice_label_bits(choice);
    buf_fini(&text);
    arena_fini(&a);
    return code;
}

static int set_up(void **state)
{
    (void)state;
    memset(&room, 0, sizeof(room));
    room.readings = fake_recycler();
    room.snapshots = snapshot_recycler();
    room.machine = fake_machine();
    return choose_all(SCHEMA_ALL_SMI | SCHEMA_DCGM);
}

static int tear_down(void **state)
{
    (void)state;
    inventory_fini(&room.inventory);
    recycler_close(room.readings);
    recycler_close(room.snapshots);
    renderer_free(room.renderer);
    return 0;
}

#define READ_AT_MS INT64_C(1795878529007)

static struct snapshot *rendered(struct collector_view *views, size_t len)
{
    struct snapshot *s = snapshot_take(room.snapshots, &room.machine);

    s->ts_ms = READ_AT_MS;
    assert_int_equal(merge(s, &room.inventory, views, len), 0);
    assert_int_equal(dcgm_owner_find(s), 0);
    assert_int_equal(render(room.renderer, s), 0);
    return s;
}

/* Everything at once: two boards with two processes each, another platform, the host. */
static struct snapshot *full(void)
{
    struct collector_view views[] = {fake_view(room.readings, "nvidia"),
                                     fake_view(room.readings, "amdgpu"),
                                     fake_view(room.readings, "host")};

    fake_accelerators(&views[0].held->reading, "nvidia", 2, 2);
    fake_accelerators(&views[1].held->reading, "amdgpu", 1, 0);
    fake_host(&views[2].held->reading, 4);
    fake_processes(&views[2].held->reading, 10, 1000, 1);
    views[1].stale = 1;
    return rendered(views, ARRAY_LEN(views));
}

static bool has_line(struct str text, const char *line)
{
    struct str rest = text;

    while (rest.ptr)
        if (str_is(str_cut(&rest, '\n'), line))
            return true;
    return false;
}

#define NODE  "hostname=\"node1\""
#define BOARD NODE ",gpu_index=\"1\",gpu_uuid=\"GPU-nvidia-1\",gpu=\"Board of nvidia\""
#define JOB                                                                                        \
    NODE ",pid=\"1000\",name=\"job1000\",user=\"alice\",device_id=\"0\",gpu_index=\"0\","          \
         "device_uuid=\"GPU-nvidia-0\""

static void lines_say_what_was_read(void **state)
{
    static const char *const wanted[] = {
        "# HELP all_smi_gpu_utilization Share of time in which the device worked, mean over the "
        "interval, percent (driver's samples)",
        "# TYPE all_smi_gpu_utilization gauge",
        "all_smi_up{" NODE "} 1",
        "all_smi_build_info{" NODE ",version=\"1.2.3\",os=\"linux\",arch=\"x86_64\"} 1",
        "algalon_collector_up{" NODE ",collector=\"nvidia\"} 1",
        "algalon_collector_duration_seconds{" NODE ",collector=\"host\"} 0.0015",
        "algalon_collector_readings_total{" NODE ",collector=\"nvidia\"} 7",
        "algalon_readings_rejected_total{" NODE ",field=\"amdgpu\",reason=\"stale\"} 1",
        "all_smi_gpu_utilization{" BOARD "} 12.34",
        "algalon_gpu_utilization_max{" BOARD "} 100",
        "all_smi_gpu_memory_used_bytes{" BOARD "} 10737418240",
        "all_smi_gpu_power_consumption_watts{" BOARD "} 512.346",
        "all_smi_gpu_performance_state{" BOARD "} 0",
        "all_smi_energy_consumed_joules_total{" NODE
        ",scope=\"gpu\",gpu_index=\"1\",gpu_uuid=\"GPU-nvidia-1\"} 123456.789",
        "algalon_gpu_throttled{" BOARD ",reason=\"sw_power_cap\"} 1",
        "algalon_gpu_throttled{" BOARD ",reason=\"hw_slowdown\"} 0",
        "algalon_gpu_ecc_errors_total{" BOARD ",type=\"corrected\"} 3",
        "algalon_gpu_ecc_errors_total{" BOARD ",type=\"uncorrected\"} 0",
        "algalon_gpu_nvlink_errors_total{" BOARD ",link_index=\"1\",kind=\"recovery\"} 1",
        "all_smi_nvlink_remote_device_type{" BOARD ",link_index=\"0\",remote_type=\"switch\"} 1",
        "algalon_gpu_xid_errors_total{" BOARD ",xid=\"79\"} 2",
        "DCGM_EXP_XID_ERRORS_COUNT{gpu=\"0\",UUID=\"GPU-nvidia-0\",pci_bus_id=\"00000000:3A:00.0\","
        "device=\"nvidia0\",modelName=\"Board of nvidia\",Hostname=\"node1\","
        "DCGM_FI_DRIVER_VERSION=\"580.65.06\",window_size_in_ms=\"300000\",xid=\"79\"} 1",
        "algalon_gpu_xid_last_time_seconds{" BOARD ",xid=\"79\"} 1700000000",
        "DCGM_FI_DEV_XID_ERRORS{gpu=\"0\",UUID=\"GPU-nvidia-0\",pci_bus_id=\"00000000:3A:00.0\","
        "device=\"nvidia0\",modelName=\"Board of nvidia\",Hostname=\"node1\","
        "DCGM_FI_DRIVER_VERSION=\"580.65.06\",err_code=\"31\",err_msg=\"page fault\"} 31",
        "all_smi_mig_instance_utilization_gpu{" BOARD ",mig_instance=\"1\",mig_uuid=\"MIG-1\","
        "mig_profile=\"3g.40gb\",gpu_instance_id=\"2\",compute_instance_id=\"0\"} 25",
        "all_smi_mig_instance_memory_used_bytes{" BOARD ",mig_instance=\"1\",mig_uuid=\"MIG-1\","
        "mig_profile=\"3g.40gb\",gpu_instance_id=\"2\",compute_instance_id=\"0\"} 1073741824",
        "algalon_gpu_nvlink5_errors_total{" BOARD ",link_index=\"1\",kind=\"malformed\"} 0",
        "algalon_gpu_nvlink5_recoveries_total{" BOARD ",link_index=\"1\",result=\"successful\"} 2",
        "algalon_gpu_nvlink_bit_error_ratio{" BOARD ",link_index=\"1\",kind=\"raw\"} 0.000000003",
        "algalon_gpu_peer_info{" NODE ",gpu_index=\"0\",gpu_uuid=\"GPU-nvidia-0\",gpu=\"Board of "
        "nvidia\",peer_gpu_index=\"1\",level=\"numa_node\",nvlink=\"OK\"} 1",
        "all_smi_vgpu_utilization{" BOARD ",vgpu_id=\"7\",vgpu_uuid=\"VGPU-7\",vgpu_type=\"20C\","
        "vgpu_vm_id=\"vm-7\"} 25",
        "algalon_process_accounted_seconds_total{" NODE
        ",gpu_index=\"0\",gpu_uuid=\"GPU-nvidia-0\","
        "gpu=\"Board of nvidia\",pid=\"1000\"} 12.5",
        "algalon_gpu_up{" BOARD "} 1",
        "algalon_gpu_sleeping{" BOARD "} 0",
        "algalon_gpu_processes{" BOARD "} 2",
        "all_smi_gpu_info{" BOARD
        ",type=\"GPU\",driver_version=\"580.65.06\",cuda_version=\"13.0\",lib_name=\"NVML\","
        "lib_version=\"13.580.65.06\",architecture=\"Hopper\",vbios_version=\"96.00.5e\","
        "pci_bus_id=\"0000:3b:00.0\"} 1",
        "all_smi_process_memory_used_bytes{" JOB "} 1073741824",
        "algalon_process_gpu_utilization{" JOB "} 25",
        "all_smi_process_cpu_percent{" JOB "} 0",
        "all_smi_process_start_time_seconds{" JOB "} 1700000000.25",
        "all_smi_process_memory_used_bytes{" NODE ",pid=\"1101\",device_id=\"1\",gpu_index=\"1\","
        "device_uuid=\"GPU-nvidia-1\"} 1073741825",
        "all_smi_cpu_info{" NODE ",cpu_model=\"Xeon \\\"X\\\"\",index=\"0\","
        "architecture=\"x86_64\",platform_type=\"Intel\"} 1",
        "all_smi_cpu_utilization{" NODE ",cpu_model=\"Xeon \\\"X\\\"\",index=\"0\"} 33.33",
        "all_smi_cpu_core_utilization{" NODE ",cpu_model=\"Xeon \\\"X\\\"\",core_id=\"1\","
        "core_type=\"C\"} 0.5",
        "algalon_cpu_core_frequency_mhz{" NODE ",core_id=\"3\"} 2003",
        "all_smi_cpu_socket_temperature_celsius{" NODE ",cpu_model=\"Xeon \\\"X\\\"\","
        "cpu_index=\"0\",socket_id=\"1\"} 55.5",
        "algalon_load1{" NODE "} 1.25",
        "all_smi_memory_utilization{" NODE ",index=\"0\"} 25",
        "all_smi_disk_total_bytes{" NODE ",mount_point=\"/srv\",index=\"1\"} 100",
        "algalon_disk_info{" NODE
        ",mount_point=\"/\",index=\"0\",device=\"/dev/sda1\",fstype=\"ext4\"} 1",
        "algalon_processes{" NODE "} 10",
        "algalon_process_cpu_percent{" NODE ",pid=\"1009\",name=\"job1009\",user=\"alice\"} 9",
        "all_smi_chassis_info{" NODE ",vendor=\"Maker\"} 1",
        "all_smi_virtualization_info{" NODE ",vm_type=\"kvm\",hypervisor=\"kvm\"} 1",
        "all_smi_runtime_environment{" NODE ",environment=\"kvm\"} 1",
        "DCGM_FI_DEV_FB_USED{gpu=\"0\",UUID=\"GPU-nvidia-0\",pci_bus_id=\"00000000:3A:00.0\","
        "device=\"nvidia0\",modelName=\"Board of nvidia\",Hostname=\"node1\","
        "DCGM_FI_DRIVER_VERSION=\"580.65.06\"} 10240",
        "DCGM_FI_DEV_TOTAL_ENERGY_CONSUMPTION{gpu=\"1\",UUID=\"GPU-nvidia-1\","
        "pci_bus_id=\"00000000:3B:00.0\",device=\"nvidia1\",modelName=\"Board of nvidia\","
        "GPU_I_PROFILE=\"3g.40gb\",GPU_I_ID=\"2\",Hostname=\"node1\",DCGM_FI_DRIVER_VERSION=\"580."
        "65.06\"} 123456789",
    };
    struct snapshot *s = full();
    struct str text = snapshot_body(s, SNAPSHOT_TEXT);

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(wanted); i++)
        if (!has_line(text, wanted[i]))
            fail_msg("no line: %s\n%.*s", wanted[i], STR_ARG(text));
    snapshot_release(s);
}

static void what_is_unknown_leaves_no_line(void **state)
{
    static const char *const absent[] = {"all_smi_gpu_temperature_threshold_acoustic_celsius",
                                         "all_smi_gpu_fan_speed_rpm",
                                         "algalon_cpu_limit_cores",
                                         "all_smi_swap_total_bytes",
                                         "all_smi_container_runtime_info",
                                         "all_smi_chassis_power_watts"};
    struct snapshot *s = full();
    struct str text = snapshot_body(s, SNAPSHOT_TEXT);

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(absent); i++)
        assert_false(str_contains(text, str_of(absent[i])));
    /* the root's available space is unknown, the other's is not */
    assert_true(str_contains(
        text, STR("all_smi_disk_available_bytes{" NODE ",mount_point=\"/srv\",index=\"1\"} 60")));
    assert_false(
        str_contains(text, STR("all_smi_disk_available_bytes{" NODE ",mount_point=\"/\"")));
    assert_false(str_contains(text, STR("platform=\"amdgpu\"")));
    assert_false(str_contains(text, STR("UUID=\"GPU-amdgpu-0\"")));
    assert_false(str_contains(text, STR("NaN")));
    snapshot_release(s);
}

/* Reads the text as a scraper does and checks what must hold of each line. */
static size_t check_text(struct str text, bool openmetrics)
{
    struct exposition e = {.rest = text, .openmetrics = openmetrics};
    struct exposition_line line;
    struct str family = {"", 0};
    struct arena a;
    struct error err;
    struct map seen;
    size_t samples = 0;
    int code;

    arena_init(&a, 0);
    map_init(&seen);
    while ((code = exposition_next(&e, &line, &err)) == 1) {
        struct labels labels;
        void *old = NULL;
        if (line.kind == EXPOSITION_HELP || line.kind == EXPOSITION_TYPE) {
            if (!str_equal(family, line.name)) { /* one block for each family */
                assert_null(map_get(&seen, line.name));
                assert_int_equal(map_put(&seen, line.name, &seen, &old), 0);
            }
            family = line.name;
            continue;
        }
        if (line.kind != EXPOSITION_SAMPLE)
            continue;
        samples++;
        assert_true(str_starts(line.name, family));
        assert_int_equal(exposition_labels(line.series, &a, &labels, &err), 0);
        assert_in_range(labels.len, 2, LABELS_PER_SERIES + 1); /* and __name__ */
        assert_true(labels_get(labels, STR("hostname")).len ||
                    labels_get(labels, STR("Hostname")).len);
        assert_null(map_get(&seen, line.series)); /* no series stands twice */
        assert_int_equal(map_put(&seen, line.series, &seen, &old), 0);
        assert_int_equal(line.has_ts, room.machine.timestamps);
        if (line.has_ts)
            assert_int_equal(line.ts_ms, READ_AT_MS);
    }
    assert_int_equal(code, 0);
    assert_false(str_contains(text, STR(", ")) && str_contains(text, STR("\", ")));
    map_fini(&seen);
    arena_fini(&a);
    return samples;
}

static void a_scraper_finds_families_together_and_few_labels(void **state)
{
    struct snapshot *s = full();
    size_t samples = check_text(snapshot_body(s, SNAPSHOT_TEXT), false);

    (void)state;
    assert_true(samples > 150);
    assert_int_equal(check_text(snapshot_body(s, SNAPSHOT_OPENMETRICS), true), samples);
    snapshot_release(s);
}

static void labels_stay_few_with_every_switch(void **state)
{
    (void)state;
    room.machine.instance_label = true;
    room.machine.process_command = PROCESS_COMMAND_FULL;
    struct snapshot *s = full();
    struct str text = snapshot_body(s, SNAPSHOT_TEXT);
    check_text(text, false);
    assert_true(str_contains(text, STR("{hostname=\"node1\",instance=\"node1\",gpu_index=")));
    assert_true(str_contains(text, STR(",command=\"python train.py --rank 0\"}")));
    snapshot_release(s);
}

static void lines_bear_the_time_of_their_reading_where_that_is_wanted(void **state)
{
    (void)state;
    room.machine.timestamps = true;
    struct snapshot *s = full();
    size_t samples = check_text(snapshot_body(s, SNAPSHOT_TEXT), false);
    assert_true(samples > 150);
    assert_int_equal(check_text(snapshot_body(s, SNAPSHOT_OPENMETRICS), true), samples);
    assert_true(has_line(snapshot_body(s, SNAPSHOT_TEXT),
                         "all_smi_gpu_utilization{" BOARD "} 12.34 1795878529007"));
    assert_true(has_line(snapshot_body(s, SNAPSHOT_OPENMETRICS),
                         "all_smi_gpu_utilization{" BOARD "} 12.34 1795878529.007"));
    snapshot_release(s);
}

static void openmetrics_has_its_own_names_of_counters_and_an_end(void **state)
{
    struct snapshot *s = full();
    struct str text = snapshot_body(s, SNAPSHOT_OPENMETRICS);

    (void)state;
    assert_true(str_ends(text, STR("\n# EOF\n")));
    assert_true(has_line(text, "# TYPE all_smi_energy_consumed_joules counter"));
    assert_true(has_line(text, "# UNIT all_smi_energy_consumed_joules joules"));
    assert_true(has_line(text, "# UNIT all_smi_gpu_memory_used_bytes bytes"));
    assert_true(has_line(text, "# TYPE DCGM_FI_DEV_TOTAL_ENERGY_CONSUMPTION unknown"));
    assert_true(has_line(text, "all_smi_gpu_utilization{" BOARD "} 12.34"));
    assert_ptr_equal(snapshot_body(s, SNAPSHOT_OPENMETRICS).ptr, text.ptr); /* made once */
    snapshot_release(s);
}

static void gzip_forms_unpack_to_the_text(void **state)
{
    static const enum snapshot_form forms[][2] = {
        {SNAPSHOT_TEXT, SNAPSHOT_TEXT_GZIP},
        {SNAPSHOT_OPENMETRICS, SNAPSHOT_OPENMETRICS_GZIP},
    };
    struct libdeflate_decompressor *d = libdeflate_alloc_decompressor();
    struct snapshot *s = full();

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(forms); i++) {
        struct str packed = snapshot_body(s, forms[i][1]);
        struct str plain = snapshot_body(s, forms[i][0]);
        char *out = malloc(plain.len);
        size_t len = 0;
        assert_true(packed.len > 100 && packed.len < plain.len / 3);
        assert_int_equal(
            libdeflate_gzip_decompress(d, packed.ptr, packed.len, out, plain.len, &len), 0);
        assert_true(str_equal(str_make(out, len), plain));
        free(out);
        assert_ptr_equal(snapshot_body(s, forms[i][1]).ptr, packed.ptr);
    }
    libdeflate_free_decompressor(d);
    snapshot_release(s);
}

static struct snapshot *with_processes(unsigned count, int first, int step)
{
    struct collector_view view = fake_view(room.readings, "host");

    fake_processes(&view.held->reading, count, first, step);
    return rendered(&view, 1);
}

static void a_new_process_inserts_lines_and_moves_none(void **state)
{
    (void)state;
    room.machine.process_limit = 100;
    struct snapshot *before = with_processes(5, 10, 2);
    struct snapshot *after = with_processes(9, 10, 1);
    struct str old = snapshot_body(before, SNAPSHOT_TEXT);
    struct str rest = snapshot_body(after, SNAPSHOT_TEXT);

    /* every series of the old text is met, in order, on the way through the new one */
    while (old.ptr) {
        struct str line = str_cut(&old, '\n');
        struct str series = str_cut(&line, '}');
        bool found = false;
        while (rest.ptr && !found) {
            struct str other = str_cut(&rest, '\n');
            found = str_equal(str_cut(&other, '}'), series);
        }
        assert_true(found);
    }
    snapshot_release(before);
    snapshot_release(after);
}

static void labels_kept_from_before_follow_identity(void **state)
{
    static const char *const users[] = {"alice", "bob", "bob", "carol"};

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(users); i++) {
        struct collector_view view = fake_view(room.readings, "host");
        char line[200];
        fake_processes(&view.held->reading, 1, 7, 1);
        struct process *p = view.held->reading.processes;
        str_copy(p->user, sizeof(p->user), str_of(users[i]));
        p->memory_bytes = i;
        struct snapshot *s = rendered(&view, 1);
        snprintf(line, sizeof(line),
                 "algalon_process_memory_bytes{" NODE ",pid=\"7\",name=\"job7\",user=\"%s\"} %zu",
                 users[i], i);
        assert_true(has_line(snapshot_body(s, SNAPSHOT_TEXT), line));
        snapshot_release(s);
    }
}

static void a_renderer_without_history_writes_the_same(void **state)
{
    struct snapshot *first = full();
    struct str text = snapshot_body(first, SNAPSHOT_TEXT);

    (void)state;
    snapshot_release(with_processes(3, 1, 1));
    struct snapshot *again = full();
    assert_true(str_equal(snapshot_body(again, SNAPSHOT_TEXT), text));
    snapshot_release(first);
    snapshot_release(again);
}

static void numbers_are_rounded_once_and_printed_exactly(void **state)
{
    static const struct {
        double ratio;
        const char *percent;
    } cases[] = {
        {0, "0"},     {1, "100"},       {0.12344, "12.34"}, {0.12346, "12.35"},
        {0.1, "10"},  {0.005, "0.5"},   {0.00004, "0"},     {0.99999, "100"},
        {2.5, "250"}, {0.0099, "0.99"}, {-0.00001, "0"},    {1e17, "10000000000000000000"},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct collector_view view = fake_view(room.readings, "host");
        char line[200];
        fake_host(&view.held->reading, 0);
        view.held->reading.cpu.iowait_ratio = cases[i].ratio;
        struct snapshot *s = rendered(&view, 1);
        snprintf(line, sizeof(line), "algalon_cpu_iowait_percent{" NODE "} %s", cases[i].percent);
        if (!has_line(snapshot_body(s, SNAPSHOT_TEXT), line))
            fail_msg("no line: %s", line);
        snapshot_release(s);
    }
}

static void devices_that_do_not_answer_keep_a_line(void **state)
{
    static const struct {
        enum accelerator_state state;
        const char *up, *sleeping;
    } cases[] = {
        {ACCELERATOR_LOST, "algalon_gpu_up{" BOARD "} 0", NULL},
        {ACCELERATOR_FORBIDDEN, "algalon_gpu_up{" BOARD "} 0", NULL},
        {ACCELERATOR_SLEEPING, "algalon_gpu_up{" BOARD "} 1", "algalon_gpu_sleeping{" BOARD "} 1"},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct collector_view view = fake_view(room.readings, "nvidia");
        fake_accelerators(&view.held->reading, "nvidia", 2, 0);
        view.held->reading.accelerators[1].state = cases[i].state;
        struct snapshot *s = rendered(&view, 1);
        struct str text = snapshot_body(s, SNAPSHOT_TEXT);
        assert_true(has_line(text, cases[i].up));
        if (cases[i].sleeping)
            assert_true(has_line(text, cases[i].sleeping));
        else
            assert_false(str_contains(text, STR("algalon_gpu_sleeping{" BOARD)));
        snapshot_release(s);
    }
}

static void every_family_stands_in_one_schema_and_in_the_catalogue(void **state)
{
    (void)state;
    for (size_t i = 0; i < catalogue_len(); i++) {
        size_t found = 0;
        for (size_t j = 0; j < schema_tables_len; j++)
            for (size_t k = 0; k < *schema_tables[j].len; k++)
                found += strcmp(schema_tables[j].rules[k].name, catalogue_at(i)->name) == 0;
        if (found != 1)
            fail_msg("%s stands %zu times", catalogue_at(i)->name, found);
    }
    for (size_t j = 0; j < schema_tables_len; j++)
        for (size_t k = 0; k < *schema_tables[j].len; k++)
            assert_non_null(catalogue_find(str_of(schema_tables[j].rules[k].name)));
}

/* Compares the labels that were written with those that the catalogue promises. */
static void labels_are_those_of_the_catalogue(void **state)
{
    struct snapshot *s = full();
    struct exposition e = {.rest = snapshot_body(s, SNAPSHOT_TEXT)};
    struct exposition_line line;
    struct error err;

    (void)state;
    while (exposition_next(&e, &line, &err) == 1) {
        if (line.kind != EXPOSITION_SAMPLE)
            continue;
        const struct catalogue_family *family = catalogue_find(line.name);
        struct str promised = str_of(family->labels), written = line.series;
        str_cut(&written, '{');
        while (promised.ptr) {
            struct str name = str_cut(&promised, ',');
            bool optional = name.ptr[name.len - 1] == '?';
            name.len -= optional;
            if (!written.len || !str_starts(written, name) || written.ptr[name.len] != '=') {
                if (!optional)
                    fail_msg("%.*s lacks %.*s", STR_ARG(line.series), STR_ARG(name));
                continue;
            }
            str_cut(&written, '"');
            bool escaped;
            do { /* over a quote inside the value */
                struct str value = str_cut(&written, '"');
                escaped = value.len && value.ptr[value.len - 1] == '\\';
            } while (escaped);
            if (written.len && *written.ptr == ',')
                str_cut(&written, ',');
        }
        if (!str_is(written, "}"))
            fail_msg("%.*s says more than the catalogue", STR_ARG(line.series));
    }
    snapshot_release(s);
}

static void label_values_are_escaped_cut_and_made_utf8(void **state)
{
    static const struct {
        const char *in, *out;
    } cases[] = {
        {"plain", "{x=\"plain\"}"},
        {"a\"b\\c\nd", "{x=\"a\\\"b\\\\c\\nd\"}"},
        {"tab\tbell\a", "{x=\"tabbell\"}"},
        {"gr\xc3\xbc\xc3\x9f", "{x=\"gr\xc3\xbc\xc3\x9f\"}"},
        {"bad\xff", "{x=\"bad\xef\xbf\xbd\"}"},
        {"12345678", "{x=\"12345678\"}"},
        {"1234567\xc3\xbc", "{x=\"1234567\"}"},
        {"123456\xc3\xbc"
         "9",
         "{x=\"123456\xc3\xbc\"}"},
        {"", "}"},
    };
    struct buf text;

    (void)state;
    buf_init(&text, 0);
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct label_sink sink = {.text = &text};
        buf_reset(&text);
        label_begin(&sink);
        label_text(&sink, "x", cases[i].in, 8);
        label_end(&sink);
        if (!str_is(buf_str(&text), cases[i].out))
            fail_msg("%s became %.*s", cases[i].in, (int)text.len, text.ptr);
    }
    buf_fini(&text);
}

static void schemas_are_chosen_by_bits(void **state)
{
    struct renderer *r = NULL;
    struct error err;

    (void)state;
    assert_int_equal(renderer_new(0, NULL, &r, &err), -EINVAL);
    assert_int_equal(renderer_new(64, NULL, &r, &err), -EINVAL);
    renderer_free(room.renderer);
    assert_int_equal(renderer_new(SCHEMA_DCGM, NULL, &room.renderer, &err), 0);
    struct snapshot *s = full();
    struct str text = snapshot_body(s, SNAPSHOT_TEXT);
    assert_true(str_contains(text, STR("DCGM_FI_DEV_GPU_TEMP")));
    assert_false(str_contains(text, STR("DCGM_EXP_"))); /* only where a file chooses them */
    assert_false(str_contains(text, STR("all_smi_")));
    snapshot_release(s);
}

static size_t count_samples(struct str text)
{
    size_t n = 0;

    while (text.ptr) {
        struct str line = str_cut(&text, '\n');
        n += line.len && line.ptr[0] != '#';
    }
    return n;
}

static void a_bomb_of_processes_is_cut_and_counted_and_pushes_no_device_out(void **state)
{
    const size_t limit = 500000;
    size_t all = 0, gpu_lines = 0;

    (void)state;
    for (int limited = 0; limited < 2; limited++) {
        struct collector_view view = fake_view(room.readings, "nvidia");
        fake_accelerators(&view.held->reading, "nvidia", 2, 2000);
        if (limited)
            renderer_limit(room.renderer, limit);
        struct snapshot *s = rendered(&view, 1);
        struct str text = snapshot_body(s, SNAPSHOT_TEXT), rest = text;
        char count[128];
        size_t boards = 0;
        while (rest.ptr)
            boards += str_contains(str_cut(&rest, '\n'), STR("gpu_uuid=\"GPU-nvidia-1\"")) != 0;
        if (!limited) {
            all = count_samples(text);
            gpu_lines = boards;
            assert_true(all > 8000 && gpu_lines > 50);
        } else {
            assert_true(text.len <= limit + 1000); /* with the lines that tell of it */
            assert_int_equal(boards, gpu_lines);
            assert_true(s->left_out[LEFT_OUT_SERIES] > 1000);
            assert_int_equal(count_samples(text) + s->left_out[LEFT_OUT_SERIES], all);
            snprintf(count, sizeof(count),
                     "algalon_memory_limit_left_out{" NODE ",what=\"series\"} %u",
                     (unsigned)s->left_out[LEFT_OUT_SERIES]);
            assert_true(has_line(text, count));
        }
        snapshot_release(s);
    }
}

static void processes_on_devices_beyond_the_limit_are_left_out(void **state)
{
    struct collector_view view = fake_view(room.readings, "nvidia");

    (void)state;
    fake_accelerators(&view.held->reading, "nvidia", 1, 3000);
    room.machine.snapshot_max_bytes = 4 << 20;
    struct snapshot *s = rendered(&view, 1);
    assert_in_range(s->device_process_len, 500, 2000);
    assert_int_equal(s->device_process_len + s->left_out[LEFT_OUT_DEVICE_PROCESSES], 3000);
    assert_true(arena_bytes(&s->arena) <= 4 << 20);
    snapshot_release(s);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(lines_say_what_was_read),
        TEST(what_is_unknown_leaves_no_line),
        TEST(a_scraper_finds_families_together_and_few_labels),
        TEST(labels_stay_few_with_every_switch),
        TEST(lines_bear_the_time_of_their_reading_where_that_is_wanted),
        TEST(openmetrics_has_its_own_names_of_counters_and_an_end),
        TEST(gzip_forms_unpack_to_the_text),
        TEST(a_new_process_inserts_lines_and_moves_none),
        TEST(labels_kept_from_before_follow_identity),
        TEST(a_renderer_without_history_writes_the_same),
        TEST(numbers_are_rounded_once_and_printed_exactly),
        TEST(devices_that_do_not_answer_keep_a_line),
        TEST(every_family_stands_in_one_schema_and_in_the_catalogue),
        TEST(labels_are_those_of_the_catalogue),
        TEST(label_values_are_escaped_cut_and_made_utf8),
        TEST(schemas_are_chosen_by_bits),
        TEST(a_bomb_of_processes_is_cut_and_counted_and_pushes_no_device_out),
        TEST(processes_on_devices_beyond_the_limit_are_left_out),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
