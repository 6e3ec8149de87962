/* tpu_test.c - the collector on trees of machines; libtpu is the test's. */
#include "npu.h"
#include "tpu_server_test.h"

#include "device/linux_grpc.h"
#include "device/linux_recorded_test.h"

#include <stdlib.h>

#define GIB (UINT64_C(1) << 30)

/* Without the library nothing is asked: what needs an answer is passed over then. */
static void need_library(void)
{
    struct linux_grpc *g;

    if (linux_grpc_open(&g, NULL))
        skip();
    linux_grpc_close(g);
}

static void use_ports(const struct server *servers, size_t len)
{
    char text[64] = "";

    for (size_t i = 0; i < len; i++)
        snprintf(text + strlen(text), sizeof(text) - strlen(text), "%s%u", i ? "," : "",
                 servers[i].port);
    assert_int_equal(setenv("TPU_RUNTIME_METRICS_PORTS", text, 1), 0);
}

static bool has_process(const struct reading *r, unsigned chip, int pid)
{
    size_t n = 0;

    for (size_t i = 0; i < r->accelerator_process_len; i++)
        n += r->accelerator_processes[i].accelerator == chip &&
             r->accelerator_processes[i].pid == pid;
    return n == 1;
}

static bool tells_memory(const struct accelerator *a)
{
    return a[3].mem_used_bytes != UNKNOWN_COUNT && a[3].mem_total_bytes % GIB;
}

static bool tells_load(const struct accelerator *a)
{
    return !isnan(a[3].utilization_ratio);
}

static bool tells_all(const struct accelerator *a)
{
    return tells_load(a) && tells_memory(a) && !isnan(a[1].npu.value.queued_programs) &&
           !isnan(a[1].npu.value.exec_us[0]);
}

/* Reads until all four chips tell: on a busy machine an answer may come too late, and then the port
 * is left alone for six turns. */
static const struct accelerator *read_until(struct bench *b,
                                            bool (*told)(const struct accelerator *a))
{
    for (int i = 0; i < 300; i++) {
        const struct reading *r = bench_read(b);
        assert_int_equal(r->accelerator_len, 4);
        if (told(r->accelerators))
            return r->accelerators;
    }
    fail_msg("nothing was told");
    return NULL;
}

/* ---- answers ---- */

static bool asks(struct str request, const char *name)
{
    return str_contains(request, str_of(name));
}

static void put_gauges(struct buf *to, uint64_t from, size_t n, double first, double step)
{
    struct buf metrics;

    buf_init(&metrics, 0);
    for (size_t i = n; i-- > 0;) { /* in no order */
        struct buf metric;
        buf_init(&metric, 0);
        put_device(&metric, from + i);
        put_gauge(&metric, first + step * (double)i);
        put_message(&metrics, 3, &metric);
    }
    *to = response_of("m", &metrics);
}

/* Of `devices` devices that libtpu numbers from `from` on, and `chips` chips. */
static bool answer_devices(struct str request, struct buf *to, uint64_t from, size_t devices,
                           size_t chips)
{
    if (asks(request, "dutycycle"))
        put_gauges(to, from, chips, 10, chips > 4 ? 10 : 20);
    else if (asks(request, "memory.usage"))
        put_gauges(to, from, devices, 1e9, 1e9);
    else if (asks(request, "memory.total"))
        put_gauges(to, from, devices, 16e9, 0);
    else
        return false;
    return true;
}

static bool answer_four(struct str request, struct buf *to)
{
    static const uint64_t counts[] = {0, 500, 400, 100};
    struct buf metrics;

    if (!asks(request, "hlo."))
        return answer_devices(request, to, 0, 4, 4);
    buf_init(&metrics, 0);
    for (size_t i = 0; i < 2; i++) { /* two kinds of core of device 1 */
        struct buf metric;
        buf_init(&metric, 0);
        put_listed_device(&metric, "1");
        if (asks(request, "queue"))
            put_gauge(&metric, 3);
        else
            put_times(&metric, i ? 220 : 5, true, counts, i ? 4 : 2);
        put_message(&metrics, 3, &metric);
    }
    *to = response_of("hlo", &metrics);
    return true;
}

