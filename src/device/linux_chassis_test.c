/* linux_chassis_test.c - the machine around, over recorded machines. */
#include "device/linux_test.h"

static void firmware_texts_are_shown_without_placeholders(void **state)
{
    struct bench *b = bench_new(&linux_chassis_collector, "host-intel/1");
    const struct chassis *c = &bench_read(b)->chassis;

    (void)state;
    assert_true(c->present);
    assert_string_equal(c->vendor, "Supermicro");
    assert_string_equal(c->product, "SYS-421GE-TNRT");
    assert_string_equal(c->version, ""); /* "To Be Filled By O.E.M." */
    assert_string_equal(c->board, "X13DEG-OA");
    assert_string_equal(c->bios_version, "2.1");
    assert_string_equal(c->virtualization, "");
    assert_string_equal(c->container, "");
    bench_free(b);
}

static void power_is_the_meters_and_air_the_named_sensors(void **state)
{
    struct bench *b = bench_new(&linux_chassis_collector, "host-intel/1");
    const struct chassis *c = &bench_read(b)->chassis;

    (void)state;
    assert_near(c->power_w, 412.5);
    assert_near(c->inlet_temperature_c, 23.5); /* not acpitz's 27.8 */
    assert_near(c->outlet_temperature_c, 38);
    assert_true(isnan(c->ane_power_w) && isnan(c->thermal_pressure)); /* Linux tells of no such */
    bench_free(b);
    b = bench_new(&linux_chassis_collector, "host-hybrid");
    c = &bench_read(b)->chassis;
    assert_true(isnan(c->inlet_temperature_c) && isnan(c->power_w));
    bench_free(b);
}

static void meters_of_a_socket_or_module_are_not_the_machines(void **state)
{
    struct bench *b = bench_new(&linux_chassis_collector, "host-grace");

    (void)state;
    assert_true(isnan(bench_read(b)->chassis.power_w));
    tree_write(&b->tree, "proc/device-tree/model", "NVIDIA Board X");
    b->collector->close(b->state);
    b->state = NULL;
    assert_string_equal(bench_read(b)->chassis.product, "NVIDIA Board X");
    bench_free(b);
}

static void virtual_machines_and_containers_are_told(void **state)
{
    static const struct {
        const char *fixture, *virtualization, *container;
    } cases[] = {
        {"host-vm/1", "kvm", ""},         {"host-epyc", "", ""},
        {"host-lxc", "", "lxc"},          {"host-docker-v1", "", "docker"},
        {"host-docker-v2", "", "docker"},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct bench *b = bench_new(&linux_chassis_collector, cases[i].fixture);
        const struct chassis *c = &bench_read(b)->chassis;
        assert_string_equal(c->virtualization, cases[i].virtualization);
        assert_string_equal(c->container, cases[i].container);
        bench_free(b);
    }
}

static void other_marks_of_containers_and_hypervisors_are_known(void **state)
{
    static const struct {
        const char *path, *text, *virtualization, *container;
    } cases[] = {
        {"proc/self/environ", "KUBERNETES_SERVICE_HOST=10.0.0.1", "", "kubernetes"},
        {"root/run/.containerenv", "engine=\"podman\"", "", "podman"},
        {"root/run/systemd/container", "systemd-nspawn\n", "", "systemd-nspawn"},
        {"proc/self/cgroup", "0::/kubepods.slice/kubepods-pod1.slice/cri-containerd-a.scope\n", "",
         "kubernetes"},
        {"proc/sys/kernel/osrelease", "5.15.90.1-microsoft-standard-WSL2\n", "wsl", ""},
        {"sys/hypervisor/type", "xen\n", "xen", ""},
        {"sys/class/dmi/id/sys_vendor", "VMware, Inc.\n", "vmware", ""},
        {"sys/class/dmi/id/sys_vendor", "Amazon EC2\n", "amazon", ""},
        {"sys/class/dmi/id/sys_vendor", "Microsoft Corporation\n", "", ""}, /* a Surface */
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct bench *b = bench_new(&linux_chassis_collector, "host-epyc");
        tree_write(&b->tree, cases[i].path, cases[i].text);
        const struct chassis *c = &bench_read(b)->chassis;
        assert_string_equal(c->virtualization, cases[i].virtualization);
        assert_string_equal(c->container, cases[i].container);
        bench_free(b);
    }
}

static void a_guest_without_firmware_is_told_by_its_clock(void **state)
{
    struct bench *b = bench_new(&linux_chassis_collector, "host-vm/1");

    (void)state;
    tree_remove(&b->tree, "sys/class");
    assert_string_equal(bench_read(b)->chassis.virtualization, "vm");
    tree_write(&b->tree, "sys/devices/system/clocksource/clocksource0/available_clocksource",
               "kvm-clock tsc \n");
    b->collector->close(b->state);
    b->state = NULL;
    assert_string_equal(bench_read(b)->chassis.virtualization, "kvm");
    assert_string_equal(bench_finding(b, "machine")->what, "maker unknown, virtual: kvm");
    bench_free(b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(firmware_texts_are_shown_without_placeholders),
        cmocka_unit_test(power_is_the_meters_and_air_the_named_sensors),
        cmocka_unit_test(meters_of_a_socket_or_module_are_not_the_machines),
        cmocka_unit_test(virtual_machines_and_containers_are_told),
        cmocka_unit_test(other_marks_of_containers_and_hypervisors_are_known),
        cmocka_unit_test(a_guest_without_firmware_is_told_by_its_clock),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