static bool answer_eight_of_four(struct str request, struct buf *to)
{
    return answer_devices(request, to, 0, 8, 4);
}

static bool answer_eight_each(struct str request, struct buf *to)
{
    return answer_devices(request, to, 0, 8, 8);
}

static bool answer_one(struct str request, struct buf *to)
{
    return answer_devices(request, to, 0, 1, 1);
}

static bool answer_four_of_another_host(struct str request, struct buf *to)
{
    return answer_devices(request, to, 12, 4, 4);
}

static atomic_uint loads_asked;

static bool answer_without_load(struct str request, struct buf *to)
{
    bool load = asks(request, "dutycycle");

    atomic_fetch_add(&loads_asked, load);
    return !load && answer_devices(request, to, 0, 4, 4);
}

/* ---- chips ---- */

static void assert_untold(const struct reading *r)
{
    for (size_t i = 0; i < r->accelerator_len; i++) {
        const struct accelerator *a = &r->accelerators[i];
        assert_int_equal(a->state, ACCELERATOR_OK);
        assert_true(isnan(a->utilization_ratio)); /* not 0 */
        assert_int_equal(a->mem_used_bytes, UNKNOWN_COUNT);
        assert_int_equal(a->mem_free_bytes, UNKNOWN_COUNT);
        assert_true(isnan(a->npu.value.queued_programs) && isnan(a->npu.value.exec_us[0]));
    }
}

static void chips_are_told_from_other_devices_of_google_and_stand_in_order_of_groups(void **state)
{
    static const char *const places[] = {"0000:00:06.0", "0000:00:07.0", "0000:00:04.0",
                                         "0000:00:05.0"}; /* groups 2, 3, 9, 10 */
    struct bench *b = bench_new(&tpu_collector, "npu-tpu");
    struct server s;

    (void)state;
    server_open(&s);
    use_ports(&s, 1);
    assert_int_equal(setenv("TPU_ACCELERATOR_TYPE", "v5litepod-4", 1), 0);
    const struct reading *r = bench_read(b);
    const struct accelerator *a = r->accelerators;
    assert_int_equal(unsetenv("TPU_ACCELERATOR_TYPE"), 0);
    assert_int_equal(r->accelerator_len, 4);
    for (size_t i = 0; i < 4; i++)
        assert_string_equal(a[i].pci_bus_id, places[i]);
    assert_string_equal(a->name, "Google TPU v5e");
    assert_string_equal(a->uuid, "TPU-0000:00:06.0");
    assert_string_equal(a->npu.chip, "v5e");
    assert_string_equal(a->npu.memory_type, "HBM");
    assert_string_equal(a->npu.kind, "v5litepod-4");
    assert_string_equal(a->npu.pci_ids[0], "0x1ae0");
    assert_near(a->npu.value.tensor_cores, 1);
    assert_int_equal(a->mem_total_bytes, 16 * GIB);
    assert_untold(r); /* nobody listens */
    assert_string_equal(bench_finding(b, "tpu")->what, "Google TPU v5e (0000:00:06.0)");
    server_close(&s);
    bench_free(b);
}

static void users_are_those_of_the_groups_and_not_of_the_control_node(void **state)
{
    struct bench *b = bench_new(&tpu_collector, "npu-tpu");
    struct server s;

    (void)state;
    server_open(&s);
    use_ports(&s, 1);
    const struct reading *r = bench_read(b);
    assert_int_equal(r->accelerator_process_len, 2);
    assert_true(has_process(r, 0, 5150) && has_process(r, 2, 5150));
    server_close(&s);
    bench_free(b);
}

static void put_chip(const struct tree *t, const char *address, const char *device,
                     const char *subsystem, const char *group)
{
    const char *const files[][2] = {{"vendor", "0x1ae0\n"},
                                    {"class", "0x120000\n"},
                                    {"device", device},
                                    {"subsystem_device", subsystem}};
    char path[128], link[LINUX_PATH_MAX], target[64];

    for (size_t i = 0; i < ARRAY_LEN(files); i++) {
        snprintf(path, sizeof(path), "sys/bus/pci/devices/%s/%s", address, files[i][0]);
        tree_write(t, path, files[i][1]);
    }
    if (!group)
        return;
    assert_true(linux_file_path(link, t->sysfs, "bus/pci/devices/%s/iommu_group", address));
    snprintf(target, sizeof(target), "../../../../kernel/iommu_groups/%s", group);
    assert_int_equal(symlink(target, link), 0);
}

static void hold(const struct tree *t, int pid, const char *node)
{
    char path[64], link[LINUX_PATH_MAX];

    snprintf(path, sizeof(path), "proc/%d/comm", pid);
    tree_write(t, path, "job\n");
    assert_true(linux_file_path(link, t->procfs, "%d/fd", pid));
    assert_int_equal(file_mkdirs(link, NULL), 0);
    assert_true(linux_file_path(link, t->procfs, "%d/fd/3", pid));
    assert_int_equal(symlink(node, link), 0);
}

static void older_chips_have_nodes_of_the_driver(void **state)
{
    struct bench *b = bench_new(&tpu_collector, "npu-tpu");
    struct server s;

    (void)state;
    server_open(&s);
    use_ports(&s, 1);
    tree_remove(&b->tree, "sys/bus/pci/devices");
    put_chip(&b->tree, "0000:00:04.0", "0x0027\n", "0x004e\n", NULL);
    put_chip(&b->tree, "0000:00:05.0", "0x0027\n", "0x004f\n", "5");
    put_chip(&b->tree, "0000:00:06.0", "0x0027\n", "0x0001\n", NULL); /* no TPU that is known */
    put_chip(&b->tree, "0000:00:07.0", "0x005e\n", "0x0000\n", NULL);
    tree_write(&b->tree, "sys/bus/pci/devices/0000:00:07.0/accel/accel7/dev", "1:7\n");
    hold(&b->tree, 71, "/dev/accel1");
    hold(&b->tree, 72, "/dev/accel7");
    hold(&b->tree, 73, "/dev/vfio/5");
    const struct reading *r = bench_read(b);
    const struct accelerator *a = r->accelerators;
    assert_int_equal(r->accelerator_len, 3);
    assert_string_equal(a[0].npu.chip, "v2");
    assert_int_equal(a[0].mem_total_bytes, 16 * GIB); /* 8 a core */
    assert_string_equal(a[1].npu.chip, "v3");
    assert_int_equal(a[1].mem_total_bytes, 32 * GIB);
    assert_string_equal(a[2].name, "Google TPU v4");
    assert_near(a[2].npu.value.cores, 2);
    assert_int_equal(r->accelerator_process_len, 2);
    assert_true(has_process(r, 1, 71) && has_process(r, 2, 72));
    server_close(&s);
    bench_free(b);
}

static void put_four_7x(const struct tree *t)
{
    char address[16], group[8];

    tree_remove(t, "sys/bus/pci/devices");
    for (unsigned i = 0; i < 8; i++) {
        snprintf(address, sizeof(address), "0000:0%u:00.%u", 1 + i / 2, i % 2);
        snprintf(group, sizeof(group), "%u", i);
        put_chip(t, address, "0x0076\n", "0x0000\n", group);
    }
}

static void two_functions_of_a_7x_are_one_chip(void **state)
{
    struct bench *b = bench_new(&tpu_collector, "npu-tpu");
    struct server s;

    (void)state;
    need_library();
    put_four_7x(&b->tree);
    hold(&b->tree, 81, "/dev/vfio/3");
    server_open(&s);
    use_ports(&s, 1);
    server_start(&s, ANSWERS, answer_eight_of_four);
    const struct accelerator *a = read_until(b, tells_load);
    assert_string_equal(a->name, "Google TPU7x");
    assert_near(a[1].utilization_ratio, 0.3); /* told of chips */
    a = read_until(b, tells_memory);
    assert_int_equal(a[1].mem_used_bytes, UINT64_C(7000000000)); /* of devices 2 and 3 */
    assert_int_equal(a[1].mem_total_bytes, UINT64_C(32000000000));
    assert_true(has_process(&b->reading, 1, 81)); /* by the group of its second function */
    server_close(&s);
    bench_free(b);
}

static void the_load_of_a_chip_is_the_mean_of_its_devices(void **state)
{
    struct bench *b = bench_new(&tpu_collector, "npu-tpu");
    struct server s;

    (void)state;
    need_library();
    put_four_7x(&b->tree);
    server_open(&s);
    use_ports(&s, 1);
    server_start(&s, ANSWERS, answer_eight_each);
    assert_near(read_until(b, tells_load)[1].utilization_ratio, 0.35); /* 30, 40 */
    server_close(&s);
    bench_free(b);
}

/* ---- what is told ---- */

static void what_a_program_tells_is_read(void **state)
{
    struct bench *b = bench_new(&tpu_collector, "npu-tpu");
    struct server s;

    (void)state;
    need_library();
    server_open(&s);
    use_ports(&s, 1);
    server_start(&s, ANSWERS, answer_four);
    const struct accelerator *a = read_until(b, tells_all);
    for (size_t i = 0; i < 4; i++) {
        assert_near(a[i].utilization_ratio, 0.1 + 0.2 * (double)i);
        assert_int_equal(a[i].mem_used_bytes, (i + 1) * UINT64_C(1000000000));
        assert_int_equal(a[i].mem_total_bytes, UINT64_C(16000000000));
    }
    assert_int_equal(a[0].mem_free_bytes, UINT64_C(15000000000));
    assert_true(isnan(a[0].memory_utilization_ratio)); /* it knows no such metric */
    assert_near(a[1].npu.value.queued_programs, 6);
    assert_near(a[1].npu.value.exec_us[0], 220);
    assert_near(a[1].npu.value.exec_us[1], 200);
    assert_true(isnan(a[0].npu.value.queued_programs) && isnan(a[0].npu.value.exec_us[0]));
    server_close(&s);
    bench_free(b);
}

static void what_a_program_told_is_read_again(void **state)
{
    struct recorded r;
    struct server s;

    (void)state;
    need_library();
    server_open(&s);
    use_ports(&s, 1);
    record(&r, bench_new(&tpu_collector, "npu-tpu"));
    tree_remove(&r.bench->tree, "answers");
    server_start(&s, ANSWERS, answer_four);
    (void)read_until(r.bench, tells_all);
    server_close(&s);
    unsetenv("TPU_RUNTIME_METRICS_PORTS"); /* it was noted */
    const struct accelerator *a = replay(&r)->accelerators;
    assert_near(a[1].utilization_ratio, 0.3);
    assert_int_equal(a[3].mem_used_bytes, UINT64_C(4000000000));
    assert_near(a[1].npu.value.exec_us[0], 220);
    recorded_fini(&r);
}

static void a_program_that_comes_is_found_after_half_a_minute(void **state)
{
    struct bench *b = bench_new(&tpu_collector, "npu-tpu");
    struct server s;

    (void)state;
    need_library();
    server_open(&s);
    use_ports(&s, 1);
    assert_untold(bench_read(b));
    server_start(&s, ANSWERS, answer_four);
    for (int i = 0; i < 5; i++)
        assert_untold(bench_read(b)); /* 25 s: nobody asks */
    assert_int_equal(atomic_load(&s.connections), 0);
    assert_near(read_until(b, tells_load)->utilization_ratio, 0.1);
    server_close(&s);
    bench_free(b);
}

static void a_program_that_hangs_is_asked_once_in_half_a_minute(void **state)
{
    struct bench *b = bench_new(&tpu_collector, "npu-tpu");
    struct server s;

    (void)state;
    need_library();
    server_open(&s);
    use_ports(&s, 1);
    server_start(&s, STAYS_SILENT, answer_four);
    assert_untold(bench_read(b));
    assert_untold(bench_read(b));
    assert_true(atomic_load(&s.connections) <= 1);
    server_close(&s);
    bench_free(b);
}

static void an_answer_that_is_cut_tells_nothing(void **state)
{
    struct bench *b = bench_new(&tpu_collector, "npu-tpu");
    struct server s;

    (void)state;
    need_library();
    server_open(&s);
    use_ports(&s, 1);
    server_start(&s, CUTS_A_FRAME, answer_four);
    assert_untold(bench_read(b));
    assert_int_equal(b->reading.accelerators[0].mem_total_bytes, 16 * GIB);
    server_close(&s);
    bench_free(b);
}

static void a_metric_that_is_not_known_leaves_the_others(void **state)
{
    struct bench *b = bench_new(&tpu_collector, "npu-tpu");
    struct server s;

    (void)state;
    need_library();
    server_open(&s);
    use_ports(&s, 1);
    server_start(&s, ANSWERS, answer_without_load);
    for (int i = 0; i < 6; i++) /* half a minute */
        (void)bench_read(b);
    assert_true(atomic_load(&loads_asked) <= 1);
    const struct accelerator *a = read_until(b, tells_memory);
    assert_true(isnan(a->utilization_ratio));
    assert_int_equal(a->mem_used_bytes, UINT64_C(1000000000));
    server_close(&s);
    bench_free(b);
}

static void devices_that_each_port_numbers_anew_stand_in_order_of_ports(void **state)
{
    struct bench *b = bench_new(&tpu_collector, "npu-tpu");
    struct server s[4];

    (void)state;
    need_library();
    for (size_t i = 0; i < ARRAY_LEN(s); i++) {
        server_open(&s[i]);
        server_start(&s[i], ANSWERS, answer_one);
    }
    use_ports(s, ARRAY_LEN(s));
    const struct accelerator *a = read_until(b, tells_load);
    for (size_t i = 0; i < ARRAY_LEN(s); i++) {
        assert_near(a[i].utilization_ratio, 0.1);
        server_close(&s[i]);
    }
    bench_free(b);
}

static void a_view_that_each_port_repeats_counts_once(void **state)
{
    struct bench *b = bench_new(&tpu_collector, "npu-tpu");
    struct server s[2];

    (void)state;
    need_library();
    for (size_t i = 0; i < ARRAY_LEN(s); i++) {
        server_open(&s[i]);
        server_start(&s[i], ANSWERS, answer_four);
    }
    use_ports(s, ARRAY_LEN(s));
    const struct accelerator *a = read_until(b, tells_all);
    assert_near(a[3].utilization_ratio, 0.7);
    assert_int_equal(a[3].mem_used_bytes, UINT64_C(4000000000));
    assert_near(a[1].npu.value.queued_programs, 6);
    for (size_t i = 0; i < ARRAY_LEN(s); i++)
        server_close(&s[i]);
    bench_free(b);
}

static void numbers_over_all_hosts_stand_in_their_order(void **state)
{
    struct bench *b = bench_new(&tpu_collector, "npu-tpu");
    struct server s;

    (void)state;
    need_library();
    server_open(&s);
    use_ports(&s, 1);
    server_start(&s, ANSWERS, answer_four_of_another_host);
    assert_near(read_until(b, tells_load)[2].utilization_ratio, 0.5);
    server_close(&s);
    bench_free(b);
}

static void a_machine_without_chips_has_no_collector(void **state)
{
    struct tree t;

    (void)state;
    tree_open(&t, "npu-gaudi2");
    assert_false(tpu_collector.detect(&t.paths));
    tree_close(&t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(chips_are_told_from_other_devices_of_google_and_stand_in_order_of_groups),
        cmocka_unit_test(users_are_those_of_the_groups_and_not_of_the_control_node),
        cmocka_unit_test(older_chips_have_nodes_of_the_driver),
        cmocka_unit_test(two_functions_of_a_7x_are_one_chip),
        cmocka_unit_test(the_load_of_a_chip_is_the_mean_of_its_devices),
        cmocka_unit_test(what_a_program_tells_is_read),
        cmocka_unit_test(what_a_program_told_is_read_again),
        cmocka_unit_test(a_program_that_comes_is_found_after_half_a_minute),
        cmocka_unit_test(a_program_that_hangs_is_asked_once_in_half_a_minute),
        cmocka_unit_test(an_answer_that_is_cut_tells_nothing),
        cmocka_unit_test(a_metric_that_is_not_known_leaves_the_others),
        cmocka_unit_test(devices_that_each_port_numbers_anew_stand_in_order_of_ports),
        cmocka_unit_test(a_view_that_each_port_repeats_counts_once),
        cmocka_unit_test(numbers_over_all_hosts_stand_in_their_order),
        cmocka_unit_test(a_machine_without_chips_has_no_collector),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
